/**
 * HedgeBook: the one owner of the hedge venue's position. The position is the sum of two
 * sub-positions, the active hedge's and the passive hedge's; each fill belongs to one of them by
 * the role in its order's id. The venue's word on the sum is the truth. Pure; may import domain.
 *
 * 1. Fills of `passive-hedge` and `stop-loss` orders are the passive hedge's, all others the
 *    active hedge's: `flatten` is used by neither, each closes its own part in its own name.
 * 2. What was there at the start is the active hedge's.
 * 3. What changed without us is adopted at the mid, at no gain or loss. Where it closed something,
 *    the active part shrinks first, then the passive one; what goes beyond is the active hedge's.
 */

import { decimal, decimalOfInteger, ZERO } from "#domain/decimal.ts";
import type { AccountEvent, FundingEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { Instrument } from "#domain/instrument.ts";
import { Ledger } from "#domain/ledger.ts";
import { parseClientOrderId } from "#domain/order.ts";
import { Settlements } from "#domain/settlements.ts";
import { closingPart, signedLots } from "./sizes.ts";

const HALF = decimal("0.5");

/** Plain decimals: the signed position, and minus what it cost. */
export interface HedgeOpening {
  readonly base: string;
  readonly quote: string;
}

export class HedgeBook {
  readonly ledger: Ledger;
  readonly #instrument: Instrument;
  readonly #settlements: Settlements;
  #positionLots: number;
  #passiveLots = 0;

  constructor(instrument: Instrument, opening: HedgeOpening) {
    this.#instrument = instrument;
    this.ledger = new Ledger(instrument, opening);
    this.#settlements = new Settlements(this.ledger);
    this.#positionLots = instrument.wholeLots(this.ledger.base());
  }

  /** The whole position, signed. */
  get positionLots(): number {
    return this.#positionLots;
  }

  get activeLots(): number {
    return this.#positionLots - this.#passiveLots;
  }

  get passiveLots(): number {
    return this.#passiveLots;
  }

  /**
   * Books a fill; once each is the caller's care.
   * @param midHalfTicks bid plus ask; 0: not known, then the fill's own price stands for it
   * @throws {InputError} `bad-decimal` where the fee is none
   * @throws {InvariantError} where its price or size are not above 0
   */
  bookFill(fill: Fill, midHalfTicks: number): void {
    this.ledger.bookFill(fill, midHalfTicks > 0 ? midHalfTicks : 2 * fill.priceTicks);
    this.#positionLots = this.#instrument.wholeLots(this.ledger.base());
    const role = parseClientOrderId(fill.clientOrderId)?.role;
    if (role === "passive-hedge" || role === "stop-loss") {
      this.#passiveLots += signedLots(fill.side, fill.quantityLots);
    }
  }

  /** Books one settlement, once. @throws {InputError} `bad-decimal` where it has no amount */
  bookFunding(event: FundingEvent): void {
    this.#settlements.book(event);
  }

  /** Whether the venue's position is another than ours, whichever way. */
  isContradictedBy(event: AccountEvent): boolean {
    return !this.has(event.base);
  }

  /** @param base a signed position, a plain decimal */
  has(base: string): boolean {
    return decimal(base).eq(this.ledger.base());
  }

  /**
   * Takes the venue's position for ours, the difference at the mid: equity stays as it is.
   * @param midHalfTicks bid plus ask; 0: not known, then nothing is adopted
   * @returns signed lots by which the position changed
   */
  adopt(event: AccountEvent, midHalfTicks: number): number {
    const difference = decimal(event.base).minus(this.ledger.base());
    if (difference.eq(ZERO) || !(midHalfTicks > 0)) return 0;
    const { base, quote, tickSize } = this.#instrument;
    const cost = tickSize.times(HALF).times(decimalOfInteger(midHalfTicks));
    this.ledger.mark(midHalfTicks);
    this.ledger.bookTransfer(base, difference);
    this.ledger.bookTransfer(quote, difference.times(cost).neg());
    const activeLots = this.activeLots;
    const before = this.#positionLots;
    this.#positionLots = this.#instrument.wholeLots(this.ledger.base());
    const changeLots = this.#positionLots - before;
    const beyondActive = changeLots - closingPart(changeLots, activeLots);
    this.#passiveLots += closingPart(beyondActive, this.#passiveLots);
    return changeLots;
  }

  /**
   * What is left of the passive hedge becomes the active one's: the position is as it was. For a
   * rest that is too small to be traded by itself, and where both are closed against each other.
   */
  cedePassive(): void {
    this.#passiveLots = 0;
  }
}
