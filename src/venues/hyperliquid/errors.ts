/**
 * What the venue's words mean: refusals of actions, of their elements, of posts, and the statuses
 * of orders. Texts are known by their beginnings, as live ones add ` asset=3` and figures. Pure;
 * may import domain only.
 */

import type { OrderChange } from "#domain/events.ts";
import type { RejectReason } from "#domain/order.ts";
import { ProtocolError } from "../wire.ts";

/** Each says that what it speaks of was surely not done. */
export type Refusal = OrderRefusal | ThrottledRefusal | NonceRefusal | PlainRefusal;

/** Of one order or cancel; where it is about a whole action, of each element alike. */
export interface OrderRefusal {
  readonly kind: "order";
  readonly reason: RejectReason;
  /** `expired`: nothing was wrong with it, there was just nothing to take. */
  readonly change: "rejected" | "expired";
}

/** There is no room for more: of the `address` its lifetime's requests, else at this IP. */
export interface ThrottledRefusal {
  readonly kind: "throttled";
  readonly reason: "throttled";
  readonly scope: "address" | "ip" | "posts";
  /** Requests sent and allowed, where the venue tells. */
  readonly requests: { readonly used: number; readonly cap: number } | null;
}

export interface NonceRefusal {
  readonly kind: "nonce";
  readonly reason: "other";
  /** Later nonces have to be above this one; null: ours was too high. */
  readonly beyond: number | null;
}

/**
 * `fatal`: no action will ever pass, for the key, the account or a bug. `expired`: came too late.
 */
export interface PlainRefusal {
  readonly kind: "fatal" | "expired";
  readonly reason: "other";
}

/** The first that fits; each is anchored where the venue's text begins. */
const ORDER_TEXTS: readonly (readonly [beginning: string, reason: RejectReason])[] = [
  ["price must be divisible by tick size", "filter"],
  ["order must have minimum value of", "filter"],
  ["order has invalid size", "filter"],
  ["order has invalid price", "filter"],
  ["order price too far from oracle", "filter"],
  ["order price cannot be more than", "filter"],
  // A stop that the mark has reached already.
  ["invalid tp/sl price", "would-cross"],
  ["post only order would have immediately matched", "would-cross"],
  ["insufficient margin to place order", "insufficient-balance"],
  ["insufficient spot balance", "insufficient-balance"],
  ["order has insufficient spot balance", "insufficient-balance"],
  ["(spot-only) order has insufficient spot balance", "insufficient-balance"],
  ["order would cause position to exceed margin tier limit", "insufficient-balance"],
  ["reduce only order would increase position", "reduce-only"],
  ["order was never placed, already canceled, or filled", "unknown-order"],
  ["too many open orders", "too-many-orders"],
];

/** Orders that could only take, and found nothing. */
const UNMATCHED_TEXTS: readonly string[] = [
  "order could not immediately match against any resting orders",
  "no liquidity available for market order",
];

const FATAL_TEXTS: readonly string[] = [
  "user or api wallet",
  "must deposit before performing actions",
  "vault not registered",
  "mainnet and testnet require different signature",
  "failed to deserialize the json body",
];

/** HTTP statuses after which more of the same is of no use: bad form, or not let in. */
const FATAL_STATUSES: ReadonlySet<number> = new Set([401, 403, 422]);

const HTTP_STATUS = /^\s*(?:http(?: status)? )?([1-5]\d\d)\b:?/i;
const L1_ERROR = /^\s*l1 error:/i;
const REQUESTS = /^too many cumulative requests sent(?: \((\d+) > (\d+)\))?/i;
const NONCE = /^invalid nonce: (?:nonce too (low|high) (\d+) [<>] (\d+)|duplicate nonce (\d+))/i;
/** Nonces that the venue keeps of a key; a later one may be none of them. */
const NONCES_KEPT = 100;

/**
 * @param message of an element (`{error}`), an action (`status: "err"`), a refused post or an HTTP
 *   answer. Where nothing is known of it, it is an order's, for no special reason.
 */
export function refusalOf(message: string): Refusal {
  const status = httpStatusOf(message);
  const text = message.replace(HTTP_STATUS, "").replace(L1_ERROR, "").trim().toLowerCase();
  if (startsWithAny(text, FATAL_TEXTS) || FATAL_STATUSES.has(status ?? 0)) {
    return { kind: "fatal", reason: "other" };
  }
  const throttled = throttledBy(text, status);
  if (throttled !== null) return throttled;
  if (text.startsWith("invalid nonce")) return nonceRefusal(text);
  if (text.startsWith("action already expired")) return { kind: "expired", reason: "other" };
  return orderRefusal(text);
}

/** The number that a text begins with, as `429 Too Many Requests`, or null. */
export function httpStatusOf(message: string): number | null {
  const digits = HTTP_STATUS.exec(message)?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * Whether an answer with this HTTP status leaves open what became of the action: the venue failed,
 * or somebody on the way waited in vain.
 */
export function isOutcomeOpen(status: number): boolean {
  return status < 400 || status >= 500 || status === 408;
}

function startsWithAny(text: string, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) => text.startsWith(beginning));
}

function throttledBy(text: string, status: number | null): ThrottledRefusal | null {
  const refusal = { kind: "throttled", reason: "throttled", requests: null } as const;
  if (status === 429 || text.startsWith("too many requests")) return { ...refusal, scope: "ip" };
  if (text.startsWith("too many pending post requests")) return { ...refusal, scope: "posts" };
  const match = REQUESTS.exec(text);
  if (match === null) return null;
  const [, used, cap] = match;
  const isTold = used !== undefined && cap !== undefined;
  const requests = isTold ? { used: Number(used), cap: Number(cap) } : null;
  return { ...refusal, scope: "address", requests };
}

/** Below the lowest nonce that is kept lie no others; right above it most likely do. */
function nonceRefusal(text: string): NonceRefusal {
  const [, side, , lowest, duplicate] = NONCE.exec(text) ?? [];
  let beyond: number | null = null;
  if (duplicate !== undefined) beyond = Number(duplicate);
  else if (side === "low") beyond = Number(lowest) + NONCES_KEPT - 1;
  return { kind: "nonce", reason: "other", beyond };
}

function orderRefusal(text: string): OrderRefusal {
  if (startsWithAny(text, UNMATCHED_TEXTS)) {
    return { kind: "order", reason: "other", change: "expired" };
  }
  const known = ORDER_TEXTS.find(([beginning]) => text.startsWith(beginning));
  return { kind: "order", reason: known?.[1] ?? "other", change: "rejected" };
}

/** What became of both orders of a modification that was refused. */
export interface ModifyRefusal {
  /**
   * The old one. `untouched`: as it was. `gone`: it had ended before. `canceled`: by this
   * modification. `doubtful`: the venue does not say; look it up.
   */
  readonly old: "untouched" | "gone" | "canceled" | "doubtful";
  /** The new one, which never came to be. */
  readonly placed: Refusal;
}

const CANNOT_MODIFY = "cannot modify canceled or filled order";
const PLACING_FAILED = /^\s*error placing new order during modify:\s*/i;

/** @param message of an element of a `batchModify`, or of the whole action */
export function modifyRefusalOf(message: string): ModifyRefusal {
  if (PLACING_FAILED.test(message)) {
    return { old: "canceled", placed: refusalOf(message.replace(PLACING_FAILED, "")) };
  }
  const text = message.trim().toLowerCase();
  const placed = refusalOf(message);
  if (text.startsWith(CANNOT_MODIFY)) return { old: "gone", placed };
  if (placed.kind !== "order") return { old: "untouched", placed };
  // It is the old order that is not known; of the new one this is no news.
  if (placed.reason === "unknown-order")
    return { old: "gone", placed: { ...placed, reason: "other" } };
  return { old: "doubtful", placed };
}

/** What a status says of an order. */
export interface StatusChange {
  readonly change: Extract<OrderChange, "open" | "filled" | "canceled" | "expired" | "rejected">;
  readonly reason: RejectReason | null;
}

const STATUSES: ReadonlyMap<string, StatusChange> = new Map<string, StatusChange>([
  ["open", { change: "open", reason: null }],
  // A stop that was triggered is about to take.
  ["triggered", { change: "open", reason: null }],
  ["filled", { change: "filled", reason: null }],
  ["canceled", { change: "canceled", reason: null }],
  // The dead-man's switch, and the venue itself.
  ["scheduledCancel", { change: "expired", reason: null }],
  ["internalCancel", { change: "expired", reason: null }],
  ["marginCanceled", { change: "expired", reason: "insufficient-balance" }],
  ["reduceOnlyCanceled", { change: "expired", reason: "reduce-only" }],
  ["iocCancelRejected", { change: "expired", reason: null }],
  ["marketOrderNoLiquidityRejected", { change: "expired", reason: null }],
  ["tickRejected", { change: "rejected", reason: "filter" }],
  ["minTradeNtlRejected", { change: "rejected", reason: "filter" }],
  ["badTriggerPxRejected", { change: "rejected", reason: "would-cross" }],
  ["oracleRejected", { change: "rejected", reason: "filter" }],
  ["badAloPxRejected", { change: "rejected", reason: "would-cross" }],
  ["perpMarginRejected", { change: "rejected", reason: "insufficient-balance" }],
  ["perpMaxPositionRejected", { change: "rejected", reason: "insufficient-balance" }],
  ["insufficientSpotBalanceRejected", { change: "rejected", reason: "insufficient-balance" }],
  ["reduceOnlyRejected", { change: "rejected", reason: "reduce-only" }],
  ["tooManyOpenOrdersRejected", { change: "rejected", reason: "too-many-orders" }],
]);

/**
 * @param status of `orderUpdates`, `orderStatus`, `historicalOrders`. New kinds of ends are known
 *   by how they end.
 * @throws {ProtocolError} for any other status: whether the order lives is not known
 */
export function changeOf(status: string): StatusChange {
  const known = STATUSES.get(status);
  if (known !== undefined) return known;
  if (/rejected$/i.test(status)) return { change: "rejected", reason: "other" };
  if (/cancel(?:l?ed)?$/i.test(status)) return { change: "expired", reason: null };
  throw new ProtocolError(`the status ${status.slice(0, 64)} is not known`, "order");
}
