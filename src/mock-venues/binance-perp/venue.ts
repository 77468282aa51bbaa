/**
 * PerpVenue: all that the mock venue is, apart from its sockets: perps, account, conditional
 * orders, funding, limits, keys and clock. Every handler works on it. May import this folder.
 */

import { ApiError, badRequest } from "../binance/api-error.ts";
import type { Credentials } from "../binance/credentials.ts";
import type { OrderCost, RateLimits } from "../binance/rate-limits.ts";
import type { JsonObject } from "../json.ts";
import type { PerpAccount } from "./account.ts";
import type { AlgoDesk } from "./algo-desk.ts";
import type { Countdowns } from "./countdowns.ts";
import type { Funding } from "./funding.ts";
import type { ListenKeys } from "./listen-keys.ts";
import type { Listing } from "./listing.ts";

export interface PerpVenueParts {
  /** By symbol. */
  readonly listings: ReadonlyMap<string, Listing>;
  readonly account: PerpAccount;
  readonly algo: AlgoDesk;
  readonly funding: Funding;
  readonly listenKeys: ListenKeys;
  readonly countdowns: Countdowns;
  readonly limits: RateLimits;
  readonly credentials: Credentials;
  /** The venue's clock, epoch milliseconds. */
  readonly nowMs: () => number;
  /** A client id for orders that came without one. */
  readonly randomId: () => string;
}

export class PerpVenue implements PerpVenueParts {
  readonly listings: ReadonlyMap<string, Listing>;
  readonly account: PerpAccount;
  readonly algo: AlgoDesk;
  readonly funding: Funding;
  readonly listenKeys: ListenKeys;
  readonly countdowns: Countdowns;
  readonly limits: RateLimits;
  readonly credentials: Credentials;
  readonly nowMs: () => number;
  readonly randomId: () => string;

  constructor(parts: PerpVenueParts) {
    this.listings = parts.listings;
    this.account = parts.account;
    this.algo = parts.algo;
    this.funding = parts.funding;
    this.listenKeys = parts.listenKeys;
    this.countdowns = parts.countdowns;
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

  /** Every listing, its market as it is now. */
  all(): readonly Listing[] {
    return [...this.listings.keys()].map((symbol) => this.listing(symbol));
  }

  /** Counts a request that changes orders. @throws {ApiError} -1015 */
  countOrder(cost?: OrderCost): void {
    const exceeded = this.limits.ordersExceeded(cost);
    if (exceeded instanceof ApiError) throw exceeded;
    this.limits.countOrder(cost);
  }

  /** Something that was agreed has changed. @param what of a symbol, or of the account */
  configChanged(what: JsonObject): void {
    const nowMs = Math.floor(this.nowMs());
    this.account.stream.push({ e: "ACCOUNT_CONFIG_UPDATE", E: nowMs, T: nowMs, ...what });
  }
}
