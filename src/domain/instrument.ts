/**
 * Instrument: what is traded where, and the venue's rules for its prices and sizes.
 * Inside MM a price is an integer count of ticks and a size an integer count of lots; this class
 * is the only place that turns them into decimal strings and back.
 */

import {
  type Decimal,
  decimal,
  decimalOfInteger,
  decimalsOf,
  formatScaled,
  plain,
  scaledInteger,
} from "./decimal.ts";
import { InputError } from "./errors.ts";

export type Side = "buy" | "sell";
export type VenueId = "binance-spot" | "binance-perp" | "hyperliquid";
export type InstrumentKind = "spot" | "perp";
/** What fires stop orders: the last print's price or the mark price. */
export type TriggerPrice = "last" | "mark";

/**
 * Which prices a venue takes.
 * - `fixed-tick`: every multiple of the tick (Binance).
 * - `significant-figures`: a multiple of the tick with at most `figures` significant figures, or
 *   any integer (Hyperliquid; the tick is then 10^-(6 − szDecimals), the finest step there is).
 */
export type PriceRule =
  | { readonly kind: "fixed-tick" }
  | { readonly kind: "significant-figures"; readonly figures: number };

export interface InstrumentSpec {
  readonly venue: VenueId;
  /** The venue's own name of it: `ETHUSDT`, `SUI`. */
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly kind: InstrumentKind;
  readonly priceRule: PriceRule;
  /** Quote currency per tick, a plain decimal. */
  readonly tickSize: string;
  /** Base currency per lot, a plain decimal. */
  readonly lotSize: string;
  /** Least size of an order, in base currency; the lot where the venue has no other. */
  readonly minSize?: string;
  /** Least value of an order, in quote currency; "0" where there is none. */
  readonly minNotional: string;
  /** Fractions of the value, negative for a rebate: "0.001" is ten basis points. */
  readonly makerFeeRate: string;
  readonly takerFeeRate: string;
  /** Open orders that the venue allows on this instrument. */
  readonly maxOpenOrders: number;
  /** Whether an order can be lowered in its place in the queue. Default: true */
  readonly canAmend?: boolean;
  /**
   * Whether a stop order may open a position; where not, stops are reduce-only. Default: true
   */
  readonly canOpenByStop?: boolean;
  /** Which price fires its stop orders. Default: last */
  readonly stopsFireOn?: TriggerPrice;
}

/** 10^n for the exponents that prices have. */
const POWERS_OF_TEN = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

export class Instrument {
  readonly venue: VenueId;
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly kind: InstrumentKind;
  readonly priceRule: PriceRule;
  readonly tickSize: Decimal;
  readonly lotSize: Decimal;
  readonly minNotional: Decimal;
  readonly makerFeeRate: Decimal;
  readonly takerFeeRate: Decimal;
  readonly maxOpenOrders: number;
  readonly canAmend: boolean;
  readonly canOpenByStop: boolean;
  readonly stopsFireOn: TriggerPrice;
  /** Least lots of an order, at least 1. */
  readonly minLots: number;
  /** Least `ticks · lots` of an order: the minimum notional in units of one tick times one lot. */
  readonly minNotionalUnits: number;
  /** The tick and lot as floats: for ratios and shapes, never for money. */
  readonly tickValue: number;
  readonly lotValue: number;

  readonly #priceDecimals: number;
  readonly #sizeDecimals: number;
  /** tickSize = tickMantissa · 10^-priceDecimals. */
  readonly #tickMantissa: number;
  readonly #lotMantissa: number;
  /** A size times the one, a notional times the other is a whole number where it is on the grid. */
  readonly #lotScale: Decimal;
  readonly #unitScale: Decimal;

  /** @throws {InputError} `bad-instrument` where the venue's figures make no sense */
  constructor(spec: InstrumentSpec) {
    this.venue = spec.venue;
    this.symbol = spec.symbol;
    this.base = spec.base;
    this.quote = spec.quote;
    this.kind = spec.kind;
    this.priceRule = spec.priceRule;
    this.tickSize = positive(spec, "tickSize", spec.tickSize);
    this.lotSize = positive(spec, "lotSize", spec.lotSize);
    this.minNotional = decimal(spec.minNotional);
    this.makerFeeRate = decimal(spec.makerFeeRate);
    this.takerFeeRate = decimal(spec.takerFeeRate);
    this.maxOpenOrders = spec.maxOpenOrders;
    this.canAmend = spec.canAmend ?? true;
    this.canOpenByStop = spec.canOpenByStop ?? true;
    this.stopsFireOn = spec.stopsFireOn ?? "last";
    this.#priceDecimals = decimalsOf(this.tickSize);
    this.#sizeDecimals = decimalsOf(this.lotSize);
    this.#tickMantissa = mantissa(spec, "tickSize", this.tickSize, this.#priceDecimals);
    this.#lotMantissa = mantissa(spec, "lotSize", this.lotSize, this.#sizeDecimals);
    this.#lotScale = decimal(`1${"0".repeat(this.#sizeDecimals)}`);
    this.#unitScale = this.#lotScale.times(decimal(`1${"0".repeat(this.#priceDecimals)}`));
    this.tickValue = Number(plain(this.tickSize));
    this.lotValue = Number(plain(this.lotSize));
    const minSize = decimal(spec.minSize ?? spec.lotSize);
    this.minLots = Math.max(1, roundUp(minSize.div(this.lotSize)));
    this.minNotionalUnits = roundUp(this.minNotional.div(this.tickSize.times(this.lotSize)));
    if (spec.priceRule.kind === "significant-figures" && this.#tickMantissa !== 1) {
      throw badInstrument(spec, "tickSize", "must be a power of ten under significant figures");
    }
  }

  get id(): string {
    return `${this.venue}:${this.symbol}`;
  }

  /** The highest valid price that is not above `ticks` (which may be fractional). */
  floorTicks(ticks: number): number {
    const whole = Math.floor(ticks);
    const step = this.stepTicks(whole);
    return step === 1 ? whole : Math.floor(whole / step) * step;
  }

  /** The lowest valid price that is not below `ticks` (which may be fractional). */
  ceilTicks(ticks: number): number {
    const whole = Math.ceil(ticks);
    const step = this.stepTicks(whole);
    // Rounding up may cross into the next power of ten, whose coarser step divides it as well.
    return step === 1 ? whole : Math.ceil(whole / step) * step;
  }

  isValidPrice(ticks: number): boolean {
    return Number.isSafeInteger(ticks) && ticks > 0 && this.floorTicks(ticks) === ticks;
  }

  /** Distance to the next valid price at about `ticks`, in ticks. */
  stepTicks(ticks: number): number {
    const rule = this.priceRule;
    if (rule.kind === "fixed-tick" || ticks <= 0) return 1;
    const excess = digitsOf(ticks) - rule.figures;
    // Integers are always valid: the step never exceeds one whole unit of the quote currency.
    const step = Math.min(Math.max(excess, 0), this.#priceDecimals);
    return POWERS_OF_TEN[step] ?? 1;
  }

  /** The price as the wire wants it: plain, no exponent, no trailing zeros. */
  priceString(ticks: number): string {
    return formatScaled(ticks * this.#tickMantissa, this.#priceDecimals);
  }

  /** The size as the wire wants it. */
  sizeString(lots: number): string {
    return formatScaled(lots * this.#lotMantissa, this.#sizeDecimals);
  }

  price(ticks: number): Decimal {
    return this.tickSize.times(decimalOfInteger(ticks));
  }

  size(lots: number): Decimal {
    return this.lotSize.times(decimalOfInteger(lots));
  }

  notional(ticks: number, lots: number): Decimal {
    return this.price(ticks).times(this.size(lots));
  }

  /**
   * A venue's price string as ticks, exactly.
   * @throws {InputError} `off-grid` where it is no multiple of the tick
   */
  ticksOf(text: string): number {
    return countOf(text, this.#priceDecimals, this.#tickMantissa, `${this.id} price`);
  }

  /** A venue's size string as lots, exactly. @throws {InputError} `off-grid` */
  lotsOf(text: string): number {
    return countOf(text, this.#sizeDecimals, this.#lotMantissa, `${this.id} size`);
  }

  /** The most lots that `amount` of the base currency holds. */
  wholeLots(amount: Decimal): number {
    return wholeSteps(amount, this.#lotScale, this.#lotMantissa);
  }

  /** The most units of one tick times one lot that `amount` of the quote currency holds. */
  wholeNotionalUnits(amount: Decimal): number {
    return wholeSteps(amount, this.#unitScale, this.#tickMantissa * this.#lotMantissa);
  }

  /** Whether an order of this price and size reaches the venue's minimum. */
  reachesMinimum(ticks: number, lots: number): boolean {
    return lots >= this.minLots && ticks * lots >= this.minNotionalUnits;
  }
}

function digitsOf(integer: number): number {
  let digits = 1;
  while (digits < POWERS_OF_TEN.length && integer >= (POWERS_OF_TEN[digits] ?? Infinity)) {
    digits += 1;
  }
  return digits;
}

/**
 * Steps of `mantissa / scale` that an amount holds, cut towards zero. Multiplies instead of
 * dividing: with decimals that is ten times as fast, and this is asked at every fill.
 */
function wholeSteps(amount: Decimal, scale: Decimal, mantissaOfStep: number): number {
  const scaled = Number(amount.times(scale).round(0, 0).toFixed());
  if (mantissaOfStep === 1 || Number.isSafeInteger(scaled)) {
    return safe(Math.trunc(scaled / mantissaOfStep));
  }
  const steps = amount.times(scale).div(decimalOfInteger(mantissaOfStep));
  return safe(Number(steps.round(0, 0).toFixed()));
}

function roundUp(value: Decimal): number {
  return safe(Number(value.round(0, 3).toFixed()));
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) {
    throw new InputError("too-large", `${value} is beyond what is counted exactly (2^53)`);
  }
  return value;
}

function countOf(text: string, decimals: number, mantissaOfStep: number, where: string): number {
  const scaled = scaledInteger(decimal(text), decimals);
  if (scaled === undefined || scaled % mantissaOfStep !== 0) {
    throw new InputError("off-grid", `${text} is not on the venue's grid`, { where });
  }
  return scaled / mantissaOfStep;
}

function positive(spec: InstrumentSpec, field: string, text: string): Decimal {
  const value = decimal(text);
  if (!value.gt("0")) throw badInstrument(spec, field, `is ${text}; it must be above 0`);
  return value;
}

function mantissa(spec: InstrumentSpec, field: string, value: Decimal, decimals: number): number {
  const scaled = scaledInteger(value, decimals);
  if (scaled === undefined) throw badInstrument(spec, field, "has too many digits");
  return scaled;
}

function badInstrument(spec: InstrumentSpec, field: string, what: string): InputError {
  return new InputError("bad-instrument", `${field} ${what}`, {
    where: `${spec.venue}:${spec.symbol}`,
  });
}
