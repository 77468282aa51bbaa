/**
 * The mistakes of the original that the engine must not repeat, by their number in the list. Those
 * of the ladder (4, 5, rounding of 12) are in test/strategies/ladder-builder.test.ts.
 */

import { describe, expect, test } from "bun:test";
import { spotInstrument } from "../domain/instruments.ts";
import { bestOf, MID, quoting } from "./quoting.ts";
import { Bench, params, strategy } from "./setup.ts";

describe("mistake 1: fills were inferred from order status, and unknown meant failed", () => {
  test("every fill of an order is booked, each once, from stream and back-fill alike", () => {
    const bench = quoting();
    const bid = bestOf(bench, "buy"); // 0.333 at 1998
    const fills = [
      bench.events.execution(bid, 100, "t1"),
      bench.events.execution(bid, 200, "t2"),
      bench.events.execution(bid, 33, "t3"),
    ];
    bench.apply(...fills);
    // The back-fill after a reconciliation tells them all again.
    bench.apply(...fills);
    expect(bench.base).toBe("1.333"); // 1 + 0.1 + 0.2 + 0.033
    expect(bench.quote).toBe("1334.666"); // 2000 − 0.333 · 1998
    expect(bid.status).toBe("filled");
  });

  test("an order that ends filled before its fills arrive: they are fetched, not forgotten", () => {
    const bench = quoting();
    bench.pass(1_000, MID);
    bench.news();
    const bid = bestOf(bench, "buy");
    const ended = { quantityLots: 333, filledLots: 333 };
    bench.apply(bench.events.order(bid.clientOrderId, "filled", ended));
    bench.pass(200, MID);
    const sent = bench.sent();
    expect(sent).toContain("reconcile");
    // What it cost is gone, though the books still show it: no new bid is paid with it.
    expect(sent.filter((action) => action.startsWith("place buy"))).toEqual([]);
    expect(bench.base).toBe("1");
    bench.apply(bench.events.execution(bid, 333, "t1"));
    expect(bench.base).toBe("1.333");
    expect(bench.engine.orders.lacksFills).toBe(false);
  });

  test("a lost answer is unknown, neither a failure nor a success, and is looked up", () => {
    const bench = quoting();
    const bid = bestOf(bench, "buy");
    bench.apply(bench.events.order(bid.clientOrderId, "unknown"));
    expect(bid.status).toBe("unknown");
    expect(bench.sent()).toEqual([`query ${bid.clientOrderId}`]);
    // It still counts: nothing is sent in its place.
    bench.pass(500, MID);
    expect(bench.sent().filter((action) => action.startsWith("place"))).toEqual([]);
    // A look-up that finds nothing does not kill an order that was seen working.
    bench.apply(bench.events.order(bid.clientOrderId, "not-found"));
    expect(bid.status).toBe("unknown");
    bench.apply(
      bench.events.order(bid.clientOrderId, "open", { quantityLots: 333, filledLots: 0 }),
    );
    expect(bid.status).toBe("open");
  });

  test("a cancel that failed is seen, and sent again", () => {
    const bench = quoting();
    bench.apply(bench.events.operator("pause"));
    expect(bench.sent()).toEqual(["cancelAll"]);
    for (const id of bench.engine.orders.live.keys()) {
      bench.apply(bench.events.order(id, "cancel-rejected", { reason: "throttled" }));
    }
    bench.pass(900, MID);
    expect(bench.sent()).toEqual([]); // no storm
    bench.pass(200, MID);
    expect(bench.sent()).toEqual(["cancelAll"]);
  });
});

describe("mistake 4: a multiplier of 0 was defeated, or silenced both sides", () => {
  test("with too much inventory no bid is open, and every ask is", () => {
    // 2 ETH at 2000 and 500 USDT: 4000/4500 = 0.889; move (0.889 − 0.5)/0.5 = 0.778 ≥ 0.6
    const bench = quoting(params({ capital: { base: "2", quote: "500" } }));
    // 2 ETH / 3 = 0.6666…
    expect(bench.live()).toEqual([
      "sell 0.666 at 2002",
      "sell 0.666 at 2004",
      "sell 0.666 at 2006",
    ]);
  });
});

describe("mistake 6: all orders were canceled and placed again every round", () => {
  test("a new round in the same market sends nothing", () => {
    const bench = quoting();
    bench.pass(61_000, MID); // two intervals of 30 s
    expect(bench.sent()).toEqual([]);
  });

  test("orders that still fit keep their place: a fill moves only what it changed", () => {
    const bench = quoting(params({ requote: { keepSizePct: 50 } }));
    const kept = [...bench.engine.orders.live.keys()];
    const bid = bestOf(bench, "buy");
    bench.apply(bench.events.execution(bid, 333, "t1"));
    bench.pass(200, MID);
    bench.acknowledge();
    bench.pass(200, MID);
    bench.acknowledge();
    const sent = bench.sent();
    // The two other bids and the three asks stay. 2666 of 4000.666 USDT are ETH now, 0.6664:
    // the move is 0.3328, the multiplier (0.6 − 0.3328) / 0.3 = 0.8907, and
    // 1334.666 · 0.8907 / 3 / 1998 = 0.1983… joins at 1998.
    expect(sent.filter((action) => !action.startsWith("amend "))).toEqual([
      "place buy 0.198 at 1998",
    ]);
    for (const id of kept.slice(1)) expect(bench.engine.orders.live.has(id)).toBe(true);
  });

  test("a small move within the tolerance sends nothing, a large one replaces in one step", () => {
    const bench = quoting();
    bench.pass(1_000, MID + 40); // 0.4 USDT; bins are 2 USDT, the tolerance a quarter of one
    expect(bench.sent()).toEqual([]);
    bench.pass(100, MID + 120); // 1.2 USDT is more than half a bin
    const sent = bench.sent();
    expect(sent.length).toBe(6);
    expect(sent.every((action) => action.startsWith("replace "))).toBe(true);
  });
});

describe("mistake 7: every order of the symbol was canceled, the user's own too", () => {
  test("orders of others and of other pairs are never touched", () => {
    const bench = quoting();
    const others = ["web_1", "mm-ETHX-q1-1", "mmx-ETH-q1-1", "mm-ETH", "mm-ETH-q1-1-2"];
    for (const id of others) bench.apply(bench.events.order(id, "open", { quantityLots: 10 }));
    const ids = [...bench.engine.orders.live.keys(), ...others];
    bench.apply(bench.events.account("1", "2000", ids));
    bench.pass(1_000, MID);
    expect(bench.sent()).toEqual([]);
  });

  test("fills of others are not booked", () => {
    const bench = quoting();
    const foreign = { clientOrderId: "web_1", side: "buy" as const, priceTicks: MID };
    bench.apply(bench.events.execution(foreign, 500, "t1"));
    expect(bench.base).toBe("1");
    expect(bench.quote).toBe("2000");
  });

  test("what an earlier run of this pair left open is canceled, and its fills are booked", () => {
    const bench = quoting();
    bench.apply(bench.events.order("mm-ETH-q0-5", "open", { quantityLots: 10 }));
    expect(bench.sent()).toEqual(["cancel mm-ETH-q0-5"]);
    const left = { clientOrderId: "mm-ETH-q0-5", side: "sell" as const, priceTicks: MID };
    bench.apply(bench.events.execution(left, 10, "t1"));
    expect(bench.base).toBe("0.99");
    expect(bench.alerts()).toContain("stray-fill");
  });
});

describe("mistake 12: floats on the wire", () => {
  test("prices and sizes are whole ticks and lots, and their strings have no exponent", () => {
    const tiny = spotInstrument({
      tickSize: "0.00000001",
      lotSize: "1",
      minNotional: "0.0001",
    });
    // A coin of 0.00002: a million of them and 20 USDT.
    const given = params({ capital: { base: "1000000", quote: "20" } });
    const bench = new Bench(given, strategy("spot"), tiny);
    bench.start(2_000);
    const requests = bench.news().flatMap((call) => (call.call === "place" ? [call.request] : []));
    expect(requests).toHaveLength(6);
    for (const { priceTicks, quantityLots } of requests) {
      expect(Number.isSafeInteger(priceTicks)).toBe(true);
      expect(Number.isSafeInteger(quantityLots)).toBe(true);
      expect(tiny.priceString(priceTicks)).toMatch(/^0\.0000\d+$/);
      expect(tiny.sizeString(quantityLots)).toMatch(/^\d+$/);
    }
    // 0.00002 · 0.999 = 0.00001998; 6.666… USDT / 0.00001998 = 333667.0…
    expect(bench.live()[0]).toBe("buy 333667 at 0.00001998");
  });
});

describe("mistake 13: rejects vanished, and an exception left orders live", () => {
  test("a refused order is counted by its guard and placed again", () => {
    const bench = new Bench();
    bench.begin(MID);
    bench.news();
    const bid = bestOf(bench, "buy");
    const refusal = { reason: "filter" as const, message: "PRICE_FILTER" };
    bench.apply(bench.events.order(bid.clientOrderId, "rejected", refusal));
    expect(bid.status).toBe("rejected");
    expect(bench.guard("venue-reject-streak")).toMatchObject({ value: 1, limit: 5 });
    bench.pass(200, MID);
    expect(bench.sent()).toEqual(["place buy 0.333 at 1998"]);
  });

  test.each<[string, Partial<ReturnType<typeof strategy>>]>([
    ["NaN weights", { weigh: (_side, _levels, weights) => weights.fill(Number.NaN) }],
    [
      "an exception",
      {
        prepare: () => {
          throw new Error("division by zero");
        },
      },
    ],
    ["a price of 0", { price: (_side, _levels, prices) => prices.fill(0) }],
  ])("a strategy that gives %s halts the pair with an alert, quotes pulled", (_what, bad) => {
    const good = strategy("spot");
    let current = good;
    const bench = quoting(params(), {
      name: "mine",
      prepare: (context) => current.prepare(context),
      weigh: (side, levels, weights) => current.weigh(side, levels, weights),
      price: (side, levels, prices) => current.price?.(side, levels, prices),
    });
    current = { ...good, ...bad };
    bench.pass(1_100, MID + 500);
    expect(bench.engine.state).toBe("halted");
    expect(bench.alerts()).toEqual(["engine-failed"]);
    expect(bench.sent()).toContain("cancelAll");
    bench.acknowledge();
    bench.pass(60_000, MID);
    expect(bench.live()).toEqual([]);
    // Somebody has looked at it.
    current = good;
    bench.apply(bench.events.operator("rearm"));
    bench.pass(200, MID);
    expect(bench.live()).toHaveLength(6);
  });

  test("a message that is none halts the pair instead of ending the process", () => {
    const bench = quoting();
    expect(() => bench.apply(bench.events.account("1e-5", "2000", null))).not.toThrow();
    expect(bench.engine.state).toBe("halted");
    expect(bench.sent()).toContain("cancelAll");
  });
});
