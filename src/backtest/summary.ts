/** The summary of a run, as written to summary.json. No wall-clock time in it. Pure. */

import { type Decimal, decimal, decimalOfInteger, plain, ZERO } from "#domain/decimal.ts";
import type { Fill } from "#domain/fill.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { TapeFeed } from "#sim/market-tape.ts";
import type { HedgeLog } from "./hedge-log.ts";
import { type MeanMarkout, meanMarkouts } from "./markouts.ts";
import type { BacktestResult } from "./run-backtest.ts";

export interface PnlFigures {
  /** All in quote currency, exact. */
  readonly equityChange: string;
  readonly spreadCapture: string;
  readonly inventoryRevaluation: string;
  /** What hedge fills were better than the hedge venue's mid; usually a cost. */
  readonly hedgeExecution: string;
  readonly hedgeRevaluation: string;
  /** Of both legs. */
  readonly fees: string;
  /** Perps only: else 0. */
  readonly funding: string;
  readonly transfers: string;
  /** By the venues' balances: anything but 0 is a bug. */
  readonly residual: string;
}

/** How far both legs together were from their target, base currency. */
export interface NetDeltaFigures {
  readonly max: number;
  /** Over time. */
  readonly mean: number;
  /**
   * Part of the time beyond the active hedge's band while it did not trade; null: there is none.
   */
  readonly outsideBand: number | null;
}

/** What was done on the hedge venue. */
export interface HedgeFigures {
  readonly fills: number;
  readonly volumeBase: string;
  readonly volumeQuote: string;
  readonly makerShare: number;
  readonly orders: {
    readonly placed: number;
    readonly canceled: number;
    readonly rejected: number;
  };
  /** Steps of the hedgers' stories: `active: idle > hedging` and how often. */
  readonly transitions: Readonly<Record<string, number>>;
  /** Signed, at the end. */
  readonly position: string;
}

export interface RunFigures {
  readonly queueModel: string;
  readonly fills: number;
  readonly volumeBase: string;
  readonly volumeQuote: string;
  /** Filled over sent, in base currency. */
  readonly fillRatio: number;
  /** Fills as maker over all fills. */
  readonly makerShare: number;
  readonly orders: {
    readonly placed: number;
    readonly replaced: number;
    readonly amended: number;
    readonly canceled: number;
    readonly denied: number;
    readonly rejected: number;
  };
  /** Placed, replaced, amended and canceled, over fills; null without fills. */
  readonly actionsPerFill: number | null;
  readonly pnl: PnlFigures;
  readonly openingEquity: string;
  /** Largest |move| of the inventory ratio from its target. */
  readonly maxInventoryDeviation: number;
  readonly netDelta: NetDeltaFigures;
  /** Null: the pair quoted alone. */
  readonly hedge: HedgeFigures | null;
  readonly maxDrawdown: string;
  /** Of the peak that it fell from. */
  readonly maxDrawdownPct: number;
  /** Part of the time with orders working on both sides. */
  readonly quoteUptime: number;
  /** Mean move of the mid in the fills' favour, by seconds after the fill. */
  readonly markouts: readonly MeanMarkout[];
  readonly alerts: number;
}

/** What a market was, for people. */
export type MarketFacts = Readonly<Record<string, string | number>>;

export interface Summary extends RunFigures {
  readonly pair: string;
  readonly instrument: string;
  readonly market: MarketFacts;
  readonly latency: string;
  /** Null: the pair quoted alone. */
  readonly hedgeVenue: {
    readonly instrument: string;
    readonly market: MarketFacts;
    readonly latency: string;
    readonly fundingRate: string;
  } | null;
  readonly startMs: number;
  readonly endMs: number;
  readonly durationSeconds: number;
  /** The same run with the most careful queue model: read the two as a band. */
  readonly riskAverse: RunFigures | null;
}

export function figuresOf(
  result: BacktestResult,
  queueModel: string,
  instrument: Instrument,
  feed: TapeFeed,
): RunFigures {
  const { log, engine, track, exposure, pnl } = result;
  const { placed, replaced, amended, canceled, denied } = engine.counts;
  const { filledLots, ...filled } = tradedBy(log.fills, instrument);
  let sentLots = 0;
  let rejected = 0;
  for (const order of log.orders.values()) {
    sentLots += order.quantityLots;
    if (order.ending === "rejected") rejected += 1;
  }
  const fills = log.fills.length;
  return {
    queueModel,
    ...filled,
    fillRatio: ratio(filledLots, sentLots),
    orders: { placed, replaced, amended, canceled, denied, rejected },
    actionsPerFill: fills === 0 ? null : (placed + replaced + amended + canceled) / fills,
    pnl: {
      equityChange: plain(pnl.equityChange),
      spreadCapture: plain(pnl.spreadCapture),
      inventoryRevaluation: plain(pnl.inventoryRevaluation),
      hedgeExecution: plain(pnl.hedgeExecution),
      hedgeRevaluation: plain(pnl.hedgeRevaluation),
      fees: plain(pnl.fees),
      funding: plain(pnl.funding),
      transfers: plain(pnl.transfers),
      residual: plain(result.residual),
    },
    openingEquity: plain(result.openingEquity),
    maxInventoryDeviation: track.maxAbsMoveRatio,
    netDelta: {
      max: exposure.maxAbsDelta,
      mean: exposure.meanAbsDelta,
      outsideBand: exposure.outsideBand,
    },
    hedge: hedgeFiguresOf(result),
    maxDrawdown: plain(track.maxDrawdown),
    maxDrawdownPct: percentOf(track.maxDrawdown, track.maxDrawdownFrom),
    quoteUptime: track.quoteUptime,
    markouts: meanMarkouts(log.fills, feed),
    alerts: result.alertCount,
  };
}

interface Traded {
  readonly filledLots: number;
  readonly fills: number;
  readonly volumeBase: string;
  readonly volumeQuote: string;
  readonly makerShare: number;
}

function tradedBy(rows: readonly { readonly fill: Fill }[], instrument: Instrument): Traded {
  let filledLots = 0;
  let volumeQuote = ZERO;
  let makers = 0;
  for (const { fill } of rows) {
    filledLots += fill.quantityLots;
    volumeQuote = volumeQuote.plus(instrument.notional(fill.priceTicks, fill.quantityLots));
    if (fill.liquidity === "maker") makers += 1;
  }
  return {
    filledLots,
    fills: rows.length,
    volumeBase: instrument.sizeString(filledLots),
    volumeQuote: plain(volumeQuote),
    makerShare: ratio(makers, rows.length),
  };
}

function hedgeFiguresOf({ hedge, engine }: BacktestResult): HedgeFigures | null {
  if (hedge === null) return null;
  const { log, instrument } = hedge;
  const { filledLots: _, ...traded } = tradedBy(log.fills, instrument);
  const rejected = [...log.orders.values()].filter(({ ending }) => ending === "rejected").length;
  return {
    ...traded,
    orders: { placed: log.orders.size, canceled: log.cancels, rejected },
    transitions: transitionsOf(log),
    position: plain(engine.hedge?.book.ledger.base() ?? ZERO),
  };
}

function transitionsOf({ steps }: HedgeLog): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { hedger, from, to } of steps) {
    const name = `${hedger}: ${from} > ${to}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function percentOf(part: Decimal, whole: Decimal): number {
  if (whole.lte(ZERO)) return 0;
  return Number(part.times(decimalOfInteger(100)).div(whole).round(6).toFixed());
}

/** Whether the books close: within the rounding that the issue of a fee can have. */
export function isExplained(residual: string): boolean {
  return decimal(residual).abs().lte(decimal("0.00000001"));
}
