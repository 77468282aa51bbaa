/** Conditional orders: they wait outside of the book; what comes of them has a life of its own. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type Json, outcome, record } from "../binance-kit.ts";
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

const REDUCING = { ...STOP_SELL, reduceOnly: "true", clientAlgoId: "sl-1" };
const cancelAlgo = (values: Record<string, string | number>) =>
  bench.rest.signed("DELETE", "/fapi/v1/algoOrder", values);
/** Moves the mark, and lets what follows happen and be told. */
async function pin(price: string): Promise<void> {
  bench.mock.market("ETHUSDT").pin(price);
  await Promise.resolve();
}
const algoOf = (clientAlgoId: string) => bench.askOne("v1/algoOrder", { clientAlgoId });

function algoUpdates(): Json[] {
  return bench.events.filter(({ e }) => e === "ALGO_UPDATE").map(({ o }) => record(o));
}

test("placed, it waits: for no margin, and in no list of orders in the book", async () => {
  const placed = await bench.placeAlgo({ ...STOP_SELL, quantity: "1500", clientAlgoId: "big" });
  expect(placed.json).toMatchObject({
    clientAlgoId: "big",
    algoType: "CONDITIONAL",
    orderType: "STOP_MARKET",
    algoStatus: "NEW",
    triggerPrice: "1980.00",
    quantity: "1500.000",
    workingType: "MARK_PRICE",
    reduceOnly: false,
    triggerTime: 0,
  });
  expect(await bench.ask("v1/openOrders")).toEqual([]);
  expect(await bench.askAll("v1/openAlgoOrders")).toMatchObject([{ clientAlgoId: "big" }]);
  await bench.rest.signed("DELETE", "/fapi/v1/allOpenOrders", { symbol: "ETHUSDT" });
  expect(await bench.askAll("v1/openAlgoOrders", {})).toHaveLength(1);
  expect(bench.told()).toEqual(["algo NEW"]);
});

test("triggered by the mark, it becomes an order of its own, as its events tell", async () => {
  await bench.place(MARKET_BUY);
  await bench.placeAlgo(REDUCING);
  bench.told();
  await pin("1980.01");
  expect(bench.told()).toEqual([]);
  await pin("1980");
  const updates = algoUpdates();
  expect(bench.told()).toEqual([
    "algo TRIGGERING",
    "algo TRIGGERED",
    "NEW NEW",
    "TRADE FILLED 1.000@1999.99",
    "algo FINISHED",
  ]);
  const [triggering, triggered, finished] = updates;
  expect(triggering).toMatchObject({ caid: "sl-1", ai: "", act: "0" });
  expect(triggered).toMatchObject({ act: "MARKET", aq: "0.000", tp: "1980.00", rm: "" });
  expect(finished).toMatchObject({ ai: triggered?.["ai"], aq: "1.000", ap: "1999.99" });
  const actual = await bench.askOne("v1/order", {
    symbol: "ETHUSDT",
    orderId: Number(triggered?.["ai"]),
  });
  expect(actual).toMatchObject({ type: "MARKET", status: "FILLED", reduceOnly: true });
  // Nobody finds it by the id of the conditional order.
  expect(actual["clientOrderId"]).not.toBe("sl-1");
  expect(await bench.orderOf("sl-1")).toMatchObject({ code: -2013 });
  expect(await algoOf("sl-1")).toMatchObject({
    algoStatus: "FINISHED",
    actualOrderId: triggered?.["ai"],
    actualPrice: "1999.99",
    actualQty: "1.000",
    actualType: "MARKET",
  });
});

test("the last price triggers where that is what counts, and the mark does not", async () => {
  await bench.place(MARKET_BUY);
  await bench.placeAlgo({ ...REDUCING, workingType: "CONTRACT_PRICE", triggerPrice: "1999" });
  bench.told();
  await pin("1900");
  expect(bench.told()).toEqual([]);
  bench.eth.print("sell", 199_900, 1);
  bench.settle();
  await Promise.resolve();
  expect(bench.told()).toContain("algo FINISHED");
});

test("a stop runs after the price, a take-profit waits for it to come its way", async () => {
  const buy = { ...STOP_SELL, side: "BUY" };
  await bench.placeAlgo({ ...buy, triggerPrice: "2020", clientAlgoId: "stop" });
  await bench.placeAlgo({ ...buy, type: "TAKE_PROFIT_MARKET", clientAlgoId: "profit" });
  await pin("2020");
  expect(await algoOf("stop")).toMatchObject({ algoStatus: "FINISHED" });
  expect(await algoOf("profit")).toMatchObject({ algoStatus: "NEW" });
  await pin("1980");
  expect(await algoOf("profit")).toMatchObject({ algoStatus: "FINISHED" });
});

test("one with a price rests in the book, and is finished when that order is", async () => {
  const limit = { ...STOP_SELL, type: "STOP", price: "2010", timeInForce: "GTX" };
  await bench.placeAlgo({ ...limit, clientAlgoId: "lim" });
  await pin("1979");
  expect(bench.told()).toEqual(["algo NEW", "algo TRIGGERING", "algo TRIGGERED", "NEW NEW"]);
  expect(await bench.askAll("v1/openAlgoOrders")).toEqual([]);
  const [resting] = await bench.askAll("v1/openOrders");
  expect(resting).toMatchObject({ price: "2010.00", type: "LIMIT", timeInForce: "GTX" });
  await bench.cancel({ orderId: Number(resting?.["orderId"]) });
  expect(bench.told()).toEqual(["CANCELED CANCELED", "algo FINISHED"]);
});

test("closing takes whatever the position is by then", async () => {
  const { quantity: _none, ...rest } = STOP_SELL;
  await bench.placeAlgo({ ...rest, closePosition: "true", clientAlgoId: "close" });
  await bench.place({ ...MARKET_BUY, quantity: "3" });
  bench.told();
  await pin("1970");
  expect(bench.told()).toContain("TRADE FILLED 3.000@1999.99");
  expect(await bench.ask("v3/positionRisk")).toEqual([]);
});

test("the book may hold less than it asks for: the rest expires", async () => {
  await bench.place({ ...MARKET_BUY, quantity: "30" });
  await bench.placeAlgo({ ...REDUCING, quantity: "30" });
  bench.eth.setTouch(ETH_BID - 100, ETH_ASK - 100);
  bench.settle();
  // The lowest levels are gone; of five levels of ten, four are taken away by hand.
  const { exchange } = bench.mock.market("ETHUSDT");
  for (const away of [101, 102, 103, 104]) {
    exchange.onLevel(true, ETH_BID - away + 1, 0, bench.nowMs());
  }
  bench.told();
  await pin("1970");
  const told = bench.told();
  expect(told).toContain("EXPIRED 9");
  expect(told.at(-1)).toBe("algo FINISHED");
  expect(await algoOf("sl-1")).toMatchObject({ actualQty: "10.000" });
});

describe("what comes to nothing says why", () => {
  test("without margin it is rejected", async () => {
    await bench.placeAlgo({ ...STOP_SELL, quantity: "1500", clientAlgoId: "big" });
    await pin("1970");
    const rejected = "algo REJECTED: Margin is insufficient.";
    expect(bench.told()).toEqual(["algo NEW", "algo TRIGGERING", rejected]);
    expect(await algoOf("big")).toMatchObject({ algoStatus: "REJECTED", actualOrderId: "" });
  });

  test("with nothing to reduce it expires, whether by size or by position", async () => {
    const { quantity: _none, ...rest } = STOP_SELL;
    await bench.placeAlgo(REDUCING);
    await bench.placeAlgo({ ...rest, closePosition: "true" });
    await pin("1970");
    const expired = "algo EXPIRED: ReduceOnly Order is rejected.";
    const each = ["algo TRIGGERING", expired];
    expect(bench.told()).toEqual(["algo NEW", "algo NEW", ...each, ...each]);
  });
});

test.each([
  [{ triggerPrice: "2010" }, -2021],
  [{ triggerPrice: "1999.999" }, -4014],
  [{ quantity: "0.0001" }, -1111],
  [{ type: "TRAILING_STOP_MARKET" }, -1116],
  [{ type: "STOP" }, -1102],
  [{ price: "1" }, -1106],
  [{ closePosition: "true" }, -1106],
  [{ algoType: "VP" }, -1130],
  [{ workingType: "INDEX" }, -1130],
  [{ positionSide: "SHORT" }, -4061],
])("%p is refused by %d", async (changes, code) => {
  const refused = await bench.placeAlgo({ ...STOP_SELL, ...changes });
  expect([refused.status, refused.code]).toEqual([400, code]);
  expect(bench.told()).toEqual([]);
});

test("cancelled by either id, or all of a symbol; no longer there, it is unknown", async () => {
  const first = record((await bench.placeAlgo(REDUCING)).json);
  expect(outcome(await bench.placeAlgo(REDUCING))).toBe("400 -4116 ClientOrderId is duplicated.");
  const canceled = await cancelAlgo({ algoId: Number(first["algoId"]) });
  const { algoId, clientAlgoId } = first;
  expect(canceled.json).toEqual({ algoId, clientAlgoId, code: "200", msg: "success" });
  expect((await cancelAlgo({ clientAlgoId: "sl-1" })).code).toBe(-2011);
  await bench.placeAlgo(STOP_SELL);
  await bench.placeAlgo({ ...STOP_SELL, symbol: "BTCUSDT", triggerPrice: "63000" });
  await bench.rest.signed("DELETE", "/fapi/v1/algoOpenOrders", { symbol: "ETHUSDT" });
  expect(await bench.askAll("v1/openAlgoOrders", {})).toMatchObject([{ symbol: "BTCUSDT" }]);
  const all = await bench.askAll("v1/allAlgoOrders");
  expect(all.map(({ algoStatus }) => algoStatus)).toEqual(["CANCELED", "CANCELED"]);
  expect((await bench.rest.signed("GET", "/fapi/v1/algoOrder", { algoId: 5 })).code).toBe(-2013);
  await pin("1");
  expect(bench.told()).not.toContain("NEW NEW");
});

test("over the WebSocket API: placed and cancelled", async () => {
  const ws = await bench.wsApi();
  const placed = await ws.signed("algoOrder.place", REDUCING);
  expect(placed.result).toMatchObject({ clientAlgoId: "sl-1", algoStatus: "NEW" });
  const canceled = await ws.signed("algoOrder.cancel", { clientAlgoId: "sl-1" });
  expect(canceled.result).toMatchObject({ code: "200", msg: "success" });
  expect(outcome(await ws.signed("algoOrder.cancel", { clientAlgoId: "sl-1" }))).toContain("-2011");
});

test("at most two hundred wait", async () => {
  const fill = async (): Promise<void> => {
    for (let count = 0; count < 100; count += 1) {
      await bench.placeAlgo(STOP_SELL);
    }
    bench.timers.advance(60_000);
  };
  await fill();
  await fill();
  expect((await bench.placeAlgo(STOP_SELL)).code).toBe(-4045);
  expect(outcome(await bench.place(BID))).toBe("ok");
  expect(outcome(await bench.place(MARKET_SELL))).toBe("ok");
});
