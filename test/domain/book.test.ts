/** Book against a naive twin (two maps, sorted when asked), with windows so small they move. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { Book, NO_TICKS } from "#domain/book.ts";

class NaiveBook {
  readonly bids = new Map<number, number>();
  readonly asks = new Map<number, number>();

  set(side: Map<number, number>, ticks: number, lots: number): void {
    if (lots === 0) side.delete(ticks);
    else side.set(ticks, lots);
  }
  sortedBids(): number[] {
    return [...this.bids.keys()].sort((a, b) => b - a);
  }
  sortedAsks(): number[] {
    return [...this.asks.keys()].sort((a, b) => a - b);
  }
  applyTouch(bidTicks: number, bidLots: number, askTicks: number, askLots: number): void {
    for (const ticks of this.sortedBids()) {
      if (bidLots === 0 || ticks > bidTicks) this.bids.delete(ticks);
    }
    for (const ticks of this.sortedAsks()) {
      if (askLots === 0 || ticks < askTicks) this.asks.delete(ticks);
    }
    if (bidLots > 0) this.bids.set(bidTicks, bidLots);
    if (askLots > 0) this.asks.set(askTicks, askLots);
  }
}

function walkBids(book: Book): number[] {
  const found: number[] = [];
  for (let at = book.bestBid; at !== NO_TICKS; at = book.nextBid(at)) found.push(at);
  return found;
}
function walkAsks(book: Book): number[] {
  const found: number[] = [];
  for (let at = book.bestAsk; at !== NO_TICKS; at = book.nextAsk(at)) found.push(at);
  return found;
}

function expectSame(book: Book, naive: NaiveBook): void {
  const bids = naive.sortedBids();
  const asks = naive.sortedAsks();
  expect(walkBids(book)).toEqual(bids);
  expect(walkAsks(book)).toEqual(asks);
  expect([book.bidLevels, book.askLevels]).toEqual([bids.length, asks.length]);
  for (const [ticks, lots] of naive.bids) expect(book.bidLotsAt(ticks)).toBe(lots);
  for (const [ticks, lots] of naive.asks) expect(book.askLotsAt(ticks)).toBe(lots);
  const bid = bids[0] ?? NO_TICKS;
  const ask = asks[0] ?? NO_TICKS;
  const isEmpty = bid === NO_TICKS || ask === NO_TICKS;
  expect([book.bestBid, book.bestAsk, book.isEmpty()]).toEqual([bid, ask, isEmpty]);
  expect(book.isCrossed()).toBe(!isEmpty && bid >= ask);
}

type Step =
  | { kind: "bid" | "ask"; ticks: number; lots: number }
  | { kind: "touch"; bid: number; bidLots: number; ask: number; askLots: number }
  | { kind: "remove-best" }
  | { kind: "clear" };

/** A window has 64 cells: prices up to 40 stay in it, up to 600 make it move. */
function stepOf(maxTicks: number): fc.Arbitrary<Step> {
  const ticks = fc.integer({ min: 1, max: maxTicks });
  const lots = fc.integer({ min: 0, max: 3 });
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant<"bid">("bid"), ticks, lots }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant<"ask">("ask"), ticks, lots }) },
    { weight: 3, arbitrary: fc.constant<Step>({ kind: "remove-best" }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant<"touch">("touch"),
        bid: ticks,
        bidLots: lots,
        ask: ticks,
        askLots: lots,
      }),
    },
    { weight: 1, arbitrary: fc.constant<Step>({ kind: "clear" }) },
  );
}

function applyStep(book: Book, naive: NaiveBook, step: Step): void {
  switch (step.kind) {
    case "bid":
      book.setBid(step.ticks, step.lots);
      naive.set(naive.bids, step.ticks, step.lots);
      return;
    case "ask":
      book.setAsk(step.ticks, step.lots);
      naive.set(naive.asks, step.ticks, step.lots);
      return;
    case "remove-best":
      if (book.bestBid !== NO_TICKS) book.setBid(book.bestBid, 0);
      if (book.bestAsk !== NO_TICKS) book.setAsk(book.bestAsk, 0);
      for (const ticks of naive.sortedBids().slice(0, 1)) naive.bids.delete(ticks);
      for (const ticks of naive.sortedAsks().slice(0, 1)) naive.asks.delete(ticks);
      return;
    case "touch":
      book.applyTouch(step.bid, step.bidLots, step.ask, step.askLots);
      naive.applyTouch(step.bid, step.bidLots, step.ask, step.askLots);
      return;
    case "clear":
      book.clear();
      naive.bids.clear();
      naive.asks.clear();
      return;
  }
}

describe("Book", () => {
  test.each([40, 600, 5_000_000_000])(
    "equals the naive twin after every step, prices up to %p",
    (maxTicks) => {
      fc.assert(
        fc.property(fc.array(stepOf(maxTicks), { minLength: 40, maxLength: 120 }), (steps) => {
          const book = new Book(64);
          const naive = new NaiveBook();
          for (const step of steps) {
            applyStep(book, naive, step);
            expectSame(book, naive);
          }
        }),
        { numRuns: 60 },
      );
    },
  );

  test("the next level is found from any price, also one that has no level", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 0, max: 450 }),
        (levels, from) => {
          const book = new Book(64);
          for (const ticks of levels) book.setBid(ticks, 1);
          for (const ticks of levels) book.setAsk(ticks, 1);
          expect(book.nextBid(from)).toBe(Math.max(NO_TICKS, ...levels.filter((t) => t < from)));
          const above = levels.filter((ticks) => ticks > from);
          expect(book.nextAsk(from)).toBe(above.length === 0 ? NO_TICKS : Math.min(...above));
        },
      ),
      { numRuns: 200 },
    );
  });

  test("a touch that walks far away takes the window along and forgets nothing", () => {
    const book = new Book(64);
    book.setBid(1000, 7);
    book.setAsk(1001, 9);
    // The market falls 900 ticks, one at a time; the old ask stays far above.
    for (let bid = 999; bid >= 100; bid -= 1) {
      book.setAsk(bid + 1, 2);
      book.setBid(bid, 1);
      book.setBid(bid + 1, 0);
    }
    expect([book.bestBid, book.bestAsk, book.bidLevels]).toEqual([100, 101, 1]);
    expect(book.askLevels).toBe(901); // 101 … 1001
    expect(book.askLotsAt(1001)).toBe(9); // the old one
    expect(book.askLotsAt(500)).toBe(2);
    expect(book.bidLotsAt(1000)).toBe(0);
  });
});
