/**
 * What the contract suite needs of a venue that it can hold in its hands: the adapter, a venue that
 * runs on this machine with one calm market, its own truth, and faults on order. Written in no
 * venue's words; prices in ticks, sizes in lots, amounts as plain decimals.
 */

import type { InstrumentKind, Side } from "#domain/instrument.ts";
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

/** What a venue is like, as far as it differs from others: known before it is started. */
export interface VenueTraits {
  readonly kind: InstrumentKind;
  /** What cannot go wrong with it, or not so: its tests are skipped. */
  readonly lacks?: readonly VenueFault[];
  /** The market comes over the first way for orders: by the second alone there is none. */
  readonly sharesSocket?: boolean;
  /**
   * What a replacement does where the order has a fill that nobody knows of yet: it goes through
   * (`whole`), or takes the old order away and places none (`cancels`). Absent: it is refused.
   */
  readonly replacesFilled?: "whole" | "cancels";
}

/** Credentials that will not do. */
export interface WrongKey {
  readonly credentials: Credentials;
  /** What the error has to advise. */
  readonly hint: RegExp;
  /** No error may have any of these in it. */
  readonly secrets: readonly string[];
}

/** What an account event says of the account. */
export interface Holding {
  /** Spot: of the base currency, free and locked together. Perp: the signed position. */
  readonly base: string;
  /** Spot: of the quote currency. Perp: what the whole account is worth. */
  readonly quote: string;
}

export interface VenueUnderTest {
  readonly venue: VenueLink["venue"];
  readonly module: VenueModule;
  readonly urls: VenueUrls;
  /** By these only the second way for orders is open, the one without account events. */
  readonly fallbackUrls: VenueUrls | null;
  /** Where nobody answers. */
  readonly deadUrls: VenueUrls;
  readonly credentials: Credentials;
  /** Of the right form: one that the venue does not know, and what else a user may mix up. */
  readonly wrongKeys: readonly WrongKey[];
  readonly symbol: string;
  /** Near to it, and no symbol of the venue. */
  readonly misspeltSymbol: string;
  readonly base: string;
  readonly quote: string;
  readonly rules: VenueRules;
  /**
   * The calm touch: an even number of ticks apart, 40 or more; many times `usualLots` a side. Every
   * tick about it is a valid price.
   */
  readonly bidTicks: number;
  readonly askTicks: number;
  /**
   * A usual order: 500 lots or more, and a tenth of it is an order too. The account is good for at
   * least 20 of them on each side.
   */
  readonly usualLots: number;
  /** The account can carry one order of so many lots, and no second one on the same side. */
  readonly mostLots: number;

  openOrders(): readonly VenueOrder[];
  fills(): readonly VenueFill[];
  /** By asset: free and locked together, or what the account is worth in it. */
  balances(): ReadonlyMap<string, string>;
  holding(): Holding;
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
