/**
 * EquityWatch: what the loss of equity makes of a pair. Looks once a second; a pair that lost its
 * limit reduces, and halts once it is balanced or has lost more. The wish to reduce is latched,
 * through a pause too, until an operator re-arms. Pure; its time is the caller's.
 */

import type { Decimal } from "#domain/decimal.ts";
import { EquityGuard, type EquityReading } from "./equity-guard.ts";
import type { PairState } from "./pair-state.ts";
import type { RiskParams } from "./params.ts";

const INTERVAL_MS = 1_000;
/** Reducing is over where inventory is this near to its target. */
const BALANCED_RATIO = 0.05;

/** What is looked at. */
export interface EquityInput {
  /** Of both legs, net of transfers; null: not known yet. Asked for only where it is needed. */
  readonly equity: () => Decimal | null;
  readonly state: PairState;
  /** What there is too much or too little of, as a part of the target. */
  readonly excessRatio: number;
}

export class EquityWatch {
  /** A limit was reached: latched. */
  mustReduce = false;
  readonly #guard: EquityGuard;
  #nextMs = -Infinity;

  constructor({ maxDrawdownPct, maxDailyLossPct }: RiskParams) {
    this.#guard = new EquityGuard(maxDrawdownPct, maxDailyLossPct);
  }

  /** Other limits; what the losses are counted from stays, and so does the latch. */
  reconfigure({ maxDrawdownPct, maxDailyLossPct }: RiskParams): void {
    this.#guard.setLimits(maxDrawdownPct, maxDailyLossPct);
  }

  isDue(nowMs: number): boolean {
    return nowMs >= this.#nextMs;
  }

  /** @returns what the pair has to become; null: it stays what it is */
  check(nowMs: number, input: EquityInput): "halted" | "reducing" | null {
    const { state } = input;
    this.#nextMs = nowMs + INTERVAL_MS;
    const equity = this.#guard.isOff ? null : input.equity();
    if (equity === null) return null;
    const verdict = this.#guard.update(nowMs, equity);
    if (state === "halted" || state === "stopping") return null;
    this.mustReduce ||= verdict !== "fine";
    const isReduced = state === "reducing" && Math.abs(input.excessRatio) < BALANCED_RATIO;
    if (verdict === "halt" || isReduced) return "halted";
    return this.mustReduce && state === "quoting" ? "reducing" : null;
  }

  /** Counts losses from here on. */
  rearm(): void {
    this.#guard.rearm();
    this.mustReduce = false;
  }

  readings(): EquityReading[] {
    return this.#guard.readings();
  }

  /** The losses that have a limit, for people. */
  describe(): string {
    return this.#guard.describe();
  }
}
