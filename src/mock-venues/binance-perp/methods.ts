/**
 * Every method of the mock venue, as REST and the WebSocket API have it, and which of them an
 * overloaded venue takes all the same. May import this folder.
 */

import type { Method as ApiMethod, Verb } from "../binance/api.ts";
import { placeAlgoOrderWs } from "./algo-orders.ts";
import { bookTickerWs } from "./market-data.ts";
import { KEYED, type MethodRow, OPEN, ORDERS, QUESTIONS, type Run } from "./method-rows.ts";
import type { PerpVenue } from "./venue.ts";

type Method = ApiMethod<PerpVenue>;

const VERBS: readonly Verb[] = ["GET", "POST", "PUT", "DELETE"];

export const REST_METHODS: readonly Method[] = [
  ...OPEN.map((row) => methodOf(row, "none")),
  ...KEYED.map((row) => methodOf(row, "key")),
  ...[...ORDERS, ...QUESTIONS].map((row) => methodOf(row, "signed")),
];

/** Those that the WebSocket API has too: neither batches nor all at once. */
const ON_WS: ReadonlySet<string> = new Set([
  "ping",
  "time",
  "depth",
  "ticker.book",
  "ticker.price",
  "userDataStream.start",
  "userDataStream.ping",
  "userDataStream.stop",
  "order.place",
  "order.modify",
  "order.cancel",
  "order.status",
  "algoOrder.place",
  "algoOrder.cancel",
  "account.position",
  "v2/account.position",
  "account.status",
  "v2/account.status",
  "account.balance",
  "v2/account.balance",
]);
/** Those that it answers otherwise. */
const OTHERWISE: ReadonlyMap<string, Run> = new Map([
  ["ticker.book", bookTickerWs],
  ["algoOrder.place", placeAlgoOrderWs],
]);

export const WS_METHODS: ReadonlyMap<string, Method> = new Map(
  REST_METHODS.filter(({ name }) => ON_WS.has(name)).map((method) => {
    return [method.name, { ...method, run: OTHERWISE.get(method.name) ?? method.run }];
  }),
);

/** Those that may open a position, unless they only reduce. */
const OPENING: ReadonlySet<string> = new Set([
  "order.place",
  "order.modify",
  "batchOrders.place",
  "algoOrder.place",
]);

/** Whether an overloaded venue takes a request all the same: what cancels, asks or reduces. */
export function isExempt(method: string, params: ReadonlyMap<string, string>): boolean {
  if (!OPENING.has(method)) return true;
  return params.get("reduceOnly") === "true" || params.get("closePosition") === "true";
}

function methodOf(row: MethodRow, security: Method["security"]): Method {
  const { name, weight, params = [], run, tellsOrderCounts = false } = row;
  const [word = "", route = ""] = row.route.split(" ");
  return {
    name,
    verb: VERBS.find((verb) => verb === word) ?? "GET",
    path: route.startsWith("/") ? route : `/fapi/${route}`,
    weightOf: typeof weight === "number" ? () => weight : weight,
    security,
    isFreeOnSuccess: false,
    tellsOrderCounts,
    params,
    run,
  };
}
