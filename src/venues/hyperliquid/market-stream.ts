/**
 * MarketStream: the public market of one perp, live: touch, prints, reference and mark price and,
 * for those who want it, the book, made of the frames of `bbo`, fast `l2Book`, `trades` and
 * `activeAssetCtx` that whoever owns the socket hands in. A book is shown only while it is known:
 * where the feed is lost, mute, or makes no sense it is thrown away, said so, and taken anew. Does
 * no I/O; time is handed in.
 */

import { messageOf } from "#domain/errors.ts";
import { type BookUpdate, FusedBook } from "#domain/fused-book.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { CancelTimer } from "#net/timers.ts";
import type { FeedStatus, MarketData, MarketListener } from "#ports/venue.ts";
import { MuteWatch } from "../mute-watch.ts";
import type { VenueWorld } from "../venue.ts";
import { Warnings } from "../warnings.ts";
import { newBookEvent, newMarkEvent, newTradeEvent, setMark } from "./market-events.ts";
import { MarketKind, type MarketMessage } from "./market-message.ts";
import { MarketParser } from "./market-parser.ts";
import { PrintFilter } from "./print-filter.ts";

export interface HlMarketStreamOptions {
  readonly instrument: Instrument;
  /**
   * The oracle price in ticks, fractional, about once a second; 0: there is none any more. The
   * venue gives no time with it: the time is when it was received.
   */
  readonly onReference: (priceTicks: number, venueTimeMs: number) => void;
  /**
   * A channel is mute although the socket lives: subscribe anew. Seldom: each further time waits
   * twice as long. `cause` is for people, who have been told.
   */
  readonly onResubscribe: (cause: string) => void;
}

/** Levels a side of a fast book. */
const FAST_DEPTH = 5;
const TICK_MS = 1_000;
/** A book is due every 0.54 s, also where nothing changes: after so long nothing is known. */
const MUTE_MS = 5_000;
/** After a wrong book none is taken for so long: doubles with each, until one was good. */
const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;
/** A book that lasted this long was a good one. */
const STABLE_MS = 10_000;
/** A touch that has not changed is told again after this long, where a book confirms it. */
const CONFIRM_MS = 1_000;

const NOTHING: CancelTimer = () => {};
const NOBODY: MarketListener = {
  onBook: NOTHING,
  onTrade: NOTHING,
  onAlive: NOTHING,
  onAlert: NOTHING,
};

export class HlMarketStream implements MarketData {
  readonly #options: HlMarketStreamOptions;
  readonly #world: VenueWorld;
  readonly #symbol: string;
  readonly #parser: MarketParser;
  readonly #prints = new PrintFilter();
  readonly #book: FusedBook;
  readonly #warnings: Warnings;
  /** Of books, and of touches where books show that there are some. */
  readonly #bookMute: MuteWatch;
  readonly #bboMute: MuteWatch;
  readonly #referenceMute: MuteWatch;
  #listener = NOBODY;
  #isStarted = false;
  #isUp = false;
  /** A touch is shown. */
  #isLive = false;
  #messages = 0;
  #resyncs = 0;
  #ups = 0;

  /** Newest time of a touch or a book that was taken, by the venue's clock; 0: none was. */
  #newestMs = 0;
  /** Elapsed milliseconds: of the last frame, of the last book that was taken. */
  #heardMs = 0;
  #hasReference = false;
  /** Since when a touch is shown, and when a book may be taken after a wrong one. */
  #liveFromMs = 0;
  #pauseUntilMs = 0;
  #pauseMs = PAUSE_MS;
  /** A book has shown other prices, and no `bbo` has come since. */
  #isBboMissing = false;
  #cancelTick = NOTHING;

  /** Reused from frame to frame. */
  readonly #bookEvent = newBookEvent();
  readonly #tradeEvent = newTradeEvent();
  readonly #markEvent = newMarkEvent();

  /** Does nothing yet: see `start`. */
  constructor(options: HlMarketStreamOptions, world: VenueWorld) {
    this.#options = options;
    this.#world = world;
    this.#symbol = options.instrument.symbol;
    this.#parser = new MarketParser(options.instrument);
    this.#book = new FusedBook((isBid, ticks, lots) =>
      this.#listener.onLevel?.(isBid, ticks, lots, this.#newestMs),
    );
    this.#warnings = new Warnings(world, (alert) => this.#listener.onAlert(alert));
    const nowMs = world.timers.elapsedMs();
    this.#bookMute = new MuteWatch(MUTE_MS, nowMs);
    this.#bboMute = new MuteWatch(MUTE_MS, nowMs);
    this.#referenceMute = new MuteWatch(MUTE_MS, nowMs);
  }

  start(listener: MarketListener): void {
    this.#listener = listener;
    this.#isStarted = true;
    this.#tickLater();
  }

  stop(): void {
    this.#listener = NOBODY;
    this.#isStarted = false;
    this.#isUp = false;
    this.#isLive = false;
    this.#cancelTick();
  }

  status(): FeedStatus {
    return {
      state: this.#state(),
      messages: this.#messages,
      resyncs: this.#resyncs,
      reconnects: Math.max(0, this.#ups - 1),
    };
  }

  /** The socket is up. */
  onUp(): void {
    this.#isUp = true;
    this.#ups += 1;
    const elapsedMs = this.#world.timers.elapsedMs();
    this.#heardMs = elapsedMs;
    this.#bookMute.heard(elapsedMs);
    this.#bboHeard(elapsedMs);
    this.#referenceMute.heard(elapsedMs);
  }

  /**
   * The socket is down: nothing is known until a book comes again.
   * @param cause where it is given, people are told of it
   */
  onDown(cause: string | null = null): void {
    this.#isUp = false;
    if (cause !== null) {
      this.#warnings.warn("feed-down", `no market feed of ${this.#symbol}: ${cause}`);
    }
    this.#forget(this.#world.nowMs());
  }

  /**
   * Takes any frame of the socket, also before `onUp`.
   * @returns false where it is of no channel of the market
   */
  onFrame(text: string, receivedTimeMs: number): boolean {
    if (!this.#isStarted) return false;
    const elapsedMs = this.#world.timers.elapsedMs();
    let message: MarketMessage | null;
    try {
      message = this.#parser.parse(text);
    } catch (error) {
      this.#messages += 1;
      this.#onBadFrame(text, messageOf(error), receivedTimeMs);
      return true;
    }
    if (message === null) return false;
    this.#messages += 1;
    this.#heardMs = elapsedMs;
    if (message.offGrid > 0) this.#warnOffGrid();
    switch (message.kind) {
      case MarketKind.bbo:
        this.#bboHeard(elapsedMs);
        this.#onTouch(message, receivedTimeMs);
        break;
      case MarketKind.book:
        // A book of the slow kind is not asked for, and would be taken for a fast one.
        if (message.isFast) this.#onBook(message, receivedTimeMs, elapsedMs);
        break;
      case MarketKind.trades:
        this.#onPrints(message, receivedTimeMs);
        break;
      default:
        this.#hasReference = true;
        this.#referenceMute.heard(elapsedMs);
        this.#options.onReference(message.oracleTicks, receivedTimeMs);
        setMark(this.#markEvent, message, receivedTimeMs);
        this.#listener.onMark?.(this.#markEvent);
    }
    return true;
  }

  #state(): FeedStatus["state"] {
    if (!this.#isStarted) return "closed";
    if (this.#isLive) return "live";
    return this.#isUp ? "syncing" : "connecting";
  }

  #onBadFrame(text: string, problem: string, receivedTimeMs: number): void {
    // What it would have changed is unknown, but for these: they say nothing of the book.
    const isBesideBook = /^\{"channel":"(?:trades|activeAssetCtx)"/.test(text);
    if (isBesideBook) this.#warnings.warn("bad-message", problem);
    else this.#lose("bad-message", problem, receivedTimeMs);
  }

  #onTouch({ levels, venueMs }: MarketMessage, receivedTimeMs: number): void {
    if (venueMs < this.#newestMs || this.#isCrossed(levels, receivedTimeMs)) return;
    if (!this.#book.isComplete) {
      this.#book.applyTicker(levels); // remembered for the book to come
      return;
    }
    this.#newestMs = venueMs;
    this.#book.applyTicker(levels);
    this.#showTouch(receivedTimeMs);
  }

  #onBook({ levels, venueMs }: MarketMessage, receivedTimeMs: number, elapsedMs: number): void {
    const { tickerId } = this.#book;
    // Books lag behind touches by a second at most: a touch so far ahead is told by a wrong clock.
    if (venueMs < tickerId - MUTE_MS || this.#isCrossed(levels, receivedTimeMs)) return;
    if (elapsedMs < this.#pauseUntilMs) {
      this.#bookMute.heard(elapsedMs);
      return;
    }
    this.#newestMs = Math.max(this.#newestMs, venueMs, tickerId);
    if (!this.#book.applyBest(levels, FAST_DEPTH)) return;
    this.#bookMute.heard(elapsedMs);
    this.#prints.begin(venueMs);
    if (this.#isLive && this.#isOtherPrice()) this.#isBboMissing = true;
    if (!this.#isBboMissing) this.#bboHeard(elapsedMs);
    if (this.#isOtherTouch() || receivedTimeMs - this.#bookEvent.receivedTimeMs >= CONFIRM_MS) {
      this.#showTouch(receivedTimeMs);
    }
  }

  #onPrints({ prints }: MarketMessage, receivedTimeMs: number): void {
    const event = this.#tradeEvent;
    for (let at = 0; at < prints.length; at += 1) {
      const timeMs = prints.timesMs[at] ?? 0;
      const lots = prints.lots[at] ?? 0;
      // One finer than a lot is none that could fill us.
      if (!this.#prints.isNews(prints.ids[at] ?? 0, timeMs) || lots === 0) continue;
      event.venueTimeMs = timeMs;
      event.receivedTimeMs = receivedTimeMs;
      event.aggressor = prints.buyerTook[at] === 1 ? "buy" : "sell";
      event.priceTicks = prints.ticks[at] ?? 0;
      event.quantityLots = lots;
      this.#listener.onTrade(event);
    }
  }

  /** Whether a frame is crossed; then all that is known is thrown away. */
  #isCrossed({ ticks, lots, bidEnd, end }: BookUpdate, receivedTimeMs: number): boolean {
    let bid = -Infinity;
    let ask = Infinity;
    for (let at = 0; at < end; at += 1) {
      const price = ticks[at] ?? 0;
      if ((lots[at] ?? 0) === 0) continue;
      if (at < bidEnd) bid = Math.max(bid, price);
      else ask = Math.min(ask, price);
    }
    if (bid < ask) return false;
    const message = `the book of ${this.#symbol} is crossed, so it is wrong`;
    this.#lose("book-crossed", message, receivedTimeMs);
    return true;
  }

  /** Whether the touch is another than the one shown. */
  #isOtherTouch(): boolean {
    const { book } = this.#book;
    const shown = this.#bookEvent;
    return (
      this.#isOtherPrice() ||
      book.bidLotsAt(book.bestBid) !== shown.bidLots ||
      book.askLotsAt(book.bestAsk) !== shown.askLots
    );
  }

  #isOtherPrice(): boolean {
    const { bestBid, bestAsk } = this.#book.book;
    return bestBid !== this.#bookEvent.bidTicks || bestAsk !== this.#bookEvent.askTicks;
  }

  /** A book that becomes empty is shown so once. */
  #showTouch(receivedTimeMs: number): void {
    const { book } = this.#book;
    const wasLive = this.#isLive;
    const event = this.#bookEvent;
    event.bidTicks = book.bestBid;
    event.bidLots = book.bidLotsAt(event.bidTicks);
    event.askTicks = book.bestAsk;
    event.askLots = book.askLotsAt(event.askTicks);
    this.#isLive = event.bidLots > 0 || event.askLots > 0;
    if (!wasLive && !this.#isLive) return;
    if (!wasLive) this.#liveFromMs = this.#world.timers.elapsedMs();
    event.venueTimeMs = this.#newestMs;
    event.receivedTimeMs = receivedTimeMs;
    this.#listener.onBook(event);
  }

  /** What was heard cannot be trusted: says so, and takes the book anew after a pause. */
  #lose(code: string, message: string, receivedTimeMs: number): void {
    this.#warnings.warn(code, `${message}; the book is taken anew`);
    if (this.#isLive) {
      const elapsedMs = this.#world.timers.elapsedMs();
      if (elapsedMs - this.#liveFromMs >= STABLE_MS) this.#pauseMs = PAUSE_MS;
      this.#pauseUntilMs = elapsedMs + this.#pauseMs;
      this.#pauseMs = Math.min(this.#pauseMs * 2, MAX_PAUSE_MS);
    }
    this.#forget(receivedTimeMs);
  }

  /** Nothing is known: of the book, and of the venue's clock, which may have been wrong. */
  #forget(receivedTimeMs: number): void {
    const { isComplete } = this.#book;
    const wasLive = this.#isLive;
    this.#prints.forget();
    this.#book.clear();
    if (wasLive) {
      this.#resyncs += 1;
      this.#showTouch(receivedTimeMs); // of a book that is empty
    }
    if (isComplete) this.#listener.onClear?.(this.#newestMs);
    this.#newestMs = 0;
  }

  #bboHeard(elapsedMs: number): void {
    this.#isBboMissing = false;
    this.#bboMute.heard(elapsedMs);
  }

  #tickLater(): void {
    this.#cancelTick = this.#world.timers.after(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    this.#tickLater();
    const elapsedMs = this.#world.timers.elapsedMs();
    const isStale = this.#bookMute.silentMs(elapsedMs) >= MUTE_MS;
    if (isStale && (this.#isLive || this.#book.tickerId >= 0)) this.#forget(this.#world.nowMs());
    if (!this.#isUp) return;
    if (elapsedMs - this.#heardMs < MUTE_MS) this.#listener.onAlive(this.#world.nowMs());
    const silentMs = this.#bookMute.tooLongMs(elapsedMs);
    if (silentMs !== null) this.#renew(`no book for ${Math.round(silentMs / 1000)} s`);
    this.#watchReference(elapsedMs);
    if (!this.#isBboMissing || this.#bboMute.tooLongMs(elapsedMs) === null) return;
    this.#bboHeard(elapsedMs);
    this.#forget(this.#world.nowMs());
    this.#renew("no bbo, although the touch changes");
  }

  /** One comes each second: an old one is none. */
  #watchReference(elapsedMs: number): void {
    if (!this.#hasReference || this.#referenceMute.tooLongMs(elapsedMs) === null) return;
    this.#hasReference = false;
    this.#options.onReference(0, this.#world.nowMs());
    this.#renew("no oracle price");
  }

  #renew(what: string): void {
    const cause = `the market feed of ${this.#symbol} is mute: ${what}`;
    this.#warnings.warn("feed-mute", `${cause}; subscribing anew`);
    this.#options.onResubscribe(cause);
  }

  #warnOffGrid(): void {
    const message = `prices or sizes of ${this.#symbol} are off its grid and were rounded`;
    this.#warnings.warn("off-grid", message);
  }
}
