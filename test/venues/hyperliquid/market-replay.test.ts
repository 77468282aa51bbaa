/** Twenty-five seconds of the real venue: default books, and prints with a replay of the past. */

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import * as v from "valibot";
import { MarketParser } from "#venues/hyperliquid/market-parser.ts";
import { sharedPath } from "../../shared.ts";
import { bboFrame, perp, plainOf } from "./market-frames.ts";
import { StreamUnderTest } from "./stream-under-test.ts";

const path = sharedPath("data", "captures", "hyperliquid_btcusd_20250126.gz");
const BTC = perp("BTC", 5);

const Level = v.object({ px: v.string(), sz: v.string() });
const Frame = v.variant("channel", [
  v.object({
    channel: v.literal("l2Book"),
    data: v.object({
      time: v.number(),
      levels: v.strictTuple([v.array(Level), v.array(Level)]),
    }),
  }),
  v.object({
    channel: v.literal("trades"),
    data: v.array(
      v.object({
        px: v.string(),
        sz: v.string(),
        side: v.string(),
        time: v.number(),
        tid: v.number(),
      }),
    ),
  }),
]);

interface Line {
  readonly receivedMs: number;
  readonly text: string;
}

/** Before the frame a line has 19 digits of nanoseconds and a space. */
function readLines(): Line[] {
  const lines = gunzipSync(readFileSync(path ?? ""))
    .toString("utf8")
    .split("\n");
  return lines
    .filter((line) => line !== "")
    .map((line) => ({ receivedMs: Number(line.slice(0, 16)) / 1000, text: line.slice(20) }));
}

function scaled(text: string, factor: number): number {
  return Math.round(Number(text) * factor);
}

test.skipIf(path === null)("every frame is read by hand, as by JSON.parse", () => {
  const parser = new MarketParser(BTC);
  const counts = { l2Book: 0, trades: 0 };
  for (const { text } of readLines()) {
    const read = plainOf(parser.parseByHand(text));
    const frame = v.parse(Frame, JSON.parse(text));
    counts[frame.channel] += 1;
    if (frame.channel === "trades") {
      const prints = frame.data.map(({ px, sz, side, time, tid }) => [
        time,
        tid,
        side === "B" ? 1 : 0,
        scaled(px, 10),
        scaled(sz, 1e5),
      ]);
      expect(read).toMatchObject({ prints, offGrid: 0 });
      continue;
    }
    const [bids, asks] = frame.data.levels;
    expect(read).toMatchObject({
      venueMs: frame.data.time,
      isFast: false,
      offGrid: 0,
      bidEnd: bids.length,
      ticks: [...bids, ...asks].map(({ px }) => scaled(px, 10)),
      lots: [...bids, ...asks].map(({ sz }) => scaled(sz, 1e5)),
    });
  }
  expect(counts).toEqual({ l2Book: 46, trades: 9 });
});

test.skipIf(path === null)("a stream shows its touches and tells its prints", () => {
  const one = new StreamUnderTest(BTC);
  const lines = readLines();
  const firstMs = lines[0]?.receivedMs ?? 0;
  /** By an independent count: prints since the first book, each once. */
  const expected: number[][] = [];
  let books = 0;
  const told = new Set<string>();
  let firstBookMs = Infinity;
  let replayed = 0;
  for (const { receivedMs, text } of lines) {
    one.timers.advance(receivedMs - firstMs - one.timers.elapsedMs());
    const frame = v.parse(Frame, JSON.parse(text));
    if (frame.channel === "l2Book") {
      const { time, levels } = frame.data;
      firstBookMs = Math.min(firstBookMs, time);
      const [bid, ask] = [levels[0][0], levels[1][0]];
      if (bid === undefined || ask === undefined) throw new Error("a book with an empty side");
      // No bbo was recorded; it would have told the touch at once.
      one.hear(bboFrame(time - 1, [bid.px, bid.sz], [ask.px, ask.sz], "BTC"));
      // Recorded before there were fast books: these came as often.
      one.hear(text.replace('"data":{', '"data":{"fast":true,'));
      const touch = [bid, ask].flatMap(({ px, sz }) => [scaled(px, 10), scaled(sz, 1e5)]);
      expect(one.ear.touches.at(-1)).toEqual(touch);
      books += 1;
      continue;
    }
    one.hear(text);
    for (const { px, sz, side, time, tid } of frame.data) {
      const key = `${tid} ${time}`;
      if (time < firstBookMs || told.has(key)) {
        replayed += 1;
        continue;
      }
      told.add(key);
      const lots = scaled(sz, 1e5);
      expected.push([time, scaled(px, 10), side === "B" ? lots : -lots]);
    }
  }
  expect(one.ear.prints).toEqual(expected);
  expect(expected.length).toBeGreaterThan(10);
  expect(replayed).toBeGreaterThan(10);

  const times = one.ear.times.map(([venueMs = 0]) => venueMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  for (const [bid = 0, , ask = 0] of one.ear.touches) expect(bid).toBeLessThan(ask);
  expect(one.ear.touches.length).toBeGreaterThan(10);
  expect(one.stream.status()).toMatchObject({
    state: "live",
    resyncs: 0,
    messages: lines.length + books,
  });
  expect(one.ear.alive).toBeGreaterThan(20);
  one.stream.stop();
});
