/**
 * Accounts: double-entry bookkeeping in exact decimals. An entry moves amounts between accounts
 * and sums to zero in each asset, so that over all accounts every asset always sums to zero:
 * nothing appears or is lost. Keeps balances, not entries. May import decimal and errors only.
 */

import { type Decimal, plain, ZERO } from "./decimal.ts";
import { InvariantError } from "./errors.ts";

/**
 * - `inventory`: what we hold.
 * - `capital`: what the owner put in (negative: the account gave it), opening and transfers.
 * - `trading`: the other side of our fills.
 * - `fees`: what venues have charged (positive), less their rebates.
 * - `funding`: what has been paid of it on positions, less what was received.
 */
export type AccountName = "inventory" | "capital" | "trading" | "fees" | "funding";

export interface Posting {
  readonly account: AccountName;
  readonly asset: string;
  /** Positive where the account receives. */
  readonly amount: Decimal;
}

export class Accounts {
  readonly #balances: Readonly<Record<AccountName, Map<string, Decimal>>> = {
    inventory: new Map(),
    capital: new Map(),
    trading: new Map(),
    fees: new Map(),
    funding: new Map(),
  };

  /** @throws {InvariantError} where an asset's postings do not sum to zero; nothing is booked */
  book(postings: readonly Posting[]): void {
    for (const asset of new Set(postings.map((posting) => posting.asset))) {
      let sum = ZERO;
      for (const posting of postings) {
        if (posting.asset === asset) sum = sum.plus(posting.amount);
      }
      if (!sum.eq(ZERO)) {
        throw new InvariantError(`an entry is out of balance by ${plain(sum)} ${asset}`);
      }
    }
    for (const { account, asset, amount } of postings) {
      const balances = this.#balances[account];
      balances.set(asset, (balances.get(asset) ?? ZERO).plus(amount));
    }
  }

  balance(account: AccountName, asset: string): Decimal {
    return this.#balances[account].get(asset) ?? ZERO;
  }

  /** Assets that we hold or have held. */
  heldAssets(): Iterable<string> {
    return this.#balances.inventory.keys();
  }
}
