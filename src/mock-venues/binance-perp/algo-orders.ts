/** The calls about conditional orders. May import this folder. */

import { badRequest } from "../binance/api-error.ts";
import type { Params } from "../binance/params.ts";
import type { JsonObject } from "../json.ts";
import {
  type AlgoOrder,
  algoJson,
  algoListedJson,
  algoQueriedJson,
  algoWsJson,
} from "./algo-records.ts";
import { readNewAlgoOrder } from "./new-order.ts";
import { requireStatus } from "./orders.ts";
import { pageOf, readWindow } from "./pages.ts";
import type { PerpVenue } from "./venue.ts";

export const ALGO_ID_PARAMS: readonly string[] = ["algoId", "clientAlgoId"];

const DEFAULT_LIMIT = 500;
const MAX_LIMIT = 1000;
const DONE = 200;

export function placeAlgoOrder(venue: PerpVenue, params: Params): JsonObject {
  return algoJson(place(venue, params));
}

/** As the WebSocket API answers. */
export function placeAlgoOrderWs(venue: PerpVenue, params: Params): JsonObject {
  return algoWsJson(place(venue, params));
}

export function cancelAlgoOrder({ algo }: PerpVenue, params: Params): JsonObject {
  const order = named({ algo }, params);
  if (order?.status !== "NEW") throw badRequest(-2011, "Unknown order sent.");
  algo.cancel(order);
  const { algoId, clientAlgoId } = order;
  return { algoId, clientAlgoId, code: DONE.toString(), msg: "success" };
}

export function cancelAllAlgoOrders(venue: PerpVenue, params: Params): JsonObject {
  const { symbol } = venue.listing(params.symbol()).market.instrument;
  for (const order of venue.algo.records.waiting()) {
    if (order.instrument.symbol === symbol) venue.algo.cancel(order);
  }
  return { code: DONE, msg: "The operation of cancel all open order is done." };
}

export function algoOrderStatus({ algo }: PerpVenue, params: Params): JsonObject {
  const order = named({ algo }, params);
  if (order === undefined) throw badRequest(-2013, "Order does not exist.");
  return algoQueriedJson(order);
}

/** Of one symbol, or of all. */
export function openAlgoOrders(venue: PerpVenue, params: Params): readonly JsonObject[] {
  const symbol = params.has("symbol") ? params.symbol() : undefined;
  const algoId = params.integer("algoId");
  return venue.algo.records
    .waiting()
    .filter((order) => symbol === undefined || order.instrument.symbol === symbol)
    .filter((order) => algoId === undefined || order.algoId === algoId)
    .map((order) => algoListedJson(order));
}

export function allAlgoOrders(venue: PerpVenue, params: Params): readonly JsonObject[] {
  const { symbol } = venue.listing(params.symbol()).market.instrument;
  const fromId = params.integer("algoId");
  const limit = params.limit(DEFAULT_LIMIT, MAX_LIMIT);
  const { startMs, endMs } = readWindow(params);
  const orders = venue.algo.records
    .all()
    .filter((order) => order.instrument.symbol === symbol)
    .filter(({ algoId, createTimeMs }) =>
      fromId === undefined ? createTimeMs >= startMs && createTimeMs <= endMs : algoId >= fromId,
    );
  return pageOf(orders, limit, fromId !== undefined || startMs > 0).map((order) =>
    algoListedJson(order),
  );
}

function place(venue: PerpVenue, params: Params): AlgoOrder {
  const listing = venue.listing(params.symbol());
  const request = readNewAlgoOrder(venue, listing, params);
  requireStatus(listing, request.reduceOnly || request.closePosition);
  venue.countOrder();
  return venue.algo.place(listing, request);
}

function named({ algo }: Pick<PerpVenue, "algo">, params: Params): AlgoOrder | undefined {
  const algoId = params.integer("algoId");
  if (algoId !== undefined) return algo.records.find(algoId);
  const clientAlgoId = params.clientOrderId("clientAlgoId");
  if (clientAlgoId !== undefined) return algo.records.find(clientAlgoId);
  const what = "Param 'algoId' or 'clientAlgoId' must be sent";
  throw badRequest(-1102, `${what}, but both were empty/null!`);
}
