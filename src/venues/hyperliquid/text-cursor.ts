/**
 * TextCursor: walks along a JSON text and reads what is expected there, without an object or a
 * string. It takes no liberties: whatever it accepts, JSON.parse reads as the same; for the rest it
 * says no. Pure; imports nothing.
 */

/** What a number reader answers where the text is not what it expects, or not counted exactly. */
export const MISFIT = -1;

const QUOTE = 0x22;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const FIRST_PRINTABLE = 0x20;

/** 10^n, each exact as a float. */
const POWERS_OF_TEN = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

/** Longer texts are left to others: no usual frame comes near. */
const SCRATCH_BYTES = 256 * 1024;
/** UTF-8 takes at most this for a UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3;

/** A word as `literal` takes it. */
export function word(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export class TextCursor {
  /** The text is written here, behind it are rests of those before: bytes are read faster. */
  readonly #bytes = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  #end = 0;
  #at = 0;
  /** Digits behind the point that `#decimal` has read. */
  #fractionDigits = 0;

  /** Goes to the beginning of a text. @returns false where it is too long */
  reset(text: string): boolean {
    this.#at = 0;
    this.#end = 0;
    if (text.length * MOST_BYTES_PER_UNIT > SCRATCH_BYTES) return false;
    this.#end = this.#bytes.write(text);
    return true;
  }

  /** Whoever has read on into the rests behind the end is not there. */
  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  /** Moves past the word where it stands here; stays where it does not. */
  literal(text: Uint8Array): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    const { length } = text;
    for (let index = 0; index < length; index += 1) {
      if (bytes[at + index] !== text[index]) return false;
    }
    this.#at = at + length;
    return true;
  }

  /** The same for one character. */
  char(code: number): boolean {
    if (this.#bytes[this.#at] !== code) return false;
    this.#at += 1;
    return true;
  }

  /** A JSON integer from 0. */
  integer(): number {
    const start = this.#at;
    const value = this.#digits();
    const digits = this.#at - start;
    const hasLeadingZero = digits > 1 && this.#bytes[start] === ZERO;
    return digits === 0 || hasLeadingZero || value > Number.MAX_SAFE_INTEGER ? MISFIT : value;
  }

  /** A decimal times 10^decimals, with its closing quote; MISFIT where that is no whole number. */
  scaled(decimals: number): number {
    let value = this.#decimal();
    if (value === MISFIT) return MISFIT;
    let digits = this.#fractionDigits;
    for (; digits > decimals; digits -= 1) {
      // Zeros that venues add, such as in "65000.0".
      if (value % 10 !== 0) return MISFIT;
      value /= 10;
    }
    value *= POWERS_OF_TEN[decimals - digits] ?? Infinity;
    return value <= Number.MAX_SAFE_INTEGER ? value : MISFIT;
  }

  /** A decimal times 10^decimals as a float, rounded once, with its closing quote. */
  fractional(decimals: number): number {
    const value = this.#decimal();
    if (value === MISFIT) return MISFIT;
    const shift = decimals - this.#fractionDigits;
    if (shift >= 0) {
      const scaled = value * (POWERS_OF_TEN[shift] ?? Infinity);
      return scaled <= Number.MAX_SAFE_INTEGER ? scaled : MISFIT;
    }
    const divisor = POWERS_OF_TEN[-shift];
    return divisor === undefined ? MISFIT : value / divisor;
  }

  /** A field of no interest: its name and its value, neither with an escape. */
  skipField(): boolean {
    return this.char(QUOTE) && this.#skipString() && this.char(COLON) && this.#skipValue();
  }

  /** A string, an integer, a word or a flat list. */
  #skipValue(): boolean {
    if (!this.char(OPEN_BRACKET)) return this.#skipScalar();
    if (this.char(CLOSE_BRACKET)) return true;
    do {
      if (!this.#skipScalar()) return false;
    } while (this.char(COMMA));
    return this.char(CLOSE_BRACKET);
  }

  #skipScalar(): boolean {
    if (this.char(QUOTE)) return this.#skipString();
    if (this.literal(NULL) || this.literal(TRUE) || this.literal(FALSE)) return true;
    return this.integer() !== MISFIT;
  }

  /** The rest of a string whose first quote has been read. */
  #skipString(): boolean {
    const bytes = this.#bytes;
    for (let at = this.#at; at < this.#end; at += 1) {
      const code = bytes[at] ?? 0;
      if (code === QUOTE) {
        this.#at = at + 1;
        return true;
      }
      if (code < FIRST_PRINTABLE || code === BACKSLASH) return false;
    }
    return false;
  }

  /** All digits of a decimal, up to its closing quote and past it, as one whole number. */
  #decimal(): number {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    let value = 0;
    let digit = (bytes[at] ?? 0) - ZERO;
    for (; digit >= 0 && digit <= 9; digit = (bytes[at] ?? 0) - ZERO) {
      value = value * 10 + digit;
      at += 1;
    }
    if (at === start) return MISFIT;
    this.#fractionDigits = 0;
    if (bytes[at] === POINT) {
      at += 1;
      const fraction = at;
      digit = (bytes[at] ?? 0) - ZERO;
      for (; digit >= 0 && digit <= 9; digit = (bytes[at] ?? 0) - ZERO) {
        value = value * 10 + digit;
        at += 1;
      }
      if (at === fraction) return MISFIT;
      this.#fractionDigits = at - fraction;
    }
    if (bytes[at] !== QUOTE || value > Number.MAX_SAFE_INTEGER) return MISFIT;
    this.#at = at + 1;
    return value;
  }

  /** A run of digits; beyond 2^53 the result is wrong, and beyond it too. */
  #digits(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let value = 0;
    for (; ; at += 1) {
      const code = bytes[at] ?? 0;
      if (code < ZERO || code > NINE) break;
      value = value * 10 + (code - ZERO);
    }
    this.#at = at;
    return value;
  }
}

const NULL = word("null");
const TRUE = word("true");
const FALSE = word("false");
