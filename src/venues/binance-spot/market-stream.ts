/**
 * MarketStream: the public market of one symbol, live: touch, prints and, for those who want it,
 * the whole book, from the combined stream of bookTicker, depth and trade. A book is shown only
 * while it is proven whole: on a gap, a lost connection or a message that makes no sense it is
 * thrown away, said so, and made anew. Does network I/O; time and randomness are handed in.
 */

import { NO_TICKS } from "#domain/book.ts";
import { messageOf } from "#domain/errors.ts";
import type { BookEvent, TradeEvent } from "#domain/events.ts";
import { BookUpdate, FusedBook } from "#domain/fused-book.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { Connection } from "#net/connection.ts";
import { ReconnectingSocket, type SocketState } from "#net/reconnecting-socket.ts";
import type { CancelTimer } from "#net/timers.ts";
import type { FeedStatus, MarketData, MarketListener } from "#ports/venue.ts";
import { MuteWatch } from "../mute-watch.ts";
import type { VenueWorld } from "../venue.ts";
import { Warnings } from "../warnings.ts";
import { DepthSync } from "./depth-sync.ts";
import { MAX_TICKS } from "./market-json.ts";
import { LevelList, MarketKind, type MarketMessage } from "./market-message.ts";
import { MarketParser } from "./market-parser.ts";
import type { BookLevel, DepthSnapshot } from "./responses.ts";
import { type FetchDepth, SnapshotFetcher } from "./snapshot-fetcher.ts";

export interface MarketStreamOptions {
  readonly instrument: Instrument;
  /** Without a trailing slash. */
  readonly streamUrl: string;
  readonly fetchDepth: FetchDepth;
  /** See SocketOptions: the budget of connections. */
  readonly admit?: () => number;
}

const BACKOFF = { baseMs: 250, maxMs: 10_000 };
/** A peer is cut after this long without a word, and alive for as long before. */
const SILENCE_MS = 5_000;
const TICK_MS = 1_000;
/** The first silence of all channels together that is too long. */
const MUTE_MS = 10_000;
/** A touch that has not changed is told again after this long, where depth confirms it. */
const CONFIRM_MS = 1_000;
/** A book that lasted this long was a good one. */
const STABLE_MS = 10_000;

const NOTHING: CancelTimer = () => {};
const NOBODY: MarketListener = {
  onBook: NOTHING,
  onTrade: NOTHING,
  onAlive: NOTHING,
  onAlert: NOTHING,
};

export class MarketStream implements MarketData {
  readonly #world: VenueWorld;
  readonly #symbol: string;
  readonly #parser: MarketParser;
  readonly #book: FusedBook;
  readonly #sync: DepthSync;
  readonly #fetcher: SnapshotFetcher;
  readonly #socket: ReconnectingSocket;
  readonly #mute: MuteWatch;
  readonly #warnings: Warnings;
  #listener = NOBODY;

  /** The book is whole, and the listener has been shown its touch. */
  #isLive = false;
  /** Of the connection in use; 0 while there is none. */
  #connectionId = 0;
  #lastTradeId = 0;
  #messages = 0;
  #resyncs = 0;
  #connects = 0;
  /** When the levels that are being set changed, by the venue's clock if it says so. */
  #levelsMs = 0;
  #cancelTick = NOTHING;
  #cancelStable = NOTHING;

  /** Reused from message to message. */
  readonly #update = new BookUpdate();
  readonly #snapshot = new LevelList();
  readonly #bookEvent: BookEvent = {
    kind: "book",
    venueTimeMs: 0,
    receivedTimeMs: 0,
    bidTicks: NO_TICKS,
    bidLots: 0,
    askTicks: NO_TICKS,
    askLots: 0,
  };
  readonly #tradeEvent: TradeEvent = {
    kind: "trade",
    venueTimeMs: 0,
    receivedTimeMs: 0,
    aggressor: "buy",
    priceTicks: 0,
    quantityLots: 0,
  };

  /** Does nothing yet: see `start`. @throws {InputError} `url` */
  constructor(options: MarketStreamOptions, world: VenueWorld) {
    const { instrument, streamUrl, fetchDepth, admit } = options;
    this.#world = world;
    this.#symbol = instrument.symbol;
    this.#parser = new MarketParser({ instrument, name: "the feed" });
    this.#book = new FusedBook((isBid, ticks, lots) =>
      this.#listener.onLevel?.(isBid, ticks, lots, this.#levelsMs),
    );
    this.#sync = new DepthSync(this.#book);
    this.#warnings = new Warnings(world, (alert) => this.#listener.onAlert(alert));
    this.#mute = new MuteWatch(MUTE_MS, world.timers.elapsedMs());
    this.#fetcher = new SnapshotFetcher(
      fetchDepth,
      {
        onSnapshot: (snapshot) => this.#onSnapshot(snapshot),
        onFailure: (problem) =>
          this.#warnings.warn(
            "depth-unavailable",
            `no book snapshot of ${this.#symbol}: ${problem}`,
          ),
      },
      world,
    );
    this.#socket = new ReconnectingSocket(
      {
        url: addressOf(streamUrl, instrument.symbol),
        backoff: BACKOFF,
        silenceMs: SILENCE_MS,
        ...(admit === undefined ? {} : { admit }),
      },
      {
        // The address is the subscription; there is no answer to wait for.
        onOpen: (connection) => connection.markReady(),
        onMessage: (data, connection) => this.#onMessage(data, connection),
        // What it means for the feed is told by the state.
        onDown: NOTHING,
        onState: (state) => this.#onState(state),
      },
      world,
    );
  }

  start(listener: MarketListener): void {
    this.#listener = listener;
    this.#socket.open();
    this.#tickLater();
  }

  stop(): void {
    this.#listener = NOBODY;
    this.#cancelTick();
    this.#cancelStable();
    this.#fetcher.cancel();
    this.#sync.clear();
    this.#isLive = false;
    this.#connectionId = 0;
    this.#socket.close();
  }

  status(): FeedStatus {
    return {
      state: this.#state(),
      messages: this.#messages,
      resyncs: this.#resyncs,
      reconnects: Math.max(0, this.#connects - 1),
    };
  }

  #state(): FeedStatus["state"] {
    if (this.#isLive) return "live";
    if (this.#socket.state.name === "closed") return "closed";
    return this.#connectionId === 0 ? "connecting" : "syncing";
  }

  #onState(state: SocketState): void {
    if (state.name === "ready") {
      this.#connectionId = state.connectionId;
      this.#connects += 1;
      this.#mute.heard(this.#world.timers.elapsedMs());
      // A connection that took over goes on with the book of the one before.
      if (!this.#isLive) this.#fetcher.request();
      return;
    }
    if (state.name === "waiting" && state.cause !== null) {
      this.#warnings.warn("feed-down", `no market feed of ${this.#symbol}: ${state.cause.message}`);
    }
    if (this.#connectionId === 0) return;
    this.#connectionId = 0;
    // The next server may count anew.
    this.#lastTradeId = 0;
    this.#sync.clear();
    this.#showNothing();
    this.#fetcher.cancel();
  }

  #onMessage(data: string | ArrayBuffer, connection: Connection): void {
    this.#messages += 1;
    const message = this.#parsed(data);
    if (message === null) return;
    switch (message.kind) {
      case MarketKind.ticker:
        this.#onTicker(message);
        break;
      case MarketKind.depth:
        this.#onDepth(message);
        break;
      case MarketKind.trade:
        this.#onTrade(message);
        break;
      case MarketKind.shutdown:
        if (connection.id === this.#connectionId) this.#socket.rotate();
        break;
      case MarketKind.refusal:
        this.#warnings.warn(
          "feed-refusal",
          `the market feed of ${this.#symbol} says ${message.text}`,
        );
        break;
      default: // a stream that nobody asked for here
    }
  }

  /** Null where it cannot be used: then nobody knows what it would have changed. */
  #parsed(data: string | ArrayBuffer): MarketMessage | null {
    try {
      if (typeof data === "string") return this.#parser.parseText(data);
      this.#discard("bad-message", "a message of the market feed is binary");
    } catch (error) {
      this.#discard("bad-message", messageOf(error));
    }
    return null;
  }

  #onTicker(message: MarketMessage): void {
    const nowMs = this.#world.nowMs();
    this.#mute.heard(this.#world.timers.elapsedMs());
    this.#pointTo(message.levels, message.lastId);
    // A ticker has no time of the venue's.
    this.#levelsMs = nowMs;
    this.#book.applyTicker(this.#update);
    if (this.#isLive) this.#showTouch(nowMs, nowMs);
  }

  #onDepth(message: MarketMessage): void {
    const nowMs = this.#world.nowMs();
    this.#mute.heard(this.#world.timers.elapsedMs());
    this.#pointTo(message.levels, message.lastId);
    this.#levelsMs = message.venueMs;
    const verdict = this.#sync.takeDepth(message.firstId, this.#update);
    if (verdict === "gap") {
      this.#lose("book-gap", `depth of ${this.#symbol} before ${message.firstId} was not received`);
    } else if (verdict === "applied") {
      if (this.#book.book.isCrossed()) this.#discardCrossed();
      else if (this.#isNews(nowMs)) this.#showTouch(message.venueMs, nowMs);
    }
  }

  #onTrade(message: MarketMessage): void {
    const { lastId, levels } = message;
    const lots = levels.lots[0] ?? 0;
    // Two connections tell the same print, and one finer than a lot is none that could fill us.
    if (lastId <= this.#lastTradeId || lots === 0) return;
    this.#lastTradeId = lastId;
    const event = this.#tradeEvent;
    event.venueTimeMs = message.venueMs;
    event.receivedTimeMs = this.#world.nowMs();
    event.aggressor = message.sellerTook ? "sell" : "buy";
    event.priceTicks = levels.ticks[0] ?? 0;
    event.quantityLots = lots;
    this.#listener.onTrade(event);
  }

  #onSnapshot({ lastUpdateId, bids, asks }: DepthSnapshot): void {
    const levels = this.#snapshot;
    levels.clear();
    if (!pushAll(levels, bids) || !pushAll(levels, asks)) {
      this.#warnings.warn(
        "depth-unavailable",
        `the snapshot of ${this.#symbol} has impossible prices`,
      );
      this.#fetcher.requestAgain();
      return;
    }
    levels.bidCount = bids.length;
    const nowMs = this.#world.nowMs();
    this.#pointTo(levels, lastUpdateId);
    this.#levelsMs = nowMs;
    if (!this.#sync.join(this.#update)) {
      // Older than the stream, as happens where the venue answers from a cache.
      this.#fetcher.requestAgain();
      return;
    }
    this.#isLive = true;
    if (this.#book.book.isCrossed()) {
      this.#discardCrossed();
      return;
    }
    this.#cancelStable();
    this.#cancelStable = this.#world.timers.after(STABLE_MS, () => this.#fetcher.settle());
    this.#showTouch(nowMs, nowMs);
  }

  #pointTo({ ticks, lots, length, bidCount }: LevelList, lastId: number): void {
    const update = this.#update;
    update.lastId = lastId;
    update.ticks = ticks;
    update.lots = lots;
    update.bidEnd = bidCount;
    update.end = length;
  }

  /** Whether the touch is another than the one shown, or that one needs to be confirmed. */
  #isNews(nowMs: number): boolean {
    const { bestBid, bestAsk } = this.#book.book;
    const shown = this.#bookEvent;
    return (
      bestBid !== shown.bidTicks ||
      bestAsk !== shown.askTicks ||
      this.#book.book.bidLotsAt(bestBid) !== shown.bidLots ||
      this.#book.book.askLotsAt(bestAsk) !== shown.askLots ||
      nowMs - shown.receivedTimeMs >= CONFIRM_MS
    );
  }

  #showTouch(venueTimeMs: number, receivedTimeMs: number): void {
    const { book } = this.#book;
    const event = this.#bookEvent;
    event.venueTimeMs = venueTimeMs;
    event.receivedTimeMs = receivedTimeMs;
    event.bidTicks = book.bestBid;
    event.bidLots = book.bidLotsAt(event.bidTicks);
    event.askTicks = book.bestAsk;
    event.askLots = book.askLotsAt(event.askTicks);
    this.#listener.onBook(event);
  }

  #discardCrossed(): void {
    this.#discard("book-crossed", `the book of ${this.#symbol} is crossed, so it is wrong`);
  }

  /** Throws the book away, live or on its way. */
  #discard(code: string, message: string): void {
    this.#sync.clear();
    this.#lose(code, message);
  }

  /** The book has been thrown away: says so, and begins another. */
  #lose(code: string, message: string): void {
    this.#warnings.warn(code, `${message}; the book is made anew`);
    this.#showNothing();
    this.#fetcher.requestAgain();
  }

  #showNothing(): void {
    if (!this.#isLive) return;
    this.#isLive = false;
    this.#resyncs += 1;
    this.#cancelStable();
    const nowMs = this.#world.nowMs();
    this.#showTouch(nowMs, nowMs); // of a book that is empty
    this.#listener.onClear?.(nowMs);
  }

  #tickLater(): void {
    this.#cancelTick = this.#world.timers.after(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    this.#tickLater();
    if (this.#socket.quietMs > SILENCE_MS) return;
    this.#listener.onAlive(this.#world.nowMs());
    const silentMs = this.#mute.tooLongMs(this.#world.timers.elapsedMs());
    if (silentMs === null || !this.#socket.rotate()) return;
    const seconds = Math.round(silentMs / 1000);
    this.#warnings.warn(
      "feed-mute",
      `nothing of ${this.#symbol} for ${seconds} s; connecting anew`,
    );
  }
}

function addressOf(streamUrl: string, symbol: string): string {
  const name = encodeURIComponent(symbol.toLowerCase());
  const streams = ["bookTicker", "depth@100ms", "trade"].map((kind) => `${name}@${kind}`);
  return `${streamUrl}/stream?streams=${streams.join("/")}`;
}

/** False where a price is beyond what a book holds. */
function pushAll(out: LevelList, levels: readonly BookLevel[]): boolean {
  for (const [ticks, lots] of levels) {
    if (ticks > MAX_TICKS) return false;
    out.push(ticks, lots);
  }
  return true;
}
