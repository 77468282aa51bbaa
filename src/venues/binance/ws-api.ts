/**
 * BinanceWsApi: a venue's WebSocket API, connected until it is closed. Calls are answered on the
 * connection that they were sent on, and those open when it goes down have an unknown outcome. On
 * Spot the account's events arrive over it too; nothing of them is replayed after a cut, so its
 * owner is told when to reconcile. Does network I/O through ReconnectingSocket; time is handed in.
 */

import type { Rng } from "#domain/rng.ts";
import type { Connection, DownCause } from "#net/connection.ts";
import { ReconnectingSocket, type SocketState } from "#net/reconnecting-socket.ts";
import type { Timers } from "#net/timers.ts";
import type { Alert } from "#ports/sink.ts";
import { RoundTrips } from "../round-trips.ts";
import type { BinanceAccess } from "./access.ts";
import { type ApiAnswer, type BinanceApi, type Dialect, specOf } from "./api.ts";
import type { BinanceClock } from "./clock.ts";
import { type Outcome, wsReply } from "./errors.ts";
import { parseJson } from "./json.ts";
import type { BinanceLimits } from "./limits.ts";
import type { RequestParams } from "./signing.ts";
import { WsCalls } from "./ws-calls.ts";
import { type SessionWorld, WsSession } from "./ws-session.ts";

export interface WsApiOptions {
  readonly dialect: Dialect;
  readonly wsApiUrl: string;
  readonly access: BinanceAccess;
  /** Of one request. Default: 10 000, after which the venue gives up too. */
  readonly timeoutMs?: number;
  /** How old a request may be when the venue acts on it. Default: 5 000. */
  readonly recvWindowMs?: number;
  /**
   * Reports on orders in other symbols are dropped unread: an account's stream brings the news of
   * all its pairs to each of them. Default: all are told.
   */
  readonly symbol?: string;
}

export interface WsApiWorld {
  readonly timers: Timers;
  readonly rng: Rng;
  readonly clock: BinanceClock;
  readonly limits: BinanceLimits;
}

/** Hears of it from the event loop only, never from within a call to it; must not throw. */
export interface WsApiOwner {
  /** Calls may be sent and events are heard: reconcile. Not for a planned change of connection. */
  onReady(): void;
  /** Neither of them any more, until the next `onReady`. */
  onLost(cause: string): void;
  /** Events may have been missed, and are heard again: reconcile. */
  onStreamInterrupted(): void;
  /** A message for `readUserEvent`, parsed. While connections change it may come twice. */
  onUserEvent(json: unknown, receivedTimeMs: number): void;
  onAlert(alert: Alert): void;
}

const MAX_IN_FLIGHT = 1024;
/** Far beyond any round trip, and before the socket is taken for dead. */
const STALLED_AFTER_MS = 1000;
const BACKOFF = { baseMs: 200, maxMs: 10_000 };
/** After a refused key: people have to act first, and the venue bans those who insist. */
const KEY_RETRY_MS = 60_000;

export class BinanceWsApi implements BinanceApi {
  readonly #owner: WsApiOwner;
  readonly #world: WsApiWorld;
  readonly #dialect: Dialect;
  readonly #socket: ReconnectingSocket;
  readonly #calls: WsCalls;
  readonly #sessionWorld: SessionWorld;
  readonly #roundTrips = new RoundTrips();
  /** What a report on an order of ours contains; null: any report is told. */
  readonly #symbolMark: string | null;
  /** Of all connections that are open: three at most. */
  readonly #sessions = new Map<number, WsSession>();
  /** The one in use. */
  #current: WsSession | null = null;
  #isClosed = false;
  #readyTimes = 0;
  /** No dialling before; by `elapsedMs`. */
  #dialFromMs = 0;
  /** Told to people, and not again until it works. */
  readonly #told = new Set<string>();

  /** Does nothing until `open`. @throws {InputError} `url` */
  constructor(options: WsApiOptions, world: WsApiWorld, owner: WsApiOwner) {
    const { wsApiUrl, access, timeoutMs = 10_000, recvWindowMs = 5000 } = options;
    this.#world = world;
    this.#dialect = options.dialect;
    this.#owner = owner;
    const { symbol } = options;
    // A name beyond ASCII has two spellings in JSON.
    const isPlain = symbol !== undefined && /^[\w-]+$/.test(symbol);
    this.#symbolMark = isPlain ? `"s":"${symbol}"` : null;
    this.#calls = new WsCalls(world.timers, { timeoutMs, max: MAX_IN_FLIGHT });
    this.#sessionWorld = {
      ...world,
      dialect: options.dialect,
      access,
      calls: this.#calls,
      recvWindowMs,
      onUnreadable: (message) => this.#tellOnce("warning", "bad-message", message),
    };
    this.#socket = new ReconnectingSocket(
      // A connection that is replaced is heard until its last request is answered or late.
      { url: wsApiUrl, backoff: BACKOFF, lingerMs: timeoutMs, admit: () => this.#admit() },
      {
        onOpen: (connection) => this.#opened(connection),
        onMessage: (data, connection) => this.#heard(data, connection),
        onDown: (cause, connection) => this.#down(cause, connection),
        onState: (state) => this.#entered(state),
      },
      world,
    );
  }

  /** Begins to connect. Call once. */
  open(): void {
    this.#socket.open();
  }

  /** Ends it for good; what is under way is answered as unknown, and the owner hears no more. */
  close(): void {
    this.#isClosed = true;
    this.#socket.close();
  }

  get isReady(): boolean {
    return this.#current?.connection.isReady === true;
  }

  /** An answer has been due for a while: what must not wait for it goes another way. */
  get isStalled(): boolean {
    const connection = this.#current?.connection;
    return connection !== undefined && this.#calls.waitingMs(connection.id) > STALLED_AFTER_MS;
  }

  get inFlight(): number {
    return this.#calls.inFlight;
  }

  /** Times that it was lost and came back; planned changes of connection are not counted. */
  get reconnects(): number {
    return Math.max(0, this.#readyTimes - 1);
  }

  /** Of the last orders, cancels and amendments that were answered; null before the first. */
  roundTripMs(): { readonly p50: number; readonly p99: number } | null {
    return this.#roundTrips.percentiles();
  }

  venueNowMs(): number {
    return this.#world.clock.venueNowMs();
  }

  /** As BinanceApi, over the connection in use; a refused time is the caller's matter. */
  async call(method: string, params: RequestParams): Promise<ApiAnswer> {
    const { timers } = this.#world;
    if (this.#current === null) {
      const retryAtMs = this.venueNowMs() + BACKOFF.baseMs;
      const message = "the WebSocket API is not connected";
      return { kind: "not-sent", why: "not-connected", retryAtMs, message };
    }
    const sentMs = timers.elapsedMs();
    const answer = await this.#current.call(method, params);
    const isOrder = specOf(this.#dialect, method).verb !== "GET";
    if (isOrder && answer.kind === "answered") this.#roundTrips.add(timers.elapsedMs() - sentMs);
    return answer;
  }

  #admit(): number {
    const waitMs = this.#dialFromMs - this.#world.timers.elapsedMs();
    return waitMs > 0 ? waitMs : this.#world.limits.admitConnection(this.#dialect.handshakeWeight);
  }

  #opened(connection: Connection): void {
    const session = new WsSession(connection, this.#sessionWorld);
    this.#sessions.set(connection.id, session);
    void this.#begin(session);
  }

  async #begin(session: WsSession): Promise<void> {
    const outcome = await session.begin();
    if (outcome.kind === "accepted") session.connection.markReady();
    else this.#refused(outcome, session.connection);
  }

  /** Not logged on, or not subscribed: of no use. The socket comes back with another. */
  #refused(outcome: Exclude<Outcome, { kind: "accepted" }>, connection: Connection): void {
    if (outcome.kind !== "fatal") {
      this.#giveUp(outcome.message, connection);
      return;
    }
    this.#dialFromMs = this.#world.timers.elapsedMs() + KEY_RETRY_MS;
    const what = `the venue refuses the key: ${outcome.message}; orders cannot be sent. Check`;
    const check = "the key, its secret, its permissions and its allowed addresses";
    this.#tellOnce("critical", "key-refused", `${what} ${check}`);
    connection.retire();
  }

  #giveUp(message: string, connection: Connection): void {
    if (!this.#sessions.has(connection.id)) return; // down already: that was the reason
    this.#tellOnce("warning", "logon-failed", `logon or subscription: ${message}`);
    connection.retire();
  }

  #entered(state: SocketState): void {
    const wasReady = this.#current !== null;
    // The end of a connection that was in use is told by `onLost`; of attempts, the first failure.
    if (state.name === "waiting" && state.cause !== null && state.cause.kind !== "retired") {
      const message = `no connection to the WebSocket API: ${state.cause.message}`;
      if (!wasReady) this.#tellOnce("warning", "not-connected", message);
    }
    if (state.name !== "ready") return;
    this.#current = this.#sessions.get(state.connectionId) ?? null;
    this.#told.clear();
    if (wasReady || this.#isClosed) return;
    this.#readyTimes += 1;
    this.#owner.onReady();
  }

  #down(cause: DownCause, connection: Connection): void {
    const session = this.#sessions.get(connection.id);
    this.#sessions.delete(connection.id);
    this.#calls.lose(connection.id, cause.message);
    if (session === this.#current) {
      this.#current = null;
      if (!this.#isClosed) this.#owner.onLost(cause.message);
      return;
    }
    // It had been replaced, and was cut rather than ended by us: it may have been deaf for a
    // while before the other one listened.
    const wasCut = cause.kind !== "retired" && session?.isSubscribed === true;
    if (wasCut && this.#current !== null) this.#owner.onStreamInterrupted();
  }

  #heard(data: string | ArrayBuffer, connection: Connection): void {
    if (isOfOtherSymbol(data, this.#symbolMark)) return;
    const receivedTimeMs = this.#world.clock.nowMs();
    const message = objectOf(data);
    if (message === null) {
      this.#tellOnce("warning", "bad-message", "the WebSocket API sent what is no JSON object");
    } else if ("event" in message) {
      if (!this.#handlesEvent(message.event, connection)) {
        this.#owner.onUserEvent(message, receivedTimeMs);
      }
    } else {
      const id = "id" in message ? message.id : null;
      if (!this.#calls.answer(id, message)) this.#unexpected(id, message, connection);
    }
  }

  /** Acts on an event that is about the connection and not the account; false for all others. */
  #handlesEvent(event: unknown, connection: Connection): boolean {
    const name = typeof event === "object" && event !== null && "e" in event ? event.e : undefined;
    const isShutdown = name === "serverShutdown";
    if (!isShutdown && name !== "eventStreamTerminated") return false;
    const session = this.#current;
    if (session?.connection !== connection) return true; // on its way out already, or not yet in
    if (isShutdown) this.#socket.rotate();
    else void this.#resubscribe(session);
    return true;
  }

  async #resubscribe(session: WsSession): Promise<void> {
    const outcome = await session.subscribe();
    // Whatever the reason: a stream ends with its logon too, and only a new one tells of the key.
    if (outcome.kind !== "accepted") this.#giveUp(outcome.message, session.connection);
    else if (session === this.#current) this.#owner.onStreamInterrupted();
  }

  /** An answer that nobody waits for: it is late, or is about the connection itself. */
  #unexpected(id: unknown, message: object, connection: Connection): void {
    const reply = wsReply(message);
    this.#world.limits.heed(this.#dialect.outcomeOf(reply, this.venueNowMs()));
    if (this.#calls.isOwn(id)) return;
    if (reply.status === 401) {
      this.#tellOnce("warning", "session-ended", `the venue ended the session: ${reply.message}`);
      connection.retire();
      return;
    }
    const words = `${reply.message} (${reply.status}, ${reply.code})`;
    this.#tellOnce("warning", "unexpected-answer", `an answer to no request: ${words}`);
  }

  #tellOnce(level: Alert["level"], code: string, message: string): void {
    if (this.#told.has(code) || this.#isClosed) return;
    this.#told.add(code);
    this.#owner.onAlert({ timeMs: this.#world.clock.nowMs(), level, code, message });
  }
}

/** By its text alone; false in doubt, and the message is read. */
function isOfOtherSymbol(data: string | ArrayBuffer, mark: string | null): boolean {
  if (mark === null || typeof data !== "string") return false;
  return data.includes('"e":"executionReport"') && !data.includes(mark);
}

/** Null where it is no JSON object. */
function objectOf(data: string | ArrayBuffer): object | null {
  if (typeof data !== "string") return null;
  try {
    const json = parseJson(data);
    return typeof json === "object" && json !== null ? json : null;
  } catch {
    return null;
  }
}
