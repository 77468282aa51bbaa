/**
 * Ledger: what one pair owns, and why that is worth more or less than at the start. Balances are
 * kept by double entry (accounts.ts); beside them run the totals that explain the equity change.
 * Exact: decimals throughout, and no division, so that the parts add up to the last digit.
 * Pure; may import domain only.
 *
 * Values are in the quote currency. The base is worth the mid, any third asset (BNB for fees) the
 * price that was set for it. Equity is what the holdings are worth.
 *
 * Of a perp the base is the signed position, and quote moves by what it cost. The inventory that
 * its quotes are steered by is an allotment that nobody holds, and the position on top of it, so
 * that position 0 is the target. Equity has the allotment at its first price, as a constant: the
 * margin that it stands for. Gains and losses are of the position alone.
 */

import { type AccountName, Accounts, type Posting } from "./accounts.ts";
import { type Decimal, decimal, decimalOfInteger, ZERO } from "./decimal.ts";
import { InputError, InvariantError } from "./errors.ts";
import type { Fill } from "./fill.ts";
import type { Instrument } from "./instrument.ts";

/** What a pair begins with, plain decimals. */
export interface LedgerOpening {
  /** Holdings; of a perp the signed position. */
  readonly base: string;
  readonly quote: string;
  /** Perp: the inventory that position 0 stands for, in base currency. Absent: 0 */
  readonly allotment?: string;
}

/** What was booked, for a journal. `reference`: a fill's trade id, a funding's id, else null. */
export interface LedgerEntry {
  readonly kind: "opening" | "fill" | "funding" | "transfer";
  readonly reference: string | null;
  readonly postings: readonly Posting[];
}

/**
 * Why equity changed since the opening mark, in quote currency; each part has the sign of its
 * effect on equity, so fees that were paid are negative.
 * `equityChange = spreadCapture + inventoryRevaluation + fees + funding + transfers + residual`.
 */
export interface PnlSplit {
  readonly equityChange: Decimal;
  /** Per fill: how much better than the mid it was, times its size. */
  readonly spreadCapture: Decimal;
  /** Holdings times the change of their price, the mid's and third assets'. */
  readonly inventoryRevaluation: Decimal;
  /** Valued when charged; in an asset without a price yet, at its first price. */
  readonly fees: Decimal;
  /** Received, less what was paid. */
  readonly funding: Decimal;
  readonly transfers: Decimal;
  /** What balances say and the parts do not explain. Anything but zero is a bug. */
  readonly residual: Decimal;
}

const HALF = decimal("0.5");

export class Ledger {
  readonly #instrument: Instrument;
  readonly #halfTick: Decimal;
  readonly #onEntry: ((entry: LedgerEntry) => void) | undefined;
  readonly #accounts = new Accounts();
  /** Price in quote currency of assets that are neither base nor quote. */
  readonly #assetPrices = new Map<string, Decimal>();

  /** Twice the mid in ticks, now and when `#inventoryRevaluation` was last brought up to it. */
  #midHalfTicks = 0;
  #revaluedHalfTicks = 0;
  /** The mid as a price, worked out when it is asked for. */
  #mid: Decimal | undefined;
  readonly #allotment: Decimal;
  /** At its first price. */
  #allotmentValue = ZERO;
  /** Undefined until the first mark. */
  #openingEquity: Decimal | undefined;
  #spreadCapture = ZERO;
  #inventoryRevaluation = ZERO;
  #fees = ZERO;
  #funding = ZERO;
  #transfers = ZERO;

  /** @param onEntry receives every entry, the opening one too; the ledger itself keeps none */
  constructor(
    instrument: Instrument,
    opening: LedgerOpening,
    onEntry?: (entry: LedgerEntry) => void,
  ) {
    this.#instrument = instrument;
    this.#halfTick = instrument.tickSize.times(HALF);
    this.#onEntry = onEntry;
    this.#allotment = opening.allotment === undefined ? ZERO : decimal(opening.allotment);
    const base = decimal(opening.base);
    const quote = decimal(opening.quote);
    this.#book("opening", null, [
      ...move("capital", "inventory", instrument.base, base),
      ...move("capital", "inventory", instrument.quote, quote),
    ]);
  }

  /**
   * Holdings of the base currency, of a perp the signed position; with fees in base not always a
   * whole number of lots.
   */
  base(): Decimal {
    return this.balance(this.#instrument.base);
  }

  /** What quotes are steered by: the base, of a perp together with its allotment. */
  inventory(): Decimal {
    const base = this.base();
    return this.#allotment === ZERO ? base : base.plus(this.#allotment);
  }

  /** What equity counts the allotment of a perp as; zero before the first mark. */
  get allotmentValue(): Decimal {
    return this.#allotmentValue;
  }

  quote(): Decimal {
    return this.balance(this.#instrument.quote);
  }

  /** Holdings of any asset; zero for one never seen. */
  balance(asset: string): Decimal {
    return this.#accounts.balance("inventory", asset);
  }

  accountBalance(account: AccountName, asset: string): Decimal {
    return this.#accounts.balance(account, asset);
  }

  /** Whether there has been a mark, so that there is an equity. */
  get isMarked(): boolean {
    return this.#openingEquity !== undefined;
  }

  /**
   * Sets the mid: bid plus ask in ticks, a whole number above 0. Cheap enough for every book
   * event. The first mark is the opening one, from which PnL counts.
   * @throws {InvariantError} where it is no such number
   */
  mark(midHalfTicks: number): void {
    if (!Number.isSafeInteger(midHalfTicks) || midHalfTicks <= 0) {
      throw new InvariantError(`a mid of ${midHalfTicks} half ticks`);
    }
    if (midHalfTicks !== this.#midHalfTicks) this.#mid = undefined;
    this.#midHalfTicks = midHalfTicks;
    if (this.#openingEquity === undefined) {
      this.#revaluedHalfTicks = midHalfTicks;
      this.#allotmentValue = this.#valueOf(this.#instrument.base, this.#allotment);
      this.#openingEquity = this.equity();
    }
  }

  /**
   * Sets the price of an asset that is neither base nor quote.
   * @param price quote currency per unit
   * @throws {InputError} `bad-price` where it is not above 0
   */
  setAssetPrice(asset: string, price: Decimal): void {
    if (asset === this.#instrument.base || asset === this.#instrument.quote) {
      throw new InvariantError(`${asset} is valued by the mid, not by a price of its own`);
    }
    if (!price.gt(ZERO)) {
      throw new InputError("bad-price", `the price of ${asset} must be above 0`);
    }
    const before = this.#assetPrices.get(asset);
    this.#assetPrices.set(asset, price);
    if (!this.isMarked) return;
    if (before === undefined) {
      // What moved while it had no price was valued at 0: make that up under its own cause.
      this.#fees = this.#fees.minus(this.#accounts.balance("fees", asset).times(price));
      const given = this.#accounts.balance("capital", asset).times(price);
      this.#transfers = this.#transfers.minus(given);
    } else {
      const gain = this.balance(asset).times(price.minus(before));
      this.#inventoryRevaluation = this.#inventoryRevaluation.plus(gain);
    }
  }

  /** Assets in the books that count as worth nothing because nobody set their price. */
  unpricedAssets(): string[] {
    const { base, quote } = this.#instrument;
    return [...this.#accounts.heldAssets()].filter(
      (asset) => asset !== base && asset !== quote && !this.#assetPrices.has(asset),
    );
  }

  /**
   * Books a fill and its fee, and marks at the mid of that moment. Nothing has changed where it
   * throws. Booking each fill once is the caller's care.
   * @throws {InputError} `bad-decimal` where the fee is none
   * @throws {InvariantError} where price, size or mid are not above 0
   */
  bookFill(fill: Fill, midHalfTicks: number): void {
    const { base, quote } = this.#instrument;
    if (!(fill.priceTicks > 0 && fill.quantityLots > 0)) {
      throw new InvariantError(`a fill of ${fill.quantityLots} lots at ${fill.priceTicks} ticks`, {
        where: `trade ${fill.tradeId}`,
      });
    }
    const lots = fill.side === "buy" ? fill.quantityLots : -fill.quantityLots;
    /** Positive where we receive base. */
    const size = this.#instrument.size(lots);
    const cost = this.#instrument.price(fill.priceTicks).times(size);
    const fee = decimal(fill.fee);

    this.mark(midHalfTicks);
    this.#revalue();
    const belowMid = this.#halfTick.times(decimalOfInteger(midHalfTicks - 2 * fill.priceTicks));
    const postings = [
      ...move("trading", "inventory", base, size),
      ...move("inventory", "trading", quote, cost),
    ];
    if (!fee.eq(ZERO)) {
      postings.push(...move("inventory", "fees", fill.feeAsset, fee));
      this.#fees = this.#fees.minus(this.#valueOf(fill.feeAsset, fee));
    }
    this.#spreadCapture = this.#spreadCapture.plus(belowMid.times(size));
    this.#book("fill", fill.tradeId, postings);
  }

  /**
   * Books what a venue settled on a perp's position, in quote currency: received (positive) or
   * paid. Before the first mark it is part of the opening capital. Booking each settlement once is
   * the caller's care.
   */
  bookFunding(fundingId: string, amount: Decimal): void {
    this.#book("funding", fundingId, move("funding", "inventory", this.#instrument.quote, amount));
    if (this.isMarked) this.#funding = this.#funding.plus(amount);
  }

  /**
   * Books what the owner moved in (positive) or out, valued as of now. Before the first mark it
   * is part of the opening capital.
   */
  bookTransfer(asset: string, amount: Decimal): void {
    this.#revalue();
    this.#book("transfer", null, move("capital", "inventory", asset, amount));
    if (this.isMarked) this.#transfers = this.#transfers.plus(this.#valueOf(asset, amount));
  }

  /**
   * What the holdings are worth, in quote currency; of a perp with its allotment.
   * @throws {InvariantError} before the first mark
   */
  equity(): Decimal {
    if (this.#midHalfTicks === 0) throw new InvariantError("equity asked before the first mark");
    let equity = this.#allotmentValue;
    for (const asset of this.#accounts.heldAssets()) {
      equity = equity.plus(this.#valueOf(asset, this.balance(asset)));
    }
    return equity;
  }

  /** Equity at the first mark; zero before it. */
  get openingEquity(): Decimal {
    return this.#openingEquity ?? ZERO;
  }

  /** Moved in by the owner since the first mark, valued when it was moved. */
  get transfers(): Decimal {
    return this.#transfers;
  }

  /** All zero before the first mark. */
  pnl(): PnlSplit {
    this.#revalue();
    const opening = this.#openingEquity;
    const equityChange = opening === undefined ? ZERO : this.equity().minus(opening);
    const explained = this.#spreadCapture
      .plus(this.#inventoryRevaluation)
      .plus(this.#fees)
      .plus(this.#funding)
      .plus(this.#transfers);
    return {
      equityChange,
      spreadCapture: this.#spreadCapture,
      inventoryRevaluation: this.#inventoryRevaluation,
      fees: this.#fees,
      funding: this.#funding,
      transfers: this.#transfers,
      residual: equityChange.minus(explained),
    };
  }

  #book(kind: LedgerEntry["kind"], reference: string | null, postings: readonly Posting[]): void {
    this.#accounts.book(postings);
    this.#onEntry?.({ kind, reference, postings });
  }

  /** Books the mid's moves since the holdings last changed; due before they change again. */
  #revalue(): void {
    const moved = this.#midHalfTicks - this.#revaluedHalfTicks;
    if (moved === 0) return;
    const gain = this.#halfTick.times(decimalOfInteger(moved)).times(this.base());
    this.#inventoryRevaluation = this.#inventoryRevaluation.plus(gain);
    this.#revaluedHalfTicks = this.#midHalfTicks;
  }

  #valueOf(asset: string, amount: Decimal): Decimal {
    if (asset === this.#instrument.quote) return amount;
    if (asset === this.#instrument.base) {
      this.#mid ??= this.#halfTick.times(decimalOfInteger(this.#midHalfTicks));
      return this.#mid.times(amount);
    }
    return amount.times(this.#assetPrices.get(asset) ?? ZERO);
  }
}

function move(from: AccountName, to: AccountName, asset: string, amount: Decimal): Posting[] {
  return [
    { account: from, asset, amount: amount.neg() },
    { account: to, asset, amount },
  ];
}
