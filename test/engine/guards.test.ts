/**
 * One story for each risk guard on the feed, on an order and on a position: what it sees (value),
 * where its limit is, and what it does.
 */

import { describe, expect, test } from "bun:test";
import { bestOf, expectPulled, expectQuotes, MID, QUOTES, quoting } from "./quoting.ts";
import { Bench, params, strategy } from "./setup.ts";

describe("guards on the feed pull all quotes", () => {
  test("stale-book: no book for more than 3 s", () => {
    const bench = quoting();
    bench.pass(3_000);
    expect(bench.guard("stale-book")).toMatchObject({ tripped: false, limit: 3_000 });
    expect(bench.live()).toEqual(QUOTES);
    bench.pass(100);
    const reading = { tripped: true, value: 3_100, limit: 3_000, effect: "pull-quotes" };
    expect(bench.guard("stale-book")).toEqual(reading);
    expectPulled(bench);
    bench.pass(200, MID);
    expect(bench.guard("stale-book").tripped).toBe(false);
    expectQuotes(bench);
  });

  test("stale-book: a quiet feed with answered heartbeats is fresh for 15 s", () => {
    const bench = quoting();
    for (let second = 1; second <= 15; second += 1) {
      bench.pass(1_000);
      bench.apply(bench.events.connection("alive"));
    }
    expect(bench.live()).toEqual(QUOTES);
    bench.pass(100);
    expect(bench.guard("stale-book")).toMatchObject({ tripped: true, value: 15_100 });
    expectPulled(bench);
  });

  test("reference-divergence: the mid is more than 2 % from the price elsewhere", () => {
    const bench = quoting();
    bench.apply(bench.events.reference(204_000)); // 2000 is 1.96 % under 2040
    bench.pass(100, MID);
    expect(bench.live()).toEqual(QUOTES);
    bench.apply(bench.events.reference(204_200)); // 2.06 % under 2042
    bench.pass(100, MID);
    const reading = bench.guard("reference-divergence");
    expect(reading).toMatchObject({ tripped: true, limit: 2, effect: "pull-quotes" });
    expect(reading.value).toBeCloseTo((1 - 2000 / 2042) * 100, 9);
    expectPulled(bench);
    bench.apply(bench.events.reference(200_000));
    bench.pass(200, MID);
    expectQuotes(bench);
  });

  test("reference-divergence: a reference that is no number is none", () => {
    const bench = quoting();
    for (const price of [Number.NaN, Infinity, 0, -1]) bench.apply(bench.events.reference(price));
    bench.pass(5_000, MID);
    expect(bench.live()).toEqual(QUOTES);
    expect(bench.engine.state).toBe("quoting");
  });

  test("crossed-or-empty-book: at once, and back with the first good book", () => {
    const bench = quoting();
    bench.apply(bench.events.touch(MID + 1, MID - 1));
    expect(bench.guard("crossed-or-empty-book")).toMatchObject({
      tripped: true,
      effect: "pull-quotes",
    });
    expectPulled(bench);
    bench.pass(200, MID);
    expectQuotes(bench);
    bench.apply(bench.events.touch(MID - 1, MID + 1, 0));
    expect(bench.guard("crossed-or-empty-book").tripped).toBe(true);
    expectPulled(bench);
  });

  test("invalid-number: a price or a size that is none", () => {
    for (const wrong of [{ bidTicks: Number.NaN }, { askTicks: 1.5 }, { bidLots: Infinity }]) {
      const bench = quoting();
      bench.apply({ ...bench.events.book(MID), ...wrong });
      expect(bench.guard("invalid-number")).toMatchObject({ tripped: true, effect: "pull-quotes" });
      expectPulled(bench);
      bench.pass(200, MID);
      expectQuotes(bench);
    }
  });

  test("connection: down pulls; up again is not enough before the venue was compared", () => {
    const bench = quoting();
    bench.apply(bench.events.connection("down"));
    expect(bench.guard("connection")).toMatchObject({ tripped: true, effect: "pull-quotes" });
    expectPulled(bench);
    bench.apply(bench.events.connection("up"));
    expect(bench.sent()).toEqual(["reconcile"]);
    bench.pass(1_000, MID);
    expect(bench.live()).toEqual([]);
    bench.agree();
    bench.pass(100, MID);
    expectQuotes(bench);
  });
});

describe("guards on an order deny it", () => {
  /** What was denied, in the words of the audit. */
  function denials(bench: Bench): unknown[] {
    return bench.news().flatMap((call) => {
      if (call.call !== "audit" || call.record.kind !== "denied") return [];
      const { guard, value, limit } = call.record;
      return [{ guard, value, limit }];
    });
  }

  test("max-order-notional: an order worth more than the limit is not sent", () => {
    const bench = new Bench(params({ risk: { maxOrderNotional: "667" } }));
    bench.start(MID);
    expect(denials(bench)).toEqual([
      { guard: "max-order-notional", value: "667.332", limit: "667" }, // 0.333 · 2004
      { guard: "max-order-notional", value: "667.998", limit: "667" }, // 0.333 · 2006
    ]);
    // 0.333 · 1998 = 665.334, 0.334 · 1996 = 666.664, 0.334 · 1994 = 665.996 and
    // 0.333 · 2002 = 666.666 are within it.
    expect(bench.live()).toEqual(QUOTES.slice(0, 4));
    expect(bench.engine.counts.denied).toBe(2);
  });

  test("max-open-orders: the nearest come first", () => {
    const bench = new Bench(params({ risk: { maxOpenOrders: 4 } }));
    bench.start(MID);
    expect(denials(bench)).toEqual([
      { guard: "max-open-orders", value: "4", limit: "4" },
      { guard: "max-open-orders", value: "4", limit: "4" },
    ]);
    expect(bench.live()).toEqual([QUOTES[0], QUOTES[1], QUOTES[3], QUOTES[4]].map(String));
  });

  test("price-band: further from the mid than the ladder's own 0.3 % and 1 %", () => {
    const far = {
      ...strategy("spot"),
      price: (side: "buy" | "sell", _levels: number, prices: Float64Array) => {
        prices[2] = side === "buy" ? 1973 : 2027; // 1.35 % away; the band is 1.3 %
      },
    };
    const bench = new Bench(params(), far);
    bench.start(MID);
    const found = denials(bench);
    expect(found).toHaveLength(2);
    expect(found[0]).toMatchObject({ guard: "price-band", limit: "0.013000000000000001" });
    expect(bench.live()).toEqual([0, 1, 3, 4].map((index) => String(QUOTES[index])));
  });
});

describe("guards on a position switch one side off", () => {
  test("max-position-notional: all bids together fit into the room that is left", () => {
    const bench = quoting(params({ risk: { maxPositionNotional: "3000" } }));
    // 1 ETH at 2000 leaves 1000 USDT, a third for each bid: 333.33 / 1998 = 0.1668, 333.33 / 1996
    // = 0.16700, 333.33 / 1994 = 0.1671. Asks are as ever.
    const bids = ["buy 0.166 at 1998", "buy 0.167 at 1996", "buy 0.167 at 1994"];
    expect(bench.live()).toEqual([...bids, ...QUOTES.slice(3)]);
    expect(bench.guard("max-position-notional")).toMatchObject({ tripped: false, value: 2_000 });
  });

  test("max-position-notional: at the limit nothing more is bought", () => {
    const bench = quoting(params({ risk: { maxPositionNotional: "2000" } }));
    bench.pass(200, MID);
    // 1 ETH at 2000
    const reading = { tripped: true, value: 2_000, limit: 2_000, effect: "side-off" };
    expect(bench.guard("max-position-notional")).toEqual(reading);
    bench.acknowledge();
    expect(bench.live()).toEqual(QUOTES.slice(3));
    bench.pass(200, MID - 200); // at 1998 the same inventory is worth 1998: 2 USDT are no order
    expect(bench.guard("max-position-notional")).toMatchObject({ tripped: false, value: 1_998 });
    bench.acknowledge();
    expect(bench.live().filter((order) => order.startsWith("buy"))).toEqual([]);
    bench.pass(200, MID - 1_000); // 1990: the 10 USDT of room are two bins of 3.33 merged into one
    bench.acknowledge();
    const bids = bench.live().filter((order) => order.startsWith("buy"));
    expect(bids).toEqual(["buy 0.003 at 1986.02"]); // 6.67 / 1986.02 = 0.0033
  });

  test("max-net-delta: all orders of a side together fit into it", () => {
    const bench = quoting(params({ risk: { maxNetDelta: "0.3" } }));
    // At its target the pair may gain or lose 0.3 ETH: 600 USDT of bids, 0.3 ETH of asks.
    const bids = ["buy 0.1 at 1998", "buy 0.1 at 1996", "buy 0.1 at 1994"];
    const asks = ["sell 0.1 at 2002", "sell 0.1 at 2004", "sell 0.1 at 2006"];
    expect(bench.live()).toEqual([...bids, ...asks]);
  });

  test("max-net-delta: in ETH, away from the target to either side", () => {
    const bench = quoting(params({ risk: { maxNetDelta: "0.1" } }));
    bench.pass(200, MID);
    expect(bench.guard("max-net-delta")).toMatchObject({ tripped: false, value: 0, limit: 0.1 });
    bench.apply(bench.events.execution(bestOf(bench, "sell"), 201, "t1"));
    bench.pass(200, MID);
    // 0.799 ETH and 2402.402 USDT: half of (1598 + 2402.402) is 2000.201, 1.0001 ETH:
    // 0.2011 too few, so no more is sold.
    const reading = bench.guard("max-net-delta");
    expect(reading).toMatchObject({ tripped: true, limit: 0.1, effect: "side-off" });
    expect(reading.value).toBeCloseTo(0.799 - (0.799 + 2402.402 / 2000) / 2, 6);
    bench.acknowledge();
    bench.pass(200, MID);
    bench.acknowledge();
    expect(bench.live().filter((order) => order.startsWith("sell"))).toEqual([]);
    expect(bench.live().filter((order) => order.startsWith("buy"))).toHaveLength(3);
  });

  test("fill-rate: 2 fills of a side in 10 s widen it by a bin, 4 switch it off", () => {
    const bench = quoting(
      params({
        risk: { fillRateLimit: 2, fillRateWindowMs: 10_000 },
        requote: { keepSizePct: 100 },
      }),
    );
    const bids = (): string[] => bench.live().filter((order) => order.startsWith("buy"));
    const fillBid = (tradeId: string): void => {
      bench.apply(bench.events.execution(bestOf(bench, "buy"), 10, tradeId));
      bench.pass(200, MID);
      bench.acknowledge();
    };
    fillBid("t1");
    expect(bids()[0]).toEndWith("at 1998");
    fillBid("t2");
    const reading = { tripped: true, value: 2, limit: 2, effect: "widen" };
    expect(bench.guard("fill-rate-buy")).toEqual(reading);
    expect(bids()[0]).toEndWith("at 1996");
    expect(bids()).toHaveLength(2);
    fillBid("t3");
    fillBid("t4");
    expect(bench.guard("fill-rate-buy").value).toBe(4);
    expect(bids()).toEqual([]);
    expect(bench.guard("fill-rate-sell").tripped).toBe(false);
    expect(bench.live()).toHaveLength(3); // the asks
    bench.pass(10_000, MID);
    bench.acknowledge();
    expect(bench.guard("fill-rate-buy").tripped).toBe(false);
    expect(bids()).toHaveLength(3);
  });
});
