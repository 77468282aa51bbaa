/** The WebSocket of the mock Hyperliquid: confirmations, errors, posts, and how sockets end. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { buyEth, MASTER, orderOf, orders, record, WireBench, type WireClient } from "./wire-kit.ts";

let bench: WireBench;
let client: WireClient;
beforeEach(async () => {
  bench = await WireBench.start();
  client = await bench.connect();
});
afterEach(() => bench.stop());

const BBO = { type: "bbo", coin: "ETH" };

/** What a subscription is confirmed as. */
async function echoOf(subscription: unknown): Promise<unknown> {
  client.subscribe(subscription);
  const data = record(await client.next("subscriptionResponse"));
  expect(data["method"]).toBe("subscribe");
  return data["subscription"];
}

describe("subscriptions", () => {
  test("are confirmed with their defaults filled in, in the venue's order", async () => {
    const book = await echoOf({ type: "l2Book", coin: "ETH" });
    expect(JSON.stringify(book)).toBe(
      '{"type":"l2Book","coin":"ETH","nSigFigs":null,"mantissa":null,"fast":false}',
    );
    const fast = await echoOf({ fast: true, coin: "ETH", type: "l2Book" });
    expect(fast).toEqual({ ...record(book), fast: true });
    expect(await echoOf(BBO)).toEqual(BBO);
    const user = `0x${"A".repeat(40)}`;
    const fills = await echoOf({ type: "userFills", user });
    expect(fills).toEqual({ type: "userFills", user: user.toLowerCase(), aggregateByTime: false });
  });

  test("are confirmed before their first frame", async () => {
    client.subscribe(BBO);
    await client.ping();
    expect(client.order).toEqual(["subscriptionResponse", "bbo"]);
  });

  test("twice are an error and change nothing, however they were written", async () => {
    await client.follow({ type: "l2Book", coin: "ETH" });
    client.subscribe({ coin: "ETH", type: "l2Book", fast: false, nSigFigs: null });
    expect(await client.next("error")).toBe(
      'Already subscribed: {"type":"l2Book","coin":"ETH",' +
        '"nSigFigs":null,"mantissa":null,"fast":false}',
    );
    bench.timers.advance(5400);
    expect(await client.arrived()).toHaveLength(1);
  });

  test("end, and then nothing comes; ended twice is an error", async () => {
    await client.follow(BBO);
    client.send({ method: "unsubscribe", subscription: BBO });
    expect(await client.next("subscriptionResponse")).toEqual({
      method: "unsubscribe",
      subscription: BBO,
    });
    await bench.act(client, buyEth("2000"));
    expect(await client.arrived()).toEqual([]);
    client.send({ method: "unsubscribe", subscription: BBO });
    expect(await client.next("error")).toBe(`Already unsubscribed: ${JSON.stringify(BBO)}`);
  });

  test.each([
    [{ type: "depth", coin: "ETH" }],
    [{ type: "bbo" }],
    [{ type: "userFills", user: "0x12" }],
    [{ type: "candle", coin: "ETH", interval: "7m" }],
    [{ type: "l2Book", coin: "ETH", fast: "yes" }],
  ])("%j: an error that repeats the message, and the socket stays", async (subscription) => {
    client.subscribe(subscription);
    const message = JSON.stringify({ method: "subscribe", subscription });
    expect(await client.next("error")).toBe(
      `Error parsing JSON into valid websocket request: ${message}`,
    );
    await client.ping();
  });

  test.each([
    [{ type: "bbo", coin: "NOCOIN" }],
    [{ type: "bbo", coin: "eth" }],
    [{ type: "trades", coin: "NOCOIN" }],
    [{ type: "l2Book", coin: "ETH", nSigFigs: 6 }],
    [{ type: "l2Book", coin: "ETH", nSigFigs: 4, mantissa: 2 }],
    [{ type: "l2Book", coin: "ETH", nSigFigs: 5, mantissa: 3 }],
  ])("%j: the whole socket is closed without a word", async (subscription) => {
    await client.follow(BBO);
    client.subscribe(subscription);
    expect(await client.closed.next()).toBe(1006);
    expect(client.inbox.size).toBe(0);
    expect(bench.mock.limits.counts()).toMatchObject({ connections: 0, subscriptions: 0 });
  });

  test("to a delisted coin are confirmed, and its book is empty", async () => {
    client.subscribe({ type: "l2Book", coin: "MATIC" });
    expect(await client.next("l2Book")).toMatchObject({ coin: "MATIC", levels: [[], []] });
    client.subscribe({ type: "bbo", coin: "MATIC" });
    await client.next("subscriptionResponse");
    expect(await client.arrived()).toEqual([]);
  });
});

test.each([["not json"], ["[]"], ["{}"], ['{"method":"shout"}'], ['{"method":"post","id":1}']])(
  "%s is told by an error",
  async (message) => {
    client.send(message);
    expect(await client.next("error")).toBe(
      `Error parsing JSON into valid websocket request: ${message}`,
    );
  },
);

describe("silence", () => {
  test("of the venue for a minute ends a socket", async () => {
    await client.ping();
    bench.timers.advance(59_999);
    await client.ping();
    bench.timers.advance(59_999);
    expect(client.closed.size).toBe(0);
    bench.timers.advance(1);
    expect(await client.closed.next()).toBe(1006);
  });

  test("is not where frames come: what the client sends does not count", async () => {
    await client.follow({ type: "activeAssetCtx", coin: "ETH" });
    bench.timers.advance(300_000);
    await client.ping();
    expect(client.closed.size).toBe(0);
  });
});

describe("posts", () => {
  test("of questions answer as REST does", async () => {
    const question = { type: "l2Book", coin: "ETH" };
    const answer = await client.post("info", question);
    expect(answer.type).toBe("info");
    const { type, data } = record(answer.payload);
    expect([type, data]).toEqual(["l2Book", (await bench.rest("/info", question)).json]);
  });

  test("of actions answer once their block is committed, their news with the block", async () => {
    await client.follow({ type: "orderUpdates", user: MASTER });
    const answer = client.post("action", bench.signed(buyEth("1999.9")));
    await bench.pass(client, 70);
    await client.ping();
    expect(client.order).toEqual(["orderUpdates"]);
    await bench.pass(client, 70);
    expect(await answer).toMatchObject({
      type: "action",
      payload: {
        status: "ok",
        response: { type: "order", data: { statuses: [{ resting: { oid: expect.any(Number) } }] } },
      },
    });
    expect(client.order).toEqual(["orderUpdates", "post"]);
  });

  test("are answered by id, each in its own time", async () => {
    const action = client.post("action", bench.signed(buyEth("1999.9")));
    const info = await client.post("info", { type: "allMids" });
    expect(record(record(info.payload)["data"])["ETH"]).toBe("2000.0");
    await bench.pass(client, 150);
    expect((await action).type).toBe("action");
  });

  test("tell refusals of HTTP in words", async () => {
    const unknown = await client.post("info", { type: "horoscope" });
    expect(unknown).toEqual({ type: "error", payload: expect.stringMatching(/^422 /) });
    bench.mock.limits.refuseFor(1000);
    const refused = await client.post("info", { type: "allMids" });
    expect(refused).toEqual({ type: "error", payload: "429 Too Many Requests" });
    bench.timers.advance(1000);
    expect((await client.post("info", { type: "allMids" })).type).toBe("info");
  });

  test("signed by a stranger are refused by name", async () => {
    const answer = await client.post("action", bench.signed(buyEth("1999.9"), "stranger"));
    expect(answer.payload).toEqual({
      status: "err",
      response: expect.stringMatching(
        /^L1 error: User or API Wallet 0x[0-9a-f]{40} does not exist/,
      ),
    });
  });
});

describe("REST", () => {
  test("takes posted JSON on two paths", async () => {
    expect((await bench.rest("/info", "{")).status).toBe(422);
    expect((await bench.rest("/exchange", "[]")).status).toBe(422);
    expect((await bench.rest("/elsewhere", {})).status).toBe(404);
    expect((await fetch(`${bench.mock.url}/info`)).status).toBe(405);
    expect((await fetch(`${bench.mock.url}/ws`)).status).toBe(426);
  });

  test("executes actions too", async () => {
    const two = orders(
      orderOf({ price: "1999.9", size: "0.01", tif: "Alo" }),
      orderOf({ price: "2000.1", size: "0.01", tif: "Alo" }),
    );
    const answer = bench.rest("/exchange", bench.signed(two));
    while (bench.mock.venue.openOrders().length === 0) {
      await client.ping();
      bench.timers.advance(70);
    }
    bench.timers.advance(70);
    const { status, json } = await answer;
    expect(status).toBe(200);
    expect(json).toMatchObject({
      response: {
        data: {
          statuses: [
            { resting: {} },
            { error: expect.stringContaining("Post only order would have immediately matched") },
          ],
        },
      },
    });
  });
});
