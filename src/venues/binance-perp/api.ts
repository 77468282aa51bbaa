/**
 * PerpApi: the methods of Binance USD-M futures that we use, with their REST twin and price, and
 * its Dialect. Those of the WebSocket API go by its names; the others by REST alone.
 */

import { type BinanceApi, type Dialect, type MethodSpec, methodSpec } from "../binance/api.ts";
import { outcomeOf } from "./errors.ts";

type Rest = Partial<MethodSpec>;

const BY_REST: Rest = { isRestOnly: true };
const PUBLIC: Rest = { isRestOnly: true, security: "none" };
const KEYED: Rest = { isRestOnly: true, security: "key" };

/** Weights that depend on parameters are the dearest we use. */
export const METHODS = {
  time: methodSpec("GET", "/fapi/v1/time", 1, PUBLIC),
  exchangeInfo: methodSpec("GET", "/fapi/v1/exchangeInfo", 1, PUBLIC),
  depth: methodSpec("GET", "/fapi/v1/depth", 20, PUBLIC),
  klines: methodSpec("GET", "/fapi/v1/klines", 5, PUBLIC),
  premiumIndex: methodSpec("GET", "/fapi/v1/premiumIndex", 1, PUBLIC),
  "order.place": methodSpec("POST", "/fapi/v1/order", 0, { countsAsOrder: true }),
  "order.cancel": methodSpec("DELETE", "/fapi/v1/order", 1, { isCancel: true }),
  "order.status": methodSpec("GET", "/fapi/v1/order", 1),
  "algoOrder.place": methodSpec("POST", "/fapi/v1/algoOrder", 0, { countsAsOrder: true }),
  "algoOrder.cancel": methodSpec("DELETE", "/fapi/v1/algoOrder", 1, { isCancel: true }),
  algoOrder: methodSpec("GET", "/fapi/v1/algoOrder", 1, BY_REST),
  openOrders: methodSpec("GET", "/fapi/v1/openOrders", 1, BY_REST),
  openAlgoOrders: methodSpec("GET", "/fapi/v1/openAlgoOrders", 1, BY_REST),
  allAlgoOrders: methodSpec("GET", "/fapi/v1/allAlgoOrders", 5, BY_REST),
  userTrades: methodSpec("GET", "/fapi/v1/userTrades", 5, BY_REST),
  income: methodSpec("GET", "/fapi/v1/income", 30, BY_REST),
  positionRisk: methodSpec("GET", "/fapi/v3/positionRisk", 5, BY_REST),
  account: methodSpec("GET", "/fapi/v3/account", 5, BY_REST),
  accountConfig: methodSpec("GET", "/fapi/v1/accountConfig", 5, BY_REST),
  symbolConfig: methodSpec("GET", "/fapi/v1/symbolConfig", 5, BY_REST),
  commissionRate: methodSpec("GET", "/fapi/v1/commissionRate", 20, BY_REST),
  leverage: methodSpec("POST", "/fapi/v1/leverage", 1, BY_REST),
  marginType: methodSpec("POST", "/fapi/v1/marginType", 1, BY_REST),
  /** It has orders cancelled: it may use what is kept for that. */
  countdownCancelAll: methodSpec("POST", "/fapi/v1/countdownCancelAll", 10, {
    ...BY_REST,
    isCancel: true,
  }),
  "listenKey.open": methodSpec("POST", "/fapi/v1/listenKey", 1, KEYED),
  "listenKey.keep": methodSpec("PUT", "/fapi/v1/listenKey", 1, KEYED),
  /** Of the wallet API, which has an address of its own. */
  apiRestrictions: methodSpec("GET", "/sapi/v1/account/apiRestrictions", 1, BY_REST),
} as const satisfies Readonly<Record<string, MethodSpec>>;

export type ApiMethod = keyof typeof METHODS;

export type PerpApi = BinanceApi<ApiMethod>;

export const DIALECT: Dialect = {
  venueName: "Binance USD-M",
  product: "futures",
  methods: METHODS,
  outcomeOf,
  secondOutcomeOf: () => null,
  documentedLimits: [
    { kind: "request-weight", windowMs: 60_000, limit: 2400, used: -1 },
    { kind: "orders", windowMs: 10_000, limit: 300, used: -1 },
    { kind: "orders", windowMs: 60_000, limit: 1200, used: -1 },
    { kind: "connections", windowMs: 300_000, limit: 300, used: -1 },
  ],
  handshakeWeight: 7, // dialling five, logon two
  hasUserEvents: false,
};
