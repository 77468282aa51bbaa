/**
 * The sweep of orders that nobody looks after any more, as every venue's desk does it: list and
 * cancel, again and again, until the venue lists none twice or the time is over. Time, randomness
 * and the venue itself are handed in.
 */

import type { Rng } from "#domain/rng.ts";
import { Backoff } from "#net/backoff.ts";
import type { Timers } from "#net/timers.ts";
import type { SweepResult } from "#ports/venue.ts";

/** What is true of a sweep so far. */
export interface SweepState {
  /** Elapsed milliseconds: no request is waited for any longer. */
  readonly deadlineMs: number;
  canceled: number;
  /** Client ids that the last list had. */
  left: readonly string[];
  problem: string | null;
}

/** `progress`: something was canceled; `never`: more attempts are of no use. */
export type SweepOutcome = "empty" | "progress" | "again" | "never";

export interface SweepParts {
  readonly timers: Timers;
  readonly rng: Rng;
  readonly timeoutMs: number;
  /** A request that was on its way when its worker ended has arrived after this long. */
  readonly graceMs: number;
  /** Lists, and cancels what is listed. Must not reject. */
  readonly once: (state: SweepState) => Promise<SweepOutcome>;
}

const PAUSES = { baseMs: 200, maxMs: 2000 };

/** Never rejects. See VenueDesk. */
export async function sweepUntilNone(parts: SweepParts): Promise<SweepResult> {
  const { timers, rng, timeoutMs, graceMs, once } = parts;
  const backoff = new Backoff(PAUSES, rng);
  const deadlineMs = timers.elapsedMs() + timeoutMs;
  const state: SweepState = { deadlineMs, canceled: 0, left: [], problem: null };
  for (let emptyLists = 0; ; ) {
    const outcome = await once(state);
    if (outcome === "never") return resultOf(state, "the venue refuses");
    emptyLists = outcome === "empty" ? emptyLists + 1 : 0;
    // Once more: what was under way at the first look may have arrived since.
    if (emptyLists === 2) return { canceled: state.canceled, left: [], problem: null };
    const leftMs = deadlineMs - timers.elapsedMs();
    if (leftMs <= 0) return resultOf(state, "the time was over before the venue confirmed it");
    if (outcome === "empty") await pause(Math.min(leftMs, graceMs), timers);
    else if (outcome === "again") await pause(Math.min(leftMs, backoff.nextMs()), timers);
  }
}

/** An answer, or `otherwise` where the time of the sweep is over first. */
export async function inTime<Answer>(
  { deadlineMs }: SweepState,
  timers: Timers,
  asking: Promise<Answer>,
  otherwise: Answer,
): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const leftMs = Math.max(0, deadlineMs - timers.elapsedMs());
  const cancelTimer = timers.after(leftMs, () => resolve(otherwise));
  const answer = await Promise.race([asking, promise]);
  cancelTimer();
  return answer;
}

/** What `otherwise` says to people. */
export const LATE = "no answer within the time of the sweep";

function pause(delayMs: number, timers: Timers): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  timers.after(delayMs, resolve);
  return promise;
}

function resultOf({ canceled, left, problem }: SweepState, otherwise: string): SweepResult {
  return { canceled, left, problem: problem ?? otherwise };
}
