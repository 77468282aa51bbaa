import { afterEach, describe, expect, test } from "bun:test";
import {
  BASE_MS,
  depthMessage,
  type NaiveBook,
  type RecordedMessage,
  SyntheticRecording,
  sorted,
  tradeMessage,
} from "../../data/spot-recording.ts";
import type { Peer } from "../../net/wire-server.ts";
import { FeedUnderTest, touchOf } from "./feed-under-test.ts";

/** What the venue sends, prints apart: those here are fences and the ones that tests are about. */
const RECORDING = new SyntheticRecording(11, 6000);
const MESSAGES = RECORDING.messages.filter(({ kind }) => kind !== "trade");
const HALF = Math.floor(MESSAGES.length / 2);
const { symbol } = RECORDING.instrument;
const UNKNOWN = [-1, 0, -1, 0];

let feed: FeedUnderTest;

function setUp(): FeedUnderTest {
  feed = new FeedUnderTest(RECORDING.instrument);
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

/** The update that the message before `index` shows, so the venue's own at that time. */
function idBefore(index: number): number {
  return MESSAGES[index - 1]?.lastId ?? 0;
}

/** Connects, plays some, and joins a snapshot; messages up to HALF have been played then. */
async function goLive(): Promise<Peer> {
  const peer = await feed.server.opened.next();
  await feed.play(peer, jsonOf(MESSAGES.slice(0, 20)));
  expect(feed.books.size).toBe(0);
  expect(feed.stream.status().state).toBe("syncing");
  await joinAt(20);
  await feed.play(peer, jsonOf(MESSAGES.slice(20, HALF)));
  return peer;
}

async function joinAt(index: number): Promise<void> {
  (await feed.requests.next()).answer(RECORDING.snapshotAt(idBefore(index)));
  await feed.books.next();
  expect(feed.stream.status().state).toBe("live");
}

/** After all messages: the levels told, and the last touch shown, are the venue's. */
async function expectTruth(): Promise<void> {
  const truth = RECORDING.bookAt(RECORDING.lastId);
  expect(sorted(feed.levels.bids)).toEqual(sorted(truth.bids));
  expect(sorted(feed.levels.asks)).toEqual(sorted(truth.asks));
  expect((await feed.touches()).at(-1)).toEqual(touch(truth));
}

describe("market stream", () => {
  test("subscribes by its address, and shows the venue's touch and every level", async () => {
    setUp();
    expect(feed.stream.status().state).toBe("connecting");
    const peer = await goLive();
    const streams = ["bookTicker", "depth@100ms", "trade"].map((kind) => `xusdt@${kind}`);
    expect(feed.server.lastPath).toBe(`/ws/stream?streams=${streams.join("/")}`);
    await feed.touches();
    for (const message of MESSAGES.slice(HALF)) {
      await feed.play(peer, [message.json]);
      if (message.kind !== "ticker") continue;
      // Each ticker is shown, and nothing knows more than it does.
      const [shown, ...more] = await feed.touches();
      expect([shown, more]).toEqual([touch(RECORDING.bookAt(message.lastId)), []]);
    }
    const last = MESSAGES.findLast(({ kind }) => kind === "ticker");
    await feed.play(peer, jsonOf(last === undefined ? [] : [last]));
    await expectTruth();
    expect(feed.stream.status()).toMatchObject({ state: "live", resyncs: 0, reconnects: 0 });
    expect(feed.alerts.size).toBe(0);
  });

  test("tells prints once, with the side that took and both times", async () => {
    setUp();
    const peer = await feed.server.opened.next();
    const print = (id: number, sellerTook: boolean) =>
      tradeMessage(symbol, { id, timeMs: BASE_MS - 7, level: ["2.5", "3.0001"], sellerTook });
    for (const json of [print(5, true), print(6, false), print(6, false), print(4, true)]) {
      peer.send(JSON.stringify(json));
    }
    const common = { venueTimeMs: BASE_MS - 7, receivedTimeMs: BASE_MS, priceTicks: 25_000 };
    const size = { quantityLots: 30 }; // in lots of 0.1, the rest cut off
    expect(await feed.trades.next()).toMatchObject({ ...common, ...size, aggressor: "sell" });
    expect(await feed.trades.next()).toMatchObject({ ...common, ...size, aggressor: "buy" });
    await feed.fence(peer);
    expect(feed.trades.size).toBe(0);
  });

  test("a gap empties the book at once, and a new snapshot makes it whole", async () => {
    setUp();
    const peer = await goLive();
    const lost = MESSAGES.findIndex(({ kind }, index) => index >= HALF && kind === "depth");
    const next = MESSAGES.findIndex(({ kind }, index) => index > lost && kind === "depth");
    await feed.play(peer, jsonOf(MESSAGES.slice(HALF, lost)));
    await feed.play(peer, jsonOf(MESSAGES.slice(lost + 1, next)));
    await feed.touches();
    await feed.play(peer, jsonOf(MESSAGES.slice(next, next + 4)));
    expect(await feed.touches()).toEqual([UNKNOWN]);
    expect(feed.levels.bids.size + feed.levels.asks.size).toBe(0);
    expect(await feed.alerts.next()).toMatchObject({ code: "book-gap", level: "warning" });
    expect(feed.stream.status()).toMatchObject({ state: "syncing", resyncs: 1 });
    await joinAt(next + 4);
    await feed.play(peer, jsonOf(MESSAGES.slice(next + 4)));
    await expectTruth();
    expect(feed.stream.status()).toMatchObject({ state: "live", resyncs: 1, reconnects: 0 });
  });

  test.each([
    ["no JSON", "what"],
    ["another symbol", depthMessage("BTCUSDT", BASE_MS, [1, 1], { bids: [], asks: [] })],
    ["a depth without ids", { stream: `${symbol}@depth@100ms`, data: { e: "depthUpdate" } }],
  ])("a message that cannot be used empties it as well: %s", async (_name, message) => {
    setUp();
    const peer = await goLive();
    await feed.touches();
    await feed.play(peer, [message]);
    expect(await feed.touches()).toEqual([UNKNOWN]);
    expect((await feed.alerts.next()).code).toBe("bad-message");
    await joinAt(HALF);
    await feed.play(peer, jsonOf(MESSAGES.slice(HALF)));
    await expectTruth();
  });

  test("a book that is crossed is wrong, and is made anew", async () => {
    setUp();
    const peer = await goLive();
    await feed.touches();
    const id =
      MESSAGES.findLast(({ kind }, index) => index < HALF && kind === "depth")?.lastId ?? 0;
    const bids = [["999.9", "1.0000"] as const];
    await feed.play(peer, [depthMessage(symbol, BASE_MS, [id + 1, id + 99], { bids, asks: [] })]);
    expect(await feed.touches()).toEqual([UNKNOWN]);
    expect((await feed.alerts.next()).code).toBe("book-crossed");
  });

  test("a lost connection empties the book; the next one fetches its own snapshot", async () => {
    setUp();
    const first = await goLive();
    await feed.touches();
    first.terminate();
    expect(touchOf(await feed.books.next())).toEqual(UNKNOWN);
    const second = await feed.server.opened.next();
    const stale = await feed.requests.next();
    // Lost again while the snapshot is on its way: that one is dropped when it comes.
    second.terminate();
    const third = await feed.server.opened.next();
    // A server that counts anew: its prints are news, whatever their ids.
    const print = { id: 5, timeMs: BASE_MS, level: ["2.5", "3.0"] as const, sellerTook: true };
    await feed.play(third, [tradeMessage(symbol, print)]);
    expect(feed.trades.size).toBe(1);
    await feed.play(third, jsonOf(MESSAGES.slice(HALF, HALF + 10)));
    stale.answer(RECORDING.snapshotAt(idBefore(HALF)));
    await joinAt(HALF + 5);
    await feed.play(third, jsonOf(MESSAGES.slice(HALF + 10)));
    await expectTruth();
    expect(feed.stream.status()).toMatchObject({ state: "live", resyncs: 1, reconnects: 2 });
    expect((await feed.alerts.next()).code).toBe("feed-down");
  });

  test("a server that shuts down is left without a hole; overlap does no harm", async () => {
    setUp();
    const first = await goLive();
    await feed.touches();
    first.send(JSON.stringify({ stream: "!serverShutdown", data: { e: "serverShutdown", E: 1 } }));
    const second = await feed.server.opened.next();
    await feed.fence(second);
    // Both tell the same, the old one late.
    const shared = jsonOf(MESSAGES.slice(HALF, HALF + 30));
    await feed.play(second, shared);
    await feed.play(first, shared);
    // Announced by one that is left already: nothing to do.
    await feed.play(first, [{ e: "serverShutdown", E: 1 }]);
    feed.timers.advance(2000);
    await feed.server.closed.next();
    await feed.play(second, jsonOf(MESSAGES.slice(HALF + 30)));
    expect((await feed.touches()).filter(([bid]) => bid === -1)).toEqual([]);
    expect(feed.server.dialled).toBe(2);
    expect([feed.clears.size, feed.requests.size]).toEqual([0, 0]);
    expect(feed.stream.status()).toMatchObject({ state: "live", resyncs: 0, reconnects: 1 });
  });

  test("a snapshot that fails, or is older than the stream, is asked for again", async () => {
    setUp();
    const peer = await feed.server.opened.next();
    const at = MESSAGES.findIndex(({ kind }, index) => index >= HALF && kind === "depth");
    await feed.play(peer, jsonOf(MESSAGES.slice(at, at + 20)));
    (await feed.requests.next()).answer(null);
    expect((await feed.alerts.next()).message).toContain("the venue gave none");
    (await feed.requests.next()).fail(new Error("no way"));
    (await feed.requests.next()).answer(RECORDING.snapshotAt(idBefore(20)));
    const request = await feed.requests.next();
    expect(feed.books.size).toBe(0);
    expect(feed.stream.status().state).toBe("syncing");
    request.answer(RECORDING.snapshotAt(idBefore(at + 10)));
    await feed.books.next();
    await feed.play(peer, jsonOf(MESSAGES.slice(at + 20)));
    await expectTruth();
  });

  test("depth that changes no touch confirms it once a second", async () => {
    setUp();
    const peer = await goLive();
    await feed.play(peer, jsonOf(MESSAGES.slice(HALF)));
    let id = RECORDING.lastId;
    const deep = () => {
      id += 1;
      const bids = [["0.1", `${id}.0000`] as const];
      return depthMessage(symbol, BASE_MS - 3, [id, id], { bids, asks: [] });
    };
    const [shown] = (await feed.touches()).slice(-1);
    await feed.play(peer, [deep(), deep()]);
    expect(await feed.touches()).toEqual([]);
    expect(feed.levelMs).toBe(BASE_MS - 3);
    feed.timers.advance(1000);
    await feed.play(peer, [deep(), deep()]);
    const event = await feed.books.next();
    expect(touchOf(event)).toEqual(shown ?? []);
    expect(event).toMatchObject({ venueTimeMs: BASE_MS - 3, receivedTimeMs: BASE_MS + 1000 });
    expect(feed.books.size).toBe(0);
  });

  test("says each second that it lives, and takes one that is mute for a wrong one", async () => {
    setUp();
    const peer = await feed.server.opened.next();
    await feed.fence(peer);
    for (let second = 1; second <= 9; second += 1) {
      feed.timers.advance(1000);
      await feed.play(peer, [{ result: null, id: second }]);
      expect(feed.alive).toBe(second);
    }
    expect(feed.server.dialled).toBe(1);
    feed.timers.advance(1000);
    const next = await feed.server.opened.next();
    expect(await feed.alerts.next()).toMatchObject({ code: "feed-mute", level: "warning" });
    await feed.fence(next);
    // The second time it takes twice as long.
    for (let second = 1; second <= 19; second += 1) {
      feed.timers.advance(1000);
      await feed.fence(next);
    }
    expect(feed.server.dialled).toBe(2);
    feed.timers.advance(1000);
    await feed.server.opened.next();
    expect(feed.stream.status().reconnects).toBeGreaterThanOrEqual(1);
  });

  test("does not live while the peer is silent, and does on the next connection", async () => {
    setUp();
    const peer = await feed.server.opened.next();
    await feed.fence(peer);
    // In one go, so that no answer to a ping is read in between: cut after 5 s.
    feed.timers.advance(30_000);
    expect(feed.alive).toBeLessThanOrEqual(5);
    expect((await feed.alerts.next()).message).toContain("nothing heard for 5000 ms");
    const next = await feed.server.opened.next();
    await feed.fence(next);
    const before = feed.alive;
    feed.timers.advance(1000);
    expect(feed.alive).toBe(before + 1);
  });

  test("once stopped it is closed, and nothing more is heard", async () => {
    setUp();
    await goLive();
    await feed.touches();
    feed.stream.stop();
    await feed.server.closed.next();
    feed.timers.advance(60_000);
    expect(feed.stream.status()).toMatchObject({ state: "closed", resyncs: 0 });
    expect([feed.books.size, feed.alive, feed.clears.size, feed.alerts.size]).toEqual([0, 0, 0, 0]);
  });
});
