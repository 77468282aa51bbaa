/** PairNews: what people are told of a pair beside its orders: alerts, guards and states. Pure. */

import type { Fill } from "#domain/fill.ts";
import type { Alert, Sink } from "#ports/sink.ts";
import type { PairState } from "./pair-state.ts";
import type { GuardReading } from "./risk-guards.ts";

export class PairNews {
  readonly #sink: Sink;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  alert(level: Alert["level"], code: string, message: string, timeMs: number): void {
    this.#sink.alert({ timeMs, level, code, message });
  }

  /** A guard tripped or cleared. */
  guard(guard: GuardReading, timeMs: number): void {
    this.#sink.audit({
      kind: "guard",
      timeMs,
      guard: guard.id,
      tripped: guard.tripped,
      value: String(guard.value),
      limit: String(guard.limit),
    });
    if (guard.tripped && guard.effect === "alert") {
      const message = `${guard.id} is ${guard.value}, its limit ${guard.limit}`;
      this.alert("warning", guard.id, message, timeMs);
    }
  }

  state(from: PairState, to: PairState, reason: string, timeMs: number): void {
    this.#sink.audit({ kind: "state", timeMs, from, to, reason });
  }

  /** A fill that was booked, of an order that nobody remembers. */
  strayFill({ tradeId, clientOrderId }: Fill, timeMs: number): void {
    const message = `fill ${tradeId} of ${clientOrderId}, an order not of this run`;
    this.alert("warning", "stray-fill", message, timeMs);
  }
}
