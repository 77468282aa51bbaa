/**
 * Orders as this venue has them, and how it tells of them and of own trades: the shapes of answers
 * and of execution reports, exactly as documented. May import domain and this folder.
 */

import { type Decimal, ZERO } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import {
  isOpen,
  type OrderRecords,
  type OwnOrder,
  type OwnTrade,
} from "../binance/order-records.ts";
import type { JsonObject } from "../json.ts";
import { eightDecimals, priceText, sizeText } from "./amounts.ts";

export const ORDER_TYPES = ["LIMIT", "LIMIT_MAKER", "MARKET"] as const;
export const TIMES_IN_FORCE = ["GTC", "IOC", "FOK"] as const;

export interface MockOrder extends OwnOrder {
  clientOrderId: string;
  readonly type: (typeof ORDER_TYPES)[number];
  readonly timeInForce: (typeof TIMES_IN_FORCE)[number];
  /** Taken off by self-trade prevention. */
  preventedLots: number;
  readonly strategyId: number | undefined;
  readonly strategyType: number | undefined;
  expiryReason: string | undefined;
  amendments: number;
  readonly trades: OwnTrade[];
}

export type SpotRecords = OrderRecords<MockOrder, OwnTrade>;

/** Amounts have eight decimals. */
export function amountText(value: Decimal): string {
  return value.toFixed(8, 0);
}

/** An answer to placing, in the form asked for. */
export function placedJson(order: MockOrder, form: "ACK" | "RESULT" | "FULL"): JsonObject {
  const { instrument } = order;
  const ack = {
    symbol: instrument.symbol,
    orderId: order.orderId,
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    transactTime: order.timeMs,
  };
  if (form === "ACK") return ack;
  const result = {
    ...ack,
    ...quantitiesJson(order),
    ...wordsJson(order),
    workingTime: order.timeMs,
    selfTradePreventionMode: order.stpMode,
    ...(order.expiryReason === undefined ? {} : { expiryReason: order.expiryReason }),
    ...strategyJson(order),
  };
  if (form === "RESULT") return result;
  const fills = order.trades.map((trade) => ({
    price: priceText(instrument, trade.priceTicks),
    qty: sizeText(instrument, trade.lots),
    commission: eightDecimals(trade.commission),
    commissionAsset: trade.commissionAsset,
    tradeId: trade.id,
  }));
  return { ...result, fills };
}

/** An answer to cancelling. */
export function canceledJson(order: MockOrder, origClientOrderId: string): JsonObject {
  return {
    symbol: order.instrument.symbol,
    origClientOrderId,
    orderId: order.orderId,
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    transactTime: order.updateTimeMs,
    ...quantitiesJson(order),
    ...wordsJson(order),
    selfTradePreventionMode: order.stpMode,
    ...strategyJson(order),
  };
}

export function statusJson(order: MockOrder): JsonObject {
  const { origQuoteOrderQty, ...quantities } = quantitiesJson(order);
  return {
    symbol: order.instrument.symbol,
    orderId: order.orderId,
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    ...quantities,
    ...wordsJson(order),
    stopPrice: "0.00000000",
    icebergQty: "0.00000000",
    time: order.timeMs,
    updateTime: order.updateTimeMs,
    isWorking: true,
    workingTime: order.timeMs,
    origQuoteOrderQty,
    selfTradePreventionMode: order.stpMode,
    ...(order.preventedLots === 0
      ? {}
      : { preventedQuantity: sizeText(order.instrument, order.preventedLots) }),
    ...(order.expiryReason === undefined ? {} : { expiryReason: order.expiryReason }),
    ...strategyJson(order),
  };
}

/** The `amendedOrder` of an amendment's answer. */
export function amendedJson(order: MockOrder, origClientOrderId: string): JsonObject {
  const { price, origQty, executedQty, cummulativeQuoteQty } = quantitiesJson(order);
  return {
    symbol: order.instrument.symbol,
    orderId: order.orderId,
    orderListId: -1,
    origClientOrderId,
    clientOrderId: order.clientOrderId,
    price,
    qty: origQty,
    executedQty,
    preventedQty: "0.00000000",
    quoteOrderQty: "0.00000000",
    cumulativeQuoteQty: cummulativeQuoteQty,
    ...wordsJson(order),
    workingTime: order.timeMs,
    selfTradePreventionMode: order.stpMode,
  };
}

export function tradeJson(trade: OwnTrade, instrument: Instrument): JsonObject {
  return {
    symbol: instrument.symbol,
    id: trade.id,
    orderId: trade.orderId,
    orderListId: -1,
    price: priceText(instrument, trade.priceTicks),
    qty: sizeText(instrument, trade.lots),
    quoteQty: amountText(trade.quote),
    commission: eightDecimals(trade.commission),
    commissionAsset: trade.commissionAsset,
    time: trade.timeMs,
    isBuyer: trade.isBuyer,
    isMaker: trade.isMaker,
    isBestMatch: true,
  };
}

/** What an execution report is about. */
export interface Execution {
  readonly type: "NEW" | "CANCELED" | "REPLACED" | "TRADE" | "EXPIRED" | "TRADE_PREVENTION";
  readonly executionId: number;
  /** `C`: the id that was cancelled or amended; empty otherwise. */
  readonly origClientOrderId: string;
  readonly trade: OwnTrade | null;
  /** The taker that self-trade prevention kept from meeting this order. */
  readonly counterOrderId: number | null;
}

/** Every documented key; the conditional ones where their condition holds. */
export function executionReport(order: MockOrder, execution: Execution): JsonObject {
  const { instrument } = order;
  const { type, trade, origClientOrderId } = execution;
  const zero = amountText(ZERO);
  const prevented = sizeText(instrument, order.preventedLots);
  return {
    e: "executionReport",
    E: order.updateTimeMs,
    s: instrument.symbol,
    c: order.clientOrderId,
    S: order.side,
    o: order.type,
    f: order.timeInForce,
    q: sizeText(instrument, order.quantityLots),
    p: priceText(instrument, order.priceTicks),
    P: zero,
    F: zero,
    g: -1,
    C: origClientOrderId,
    x: type,
    X: order.status,
    r: "NONE",
    i: order.orderId,
    l: trade === null ? zero : sizeText(instrument, trade.lots),
    z: sizeText(instrument, order.filledLots),
    L: trade === null ? zero : priceText(instrument, trade.priceTicks),
    n: trade === null ? "0" : eightDecimals(trade.commission),
    N: trade === null ? null : trade.commissionAsset,
    T: order.updateTimeMs,
    t: trade === null ? -1 : trade.id,
    ...(execution.counterOrderId === null
      ? {}
      : {
          v: execution.executionId,
          A: prevented,
          B: prevented,
          u: 1,
          U: execution.counterOrderId,
        }),
    I: execution.executionId,
    w: order.type !== "MARKET" && isOpen(order),
    m: trade?.isMaker ?? false,
    M: false,
    O: order.timeMs,
    Z: amountText(order.quoteFilled),
    Y: trade === null ? zero : amountText(trade.quote),
    Q: zero,
    W: order.timeMs,
    V: order.stpMode,
    ...(order.strategyId === undefined ? {} : { j: order.strategyId }),
    ...(order.strategyType === undefined ? {} : { J: order.strategyType }),
    ...(order.expiryReason === undefined ? {} : { eR: order.expiryReason }),
  };
}

function quantitiesJson(order: MockOrder) {
  const { instrument } = order;
  return {
    price: priceText(instrument, order.priceTicks),
    origQty: sizeText(instrument, order.quantityLots),
    executedQty: sizeText(instrument, order.filledLots),
    origQuoteOrderQty: amountText(ZERO),
    cummulativeQuoteQty: amountText(order.quoteFilled),
  };
}

function wordsJson({ status, timeInForce, type, side }: MockOrder) {
  return { status, timeInForce, type, side };
}

function strategyJson({ strategyId, strategyType }: MockOrder): JsonObject {
  return {
    ...(strategyId === undefined ? {} : { strategyId }),
    ...(strategyType === undefined ? {} : { strategyType }),
  };
}
