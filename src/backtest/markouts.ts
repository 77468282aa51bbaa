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

/** Mean of each column over the fills that have it, weighted by nothing; null without any. */
export function meanMarkoutsBps(fills: readonly FillRow[], feed: TapeFeed): (number | null)[] {
  const all = fills.map((row) => markoutsBps(row, feed));
  return MARKOUT_SECONDS.map((_, column) => {
    const values = all.map((row) => row[column]).filter((value) => typeof value === "number");
    return values.length === 0
      ? null
      : values.reduce((sum, value) => sum + value, 0) / values.length;
  });
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
