/**
 * Connection: one native WebSocket from dialling to its end, never revived. It finds out by itself
 * when the peer no longer answers, refuses to buffer without bound, and ends exactly once.
 * ReconnectingSocket makes them. Does network I/O; time is handed in.
 */

import { messageOf } from "#domain/errors.ts";
import type { CancelTimer, Timers } from "./timers.ts";

export interface ConnectionLimits {
  /** From dialling to `markReady()`; longer, and the connection is given up. Default: 10 000. */
  readonly readyTimeoutMs: number;
  /** After this long without a word from the peer `ping` is called. Default: 2 000. */
  readonly pingAfterMs: number;
  /** After this long without a word the peer is taken for gone. Default: 5 000. */
  readonly silenceMs: number;
  /** How long the peer may take over the closing handshake. Default: 1 000. */
  readonly closeTimeoutMs: number;
  /** Bytes that may wait for the peer to read them. Default: 1 MiB. */
  readonly maxBufferedBytes: number;
}

/** `buffer-full`: the peer does not read; nothing was sent. `not-open`: too early or too late. */
export type SendResult = "sent" | "not-open" | "buffer-full";

export interface DownCause {
  readonly kind:
    | "failed" // never opened: refused, no such host, TLS, not a WebSocket
    | "not-ready" // dialled or opened, and not ready in time
    | "silent" // nothing heard, not even an answer to the ping
    | "closed" // by the peer, or cut on the way
    | "retired"; // by us: replaced by a newer one, or all of it closed
  /** Close code of the WebSocket; null where we gave up. */
  readonly code: number | null;
  readonly message: string;
}

/** What becomes of a connection; each is called by it at most once, but for messages and pings. */
export interface ConnectionOwner {
  onOpen(connection: Connection): void;
  onReady(connection: Connection): void;
  onMessage(data: string | ArrayBuffer, connection: Connection): void;
  onDown(cause: DownCause, connection: Connection): void;
  ping(connection: Connection): void;
}

export interface ConnectionWorld {
  readonly url: string;
  readonly limits: ConnectionLimits;
  readonly timers: Timers;
  readonly owner: ConnectionOwner;
}

type State = "dialling" | "open" | "ready" | "ended";

export class Connection {
  /** Counts up from 1 within its ReconnectingSocket. */
  readonly id: number;
  readonly #world: ConnectionWorld;
  readonly #socket: WebSocket;
  #state: State = "dialling";
  #wasOpened = false;
  #heardMs: number;
  #cancelReady: CancelTimer;
  #cancelHeartbeat: CancelTimer = () => {};

  constructor(id: number, world: ConnectionWorld) {
    this.id = id;
    this.#world = world;
    const { timers, limits } = world;
    this.#heardMs = timers.elapsedMs();
    // Deflate costs more per message than it saves on a feed.
    this.#socket = new WebSocket(world.url, { perMessageDeflate: false });
    this.#socket.binaryType = "arraybuffer";
    this.#listen(this.#socket);
    this.#cancelReady = timers.after(limits.readyTimeoutMs, () => {
      const message = `not ready within ${limits.readyTimeoutMs} ms`;
      this.#giveUp({ kind: "not-ready", code: null, message });
    });
  }

  get isReady(): boolean {
    return this.#state === "ready";
  }

  /** It has been open at some time: its owner has heard `onOpen`. */
  get wasOpened(): boolean {
    return this.#wasOpened;
  }

  /** How long nothing has been heard of the peer; an answer to a ping counts. */
  get quietMs(): number {
    return this.#world.timers.elapsedMs() - this.#heardMs;
  }

  /** Sends one frame, or says why not. It may still be lost with the connection: see `onDown`. */
  send(data: string | Uint8Array<ArrayBuffer>): SendResult {
    if (this.#state !== "open" && this.#state !== "ready") return "not-open";
    if (this.#socket.readyState !== WebSocket.OPEN) return "not-open";
    const bytes = typeof data === "string" ? Buffer.byteLength(data) : data.byteLength;
    if (this.#socket.bufferedAmount + bytes > this.#world.limits.maxBufferedBytes) {
      return "buffer-full";
    }
    this.#socket.send(data);
    return "sent";
  }

  /** Sends a ping frame, which a peer that lives answers by itself. */
  ping(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
  }

  /** Logged on, subscribed: may be used, and takes over from the one before. */
  markReady(): void {
    if (this.#state !== "open") return;
    this.#state = "ready";
    this.#cancelReady();
    this.#world.owner.onReady(this);
  }

  /** Ends it from our side, after what was sent; the owner hears of it as of any other end. */
  retire(): void {
    const socket = this.#socket;
    if (!this.#end()) return;
    socket.close(1000);
    const cancel = this.#world.timers.after(this.#world.limits.closeTimeoutMs, () =>
      socket.terminate(),
    );
    socket.addEventListener("close", cancel, { once: true });
    this.#world.owner.onDown({ kind: "retired", code: 1000, message: "ended by us" }, this);
  }

  #listen(socket: WebSocket): void {
    socket.addEventListener("open", () => this.#opened());
    socket.addEventListener("message", (event: MessageEvent<string | ArrayBuffer>) => {
      if (this.#state === "ended") return;
      this.#heardMs = this.#world.timers.elapsedMs();
      this.#world.owner.onMessage(event.data, this);
    });
    // Bun's own events for ping and pong frames of the peer: they too are signs of life.
    for (const type of ["ping", "pong"]) {
      socket.addEventListener(type, () => {
        this.#heardMs = this.#world.timers.elapsedMs();
      });
    }
    let error = "";
    socket.addEventListener("error", (event) => {
      // The path of an address may be a secret (listen keys are).
      const { href, host } = new URL(this.#world.url);
      error = "message" in event ? messageOf(event.message).replaceAll(href, host) : "";
    });
    socket.addEventListener("close", ({ code, reason }) => {
      const kind = this.#wasOpened ? "closed" : "failed";
      const message = [reason, error].find((text) => text !== "") ?? "connection lost";
      if (this.#end()) this.#world.owner.onDown({ kind, code, message }, this);
    });
  }

  #opened(): void {
    if (this.#state !== "dialling") return;
    this.#state = "open";
    this.#wasOpened = true;
    this.#heardMs = this.#world.timers.elapsedMs();
    this.#watch(this.#world.limits.pingAfterMs);
    this.#world.owner.onOpen(this);
  }

  /** Looks again in a while: quiet since `pingAfterMs`, the peer is asked for a sign of life. */
  #watch(delayMs: number): void {
    const { timers, limits, owner } = this.#world;
    this.#cancelHeartbeat = timers.after(delayMs, () => {
      const quietMs = timers.elapsedMs() - this.#heardMs;
      if (quietMs < limits.pingAfterMs) {
        this.#watch(limits.pingAfterMs - quietMs);
        return;
      }
      this.#awaitAnswer(this.#heardMs);
      owner.ping(this);
    });
  }

  /**
   * Measured from the ping and not from the last word: a thread that was held up finds all its
   * sockets quiet before it has read what they hold, and must not cut them for it.
   */
  #awaitAnswer(heardBeforeMs: number): void {
    const { timers, limits } = this.#world;
    this.#cancelHeartbeat = timers.after(limits.silenceMs - limits.pingAfterMs, () => {
      if (this.#heardMs > heardBeforeMs) {
        const quietMs = timers.elapsedMs() - this.#heardMs;
        this.#watch(Math.max(0, limits.pingAfterMs - quietMs));
        return;
      }
      const message = `nothing heard for ${limits.silenceMs} ms`;
      this.#giveUp({ kind: "silent", code: null, message });
    });
  }

  /** No closing handshake: the peer would not answer it. */
  #giveUp(cause: DownCause): void {
    if (!this.#end()) return;
    this.#socket.terminate();
    this.#world.owner.onDown(cause, this);
  }

  /** False where it had ended before. */
  #end(): boolean {
    if (this.#state === "ended") return false;
    this.#state = "ended";
    this.#cancelReady();
    this.#cancelHeartbeat();
    return true;
  }
}
