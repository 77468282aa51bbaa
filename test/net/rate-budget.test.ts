import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { InputError } from "#domain/errors.ts";
import { type BudgetSpec, type RateBudget, RateBudgets } from "#net/rate-budget.ts";
import type { Race } from "./rate-budget-racer.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const NOON = Date.UTC(2026, 10, 22, 12);
const ORDER = { isCancel: false };
const CANCEL = { isCancel: true };

function budgetOf(part: Partial<BudgetSpec> = {}): RateBudget {
  const spec = { name: "weight-1m", limit: 10, windowMs: MINUTE_MS, cancelReserve: 0, ...part };
  return new RateBudgets([spec]).get(spec.name);
}

describe("fixed windows, as the venue counts them", () => {
  test.each([
    ["ten seconds", 10_000, Date.UTC(2026, 10, 22, 12, 0, 10), Date.UTC(2026, 10, 22, 12, 0, 20)],
    ["a minute", MINUTE_MS, Date.UTC(2026, 10, 22, 12, 7), Date.UTC(2026, 10, 22, 12, 8)],
    ["five minutes", 300_000, Date.UTC(2026, 10, 22, 12, 5), Date.UTC(2026, 10, 22, 12, 10)],
    ["a day", DAY_MS, Date.UTC(2026, 10, 22), Date.UTC(2026, 10, 23)],
  ])("%s begins on the round of the clock", (_name, windowMs, startMs, endMs) => {
    const budget = budgetOf({ windowMs, limit: 3 });
    expect(budget.tryTake(3, startMs - 1, ORDER).taken).toBe(true);
    expect(budget.tryTake(1, startMs - 1, ORDER)).toEqual({ taken: false, retryAtMs: startMs });
    expect(budget.tryTake(3, startMs, ORDER).taken).toBe(true);
    expect(budget.tryTake(1, endMs - 1, ORDER)).toEqual({ taken: false, retryAtMs: endMs });
    expect(budget.tryTake(1, endMs, ORDER).taken).toBe(true);
  });

  test("all of the cost or nothing", () => {
    const budget = budgetOf({ limit: 10 });
    budget.tryTake(8, NOON, ORDER);
    expect(budget.tryTake(3, NOON, ORDER).taken).toBe(false);
    expect(budget.used(NOON)).toBe(8);
    expect(budget.tryTake(2, NOON, ORDER).taken).toBe(true);
    expect(budget.used(NOON)).toBe(10);
  });
});

test("the reserve is for cancels", () => {
  const budget = budgetOf({ limit: 10, cancelReserve: 3 });
  expect(budget.tryTake(7, NOON, ORDER).taken).toBe(true);
  expect(budget.tryTake(1, NOON, ORDER).taken).toBe(false);
  expect(budget.tryTake(3, NOON, CANCEL).taken).toBe(true);
  expect(budget.tryTake(1, NOON, CANCEL).taken).toBe(false);
});

describe("a report of the venue", () => {
  test("that may fall is believed, with what may be under way on top", () => {
    const spec = { name: "a-day", limit: 1000, windowMs: 86_400_000, cancelReserve: 0 };
    const budget = new RateBudgets([{ ...spec, underWayMax: 20 }]).get("a-day");
    budget.tryTake(500, NOON, { isCancel: false });
    budget.report(490, NOON);
    expect(budget.used(NOON)).toBe(500); // ten of them are under way
    budget.report(100, NOON);
    expect(budget.used(NOON)).toBe(120);
    budget.report(130, NOON);
    expect(budget.used(NOON)).toBe(130);
  });

  test("counts where it is larger than ours, and is passed over where smaller", () => {
    const budget = budgetOf();
    budget.tryTake(4, NOON, ORDER);
    budget.report(2, NOON + 1);
    expect(budget.used(NOON + 2)).toBe(4);
    budget.report(9, NOON + 3);
    expect(budget.used(NOON + 4)).toBe(9);
    expect(budget.tryTake(2, NOON + 5, ORDER).taken).toBe(false);
  });

  test("above the limit holds everything back until the window ends", () => {
    const budget = budgetOf();
    budget.report(25, NOON);
    const retryAtMs = NOON + MINUTE_MS;
    expect(budget.tryTake(1, NOON, CANCEL)).toEqual({ taken: false, retryAtMs });
    expect(budget.tryTake(1, retryAtMs, ORDER).taken).toBe(true);
  });

  test("of a window that is over says nothing about this one", () => {
    const budget = budgetOf();
    budget.tryTake(1, NOON, ORDER);
    budget.report(10, NOON - 1);
    expect(budget.used(NOON)).toBe(1);
  });

  test("of a new window opens it", () => {
    const budget = budgetOf();
    budget.tryTake(10, NOON, ORDER);
    budget.report(6, NOON + MINUTE_MS);
    expect(budget.used(NOON + MINUTE_MS)).toBe(6);
  });
});

describe("giving back", () => {
  test("restores what was taken in this window", () => {
    const budget = budgetOf();
    budget.tryTake(10, NOON, ORDER);
    budget.giveBack(4, NOON);
    expect(budget.used(NOON)).toBe(6);
  });

  test("changes nothing in a later one", () => {
    const budget = budgetOf();
    budget.tryTake(4, NOON, ORDER);
    budget.tryTake(5, NOON + MINUTE_MS, ORDER);
    budget.giveBack(4, NOON);
    expect(budget.used(NOON + MINUTE_MS)).toBe(5);
  });
});

describe("a block", () => {
  test("refuses cancels too, and is never shortened", () => {
    const budget = budgetOf();
    budget.block(NOON + 5000);
    budget.block(NOON + 2000);
    const refused = { taken: false, retryAtMs: NOON + 5000 } as const;
    expect(budget.tryTake(1, NOON + 4999, CANCEL)).toEqual(refused);
    expect(budget.tryTake(1, NOON + 5000, CANCEL).taken).toBe(true);
  });
});

describe("clocks that disagree", () => {
  test("a thread that reads the last window counts in the one that has begun", () => {
    const budget = budgetOf();
    budget.tryTake(6, NOON, ORDER);
    expect(budget.tryTake(4, NOON - 1, ORDER).taken).toBe(true);
    expect(budget.used(NOON)).toBe(10);
  });

  test("after a jump ahead and back the budget is not stuck in the future", () => {
    const budget = budgetOf();
    budget.tryTake(10, NOON + DAY_MS, ORDER);
    expect(budget.tryTake(1, NOON, ORDER).taken).toBe(false); // what was used, stays used
    expect(budget.tryTake(10, NOON + MINUTE_MS, ORDER).taken).toBe(false);
    budget.report(11, NOON);
    expect(budget.tryTake(10, NOON + MINUTE_MS, ORDER).taken).toBe(true);
  });
});

test("any run of calls is as a plain count would have it", () => {
  const step = fc.record({
    kind: fc.constantFrom("order", "cancel", "report", "back"),
    units: fc.integer({ min: 0, max: 8 }),
    afterMs: fc.integer({ min: 0, max: 20_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const budget = budgetOf({ limit: 20, cancelReserve: 5 });
      const counts = new Map<number, number>();
      let nowMs = NOON;
      for (const { kind, units, afterMs } of steps) {
        nowMs += afterMs;
        const minute = Math.floor(nowMs / MINUTE_MS);
        const used = counts.get(minute) ?? 0;
        if (kind === "report") {
          budget.report(units, nowMs);
          counts.set(minute, Math.max(used, units));
        } else if (kind === "back") {
          budget.giveBack(units, nowMs);
          counts.set(minute, Math.max(0, used - units));
        } else {
          const fits = used + units <= (kind === "cancel" ? 20 : 15);
          const { taken } = budget.tryTake(units, nowMs, { isCancel: kind === "cancel" });
          expect(taken).toBe(fits);
          if (fits) counts.set(minute, used + units);
        }
        expect(budget.used(nowMs)).toBe(counts.get(minute) ?? 0);
      }
    }),
  );
});

describe("several budgets in one memory", () => {
  const specs = [
    { name: "weight-1m", limit: 6000, windowMs: MINUTE_MS, cancelReserve: 200 },
    { name: "orders-10s", limit: 100, windowMs: 10_000, cancelReserve: 0 },
    { name: "raw-5m", limit: 300_000, windowMs: 300_000, cancelReserve: 0 },
    { name: "connections-5m", limit: 300, windowMs: 300_000, cancelReserve: 0 },
  ];

  test("are counted apart, and seen by everyone who holds the memory", () => {
    const ours = new RateBudgets(specs);
    const theirs = new RateBudgets(specs, ours.memory);
    specs.forEach(({ name }, index) => ours.get(name).tryTake(index + 1, NOON, ORDER));
    expect(specs.map(({ name }) => theirs.get(name).used(NOON))).toEqual([1, 2, 3, 4]);
    theirs.get("orders-10s").block(NOON + 1);
    expect(specs.map(({ name }) => ours.get(name).tryTake(1, NOON, ORDER).taken)).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  test("lie where the header says", () => {
    const budgets = new RateBudgets(specs);
    budgets.get("orders-10s").tryTake(7, NOON, ORDER);
    budgets.get("orders-10s").block(NOON + 99);
    const words = new DataView(budgets.memory);
    expect(words.byteLength).toBe(4 * 2 * 8);
    expect(words.getUint32(16, true)).toBe(7); // low half of word 2, the machine's byte order
    expect(words.getUint32(20, true)).toBe(NOON / 10_000);
    expect(words.getBigUint64(24, true)).toBe(BigInt(NOON + 99));
  });

  test("what makes no sense is refused", () => {
    const [spec] = specs;
    if (spec === undefined) throw new Error("no spec");
    const { memory } = new RateBudgets([spec]);
    expect(() => new RateBudgets(specs, memory)).toThrow(InputError);
    expect(() => new RateBudgets([spec, spec])).toThrow(InputError);
    expect(() => new RateBudgets(specs).get("none")).toThrow("no budget is called none");
    for (const part of [
      { limit: 0 },
      { limit: 1.5 },
      { limit: 2 ** 32 },
      { cancelReserve: 10 },
      { cancelReserve: -1 },
      { windowMs: 999 },
    ]) {
      expect(() => budgetOf(part)).toThrow(InputError);
    }
  });
});

describe("two workers racing", () => {
  async function race(limit: number, windows: number): Promise<{ total: number; lasting: number }> {
    const spec = { name: "orders", limit, windowMs: 10_000, cancelReserve: 0 };
    const budgets = new RateBudgets([spec]);
    const maxAttempts = 60_000;
    const setting: Race = {
      spec,
      memory: budgets.memory,
      attempts: new SharedArrayBuffer(4),
      gate: new SharedArrayBuffer(4),
      racers: 2,
      maxAttempts,
      startMs: NOON,
      stepMs: (windows * spec.windowMs) / maxAttempts,
    };
    const workers = [0, 1].map(
      () => new Worker(new URL("./rate-budget-racer.ts", import.meta.url)),
    );
    const shares = workers.map((worker) => {
      const answer = new Promise<number>((resolve, reject) => {
        worker.addEventListener("message", ({ data }: MessageEvent<number>) => resolve(data));
        worker.addEventListener("error", ({ message }) => reject(new Error(message)));
      });
      worker.postMessage(setting, []);
      return answer;
    });
    const taken = await Promise.all(shares);
    for (const worker of workers) worker.terminate();
    const total = taken.reduce((sum, share) => sum + share, 0);
    return { total, lasting: budgets.get("orders").used(NOON + windows * spec.windowMs - 1) };
  }

  test("within one window get exactly the limit between them", async () => {
    const { total, lasting } = await race(50_000, 1);
    expect([total, lasting]).toEqual([50_000, 50_000]);
  });

  test("over several windows get exactly the limit in each", async () => {
    const { total, lasting } = await race(5000, 6); // of 10 000 attempts in each
    expect([total, lasting]).toEqual([6 * 5000, 5000]);
  });
});
