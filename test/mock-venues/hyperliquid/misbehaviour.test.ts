/** The mock Hyperliquid made to misbehave, and its admin endpoint. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { InputError } from "#domain/errors.ts";
import {
  buyEth,
  MASTER,
  orderOf,
  orders,
  record,
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

const UPDATES = { type: "orderUpdates", user: MASTER };
const FAST = { type: "l2Book", coin: "ETH", fast: true };

function arm(...faults: readonly object[]): void {
  bench.mock.faults.arm({ faults }, "test");
}

function place(from: WireClient, price = "1999"): Promise<{ type: string; payload: unknown }> {
  return from.post("action", bench.signed(buyEth(price)));
}

const openCount = (): number => bench.mock.venue.openOrders().length;

describe("faults of requests", () => {
  test("a lost request is not executed, a lost answer is", async () => {
    arm({ kind: "drop-request", method: "order" });
    void place(client);
    await bench.pass(client, 200);
    expect(openCount()).toBe(0);
    arm({ kind: "drop-response" });
    void place(client);
    await bench.pass(client, 200);
    expect(openCount()).toBe(1);
    await client.ping();
    expect(client.order).toEqual([]);
    expect(bench.mock.limits.counts().postsInFlight).toBe(0);
  });

  test("a delayed one is executed later", async () => {
    arm({ kind: "delay", ms: 1000, method: "order" });
    const answer = place(client);
    await bench.pass(client, 999);
    expect(openCount()).toBe(0);
    await bench.pass(client, 201);
    expect(openCount()).toBe(1);
    expect((await answer).type).toBe("action");
  });

  test("a 5xx is told the same way whether it was executed", async () => {
    arm({ kind: "error-5xx-refused" }, { kind: "error-5xx-accepted" });
    const refused = place(client);
    await bench.pass(client, 200);
    expect(openCount()).toBe(0);
    const accepted = place(client);
    await bench.pass(client, 200);
    expect(openCount()).toBe(1);
    expect(await refused).toEqual(await accepted);
    expect(await accepted).toEqual({ type: "error", payload: "500 Internal Server Error" });
  });

  test("over REST too, by its transport", async () => {
    arm({ kind: "error-5xx-refused", transport: "rest" });
    const posted = place(client);
    await bench.pass(client, 200);
    expect((await posted).type).toBe("action");
    expect((await bench.rest("/exchange", bench.signed(buyEth("1999")))).status).toBe(500);
    arm({ kind: "disconnect-before", method: "allMids" });
    const cut = bench.rest("/info", { type: "allMids" }).then(
      () => "answered",
      (error: unknown) => String(error),
    );
    expect(await cut).toContain("ECONNRESET");
  });

  test("the socket is cut before it is executed, or after, instead of an answer", async () => {
    const observer = await bench.connect();
    await observer.follow(UPDATES);
    arm({ kind: "disconnect-before", method: "order" });
    void place(client);
    expect(await client.closed.next()).toBe(1006);
    await bench.pass(observer, 200);
    expect(openCount()).toBe(0);
    const second = await bench.connect();
    arm({ kind: "disconnect-after", method: "order" });
    void place(second);
    await bench.pass(second, 200);
    expect(await second.closed.next()).toBe(1006);
    expect(openCount()).toBe(1);
    expect(await observer.next("orderUpdates")).toMatchObject([{ status: "open" }]);
  });

  test("429 by order ends by itself, and is no overrun", async () => {
    arm({ kind: "rate-limit", retryAfterSeconds: 2, method: "order" });
    expect(await place(client)).toEqual({ type: "error", payload: "429 Too Many Requests" });
    expect((await bench.rest("/info", { type: "allMids" })).status).toBe(429);
    await bench.refused();
    bench.timers.advance(2000);
    expect((await bench.rest("/info", { type: "allMids" })).status).toBe(200);
    expect(Object.values(bench.mock.limits.overruns)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  test("the news long before the answer, or long after it", async () => {
    await client.follow(UPDATES);
    arm({ kind: "event-before-response", ms: 500 });
    const first = place(client);
    await bench.pass(client, 639);
    await client.ping();
    expect(client.order).toEqual(["orderUpdates"]);
    await bench.pass(client, 1);
    await first;
    arm({ kind: "response-before-event", ms: 500 });
    client.order.length = 0;
    const second = place(client, "1998");
    await bench.pass(client, 560);
    await second;
    await client.ping();
    expect(client.order).toEqual(["post"]);
    await bench.pass(client, 500);
    await client.ping();
    expect(client.order).toEqual(["post", "orderUpdates"]);
  });

  test("half-open: nothing comes any more, until it is cut", async () => {
    await client.follow(FAST);
    arm({ kind: "half-open", forMs: 8000, method: "order" });
    void place(client);
    const observer = await bench.connect();
    while (bench.mock.faults.counts()["half-open"]?.fired !== 1) await observer.ping();
    for (let second = 0; second < 7; second += 1) await bench.pass(observer, 1000);
    expect([client.inbox.size, openCount(), client.closed.size]).toEqual([0, 0, 0]);
    await bench.pass(observer, 1000);
    expect(await client.closed.next()).toBe(1006);
  });
});

describe("faults of news and streams", () => {
  test("news come twice, later, or in another order", async () => {
    await client.follow(UPDATES);
    arm({ kind: "user-event-duplicate" });
    await bench.act(client, buyEth("1999"));
    expect(await client.arrived()).toHaveLength(2);
    arm({ kind: "user-event-delay", ms: 5000 });
    const delayed = place(client, "1998");
    await bench.pass(client, 200);
    // Even the answer waits behind it.
    const observer = await bench.connect();
    await bench.pass(observer, 4000);
    expect(client.inbox.size).toBe(0);
    await bench.pass(observer, 1000);
    expect(await client.next("orderUpdates")).toMatchObject([{ order: { limitPx: "1998.0" } }]);
    await delayed;
    await client.follow({ type: "userEvents", user: MASTER }, { type: "userFills", user: MASTER });
    arm({ kind: "user-event-reorder" });
    await bench.act(client, orders(orderOf({ price: "2000.1", size: "0.1", tif: "Ioc" })));
    await client.ping();
    // Whichever of the first two was the first comes after the next.
    expect([
      ["userFills", "orderUpdates", "user"],
      ["user", "userFills", "orderUpdates"],
    ]).toContainEqual(client.order.filter((channel) => channel !== "post"));
  });

  test("books are lost, doubled, swapped, garbage, and the socket is cut", async () => {
    await client.follow(FAST);
    const times = async (): Promise<unknown[]> => {
      bench.timers.advance(540);
      bench.timers.advance(540);
      const frames = await client.arrived();
      return frames.map(({ data }) => Number(record(data)["time"]) - START_MS);
    };
    arm({ kind: "stream-gap" });
    expect(await times()).toEqual([1080]);
    arm({ kind: "stream-duplicate", stream: "l2Book" });
    expect(await times()).toEqual([1620, 1620, 2160]);
    arm({ kind: "stream-reorder" });
    expect(await times()).toEqual([3240, 2700]);
    arm({ kind: "stream-garbage" });
    client.order.length = 0;
    await times();
    expect(client.order).toEqual(["garbage", "l2Book", "l2Book"]);
    arm({ kind: "stream-disconnect", stream: "bbo" }, { kind: "stream-disconnect" });
    bench.timers.advance(540);
    expect(await client.closed.next()).toBe(1006);
    expect(bench.mock.faults.counts()["stream-disconnect"]).toEqual({ armed: 1, fired: 1 });
  });
});

describe("faults of the whole venue", () => {
  test("after an upgrade only post-only orders are taken, for a while", async () => {
    arm({ kind: "maintenance", forMs: 3000 });
    const gtc = orders(orderOf({ price: "1999", size: "0.01", tif: "Gtc" }));
    expect(JSON.stringify(await bench.act(client, gtc))).toContain("Only post-only orders allowed");
    await bench.act(client, buyEth("1999"));
    expect(openCount()).toBe(1);
    await bench.pass(client, 3000);
    await bench.act(client, gtc);
    expect(openCount()).toBe(2);
  });

  test("halted, it answers questions and no actions, and its market stands still", async () => {
    arm({ kind: "maintenance", status: "HALT", forMs: 3000 });
    expect(await bench.act(client, buyEth("1999"))).toEqual({
      type: "error",
      payload: "502 Bad Gateway",
    });
    expect((await bench.rest("/info", { type: "allMids" })).status).toBe(200);
    await bench.pass(client, 3000);
    await bench.act(client, buyEth("1999"));
    expect(openCount()).toBe(1);
  });

  test("its clock jumps, and back", async () => {
    arm({ kind: "clock-jump", skewMs: -4000, forMs: 2000 });
    client.subscribe({ type: "bbo", coin: "ETH" });
    expect(await client.next("bbo")).toMatchObject({ time: START_MS - 4000 });
    bench.timers.advance(2000);
    expect(bench.mock.venue.nowMs()).toBe(START_MS + 2000);
  });

  test("kinds that the venue does not have are refused", () => {
    for (const kind of ["ban", "server-shutdown"]) {
      expect(() => arm({ kind })).toThrow(InputError);
    }
    expect(() => arm({ kind: "maintenance", status: "BREAK" })).toThrow('"POST_ONLY" or "HALT"');
    expect(() => arm({ kind: "delay", transport: "ws-api" })).toThrow('"rest" or "ws"');
  });
});

describe("admin", () => {
  test("orders by hand, fills, the account, and all cancelled", async () => {
    await client.follow(UPDATES);
    const foreign = { coin: "ETH", side: "sell", price: "2010", size: 1.5 };
    const placed = record(await bench.admin("POST", "/mock/orders", foreign));
    expect(placed).toMatchObject({ ...foreign, size: "1.5", filled: "0", cloid: null, tif: "Gtc" });
    expect(await bench.admin("GET", "/mock/orders")).toEqual([placed]);
    expect(await client.next("orderUpdates")).toMatchObject([{ status: "open" }]);
    await bench.admin("POST", "/mock/orders", {
      ...foreign,
      price: "1999.9",
      tif: "Ioc",
      size: "1",
    });
    expect(await bench.admin("GET", "/mock/fills")).toMatchObject([{ px: "1999.9", sz: "1.0" }]);
    const account = record(await bench.admin("GET", "/mock/account"));
    expect(account).toMatchObject({ user: MASTER, master: MASTER, positions: { ETH: "-1" } });
    expect(await bench.admin("DELETE", "/mock/orders")).toEqual({ canceled: 1 });
    expect(openCount()).toBe(0);
  });

  test.each([
    ["POST", "/mock/orders", { coin: "NOCOIN" }, "coin: must be one of BTC, ETH"],
    ["POST", "/mock/orders", { coin: "ETH", side: "up" }, "side: must be one of buy, sell"],
    ["POST", "/mock/orders", { coin: "ETH", side: "buy" }, "price: must be a plain decimal"],
    [
      "POST",
      "/mock/orders",
      { coin: "ETH", side: "buy", price: "1999", size: "1", cloid: "mm-1" },
      "cloid: must be 0x and 32 hexadecimal digits",
    ],
    ["POST", "/mock/status", { status: "BREAK" }, "status: must be one of OPEN, POST_ONLY, HALT"],
    ["POST", "/mock/clock", { skewMs: "1" }, "skewMs: must be milliseconds"],
    ["POST", "/mock/faults", { faults: [{ kind: "ban" }] }, '"ban" is no kind of fault'],
    ["GET", "/mock/nothing", undefined, "there is no GET /mock/nothing"],
  ])("%s %s %j is refused in words", async (method, path, body, problem) => {
    const { error } = record(await bench.admin(method, path, body));
    expect(String(error)).toContain(problem);
  });

  test("status, clock, prices, faults and connections", async () => {
    expect(await bench.admin("POST", "/mock/status", { status: "POST_ONLY" })).toEqual({
      status: "POST_ONLY",
    });
    expect(bench.mock.venue.isPostOnlyPeriod).toBe(true);
    await bench.admin("POST", "/mock/status", { status: "OPEN" });
    expect(bench.mock.venue.isPostOnlyPeriod).toBe(false);
    expect(await bench.admin("POST", "/mock/clock", { skewMs: 5000 })).toEqual({
      skewMs: 5000,
      serverTime: START_MS + 5000,
    });
    const pinned = { coin: "ETH", mark: "2100", oracle: "2050" };
    expect(await bench.admin("POST", "/mock/prices", pinned)).toEqual({
      coin: "ETH",
      markPx: "2100.0",
      oraclePx: "2050.0",
    });
    expect(await bench.admin("POST", "/mock/prices", { coin: "ETH" })).toMatchObject({
      oraclePx: "2000.0",
    });
    await bench.admin("POST", "/mock/faults", { faults: [{ kind: "delay", count: 3 }] });
    expect(await bench.admin("GET", "/mock/faults")).toMatchObject({ delay: { armed: 3 } });
    await bench.admin("DELETE", "/mock/faults");
    expect(await bench.admin("GET", "/mock/faults")).toMatchObject({ delay: { armed: 0 } });
    await client.follow(FAST);
    expect(await bench.admin("GET", "/mock/connections")).toMatchObject({
      open: 1,
      counts: { connections: 1, subscriptions: 1, users: 0, postsInFlight: 0 },
      limits: { connections: 10, subscriptions: 1000 },
      overruns: { connections: 0, weightPerMinute: 0 },
    });
    expect(await bench.admin("POST", "/mock/disconnect")).toEqual({ cut: 1 });
    expect(await client.closed.next()).toBe(1006);
  });
});

test("a taken port and a senseless script are refused, and leave nothing behind", async () => {
  const port = Number(new URL(bench.mock.url).port);
  const outcomeOf = (options: object): Promise<string> =>
    WireBench.start({ port, ...options }).then(
      () => "started",
      (error: unknown) => String(error),
    );
  expect(await outcomeOf({})).toContain("port");
  // Refused for the script, and not for the port: none is opened for it.
  expect(await outcomeOf({ faults: { faults: [{ kind: "earthquake" }] } })).toContain("earthquake");
});
