/** A passive hedge that is on: its stop-loss, its end, and what can go wrong in between. */

import { describe, expect, test } from "bun:test";
import { armed, open, type PassiveBench } from "./passive-bench.ts";
import { hedgeParams, hyperliquidInstrument, market } from "./setup.ts";

/** The active hedge buys at the market. */
function activeBuys(bench: PassiveBench, lots: number): void {
  const order = {
    role: "active-hedge",
    side: "buy",
    type: "market",
    timeInForce: "ioc",
    postOnly: false,
    reduceOnly: false,
    priceTicks: 0,
    quantityLots: lots,
  } as const;
  bench.venue.fill(bench.venue.order(bench.venue.place(order, "test")), lots, 3800);
  bench.venue.sent();
}

describe("mistake 9: a fill leaves no naked position", () => {
  test("the stop-loss is sent, and the other side canceled, in the step after it", () => {
    const bench = armed();
    bench.price(3800);
    bench.venue.fill(bench.venue.last("sell"), 500, 3798);
    // 3798 · 1.01 = 3835.98
    expect(bench.act()).toEqual(["cancel buy 500 (hedge-on)", "stop-market buy 500@3836 reduce"]);
    expect([bench.hedger.state, bench.hedger.entryTicks]).toEqual(["open", 3798]);
    expect(bench.hedger.isCovered).toBe(false);
    bench.venue.answer();
    bench.act();
    expect([bench.hedger.isCovered, bench.hedger.stop?.isWorking]).toEqual([true, true]);
  });

  test("a buy's stop-loss is below its entry", () => {
    const bench = armed();
    bench.price(4200);
    bench.venue.fill(bench.venue.last("buy"), 500, 4203);
    // 4203 · 0.99 = 4160.97
    expect(bench.act()).toEqual(["cancel sell 500 (hedge-on)", "stop-market sell 500@4160 reduce"]);
  });

  test("a partial fill has its stop at once, more of it moves that, new first", () => {
    const bench = armed();
    bench.price(3800);
    const trigger = bench.venue.last("sell");
    bench.venue.fill(trigger, 200, 3800);
    expect(bench.act()).toEqual(["cancel buy 500 (hedge-on)", "stop-market buy 200@3838 reduce"]);
    bench.venue.answer();
    bench.venue.fill(trigger, 300, 3790);
    // (200 · 3800 + 300 · 3790) / 500 = 3794, · 1.01 = 3831.94
    expect(bench.act()).toEqual(["stop-market buy 500@3832 reduce"]);
    expect(bench.hedger.entryTicks).toBe(3794);
    bench.venue.answer();
    expect(bench.act()).toEqual(["cancel buy 200 (replaced)"]);
    expect(bench.hedger.stop).toMatchObject({ side: "buy", triggerTicks: 3832, lots: 500 });
  });

  test("what the trigger could not fill is not waited for", () => {
    const bench = armed();
    bench.price(3800);
    const trigger = bench.venue.last("sell");
    bench.venue.fill(trigger, 200, 3800);
    bench.venue.end(trigger);
    bench.settle();
    expect(bench.settle(60_000)).toEqual([]);
    expect([bench.hedger.state, bench.venue.book.passiveLots]).toEqual(["open", -200]);
  });

  test("without a market the stop-loss is sent all the same", () => {
    const bench = armed();
    bench.market = market(0, 0);
    bench.venue.fill(bench.venue.last("sell"), 500, 3800);
    expect(bench.act()).toContain("stop-market buy 500@3838 reduce");
  });
});

describe("the end of a round", () => {
  test("the stop fills: told with what the round was worth, then cool, then armed anew", () => {
    const bench = open();
    const stop = bench.venue.last("buy");
    bench.price(3840);
    bench.venue.fill(stop, 300, 3840);
    expect(bench.act()).toEqual([]);
    expect(bench.hedger.state).toBe("stopping");
    bench.venue.fill(stop, 200, 3845);
    expect(bench.act()).toEqual([]);
    expect([bench.hedger.state, bench.hedger.entryTicks, bench.hedger.stop]).toEqual([
      "cooling",
      0,
      null,
    ]);
    const done = bench.venue.steps.at(-1);
    // 50 · 3.8 − (30 · 3.84 + 20 · 3.845)
    expect(done?.figures).toMatchObject({ entryTicks: 3800, exitTicks: 3842, pnl: "-2.1" });
    expect([done?.from, done?.reason]).toEqual(["stopping", "stop-loss"]);
    expect(bench.act(59_999)).toEqual([]);
    expect(bench.hedger.isCovered).toBe(true);
    expect(bench.act(1)).toEqual(["stop-market sell 500@3648", "stop-market buy 500@4032"]);
    expect(bench.hedger.anchorTicks).toBe(3840);
  });

  test("what a stop leaves is closed at the market", () => {
    const bench = open();
    const stop = bench.venue.last("buy");
    bench.price(3840);
    bench.venue.fill(stop, 300, 3840);
    bench.venue.end(stop);
    // Also where the price has come back meanwhile.
    bench.price(3800);
    expect(bench.act()).toEqual(["market buy 200@0 reduce"]);
    bench.venue.fill(bench.venue.last(), 200, 3841);
    bench.act();
    expect(bench.hedger.state).toBe("cooling");
  });

  test("a stop that would fire at once is executed as a market close", () => {
    const bench = armed();
    bench.price(3800);
    bench.venue.fill(bench.venue.last("sell"), 500, 3800);
    bench.act();
    bench.price(3830);
    bench.venue.reject(bench.venue.last("buy"), "would-cross");
    bench.settle();
    expect(bench.venue.last("buy").spec).toMatchObject({ type: "market", quantityLots: 500 });
    expect(bench.hedger.state).toBe("stopping");
  });

  test("a book that is behind the news of the fill closes nothing: the venue is asked", () => {
    const bench = armed();
    bench.price(3850); // the stop's price is 3838
    bench.venue.fill(bench.venue.last("sell"), 500, 3800);
    expect(bench.act()).toEqual(["cancel buy 500 (hedge-on)", "stop-market buy 500@3838 reduce"]);
    bench.venue.answer();
    expect(bench.act(1_000)).toEqual([]);
    expect(bench.hedger.state).toBe("open");
  });

  test("a stop that is lost is placed again, and its price watched meanwhile", () => {
    const bench = open();
    bench.venue.end(bench.venue.last("buy"));
    expect(bench.act()).toEqual(["stop-market buy 500@3838 reduce"]);
    expect(bench.venue.alerts).toEqual(["critical hedge-stop-lost"]);
    bench.venue.reject(bench.venue.last("buy"), "other");
    bench.act();
    bench.price(3838);
    expect(bench.act()).toEqual(["market buy 500@0 reduce"]);
  });

  test("while the stop's fate is unknown nothing is sent beside it", () => {
    const bench = open();
    bench.venue.last("buy").isInDoubt = true;
    bench.price(3900);
    expect(bench.act(600_000)).toEqual([]);
    expect([bench.hedger.state, bench.hedger.isCovered]).toEqual(["open", false]);
  });

  test("fills of the stop that nobody has seen yet are waited for", () => {
    const bench = open();
    const stop = bench.venue.last("buy");
    bench.price(3838);
    bench.venue.execute(stop, 500);
    expect(bench.act(60_000)).toEqual([]);
    bench.venue.tell(stop, 500, 3840);
    bench.act();
    expect(bench.hedger.state).toBe("cooling");
    expect(bench.venue.steps.at(-1)?.figures["pnl"]).toBe("-2"); // 50 · (3.8 − 3.84)
  });

  test("a close at the market is repeated with what is left", () => {
    const bench = open();
    bench.mode = "flatten";
    bench.act();
    const close = bench.venue.last("buy");
    bench.venue.fill(close, 100, 3801);
    bench.venue.reject(close, "other");
    expect(bench.act()).toEqual([]);
    expect(bench.act(200)).toEqual(["market buy 400@0 reduce"]);
  });

  test("a rest too small to be closed against the other hedger's goes over to it", () => {
    const bench = open();
    // The active hedge is long as much as this one is short.
    activeBuys(bench, 500);
    const stop = bench.settle();
    // Of a sum of 0 nothing can be reduced.
    expect(stop).toEqual(["stop-market buy 500@3838", "cancel buy 500 (replaced)"]);
    bench.price(3840);
    const fired = bench.venue.last("buy");
    bench.venue.fill(fired, 495, 3840);
    // While the stop goes on by itself the rest is its.
    bench.mode = "flatten";
    expect(bench.act()).toEqual([]);
    expect(bench.venue.book.passiveLots).toBe(-5);
    bench.mode = "hedge";
    bench.venue.end(fired);
    expect(bench.act()).toEqual([]);
    const { activeLots, passiveLots } = bench.venue.book;
    expect([activeLots, passiveLots, bench.hedger.state]).toEqual([495, 0, "cooling"]);
  });
});

describe("two orders that both fire", () => {
  test("the old trigger and the one in its place: the excess is closed at once", () => {
    const bench = armed(hedgeParams({ isDualSided: false }));
    bench.exposure = { ...bench.exposure, inventory: 120 };
    bench.act(60_000);
    bench.price(3800);
    const [old, fresh] = bench.venue.live;
    if (old === undefined || fresh === undefined) throw new Error("there are two");
    bench.venue.fill(old, 500, 3800);
    bench.venue.fill(fresh, 600, 3790);
    // (500 · 3800 + 600 · 3790) / 1100 = 3794.5…, · 1.01 = 3832.5
    expect(bench.act()).toEqual(["market buy 500@0 reduce", "stop-market buy 1100@3833 reduce"]);
    bench.venue.fill(bench.venue.order(bench.venue.live[0]?.id ?? ""), 500, 3801);
    bench.venue.answer();
    expect(bench.act()).toEqual(["stop-market buy 600@3833 reduce"]);
    expect(bench.venue.book.passiveLots).toBe(-600);
  });

  test("the other side before its cancel arrives: nothing is left, the round is over", () => {
    const bench = armed();
    const [sell, buy] = bench.venue.live;
    if (sell === undefined || buy === undefined) throw new Error("there are two");
    bench.venue.fill(sell, 500, 3800);
    bench.price(3800);
    bench.act();
    bench.venue.answer();
    buy.isEnded = false;
    bench.venue.fill(buy, 500, 4200);
    bench.price(4200);
    expect(bench.act()).toEqual(["cancel buy 500 (hedge-closed)"]);
    const done = bench.venue.steps.at(-1);
    expect([done?.to, done?.figures["pnl"]]).toEqual(["cooling", "-20"]); // 50 · (3.8 − 4.2)
  });

  test("the stop and the market close: what is too much is closed again, not held", () => {
    for (const isStopFirst of [true, false]) {
      const bench = armed();
      bench.price(3800);
      const trigger = bench.venue.last("sell");
      bench.venue.fill(trigger, 200, 3800);
      bench.settle();
      const stop = bench.venue.last("buy");
      bench.venue.fill(trigger, 300, 3800);
      expect(bench.act()).toEqual(["stop-market buy 500@3838 reduce"]);
      bench.venue.reject(bench.venue.last("buy"), "would-cross");
      expect(bench.act()).toEqual(["market buy 500@0 reduce"]);
      const close = bench.venue.last("buy");
      const filled = isStopFirst ? [stop, close] : [close, stop];
      for (const order of filled) {
        bench.venue.fill(order, order.spec.quantityLots, 3838);
        bench.act();
      }
      expect(bench.venue.book.passiveLots).toBe(200);
      expect(bench.venue.last("sell").spec).toMatchObject({ type: "market", quantityLots: 200 });
      bench.venue.fill(bench.venue.last("sell"), 200, 3838);
      bench.act();
      expect([isStopFirst, bench.hedger.state]).toEqual([isStopFirst, "cooling"]);
    }
  });
});

test("where no stop may stand against the active hedge's position, its price is watched", () => {
  const bench = armed(hedgeParams(), hyperliquidInstrument());
  bench.price(3800);
  bench.act();
  bench.venue.fill(bench.venue.last(), 500, 3800);
  activeBuys(bench, 500);
  expect(bench.act()).toEqual([]);
  expect(bench.hedger.stop).toMatchObject({ side: "buy", triggerTicks: 3838, isWorking: true });
  expect(bench.hedger.isCovered).toBe(true);
  bench.price(3837);
  expect(bench.act(60_000)).toEqual([]);
  bench.price(3838);
  expect(bench.act()).toEqual(["market buy 500@0"]);
});

test("a hedge too small for a stop of its own against the active one's is watched too", () => {
  const bench = armed();
  bench.price(3800);
  const trigger = bench.venue.last("sell");
  bench.venue.fill(trigger, 10, 3800); // 1 SUI, worth less than the least order
  bench.venue.end(trigger);
  activeBuys(bench, 500);
  expect(bench.act()).toEqual(["cancel buy 500 (hedge-on)"]);
  expect(bench.hedger.stop).toMatchObject({ lots: 10, isWorking: true });
  bench.price(3838);
  bench.act();
  // It cannot be closed by itself: it goes over to the active hedge.
  expect([bench.venue.book.activeLots, bench.venue.book.passiveLots]).toEqual([490, 0]);
});

test("what refused the stop of one round does not delay the next one's", () => {
  const bench = open(hedgeParams({ passive: { cooldownMs: 0 } }));
  bench.venue.end(bench.venue.last("buy"));
  for (const waitMs of [0, 2_000, 4_000, 8_000]) {
    expect(bench.act(waitMs)).toEqual(["stop-market buy 500@3838 reduce"]);
    bench.venue.reject(bench.venue.last("buy"), "other");
    expect(bench.act()).toEqual([]);
  }
  bench.act();
  bench.price(3838);
  expect(bench.act()).toEqual(["market buy 500@0 reduce"]);
  bench.venue.fill(bench.venue.last("buy"), 500, 3838);
  bench.settle();
  bench.price(3640);
  bench.venue.fill(bench.venue.last("sell"), 500, 3640);
  expect(bench.act()).toContain("stop-market buy 500@3677 reduce"); // 3640 · 1.01 = 3676.4
});

describe("what is left of the last round", () => {
  test("no trigger is placed while its stop may still have a fill", () => {
    const bench = armed(hedgeParams({ passive: { cooldownMs: 0 } }));
    bench.price(3800);
    const trigger = bench.venue.last("sell");
    bench.venue.fill(trigger, 200, 3800);
    bench.settle();
    bench.venue.fill(trigger, 300, 3800);
    bench.act();
    bench.venue.reject(bench.venue.last("buy"), "would-cross");
    bench.act();
    bench.venue.fill(bench.venue.last("buy"), 500, 3838);
    expect(bench.act()).toEqual(["cancel buy 200 (hedge-closed)"]);
    expect(bench.act(60_000)).toEqual([]);
    expect([bench.hedger.state, bench.hedger.isCovered]).toEqual(["cooling", false]);
    bench.venue.answer();
    expect(bench.act()).toEqual(["stop-market sell 500@3610", "stop-market buy 500@3990"]);
  });

  test("what its last order still fills is closed again, not held", () => {
    const bench = open();
    bench.venue.end(bench.venue.last("buy"));
    bench.price(3838);
    expect(bench.act()).toEqual(["market buy 500@0 reduce"]);
    const close = bench.venue.last("buy");
    // The venue says that it is flat, then the fill arrives all the same.
    const flat = { base: "0", quote: "0", openOrderIds: null };
    const news = { kind: "account", venueTimeMs: 0, receivedTimeMs: 0, ...flat } as const;
    expect(bench.venue.book.adopt(news, 7676)).toBe(500);
    bench.act();
    expect(bench.hedger.state).toBe("cooling");
    bench.venue.fill(close, 500, 3838);
    expect(bench.act()).toEqual(["market sell 500@0 reduce"]);
  });
});
