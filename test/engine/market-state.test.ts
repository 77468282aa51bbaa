/** Volatility on its time grid: what is sampled when, against a naive twin, and the warm-up. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { BookEvent } from "#domain/events.ts";
import { MarketState } from "#engine/market-state.ts";
import { VolatilityEstimator, type VolatilityParams } from "#volatility/estimator.ts";
import { Bench, ETH, params } from "./setup.ts";

const VOLATILITY: VolatilityParams = {
  shortWindow: 5,
  longWindow: 20,
  ewmaLambda: 0.94,
  sampleIntervalSeconds: 1,
  horizonSeconds: 31_536_000,
};
const START_MS = 1_000_000;

/** A touch of two ticks around a mid. */
function book(midTicks: number): BookEvent {
  const times = { venueTimeMs: 0, receivedTimeMs: 0 };
  const [bidTicks, askTicks] = [midTicks - 1, midTicks + 1];
  return { kind: "book", ...times, bidTicks, bidLots: 1, askTicks, askLots: 1 };
}

describe("the time grid", () => {
  const step = fc.record({
    afterMs: fc.integer({ min: 0, max: 4_000 }),
    midTicks: fc.integer({ min: 190_000, max: 210_000 }),
  });

  test("takes at each full second the mid from before it, in gaps too", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const state = new MarketState(ETH, VOLATILITY, "mid");
        const mids: { atMs: number; midTicks: number }[] = [];
        let nowMs = START_MS;
        for (const { afterMs, midTicks } of steps) {
          nowMs += afterMs;
          // As the engine does: the grid first, then the event.
          if (nowMs >= state.nextSampleMs) state.sample(nowMs);
          state.onBook(book(midTicks));
          mids.push({ atMs: nowMs, midTicks });
        }
        const twin = new VolatilityEstimator(VOLATILITY);
        for (let gridMs = START_MS; gridMs <= nowMs; gridMs += 1_000) {
          const known = mids.findLast(({ atMs }) => atMs < gridMs);
          if (known !== undefined) twin.addPrice(known.midTicks * 0.01);
        }
        const expected = twin.state === "ready" ? twin.annualisedPct() : -1;
        expect(state.volatilityPct).toBeCloseTo(expected, 9);
      }),
    );
  });

  test("a silence of a day adds no more samples than the long window holds", () => {
    const state = new MarketState(ETH, VOLATILITY, "mid");
    state.onBook(book(200_000));
    state.sample(START_MS);
    state.onBook(book(202_000));
    state.sample(START_MS + 86_400_000);
    // All windows are full of standing prices: only the trace of the one jump is left.
    expect(state.volatilityPct).toBeGreaterThanOrEqual(0);
    expect(state.nextSampleMs).toBe(START_MS + 86_401_000);
  });

  test("of the reference price where it is the source, and of nothing without one", () => {
    const state = new MarketState(ETH, VOLATILITY, "reference");
    state.onBook(book(200_000));
    for (let second = 0; second < 10; second += 1) state.sample(START_MS + second * 1_000);
    expect(state.volatilityPct).toBe(-1);
    for (let second = 10; second < 20; second += 1) {
      state.onReference(200_000 + second * 100);
      state.sample(START_MS + second * 1_000);
    }
    expect(state.volatilityPct).toBeGreaterThan(0);
  });
});

describe("history", () => {
  const prices = Array.from({ length: 61 }, (_, index) => 2_000 + (index % 2)); // ± 0.05 %

  test("warms the volatility up, every return of it", () => {
    const bench = new Bench(params());
    const times = { venueTimeMs: 0, receivedTimeMs: bench.events.nowMs };
    expect(bench.engine.market.volatilityPct).toBe(-1);
    bench.apply({ kind: "history", ...times, prices });
    const twin = new VolatilityEstimator(params().volatility);
    for (const price of prices) twin.addPrice(price);
    expect(bench.engine.market.volatilityPct).toBe(twin.annualisedPct());
    // 5 bp a second, up and down, are 0.0005 · √31 536 000 = 281 % a year; less where the average
    // of the squares still remembers its start at 0: 0.94^60 = 2 %.
    expect(bench.engine.market.volatilityPct).toBeGreaterThan(275);
    expect(bench.engine.market.volatilityPct).toBeLessThan(281);
  });

  test("too little of it leaves the volatility warming; a second one is ignored", () => {
    const state = new MarketState(ETH, params().volatility, "mid");
    state.onHistory(prices.slice(0, 60));
    expect(state.volatilityPct).toBe(-1);
    state.onHistory(prices);
    expect(state.volatilityPct).toBe(-1);
  });
});
