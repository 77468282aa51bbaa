/**
 * The table of the mock venue's methods: name on the WebSocket API (or one of that form), REST
 * path, weight, and the parameters that each reads. May import this folder.
 */

import type { Method as ApiMethod } from "../binance/api.ts";
import type { Params } from "../binance/params.ts";
import {
  ALGO_ID_PARAMS,
  algoOrderStatus,
  allAlgoOrders,
  cancelAlgoOrder,
  cancelAllAlgoOrders,
  openAlgoOrders,
  placeAlgoOrder,
} from "./algo-orders.ts";
import {
  bookTicker,
  depth,
  exchangeInfo,
  fundingInfo,
  fundingRates,
  klines,
  premiumIndex,
  priceTicker,
  serverTime,
} from "./market-data.ts";
import { NEW_ALGO_PARAMS, NEW_ORDER_PARAMS } from "./new-order.ts";
import {
  cancelAllOrders,
  cancelBatch,
  cancelOrder,
  countdownCancelAll,
  ID_PARAMS,
  MODIFY_PARAMS,
  modifyOrder,
  placeBatch,
  placeOrder,
} from "./orders.ts";
import {
  allOrders,
  income,
  openOrder,
  openOrders,
  orderLimits,
  orderStatus,
  ownTrades,
  tradingStatus,
} from "./queries.ts";
import {
  accountConfig,
  accountV2,
  accountV3,
  apiRestrictions,
  balances,
  changeLeverage,
  changeMarginType,
  changePositionMode,
  commissionRate,
  leverageBracket,
  positionMode,
  positionRiskV2,
  positionRiskV3,
  symbolConfig,
} from "./settings.ts";
import type { PerpVenue } from "./venue.ts";

type Method = ApiMethod<PerpVenue>;
export type Run = Method["run"];
type Weight = number | Method["weightOf"];

export interface MethodRow {
  /** `GET v1/time`: verb, and the path under `/fapi/`, or the whole of it. */
  readonly route: string;
  readonly name: string;
  readonly weight: Weight;
  readonly params?: readonly string[];
  readonly run: Run;
  readonly tellsOrderCounts?: boolean;
}

const SYMBOL = ["symbol"];
const PERIOD = ["startTime", "endTime", "limit"];
const perSymbol = (one: number, all: number) => (params: Params) =>
  params.has("symbol") ? one : all;

export const OPEN: readonly MethodRow[] = [
  { route: "GET v1/ping", name: "ping", weight: 1, run: () => ({}) },
  { route: "GET v1/time", name: "time", weight: 1, run: serverTime },
  { route: "GET v1/exchangeInfo", name: "exchangeInfo", weight: 1, run: exchangeInfo },
  {
    route: "GET v1/depth",
    name: "depth",
    weight: depthWeight,
    params: ["symbol", "limit"],
    run: depth,
  },
  {
    route: "GET v1/klines",
    name: "klines",
    weight: klineWeight,
    params: ["symbol", "interval", ...PERIOD],
    run: klines,
  },
  {
    route: "GET v1/premiumIndex",
    name: "premiumIndex",
    weight: perSymbol(1, 10),
    params: SYMBOL,
    run: premiumIndex,
  },
  {
    route: "GET v1/fundingRate",
    name: "fundingRate",
    weight: 0,
    params: ["symbol", ...PERIOD],
    run: fundingRates,
  },
  { route: "GET v1/fundingInfo", name: "fundingInfo", weight: 0, run: fundingInfo },
  {
    route: "GET v1/ticker/bookTicker",
    name: "ticker.book",
    weight: perSymbol(2, 5),
    params: SYMBOL,
    run: bookTicker,
  },
  {
    route: "GET v2/ticker/price",
    name: "ticker.price",
    weight: perSymbol(1, 2),
    params: SYMBOL,
    run: priceTicker,
  },
];

/** With a key, and no signature. */
export const KEYED: readonly MethodRow[] = [
  {
    route: "POST v1/listenKey",
    name: "userDataStream.start",
    weight: 1,
    run: ({ listenKeys }) => listenKeys.start(),
  },
  {
    route: "PUT v1/listenKey",
    name: "userDataStream.ping",
    weight: 1,
    params: ["listenKey"],
    run: ({ listenKeys }) => listenKeys.ping(),
  },
  {
    route: "DELETE v1/listenKey",
    name: "userDataStream.stop",
    weight: 1,
    params: ["listenKey"],
    run: ({ listenKeys }) => listenKeys.close(),
  },
];

export const ORDERS: readonly MethodRow[] = [
  {
    route: "POST v1/order",
    name: "order.place",
    weight: 0,
    params: NEW_ORDER_PARAMS,
    run: placeOrder,
    tellsOrderCounts: true,
  },
  {
    route: "PUT v1/order",
    name: "order.modify",
    weight: 0,
    params: MODIFY_PARAMS,
    run: modifyOrder,
    tellsOrderCounts: true,
  },
  {
    route: "DELETE v1/order",
    name: "order.cancel",
    weight: 1,
    params: ID_PARAMS,
    run: cancelOrder,
  },
  {
    route: "DELETE v1/allOpenOrders",
    name: "openOrders.cancelAll",
    weight: 1,
    params: SYMBOL,
    run: cancelAllOrders,
  },
  {
    route: "POST v1/batchOrders",
    name: "batchOrders.place",
    weight: 5,
    params: ["batchOrders"],
    run: placeBatch,
    tellsOrderCounts: true,
  },
  {
    route: "DELETE v1/batchOrders",
    name: "batchOrders.cancel",
    weight: 1,
    params: ["symbol", "orderIdList", "origClientOrderIdList"],
    run: cancelBatch,
  },
  {
    route: "POST v1/countdownCancelAll",
    name: "countdownCancelAll",
    weight: 10,
    params: ["symbol", "countdownTime"],
    run: countdownCancelAll,
  },
  {
    route: "POST v1/algoOrder",
    name: "algoOrder.place",
    weight: 0,
    params: NEW_ALGO_PARAMS,
    run: placeAlgoOrder,
    tellsOrderCounts: true,
  },
  {
    route: "DELETE v1/algoOrder",
    name: "algoOrder.cancel",
    weight: 1,
    params: ALGO_ID_PARAMS,
    run: cancelAlgoOrder,
  },
  {
    route: "DELETE v1/algoOpenOrders",
    name: "algoOpenOrders.cancelAll",
    weight: 1,
    params: SYMBOL,
    run: cancelAllAlgoOrders,
  },
];

export const QUESTIONS: readonly MethodRow[] = [
  { route: "GET v1/order", name: "order.status", weight: 1, params: ID_PARAMS, run: orderStatus },
  {
    route: "GET v1/openOrder",
    name: "openOrder.status",
    weight: 1,
    params: ID_PARAMS,
    run: openOrder,
  },
  {
    route: "GET v1/openOrders",
    name: "openOrders.status",
    weight: perSymbol(1, 40),
    params: SYMBOL,
    run: openOrders,
  },
  {
    route: "GET v1/allOrders",
    name: "allOrders",
    weight: 5,
    params: ["symbol", "orderId", ...PERIOD],
    run: allOrders,
  },
  {
    route: "GET v1/userTrades",
    name: "userTrades",
    weight: 5,
    params: ["symbol", "orderId", "fromId", ...PERIOD],
    run: ownTrades,
  },
  {
    route: "GET v1/income",
    name: "income",
    weight: 30,
    params: ["symbol", "incomeType", "page", ...PERIOD],
    run: income,
  },
  {
    route: "GET v1/rateLimit/order",
    name: "rateLimit.order",
    weight: 1,
    run: orderLimits,
    tellsOrderCounts: true,
  },
  {
    route: "GET v1/apiTradingStatus",
    name: "apiTradingStatus",
    weight: perSymbol(1, 10),
    params: SYMBOL,
    run: tradingStatus,
  },
  {
    route: "GET v1/algoOrder",
    name: "algoOrder.status",
    weight: 1,
    params: ALGO_ID_PARAMS,
    run: algoOrderStatus,
  },
  {
    route: "GET v1/openAlgoOrders",
    name: "openAlgoOrders.status",
    weight: perSymbol(1, 40),
    params: ["algoType", "symbol", "algoId"],
    run: openAlgoOrders,
  },
  {
    route: "GET v1/allAlgoOrders",
    name: "allAlgoOrders",
    weight: 5,
    params: ["symbol", "algoId", "page", ...PERIOD],
    run: allAlgoOrders,
  },
  { route: "GET v3/account", name: "v2/account.status", weight: 5, run: accountV3 },
  { route: "GET v2/account", name: "account.status", weight: 5, run: accountV2 },
  { route: "GET v3/balance", name: "v2/account.balance", weight: 5, run: balances },
  { route: "GET v2/balance", name: "account.balance", weight: 5, run: balances },
  {
    route: "GET v3/positionRisk",
    name: "v2/account.position",
    weight: 5,
    params: SYMBOL,
    run: positionRiskV3,
  },
  {
    route: "GET v2/positionRisk",
    name: "account.position",
    weight: 5,
    params: SYMBOL,
    run: positionRiskV2,
  },
  {
    route: "GET v1/symbolConfig",
    name: "symbolConfig",
    weight: 5,
    params: SYMBOL,
    run: symbolConfig,
  },
  { route: "GET v1/accountConfig", name: "accountConfig", weight: 5, run: accountConfig },
  {
    route: "GET v1/commissionRate",
    name: "commissionRate",
    weight: 20,
    params: SYMBOL,
    run: commissionRate,
  },
  {
    route: "GET v1/leverageBracket",
    name: "leverageBracket",
    weight: 1,
    params: SYMBOL,
    run: leverageBracket,
  },
  { route: "GET v1/positionSide/dual", name: "positionMode", weight: 30, run: positionMode },
  {
    route: "POST v1/positionSide/dual",
    name: "positionMode.change",
    weight: 1,
    params: ["dualSidePosition"],
    run: changePositionMode,
  },
  {
    route: "POST v1/leverage",
    name: "leverage.change",
    weight: 1,
    params: ["symbol", "leverage"],
    run: changeLeverage,
  },
  {
    route: "POST v1/marginType",
    name: "marginType.change",
    weight: 1,
    params: ["symbol", "marginType"],
    run: changeMarginType,
  },
  // On another host of the real venue, which meters it apart.
  {
    route: "GET /sapi/v1/account/apiRestrictions",
    name: "apiRestrictions",
    weight: 1,
    run: apiRestrictions,
  },
];

function depthWeight(params: Params): number {
  const limit = Number(params.text("limit") ?? 500);
  if (limit <= 50) return 2;
  if (limit <= 100) return 5;
  return limit <= 500 ? 10 : 20;
}

function klineWeight(params: Params): number {
  const limit = Number(params.text("limit") ?? 500);
  if (limit < 100) return 1;
  if (limit < 500) return 2;
  return limit <= 1000 ? 5 : 10;
}
