/** The mock venue made to misbehave, and its admin endpoint. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { InputError } from "#domain/errors.ts";
import { type Json, outcome, record, records, type WsClient } from "../binance-kit.ts";
import {
  BID,
  ETH_ASK,
  ETH_BID,
  MARKET_BUY,
  MARKET_SELL,
  PerpBench,
  STOP_SELL,
} from "./perp-bench.ts";

let bench: PerpBench;
beforeEach(async () => {
  bench = await PerpBench.start();
});
afterEach(() => bench.stop());

const PLACE = "order.place";

async function loggedOn(): Promise<WsClient> {
  const ws = await bench.wsApi();
  await ws.logOn();
  return ws;
}

const place = (ws: WsClient, newClientOrderId: string) =>
  ws.timed(PLACE, { ...BID, newClientOrderId });

async function openIds(): Promise<unknown[]> {
  const answer: unknown = await (await fetch(`${bench.mock.url}/mock/orders`)).json();
  return records(answer).map(({ clientOrderId }) => clientOrderId);
}

const post = (path: string, body: unknown = {}) =>
  fetch(`${bench.mock.url}${path}`, { method: "POST", body: JSON.stringify(body) });

describe("requests", () => {
  test("an unknown outcome says the same whether the order is there", async () => {
    const ws = await loggedOn();
    bench.arm(
      { kind: "error-5xx-accepted", method: PLACE },
      { kind: "error-5xx-refused", method: PLACE },
    );
    const [first, second] = [await place(ws, "in"), await place(ws, "out")];
    const words = "Unknown error, please check your request or try again later.";
    expect(outcome(first)).toBe(`503 -1000 ${words}`);
    expect(outcome(second)).toBe(outcome(first));
    expect(await openIds()).toEqual(["in"]);
  });

  test("a 5xx that is certain says so", async () => {
    bench.arm({ kind: "unavailable", method: PLACE });
    const refused = await bench.place(BID);
    expect([refused.status, refused.code]).toEqual([503, -1001]);
    expect(refused.message).toContain("unable to process your request");
    expect(await openIds()).toEqual([]);
  });

  test("overloaded, the venue still takes what reduces and what cancels", async () => {
    await bench.place(MARKET_BUY);
    await bench.place({ ...BID, newClientOrderId: "before" });
    bench.arm({ kind: "overload", count: 3 });
    expect(outcome(await bench.place({ ...MARKET_SELL, reduceOnly: "true" }))).toBe("ok");
    expect(outcome(await bench.cancel({ origClientOrderId: "before" }))).toBe("ok");
    const { quantity: _none, ...stop } = STOP_SELL;
    expect(outcome(await bench.placeAlgo({ ...stop, closePosition: "true" }))).toBe("ok");
    const refused = await bench.place(BID);
    expect([refused.status, refused.code]).toEqual([503, -1008]);
    expect((await bench.placeAlgo(STOP_SELL)).code).toBe(-1008);
    const ws = await loggedOn();
    expect(outcome(await place(ws, "ws"))).toContain("503 -1008 Request throttled");
    expect(outcome(await place(ws, "ws"))).toBe("ok");
  });

  test("the event long before the answer", async () => {
    const client = await bench.userStream();
    const ws = await loggedOn();
    bench.arm({ kind: "event-before-response", ms: 50, method: PLACE });
    const answer = place(ws, "e-1");
    expect(await client.event("ORDER_TRADE_UPDATE")).toMatchObject({ o: { c: "e-1" } });
    bench.timers.advance(50);
    expect(outcome(await answer)).toBe("ok");
  });

  test("the connection cut with the order executed", async () => {
    const client = await bench.userStream();
    const ws = await loggedOn();
    bench.arm({ kind: "disconnect-after", method: PLACE });
    void place(ws, "cut");
    await ws.closed.next();
    expect(await client.event("ORDER_TRADE_UPDATE")).toMatchObject({ o: { c: "cut", X: "NEW" } });
    expect(await openIds()).toEqual(["cut"]);
  });

  test("429 and 418 by order end by themselves", async () => {
    bench.arm({ kind: "rate-limit", retryAfterSeconds: 2, method: PLACE });
    expect((await bench.place(BID)).headers.get("Retry-After")).toBe("2");
    bench.timers.advance(2000);
    expect(outcome(await bench.place(BID))).toBe("ok");
    bench.arm({ kind: "ban", seconds: 3, method: "time" });
    expect((await bench.rest.send("GET", "/fapi/v1/time")).status).toBe(418);
  });
});

describe("events of the account", () => {
  test("the socket drops with the order executed, and its event is lost", async () => {
    const client = await bench.userStream();
    bench.arm({ kind: "user-event-disconnect", event: "ORDER_TRADE_UPDATE" });
    expect(outcome(await bench.place({ ...BID, newClientOrderId: "seen-by-nobody" }))).toBe("ok");
    await client.closed.next();
    expect(client.inbox.size).toBe(0);
    expect(await openIds()).toEqual(["seen-by-nobody"]);
  });

  test("a hint comes twice", async () => {
    const client = await bench.userStream();
    bench.arm({ kind: "user-event-duplicate", event: "TRADE_LITE" });
    await bench.place(MARKET_BUY);
    const hints = (await client.arrived()).filter(({ e }) => e === "TRADE_LITE");
    expect(hints).toHaveLength(2);
    expect(hints[0]).toEqual(record(hints[1]));
  });

  test("what is told of a conditional order is lost, or comes after its order", async () => {
    await bench.place({ ...MARKET_BUY, quantity: "2" });
    await bench.placeAlgo(STOP_SELL);
    const client = await bench.userStream();
    bench.arm({ kind: "user-event-lost", event: "ALGO_UPDATE", count: 3 });
    bench.mock.market("ETHUSDT").pin("1970");
    await Promise.resolve();
    const kinds = (items: readonly Json[]): unknown[] => items.map(({ e }) => e);
    expect(kinds(await client.arrived())).not.toContain("ALGO_UPDATE");
    bench.mock.market("ETHUSDT").pin("2000");
    await bench.placeAlgo(STOP_SELL);
    await client.event("ALGO_UPDATE");
    // The last of the three waits for the next, which is the order's.
    bench.arm({ kind: "user-event-reorder", event: "ALGO_UPDATE" });
    bench.mock.market("ETHUSDT").pin("1970");
    await Promise.resolve();
    const arrived = (await client.arrived()).filter(({ e }) => e !== "ACCOUNT_UPDATE");
    const states = arrived.map((event) => String(record(event["o"] ?? {})["X"] ?? event["e"]));
    expect(states.slice(0, 3)).toEqual(["TRIGGERED", "TRIGGERING", "NEW"]);
  });

  test("the key expires before its time", async () => {
    const client = await bench.userStream();
    bench.arm({ kind: "user-stream-expiry" });
    await client.event("listenKeyExpired");
    await bench.place(BID);
    expect(await client.arrived()).toEqual([]);
  });
});

describe("market streams", () => {
  test("a subscription is accepted and silent; the next one is not", async () => {
    bench.arm({ kind: "stream-silence", stream: "bookTicker" });
    const client = await bench.stream("/public/ws");
    const subscribe = () => client.control("SUBSCRIBE", ["ethusdt@bookTicker"]);
    expect(await subscribe()).toEqual({ result: null, id: 1 });
    bench.eth.setTouch(ETH_BID + 1, ETH_ASK + 1);
    bench.settle();
    expect(await client.arrived()).toEqual([]);
    await client.control("UNSUBSCRIBE", ["ethusdt@bookTicker"]);
    await subscribe();
    bench.eth.setTouch(ETH_BID + 2, ETH_ASK + 2);
    bench.settle();
    expect(await client.arrived()).not.toBeEmpty();
  });

  test("a gap of the book", async () => {
    const client = await bench.stream("/public/ws/ethusdt@depth@100ms");
    const move = (by: number): void => {
      bench.eth.setTouch(ETH_BID + by, ETH_ASK + by);
      bench.settle();
      bench.timers.advance(100);
    };
    move(1);
    const first = await client.event("depthUpdate");
    bench.arm({ kind: "stream-gap" });
    move(2);
    move(3);
    expect((await client.event("depthUpdate"))["pu"]).toBeGreaterThan(Number(first["u"]));
  });
});

test("at random all kinds come, but for those that nobody can find out", () => {
  const { faults } = bench.mock;
  const run = (script: unknown) => () => faults.arm(script, "test");
  expect(run({ faults: [{ kind: "user-event-lost", event: "ALGO_UPDATE" }] })).not.toThrow();
  expect(run({ faults: [{ kind: "user-event-lost", method: "x" }] })).toThrow(InputError);
  run({ seed: 5, random: { everyMs: 100 } })();
  bench.timers.advance(60_000);
  const counts = Object.entries(faults.counts());
  const idle = counts.filter(([, { armed, fired }]) => armed + fired === 0).map(([kind]) => kind);
  // The first was ordered above.
  expect(idle).toEqual(["stream-silence"]);
});

describe("admin", () => {
  test("orders by hand, conditional ones among them, and all of them cancelled", async () => {
    const order = { symbol: "ETHUSDT", side: "BUY", price: "1900", quantity: 1 };
    expect((await post("/mock/orders", { ...order, newClientOrderId: "by-hand" })).status).toBe(
      200,
    );
    await bench.placeAlgo({ ...STOP_SELL, clientAlgoId: "sl" });
    const listed: unknown = await (await fetch(`${bench.mock.url}/mock/orders`)).json();
    expect(listed).toMatchObject([{ clientOrderId: "by-hand" }, { clientAlgoId: "sl" }]);
    const canceled = await fetch(`${bench.mock.url}/mock/orders`, { method: "DELETE" });
    expect(await canceled.json()).toEqual({ canceled: 2 });
    expect(await openIds()).toEqual([]);
    const refused = await post("/mock/orders", { ...order, price: "1900.001" });
    expect([refused.status, await refused.json()]).toEqual([
      400,
      { code: -4014, error: "Price not increased by tick size." },
    ]);
  });

  test("account, income, fills, prices, status, clock", async () => {
    await bench.place({ ...MARKET_BUY, newClientOrderId: "f" });
    const ask = async (path: string): Promise<unknown> =>
      (await fetch(`${bench.mock.url}/mock/${path}`)).json();
    expect(await ask("account")).toMatchObject({ positions: [{ positionAmt: "1.000" }] });
    expect(await ask("fills")).toMatchObject([{ clientOrderId: "f", qty: "1.000" }]);
    expect(await ask("income")).toMatchObject([{ income: "10000.00000000" }, {}]);
    const prices = await post("/mock/prices", { symbol: "ETHUSDT", mark: "2010.5" });
    expect(await prices.json()).toEqual({ symbol: "ETHUSDT", markPrice: "2010.50000000" });
    const unpinned = await post("/mock/prices", { symbol: "ETHUSDT" });
    expect(await unpinned.json()).toMatchObject({ markPrice: "2000.00000000" });
    const status = await post("/mock/status", { status: "CLOSE" });
    expect(await status.json()).toEqual({ status: "CLOSE", symbols: ["ETHUSDT", "BTCUSDT"] });
    expect((await post("/mock/status", { status: "ASLEEP" })).status).toBe(400);
    expect(await (await post("/mock/clock", { skewMs: 500 })).json()).toMatchObject({
      skewMs: 500,
    });
    const [user, other] = [await bench.userStream(), await bench.wsApi()];
    expect((await post("/mock/listen-key-expiry")).status).toBe(200);
    await user.event("listenKeyExpired");
    expect(await (await post("/mock/disconnect")).json()).toEqual({ cut: 2 });
    await Promise.all([user.closed.next(), other.closed.next()]);
  });
});

test("a senseless setup is refused before a port is opened", async () => {
  const refusalOf = (options: Parameters<typeof PerpBench.start>[0]) =>
    PerpBench.start(options).then(
      () => "started",
      (error: unknown) => String(error),
    );
  expect(await refusalOf({ faults: { faults: [{ kind: "earthquake" }] } })).toContain("earthquake");
  expect(await refusalOf({ balances: { USDT: "-1" } })).toContain("must be 0 or more");
  const { port } = new URL(bench.mock.url);
  expect(await refusalOf({ port: Number(port) })).toContain("port");
});
