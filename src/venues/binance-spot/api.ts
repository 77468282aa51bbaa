/**
 * SpotApi: one call to Binance Spot, by whichever way is open: the methods that we use with their
 * REST twin and price, and what can come of a call. The transports (ws-api.ts, rest.ts) implement
 * it; everything above speaks in these terms. Source: web-socket-api.md and rest-api.md.
 */

import type { Reply } from "./errors.ts";
import type { RequestParams } from "./signing.ts";

export interface MethodSpec {
  readonly verb: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  /** Request weight; that of order calls is given back by the venue where they succeed. */
  readonly weight: number;
  /** Counts as one unfilled order. */
  readonly countsAsOrder: boolean;
  readonly isSigned: boolean;
  /** May use what budgets keep for cancels. */
  readonly isCancel: boolean;
}

/** @param path under `/api/v3/`, or whole where it begins with a slash */
function method(
  verb: MethodSpec["verb"],
  path: string,
  weight: number,
  rest: Partial<MethodSpec> = {},
): MethodSpec {
  const flags = { countsAsOrder: false, isSigned: true, isCancel: false };
  const whole = path.startsWith("/") ? path : `/api/v3/${path}`;
  return { verb, path: whole, weight, ...flags, ...rest };
}

/** By the name of the WebSocket API. Weights that depend on parameters are the dearest we use. */
export const METHODS = {
  time: method("GET", "time", 1, { isSigned: false }),
  exchangeInfo: method("GET", "exchangeInfo", 20, { isSigned: false }),
  depth: method("GET", "depth", 50, { isSigned: false }),
  klines: method("GET", "klines", 2, { isSigned: false }),
  avgPrice: method("GET", "avgPrice", 2, { isSigned: false }),
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

export type ApiAnswer =
  /** Whatever the venue said. `result` is the parsed payload of a success, else undefined. */
  | { readonly kind: "answered"; readonly reply: Reply; readonly result: unknown }
  /** It may have been done: no answer in time, or the connection went down with it. */
  | { readonly kind: "unknown"; readonly message: string }
  /** It surely was not done: no budget (then `retryAtMs`, venue's clock), no way to the venue. */
  | {
      readonly kind: "not-sent";
      readonly why: "budget" | "not-connected";
      readonly retryAtMs: number;
      readonly message: string;
    };

export interface SpotApi {
  /**
   * Sends a call before it returns: over the WebSocket API where that is ready, else by REST.
   * Timestamp, key and signature are added. The promise never rejects. It is settled within the
   * request time-out; where the venue refused our time, after measuring it and sending once more
   * (an order only within a second), within three.
   */
  call(method: ApiMethod, params: RequestParams): Promise<ApiAnswer>;
  /** The venue's clock now, epoch milliseconds. */
  venueNowMs(): number;
}
