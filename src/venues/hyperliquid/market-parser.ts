/**
 * MarketParser: reads the frames of Hyperliquid's public channels by hand, without an object or a
 * string. The order of fields is free; what else is not as usual goes to the twin in
 * market-json.ts, which also words the errors. Pure; may import domain only.
 */

import { type Decimal, decimalsOf, scaledInteger } from "#domain/decimal.ts";
import { InvariantError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import { MARKET_CHANNELS } from "./frames.ts";
import { MAX_TICKS, readMarketJson } from "./market-json.ts";
import { MAX_LEVELS, MarketKind, MarketMessage } from "./market-message.ts";
import { MISFIT, TextCursor, word } from "./text-cursor.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Fields that have been read, a bit each: one that stands twice is left to the twin. */
const COIN = 1;
const TIME = 2;
const PRICE = 4;
const SIZE = 8;
const COUNT = 16;
const SIDE = 32;
const ID = 64;
const LEVELS = 128;
const FAST = 256;
const ORACLE = 512;
const MARK = 1024;
const FUNDING = 2048;

/** Every frame of the venue begins so; the channel's name is next. */
const HEAD = '{"channel":"';

export class MarketParser {
  readonly #instrument: Instrument;
  readonly #priceDecimals: number;
  readonly #sizeDecimals: number;
  readonly #coin: Uint8Array;
  readonly #message: MarketMessage;
  readonly #cursor = new TextCursor();
  /** Of the side that is being read. */
  #lastTicks = 0;

  /** @param message what every frame is read into */
  constructor(instrument: Instrument, message: MarketMessage = new MarketMessage()) {
    this.#instrument = instrument;
    this.#priceDecimals = decimalsOfStep(instrument.tickSize);
    this.#sizeDecimals = decimalsOfStep(instrument.lotSize);
    this.#coin = word(`"coin":${JSON.stringify(instrument.symbol)}`);
    this.#message = message;
  }

  /**
   * @returns null where the frame is of no channel of the market
   * @throws {BadMarketMessage}
   */
  parse(text: string): MarketMessage | null {
    return this.parseByHand(text) ?? (mayBeOfMarket(text) ? this.parseJson(text) : null);
  }

  /** Null where it has not exactly one of the usual shapes, or is of another channel. */
  parseByHand(text: string): MarketMessage | null {
    const cursor = this.#cursor;
    if (!cursor.reset(text) || !cursor.literal(HEAD_WORD)) return null;
    const isRead = this.#ofAnyKind() && cursor.char(CLOSE_BRACE) && cursor.isAtEnd;
    return isRead ? this.#message : null;
  }

  /** The same by JSON.parse. @throws {BadMarketMessage} */
  parseJson(text: string): MarketMessage | null {
    return readMarketJson(text, this.#instrument, this.#message) ? this.#message : null;
  }

  #ofAnyKind(): boolean {
    const cursor = this.#cursor;
    if (cursor.literal(BBO)) return this.#bbo();
    if (cursor.literal(BOOK)) return this.#book();
    if (cursor.literal(TRADES)) return this.#trades();
    return cursor.literal(CONTEXT) && this.#context();
  }

  #bbo(): boolean {
    const cursor = this.#cursor;
    this.#message.reset(MarketKind.bbo);
    let seen = 0;
    do {
      const field = this.#bboField();
      if (field === 0 || (seen & field) !== 0) return false;
      seen |= field;
    } while (cursor.char(COMMA));
    return seen === (COIN | TIME | LEVELS) && cursor.char(CLOSE_BRACE);
  }

  /** 0: it is none, or cannot be read; so it is with the other fields. */
  #bboField(): number {
    const cursor = this.#cursor;
    if (cursor.literal(this.#coin)) return COIN;
    if (cursor.literal(TIME_FIELD)) return this.#time();
    return cursor.literal(BBO_FIELD) && this.#touch() ? LEVELS : 0;
  }

  #touch(): boolean {
    const cursor = this.#cursor;
    if (!this.#touchSide() || !cursor.char(COMMA)) return false;
    this.#message.levels.bidEnd = 1;
    return this.#touchSide() && cursor.char(CLOSE_BRACKET);
  }

  #touchSide(): boolean {
    this.#lastTicks = 0;
    if (!this.#cursor.literal(NULL)) return this.#level();
    const { levels } = this.#message;
    levels.ticks[levels.end] = 0;
    levels.lots[levels.end] = 0;
    levels.end += 1;
    return true;
  }

  #book(): boolean {
    const cursor = this.#cursor;
    this.#message.reset(MarketKind.book);
    let seen = 0;
    do {
      const field = this.#bookField();
      if (field === 0 || (seen & field) !== 0) return false;
      seen |= field;
    } while (cursor.char(COMMA));
    return (seen & ~FAST) === (COIN | TIME | LEVELS) && cursor.char(CLOSE_BRACE);
  }

  #bookField(): number {
    const cursor = this.#cursor;
    if (cursor.literal(this.#coin)) return COIN;
    if (cursor.literal(TIME_FIELD)) return this.#time();
    if (cursor.literal(LEVELS_FIELD)) {
      if (!this.#bookSide() || !cursor.char(COMMA)) return 0;
      this.#message.levels.bidEnd = this.#message.levels.end;
      return this.#bookSide() && cursor.char(CLOSE_BRACKET) ? LEVELS : 0;
    }
    if (!cursor.literal(FAST_FIELD)) return 0;
    this.#message.isFast = true;
    return FAST;
  }

  #bookSide(): boolean {
    const cursor = this.#cursor;
    this.#lastTicks = 0;
    if (!cursor.char(OPEN_BRACKET)) return false;
    if (cursor.char(CLOSE_BRACKET)) return true;
    do {
      if (!this.#level()) return false;
    } while (cursor.char(COMMA));
    return cursor.char(CLOSE_BRACKET);
  }

  #level(): boolean {
    const { levels } = this.#message;
    const { end } = levels;
    if (end === MAX_LEVELS) return false;
    const isUsual = this.#cursor.literal(LEVEL_PRICE);
    if (!(isUsual ? this.#usualLevel(end) : this.#anyLevel(end))) return false;
    const ticks = levels.ticks[end] ?? 0;
    // The twin makes one of two levels of the same price.
    if (ticks === this.#lastTicks) return false;
    this.#lastTicks = ticks;
    levels.end = end + 1;
    return true;
  }

  /** `{"px":"65000.0","sz":"1.2","n":4}`, whose beginning has been read. */
  #usualLevel(at: number): boolean {
    const cursor = this.#cursor;
    const { levels } = this.#message;
    const ticks = cursor.scaled(this.#priceDecimals);
    if (!(ticks > 0 && ticks <= MAX_TICKS) || !cursor.literal(THEN_SIZE)) return false;
    const lots = cursor.scaled(this.#sizeDecimals);
    if (lots === MISFIT || (cursor.literal(THEN_COUNT) && cursor.integer() === MISFIT))
      return false;
    levels.ticks[at] = ticks;
    levels.lots[at] = lots;
    return cursor.char(CLOSE_BRACE);
  }

  /** The same fields in any order. Of both the count may be missing. */
  #anyLevel(at: number): boolean {
    const cursor = this.#cursor;
    if (!cursor.char(OPEN_BRACE)) return false;
    let seen = 0;
    do {
      const field = this.#levelField(at);
      if (field === 0 || (seen & field) !== 0) return false;
      seen |= field;
    } while (cursor.char(COMMA));
    return (seen & (PRICE | SIZE)) === (PRICE | SIZE) && cursor.char(CLOSE_BRACE);
  }

  #levelField(at: number): number {
    const cursor = this.#cursor;
    const { levels } = this.#message;
    if (cursor.literal(PRICE_FIELD)) {
      levels.ticks[at] = this.#ticks();
      return levels.ticks[at] === MISFIT ? 0 : PRICE;
    }
    if (cursor.literal(SIZE_FIELD)) {
      levels.lots[at] = this.#lots();
      return levels.lots[at] === MISFIT ? 0 : SIZE;
    }
    return cursor.literal(COUNT_FIELD) && cursor.integer() !== MISFIT ? COUNT : 0;
  }

  #trades(): boolean {
    const cursor = this.#cursor;
    this.#message.reset(MarketKind.trades);
    if (cursor.char(CLOSE_BRACKET)) return true;
    do {
      if (!this.#print()) return false;
    } while (cursor.char(COMMA));
    return cursor.char(CLOSE_BRACKET);
  }

  #print(): boolean {
    const cursor = this.#cursor;
    const { prints } = this.#message;
    if (!cursor.char(OPEN_BRACE)) return false;
    const at = prints.push(0, 0, false);
    let seen = 0;
    do {
      const field = this.#printField(at);
      if (field === MISFIT || (seen & field) !== 0) return false;
      seen |= field;
    } while (cursor.char(COMMA));
    return seen === (COIN | TIME | PRICE | SIZE | SIDE | ID) && cursor.char(CLOSE_BRACE);
  }

  /** MISFIT: it cannot be read; 0: a field of no interest. */
  #printField(at: number): number {
    const cursor = this.#cursor;
    const { prints } = this.#message;
    if (cursor.literal(this.#coin)) return COIN;
    if (cursor.literal(SIDE_FIELD)) {
      prints.buyerTook[at] = cursor.literal(BUYER) ? 1 : 0;
      return prints.buyerTook[at] === 1 || cursor.literal(SELLER) ? SIDE : MISFIT;
    }
    if (cursor.literal(PRICE_FIELD)) {
      prints.ticks[at] = this.#ticks();
      return prints.ticks[at] === MISFIT ? MISFIT : PRICE;
    }
    if (cursor.literal(SIZE_FIELD)) {
      prints.lots[at] = this.#lots();
      return prints.lots[at] === MISFIT ? MISFIT : SIZE;
    }
    return this.#printIdentity(at);
  }

  #printIdentity(at: number): number {
    const cursor = this.#cursor;
    const { prints } = this.#message;
    if (cursor.literal(TIME_FIELD)) {
      prints.timesMs[at] = cursor.integer();
      return prints.timesMs[at] === MISFIT ? MISFIT : TIME;
    }
    if (cursor.literal(ID_FIELD)) {
      prints.ids[at] = cursor.integer();
      return prints.ids[at] === MISFIT ? MISFIT : ID;
    }
    // The name again, with another coin.
    return !cursor.literal(COIN_FIELD) && cursor.skipField() ? 0 : MISFIT;
  }

  #context(): boolean {
    const cursor = this.#cursor;
    this.#message.reset(MarketKind.context);
    let seen = 0;
    do {
      const field = cursor.literal(this.#coin) ? COIN : this.#contextFields();
      if (field === 0 || (seen & field) !== 0) return false;
      seen |= field;
    } while (cursor.char(COMMA));
    return seen === (COIN | LEVELS) && cursor.char(CLOSE_BRACE);
  }

  /** `"ctx":{…}`; LEVELS where it has all that is wanted of it. */
  #contextFields(): number {
    const cursor = this.#cursor;
    if (!cursor.literal(CONTEXT_FIELD)) return 0;
    let seen = 0;
    do {
      const field = this.#contextField();
      if (field === MISFIT || (seen & field) !== 0) return 0;
      seen |= field;
    } while (cursor.char(COMMA));
    return seen === (ORACLE | MARK | FUNDING) && cursor.char(CLOSE_BRACE) ? LEVELS : 0;
  }

  /** MISFIT: it cannot be read; 0: a field of no interest. */
  #contextField(): number {
    const cursor = this.#cursor;
    const message = this.#message;
    if (cursor.literal(ORACLE_FIELD)) {
      message.oracleTicks = this.#fractionalTicks();
      return message.oracleTicks > 0 ? ORACLE : MISFIT;
    }
    if (cursor.literal(MARK_FIELD)) {
      message.markTicks = this.#fractionalTicks();
      return message.markTicks > 0 ? MARK : MISFIT;
    }
    if (cursor.literal(FUNDING_FIELD)) {
      if (!cursor.char(QUOTE)) return MISFIT;
      const sign = cursor.char(MINUS) ? -1 : 1;
      const size = cursor.fractional(0);
      message.fundingRate = sign * size;
      return size === MISFIT ? MISFIT : FUNDING;
    }
    return cursor.skipField() ? 0 : MISFIT;
  }

  #time(): number {
    const timeMs = this.#cursor.integer();
    this.#message.venueMs = timeMs;
    this.#message.levels.lastId = timeMs;
    return timeMs === MISFIT ? 0 : TIME;
  }

  /** A price that a book holds, else MISFIT; so are the other two. */
  #ticks(): number {
    const cursor = this.#cursor;
    const ticks = cursor.char(QUOTE) ? cursor.scaled(this.#priceDecimals) : MISFIT;
    return ticks > 0 && ticks <= MAX_TICKS ? ticks : MISFIT;
  }

  #lots(): number {
    const cursor = this.#cursor;
    return cursor.char(QUOTE) ? cursor.scaled(this.#sizeDecimals) : MISFIT;
  }

  #fractionalTicks(): number {
    const cursor = this.#cursor;
    return cursor.char(QUOTE) ? cursor.fractional(this.#priceDecimals) : MISFIT;
  }
}

const HEAD_WORD = word(HEAD);
const LEVEL_PRICE = word('{"px":"');
const THEN_SIZE = word(',"sz":"');
const THEN_COUNT = word(',"n":');
const BBO = word('bbo","data":{');
const BOOK = word('l2Book","data":{');
const TRADES = word('trades","data":[');
const CONTEXT = word('activeAssetCtx","data":{');
const BBO_FIELD = word('"bbo":[');
const NULL = word("null");
const LEVELS_FIELD = word('"levels":[');
const FAST_FIELD = word('"fast":true');
const PRICE_FIELD = word('"px":');
const SIZE_FIELD = word('"sz":');
const COUNT_FIELD = word('"n":');
const SIDE_FIELD = word('"side":');
const BUYER = word('"B"');
const SELLER = word('"A"');
const TIME_FIELD = word('"time":');
const ID_FIELD = word('"tid":');
const COIN_FIELD = word('"coin":');
const CONTEXT_FIELD = word('"ctx":{');
const ORACLE_FIELD = word('"oraclePx":');
const MARK_FIELD = word('"markPx":');
const FUNDING_FIELD = word('"funding":');

/** Whether the twin need look at it: most other frames show at once what they are. */
function mayBeOfMarket(text: string): boolean {
  if (!text.startsWith(HEAD)) return text.includes('"channel"');
  return CHANNEL_HEADS.some((channel) => text.startsWith(channel, HEAD.length));
}

const CHANNEL_HEADS = [...MARKET_CHANNELS].map((name) => `${name}"`);

/** @throws {InvariantError} where a step is no power of ten: those of Hyperliquid are */
function decimalsOfStep(step: Decimal): number {
  const decimals = decimalsOf(step);
  if (scaledInteger(step, decimals) === 1) return decimals;
  throw new InvariantError(`${step.toFixed()} is no step of a price or size of Hyperliquid`);
}
