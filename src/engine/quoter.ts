/**
 * Quoter: from the market and the pair's inventory to commands. Builds the ladder, plans the
 * cheapest way to it, passes each order by the guards and the action budget, and sends. Pure.
 */

import type { Instrument, Side } from "#domain/instrument.ts";
import { formatClientOrderId, type OrderRequest } from "#domain/order.ts";
import type { OrderTrace, Sink } from "#ports/sink.ts";
import { clampNames, Ladder, type LadderSide } from "#strategies/ladder.ts";
import { LadderBuilder, type LadderInput, type SideRoom } from "#strategies/ladder-builder.ts";
import type { Strategy } from "#strategies/strategy.ts";
import type { ActionBudget } from "./action-budget.ts";
import type { ManagedOrder } from "./managed-order.ts";
import type { OrderManager } from "./order-manager.ts";
import { OrderPlanner, type PlanLimits, type PlannedAction } from "./order-planner.ts";
import type { EngineParams } from "./params.ts";
import type { RiskGuards } from "./risk-guards.ts";

/** A change of a multiplier below this does not move orders by itself. */
const MULTIPLIER_STEP = 0.05;

/** However low the action budget is, orders are sent at least this often, where any is left. */
const LONGEST_PAUSE_MS = 10_000;

/** A pull that was refused is sent again after this long. */
const PULL_AGAIN_MS = 1_000;

/** Actions that were sent, by kind. */
export interface ActionCounts {
  placed: number;
  replaced: number;
  amended: number;
  canceled: number;
  denied: number;
}

/** What the sides of a ladder may not exceed. */
export interface SideLimits {
  readonly sideOff: Side | null;
  readonly room: SideRoom;
}

/** What the quoter leans on; all of it belongs to the engine. */
export interface QuoterParts {
  readonly instrument: Instrument;
  readonly params: EngineParams;
  readonly strategy: Strategy;
  readonly orders: OrderManager;
  readonly guards: RiskGuards;
  readonly budget: ActionBudget;
  readonly sink: Sink;
}

export class Quoter {
  readonly counts: ActionCounts = { placed: 0, replaced: 0, amended: 0, canceled: 0, denied: 0 };
  /** Something wanted waits for capital, budget or an answer. */
  isDeferred = false;
  /** What a ladder would be now, without its levels. */
  readonly #drifted = new Ladder(0);
  #parts: QuoterParts;
  #ladder: Ladder;
  #builder: LadderBuilder;
  readonly #bids: OrderPlanner;
  readonly #asks: OrderPlanner;
  readonly #liveBids: ManagedOrder[] = [];
  readonly #liveAsks: ManagedOrder[] = [];
  readonly #limits: PlanLimits = { keepPriceTicks: 0, keepSizePct: 0, capital: 0 };
  readonly #queue: PlannedAction[] = [];
  #input: LadderInput | null = null;
  #trigger = "";
  #sequence = 0;
  /** Levels from here on are left as they are while the action budget is low … */
  #levelLimit = 0;
  /** … and all of them until this time; cancels are never held back. */
  #pausedUntilMs = -Infinity;
  #pulledMs = -Infinity;

  constructor(parts: QuoterParts) {
    this.#parts = parts;
    const { instrument, params, strategy } = parts;
    this.#ladder = new Ladder(LadderBuilder.capacity(params.ladder));
    this.#builder = new LadderBuilder(instrument, params.ladder, strategy);
    this.#bids = new OrderPlanner(instrument, "buy");
    this.#asks = new OrderPlanner(instrument, "sell");
  }

  /** The last one that was built; empty before the first, and after a reconfiguration. */
  get ladder(): Ladder {
    return this.#ladder;
  }

  /** From the next ladder on; orders are counted and numbered on. */
  reconfigure(params: EngineParams, strategy: Strategy): void {
    this.#builder = new LadderBuilder(this.#parts.instrument, params.ladder, strategy);
    this.#ladder = new Ladder(LadderBuilder.capacity(params.ladder));
    this.#parts = { ...this.#parts, params, strategy };
  }

  /** The mid's move, in half ticks, that calls for a new ladder. */
  requoteDistance(midHalfTicks: number): number {
    const { ladder, requote } = this.#parts.params;
    return (midHalfTicks * ladder.binStepBps * requote.requoteBinFraction) / 10_000;
  }

  /**
   * What has changed since the last ladder although the mid has not moved far: `multiplier`,
   * `shape`, or nothing (empty).
   */
  drift(input: LadderInput): string {
    const { ladder } = this;
    this.#builder.assess(input, this.#drifted);
    const hasChanged = (before: number, after: number): boolean =>
      Math.abs(after - before) >= MULTIPLIER_STEP || (before === 0) !== (after === 0);
    if (
      hasChanged(ladder.bids.multiplier, this.#drifted.bids.multiplier) ||
      hasChanged(ladder.asks.multiplier, this.#drifted.asks.multiplier)
    ) {
      return "multiplier";
    }
    return this.#drifted.shape === ladder.shape ? "" : "shape";
  }

  /**
   * Brings the live orders to the ladder that this input gives.
   * @param trigger why now, for the trace
   * @param limits a side that may have no orders, and what each side may add at most
   */
  requote(input: LadderInput, trigger: string, limits: SideLimits): void {
    const { params, guards, orders } = this.#parts;
    const { sideOff, room } = limits;
    this.#input = input;
    this.#trigger = trigger;
    this.#builder.build(input, this.ladder, room);
    this.#trimSide(this.ladder.bids, guards.skippedBins("buy", input.timeMs), sideOff === "buy");
    this.#trimSide(this.ladder.asks, guards.skippedBins("sell", input.timeMs), sideOff === "sell");
    this.#sortLive();
    const binTicks = ((input.midHalfTicks / 2) * params.ladder.binStepBps) / 10_000;
    this.#limits.keepPriceTicks = Math.ceil(binTicks * params.requote.keepPriceBinFraction);
    this.#limits.keepSizePct = params.requote.keepSizePct;
    // What the venue filled and our books lack has used up capital and room alike.
    this.#limits.capital = Math.min(input.quoteUnits, room.buyUnits) - orders.missingCost("buy");
    this.#bids.plan(this.ladder.bids, this.#liveBids, this.#limits);
    this.#limits.capital =
      Math.min(input.inventoryLots, room.sellLots) - orders.missingCost("sell");
    this.#asks.plan(this.ladder.asks, this.#liveAsks, this.#limits);
    this.isDeferred = this.#bids.deferred || this.#asks.deferred;
    this.#send();
  }

  /** Cancels every order that is not being canceled yet; refusals must not make it a storm. */
  pull(nowMs: number, isRepeat: boolean): void {
    const { orders, sink } = this.#parts;
    this.isDeferred = false;
    if (isRepeat && nowMs - this.#pulledMs < PULL_AGAIN_MS) return;
    let count = 0;
    for (const order of orders.live.values()) {
      if (order.inFlight === "cancel") continue;
      order.setInFlight("cancel", nowMs);
      count += 1;
    }
    if (count === 0) return;
    this.#pulledMs = nowMs;
    this.counts.canceled += count;
    sink.cancelAll();
  }

  /** Cancels one order that should not be there. */
  cancel(order: ManagedOrder, nowMs: number): void {
    order.setInFlight("cancel", nowMs);
    this.counts.canceled += 1;
    this.#parts.sink.cancel(order.clientOrderId);
    this.#audit("cancel", order, null, order.leavesLots);
  }

  /** Leaves out a side, or its nearest bins. */
  #trimSide(side: LadderSide, skip: number, isOff: boolean): void {
    if (isOff || skip >= side.count) {
      side.count = 0;
      return;
    }
    if (skip === 0) return;
    side.count -= skip;
    side.priceTicks.copyWithin(0, skip);
    side.quantityLots.copyWithin(0, skip);
    side.level.copyWithin(0, skip);
    side.weightShare.copyWithin(0, skip);
    side.clamps.copyWithin(0, skip);
  }

  #sortLive(): void {
    this.#liveBids.length = 0;
    this.#liveAsks.length = 0;
    for (const order of this.#parts.orders.live.values()) {
      if (order.replaces?.isEnded === true) order.replaces = null;
      (order.side === "buy" ? this.#liveBids : this.#liveAsks).push(order);
    }
    this.#liveBids.sort((a, b) => b.priceTicks - a.priceTicks);
    this.#liveAsks.sort((a, b) => a.priceTicks - b.priceTicks);
  }

  /**
   * Sends both sides' plans: cancels first, then amendments, then new orders, nearest level first
   * and at each level the side that brings inventory back before the one that adds to it.
   */
  #send(): void {
    const reducing: Side = this.ladder.iqvMoveRatio > 0 ? "sell" : "buy";
    this.#queue.length = 0;
    this.#queue.push(...this.#bids.actions, ...this.#asks.actions);
    const rank = (action: PlannedAction): number => {
      if (action.kind === "cancel") return -2;
      if (action.kind === "amend") return -1;
      return 2 * action.level + (action.side === reducing ? 0 : 1);
    };
    this.#queue.sort((a, b) => rank(a) - rank(b));
    const nowMs = this.#input?.timeMs ?? 0;
    const { budget, params } = this.#parts;
    // With half of the reserve left half of the levels, half as often: a quarter of the actions.
    const share = budget.reserveShare(nowMs);
    this.#levelLimit = Math.ceil(Math.floor(params.ladder.liveOrderNums / 2) * share);
    if (share === 1) this.#pausedUntilMs = -Infinity;
    const before = budget.remaining(nowMs);
    for (const action of this.#queue) {
      if (action.kind === "cancel" && action.order !== null) this.cancel(action.order, nowMs);
      else this.#sendBudgeted(action, nowMs);
    }
    if (share === 1 || budget.remaining(nowMs) === before) return;
    const pauseMs = params.requote.minRequoteIntervalMs / share;
    this.#pausedUntilMs = nowMs + Math.min(pauseMs, LONGEST_PAUSE_MS);
  }

  /** Everything but a cancel costs budget. What may not be sent now waits for the next round. */
  #sendBudgeted(action: PlannedAction, nowMs: number): void {
    const { budget, guards } = this.#parts;
    const isBeyond = action.level >= this.#levelLimit;
    const notBeforeMs = Math.max(guards.backOffUntilMs, this.#pausedUntilMs);
    if (isBeyond || nowMs < notBeforeMs || budget.remaining(nowMs) === 0) {
      this.isDeferred = true;
      // Cancels are free: what must not stay as it is goes, what does no harm stays.
      if (action.order !== null && this.#mustGo(action, action.order)) {
        this.cancel(action.order, nowMs);
      }
      return;
    }
    if (action.kind === "amend") {
      if (action.order !== null) this.#amend(action.order, action.quantityLots, nowMs);
    } else {
      this.#placeOrReplace(action, nowMs);
    }
  }

  /** Where its side is over its limit, or it is nearer to the mid than anything that is wanted. */
  #mustGo(action: PlannedAction, order: ManagedOrder): boolean {
    if ((order.side === "buy" ? this.#bids : this.#asks).isOverrun) return true;
    if (action.kind !== "replace") return false;
    return order.side === "buy"
      ? order.priceTicks > (this.ladder.bids.priceTicks[0] ?? 0) + this.#limits.keepPriceTicks
      : order.priceTicks < (this.ladder.asks.priceTicks[0] ?? 0) - this.#limits.keepPriceTicks;
  }

  #amend(order: ManagedOrder, leavesLots: number, nowMs: number): void {
    const quantityLots = order.quantityLots - order.leavesLots + leavesLots;
    order.setInFlight("amend", nowMs);
    this.#parts.budget.spend(nowMs);
    this.counts.amended += 1;
    this.#parts.sink.amend(order.clientOrderId, quantityLots);
    this.#audit("amend", order, null, quantityLots);
  }

  #placeOrReplace(action: PlannedAction, nowMs: number): void {
    const { orders, guards, budget, sink, params } = this.#parts;
    const { priceTicks, quantityLots, side, order: old } = action;
    const others = orders.live.size - (old === null ? 0 : 1);
    const denial = guards.check(priceTicks, quantityLots, this.ladder.midHalfTicks, others);
    if (denial !== null) {
      this.counts.denied += 1;
      sink.audit({ kind: "denied", timeMs: nowMs, priceTicks, quantityLots, ...denial });
      if (old !== null) this.cancel(old, nowMs);
      return;
    }
    this.#sequence += 1;
    const request: OrderRequest = {
      clientOrderId: formatClientOrderId({
        prefix: params.orderPrefix,
        pair: params.pairId,
        role: "quote",
        epoch: params.epoch,
        sequence: this.#sequence,
      }),
      side,
      type: "limit",
      timeInForce: "gtc",
      postOnly: true,
      reduceOnly: false,
      priceTicks,
      quantityLots,
    };
    const trace = this.#trace(action);
    const order = orders.add(request, { createdMs: nowMs, trace, replaces: old });
    budget.spend(nowMs);
    if (old === null) {
      this.counts.placed += 1;
      sink.place(request);
      this.#audit("place", order, null, quantityLots);
      return;
    }
    // A chain of replacements must not keep every order there ever was.
    old.replaces = null;
    old.setInFlight("cancel", nowMs);
    this.counts.replaced += 1;
    sink.replace(old.clientOrderId, request);
    this.#audit("replace", order, old.clientOrderId, quantityLots);
  }

  #trace(action: PlannedAction): OrderTrace {
    const side = action.side === "buy" ? this.ladder.bids : this.ladder.asks;
    return {
      trigger: this.#trigger,
      shape: this.ladder.shape,
      level: side.level[action.level] ?? 0,
      midHalfTicks: this.ladder.midHalfTicks,
      weightShare: side.weightShare[action.level] ?? 0,
      iqvRatio: this.ladder.iqvRatio,
      iqvMoveRatio: this.ladder.iqvMoveRatio,
      multiplier: side.multiplier,
      volatilityPct: this.#input?.volatilityPct ?? -1,
      clamps: clampNames(side.clamps[action.level] ?? 0),
    };
  }

  #audit(
    action: "place" | "amend" | "replace" | "cancel",
    order: ManagedOrder,
    replacedOrderId: string | null,
    quantityLots: number,
  ): void {
    this.#parts.sink.audit({
      kind: "order",
      timeMs: this.#input?.timeMs ?? order.createdMs,
      action,
      side: order.side,
      clientOrderId: order.clientOrderId,
      replacedOrderId,
      priceTicks: order.priceTicks,
      quantityLots,
      trace: order.trace,
    });
  }
}
