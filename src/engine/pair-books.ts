/**
 * PairBooks: the money of a pair. Its quoting ledger is held against the venue's word: what the
 * venue settles beside fills is booked once, and its account is compared with ours. Together with
 * the hedge's ledger it says what the pair is worth, and why. Exact. Pure.
 *
 * The quoting ledger counts with all it holds, the hedge's with what it has gained since its first
 * mark: what backs it is no capital of the pair. Its quote currency counts as the pair's.
 */

import { type Decimal, decimal, ZERO } from "#domain/decimal.ts";
import type { AccountEvent, FundingEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import { Ledger } from "#domain/ledger.ts";
import { Settlements } from "#domain/settlements.ts";
import { type CapitalParams, openingOf } from "./params.ts";

/**
 * Why the equity of a pair changed since its opening mark, in quote currency (that of the hedge
 * counts as the same), each part with the sign of its effect:
 * `equityChange` is the sum of all the others.
 */
export interface PairPnl {
  readonly equityChange: Decimal;
  /** Per quoting fill: how much better than the mid it was, times its size. */
  readonly spreadCapture: Decimal;
  readonly inventoryRevaluation: Decimal;
  /** The same of hedge fills, against the hedge venue's mid: usually a cost. */
  readonly hedgeExecution: Decimal;
  /** What the hedge's position gained by its own price. */
  readonly hedgeRevaluation: Decimal;
  /** Of both legs. */
  readonly fees: Decimal;
  readonly funding: Decimal;
  readonly transfers: Decimal;
  /** Anything but zero is a bug. */
  readonly residual: Decimal;
}

/** Twice the mids in ticks, as far as they are known; 0: not yet. */
export interface Mids {
  readonly quoting: number;
  readonly hedge: number;
}

export class PairBooks {
  readonly ledger: Ledger;
  /** Of the hedge leg; null: the pair has none. */
  hedge: Ledger | null = null;
  readonly #isPerp: boolean;
  readonly #settlements: Settlements;

  constructor(instrument: Instrument, capital: CapitalParams) {
    this.ledger = new Ledger(instrument, openingOf(capital));
    this.#settlements = new Settlements(this.ledger);
    this.#isPerp = instrument.kind === "perp";
  }

  /** Books one settlement, once. @throws {InputError} `bad-decimal` where it has no amount */
  onFunding(event: FundingEvent): void {
    this.#settlements.book(event);
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

  /** Both legs, marked at these. */
  pnl(mids: Mids): PairPnl {
    this.#mark(mids);
    const own = this.ledger.pnl();
    const other = this.hedge?.pnl();
    const sum = (part: "equityChange" | "fees" | "funding" | "transfers" | "residual"): Decimal =>
      other === undefined ? own[part] : own[part].plus(other[part]);
    return {
      equityChange: sum("equityChange"),
      spreadCapture: own.spreadCapture,
      inventoryRevaluation: own.inventoryRevaluation,
      hedgeExecution: other?.spreadCapture ?? ZERO,
      hedgeRevaluation: other?.inventoryRevaluation ?? ZERO,
      fees: sum("fees"),
      funding: sum("funding"),
      transfers: sum("transfers"),
      residual: sum("residual"),
    };
  }

  /** What both legs are worth, marked at these. @throws {InvariantError} before the first price */
  equity(mids: Mids): Decimal {
    this.#mark(mids);
    const { hedge } = this;
    const own = this.ledger.equity();
    return hedge?.isMarked === true ? own.plus(hedge.equity()).minus(hedge.openingEquity) : own;
  }

  /** The same without what the owner moved in or out; null before the first price. */
  netEquity(mids: Mids): Decimal | null {
    // A fill may have been booked before the first price.
    if (!this.ledger.isMarked || mids.quoting === 0) return null;
    const transfers = this.hedge?.transfers ?? ZERO;
    return this.equity(mids).minus(this.ledger.transfers).minus(transfers);
  }

  #mark({ quoting, hedge }: Mids): void {
    if (quoting > 0) this.ledger.mark(quoting);
    if (hedge > 0) this.hedge?.mark(hedge);
  }
}
