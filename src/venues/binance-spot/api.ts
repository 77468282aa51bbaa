/**
 * SpotApi: the methods of Binance Spot that we use, with their REST twin and price, and its
 * Dialect. Source: web-socket-api.md and rest-api.md.
 */

import { type BinanceApi, type Dialect, type MethodSpec, methodSpec } from "../binance/api.ts";
import { outcomeOf, replaceOutcomeOf } from "./errors.ts";

/** @param path under `/api/v3/`, or whole where it begins with a slash */
function method(
  verb: MethodSpec["verb"],
  path: string,
  weight: number,
  rest: Partial<MethodSpec> = {},
): MethodSpec {
  const whole = path.startsWith("/") ? path : `/api/v3/${path}`;
  // The weight of order calls is given back where they succeed, but that of amendments.
  const isFreeWhenDone = rest.countsAsOrder === true || rest.isCancel === true;
  return methodSpec(verb, whole, weight, { isFreeWhenDone, ...rest });
}

/** By the name of the WebSocket API. Weights that depend on parameters are the dearest we use. */
export const METHODS = {
  time: method("GET", "time", 1, { security: "none" }),
  exchangeInfo: method("GET", "exchangeInfo", 20, { security: "none" }),
  depth: method("GET", "depth", 50, { security: "none" }),
  klines: method("GET", "klines", 2, { security: "none" }),
  avgPrice: method("GET", "avgPrice", 2, { security: "none" }),
  "order.place": method("POST", "order", 1, { countsAsOrder: true }),
  "order.cancelReplace": method("POST", "order/cancelReplace", 1, { countsAsOrder: true }),
  "order.cancel": method("DELETE", "order", 1, { isCancel: true }),
  "order.amend.keepPriority": method("PUT", "order/amend/keepPriority", 4),
  "order.status": method("GET", "order", 4),
  "openOrders.status": method("GET", "openOrders", 6),
  "account.status": method("GET", "account", 20),
  "account.commission": method("GET", "account/commission", 20),
  myTrades: method("GET", "myTrades", 20),
  /** By REST alone, for the desk; testnets have no `/sapi`. The real venue meters it apart. */
  apiRestrictions: method("GET", "/sapi/v1/account/apiRestrictions", 1),
} as const satisfies Readonly<Record<string, MethodSpec>>;

export type ApiMethod = keyof typeof METHODS;

export type SpotApi = BinanceApi<ApiMethod>;

export const DIALECT: Dialect = {
  venueName: "Binance Spot",
  product: "on spot",
  methods: METHODS,
  outcomeOf,
  secondOutcomeOf: (name, reply, nowMs) =>
    name === "order.cancelReplace" ? replaceOutcomeOf(reply, nowMs).place : null,
  documentedLimits: [
    { kind: "request-weight", windowMs: 60_000, limit: 6000, used: -1 },
    { kind: "orders", windowMs: 10_000, limit: 50, used: -1 },
    { kind: "connections", windowMs: 300_000, limit: 300, used: -1 },
  ],
  handshakeWeight: 6, // dialling, logon and subscription, two each
  hasUserEvents: true,
};
