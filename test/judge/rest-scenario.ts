/**
 * The judge's REST scenario: one trader's day through the SDK, from exchange info to own trades.
 */

import { expect } from "bun:test";
import { BadRequestError, ConnectorClientError, SpotRestAPI } from "@binance/spot";
import { RowKind } from "#sim/market-tape.ts";
import { type SdkBench } from "./sdk-bench.ts";
import { type KeyKind, keyOf } from "./sdk-keys.ts";
import { refusalOf } from "./waiting.ts";

const {
  KlinesIntervalEnum: Interval,
  NewOrderNewOrderRespTypeEnum: Form,
  NewOrderSideEnum: Side,
  NewOrderTimeInForceEnum: TimeInForce,
  NewOrderTypeEnum: Type,
  OrderCancelReplaceCancelReplaceModeEnum: Mode,
  OrderCancelReplaceSideEnum: ReplaceSide,
  OrderCancelReplaceTypeEnum: ReplaceType,
  OrderTestSideEnum: TestSide,
  OrderTestTypeEnum: TestType,
} = SpotRestAPI;

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

export async function runRestScenario(bench: SdkBench, kind: KeyKind): Promise<void> {
  const rest = bench.rest(keyOf(kind));
  await readMarket(bench, rest);
  await placeAndCancel(bench, rest);
  await moveOrders(rest);
  await trade(bench, rest);
}

async function readMarket(bench: SdkBench, rest: SpotRestAPI.RestAPI): Promise<void> {
  bench.move([RowKind.buyTrade, 200_001, 100]);
  const before = Date.now();
  const time = await (await rest.time()).data();
  expect(Number(time.serverTime)).toBeWithin(before, Date.now() + 1);
  const info = await (await rest.exchangeInfo({ symbol })).data();
  expect(info.symbols?.map((each) => each.symbol)).toEqual([symbol]);
  const two = await (await rest.exchangeInfo({ symbols: [symbol, "BTCUSDT"] })).data();
  expect(two.symbols?.map((each) => each.symbol)).toEqual([symbol, "BTCUSDT"]);
  const depth = await (await rest.depth({ symbol, limit: 5 })).data();
  expect(depth.bids?.[0]).toEqual(["1999.99000000", "0.50000000"]);
  expect(depth.asks).toHaveLength(5);
  const klines = await rest.klines({ symbol, interval: Interval.INTERVAL_1m, limit: 3 });
  expect(await klines.data()).toHaveLength(3);
  const average = await (await rest.avgPrice({ symbol })).data();
  expect(average.mins).toBe(5);
  expect(await (await rest.tickerBookTicker({ symbol })).data()).toMatchObject({
    bidPrice: "1999.99000000",
    askPrice: "2000.01000000",
  });
  expect(await (await rest.tickerPrice({ symbol })).data()).toMatchObject({
    price: "2000.01000000",
  });
  const trades = await (await rest.getTrades({ symbol, limit: 10 })).data();
  expect(trades.map(({ price, qty, isBuyerMaker }) => [price, qty, isBuyerMaker])).toEqual([
    ["2000.01000000", "0.01000000", false],
  ]);
}

async function placeAndCancel(bench: SdkBench, rest: SpotRestAPI.RestAPI): Promise<void> {
  const placed = await rest.newOrder({ ...BID, newClientOrderId: "judge-1" });
  const { orderId } = await placed.data();
  // A minute or ten seconds may be over in between: a day is not.
  const count = expect.any(Number);
  expect(placed.rateLimits).toEqual(
    expect.arrayContaining([
      { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, count },
      { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, count },
      { rateLimitType: "ORDERS", interval: "DAY", intervalNum: 1, count: 1 },
    ]),
  );
  await rest.newOrder({ ...BID, price: 1989, newOrderRespType: Form.RESULT, ...STRATEGY });
  const limit = { ...BID, type: Type.LIMIT, timeInForce: TimeInForce.GTC, price: 1988 };
  expect(await (await rest.newOrder(limit)).data()).toMatchObject({ status: "NEW", fills: [] });

  const asked = { symbol, origClientOrderId: "judge-1" };
  const status = await (await rest.getOrder(asked)).data();
  expect(status).toMatchObject({ orderId, price: "1990.00000000", origQty: "0.01000000" });
  expect(await (await rest.getOpenOrders({ symbol })).data()).toHaveLength(3);
  const passing = { ...limit, timeInForce: TimeInForce.IOC };
  const expired = { status: "EXPIRED", expiryReason: "UNFILLED_IOC_QUANTITY_EXPIRED" };
  const passed = await (await rest.newOrder(passing)).data();
  expect(passed).toMatchObject(expired);
  const past = await rest.getOrder({ symbol, orderId: passed.orderId ?? 0 });
  expect(await past.data()).toMatchObject(expired);
  const tested = { symbol, side: TestSide.BUY, type: TestType.LIMIT_MAKER, quantity: 0.01 };
  await rest.orderTest({ ...tested, price: 1990, computeCommissionRates: true });
  const canceled = await (await rest.deleteOrder(asked)).data();
  expect(canceled).toMatchObject({ origClientOrderId: "judge-1", status: "CANCELED" });
  expect(canceled.clientOrderId).not.toBe("judge-1");
  expect(await (await rest.deleteOpenOrders({ symbol })).data()).toHaveLength(2);
  expect(bench.mock.venue.listing(symbol).records.open.size).toBe(0);
}

async function moveOrders(rest: SpotRestAPI.RestAPI): Promise<void> {
  const placed = await (await rest.newOrder({ ...BID, quantity: 0.02 })).data();
  const orderId = placed.orderId ?? 0;
  const amended = await (
    await rest.orderAmendKeepPriority({ symbol, orderId, newQty: 0.01 })
  ).data();
  expect(amended.amendedOrder).toMatchObject({ orderId, qty: "0.01000000", status: "NEW" });

  const moved = await rest.orderCancelReplace({ ...MOVED, price: 1991, cancelOrderId: orderId });
  const legs = await moved.data();
  expect(legs).toMatchObject({ cancelResult: "SUCCESS", newOrderResult: "SUCCESS" });
  expect(legs.cancelResponse?.orderId).toBe(orderId);
  const newId = legs.newOrderResponse?.orderId ?? 0;

  const crossing = { ...MOVED, price: 2001, cancelOrderId: newId };
  const partial = await refusalOf(rest.orderCancelReplace(crossing));
  expect(partial).toBeInstanceOf(ConnectorClientError);
  const partialWords = "Order cancel-replace partially failed.";
  expect(partial).toMatchObject({ code: -2021, message: partialWords });
  const failed = await refusalOf(
    rest.orderCancelReplace({ ...MOVED, price: 1991, cancelOrderId: newId }),
  );
  expect(failed).toBeInstanceOf(BadRequestError);
  expect(failed).toMatchObject({ code: -2022, message: "Order cancel-replace failed." });
  expect(await (await rest.getOpenOrders({ symbol })).data()).toEqual([]);
}

async function trade(bench: SdkBench, rest: SpotRestAPI.RestAPI): Promise<void> {
  const taking = { ...BID, type: Type.LIMIT, timeInForce: TimeInForce.IOC, price: 2000.01 };
  const taken = await (await rest.newOrder(taking)).data();
  expect(taken.fills?.map(({ price, qty }) => [price, qty])).toEqual([
    ["2000.01000000", "0.01000000"],
  ]);
  const made = await (await rest.newOrder({ ...BID, price: 2000 })).data();
  const orderId = made.orderId ?? 0;
  bench.move([RowKind.sellTrade, 200_000, 60]);
  const partly = await (await rest.getOrder({ symbol, orderId })).data();
  expect(partly).toMatchObject({
    status: "PARTIALLY_FILLED",
    executedQty: "0.00600000",
    cummulativeQuoteQty: "12.00000000",
  });
  bench.move([RowKind.sellTrade, 200_000, 40]);
  const trades = await (await rest.myTrades({ symbol })).data();
  expect(trades.map(({ qty, isMaker, commission }) => [qty, isMaker, commission])).toEqual([
    ["0.01000000", false, "0.00001000"],
    ["0.00600000", true, "0.00000600"],
    ["0.00400000", true, "0.00000400"],
  ]);
  const account = await (await rest.getAccount({ omitZeroBalances: true })).data();
  // 5 and twice a hundredth, less a thousandth of that; 10000 - 20.0001 - 20.
  expect(account.balances).toEqual(
    expect.arrayContaining([
      { asset: "ETH", free: "5.01998000", locked: "0.00000000" },
      { asset: "USDT", free: "9959.99990000", locked: "0.00000000" },
    ]),
  );
  const commission = await (await rest.accountCommission({ symbol })).data();
  expect(commission.standardCommission).toMatchObject({ maker: "0.00100000" });
  expect(await (await rest.allOrders({ symbol })).data()).not.toBeEmpty();
  await rest.rateLimitOrder();
}
