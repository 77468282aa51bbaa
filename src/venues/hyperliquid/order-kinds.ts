/**
 * OrderKinds: which orders of a connection wait for a trigger, and which can only take. The venue
 * cancels the ones not past the queue, and says of the others that they were cancelled where it
 * means that there was no more to take. Pure; may import domain only.
 */

import type { OrderEvent } from "#domain/events.ts";
import { type OrderRequest, parseClientOrderId } from "#domain/order.ts";
import { RecentMap } from "#domain/recent-map.ts";

/** `takes`: at once or never. `waits`: for its trigger; then it takes. */
type Kind = "rests" | "waits" | "takes";

/** Those that rest are the many, and are not kept. */
const MAX_KEPT = 1024;
/** A status of orders: the market order has begun that the trigger was for. */
const TRIGGERED = "triggered";

export class OrderKinds {
  readonly #kinds = new RecentMap<Kind>(MAX_KEPT);

  /** An order that is about to be sent. */
  add(request: OrderRequest): void {
    const kind = kindOf(request);
    if (kind !== "rests") this.#kinds.set(request.clientOrderId, kind);
  }

  /** An order that the venue lists, of an earlier run perhaps. */
  noteListed(clientOrderId: string, isTrigger: boolean): void {
    if (isTrigger && !this.#kinds.has(clientOrderId)) this.#kinds.set(clientOrderId, "waits");
  }

  /** Whether the venue refuses to cancel it past the queue. */
  waits(clientOrderId: string): boolean {
    const kind = this.#kinds.get(clientOrderId);
    return kind === undefined ? isStopId(clientOrderId) : kind === "waits";
  }

  /** What a report means of an order of this kind. */
  meaningOf(event: OrderEvent): OrderEvent {
    const { clientOrderId, change, message } = event;
    if (message === TRIGGERED) this.#kinds.set(clientOrderId, "takes");
    const hasNoMoreToTake = change === "canceled" && this.#kinds.get(clientOrderId) === "takes";
    return hasNoMoreToTake ? { ...event, change: "expired" } : event;
  }
}

export function kindOf({ type, timeInForce }: OrderRequest): Kind {
  if (type === "stop-market") return "waits";
  return type === "market" || timeInForce === "ioc" ? "takes" : "rests";
}

/** Where nothing but its id is known, an order waits if that is what its role is for. */
function isStopId(clientOrderId: string): boolean {
  return parseClientOrderId(clientOrderId)?.role === "stop-loss";
}
