/**
 * Margins: what the account's positions and open orders need, over all of its coins, and by which
 * leverage. May import domain, sim and this folder.
 *
 * Initial margin: for each coin the position with all open orders of its worse side filled, at the
 * mark, by the coin's leverage; all of them, and what was added to isolated positions, may not
 * exceed the account's value. Maintenance is half of the initial margin at the highest leverage.
 * An isolated position is the account's business all the same: nothing is liquidated here.
 */

import { type Decimal, decimal, decimalOfInteger, ZERO } from "#domain/decimal.ts";
import type { HlCoin } from "./coin.ts";
import type { HlFill } from "./fills.ts";

export interface Leverage {
  readonly isCross: boolean;
  readonly value: number;
}

/** Funding paid on a coin, received negative. */
export interface CumulatedFunding {
  allTime: Decimal;
  sinceOpen: Decimal;
  sinceChange: Decimal;
}

interface CoinTerms {
  leverage: Leverage;
  /** Added to its isolated position beyond what leverage asks for. */
  isolatedExtra: Decimal;
  readonly funding: CumulatedFunding;
}

const DEFAULT_LEVERAGE = 20;

export class Margins {
  #coins: readonly HlCoin[] = [];
  readonly #terms = new Map<string, CoinTerms>();
  readonly #cash: () => Decimal;

  /** @param cash the account's realised money */
  constructor(cash: () => Decimal) {
    this.#cash = cash;
  }

  /** To be called once, with every listed coin. */
  list(coins: readonly HlCoin[]): void {
    this.#coins = coins;
  }

  get coins(): readonly HlCoin[] {
    return this.#coins;
  }

  terms(coin: HlCoin): CoinTerms {
    const known = this.#terms.get(coin.name);
    if (known !== undefined) return known;
    const value = Math.min(DEFAULT_LEVERAGE, coin.maxLeverage);
    const terms = {
      leverage: { isCross: !coin.onlyIsolated, value },
      isolatedExtra: ZERO,
      funding: { allTime: ZERO, sinceOpen: ZERO, sinceChange: ZERO },
    };
    this.#terms.set(coin.name, terms);
    return terms;
  }

  /** Whether the account can carry that a coin's exposure grows to so many ticks · lots. */
  canCarry(coin: HlCoin, now: number, then: number): boolean {
    if (then <= now) return true;
    const others = this.#coins
      .filter((other) => other !== coin)
      .reduce((sum, other) => sum.plus(this.#initial(other)), ZERO);
    const own = this.#perLeverage(coin, then).plus(this.terms(coin).isolatedExtra);
    return others.plus(own).lte(this.value());
  }

  /** Cash and unrealised profit at mark prices. */
  value(): Decimal {
    return this.#coins.reduce((sum, coin) => sum.plus(this.unrealised(coin)), this.#cash());
  }

  unrealised(coin: HlCoin): Decimal {
    return this.notional(coin).minus(coin.exchange.account.entryValue);
  }

  /** Signed value of a position at the mark. */
  notional({ exchange, instrument, prices }: HlCoin): Decimal {
    return exchange.account.base.times(instrument.price(prices.markTicks));
  }

  /** What a position alone needs. */
  used(coin: HlCoin): Decimal {
    const { leverage, isolatedExtra } = this.terms(coin);
    const own = this.notional(coin).abs().div(decimalOfInteger(leverage.value));
    return own.plus(isolatedExtra);
  }

  maintenance(coin: HlCoin): Decimal {
    return this.notional(coin)
      .abs()
      .div(decimalOfInteger(2 * coin.maxLeverage));
  }

  /** What nothing needs: value less all initial margins, orders' included; not below zero. */
  free(): Decimal {
    const free = this.#room();
    return free.gt(ZERO) ? free : ZERO;
  }

  /** Whether the account's value is enough for all that is open now. */
  isCovered(): boolean {
    return this.#room().gte(ZERO);
  }

  /**
   * The mark at which the account would be liquidated, all other marks being as they are; null
   * without a position, or where there is no such price.
   */
  liquidationPrice(coin: HlCoin): Decimal | null {
    const { base } = coin.exchange.account;
    if (base.eq(ZERO)) return null;
    const { isCross } = this.terms(coin).leverage;
    const backing = isCross
      ? this.value().minus(this.#isolatedMargin())
      : this.used(coin).plus(this.unrealised(coin));
    const concerned = isCross ? this.#coins.filter((other) => this.#isCross(other)) : [coin];
    const maintenance = concerned.reduce((sum, each) => sum.plus(this.maintenance(each)), ZERO);
    const room = backing.minus(maintenance);
    const isLong = base.gt(ZERO);
    // The maintenance margin moves with the price as well.
    const rate = decimal("1").div(decimalOfInteger(2 * coin.maxLeverage));
    const slope = isLong ? decimal("1").minus(rate) : decimal("1").plus(rate);
    const distance = room.div(base.abs()).div(slope);
    const mark = coin.instrument.price(coin.prices.markTicks);
    const price = isLong ? mark.minus(distance) : mark.plus(distance);
    return price.gt(ZERO) ? price : null;
  }

  /** Margin of isolated positions, which is not the cross account's. */
  #isolatedMargin(): Decimal {
    return this.#coins
      .filter((coin) => !this.#isCross(coin))
      .reduce((sum, coin) => sum.plus(this.used(coin)), ZERO);
  }

  crossValue(): Decimal {
    return this.value().minus(this.#isolatedMargin());
  }

  /** Where its position opens, grows, flips or ends, sums of funding begin anew. */
  positionMoved(coin: HlCoin, fill: HlFill): void {
    const terms = this.terms(coin);
    const after = coin.exchange.account.positionLots;
    terms.funding.sinceChange = ZERO;
    if (Math.sign(after) === Math.sign(fill.startLots)) return;
    terms.funding.sinceOpen = ZERO;
    terms.isolatedExtra = ZERO;
  }

  /** @param paid in USDC, received negative */
  fundingPaid(coin: HlCoin, paid: Decimal): void {
    const { funding } = this.terms(coin);
    funding.allTime = funding.allTime.plus(paid);
    funding.sinceOpen = funding.sinceOpen.plus(paid);
    funding.sinceChange = funding.sinceChange.plus(paid);
  }

  #room(): Decimal {
    const needed = this.#coins.reduce((sum, coin) => sum.plus(this.#initial(coin)), ZERO);
    return this.value().minus(needed);
  }

  #isCross(coin: HlCoin): boolean {
    return this.terms(coin).leverage.isCross;
  }

  #initial(coin: HlCoin): Decimal {
    const units = coin.exchange.account.exposureUnits(coin.prices.markTicks);
    return this.#perLeverage(coin, units).plus(this.terms(coin).isolatedExtra);
  }

  #perLeverage(coin: HlCoin, units: number): Decimal {
    const { tickSize, lotSize } = coin.instrument;
    const { value } = this.terms(coin).leverage;
    const notional = tickSize.times(lotSize).times(decimalOfInteger(units));
    return notional.div(decimalOfInteger(value));
  }
}
