/**
 * StreamWatch: whether the private stream tells what it should. A quiet account and a stream that
 * fell mute look the same, but an order that the venue has taken must be told of within moments:
 * where it is not, its owner reconciles, and makes the stream anew if nothing else was heard
 * either. Time is handed in.
 */

import { RecentMap } from "#domain/recent-map.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import { MuteWatch } from "../mute-watch.ts";

const LATE_MS = 3000;
const MAX_EXPECTED = 1024;
const MAX_HEARD = 4096;

const NOTHING: CancelTimer = () => {};

export interface WatchOwner {
  /** @param isMute nothing at all was heard meanwhile */
  onMissing(clientOrderId: string, isMute: boolean): void;
}

export class StreamWatch {
  readonly #timers: Timers;
  readonly #owner: WatchOwner;
  readonly #mute: MuteWatch;
  /** By when news of an order are due, elapsed milliseconds; oldest first. */
  readonly #dueMs = new Map<string, number>();
  /** The stream may be quicker than the answer. */
  readonly #heard = new RecentMap<true>(MAX_HEARD);
  #cancelTimer = NOTHING;

  constructor(timers: Timers, owner: WatchOwner) {
    this.#timers = timers;
    this.#owner = owner;
    this.#mute = new MuteWatch(LATE_MS, timers.elapsedMs());
  }

  /** The stream spoke of this order of ours. */
  heard(clientOrderId: string): void {
    this.#mute.heard(this.#timers.elapsedMs());
    this.#heard.set(clientOrderId, true);
    this.#dueMs.delete(clientOrderId);
  }

  /** The venue has taken it: the stream has to tell of it. */
  expect(clientOrderId: string): void {
    if (this.#heard.has(clientOrderId) || this.#dueMs.size >= MAX_EXPECTED) return;
    const isFirst = this.#dueMs.size === 0;
    this.#dueMs.set(clientOrderId, this.#timers.elapsedMs() + LATE_MS);
    if (isFirst) this.#watch();
  }

  /** The stream is made anew: what it did not tell is asked for anyway. */
  reset(): void {
    this.#mute.heard(this.#timers.elapsedMs());
    this.#dueMs.clear();
    this.#cancelTimer();
  }

  #watch(): void {
    this.#cancelTimer();
    const [dueMs] = this.#dueMs.values();
    if (dueMs === undefined) return;
    const waitMs = Math.max(0, dueMs - this.#timers.elapsedMs());
    this.#cancelTimer = this.#timers.after(waitMs, () => this.#look());
  }

  #look(): void {
    const nowMs = this.#timers.elapsedMs();
    for (const [id, dueMs] of this.#dueMs) {
      if (dueMs > nowMs) break;
      this.#dueMs.delete(id);
      this.#owner.onMissing(id, this.#mute.tooLongMs(nowMs) !== null);
    }
    this.#watch();
  }
}
