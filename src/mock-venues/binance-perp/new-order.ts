/**
 * What a request says of a new order, plain or conditional, with the refusals that need no matching
 * engine: parameters by order type, position side, filters, and what this venue does not simulate.
 * May import domain and this folder.
 *
 * Not simulated, and refused in words of the real venue: trailing stops (-1116), orders matched to
 * the book by `priceMatch` (-4188), with a date (`GTD`) or for retail only (`RPI`, both -1115), and
 * any order in hedge mode.
 */

import { NO_TICKS } from "#domain/book.ts";
import type { Decimal } from "#domain/decimal.ts";
import { badRequest, missing } from "../binance/api-error.ts";
import type { Params } from "../binance/params.ts";
import { ALGO_TYPES, type NewAlgoOrder, WORKING_TYPES } from "./algo-records.ts";
import type { FilterContext } from "./filters.ts";
import type { Listing } from "./listing.ts";
import { type NewOrder, TIMES_IN_FORCE } from "./order-records.ts";
import type { PerpVenue } from "./venue.ts";

/** Parameters of `order.place`. */
export const NEW_ORDER_PARAMS: readonly string[] = [
  "symbol",
  "side",
  "positionSide",
  "type",
  "timeInForce",
  "quantity",
  "reduceOnly",
  "price",
  "newClientOrderId",
  "newOrderRespType",
  "priceMatch",
  "selfTradePreventionMode",
  "goodTillDate",
  // Of the conditional types, which are refused by name.
  "stopPrice",
  "closePosition",
  "activationPrice",
  "callbackRate",
  "workingType",
  "priceProtect",
];

/** Parameters of `algoOrder.place`. */
export const NEW_ALGO_PARAMS: readonly string[] = [
  "algoType",
  "symbol",
  "side",
  "positionSide",
  "type",
  "timeInForce",
  "quantity",
  "price",
  "triggerPrice",
  "workingType",
  "priceMatch",
  "closePosition",
  "priceProtect",
  "reduceOnly",
  "activatePrice",
  "callbackRate",
  "clientAlgoId",
  "newOrderRespType",
  "selfTradePreventionMode",
  "goodTillDate",
];

const CONDITIONAL: ReadonlySet<string> = new Set([...ALGO_TYPES, "TRAILING_STOP_MARKET"]);
const STP_MODES = ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "NONE"] as const;
const USUAL_STP = "EXPIRE_MAKER";

/**
 * The new order of a request, as the matching engine may have it.
 * @throws {ApiError} -1102, -1106, -1116, -4120, -4061, … or what a filter says
 */
export function readNewOrder(venue: PerpVenue, listing: Listing, params: Params): NewOrder {
  const side = readSide(params);
  const isBuy = side === "BUY";
  const type = readType(params);
  requireOneWay(venue, params);
  refuseUnsupported(params);
  const isMarket = type === "MARKET";
  const timeInForce = isMarket ? readNoTime(params) : readTimeInForce(params);
  const price = isMarket ? readNoPrice(params) : params.requiredAmount("price");
  const quantity = params.requiredAmount("quantity");
  const reduceOnly = params.flag("reduceOnly");
  const clientOrderId = params.clientOrderId("newClientOrderId") ?? venue.randomId();
  const draft = { isBuy, price, quantity, reduceOnly };
  const failure = listing.filters.refusal(draft, filterContextOf(listing, isBuy));
  if (failure !== undefined) throw failure;
  const { instrument } = listing.market;
  return {
    clientOrderId,
    side,
    type,
    timeInForce,
    priceTicks: price === null ? 0 : instrument.ticksOf(price.toFixed()),
    quantityLots: instrument.lotsOf(quantity.toFixed()),
    reduceOnly,
    stpMode: readStpMode(params),
    algo: null,
  };
}

/** @throws {ApiError} as `readNewOrder` does */
export function readNewAlgoOrder(venue: PerpVenue, listing: Listing, params: Params): NewAlgoOrder {
  const invalidAlgo = [-1130, "Data sent for parameter 'algoType' is not valid."] as const;
  if (params.oneOf("algoType", ["CONDITIONAL"], invalidAlgo) === undefined) {
    throw missing("algoType");
  }
  const side = readSide(params);
  params.requiredText("type");
  const type = params.oneOf("type", ALGO_TYPES, [-1116, "Invalid orderType."]);
  if (type === undefined) throw missing("type");
  requireOneWay(venue, params);
  refuseUnsupported(params);
  const isMarket = type === "STOP_MARKET" || type === "TAKE_PROFIT_MARKET";
  const price = isMarket ? readNoPrice(params) : params.requiredAmount("price");
  const triggerPrice = params.requiredAmount("triggerPrice");
  const { quantity, closePosition, reduceOnly } = readExtent(params, isMarket);
  const { filters, market } = listing;
  const failure =
    filters.priceRefusal(triggerPrice) ??
    (price === null ? undefined : filters.priceRefusal(price)) ??
    (quantity === null ? undefined : filters.quantityRefusal(quantity, isMarket));
  if (failure !== undefined) throw failure;
  const { instrument } = market;
  return {
    clientAlgoId: params.clientOrderId("clientAlgoId") ?? venue.randomId(),
    side,
    type,
    timeInForce: params.has("timeInForce") ? readTimeInForce(params) : "GTC",
    quantityLots: quantity === null ? 0 : instrument.lotsOf(quantity.toFixed()),
    priceTicks: price === null ? 0 : instrument.ticksOf(price.toFixed()),
    triggerTicks: instrument.ticksOf(triggerPrice.toFixed()),
    workingType: readWorkingType(params),
    reduceOnly,
    closePosition,
    priceProtect: params.flag("priceProtect"),
    stpMode: readStpMode(params),
  };
}

/** What filters compare prices with. */
export function filterContextOf({ market }: Listing, isBuy: boolean): FilterContext {
  const opposite = market.oppositeTicks(isBuy);
  const { instrument, mark } = market;
  return { mark, opposite: opposite === NO_TICKS ? null : instrument.price(opposite) };
}

/** Whether the answer waits for what comes of the order. @throws {ApiError} -1130 */
export function readIsResult(params: Params): boolean {
  const error = [-1130, "Data sent for parameter 'newOrderRespType' is not valid."] as const;
  return params.oneOf("newOrderRespType", ["ACK", "RESULT"], error) === "RESULT";
}

function readSide(params: Params): "BUY" | "SELL" {
  const side = params.oneOf("side", ["BUY", "SELL"], [-1117, "Invalid side."]);
  if (side === undefined) throw missing("side");
  return side;
}

function readType(params: Params): NewOrder["type"] {
  const text = params.requiredText("type");
  if (CONDITIONAL.has(text)) {
    const advice = "Please use the Algo Order API endpoints instead.";
    const words = `Order type not supported for this endpoint. ${advice}`;
    throw badRequest(-4120, words);
  }
  for (const name of ["stopPrice", "closePosition", "activationPrice", "callbackRate"]) {
    if (params.has(name)) throw notRequired(name);
  }
  const type = params.oneOf("type", ["LIMIT", "MARKET"], [-1116, "Invalid orderType."]);
  if (type === undefined) throw missing("type");
  return type;
}

function requireOneWay({ account }: PerpVenue, params: Params): void {
  const error = [-1130, "Data sent for parameter 'positionSide' is not valid."] as const;
  const positionSide = params.oneOf("positionSide", ["BOTH", "LONG", "SHORT"], error) ?? "BOTH";
  if (account.isDualSide !== (positionSide !== "BOTH")) {
    throw badRequest(-4061, "Order's position side does not match user's setting.");
  }
  if (!account.isDualSide) return;
  throw badRequest(-1020, "The mock venue takes no orders in hedge mode.");
}

function refuseUnsupported(params: Params): void {
  const match = params.text("priceMatch");
  if (match !== undefined && match !== "NONE") {
    throw badRequest(-4188, "Price match is not supported by the mock venue.");
  }
  if (params.has("activatePrice") || params.has("callbackRate")) {
    throw notRequired("callbackRate");
  }
}

function readTimeInForce(params: Params): NewOrder["timeInForce"] {
  const error = [-1115, "Invalid timeInForce."] as const;
  const word = params.oneOf("timeInForce", TIMES_IN_FORCE, error);
  if (word === undefined) throw missing("timeInForce");
  return word;
}

function readNoTime(params: Params): "GTC" {
  if (params.has("timeInForce")) throw notRequired("timeInForce");
  return "GTC";
}

function readNoPrice(params: Params): null {
  if (params.has("price")) throw notRequired("price");
  return null;
}

/** How much a conditional order is of, and whether it may open a position. */
function readExtent(params: Params, isMarket: boolean) {
  const reduceOnly = params.flag("reduceOnly");
  if (!params.flag("closePosition")) {
    const quantity: Decimal | null = params.requiredAmount("quantity");
    return { quantity, closePosition: false, reduceOnly };
  }
  for (const name of ["quantity", "reduceOnly"]) {
    if (params.has(name)) throw notRequired(name);
  }
  if (!isMarket) throw notRequired("closePosition");
  return { quantity: null, closePosition: true, reduceOnly: false };
}

function readWorkingType(params: Params): NewAlgoOrder["workingType"] {
  const error = [-1130, "Data sent for parameter 'workingType' is not valid."] as const;
  return params.oneOf("workingType", WORKING_TYPES, error) ?? "CONTRACT_PRICE";
}

function readStpMode(params: Params): string {
  const error = [-1130, "Data sent for parameter 'selfTradePreventionMode' is not valid."] as const;
  return params.oneOf("selfTradePreventionMode", STP_MODES, error) ?? USUAL_STP;
}

function notRequired(name: string) {
  return badRequest(-1106, `Parameter '${name}' sent when not required.`);
}
