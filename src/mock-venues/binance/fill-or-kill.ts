/** The condition of fill-or-kill, which the simulated exchange does not know. */

import { NO_TICKS } from "#domain/book.ts";
import type { SimExchange } from "#sim/sim-exchange.ts";
import type { OwnOrder } from "./order-records.ts";

/** Whether the market holds the whole quantity up to the price. */
export function canFillAtOnce(
  { exchange }: { readonly exchange: Pick<SimExchange, "book" | "lotsLeftAt"> },
  order: Pick<OwnOrder, "priceTicks" | "quantityLots" | "side">,
): boolean {
  const { book } = exchange;
  const isBuy = order.side === "BUY";
  let leavesLots = order.quantityLots;
  let ticks = isBuy ? book.bestAsk : book.bestBid;
  while (ticks !== NO_TICKS && leavesLots > 0) {
    if (isBuy ? ticks > order.priceTicks : ticks < order.priceTicks) return false;
    leavesLots -= exchange.lotsLeftAt(!isBuy, ticks);
    ticks = isBuy ? book.nextAsk(ticks) : book.nextBid(ticks);
  }
  return leavesLots <= 0;
}
