/**
 * SimAccount: the money of one account on one instrument of the simulated exchange: balances,
 * what resting orders lock, fees, and for a perp position, margin and funding. Exact decimals;
 * it knows amounts, not orders. Pure; may import domain only.
 *
 * Spot: buys lock quote at their limit price, sells lock base; nothing is ever below zero.
 * Perp: `cash` is the quote paid in minus what the position cost, so that equity is
 * `cash + position · mark` and nothing has to be divided to check a margin.
 */

import { type Decimal, decimal, decimalOfInteger, plain, ZERO } from "#domain/decimal.ts";
import { InvariantError } from "#domain/errors.ts";
import type { Liquidity } from "#domain/fill.ts";
import type { Instrument, Side } from "#domain/instrument.ts";
import { Balance, badAccount, notNegative, Wallet } from "./wallet.ts";

/**
 * What fees are paid in. `received`: a buy pays in base, a sell in quote (Binance Spot without
 * BNB). `quote`: always in quote (every perp venue). `asset`: in another asset at a fixed
 * `price` (quote currency per unit of it), as long as its balance lasts, else as `received`.
 * A perp has nothing to receive: `received` is `quote` there.
 */
export type FeePolicy =
  | { readonly kind: "received" }
  | { readonly kind: "quote" }
  | { readonly kind: "asset"; readonly asset: string; readonly price: string };

/** Starting balances, plain decimals. */
export interface AccountSetup {
  /** Base currency; must be "0" for a perp, whose position starts flat. */
  readonly base: string;
  readonly quote: string;
  /** Balance of the fee asset of an `asset` policy; none where left out. */
  readonly feeAsset?: string;
  /** Perp: position value allowed per unit of equity; 1 where left out. */
  readonly leverage?: string;
  /**
   * Perp: what is charged, received as funding or left of a position's cost is cut to so many
   * decimals, as its venue keeps amounts; exact where left out.
   */
  readonly amountDecimals?: number;
  /**
   * Perp of an account that trades others too: whether it can carry that this one's exposure
   * (see `exposureUnits`) grows from `now` to `then`. Its own equity decides where left out.
   */
  readonly canCarry?: (now: number, then: number) => boolean;
}

export interface Execution {
  readonly side: Side;
  readonly ticks: number;
  readonly lots: number;
  readonly liquidity: Liquidity;
}

export interface Charge {
  /** Plain decimal, negative for a rebate. */
  readonly fee: string;
  readonly feeAsset: string;
}

/** Fees in another asset, and every fee of a wallet, are rounded to this many decimals. */
const FEE_DECIMALS = 8;
const ROUND_DOWN = 0;
const ROUND_HALF_UP = 1;
const ONE = decimal("1");

export class SimAccount {
  readonly #instrument: Instrument;
  readonly #fees: FeePolicy;
  readonly #feePrice: Decimal;
  /** Null: exact. A wallet is shown to others, and has no finer amounts than a venue shows. */
  readonly #amountDecimals: number | null;
  readonly #canCarry: AccountSetup["canCarry"];
  readonly #leverage: Decimal;
  /** Quote currency of one tick times one lot. */
  readonly #unit: Decimal;
  /** Quote to lock per unit bought: more than `#unit` where the fee comes out of quote too. */
  readonly #lockUnit: Decimal;
  /** Spot: balances, which other instruments may share. Perp: base is unused, quote is `cash`. */
  readonly #base: Balance;
  readonly #quote: Balance;
  readonly #feeAsset: Balance;
  #positionLots = 0;
  /** Perp: what the open position cost, negative for a short. */
  #entryValue: Decimal = ZERO;
  /** What a spot account's balances are known to cover in all, at these versions of them. */
  #coveredLots = 0;
  #coveredUnits = 0;
  #coveredBaseVersion = -1;
  #coveredQuoteVersion = -1;
  /** Σ ticks · lots of open buys and sells, and Σ lots of open sells. */
  #buyUnits = 0;
  #sellUnits = 0;
  #sellLots = 0;

  /**
   * @param setup balances of its own, or the wallet of a spot account of several instruments
   * @throws {InputError} `bad-account`
   */
  constructor(instrument: Instrument, setup: AccountSetup | Wallet, fees: FeePolicy) {
    this.#instrument = instrument;
    this.#fees = fees;
    const feeAsset = fees.kind === "asset" ? fees.asset : "";
    if (setup instanceof Wallet) {
      this.#base = setup.balance(instrument.base);
      this.#quote = setup.balance(instrument.quote);
      this.#feeAsset = feeAsset === "" ? new Balance(ZERO) : setup.balance(feeAsset);
      this.#leverage = ONE;
      this.#amountDecimals = FEE_DECIMALS;
      if (instrument.kind === "perp") throw badAccount("wallet", "is for spot instruments only");
    } else {
      this.#base = new Balance(notNegative("base", setup.base));
      this.#quote = new Balance(notNegative("quote", setup.quote));
      this.#feeAsset = new Balance(notNegative("feeAsset", setup.feeAsset ?? "0"));
      this.#leverage = notNegative("leverage", setup.leverage ?? "1");
      this.#amountDecimals = setup.amountDecimals ?? null;
      this.#canCarry = setup.canCarry;
    }
    this.#feePrice = decimal(fees.kind === "asset" ? fees.price : "1");
    if (!this.#leverage.gt(ZERO)) throw badAccount("leverage", "must be above 0");
    if (!this.#feePrice.gt(ZERO)) throw badAccount("price of the fee asset", "must be above 0");
    if (instrument.kind === "perp" && !this.#base.total.eq(ZERO)) {
      throw badAccount("base", "must be 0 for a perp: its position starts flat");
    }
    if ([instrument.base, instrument.quote].includes(feeAsset)) {
      throw badAccount("fee asset", `${feeAsset} is traded here; take "received" or "quote"`);
    }
    this.#base.join(this.#baseLock);
    this.#quote.join(this.#quoteLock);
    this.#unit = instrument.tickSize.times(instrument.lotSize);
    this.#lockUnit = lockUnitOf(instrument, fees, this.#unit);
  }

  /** Base currency, free and locked; the signed position of a perp. */
  get base(): Decimal {
    return this.#isPerp ? this.#sizeOf(this.#positionLots) : this.#base.total;
  }

  /** Quote currency, free and locked; a perp's wallet balance, without unrealised profit. */
  get quote(): Decimal {
    return this.#isPerp ? this.#quote.total.plus(this.#entryValue) : this.#quote.total;
  }

  get feeAssetBalance(): Decimal {
    return this.#feeAsset.total;
  }

  /** Signed position of a perp in lots; 0 for spot. */
  get positionLots(): number {
    return this.#positionLots;
  }

  /** What the open position cost in quote, negative for a short; 0 for spot. */
  get entryValue(): Decimal {
    return this.#entryValue;
  }

  /** Spot: what open sells and open buys hold back. Perps lock nothing: see `hasMargin`. */
  get lockedBase(): Decimal {
    return this.#isPerp ? ZERO : this.#sizeOf(this.#sellLots);
  }
  get lockedQuote(): Decimal {
    return this.#isPerp ? ZERO : this.#lockUnit.times(decimalOfInteger(this.#buyUnits));
  }

  /** Wallet balance plus unrealised profit at a price; spot: everything valued at it. */
  equity(markTicks: number): Decimal {
    return this.#quote.total.plus(this.base.times(this.#instrument.price(markTicks)));
  }

  /**
   * Whether the account can carry one more order of this cost, as its venue asks it.
   * @param units Σ ticks · lots that it would cost at most
   * @param markTicks price of an open position (perp); unused where flat
   */
  canAfford(side: Side, lots: number, units: number, markTicks: number): boolean {
    if (this.#isPerp) return this.#hasMargin(side, units, markTicks);
    return side === "sell"
      ? this.#coversLots(this.#sellLots + lots)
      : this.#coversUnits(this.#buyUnits + units);
  }

  /** Counts (or with negative figures no longer counts) an open order. */
  lock(side: Side, lots: number, ticks: number): void {
    if (side === "buy") {
      this.#buyUnits = checkedUnits(this.#buyUnits + lots * ticks);
      this.#quote.lockChanged();
    } else {
      this.#sellUnits = checkedUnits(this.#sellUnits + lots * ticks);
      this.#sellLots = checkedUnits(this.#sellLots + lots);
      this.#base.lockChanged();
    }
  }

  /**
   * Perp: the position with all orders of one side filled, whichever side is worse, at a price:
   * in units of one tick times one lot.
   */
  exposureUnits(markTicks: number): number {
    return worstUnits(this.#positionLots * markTicks, this.#buyUnits, this.#sellUnits);
  }

  /** How many lots a reduce-only order of this side may still fill; 0 for spot. */
  closableLots(side: Side): number {
    return Math.max(0, side === "sell" ? this.#positionLots : -this.#positionLots);
  }

  /** Books one execution and its fee. The order's lock is the caller's to lower. */
  execute(execution: Execution): Charge {
    const value = this.#unit.times(decimalOfInteger(execution.ticks * execution.lots));
    const isBuy = execution.side === "buy";
    const signedLots = isBuy ? execution.lots : -execution.lots;
    const signedValue = isBuy ? value : value.neg();
    this.#quote.move(signedValue.neg());
    if (this.#isPerp) this.#movePosition(signedLots, signedValue);
    else this.#base.move(this.#sizeOf(signedLots));
    return this.#charge(execution, value);
  }

  /**
   * Settles funding at `rate` (a plain decimal, longs pay a positive one) on the position.
   * @returns what was paid in quote, negative where it was received
   */
  applyFunding(rate: string, markTicks: number): Decimal {
    const paid = this.#isPerp
      ? this.#cut(this.base.times(this.#instrument.price(markTicks)).times(decimal(rate)))
      : ZERO;
    this.#quote.move(paid.neg());
    return paid;
  }

  get #isPerp(): boolean {
    return this.#instrument.kind === "perp";
  }

  #sizeOf(lots: number): Decimal {
    return this.#instrument.size(lots);
  }

  readonly #baseLock = (): Decimal => this.lockedBase;
  readonly #quoteLock = (): Decimal => this.lockedQuote;

  #coversLots(lots: number): boolean {
    const { version } = this.#base;
    if (version === this.#coveredBaseVersion && lots <= this.#coveredLots) return true;
    if (!Number.isSafeInteger(lots)) return false;
    if (this.#base.besideOthers(this.#baseLock).lt(this.#sizeOf(lots))) return false;
    this.#coveredLots = lots;
    this.#coveredBaseVersion = version;
    return true;
  }

  #coversUnits(units: number): boolean {
    const { version } = this.#quote;
    if (version === this.#coveredQuoteVersion && units <= this.#coveredUnits) return true;
    if (!Number.isSafeInteger(units)) return false;
    const needed = this.#lockUnit.times(decimalOfInteger(units));
    if (this.#quote.besideOthers(this.#quoteLock).lt(needed)) return false;
    this.#coveredUnits = units;
    this.#coveredQuoteVersion = version;
    return true;
  }

  /**
   * Initial margin: the position with all orders of one side filled, whichever side is worse,
   * must not exceed equity times leverage. What does not make that worse is always allowed.
   */
  #hasMargin(side: Side, units: number, markTicks: number): boolean {
    const position = this.#positionLots * markTicks;
    const now = this.exposureUnits(markTicks);
    const buyUnits = this.#buyUnits + (side === "buy" ? units : 0);
    const sellUnits = this.#sellUnits + (side === "sell" ? units : 0);
    const then = worstUnits(position, buyUnits, sellUnits);
    if (then <= now) return true;
    if (!Number.isSafeInteger(then)) return false;
    if (this.#canCarry !== undefined) return this.#canCarry(now, then);
    const allowed = this.equity(markTicks).times(this.#leverage);
    return allowed.gte(this.#unit.times(decimalOfInteger(then)));
  }

  /** The part that closes takes its share of the entry value along; the rest opens. */
  #movePosition(lots: number, value: Decimal): void {
    const before = this.#positionLots;
    const after = before + lots;
    this.#positionLots = after;
    const isOpening = before === 0 || Math.sign(before) === Math.sign(lots);
    if (isOpening) {
      this.#entryValue = this.#entryValue.plus(value);
    } else if (after === 0) {
      this.#entryValue = ZERO;
    } else {
      const [whole, part, from] =
        Math.sign(after) === Math.sign(before)
          ? [this.#entryValue, after, before] // reduced: the rest keeps its share of the cost
          : [value, after, lots]; // flipped: the rest was opened at this price
      const kept = whole.times(decimalOfInteger(part)).div(decimalOfInteger(from));
      this.#entryValue = this.#cut(kept);
    }
  }

  #charge(execution: Execution, value: Decimal): Charge {
    const { makerFeeRate, takerFeeRate, base, quote } = this.#instrument;
    const rate = execution.liquidity === "maker" ? makerFeeRate : takerFeeRate;
    const inQuote = value.times(rate);
    if (this.#fees.kind === "asset") {
      const fee = inQuote.div(this.#feePrice).round(FEE_DECIMALS, ROUND_HALF_UP);
      if (this.#takeFeeAsset(fee)) {
        return { fee: plain(fee), feeAsset: this.#fees.asset };
      }
    }
    if (this.#isPerp || this.#fees.kind === "quote" || execution.side === "sell") {
      return { fee: this.#take(this.#quote, inQuote), feeAsset: quote };
    }
    const inBase = this.#sizeOf(execution.lots).times(rate);
    return { fee: this.#take(this.#base, inBase), feeAsset: base };
  }

  #take(balance: Balance, exactFee: Decimal): string {
    const fee = this.#cut(exactFee);
    balance.move(fee.neg());
    return plain(fee);
  }

  #cut(amount: Decimal): Decimal {
    return this.#amountDecimals === null ? amount : amount.round(this.#amountDecimals, ROUND_DOWN);
  }

  /** Takes a fee from the asset's own balance; false where that does not suffice. */
  #takeFeeAsset(fee: Decimal): boolean {
    // Other instruments of the account may trade this asset: what they lock is not there.
    if (this.#feeAsset.total.minus(this.#feeAsset.locked).lt(fee)) return false;
    this.#feeAsset.move(fee.neg());
    return true;
  }
}

function lockUnitOf(instrument: Instrument, fees: FeePolicy, unit: Decimal): Decimal {
  if (fees.kind !== "quote") return unit;
  const { makerFeeRate, takerFeeRate } = instrument;
  const rate = makerFeeRate.gt(takerFeeRate) ? makerFeeRate : takerFeeRate;
  return rate.gt(ZERO) ? unit.plus(unit.times(rate)) : unit;
}

function worstUnits(position: number, buyUnits: number, sellUnits: number): number {
  return Math.max(Math.abs(position + buyUnits), Math.abs(position - sellUnits));
}

/** Sums of ticks · lots are exact as long as they are safe integers. */
function checkedUnits(units: number): number {
  if (!Number.isSafeInteger(units)) throw new InvariantError(`${units} is not counted exactly`);
  return units;
}
