/**
 * The judge's scenarios on the WebSocket API through the SDK: the calls, and the user stream.
 */

import { expect } from "bun:test";
import { SpotWebsocketAPI } from "@binance/spot";
import { RowKind } from "#sim/market-tape.ts";
import type { Inbox } from "../net/support.ts";
import { type SdkBench } from "./sdk-bench.ts";
import { type KeyKind, keyOf } from "./sdk-keys.ts";
import { collected, nextOf, refusalOf } from "./waiting.ts";

const {
  KlinesIntervalEnum: Interval,
  OrderCancelReplaceCancelReplaceModeEnum: Mode,
  OrderCancelReplaceSideEnum: ReplaceSide,
  OrderCancelReplaceTypeEnum: ReplaceType,
  OrderPlaceNewOrderRespTypeEnum: Form,
  OrderPlaceSideEnum: Side,
  OrderPlaceTimeInForceEnum: TimeInForce,
  OrderPlaceTypeEnum: Type,
  OrderTestSideEnum: TestSide,
  OrderTestTypeEnum: TestType,
} = SpotWebsocketAPI;
type Connection = SpotWebsocketAPI.WebsocketAPIConnection;

const symbol = "ETHUSDT";
const BID = { symbol, side: Side.BUY, type: Type.LIMIT_MAKER, quantity: 0.01, price: 1990 };
const STRATEGY = { strategyId: 7, strategyType: 1_000_007 };
const MOVED = {
  symbol,
  side: ReplaceSide.BUY,
  type: ReplaceType.LIMIT_MAKER,
  quantity: 0.01,
  cancelReplaceMode: Mode.STOP_ON_FAILURE,
};

export async function runWsScenario(bench: SdkBench, kind: KeyKind): Promise<void> {
  const ws = await bench.wsApi(keyOf(kind));
  if (kind === "Ed25519") await logOn(ws);
  else expect(await refusalOf(ws.sessionLogon())).toMatchObject({ code: expect.any(Number) });
  await readMarket(bench, ws);
  await placeAndCancel(bench, ws);
  await moveOrders(ws);
  await trade(bench, ws);
  if (kind === "Ed25519") {
    const [left] = await ws.sessionLogout();
    expect(left?.data).toMatchObject({ userDataStream: false });
  }
}

/** The SDK neither signs nor sends its key from here on: the venue must know the session. */
async function logOn(ws: Connection): Promise<void> {
  const [on] = await ws.sessionLogon();
  expect(on?.data.apiKey).toBe("e".repeat(64));
  expect((await ws.sessionStatus()).data.authorizedSince).toBe(on?.data.authorizedSince);
}

async function readMarket(bench: SdkBench, ws: Connection): Promise<void> {
  bench.move([RowKind.sellTrade, 199_999, 100]);
  const before = Date.now();
  expect(Number((await ws.time()).data.serverTime)).toBeWithin(before, Date.now() + 1);
  const info = await ws.exchangeInfo({ symbols: [symbol, "BTCUSDT"] });
  expect(info.data).toMatchObject({ symbols: [{ symbol }, { symbol: "BTCUSDT" }] });
  expect((await ws.depth({ symbol, limit: 5 })).data.asks?.[0]?.[0]).toBe("2000.01000000");
  const candles = await ws.klines({ symbol, interval: Interval.INTERVAL_1m, limit: 3 });
  expect(candles.data).toHaveLength(3);
  expect((await ws.avgPrice({ symbol })).data.mins).toBe(5);
  expect((await ws.tickerBook({ symbol })).data).toMatchObject({ askPrice: "2000.01000000" });
  expect((await ws.tickerPrice({ symbol })).data).toMatchObject({ price: "1999.99000000" });
  expect((await ws.tradesRecent({ symbol })).data).toMatchObject([{ isBuyerMaker: true }]);
}

async function placeAndCancel(bench: SdkBench, ws: Connection): Promise<void> {
  const placed = await ws.orderPlace({ ...BID, newClientOrderId: "judge-1" });
  expect(placed.rateLimits).toMatchObject([
    { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: 100, count: 1 },
    { rateLimitType: "ORDERS", interval: "DAY", intervalNum: 1, limit: 200_000, count: 1 },
    { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: 6000 },
  ]);
  await ws.orderPlace({ ...BID, price: 1989, newOrderRespType: Form.RESULT, ...STRATEGY });
  const limit = { ...BID, type: Type.LIMIT, timeInForce: TimeInForce.GTC, price: 1988 };
  expect((await ws.orderPlace(limit)).data.fills).toEqual([]);
  expect(await refusalOf(ws.orderPlace({ ...BID, newClientOrderId: "judge-1" }))).toEqual({
    code: -2010,
    msg: "Duplicate order sent.",
  });
  const asked = { symbol, origClientOrderId: "judge-1" };
  const { orderId } = placed.data;
  expect((await ws.orderStatus(asked)).data).toMatchObject({ orderId, status: "NEW" });
  expect((await ws.openOrdersStatus({ symbol })).data).toHaveLength(3);
  const passing = { ...limit, timeInForce: TimeInForce.IOC };
  const expired = { status: "EXPIRED", expiryReason: "UNFILLED_IOC_QUANTITY_EXPIRED" };
  const passed = (await ws.orderPlace(passing)).data;
  expect(passed).toMatchObject(expired);
  const past = await ws.orderStatus({ symbol, orderId: passed.orderId ?? 0 });
  expect(past.data).toMatchObject(expired);
  const tested = { symbol, side: TestSide.BUY, type: TestType.LIMIT_MAKER, quantity: 0.01 };
  await ws.orderTest({ ...tested, price: 1990, computeCommissionRates: true });
  const canceled = await ws.orderCancel({ symbol, ...(orderId === undefined ? {} : { orderId }) });
  expect(canceled.data).toMatchObject({ origClientOrderId: "judge-1", status: "CANCELED" });
  expect((await ws.openOrdersCancelAll({ symbol })).data).toHaveLength(2);
  expect(bench.mock.venue.listing(symbol).records.open.size).toBe(0);
}

async function moveOrders(ws: Connection): Promise<void> {
  const placed = await ws.orderPlace({ ...BID, quantity: 0.02 });
  const orderId = placed.data.orderId ?? 0;
  const amended = await ws.orderAmendKeepPriority({ symbol, orderId, newQty: 0.01 });
  expect(amended.data.amendedOrder).toMatchObject({ orderId, qty: "0.01000000" });
  const moved = await ws.orderCancelReplace({ ...MOVED, price: 1991, cancelOrderId: orderId });
  expect(moved.data).toMatchObject({ cancelResult: "SUCCESS", newOrderResult: "SUCCESS" });
  const cancelOrderId = moved.data.newOrderResponse?.orderId ?? 0;
  expect(await refusalOf(ws.orderCancelReplace({ ...MOVED, price: 2001, cancelOrderId }))).toEqual({
    code: -2021,
    msg: "Order cancel-replace partially failed.",
    data: {
      cancelResult: "SUCCESS",
      newOrderResult: "FAILURE",
      cancelResponse: expect.objectContaining({ orderId: cancelOrderId, status: "CANCELED" }),
      newOrderResponse: { code: -2010, msg: "Order would immediately match and take." },
    },
  });
  expect(await refusalOf(ws.orderCancelReplace({ ...MOVED, price: 1991, cancelOrderId }))).toEqual({
    code: -2022,
    msg: "Order cancel-replace failed.",
    data: {
      cancelResult: "FAILURE",
      newOrderResult: "NOT_ATTEMPTED",
      cancelResponse: { code: -2011, msg: "Unknown order sent." },
      newOrderResponse: null,
    },
  });
}

async function trade(bench: SdkBench, ws: Connection): Promise<void> {
  const taking = { ...BID, type: Type.LIMIT, timeInForce: TimeInForce.IOC, price: 2000.01 };
  const taken = await ws.orderPlace(taking);
  expect(taken.data).toMatchObject({ status: "FILLED", fills: [{ price: "2000.01000000" }] });
  const made = await ws.orderPlace({ ...BID, price: 2000 });
  bench.move([RowKind.sellTrade, 200_000, 100]);
  const filled = await ws.orderStatus({ symbol, orderId: made.data.orderId ?? 0 });
  expect(filled.data).toMatchObject({ status: "FILLED", executedQty: "0.01000000" });
  const trades = await ws.myTrades({ symbol });
  expect(trades.data.map(({ isMaker }) => isMaker)).toEqual([false, true]);
  const account = await ws.accountStatus({ omitZeroBalances: true });
  expect(account.data.balances).toContainEqual({
    asset: "ETH",
    free: "5.01998000",
    locked: "0.00000000",
  });
  expect((await ws.accountCommission({ symbol })).data.symbol).toBe(symbol);
  expect((await ws.accountRateLimitsOrders()).data).toHaveLength(2);
  expect((await ws.allOrders({ symbol })).data).not.toBeEmpty();
}

/** By signature with an HMAC key, by logon with an Ed25519 key. */
export async function runUserStreamScenario(bench: SdkBench, kind: KeyKind): Promise<void> {
  const ws = await bench.wsApi(keyOf(kind));
  if (kind === "Ed25519") await ws.sessionLogon();
  const { response, stream } =
    kind === "Ed25519"
      ? await ws.userDataStreamSubscribe()
      : await ws.userDataStreamSubscribeSignature();
  expect(response.data.subscriptionId).toBe(0);
  const inbox = collected(stream, (event) => bench.samples.addUserEvent(event));
  const told = (count: number) => toldBy(inbox, count);
  const doubly = (await ws.sessionSubscriptions()).data;
  expect(doubly).toEqual([{ subscriptionId: 0 }]);
  expect(
    await refusalOf(
      kind === "Ed25519" ? ws.userDataStreamSubscribe() : ws.userDataStreamSubscribeSignature(),
    ),
  ).toMatchObject({ code: -2035 });

  const order = { ...BID, price: 2000, quantity: 0.02, newClientOrderId: "judge-1" };
  const { orderId = 0 } = (await ws.orderPlace(order)).data;
  expect(await told(2)).toEqual(["NEW NEW judge-1", "balances USDT"]);
  bench.move([RowKind.sellTrade, 200_000, 50]);
  expect(await told(2)).toEqual(["TRADE PARTIALLY_FILLED judge-1", "balances ETH USDT"]);
  await ws.orderAmendKeepPriority({ symbol, orderId, newQty: 0.01, newClientOrderId: "judge-2" });
  expect(await told(2)).toEqual(["REPLACED PARTIALLY_FILLED judge-2 of judge-1", "balances USDT"]);
  const asked = { symbol, orderId, newClientOrderId: "judge-3" };
  await ws.orderCancel(asked);
  expect(await told(2)).toEqual(["CANCELED CANCELED judge-3 of judge-2", "balances USDT"]);

  const taking = { ...BID, type: Type.LIMIT, timeInForce: TimeInForce.IOC, price: 2000.01 };
  await ws.orderPlace({ ...taking, quantity: 0.7, newClientOrderId: "judge-4" });
  expect(await told(4)).toEqual([
    "NEW NEW judge-4",
    "TRADE PARTIALLY_FILLED judge-4",
    "EXPIRED EXPIRED judge-4",
    "balances ETH USDT",
  ]);
  await ws.userDataStreamUnsubscribe();
  expect(await told(1)).toEqual(["eventStreamTerminated"]);
}

type UserEvent = SpotWebsocketAPI.UserDataStreamEventsResponse;

/** The next events in short words. */
async function toldBy(inbox: Inbox<UserEvent>, count: number) {
  const events = await nextOf(inbox, count);
  return events.map((event) => {
    if (event.e === "outboundAccountPosition") {
      const assets = event.B?.map(({ a }) => a ?? "").sort() ?? [];
      return ["balances", ...assets].join(" ");
    }
    if (event.e !== "executionReport") return event.e;
    const words = [event.x, event.X, event.c].join(" ");
    return event.C === "" ? words : `${words} of ${event.C}`;
  });
}
