/**
 * Funding: at every full interval of the venue's clock each perp's rate is settled on the position
 * at the mark, and remembered. Bounded. May import domain, net and this folder.
 */

import { decimal } from "#domain/decimal.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { JsonObject } from "../json.ts";
import type { PerpAccount } from "./account.ts";
import type { Listing } from "./listing.ts";
import { MONEY_DECIMALS, markText } from "./texts.ts";

interface FundingParts {
  readonly listings: () => readonly Listing[];
  readonly account: PerpAccount;
  readonly intervalMs: number;
  readonly timers: Timers;
  readonly nowMs: () => number;
}

interface SettledRate {
  readonly symbol: string;
  readonly json: JsonObject;
  readonly timeMs: number;
}

/** The longest timer: the venue's clock decides, which may be set meanwhile. */
const MAX_WAIT_MS = 60_000;
const MAX_KEPT = 10_000;
/** Settlements before the start, at today's rate. */
const PAST_RATES = 21;

export class Funding {
  readonly #parts: FundingParts;
  readonly #rates: SettledRate[] = [];
  #nextMs: number;
  #cancelTimer: CancelTimer | null = null;

  constructor(parts: FundingParts) {
    this.#parts = parts;
    this.#nextMs = this.#boundaryAfter();
  }

  get intervalMs(): number {
    return this.#parts.intervalMs;
  }

  /** When it is settled next. */
  get nextMs(): number {
    return this.#nextMs;
  }

  start(): void {
    const { intervalMs, listings } = this.#parts;
    this.#nextMs = this.#boundaryAfter();
    for (let back = PAST_RATES; back > 0; back -= 1) {
      for (const listing of listings()) this.#remember(listing, this.#nextMs - back * intervalMs);
    }
    this.#wait();
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** Oldest first. */
  get rates(): readonly SettledRate[] {
    return this.#rates;
  }

  /** Settles now, whatever the time. */
  settle(): void {
    const timeMs = Math.floor(this.#parts.nowMs());
    const { account, listings } = this.#parts;
    for (const listing of listings()) {
      const { market } = listing;
      market.advanceToNow();
      this.#remember(listing, timeMs);
      const { exchange, fundingRate, markTicks } = market;
      if (exchange.account.positionLots === 0) continue;
      const paid = exchange.applyFunding(fundingRate, markTicks, timeMs);
      account.fundingPaid(listing, paid, timeMs);
    }
  }

  #remember({ market }: Listing, fundingTime: number): void {
    const { symbol } = market.instrument;
    const json = {
      symbol,
      fundingTime,
      fundingRate: decimal(market.fundingRate).toFixed(MONEY_DECIMALS),
      markPrice: markText(market.instrument.price(market.markTicks)),
      rateType: "Regular",
    };
    this.#rates.push({ symbol, json, timeMs: fundingTime });
    if (this.#rates.length > 2 * MAX_KEPT) this.#rates.splice(0, MAX_KEPT);
  }

  #boundaryAfter(): number {
    const { intervalMs, nowMs } = this.#parts;
    return (Math.floor(nowMs() / intervalMs) + 1) * intervalMs;
  }

  #wait(): void {
    const leftMs = Math.max(1, Math.ceil(this.#nextMs - this.#parts.nowMs()));
    this.#cancelTimer = this.#parts.timers.after(Math.min(leftMs, MAX_WAIT_MS), () => {
      if (this.#parts.nowMs() >= this.#nextMs) {
        this.settle();
        this.#nextMs = this.#boundaryAfter();
      }
      this.#wait();
    });
  }
}
