/** The three routes of streams and the WebSocket API: what each delivers, and how they end. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as v from "valibot";
import { HMAC_KEY, type Json, outcome, record, records } from "../binance-kit.ts";
import { BID, ETH_ASK, ETH_BID, MARKET_BUY, PerpBench, START_MS } from "./perp-bench.ts";

let bench: PerpBench;
beforeEach(async () => {
  bench = await PerpBench.start({ listenKeyValidMs: 60_000, connectionLifetimeMs: 300_000 });
});
afterEach(() => bench.stop());

const Level = v.tuple([v.string(), v.string()]);
const Diff = v.looseObject({
  U: v.number(),
  u: v.number(),
  pu: v.number(),
  b: v.array(Level),
  a: v.array(Level),
});
const Snapshot = v.looseObject({
  lastUpdateId: v.number(),
  bids: v.array(Level),
  asks: v.array(Level),
});

const snapshot = async () => {
  const path = "/fapi/v1/depth?symbol=ETHUSDT&limit=1000";
  return v.parse(Snapshot, (await bench.rest.send("GET", path)).json);
};

describe("market streams", () => {
  test("the touch, with both times", async () => {
    const client = await bench.stream("/public/ws/ethusdt@bookTicker");
    bench.eth.setTouch(ETH_BID + 10, ETH_ASK + 10);
    bench.settle();
    expect(await client.event("bookTicker")).toMatchObject({
      E: START_MS,
      T: START_MS,
      s: "ETHUSDT",
      ps: "ETHUSDT",
      b: "2000.09",
      B: "10.000",
      a: "2000.11",
      A: "10.000",
      st: 1,
    });
  });

  test.each([
    ["depth@100ms", 100],
    ["depth", 250],
    ["depth@500ms", 500],
  ])("%s comes each %d ms and chains to the snapshot", async (name, periodMs) => {
    const client = await bench.stream(`/public/stream?streams=ethusdt@${name}`);
    const move = (by: number): void => {
      bench.eth.setTouch(ETH_BID + by, ETH_ASK + by);
      bench.settle();
    };
    move(1);
    bench.timers.advance(500);
    const first = v.parse(Diff, await client.event("depthUpdate"));
    const book = await snapshot();
    expect(first.u).toBe(book.lastUpdateId);
    const bids = new Map(book.bids);
    move(2);
    move(3);
    bench.timers.advance(periodMs);
    const second = v.parse(Diff, await client.event("depthUpdate"));
    expect(second.pu).toBe(first.u);
    // Ids are of the whole engine: the first of a message is not the neighbour of the last before.
    expect(second.U).toBeGreaterThan(second.pu + 1);
    expect(second.u).toBeGreaterThan(second.U);
    for (const [price, size] of second.b) {
      if (Number(size) === 0) bids.delete(price);
      else bids.set(price, size);
    }
    const now = await snapshot();
    expect(now.lastUpdateId).toBe(second.u);
    expect(new Map(now.bids)).toEqual(bids);
    bench.timers.advance(5000);
    expect(client.inbox.size).toBe(0);
  });

  test("aggregated prints, and candles", async () => {
    const client = await bench.stream("/market/stream?streams=ethusdt@aggTrade/ethusdt@kline_1m");
    bench.eth.print("sell", ETH_BID, 5);
    bench.eth.print("sell", ETH_BID, 7);
    bench.settle();
    expect(await client.event("aggTrade")).toMatchObject({
      s: "ETHUSDT",
      p: "1999.99",
      q: "0.012",
      nq: "0.012",
      m: true,
      st: 1,
    });
    bench.timers.advance(250);
    expect(await client.event("kline")).toMatchObject({ s: "ETHUSDT", k: { i: "1m", x: false } });
  });

  test("the mark: each second or each three, on no grid, with the next funding", async () => {
    const fast = await bench.stream("/market/ws/ethusdt@markPrice@1s");
    const slow = await bench.stream("/market/ws/ethusdt@markPrice");
    bench.eth.setTouch(ETH_BID + 101, ETH_ASK + 102);
    bench.settle();
    bench.timers.advance(3000);
    const marks = [await fast.event("markPriceUpdate"), await fast.event("markPriceUpdate")];
    // Half of the way to 2001.015, then half of what is left.
    expect(marks).toMatchObject([
      { p: "2000.50750000", r: "0.00010000", T: Date.UTC(2026, 10, 26, 16), st: 1 },
      { p: "2000.76130000" },
    ]);
    await fast.event("markPriceUpdate");
    expect((await slow.arrived()).map(({ e }) => e)).toEqual(["markPriceUpdate"]);
    const { json } = await bench.rest.send("GET", "/fapi/v1/premiumIndex?symbol=ETHUSDT");
    expect(json).toMatchObject({ lastFundingRate: "0.00010000", nextFundingTime: marks[0]?.["T"] });
  });
});

describe("routes", () => {
  /** What comes of these streams on a route when everything moves. */
  async function delivered(path: string): Promise<string[]> {
    const client = await bench.stream(path);
    const names = ["ethusdt@bookTicker", "ethusdt@depth@100ms", "ethusdt@aggTrade"];
    // Wrong or right, it is acknowledged.
    const answer = await client.control("SUBSCRIBE", [...names, "ethusdt@markPrice@1s"], 7);
    expect(answer).toEqual({ result: null, id: 7 });
    bench.eth.setTouch(ETH_BID + 1, ETH_ASK + 1);
    bench.eth.print("buy", ETH_ASK, 1);
    bench.settle();
    bench.timers.advance(1000);
    const kinds = (await client.arrived()).map(({ e }) => String(e));
    return [...new Set(kinds)].sort();
  }

  test.each([
    ["/public/ws", ["bookTicker", "depthUpdate"]],
    ["/market/ws", ["aggTrade", "markPriceUpdate"]],
    ["/private/ws", []],
    ["/ws", ["bookTicker", "depthUpdate"]],
  ])("%s delivers %p of all that was subscribed to", async (path, kinds) => {
    expect(await delivered(path)).toEqual(kinds);
  });

  test("ids of control messages are whole numbers from 0 on", async () => {
    const client = await bench.stream("/public/ws");
    for (const id of ["1", -1, 1.5, null]) {
      expect(await client.control("LIST_SUBSCRIPTIONS", [], id)).toMatchObject({ code: 2 });
    }
    expect(await client.control("LIST_SUBSCRIPTIONS", [], 0)).toEqual({ result: [], id: 0 });
  });

  test("more than ten messages a second end it", async () => {
    const client = await bench.stream("/public/ws");
    for (let count = 0; count < 10; count += 1) await client.control("LIST_SUBSCRIPTIONS");
    client.socket.send(JSON.stringify({ method: "LIST_SUBSCRIPTIONS", id: 1 }));
    expect(await client.closed.next()).toBe(1008);
  });
});

describe("the user stream", () => {
  const keyCall = (verb: string) => bench.rest.send(verb, "/fapi/v1/listenKey", HMAC_KEY);

  test("by a key that needs no signature, and stays the same while it lives", async () => {
    const key = await bench.listenKey();
    bench.timers.advance(59_000);
    expect(await bench.listenKey()).toBe(key);
    bench.timers.advance(59_000);
    expect((await keyCall("PUT")).json).toEqual({ listenKey: key });
    bench.timers.advance(60_000);
    expect(outcome(await keyCall("PUT"))).toBe("400 -1125 This listenKey does not exist.");
    expect(await bench.listenKey()).not.toBe(key);
    expect((await bench.rest.send("POST", "/fapi/v1/listenKey")).code).toBe(-2014);
  });

  test("the end of a key is told, and is the last that comes", async () => {
    const key = await bench.listenKey();
    const client = await bench.stream(`/private/ws/${key}`);
    bench.timers.advance(60_000);
    expect(await client.event("listenKeyExpired")).toMatchObject({ listenKey: key });
    await bench.place(MARKET_BUY);
    expect(await client.arrived()).toEqual([]);
  });

  test("an unknown key, or one that was given back, is silent", async () => {
    const key = await bench.listenKey();
    const [known, unknown] = [
      await bench.stream(`/private/ws/${key}`),
      await bench.stream("/private/ws/none"),
    ];
    await bench.place(BID);
    await known.event("ORDER_TRADE_UPDATE");
    expect((await keyCall("DELETE")).json).toEqual({});
    await bench.place(BID);
    expect([await known.arrived(), await unknown.arrived()]).toEqual([[], []]);
  });

  test("some kinds of events only, combined or not", async () => {
    const key = await bench.listenKey();
    const query = `listenKey=${key}&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE`;
    const raw = await bench.stream(`/private/ws?${query}`);
    const combined = await bench.stream(`/private/stream?${query}`);
    const late = await bench.stream("/private/stream?streams=");
    expect(await late.control("SUBSCRIBE", [key])).toEqual({ result: null, id: 1 });
    await bench.place(MARKET_BUY);
    const kindsOf = (items: Json[]): string[] =>
      [...new Set(items.map(({ e }) => String(e)))].sort();
    expect(kindsOf(await raw.arrived())).toEqual(["ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]);
    const wrapped = await combined.arrived();
    expect(wrapped.every(({ stream }) => stream === key)).toBe(true);
    expect(kindsOf(wrapped.map(({ data }) => record(data)))).not.toContain("TRADE_LITE");
    const all = kindsOf((await late.arrived()).map(({ data }) => record(data)));
    expect(all).toEqual(["ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE", "TRADE_LITE"]);
  });

  test("a hint comes before the update that repeats it", async () => {
    const client = await bench.userStream();
    await bench.place(MARKET_BUY);
    const order = (await client.arrived()).map(({ e }) => e).filter((e) => e !== "ACCOUNT_UPDATE");
    expect(order).toEqual(["ORDER_TRADE_UPDATE", "TRADE_LITE", "ORDER_TRADE_UPDATE"]);
  });
});

describe("the WebSocket API", () => {
  test("a session logs on, trades without signatures, and logs out", async () => {
    const ws = await bench.wsApi();
    expect((await ws.logOn()).status).toBe(200);
    const placed = await ws.timed("order.place", { ...BID, newClientOrderId: "w-1" });
    expect(placed.result).toMatchObject({ clientOrderId: "w-1", status: "NEW" });
    expect(placed.result).not.toContainAnyKeys(["avgPrice", "cumQuote"]);
    expect(placed.rateLimits).toMatchObject([
      { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: 300, count: 1 },
      { rateLimitType: "ORDERS", interval: "MINUTE", intervalNum: 1, limit: 1200, count: 1 },
      { rateLimitType: "REQUEST_WEIGHT", limit: 2400 },
    ]);
    const ids = { symbol: "ETHUSDT", origClientOrderId: "w-1" };
    expect((await ws.timed("order.status", ids)).result).toMatchObject({ avgPrice: "0" });
    const change = { ...ids, side: "BUY", price: "1991", quantity: "1" };
    expect((await ws.timed("order.modify", change)).result).toMatchObject({ price: "1991.00" });
    expect((await ws.timed("order.cancel", ids)).result).toMatchObject({ status: "CANCELED" });
    await ws.call("session.logout");
    expect(outcome(await ws.timed("order.status", ids))).toContain("-1102");
  });

  test("account and market, and neither batches nor all at once", async () => {
    const ws = await bench.wsApi();
    await bench.place(MARKET_BUY);
    const positions = await ws.signed("v2/account.position");
    expect(positions.result).toMatchObject([{ symbol: "ETHUSDT", positionAmt: "1.000" }]);
    expect(records((await ws.signed("account.position")).result)).toHaveLength(2);
    expect((await ws.signed("v2/account.balance")).result).toMatchObject([{ asset: "USDT" }]);
    const status = await ws.signed("v2/account.status");
    expect(status.result).toMatchObject({ totalWalletBalance: "9998.99999500" });
    expect((await ws.signed("account.status")).result).toMatchObject({ canTrade: true });
    const symbol = "ETHUSDT";
    expect((await ws.call("depth", { symbol, limit: 5 })).result).toMatchObject({
      bids: expect.arrayContaining([["1999.99", "10.000"]]),
    });
    expect((await ws.call("ticker.book", { symbol })).result).toMatchObject({
      bidPrice: "1999.99",
    });
    expect((await ws.call("ticker.price", { symbol })).result).toMatchObject({ symbol });
    for (const method of [
      "openOrders.cancelAll",
      "batchOrders.place",
      "userDataStream.subscribe",
    ]) {
      expect(outcome(await ws.signed(method, { symbol }))).toContain("-1020");
    }
    const key = await bench.listenKey();
    const started = await ws.call("userDataStream.start", { apiKey: HMAC_KEY });
    expect(started.result).toEqual({ listenKey: key });
  });
});

describe("connections end", () => {
  test("after a notice, on every kind of socket", async () => {
    const streams = await bench.stream("/public/stream?streams=ethusdt@bookTicker");
    const ws = await bench.wsApi();
    bench.mock.switches.shutDown(1000);
    expect(await streams.inbox.next()).toEqual({
      stream: "!serverShutdown",
      data: { e: "serverShutdown", E: START_MS },
    });
    await ws.event("serverShutdown");
    bench.timers.advance(1000);
    await Promise.all([streams.closed.next(), ws.closed.next()]);
  });

  test("at the end of their lifetime, and pings come all along", async () => {
    const client = await bench.stream("/market/ws");
    let pings = 0;
    client.socket.addEventListener("ping", () => {
      pings += 1;
    });
    bench.timers.advance(3 * 60_000);
    await client.control("LIST_SUBSCRIPTIONS");
    expect(pings).toBe(1);
    bench.timers.advance(120_000);
    await client.closed.next();
  });
});
