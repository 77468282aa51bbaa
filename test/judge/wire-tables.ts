/**
 * What Binance Spot documents of each answer and event, and where the SDK's declarations are
 * narrower than that. Labels are those of samples.
 */

import type { Exception, JudgeRules } from "./typed-samples.ts";
import { each } from "./wire-paths.ts";

/** What a client's method hands out, taken from the method itself. */
const PRELUDE = `import type {
  SpotRestAPI,
  SpotWebsocketAPI,
  SpotWebsocketStreams,
} from "@binance/spot";

type Rest = SpotRestAPI.RestAPI;
type Ws = SpotWebsocketAPI.WebsocketAPIConnection;
type Streams = SpotWebsocketStreams.WebsocketStreamsConnection;
type Answer<F extends (...args: never[]) => unknown> = Awaited<ReturnType<F>>;
type RestAnswer<M extends keyof Rest> = Answer<Rest[M]>;
type RestData<M extends keyof Rest> = Answer<RestAnswer<M>["data"]>;
type WsAnswer<M extends keyof Ws> = Answer<Ws[M]>;
type Streamed<M extends "aggTrade" | "bookTicker" | "diffBookDepth" | "kline"
  | "partialBookDepth" | "trade"> = Parameters<Parameters<ReturnType<Streams[M]>["on"]>[1]>[0];
`;

const CONTROLS: JudgeRules["controls"] = [
  ['RestData<"newOrder">', '{ orderId: 1, "a field that is none": 1 }'],
  ['RestData<"newOrder">', '{ orderId: "1" }'],
  ['RestData<"newOrder">', '{ fills: [{ price: "1", "a field that is none": 1 }] }'],
  ['RestData<"exchangeInfo">', '{ symbols: [{ filters: [{ filterType: "NO_FILTER" }] }] }'],
  ['WsAnswer<"orderPlace">', '{ data: { "a field that is none": 1 } }'],
  ['Streamed<"trade">', "{ p: 1 }"],
];

const ACK = "symbol orderId orderListId clientOrderId transactTime";
const QUANTITIES = "price origQty executedQty origQuoteOrderQty cummulativeQuoteQty";
const WORDS = "status timeInForce type side selfTradePreventionMode";
const RESULT = `${ACK} ${QUANTITIES} ${WORDS} workingTime`;
const FULL = `${RESULT} ${each("fills[]", "price qty commission commissionAsset tradeId")}`;
const CANCELED = `${ACK} ${QUANTITIES} ${WORDS} origClientOrderId`;
const STATUS =
  `symbol orderId orderListId clientOrderId ${QUANTITIES} ${WORDS} ` +
  "stopPrice icebergQty time updateTime isWorking workingTime";
const AMENDED =
  "transactTime executionId " +
  each(
    "amendedOrder",
    "symbol orderId orderListId origClientOrderId clientOrderId price qty executedQty " +
      `preventedQty quoteOrderQty cumulativeQuoteQty ${WORDS} workingTime`,
  );
const REPLACED =
  "cancelResult newOrderResult " +
  `${each("cancelResponse", CANCELED)} ${each("newOrderResponse", ACK)}`;
const TRADE =
  "symbol id orderId orderListId price qty quoteQty commission commissionAsset time isBuyer " +
  "isMaker isBestMatch";
const RATES = "maker taker buyer seller";
const COMMISSION =
  `symbol ${each("standardCommission", RATES)} ${each("specialCommission", RATES)} ` +
  `${each("taxCommission", RATES)} ` +
  each("discount", "enabledForAccount enabledForSymbol discountAsset discount");
const ORDER_RATES = "standardCommissionForOrder specialCommissionForOrder taxCommissionForOrder";
const TESTED = `${ORDER_RATES.split(" ")
  .map((name) => each(name, "maker taker"))
  .join(" ")} discount`;
const ACCOUNT =
  "makerCommission takerCommission buyerCommission sellerCommission canTrade canWithdraw " +
  "canDeposit brokered requireSelfTradePrevention preventSor updateTime accountType permissions " +
  `uid ${each("commissionRates", RATES)} ${each("balances[]", "asset free locked")}`;
const COUNT = "rateLimitType interval intervalNum limit count";
const SYMBOL =
  "symbol status baseAsset baseAssetPrecision quoteAsset quoteAssetPrecision " +
  "baseCommissionPrecision quoteCommissionPrecision orderTypes[] icebergAllowed ocoAllowed " +
  "otoAllowed opoAllowed quoteOrderQtyMarketAllowed allowTrailingStop cancelReplaceAllowed " +
  "amendAllowed pegInstructionsAllowed isSpotTradingAllowed isMarginTradingAllowed " +
  "filters[].filterType permissionSets[] defaultSelfTradePreventionMode " +
  "allowedSelfTradePreventionModes[]";
const EXCHANGE_INFO =
  "timezone serverTime exchangeFilters " +
  `${each("rateLimits[]", "rateLimitType interval intervalNum limit")} ` +
  each("symbols[]", SYMBOL);
const DEPTH = "lastUpdateId bids[] asks[]";
const AVERAGE = "mins price closeTime";
const BOOK_TICKER = "symbol bidPrice bidQty askPrice askQty";
const PRINT = "id price qty quoteQty time isBuyerMaker isBestMatch";
const SESSION = "apiKey authorizedSince connectedSince returnRateLimits serverTime userDataStream";
const REPORT = "e E s c S o f q p P F g C x X r i l z L n N T t I w m M O Z Y Q W V";

const DOCUMENTED: JudgeRules["documented"] = new Map(
  Object.entries({
    "rest exchangeInfo": EXCHANGE_INFO,
    "rest time": "serverTime",
    "rest depth": DEPTH,
    "rest klines": "[]",
    "rest avgPrice": AVERAGE,
    "rest tickerBookTicker": BOOK_TICKER,
    "rest tickerPrice": "symbol price",
    "rest getTrades": each("[]", PRINT),
    "rest newOrder ACK": ACK,
    "rest newOrder RESULT": RESULT,
    "rest newOrder FULL": FULL,
    "rest orderTest": TESTED,
    "rest getOrder": STATUS,
    "rest getOpenOrders": each("[]", STATUS),
    "rest allOrders": each("[]", STATUS),
    "rest deleteOrder": CANCELED,
    "rest deleteOpenOrders": each("[]", CANCELED),
    "rest orderCancelReplace": REPLACED,
    "rest orderAmendKeepPriority": AMENDED,
    "rest getAccount": ACCOUNT,
    "rest accountCommission": COMMISSION,
    "rest myTrades": each("[]", TRADE),
    "rest rateLimitOrder": each("[]", COUNT),
    "rest rateLimits": each("[]", "rateLimitType interval intervalNum count"),

    "ws exchangeInfo": ofWs(EXCHANGE_INFO),
    "ws time": ofWs("serverTime"),
    "ws depth": ofWs(DEPTH),
    "ws klines": "data[] rateLimits[]",
    "ws avgPrice": ofWs(AVERAGE),
    "ws tickerBook": ofWs(BOOK_TICKER),
    "ws tickerPrice": ofWs("symbol price"),
    "ws tradesRecent": ofWs(PRINT, "data[]"),
    "ws orderPlace ACK": ofWs(ACK),
    "ws orderPlace RESULT": ofWs(RESULT),
    "ws orderPlace FULL": ofWs(FULL),
    "ws orderTest": ofWs(TESTED),
    "ws orderStatus": ofWs(STATUS),
    "ws openOrdersStatus": ofWs(STATUS, "data[]"),
    "ws allOrders": ofWs(STATUS, "data[]"),
    "ws orderCancel": ofWs(CANCELED),
    "ws openOrdersCancelAll": ofWs(CANCELED, "data[]"),
    "ws orderCancelReplace": ofWs(REPLACED),
    "ws orderAmendKeepPriority": ofWs(AMENDED),
    "ws accountStatus": ofWs(ACCOUNT),
    "ws accountCommission": ofWs(COMMISSION),
    "ws myTrades": ofWs(TRADE, "data[]"),
    "ws accountRateLimitsOrders": ofWs(COUNT, "data[]"),
    "ws sessionLogon": `[].${each("data", SESSION).replaceAll(" ", " [].")}`,
    "ws sessionLogout": `[].${each("data", SESSION).replaceAll(" ", " [].")}`,
    "ws sessionStatus": ofWs(SESSION),
    "ws sessionSubscriptions": ofWs("subscriptionId", "data[]"),
    "ws userDataStreamSubscribe": ofWs("subscriptionId"),
    "ws userDataStreamSubscribeSignature": ofWs("subscriptionId"),
    "ws userDataStreamUnsubscribe": "data",

    "event executionReport NEW": REPORT,
    "event executionReport TRADE": REPORT,
    "event executionReport REPLACED": REPORT,
    "event executionReport CANCELED": REPORT,
    "event executionReport EXPIRED": `${REPORT} eR`,
    "event outboundAccountPosition": `e E u ${each("B[]", "a f l")}`,
    "event eventStreamTerminated": "e E",

    "stream bookTicker": "u s b B a A",
    "stream diffBookDepth": "e E s U u b a",
    "stream partialBookDepth": DEPTH,
    "stream trade": "e E s t p q T m M",
    "stream aggTrade": "e E s a p q f l T m M",
    "stream kline": `e E s ${each("k", "t T s i f L o c h l v n x q V Q")}`,
  }).map(([label, paths]) => [label, paths.split(" ")] as const),
);

/** The wire as documented, against the declarations of `@binance/spot` 32.0.4. */
const EXCEPTIONS: readonly Exception[] = [
  {
    labels: ["NEW", "REPLACED", "CANCELED", "EXPIRED"].map(
      (type) => `event executionReport ${type}`,
    ),
    path: "N",
    reason: "null where nothing was traded; declared as a string",
  },
  {
    labels: ["ws sessionLogout"],
    path: "[].data.apiKey",
    reason: "null where nobody is logged on; declared as a string",
  },
  {
    labels: ["ws sessionLogout"],
    path: "[].data.authorizedSince",
    reason: "null where nobody is logged on; declared as a number",
  },
  {
    labels: ["rest newOrder FULL"],
    path: "expiryReason",
    reason:
      "in RESULT and FULL since 2026-03-26 where the order expired; declared on the ws-api only",
  },
  ...["strategyId", "strategyType"].flatMap((field) => [
    {
      labels: ["rest newOrder RESULT"],
      path: field,
      reason: "appears where the request had it; declared in answers to queries and on the ws-api",
    },
    {
      labels: ["rest deleteOpenOrders"],
      path: `[].${field}`,
      reason: "appears where the order has it; declared for a single cancel and on the ws-api",
    },
  ]),
];

const OPEN_TYPES: JudgeRules["openTypes"] = new Set([
  // `object`; the venue answers with an empty one.
  "ws userDataStreamUnsubscribe",
]);

const OTHER_TYPES: JudgeRules["otherTypes"] = new Map([
  // The method says `{}`: the declared answer lacks its envelope, where all others have one.
  [
    "ws exchangeInfo",
    '{ data: SpotWebsocketAPI.ExchangeInfoResponse; rateLimits?: WsAnswer<"time">["rateLimits"] }',
  ],
]);

export const SPOT_JUDGE: JudgeRules = {
  prelude: PRELUDE,
  controls: CONTROLS,
  documented: DOCUMENTED,
  exceptions: EXCEPTIONS,
  openTypes: OPEN_TYPES,
  otherTypes: OTHER_TYPES,
};

/** An answer of the WebSocket API: its data and the limits. */
function ofWs(fields: string, path = "data"): string {
  return `${each(path, fields)} ${each("rateLimits[]", COUNT)}`;
}
