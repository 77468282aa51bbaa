import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { TimeQueue } from "#sim/time-queue.ts";

interface Entry {
  readonly timeMs: number;
  readonly number: number;
}

/** The naive twin: sorted anew at each look; sort is stable, so equals stay in order. */
class SortedArray {
  #entries: Entry[] = [];

  get first(): Entry | undefined {
    return this.#entries.toSorted((a, b) => a.timeMs - b.timeMs)[0];
  }
  push(entry: Entry): void {
    this.#entries.push(entry);
  }
  shift(): Entry | undefined {
    const { first } = this;
    this.#entries = this.#entries.filter((entry) => entry !== first);
    return first;
  }
  get size(): number {
    return this.#entries.length;
  }
}

describe("TimeQueue", () => {
  test("gives what a sorted array gives, whatever the order of pushes and shifts", () => {
    const operation = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant("shift" as const));
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 120 }), (operations) => {
        const queue = new TimeQueue<number>();
        const twin = new SortedArray();
        for (const [number, item] of operations.entries()) {
          if (item === "shift") {
            expect(queue.shift()).toBe(twin.shift()?.number);
          } else {
            queue.push(item, number);
            twin.push({ timeMs: item, number });
          }
          expect(queue.size).toBe(twin.size);
          expect(queue.nextMs).toBe(twin.first?.timeMs ?? Infinity);
        }
      }),
    );
  });

  test("keeps its order over many thousands of items that come and go", () => {
    const queue = new TimeQueue<number>();
    const seen: number[] = [];
    // Two in, one out: the queue grows while its front is reclaimed again and again.
    for (let item = 0; item < 10_000; item += 2) {
      queue.push(item, item);
      queue.push(item + 1, item + 1);
      seen.push(queue.shift() ?? -1);
    }
    while (queue.size > 0) seen.push(queue.shift() ?? -1);
    expect(seen).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
    expect(queue.nextMs).toBe(Infinity);
    expect(queue.shift()).toBeUndefined();
  });

  test("is bounded: a loop that runs away is a bug, not a full memory", () => {
    const queue = new TimeQueue<number>();
    for (let item = 0; item < 1_000_000; item += 1) queue.push(item, item);
    expect(() => queue.push(0, 0)).toThrow("1000000 items under way");
  });
});
