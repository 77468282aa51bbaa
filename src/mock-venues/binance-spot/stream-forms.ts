/**
 * The market streams of Binance Spot as the venue names and writes them. May import domain and this
 * folder.
 */

import { NO_TICKS } from "#domain/book.ts";
import type { Instrument } from "#domain/instrument.ts";
import { klineJson } from "../binance/kline-json.ts";
import type { AmountTexts } from "../binance/symbol-market.ts";
import type { Aggregate, PartialBook, StreamForms } from "../binance/symbol-streams.ts";
import type { Print } from "../candles.ts";
import type { JsonObject } from "../json.ts";
import type { PublishedBook } from "../published-book.ts";

interface FormParts {
  readonly instrument: Instrument;
  readonly book: PublishedBook;
  readonly texts: AmountTexts;
  /** The venue's clock, for event times. */
  readonly nowMs: () => number;
}

const FAST_MS = 100;
const SLOW_MS = 1000;
const KLINE_MS = 2000;
const PARTIAL_DEPTH = /^depth(5|10|20)(@100ms|@1000ms)?$/;
const OTHERS: ReadonlySet<string> = new Set([
  "bookTicker",
  "depth",
  "depth@100ms",
  "trade",
  "aggTrade",
]);

export function spotStreamForms({ instrument, book, texts, nowMs }: FormParts): StreamForms {
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
  const printOf = ({ id, timeMs, ticks, lots, aggressorIsBuy }: Print): JsonObject => ({
    t: id,
    p: texts.price(ticks),
    q: texts.size(lots),
    T: Math.floor(timeMs),
    m: !aggressorIsBuy,
    M: true,
  });
  const aggregateOf = ({ id, first, last, lots }: Aggregate): JsonObject => ({
    a: id,
    p: texts.price(first.ticks),
    q: texts.size(lots),
    f: first.id,
    l: last.id,
    T: Math.floor(first.timeMs),
    m: !first.aggressorIsBuy,
    M: true,
  });
  return {
    tickMs: FAST_MS,
    depthWindows: [
      { suffix: "depth@100ms", periodMs: FAST_MS },
      { suffix: "depth", periodMs: SLOW_MS },
    ],
    klinePeriodMs: (interval) => (interval === "1s" ? SLOW_MS : KLINE_MS),
    partialBookOf,
    canonical: canonicalName,
    touch: () => {
      const [[bid, bidSize], [ask, askSize]] = [bestText(true), bestText(false)];
      return `"b":"${bid}","B":"${bidSize}","a":"${ask}","A":"${askSize}"`;
    },
    bookTicker: (touch) => `{"u":${book.updateId},"s":"${symbol}",${touch}}`,
    depthUpdate: ({ firstId, lastId, bids, asks }) => {
      const head = `"e":"depthUpdate","E":${eventMs()},"s":"${symbol}"`;
      const sides = `"b":${levelsText(true, bids)},"a":${levelsText(false, asks)}`;
      return `{${head},"U":${firstId},"u":${lastId},${sides}}`;
    },
    partialBook: (levels) => {
      const [bids, asks] = [true, false].map((isBid) =>
        book.levels(isBid, levels).map(([ticks, lots]) => [texts.price(ticks), texts.size(lots)]),
      );
      return JSON.stringify({ lastUpdateId: book.updateId, bids, asks });
    },
    trade: (print) => JSON.stringify({ e: "trade", E: eventMs(), s: symbol, ...printOf(print) }),
    aggTrade: (group) =>
      JSON.stringify({ e: "aggTrade", E: eventMs(), s: symbol, ...aggregateOf(group) }),
    kline: (interval, candle, isClosed) => {
      const k = klineJson({ symbol, interval, candle, isClosed }, texts);
      return JSON.stringify({ e: "kline", E: eventMs(), s: symbol, k });
    },
  };
}

function partialBookOf(suffix: string): PartialBook | undefined {
  const [, levels, speed] = PARTIAL_DEPTH.exec(suffix) ?? [];
  const periodMs = speed === "@100ms" ? FAST_MS : SLOW_MS;
  return levels === undefined ? undefined : { levels: Number(levels), periodMs };
}

/** A second is the depth's default, and may be named. */
function canonicalName(suffix: string): string | undefined {
  const name = suffix === "depth@1000ms" ? "depth" : suffix;
  return OTHERS.has(name) ? name : undefined;
}
