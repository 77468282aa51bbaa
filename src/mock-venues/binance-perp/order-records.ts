/**
 * What the mock venue remembers of the orders and own trades of one perp. Bounded: the oldest ended
 * orders and trades are forgotten, as the real venue archives them. May import domain, sim and this
 * folder.
 */

import type { Decimal } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { Refusal } from "#sim/order-reports.ts";
import type { AlgoOrder } from "./algo-records.ts";

export type OrderStatusWord =
  | "PENDING_NEW"
  | "NEW"
  | "PARTIALLY_FILLED"
  | "FILLED"
  | "CANCELED"
  | "REJECTED"
  | "EXPIRED"
  | "EXPIRED_IN_MATCH";

export const TIMES_IN_FORCE = ["GTC", "IOC", "FOK", "GTX"] as const;

/** Why an order expired, as `er` of its event tells it. */
export const EXPIRY = {
  none: "0",
  selfTrade: "1",
  iocRest: "2",
  reduceOnly: "4",
  marketRest: "9",
} as const;

/** One order as the venue has it. Sizes in lots, prices in ticks. */
export interface PerpOrder {
  readonly instrument: Instrument;
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly side: "BUY" | "SELL";
  readonly type: "LIMIT" | "MARKET";
  readonly timeInForce: (typeof TIMES_IN_FORCE)[number];
  priceTicks: number;
  quantityLots: number;
  filledLots: number;
  /** Σ price · size of its fills. */
  quoteFilled: Decimal;
  readonly reduceOnly: boolean;
  readonly stpMode: string;
  status: OrderStatusWord;
  readonly timeMs: number;
  updateTimeMs: number;
  expiry: (typeof EXPIRY)[keyof typeof EXPIRY];
  modifications: number;
  /** Of the last modification that had one. */
  modifyId: number | undefined;
  /** The conditional order that this one came of. */
  readonly algo: AlgoOrder | null;
  /** Why the matching engine refused it, where its status is REJECTED. */
  refusal: Refusal | null;
}

/** A new order, checked as far as it can be without market and money. */
export type NewOrder = Pick<
  PerpOrder,
  | "clientOrderId"
  | "side"
  | "type"
  | "timeInForce"
  | "priceTicks"
  | "quantityLots"
  | "reduceOnly"
  | "stpMode"
  | "algo"
>;

export interface PerpTrade {
  readonly id: number;
  readonly orderId: number;
  readonly priceTicks: number;
  readonly lots: number;
  readonly quote: Decimal;
  /** Quote currency, a plain decimal. */
  readonly commission: string;
  readonly commissionAsset: string;
  /** Before its commission. */
  readonly realizedPnl: Decimal;
  readonly timeMs: number;
  readonly isBuyer: boolean;
  readonly isMaker: boolean;
}

/** Ended orders, and trades, that are remembered of a symbol. */
const MAX_ENDED = 20_000;
const MAX_TRADES = 20_000;
/** Beyond 32 bits, as the real ones. */
const FIRST_ORDER_ID = 8_389_766_000_000;

export class OrderRecords {
  readonly open = new Map<number, PerpOrder>();
  readonly #byId = new Map<number, PerpOrder>();
  /** The newest order of each client id. */
  readonly #byClientId = new Map<string, PerpOrder>();
  readonly #ended: number[] = [];
  readonly #trades: PerpTrade[] = [];
  #lastOrderId = FIRST_ORDER_ID;

  nextOrderId(): number {
    this.#lastOrderId += 1;
    return this.#lastOrderId;
  }

  /** An order on its way to the matching engine; see `named` for when it was accepted. */
  add(order: PerpOrder): void {
    this.#byId.set(order.orderId, order);
    this.open.set(order.orderId, order);
  }

  /** The order was accepted: it can be asked for by its client id. */
  named(order: PerpOrder): void {
    this.#byClientId.set(order.clientOrderId, order);
  }

  ended(order: PerpOrder): void {
    this.open.delete(order.orderId);
    this.#ended.push(order.orderId);
    if (this.#ended.length > MAX_ENDED) this.#forget(this.#ended.shift() ?? 0);
  }

  /** The order never was: nothing of it is kept. */
  refused(order: PerpOrder): void {
    this.open.delete(order.orderId);
    this.#forget(order.orderId);
  }

  byId(orderId: number): PerpOrder | undefined {
    return this.#byId.get(orderId);
  }

  /** The newest order of a client id. */
  byClientId(clientOrderId: string): PerpOrder | undefined {
    return this.#byClientId.get(clientOrderId);
  }

  hasOpenClientId(clientOrderId: string): boolean {
    const order = this.#byClientId.get(clientOrderId);
    return order !== undefined && isOpen(order);
  }

  /** Oldest first. */
  all(): PerpOrder[] {
    return [...this.#byId.values()];
  }

  /** Oldest first. */
  openOrders(): PerpOrder[] {
    return [...this.open.values()].filter((order) => isOpen(order));
  }

  addTrade(trade: PerpTrade): void {
    this.#trades.push(trade);
    if (this.#trades.length > MAX_TRADES) this.#trades.shift();
  }

  /** Oldest first. */
  get trades(): readonly PerpTrade[] {
    return this.#trades;
  }

  #forget(orderId: number): void {
    const order = this.#byId.get(orderId);
    this.#byId.delete(orderId);
    if (order !== undefined && this.#byClientId.get(order.clientOrderId) === order) {
      this.#byClientId.delete(order.clientOrderId);
    }
  }
}

export function isOpen(order: PerpOrder): boolean {
  return order.status === "NEW" || order.status === "PARTIALLY_FILLED";
}
