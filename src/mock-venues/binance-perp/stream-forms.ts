/**
 * The market streams of Binance USD-M as the venue names and writes them, and which of its routes
 * has which. May import domain and this folder.
 */

import { NO_TICKS } from "#domain/book.ts";
import type { Instrument } from "#domain/instrument.ts";
import { klineJson } from "../binance/kline-json.ts";
import type { AmountTexts } from "../binance/symbol-market.ts";
import type { StreamForms } from "../binance/symbol-streams.ts";
import type { PublishedBook } from "../published-book.ts";

interface FormParts {
  readonly instrument: Instrument;
  readonly book: PublishedBook;
  readonly texts: AmountTexts;
  /** The venue's clock, for event times. */
  readonly nowMs: () => number;
}

export const TICK_MS = 50;
const FAST_MS = 100;
const USUAL_MS = 250;
const SLOW_MS = 500;
/** USD-M; COIN-M is 2. */
export const STREAM_TYPE = 1;
/** Ids of the book are one sequence of the whole engine: those of one symbol are not neighbours. */
const ID_STEP = 3;

const PUBLIC: ReadonlySet<string> = new Set(["bookTicker", "depth", "depth@100ms", "depth@500ms"]);
const MARKET: ReadonlySet<string> = new Set(["aggTrade", "markPrice", "markPrice@1s"]);

export function isPublicStream(suffix: string): boolean {
  return PUBLIC.has(canonicalName(suffix));
}

export function isMarketStream(suffix: string): boolean {
  return MARKET.has(suffix) || /^kline_\w+$/.test(suffix);
}

/** How an update of the book is numbered on the wire. */
export function wireUpdateId(updateId: number): number {
  return updateId * ID_STEP;
}

export function perpStreamForms({ instrument, book, texts, nowMs }: FormParts): StreamForms {
  const { symbol } = instrument;
  const levelText = (isBid: boolean, ticks: number): [string, string] => {
    return [texts.price(ticks), texts.size(book.lotsAt(isBid, ticks))];
  };
  const bestText = (isBid: boolean): readonly [string, string] => {
    const best = book.best(isBid);
    return best === NO_TICKS ? [texts.price(0), texts.size(0)] : levelText(isBid, best);
  };
  const levelsText = (isBid: boolean, ticks: readonly number[]): string =>
    JSON.stringify(ticks.map((price) => levelText(isBid, price)));
  const eventMs = (): number => Math.floor(nowMs());
  /** Event and transaction time, and of what. */
  const times = (): string => `"E":${eventMs()},"T":${eventMs()},"s":"${symbol}","ps":"${symbol}"`;
  return {
    tickMs: TICK_MS,
    depthWindows: [
      { suffix: "depth@100ms", periodMs: FAST_MS },
      { suffix: "depth", periodMs: USUAL_MS },
      { suffix: "depth@500ms", periodMs: SLOW_MS },
    ],
    klinePeriodMs: () => USUAL_MS,
    partialBookOf: () => undefined,
    canonical: (suffix) => {
      const name = canonicalName(suffix);
      return PUBLIC.has(name) || MARKET.has(name) ? name : undefined;
    },
    touch: () => {
      const [[bid, bidSize], [ask, askSize]] = [bestText(true), bestText(false)];
      return `"b":"${bid}","B":"${bidSize}","a":"${ask}","A":"${askSize}"`;
    },
    bookTicker: (touch) => {
      const head = `"e":"bookTicker","u":${wireUpdateId(book.updateId)},${times()}`;
      return `{${head},${touch},"st":${STREAM_TYPE}}`;
    },
    depthUpdate: ({ previousId, firstId, lastId, bids, asks }) => {
      const [U, u, pu] = [wireUpdateId(firstId), wireUpdateId(lastId), wireUpdateId(previousId)];
      const head = `"e":"depthUpdate",${times()},"U":${U},"u":${u},"pu":${pu}`;
      const sides = `"b":${levelsText(true, bids)},"a":${levelsText(false, asks)}`;
      return `{${head},${sides},"st":${STREAM_TYPE}}`;
    },
    // Neither of them is there: no subscription leads here.
    partialBook: () => "{}",
    trade: () => "{}",
    aggTrade: ({ id, first, last, lots }) =>
      JSON.stringify({
        e: "aggTrade",
        E: eventMs(),
        s: symbol,
        a: id,
        p: texts.price(first.ticks),
        q: texts.size(lots),
        nq: texts.size(lots),
        f: first.id,
        l: last.id,
        T: Math.floor(first.timeMs),
        m: !first.aggressorIsBuy,
        st: STREAM_TYPE,
      }),
    kline: (interval, candle, isClosed) => {
      const k = klineJson({ symbol, interval, candle, isClosed }, texts);
      return JSON.stringify({ e: "kline", E: eventMs(), s: symbol, k });
    },
  };
}

/** A quarter of a second is the depth's default, and may be named. */
function canonicalName(suffix: string): string {
  return suffix === "depth@250ms" ? "depth" : suffix;
}
