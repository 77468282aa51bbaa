/**
 * HedgeGuards: what is held against the hedge leg: that its venue is there and agrees, that its
 * margin carries it, and that a wanted hedge does not stay away (docs/guards.md has the table).
 * They keep the hedge from growing, and switch off the quoting side that adds to the exposure;
 * quotes are never pulled for them. Pure; its time is the caller's.
 */

import type { AccountEvent } from "#domain/events.ts";
import type { HedgeParams } from "#hedge/params.ts";
import { LiquidationDistance } from "./liquidation-distance.ts";
import type { GuardEffect, GuardReading } from "./risk-guards.ts";

const GUARDS = [
  ["hedge-connection", "alert"],
  ["hedge-mismatch", "alert"],
  ["hedge-liquidation-distance", "side-off"],
  ["hedge-margin", "side-off"],
  ["unhedged", "side-off"],
] as const satisfies readonly (readonly [string, GuardEffect])[];

export type HedgeGuardId = (typeof GUARDS)[number][0];

/** A margin that was used too much must be this part of the limit again. */
const MARGIN_HYSTERESIS = 0.8;

export class HedgeGuards {
  readonly #guards = new Map<HedgeGuardId, GuardReading>();
  readonly #liquidation: LiquidationDistance;
  readonly #onChange: (guard: GuardReading) => void;
  #params: HedgeParams;
  #unhedgedSinceMs = -1;
  #isConnected = false;
  #hasFailed = false;
  #marginPct = 0;

  /** @param onChange told when a guard trips or clears */
  constructor(params: HedgeParams, tickValue: number, onChange: (guard: GuardReading) => void) {
    this.#params = params;
    this.#onChange = onChange;
    this.#liquidation = new LiquidationDistance(tickValue);
    for (const [id, effect] of GUARDS) {
      this.#guards.set(id, { id, effect, tripped: false, value: 0, limit: 0 });
    }
    this.#setLimits();
    const connection = this.#guards.get("hedge-connection");
    if (connection !== undefined) connection.tripped = true;
  }

  reconfigure(params: HedgeParams): void {
    this.#params = params;
    this.#setLimits();
  }

  #setLimits(): void {
    const { minLiquidationDistancePct, maxMarginPct, maxUnhedgedMs } = this.#params;
    const limits: Readonly<Record<HedgeGuardId, number>> = {
      "hedge-connection": 0,
      "hedge-mismatch": 0,
      "hedge-liquidation-distance": minLiquidationDistancePct,
      "hedge-margin": maxMarginPct,
      unhedged: maxUnhedgedMs,
    };
    for (const [id] of GUARDS) {
      const guard = this.#guards.get(id);
      if (guard !== undefined) guard.limit = limits[id];
    }
  }

  readings(): readonly GuardReading[] {
    return [...this.#guards.values()];
  }

  isTripped(id: HedgeGuardId): boolean {
    return this.#guards.get(id)?.tripped ?? false;
  }

  /** The hedge venue is there, was compared, and agrees: orders may be sent. */
  get canTrade(): boolean {
    return !this.isTripped("hedge-connection") && !this.isTripped("hedge-mismatch");
  }

  /** Its margin carries a larger position. */
  get mayGrow(): boolean {
    return !this.isTripped("hedge-liquidation-distance") && !this.isTripped("hedge-margin");
  }

  /** The side that adds to the exposure must not quote. */
  get isSideOff(): boolean {
    return this.isTripped("unhedged") || !this.mayGrow;
  }

  /** Since when a wanted hedge has not been there; -1: it is, or none is wanted. */
  get unhedgedSinceMs(): number {
    return this.#unhedgedSinceMs;
  }

  onConnection(isUp: boolean): void {
    this.#isConnected = isUp;
    // Up again is not enough: what happened meanwhile has to be known as well.
    this.#set("hedge-connection", true, 1);
  }

  /** The venue's truth and ours were compared. */
  onCompared(): void {
    if (this.#isConnected) this.#set("hedge-connection", false, 0);
  }

  onMismatch(mismatch: boolean): void {
    this.#set("hedge-mismatch", mismatch, mismatch ? 1 : 0);
  }

  /** The hedge was given up: it is missing from now on, for good. */
  onFailed(nowMs: number): void {
    this.#hasFailed = true;
    if (this.#unhedgedSinceMs < 0) this.#unhedgedSinceMs = nowMs;
    this.#set("unhedged", true, nowMs - this.#unhedgedSinceMs);
  }

  onAccount(event: AccountEvent): void {
    this.#liquidation.onAccount(event);
    this.#marginPct = (event.marginRatio ?? 0) * 100;
  }

  evaluate(input: {
    readonly nowMs: number;
    readonly positionLots: number;
    readonly midHalfTicks: number;
    readonly isUnhedged: boolean;
  }): void {
    const { minLiquidationDistancePct, maxMarginPct, maxUnhedgedMs } = this.#params;
    const pct = this.#liquidation.pct(input);
    const wasNear = this.isTripped("hedge-liquidation-distance");
    const isNear = LiquidationDistance.isNear(pct, minLiquidationDistancePct, wasNear);
    this.#set("hedge-liquidation-distance", isNear, pct);
    const usable = maxMarginPct * (this.isTripped("hedge-margin") ? MARGIN_HYSTERESIS : 1);
    this.#set("hedge-margin", this.#marginPct > usable, this.#marginPct);
    if (!input.isUnhedged && !this.#hasFailed) this.#unhedgedSinceMs = -1;
    else if (this.#unhedgedSinceMs < 0) this.#unhedgedSinceMs = input.nowMs;
    const sinceMs = this.#unhedgedSinceMs;
    const forMs = sinceMs < 0 ? 0 : input.nowMs - sinceMs;
    this.#set("unhedged", this.#hasFailed || forMs > maxUnhedgedMs, forMs);
  }

  #set(id: HedgeGuardId, tripped: boolean, value: number): void {
    const guard = this.#guards.get(id);
    if (guard === undefined) return;
    guard.value = value;
    if (guard.tripped === tripped) return;
    guard.tripped = tripped;
    this.#onChange(guard);
  }
}
