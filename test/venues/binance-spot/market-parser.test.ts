import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { BadMarketMessage } from "#venues/binance/market-json.ts";
import { MarketKind, type MarketMessage } from "#venues/binance/market-message.ts";
import { MarketParser } from "#venues/binance-spot/market-parser.ts";
import {
  BASE_MS,
  depthMessage,
  spotInstrument,
  tickerMessage,
  tradeMessage,
} from "../../data/spot-recording.ts";
import { thrownBy } from "./market.ts";

const ETH = { instrument: spotInstrument("ETHUSDT", "0.0001"), name: "the feed" };

function parse(message: unknown, parser = new MarketParser(ETH)): MarketMessage {
  return parser.parseText(typeof message === "string" ? message : JSON.stringify(message));
}

function plain({ levels, ...fields }: MarketMessage): object {
  const { bidCount, length } = levels;
  const ticks = [...levels.ticks.subarray(0, length)];
  return { ...fields, bidCount, ticks, lots: [...levels.lots.subarray(0, length)] };
}

describe("market parser", () => {
  test("reads the examples of the venue's documentation, in milliseconds and microseconds", () => {
    const wide = {
      instrument: spotInstrument("BTCUSDT", "0.00000001", "0.01"),
      name: "the feed",
    };
    const parser = new MarketParser(wide);
    const ticker =
      '{"stream":"btcusdt@bookTicker","data":{"u":71234567890,"s":"BTCUSDT","b":"64010.11000000",' +
      '"B":"0.52000000","a":"64010.12000000","A":"1.10400000"}}';
    const depth = (time: string) =>
      `{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":${time},"s":"BTCUSDT",` +
      '"U":71234567801,"u":71234567890,"b":[["64010.11000000","0.52000000"]],' +
      '"a":[["64011.00000000","0.00000000"]]}}';
    const trade = (time: string) =>
      `{"stream":"btcusdt@trade","data":{"e":"trade","E":${time},"s":"BTCUSDT","t":5100001,` +
      `"p":"64010.11","q":"0.00400000","T":${time},"m":true,"M":true}}`;

    expect(parse(ticker, parser)).toMatchObject({ kind: MarketKind.ticker, lastId: 71234567890 });
    for (const [time, venueMs] of [
      ["1795340000123", 1_795_340_000_123],
      ["1795340000123456", 1_795_340_000_123.456],
    ] as const) {
      const event = parse(depth(time), parser);
      expect(event).toMatchObject({ kind: MarketKind.depth, firstId: 71234567801, venueMs });
      expect([...event.levels.ticks.subarray(0, 2)]).toEqual([6_401_011, 6_401_100]);
      expect([...event.levels.lots.subarray(0, 2)]).toEqual([52_000_000, 0]);
      const print = parse(trade(time), parser);
      expect(print).toMatchObject({ kind: MarketKind.trade, lastId: 5_100_001, venueMs });
      expect(print.sellerTook).toBe(true);
    }
  });

  test("reads text, whatever its length, as JSON.parse does", () => {
    const parser = new MarketParser(ETH);
    const levels = fc.array(
      fc
        .tuple(fc.integer({ min: 1, max: 999_999 }), fc.nat(9999))
        .map(([ticks, lots]) => [(ticks / 100).toFixed(2), `${lots}.0001`] as const),
      { maxLength: 3000, size: "max" },
    );
    fc.assert(
      fc.property(fc.nat(), levels, levels, (id, bids, asks) => {
        const text = JSON.stringify(depthMessage("ETHUSDT", BASE_MS, [id, id + 3], { bids, asks }));
        const read = plain(parser.parseText(text));
        expect(read).toEqual(plain(new MarketParser(ETH).parseJson(text)));
      }),
      { numRuns: 20 },
    );
  });

  test("symbols need not be ASCII", () => {
    const parser = new MarketParser({ ...ETH, instrument: spotInstrument("币安USDT", "0.01") });
    const text = JSON.stringify(tickerMessage("币安USDT", 9, ["1.00", "2"], ["1.01", "3"]));
    const bytes = new TextEncoder().encode(text);
    expect(parser.parseBytes(bytes, 0, bytes.length)).not.toBeNull();
    expect(parser.parseText(text)).toMatchObject({ kind: MarketKind.ticker, lastId: 9 });
  });

  test("tells messages about the connection from those about the market", () => {
    const { shutdown, refusal, other } = MarketKind;
    const invalid = { code: 2, msg: "Invalid request" };
    const cases: [message: object, kind: number, text: string][] = [
      [{ result: null, id: 1 }, other, ""],
      [{ result: ["ethusdt@trade"], id: "a" }, other, ""],
      [{ stream: "!serverShutdown", data: { e: "serverShutdown", E: 1 } }, shutdown, "!server"],
      [{ e: "serverShutdown", E: 1_795_340_000_000 }, shutdown, ""],
      [invalid, refusal, "2 Invalid request"],
      [{ error: invalid, id: 1 }, refusal, "2 Invalid request"],
      [{ stream: "ethusdt@kline_1s", data: { e: "kline", E: 1, k: {} } }, other, "ethusdt@kline"],
      [{ stream: "ethusdt@depth5", data: { lastUpdateId: 1, bids: [], asks: [] } }, other, "eth"],
      [{ stream: "!ticker@arr", data: { e: "24hrTicker", s: "ETHUSDT", u: 1 } }, other, "!tick"],
    ];
    for (const [message, kind, text] of cases) {
      const read = parse(message);
      expect(read.kind).toBe(kind);
      expect(read.text).toStartWith(text);
    }
  });

  test("refuses what it cannot use, and says why", () => {
    const ticker = tickerMessage("BTCUSDT", 1, ["1", "1"], ["2", "1"]);
    const offGrid = tickerMessage("ETHUSDT", 1, ["1.001", "1"], ["2", "1"]);
    const print = { id: 1, timeMs: BASE_MS, level: ["1.00", "-1"] as const, sellerTook: true };
    const noIds = { stream: "ethusdt@bookTicker", data: { s: "ETHUSDT", b: "1", B: "1" } };
    const cases: [message: unknown, code: string, says: RegExp][] = [
      ["", "bad-json", /no JSON/],
      ['{"stream":', "bad-json", /no JSON: {"stream":/],
      [ticker, "wrong-symbol", /the feed is of BTCUSDT, the instrument is ETHUSDT/],
      [offGrid, "off-grid", /1\.001/],
      [tradeMessage("ETHUSDT", print), "bad-size", /"-1" is no size/],
      [noIds, "unknown-message", /no known kind/],
      [{ a: 1 }, "unknown-message", /no known kind: {"a":1}/],
      [null, "unknown-message", /no known kind: null/],
    ];
    for (const [message, code, says] of cases) {
      const error = thrownBy(() => parse(message));
      expect(error).toBeInstanceOf(BadMarketMessage);
      if (error instanceof BadMarketMessage)
        expect([error.code, error.message]).toEqual([code, expect.stringMatching(says)]);
    }
  });
});
