/**
 * MarketStream: the public market of one symbol, live: touch, prints and, for those who want it,
 * the whole book, from the combined stream of bookTicker, depth and trade. See LiveBook for what
 * is shown when. Does network I/O; time and randomness are handed in.
 */

import type { Instrument } from "#domain/instrument.ts";
import type { CancelTimer } from "#net/timers.ts";
import type { FeedStatus, MarketData, MarketListener } from "#ports/venue.ts";
import { FeedSocket, streamAddress } from "../binance/feed-socket.ts";
import { LiveBook, NOBODY } from "../binance/live-book.ts";
import { MarketKind, type MarketMessage } from "../binance/market-message.ts";
import { PrintTeller } from "../binance/print-teller.ts";
import type { FetchDepth } from "../binance/snapshot-fetcher.ts";
import type { VenueWorld } from "../venue.ts";
import { Warnings } from "../warnings.ts";
import { MarketParser } from "./market-parser.ts";

export interface MarketStreamOptions {
  readonly instrument: Instrument;
  /** Without a trailing slash. */
  readonly streamUrl: string;
  readonly fetchDepth: FetchDepth;
  /** See SocketOptions: the budget of connections. */
  readonly admit?: () => number;
}

const TICK_MS = 1_000;
/** The first silence of touch and depth together that is too long. */
const MUTE_MS = 10_000;
const KINDS = ["bookTicker", "depth@100ms", "trade"];

const NOTHING: CancelTimer = () => {};

export class MarketStream implements MarketData {
  readonly #world: VenueWorld;
  readonly #book: LiveBook;
  readonly #prints = new PrintTeller();
  readonly #socket: FeedSocket;
  #listener = NOBODY;
  #cancelTick = NOTHING;

  /** Does nothing yet: see `start`. @throws {InputError} `url` */
  constructor(options: MarketStreamOptions, world: VenueWorld) {
    const { instrument, streamUrl, fetchDepth, admit } = options;
    const { symbol } = instrument;
    const parser = new MarketParser({ instrument, name: "the feed" });
    const warnings = new Warnings(world, (alert) => this.#listener.onAlert(alert));
    const warn = (code: string, message: string): void => warnings.warn(code, message);
    this.#world = world;
    this.#book = new LiveBook({ symbol, fetchDepth, world, warn });
    this.#socket = new FeedSocket(
      {
        name: `market feed of ${symbol}`,
        url: streamAddress(streamUrl, symbol, KINDS),
        muteMs: MUTE_MS,
        parse: (text) => parser.parseText(text),
        admit,
      },
      {
        onUp: () => this.#book.onUp(),
        onDown: () => {
          this.#prints.forget();
          this.#book.onDown();
        },
        onMessage: (message) => this.#onMessage(message),
        onBadMessage: (problem) => this.#book.discard("bad-message", problem),
        warn,
      },
      world,
    );
  }

  start(listener: MarketListener): void {
    this.#listener = listener;
    this.#book.start(listener);
    this.#socket.open();
    this.#tickLater();
  }

  stop(): void {
    this.#listener = NOBODY;
    this.#cancelTick();
    this.#book.stop();
    this.#socket.close();
  }

  status(): FeedStatus {
    return {
      state: this.#state(),
      messages: this.#socket.messages,
      resyncs: this.#book.resyncs,
      reconnects: this.#socket.reconnects,
    };
  }

  #state(): FeedStatus["state"] {
    if (this.#book.isLive) return "live";
    if (this.#socket.isClosed) return "closed";
    return this.#socket.isUp ? "syncing" : "connecting";
  }

  #onMessage(message: MarketMessage): void {
    switch (message.kind) {
      case MarketKind.ticker:
        this.#socket.heard();
        this.#book.onTicker(message);
        break;
      case MarketKind.depth:
        this.#socket.heard();
        this.#book.onDepth(message);
        break;
      case MarketKind.trade:
        this.#prints.tell(message, this.#world.nowMs(), this.#listener);
        break;
      default: // a stream that nobody asked for here
    }
  }

  #tickLater(): void {
    this.#cancelTick = this.#world.timers.after(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    this.#tickLater();
    if (!this.#socket.isAlive) return;
    this.#listener.onAlive(this.#world.nowMs());
    this.#socket.watchMute();
  }
}
