/**
 * Everything that the decision core can be told. Each event has two times, both in milliseconds
 * since the Unix epoch (float64): the venue's, and when it reached us. The core's time is
 * `receivedTimeMs`, which must not go back. Pure values; a caller may reuse an event object.
 */

import type { Fill } from "./fill.ts";
import type { Side } from "./instrument.ts";
import type { RejectReason } from "./order.ts";

interface Timed {
  venueTimeMs: number;
  receivedTimeMs: number;
}

/** The touch of the quoting venue's book; a size of 0 says that side is empty. */
export interface BookEvent extends Timed {
  readonly kind: "book";
  bidTicks: number;
  bidLots: number;
  askTicks: number;
  askLots: number;
}

/** A public print. */
export interface TradeEvent extends Timed {
  readonly kind: "trade";
  /** The side that took. */
  aggressor: Side;
  priceTicks: number;
  quantityLots: number;
}

/**
 * A perp's mark price, by which its venue values and liquidates positions, and the funding that is
 * next. Floats: for looking at, never for booking.
 */
export interface MarkEvent extends Timed {
  readonly kind: "mark";
  /** Of the perp's own ticks, may be fractional. */
  priceTicks: number;
  /** What longs pay at the next settlement, as a fraction of the value; negative: they receive. */
  fundingRate: number;
  /** Epoch milliseconds; 0: the venue does not say. */
  nextFundingMs: number;
}

/** A price of the same thing elsewhere, in ticks of the quoting instrument (may be fractional). */
export interface ReferenceEvent extends Timed {
  readonly kind: "reference";
  priceTicks: number;
}

/**
 * What the venue says of one order.
 * - `open`: it rests, with this quantity (also after an amendment). `expired`: ended by the venue.
 * - `rejected`: it never was. `cancel-rejected`, `amend-rejected`: that request failed, the order
 *   is as it was. `unknown`: a request's outcome was lost. `not-found`: a look-up found no such
 *   order, so it never was.
 */
export type OrderChange =
  | "open"
  | "canceled"
  | "expired"
  | "filled"
  | "rejected"
  | "cancel-rejected"
  | "amend-rejected"
  | "unknown"
  | "not-found";

export interface OrderEvent extends Timed {
  readonly kind: "order";
  readonly clientOrderId: string;
  readonly venueOrderId: string | null;
  readonly change: OrderChange;
  /** The order's whole quantity by the venue; -1 where the message does not say. */
  readonly quantityLots: number;
  /** Filled so far by the venue; -1 where the message does not say. */
  readonly filledLots: number;
  readonly reason: RejectReason | null;
  /** The venue's own words, for people. */
  readonly message: string;
}

export interface FillEvent extends Timed {
  readonly kind: "fill";
  readonly fill: Fill;
}

/** Funding of a perpetual future, settled by the venue on the position. */
export interface FundingEvent extends Timed {
  readonly kind: "funding";
  /** The venue's key of the settlement, the same from stream and query: it is booked once. */
  readonly fundingId: string;
  /** Quote currency, a plain decimal: received, negative where it was paid. */
  readonly amount: string;
}

/**
 * Balances as the venue has them, free and locked together, plain decimals. Adapters deliver it
 * after every fill that it includes. `openOrderIds`, where given, is the complete list of open
 * orders under our prefix: the answer to a reconcile command. Of a perpetual future `base` is the
 * signed position, and `quote` what the whole account is worth: other pairs may share it.
 */
export interface AccountEvent extends Timed {
  readonly kind: "account";
  readonly base: string;
  readonly quote: string;
  readonly openOrderIds: readonly string[] | null;
  /** Perp: the mark price at which the venue would liquidate, a float; absent: none. */
  readonly liquidationPrice?: number;
  /**
   * Perp: maintenance margin over what backs it, a float: at 1 the venue liquidates. Absent: the
   * venue does not say.
   */
  readonly marginRatio?: number;
}

/** The way to the venue: `up` and `down` of the sockets, `alive` for a heartbeat answered. */
export interface ConnectionEvent extends Timed {
  readonly kind: "connection";
  readonly state: "up" | "down" | "alive";
}

/**
 * Prices of the past, oldest first, quote currency, one a volatility sample interval: from the
 * venue's candles. Delivered once, before the first book; more of them are ignored.
 */
export interface HistoryEvent extends Timed {
  readonly kind: "history";
  readonly prices: readonly number[];
}

/** Nothing happened but time. Drivers send one at least every 100 ms. */
export interface TimeEvent extends Timed {
  readonly kind: "time";
}

/** How many more actions the venue lets us send, and out of how many. */
export interface BudgetEvent extends Timed {
  readonly kind: "budget";
  readonly remaining: number;
  readonly limit: number;
}

/** Venue clock minus ours. */
export interface ClockEvent extends Timed {
  readonly kind: "clock";
  readonly offsetMs: number;
}

export type OperatorCommand = "pause" | "resume" | "cancel" | "flatten" | "halt" | "rearm" | "stop";

export interface OperatorEvent extends Timed {
  readonly kind: "operator";
  readonly command: OperatorCommand;
}

/** What a venue's connection can tell. */
export type VenueEvent =
  | BookEvent
  | TradeEvent
  | MarkEvent
  | ReferenceEvent
  | OrderEvent
  | FillEvent
  | FundingEvent
  | AccountEvent
  | ConnectionEvent
  | BudgetEvent
  | ClockEvent;

/**
 * News of the hedge venue: ticks and lots are of the hedge instrument. The times are those of the
 * event within.
 */
export interface HedgeEvent extends Timed {
  readonly kind: "hedge";
  event: VenueEvent;
}

export type EngineEvent = VenueEvent | HedgeEvent | HistoryEvent | TimeEvent | OperatorEvent;
