/** How an amount is traded: post-only at the touch, moved, then taken; refusals and doubts. */

import { describe, expect, test } from "bun:test";
import type { RejectReason } from "#domain/order.ts";
import { ExecutionBench, selling } from "./execution-bench.ts";
import { market } from "./setup.ts";

describe("making", () => {
  test("a sale rests at the best ask, a purchase at the best bid", () => {
    const bench = selling(400);
    expect(bench.act()).toEqual(["post sell 400@4001"]);
    expect([bench.execution.phase, bench.execution.openLots]).toEqual(["making", -400]);
    const buying = new ExecutionBench();
    buying.targetLots = 400;
    expect(buying.act()).toEqual(["post buy 400@3999"]);
  });

  test("it stays while its touch stays, and follows after repegMs when that moved", () => {
    const bench = selling(400);
    bench.act();
    bench.venue.answer();
    expect(bench.act(30_000)).toEqual([]);
    bench.market = market(3989, 3991);
    expect(bench.act()).toEqual(["cancel sell 400 (re-peg)"]);
    // Nothing is sent until the first has ended.
    expect(bench.act(1_000)).toEqual([]);
    bench.venue.answer();
    expect(bench.act()).toEqual(["post sell 400@3991"]);
    bench.venue.answer();
    bench.market = market(3985, 3987);
    expect(bench.act(2_999)).toEqual([]);
    expect(bench.act(1)).toEqual(["cancel sell 400 (re-peg)"]);
  });

  test("a price that runs away by as much as may be paid is not waited for", () => {
    const bench = selling(400, { maxSlippagePct: 1 });
    bench.act();
    bench.venue.answer();
    // Bids of 3999 when it began: 39.99 ticks are a hundredth.
    bench.market = market(3960, 3962);
    expect(bench.act()).toEqual([]);
    bench.market = market(3959, 3961);
    expect(bench.act()).toEqual(["cancel sell 400 (deadline)"]);
    bench.venue.answer();
    // At most a hundredth under the bid, and no worse: 3919.41.
    expect(bench.act()).toEqual(["ioc sell 400@3920"]);
  });

  test("mistake 8: after a partial fill only what is left is sent", () => {
    const bench = selling(400);
    bench.act();
    bench.venue.answer();
    bench.venue.fill(bench.venue.last(), 150);
    expect(bench.act()).toEqual([]);
    bench.market = market(3989, 3991);
    bench.act(3_000);
    // One more fill meets the cancel.
    bench.venue.fill(bench.venue.last(), 50);
    bench.venue.answer();
    expect(bench.act()).toEqual(["post sell 200@3991"]);
    bench.venue.fill(bench.venue.last(), 200);
    expect(bench.act()).toEqual([]);
    expect([bench.execution.phase, bench.execution.isBusy]).toEqual(["idle", false]);
    expect(bench.venue.book.positionLots).toBe(-400);
  });

  test("what shrank or turned is canceled at once, what grew waits for the re-peg", () => {
    const bench = selling(400);
    bench.act();
    bench.venue.answer();
    bench.targetLots = -500;
    expect(bench.act(2_000)).toEqual([]);
    expect(bench.act(1_000)).toEqual(["cancel sell 400 (grown)"]);
    bench.venue.answer();
    expect(bench.act()).toEqual(["post sell 500@4001"]);
    bench.venue.answer();
    bench.targetLots = -499;
    expect(bench.act()).toEqual(["cancel sell 500 (shrunk)"]);
    bench.venue.answer();
    expect(bench.act()).toEqual(["post sell 499@4001"]);
    bench.venue.answer();
    bench.targetLots = 100;
    expect(bench.act()).toEqual(["cancel sell 499 (no-longer-wanted)"]);
    bench.venue.answer();
    expect(bench.act()).toEqual(["post buy 100@3999"]);
  });

  test("a refused cancel is sent again, but not at every look", () => {
    const bench = selling(400);
    bench.act();
    bench.venue.answer();
    bench.targetLots = 0;
    expect(bench.act()).toEqual(["cancel sell 400 (no-longer-wanted)"]);
    bench.venue.last().isCanceling = false;
    expect(bench.act(999)).toEqual([]);
    expect(bench.act(1)).toEqual(["cancel sell 400 (no-longer-wanted)"]);
  });

  test("what would have crossed is sent again at the new touch at once, but not for ever", () => {
    const bench = selling(400);
    bench.act();
    for (const ticks of [3997, 3994, 3991]) {
      bench.market = market(ticks - 2, ticks);
      bench.venue.reject(bench.venue.last(), "would-cross");
      expect(bench.act()).toEqual([`post sell 400@${ticks}`]);
    }
    bench.market = market(3986, 3988);
    bench.venue.reject(bench.venue.last(), "would-cross");
    expect(bench.act()).toEqual([]);
    expect(bench.act(200)).toEqual(["post sell 400@3988"]);
    expect(bench.venue.alerts).toEqual([]);
  });

  test("at the price that was refused it waits for another, or a little", () => {
    const bench = selling(400);
    bench.act();
    bench.venue.reject(bench.venue.last(), "would-cross");
    expect(bench.act(199)).toEqual([]);
    expect(bench.act(200)).toEqual(["post sell 400@4001"]);
  });
});

describe("taking", () => {
  test("after the deadline what is left is taken, at most so far beyond the touch", () => {
    const bench = selling(400);
    bench.act();
    bench.venue.answer();
    bench.venue.fill(bench.venue.last(), 100);
    expect(bench.act(59_999)).toEqual([]);
    expect(bench.act(1)).toEqual(["cancel sell 400 (deadline)"]);
    bench.venue.answer();
    // 3999 · 0.995 = 3979.005: never below
    expect(bench.act()).toEqual(["ioc sell 300@3980"]);
    expect(bench.execution.phase).toBe("taking");
  });

  test("a purchase is capped above the best ask", () => {
    const bench = new ExecutionBench({ makerDeadlineMs: 0 });
    bench.targetLots = 100;
    expect(bench.act()).toEqual(["ioc buy 100@4021"]); // 4001 · 1.005 = 4021.005
  });

  test("what an IOC leaves is taken again after a wait, with what is left", () => {
    const bench = selling(400, { makerDeadlineMs: 0 });
    bench.act();
    bench.venue.fill(bench.venue.last(), 150);
    bench.venue.end(bench.venue.last());
    expect(bench.act(199)).toEqual([]);
    expect(bench.execution.phase).toBe("waiting");
    expect(bench.act(200)).toEqual(["ioc sell 250@3980"]);
    bench.venue.fill(bench.venue.last(), 250);
    expect(bench.act()).toEqual([]);
    expect(bench.execution.openLots).toBe(0);
  });

  test("where nothing is there to take, the waits grow up to five seconds", () => {
    const bench = selling(400, { makerDeadlineMs: 0 });
    bench.act();
    for (const waitMs of [200, 400, 800, 1_600, 3_200, 5_000, 5_000]) {
      bench.venue.end(bench.venue.last());
      expect([waitMs, bench.act()]).toEqual([waitMs, []]);
      expect([waitMs, bench.act(waitMs - 1)]).toEqual([waitMs, []]);
      expect([waitMs, bench.act(1)]).toEqual([waitMs, ["ioc sell 400@3980"]]);
    }
  });

  test("a market order is sent at once and has no price", () => {
    const bench = new ExecutionBench({}, 0, "market");
    bench.targetLots = -100;
    expect(bench.act()).toEqual(["market sell 100@0"]);
  });
});

describe("refusals", () => {
  test("throttled: 200, 400, 800 ms", () => {
    const bench = selling(400);
    bench.act();
    for (const waitMs of [200, 400, 800]) {
      bench.venue.reject(bench.venue.last(), "throttled");
      expect([waitMs, bench.act()]).toEqual([waitMs, []]);
      expect([waitMs, bench.act(waitMs - 1)]).toEqual([waitMs, []]);
      expect([waitMs, bench.act(1)]).toEqual([waitMs, ["post sell 400@4001"]]);
    }
    expect(bench.venue.alerts).toEqual([]);
  });

  test("what a person has to mend is tried seldom, and told once", () => {
    const reasons: RejectReason[] = ["insufficient-balance", "filter", "other"];
    for (const reason of reasons) {
      const bench = selling(400);
      bench.act();
      bench.venue.reject(bench.venue.last(), reason);
      expect(bench.act(0)).toEqual([]);
      expect(bench.act(4_999)).toEqual([]);
      expect(bench.act(1)).toEqual(["post sell 400@4001"]);
      bench.venue.reject(bench.venue.last(), reason);
      expect(bench.act()).toEqual([]);
      expect(bench.act(10_000)).toEqual(["post sell 400@4001"]);
      expect([reason, bench.venue.alerts]).toEqual([reason, ["warning hedge-order-refused"]]);
    }
  });

  test("reduce-only: the position is looked at again before the next", () => {
    const bench = new ExecutionBench({}, -100);
    expect(bench.act()).toEqual(["post buy 100@3999 reduce"]);
    bench.venue.reject(bench.venue.last(), "reduce-only");
    expect(bench.act()).toEqual([]);
    // It was another position after all.
    bench.venue.book.adopt(
      {
        kind: "account",
        venueTimeMs: 0,
        receivedTimeMs: 0,
        base: "-6",
        quote: "0",
        openOrderIds: null,
      },
      8000,
    );
    expect(bench.act(1_000)).toEqual(["post buy 60@3999 reduce"]);
  });

  test("one that somebody else canceled comes back after a wait", () => {
    const bench = selling(400);
    bench.act();
    bench.venue.answer();
    bench.venue.end(bench.venue.last());
    expect(bench.act()).toEqual([]);
    expect(bench.act(200)).toEqual(["post sell 400@4001"]);
  });
});

describe("doubt", () => {
  test("mistake 1: an order whose outcome is unknown blocks the next until it is resolved", () => {
    const bench = selling(400, { makerDeadlineMs: 0 });
    bench.act();
    const order = bench.venue.last();
    order.isInDoubt = true;
    for (let look = 0; look < 100; look += 1) expect(bench.act(1_000)).toEqual([]);
    // It had been filled all along.
    bench.venue.fill(order, 400);
    expect(bench.act()).toEqual([]);
    expect(bench.venue.book.positionLots).toBe(-400);
  });

  test("one that ended with fills that nobody has seen yet blocks the next as well", () => {
    const bench = selling(400, { makerDeadlineMs: 0 });
    bench.act();
    const order = bench.venue.last();
    bench.venue.execute(order, 300);
    bench.venue.end(order);
    for (let look = 0; look < 10; look += 1) expect(bench.act(10_000)).toEqual([]);
    bench.venue.tell(order, 300, 3990);
    expect(bench.act()).toEqual([]);
    expect(bench.act(200)).toEqual(["ioc sell 100@3980"]);
  });

  test("one that nobody remembers has long ended", () => {
    const bench = selling(400);
    bench.act();
    bench.venue.orders.clear();
    expect(bench.act()).toEqual(["post sell 400@4001"]);
  });
});

test("the other way round it is another execution, with a deadline of its own", () => {
  const bench = selling(400);
  bench.act();
  bench.venue.answer();
  bench.act(59_000);
  bench.targetLots = 400;
  bench.act();
  bench.venue.answer();
  expect(bench.act(2_000)).toEqual(["post buy 400@3999"]);
});

test("an order that has worked for a while ends a row of failures", () => {
  const bench = selling(400);
  bench.act();
  for (const waitMs of [200, 400, 800]) {
    bench.venue.reject(bench.venue.last(), "throttled");
    bench.act();
    bench.act(waitMs);
  }
  bench.venue.answer();
  bench.act(5_000);
  bench.venue.end(bench.venue.last());
  expect(bench.act()).toEqual([]);
  expect(bench.act(200)).toEqual(["post sell 400@4001"]);
});

test("other parameters hold from the next look on", () => {
  const bench = selling(400);
  bench.act();
  bench.venue.answer();
  bench.execution.reconfigure({ repegMs: 3_000, makerDeadlineMs: 1_000, maxSlippagePct: 1 }, 20);
  expect(bench.act(1_000)).toEqual(["cancel sell 400 (deadline)"]);
  bench.venue.answer();
  expect(bench.act()).toEqual(["ioc sell 400@3960"]); // 3999 · 0.99 = 3959.01
});
