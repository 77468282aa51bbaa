import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { sorted } from "../../data/spot-recording.ts";
import { bboFrame, bookFrame, contextFrame, tradesFrame } from "./market-frames.ts";
import {
  ASKS,
  at,
  BIDS,
  type MarketEar,
  StreamUnderTest,
  TOUCH,
  UNKNOWN,
} from "./stream-under-test.ts";

let feed: StreamUnderTest;
let ear: MarketEar;

beforeEach(() => {
  feed = new StreamUnderTest();
  ({ ear } = feed);
});
afterEach(() => feed.stream.stop());

function pricesOf(side: ReadonlyMap<number, number>): number[] {
  return sorted(side).map(([ticks]) => ticks);
}

describe("touch and book", () => {
  test("nothing is shown before a whole book; a newer touch seen before holds against it", () => {
    feed.hear(bboFrame(at(50), ["3400.5", "0.5"], ["3401.0", "2.0"]));
    expect(ear.touches).toEqual([]);
    expect(feed.stream.status().state).toBe("syncing");
    feed.hear(bookFrame(at(0), BIDS, ASKS));
    expect(ear.takeTouches()).toEqual([[340_050, 5000, 340_100, 20_000]]);
    expect(ear.times).toEqual([[at(50), at(0)]]);
  });

  test("a newer touch takes away what is better, and sets its own sizes", () => {
    feed.goLive();
    feed.hear(bboFrame(at(70), ["3398.0", "0.3"], ["3402.0", "0.4"]));
    expect(ear.takeTouches()).toEqual([[339_800, 3000, 340_200, 4000]]);
    expect(sorted(ear.levels.bids)).toEqual([
      [339_600, 10_000],
      [339_700, 10_000],
      [339_800, 3000],
    ]);
    feed.hear(bboFrame(at(140), ["3401.0", "0.1"], ["3402.0", "0.4"]));
    expect(ear.takeTouches()).toEqual([[340_100, 1000, 340_200, 4000]]);
  });

  test("a book older than the touch does not bring back what the touch took away", () => {
    feed.goLive();
    feed.hear(bboFrame(at(500), ["3399.0", "0.3"], ["3402.0", "0.4"]));
    feed.hear(bookFrame(at(300), BIDS, ASKS));
    // Not shown again: the book confirms nothing new within a second.
    expect(ear.takeTouches()).toEqual([[339_900, 3000, 340_200, 4000]]);
    feed.hear(bookFrame(at(501), BIDS, ASKS));
    expect(ear.takeTouches()).toEqual([TOUCH]);
  });

  test("what is older than what is shown is dropped, equal books are not", () => {
    feed.goLive();
    feed.hear(bookFrame(at(1000), BIDS, ASKS.slice(1)));
    expect(ear.takeTouches()).toEqual([[340_000, 10_000, 340_200, 20_000]]);
    feed.hear(bookFrame(at(999), BIDS, ASKS));
    feed.hear(bboFrame(at(999), ["3397.0", "1.0"], ["3402.0", "1.0"]));
    expect(ear.takeTouches()).toEqual([]);
    feed.hear(bookFrame(at(1000), BIDS, ASKS));
    expect(ear.takeTouches()).toEqual([TOUCH]);
  });

  test("a side that a touch says is empty is empty", () => {
    feed.goLive();
    feed.hear(bboFrame(at(70), ["3400.0", "1.0"], null));
    expect(ear.takeTouches()).toEqual([[340_000, 10_000, -1, 0]]);
    expect(ear.levels.asks.size).toBe(0);
    expect(feed.stream.status().state).toBe("live");
  });

  test("an unchanged touch is told again once a second, by a book that confirms it", () => {
    feed.goLive();
    feed.liveOn(500);
    expect(ear.takeTouches()).toEqual([]);
    feed.liveOn(500);
    expect(ear.takeTouches()).toEqual([TOUCH]);
    expect(ear.times.at(-1)).toEqual([at(1000), at(1000)]);
  });

  test("levels out of sight stay as last seen, levels in sight that are not listed go", () => {
    feed.goLive();
    const higher = [3402, 3401, 3400, 3399, 3398].map((px) => [`${px}.0`, "1.0"] as const);
    const asks = [3403, 3405, 3406, 3407, 3408].map((px) => [`${px}.0`, "2.0"] as const);
    feed.hear(bookFrame(at(540), higher, asks));
    expect(pricesOf(ear.levels.bids)).toEqual([
      339_600, 339_700, 339_800, 339_900, 340_000, 340_100, 340_200,
    ]);
    // 3404 was between the listed ones.
    expect(pricesOf(ear.levels.asks)).toEqual([340_300, 340_500, 340_600, 340_700, 340_800]);
    // Fewer than five: that is the whole side.
    feed.hear(bookFrame(at(1080), higher.slice(0, 2), asks));
    expect(pricesOf(ear.levels.bids)).toEqual([340_100, 340_200]);
  });

  test("books of the slow kind are left out", () => {
    feed.hear(bookFrame(at(0), BIDS, ASKS, false));
    expect(ear.touches).toEqual([]);
    feed.goLive();
    feed.hear(bookFrame(at(100), BIDS.slice(1), ASKS, false));
    expect(ear.touches).toEqual([]);
  });

  test("a delisted coin's empty books show nothing, and are no silence", () => {
    feed.hear(bookFrame(at(0), [], []));
    for (let passedMs = 0; passedMs < 20_000; passedMs += 500) {
      feed.timers.advance(500);
      feed.hear(bookFrame(at(feed.timers.elapsedMs()), [], []));
    }
    expect(ear.touches).toEqual([]);
    expect(feed.renewals).toEqual([]);
    expect(ear.alive).toBe(20);
    expect(feed.stream.status()).toMatchObject({ state: "syncing", resyncs: 0 });
  });

  test("a book that becomes empty is shown as such, once", () => {
    feed.goLive();
    feed.hear(bookFrame(at(540), [], []), bookFrame(at(1080), [], []));
    expect(ear.takeTouches()).toEqual([UNKNOWN]);
    feed.hear(bookFrame(at(1620), BIDS, ASKS));
    expect(ear.takeTouches()).toEqual([TOUCH]);
  });
});

const price = fc.integer({ min: 3390, max: 3410 });
const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 });
const story = fc.array(
  fc.record({
    isBook: fc.boolean(),
    // Frames overtake one another.
    laterMs: fc.integer({ min: -300, max: 500 }),
    bid: price,
    spread: fc.integer({ min: 1, max: 4 }),
    bids: sizes,
    asks: sizes,
  }),
  { minLength: 1, maxLength: 40 },
);

describe("whatever is heard", () => {
  test("no touch is crossed, and each is that of the newest book and the newest bbo", () => {
    fc.assert(
      fc.property(story, (steps) => {
        const one = new StreamUnderTest();
        let book: { time: number; touch: number[] } | null = null;
        let touch: { time: number; touch: number[] } | null = null;
        let nowMs = at(1000);
        for (const { isBook, laterMs, bid, spread, bids, asks } of steps) {
          one.timers.advance(100);
          nowMs += laterMs;
          const ask = bid + spread;
          const shown = [bid * 100, (bids[0] ?? 0) * 10_000, ask * 100, (asks[0] ?? 0) * 10_000];
          if (isBook) {
            one.hear(
              bookFrame(
                nowMs,
                bids.map((size, index) => [`${bid - index}.0`, `${size}.0`]),
                asks.map((size, index) => [`${ask + index}.0`, `${size}.0`]),
              ),
            );
            if (book === null || nowMs >= book.time) book = { time: nowMs, touch: shown };
          } else {
            one.hear(bboFrame(nowMs, [`${bid}.0`, `${bids[0]}.0`], [`${ask}.0`, `${asks[0]}.0`]));
            if (touch === null || nowMs > touch.time) touch = { time: nowMs, touch: shown };
          }
          if (book === null) continue;
          const newest = touch !== null && touch.time > book.time ? touch : book;
          expect(one.ear.touches.at(-1)).toEqual(newest.touch);
          const best = Math.max(...one.ear.levels.bids.keys());
          expect([best, Math.min(...one.ear.levels.asks.keys())]).toEqual([
            newest.touch[0] ?? 0,
            newest.touch[2] ?? 0,
          ]);
        }
        const times = one.ear.times.map(([venueMs = 0]) => venueMs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(one.ear.takeAlerts()).toEqual([]);
        one.stream.stop();
      }),
      { numRuns: 300 },
    );
  });
});

describe("prints", () => {
  const level = ["3400.0", "0.5"] as const;
  const print = (tid: number, afterMs: number, side: "A" | "B" = "B") => ({
    tid,
    time: at(afterMs),
    side,
    level,
  });

  test("those of the past, which the venue replays, are not told", () => {
    feed.hear(tradesFrame(print(1, -50_000), print(2, -10)));
    feed.goLive();
    // Prints come after the books that show what they took.
    feed.hear(bookFrame(at(540), BIDS, ASKS));
    feed.hear(tradesFrame(print(1, -50_000), print(2, -10), print(3, 20), print(4, 30, "A")));
    expect(ear.prints).toEqual([
      [at(20), 340_000, 5000],
      [at(30), 340_000, -5000],
    ]);
  });

  test("each is told once, whatever else has been printed meanwhile", () => {
    feed.goLive();
    const many = Array.from({ length: 200 }, (_, index) => print(100 + index, 1000 + index));
    feed.hear(tradesFrame(...many));
    expect(ear.prints).toHaveLength(200);
    feed.hear(tradesFrame(...many.slice(-30), print(7, 2000)), tradesFrame(print(7, 2000)));
    expect(ear.prints).toHaveLength(201);
    // An id is unique together with its time only.
    feed.hear(tradesFrame(print(7, 2001)));
    expect(ear.prints).toHaveLength(202);
  });

  test("after a lost connection the past begins anew", () => {
    feed.goLive();
    feed.stream.onDown();
    feed.stream.onUp();
    feed.hear(tradesFrame(print(1, 500)), bookFrame(at(1000), BIDS, ASKS));
    feed.hear(tradesFrame(print(1, 500), print(2, 1001)));
    expect(ear.prints.map(([time]) => time)).toEqual([at(1001)]);
  });

  test("one finer than a lot is left out", () => {
    feed.goLive();
    feed.hear(tradesFrame({ ...print(1, 10), level: ["3400.0", "0.00001"] }));
    expect(ear.prints).toEqual([]);
    expect(ear.takeAlerts()).toEqual(["off-grid"]);
  });
});

test("the context tells the oracle's price, the mark, and the funding of the hour's end", () => {
  feed.timers.advance(250);
  feed.hear(contextFrame("3400.1234", "3401.512", "-0.00002"));
  expect(feed.references).toEqual([[340_012.34, at(250)]]);
  // It is 14:13:20 UTC.
  const nextMs = Date.UTC(2026, 8, 21, 15);
  expect(ear.marks).toEqual([[340_151.2, -0.00002, nextMs, at(250)]]);
  const untilNextMs = nextMs - at(250);
  feed.timers.advance(untilNextMs);
  feed.hear(contextFrame("3400.0", "3400.0"));
  expect(ear.marks.at(-1)).toEqual([340_000, 0.0000125, nextMs + 3_600_000, nextMs]);
});

test("after its end it tells and keeps nothing", () => {
  feed.goLive();
  feed.stream.stop();
  expect(feed.stream.onFrame(bookFrame(at(100), BIDS.slice(1), ASKS), at(100))).toBe(false);
  feed.stream.onDown("gone");
  feed.timers.advance(10_000);
  expect(ear.touches).toEqual([]);
  expect(ear.alerts).toEqual([]);
  expect(feed.timers.pending).toBe(0);
  expect(feed.stream.status().state).toBe("closed");
});
