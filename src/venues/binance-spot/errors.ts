/**
 * What an answer of Binance Spot means for the request: its error codes, and the two legs of a
 * cancel-replace. Pure; may import domain only. Codes: errors.md of binance-spot-api-docs.
 */

import * as v from "valibot";
import type { RejectReason } from "#domain/order.ts";
import {
  ErrorBody,
  type ErrorTable,
  type Outcome,
  type OutcomeOf,
  outcomesBy,
  type Reply,
} from "../binance/errors.ts";

/** What became of both legs of a cancel-replace. */
export interface ReplaceOutcome {
  readonly cancel: Outcome;
  readonly place: Outcome;
}

const Legs = v.object({
  cancelResult: v.string(),
  newOrderResult: v.string(),
  cancelResponse: v.optional(v.unknown()),
  newOrderResponse: v.optional(v.unknown()),
});

const TURNED_AWAY = -1008;

const MEANINGS: ErrorTable["meanings"] = new Map([
  [-1000, "unknown"],
  [-1001, "unknown"],
  [-1003, "weight"],
  [-1006, "unknown"],
  [-1007, "unknown"],
  [TURNED_AWAY, "busy"],
  [-1013, "words"],
  [-1015, "orders"],
  [-1021, "clock"],
  [-1022, "fatal"], // bad signature
  [-1100, "fatal"], // a parameter with illegal characters: a bug
  [-1102, "fatal"], // one too few: a bug
  [-1106, "fatal"], // one too many: a bug
  [-1121, "fatal"], // no such symbol
  [-2010, "words"],
  [-2011, "words"],
  [-2014, "fatal"], // the key's form
  [-2015, "fatal"], // the key, its IP address or its permissions
  [-2021, "unknown"], // one leg of two failed; which one, `replaceOutcomeOf` tells
]);

/** Codes that say the same whatever their text. */
const REFUSALS: ErrorTable["refusals"] = new Map([
  [-1111, "filter"], // finer than the asset's precision: its rules have changed
  [-1220, "other"], // the symbol's status is another
  [-2013, "unknown-order"],
  [-2022, "other"], // both legs of a cancel-replace failed
  [-2026, "unknown-order"], // archived: ended without a fill, long ago
  [-2035, "other"], // subscribed already
  [-2036, "other"], // not subscribed
  [-2038, "other"], // amendment refused
  [-2039, "other"], // the two ids given are of different orders
  [-2042, "other"], // no more subscription ids: the connection is used up
]);

/** What the matching engine says is told apart by its words alone. */
const WORDS: ErrorTable["words"] = [
  [/immediately match and take/i, "would-cross"],
  [/insufficient balance/i, "insufficient-balance"],
  [/duplicate order/i, "duplicate-id"],
  [/unknown order/i, "unknown-order"],
  [/MAX_NUM_(?:ORDERS|ALGO_ORDERS|ICEBERG_ORDERS|ORDER_LISTS)\b/, "too-many-orders"],
  [/filter failure|price \* qty/i, "filter"],
  [/disabled on this account|may not place or cancel|not permitted for this account/i, "fatal"],
  [/restricted for this account|trading is not enabled/i, "fatal"],
];

export const outcomeOf: OutcomeOf = outcomesBy({
  meanings: MEANINGS,
  refusals: REFUSALS,
  words: WORDS,
  refusalOf5xx: ({ code }) => (code === TURNED_AWAY ? "by-code" : null),
});

/**
 * Both legs of a cancel-replace. An answer without legs was given before either was tried, or
 * leaves both unknown. A leg that was not attempted is rejected: its order is as it was, or never
 * came to be.
 */
export function replaceOutcomeOf(reply: Reply, nowMs: number): ReplaceOutcome {
  const legs = v.safeParse(Legs, reply.legs);
  if (!legs.success) {
    // A partial failure or a success that does not say of what: neither leg may be assumed.
    const isMute = reply.status === 200 || reply.status === 409;
    const whole = isMute
      ? ({ kind: "unknown", message: "an answer without its two legs" } as const)
      : outcomeOf(reply, nowMs);
    return { cancel: untried(whole), place: whole };
  }
  const { cancelResult, newOrderResult, cancelResponse, newOrderResponse } = legs.output;
  const cancel = legOutcome(reply, cancelResult, cancelResponse, nowMs);
  const place = legOutcome(reply, newOrderResult, newOrderResponse, nowMs);
  const neither = outcomeOf(reply, nowMs);
  return {
    cancel: cancel ?? notAttempted(place ?? neither, "cancelled"),
    place: place ?? notAttempted(cancel ?? neither, "placed"),
  };
}

/** The cancel of a pair that was refused whole: the refusal's reason is the new order's own. */
function untried(whole: Outcome): Outcome {
  return whole.kind === "rejected" ? notAttempted(whole, "cancelled") : whole;
}

/** Null for a leg that was not attempted. */
function legOutcome(
  reply: Reply,
  result: string,
  response: unknown,
  nowMs: number,
): Outcome | null {
  if (result === "SUCCESS") return { kind: "accepted" };
  const error = v.safeParse(ErrorBody, response);
  if (error.success) {
    const { code, msg } = error.output;
    return outcomeOf({ ...reply, status: 400, code, message: msg }, nowMs);
  }
  if (result === "NOT_ATTEMPTED") return null;
  return { kind: "unknown", message: `a leg is ${result} without a reason` };
}

function notAttempted(other: Outcome, word: "cancelled" | "placed"): Outcome {
  const why = "message" in other ? `: ${other.message}` : "";
  return { kind: "rejected", reason: reasonBeside(other), message: `not ${word}${why}` };
}

/** Why a leg was left out, by what happened to the other. That other's id is not this one's. */
function reasonBeside(other: Outcome): RejectReason {
  if (other.kind === "throttled") return "throttled";
  if (other.kind !== "rejected" || other.reason === "unknown-order") return "other";
  return other.reason;
}
