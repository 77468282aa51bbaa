/** A ban is for all traffic: orders weigh nothing here, and must not go on all the same. */

import { expect, test } from "bun:test";
import { RateBudgets } from "#net/rate-budget.ts";
import { BinanceLimits, budgetSpecs } from "#venues/binance/limits.ts";
import { DIALECT, METHODS } from "#venues/binance-perp/api.ts";

const NOW_MS = 1_795_340_000_000;
const BAN_MS = 120_000;

test.each([418, 429])("after a status %i nothing is sent, until its time is over", (status) => {
  let nowMs = NOW_MS;
  const specs = budgetSpecs([], DIALECT);
  const memory = new RateBudgets(specs).memory;
  const limits = new BinanceLimits({ specs, memory }, () => nowMs, DIALECT);
  const reply = { status, code: -1003, message: "", retryAtMs: NOW_MS + BAN_MS, legs: null };
  expect(limits.take(METHODS["order.place"], nowMs).taken).toBe(true);
  limits.answered("order.place", reply, nowMs);
  for (const method of ["order.place", "algoOrder.place", "order.cancel", "time"] as const) {
    const refused = limits.take(METHODS[method], nowMs);
    expect(refused).toEqual({ taken: false, retryAtMs: NOW_MS + BAN_MS });
  }
  nowMs += BAN_MS;
  expect(limits.take(METHODS["order.place"], nowMs).taken).toBe(true);
});

test("weight that is used up is no ban: orders, which have none, still go", () => {
  const specs = budgetSpecs([], DIALECT);
  const memory = new RateBudgets(specs).memory;
  const limits = new BinanceLimits({ specs, memory }, () => NOW_MS, DIALECT);
  while (limits.take(METHODS.income, NOW_MS).taken);
  expect(limits.take(METHODS["order.place"], NOW_MS).taken).toBe(true);
});
