/**
 * BinancePublicMarket: feed and past of one symbol, spot or perpetual, without an account: what
 * paper trading needs. Does no I/O but through the parts that it is handed.
 */

import type { Instrument } from "#domain/instrument.ts";
import type {
  FeedStatus,
  History,
  MarketData,
  MarketListener,
  PublicMarket,
} from "#ports/venue.ts";

export class BinancePublicMarket implements PublicMarket {
  readonly instrument: Instrument;
  readonly #feed: MarketData;
  readonly #history: History;

  constructor(instrument: Instrument, feed: MarketData, history: History) {
    this.instrument = instrument;
    this.#feed = feed;
    this.#history = history;
  }

  start(listener: MarketListener): void {
    this.#feed.start(listener);
  }

  stop(): void {
    this.#feed.stop();
  }

  status(): FeedStatus {
    return this.#feed.status();
  }

  prices(intervalMs: number, count: number): Promise<readonly number[]> {
    return this.#history.prices(intervalMs, count);
  }
}
