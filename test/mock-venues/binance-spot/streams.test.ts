/** Sockets of the mock venue: user stream, market streams, and how connections end. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type Json, outcome, record, records, START_MS, WsClient } from "../binance-kit.ts";
import { VenueBench } from "./venue-kit.ts";

let bench: VenueBench;
beforeEach(async () => {
  bench = await VenueBench.start();
});
afterEach(() => bench.stop());

const BUY = { symbol: "ETHUSDT", side: "BUY", type: "LIMIT_MAKER", price: "1999.99" };

/** Logged on and subscribed. */
async function subscriber(): Promise<WsClient> {
  const client = await bench.wsApi();
  await client.logOn();
  const answer = await client.call("userDataStream.subscribe");
  expect(answer.result).toEqual({ subscriptionId: 0 });
  client.order.length = 0;
  return client;
}

function place(client: WsClient, id: string, changes: Record<string, string> = {}) {
  const order = { ...BUY, quantity: "0.01", newClientOrderId: id, ...changes };
  return client.timed("order.place", order);
}

async function balances(): Promise<Record<string, unknown>> {
  const account = record((await bench.rest("GET", "/api/v3/account")).json);
  return Object.fromEntries(
    records(account["balances"]).map(({ asset, free, locked }) => [
      asset,
      `${String(free)} ${String(locked)}`,
    ]),
  );
}

describe("user stream", () => {
  test("an order's whole life, every documented key, and balances after each change", async () => {
    const client = await subscriber();
    const { orderId } = record((await place(client, "u-1")).result);
    const placed = await client.event("executionReport");
    expect(placed).toEqual({
      e: "executionReport",
      E: START_MS,
      s: "ETHUSDT",
      c: "u-1",
      S: "BUY",
      o: "LIMIT_MAKER",
      f: "GTC",
      q: "0.01000000",
      p: "1999.99000000",
      P: "0.00000000",
      F: "0.00000000",
      g: -1,
      C: "",
      x: "NEW",
      X: "NEW",
      r: "NONE",
      i: orderId,
      l: "0.00000000",
      z: "0.00000000",
      L: "0.00000000",
      n: "0",
      N: null,
      T: START_MS,
      t: -1,
      I: expect.any(Number),
      w: true,
      m: false,
      M: false,
      O: START_MS,
      Z: "0.00000000",
      Y: "0.00000000",
      Q: "0.00000000",
      W: START_MS,
      V: "EXPIRE_MAKER",
    });
    // 0.01 ETH at 1999.99 is 19.9999 USDT.
    expect(await client.event("outboundAccountPosition")).toEqual({
      e: "outboundAccountPosition",
      E: START_MS,
      u: START_MS,
      B: [{ a: "USDT", f: "9980.00010000", l: "19.99990000" }],
    });

    bench.printAt("ETHUSDT", false, 199_999, 100_040);
    expect(await client.event("executionReport")).toMatchObject({
      x: "TRADE",
      X: "PARTIALLY_FILLED",
      l: "0.00400000",
      z: "0.00400000",
      L: "1999.99000000",
      n: "0.00000400",
      N: "ETH",
      t: 1,
      w: true,
      m: true,
      Y: "7.99996000",
      Z: "7.99996000",
    });
    expect(await client.event("outboundAccountPosition")).toMatchObject({
      B: [
        { a: "USDT", f: "9980.00010000", l: "11.99994000" },
        { a: "ETH", f: "5.00399600", l: "0.00000000" },
      ],
    });

    await client.timed("order.amend.keepPriority", {
      symbol: "ETHUSDT",
      origClientOrderId: "u-1",
      newQty: "0.008",
      newClientOrderId: "u-1b",
    });
    const amended = { x: "REPLACED", X: "PARTIALLY_FILLED", c: "u-1b", C: "u-1", q: "0.00800000" };
    expect(await client.event("executionReport")).toMatchObject({ ...amended, i: orderId });

    const cancel = { symbol: "ETHUSDT", orderId: Number(orderId), newClientOrderId: "bye" };
    await client.timed("order.cancel", cancel);
    expect(await client.event("executionReport")).toMatchObject({
      x: "CANCELED",
      X: "CANCELED",
      c: "bye",
      C: "u-1b",
      w: false,
    });
    expect(await client.event("outboundAccountPosition")).toMatchObject({
      B: [{ a: "USDT", f: "9992.00004000", l: "0.00000000" }],
    });
  });

  test("self-trade prevention and expiry are told as the venue tells them", async () => {
    const client = await subscriber();
    await place(client, "maker", { price: "1999.99" });
    await client.event("executionReport");
    const sale = { type: "LIMIT", side: "SELL", timeInForce: "IOC", price: "1999.99" };
    const taker = record((await place(client, "taker", sale)).result);
    const reports = [
      await client.event("executionReport"),
      await client.event("executionReport"),
      await client.event("executionReport"),
    ];
    expect(reports.map(({ c, x, X }) => `${String(c)} ${String(x)} ${String(X)}`)).toEqual([
      "taker NEW NEW",
      "maker TRADE_PREVENTION EXPIRED_IN_MATCH",
      "taker TRADE FILLED",
    ]);
    expect(reports[1]).toMatchObject({ A: "0.01000000", B: "0.01000000", U: taker["orderId"] });
    const nothing = { ...sale, price: "2100.00" };
    await place(client, "ioc", nothing);
    await client.event("executionReport");
    expect(await client.event("executionReport")).toMatchObject({
      x: "EXPIRED",
      X: "EXPIRED",
      eR: "UNFILLED_IOC_QUANTITY_EXPIRED",
    });
  });

  test("answer first by default, events first on request", async () => {
    const client = await subscriber();
    await place(client, "first");
    await client.event("outboundAccountPosition");
    expect(client.order).toEqual(["answer", "executionReport", "outboundAccountPosition"]);
    await bench.stop();
    bench = await VenueBench.start({ eventBeforeResponse: true });
    const other = await subscriber();
    await place(other, "second");
    expect(other.order).toEqual(["executionReport", "outboundAccountPosition", "answer"]);
  });

  test("one subscription a connection, by logon or by signature, until it is ended", async () => {
    const client = await bench.wsApi();
    const refused = await client.call("userDataStream.subscribe");
    expect(refused.error?.code).toBe(-1002);
    expect((await client.call("userDataStream.unsubscribe")).error?.code).toBe(-2036);
    const first = await client.signed("userDataStream.subscribe.signature");
    expect(first.result).toEqual({ subscriptionId: 0 });
    const again = await client.signed("userDataStream.subscribe.signature");
    expect(again.error?.code).toBe(-2035);
    const list = await client.call("session.subscriptions");
    expect(list.result).toEqual([{ subscriptionId: 0 }]);
    expect((await client.call("userDataStream.unsubscribe", { subscriptionId: 0 })).result).toEqual(
      {},
    );
    expect(await client.event("eventStreamTerminated")).toMatchObject({ E: START_MS });
    await client.logOn();
    const second = await client.call("userDataStream.subscribe");
    expect(second.result).toEqual({ subscriptionId: 1 });
    expect(record((await client.call("session.status")).result)["userDataStream"]).toBe(true);
    await client.call("session.logout");
    await client.event("eventStreamTerminated");
    await client.signed("order.place", { ...BUY, quantity: "0.01" });
    expect(client.inbox.size).toBe(0);
  });
});

describe("one account", () => {
  test("what one symbol locks or spends, another cannot", async () => {
    const client = await subscriber();
    const btc = { symbol: "BTCUSDT", price: "63000.00", quantity: "0.15" };
    expect(outcome(await place(client, "btc", btc))).toBe("ok");
    // 9 450 of 10 000 USDT are locked.
    const eth = { price: "1900.00", quantity: "0.29" };
    expect(outcome(await place(client, "eth", eth))).toContain("insufficient balance");
    expect(outcome(await place(client, "eth", { ...eth, quantity: "0.28" }))).toBe("ok");
    expect((await balances())["USDT"]).toBe("18.00000000 9982.00000000");
    await client.timed("openOrders.cancelAll", { symbol: "BTCUSDT" });
    expect(outcome(await place(client, "eth-2", { ...eth, quantity: "0.29" }))).toBe("ok");
    // 0.1 BTC are there; a sale of them brings USDT that ETH can be bought for.
    const sale = { symbol: "BTCUSDT", side: "SELL", type: "MARKET", quantity: "0.1" };
    await client.timed("order.place", sale);
    expect((await balances())["BTC"]).toBe("0.00000000 0.00000000");
    expect(outcome(await place(client, "eth-3", { ...eth, quantity: "8" }))).toBe("ok");
  });
});

describe("market streams", () => {
  async function stream(path: string): Promise<WsClient> {
    return WsClient.connect(`${bench.venue.streamUrl}${path}`, () => bench.clock.nowMs);
  }

  /** Sends a control message and gives the answer, skipping market messages. */
  async function control(client: WsClient, message: unknown): Promise<Json> {
    client.socket.send(typeof message === "string" ? message : JSON.stringify(message));
    for (;;) {
      const answer = await client.inbox.next();
      if ("result" in answer || "code" in answer) return answer;
    }
  }

  test("raw and combined; subscribing, listing and switching by message", async () => {
    const raw = await stream("/ws/ethusdt@bookTicker");
    const both = await stream("/stream?streams=ethusdt@bookTicker/btcusdt@trade");
    await place(await subscriber(), "touch", { price: "2000.00" });
    const ticker = { s: "ETHUSDT", b: "2000.00000000", B: "0.01000000" };
    expect(await raw.inbox.next()).toMatchObject(ticker);
    expect(await both.inbox.next()).toMatchObject({ stream: "ethusdt@bookTicker", data: ticker });

    const list = { method: "LIST_SUBSCRIPTIONS", id: 1 };
    expect(await control(raw, list)).toEqual({ result: ["ethusdt@bookTicker"], id: 1 });
    const subscribe = { method: "SUBSCRIBE", params: ["btcusdt@trade"], id: "two" };
    expect(await control(raw, subscribe)).toEqual({ result: null, id: "two" });
    const set = { method: "SET_PROPERTY", params: ["combined", true], id: 3 };
    expect(await control(raw, set)).toEqual({ result: null, id: 3 });
    const unsubscribe = { method: "UNSUBSCRIBE", params: ["ethusdt@bookTicker"], id: 4 };
    expect(await control(raw, unsubscribe)).toEqual({ result: null, id: 4 });
    expect(await control(both, "{")).toMatchObject({ code: 3 });
    expect(await control(both, { method: "GET_PROPERTY", params: ["x"] })).toMatchObject({
      code: 0,
    });
    expect(await control(both, { method: "SHOUT" })).toMatchObject({ code: 2 });
  });

  test("more than five messages a second, and the client is cut", async () => {
    const client = await stream("/ws");
    for (let id = 1; id <= 6; id += 1) {
      client.socket.send(JSON.stringify({ method: "LIST_SUBSCRIPTIONS", id }));
    }
    expect(await client.closed.next()).toBe(1008);
    expect(client.inbox.size).toBe(5);
  });

  test("a connection gets a notice, and ends with its lifetime", async () => {
    await bench.stop();
    bench = await VenueBench.start({ connectionLifetimeMs: 10_000 });
    const raw = await stream("/ws/ethusdt@trade");
    const combined = await stream("/stream?streams=ethusdt@trade");
    const api = await bench.wsApi();
    bench.timers.advance(8000);
    const shutdown = { e: "serverShutdown", E: START_MS };
    expect(await raw.inbox.next()).toEqual(shutdown);
    expect(await combined.inbox.next()).toEqual({ stream: "!serverShutdown", data: shutdown });
    expect(await api.inbox.next()).toEqual({ event: shutdown });
    bench.timers.advance(2000);
    for (const client of [raw, combined, api]) expect(await client.closed.next()).toBe(1001);
  });

  test("pings every 20 s, and keeps whoever answers", async () => {
    const client = await stream("/ws");
    const pinged = new Promise((resolve) => client.socket.addEventListener("ping", resolve));
    bench.timers.advance(20_000);
    await pinged;
    expect(client.closed.size).toBe(0);
  });
});
