/**
 * The calls that ask about the account: orders, own trades, balances, fees and counts. Documented
 * shapes only. May import domain and this folder.
 */

import { plain } from "#domain/decimal.ts";
import { badRequest } from "../binance/api-error.ts";
import type { Params } from "../binance/params.ts";
import type { LimitCount } from "../binance/rate-limits.ts";
import type { JsonObject } from "../json.ts";
import type { Listing } from "./account.ts";
import { type MockOrder, statusJson, tradeJson } from "./order-records.ts";
import type { Venue } from "./venue.ts";

const DAY_MS = 86_400_000;
const DEFAULT_LIMIT = 500;
const MAX_LIMIT = 1000;
/** When all keys were made, as far as anybody asks. */
const KEY_TIME_MS = 1_698_645_219_000;
const ZERO_RATES = {
  maker: "0.00000000",
  taker: "0.00000000",
  buyer: "0.00000000",
  seller: "0.00000000",
};

export function orderStatus(venue: Venue, params: Params): JsonObject {
  const { records } = venue.listing(params.symbol());
  const orderId = params.integer("orderId");
  const clientOrderId = params.text("origClientOrderId");
  if (orderId === undefined && clientOrderId === undefined) {
    const ids = "Param 'origClientOrderId' or 'orderId' must be sent";
    throw badRequest(-1102, `${ids}, but both were empty/null!`);
  }
  const named = clientOrderId === undefined ? undefined : records.byClientId(clientOrderId);
  const order = orderId === undefined ? named : records.byId(orderId);
  if (order === undefined) throw badRequest(-2013, "Order does not exist.");
  if (clientOrderId !== undefined && order !== named) {
    throw badRequest(-2039, "Client order ID is not correct for this order ID.");
  }
  return statusJson(order);
}

/** Of one symbol, or of all. */
export function openOrders(venue: Venue, params: Params): readonly JsonObject[] {
  const listings = params.has("symbol") ? [venue.listing(params.symbol())] : venue.all();
  return listings.flatMap(({ records }) => records.openOrders().map((order) => statusJson(order)));
}

export function allOrders(venue: Venue, params: Params): readonly JsonObject[] {
  const { records } = venue.listing(params.symbol());
  const orders = records.all();
  const fromId = params.integer("orderId");
  const limit = params.limit(DEFAULT_LIMIT, MAX_LIMIT);
  const { startMs, endMs } = readWindow(params);
  const isAsked = (order: MockOrder): boolean =>
    fromId === undefined
      ? order.timeMs >= startMs && order.timeMs <= endMs
      : order.orderId >= fromId;
  return pageOf(orders.filter(isAsked), limit, fromId !== undefined || startMs > 0).map((order) =>
    statusJson(order),
  );
}

export function ownTrades(venue: Venue, params: Params): readonly JsonObject[] {
  const { records, market } = venue.listing(params.symbol());
  const orderId = params.integer("orderId");
  const fromId = params.integer("fromId");
  const limit = params.limit(DEFAULT_LIMIT, MAX_LIMIT);
  const hasTimes = params.has("startTime") || params.has("endTime");
  if (hasTimes && (fromId !== undefined || orderId !== undefined)) {
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

export function accountStatus(venue: Venue, params: Params): JsonObject {
  const [first] = venue.listings.values();
  const rates = first === undefined ? ZERO_RATES : standardRates(first);
  const balances = venue.account.balances();
  const omitsZeros = params.flag("omitZeroBalances");
  return {
    makerCommission: basisPoints(rates.maker),
    takerCommission: basisPoints(rates.taker),
    buyerCommission: 0,
    sellerCommission: 0,
    commissionRates: rates,
    canTrade: true,
    canWithdraw: false,
    canDeposit: false,
    brokered: false,
    requireSelfTradePrevention: false,
    preventSor: false,
    updateTime: venue.account.updateTimeMs,
    accountType: "SPOT",
    balances: omitsZeros ? balances.filter((balance) => !isNothing(balance)) : balances,
    permissions: ["SPOT"],
    uid: 1,
  };
}

/** What the key may do that this is asked by. */
export function apiRestrictions({ credentials }: Venue, params: Params): JsonObject {
  const permissions = credentials.permissionsOf(params.requiredText("apiKey"));
  return { createTime: KEY_TIME_MS, ...permissions };
}

export function commission(venue: Venue, params: Params): JsonObject {
  const listing = venue.listing(params.symbol());
  return {
    symbol: listing.market.instrument.symbol,
    standardCommission: standardRates(listing),
    specialCommission: ZERO_RATES,
    taxCommission: ZERO_RATES,
    discount: {
      enabledForAccount: false,
      enabledForSymbol: false,
      discountAsset: "BNB",
      discount: "0.00000000",
    },
  };
}

export function orderCounts(venue: Venue): readonly LimitCount[] {
  return venue.limits.counts(["ORDERS"]);
}

/** Everything where no times are given. @throws {ApiError} -1127 where it is longer than a day */
function readWindow(params: Params): { readonly startMs: number; readonly endMs: number } {
  const start = params.integer("startTime");
  const end = params.integer("endTime");
  if (start !== undefined && end !== undefined && end - start > DAY_MS) {
    throw badRequest(-1127, "More than 24 hours between startTime and endTime.");
  }
  const startMs = start ?? (end === undefined ? 0 : end - DAY_MS);
  return { startMs, endMs: end ?? (start === undefined ? Infinity : start + DAY_MS) };
}

/** The first where it goes forward from somewhere, else the newest; oldest first both times. */
function pageOf<Item>(items: readonly Item[], limit: number, isForward: boolean): readonly Item[] {
  return isForward ? items.slice(0, limit) : items.slice(-limit);
}

function standardRates({ market }: Listing) {
  const { makerFeeRate, takerFeeRate } = market.instrument;
  return { ...ZERO_RATES, maker: makerFeeRate.toFixed(8), taker: takerFeeRate.toFixed(8) };
}

/** The old form of a rate: a whole number of basis points. */
function basisPoints(rate: string): number {
  return Math.round(Number(rate) * 10_000);
}

function isNothing({ free, locked }: { readonly free: string; readonly locked: string }): boolean {
  return !/[1-9]/.test(free + locked);
}

/** Own trades of all symbols, for people. */
export function allTrades(venue: Venue): readonly JsonObject[] {
  return [...venue.listings.values()].flatMap(({ records, market }) =>
    records.trades.map((trade) => ({
      ...tradeJson(trade, market.instrument),
      clientOrderId: records.byId(trade.orderId)?.clientOrderId ?? null,
      value: plain(trade.quote),
    })),
  );
}
