/**
 * WsCalls: the requests under way over the WebSocket API, by their id, until they are answered,
 * late, or lost with their connection. Bounded in number and in time. May import domain and net;
 * time is handed in.
 */

import type { Connection } from "#net/connection.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import { requestText } from "./json.ts";
import type { RequestParams } from "./signing.ts";

export type WsAnswer =
  /** The whole message, parsed and unread. */
  | { readonly kind: "answered"; readonly message: object }
  /** It may have been done. */
  | { readonly kind: "unknown"; readonly message: string }
  /** It surely was not done. */
  | { readonly kind: "not-sent"; readonly message: string };

interface Call {
  readonly connectionId: number;
  readonly dueMs: number;
  readonly settle: (answer: WsAnswer) => void;
}

export interface CallLimits {
  readonly timeoutMs: number;
  /** Under way at a time. */
  readonly max: number;
}

export class WsCalls {
  readonly #timers: Timers;
  readonly #limits: CallLimits;
  /** Oldest first, and so by when they are due: all may take equally long. */
  readonly #calls = new Map<number, Call>();
  #lastId = 0;
  #cancelTimer: CancelTimer | null = null;

  constructor(timers: Timers, limits: CallLimits) {
    this.#timers = timers;
    this.#limits = limits;
  }

  get inFlight(): number {
    return this.#calls.size;
  }

  /** For how long the oldest request on a connection has been under way; 0 where none is. */
  waitingMs(connectionId: number): number {
    for (const call of this.#calls.values()) {
      if (call.connectionId !== connectionId) continue;
      return this.#limits.timeoutMs - (call.dueMs - this.#timers.elapsedMs());
    }
    return 0;
  }

  /** Sends before it returns; the promise never rejects. */
  send(
    connection: Connection,
    method: string,
    params: RequestParams | undefined,
  ): Promise<WsAnswer> {
    if (this.#calls.size >= this.#limits.max) {
      return notSent(`${this.#limits.max} requests are under way already`);
    }
    this.#lastId += 1;
    const id = this.#lastId;
    const result = connection.send(requestText(id, method, params));
    if (result !== "sent") return notSent(`the connection is ${result}`);
    const { promise, resolve } = Promise.withResolvers<WsAnswer>();
    const dueMs = this.#timers.elapsedMs() + this.#limits.timeoutMs;
    this.#calls.set(id, { connectionId: connection.id, dueMs, settle: resolve });
    if (this.#cancelTimer === null) this.#watch(this.#limits.timeoutMs);
    return promise;
  }

  /** Hands an answer over; false where nobody waits for it (any more). */
  answer(id: unknown, message: object): boolean {
    if (typeof id !== "number") return false;
    return this.#settle(id, { kind: "answered", message });
  }

  /** Whether this was the id of some request, however long ago. */
  isOwn(id: unknown): boolean {
    return typeof id === "number" && id >= 1 && id <= this.#lastId;
  }

  /** With their connection down nobody will tell what became of its requests. */
  lose(connectionId: number, why: string): void {
    for (const [id, call] of this.#calls) {
      if (call.connectionId !== connectionId) continue;
      this.#settle(id, { kind: "unknown", message: `no answer: ${why}` });
    }
  }

  #settle(id: number, answer: WsAnswer): boolean {
    const call = this.#calls.get(id);
    if (call === undefined) return false;
    this.#calls.delete(id);
    if (this.#calls.size === 0) this.#unwatch();
    call.settle(answer);
    return true;
  }

  /** One timer for all, for the oldest: an order should not pay for setting and clearing one. */
  #watch(delayMs: number): void {
    this.#cancelTimer = this.#timers.after(delayMs, () => {
      this.#cancelTimer = null;
      const nowMs = this.#timers.elapsedMs();
      for (const [id, { dueMs }] of this.#calls) {
        if (dueMs > nowMs) {
          this.#watch(dueMs - nowMs);
          return;
        }
        const message = `no answer within ${this.#limits.timeoutMs} ms`;
        this.#settle(id, { kind: "unknown", message });
      }
    });
  }

  #unwatch(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }
}

function notSent(message: string): Promise<WsAnswer> {
  return Promise.resolve({ kind: "not-sent", message });
}
