/**
 * What Binance USD-M documents of each answer and event, and where the SDK's declarations are
 * narrower than that. Labels are those of samples.
 */

import type { Exception, JudgeRules } from "./typed-samples.ts";
import { each } from "./wire-paths.ts";

/** What a client's method hands out, taken from the method itself. */
const PRELUDE = `import type {
  DerivativesTradingUsdsFuturesRestAPI as RestApi,
  DerivativesTradingUsdsFuturesWebsocketAPI as WsApi,
  DerivativesTradingUsdsFuturesWebsocketStreams as StreamApi,
} from "@binance/derivatives-trading-usds-futures";

type Rest = RestApi.RestAPI;
type Ws = WsApi.WebsocketAPIConnection;
type Streams = StreamApi.WebsocketStreamsConnection;
type Answer<F extends (...args: never[]) => unknown> = Awaited<ReturnType<F>>;
type RestAnswer<M extends keyof Rest> = Answer<Rest[M]>;
type RestData<M extends keyof Rest> = Answer<RestAnswer<M>["data"]>;
type WsResult<M extends keyof Ws> =
  Answer<Ws[M]> extends { data: infer Data } ? Data : never;
type WsLimits = Answer<Ws["newOrder"]>["rateLimits"];
type UserEvent = StreamApi.UserDataStreamEventsResponse;
type Streamed<M extends "aggregateTradeStreams" | "individualSymbolBookTickerStreams"
  | "diffBookDepthStreams" | "klineCandlestickStreams" | "markPriceStream"> =
  Parameters<Parameters<ReturnType<Streams[M]>["on"]>[1]>[0];
`;

const CONTROLS: JudgeRules["controls"] = [
  ['RestData<"newOrder">', '{ orderId: 1, "a field that is none": 1 }'],
  ['RestData<"newOrder">', '{ orderId: "1" }'],
  ['RestData<"newOrder">', '{ avgPrice: "1" }'],
  ['RestData<"exchangeInformation">', "{ symbols: [{ filters: [{ limits: 1 }] }] }"],
  ['WsResult<"newOrder">', '{ "a field that is none": 1 }'],
  ["UserEvent", '{ e: "ORDER_TRADE_UPDATE", o: { er: 1 } }'],
  ['Streamed<"aggregateTradeStreams">', "{ p: 1 }"],
];

const WORDS =
  "symbol orderId clientOrderId status price origQty executedQty timeInForce type origType " +
  "reduceOnly closePosition side positionSide stopPrice workingType priceProtect priceMatch " +
  "selfTradePreventionMode goodTillDate updateTime";
const ORDER = `${WORDS} cumQty`;
const QUERIED = `${WORDS} avgPrice cumQuote time`;
const ALGO =
  "algoId clientAlgoId algoType orderType symbol side positionSide timeInForce quantity " +
  "algoStatus triggerPrice price selfTradePreventionMode workingType priceMatch closePosition " +
  "priceProtect " +
  "reduceOnly createTime updateTime triggerTime goodTillDate";
const ALGO_LISTED = `${ALGO} actualOrderId actualPrice`;
const DONE = "code msg";
const ALGO_CANCELED = "algoId clientAlgoId code msg";
const TOTALS =
  "totalInitialMargin totalMaintMargin totalWalletBalance totalUnrealizedProfit " +
  "totalMarginBalance totalPositionInitialMargin totalOpenOrderInitialMargin " +
  "totalCrossWalletBalance totalCrossUnPnl availableBalance maxWithdrawAmount";
const ASSET =
  "asset walletBalance unrealizedProfit marginBalance maintMargin initialMargin " +
  "positionInitialMargin openOrderInitialMargin crossWalletBalance crossUnPnl availableBalance " +
  "maxWithdrawAmount updateTime";
const ACCOUNT = `${TOTALS} ${each("assets[]", ASSET)} ${each(
  "positions[]",
  "symbol positionSide positionAmt unrealizedProfit isolatedMargin notional isolatedWallet " +
    "initialMargin maintMargin updateTime",
)}`;
const ACCOUNT_V2 = `feeTier canTrade canDeposit canWithdraw updateTime ${TOTALS} ${each(
  "assets[]",
  `${ASSET} marginAvailable`,
)} ${each(
  "positions[]",
  "symbol leverage isolated entryPrice maxNotional positionSide positionAmt updateTime",
)}`;
const BALANCE =
  "accountAlias asset balance crossWalletBalance crossUnPnl availableBalance maxWithdrawAmount " +
  "marginAvailable updateTime";
const RISK =
  "symbol positionSide positionAmt entryPrice breakEvenPrice markPrice unRealizedProfit " +
  "liquidationPrice isolatedMargin notional isolatedWallet updateTime";
const POSITION =
  `${RISK} marginAsset initialMargin maintMargin positionInitialMargin openOrderInitialMargin ` +
  "adl bidNotional askNotional";
const POSITION_V2 = `${RISK} marginType isAutoAddMargin leverage maxNotionalValue`;
const TOUCH = "symbol bidPrice bidQty askPrice askQty time";
const DEPTH = "lastUpdateId E T bids[] asks[]";
const SYMBOL =
  "symbol pair contractType deliveryDate onboardDate status maintMarginPercent " +
  "requiredMarginPercent baseAsset quoteAsset marginAsset pricePrecision quantityPrecision " +
  "baseAssetPrecision quotePrecision underlyingType triggerProtect liquidationFee " +
  "marketTakeBound filters[].filterType orderTypes[] timeInForce[]";
const LIMIT = "rateLimitType interval intervalNum limit";
const UPDATE =
  "E T " +
  each("o", "s c S o f q p ap sp x X i l z L T t b a m R wt ot ps cp pP si ss rp V pm gtd er");
const ALGO_UPDATE = `E T ${each(
  "o",
  "caid aid at o s S ps f q X ai ap aq act tp p V wt pm cp pP R tt gtd rm ia",
)}`;

const DOCUMENTED: JudgeRules["documented"] = new Map(
  Object.entries({
    "rest testConnectivity": "",
    "rest checkServerTime": "serverTime",
    "rest exchangeInformation": `timezone serverTime ${each("rateLimits[]", LIMIT)} ${each(
      "assets[]",
      "asset marginAvailable autoAssetExchange",
    )} ${each("symbols[]", SYMBOL)}`,
    "rest orderBook": DEPTH,
    "rest klineCandlestickData": "[]",
    // One object where a symbol is asked for, a list otherwise.
    "rest markPrice": "",
    "rest getFundingRateHistory": each("[]", "symbol fundingRate fundingTime markPrice rateType"),
    "rest getFundingRateInfo": each(
      "[]",
      "symbol adjustedFundingRateCap adjustedFundingRateFloor fundingIntervalHours disclaimer",
    ),
    "rest symbolOrderBookTicker": TOUCH,
    "rest symbolPriceTickerV2": "symbol price time",
    "rest changeInitialLeverage": "leverage maxNotionalValue symbol",
    "rest changeMarginType": DONE,
    "rest changePositionMode": DONE,
    "rest getCurrentPositionMode": "dualSidePosition",
    "rest symbolConfiguration": each(
      "[]",
      "symbol marginType isAutoAddMargin leverage maxNotionalValue",
    ),
    "rest futuresAccountConfiguration":
      "feeTier canTrade canDeposit canWithdraw dualSidePosition updateTime multiAssetsMargin " +
      "tradeGroupId",
    "rest userCommissionRate": "symbol makerCommissionRate takerCommissionRate rpiCommissionRate",
    "rest notionalAndLeverageBrackets": "",
    "rest futuresTradingQuantitativeRulesIndicators": "indicators updateTime",
    "rest newOrder": ORDER,
    "rest modifyOrder": `${ORDER} modifyId`,
    "rest queryOrder": QUERIED,
    "rest queryCurrentOpenOrder": QUERIED,
    "rest currentAllOpenOrders": each("[]", QUERIED),
    "rest allOrders": each("[]", QUERIED),
    "rest cancelOrder": ORDER,
    // One was placed and one was refused: no field is in both.
    "rest placeMultipleOrders": "[]",
    "rest cancelMultipleOrders": "[]",
    "rest autoCancelAllOpenOrders": "symbol countdownTime",
    "rest cancelAllOpenOrders": DONE,
    "rest accountTradeList": each(
      "[]",
      "buyer commission commissionAsset id maker orderId price qty quoteQty realizedPnl side " +
        "positionSide symbol time",
    ),
    "rest positionInformationV3": each("[]", POSITION),
    "rest positionInformationV2": each("[]", POSITION_V2),
    "rest accountInformationV3": ACCOUNT,
    "rest accountInformationV2": ACCOUNT_V2,
    "rest futuresAccountBalanceV3": each("[]", BALANCE),
    "rest futuresAccountBalanceV2": each("[]", BALANCE),
    "rest queryUserRateLimit": each("[]", LIMIT),
    "rest getIncomeHistory": each("[]", "symbol incomeType income asset info time tranId tradeId"),
    "rest newAlgoOrder": `${ALGO} icebergQuantity activatePrice callbackRate`,
    "rest currentAllAlgoOpenOrders": each("[]", ALGO_LISTED),
    "rest queryAlgoOrder": `${ALGO_LISTED} actualType actualQty`,
    "rest queryAllAlgoOrders": each("[]", ALGO_LISTED),
    "rest cancelAlgoOrder": ALGO_CANCELED,
    "rest cancelAllAlgoOpenOrders": DONE,
    "rest startUserDataStream": "listenKey",
    "rest keepaliveUserDataStream": "listenKey",
    "rest closeUserDataStream": "",
    "rest rateLimits": each("[]", "rateLimitType interval intervalNum count"),

    "ws orderBook": DEPTH,
    "ws symbolOrderBookTicker": `lastUpdateId ${TOUCH}`,
    "ws symbolPriceTicker": "symbol price time",
    "ws newOrder": ORDER,
    "ws queryOrder": QUERIED,
    "ws modifyOrder": ORDER,
    "ws cancelOrder": ORDER,
    "ws newAlgoOrder": ALGO,
    "ws cancelAlgoOrder": ALGO_CANCELED,
    "ws accountInformation": ACCOUNT_V2,
    "ws accountInformationV2": ACCOUNT,
    "ws futuresAccountBalance": each("[]", BALANCE),
    "ws futuresAccountBalanceV2": each("[]", BALANCE),
    "ws positionInformation": each("[]", POSITION_V2),
    "ws positionInformationV2": each("[]", POSITION),
    "ws rateLimits": each("[]", `${LIMIT} count`),

    "event ORDER_TRADE_UPDATE NEW": UPDATE,
    "event ORDER_TRADE_UPDATE AMENDMENT": `${UPDATE} o.M`,
    "event ORDER_TRADE_UPDATE CANCELED": UPDATE,
    "event ORDER_TRADE_UPDATE EXPIRED": UPDATE,
    "event ORDER_TRADE_UPDATE TRADE": `${UPDATE} o.N o.n`,
    "event TRADE_LITE": "e E T s q p m c S L l t i",
    "event ALGO_UPDATE NEW": ALGO_UPDATE,
    "event ALGO_UPDATE TRIGGERING": ALGO_UPDATE,
    "event ALGO_UPDATE TRIGGERED": ALGO_UPDATE,
    "event ALGO_UPDATE FINISHED": ALGO_UPDATE,
    "event ACCOUNT_UPDATE ORDER": `E T a.m ${each("a.B[]", "a wb cw bc")} ${each(
      "a.P[]",
      "s pa ep bep cr up mt iw ps",
    )}`,
    "event ACCOUNT_UPDATE FUNDING_FEE": `E T a.m ${each("a.B[]", "a wb cw bc")}`,
    "event ACCOUNT_CONFIG_UPDATE": "E T ac.s ac.l",
    "event listenKeyExpired": "E listenKey",

    "stream individualSymbolBookTickerStreams": "e u E T s ps b B a A st",
    "stream diffBookDepthStreams": "e E T s ps U u pu b a st",
    "stream aggregateTradeStreams": "e E s a p q nq f l T m st",
    "stream markPriceStream": "e E s p ap i P r T st",
    "stream klineCandlestickStreams": `e E s ${each("k", "t T s i f L o c h l v n x q V Q")}`,
  }).map(([label, paths]) => [label, paths.split(" ").filter((path) => path !== "")] as const),
);

/** The wire as documented, against the declarations of 38.1.1. */
const EXCEPTIONS: readonly Exception[] = [
  {
    labels: ["ws accountInformation"],
    path: "feeBurn",
    reason: "told of the account by both ways; declared on REST only",
  },
  {
    labels: ["rest newAlgoOrder", "rest queryAlgoOrder", "ws newAlgoOrder"],
    path: "icebergQuantity",
    reason: "null of orders that show all of themselves; declared as a string",
  },
  {
    labels: ["rest currentAllAlgoOpenOrders", "rest queryAllAlgoOrders"],
    path: "[].icebergQuantity",
    reason: "null of orders that show all of themselves; declared as a string",
  },
];

/** Labels whose declared type lets everything through, or says that there is nothing. */
const OPEN_TYPES: JudgeRules["openTypes"] = new Set([
  "rest testConnectivity",
  "rest closeUserDataStream",
]);

const OTHER_TYPES: JudgeRules["otherTypes"] = new Map([
  ["rest testConnectivity", "object"],
  ["rest closeUserDataStream", "object"],
  // Declared as fields of the message beside the result, which is where they are.
  ["ws orderBook", 'WsResult<"orderBook"> & Pick<WsApi.OrderBookResponse, "bids" | "asks">'],
]);

export const PERP_JUDGE: JudgeRules = {
  prelude: PRELUDE,
  controls: CONTROLS,
  documented: DOCUMENTED,
  exceptions: EXCEPTIONS,
  openTypes: OPEN_TYPES,
  otherTypes: OTHER_TYPES,
};
