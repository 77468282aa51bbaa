/**
 * LookAgain: orders that are looked up once more after a while. The core asks again for what it
 * sent; orders of earlier runs nobody would ask for again. Time is handed in.
 */

import type { CancelTimer, Timers } from "#net/timers.ts";

const WAIT_MS = 1000;
/** Of an earlier run, no more than a symbol allows can be open. */
const MAX_ORDERS = 1024;

export class LookAgain {
  readonly #timers: Timers;
  readonly #look: (clientOrderId: string) => void;
  readonly #waiting = new Map<string, CancelTimer>();

  constructor(timers: Timers, look: (clientOrderId: string) => void) {
    this.#timers = timers;
    this.#look = look;
  }

  /** Once, however often it is asked for meanwhile. */
  later(clientOrderId: string): void {
    if (this.#waiting.has(clientOrderId) || this.#waiting.size >= MAX_ORDERS) return;
    const cancelTimer = this.#timers.after(WAIT_MS, () => {
      this.#waiting.delete(clientOrderId);
      this.#look(clientOrderId);
    });
    this.#waiting.set(clientOrderId, cancelTimer);
  }

  stop(): void {
    for (const cancelTimer of this.#waiting.values()) cancelTimer();
    this.#waiting.clear();
  }
}
