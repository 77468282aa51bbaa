/**
 * One call to the mock venue, whichever way it came: limits, key and signature, parameters, then
 * the method itself. Writes no sockets: that is the transports'. May import domain and this folder.
 */

import type { ConversationVenue } from "../conversation.ts";
import { ApiError, badRequest } from "./api-error.ts";
import type { Params } from "./params.ts";
import type { Venue } from "./venue.ts";

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
export function execute(venue: Venue, call: ApiCall): ApiReply {
  try {
    const weight = call.weight();
    venue.limits.useWeight(weight);
    call.authorize();
    refuseUnknown(call.params, call.allowedParams);
    const result = call.run();
    if (call.isFreeOnSuccess) venue.limits.giveBackWeight(weight);
    return { status: 200, result };
  } catch (error) {
    if (error instanceof ApiError) return { status: error.status, error };
    throw error;
  }
}

function refuseUnknown(params: Params, allowed: readonly string[]): void {
  const own = params.names.filter((name) => !SECURITY_PARAMS.has(name));
  const read = own.filter((name) => allowed.includes(name)).length;
  if (read === own.length) return;
  const counts = `read '${read}' parameter(s) but was sent '${own.length}'.`;
  throw badRequest(-1104, `Not all sent parameters were read; ${counts}`);
}

/** What the venue says where it does not know itself: the same whether the order got through. */
const UNKNOWN_OUTCOME: ApiReply = {
  status: 503,
  error: new ApiError(
    503,
    -1007,
    "Timeout waiting for response from backend server. " +
      "Send status unknown; execution status unknown.",
  ),
};

/** The venue as conversations with faults need it. */
export function conversationVenue(
  { account, limits }: Venue,
  eventBeforeResponse: boolean,
): ConversationVenue<ApiReply> {
  return {
    events: account.stream,
    order: eventBeforeResponse ? "event" : "answer",
    refuseFor: (durationMs) => limits.refuseFor(durationMs),
    ban: (durationMs) => limits.ban(durationMs),
    unknownOutcome: UNKNOWN_OUTCOME,
  };
}
