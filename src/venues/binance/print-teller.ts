/**
 * PrintTeller: tells prints on, each once: two connections tell the same while one takes over from
 * the other, and ids only grow. Pure.
 */

import type { TradeEvent } from "#domain/events.ts";
import type { MarketListener } from "#ports/venue.ts";
import type { MarketMessage } from "./market-message.ts";

export class PrintTeller {
  #lastId = 0;
  /** Reused from print to print. */
  readonly #event: TradeEvent = {
    kind: "trade",
    venueTimeMs: 0,
    receivedTimeMs: 0,
    aggressor: "buy",
    priceTicks: 0,
    quantityLots: 0,
  };

  tell(
    { lastId, levels, venueMs, sellerTook }: MarketMessage,
    receivedTimeMs: number,
    listener: MarketListener,
  ): void {
    const lots = levels.lots[0] ?? 0;
    // One finer than a lot is none that could fill us.
    if (lastId <= this.#lastId || lots === 0) return;
    this.#lastId = lastId;
    const event = this.#event;
    event.venueTimeMs = venueMs;
    event.receivedTimeMs = receivedTimeMs;
    event.aggressor = sellerTook ? "sell" : "buy";
    event.priceTicks = levels.ticks[0] ?? 0;
    event.quantityLots = lots;
    listener.onTrade(event);
  }

  /** The next server may count anew. */
  forget(): void {
    this.#lastId = 0;
  }
}
