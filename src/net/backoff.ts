/**
 * Backoff: how long to wait before the next attempt. Exponential with full jitter: each delay is
 * uniform between 0 and a ceiling that doubles, so that many clients cut off at one moment do not
 * return at one moment. Pure; randomness is handed in.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */

import { InputError } from "#domain/errors.ts";
import type { Rng } from "#domain/rng.ts";

export interface BackoffLimits {
  /** Ceiling of the first delay. */
  readonly baseMs: number;
  /** No delay is longer. */
  readonly maxMs: number;
}

export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #rng: Rng;
  #ceilingMs: number;

  /** @throws InputError where not 0 < baseMs ≤ maxMs < ∞ */
  constructor(limits: BackoffLimits, rng: Rng) {
    const { baseMs, maxMs } = limits;
    if (!(baseMs > 0 && baseMs <= maxMs && maxMs < Infinity)) {
      throw new InputError("backoff-limits", `back-off from ${baseMs} to ${maxMs} ms`, {
        hint: "give 0 < baseMs ≤ maxMs",
      });
    }
    this.#limits = limits;
    this.#rng = rng;
    this.#ceilingMs = baseMs;
  }

  /** The delay before the next attempt, in [0, min(baseMs · 2^n, maxMs)) after n calls. */
  nextMs(): number {
    const delayMs = this.#rng.uniform() * this.#ceilingMs;
    this.#ceilingMs = Math.min(this.#ceilingMs * 2, this.#limits.maxMs);
    return delayMs;
  }

  /** After a success that lasted: the next delay is of the shortest kind again. */
  reset(): void {
    this.#ceilingMs = this.#limits.baseMs;
  }
}
