/**
 * SymbolRules: what the mock's exchangeInfo says of a symbol, with all documented fields, and the
 * symbols that it knows how to make up. Pure; may import domain only.
 */

import { decimal } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import { Instrument } from "#domain/instrument.ts";
import { eightDecimals, priceText, sizeText } from "./amounts.ts";

/** As far as prices and sizes go, in ticks and lots: the figures of ETHUSDT and BTCUSDT. */
const MAX_TICKS = 100_000_000;
const MAX_LOTS = 90_000_000;
const MAX_MARKET_LOTS = 20_000_000;

/**
 * A symbol's entry in exchangeInfo, without its status. Only what the mock does is allowed: no
 * icebergs, order lists, trailing or pegged orders.
 */
export function symbolRules(instrument: Instrument): Readonly<Record<string, unknown>> {
  return {
    symbol: instrument.symbol,
    baseAsset: instrument.base,
    baseAssetPrecision: 8,
    quoteAsset: instrument.quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: ["LIMIT", "LIMIT_MAKER", "MARKET"],
    icebergAllowed: false,
    ocoAllowed: false,
    otoAllowed: false,
    opoAllowed: false,
    quoteOrderQtyMarketAllowed: false,
    allowTrailingStop: false,
    cancelReplaceAllowed: true,
    amendAllowed: true,
    pegInstructionsAllowed: false,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: filtersOf(instrument),
    permissions: [],
    permissionSets: [["SPOT"]],
    defaultSelfTradePreventionMode: "EXPIRE_MAKER",
    allowedSelfTradePreventionModes: ["EXPIRE_MAKER"],
  };
}

function filtersOf(instrument: Instrument): readonly unknown[] {
  return [
    {
      filterType: "PRICE_FILTER",
      minPrice: priceText(instrument, 1),
      maxPrice: priceText(instrument, MAX_TICKS),
      tickSize: priceText(instrument, 1),
    },
    {
      filterType: "LOT_SIZE",
      minQty: sizeText(instrument, instrument.minLots),
      maxQty: sizeText(instrument, MAX_LOTS),
      stepSize: sizeText(instrument, 1),
    },
    { filterType: "ICEBERG_PARTS", limit: 100 },
    {
      filterType: "MARKET_LOT_SIZE",
      minQty: "0.00000000",
      maxQty: sizeText(instrument, MAX_MARKET_LOTS),
      stepSize: "0.00000000",
    },
    {
      filterType: "TRAILING_DELTA",
      minTrailingAboveDelta: 10,
      maxTrailingAboveDelta: 2000,
      minTrailingBelowDelta: 10,
      maxTrailingBelowDelta: 2000,
    },
    {
      filterType: "PERCENT_PRICE_BY_SIDE",
      bidMultiplierUp: "5",
      bidMultiplierDown: "0.2",
      askMultiplierUp: "5",
      askMultiplierDown: "0.2",
      avgPriceMins: 5,
    },
    {
      filterType: "NOTIONAL",
      minNotional: eightDecimals(instrument.minNotional.toFixed()),
      applyMinToMarket: true,
      maxNotional: "9000000.00000000",
      applyMaxToMarket: false,
      avgPriceMins: 5,
    },
    { filterType: "MAX_NUM_ORDERS", maxNumOrders: instrument.maxOpenOrders },
    { filterType: "MAX_NUM_ORDER_LISTS", maxNumOrderLists: 20 },
    { filterType: "MAX_NUM_ALGO_ORDERS", maxNumAlgoOrders: 5 },
    { filterType: "MAX_NUM_ORDER_AMENDS", maxNumOrderAmends: 10 },
  ];
}

interface KnownSymbol {
  readonly base: string;
  readonly tickSize: string;
  readonly lotSize: string;
  /** What a synthetic market starts at. */
  readonly price: string;
}

/** Ticks and lots as the venue has them in 2026; prices of the right size, no more. */
const KNOWN: ReadonlyMap<string, KnownSymbol> = new Map([
  ["BTCUSDT", { base: "BTC", tickSize: "0.01", lotSize: "0.00001", price: "64000" }],
  ["ETHUSDT", { base: "ETH", tickSize: "0.01", lotSize: "0.0001", price: "2000" }],
  ["BNBUSDT", { base: "BNB", tickSize: "0.01", lotSize: "0.001", price: "600" }],
  ["SOLUSDT", { base: "SOL", tickSize: "0.01", lotSize: "0.001", price: "150" }],
  ["XRPUSDT", { base: "XRP", tickSize: "0.0001", lotSize: "0.1", price: "2.2" }],
  ["SUIUSDT", { base: "SUI", tickSize: "0.0001", lotSize: "0.1", price: "3" }],
  ["DOGEUSDT", { base: "DOGE", tickSize: "0.00001", lotSize: "1", price: "0.2" }],
]);

export interface MockMarket {
  readonly instrument: Instrument;
  /** Plain decimal, quote currency. */
  readonly startPrice: string;
}

/**
 * A symbol that the mock knows, with its usual price and fees of 0.1 %.
 * @throws {InputError} `unknown-symbol`
 */
export function mockMarket(symbol: string): MockMarket {
  const known = KNOWN.get(symbol);
  if (known === undefined) {
    const names = [...KNOWN.keys()].join(", ");
    const message = `the mock venue does not know ${JSON.stringify(symbol)}`;
    throw new InputError("unknown-symbol", message, { hint: `it has ${names}` });
  }
  const instrument = new Instrument({
    venue: "binance-spot",
    symbol,
    base: known.base,
    quote: "USDT",
    kind: "spot",
    priceRule: { kind: "fixed-tick" },
    tickSize: known.tickSize,
    lotSize: known.lotSize,
    minNotional: "5",
    makerFeeRate: "0.001",
    takerFeeRate: "0.001",
    maxOpenOrders: 200,
  });
  return { instrument, startPrice: decimal(known.price).toFixed() };
}
