/** The simulated exchange in short scenarios: how resting orders fill, what takers may take. */

import { describe, expect, test } from "bun:test";
import { parseQueueModel } from "#sim/queue-model.ts";
import {
  Bench,
  benchWithBook,
  buyPrint,
  ioc,
  market,
  postOnly,
  sellPrint,
} from "./exchange-kit.ts";

describe("a resting buy", () => {
  test("waits for the queue ahead, then is filled by what exceeds it", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 100, 4), 2);
    expect(bench.lines()).toEqual(["open a 0/4"]);
    sellPrint(bench, 100, 3); // 5 ahead, 2 left
    expect(bench.lines()).toEqual([]);
    sellPrint(bench, 100, 3); // 2 ahead, 1 exceeds
    expect(bench.lines()).toEqual(["fill a buy 100 x1 maker"]);
    sellPrint(bench, 100, 2); // nobody ahead
    expect(bench.lines()).toEqual(["fill a buy 100 x2 maker"]);
    sellPrint(bench, 100, 9); // 1 left of 4
    expect(bench.lines()).toEqual(["fill a buy 100 x1 maker", "filled a 4/4"]);
  });

  test("is filled in full by a print below it, however small", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 100, 40), 2);
    sellPrint(bench, 99, 1);
    expect(bench.lines()).toEqual(["open a 0/40", "fill a buy 100 x40 maker", "filled a 40/40"]);
  });

  test("is filled in full when an ask is set at it or lower, not above it", () => {
    for (const [ask, isFilled] of [
      [101, false],
      [100, true],
      [98, true],
    ] as const) {
      const bench = benchWithBook();
      bench.exchange.place(postOnly("a", "buy", 100, 40), 2);
      bench.lines();
      bench.book([], [[ask, 1]]);
      const fill = ["fill a buy 100 x40 maker", "filled a 40/40"];
      expect(bench.lines()).toEqual(isFilled ? fill : []);
    }
  });

  test("is not touched by buyers' prints, nor by an ask that goes", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 100, 4), 2);
    bench.lines();
    buyPrint(bench, 100, 50);
    buyPrint(bench, 102, 50);
    bench.book([], [[99, 0]]);
    expect(bench.lines()).toEqual([]);
  });

  test("moves up as its level shrinks, here risk-averse", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 100, 4), 2);
    bench.book([[100, 9]], []); // 4 more stand behind
    expect(bench.exchange.openOrders()[0]?.front).toBe(5);
    bench.book([[100, 2]], []);
    expect(bench.exchange.openOrders()[0]?.front).toBe(2);
    bench.book([[100, 0]], []);
    expect(bench.exchange.openOrders()[0]?.front).toBe(0);
  });

  test("moves up by the model's share: power:3", () => {
    const bench = new Bench({ queueModel: parseQueueModel("power:3") });
    bench.book([[100, 60]], [[110, 1]]);
    bench.exchange.place(postOnly("a", "buy", 100, 4), 2);
    bench.book([[100, 100]], []); // 60 ahead, 40 behind
    sellPrint(bench, 100, 10); // 50 ahead
    bench.book([[100, 80]], []); // 20 gone, of which 10 printed: 10 cancels; back = 100 − 50
    // π = 50³ / (50³ + 50³) = ½: 50 − ½ · 10 = 45
    expect(bench.exchange.openOrders()[0]?.front).toBe(45);
  });

  test("placed inside the spread is first, and stays it", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 101, 4), 2);
    bench.book([[101, 30]], []);
    bench.lines();
    sellPrint(bench, 101, 3);
    expect(bench.lines()).toEqual(["fill a buy 101 x3 maker"]);
  });
});

test("a resting sell mirrors it", () => {
  const bench = benchWithBook();
  bench.exchange.place(postOnly("a", "sell", 102, 6), 2);
  buyPrint(bench, 102, 5); // 4 ahead, 1 exceeds
  buyPrint(bench, 101, 5);
  sellPrint(bench, 102, 5);
  expect(bench.lines()).toEqual(["open a 0/6", "fill a sell 102 x1 maker"]);
  bench.book([[102, 1]], []);
  expect(bench.lines()).toEqual(["fill a sell 102 x5 maker", "filled a 6/6"]);
});

describe("own fills never take liquidity twice", () => {
  test("one print is shared by the orders at its price, oldest first", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 100, 3), 2);
    bench.exchange.place(postOnly("b", "buy", 100, 9), 2);
    bench.lines();
    sellPrint(bench, 100, 10); // 5 ahead of both; 5 exceed: 3 for a, 2 for b
    expect(bench.lines()).toEqual([
      "fill a buy 100 x3 maker",
      "filled a 3/3",
      "fill b buy 100 x2 maker",
    ]);
  });

  test("what crosses is filled best price first", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("low", "buy", 98, 1), 2);
    bench.exchange.place(postOnly("high", "buy", 100, 1), 2);
    bench.exchange.place(postOnly("far", "buy", 97, 1), 2);
    bench.lines();
    bench.book([], [[98, 1]]);
    expect(bench.lines()).toEqual([
      "fill high buy 100 x1 maker",
      "filled high 1/1",
      "fill low buy 98 x1 maker",
      "filled low 1/1",
    ]);
  });

  test("a taker's level is used up until its next update", () => {
    const bench = benchWithBook();
    bench.exchange.place(ioc("a", "buy", 103, 7), 2);
    // 4 at 102, 3 of 6 at 103
    expect(bench.lines()).toEqual([
      "open a 0/7",
      "fill a buy 102 x4 taker",
      "fill a buy 103 x3 taker",
      "filled a 7/7",
    ]);
    bench.exchange.place(ioc("b", "buy", 103, 7), 3);
    expect(bench.lines()).toEqual(["open b 0/7", "fill b buy 103 x3 taker", "expired b 3/7 other"]);
    bench.book([], [[102, 2]]);
    bench.exchange.place(market("c", "buy", 3), 4);
    expect(bench.lines()).toEqual([
      "open c 0/3",
      "fill c buy 102 x2 taker",
      "fill c buy 105 x1 taker",
      "filled c 3/3",
    ]);
  });

  test("post-only looks at what is left to take", () => {
    const bench = benchWithBook();
    bench.exchange.place(market("a", "buy", 4), 2); // all of 102
    bench.lines();
    bench.exchange.place(postOnly("b", "buy", 102, 1), 3);
    expect(bench.lines()).toEqual(["open b 0/1"]);
  });

  test("a level that filled a resting order by crossing it is used up by that", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 100, 3), 2);
    bench.book([[100, 0]], [[100, 5]]);
    bench.lines();
    bench.exchange.place(ioc("b", "buy", 100, 5), 3); // 2 of the 5 are left
    expect(bench.lines()).toEqual(["open b 0/5", "fill b buy 100 x2 taker", "expired b 2/5 other"]);
  });
});

describe("a gap in the feed", () => {
  test("the book is forgotten, our orders and their queues stay", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 100, 2), 2);
    bench.exchange.onClear();
    expect(bench.exchange.book.isEmpty()).toBe(true);
    bench.book([[100, 3]], []); // of the 5 ahead at most 3 are left
    bench.lines();
    sellPrint(bench, 100, 4);
    expect(bench.lines()).toEqual(["fill a buy 100 x1 maker"]);
  });
});
