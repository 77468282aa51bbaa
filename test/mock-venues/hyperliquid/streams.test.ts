/** Streams of the mock Hyperliquid: what comes, and how often; the clock is turned by hand. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  AGENT_ADDRESS,
  buyEth,
  MASTER,
  orderOf,
  orders,
  record,
  records,
  START_MS,
  WireBench,
  type WireClient,
} from "./wire-kit.ts";

let bench: WireBench;
let client: WireClient;
beforeEach(async () => {
  bench = await WireBench.start();
  client = await bench.connect();
});
afterEach(() => bench.stop());

/** How many frames of each channel come within so long, after the first ones. */
async function cadence(subscription: unknown, ms: number): Promise<number> {
  await client.follow(subscription);
  for (let passed = 0; passed < ms; passed += 10) bench.timers.advance(10);
  return (await client.arrived()).length;
}

describe("books", () => {
  test("come whole: twenty levels every 5.4 s, changed or not", async () => {
    client.subscribe({ type: "l2Book", coin: "ETH" });
    const first = record(await client.next("l2Book"));
    expect(first).toMatchObject({ coin: "ETH", time: START_MS });
    expect(first).not.toHaveProperty("fast");
    const [bids = [], asks = []] = levelsOf(first);
    expect([bids.length, asks.length]).toEqual([20, 20]);
    expect(bids.slice(0, 2)).toEqual([
      { px: "1999.9", sz: "1.0", n: expect.any(Number) },
      { px: "1999.8", sz: "1.0", n: expect.any(Number) },
    ]);
    expect(asks[0]).toMatchObject({ px: "2000.1" });
    bench.timers.advance(5399);
    expect(await client.arrived()).toEqual([]);
    bench.timers.advance(1);
    expect(await client.next("l2Book")).toMatchObject({ time: START_MS + 5400 });
    expect(await cadence({ type: "l2Book", coin: "BTC" }, 54_000)).toBe(20);
  });

  test("are fast where asked for: five levels every 0.54 s, told apart by a mark", async () => {
    client.subscribe({ type: "l2Book", coin: "ETH", fast: true });
    const first = record(await client.next("l2Book"));
    expect(first["fast"]).toBe(true);
    expect(levelsOf(first).map((side) => side.length)).toEqual([5, 5]);
    expect(await cadence({ type: "bbo", coin: "BTC" }, 5400)).toBe(10);
  });

  test("of all coins and sockets come at one time, and our orders are in them", async () => {
    const other = await bench.connect();
    await client.follow({ type: "l2Book", coin: "ETH", fast: true });
    await other.follow({ type: "l2Book", coin: "BTC", fast: true });
    await bench.act(client, buyEth("2000", "0.5"));
    bench.timers.advance(540 - 150);
    const eth = record(await client.next("l2Book"));
    const btc = record(await other.next("l2Book"));
    expect(eth["time"]).toBe(START_MS + 540);
    expect(btc["time"]).toBe(START_MS + 540);
    expect(levelsOf(eth)[0]?.[0]).toMatchObject({ px: "2000.0", sz: "0.5" });
  });

  test("are grouped where asked for, with a spread", async () => {
    client.subscribe({ type: "l2Book", coin: "ETH", nSigFigs: 3 });
    const book = record(await client.next("l2Book"));
    expect(levelsOf(book).map((side) => side[0]?.["px"])).toEqual(["1990.0", "2010.0"]);
    expect(book["spread"]).toBe("20.0");
  });
});

describe("the touch", () => {
  test("comes when it changed, once a block", async () => {
    client.subscribe({ type: "bbo", coin: "ETH" });
    expect(await client.next("bbo")).toEqual({
      coin: "ETH",
      time: START_MS,
      bbo: [
        { px: "1999.9", sz: "1.0", n: expect.any(Number) },
        { px: "2000.1", sz: "1.0", n: expect.any(Number) },
      ],
    });
    bench.timers.advance(10_000);
    expect(await client.arrived()).toEqual([]);
    await bench.act(client, buyEth("1999", "0.5"));
    expect((await client.arrived()).map(({ channel }) => channel)).toEqual([]);
    await bench.act(client, buyEth("2000", "0.5"));
    const [frame, ...others] = await client.arrived();
    expect(others).toEqual([]);
    expect(frame?.data).toMatchObject({ bbo: [{ px: "2000.0", sz: "0.5" }, { px: "2000.1" }] });
  });

  test("is null on a side without orders", async () => {
    await client.follow({ type: "bbo", coin: "ETH" });
    const { exchange } = bench.mock.market("ETH");
    const coin = bench.mock.market("ETH");
    for (let level = 1; level <= 30; level += 1) {
      exchange.onLevel(false, 200_000 + 10 * level, 0, START_MS);
      coin.levelSet(false, 200_000 + 10 * level);
    }
    coin.settled(START_MS);
    bench.timers.advance(70);
    expect(await client.next("bbo")).toMatchObject({ bbo: [{ px: "1999.9" }, null] });
  });
});

describe("prints", () => {
  function print(count: number): void {
    const coin = bench.mock.market("ETH");
    for (let index = 0; index < count; index += 1) {
      coin.printed(true, 200_010 + index, 100, START_MS + index);
    }
    coin.settled(START_MS);
  }

  test("begin with the last thirty, without a mark; then come by block", async () => {
    print(40);
    client.subscribe({ type: "trades", coin: "ETH" });
    const first = records(await client.next("trades"));
    expect(first).toHaveLength(30);
    expect(first.at(-1)).toEqual({
      coin: "ETH",
      side: "B",
      px: "2000.49",
      sz: "0.01",
      time: START_MS + 39,
      hash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
      tid: expect.any(Number),
      users: [expect.stringMatching(/^0x[0-9a-f]{40}$/), expect.stringMatching(/^0x/)],
    });
    print(1);
    print(2);
    expect(await client.arrived()).toEqual([]);
    bench.timers.advance(70);
    const [frame, ...others] = await client.arrived();
    expect(records(frame?.data)).toHaveLength(3);
    expect(others).toEqual([]);
  });

  test("do not begin at all where there were none", async () => {
    client.subscribe({ type: "trades", coin: "ETH" });
    await client.ping();
    expect(client.order).toEqual(["subscriptionResponse"]);
  });
});

describe("prices", () => {
  test("of a coin come every second", async () => {
    client.subscribe({ type: "activeAssetCtx", coin: "ETH" });
    expect(await client.next("activeAssetCtx")).toMatchObject({
      coin: "ETH",
      ctx: { oraclePx: "2000.0", markPx: expect.any(String), midPx: "2000.0" },
    });
    expect(await cadence({ type: "bbo", coin: "ETH" }, 10_000)).toBe(10);
    bench.mock.market("ETH").pin(201_000, 199_000);
    bench.timers.advance(1000);
    expect(await client.next("activeAssetCtx")).toMatchObject({
      ctx: { oraclePx: "1990.0", markPx: "2010.0" },
    });
  });

  test("of the middle of all come every five", async () => {
    client.subscribe({ type: "allMids" });
    expect(await client.next("allMids")).toEqual({ mids: { BTC: "64000.0", ETH: "2000.0" } });
    expect(await cadence({ type: "bbo", coin: "ETH" }, 20_000)).toBe(4);
  });

  test("as candles come while they change", async () => {
    client.subscribe({ type: "candle", coin: "ETH", interval: "1m" });
    const first = record(await client.next("candle"));
    expect(first).toMatchObject({ s: "ETH", i: "1m", t: expect.any(Number) });
    await client.ping();
    client.inbox.clear();
    bench.mock.market("ETH").printed(true, 200_010, 100, bench.mock.venue.nowMs());
    bench.mock.market("ETH").settled(bench.mock.venue.nowMs());
    bench.timers.advance(1000);
    expect(await client.next("candle")).toMatchObject({ c: "2000.1", n: expect.any(Number) });
    bench.timers.advance(5000);
    expect(await client.arrived()).toEqual([]);
  });
});

describe("of a user", () => {
  const taking = orders(orderOf({ price: "2000.1", size: "0.5", tif: "Ioc" }));

  test("fills begin with a snapshot that says so, then come as they happen", async () => {
    await bench.act(client, taking);
    client.subscribe({ type: "userFills", user: MASTER });
    const snapshot = record(await client.next("userFills"));
    expect(snapshot).toMatchObject({ user: MASTER, isSnapshot: true });
    const [fill] = records(snapshot["fills"]);
    expect(fill).toMatchObject({
      coin: "ETH",
      px: "2000.1",
      sz: "0.5",
      side: "B",
      startPosition: "0.0",
      crossed: true,
      feeToken: "USDC",
    });
    await bench.act(
      client,
      orders(orderOf({ price: "1999.9", size: "0.25", tif: "Ioc", isBuy: false })),
    );
    const news = record(await client.next("userFills"));
    expect(news).not.toHaveProperty("isSnapshot");
    expect(news["fills"]).toMatchObject([{ px: "1999.9", sz: "0.25", startPosition: "0.5" }]);
  });

  test("orders come as they change, without a user; userEvents on their own channel", async () => {
    await client.follow(
      { type: "orderUpdates", user: MASTER },
      { type: "userEvents", user: MASTER },
    );
    await bench.act(client, buyEth("1999", "0.02", `0x${"ab".repeat(16)}`));
    expect(await client.next("orderUpdates")).toEqual([
      {
        order: {
          coin: "ETH",
          side: "B",
          limitPx: "1999.0",
          sz: "0.02",
          oid: expect.any(Number),
          timestamp: expect.any(Number),
          origSz: "0.02",
          cloid: `0x${"ab".repeat(16)}`,
        },
        status: "open",
        statusTimestamp: expect.any(Number),
      },
    ]);
    await bench.act(client, taking);
    expect(await client.next("user")).toMatchObject({ fills: [{ px: "2000.1" }] });
  });

  test("funding begins with a snapshot and comes by the hour", async () => {
    await bench.act(client, taking);
    client.subscribe({ type: "userFundings", user: MASTER });
    expect(await client.next("userFundings")).toEqual({
      user: MASTER,
      fundings: [],
      isSnapshot: true,
    });
    await bench.admin("POST", "/mock/funding");
    const paid = record(await client.next("userFundings"));
    expect(paid["fundings"]).toMatchObject([{ coin: "ETH", szi: "0.5", usdc: "-0.0125" }]);
    const again = await bench.connect();
    again.subscribe({ type: "userFundings", user: MASTER });
    const snapshot = record(await again.next("userFundings"));
    expect(snapshot["isSnapshot"]).toBe(true);
    expect(snapshot["fundings"]).toEqual(paid["fundings"]);
  });

  test("states come whole, and again when they change", async () => {
    client.subscribe({ type: "openOrders", user: MASTER });
    expect(await client.next("openOrders")).toEqual({ dex: "", user: MASTER, orders: [] });
    client.subscribe({ type: "clearinghouseState", user: MASTER });
    expect(await client.next("clearinghouseState")).toMatchObject({
      clearinghouseState: { marginSummary: { accountValue: "100000.0" }, assetPositions: [] },
    });
    client.subscribe({ type: "activeAssetData", user: MASTER, coin: "ETH" });
    expect(await client.next("activeAssetData")).toMatchObject({ user: MASTER, coin: "ETH" });
    await bench.act(client, buyEth("1999", "0.02"));
    bench.timers.advance(100);
    expect(await client.next("openOrders")).toMatchObject({ orders: [{ limitPx: "1999.0" }] });
    await client.arrived();
    await bench.act(client, taking);
    bench.timers.advance(100);
    expect(await client.next("clearinghouseState")).toMatchObject({
      clearinghouseState: { assetPositions: [{ position: { coin: "ETH", szi: "0.5" } }] },
    });
  });

  test.each([
    ["an agent", AGENT_ADDRESS],
    ["anybody else", `0x${"7".repeat(40)}`],
  ])("who does not trade is empty and stays silent: %s", async (_who, user) => {
    client.subscribe({ type: "userFills", user });
    expect(await client.next("userFills")).toEqual({ user, fills: [], isSnapshot: true });
    await client.follow({ type: "orderUpdates", user }, { type: "userEvents", user });
    await bench.act(client, taking);
    expect(await client.arrived()).toEqual([]);
  });
});

function levelsOf(book: unknown): Record<string, unknown>[][] {
  const { levels } = record(book);
  if (!Array.isArray(levels)) throw new Error("a book without levels");
  return levels.map((side: unknown) => records(side));
}
