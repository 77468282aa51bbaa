/** Pause: a wait within a task that may be ended before its time. Time is handed in. */

import type { CancelTimer, Timers } from "#net/timers.ts";

const NOTHING: CancelTimer = () => {};

export class Pause {
  readonly #timers: Timers;
  #end = NOTHING;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** One at a time. */
  wait(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancelTimer = this.#timers.after(delayMs, resolve);
    this.#end = () => {
      cancelTimer();
      resolve();
    };
    return promise;
  }

  /** What waits goes on at once. */
  end(): void {
    this.#end();
  }
}
