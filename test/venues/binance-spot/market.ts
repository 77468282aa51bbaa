/** A symbol of Binance Spot as the venue describes it, for the tests of its parsers. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Instrument } from "#domain/instrument.ts";
import type { MessageContext } from "#venues/binance/wire.ts";
import { sharedPath } from "../../shared.ts";

export const FILTERS = [
  { filterType: "PRICE_FILTER", minPrice: "0.01000000", maxPrice: "1000000.00", tickSize: "0.01" },
  { filterType: "LOT_SIZE", minQty: "0.00200000", maxQty: "9000.00000000", stepSize: "0.00010000" },
  { filterType: "ICEBERG_PARTS", limit: 100 },
  { filterType: "MARKET_LOT_SIZE", minQty: "0.0", maxQty: "2000.0", stepSize: "0.00000000" },
  { filterType: "TRAILING_DELTA", minTrailingAboveDelta: 10, maxTrailingAboveDelta: 2000 },
  {
    filterType: "PERCENT_PRICE_BY_SIDE",
    bidMultiplierUp: "5",
    bidMultiplierDown: "0.2",
    askMultiplierUp: "4",
    askMultiplierDown: "0.25",
    avgPriceMins: 5,
  },
  {
    filterType: "NOTIONAL",
    minNotional: "5.00000000",
    applyMinToMarket: true,
    maxNotional: "9000000.00000000",
    applyMaxToMarket: false,
    avgPriceMins: 5,
  },
  { filterType: "MAX_NUM_ORDERS", maxNumOrders: 200 },
  { filterType: "MAX_NUM_ALGO_ORDERS", maxNumAlgoOrders: 5 },
  { filterType: "MAX_NUM_ORDER_AMENDS", maxNumOrderAmends: 10 },
];

export const ETHUSDT = {
  symbol: "ETHUSDT",
  status: "TRADING",
  baseAsset: "ETH",
  baseAssetPrecision: 8,
  quoteAsset: "USDT",
  quoteAssetPrecision: 8,
  orderTypes: ["LIMIT", "LIMIT_MAKER", "MARKET"],
  cancelReplaceAllowed: true,
  amendAllowed: true,
  isSpotTradingAllowed: true,
  filters: FILTERS as readonly Readonly<Record<string, unknown>>[],
  permissionSets: [["SPOT"]],
  defaultSelfTradePreventionMode: "EXPIRE_MAKER",
  allowedSelfTradePreventionModes: ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
};

/** What messages about a symbol are read with: a fine grid, so that the venue's examples fit. */
export function contextOf(base: string, quote: string, tickSize = "0.00000001"): MessageContext {
  const instrument = new Instrument({
    venue: "binance-spot",
    symbol: `${base}${quote}`,
    base,
    quote,
    kind: "spot",
    priceRule: { kind: "fixed-tick" },
    tickSize,
    lotSize: "0.0001",
    minNotional: "0",
    makerFeeRate: "0",
    takerFeeRate: "0",
    maxOpenOrders: 200,
  });
  return { instrument, receivedTimeMs: 1_800_000_000_000.25 };
}

/** Payloads of the venue's own documentation; null (with a message) where they are absent. */
export const FIXTURES = sharedPath("fixtures", "binance", "spot");

/** One of them, for tests that are skipped where they are absent. */
export function fixture(folder: "http_json" | "user_data_json", name: string): unknown {
  return JSON.parse(readFileSync(join(FIXTURES ?? "", folder, name), "utf8")) as unknown;
}

/** What a function throws. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
