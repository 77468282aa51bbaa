/** The mock venue made to misbehave, and its admin endpoint. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  type Json,
  outcome,
  records,
  START_MS,
  type WsAnswer,
  type WsClient,
} from "../binance-kit.ts";
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

function post(path: string, body: unknown): Promise<Response> {
  return fetch(`${bench.venue.url}${path}`, { method: "POST", body: JSON.stringify(body) });
}

describe("admin", () => {
  test("foreign orders, balances, fills, status, clock", async () => {
    const foreign = await post("/mock/orders", {
      symbol: "ETHUSDT",
      side: "SELL",
      price: "2100.00",
      quantity: 1,
      newClientOrderId: "by-hand",
    });
    expect(foreign.status).toBe(200);
    const orders = await fetch(`${bench.venue.url}/mock/orders`);
    expect(await orders.json()).toMatchObject([{ clientOrderId: "by-hand", status: "NEW" }]);
    const money = await fetch(`${bench.venue.url}/mock/balances`);
    expect(await money.json()).toContainEqual({
      asset: "ETH",
      free: "4.00000000",
      locked: "1.00000000",
    });
    bench.printAt("ETHUSDT", true, 210_001, 20_000);
    const fills = await fetch(`${bench.venue.url}/mock/fills`);
    expect(await fills.json()).toMatchObject([{ clientOrderId: "by-hand", qty: "1.00000000" }]);
    const status = await post("/mock/status", { symbol: "ETHUSDT", status: "CANCEL_ONLY" });
    expect(await status.json()).toEqual({ status: "CANCEL_ONLY", symbols: ["ETHUSDT"] });
    const clock = await post("/mock/clock", { skewMs: 5000 });
    expect(await clock.json()).toEqual({ skewMs: 5000, serverTime: START_MS + 5000 });
    const wrong = await post("/mock/status", { status: "ASLEEP" });
    expect([wrong.status, await wrong.json()]).toEqual([
      400,
      { error: "status: must be one of TRADING, CANCEL_ONLY, BREAK" },
    ]);
    const unknown = await fetch(`${bench.venue.url}/mock/nothing`);
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({
      has: expect.arrayContaining(["GET /mock/fills"]),
    });
  });

  test("a shutdown notice and a disconnect reach every socket", async () => {
    const client = await bench.wsApi();
    const notice = await post("/mock/shutdown-notice", { graceMs: 1000 });
    expect(await notice.json()).toEqual({ graceMs: 1000, told: 1 });
    await client.event("serverShutdown");
    bench.timers.advance(1000);
    await client.closed.next();
    const other = await bench.wsApi();
    expect(await (await post("/mock/disconnect", {})).json()).toEqual({ cut: 1 });
    await other.closed.next();
  });
});

describe("faults", () => {
  const PLACE = "order.place";

  async function arm(...faults: Json[]): Promise<void> {
    expect((await post("/mock/faults", { faults })).status).toBe(200);
  }

  async function openIds(): Promise<unknown[]> {
    const orders: unknown = await (await fetch(`${bench.venue.url}/mock/orders`)).json();
    return records(orders).map(({ clientOrderId }) => clientOrderId);
  }

  /** Whether an answer came before the answer to a later question. */
  function isAnswered(client: WsClient, answer: Promise<WsAnswer>): Promise<boolean> {
    const later = client.call("ping");
    return Promise.race([answer.then(() => true), later.then(() => false)]);
  }

  test("requests and answers are lost, the order placed or not", async () => {
    const client = await subscriber();
    await arm({ kind: "drop-request", method: PLACE }, { kind: "drop-response", method: PLACE });
    expect(await isAnswered(client, place(client, "lost"))).toBe(false);
    expect(await openIds()).toEqual([]);
    expect(await isAnswered(client, place(client, "done"))).toBe(false);
    expect(await client.event("executionReport")).toMatchObject({ c: "done", x: "NEW" });
    expect(await openIds()).toEqual(["done"]);
  });

  test("5xx, accepted or not, say the same", async () => {
    const client = await subscriber();
    await arm(
      { kind: "error-5xx-accepted", method: PLACE },
      { kind: "error-5xx-refused", method: PLACE },
    );
    const [first, second] = [await place(client, "in"), await place(client, "out")];
    expect(outcome(first)).toStartWith("503 -1007 ");
    expect(outcome(second)).toBe(outcome(first));
    expect(await openIds()).toEqual(["in"]);
  });

  test("a connection is cut before or after; the order is executed after", async () => {
    const client = await subscriber();
    const observer = await subscriber();
    await arm({ kind: "disconnect-after", method: PLACE });
    void place(client, "cut-after");
    await client.closed.next();
    expect(await observer.event("executionReport")).toMatchObject({ c: "cut-after" });
    await arm({ kind: "disconnect-before", method: PLACE });
    void place(observer, "cut-before");
    await observer.closed.next();
    expect(await openIds()).toEqual(["cut-after"]);
  });

  test("429 and 418 by order end by themselves", async () => {
    const client = await subscriber();
    await arm({ kind: "rate-limit", retryAfterSeconds: 2, method: PLACE });
    const refused = await place(client, "r");
    expect([refused.status, refused.error?.data]).toEqual([
      429,
      { serverTime: START_MS, retryAfter: START_MS + 2000 },
    ]);
    expect((await client.call("time")).status).toBe(429);
    bench.clock.nowMs += 2000;
    await arm({ kind: "ban", seconds: 3, method: "time" });
    expect((await client.call("time")).status).toBe(418);
    bench.clock.nowMs += 3000;
    expect((await client.call("time")).status).toBe(200);
  });

  test("events long before the answer, or long after it", async () => {
    const client = await subscriber();
    await arm({ kind: "event-before-response", ms: 50, method: PLACE });
    const answer = place(client, "e-1");
    await client.event("outboundAccountPosition");
    expect(client.order).toEqual(["executionReport", "outboundAccountPosition"]);
    bench.timers.advance(50);
    expect(outcome(await answer)).toBe("ok");
    await arm({ kind: "response-before-event", ms: 50, method: PLACE });
    client.order.length = 0;
    await place(client, "e-2");
    await client.call("ping");
    expect(client.order).toEqual(["answer", "answer"]);
    bench.timers.advance(50);
    expect(await client.event("executionReport")).toMatchObject({ c: "e-2" });
  });

  test("half-open: nothing comes any more, until it is cut", async () => {
    const client = await subscriber();
    await arm({ kind: "half-open", forMs: 8000, method: "time" });
    void client.call("time");
    const observer = await subscriber();
    let pongs = 0;
    client.socket.addEventListener("pong", () => {
      pongs += 1;
    });
    client.socket.ping();
    await place(observer, "unseen");
    await observer.event("executionReport");
    await observer.call("ping");
    expect([client.inbox.size, pongs]).toEqual([0, 0]);
    bench.timers.advance(8000);
    await client.closed.next();
  });

  test("user events come twice, later, or in another order", async () => {
    const client = await subscriber();
    await arm({ kind: "user-event-duplicate" });
    await place(client, "d-1");
    await client.event("outboundAccountPosition");
    expect(client.order.filter((kind) => kind === "executionReport")).toHaveLength(2);
    await arm({ kind: "user-event-reorder" });
    client.order.length = 0;
    await place(client, "d-2");
    await client.event("executionReport");
    expect(client.order).toEqual(["answer", "outboundAccountPosition", "executionReport"]);
  });

  test("REST: an answer that never comes, and a connection that is cut", async () => {
    await arm(
      { kind: "drop-response", method: PLACE },
      { kind: "disconnect-before", method: PLACE },
    );
    const observer = await subscriber();
    const order = { ...BUY, quantity: "0.01", newClientOrderId: "rest-1" };
    const answer = bench.rest("POST", "/api/v3/order", order);
    expect(await observer.event("executionReport")).toMatchObject({ c: "rest-1" });
    const outcomes = await Promise.race([answer, observer.call("ping").then(() => "none yet")]);
    expect(outcomes).toBe("none yet");
    answer.catch(() => undefined);
    const cut = bench.rest("POST", "/api/v3/order", { ...order, newClientOrderId: "rest-2" });
    expect(
      await cut.then(
        () => "answered",
        (error: unknown) => String(error),
      ),
    ).toContain("ECONNRESET");
    expect(await openIds()).toEqual(["rest-1"]);
  });

  test("a taken port and a senseless script are refused, and leave nothing behind", async () => {
    const { port } = new URL(bench.venue.url);
    const taken = await VenueBench.start({ port: Number(port) }).then(
      () => "started",
      (error: unknown) => String(error),
    );
    expect(taken).toContain("port");
    // Refused for the script, and not for the port: none is opened for it.
    const options = { port: Number(port), faults: { faults: [{ kind: "earthquake" }] } };
    const bad = await VenueBench.start(options).then(
      () => "started",
      (error: unknown) => String(error),
    );
    expect(bad).toContain("earthquake");
  });
});
