/**
 * Shock: a move that a synthetic market is made to have by script: so much in so long, while the
 * book is thinner than usual. Pure.
 */

import { InputError } from "#domain/errors.ts";

export interface Shock {
  /** From the market's start to the shock's. */
  readonly afterMs: number;
  readonly durationMs: number;
  /** Per cent of the price, by the end of it; the way there is even in its logarithm. */
  readonly movePct: number;
  /** What part of the book's usual size is there meanwhile. */
  readonly depth: number;
}

/** @throws {InputError} `bad-synthetic-market` */
export function checkShock({ afterMs, durationMs, movePct, depth }: Shock): void {
  if (afterMs >= 0 && durationMs > 0 && movePct > -100 && depth > 0 && depth <= 1) return;
  throw new InputError("bad-synthetic-market", "the shock is not a possible one", {
    hint: "give a duration above 0, a move above -100 %, and a depth above 0 and at most 1",
  });
}

/** Whether the book is thin so long after the market's start. */
export function isThin({ afterMs, durationMs }: Shock, elapsedMs: number): boolean {
  return elapsedMs >= afterMs && elapsedMs < afterMs + durationMs;
}

/** By how much the logarithm of the price moves from then on, for so long. */
export function shockLogMove(shock: Shock, fromMs: number, forMs: number): number {
  const { afterMs, durationMs, movePct } = shock;
  const begin = Math.max(fromMs, afterMs);
  const end = Math.min(fromMs + forMs, afterMs + durationMs);
  return end > begin ? (Math.log1p(movePct / 100) * (end - begin)) / durationMs : 0;
}
