/**
 * BinanceApi: one call to a Binance venue, by whichever way is open, and what can come of it. Each
 * venue has its own methods and error codes: its Dialect. The transports (ws-api.ts, rest.ts)
 * implement it; everything above speaks in these terms.
 */

import { InvariantError } from "#domain/errors.ts";
import type { Outcome, OutcomeOf, Reply } from "./errors.ts";
import type { RateLimit } from "./exchange-info.ts";
import type { RequestParams } from "./signing.ts";

/** How a request proves whose it is: not at all, by the key alone, or signed with a timestamp. */
export type Security = "none" | "key" | "signed";

export interface MethodSpec {
  readonly verb: "GET" | "POST" | "PUT" | "DELETE";
  /** From the address on, with its first slash. */
  readonly path: string;
  /** Request weight. */
  readonly weight: number;
  /** The venue gives the weight back where it has done what was asked. */
  readonly isFreeWhenDone: boolean;
  /** Counts as one order. */
  readonly countsAsOrder: boolean;
  readonly security: Security;
  /** May use what budgets keep for cancels. */
  readonly isCancel: boolean;
  /** The WebSocket API does not have it. */
  readonly isRestOnly: boolean;
}

export type Methods = Readonly<Record<string, MethodSpec>>;

/** What sets one Binance venue apart from the other. */
export interface Dialect {
  /** For people: `Binance Spot`. */
  readonly venueName: string;
  /** What a key must be allowed, for people: `spot`. */
  readonly product: string;
  readonly methods: Methods;
  readonly outcomeOf: OutcomeOf;
  /** What else an answer says that budgets have to heed: null, nothing. */
  readonly secondOutcomeOf: (method: string, reply: Reply, nowMs: number) => Outcome | null;
  /** Limits that exchangeInfo does not list, or not before it was asked. */
  readonly documentedLimits: readonly RateLimit[];
  /** Weight of dialling the WebSocket API and all that follows until it is ready. */
  readonly handshakeWeight: number;
  /** The account's events come over the WebSocket API. */
  readonly hasUserEvents: boolean;
}

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

/** The transports take any method of their dialect; a venue narrows it to the names that it has. */
export interface BinanceApi<Method extends string = string> {
  /**
   * Sends a call before it returns: over the WebSocket API where that is ready, else by REST.
   * Timestamp, key and signature are added. The promise never rejects. It is settled within the
   * request time-out; where the venue refused our time, after measuring it and sending once more
   * (an order only within a second), within three.
   */
  call(method: Method, params: RequestParams): Promise<ApiAnswer>;
  /** The venue's clock now, epoch milliseconds. */
  venueNowMs(): number;
}

/** @throws {InvariantError} where the venue has no such method */
export function specOf({ methods }: Dialect, method: string): MethodSpec {
  const spec = methods[method];
  if (spec !== undefined) return spec;
  throw new InvariantError(`the venue has no method ${method}`);
}

/** A method's price and twin, with what is usual left out. */
export function methodSpec(
  verb: MethodSpec["verb"],
  path: string,
  weight: number,
  rest: Partial<MethodSpec> = {},
): MethodSpec {
  return {
    verb,
    path,
    weight,
    isFreeWhenDone: false,
    countsAsOrder: false,
    security: "signed",
    isCancel: false,
    isRestOnly: false,
    ...rest,
  };
}
