import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { BadMarketMessage } from "#venues/binance/market-json.ts";
import { MarketKind, type MarketMessage } from "#venues/binance/market-message.ts";
import { MarketParser } from "#venues/binance-perp/market-parser.ts";
import {
  perpAggTrade,
  perpDepth,
  perpInstrument,
  perpMark,
  perpTicker,
  perpTrade,
} from "../../data/perp-recording.ts";
import {
  BASE_MS,
  snapshotMessage,
  tickerMessage,
  tradeMessage,
} from "../../data/spot-recording.ts";
import { sharedPath } from "../../shared.ts";

const ETH = { instrument: perpInstrument("ETHUSDT", "0.001"), name: "the feed" };
/** A tick and a lot that are no powers of ten. */
const ODD = { instrument: perpInstrument("ETHUSDT", "0.05", "0.0025"), name: "the feed" };
const FIXTURES = sharedPath("fixtures", "binance", "futures", "market_data_json");
const encoder = new TextEncoder();

function parserOf(symbol: string, lotSize: string, tickSize: string): MarketParser {
  return new MarketParser({ instrument: perpInstrument(symbol, lotSize, tickSize), name: "x" });
}

function plain(message: MarketMessage | null): object | null {
  if (message === null) return null;
  const { levels, ...fields } = message;
  const { bidCount, length } = levels;
  const ticks = [...levels.ticks.subarray(0, length)];
  return { ...fields, bidCount, ticks, lots: [...levels.lots.subarray(0, length)] };
}

/** What the bytes of a text are read as by hand; null where they are left to the twin. */
function fastOf(text: string, source = ETH): object | null {
  const bytes = encoder.encode(text);
  return plain(new MarketParser(source).parseBytes(bytes, 0, bytes.length));
}

/** What the slow twin makes of it; null where it refuses it, or no fast path is meant for it. */
function slowOf(text: string, source = ETH): object | null {
  try {
    return plain(new MarketParser(source).parseJson(text));
  } catch (error) {
    if (error instanceof BadMarketMessage) return null;
    throw error;
  }
}

/** An example of the documentation, in the envelope of a combined stream, and as it is read. */
function exampleOf(name: string, parser: MarketParser): { text: string; read: object | null } {
  const data: unknown = JSON.parse(readFileSync(join(FIXTURES ?? "", `${name}.json`), "utf8"));
  const text = JSON.stringify({ stream: "any@stream", data });
  return { text, read: plain(parser.parseText(text)) };
}

const size = fc
  .tuple(fc.nat(99_999), fc.constantFrom("", ".", ".5", ".123", ".001", ".9999"))
  .map(([whole, fraction]) => `${whole}${fraction}`);
const price = fc
  .tuple(fc.nat(9_999_999), fc.nat(99), fc.constantFrom("", "0", "000"))
  .map(([whole, cents, zeros]) => `${whole}.${cents.toString().padStart(2, "0")}${zeros}`);
const level = fc.tuple(price, size);
const levels = fc.array(level, { maxLength: 6 });
const id = fc.integer({ min: 0, max: 9_000_000_000_000 });
const timeMs = fc.oneof(fc.constant(BASE_MS), fc.constant(BASE_MS * 1000 + 250), fc.nat());
const print = fc.record({ id, timeMs, level, sellerTook: fc.boolean() });
const rate = fc.constantFrom("0.00010000", "-0.00012345", "0", "-0", "0.0", "1.5");
const exactPrice = fc.constantFrom("2681.62341287", "0.00000000", "2681", "12345678.12345678");

const message = fc.oneof(
  fc
    .tuple(id, timeMs, level, level)
    .map(([u, at, bid, ask]) => perpTicker("ETHUSDT", [u, at], bid, ask)),
  fc
    .record({ timeMs, pu: id, u: id, bids: levels, asks: levels })
    .map((depth) => perpDepth("ETHUSDT", depth)),
  print.map((fields) => perpAggTrade("ETHUSDT", fields)),
  print.map((fields) => perpTrade("ETHUSDT", fields)),
  fc.tuple(timeMs, exactPrice, rate).map(([at, p, r]) => perpMark("ETHUSDT", at, [p, r])),
  fc
    .tuple(id, timeMs, levels, levels)
    .map(([lastUpdateId, at, bids, asks]) => ({ lastUpdateId, E: at, T: at, bids, asks })),
);
const CHARACTERS = Array.from("0123456789.\"',:[]{}e-\\ ntzMX");

describe("market parser", () => {
  test("by hand it reads what JSON.parse reads, and all that the venue sends", () => {
    fc.assert(
      fc.property(message, fc.constantFrom(ETH, ODD), (json, source) => {
        const text = JSON.stringify(json);
        const slow = slowOf(text, source);
        // A mark price of 0 is left to the twin.
        const isLeft = text.includes('"p":"0.00000000"') && text.includes("markPrice");
        if (!isLeft) expect(fastOf(text, source)).toEqual(slow);
        if (source === ETH) expect(slow).not.toBeNull();
      }),
      { numRuns: 600 },
    );
  });

  test("whatever the text, it never reads by hand what JSON.parse would read otherwise", () => {
    const edit = fc.tuple(fc.nat(400), fc.constantFrom(...CHARACTERS));
    fc.assert(
      fc.property(message, edit, fc.boolean(), (json, [where, character], isInsert) => {
        const original = JSON.stringify(json);
        const index = where % original.length;
        const rest = original.slice(isInsert ? index : index + 1);
        const text = original.slice(0, index) + character + rest;
        const fast = fastOf(text);
        if (fast !== null) expect<object | null>(fast).toEqual(slowOf(text));
      }),
      { numRuns: 3000 },
    );
  });

  test("fields may come in any order, and others between them", () => {
    const field = fc.constantFrom<[string, unknown]>(
      ["ps", "ETHUSDT"],
      ["st", 2],
      ["nq", "0.090"],
      ["ap", "1.5"],
      ["a new one", null],
      ["Z", true],
    );
    const shuffled = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 });
    const json = perpTicker("ETHUSDT", [7, BASE_MS], ["1.00", "2"], ["1.01", "3"]);
    const expected = plain(new MarketParser(ETH).parseJson(JSON.stringify(json)));
    const { data }: { data: Record<string, unknown> } = JSON.parse(JSON.stringify(json));
    fc.assert(
      fc.property(
        shuffled,
        fc.uniqueArray(field, { selector: ([name]) => name }),
        (order, extra) => {
          const { e, ...fields } = data;
          const entries = Object.entries(fields);
          const mixed = order.map((at) => entries[at] ?? ["", 0]);
          for (const [at, entry] of extra.entries()) mixed.splice(at * 2, 0, entry);
          const text = JSON.stringify({ stream: "s", data: { e, ...Object.fromEntries(mixed) } });
          expect(fastOf(text)).toEqual(expected);
        },
      ),
    );
  });

  test("a field told twice is left to the twin, of which the last counts", () => {
    const json = perpTicker("ETHUSDT", [7, BASE_MS], ["1.00", "2"], ["1.01", "3"]);
    for (const twice of ['"u":9,"st"', '"e":"trade","st"', '"E":5,"st"', '"s":"ETHUSDT","st"']) {
      const text = JSON.stringify(json).replace('"T"', `${twice}:1,"T"`);
      expect(fastOf(text)).toBeNull();
      expect(JSON.parse(text)).toBeObject();
    }
  });

  test("a text cut short is no message, even where old bytes behind it would complete it", () => {
    for (const json of [
      perpTicker("ETHUSDT", [7, BASE_MS], ["1.00", "2"], ["1.01", "3"]),
      perpMark("ETHUSDT", BASE_MS, ["1.5", "0.1"]),
    ]) {
      const bytes = encoder.encode(JSON.stringify(json));
      const parser = new MarketParser(ETH);
      expect(parser.parseBytes(bytes, 0, bytes.length)).not.toBeNull();
      for (let end = 0; end < bytes.length; end += 1) {
        expect(parser.parseBytes(bytes, 0, end)).toBeNull();
      }
    }
  });

  test("depth is read as beginning right behind the event before it", () => {
    const bids = [["2683.80", "3.029"] as const];
    const asks = [["2733.70", "0.000"] as const];
    const json = perpDepth("ETHUSDT", { timeMs: BASE_MS, pu: 149, u: 160, bids, asks });
    expect(fastOf(JSON.stringify(json))).toMatchObject({
      kind: MarketKind.depth,
      firstId: 150,
      lastId: 160,
      eventMs: BASE_MS + 1,
      venueMs: BASE_MS,
      bidCount: 1,
      ticks: [268_380, 273_370],
      lots: [3029, 0],
    });
  });

  test("what an insurance fund took over is a print that fills nobody", () => {
    const fields = { id: 9, timeMs: BASE_MS, level: ["2683.805", "5"] as const, sellerTook: true };
    for (const origin of ["INSURANCE_FUND", "ADL", "NA", "A_WORD_OF_NEXT_YEAR"]) {
      const text = JSON.stringify(perpTrade("ETHUSDT", fields, origin));
      expect(fastOf(text)).toBeNull();
      expect(plain(new MarketParser(ETH).parseText(text))).toMatchObject({
        kind: MarketKind.trade,
        lastId: 9,
        lots: [0],
      });
    }
  });
});

describe("the examples of the documentation", () => {
  const examples: [name: string, lot: string, tick: string, symbol: string, expected: object][] = [
    [
      "book_ticker_stream",
      "0.01",
      "0.0001",
      "BNBUSDT",
      {
        kind: MarketKind.ticker,
        lastId: 400900217,
        eventMs: 1568014460893,
        venueMs: 1568014460891,
        ticks: [253_519, 253_652],
        lots: [3121, 4066],
      },
    ],
    [
      "depth_update_stream",
      "1",
      "0.0001",
      "BTCUSDT",
      {
        kind: MarketKind.depth,
        firstId: 150,
        lastId: 160,
        eventMs: 123456789,
        venueMs: 123456788,
        ticks: [24, 26],
        lots: [10, 100],
      },
    ],
    [
      "agg_trade_stream",
      "1",
      "0.001",
      "BTCUSDT",
      { kind: MarketKind.trade, lastId: 5933014, venueMs: 123456785, ticks: [1], lots: [100] },
    ],
    [
      "trade_stream",
      "1",
      "0.001",
      "BTCUSDT",
      {
        kind: MarketKind.trade,
        lastId: 5933014,
        venueMs: 123456785,
        sellerTook: true,
        lots: [100],
      },
    ],
    [
      "mark_price_stream",
      "1",
      "0.01",
      "BTCUSDT",
      {
        kind: MarketKind.mark,
        eventMs: 1562305380000,
        venueMs: 1562305380000,
        markTicks: 1179415,
        fundingRate: 0.00038167,
        nextFundingMs: 1562306400000,
      },
    ],
  ];
  for (const [name, lot, tick, symbol, expected] of examples) {
    test.skipIf(FIXTURES === null)(`${name} is read, by hand too`, () => {
      const parser = parserOf(symbol, lot, tick);
      const { text, read } = exampleOf(name, parser);
      expect(read).toMatchObject(expected);
      const bytes = encoder.encode(text);
      expect(plain(parser.parseBytes(bytes, 0, bytes.length))).toEqual(read);
    });
  }

  test.skipIf(FIXTURES === null)("the others are of streams that nobody asked for", () => {
    const known = new Set(examples.map(([name]) => `${name}.json`));
    const others = readdirSync(FIXTURES ?? "").filter((name) => !known.has(name));
    expect(others.length).toBeGreaterThan(3);
    for (const name of others) {
      const { read } = exampleOf(name.replace(".json", ""), parserOf("BTCUSDT", "1", "0.01"));
      expect(read).toMatchObject({ kind: MarketKind.other, text: "any@stream" });
    }
  });
});

test("what cannot be used is refused, and it says why", () => {
  const offGrid = perpTicker("ETHUSDT", [1, BASE_MS], ["1.001", "1"], ["2", "1"]);
  const btc = perpTicker("BTCUSDT", [1, BASE_MS], ["1", "1"], ["2", "1"]);
  const spotPrint = { id: 1, timeMs: BASE_MS, level: ["1.00", "1"] as const, sellerTook: true };
  const negative = perpTrade("ETHUSDT", { ...spotPrint, level: ["1.00", "-1"] });
  const noBefore = { e: "depthUpdate", E: 1, T: 1, s: "ETHUSDT", U: 1, u: 2, b: [], a: [] };
  const cases: [message: unknown, code: string, says: RegExp][] = [
    ["what", "bad-json", /no JSON: what/],
    [btc, "wrong-symbol", /the feed is of BTCUSDT, the instrument is ETHUSDT/],
    [offGrid, "off-grid", /1\.001/],
    [negative, "bad-size", /"-1" is no size/],
    [tickerMessage("ETHUSDT", 1, ["1", "1"], ["2", "1"]), "unknown-message", /Binance Spot/],
    [tradeMessage("ETHUSDT", spotPrint), "unknown-message", /Binance Spot/],
    [{ stream: "ethusdt@depth", data: noBefore }, "unknown-message", /Binance Spot/],
    [{ stream: "s", data: { e: "markPriceUpdate", E: 1 } }, "unknown-message", /no known kind/],
    [{ a: 1 }, "unknown-message", /no known kind/],
  ];
  for (const [json, code, says] of cases) {
    const text = typeof json === "string" ? json : JSON.stringify(json);
    let thrown: unknown;
    try {
      new MarketParser(ETH).parseText(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(BadMarketMessage);
    if (thrown instanceof BadMarketMessage) {
      expect([thrown.code, thrown.message]).toEqual([code, expect.stringMatching(says)]);
    }
  }
});

test("messages about the connection are told from those about the market", () => {
  const parser = new MarketParser(ETH);
  const read = (json: object): number => parser.parseText(JSON.stringify(json)).kind;
  expect(read({ result: null, id: 1 })).toBe(MarketKind.other);
  expect(read({ e: "serverShutdown", E: 1 })).toBe(MarketKind.shutdown);
  expect(read({ code: 2, msg: "Invalid request" })).toBe(MarketKind.refusal);
  expect(read(snapshotMessage(1, [], []))).toBe(MarketKind.snapshot);
});
