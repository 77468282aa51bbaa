/** The judge's scenarios on USD-M over sockets: the WebSocket API, the user stream, the market. */

import { expect } from "bun:test";
import {
  DerivativesTradingUsdsFuturesWebsocketAPI as Api,
  DerivativesTradingUsdsFuturesWebsocketStreams as Streams,
} from "@binance/derivatives-trading-usds-futures";
import { RowKind } from "#sim/market-tape.ts";
import { Inbox } from "../net/support.ts";
import type { PerpSdkBench } from "./perp-sdk-bench.ts";
import { type KeyKind, keyOf } from "./sdk-keys.ts";
import { collected, nextOf, refusalOf, until } from "./waiting.ts";

const symbol = "ETHUSDT";
const BID = {
  symbol,
  side: Api.NewOrderSideEnum.BUY,
  type: Api.NewOrderTypeEnum.LIMIT,
  timeInForce: Api.NewOrderTimeInForceEnum.GTX,
  quantity: 0.1,
  price: 1990,
};
const TAKE = {
  symbol,
  side: Api.NewOrderSideEnum.BUY,
  type: Api.NewOrderTypeEnum.MARKET,
  quantity: 0.1,
};
const STOP = {
  algoType: Api.NewAlgoOrderAlgoTypeEnum.CONDITIONAL,
  symbol,
  side: Api.NewAlgoOrderSideEnum.SELL,
  type: Api.NewAlgoOrderTypeEnum.STOP_MARKET,
  quantity: 0.1,
  triggerPrice: 1980,
  workingType: Api.NewAlgoOrderWorkingTypeEnum.MARK_PRICE,
};

export async function runPerpWsScenario(bench: PerpSdkBench, kind: KeyKind): Promise<void> {
  const ws = await bench.wsApi(keyOf(kind));
  bench.move([RowKind.sellTrade, 199_999, 100]);
  await ws.orderBook({ symbol, limit: 5 });
  await ws.symbolOrderBookTicker({ symbol });
  await ws.symbolPriceTicker({ symbol });
  const placed = await ws.newOrder({ ...BID, newClientOrderId: "judge-1" });
  expect(placed.rateLimits).toMatchObject([
    { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: 300 },
    { rateLimitType: "ORDERS", interval: "MINUTE", intervalNum: 1, limit: 1200 },
    { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: 2400 },
  ]);
  expect(await refusalOf(ws.newOrder({ ...BID, price: 2001 }))).toMatchObject({ code: -5022 });
  const asked = { symbol, origClientOrderId: "judge-1" };
  await ws.queryOrder(asked);
  await ws.modifyOrder({ ...asked, side: Api.ModifyOrderSideEnum.BUY, quantity: 0.1, price: 1991 });
  await ws.cancelOrder(asked);
  await ws.newAlgoOrder({ ...STOP, clientAlgoId: "judge-stop" });
  await ws.cancelAlgoOrder({ clientAlgoId: "judge-stop" });
  await ws.newOrder(TAKE);
  await ws.accountInformation();
  await ws.accountInformationV2();
  await ws.futuresAccountBalance();
  await ws.futuresAccountBalanceV2();
  await ws.positionInformation({ symbol });
  await ws.positionInformationV2({ symbol });
}

/** The key is the SDK's to keep, and the stream goes over the socket of its route. */
export async function runPerpUserScenario(bench: PerpSdkBench): Promise<void> {
  const { listenKey = "" } = await (await bench.rest().startUserDataStream()).data();
  const streams = await bench.streams();
  const control = controlAnswers(streams);
  const events = collected(streams.userData(listenKey), (event) =>
    bench.samples.addUserEvent(event),
  );
  await nextOf(control, 1);
  const ws = await bench.wsApi();
  await bench.rest().changeInitialLeverage({ symbol, leverage: 11 });
  await until(events, ({ e }) => e === "ACCOUNT_CONFIG_UPDATE");
  await ws.newOrder({ ...BID, newClientOrderId: "judge-1" });
  await until(events, ({ e }) => e === "ORDER_TRADE_UPDATE");
  const asked = { symbol, origClientOrderId: "judge-1" };
  const side = Api.ModifyOrderSideEnum.BUY;
  await ws.modifyOrder({ ...asked, side, quantity: 0.1, price: 1991, modifyId: 7 });
  await ws.cancelOrder(asked);
  await ws.newAlgoOrder(STOP);
  await ws.newOrder({ ...TAKE, quantity: 31 });
  bench.mock.venue.funding.settle();
  bench.mock.market(symbol).pin("1979");
  await until(events, (event) => event.e === "ALGO_UPDATE" && event.o?.X === "FINISHED");
  bench.mock.switches.expireUserStreams();
  await until(events, ({ e }) => e === "listenKeyExpired");
}

export async function runPerpStreamScenario(bench: PerpSdkBench): Promise<void> {
  const streams = await bench.streams();
  const control = controlAnswers(streams);
  const keep = (method: string) => (value: unknown) => bench.samples.addStreamed(method, value);
  const touch = collected(
    streams.individualSymbolBookTickerStreams({ symbol }),
    keep("individualSymbolBookTickerStreams"),
  );
  const updateSpeed = Streams.DiffBookDepthStreamsUpdateSpeedEnum.UPDATE_SPEED_100ms;
  const diffs = collected(
    streams.diffBookDepthStreams({ symbol, updateSpeed }),
    keep("diffBookDepthStreams"),
  );
  const prints = collected(
    streams.aggregateTradeStreams({ symbol }),
    keep("aggregateTradeStreams"),
  );
  const fast = Streams.MarkPriceStreamUpdateSpeedEnum.UPDATE_SPEED_1s;
  const marks = collected(
    streams.markPriceStream({ symbol, updateSpeed: fast }),
    keep("markPriceStream"),
  );
  const interval = Streams.KlineCandlestickStreamsIntervalEnum.INTERVAL_1m;
  const candles = collected(
    streams.klineCandlestickStreams({ symbol, interval }),
    keep("klineCandlestickStreams"),
  );
  await nextOf(control, 5);
  bench.move([RowKind.bidLevel, 200_000, 70], [RowKind.sellTrade, 200_000, 40]);
  expect((await nextOf(touch, 1))[0]).toMatchObject({ s: symbol, b: "2000.00", B: "0.070" });
  const first = await until(diffs, ({ b }) => b?.some(([price]) => price === "2000.00") === true);
  bench.move([RowKind.bidLevel, 200_000, 0]);
  const [second] = await nextOf(diffs, 1);
  expect(second?.pu).toBe(first.u ?? -1);
  expect((await nextOf(prints, 1))[0]).toMatchObject({ q: "0.040", m: true });
  expect((await nextOf(candles, 1))[0]).toMatchObject({ k: { i: "1m" } });
  expect((await nextOf(marks, 1))[0]).toMatchObject({ s: symbol });
}

/** A subscription on the wrong route is taken, and nothing comes of it: adapters must notice. */
export async function runWrongRouteScenario(bench: PerpSdkBench): Promise<void> {
  const streams = await bench.streams();
  const control = controlAnswers(streams);
  const all = new Inbox<unknown>();
  // The SDK's own route for this is `public`; `userData` puts any name on `private`.
  streams.userData("ethusdt@bookTicker").on("message", (event) => all.push(event));
  expect((await nextOf(control, 1))[0]).toMatchObject({ result: null });
  bench.move([RowKind.bidLevel, 200_000, 70]);
  const right = collected(streams.individualSymbolBookTickerStreams({ symbol }), () => undefined);
  await nextOf(control, 1);
  bench.move([RowKind.bidLevel, 200_000, 80]);
  await nextOf(right, 1);
  expect(all.size).toBe(0);
}

/** Answers to control messages, which the SDK itself does not look at. */
function controlAnswers(streams: Streams.WebsocketStreamsConnection): Inbox<unknown> {
  const answers = new Inbox<unknown>();
  streams.on("message", (text: unknown) => {
    const json: unknown = JSON.parse(String(text));
    if (typeof json === "object" && json !== null && "result" in json) answers.push(json);
  });
  return answers;
}
