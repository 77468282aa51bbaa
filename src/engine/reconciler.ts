/**
 * Reconciler: what to ask the venue when we do not know. The venue is the truth, and doubt is a
 * state that ends with an answer. Invariants:
 *
 * 1. A request without an answer becomes doubt after `REQUEST_TIMEOUT_MS`, and doubt is looked up
 *    by client order id until it ends. Where many orders are in doubt at once, the list of all open
 *    orders is asked for first: an order that it names works, and only the others are looked up. A
 *    cancel in doubt is also sent again: it does no harm, and its answer is as good as a look-up.
 * 2. An order of ours that the venue lists and we do not know is canceled; one that we hold live
 *    and the venue does not list is looked up, never presumed dead.
 * 3. Executions that the venue counted and we have not seen are fetched before they are missed.
 * 4. A lost connection leaves every unanswered request in doubt.
 *
 * Pure; its time is the caller's.
 */

import type { AccountEvent } from "#domain/events.ts";
import type { Execution } from "#ports/sink.ts";
import type { ManagedOrder } from "./managed-order.ts";
import type { OrderManager } from "./order-manager.ts";

const REQUEST_TIMEOUT_MS = 5_000;
/** An order that was to go rests on where its cancel was lost: that is found out sooner. */
const CANCEL_TIMEOUT_MS = 2_000;
/** It is sent again as often, then each time its doubt is a quarter older, at least this often. */
const CANCEL_AGAIN_MOST_MS = 10_000;
/** At most one look-up an order, and one reconciliation, in this time … */
const ASK_AGAIN_MS = 1_000;
/**
 * … and of more orders than these as many look-ups on average. So many in doubt at once are many:
 * one list costs less.
 */
const MOST_LOOKUPS = 4;
/** A list that takes longer is not waited for: orders are looked up one by one meanwhile. */
const LIST_LATE_MS = 2_000;
/** How often a disagreement that lasts is looked at again … */
const RECHECK_MS = 5_000;
/** … and how often all is compared where nothing seems wrong: a stream may lose a message. */
const ROUTINE_MS = 300_000;

export class Reconciler {
  readonly #orders: OrderManager;
  readonly #execution: Execution;
  #askedMs = -Infinity;
  /** When the oldest question was put that is not answered; -1: none is awaited. */
  #awaitedSinceMs = -1;
  /** The newest list that was answered was made after this. */
  #listedMs = -Infinity;

  constructor(orders: OrderManager, execution: Execution) {
    this.#orders = orders;
    this.#execution = execution;
  }

  /** Asks for the whole truth, now or as soon as the last question is old enough. */
  ask(nowMs: number): void {
    const waitMs = this.#awaitedSinceMs >= 0 ? REQUEST_TIMEOUT_MS : ASK_AGAIN_MS;
    if (nowMs - this.#askedMs >= waitMs) this.#askNow(nowMs);
  }

  /** A question whose answer will know of all until now. @returns whether it could be put */
  askAnew(nowMs: number): boolean {
    if (this.#awaitedSinceMs >= 0 || nowMs - this.#askedMs < ASK_AGAIN_MS) return false;
    this.#askNow(nowMs);
    return true;
  }

  /** Whether what comes now answers a question that was put after this moment. */
  isAnswerTo(sinceMs: number): boolean {
    return this.#awaitedSinceMs > sinceMs;
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
    // What was asked before may have been lost as well.
    this.#awaitedSinceMs = -1;
    this.#askNow(nowMs);
    this.tick(nowMs);
  }

  #askNow(nowMs: number): void {
    this.#askedMs = nowMs;
    if (this.#awaitedSinceMs < 0) this.#awaitedSinceMs = nowMs;
    this.#execution.reconcile();
  }

  /** Looks up what has gone without an answer. Returns since when the oldest doubt is; -1: none. */
  tick(nowMs: number): number {
    let oldestMs = -1;
    let doubts = 0;
    let unlisted = 0;
    for (const order of this.#orders.live.values()) {
      if (isOverdue(order, nowMs)) order.addDoubt(nowMs);
      if (order.doubtSinceMs < 0) continue;
      if (oldestMs < 0 || order.doubtSinceMs < oldestMs) oldestMs = order.doubtSinceMs;
      this.#cancelAgain(order, nowMs);
      doubts += 1;
      if (!this.#wasListed(order)) unlisted += 1;
    }
    const areMany = unlisted > MOST_LOOKUPS;
    const isListLate = this.#awaitedSinceMs >= 0 && nowMs - this.#awaitedSinceMs >= LIST_LATE_MS;
    if (doubts > 0) this.#lookUp(nowMs, areMany && !isListLate, doubts);
    if (areMany || this.#orders.lacksFills || this.#awaitedSinceMs >= 0) this.ask(nowMs);
    return oldestMs;
  }

  /** What is to go and rests on is sent off again, before anybody asks whether it is there. */
  #cancelAgain(order: ManagedOrder, nowMs: number): void {
    const isLost = order.inFlight === "cancel" && order.isKnownToVenue;
    if (!isLost) return;
    const waitMs = Math.max(CANCEL_TIMEOUT_MS, (nowMs - order.doubtSinceMs) / 4);
    if (nowMs - order.inFlightSinceMs < Math.min(waitMs, CANCEL_AGAIN_MOST_MS)) return;
    order.setInFlight("cancel", nowMs);
    this.#execution.cancel(order.clientOrderId);
  }

  /** @param awaitsList what no list has said anything of is left to the next one */
  #lookUp(nowMs: number, awaitsList: boolean, doubts: number): void {
    const againMs = ASK_AGAIN_MS * Math.max(1, doubts / MOST_LOOKUPS);
    for (const order of this.#orders.live.values()) {
      if (order.doubtSinceMs < 0 || nowMs - order.queriedMs < againMs) continue;
      if (awaitsList && !this.#wasListed(order)) continue;
      order.queriedMs = nowMs;
      this.#execution.query(order.clientOrderId);
    }
  }

  /** A list was made since the doubt arose, and did not end it. */
  #wasListed(order: ManagedOrder): boolean {
    return order.doubtSinceMs <= this.#listedMs;
  }

  /**
   * Holds the venue's list of open orders against ours.
   * @returns whether this was the answer to a reconciliation
   */
  onAccount(event: AccountEvent, nowMs: number): boolean {
    if (event.openOrderIds === null) return false;
    const listed = new Set(event.openOrderIds);
    // Asked again, it may still be the answer to what was asked first.
    this.#listedMs = this.#awaitedSinceMs < 0 ? this.#askedMs : this.#awaitedSinceMs;
    for (const id of listed) {
      const order = this.#orders.find(id);
      if (order === undefined) {
        if (this.#orders.isOurs(id)) this.#execution.cancel(id);
      } else if (order.isEnded) {
        // Given up as never arrived, and yet it is there. Or it ended since the list was made, or
        // the venue has found it again after long: nobody looks after it, so it must not rest.
        if (order.isKnownToVenue) this.#execution.cancel(id);
        else this.#execution.query(id);
      }
    }
    for (const order of this.#orders.live.values()) {
      if (listed.has(order.clientOrderId)) this.#onListed(order);
      // What was sent after the question was asked may rightly be missing from the answer.
      else if (order.createdMs < this.#askedMs) order.addDoubt(nowMs);
    }
    this.#awaitedSinceMs = -1;
    return true;
  }

  /**
   * As good as a look-up that says that it works, where the question is younger than the doubt. But
   * a list tells no size: whether an amendment was made is looked up.
   */
  #onListed(order: ManagedOrder): void {
    if (order.doubtSinceMs < 0 || !this.#wasListed(order)) return;
    if (order.inFlight === "amend") return;
    order.queriedMs = Math.max(order.queriedMs, this.#listedMs);
    order.addSeen(null, -1, -1);
  }
}

/** It has waited for an answer for too long. */
function isOverdue(order: ManagedOrder, nowMs: number): boolean {
  if (!order.isKnownToVenue) return nowMs - order.createdMs >= REQUEST_TIMEOUT_MS;
  if (order.inFlight === "none") return false;
  const timeoutMs = order.inFlight === "cancel" ? CANCEL_TIMEOUT_MS : REQUEST_TIMEOUT_MS;
  return nowMs - order.inFlightSinceMs >= timeoutMs;
}
