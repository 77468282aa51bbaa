/**
 * MarketParser: reads the hot shapes of Binance Spot's public streams straight from bytes, without
 * an object or a string. What it does not know byte for byte goes to the twin in market-json.ts,
 * which also words the errors. Prices and sizes are scaled as integers. Pure; may import domain
 * only.
 */

import { type Decimal, decimalsOf, scaledInteger } from "#domain/decimal.ts";
import { InvariantError } from "#domain/errors.ts";
import {
  MAX_TICKS,
  type MarketSource,
  parseMarketJson,
  readMarketJson,
  venueMsOf,
} from "./market-json.ts";
import { MarketKind, MarketMessage } from "./market-message.ts";

/** What a number parser answers where the bytes are not what it expects. */
const MISFIT = -1;
const QUOTE = 0x22;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
const CLOSE_BRACKET = 0x5d;

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

export class MarketParser {
  readonly #source: MarketSource;
  readonly #price: Grid;
  readonly #size: Grid;
  readonly #message: MarketMessage;

  readonly #tickerHead: Uint8Array;
  readonly #depthHead: Uint8Array;
  readonly #tradeHead: Uint8Array;
  readonly #symbolThenBid: Uint8Array;
  readonly #symbolThenFirstId: Uint8Array;
  readonly #symbolThenTradeId: Uint8Array;

  /** What the text of a message is written into. */
  #scratch = Buffer.allocUnsafeSlow(INITIAL_SCRATCH_BYTES);
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #wasCut = false;

  /** @param message what every message is read into */
  constructor(source: MarketSource, message: MarketMessage = new MarketMessage()) {
    const { instrument } = source;
    const { symbol } = instrument;
    const stream = `{"stream":"${symbol.toLowerCase()}@`;
    this.#source = source;
    this.#message = message;
    this.#price = gridOf(instrument.tickSize);
    this.#size = gridOf(instrument.lotSize);
    this.#tickerHead = utf8(`${stream}bookTicker","data":{"u":`);
    this.#depthHead = utf8(`${stream}depth@100ms","data":{"e":"depthUpdate","E":`);
    this.#tradeHead = utf8(`${stream}trade","data":{"e":"trade","E":`);
    this.#symbolThenBid = utf8(`,"s":"${symbol}","b":"`);
    this.#symbolThenFirstId = utf8(`,"s":"${symbol}","U":`);
    this.#symbolThenTradeId = utf8(`,"s":"${symbol}","t":`);
  }

  /** Reads any message, as it comes from a socket. @throws {BadMarketMessage} */
  parseText(text: string): MarketMessage {
    return this.#parseWritten(text) ?? this.parseJson(text);
  }

  /** The message in `bytes[start, end)`, or null where it has not exactly one of the hot shapes. */
  parseBytes(bytes: Uint8Array, start: number, end: number): MarketMessage | null {
    this.#bytes = bytes;
    this.#at = start;
    // A message cut short may run on into old bytes behind its end: then `#at` is not at the end.
    return this.#messageOfAnyKind() && this.#at === end ? this.#message : null;
  }

  /** The same by JSON.parse. @throws {BadMarketMessage} */
  parseJson(text: string): MarketMessage {
    readMarketJson(parseMarketJson(text), this.#source, this.#message);
    return this.#message;
  }

  #parseWritten(text: string): MarketMessage | null {
    const mostBytes = text.length * MOST_BYTES_PER_UNIT;
    if (mostBytes > MAX_SCRATCH_BYTES) return null;
    if (mostBytes > this.#scratch.length) {
      this.#scratch = Buffer.allocUnsafeSlow(Math.min(2 * mostBytes, MAX_SCRATCH_BYTES));
    }
    return this.parseBytes(this.#scratch, 0, this.#scratch.write(text));
  }

  #messageOfAnyKind(): boolean {
    if (this.#literal(this.#tickerHead)) return this.#ticker();
    if (this.#literal(this.#depthHead)) return this.#depth();
    if (this.#literal(this.#tradeHead)) return this.#trade();
    return this.#literal(SNAPSHOT_HEAD) && this.#snapshot();
  }

  #ticker(): boolean {
    const message = this.#message;
    message.reset(MarketKind.ticker);
    const updateId = this.#integer();
    if (updateId === MISFIT || !this.#literal(this.#symbolThenBid)) return false;
    if (!this.#level(BID_SIZE) || !this.#literal(ASK_PRICE) || !this.#level(ASK_SIZE)) return false;
    message.firstId = updateId;
    message.lastId = updateId;
    message.levels.bidCount = 1;
    return this.#literal(TICKER_TAIL);
  }

  #depth(): boolean {
    const message = this.#message;
    message.reset(MarketKind.depth);
    const eventTime = this.#integer();
    if (eventTime === MISFIT || !this.#literal(this.#symbolThenFirstId)) return false;
    const firstId = this.#integer();
    if (firstId === MISFIT || !this.#literal(LAST_ID)) return false;
    const lastId = this.#integer();
    if (lastId === MISFIT || !this.#literal(BIDS) || !this.#levels()) return false;
    message.levels.bidCount = message.levels.length;
    if (!this.#literal(ASKS) || !this.#levels()) return false;
    message.eventMs = venueMsOf(eventTime);
    message.venueMs = message.eventMs;
    message.firstId = firstId;
    message.lastId = lastId;
    return this.#literal(ENVELOPE_TAIL);
  }

  #trade(): boolean {
    const message = this.#message;
    message.reset(MarketKind.trade);
    const eventTime = this.#integer();
    if (eventTime === MISFIT || !this.#literal(this.#symbolThenTradeId)) return false;
    const tradeId = this.#integer();
    if (tradeId === MISFIT || !this.#literal(TRADE_PRICE)) return false;
    if (!this.#level(TRADE_SIZE) || !this.#literal(TRADE_TIME)) return false;
    const tradeTime = this.#integer();
    if (tradeTime === MISFIT) return false;
    message.sellerTook = this.#literal(BUYER_RESTED);
    if (!message.sellerTook && !this.#literal(SELLER_RESTED)) return false;
    message.eventMs = venueMsOf(eventTime);
    message.venueMs = venueMsOf(tradeTime);
    message.firstId = tradeId;
    message.lastId = tradeId;
    // The last field is historical and means nothing.
    return this.#literal(TRUE_TAIL) || this.#literal(FALSE_TAIL);
  }

  #snapshot(): boolean {
    const message = this.#message;
    message.reset(MarketKind.snapshot);
    const lastId = this.#integer();
    if (lastId === MISFIT || !this.#literal(SNAPSHOT_BIDS) || !this.#levels()) return false;
    message.firstId = lastId;
    message.lastId = lastId;
    message.levels.bidCount = message.levels.length;
    return this.#literal(SNAPSHOT_ASKS) && this.#levels() && this.#literal(OBJECT_TAIL);
  }

  /** `["price","size"],["price","size"]]`: the rest of a list whose bracket has been read. */
  #levels(): boolean {
    if (this.#bytes[this.#at] === CLOSE_BRACKET) {
      this.#at += 1;
      return true;
    }
    for (;;) {
      if (!this.#literal(LEVEL_HEAD) || !this.#level(LEVEL_SIZE)) return false;
      if (!this.#literal(LEVEL_TAIL)) return false;
      const after = this.#bytes[this.#at];
      this.#at += 1;
      if (after === CLOSE_BRACKET) return true;
      if (after !== COMMA) return false;
    }
  }

  /** A price, what stands between it and its size, and the size, up to its closing quote. */
  #level(between: Uint8Array): boolean {
    const price = this.#scaled(this.#price.decimals);
    const ticks = price / this.#price.mantissa;
    if (price === MISFIT || this.#wasCut || !(ticks <= MAX_TICKS)) return false;
    if (!Number.isInteger(ticks) || !this.#literal(between)) return false;
    const size = this.#scaled(this.#size.decimals);
    if (size === MISFIT || size > Number.MAX_SAFE_INTEGER) return false;
    const message = this.#message;
    const lots = Math.floor(size / this.#size.mantissa);
    const isOffGrid = this.#wasCut || lots * this.#size.mantissa !== size;
    message.levels.push(ticks, isOffGrid ? message.roundedLots(lots) : lots);
    return true;
  }

  /** Moves past the text where it stands here; stays where it does not. */
  #literal(text: Uint8Array): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    const { length } = text;
    for (let index = 0; index < length; index += 1) {
      if (bytes[at + index] !== text[index]) return false;
    }
    this.#at = at + length;
    return true;
  }

  /** A JSON integer that is counted exactly. */
  #integer(): number {
    const start = this.#at;
    const value = this.#digitRun(0, Infinity);
    const digits = this.#at - start;
    const hasLeadingZero = digits > 1 && this.#bytes[start] === ZERO;
    return digits === 0 || hasLeadingZero || value > Number.MAX_SAFE_INTEGER ? MISFIT : value;
  }

  /**
   * A decimal times 10^decimals, up to its closing quote; `#wasCut` says whether digits finer than
   * that were cut off. Exact wherever it is a safe integer.
   */
  #scaled(decimals: number): number {
    const start = this.#at;
    let value = this.#digitRun(0, Infinity);
    let missing = decimals;
    this.#wasCut = false;
    if (this.#at === start) return MISFIT;
    if (this.#bytes[this.#at] === POINT) {
      this.#at += 1;
      const fraction = this.#at;
      value = this.#digitRun(value, decimals);
      missing -= this.#at - fraction;
      this.#wasCut = this.#digitRun(0, Infinity) > 0;
    }
    if (this.#bytes[this.#at] !== QUOTE) return MISFIT;
    for (; missing > 0; missing -= 1) value *= 10;
    return value;
  }

  /** Reads at most `max` digits behind those of `value`. */
  #digitRun(value: number, max: number): number {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    let result = value;
    while (at - start < max) {
      const digit = (bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      result = result * 10 + digit;
      at += 1;
    }
    this.#at = at;
    return result;
  }
}

const BID_SIZE = utf8('","B":"');
const ASK_PRICE = utf8('","a":"');
const ASK_SIZE = utf8('","A":"');
const TICKER_TAIL = utf8('"}}');
const LAST_ID = utf8(',"u":');
const BIDS = utf8(',"b":[');
const ASKS = utf8(',"a":[');
const ENVELOPE_TAIL = utf8("}}");
const TRADE_PRICE = utf8(',"p":"');
const TRADE_SIZE = utf8('","q":"');
const TRADE_TIME = utf8('","T":');
const BUYER_RESTED = utf8(',"m":true,"M":');
const SELLER_RESTED = utf8(',"m":false,"M":');
const TRUE_TAIL = utf8("true}}");
const FALSE_TAIL = utf8("false}}");
const SNAPSHOT_HEAD = utf8('{"lastUpdateId":');
const SNAPSHOT_BIDS = utf8(',"bids":[');
const SNAPSHOT_ASKS = utf8(',"asks":[');
const OBJECT_TAIL = utf8("}");
const LEVEL_HEAD = utf8('["');
const LEVEL_SIZE = utf8('","');
const LEVEL_TAIL = utf8('"]');

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function gridOf(step: Decimal): Grid {
  const decimals = decimalsOf(step);
  const mantissa = scaledInteger(step, decimals);
  if (mantissa === undefined) throw new InvariantError(`${step.toFixed()} is no step of a grid`);
  return { decimals, mantissa };
}
