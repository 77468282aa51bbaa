/**
 * Request budgets that several worker threads draw on together, in shared memory and without a
 * lock. A venue counts in fixed windows of its clock (a minute from :00, ten seconds from :00 or
 * :10, a day from 00:00 UTC); all of these are whole multiples of the window since 1970, so a
 * window is known by its number, floor(time / length).
 *
 * Memory, two unsigned 64-bit words for each budget, in the order of the specs:
 *
 *     word 2i      bits 63…32 number of the window counted in, bits 31…0 units used in it
 *     word 2i + 1  nothing may be taken before this time, venue milliseconds; 0 at first
 *
 * Window and count share a word, so that one compare-and-exchange moves both: no thread sees the
 * count of one window under the number of another. May use shared memory, and no other I/O.
 */

import { InputError } from "#domain/errors.ts";

/** One budget, e.g. `{ name: "weight-1m", limit: 6000, windowMs: 60_000, cancelReserve: 200 }`. */
export interface BudgetSpec {
  readonly name: string;
  /**
   * Units in a window. Where it must never be passed, leave a margin below the venue's limit: a
   * request taken in the last moments of a window reaches the venue in the next one.
   */
  readonly limit: number;
  readonly windowMs: number;
  /** The last so many units of each window are kept for cancels. */
  readonly cancelReserve: number;
  /**
   * Where the venue's count may fall within a window: a report is then believed also where it is
   * lower than ours, with so many units on top that may be under way. Absent: a count only grows.
   */
  readonly underWayMax?: number;
}

export type TakeResult =
  | { readonly taken: true }
  /** `retryAtMs`: start of the next window or end of the block, in the venue's time. */
  | { readonly taken: false; readonly retryAtMs: number };

export interface TakeOptions {
  /** Cancels may use the reserve. */
  readonly isCancel: boolean;
}

const WORDS_PER_BUDGET = 2;
const COUNT_BITS = 32n;
const COUNT_MAX = 0xffff_ffff;
/** Below a second, window numbers of today would not fit their 32 bits for long. */
const SHORTEST_WINDOW_MS = 1000;

/** Longest that a thread can be held up between reading its clock and taking. */
const HELD_UP_MS_MAX = 60_000;

const TAKEN: TakeResult = { taken: true };

/** All budgets of one account or address: made once, its `memory` handed to each worker. */
export class RateBudgets {
  readonly memory: SharedArrayBuffer;
  readonly #budgets: ReadonlyMap<string, RateBudget>;

  /**
   * @param memory of the `RateBudgets` to share with, made from the same specs; new if left out
   * @throws InputError for a spec that makes no sense, a name given twice, memory of another size
   */
  constructor(specs: readonly BudgetSpec[], memory?: SharedArrayBuffer) {
    const byteLength = specs.length * WORDS_PER_BUDGET * BigUint64Array.BYTES_PER_ELEMENT;
    this.memory = memory ?? new SharedArrayBuffer(byteLength);
    if (this.memory.byteLength !== byteLength) {
      throw new InputError(
        "budget-memory",
        `${this.memory.byteLength} bytes for ${specs.length} budgets, which take ${byteLength}`,
        { hint: "hand over the memory of budgets with the same specs" },
      );
    }
    const words = new BigUint64Array(this.memory);
    this.#budgets = new Map(
      specs.map((spec, index) => [
        spec.name,
        new RateBudget(checked(spec), words.subarray(index * WORDS_PER_BUDGET)),
      ]),
    );
    if (this.#budgets.size < specs.length) {
      throw new InputError("budget-name", "two budgets of one name", { hint: "rename one" });
    }
  }

  /** @throws InputError where there is none of this name */
  get(name: string): RateBudget {
    const budget = this.#budgets.get(name);
    if (budget !== undefined) return budget;
    throw new InputError("budget-name", `no budget is called ${name}`, {
      hint: `there are ${[...this.#budgets.keys()].join(", ")}`,
    });
  }
}

/** Times are the venue's: our clock plus its offset, epoch milliseconds. */
export class RateBudget {
  readonly spec: BudgetSpec;
  readonly #words: BigUint64Array;

  /** Use `RateBudgets`, which lays the memory out. */
  constructor(spec: BudgetSpec, words: BigUint64Array) {
    this.spec = spec;
    this.#words = words;
  }

  /** Takes `cost` units (a whole number from 0) if they are left; all of them or none. */
  tryTake(cost: number, nowMs: number, { isCancel }: TakeOptions): TakeResult {
    const blockedUntilMs = Number(Atomics.load(this.#words, 1));
    if (nowMs < blockedUntilMs) return { taken: false, retryAtMs: blockedUntilMs };
    const ceiling = isCancel ? this.spec.limit : this.spec.limit - this.spec.cancelReserve;
    for (;;) {
      const word = Atomics.load(this.#words, 0);
      const { window, used } = this.#at(word, nowMs);
      if (used + cost > ceiling) {
        return { taken: false, retryAtMs: (window + 1) * this.spec.windowMs };
      }
      if (this.#exchange(word, window, used + cost)) return TAKEN;
    }
  }

  /**
   * Puts back what was taken at `nowMs` and surely not sent, e.g. since a second budget had no
   * room. Nothing happens where the window is over.
   */
  giveBack(cost: number, nowMs: number): void {
    for (;;) {
      const word = Atomics.load(this.#words, 0);
      const { window, used } = unpack(word);
      if (window !== this.#windowOf(nowMs)) return;
      if (this.#exchange(word, window, Math.max(0, used - cost))) return;
    }
  }

  /**
   * What the venue says has been used. The larger of its count and ours stands: ours may lack
   * what another program used, the venue's lacks what is still under way (see `underWayMax`). A
   * count of a window that is over is of no use.
   *
   * @param nowMs when the count was taken; where only the receipt is known, when it was asked for
   */
  report(used: number, nowMs: number): void {
    const told = Math.min(Math.max(0, Math.ceil(used)), COUNT_MAX);
    for (;;) {
      const word = Atomics.load(this.#words, 0);
      const current = this.#at(word, nowMs);
      const most = told + (this.spec.underWayMax ?? Infinity);
      const stands = Math.min(Math.max(told, current.used), most);
      if (current.window !== this.#windowOf(nowMs) || stands === current.used) return;
      if (this.#exchange(word, current.window, stands)) return;
    }
  }

  /** Nothing may be taken before `untilMs`: what a 429 or 418 asks for. Never shortens a block. */
  block(untilMs: number): void {
    const until = BigInt(Math.max(0, Math.ceil(untilMs)));
    for (;;) {
      const word = Atomics.load(this.#words, 1);
      if (word >= until || Atomics.compareExchange(this.#words, 1, word, until) === word) return;
    }
  }

  /** Until when nothing may be taken; null: it is not blocked. */
  blockedUntilMs(nowMs: number): number | null {
    const untilMs = Number(Atomics.load(this.#words, 1));
    return nowMs < untilMs ? untilMs : null;
  }

  /** Units used in the window of this time. */
  used(nowMs: number): number {
    return this.#at(Atomics.load(this.#words, 0), nowMs).used;
  }

  #windowOf(timeMs: number): number {
    return Math.floor(timeMs / this.spec.windowMs);
  }

  /**
   * The window to count in at this time. A later one wins: threads read their clocks at different
   * moments, and a window that has begun is not undone. But one that begins far ahead means that
   * our clock was wrong and has been set back: its count is kept, under today's number.
   */
  #at(word: bigint, nowMs: number): { window: number; used: number } {
    const counted = unpack(word);
    const window = this.#windowOf(nowMs);
    if (counted.window < window) return { window, used: 0 };
    const isFarAhead = counted.window * this.spec.windowMs - nowMs > HELD_UP_MS_MAX;
    return isFarAhead ? { window, used: counted.used } : counted;
  }

  #exchange(expected: bigint, window: number, used: number): boolean {
    const word = (BigInt(window) << COUNT_BITS) | BigInt(used);
    return Atomics.compareExchange(this.#words, 0, expected, word) === expected;
  }
}

function unpack(word: bigint): { window: number; used: number } {
  return { window: Number(word >> COUNT_BITS), used: Number(word & BigInt(COUNT_MAX)) };
}

function checked(spec: BudgetSpec): BudgetSpec {
  const { name, limit, windowMs, cancelReserve } = spec;
  const isWhole = [limit, windowMs, cancelReserve].every(Number.isSafeInteger);
  const fits = limit >= 1 && limit <= COUNT_MAX && cancelReserve >= 0 && cancelReserve < limit;
  if (isWhole && fits && windowMs >= SHORTEST_WINDOW_MS) return spec;
  throw new InputError(
    "budget-spec",
    `budget ${name}: ${limit} in ${windowMs} ms, ${cancelReserve} kept for cancels`,
    { hint: "whole numbers, a window from one second, a reserve below the limit" },
  );
}
