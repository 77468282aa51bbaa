/**
 * CandleHistory: closing prices of the past from the venue's candles, for the volatility. Prices
 * are floats, never used as money. Asks the venue through HlApi; no I/O of its own.
 */

import * as v from "valibot";
import type { History } from "#ports/venue.ts";
import { Count, parsed, Quantity } from "../wire.ts";
import type { HlApi } from "./api.ts";
import { resultIn } from "./desk-errors.ts";

interface Interval {
  readonly name: string;
  readonly lengthMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The venue's candles of a fixed length up to a day, longest first. It has none of seconds. */
const INTERVALS: readonly Interval[] = [
  { name: "1d", lengthMs: 24 * HOUR_MS },
  ...[12, 8, 4, 2, 1].map((hours) => ({ name: `${hours}h`, lengthMs: hours * HOUR_MS })),
  ...[30, 15, 5, 3, 1].map((minutes) => ({ name: `${minutes}m`, lengthMs: minutes * MINUTE_MS })),
];

/** The venue keeps no more of a length, and gives them in one answer. */
const MAX_CANDLES = 5000;

const Candles = v.array(v.object({ t: Count, c: Quantity }));

export class CandleHistory implements History {
  readonly #api: HlApi;
  readonly #coin: string;

  constructor(api: HlApi, coin: string) {
    this.#api = api;
    this.#coin = coin;
  }

  /**
   * See History. The step is exact, since a wider one would look like more volatility: where the
   * venue has no candles of this length, every n-th of shorter ones is taken, and what lies before
   * a hole in the candles is left out. Empty for steps that are no whole minutes: with samples by
   * the second the volatility warms up live.
   */
  async prices(intervalMs: number, count: number): Promise<readonly number[]> {
    const interval = INTERVALS.find(({ lengthMs }) => intervalMs % lengthMs === 0);
    if (interval === undefined || !(intervalMs > 0) || !(count >= 1)) return [];
    const every = intervalMs / interval.lengthMs;
    const newestFirst = await this.#closes(interval, (Math.floor(count) - 1) * every + 1);
    return newestFirst.filter((_, index) => index % every === 0).toReversed();
  }

  /**
   * Closes of complete candles without a hole between them, newest first.
   * @throws {MmError} where the venue does not tell them
   */
  async #closes({ name, lengthMs }: Interval, wanted: number): Promise<number[]> {
    const nowMs = this.#api.venueNowMs();
    const presentMs = Math.floor(nowMs / lengthMs) * lengthMs;
    // One more, since the present one counts although it is not complete.
    const count = Math.min(wanted, MAX_CANDLES - 1);
    const startTime = presentMs - count * lengthMs;
    const answer = await this.#api.info({
      type: "candleSnapshot",
      req: { coin: this.#coin, interval: name, startTime, endTime: Math.floor(nowMs) },
    });
    const candles = parsed(Candles, resultIn(answer), "candleSnapshot");
    const closeAt = new Map(candles.map(({ t, c }) => [t, Number(c)]));
    const complete = [...closeAt.keys()].filter((openMs) => openMs + lengthMs <= nowMs);
    const closes: number[] = [];
    for (let openMs = Math.max(...complete); closes.length < count; openMs -= lengthMs) {
      const close = closeAt.get(openMs);
      if (close === undefined || !(close > 0 && close < Infinity)) break;
      closes.push(close);
    }
    return closes;
  }
}
