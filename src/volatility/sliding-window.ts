/**
 * SlidingWindow: the standard deviation of the last `capacity` values, in amortised O(1) a value
 * and without ever subtracting a value that leaves, so that a jump which enters and leaves the
 * window, or a long flat run, leaves no rounding error behind. Pure; imports nothing.
 *
 * Two stacks of mergeable summaries (count, mean, M2 = sum of squared deviations; Chan, Golub and
 * LeVeque 1979). The newer stack takes values and keeps one summary of itself. The older one has,
 * for each value, the summary of it and of all older-stack values that came after it: dropping
 * the oldest value is a step of an index. When the older stack is empty, the newer one is turned
 * over into it, once in `capacity` values.
 */

export class SlidingWindow {
  readonly #capacity: number;
  /** Values of the newer stack, in order of arrival. */
  readonly #newer: Float64Array;
  #newerCount = 0;
  #newerMean = 0;
  #newerM2 = 0;
  /** Summary of the older stack's values from each index to the end. */
  readonly #olderMean: Float64Array;
  readonly #olderM2: Float64Array;
  #olderStart = 0;
  #olderEnd = 0;

  /** @param capacity values in a full window, at least 1 */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#newer = new Float64Array(capacity);
    this.#olderMean = new Float64Array(capacity);
    this.#olderM2 = new Float64Array(capacity);
  }

  /** Values in the window, at most its capacity. */
  get count(): number {
    return this.#newerCount + this.#olderEnd - this.#olderStart;
  }

  get isFull(): boolean {
    return this.count === this.#capacity;
  }

  /** Adds a finite value; the oldest one leaves where the window was full. Allocates nothing. */
  push(value: number): void {
    if (this.isFull) {
      if (this.#olderStart === this.#olderEnd) this.#turnOver();
      this.#olderStart += 1;
    }
    this.#newer[this.#newerCount] = value;
    this.#newerCount += 1;
    const delta = value - this.#newerMean;
    this.#newerMean += delta / this.#newerCount;
    this.#newerM2 += delta * delta * ((this.#newerCount - 1) / this.#newerCount);
  }

  /** Population standard deviation (divisor n) of the values in the window; 0 where it is empty. */
  deviation(): number {
    const older = this.#olderEnd - this.#olderStart;
    const newer = this.#newerCount;
    if (older === 0) return newer === 0 ? 0 : Math.sqrt(this.#newerM2 / newer);
    const count = older + newer;
    const delta = this.#newerMean - (this.#olderMean[this.#olderStart] ?? 0);
    const between = delta * delta * ((older * newer) / count);
    const m2 = (this.#olderM2[this.#olderStart] ?? 0) + this.#newerM2 + between;
    return Math.sqrt(m2 / count);
  }

  #turnOver(): void {
    let mean = 0;
    let m2 = 0;
    for (let index = this.#newerCount - 1, count = 1; index >= 0; index -= 1, count += 1) {
      const delta = (this.#newer[index] ?? 0) - mean;
      mean += delta / count;
      m2 += delta * delta * ((count - 1) / count);
      this.#olderMean[index] = mean;
      this.#olderM2[index] = m2;
    }
    this.#olderStart = 0;
    this.#olderEnd = this.#newerCount;
    this.#newerCount = 0;
    this.#newerMean = 0;
    this.#newerM2 = 0;
  }
}
