/** The hedge leg of a paper pair: its account, orders, stops by last print or mark, funding. */

import { describe, expect, test } from "bun:test";
import { plain } from "#domain/decimal.ts";
import type { OrderRequest } from "#domain/order.ts";
import { pairOf, quote, START_MS } from "../backtest/support.ts";
import { Bench } from "./paper-bench.ts";

describe("a hedge on paper", () => {
  const HEDGE = { activeHedgeIqvRatio: 0.4, minHedgeOrderSize: "0.01" };
  const RULES = { tickSize: "0.01", lotSize: "0.001", minNotional: "5" };

  function hedgeBench(venue: string): Bench {
    const symbol = venue === "hyperliquid" ? "ETH" : "ETHUSDT";
    const instrumentOverride = venue === "hyperliquid" ? { szDecimals: 3 } : RULES;
    const pair = pairOf({
      hedgeOn: { venue, symbol, leverage: 5, instrumentOverride },
      hedge: HEDGE,
      simulation: { latencyMs: 0, queue: "risk-averse", hedgeQuote: "2000" },
    });
    const bench = new Bench(pair, "hedgeOn");
    bench.market.touch(199_999, 200_001);
    bench.news();
    return bench;
  }

  function stop(id: string, triggerTicks: number, reduceOnly = false): OrderRequest {
    const own = { type: "stop-market", side: "sell", reduceOnly, postOnly: false } as const;
    return { ...quote(id, "sell", triggerTicks, 500), ...own };
  }

  /** Sells half an ETH at the touch. */
  function sellHalf(bench: Bench): void {
    bench.paper.place({
      ...quote("mm-ETH-a1-1", "sell", 0, 500),
      type: "market",
      timeInForce: "ioc",
      postOnly: false,
    });
    bench.world.timers.advance(1);
  }

  test("begins flat, backed by its own quote currency at its own leverage", () => {
    const bench = hedgeBench("binance-perp");
    expect(bench.paper.account.positionLots).toBe(0);
    expect(plain(bench.paper.account.quote)).toBe("2000");
    // 2000 at 5x carry 5 ETH at 2000, and no more.
    bench.paper.place(quote("mm-ETH-a1-1", "sell", 200_002, 4_900));
    bench.paper.place(quote("mm-ETH-a1-2", "sell", 200_002, 4_900));
    bench.world.timers.advance(1);
    expect(bench.news()).toEqual(["+0 open mm-ETH-a1-1", "+0 rejected mm-ETH-a1-2"]);
  });

  test("a stop opens by the last print at Binance, whatever the mark", () => {
    const bench = hedgeBench("binance-perp");
    bench.market.trade("sell", 200_000, 1);
    bench.paper.place(stop("mm-ETH-p1-1", 196_000));
    bench.world.timers.advance(1);
    bench.market.mark(195_000);
    bench.world.timers.advance(1);
    expect(bench.news()).toEqual(["+0 open mm-ETH-p1-1"]);
    bench.market.touch(195_999, 196_001);
    bench.market.trade("sell", 196_000, 1);
    bench.world.timers.advance(1);
    expect(bench.paper.account.positionLots).toBe(-500);
  });

  test("a stop closes by the mark at Hyperliquid, and never turns a position around", () => {
    const bench = hedgeBench("hyperliquid");
    bench.market.touch(1_999_000, 2_000_000);
    sellHalf(bench);
    expect(bench.paper.account.positionLots).toBe(-500);
    bench.news();
    const buy = {
      ...stop("mm-ETH-s1-1", 2_010_000, true),
      side: "buy",
      quantityLots: 800,
    } as const;
    bench.paper.place(buy);
    bench.world.timers.advance(1);
    bench.market.trade("buy", 2_020_000, 1);
    bench.world.timers.advance(1);
    expect(bench.paper.account.positionLots).toBe(-500);
    bench.market.mark(2_010_000);
    bench.world.timers.advance(1);
    expect(bench.paper.account.positionLots).toBe(0);
  });

  test("marks are told, and funding is settled at the venue's hour by the rate told then", () => {
    const bench = hedgeBench("binance-perp");
    sellHalf(bench);
    bench.events.splice(0);
    const hourMs = START_MS + 1_000;
    bench.market.mark(200_000, 0.0001, hourMs);
    bench.world.timers.advance(1_000);
    const before = bench.paper.account.quote;
    bench.market.mark(200_000, 0.0001, hourMs + 28_800_000);
    bench.world.timers.advance(1);
    const kinds = bench.events.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "mark")).toHaveLength(2);
    const funding = bench.events.filter(({ kind }) => kind === "funding");
    // A short of 0.5 at 2000 receives a ten-thousandth of 1000.
    expect(funding).toEqual([
      expect.objectContaining({ fundingId: `paper-${hourMs}`, amount: "0.1" }),
    ]);
    expect(plain(bench.paper.account.quote.minus(before))).toBe("0.1");
    // Once for each hour.
    bench.market.mark(200_000, 0.0001, hourMs + 28_800_000);
    bench.world.timers.advance(1);
    expect(bench.events.filter(({ kind }) => kind === "funding")).toHaveLength(1);
  });
});
