import { beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { AddressBudget } from "#venues/hyperliquid/address-budget.ts";

let nowMs: number;
let memory: SharedArrayBuffer;
let budget: AddressBudget;
beforeEach(() => {
  nowMs = Date.UTC(2026, 10, 22, 12);
  memory = AddressBudget.makeMemory();
  budget = new AddressBudget(memory, () => nowMs);
});

/** What the venue says, asked just now. */
function told(nRequestsUsed: number, nRequestsCap: number): void {
  budget.report({ nRequestsUsed, nRequestsCap }, budget.mark());
}

test("an account that has traded nothing has 10 000, and cancels twice as many", () => {
  expect(budget.status()).toEqual({ used: 0, cap: 10_000, cancelCap: 20_000, remaining: 10_000 });
  expect(budget.take(10_000, false)).toBe(true);
  expect(budget.take(2, false)).toBe(false);
  expect(budget.take(10_000, true)).toBe(true);
  expect(budget.take(2, true)).toBe(false);
  expect(budget.status()).toMatchObject({ used: 20_000, remaining: 0 });
});

test("of all threads one asks the venue for its count, and what it says is all of theirs", () => {
  const other = new AddressBudget(memory, () => nowMs);
  expect([budget.claimAsking(30_000), other.claimAsking(30_000)]).toEqual([true, false]);
  expect([budget.volume, other.volume]).toEqual([null, null]);
  told(3, 10_500);
  expect([budget.volume, other.volume]).toEqual([500, 500]);
  nowMs += 29_999;
  expect(other.claimAsking(30_000)).toBe(false);
  nowMs += 1;
  expect([other.claimAsking(30_000), budget.claimAsking(30_000)]).toEqual([true, false]);
});

test("with much traded, cancels have 100 000 more", () => {
  told(0, 2_864_574);
  expect(budget.status()).toMatchObject({ cap: 2_864_574, cancelCap: 2_964_574 });
});

describe("beyond the cap", () => {
  test("one in ten seconds goes, for all threads together, and no batch", () => {
    told(10_000, 10_000);
    const other = new AddressBudget(memory, () => nowMs);
    expect(other.take(2, false)).toBe(false);
    expect(other.take(1, false)).toBe(true);
    expect(budget.take(1, false)).toBe(false);
    expect(budget.retryAtMs()).toBe(nowMs + 10_000);
    nowMs += 9999;
    expect(budget.take(1, false)).toBe(false);
    nowMs += 1;
    expect(budget.take(1, false)).toBe(true);
    expect(other.take(1, false)).toBe(false);
    expect(budget.status().used).toBe(10_002);
  });

  test("cancels go on as long as their own cap lets them", () => {
    told(12_345, 10_000);
    expect(budget.take(2, false)).toBe(false);
    expect(budget.take(40, true)).toBe(true);
    expect(budget.status()).toMatchObject({ used: 12_385, remaining: 0 });
  });
});

describe("a fill", () => {
  test("raises the cap by what it was worth, cut off", () => {
    budget.onFill(12.99);
    budget.onFill(0.99);
    budget.onFill(Number.NaN);
    budget.onFill(-5);
    expect(budget.status().cap).toBe(10_012);
  });
});

describe("the venue's count", () => {
  test("stands, be it higher or lower than ours", () => {
    budget.take(500, false);
    told(700, 10_300);
    expect(budget.status()).toMatchObject({ used: 700, cap: 10_300 });
    told(650, 10_200);
    expect(budget.status()).toMatchObject({ used: 650, cap: 10_200 });
  });

  test("lacks what was taken since it was asked for", () => {
    budget.take(100, false);
    const mark = budget.mark();
    budget.take(7, false);
    budget.take(3, true);
    budget.report({ nRequestsUsed: 100, nRequestsCap: 10_000 }, mark);
    expect(budget.status().used).toBe(110);
  });

  test("does not count what was put back in between", () => {
    const mark = budget.mark();
    budget.take(7, false);
    budget.giveBack(7);
    budget.report({ nRequestsUsed: 40, nRequestsCap: 10_000 }, mark);
    expect(budget.status().used).toBe(40);
    budget.giveBack(1000);
    expect(budget.status().used).toBe(0);
  });

  test("does not wipe out what another thread takes at that moment", () => {
    const other = new AddressBudget(memory, () => nowMs);
    class Interrupted extends AddressBudget {
      isInterrupted = false;
      override mark(): number {
        const mark = super.mark();
        if (!this.isInterrupted) expect(other.take(7, false)).toBe(true);
        this.isInterrupted = true;
        return mark;
      }
    }
    const mark = budget.mark();
    const interrupted = new Interrupted(memory, () => nowMs);
    interrupted.report({ nRequestsUsed: 100, nRequestsCap: 10_000 }, mark);
    expect(budget.status().used).toBe(107);
  });

  test("in a refusal stands too, and the next goes ten seconds later", () => {
    budget.refused({ used: 10_457, cap: 10_456 }, false);
    expect(budget.status()).toMatchObject({ used: 10_457, cap: 10_456 });
    expect(budget.take(1, false)).toBe(false);
    expect(budget.retryAtMs()).toBe(nowMs + 10_000);
  });

  test("in a refusal of a cancel raises nothing: its cap is another", () => {
    told(9000, 10_000);
    budget.refused({ used: 20_001, cap: 20_000 }, true);
    expect(budget.status()).toMatchObject({ used: 20_001, cap: 10_000 });
  });
});

test("whatever is taken, orders stay within the cap and cancels within theirs", () => {
  const step = fc.record({
    thread: fc.nat(2),
    requests: fc.integer({ min: 1, max: 900 }),
    isCancel: fc.boolean(),
    afterMs: fc.nat(4000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (takes) => {
      const shared = AddressBudget.makeMemory();
      const threads = [0, 1, 2].map(() => new AddressBudget(shared, () => nowMs));
      let used = 0;
      let slowMs = Number.NEGATIVE_INFINITY;
      for (const { thread, requests, isCancel, afterMs } of takes) {
        nowMs += afterMs;
        const cap = isCancel ? 20_000 : 10_000;
        const isTaken = threads[thread]?.take(requests, isCancel) === true;
        if (used + requests <= cap) expect(isTaken).toBe(true);
        else if (isTaken) {
          expect(requests).toBe(1);
          expect(nowMs - slowMs).toBeGreaterThanOrEqual(10_000);
          slowMs = nowMs;
        }
        if (isTaken) used += requests;
      }
      expect(threads[0]?.status().used).toBe(used);
    }),
  );
});
