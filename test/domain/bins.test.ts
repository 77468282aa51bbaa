import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { binCount } from "#domain/bins.ts";
import { decimalOfNumber, plain } from "#domain/decimal.ts";

describe("binCount", () => {
  test("0.009 at 1 basis point is 90, where floats say 89", () => {
    expect(Math.floor(0.009 / (1 / 1e4))).toBe(89);
    expect(binCount(0.009, 1)).toBe(90);
  });

  test.each([
    [0.02, 40, 5],
    [0.132, 40, 33],
    [0.064, 40, 16],
    [0.0039, 40, 0],
    [0.004, 40, 1],
    [0.07, 7, 100],
    [1e-7, 0.0005, 2],
    [0.001, 0.3, 33],
  ])("limit %p at %p basis points is %p", (limitPct, binStep, bins) => {
    expect(binCount(limitPct, binStep)).toBe(bins);
  });

  test("agrees with integer arithmetic on any pair of decimals", () => {
    const mantissa = fc.integer({ min: 1, max: 999_999 });
    const places = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(mantissa, places, mantissa, places, (limit, limitPlaces, step, stepPlaces) => {
        const bins = binCount(Number(`${limit}e-${limitPlaces}`), Number(`${step}e-${stepPlaces}`));
        const numerator = BigInt(limit) * 10_000n * 10n ** BigInt(stepPlaces);
        expect(BigInt(bins)).toBe(numerator / (BigInt(step) * 10n ** BigInt(limitPlaces)));
      }),
    );
  });

  test("whole multiples of the step are never one short", () => {
    const bins = fc.integer({ min: 1, max: 5000 });
    const tenthsOfBasisPoint = fc.integer({ min: 1, max: 2000 });
    fc.assert(
      fc.property(bins, tenthsOfBasisPoint, (count, tenths) => {
        expect(binCount(Number(`${count * tenths}e-5`), Number(`${tenths}e-1`))).toBe(count);
      }),
    );
  });

  test.each([
    [0, 1],
    [-0.1, 1],
    [0.1, 0],
    [0.1, -1],
    [Number.NaN, 1],
    [Infinity, 1],
    [1, 5e-324],
  ])("refuses limit %p at %p", (limitPct, binStep) => {
    expect(() => binCount(limitPct, binStep)).toThrow();
  });
});

describe("decimalOfNumber", () => {
  test("is what was written, not the float's binary tail", () => {
    expect([0.009, 1e-7, 1e21, -0.1].map((value) => plain(decimalOfNumber(value)))).toEqual([
      "0.009",
      "0.0000001",
      "1000000000000000000000",
      "-0.1",
    ]);
    expect(() => decimalOfNumber(Infinity)).toThrow("no finite number");
  });

  test("reads back as the same float, whatever it is", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(plain(decimalOfNumber(value)))).toBe(value === 0 ? 0 : value);
      }),
    );
  });
});
