/** New parameters for an engine that trades: what moves, what stays, and what is refused. */

import { describe, expect, test } from "bun:test";
import type { HistoryEvent } from "#domain/events.ts";
import type { EngineParams } from "#engine/params.ts";
import { MID } from "./quoting.ts";
import { Bench, type Changes, params, strategy } from "./setup.ts";

function reconfigured(bench: Bench, changes: Changes): void {
  bench.engine.reconfigure(params(changes), strategy("spot"));
  bench.pass(100, MID);
}

function idsAndPrices(bench: Bench): Record<string, number> {
  const live = [...bench.engine.orders.live.values()];
  return Object.fromEntries(live.map((order) => [order.clientOrderId, order.priceTicks]));
}

describe("a new ladder", () => {
  test("another binStep moves the orders that do not fit, and keeps those that do", () => {
    const bench = new Bench();
    bench.start();
    bench.news();
    const before = idsAndPrices(bench);
    reconfigured(bench, { ladder: { binStepBps: 20 } });
    // 20 bp of 2000 are 4: bids at 1996, 1992, 1988. The one at 1996 was the second, now the first.
    // Sizes: 666.67 / 1992 = 0.3346…, / 1988 = 0.3353…; ids go on after the first six.
    expect(bench.sent()).toEqual([
      "replace mm-ETH-q1-1 by buy 0.334 at 1992",
      "replace mm-ETH-q1-2 by sell 0.333 at 2008",
      "replace mm-ETH-q1-5 by buy 0.335 at 1988",
      "replace mm-ETH-q1-6 by sell 0.333 at 2012",
    ]);
    bench.acknowledge();
    const after = idsAndPrices(bench);
    expect(Object.values(after).sort((a, b) => a - b)).toEqual([
      198_800, 199_200, 199_600, 200_400, 200_800, 201_200,
    ]);
    for (const id of ["mm-ETH-q1-3", "mm-ETH-q1-4"]) expect(after[id]).toBe(before[id] ?? NaN);
    expect(Object.keys(after).sort()).toEqual(
      ["3", "4", "7", "8", "9", "a"].map((sequence) => `mm-ETH-q1-${sequence}`),
    );
  });

  test("is made with the next event, whatever the shortest interval was", () => {
    const bench = new Bench(params({ requote: { minRequoteIntervalMs: 60_000 } }));
    bench.start();
    bench.news();
    bench.engine.reconfigure(params({ ladder: { binStepBps: 20 } }), strategy("spot"));
    expect(bench.sent()).toEqual([]);
    bench.apply(bench.events.time());
    expect(bench.sent().filter((line) => line.startsWith("replace"))).toHaveLength(4);
  });

  test("with more bins than before has room for them", () => {
    const bench = new Bench();
    bench.start();
    reconfigured(bench, { ladder: { bidBins: 5, askBins: 5, liveOrderNums: 10 } });
    for (let round = 0; round < 6; round += 1) {
      bench.acknowledge();
      bench.pass(100, MID);
    }
    expect(bench.live()).toHaveLength(10);
    expect(bench.live()[4]).toEndWith("at 1990");
  });

  test("another strategy gives other sizes", () => {
    const bench = new Bench();
    bench.start();
    bench.engine.reconfigure(params(), strategy("bid-ask", { decayRate: 0.5 }));
    for (let round = 0; round < 6; round += 1) {
      bench.pass(100, MID);
      bench.acknowledge();
    }
    // Weights 1, 2, 4 from the nearest out: 2000 / 7 = 285.7; / 1998 = 0.1430…
    expect(bench.live()[0]).toBe("buy 0.143 at 1998");
  });

  test("is not made while the pair is paused; the pause stays", () => {
    const bench = new Bench();
    bench.start();
    bench.apply(bench.events.operator("pause"));
    bench.acknowledge();
    bench.news();
    reconfigured(bench, { ladder: { binStepBps: 20 } });
    expect(bench.engine.state).toBe("paused");
    expect(bench.sent()).toEqual([]);
    bench.apply(bench.events.operator("resume"));
    bench.pass(100, MID);
    expect(bench.live()[0]).toEndWith("at 1996");
  });
});

describe("new risk limits", () => {
  test("send nothing where nothing is at a limit", () => {
    const bench = new Bench();
    bench.start();
    bench.news();
    const before = idsAndPrices(bench);
    reconfigured(bench, {
      risk: { staleBookMs: 2_000, maxOrderNotional: "5000", maxDrawdownPct: 5, actionsPer10s: 40 },
    });
    bench.pass(1_000, MID);
    expect(bench.sent()).toEqual([]);
    expect(idsAndPrices(bench)).toEqual(before);
    expect(bench.guard("stale-book").limit).toBe(2_000);
  });

  test("hold before the ladder that they come with", () => {
    const bench = new Bench();
    bench.start();
    bench.news();
    // The inventory of 1 ETH is worth 2000: at the limit nothing more is bought.
    reconfigured(bench, { risk: { maxPositionNotional: "2000" } });
    expect(bench.guard("max-position-notional").tripped).toBe(true);
    expect([...bench.sent()].sort()).toEqual(["1", "3", "5"].map((id) => `cancel mm-ETH-q1-${id}`));
  });

  test("a drawdown is counted from the peak that was there before", () => {
    const bench = new Bench(params({ risk: { maxDrawdownPct: 50 } }));
    bench.start();
    bench.pass(2_000, MID);
    // 1 ETH falls from 2000 to 1900: 100 of 4000 is 2.5 %.
    bench.pass(2_000, 190_000);
    expect(bench.engine.state).toBe("quoting");
    bench.engine.reconfigure(params({ risk: { maxDrawdownPct: 2.4 } }), strategy("spot"));
    bench.pass(1_500, 190_000);
    expect(bench.engine.state).toBe("reducing");
  });

  test("actions that were spent count against the new budget", () => {
    const bench = new Bench();
    bench.start(); // six orders
    bench.news();
    reconfigured(bench, { ladder: { binStepBps: 20 }, risk: { actionsPer10s: 6 } });
    const costly = bench.sent().filter((line) => !line.startsWith("cancel"));
    expect(costly).toEqual([]);
  });

  test("fills of one side are still counted; without a limit the guard clears", () => {
    const bench = new Bench();
    bench.start();
    const [order] = bench.engine.orders.live.values();
    if (order === undefined) throw new Error("there is no order");
    bench.apply(bench.events.execution(order, 1, "t1"));
    reconfigured(bench, { risk: { fillRateLimit: 1 } });
    expect(bench.guard("fill-rate-buy")).toMatchObject({ tripped: true, value: 1 });
    reconfigured(bench, { risk: { fillRateLimit: null } });
    expect(bench.guard("fill-rate-buy")).toMatchObject({ tripped: false, value: 0 });
  });
});

describe("volatility", () => {
  const history = (bench: Bench): HistoryEvent => {
    const prices = Array.from({ length: 100 }, (_, index) => 2000 + (index % 2));
    const { nowMs } = bench.events;
    return { kind: "history", venueTimeMs: nowMs, receivedTimeMs: nowMs, prices };
  };
  const withWindow = (shortWindow: number): EngineParams => {
    const all = params();
    return { ...all, volatility: { ...all.volatility, shortWindow } };
  };

  test("goes on where its parameters are the same", () => {
    const bench = new Bench();
    bench.apply(history(bench));
    bench.start();
    const before = bench.engine.market.volatilityPct;
    expect(before).toBeGreaterThan(0);
    bench.engine.reconfigure(params({ ladder: { binStepBps: 20 } }), strategy("spot"));
    expect(bench.engine.market.volatilityPct).toBe(before);
  });

  test("starts anew where they are not, and a history warms it up", () => {
    const bench = new Bench();
    bench.apply(history(bench));
    bench.start();
    bench.engine.reconfigure(withWindow(50), strategy("spot"));
    expect(bench.engine.market.volatilityPct).toBe(-1);
    // The market is known, and a sample of it would be due: the history is still in time.
    bench.apply(history(bench));
    expect(bench.engine.market.volatilityPct).toBeGreaterThan(0);
  });
});

describe("what identifies a pair cannot change", () => {
  const others: readonly [what: string, other: EngineParams][] = [
    ["pairId", { ...params(), pairId: "BTC" }],
    ["orderPrefix", { ...params(), orderPrefix: "xx" }],
    ["epoch", { ...params(), epoch: 2 }],
    ["base", params({ capital: { base: "2" } })],
    ["quote", params({ capital: { quote: "1" } })],
    ["position", params({ capital: { position: { base: "0", quote: "0" } } })],
    ["targetIqvRatio", params({ capital: { targetIqvRatio: 0.4 } })],
  ];
  test.each(others)("%s", (what, other) => {
    const bench = new Bench();
    bench.start();
    bench.news();
    const wider = { ...other, ladder: { ...other.ladder, binStepBps: 50 } };
    expect(() => bench.engine.reconfigure(wider, strategy("spot"))).toThrow(
      `a running pair cannot change ${what}`,
    );
    bench.pass(500, MID);
    expect(bench.sent()).toEqual([]);
  });
});
