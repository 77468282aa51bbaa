/**
 * Venue: all that the mock venue is, apart from its sockets: symbols, account, limits, keys and
 * clock. Every handler works on it. May import this folder.
 */

import { badRequest } from "../binance/api-error.ts";
import type { Credentials } from "../binance/credentials.ts";
import type { RateLimits } from "../binance/rate-limits.ts";
import type { Listing, MockAccount } from "./account.ts";

export interface VenueParts {
  /** By symbol. */
  readonly listings: ReadonlyMap<string, Listing>;
  readonly account: MockAccount;
  readonly limits: RateLimits;
  readonly credentials: Credentials;
  /** The venue's clock, epoch milliseconds. */
  readonly nowMs: () => number;
  /** A client order id for orders that came without one. */
  readonly randomId: () => string;
}

export class Venue implements VenueParts {
  readonly listings: ReadonlyMap<string, Listing>;
  readonly account: MockAccount;
  readonly limits: RateLimits;
  readonly credentials: Credentials;
  readonly nowMs: () => number;
  readonly randomId: () => string;

  constructor(parts: VenueParts) {
    this.listings = parts.listings;
    this.account = parts.account;
    this.limits = parts.limits;
    this.credentials = parts.credentials;
    this.nowMs = parts.nowMs;
    this.randomId = parts.randomId;
  }

  /** @throws {ApiError} -1121 */
  listing(symbol: string): Listing {
    const listing = this.listings.get(symbol);
    if (listing === undefined) throw badRequest(-1121, "Invalid symbol.");
    // A request meets the market as it is now, not as it was at the last wake-up.
    listing.market.advanceToNow();
    return listing;
  }
}
