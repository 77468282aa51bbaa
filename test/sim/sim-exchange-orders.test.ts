/** The simulated exchange in short scenarios: what is accepted, refused, changed and cancelled. */

import { describe, expect, test } from "bun:test";
import { plain } from "#domain/decimal.ts";
import {
  Bench,
  benchWithBook,
  ioc,
  limit,
  market,
  perpInstrument,
  postOnly,
  sellPrint,
  spotInstrument,
  stop,
} from "./exchange-kit.ts";

describe("placing", () => {
  test("post-only is refused where it would cross, the market or an order of ours", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 102, 1), 2);
    bench.exchange.place(postOnly("b", "sell", 100, 1), 2);
    bench.exchange.place(postOnly("c", "sell", 101, 1), 2);
    bench.exchange.place(postOnly("d", "buy", 101, 1), 2);
    expect(bench.lines()).toEqual([
      "rejected a would-cross",
      "rejected b would-cross",
      "open c 0/1",
      "rejected d would-cross",
    ]);
  });

  test("a limit order takes what it crosses and rests with the remainder", () => {
    const bench = benchWithBook();
    bench.exchange.place(limit("a", "buy", 102, 7), 2);
    expect(bench.lines()).toEqual(["open a 0/7", "fill a buy 102 x4 taker"]);
    expect(bench.exchange.openOrders().map((order) => order.place)).toEqual(["resting"]);
    bench.book([], [[102, 1]]); // the ask is there again: filled in full, as a maker
    expect(bench.lines()).toEqual(["fill a buy 102 x3 maker", "filled a 7/7"]);
  });

  test("a market order ends where the book ends", () => {
    const bench = benchWithBook();
    bench.exchange.place(market("a", "sell", 15), 2); // 5 + 8
    expect(bench.lines()).toEqual([
      "open a 0/15",
      "fill a sell 100 x5 taker",
      "fill a sell 99 x8 taker",
      "expired a 13/15 other",
    ]);
  });

  test("our own resting orders expire rather than trade with our taker", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("own", "sell", 103, 2), 2);
    bench.exchange.place(postOnly("far", "sell", 104, 2), 2);
    bench.lines();
    bench.exchange.place(ioc("a", "buy", 103, 5), 3);
    expect(bench.lines()).toEqual([
      "open a 0/5",
      "fill a buy 102 x4 taker",
      "expired own 0/2 other",
      "fill a buy 103 x1 taker",
      "filled a 5/5",
    ]);
  });

  test("filters: grid, least size, least value", () => {
    const instrument = perpInstrument({
      priceRule: { kind: "significant-figures", figures: 3 },
      minSize: "0.2",
      minNotional: "1", // 1000 ticks · lots
    });
    const bench = new Bench({ instrument, account: { base: "0", quote: "1000" } });
    bench.exchange.place(postOnly("grid", "buy", 1001, 5), 2);
    bench.exchange.place(postOnly("zero", "buy", 0, 5), 2);
    bench.exchange.place(postOnly("size", "buy", 1000, 1), 2);
    bench.exchange.place(postOnly("half", "buy", 1000, 2.5), 2);
    bench.exchange.place(postOnly("value", "buy", 499, 2), 2);
    bench.exchange.place(postOnly("good", "buy", 500, 2), 2);
    bench.exchange.place(stop("stop", "sell", 1001, 2), 2);
    bench.exchange.place({ ...ioc("both", "buy", 500, 2), postOnly: true }, 2);
    expect(bench.lines()).toEqual([
      "rejected grid filter",
      "rejected zero filter",
      "rejected size filter",
      "rejected half filter",
      "rejected value filter",
      "open good 0/2",
      "rejected stop filter",
      "rejected both filter",
    ]);
  });

  test("an open id is taken, an ended one is free again", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 99, 1), 2);
    bench.exchange.place(postOnly("a", "buy", 98, 1), 2);
    bench.exchange.cancel("a", 3);
    bench.exchange.place(postOnly("a", "buy", 98, 1), 4);
    expect(bench.lines()).toEqual([
      "open a 0/1",
      "rejected a duplicate-id",
      "canceled a 0/1",
      "open a 0/1",
    ]);
  });

  test("only so many orders may be open; takers need no place", () => {
    const bench = benchWithBook({ maxOpenOrders: 2 });
    bench.exchange.place(postOnly("a", "buy", 99, 1), 2);
    bench.exchange.place(stop("b", "sell", 98, 1), 2);
    bench.exchange.place(postOnly("c", "buy", 97, 1), 2);
    bench.exchange.place(ioc("d", "buy", 102, 1), 2);
    expect(bench.lines()).toEqual([
      "open a 0/1",
      "open b 0/1",
      "rejected c too-many-orders",
      "open d 0/1",
      "fill d buy 102 x1 taker",
      "filled d 1/1",
    ]);
  });

  test("insufficient balance: what is locked cannot be used again, what is cancelled can", () => {
    // 0.5 USDT are 500 ticks · lots, 0.5 ETH are 5 lots.
    const bench = benchWithBook({ account: { base: "0.5", quote: "0.5" } });
    bench.exchange.place(postOnly("a", "buy", 100, 3), 2); // 300 of 500
    bench.exchange.place(postOnly("b", "buy", 99, 3), 2); // 297 > 200
    bench.exchange.place(market("c", "buy", 2), 2); // 204 > 200
    bench.exchange.place(postOnly("d", "sell", 103, 4), 2);
    bench.exchange.place(postOnly("e", "sell", 104, 2), 2); // 1 lot left
    bench.exchange.cancel("a", 3);
    bench.exchange.place(postOnly("b", "buy", 99, 5), 4); // 495 of 500
    expect(bench.lines()).toEqual([
      "open a 0/3",
      "rejected b insufficient-balance",
      "rejected c insufficient-balance",
      "open d 0/4",
      "rejected e insufficient-balance",
      "canceled a 0/3",
      "open b 0/5",
    ]);
  });
});

describe("amend, replace, cancel", () => {
  test("amend lowers the quantity and keeps the place in the queue", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 100, 6), 2);
    sellPrint(bench, 100, 6); // 5 ahead, 1 filled
    bench.exchange.amend("a", 3, 3);
    sellPrint(bench, 100, 9);
    expect(bench.lines()).toEqual([
      "open a 0/6",
      "fill a buy 100 x1 maker",
      "open a 1/3",
      "fill a buy 100 x2 maker",
      "filled a 3/3",
    ]);
    expect(plain(bench.exchange.account.lockedQuote)).toBe("0");
  });

  test("amend never raises, never goes to what is filled, and knows the filters", () => {
    const bench = benchWithBook({ instrument: spotInstrument({ minSize: "0.2" }) });
    bench.exchange.place(postOnly("a", "buy", 100, 6), 2);
    sellPrint(bench, 100, 8); // 3 filled
    bench.lines();
    for (const lots of [7, 6, 3, 1, NaN]) bench.exchange.amend("a", lots, 3);
    bench.exchange.place(postOnly("b", "buy", 99, 6), 4);
    bench.exchange.amend("b", 1, 5);
    bench.exchange.amend("nobody", 1, 5);
    expect(bench.lines()).toEqual([
      ...Array.from({ length: 5 }, () => "amend-rejected a other"),
      "open b 0/6",
      "amend-rejected b filter",
      "amend-rejected nobody unknown-order",
    ]);
  });

  test("replace frees the money of the old order for the new one", () => {
    const bench = benchWithBook({ account: { base: "0", quote: "0.5" } });
    bench.exchange.place(postOnly("a", "buy", 100, 5), 2); // all of it
    bench.exchange.replace("a", postOnly("b", "buy", 99, 5), 3);
    expect(bench.lines()).toEqual(["open a 0/5", "canceled a 0/5", "open b 0/5"]);
  });

  test("replace of an order with a fill fails whole", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 100, 5), 2);
    sellPrint(bench, 100, 6);
    bench.lines();
    bench.exchange.replace("a", postOnly("b", "buy", 99, 5), 3);
    bench.exchange.replace("nobody", postOnly("c", "buy", 99, 5), 3);
    expect(bench.lines()).toEqual([
      "cancel-rejected a other",
      "rejected b other",
      "cancel-rejected nobody unknown-order",
      "rejected c other",
    ]);
    expect(bench.exchange.openOrders().map((order) => order.clientOrderId)).toEqual(["a"]);
  });

  test("replace whose new order breaks a filter changes nothing", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 100, 5), 2);
    bench.exchange.replace("a", postOnly("b", "buy", 99, 0), 3);
    expect(bench.lines()).toEqual(["open a 0/5", "cancel-rejected a filter", "rejected b filter"]);
  });

  test("replace whose new order would cross leaves neither", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 100, 5), 2);
    bench.exchange.replace("a", postOnly("b", "buy", 102, 5), 3);
    expect(bench.lines()).toEqual(["open a 0/5", "canceled a 0/5", "rejected b would-cross"]);
    expect(bench.exchange.openOrders()).toEqual([]);
  });

  test("a cancel that lost the race against a fill is refused", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 100, 1), 2);
    sellPrint(bench, 99, 1);
    bench.lines();
    bench.exchange.cancel("a", 11);
    expect(bench.lines()).toEqual(["cancel-rejected a unknown-order"]);
  });

  test("cancelAll touches its own prefix only, whole parts of it", () => {
    const bench = benchWithBook();
    for (const id of ["mm-ETH-q1-1", "mm-ETHX-q1-1", "someone", "mm-ETH-q1-2"]) {
      bench.exchange.place(postOnly(id, "buy", 99, 1), 2);
    }
    bench.exchange.place(stop("mm-ETH-s1-3", "sell", 90, 1), 2);
    bench.lines();
    bench.exchange.cancelAll("mm-ETH", 3);
    expect(bench.lines()).toEqual([
      "canceled mm-ETH-q1-1 0/1",
      "canceled mm-ETH-q1-2 0/1",
      "canceled mm-ETH-s1-3 0/1",
    ]);
    expect(bench.exchange.openOrders().map((order) => order.clientOrderId)).toEqual([
      "mm-ETHX-q1-1",
      "someone",
    ]);
  });
});
