/**
 * HedgeOrders: how a hedger reaches the hedge venue. Orders are sent and canceled by name, and
 * looked at as facts: a hedger hears no events, it looks again after each of them. Whoever
 * implements it knows ids, guards, answers and doubts. Types only.
 */

import type { Side } from "#domain/instrument.ts";
import type { OrderRole, OrderType, RejectReason, TimeInForce } from "#domain/order.ts";

export interface HedgeOrderSpec {
  readonly role: Exclude<OrderRole, "quote">;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly reduceOnly: boolean;
  /** 0 for a market order; the trigger price of a stop-market order. */
  readonly priceTicks: number;
  readonly quantityLots: number;
}

/** One order as it is known now. */
export interface HedgeOrderView {
  readonly clientOrderId: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly priceTicks: number;
  readonly quantityLots: number;
  /** By the fills that reached us. */
  readonly filledLots: number;
  /** Filled by the venue's count, whose fills have not reached us yet. */
  readonly missingLots: number;
  /** Mean price of those fills in ticks, fractional; 0: none. */
  readonly averageTicks: number;
  /** It can have no more fills than it has had (those missing apart). */
  readonly isEnded: boolean;
  /** The venue has shown it, and no request on it is under way or in doubt. */
  readonly isWorking: boolean;
  /** A cancel is under way. */
  readonly isCanceling: boolean;
  /** Why the venue refused it; null: it did not. */
  readonly rejectReason: RejectReason | null;
}

export interface HedgeOrders {
  /**
   * @param reason why, for the audit: kebab-case
   * @returns its client order id
   */
  place(order: HedgeOrderSpec, reason: string): string;
  cancel(clientOrderId: string, reason: string): void;
  /** @returns undefined: nobody remembers it, so that it has long ended */
  find(clientOrderId: string): HedgeOrderView | undefined;
}

/** One step of a hedger's story: see `hedge` of AuditRecord. */
export interface HedgeStep {
  readonly hedger: "active" | "passive";
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly figures: Readonly<Record<string, number | string>>;
}

/** What people and the journal are told. */
export interface HedgeStory {
  step(step: HedgeStep): void;
  alert(level: "info" | "warning" | "critical", code: string, message: string): void;
}
