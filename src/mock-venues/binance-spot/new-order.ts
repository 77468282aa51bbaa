/**
 * What a request says of a new order, with the refusals that need no matching engine: parameters
 * by order type, filters, and types that this venue does not simulate. May import domain and this
 * folder.
 *
 * Not simulated, and refused in words of the real venue: stop, take-profit and trailing orders
 * (-1116), market orders by quote quantity, icebergs and pegged orders (-1013).
 */

import { type Decimal, decimal, ZERO } from "#domain/decimal.ts";
import { type ApiError, badRequest, missing } from "../binance/api-error.ts";
import type { Params } from "../binance/params.ts";
import { type Listing, type MockAccount, type NewOrder, positionOf } from "./account.ts";
import type { OrderDraft } from "./filters.ts";
import { ORDER_TYPES, TIMES_IN_FORCE } from "./order-records.ts";
import type { Venue } from "./venue.ts";

export type ResponseForm = "ACK" | "RESULT" | "FULL";

/** Parameters of `order.place`, and of the new leg of a cancel-replace. */
export const NEW_ORDER_PARAMS: readonly string[] = [
  "symbol",
  "side",
  "type",
  "timeInForce",
  "price",
  "quantity",
  "quoteOrderQty",
  "newClientOrderId",
  "newOrderRespType",
  "stopPrice",
  "trailingDelta",
  "icebergQty",
  "strategyId",
  "strategyType",
  "selfTradePreventionMode",
  "pegPriceType",
  "pegOffsetType",
  "pegOffsetValue",
];

const LEAST_STRATEGY_TYPE = 1_000_000;

/** What the filters look at, and the rest of the order. */
interface WantedOrder {
  readonly draft: OrderDraft;
  readonly timeInForce: NewOrder["timeInForce"];
  readonly clientOrderId: string;
  readonly stpMode: string;
}

/**
 * The new order of a request, as the matching engine may have it.
 * @throws {ApiError} -1102, -1106, -1111, -1116, … and -1013 where a filter fails
 */
export function readNewOrder(
  { account, randomId }: Venue,
  listing: Listing,
  params: Params,
): NewOrder {
  const wanted = readWanted(listing, params, randomId);
  const { draft } = wanted;
  const failure = filterRefusal(listing, account, draft);
  if (failure !== undefined) throw failure;
  const { instrument } = listing.market;
  return {
    clientOrderId: wanted.clientOrderId,
    side: draft.side,
    type: draft.type,
    timeInForce: wanted.timeInForce,
    priceTicks: draft.price === null ? 0 : instrument.ticksOf(draft.price.toFixed()),
    quantityLots: instrument.lotsOf(draft.quantity.toFixed()),
    stpMode: wanted.stpMode,
    strategyId: params.integer("strategyId"),
    strategyType: readStrategyType(params),
  };
}

/** How much the answer to placing shall say. @throws {ApiError} */
export function readResponseForm(params: Params): ResponseForm {
  const error = [-1130, "Data sent for parameter 'newOrderRespType' is not valid."] as const;
  const asked = params.oneOf("newOrderRespType", ["ACK", "RESULT", "FULL"], error);
  if (asked !== undefined) return asked;
  return params.text("type") === "LIMIT_MAKER" ? "ACK" : "FULL";
}

/** What filters compare prices with: the average, or the last price where there is none. */
export function referencePriceOf({ market }: Listing): Decimal {
  const average = decimal(market.averagePrice());
  return average.gt(ZERO) ? average : decimal(market.lastPrice());
}

function readWanted(listing: Listing, params: Params, randomId: () => string): WantedOrder {
  const side = params.oneOf("side", ["BUY", "SELL"], [-1117, "Invalid side."]);
  if (side === undefined) throw missing("side");
  params.requiredText("type");
  const type = params.oneOf("type", ORDER_TYPES, [-1116, "Invalid orderType."]);
  if (type === undefined || !listing.filters.orderTypes.includes(type)) {
    throw badRequest(-1116, "Invalid orderType.");
  }
  refuseUnsupported(params);
  const timeInForce = readTimeInForce(params, type);
  const price = readPrice(params, type);
  const quantity = readQuantity(params, type);
  const clientOrderId = params.clientOrderId("newClientOrderId") ?? randomId();
  const stpMode = readStpMode(listing, params);
  return { draft: { side, type, price, quantity }, timeInForce, clientOrderId, stpMode };
}

function refuseUnsupported(params: Params): void {
  for (const name of ["stopPrice", "trailingDelta"]) {
    if (params.has(name)) throw notRequired(name);
  }
  if (params.has("icebergQty")) {
    throw badRequest(-1013, "Iceberg orders are not supported for this symbol.");
  }
  if (params.has("pegPriceType")) {
    throw badRequest(-1013, "Pegged orders are not supported for this symbol.");
  }
}

function readTimeInForce(params: Params, type: NewOrder["type"]): NewOrder["timeInForce"] {
  if (type !== "LIMIT") {
    if (params.has("timeInForce")) throw notRequired("timeInForce");
    return "GTC";
  }
  const word = params.oneOf("timeInForce", TIMES_IN_FORCE, [-1115, "Invalid timeInForce."]);
  if (word === undefined) throw missing("timeInForce");
  return word;
}

function readPrice(params: Params, type: NewOrder["type"]): Decimal | null {
  if (type !== "MARKET") return params.requiredAmount("price");
  if (params.has("price")) throw notRequired("price");
  return null;
}

function readQuantity(params: Params, type: NewOrder["type"]): Decimal {
  if (params.has("quoteOrderQty")) {
    if (type !== "MARKET") throw notRequired("quoteOrderQty");
    const message = "Quote order qty market orders are not support for this symbol.";
    throw badRequest(-1013, message);
  }
  return params.requiredAmount("quantity");
}

function readStpMode({ filters }: Listing, params: Params): string {
  const mode = params.text("selfTradePreventionMode");
  if (mode === undefined) return filters.defaultStpMode;
  if (filters.stpModes.includes(mode)) return mode;
  const message = "This symbol does not allow the specified self-trade prevention mode.";
  throw badRequest(-1013, message);
}

function readStrategyType(params: Params): number | undefined {
  const strategyType = params.integer("strategyType");
  if (strategyType !== undefined && strategyType < LEAST_STRATEGY_TYPE) {
    throw badRequest(-1134, "strategyType was less than 1000000.");
  }
  return strategyType;
}

function filterRefusal(
  listing: Listing,
  account: MockAccount,
  draft: OrderDraft,
): ApiError | undefined {
  return listing.filters.refusal(draft, {
    referencePrice: referencePriceOf(listing),
    openOrders: listing.records.openOrders().length,
    position: positionOf(listing, account.wallet),
  });
}

function notRequired(name: string): ApiError {
  return badRequest(-1106, `Parameter '${name}' sent when not required.`);
}
