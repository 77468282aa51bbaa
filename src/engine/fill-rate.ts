/** FillRate: how many fills one side had within a sliding window; bounded by the limit. Pure. */

export class FillRate {
  readonly #windowMs: number;
  readonly #times: Float64Array;
  #next = 0;

  /** @param bound the highest count that has to be told apart */
  constructor(windowMs: number, bound: number) {
    this.#windowMs = windowMs;
    this.#times = new Float64Array(bound).fill(-Infinity);
  }

  add(timeMs: number): void {
    this.#times[this.#next] = timeMs;
    this.#next = (this.#next + 1) % this.#times.length;
  }

  /** The same fills under another window; of more than the new bound, the newest. */
  withLimits(windowMs: number, bound: number): FillRate {
    const rate = new FillRate(windowMs, bound);
    const { length } = this.#times;
    for (let index = 0; index < length; index += 1) {
      rate.add(this.#times[(this.#next + index) % length] ?? -Infinity);
    }
    return rate;
  }

  /** Fills within the window before `nowMs`, at most the bound. */
  count(nowMs: number): number {
    const times = this.#times;
    const bound = times.length;
    let count = 0;
    // Newest first: the first one outside the window ends the count.
    while (count < bound) {
      const timeMs = times[(this.#next - 1 - count + bound) % bound] ?? -Infinity;
      if (nowMs - timeMs >= this.#windowMs) break;
      count += 1;
    }
    return count;
  }
}
