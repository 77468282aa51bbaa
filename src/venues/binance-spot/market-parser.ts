/**
 * MarketParser: reads the hot shapes of Binance Spot's public streams straight from bytes, without
 * an object or a string. What it does not know byte for byte goes to the twin in market-json.ts,
 * which also words the errors. Prices and sizes are scaled as integers. Pure; may import domain
 * only.
 */

import { type MarketSource, parseMarketJson, venueMsOf } from "../binance/market-json.ts";
import { MarketKind, MarketMessage } from "../binance/market-message.ts";
import { MarketReader, MISFIT, utf8 } from "../binance/market-reader.ts";
import { readMarketJson } from "./market-json.ts";

export class MarketParser {
  readonly #source: MarketSource;
  readonly #reader: MarketReader;
  readonly #message: MarketMessage;

  readonly #tickerHead: Uint8Array;
  readonly #depthHead: Uint8Array;
  readonly #tradeHead: Uint8Array;
  readonly #symbolThenBid: Uint8Array;
  readonly #symbolThenFirstId: Uint8Array;
  readonly #symbolThenTradeId: Uint8Array;

  /** @param message what every message is read into */
  constructor(source: MarketSource, message: MarketMessage = new MarketMessage()) {
    const { instrument } = source;
    const { symbol } = instrument;
    const stream = `{"stream":"${symbol.toLowerCase()}@`;
    this.#source = source;
    this.#message = message;
    this.#reader = new MarketReader(instrument, message);
    this.#tickerHead = utf8(`${stream}bookTicker","data":{"u":`);
    this.#depthHead = utf8(`${stream}depth@100ms","data":{"e":"depthUpdate","E":`);
    this.#tradeHead = utf8(`${stream}trade","data":{"e":"trade","E":`);
    this.#symbolThenBid = utf8(`,"s":"${symbol}","b":"`);
    this.#symbolThenFirstId = utf8(`,"s":"${symbol}","U":`);
    this.#symbolThenTradeId = utf8(`,"s":"${symbol}","t":`);
  }

  /** Reads any message, as it comes from a socket. @throws {BadMarketMessage} */
  parseText(text: string): MarketMessage {
    const end = this.#reader.openText(text);
    const isRead = end !== MISFIT && this.#isWhole(end);
    return isRead ? this.#message : this.parseJson(text);
  }

  /** The message in `bytes[start, end)`, or null where it has not exactly one of the hot shapes. */
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
    if (reader.literal(this.#tickerHead)) return this.#ticker();
    if (reader.literal(this.#depthHead)) return this.#depth();
    if (reader.literal(this.#tradeHead)) return this.#trade();
    return reader.literal(SNAPSHOT_HEAD) && this.#snapshot();
  }

  #ticker(): boolean {
    const reader = this.#reader;
    const message = this.#message;
    message.reset(MarketKind.ticker);
    const updateId = reader.integer();
    if (updateId === MISFIT || !reader.literal(this.#symbolThenBid)) return false;
    if (!reader.level(BID_SIZE) || !reader.literal(ASK_PRICE) || !reader.level(ASK_SIZE))
      return false;
    message.firstId = updateId;
    message.lastId = updateId;
    message.levels.bidCount = 1;
    return reader.literal(TICKER_TAIL);
  }

  #depth(): boolean {
    const reader = this.#reader;
    const message = this.#message;
    message.reset(MarketKind.depth);
    const eventTime = reader.integer();
    if (eventTime === MISFIT || !reader.literal(this.#symbolThenFirstId)) return false;
    const firstId = reader.integer();
    if (firstId === MISFIT || !reader.literal(LAST_ID)) return false;
    const lastId = reader.integer();
    if (lastId === MISFIT || !reader.literal(BIDS) || !reader.levels()) return false;
    message.levels.bidCount = message.levels.length;
    if (!reader.literal(ASKS) || !reader.levels()) return false;
    message.eventMs = venueMsOf(eventTime);
    message.venueMs = message.eventMs;
    message.firstId = firstId;
    message.lastId = lastId;
    return reader.literal(ENVELOPE_TAIL);
  }

  #trade(): boolean {
    const reader = this.#reader;
    const message = this.#message;
    message.reset(MarketKind.trade);
    const eventTime = reader.integer();
    if (eventTime === MISFIT || !reader.literal(this.#symbolThenTradeId)) return false;
    const tradeId = reader.integer();
    if (tradeId === MISFIT || !reader.literal(TRADE_PRICE)) return false;
    if (!reader.level(TRADE_SIZE) || !reader.literal(TRADE_TIME)) return false;
    const tradeTime = reader.integer();
    if (tradeTime === MISFIT) return false;
    message.sellerTook = reader.literal(BUYER_RESTED);
    if (!message.sellerTook && !reader.literal(SELLER_RESTED)) return false;
    message.eventMs = venueMsOf(eventTime);
    message.venueMs = venueMsOf(tradeTime);
    message.firstId = tradeId;
    message.lastId = tradeId;
    // The last field is historical and means nothing.
    return reader.literal(TRUE_TAIL) || reader.literal(FALSE_TAIL);
  }

  #snapshot(): boolean {
    const reader = this.#reader;
    const message = this.#message;
    message.reset(MarketKind.snapshot);
    const lastId = reader.integer();
    if (lastId === MISFIT || !reader.literal(SNAPSHOT_BIDS) || !reader.levels()) return false;
    message.firstId = lastId;
    message.lastId = lastId;
    message.levels.bidCount = message.levels.length;
    return reader.literal(SNAPSHOT_ASKS) && reader.levels() && reader.literal(OBJECT_TAIL);
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
