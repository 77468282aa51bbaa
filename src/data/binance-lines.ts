/**
 * The parser of Binance recordings, spot and USD-M: a line is a receive time in nanoseconds, a
 * space, and a message, which the venue's own parser reads. Says which line is wrong, and what to
 * do about it.
 */

import { InputError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import {
  BadMarketMessage,
  type MarketSource,
  parseMarketJson,
  shortened,
  unknownMessage,
} from "#venues/binance/market-json.ts";
import { MarketKind, type MarketMessage } from "#venues/binance/market-message.ts";
import { readMarketJson as readPerpJson } from "#venues/binance-perp/market-json.ts";
import { MarketParser as PerpParser } from "#venues/binance-perp/market-parser.ts";
import { readMarketJson as readSpotJson } from "#venues/binance-spot/market-json.ts";
import { MarketParser as SpotParser } from "#venues/binance-spot/market-parser.ts";
import { CaptureMessage } from "./capture-log.ts";

/** What differs from venue to venue. */
interface Format {
  readonly parser: (source: MarketSource, message: MarketMessage) => FastParser;
  readonly readJson: (json: unknown, source: MarketSource, out: MarketMessage) => void;
  /** What a recording holds. */
  readonly content: string;
}

interface FastParser {
  parseBytes(bytes: Uint8Array, start: number, end: number): MarketMessage | null;
}

const SPOT: Format = {
  parser: (source, message) => new SpotParser(source, message),
  readJson: readSpotJson,
  content: "Binance spot bookTicker, depth@100ms, trade and one REST snapshot",
};
const PERP: Format = {
  parser: (source, message) => new PerpParser(source, message),
  readJson: readPerpJson,
  content: "Binance USD-M bookTicker, depth, trade or aggTrade, markPrice and one REST snapshot",
};

const SPACE = 0x20;
const ZERO = 0x30;
/** Of the receive time: whole milliseconds, then nanoseconds of the next one. */
const WHOLE_DIGITS = 13;
const NANOSECOND_DIGITS = 6;
const TIME_DIGITS = WHOLE_DIGITS + NANOSECOND_DIGITS;

export class BinanceLineParser {
  readonly #format: Format;
  readonly #source: MarketSource;
  readonly #path: string;
  readonly #message = new CaptureMessage();
  readonly #parser: FastParser;
  readonly #decoder = new TextDecoder();

  /** @param path of the file, for errors @throws {InputError} `unsupported-venue` */
  constructor(instrument: Instrument, path: string) {
    this.#source = { instrument, name: "the recording" };
    this.#path = path;
    this.#format = formatOf(instrument);
    this.#parser = this.#format.parser(this.#source, this.#message);
  }

  /**
   * Reads the line `bytes[start, end)`. The message is reused by the next call.
   * @throws {InputError} with `file:line`: `bad-line`, `bad-time`, `unknown-message`,
   *   `wrong-symbol`, `off-grid`
   */
  parse(bytes: Uint8Array, start: number, end: number, line: number): CaptureMessage {
    return this.parseFast(bytes, start, end) ?? this.parseSlow(bytes.subarray(start, end), line);
  }

  /** The message, or null where the line has not exactly one of the hot shapes. */
  parseFast(bytes: Uint8Array, start: number, end: number): CaptureMessage | null {
    if (bytes[start + TIME_DIGITS] !== SPACE) return null;
    const wholeMs = digits(bytes, start, WHOLE_DIGITS);
    const nanoseconds = digits(bytes, start + WHOLE_DIGITS, NANOSECOND_DIGITS);
    if (Number.isNaN(wholeMs + nanoseconds)) return null;
    if (this.#parser.parseBytes(bytes, start + TIME_DIGITS + 1, end) === null) return null;
    this.#message.receivedMs = receivedMsOf(wholeMs, nanoseconds);
    return this.#message;
  }

  /** The same by JSON.parse. @throws {InputError} as `parse` does */
  parseSlow(bytes: Uint8Array, line: number): CaptureMessage {
    try {
      this.#read(this.#decoder.decode(bytes), line);
    } catch (error) {
      if (!(error instanceof BadMarketMessage)) throw error;
      throw this.#inputError(error.code, error.message, line, error);
    }
    return this.#message;
  }

  #read(text: string, line: number): void {
    const space = text.indexOf(" ");
    const time = text.slice(0, Math.max(space, 0));
    const json = parseMarketJson(text.slice(space + 1));
    if (space === -1) {
      const message = "the line has no receive time before its message";
      throw this.#inputError("bad-line", message, line);
    }
    if (!/^\d{19}$/.test(time)) {
      const shown = JSON.stringify(shortened(time));
      const message = `the receive time ${shown} is no time in nanoseconds`;
      throw this.#inputError("bad-time", message, line);
    }
    this.#format.readJson(json, this.#source, this.#message);
    const { kind } = this.#message;
    if (kind > MarketKind.snapshot && kind !== MarketKind.mark) throw unknownMessage(json);
    const wholeMs = Number(time.slice(0, WHOLE_DIGITS));
    this.#message.receivedMs = receivedMsOf(wholeMs, Number(time.slice(WHOLE_DIGITS)));
  }

  #inputError(code: string, message: string, line: number, cause?: unknown): InputError {
    const isUnreadable = code === "bad-json" || code === "bad-size";
    return new InputError(isUnreadable ? "bad-line" : code, message, {
      where: `${this.#path}:${line}`,
      hint: hintFor(code, this.#source.instrument, this.#format),
      cause,
    });
  }
}

function formatOf({ venue }: Instrument): Format {
  if (venue === "binance-spot") return SPOT;
  if (venue === "binance-perp") return PERP;
  throw new InputError("unsupported-venue", `recordings of ${venue} cannot be loaded`, {
    hint: "give a recording of binance-spot or binance-perp",
  });
}

function hintFor(code: string, { symbol, tickSize }: Instrument, { content }: Format): string {
  switch (code) {
    case "bad-json":
      return "if it is the last line, the recording was cut short: delete that line";
    case "unknown-message":
      return `a recording holds ${content}`;
    case "wrong-symbol":
      return `give a recording of ${symbol}, or change the symbol of the pair`;
    case "off-grid":
      return `check instrumentOverride.tickSize (${tickSize.toFixed()})`;
    default:
      return "a line is a receive time in nanoseconds, a space, and the message as received";
  }
}

/** The number of exactly `count` digits; NaN where they are none. */
function digits(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at += 1) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** A receive time as float64 milliseconds, from its whole milliseconds and the rest. */
function receivedMsOf(wholeMs: number, nanoseconds: number): number {
  return wholeMs + nanoseconds / 1e6;
}
