/**
 * LiveBook: the book of one symbol from a live feed, and its touch told on. It is shown only while
 * it is proven whole: on a gap, a lost connection or a message that makes no sense it is thrown
 * away, said so, and made anew of a snapshot that it fetches by itself. Which sockets the messages
 * come from is its owner's business. Time and randomness are handed in.
 */

import { NO_TICKS } from "#domain/book.ts";
import type { BookEvent } from "#domain/events.ts";
import { BookUpdate, FusedBook } from "#domain/fused-book.ts";
import type { CancelTimer } from "#net/timers.ts";
import type { MarketListener } from "#ports/venue.ts";
import type { VenueWorld } from "../venue.ts";
import type { BookLevel, DepthSnapshot } from "./depth-snapshot.ts";
import { DepthSync } from "./depth-sync.ts";
import { MAX_TICKS } from "./market-json.ts";
import { LevelList, type MarketMessage } from "./market-message.ts";
import { type FetchDepth, SnapshotFetcher } from "./snapshot-fetcher.ts";

export interface LiveBookParts {
  readonly symbol: string;
  readonly fetchDepth: FetchDepth;
  readonly world: VenueWorld;
  /** Tells people. */
  readonly warn: (code: string, message: string) => void;
}

/** A touch that has not changed is told again after this long, where depth confirms it. */
const CONFIRM_MS = 1_000;
/** A book that lasted this long was a good one. */
const STABLE_MS = 10_000;

const NOTHING: CancelTimer = () => {};
export const NOBODY: MarketListener = {
  onBook: NOTHING,
  onTrade: NOTHING,
  onAlive: NOTHING,
  onAlert: NOTHING,
};

export class LiveBook {
  readonly #symbol: string;
  readonly #world: VenueWorld;
  readonly #warn: LiveBookParts["warn"];
  readonly #book: FusedBook;
  readonly #sync: DepthSync;
  readonly #fetcher: SnapshotFetcher;
  #listener = NOBODY;
  /** The book is whole, and the listener has been shown its touch. */
  #isLive = false;
  #resyncs = 0;
  /** When the levels that are being set changed, by the venue's clock if it says so. */
  #levelsMs = 0;
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

  constructor({ symbol, fetchDepth, world, warn }: LiveBookParts) {
    this.#symbol = symbol;
    this.#world = world;
    this.#warn = warn;
    this.#book = new FusedBook((isBid, ticks, lots) =>
      this.#listener.onLevel?.(isBid, ticks, lots, this.#levelsMs),
    );
    this.#sync = new DepthSync(this.#book);
    this.#fetcher = new SnapshotFetcher(
      fetchDepth,
      {
        onSnapshot: (snapshot) => this.#onSnapshot(snapshot),
        onFailure: (problem) =>
          warn("depth-unavailable", `no book snapshot of ${symbol}: ${problem}`),
      },
      world,
    );
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  /** How often it was thrown away. */
  get resyncs(): number {
    return this.#resyncs;
  }

  start(listener: MarketListener): void {
    this.#listener = listener;
  }

  stop(): void {
    this.#listener = NOBODY;
    this.#cancelStable();
    this.#fetcher.cancel();
    this.#sync.clear();
    this.#isLive = false;
  }

  /** Messages come. After a connection that took over the book of the one before goes on. */
  onUp(): void {
    if (!this.#isLive) this.#fetcher.request();
  }

  /** No messages come. */
  onDown(): void {
    this.#sync.clear();
    this.#showNothing();
    this.#fetcher.cancel();
  }

  onTicker(message: MarketMessage): void {
    const nowMs = this.#world.nowMs();
    this.#pointTo(message.levels, message.lastId);
    // Those of spot have no time of the venue's.
    this.#levelsMs = message.venueMs > 0 ? message.venueMs : nowMs;
    this.#book.applyTicker(this.#update);
    if (this.#isLive) this.#showTouch(this.#levelsMs, nowMs);
  }

  onDepth(message: MarketMessage): void {
    const nowMs = this.#world.nowMs();
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

  /** Throws the book away, live or on its way: a message could not be used. */
  discard(code: string, message: string): void {
    this.#sync.clear();
    this.#lose(code, message);
  }

  #onSnapshot({ lastUpdateId, bids, asks }: DepthSnapshot): void {
    const levels = this.#snapshot;
    levels.clear();
    if (!pushAll(levels, bids) || !pushAll(levels, asks)) {
      this.#warn("depth-unavailable", `the snapshot of ${this.#symbol} has impossible prices`);
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
    this.discard("book-crossed", `the book of ${this.#symbol} is crossed, so it is wrong`);
  }

  /** The book has been thrown away: says so, and begins another. */
  #lose(code: string, message: string): void {
    this.#warn(code, `${message}; the book is made anew`);
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
}

/** False where a price is beyond what a book holds. */
function pushAll(out: LevelList, levels: readonly BookLevel[]): boolean {
  for (const [ticks, lots] of levels) {
    if (ticks > MAX_TICKS) return false;
    out.push(ticks, lots);
  }
  return true;
}
