/**
 * MarketParser: reads the hot messages of Binance USD-M's public streams straight from bytes,
 * without an object or a string. Their fields come in an order that the venue has changed more
 * than once, and new ones are added, so that they are taken as they come. What it does not know
 * goes to the twin in market-json.ts, which also words the errors. Pure; may import domain only.
 */

import { type MarketSource, parseMarketJson, venueMsOf } from "../binance/market-json.ts";
import { MarketKind, MarketMessage } from "../binance/market-message.ts";
import {
  END,
  FALSE,
  fieldKey,
  MarketReader,
  MISFIT,
  TRUE,
  utf8,
} from "../binance/market-reader.ts";
import { markTicksOf, readMarketJson } from "./market-json.ts";

/** The fields that are used, by their names; `M` is one of spot's alone, a second `e` is none. */
const KEY = {
  e: fieldKey("e"),
  E: fieldKey("E"),
  T: fieldKey("T"),
  s: fieldKey("s"),
  u: fieldKey("u"),
  pu: fieldKey("pu"),
  b: fieldKey("b"),
  B: fieldKey("B"),
  a: fieldKey("a"),
  A: fieldKey("A"),
  p: fieldKey("p"),
  q: fieldKey("q"),
  t: fieldKey("t"),
  m: fieldKey("m"),
  r: fieldKey("r"),
  X: fieldKey("X"),
  M: fieldKey("M"),
} as const;

/** Which fields a message has: a bit each; none for one that is not used. */
const UNUSED = 0;
const SENT = 1;
const HAPPENED = 2;
const SYMBOL = 4;
const ID = 8;
const ID_BEFORE = 16;
const BID = 32;
const BID_LOTS = 64;
const ASK = 128;
const ASK_LOTS = 256;
const PRICE = 512;
const SIZE = 1024;
const TAKER = 2048;
const RATE = 4096;
const ORIGIN = 8192;

/** What each kind must have. */
const ALL = SENT | HAPPENED | SYMBOL;
const TICKER = ALL | ID | BID | BID_LOTS | ASK | ASK_LOTS;
const DEPTH = ALL | ID | ID_BEFORE | BID | ASK;
const PRINT = ALL | ID | PRICE | SIZE | TAKER;
const MARK = ALL | PRICE | RATE;

export class MarketParser {
  readonly #source: MarketSource;
  readonly #reader: MarketReader;
  readonly #message: MarketMessage;
  readonly #symbol: Uint8Array;

  /** What the fields of the present message say. */
  #sentAt = 0;
  #happenedAt = 0;
  #id = 0;
  #idBefore = 0;
  #bidTicks = 0;
  #bidLots = 0;
  #ticks = 0;
  #lots = 0;
  #mark = 0;
  #rate = 0;

  /** @param message what every message is read into */
  constructor(source: MarketSource, message: MarketMessage = new MarketMessage()) {
    this.#source = source;
    this.#message = message;
    this.#reader = new MarketReader(source.instrument, message);
    this.#symbol = utf8(`"${source.instrument.symbol}"`);
  }

  /** Reads any message, as it comes from a socket. @throws {BadMarketMessage} */
  parseText(text: string): MarketMessage {
    const end = this.#reader.openText(text);
    const isRead = end !== MISFIT && this.#isWhole(end);
    return isRead ? this.#message : this.parseJson(text);
  }

  /** The message in `bytes[start, end)`, or null where it is none of the hot ones. */
  parseBytes(bytes: Uint8Array, start: number, end: number): MarketMessage | null {
    this.#reader.open(bytes, start);
    return this.#isWhole(end) ? this.#message : null;
  }

  /** The same by JSON.parse. @throws {BadMarketMessage} */
  parseJson(text: string): MarketMessage {
    readMarketJson(parseMarketJson(text), this.#source, this.#message);
    return this.#message;
  }

  /** A message cut short may run on into old bytes behind its end: then it is not at the end. */
  #isWhole(end: number): boolean {
    return this.#messageOfAnyKind() && this.#reader.at === end;
  }

  #messageOfAnyKind(): boolean {
    const reader = this.#reader;
    if (!reader.literal(HEAD)) return reader.literal(SNAPSHOT_HEAD) && this.#snapshot();
    // The name of the stream: what it tells is known by the event.
    if (!reader.restOfString() || !reader.literal(EVENT)) return false;
    if (reader.literal(TICKER_EVENT)) return this.#ticker();
    if (reader.literal(DEPTH_EVENT)) return this.#depth();
    if (reader.literal(AGG_TRADE_EVENT)) return this.#print(KEY.a);
    if (reader.literal(TRADE_EVENT)) return this.#print(KEY.t);
    return reader.literal(MARK_EVENT) && this.#markPrice();
  }

  #ticker(): boolean {
    const message = this.#message;
    message.reset(MarketKind.ticker);
    let seen = 0;
    for (let key = this.#reader.key(); key !== END; key = this.#reader.key()) {
      const field = this.#tickerField(key);
      if (field === MISFIT || (seen & field) !== 0) return false;
      seen |= field;
    }
    if (seen !== TICKER) return false;
    message.levels.push(this.#bidTicks, this.#bidLots);
    message.levels.bidCount = 1;
    message.levels.push(this.#ticks, this.#lots);
    message.firstId = this.#id;
    return this.#finish();
  }

  /** @returns the bit of a field, once its value has been read; MISFIT where that cannot be */
  #tickerField(key: number): number {
    const reader = this.#reader;
    switch (key) {
      case KEY.u:
        this.#id = reader.integer();
        return this.#id === MISFIT ? MISFIT : ID;
      case KEY.b:
        if (!reader.quotedPrice()) return MISFIT;
        this.#bidTicks = reader.ticks;
        return BID;
      case KEY.B:
        if (!reader.quotedSize()) return MISFIT;
        this.#bidLots = reader.lots;
        return BID_LOTS;
      case KEY.a:
        if (!reader.quotedPrice()) return MISFIT;
        this.#ticks = reader.ticks;
        return ASK;
      case KEY.A:
        if (!reader.quotedSize()) return MISFIT;
        this.#lots = reader.lots;
        return ASK_LOTS;
      default:
        return this.#commonField(key);
    }
  }

  #depth(): boolean {
    const message = this.#message;
    message.reset(MarketKind.depth);
    let seen = 0;
    for (let key = this.#reader.key(); key !== END; key = this.#reader.key()) {
      // Bids come first in a message: behind asks they are left to the twin.
      if (key === KEY.b && (seen & ASK) !== 0) return false;
      const field = this.#depthField(key);
      if (field === MISFIT || (seen & field) !== 0) return false;
      seen |= field;
    }
    if (seen !== DEPTH) return false;
    message.firstId = this.#idBefore + 1;
    return this.#finish();
  }

  #depthField(key: number): number {
    const reader = this.#reader;
    switch (key) {
      case KEY.u:
        this.#id = reader.integer();
        return this.#id === MISFIT ? MISFIT : ID;
      case KEY.pu:
        this.#idBefore = reader.integer();
        return this.#idBefore === MISFIT ? MISFIT : ID_BEFORE;
      case KEY.b:
        if (!reader.side()) return MISFIT;
        this.#message.levels.bidCount = this.#message.levels.length;
        return BID;
      case KEY.a:
        return reader.side() ? ASK : MISFIT;
      default:
        return this.#commonField(key);
    }
  }

  /** @param idKey the field of its id: the two streams of prints number them apart */
  #print(idKey: number): boolean {
    const message = this.#message;
    message.reset(MarketKind.trade);
    let seen = 0;
    for (let key = this.#reader.key(); key !== END; key = this.#reader.key()) {
      const field = key === idKey ? this.#printId() : this.#printField(key);
      if (field === MISFIT || (seen & field) !== 0) return false;
      seen |= field;
    }
    if ((seen & ~ORIGIN) !== PRINT) return false;
    message.levels.push(this.#ticks, this.#lots);
    message.firstId = this.#id;
    return this.#finish();
  }

  #printId(): number {
    this.#id = this.#reader.integer();
    return this.#id === MISFIT ? MISFIT : ID;
  }

  #printField(key: number): number {
    const reader = this.#reader;
    switch (key) {
      case KEY.p:
        if (!reader.quotedPrice()) return MISFIT;
        this.#ticks = reader.ticks;
        return PRICE;
      case KEY.q:
        if (!reader.quotedSize()) return MISFIT;
        this.#lots = reader.lots;
        return SIZE;
      case KEY.m:
        this.#message.sellerTook = reader.literal(TRUE);
        return this.#message.sellerTook || reader.literal(FALSE) ? TAKER : MISFIT;
      case KEY.X:
        // Whatever else it is, the twin knows.
        return reader.literal(BY_MARKET) ? ORIGIN : MISFIT;
      case KEY.M:
        return MISFIT;
      default:
        return this.#commonField(key);
    }
  }

  #markPrice(): boolean {
    const message = this.#message;
    message.reset(MarketKind.mark);
    let seen = 0;
    for (let key = this.#reader.key(); key !== END; key = this.#reader.key()) {
      const field = this.#markField(key);
      if (field === MISFIT || (seen & field) !== 0) return false;
      seen |= field;
    }
    if (seen !== MARK) return false;
    this.#id = 0;
    message.markTicks = markTicksOf(this.#mark, this.#source);
    message.fundingRate = this.#rate;
    message.nextFundingMs = venueMsOf(this.#happenedAt);
    this.#happenedAt = this.#sentAt;
    return this.#finish();
  }

  #markField(key: number): number {
    const reader = this.#reader;
    switch (key) {
      case KEY.p:
        this.#mark = reader.quotedFloat();
        return this.#mark > 0 ? PRICE : MISFIT;
      case KEY.r:
        this.#rate = reader.quotedFloat();
        return Number.isNaN(this.#rate) ? MISFIT : RATE;
      default:
        return this.#commonField(key);
    }
  }

  /** Fields of every message, and those that are not used. */
  #commonField(key: number): number {
    const reader = this.#reader;
    switch (key) {
      case KEY.E:
        this.#sentAt = reader.integer();
        return this.#sentAt === MISFIT ? MISFIT : SENT;
      case KEY.T:
        this.#happenedAt = reader.integer();
        return this.#happenedAt === MISFIT ? MISFIT : HAPPENED;
      case KEY.s:
        return reader.literal(this.#symbol) ? SYMBOL : MISFIT;
      case KEY.e:
      case MISFIT:
        return MISFIT;
      default:
        return reader.skip() ? UNUSED : MISFIT;
    }
  }

  /** What all kinds have, once all fields have been read. */
  #finish(): boolean {
    const message = this.#message;
    message.eventMs = venueMsOf(this.#sentAt);
    message.venueMs = venueMsOf(this.#happenedAt);
    message.lastId = this.#id;
    return this.#reader.literal(TAIL);
  }

  /** Its two times come before the levels, and say nothing that is used. */
  #snapshot(): boolean {
    const reader = this.#reader;
    const message = this.#message;
    message.reset(MarketKind.snapshot);
    const lastId = reader.integer();
    if (lastId === MISFIT) return false;
    if (!reader.literal(SNAPSHOT_SENT) || reader.integer() === MISFIT) return false;
    if (!reader.literal(SNAPSHOT_HAPPENED) || reader.integer() === MISFIT) return false;
    if (!reader.literal(SNAPSHOT_BIDS) || !reader.levels()) return false;
    message.firstId = lastId;
    message.lastId = lastId;
    message.levels.bidCount = message.levels.length;
    return reader.literal(SNAPSHOT_ASKS) && reader.levels() && reader.literal(OBJECT_TAIL);
  }
}

const HEAD = utf8('{"stream":"');
const EVENT = utf8(',"data":{"e":"');
const TICKER_EVENT = utf8('bookTicker"');
const DEPTH_EVENT = utf8('depthUpdate"');
const AGG_TRADE_EVENT = utf8('aggTrade"');
const TRADE_EVENT = utf8('trade"');
const MARK_EVENT = utf8('markPriceUpdate"');
const BY_MARKET = utf8('"MARKET"');
const TAIL = utf8("}}");
const SNAPSHOT_HEAD = utf8('{"lastUpdateId":');
const SNAPSHOT_SENT = utf8(',"E":');
const SNAPSHOT_HAPPENED = utf8(',"T":');
const SNAPSHOT_BIDS = utf8(',"bids":[');
const SNAPSHOT_ASKS = utf8(',"asks":[');
const OBJECT_TAIL = utf8("}");
