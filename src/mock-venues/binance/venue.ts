/**
 * BinanceVenue: all that a mock venue of Binance is, apart from its sockets: symbols, account,
 * limits, keys and clock. Every handler works on it. May import domain and this folder.
 */

import type { Instrument } from "#domain/instrument.ts";
import { badRequest } from "./api-error.ts";
import type { Credentials } from "./credentials.ts";
import type { RateLimits } from "./rate-limits.ts";

/** What is used of a symbol's market here. */
interface ListedMarket<Status extends string> {
  readonly instrument: Instrument;
  status: Status;
  /** Lets everything happen that is due. */
  advanceToNow(): void;
  start(): void;
  stop(): void;
}

/** A symbol, and what the account has on it. */
export interface Listed<Status extends string> {
  readonly market: ListedMarket<Status>;
}

export interface VenueParts<Listing, Account> {
  /** By symbol. */
  readonly listings: ReadonlyMap<string, Listing>;
  readonly account: Account;
  readonly limits: RateLimits;
  readonly credentials: Credentials;
  /** The venue's clock, epoch milliseconds. */
  readonly nowMs: () => number;
  /** A client id for orders that came without one. */
  readonly randomId: () => string;
}

export class BinanceVenue<Status extends string, Listing extends Listed<Status>, Account>
  implements VenueParts<Listing, Account>
{
  readonly listings: ReadonlyMap<string, Listing>;
  readonly account: Account;
  readonly limits: RateLimits;
  readonly credentials: Credentials;
  readonly nowMs: () => number;
  readonly randomId: () => string;

  constructor(parts: VenueParts<Listing, Account>) {
    this.listings = parts.listings;
    this.account = parts.account;
    this.limits = parts.limits;
    this.credentials = parts.credentials;
    this.nowMs = parts.nowMs;
    this.randomId = parts.randomId;
  }

  /** Opens the markets. */
  start(): void {
    for (const { market } of this.listings.values()) market.start();
  }

  stop(): void {
    for (const { market } of this.listings.values()) market.stop();
  }

  /** @throws {ApiError} -1121 */
  listing(symbol: string): Listing {
    const listing = this.listings.get(symbol);
    if (listing === undefined) throw badRequest(-1121, "Invalid symbol.");
    // A request meets the market as it is now, not as it was at the last wake-up.
    listing.market.advanceToNow();
    return listing;
  }

  /** Every listing, its market as it is now. */
  all(): readonly Listing[] {
    return [...this.listings.keys()].map((symbol) => this.listing(symbol));
  }

  /** Of one symbol, or of all. */
  setStatus(status: Status, symbol?: string): void {
    for (const { market } of this.listings.values()) {
      if (symbol === undefined || market.instrument.symbol === symbol) market.status = status;
    }
  }
}
