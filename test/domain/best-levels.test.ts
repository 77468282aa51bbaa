/** FusedBook of a venue that shows its best levels anew each time. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { BookUpdate, FusedBook } from "#domain/fused-book.ts";
import { asksOf, bidsOf } from "./books.ts";

const DEPTH = 3;

type Level = readonly [ticks: number, lots: number];

function updateOf(id: number, bids: readonly Level[], asks: readonly Level[]): BookUpdate {
  const update = new BookUpdate();
  const levels = [...bids, ...asks];
  update.lastId = id;
  update.ticks = Int32Array.from(levels, ([ticks]) => ticks);
  update.lots = Float64Array.from(levels, ([, lots]) => lots);
  update.bidEnd = bids.length;
  update.end = levels.length;
  return update;
}

/** A side of a whole book: its levels by price, best first. */
const side = (isBid: boolean): fc.Arbitrary<Level[]> =>
  fc
    .uniqueArray(
      fc.tuple(
        isBid ? fc.integer({ min: 1, max: 100 }) : fc.integer({ min: 101, max: 200 }),
        fc.integer({ min: 1, max: 9 }),
      ),
      { maxLength: 12, selector: ([ticks]) => ticks },
    )
    .map((levels) => levels.toSorted(([a], [b]) => (isBid ? b - a : a - b)));

describe("best levels shown anew", () => {
  test("what is in sight is as it is shown; behind it stays what was last seen", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(side(true), side(false)), { maxLength: 12 }), (books) => {
        const told = { bids: new Map<number, number>(), asks: new Map<number, number>() };
        const fused = new FusedBook((isBid, ticks, lots) => {
          const levels = isBid ? told.bids : told.asks;
          if (lots === 0) levels.delete(ticks);
          else levels.set(ticks, lots);
        });
        /** The same by the definition: what was seen at prices that are out of sight. */
        const seen = { bids: new Map<number, number>(), asks: new Map<number, number>() };
        for (const [index, [bids, asks]] of books.entries()) {
          const shown = { bids: bids.slice(0, DEPTH), asks: asks.slice(0, DEPTH) };
          for (const name of ["bids", "asks"] as const) {
            const last = shown[name].length < DEPTH ? undefined : shown[name].at(-1)?.[0];
            for (const ticks of seen[name].keys()) {
              const isBehind =
                last !== undefined && (name === "bids" ? ticks < last : ticks > last);
              if (!isBehind) seen[name].delete(ticks);
            }
            for (const [ticks, lots] of shown[name]) seen[name].set(ticks, lots);
          }
          expect(fused.applyBest(updateOf(index + 1, shown.bids, shown.asks), DEPTH)).toBe(true);
          expect(fused.book.isCrossed()).toBe(false);
          expect(new Map(bidsOf(fused.book))).toEqual(seen.bids);
          expect(new Map(asksOf(fused.book))).toEqual(seen.asks);
          expect(told).toEqual(seen);
        }
      }),
    );
  });

  test("older ones are refused, the same again are not", () => {
    const fused = new FusedBook(() => undefined);
    expect(fused.applyBest(updateOf(5, [[10, 1]], [[11, 1]]), DEPTH)).toBe(true);
    expect(fused.applyBest(updateOf(4, [[9, 1]], [[12, 1]]), DEPTH)).toBe(false);
    expect([fused.book.bestBid, fused.book.bestAsk]).toEqual([10, 11]);
    expect(fused.applyBest(updateOf(5, [[9, 1]], [[12, 1]]), DEPTH)).toBe(true);
    expect([fused.book.bestBid, fused.book.bestAsk]).toEqual([9, 12]);
  });

  test("a newer ticker holds against them, and an older one says nothing", () => {
    const fused = new FusedBook(() => undefined);
    const bids = [[10, 1], [9, 1], [8, 1]] as const; // biome-ignore format: a table
    const asks = [[11, 1], [12, 1], [13, 1]] as const; // biome-ignore format: a table
    fused.applyTicker(updateOf(7, [[9, 5]], [[12, 6]]));
    expect(fused.isComplete).toBe(false);
    fused.applyBest(updateOf(6, bids, asks), DEPTH);
    expect(bidsOf(fused.book)).toEqual([[9, 5], [8, 1]]); // biome-ignore format: a table
    expect(asksOf(fused.book)).toEqual([[12, 6], [13, 1]]); // biome-ignore format: a table
    fused.applyBest(updateOf(8, bids, asks), DEPTH);
    fused.applyTicker(updateOf(8, [[9, 5]], [[12, 6]]));
    expect([fused.book.bestBid, fused.book.bestAsk]).toEqual([10, 11]);
  });

  test("however long a market wanders, few levels out of sight are kept", () => {
    const fused = new FusedBook(() => undefined);
    for (let step = 0; step < 5000; step += 1) {
      const bid = 1_000_000 - step * 40;
      const bids = [0, 1, 2].map((down) => [bid - down, 1] as const);
      const asks = [1, 2, 3].map((up) => [bid + up, 1] as const);
      fused.applyBest(updateOf(step, bids, asks), DEPTH);
    }
    expect(fused.book.bidLevels).toBe(3);
    expect(fused.book.askLevels).toBeLessThanOrEqual(3 + 64);
    expect(fused.book.askLevels).toBeGreaterThan(3);
  });
});
