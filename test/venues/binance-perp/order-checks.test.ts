import { expect, test } from "bun:test";
import type { OrderRequest } from "#domain/order.ts";
import { OrderChecks } from "#venues/binance-perp/order-checks.ts";
import { marketOf, NOW_MS, requestOf, SUIUSDC, stopOf } from "./perp-kit.ts";

const MARKET = { type: "market", postOnly: false, priceTicks: 0 } as const;

function reasonOf(request: OrderRequest, market: object = SUIUSDC): string | undefined {
  return new OrderChecks(marketOf(market)).check(request, NOW_MS)?.reason;
}

test.each<[string, Partial<OrderRequest>]>([
  ["post-only", {}],
  ["IOC", { postOnly: false, timeInForce: "ioc" }],
  ["at market", MARKET],
  ["at market, of any value", { ...MARKET, quantityLots: 1 }],
  ["of little value, where it reduces", { quantityLots: 1, reduceOnly: true }],
])("%s: nothing speaks against it", (_name, rest) => {
  expect(reasonOf(requestOf(1, rest))).toBeUndefined();
});

test("a stop may be far from the price, and may open a position", () => {
  const checks = new OrderChecks(marketOf());
  checks.setMark(30_000, NOW_MS);
  expect(checks.check(stopOf(1, { priceTicks: 20_000 }), NOW_MS)).toBeNull();
});

test.each<[string, Partial<OrderRequest>, string]>([
  ["both post-only and IOC", { timeInForce: "ioc" }, "other"],
  ["post-only at market", { type: "market" }, "other"],
  ["no size", { quantityLots: 0 }, "filter"],
  ["half a lot", { quantityLots: 100.5 }, "filter"],
  ["above the most", { quantityLots: 1_000_001 }, "filter"],
  ["above the most of market orders", { ...MARKET, quantityLots: 50_001 }, "filter"],
  ["no price", { priceTicks: 0 }, "filter"],
  ["a price beyond the last", { priceTicks: 10_000_001 }, "filter"],
  ["below the least value", { quantityLots: 16 }, "filter"], // 4.8 of 5
])("%s is refused", (_name, rest, reason) => {
  expect(reasonOf(requestOf(1, rest))).toBe(reason);
});

test("what the symbol does not take", () => {
  expect(reasonOf(requestOf(1), { ...SUIUSDC, timeInForce: ["GTC", "IOC"] })).toBe("other");
  expect(reasonOf(stopOf(1), { ...SUIUSDC, orderTypes: ["LIMIT", "MARKET"] })).toBe("other");
});

test("a price too far from the mark is refused while the mark is known", () => {
  const checks = new OrderChecks(marketOf());
  const low = requestOf(1, { priceTicks: 28_499 }); // 0.95 times 30 000 are 28 500
  const high = requestOf(2, { side: "buy", priceTicks: 31_501 });
  expect(checks.check(low, NOW_MS)).toBeNull();
  checks.setMark(30_000, NOW_MS);
  expect(checks.check(low, NOW_MS)?.message).toContain("PERCENT_PRICE");
  expect(checks.check(high, NOW_MS)?.message).toContain("PERCENT_PRICE");
  expect(checks.check(requestOf(3, { priceTicks: 28_500 }), NOW_MS)).toBeNull();
  expect(checks.check(requestOf(3, { side: "buy", priceTicks: 31_500 }), NOW_MS)).toBeNull();
  expect(checks.check(low, NOW_MS + 10_000)).toBeNull(); // it is of long ago
});

test("rules that change count from then on", () => {
  const checks = new OrderChecks(marketOf());
  checks.setRules({ ...marketOf().rules, maxLots: 50 });
  expect(checks.check(requestOf(1), NOW_MS)?.reason).toBe("filter");
});
