/**
 * Markouts: how far the mid had moved against or for a fill some time after it. A maker whose
 * markouts are below zero is being picked off. Pure.
 */

import { FeedKind, type TapeFeed } from "#sim/market-tape.ts";
import type { FillRow } from "./order-log.ts";

export const MARKOUT_SECONDS = [1, 5, 30, 300] as const;

/**
 * The mid's move in basis points of the fill's price, positive where it is in the fill's favour,
 * at each of MARKOUT_SECONDS; null where the tape ends before.
 */
export function markoutsBps(row: FillRow, feed: TapeFeed): (number | null)[] {
  const { priceTicks, side } = row.fill;
  return MARKOUT_SECONDS.map((seconds) => {
    const midHalfTicks = midAt(feed, row.receivedMs + seconds * 1000);
    if (midHalfTicks === null) return null;
    const move = ((midHalfTicks / 2 - priceTicks) / priceTicks) * 10_000;
    return side === "buy" ? move : -move;
  });
}

/** One horizon's markout over the fills that the tape is long enough for. */
export interface MeanMarkout {
  readonly seconds: number;
  /** Weighted by the fills' sizes; null without a fill. */
  readonly bps: number | null;
  readonly fills: number;
}

export function meanMarkouts(fills: readonly FillRow[], feed: TapeFeed): MeanMarkout[] {
  const sums = MARKOUT_SECONDS.map((seconds) => ({ seconds, weighted: 0, lots: 0, fills: 0 }));
  for (const row of fills) {
    const { quantityLots } = row.fill;
    for (const [column, bps] of markoutsBps(row, feed).entries()) {
      const sum = sums[column];
      if (bps === null || sum === undefined) continue;
      sum.weighted += bps * quantityLots;
      sum.lots += quantityLots;
      sum.fills += 1;
    }
  }
  return sums.map((sum) => ({
    seconds: sum.seconds,
    bps: sum.lots === 0 ? null : sum.weighted / sum.lots,
    fills: sum.fills,
  }));
}

/** Bid plus ask of the last touch received by then; null where the feed ended before. */
function midAt(feed: TapeFeed, timeMs: number): number | null {
  if (timeMs > (feed.receivedMs[feed.length - 1] ?? -Infinity)) return null;
  let low = 0;
  let high = feed.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((feed.receivedMs[middle] ?? Infinity) <= timeMs) low = middle + 1;
    else high = middle;
  }
  for (let index = low - 1; index >= 0; index -= 1) {
    const bid = feed.bidLots[index] ?? 0;
    const ask = feed.askLots[index] ?? 0;
    if (feed.kind[index] === FeedKind.book && bid > 0 && ask > 0) {
      return (feed.bidTicks[index] ?? 0) + (feed.askTicks[index] ?? 0);
    }
  }
  return null;
}
