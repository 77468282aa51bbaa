import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  type GaugeCell,
  type GaugeKind,
  type GaugeLimits,
  Gauges,
} from "#venues/hyperliquid/gauges.ts";
import type { GaugeRace, GaugeRaceResult } from "./gauge-racer.ts";

const LIMITS: GaugeLimits = {
  sockets: { limit: 3, cancelReserve: 0 },
  subscriptions: { limit: 8, cancelReserve: 0 },
  posts: { limit: 5, cancelReserve: 2 },
};
const KINDS: readonly GaugeKind[] = ["sockets", "subscriptions", "posts"];

class Subject {
  nowMs = Date.UTC(2026, 10, 22, 12);
  readonly gauges = new Gauges(LIMITS, Gauges.makeMemory(), () => this.nowMs);

  claim(): GaugeCell {
    const cell = this.gauges.claim();
    if (cell === null) throw new Error("no cell is free");
    return cell;
  }
}

test("holders draw on one limit, and the reserve is for cancels", () => {
  const subject = new Subject();
  const [first, second] = [subject.claim(), subject.claim()];
  expect([first.take("posts"), second.take("posts"), first.take("posts")]).toEqual(
    Array(3).fill(true),
  );
  expect(second.take("posts")).toBe(false);
  expect([second.take("posts", true), first.take("posts", true)]).toEqual([true, true]);
  expect(first.take("posts", true)).toBe(false);
  expect(subject.gauges.total("posts")).toBe(5);
  expect([subject.gauges.total("sockets"), subject.gauges.total("subscriptions")]).toEqual([0, 0]);
  second.giveBack("posts");
  expect(second.take("posts", true)).toBe(true);
});

test("what leaves takes its share with it", () => {
  const subject = new Subject();
  const [first, second] = [subject.claim(), subject.claim()];
  for (let count = 0; count < 3; count += 1) expect(first.take("sockets")).toBe(true);
  expect(second.take("sockets")).toBe(false);
  first.leave();
  expect(subject.gauges.total("sockets")).toBe(0);
  expect(second.take("sockets")).toBe(true);
  expect([first.take("sockets"), first.refresh()]).toEqual([false, false]);
});

describe("a holder that falls silent", () => {
  test("does not count any more after 15 s, and its cell is given to another", () => {
    const subject = new Subject();
    const dead = subject.claim();
    for (let count = 0; count < 3; count += 1) dead.take("sockets");
    const others = Array.from({ length: 63 }, () => subject.claim());
    expect(subject.gauges.claim()).toBeNull();
    for (let second = 0; second < 15; second += 1) {
      subject.nowMs += 1000;
      for (const cell of others) expect(cell.refresh()).toBe(true);
      expect(others[0]?.take("sockets")).toBe(false);
    }
    subject.nowMs += 1000;
    expect(others[0]?.take("sockets")).toBe(true);
    const heir = subject.claim();
    expect(heir.take("sockets")).toBe(true);
    expect(subject.gauges.total("sockets")).toBe(2);
  });

  test("is told so before others stop counting it", () => {
    const subject = new Subject();
    const stalled = subject.claim();
    stalled.take("sockets");
    subject.nowMs += 12_000;
    expect(stalled.refresh()).toBe(true);
    subject.nowMs += 13_000;
    expect(stalled.refresh()).toBe(false);
    expect(stalled.take("sockets")).toBe(false);
    expect(subject.gauges.total("sockets")).toBe(1);
  });

  test("does not touch the cell of its heir when it wakes", () => {
    const subject = new Subject();
    const stalled = subject.claim();
    stalled.take("sockets");
    subject.nowMs += 20_000;
    const heir = subject.claim();
    heir.take("posts");
    stalled.giveBack("sockets");
    stalled.giveBack("posts");
    stalled.leave();
    expect([heir.refresh(), subject.gauges.total("posts")]).toEqual([true, 1]);
  });
});

test("a count does not fall below nothing, nor over into its neighbours", () => {
  const subject = new Subject();
  const gauges = new Gauges(
    { ...LIMITS, sockets: { limit: 1000, cancelReserve: 0 } },
    Gauges.makeMemory(),
    () => subject.nowMs,
  );
  const cell = gauges.claim();
  cell?.giveBack("subscriptions");
  let taken = 0;
  while (taken < 1000 && cell?.take("sockets") === true) taken += 1;
  expect(taken).toBe(63); // as much as its bits hold
  expect(KINDS.map((kind) => gauges.total(kind))).toEqual([63, 0, 0]);
});

test("the clock's bits may roll over", () => {
  const subject = new Subject();
  subject.nowMs = (2 ** 28 * 6 - 5) * 1000;
  const cell = subject.claim();
  cell.take("sockets");
  subject.nowMs += 10_000;
  expect([cell.refresh(), subject.gauges.total("sockets")]).toEqual([true, 1]);
});

type Step =
  | { readonly do: "take"; readonly holder: number; readonly kind: GaugeKind; isCancel: boolean }
  | { readonly do: "give"; readonly holder: number; readonly kind: GaugeKind }
  | { readonly do: "die" | "leave"; readonly holder: number }
  | { readonly do: "pass"; readonly ms: number };

const holder = fc.nat(5);
const kind = fc.constantFrom(...KINDS);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("take" as const),
        holder,
        kind,
        isCancel: fc.boolean(),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("give" as const), holder, kind }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("die", "leave"), holder }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.nat(3000) }) },
  ),
  { maxLength: 200 },
);

/** Holders that take and give, some of whom die without a word: what is really open. */
class Model {
  readonly subject = new Subject();
  readonly holders = Array.from({ length: 6 }, () => this.#fresh());
  /** What the dead hold, until it is taken for gone. */
  readonly dead: { readonly open: Record<GaugeKind, number>; readonly goneMs: number }[] = [];

  #fresh(): { cell: GaugeCell; open: Record<GaugeKind, number> } {
    return { cell: this.subject.claim(), open: { sockets: 0, subscriptions: 0, posts: 0 } };
  }

  apply(step: Step): void {
    if (step.do === "pass") {
      this.subject.nowMs += step.ms;
      for (const { cell } of this.holders) expect(cell.refresh()).toBe(true);
      return;
    }
    const current = this.holders[step.holder];
    if (current === undefined) return;
    const { cell, open } = current;
    if (step.do === "take") {
      if (cell.take(step.kind, step.isCancel)) open[step.kind] += 1;
    } else if (step.do === "give") {
      if (open[step.kind] === 0) return;
      cell.giveBack(step.kind);
      open[step.kind] -= 1;
    } else {
      if (step.do === "die") this.dead.push({ open, goneMs: this.subject.nowMs + 15_000 });
      else cell.leave();
      this.holders[step.holder] = this.#fresh();
    }
  }

  open(wanted: GaugeKind): number {
    const still = this.dead.filter(({ goneMs }) => goneMs > this.subject.nowMs);
    return [...this.holders, ...still].reduce((sum, { open }) => sum + open[wanted], 0);
  }
}

test("whoever takes, gives, leaves or dies: no limit is ever passed, and nothing is lost", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const model = new Model();
      for (const step of list) {
        model.apply(step);
        for (const name of KINDS) {
          expect(model.open(name)).toBeLessThanOrEqual(LIMITS[name].limit);
          expect(model.subject.gauges.total(name)).toBeGreaterThanOrEqual(model.open(name));
        }
      }
      // Long after: the dead are forgotten, the living hold what they held.
      for (let second = 0; second < 17; second += 1) model.apply({ do: "pass", ms: 1000 });
      for (const name of KINDS) {
        expect(model.subject.gauges.total(name)).toBe(model.open(name));
      }
    }),
    { numRuns: 200 },
  );
});

test("threads that race never hold more than the limit, and give all of it back", async () => {
  const racers = 3;
  const memory = Gauges.makeMemory();
  const counts = new SharedArrayBuffer(8);
  const { nowMs } = new Subject();
  const race: GaugeRace = { limits: LIMITS, memory, counts, racers, attempts: 5000, nowMs };
  const workers = Array.from(
    { length: racers },
    () => new Worker(new URL("./gauge-racer.ts", import.meta.url)),
  );
  const results = await Promise.all(
    workers.map((worker) => {
      const { promise, resolve, reject } = Promise.withResolvers<GaugeRaceResult>();
      worker.addEventListener("message", ({ data }: MessageEvent<GaugeRaceResult>) =>
        resolve(data),
      );
      worker.addEventListener("error", ({ message }) => reject(new Error(message)));
      worker.postMessage(race, []);
      return promise;
    }),
  );
  for (const worker of workers) worker.terminate();
  for (const { most, taken } of results) {
    expect(most).toBeLessThanOrEqual(LIMITS.posts.limit);
    expect(taken).toBeGreaterThan(0);
  }
  expect(new Gauges(LIMITS, memory, () => nowMs).total("posts")).toBe(0);
});
