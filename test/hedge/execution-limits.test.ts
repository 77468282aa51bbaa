/** What an execution may not send, and what it sends as a reduction. */

import { describe, expect, test } from "bun:test";
import { ExecutionBench, selling } from "./execution-bench.ts";
import { hedgeInstrument, market } from "./setup.ts";

describe("reduce-only", () => {
  test("where the order only shrinks the venue's position", () => {
    const bench = new ExecutionBench({}, -500);
    bench.targetLots = -100;
    expect(bench.act()).toEqual(["post buy 400@3999 reduce"]);
  });

  test("through zero the closing part goes first, then the rest", () => {
    const bench = new ExecutionBench({}, -300);
    bench.targetLots = 100;
    expect(bench.act()).toEqual(["post buy 300@3999 reduce"]);
    bench.venue.answer();
    bench.venue.fill(bench.venue.last(), 300);
    expect(bench.act()).toEqual(["post buy 100@3999"]);
  });

  test("a part too small to be sent alone goes with the other", () => {
    const bench = new ExecutionBench({}, -10);
    bench.targetLots = 100;
    expect(bench.act()).toEqual(["post buy 110@3999"]);
    const other = new ExecutionBench({}, -100);
    other.targetLots = 10;
    expect(other.act()).toEqual(["post buy 110@3999"]);
  });

  test("a hedge against the other hedger's opposite position is no reduction", () => {
    // Of a sum of 0 nothing can be reduced.
    const bench = selling(100);
    expect(bench.act()).toEqual(["post sell 100@4001"]);
  });
});

describe("small amounts", () => {
  test("wait until they add up, and are shown", () => {
    const bench = selling(19);
    expect(bench.act(600_000)).toEqual([]);
    expect([bench.execution.phase, bench.execution.openLots]).toEqual(["waiting", -19]);
    expect([bench.execution.isTooSmall, bench.execution.isBusy]).toEqual([true, false]);
    bench.targetLots = -20;
    // The wait was no execution: it starts as a maker.
    expect(bench.act()).toEqual(["post sell 20@4001"]);
  });

  test("the venue's least value counts as well", () => {
    const bench = new ExecutionBench({}, 0, "patient", hedgeInstrument({ minNotional: "10" }));
    // At the worst price that it may be taken at: 2.5 · 3.98 = 9.95, though 2.5 · 4.001 = 10.0025.
    bench.targetLots = -25;
    expect(bench.act()).toEqual([]);
    bench.targetLots = -26; // 2.6 · 3.98 = 10.348
    expect(bench.act()).toEqual(["post sell 26@4001"]);
  });

  test("the whole of a small position may be closed", () => {
    const bench = new ExecutionBench({}, -7);
    expect(bench.act()).toEqual(["post buy 7@3999 reduce"]);
    const part = new ExecutionBench({}, -100);
    part.targetLots = -93;
    expect(part.act()).toEqual([]);
  });
});

describe("when nothing may be sent", () => {
  test("no market, a crossed one, a venue out of reach: what rests is canceled", () => {
    for (const blind of [
      (bench: ExecutionBench) => (bench.market = market(0, 0)),
      (bench: ExecutionBench) => (bench.market = market(4001, 4001)),
      (bench: ExecutionBench) => (bench.canTrade = false),
    ]) {
      const bench = selling(400);
      bench.act();
      bench.venue.answer();
      blind(bench);
      expect(bench.act()).toEqual(["cancel sell 400 (blind)"]);
      bench.venue.answer();
      expect(bench.act(10_000)).toEqual([]);
      expect(bench.execution.phase).toBe("waiting");
    }
  });

  test("off: what rests is canceled, nothing is sent and nothing is open", () => {
    const bench = selling(400);
    bench.act();
    // Not shown by the venue yet: there is nothing to cancel.
    bench.mode = "off";
    expect(bench.act()).toEqual([]);
    bench.venue.answer();
    expect(bench.act()).toEqual(["cancel sell 400 (off)"]);
    bench.venue.answer();
    expect(bench.act(60_000)).toEqual([]);
    expect([bench.execution.phase, bench.execution.openLots]).toEqual(["idle", 0]);
  });

  test("a position that may not grow may still shrink", () => {
    const growing = selling(400);
    growing.mayGrow = false;
    expect(growing.act()).toEqual([]);
    expect([growing.execution.phase, growing.execution.openLots]).toEqual(["waiting", -400]);
    const through = new ExecutionBench({}, -300);
    through.targetLots = 100;
    through.mayGrow = false;
    expect(through.act()).toEqual(["post buy 300@3999 reduce"]);
  });

  test("what rests and would make it grow is canceled", () => {
    const bench = selling(400);
    bench.act();
    bench.venue.answer();
    bench.mayGrow = false;
    expect(bench.act()).toEqual(["cancel sell 400 (no-longer-wanted)"]);
  });
});
