/**
 * FakeHedgeVenue: the simplest honest perp venue there can be, for the hedge leg, with faults by
 * seed. It shares no code with src/sim. Post-only, gtc, ioc, market and stop-market orders meet a
 * book of two levels a side; reduce-only never increases a position. What it does to orders is the
 * truth; what its link loses, delays, repeats and mixes up are only messages.
 */

import { type Decimal, decimal, decimalOfInteger } from "#domain/decimal.ts";
import type { OrderChange, VenueEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { Instrument, Side } from "#domain/instrument.ts";
import type { OrderRequest, RejectReason } from "#domain/order.ts";
import { Rng } from "#domain/rng.ts";
import type { Execution } from "#ports/sink.ts";
import { type Faults, Link, type Timeline } from "./fake-link.ts";

export interface HedgeVenueOrder {
  readonly request: OrderRequest;
  filledLots: number;
  status: "open" | "canceled" | "expired" | "filled";
}

/** The market as it is there, in ticks; sizes of the touch in lots. */
export interface HedgeVenueMarket {
  readonly bidTicks: number;
  readonly askTicks: number;
  readonly lastTicks: number;
  readonly markTicks: number;
  /** At the touch; twice as much waits one gap behind it, and then nothing. */
  readonly depthLots: number;
  readonly gapTicks: number;
}

export class FakeHedgeVenue implements Execution {
  market: HedgeVenueMarket = {
    bidTicks: 0,
    askTicks: 0,
    lastTicks: 0,
    markTicks: 0,
    depthLots: 0,
    gapTicks: 1,
  };
  positionLots: number;
  /** What the position has brought in, fees and funding in: quote currency. */
  cash: Decimal;
  /** Overloaded: whatever may increase a position is refused; the rest is not. */
  isThrottling = false;
  readonly orders = new Map<string, HedgeVenueOrder>();
  readonly violations: string[] = [];
  /** Told of each order at the moment that it is sent. */
  onPlace: (request: OrderRequest) => void = () => {};
  readonly #instrument: Instrument;
  readonly #prefix: string;
  readonly #timeline: Timeline;
  readonly #rng: Rng;
  readonly #link: Link;
  readonly #deliver: (event: VenueEvent) => void;
  /** Told with every account. */
  #marginRatio = 0.1;
  readonly #fills: Fill[] = [];
  readonly #fundings: { readonly fundingId: string; readonly amount: string }[] = [];
  /** Account snapshots must come after every fill that they include. */
  #lastFillDueMs = -Infinity;

  constructor(options: {
    instrument: Instrument;
    prefix: string;
    position: { readonly base: string; readonly quote: string };
    seed: number;
    timeline: Timeline;
    deliver: (event: VenueEvent) => void;
  }) {
    this.#instrument = options.instrument;
    this.#prefix = options.prefix;
    this.positionLots = options.instrument.wholeLots(decimal(options.position.base));
    this.cash = decimal(options.position.quote);
    this.#rng = new Rng(options.seed);
    this.#timeline = options.timeline;
    this.#link = new Link(options.timeline, this.#rng);
    this.#deliver = options.deliver;
  }

  set faults(faults: Faults) {
    this.#link.faults = faults;
  }
  get isConnected(): boolean {
    return this.#link.isUp;
  }

  /** Orders that are open in truth. */
  open(): HedgeVenueOrder[] {
    return [...this.orders.values()].filter(({ status }) => status === "open");
  }

  // What the engine wants ------------------------------------------------------------------------

  place(request: OrderRequest): void {
    this.onPlace(request);
    const { clientOrderId: id } = request;
    this.#checkOurs(id);
    if (this.orders.has(id)) this.violations.push(`${id} is sent twice`);
    this.#request(id, () => this.#place(request));
  }
  cancel(id: string): void {
    this.#checkOurs(id);
    this.#request(id, () => {
      const order = this.orders.get(id);
      if (order?.status === "open") this.#end(order, "canceled");
      else this.#refuse(id, "cancel-rejected", "unknown-order");
    });
  }
  cancelAll(): void {
    this.#request(null, () => {
      for (const order of this.open()) this.#end(order, "canceled");
    });
  }
  query(id: string): void {
    this.#request(null, () => {
      const order = this.orders.get(id);
      if (order === undefined) this.#answer(id, "not-found", null);
      else this.#reportOrder(order);
    });
  }
  reconcile(): void {
    this.#request(null, () => {
      for (const fill of this.#fills) this.#reportFill(fill);
      for (const funding of this.#fundings) this.#reportFunding(funding);
      this.#reportAccount(this.open().map(({ request }) => request.clientOrderId));
    });
  }
  amend(id: string): void {
    this.violations.push(`amends ${id}`);
  }
  replace(id: string): void {
    this.violations.push(`replaces ${id}`);
  }

  // What happens at the venue --------------------------------------------------------------------

  /** The market moves: what rests and is reached is filled, and stops fire. */
  move(market: HedgeVenueMarket): void {
    this.market = market;
    for (const order of this.open()) {
      const { type, side, priceTicks } = order.request;
      if (type === "stop-market") {
        if (this.#hasPassed(order.request)) this.#take(order);
        continue;
      }
      const { bidTicks, askTicks } = market;
      const through = side === "buy" ? priceTicks - askTicks : bidTicks - priceTicks;
      const leaves = this.#leavesOf(order);
      if (through > 0) this.#execute(order, leaves, priceTicks);
      else if (through === 0) this.#execute(order, 1 + this.#rng.integer(leaves), priceTicks);
    }
  }

  /** The venue ends one of our orders by itself. */
  expireOne(): void {
    const open = this.open();
    const order = open[this.#rng.integer(Math.max(1, open.length))];
    if (order !== undefined) this.#end(order, "expired");
  }

  /** The position is another all at once: liquidated, or traded by hand. */
  intrude(lots: number): void {
    this.positionLots += lots;
    this.#knockOut();
    this.#reportAccount(null);
  }

  /** Settles funding: received, negative where it was paid. */
  settle(amount: string): void {
    this.cash = this.cash.plus(decimal(amount));
    const funding = { fundingId: `f${this.#fundings.length + 1}`, amount };
    this.#fundings.push(funding);
    this.#reportFunding(funding);
  }

  /** How much of the margin is used. */
  useMargin(ratio: number): void {
    this.#marginRatio = ratio;
    this.#reportAccount(null);
  }

  disconnect(): void {
    this.#link.cut();
    this.#deliver({ kind: "connection", ...this.#stamp(), state: "down" });
  }
  connect(): void {
    this.#link.isUp = true;
    this.#deliver({ kind: "connection", ...this.#stamp(), state: "up" });
  }

  // Inside ---------------------------------------------------------------------------------------

  #stamp(): { venueTimeMs: number; receivedTimeMs: number } {
    const { nowMs } = this.#timeline;
    return { venueTimeMs: nowMs, receivedTimeMs: nowMs };
  }

  #checkOurs(id: string): void {
    if (!id.startsWith(this.#prefix)) this.violations.push(`touches ${id}`);
  }

  #place(request: OrderRequest): void {
    const reason = this.#whyNot(request);
    if (reason !== null) {
      this.#refuse(request.clientOrderId, "rejected", reason);
      return;
    }
    const order: HedgeVenueOrder = { request, filledLots: 0, status: "open" };
    this.orders.set(request.clientOrderId, order);
    this.#reportOrder(order);
    if (request.type === "stop-market" || request.postOnly) return;
    if (request.type === "market" || request.timeInForce === "ioc") this.#take(order);
    else this.#match(order);
  }

  /** Why an order is not taken; null: it is. */
  #whyNot(request: OrderRequest): RejectReason | null {
    const { clientOrderId: id, type, side, priceTicks, quantityLots, reduceOnly } = request;
    if (this.orders.has(id)) return "duplicate-id";
    if (this.isThrottling && !reduceOnly) return "throttled";
    if (reduceOnly && this.#reducible(side) === 0) return "reduce-only";
    const isEnough = this.#instrument.reachesMinimum(this.#priceOf(request), quantityLots);
    if (!reduceOnly && !isEnough) {
      if (type !== "market") this.violations.push(`${id} is below the minimum`);
      return "filter";
    }
    if (type === "stop-market") return this.#whyNoStop(request);
    return request.postOnly && this.#crosses(side, priceTicks) ? "would-cross" : null;
  }

  #whyNoStop(request: OrderRequest): RejectReason | null {
    if (!request.reduceOnly && !this.#instrument.canOpenByStop) {
      this.violations.push(`${request.clientOrderId} is a stop that opens`);
      return "other";
    }
    return this.#hasPassed(request) ? "would-cross" : null;
  }

  #priceOf({ type, side, priceTicks }: OrderRequest): number {
    if (type !== "market") return priceTicks;
    return side === "buy" ? this.market.askTicks : this.market.bidTicks;
  }

  #crosses(side: Side, priceTicks: number): boolean {
    const { bidTicks, askTicks } = this.market;
    return side === "buy" ? priceTicks >= askTicks : priceTicks <= bidTicks;
  }

  #hasPassed({ side, priceTicks }: OrderRequest): boolean {
    const { lastTicks, markTicks } = this.market;
    const ticks = this.#instrument.stopsFireOn === "mark" ? markTicks : lastTicks;
    return side === "sell" ? ticks <= priceTicks : ticks >= priceTicks;
  }

  /** Lots by which an order of this side can bring the position nearer to 0. */
  #reducible(side: Side): number {
    return Math.max(0, side === "buy" ? -this.positionLots : this.positionLots);
  }

  #leavesOf({ request, filledLots }: HedgeVenueOrder): number {
    const leaves = request.quantityLots - filledLots;
    return request.reduceOnly ? Math.min(leaves, this.#reducible(request.side)) : leaves;
  }

  /** Takes what there is, and what is left of the order expires. */
  #take(order: HedgeVenueOrder): void {
    this.#match(order);
    if (order.status === "open") this.#end(order, "expired");
  }

  /** Takes what the book has at the order's price, or at any where it has none. */
  #match(order: HedgeVenueOrder): void {
    const { side, type, priceTicks } = order.request;
    const { bidTicks, askTicks, gapTicks, depthLots } = this.market;
    const away = side === "buy" ? gapTicks : -gapTicks;
    const touch = side === "buy" ? askTicks : bidTicks;
    for (const [level, lots] of [depthLots, 2 * depthLots].entries()) {
      const ticks = touch + level * away;
      const isTooFar = side === "buy" ? ticks > priceTicks : ticks < priceTicks;
      if (type === "limit" && isTooFar) return;
      this.#execute(order, Math.min(lots, this.#leavesOf(order)), ticks, "taker");
    }
  }

  #execute(
    order: HedgeVenueOrder,
    lots: number,
    priceTicks: number,
    liquidity: "maker" | "taker" = "maker",
  ): void {
    if (lots <= 0 || order.status !== "open") return;
    const { side, quantityLots, clientOrderId } = order.request;
    const signed = side === "buy" ? lots : -lots;
    const { makerFeeRate, takerFeeRate, quote } = this.#instrument;
    const value = this.#instrument.price(priceTicks).times(this.#instrument.size(lots));
    const fee = value.times(liquidity === "maker" ? makerFeeRate : takerFeeRate);
    order.filledLots += lots;
    this.positionLots += signed;
    this.cash = this.cash.minus(value.times(decimalOfInteger(Math.sign(signed)))).minus(fee);
    const fill: Fill = {
      tradeId: String(this.#fills.length + 1),
      clientOrderId,
      side,
      priceTicks,
      quantityLots: lots,
      fee: fee.toFixed(),
      feeAsset: quote,
      liquidity,
      venueTimeMs: this.#timeline.nowMs,
    };
    this.#fills.push(fill);
    if (order.filledLots === quantityLots) order.status = "filled";
    this.#reportFill(fill);
    this.#reportOrder(order);
    this.#knockOut();
    this.#reportAccount(null);
  }

  /** Resting orders that only reduce, and have nothing to reduce any more, are ended. */
  #knockOut(): void {
    for (const order of this.open()) {
      const { type, reduceOnly, side } = order.request;
      if (!reduceOnly || type === "stop-market" || this.#reducible(side) > 0) continue;
      this.#end(order, "expired");
    }
  }

  #end(order: HedgeVenueOrder, status: "canceled" | "expired"): void {
    order.status = status;
    this.#reportOrder(order);
  }

  /** An answer to a request: where it gets lost, an adapter knows only that it does not know. */
  #refuse(id: string, change: OrderChange, reason: RejectReason): void {
    if (this.#link.losesAnswer()) this.#answer(id, "unknown", null);
    else this.#answer(id, change, reason);
  }

  #answer(id: string, change: OrderChange, reason: RejectReason | null): void {
    const facts = { venueOrderId: null, quantityLots: -1, filledLots: -1, message: "" };
    const event = { kind: "order" as const, clientOrderId: id, change, reason, ...facts };
    this.#report(() => ({ ...event, ...this.#stamp() }));
  }

  /** What the stream says of an order: as it is at this moment, whenever that arrives. */
  #reportOrder({ request, status, filledLots }: HedgeVenueOrder): void {
    const { clientOrderId, quantityLots } = request;
    const ids = { clientOrderId, venueOrderId: `h-${clientOrderId}` };
    const facts = { change: status, quantityLots, filledLots, reason: null, message: "" };
    this.#report(() => ({ kind: "order", ...this.#stamp(), ...ids, ...facts }));
    if (this.#link.losesAnswer()) this.#answer(clientOrderId, "unknown", null);
  }

  #reportFill(fill: Fill): void {
    const dueMs = this.#report(() => ({ kind: "fill", ...this.#stamp(), fill }));
    this.#lastFillDueMs = Math.max(this.#lastFillDueMs, dueMs);
  }

  #reportFunding(funding: { readonly fundingId: string; readonly amount: string }): void {
    this.#report(() => ({ kind: "funding", ...this.#stamp(), ...funding }));
  }

  #reportAccount(openOrderIds: readonly string[] | null): void {
    const base = this.#instrument.size(this.positionLots).toFixed();
    const marginRatio = this.#marginRatio;
    this.#report(
      () => ({
        kind: "account",
        ...this.#stamp(),
        base,
        quote: "10000",
        openOrderIds,
        marginRatio,
      }),
      this.#lastFillDueMs,
      openOrderIds !== null,
    );
  }

  /** @returns when it will have arrived */
  #report(event: () => VenueEvent, notBeforeMs?: number, isAnswer?: boolean): number {
    return this.#link.report(() => this.#deliver(event()), notBeforeMs, isAnswer);
  }

  /** @param id whom to blame where the adapter knows that the answer was lost */
  #request(id: string | null, run: () => void): void {
    this.#link.request(run, id === null ? null : () => this.#answer(id, "unknown", null));
  }
}
