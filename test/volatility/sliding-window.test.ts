import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { SlidingWindow } from "#volatility/sliding-window.ts";

/** Whole numbers, so that the twin is exact: n²·variance = n·Σx² − (Σx)². */
function exactDeviation(values: readonly number[]): number {
  const count = BigInt(values.length);
  let sum = 0n;
  let squares = 0n;
  for (const value of values.map(BigInt)) {
    sum += value;
    squares += value * value;
  }
  return Math.sqrt(Number(count * squares - sum * sum)) / values.length;
}

test("is the deviation of the last values, exactly computed, after every push", () => {
  const values = fc.array(
    fc.oneof(
      fc.integer({ min: -10, max: 10 }),
      fc.constantFrom(0, 0, 0, 1_000_000_000, -1_000_000_000),
    ),
    { maxLength: 100 },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), values, (capacity, pushed) => {
      const window = new SlidingWindow(capacity);
      for (const [index, value] of pushed.entries()) {
        window.push(value);
        const held = pushed.slice(Math.max(0, index + 1 - capacity), index + 1);
        expect(window.count).toBe(held.length);
        expect(window.isFull).toBe(held.length === capacity);
        const exact = exactDeviation(held);
        expect(Math.abs(window.deviation() - exact)).toBeLessThanOrEqual(1e-12 * exact);
      }
    }),
  );
});

test("a flat run is exactly 0, also right after a billion has left", () => {
  const window = new SlidingWindow(4);
  expect(window.deviation()).toBe(0);
  for (const value of [0.1, 1e9, 0.1, 0.1, 0.1]) window.push(value);
  expect(window.deviation()).toBeGreaterThan(1e8);
  window.push(0.1);
  expect(window.deviation()).toBe(0);
});
