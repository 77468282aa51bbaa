/**
 * What the mock venue remembers of the account's orders, and how it tells them. Bounded: the oldest
 * ended orders are forgotten. May import domain and this folder.
 */

import { type Decimal, plain } from "#domain/decimal.ts";
import type { Instrument, Side } from "#domain/instrument.ts";
import { priceText, sizeText } from "./wire-numbers.ts";

export type Tif = "Alo" | "Ioc" | "Gtc";

/** Those that this venue gives; the real one has more. */
export type OrderStatusWord =
  | "pending"
  | "open"
  | "triggered"
  | "filled"
  | "canceled"
  | "scheduledCancel"
  | "selfTradeCanceled"
  | "reduceOnlyCanceled"
  | "minTradeNtlRejected"
  | "perpMarginRejected"
  | "reduceOnlyRejected"
  | "badAloPxRejected"
  | "iocCancelRejected"
  | "marketOrderNoLiquidityRejected"
  | "badTriggerPxRejected"
  | "tooManyOpenOrdersRejected"
  | "rejected";

/** What a new order is, sizes in lots and prices in ticks of its coin. */
export interface OrderDraft {
  readonly coin: string;
  readonly asset: number;
  readonly instrument: Instrument;
  readonly cloid: string | null;
  readonly side: Side;
  /** Of a limit order; null of a stop order, which has a worst price all the same. */
  readonly tif: Tif | null;
  readonly priceTicks: number;
  /** Mark price that fires a stop order; 0 of a limit order. */
  readonly triggerTicks: number;
  readonly quantityLots: number;
  readonly reduceOnly: boolean;
}

/** One order as the venue has it. */
export interface HlOrder extends OrderDraft {
  readonly oid: number;
  filledLots: number;
  /** Σ price · size of its fills. */
  filledValue: Decimal;
  /** `pending` within the call that places it only; `open` of a stop: it waits. */
  status: OrderStatusWord;
  readonly timeMs: number;
  statusTimeMs: number;
  /** The venue's words, where it was refused. */
  refusal: string | null;
}

export interface OrderJson {
  readonly coin: string;
  readonly side: "B" | "A";
  readonly limitPx: string;
  /** What is left of it. */
  readonly sz: string;
  readonly oid: number;
  readonly timestamp: number;
  readonly origSz: string;
  readonly cloid?: string;
  readonly reduceOnly?: true;
}

export interface OrderUpdateJson {
  readonly order: OrderJson;
  readonly status: OrderStatusWord;
  readonly statusTimestamp: number;
}

/** Ended orders that are remembered. */
const MAX_ENDED = 20_000;

export class OrderRecords {
  readonly #open = new Map<number, HlOrder>();
  readonly #byOid = new Map<number, HlOrder>();
  /** The newest order of each client id. */
  readonly #byCloid = new Map<string, HlOrder>();
  /** Oldest first. */
  #ended: HlOrder[] = [];
  #lastOid: number;

  /** @param firstOid beyond 32 bits, as the real ones */
  constructor(firstOid: number) {
    this.#lastOid = firstOid;
  }

  get openCount(): number {
    return this.#open.size;
  }

  nextOid(): number {
    this.#lastOid += 1;
    return this.#lastOid;
  }

  add(order: HlOrder): void {
    this.#open.set(order.oid, order);
    this.#byOid.set(order.oid, order);
    if (order.cloid !== null) this.#byCloid.set(order.cloid, order);
  }

  ended(order: HlOrder): void {
    this.#open.delete(order.oid);
    this.#ended.push(order);
    if (this.#ended.length < 2 * MAX_ENDED) return;
    for (const old of this.#ended.slice(0, MAX_ENDED)) this.#forget(old);
    this.#ended = this.#ended.slice(MAX_ENDED);
  }

  /** Oldest first. */
  open(): HlOrder[] {
    return [...this.#open.values()];
  }

  /** By order id, or the newest of a client id. */
  find(id: number | string): HlOrder | undefined {
    return typeof id === "number" ? this.#byOid.get(id) : this.#byCloid.get(id);
  }

  /** An open order by order id or client id. */
  findOpen(id: number | string): HlOrder | undefined {
    const order = this.find(id);
    return order !== undefined && this.#open.has(order.oid) ? order : undefined;
  }

  /** Newest first. */
  newest(limit: number): HlOrder[] {
    const all = [...this.#byOid.values()];
    return all.slice(-limit).toReversed();
  }

  #forget(order: HlOrder): void {
    this.#byOid.delete(order.oid);
    if (order.cloid !== null && this.#byCloid.get(order.cloid) === order) {
      this.#byCloid.delete(order.cloid);
    }
  }
}

export function orderJson(order: HlOrder): OrderJson {
  const { instrument, quantityLots, filledLots } = order;
  return {
    coin: order.coin,
    side: order.side === "buy" ? "B" : "A",
    limitPx: priceText(instrument, order.priceTicks),
    sz: sizeText(instrument, quantityLots - filledLots),
    oid: order.oid,
    timestamp: order.timeMs,
    origSz: sizeText(instrument, quantityLots),
    ...(order.cloid === null ? {} : { cloid: order.cloid }),
    ...(order.reduceOnly ? { reduceOnly: true } : {}),
  };
}

/** Whether it is a stop order whose trigger has not fired. */
export function isWaiting({ triggerTicks, status }: HlOrder): boolean {
  return triggerTicks > 0 && status === "open";
}

export function orderUpdateJson(order: HlOrder, status: OrderStatusWord): OrderUpdateJson {
  return { order: orderJson(order), status, statusTimestamp: order.statusTimeMs };
}

/** As `frontendOpenOrders`, `orderStatus` and `historicalOrders` have it. */
export function frontendOrderJson(order: HlOrder): Readonly<Record<string, unknown>> {
  const { instrument, triggerTicks } = order;
  const isTrigger = triggerTicks > 0;
  const direction = order.side === "buy" ? "above" : "below";
  return {
    ...orderJson(order),
    triggerCondition: isTrigger
      ? `Price ${direction} ${plain(instrument.price(triggerTicks))}`
      : "N/A",
    isTrigger,
    triggerPx: priceText(instrument, triggerTicks),
    children: [],
    isPositionTpsl: false,
    reduceOnly: order.reduceOnly,
    orderType: isTrigger ? "Stop Market" : "Limit",
    tif: order.tif,
    cloid: order.cloid,
  };
}
