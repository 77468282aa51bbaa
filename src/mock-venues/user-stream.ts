/**
 * UserStream: what happens to the account, to whoever has subscribed. Events are handed over in
 * batches: those of a request when its answer is on its way (or just before, on request), those of
 * the market as soon as the market has settled. For any venue. Imports nothing.
 */

export class UserStream<Event> {
  readonly #listeners = new Set<(event: Event) => void>();
  readonly #completion: () => readonly Event[];
  #pending: Event[] = [];
  #isScheduled = false;
  #holds = 0;

  /** @param completion what belongs to the end of each batch: balances, where they changed */
  constructor(completion: () => readonly Event[]) {
    this.#completion = completion;
  }

  /** @returns ends it */
  subscribe(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  push(event: Event): void {
    this.#pending.push(event);
    this.touch();
  }

  /** Something changed that may concern the end of the batch. */
  touch(): void {
    if (this.#isScheduled || this.#holds > 0) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (this.#holds === 0) this.#deliver();
    });
  }

  /**
   * Keeps events back until `release`. What happens until then stays in its order, whatever caused
   * it, so a hold must be short.
   */
  hold(): void {
    this.#holds += 1;
  }

  release(): void {
    this.#holds -= 1;
    if (this.#holds === 0) this.#deliver();
  }

  #deliver(): void {
    const events = [...this.#pending, ...this.#completion()];
    this.#pending = [];
    for (const event of events) {
      for (const listener of this.#listeners) listener(event);
    }
  }
}
