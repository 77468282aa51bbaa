import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  decimal,
  decimalOfInteger,
  decimalsOf,
  formatScaled,
  isDecimalString,
  plain,
  scaledInteger,
  ZERO,
} from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";

/** Places a point by hand: the twin of `formatScaled`, zeros kept. */
function withPoint(integer: number, decimals: number): string {
  const negative = integer < 0 ? "-" : "";
  const digits = BigInt(Math.abs(integer))
    .toString()
    .padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  return `${negative}${digits.slice(0, point)}.${digits.slice(point)}`;
}

const integers = fc.maxSafeInteger();
const places = fc.integer({ min: 0, max: 18 });

describe("reading", () => {
  test("plain decimals and nothing else", () => {
    for (const text of ["0", "-1", "007", "1.50", "5.", ".5", "-0.000000000000000000001"]) {
      expect(isDecimalString(text)).toBe(true);
      expect(decimal(text).eq(ZERO)).toBe(text === "0");
    }
    for (const text of ["", ".", "-", "+1", "1e-5", "1E5", "0x10", "1_000", "1 ", "1\n", "NaN"]) {
      expect(isDecimalString(text)).toBe(false);
      expect(() => decimal(text)).toThrow(InputError);
    }
  });

  test("keeps every digit", () => {
    const text = "-123456789012345678901234567890.123456789012345678901234567891";
    expect(plain(decimal(text))).toBe(text);
  });

  test("a float cannot get in, neither as a value nor as an operand", () => {
    expect(plain(ZERO.plus("0.1"))).toBe("0.1");
    expect(() => ZERO.plus(0.1)).toThrow();
  });

  test("integers below 2^53 only", () => {
    fc.assert(
      fc.property(integers, (value) => {
        expect(plain(decimalOfInteger(value))).toBe(BigInt(value).toString());
      }),
    );
    for (const value of [0.5, NaN, Infinity, 2 ** 53]) {
      expect(() => decimalOfInteger(value)).toThrow("is no safe integer");
    }
  });
});

describe("writing", () => {
  test("never an exponent, however large or small", () => {
    expect(plain(decimal(`0.${"0".repeat(40)}1`))).toBe(`0.${"0".repeat(40)}1`);
    expect(plain(decimal(`1${"0".repeat(40)}`))).toBe(`1${"0".repeat(40)}`);
    expect(decimal(`0.${"0".repeat(40)}1`).toString()).not.toContain("e");
  });

  test("no trailing zeros, no negative zero", () => {
    expect(plain(decimal("1.500"))).toBe("1.5");
    expect(plain(decimal("100.00"))).toBe("100");
    expect(plain(decimal("-0.00"))).toBe("0");
    expect(plain(ZERO.neg())).toBe("0");
    expect(formatScaled(-0, 2)).toBe("0");
  });

  test("formatScaled is the integer with a point, less its trailing zeros", () => {
    fc.assert(
      fc.property(integers, places, (integer, decimals) => {
        const text = formatScaled(integer, decimals);
        expect(text).toMatch(decimals === 0 ? /^-?\d+$/ : /^-?\d+(\.\d*[1-9])?$/);
        expect(text).toBe(plain(decimal(withPoint(integer, decimals))));
      }),
    );
    expect(() => formatScaled(0.5, 2)).toThrow("is no safe integer");
    expect(() => formatScaled(2 ** 53, 2)).toThrow("is no safe integer");
  });
});

describe("scaled integers", () => {
  test("undo formatScaled", () => {
    fc.assert(
      fc.property(integers, places, (integer, decimals) => {
        expect(scaledInteger(decimal(formatScaled(integer, decimals)), decimals)).toBe(integer);
      }),
    );
  });

  test("are undefined where digits would be lost", () => {
    expect(scaledInteger(decimal("1.25"), 2)).toBe(125);
    expect(scaledInteger(decimal("1.25"), 1)).toBeUndefined();
    expect(scaledInteger(decimal("9007199254740992"), 0)).toBeUndefined();
    expect(scaledInteger(decimal("0.000000000000000000000000000001"), 2)).toBeUndefined();
    expect(scaledInteger(decimal("90071992547409.915"), 2)).toBeUndefined();
  });
});

test("decimalsOf counts decimals that are not trailing zeros", () => {
  expect(decimalsOf(decimal("0.0100"))).toBe(2);
  expect(decimalsOf(decimal("10"))).toBe(0);
  expect(decimalsOf(decimal("-1.000000000000000000000001"))).toBe(24);
});
