/**
 * What a mock venue of Binance remembers of the orders and own trades of one symbol. Bounded: the
 * oldest ended orders and trades are forgotten, as the real venues archive them. May import domain
 * and sim.
 */

import type { Decimal } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { Refusal } from "#sim/order-reports.ts";

export type OrderStatusWord =
  | "PENDING_NEW"
  | "NEW"
  | "PARTIALLY_FILLED"
  | "FILLED"
  | "CANCELED"
  | "REJECTED"
  | "EXPIRED"
  | "EXPIRED_IN_MATCH";

/** What every venue of the family has of an order. Sizes in lots, prices in ticks. */
export interface OwnOrder {
  readonly instrument: Instrument;
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly side: "BUY" | "SELL";
  readonly priceTicks: number;
  quantityLots: number;
  filledLots: number;
  /** Σ price · size of its fills. */
  quoteFilled: Decimal;
  readonly stpMode: string;
  status: OrderStatusWord;
  readonly timeMs: number;
  updateTimeMs: number;
  /** Why the matching engine refused it, where its status is REJECTED. */
  refusal: Refusal | null;
}

export interface OwnTrade {
  readonly id: number;
  readonly orderId: number;
  readonly priceTicks: number;
  readonly lots: number;
  readonly quote: Decimal;
  /** Plain decimal. */
  readonly commission: string;
  readonly commissionAsset: string;
  readonly timeMs: number;
  readonly isBuyer: boolean;
  readonly isMaker: boolean;
}

/** Ended orders, and trades, that are remembered of a symbol. */
const MAX_ENDED = 20_000;
const MAX_TRADES = 20_000;

export class OrderRecords<Order extends OwnOrder, Trade extends OwnTrade> {
  readonly open = new Map<number, Order>();
  readonly #byId = new Map<number, Order>();
  /** The newest order that has or had a client id. */
  readonly #byClientId = new Map<string, Order>();
  /** Client ids of each order, to be forgotten with it. */
  readonly #idsOf = new Map<number, string[]>();
  readonly #ended: number[] = [];
  readonly #trades: Trade[] = [];
  #lastOrderId: number;

  /** @param lastOrderId the first order's number is the next one */
  constructor(lastOrderId = 0) {
    this.#lastOrderId = lastOrderId;
  }

  nextOrderId(): number {
    this.#lastOrderId += 1;
    return this.#lastOrderId;
  }

  /** An order on its way to the matching engine; see `named` for when it was accepted. */
  add(order: Order): void {
    this.#byId.set(order.orderId, order);
    this.open.set(order.orderId, order);
  }

  /** The order was accepted: it has its present client id from now on. */
  named(order: Order): void {
    this.#byClientId.set(order.clientOrderId, order);
    const ids = this.#idsOf.get(order.orderId) ?? [];
    this.#idsOf.set(order.orderId, [...ids, order.clientOrderId]);
  }

  ended(order: Order): void {
    this.open.delete(order.orderId);
    this.#ended.push(order.orderId);
    if (this.#ended.length > MAX_ENDED) this.#forget(this.#ended.shift() ?? 0);
  }

  /** The order never was: nothing of it is kept. */
  refused(order: Order): void {
    this.open.delete(order.orderId);
    this.#forget(order.orderId);
  }

  byId(orderId: number): Order | undefined {
    return this.#byId.get(orderId);
  }

  /** The newest order that has or once had this client id. */
  byClientId(clientOrderId: string): Order | undefined {
    return this.#byClientId.get(clientOrderId);
  }

  hasOpenClientId(clientOrderId: string): boolean {
    const order = this.#byClientId.get(clientOrderId);
    return order !== undefined && order.clientOrderId === clientOrderId && isOpen(order);
  }

  /** Oldest first. */
  all(): Order[] {
    return [...this.#byId.values()];
  }

  /** Oldest first. */
  openOrders(): Order[] {
    return [...this.open.values()].filter((order) => isOpen(order));
  }

  addTrade(trade: Trade): void {
    this.#trades.push(trade);
    if (this.#trades.length > MAX_TRADES) this.#trades.shift();
  }

  /** Oldest first. */
  get trades(): readonly Trade[] {
    return this.#trades;
  }

  #forget(orderId: number): void {
    const order = this.#byId.get(orderId);
    this.#byId.delete(orderId);
    for (const id of this.#idsOf.get(orderId) ?? []) {
      if (this.#byClientId.get(id) === order) this.#byClientId.delete(id);
    }
    this.#idsOf.delete(orderId);
  }
}

export function isOpen({ status }: Pick<OwnOrder, "status">): boolean {
  return status === "NEW" || status === "PARTIALLY_FILLED";
}
