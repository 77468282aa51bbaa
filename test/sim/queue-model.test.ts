/** The queue models: formulas with sums done by hand, and what must hold for all of them. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { InputError } from "#domain/errors.ts";
import { executableLots, parseQueueModel } from "#sim/queue-model.ts";

const ALL = ["risk-averse", "power:3", "power:1.5", "log", "power-2:3", "log-2", "power-3:3"];

/** Lots ahead after a level went `[from, to]`. */
function front(text: string, ahead: number, [from, to]: [number, number], traded = 0): number {
  return parseQueueModel(text).frontAfterChange(ahead, traded, from, to);
}

describe("risk-averse", () => {
  test("a shrinking level takes from behind us until nothing is behind", () => {
    expect(front("risk-averse", 60, [100, 80])).toBe(60);
    expect(front("risk-averse", 60, [100, 50])).toBe(50);
  });
});

describe("probabilistic models: 60 ahead and 40 behind, the level shrinks by 10", () => {
  test.each([
    // 40³ / (40³ + 60³) = 64/280
    ["power:3", 64 / 280],
    // 40² / (40² + 60²) = 16/52
    ["power:2", 16 / 52],
    // ln 41 / (ln 41 + ln 61)
    ["log", Math.log(41) / (Math.log(41) + Math.log(61))],
    // 40³ / 100³
    ["power-2:3", 0.064],
    // ln 41 / ln 101
    ["log-2", Math.log(41) / Math.log(101)],
    // 1 − (60/100)³
    ["power-3:3", 0.784],
  ])("%s", (text, behind) => {
    expect(parseQueueModel(text).probability(60, 40)).toBeCloseTo(behind, 12);
    // Of the 10 lots, the part that was not behind us was ahead of us.
    expect(front(text, 60, [100, 90])).toBeCloseTo(60 - (1 - behind) * 10, 12);
  });

  test("what cannot have come from behind came from ahead", () => {
    // π = 1 − 0.1³ = 0.999: 0.999 · 95 = 94.905 of 95 lots behind, but only 90 stand there:
    // 10 − 0.001 · 95 + (90 − 94.905) = 5, which is the whole level
    expect(front("power-3:3", 10, [100, 5])).toBeCloseTo(5, 12);
  });

  test("what was printed has moved the queue already and is no cancel", () => {
    // 30 of the 40 lots that the level lost were printed: only 10 are cancels.
    const behind = 0.784;
    expect(front("power-3:3", 60, [100, 60], 30)).toBeCloseTo(60 - (1 - behind) * 10, 12);
  });

  test("a growing level grows behind us", () => {
    for (const text of ALL) expect(front(text, 60, [100, 130])).toBe(60);
  });

  test("a queue of nobody stays one", () => {
    for (const text of ALL) expect(front(text, 0, [0, 0])).toBe(0);
  });
});

describe("every model", () => {
  const level = fc.record({
    previous: fc.integer({ min: 0, max: 1000 }),
    next: fc.integer({ min: 0, max: 1000 }),
    aheadShare: fc.double({ min: 0, max: 1, noNaN: true }),
    traded: fc.integer({ min: 0, max: 100 }),
  });

  test.each(ALL)("%s: 0 ≤ front ≤ the level, and never behind where it was", (text) => {
    fc.assert(
      fc.property(level, ({ previous, next, aheadShare, traded }) => {
        const before = previous * aheadShare;
        const after = front(text, before, [previous, next], traded);
        expect(after).toBeGreaterThanOrEqual(0);
        expect(after).toBeLessThanOrEqual(next);
        expect(after).toBeLessThanOrEqual(before + 1e-9);
      }),
    );
  });

  test.each(ALL)(
    "%s: never further back than risk-averse, whose front is at least ours",
    (text) => {
      fc.assert(
        fc.property(level, fc.integer({ min: 0, max: 50 }), (change, more) => {
          const ours = change.previous * change.aheadShare;
          const { previous, next, traded } = change;
          const other = front("risk-averse", ours + more, [previous, next], traded);
          expect(front(text, ours, [previous, next], traded)).toBeLessThanOrEqual(other + 1e-9);
        }),
      );
    },
  );
});

test("lots to fill are what exceeds the queue, to the nearest lot", () => {
  expect(executableLots(-3)).toBe(3);
  expect(executableLots(-2.4)).toBe(2);
  expect(executableLots(-0.4)).toBe(0);
  expect(executableLots(0)).toBe(0);
  expect(executableLots(5)).toBe(0);
});

describe("parseQueueModel", () => {
  test.each(ALL)("reads %s", (text) => {
    expect(parseQueueModel(text).text).toBe(text);
  });

  test.each([
    "",
    "fifo",
    "power",
    "power:",
    "power:0",
    "power:-1",
    "power:x",
    "power:3:4",
    "log:2",
    "risk-averse:1",
  ])("refuses %p and says what is allowed", (text) => {
    expect(() => parseQueueModel(text)).toThrow(InputError);
    try {
      parseQueueModel(text);
    } catch (error) {
      expect(error instanceof InputError && error.describe()).toContain("power:N, log, power-2:N");
    }
  });
});
