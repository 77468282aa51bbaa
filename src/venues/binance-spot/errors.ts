/**
 * What an answer of Binance Spot means for the request: a closed set of outcomes, from HTTP status,
 * error code and words. REST and the WebSocket API are read into one shape first. Pure; may import
 * domain only. Codes: errors.md of binance-spot-api-docs.
 */

import * as v from "valibot";
import type { RejectReason } from "#domain/order.ts";

/**
 * - `accepted`: done.
 * - `rejected`: certainly not done; the account is as it was.
 * - `unknown`: done or not; wait for the stream or look it up.
 * - `throttled`: not done; nothing of the `scope` may be sent before `untilMs` (venue's clock).
 *   Scope `orders` still lets cancels and questions pass.
 * - `clock`: not done; our time is off. Measure it again, then send once more.
 * - `fatal`: not done, and no request of this kind ever will be: the key, the account, or a bug.
 */
export type Outcome =
  | { readonly kind: "accepted" }
  | { readonly kind: "rejected"; readonly reason: RejectReason; readonly message: string }
  | { readonly kind: "unknown"; readonly message: string }
  | {
      readonly kind: "throttled";
      readonly scope: "all" | "orders";
      readonly untilMs: number;
      readonly message: string;
    }
  | { readonly kind: "clock"; readonly message: string }
  | { readonly kind: "fatal"; readonly message: string };

/** An answer, by whichever way it came. */
export interface Reply {
  /** HTTP status, which the WebSocket API has as well. */
  readonly status: number;
  /** 0 where the answer has none. */
  readonly code: number;
  readonly message: string;
  /** When the venue listens again, venue's clock; null where it does not say. */
  readonly retryAtMs: number | null;
  /** The two legs of a cancel-replace, unread; null elsewhere. */
  readonly legs: unknown;
}

/** What became of both legs of a cancel-replace. */
export interface ReplaceOutcome {
  readonly cancel: Outcome;
  readonly place: Outcome;
}

const ErrorBody = v.object({ code: v.number(), msg: v.string() });
const Data = v.object({ data: v.looseObject({}) });
const Retry = v.object({ data: v.object({ retryAfter: v.number() }) });
const WsReply = v.object({
  status: v.number(),
  result: v.optional(v.unknown()),
  error: v.optional(v.unknown()),
});
const Legs = v.object({
  cancelResult: v.string(),
  newOrderResult: v.string(),
  cancelResponse: v.optional(v.unknown()),
  newOrderResponse: v.optional(v.unknown()),
});

/** The least pause where the venue asks for one. */
const BACK_OFF_MS = 1000;
/** The shortest ban there is. */
const SHORTEST_BAN_MS = 120_000;
/** Weights are counted by the minute, orders at the finest by ten seconds. */
const WEIGHT_WINDOW_MS = 60_000;
const ORDER_WINDOW_MS = 10_000;

/**
 * @param retryAfter the header `Retry-After`, in seconds, or null
 * @param body parsed JSON; anything else where the body was no JSON
 * @param nowMs venue's clock
 */
export function restReply(
  status: number,
  retryAfter: string | null,
  body: unknown,
  nowMs: number,
): Reply {
  const isWhole = retryAfter !== null && /^\d+$/.test(retryAfter);
  return replyOf(status, body, isWhole ? nowMs + Number(retryAfter) * 1000 : null);
}

/** @param message an answer of the WebSocket API, parsed; one not as documented is status 0 */
export function wsReply(message: unknown): Reply {
  const reply = v.safeParse(WsReply, message);
  if (!reply.success) return replyOf(0, null, null);
  const { status, result, error } = reply.output;
  const retry = v.safeParse(Retry, error);
  return replyOf(status, error ?? result, retry.success ? retry.output.data.retryAfter : null);
}

function replyOf(status: number, body: unknown, retryAtMs: number | null): Reply {
  const error = v.safeParse(ErrorBody, body);
  const data = v.safeParse(Data, body);
  return {
    status,
    code: error.success ? error.output.code : 0,
    message: error.success ? error.output.msg : `HTTP status ${status}`,
    retryAtMs,
    legs: data.success ? data.output.data : body,
  };
}

/** @param nowMs venue's clock, for pauses that the venue does not put a time to */
export function outcomeOf(reply: Reply, nowMs: number): Outcome {
  const { status, code, message } = reply;
  // A server that failed may have done it first, whatever it says; but -1008 turned it away.
  if (status >= 500 && code !== TURNED_AWAY) return { kind: "unknown", message };
  const reason = REFUSALS.get(code);
  if (reason !== undefined) return { kind: "rejected", reason, message };
  return outcomeOfCode(reply, nowMs) ?? outcomeOfStatus(reply, nowMs);
}

const TURNED_AWAY = -1008;

type Meaning = "unknown" | "clock" | "fatal" | "weight" | "orders" | "busy" | "words";

/** Codes that are no plain refusal. `words`: the text tells what it is. */
const MEANINGS: ReadonlyMap<number, Meaning> = new Map([
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
const REFUSALS: ReadonlyMap<number, RejectReason> = new Map([
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

function outcomeOfCode(reply: Reply, nowMs: number): Outcome | null {
  const { code, message, retryAtMs } = reply;
  const meaning = MEANINGS.get(code);
  switch (meaning) {
    case undefined:
      return null;
    case "unknown":
    case "clock":
    case "fatal":
      return { kind: meaning, message };
    case "weight":
      return { kind: "throttled", scope: "all", untilMs: weightEnd(reply, nowMs), message };
    case "orders": {
      const untilMs = retryAtMs ?? windowEnd(nowMs, ORDER_WINDOW_MS);
      return { kind: "throttled", scope: "orders", untilMs: later(untilMs, nowMs), message };
    }
    case "busy": {
      const untilMs = later(retryAtMs ?? 0, nowMs);
      return { kind: "throttled", scope: "all", untilMs, message };
    }
    case "words":
      return outcomeOfWords(message);
  }
}

function outcomeOfStatus(reply: Reply, nowMs: number): Outcome {
  const { status, message } = reply;
  if (status >= 200 && status < 300) return { kind: "accepted" };
  if (status === 418 || status === 429) {
    return { kind: "throttled", scope: "all", untilMs: weightEnd(reply, nowMs), message };
  }
  // 403: the venue's firewall. More of the same would make it worse.
  if (status === 401 || status === 403) return { kind: "fatal", message };
  // 408: somebody on the way, or the venue's own gateway, waited for the answer in vain.
  const isRefusal = status >= 400 && status < 500 && status !== 408;
  if (isRefusal) return { kind: "rejected", reason: "other", message };
  return { kind: "unknown", message };
}

/** What the matching engine says is told apart by its words alone. */
const WORDS: readonly (readonly [pattern: RegExp, kind: RejectReason | "fatal"])[] = [
  [/immediately match and take/i, "would-cross"],
  [/insufficient balance/i, "insufficient-balance"],
  [/duplicate order/i, "duplicate-id"],
  [/unknown order/i, "unknown-order"],
  [/MAX_NUM_(?:ORDERS|ALGO_ORDERS|ICEBERG_ORDERS|ORDER_LISTS)\b/, "too-many-orders"],
  [/filter failure|price \* qty/i, "filter"],
  [/disabled on this account|may not place or cancel|not permitted for this account/i, "fatal"],
  [/restricted for this account|trading is not enabled/i, "fatal"],
];

function outcomeOfWords(message: string): Outcome {
  const kind = WORDS.find(([pattern]) => pattern.test(message))?.[1] ?? "other";
  return kind === "fatal" ? { kind, message } : { kind: "rejected", reason: kind, message };
}

/** When requests may go on: as the header says, or the text of a ban, or the window's end. */
function weightEnd({ status, message, retryAtMs }: Reply, nowMs: number): number {
  const banned = /banned until (\d{13})/.exec(message)?.[1];
  if (banned !== undefined) return Math.max(Number(banned), retryAtMs ?? 0);
  if (retryAtMs !== null) return later(retryAtMs, nowMs);
  return status === 418 ? nowMs + SHORTEST_BAN_MS : windowEnd(nowMs, WEIGHT_WINDOW_MS);
}

/** A time that is over, or was never one, is no leave to go on at once: bans follow on that. */
function later(untilMs: number, nowMs: number): number {
  return Math.max(untilMs, nowMs + BACK_OFF_MS);
}

function windowEnd(nowMs: number, windowMs: number): number {
  return (Math.floor(nowMs / windowMs) + 1) * windowMs;
}

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
