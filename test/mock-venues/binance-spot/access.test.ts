/** Keys, signatures, clock and limits of the mock venue, over REST and the WebSocket API. */

import { afterEach, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import type { LimitSpec } from "#mock-venues/binance/rate-limits.ts";
import {
  ED_KEY,
  HMAC_KEY,
  HMAC_SECRET,
  outcome,
  record,
  records,
  START_MS,
} from "../binance-kit.ts";
import { VenueBench } from "./venue-kit.ts";

const benches: VenueBench[] = [];
async function start(...options: Parameters<typeof VenueBench.start>): Promise<VenueBench> {
  const bench = await VenueBench.start(...options);
  benches.push(bench);
  return bench;
}
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.stop();
});

const ORDER = {
  symbol: "ETHUSDT",
  side: "BUY",
  type: "LIMIT_MAKER",
  price: "1900.00",
  quantity: "0.01",
};

function limits(changes: Partial<Record<LimitSpec["rateLimitType"], number>>): LimitSpec[] {
  const limit = (type: LimitSpec["rateLimitType"], usual: number): number => changes[type] ?? usual;
  return [
    {
      rateLimitType: "REQUEST_WEIGHT",
      interval: "MINUTE",
      intervalNum: 1,
      limit: limit("REQUEST_WEIGHT", 6000),
    },
    { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: limit("ORDERS", 100) },
    { rateLimitType: "ORDERS", interval: "DAY", intervalNum: 1, limit: 200_000 },
    {
      rateLimitType: "CONNECTIONS",
      interval: "MINUTE",
      intervalNum: 5,
      limit: limit("CONNECTIONS", 300),
    },
  ];
}

function hmac(payload: string): string {
  return createHmac("sha256", HMAC_SECRET).update(payload).digest("hex");
}

describe("signatures", () => {
  test("REST: query and body joined, as they were sent, upper or lower case hex", async () => {
    const bench = await start();
    const query = "symbol=ETHUSDT&side=BUY&type=LIMIT_MAKER";
    const body = `price=1900.00&quantity=0.01&timestamp=${START_MS}`;
    const signature = hmac(query + body).toUpperCase();
    const path = `/api/v3/order?${query}&signature=${signature}`;
    expect(outcome(await bench.send("POST", path, HMAC_KEY, body))).toBe("ok");
    const inBody = `${body}&signature=${hmac(query + body)}`;
    const path2 = `/api/v3/order?${query}`;
    expect(outcome(await bench.send("POST", path2, HMAC_KEY, inBody))).toBe("ok");
  });

  test("REST: what is not signed as sent is refused", async () => {
    const bench = await start();
    const time = `timestamp=${START_MS}`;
    const bad = "400 -1022 Signature for this request is not valid.";
    const other = `/api/v3/account?${time}&recvWindow=5000&signature=${hmac(time)}`;
    expect(outcome(await bench.send("GET", other, HMAC_KEY))).toBe(bad);
    // Signed before it was percent-encoded.
    const query = `symbol=１２３&${time}`;
    const encoded = `/api/v3/openOrders?symbol=${encodeURIComponent("１２３")}&${time}`;
    const early = `${encoded}&signature=${hmac(query)}`;
    expect(outcome(await bench.send("GET", early, HMAC_KEY))).toBe(bad);
    const late = `${encoded}&signature=${hmac(encoded.slice(encoded.indexOf("?") + 1))}`;
    expect((await bench.send("GET", late, HMAC_KEY)).code).toBe(-1100);
    const garbage = `/api/v3/account?${time}&signature=%%%`;
    expect((await bench.send("GET", garbage, HMAC_KEY)).code).toBe(-1100);
  });

  test("keys: malformed, unknown, missing; signature and timestamp missing", async () => {
    const bench = await start();
    const time = `timestamp=${START_MS}`;
    const signed = `/api/v3/account?${time}&signature=${hmac(time)}`;
    const of = async (key?: string, path = signed): Promise<string> =>
      outcome(await bench.send("GET", path, key));
    expect(await of("short")).toBe("401 -2014 API-key format invalid.");
    expect(await of()).toBe("401 -2014 API-key format invalid.");
    expect(await of("x".repeat(64))).toBe(
      "401 -2015 Invalid API-key, IP, or permissions for action.",
    );
    expect(await of(ED_KEY)).toBe("400 -1022 Signature for this request is not valid.");
    const missing = (name: string): string =>
      `400 -1102 Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`;
    const unsigned = `/api/v3/account?timestamp=${START_MS}`;
    expect(await of(HMAC_KEY, unsigned)).toBe(missing("signature"));
    const timeless = `/api/v3/account?signature=${hmac("")}`;
    expect(await of(HMAC_KEY, timeless)).toBe(missing("timestamp"));
    expect(await of(HMAC_KEY, signed)).toBe("ok");
  });

  test("ws: every call signed by an HMAC key, sorted and unescaped; Ed25519 logs on", async () => {
    const bench = await start();
    const client = await bench.wsApi();
    const order = await client.signed("order.place", ORDER);
    expect(outcome(order)).toBe("ok");
    const wrong = await client.call("account.status", {
      apiKey: HMAC_KEY,
      timestamp: START_MS,
      signature: "00",
    });
    expect(outcome(wrong)).toBe("400 -1022 Signature for this request is not valid.");
    const nobody = await client.timed("account.status");
    expect(outcome(nobody)).toBe(
      "400 -1102 Mandatory parameter 'apiKey' was not sent, was empty/null, or malformed.",
    );
    expect((await client.signed("session.logon")).error?.msg).toContain("not supported");
    const logon = await client.logOn();
    expect(logon.result).toEqual({
      apiKey: ED_KEY,
      authorizedSince: START_MS,
      connectedSince: START_MS,
      returnRateLimits: true,
      serverTime: START_MS,
      userDataStream: false,
    });
    expect(outcome(await client.timed("account.status"))).toBe("ok");
    const loggedOut = await client.call("session.logout");
    expect(record(loggedOut.result)).toMatchObject({ apiKey: null, authorizedSince: null });
    expect((await client.timed("account.status")).error?.code).toBe(-1102);
  });
});

describe("clock", () => {
  test.each([
    [-5000, "ok"],
    [-5001, "400 -1021 Timestamp for this request is outside of the recvWindow."],
    [999, "ok"],
    [1000, "400 -1021 Timestamp for this request was 1000ms ahead of the server's time."],
  ])("a timestamp %d ms off: %s", async (offMs, expected) => {
    const bench = await start();
    const query = `timestamp=${START_MS + offMs}`;
    const path = `/api/v3/account?${query}&signature=${hmac(query)}`;
    expect(outcome(await bench.send("GET", path, HMAC_KEY))).toBe(expected);
  });

  test("recvWindow, microseconds, and a skewed clock", async () => {
    const bench = await start();
    const of = async (query: string): Promise<string> => {
      const path = `/api/v3/account?${query}&signature=${hmac(query)}`;
      return outcome(await bench.send("GET", path, HMAC_KEY));
    };
    expect(await of(`timestamp=${START_MS - 11}&recvWindow=10.5`)).toContain("-1021");
    expect(await of(`timestamp=${START_MS - 10}&recvWindow=10.5`)).toBe("ok");
    expect(await of(`timestamp=${START_MS}&recvWindow=60001`)).toContain("-1131");
    expect(await of(`timestamp=${START_MS}000`)).toBe("ok");
    bench.venue.switches.setClockSkew(-2000);
    expect(await of(`timestamp=${START_MS}`)).toContain("1000ms ahead");
    const { json } = await bench.send("GET", "/api/v3/time");
    expect(json).toEqual({ serverTime: START_MS - 2000 });
  });
});

describe("request weight", () => {
  test("is told by headers, and given back for orders that succeed", async () => {
    const bench = await start();
    const used = async (answer: Promise<{ headers: Headers }>): Promise<string | null> =>
      (await answer).headers.get("X-MBX-USED-WEIGHT-1M");
    expect(await used(bench.send("GET", "/api/v3/ping"))).toBe("1");
    expect(await used(bench.send("GET", "/api/v3/depth?symbol=ETHUSDT&limit=1000"))).toBe("51");
    expect(await used(bench.rest("GET", "/api/v3/openOrders"))).toBe("131");
    expect(await used(bench.rest("POST", "/api/v3/order", ORDER))).toBe("131");
    expect(await used(bench.rest("POST", "/api/v3/order", { ...ORDER, price: "2100" }))).toBe(
      "132",
    );
    // The next minute begins at :00, nine seconds from the start.
    bench.clock.nowMs += 9000;
    expect(await used(bench.send("GET", "/api/v3/ping"))).toBe("1");
  });

  test("429 with Retry-After until the window ends; whoever goes on is banned by 418", async () => {
    const bench = await start({ limits: limits({ REQUEST_WEIGHT: 3 }) });
    const ping = (): ReturnType<VenueBench["send"]> => bench.send("GET", "/api/v3/ping");
    for (let count = 0; count < 3; count += 1) expect((await ping()).status).toBe(200);
    const refused = await ping();
    expect([refused.status, refused.code]).toEqual([429, -1003]);
    expect(refused.headers.get("Retry-After")).toBe("9");
    expect(refused.message).toStartWith("Too much request weight used; current limit is 3 ");
    for (let count = 0; count < 9; count += 1) expect((await ping()).status).toBe(429);
    const banned = await ping();
    expect([banned.status, banned.code]).toEqual([418, -1003]);
    expect(banned.message).toContain(`IP banned until ${START_MS + 120_000}.`);
    expect(banned.headers.get("Retry-After")).toBe("120");
    bench.clock.nowMs += 119_999;
    expect((await ping()).status).toBe(418);
    bench.clock.nowMs += 1;
    expect((await ping()).status).toBe(200);
  });

  test("ws: the answer has counts and when to come back, unless they are not wanted", async () => {
    const bench = await start({ limits: limits({ REQUEST_WEIGHT: 5 }) });
    const client = await bench.wsApi();
    const quiet = await bench.wsApi("?returnRateLimits=false");
    const { rateLimits } = await client.call("ping");
    // Two connections of weight 2, and this call.
    expect(rateLimits).toEqual([
      { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: 5, count: 5 },
    ]);
    const refused = await client.call("time");
    expect(refused.status).toBe(429);
    expect(refused.error?.data).toEqual({ serverTime: START_MS, retryAfter: START_MS + 9000 });
    expect((await quiet.call("time")).rateLimits).toBeUndefined();
  });
});

describe("unfilled orders", () => {
  test("placing counts, a maker's first fill takes five off", async () => {
    const bench = await start({ limits: limits({ ORDERS: 3 }) });
    const client = await bench.wsApi();
    await client.logOn();
    const place = (price: string): ReturnType<typeof client.call> =>
      client.timed("order.place", { ...ORDER, price });
    const counts = async (): Promise<unknown[]> => {
      const { result } = await client.timed("account.rateLimits.orders");
      return records(result).map(({ count }) => count);
    };
    const first = await place("1999.99");
    // Connecting and logging on weigh two each, the order nothing.
    expect(first.rateLimits?.map(({ count }) => count)).toEqual([1, 1, 4]);
    // Refused by a filter: never counted. Refused by the matching engine: counted.
    expect(outcome(await place("1999.999"))).toContain("-1013");
    expect(outcome(await place("2000.01"))).toContain("-2010");
    expect(await counts()).toEqual([2, 2]);
    await place("1900.00");
    const refused = await place("1900.01");
    expect(outcome(refused)).toBe(
      "429 -1015 Too many new orders; current limit is 3 orders per 10 SECOND.",
    );
    expect(refused.error?.data).toEqual({ serverTime: START_MS, retryAfter: START_MS + 9000 });
    // The queue ahead of it is ten ETH; then a part of ours, and the rest.
    bench.printAt("ETHUSDT", false, 199_999, 100_050);
    expect(await counts()).toEqual([0, 0]);
    await place("1900.02");
    bench.printAt("ETHUSDT", false, 199_999, 50);
    expect(await counts()).toEqual([1, 1]);
  });

  test("a cancel-replace beyond the limit: nothing, or the cancel alone", async () => {
    const bench = await start({ limits: limits({ ORDERS: 1 }) });
    const client = await bench.wsApi();
    await client.logOn();
    const { result } = await client.timed("order.place", ORDER);
    const replace = {
      ...ORDER,
      cancelReplaceMode: "STOP_ON_FAILURE",
      cancelOrderId: Number(record(result)["orderId"]),
    };
    const nothing = await client.timed("order.cancelReplace", replace);
    expect(outcome(nothing)).toStartWith("429 -1015 ");
    const only = { ...replace, orderRateLimitExceededMode: "CANCEL_ONLY" };
    const canceled = await client.timed("order.cancelReplace", only);
    expect([canceled.status, canceled.error?.code]).toEqual([429, -2021]);
    expect(canceled.error?.data).toMatchObject({
      cancelResult: "SUCCESS",
      newOrderResult: "FAILURE",
      newOrderResponse: { code: -1015 },
      retryAfter: START_MS + 9000,
    });
    const none = await client.timed("order.cancelReplace", only);
    expect(none.error?.data).toMatchObject({
      cancelResult: "FAILURE",
      newOrderResult: "NOT_ATTEMPTED",
    });
    expect(none.status).toBe(429);
  });

  test("REST tells the counts of orders by headers", async () => {
    const bench = await start();
    const { headers } = await bench.rest("POST", "/api/v3/order", ORDER);
    expect(headers.get("X-MBX-ORDER-COUNT-10S")).toBe("1");
    expect(headers.get("X-MBX-ORDER-COUNT-1D")).toBe("1");
  });
});

describe("REST", () => {
  test("has the whole of exchangeInfo, and the market", async () => {
    const bench = await start();
    const { json } = await bench.send("GET", '/api/v3/exchangeInfo?symbols=["BTCUSDT"]');
    const info = record(json);
    expect(info).toMatchObject({ timezone: "UTC", serverTime: START_MS, exchangeFilters: [] });
    expect(records(info["symbols"])).toHaveLength(1);
    expect(records(info["symbols"])[0]).toMatchObject({ symbol: "BTCUSDT", status: "TRADING" });
    const types = records(info["rateLimits"]).map(({ rateLimitType }) => rateLimitType);
    expect(types).toEqual(["REQUEST_WEIGHT", "ORDERS", "ORDERS", "RAW_REQUESTS"]);
    const ticker = await bench.send("GET", "/api/v3/ticker/bookTicker?symbol=ETHUSDT");
    expect(ticker.json).toEqual({
      symbol: "ETHUSDT",
      bidPrice: "1999.99000000",
      bidQty: "10.00000000",
      askPrice: "2000.01000000",
      askQty: "10.00000000",
    });
    const tickers = await bench.send("GET", "/api/v3/ticker/price");
    expect(records(tickers.json)).toHaveLength(2);
    const klines = "/api/v3/klines?symbol=ETHUSDT&interval=1m&limit=3";
    expect((await bench.send("GET", klines)).json).toHaveLength(3);
    expect((await bench.send("GET", `${klines}&interval=7m`)).code).toBe(-1101);
    expect((await bench.send("GET", "/api/v3/klines?symbol=ETHUSDT&interval=7m")).code).toBe(-1120);
  });

  test("account and commission", async () => {
    const bench = await start();
    const account = record((await bench.rest("GET", "/api/v3/account")).json);
    expect(account).toMatchObject({
      canTrade: true,
      accountType: "SPOT",
      commissionRates: { maker: "0.00100000", taker: "0.00100000" },
      makerCommission: 10,
    });
    expect(account["balances"]).toEqual([
      { asset: "USDT", free: "10000.00000000", locked: "0.00000000" },
      { asset: "ETH", free: "5.00000000", locked: "0.00000000" },
      { asset: "BTC", free: "0.10000000", locked: "0.00000000" },
    ]);
    const fees = await bench.rest("GET", "/api/v3/account/commission", { symbol: "ETHUSDT" });
    expect(fees.json).toMatchObject({ standardCommission: { maker: "0.00100000" } });
  });

  test("what a key may do, told to its owner over REST alone", async () => {
    const bench = await start();
    const path = "/sapi/v1/account/apiRestrictions";
    expect((await bench.rest("GET", path)).json).toEqual({
      ipRestrict: true,
      createTime: expect.any(Number),
      enableReading: true,
      enableWithdrawals: false,
      enableInternalTransfer: false,
      enableMargin: false,
      enableFutures: false,
      permitsUniversalTransfer: false,
      enableVanillaOptions: false,
      enableFixApiTrade: false,
      enableFixReadOnly: false,
      enableSpotAndMarginTrading: true,
      enablePortfolioMarginTrading: false,
    });
    expect((await bench.send("GET", path)).status).toBe(401);
    expect((await bench.rest("GET", path, { symbol: "ETHUSDT" })).code).toBe(-1104);
    const client = await bench.wsApi();
    expect((await client.signed("apiRestrictions")).error?.code).toBe(-1020);
  });

  test("what is gone or unknown says so", async () => {
    const bench = await start();
    expect((await bench.send("POST", "/api/v3/userDataStream", HMAC_KEY)).status).toBe(410);
    expect((await bench.send("GET", "/api/v3/nothing")).status).toBe(404);
    const client = await bench.wsApi();
    expect((await client.call("no.such.method")).status).toBe(400);
    client.socket.send("{");
    expect(await client.inbox.next()).toMatchObject({
      id: null,
      status: 400,
      error: { code: -1135 },
    });
  });
});

describe("connections", () => {
  test("are counted, and refused beyond the limit", async () => {
    const bench = await start({ limits: limits({ CONNECTIONS: 1 }) });
    await bench.wsApi();
    const refused = await bench.wsApi().then(
      () => "connected",
      (error: unknown) => String(error),
    );
    expect(refused).toContain("no connection");
  });
});
