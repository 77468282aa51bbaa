/**
 * HedgeWatch: what must hold of the hedge leg at every moment, whatever happens to it. It looks at
 * each order as it is sent, and at engine and venue after each event, and notes what is wrong. Its
 * sums are its own; of the engine it reads positions, states and guards.
 */

import type { EngineEvent, HedgeEvent, OrderEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import { type OrderRequest, type OrderRole, parseClientOrderId } from "#domain/order.ts";
import type { HedgeDesk } from "#engine/hedge-desk.ts";
import type { PairEngine } from "#engine/pair-engine.ts";
import type { HedgeParams } from "#hedge/params.ts";
import type { FakeHedgeVenue } from "./fake-hedge-venue.ts";

/** A stop that was refused or lost may be missing for so long: the longest wait there is. */
const LOST_STOP_MS = 30_000;
/** Reduce-only orders refused in a row: more than the doubts of a bad minute explain. */
const MOST_REDUCE_REFUSALS = 12;
/** The size of a trigger may be this old. */
const SIZE_AGE_MS = 1_200;

/** What could rightly be wanted at a moment, in lots. */
interface Wants {
  readonly timeMs: number;
  readonly sell: number;
  readonly buy: number;
  readonly passive: number;
}

export class HedgeWatch {
  readonly violations: string[] = [];
  hasIntruded = false;
  /** When anything was last sent to the hedge venue. */
  lastSentMs = -Infinity;
  /** Refusals that the engine was told since the last `clearRefusals`. */
  refusals: string[] = [];
  readonly requests = new Map<string, OrderRequest>();
  readonly #engine: PairEngine;
  readonly #venue: FakeHedgeVenue;
  readonly #instrument: Instrument;
  readonly #tradeIds = new Set<string>();
  #params: HedgeParams;
  #bookedLots: number;
  #nowMs = 0;
  #events = 0;
  #passiveBefore = 0;
  #hadStopLoss = false;
  #reduceRefusals = 0;
  #stopLostMs = -Infinity;
  #mostPassive = 0;
  #mostStepLots: number;
  #wants: Wants[] = [];

  constructor(engine: PairEngine, venue: FakeHedgeVenue, hedge: HedgeParams) {
    this.#engine = engine;
    this.#venue = venue;
    this.#params = hedge;
    this.#mostStepLots = hedge.minStepLots;
    this.#instrument = this.#desk.instrument;
    this.#bookedLots = venue.positionLots;
    venue.onPlace = (request) => this.#onPlace(request);
  }

  get #desk(): HedgeDesk {
    const { hedge } = this.#engine;
    if (hedge === null) throw new Error("this pair does not hedge");
    return hedge;
  }

  reconfigured(hedge: HedgeParams): void {
    this.#params = hedge;
    this.#mostStepLots = Math.max(this.#mostStepLots, hedge.minStepLots);
  }

  /** Whether the hedgers are to hedge in this state of the pair. */
  get isHedging(): boolean {
    switch (this.#engine.state) {
      case "quoting":
      case "paused":
      case "reducing":
        return true;
      case "halted":
        return !this.#params.closesOnHalt;
      case "flattened":
      case "starting":
      case "stopping":
        return false;
    }
  }

  /** Nothing is under way: what rests are stops, and all of them are settled. */
  get isAtRest(): boolean {
    return [...this.#desk.orders.live.values()].every(
      (order) => order.isSettled && this.#requestOf(order.clientOrderId)?.type === "stop-market",
    );
  }

  #requestOf(id: string): OrderRequest | undefined {
    return this.requests.get(id);
  }

  #fail(what: string): void {
    // The first ones tell most.
    if (this.violations.length < 5) this.violations.push(`${this.#nowMs}: ${what}`);
  }

  // Around an event ------------------------------------------------------------------------------

  before(event: EngineEvent): void {
    this.#nowMs = event.receivedTimeMs;
    this.#events += 1;
    this.#passiveBefore = this.#desk.book.passiveLots;
    this.#hadStopLoss = this.#has("stop-loss");
    if (event.kind === "hedge") this.#note(event);
    this.#want();
  }

  after(event: EngineEvent): void {
    this.#want();
    this.#checkCounts();
    this.#checkStop(event);
    const { book } = this.#desk;
    if (!this.hasIntruded && book.positionLots !== this.#bookedLots) {
      this.#fail(`holds ${book.positionLots} by the book, ${this.#bookedLots} by its fills`);
    }
    if (this.#events % 50 !== 0) return;
    const { residual } = this.#engine.pnl();
    if (residual.toFixed() !== "0") this.#fail(`a residual of ${residual.toFixed()}`);
  }

  #note({ event }: HedgeEvent): void {
    if (event.kind === "order") this.#noteOrder(event);
    if (event.kind !== "fill" || this.#tradeIds.has(event.fill.tradeId)) return;
    const { tradeId, side, quantityLots } = event.fill;
    this.#tradeIds.add(tradeId);
    this.#bookedLots += side === "buy" ? quantityLots : -quantityLots;
    this.#reduceRefusals = 0;
  }

  #noteOrder({ clientOrderId, change, reason }: OrderEvent): void {
    const role = parseClientOrderId(clientOrderId)?.role;
    const isLost = change === "rejected" || change === "expired" || change === "not-found";
    if (isLost && role === "stop-loss") this.#stopLostMs = this.#nowMs;
    if (change !== "rejected") return;
    this.refusals.push(`${clientOrderId}: ${reason ?? "no reason"}`);
    if (reason !== "reduce-only") return;
    this.#reduceRefusals += 1;
    if (this.#reduceRefusals > MOST_REDUCE_REFUSALS) this.#fail("reduce-only orders, for ever");
  }

  // Each order -----------------------------------------------------------------------------------

  #onPlace(request: OrderRequest): void {
    this.requests.set(request.clientOrderId, request);
    this.lastSentMs = this.#nowMs;
    // What is held may have changed since the event came.
    this.#want();
    const problem = this.#problemOf(request);
    if (problem !== null) this.#fail(`${problem}: ${JSON.stringify(request)}`);
  }

  #problemOf(request: OrderRequest): string | null {
    const { type, timeInForce, postOnly, reduceOnly, priceTicks, quantityLots, side } = request;
    if (!(Number.isSafeInteger(quantityLots) && quantityLots > 0)) return "no size";
    const isPriced = type !== "market";
    if (isPriced ? !this.#instrument.isValidPrice(priceTicks) : priceTicks !== 0) {
      return "off the grid";
    }
    if (postOnly && (type !== "limit" || timeInForce !== "gtc")) return "cannot be post-only";
    const { positionLots } = this.#desk.book;
    const reducible = Math.max(0, side === "buy" ? -positionLots : positionLots);
    if (reduceOnly && quantityLots > reducible) return `reduces more than ${reducible}`;
    const isTrigger = type === "stop-market" && roleOf(request) === "passive-hedge";
    if (!isTrigger && !reduceOnly && quantityLots <= reducible) return "only reduces";
    return this.#problemOfSize(request);
  }

  #problemOfSize(request: OrderRequest): string | null {
    const { side, type, quantityLots } = request;
    const { activeLots, passiveLots } = this.#desk.book;
    switch (roleOf(request)) {
      case "stop-loss": {
        const most = Math.max(0, side === "buy" ? -passiveLots : passiveLots);
        return quantityLots > most ? `closes more than ${most}` : null;
      }
      case "passive-hedge": {
        const recent = Math.max(...this.#recent(SIZE_AGE_MS).map(({ passive }) => passive));
        const most = type === "stop-market" ? recent : this.#mostPassive;
        return quantityLots > most + 1 ? `hedges more than ${most}` : null;
      }
      case "active-hedge": {
        const ageMs = (this.#params.active?.intervalMs ?? 0) + 500;
        const opening = Math.max(...this.#recent(ageMs).map((wants) => wants[side]));
        const closing = side === "buy" ? -activeLots : activeLots;
        const most = Math.max(closing, opening + this.#mostStepLots + 1);
        return quantityLots > most ? `trades more than ${most}` : null;
      }
      case "quote":
      case "flatten":
      case undefined:
        return "of no hedger";
    }
  }

  #recent(ageMs: number): Wants[] {
    return this.#wants.filter(({ timeMs }) => timeMs >= this.#nowMs - ageMs);
  }

  /** Notes what the formulas of docs/hedging.md give now. */
  #want(): void {
    const { active, passive } = this.#params;
    const { base: hedgeBase, quote: hedgeQuote, book } = this.#desk;
    const { ledger, orders } = this.#engine;
    const { lotValue, tickValue } = this.#instrument;
    // What the venue has counted, and has not told yet, is held as well.
    const untold = orders.missing();
    const untoldQuote = untold.units * lotValue * tickValue;
    const inventory = Math.max(0, Number(ledger.base().toFixed()) + untold.lots * lotValue);
    const quote = Math.max(0, Number(ledger.quote().toFixed()) + untoldQuote);
    const passiveBase = book.passiveLots * lotValue;
    // With the passive hedge, and without: on one side it does not count.
    const size = (mid: number, targetMove: number): readonly number[] =>
      [0, passiveBase].map((left) => {
        const net = inventory + hedgeBase - left;
        const target = 0.5 * (1 + targetMove);
        const value = net * mid + quote + hedgeQuote + left * mid;
        return (net - (target * value) / mid) / lotValue;
      });
    // Where the quoting venue's price is old, that of the hedge venue stands for it.
    const mids = [
      this.#engine.market.midHalfTicks / 200,
      (this.#desk.market.midHalfTicks / 2) * tickValue,
    ];
    const known = mids.filter((mid) => mid > 0);
    const isSeed = active?.target === "seed";
    const move = active === null ? 0 : isSeed ? active.iqvRatio - 1 : active.targetIqvRatio;
    const sells = active === null ? [] : known.flatMap((mid) => size(mid, move));
    const buys =
      active === null
        ? []
        : known.flatMap((mid) => size(mid, isSeed ? move : -move)).map((lots) => -lots);
    const net = Math.max(0, inventory / lotValue + book.activeLots);
    const most = passive === null ? 0 : (net * passive.proportion) / (1 - passive.movePct / 100);
    this.#mostPassive = Math.max(this.#mostPassive, most);
    const wants = { timeMs: this.#nowMs, sell: Math.max(0, ...sells), buy: Math.max(0, ...buys) };
    this.#wants.push({ ...wants, passive: most });
    if (this.#wants.length > 4_000) this.#wants = this.#recent(4_000);
  }

  // After each event -----------------------------------------------------------------------------

  #has(role: OrderRole): boolean {
    for (const id of this.#desk.orders.live.keys()) {
      if (parseClientOrderId(id)?.role === role) return true;
    }
    return false;
  }

  /** One order of each execution; of a stop that is replaced, two. */
  #checkCounts(): void {
    const believed = [...this.#desk.orders.live.keys()].map((id) => this.#requestOf(id));
    this.#checkCount("we believe", believed);
    this.#checkCount(
      "there are",
      this.#venue.open().map(({ request }) => request),
    );
  }

  #checkCount(whose: string, requests: readonly (OrderRequest | undefined)[]): void {
    const counts = new Map<string, number>();
    for (const request of requests) {
      if (request === undefined) continue;
      const isStop = request.type === "stop-market";
      const what = `${roleOf(request)}${isStop ? ` stops to ${request.side}` : ""}`;
      const count = (counts.get(what) ?? 0) + 1;
      counts.set(what, count);
      if (count > (isStop ? 2 : 1)) this.#fail(`${whose}: ${count} of ${what}`);
    }
  }

  /** A passive hedge has its stop-loss sent in the step in which its fill is seen. */
  #checkStop(event: EngineEvent): void {
    const { book } = this.#desk;
    if (book.passiveLots === 0 || !this.isHedging || !this.#mayHaveStop()) return;
    // One that is filled, and whose fills are under way.
    if (this.#desk.orders.lacksFills) return;
    if (this.#has("stop-loss")) {
      if (this.#passiveBefore === 0 && !this.#hadStopLoss) this.#checkStopSize(event);
      return;
    }
    if (this.#nowMs - this.#stopLostMs < LOST_STOP_MS) return;
    this.#fail(`a passive hedge of ${book.passiveLots} without a stop-loss after ${event.kind}`);
  }

  #checkStopSize(event: EngineEvent): void {
    const { passiveLots } = this.#desk.book;
    // What is beyond the hedge's size is closed beside it.
    const sent = [...this.#desk.orders.live.keys()].flatMap((id) => this.#requestOf(id) ?? []);
    const own = sent.filter((request) => roleOf(request) === "stop-loss");
    const stop = own.find(({ type }) => type === "stop-market") ?? own[0];
    const lots = stop?.quantityLots ?? 0;
    if (lots !== Math.abs(passiveLots)) {
      this.#fail(`a stop-loss of ${lots} for ${passiveLots} after ${event.kind}`);
    }
  }

  /** Orders may be sent, there is a price, and the venue takes a stop for this. */
  #mayHaveStop(): boolean {
    const { book, market } = this.#desk;
    const isTripped = (id: string): boolean =>
      this.#engine.guards().some((guard) => guard.id === id && guard.tripped);
    if (isTripped("hedge-connection") || isTripped("hedge-mismatch")) return false;
    const { bidTicks, askTicks } = market.fresh(this.#nowMs);
    if (!(bidTicks > 0 && askTicks > bidTicks)) return false;
    const isReducing =
      book.passiveLots * book.positionLots > 0 &&
      Math.abs(book.passiveLots) <= Math.abs(book.positionLots);
    // What is too small to stand against the other hedger's position is watched by us.
    const isEnough = this.#instrument.reachesMinimum(bidTicks, Math.abs(book.passiveLots));
    return isReducing || (this.#instrument.canOpenByStop && isEnough);
  }
}

export function roleOf({ clientOrderId }: OrderRequest): OrderRole | undefined {
  return parseClientOrderId(clientOrderId)?.role;
}
