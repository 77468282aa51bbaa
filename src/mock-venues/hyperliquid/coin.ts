/**
 * HlCoin: one listed perp of the mock venue: its market in real time with our orders in the book,
 * its oracle and mark price, and everything the venue publishes about it. Orders go to `exchange`
 * after `advanceToNow()`; book, prints and prices follow by themselves. No I/O, no cadence: who
 * writes streams decides how often, and asks here for what there is to say.
 *
 * The published book shows our orders; our own fills are not printed, since the recorded market
 * does not change because of us. Prices before the start are made up (seeded).
 *
 * Oracle: the middle of the book, moved by a fixed basis, every three seconds. Mark: the median of
 * best bid, best ask and last print, as often. Both can be pinned.
 */

import { NO_TICKS } from "#domain/book.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { Rng } from "#domain/rng.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { ExchangeEvent } from "#sim/order-reports.ts";
import { parseQueueModel, type QueueModel } from "#sim/queue-model.ts";
import type { AccountSetup } from "#sim/sim-account.ts";
import { SimExchange } from "#sim/sim-exchange.ts";
import { type Candle, Candles, pastLotsPerSecond } from "../candles.ts";
import { MarketDriver, type MarketListener } from "../market-driver.ts";
import type { MarketSource } from "../market-source.ts";
import { PublishedBook } from "../published-book.ts";
import {
  type AssetCtx,
  assetCtx,
  type BboData,
  type BookData,
  type BookPrecision,
  bookData,
  type CandleData,
  candleData,
  levelData,
  type Prices,
  type PublicTrade,
} from "./market-data.ts";
import { Tape } from "./public-tape.ts";
import { USDC_DECIMALS } from "./wire-numbers.ts";

/** A listed perp, as the maker of a venue describes it. */
export interface HlCoinSpec {
  /** See `perpInstrument`; its symbol is the coin's name, its maker fee may be negative. */
  readonly instrument: Instrument;
  readonly maxLeverage: number;
  /** Takes isolated margin only. Default: false */
  readonly onlyIsolated?: boolean;
  readonly source: MarketSource;
  /** Market milliseconds per millisecond. Default: 1 */
  readonly speed?: number;
  /** Default: risk-averse */
  readonly queueModel?: QueueModel;
  /** What each funding interval settles, a plain decimal. Default: "0.0000125" */
  readonly fundingRate?: string;
  /** Oracle above (or below) the middle of the book, as a fraction of it. Default: 0 */
  readonly oracleBasis?: number;
}

export interface HlCoinParts {
  readonly spec: HlCoinSpec;
  /** Index in the universe. */
  readonly asset: number;
  /** Whether the whole account can carry that this coin's exposure (ticks · lots) so grows. */
  readonly canCarry: NonNullable<AccountSetup["canCarry"]>;
  /** Gets the exchange's answers as they happen; must not call back into the exchange. */
  readonly emit: (event: ExchangeEvent) => void;
  /** The mark was set, and the exchange is at rest: stop orders may fire. */
  readonly marked: () => void;
  /** Everything of one moment of the market has happened, and the exchange is at rest. */
  readonly settled: () => void;
  /** The venue's clock, epoch milliseconds. */
  readonly nowMs: () => number;
  readonly timers: Timers;
  readonly rng: Rng;
  readonly oracleIntervalMs: number;
}

/** Told of what a stream may want to tell; ask the coin for the contents. */
export interface HlCoinListener {
  /** The published book changed in some level (not only at the touch). */
  bookChanged(): void;
  /** Public prints of one moment, in order. */
  traded(trades: readonly PublicTrade[]): void;
  /** Mark and oracle were set. */
  pricesChanged(): void;
}

/** The account's own limit is checked by the venue: this one is never met. */
const NO_LIMIT = 1_000_000;
/** How long after an own order's change the published book follows at the latest. */
const SETTLE_MS = 1;
const DEFAULT_FUNDING_RATE = "0.0000125";

export class HlCoin implements MarketListener {
  readonly name: string;
  readonly asset: number;
  readonly instrument: Instrument;
  readonly maxLeverage: number;
  readonly onlyIsolated: boolean;
  readonly szDecimals: number;
  readonly exchange: SimExchange;
  /** Per funding interval, a plain decimal; may be set at any time. */
  fundingRate: string;
  readonly #parts: HlCoinParts;
  readonly #driver: MarketDriver;
  readonly #book: PublishedBook;
  readonly #candles = new Candles();
  readonly #tape: Tape;
  readonly #listeners = new Set<HlCoinListener>();
  #markTicks = 0;
  #oracleTicks = 0;
  #pinned: { readonly markTicks: number; readonly oracleTicks: number } | null = null;
  #isEmitting = false;
  #hasBegun = false;
  #cancelPrices: CancelTimer | null = null;
  #cancelSettle: CancelTimer | null = null;

  constructor(parts: HlCoinParts) {
    const { spec, asset, canCarry, nowMs, timers, rng } = parts;
    const { instrument } = spec;
    this.#parts = parts;
    this.name = instrument.symbol;
    this.asset = asset;
    this.instrument = instrument;
    this.maxLeverage = spec.maxLeverage;
    this.onlyIsolated = spec.onlyIsolated ?? false;
    this.szDecimals = szDecimalsOf(instrument);
    this.fundingRate = spec.fundingRate ?? DEFAULT_FUNDING_RATE;
    this.exchange = new SimExchange({
      instrument,
      queueModel: spec.queueModel ?? parseQueueModel("risk-averse"),
      account: { base: "0", quote: "0", amountDecimals: USDC_DECIMALS, canCarry },
      fees: { kind: "quote" },
      maxOpenOrders: NO_LIMIT,
      emit: (event) => this.#onExchangeEvent(event),
    });
    this.#tape = new Tape(this.name, instrument, rng);
    this.#book = new PublishedBook(this.exchange, 0, () => undefined);
    this.#driver = new MarketDriver({
      source: spec.source,
      exchange: this.exchange,
      listener: this,
      timers,
      nowMs,
      ...(spec.speed === undefined ? {} : { speed: spec.speed }),
    });
  }

  /** Opens the market: there is a book, a mark, an oracle and a past when this returns. */
  start(): void {
    this.#driver.start();
    this.#updatePrices();
    this.#schedulePrices();
  }

  /** Nothing happens any more. */
  stop(): void {
    this.#driver.stop();
    this.#cancelPrices?.();
    this.#cancelSettle?.();
  }

  /** The market stands still; orders come and go all the same. */
  halt(): void {
    this.#driver.halt();
  }
  resume(): void {
    this.#driver.resume();
  }

  /** To be called before a request is executed. @returns the time at the exchange */
  advanceToNow(): number {
    return this.#driver.advanceToNow();
  }

  /** A request of ours is done with: the published book follows at once instead of shortly. */
  onOwnOrderChanged(): void {
    this.#settle();
  }

  /** @returns ends it */
  subscribe(listener: HlCoinListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Mark, oracle and middle of the book in ticks; the middle is fractional, 0 of an empty book. */
  get prices(): Prices {
    const [bid, ask] = [this.#book.best(true), this.#book.best(false)];
    const midTicks = bid === NO_TICKS || ask === NO_TICKS ? 0 : (bid + ask) / 2;
    return { markTicks: this.#markTicks, oracleTicks: this.#oracleTicks, midTicks };
  }

  /**
   * Sets mark and oracle by hand, in ticks, until `unpin`; fires the stop orders that the mark
   * reaches.
   */
  pin(markTicks: number, oracleTicks: number = markTicks): void {
    this.#pinned = { markTicks, oracleTicks };
    this.#updatePrices();
  }
  /** Mark and oracle follow the book again, from now on. */
  unpin(): void {
    this.#pinned = null;
    this.#updatePrices();
  }

  /** `data` of channel `bbo`. */
  bbo(): BboData {
    this.#settle();
    const levels = [this.#touch(true), this.#touch(false)] as const;
    return { coin: this.name, time: this.#stamp(), bbo: levels };
  }

  /**
   * `data` of channel `l2Book`, and the answer to the info request of that name.
   * @param levels of each side at most: 20, or 5 of a fast subscription
   */
  l2Book(levels: number, precision: BookPrecision = {}): BookData {
    this.#settle();
    const sides = [true, false].map((isBid) => this.#book.levels(isBid, Infinity));
    return bookData(this, sides, { levels, time: this.#stamp(), ...precision });
  }

  /** The newest prints, newest last. */
  recentTrades(limit: number): readonly PublicTrade[] {
    return this.#tape.newest(limit);
  }

  /** `ctx` of channel `activeAssetCtx`, and this coin's part of `metaAndAssetCtxs`. */
  assetCtx(): AssetCtx {
    this.#settle();
    this.#candles.advance(this.#driver.nowMs());
    return assetCtx(this, {
      prices: this.prices,
      touch: [this.#book.best(true), this.#book.best(false)],
      candles: this.#candles,
      openInterestLots: this.#tape.openInterestLots,
      fundingRate: this.fundingRate,
    });
  }

  /**
   * Candles that open in a time range (both ends included), oldest first, the newest 5000 of them.
   * Undefined where the venue has no such interval.
   */
  candles(interval: string, startMs: number, endMs: number): CandleData[] | undefined {
    this.#candles.advance(this.#driver.advanceToNow());
    return candleData(this, this.#candles, interval, (candle: Readonly<Candle>) => {
      return candle.openMs >= startMs && candle.openMs <= endMs;
    });
  }

  levelSet(isBid: boolean, ticks: number): void {
    this.#book.mark(isBid, ticks);
  }

  printed(aggressorIsBuy: boolean, ticks: number, lots: number, timeMs: number): void {
    this.#tape.print({ timeMs, ticks, lots, aggressorIsBuy });
  }

  clearing(): void {
    this.#book.markAll();
  }

  settled(timeMs: number): void {
    this.#settleBook();
    if (!this.#hasBegun) this.#begin(timeMs);
    const trades = this.#tape.takeMoment((print) => this.#candles.print(print));
    if (trades.length > 0) for (const listener of this.#listeners) listener.traded(trades);
    this.#parts.settled();
  }

  /** The first moment is in: the past leads up to its price. */
  #begin(timeMs: number): void {
    this.#hasBegun = true;
    const { tickValue, lotValue } = this.instrument;
    const startTicks = Math.max(1, this.#book.best(true), this.#book.best(false));
    const lotsPerSecond = pastLotsPerSecond(startTicks * tickValue * lotValue);
    this.#candles.begin(timeMs, startTicks, this.#parts.rng, lotsPerSecond);
    this.#updatePrices();
  }

  #onExchangeEvent(event: ExchangeEvent): void {
    this.#book.markOwn();
    if (event.kind === "fill") {
      // A taker leaves less of the recorded level, a maker less of its own.
      this.#book.mark(true, event.fill.priceTicks);
      this.#book.mark(false, event.fill.priceTicks);
    }
    // The exchange is still at work on the order: the book is brought up to date after it.
    this.#cancelSettle ??= this.#parts.timers.after(SETTLE_MS, () => {
      this.#cancelSettle = null;
      this.#settle();
    });
    const wasEmitting = this.#isEmitting;
    this.#isEmitting = true;
    try {
      this.#parts.emit(event);
    } finally {
      this.#isEmitting = wasEmitting;
    }
  }

  /** Brings the published book up to date, unless the exchange is at work. */
  #settle(): void {
    if (!this.#isEmitting && !this.#driver.isAdvancing) this.#settleBook();
  }

  #settleBook(): void {
    if (!this.#book.isStale) return;
    const before = this.#book.updateId;
    this.#book.settle();
    if (this.#book.updateId === before) return;
    for (const listener of this.#listeners) listener.bookChanged();
  }

  #schedulePrices(): void {
    this.#cancelPrices = this.#parts.timers.after(this.#parts.oracleIntervalMs, () => {
      this.#schedulePrices();
      this.#driver.advanceToNow();
      this.#updatePrices();
    });
  }

  #updatePrices(): void {
    const { midTicks } = this.prices;
    if (this.#pinned !== null) {
      this.#markTicks = this.#pinned.markTicks;
      this.#oracleTicks = this.#pinned.oracleTicks;
    } else if (midTicks > 0) {
      const last = this.exchange.lastTicks > 0 ? this.exchange.lastTicks : midTicks;
      const touch = [this.#book.best(true), this.#book.best(false), last].sort((a, b) => a - b);
      this.#markTicks = Math.round(touch[1] ?? midTicks);
      const basis = this.#parts.spec.oracleBasis ?? 0;
      this.#oracleTicks = this.instrument.floorTicks(midTicks * (1 + basis));
    }
    if (this.#markTicks === 0 || this.#driver.isAdvancing) return;
    this.exchange.onMark(this.#markTicks, this.#parts.nowMs());
    this.#parts.marked();
    this.#settle();
    for (const listener of this.#listeners) listener.pricesChanged();
    this.#parts.settled();
  }

  #touch(isBid: boolean): ReturnType<typeof levelData> | null {
    const ticks = this.#book.best(isBid);
    if (ticks === NO_TICKS) return null;
    return levelData(this, [ticks, this.#book.lotsAt(isBid, ticks)]);
  }

  #stamp(): number {
    return Math.floor(this.#parts.nowMs());
  }
}

function szDecimalsOf({ lotSize }: Instrument): number {
  const [, decimals = ""] = lotSize.toFixed().split(".");
  return decimals.length;
}
