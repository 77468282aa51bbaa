/**
 * KlineHistory: closing prices of the past from the venue's candles, for the volatility. Prices
 * are floats, never used as money. Asks the venue through SpotApi; no I/O of its own.
 */

import type { History } from "#ports/venue.ts";
import type { SpotApi } from "./api.ts";
import { type Candle, readKlines } from "./responses.ts";

interface Interval {
  readonly name: string;
  readonly lengthMs: number;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** The venue's candles of a fixed length up to a day, longest first. */
const INTERVALS: readonly Interval[] = [
  { name: "1d", lengthMs: 24 * HOUR_MS },
  ...[12, 8, 6, 4, 2, 1].map((hours) => ({ name: `${hours}h`, lengthMs: hours * HOUR_MS })),
  ...[30, 15, 5, 3, 1].map((minutes) => ({ name: `${minutes}m`, lengthMs: minutes * MINUTE_MS })),
  { name: "1s", lengthMs: SECOND_MS },
];

/** The most that the venue gives in one answer. */
const PAGE_CANDLES = 1000;
/** Of weight 2 each: a hundredth of what the venue allows in a minute. */
const MAX_PAGES = 30;

export class KlineHistory implements History {
  readonly #api: SpotApi;
  readonly #symbol: string;

  constructor(api: SpotApi, symbol: string) {
    this.#api = api;
    this.#symbol = symbol;
  }

  /**
   * See History. The step is exact, since a wider one would look like more volatility: where the
   * venue has no candles of this length, every n-th of shorter ones is taken, and what lies before
   * a hole in the candles is left out. Empty for steps below a second or of broken seconds.
   */
  async prices(intervalMs: number, count: number): Promise<readonly number[]> {
    const interval = INTERVALS.find(({ lengthMs }) => intervalMs % lengthMs === 0);
    if (interval === undefined || !(intervalMs > 0) || !(count >= 1)) return [];
    const every = intervalMs / interval.lengthMs;
    const newestFirst = await this.#closes(interval, (Math.floor(count) - 1) * every + 1);
    return newestFirst.filter((_, index) => index % every === 0).toReversed();
  }

  /** Closes of complete candles without a hole between them, newest first. */
  async #closes(interval: Interval, count: number): Promise<number[]> {
    const closes: number[] = [];
    const nowMs = this.#api.venueNowMs();
    let before: Candle | undefined;
    for (let pages = 0; pages < MAX_PAGES && closes.length < count; pages += 1) {
      // One more than is missing, since the newest is not complete.
      const limit = Math.min(count - closes.length + 1, PAGE_CANDLES);
      const page = await this.#page(interval, limit, before?.openTimeMs);
      for (const candle of page.toReversed()) {
        if (before === undefined && candle.closeTimeMs >= nowMs) continue;
        const follows = before === undefined || isNextOf(candle, before, interval);
        if (!follows || !(candle.close > 0 && candle.close < Infinity)) return closes;
        if (closes.length < count) closes.push(candle.close);
        before = candle;
      }
      if (page.length < limit || before === undefined) break;
    }
    return closes;
  }

  /** Oldest first; empty where the venue does not answer, or not as documented. */
  async #page(
    interval: Interval,
    limit: number,
    beforeMs: number | undefined,
  ): Promise<readonly Candle[]> {
    const answer = await this.#api.call("klines", {
      symbol: this.#symbol,
      interval: interval.name,
      limit,
      ...(beforeMs === undefined ? {} : { endTime: beforeMs - 1 }),
    });
    if (answer.kind !== "answered" || answer.result === undefined) return [];
    try {
      return readKlines(answer.result);
    } catch {
      return []; // without a history the volatility warms up by itself
    }
  }
}

/** Whether `candle` is the one right before `next`. */
function isNextOf(candle: Candle, next: Candle, { lengthMs }: Interval): boolean {
  return candle.openTimeMs === next.openTimeMs - lengthMs;
}
