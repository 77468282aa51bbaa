import { describe, expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";
import { BinanceLineParser } from "#data/binance-lines.ts";
import type { CaptureMessage } from "#data/capture-log.ts";
import { readLines } from "#data/line-reader.ts";
import { InputError } from "#domain/errors.ts";
import { MarketKind } from "#venues/binance/market-message.ts";
import { sharedPath } from "../shared.ts";
import {
  BASE_MS,
  depthMessage,
  type Level,
  line,
  snapshotMessage,
  spotInstrument,
  tickerMessage,
  tradeMessage,
} from "./spot-recording.ts";

// Whole tapes by the slow path too, on a machine that may be busy.
setDefaultTimeout(30_000);

const ETH = spotInstrument("ETHUSDT", "0.0001");
/** A tick and a lot that are no powers of ten. */
const ODD = spotInstrument("ETHUSDT", "0.0025", "0.05");
const encoder = new TextEncoder();

function plain(message: CaptureMessage | null): object | null {
  if (message === null) return null;
  const { levels, ...fields } = message;
  const { bidCount, length } = levels;
  return {
    ...fields,
    bidCount,
    ticks: [...levels.ticks.subarray(0, length)],
    lots: [...levels.lots.subarray(0, length)],
  };
}

/** What the slow twin makes of a line: a message, or null where it refuses it. */
function slowOf(parser: BinanceLineParser, bytes: Uint8Array): object | null {
  try {
    return plain(parser.parseSlow(bytes, 1));
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

const price = fc
  .tuple(fc.nat(9_999_999), fc.nat(99), fc.constantFrom("", "0", "000000"))
  .map(([whole, cents, zeros]) => `${whole}.${cents.toString().padStart(2, "0")}${zeros}`);
const size = fc
  .tuple(fc.nat(99_999), fc.constantFrom("", ".", ".5", ".12340000", ".00000001", ".99999999"))
  .map(([whole, fraction]) => `${whole}${fraction}`);
const level = fc.tuple(price, size);
const levels = fc.array(level, { maxLength: 6 });
const id = fc.integer({ min: 0, max: 90_000_000_000 });
const timeMs = fc.oneof(fc.constant(BASE_MS), fc.constant(BASE_MS * 1000 + 250), fc.nat());

const message = fc.oneof(
  fc
    .tuple(id, level, level)
    .map(([updateId, bid, ask]) => tickerMessage("ETHUSDT", updateId, bid, ask)),
  fc
    .tuple(timeMs, id, levels, levels)
    .map(([time, first, bids, asks]) =>
      depthMessage("ETHUSDT", time, [first, first + 3], { bids, asks }),
    ),
  fc
    .tuple(timeMs, id, level, fc.boolean())
    .map(([time, tradeId, at, sellerTook]) =>
      tradeMessage("ETHUSDT", { id: tradeId, timeMs: time, level: at, sellerTook }),
    ),
  fc.tuple(id, levels, levels).map(([last, bids, asks]) => snapshotMessage(last, bids, asks)),
);
const CHARACTERS = Array.from("0123456789.\"',:[]{}e- ntz");
const receivedMs = fc.nat(999_999_999).map((nanoseconds) => BASE_MS + nanoseconds / 1e6);

describe("spot line parser", () => {
  test("the fast path is the twin of JSON.parse on lines as the venue writes them", () => {
    fc.assert(
      fc.property(receivedMs, message, fc.constantFrom(ETH, ODD), (at, json, instrument) => {
        const parser = new BinanceLineParser(instrument, "file");
        const bytes = encoder.encode(line(at, json));
        const slow = slowOf(parser, bytes);
        const fast = plain(parser.parseFast(bytes, 0, bytes.length));
        // On ODD most prices are off the grid: the slow path refuses, the fast one leaves it to it.
        expect(fast).toEqual(slow);
      }),
      { numRuns: 400 },
    );
  });

  test("whatever the bytes, the fast path never reads what JSON.parse would read otherwise", () => {
    const edit = fc.tuple(fc.nat(400), fc.constantFrom(...CHARACTERS));
    fc.assert(
      fc.property(receivedMs, message, edit, fc.boolean(), (at, json, [where, text], isInsert) => {
        const original = line(at, json);
        const index = where % original.length;
        const rest = original.slice(isInsert ? index : index + 1);
        const bytes = encoder.encode(original.slice(0, index) + text + rest);
        const parser = new BinanceLineParser(ETH, "file");
        const slow = slowOf(parser, bytes);
        const fast = plain(parser.parseFast(bytes, 0, bytes.length));
        if (fast !== null) expect<object | null>(fast).toEqual(slow);
      }),
      { numRuns: 1500 },
    );
  });

  test("a line cut short is no message, even where old bytes behind it would complete it", () => {
    const text = line(BASE_MS, tickerMessage("ETHUSDT", 7, ["1.00", "2"], ["1.01", "3"]));
    const bytes = encoder.encode(text);
    const parser = new BinanceLineParser(ETH, "file");
    expect(parser.parseFast(bytes, 0, bytes.length)).not.toBeNull();
    for (let end = 0; end < bytes.length; end += 1) {
      expect(parser.parseFast(bytes, 0, end)).toBeNull();
    }
  });

  test("reads ticks, lots, times and ids of a depth event", () => {
    const json = depthMessage("ETHUSDT", BASE_MS + 40, [11, 13], {
      bids: [["2683.80000000", "3.02920000"]],
      asks: [["2733.70000000", "0.00000000"]],
    });
    const bytes = encoder.encode(line(BASE_MS + 0.25, json));
    const parsed = plain(new BinanceLineParser(ETH, "file").parse(bytes, 0, bytes.length, 1));
    expect(parsed).toMatchObject({
      kind: MarketKind.depth,
      receivedMs: BASE_MS + 0.25,
      eventMs: BASE_MS + 40,
      firstId: 11,
      lastId: 13,
      bidCount: 1,
      ticks: [268_380, 273_370],
      lots: [30_292, 0],
    });
  });

  test("a level finer than the lot is rounded up and a print down, and both are counted", () => {
    const finer: Level = ["5000.00", "2292.22972"];
    const parser = new BinanceLineParser(ETH, "file");
    const parse = (json: object) => {
      const bytes = encoder.encode(line(BASE_MS, json));
      return plain(parser.parse(bytes, 0, bytes.length, 1));
    };
    const depth = depthMessage("ETHUSDT", BASE_MS, [1, 1], { bids: [], asks: [finer] });
    expect(parse(depth)).toMatchObject({ lots: [22_922_298], offGridSizes: 1 });
    const print = { id: 1, timeMs: BASE_MS, level: finer, sellerTook: true };
    expect(parse(tradeMessage("ETHUSDT", print))).toMatchObject({
      lots: [22_922_297],
      offGridSizes: 1,
    });
  });

  for (const [symbol, lotSize] of [
    ["ethusdt", "0.0001"],
    ["btcusdt", "0.00001"],
  ] as const) {
    const path = sharedPath("data", "captures", `spot_${symbol}_20240808.gz`);
    test.skipIf(path === null)(`both paths read the whole real tape alike: ${symbol}`, async () => {
      const parser = new BinanceLineParser(spotInstrument(symbol.toUpperCase(), lotSize), "file");
      let lines = 0;
      await readLines(path ?? "", (bytes, start, end, number) => {
        const fast = plain(parser.parseFast(bytes, start, end));
        const slow = plain(parser.parseSlow(bytes.subarray(start, end), number));
        if (!Bun.deepEquals(fast, slow)) expect(fast).toEqual(slow);
        lines += 1;
      });
      expect(lines).toBe(symbol === "ethusdt" ? 33_618 : 41_249);
    });
  }
});
