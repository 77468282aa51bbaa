/** Nonces of one key: each once, by any number of threads, and near the clock. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { refusalOf } from "#venues/hyperliquid/errors.ts";
import { NonceCounter } from "#venues/hyperliquid/nonces.ts";
import type { NonceRace } from "./nonce-racer.ts";

const NOON = 1_795_348_800_000;
const AHEAD_MS = 60_000;

class Subject {
  nowMs = NOON;
  readonly memory = NonceCounter.makeMemory();
  readonly nonces = this.another();

  another(): NonceCounter {
    return new NonceCounter(this.memory, () => this.nowMs);
  }
}

test("a nonce is the clock's, or the next one where that is given out", () => {
  const subject = new Subject();
  const { nonces } = subject;
  expect([nonces.next(), nonces.next(), nonces.next()]).toEqual([NOON, NOON + 1, NOON + 2]);
  subject.nowMs += 1.9; // a whole number all the same, and NOON + 1 is long over
  expect(nonces.next()).toBe(NOON + 3);
  subject.nowMs = NOON + 500.7;
  expect(nonces.next()).toBe(NOON + 500);
});

test("a clock that goes back gives nothing out again", () => {
  const subject = new Subject();
  subject.nonces.next();
  subject.nowMs = NOON - 30_000;
  expect(subject.nonces.next()).toBe(NOON + 1);
  expect(subject.another().next()).toBe(NOON + 2);
});

test("a start after a crash, with new memory, goes on past all that were given out", () => {
  const before = new Subject();
  const last = Array.from({ length: 50 }, () => before.nonces.next()).at(-1) ?? 0;
  const after = new Subject();
  after.nowMs = NOON + 1000;
  expect(after.nonces.next()).toBeGreaterThan(last ?? 0);
});

test("it does not run away from the clock, and goes on as the clock does", () => {
  const subject = new Subject();
  subject.nonces.moveBeyond(NOON + AHEAD_MS - 1);
  expect(subject.nonces.next()).toBe(NOON + AHEAD_MS);
  expect(subject.nonces.next()).toBeNull();
  expect(subject.nonces.next()).toBeNull();
  subject.nowMs += 1;
  expect(subject.nonces.next()).toBe(NOON + AHEAD_MS + 1);
  expect(subject.nonces.next()).toBeNull();
});

test("a refusal moves it on, and never back; a wild one not at all", () => {
  const { nonces } = new Subject();
  nonces.moveBeyond(NOON + 99);
  expect(nonces.next()).toBe(NOON + 100);
  nonces.moveBeyond(NOON - 5);
  nonces.moveBeyond(NOON + 100);
  expect(nonces.next()).toBe(NOON + 101);
  for (const wild of [NOON + AHEAD_MS, 2 ** 53, Infinity, NaN, -1, NOON + 200.5]) {
    nonces.moveBeyond(wild);
  }
  expect(nonces.next()).toBe(NOON + 102);
});

test("whatever clocks and refusals do, no nonce comes twice and none is far ahead", () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("next" as const), who: fc.nat(2) }),
      fc.record({ kind: fc.constant("clock" as const), byMs: fc.integer({ min: -200, max: 200 }) }),
      fc.record({
        kind: fc.constant("jump" as const),
        byMs: fc.integer({ min: -90_000, max: 90_000 }),
      }),
      fc.record({
        kind: fc.constant("beyond" as const),
        offset: fc.integer({ min: -200, max: 70_000 }),
      }),
    ),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(steps, (list) => {
      const subject = new Subject();
      const counters = [subject.nonces, subject.another(), subject.another()];
      let last = 0;
      for (const step of list) {
        if (step.kind === "next") {
          const nonce = counters[step.who]?.next() ?? null;
          if (nonce === null) continue;
          expect(nonce).toBeGreaterThan(last);
          expect(nonce).toBeGreaterThanOrEqual(Math.floor(subject.nowMs));
          expect(nonce).toBeLessThanOrEqual(subject.nowMs + AHEAD_MS);
          last = nonce;
        } else if (step.kind === "beyond") {
          subject.nonces.moveBeyond(Math.floor(subject.nowMs) + step.offset);
        } else subject.nowMs += step.byMs + 0.25;
      }
    }),
  );
});

test("refused as too low or taken, it finds its way past all that the venue keeps", () => {
  const runs = fc.record({
    /** How far the run before had got ahead of the clock, and in what steps. */
    aheadMs: fc.integer({ min: 0, max: 50_000 }),
    steps: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 100, maxLength: 300 }),
  });
  fc.assert(
    fc.property(runs, ({ aheadMs, steps }) => {
      const kept: number[] = [];
      let at = NOON + aheadMs;
      for (const step of steps) kept.push((at += step));
      kept.splice(0, kept.length - 100);
      const { nonces } = new Subject();
      for (let refusals = 0; ; refusals += 1) {
        const nonce = nonces.next() ?? NaN;
        const lowest = kept[0] ?? NaN;
        let text = "";
        if (nonce <= lowest) text = `Invalid nonce: nonce too low ${nonce} < ${lowest}`;
        else if (kept.includes(nonce)) text = `Invalid nonce: duplicate nonce ${nonce}`;
        else break; // it is taken
        // Nonces that came each millisecond cost one refusal; others a few more.
        expect(refusals).toBeLessThan(102);
        const refusal = refusalOf(text);
        if (refusal.kind === "nonce" && refusal.beyond !== null) nonces.moveBeyond(refusal.beyond);
      }
    }),
  );
});

test("where the run before had given one each millisecond, a single refusal is enough", () => {
  const { nonces } = new Subject();
  const lowest = NOON + 30_000;
  const first = nonces.next() ?? NaN;
  const refusal = refusalOf(`Invalid nonce: nonce too low ${first} < ${lowest}`);
  if (refusal.kind === "nonce" && refusal.beyond !== null) nonces.moveBeyond(refusal.beyond);
  expect(nonces.next()).toBe(lowest + 100); // the venue keeps 100: up to lowest + 99
});

describe("two workers racing for one key", () => {
  async function race(count: number, noncesAMs: number): Promise<number[][]> {
    const setting: NonceRace = {
      memory: NonceCounter.makeMemory(),
      gate: new SharedArrayBuffer(4),
      racers: 2,
      count,
      startMs: NOON,
      noncesAMs,
    };
    const workers = [0, 1].map(() => new Worker(new URL("./nonce-racer.ts", import.meta.url)));
    try {
      return await Promise.all(
        workers.map((worker) => {
          const answer = new Promise<number[]>((resolve, reject) => {
            worker.addEventListener("message", ({ data }: MessageEvent<number[]>) => resolve(data));
            worker.addEventListener("error", ({ message }) => reject(new Error(message)));
          });
          worker.postMessage(setting, []);
          return answer;
        }),
      );
    } finally {
      for (const worker of workers) worker.terminate();
    }
  }

  test.each([
    ["more than the clock goes on", 25_000, 1000],
    ["as many as the clock goes on", 25_000, 1],
  ])("get each nonce once: %s", async (_name, count, noncesAMs) => {
    const got = await race(count, noncesAMs);
    const all = got.flat();
    expect(all.length).toBe(2 * count);
    expect(new Set(all).size).toBe(all.length);
    for (const own of got) {
      expect(own.every((nonce, index) => index === 0 || nonce > (own[index - 1] ?? 0))).toBe(true);
    }
  });

  test("are both refused once the counter is too far ahead", async () => {
    const all = (await race(40_000, 1_000_000)).flat();
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeGreaterThan(AHEAD_MS / 2);
    expect(all.length).toBeLessThanOrEqual(AHEAD_MS + 1);
    expect(Math.max(...all)).toBe(NOON + AHEAD_MS);
  });
});
