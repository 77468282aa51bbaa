/**
 * Agreement: whether the quoting venue and we hold the same for true. The venue's account and its
 * list of open orders are compared with ours, after every connection and whenever something looks
 * wrong, until they agree. A pair starts once the venue was swept and agreed. Pure; its time is the
 * caller's.
 */

import type { AccountEvent, ClockEvent, ConnectionEvent } from "#domain/events.ts";
import type { Sink } from "#ports/sink.ts";
import type { OrderManager } from "./order-manager.ts";
import type { PairBooks } from "./pair-books.ts";
import type { PairNews } from "./pair-news.ts";
import type { Reconciler } from "./reconciler.ts";
import type { RiskGuards } from "./risk-guards.ts";

/** What it leans on; all of it belongs to the engine. */
export interface AgreementParts {
  readonly books: PairBooks;
  readonly orders: OrderManager;
  readonly guards: RiskGuards;
  readonly reconciler: Reconciler;
  readonly sink: Sink;
  readonly news: PairNews;
}

export class Agreement {
  /** The venue was swept and agreed, once. */
  hasStarted = false;
  readonly #parts: AgreementParts;
  #clockOffsetMs = 0;

  constructor(parts: AgreementParts) {
    this.#parts = parts;
  }

  /** @returns whether venue and books were compared to the end */
  onAccount(event: AccountEvent, nowMs: number): boolean {
    const { books, orders, guards, reconciler } = this.#parts;
    const differs = books.isContradictedBy(event);
    // A fill on its way explains it, but not once the venue has told all there are.
    const isFinal = event.openOrderIds !== null || !orders.lacksFills;
    if (differs !== guards.isTripped("balance-mismatch") && isFinal) {
      guards.onMismatch(differs);
      if (differs) reconciler.ask(nowMs);
    }
    guards.onAccount(event);
    if (!reconciler.onAccount(event, nowMs)) return false;
    guards.onCompared();
    return true;
  }

  onConnection(event: ConnectionEvent, nowMs: number): void {
    const { guards, sink, reconciler } = this.#parts;
    guards.onConnection(event.state, nowMs);
    if (event.state !== "up") return;
    // What an earlier run left open is swept before anything is quoted.
    if (!this.hasStarted) sink.cancelAll();
    reconciler.onReconnected(nowMs);
  }

  onClock({ offsetMs }: ClockEvent): void {
    this.#clockOffsetMs = offsetMs;
    this.#parts.guards.onClock(offsetMs);
  }

  /** What is wrong between the venue and us is asked for until it is right. */
  check(nowMs: number, isStarting: boolean): void {
    const { guards, reconciler } = this.#parts;
    if (guards.isTripped("connection")) return;
    if (guards.wantsReconcile || isStarting) reconciler.ask(nowMs);
    else reconciler.recheck(nowMs, guards.isInDispute);
  }

  /** Starts, where the clocks allow it. @returns whether it has */
  start(nowMs: number, clockOffsetRefuseMs: number): boolean {
    if (Math.abs(this.#clockOffsetMs) > clockOffsetRefuseMs) {
      const message = `the venue's clock is ${this.#clockOffsetMs} ms off: not starting`;
      this.#parts.news.alert("critical", "clock-offset", message, nowMs);
      return false;
    }
    this.hasStarted = true;
    return true;
  }
}
