/** The public feed of the market that FakeBinance plays. */

import type { BookEvent } from "#domain/events.ts";
import type { FeedStatus, MarketData, MarketListener } from "#ports/venue.ts";
import type { FakeBinance } from "./fake-binance.ts";

export class FakeFeed implements MarketData {
  #listener: MarketListener | null = null;

  start(listener: MarketListener): void {
    this.#listener = listener;
  }

  stop(): void {
    this.#listener = null;
  }

  status(): FeedStatus {
    return { state: "live", messages: 0, resyncs: 0, reconnects: 0 };
  }

  show({ bidTicks, askTicks }: Pick<FakeBinance, "bidTicks" | "askTicks">, nowMs: number): void {
    const event: BookEvent = {
      kind: "book",
      venueTimeMs: nowMs,
      receivedTimeMs: nowMs,
      bidTicks,
      bidLots: 1000,
      askTicks,
      askLots: 1000,
    };
    this.#listener?.onBook(event);
    this.#listener?.onAlive(nowMs);
  }
}
