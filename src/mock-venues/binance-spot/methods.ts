/**
 * Every method of the mock venue: its name on the WebSocket API, its REST twin, its weight, and
 * the parameters that it reads; any other is refused, as by the real venue. May import this folder.
 */

import type { Method as ApiMethod } from "../binance/api.ts";
import type { Params } from "../binance/params.ts";
import {
  averagePrice,
  bookTicker,
  depth,
  exchangeInfo,
  klines,
  priceTicker,
  recentTrades,
  serverTime,
} from "./market-data.ts";
import { NEW_ORDER_PARAMS } from "./new-order.ts";
import {
  AMEND_PARAMS,
  amendOrder,
  CANCEL_PARAMS,
  cancelAllOrders,
  cancelOrder,
  placeOrder,
  REPLACE_PARAMS,
  replaceOrder,
  testOrder,
} from "./orders.ts";
import {
  accountStatus,
  allOrders,
  apiRestrictions,
  commission,
  openOrders,
  orderCounts,
  orderStatus,
  ownTrades,
} from "./queries.ts";
import type { Venue } from "./venue.ts";

type Method = ApiMethod<Venue>;

/** Its path is under `/api/v3/`, or whole where it begins with a slash. */
type Route = Pick<Method, "name" | "verb" | "path" | "run" | "params">;

function open(route: Route, weight: number | Method["weightOf"]): Method {
  const weightOf = typeof weight === "number" ? () => weight : weight;
  const flags = { security: "none", isFreeOnSuccess: false, tellsOrderCounts: false } as const;
  const path = route.path.startsWith("/") ? route.path : `/api/v3/${route.path}`;
  return { ...route, path, weightOf, ...flags };
}

function signed(route: Route, weight: number | Method["weightOf"]): Method {
  return { ...open(route, weight), security: "signed" };
}

function order(route: Route, tellsOrderCounts: boolean): Method {
  return { ...signed(route, 1), isFreeOnSuccess: true, tellsOrderCounts };
}

const PERIOD = ["startTime", "endTime", "limit"];
const IDS = ["symbol", "orderId", "origClientOrderId"];
const SYMBOLS = ["symbol", "symbols"];

/** Those that both the WebSocket API and REST have. */
export const METHODS: readonly Method[] = [
  open({ name: "ping", verb: "GET", path: "ping", params: [], run: () => ({}) }, 1),
  open({ name: "time", verb: "GET", path: "time", params: [], run: serverTime }, 1),
  open(
    {
      name: "exchangeInfo",
      verb: "GET",
      path: "exchangeInfo",
      params: [...SYMBOLS, "permissions", "showPermissionSets", "symbolStatus"],
      run: exchangeInfo,
    },
    20,
  ),
  open(
    { name: "depth", verb: "GET", path: "depth", params: ["symbol", "limit"], run: depth },
    depthWeight,
  ),
  open(
    {
      name: "klines",
      verb: "GET",
      path: "klines",
      params: ["symbol", "interval", "timeZone", ...PERIOD],
      run: klines,
    },
    2,
  ),
  open(
    { name: "avgPrice", verb: "GET", path: "avgPrice", params: ["symbol"], run: averagePrice },
    2,
  ),
  open(
    {
      name: "trades.recent",
      verb: "GET",
      path: "trades",
      params: ["symbol", "limit"],
      run: recentTrades,
    },
    25,
  ),
  open(
    { name: "ticker.price", verb: "GET", path: "ticker/price", params: SYMBOLS, run: priceTicker },
    tickerWeight,
  ),
  open(
    {
      name: "ticker.book",
      verb: "GET",
      path: "ticker/bookTicker",
      params: SYMBOLS,
      run: bookTicker,
    },
    tickerWeight,
  ),

  order(
    { name: "order.place", verb: "POST", path: "order", params: NEW_ORDER_PARAMS, run: placeOrder },
    true,
  ),
  order(
    {
      name: "order.cancel",
      verb: "DELETE",
      path: "order",
      params: CANCEL_PARAMS,
      run: cancelOrder,
    },
    false,
  ),
  order(
    {
      name: "openOrders.cancelAll",
      verb: "DELETE",
      path: "openOrders",
      params: ["symbol"],
      run: cancelAllOrders,
    },
    false,
  ),
  order(
    {
      name: "order.cancelReplace",
      verb: "POST",
      path: "order/cancelReplace",
      params: REPLACE_PARAMS,
      run: replaceOrder,
    },
    true,
  ),
  signed(
    {
      name: "order.amend.keepPriority",
      verb: "PUT",
      path: "order/amend/keepPriority",
      params: AMEND_PARAMS,
      run: amendOrder,
    },
    4,
  ),
  signed(
    {
      name: "order.test",
      verb: "POST",
      path: "order/test",
      params: [...NEW_ORDER_PARAMS, "computeCommissionRates"],
      run: testOrder,
    },
    (params) => (params.flag("computeCommissionRates") ? 20 : 1),
  ),

  signed({ name: "order.status", verb: "GET", path: "order", params: IDS, run: orderStatus }, 4),
  signed(
    {
      name: "openOrders.status",
      verb: "GET",
      path: "openOrders",
      params: ["symbol"],
      run: openOrders,
    },
    (params) => (params.has("symbol") ? 6 : 80),
  ),
  signed(
    {
      name: "allOrders",
      verb: "GET",
      path: "allOrders",
      params: ["symbol", "orderId", ...PERIOD],
      run: allOrders,
    },
    20,
  ),
  signed(
    {
      name: "myTrades",
      verb: "GET",
      path: "myTrades",
      params: ["symbol", "orderId", "fromId", ...PERIOD],
      run: ownTrades,
    },
    (params) => (params.has("orderId") ? 5 : 20),
  ),
  signed(
    {
      name: "account.status",
      verb: "GET",
      path: "account",
      params: ["omitZeroBalances"],
      run: accountStatus,
    },
    20,
  ),
  signed(
    {
      name: "account.commission",
      verb: "GET",
      path: "account/commission",
      params: ["symbol"],
      run: commission,
    },
    20,
  ),
  signed(
    {
      name: "account.rateLimits.orders",
      verb: "GET",
      path: "rateLimit/order",
      params: [],
      run: orderCounts,
    },
    40,
  ),
];

export const REST_METHODS: readonly Method[] = [
  ...METHODS,
  // The real venue meters what is under /sapi apart; here it draws on the same weight.
  signed(
    {
      name: "apiRestrictions",
      verb: "GET",
      path: "/sapi/v1/account/apiRestrictions",
      params: [],
      run: apiRestrictions,
    },
    1,
  ),
];

function depthWeight(params: Params): number {
  const limit = Number(params.text("limit") ?? 0);
  if (limit <= 100) return 5;
  if (limit <= 500) return 25;
  return limit <= 1000 ? 50 : 250;
}

function tickerWeight(params: Params): number {
  return params.has("symbol") ? 2 : 4;
}
