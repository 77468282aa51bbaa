/**
 * Margins: what positions and open orders need, over all symbols of one margin asset, by which
 * leverage, and where the account would be liquidated. May import domain and this folder.
 *
 * Cross margin only: a symbol may be told to be isolated, and its margin is the account's all the
 * same. Nothing is liquidated here. Initial margin of a symbol: its position with all open orders
 * of the worse side filled, by its leverage; all of them may not exceed the asset's equity.
 */

import { type Decimal, decimal, decimalOfInteger, decimalOfNumber, ZERO } from "#domain/decimal.ts";
import type { Listing } from "./listing.ts";
import type { LeverageBracket } from "./symbol-rules.ts";

/** What the account has agreed with the venue on one symbol. */
export interface SymbolTerms {
  leverage: number;
  isIsolated: boolean;
}

const DEFAULT_LEVERAGE = 20;
const ONE = decimal("1");

export class Margins {
  readonly #listings: () => readonly Listing[];
  readonly #wallet: (asset: string) => Decimal;
  readonly #terms = new Map<string, SymbolTerms>();

  constructor(listings: () => readonly Listing[], wallet: (asset: string) => Decimal) {
    this.#listings = listings;
    this.#wallet = wallet;
  }

  terms({ market }: Listing): SymbolTerms {
    const { symbol } = market.instrument;
    const known = this.#terms.get(symbol);
    if (known !== undefined) return known;
    const leverage = Math.min(DEFAULT_LEVERAGE, market.maxLeverage);
    const terms = { leverage, isIsolated: false };
    this.#terms.set(symbol, terms);
    return terms;
  }

  /** The most that a position may be worth at the symbol's leverage. */
  maxNotional(listing: Listing, leverage = this.terms(listing).leverage): number {
    const allowing = listing.market.brackets.filter((each) => each.initialLeverage >= leverage);
    return allowing.at(-1)?.notionalCap ?? 0;
  }

  /** Whether the account can carry that a symbol's exposure grows to so many ticks · lots. */
  canCarry(listing: Listing, now: number, then: number): boolean {
    if (then <= now) return true;
    const asset = listing.market.instrument.quote;
    const others = this.of(asset)
      .filter((other) => other !== listing)
      .reduce((sum, other) => sum.plus(this.initial(other)), ZERO);
    return others.plus(this.#perLeverage(listing, then)).lte(this.equity(asset));
  }

  /** Whether the asset's equity is enough for all that is open now. */
  isCovered(asset: string): boolean {
    return this.#room(asset).gte(ZERO);
  }

  /** Symbols whose margin is this asset. */
  of(asset: string): readonly Listing[] {
    return this.#listings().filter(({ market }) => market.instrument.quote === asset);
  }

  /** Signed value of a position at the mark. */
  notional({ market }: Listing): Decimal {
    return market.exchange.account.base.times(market.mark);
  }

  unrealized(listing: Listing): Decimal {
    return this.notional(listing).minus(listing.market.exchange.account.entryValue);
  }

  /** Wallet and unrealised profit of an asset. */
  equity(asset: string): Decimal {
    return this.of(asset).reduce(
      (sum, listing) => sum.plus(this.unrealized(listing)),
      this.#wallet(asset),
    );
  }

  /** What position and open orders need. */
  initial(listing: Listing): Decimal {
    const { exchange, markTicks } = listing.market;
    return this.#perLeverage(listing, exchange.account.exposureUnits(markTicks));
  }

  /** What the position alone needs. */
  positionInitial(listing: Listing): Decimal {
    const { exchange, markTicks } = listing.market;
    return this.#perLeverage(listing, Math.abs(exchange.account.positionLots) * markTicks);
  }

  maintenance(listing: Listing): Decimal {
    const value = this.notional(listing).abs();
    const { maintMarginRatio, cum } = bracketOf(listing, value);
    return value.times(decimalOfNumber(maintMarginRatio)).minus(decimalOfNumber(cum));
  }

  /** What nothing needs; not below zero. */
  available(asset: string): Decimal {
    const room = this.#room(asset);
    return room.gt(ZERO) ? room : ZERO;
  }

  /**
   * The mark at which the account would be liquidated, all other marks being as they are; null
   * without a position, or where there is no such price.
   */
  liquidationPrice(listing: Listing): Decimal | null {
    const { exchange, instrument, mark } = listing.market;
    const { base } = exchange.account;
    if (base.eq(ZERO)) return null;
    const maintenance = this.of(instrument.quote).reduce(
      (sum, each) => sum.plus(this.maintenance(each)),
      ZERO,
    );
    const room = this.equity(instrument.quote).minus(maintenance);
    const isLong = base.gt(ZERO);
    const { maintMarginRatio } = bracketOf(listing, this.notional(listing).abs());
    // The maintenance margin moves with the price as well.
    const rate = decimalOfNumber(maintMarginRatio);
    const slope = isLong ? ONE.minus(rate) : ONE.plus(rate);
    const distance = room.div(base.abs()).div(slope);
    const price = isLong ? mark.minus(distance) : mark.plus(distance);
    return price.gt(ZERO) ? price : null;
  }

  #room(asset: string): Decimal {
    const needed = this.of(asset).reduce((sum, each) => sum.plus(this.initial(each)), ZERO);
    return this.equity(asset).minus(needed);
  }

  #perLeverage(listing: Listing, units: number): Decimal {
    const { tickSize, lotSize } = listing.market.instrument;
    const value = tickSize.times(lotSize).times(decimalOfInteger(units));
    return value.div(decimalOfInteger(this.terms(listing).leverage));
  }
}

const NO_BRACKET: LeverageBracket = {
  bracket: 0,
  initialLeverage: 1,
  notionalFloor: 0,
  notionalCap: 0,
  maintMarginRatio: 0,
  cum: 0,
};

/** The bracket of a position of this value; the last one where it is beyond all. */
function bracketOf({ market }: Listing, value: Decimal): LeverageBracket {
  const { brackets } = market;
  const found = brackets.find(({ notionalCap }) => value.lte(decimalOfInteger(notionalCap)));
  return found ?? brackets.at(-1) ?? NO_BRACKET;
}
