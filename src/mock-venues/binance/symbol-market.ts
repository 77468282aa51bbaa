/**
 * SymbolMarket: the market of one symbol of a venue of Binance in real time with our orders in the
 * book: book, prints, candles and streams. Orders go to `exchange`, after `advanceToNow()`; the
 * rest follows by itself. What a venue adds to it, and how it writes it, is its own. No I/O.
 *
 * The published book shows our orders, as a real one does; our own fills are not printed, since
 * the recorded market does not change because of us. Prices before the start are made up (seeded).
 */

import type { Instrument } from "#domain/instrument.ts";
import type { Rng } from "#domain/rng.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { ExchangeEvent } from "#sim/order-reports.ts";
import type { QueueModel } from "#sim/queue-model.ts";
import { SimExchange, type SimExchangeOptions } from "#sim/sim-exchange.ts";
import {
  type Candle,
  Candles,
  candleCloseMs,
  isInterval,
  type Print,
  pastLotsPerSecond,
} from "../candles.ts";
import { MarketDriver, type MarketListener } from "../market-driver.ts";
import type { MarketSource } from "../market-source.ts";
import { PublishedBook } from "../published-book.ts";
import { type StreamForms, type StreamListener, SymbolStreams } from "./symbol-streams.ts";

export interface SymbolMarketOptions {
  readonly instrument: Instrument;
  readonly source: MarketSource;
  readonly queueModel: QueueModel;
  /** Gets the exchange's answers as they happen; must not call back into the exchange. */
  readonly emit: (event: ExchangeEvent) => void;
  /** The venue's clock, milliseconds since the epoch. */
  readonly nowMs: () => number;
  readonly timers: Timers;
  readonly rng: Rng;
  /** Market milliseconds per millisecond. Default: 1 */
  readonly speed?: number;
}

type ExchangeSetup = Omit<SimExchangeOptions, "instrument" | "queueModel" | "emit">;

/** How a venue writes amounts. */
export interface AmountTexts {
  readonly price: (ticks: number) => string;
  readonly size: (lots: number) => string;
  /** Quote currency. @param units Σ ticks · lots, beyond 2^53 for a busy day */
  readonly value: (units: bigint) => string;
}

/** Best bid and ask, as tickers have them. */
export interface TouchTexts {
  readonly symbol: string;
  readonly bidPrice: string;
  readonly bidQty: string;
  readonly askPrice: string;
  readonly askQty: string;
}

/** `[price, size]`. */
export type LevelTexts = readonly (readonly [string, string])[];

/** A row of `klines`, as documented. */
export type KlineRow = readonly [
  openTime: number,
  open: string,
  high: string,
  low: string,
  close: string,
  volume: string,
  closeTime: number,
  quoteVolume: string,
  trades: number,
  takerBuyVolume: string,
  takerBuyQuoteVolume: string,
  unused: string,
];

const MAX_TRADES = 1000;
/** Ids start somewhere in the millions, as those of a venue that has run before. */
const FIRST_ID = 1_000_000;
const ID_SPREAD = 9_000_000;
/** How long after an own order's change the published book follows at the latest. */
const SETTLE_MS = 1;

export abstract class SymbolMarket implements MarketListener {
  readonly instrument: Instrument;
  readonly exchange: SimExchange;
  protected readonly driver: MarketDriver;
  protected readonly book: PublishedBook;
  protected readonly candles = new Candles();
  protected readonly streams: SymbolStreams;
  /** The newest prints, oldest first. */
  protected readonly prints: Print[] = [];
  protected abstract readonly texts: AmountTexts;
  readonly #options: SymbolMarketOptions;
  readonly #tickMs: number;
  /** Prints of the moment that happens. */
  readonly #moment: Print[] = [];
  #lastTradeId: number;
  #isEmitting = false;
  #hasBegun = false;
  #ticks = 0;
  #cancelTick: CancelTimer | null = null;
  #cancelSettle: CancelTimer | null = null;

  /** @param formsOf called once, with a market that is not open yet */
  constructor(options: SymbolMarketOptions, setup: ExchangeSetup, formsOf: FormsOf) {
    const { instrument, queueModel, rng, source, timers, nowMs, speed } = options;
    this.#options = options;
    this.instrument = instrument;
    const emit = (event: ExchangeEvent): void => this.#onExchangeEvent(event);
    this.exchange = new SimExchange({ instrument, queueModel, emit, ...setup });
    const firstId = (): number => FIRST_ID + rng.integer(ID_SPREAD);
    this.book = new PublishedBook(this.exchange, firstId(), (isBid, ticks) =>
      this.streams.levelChanged(isBid, ticks),
    );
    const { book, candles } = this;
    const forms = formsOf(book);
    this.#tickMs = forms.tickMs;
    this.streams = new SymbolStreams({ forms, book, candles }, firstId());
    this.#lastTradeId = firstId();
    this.driver = new MarketDriver({
      source,
      exchange: this.exchange,
      listener: this,
      timers,
      nowMs,
      ...(speed === undefined ? {} : { speed }),
    });
  }

  /** Opens the market: there is a book, a last price and a past when this returns. */
  start(): void {
    this.driver.start();
    this.#scheduleTick();
  }

  /** Nothing happens any more. */
  stop(): void {
    this.driver.stop();
    this.#cancelTick?.();
    this.#cancelSettle?.();
  }

  /** To be called before a request is executed. @returns the time at the exchange */
  advanceToNow(): number {
    return this.driver.advanceToNow();
  }

  /** A request of ours is done with: the published book follows at once instead of shortly. */
  onOwnOrderChanged(): void {
    this.settle();
  }

  /** @param suffix the stream's name behind the symbol; nothing ever comes of an unknown one */
  subscribe(suffix: string, listener: StreamListener): () => void {
    return this.streams.subscribe(suffix, listener);
  }

  /** Of the last print, or of the made-up past before the first. */
  get lastTicks(): number {
    return this.candles.list("1s").at(-1)?.closeTicks ?? 0;
  }

  lastPrice(): string {
    return this.texts.price(this.lastTicks);
  }

  /**
   * Candles, oldest first: the first of them from `startMs` on, else the newest up to `endMs`.
   * Undefined where the venue has no such interval.
   */
  klines(
    interval: string,
    limit: number,
    startMs?: number,
    endMs?: number,
  ): KlineRow[] | undefined {
    if (!isInterval(interval)) return undefined;
    this.candles.advance(this.driver.advanceToNow());
    const inRange = this.candles
      .list(interval)
      .filter(({ openMs }) => openMs >= (startMs ?? 0) && openMs <= (endMs ?? Infinity));
    const rows = startMs === undefined ? inRange.slice(-limit) : inRange.slice(0, limit);
    return rows.map((candle) => this.#klineRow(interval, candle));
  }

  levelSet(isBid: boolean, ticks: number): void {
    this.book.mark(isBid, ticks);
  }

  printed(aggressorIsBuy: boolean, ticks: number, lots: number, timeMs: number): void {
    this.#lastTradeId += 1;
    const print = { id: this.#lastTradeId, timeMs, ticks, lots, aggressorIsBuy };
    this.#moment.push(print);
    this.prints.push(print);
    if (this.prints.length > 2 * MAX_TRADES) this.prints.splice(0, MAX_TRADES);
  }

  clearing(): void {
    this.book.markAll();
  }

  settled(timeMs: number): void {
    this.book.settle();
    if (!this.#hasBegun) this.#begin(timeMs);
    const prints = this.#moment.splice(0);
    for (const print of prints) this.candles.print(print);
    this.streams.printed(prints);
    this.streams.bookSettled();
    this.momentPassed(prints, timeMs);
  }

  /** A moment of the market is over, and the exchange is at rest. */
  protected momentPassed(_prints: readonly Print[], _timeMs: number): void {
    // Nothing more to do, where a venue has nothing that waits for a price.
  }

  /** A tick of the streams went by; told before they are. @param tick counts them */
  protected ticked(_tick: number): void {
    // Nothing more to do, where a venue has nothing of its own at a steady pace.
  }

  /** Brings the published book up to date, unless the exchange is at work. */
  protected settle(): void {
    if (this.#isEmitting || this.driver.isAdvancing || !this.book.isStale) return;
    this.book.settle();
    this.streams.bookSettled();
  }

  protected levelTexts(isBid: boolean, limit: number): LevelTexts {
    const { price, size } = this.texts;
    return this.book
      .levels(isBid, limit)
      .map(([ticks, lots]) => [price(ticks), size(lots)] as const);
  }

  /** Best bid and ask; zeros of an empty side. */
  protected touchTexts(): TouchTexts {
    this.settle();
    const none = [this.texts.price(0), this.texts.size(0)] as const;
    const [[bidPrice, bidQty] = none] = this.levelTexts(true, 1);
    const [[askPrice, askQty] = none] = this.levelTexts(false, 1);
    return { symbol: this.instrument.symbol, bidPrice, bidQty, askPrice, askQty };
  }

  /** The first moment is in: the past leads up to its price. */
  #begin(timeMs: number): void {
    this.#hasBegun = true;
    const { tickValue, lotValue } = this.instrument;
    const startTicks = Math.max(1, this.book.best(true), this.book.best(false));
    const lotsPerSecond = pastLotsPerSecond(startTicks * tickValue * lotValue);
    this.candles.begin(timeMs, startTicks, this.#options.rng, lotsPerSecond);
  }

  #onExchangeEvent(event: ExchangeEvent): void {
    this.book.markOwn();
    if (event.kind === "fill") {
      // A taker leaves less of the recorded level, a maker less of its own.
      this.book.mark(true, event.fill.priceTicks);
      this.book.mark(false, event.fill.priceTicks);
    }
    // The exchange is still at work on the order: the book is brought up to date after it.
    this.#cancelSettle ??= this.#options.timers.after(SETTLE_MS, () => {
      this.#cancelSettle = null;
      this.settle();
    });
    const wasEmitting = this.#isEmitting;
    this.#isEmitting = true;
    try {
      this.#options.emit(event);
    } finally {
      this.#isEmitting = wasEmitting;
    }
  }

  #scheduleTick(): void {
    this.#cancelTick = this.#options.timers.after(this.#tickMs, () => {
      this.#scheduleTick();
      this.#ticks += 1;
      this.candles.advance(this.driver.advanceToNow());
      this.settle();
      this.ticked(this.#ticks);
      this.streams.flush(this.#ticks);
    });
  }

  #klineRow(interval: string, candle: Readonly<Candle>): KlineRow {
    const { price, size, value } = this.texts;
    return [
      candle.openMs,
      price(candle.openTicks),
      price(candle.highTicks),
      price(candle.lowTicks),
      price(candle.closeTicks),
      size(candle.lots),
      candleCloseMs(interval, candle.openMs),
      value(candle.units),
      candle.trades,
      size(candle.takerLots),
      value(candle.takerUnits),
      "0",
    ];
  }
}

type FormsOf = (book: PublishedBook) => StreamForms;
