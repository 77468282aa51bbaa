/**
 * SimExchange: one instrument of a venue, for one account of ours. The market comes from a
 * recording and never changes because of us; our orders join its book with a queue model, and are
 * filled, refused and charged as the venue would. Everything happens in exchange time: whoever
 * drives it adds latencies. Deterministic. Pure.
 */

import type { Book } from "#domain/book.ts";
import type { Decimal } from "#domain/decimal.ts";
import type { Instrument, TriggerPrice } from "#domain/instrument.ts";
import type { OrderRequest } from "#domain/order.ts";
import type { TapeRows } from "./market-tape.ts";
import { Matching } from "./matching.ts";
import { filterRefusal } from "./order-filters.ts";
import { type ExchangeEvent, OrderReports, type Refusal } from "./order-reports.ts";
import { BUY, OwnOrder, SELL } from "./own-levels.ts";
import type { QueueModel } from "./queue-model.ts";
import { type AccountSetup, type FeePolicy, SimAccount } from "./sim-account.ts";
import { isTriggered } from "./trigger-orders.ts";
import type { Wallet } from "./wallet.ts";

export interface SimExchangeOptions {
  readonly instrument: Instrument;
  readonly queueModel: QueueModel;
  /** Balances of its own, or the wallet of an account that trades other instruments too. */
  readonly account: AccountSetup | Wallet;
  readonly fees: FeePolicy;
  /** The instrument's own limit where left out. */
  readonly maxOpenOrders?: number;
  /** What fires stop orders: the last print (default) or the price given to `onMark`. */
  readonly triggerOn?: TriggerPrice;
  /**
   * Gets every answer as it happens, `receivedTimeMs` being the exchange's own time. It may keep
   * the event; it must not call back into the exchange, but for `interrupt`.
   */
  readonly emit: (event: ExchangeEvent) => void;
}

/** An open order as seen from outside; live, not a copy. */
export interface OpenOrder {
  readonly clientOrderId: string;
  readonly venueOrderId: string;
  readonly request: OrderRequest;
  readonly quantityLots: number;
  readonly filledLots: number;
  /** Lots ahead of it in its queue; 0 for a stop order. */
  readonly front: number;
  /** `waiting` for its trigger. */
  readonly place: OwnOrder["place"];
}

const UNKNOWN_ORDER: Refusal = { reason: "unknown-order", message: "no such open order" };
const HAS_A_FILL: Refusal = { reason: "other", message: "the order already has a fill" };

export class SimExchange {
  readonly account: SimAccount;
  readonly #instrument: Instrument;
  readonly #maxOpenOrders: number;
  readonly #triggerOn: TriggerPrice;
  readonly #reports: OrderReports;
  readonly #matching: Matching;
  #accepted = 0;

  /** @throws {InputError} `bad-account` */
  constructor(options: SimExchangeOptions) {
    const { instrument } = options;
    this.#instrument = instrument;
    this.#maxOpenOrders = options.maxOpenOrders ?? instrument.maxOpenOrders;
    this.#triggerOn = options.triggerOn ?? "last";
    this.account = new SimAccount(instrument, options.account, options.fees);
    this.#reports = new OrderReports(options.emit, this.account);
    this.#matching = new Matching({
      queueModel: options.queueModel,
      account: this.account,
      reports: this.#reports,
      triggerOn: this.#triggerOn,
      locksWaiting: instrument.kind === "spot",
    });
  }

  /** The recorded book; not to be changed from outside. */
  get book(): Book {
    return this.#matching.book;
  }

  /** Price of the last print in ticks, 0 before the first. */
  get lastTicks(): number {
    return this.#matching.lastTicks;
  }

  /** What is left of a recorded level once our own fills took their part of it. */
  lotsLeftAt(isBid: boolean, ticks: number): number {
    return this.#matching.liquidity.lotsAt(isBid ? BUY : SELL, ticks);
  }

  /** Open orders, oldest first. */
  openOrders(): readonly OpenOrder[] {
    return [...this.#matching.open.values()];
  }

  /**
   * Carries the market forward through all rows with a time of at most `untilMs`, or until
   * `interrupt` is called.
   * @param from index of the first row not yet processed
   * @returns the index of the next one
   */
  run(rows: TapeRows, from: number, untilMs: number): number {
    return this.#matching.run(rows, from, untilMs);
  }

  /** To be called from `emit`: `run` returns after the row that it is at. */
  interrupt(): void {
    this.#matching.interrupt();
  }

  /** Sets the absolute size of one level of the recorded book; 0 removes it. */
  onLevel(isBid: boolean, ticks: number, lots: number, timeMs: number): void {
    this.#matching.onLevel(isBid ? BUY : SELL, ticks, lots, timeMs);
  }

  onTrade(aggressorIsBuy: boolean, ticks: number, lots: number, timeMs: number): void {
    this.#matching.onTrade(aggressorIsBuy, ticks, lots, timeMs);
  }

  /** The recorded book is forgotten: its feed had a gap. Our orders stay. */
  onClear(): void {
    this.#matching.onClear();
  }

  onMark(ticks: number, timeMs: number): void {
    this.#matching.onMark(ticks, timeMs);
  }

  /** Settles funding on the position and tells the balances. @returns quote paid */
  applyFunding(rate: string, markTicks: number, timeMs: number): Decimal {
    const paid = this.account.applyFunding(rate, markTicks);
    this.#reports.balances(null, timeMs);
    return paid;
  }

  place(request: OrderRequest, timeMs: number): void {
    const refusal = this.#staticRefusal(request) ?? this.#refusal(request);
    if (refusal === null) this.#accept(request, timeMs);
    else this.#reports.rejected(request.clientOrderId, refusal, timeMs);
    this.#reports.balancesIfChanged(timeMs);
  }

  /** Lowers an order's whole quantity (filled part included), keeping its place in the queue. */
  amend(clientOrderId: string, quantityLots: number, timeMs: number): void {
    const order = this.#matching.open.get(clientOrderId);
    const refusal = order === undefined ? UNKNOWN_ORDER : this.#amendRefusal(order, quantityLots);
    if (order === undefined || refusal !== null) {
      this.#reports.amendRejected(clientOrderId, refusal ?? UNKNOWN_ORDER, timeMs);
      return;
    }
    this.#matching.lower(order, quantityLots);
    this.#reports.opened(order, timeMs);
  }

  /**
   * Cancels an open order that has no fill and then places another; where the first cannot be
   * cancelled, or the venue's filters refuse the second, both fail and nothing changes.
   */
  replace(clientOrderId: string, request: OrderRequest, timeMs: number): void {
    const order = this.#matching.open.get(clientOrderId);
    const refusal = this.#replaceRefusal(order, request);
    if (order === undefined || refusal !== null) {
      const notPlaced = `not placed, since ${clientOrderId} was not replaced`;
      const why = refusal ?? UNKNOWN_ORDER;
      this.#reports.cancelRejected(clientOrderId, why, timeMs);
      const reason = why.reason === "unknown-order" ? "other" : why.reason;
      const message = `${notPlaced}: ${why.message}`;
      this.#reports.rejected(request.clientOrderId, { reason, message }, timeMs);
      return;
    }
    this.#matching.end(order, null, timeMs);
    this.place(request, timeMs);
  }

  cancel(clientOrderId: string, timeMs: number): void {
    const order = this.#matching.open.get(clientOrderId);
    if (order === undefined) this.#reports.cancelRejected(clientOrderId, UNKNOWN_ORDER, timeMs);
    else this.#matching.end(order, null, timeMs);
  }

  /**
   * Cancels every open order under a prefix and no other.
   * @param prefix whole leading parts of client order ids: `mm-ETH` is not `mm-ETHX-…`
   */
  cancelAll(prefix: string, timeMs: number): void {
    const start = startOf(prefix);
    for (const order of this.#matching.open.values()) {
      if (order.clientOrderId.startsWith(start)) this.#matching.end(order, null, timeMs);
    }
  }

  /** Tells what became of an order; `not-found` where it never was or is long forgotten. */
  query(clientOrderId: string, timeMs: number): void {
    const order = this.#matching.open.get(clientOrderId);
    if (order === undefined) this.#reports.endedOrUnknown(clientOrderId, timeMs);
    else this.#reports.opened(order, timeMs);
  }

  /** Tells the last fills under a prefix again, then balances and the open orders under it. */
  reconcile(prefix: string, timeMs: number): void {
    const start = startOf(prefix);
    this.#reports.repeatFills(start, timeMs);
    const openOrderIds = [...this.#matching.open.keys()].filter((id) => id.startsWith(start));
    this.#reports.balances(openOrderIds, timeMs);
  }

  #accept(request: OrderRequest, timeMs: number): void {
    this.#accepted += 1;
    const order = new OwnOrder(request, this.#accepted);
    if (order.type === "stop-market") this.#matching.wait(order, timeMs);
    else this.#matching.enter(order, timeMs);
  }

  /** Rules that need no money and no other order. */
  #staticRefusal(request: OrderRequest): Refusal | null {
    const marketTicks = this.#matching.liquidity.bestWithLots(request.side === "buy" ? SELL : BUY);
    return filterRefusal(this.#instrument, request, Math.max(0, marketTicks));
  }

  #refusal(request: OrderRequest): Refusal | null {
    const { clientOrderId, side, type, priceTicks } = request;
    const isBuy = side === "buy";
    const { open } = this.#matching;
    if (open.has(clientOrderId)) {
      return { reason: "duplicate-id", message: "an open order has this client order id" };
    }
    if (mayStayOpen(request) && open.size >= this.#maxOpenOrders) {
      return { reason: "too-many-orders", message: `${open.size} orders are open` };
    }
    if (type !== "stop-market" && request.reduceOnly && this.account.closableLots(side) === 0) {
      return { reason: "reduce-only", message: "there is no position to reduce" };
    }
    if (!this.#canAfford(request)) {
      return { reason: "insufficient-balance", message: "account has insufficient balance" };
    }
    if (request.postOnly && this.#matching.wouldCross(isBuy, priceTicks)) {
      return { reason: "would-cross", message: "order would immediately match and take" };
    }
    if (type === "stop-market" && this.#wouldTrigger(isBuy, priceTicks)) {
      return { reason: "would-cross", message: "stop would trigger immediately" };
    }
    return null;
  }

  #canAfford(request: OrderRequest): boolean {
    const { side, type, priceTicks, quantityLots } = request;
    const isFree = request.reduceOnly || (type === "stop-market" && this.#isPerp);
    if (isFree) return true;
    const units =
      type === "market"
        ? this.#matching.liquidity.unitsOf(side === "buy" ? SELL : BUY, quantityLots)
        : priceTicks * quantityLots;
    const markTicks = this.#matching.valuationTicks();
    return this.account.canAfford(side, quantityLots, units, markTicks);
  }

  #wouldTrigger(isBuy: boolean, triggerTicks: number): boolean {
    const { lastTicks, markTicks } = this.#matching;
    const price = this.#triggerOn === "last" ? lastTicks : markTicks;
    return price > 0 && isTriggered(isBuy, triggerTicks, price);
  }

  #amendRefusal(order: OwnOrder, quantityLots: number): Refusal | null {
    if (!(quantityLots < order.quantityLots) || quantityLots <= order.filledLots) {
      const message = "an amendment only lowers, and not to what is filled";
      return { reason: "other", message };
    }
    return this.#staticRefusal({ ...order.request, quantityLots });
  }

  #replaceRefusal(order: OwnOrder | undefined, request: OrderRequest): Refusal | null {
    if (order === undefined) return UNKNOWN_ORDER;
    return order.filledLots > 0 ? HAS_A_FILL : this.#staticRefusal(request);
  }

  get #isPerp(): boolean {
    return this.#instrument.kind === "perp";
  }
}

/** Takers are gone at once: they need no place among the open orders. */
function mayStayOpen(request: OrderRequest): boolean {
  return request.type !== "market" && request.timeInForce === "gtc";
}

/** What the ids under a prefix start with: its parts are whole. */
function startOf(prefix: string): string {
  return prefix.endsWith("-") ? prefix : `${prefix}-`;
}
