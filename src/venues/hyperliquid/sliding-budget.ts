/**
 * SlidingBudget: so many units in any 60 s, drawn on by all threads together in shared memory and
 * without a lock. Hyperliquid does not say where its minutes begin, so none of ours may: whatever
 * it counts, it finds no more than the limit. (net/rate-budget.ts counts in windows of the clock.)
 *
 * Memory: 64 words of 32 bits, one for each second of the last minute and a few more, then one
 * unsigned 64-bit word, before which nothing may be taken (our clock, milliseconds; 0 at first).
 *
 *     bits 31…16  number of the round of 64 s that the second belongs to, modulo 2^16
 *     bits 15…0   units taken in that second
 *
 * Whoever takes adds first, then looks at the whole, and undoes where it is too much. So all that
 * has passed is seen by the next; two that meet at the limit may both be refused. May use shared
 * memory, and no other I/O.
 */

import type { TakeOptions, TakeResult } from "#net/rate-budget.ts";

export interface SlidingSpec {
  readonly name: string;
  readonly limit: number;
  /** The last so many units are kept for cancels. */
  readonly cancelReserve: number;
}

export const SLIDING_WINDOW_MS = 60_000;
const SECOND_MS = 1000;
const SLOTS = 64;
/** The running second, and the 60 before it: what was taken in any part of them may count. */
const SECONDS = 61;
const COUNT_MAX = 0xffff;
const ROUND_MASK = 0xffff;
/** Threads read their clocks at different moments; a second further ahead is a clock gone wrong. */
const AHEAD_SECONDS_MAX = 2;

const BYTES = SLOTS * Int32Array.BYTES_PER_ELEMENT + BigUint64Array.BYTES_PER_ELEMENT;

const TAKEN: TakeResult = { taken: true };

export class SlidingBudget {
  static readonly bytes = BYTES;
  readonly spec: SlidingSpec;
  readonly #seconds: Int32Array;
  readonly #block: BigUint64Array;

  /** @param offset of its `bytes` within the memory, a multiple of eight */
  constructor(spec: SlidingSpec, memory: SharedArrayBuffer, offset: number) {
    this.spec = spec;
    this.#seconds = new Int32Array(memory, offset, SLOTS);
    this.#block = new BigUint64Array(memory, offset + this.#seconds.byteLength, 1);
  }

  /** Takes `cost` units (a whole number from 0) if they are left; all of them or none. */
  tryTake(cost: number, nowMs: number, { isCancel }: TakeOptions): TakeResult {
    const blockedUntilMs = Number(Atomics.load(this.#block, 0));
    if (nowMs < blockedUntilMs) return { taken: false, retryAtMs: blockedUntilMs };
    const ceiling = isCancel ? this.spec.limit : this.spec.limit - this.spec.cancelReserve;
    this.charge(cost, nowMs);
    if (this.used(nowMs) <= ceiling) return TAKEN;
    this.giveBack(cost, nowMs);
    return { taken: false, retryAtMs: this.#freeAtMs(ceiling - cost, nowMs) };
  }

  /** Counts what cannot be refused any more, be it over the limit. */
  charge(cost: number, nowMs: number): void {
    const second = Math.floor(nowMs / SECOND_MS);
    const slot = second % SLOTS;
    for (;;) {
      const word = Atomics.load(this.#seconds, slot);
      // A thread whose clock is a little ahead may have begun the slot's next round: then it counts
      // in that.
      const isOurs = distance(word, slot, second) >= 0 && distance(word, slot, second) <= SLOTS;
      const round = isOurs ? word >>> 16 : Math.floor(second / SLOTS) & ROUND_MASK;
      const count = Math.min((isOurs ? word & COUNT_MAX : 0) + cost, COUNT_MAX);
      if (this.#exchange(slot, word, (round << 16) | count)) return;
    }
  }

  /** Puts back what was taken at `takenAtMs` and surely not sent. */
  giveBack(cost: number, takenAtMs: number): void {
    const second = Math.floor(takenAtMs / SECOND_MS);
    const slot = second % SLOTS;
    for (;;) {
      const word = Atomics.load(this.#seconds, slot);
      if (distance(word, slot, second) !== 0) return;
      const count = Math.max(0, (word & COUNT_MAX) - cost);
      if (this.#exchange(slot, word, (word & ~COUNT_MAX) | count)) return;
    }
  }

  /** Nothing may be taken before `untilMs`. Never shortens a block. */
  block(untilMs: number): void {
    const until = BigInt(Math.max(0, Math.ceil(untilMs)));
    for (;;) {
      const word = Atomics.load(this.#block, 0);
      if (word >= until || Atomics.compareExchange(this.#block, 0, word, until) === word) return;
    }
  }

  /** Units of the last minute. */
  used(nowMs: number): number {
    const second = Math.floor(nowMs / SECOND_MS);
    let used = 0;
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const word = Atomics.load(this.#seconds, slot);
      const ahead = distance(word, slot, second);
      if (ahead > -SECONDS && ahead <= AHEAD_SECONDS_MAX) used += word & COUNT_MAX;
    }
    return used;
  }

  /** When no more than `most` units are left of the last minute; the end of it where never. */
  #freeAtMs(most: number, nowMs: number): number {
    const second = Math.floor(nowMs / SECOND_MS);
    let used = this.used(nowMs);
    for (let age = SECONDS - 1; age > 0; age -= 1) {
      const slot = (second - age) % SLOTS;
      const word = Atomics.load(this.#seconds, slot);
      if (distance(word, slot, second) === -age) used -= word & COUNT_MAX;
      if (used <= most) return (second - age + SECONDS) * SECOND_MS;
    }
    return (second + SECONDS) * SECOND_MS;
  }

  #exchange(slot: number, expected: number, word: number): boolean {
    return Atomics.compareExchange(this.#seconds, slot, expected, word | 0) === expected;
  }
}

/** By how many seconds the one that a slot counts is later than `second`. */
function distance(word: number, slot: number, second: number): number {
  const rounds = ((word >>> 16) - Math.floor(second / SLOTS)) << 16;
  return (rounds >> 16) * SLOTS + slot - (second % SLOTS);
}
