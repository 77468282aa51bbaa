/**
 * Candles of both Binance venues, and the closing prices of the past made of them, for the
 * volatility. Prices are floats, never used as money. The venue is asked by the caller.
 */

import * as v from "valibot";
import { Count, parsed, Quantity } from "../wire.ts";

/** Open time, open, high, low, close, base volume, close time; the rest is not used. */
const Kline = v.looseTuple([Count, Quantity, Quantity, Quantity, Quantity, Quantity, Count]);

/** Prices as floats: for volatility, never for money. */
export interface Candle {
  readonly openTimeMs: number;
  /** The last millisecond that it covers; in the future for a candle that is not complete. */
  readonly closeTimeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** Parameters of `klines`, the symbol apart. */
export interface KlineQuery {
  /** The venue's own word: `1m`. */
  readonly interval: string;
  readonly limit: number;
  /** The last millisecond that is asked for; absent: up to now. */
  readonly endTime?: number;
}

export interface KlineSource {
  /** The lengths that the venue has, longest first. */
  readonly intervals: readonly Interval[];
  /** The most candles that are asked for at once, and how often for one history. */
  readonly pageCandles: number;
  readonly maxPages: number;
  venueNowMs(): number;
  /** Oldest first; fewer than the limit: the venue has none before. May reject. */
  page(query: KlineQuery): Promise<readonly Candle[]>;
}

interface Interval {
  readonly name: string;
  readonly lengthMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What both venues have of whole minutes up to a day, longest first. */
export const MINUTE_INTERVALS: readonly Interval[] = [
  { name: "1d", lengthMs: 24 * HOUR_MS },
  ...[12, 8, 6, 4, 2, 1].map((hours) => ({ name: `${hours}h`, lengthMs: hours * HOUR_MS })),
  ...[30, 15, 5, 3, 1].map((minutes) => ({ name: `${minutes}m`, lengthMs: minutes * MINUTE_MS })),
];

/**
 * The answer of `klines`, oldest first; the last one may not be complete.
 * @throws {ProtocolError}
 */
export function readKlines(json: unknown): Candle[] {
  return parsed(v.array(Kline), json, "klines").map(
    ([openTimeMs, open, high, low, close, , closeTimeMs]) => ({
      openTimeMs,
      closeTimeMs,
      open: Number(open),
      high: Number(high),
      low: Number(low),
      close: Number(close),
    }),
  );
}

/**
 * See History. The step is exact, since a wider one would look like more volatility: where the
 * venue has no candles of this length, every n-th of shorter ones is taken, and what lies before a
 * hole in the candles is left out. Empty for steps that are no multiple of a length. Rejects where
 * a page does.
 */
export async function closingPrices(
  source: KlineSource,
  intervalMs: number,
  count: number,
): Promise<readonly number[]> {
  const interval = source.intervals.find(({ lengthMs }) => intervalMs % lengthMs === 0);
  if (interval === undefined || !(intervalMs > 0) || !(count >= 1)) return [];
  const every = intervalMs / interval.lengthMs;
  const newestFirst = await closes(source, interval, (Math.floor(count) - 1) * every + 1);
  return newestFirst.filter((_, index) => index % every === 0).toReversed();
}

/** Closes of complete candles without a hole between them, newest first. */
async function closes(source: KlineSource, interval: Interval, count: number): Promise<number[]> {
  const found: number[] = [];
  const nowMs = source.venueNowMs();
  let before: Candle | undefined;
  for (let pages = 0; pages < source.maxPages && found.length < count; pages += 1) {
    // One more than is missing, since the newest is not complete.
    const limit = Math.min(count - found.length + 1, source.pageCandles);
    const page = await source.page({
      interval: interval.name,
      limit,
      ...(before === undefined ? {} : { endTime: before.openTimeMs - 1 }),
    });
    for (const candle of page.toReversed()) {
      if (before === undefined && candle.closeTimeMs >= nowMs) continue;
      const follows = before === undefined || isNextOf(candle, before, interval);
      if (!follows || !(candle.close > 0 && candle.close < Infinity)) return found;
      if (found.length < count) found.push(candle.close);
      before = candle;
    }
    if (page.length < limit || before === undefined) break;
  }
  return found;
}

/** Whether `candle` is the one right before `next`. */
function isNextOf(candle: Candle, next: Candle, { lengthMs }: Interval): boolean {
  return candle.openTimeMs === next.openTimeMs - lengthMs;
}
