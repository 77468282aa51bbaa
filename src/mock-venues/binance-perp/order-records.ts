/** Orders and own trades as this venue has them. May import domain and this folder. */

import type { Decimal } from "#domain/decimal.ts";
import { OrderRecords, type OwnOrder, type OwnTrade } from "../binance/order-records.ts";
import type { AlgoOrder } from "./algo-records.ts";

export const TIMES_IN_FORCE = ["GTC", "IOC", "FOK", "GTX"] as const;

/** Why an order expired, as `er` of its event tells it. */
export const EXPIRY = {
  none: "0",
  selfTrade: "1",
  iocRest: "2",
  reduceOnly: "4",
  marketRest: "9",
} as const;

export interface PerpOrder extends OwnOrder {
  readonly type: "LIMIT" | "MARKET";
  readonly timeInForce: (typeof TIMES_IN_FORCE)[number];
  priceTicks: number;
  readonly reduceOnly: boolean;
  expiry: (typeof EXPIRY)[keyof typeof EXPIRY];
  modifications: number;
  /** Of the last modification that had one. */
  modifyId: number | undefined;
  /** The conditional order that this one came of. */
  readonly algo: AlgoOrder | null;
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

export interface PerpTrade extends OwnTrade {
  /** Before its commission. */
  readonly realizedPnl: Decimal;
}

export type PerpRecords = OrderRecords<PerpOrder, PerpTrade>;

/** Beyond 32 bits, as the real ones. */
const FIRST_ORDER_ID = 8_389_766_000_000;

export function newRecords(): PerpRecords {
  return new OrderRecords(FIRST_ORDER_ID);
}
