/** The active hedge when the mode changes, and beside a passive one. */

import { describe, expect, test } from "bun:test";
import { ActiveBench, hedged, LONG } from "./active-bench.ts";

describe("modes", () => {
  test("flatten closes all of it, and opens nothing", () => {
    const bench = hedged();
    bench.mode = "flatten";
    expect(bench.act()).toEqual(["post buy 400@3999 reduce"]);
    expect(bench.hedger.state).toBe("closing");
    bench.venue.answer();
    bench.fillAll();
    expect(bench.act()).toEqual([]);
    expect([bench.hedger.state, bench.hedger.isNeeded]).toEqual(["idle", false]);
    expect(bench.act(60_000)).toEqual([]);
    bench.mode = "hedge";
    // 0.08 USDC were earned: 160 − 0.15 · 800.08 = 39.988
    expect(bench.act()).toEqual(["post sell 399@4001"]);
  });

  test("flatten while a hedge is being opened takes the order away first", () => {
    const bench = new ActiveBench();
    bench.exposure = LONG;
    bench.act();
    bench.venue.answer();
    bench.venue.fill(bench.venue.last(), 100);
    bench.mode = "flatten";
    expect(bench.act()).toEqual(["cancel sell 400 (no-longer-wanted)"]);
    bench.venue.answer();
    expect(bench.act()).toEqual(["post buy 100@3999 reduce"]);
  });

  test("off cancels what rests and leaves the position", () => {
    const bench = new ActiveBench();
    bench.exposure = LONG;
    bench.act();
    bench.venue.answer();
    bench.venue.fill(bench.venue.last(), 100);
    bench.mode = "off";
    expect(bench.act()).toEqual(["cancel sell 400 (off)"]);
    bench.venue.answer();
    expect(bench.act(60_000)).toEqual([]);
    expect([bench.hedger.state, bench.hedger.openLots]).toEqual(["holding", 0]);
    bench.mode = "hedge";
    // 10 SUI were sold at 4.001: 150 − 0.15 · 800.01 = 29.9985
    expect(bench.act()).toEqual(["post sell 299@4001"]);
  });

  test("the passive hedge's part of the position is left alone", () => {
    const bench = hedged();
    bench.venue.place(
      {
        role: "passive-hedge",
        side: "buy",
        type: "market",
        timeInForce: "ioc",
        postOnly: false,
        reduceOnly: false,
        priceTicks: 0,
        quantityLots: 300,
      },
      "test",
    );
    bench.venue.fill(bench.venue.last(), 300, 4000);
    bench.venue.sent();
    bench.mode = "flatten";
    // The sum is a short of 10 SUI: only so much of the 40 is a reduction.
    expect(bench.act()).toEqual(["post buy 100@3999 reduce"]);
    bench.venue.answer();
    bench.fillAll();
    expect(bench.act()).toEqual(["post buy 300@3999"]);
    bench.venue.answer();
    bench.fillAll();
    bench.act();
    const { activeLots, passiveLots } = bench.venue.book;
    expect([activeLots, passiveLots, bench.hedger.state]).toEqual([0, 300, "idle"]);
  });
});
