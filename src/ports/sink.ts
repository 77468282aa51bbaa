/**
 * Sink: all that the decision core can want of the world. The core calls it synchronously while
 * it applies an event; a driver (live, paper, backtest, replay) carries the wishes out. No method
 * may block, throw or answer: answers come back as events. May import domain only.
 */

import type { Side } from "#domain/instrument.ts";
import type { OrderRequest, OrderRole, OrderType } from "#domain/order.ts";

/** Something a person should see. */
export interface Alert {
  readonly timeMs: number;
  readonly level: "info" | "warning" | "critical";
  /** Stable, for machines: kebab-case. */
  readonly code: string;
  readonly message: string;
}

/** Why one order has its price and size: kept with the order, shown by `orders/:id/why`. */
export interface OrderTrace {
  readonly trigger: string;
  readonly shape: string;
  /** 1 is the level nearest to the mid. */
  readonly level: number;
  /** Bid plus ask at the time, in ticks: twice the mid, so that it is a whole number. */
  readonly midHalfTicks: number;
  /** The level's part of its side's weights, 0…1. */
  readonly weightShare: number;
  readonly iqvRatio: number;
  readonly iqvMoveRatio: number;
  readonly multiplier: number;
  /** Effective volatility in per cent a year; -1 while it is warming up. */
  readonly volatilityPct: number;
  /** What the clamps did, e.g. `max-size`, `merged-outward`; empty where nothing. */
  readonly clamps: readonly string[];
}

/** One line of the story of a pair, in order. */
export type AuditRecord =
  | {
      readonly kind: "order";
      readonly timeMs: number;
      readonly action: "place" | "amend" | "replace" | "cancel";
      readonly side: Side;
      readonly clientOrderId: string;
      readonly replacedOrderId: string | null;
      readonly priceTicks: number;
      readonly quantityLots: number;
      readonly trace: OrderTrace | null;
    }
  | {
      /** An order on the hedge venue, in its instrument's ticks and lots. */
      readonly kind: "hedge-order";
      readonly timeMs: number;
      readonly action: "place" | "cancel";
      readonly role: OrderRole;
      readonly side: Side;
      readonly type: OrderType;
      readonly clientOrderId: string;
      readonly priceTicks: number;
      readonly quantityLots: number;
      readonly reduceOnly: boolean;
      /** Why now: `open`, `re-peg`, `deadline`, `arm`, `stop-loss` … */
      readonly reason: string;
    }
  | {
      /** A hedger went from one state to another: one step of its story, to be journalled. */
      readonly kind: "hedge";
      readonly timeMs: number;
      readonly hedger: "active" | "passive";
      readonly from: string;
      readonly to: string;
      readonly reason: string;
      /** What it was decided on, for people and machines: numbers and plain decimals. */
      readonly figures: Readonly<Record<string, number | string>>;
    }
  | {
      readonly kind: "denied";
      readonly timeMs: number;
      readonly guard: string;
      readonly priceTicks: number;
      readonly quantityLots: number;
      readonly value: string;
      readonly limit: string;
    }
  | {
      readonly kind: "state";
      readonly timeMs: number;
      readonly from: string;
      readonly to: string;
      readonly reason: string;
    }
  | {
      readonly kind: "guard";
      readonly timeMs: number;
      readonly guard: string;
      readonly tripped: boolean;
      readonly value: string;
      readonly limit: string;
    };

/** What can be asked of a venue about the orders of one pair. */
export interface Execution {
  place(request: OrderRequest): void;
  /** Lowers an order's whole quantity (filled part included), keeping its place in the queue. */
  amend(clientOrderId: string, quantityLots: number): void;
  /**
   * Cancels an order that has no fill, and only where that succeeded places another: the venue
   * does both in one step, so that the capital of the first is free for the second.
   */
  replace(clientOrderId: string, request: OrderRequest): void;
  cancel(clientOrderId: string): void;
  /** Cancels every open order of this pair under our prefix, and no other. */
  cancelAll(): void;
  /** Asks what became of one order; the answer is an OrderEvent (`not-found` included). */
  query(clientOrderId: string): void;
  /** Asks for the whole truth: fills not seen yet, then balances with the list of open orders. */
  reconcile(): void;
}

export interface Sink extends Execution {
  /** The way to the hedge venue; absent: the pair has none. */
  readonly hedge?: Execution;
  alert(alert: Alert): void;
  audit(record: AuditRecord): void;
}
