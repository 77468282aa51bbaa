/**
 * What Binance Spot says of its symbols and limits (`exchangeInfo`, `account.commission`), as
 * domain values. Strict on the symbol that is asked for, blind to all others. Pure; may import
 * domain only.
 */

import * as v from "valibot";
import { type Decimal, decimal, plain, ZERO } from "#domain/decimal.ts";
import { Instrument } from "#domain/instrument.ts";
import {
  type FeeRates,
  Filters,
  filterOf,
  gridFilters,
  type RateLimit,
  readRateLimits,
  stepsOf,
  unknownSymbol,
  upperStepsOf,
} from "../binance/exchange-info.ts";
import { Amount, Count, parsed, Quantity } from "../wire.ts";

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

export interface ExchangeInfo {
  readonly serverTimeMs: number;
  readonly rateLimits: readonly RateLimit[];
  /** Open orders allowed on the whole account; `Infinity` where the venue names no limit. */
  readonly maxAccountOrders: number;
  /** By name, unread: only those asked for are. */
  readonly symbols: ReadonlyMap<string, unknown>;
}

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
export function readMarket(info: ExchangeInfo, name: string, fees: FeeRates): SpotMarket {
  const json = info.symbols.get(name);
  if (json === undefined) {
    throw unknownSymbol("Binance Spot", name, [...info.symbols.keys()]);
  }
  const symbol = parsed(SpotSymbol, json, name);
  const { price, lot } = gridFilters(symbol.filters, name);
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
    minTicks: stepsOf(price.minPrice, instrument.tickSize, "up"),
    maxTicks: upperStepsOf(price.maxPrice, instrument.tickSize),
    maxLots: stepsOf(lot.maxQty, instrument.lotSize, "down"),
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
 * `account.commission` as the rates that we may be charged at most: a buy and a sale can differ,
 * then the dearer counts, and a discount for paying in another asset is left aside.
 * @throws {ProtocolError}
 */
export function readFees(json: unknown): FeeRates {
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
