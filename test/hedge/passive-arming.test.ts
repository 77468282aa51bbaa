/** The passive hedge's triggers: where they stand, how large, and that they stand. */

import { describe, expect, test } from "bun:test";
import { AWAY, armed, PassiveBench } from "./passive-bench.ts";
import { hedgeParams, hyperliquidInstrument, market, NEUTRAL } from "./setup.ts";

describe("arming", () => {
  test("a stop to sell below the anchor, one to buy above it, half of the inventory", () => {
    const bench = new PassiveBench();
    expect(bench.act()).toEqual(["stop-market sell 500@3800", "stop-market buy 500@4200"]);
    expect([bench.hedger.state, bench.hedger.isCovered]).toEqual(["arming", false]);
    bench.venue.answer();
    expect(bench.act(60_000)).toEqual([]);
    expect([bench.hedger.state, bench.hedger.isCovered]).toEqual(["armed", true]);
    expect(bench.triggers).toEqual(["sell 500@3800", "buy 500@4200"]);
    expect(bench.hedger.anchorTicks).toBe(4000);
    expect(bench.hedger.orderIds).toHaveLength(2);
    expect(bench.story).toEqual(["off → arming: arm", "arming → armed: triggers-stand"]);
  });

  test("one side only, where only one is hedged", () => {
    const bench = new PassiveBench(hedgeParams({ isDualSided: false }));
    expect(bench.act()).toEqual(["stop-market sell 500@3800"]);
  });

  test("prices are rounded away from the money", () => {
    const bench = new PassiveBench();
    bench.market = market(3996, 4001); // 3998.5: 3798.575 and 4198.425
    expect(bench.act()).toEqual(["stop-market sell 500@3798", "stop-market buy 500@4199"]);
  });

  test("without a market, or a venue in reach, nothing is sent", () => {
    const bench = new PassiveBench();
    bench.market = market(0, 0);
    expect(bench.act()).toEqual([]);
    bench.price(4000);
    bench.canTrade = false;
    expect(bench.act()).toEqual([]);
    bench.canTrade = true;
    expect(bench.act()).toHaveLength(2);
  });

  test("too little inventory for a trigger is shown as none, and counts as covered", () => {
    const bench = new PassiveBench();
    bench.exposure = { ...NEUTRAL, inventory: 3.9 };
    expect(bench.act()).toEqual([]);
    expect([bench.triggers, bench.hedger.isCovered]).toEqual([[], true]);
    bench.exposure = NEUTRAL;
    expect(bench.act(1_000)).toHaveLength(2);
  });

  test("no parameters, no triggers", () => {
    const bench = new PassiveBench(hedgeParams({ passive: null }));
    expect(bench.act()).toEqual([]);
    expect(bench.hedger.state).toBe("off");
  });

  test("where the position may not grow no trigger is placed, and those that stand stay", () => {
    const bench = new PassiveBench();
    bench.mayGrow = false;
    expect(bench.act()).toEqual([]);
    bench.mayGrow = true;
    bench.settle();
    bench.mayGrow = false;
    expect(bench.act(60_000)).toEqual([]);
    expect(bench.hedger.state).toBe("armed");
  });
});

describe("the anchor", () => {
  test("mistake 9: a slow crash meets its trigger, though all looks neutral", () => {
    for (const isDualSided of [true, false]) {
      const bench = armed(hedgeParams({ isDualSided }));
      for (let ticks = 4000; ticks > 3800; ticks -= 1) {
        bench.price(ticks);
        expect(bench.act(30_000)).toEqual([]);
      }
      expect(bench.triggers[0]).toBe("sell 500@3800");
    }
  });

  test("does not follow a rise to a trigger above, nor within a trigger's distance", () => {
    const dual = armed();
    dual.price(4199);
    expect(dual.settle(60_000)).toEqual([]);
    const single = armed(hedgeParams({ isDualSided: false }));
    single.price(4199);
    expect(single.settle(60_000)).toEqual([]);
    single.price(4200);
    expect(single.settle(60_000)).toEqual([
      "stop-market sell 500@3990",
      "cancel sell 500 (replaced)",
    ]);
    expect(single.story.at(-1)).toBe("armed → armed: anchor-moved");
  });

  test("follows when exposure is neutral again after it was away, and only then", () => {
    const bench = armed();
    bench.exposure = { ...AWAY, inventory: 100, quote: 40 }; // 0.9 of it: away, the same size
    bench.price(3900);
    expect(bench.settle(60_000)).toEqual([]);
    bench.exposure = { ...NEUTRAL };
    expect(bench.settle(60_000)).toEqual([
      "stop-market sell 500@3705",
      "stop-market buy 500@4095",
      "cancel sell 500 (replaced)",
      "cancel buy 500 (replaced)",
    ]);
    // It was back once; from there on it stays.
    bench.price(3800);
    expect(bench.settle(60_000)).toEqual([]);
  });

  test("not for less than movePct of the distance", () => {
    const bench = armed();
    bench.exposure = { ...AWAY, inventory: 100, quote: 40 };
    bench.act();
    bench.exposure = NEUTRAL;
    bench.price(4020); // 10 % of 200
    expect(bench.settle(60_000)).toEqual([]);
    bench.exposure = { ...AWAY, inventory: 100, quote: 40 };
    bench.act();
    bench.exposure = NEUTRAL;
    bench.price(4021);
    expect(bench.settle(60_000)).toHaveLength(4);
  });

  test("an exposure that is not known moves nothing", () => {
    const bench = armed();
    bench.price(4100);
    bench.exposure = { ...NEUTRAL, mid: 0 };
    expect(bench.settle(60_000)).toEqual([]);
    bench.exposure = NEUTRAL;
    expect(bench.settle(60_000)).toEqual([]);
  });
});

describe("the size", () => {
  test("another size is placed at the same price, new before old", () => {
    const bench = armed();
    bench.price(3900);
    bench.exposure = { ...NEUTRAL, inventory: 111 };
    expect(bench.act(60_000)).toEqual(["stop-market sell 555@3800", "stop-market buy 555@4200"]);
    // The old ones stand until the new ones do.
    expect(bench.act()).toEqual([]);
    expect([bench.hedger.state, bench.venue.live.length]).toEqual(["armed", 4]);
    bench.venue.answer();
    expect(bench.act()).toEqual(["cancel sell 500 (replaced)", "cancel buy 500 (replaced)"]);
    bench.venue.answer();
    expect(bench.act()).toEqual([]);
    expect(bench.triggers).toEqual(["sell 555@3800", "buy 555@4200"]);
  });

  test("not for less than movePct of it, and not at every quote's fill", () => {
    const bench = armed();
    bench.exposure = { ...NEUTRAL, inventory: 110 };
    expect(bench.settle(60_000)).toEqual([]);
    bench.exposure = { ...NEUTRAL, inventory: 120 };
    bench.settle();
    bench.exposure = { ...NEUTRAL, inventory: 150 };
    expect(bench.settle(999)).toEqual([]);
    expect(bench.settle(1)).toHaveLength(4);
  });

  test("what the active hedge has sold needs no cover", () => {
    const bench = armed();
    const order = {
      role: "active-hedge",
      side: "sell",
      type: "market",
      timeInForce: "ioc",
      postOnly: false,
      reduceOnly: false,
      priceTicks: 0,
      quantityLots: 400,
    } as const;
    bench.venue.place(order, "test");
    bench.venue.fill(bench.venue.last(), 400, 4000);
    bench.venue.sent();
    bench.act(60_000);
    expect(bench.triggers.map((trigger) => trigger.split("@")[0])).toEqual(["sell 300", "buy 300"]);
  });

  test("a new one that is refused leaves the old one standing, and is tried again", () => {
    const bench = armed(hedgeParams({ isDualSided: false }));
    bench.exposure = { ...NEUTRAL, inventory: 120 };
    expect(bench.act(60_000)).toEqual(["stop-market sell 600@3800"]);
    bench.venue.reject(bench.venue.last(), "too-many-orders");
    expect(bench.act()).toEqual([]);
    expect([bench.hedger.state, bench.venue.live.length]).toEqual(["armed", 1]);
    expect(bench.act(1_000)).toEqual(["stop-market sell 600@3800"]);
    bench.venue.answer();
    expect(bench.act()).toEqual(["cancel sell 500 (replaced)"]);
  });

  test("a size that is as it was after a refusal needs no order", () => {
    const bench = armed(hedgeParams({ isDualSided: false }));
    bench.exposure = { ...NEUTRAL, inventory: 120 };
    bench.act(60_000);
    bench.venue.reject(bench.venue.last(), "too-many-orders");
    bench.exposure = NEUTRAL;
    expect(bench.act(1_000)).toEqual([]);
    expect(bench.act(600_000)).toEqual([]);
  });
});

describe("a trigger that is not there", () => {
  test("is placed again: canceled by somebody, expired, refused; with growing waits", () => {
    const bench = armed(hedgeParams({ isDualSided: false }));
    bench.venue.end(bench.venue.last());
    // The first time at once.
    expect(bench.act()).toEqual(["stop-market sell 500@3800"]);
    expect([bench.hedger.state, bench.hedger.isCovered]).toEqual(["arming", false]);
    bench.venue.answer();
    bench.venue.end(bench.venue.last());
    expect(bench.act()).toEqual([]);
    for (const waitMs of [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      expect([waitMs, bench.act(waitMs - 1)]).toEqual([waitMs, []]);
      expect([waitMs, bench.act(1)]).toEqual([waitMs, ["stop-market sell 500@3800"]]);
      bench.venue.reject(bench.venue.last(), "other");
      expect([waitMs, bench.act()]).toEqual([waitMs, []]);
    }
    expect(bench.venue.alerts).toEqual(["warning hedge-stop-lost"]);
  });

  test("mistake 9: one that is refused is no order, whatever the venue said", () => {
    const bench = new PassiveBench(hedgeParams({ isDualSided: false }));
    bench.act();
    bench.venue.reject(bench.venue.last(), "other");
    bench.act();
    expect([bench.hedger.orderIds, bench.triggers]).toEqual([[], ["sell 500@3800 missing"]]);
  });

  test("mistake 1: while its fate is unknown nothing is placed beside it", () => {
    const bench = armed(hedgeParams({ isDualSided: false }));
    const order = bench.venue.last();
    order.isInDoubt = true;
    bench.exposure = { ...NEUTRAL, inventory: 200 };
    expect(bench.act(600_000)).toEqual([]);
    expect(bench.hedger.state).toBe("arming");
    order.isInDoubt = false;
    expect(bench.act()).toEqual(["stop-market sell 1000@3800"]);
  });
});

describe("a trigger that would fire at once", () => {
  test("is executed as a market hedge, with its stop-loss", () => {
    const bench = new PassiveBench();
    bench.act();
    bench.price(3790);
    bench.venue.reject(bench.venue.last("sell"), "would-cross");
    expect(bench.act()).toEqual(["market sell 500@0"]);
    bench.venue.answer();
    bench.venue.fill(bench.venue.last("sell"), 500, 3790);
    expect(bench.act()).toEqual(["cancel buy 500 (hedge-on)", "stop-market buy 500@3828 reduce"]);
    expect(bench.hedger.state).toBe("open");
  });

  test("or the anchor is taken anew", () => {
    const bench = new PassiveBench(hedgeParams({ passive: { onCrossed: "re-anchor" } }));
    bench.act();
    bench.price(3790);
    bench.venue.answer();
    bench.venue.reject(bench.venue.last("sell"), "would-cross");
    expect(bench.act()).toEqual([]);
    expect(bench.act(999)).toEqual([]);
    expect(bench.act(1)).toEqual(["stop-market sell 500@3600", "stop-market buy 500@3980"]);
  });
});

describe("where no stop may open a position (Hyperliquid)", () => {
  test("the triggers are watched here, by the mark price", () => {
    const bench = armed(hedgeParams(), hyperliquidInstrument());
    expect([bench.venue.live, bench.triggers]).toEqual([[], ["sell 500@3800", "buy 500@4200"]]);
    bench.market = { ...market(3799, 3801), markTicks: 3801, lastTicks: 3700 };
    expect(bench.act(100)).toEqual([]);
    bench.market = { ...market(3809, 3811), markTicks: 3800, lastTicks: 3810 };
    expect(bench.act(100)).toEqual(["market sell 500@0"]);
    bench.venue.answer();
    bench.venue.fill(bench.venue.last(), 500, 3808);
    // The stop-loss is a real order: 3808 · 1.01 = 3846.08
    expect(bench.act()).toEqual(["stop-market buy 500@3847 reduce"]);
  });

  test("a partial fill goes on, one that was refused while the price came back does not", () => {
    const bench = armed(hedgeParams(), hyperliquidInstrument());
    bench.price(3800);
    bench.act();
    bench.venue.reject(bench.venue.last(), "insufficient-balance");
    expect(bench.act()).toEqual([]);
    bench.price(3850);
    expect(bench.act(10_000)).toEqual([]);
    expect(bench.hedger.state).toBe("armed");
    bench.price(3800);
    expect(bench.act()).toEqual(["market sell 500@0"]);
    bench.venue.fill(bench.venue.last(), 200, 3800);
    bench.venue.end(bench.venue.last());
    bench.price(3820);
    expect(bench.act()).toEqual(["stop-market buy 200@3838 reduce"]);
    expect(bench.act(200)).toEqual(["market sell 300@0"]);
  });

  test("a mark price beyond a trigger before it stood: by config", () => {
    for (const onCrossed of ["re-anchor", "hedge"] as const) {
      const params = hedgeParams({ passive: { onCrossed } });
      const bench = new PassiveBench(params, hyperliquidInstrument());
      bench.market = { ...market(3999, 4001), markTicks: 3700 };
      const sent = onCrossed === "hedge" ? ["market sell 500@0"] : [];
      expect([onCrossed, bench.act()]).toEqual([onCrossed, sent]);
      expect([onCrossed, bench.act(100)]).toEqual([onCrossed, []]);
    }
  });

  test("in a mode that is not to hedge they are not watched", () => {
    const bench = armed(hedgeParams(), hyperliquidInstrument());
    bench.mode = "off";
    bench.price(3700);
    expect(bench.act()).toEqual([]);
    expect([bench.hedger.state, bench.triggers]).toEqual(["off", []]);
  });
});

describe("modes and parameters", () => {
  test("off takes the triggers away; what is armed after that has a new anchor", () => {
    const bench = armed();
    bench.mode = "off";
    expect(bench.settle()).toEqual(["cancel sell 500 (off)", "cancel buy 500 (off)"]);
    expect([bench.venue.live, bench.hedger.state]).toEqual([[], "off"]);
    bench.mode = "hedge";
    bench.price(4100);
    expect(bench.act()).toEqual(["stop-market sell 500@3895", "stop-market buy 500@4305"]);
  });

  test("off before the venue has shown them: they are canceled once it has", () => {
    const bench = new PassiveBench();
    bench.act();
    bench.mode = "off";
    expect(bench.act()).toEqual([]);
    bench.venue.answer();
    expect(bench.settle()).toEqual(["cancel sell 500 (off)", "cancel buy 500 (off)"]);
  });

  test("flatten with nothing on takes the triggers away", () => {
    const bench = armed();
    bench.mode = "flatten";
    expect(bench.settle()).toEqual(["cancel sell 500 (flatten)", "cancel buy 500 (flatten)"]);
    expect(bench.hedger.state).toBe("off");
  });

  test("another ratio moves the triggers, no parameters take them away", () => {
    const bench = armed();
    bench.hedger.reconfigure(hedgeParams({ passive: { ratio: 0.1 } }));
    expect(bench.settle()).toContain("stop-market sell 500@3600");
    bench.hedger.reconfigure(hedgeParams({ isDualSided: false, passive: { ratio: 0.1 } }));
    expect(bench.settle()).toEqual(["cancel buy 500 (not-wanted)"]);
    bench.hedger.reconfigure(hedgeParams({ passive: null }));
    expect(bench.settle()).toEqual(["cancel sell 500 (configured-away)"]);
    expect(bench.hedger.state).toBe("off");
  });
});
