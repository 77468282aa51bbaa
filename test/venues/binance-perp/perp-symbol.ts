/** A perpetual as Binance USD-M describes it. */

export const FILTERS: readonly Readonly<Record<string, unknown>>[] = [
  { filterType: "PRICE_FILTER", minPrice: "39.86", maxPrice: "306177", tickSize: "0.01" },
  { filterType: "LOT_SIZE", minQty: "0.002", maxQty: "10000", stepSize: "0.001" },
  { filterType: "MARKET_LOT_SIZE", minQty: "0.003", maxQty: "2000", stepSize: "0.001" },
  { filterType: "MAX_NUM_ORDERS", limit: 200 },
  { filterType: "MIN_NOTIONAL", notional: "20" },
  {
    filterType: "PERCENT_PRICE",
    multiplierUp: "1.0500",
    multiplierDown: "0.9500",
    multiplierDecimal: "4",
  },
  { filterType: "A_FILTER_OF_NEXT_YEAR", limit: "?" },
];

export const ETHUSDT = {
  symbol: "ETHUSDT",
  pair: "ETHUSDT",
  contractType: "PERPETUAL",
  deliveryDate: 4133404800000,
  status: "TRADING",
  baseAsset: "ETH",
  quoteAsset: "USDT",
  marginAsset: "USDT",
  // Neither is the tick's or the lot's.
  pricePrecision: 5,
  quantityPrecision: 7,
  triggerProtect: "0.0500",
  liquidationFee: "0.012500",
  marketTakeBound: "0.05",
  filters: FILTERS,
  orderTypes: ["LIMIT", "MARKET", "STOP", "STOP_MARKET"],
  timeInForce: ["GTC", "IOC", "FOK", "GTX", "GTD"],
};

/** The filters without one, and with others in its place. */
export function filters(without: string, ...others: readonly unknown[]): unknown[] {
  return [...FILTERS.filter(({ filterType }) => filterType !== without), ...others];
}

export function exchangeInfo(symbols: readonly unknown[]): object {
  return {
    timezone: "UTC",
    serverTime: 1565613908500,
    rateLimits: [
      { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: 2400 },
      { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: 300 },
      { rateLimitType: "ORDERS", interval: "MINUTE", intervalNum: 1, limit: 1200 },
    ],
    exchangeFilters: [],
    assets: [],
    symbols,
  };
}
