/**
 * RiskGuards: what stands between a plan and the wire. Each guard has an id, a value, a limit and
 * an effect (docs/guards.md has the table); all can be read at any time. Guards on market and
 * venue pull the quotes, guards on a side switch it off or widen it, guards on an order deny it.
 * Pure; its time is the caller's.
 */

import { plain } from "#domain/decimal.ts";
import type { AccountEvent } from "#domain/events.ts";
import type { Instrument, Side } from "#domain/instrument.ts";
import type { RejectReason } from "#domain/order.ts";
import type { SideRoom } from "#strategies/ladder-builder.ts";
import { FillRate } from "./fill-rate.ts";
import { LiquidationDistance } from "./liquidation-distance.ts";
import type { RiskParams } from "./params.ts";
import { limitUnits, type PositionInput, PositionLimits } from "./position-limits.ts";

export type GuardEffect =
  | "pull-quotes"
  | "deny-order"
  | "side-off"
  | "widen"
  | "back-off"
  | "alert";

export interface GuardReading {
  readonly id: string;
  readonly effect: GuardEffect;
  tripped: boolean;
  /**
   * For display (exact comparisons are made where the guard is set), in the unit of the limit:
   * milliseconds, per cent, quote currency (position), base currency (net delta), or a count.
   */
  value: number;
  limit: number;
}

/** Why an order may not be sent. */
export interface Denial {
  readonly guard: string;
  readonly value: string;
  readonly limit: string;
}

/** What the guards look at on each round, as the engine sees it. */
export interface GuardInput extends PositionInput {
  readonly nowMs: number;
  readonly oldestDoubtMs: number;
}

const BACK_OFF_FIRST_MS = 1_000;
const BACK_OFF_MOST_MS = 60_000;
/** Room comes back within seconds, and to try costs nothing where it is our own count. */
const THROTTLED_MOST_MS = 8_000;
/** The ladder's own range, and this much more, is where orders may be. */
const PRICE_BAND_MARGIN = 0.01;
/** Short-term ids of the guards whose state this class keeps, with their effects. */
const GUARDS = [
  ["stale-book", "pull-quotes"],
  ["connection", "pull-quotes"],
  ["crossed-or-empty-book", "pull-quotes"],
  ["invalid-number", "pull-quotes"],
  ["reference-divergence", "pull-quotes"],
  ["balance-mismatch", "pull-quotes"],
  ["unknown-order-age", "pull-quotes"],
  ["max-position-notional", "side-off"],
  ["max-net-delta", "side-off"],
  ["liquidation-distance", "side-off"],
  ["fill-rate-buy", "widen"],
  ["fill-rate-sell", "widen"],
  ["post-only-reject-streak", "back-off"],
  ["venue-reject-streak", "back-off"],
  ["clock-offset", "alert"],
] as const satisfies readonly (readonly [string, GuardEffect])[];

export type GuardId = (typeof GUARDS)[number][0];

export class RiskGuards {
  /** No new order before this time. */
  backOffUntilMs = -Infinity;
  /** A streak of refusals: what we believe of the venue may be wrong. */
  wantsReconcile = false;
  readonly #instrument: Instrument;
  #params: RiskParams;
  readonly #guards = new Map<GuardId, GuardReading>();
  readonly #onChange: (guard: GuardReading) => void;
  #maxOrderUnits: number;
  #position: PositionLimits;
  readonly #liquidation: LiquidationDistance;
  #band: number;
  #buyFills: FillRate;
  #sellFills: FillRate;
  #connected = false;
  #lastBookMs = -Infinity;
  #lastAliveMs = -Infinity;
  #referenceTicks = 0;
  #postOnlyStreak = 0;
  #venueStreak = 0;
  #backOffs = 0;
  #hasBadBook = false;

  /**
   * @param rangePct the ladder's own range as a fraction of the mid, the wider side
   * @param onChange told when a guard trips or clears
   */
  constructor(
    instrument: Instrument,
    params: RiskParams,
    rangePct: number,
    onChange: (guard: GuardReading) => void,
  ) {
    this.#params = params;
    this.#onChange = onChange;
    this.#band = rangePct + PRICE_BAND_MARGIN;
    this.#maxOrderUnits = limitUnits(instrument, params.maxOrderNotional);
    this.#position = new PositionLimits(instrument, params);
    this.#liquidation = new LiquidationDistance(instrument.tickValue);
    this.#instrument = instrument;
    this.#buyFills = new FillRate(params.fillRateWindowMs, fillBound(params));
    this.#sellFills = new FillRate(params.fillRateWindowMs, fillBound(params));
    const limits = this.#limits();
    for (const [id, effect] of GUARDS) {
      this.#guards.set(id, { id, effect, tripped: false, value: 0, limit: limits[id] });
    }
    const connection = this.#guards.get("connection");
    if (connection !== undefined) connection.tripped = true;
  }

  /** Other limits. What tripped, was counted or is waited for stays; the next look compares. */
  reconfigure(params: RiskParams, rangePct: number): void {
    this.#params = params;
    this.#band = rangePct + PRICE_BAND_MARGIN;
    this.#maxOrderUnits = limitUnits(this.#instrument, params.maxOrderNotional);
    this.#position = new PositionLimits(this.#instrument, params);
    this.#buyFills = this.#buyFills.withLimits(params.fillRateWindowMs, fillBound(params));
    this.#sellFills = this.#sellFills.withLimits(params.fillRateWindowMs, fillBound(params));
    const limits = this.#limits();
    for (const [id] of GUARDS) {
      const guard = this.#guards.get(id);
      if (guard !== undefined) guard.limit = limits[id];
    }
  }

  #limits(): Record<GuardId, number> {
    const params = this.#params;
    const fillRate = params.fillRateLimit ?? Infinity;
    return {
      "stale-book": params.staleBookMs,
      connection: 0,
      "crossed-or-empty-book": 0,
      "invalid-number": 0,
      "reference-divergence": params.maxReferenceDivergencePct,
      "balance-mismatch": 0,
      "unknown-order-age": params.unknownOrderAgeMs,
      "max-position-notional": Number(params.maxPositionNotional ?? Infinity),
      "max-net-delta": Number(params.maxNetDelta ?? Infinity),
      "liquidation-distance": params.minLiquidationDistancePct ?? Infinity,
      "fill-rate-buy": fillRate,
      "fill-rate-sell": fillRate,
      "post-only-reject-streak": params.rejectStreakLimit,
      "venue-reject-streak": params.rejectStreakLimit,
      "clock-offset": params.clockOffsetAlertMs,
    };
  }

  /** All guards, for people and for the audit. */
  readings(): readonly GuardReading[] {
    return [...this.#guards.values()];
  }

  isTripped(id: GuardId): boolean {
    return this.#guards.get(id)?.tripped ?? false;
  }

  /** Whether any guard says that nothing may rest at the venue. */
  get mustPull(): boolean {
    for (const guard of this.#guards.values()) {
      if (guard.tripped && guard.effect === "pull-quotes") return true;
    }
    return false;
  }

  /** Whether the venue and we do not agree, for as long as these guards are tripped. */
  get isInDispute(): boolean {
    return this.isTripped("balance-mismatch") || this.isTripped("unknown-order-age");
  }

  /** How many bins a side stands back because it is being run over; Infinity: side off. */
  skippedBins(side: Side, nowMs: number): number {
    const limit = this.#params.fillRateLimit;
    if (limit === null) return 0;
    const count = (side === "buy" ? this.#buyFills : this.#sellFills).count(nowMs);
    if (count >= 2 * limit) return Infinity;
    return count >= limit ? 1 : 0;
  }

  /** A valid, uncrossed book arrived. */
  onGoodBook(nowMs: number): void {
    this.#lastBookMs = nowMs;
    // Asked at every book event: a look into the map only where there is something to clear.
    if (!this.#hasBadBook) return;
    this.#hasBadBook = false;
    this.#set("crossed-or-empty-book", false, 0);
    this.#set("invalid-number", false, 0);
  }

  /** A book arrived that cannot be traded on. */
  onBadBook(id: "crossed-or-empty-book" | "invalid-number"): void {
    this.#hasBadBook = true;
    this.#set(id, true, 1);
  }

  /** @param priceTicks 0: there is none */
  onReference(priceTicks: number): void {
    this.#referenceTicks = priceTicks;
  }

  onConnection(state: "up" | "down" | "alive", nowMs: number): void {
    if (state === "alive") {
      this.#lastAliveMs = nowMs;
      return;
    }
    this.#connected = state === "up";
    // Up again is not enough: what happened meanwhile has to be known as well.
    this.#set("connection", true, 1);
  }

  /** The venue's truth and ours were compared. */
  onCompared(): void {
    this.wantsReconcile = false;
    if (this.#connected) this.#set("connection", false, 0);
  }

  onFill(side: Side, nowMs: number): void {
    (side === "buy" ? this.#buyFills : this.#sellFills).add(nowMs);
  }

  onClock(offsetMs: number): void {
    this.#set("clock-offset", Math.abs(offsetMs) > this.#params.clockOffsetAlertMs, offsetMs);
  }

  /** The venue's account: where it would liquidate the position. */
  onAccount(event: AccountEvent): void {
    this.#liquidation.onAccount(event);
  }

  onMismatch(mismatch: boolean): void {
    this.#set("balance-mismatch", mismatch, mismatch ? 1 : 0);
  }

  /** The venue took an order: whatever was refused before, the streak is over. */
  onAccepted(): void {
    if (this.#postOnlyStreak + this.#venueStreak + this.#backOffs === 0) return;
    this.#postOnlyStreak = 0;
    this.#venueStreak = 0;
    this.#backOffs = 0;
    this.#set("post-only-reject-streak", false, 0);
    this.#set("venue-reject-streak", false, 0);
  }

  /** The venue refused an order, or our own count of what it allows had no room for it. */
  onRejected(reason: RejectReason | null, nowMs: number): void {
    // Nobody's mistake, and no reason to ask questions that need room as well.
    if (reason === "throttled") {
      this.#backOff(nowMs, THROTTLED_MOST_MS);
      return;
    }
    const isPostOnly = reason === "would-cross";
    if (isPostOnly) this.#postOnlyStreak += 1;
    else this.#venueStreak += 1;
    const streak = isPostOnly ? this.#postOnlyStreak : this.#venueStreak;
    const limit = this.#params.rejectStreakLimit;
    const id = isPostOnly ? "post-only-reject-streak" : "venue-reject-streak";
    this.#set(id, streak >= limit, streak);
    if (streak < limit || !this.#backOff(nowMs, BACK_OFF_MOST_MS)) return;
    if (!isPostOnly) this.wantsReconcile = true;
  }

  /** Orders that were on their way when a back-off began do not lengthen it: false. */
  #backOff(nowMs: number, mostMs: number): boolean {
    if (nowMs < this.backOffUntilMs) return false;
    const waitMs = Math.min(BACK_OFF_FIRST_MS * 2 ** this.#backOffs, mostMs);
    this.#backOffs += 1;
    this.backOffUntilMs = nowMs + waitMs;
    return true;
  }

  /** Looks at everything that changes with time or inventory. */
  evaluate(input: GuardInput): void {
    this.#evaluateFeed(input);
    this.#evaluatePosition(input);
    const age = input.oldestDoubtMs < 0 ? 0 : input.nowMs - input.oldestDoubtMs;
    this.#set("unknown-order-age", age > this.#params.unknownOrderAgeMs, age);
    this.#evaluateFills("fill-rate-buy", this.#buyFills, input.nowMs);
    this.#evaluateFills("fill-rate-sell", this.#sellFills, input.nowMs);
  }

  #evaluateFills(id: GuardId, fills: FillRate, nowMs: number): void {
    const limit = this.#params.fillRateLimit;
    const count = limit === null ? 0 : fills.count(nowMs);
    this.#set(id, limit !== null && count >= limit, count);
  }

  #evaluateFeed(input: GuardInput): void {
    const { staleBookMs, quietBookMs } = this.#params;
    const quietFeedIsAlive = input.nowMs - this.#lastAliveMs <= staleBookMs;
    const age = input.nowMs - this.#lastBookMs;
    this.#set("stale-book", age > (quietFeedIsAlive ? quietBookMs : staleBookMs), age);
    if (this.#referenceTicks > 0 && input.midHalfTicks > 0) {
      const divergence = Math.abs(input.midHalfTicks / 2 / this.#referenceTicks - 1) * 100;
      const limit = this.#params.maxReferenceDivergencePct;
      this.#set("reference-divergence", divergence > limit, divergence);
    }
  }

  #evaluatePosition(input: PositionInput): void {
    const { tickValue, lotValue } = this.#instrument;
    const value = (Math.abs(input.positionLots) * input.midHalfTicks) / 2;
    const isFull = this.#position.isFull(input);
    this.#set("max-position-notional", isFull, value * tickValue * lotValue);
    const delta = this.#position.deltaLots(input);
    this.#set("max-net-delta", this.#position.isOffTarget(input), delta * lotValue);
    const pct = this.#liquidation.pct(input);
    const wasNear = this.isTripped("liquidation-distance");
    const limit = this.#params.minLiquidationDistancePct;
    this.#set("liquidation-distance", LiquidationDistance.isNear(pct, limit, wasNear), pct);
  }

  /** Net delta in lots: see PositionLimits. */
  deltaLots(input: PositionInput): number {
    return this.#position.deltaLots(input);
  }

  /** What each side may still add before the position is at a limit. */
  room(input: PositionInput): SideRoom {
    const room = this.#position.room(input);
    if (!this.isTripped("liquidation-distance")) return room;
    return {
      buyUnits: input.positionLots > 0 ? 0 : room.buyUnits,
      sellLots: input.positionLots < 0 ? 0 : room.sellLots,
    };
  }

  /** Whether one order may be sent. @param liveOrders orders of ours that may be open */
  check(
    priceTicks: number,
    quantityLots: number,
    midHalfTicks: number,
    liveOrders: number,
  ): Denial | null {
    const distance = Math.abs(2 * priceTicks - midHalfTicks) / midHalfTicks;
    if (!(distance <= this.#band)) return denial("price-band", distance, this.#band);
    const units = priceTicks * quantityLots;
    if (!(units > 0)) return denial("invalid-number", units, 0);
    if (units > this.#maxOrderUnits) {
      const notional = plain(this.#instrument.notional(priceTicks, quantityLots));
      return denial("max-order-notional", notional, this.#params.maxOrderNotional ?? "");
    }
    if (liveOrders >= this.#params.maxOpenOrders) {
      return denial("max-open-orders", liveOrders, this.#params.maxOpenOrders);
    }
    return null;
  }

  #set(id: GuardId, tripped: boolean, value: number): void {
    const guard = this.#guards.get(id);
    if (guard === undefined) return;
    guard.value = value;
    if (guard.tripped === tripped) return;
    guard.tripped = tripped;
    this.#onChange(guard);
  }
}

/** The side is off at twice the limit: counts beyond that need not be told apart. */
function fillBound({ fillRateLimit }: RiskParams): number {
  return (fillRateLimit ?? 0) * 2 + 1;
}

function denial(guard: string, value: number | string, limit: number | string): Denial {
  return { guard, value: String(value), limit: String(limit) };
}
