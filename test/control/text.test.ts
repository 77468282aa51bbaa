/** What a terminal is told of a perp: position, funding, guards, budgets, who cancels at last. */

import { describe, expect, test } from "bun:test";
import { budgetText, hedgeTexts, pairLines, switchText } from "#control/text.ts";
import { hedgedStatus, pairStatus, perpStatus } from "./fake-desk.ts";

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

describe("a hedge", () => {
  test("has a line for where it is, each hedger, and how long it has been missed", () => {
    const lines = pairLines(hedgedStatus()).split("\n");
    expect(lines.filter((line) => line.startsWith("hedge "))).toEqual([
      "hedge binance-perp:ETHUSDT, position -0.5 ETH, of it active -0.5 and passive 0, net delta " +
        "0.123457 ETH, mid 2001.5, mark 2001.25, funding 0.0100 %",
      "hedge active: hedging, needed, still to trade -0.2 ETH",
      "hedge passive: armed, anchor 2000, trigger to sell 2.5 ETH at 1960, trigger to buy " +
        "2.5 ETH at 2040 (not confirmed)",
      "hedge missing for 12 s",
      "hedge budget orders: 2 of 300 used in 10 s",
      "hedge dead man's switch: the venue cancels 60 s after it last heard of mm",
    ]);
    expect(lines).toContain("pnl: equityChange 1.5, hedgeExecution 0.25, hedgeRevaluation -1");
    expect(lines[0]).toContain("holds 5.1 ETH and 9800 USDT, hedge -0.5 ETH,");
  });

  test("that is on shows its entry and its stop-loss", () => {
    const passive = {
      state: "open",
      anchorPrice: "2000",
      entryPrice: "1959.5",
      triggers: [],
      stop: { side: "buy", triggerPrice: "1969.3", size: "2.5", isWorking: true },
      open: "-0.1",
      isCovered: true,
    } as const;
    const status = hedgedStatus({ active: null, passive, unhedgedSinceMs: null });
    expect(hedgeTexts(status).slice(1)).toEqual([
      "passive: open, anchor 2000, entry 1959.5, stop-loss to buy 2.5 ETH at 1969.3, still to " +
        "trade -0.1 ETH",
    ]);
  });

  test("whose venue is down or tells no price says so", () => {
    const none = { mid: null, markPrice: null, fundingRate: null, active: null, passive: null };
    const [line] = hedgeTexts(hedgedStatus({ ...none, isConnected: false }));
    expect(line).toBe(
      "binance-perp:ETHUSDT, which is down or not compared yet, position -0.5 ETH, of it active " +
        "-0.5 and passive 0, net delta 0.123457 ETH, mid unknown, mark unknown",
    );
  });
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
