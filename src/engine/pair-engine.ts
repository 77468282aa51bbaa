/**
 * PairEngine: the decision core of one pair, behind one door. `apply(event)` sets the time from the
 * event, updates state, then decides, and tells a Sink what it wants. No I/O, no clock, no
 * randomness: same events, same commands, byte for byte. Live, paper, backtest, replay drive it.
 */

import type { Decimal } from "#domain/decimal.ts";
import { messageOf } from "#domain/errors.ts";
import type {
  AccountEvent,
  BookEvent,
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
import { Agreement } from "./agreement.ts";
import type { EquityReading } from "./equity-guard.ts";
import { EquityWatch } from "./equity-watch.ts";
import type { HedgeDesk } from "./hedge-desk.ts";
import { MarketState } from "./market-state.ts";
import { callsForLadder, OrderManager } from "./order-manager.ts";
import { type Mids, PairBooks, type PairPnl } from "./pair-books.ts";
import { PairHedge } from "./pair-hedge.ts";
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
  readonly #agreement: Agreement;
  readonly #clock = new RequoteClock();
  readonly #input: PairInputs;
  readonly #hedging: PairHedge;
  #params: EngineParams;
  #state: PairState = "starting";
  #nowMs = -Infinity;
  #nextCheckMs = -Infinity;
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
    this.#input = new PairInputs(instrument, params.capital);
    this.#input.takeCapital(this.ledger);
    // Each takes of these what it leans on.
    const { orders, market } = this;
    const own = { guards: this.#guards, books: this.#books, news: this.#news, input: this.#input };
    const clock = this.#clock;
    const parts = { instrument, params, strategy, sink, orders, market, clock, ...own };
    this.#agreement = new Agreement({ ...parts, reconciler: this.#reconciler });
    this.#quoter = new Quoter({ ...parts, budget: this.#budget });
    this.#hedging = new PairHedge({ ...parts, onGuard: (guard) => this.#onGuard(guard) });
    this.#books.hedge = this.#hedging.desk?.book.ledger ?? null;
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
  /** The hedge leg; null: the pair has none. */
  get hedge(): HedgeDesk | null {
    return this.#hedging.desk;
  }
  /** What is held beyond the target on both legs together, base currency, a float. */
  get netDelta(): number {
    const { midHalfTicks } = this.market;
    const position = this.#input.positionAt(midHalfTicks);
    return this.#guards.deltaLots(position) * this.#instrument.lotValue;
  }
  /** An order of either leg may be open, or a fill of one is missing. */
  get hasOpenOrders(): boolean {
    return this.orders.isOpen || this.#hedging.hasOpenOrders;
  }
  /** Of both legs, marked at what is known now. */
  pnl(): PairPnl {
    return this.#books.pnl(this.#mids);
  }
  /** What both legs are worth, quote currency. @throws {InvariantError} before the first price */
  equity(): Decimal {
    return this.#books.equity(this.#mids);
  }
  guards(): readonly GuardReading[] {
    return [...this.#guards.readings(), ...this.#hedging.guards()];
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
    this.#hedging.reconfigure(params);
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
        return;
      case "hedge":
        this.#hedging.apply(event, nowMs, this.#state);
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
        this.#agreement.onConnection(event, nowMs);
        return;
      case "history":
        this.market.onHistory(event.prices);
        return;
      case "budget":
        this.#budget.report(event.remaining, event.limit, nowMs);
        return;
      case "clock":
        this.#agreement.onClock(event);
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
    this.ledger.bookFill(fill, this.market.midHalfTicks || 2 * fill.priceTicks);
    this.#guards.onFill(fill.side, nowMs);
    this.#input.takeCapital(this.ledger);
    if (this.orders.find(fill.clientOrderId) === undefined) this.#news.strayFill(fill, nowMs);
    this.#clock.want("fill");
    this.#hedging.act(nowMs, this.#state);
  }

  #onAccount(event: AccountEvent, nowMs: number): void {
    if (!this.#agreement.onAccount(event, nowMs)) return;
    // It may have ended a doubt: what was to go and rests on is planned anew.
    this.#clock.want("compared");
    if (this.#state !== "starting" || event.openOrderIds?.length !== 0) return;
    if (!this.#agreement.start(nowMs, this.#params.risk.clockOffsetRefuseMs)) return;
    this.#setState(activeState(true, this.#equity.mustReduce), "the venue agrees", nowMs);
  }

  #onOperator(command: OperatorCommand, nowMs: number): void {
    if (command === "cancel") this.#quoter.pull(nowMs, false);
    if (command === "rearm") this.#equity.rearm();
    const active = activeState(this.#agreement.hasStarted, this.#equity.mustReduce);
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
    this.#hedging.check(nowMs, this.#state);
    this.#agreement.check(nowMs, this.#state === "starting");
    if (!this.#mayQuote()) this.#quoter.pull(nowMs, true);
    if (this.#quoter.isDeferred) this.#clock.want("deferred");
    if (this.#equity.isDue(nowMs)) this.#checkEquity(nowMs);
  }

  #checkEquity(nowMs: number): void {
    const excessRatio = this.#input.excessRatio(this.market.midHalfTicks);
    const mids = this.#hedging.midsAt(nowMs, this.#mids);
    const equity = (): Decimal | null => this.#books.netEquity(mids);
    const to = this.#equity.check(nowMs, { equity, state: this.#state, excessRatio });
    if (to === null) return;
    this.#news.alert("critical", `equity-${to}`, this.#equity.describe(), nowMs);
    this.#setState(to, "equity guard", nowMs);
  }

  get #mids(): Mids {
    return { quoting: this.market.midHalfTicks, hedge: this.hedge?.market.midHalfTicks ?? 0 };
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
    const room = this.#hedging.room(this.#guards.room(this.#input));
    const limits = this.#input.sideLimits(this.#isReducing, room);
    this.#quoter.requote(this.#input.ladderInput(this.#isReducing), reason, limits);
  }

  get #isReducing(): boolean {
    return this.#state === "reducing";
  }

  #onGuard(guard: GuardReading): void {
    this.#news.guard(guard, this.#nowMs);
    // What only tells changes no quote.
    if (guard.effect === "alert") return;
    this.#mustReview = true;
    this.#clock.want(guard.tripped ? `guard-${guard.id}` : "guard-cleared");
  }

  #setState(to: PairState, reason: string, nowMs: number): void {
    if (this.#state === to) return;
    this.#news.state(this.#state, to, reason, nowMs);
    this.#state = to;
    this.#mustReview = true;
    this.#hedging.act(nowMs, to);
    this.#clock.want(`state-${to}`);
  }
}
