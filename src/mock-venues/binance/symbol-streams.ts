/**
 * SymbolStreams: the market streams of one symbol: who listens to what, and when there is something
 * to tell; each message is made once for all who listen, in the words of the venue. Depth windows
 * go on whether anybody listens or not, as the venue's do. Writes no sockets.
 */

import { type Candle, type Candles, isInterval, type Print } from "../candles.ts";
import type { PublishedBook } from "../published-book.ts";

/** Gets the raw message as JSON text. */
export type StreamListener = (text: string) => void;

/** Prints of one taker at one price. */
export interface Aggregate {
  readonly id: number;
  readonly first: Print;
  last: Print;
  lots: number;
}

/** Levels that changed between two messages of a depth stream. Prices in ticks, best first. */
export interface DepthDiff {
  /** The last update id that the message before told, and the first and the last of this one. */
  readonly previousId: number;
  readonly firstId: number;
  readonly lastId: number;
  readonly bids: readonly number[];
  readonly asks: readonly number[];
}

/** How a venue names its streams, when it tells them, and how it writes their messages. */
export interface StreamForms {
  /** All periods are multiples of it. */
  readonly tickMs: number;
  readonly depthWindows: readonly { readonly suffix: string; readonly periodMs: number }[];
  readonly klinePeriodMs: (interval: string) => number;
  /** Levels of a partial book and its period; undefined where the stream is none. */
  readonly partialBookOf: (suffix: string) => PartialBook | undefined;
  /** The one name of a stream that is neither candles nor partial book; undefined: no stream. */
  readonly canonical: (suffix: string) => string | undefined;
  /** Best bid and ask with their sizes, without what changes without them. */
  readonly touch: () => string;
  readonly bookTicker: (touch: string) => string;
  readonly depthUpdate: (diff: DepthDiff) => string;
  readonly partialBook: (levels: number) => string;
  readonly trade: (print: Print) => string;
  readonly aggTrade: (aggregate: Aggregate) => string;
  readonly kline: (interval: string, candle: Readonly<Candle>, isClosed: boolean) => string;
}

export interface PartialBook {
  readonly levels: number;
  readonly periodMs: number;
}

interface SymbolStreamsParts {
  readonly forms: StreamForms;
  readonly book: PublishedBook;
  readonly candles: Candles;
}

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
    this.#windows = parts.forms.depthWindows.map((window) => {
      return { ...window, changed: new Set(), lastId };
    });
  }

  /**
   * @param suffix the stream's name behind the symbol: `bookTicker`, `depth@100ms`, `kline_1m`, …
   * Nothing ever comes of a name that is none: the venue does not complain either.
   * @returns ends the subscription
   */
  subscribe(suffix: string, listener: StreamListener): () => void {
    const name = this.#canonical(suffix);
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
    const { forms } = this.#parts;
    for (const print of prints) this.tell("trade", () => forms.trade(print));
    for (const group of this.#aggregated(prints)) {
      this.tell("aggTrade", () => forms.aggTrade(group));
    }
  }

  /** The book is up to date: tells the touch where it changed. */
  bookSettled(): void {
    if (!this.#listeners.has("bookTicker")) {
      this.#touch = "";
      return;
    }
    const { forms } = this.#parts;
    const touch = forms.touch();
    if (touch === this.#touch) return;
    this.#touch = touch;
    this.tell("bookTicker", () => forms.bookTicker(touch));
  }

  /** A tick of the forms' went by. @param tick counts them */
  flush(tick: number): void {
    const { forms } = this.#parts;
    for (const window of this.#windows) {
      if (this.#isDue(tick, window.periodMs)) this.#flushWindow(window);
    }
    for (const name of this.#listeners.keys()) {
      const partial = forms.partialBookOf(name);
      if (partial !== undefined && this.#isDue(tick, partial.periodMs)) {
        this.#tellPartial(name, partial.levels);
      }
      const [, interval] = KLINE.exec(name) ?? [];
      if (interval !== undefined && this.#isDue(tick, forms.klinePeriodMs(interval))) {
        this.#tellCandles(name, interval);
      }
    }
  }

  /** Tells a message of a stream, where anybody listens to it. */
  tell(name: string, text: () => string): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    const message = text();
    for (const listener of listeners) listener(message);
  }

  #flushWindow(window: DepthWindow): void {
    const { book, forms } = this.#parts;
    const previousId = window.lastId;
    window.lastId = book.updateId;
    const changed = [...window.changed];
    window.changed.clear();
    if (window.lastId === previousId) return;
    this.tell(window.suffix, () =>
      forms.depthUpdate({
        previousId,
        firstId: previousId + 1,
        lastId: window.lastId,
        bids: ticksOf(changed, true),
        asks: ticksOf(changed, false),
      }),
    );
  }

  #tellPartial(name: string, levels: number): void {
    const { book, forms } = this.#parts;
    if (this.#told.get(name) === book.updateId) return;
    this.#told.set(name, book.updateId);
    this.tell(name, () => forms.partialBook(levels));
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
      this.tell(name, () => this.#parts.forms.kline(interval, candle, candle !== last));
    }
  }

  /** Prints of one taker at one price: neighbours of one moment with the same price and side. */
  #aggregated(prints: readonly Print[]): Aggregate[] {
    const groups: Aggregate[] = [];
    for (const print of prints) {
      const group = groups.at(-1);
      const { first } = group ?? {};
      if (
        group === undefined ||
        first?.ticks !== print.ticks ||
        first.aggressorIsBuy !== print.aggressorIsBuy
      ) {
        this.#lastAggregateId += 1;
        const id = this.#lastAggregateId;
        groups.push({ id, first: print, last: print, lots: print.lots });
      } else {
        group.last = print;
        group.lots += print.lots;
      }
    }
    return groups;
  }

  /** The one name of a stream; undefined where there is none. */
  #canonical(suffix: string): string | undefined {
    const { forms } = this.#parts;
    const [, interval] = KLINE.exec(suffix) ?? [];
    const isOther = interval !== undefined && isInterval(interval);
    if (isOther || forms.partialBookOf(suffix) !== undefined) return suffix;
    return forms.canonical(suffix);
  }

  #isDue(tick: number, periodMs: number): boolean {
    return (tick * this.#parts.forms.tickMs) % periodMs === 0;
  }
}

/** The changed levels of a side, best first. @param changed `2 · ticks + side` */
function ticksOf(changed: readonly number[], isBid: boolean): readonly number[] {
  return changed
    .filter((key) => (key % 2 === 0) === isBid)
    .map((key) => Math.floor(key / 2))
    .toSorted((a, b) => (isBid ? b - a : a - b));
}
