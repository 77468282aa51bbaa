/**
 * HedgeDesk: the hedge leg of a pair. It hears the hedge venue, keeps the position there with its
 * orders and doubts, and has both hedgers look and act: after every piece of news that concerns
 * them, after each quoting fill, and at least ten times a second. Pure; its time is the caller's.
 */

import type { AccountEvent, ConnectionEvent, OrderEvent, VenueEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { Instrument, Side } from "#domain/instrument.ts";
import { ActiveHedger } from "#hedge/active-hedger.ts";
import { HedgeBook } from "#hedge/hedge-book.ts";
import type { Exposure, HedgeInput, HedgeMode } from "#hedge/hedge-input.ts";
import type { HedgeStory } from "#hedge/hedge-orders.ts";
import type { HedgeParams } from "#hedge/params.ts";
import { PassiveHedger } from "#hedge/passive-hedger.ts";
import { netMove } from "#hedge/sizes.ts";
import type { Execution, Sink } from "#ports/sink.ts";
import { HedgeGuards } from "./hedge-guards.ts";
import { HedgeMarketState } from "./hedge-market.ts";
import { HedgeOrderDesk } from "./hedge-order-desk.ts";
import type { OrderManager } from "./order-manager.ts";
import type { EngineParams, HedgeSetup } from "./params.ts";
import { Reconciler } from "./reconciler.ts";
import type { GuardReading } from "./risk-guards.ts";

/** Another position is disputed for so long before it is taken over: a fill may be late. */
const LASTING_DISPUTE_MS = 4_000;

export interface HedgeDeskParts {
  readonly params: EngineParams;
  readonly setup: HedgeSetup;
  readonly sink: Sink;
  readonly execution: Execution;
  readonly onGuard: (guard: GuardReading) => void;
}

/** The quoting leg, as it is now: floats. */
export type QuotingExposure = Omit<Exposure, "hedgeBase" | "hedgeQuote">;

export class HedgeDesk {
  readonly instrument: Instrument;
  readonly book: HedgeBook;
  readonly market: HedgeMarketState;
  readonly #active: ActiveHedger;
  readonly #passive: PassiveHedger;
  readonly #sink: Sink;
  readonly #execution: Execution;
  readonly #desk: HedgeOrderDesk;
  readonly #guards: HedgeGuards;
  readonly #reconciler: Reconciler;
  #params: HedgeParams;
  #nowMs = -Infinity;
  #hasStarted = false;
  #hasFailed = false;
  #nextRefreshMs = -Infinity;
  /** The position that the venue told and we had another; null: none. */
  #disputed: { readonly base: string; readonly fills: number; readonly sinceMs: number } | null =
    null;
  /** The venue has told another position by the way, and has not been asked since. */
  #isDoubtful = false;
  /** The book's position and what it brought in, as floats. */
  #hedgeBase = 0;
  #hedgeQuote = 0;
  #moveRatio = 0;

  constructor({ params, setup, sink, execution, onGuard }: HedgeDeskParts) {
    const { instrument } = setup;
    this.instrument = instrument;
    this.#params = setup.params;
    this.#sink = sink;
    this.#execution = execution;
    this.book = new HedgeBook(instrument, setup.position);
    const { staleBookMs, quietBookMs } = params.risk;
    this.market = new HedgeMarketState({ staleBookMs, quietBookMs });
    this.#desk = new HedgeOrderDesk(params, execution, sink);
    this.#guards = new HedgeGuards(setup.params, instrument.tickValue, onGuard);
    this.#reconciler = new Reconciler(this.#desk.orders, execution);
    const story = this.#story();
    // Both, whatever is configured: a position may be there, and other parameters may come.
    this.#active = new ActiveHedger(instrument, setup.params, this.#desk, story);
    this.#passive = new PassiveHedger(instrument, setup.params, this.#desk, story);
    this.#takePosition();
  }

  /** Null: none is configured, and there is nothing of one. */
  get active(): ActiveHedger | null {
    const isNone = this.#params.active === null && this.#active.state === "idle";
    return isNone ? null : this.#active;
  }
  get passive(): PassiveHedger | null {
    const isNone = this.#params.passive === null && this.#passive.state === "off";
    return isNone ? null : this.#passive;
  }
  get orders(): OrderManager {
    return this.#desk.orders;
  }
  get isConnected(): boolean {
    return !this.#guards.isTripped("hedge-connection");
  }
  /** Since when a wanted hedge has not been there; -1: it is, or none is wanted. */
  get unhedgedSinceMs(): number {
    return this.#guards.unhedgedSinceMs;
  }
  guards(): readonly GuardReading[] {
    return this.#guards.readings();
  }
  /** Signed position, base currency, a float. */
  get base(): number {
    return this.#hedgeBase;
  }
  /** What the position has brought in, quote currency, a float. */
  get quote(): number {
    return this.#hedgeQuote;
  }
  /** The move of the net ratio when the hedgers last looked. */
  get netMoveRatio(): number {
    return this.#moveRatio;
  }

  /** The quoting side that adds to an exposure which is not hedged; null: none is off. */
  get sideOff(): Side | null {
    if (!this.#guards.isSideOff) return null;
    return this.#moveRatio > 0 ? "buy" : "sell";
  }

  reconfigure({ hedge, risk }: EngineParams): void {
    if (hedge === null) return;
    const { staleBookMs, quietBookMs } = risk;
    this.#params = hedge.params;
    this.market.limits = { staleBookMs, quietBookMs };
    this.#guards.reconfigure(hedge.params);
    this.#active.reconfigure(hedge.params);
    this.#passive.reconfigure(hedge.params);
  }

  /**
   * Takes news of the hedge venue.
   * @returns whether it concerns the hedgers: they are to look at once
   */
  apply(event: VenueEvent, nowMs: number): boolean {
    this.#nowMs = nowMs;
    this.#desk.nowMs = nowMs;
    switch (event.kind) {
      case "book":
        this.market.onBook(event, nowMs);
        return false;
      case "trade":
        this.market.onTrade(event);
        return false;
      case "mark":
        this.market.onMark(event, nowMs);
        // Where stops are watched by us, this is what they wait for.
        return !this.instrument.canOpenByStop;
      case "order":
        return this.#onOrder(event);
      case "fill":
        return this.#onFill(event.fill);
      case "funding":
        this.book.bookFunding(event);
        this.#takePosition();
        return false;
      case "account":
        this.#onAccount(event);
        return true;
      case "connection":
        return this.#onConnection(event);
      case "reference":
      case "budget":
      case "clock":
        return false;
    }
  }

  /** Looks at exposure, market and orders, and sends what they want. */
  act(nowMs: number, mode: HedgeMode, quoting: QuotingExposure): void {
    this.#nowMs = nowMs;
    this.#desk.nowMs = nowMs;
    const exposure = { ...quoting, hedgeBase: this.#hedgeBase, hedgeQuote: this.#hedgeQuote };
    this.#moveRatio = netMove(exposure) || 0;
    const input: HedgeInput = {
      nowMs,
      // Until the venue was swept and compared there is nothing to build on.
      mode: this.#hasStarted ? mode : "off",
      exposure,
      market: this.market.fresh(nowMs),
      canTrade: this.#guards.canTrade,
      mayGrow: this.#guards.mayGrow,
    };
    if (this.#hasFailed) this.#desk.cancelAll(input.mode !== "off", "hedge-failed");
    else {
      // The stop of a hedge that was filled comes before anything else.
      this.#passive.act(input, this.book);
      this.#active.act(input, this.book);
    }
    this.#evaluate(input.mode);
  }

  /** Doubts, refreshes and guards: to be called ten times a second, before `act`. */
  check(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#desk.nowMs = nowMs;
    this.#reconciler.tick(nowMs);
    if (this.#guards.isTripped("hedge-connection") && !this.#hasStarted) return;
    // Nothing is hedged before nothing of an earlier run rests any more: that is asked for soon.
    if (!this.#hasStarted) this.#reconciler.ask(nowMs);
    // A question that is under way may be older than what was told.
    if (this.#isDoubtful && this.#reconciler.askAnew(nowMs)) this.#isDoubtful = false;
    const refreshMs = this.#params.passive?.refreshIntervalMs ?? Infinity;
    if (this.#guards.isTripped("hedge-mismatch") || this.orders.lacksFills) {
      this.#reconciler.recheck(nowMs, true);
    } else if (nowMs >= this.#nextRefreshMs) {
      this.#nextRefreshMs = nowMs + refreshMs;
      this.#reconciler.ask(nowMs);
    } else this.#reconciler.recheck(nowMs, false);
  }

  /** A hedger threw: a bug. It sends nothing any more; what may open a position is canceled. */
  fail(): void {
    this.#hasFailed = true;
    this.#guards.onFailed(this.#nowMs);
    this.#desk.cancelAll(true, "hedge-failed");
  }

  #evaluate(mode: HedgeMode): void {
    const isWanting =
      !this.#guards.canTrade ||
      this.#active.isNeeded ||
      (this.#params.passive !== null && !this.#passive.isCovered);
    const { positionLots } = this.book;
    const { midHalfTicks } = this.market;
    const isUnhedged = (mode === "hedge" && isWanting) || !this.#hasStarted;
    this.#guards.evaluate({ nowMs: this.#nowMs, positionLots, midHalfTicks, isUnhedged });
  }

  #onOrder(event: OrderEvent): boolean {
    const news = this.#desk.onReport(event);
    if (news === "doubt") this.#reconciler.tick(this.#nowMs);
    // The position is not what we believe, and news of that may have been lost.
    if (news === "rejected" && event.reason === "reduce-only") this.#isDoubtful = true;
    return news !== "foreign" && news !== "stray";
  }

  #onFill(fill: Fill): boolean {
    if (this.#desk.onFill(fill) !== "booked") return false;
    this.book.bookFill(fill, this.market.midHalfTicks);
    this.#takePosition();
    // The venue's word was ahead of this fill: what it calls for must not wait for another answer.
    if (this.#disputed !== null && this.book.has(this.#disputed.base)) this.#settle();
    if (this.orders.find(fill.clientOrderId) === undefined) {
      const message = `hedge fill ${fill.tradeId} of ${fill.clientOrderId}, not of this run`;
      this.#alert("warning", "stray-fill", message);
    }
    return true;
  }

  /**
   * The venue's position is the truth. Where it differs from ours although the venue has told all
   * fills, and does so again when asked anew and without a fill in between, somebody else moved it:
   * it is taken over. One answer alone may be older than a fill that overtook it.
   */
  #onAccount(event: AccountEvent): void {
    this.#guards.onAccount(event);
    const differs = this.book.isContradictedBy(event);
    const isFinal = event.openOrderIds !== null && !this.orders.lacksFills;
    if (!differs) this.#settle();
    else if (isFinal) this.#dispute(event);
    else this.#isDoubtful = true;
    if (!this.#reconciler.onAccount(event, this.#nowMs)) return;
    this.#guards.onCompared();
    if (!this.#hasStarted && event.openOrderIds?.length === 0) this.#hasStarted = true;
  }

  #settle(): void {
    this.#disputed = null;
    this.#guards.onMismatch(false);
  }

  #dispute(event: AccountEvent): void {
    const fills = this.orders.bookedFills;
    const before = this.#disputed;
    this.#guards.onMismatch(true);
    if (before?.base !== event.base || before.fills !== fills) {
      this.#disputed = { base: event.base, fills, sinceMs: this.#nowMs };
      // Nothing is sent meanwhile, no stop either: an answer that was only old is soon found out.
      this.#isDoubtful = true;
      return;
    }
    const isLasting = this.#nowMs - before.sinceMs >= LASTING_DISPUTE_MS;
    if (!isLasting || !this.#reconciler.isAnswerTo(before.sinceMs)) return;
    const lots = this.book.adopt(event, this.market.midHalfTicks);
    if (lots === 0) return;
    this.#takePosition();
    this.#settle();
    const size = this.instrument.sizeString(Math.abs(lots));
    const by = `${lots > 0 ? "+" : "-"}${size} ${this.instrument.base}`;
    const message =
      `the hedge venue has a position of ${event.base}, by ${by} another than our fills make it: ` +
      "taken over as it is (liquidated, deleveraged, or traded by hand?)";
    this.#alert("critical", "hedge-position-adopted", message);
  }

  #onConnection({ state }: ConnectionEvent): boolean {
    if (state === "alive") {
      this.market.onAlive(this.#nowMs);
      return false;
    }
    this.#guards.onConnection(state === "up");
    if (state === "down") return true;
    // What an earlier run left open is swept before anything is hedged.
    if (!this.#hasStarted) this.#execution.cancelAll();
    this.#reconciler.onReconnected(this.#nowMs);
    return true;
  }

  #takePosition(): void {
    const { ledger, positionLots } = this.book;
    this.#hedgeBase = positionLots * this.instrument.lotValue;
    this.#hedgeQuote = Number(ledger.quote().toFixed());
  }

  #story(): HedgeStory {
    return {
      step: (step) => this.#sink.audit({ kind: "hedge", timeMs: this.#nowMs, ...step }),
      alert: (level, code, message) => this.#alert(level, code, message),
    };
  }

  #alert(level: "info" | "warning" | "critical", code: string, message: string): void {
    this.#sink.alert({ timeMs: this.#nowMs, level, code, message });
  }
}
