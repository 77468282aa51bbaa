import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { decimal, plain } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import { hyperliquidPerp, powerOfTen, spotInstrument } from "./instruments.ts";

const TICKS = ["0.00000001", "0.0001", "0.01", "0.05", "0.25", "0.1", "1", "2.5", "10", "0.010"];

/** Whole numbers of every magnitude alike. */
function magnitudes(maxExponent: number): fc.Arbitrary<number> {
  return fc
    .tuple(fc.integer({ min: 0, max: maxExponent }), fc.double({ min: 1, max: 10, noNaN: true }))
    .map(([exponent, mantissa]) => Math.floor(mantissa * 10 ** exponent));
}

/** Written from the rule's text, on the price as text: knows nothing of ticks and steps. */
function hyperliquidTakes(price: string, szDecimals: number, maxDecimals = 6): boolean {
  if (/^\d+$/.test(price)) return Number(price) > 0; // any integer
  const match = /^(\d+)\.(\d+)$/.exec(price);
  if (match === null) return false;
  const [, whole = "", fraction = ""] = match;
  const significant = `${whole}${fraction}`.replace(/^0+/, "");
  return significant.length <= 5 && fraction.length <= maxDecimals - szDecimals;
}

/** A price as the venue's text, by way of decimals: the twin of `priceString`. */
function textOf(instrument: Instrument, ticks: number): string {
  return plain(instrument.tickSize.times(decimal(ticks.toString())));
}

describe("rounding never improves the price for the other side", () => {
  test("fixed tick: down to the tick, up to the tick, whole ticks stay", () => {
    for (const tickSize of TICKS) {
      const instrument = spotInstrument({ tickSize });
      fc.assert(
        fc.property(fc.double({ min: 1, max: 1e9, noNaN: true }), (ticks) => {
          const floor = instrument.floorTicks(ticks);
          const ceil = instrument.ceilTicks(ticks);
          expect(floor).toBeLessThanOrEqual(ticks);
          expect(ceil).toBeGreaterThanOrEqual(ticks);
          expect(ceil - floor).toBe(Number.isInteger(ticks) ? 0 : 1);
          expect(instrument.isValidPrice(floor)).toBe(true);
          expect(instrument.isValidPrice(ceil)).toBe(true);
        }),
      );
    }
  });

  test("five significant figures: both sides valid, and nothing valid between", () => {
    const szDecimals = fc.integer({ min: 0, max: 6 });
    const offset = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    fc.assert(
      fc.property(szDecimals, magnitudes(12), offset, (decimals, whole, fraction) => {
        const instrument = hyperliquidPerp(decimals);
        const takes = (ticks: number) => hyperliquidTakes(textOf(instrument, ticks), decimals);
        const ticks = whole + fraction;
        const floor = instrument.floorTicks(ticks);
        const ceil = instrument.ceilTicks(ticks);
        expect(floor).toBeLessThanOrEqual(ticks);
        expect(ceil).toBeGreaterThanOrEqual(ticks);
        expect(takes(floor)).toBe(true);
        expect(takes(ceil)).toBe(true);
        // The next valid price lies a power of ten away, so trying those tries all there are.
        for (let step = 1; step <= 10 ** 6; step *= 10) {
          if (floor + step < ceil) expect(takes(floor + step)).toBe(false);
          if (ceil - step > floor) expect(takes(ceil - step)).toBe(false);
        }
        if (ceil > floor + 1) {
          expect(takes(Math.max(floor + 1, Math.floor(ticks)))).toBe(false);
          expect(takes(Math.min(ceil - 1, Math.ceil(ticks)))).toBe(false);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("isValidPrice says what the rule says, for every price about a power of ten", () => {
    for (let szDecimals = 0; szDecimals <= 6; szDecimals += 1) {
      const instrument = hyperliquidPerp(szDecimals);
      for (let power = 10; power <= 1e12; power *= 10) {
        for (let ticks = power - 120; ticks <= power + 120; ticks += 1) {
          if (ticks <= 0) continue;
          const expected = hyperliquidTakes(textOf(instrument, ticks), szDecimals);
          expect([ticks, instrument.isValidPrice(ticks)]).toEqual([ticks, expected]);
        }
      }
    }
  });

  test("rounding crosses a power of ten where the finer step below it ends", () => {
    const instrument = hyperliquidPerp(4); // ticks of 0.01: 999.99 has five figures, 1000.0 too
    expect(instrument.ceilTicks(99_999.5)).toBe(100_000);
    expect(instrument.floorTicks(100_009)).toBe(100_000); // 1000.09 has six figures
    expect(instrument.ceilTicks(100_001)).toBe(100_010);
    expect(instrument.stepTicks(99_999)).toBe(1);
    expect(instrument.stepTicks(100_000)).toBe(10);
    expect(instrument.floorTicks(12_345_678)).toBe(12_345_600); // 123456.78 → an integer
  });

  test("what is no price at all is not valid", () => {
    const instrument = spotInstrument();
    for (const ticks of [0, -0, -1, 0.5, NaN, Infinity, 2 ** 53]) {
      expect(instrument.isValidPrice(ticks)).toBe(false);
    }
  });
});

test("the venue's own examples of Hyperliquid prices", () => {
  const cases: [price: string, szDecimals: number, maxDecimals: number, valid: boolean][] = [
    ["1234.5", 0, 6, true],
    ["1234.56", 0, 6, false],
    ["0.001234", 0, 6, true],
    ["0.01234", 1, 6, true],
    ["123456", 0, 6, true],
    ["123456.7", 0, 6, false],
    ["0.0001234", 0, 8, true], // spot: 8 − szDecimals decimals
  ];
  for (const [price, szDecimals, maxDecimals, valid] of cases) {
    const instrument = spotInstrument({
      priceRule: { kind: "significant-figures", figures: 5 },
      tickSize: powerOfTen(maxDecimals - szDecimals),
    });
    expect([price, instrument.isValidPrice(instrument.ticksOf(price))]).toEqual([price, valid]);
    expect(hyperliquidTakes(price, szDecimals, maxDecimals)).toBe(valid);
  }
  // Finer than the finest step: no count of ticks at all.
  expect(() => hyperliquidPerp(0).ticksOf("0.0012345")).toThrow(InputError);
  expect(() => hyperliquidPerp(1).ticksOf("0.012345")).toThrow(InputError);
});

describe("strings for the wire", () => {
  const plainNumber = /^(0|[1-9]\d*)(\.\d*[1-9])?$/;

  test("a price is plain, exact, without trailing zeros, and reads back as the same ticks", () => {
    for (const tickSize of TICKS) {
      const instrument = spotInstrument({ tickSize });
      fc.assert(
        fc.property(magnitudes(11), (ticks) => {
          const text = instrument.priceString(ticks);
          expect(text).toMatch(plainNumber);
          expect(text).toBe(textOf(instrument, ticks));
          expect(instrument.ticksOf(text)).toBe(ticks);
        }),
      );
    }
  });

  test("so is a size", () => {
    for (const lotSize of TICKS) {
      const instrument = spotInstrument({ lotSize });
      fc.assert(
        fc.property(magnitudes(11), (lots) => {
          const text = instrument.sizeString(lots);
          expect(text).toMatch(plainNumber);
          expect(decimal(text).eq(instrument.size(lots))).toBe(true);
          expect(instrument.lotsOf(text)).toBe(lots);
        }),
      );
    }
  });

  test("mistake 12: floats as 1e-05 on the wire, prices off the tick by rounding", () => {
    expect(spotInstrument({ tickSize: "0.00001" }).priceString(1)).toBe("0.00001");
    expect(spotInstrument({ tickSize: "0.00000001" }).priceString(123)).toBe("0.00000123");
    expect(spotInstrument({ lotSize: "0.00001" }).sizeString(10)).toBe("0.0001");
    expect(spotInstrument({ tickSize: "0.01" }).priceString(10_010)).toBe("100.1");
    expect(spotInstrument({ tickSize: "0.1" }).ticksOf("100.1")).toBe(1001);
    expect(spotInstrument({ tickSize: "10" }).priceString(6543)).toBe("65430");
    expect(spotInstrument({ tickSize: "0.05" }).priceString(3)).toBe("0.15");
  });

  test("a venue's trailing zeros are read; what is off the grid is refused", () => {
    const instrument = spotInstrument({ tickSize: "0.05" });
    expect(instrument.ticksOf("65000.0")).toBe(1_300_000);
    expect(instrument.ticksOf("0.1500")).toBe(3);
    for (const text of ["0.07", "0.051", "0.001"]) {
      expect(() => instrument.ticksOf(text)).toThrow("is not on the venue's grid");
    }
    for (const text of ["1e3", "", "abc", "NaN", "1,5", " 1"]) {
      expect(() => instrument.ticksOf(text)).toThrow("is no plain decimal number");
    }
    expect(() => instrument.lotsOf("0.0005")).toThrow("is not on the venue's grid");
  });
});

describe("minimums and budgets", () => {
  test("the least order reaches the venue's minimum, one lot less does not", () => {
    const instrument = spotInstrument({ minNotional: "5", minSize: "0.0025" });
    expect(instrument.minLots).toBe(3); // 0.0025 / 0.001, up
    expect(instrument.minNotionalUnits).toBe(500_000); // 5 / (0.01 · 0.001)
    expect(instrument.reachesMinimum(200_000, 3)).toBe(true); // 2000 · 0.003 = 6
    expect(instrument.reachesMinimum(200_000, 2)).toBe(false); // under the least size
    expect(instrument.reachesMinimum(166_666, 3)).toBe(false); // 1666.66 · 0.003 = 4.99998
    expect(instrument.reachesMinimum(166_667, 3)).toBe(true); // 1666.67 · 0.003 = 5.00001
  });

  test("without a least size one lot is the least", () => {
    expect(spotInstrument({ lotSize: "0.25" }).minLots).toBe(1);
    expect(spotInstrument({ minNotional: "0" }).minNotionalUnits).toBe(0);
  });

  test("whole lots and units fit into the amount, and one more does not", () => {
    const amount = fc
      .tuple(magnitudes(10), fc.integer({ min: 0, max: 12 }))
      .map(([digits, decimals]) => decimal(digits.toString()).times(decimal(powerOfTen(decimals))));
    fc.assert(
      fc.property(amount, fc.constantFrom("0.001", "0.05", "1", "2.5"), (held, lotSize) => {
        const instrument = spotInstrument({ lotSize, tickSize: "0.25" });
        const lots = instrument.wholeLots(held);
        expect(instrument.size(lots).lte(held)).toBe(true);
        expect(instrument.size(lots + 1).gt(held)).toBe(true);
        const units = instrument.wholeNotionalUnits(held);
        expect(instrument.notional(1, units).lte(held)).toBe(true);
        expect(instrument.notional(1, units + 1).gt(held)).toBe(true);
      }),
    );
  });

  test("a notional is price times size, exactly", () => {
    // 1999.99 · 0.333 = 665.99667
    expect(plain(spotInstrument().notional(199_999, 333))).toBe("665.99667");
  });
});

describe("figures that make no sense are refused", () => {
  for (const [field, changes] of [
    ["tickSize", { tickSize: "0" }],
    ["tickSize", { tickSize: "-0.01" }],
    ["lotSize", { lotSize: "0.000" }],
    ["lotSize", { lotSize: "0.12345678901234567" }],
    ["tickSize", { tickSize: "0.05", priceRule: { kind: "significant-figures", figures: 5 } }],
  ] as const) {
    test(`${field} of ${JSON.stringify(changes)}`, () => {
      expect(() => spotInstrument(changes)).toThrow(
        expect.objectContaining({ code: "bad-instrument", where: "binance-spot:ETHUSDT" }),
      );
    });
  }
});
