/**
 * How the mock venue tells of orders and trades: answers and events exactly as documented. Amounts
 * are gone from the answers to changes since July 2026: they are in events and answers to queries.
 * May import domain and this folder.
 */

import { plain } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { JsonObject } from "../json.ts";
import type { PerpOrder, PerpTrade } from "./order-records.ts";
import { averagePrice, moneyText, perpTexts } from "./texts.ts";

/** An answer to placing, cancelling or modifying. */
export function orderJson(order: PerpOrder): JsonObject {
  const { instrument, filledLots } = order;
  const { size } = perpTexts(instrument);
  return {
    orderId: order.orderId,
    symbol: instrument.symbol,
    status: order.status,
    clientOrderId: order.clientOrderId,
    price: priceOf(order),
    origQty: size(order.quantityLots),
    executedQty: size(filledLots),
    cumQty: size(filledLots),
    ...wordsJson(order),
    updateTime: order.updateTimeMs,
  };
}

/** An answer that does not wait for fills: the order as it was accepted. */
export function acknowledgedJson(order: PerpOrder): JsonObject {
  const { size } = perpTexts(order.instrument);
  return { ...orderJson(order), status: "NEW", executedQty: size(0), cumQty: size(0) };
}

export function modifiedJson(order: PerpOrder): JsonObject {
  const { modifyId } = order;
  return { ...orderJson(order), ...(modifyId === undefined ? {} : { modifyId }) };
}

/** An answer to a query. */
export function queriedJson(order: PerpOrder): JsonObject {
  const { cumQty: _only, ...rest } = orderJson(order);
  const { instrument, quoteFilled, filledLots } = order;
  return {
    ...rest,
    avgPrice: plain(averagePrice(instrument, quoteFilled, filledLots)),
    cumQuote: plain(quoteFilled),
    time: order.timeMs,
  };
}

export function tradeJson(trade: PerpTrade, instrument: Instrument): JsonObject {
  const { price, size } = perpTexts(instrument);
  return {
    symbol: instrument.symbol,
    id: trade.id,
    orderId: trade.orderId,
    side: trade.isBuyer ? "BUY" : "SELL",
    price: price(trade.priceTicks),
    qty: size(trade.lots),
    realizedPnl: moneyText(trade.realizedPnl),
    quoteQty: plain(trade.quote),
    commission: trade.commission,
    commissionAsset: trade.commissionAsset,
    time: trade.timeMs,
    positionSide: "BOTH",
    buyer: trade.isBuyer,
    maker: trade.isMaker,
  };
}

export type ExecutionType = "NEW" | "CANCELED" | "EXPIRED" | "TRADE" | "AMENDMENT";

/** What happens to the order, and its trade where that is one. */
export interface Execution {
  readonly type: ExecutionType;
  readonly trade: PerpTrade | null;
  readonly eventMs: number;
}

export function orderTradeUpdate(order: PerpOrder, execution: Execution): JsonObject {
  const { instrument, quoteFilled, filledLots, modifyId } = order;
  const { type, trade, eventMs } = execution;
  const { price, size } = perpTexts(instrument);
  const commission = trade === null ? {} : { N: trade.commissionAsset, n: trade.commission };
  return {
    e: "ORDER_TRADE_UPDATE",
    E: eventMs,
    T: order.updateTimeMs,
    o: {
      s: instrument.symbol,
      c: order.clientOrderId,
      S: order.side,
      o: order.type,
      f: order.timeInForce,
      q: size(order.quantityLots),
      p: priceOf(order),
      ap: plain(averagePrice(instrument, quoteFilled, filledLots)),
      sp: "0",
      x: type,
      X: order.status,
      i: order.orderId,
      ...(type === "AMENDMENT" && modifyId !== undefined ? { M: modifyId.toString() } : {}),
      l: size(trade?.lots ?? 0),
      z: size(filledLots),
      L: trade === null ? "0" : price(trade.priceTicks),
      ...commission,
      T: order.updateTimeMs,
      t: trade?.id ?? 0,
      b: "0",
      a: "0",
      m: trade?.isMaker ?? false,
      R: order.reduceOnly,
      wt: "CONTRACT_PRICE",
      ot: order.type,
      ps: "BOTH",
      cp: false,
      pP: false,
      si: 0,
      ss: 0,
      rp: trade === null ? "0" : moneyText(trade.realizedPnl),
      V: order.stpMode,
      pm: "NONE",
      gtd: 0,
      er: order.expiry,
    },
  };
}

/** The faster hint of a fill, which says less and says it twice. */
export function tradeLite(order: PerpOrder, trade: PerpTrade, eventMs: number): JsonObject {
  const { price, size } = perpTexts(order.instrument);
  return {
    e: "TRADE_LITE",
    E: eventMs,
    T: trade.timeMs,
    s: order.instrument.symbol,
    q: size(order.quantityLots),
    p: priceOf(order),
    m: trade.isMaker,
    c: order.clientOrderId,
    S: order.side,
    L: price(trade.priceTicks),
    l: size(trade.lots),
    t: trade.id,
    i: order.orderId,
  };
}

function priceOf({ instrument, type, priceTicks }: PerpOrder): string {
  return type === "MARKET" ? "0" : perpTexts(instrument).price(priceTicks);
}

function wordsJson(order: PerpOrder): JsonObject {
  return {
    timeInForce: order.timeInForce,
    type: order.type,
    reduceOnly: order.reduceOnly,
    closePosition: false,
    side: order.side,
    positionSide: "BOTH",
    stopPrice: "0",
    workingType: "CONTRACT_PRICE",
    priceProtect: false,
    origType: order.type,
    priceMatch: "NONE",
    selfTradePreventionMode: order.stpMode,
    goodTillDate: 0,
  };
}
