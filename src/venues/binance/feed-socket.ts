/**
 * FeedSocket: one connection to a venue's public streams, there again after every end: reads its
 * messages, leaves a server that shuts down, and takes one that is connected but delivers nothing
 * for a wrong one. The address is the subscription. Does network I/O; time and randomness are
 * handed in.
 */

import { messageOf } from "#domain/errors.ts";
import type { Connection } from "#net/connection.ts";
import { ReconnectingSocket, type SocketState } from "#net/reconnecting-socket.ts";
import { MuteWatch } from "../mute-watch.ts";
import type { VenueWorld } from "../venue.ts";
import { MarketKind, type MarketMessage } from "./market-message.ts";

export interface FeedSocketOptions {
  /** For people: `market feed of ETHUSDT`. */
  readonly name: string;
  readonly url: string;
  /** The first silence of its heartbeat that is too long: see `heard`. */
  readonly muteMs: number;
  /** Reads a message, which may be reused. @throws {BadMarketMessage} */
  readonly parse: (text: string) => MarketMessage;
  /** See SocketOptions: the budget of connections. */
  readonly admit: (() => number) | undefined;
}

export interface FeedSocketOwner {
  /** Messages come; also told where one connection took over from another. */
  onUp(): void;
  /** No messages come. */
  onDown(): void;
  /** A message of the market. */
  onMessage(message: MarketMessage): void;
  /** A message that cannot be used: nobody knows what it would have changed. */
  onBadMessage(problem: string): void;
  /** Tells people. */
  warn(code: string, message: string): void;
}

const BACKOFF = { baseMs: 250, maxMs: 10_000 };
/** A peer is cut after this long without a word, and alive for as long before. */
const SILENCE_MS = 5_000;

export class FeedSocket {
  readonly #name: string;
  readonly #parse: (text: string) => MarketMessage;
  readonly #owner: FeedSocketOwner;
  readonly #world: VenueWorld;
  readonly #socket: ReconnectingSocket;
  readonly #mute: MuteWatch;
  /** Of the connection in use; 0 while there is none. */
  #connectionId = 0;
  #messages = 0;
  #connects = 0;

  /** Does nothing yet: see `open`. @throws {InputError} `url` */
  constructor(options: FeedSocketOptions, owner: FeedSocketOwner, world: VenueWorld) {
    const { name, url, muteMs, parse, admit } = options;
    this.#name = name;
    this.#parse = parse;
    this.#owner = owner;
    this.#world = world;
    this.#mute = new MuteWatch(muteMs, world.timers.elapsedMs());
    this.#socket = new ReconnectingSocket(
      {
        url,
        backoff: BACKOFF,
        silenceMs: SILENCE_MS,
        ...(admit === undefined ? {} : { admit }),
      },
      {
        // The address is the subscription; there is no answer to wait for.
        onOpen: (connection) => connection.markReady(),
        onMessage: (data, connection) => this.#onMessage(data, connection),
        // What it means for the feed is told by the state.
        onDown: () => {},
        onState: (state) => this.#onState(state),
      },
      world,
    );
  }

  open(): void {
    this.#socket.open();
  }

  /** For good; the owner hears no more. */
  close(): void {
    this.#connectionId = 0;
    this.#socket.close();
  }

  get isClosed(): boolean {
    return this.#socket.state.name === "closed";
  }

  get isUp(): boolean {
    return this.#connectionId !== 0;
  }

  /** The peer was heard a moment ago, if only answering a ping. */
  get isAlive(): boolean {
    return this.#socket.quietMs <= SILENCE_MS;
  }

  get messages(): number {
    return this.#messages;
  }

  get reconnects(): number {
    return Math.max(0, this.#connects - 1);
  }

  /** What tells a subscription that works from one that delivers nothing has come. */
  heard(): void {
    this.#mute.heard(this.#world.timers.elapsedMs());
  }

  /** To be called about once a second. */
  watchMute(): void {
    if (!this.isAlive) return;
    const silentMs = this.#mute.tooLongMs(this.#world.timers.elapsedMs());
    if (silentMs === null || !this.#socket.rotate()) return;
    const seconds = Math.round(silentMs / 1000);
    const message = `the ${this.#name} has told nothing for ${seconds} s; connecting anew`;
    this.#owner.warn("feed-mute", message);
  }

  #onState(state: SocketState): void {
    if (state.name === "ready") {
      this.#connectionId = state.connectionId;
      this.#connects += 1;
      this.heard();
      this.#owner.onUp();
      return;
    }
    if (state.name === "waiting" && state.cause !== null) {
      this.#owner.warn("feed-down", `no ${this.#name}: ${state.cause.message}`);
    }
    if (this.#connectionId === 0) return;
    this.#connectionId = 0;
    this.#owner.onDown();
  }

  #onMessage(data: string | ArrayBuffer, connection: Connection): void {
    this.#messages += 1;
    const message = this.#parsed(data);
    if (message === null) return;
    switch (message.kind) {
      case MarketKind.shutdown:
        if (connection.id === this.#connectionId) this.#socket.rotate();
        break;
      case MarketKind.refusal:
        this.#owner.warn("feed-refusal", `the ${this.#name} says ${message.text}`);
        break;
      default:
        this.#owner.onMessage(message);
    }
  }

  #parsed(data: string | ArrayBuffer): MarketMessage | null {
    try {
      if (typeof data === "string") return this.#parse(data);
      this.#owner.onBadMessage(`a message of the ${this.#name} is binary`);
    } catch (error) {
      this.#owner.onBadMessage(messageOf(error));
    }
    return null;
  }
}

/** @param base without a trailing slash @param kinds `bookTicker`, … */
export function streamAddress(base: string, symbol: string, kinds: readonly string[]): string {
  const name = encodeURIComponent(symbol.toLowerCase());
  return `${base}/stream?streams=${kinds.map((kind) => `${name}@${kind}`).join("/")}`;
}
