/**
 * What an answer of a Binance venue means for the request: a closed set of outcomes, from HTTP
 * status, error code and words, by the venue's own table of them. REST and the WebSocket API are
 * read into one shape first. Pure; may import domain only.
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

/** @param nowMs venue's clock, for pauses that the venue does not put a time to */
export type OutcomeOf = (reply: Reply, nowMs: number) => Outcome;

/** What every error says. */
export const ErrorBody = v.object({ code: v.number(), msg: v.string() });
const Data = v.object({ data: v.looseObject({}) });
const Retry = v.object({ data: v.object({ retryAfter: v.number() }) });
const WsReply = v.object({
  status: v.number(),
  result: v.optional(v.unknown()),
  error: v.optional(v.unknown()),
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

/** Codes that are no plain refusal. `words`: the text tells what it is. */
export type Meaning = "unknown" | "clock" | "fatal" | "weight" | "orders" | "busy" | "words";

/** A venue's error codes; those that it has not are judged by their status. */
export interface ErrorTable {
  readonly meanings: ReadonlyMap<number, Meaning>;
  /** Codes that say the same whatever their text. */
  readonly refusals: ReadonlyMap<number, RejectReason>;
  /** Told apart by their words alone; the first that fits. */
  readonly words: readonly (readonly [pattern: RegExp, kind: RejectReason | "fatal"])[];
  /** Why an answer of status 5xx was surely turned away; null: nobody knows what was done. */
  readonly refusalOf5xx: (reply: Reply) => Outcome | "by-code" | null;
}

/** The function that reads a venue's answers by its table. */
export function outcomesBy(table: ErrorTable): OutcomeOf {
  return (reply, nowMs) => {
    const { status, code, message } = reply;
    if (status >= 500) {
      // A server that failed may have done it first, unless it says that it did not.
      const refusal = table.refusalOf5xx(reply);
      if (refusal === null) return { kind: "unknown", message };
      if (refusal !== "by-code") return refusal;
    }
    const reason = table.refusals.get(code);
    if (reason !== undefined) return { kind: "rejected", reason, message };
    return outcomeOfCode(reply, nowMs, table) ?? outcomeOfStatus(reply, nowMs);
  };
}

function outcomeOfCode(reply: Reply, nowMs: number, table: ErrorTable): Outcome | null {
  const { code, message, retryAtMs } = reply;
  const meaning = table.meanings.get(code);
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
      return outcomeOfWords(message, table);
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

function outcomeOfWords(message: string, { words }: ErrorTable): Outcome {
  const kind = words.find(([pattern]) => pattern.test(message))?.[1] ?? "other";
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
