/**
 * ReconnectingSocket: a WebSocket that is there again after every end. It dials with back-off and
 * jitter, cuts a peer that fell silent, and replaces a connection before the venue's maximum age
 * or on request, the new one being ready before the old one goes. It queues nothing: what cannot
 * be sent now is refused. Does network I/O; time and randomness are handed in.
 *
 * For each connection the handlers hear `onOpen`, then messages, then `onDown`. In `onOpen` the
 * caller logs on and subscribes, and calls `connection.markReady()` once the venue has confirmed.
 * While one connection takes over from another both deliver, so the same news may come twice:
 * take it by its id. Requests are answered on the connection that they were sent on; those still
 * open at its `onDown` have an unknown outcome.
 */

import { InputError } from "#domain/errors.ts";
import type { Rng } from "#domain/rng.ts";
import { Backoff, type BackoffLimits } from "./backoff.ts";
import {
  Connection,
  type ConnectionLimits,
  type ConnectionOwner,
  type DownCause,
  type SendResult,
} from "./connection.ts";
import type { CancelTimer, Timers } from "./timers.ts";

export interface SocketOptions extends Partial<ConnectionLimits> {
  /** `ws:` or `wss:`. */
  readonly url: string;
  readonly backoff: BackoffLimits;
  /** A connection is replaced at this age. Default: 23 hours. */
  readonly maxAgeMs?: number;
  /** The old one is heard this long after the new one is ready. Default: 2 000. */
  readonly lingerMs?: number;
  /** Back-off starts afresh once a connection has stood ready this long. Default: 10 000. */
  readonly stableAfterMs?: number;
  /**
   * Asked before each dialling, e.g. against the budget of connections: 0 to go ahead, or how
   * many milliseconds to wait before it is asked again. Default: always 0.
   */
  readonly admit?: () => number;
}

export type SocketState =
  | { readonly name: "connecting" }
  | { readonly name: "ready"; readonly connectionId: number }
  /** `cause` is null where it is `admit` that makes us wait. */
  | { readonly name: "waiting"; readonly delayMs: number; readonly cause: DownCause | null }
  | { readonly name: "closed" };

export interface SocketHandlers {
  onOpen(connection: Connection): void;
  /** Binary frames come as an ArrayBuffer. */
  onMessage(data: string | ArrayBuffer, connection: Connection): void;
  /** Once for each connection that had opened, whatever ended it, `close()` included. */
  onDown(cause: DownCause, connection: Connection): void;
  onState(state: SocketState): void;
  /** Something that the peer answers. Default: a ping frame. */
  ping?(connection: Connection): void;
}

export interface SocketWorld {
  readonly timers: Timers;
  readonly rng: Rng;
}

const DEFAULTS = {
  readyTimeoutMs: 10_000,
  pingAfterMs: 2_000,
  silenceMs: 5_000,
  closeTimeoutMs: 1_000,
  maxBufferedBytes: 1024 * 1024,
  maxAgeMs: 23 * 60 * 60 * 1000,
  lingerMs: 2_000,
  stableAfterMs: 10_000,
  admit: () => 0,
};

const NOTHING: CancelTimer = () => {};

export class ReconnectingSocket {
  readonly #options: Required<SocketOptions>;
  readonly #handlers: SocketHandlers;
  readonly #timers: Timers;
  readonly #backoff: Backoff;
  readonly #owner: ConnectionOwner;
  #state: SocketState = { name: "closed" };
  #dialled = 0;
  /** The one in use, or on the way to it; undefined while waiting. */
  #current: Connection | undefined;
  /** Takes over from `current` once it is ready. */
  #next: Connection | undefined;
  /** Has been replaced, and is heard a little longer. */
  #old: Connection | undefined;
  /** A dialling put off: of `current` while there is none, else of `next`. */
  #cancelDial: CancelTimer | undefined;
  #cancelAge = NOTHING;
  #cancelStable = NOTHING;
  #cancelLinger = NOTHING;

  /** Does nothing yet: see `open`. @throws InputError for options that make no sense */
  constructor(options: SocketOptions, handlers: SocketHandlers, world: SocketWorld) {
    this.#options = { ...DEFAULTS, ...options };
    checkOptions(this.#options);
    this.#handlers = handlers;
    this.#timers = world.timers;
    this.#backoff = new Backoff(options.backoff, world.rng);
    this.#owner = {
      onOpen: (connection) => handlers.onOpen(connection),
      onReady: (connection) => this.#ready(connection),
      onMessage: (data, connection) => handlers.onMessage(data, connection),
      onDown: (cause, connection) => this.#down(cause, connection),
      ping: (connection) =>
        handlers.ping === undefined ? connection.ping() : handlers.ping(connection),
    };
  }

  get state(): SocketState {
    return this.#state;
  }

  /** How long the connection in use has been silent; Infinity while none is ready. */
  get quietMs(): number {
    return this.#current?.isReady === true ? this.#current.quietMs : Infinity;
  }

  /** Begins to connect, and goes on until `close()`. Does nothing where it has begun. */
  open(): void {
    if (this.#state.name === "closed") this.#dial();
  }

  /** Over the connection in use, once that is ready. See `Connection.send`. */
  send(data: string | Uint8Array<ArrayBuffer>): SendResult {
    return this.#current?.isReady === true ? this.#current.send(data) : "not-open";
  }

  /**
   * Replaces the connection in use by a new one, e.g. since the venue has announced that it shuts
   * down. False where that is under way already, or none is ready and a new one comes anyway.
   */
  rotate(): boolean {
    const isUnderWay = this.#next !== undefined || this.#cancelDial !== undefined;
    if (isUnderWay || this.#current?.isReady !== true) return false;
    this.#cancelAge();
    this.#dial();
    return true;
  }

  /** Ends all connections; after it only their `onDown` and the state are heard. */
  close(): void {
    if (this.#state.name === "closed") return;
    this.#cancelDial?.();
    this.#cancelDial = undefined;
    this.#cancelAge();
    this.#cancelStable();
    this.#cancelLinger();
    const connections = [this.#old, this.#next, this.#current];
    this.#old = undefined;
    this.#next = undefined;
    this.#current = undefined;
    this.#backoff.reset();
    this.#enter({ name: "closed" });
    for (const connection of connections) connection?.retire();
  }

  /** Dials `current` where there is none, else `next`. */
  #dial(): void {
    this.#cancelDial = undefined;
    const delayMs = this.#options.admit();
    if (delayMs > 0) {
      this.#dialAfter(delayMs, null);
      return;
    }
    this.#dialled += 1;
    const connection = new Connection(this.#dialled, {
      url: this.#options.url,
      limits: this.#options,
      timers: this.#timers,
      owner: this.#owner,
    });
    if (this.#current !== undefined) {
      this.#next = connection;
      return;
    }
    this.#current = connection;
    this.#enter({ name: "connecting" });
  }

  #dialAfter(delayMs: number, cause: DownCause | null): void {
    this.#cancelDial?.();
    this.#cancelDial = this.#timers.after(delayMs, () => this.#dial());
    if (this.#current === undefined) this.#enter({ name: "waiting", delayMs, cause });
  }

  #ready(connection: Connection): void {
    if (connection === this.#next) {
      this.#next = undefined;
      this.#old?.retire(); // at most two are left open
      this.#old = this.#current;
      this.#current = connection;
      this.#cancelLinger();
      this.#cancelLinger = this.#timers.after(this.#options.lingerMs, () => this.#old?.retire());
    }
    this.#cancelAge();
    this.#cancelAge = this.#timers.after(this.#options.maxAgeMs, () => this.rotate());
    this.#cancelStable();
    this.#cancelStable = this.#timers.after(this.#options.stableAfterMs, () =>
      this.#backoff.reset(),
    );
    this.#enter({ name: "ready", connectionId: connection.id });
  }

  #down(cause: DownCause, connection: Connection): void {
    if (connection === this.#old) this.#old = undefined;
    if (connection === this.#next) {
      this.#next = undefined;
      this.#dialAfter(this.#backoff.nextMs(), cause);
    }
    if (connection === this.#current) this.#lost(cause);
    if (connection.wasOpened) this.#handlers.onDown(cause, connection);
  }

  #lost(cause: DownCause): void {
    this.#cancelAge();
    this.#cancelStable();
    this.#current = this.#next;
    this.#next = undefined;
    if (this.#current === undefined) this.#dialAfter(this.#backoff.nextMs(), cause);
    else this.#enter({ name: "connecting" });
  }

  #enter(state: SocketState): void {
    this.#state = state;
    this.#handlers.onState(state);
  }
}

function checkOptions(options: Required<SocketOptions>): void {
  const { url, pingAfterMs, silenceMs } = options;
  if (!URL.canParse(url) || !/^wss?:$/.test(new URL(url).protocol)) {
    throw new InputError("url", `${url.slice(0, 30)} is no address of a WebSocket`, {
      hint: "it must begin with wss:// or ws://",
    });
  }
  if (pingAfterMs > 0 && pingAfterMs < silenceMs) return;
  throw new InputError("socket-silence", `ping after ${pingAfterMs}, cut after ${silenceMs} ms`, {
    hint: "give 0 < pingAfterMs < silenceMs",
  });
}
