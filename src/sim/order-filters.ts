/**
 * The venue's static rules for a new order: those that need no market and no money. Pure.
 */

import type { Instrument } from "#domain/instrument.ts";
import type { OrderRequest } from "#domain/order.ts";
import type { Refusal } from "./order-reports.ts";

/**
 * Why a venue would refuse this request whatever its market, or null.
 * @param marketTicks what a market order would be valued at; 0 where the book is empty
 */
export function filterRefusal(
  instrument: Instrument,
  request: OrderRequest,
  marketTicks: number,
): Refusal | null {
  const { type, priceTicks, quantityLots } = request;
  const isMarket = type === "market";
  const valueTicks = isMarket ? marketTicks : priceTicks;
  if (!Number.isSafeInteger(quantityLots) || quantityLots < instrument.minLots) {
    return filter(`size ${quantityLots} lots is below ${instrument.minLots} or no whole number`);
  }
  if (!isMarket && !instrument.isValidPrice(priceTicks)) {
    return filter(`price ${priceTicks} ticks is off the venue's grid`);
  }
  const units = valueTicks * quantityLots;
  if (!Number.isSafeInteger(units)) return filter("the order's value is too large");
  // A reducing order may be as small as the position that it closes.
  if (valueTicks > 0 && !request.reduceOnly && units < instrument.minNotionalUnits) {
    return filter(`value is below the least of ${instrument.minNotional.toFixed()}`);
  }
  return kindRefusal(instrument, request);
}

/** What the order's kind and its flags may not be together. */
function kindRefusal(instrument: Instrument, request: OrderRequest): Refusal | null {
  const { type } = request;
  if (request.postOnly && (type !== "limit" || request.timeInForce !== "gtc")) {
    return filter("only a resting limit order can be post-only");
  }
  if (type === "stop-market" && !request.reduceOnly && !instrument.canOpenByStop) {
    return filter("a stop order only closes here: it must be reduce-only");
  }
  if (request.reduceOnly && instrument.kind === "spot") {
    return { reason: "reduce-only", message: "spot has no position to reduce" };
  }
  return null;
}

function filter(message: string): Refusal {
  return { reason: "filter", message };
}
