/**
 * `bun bench/hedge-tapes.ts [--write]`: the recordings of spot and perp of the same minutes, traded
 * without a hedge, with either half of it and with both; a table for docs/hedging.md.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type BacktestResult, runBacktest } from "#backtest/run-backtest.ts";
import { hedgeInstrumentFor, instrumentFor } from "#config/instrument-override.ts";
import { loadConfig } from "#config/load.ts";
import { loadStrategy } from "#config/load-strategy.ts";
import { loadRawCaptures } from "#data/raw-capture.ts";
import type { Decimal } from "#domain/decimal.ts";
import type { PairEngine } from "#engine/pair-engine.ts";
import { constantLatency } from "#sim/latency-model.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import { markdown, VARIANTS, withHedge, writeSection } from "./hedge-variants.ts";

const ROOT = join(import.meta.dir, "..");
const TAPES = join(ROOT, "..", "shared", "data", "captures");
const LATENCY_MS = 5;
const FUNDING_RATE = "0.0001";

const HEADER = [
  "net delta max",
  "mean",
  "beyond the band",
  "untraded",
  "PnL",
  "spread",
  "inventory",
  "hedge execution",
  "hedge revaluation",
  "fees",
  "funding",
  "residual",
  "fills",
  "hedge fills",
  "hedge volume",
];

const ABOUT = `Both recordings of some six minutes across midnight UTC in one virtual time
(configs/eth-spot-usdm-tape.jsonc and btc-…, power:3, 5 ms to both venues, funding 0.0001),
quoted without fees and hedged at Binance's base fees. The thresholds are far tighter than one
would trade, so that both hedgers act. *Net delta* is what is held beyond the target on both
legs; *beyond the band*: part of the time with a net move beyond \`activeHedgeIqvRatio\`, for
which there is always a hedge under way where the active one may trade; *untraded* is what is
left of it. The largest net delta is that of a moment: a burst of fills, before anything can be
done about it. A hedge this tight costs more in fees than six minutes of exposure; what it shows
is that exposure falls, and that every cent is explained.`;

/** Undefined where the recordings are absent. */
async function tableOf(asset: "eth" | "btc"): Promise<string | undefined> {
  const [spot, perp] = ["spot", "usdm"].map((market) =>
    join(TAPES, `${market}_${asset}usdt_20240808.gz`),
  );
  if (spot === undefined || perp === undefined || !existsSync(spot) || !existsSync(perp)) return;
  const { config } = await loadConfig(join(ROOT, "configs", `${asset}-spot-usdm-tape.jsonc`));
  const [pair] = config.pairs;
  if (pair === undefined) return;
  const instrument = instrumentFor(pair);
  const hedgeInstrument = hedgeInstrumentFor(pair);
  if (hedgeInstrument === null) return;
  const minFeedLatencyMs = LATENCY_MS;
  const [quoting, hedge] = await loadRawCaptures([
    { path: spot, instrument, minFeedLatencyMs },
    { path: perp, instrument: hedgeInstrument, minFeedLatencyMs },
  ]);
  if (quoting === undefined || hedge === undefined) return;
  const createStrategy = await loadStrategy(pair, ROOT);
  const latency = constantLatency(LATENCY_MS, LATENCY_MS);
  const common = {
    instrument,
    tape: quoting.tape,
    queueModel: parseQueueModel("power:3"),
    latency,
  };
  const { base, quote } = instrument;
  const rows = VARIANTS.map((variant): string[] => {
    const leg = {
      instrument: hedgeInstrument,
      tape: hedge.tape,
      latency,
      fundingRate: FUNDING_RATE,
    };
    const beyond = new BandTime(pair.hedge?.activeHedgeIqvRatio ?? Infinity);
    const result = runBacktest({
      ...common,
      onTime: (_, engine) => beyond.look(engine),
      pair: withHedge(pair, variant === "no hedge" ? "both" : variant),
      strategy: createStrategy(),
      ...(variant === "no hedge" ? {} : { hedge: leg }),
    });
    const cells = cellsOf(result, beyond.part);
    cells.unshift(variant);
    return cells;
  });
  return markdown([`${asset} tape, ${base} and ${quote}`, ...HEADER], rows);
}

/** How long both legs together are beyond a band, whoever may do something about it. */
class BandTime {
  readonly #band: number;
  #steps = 0;
  #beyond = 0;

  constructor(band: number) {
    this.#band = band;
  }

  get part(): number {
    return this.#beyond / this.#steps;
  }

  /** With every time step. */
  look({ hedge, iqvMoveRatio }: PairEngine): void {
    this.#steps += 1;
    if (Math.abs(hedge?.netMoveRatio ?? iqvMoveRatio) > this.#band) this.#beyond += 1;
  }
}

function cellsOf(
  { exposure, pnl, residual, log, hedge }: BacktestResult,
  beyondBand: number,
): string[] {
  const { outsideBand } = exposure;
  const volume = hedge?.log.fills.reduce((sum, { fill }) => sum + fill.quantityLots, 0) ?? 0;
  return [
    exposure.maxAbsDelta.toFixed(4),
    exposure.meanAbsDelta.toFixed(4),
    percent(beyondBand),
    outsideBand === null ? "" : percent(outsideBand),
    money(pnl.equityChange),
    money(pnl.spreadCapture),
    money(pnl.inventoryRevaluation),
    money(pnl.hedgeExecution),
    money(pnl.hedgeRevaluation),
    money(pnl.fees),
    money(pnl.funding),
    residual.toFixed(),
    String(log.fills.length),
    String(hedge?.log.fills.length ?? 0),
    hedge === null ? "" : hedge.instrument.sizeString(volume),
  ];
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

function money(amount: Decimal): string {
  return amount.toFixed(2);
}

const tables: string[] = [];
for (const asset of ["eth", "btc"] as const) {
  const table = await tableOf(asset);
  if (table === undefined) process.stderr.write(`skipped: the ${asset} tapes are absent\n`);
  else tables.push(table);
}
const text = tables.join("\n\n");
console.log(text);
if (process.argv.includes("--write") && tables.length === 2) {
  await writeSection("hedge-tapes", ["## The same minutes with and without a hedge", ABOUT, text]);
}
