/** The simulated exchange in short scenarios: trigger orders, and what is different for a perp. */

import { describe, expect, test } from "bun:test";
import { plain } from "#domain/decimal.ts";
import {
  benchWithBook,
  buyPrint,
  market,
  perpInstrument,
  postOnly,
  sellPrint,
  stop,
} from "./exchange-kit.ts";

describe("trigger orders", () => {
  test("a sell stop waits for a print at its trigger, then takes as a market order", () => {
    const bench = benchWithBook();
    bench.exchange.place(stop("a", "sell", 100, 6), 2);
    buyPrint(bench, 102, 1);
    sellPrint(bench, 101, 1);
    expect(bench.lines()).toEqual(["open a 0/6"]);
    expect(bench.exchange.openOrders().map((order) => order.place)).toEqual(["waiting"]);
    sellPrint(bench, 100, 1);
    expect(bench.lines()).toEqual([
      "fill a sell 100 x5 taker",
      "fill a sell 99 x1 taker",
      "filled a 6/6",
    ]);
  });

  test("a buy stop fires above, and what the book does not hold expires", () => {
    const bench = benchWithBook();
    bench.exchange.place(stop("a", "buy", 103, 30), 2);
    buyPrint(bench, 104, 1);
    expect(bench.lines()).toEqual([
      "open a 0/30",
      "fill a buy 102 x4 taker",
      "fill a buy 103 x6 taker",
      "fill a buy 105 x9 taker",
      "expired a 19/30 other",
    ]);
  });

  test("one that would fire at once is refused", () => {
    const bench = benchWithBook();
    sellPrint(bench, 100, 1);
    bench.exchange.place(stop("a", "sell", 100, 1), 2);
    bench.exchange.place(stop("b", "sell", 99, 1), 2);
    bench.exchange.place(stop("c", "buy", 99, 1), 2);
    expect(bench.lines()).toEqual([
      "rejected a would-cross",
      "open b 0/1",
      "rejected c would-cross",
    ]);
  });

  test("by the mark price, prints do not fire it", () => {
    const bench = benchWithBook({ triggerOn: "mark" });
    bench.exchange.place(stop("a", "sell", 100, 1), 2);
    sellPrint(bench, 90, 1);
    bench.exchange.onMark(101, 5);
    expect(bench.lines()).toEqual(["open a 0/1"]);
    bench.exchange.onMark(100, 6);
    expect(bench.lines()).toEqual(["fill a sell 100 x1 taker", "filled a 1/1"]);
  });

  test("where a venue's stops only close, one that could open is refused", () => {
    const bench = benchWithBook({
      instrument: perpInstrument({ venue: "hyperliquid", canOpenByStop: false }),
      account: { base: "0", quote: "1000" },
      triggerOn: "mark",
    });
    bench.exchange.place(stop("a", "sell", 99, 4), 2);
    bench.exchange.place({ ...stop("b", "sell", 99, 4), reduceOnly: true }, 2);
    expect(bench.lines()).toEqual(["rejected a filter", "open b 0/4"]);
  });

  test("spot locks for it while it waits; it can be cancelled", () => {
    const bench = benchWithBook({ account: { base: "0.5", quote: "0" } });
    bench.exchange.place(stop("a", "sell", 99, 4), 2);
    bench.exchange.place(postOnly("b", "sell", 105, 2), 2);
    bench.exchange.cancel("a", 3);
    bench.exchange.place(postOnly("b", "sell", 105, 5), 4);
    sellPrint(bench, 90, 1);
    expect(bench.lines()).toEqual([
      "open a 0/4",
      "rejected b insufficient-balance",
      "canceled a 0/4",
      "open b 0/5",
    ]);
  });

  test("a spot buy stop that slips beyond its money expires unfilled", () => {
    // 0.5 USDT are 500 units: 4 at 103 are 412, but 4 at 130 would be 520.
    const bench = benchWithBook({ account: { base: "0", quote: "0.5" } });
    bench.exchange.place(stop("a", "buy", 103, 4), 2);
    bench.exchange.onClear();
    bench.book([], [[130, 9]]);
    buyPrint(bench, 130, 1);
    expect(bench.lines()).toEqual(["open a 0/4", "expired a 0/4 insufficient-balance"]);
    expect(plain(bench.exchange.account.lockedQuote)).toBe("0");
  });
});

describe("perp", () => {
  const options = {
    instrument: perpInstrument(),
    account: { base: "0", quote: "1000", leverage: "5" },
    fees: { kind: "quote" },
  } as const;
  const reduce = { reduceOnly: true };

  test("reduce-only never opens: refused when flat or on the wrong side", () => {
    const bench = benchWithBook(options);
    bench.exchange.place(market("a", "sell", 3, reduce), 2);
    bench.exchange.place(market("b", "sell", 3), 2);
    bench.exchange.place(market("c", "sell", 1, reduce), 2);
    expect(bench.lines()).toEqual([
      "rejected a reduce-only",
      "open b 0/3",
      "fill b sell 100 x3 taker",
      "filled b 3/3",
      "rejected c reduce-only",
    ]);
  });

  test("reduce-only never flips: it fills what there is, and the rest expires", () => {
    const bench = benchWithBook(options);
    bench.exchange.place(market("a", "buy", 3), 2); // long 3
    bench.exchange.place({ ...postOnly("b", "sell", 103, 2), ...reduce }, 3);
    bench.exchange.place({ ...postOnly("c", "sell", 103, 4), ...reduce }, 3);
    bench.exchange.place({ ...postOnly("d", "sell", 106, 1), ...reduce }, 3);
    bench.exchange.place({ ...stop("e", "sell", 90, 5), ...reduce }, 3);
    bench.lines();
    buyPrint(bench, 104, 1); // crosses 103: 2 of b, then 1 of c, and it is flat
    expect(bench.lines()).toEqual([
      "fill b sell 103 x2 maker",
      "filled b 2/2",
      "fill c sell 103 x1 maker",
      "expired c 1/4 reduce-only",
      "expired d 0/1 reduce-only",
    ]);
    // The stop still waits; fired on no position it expires.
    sellPrint(bench, 90, 1);
    expect(bench.lines()).toEqual(["expired e 0/5 reduce-only"]);
    expect(bench.exchange.account.positionLots).toBe(0);
  });

  test("a fired reduce-only stop closes the position and no more", () => {
    const bench = benchWithBook(options);
    bench.exchange.place(market("a", "buy", 3), 2);
    bench.exchange.place({ ...stop("b", "sell", 100, 9), ...reduce }, 3);
    bench.lines();
    sellPrint(bench, 100, 1);
    expect(bench.lines()).toEqual(["fill b sell 100 x3 taker", "expired b 3/9 other"]);
  });

  test("spot has nothing to reduce", () => {
    const bench = benchWithBook();
    bench.exchange.place(market("a", "sell", 1, reduce), 2);
    expect(bench.lines()).toEqual(["rejected a reduce-only"]);
  });

  test("margin: 0.1 USDT at 5 times carry 0.5 USDT of orders, stops need none", () => {
    const bench = benchWithBook({
      ...options,
      account: { base: "0", quote: "0.1", leverage: "5" },
    });
    bench.exchange.place(postOnly("a", "buy", 100, 3), 2); // 300 of 500
    bench.exchange.place(postOnly("b", "buy", 99, 3), 2);
    bench.exchange.place(postOnly("c", "sell", 103, 4), 2); // the other side counts for itself
    bench.exchange.place(stop("d", "sell", 90, 50), 2);
    expect(bench.lines()).toEqual([
      "open a 0/3",
      "rejected b insufficient-balance",
      "open c 0/4",
      "open d 0/50",
    ]);
  });

  test("funding is settled on the position and the balances are told", () => {
    const bench = benchWithBook({ ...options, instrument: perpInstrument({ takerFeeRate: "0" }) });
    bench.exchange.place(market("a", "buy", 4), 2); // 0.4 ETH at 1.02
    bench.events.length = 0;
    // 0.4 · 1.05 · 0.01 = 0.0042
    expect(plain(bench.exchange.applyFunding("0.01", 105, 3))).toBe("0.0042");
    expect(bench.events).toEqual([
      {
        kind: "account",
        venueTimeMs: 3,
        receivedTimeMs: 3,
        base: "0.4",
        quote: "999.9958",
        openOrderIds: null,
      },
    ]);
  });
});
