/**
 * What Binance Spot says of its symbols and limits (`exchangeInfo`, `account.commission`), as
 * domain values. Strict on the symbol that is asked for, blind to all others. Pure; may import
 * domain only.
 */

import { closest } from "fastest-levenshtein";
import * as v from "valibot";
import { type Decimal, decimal, plain, ZERO } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import { Instrument } from "#domain/instrument.ts";
import { Amount, Count, ProtocolError, parsed, Quantity } from "./wire.ts";

/** Fractions of an order's value, plain decimals. */
export interface SpotFees {
  readonly makerFeeRate: string;
  readonly takerFeeRate: string;
}

/** Allowed distance of a price from the venue's reference price, as factors of that price. */
export interface PriceBand {
  readonly buyDown: Decimal;
  readonly buyUp: Decimal;
  readonly sellDown: Decimal;
  readonly sellUp: Decimal;
  /** Minutes of the average price that stands in where there is no reference price; 0: last. */
  readonly averageMinutes: number;
}

/** The venue's rules for a symbol that an `Instrument` does not hold. */
export interface SpotRules {
  /** `cancel-only`: quotes are pulled and none placed. Statuses new to us count as `halted`. */
  readonly trading: "open" | "cancel-only" | "halted";
  /** The venue's own word for it, for people. */
  readonly statusWord: string;
  /** Bounds of a price in ticks and of a size in lots; `Infinity` where there is none. */
  readonly minTicks: number;
  readonly maxTicks: number;
  readonly maxLots: number;
  /** Most value of one order, quote currency; null where there is no such rule. */
  readonly maxNotional: Decimal | null;
  /** Most of the base currency held, counting open buys; null where there is no such rule. */
  readonly maxPosition: Decimal | null;
  readonly priceBand: PriceBand | null;
  readonly canPostOnly: boolean;
  readonly canReplace: boolean;
  readonly canAmend: boolean;
  /** Amendments that one order may have; `Infinity` where the venue names no limit. */
  readonly maxAmendsPerOrder: number;
  /** The venue's words, as sent back to it. */
  readonly allowedStpModes: readonly string[];
  readonly defaultStpMode: string;
}

export interface SpotMarket {
  readonly instrument: Instrument;
  readonly rules: SpotRules;
}

/** A budget of the venue, counted in fixed windows of its clock. */
export interface RateLimit {
  readonly kind: "request-weight" | "orders" | "raw-requests" | "connections";
  readonly windowMs: number;
  readonly limit: number;
  /** Used in the present window; -1 where the message does not say. */
  readonly used: number;
}

export interface ExchangeInfo {
  readonly serverTimeMs: number;
  readonly rateLimits: readonly RateLimit[];
  /** Open orders allowed on the whole account; `Infinity` where the venue names no limit. */
  readonly maxAccountOrders: number;
  /** By name, unread: only those asked for are. */
  readonly symbols: ReadonlyMap<string, unknown>;
}

const Filters = v.array(v.looseObject({ filterType: v.string() }));

const Info = v.object({
  serverTime: Count,
  rateLimits: v.array(v.unknown()),
  exchangeFilters: Filters,
  symbols: v.array(v.looseObject({ symbol: v.string() })),
});

const SpotSymbol = v.object({
  symbol: v.string(),
  status: v.string(),
  baseAsset: v.string(),
  quoteAsset: v.string(),
  orderTypes: v.array(v.string()),
  cancelReplaceAllowed: v.boolean(),
  amendAllowed: v.optional(v.boolean(), false),
  filters: Filters,
  defaultSelfTradePreventionMode: v.string(),
  allowedSelfTradePreventionModes: v.array(v.string()),
});

const PriceFilter = v.object({ minPrice: Quantity, maxPrice: Quantity, tickSize: Quantity });
const LotFilter = v.object({ minQty: Quantity, maxQty: Quantity, stepSize: Quantity });
const NotionalFilter = v.object({ minNotional: Quantity, maxNotional: v.optional(Quantity) });
const MaxOrders = v.object({ maxNumOrders: Count });
const MaxAmends = v.object({ maxNumOrderAmends: Count });
const MaxPosition = v.object({ maxPosition: Quantity });
const BandBySide = v.object({
  bidMultiplierUp: Quantity,
  bidMultiplierDown: Quantity,
  askMultiplierUp: Quantity,
  askMultiplierDown: Quantity,
  avgPriceMins: Count,
});
const Band = v.object({ multiplierUp: Quantity, multiplierDown: Quantity, avgPriceMins: Count });

const Rate = v.object({
  rateLimitType: v.string(),
  interval: v.string(),
  intervalNum: Count,
  limit: Count,
  count: v.optional(Count),
});

const Rates = v.object({ maker: Amount, taker: Amount, buyer: Amount, seller: Amount });
const Commission = v.object({
  standardCommission: Rates,
  specialCommission: v.optional(Rates),
  taxCommission: v.optional(Rates),
});

/** @throws {ProtocolError} */
export function readExchangeInfo(json: unknown): ExchangeInfo {
  const info = parsed(Info, json, "exchangeInfo");
  const accountOrders = filterOf(info.exchangeFilters, "EXCHANGE_MAX_NUM_ORDERS", MaxOrders);
  return {
    serverTimeMs: info.serverTime,
    rateLimits: readRateLimits(info.rateLimits),
    maxAccountOrders: accountOrders?.maxNumOrders ?? Infinity,
    symbols: new Map(info.symbols.map((entry) => [entry.symbol, entry])),
  };
}

/**
 * One symbol with its rules.
 * @throws {InputError} `unknown-symbol`; `bad-instrument` where its tick or lot is zero
 * @throws {ProtocolError} where it is not described as documented
 */
export function readMarket(info: ExchangeInfo, name: string, fees: SpotFees): SpotMarket {
  const json = info.symbols.get(name);
  if (json === undefined) throw unknownSymbol(info, name);
  const symbol = parsed(SpotSymbol, json, name);
  const where = `the filters of ${name}`;
  const price = required(filterOf(symbol.filters, "PRICE_FILTER", PriceFilter), where);
  const lot = required(filterOf(symbol.filters, "LOT_SIZE", LotFilter), where);
  const orders = filterOf(symbol.filters, "MAX_NUM_ORDERS", MaxOrders)?.maxNumOrders ?? Infinity;
  const notional =
    filterOf(symbol.filters, "NOTIONAL", NotionalFilter) ??
    filterOf(symbol.filters, "MIN_NOTIONAL", NotionalFilter);
  const instrument = new Instrument({
    venue: "binance-spot",
    symbol: symbol.symbol,
    base: symbol.baseAsset,
    quote: symbol.quoteAsset,
    kind: "spot",
    priceRule: { kind: "fixed-tick" },
    tickSize: price.tickSize,
    lotSize: lot.stepSize,
    minSize: lot.minQty,
    minNotional: notional?.minNotional ?? "0",
    ...fees,
    maxOpenOrders: Math.min(orders, info.maxAccountOrders),
  });
  const position = filterOf(symbol.filters, "MAX_POSITION", MaxPosition);
  const amends = filterOf(symbol.filters, "MAX_NUM_ORDER_AMENDS", MaxAmends);
  const rules: SpotRules = {
    trading: tradingOf(symbol.status),
    statusWord: symbol.status,
    minTicks: steps(price.minPrice, instrument.tickSize, "up"),
    maxTicks: isZero(price.maxPrice)
      ? Infinity
      : steps(price.maxPrice, instrument.tickSize, "down"),
    maxLots: steps(lot.maxQty, instrument.lotSize, "down"),
    maxNotional: notional?.maxNotional === undefined ? null : decimal(notional.maxNotional),
    maxPosition: position === null ? null : decimal(position.maxPosition),
    priceBand: priceBandOf(symbol.filters),
    canPostOnly: symbol.orderTypes.includes("LIMIT_MAKER"),
    canReplace: symbol.cancelReplaceAllowed,
    canAmend: symbol.amendAllowed,
    maxAmendsPerOrder: amends?.maxNumOrderAmends ?? Infinity,
    allowedStpModes: symbol.allowedSelfTradePreventionModes,
    defaultStpMode: symbol.defaultSelfTradePreventionMode,
  };
  return { instrument, rules };
}

/**
 * `rateLimits` of exchangeInfo or of an answer. Kinds that are new to us are left out.
 * @throws {ProtocolError} where a kind that we know is not described as documented
 */
export function readRateLimits(json: unknown): RateLimit[] {
  const entries = parsed(v.array(Rate), json, "rateLimits");
  return entries.flatMap((entry) => {
    const kind = LIMIT_KINDS.get(entry.rateLimitType);
    if (kind === undefined) return [];
    const intervalMs = INTERVALS_MS.get(entry.interval);
    if (intervalMs === undefined) {
      const word = JSON.stringify(entry.interval);
      throw new ProtocolError(`${word} is no known interval`, "rateLimits");
    }
    const windowMs = intervalMs * entry.intervalNum;
    return [{ kind, windowMs, limit: entry.limit, used: entry.count ?? -1 }];
  });
}

/**
 * `account.commission` as the rates that we may be charged at most: a buy and a sale can differ,
 * then the dearer counts, and a discount for paying in another asset is left aside.
 * @throws {ProtocolError}
 */
export function readFees(json: unknown): SpotFees {
  const commission = parsed(Commission, json, "account.commission");
  const parts = [
    commission.standardCommission,
    commission.specialCommission,
    commission.taxCommission,
  ].filter((part) => part !== undefined);
  const sum = (key: "maker" | "taker" | "buyer" | "seller"): Decimal =>
    parts.reduce((total, part) => total.plus(decimal(part[key])), ZERO);
  const [buyer, seller] = [sum("buyer"), sum("seller")];
  const side = buyer.gt(seller) ? buyer : seller;
  return {
    makerFeeRate: plain(sum("maker").plus(side)),
    takerFeeRate: plain(sum("taker").plus(side)),
  };
}

const LIMIT_KINDS: ReadonlyMap<string, RateLimit["kind"]> = new Map([
  ["REQUEST_WEIGHT", "request-weight"],
  ["ORDERS", "orders"],
  ["RAW_REQUESTS", "raw-requests"],
  ["CONNECTIONS", "connections"],
]);

const INTERVALS_MS: ReadonlyMap<string, number> = new Map([
  ["SECOND", 1000],
  ["MINUTE", 60_000],
  ["HOUR", 3_600_000],
  ["DAY", 86_400_000],
]);

function tradingOf(status: string): SpotRules["trading"] {
  if (status === "TRADING") return "open";
  return status === "CANCEL_ONLY" ? "cancel-only" : "halted";
}

function priceBandOf(filters: v.InferOutput<typeof Filters>): PriceBand | null {
  const bySide = filterOf(filters, "PERCENT_PRICE_BY_SIDE", BandBySide);
  if (bySide !== null) {
    return {
      buyDown: decimal(bySide.bidMultiplierDown),
      buyUp: decimal(bySide.bidMultiplierUp),
      sellDown: decimal(bySide.askMultiplierDown),
      sellUp: decimal(bySide.askMultiplierUp),
      averageMinutes: bySide.avgPriceMins,
    };
  }
  const both = filterOf(filters, "PERCENT_PRICE", Band);
  if (both === null) return null;
  const [down, up] = [decimal(both.multiplierDown), decimal(both.multiplierUp)];
  const averageMinutes = both.avgPriceMins;
  return { buyDown: down, buyUp: up, sellDown: down, sellUp: up, averageMinutes };
}

/** The filter of this name, or null where the symbol has none. */
function filterOf<Schema extends v.GenericSchema>(
  filters: v.InferOutput<typeof Filters>,
  name: string,
  schema: Schema,
): v.InferOutput<Schema> | null {
  const filter = filters.find(({ filterType }) => filterType === name);
  return filter === undefined ? null : parsed(schema, filter, `filter ${name}`);
}

function required<Filter>(filter: Filter | null, where: string): Filter {
  if (filter !== null) return filter;
  throw new ProtocolError("PRICE_FILTER and LOT_SIZE must both be there", where);
}

function isZero(amount: string): boolean {
  return decimal(amount).eq(ZERO);
}

/** Whole steps of a bound. Bounds beyond 2^53 are rounded: no order comes near them. */
function steps(bound: string, step: Decimal, rounding: "down" | "up"): number {
  const whole = decimal(bound)
    .div(step)
    .round(0, rounding === "down" ? 0 : 3);
  return Number(plain(whole));
}

function unknownSymbol(info: ExchangeInfo, name: string): InputError {
  const known = [...info.symbols.keys()];
  const hint =
    known.length === 0
      ? "check its spelling"
      : `check its spelling; the nearest that there is: ${closest(name, known)}`;
  return new InputError("unknown-symbol", `Binance Spot has no symbol ${JSON.stringify(name)}`, {
    hint,
  });
}
