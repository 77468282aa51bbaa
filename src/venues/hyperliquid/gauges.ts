/**
 * Gauges: what all threads hold open at the venue together: sockets, subscriptions, posts under
 * way. Each holder of sockets has a cell of its own in shared memory, which it refreshes each
 * second: the cell of a thread that died falls silent, does not count any more, and is given to
 * the next that wants one. A holder that fell silent itself is told so, and has to let go of what
 * it holds: the others have stopped counting it.
 *
 * Memory: one unsigned 64-bit word for each cell, so that one exchange moves all that is in it, and
 * one more for the number of the newest holder.
 *
 *     bits 63…36  when it was last refreshed, seconds modulo 2^28
 *     bits 35…25  number of its holder; 0: it is free
 *     bits 24…19  sockets      bits 18…8  subscriptions      bits 7…0  posts
 *
 * Whoever takes adds first, then looks at the sum, and undoes where it is too much. May use shared
 * memory, and no other I/O.
 */

export type GaugeKind = "sockets" | "subscriptions" | "posts";

export interface GaugeLimit {
  readonly limit: number;
  /** The last so many are kept for cancels. */
  readonly cancelReserve: number;
}

export type GaugeLimits = Readonly<Record<GaugeKind, GaugeLimit>>;

const CELLS = 64;
/** Others stop counting a cell that was silent for so long. */
const SILENT_SECONDS = 15;
/** Its holder gives it up a little before: threads do not read their clocks at one moment. */
const GIVEN_UP_SECONDS = 12;

const SEEN_SHIFT = 36n;
const SEEN_BITS = 28;
const OWNER_SHIFT = 25n;
const OWNERS = 0x7ff;
/** Seen and owner, without the counts. */
const COUNTS_MASK = (1n << OWNER_SHIFT) - 1n;

const FIELDS: Readonly<Record<GaugeKind, { readonly shift: bigint; readonly most: number }>> = {
  sockets: { shift: 19n, most: 0x3f },
  subscriptions: { shift: 8n, most: 0x7ff },
  posts: { shift: 0n, most: 0xff },
};

export class Gauges {
  readonly limits: GaugeLimits;
  readonly #words: BigUint64Array;
  readonly #nowMs: () => number;

  static makeMemory(): SharedArrayBuffer {
    return new SharedArrayBuffer((CELLS + 1) * BigUint64Array.BYTES_PER_ELEMENT);
  }

  /** @param nowMs one clock of all threads, epoch milliseconds */
  constructor(limits: GaugeLimits, memory: SharedArrayBuffer, nowMs: () => number) {
    this.limits = limits;
    this.#words = new BigUint64Array(memory, 0, CELLS + 1);
    this.#nowMs = nowMs;
  }

  /** A cell for one more holder, empty; null where all are in use. */
  claim(): GaugeCell | null {
    const owner = Number(Atomics.add(this.#words, CELLS, 1n) % BigInt(OWNERS)) + 1;
    for (let index = 0; index < CELLS; index += 1) {
      const word = Atomics.load(this.#words, index);
      if (ownerOf(word) !== 0 && this.#silentSeconds(word) <= SILENT_SECONDS) continue;
      const fresh = this.#stamp(owner);
      if (Atomics.compareExchange(this.#words, index, word, fresh) === word) {
        return new GaugeCell(this, index, owner);
      }
    }
    return null;
  }

  /** Of all holders that live. */
  total(kind: GaugeKind): number {
    let total = 0;
    for (let index = 0; index < CELLS; index += 1) {
      const word = Atomics.load(this.#words, index);
      if (ownerOf(word) === 0 || this.#silentSeconds(word) > SILENT_SECONDS) continue;
      total += countOf(word, kind);
    }
    return total;
  }

  /**
   * For GaugeCell: changes a count of this holder's cell, and refreshes it.
   * @returns false where the cell is not its own any more, or the count does not fit
   */
  add(index: number, owner: number, kind: GaugeKind, by: number): boolean {
    const { shift, most } = FIELDS[kind];
    for (;;) {
      const word = Atomics.load(this.#words, index);
      if (ownerOf(word) !== owner || this.#silentSeconds(word) > GIVEN_UP_SECONDS) return false;
      const count = countOf(word, kind) + by;
      if (count < 0 || count > most) return false;
      const others = word & COUNTS_MASK & ~(BigInt(most) << shift);
      const next = this.#stamp(owner) | others | (BigInt(count) << shift);
      if (Atomics.compareExchange(this.#words, index, word, next) === word) return true;
    }
  }

  /** For GaugeCell: frees it where it is this holder's. */
  free(index: number, owner: number): void {
    for (;;) {
      const word = Atomics.load(this.#words, index);
      if (ownerOf(word) !== owner) return;
      if (Atomics.compareExchange(this.#words, index, word, 0n) === word) return;
    }
  }

  #stamp(owner: number): bigint {
    return (BigInt(this.#second()) << SEEN_SHIFT) | (BigInt(owner) << OWNER_SHIFT);
  }

  #second(): number {
    return Math.floor(this.#nowMs() / 1000) % 2 ** SEEN_BITS;
  }

  /** Below 0 where the holder's clock is ahead. */
  #silentSeconds(word: bigint): number {
    const passed = this.#second() - Number(word >> SEEN_SHIFT);
    return (passed << (32 - SEEN_BITS)) >> (32 - SEEN_BITS);
  }
}

/** One holder's part of the gauges. Made by `Gauges.claim`. */
export class GaugeCell {
  readonly #gauges: Gauges;
  readonly #index: number;
  readonly #owner: number;

  constructor(gauges: Gauges, index: number, owner: number) {
    this.#gauges = gauges;
    this.#index = index;
    this.#owner = owner;
  }

  /** One more, where the limit has room for it. */
  take(kind: GaugeKind, isCancel = false): boolean {
    if (!this.#gauges.add(this.#index, this.#owner, kind, 1)) return false;
    const { limit, cancelReserve } = this.#gauges.limits[kind];
    if (this.#gauges.total(kind) <= (isCancel ? limit : limit - cancelReserve)) return true;
    this.giveBack(kind);
    return false;
  }

  giveBack(kind: GaugeKind): void {
    this.#gauges.add(this.#index, this.#owner, kind, -1);
  }

  /** Each second. False: it was silent too long, and what it holds is not counted any more. */
  refresh(): boolean {
    return this.#gauges.add(this.#index, this.#owner, "posts", 0);
  }

  /** Gives it back whole. */
  leave(): void {
    this.#gauges.free(this.#index, this.#owner);
  }
}

function ownerOf(word: bigint): number {
  return Number((word >> OWNER_SHIFT) & BigInt(OWNERS));
}

function countOf(word: bigint, kind: GaugeKind): number {
  const { shift, most } = FIELDS[kind];
  return Number((word >> shift) & BigInt(most));
}
