/**
 * Decimal strings and exact arithmetic: the only place where `big.js` is set up.
 * Money is added up, compared with limits and formatted through this file or through integers
 * (ticks, lots), never as a float. May import errors only.
 */

import { Big } from "big.js";
import { InputError } from "./errors.ts";

Big.strict = true; // a float can never become a decimal by accident
Big.DP = 20; // places kept by division; nothing in the ledger divides
Big.NE = -1_000_000; // toString() never uses an exponent
Big.PE = 1_000_000;

export type Decimal = Big;

/** Digits with at most one point and no exponent; a leading minus is allowed. */
const PLAIN_DECIMAL = /^-?(?:\d+\.?\d*|\.\d+)$/;

export const ZERO: Decimal = new Big("0");

/**
 * Reads a plain decimal string exactly.
 * @throws {InputError} `bad-decimal` where the text is no plain decimal (exponents are refused)
 */
export function decimal(text: string): Decimal {
  if (!PLAIN_DECIMAL.test(text)) {
    throw new InputError("bad-decimal", `${JSON.stringify(text)} is no plain decimal number`);
  }
  return new Big(text);
}

export function isDecimalString(text: string): boolean {
  return PLAIN_DECIMAL.test(text);
}

/** An integer below 2^53 as a decimal, exactly. */
export function decimalOfInteger(value: number): Decimal {
  if (!Number.isSafeInteger(value)) {
    throw new InputError("bad-decimal", `${value} is no safe integer`);
  }
  return new Big(value.toString());
}

/**
 * What a person wrote as a number: the shortest decimal that reads back as this float, so 0.009 is
 * 0.009 and not 0.00899999999999999932. For settings only; money arrives as a string.
 */
export function decimalOfNumber(value: number): Decimal {
  if (!Number.isFinite(value)) throw new InputError("bad-decimal", `${value} is no finite number`);
  return new Big(value.toString());
}

/** Plain text, never an exponent, no trailing zeros. */
export function plain(value: Decimal): string {
  return value.toFixed();
}

/** How many decimals a value has: 0.0100 has 2. */
export function decimalsOf(value: Decimal): number {
  const text = value.toFixed();
  const point = text.indexOf(".");
  return point === -1 ? 0 : text.length - point - 1;
}

/** `value · 10^decimals` as an integer; undefined where that is no safe integer. */
export function scaledInteger(value: Decimal, decimals: number): number | undefined {
  const scaled = Number(value.times(new Big(`1e${decimals}`)).toFixed());
  return Number.isSafeInteger(scaled) && value.eq(new Big(`${scaled}e-${decimals}`))
    ? scaled
    : undefined;
}

/** `integer · 10^-decimals` as plain text without trailing zeros, by string work alone. */
export function formatScaled(integer: number, decimals: number): string {
  if (!Number.isSafeInteger(integer)) {
    throw new InputError("bad-decimal", `${integer} is no safe integer`);
  }
  if (decimals === 0) return integer.toString();
  const negative = integer < 0;
  const digits = Math.abs(integer)
    .toString()
    .padStart(decimals + 1, "0");
  const whole = digits.slice(0, -decimals);
  let end = digits.length;
  const point = end - decimals;
  while (end > point && digits.charCodeAt(end - 1) === 48) end -= 1;
  const text = end === point ? whole : `${whole}.${digits.slice(point, end)}`;
  return negative && integer !== 0 ? `-${text}` : text;
}
