/**
 * One call to a mock venue of Binance, whichever way it came: limits, key and signature,
 * parameters, then the method itself. Writes no sockets: that is the transports'. May import net
 * and this folder.
 */

import type { Timers } from "#net/timers.ts";
import type { ConversationVenue } from "../conversation.ts";
import type { FaultyDelivery } from "../fault-actions.ts";
import type { Faults } from "../faults.ts";
import { ApiError, badRequest } from "./api-error.ts";
import type { Credentials } from "./credentials.ts";
import type { IdForm, Params } from "./params.ts";
import type { RateLimits } from "./rate-limits.ts";

export type Verb = "GET" | "POST" | "PUT" | "DELETE";

/** A method of the venue, over REST and the WebSocket API alike. */
export interface Method<Venue> {
  /** On the WebSocket API, where it is there too. */
  readonly name: string;
  readonly verb: Verb;
  /** The whole of it. */
  readonly path: string;
  readonly weightOf: (params: Params) => number;
  /** `key`: a known key, and no signature. */
  readonly security: "none" | "key" | "signed";
  /** Weighs nothing where it succeeds. */
  readonly isFreeOnSuccess: boolean;
  /** Its answer tells the counts of orders too. */
  readonly tellsOrderCounts: boolean;
  readonly params: readonly string[];
  readonly run: (venue: Venue, params: Params) => unknown;
}

/** What calls need of a venue. */
export interface ApiVenue {
  readonly limits: RateLimits;
  readonly credentials: Credentials;
  /** The venue's clock, epoch milliseconds. */
  readonly nowMs: () => number;
  /** Events of the account. */
  readonly account: { readonly stream: { hold(): void; release(): void } };
}

/** Where the venues of the family differ. */
export interface Dialect {
  readonly ids?: IdForm;
  /** A 5xx where it does not know itself: the same whether the order got through. */
  readonly unknownOutcome: ApiError;
  /** A 5xx of which it is certain that nothing was done. */
  readonly unavailable?: ApiError;
  /** What it refuses orders with while it is overloaded, but for those that are exempt. */
  readonly overloaded?: ApiError;
  readonly isExempt?: (method: string, params: ReadonlyMap<string, string>) => boolean;
}

/** What serving a venue takes. */
export interface ApiRules<Venue extends ApiVenue> {
  readonly venue: Venue;
  readonly dialect: Dialect;
  readonly timers: Timers;
  readonly faults: Faults;
  readonly delivery: FaultyDelivery;
  readonly eventBeforeResponse: boolean;
}

/** What stands beside the method's own parameters. */
const SECURITY_PARAMS: ReadonlySet<string> = new Set([
  "apiKey",
  "timestamp",
  "recvWindow",
  "signature",
]);

export type ApiReply =
  | { readonly status: 200; readonly result: unknown }
  | { readonly status: number; readonly error: ApiError };

export interface ApiCall {
  readonly weight: () => number;
  readonly isFreeOnSuccess: boolean;
  /** Those that the method reads. */
  readonly allowedParams: readonly string[];
  readonly params: Params;
  /** Checks key, signature and timestamp where the method asks for them. @throws {ApiError} */
  readonly authorize: () => void;
  readonly run: () => unknown;
}

/** Never throws what the client did wrong: that is the reply. */
export function execute({ limits }: Pick<ApiVenue, "limits">, call: ApiCall): ApiReply {
  try {
    const weight = call.weight();
    limits.useWeight(weight);
    call.authorize();
    refuseUnknown(call.params, call.allowedParams);
    const result = call.run();
    if (call.isFreeOnSuccess) limits.giveBackWeight(weight);
    return { status: 200, result };
  } catch (error) {
    if (error instanceof ApiError) return refusal(error);
    throw error;
  }
}

export function refusal(error: ApiError): ApiReply {
  return { status: error.status, error };
}

function refuseUnknown(params: Params, allowed: readonly string[]): void {
  const own = params.names.filter((name) => !SECURITY_PARAMS.has(name));
  const read = own.filter((name) => allowed.includes(name)).length;
  if (read === own.length) return;
  const counts = `read '${read}' parameter(s) but was sent '${own.length}'.`;
  throw badRequest(-1104, `Not all sent parameters were read; ${counts}`);
}

/** The venue as conversations with faults need it. */
export function conversationVenue<Venue extends ApiVenue>({
  venue: { account, limits },
  dialect: { unknownOutcome, unavailable, overloaded },
  eventBeforeResponse,
}: ApiRules<Venue>): ConversationVenue<ApiReply> {
  return {
    events: account.stream,
    order: eventBeforeResponse ? "event" : "answer",
    refuseFor: (durationMs) => limits.refuseFor(durationMs),
    ban: (durationMs) => limits.ban(durationMs),
    unknownOutcome: refusal(unknownOutcome),
    unavailable: refusal(unavailable ?? unknownOutcome),
    overloaded: refusal(overloaded ?? unknownOutcome),
  };
}
