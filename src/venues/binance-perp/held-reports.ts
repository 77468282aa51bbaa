/**
 * HeldReports: news of orders of which nobody knows yet whose they are: an order that a stop became
 * may be heard of before the stop says so. Bounded; what finds no place is found by the venue's
 * list of trades. Pure.
 */

import type { OrderReport } from "./user-events.ts";

const MAX_ORDERS = 64;
const MAX_REPORTS = 64;

export class HeldReports {
  readonly #byOrder = new Map<string, OrderReport[]>();

  get isEmpty(): boolean {
    return this.#byOrder.size === 0;
  }

  /** False where there is no place: it is to be asked for instead. */
  add(report: OrderReport): boolean {
    const held = this.#byOrder.get(report.venueOrderId);
    if (held === undefined) {
      if (this.#byOrder.size >= MAX_ORDERS) return false;
      this.#byOrder.set(report.venueOrderId, [report]);
      return true;
    }
    if (held.length >= MAX_REPORTS) return false;
    held.push(report);
    return true;
  }

  /** Numbers of the orders. */
  ids(): string[] {
    return [...this.#byOrder.keys()];
  }

  /** Client id that the venue tells of an order; null where nothing is held of it. */
  nameOf(venueOrderId: string): string | null {
    return this.#byOrder.get(venueOrderId)?.[0]?.clientOrderId ?? null;
  }

  /** What is held of an order, in the order in which it came, and no longer. */
  take(venueOrderId: string): readonly OrderReport[] {
    const held = this.#byOrder.get(venueOrderId) ?? [];
    this.#byOrder.delete(venueOrderId);
    return held;
  }
}
