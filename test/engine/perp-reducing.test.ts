/**
 * After a loss a perp reduces its position, whatever the price did to its allotment: the allotment
 * is nobody's, and its share of the value moves with the price.
 */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { MID, ordersOf } from "./quoting.ts";
import { Bench, ETH_PERP, params, strategy } from "./setup.ts";

const LOWER = 120_000;
const HIGHER = 300_000;

/** A position of 0.15 ETH since 2000, with a limit that the last step to the price breaks. */
function reducing(base: string, midTicks: number): Bench {
  const position = { base, quote: String(-2000 * Number(base)) };
  const capital = { position, targetIqvRatio: null };
  // 120 and 150 USDC of 4000 are 3 % and 3.75 %.
  const maxDrawdownPct = midTicks < MID ? 2.9 : 3.7;
  const setup = params({ capital, risk: { maxDrawdownPct } });
  const bench = new Bench(setup, strategy("spot"), ETH_PERP);
  bench.start(MID);
  for (let mid = MID; mid !== midTicks; mid += Math.sign(midTicks - MID) * 10_000) {
    bench.pass(1_000, mid);
    bench.acknowledge();
  }
  settle(bench, midTicks);
  return bench;
}

/** The venue takes what is sent, cancels and all, and the engine what follows from it. */
function settle(bench: Bench, midTicks: number): void {
  for (let round = 0; round < 3; round += 1) {
    bench.pass(1_000, midTicks);
    bench.acknowledge();
  }
}

function lotsOf(bench: Bench, side: "buy" | "sell"): number {
  return ordersOf(bench, side).reduce((sum, { leavesLots }) => sum + leavesLots, 0);
}

describe("the position is what is reduced", () => {
  test("a long whose allotment has lost more than it holds too much of is sold", () => {
    const bench = reducing("0.15", LOWER);
    expect(bench.engine.state).toBe("reducing");
    // 1.15 ETH at 1200, and 1700 USDC: by its share of the value there is too little of it.
    expect(bench.engine.iqvMoveRatio).toBeLessThan(-0.05);
    expect(lotsOf(bench, "buy")).toBe(0);
    expect(lotsOf(bench, "sell")).toBeWithin(140, 151);
  });

  test("a short is bought back, and not through zero", () => {
    const bench = reducing("-0.15", HIGHER);
    expect(bench.engine.state).toBe("reducing");
    expect(bench.engine.iqvMoveRatio).toBeGreaterThan(0.05);
    expect(lotsOf(bench, "sell")).toBe(0);
    expect(lotsOf(bench, "buy")).toBeWithin(140, 151);
  });

  test("it is over where the position is, not where the ratio is at its target", () => {
    const bench = reducing("0.15", LOWER);
    for (const [index, ask] of ordersOf(bench, "sell").entries()) {
      bench.apply(bench.events.execution(ask, ask.leavesLots, `t${index}`));
    }
    bench.pass(2_000, LOWER);
    expect(Math.abs(Number(bench.base))).toBeLessThan(0.05);
    expect(Math.abs(bench.engine.iqvMoveRatio)).toBeGreaterThan(0.05);
    expect(bench.engine.state).toBe("halted");
  });

  test("wherever the price goes and whatever is filled, it never grows nor turns", () => {
    const step = fc.record({
      moveTicks: fc.integer({ min: -8_000, max: 8_000 }),
      partPct: fc.integer({ min: 0, max: 100 }),
    });
    const start = fc.constantFrom(["0.15", LOWER] as const, ["-0.15", HIGHER] as const);
    fc.assert(
      fc.property(start, fc.array(step, { maxLength: 12 }), ([base, from], steps) => {
        const bench = reducing(base, from);
        const back = Number(base) > 0 ? "sell" : "buy";
        let midTicks = from;
        steps.forEach(({ moveTicks, partPct }, index) => {
          const best = ordersOf(bench, back)[0];
          const lots = Math.floor(((best?.leavesLots ?? 0) * partPct) / 100);
          if (best?.isSettled === true && lots > 0) {
            bench.apply(bench.events.execution(best, lots, `t${index}`));
          }
          midTicks += moveTicks;
          settle(bench, midTicks);
          const left = Math.abs(Number(bench.base));
          expect(Number(bench.base) * Number(base)).toBeGreaterThanOrEqual(0);
          expect(lotsOf(bench, back === "sell" ? "buy" : "sell")).toBe(0);
          expect(lotsOf(bench, back)).toBeLessThanOrEqual(Math.round(left * 1_000) * 1.004);
          const isOver = bench.engine.state === "halted";
          expect(lotsOf(bench, back) > 0).toBe(!isOver);
        });
      }),
      { numRuns: 60 },
    );
  });
});
