/**
 * PairBooks: the pair's ledger against the venue's word: what the venue settles beside fills is
 * booked once, and its account is held against ours. Pure.
 */

import { decimal } from "#domain/decimal.ts";
import type { AccountEvent, FundingEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import { Ledger } from "#domain/ledger.ts";
import { type CapitalParams, openingOf } from "./params.ts";
import { RecentMap } from "./recent-map.ts";

/** Of hourly settlements: those of six weeks. */
const MAX_FUNDING_KEYS = 1024;

export class PairBooks {
  readonly ledger: Ledger;
  readonly #isPerp: boolean;
  readonly #fundingKeys = new RecentMap<true>(MAX_FUNDING_KEYS);

  constructor(instrument: Instrument, capital: CapitalParams) {
    this.ledger = new Ledger(instrument, openingOf(capital));
    this.#isPerp = instrument.kind === "perp";
  }

  /** Books one settlement, once. @throws {InputError} `bad-decimal` where it has no amount */
  onFunding({ fundingId, amount }: FundingEvent): void {
    if (this.#fundingKeys.has(fundingId)) return;
    this.ledger.bookFunding(fundingId, decimal(amount));
    this.#fundingKeys.set(fundingId, true);
  }

  /**
   * Whether the venue's account contradicts our books. Spot: it holds less than we do; the pair's
   * allocation may be a part of it. Perp: the position is another, whichever way; what the account
   * is worth belongs to all of its pairs.
   */
  isContradictedBy(event: AccountEvent): boolean {
    const base = decimal(event.base);
    if (this.#isPerp) return !base.eq(this.ledger.base());
    return base.lt(this.ledger.base()) || decimal(event.quote).lt(this.ledger.quote());
  }
}
