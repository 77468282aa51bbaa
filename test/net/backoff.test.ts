import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { InputError } from "#domain/errors.ts";
import { Rng } from "#domain/rng.ts";
import { Backoff } from "#net/backoff.ts";

const limits = fc
  .tuple(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 0, max: 60_000 }))
  .map(([baseMs, moreMs]) => ({ baseMs, maxMs: baseMs + moreMs }));

test("every delay is below its ceiling, which doubles up to the maximum", () => {
  fc.assert(
    fc.property(limits, fc.integer(), (given, seed) => {
      const backoff = new Backoff(given, new Rng(seed));
      for (let attempt = 0; attempt < 40; attempt += 1) {
        const delayMs = backoff.nextMs();
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThan(Math.min(given.baseMs * 2 ** attempt, given.maxMs));
      }
    }),
  );
});

test("the jitter is full: delays fill the whole range evenly", () => {
  const backoff = new Backoff({ baseMs: 1000, maxMs: 1000 }, new Rng(1));
  const tenths = Array.from({ length: 10 }, () => 0);
  for (let draw = 0; draw < 10_000; draw += 1) {
    const tenth = Math.floor(backoff.nextMs() / 100);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150); // 5 sigma
});

test("after a reset the delays are short again", () => {
  const backoff = new Backoff({ baseMs: 10, maxMs: 100_000 }, new Rng(3));
  const longest = Math.max(...Array.from({ length: 20 }, () => backoff.nextMs()));
  expect(longest).toBeGreaterThan(1000);
  backoff.reset();
  expect(backoff.nextMs()).toBeLessThan(10);
  expect(backoff.nextMs()).toBeLessThan(20);
});

test("limits that make no sense are refused", () => {
  for (const [baseMs, maxMs] of [
    [0, 10],
    [20, 10],
    [Number.NaN, 10],
    [1, Infinity],
  ] as const) {
    expect(() => new Backoff({ baseMs, maxMs }, new Rng(1))).toThrow(InputError);
  }
});
