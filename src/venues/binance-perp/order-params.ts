/**
 * An order as the venue's request has it. Stops go by the Algo service, whose parameters have other
 * names. Pure; may import domain only.
 */

import type { Instrument } from "#domain/instrument.ts";
import type { OrderRequest } from "#domain/order.ts";
import type { RequestParams } from "../binance/signing.ts";

/** Of `order.place`. Of an order that ends at once the answer tells the end. */
export function orderParams(request: OrderRequest, instrument: Instrument): RequestParams {
  const { type, timeInForce, clientOrderId, priceTicks, quantityLots } = request;
  const isLimit = type === "limit";
  const endsAtOnce = !isLimit || timeInForce === "ioc";
  return {
    symbol: instrument.symbol,
    side: sideWord(request),
    type: isLimit ? "LIMIT" : "MARKET",
    ...(isLimit && { timeInForce: tifWord(request), price: instrument.priceString(priceTicks) }),
    quantity: instrument.sizeString(quantityLots),
    ...reduceOnly(request),
    newClientOrderId: clientOrderId,
    newOrderRespType: endsAtOnce ? "RESULT" : "ACK",
  };
}

/**
 * Of `algoOrder.place`. It fires by the last price: that is what the hedger watches and the book
 * shows, and what the simulated venues do; the mark price would lag behind it in a crash.
 */
export function stopParams(request: OrderRequest, instrument: Instrument): RequestParams {
  return {
    algoType: "CONDITIONAL",
    symbol: instrument.symbol,
    side: sideWord(request),
    type: "STOP_MARKET",
    quantity: instrument.sizeString(request.quantityLots),
    triggerPrice: instrument.priceString(request.priceTicks),
    workingType: "CONTRACT_PRICE",
    ...reduceOnly(request),
    clientAlgoId: request.clientOrderId,
  };
}

function sideWord({ side }: OrderRequest): "BUY" | "SELL" {
  return side === "buy" ? "BUY" : "SELL";
}

function tifWord({ postOnly, timeInForce }: OrderRequest): "GTX" | "GTC" | "IOC" {
  if (postOnly) return "GTX";
  return timeInForce === "ioc" ? "IOC" : "GTC";
}

/** A string, not a boolean; left out where it is false. */
function reduceOnly(request: OrderRequest): { readonly reduceOnly?: "true" } {
  return request.reduceOnly ? { reduceOnly: "true" } : {};
}
