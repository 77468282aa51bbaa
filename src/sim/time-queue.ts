/** TimeQueue: items by time, first in first out among equals. Bounded. */

import { InvariantError } from "#domain/errors.ts";

/** Far beyond what one pair can have under way: more is a runaway loop. */
const MAX_ITEMS = 1_000_000;
/** Spent slots at the front are reclaimed in lots of this size. */
const COMPACT_AT = 1024;

export class TimeQueue<Item> {
  /** When the first item is due; Infinity where there is none. */
  nextMs = Infinity;
  #times: number[] = [];
  #items: Item[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(timeMs: number, item: Item): void {
    if (this.size >= MAX_ITEMS) throw new InvariantError(`over ${MAX_ITEMS} items under way`);
    let at = this.#items.length;
    if (at === this.#head || (this.#times[at - 1] ?? Infinity) <= timeMs) {
      this.#times.push(timeMs);
      this.#items.push(item);
      this.nextMs = this.#times[this.#head] ?? Infinity;
      return;
    }
    while (at > this.#head && (this.#times[at - 1] ?? -Infinity) > timeMs) at -= 1;
    this.#times.splice(at, 0, timeMs);
    this.#items.splice(at, 0, item);
    this.nextMs = this.#times[this.#head] ?? Infinity;
  }

  /** Takes the first item. */
  shift(): Item | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#head += 1;
    if (this.#head >= COMPACT_AT) {
      this.#times.splice(0, this.#head);
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    this.nextMs = this.#times[this.#head] ?? Infinity;
    return item;
  }
}
