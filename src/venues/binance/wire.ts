/**
 * What the messages of both Binance venues have in common: sides, order statuses, keys of trades.
 * Pure; may import domain only.
 */

import * as v from "valibot";
import type { OrderChange } from "#domain/events.ts";
import type { Instrument, Side } from "#domain/instrument.ts";
import { Count, ProtocolError } from "../wire.ts";

export { Amount, Count, ProtocolError, parsed, Quantity } from "../wire.ts";

/** The number of an order, as digits: it may be beyond 2^53 (see json.ts). */
export const Id = v.pipe(
  v.union([Count, v.pipe(v.string(), v.regex(/^\d+$/))]),
  v.transform(String),
);

/** What a message is about, and when it reached us. */
export interface MessageContext {
  readonly instrument: Instrument;
  readonly receivedTimeMs: number;
}

export const SideWord = v.picklist(["BUY", "SELL"]);

export function sideOf(word: v.InferOutput<typeof SideWord>): Side {
  return word === "BUY" ? "buy" : "sell";
}

const CHANGES: ReadonlyMap<string, OrderChange> = new Map([
  ["NEW", "open"],
  ["PENDING_NEW", "open"],
  ["PENDING_CANCEL", "open"],
  ["PARTIALLY_FILLED", "open"],
  ["FILLED", "filled"],
  ["CANCELED", "canceled"],
  ["EXPIRED", "expired"],
  ["EXPIRED_IN_MATCH", "expired"],
  ["REJECTED", "rejected"],
]);

/**
 * What an order's status tells of it. A status decides whether an order counts as open, so this is
 * the one word that may not be new to us.
 * @throws {ProtocolError} where the status is unknown
 */
export function changeOf(status: string, where: string): OrderChange {
  const change = CHANGES.get(status);
  if (change !== undefined) return change;
  throw new ProtocolError(`${JSON.stringify(status)} is no known order status`, where);
}

/**
 * An order's quantity as the core counts it. What self-trade prevention took off an order that
 * works on (mode DECREMENT) will never be filled and is no part of it any more.
 */
export function quantityLotsOf(
  quantity: string,
  prevented: string | undefined,
  { change, instrument }: { readonly change: OrderChange; readonly instrument: Instrument },
): number {
  const lots = instrument.lotsOf(quantity);
  return change === "open" && prevented !== undefined ? lots - instrument.lotsOf(prevented) : lots;
}

/**
 * The asset that a fee was charged in. Binance names none where nothing was charged; the fee is
 * then zero of the quote currency.
 * @throws {ProtocolError} where something was charged in no asset
 */
export function feeAssetOf(
  fee: string,
  asset: string | null,
  { instrument, where }: { readonly instrument: Instrument; readonly where: string },
): string {
  if (asset !== null) return asset;
  if (/[1-9]/.test(fee)) throw new ProtocolError(`a fee of ${fee} in no asset`, where);
  return instrument.quote;
}

/** A trade's key: its number alone is unique in its symbol only. */
export function tradeKey(symbol: string, tradeNumber: number): string {
  return `${symbol}:${tradeNumber}`;
}

/** The number of a key made by `tradeKey`; -1 where it is none. */
export function tradeNumberOf(key: string): number {
  const digits = /:(\d+)$/.exec(key)?.[1];
  return digits === undefined ? -1 : Number(digits);
}

/** Whether a trade is the later one of two of the same symbol, by their keys. */
export function isNewerTrade(key: string, other: string): boolean {
  return tradeNumberOf(key) > tradeNumberOf(other);
}
