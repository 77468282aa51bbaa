/** Orders at the mock venue over the WebSocket API: every call, its shape and its refusals. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { outcome, record, records, type WsAnswer, type WsClient } from "../binance-kit.ts";
import { VenueBench } from "./venue-kit.ts";

let bench: VenueBench;
let client: WsClient;

beforeAll(async () => {
  bench = await VenueBench.start();
  client = await bench.wsApi();
  expect(outcome(await client.logOn())).toBe("ok");
});
afterAll(() => bench.stop());

const BUY = { symbol: "ETHUSDT", side: "BUY", type: "LIMIT_MAKER" };

/** A resting buy far from the market. */
function rest(id: string, changes: Record<string, string | number> = {}): Promise<WsAnswer> {
  const order = { price: "1900.00", quantity: "0.01", newClientOrderId: id };
  return client.timed("order.place", { ...BUY, ...order, ...changes });
}

async function refused(changes: Record<string, string | number>): Promise<string> {
  return outcome(await rest("refused", changes));
}

function cancel(params: Record<string, string | number>): Promise<WsAnswer> {
  return client.timed("order.cancel", { symbol: "ETHUSDT", ...params });
}

describe("order.place", () => {
  test("acknowledges a post-only order with exactly the documented fields", async () => {
    const { status, result } = await rest("ack-1");
    expect(status).toBe(200);
    expect(result).toEqual({
      symbol: "ETHUSDT",
      orderId: expect.any(Number),
      orderListId: -1,
      clientOrderId: "ack-1",
      transactTime: bench.clock.nowMs,
    });
    expect(outcome(await cancel({ origClientOrderId: "ack-1" }))).toBe("ok");
  });

  test("RESULT and FULL say more; a taker's fills are in FULL", async () => {
    const answer = await rest("result-1", { newOrderRespType: "RESULT", strategyId: 7 });
    expect(answer.result).toMatchObject({
      price: "1900.00000000",
      origQty: "0.01000000",
      executedQty: "0.00000000",
      origQuoteOrderQty: "0.00000000",
      cummulativeQuoteQty: "0.00000000",
      status: "NEW",
      timeInForce: "GTC",
      type: "LIMIT_MAKER",
      side: "BUY",
      workingTime: bench.clock.nowMs,
      selfTradePreventionMode: "EXPIRE_MAKER",
      strategyId: 7,
    });
    const { result } = await rest("taker-1", {
      type: "LIMIT",
      timeInForce: "IOC",
      price: "2000.01",
      quantity: "0.02",
    });
    // 0.02 ETH at 2000.01, and 0.1 % of what is received.
    expect(result).toMatchObject({
      status: "FILLED",
      executedQty: "0.02000000",
      cummulativeQuoteQty: "40.00020000",
      fills: [
        {
          price: "2000.01000000",
          qty: "0.02000000",
          commission: "0.00002000",
          commissionAsset: "ETH",
          tradeId: expect.any(Number),
        },
      ],
    });
    expect(outcome(await cancel({ origClientOrderId: "result-1" }))).toBe("ok");
  });

  test("market, immediate-or-cancel and fill-or-kill orders never rest", async () => {
    const market = await client.timed("order.place", {
      symbol: "ETHUSDT",
      side: "SELL",
      type: "MARKET",
      quantity: "0.01",
    });
    expect(market.result).toMatchObject({ status: "FILLED", type: "MARKET" });
    const ioc = { type: "LIMIT", timeInForce: "IOC", price: "1999.00" };
    expect((await rest("ioc", ioc)).result).toMatchObject({
      status: "EXPIRED",
      expiryReason: "UNFILLED_IOC_QUANTITY_EXPIRED",
    });
    // Ten ETH at 2000.01 and ten at 2000.02 are there, less what was taken.
    const fok = { type: "LIMIT", timeInForce: "FOK", price: "2000.01", quantity: "11" };
    expect((await rest("fok", { ...fok, price: "2000.01" })).result).toMatchObject({
      status: "EXPIRED",
      executedQty: "0.00000000",
      expiryReason: "UNFILLED_FOK_ORDER_EXPIRED",
    });
    const filled = await rest("fok-2", { ...fok, quantity: "0.5" });
    expect(filled.result).toMatchObject({ status: "FILLED", timeInForce: "FOK" });
  });

  test.each<[string, Record<string, string | number>]>([
    ["400 -2010 Order would immediately match and take.", { price: "2000.01" }],
    [
      "400 -2010 Account has insufficient balance for requested action.",
      { quantity: "100", price: "1999.99" },
    ],
    ["400 -1013 Filter failure: PRICE_FILTER", { price: "1900.001" }],
    ["400 -1013 Filter failure: LOT_SIZE", { quantity: "0.00001" }],
    ["400 -1013 Filter failure: NOTIONAL", { quantity: "0.001" }],
    ["400 -1013 Filter failure: PERCENT_PRICE_BY_SIDE", { price: "100.00", quantity: "1" }],
    ["400 -1111 Parameter 'price' has too much precision.", { price: "1900.000000001" }],
    ["400 -1106 Parameter 'timeInForce' sent when not required.", { timeInForce: "GTC" }],
    ["400 -1106 Parameter 'stopPrice' sent when not required.", { stopPrice: "1" }],
    ["400 -1121 Invalid symbol.", { symbol: "NOPE" }],
    ["400 -1117 Invalid side.", { side: "LONG" }],
    ["400 -1116 Invalid orderType.", { type: "STOP_LOSS" }],
    ["400 -1115 Invalid timeInForce.", { type: "LIMIT", timeInForce: "GTX" }],
    ["400 -1013 Iceberg orders are not supported for this symbol.", { icebergQty: "0.01" }],
    ["400 -1134 strategyType was less than 1000000.", { strategyType: 5 }],
    [
      "400 -1102 Mandatory parameter 'timeInForce' was not sent, was empty/null, or malformed.",
      { type: "LIMIT" },
    ],
    [
      "400 -1104 Not all sent parameters were read; read '6' parameter(s) but was sent '7'.",
      { colour: "red" },
    ],
  ])("refuses: %s", async (expected, changes) => {
    expect(await refused(changes)).toBe(expected);
    const { result } = await client.timed("openOrders.status", { symbol: "ETHUSDT" });
    expect(result).toEqual([]);
  });

  test("refuses ids with other characters, too long, or open already", async () => {
    const range = "legal range is '^[a-zA-Z0-9-_]{1,36}$'.";
    for (const newClientOrderId of ["mm.1", "mm:1", "x".repeat(37)]) {
      expect(await refused({ newClientOrderId })).toBe(
        `400 -1100 Illegal characters found in parameter 'newClientOrderId'; ${range}`,
      );
    }
    await rest("twice");
    expect(outcome(await rest("twice"))).toBe("400 -2010 Duplicate order sent.");
    await cancel({ origClientOrderId: "twice" });
    // Free again once it is not open any more.
    expect(outcome(await rest("twice"))).toBe("ok");
    await cancel({ origClientOrderId: "twice" });
  });

  test("order.test checks and does nothing", async () => {
    const order = { ...BUY, price: "1900.00", quantity: "0.01" };
    expect((await client.timed("order.test", order)).result).toEqual({});
    const bad = await client.timed("order.test", { ...order, quantity: "0.00001" });
    expect(outcome(bad)).toBe("400 -1013 Filter failure: LOT_SIZE");
    expect((await client.timed("openOrders.status", { symbol: "ETHUSDT" })).result).toEqual([]);
  });
});

describe("order.cancel", () => {
  test("the order gets the cancel's id, and is found by both ids", async () => {
    const { orderId } = record((await rest("old-id")).result);
    const answer = await cancel({ origClientOrderId: "old-id", newClientOrderId: "cancel-id" });
    expect(answer.result).toEqual({
      symbol: "ETHUSDT",
      origClientOrderId: "old-id",
      orderId,
      orderListId: -1,
      clientOrderId: "cancel-id",
      transactTime: bench.clock.nowMs,
      price: "1900.00000000",
      origQty: "0.01000000",
      executedQty: "0.00000000",
      origQuoteOrderQty: "0.00000000",
      cummulativeQuoteQty: "0.00000000",
      status: "CANCELED",
      timeInForce: "GTC",
      type: "LIMIT_MAKER",
      side: "BUY",
      selfTradePreventionMode: "EXPIRE_MAKER",
    });
    for (const origClientOrderId of ["old-id", "cancel-id"]) {
      const status = await client.timed("order.status", { symbol: "ETHUSDT", origClientOrderId });
      expect(status.result).toMatchObject({ orderId, status: "CANCELED" });
    }
  });

  test("refuses what is not open, and what the restrictions exclude", async () => {
    const unknown = "400 -2011 Unknown order sent.";
    expect(outcome(await cancel({ orderId: 999_999 }))).toBe(unknown);
    expect(outcome(await cancel({ origClientOrderId: "nobody" }))).toBe(unknown);
    expect(outcome(await cancel({}))).toBe(
      "400 -1102 Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
    );
    const { orderId } = record((await rest("mine")).result);
    const other = { orderId: Number(orderId), origClientOrderId: "other" };
    expect(outcome(await cancel(other))).toBe(unknown);
    const partly = { orderId: Number(orderId), cancelRestrictions: "ONLY_PARTIALLY_FILLED" };
    expect(outcome(await cancel(partly))).toBe(
      "400 -2011 Order was not canceled due to cancel restrictions.",
    );
    const asNew = { orderId: Number(orderId), cancelRestrictions: "ONLY_NEW" };
    expect(outcome(await cancel(asNew))).toBe("ok");
  });

  test("cancelAll is of one symbol; with nothing open it is -2011", async () => {
    await rest("all-1");
    await rest("all-2", { price: "1901.00" });
    await rest("other", { symbol: "BTCUSDT", price: "60000.00", quantity: "0.001" });
    const answer = await client.timed("openOrders.cancelAll", { symbol: "ETHUSDT" });
    const ids = records(answer.result).map((order) => order["origClientOrderId"]);
    expect(ids).toEqual(["all-1", "all-2"]);
    const again = await client.timed("openOrders.cancelAll", { symbol: "ETHUSDT" });
    expect(outcome(again)).toBe("400 -2011 Unknown order sent.");
    const left = await client.timed("openOrders.status");
    expect(records(left.result).map((order) => order["clientOrderId"])).toEqual(["other"]);
    await client.timed("openOrders.cancelAll", { symbol: "BTCUSDT" });
  });
});

describe("questions", () => {
  test("order.status has every documented field; ids that disagree are refused", async () => {
    const { orderId } = record((await rest("q-1")).result);
    const ids = { symbol: "ETHUSDT", orderId: Number(orderId) };
    expect((await client.timed("order.status", ids)).result).toEqual({
      symbol: "ETHUSDT",
      orderId,
      orderListId: -1,
      clientOrderId: "q-1",
      price: "1900.00000000",
      origQty: "0.01000000",
      executedQty: "0.00000000",
      cummulativeQuoteQty: "0.00000000",
      status: "NEW",
      timeInForce: "GTC",
      type: "LIMIT_MAKER",
      side: "BUY",
      stopPrice: "0.00000000",
      icebergQty: "0.00000000",
      time: bench.clock.nowMs,
      updateTime: bench.clock.nowMs,
      isWorking: true,
      workingTime: bench.clock.nowMs,
      origQuoteOrderQty: "0.00000000",
      selfTradePreventionMode: "EXPIRE_MAKER",
    });
    const both = { ...ids, origClientOrderId: "other" };
    expect(outcome(await client.timed("order.status", both))).toStartWith("400 -2039 ");
    const none = { symbol: "ETHUSDT", origClientOrderId: "nobody" };
    expect(outcome(await client.timed("order.status", none))).toBe(
      "400 -2013 Order does not exist.",
    );
    await cancel({ orderId: Number(orderId) });
  });

  test("myTrades goes forward from an id, or by order", async () => {
    const sale = { type: "LIMIT", timeInForce: "IOC", side: "SELL", price: "1999.99" };
    await rest("t-0", sale);
    const before = records((await client.timed("myTrades", { symbol: "ETHUSDT" })).result);
    const { orderId } = record((await rest("t-1", sale)).result);
    const fromId = Number(before.at(-1)?.["id"]) + 1;
    const [trade, ...others] = records(
      (await client.timed("myTrades", { symbol: "ETHUSDT", fromId })).result,
    );
    expect(others).toEqual([]);
    expect(trade).toEqual({
      symbol: "ETHUSDT",
      id: fromId,
      orderId,
      orderListId: -1,
      price: "1999.99000000",
      qty: "0.01000000",
      quoteQty: "19.99990000",
      commission: "0.01999990",
      commissionAsset: "USDT",
      time: bench.clock.nowMs,
      isBuyer: false,
      isMaker: false,
      isBestMatch: true,
    });
    const ofOrder = { symbol: "ETHUSDT", orderId: Number(orderId) };
    expect((await client.timed("myTrades", ofOrder)).result).toEqual([trade]);
    const long = { symbol: "ETHUSDT", startTime: 1, endTime: 86_400_002 };
    expect(outcome(await client.timed("myTrades", long))).toStartWith("400 -1127 ");
    const all = records((await client.timed("allOrders", { symbol: "ETHUSDT" })).result);
    expect(all.at(-1)).toMatchObject({ orderId, status: "FILLED" });
  });
});

describe("status of a symbol", () => {
  test("CANCEL_ONLY lets cancels through and nothing else; a break lets nothing", async () => {
    const { orderId } = record((await rest("s-1")).result);
    bench.venue.switches.setStatus("CANCEL_ONLY");
    expect(outcome(await rest("s-2"))).toBe("400 -2010 Market is closed.");
    const info = await client.call("exchangeInfo", { symbol: "ETHUSDT" });
    expect(records(record(info.result)["symbols"])[0]).toMatchObject({ status: "CANCEL_ONLY" });
    bench.venue.switches.setStatus("BREAK");
    expect(outcome(await cancel({ orderId: Number(orderId) }))).toBe("400 -2011 Market is closed.");
    bench.venue.switches.setStatus("CANCEL_ONLY", "ETHUSDT");
    expect(outcome(await cancel({ orderId: Number(orderId) }))).toBe("ok");
    bench.venue.switches.setStatus("TRADING");
    expect(outcome(await rest("s-3"))).toBe("ok");
    await cancel({ origClientOrderId: "s-3" });
  });
});
