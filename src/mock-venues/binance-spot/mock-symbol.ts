/**
 * MockSymbol: one symbol of the mock venue: its market in real time with our orders in the book,
 * its REST answers about the market, and its streams. Orders go to `exchange`, after
 * `advanceToNow()`; the book, the streams and the status follow by themselves. No I/O.
 *
 * The published book shows our orders, as a real one does; our own fills are not printed, since
 * the recorded market does not change because of us. Prices before the start are made up (seeded).
 */

import type { Instrument } from "#domain/instrument.ts";
import type { Rng } from "#domain/rng.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { ExchangeEvent } from "#sim/order-reports.ts";
import type { QueueModel } from "#sim/queue-model.ts";
import type { FeePolicy } from "#sim/sim-account.ts";
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
import { averageText, priceText, sizeText, valueText } from "./amounts.ts";
import type { MarketFront, SymbolStatus } from "./market-front.ts";
import { symbolRules } from "./symbol-rules.ts";
import { type StreamListener, SymbolStreams, TICK_MS } from "./symbol-streams.ts";

export interface MockSymbolOptions {
  readonly instrument: Instrument;
  readonly source: MarketSource;
  /** Balances of its own, or the wallet that all symbols of the account share. */
  readonly account: SimExchangeOptions["account"];
  readonly fees: FeePolicy;
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

/** `[price, size]`, eight decimals each. */
type LevelTexts = readonly (readonly [string, string])[];

export interface DepthSnapshot {
  readonly lastUpdateId: number;
  readonly bids: LevelTexts;
  readonly asks: LevelTexts;
}

export interface BookTicker {
  readonly symbol: string;
  readonly bidPrice: string;
  readonly bidQty: string;
  readonly askPrice: string;
  readonly askQty: string;
}

export interface PublicTrade {
  readonly id: number;
  readonly price: string;
  readonly qty: string;
  readonly quoteQty: string;
  readonly time: number;
  readonly isBuyerMaker: boolean;
  readonly isBestMatch: boolean;
}

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
/** The average price's window, in seconds: the filters name five minutes. */
const AVERAGE_SECONDS = 300;
/** Ids start somewhere in the millions, as those of a venue that has run before. */
const FIRST_ID = 1_000_000;
const ID_SPREAD = 9_000_000;

export class MockSymbol implements MarketFront, MarketListener {
  readonly instrument: Instrument;
  readonly exchange: SimExchange;
  /** Its entry in exchangeInfo, without its status. */
  readonly rules: MarketFront["rules"];
  readonly #options: MockSymbolOptions;
  readonly #driver: MarketDriver;
  readonly #book: PublishedBook;
  readonly #candles = new Candles();
  readonly #streams: SymbolStreams;
  readonly #trades: Print[] = [];
  /** Prints of the moment that happens. */
  readonly #moment: Print[] = [];
  #lastTradeId: number;
  #status: SymbolStatus = "TRADING";
  #isEmitting = false;
  #hasBegun = false;
  #ticks = 0;
  #cancelTick: CancelTimer | null = null;
  #cancelSettle: CancelTimer | null = null;

  constructor(options: MockSymbolOptions) {
    const { instrument, account, fees, queueModel, rng, source, timers, nowMs, speed } = options;
    this.#options = options;
    this.instrument = instrument;
    this.rules = symbolRules(instrument);
    const emit = (event: ExchangeEvent): void => this.#onExchangeEvent(event);
    this.exchange = new SimExchange({ instrument, account, fees, queueModel, emit });
    const firstId = (): number => FIRST_ID + rng.integer(ID_SPREAD);
    this.#book = new PublishedBook(this.exchange, firstId(), (isBid, ticks) =>
      this.#streams.levelChanged(isBid, ticks),
    );
    const parts = { instrument, book: this.#book, candles: this.#candles, nowMs };
    this.#streams = new SymbolStreams(parts, firstId());
    this.#lastTradeId = firstId();
    this.#driver = new MarketDriver({
      source,
      exchange: this.exchange,
      listener: this,
      timers,
      nowMs,
      ...(speed === undefined ? {} : { speed }),
    });
  }

  /** In a break the market stands still; where orders may only be cancelled, it goes on. */
  get status(): SymbolStatus {
    return this.#status;
  }
  set status(status: SymbolStatus) {
    this.#status = status;
    if (status === "BREAK") this.#driver.halt();
    else this.#driver.resume();
  }

  /** Opens the market: there is a book, a last price and a past when this returns. */
  start(): void {
    this.#driver.start();
    this.#scheduleTick();
  }

  /** Nothing happens any more. */
  stop(): void {
    this.#driver.stop();
    this.#cancelTick?.();
    this.#cancelSettle?.();
  }

  /** To be called before a request is executed. @returns the time at the exchange */
  advanceToNow(): number {
    return this.#driver.advanceToNow();
  }

  /** A request of ours is done with: the published book follows at once instead of shortly. */
  onOwnOrderChanged(): void {
    this.#settle();
  }

  /** @param suffix the stream's name behind the symbol; nothing ever comes of an unknown one */
  subscribe(suffix: string, listener: StreamListener): () => void {
    return this.#streams.subscribe(suffix, listener);
  }

  depth(limit: number): DepthSnapshot {
    this.#settle();
    return {
      lastUpdateId: this.#book.updateId,
      bids: this.#levelTexts(true, limit),
      asks: this.#levelTexts(false, limit),
    };
  }

  bookTicker(): BookTicker {
    this.#settle();
    const none = [priceText(this.instrument, 0), sizeText(this.instrument, 0)] as const;
    const [[bidPrice, bidQty] = none] = this.#levelTexts(true, 1);
    const [[askPrice, askQty] = none] = this.#levelTexts(false, 1);
    return { symbol: this.instrument.symbol, bidPrice, bidQty, askPrice, askQty };
  }

  /** Of the last print, or of the made-up past before the first. */
  get lastTicks(): number {
    return this.#candles.list("1s").at(-1)?.closeTicks ?? 0;
  }

  lastPrice(): string {
    return priceText(this.instrument, this.lastTicks);
  }

  /** The prints' average by volume over five minutes; the last price where there is none. */
  averagePrice(): string {
    let units = 0n;
    let lots = 0;
    for (const candle of this.#candles.list("1s").slice(-AVERAGE_SECONDS)) {
      units += candle.units;
      lots += candle.lots;
    }
    if (lots === 0) return this.lastPrice();
    return averageText(this.instrument, units, lots);
  }

  /** The newest prints, oldest first. */
  recentTrades(limit: number): PublicTrade[] {
    return this.#trades.slice(-limit).map(({ id, timeMs, ticks, lots, aggressorIsBuy }) => ({
      id,
      price: priceText(this.instrument, ticks),
      qty: sizeText(this.instrument, lots),
      quoteQty: valueText(this.instrument, BigInt(ticks) * BigInt(lots)),
      time: Math.floor(timeMs),
      isBuyerMaker: !aggressorIsBuy,
      isBestMatch: true,
    }));
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
    this.#candles.advance(this.#driver.advanceToNow());
    const inRange = this.#candles
      .list(interval)
      .filter(({ openMs }) => openMs >= (startMs ?? 0) && openMs <= (endMs ?? Infinity));
    const rows = startMs === undefined ? inRange.slice(-limit) : inRange.slice(0, limit);
    return rows.map((candle) => this.#klineRow(interval, candle));
  }

  levelSet(isBid: boolean, ticks: number): void {
    this.#book.mark(isBid, ticks);
  }

  printed(aggressorIsBuy: boolean, ticks: number, lots: number, timeMs: number): void {
    this.#lastTradeId += 1;
    const print = { id: this.#lastTradeId, timeMs, ticks, lots, aggressorIsBuy };
    this.#moment.push(print);
    this.#trades.push(print);
    if (this.#trades.length > 2 * MAX_TRADES) this.#trades.splice(0, MAX_TRADES);
  }

  clearing(): void {
    this.#book.markAll();
  }

  settled(timeMs: number): void {
    this.#book.settle();
    if (!this.#hasBegun) this.#begin(timeMs);
    for (const print of this.#moment) this.#candles.print(print);
    this.#streams.printed(this.#moment);
    this.#moment.length = 0;
    this.#streams.bookSettled();
  }

  /** The first moment is in: the past leads up to its price. */
  #begin(timeMs: number): void {
    this.#hasBegun = true;
    const { tickValue, lotValue } = this.instrument;
    const startTicks = Math.max(1, this.#book.best(true), this.#book.best(false));
    const lotsPerSecond = pastLotsPerSecond(startTicks * tickValue * lotValue);
    this.#candles.begin(timeMs, startTicks, this.#options.rng, lotsPerSecond);
  }

  #onExchangeEvent(event: ExchangeEvent): void {
    this.#book.markOwn();
    if (event.kind === "fill") {
      // A taker leaves less of the recorded level, a maker less of its own.
      this.#book.mark(true, event.fill.priceTicks);
      this.#book.mark(false, event.fill.priceTicks);
    }
    // The exchange is still at work on the order: the book is brought up to date after it.
    this.#cancelSettle ??= this.#options.timers.after(1, () => {
      this.#cancelSettle = null;
      this.#settle();
    });
    const wasEmitting = this.#isEmitting;
    this.#isEmitting = true;
    try {
      this.#options.emit(event);
    } finally {
      this.#isEmitting = wasEmitting;
    }
  }

  /** Brings the published book up to date, unless the exchange is at work. */
  #settle(): void {
    if (this.#isEmitting || this.#driver.isAdvancing || !this.#book.isStale) return;
    this.#book.settle();
    this.#streams.bookSettled();
  }

  #scheduleTick(): void {
    this.#cancelTick = this.#options.timers.after(TICK_MS, () => {
      this.#scheduleTick();
      this.#ticks += 1;
      this.#candles.advance(this.#driver.advanceToNow());
      this.#settle();
      this.#streams.flush(this.#ticks);
    });
  }

  #levelTexts(isBid: boolean, limit: number): LevelTexts {
    const { instrument } = this;
    return this.#book
      .levels(isBid, limit)
      .map(([ticks, lots]) => [priceText(instrument, ticks), sizeText(instrument, lots)] as const);
  }

  #klineRow(interval: string, candle: Readonly<Candle>): KlineRow {
    const { instrument } = this;
    return [
      candle.openMs,
      priceText(instrument, candle.openTicks),
      priceText(instrument, candle.highTicks),
      priceText(instrument, candle.lowTicks),
      priceText(instrument, candle.closeTicks),
      sizeText(instrument, candle.lots),
      candleCloseMs(interval, candle.openMs),
      valueText(instrument, candle.units),
      candle.trades,
      sizeText(instrument, candle.takerLots),
      valueText(instrument, candle.takerUnits),
      "0",
    ];
  }
}
