/**
 * What Binance USD-M futures say of their perpetuals (`/fapi/v1/exchangeInfo`, `commissionRate`),
 * as domain values. Strict on the symbol that is asked for, blind to all others. Pure; may import
 * domain only.
 */

import * as v from "valibot";
import { type Decimal, decimal, decimalOfInteger, ZERO } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import { Instrument } from "#domain/instrument.ts";
import {
  type FeeRates,
  Filters,
  filterOf,
  gridFilters,
  LotFilter,
  type RateLimit,
  readRateLimits,
  stepsOf,
  unknownSymbol,
  upperStepsOf,
} from "../binance/exchange-info.ts";
import { Amount, Count, parsed, Quantity } from "../wire.ts";

/** The standard fees of an account without discounts, where there is no key to ask by. */
export const STANDARD_FEES: FeeRates = { makerFeeRate: "0.0002", takerFeeRate: "0.0005" };

/** Stops that the venue lets an account have, all symbols together; no filter tells it any more. */
const MAX_STOP_ORDERS = 200;

/** Sizes in lots that the venue takes: `min`, and so on by `step`, up to `max`. */
export interface LotRange {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

/** Allowed distance of a price from the mark price, as factors of that: a sale, a purchase. */
export interface MarkBand {
  /** A sale is not priced below `down` times the mark price. */
  readonly down: Decimal;
  /** A purchase is not priced above `up` times the mark price. */
  readonly up: Decimal;
}

/** The venue's rules for a perpetual that an `Instrument` does not hold. */
export interface PerpRules {
  /** Statuses new to us count as `halted`. */
  readonly trading: "open" | "halted";
  /** The venue's own word for it, for people. */
  readonly statusWord: string;
  /** Bounds of a price in ticks and of a limit order's size in lots; `Infinity`: there is none. */
  readonly minTicks: number;
  readonly maxTicks: number;
  readonly maxLots: number;
  /** Of market orders, stops that become one too. */
  readonly marketLots: LotRange;
  readonly priceBand: MarkBand | null;
  /** Market orders are not filled further from the mark price, as a fraction of it; null: any. */
  readonly marketTakeBound: Decimal | null;
  /** Stops waiting at a time. */
  readonly maxStopOrders: number;
  readonly canPostOnly: boolean;
  readonly canStop: boolean;
}

export interface PerpMarket {
  readonly instrument: Instrument;
  readonly rules: PerpRules;
}

export interface ExchangeInfo {
  readonly rateLimits: readonly RateLimit[];
  /** By name, unread: only those asked for are. */
  readonly symbols: ReadonlyMap<string, unknown>;
}

const Info = v.object({
  rateLimits: v.array(v.unknown()),
  symbols: v.array(v.looseObject({ symbol: v.string() })),
});

const PerpSymbol = v.object({
  symbol: v.string(),
  contractType: v.string(),
  status: v.string(),
  baseAsset: v.string(),
  quoteAsset: v.string(),
  marginAsset: v.string(),
  orderTypes: v.array(v.string()),
  timeInForce: v.array(v.string()),
  marketTakeBound: v.optional(Quantity),
  filters: Filters,
});

const MinNotional = v.object({ notional: Quantity });
const MaxOrders = v.object({ limit: Count });
const Band = v.object({ multiplierUp: Quantity, multiplierDown: Quantity });

const Commission = v.object({
  symbol: v.string(),
  makerCommissionRate: Amount,
  takerCommissionRate: Amount,
});

/** @throws {ProtocolError} */
export function readExchangeInfo(json: unknown): ExchangeInfo {
  const info = parsed(Info, json, "exchangeInfo");
  return {
    rateLimits: readRateLimits(info.rateLimits),
    symbols: new Map(info.symbols.map((entry) => [entry.symbol, entry])),
  };
}

/**
 * One perpetual with its rules.
 * @throws {InputError} `unknown-symbol`, also where it is no perpetual; `bad-instrument` where its
 *   grid is none that we can count on
 * @throws {ProtocolError} where it is not described as documented
 */
export function readMarket(info: ExchangeInfo, name: string, fees: FeeRates): PerpMarket {
  const json = info.symbols.get(name);
  if (json === undefined) {
    throw unknownSymbol("Binance USD-M", name, [...info.symbols.keys()]);
  }
  const symbol = parsed(PerpSymbol, json, name);
  checkContract(symbol);
  const { price, lot } = gridFilters(symbol.filters, name);
  const orders = filterOf(symbol.filters, "MAX_NUM_ORDERS", MaxOrders);
  const stops = filterOf(symbol.filters, "MAX_NUM_ALGO_ORDERS", MaxOrders);
  const instrument = new Instrument({
    venue: "binance-perp",
    symbol: symbol.symbol,
    base: symbol.baseAsset,
    quote: symbol.quoteAsset,
    kind: "perp",
    priceRule: { kind: "fixed-tick" },
    tickSize: price.tickSize,
    lotSize: lot.stepSize,
    minSize: lot.minQty,
    minNotional: filterOf(symbol.filters, "MIN_NOTIONAL", MinNotional)?.notional ?? "0",
    ...fees,
    maxOpenOrders: orders?.limit ?? Infinity,
    // A changed order goes to the end of the queue.
    canAmend: false,
    canOpenByStop: true,
  });
  checkOnGrid(name, price.minPrice, instrument.tickSize, "minPrice");
  checkOnGrid(name, lot.minQty, instrument.lotSize, "minQty");
  const bound = symbol.marketTakeBound;
  const rules: PerpRules = {
    trading: symbol.status === "TRADING" ? "open" : "halted",
    statusWord: symbol.status,
    minTicks: stepsOf(price.minPrice, instrument.tickSize, "up"),
    maxTicks: upperStepsOf(price.maxPrice, instrument.tickSize),
    maxLots: upperStepsOf(lot.maxQty, instrument.lotSize),
    marketLots: marketLotsOf(symbol.filters, instrument, name),
    priceBand: priceBandOf(symbol.filters),
    marketTakeBound: bound === undefined ? null : decimal(bound),
    maxStopOrders: Math.min(stops?.limit ?? MAX_STOP_ORDERS, MAX_STOP_ORDERS),
    canPostOnly: symbol.timeInForce.includes("GTX"),
    canStop: symbol.orderTypes.includes("STOP_MARKET"),
  };
  return { instrument, rules };
}

/**
 * The answer of `commissionRate`.
 * @throws {ProtocolError}
 */
export function readFees(json: unknown): FeeRates {
  const { makerCommissionRate, takerCommissionRate } = parsed(Commission, json, "commissionRate");
  return { makerFeeRate: makerCommissionRate, takerFeeRate: takerCommissionRate };
}

/** Since the venue merged its coin-margined futures in, neither is a matter of course. */
function checkContract(symbol: v.InferOutput<typeof PerpSymbol>): void {
  const { symbol: name, contractType, marginAsset, quoteAsset } = symbol;
  if (contractType !== "PERPETUAL") {
    const message = `${name} is no perpetual: its contract type is ${contractType}`;
    throw new InputError("unknown-symbol", message, { hint: "name a perpetual of Binance USD-M" });
  }
  if (marginAsset === quoteAsset) return;
  const message = `${name} is backed by ${marginAsset}, not by its quote currency ${quoteAsset}`;
  throw new InputError("unknown-symbol", message, { hint: "name a perpetual of Binance USD-M" });
}

/**
 * The venue counts steps from the least price and size, we count them from zero: that is the same
 * only where the least is a whole number of steps.
 */
function checkOnGrid(name: string, least: string, step: Decimal, field: string): void {
  if (isMultiple(least, step)) return;
  const message = `${field} ${least} is no multiple of its step ${step.toFixed()}`;
  throw new InputError("bad-instrument", message, { where: `binance-perp:${name}` });
}

function isMultiple(amount: string, step: Decimal): boolean {
  const value = decimal(amount);
  return step.times(value.div(step).round(0, 0)).eq(value);
}

/** MARKET_LOT_SIZE; a step of 0 is that of the limit orders. */
function marketLotsOf(
  filters: v.InferOutput<typeof Filters>,
  { lotSize, minLots }: Instrument,
  name: string,
): LotRange {
  const lot = filterOf(filters, "MARKET_LOT_SIZE", LotFilter);
  if (lot === null) return { min: minLots, max: Infinity, step: 1 };
  checkOnGrid(name, lot.stepSize, lotSize, "stepSize of market orders");
  const step = Math.max(1, stepsOf(lot.stepSize, lotSize, "down"));
  checkOnGrid(name, lot.minQty, lotSize.times(decimalOfInteger(step)), "minQty of market orders");
  const min = Math.max(minLots, stepsOf(lot.minQty, lotSize, "up"));
  const max = upperStepsOf(lot.maxQty, lotSize);
  return { min: Math.ceil(min / step) * step, max, step };
}

function priceBandOf(filters: v.InferOutput<typeof Filters>): MarkBand | null {
  const band = filterOf(filters, "PERCENT_PRICE", Band);
  if (band === null) return null;
  const [down, up] = [decimal(band.multiplierDown), decimal(band.multiplierUp)];
  return down.eq(ZERO) && up.eq(ZERO) ? null : { down, up };
}
