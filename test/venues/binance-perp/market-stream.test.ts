import { afterEach, describe, expect, test } from "bun:test";
import { perpAggTrade, perpDepth, perpMark, SyntheticPerp } from "../../data/perp-recording.ts";
import {
  BASE_MS,
  type NaiveBook,
  type RecordedMessage,
  sorted,
} from "../../data/spot-recording.ts";
import type { Peer } from "../../net/wire-server.ts";
import { PerpFeed, touchOf } from "./perp-feed.ts";

const PERP = new SyntheticPerp(11, 6000);
const { messages: MESSAGES, truth: TRUTH } = PERP;
const DEPTHS = jsonOf(MESSAGES.filter(({ kind }) => kind === "depth"));
const HALF = Math.floor(MESSAGES.length / 2);
const { symbol } = PERP.instrument;
const UNKNOWN = [-1, 0, -1, 0];

let feed: PerpFeed;

function setUp(): PerpFeed {
  feed = new PerpFeed(PERP.instrument);
  return feed;
}

afterEach(() => feed.stop());

function jsonOf(messages: readonly RecordedMessage[]): object[] {
  return messages.map(({ json }) => json);
}

function touch({ bids, asks }: NaiveBook): number[] {
  const bid = Math.max(...bids.keys());
  const ask = Math.min(...asks.keys());
  return [bid, bids.get(bid) ?? 0, ask, asks.get(ask) ?? 0];
}

/** The update of the truth that the message before `index` shows. */
function idBefore(index: number): number {
  return MESSAGES[index - 1]?.lastId ?? 0;
}

async function joinAt(index: number): Promise<void> {
  (await feed.requests.next())(PERP.snapshotAt(idBefore(index)));
  await feed.books.next();
  expect(feed.stream.status().state).toBe("live");
}

/** Connects, plays some, and joins a snapshot; messages up to HALF have been played then. */
async function goLive(): Promise<Peer> {
  const peer = await feed.public.next();
  await feed.play(peer, jsonOf(MESSAGES.slice(0, 20)));
  expect([feed.books.size, feed.stream.status().state]).toEqual([0, "syncing"]);
  await joinAt(20);
  await feed.play(peer, jsonOf(MESSAGES.slice(20, HALF)));
  return peer;
}

/** After all messages: the levels told, and the last touch shown, are the venue's. */
async function expectTruth(): Promise<void> {
  const truth = TRUTH.bookAt(TRUTH.lastId);
  expect(sorted(feed.levels.bids)).toEqual(sorted(truth.bids));
  expect(sorted(feed.levels.asks)).toEqual(sorted(truth.asks));
  expect((await feed.touches()).at(-1)).toEqual(touch(truth));
}

function mark(timeMs: number, price = "2.50005000"): object {
  return perpMark(symbol, timeMs, [price, "-0.00012500"]);
}

describe("the public route", () => {
  test("has touch and depth, on an address of its own; the book is the venue's", async () => {
    setUp();
    const peer = await goLive();
    const market = await feed.market.next();
    expect(peer.data).toBe("/ws/public/stream?streams=xusdt@bookTicker/xusdt@depth@100ms");
    expect(market.data).toBe("/ws/market/stream?streams=xusdt@aggTrade/xusdt@markPrice@1s");
    await feed.play(peer, jsonOf(MESSAGES.slice(HALF)));
    await expectTruth();
    expect(feed.stream.status()).toMatchObject({ state: "live", resyncs: 0, reconnects: 0 });
    expect(feed.alerts.size).toBe(0);
  });

  test("tells a touch with the venue's own time of it", async () => {
    setUp();
    const peer = await goLive();
    await feed.touches();
    const at = MESSAGES.findIndex(({ kind }, index) => index >= HALF && kind === "ticker");
    await feed.play(peer, jsonOf(MESSAGES.slice(HALF, at + 1)));
    const events = await Promise.all(
      Array.from({ length: feed.books.size }, () => feed.books.next()),
    );
    const sentMs = Math.floor(MESSAGES[at]?.receivedMs ?? 0);
    expect(events.at(-1)).toMatchObject({ venueTimeMs: sentMs, receivedTimeMs: BASE_MS });
  });

  test("an event that does not follow the one before empties the book at once", async () => {
    setUp();
    const peer = await goLive();
    const lost = MESSAGES.findIndex(({ kind }, index) => index >= HALF && kind === "depth");
    const next = MESSAGES.findIndex(({ kind }, index) => index > lost && kind === "depth");
    await feed.play(peer, jsonOf(MESSAGES.slice(HALF, lost)));
    await feed.play(peer, jsonOf(MESSAGES.slice(lost + 1, next)));
    await feed.touches();
    await feed.play(peer, jsonOf(MESSAGES.slice(next, next + 4)));
    expect(await feed.touches()).toEqual([UNKNOWN]);
    expect([feed.levels.bids.size, feed.levels.asks.size, feed.clears]).toEqual([0, 0, 1]);
    expect(await feed.alerts.next()).toMatchObject({ code: "book-gap", level: "warning" });
    await joinAt(next + 4);
    await feed.play(peer, jsonOf(MESSAGES.slice(next + 4)));
    await expectTruth();
    expect(feed.stream.status()).toMatchObject({ state: "live", resyncs: 1, reconnects: 0 });
  });

  test("a snapshot older than the stream is asked for again", async () => {
    setUp();
    const peer = await feed.public.next();
    const at = MESSAGES.findIndex(({ kind }, index) => index >= HALF && kind === "depth");
    await feed.play(peer, jsonOf(MESSAGES.slice(at, at + 20)));
    (await feed.requests.next())(null);
    expect((await feed.alerts.next()).code).toBe("depth-unavailable");
    (await feed.requests.next())(PERP.snapshotAt(idBefore(20)));
    const again = await feed.requests.next();
    expect(feed.books.size).toBe(0);
    again(PERP.snapshotAt(idBefore(at + 10)));
    await feed.books.next();
    await feed.play(peer, jsonOf(MESSAGES.slice(at + 20)));
    await expectTruth();
  });

  test("a message without sense empties the book; one of the other route does not", async () => {
    setUp();
    const peer = await goLive();
    const market = await feed.market.next();
    await feed.touches();
    await feed.play(market, ["what"]);
    expect((await feed.alerts.next()).code).toBe("bad-message");
    expect(await feed.touches()).toEqual([]);
    const other = { timeMs: BASE_MS, pu: 1, u: 2, bids: [], asks: [] };
    await feed.play(peer, [perpDepth("BTCUSDT", other)]);
    expect(await feed.touches()).toEqual([UNKNOWN]);
  });

  test("a lost connection empties the book, and leaves the other route alone", async () => {
    setUp();
    const first = await goLive();
    await feed.market.next();
    await feed.touches();
    first.terminate();
    expect(touchOf(await feed.books.next())).toEqual(UNKNOWN);
    const second = await feed.public.next();
    expect((await feed.alerts.next()).message).toContain("no public feed of XUSDT");
    await feed.play(second, jsonOf(MESSAGES.slice(HALF, HALF + 10)));
    await joinAt(HALF + 5);
    await feed.play(second, jsonOf(MESSAGES.slice(HALF + 10)));
    await expectTruth();
    expect(feed.stream.status()).toMatchObject({ resyncs: 1, reconnects: 1 });
    expect(feed.market.size).toBe(0);
  });

  test("a server that shuts down is left without a hole", async () => {
    setUp();
    const first = await goLive();
    await feed.touches();
    await feed.play(first, [{ stream: "!serverShutdown", data: { e: "serverShutdown", E: 1 } }]);
    const second = await feed.public.next();
    await feed.play(second, jsonOf(MESSAGES.slice(HALF, HALF + 30)));
    await feed.play(first, jsonOf(MESSAGES.slice(HALF, HALF + 30)));
    feed.timers.advance(2000);
    await feed.server.closed.next();
    await feed.play(second, jsonOf(MESSAGES.slice(HALF + 30)));
    expect((await feed.touches()).filter(([bid]) => bid === -1)).toEqual([]);
    expect([feed.clears, feed.requests.size]).toEqual([0, 0]);
    expect(feed.stream.status()).toMatchObject({ state: "live", resyncs: 0, reconnects: 1 });
  });
});

describe("the market route", () => {
  test("tells prints once, with the side that took and both times", async () => {
    setUp();
    const peer = await feed.market.next();
    const print = (id: number, sellerTook: boolean) =>
      perpAggTrade(symbol, { id, timeMs: BASE_MS - 7, level: ["2.5", "3.0001"], sellerTook });
    await feed.play(peer, [print(5, true), print(6, false), print(6, false), print(4, true)]);
    const common = { venueTimeMs: BASE_MS - 7, receivedTimeMs: BASE_MS, priceTicks: 25_000 };
    const size = { quantityLots: 30 }; // in lots of 0.1, the rest cut off
    expect(await feed.trades.next()).toMatchObject({ ...common, ...size, aggressor: "sell" });
    expect(await feed.trades.next()).toMatchObject({ ...common, ...size, aggressor: "buy" });
    expect(feed.trades.size).toBe(0);
  });

  test("tells the mark price and funding, each once, from two connections too", async () => {
    setUp();
    const peer = await feed.market.next();
    await feed.play(peer, [mark(BASE_MS - 40), mark(BASE_MS - 40), mark(BASE_MS - 1040)]);
    const { priceTicks, ...event } = await feed.marks.next();
    expect(priceTicks).toBeCloseTo(25_000.5, 6); // 2.50005 / 0.0001
    expect(event).toEqual({
      kind: "mark",
      venueTimeMs: BASE_MS - 40,
      receivedTimeMs: BASE_MS,
      fundingRate: -0.000125,
      nextFundingMs: BASE_MS - 40 + 3_600_000,
    });
    expect(feed.marks.size).toBe(0);
  });

  test("an old mark price is not told as one of now, by the venue's clock", async () => {
    setUp();
    feed.venueAheadMs = 700;
    const peer = await feed.market.next();
    await feed.play(peer, [mark(BASE_MS + 700 - 5001)]);
    expect(feed.marks.size).toBe(0);
    expect((await feed.alerts.next()).code).toBe("mark-stale");
    await feed.play(peer, [mark(BASE_MS + 700 - 5000), mark(BASE_MS, "0.00000000")]);
    expect(feed.marks.size).toBe(1);
  });
});

describe("silence", () => {
  test("the feed lives where mark prices come and the public server answers", async () => {
    setUp();
    const peer = await feed.public.next();
    const market = await feed.market.next();
    const second = async (at: number): Promise<void> => {
      await feed.play(peer, DEPTHS.slice(at, at + 1));
      await feed.play(market, [{ result: null, id: at }]);
      feed.timers.advance(1000);
    };
    await second(0);
    expect(feed.alive).toBe(0); // no mark price yet
    for (let at = 1; at <= 3; at += 1) {
      await feed.play(market, [mark(feed.nowMs)]);
      await second(at);
      expect(feed.alive).toBe(at);
    }
    for (let at = 4; at <= 6; at += 1) await second(at);
    expect(feed.alive).toBe(6);
    await second(7); // 5 s after the last mark price
    expect(feed.alive).toBe(6);
  });

  test("a public route that acknowledges and delivers nothing is left after 5 s", async () => {
    setUp();
    const peer = await feed.public.next();
    const market = await feed.market.next();
    for (let second = 1; second <= 5; second += 1) {
      await feed.play(peer, [{ result: null, id: second }]);
      await feed.play(market, [mark(feed.nowMs)]);
      expect(feed.alerts.size).toBe(0);
      feed.timers.advance(1000);
    }
    const next = await feed.public.next();
    expect(next).not.toBe(peer);
    expect(await feed.alerts.next()).toMatchObject({
      code: "feed-mute",
      level: "warning",
      message: "the public feed of XUSDT has told nothing for 5 s; connecting anew",
    });
    expect(feed.market.size).toBe(0);
  });

  test("tickers without depth are no sign that the public route works", async () => {
    setUp();
    const peer = await feed.public.next();
    const market = await feed.market.next();
    const tickers = jsonOf(MESSAGES.filter(({ kind }) => kind === "ticker"));
    for (let second = 1; second <= 5; second += 1) {
      await feed.play(peer, tickers.slice(second, second + 1));
      await feed.play(market, [mark(feed.nowMs)]);
      feed.timers.advance(1000);
    }
    await feed.public.next();
    expect((await feed.alerts.next()).message).toContain("the public feed");
  });

  test("a market route without mark prices is left too, whatever prints it tells", async () => {
    setUp();
    const peer = await feed.public.next();
    const market = await feed.market.next();
    for (let second = 1; second <= 5; second += 1) {
      const level = ["2.5", "3.0"] as const;
      const print = { id: second, timeMs: BASE_MS, level, sellerTook: true };
      await feed.play(market, [perpAggTrade(symbol, print)]);
      await feed.play(peer, DEPTHS.slice(second, second + 1));
      feed.timers.advance(1000);
    }
    await feed.market.next();
    expect((await feed.alerts.next()).message).toContain("the market feed of XUSDT has told");
    expect(feed.public.size).toBe(0);
  });

  test("once stopped it is closed, and nothing more is heard", async () => {
    setUp();
    await goLive();
    await feed.market.next();
    await feed.touches();
    feed.stream.stop();
    await feed.server.closed.next();
    await feed.server.closed.next();
    feed.timers.advance(60_000);
    expect(feed.stream.status()).toMatchObject({ state: "closed", resyncs: 0 });
    expect([feed.books.size, feed.alive, feed.clears, feed.alerts.size]).toEqual([0, 0, 0, 0]);
  });
});
