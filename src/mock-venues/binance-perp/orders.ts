/**
 * The calls that change orders: place, modify, cancel, in batches, all of a symbol, and by a
 * countdown; with the documented answers and refusals. May import domain and this folder.
 */

import { messageOf } from "#domain/errors.ts";
import { ApiError, badRequest, missing } from "../binance/api-error.ts";
import { canFillAtOnce } from "../binance/fill-or-kill.ts";
import { isOpen } from "../binance/order-records.ts";
import type { Params } from "../binance/params.ts";
import type { OrderCost } from "../binance/rate-limits.ts";
import type { JsonObject } from "../json.ts";
import type { Listing } from "./listing.ts";
import { filterContextOf, readIsResult, readNewOrder } from "./new-order.ts";
import { acknowledgedJson, modifiedJson, orderJson } from "./order-json.ts";
import type { NewOrder, PerpOrder } from "./order-records.ts";
import type { PerpVenue } from "./venue.ts";

export const ID_PARAMS: readonly string[] = ["symbol", "orderId", "origClientOrderId"];
export const MODIFY_PARAMS: readonly string[] = [
  ...ID_PARAMS,
  "side",
  "quantity",
  "price",
  "priceMatch",
  "modifyId",
  "reduceOnly",
];

const UNKNOWN_ORDER = "Unknown order sent.";
const MAX_BATCH = 5;
const MAX_BATCH_CANCELS = 10;
const MAX_MODIFICATIONS = 10_000;
const DONE = 200;
/** A batch counts each order in ten seconds, and for one in a minute. */
const BATCH_COST: OrderCost = ({ interval }) => (interval === "SECOND" ? MAX_BATCH : 1);

export function placeOrder(venue: PerpVenue, params: Params): JsonObject {
  venue.countOrder();
  return placeOne(venue, params);
}

export function placeBatch(venue: PerpVenue, params: Params): readonly JsonObject[] {
  const orders = params.objects("batchOrders");
  if (orders === undefined || orders.length === 0) throw missing("batchOrders");
  if (orders.length > MAX_BATCH) throw badRequest(-4082, `Invalid number of batch place orders.`);
  venue.countOrder(BATCH_COST);
  return orders.map((order) => attempt(() => placeOne(venue, order)));
}

export function cancelOrder(venue: PerpVenue, params: Params): JsonObject {
  const listing = venue.listing(params.symbol());
  return cancelOne(listing, openOrderOf(listing, params), venue);
}

export function cancelBatch(venue: PerpVenue, params: Params): readonly JsonObject[] {
  const listing = venue.listing(params.symbol());
  const orderIds = params.integers("orderIdList");
  const clientIds = params.list("origClientOrderIdList");
  const ids: readonly (number | string)[] = orderIds ?? clientIds ?? [];
  if (ids.length === 0) throw missing("orderIdList");
  if (ids.length > MAX_BATCH_CANCELS) {
    throw badRequest(-4082, "Invalid number of batch cancel orders.");
  }
  const { records } = listing;
  return ids.map((id) =>
    attempt(() => {
      const order = typeof id === "number" ? records.byId(id) : records.byClientId(id);
      return cancelOne(listing, order, venue);
    }),
  );
}

/** Every order of the symbol that is in the book: conditional ones are not, and stay. */
export function cancelAllOrders(venue: PerpVenue, params: Params): JsonObject {
  const listing = venue.listing(params.symbol());
  requireOpenMarket(listing);
  cancelOpen(venue, listing);
  return { code: DONE, msg: "The operation of cancel all open order is done." };
}

export function cancelOpen({ account }: PerpVenue, listing: Listing): void {
  for (const order of listing.records.openOrders()) account.cancel(listing, order);
}

/** Cancels the symbol's orders unless it is called again in time; 0 calls it off. */
export function countdownCancelAll(venue: PerpVenue, params: Params): JsonObject {
  const listing = venue.listing(params.symbol());
  const countdownTime = params.integer("countdownTime");
  if (countdownTime === undefined) throw missing("countdownTime");
  const { symbol } = listing.market.instrument;
  venue.countdowns.set(symbol, countdownTime, () => {
    listing.market.advanceToNow();
    cancelOpen(venue, listing);
  });
  return { symbol, countdownTime: countdownTime.toString() };
}

/** The order loses its place in the queue. */
export function modifyOrder(venue: PerpVenue, params: Params): JsonObject {
  venue.countOrder();
  const listing = venue.listing(params.symbol());
  requireOpenMarket(listing);
  const order = openOrderOf(listing, params);
  if (order === undefined || !isOpen(order)) throw badRequest(-2013, "Order does not exist.");
  const change = readChange(listing, order, params);
  requireMargin(listing, order, change);
  order.modifyId = params.integer("modifyId");
  venue.account.modify(listing, order, change.priceTicks, change.quantityLots);
  return modifiedJson(order);
}

interface Change {
  readonly priceTicks: number;
  readonly quantityLots: number;
}

function readChange(listing: Listing, order: PerpOrder, params: Params): Change {
  const side = params.oneOf("side", ["BUY", "SELL"], [-1117, "Invalid side."]);
  if (side === undefined) throw missing("side");
  if (side !== order.side) throw badRequest(-5023, "The side cannot be modified.");
  const price = params.requiredAmount("price");
  const quantity = params.requiredAmount("quantity");
  const { reduceOnly } = order;
  if (params.has("reduceOnly") && params.flag("reduceOnly") !== reduceOnly) {
    throw badRequest(-5047, "The reduceOnly of an order cannot be modified.");
  }
  const isBuy = side === "BUY";
  const draft = { isBuy, price, quantity, reduceOnly };
  const failure = listing.filters.refusal(draft, filterContextOf(listing, isBuy));
  if (failure !== undefined) throw failure;
  const { instrument } = listing.market;
  const priceTicks = instrument.ticksOf(price.toFixed());
  const quantityLots = instrument.lotsOf(quantity.toFixed());
  if (priceTicks === order.priceTicks && quantityLots === order.quantityLots) {
    throw badRequest(-5027, "No need to modify the order.");
  }
  if (order.modifications >= MAX_MODIFICATIONS) {
    throw badRequest(-5026, "Exceed maximum modify order limit.");
  }
  return { priceTicks, quantityLots };
}

/** What the change costs more than the order does has to be there before anything is touched. */
function requireMargin({ market }: Listing, order: PerpOrder, change: Change): void {
  const { filledLots } = order;
  if (order.reduceOnly) return;
  const before = order.priceTicks * (order.quantityLots - filledLots);
  const after = change.priceTicks * Math.max(0, change.quantityLots - filledLots);
  const side = order.side === "BUY" ? "buy" : "sell";
  const { exchange, markTicks } = market;
  const isCovered = exchange.account.canAfford(side, 0, Math.max(0, after - before), markTicks);
  if (!isCovered) throw badRequest(-2019, "Margin is insufficient.");
}

function placeOne(venue: PerpVenue, params: Params): JsonObject {
  const listing = venue.listing(params.symbol());
  const isResult = readIsResult(params);
  const request = readNewOrder(venue, listing, params);
  const order = sent(venue, listing, request);
  // What rests may be filled at once as well: the answer to it does not say so.
  const isFinal = order.type === "MARKET" || ["IOC", "FOK"].includes(order.timeInForce);
  return isResult && isFinal ? orderJson(order) : acknowledgedJson(order);
}

/** Places an order. @throws {ApiError} in the venue's words where it is refused */
function sent(venue: PerpVenue, listing: Listing, request: NewOrder): PerpOrder {
  requireStatus(listing, request.reduceOnly);
  if (listing.records.hasOpenClientId(request.clientOrderId)) {
    throw badRequest(-4116, "ClientOrderId is duplicated.");
  }
  requireSize(venue, listing, request);
  if (request.timeInForce === "FOK" && !canFillAtOnce(listing.market, request)) {
    const words = "the order will be canceled.";
    throw badRequest(-5021, `Due to the order could not be filled immediately, ${words}`);
  }
  const order = venue.account.place(listing, request);
  if (order.refusal === null) return order;
  switch (order.refusal.reason) {
    case "would-cross": {
      const words = "the order will be canceled.";
      throw badRequest(-5022, `Due to the order could not be executed as maker, ${words}`);
    }
    case "insufficient-balance":
      throw badRequest(-2019, "Margin is insufficient.");
    case "reduce-only":
      throw badRequest(-2022, "ReduceOnly Order is rejected.");
    case "too-many-orders":
      throw badRequest(-2025, "Reach max open order limit.");
    case "filter":
    case "throttled":
    case "unknown-order":
    case "duplicate-id":
    case "other":
      throw badRequest(-2010, order.refusal.message);
  }
}

/** A position may be worth so much at its leverage. */
function requireSize({ account }: PerpVenue, listing: Listing, request: NewOrder): void {
  if (request.reduceOnly) return;
  const { exchange, markTicks, instrument } = listing.market;
  const signedLots = request.side === "BUY" ? request.quantityLots : -request.quantityLots;
  const before = exchange.account.positionLots;
  const after = before + signedLots;
  if (Math.abs(after) <= Math.abs(before)) return;
  const value = Number(instrument.notional(markTicks, Math.abs(after)).toFixed());
  if (value <= account.margins.maxNotional(listing)) return;
  throw badRequest(-2027, "Exceeded the maximum allowable position at current leverage.");
}

function cancelOne(
  listing: Listing,
  order: PerpOrder | undefined,
  { account }: PerpVenue,
): JsonObject {
  requireOpenMarket(listing);
  if (order === undefined || !isOpen(order)) throw badRequest(-2011, UNKNOWN_ORDER);
  account.cancel(listing, order);
  return orderJson(order);
}

/** The order that the ids name; the order id decides where both are there. */
function openOrderOf({ records }: Listing, params: Params): PerpOrder | undefined {
  const orderId = params.integer("orderId");
  const clientOrderId = params.clientOrderId("origClientOrderId");
  if (orderId !== undefined) return records.byId(orderId);
  if (clientOrderId !== undefined) return records.byClientId(clientOrderId);
  const what = "Param 'origClientOrderId' or 'orderId' must be sent";
  throw badRequest(-1102, `${what}, but both were empty/null!`);
}

export function requireStatus(listing: Listing, reduceOnly: boolean): void {
  requireOpenMarket(listing);
  if (listing.market.status === "TRADING" || reduceOnly) return;
  throw badRequest(-4140, "Invalid symbol status for opening position.");
}

function requireOpenMarket({ market }: Listing): void {
  if (market.status === "CLOSE") throw badRequest(-4141, "Symbol is closed.");
}

/** One of a batch: its answer, or what is wrong with it. */
function attempt(call: () => JsonObject): JsonObject {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { code: error.code, msg: messageOf(error) };
  }
}
