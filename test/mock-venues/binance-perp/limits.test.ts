/** Who may ask the mock venue what, and how often: signatures, clocks, weights, order counts. */

import { afterEach, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import type { LimitSpec } from "#mock-venues/binance/rate-limits.ts";
import { HMAC_KEY, HMAC_SECRET, outcome, records } from "../binance-kit.ts";
import { BID, MARKET_BUY, PerpBench, START_MS, STOP_SELL } from "./perp-bench.ts";

let bench: PerpBench;
afterEach(() => bench.stop());

async function start(limits?: readonly LimitSpec[]): Promise<void> {
  bench = await PerpBench.start(limits === undefined ? {} : { limits });
}

const weightOf = (headers: Headers): number => Number(headers.get("X-MBX-USED-WEIGHT-1M"));

describe("weights", () => {
  test.each([
    ["GET", "/fapi/v1/time", {}, 1],
    ["GET", "/fapi/v1/exchangeInfo", {}, 1],
    ["GET", "/fapi/v1/depth", { symbol: "ETHUSDT", limit: 50 }, 2],
    ["GET", "/fapi/v1/depth", { symbol: "ETHUSDT", limit: 1000 }, 20],
    ["GET", "/fapi/v1/klines", { symbol: "ETHUSDT", interval: "1m", limit: 1500 }, 10],
    ["GET", "/fapi/v1/ticker/bookTicker", {}, 5],
    ["GET", "/fapi/v3/account", {}, 5],
    ["GET", "/fapi/v3/positionRisk", {}, 5],
    ["GET", "/fapi/v1/openOrders", { symbol: "ETHUSDT" }, 1],
    ["GET", "/fapi/v1/openOrders", {}, 40],
    ["GET", "/fapi/v1/income", {}, 30],
    ["GET", "/fapi/v1/commissionRate", { symbol: "ETHUSDT" }, 20],
    ["POST", "/fapi/v1/countdownCancelAll", { symbol: "ETHUSDT", countdownTime: 0 }, 10],
    ["POST", "/fapi/v1/order", BID, 0],
    ["GET", "/fapi/v1/openAlgoOrders", {}, 40],
  ])("%s %s %p weighs %d", async (verb, path, values, weight) => {
    await start();
    const answer = await bench.rest.signed(verb, path, values);
    expect(answer.status).toBe(200);
    expect(weightOf(answer.headers)).toBe(weight);
  });

  test("too much is 429 until the minute ends; who goes on is banned", async () => {
    await start([
      { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: 30 },
    ]);
    bench.timers.advance(48_000);
    expect((await bench.rest.signed("GET", "/fapi/v1/income")).status).toBe(200);
    const refused = await bench.rest.send("GET", "/fapi/v1/time");
    expect([refused.status, refused.code, refused.headers.get("Retry-After")]).toEqual([
      429,
      -1003,
      "12",
    ]);
    for (let count = 0; count < 10; count += 1) await bench.rest.send("GET", "/fapi/v1/time");
    const banned = await bench.rest.send("GET", "/fapi/v1/time");
    expect([banned.status, banned.headers.get("Retry-After")]).toEqual([418, "120"]);
    expect(banned.message).toContain(`banned until ${START_MS + 48_000 + 120_000}`);
  });

  test("a socket of the WebSocket API weighs five", async () => {
    await start();
    await bench.wsApi();
    expect(weightOf((await bench.rest.send("GET", "/fapi/v1/time")).headers)).toBe(6);
  });
});

describe("orders", () => {
  const counts = (headers: Headers): (string | null)[] =>
    ["10S", "1M"].map((interval) => headers.get(`X-MBX-ORDER-COUNT-${interval}`));

  test("each counts in both windows, a batch for five and for one; cancels do not", async () => {
    await start();
    const placed = await bench.place({ ...BID, newClientOrderId: "a" });
    expect(counts(placed.headers)).toEqual(["1", "1"]);
    const modified = await bench.modify({ origClientOrderId: "a", price: "1991" });
    expect(counts(modified.headers)).toEqual(["2", "2"]);
    const batchOrders = JSON.stringify([BID]);
    const batch = await bench.rest.signed("POST", "/fapi/v1/batchOrders", { batchOrders });
    expect(counts(batch.headers)).toEqual(["7", "3"]);
    await bench.cancel({ origClientOrderId: "a" });
    const asked = await bench.rest.signed("GET", "/fapi/v1/rateLimit/order");
    expect(counts(asked.headers)).toEqual(["7", "3"]);
    expect(asked.json).toEqual([
      { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: 300 },
      { rateLimitType: "ORDERS", interval: "MINUTE", intervalNum: 1, limit: 1200 },
    ]);
    bench.timers.advance(10_000);
    const later = await bench.placeAlgo(STOP_SELL);
    expect(counts(later.headers)).toEqual(["1", "4"]);
  });

  test("too many are 429, and cancels go through", async () => {
    await start([{ rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: 2 }]);
    await bench.place({ ...BID, newClientOrderId: "a" });
    await bench.place(BID);
    const refused = await bench.place(BID);
    expect([refused.status, refused.code, refused.headers.get("Retry-After")]).toEqual([
      429,
      -1015,
      "10",
    ]);
    expect((await bench.modify({ origClientOrderId: "a", price: "1991" })).code).toBe(-1015);
    expect(outcome(await bench.cancel({ origClientOrderId: "a" }))).toBe("ok");
  });

  test("at most two hundred are open", async () => {
    await start([]);
    for (let count = 0; count < 200; count += 1) await bench.place({ ...BID, quantity: "0.1" });
    expect((await bench.place(BID)).code).toBe(-2025);
    expect(outcome(await bench.place(MARKET_BUY))).toBe("ok");
    expect(records(await bench.ask("v1/openOrders"))).toHaveLength(200);
  });
});

describe("keys, signatures and clocks", () => {
  const signedAt = (timestamp: number, extra = "") => {
    const query = `timestamp=${timestamp}${extra}`;
    const signature = createHmac("sha256", HMAC_SECRET).update(query).digest("hex");
    return bench.rest.send("GET", `/fapi/v3/balance?${query}&signature=${signature}`, HMAC_KEY);
  };

  test("a time outside of the window is refused", async () => {
    await start();
    expect((await signedAt(START_MS + 1000)).code).toBe(-1021);
    expect((await signedAt(START_MS - 5001)).code).toBe(-1021);
    expect((await signedAt(START_MS - 5001, "&recvWindow=6000")).status).toBe(200);
    expect((await signedAt(START_MS, "&recvWindow=60001")).code).toBe(-1131);
    bench.mock.switches.setClockSkew(20_000);
    expect((await signedAt(START_MS)).code).toBe(-1021);
  });

  test("a wrong signature, a missing one, an unknown key", async () => {
    await start();
    const path = `/fapi/v3/balance?timestamp=${START_MS}`;
    const wrong = await bench.rest.send("GET", `${path}&signature=00`, HMAC_KEY);
    expect(outcome(wrong)).toBe("400 -1022 Signature for this request is not valid.");
    expect((await bench.rest.send("GET", path, HMAC_KEY)).code).toBe(-1102);
    expect((await bench.rest.send("GET", path, "u".repeat(64))).code).toBe(-2015);
    expect((await bench.rest.send("GET", path)).code).toBe(-2014);
  });

  test("query and body are signed as one, and an Ed25519 key logs on", async () => {
    await start();
    const { newClientOrderId, ...query } = { ...BID, newClientOrderId: "in-the-body" };
    const mixed = await bench.rest.signed("POST", "/fapi/v1/order", query, { newClientOrderId });
    expect(mixed.json).toMatchObject({ clientOrderId: "in-the-body" });
    const ws = await bench.wsApi("?returnRateLimits=false");
    const on = await ws.logOn();
    expect(on.result).toMatchObject({ authorizedSince: START_MS });
    expect(on.rateLimits).toBeUndefined();
  });

  test("what a key may do is told as on the venue's other host", async () => {
    await start();
    const answer = await bench.rest.signed("GET", "/sapi/v1/account/apiRestrictions");
    expect(answer.json).toMatchObject({ enableFutures: true, enableWithdrawals: false });
  });
});
