import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { BinanceLineParser } from "#data/binance-lines.ts";
import { readLines } from "#data/line-reader.ts";
import { loadRawCapture, loadRawCaptures, type RawCapture } from "#data/raw-capture.ts";
import { InputError } from "#domain/errors.ts";
import { Instrument } from "#domain/instrument.ts";
import { FeedKind, RowKind } from "#sim/market-tape.ts";
import { sharedPath } from "../shared.ts";
import {
  perpAggTrade,
  perpDepth,
  perpInstrument,
  perpMark,
  perpTicker,
  perpTrade,
  SyntheticPerp,
} from "./perp-recording.ts";
import {
  BASE_MS,
  depthMessage,
  line,
  rejectionOf,
  snapshotMessage,
  spotInstrument,
  tickerMessage,
  tradeMessage,
  withFile,
} from "./spot-recording.ts";

// Whole tapes, on a machine that may be busy.
setDefaultTimeout(30_000);

const ETH = perpInstrument("ETHUSDT", "0.001");
/** A recorder whose clock is a second behind; its fastest message took 5 ms. */
const CLOCK_MS = -995;

function load(content: string, instrument = ETH): Promise<RawCapture> {
  return withFile(content, (path) => loadRawCapture({ path, instrument, minFeedLatencyMs: 5 }));
}

async function refusal(content: string, instrument = ETH): Promise<string[]> {
  const error = await rejectionOf(() => load(content, instrument));
  if (!(error instanceof InputError)) throw error;
  return [error.code, error.where?.replace(/^.*\/recording/, "") ?? "", error.describe()];
}

const SNAPSHOT = snapshotMessage(
  110,
  [
    ["99.99", "1"],
    ["99.98", "2"],
  ],
  [["100.01", "3"]],
);
const STORY = [
  // 1: in the snapshot already (100 <= 110), left out; the fastest: sent at 1, received at -994
  line(
    BASE_MS + 1 + CLOCK_MS,
    perpDepth("ETHUSDT", { timeMs: BASE_MS, pu: 80, u: 100, bids: [["99.00", "7"]], asks: [] }),
  ),
  // 2: begins behind update 100 and ends behind the snapshot: applied from the buffer
  line(
    BASE_MS + 90 + CLOCK_MS,
    perpDepth("ETHUSDT", {
      timeMs: BASE_MS + 80,
      pu: 100,
      u: 130,
      bids: [["99.98", "4"]],
      asks: [],
    }),
  ),
  // 3: the snapshot
  line(BASE_MS + 91 + CLOCK_MS, { ...SNAPSHOT, E: BASE_MS + 70, T: BASE_MS + 69 }),
  // 4: a touch of 150, by its own time earlier than it was received
  line(
    BASE_MS + 150 + CLOCK_MS,
    perpTicker("ETHUSDT", [150, BASE_MS + 120], ["99.98", "4"], ["100.01", "3"]),
  ),
  // 5: the print that took the 1 at 99.99, of the same time
  line(
    BASE_MS + 151 + CLOCK_MS,
    perpTrade("ETHUSDT", {
      id: 1,
      timeMs: BASE_MS + 120,
      level: ["99.99", "1"],
      sellerTook: true,
    }),
  ),
  // 6: one that went to the insurance fund, and 7: a mark price; neither is of the tape
  line(
    BASE_MS + 152 + CLOCK_MS,
    perpTrade(
      "ETHUSDT",
      { id: 2, timeMs: BASE_MS + 121, level: ["90.005", "9"], sellerTook: true },
      "INSURANCE_FUND",
    ),
  ),
  line(BASE_MS + 153 + CLOCK_MS, perpMark("ETHUSDT", BASE_MS + 122, ["99.99512345", "0.0001"])),
  // 8: a gap in the ids, but none in the chain
  line(
    BASE_MS + 201 + CLOCK_MS,
    perpDepth("ETHUSDT", {
      timeMs: BASE_MS + 180,
      pu: 130,
      u: 160,
      bids: [
        ["99.99", "0"],
        ["99.90", "9"],
      ],
      asks: [],
    }),
  ),
];

describe("a USD-M recording", () => {
  test("becomes a tape, row by row, by the venue's own times", async () => {
    const { tape, stats } = await load(STORY.join("\n"));
    const rows = Array.from(tape.rows.kind, (kind, row) => [
      (tape.rows.timeMs[row] ?? 0) - BASE_MS,
      kind,
      tape.rows.ticks[row],
      tape.rows.lots[row],
    ]);
    const { bidLevel: bid, askLevel: ask, sellTrade, clear } = RowKind;
    // Line 1 was sent at 1 and received at -994, so the clock is set by 5 - (-995).
    expect([stats.clockOffsetMs, stats.fastestMs]).toEqual([1000, 5]);
    expect(rows).toEqual([
      [80, clear, 0, 0],
      [80, bid, 9999, 1000],
      [80, bid, 9998, 2000],
      [80, ask, 10_001, 3000],
      [80, bid, 9998, 4000],
      [120, sellTrade, 9999, 1000],
      [120, bid, 9999, 0],
      [180, bid, 9990, 9000],
    ]);
    const { feed } = tape;
    expect(
      Array.from(feed.kind, (kind, at) => [
        (feed.receivedMs[at] ?? 0) - BASE_MS,
        (feed.venueMs[at] ?? 0) - BASE_MS,
        kind,
        feed.bidTicks[at],
      ]),
    ).toEqual([
      [155, 120, FeedKind.book, 9998],
      [156, 120, FeedKind.sellTrade, 9999],
      [206, 180, FeedKind.book, 9998],
    ]);
    expect(stats).toMatchObject({
      lines: 8,
      messages: { depth: 3, ticker: 1, trade: 1 },
      duplicateTrades: 0,
      missingTrades: 0,
      check: { depthEvents: 2, checked: 1, matched: 1, crossed: 0 },
      fusedCrossed: 0,
    });
  });

  test("has prints of either stream", async () => {
    const fields = { timeMs: BASE_MS + 120, level: ["99.99", "1"] as const, sellerTook: false };
    const aggregated = [
      ...STORY.slice(0, 4),
      line(BASE_MS + 151 + CLOCK_MS, perpAggTrade("ETHUSDT", { id: 7, ...fields })),
      line(BASE_MS + 152 + CLOCK_MS, perpAggTrade("ETHUSDT", { id: 8, ...fields })),
    ];
    const { tape, stats } = await load(aggregated.join("\n"));
    expect(stats).toMatchObject({ messages: { trade: 2 }, missingTrades: 0 });
    expect(Array.from(tape.rows.kind).filter((kind) => kind === RowKind.buyTrade)).toHaveLength(2);
  });

  test("whose chain is broken is refused, with the line and both ids", async () => {
    const [code, where, sentence] = await refusal(STORY.toSpliced(1, 1).join("\n"));
    expect([code, where]).toEqual(["depth-gap", ":7"]);
    expect(sentence).toContain("depth begins at update 131, but the snapshot ends at 110");
  });

  test("and whatever else is wrong is said once, with what to do", async () => {
    const spotTicker = tickerMessage("ETHUSDT", 15, ["1", "1"], ["2", "1"]);
    const other = { stream: "ethusdt@kline_1m", data: { e: "kline", E: 1, k: {} } };
    const cases: [message: object, code: string, says: RegExp][] = [
      [spotTicker, "unknown-message", /Binance Spot; a recording holds Binance USD-M bookTicker/],
      [other, "unknown-message", /no known kind/],
      [perpTicker("BTCUSDT", [1, BASE_MS], ["1", "1"], ["2", "1"]), "wrong-symbol", /of BTCUSDT/],
      [
        perpTicker("ETHUSDT", [1, BASE_MS], ["1.005", "1"], ["2", "1"]),
        "off-grid",
        /instrumentOverride.tickSize/,
      ],
    ];
    for (const [message, code, says] of cases) {
      const lines = [...STORY.slice(0, 3), line(BASE_MS, message)];
      const [gotCode, where, sentence = ""] = await refusal(lines.join("\n"));
      expect([gotCode, where]).toEqual([code, ":4"]);
      expect(sentence).toMatch(says);
    }
  });

  test("of a venue whose recordings nobody can read is refused", async () => {
    const spec = {
      symbol: "ETH",
      base: "ETH",
      quote: "USDC",
      kind: "perp",
      priceRule: { kind: "fixed-tick" },
      tickSize: "0.1",
      lotSize: "0.1",
      minNotional: "0",
      makerFeeRate: "0",
      takerFeeRate: "0",
      maxOpenOrders: 1,
    } as const;
    const [code] = await refusal("what", new Instrument({ venue: "hyperliquid", ...spec }));
    expect(code).toBe("unsupported-venue");
  });

  test("whatever the moment of the snapshot, the book is the venue's", async () => {
    const perp = new SyntheticPerp(7, 6000);
    const { messages, truth, instrument } = perp;
    for (let position = 5; position < messages.length - 1; position += 37) {
      const lines = messages.map(({ receivedMs, json }) => line(receivedMs, json));
      const shown = perp.snapshotAt(messages[position]?.lastId ?? 0);
      lines.splice(position + 1, 0, line(messages[position]?.receivedMs ?? 0, shown));
      const { tape, stats } = await load(lines.join("\n"), instrument);
      const { check, fusedCrossed } = stats;
      expect([check.matched, check.crossed, fusedCrossed]).toEqual([check.checked, 0, 0]);
      const last = tape.feed.kind.lastIndexOf(FeedKind.book);
      const { bids, asks } = truth.bookAt(truth.lastId);
      expect([tape.feed.bidTicks[last], tape.feed.askTicks[last]]).toEqual([
        Math.max(...bids.keys()),
        Math.min(...asks.keys()),
      ]);
    }
  });
});

describe("recordings of one recorder", () => {
  /** A spot recording by the same clock, whose fastest message took this much more. */
  function spotStory(moreMs: number): string {
    const print = {
      id: 1,
      timeMs: BASE_MS + 120,
      level: ["99.99", "1"] as const,
      sellerTook: true,
    };
    return [
      line(BASE_MS + 5 + CLOCK_MS, snapshotMessage(1, [["99.99", "1"]], [["100.01", "3"]])),
      line(
        BASE_MS + 100 + moreMs + CLOCK_MS,
        depthMessage("ETHUSDT", BASE_MS + 100, [2, 2], { bids: [["99.90", "1"]], asks: [] }),
      ),
      line(
        BASE_MS + 110 + moreMs + CLOCK_MS,
        tickerMessage("ETHUSDT", 3, ["99.99", "2"], ["100.01", "3"]),
      ),
      line(BASE_MS + 130 + moreMs + CLOCK_MS, tradeMessage("ETHUSDT", print)),
    ].join("\n");
  }

  function loadBoth(spotText: string, minFeedLatencyMs: number): Promise<RawCapture[]> {
    const spot = spotInstrument("ETHUSDT", "0.001");
    return withFile(spotText, (spotPath) =>
      withFile(STORY.join("\n"), (perpPath) =>
        loadRawCaptures([
          { path: spotPath, instrument: spot, minFeedLatencyMs: 5 },
          { path: perpPath, instrument: ETH, minFeedLatencyMs },
        ]),
      ),
    );
  }

  test("are put on one clock, by the fastest message of all of them", async () => {
    const [spot, perp] = await loadBoth(spotStory(3), 5);
    // Alone, spot would be set by 5 - (3 - 995).
    expect([spot?.stats.clockOffsetMs, perp?.stats.clockOffsetMs]).toEqual([1000, 1000]);
    expect([spot?.stats.fastestMs, perp?.stats.fastestMs]).toEqual([8, 5]);
    const feed = spot?.tape.feed;
    expect(Array.from(feed?.receivedMs ?? [], (at) => at - BASE_MS)).toEqual([108, 118, 138]);
    // The ticker has no time of its own: it was as fast as spot's fastest, 118 - 8.
    expect(Array.from(feed?.venueMs ?? [], (at) => at - BASE_MS)).toEqual([100, 110, 120]);
  });

  test("so that none took less than it is assumed to have taken", async () => {
    const [spot, perp] = await loadBoth(spotStory(3), 12);
    expect([spot?.stats.clockOffsetMs, perp?.stats.clockOffsetMs]).toEqual([1007, 1007]);
    expect([spot?.stats.fastestMs, perp?.stats.fastestMs]).toEqual([15, 12]);
  });

  const [spotPath, perpPath] = ["spot", "usdm"].map((venue) =>
    sharedPath("data", "captures", `${venue}_ethusdt_20240808.gz`),
  );
  test.skipIf(spotPath === null || perpPath === null)("real ones too", async () => {
    const [spot, perp] = await loadRawCaptures([
      {
        path: spotPath ?? "",
        instrument: spotInstrument("ETHUSDT", "0.0001"),
        minFeedLatencyMs: 2,
      },
      { path: perpPath ?? "", instrument: ETH, minFeedLatencyMs: 2 },
    ]);
    expect(perp?.stats.clockOffsetMs).toBe(spot?.stats.clockOffsetMs ?? 0);
    const fastest = [spot?.stats.fastestMs ?? 0, perp?.stats.fastestMs ?? 0];
    expect(Math.min(...fastest)).toBe(2);
    expect(Math.max(...fastest)).toBeLessThan(10);
    const spans = [spot, perp].map((capture) => capture?.tape.feed.receivedMs ?? []);
    for (const receivedMs of spans) {
      // 345 s from 2024-08-08 23:54:14 UTC.
      expect(receivedMs[0]).toBeWithin(1_723_161_254_000, 1_723_161_258_000);
      expect(receivedMs.at(-1)).toBeWithin(1_723_161_598_000, 1_723_161_604_000);
    }
  });
});

for (const [symbol, tickSize, expected] of [
  ["ETHUSDT", "0.01", { depthEvents: 6580, checked: 6579, matched: 6579, crossed: 0 }],
  ["BTCUSDT", "0.1", { depthEvents: 6547, checked: 6545, matched: 6545, crossed: 0 }],
] as const) {
  const path = sharedPath("data", "captures", `usdm_${symbol.toLowerCase()}_20240808.gz`);
  const instrument = perpInstrument(symbol, "0.001", tickSize);

  test.skipIf(path === null)(`the real tape's book is the tickers': ${symbol}`, async () => {
    const { tape, stats } = await loadRawCapture({
      path: path ?? "",
      instrument,
      minFeedLatencyMs: 2,
    });
    expect(stats.check).toEqual(expected);
    expect([stats.fusedCrossed, stats.offGridSizes]).toEqual([0, 0]);
    expect([stats.duplicateTrades, stats.missingTrades]).toEqual([0, 0]);
    // The recorder's clock was 1.27 s behind.
    expect(stats.clockOffsetMs).toBeWithin(1270, 1285);
    const { rows, feed } = tape;
    for (const times of [rows.timeMs, feed.receivedMs]) {
      expect(times.every((time, at) => at === 0 || time >= (times[at - 1] ?? 0))).toBe(true);
    }
  });

  test.skipIf(path === null)(`both paths read the whole real tape alike: ${symbol}`, async () => {
    const parser = new BinanceLineParser(instrument, "file");
    let left = 0;
    const lines = await readLines(path ?? "", (bytes, start, end, number) => {
      const message = parser.parseFast(bytes, start, end);
      if (message === null) left += 1;
      // The slow path takes a while: every seventh line, and all that are long.
      else if (number % 7 === 0 || end - start > 2000) {
        const fast = fieldsOf(message);
        const slow = fieldsOf(parser.parseSlow(bytes.subarray(start, end), number));
        if (!Bun.deepEquals(fast, slow)) expect(fast).toEqual(slow);
      }
    });
    expect([left, lines]).toEqual([0, symbol === "ETHUSDT" ? 74_655 : 93_954]);
  });
}

function fieldsOf(message: ReturnType<BinanceLineParser["parse"]>): object {
  const { levels, ...fields } = message;
  const { length, bidCount, ticks, lots } = levels;
  return {
    ...fields,
    bidCount,
    ticks: [...ticks.subarray(0, length)],
    lots: [...lots.subarray(0, length)],
  };
}
