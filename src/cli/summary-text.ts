/** The summary of a backtest as people read it. */

import type { HedgeFigures, MarketFacts, RunFigures, Summary } from "#backtest/summary.ts";
import { type Decimal, decimal, ZERO } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { Alert } from "#ports/sink.ts";
import { figures, percent, table } from "./output.ts";

/** Quote money to this many decimals, for the eye; summary.json has all of them. */
const SHOWN_DECIMALS = 4;
const MOST_ALERTS = 5;

export function summaryText(
  summary: Summary,
  instrument: Instrument,
  alerts: readonly Alert[],
): string {
  const runs = [summary, ...(summary.riskAverse === null ? [] : [summary.riskAverse])];
  const hides = (name: string): boolean =>
    (name === FUNDING && !hasFunding(runs, instrument)) ||
    (HEDGE_PNL.has(name) && summary.hedge === null);
  const shown = ROWS.filter(([name]) => !hides(name));
  const rows = shown.map(([name, value]) =>
    [name].concat(runs.map((run) => value(run, instrument))),
  );
  const { hedgeVenue } = summary;
  const hedged: [string, string][] =
    hedgeVenue === null
      ? []
      : [
          ["hedge", `${hedgeVenue.instrument}, latency ${hedgeVenue.latency}`],
          ["  its market", marketText(hedgeVenue.market)],
        ];
  const head = figures([
    ["pair", `${summary.pair} on ${summary.instrument}`],
    ["market", marketText(summary.market)],
    ...hedged,
    [
      "time",
      `${summary.durationSeconds.toFixed(1)} s from ${new Date(summary.startMs).toISOString()}`,
    ],
    ["latency", summary.latency],
  ]);
  const names = runs.map((run) => run.queueModel);
  const body = table(["queue model", ...names], rows);
  return [
    head,
    "",
    body,
    ...hedgeLines(runs, names, instrument),
    ...alertLines(alerts, summary.alerts),
  ].join("\n");
}

const FUNDING = "  funding";
const HEDGE_PNL: ReadonlySet<string> = new Set(["  hedge execution", "  hedge revaluation"]);

/** Only perps have any, quoted or hedged on. */
function hasFunding(runs: readonly RunFigures[], { kind }: Instrument): boolean {
  return kind === "perp" || runs.some(({ hedge }) => hedge !== null);
}

type Row = readonly [string, (run: RunFigures, instrument: Instrument) => string];

const ROWS: readonly Row[] = [
  ["fills", (run) => String(run.fills)],
  ["volume", (run, { base }) => `${run.volumeBase} ${base}`],
  ["", (run, { quote }) => money(run.volumeQuote, quote)],
  ["fill ratio", (run) => percent(run.fillRatio, 2)],
  ["maker share", (run) => percent(run.makerShare)],
  ["orders placed", ({ orders }) => String(orders.placed)],
  ["  replaced", ({ orders }) => String(orders.replaced)],
  ["  amended", ({ orders }) => String(orders.amended)],
  ["  canceled", ({ orders }) => String(orders.canceled)],
  ["  rejected", ({ orders }) => String(orders.rejected)],
  ["actions per fill", (run) => run.actionsPerFill?.toFixed(2) ?? "-"],
  ["PnL", ({ pnl }, { quote }) => money(pnl.equityChange, quote)],
  ["  spread capture", ({ pnl }, { quote }) => money(pnl.spreadCapture, quote)],
  ["  inventory revaluation", ({ pnl }, { quote }) => money(pnl.inventoryRevaluation, quote)],
  ["  hedge execution", ({ pnl }, { quote }) => money(pnl.hedgeExecution, quote)],
  ["  hedge revaluation", ({ pnl }, { quote }) => money(pnl.hedgeRevaluation, quote)],
  ["  fees", ({ pnl }, { quote }) => money(pnl.fees, quote)],
  [FUNDING, ({ pnl }, { quote }) => money(pnl.funding, quote)],
  ["  residual", ({ pnl }, { quote }) => money(pnl.residual, quote)],
  ["max inventory deviation", (run) => percent(run.maxInventoryDeviation, 2)],
  ["max net delta", ({ netDelta }, { base }) => `${netDelta.max.toFixed(4)} ${base}`],
  ["  mean", ({ netDelta }, { base }) => `${netDelta.mean.toFixed(4)} ${base}`],
  ["max drawdown", (run, { quote }) => money(run.maxDrawdown, quote)],
  ["quote uptime", (run) => percent(run.quoteUptime, 2)],
  ["markout after 1 s", (run) => markout(run, 1)],
  ["  5 s", (run) => markout(run, 5)],
  ["  30 s", (run) => markout(run, 30)],
  ["  300 s", (run) => markout(run, 300)],
];

type HedgeRow = readonly [string, (hedge: HedgeFigures, run: RunFigures) => string];

/** Base and quote currency of the hedge are shown as the pair's. */
function hedgeRows({ base, quote }: Instrument): readonly HedgeRow[] {
  return [
    ["fills", ({ fills }) => String(fills)],
    ["volume", ({ volumeBase }) => `${volumeBase} ${base}`],
    ["", ({ volumeQuote }) => money(volumeQuote, quote)],
    ["maker share", ({ makerShare }) => percent(makerShare)],
    ["orders placed", ({ orders }) => String(orders.placed)],
    ["  canceled", ({ orders }) => String(orders.canceled)],
    ["  rejected", ({ orders }) => String(orders.rejected)],
    ["position at the end", ({ position }) => `${position} ${base}`],
    [
      "time beyond the band, untraded",
      (_, { netDelta }) => (netDelta.outsideBand === null ? "-" : percent(netDelta.outsideBand, 2)),
    ],
  ];
}

function hedgeLines(
  runs: readonly RunFigures[],
  names: readonly string[],
  instrument: Instrument,
): string[] {
  const hedges = runs.flatMap((run) => (run.hedge === null ? [] : [{ run, hedge: run.hedge }]));
  if (hedges.length === 0) return [];
  const steps = [...new Set(hedges.flatMap(({ hedge }) => Object.keys(hedge.transitions)))].sort();
  const rows = hedgeRows(instrument).map(([name, value]) =>
    [name].concat(hedges.map(({ hedge, run }) => value(hedge, run))),
  );
  const counts = steps.map((step) =>
    [step].concat(hedges.map(({ hedge }) => String(hedge.transitions[step] ?? 0))),
  );
  return ["", table(["hedge", ...names], [...rows, ...counts])];
}

function marketText(market: MarketFacts): string {
  const size = `${market["rows"] ?? 0} rows, ${market["messages"] ?? 0} messages`;
  if (market["kind"] === "synthetic") return `synthetic, seed ${market["seed"] ?? ""}, ${size}`;
  const matched = `${market["bookMatched"] ?? 0} of ${market["bookChecked"] ?? 0}`;
  const check = `book right after ${matched} depth events`;
  return `tape, ${size}, ${check}`;
}

/** Cut towards zero, so that a nought is a nought: a residual is never rounded away. */
function money(text: string, asset: string): string {
  const value: Decimal = decimal(text);
  const shown = value.round(SHOWN_DECIMALS, 0);
  const isTiny = shown.eq(ZERO) && !value.eq(ZERO);
  return `${isTiny ? text : shown.toFixed(SHOWN_DECIMALS)} ${asset}`;
}

/** With the fills that it rests on: the tape must go on long enough after them. */
function markout({ markouts }: RunFigures, seconds: number): string {
  const found = markouts.find((mean) => mean.seconds === seconds);
  const bps = found?.bps ?? null;
  return bps === null ? "-" : `${bps.toFixed(2)} bps of ${found?.fills ?? 0}`;
}

function alertLines(alerts: readonly Alert[], count: number): string[] {
  if (alerts.length === 0) return [];
  const shown = alerts
    .slice(0, MOST_ALERTS)
    .map(({ level, code, message }) => `  ${level} ${code}: ${message}`);
  const more = count - shown.length;
  return ["", "alerts", ...shown, ...(more > 0 ? [`  and ${more} more`] : [])];
}
