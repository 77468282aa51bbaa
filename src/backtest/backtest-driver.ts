/**
 * BacktestDriver: runs the decision core against simulated exchanges over their tapes, in one
 * virtual time. No real time anywhere. Two clocks are merged: what happens at an exchange (market
 * rows, its own clock, our requests arriving) and what reaches us (its answers, the passing of
 * time, feed messages). Whatever is due first goes first. At the same instant the order is:
 *
 * 1. the quoting exchange: market rows, then requests; then the hedge exchange: market rows, then
 *    what it does by the clock, then requests;
 * 2. answers of the quoting venue, then of the hedge venue;
 * 3. the time;
 * 4. the quoting feed, then the hedge feed.
 */

import type {
  ConnectionEvent,
  EngineEvent,
  HedgeEvent,
  TimeEvent,
  VenueEvent,
} from "#domain/events.ts";
import type { TapeFeed } from "#sim/market-tape.ts";
import { type LegParts, MarketLeg } from "./market-leg.ts";

/** Told of each round: for the report. */
export interface DriverListener {
  /** An answer of the quoting venue reached the core. */
  onVenueEvent(event: VenueEvent): void;
  /** An answer, a mark price or a settlement of the hedge venue did. */
  onHedgeEvent?(event: VenueEvent): void;
  /** Called every `TIME_STEP_MS` of virtual time, after the core has seen it. */
  onTime(nowMs: number): void;
}

/** Whoever decides: PairEngine, or another to compare it with. */
export interface DecisionCore {
  apply(event: EngineEvent): void;
  /** An order may still be open: a run ends when there is none. */
  readonly hasOpenOrders: boolean;
}

export interface DriverParts extends LegParts {
  readonly engine: DecisionCore;
  readonly listener: DriverListener;
  /** Absent: the pair quotes alone. */
  readonly hedge?: LegParts;
}

/** The core is told the time this often, as the engine's drivers promise. */
export const TIME_STEP_MS = 100;
/** A live connection shows at least this often that it is there. */
const HEARTBEAT_MS = 1_000;
/** The end waits for what is still under way, and for the last cancel; far beyond any latency. */
const DRAIN_MS = 3_600_000;

export class BacktestDriver {
  readonly #engine: DecisionCore;
  readonly #listener: DriverListener;
  readonly #quoting: MarketLeg;
  readonly #hedge: MarketLeg | null;
  readonly #time: TimeEvent;
  readonly #alive: ConnectionEvent;
  readonly #wrapped: HedgeEvent;
  /** Messages of the quoting feed that are played: a run ends with the shorter of the feeds. */
  readonly #length: number;
  #nextTimeMs: number;
  #nextHeartbeatMs = -Infinity;
  /** The market has stood still since the last message. */
  #isDraining = false;

  constructor(parts: DriverParts) {
    const { hedge, tape } = parts;
    this.#engine = parts.engine;
    this.#listener = parts.listener;
    this.#quoting = new MarketLeg(parts);
    this.#hedge = hedge === undefined ? null : new MarketLeg(hedge);
    this.#length = hedge === undefined ? tape.feed.length : countUntil(tape.feed, endOf(hedge));
    this.#nextTimeMs = Math.min(this.#quoting.nextFeedMs, this.#hedge?.nextFeedMs ?? Infinity);
    const timed = { venueTimeMs: 0, receivedTimeMs: 0 };
    this.#time = { kind: "time", ...timed };
    this.#alive = { kind: "connection", ...timed, state: "alive" };
    this.#wrapped = { kind: "hedge", ...timed, event: this.#alive };
  }

  /** Part of the feed that has been played, 0…1. */
  get progress(): number {
    return this.#quoting.messages / Math.max(1, this.#length);
  }

  /** Connects, as a live driver would once its sockets are up. */
  start(): void {
    const timeMs = this.#nextTimeMs;
    const up: ConnectionEvent = {
      kind: "connection",
      state: "up",
      venueTimeMs: timeMs,
      receivedTimeMs: timeMs,
    };
    this.#setTime(timeMs);
    this.#quoting.link.announceOutages();
    this.#engine.apply(up);
    if (this.#hedge === null) return;
    this.#hedge.link.announceOutages();
    this.#applyHedge(up);
  }

  /**
   * Plays the tapes up to so many more messages of the quoting feed.
   * @returns whether there is more
   */
  play(messages: number): boolean {
    const quoting = this.#quoting;
    const until = Math.min(this.#length, quoting.messages + messages);
    if (this.#hedge === null) {
      while (quoting.messages < until) this.#stepAlone(quoting.nextFeedMs);
    } else {
      while (quoting.messages < until) this.#stepBoth(quoting.nextFeedMs, quoting, this.#hedge);
    }
    return quoting.messages < this.#length;
  }

  /**
   * Stops the pair, lets what is under way arrive, and the core try again where a cancel was
   * refused. The markets stand still meanwhile.
   */
  finish(): void {
    this.#isDraining = true;
    const { link } = this.#quoting;
    const endMs = link.nowMs + DRAIN_MS;
    this.#engine.apply({
      kind: "operator",
      command: "stop",
      venueTimeMs: link.nowMs,
      receivedTimeMs: link.nowMs,
    });
    while (this.#isUnderWay() && link.nowMs < endMs) {
      if (this.#hedge === null) this.#stepAlone(Infinity);
      else this.#stepBoth(Infinity, this.#quoting, this.#hedge);
    }
  }

  #isUnderWay(): boolean {
    const isUnderWay = ({ link: { requests, responses } }: MarketLeg): boolean =>
      requests.size > 0 || responses.size > 0;
    const hedge = this.#hedge;
    return (
      this.#engine.hasOpenOrders ||
      isUnderWay(this.#quoting) ||
      (hedge !== null && isUnderWay(hedge))
    );
  }

  #setTime(timeMs: number): void {
    this.#quoting.link.nowMs = timeMs;
    if (this.#hedge !== null) this.#hedge.link.nowMs = timeMs;
  }

  /** One thing, whatever is due first, where there is one venue. Hot. */
  #stepAlone(feedMs: number): void {
    const quoting = this.#quoting;
    const { link } = quoting;
    const timeMs = this.#nextTimeMs;
    let localMs = Math.min(feedMs, link.responses.nextMs, timeMs);
    const requestMs = link.requests.nextMs;
    const untilMs = Math.min(localMs, requestMs);
    if (!this.#isDraining) {
      // Stops behind a row that had an answer of ours: it may be due before `untilMs`.
      quoting.run(untilMs);
      if (link.responses.nextMs < untilMs) localMs = link.responses.nextMs;
      else if (quoting.nextRowMs <= untilMs) return;
    }
    if (requestMs <= localMs) {
      link.deliverNext(quoting.exchange);
      return;
    }
    link.nowMs = localMs;
    if (localMs === link.responses.nextMs) this.#applyResponse();
    else if (localMs === timeMs) this.#applyTime(timeMs);
    else this.#applyMessage(quoting);
  }

  /**
   * One thing, whatever is due first. An exchange never runs ahead of the other, nor of us:
   * whatever it answers may change both.
   */
  #stepBoth(feedMs: number, quoting: MarketLeg, hedge: MarketLeg): void {
    const timeMs = this.#nextTimeMs;
    const hedgeFeedMs = this.#isDraining ? Infinity : hedge.nextFeedMs;
    const responseMs = Math.min(quoting.link.responses.nextMs, hedge.link.responses.nextMs);
    const localMs = Math.min(responseMs, timeMs, feedMs, hedgeFeedMs);
    if (this.#advanceExchanges(localMs, quoting, hedge)) return;
    this.#setTime(localMs);
    if (localMs === quoting.link.responses.nextMs) this.#applyResponse();
    else if (localMs === responseMs) this.#applyHedgeResponse(hedge);
    else if (localMs === timeMs) this.#applyTime(timeMs);
    else if (localMs === feedMs) this.#applyMessage(quoting);
    else this.#applyHedge(hedge.isBookNext ? hedge.takeBook() : hedge.takeTrade());
  }

  /** @returns whether something was due at an exchange until then */
  #advanceExchanges(untilMs: number, quoting: MarketLeg, hedge: MarketLeg): boolean {
    if (this.#isDraining) return this.#deliverFirst(untilMs, quoting, hedge);
    const quotingMs = quoting.nextExchangeMs;
    const hedgeMs = hedge.nextExchangeMs;
    if (Math.min(quotingMs, hedgeMs) > untilMs) return false;
    if (quotingMs <= hedgeMs) quoting.advance(Math.min(untilMs, hedgeMs));
    // What the quoting venue does at an instant comes before: up to there, and not at it.
    else hedge.advance(quotingMs <= untilMs ? hedgeMs : untilMs);
    return true;
  }

  #deliverFirst(untilMs: number, quoting: MarketLeg, hedge: MarketLeg): boolean {
    const quotingMs = quoting.link.requests.nextMs;
    const hedgeMs = hedge.link.requests.nextMs;
    if (Math.min(quotingMs, hedgeMs) > untilMs) return false;
    const { link, exchange } = quotingMs <= hedgeMs ? quoting : hedge;
    link.deliverNext(exchange);
    return true;
  }

  /** Two calls for two kinds: one for both would cost each the other's checks. Hot. */
  #applyMessage(quoting: MarketLeg): void {
    if (quoting.isBookNext) this.#engine.apply(quoting.takeBook());
    else this.#engine.apply(quoting.takeTrade());
  }

  #applyResponse(): void {
    const event = this.#quoting.link.responses.shift();
    if (event === undefined) return;
    this.#engine.apply(event);
    this.#listener.onVenueEvent(event);
  }

  #applyHedgeResponse({ link }: MarketLeg): void {
    const event = link.responses.shift();
    if (event === undefined) return;
    this.#applyHedge(event);
    this.#listener.onHedgeEvent?.(event);
  }

  #applyHedge(event: VenueEvent): void {
    const wrapped = this.#wrapped;
    wrapped.venueTimeMs = event.venueTimeMs;
    wrapped.receivedTimeMs = event.receivedTimeMs;
    wrapped.event = event;
    this.#engine.apply(wrapped);
  }

  #applyTime(timeMs: number): void {
    this.#time.receivedTimeMs = timeMs;
    this.#time.venueTimeMs = timeMs;
    this.#nextTimeMs = timeMs + TIME_STEP_MS;
    if (timeMs >= this.#nextHeartbeatMs) this.#applyHeartbeat(timeMs);
    this.#engine.apply(this.#time);
    if (!this.#isDraining) this.#listener.onTime(timeMs);
  }

  /** A recording has no heartbeats; its sockets were up, or its messages would have a gap. */
  #applyHeartbeat(timeMs: number): void {
    this.#nextHeartbeatMs = timeMs + HEARTBEAT_MS;
    this.#alive.receivedTimeMs = timeMs;
    this.#alive.venueTimeMs = timeMs;
    if (this.#quoting.link.isUp(timeMs)) this.#engine.apply(this.#alive);
    if (this.#hedge?.link.isUp(timeMs) === true) this.#applyHedge(this.#alive);
  }
}

function endOf({ tape: { feed }, feedEndsMs }: LegParts): number {
  return feedEndsMs ?? feed.receivedMs[feed.length - 1] ?? -Infinity;
}

/** How many messages of a feed are there by then. */
function countUntil(feed: TapeFeed, endMs: number): number {
  let count = feed.length;
  while (count > 0 && (feed.receivedMs[count - 1] ?? 0) > endMs) count -= 1;
  return count;
}
