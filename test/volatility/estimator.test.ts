import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { InputError } from "#domain/errors.ts";
import { VolatilityEstimator, type VolatilityParams } from "#volatility/estimator.ts";
import { sharedPath } from "../shared.ts";

const PARAMS: VolatilityParams = {
  shortWindow: 60,
  longWindow: 600,
  ewmaLambda: 0.94,
  sampleIntervalSeconds: 1,
  horizonSeconds: 31_536_000,
};

function estimatorOf(changes: Partial<VolatilityParams>, prices: Iterable<number> = []) {
  const estimator = new VolatilityEstimator({ ...PARAMS, ...changes });
  for (const price of prices) estimator.addPrice(price);
  return estimator;
}

/** Fails with both figures where they differ by more than `relative` of the expected one. */
function expectClose(actual: number, expected: number, relative = 1e-9, absolute = 0): void {
  const allowed = relative * Math.abs(expected) + absolute;
  if (!(Math.abs(actual - expected) <= allowed)) expect(actual).toBe(expected);
}

describe("by hand", () => {
  // Prices 1, e, 1: the log returns are 1 and −1.
  const prices = [1, Math.E, 1];
  const params = { shortWindow: 2, longWindow: 3, ewmaLambda: 0.5 };

  test("the three figures and their blend", () => {
    const { short, long, ewma, effective } = estimatorOf(params, prices).perSample();
    expectClose(short, 1); // mean 0, both 1 away from it
    expectClose(long, 1); // not full: of the returns there are
    expectClose(ewma, Math.sqrt(0.75)); // 0 → 0.5 · 0 + 0.5 · 1 = 0.5 → 0.5 · 0.5 + 0.5 · 1
    expectClose(effective, 0.3 + 0.4 * Math.sqrt(0.75) + 0.3);
  });

  test("what left the window no longer counts, what stays in the longer one does", () => {
    // One more sample at 1: returns 1, −1, 0. Short has −1, 0: mean −1/2, both 1/2 away.
    const estimator = estimatorOf(params, [...prices, 1]);
    expectClose(estimator.perSample().short, 0.5);
    expectClose(estimator.perSample().long, Math.sqrt(2 / 3));
    expectClose(estimator.perSample().ewma, Math.sqrt(0.375));
    estimator.addPrice(1); // −1, 0, 0 in the long window: mean −1/3, squares 4/9 + 1/9 + 1/9
    expect(estimator.perSample().short).toBe(0);
    expectClose(estimator.perSample().long, Math.sqrt(2 / 9));
  });

  test("a steady drift is no deviation, though it has a mean square", () => {
    // Doubling at each sample: every return is ln 2.
    const { short, long, ewma } = estimatorOf(params, [1, 2, 4, 8, 16]).perSample();
    expectClose(short, 0, 0, 1e-15);
    expectClose(long, 0, 0, 1e-15);
    expectClose(ewma, Math.LN2 * Math.sqrt(0.9375)); // 1 − 0.5^4 of the square of ln 2
  });

  test("per cent over the horizon: the square root of the samples in it", () => {
    const effective = 0.6 + 0.4 * Math.sqrt(0.75);
    const year = estimatorOf(params, prices).annualisedPct();
    expectClose(year, 100 * effective * Math.sqrt(31_536_000));
    // The original's hour, sqrt(3600) at samples of one second.
    const hour = estimatorOf({ ...params, horizonSeconds: 3600 }, prices).annualisedPct();
    expectClose(hour, 100 * effective * 60);
    const slow = estimatorOf({ ...params, sampleIntervalSeconds: 4, horizonSeconds: 36 }, prices);
    expectClose(slow.annualisedPct(), 100 * effective * 3);
  });
});

describe("warming up", () => {
  test("is over with a full short window of returns, one price more than returns", () => {
    const estimator = estimatorOf({ shortWindow: 3, longWindow: 5 });
    const states = [100, 101, 102, 103, 104].map((price) => {
      estimator.addPrice(price);
      return [estimator.samples, estimator.state];
    });
    expect(states).toEqual([
      [1, "warming"],
      [2, "warming"],
      [3, "warming"],
      [4, "ready"],
      [5, "ready"],
    ]);
  });

  test("has figures all the same: 0 without a return, never NaN", () => {
    const estimator = estimatorOf({});
    const nothing = { short: 0, long: 0, ewma: 0, effective: 0 };
    expect(estimator.perSample()).toEqual(nothing);
    expect(estimator.annualisedPct()).toBe(0);
    estimator.addPrice(100);
    expect(estimator.perSample()).toEqual(nothing);
    expect(estimator.samples).toBe(1);
  });

  test("a history counts as if it had been sampled live", () => {
    const history = Array.from({ length: 700 }, (_, index) => 100 + Math.sin(index * index));
    const seeded = estimatorOf({});
    seeded.seed(history);
    expect(seeded.perSample()).toEqual(estimatorOf({}, history).perSample());
    expect([seeded.samples, seeded.state]).toEqual([700, "ready"]);
  });
});

describe("a bad price", () => {
  test("is refused and leaves no trace", () => {
    const estimator = estimatorOf({ shortWindow: 2, longWindow: 3 }, [100, 101, 100.5]);
    const before = [estimator.perSample(), estimator.samples];
    for (const bad of [NaN, Infinity, -Infinity, 0, -0, -1]) {
      expect(() => estimator.addPrice(bad)).toThrow(InputError);
      expect(() => estimator.seed([102, bad, 103])).toThrow("cannot be sampled");
    }
    expect([estimator.perSample(), estimator.samples]).toEqual(before);
  });

  test("is not one that is merely extreme", () => {
    const extremes = [Number.MIN_VALUE, Number.MAX_VALUE, 1, Number.MIN_VALUE, 1e300, 1e-300];
    const { short, long, ewma } = estimatorOf({ shortWindow: 2 }, extremes).perSample();
    expect([short, long, ewma].every((figure) => Number.isFinite(figure) && figure > 0)).toBe(true);
    // From 1e300 to 1e-300 is ln(1e-600); before it came ln(1e300) − ln(4.94e-324).
    const last = -600 * Math.LN10;
    const before = 300 * Math.LN10 + 1074 * Math.LN2;
    expectClose(short, (before - last) / 2);
  });
});

test("parameters out of range are refused by name", () => {
  const cases: [keyof VolatilityParams, number][] = [
    ["shortWindow", 1],
    ["shortWindow", 2.5],
    ["longWindow", 59],
    ["longWindow", Infinity],
    ["ewmaLambda", 0],
    ["ewmaLambda", 1],
    ["ewmaLambda", NaN],
    ["sampleIntervalSeconds", 0],
    ["horizonSeconds", -1],
    ["horizonSeconds", Infinity],
  ];
  for (const [field, value] of cases) {
    expect(() => estimatorOf({ [field]: value })).toThrow(
      expect.objectContaining({ code: "bad-volatility", where: `volatility.${field}` }),
    );
  }
});

/** A stretch of a price series, from the price before it. */
type Stretch = (from: number) => number[];

const length = fc.integer({ min: 1, max: 80 });
const stretch: fc.Arbitrary<Stretch> = fc.oneof(
  length.map(
    (count): Stretch =>
      (from) =>
        Array.from({ length: count }, () => from),
  ),
  fc.double({ min: -5, max: 5, noNaN: true }).map(
    (exponent): Stretch =>
      (from) => [from * 10 ** exponent],
  ),
  fc
    .tuple(
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
        minLength: 1,
        maxLength: 80,
        size: "max",
      }),
      fc.integer({ min: -15, max: -1 }),
    )
    .map(([moves, exponent]): Stretch => {
      return (from) => {
        let price = from;
        return moves.map((move) => (price *= 1 + move * 10 ** exponent));
      };
    }),
);
const series = fc.array(stretch, { minLength: 1, maxLength: 12, size: "max" }).map((stretches) => {
  const prices = [100];
  for (const next of stretches) prices.push(...next(prices.at(-1) ?? 100));
  return prices.filter((price) => price > 1e-300 && price < 1e300);
});

/**
 * In two passes over the whole series, from the definition. log1p keeps the digits of a small
 * return; of a fall to a hundred-thousandth it would lose five, and the plain quotient none.
 */
function batch(prices: readonly number[], params: VolatilityParams) {
  const returns = prices.slice(1).map((price, index) => {
    const from = prices[index] ?? price;
    const change = (price - from) / from;
    return Math.abs(change) < 0.1 ? Math.log1p(change) : Math.log(price / from);
  });
  const decay = 1 - params.ewmaLambda;
  const meanSquare = returns.reduce((sum, value, index) => {
    const age = returns.length - 1 - index;
    return sum + decay * params.ewmaLambda ** age * value * value;
  }, 0);
  const short = deviationOf(returns.slice(-params.shortWindow));
  const long = deviationOf(returns.slice(-params.longWindow));
  return { short, long, ewma: Math.sqrt(meanSquare) };
}

/** The population's standard deviation, and what rounding may do to it. */
function deviationOf(values: readonly number[]): { deviation: number; rounding: number } {
  if (values.length === 0) return { deviation: 0, rounding: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const largest = Math.max(...values.map(Math.abs));
  return { deviation: Math.sqrt(squares / values.length), rounding: 1e-14 * largest };
}

test("equals the batch figures all along: flat runs, jumps in and out, tiny returns", () => {
  const windows = fc.tuple(fc.integer({ min: 2, max: 20 }), fc.integer({ min: 0, max: 100 }));
  fc.assert(
    fc.property(series, windows, (prices, [shortWindow, more]) => {
      const params = { ...PARAMS, shortWindow, longWindow: shortWindow + more };
      const estimator = new VolatilityEstimator(params);
      for (const [index, price] of prices.entries()) {
        estimator.addPrice(price);
        if (index % 7 !== 0 && index !== prices.length - 1) continue;
        const actual = estimator.perSample();
        const expected = batch(prices.slice(0, index + 1), params);
        for (const window of ["short", "long"] as const) {
          const { deviation, rounding } = expected[window];
          expectClose(actual[window], deviation, 1e-9, rounding);
        }
        expectClose(actual.ewma, expected.ewma);
      }
    }),
    // Found once: two falls by nearly the same huge factor.
    {
      examples: [
        [
          [100, 0.0010264039254945065, 1.0403628542530478e-8],
          [2, 0],
        ],
      ],
    },
  );
});

test("a jump of a billion leaves nothing behind once it has left the window", () => {
  // Returns alternate between ±1e-6; after the jump and a full window they are alone again.
  const ripple = (count: number, at: number) =>
    Array.from({ length: count }, (_, index) => at * (index % 2 === 0 ? 1 : Math.exp(1e-6)));
  const estimator = estimatorOf({ shortWindow: 10, longWindow: 50 });
  estimator.seed([...ripple(100, 100), ...ripple(51, 1e11), ...ripple(52, 100)]);
  expectClose(estimator.perSample().short, 1e-6, 1e-9);
  expectClose(estimator.perSample().long, 1e-6, 1e-9);
});

const vectorsPath = sharedPath("vectors", "strategies.json");

interface VolatilityVector {
  readonly prices: readonly number[];
  readonly params: {
    readonly short_window: number;
    readonly long_window: number;
    readonly ewma_lambda: number;
  };
  readonly expect_per_sample: {
    readonly short_vol: number;
    readonly long_vol: number;
    readonly ewma_vol: number;
    readonly effective_vol: number;
  };
}

test.skipIf(vectorsPath === null)("the 20 series of the original, to 1e-9", () => {
  const read: { volatility: VolatilityVector[] } = JSON.parse(
    readFileSync(vectorsPath ?? "", "utf8"),
  );
  expect(read.volatility).toHaveLength(20);
  for (const { prices, params, expect_per_sample: expected } of read.volatility) {
    const estimator = estimatorOf({
      shortWindow: params.short_window,
      longWindow: params.long_window,
      ewmaLambda: params.ewma_lambda,
    });
    estimator.seed(prices);
    const { short, long, ewma, effective } = estimator.perSample();
    expectClose(short, expected.short_vol);
    expectClose(long, expected.long_vol);
    expectClose(ewma, expected.ewma_vol);
    expectClose(effective, expected.effective_vol);
  }
});
