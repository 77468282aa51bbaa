/** The summary of a run, as written to summary.json. No wall-clock time in it. Pure. */

import { type Decimal, decimal, decimalOfInteger, plain, ZERO } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { TapeFeed } from "#sim/market-tape.ts";
import { type MeanMarkout, meanMarkouts } from "./markouts.ts";
import type { BacktestResult } from "./run-backtest.ts";

export interface PnlFigures {
  /** All in quote currency, exact. */
  readonly equityChange: string;
  readonly spreadCapture: string;
  readonly inventoryRevaluation: string;
  readonly fees: string;
  /** Perps only: else 0. */
  readonly funding: string;
  readonly transfers: string;
  /** By the venue's balances: anything but 0 is a bug. */
  readonly residual: string;
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
  readonly maxDrawdown: string;
  /** Of the peak that it fell from. */
  readonly maxDrawdownPct: number;
  /** Part of the time with orders working on both sides. */
  readonly quoteUptime: number;
  /** Mean move of the mid in the fills' favour, by seconds after the fill. */
  readonly markouts: readonly MeanMarkout[];
  readonly alerts: number;
}

export interface Summary extends RunFigures {
  readonly pair: string;
  readonly instrument: string;
  readonly market: Readonly<Record<string, string | number>>;
  readonly latency: string;
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
  const { log, engine, track, pnl } = result;
  const { placed, replaced, amended, canceled, denied } = engine.counts;
  let filledLots = 0;
  let volumeQuote = ZERO;
  let makers = 0;
  for (const { fill } of log.fills) {
    filledLots += fill.quantityLots;
    volumeQuote = volumeQuote.plus(instrument.notional(fill.priceTicks, fill.quantityLots));
    if (fill.liquidity === "maker") makers += 1;
  }
  let sentLots = 0;
  let rejected = 0;
  for (const order of log.orders.values()) {
    sentLots += order.quantityLots;
    if (order.ending === "rejected") rejected += 1;
  }
  const fills = log.fills.length;
  return {
    queueModel,
    fills,
    volumeBase: instrument.sizeString(filledLots),
    volumeQuote: plain(volumeQuote),
    fillRatio: ratio(filledLots, sentLots),
    makerShare: ratio(makers, fills),
    orders: { placed, replaced, amended, canceled, denied, rejected },
    actionsPerFill: fills === 0 ? null : (placed + replaced + amended + canceled) / fills,
    pnl: {
      equityChange: plain(pnl.equityChange),
      spreadCapture: plain(pnl.spreadCapture),
      inventoryRevaluation: plain(pnl.inventoryRevaluation),
      fees: plain(pnl.fees),
      funding: plain(pnl.funding),
      transfers: plain(pnl.transfers),
      residual: plain(result.residual),
    },
    openingEquity: plain(result.openingEquity),
    maxInventoryDeviation: track.maxAbsMoveRatio,
    maxDrawdown: plain(track.maxDrawdown),
    maxDrawdownPct: percentOf(track.maxDrawdown, track.maxDrawdownFrom),
    quoteUptime: track.quoteUptime,
    markouts: meanMarkouts(log.fills, feed),
    alerts: result.alertCount,
  };
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
