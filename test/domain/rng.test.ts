import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { Rng } from "#domain/rng.ts";

const COUNT = 200_000;

function draw(count: number, next: () => number): number[] {
  return Array.from({ length: count }, () => next());
}

function momentsOf(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / values.length };
}

describe("same seed, same numbers", () => {
  test("for every kind of draw", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (seed) => {
        const mix = (rng: Rng) => [
          rng.uniform(),
          rng.integer(1000),
          rng.exponential(2),
          rng.normal(),
          rng.uniform(),
        ];
        expect(mix(new Rng(seed))).toEqual(mix(new Rng(seed)));
      }),
    );
  });

  test("and other seeds other numbers, in their high bits too", () => {
    const seeds = [0, 1, 2, -1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 52];
    const firsts = new Set(seeds.map((seed) => new Rng(seed).uniform()));
    expect(firsts.size).toBe(seeds.length);
  });

  test("two generators do not share state", () => {
    const alone = draw(10, bind(new Rng(7)));
    const rng = new Rng(7);
    const other = new Rng(8);
    const beside = draw(10, () => {
      other.uniform();
      return rng.uniform();
    });
    expect(beside).toEqual(alone);
  });
});

function bind(rng: Rng): () => number {
  return () => rng.uniform();
}

describe("the numbers are what they are called", () => {
  // Six standard errors of the mean of COUNT draws, and a like margin for the variance.
  const margin = 6 / Math.sqrt(COUNT);

  test("uniform: in [0, 1), mean 1/2, variance 1/12, every tenth as full as the others", () => {
    const rng = new Rng(1);
    const values = draw(COUNT, bind(rng));
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const value of values) {
      expect(value >= 0 && value < 1).toBe(true);
      const tenth = Math.floor(value * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    const { mean, variance } = momentsOf(values);
    expect(Math.abs(mean - 0.5)).toBeLessThan(margin);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(margin);
    for (const count of tenths) expect(Math.abs(count / COUNT - 0.1)).toBeLessThan(margin);
  });

  test("uniform: one draw says nothing of the next", () => {
    const values = draw(COUNT, bind(new Rng(2)));
    const products = values.slice(1).map((value, index) => value * (values[index] ?? 0));
    expect(Math.abs(momentsOf(products).mean - 0.25)).toBeLessThan(margin);
  });

  test("integer: whole, in [0, bound), each as likely", () => {
    const rng = new Rng(3);
    const counts = Array.from({ length: 7 }, () => 0);
    for (let index = 0; index < COUNT; index += 1) {
      const value = rng.integer(7);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    expect(counts).toHaveLength(7); // a draw of 7, -1 or 0.5 would have added a key
    expect(Object.keys(counts)).toHaveLength(7);
    for (const count of counts) expect(Math.abs(count / COUNT - 1 / 7)).toBeLessThan(margin);
    expect(new Rng(4).integer(1)).toBe(0);
  });

  test("exponential: mean 1/rate, variance 1/rate², never negative", () => {
    const rng = new Rng(5);
    const values = draw(COUNT, () => rng.exponential(4));
    const { mean, variance } = momentsOf(values);
    expect(values.every((value) => value >= 0 && Number.isFinite(value))).toBe(true);
    expect(Math.abs(mean * 4 - 1)).toBeLessThan(margin);
    expect(Math.abs(variance * 16 - 1)).toBeLessThan(4 * margin); // fourth moment is 9
  });

  test("normal: mean 0, variance 1, 68.27 % within one deviation", () => {
    const rng = new Rng(6);
    const values = draw(COUNT, () => rng.normal());
    const { mean, variance } = momentsOf(values);
    const within = values.filter((value) => Math.abs(value) < 1).length / COUNT;
    expect(Math.abs(mean)).toBeLessThan(margin);
    expect(Math.abs(variance - 1)).toBeLessThan(2 * margin);
    expect(Math.abs(within - 0.6827)).toBeLessThan(margin);
  });
});
