/**
 * AddressBudget: the requests that an account may make in its whole life: 10 000, and one for each
 * USDC that it has traded; cancels have more. Beyond that the venue takes one in ten seconds. All
 * threads that trade the account draw on one in shared memory; the venue's own count corrects it.
 *
 * Memory, six unsigned 64-bit words:
 *
 *     0  requests used           1  USDC traded: what the cap is above 10 000
 *     2  requests taken by us, ever: what two reads differ by was taken in between
 *     3  no request beyond the cap before this time, our clock, milliseconds
 *     4  nobody need ask for the venue's count before this time, likewise
 *     5  1: the venue has told its count
 *
 * May use shared memory, and no other I/O.
 */

import type { BudgetStatus } from "#ports/venue.ts";

/** What `userRateLimit` says. */
export interface AddressReport {
  readonly nRequestsUsed: number;
  readonly nRequestsCap: number;
}

const FREE_REQUESTS = 10_000;
/** A cap has so much more for cancels, but no more than itself. */
const MORE_FOR_CANCELS = 100_000;
const SLOW_INTERVAL_MS = 10_000;
const WORDS = 6;
const USED = 0;
const TRADED = 1;
const TAKEN = 2;
const SLOW = 3;
const ASK = 4;
const TOLD = 5;

export interface AddressStatus {
  readonly used: number;
  readonly cap: number;
  readonly cancelCap: number;
  /** Before new orders are slowed down; from 0. */
  readonly remaining: number;
}

export class AddressBudget {
  readonly #words: BigUint64Array;
  readonly #nowMs: () => number;

  static makeMemory(): SharedArrayBuffer {
    return new SharedArrayBuffer(WORDS * BigUint64Array.BYTES_PER_ELEMENT);
  }

  /** @param nowMs one clock of all threads, epoch milliseconds */
  constructor(memory: SharedArrayBuffer, nowMs: () => number) {
    this.#words = new BigUint64Array(memory, 0, WORDS);
    this.#nowMs = nowMs;
  }

  /** So many requests, a whole number from 0: all or none. Beyond the cap, one in ten seconds. */
  take(requests: number, isCancel: boolean): boolean {
    // First: a report that comes in between rather counts them twice than not at all.
    Atomics.add(this.#words, TAKEN, BigInt(requests));
    if (this.#takeWithin(requests, isCancel)) return true;
    if (requests === 1 && this.#takeSlow()) {
      Atomics.add(this.#words, USED, 1n);
      return true;
    }
    Atomics.sub(this.#words, TAKEN, BigInt(requests));
    return false;
  }

  /** What the venue counts on top: five for each request that came after its expiry. */
  charge(requests: number): void {
    Atomics.add(this.#words, TAKEN, BigInt(requests));
    Atomics.add(this.#words, USED, BigInt(requests));
  }

  /** They surely did not reach the venue. */
  giveBack(requests: number): void {
    const count = BigInt(requests);
    for (;;) {
      const used = Atomics.load(this.#words, USED);
      if (this.#exchange(USED, used, used > count ? used - count : 0n)) break;
    }
    Atomics.sub(this.#words, TAKEN, count);
  }

  /**
   * Whether the caller is the one, of all threads, that is to ask for the venue's count now.
   * @param againMs how long the others need not: until it has answered, or again
   */
  claimAsking(againMs: number): boolean {
    const now = Math.floor(this.#nowMs());
    const from = Atomics.load(this.#words, ASK);
    return BigInt(now) >= from && this.#exchange(ASK, from, BigInt(now + againMs));
  }

  /** USDC that the account has traded in its life; null before the venue's first word. */
  get volume(): number | null {
    const isTold = Atomics.load(this.#words, TOLD) === 1n;
    return isTold ? Number(Atomics.load(this.#words, TRADED)) : null;
  }

  /** What was taken until now: to be handed to `report` with the answer to what is asked next. */
  mark(): number {
    return Number(Atomics.load(this.#words, TAKEN));
  }

  /**
   * The venue's own count, be it higher or lower than ours; what we took since it was asked comes
   * on top. @param mark of just before it was asked
   */
  report({ nRequestsUsed, nRequestsCap }: AddressReport, mark: number): void {
    for (;;) {
      // What another thread takes before the end of this is taken in by another round.
      const before = Atomics.load(this.#words, USED);
      const since = Math.max(0, this.mark() - mark);
      if (this.#exchange(USED, before, wholeOf(nRequestsUsed) + BigInt(since))) break;
    }
    this.#set(TRADED, wholeOf(nRequestsCap - FREE_REQUESTS));
    this.#set(TOLD, 1n);
  }

  /**
   * The venue refused one for this: so many were used, which is more than the cap. That named to a
   * cancel may be the cancels' own, so it raises nothing.
   */
  refused({ used, cap }: { readonly used: number; readonly cap: number }, isCancel: boolean): void {
    this.#set(USED, wholeOf(used));
    const known = this.#cap();
    this.#set(TRADED, wholeOf((isCancel ? Math.min(cap, known) : cap) - FREE_REQUESTS));
    Atomics.store(this.#words, SLOW, BigInt(Math.ceil(this.#nowMs()) + SLOW_INTERVAL_MS));
  }

  /** @param notional of a fill of ours, USDC */
  onFill(notional: number): void {
    Atomics.add(this.#words, TRADED, wholeOf(notional));
  }

  /** When one may be sent although the cap is used up; our clock. */
  retryAtMs(): number {
    return Math.max(this.#nowMs(), Number(Atomics.load(this.#words, SLOW)));
  }

  status(): AddressStatus {
    const used = Number(Atomics.load(this.#words, USED));
    const cap = this.#cap();
    return { used, cap, cancelCap: cancelCapOf(cap), remaining: Math.max(0, cap - used) };
  }

  /** For people. */
  budgetStatus(): BudgetStatus {
    const { used, cap } = this.status();
    return { name: "address-requests", used, limit: cap, windowMs: null };
  }

  #cap(): number {
    return FREE_REQUESTS + Number(Atomics.load(this.#words, TRADED));
  }

  #takeWithin(requests: number, isCancel: boolean): boolean {
    for (;;) {
      const used = Atomics.load(this.#words, USED);
      const cap = this.#cap();
      if (Number(used) + requests > (isCancel ? cancelCapOf(cap) : cap)) return false;
      if (this.#exchange(USED, used, used + BigInt(requests))) return true;
    }
  }

  #takeSlow(): boolean {
    const now = Math.floor(this.#nowMs());
    const from = Atomics.load(this.#words, SLOW);
    return BigInt(now) >= from && this.#exchange(SLOW, from, BigInt(now + SLOW_INTERVAL_MS));
  }

  #set(index: number, word: bigint): void {
    Atomics.store(this.#words, index, word);
  }

  #exchange(index: number, expected: bigint, word: bigint): boolean {
    return Atomics.compareExchange(this.#words, index, expected, word) === expected;
  }
}

function cancelCapOf(cap: number): number {
  return Math.min(cap + MORE_FOR_CANCELS, 2 * cap);
}

/** Cut off; 0 for what is none. */
function wholeOf(value: number): bigint {
  return Number.isFinite(value) && value > 0 ? BigInt(Math.floor(value)) : 0n;
}
