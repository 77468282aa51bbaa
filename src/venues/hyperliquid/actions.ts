/**
 * Actions of Hyperliquid from what the core wants. An action is hashed as its keys stand, so their
 * order is part of the protocol, and what is absent must not be there at all. Pure; may import
 * domain only.
 */

import { InvariantError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { OrderRequest } from "#domain/order.ts";
import type { HlAction } from "./api.ts";
import { cloidOf } from "./cloid.ts";

/** Asset, side, price, size, reduce-only, type, cloid: in this order. */
export interface WireOrder {
  readonly a: number;
  /** It buys. */
  readonly b: boolean;
  readonly p: string;
  readonly s: string;
  readonly r: boolean;
  readonly t: WireOrderType;
  readonly c: string;
}

export type WireOrderType =
  | { readonly limit: { readonly tif: "Alo" | "Ioc" | "Gtc" } }
  | {
      readonly trigger: {
        readonly isMarket: true;
        readonly triggerPx: string;
        readonly tpsl: "sl";
      };
    };

/** A coin, and the number it has in actions. */
export interface Asset {
  readonly instrument: Instrument;
  readonly asset: number;
}

/**
 * A market order is an IOC at the worst price it may have, which is given as its price. A stop may
 * slip a tenth from its trigger: the venue's own tolerance.
 * @throws {InvariantError} for what the venue would refuse: together with all other orders of the
 *   action, where it is a stop that may open a position
 */
export function wireOrder(request: OrderRequest, { instrument, asset }: Asset): WireOrder {
  const { side, priceTicks, quantityLots, clientOrderId, reduceOnly } = request;
  if (!instrument.isValidPrice(priceTicks) || !(quantityLots >= 1)) {
    throw impossible(request, `has price ${priceTicks} and size ${quantityLots}`);
  }
  const isBuy = side === "buy";
  const isStop = request.type === "stop-market";
  return {
    a: asset,
    b: isBuy,
    p: instrument.priceString(isStop ? worstOf(priceTicks, isBuy, instrument) : priceTicks),
    s: instrument.sizeString(quantityLots),
    r: reduceOnly,
    t: isStop ? stopAt(request, instrument) : { limit: { tif: timeInForceOf(request) } },
    c: cloidOf(clientOrderId),
  };
}

function stopAt(request: OrderRequest, instrument: Instrument): WireOrderType {
  if (!request.reduceOnly) throw impossible(request, "is a stop that may open a position");
  const triggerPx = instrument.priceString(request.priceTicks);
  return { trigger: { isMarket: true, triggerPx, tpsl: "sl" } };
}

/** A tenth beyond, rounded back towards the trigger, so that it is never 0. */
function worstOf(triggerTicks: number, isBuy: boolean, instrument: Instrument): number {
  if (isBuy) return instrument.floorTicks((triggerTicks * 11) / 10);
  return instrument.ceilTicks((triggerTicks * 9) / 10);
}

function timeInForceOf(request: OrderRequest): "Alo" | "Ioc" | "Gtc" {
  const isImmediate = request.type === "market" || request.timeInForce === "ioc";
  if (!isImmediate) return request.postOnly ? "Alo" : "Gtc";
  if (request.postOnly) throw impossible(request, "is to take at once and to rest only");
  return "Ioc";
}

function impossible({ clientOrderId }: OrderRequest, what: string): InvariantError {
  return new InvariantError(`order ${clientOrderId} ${what}`);
}

/** An action weighs one more for each so many of its orders or cancels … */
export const ELEMENTS_A_WEIGHT = 40;
/** … so that these are the most that weigh one. */
export const MAX_LIGHT_ELEMENTS = ELEMENTS_A_WEIGHT - 1;

export function orderAction(orders: readonly WireOrder[]): HlAction {
  return { type: "order", orders, grouping: "na" };
}

/**
 * By the venue's order numbers.
 * @param isFast whether it overtakes takers on its way to the book; refused for triggers
 */
export function cancelAction(
  cancels: readonly { readonly asset: number; readonly oid: number }[],
  isFast: boolean,
): HlAction {
  const list = cancels.map(({ asset, oid }) => ({ a: asset, o: oid }));
  return { type: "cancel", cancels: list, ...(isFast && { f: true }) };
}

/** See `cancelAction`. */
export function cancelByCloidAction(
  cancels: readonly { readonly asset: number; readonly cloid: string }[],
  isFast: boolean,
): HlAction {
  const list = cancels.map(({ asset, cloid }) => ({ asset, cloid: cloid.toLowerCase() }));
  return { type: "cancelByCloid", cancels: list, ...(isFast && { f: true }) };
}

/**
 * Cancels each order, by the venue's number or its cloid, and only where that succeeds places
 * another, post-only.
 */
export function batchModifyAction(
  modifies: readonly { readonly oid: number | string; readonly order: WireOrder }[],
): HlAction {
  const list = modifies.map(({ oid, order }) => ({
    oid: typeof oid === "number" ? oid : oid.toLowerCase(),
    order,
  }));
  return { type: "batchModify", modifies: list };
}

/** @param timeMs when all orders are to be cancelled, venue's clock; null: never mind */
export function scheduleCancelAction(timeMs: number | null): HlAction {
  return { type: "scheduleCancel", ...(timeMs !== null && { time: Math.floor(timeMs) }) };
}

/** @param leverage a whole number from 1 */
export function updateLeverageAction(asset: number, isCross: boolean, leverage: number): HlAction {
  return { type: "updateLeverage", asset, isCross, leverage };
}
