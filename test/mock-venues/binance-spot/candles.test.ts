/** Candles against a twin that looks at every print again, and the past that is made up. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { Rng } from "#domain/rng.ts";
import { Candles, candleCloseMs, candleOpenMs, type Print } from "#mock-venues/candles.ts";
import { MarketBench, START_MS } from "./market-kit.ts";

const START_TICKS = 200_000;

function begun(seed: number): Candles {
  const candles = new Candles();
  candles.begin(START_MS, START_TICKS, new Rng(seed), 20);
  return candles;
}

/** Prints from the second after the start on. */
const Prints = fc
  .array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 40_000 }),
      ticks: fc.integer({ min: 190_000, max: 210_000 }),
      lots: fc.integer({ min: 1, max: 1e9 }),
      aggressorIsBuy: fc.boolean(),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((parts) => {
    let timeMs = START_MS + 60_000;
    return parts.map(({ afterMs, ...rest }, id): Print => {
      timeMs += afterMs;
      return { id: id + 1, timeMs, ...rest };
    });
  });

/** What one candle is, from its prints alone; without any, it stands at the price before. */
function naive(prints: readonly Print[], openMs: number, closeMs: number, before: number) {
  const inside = prints.filter(({ timeMs }) => timeMs >= openMs && timeMs <= closeMs);
  const ticks = inside.map((print) => print.ticks);
  const bought = inside.filter(({ aggressorIsBuy }) => aggressorIsBuy);
  const sum = (some: readonly Print[]) => some.reduce((total, { lots }) => total + lots, 0);
  const value = (some: readonly Print[]) =>
    some.reduce((total, print) => total + BigInt(print.ticks) * BigInt(print.lots), 0n);
  return {
    openMs,
    openTicks: ticks[0] ?? before,
    highTicks: Math.max(...(ticks.length === 0 ? [before] : ticks)),
    lowTicks: Math.min(...(ticks.length === 0 ? [before] : ticks)),
    closeTicks: ticks.at(-1) ?? before,
    lots: sum(inside),
    units: value(inside),
    trades: inside.length,
    takerLots: sum(bought),
    takerUnits: value(bought),
    firstId: inside[0]?.id ?? -1,
    lastId: inside.at(-1)?.id ?? -1,
  };
}

describe("candles", () => {
  test("are what their prints make of them, at every interval", () => {
    fc.assert(
      fc.property(
        Prints,
        fc.constantFrom("1s", "1m", "3m", "5m", "15m"),
        fc.boolean(),
        (prints, interval, isTold) => {
          const candles = begun(1);
          for (const print of prints) {
            if (isTold) candles.advance(print.timeMs - 1);
            candles.print(print);
          }
          const firstMs = candleOpenMs(interval, START_MS + 60_000);
          // A candle that began before the prints holds some of the made-up past.
          const live = candles
            .list(interval)
            .filter(({ openMs }) => openMs >= firstMs && openMs > START_MS);
          for (const candle of live) {
            const closeMs = candleCloseMs(interval, candle.openMs);
            const earlier = prints.findLast(({ timeMs }) => timeMs < candle.openMs);
            const before = earlier?.ticks ?? START_TICKS;
            expect(candle).toEqual(naive(prints, candle.openMs, closeMs, before));
          }
          const last = live.at(-1);
          if (last === undefined) return;
          expect(last.openMs).toBe(candleOpenMs(interval, prints.at(-1)?.timeMs ?? 0));
        },
      ),
    );
  });

  test("before the start there is a seeded walk without a gap that ends at the start price", () => {
    const candles = begun(7);
    for (const [interval, least] of [
      ["1s", 1200],
      ["1m", 1500],
      ["5m", 300],
      ["1h", 25],
    ] as const) {
      const list = candles.list(interval);
      expect(list.length).toBeGreaterThanOrEqual(least);
      for (const [index, candle] of list.entries()) {
        const previous = list[index - 1];
        if (previous !== undefined) {
          expect(candle.openMs).toBe(candleCloseMs(interval, previous.openMs) + 1);
          expect(candle.openTicks).toBe(previous.closeTicks);
        }
        expect(candle.highTicks).toBeGreaterThanOrEqual(
          Math.max(candle.openTicks, candle.closeTicks),
        );
        expect(candle.lowTicks).toBeLessThanOrEqual(Math.min(candle.openTicks, candle.closeTicks));
      }
      expect(list.at(-1)?.closeTicks).toBe(START_TICKS);
    }
    expect(begun(7).list("1s")).toEqual(candles.list("1s"));
    expect(begun(8).list("1s")).not.toEqual(candles.list("1s"));
  });

  test("months and weeks open where the calendar says", () => {
    const timeMs = Date.UTC(2026, 10, 22, 13, 14, 15); // a Sunday
    expect(candleOpenMs("1M", timeMs)).toBe(Date.UTC(2026, 10, 1));
    expect(candleCloseMs("1M", Date.UTC(2026, 10, 1))).toBe(Date.UTC(2026, 11, 1) - 1);
    expect(candleCloseMs("1M", Date.UTC(2027, 1, 1))).toBe(Date.UTC(2027, 2, 1) - 1);
    expect(candleOpenMs("1w", timeMs)).toBe(Date.UTC(2026, 10, 16));
    expect(candleOpenMs("4h", timeMs)).toBe(Date.UTC(2026, 10, 22, 12));
  });

  test("neither prints nor silence let them grow without end", () => {
    const candles = begun(2);
    candles.advance(START_MS + 30 * 86_400_000);
    expect(candles.list("1s").length).toBeLessThan(7300);
    for (let index = 1; index < 20_000; index += 1) {
      const timeMs = START_MS + 30 * 86_400_000 + index * 1000;
      candles.print({ id: index, timeMs, ticks: 1000, lots: 1, aggressorIsBuy: true });
    }
    expect(candles.list("1s").length).toBeLessThan(7300);
    expect(candles.list("1s").length).toBeGreaterThan(3500);
  });
});

describe("klines", () => {
  test("a thousand seconds of history exist from the first moment on", () => {
    const { symbol } = new MarketBench(4);
    const rows = symbol.klines("1s", 1000) ?? [];
    expect(rows).toHaveLength(1000);
    expect(rows.at(-1)?.[0]).toBe(Math.floor(START_MS / 1000) * 1000);
    expect(rows.at(-1)?.[4]).toBe(symbol.lastPrice());
    const prices = rows.map((row) => Number(row[4]));
    expect(Math.max(...prices) / Math.min(...prices)).toBeLessThan(1.05);
  });

  test("a range is answered from its start, a limit alone from the end", () => {
    const { symbol } = new MarketBench(4);
    const all = symbol.klines("1m", 1000) ?? [];
    const [from, to] = [all[990]?.[0], all[994]?.[0]];
    expect(symbol.klines("1m", 3, from, to)).toEqual(all.slice(990, 993));
    expect(symbol.klines("1m", 1000, from, to)).toEqual(all.slice(990, 995));
    expect(symbol.klines("1m", 2, undefined, to)).toEqual(all.slice(993, 995));
    expect(symbol.klines("7m", 2)).toBeUndefined();
  });

  test("the average price is the prints' by volume", () => {
    const { symbol, instrument } = new MarketBench(4);
    const rows = symbol.klines("1s", 300) ?? [];
    const [value, volume] = [7, 5].map((column) =>
      rows.reduce((sum, row) => sum + Number(row[column]), 0),
    );
    const average = Number(symbol.averagePrice());
    expect(average / ((value ?? 0) / (volume ?? 1))).toBeCloseTo(1, 8);
    expect(Math.abs(average - Number(symbol.lastPrice()))).toBeLessThan(
      10_000 * instrument.tickValue,
    );
  });
});
