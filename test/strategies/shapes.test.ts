/** Shapes, their weights, and which of them `auto` takes when. */

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { InputError } from "#domain/errors.ts";
import { autoStrategy } from "#strategies/auto.ts";
import { isStrategy, STRATEGIES, strategyFactory } from "#strategies/registry.ts";
import { type ShapeName, weighShape } from "#strategies/shapes.ts";
import type { Strategy, StrategyParams } from "#strategies/strategy.ts";

const PARAMS: StrategyParams = {
  decayRate: 0.95,
  edgeRatio: undefined,
  volLowerThreshold: 35,
  volUpperThreshold: 80,
  shapeDwellMs: 60_000,
  shapeHysteresisPct: 10,
};

function weights(shape: ShapeName, levels: number, params: Partial<StrategyParams> = {}): number[] {
  const out = new Float64Array(levels);
  weighShape(shape, { ...PARAMS, ...params }, levels, out);
  return [...out];
}

test("weights by hand: spot 1, curve d^i, bid-ask 1/(d^(i+1) + 1e-6)", () => {
  expect(weights("spot", 3)).toEqual([1, 1, 1]);
  expect(weights("curve", 3, { decayRate: 0.5 })).toEqual([1, 0.5, 0.25]);
  const [first = 0, second = 0] = weights("bid-ask", 2, { decayRate: 0.5 });
  expect(first).toBeCloseTo(1 / 0.500001, 12);
  expect(second).toBeCloseTo(1 / 0.250001, 12);
});

test("spot is flat, curve falls and bid-ask rises outward, for any decay", () => {
  const decay = fc.double({ min: 0.5, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(decay, fc.integer({ min: 2, max: 15 }), (decayRate, levels) => {
      const pairs = (shape: ShapeName): [number, number][] => {
        const found = weights(shape, levels, { decayRate });
        return found.slice(1).map((weight, index) => [found[index] ?? 0, weight]);
      };
      expect(pairs("spot").every(([nearer, further]) => nearer === further)).toBe(true);
      expect(pairs("curve").every(([nearer, further]) => nearer > further)).toBe(true);
      expect(pairs("bid-ask").every(([nearer, further]) => nearer < further)).toBe(true);
    }),
  );
});

test("edgeRatio is the heaviest level over the lightest, whatever the number of bins", () => {
  const ratio = fc.double({ min: 1.1, max: 100, noNaN: true });
  fc.assert(
    fc.property(ratio, fc.integer({ min: 2, max: 300 }), (edgeRatio, levels) => {
      for (const shape of ["curve", "bid-ask"] as const) {
        const found = weights(shape, levels, { edgeRatio });
        const spread = Math.max(...found) / Math.min(...found);
        expect(Math.abs(spread / edgeRatio - 1)).toBeLessThan(1e-9);
      }
    }),
  );
  expect(weights("curve", 1, { edgeRatio: 10 })).toEqual([1]);
});

/** The shapes that auto takes for volatilities, one each so many milliseconds. */
function shapesFor(
  volatilities: readonly number[],
  stepMs: number,
  params: Partial<StrategyParams> = {},
): string[] {
  const auto = autoStrategy({ ...PARAMS, ...params });
  return volatilities.map((volatilityPct, index) =>
    auto.prepare({ timeMs: index * stepMs, mid: 1, volatilityPct, iqvRatio: 0, iqvMoveRatio: 0 }),
  );
}

test("auto: curve when calm, bid-ask when wild, spot between", () => {
  expect(shapesFor([20, 50, 90, 50, 20], 100_000)).toEqual([
    "curve",
    "spot",
    "bid-ask",
    "spot",
    "curve",
  ]);
});

test("auto: spot while volatility is not known; the first known one is followed at once", () => {
  expect(shapesFor([-1, -1, 90], 100)).toEqual(["spot", "spot", "bid-ask"]);
  expect(shapesFor([90, 20, -1, 20], 100)).toEqual(["bid-ask", "bid-ask", "bid-ask", "curve"]);
});

test("auto: a shape is kept for its dwell time of 60 s", () => {
  // Every 20 s: bid-ask at 0; calm at 20 and 40 changes nothing; at 60 s it may go.
  expect(shapesFor([90, 20, 20, 20], 20_000)).toEqual(["bid-ask", "bid-ask", "bid-ask", "curve"]);
});

test("auto: a threshold has to be passed by 10 % to leave a shape, so it does not flap", () => {
  // bid-ask is entered above 80 and left at 80 · 0.9 = 72; curve entered below 35, left at 38.5.
  expect(shapesFor([81, 79, 73, 71], 100_000)).toEqual(["bid-ask", "bid-ask", "bid-ask", "spot"]);
  expect(shapesFor([34, 36, 38, 39], 100_000)).toEqual(["curve", "curve", "curve", "spot"]);
  const around = Array.from({ length: 1_000 }, (_, index) => 80 + (index % 2 === 0 ? 3 : -3));
  const shapes = shapesFor(around, 1_000, { shapeDwellMs: 0 });
  expect(new Set(shapes)).toEqual(new Set(["bid-ask"]));
});

test("the registry knows its four, refuses others with the list, tells strategies apart", () => {
  expect([...STRATEGIES.keys()]).toEqual(["spot", "curve", "bid-ask", "auto"]);
  for (const [name, factory] of STRATEGIES) {
    const strategy: Strategy = factory(PARAMS);
    expect(strategy.name).toBe(name);
    expect(isStrategy(strategy)).toBe(true);
  }
  expect(() => strategyFactory("sport")).toThrow(InputError);
  expect(() => strategyFactory("sport")).toThrow('there is no strategy "sport"');
  const mine = { name: "mine", prepare: () => "mine", weigh: () => {} };
  expect(isStrategy({ ...mine, price: () => {} })).toBe(true);
  expect(isStrategy({ ...mine, price: 3 })).toBe(false);
  expect(isStrategy({ name: "mine", prepare: mine.prepare })).toBe(false);
  expect(isStrategy(null)).toBe(false);
});
