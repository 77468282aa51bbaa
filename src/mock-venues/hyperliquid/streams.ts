/**
 * Streams of the market: who listens to what, and when the venue tells it: the touch and the prints
 * by block, books on one clock for all coins, prices and candles by the second. Each frame is made
 * once for all who listen. Writes no sockets. May import net and this folder.
 */

import type { CancelTimer } from "#net/timers.ts";
import { candleOpenMs } from "../candles.ts";
import type { HlCoin } from "./coin.ts";
import { answerInfo } from "./info.ts";
import type { PublicTrade } from "./market-data.ts";
import type { Subscription } from "./subscription.ts";
import { type FrameListener, UserStreams, type UserStreamsParts } from "./user-streams.ts";

export interface StreamsParts extends UserStreamsParts {
  /** Time between two blocks. */
  readonly blockMs: number;
}

/** Measured on the real venue. */
const FAST_BOOK_MS = 540;
/** Fast books for each slow one. */
const SLOW_EVERY = 10;
const SECOND_MS = 1000;
/** Seconds between two tellings of all middle prices, and of states that prices change. */
const SLOW_SECONDS = 5;
const FAST_LEVELS = 5;
const SLOW_LEVELS = 20;
/** Prints that the first frame of `trades` repeats. */
const REPLAYED_TRADES = 30;
/** Prints of a coin that wait for a block; older ones are not told of. */
const MAX_WAITING_TRADES = 10_000;

/** One subscription of the market and all who have it. */
interface Topic {
  readonly subscription: Subscription;
  readonly listeners: Set<FrameListener>;
  /** The last frame, where only changes are told. */
  last: string;
}

/** A coin, and what has happened since the last block. */
interface Watched {
  readonly coin: HlCoin;
  hasNewBook: boolean;
  trades: PublicTrade[];
}

export class Streams {
  readonly #parts: StreamsParts;
  readonly #users: UserStreams;
  readonly #coins = new Map<string, Watched>();
  readonly #topics = new Map<string, Topic>();
  readonly #ends: (() => void)[] = [];
  #cancelBlock: CancelTimer | null = null;
  #cancelBooks: CancelTimer = () => undefined;
  #cancelSecond: CancelTimer = () => undefined;
  #books = 0;
  #seconds = 0;

  constructor(parts: StreamsParts) {
    this.#parts = parts;
    this.#users = new UserStreams(parts);
    for (const coin of parts.venue.coins) {
      const watched: Watched = { coin, hasNewBook: false, trades: [] };
      this.#coins.set(coin.name, watched);
      this.#ends.push(coin.subscribe(this.#listenerOf(watched)));
    }
  }

  /** Begins its clocks. */
  start(): void {
    this.#scheduleBooks();
    this.#scheduleSecond();
  }

  stop(): void {
    for (const end of this.#ends) end();
    this.#users.stop();
    this.#cancelBlock?.();
    this.#cancelBooks();
    this.#cancelSecond();
  }

  /** Delisted ones too. */
  hasCoin(name: string): boolean {
    return this.#parts.venue.universe.some((coin) => coin.name === name);
  }

  /** The listener gets the first frames before this returns. @returns ends it */
  subscribe(subscription: Subscription, listener: FrameListener): () => void {
    if (subscription.user !== null) return this.#users.subscribe(subscription, listener);
    const { key } = subscription;
    const topic = this.#topics.get(key) ?? { subscription, listeners: new Set(), last: "" };
    // A wrapper of its own: the same function may listen twice.
    const own: FrameListener = (text) => listener(text);
    this.#topics.set(key, topic);
    const first = this.#firstFrame(topic);
    topic.listeners.add(own);
    if (first !== undefined) listener(first);
    return () => {
      topic.listeners.delete(own);
      if (topic.listeners.size === 0 && this.#topics.get(key) === topic) this.#topics.delete(key);
    };
  }

  #listenerOf(watched: Watched): Parameters<HlCoin["subscribe"]>[0] {
    return {
      bookChanged: () => {
        watched.hasNewBook = true;
        this.#scheduleBlock();
      },
      traded: (trades) => {
        watched.trades.push(...trades);
        const excess = watched.trades.length - MAX_WAITING_TRADES;
        if (excess > 0) watched.trades.splice(0, excess);
        this.#scheduleBlock();
      },
      // Prices are told by the second.
      pricesChanged: () => undefined,
    };
  }

  /** Of one more listener; undefined where there is nothing to tell yet. */
  #firstFrame(topic: Topic): string | undefined {
    const { type, coin: name } = topic.subscription;
    if (type === "allMids") return this.#midsFrame();
    const watched = this.#coins.get(name ?? "");
    if (watched === undefined) return type === "l2Book" ? this.#emptyBook(name) : undefined;
    const { coin } = watched;
    if (type === "trades") {
      // What waits for a block is among those that are repeated.
      this.#tellTrades(watched);
      const trades = coin.recentTrades(REPLAYED_TRADES);
      return trades.length === 0 ? undefined : frame("trades", trades);
    }
    const isAlone = topic.listeners.size === 0;
    if (type === "bbo" && isAlone) topic.last = JSON.stringify(coin.bbo().bbo);
    const text = this.#frameOf(topic.subscription, coin);
    if (type === "candle" && isAlone) topic.last = text ?? "";
    return text;
  }

  /** What a stream of a coin says now; undefined where it tells only what happens. */
  #frameOf(subscription: Subscription, coin: HlCoin): string | undefined {
    const { type, isFast, nSigFigs, mantissa } = subscription;
    if (type === "bbo") return frame(type, coin.bbo());
    if (type === "activeAssetCtx") return frame(type, { coin: coin.name, ctx: coin.assetCtx() });
    if (type === "l2Book") {
      const book = coin.l2Book(isFast ? FAST_LEVELS : SLOW_LEVELS, { nSigFigs, mantissa });
      return frame(type, isFast ? { ...book, fast: true } : book);
    }
    if (type !== "candle") return undefined;
    const interval = subscription.interval ?? "1m";
    const openMs = candleOpenMs(interval, this.#parts.venue.nowMs());
    const candle = coin.candles(interval, openMs, Infinity)?.at(-1);
    return candle === undefined ? undefined : frame(type, candle);
  }

  /** Of a delisted coin, that is all. */
  #emptyBook(coin: string | null): string {
    return frame("l2Book", { coin, time: Math.floor(this.#parts.venue.nowMs()), levels: [[], []] });
  }

  #midsFrame(): string {
    return frame("allMids", { mids: answerInfo(this.#parts.venue, { type: "allMids" }).body });
  }

  #tell(topic: Topic, text: string): void {
    for (const listener of topic.listeners) listener(text);
  }

  /** To those who have it and want changes only. */
  #tellIfNew(topic: Topic, coin: HlCoin): void {
    const text = this.#frameOf(topic.subscription, coin);
    if (text === undefined || text === topic.last) return;
    topic.last = text;
    this.#tell(topic, text);
  }

  #topicOf(type: "bbo" | "trades", coin: string): Topic | undefined {
    return this.#topics.get(JSON.stringify({ type, coin }));
  }

  #scheduleBlock(): void {
    if (this.#cancelBlock !== null) return;
    const { timers, blockMs } = this.#parts;
    const waitMs = blockMs === 0 ? 0 : blockMs - (timers.elapsedMs() % blockMs);
    this.#cancelBlock = timers.after(waitMs, () => {
      this.#cancelBlock = null;
      for (const watched of this.#coins.values()) this.#tellBlock(watched);
    });
  }

  #tellBlock(watched: Watched): void {
    const { coin, hasNewBook } = watched;
    this.#tellTrades(watched);
    watched.hasNewBook = false;
    const touch = this.#topicOf("bbo", coin.name);
    if (touch === undefined || !hasNewBook) return;
    const data = coin.bbo();
    const levels = JSON.stringify(data.bbo);
    if (levels === touch.last) return;
    touch.last = levels;
    this.#tell(touch, frame("bbo", data));
  }

  #tellTrades(watched: Watched): void {
    const { coin, trades } = watched;
    watched.trades = [];
    const topic = this.#topicOf("trades", coin.name);
    if (topic !== undefined && trades.length > 0) this.#tell(topic, frame("trades", trades));
  }

  #scheduleBooks(): void {
    this.#cancelBooks = this.#parts.timers.after(FAST_BOOK_MS, () => {
      this.#scheduleBooks();
      this.#books += 1;
      const isSlowDue = this.#books % SLOW_EVERY === 0;
      for (const [topic, coin] of this.#topicsOf("l2Book")) {
        if (!topic.subscription.isFast && !isSlowDue) continue;
        const text = this.#frameOf(topic.subscription, coin);
        if (text !== undefined) this.#tell(topic, text);
      }
    });
  }

  #scheduleSecond(): void {
    this.#cancelSecond = this.#parts.timers.after(SECOND_MS, () => {
      this.#scheduleSecond();
      this.#seconds += 1;
      for (const [topic, coin] of this.#topicsOf("activeAssetCtx")) {
        const text = this.#frameOf(topic.subscription, coin);
        if (text !== undefined) this.#tell(topic, text);
      }
      for (const [topic, coin] of this.#topicsOf("candle")) this.#tellIfNew(topic, coin);
      if (this.#seconds % SLOW_SECONDS !== 0) return;
      this.#users.tellStates();
      for (const topic of this.#topics.values()) {
        if (topic.subscription.type === "allMids") this.#tell(topic, this.#midsFrame());
      }
    });
  }

  /** Listened to now, each with its coin. */
  #topicsOf(type: Subscription["type"]): readonly (readonly [Topic, HlCoin])[] {
    return [...this.#topics.values()].flatMap((topic) => {
      const watched = this.#coins.get(topic.subscription.coin ?? "");
      const isMeant = topic.subscription.type === type && watched !== undefined;
      return isMeant ? [[topic, watched.coin] as const] : [];
    });
  }
}

/** As the venue writes it. */
export function frame(channel: string, data: unknown): string {
  return JSON.stringify({ channel, data });
}
