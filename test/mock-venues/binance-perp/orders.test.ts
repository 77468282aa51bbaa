/** Orders at the mock venue: every call, its shape, its events and its refusals. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { HMAC_KEY, outcome, record, records } from "../binance-kit.ts";
import { BID, ETH_ASK, MARKET_BUY, MARKET_SELL, PerpBench, STOP_SELL } from "./perp-bench.ts";

let bench: PerpBench;
beforeEach(async () => {
  bench = await PerpBench.start();
});
afterEach(() => bench.stop());

const named = (newClientOrderId: string) => ({ newClientOrderId });

describe("placing", () => {
  test("a post-only order rests: its answer has no amounts, a query of it has", async () => {
    const placed = await bench.place({ ...BID, ...named("a-1") });
    expect(placed.json).toMatchObject({
      symbol: "ETHUSDT",
      clientOrderId: "a-1",
      status: "NEW",
      price: "1990.00",
      origQty: "1.000",
      executedQty: "0.000",
      cumQty: "0.000",
      timeInForce: "GTX",
      reduceOnly: false,
      positionSide: "BOTH",
      selfTradePreventionMode: "EXPIRE_MAKER",
    });
    expect(placed.json).not.toContainAnyKeys(["avgPrice", "cumQuote", "time"]);
    expect(await bench.orderOf("a-1")).toMatchObject({
      avgPrice: "0",
      cumQuote: "0",
      type: "LIMIT",
    });
    expect(bench.told()).toEqual(["NEW NEW"]);
  });

  test("post-only that would take is refused at once, and nobody knows of it", async () => {
    const crossing = await bench.place({ ...BID, price: "2000.01", ...named("a-2") });
    const words = "Due to the order could not be executed as maker, the order will be canceled.";
    expect(outcome(crossing)).toBe(`400 -5022 ${words}`);
    expect(bench.told()).toEqual([]);
    expect(await bench.orderOf("a-2")).toMatchObject({ code: -2013 });
    expect(outcome(await bench.place({ ...BID, ...named("a-2") }))).toBe("ok");
  });

  test("fill or kill: all at once, or not at all", async () => {
    const all = { ...BID, timeInForce: "FOK", price: "2000.01" };
    const tooMuch = await bench.place({ ...all, quantity: "11" });
    expect(tooMuch.code).toBe(-5021);
    expect(bench.told()).toEqual([]);
    const filled = await bench.place({ ...all, quantity: "10", newOrderRespType: "RESULT" });
    expect(filled.json).toMatchObject({ status: "FILLED", executedQty: "10.000" });
  });

  test("what an immediate order and a market order do not get, expires", async () => {
    const result = { newOrderRespType: "RESULT" };
    const ioc = { ...BID, timeInForce: "IOC", price: "2000.01", quantity: "12", ...result };
    expect((await bench.place(ioc)).json).toMatchObject({ status: "EXPIRED", cumQty: "10.000" });
    expect(bench.told()).toEqual(["NEW NEW", "TRADE PARTIALLY_FILLED 10.000@2000.01", "EXPIRED 2"]);
    // Five levels of ten, the first of them taken.
    const market = await bench.place({ ...MARKET_BUY, quantity: "41", ...result });
    expect(market.json).toMatchObject({ status: "EXPIRED", cumQty: "40.000", price: "0" });
    expect(bench.told().at(-1)).toBe("EXPIRED 9");
  });

  test("an acknowledgement does not wait for fills, a result does", async () => {
    const quick = await bench.place({ ...MARKET_BUY, ...named("m-1") });
    expect(quick.json).toMatchObject({ status: "NEW", executedQty: "0.000" });
    expect(await bench.orderOf("m-1")).toMatchObject({
      status: "FILLED",
      avgPrice: "2000.01",
      cumQuote: "2000.01",
    });
    const result = await bench.place({ ...MARKET_SELL, newOrderRespType: "RESULT" });
    expect(result.json).toMatchObject({ status: "FILLED", executedQty: "1.000" });
    // What may rest is told as it was accepted.
    const through = { ...BID, timeInForce: "GTC", price: "2000.01", newOrderRespType: "RESULT" };
    expect((await bench.place(through)).json).toMatchObject({ status: "NEW", cumQty: "0.000" });
  });

  test("a fill comes as a hint, as the order's and as the account's", async () => {
    await bench.place({ ...MARKET_BUY, ...named("m-2") });
    const [first, ...others] = bench.events.slice(1);
    expect(first).toMatchObject({ e: "TRADE_LITE", c: "m-2", l: "1.000", L: "2000.01", m: false });
    const update = others.find(({ e }) => e === "ORDER_TRADE_UPDATE");
    // Five basis points of 2000.01.
    expect(update).toMatchObject({
      o: { c: "m-2", t: first?.["t"], n: "1.000005", N: "USDT", rp: "0.00000000", ap: "2000.01" },
    });
    expect(others.find(({ e }) => e === "ACCOUNT_UPDATE")).toMatchObject({
      a: {
        m: "ORDER",
        B: [{ a: "USDT", wb: "9998.99999500", bc: "0.00000000" }],
        P: [{ s: "ETHUSDT", pa: "1.000", ep: "2000.01", up: "-0.01000000", mt: "cross" }],
      },
    });
  });

  test.each([
    [{ price: "1990.001" }, -4014],
    [{ price: "1990.0001" }, -1111],
    [{ price: "0.01" }, -4013],
    [{ price: "0" }, -4001],
    [{ quantity: "0.0005" }, -1111],
    [{ quantity: "0" }, -4003],
    [{ quantity: "20000" }, -4005],
    [{ price: "1999", quantity: "0.01" }, -4164],
    [{ timeInForce: "GTC", price: "2100.01" }, -4016],
    [{ side: "SELL", timeInForce: "GTC", price: "1899.99" }, -4024],
    [{ symbol: "NOUSDT" }, -1121],
    [{ side: "UP" }, -1117],
    [{ type: "ICEBERG" }, -1116],
    [{ timeInForce: "GTD" }, -1115],
    [{ positionSide: "LONG" }, -4061],
    [{ quantity: "101" }, -2019],
    [{ priceMatch: "QUEUE" }, -4188],
    [{ stopPrice: "1" }, -1106],
    [{ nonsense: "1" }, -1104],
    [{ newClientOrderId: "no space" }, -1100],
    [{ newOrderRespType: "FULL" }, -1130],
  ])("%p is refused by %d", async (changes, code) => {
    const refused = await bench.place({ ...BID, ...changes });
    expect([refused.status, refused.code]).toEqual([400, code]);
    expect(bench.told()).toEqual([]);
  });

  test("conditional types belong elsewhere, by every way", async () => {
    const types = ["STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"];
    for (const type of [...types, "TRAILING_STOP_MARKET"]) {
      expect((await bench.place({ ...BID, type, stopPrice: "1" })).code).toBe(-4120);
    }
    const ws = await bench.wsApi();
    expect(outcome(await ws.signed("order.place", { ...BID, type: "STOP" }))).toContain(" -4120 ");
    const batchOrders = JSON.stringify([{ ...BID, type: "STOP_MARKET" }]);
    const batch = await bench.rest.signed("POST", "/fapi/v1/batchOrders", { batchOrders });
    expect(batch.json).toMatchObject([{ code: -4120 }]);
  });

  test("client ids: one open order each, of the venue's own letters", async () => {
    const id = "Mm.1:a/b_c-9";
    expect(outcome(await bench.place({ ...BID, ...named(id) }))).toBe("ok");
    const again = await bench.place({ ...BID, ...named(id) });
    expect(outcome(again)).toBe("400 -4116 ClientOrderId is duplicated.");
    await bench.cancel({ origClientOrderId: id });
    expect(outcome(await bench.place({ ...BID, ...named(id) }))).toBe("ok");
  });
});

describe("reducing", () => {
  test("without a position it is refused; with one it never turns it", async () => {
    const reduce = { ...MARKET_SELL, reduceOnly: "true" };
    expect(outcome(await bench.place(reduce))).toBe("400 -2022 ReduceOnly Order is rejected.");
    await bench.place(MARKET_BUY);
    bench.told();
    await bench.place({ ...reduce, quantity: "5" });
    expect(bench.told()).toEqual(["NEW NEW", "TRADE PARTIALLY_FILLED 1.000@1999.99", "EXPIRED 9"]);
    expect(await bench.ask("v3/positionRisk")).toEqual([]);
  });

  test("it may be smaller than any other order", async () => {
    await bench.place(MARKET_BUY);
    const small = { ...MARKET_SELL, quantity: "0.001" };
    expect((await bench.place(small)).code).toBe(-4164);
    expect(outcome(await bench.place({ ...small, reduceOnly: "true" }))).toBe("ok");
  });

  test("what rests goes when the position does", async () => {
    await bench.place(MARKET_BUY);
    await bench.place({ ...BID, side: "SELL", price: "2010", reduceOnly: "true" });
    bench.told();
    await bench.place(MARKET_SELL);
    expect(bench.told()).toEqual(["NEW NEW", "TRADE FILLED 1.000@1999.99", "EXPIRED 4"]);
  });
});

describe("cancelling", () => {
  test("by either id; what is gone is not known", async () => {
    const placed = record((await bench.place({ ...BID, ...named("c-1") })).json);
    const canceled = await bench.cancel({ orderId: Number(placed["orderId"]) });
    expect(canceled.json).toMatchObject({ status: "CANCELED", clientOrderId: "c-1" });
    const gone = await bench.cancel({ origClientOrderId: "c-1" });
    expect(outcome(gone)).toBe("400 -2011 Unknown order sent.");
    expect((await bench.cancel({})).code).toBe(-1102);
    expect(bench.told()).toEqual(["NEW NEW", "CANCELED CANCELED"]);
  });

  test("all of a symbol, and some at once", async () => {
    for (const id of ["x-1", "x-2", "x-3"]) await bench.place({ ...BID, ...named(id) });
    const origClientOrderIdList = JSON.stringify(["x-1", "none"]);
    const path = "/fapi/v1/batchOrders";
    const some = await bench.rest.signed("DELETE", path, {
      symbol: "ETHUSDT",
      origClientOrderIdList,
    });
    expect(some.json).toMatchObject([
      { clientOrderId: "x-1", status: "CANCELED" },
      { code: -2011 },
    ]);
    const all = await bench.rest.signed("DELETE", "/fapi/v1/allOpenOrders", { symbol: "ETHUSDT" });
    expect(all.json).toEqual({
      code: 200,
      msg: "The operation of cancel all open order is done.",
    });
    expect(await bench.ask("v1/openOrders")).toEqual([]);
    // Nothing to cancel is no failure.
    const none = await bench.rest.signed("DELETE", "/fapi/v1/allOpenOrders", { symbol: "ETHUSDT" });
    expect(none.status).toBe(200);
  });

  test("by a countdown that is not set again; conditional orders stay", async () => {
    const count = (countdownTime: number) =>
      bench.rest.signed("POST", "/fapi/v1/countdownCancelAll", {
        symbol: "ETHUSDT",
        countdownTime,
      });
    await bench.place(BID);
    await bench.placeAlgo(STOP_SELL);
    expect((await count(1000)).json).toEqual({ symbol: "ETHUSDT", countdownTime: "1000" });
    bench.timers.advance(900);
    await count(1000);
    bench.timers.advance(900);
    expect(await bench.ask("v1/openOrders")).toHaveLength(1);
    bench.timers.advance(100);
    expect(await bench.ask("v1/openOrders")).toEqual([]);
    expect(await bench.ask("v1/openAlgoOrders")).toHaveLength(1);
    await bench.place(BID);
    await count(1000);
    await count(0);
    bench.timers.advance(2000);
    expect(await bench.ask("v1/openOrders")).toHaveLength(1);
  });
});

test("batches: each order by itself", async () => {
  const orders = [
    { ...BID, ...named("b-1") },
    { ...BID, price: "2000.01" },
    { ...BID, ...named("b-3") },
  ];
  const batchOrders = JSON.stringify(orders);
  const batch = await bench.rest.signed("POST", "/fapi/v1/batchOrders", { batchOrders });
  expect(batch.json).toMatchObject([
    { clientOrderId: "b-1", status: "NEW" },
    { code: -5022 },
    { clientOrderId: "b-3", status: "NEW" },
  ]);
  const tooMany = JSON.stringify(Array.from({ length: 6 }, () => BID));
  const refused = await bench.rest.signed("POST", "/fapi/v1/batchOrders", { batchOrders: tooMany });
  expect(refused.code).toBe(-4082);
});

test("hedge mode: switched when nothing is there, and then no order fits", async () => {
  const path = "/fapi/v1/positionSide/dual";
  const mode = (dualSidePosition: string) => bench.rest.signed("POST", path, { dualSidePosition });
  expect((await mode("false")).code).toBe(-4059);
  await bench.place(BID);
  expect((await mode("true")).code).toBe(-4067);
  await bench.rest.signed("DELETE", "/fapi/v1/allOpenOrders", { symbol: "ETHUSDT" });
  await bench.place(MARKET_BUY);
  expect((await mode("true")).code).toBe(-4068);
  await bench.place(MARKET_SELL);
  expect(outcome(await mode("true"))).toBe("ok");
  expect(await bench.ask("v1/positionSide/dual", {})).toEqual({ dualSidePosition: true });
  expect(outcome(await bench.place(BID))).toContain(" -4061 Order's position side");
});

test("questions: open orders, all orders, own trades by id and by order", async () => {
  await bench.place({ ...BID, ...named("o-1") });
  await bench.place({ ...MARKET_BUY, ...named("o-2") });
  await bench.place({ ...MARKET_SELL, quantity: "0.5", ...named("o-3") });
  expect(await bench.ask("v1/openOrders", {})).toMatchObject([{ clientOrderId: "o-1" }]);
  const all = await bench.askAll("v1/allOrders");
  expect(all.map(({ clientOrderId }) => clientOrderId)).toEqual(["o-1", "o-2", "o-3"]);
  const open = { symbol: "ETHUSDT", origClientOrderId: "o-2" };
  expect(await bench.ask("v1/openOrder", open)).toMatchObject({ code: -2013 });
  const trades = await bench.askAll("v1/userTrades");
  expect(trades).toMatchObject([
    { side: "BUY", buyer: true, maker: false, price: "2000.01", realizedPnl: "0.00000000" },
    // Half of it, bought at 2000.01 and sold at 1999.99.
    { side: "SELL", buyer: false, qty: "0.500", realizedPnl: "-0.01000000" },
  ]);
  const [first, second] = trades;
  const later = { symbol: "ETHUSDT", fromId: Number(first?.["id"]) + 1 };
  expect(records(await bench.ask("v1/userTrades", later))).toEqual(
    second === undefined ? [] : [second],
  );
  const ofOrder = { symbol: "ETHUSDT", orderId: Number(first?.["orderId"]) };
  expect(await bench.askAll("v1/userTrades", ofOrder)).toHaveLength(1);
});

test("a settling symbol takes what reduces, a closed one nothing", async () => {
  await bench.place(MARKET_BUY);
  await bench.place({ ...BID, ...named("s-1") });
  bench.mock.switches.setStatus("SETTLING", "ETHUSDT");
  expect((await bench.place(BID)).code).toBe(-4140);
  expect(outcome(await bench.place({ ...MARKET_SELL, reduceOnly: "true" }))).toBe("ok");
  bench.mock.switches.setStatus("CLOSE", "ETHUSDT");
  expect((await bench.cancel({ origClientOrderId: "s-1" })).code).toBe(-4141);
  expect(outcome(await bench.place({ ...BID, symbol: "BTCUSDT", price: "63000" }))).toBe("ok");
  const info = await bench.rest.send("GET", "/fapi/v1/exchangeInfo", HMAC_KEY);
  expect(records(record(info.json)["symbols"])).toMatchObject([
    { symbol: "ETHUSDT", status: "CLOSE" },
    { symbol: "BTCUSDT", status: "TRADING" },
  ]);
});

test("the market fills what rests, as a maker and for a maker's fee", async () => {
  await bench.place({ ...BID, price: "2000", ...named("r-1") });
  bench.told();
  bench.eth.print("sell", ETH_ASK - 1, 400);
  bench.settle();
  await Promise.resolve();
  const update = bench.events.find(({ e }) => e === "ORDER_TRADE_UPDATE");
  // Two basis points of 800.
  expect(update).toMatchObject({ o: { X: "PARTIALLY_FILLED", l: "0.400", m: true, n: "0.16" } });
});
