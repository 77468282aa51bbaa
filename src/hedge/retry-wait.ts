/**
 * RetryWait: when something that was refused may be tried again: each time after twice as long, up
 * to a bound, until it succeeds. Pure; its time is the caller's.
 */

import type { RejectReason } from "#domain/order.ts";

/** First wait and longest wait. */
export interface WaitRange {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** For what passes by itself: an overloaded venue, a book that had no more. */
export const SHORT_WAIT: WaitRange = { firstMs: 200, mostMs: 5_000 };
/** For a position that is not what we believe: news of it is under way. */
export const LOOK_AGAIN_WAIT: WaitRange = { firstMs: 1_000, mostMs: 10_000 };
/** For what somebody has to mend: no margin, a filter. */
export const LONG_WAIT: WaitRange = { firstMs: 5_000, mostMs: 60_000 };

/** Refusals that mend themselves need no person. */
export function waitAfter(reason: RejectReason): WaitRange {
  switch (reason) {
    case "would-cross":
    case "throttled":
    case "duplicate-id":
      return SHORT_WAIT;
    case "reduce-only":
      return LOOK_AGAIN_WAIT;
    case "insufficient-balance":
    case "filter":
    case "too-many-orders":
    case "unknown-order":
    case "other":
      return LONG_WAIT;
  }
}

export class RetryWait {
  #failures = 0;
  #untilMs = -Infinity;

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  isOver(nowMs: number): boolean {
    return nowMs >= this.#untilMs;
  }

  fail(nowMs: number, range: WaitRange): void {
    // Beyond 2^30 the bound has long been reached.
    const doubled = range.firstMs * 2 ** Math.min(this.#failures, 30);
    this.#untilMs = nowMs + Math.min(doubled, range.mostMs);
    this.#failures += 1;
  }

  succeed(): void {
    this.#failures = 0;
    this.#untilMs = -Infinity;
  }
}
