/**
 * Outbox: what is wanted within one turn of the decision core, until the turn ends and it is sent
 * together. What is taken back within the turn was never sent. Pure; may import domain only.
 */

import type { OrderRequest } from "#domain/order.ts";
import type { WireOrder } from "./actions.ts";
import { kindOf } from "./order-kinds.ts";

/** What a refusal of the cancel means to whoever asked. */
export type CancelRefused = "cancel-rejected" | "amend-rejected";

export interface OutgoingOrder {
  readonly request: OrderRequest;
  readonly wire: WireOrder;
}

export interface OutgoingModify extends OutgoingOrder {
  readonly replacedId: string;
}

export class Outbox {
  /** By client order id, each in the order in which it was asked for. */
  readonly cancels = new Map<string, CancelRefused>();
  /** By the id of the new order. */
  readonly modifies = new Map<string, OutgoingModify>();
  readonly orders = new Map<string, OutgoingOrder>();

  get isEmpty(): boolean {
    return this.cancels.size + this.modifies.size + this.orders.size === 0;
  }

  /**
   * Takes an order back that was to be sent.
   * @returns whether it was here; `replacedId`: the order whose place it was to take, or null
   */
  takeBack(clientOrderId: string): { readonly replacedId: string | null } | null {
    if (this.orders.delete(clientOrderId)) return { replacedId: null };
    const modify = this.modifies.get(clientOrderId);
    if (modify === undefined) return null;
    this.modifies.delete(clientOrderId);
    return { replacedId: modify.replacedId };
  }
}

/**
 * Orders that may share an action, in the order in which they are to leave: the venue executes
 * actions of post-only orders first, and says of all orders of an action what it has against a
 * stop.
 */
export function byRank(orders: Iterable<OutgoingOrder>): OutgoingOrder[][] {
  const ranks = Map.groupBy(orders, ({ request }) =>
    request.postOnly ? "post-only" : kindOf(request),
  );
  return (["post-only", "rests", "takes", "waits"] as const).flatMap((rank) => {
    const alike = ranks.get(rank);
    return alike === undefined ? [] : [alike];
  });
}
