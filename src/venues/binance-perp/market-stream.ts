/**
 * PerpMarketStream: the public market of one perpetual, live: touch, prints, mark price and, for
 * those who want it, the whole book. The venue has split its streams by routes: bookTicker and
 * depth are told on one, prints and mark price on another, and a stream asked for on the wrong one
 * is acknowledged and never told. So each route has a socket of its own, and each a heartbeat whose
 * silence is alarming. See LiveBook for what is shown when. Does network I/O; time and randomness
 * are handed in.
 */

import type { MarkEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { CancelTimer } from "#net/timers.ts";
import type { FeedStatus, MarketData, MarketListener } from "#ports/venue.ts";
import { FeedSocket, type FeedSocketOwner, streamAddress } from "../binance/feed-socket.ts";
import { LiveBook, NOBODY } from "../binance/live-book.ts";
import { MarketKind, type MarketMessage } from "../binance/market-message.ts";
import { PrintTeller } from "../binance/print-teller.ts";
import type { FetchDepth } from "../binance/snapshot-fetcher.ts";
import type { VenueWorld } from "../venue.ts";
import { Warnings } from "../warnings.ts";
import { MarketParser } from "./market-parser.ts";

export interface PerpMarketStreamOptions {
  readonly instrument: Instrument;
  /** Without a trailing slash, and without a route. */
  readonly streamUrl: string;
  /** Asks `GET /fapi/v1/depth?limit=1000`. */
  readonly fetchDepth: FetchDepth;
  /** By whose clock the age of a mark price is told. */
  readonly clock: { venueNowMs(): number };
  /** See SocketOptions: the budget of connections. Asked for each of two sockets. */
  readonly admit?: () => number;
}

const TICK_MS = 1_000;
/**
 * The first silence of a route that is too long. Every touch is told by depth as well within a
 * tenth of a second, so that depth is the heartbeat of its route; the mark price comes once a
 * second whatever the market does.
 */
const MUTE_MS = 5_000;
/** An older mark price is not told on: it is none of now. */
const MARK_MAX_AGE_MS = 5_000;
const PUBLIC_KINDS = ["bookTicker", "depth@100ms"];
const MARKET_KINDS = ["aggTrade", "markPrice@1s"];

const NOTHING: CancelTimer = () => {};

export class PerpMarketStream implements MarketData {
  readonly #world: VenueWorld;
  readonly #symbol: string;
  readonly #clock: PerpMarketStreamOptions["clock"];
  readonly #warnings: Warnings;
  readonly #book: LiveBook;
  readonly #prints = new PrintTeller();
  readonly #public: FeedSocket;
  readonly #market: FeedSocket;
  #listener = NOBODY;
  #cancelTick = NOTHING;
  /** When the last fresh mark price came, elapsed milliseconds. */
  #markHeardMs = -Infinity;
  /** When that was sent, by the venue's clock. */
  #markSentMs = 0;
  /** Reused from message to message. */
  readonly #markEvent: MarkEvent = {
    kind: "mark",
    venueTimeMs: 0,
    receivedTimeMs: 0,
    priceTicks: 0,
    fundingRate: 0,
    nextFundingMs: 0,
  };

  /** Does nothing yet: see `start`. @throws {InputError} `url` */
  constructor(options: PerpMarketStreamOptions, world: VenueWorld) {
    const { instrument, fetchDepth, clock } = options;
    this.#world = world;
    this.#symbol = instrument.symbol;
    this.#clock = clock;
    this.#warnings = new Warnings(world, (alert) => this.#listener.onAlert(alert));
    const warn = (code: string, message: string): void => this.#warnings.warn(code, message);
    this.#book = new LiveBook({ symbol: instrument.symbol, fetchDepth, world, warn });
    this.#public = this.#socket(options, "public", {
      onUp: () => this.#book.onUp(),
      onDown: () => this.#book.onDown(),
      onMessage: (message) => this.#onPublic(message),
      onBadMessage: (problem) => this.#book.discard("bad-message", problem),
      warn,
    });
    this.#market = this.#socket(options, "market", {
      onUp: NOTHING,
      onDown: () => {
        this.#prints.forget();
        this.#markSentMs = 0;
      },
      onMessage: (message) => this.#onMarket(message),
      // It says nothing of the book.
      onBadMessage: (problem) => warn("bad-message", problem),
      warn,
    });
  }

  start(listener: MarketListener): void {
    this.#listener = listener;
    this.#book.start(listener);
    this.#public.open();
    this.#market.open();
    this.#tickLater();
  }

  stop(): void {
    this.#listener = NOBODY;
    this.#cancelTick();
    this.#book.stop();
    this.#public.close();
    this.#market.close();
  }

  status(): FeedStatus {
    return {
      state: this.#state(),
      messages: this.#public.messages + this.#market.messages,
      resyncs: this.#book.resyncs,
      reconnects: this.#public.reconnects + this.#market.reconnects,
    };
  }

  #socket(
    { instrument, streamUrl, admit }: PerpMarketStreamOptions,
    route: "public" | "market",
    owner: FeedSocketOwner,
  ): FeedSocket {
    const { symbol } = instrument;
    const kinds = route === "public" ? PUBLIC_KINDS : MARKET_KINDS;
    const parser = new MarketParser({ instrument, name: "the feed" });
    return new FeedSocket(
      {
        name: `${route} feed of ${symbol}`,
        url: streamAddress(`${streamUrl}/${route}`, symbol, kinds),
        muteMs: MUTE_MS,
        parse: (text) => parser.parseText(text),
        admit,
      },
      owner,
      this.#world,
    );
  }

  #state(): FeedStatus["state"] {
    if (this.#book.isLive) return "live";
    if (this.#public.isClosed) return "closed";
    return this.#public.isUp ? "syncing" : "connecting";
  }

  #onPublic(message: MarketMessage): void {
    if (message.kind === MarketKind.ticker) this.#book.onTicker(message);
    else if (message.kind === MarketKind.depth) {
      this.#public.heard();
      this.#book.onDepth(message);
    }
  }

  #onMarket(message: MarketMessage): void {
    if (message.kind === MarketKind.trade) {
      this.#prints.tell(message, this.#world.nowMs(), this.#listener);
    } else if (message.kind === MarketKind.mark) this.#onMark(message);
  }

  #onMark({ eventMs, markTicks, fundingRate, nextFundingMs }: MarketMessage): void {
    const ageMs = this.#clock.venueNowMs() - eventMs;
    if (ageMs > MARK_MAX_AGE_MS || !(markTicks > 0)) {
      const what = markTicks > 0 ? `is ${Math.round(ageMs)} ms old` : "is none";
      this.#warnings.warn("mark-stale", `the mark price of ${this.#symbol} ${what}`);
      return;
    }
    this.#market.heard();
    this.#markHeardMs = this.#world.timers.elapsedMs();
    // Two connections tell the same while one takes over from the other.
    if (eventMs <= this.#markSentMs) return;
    this.#markSentMs = eventMs;
    const event = this.#markEvent;
    event.venueTimeMs = eventMs;
    event.receivedTimeMs = this.#world.nowMs();
    event.priceTicks = markTicks;
    event.fundingRate = fundingRate;
    event.nextFundingMs = nextFundingMs;
    this.#listener.onMark?.(event);
  }

  #tickLater(): void {
    this.#cancelTick = this.#world.timers.after(TICK_MS, () => this.#tick());
  }

  /** The venue pings once in three minutes: it lives where it tells its mark price. */
  #tick(): void {
    this.#tickLater();
    const markAgeMs = this.#world.timers.elapsedMs() - this.#markHeardMs;
    if (this.#public.isAlive && markAgeMs < MARK_MAX_AGE_MS) {
      this.#listener.onAlive(this.#world.nowMs());
    }
    this.#public.watchMute();
    this.#market.watchMute();
  }
}
