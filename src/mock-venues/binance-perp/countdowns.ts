/**
 * Countdowns: the dead man's switch of each symbol: what is not set again in time goes off once.
 * May import net.
 */

import type { CancelTimer, Timers } from "#net/timers.ts";

export class Countdowns {
  readonly #timers: Timers;
  readonly #running = new Map<string, CancelTimer>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** @param afterMs 0: none */
  set(symbol: string, afterMs: number, goOff: () => void): void {
    this.#running.get(symbol)?.();
    this.#running.delete(symbol);
    if (afterMs === 0) return;
    const cancel = this.#timers.after(afterMs, () => {
      this.#running.delete(symbol);
      goOff();
    });
    this.#running.set(symbol, cancel);
  }

  stop(): void {
    for (const cancel of this.#running.values()) cancel();
    this.#running.clear();
  }
}
