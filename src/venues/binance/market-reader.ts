/**
 * MarketReader: reads the parts that hot messages of Binance's public streams are made of straight
 * from bytes, without an object or a string: prices and sizes as integers on the instrument's grid.
 * The parsers of both venues go over a message with it. Where the bytes are not what is expected
 * it answers false, or MISFIT, and the message goes to the slow twin. Pure; may import domain only.
 */

import { type Decimal, decimalsOf, scaledInteger } from "#domain/decimal.ts";
import { InvariantError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import { MAX_TICKS } from "./market-json.ts";
import type { MarketMessage } from "./market-message.ts";

/** What a number parser answers where the bytes are not what it expects. */
export const MISFIT = -1;
const QUOTE = 0x22;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const MINUS = 0x2d;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const CLOSE_BRACE = 0x7d;
const FIRST_PRINTABLE = 0x20;

/** What `key` answers at the end of an object, and for a name that is not used anywhere. */
export const END = 0;
export const LONG = 1;

/** 10^n, each exact as a float. */
const POWERS_OF_TEN = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

const INITIAL_SCRATCH_BYTES = 64 * 1024;
/** Longer messages are left to the twin, so that one of them does not hold memory for good. */
const MAX_SCRATCH_BYTES = 4 * 1024 * 1024;
/** UTF-8 takes at most this for a UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3;

/** A price or size step as an integer: step = mantissa · 10^-decimals. */
interface Grid {
  readonly decimals: number;
  readonly mantissa: number;
}

export class MarketReader {
  /** Where it stands. */
  at = 0;
  bytes: Uint8Array = new Uint8Array(0);
  /** The last price that was read, in ticks; the last size in lots, rounded where it is finer. */
  ticks = 0;
  lots = 0;
  readonly #price: Grid;
  readonly #size: Grid;
  readonly #message: MarketMessage;
  /** What the text of a message is written into. */
  #scratch = Buffer.allocUnsafeSlow(INITIAL_SCRATCH_BYTES);
  #wasCut = false;

  /** @param message told of sizes that are no whole number of lots, and of levels */
  constructor({ tickSize, lotSize }: Instrument, message: MarketMessage) {
    this.#price = gridOf(tickSize);
    this.#size = gridOf(lotSize);
    this.#message = message;
  }

  /** Stands before the message in `bytes`. */
  open(bytes: Uint8Array, start: number): void {
    this.bytes = bytes;
    this.at = start;
  }

  /** Stands before a text, as bytes. @returns where it ends, MISFIT where it is too long */
  openText(text: string): number {
    const mostBytes = text.length * MOST_BYTES_PER_UNIT;
    if (mostBytes > MAX_SCRATCH_BYTES) return MISFIT;
    if (mostBytes > this.#scratch.length) {
      this.#scratch = Buffer.allocUnsafeSlow(Math.min(2 * mostBytes, MAX_SCRATCH_BYTES));
    }
    this.open(this.#scratch, 0);
    return this.#scratch.write(text);
  }

  /** `["price","size"],["price","size"]]`: the rest of a list whose bracket has been read. */
  levels(): boolean {
    if (this.bytes[this.at] === CLOSE_BRACKET) {
      this.at += 1;
      return true;
    }
    for (;;) {
      if (!this.literal(LEVEL_HEAD) || !this.level(LEVEL_SIZE)) return false;
      if (!this.literal(LEVEL_TAIL)) return false;
      const after = this.bytes[this.at];
      this.at += 1;
      if (after === CLOSE_BRACKET) return true;
      if (after !== COMMA) return false;
    }
  }

  /** A price, what stands between it and its size, and the size, up to its closing quote. */
  level(between: Uint8Array): boolean {
    if (!this.price() || !this.literal(between) || !this.size()) return false;
    this.#message.levels.push(this.ticks, this.lots);
    return true;
  }

  /** A price up to its closing quote, into `ticks`. */
  price(): boolean {
    const price = this.#scaled(this.#price.decimals);
    const ticks = price / this.#price.mantissa;
    if (price === MISFIT || this.#wasCut || !(ticks <= MAX_TICKS)) return false;
    this.ticks = ticks;
    return Number.isInteger(ticks);
  }

  /** A size up to its closing quote, into `lots`. */
  size(): boolean {
    const size = this.#scaled(this.#size.decimals);
    if (size === MISFIT || size > Number.MAX_SAFE_INTEGER) return false;
    const lots = Math.floor(size / this.#size.mantissa);
    const isOffGrid = this.#wasCut || lots * this.#size.mantissa !== size;
    this.lots = isOffGrid ? this.#message.roundedLots(lots) : lots;
    return true;
  }

  /** Moves past the text where it stands here; stays where it does not. */
  literal(text: Uint8Array): boolean {
    const bytes = this.bytes;
    const at = this.at;
    const { length } = text;
    for (let index = 0; index < length; index += 1) {
      if (bytes[at + index] !== text[index]) return false;
    }
    this.at = at + length;
    return true;
  }

  /** A JSON integer that is counted exactly, not below zero. */
  integer(): number {
    const start = this.at;
    const value = this.#digitRun(0, Infinity);
    const digits = this.at - start;
    const hasLeadingZero = digits > 1 && this.bytes[start] === ZERO;
    return digits === 0 || hasLeadingZero || value > Number.MAX_SAFE_INTEGER ? MISFIT : value;
  }

  /** A price in quotes, into `ticks`. */
  quotedPrice(): boolean {
    return this.#quote() && this.price() && this.#quote();
  }

  /** A size in quotes, into `lots`. */
  quotedSize(): boolean {
    return this.#quote() && this.size() && this.#quote();
  }

  /** Levels of one side, with the brackets around them. */
  side(): boolean {
    if (this.bytes[this.at] !== OPEN_BRACKET) return false;
    this.at += 1;
    return this.levels();
  }

  /** A decimal in quotes as the nearest float, as Number reads it; NaN: a misfit. */
  quotedFloat(): number {
    if (!this.#quote()) return Number.NaN;
    const isNegative = this.bytes[this.at] === MINUS;
    if (isNegative) this.at += 1;
    const start = this.at;
    let value = this.#digitRun(0, Infinity);
    if (this.at === start) return Number.NaN;
    let decimals = 0;
    if (this.bytes[this.at] === POINT) {
      this.at += 1;
      const fraction = this.at;
      value = this.#digitRun(value, Infinity);
      decimals = this.at - fraction;
      if (decimals === 0) return Number.NaN;
    }
    // Both are exact, so that their quotient is rounded once.
    const power = POWERS_OF_TEN[decimals];
    if (power === undefined || value > Number.MAX_SAFE_INTEGER || !this.#quote()) return Number.NaN;
    return isNegative ? -(value / power) : value / power;
  }

  /**
   * The name of an object's next field, `,"x":`, as a number: see `fieldKey`. LONG for any name
   * but one of one or two letters, END where the object ends, which is not moved past.
   */
  key(): number {
    const { bytes, at } = this;
    if (bytes[at] === CLOSE_BRACE) return END;
    if (bytes[at] !== COMMA || bytes[at + 1] !== QUOTE) return MISFIT;
    const first = bytes[at + 2] ?? 0;
    const second = bytes[at + 3] ?? 0;
    if (second === QUOTE && isLetter(first)) {
      this.at = at + 4;
      return this.#colon() ? first : MISFIT;
    }
    if (bytes[at + 4] === QUOTE && isLetter(first) && isLetter(second)) {
      this.at = at + 5;
      return this.#colon() ? first * 256 + second : MISFIT;
    }
    this.at = at + 2;
    return this.restOfString() && this.#colon() ? LONG : MISFIT;
  }

  /** Moves past a value without looking at it: a string without escapes, a whole number, a word. */
  skip(): boolean {
    const first = this.bytes[this.at];
    if (first === QUOTE) {
      this.at += 1;
      return this.restOfString();
    }
    if (this.literal(TRUE) || this.literal(FALSE) || this.literal(NULL)) return true;
    return this.integer() !== MISFIT;
  }

  /** Moves past the rest of a string; not of one that JSON reads otherwise than it stands there. */
  restOfString(): boolean {
    const { bytes } = this;
    let { at } = this;
    for (;;) {
      const byte = bytes[at] ?? 0;
      at += 1;
      if (byte === QUOTE) break;
      if (byte < FIRST_PRINTABLE || byte === BACKSLASH) return false;
    }
    this.at = at;
    return true;
  }

  #colon(): boolean {
    if (this.bytes[this.at] !== COLON) return false;
    this.at += 1;
    return true;
  }

  #quote(): boolean {
    if (this.bytes[this.at] !== QUOTE) return false;
    this.at += 1;
    return true;
  }

  /**
   * A decimal times 10^decimals, up to its closing quote; `#wasCut` says whether digits finer than
   * that were cut off. Exact wherever it is a safe integer.
   */
  #scaled(decimals: number): number {
    const start = this.at;
    let value = this.#digitRun(0, Infinity);
    let missing = decimals;
    this.#wasCut = false;
    if (this.at === start) return MISFIT;
    if (this.bytes[this.at] === POINT) {
      this.at += 1;
      const fraction = this.at;
      value = this.#digitRun(value, decimals);
      missing -= this.at - fraction;
      this.#wasCut = this.#digitRun(0, Infinity) > 0;
    }
    if (this.bytes[this.at] !== QUOTE) return MISFIT;
    for (; missing > 0; missing -= 1) value *= 10;
    return value;
  }

  /** Reads at most `max` digits behind those of `value`. */
  #digitRun(value: number, max: number): number {
    const bytes = this.bytes;
    const start = this.at;
    let at = start;
    let result = value;
    while (at - start < max) {
      const digit = (bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      result = result * 10 + digit;
      at += 1;
    }
    this.at = at;
    return result;
  }
}

const LEVEL_HEAD = utf8('["');
const LEVEL_SIZE = utf8('","');
const LEVEL_TAIL = utf8('"]');

export const TRUE = utf8("true");
export const FALSE = utf8("false");
const NULL = utf8("null");

function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** A field's name of one or two ASCII letters as `key` answers it. */
export function fieldKey(name: string): number {
  const first = name.charCodeAt(0);
  return name.length === 1 ? first : first * 256 + name.charCodeAt(1);
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function gridOf(step: Decimal): Grid {
  const decimals = decimalsOf(step);
  const mantissa = scaledInteger(step, decimals);
  if (mantissa === undefined) throw new InvariantError(`${step.toFixed()} is no step of a grid`);
  return { decimals, mantissa };
}
