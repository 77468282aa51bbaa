/**
 * Reconciler: what to ask the venue when we do not know. The venue is the truth, and doubt is a
 * state that ends with an answer. Invariants:
 *
 * 1. A request without an answer becomes doubt after `REQUEST_TIMEOUT_MS`, and doubt is looked up
 *    by client order id until it ends.
 * 2. An order of ours that the venue lists and we do not know is canceled; one that we hold live
 *    and the venue does not list is looked up, never presumed dead.
 * 3. Executions that the venue counted and we have not seen are fetched before they are missed.
 * 4. A lost connection leaves every unanswered request in doubt.
 *
 * Pure; its time is the caller's.
 */

import type { AccountEvent } from "#domain/events.ts";
import type { Sink } from "#ports/sink.ts";
import type { OrderManager } from "./order-manager.ts";

const REQUEST_TIMEOUT_MS = 5_000;
/** An order that was to go rests on where its cancel was lost: that is found out sooner. */
const CANCEL_TIMEOUT_MS = 2_000;
/** At most one look-up an order, and one reconciliation, in this time. */
const ASK_AGAIN_MS = 1_000;
/** How often a disagreement that lasts is looked at again … */
const RECHECK_MS = 5_000;
/** … and how often all is compared where nothing seems wrong: a stream may lose a message. */
const ROUTINE_MS = 300_000;

export class Reconciler {
  readonly #orders: OrderManager;
  readonly #sink: Sink;
  #askedMs = -Infinity;
  /** When the reconciliation was asked for whose answer is awaited; -1: none is. */
  #awaitedSinceMs = -1;

  constructor(orders: OrderManager, sink: Sink) {
    this.#orders = orders;
    this.#sink = sink;
  }

  /** Asks for the whole truth, now or as soon as the last question is old enough. */
  ask(nowMs: number): void {
    const waitMs = this.#awaitedSinceMs >= 0 ? REQUEST_TIMEOUT_MS : ASK_AGAIN_MS;
    if (nowMs - this.#askedMs >= waitMs) this.#askNow(nowMs);
  }

  /** Asks again, at leisure. @param isInDispute something has been wrong for a while */
  recheck(nowMs: number, isInDispute: boolean): void {
    if (nowMs - this.#askedMs >= (isInDispute ? RECHECK_MS : ROUTINE_MS)) this.#askNow(nowMs);
  }

  /** The connection is back: what was under way may have been lost with the old one. */
  onReconnected(nowMs: number): void {
    for (const order of this.#orders.live.values()) {
      if (!order.isSettled) order.addDoubt(nowMs);
    }
    this.#askNow(nowMs);
    this.tick(nowMs);
  }

  #askNow(nowMs: number): void {
    this.#askedMs = nowMs;
    this.#awaitedSinceMs = nowMs;
    this.#sink.reconcile();
  }

  /** Looks up what has gone without an answer. Returns since when the oldest doubt is; -1: none. */
  tick(nowMs: number): number {
    let oldestMs = -1;
    for (const order of this.#orders.live.values()) {
      const isNew = !order.isKnownToVenue;
      const sinceMs = isNew ? order.createdMs : order.inFlightSinceMs;
      const isOpen = isNew || order.inFlight !== "none";
      const isCancel = !isNew && order.inFlight === "cancel";
      const timeoutMs = isCancel ? CANCEL_TIMEOUT_MS : REQUEST_TIMEOUT_MS;
      if (isOpen && nowMs - sinceMs >= timeoutMs) order.addDoubt(nowMs);
      if (order.doubtSinceMs < 0) continue;
      if (oldestMs < 0 || order.doubtSinceMs < oldestMs) oldestMs = order.doubtSinceMs;
      if (nowMs - order.queriedMs < ASK_AGAIN_MS) continue;
      order.queriedMs = nowMs;
      this.#sink.query(order.clientOrderId);
    }
    if (this.#orders.lacksFills || this.#awaitedSinceMs >= 0) this.ask(nowMs);
    return oldestMs;
  }

  /**
   * Holds the venue's list of open orders against ours.
   * @returns whether this was the answer to a reconciliation
   */
  onAccount(event: AccountEvent, nowMs: number): boolean {
    if (event.openOrderIds === null) return false;
    const listed = new Set(event.openOrderIds);
    for (const id of listed) {
      const order = this.#orders.find(id);
      if (order === undefined) {
        if (this.#orders.isOurs(id)) this.#sink.cancel(id);
      } else if (order.isEnded) {
        // Given up as never arrived, and yet it is there. Or it ended since the list was made, or
        // the venue has found it again after long: nobody looks after it, so it must not rest.
        if (order.isKnownToVenue) this.#sink.cancel(id);
        else this.#sink.query(id);
      }
    }
    for (const order of this.#orders.live.values()) {
      // What was sent after the question was asked may rightly be missing from the answer.
      if (!listed.has(order.clientOrderId) && order.createdMs < this.#askedMs) {
        order.addDoubt(nowMs);
      }
    }
    this.#awaitedSinceMs = -1;
    return true;
  }
}
