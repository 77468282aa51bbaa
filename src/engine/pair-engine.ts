/**
 * PairEngine: the decision core of one pair, behind one door. `apply(event)` sets the time from the
 * event, updates state, then decides, and tells a Sink what it wants. No I/O, no clock, no
 * randomness: same events, same commands, byte for byte. Live, paper, backtest, replay drive it.
 */

import { messageOf } from "#domain/errors.ts";
import type {
  AccountEvent,
  BookEvent,
  ConnectionEvent,
  EngineEvent,
  OperatorCommand,
  OrderEvent,
} from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { Ledger } from "#domain/ledger.ts";
import type { Sink } from "#ports/sink.ts";
import type { Ladder } from "#strategies/ladder.ts";
import type { Strategy } from "#strategies/strategy.ts";
import { ActionBudget } from "./action-budget.ts";
import type { EquityReading } from "./equity-guard.ts";
import { EquityWatch } from "./equity-watch.ts";
import { MarketState } from "./market-state.ts";
import { callsForLadder, OrderManager } from "./order-manager.ts";
import { PairBooks } from "./pair-books.ts";
import { PairInputs } from "./pair-inputs.ts";
import { PairNews } from "./pair-news.ts";
import { activeState, mayQuote, type PairState, stateAfter } from "./pair-state.ts";
import {
  type EngineParams,
  guardLimits,
  hasSameVolatility,
  ladderRange,
  requireSamePair,
} from "./params.ts";
import { type ActionCounts, Quoter } from "./quoter.ts";
import { Reconciler } from "./reconciler.ts";
import { RequoteClock } from "./requote-clock.ts";
import { type GuardReading, RiskGuards } from "./risk-guards.ts";

/** Guards and look-ups are gone through this often. */
const CHECK_INTERVAL_MS = 100;
/** Times beyond this are no times: about the year 5138. */
const LATEST_TIME_MS = 1e14;

export class PairEngine {
  readonly ledger: Ledger;
  readonly orders: OrderManager;
  readonly market: MarketState;
  readonly #instrument: Instrument;
  readonly #sink: Sink;
  readonly #books: PairBooks;
  readonly #news: PairNews;
  readonly #guards: RiskGuards;
  readonly #equity: EquityWatch;
  readonly #budget: ActionBudget;
  readonly #quoter: Quoter;
  readonly #reconciler: Reconciler;
  readonly #clock = new RequoteClock();
  readonly #input: PairInputs;
  #params: EngineParams;
  #state: PairState = "starting";
  #nowMs = -Infinity;
  #nextCheckMs = -Infinity;
  #clockOffsetMs = 0;
  /** The venue was swept and agreed, once. */
  #hasStarted = false;
  /** A guard or the state changed, an order showed up: look at once, whatever the clock says. */
  #mustReview = true;

  constructor(instrument: Instrument, params: EngineParams, strategy: Strategy, sink: Sink) {
    this.#instrument = instrument;
    this.#params = params;
    this.#sink = sink;
    this.#news = new PairNews(sink);
    this.#books = new PairBooks(instrument, params.capital);
    this.ledger = this.#books.ledger;
    this.orders = new OrderManager(params.orderPrefix, params.pairId);
    this.market = new MarketState(instrument, params.volatility, params.volatilitySource);
    const { risk } = params;
    this.#guards = new RiskGuards(
      instrument,
      guardLimits(params, instrument),
      ladderRange(params),
      (guard) => this.#onGuard(guard),
    );
    this.#equity = new EquityWatch(risk);
    this.#budget = new ActionBudget(risk.actionsPer10s, risk.actionReservePct);
    this.#reconciler = new Reconciler(this.orders, sink);
    this.#quoter = new Quoter({
      instrument,
      params,
      strategy,
      orders: this.orders,
      guards: this.#guards,
      budget: this.#budget,
      sink,
    });
    this.#input = new PairInputs(instrument, params.capital);
    this.#input.takeCapital(this.ledger);
  }

  get state(): PairState {
    return this.#state;
  }
  get ladder(): Ladder {
    return this.#quoter.ladder;
  }
  get counts(): Readonly<ActionCounts> {
    return this.#quoter.counts;
  }
  /** Inventory value over the pair's value that the pair returns to; 0 before the first price. */
  get targetIqvRatio(): number {
    return this.#input.targetIqvRatio;
  }
  /** The part of the value that is inventory now; 0 where there is no value yet. */
  get iqvRatio(): number {
    return this.#input.iqvRatio(this.market.midHalfTicks) || 0;
  }
  /** How far that is from its target, as a part of the target; 0 before the first price. */
  get iqvMoveRatio(): number {
    return this.ledger.isMarked ? this.#input.moveRatio(this.market.midHalfTicks) || 0 : 0;
  }
  guards(): readonly GuardReading[] {
    return this.#guards.readings();
  }
  equityGuards(): readonly EquityReading[] {
    return this.#equity.readings();
  }

  /**
   * Takes other parameters in flight. Orders, books, market, state, guards, budgets and equity
   * peaks stay; with the next event the new limits hold and a new ladder is made, in which orders
   * that still fit are kept. Volatility starts anew (a history event warms it up) where its own
   * parameters changed. @param strategy the one in use, where it shall keep its memory
   * @throws {InvariantError} where identity or capital is another; nothing has changed then
   */
  reconfigure(params: EngineParams, strategy: Strategy): void {
    requireSamePair(this.#params, params);
    const { risk } = params;
    if (!hasSameVolatility(this.#params, params)) {
      this.market.restartVolatility(params.volatility, params.volatilitySource);
    }
    this.#quoter.reconfigure(params, strategy);
    this.#guards.reconfigure(guardLimits(params, this.#instrument), ladderRange(params));
    this.#equity.reconfigure(risk);
    this.#budget.setLimits(risk.actionsPer10s, risk.actionReservePct);
    this.#params = params;
    this.#nextCheckMs = -Infinity;
    this.#clock.wantNow("reconfigured");
  }

  /** The door for news. An event may be reused by the caller once this returns. Never throws. */
  apply(event: EngineEvent): void {
    try {
      this.#take(event);
    } catch (thrown) {
      // A strategy that gives no numbers, a figure that is none, a bug of ours: nothing is quoted
      // until somebody has looked at it.
      this.#news.alert("critical", "engine-failed", messageOf(thrown), this.#nowMs);
      if (this.#state !== "stopping") this.#setState("halted", "a failure", this.#nowMs);
      this.#quoter.pull(this.#nowMs, false);
    }
  }

  #take(event: EngineEvent): void {
    const timeMs = event.receivedTimeMs;
    // Time never goes back; what is no time at all (NaN) does not move it.
    if (timeMs > this.#nowMs && timeMs < LATEST_TIME_MS) this.#nowMs = timeMs;
    const nowMs = this.#nowMs;
    // The grid takes the price from before this event; a strategy runs only once it is booked.
    // A history is older than any sample, and comes too late after the first.
    const isSample = nowMs >= this.market.nextSampleMs && event.kind !== "history";
    if (isSample) this.market.sample(nowMs);
    if (event.kind === "book") this.#onBook(event, nowMs);
    else this.#onRareEvent(event, nowMs);
    if (isSample) this.#onSample(nowMs);
    if (nowMs >= this.#nextCheckMs) this.#check(nowMs);
    if (this.#mustReview || this.#clock.isDue(nowMs, this.market.midHalfTicks)) {
      this.#decide(nowMs);
    }
  }

  #onRareEvent(event: Exclude<EngineEvent, BookEvent>, nowMs: number): void {
    switch (event.kind) {
      case "trade":
      case "time":
      case "mark":
      case "hedge":
        return;
      case "reference":
        this.market.onReference(event.priceTicks);
        this.#guards.onReference(this.market.referenceTicks);
        return;
      case "order":
        this.#onOrder(event, nowMs);
        return;
      case "fill":
        this.#onFill(event.fill, nowMs);
        return;
      case "funding":
        this.#books.onFunding(event);
        this.#input.takeCapital(this.ledger);
        return;
      case "account":
        this.#onAccount(event, nowMs);
        return;
      case "connection":
        this.#onConnection(event, nowMs);
        return;
      case "history":
        this.market.onHistory(event.prices);
        return;
      case "budget":
        this.#budget.report(event.remaining, event.limit, nowMs);
        return;
      case "clock":
        this.#clockOffsetMs = event.offsetMs;
        this.#guards.onClock(event.offsetMs);
        return;
      case "operator":
        this.#onOperator(event.command, nowMs);
        return;
    }
  }

  #onBook(event: BookEvent, nowMs: number): void {
    const problem = MarketState.problemOf(event);
    if (problem !== null) return this.#guards.onBadBook(problem);
    this.market.onBook(event);
    this.#guards.onGoodBook(nowMs);
    // A fill from before it has marked the ledger already.
    if (!this.ledger.isMarked || !this.#input.hasTarget) this.#onFirstPrice(nowMs);
  }

  /** The opening mark, and the target ratio where none is configured: fixed here, once. */
  #onFirstPrice(nowMs: number): void {
    const { midHalfTicks } = this.market;
    this.ledger.mark(midHalfTicks);
    if (this.#input.hasTarget) return;
    this.#input.fixTarget(midHalfTicks);
    this.#news.alert("info", "target-ratio", `target ratio ${this.targetIqvRatio}`, nowMs);
  }

  #onOrder(event: OrderEvent, nowMs: number): void {
    const order = this.orders.find(event.clientOrderId);
    const wasCancel = order?.inFlight === "cancel";
    const news = this.orders.onReport(event, nowMs);
    if (news === "rejected") {
      // A replacement that came too late, its order being filled or gone, was no mistake.
      const cameLate = order?.replaces?.mayHaveFilled === true;
      const { reason } = event;
      if (reason === "would-cross" || !cameLate) this.#guards.onRejected(reason, nowMs);
    } else if (news === "doubt") this.#reconciler.tick(nowMs);
    // Ours by its id, of another run or long forgotten: it must not stay open.
    else if (news === "stray" && event.change === "open") this.#sink.cancel(event.clientOrderId);
    else if (news === "acknowledged") {
      this.#guards.onAccepted();
      // It came after the cancel that was meant for it; or, as a look will show, after a pull.
      if (wasCancel && order !== undefined) this.#quoter.cancel(order, nowMs);
      this.#mustReview = true;
    }
    const isWaiting = this.#quoter.isDeferred || this.#guards.mustPull;
    if (callsForLadder(news, wasCancel, isWaiting)) this.#clock.want(`order-${news}`);
  }

  #onFill(fill: Fill, nowMs: number): void {
    if (this.orders.onFill(fill) !== "booked") return;
    const midHalfTicks = this.market.midHalfTicks;
    this.ledger.bookFill(fill, midHalfTicks > 0 ? midHalfTicks : 2 * fill.priceTicks);
    this.#guards.onFill(fill.side, nowMs);
    this.#input.takeCapital(this.ledger);
    if (this.orders.find(fill.clientOrderId) === undefined) this.#news.strayFill(fill, nowMs);
    this.#clock.want("fill");
  }

  #onAccount(event: AccountEvent, nowMs: number): void {
    const differs = this.#books.isContradictedBy(event);
    // A fill on its way explains it, but not once the venue has told all there are.
    const isFinal = event.openOrderIds !== null || !this.orders.lacksFills;
    if (differs !== this.#guards.isTripped("balance-mismatch") && isFinal) {
      this.#guards.onMismatch(differs);
      if (differs) this.#reconciler.ask(nowMs);
    }
    this.#guards.onAccount(event);
    if (!this.#reconciler.onAccount(event, nowMs)) return;
    this.#guards.onCompared();
    // It may have ended a doubt: what was to go and rests on is planned anew.
    this.#clock.want("compared");
    if (this.#state === "starting" && event.openOrderIds?.length === 0) this.#start(nowMs);
  }

  #start(nowMs: number): void {
    if (Math.abs(this.#clockOffsetMs) > this.#params.risk.clockOffsetRefuseMs) {
      const message = `the venue's clock is ${this.#clockOffsetMs} ms off: not starting`;
      this.#news.alert("critical", "clock-offset", message, nowMs);
      return;
    }
    this.#hasStarted = true;
    this.#setState(activeState(true, this.#equity.mustReduce), "the venue agrees", nowMs);
  }

  #onConnection(event: ConnectionEvent, nowMs: number): void {
    this.#guards.onConnection(event.state, nowMs);
    if (event.state !== "up") return;
    // What an earlier run left open is swept before anything is quoted.
    if (!this.#hasStarted) this.#sink.cancelAll();
    this.#reconciler.onReconnected(nowMs);
  }

  #onOperator(command: OperatorCommand, nowMs: number): void {
    if (command === "cancel") this.#quoter.pull(nowMs, false);
    if (command === "rearm") this.#equity.rearm();
    const active = activeState(this.#hasStarted, this.#equity.mustReduce);
    this.#setState(stateAfter(this.#state, command, active), `operator: ${command}`, nowMs);
  }

  /** A grid point of the volatility passed: it, and what depends on it, may want a new ladder. */
  #onSample(nowMs: number): void {
    if (this.#clock.isWanted || !this.#mayQuote() || this.#quoter.ladder.midHalfTicks === 0) return;
    this.#input.takeMarket(this.market, nowMs);
    const drift = this.#quoter.drift(this.#input.ladderInput(this.#isReducing));
    if (drift !== "") this.#clock.want(drift);
  }

  #check(nowMs: number): void {
    this.#nextCheckMs = nowMs + CHECK_INTERVAL_MS;
    const oldestDoubtMs = this.#reconciler.tick(nowMs);
    const position = this.#input.positionAt(this.market.midHalfTicks);
    this.#guards.evaluate({ ...position, nowMs, oldestDoubtMs });
    this.#checkAgreement(nowMs);
    if (!this.#mayQuote()) this.#quoter.pull(nowMs, true);
    if (this.#quoter.isDeferred) this.#clock.want("deferred");
    if (this.#equity.isDue(nowMs)) this.#checkEquity(nowMs);
  }

  /** What is wrong between the venue and us is asked for until it is right. */
  #checkAgreement(nowMs: number): void {
    if (this.#guards.isTripped("connection")) return;
    if (this.#guards.wantsReconcile || this.#state === "starting") {
      this.#reconciler.ask(nowMs);
    } else {
      this.#reconciler.recheck(nowMs, this.#guards.isInDispute);
    }
  }

  #checkEquity(nowMs: number): void {
    const { ledger, market } = this;
    const { midHalfTicks } = market;
    const excessRatio = this.#input.excessRatio(midHalfTicks);
    const state = this.#state;
    const to = this.#equity.check(nowMs, { ledger, midHalfTicks, state, excessRatio });
    if (to === null) return;
    this.#news.alert("critical", `equity-${to}`, this.#equity.describe(), nowMs);
    this.#setState(to, "equity guard", nowMs);
  }

  #mayQuote(): boolean {
    return mayQuote(this.#state) && !this.#guards.mustPull && this.market.midHalfTicks > 0;
  }

  #decide(nowMs: number): void {
    const isRepeat = !this.#mustReview;
    this.#mustReview = false;
    if (!this.#mayQuote()) {
      this.#clock.sleep();
      this.#quoter.pull(nowMs, isRepeat);
    } else if (this.#clock.isDue(nowMs, this.market.midHalfTicks)) this.#requote(nowMs);
  }

  #requote(nowMs: number): void {
    const { midHalfTicks } = this.market;
    this.#input.takeMarket(this.market, nowMs);
    const reason = this.#clock.reason(nowMs);
    this.#clock.setInterval(nowMs, this.#params.requote);
    this.#clock.renewed(midHalfTicks, this.#quoter.requoteDistance(midHalfTicks));
    const limits = this.#input.sideLimits(this.#isReducing, this.#guards.room(this.#input));
    this.#quoter.requote(this.#input.ladderInput(this.#isReducing), reason, limits);
  }

  get #isReducing(): boolean {
    return this.#state === "reducing";
  }

  #onGuard(guard: GuardReading): void {
    this.#news.guard(guard, this.#nowMs);
    this.#mustReview = true;
    this.#clock.want(guard.tripped ? `guard-${guard.id}` : "guard-cleared");
  }

  #setState(to: PairState, reason: string, nowMs: number): void {
    if (this.#state === to) return;
    this.#news.state(this.#state, to, reason, nowMs);
    this.#state = to;
    this.#mustReview = true;
    this.#clock.want(`state-${to}`);
  }
}
