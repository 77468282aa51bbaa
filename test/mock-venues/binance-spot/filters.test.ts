/** Filters of the mock venue that its own symbols do not reach, and rules that make no sense. */

import { describe, expect, test } from "bun:test";
import { decimal } from "#domain/decimal.ts";
import { SymbolFilters } from "#mock-venues/binance-spot/filters.ts";

const PRICE = { filterType: "PRICE_FILTER", minPrice: "1", maxPrice: "0", tickSize: "0.5" };
const LOT = { filterType: "LOT_SIZE", minQty: "0.1", maxQty: "100", stepSize: "0.1" };
const OTHERS = [
  { filterType: "MARKET_LOT_SIZE", minQty: "0", maxQty: "50", stepSize: "0" },
  { filterType: "MAX_NUM_ORDERS", maxNumOrders: 3 },
  { filterType: "MAX_POSITION", maxPosition: "20" },
  {
    filterType: "NOTIONAL",
    minNotional: "5",
    applyMinToMarket: false,
    maxNotional: "1000",
    applyMaxToMarket: true,
    avgPriceMins: 5,
  },
];
const RULES = {
  orderTypes: ["LIMIT"],
  allowedSelfTradePreventionModes: ["EXPIRE_MAKER"],
  defaultSelfTradePreventionMode: "EXPIRE_MAKER",
};

const filters = new SymbolFilters("X", { ...RULES, filters: [PRICE, LOT, ...OTHERS] });

interface Wanted {
  readonly side?: "BUY" | "SELL";
  readonly price?: string | null;
  readonly quantity?: string;
  readonly openOrders?: number;
  readonly position?: string;
}

function refusal(wanted: Wanted): string {
  const { side = "BUY", price = "10", quantity = "1", openOrders = 0, position = "0" } = wanted;
  const isMarket = price === null;
  const draft = {
    side,
    type: isMarket ? "MARKET" : "LIMIT",
    price: isMarket ? null : decimal(price),
    quantity: decimal(quantity),
  } as const;
  const context = { referencePrice: decimal("10"), openOrders, position: decimal(position) };
  return filters.refusal(draft, context)?.message ?? "none";
}

describe("symbol filters", () => {
  test("steps count from zero, and a bound of zero is off", () => {
    expect(refusal({ price: "10.5" })).toBe("none");
    expect(refusal({ price: "10.25" })).toBe("Filter failure: PRICE_FILTER");
    expect(refusal({ price: "0.5", quantity: "20" })).toBe("Filter failure: PRICE_FILTER");
    expect(refusal({ price: "5000", quantity: "0.1" })).toBe("none");
    expect(refusal({ quantity: "100.1" })).toBe("Filter failure: LOT_SIZE");
  });

  test("value: the least for limit orders, the most for all here", () => {
    expect(refusal({ quantity: "0.4" })).toBe("Filter failure: NOTIONAL");
    expect(refusal({ quantity: "0.5" })).toBe("none");
    expect(refusal({ price: null, quantity: "0.1" })).toBe("none");
    expect(refusal({ price: "100", quantity: "10.1" })).toBe("Filter failure: NOTIONAL");
    expect(refusal({ price: null, quantity: "50.1" })).toBe("Filter failure: MARKET_LOT_SIZE");
  });

  test("open orders and position: what does not rest, and sales, are free", () => {
    expect(refusal({ openOrders: 2 })).toBe("none");
    expect(refusal({ openOrders: 3 })).toBe("Filter failure: MAX_NUM_ORDERS");
    expect(refusal({ openOrders: 3, price: null })).toBe("none");
    expect(refusal({ position: "19" })).toBe("none");
    expect(refusal({ position: "19.1" })).toBe("Filter failure: MAX_POSITION");
    expect(refusal({ position: "19.1", side: "SELL" })).toBe("none");
  });

  test("rules that are not as documented name the filter", () => {
    const broken = { ...RULES, filters: [PRICE, { ...LOT, minQty: 5 }] };
    expect(() => new SymbolFilters("X", broken)).toThrow("minQty");
    const none = { ...RULES, filters: [PRICE] };
    expect(() => new SymbolFilters("X", none)).toThrow("must both be there");
  });
});
