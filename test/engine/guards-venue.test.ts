/**
 * One story for each risk guard on the venue's answers, on what we do not know, on the action
 * budget, the clock and the equity: what it sees (value), where its limit is, and what it does.
 */

import { describe, expect, test } from "bun:test";
import { bestOf, expectPulled, expectQuotes, MID, ordersOf, QUOTES, quoting } from "./quoting.ts";
import { Bench, params } from "./setup.ts";

test("even where nothing seems wrong, all is compared every five minutes", () => {
  const bench = quoting();
  bench.news();
  bench.pass(280_000, MID);
  expect(bench.sent()).not.toContain("reconcile");
  bench.pass(20_100, MID);
  expect(bench.sent().filter((call) => call === "reconcile")).toHaveLength(1);
  bench.agree();
  bench.news();
  bench.pass(280_000, MID);
  expect(bench.sent()).not.toContain("reconcile");
});

describe("guards on refusals back off", () => {
  /** The venue refuses every order that waits for its answer. */
  function refuse(bench: Bench, reason: "would-cross" | "filter" | "throttled"): number {
    const waiting = [...bench.engine.orders.live.values()].filter(
      ({ status }) => status === "pending-new",
    );
    for (const { clientOrderId } of waiting) {
      bench.apply(bench.events.order(clientOrderId, "rejected", { reason }));
    }
    return waiting.length;
  }

  test("post-only-reject-streak: 5 in a row wait 1 s, then 2 s, … and one success ends it", () => {
    const bench = new Bench();
    bench.begin(MID);
    expect(refuse(bench, "would-cross")).toBe(6);
    expect(bench.guard("post-only-reject-streak")).toMatchObject({
      tripped: true,
      limit: 5,
      effect: "back-off",
    });
    bench.news();
    bench.pass(900, MID);
    expect(bench.sent()).toEqual([]); // no storm: nothing is sent while it backs off
    bench.pass(300, MID);
    expect(refuse(bench, "would-cross")).toBe(6);
    bench.pass(1_900, MID);
    expect(refuse(bench, "would-cross")).toBe(0); // now it waits for 2 s
    bench.pass(300, MID);
    expectQuotes(bench);
    expect(bench.guard("post-only-reject-streak")).toMatchObject({ tripped: false, value: 0 });
  });

  test("venue-reject-streak: 5 in a row also ask the venue for the truth", () => {
    const bench = new Bench();
    bench.begin(MID);
    bench.pass(1_000, MID);
    bench.news();
    refuse(bench, "filter");
    bench.pass(100, MID);
    expect(bench.guard("venue-reject-streak")).toMatchObject({ tripped: true, limit: 5 });
    expect(bench.sent()).toContain("reconcile");
  });

  test("throttled: the first waits already, and nothing is asked, as that would cost room", () => {
    const bench = new Bench();
    bench.begin(MID);
    bench.pass(1_000, MID);
    bench.news();
    expect(refuse(bench, "throttled")).toBe(6);
    bench.pass(900, MID);
    expect(bench.sent()).toEqual([]);
    expect(bench.guard("venue-reject-streak")).toMatchObject({ tripped: false, value: 0 });
    bench.pass(200, MID);
    expectQuotes(bench);
  });

  test("while it backs off, an order that has become wrong is canceled and not replaced", () => {
    const bench = quoting();
    // Five refusals: the market falls, and every order that is to be moved is refused.
    bench.pass(200, MID - 300);
    expect(refuse(bench, "would-cross")).toBeGreaterThanOrEqual(5);
    expect(bench.guard("post-only-reject-streak").tripped).toBe(true);
    for (const order of bench.engine.orders.live.values()) {
      bench.apply(bench.events.order(order.clientOrderId, "cancel-rejected", { reason: "other" }));
    }
    bench.news();
    bench.pass(500, MID - 700); // 1993: bids of 1998, 1996 and 1994 are above the market
    const sent = bench.sent();
    expect(sent.length).toBeGreaterThan(0);
    expect(sent.every((action) => action.startsWith("cancel "))).toBe(true);
  });
});

describe("guards on what we do not know", () => {
  test("unknown-order-age: a doubt of more than 10 s pulls the quotes until it is resolved", () => {
    const bench = quoting();
    const first = bestOf(bench, "buy");
    bench.apply(bench.events.order(first.clientOrderId, "unknown"));
    expect(bench.sent()).toEqual([`query ${first.clientOrderId}`]);
    expect(first.status).toBe("unknown");
    bench.pass(10_000, MID);
    expect(bench.engine.orders.live.size).toBe(6);
    bench.pass(100, MID);
    expect(bench.guard("unknown-order-age")).toMatchObject({ tripped: true, limit: 10_000 });
    expect(bench.sent()).toContain("cancelAll");
    bench.acknowledge();
    bench.pass(100, MID);
    expect(bench.guard("unknown-order-age").tripped).toBe(false);
    expectQuotes(bench);
  });

  test("balance-mismatch: the venue holds less than the books say", () => {
    const bench = quoting();
    bench.pass(2_000, MID);
    bench.apply(bench.events.account("0.9", "2000", null));
    expect(bench.guard("balance-mismatch")).toMatchObject({ tripped: true, effect: "pull-quotes" });
    const sent = bench.sent();
    expect(sent).toContain("reconcile");
    expect(sent).toContain("cancelAll");
    bench.acknowledge();
    expect(bench.live()).toEqual([]);
    // It lasts: the venue is asked again, at leisure.
    bench.apply(bench.events.account("0.9", "2000", []));
    bench.pass(5_000, MID);
    expect(bench.sent()).toEqual(["reconcile"]);
    bench.apply(bench.events.account("1", "2000", []));
    bench.pass(100, MID);
    expect(bench.guard("balance-mismatch").tripped).toBe(false);
    expectQuotes(bench);
  });

  test("balance-mismatch: more than the pair's own part is no mismatch", () => {
    const bench = quoting();
    bench.apply(bench.events.account("17", "123456", null));
    expect(bench.guard("balance-mismatch").tripped).toBe(false);
  });
});

describe("the action budget", () => {
  test("used up, nothing is placed until the next ten seconds; cancels are free", () => {
    const bench = quoting(params({ risk: { actionsPer10s: 6, actionReservePct: 0 } }));
    expect(bench.live()).toEqual(QUOTES); // that was the budget
    bench.pass(300, MID - 1_000); // 1990: every bid is above the market
    const sent = bench.sent();
    expect(sent.length).toBeGreaterThan(0);
    expect(sent.every((action) => action.startsWith("cancel "))).toBe(true);
    bench.acknowledge();
    bench.pass(10_000, MID - 1_000);
    bench.acknowledge();
    bench.pass(10_000, MID - 1_000);
    bench.acknowledge();
    expect(bench.live()[0]).toEndWith("at 1988.01");
  });

  test("the venue's own lower count is believed; when it gets old, one action is risked", () => {
    const bench = quoting();
    bench.apply(bench.events.budget(0, 100));
    bench.pass(300, MID - 1_000);
    expect(bench.sent().filter((action) => !action.startsWith("cancel "))).toEqual([]);
    bench.acknowledge();
    // No answer without a request: ten seconds later a single one is sent.
    bench.pass(10_000, MID - 1_000);
    expect(bench.sent().filter((action) => !action.startsWith("cancel "))).toHaveLength(1);
    bench.apply(bench.events.budget(100, 100));
    bench.pass(1_000, MID - 1_000);
    bench.acknowledge();
    bench.pass(1_000, MID - 1_000);
    bench.acknowledge();
    expect(bench.live()).toHaveLength(6);
  });
});

describe("an action budget that runs low", () => {
  /** Ten levels a side, and a venue that counts: under 20 of 100 actions the ladder thins out. */
  const changes = params({
    ladder: { bidBins: 10, askBins: 10, liveOrderNums: 20 },
    risk: { actionsPer10s: 100_000 },
  });
  /** Placed or moved since the last look. */
  const spent = (bench: Bench): number =>
    bench.sent().filter((action) => /^(?:place|replace|amend)/.test(action)).length;

  /** The market moves by two bins and back for ten seconds; the venue answers at once. */
  function spentInTenSeconds(bench: Bench, remaining: number): number {
    let count = 0;
    for (let step = 0; step < 100; step += 1) {
      bench.apply(bench.events.budget(remaining, 100));
      bench.pass(100, step % 2 === 0 ? MID - 400 : MID);
      count += spent(bench);
      bench.acknowledge();
    }
    return count;
  }

  test("levels thin out by degrees, nearest ones last", () => {
    const placedAt = [20, 15, 10, 5, 1].map((remaining) => {
      const bench = new Bench(changes);
      bench.apply(bench.events.budget(remaining, 100));
      bench.begin(MID);
      return ordersOf(bench, "buy").map(({ priceTicks }) => priceTicks);
    });
    // As much of the ten levels as is left of the reserve: 15 / 20 of them are 7.5, and so on.
    expect(placedAt.map(({ length }) => length)).toEqual([10, 8, 5, 3, 1]);
    for (const [best] of placedAt) expect(best).toBe(199_800);
  });

  test("and they are renewed less and less often", () => {
    const spentAt = [100, 15, 10, 5, 2].map((remaining) => {
      const bench = quoting(changes);
      bench.news();
      return spentInTenSeconds(bench, remaining);
    });
    expect(spentAt).toEqual(spentAt.toSorted((a, b) => b - a));
    const [plenty = 0, , half = 0, quarter = 0, tenth = 0] = spentAt;
    expect(half).toBeLessThanOrEqual(plenty / 4);
    expect(quarter).toBeLessThanOrEqual(half / 2);
    expect(tenth).toBeLessThanOrEqual(quarter / 2);
    expect(tenth).toBeGreaterThan(0);
  });

  test("cancels go on at once: nothing is left nearer to the mid than what is wanted", () => {
    const bench = quoting(changes);
    bench.apply(bench.events.budget(4, 100));
    for (let step = 1; step <= 20; step += 1) {
      const mid = MID - step * 100;
      bench.apply(bench.events.budget(4, 100));
      bench.pass(200, mid);
      bench.acknowledge();
      // A bid within the first bin of the mid, less a quarter of a bin, is too near.
      const [best] = ordersOf(bench, "buy");
      if (best !== undefined) expect(best.priceTicks).toBeLessThanOrEqual(mid * 0.99925);
    }
    expect(bench.engine.counts.canceled).toBeGreaterThan(5);
  });

  test("it recovers as soon as the venue counts more again", () => {
    const bench = quoting(changes);
    bench.news();
    let midTicks = MID;
    // Until one is sent, after which the next would be two seconds off.
    for (let step = 0, sent = 0; sent === 0 && step < 50; step += 1, sent = spent(bench)) {
      bench.acknowledge();
      bench.apply(bench.events.budget(1, 100));
      midTicks -= 400;
      bench.pass(100, midTicks);
    }
    bench.acknowledge();
    expect(bench.live().length).toBeLessThan(20);
    bench.apply(bench.events.budget(90, 100));
    for (let round = 0; round < 4; round += 1) {
      bench.pass(200, midTicks);
      bench.acknowledge();
    }
    expect(bench.live()).toHaveLength(20);
  });

  test("of two budgets the tighter one counts, each by its own reserve", () => {
    const bench = new Bench(params({ risk: { actionsPer10s: 50 }, ladder: changes.ladder }));
    // More than our own 50, but a tenth of the venue's reserve of 2000 of an account's lifetime.
    bench.apply(bench.events.budget(200, 10_000));
    bench.begin(MID);
    expect(ordersOf(bench, "buy")).toHaveLength(1);
  });
});

describe("the clock", () => {
  test("clock-offset: an alert above 500 ms", () => {
    const bench = quoting();
    bench.apply(bench.events.clock(-600));
    const reading = { tripped: true, value: -600, limit: 500, effect: "alert" };
    expect(bench.guard("clock-offset")).toEqual(reading);
    expect(bench.alerts()).toContain("clock-offset");
    bench.pass(200, MID);
    expect(bench.live()).toEqual(QUOTES);
  });

  test("clock-offset: above 1 s the pair does not start, until the clock is right", () => {
    const bench = new Bench();
    const { events } = bench;
    bench.apply(events.clock(1_100), events.connection("up"), events.book(MID));
    bench.agree();
    expect(bench.engine.state).toBe("starting");
    expect(bench.alerts()).toContain("clock-offset");
    bench.apply(events.clock(20));
    bench.news();
    bench.pass(1_000, MID);
    expect(bench.sent()).toEqual(["reconcile"]);
    bench.agree();
    expect(bench.engine.state).toBe("quoting");
  });
});

describe("equity", () => {
  test("drawdown: at 2 % the pair reduces, at 2.4 % it halts, until it is re-armed by hand", () => {
    const bench = quoting(params({ risk: { maxDrawdownPct: 2 } }));
    bench.pass(1_100, MID);
    // 1 ETH + 2000 USDT = 4000. At 1920: 3920, 2 % less.
    bench.pass(1_100, 192_000);
    expect(bench.engine.state).toBe("reducing");
    expect(bench.alerts()).toEqual(["equity-reducing"]);
    expect(bench.engine.equityGuards()[0]).toEqual({
      id: "drawdown",
      valuePct: "2.0000",
      limitPct: "2",
      verdict: "reduce",
    });
    bench.acknowledge();
    bench.pass(300, 192_000);
    // 1920 / 3920 = 0.4898 is under the target of 0.5: only buying brings it back.
    bench.acknowledge();
    expect(bench.live().every((order) => order.startsWith("buy"))).toBe(true);
    // At 1904: 3904, 2.4 % less.
    bench.pass(1_100, 190_400);
    expect(bench.engine.state).toBe("halted");
    expectPulled(bench);
    // Latched: a recovery changes nothing, an operator does.
    bench.pass(5_000, MID);
    expect(bench.engine.state).toBe("halted");
    expect(bench.live()).toEqual([]);
    bench.apply(bench.events.operator("resume"));
    expect(bench.engine.state).toBe("halted");
    bench.apply(bench.events.operator("rearm"));
    bench.pass(200, MID);
    expect(bench.engine.state).toBe("quoting");
    expectQuotes(bench);
  });

  test("reducing is latched: neither a recovery nor pause and resume end it", () => {
    const bench = quoting(params({ risk: { maxDrawdownPct: 2 } }));
    bench.pass(1_100, MID);
    bench.pass(1_100, 192_000); // 4000 → 3920: 2 %
    expect(bench.engine.state).toBe("reducing");
    bench.apply(bench.events.operator("pause"));
    expect(bench.engine.state).toBe("paused");
    bench.pass(1_100, 196_000); // 3960: 1 %, under the limit again
    bench.apply(bench.events.operator("resume"));
    expect(bench.engine.state).toBe("reducing");
    bench.apply(bench.events.operator("pause"));
    bench.apply(bench.events.operator("rearm"));
    bench.apply(bench.events.operator("resume"));
    expect(bench.engine.state).toBe("quoting");
  });

  test("a loss during a pause is not forgotten", () => {
    const bench = quoting(params({ risk: { maxDrawdownPct: 2 } }));
    bench.pass(1_100, MID);
    bench.apply(bench.events.operator("pause"));
    bench.pass(1_100, 192_000); // 4000 → 3920: 2 %
    bench.pass(1_100, MID);
    bench.apply(bench.events.operator("resume"));
    expect(bench.engine.state).toBe("reducing");
  });

  test("daily-loss: counted from midnight UTC, whatever the peak was", () => {
    const bench = new Bench(params({ risk: { maxDailyLossPct: 3 } }));
    bench.events.nowMs = 86_400_000 - 10_000; // ten seconds to midnight
    bench.start(MID);
    bench.pass(1_100, 190_000); // 3900: 2.5 % of 4000
    expect(bench.engine.state).toBe("quoting");
    bench.pass(10_000, 190_000); // a new day begins at 3900
    bench.pass(1_100, 182_000); // 3820: 4.5 % of 4000, but 2.05 % of 3900
    expect(bench.engine.state).toBe("quoting");
    bench.pass(1_100, 178_000); // 3780: 3.08 % of 3900
    expect(bench.engine.state).toBe("reducing");
  });

  test("reducing ends in a halt once inventory is within 5 % of its target", () => {
    // Starting at a ratio of 0.6 with a target of 0.5: reduced by selling.
    const bench = quoting(
      params({ capital: { base: "1.5", quote: "2000" }, risk: { maxDrawdownPct: 1 } }),
    );
    bench.pass(1_100, MID);
    bench.pass(1_100, 196_500); // 5000 → 4947.5: 1.05 %
    expect(bench.engine.state).toBe("reducing");
    bench.acknowledge();
    bench.pass(200, 196_500);
    bench.acknowledge();
    expect(bench.live().every((order) => order.startsWith("sell"))).toBe(true);
    const asks = [...bench.engine.orders.live.values()];
    // Half of 4947.5 is 1.259 ETH: 0.24 less than 1.5.
    asks.slice(0, 1).forEach((ask) => bench.apply(bench.events.execution(ask, 240, "t1")));
    bench.pass(1_100, 196_500);
    expect(bench.engine.state).toBe("halted");
    bench.acknowledge();
    expect(bench.live()).toEqual([]);
  });
});
