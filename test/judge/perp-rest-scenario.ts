/** The judge's REST scenario on USD-M: one trader's day through the SDK, from rules to income. */

import { expect } from "bun:test";
import {
  DerivativesTradingUsdsFuturesRestAPI as Api,
  BadRequestError,
} from "@binance/derivatives-trading-usds-futures";
import { RowKind } from "#sim/market-tape.ts";
import type { PerpSdkBench } from "./perp-sdk-bench.ts";
import { type KeyKind, keyOf } from "./sdk-keys.ts";
import { refusalOf } from "./waiting.ts";

const symbol = "ETHUSDT";
const { BUY, SELL } = Api.NewOrderSideEnum;
const { LIMIT, MARKET, STOP_MARKET } = Api.NewOrderTypeEnum;
const { GTX } = Api.NewOrderTimeInForceEnum;
const { RESULT } = Api.NewOrderNewOrderRespTypeEnum;

const BID = { symbol, side: BUY, type: LIMIT, timeInForce: GTX, quantity: 0.1, price: 1990 };
const TAKE = { symbol, side: BUY, type: MARKET, quantity: 0.1, newOrderRespType: RESULT };
const STOP = {
  algoType: Api.NewAlgoOrderAlgoTypeEnum.CONDITIONAL,
  symbol,
  side: Api.NewAlgoOrderSideEnum.SELL,
  type: Api.NewAlgoOrderTypeEnum.STOP_MARKET,
  quantity: 0.1,
  triggerPrice: 1980,
  workingType: Api.NewAlgoOrderWorkingTypeEnum.MARK_PRICE,
  reduceOnly: Api.NewAlgoOrderReduceOnlyEnum.TRUE,
};

export async function runPerpRestScenario(bench: PerpSdkBench, kind: KeyKind): Promise<void> {
  const rest = bench.rest(keyOf(kind));
  await readMarket(bench, rest);
  await agree(rest);
  await placeAndCancel(rest);
  await trade(bench, rest);
  await waitForPrices(bench, rest);
  await keepKey(rest);
}

async function readMarket(bench: PerpSdkBench, rest: Api.RestAPI): Promise<void> {
  bench.move([RowKind.buyTrade, 200_001, 100]);
  await rest.testConnectivity();
  const before = Date.now();
  const { serverTime } = await (await rest.checkServerTime()).data();
  expect(Number(serverTime)).toBeWithin(before, Date.now() + 1);
  const info = await (await rest.exchangeInformation()).data();
  expect(info.symbols?.map((each) => each.symbol)).toEqual([symbol, "BTCUSDT"]);
  const depth = await (await rest.orderBook({ symbol, limit: 5 })).data();
  expect(depth.bids?.[0]).toEqual(["1999.99", "5.000"]);
  const interval = Api.KlineCandlestickDataIntervalEnum.INTERVAL_1m;
  const klines = await rest.klineCandlestickData({ symbol, interval, limit: 3 });
  expect(await klines.data()).toHaveLength(3);
  expect(await (await rest.markPrice({ symbol })).data()).toMatchObject({ symbol });
  expect(await (await rest.markPrice()).data()).toHaveLength(2);
  expect(await (await rest.getFundingRateHistory({ symbol, limit: 2 })).data()).toHaveLength(2);
  await rest.getFundingRateInfo();
  const touch = await (await rest.symbolOrderBookTicker({ symbol })).data();
  expect(touch).toMatchObject({ bidPrice: "1999.99", askPrice: "2000.01" });
  await rest.symbolPriceTickerV2({ symbol });
}

async function agree(rest: Api.RestAPI): Promise<void> {
  expect(await (await rest.changeInitialLeverage({ symbol, leverage: 10 })).data()).toMatchObject({
    leverage: 10,
  });
  const crossed = { symbol, marginType: Api.ChangeMarginTypeMarginTypeEnum.CROSSED };
  expect(await refusalOf(rest.changeMarginType(crossed))).toMatchObject({ code: -4046 });
  const isolated = { symbol, marginType: Api.ChangeMarginTypeMarginTypeEnum.ISOLATED };
  await rest.changeMarginType(isolated);
  await rest.changeMarginType(crossed);
  await rest.changePositionMode({ dualSidePosition: "true" });
  expect(await (await rest.getCurrentPositionMode()).data()).toEqual({ dualSidePosition: true });
  await rest.changePositionMode({ dualSidePosition: "false" });
  expect(await (await rest.symbolConfiguration({ symbol })).data()).toMatchObject([
    { leverage: 10, marginType: "CROSSED" },
  ]);
  await rest.futuresAccountConfiguration();
  await rest.userCommissionRate({ symbol });
  await rest.notionalAndLeverageBrackets({ symbol });
  await rest.notionalAndLeverageBrackets();
  await rest.futuresTradingQuantitativeRulesIndicators({ symbol });
}

async function placeAndCancel(rest: Api.RestAPI): Promise<void> {
  const placed = await rest.newOrder({ ...BID, newClientOrderId: "judge-1" });
  const { orderId = 0 } = await placed.data();
  const count = expect.any(Number);
  expect(placed.rateLimits).toEqual(
    expect.arrayContaining([
      { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, count },
      { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, count },
      { rateLimitType: "ORDERS", interval: "MINUTE", intervalNum: 1, count },
    ]),
  );
  const asked = { symbol, origClientOrderId: "judge-1" };
  const side = Api.ModifyOrderSideEnum.BUY;
  const change = { ...asked, side, quantity: 0.2, price: 1991, modifyId: 7 };
  expect(await (await rest.modifyOrder(change)).data()).toMatchObject({ orderId, modifyId: 7 });
  expect(await (await rest.queryOrder(asked)).data()).toMatchObject({ price: "1991.00" });
  await rest.queryCurrentOpenOrder(asked);
  expect(await (await rest.currentAllOpenOrders({ symbol })).data()).toHaveLength(1);
  expect(await (await rest.cancelOrder(asked)).data()).toMatchObject({ status: "CANCELED" });

  const two = await (
    await rest.placeMultipleOrders({ batchOrders: [batched(1990), batched(2001)] })
  ).data();
  expect(two).toMatchObject([{ status: "NEW" }, { code: -5022 }]);
  const orderIdList = [Number(two[0]?.orderId), 1];
  const gone = await (await rest.cancelMultipleOrders({ symbol, orderIdList })).data();
  expect(gone).toMatchObject([{ status: "CANCELED" }, { code: -2011 }]);
  await rest.newOrder(BID);
  const countdown = await rest.autoCancelAllOpenOrders({ symbol, countdownTime: 60_000 });
  expect(await countdown.data()).toEqual({ symbol, countdownTime: "60000" });
  await rest.autoCancelAllOpenOrders({ symbol, countdownTime: 0 });
  expect(await (await rest.cancelAllOpenOrders({ symbol })).data()).toMatchObject({ code: 200 });
  const conditional = { symbol, side: BUY, type: STOP_MARKET, quantity: 0.1 };
  const refused = await refusalOf(rest.newOrder(conditional));
  expect(refused).toBeInstanceOf(BadRequestError);
  expect(refused).toMatchObject({ code: -4120 });
}

function batched(price: number): Api.PlaceMultipleOrdersBatchOrdersParameterInner {
  return {
    symbol,
    side: Api.PlaceMultipleOrdersBatchOrdersParameterInnerSideEnum.BUY,
    type: Api.PlaceMultipleOrdersBatchOrdersParameterInnerTypeEnum.LIMIT,
    timeInForce: Api.PlaceMultipleOrdersBatchOrdersParameterInnerTimeInForceEnum.GTX,
    quantity: 0.1,
    price,
  };
}

async function trade(bench: PerpSdkBench, rest: Api.RestAPI): Promise<void> {
  const taken = await (await rest.newOrder(TAKE)).data();
  expect(taken).toMatchObject({ status: "FILLED", executedQty: "0.100" });
  await rest.newOrder({ ...BID, price: 2000, newClientOrderId: "judge-2" });
  bench.move([RowKind.sellTrade, 200_000, 60]);
  const partly = await rest.queryOrder({ symbol, origClientOrderId: "judge-2" });
  expect(await partly.data()).toMatchObject({ status: "PARTIALLY_FILLED", cumQuote: "120" });
  const trades = await (await rest.accountTradeList({ symbol })).data();
  expect(trades.map(({ qty, maker, commission }) => [qty, maker, commission])).toEqual([
    // Five basis points of 200.001, and two of 120.
    ["0.100", false, "0.1000005"],
    ["0.060", true, "0.024"],
  ]);
  bench.mock.venue.funding.settle();
  const positions = await (await rest.positionInformationV3({ symbol })).data();
  expect(positions).toMatchObject([{ positionAmt: "0.160", adl: expect.any(Number) }]);
  await rest.positionInformationV2({ symbol });
  const account = await (await rest.accountInformationV3()).data();
  expect(account.positions).toHaveLength(1);
  await rest.accountInformationV2();
  await rest.futuresAccountBalanceV3();
  await rest.futuresAccountBalanceV2();
  await rest.allOrders({ symbol });
  await rest.queryUserRateLimit();
  await rest.newOrder({ ...TAKE, side: SELL });
  const income = await (await rest.getIncomeHistory({ limit: 100 })).data();
  const kinds = new Set(income.map(({ incomeType }) => incomeType ?? ""));
  expect(kinds).toEqual(new Set(["COMMISSION", "FUNDING_FEE", "REALIZED_PNL", "TRANSFER"]));
}

async function waitForPrices(bench: PerpSdkBench, rest: Api.RestAPI): Promise<void> {
  const stop = { ...STOP, clientAlgoId: "judge-stop" };
  expect(await (await rest.newAlgoOrder(stop)).data()).toMatchObject({ algoStatus: "NEW" });
  expect(await (await rest.currentAllAlgoOpenOrders({ symbol })).data()).toHaveLength(1);
  bench.mock.market(symbol).pin("1979");
  const asked = { clientAlgoId: "judge-stop" };
  expect(await (await rest.queryAlgoOrder(asked)).data()).toMatchObject({
    algoStatus: "FINISHED",
    actualType: "MARKET",
    actualQty: "0.060",
  });
  bench.mock.market(symbol).unpin();
  await rest.newAlgoOrder({ ...STOP, clientAlgoId: "judge-none" });
  const canceled = await (await rest.cancelAlgoOrder({ clientAlgoId: "judge-none" })).data();
  expect(canceled).toMatchObject({ code: "200", msg: "success" });
  await rest.cancelAllAlgoOpenOrders({ symbol });
  expect(await (await rest.queryAllAlgoOrders({ symbol })).data()).toHaveLength(2);
}

async function keepKey(rest: Api.RestAPI): Promise<void> {
  const { listenKey } = await (await rest.startUserDataStream()).data();
  expect(await (await rest.keepaliveUserDataStream()).data()).toEqual(
    listenKey === undefined ? {} : { listenKey },
  );
  await rest.closeUserDataStream();
}
