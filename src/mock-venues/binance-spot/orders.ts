/**
 * The calls that change orders: place, test, cancel, cancel all, cancel-replace and amend, with the
 * documented answers and refusals of each. May import domain, sim and this folder.
 */

import { messageOf } from "#domain/errors.ts";
import { ApiError, badRequest } from "../binance/api-error.ts";
import { isOpen } from "../binance/order-records.ts";
import type { Params } from "../binance/params.ts";
import type { JsonObject } from "../json.ts";
import type { Listing, MockAccount } from "./account.ts";
import { NEW_ORDER_PARAMS, readNewOrder, readResponseForm, referencePriceOf } from "./new-order.ts";
import { amendedJson, canceledJson, type MockOrder, placedJson } from "./order-records.ts";
import type { Venue } from "./venue.ts";

export const CANCEL_PARAMS: readonly string[] = [
  "symbol",
  "orderId",
  "origClientOrderId",
  "newClientOrderId",
  "cancelRestrictions",
];

export const REPLACE_PARAMS: readonly string[] = [
  ...NEW_ORDER_PARAMS,
  "cancelReplaceMode",
  "cancelOrderId",
  "cancelOrigClientOrderId",
  "cancelNewClientOrderId",
  "cancelRestrictions",
  "orderRateLimitExceededMode",
];

export const AMEND_PARAMS: readonly string[] = [
  "symbol",
  "orderId",
  "origClientOrderId",
  "newClientOrderId",
  "newQty",
];

const UNKNOWN_ORDER = "Unknown order sent.";

export function placeOrder(venue: Venue, params: Params): JsonObject {
  const listing = venue.listing(params.symbol());
  const form = readResponseForm(params);
  const request = readNewOrder(venue, listing, params);
  const exceeded = venue.limits.ordersExceeded();
  if (exceeded !== undefined) throw exceeded;
  venue.limits.countOrder();
  return placedJson(sent(venue.account, listing, request), form);
}

/** Checks everything but market and money, and does nothing. */
export function testOrder(venue: Venue, params: Params): JsonObject {
  const listing = venue.listing(params.symbol());
  readResponseForm(params);
  readNewOrder(venue, listing, params);
  if (!params.flag("computeCommissionRates")) return {};
  const { makerFeeRate, takerFeeRate } = listing.market.instrument;
  const none = { maker: "0.00000000", taker: "0.00000000" };
  return {
    standardCommissionForOrder: { maker: makerFeeRate.toFixed(8), taker: takerFeeRate.toFixed(8) },
    specialCommissionForOrder: none,
    taxCommissionForOrder: none,
    discount: {
      enabledForAccount: false,
      enabledForSymbol: false,
      discountAsset: "BNB",
      discount: "0.00000000",
    },
  };
}

export function cancelOrder(venue: Venue, params: Params): JsonObject {
  const listing = venue.listing(params.symbol());
  const wanted = {
    orderId: params.integer("orderId"),
    clientOrderId: params.clientOrderId("origClientOrderId"),
    newClientOrderId: params.clientOrderId("newClientOrderId"),
    restrictions: readRestrictions(params),
  };
  if (wanted.orderId === undefined && wanted.clientOrderId === undefined) {
    throw neitherId("origClientOrderId", "orderId");
  }
  return cancelOne(venue, listing, wanted);
}

/** Whatever is open on the symbol, whoever placed it. */
export function cancelAllOrders(venue: Venue, params: Params): readonly JsonObject[] {
  const listing = venue.listing(params.symbol());
  const orders = listing.records.openOrders();
  if (orders.length === 0) throw badRequest(-2011, UNKNOWN_ORDER);
  return orders.map((order) => {
    return cancelOne(venue, listing, { ...NO_WISHES, orderId: order.orderId });
  });
}

/** Two legs, not atomic: the second is tried or not by the mode where the first fails. */
export function replaceOrder(venue: Venue, params: Params): JsonObject {
  const listing = venue.listing(params.symbol());
  const wanted = readReplace(params);
  const form = readResponseForm(params);
  const request = readNewOrder(venue, listing, params);
  const exceeded = venue.limits.ordersExceeded();
  if (exceeded !== undefined && wanted.ifExceeded !== "CANCEL_ONLY") throw exceeded;
  // Counted before either leg, and also where the second is not attempted.
  if (exceeded === undefined) venue.limits.countOrder();
  const cancel = legOf(() => cancelOne(venue, listing, wanted));
  const isStopped = wanted.mode === "STOP_ON_FAILURE" && cancel.result === "FAILURE";
  const place: Leg = isStopped
    ? { result: "NOT_ATTEMPTED", response: null }
    : legOf(() => {
        if (exceeded !== undefined) throw exceeded;
        return placedJson(sent(venue.account, listing, request), form);
      });
  const legs = {
    cancelResult: cancel.result,
    newOrderResult: place.result,
    cancelResponse: cancel.response,
    newOrderResponse: place.response,
  };
  if (cancel.result === "SUCCESS" && place.result === "SUCCESS") return legs;
  const isPartial = cancel.result === "SUCCESS" || place.result === "SUCCESS";
  const isLimit = exceeded !== undefined && wanted.mode === "STOP_ON_FAILURE";
  const [status, code, words] = isPartial
    ? ([409, -2021, "partially failed"] as const)
    : ([400, -2022, "failed"] as const);
  throw new ApiError(isLimit ? 429 : status, code, `Order cancel-replace ${words}.`, {
    data: legs,
    ...(isLimit && exceeded.retryAtMs !== undefined ? { retryAtMs: exceeded.retryAtMs } : {}),
  });
}

/** Lowers the quantity; the order keeps its place in the queue. */
export function amendOrder(venue: Venue, params: Params): JsonObject {
  const listing = venue.listing(params.symbol());
  const orderId = params.integer("orderId");
  const clientOrderId = params.clientOrderId("origClientOrderId");
  const newQuantity = params.requiredAmount("newQty");
  const newClientOrderId = params.clientOrderId("newClientOrderId") ?? venue.randomId();
  if (orderId === undefined && clientOrderId === undefined) {
    throw neitherId("origClientOrderId", "orderId");
  }
  const order = openOrder(listing, orderId, clientOrderId);
  if (order === undefined) throw badRequest(-2038, UNKNOWN_ORDER);
  if (listing.market.status === "BREAK") throw badRequest(-2038, "Market is closed.");
  if (order.amendments >= listing.filters.maxAmendments) {
    throw badRequest(-2038, "Order amend rejected: MAX_NUM_ORDER_AMENDS.");
  }
  const { side, type, priceTicks } = order;
  const { instrument } = listing.market;
  const draft = { side, type, price: instrument.price(priceTicks), quantity: newQuantity };
  const failure = listing.filters.amendRefusal(draft, referencePriceOf(listing));
  if (failure !== undefined) throw failure;
  const lots = instrument.lotsOf(newQuantity.toFixed());
  if (lots === order.quantityLots) {
    throw badRequest(-2038, "The requested action would change no state; rejecting.");
  }
  if (lots > order.quantityLots) {
    throw badRequest(-2038, "Order amend (quantity increase) is not supported.");
  }
  if (lots <= order.filledLots) {
    throw badRequest(-2038, "Order amend rejected: the quantity is filled already.");
  }
  const isTaken = newClientOrderId !== order.clientOrderId;
  if (isTaken && listing.records.hasOpenClientId(newClientOrderId)) {
    throw badRequest(-2038, "Duplicate order sent.");
  }
  const origClientOrderId = order.clientOrderId;
  venue.account.amend(listing, order, lots, newClientOrderId);
  return {
    transactTime: order.updateTimeMs,
    executionId: venue.account.executionId,
    amendedOrder: amendedJson(order, origClientOrderId),
  };
}

interface Leg {
  readonly result: "SUCCESS" | "FAILURE" | "NOT_ATTEMPTED";
  readonly response: JsonObject | null;
}

function legOf(attempt: () => JsonObject): Leg {
  try {
    return { result: "SUCCESS", response: attempt() };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { result: "FAILURE", response: { code: error.code, msg: messageOf(error) } };
  }
}

interface CancelWishes {
  readonly orderId: number | undefined;
  readonly clientOrderId: string | undefined;
  readonly newClientOrderId: string | undefined;
  readonly restrictions: "ONLY_NEW" | "ONLY_PARTIALLY_FILLED" | undefined;
}

const NO_WISHES: CancelWishes = {
  orderId: undefined,
  clientOrderId: undefined,
  newClientOrderId: undefined,
  restrictions: undefined,
};

function cancelOne(venue: Venue, listing: Listing, wanted: CancelWishes): JsonObject {
  if (listing.market.status === "BREAK") throw badRequest(-2011, "Market is closed.");
  const order = openOrder(listing, wanted.orderId, wanted.clientOrderId);
  if (order === undefined) throw badRequest(-2011, UNKNOWN_ORDER);
  const isNew = order.status === "NEW";
  const { restrictions } = wanted;
  if (restrictions !== undefined && isNew !== (restrictions === "ONLY_NEW")) {
    throw badRequest(-2011, "Order was not canceled due to cancel restrictions.");
  }
  const origClientOrderId = order.clientOrderId;
  venue.account.cancel(listing, order, wanted.newClientOrderId ?? venue.randomId());
  return canceledJson(order, origClientOrderId);
}

/** The open order that both ids, where given, name. */
function openOrder(
  { records }: Listing,
  orderId: number | undefined,
  clientOrderId: string | undefined,
): MockOrder | undefined {
  const order =
    orderId === undefined ? records.byClientId(clientOrderId ?? "") : records.byId(orderId);
  if (order === undefined || !isOpen(order)) return undefined;
  return clientOrderId === undefined || order.clientOrderId === clientOrderId ? order : undefined;
}

/** Places an order. @throws {ApiError} in the matching engine's words where it is refused */
function sent(
  account: MockAccount,
  listing: Listing,
  request: Parameters<MockAccount["place"]>[1],
): MockOrder {
  if (listing.market.status !== "TRADING") throw badRequest(-2010, "Market is closed.");
  if (listing.records.hasOpenClientId(request.clientOrderId)) {
    throw badRequest(-2010, "Duplicate order sent.");
  }
  const order = account.place(listing, request);
  if (order.refusal === null) return order;
  switch (order.refusal.reason) {
    case "would-cross":
      throw badRequest(-2010, "Order would immediately match and take.");
    case "insufficient-balance":
      throw badRequest(-2010, "Account has insufficient balance for requested action.");
    case "too-many-orders":
      throw badRequest(-1013, "Filter failure: MAX_NUM_ORDERS");
    case "filter":
    case "throttled":
    case "unknown-order":
    case "reduce-only":
    case "duplicate-id":
    case "other":
      throw badRequest(-2010, order.refusal.message);
  }
}

interface ReplaceWishes extends CancelWishes {
  readonly mode: "STOP_ON_FAILURE" | "ALLOW_FAILURE";
  readonly ifExceeded: "DO_NOTHING" | "CANCEL_ONLY";
}

function readReplace(params: Params): ReplaceWishes {
  params.requiredText("cancelReplaceMode");
  const orderId = params.integer("cancelOrderId");
  const clientOrderId = params.clientOrderId("cancelOrigClientOrderId");
  if (orderId === undefined && clientOrderId === undefined) {
    throw neitherId("cancelOrigClientOrderId", "cancelOrderId");
  }
  return {
    orderId,
    clientOrderId,
    newClientOrderId: params.clientOrderId("cancelNewClientOrderId"),
    restrictions: readRestrictions(params),
    mode:
      params.oneOf(
        "cancelReplaceMode",
        ["STOP_ON_FAILURE", "ALLOW_FAILURE"],
        [-1130, "Data sent for parameter 'cancelReplaceMode' is not valid."],
      ) ?? "STOP_ON_FAILURE",
    ifExceeded:
      params.oneOf(
        "orderRateLimitExceededMode",
        ["DO_NOTHING", "CANCEL_ONLY"],
        [-1130, "Data sent for parameter 'orderRateLimitExceededMode' is not valid."],
      ) ?? "DO_NOTHING",
  };
}

function readRestrictions(params: Params): CancelWishes["restrictions"] {
  return params.oneOf(
    "cancelRestrictions",
    ["ONLY_NEW", "ONLY_PARTIALLY_FILLED"],
    [-1145, "`cancelRestrictions` has to be either `ONLY_NEW` or `ONLY_PARTIALLY_FILLED`."],
  );
}

function neitherId(one: string, other: string): ApiError {
  const what = `Param '${one}' or '${other}' must be sent, but both were empty/null!`;
  return badRequest(-1102, what);
}
