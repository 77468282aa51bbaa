import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { FeedKind, type MarketTape, RowKind } from "#sim/market-tape.ts";
import { type FeedMessage, loopTape, MarketTapeBuilder } from "#sim/market-tape-builder.ts";

type Row = [timeMs: number, kind: number, ticks: number, lots: number];

function rowsOf({ rows }: MarketTape): Row[] {
  return Array.from(rows.kind, (kind, row) => [
    rows.timeMs[row] ?? -1,
    kind,
    rows.ticks[row] ?? -1,
    rows.lots[row] ?? -1,
  ]);
}

function feedOf({ feed }: MarketTape): FeedMessage[] {
  return Array.from(feed.kind, (kind, at) => ({
    receivedMs: feed.receivedMs[at] ?? -1,
    venueMs: feed.venueMs[at] ?? -1,
    kind,
    bidTicks: feed.bidTicks[at] ?? -1,
    bidLots: feed.bidLots[at] ?? -1,
    askTicks: feed.askTicks[at] ?? -1,
    askLots: feed.askLots[at] ?? -1,
  }));
}

function book(receivedMs: number, bidTicks: number): FeedMessage {
  const sizes = { bidLots: 1, askTicks: bidTicks + 1, askLots: 2 };
  return { receivedMs, venueMs: receivedMs - 3, kind: FeedKind.book, bidTicks, ...sizes };
}

function build(rows: readonly Row[], feed: readonly FeedMessage[]): MarketTape {
  const builder = new MarketTapeBuilder();
  for (const row of rows) builder.addRow(...row);
  for (const message of feed) builder.addFeed(message);
  return builder.build();
}

/** 0, 0.5, 0.5, 1, … : times as a tape may have them. */
function timeOf(index: number): number {
  return Math.ceil(index / 2) / 2;
}

describe("market tape builder", () => {
  test("keeps what plain arrays keep, however often its columns grow", () => {
    const count = fc.oneof(fc.nat(20), fc.integer({ min: 4090, max: 4100 }), fc.nat(20_000));
    fc.assert(
      fc.property(count, count, (rowCount, feedCount) => {
        const rows = Array.from({ length: rowCount }, (_, index): Row => {
          return [timeOf(index), index % 5, (index * 7919) % 2_147_483_647, index + 0.5];
        });
        const feed = Array.from({ length: feedCount }, (_, index) => book(timeOf(index), index));
        const tape = build(rows, feed);
        expect([tape.rows.length, tape.feed.length]).toEqual([rowCount, feedCount]);
        expect(Bun.deepEquals(rowsOf(tape), rows)).toBe(true);
        expect(Bun.deepEquals(feedOf(tape), feed)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("a built tape is a copy: adding more leaves it as it was", () => {
    const builder = new MarketTapeBuilder();
    builder.addRow(1, RowKind.bidLevel, 10, 1);
    const tape = builder.build();
    builder.addRow(2, RowKind.bidLevel, 11, 1);
    expect(rowsOf(tape)).toEqual([[1, RowKind.bidLevel, 10, 1]]);
    expect(builder.rowCount).toBe(2);
  });

  test("refuses a step back in time, and a time that is no number", () => {
    for (const timeMs of [9.999, Number.NaN]) {
      const builder = new MarketTapeBuilder();
      builder.addRow(10, RowKind.clear, 0, 0);
      builder.addFeed(book(10, 5));
      expect(() => builder.addRow(timeMs, RowKind.clear, 0, 0)).toThrow("a row at");
      expect(() => builder.addFeed(book(timeMs, 5))).toThrow("a feed message at");
      expect([builder.rowCount, builder.feedCount]).toEqual([1, 1]);
    }
  });
});

describe("looped tape", () => {
  const rows: Row[] = [
    [100, RowKind.clear, 0, 0],
    [100, RowKind.bidLevel, 10, 1],
    [130, RowKind.sellTrade, 10, 1],
  ];
  const tape = build(rows, [book(105, 10), book(140, 9)]);

  test("runs the market again with growing times, from its clear row on", () => {
    const looped = loopTape(tape, 3);
    // A lap lasts from the first row at 100 to the last message at 140, and a millisecond.
    const shifted = [0, 41, 82].flatMap((by) =>
      rows.map(([timeMs, ...rest]): Row => [timeMs + by, ...rest]),
    );
    expect(rowsOf(looped)).toEqual(shifted);
    expect(feedOf(looped).map(({ receivedMs, venueMs }) => [receivedMs, venueMs])).toEqual([
      [105, 102],
      [140, 137],
      [146, 143],
      [181, 178],
      [187, 184],
      [222, 219],
    ]);
  });

  test("once is the tape itself", () => {
    expect(loopTape(tape, 1)).toEqual(tape);
  });

  test("refuses to loop less than once, and a tape that does not begin by clearing", () => {
    for (const times of [0, -1, 1.5, Number.NaN]) {
      expect(() => loopTape(tape, times)).toThrow("cannot be repeated");
    }
    expect(() => loopTape(build(rows.slice(1), []), 2)).toThrow("clearing the book");
  });
});
