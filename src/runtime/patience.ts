/**
 * Patience: questions to a venue that allows only so many of them a minute. A few are asked at a
 * time, and one that the venue (or our count of its limits) has no room for is asked again later,
 * so that a start of many pairs takes longer instead of failing. Time is handed in.
 */

import { MmError } from "#domain/errors.ts";
import type { Timers } from "#net/timers.ts";

export interface Patience {
  readonly timers: Timers;
  /** Told once for each question that has to wait. */
  readonly onWait: (message: string) => void;
  /** There is nobody to wait for any more. */
  readonly isOver: () => boolean;
}

/** Limits count by the minute: some minutes are enough for a hundred pairs. */
const LONGEST_MS = 300_000;
const AGAIN_AFTER_MS = 2_000;
/** A question is often several requests; were all asked at once, none might come to its end. */
const AT_ONCE = 4;

/** Asks until the venue has room for it, for some minutes; any other error is thrown as it is. */
export async function patiently<Answer>(
  { timers, onWait, isOver }: Patience,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const startMs = timers.elapsedMs();
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (thrown) {
      const isThrottled = thrown instanceof MmError && thrown.code === "venue-throttled";
      const waitedMs = timers.elapsedMs() - startMs;
      if (!isThrottled || isOver() || waitedMs >= LONGEST_MS) throw thrown;
      if (tries === 1) onWait(`the venue allows no more requests just now: ${thrown.message}`);
    }
    await new Promise<void>((resolve) => {
      timers.after(AGAIN_AFTER_MS, resolve);
    });
  }
}

/** All answers, in order. Where some of a few fail no more are asked; the first error is thrown. */
export async function allOrFirstError<Item, Answer>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let begin = 0; begin < items.length; begin += AT_ONCE) {
    const few = items.slice(begin, begin + AT_ONCE);
    // None is under way any more when an error is told.
    const outcomes = await Promise.allSettled(few.map((item) => ask(item)));
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") throw outcome.reason;
      answers.push(outcome.value);
    }
  }
  return answers;
}
