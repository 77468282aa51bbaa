/**
 * SymbolStreams: the market streams of one symbol: who listens to what, and the messages as Binance
 * writes them, each made once for all who listen. Depth windows go on whether anybody listens or
 * not, as the venue's do. Writes no sockets.
 */

import { NO_TICKS } from "#domain/book.ts";
import type { Instrument } from "#domain/instrument.ts";
import { type Candle, type Candles, candleCloseMs, isInterval, type Print } from "../candles.ts";
import type { PublishedBook } from "../published-book.ts";
import { priceText, sizeText, valueText } from "./amounts.ts";

/** Gets the raw message as JSON text. */
export type StreamListener = (text: string) => void;

interface SymbolStreamsParts {
  readonly instrument: Instrument;
  readonly book: PublishedBook;
  readonly candles: Candles;
  /** The venue's clock, for event times. */
  readonly nowMs: () => number;
}

/** The depth windows, and how often candles are told; all are multiples of the first. */
export const TICK_MS = 100;
const SLOW_MS = 1000;
const KLINE_MS = 2000;

const PARTIAL_DEPTH = /^depth(5|10|20)(@100ms)?$/;
const KLINE = /^kline_(\w+)$/;

/** Levels that changed since its last message. */
interface DepthWindow {
  readonly suffix: string;
  readonly periodMs: number;
  /** `2 · ticks + side`, side 0 for a bid. */
  readonly changed: Set<number>;
  /** The last update id that was told. */
  lastId: number;
}

export class SymbolStreams {
  readonly #parts: SymbolStreamsParts;
  readonly #listeners = new Map<string, Set<StreamListener>>();
  readonly #windows: readonly DepthWindow[];
  /** By stream, the update id of the last partial book, or the opening of the last candle told. */
  readonly #told = new Map<string, number>();
  #touch = "";
  #lastAggregateId: number;

  /** @param firstAggregateId id before the first aggregate trade */
  constructor(parts: SymbolStreamsParts, firstAggregateId: number) {
    this.#parts = parts;
    this.#lastAggregateId = firstAggregateId;
    const lastId = parts.book.updateId;
    this.#windows = [
      { suffix: "depth@100ms", periodMs: TICK_MS, changed: new Set(), lastId },
      { suffix: "depth", periodMs: SLOW_MS, changed: new Set(), lastId },
    ];
  }

  /**
   * @param suffix the stream's name behind the symbol: `bookTicker`, `depth@100ms`, `kline_1m`, …
   * Nothing ever comes of a name that is none: the venue does not complain either.
   * @returns ends the subscription
   */
  subscribe(suffix: string, listener: StreamListener): () => void {
    const name = canonical(suffix);
    if (name === undefined) return () => undefined;
    const listeners = this.#listeners.get(name) ?? new Set();
    // A wrapper of its own: the same function may listen twice.
    const own: StreamListener = (text) => listener(text);
    this.#listeners.set(name, listeners.add(own));
    return () => {
      listeners.delete(own);
      if (listeners.size > 0) return;
      this.#listeners.delete(name);
      this.#told.delete(name);
    };
  }

  levelChanged(isBid: boolean, ticks: number): void {
    for (const { changed } of this.#windows) changed.add(2 * ticks + (isBid ? 0 : 1));
  }

  /** The prints of one moment, in order. */
  printed(prints: readonly Print[]): void {
    for (const print of prints) this.#tell("trade", () => this.#tradeText(print));
    for (const group of aggregated(prints)) {
      this.#lastAggregateId += 1;
      this.#tell("aggTrade", () => this.#aggregateText(group));
    }
  }

  /** The book is up to date: tells the touch where it changed. */
  bookSettled(): void {
    if (!this.#listeners.has("bookTicker")) {
      this.#touch = "";
      return;
    }
    const touch = this.#touchText();
    if (touch === this.#touch) return;
    this.#touch = touch;
    const { book, instrument } = this.#parts;
    this.#tell("bookTicker", () => `{"u":${book.updateId},"s":"${instrument.symbol}",${touch}}`);
  }

  /** A tenth of a second went by. @param tick counts them */
  flush(tick: number): void {
    for (const window of this.#windows) {
      if ((tick * TICK_MS) % window.periodMs === 0) this.#flushWindow(window);
    }
    for (const name of this.#listeners.keys()) {
      const [, partialLevels, isFast] = PARTIAL_DEPTH.exec(name) ?? [];
      const [, interval] = KLINE.exec(name) ?? [];
      if (partialLevels !== undefined && isDue(tick, isFast === undefined ? SLOW_MS : TICK_MS)) {
        this.#tellPartial(name, Number(partialLevels));
      }
      if (interval !== undefined && isDue(tick, interval === "1s" ? SLOW_MS : KLINE_MS)) {
        this.#tellCandles(name, interval);
      }
    }
  }

  #tell(name: string, text: () => string): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    const message = text();
    for (const listener of listeners) listener(message);
  }

  #flushWindow(window: DepthWindow): void {
    const { book, instrument, nowMs } = this.#parts;
    const firstId = window.lastId + 1;
    window.lastId = book.updateId;
    const changed = [...window.changed];
    window.changed.clear();
    if (window.lastId < firstId) return;
    this.#tell(window.suffix, () => {
      const ids = `"U":${firstId},"u":${window.lastId}`;
      const head = `"e":"depthUpdate","E":${Math.floor(nowMs())},"s":"${instrument.symbol}",${ids}`;
      const bids = this.#changedText(changed, true);
      return `{${head},"b":${bids},"a":${this.#changedText(changed, false)}}`;
    });
  }

  #changedText(changed: readonly number[], isBid: boolean): string {
    const { book } = this.#parts;
    const ticks = changed
      .filter((key) => (key % 2 === 0) === isBid)
      .map((key) => Math.floor(key / 2))
      .toSorted((a, b) => (isBid ? b - a : a - b));
    return JSON.stringify(ticks.map((price) => this.#levelText(price, book.lotsAt(isBid, price))));
  }

  #levelText(ticks: number, lots: number): [string, string] {
    const { instrument } = this.#parts;
    return [priceText(instrument, ticks), sizeText(instrument, lots)];
  }

  #tellPartial(name: string, levels: number): void {
    const { book } = this.#parts;
    if (this.#told.get(name) === book.updateId) return;
    this.#told.set(name, book.updateId);
    this.#tell(name, () => {
      const [bids, asks] = [true, false].map((isBid) =>
        book.levels(isBid, levels).map(([ticks, lots]) => this.#levelText(ticks, lots)),
      );
      return JSON.stringify({ lastUpdateId: book.updateId, bids, asks });
    });
  }

  /** The candle at work; before it, those that were closed since the last message. */
  #tellCandles(name: string, interval: string): void {
    const all = this.#parts.candles.list(interval);
    const last = all.at(-1);
    if (last === undefined) return;
    const toldMs = this.#told.get(name) ?? last.openMs;
    this.#told.set(name, last.openMs);
    for (const candle of all.slice(-3)) {
      if (candle.openMs < toldMs) continue;
      this.#tell(name, () => this.#candleText(interval, candle, candle !== last));
    }
  }

  #touchText(): string {
    const [bid, bidSize] = this.#bestText(true);
    const [ask, askSize] = this.#bestText(false);
    return `"b":"${bid}","B":"${bidSize}","a":"${ask}","A":"${askSize}"`;
  }

  #bestText(isBid: boolean): [string, string] {
    const { book } = this.#parts;
    const best = book.best(isBid);
    return best === NO_TICKS
      ? this.#levelText(0, 0)
      : this.#levelText(best, book.lotsAt(isBid, best));
  }

  #tradeText({ id, timeMs, ticks, lots, aggressorIsBuy }: Print): string {
    const { instrument, nowMs } = this.#parts;
    const [p, q] = this.#levelText(ticks, lots);
    return JSON.stringify({
      e: "trade",
      E: Math.floor(nowMs()),
      s: instrument.symbol,
      t: id,
      p,
      q,
      T: Math.floor(timeMs),
      m: !aggressorIsBuy,
      M: true,
    });
  }

  #aggregateText(group: Aggregate): string {
    const { instrument, nowMs } = this.#parts;
    const { first, last, lots } = group;
    const [p, q] = this.#levelText(first.ticks, lots);
    return JSON.stringify({
      e: "aggTrade",
      E: Math.floor(nowMs()),
      s: instrument.symbol,
      a: this.#lastAggregateId,
      p,
      q,
      f: first.id,
      l: last.id,
      T: Math.floor(first.timeMs),
      m: !first.aggressorIsBuy,
      M: true,
    });
  }

  #candleText(interval: string, candle: Readonly<Candle>, isClosed: boolean): string {
    const { instrument, nowMs } = this.#parts;
    return JSON.stringify({
      e: "kline",
      E: Math.floor(nowMs()),
      s: instrument.symbol,
      k: {
        t: candle.openMs,
        T: candleCloseMs(interval, candle.openMs),
        s: instrument.symbol,
        i: interval,
        f: candle.firstId,
        L: candle.lastId,
        o: priceText(instrument, candle.openTicks),
        c: priceText(instrument, candle.closeTicks),
        h: priceText(instrument, candle.highTicks),
        l: priceText(instrument, candle.lowTicks),
        v: sizeText(instrument, candle.lots),
        n: candle.trades,
        x: isClosed,
        q: valueText(instrument, candle.units),
        V: sizeText(instrument, candle.takerLots),
        Q: valueText(instrument, candle.takerUnits),
        B: "0",
      },
    });
  }
}

interface Aggregate {
  readonly first: Print;
  last: Print;
  lots: number;
}

/** Prints of one taker at one price: neighbours of one moment with the same price and side. */
function aggregated(prints: readonly Print[]): Aggregate[] {
  const groups: Aggregate[] = [];
  for (const print of prints) {
    const group = groups.at(-1);
    const { first } = group ?? {};
    if (
      group === undefined ||
      first?.ticks !== print.ticks ||
      first.aggressorIsBuy !== print.aggressorIsBuy
    ) {
      groups.push({ first: print, last: print, lots: print.lots });
    } else {
      group.last = print;
      group.lots += print.lots;
    }
  }
  return groups;
}

/** The one name of a stream; undefined where there is none. */
function canonical(suffix: string): string | undefined {
  // A second is the depth's default, and may be named.
  const name = suffix.replace(/^(depth\d*)@1000ms$/, "$1");
  if (["bookTicker", "depth", "depth@100ms", "trade", "aggTrade"].includes(name)) return name;
  const [, interval] = KLINE.exec(name) ?? [];
  const isStream = PARTIAL_DEPTH.test(name) || (interval !== undefined && isInterval(interval));
  return isStream ? name : undefined;
}

function isDue(tick: number, periodMs: number): boolean {
  return (tick * TICK_MS) % periodMs === 0;
}
