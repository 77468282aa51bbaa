/**
 * SnapshotFetcher: gets the book snapshots that a feed asks for: one request at a time, each
 * further one after a back-off, until the feed is content. Time and randomness are handed in; the
 * request itself is the caller's.
 */

import { messageOf } from "#domain/errors.ts";
import { Backoff, type BackoffLimits } from "#net/backoff.ts";
import type { SocketWorld } from "#net/reconnecting-socket.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { DepthSnapshot } from "./depth-snapshot.ts";

/**
 * A snapshot is dear (weight 50 of 6000 a minute, for futures 20 of 2400), and a venue in trouble
 * gets no more of them.
 */
const BACKOFF: BackoffLimits = { baseMs: 250, maxMs: 10_000 };

/** Null or a rejection: it failed. Must settle, as every call of the venues' APIs does. */
export type FetchDepth = () => Promise<DepthSnapshot | null>;

export interface SnapshotHandlers {
  onSnapshot(snapshot: DepthSnapshot): void;
  /** It is tried again by itself. */
  onFailure(message: string): void;
}

export class SnapshotFetcher {
  readonly #fetchDepth: FetchDepth;
  readonly #handlers: SnapshotHandlers;
  readonly #timers: Timers;
  readonly #backoff: Backoff;
  #isWanted = false;
  /** A request is on its way; `#isStale` where its answer will not be wanted. */
  #isFetching = false;
  #isStale = false;
  #cancelWait: CancelTimer | undefined;

  constructor(fetchDepth: FetchDepth, handlers: SnapshotHandlers, world: SocketWorld) {
    this.#fetchDepth = fetchDepth;
    this.#handlers = handlers;
    this.#timers = world.timers;
    this.#backoff = new Backoff(BACKOFF, world.rng);
  }

  /** Asks at once, if nothing has been asked for yet. */
  request(): void {
    this.#begin(0);
  }

  /** Asks after a back-off, if nothing has been asked for yet: the last snapshot did not do. */
  requestAgain(): void {
    this.#begin(this.#backoff.nextMs());
  }

  /** No snapshot is wanted: what is on its way is dropped. */
  cancel(): void {
    this.#isWanted = false;
    this.#isStale = true;
    this.#cancelWait?.();
    this.#cancelWait = undefined;
  }

  /** The book of the last snapshot has lasted: the next back-off is a short one. */
  settle(): void {
    this.#backoff.reset();
  }

  #begin(delayMs: number): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    // A request still on its way, its answer stale, starts this one when it ends.
    if (!this.#isFetching) this.#fetchAfter(delayMs);
  }

  #fetchAfter(delayMs: number): void {
    this.#cancelWait = this.#timers.after(delayMs, () => {
      this.#cancelWait = undefined;
      void this.#fetch();
    });
  }

  async #fetch(): Promise<void> {
    this.#isFetching = true;
    this.#isStale = false;
    let snapshot: DepthSnapshot | null = null;
    let problem = "the venue gave none";
    try {
      snapshot = await this.#fetchDepth();
    } catch (error) {
      problem = messageOf(error);
    }
    this.#isFetching = false;
    if (!this.#isWanted) return;
    if (this.#isStale || snapshot === null) {
      this.#fetchAfter(this.#backoff.nextMs());
      if (!this.#isStale) this.#handlers.onFailure(problem);
      return;
    }
    this.#isWanted = false;
    this.#handlers.onSnapshot(snapshot);
  }
}
