/**
 * RecentMap: a map that forgets. Two generations: when the young one is full it becomes the old
 * one, and what was old is dropped at once. So it keeps at least `capacity` of the newest entries,
 * at most twice as many, and never searches for the oldest. Pure.
 */

export class RecentMap<Value> {
  readonly #capacity: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  /** Remembers an entry; one that is there already stays as old as it is. */
  set(key: string, value: Value): void {
    if (this.#old.has(key)) {
      this.#old.set(key, value);
      return;
    }
    this.#young.set(key, value);
    if (this.#young.size < this.#capacity) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  delete(key: string): boolean {
    const wasYoung = this.#young.delete(key);
    return this.#old.delete(key) || wasYoung;
  }
}
