import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { SlidingBudget, type SlidingSpec } from "#venues/hyperliquid/sliding-budget.ts";
import type { SlidingRace } from "./sliding-racer.ts";

const NOON = Date.UTC(2026, 10, 22, 12);
const MINUTE_MS = 60_000;
const ORDER = { isCancel: false };
const CANCEL = { isCancel: true };

function budgetOf(part: Partial<SlidingSpec> = {}): SlidingBudget {
  const spec = { name: "weight-1m", limit: 10, cancelReserve: 0, ...part };
  return new SlidingBudget(spec, new SharedArrayBuffer(SlidingBudget.bytes), 0);
}

test("all of the cost or nothing, and the reserve is for cancels", () => {
  const budget = budgetOf({ cancelReserve: 3 });
  expect(budget.tryTake(5, NOON, ORDER).taken).toBe(true);
  expect(budget.tryTake(3, NOON, ORDER).taken).toBe(false);
  expect(budget.used(NOON)).toBe(5);
  expect(budget.tryTake(2, NOON, ORDER).taken).toBe(true);
  expect(budget.tryTake(1, NOON, ORDER).taken).toBe(false);
  expect(budget.tryTake(3, NOON, CANCEL).taken).toBe(true);
  expect(budget.tryTake(1, NOON, CANCEL).taken).toBe(false);
});

test("what was taken counts for a minute, wherever it begins, and hardly longer", () => {
  const takenAtMs = NOON + 41_237;
  const budget = budgetOf();
  budget.tryTake(10, takenAtMs, ORDER);
  expect(budget.tryTake(1, takenAtMs + MINUTE_MS - 1, ORDER).taken).toBe(false);
  expect(budget.tryTake(1, takenAtMs + MINUTE_MS + 1000, ORDER).taken).toBe(true);
});

test("it says when there will be room, as far as nobody else takes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ cost: fc.integer({ min: 1, max: 6 }), afterMs: fc.nat(20_000) }), {
        minLength: 1,
        maxLength: 40,
      }),
      (takes) => {
        const budget = budgetOf();
        let nowMs = NOON;
        for (const { cost, afterMs } of takes) {
          nowMs += afterMs;
          const result = budget.tryTake(cost, nowMs, ORDER);
          if (result.taken) continue;
          const { retryAtMs } = result;
          expect(retryAtMs).toBeGreaterThan(nowMs);
          expect(retryAtMs).toBeLessThanOrEqual(nowMs + MINUTE_MS + 1000);
          expect(budget.tryTake(cost, retryAtMs - 1, ORDER).taken).toBe(false);
          expect(budget.tryTake(cost, retryAtMs, ORDER).taken).toBe(true);
          nowMs = retryAtMs;
        }
      },
    ),
  );
});

test("no minute ever has more than the limit, though threads read their clocks apart", () => {
  const step = fc.record({
    cost: fc.integer({ min: 0, max: 5 }),
    afterMs: fc.nat(9000),
    skewMs: fc.integer({ min: -900, max: 900 }),
    isCancel: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const memory = new SharedArrayBuffer(2 * SlidingBudget.bytes);
      const spec = { name: "x", limit: 12, cancelReserve: 4 };
      const threads = [0, 1, 2].map(() => new SlidingBudget(spec, memory, SlidingBudget.bytes));
      const passed: { atMs: number; cost: number }[] = [];
      let nowMs = NOON;
      for (const [index, { cost, afterMs, skewMs, isCancel }] of steps.entries()) {
        nowMs += afterMs;
        const atMs = nowMs + skewMs;
        const budget = threads[index % threads.length];
        if (budget?.tryTake(cost, atMs, { isCancel }).taken === true) passed.push({ atMs, cost });
      }
      for (const { atMs } of passed) {
        const within = passed.filter(
          (other) => other.atMs > atMs - MINUTE_MS && other.atMs <= atMs,
        );
        const sum = within.reduce((total, { cost }) => total + cost, 0);
        expect(sum).toBeLessThanOrEqual(spec.limit);
      }
      // Its neighbour in memory is untouched.
      expect(new SlidingBudget(spec, memory, 0).used(nowMs)).toBe(0);
    }),
  );
});

describe("what is put back", () => {
  test("leaves no trace", () => {
    const budget = budgetOf();
    budget.tryTake(4, NOON, ORDER);
    budget.tryTake(6, NOON + 5000, ORDER);
    budget.giveBack(4, NOON);
    expect(budget.used(NOON + 5000)).toBe(6);
    budget.giveBack(100, NOON + 5000);
    expect(budget.used(NOON + 5000)).toBe(0);
  });

  test("is of no use once its second is over for good", () => {
    const budget = budgetOf();
    budget.tryTake(4, NOON, ORDER);
    budget.tryTake(3, NOON + 64_000, ORDER); // in the same place
    budget.giveBack(4, NOON);
    expect(budget.used(NOON + 64_000)).toBe(3);
  });
});

test("what cannot be refused counts, over the limit too, and holds up what follows", () => {
  const budget = budgetOf();
  budget.charge(25, NOON);
  expect(budget.used(NOON)).toBe(25);
  expect(budget.tryTake(1, NOON + 59_000, CANCEL)).toEqual({
    taken: false,
    retryAtMs: NOON + 61_000,
  });
  budget.charge(100_000, NOON); // as much as a word holds, and not into its neighbours
  expect(budget.used(NOON)).toBe(0xffff);
});

test("a block holds everything up, and a shorter one does not end it", () => {
  const budget = budgetOf();
  budget.block(NOON + 5000);
  budget.block(NOON + 1000);
  expect(budget.tryTake(0, NOON + 4999, CANCEL)).toEqual({ taken: false, retryAtMs: NOON + 5000 });
  expect(budget.tryTake(1, NOON + 5000, ORDER).taken).toBe(true);
});

test("a clock that is set back does not hold it up for longer than it stood", () => {
  const budget = budgetOf();
  budget.tryTake(10, NOON + 3_600_000, ORDER); // an hour ahead
  expect(budget.tryTake(10, NOON, ORDER).taken).toBe(true);
  expect(budget.tryTake(1, NOON, ORDER).taken).toBe(false);
});

test("threads that race never take more than there is, and not much less", async () => {
  const racers = 3;
  const spec: SlidingSpec = { name: "x", limit: 500, cancelReserve: 0 };
  const memory = new SharedArrayBuffer(SlidingBudget.bytes);
  const gate = new SharedArrayBuffer(4);
  const race: SlidingRace = { spec, memory, gate, racers, attempts: 20_000, nowMs: NOON };
  const workers = Array.from(
    { length: racers },
    () => new Worker(new URL("./sliding-racer.ts", import.meta.url)),
  );
  const taken = await Promise.all(
    workers.map((worker) => {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      worker.addEventListener("message", ({ data }: MessageEvent<number>) => resolve(data));
      worker.addEventListener("error", ({ message }) => reject(new Error(message)));
      worker.postMessage(race, []);
      return promise;
    }),
  );
  for (const worker of workers) worker.terminate();
  const sum = taken.reduce((total, count) => total + count, 0);
  expect(sum).toBeLessThanOrEqual(spec.limit);
  // Two that meet at the last unit may both be refused, but they try on.
  expect(sum).toBeGreaterThan(spec.limit - racers);
  expect(new SlidingBudget(spec, memory, 0).used(NOON)).toBe(sum);
});
