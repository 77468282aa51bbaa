import { describe, expect, test } from "bun:test";
import { BadMarketMessage } from "#venues/hyperliquid/market-json.ts";
import { MarketKind } from "#venues/hyperliquid/market-message.ts";
import { MarketParser } from "#venues/hyperliquid/market-parser.ts";
import { sharedPath } from "../../shared.ts";
import {
  bboFrame,
  bookFrame,
  contextFrame,
  jsonFile,
  perp,
  plainOf,
  tradesFrame,
} from "./market-frames.ts";

const T = 1_790_000_000_123;
const ETH = perp();
const BTC = perp("BTC", 5);

/** By hand, and surely not by the twin. */
function byHand(text: string, instrument = ETH): object {
  const read = plainOf(new MarketParser(instrument).parseByHand(text));
  if (read === null) throw new Error(`not read by hand: ${text}`);
  return read;
}

function parsed(text: string, instrument = ETH): object | null {
  return plainOf(new MarketParser(instrument).parse(text));
}

describe("frames as the venue sends them are read by hand", () => {
  test("bbo, with the example of its documentation", () => {
    const text =
      '{"channel":"bbo","data":{"coin":"BTC","time":1790000000123,"bbo":' +
      '[{"px":"65000.0","sz":"1.2","n":4},{"px":"65001.0","sz":"0.7","n":2}]}}';
    expect(byHand(text, BTC)).toMatchObject({
      kind: MarketKind.bbo,
      venueMs: T,
      lastId: T,
      bidEnd: 1,
      ticks: [650_000, 650_010],
      lots: [120_000, 70_000],
    });
  });

  test("a bbo without a side has a size of 0 there", () => {
    expect(byHand(bboFrame(T, null, ["3400.1", "2.0"]))).toMatchObject({
      ticks: [0, 340_010],
      lots: [0, 20_000],
    });
    expect(byHand(bboFrame(T, ["3400.1", "2.0"], null))).toMatchObject({ lots: [20_000, 0] });
  });

  test("books, empty ones too, fast or not", () => {
    const bids = [
      ["3400.0", "1.5"],
      ["3399.9", "20.0"],
    ] as const;
    const asks = [["3400.1", "0.0001"]] as const;
    expect(byHand(bookFrame(T, bids, asks))).toMatchObject({
      kind: MarketKind.book,
      isFast: true,
      venueMs: T,
      bidEnd: 2,
      ticks: [340_000, 339_990, 340_010],
      lots: [15_000, 200_000, 1],
    });
    expect(byHand(bookFrame(T, [], [], false))).toMatchObject({ isFast: false, ticks: [] });
  });

  test("prints, however many", () => {
    const prints = Array.from({ length: 300 }, (_, at) => ({
      tid: 1_125_899_906_842_000 + at,
      time: T + at,
      side: at % 2 === 0 ? ("B" as const) : ("A" as const),
      level: [`${3400 + at}.5`, `0.${1000 + at}`] as const,
    }));
    expect(byHand(tradesFrame(...prints))).toMatchObject({
      kind: MarketKind.trades,
      prints: prints.map(({ tid, time, side }, at) => [
        time,
        tid,
        side === "B" ? 1 : 0,
        340_050 + at * 100,
        1000 + at,
      ]),
    });
    expect(byHand(tradesFrame())).toMatchObject({ prints: [] });
  });

  test("the context: fractional ticks, a funding rate of either sign", () => {
    expect(byHand(contextFrame("3400.12345", "3401.0", "-0.0000034"))).toMatchObject({
      kind: MarketKind.context,
      oracleTicks: 340_012.345,
      markTicks: 340_100,
      fundingRate: -0.0000034,
    });
  });

  test("fields in any order", () => {
    const text =
      '{"channel":"l2Book","data":{"fast":true,' +
      '"levels":[[{"n":5,"sz":"3.03622","px":"105055.0"}],' +
      '[{"sz":"1.0","px":"105056.0"}]],"time":7,"coin":"BTC"}}';
    expect(byHand(text, BTC)).toMatchObject({
      isFast: true,
      venueMs: 7,
      ticks: [1_050_550, 1_050_560],
      lots: [303_622, 100_000],
    });
  });
});

describe("what is not as usual goes to the twin", () => {
  test.each([
    ["spaces", bboFrame(T, ["3400.0", "1.0"], null).replaceAll(":", ": ")],
    ["escapes", bboFrame(T, ["3400.0", "1.0"], null).replace("coin", "co\\u0069n")],
    [
      "another order at the top",
      `{"data":{"coin":"ETH","time":${T},"bbo":[null,null]},"channel":"bbo"}`,
    ],
    ["a field more", bboFrame(T, ["3400.0", "1.0"], null).replace('"n":3', '"n":3,"x":{}')],
  ])("%s", (_, text) => {
    expect(new MarketParser(ETH).parseByHand(text)).toBeNull();
    expect(parsed(text)).toMatchObject({ kind: MarketKind.bbo, venueMs: T });
  });

  test("prices and sizes off the grid are rounded against us, and counted", () => {
    const bids = [
      ["3400.019", "1.00005"],
      ["3400.012", "1.0"],
    ] as const;
    const asks = [["3400.021", "2.0"]] as const;
    expect(parsed(bookFrame(T, bids, asks))).toMatchObject({
      offGrid: 4,
      bidEnd: 1,
      ticks: [340_001, 340_003],
      lots: [20_001, 20_000],
    });
    const level = ["3400.015", "1.00009"] as const;
    const prints = tradesFrame(
      { tid: 1, time: T, side: "B", level },
      { tid: 2, time: T, side: "A", level },
    );
    expect(parsed(prints)).toMatchObject({
      offGrid: 4,
      prints: [
        [T, 1, 1, 340_001, 10_000],
        [T, 2, 0, 340_002, 10_000],
      ],
    });
  });

  test("levels of one price are one level", () => {
    const same = [
      ["3400.0", "1.0"],
      ["3400.00", "0.5"],
    ] as const;
    expect(new MarketParser(ETH).parseByHand(bookFrame(T, same, same))).toBeNull();
    expect(parsed(bookFrame(T, same, []))).toMatchObject({ ticks: [340_000], lots: [15_000] });
  });

  test.each([
    ["orderUpdates", '{"channel":"orderUpdates","data":[]}'],
    ["a channel that begins like one of ours", '{"channel":"bbox","data":{}}'],
    ["no channel", '{"hello":1}'],
    ["no JSON", "pong"],
    ["nothing", ""],
  ])("%s is of no channel of the market", (_, text) => {
    expect(parsed(text)).toBeNull();
  });

  test.each([
    ["bad-json", bboFrame(T, null, null).slice(0, -1)],
    ["wrong-symbol", bboFrame(T, null, null, "BTC")],
    ["wrong-symbol", bboFrame(T, null, null, "eth")],
    ["bad-price", bboFrame(T, ["0.0", "1.0"], null)],
    ["bad-price", bboFrame(T, ["-1.0", "1.0"], null)],
    ["bad-price", bboFrame(T, ["1e3", "1.0"], null)],
    ["bad-price", bboFrame(T, ["99999999999.0", "1.0"], null)],
    ["bad-price", contextFrame("0.0", "1.0")],
    ["bad-size", bboFrame(T, ["1.0", "-1.0"], null)],
    ["bad-size", bboFrame(T, ["1.0", "99999999999999999.0"], null)],
    ["unknown-message", bboFrame(-1, null, null)],
    ["unknown-message", '{"channel":"l2Book","data":null}'],
    ["unknown-message", '{"channel":"l2Book","data":{"coin":"ETH","time":1,"levels":[[]]}}'],
    ["unknown-message", '{"channel":"trades","data":{}}'],
  ])("refuses with %s: %s", (code, text) => {
    let refusal: unknown;
    try {
      parsed(text);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(BadMarketMessage);
    expect(refusal).toMatchObject({ code });
  });

  test("a book of more levels than a message holds is refused", () => {
    const many = Array.from({ length: 300 }, (_, at) => [`${5000 - at}.0`, "1.0"] as const);
    expect(() => parsed(bookFrame(T, many, []))).toThrow(/more than 256 levels/);
    expect(new MarketParser(ETH).parseByHand(bookFrame(T, many, []))).toBeNull();
  });
});

/** A body of the venue's REST as the frame that would carry it. */
function framed(channel: string, name: string, timeMs?: number): string | null {
  const path = sharedPath("fixtures", "hyperliquid", name);
  if (path === null) return null;
  const data = jsonFile(path);
  const isObject = typeof data === "object" && data !== null && !Array.isArray(data);
  return JSON.stringify({
    channel,
    data: isObject && timeMs !== undefined ? { ...data, time: timeMs } : data,
  });
}

describe("fixtures", () => {
  const book = framed("l2Book", "http_l2_book_btc.json", T);
  test.skipIf(book === null)("a book without counts of orders", () => {
    const read = byHand(book ?? "", BTC);
    expect(read).toEqual(plainOf(new MarketParser(BTC).parseJson(book ?? "")) ?? {});
    expect(read).toMatchObject({ offGrid: 0, bidEnd: 5 });
    expect(JSON.stringify(read)).toContain("[1104270,1104260,");
  });

  const finer = framed("l2Book", "ws_book_data.json");
  test.skipIf(finer === null)("a book finer than the venue's grid is rounded outwards", () => {
    // Bids 98450.50, 98449.75 …; asks 98451.00, 98451.75 … by steps of 0.1.
    const read = parsed(finer ?? "", BTC);
    expect(read).toMatchObject({ offGrid: 4, bidEnd: 5 });
    expect(JSON.stringify(read)).toContain("[984505,984497,984490,984482,984475,984510,984518,");
  });

  const prints = framed("trades", "http_recent_trades_btc.json");
  test.skipIf(prints === null)("prints", () => {
    expect(byHand(prints ?? "", BTC)).toMatchObject({
      prints: [
        [1_769_916_002_000, 300_003, 0, 1_043_200, 1500],
        [1_769_916_001_000, 300_002, 1, 1_043_105, 2000],
        [1_769_916_000_000, 300_001, 0, 1_043_000, 500],
      ],
    });
  });
});
