/**
 * Orders: what we ask a venue for, and the closed set of states an order can be in. Pure values.
 */

import type { Side } from "./instrument.ts";

export type OrderType = "limit" | "market" | "stop-market";
export type TimeInForce = "gtc" | "ioc";

/** What is sent to a venue. Prices in ticks, sizes in lots. */
export interface OrderRequest {
  /** Made before sending, so that a lost answer can be looked up. */
  readonly clientOrderId: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  /** Refused by the venue where it would take liquidity. */
  readonly postOnly: boolean;
  readonly reduceOnly: boolean;
  /** 0 for a market order; the trigger price of a stop-market order. */
  readonly priceTicks: number;
  readonly quantityLots: number;
}

/**
 * Where an order is in its life. `rejected` is the venue's refusal, `denied` our own (a risk
 * guard). `unknown` is neither: the outcome of a request was lost and must be looked up.
 */
export type OrderStatus =
  | "pending-new"
  | "open"
  | "partially-filled"
  | "pending-amend"
  | "pending-cancel"
  | "filled"
  | "canceled"
  | "expired"
  | "rejected"
  | "denied"
  | "unknown";

/** Why a venue refused a request, as far as the decision core tells them apart. */
export type RejectReason =
  | "would-cross"
  | "insufficient-balance"
  | "filter"
  | "too-many-orders"
  | "throttled"
  | "unknown-order"
  | "reduce-only"
  | "duplicate-id"
  | "other";

export function isTerminal(status: OrderStatus): boolean {
  switch (status) {
    case "filled":
    case "canceled":
    case "expired":
    case "rejected":
    case "denied":
      return true;
    case "pending-new":
    case "open":
    case "partially-filled":
    case "pending-amend":
    case "pending-cancel":
    case "unknown":
      return false;
  }
}

/** What an order was sent for. */
export type OrderRole = "quote" | "active-hedge" | "passive-hedge" | "stop-loss" | "flatten";

const ROLE_LETTERS: ReadonlyMap<OrderRole, string> = new Map([
  ["quote", "q"],
  ["active-hedge", "a"],
  ["passive-hedge", "p"],
  ["stop-loss", "s"],
  ["flatten", "f"],
]);

/** Numbers without leading zeros: each id of ours has one spelling. */
const ID_PATTERN =
  /^([a-z\d]{1,4})-([A-Za-z\d]{1,12})-([qapsf])(0|[1-9a-z][\da-z]{0,6})-(0|[1-9a-z][\da-z]{0,8})$/;

/** The parts of a client order id `<prefix>-<pair>-<role><epoch>-<sequence>`. */
export interface ClientOrderIdParts {
  /** Lower-case, at most 4 characters: whose order it is. */
  readonly prefix: string;
  /** Letters and digits, at most 12. */
  readonly pair: string;
  readonly role: OrderRole;
  /** The run's number: grows with each start. */
  readonly epoch: number;
  readonly sequence: number;
}

/** At most 36 characters of `[A-Za-z0-9-]`, which every venue takes (Binance Spot: 36). */
export function formatClientOrderId(parts: ClientOrderIdParts): string {
  const role = ROLE_LETTERS.get(parts.role) ?? "q";
  const epoch = parts.epoch.toString(36);
  return `${parts.prefix}-${parts.pair}-${role}${epoch}-${parts.sequence.toString(36)}`;
}

/** Whose orders are meant: those of one pair, of a run and all runs before it. */
export interface OrderOwner {
  readonly prefix: string;
  readonly pairId: string;
  readonly untilEpoch: number;
}

export function isOwnedBy(owner: OrderOwner, clientOrderId: string): boolean {
  const id = parseClientOrderId(clientOrderId);
  if (id?.prefix !== owner.prefix || id.pair !== owner.pairId) return false;
  return id.epoch <= owner.untilEpoch;
}

/** The parts of an id of ours; undefined for any other id, which is then nobody's to touch. */
export function parseClientOrderId(id: string): ClientOrderIdParts | undefined {
  const match = ID_PATTERN.exec(id);
  if (match === null) return undefined;
  const [, prefix = "", pair = "", letter = "", epoch = "", sequence = ""] = match;
  for (const [role, roleLetter] of ROLE_LETTERS) {
    if (roleLetter === letter) {
      return { prefix, pair, role, epoch: parseInt(epoch, 36), sequence: parseInt(sequence, 36) };
    }
  }
  return undefined;
}
