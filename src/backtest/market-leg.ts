/**
 * MarketLeg: one venue of a run: its tape, its simulated exchange, and the wire between it and us;
 * how far each has come. Pure.
 */

import type { BookEvent, TradeEvent } from "#domain/events.ts";
import { FeedKind, type MarketTape } from "#sim/market-tape.ts";
import type { PerpClock } from "#sim/perp-clock.ts";
import type { SimExchange } from "#sim/sim-exchange.ts";
import type { SimulatedLink } from "#sim/simulated-link.ts";

export interface LegParts {
  readonly tape: MarketTape;
  /** When its recording ends, where outages cut messages off its feed. Absent: with the last. */
  readonly feedEndsMs?: number;
  readonly exchange: SimExchange;
  readonly link: SimulatedLink;
  /** A perp venue's, which marks and settles by it; played for the hedge venue only. */
  readonly clock?: PerpClock;
}

export class MarketLeg {
  readonly exchange: SimExchange;
  readonly link: SimulatedLink;
  readonly #tape: MarketTape;
  readonly #clock: PerpClock | undefined;
  readonly #book: BookEvent;
  readonly #trade: TradeEvent;
  #row = 0;
  /** Feed messages that have been taken. */
  #messages = 0;

  constructor({ tape, exchange, link, clock }: LegParts) {
    this.#tape = tape;
    this.#clock = clock;
    this.exchange = exchange;
    this.link = link;
    const timed = { venueTimeMs: 0, receivedTimeMs: 0 };
    this.#trade = { kind: "trade", ...timed, aggressor: "buy", priceTicks: 0, quantityLots: 0 };
    this.#book = { kind: "book", ...timed, bidTicks: 0, bidLots: 0, askTicks: 0, askLots: 0 };
  }

  get messages(): number {
    return this.#messages;
  }

  /** When the market's next row is due at the exchange; Infinity: there is none. */
  get nextRowMs(): number {
    return this.#tape.rows.timeMs[this.#row] ?? Infinity;
  }

  /** When the feed's next message reaches us; Infinity: there is none. */
  get nextFeedMs(): number {
    return this.#tape.feed.receivedMs[this.#messages] ?? Infinity;
  }

  /** When anything is due next at the exchange. */
  get nextExchangeMs(): number {
    return Math.min(this.nextRowMs, this.#clock?.nextMs ?? Infinity, this.link.requests.nextMs);
  }

  /** Carries the market forward until then, or behind the first row that had an answer of ours. */
  run(untilMs: number): void {
    this.#row = this.exchange.run(this.#tape.rows, this.#row, untilMs);
  }

  /**
   * Does what is due first at the exchange, and rows beyond that until then. At the same instant
   * rows go before the venue's clock, and that before our requests.
   */
  advance(untilMs: number): void {
    const clockMs = this.#clock?.nextMs ?? Infinity;
    const nextMs = Math.min(clockMs, this.link.requests.nextMs);
    if (this.nextRowMs <= nextMs) this.run(Math.min(untilMs, nextMs));
    else if (clockMs === nextMs) this.#clock?.tick();
    else this.link.deliverNext(this.exchange);
  }

  /** Whether the feed's next message is a touch; else it is a print. */
  get isBookNext(): boolean {
    return this.#tape.feed.kind[this.#messages] === FeedKind.book;
  }

  /** The feed's next message, a touch; the object is used again for the one after. Hot. */
  takeBook(): BookEvent {
    const { feed } = this.#tape;
    const index = this.#messages;
    this.#messages = index + 1;
    const event = this.#book;
    event.receivedTimeMs = feed.receivedMs[index] ?? 0;
    event.venueTimeMs = feed.venueMs[index] ?? 0;
    event.bidTicks = feed.bidTicks[index] ?? 0;
    event.bidLots = feed.bidLots[index] ?? 0;
    event.askTicks = feed.askTicks[index] ?? 0;
    event.askLots = feed.askLots[index] ?? 0;
    return event;
  }

  /** The feed's next message, a print; the object is used again for the one after. Hot. */
  takeTrade(): TradeEvent {
    const { feed } = this.#tape;
    const index = this.#messages;
    this.#messages = index + 1;
    const event = this.#trade;
    event.receivedTimeMs = feed.receivedMs[index] ?? 0;
    event.venueTimeMs = feed.venueMs[index] ?? 0;
    event.aggressor = feed.kind[index] === FeedKind.buyTrade ? "buy" : "sell";
    event.priceTicks = feed.bidTicks[index] ?? 0;
    event.quantityLots = feed.bidLots[index] ?? 0;
    return event;
  }
}
