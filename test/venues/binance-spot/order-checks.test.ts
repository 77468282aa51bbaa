/** The venue's rules, asked before an order is sent. */

import { describe, expect, test } from "bun:test";
import { decimal } from "#domain/decimal.ts";
import type { OrderRequest, RejectReason } from "#domain/order.ts";
import { OrderChecks } from "#venues/binance-spot/order-checks.ts";
import { ETHUSDT, FILTERS } from "./market.ts";
import { marketOf, requestOf } from "./spot-kit.ts";

const NOTHING_HELD = { base: null, openBuyLots: 0 };

function checked(request: OrderRequest, symbol: object = ETHUSDT) {
  return new OrderChecks(marketOf(symbol)).check(request, NOTHING_HELD);
}

describe("a symbol's own bounds", () => {
  const cases: readonly (readonly [string, OrderRequest, RejectReason | null])[] = [
    ["in order", requestOf(1), null],
    // 5 USDT at least: 0.0025 ETH at 2000.
    ["the least value", requestOf(1, { quantityLots: 25 }), null],
    ["below the least value", requestOf(1, { quantityLots: 24 }), "filter"],
    ["below the least size", requestOf(1, { priceTicks: 90_000_00, quantityLots: 19 }), "filter"],
    ["the most size", requestOf(1, { priceTicks: 1_00, quantityLots: 90_000_000 }), null],
    ["above the most size", requestOf(1, { priceTicks: 1_00, quantityLots: 90_000_001 }), "filter"],
    // 9 000 000 USDT at most: 4500 ETH at 2000.
    ["the most value", requestOf(1, { quantityLots: 45_000_000 }), null],
    ["above the most value", requestOf(1, { quantityLots: 45_000_001 }), "filter"],
    ["the highest price", requestOf(1, { priceTicks: 100_000_000 }), null],
    ["above the highest price", requestOf(1, { priceTicks: 100_000_001 }), "filter"],
    ["one that would take", requestOf(1, { postOnly: false }), "other"],
  ];
  test.each(cases)("%s", (_name, request, reason) => {
    expect(checked(request)?.reason ?? null).toBe(reason);
  });

  test.each(["CANCEL_ONLY", "HALT", "BREAK"])("nothing is placed while it is %s", (status) => {
    const refusal = checked(requestOf(1), { ...ETHUSDT, status });
    expect(refusal?.reason).toBe("other");
    expect(refusal?.message).toContain(status);
  });
});

describe("the distance from the reference price", () => {
  // At 2000: buys from 400 (0.2) to 10 000 (5), sales from 500 (0.25) to 8000 (4).
  const bounds = [
    ["buy", 40_000, 1_000_000],
    ["sell", 50_000, 800_000],
  ] as const;
  test.each(bounds)("%s from %d to %d ticks", (side, minTicks, maxTicks) => {
    const checks = new OrderChecks(marketOf());
    const isTaken = (priceTicks: number): boolean =>
      checks.check(requestOf(1, { side, priceTicks, quantityLots: 1000 }), NOTHING_HELD) === null;
    checks.setReferencePrice(decimal("2000.00000000"));
    const edges = [minTicks - 1, minTicks, maxTicks, maxTicks + 1];
    expect(edges.map(isTaken)).toEqual([false, true, true, false]);
    checks.setReferencePrice(null);
    expect(edges.map(isTaken)).toEqual([true, true, true, true]);
  });

  test("a bound between two ticks is rounded inwards", () => {
    const checks = new OrderChecks(marketOf());
    checks.setReferencePrice(decimal("2000.03")); // · 0.2 = 400.006
    const at = (priceTicks: number) =>
      checks.check(requestOf(1, { priceTicks, quantityLots: 1000 }), NOTHING_HELD)?.reason;
    expect([at(40_000), at(40_001)]).toEqual(["filter", undefined]);
  });

  test("stays in force where the venue's rules change", () => {
    const checks = new OrderChecks(marketOf());
    checks.setReferencePrice(decimal("2000"));
    checks.setRules(checks.rules);
    const request = requestOf(1, { priceTicks: 39_999, quantityLots: 1000 });
    expect(checks.check(request, NOTHING_HELD)?.message).toContain("PERCENT_PRICE_BY_SIDE");
  });
});

test("the most that may be held counts open buys, and only for buys", () => {
  const filters = [...FILTERS, { filterType: "MAX_POSITION", maxPosition: "10.00000000" }];
  const checks = new OrderChecks(marketOf({ ...ETHUSDT, filters }));
  const holdings = { base: decimal("9.5"), openBuyLots: 4000 };
  const reasonOf = (side: "buy" | "sell", quantityLots: number) =>
    checks.check(requestOf(1, { side, quantityLots }), holdings)?.reason ?? null;
  expect(reasonOf("buy", 1000)).toBeNull();
  expect(reasonOf("buy", 1001)).toBe("filter");
  expect(reasonOf("sell", 1001)).toBeNull();
});

test("amendments are for orders of this run, up to the venue's number", () => {
  const checks = new OrderChecks(marketOf());
  const order = {
    clientOrderId: "mm-ETH-q1-1",
    venueOrderId: "1",
    side: "buy",
    quantityLots: 100,
    filledLots: 0,
    amends: 9,
    isOfThisRun: true,
    cancelSentMs: -Infinity,
    isOpen: true,
    createdMs: 0,
  } as const;
  expect(checks.canAmend(order)).toBe(true);
  expect(checks.canAmend({ ...order, amends: 10 })).toBe(false);
  expect(checks.canAmend({ ...order, isOfThisRun: false })).toBe(false);
  expect(checks.canAmend(undefined)).toBe(false);
  const rigid = new OrderChecks(marketOf({ ...ETHUSDT, amendAllowed: false }));
  expect(rigid.canAmend(order)).toBe(false);
});
