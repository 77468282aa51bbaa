/**
 * Settlements: what a venue pays or takes on a perp's position, each booked once, by its own key.
 * Pure; may import domain only.
 */

import { decimal } from "./decimal.ts";
import type { FundingEvent } from "./events.ts";
import type { Ledger } from "./ledger.ts";
import { RecentMap } from "./recent-map.ts";

/** Of hourly settlements: those of six weeks. */
const MAX_KEYS = 1024;

export class Settlements {
  readonly #ledger: Ledger;
  readonly #keys = new RecentMap<true>(MAX_KEYS);

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Books one settlement, once. @throws {InputError} `bad-decimal` where it has no amount */
  book({ fundingId, amount }: FundingEvent): void {
    if (this.#keys.has(fundingId)) return;
    this.#ledger.bookFunding(fundingId, decimal(amount));
    this.#keys.set(fundingId, true);
  }
}
