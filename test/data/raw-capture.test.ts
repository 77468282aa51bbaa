import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { loadRawCapture, type RawCapture } from "#data/raw-capture.ts";
import { InputError } from "#domain/errors.ts";
import { FeedKind, type MarketTape, RowKind } from "#sim/market-tape.ts";
import { sharedPath } from "../shared.ts";
import {
  BASE_MS,
  depthMessage,
  line,
  type NaiveBook,
  rejectionOf,
  SyntheticRecording,
  setNaive,
  snapshotMessage,
  sorted,
  spotInstrument,
  tickerMessage,
  tradeMessage,
  withFile,
} from "./spot-recording.ts";

const ETH = spotInstrument("ETHUSDT", "0.001");

function load(content: string | Uint8Array, instrument = ETH): Promise<RawCapture> {
  return withFile(content, (path) => loadRawCapture({ path, instrument, minFeedLatencyMs: 5 }));
}

/** Code, place (without the folder) and whole line of the InputError that loading ends with. */
async function refusal(content: string | Uint8Array, instrument = ETH): Promise<string[]> {
  const error = await rejectionOf(() => load(content, instrument));
  if (!(error instanceof InputError)) throw error;
  return [error.code, error.where?.replace(/^.*\/recording/, "") ?? "", error.describe()];
}

describe("prints", () => {
  const level: [string, string] = ["2000.00000000", "1.00000000"];
  const snapshot = line(BASE_MS, snapshotMessage(10, [["1999.00", "5"]], [["2001.00", "5"]]));
  const touch: [string, string] = ["1999.00", "5"];
  const ticker = (u: number): string =>
    line(BASE_MS + u, tickerMessage("ETHUSDT", u, touch, ["2001.00", "5"]));
  const print = (id: number): string =>
    line(
      BASE_MS + id,
      tradeMessage("ETHUSDT", { id, timeMs: BASE_MS + id, level, sellerTook: true }),
    );
  const depth = line(
    BASE_MS + 90,
    depthMessage("ETHUSDT", BASE_MS + 90, [11, 90], { bids: [["1998.00", "1"]], asks: [] }),
  );

  test("told twice by an overlapping reconnect count once", async () => {
    const lines = [
      snapshot,
      ticker(20),
      print(31),
      print(32),
      print(31),
      print(32),
      print(33),
      depth,
    ];
    const { tape, stats } = await load(lines.join("\n"));
    expect([stats.duplicateTrades, stats.missingTrades]).toEqual([2, 0]);
    const prints = [...tape.rows.kind.subarray(0, tape.rows.length)];
    expect(prints.filter((kind) => kind === RowKind.sellTrade)).toHaveLength(3);
    const told = [...tape.feed.kind.subarray(0, tape.feed.length)];
    expect(told.filter((kind) => kind === FeedKind.sellTrade)).toHaveLength(3);
  });

  test("that nobody told are counted", async () => {
    const lines = [snapshot, ticker(20), print(31), print(35), print(36), depth]; // 32, 33, 34
    const { stats } = await load(lines.join("\n"));
    expect([stats.duplicateTrades, stats.missingTrades]).toEqual([0, 3]);
  });
});

/** The book that the rows of a tape leave, by plain maps; every level row must change it. */
function replay(tape: MarketTape): NaiveBook {
  const book: NaiveBook = { bids: new Map(), asks: new Map() };
  for (let row = 0; row < tape.rows.length; row += 1) {
    const ticks = tape.rows.ticks[row] ?? -1;
    const lots = tape.rows.lots[row] ?? -1;
    const kind = tape.rows.kind[row];
    if (kind === RowKind.clear) {
      book.bids.clear();
      book.asks.clear();
    } else if (kind === RowKind.bidLevel || kind === RowKind.askLevel) {
      const side = kind === RowKind.bidLevel ? book.bids : book.asks;
      if ((side.get(ticks) ?? 0) === lots) throw new Error(`row ${row} changes nothing`);
      setNaive(side, ticks, lots);
    }
  }
  return book;
}

function isAscending(times: Float64Array): boolean {
  return times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0));
}

function lastTouch({ feed }: MarketTape): number[] {
  const last = feed.kind.lastIndexOf(FeedKind.book);
  const columns = [feed.bidTicks, feed.bidLots, feed.askTicks, feed.askLots];
  return columns.map((column) => column[last] ?? -1);
}

function touchOf({ bids, asks }: NaiveBook): number[] {
  const bid = Math.max(...bids.keys());
  const ask = Math.min(...asks.keys());
  return [bid, bids.get(bid) ?? 0, ask, asks.get(ask) ?? 0];
}

/** A recorder whose clock is a second behind; the fastest message takes 5 ms (see CLOCK_MS). */
const CLOCK_MS = -995;
const STORY = [
  // 1: already in the snapshot (10 <= 11), dropped
  line(
    BASE_MS + CLOCK_MS,
    depthMessage("ETHUSDT", BASE_MS, [8, 10], { bids: [["99.00", "7"]], asks: [] }),
  ),
  // 2: received before the snapshot, yet newer than it: applied from the buffer
  line(
    BASE_MS + 100 + CLOCK_MS,
    depthMessage("ETHUSDT", BASE_MS + 100, [11, 13], {
      bids: [["99.98", "4"]],
      asks: [["100.01", "0"]],
    }),
  ),
  // 3: the snapshot
  line(
    BASE_MS + 101 + CLOCK_MS,
    snapshotMessage(
      11,
      [
        ["99.99", "1"],
        ["99.98", "2"],
      ],
      [
        ["100.01", "3"],
        ["100.02", "5"],
      ],
    ),
  ),
  // 4: not newer than the depth (13), dropped; still a message
  line(BASE_MS + 102 + CLOCK_MS, tickerMessage("ETHUSDT", 12, ["99.99", "1"], ["100.01", "3"])),
  // 5: the touch after a seller took the 1 at 99.99; it overtook nothing, the print was before
  line(BASE_MS + 141 + CLOCK_MS, tickerMessage("ETHUSDT", 14, ["99.98", "4"], ["100.02", "5"])),
  // 6: that print, received behind the touch
  line(
    BASE_MS + 142 + CLOCK_MS,
    tradeMessage("ETHUSDT", {
      id: 1,
      timeMs: BASE_MS + 140,
      level: ["99.99", "1"],
      sellerTook: true,
    }),
  ),
  // 7: the touch of update 17, ahead of the depth that has it
  line(BASE_MS + 190 + CLOCK_MS, tickerMessage("ETHUSDT", 17, ["99.98", "6"], ["100.00", "1"])),
  // 8: depth up to 16: its 99.98 and its 100.00 are older than the touch of 17
  line(
    BASE_MS + 201 + CLOCK_MS,
    depthMessage("ETHUSDT", BASE_MS + 200, [14, 16], {
      bids: [
        ["99.99", "0"],
        ["99.98", "5"],
        ["99.90", "9"],
      ],
      asks: [["100.00", "2"]],
    }),
  ),
];

describe("raw capture", () => {
  test("a small recording, row by row", async () => {
    const { tape, stats } = await load(STORY.join("\n"));
    const rows = Array.from(tape.rows.kind, (kind, row) => [
      (tape.rows.timeMs[row] ?? 0) - BASE_MS,
      kind,
      tape.rows.ticks[row],
      tape.rows.lots[row],
    ]);
    const { bidLevel: bid, askLevel: ask, sellTrade, clear } = RowKind;
    // Line 1 is the fastest: received at -995, sent at 0, so the clock is set by 5 - (-995).
    expect(stats.clockOffsetMs).toBe(1000);
    expect(rows).toEqual([
      // The snapshot is older than line 2, which is applied to it, so it stands at 100 at latest.
      [100, clear, 0, 0],
      [100, bid, 9999, 1000],
      [100, bid, 9998, 2000],
      [100, ask, 10_001, 3000],
      [100, ask, 10_002, 5000],
      [100, ask, 10_001, 0],
      [100, bid, 9998, 4000],
      // The print by its own time; then the touch, received at 1146, at 1146 - 5 - 1000.
      [140, sellTrade, 9999, 1000],
      [141, bid, 9999, 0],
      [190, bid, 9998, 6000],
      [190, ask, 10_000, 1000],
      // Of line 8 only the deep level says anything new.
      [200, bid, 9990, 9000],
    ]);
    const { feed } = tape;
    const messages = Array.from(feed.kind, (kind, at) => [
      (feed.receivedMs[at] ?? 0) - BASE_MS,
      kind,
      feed.bidTicks[at],
      feed.bidLots[at],
      feed.askTicks[at],
      feed.askLots[at],
    ]);
    expect(messages).toEqual([
      [107, FeedKind.book, 9999, 1000, 10_002, 5000],
      [146, FeedKind.book, 9998, 4000, 10_002, 5000],
      [147, FeedKind.sellTrade, 9999, 1000, 0, 0],
      [195, FeedKind.book, 9998, 6000, 10_000, 1000],
      [206, FeedKind.book, 9998, 6000, 10_000, 1000],
    ]);
    expect(stats).toMatchObject({
      lines: 8,
      messages: { depth: 3, ticker: 3, trade: 1 },
      check: { depthEvents: 2, crossed: 0 },
      fusedCrossed: 0,
    });
  });

  test("gzip and plain text give the same tape", async () => {
    const text = STORY.join("\n");
    expect(await load(gzipSync(text))).toEqual(await load(text));
  });

  test("a print precedes the levels of its millisecond, though received behind them", async () => {
    const timeMs = BASE_MS + 300;
    const depth = depthMessage("ETHUSDT", timeMs, [17, 18], {
      bids: [["99.98", "0"]],
      asks: [["100.00", "1"]],
    });
    const level = ["99.98", "6"] as const;
    const print = tradeMessage("ETHUSDT", { id: 2, timeMs, level, sellerTook: true });
    const lines = [line(timeMs + 1 + CLOCK_MS, depth), line(timeMs + 2 + CLOCK_MS, print)];
    const { tape } = await load([...STORY, ...lines].join("\n"));
    expect(Array.from(tape.rows.kind.subarray(-2))).toEqual([RowKind.sellTrade, RowKind.bidLevel]);
    expect(Array.from(tape.rows.timeMs.subarray(-2))).toEqual([timeMs, timeMs]);
  });

  test("receive times that go back are held", async () => {
    const last = line(
      BASE_MS + 150 + CLOCK_MS,
      tickerMessage("ETHUSDT", 18, ["99.98", "6"], ["100.00", "2"]),
    );
    const { tape } = await load([...STORY, last].join("\n"));
    expect(isAscending(tape.feed.receivedMs)).toBe(true);
    expect(tape.feed.receivedMs.at(-1)).toBe(BASE_MS + 206);
  });

  test("whatever the moment of the snapshot, the book is the same", async () => {
    const recording = new SyntheticRecording(7, 12_000);
    const { messages, lastId, instrument } = recording;
    const truth = recording.bookAt(lastId);
    const depths = messages.filter((message) => message.kind === "depth");
    const cut = fc.record({
      start: fc.nat(Math.floor(messages.length / 2)),
      wait: fc.nat(40),
      age: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(cut, async ({ start, wait, age }) => {
        const position = Math.min(start + wait, messages.length - 1);
        const first = messages.slice(start).find((message) => message.kind === "depth");
        const oldest = (first?.firstId ?? 0) - 1;
        // From the oldest that still joins to one that is ahead of what has been received.
        const newest = Math.min((messages[position]?.lastId ?? 0) + 30, depths.at(-2)?.lastId ?? 0);
        const snapshotId = oldest + Math.floor(age * Math.max(0, newest - oldest));
        const text = recording.lines(start, position, snapshotId).join("\n");
        const { tape, stats } = await load(text, instrument);
        const book = replay(tape);
        expect(sorted(book.bids)).toEqual(sorted(truth.bids));
        expect(sorted(book.asks)).toEqual(sorted(truth.asks));
        expect(lastTouch(tape)).toEqual(touchOf(truth));
        expect(stats.check.matched).toBe(stats.check.checked);
        expect([stats.check.crossed, stats.fusedCrossed]).toEqual([0, 0]);
        expect(isAscending(tape.rows.timeMs)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test("a depth event that is missing anywhere is found, with its line and both ids", async () => {
    const recording = new SyntheticRecording(8, 6000);
    const { messages, instrument } = recording;
    const depths = messages.flatMap(({ kind }, index) => (kind === "depth" ? [index] : []));
    const position = 3;
    const snapshotId = (messages[depths[0] ?? 0]?.firstId ?? 0) - 1;
    const lines = recording.lines(0, position, snapshotId);
    // Every depth event but the last, whose absence nothing can show.
    const which = fc.nat(depths.length - 2);
    await fc.assert(
      fc.asyncProperty(which, async (lost) => {
        const removed = depths[lost] ?? 0;
        const after = depths[lost + 1] ?? 0;
        const before = lost === 0 ? snapshotId : (messages[depths[lost - 1] ?? 0]?.lastId ?? 0);
        // The snapshot stands before message `position`, so it moves those behind by a line.
        const lineOf = (index: number) => index + (index >= position ? 1 : 0);
        const text = lines.filter((_, index) => index !== lineOf(removed)).join("\n");
        const [code, where, sentence] = await refusal(text, instrument);
        expect([code, where]).toEqual(["depth-gap", `:${lineOf(after)}`]);
        expect(sentence).toContain(`begins at update ${messages[after]?.firstId}, but`);
        expect(sentence).toContain(`ends at ${before};`);
      }),
      { numRuns: 25 },
    );
  });

  test("each fault is one error with its place and what to do", async () => {
    const good = STORY.slice(0, 3);
    const withLine = (text: string) => [...good, text].join("\n");
    const ticker = tickerMessage("BTCUSDT", 15, ["1", "1"], ["2", "1"]);
    const offGrid = tickerMessage("ETHUSDT", 15, ["99.985", "1"], ["100.00", "1"]);
    const huge = tickerMessage("ETHUSDT", 15, ["99999999.00", "1"], ["99999999.01", "1"]);
    const futures = { stream: "ethusdt@bookTicker", data: { e: "bookTicker", u: 1, s: "ETHUSDT" } };
    const cases: [content: string, code: string, where: string, says: RegExp][] = [
      ["", "empty-capture", "", /is empty; check the path/],
      ["\n\n", "empty-capture", "", /is empty/],
      [withLine("what"), "bad-line", ":4", /no JSON: what; if it is the last line/],
      [withLine('{"a":1}'), "bad-line", ":4", /no receive time before its message; a line is/],
      [withLine('soon {"a":1}'), "bad-time", ":4", /"soon" is no time in nanoseconds; a line is/],
      [withLine('1700000000000 {"a":1}'), "bad-time", ":4", /"1700000000000" is no time/],
      [
        withLine(line(BASE_MS, { a: 1 })),
        "unknown-message",
        ":4",
        /no known kind: {"a":1}; a reco/,
      ],
      [withLine(line(BASE_MS, futures)), "unknown-message", ":4", /USD-M futures; a recording/],
      [withLine(line(BASE_MS, ticker)), "wrong-symbol", ":4", /of BTCUSDT, .* is ETHUSDT; give/],
      [withLine(line(BASE_MS, offGrid)), "off-grid", ":4", /99.985 .*instrumentOverride.tickSize/],
      [withLine(line(BASE_MS, huge)), "off-grid", ":4", /9999999900 ticks.*Override.tickSize/],
      [STORY[4] ?? "", "no-venue-time", "", /record the depth stream/],
      [STORY.toSpliced(2, 1).join("\n"), "no-snapshot", "", /no depth snapshot.*record again/],
      [
        STORY.toSpliced(1, 1).join("\n"),
        "depth-gap",
        ":7",
        /update 14, but the snapshot ends at 11/,
      ],
    ];
    for (const [content, code, where, says] of cases) {
      const [gotCode, gotWhere, sentence = ""] = await refusal(content);
      expect([gotCode, gotWhere]).toEqual([code, where]);
      expect(sentence).toMatch(says);
      expect(sentence).not.toContain("\n");
    }
  });

  test("a lot that does not fit the recording is refused, not rounded away", async () => {
    const coarse = spotInstrument("ETHUSDT", "2");
    const [code, where, sentence] = await refusal(STORY.join("\n"), coarse);
    expect([code, where]).toEqual(["off-grid", ":1"]);
    expect(sentence).toContain("check instrumentOverride.lotSize (2)");
  });

  for (const [symbol, lotSize, events] of [
    ["ETHUSDT", "0.0001", { depthEvents: 3432, checked: 3432, matched: 3432, crossed: 0 }],
    // 3449 are applied: one had been received before the snapshot.
    ["BTCUSDT", "0.00001", { depthEvents: 3449, checked: 3448, matched: 3448, crossed: 0 }],
  ] as const) {
    const path = sharedPath("data", "captures", `spot_${symbol.toLowerCase()}_20240808.gz`);
    test.skipIf(path === null)(`the real tape's book is the tickers': ${symbol}`, async () => {
      const instrument = spotInstrument(symbol, lotSize);
      const options = { path: path ?? "", instrument, minFeedLatencyMs: 2 };
      const { tape, stats } = await loadRawCapture(options);
      expect(stats.check).toEqual(events);
      expect(stats.fusedCrossed).toBe(0);
      // The recorder's clock was 1.27 s behind.
      expect(stats.clockOffsetMs).toBeWithin(1270, 1285);
      const delays = tape.feed.receivedMs.map((at, index) => at - (tape.feed.venueMs[index] ?? 0));
      expect(Math.min(...delays)).toBeCloseTo(2, 2);
      expect(isAscending(tape.rows.timeMs) && isAscending(tape.feed.receivedMs)).toBe(true);
      expect(lastTouch(tape)).toEqual(touchOf(replay(tape)));
    });
  }
});
