/**
 * The calls that ask about orders, own trades and income. Documented shapes only. May import this
 * folder.
 */

import { badRequest } from "../binance/api-error.ts";
import { isOpen } from "../binance/order-records.ts";
import type { Params } from "../binance/params.ts";
import type { LimitCount } from "../binance/rate-limits.ts";
import type { JsonObject } from "../json.ts";
import { INCOME_TYPES, incomeJson } from "./income.ts";
import { queriedJson, tradeJson } from "./order-json.ts";
import type { PerpOrder } from "./order-records.ts";
import { pageOf, readWindow } from "./pages.ts";
import type { PerpVenue } from "./venue.ts";

const DEFAULT_LIMIT = 500;
const MAX_LIMIT = 1000;
const DEFAULT_INCOME = 100;

export function orderStatus(venue: PerpVenue, params: Params): JsonObject {
  return queriedJson(namedOrder(venue, params));
}

export function openOrder(venue: PerpVenue, params: Params): JsonObject {
  const order = namedOrder(venue, params);
  if (!isOpen(order)) throw badRequest(-2013, "Order does not exist.");
  return queriedJson(order);
}

/** Of one symbol, or of all. */
export function openOrders(venue: PerpVenue, params: Params): readonly JsonObject[] {
  const listings = params.has("symbol") ? [venue.listing(params.symbol())] : venue.all();
  return listings.flatMap(({ records }) => records.openOrders().map((order) => queriedJson(order)));
}

export function allOrders(venue: PerpVenue, params: Params): readonly JsonObject[] {
  const { records } = venue.listing(params.symbol());
  const fromId = params.integer("orderId");
  const limit = params.limit(DEFAULT_LIMIT, MAX_LIMIT);
  const { startMs, endMs } = readWindow(params);
  const orders = records
    .all()
    .filter(({ orderId, timeMs }) =>
      fromId === undefined ? timeMs >= startMs && timeMs <= endMs : orderId >= fromId,
    );
  return pageOf(orders, limit, fromId !== undefined || startMs > 0).map((order) =>
    queriedJson(order),
  );
}

export function ownTrades(venue: PerpVenue, params: Params): readonly JsonObject[] {
  const { records, market } = venue.listing(params.symbol());
  const orderId = params.integer("orderId");
  const fromId = params.integer("fromId");
  const limit = params.limit(DEFAULT_LIMIT, MAX_LIMIT);
  const hasTimes = params.has("startTime") || params.has("endTime");
  if (hasTimes && fromId !== undefined) {
    throw badRequest(-1128, "Combination of optional parameters invalid.");
  }
  const { startMs, endMs } = readWindow(params);
  const asked = records.trades.filter(
    (trade) =>
      (orderId === undefined || trade.orderId === orderId) &&
      (fromId === undefined || trade.id >= fromId) &&
      trade.timeMs >= startMs &&
      trade.timeMs <= endMs,
  );
  const isForward = fromId !== undefined || startMs > 0;
  return pageOf(asked, limit, isForward).map((trade) => tradeJson(trade, market.instrument));
}

/** Ascending, by pages of `limit`; the newest week where no times are given. */
export function income({ account }: PerpVenue, params: Params): readonly JsonObject[] {
  const invalid = [-1130, "Data sent for parameter 'incomeType' is not valid."] as const;
  const type = params.oneOf("incomeType", INCOME_TYPES, invalid);
  const symbol = params.has("symbol") ? params.symbol() : undefined;
  const limit = params.limit(DEFAULT_INCOME, MAX_LIMIT);
  const page = params.integer("page") ?? 1;
  const [startMs, endMs] = [
    params.integer("startTime") ?? 0,
    params.integer("endTime") ?? Infinity,
  ];
  return account.income.all
    .filter(({ incomeType }) => type === undefined || incomeType === type)
    .filter((record) => symbol === undefined || record.symbol === symbol)
    .filter(({ timeMs }) => timeMs >= startMs && timeMs <= endMs)
    .slice((page - 1) * limit, page * limit)
    .map((record) => incomeJson(record));
}

/** The limits; what is used of them is told in headers. */
export function orderLimits({ limits }: PerpVenue): readonly Omit<LimitCount, "count">[] {
  return limits.counts(["ORDERS"]).map(({ count: _told, ...limit }) => limit);
}

/** Counters of the venue's rules against senseless orders: none was ever met. */
export function tradingStatus({ nowMs }: PerpVenue): JsonObject {
  return { indicators: {}, updateTime: Math.floor(nowMs()) };
}

/** Own trades of all symbols, for people. */
export function allTrades(venue: PerpVenue): readonly JsonObject[] {
  return [...venue.listings.values()].flatMap(({ records, market }) =>
    records.trades.map((trade) => ({
      ...tradeJson(trade, market.instrument),
      clientOrderId: records.byId(trade.orderId)?.clientOrderId ?? null,
    })),
  );
}

function namedOrder(venue: PerpVenue, params: Params): PerpOrder {
  const { records } = venue.listing(params.symbol());
  const orderId = params.integer("orderId");
  const clientOrderId = params.clientOrderId("origClientOrderId");
  if (orderId === undefined && clientOrderId === undefined) {
    const ids = "Param 'origClientOrderId' or 'orderId' must be sent";
    throw badRequest(-1102, `${ids}, but both were empty/null!`);
  }
  const order =
    orderId === undefined ? records.byClientId(clientOrderId ?? "") : records.byId(orderId);
  if (order === undefined) throw badRequest(-2013, "Order does not exist.");
  return order;
}
