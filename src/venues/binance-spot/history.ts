/**
 * KlineHistory: closing prices of the past from the venue's candles, for the volatility. Prices
 * are floats, never used as money. Asks the venue through SpotApi; no I/O of its own.
 */

import type { History } from "#ports/venue.ts";
import {
  type Candle,
  closingPrices,
  type KlineQuery,
  type KlineSource,
  MINUTE_INTERVALS,
  readKlines,
} from "../binance/klines.ts";
import type { SpotApi } from "./api.ts";

/** Unlike its futures, the venue's spot has candles of a second. */
const INTERVALS = [...MINUTE_INTERVALS, { name: "1s", lengthMs: 1000 }];
/** The most that the venue gives in one answer. */
const PAGE_CANDLES = 1000;
/** Of weight 2 each: a hundredth of what the venue allows in a minute. */
const MAX_PAGES = 30;

export class KlineHistory implements History {
  readonly #api: SpotApi;
  readonly #symbol: string;
  readonly #source: KlineSource;

  constructor(api: SpotApi, symbol: string) {
    this.#api = api;
    this.#symbol = symbol;
    this.#source = {
      intervals: INTERVALS,
      pageCandles: PAGE_CANDLES,
      maxPages: MAX_PAGES,
      venueNowMs: () => api.venueNowMs(),
      page: (query) => this.#page(query),
    };
  }

  /** See `closingPrices`. Empty for steps below a second or of broken seconds. */
  prices(intervalMs: number, count: number): Promise<readonly number[]> {
    return closingPrices(this.#source, intervalMs, count);
  }

  /** Empty where the venue does not answer, or not as documented. */
  async #page(query: KlineQuery): Promise<readonly Candle[]> {
    const answer = await this.#api.call("klines", { symbol: this.#symbol, ...query });
    if (answer.kind !== "answered" || answer.result === undefined) return [];
    try {
      return readKlines(answer.result);
    } catch {
      return []; // without a history the volatility warms up by itself
    }
  }
}
