/** News of a market as they are used again from frame to frame. Pure; may import domain only. */

import { NO_TICKS } from "#domain/book.ts";
import type { BookEvent, MarkEvent, TradeEvent } from "#domain/events.ts";
import type { MarketMessage } from "./market-message.ts";

/** Funding is settled with each hour of the venue's. */
const HOUR_MS = 3_600_000;
const NEVER = { venueTimeMs: 0, receivedTimeMs: 0 };

export function newBookEvent(): BookEvent {
  const empty = { bidTicks: NO_TICKS, bidLots: 0, askTicks: NO_TICKS, askLots: 0 };
  return { kind: "book", ...NEVER, ...empty };
}

export function newTradeEvent(): TradeEvent {
  return { kind: "trade", ...NEVER, aggressor: "buy", priceTicks: 0, quantityLots: 0 };
}

export function newMarkEvent(): MarkEvent {
  return { kind: "mark", ...NEVER, priceTicks: 0, fundingRate: 0, nextFundingMs: 0 };
}

/** The venue gives no time with a mark: it is as old as the frame is. */
export function setMark(
  event: MarkEvent,
  { markTicks, fundingRate }: MarketMessage,
  receivedTimeMs: number,
): void {
  event.venueTimeMs = receivedTimeMs;
  event.receivedTimeMs = receivedTimeMs;
  event.priceTicks = markTicks;
  event.fundingRate = fundingRate;
  event.nextFundingMs = (Math.floor(receivedTimeMs / HOUR_MS) + 1) * HOUR_MS;
}
