/**
 * Wallet: the balances of one account by asset, for accounts that trade several instruments: each
 * instrument's SimAccount moves and locks the same balances. Exact decimals. Pure; may import
 * domain only.
 */

import { type Decimal, decimal, ZERO } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";

/** One asset of an account: what there is of it, and what open orders hold back. */
export class Balance {
  /** Free and locked together. */
  total: Decimal;
  /** Grows whenever less than before may be left to one of those that lock parts of it. */
  version = 0;
  readonly #locks: (() => Decimal)[] = [];

  constructor(total: Decimal) {
    this.total = total;
  }

  get locked(): Decimal {
    return this.#locks.reduce((sum, lock) => sum.plus(lock()), ZERO);
  }

  /** What is left beside the locks of others. @param own the caller's lock, as it was joined */
  besideOthers(own: () => Decimal): Decimal {
    // Alone, as in every backtest: nothing to add up.
    if (this.#locks.length <= 1) return this.total;
    return this.total.minus(this.locked).plus(own());
  }

  /** Adds somebody who locks parts of this balance. @param lock how much, whenever asked */
  join(lock: () => Decimal): void {
    this.#locks.push(lock);
    this.version += 1;
  }

  move(amount: Decimal): void {
    this.total = this.total.plus(amount);
    this.version += 1;
  }

  /** To be called after a lock has changed. */
  lockChanged(): void {
    // The one that has it alone keeps count of its own locks itself.
    if (this.#locks.length > 1) this.version += 1;
  }
}

export class Wallet {
  readonly #balances = new Map<string, Balance>();

  /**
   * @param balances plain decimals by asset
   * @throws {InputError} `bad-account` where one is negative
   */
  constructor(balances: Readonly<Record<string, string>>) {
    for (const [asset, amount] of Object.entries(balances)) {
      this.#balances.set(asset, new Balance(notNegative(asset, amount)));
    }
  }

  /** Every asset that there is or was something of, in the order of their first mention. */
  get assets(): readonly string[] {
    return [...this.#balances.keys()];
  }

  /** The balance of an asset: the same object every time. */
  balance(asset: string): Balance {
    const known = this.#balances.get(asset);
    if (known !== undefined) return known;
    const balance = new Balance(ZERO);
    this.#balances.set(asset, balance);
    return balance;
  }
}

/** @throws {InputError} `bad-account` where the amount is negative */
export function notNegative(field: string, text: string): Decimal {
  const value = decimal(text);
  if (value.lt(ZERO)) throw badAccount(field, `is ${text}; it must not be negative`);
  return value;
}

export function badAccount(field: string, problem: string): InputError {
  return new InputError("bad-account", `${field} ${problem}`, { where: "simulated account" });
}
