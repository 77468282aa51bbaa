/**
 * What the venue would refuse, found before it is sent: every refusal costs one of the account's
 * counted requests, and one bad order may fail its whole batch. And the worst price of a market
 * order, which this venue knows as an IOC with a price. Pure; may import domain only.
 */

import type { Instrument } from "#domain/instrument.ts";
import type { OrderRequest, RejectReason } from "#domain/order.ts";
import { kindOf } from "./order-kinds.ts";

export interface Touch {
  readonly bidTicks: number;
  readonly askTicks: number;
}

export interface OrderRefusal {
  readonly reason: RejectReason;
  /** A sentence without its full stop. */
  readonly message: string;
}

/**
 * A market order may slip by a twentieth from the touch: it takes what a thin book has, and not
 * what is left of one that was just swept.
 */
const SLIP_DIVISOR = 20;

/**
 * The request with the price that it is sent with.
 * @param touch null: no book is known
 */
export function pricedRequest(
  request: OrderRequest,
  touch: Touch | null,
  instrument: Instrument,
): OrderRequest | OrderRefusal {
  const priced = request.type === "market" ? marketRequest(request, touch, instrument) : request;
  if ("reason" in priced) return priced;
  return refusalOfRequest(priced, instrument) ?? priced;
}

function marketRequest(
  request: OrderRequest,
  touch: Touch | null,
  instrument: Instrument,
): OrderRequest | OrderRefusal {
  if (touch === null) {
    return { reason: "other", message: "a market order needs a book, and there is none" };
  }
  const { bidTicks, askTicks } = touch;
  const priceTicks =
    request.side === "buy"
      ? instrument.floorTicks(askTicks + askTicks / SLIP_DIVISOR)
      : instrument.ceilTicks(bidTicks - bidTicks / SLIP_DIVISOR);
  return { ...request, priceTicks };
}

function refusalOfRequest(request: OrderRequest, instrument: Instrument): OrderRefusal | null {
  const { type, postOnly, reduceOnly, priceTicks, quantityLots } = request;
  if (postOnly && kindOf(request) !== "rests") {
    return { reason: "other", message: "an order cannot both rest only and take at once" };
  }
  if (type === "stop-market" && !reduceOnly && !instrument.canOpenByStop) {
    return { reason: "filter", message: "a stop may only reduce a position here" };
  }
  if (!instrument.isValidPrice(priceTicks)) {
    return { reason: "filter", message: `the price of ${priceTicks} ticks is not on the grid` };
  }
  if (!(Number.isSafeInteger(quantityLots) && quantityLots >= 1)) {
    return { reason: "filter", message: `a size of ${quantityLots} lots` };
  }
  if (reduceOnly || instrument.reachesMinimum(priceTicks, quantityLots)) return null;
  const size = instrument.sizeString(quantityLots);
  return { reason: "filter", message: `${size} is below the least size or value` };
}
