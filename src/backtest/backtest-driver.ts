/**
 * BacktestDriver: runs the decision core against the simulated exchange over one tape, in virtual
 * time. Two clocks are merged: what happens at the exchange (market rows, our requests arriving)
 * and what reaches us (feed messages, the exchange's answers, the passing of time). Whatever is
 * due first goes first; at the same instant the exchange's side does. No real time anywhere.
 */

import type {
  BookEvent,
  ConnectionEvent,
  EngineEvent,
  TimeEvent,
  TradeEvent,
} from "#domain/events.ts";
import { FeedKind, type MarketTape } from "#sim/market-tape.ts";
import type { SimExchange } from "#sim/sim-exchange.ts";
import type { SimulatedLink, VenueEvent } from "#sim/simulated-link.ts";

/** Told of each round: for the report. */
export interface DriverListener {
  /** An execution reached the core. */
  onVenueEvent(event: VenueEvent): void;
  /** Called every `TIME_STEP_MS` of virtual time, after the core has seen it. */
  onTime(nowMs: number): void;
}

/** Whoever decides: PairEngine, or another to compare it with. */
export interface DecisionCore {
  apply(event: EngineEvent): void;
  /** Orders that may still be open: a run ends when there are none. */
  readonly orders: { readonly live: { readonly size: number } };
}

export interface DriverParts {
  readonly tape: MarketTape;
  readonly engine: DecisionCore;
  readonly exchange: SimExchange;
  readonly link: SimulatedLink;
  readonly listener: DriverListener;
}

/** The core is told the time this often, as the engine's drivers promise. */
export const TIME_STEP_MS = 100;
/** A live connection shows at least this often that it is there. */
const HEARTBEAT_MS = 1_000;
/** The end waits for what is still under way, and for the last cancel; far beyond any latency. */
const DRAIN_MS = 3_600_000;

export class BacktestDriver {
  readonly #parts: DriverParts;
  readonly #book: BookEvent;
  readonly #trade: TradeEvent;
  readonly #time: TimeEvent;
  readonly #alive: ConnectionEvent;
  #row = 0;
  #message = 0;
  #nextTimeMs: number;
  #nextHeartbeatMs = -Infinity;
  /** The market has stood still since the last message. */
  #isDraining = false;

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.#nextTimeMs = parts.tape.feed.receivedMs[0] ?? Infinity;
    const timed = { venueTimeMs: 0, receivedTimeMs: 0 };
    this.#time = { kind: "time", ...timed };
    this.#alive = { kind: "connection", ...timed, state: "alive" };
    this.#trade = { kind: "trade", ...timed, aggressor: "buy", priceTicks: 0, quantityLots: 0 };
    this.#book = { kind: "book", ...timed, bidTicks: 0, bidLots: 0, askTicks: 0, askLots: 0 };
  }

  /** Part of the feed that has been played, 0…1. */
  get progress(): number {
    return this.#message / Math.max(1, this.#parts.tape.feed.length);
  }

  /** Connects, as a live driver would once its sockets are up. */
  start(): void {
    const { engine, link } = this.#parts;
    const timeMs = this.#nextTimeMs;
    link.nowMs = timeMs;
    engine.apply({
      kind: "connection",
      state: "up",
      venueTimeMs: timeMs,
      receivedTimeMs: timeMs,
    });
  }

  /**
   * Plays the tape up to so many more feed messages.
   * @returns whether there is more
   */
  play(messages: number): boolean {
    const { feed } = this.#parts.tape;
    const until = Math.min(feed.length, this.#message + messages);
    while (this.#message < until) this.#step(feed.receivedMs[this.#message] ?? Infinity);
    return this.#message < feed.length;
  }

  /**
   * Stops the pair, lets what is under way arrive, and the core try again where a cancel was
   * refused. The market stands still meanwhile.
   */
  finish(): void {
    const { engine, link } = this.#parts;
    this.#isDraining = true;
    const endMs = link.nowMs + DRAIN_MS;
    engine.apply({
      kind: "operator",
      command: "stop",
      venueTimeMs: link.nowMs,
      receivedTimeMs: link.nowMs,
    });
    while (this.#isUnderWay() && link.nowMs < endMs) this.#step(Infinity);
  }

  #isUnderWay(): boolean {
    const { engine, link } = this.#parts;
    return link.requests.size > 0 || link.responses.size > 0 || engine.orders.live.size > 0;
  }

  /** One thing: whatever is due first. */
  #step(feedMs: number): void {
    const { tape, exchange, link } = this.#parts;
    const timeMs = this.#nextTimeMs;
    let localMs = Math.min(feedMs, link.responses.nextMs, timeMs);
    const requestMs = link.requests.nextMs;
    const untilMs = Math.min(localMs, requestMs);
    if (!this.#isDraining) {
      // Stops behind a row that had an answer of ours: it may be due before `untilMs`.
      this.#row = exchange.run(tape.rows, this.#row, untilMs);
      if (link.responses.nextMs < untilMs) localMs = link.responses.nextMs;
      else if ((tape.rows.timeMs[this.#row] ?? Infinity) <= untilMs) return;
    }
    if (requestMs <= localMs) {
      link.deliverNext(exchange);
      return;
    }
    link.nowMs = localMs;
    if (localMs === link.responses.nextMs) this.#applyResponse();
    else if (localMs === timeMs) this.#applyTime(timeMs);
    else this.#applyFeed();
  }

  #applyResponse(): void {
    const event = this.#parts.link.responses.shift();
    if (event === undefined) return;
    this.#parts.engine.apply(event);
    this.#parts.listener.onVenueEvent(event);
  }

  #applyTime(timeMs: number): void {
    this.#time.receivedTimeMs = timeMs;
    this.#time.venueTimeMs = timeMs;
    this.#nextTimeMs = timeMs + TIME_STEP_MS;
    if (timeMs >= this.#nextHeartbeatMs) this.#applyHeartbeat(timeMs);
    this.#parts.engine.apply(this.#time);
    if (!this.#isDraining) this.#parts.listener.onTime(timeMs);
  }

  /** A recording has no heartbeats; its sockets were up, or its messages would have a gap. */
  #applyHeartbeat(timeMs: number): void {
    this.#nextHeartbeatMs = timeMs + HEARTBEAT_MS;
    this.#alive.receivedTimeMs = timeMs;
    this.#alive.venueTimeMs = timeMs;
    this.#parts.engine.apply(this.#alive);
  }

  #applyFeed(): void {
    const { feed } = this.#parts.tape;
    const index = this.#message;
    this.#message = index + 1;
    const kind = feed.kind[index];
    if (kind === FeedKind.book) {
      const event = this.#book;
      event.receivedTimeMs = feed.receivedMs[index] ?? 0;
      event.venueTimeMs = feed.venueMs[index] ?? 0;
      event.bidTicks = feed.bidTicks[index] ?? 0;
      event.bidLots = feed.bidLots[index] ?? 0;
      event.askTicks = feed.askTicks[index] ?? 0;
      event.askLots = feed.askLots[index] ?? 0;
      this.#parts.engine.apply(event);
      return;
    }
    const event = this.#trade;
    event.receivedTimeMs = feed.receivedMs[index] ?? 0;
    event.venueTimeMs = feed.venueMs[index] ?? 0;
    event.aggressor = kind === FeedKind.buyTrade ? "buy" : "sell";
    event.priceTicks = feed.bidTicks[index] ?? 0;
    event.quantityLots = feed.bidLots[index] ?? 0;
    this.#parts.engine.apply(event);
  }
}
