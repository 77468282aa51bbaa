/**
 * PerpVenue: all that the mock venue is, apart from its sockets: perps, account, conditional
 * orders, funding, limits, keys and clock. Every handler works on it. May import this folder.
 */

import { ApiError } from "../binance/api-error.ts";
import type { OrderCost } from "../binance/rate-limits.ts";
import { BinanceVenue, type VenueParts } from "../binance/venue.ts";
import type { JsonObject } from "../json.ts";
import type { PerpAccount } from "./account.ts";
import type { AlgoDesk } from "./algo-desk.ts";
import type { Countdowns } from "./countdowns.ts";
import type { Funding } from "./funding.ts";
import type { ListenKeys } from "./listen-keys.ts";
import type { Listing } from "./listing.ts";
import type { PerpStatus } from "./perp-symbol.ts";

export interface PerpVenueParts extends VenueParts<Listing, PerpAccount> {
  readonly algo: AlgoDesk;
  readonly funding: Funding;
  readonly listenKeys: ListenKeys;
  readonly countdowns: Countdowns;
}

export class PerpVenue
  extends BinanceVenue<PerpStatus, Listing, PerpAccount>
  implements PerpVenueParts
{
  readonly algo: AlgoDesk;
  readonly funding: Funding;
  readonly listenKeys: ListenKeys;
  readonly countdowns: Countdowns;

  constructor(parts: PerpVenueParts) {
    super(parts);
    this.algo = parts.algo;
    this.funding = parts.funding;
    this.listenKeys = parts.listenKeys;
    this.countdowns = parts.countdowns;
  }

  override start(): void {
    super.start();
    this.funding.start();
  }

  override stop(): void {
    this.funding.stop();
    this.countdowns.stop();
    this.listenKeys.stop();
    super.stop();
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
