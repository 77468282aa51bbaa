/**
 * Nonces of one agent key, from one counter in memory that all threads share: the larger of the
 * clock and the last one plus one, so that none is given out twice by however many workers.
 *
 * No file is needed: a start after a crash begins at the clock, which is past every nonce of the
 * run before, unless that one ran ahead of it. The venue keeps the 100 highest nonces of a key and
 * takes one that is above the lowest of these and unused; actions may thus overtake each other on
 * the way, by less than 100. It also wants a nonce within a day ahead of its own clock. So the
 * counter never runs far ahead: a clock that was set back, or a wild answer, could otherwise lock
 * the key out. Where it still begins too low, the venue's refusal says beyond what it has to move
 * (errors.ts). Two programs must not share a key: each would meet the other's nonces.
 *
 * May use shared memory, and no other I/O.
 */

/** Longest that the counter may be ahead of the clock. */
const AHEAD_MS_MAX = 60_000n;

export class NonceCounter {
  /** One unsigned 64-bit word: the last nonce, 0 at first. */
  readonly #last: BigUint64Array;
  readonly #nowMs: () => number;

  static makeMemory(): SharedArrayBuffer {
    return new SharedArrayBuffer(BigUint64Array.BYTES_PER_ELEMENT);
  }

  /**
   * @param memory one for each agent key, see `makeMemory`
   * @param nowMs the venue's clock, epoch milliseconds
   */
  constructor(memory: SharedArrayBuffer, nowMs: () => number) {
    this.#last = new BigUint64Array(memory, 0, 1);
    this.#nowMs = nowMs;
  }

  /** Null: the counter is too far ahead of the clock, and nothing may be sent for now. */
  next(): number | null {
    for (;;) {
      const last = Atomics.load(this.#last, 0);
      const now = this.#clock();
      const nonce = last < now ? now : last + 1n;
      if (nonce > now + AHEAD_MS_MAX) return null;
      if (Atomics.compareExchange(this.#last, 0, last, nonce) === last) return Number(nonce);
    }
  }

  /** Later nonces are above this one. Nothing happens where that is too far ahead of the clock. */
  moveBeyond(nonce: number): void {
    if (!Number.isSafeInteger(nonce) || nonce < 0) return;
    const least = BigInt(nonce);
    if (least >= this.#clock() + AHEAD_MS_MAX) return;
    for (;;) {
      const last = Atomics.load(this.#last, 0);
      if (last >= least || Atomics.compareExchange(this.#last, 0, last, least) === last) return;
    }
  }

  #clock(): bigint {
    return BigInt(Math.floor(this.#nowMs()));
  }
}
