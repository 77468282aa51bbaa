/**
 * What the contract suite needs of a venue that it can hold in its hands: the adapter, a venue that
 * runs on this machine with one calm market, its own truth, and faults on order. Written in no
 * venue's words; prices in ticks, sizes in lots, amounts as plain decimals.
 */

import type { Side } from "#domain/instrument.ts";
import type { Credentials, VenueLink, VenueModule, VenueUrls } from "#venues/venue.ts";

/** An order that is open, by the venue's own books. */
export interface VenueOrder {
  readonly clientOrderId: string;
  readonly side: Side;
  readonly price: string;
  readonly quantity: string;
  readonly filled: string;
}

/** An execution, by the venue's own books. */
export interface VenueFill {
  readonly clientOrderId: string;
  readonly side: Side;
  readonly price: string;
  readonly quantity: string;
  readonly fee: string;
  readonly feeAsset: string;
  readonly isMaker: boolean;
}

/** The symbol's rules, as the venue itself was told them. */
export interface VenueRules {
  readonly tickSize: string;
  readonly lotSize: string;
  readonly minNotional: string;
  readonly makerFeeRate: string;
  readonly takerFeeRate: string;
}

export interface ForeignOrder {
  readonly clientOrderId: string;
  readonly side: Side;
  readonly priceTicks: number;
  readonly quantityLots: number;
}

/**
 * - `lost-answer`: the next placement is done, and never answered. `lost-request`: neither.
 * - `error-though-accepted`: the next placement is done, and answered by a server error.
 * - `cut-after-placement`: the next placement is done, and the connection cut instead of an answer.
 * - `half-open`: from the next placement on, which is not done, that connection is silent: 2.5 s.
 * - `cut`: every connection, now. `cut-feed`: the market's, with its next message.
 * - `planned-end`: every connection, half a second after the venue has said so.
 * - `feed-half-open`: the market's, from its next message on: 2.5 s. `feed-gap`: one is lost.
 * - `rate-limit`: the next placement is refused, and whatever is asked in the second after it.
 * - `maintenance`: orders are not taken, only cancelled, until `clearFaults`.
 * - `event-twice`, `event-late`: account events to come, a few of them.
 * - `event-first`, `answer-first`: of the next placement, by a moment.
 * - `clock-back`, `clock-ahead`: the venue's clock, by more than it lets pass, until `clearFaults`.
 */
export type VenueFault =
  | "lost-answer"
  | "lost-request"
  | "error-though-accepted"
  | "cut-after-placement"
  | "half-open"
  | "cut"
  | "cut-feed"
  | "planned-end"
  | "feed-half-open"
  | "feed-gap"
  | "rate-limit"
  | "maintenance"
  | "event-twice"
  | "event-late"
  | "event-first"
  | "answer-first"
  | "clock-back"
  | "clock-ahead";

export interface VenueUnderTest {
  readonly venue: VenueLink["venue"];
  readonly module: VenueModule;
  readonly urls: VenueUrls;
  /** By these only the second way for orders is open, the one without account events. */
  readonly fallbackUrls: VenueUrls | null;
  /** Where nobody answers. */
  readonly deadUrls: VenueUrls;
  readonly credentials: Credentials;
  /** A key that the venue does not know; a right key with a secret of the right form. */
  readonly wrongKey: Credentials;
  readonly wrongSecret: Credentials;
  readonly symbol: string;
  /** Near to it, and no symbol of the venue. */
  readonly misspeltSymbol: string;
  readonly base: string;
  readonly quote: string;
  readonly rules: VenueRules;
  /** The calm touch: an even number of ticks apart, 40 or more; 1000 lots and more a side. */
  readonly bidTicks: number;
  readonly askTicks: number;
  /** A usual order; the account's money is good for at least 20 of them on each side. */
  readonly usualLots: number;

  openOrders(): readonly VenueOrder[];
  fills(): readonly VenueFill[];
  /** Free and locked together. */
  balances(): ReadonlyMap<string, string>;
  openConnections(): number;

  setTouch(bidTicks: number, askTicks: number): void;
  print(aggressor: Side, ticks: number, lots: number): void;
  /** As if by another program of the same account, by hand, or by an earlier run. */
  placeForeign(order: ForeignOrder): void;
  /** Venue minus this machine, until `clearFaults`. */
  setClockSkew(skewMs: number): void;
  arm(fault: VenueFault): void;
  clearFaults(): void;
  /** The venue is gone; calling it again does nothing. */
  stop(): Promise<void>;
}

export type StartVenue = () => Promise<VenueUnderTest>;
