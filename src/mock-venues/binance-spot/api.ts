/**
 * One call to the mock venue, whichever way it came: limits, key and signature, parameters, then
 * the method itself; and what the faults make of it. Writes no sockets: that is the transports'.
 * May import domain, net and this folder.
 */

import type { Timers } from "#net/timers.ts";
import { ApiError, badRequest } from "./api-error.ts";
import type { RequestFault } from "./faults.ts";
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

/** One request and the way back to who sent it. */
export interface Conversation {
  readonly execute: () => ApiReply;
  readonly answer: (reply: ApiReply) => void;
  /** Ends the connection at once. */
  readonly cut: () => void;
  /** The connection is silent from now on, and ends after this time. */
  readonly silence: (forMs: number) => void;
}

export interface ConversationRules {
  readonly venue: Venue;
  readonly timers: Timers;
  /** Whether the events that a request causes go before its answer. */
  readonly eventBeforeResponse: boolean;
}

/** Handles a request as usual, or as its fault has it. */
export function converse(
  rules: ConversationRules,
  fault: RequestFault | null,
  talk: Conversation,
): void {
  const { venue, timers } = rules;
  const usual = (): void => handle(rules, talk, talk.answer);
  switch (fault?.kind) {
    case undefined:
      return usual();
    case "delay":
      timers.after(fault.ms, usual);
      return;
    case "drop-request":
      return;
    case "drop-response":
      return handle(rules, talk, () => undefined);
    case "disconnect-before":
      return talk.cut();
    case "disconnect-after":
      return handle({ ...rules, eventBeforeResponse: true }, talk, talk.cut);
    case "half-open":
      return talk.silence(fault.forMs);
    case "error-5xx-accepted":
      return handle(rules, talk, () => talk.answer(UNKNOWN_OUTCOME));
    case "error-5xx-refused":
      return talk.answer(UNKNOWN_OUTCOME);
    case "rate-limit":
      venue.limits.refuseFor(fault.retryAfterSeconds * 1000);
      return usual();
    case "ban":
      venue.limits.ban(fault.seconds * 1000);
      return usual();
    case "event-before-response":
      return handle({ ...rules, eventBeforeResponse: true }, talk, (reply) => {
        timers.after(fault.ms, () => talk.answer(reply));
      });
    case "response-before-event":
      venue.account.stream.hold();
      handle({ ...rules, eventBeforeResponse: false }, talk, talk.answer);
      timers.after(fault.ms, () => venue.account.stream.release());
      return;
  }
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

function handle(
  { venue, eventBeforeResponse }: ConversationRules,
  talk: Conversation,
  answer: (reply: ApiReply) => void,
): void {
  const { stream } = venue.account;
  let isHeld = true;
  stream.hold();
  try {
    const reply = talk.execute();
    if (eventBeforeResponse) {
      stream.release();
      isHeld = false;
    }
    answer(reply);
  } finally {
    if (isHeld) stream.release();
  }
}
