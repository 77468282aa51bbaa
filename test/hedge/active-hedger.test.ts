/** The active hedge: when it opens, how far it goes, and how it is taken back. */

import { describe, expect, test } from "bun:test";
import type { Exposure } from "#hedge/hedge-input.ts";
import { ActiveBench, hedged, LONG } from "./active-bench.ts";
import { hedgeParams, market, NEUTRAL } from "./setup.ts";

/** 80 of 400: a move of −0.6. To 0.4 · 400 / 4 = 40: 20 SUI are to be bought. */
const SHORT: Exposure = { ...NEUTRAL, inventory: 20, quote: 320 };

describe("opening", () => {
  test("beyond the band it sells down to its target, and holds", () => {
    const bench = hedged();
    expect(bench.story).toEqual([
      "idle → hedging: move-above-band",
      "hedging → holding: target-reached",
    ]);
    const [step] = bench.venue.steps;
    expect(step?.figures).toMatchObject({ iqvRatio: 0.8, activeLots: 0, targetLots: -400 });
    expect(bench.act(60_000)).toEqual([]);
    expect([bench.hedger.isNeeded, bench.hedger.openLots]).toEqual([false, 0]);
  });

  test("too little inventory is bought up, where both sides are hedged", () => {
    const bench = new ActiveBench();
    bench.exposure = SHORT;
    expect(bench.act()).toEqual(["post buy 200@3999"]);
    const single = new ActiveBench(hedgeParams({ isDualSided: false }));
    single.exposure = SHORT;
    expect(single.act()).toEqual([]);
    expect([single.hedger.state, single.hedger.isNeeded]).toEqual(["idle", false]);
  });

  test("within the band nothing begins", () => {
    const bench = new ActiveBench();
    bench.exposure = { ...LONG, inventory: 140, quote: 240 }; // 560 of 800: exactly 0.4
    expect(bench.act()).toEqual([]);
  });

  test("it decides at its interval, not in between", () => {
    const bench = new ActiveBench();
    bench.act();
    bench.exposure = LONG;
    expect(bench.act(999)).toEqual([]);
    expect(bench.act(1)).toEqual(["post sell 400@4001"]);
  });

  test("what is not known is no reason to trade", () => {
    const bench = new ActiveBench();
    for (const exposure of [
      { ...LONG, mid: 0 },
      { ...LONG, targetIqvRatio: 0 },
      { ...LONG, inventory: Number.NaN },
    ]) {
      bench.exposure = exposure;
      expect(bench.act(1_000)).toEqual([]);
      expect([bench.hedger.state, bench.hedger.isNeeded]).toEqual(["idle", false]);
    }
  });

  test("an exposure that is not known for a while leaves what is under way", () => {
    const bench = new ActiveBench();
    bench.exposure = LONG;
    bench.act();
    bench.venue.answer();
    bench.exposure = { ...LONG, mid: 0 };
    expect(bench.act(2_000)).toEqual([]);
    expect([bench.hedger.state, bench.hedger.isNeeded]).toEqual(["hedging", true]);
  });

  test("a hedge that is wanted and not there is needed, whatever keeps it away", () => {
    const bench = new ActiveBench();
    bench.exposure = LONG;
    bench.canTrade = false;
    expect(bench.act(1_000)).toEqual([]);
    expect([bench.hedger.isNeeded, bench.hedger.openLots]).toEqual([true, -400]);
    bench.canTrade = true;
    bench.mayGrow = false;
    expect(bench.act(1_000)).toEqual([]);
    expect(bench.hedger.isNeeded).toBe(true);
    bench.mayGrow = true;
    expect(bench.act()).toEqual(["post sell 400@4001"]);
    expect(bench.hedger.orderIds).toEqual([bench.venue.last().id]);
  });

  test("the target follows the exposure, and an order that fits keeps its place", () => {
    const bench = new ActiveBench();
    bench.exposure = LONG;
    bench.act();
    bench.venue.answer();
    bench.exposure = { ...LONG, inventory: 161, quote: 156 }; // 161 − 120 = 41
    expect(bench.act(10_000)).toEqual([]);
    bench.exposure = { ...LONG, inventory: 170, quote: 120 }; // 50 are to be sold
    expect(bench.act(1_000)).toEqual(["cancel sell 400 (grown)"]);
    bench.venue.answer();
    expect(bench.act()).toEqual(["post sell 500@4001"]);
  });

  test("mistake 8: back inside the band it goes on to its target, then stops", () => {
    const bench = new ActiveBench();
    bench.exposure = LONG;
    bench.act();
    bench.venue.answer();
    bench.venue.fill(bench.venue.last(), 250);
    // 135 · 4 of 800: a move of 0.35, within the band, above the target of 0.2.
    expect(bench.act(1_000)).toEqual([]);
    expect([bench.hedger.state, bench.hedger.openLots]).toEqual(["hedging", -150]);
    // Fills of quotes do the rest: 119 · 4 of 800.
    bench.exposure = { ...LONG, inventory: 144, quote: 224 };
    expect(bench.act(1_000)).toEqual(["cancel sell 400 (no-longer-wanted)"]);
    expect(bench.hedger.state).toBe("holding");
    bench.venue.answer();
    expect(bench.act(1_000)).toEqual([]);
    expect(bench.venue.book.activeLots).toBe(-250);
  });

  test("an order that is filled although it was to go: what is too much is not traded back", () => {
    const bench = new ActiveBench();
    bench.exposure = LONG;
    bench.act();
    bench.venue.answer();
    bench.exposure = { ...LONG, inventory: 150, quote: 200 }; // 30 are to be sold
    expect(bench.act(1_000)).toEqual(["cancel sell 400 (shrunk)"]);
    bench.fillAll();
    // 110 SUI net, 440 of 800: a move of 0.1, within the band.
    expect(bench.act()).toEqual([]);
    expect(bench.act(1_000)).toEqual([]);
    expect([bench.hedger.state, bench.venue.book.activeLots]).toEqual(["holding", -400]);
  });

  test("too small a hedge waits until it adds up, and is shown", () => {
    const bench = new ActiveBench(hedgeParams({ minStepLots: 500 }));
    bench.exposure = LONG;
    expect(bench.act(60_000)).toEqual([]);
    expect([bench.hedger.state, bench.hedger.openLots]).toEqual(["hedging", -400]);
    expect(bench.hedger.isNeeded).toBe(false);
    bench.exposure = { ...LONG, inventory: 170, quote: 120 };
    expect(bench.act(1_000)).toEqual(["post sell 500@4001"]);
    expect(bench.hedger.isNeeded).toBe(true);
  });

  test("mistake 8: the original's target is there for comparison, and does not flap", () => {
    const bench = new ActiveBench(hedgeParams({ active: { target: "seed" } }));
    bench.exposure = LONG;
    expect(bench.act()).toEqual(["post sell 1200@4001"]); // 160 − 0.5 · 0.4 · 800 / 4
    bench.venue.answer();
    bench.fillAll();
    bench.act();
    // A net move of −0.6: the other side's target is the same ratio, and reached.
    for (let second = 0; second < 10; second += 1) expect(bench.act(1_000)).toEqual([]);
  });
});

test("a hedge much too large is bought back at once, where both sides are hedged", () => {
  const bench = hedged();
  // 55 SUI net, 220 of 800: a move of −0.45. Up to 0.4 · 800.04 / 4 = 80.004.
  bench.exposure = { ...NEUTRAL, inventory: 95, quote: 420 };
  expect(bench.act(1_000)).toEqual(["post buy 250@3999 reduce"]);
});

describe("unwinding", () => {
  /** A move of the inventory by itself of 0.09: 109 SUI, 364 USDC. */
  const NEAR: Exposure = { ...NEUTRAL, inventory: 109, quote: 364 };

  test("mistake 8: back near the target the hedge is closed, step by step", () => {
    const bench = hedged();
    bench.exposure = NEAR;
    const sizes: string[] = [];
    for (let step = 0; step < 4; step += 1) {
      sizes.push(...bench.act(1_000));
      bench.venue.answer();
      // While a step is under way no other begins.
      expect(bench.act(1_000)).toEqual([]);
      bench.fillAll();
      bench.act();
    }
    expect(sizes).toEqual(Array.from({ length: 4 }, () => "post buy 100@3999 reduce"));
    expect(bench.act(1_000)).toEqual([]);
    expect(bench.story.slice(2)).toEqual([
      "holding → unwinding: move-near-target",
      "unwinding → idle: unwound",
    ]);
  });

  test("not above its ratio, but from there on", () => {
    const bench = hedged(hedgeParams({ isDualSided: false }));
    bench.exposure = { ...NEUTRAL, inventory: 110, quote: 360 }; // exactly 0.1
    expect(bench.act(1_000)).toEqual([]);
    bench.exposure = { ...NEUTRAL, inventory: 104, quote: 384 };
    expect(bench.act(1_000)).toEqual(["post buy 100@3999 reduce"]);
  });

  test("too much of it, beyond the band: so much is taken back, with one side hedged too", () => {
    const bench = hedged(hedgeParams({ isDualSided: false }));
    // 95 less 40 sold are 55, where 100 are the target: −0.45. To −0.2 it takes 25.
    bench.exposure = { ...NEUTRAL, inventory: 95, quote: 420 };
    expect(bench.act(1_000)).toEqual(["post buy 250@3999 reduce"]);
  });

  test("a long hedge is unwound when the inventory is back from below", () => {
    const bench = new ActiveBench(hedgeParams(), 200);
    bench.exposure = { ...NEUTRAL, inventory: 88, quote: 448 }; // −0.12
    expect(bench.act()).toEqual([]);
    expect(bench.hedger.state).toBe("holding");
    bench.exposure = { ...NEUTRAL, inventory: 91, quote: 436 }; // −0.09
    expect(bench.act(1_000)).toEqual(["post sell 50@4001 reduce"]);
  });

  test("a step that has begun is finished, another begins only while it may", () => {
    const bench = hedged();
    bench.exposure = NEAR;
    bench.act(1_000);
    bench.venue.answer();
    bench.exposure = { ...NEUTRAL, inventory: 120, quote: 320 };
    expect(bench.act(1_000)).toEqual([]);
    bench.fillAll();
    bench.act();
    expect(bench.act(1_000)).toEqual([]);
    expect([bench.hedger.state, bench.venue.book.activeLots]).toEqual(["holding", -300]);
  });

  test("a hedge that is needed again ends it", () => {
    const bench = hedged();
    bench.exposure = NEAR;
    bench.act(1_000);
    bench.venue.answer();
    bench.exposure = { ...LONG, inventory: 240, quote: 0 };
    expect(bench.act(1_000)).toEqual(["cancel buy 100 (no-longer-wanted)"]);
    bench.venue.answer();
    expect(bench.act()[0]).toStartWith("post sell ");
    expect(bench.story.at(-1)).toBe("unwinding → hedging: move-above-band");
  });

  test("a step is at least the smallest that can be traded, and the last one takes all", () => {
    const bench = new ActiveBench(hedgeParams({ active: { unwindProportion: 0.1 } }), -50);
    bench.exposure = NEAR;
    const sizes: string[] = [];
    for (let step = 0; step < 2; step += 1) {
      sizes.push(...bench.act(1_000));
      bench.venue.answer();
      bench.fillAll();
      bench.act();
    }
    // A rest of 10 could not be traded by itself.
    expect(sizes).toEqual(["post buy 20@3999 reduce", "post buy 30@3999 reduce"]);
    expect(bench.venue.book.activeLots).toBe(0);
  });

  test("mistake 2: what an earlier run left is unwound, not forgotten and not doubled", () => {
    const bench = new ActiveBench(hedgeParams(), -400);
    bench.exposure = LONG;
    expect(bench.act(1_000)).toEqual([]);
    expect(bench.hedger.state).toBe("holding");
    bench.exposure = NEAR;
    expect(bench.act(1_000)).toEqual(["post buy 100@3999 reduce"]);
  });

  test("without parameters of its own it opens nothing, and closes where neutral", () => {
    const bench = new ActiveBench(hedgeParams({ active: null }), -400);
    bench.exposure = { ...LONG, inventory: 300, quote: 0 };
    expect(bench.act(1_000)).toEqual([]);
    bench.exposure = { ...NEUTRAL, inventory: 119, quote: 324 }; // 0.19, neutral is 0.2
    expect(bench.act(1_000)).toEqual(["post buy 400@3999 reduce"]);
    const neither = new ActiveBench(hedgeParams({ active: null, passive: null }), -400);
    expect(neither.act(1_000)).toEqual([]);
  });
});

test("other parameters are looked at at once", () => {
  const bench = new ActiveBench(hedgeParams({ active: { iqvRatio: 0.7 } }));
  bench.exposure = LONG;
  expect(bench.act()).toEqual([]);
  bench.hedger.reconfigure(hedgeParams());
  expect(bench.act()).toEqual(["post sell 400@4001"]);
});

test("a price that walks away is followed by the maker, then taken", () => {
  const bench = new ActiveBench();
  bench.exposure = LONG;
  bench.act();
  bench.venue.answer();
  bench.market = market(3989, 3991);
  expect(bench.act(3_000)).toEqual(["cancel sell 400 (re-peg)"]);
  bench.venue.answer();
  expect(bench.act()).toEqual(["post sell 400@3991"]);
  bench.venue.answer();
  expect(bench.act(57_000)).toEqual(["cancel sell 400 (deadline)"]);
  bench.venue.answer();
  expect(bench.act()).toEqual(["ioc sell 400@3970"]); // 3989 · 0.995 = 3969.06
});
