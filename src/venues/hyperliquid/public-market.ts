/**
 * HlPublicMarket: feed and past of one perp of Hyperliquid, without an account: what paper trading
 * needs. Does no I/O but through the parts that it is handed.
 */

import type { Instrument } from "#domain/instrument.ts";
import type { FeedStatus, History, MarketListener, PublicMarket } from "#ports/venue.ts";
import type { VenueWorld } from "../venue.ts";
import { Warnings } from "../warnings.ts";
import { HlMarketStream } from "./market-stream.ts";
import type { HlSocket } from "./socket.ts";

export interface HlPublicMarketParts {
  readonly instrument: Instrument;
  /** Not opened yet; it wants the market of this instrument, and nobody's account. */
  readonly socket: HlSocket;
  readonly history: History;
}

export class HlPublicMarket implements PublicMarket {
  readonly instrument: Instrument;
  readonly #socket: HlSocket;
  readonly #history: History;
  readonly #feed: HlMarketStream;
  readonly #world: VenueWorld;

  constructor({ instrument, socket, history }: HlPublicMarketParts, world: VenueWorld) {
    this.instrument = instrument;
    this.#socket = socket;
    this.#history = history;
    this.#world = world;
    this.#feed = new HlMarketStream(
      {
        instrument,
        onReference: () => undefined, // paper trading asks for none
        onResubscribe: () => this.#socket.renew(),
      },
      world,
    );
  }

  start(listener: MarketListener): void {
    const feed = this.#feed;
    const warnings = new Warnings(this.#world, (alert) => listener.onAlert(alert));
    feed.start(listener);
    this.#socket.open({
      onUp: () => feed.onUp(),
      onDown: (cause) => feed.onDown(cause),
      // The market is all that was asked for: other frames say nothing to us.
      onMessage: (text, receivedTimeMs) => feed.onFrame(text, receivedTimeMs),
      onError: (message) => {
        const { symbol } = this.instrument;
        warnings.warn("feed-refusal", `the market feed of ${symbol} says ${message}`);
      },
    });
  }

  stop(): void {
    this.#feed.stop();
    this.#socket.close();
  }

  status(): FeedStatus {
    return { ...this.#feed.status(), reconnects: this.#socket.reconnects };
  }

  prices(intervalMs: number, count: number): Promise<readonly number[]> {
    return this.#history.prices(intervalMs, count);
  }
}
