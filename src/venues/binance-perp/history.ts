/**
 * PerpHistory: closing prices of the past from the candles of a perpetual, for the volatility.
 * Prices are floats, never used as money. The venue is asked by the caller.
 */

import type { History } from "#ports/venue.ts";
import {
  closingPrices,
  type KlineQuery,
  type KlineSource,
  MINUTE_INTERVALS,
  readKlines,
} from "../binance/klines.ts";

/** Of weight 5 each; with 1 500, the most of one answer, they would weigh 10. */
const PAGE_CANDLES = 1000;
/** A fiftieth of what the venue allows in a minute. */
const MAX_PAGES = 10;

/** Asks `GET /fapi/v1/klines` of the symbol. @returns the venue's JSON @throws {MmError} */
export type FetchKlines = (query: KlineQuery) => Promise<unknown>;

export class PerpHistory implements History {
  readonly #source: KlineSource;

  constructor(fetchKlines: FetchKlines, clock: { venueNowMs(): number }) {
    this.#source = {
      intervals: MINUTE_INTERVALS,
      pageCandles: PAGE_CANDLES,
      maxPages: MAX_PAGES,
      venueNowMs: () => clock.venueNowMs(),
      page: async (query) => readKlines(await fetchKlines(query)),
    };
  }

  /**
   * See `closingPrices`. Empty for steps that are no whole minutes, of which the venue has no
   * candles: with samples by the second the volatility warms up live.
   * @throws {MmError} where the venue does not tell them
   */
  prices(intervalMs: number, count: number): Promise<readonly number[]> {
    return closingPrices(this.#source, intervalMs, count);
  }
}
