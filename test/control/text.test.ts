/** What a terminal is told of a perp: position, funding, guards, budgets, who cancels at last. */

import { expect, test } from "bun:test";
import { budgetText, pairLines, switchText } from "#control/text.ts";
import { pairStatus, perpStatus } from "./fake-desk.ts";

test("all of a perp, a line for each thing", () => {
  const status = perpStatus();
  expect(pairLines(status).split("\n")).toEqual([
    expect.stringContaining(
      "live on hyperliquid:SUI, mid 2000.005, orders 2 bids 1 asks, position",
    ),
    "pnl: equityChange 1.5, funding -0.02",
    "guard liquidation-distance tripped: 8.5, its limit 10",
    "budget address: 120 of 10000 used",
    "budget weight: 3 of 1200 used in 60 s",
    "dead man's switch: the venue cancels 60 s after it last heard of mm",
  ]);
  expect(pairLines(status)).toContain("position -12.5 SUI and 87.5 USDC,");
});

test("a pair without a connection has no budgets", () => {
  const lines = pairLines(pairStatus("ETH", { guards: [] })).split("\n");
  expect(lines).toEqual([expect.stringContaining("holds 5.1 ETH and 9800 USDT")]);
});

test("a switch that the venue does not have says why", () => {
  const reason = "the account has traded 12 USDC of 1000000";
  expect(switchText({ by: "guardian", reason })).toBe(`the venue does not cancel: ${reason}`);
  expect(budgetText({ name: "posts", used: 1, limit: 100, windowMs: null })).toBe(
    "posts: 1 of 100 used",
  );
});
