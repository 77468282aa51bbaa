/**
 * What the mock's exchangeInfo says of a perp, with all documented fields, its brackets of leverage
 * and maintenance margin, and the symbols that it knows how to make up. Pure; may import domain.
 */

import { decimal, decimalsOf } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import { Instrument } from "#domain/instrument.ts";
import type { JsonObject } from "../json.ts";
import { perpTexts } from "./texts.ts";

/** As far as prices and sizes go, in ticks and lots. */
const LEAST_TICKS = 10;
const MAX_TICKS = 100_000_000;
const MAX_LOTS = 10_000_000;
const MAX_MARKET_LOTS = 2_000_000;
/** Perpetuals are delivered never: in the venue's words, in the year 2100. */
const NEVER_MS = 4_133_404_800_000;
const ONBOARD_MS = 1_569_398_400_000;

export interface LeverageBracket {
  readonly bracket: number;
  /** The highest that a position of this value may have. */
  readonly initialLeverage: number;
  /** Of the position's value, quote currency. */
  readonly notionalFloor: number;
  readonly notionalCap: number;
  readonly maintMarginRatio: number;
  /** What the ratio takes too much of the value below the floor. */
  readonly cum: number;
}

/** Leverage, value from and to, ratio, and what the ratio takes too much. */
const BRACKETS: readonly (readonly [number, number, number, number, number])[] = [
  [125, 0, 300_000, 0.004, 0],
  [100, 300_000, 800_000, 0.005, 300],
  [75, 800_000, 3_000_000, 0.0065, 1500],
  [50, 3_000_000, 12_000_000, 0.01, 12_000],
  [20, 12_000_000, 70_000_000, 0.02, 132_000],
];

/** Those of a symbol, smallest positions first. */
export function bracketsOf(maxLeverage: number): readonly LeverageBracket[] {
  return BRACKETS.map(([leverage, notionalFloor, notionalCap, maintMarginRatio, cum], index) => ({
    bracket: index + 1,
    initialLeverage: Math.min(leverage, maxLeverage),
    notionalFloor,
    notionalCap,
    maintMarginRatio,
    cum,
  }));
}

/** A symbol's entry in exchangeInfo, without its status. Only what the mock does is allowed. */
export function perpRules(instrument: Instrument): JsonObject {
  const { symbol, base, quote } = instrument;
  return {
    symbol,
    pair: symbol,
    contractType: "PERPETUAL",
    deliveryDate: NEVER_MS,
    onboardDate: ONBOARD_MS,
    maintMarginPercent: "2.5000",
    requiredMarginPercent: "5.0000",
    baseAsset: base,
    quoteAsset: quote,
    marginAsset: quote,
    // More than the tick has: whoever takes these for the grid is refused.
    pricePrecision: decimalsOf(instrument.tickSize) + 1,
    quantityPrecision: decimalsOf(instrument.lotSize),
    baseAssetPrecision: 8,
    quotePrecision: 8,
    underlyingType: "COIN",
    underlyingSubType: ["PoW"],
    triggerProtect: "0.0500",
    liquidationFee: "0.012500",
    marketTakeBound: "0.05",
    filters: filtersOf(instrument),
    orderTypes: ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"],
    timeInForce: ["GTC", "IOC", "FOK", "GTX"],
  };
}

function filtersOf(instrument: Instrument): readonly unknown[] {
  const { price, size } = perpTexts(instrument);
  return [
    {
      filterType: "PRICE_FILTER",
      minPrice: price(LEAST_TICKS),
      maxPrice: price(MAX_TICKS),
      tickSize: price(1),
    },
    {
      filterType: "LOT_SIZE",
      minQty: size(instrument.minLots),
      maxQty: size(MAX_LOTS),
      stepSize: size(1),
    },
    {
      filterType: "MARKET_LOT_SIZE",
      minQty: size(instrument.minLots),
      maxQty: size(MAX_MARKET_LOTS),
      stepSize: size(1),
    },
    { filterType: "MAX_NUM_ORDERS", limit: instrument.maxOpenOrders },
    { filterType: "MIN_NOTIONAL", notional: instrument.minNotional.toFixed() },
    {
      filterType: "PERCENT_PRICE",
      multiplierUp: "1.0500",
      multiplierDown: "0.9500",
      multiplierDecimal: "4",
    },
  ];
}

interface KnownPerp {
  readonly base: string;
  readonly quote: string;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly minNotional: string;
  readonly maxLeverage: number;
  /** What a synthetic market starts at. */
  readonly price: string;
}

/** Ticks, lots and least values about as the venue has them in 2026; prices of the right size. */
const KNOWN: ReadonlyMap<string, KnownPerp> = new Map(
  (
    [
      ["BTC", "USDT", "0.1", "0.001", "50", 125, "64000"],
      ["ETH", "USDT", "0.01", "0.001", "20", 125, "2000"],
      ["BNB", "USDT", "0.01", "0.01", "5", 75, "600"],
      ["SOL", "USDT", "0.01", "0.01", "5", 75, "150"],
      ["XRP", "USDT", "0.0001", "0.1", "5", 75, "2.2"],
      ["SUI", "USDT", "0.0001", "0.1", "5", 75, "3"],
      ["DOGE", "USDT", "0.00001", "1", "5", 75, "0.2"],
      ["BTC", "USDC", "0.1", "0.001", "50", 125, "64000"],
      ["ETH", "USDC", "0.01", "0.001", "20", 75, "2000"],
      ["SOL", "USDC", "0.01", "0.01", "5", 75, "150"],
      ["SUI", "USDC", "0.0001", "0.1", "5", 75, "3"],
    ] as const
  ).map(([base, quote, tickSize, lotSize, minNotional, maxLeverage, price]) => {
    const known = { base, quote, tickSize, lotSize, minNotional, maxLeverage, price };
    return [`${base}${quote}`, known] as const;
  }),
);
const MAKER_FEE_RATE = "0.0002";
const TAKER_FEE_RATE = "0.0005";

export interface MockPerpMarket {
  readonly instrument: Instrument;
  readonly maxLeverage: number;
  /** Plain decimal, quote currency. */
  readonly startPrice: string;
}

/**
 * A perp that the mock knows, with its usual price and the fees of somebody without a discount.
 * @throws {InputError} `unknown-symbol`
 */
export function mockPerpMarket(symbol: string): MockPerpMarket {
  const known = KNOWN.get(symbol);
  if (known === undefined) {
    const names = [...KNOWN.keys()].join(", ");
    const message = `the mock venue does not know ${JSON.stringify(symbol)}`;
    throw new InputError("unknown-symbol", message, { hint: `it has ${names}` });
  }
  const { base, quote, tickSize, lotSize, minNotional, maxLeverage, price } = known;
  const instrument = new Instrument({
    venue: "binance-perp",
    symbol,
    base,
    quote,
    kind: "perp",
    priceRule: { kind: "fixed-tick" },
    tickSize,
    lotSize,
    minNotional,
    makerFeeRate: MAKER_FEE_RATE,
    takerFeeRate: TAKER_FEE_RATE,
    maxOpenOrders: 200,
    canAmend: false,
  });
  return { instrument, maxLeverage, startPrice: decimal(price).toFixed() };
}
