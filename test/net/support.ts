/** A clock turned by hand, and a queue to await events with: tests of this layer never sleep. */

import type { CancelTimer, Timers } from "#net/timers.ts";

/** What has happened and was not looked at yet; `next` waits for more. */
export class Inbox<T> {
  readonly #items: { readonly item: T }[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#items.push({ item });
    else waiting(item);
  }

  next(): Promise<T> {
    const first = this.#items.shift();
    if (first !== undefined) return Promise.resolve(first.item);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  clear(): void {
    this.#items.length = 0;
  }
}

export class ManualTimers implements Timers {
  /** Every delay asked for, in order. */
  readonly delays = new Inbox<number>();
  #nowMs = 0;
  readonly #timers = new Set<{ readonly dueMs: number; readonly callback: () => void }>();

  get pending(): number {
    return this.#timers.size;
  }

  elapsedMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): CancelTimer {
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    this.delays.push(delayMs);
    return () => this.#timers.delete(timer);
  }

  /** Lets this much time pass, running what falls due in its order. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const [first] = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs);
      if (first === undefined || first.dueMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, first.dueMs);
      this.#timers.delete(first);
      first.callback();
    }
    this.#nowMs = untilMs;
  }
}
