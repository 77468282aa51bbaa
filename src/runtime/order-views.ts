/** Open orders as others see them. Pure. */

import type { Instrument } from "#domain/instrument.ts";
import type { ManagedOrder } from "#engine/managed-order.ts";
import type { OrderManager } from "#engine/order-manager.ts";
import type { OrderView } from "./pair-status.ts";

/** Bids and then asks, nearest to the mid first. */
export function ordersOf(orders: OrderManager, instrument: Instrument): OrderView[] {
  const all = [...orders.live.values()];
  all.sort((a, b) => rankOf(a) - rankOf(b));
  return all.map((order) => ({
    clientOrderId: order.clientOrderId,
    side: order.side,
    price: instrument.priceString(order.priceTicks),
    size: instrument.sizeString(order.quantityLots),
    filled: instrument.sizeString(order.filledLots),
    status: order.status,
  }));
}

function rankOf({ side, priceTicks }: ManagedOrder): number {
  return side === "buy" ? -priceTicks : priceTicks;
}
