/**
 * OrderPlanner: wanted ladder against live orders, as the cheapest plan. An order within tolerance
 * of a wanted level stays and keeps its place in the queue; one that is only too large is amended
 * down where the venue can do that; a wrong one is replaced in one step; what is left over is
 * canceled or placed. A plan never lets what may be live exceed the side's capital: what has to
 * wait for a cancel is `deferred`.
 * Pure; its arrays are reused.
 */

import type { Instrument, Side } from "#domain/instrument.ts";
import type { LadderSide } from "#strategies/ladder.ts";
import type { ManagedOrder } from "./managed-order.ts";

export type ActionKind = "cancel" | "amend" | "replace" | "place";

/** One thing to send. `level` indexes the LadderSide that the plan was made for; -1: none. */
export interface PlannedAction {
  kind: ActionKind;
  side: Side;
  order: ManagedOrder | null;
  level: number;
  priceTicks: number;
  quantityLots: number;
}

export interface PlanLimits {
  /** An order within so many ticks of a wanted price stays. */
  keepPriceTicks: number;
  /** An order within so many per cent of a wanted size stays. */
  keepSizePct: number;
  /** Lots for asks, tick-lot units for bids: what all orders of the side may add up to. */
  capital: number;
}

/** How a live order relates to the wanted ladder. */
interface Match {
  order: ManagedOrder;
  /** Index of the wanted level it serves; -1: none. */
  level: number;
  /** Leaves wanted of it: below its own means an amendment. */
  lots: number;
}

/** The plan of one side. Make one per side and reuse it. */
export class OrderPlanner {
  readonly actions: PlannedAction[] = [];
  /** Something has to wait: for capital that a cancel will free, or for an order to settle. */
  deferred = false;
  /** What is live now may cost more than the side's capital: less of it must be, and soon. */
  isOverrun = false;
  readonly #side: Side;
  readonly #instrument: Instrument;
  readonly #matches: Match[] = [];
  #matched = new Uint8Array(0);

  constructor(instrument: Instrument, side: Side) {
    this.#instrument = instrument;
    this.#side = side;
  }

  /**
   * Plans one side.
   * @param live this side's orders that are not ended, nearest to the mid first
   */
  plan(wanted: LadderSide, live: readonly ManagedOrder[], limits: PlanLimits): void {
    this.actions.length = 0;
    this.deferred = false;
    if (this.#matched.length < wanted.count) this.#matched = new Uint8Array(wanted.count);
    this.#matched.fill(0, 0, wanted.count);
    this.#match(wanted, live, limits);
    this.#shrinkToCapital(wanted, limits.capital);
    let free = limits.capital - this.#committed(live);
    this.isOverrun = free < 0;
    this.#amend();
    free = this.#replace(wanted, free);
    this.#place(wanted, free);
  }

  /** Pairs orders with levels, both nearest first: a greedy walk finds the most pairs there are. */
  #match(wanted: LadderSide, live: readonly ManagedOrder[], limits: PlanLimits): void {
    this.#matches.length = 0;
    let level = 0;
    for (const order of live) {
      const match: Match = { order, level: -1, lots: 0 };
      this.#matches.push(match);
      // An order that is on its way, or in doubt, still serves its level: never send it twice.
      if (order.inFlight === "cancel") continue;
      while (level < wanted.count && this.#isNearer(wanted.priceTicks[level] ?? 0, order, limits)) {
        level += 1;
      }
      if (level >= wanted.count) continue;
      const distance = Math.abs((wanted.priceTicks[level] ?? 0) - order.priceTicks);
      if (distance > limits.keepPriceTicks) continue;
      const lots = this.#lotsKept(order, wanted.quantityLots[level] ?? 0, limits);
      if (lots < 0) continue;
      match.level = level;
      match.lots = lots;
      this.#matched[level] = 1;
      level += 1;
    }
  }

  /** Leaves kept of an order for a level of this size; -1: in its place it cannot be mended. */
  #lotsKept(order: ManagedOrder, wantedLots: number, { keepSizePct }: PlanLimits): number {
    const { leavesLots } = order;
    const tolerance = (wantedLots * keepSizePct) / 100;
    if (!order.isSettled || Math.abs(leavesLots - wantedLots) <= tolerance) return leavesLots;
    return leavesLots > wantedLots && this.#instrument.canAmend ? wantedLots : -1;
  }

  /** Whether a wanted price lies nearer to the mid than an order, beyond the tolerance. */
  #isNearer(priceTicks: number, order: ManagedOrder, limits: PlanLimits): boolean {
    return this.#side === "buy"
      ? priceTicks > order.priceTicks + limits.keepPriceTicks
      : priceTicks < order.priceTicks - limits.keepPriceTicks;
  }

  /** Value of so many lots at a price, in the unit of the side's capital. */
  #cost(priceTicks: number, lots: number): number {
    return this.#side === "buy" ? priceTicks * lots : lots;
  }

  /**
   * Kept orders may be a little larger or dearer than wanted. Where that makes the whole exceed the
   * capital, the outermost are cut to the wanted size (where that can be done in place), and if
   * need be moved to the wanted price.
   */
  #shrinkToCapital(wanted: LadderSide, capital: number): void {
    let total = 0;
    for (let level = 0; level < wanted.count; level += 1) {
      if (this.#matched[level] === 1) continue;
      total += this.#cost(wanted.priceTicks[level] ?? 0, wanted.quantityLots[level] ?? 0);
    }
    for (const match of this.#matches) {
      if (match.level >= 0) total += this.#cost(match.order.priceTicks, match.lots);
    }
    total = this.#cutToWanted(wanted, total, capital);
    for (let index = this.#matches.length - 1; index >= 0 && total > capital; index -= 1) {
      const match = this.#matches[index];
      if (match === undefined || match.level < 0 || !match.order.isSettled) continue;
      const { level, order, lots } = match;
      const price = wanted.priceTicks[level] ?? 0;
      const wantedCost = this.#cost(price, wanted.quantityLots[level] ?? 0);
      const excess = this.#cost(order.priceTicks, lots) - wantedCost;
      if (excess <= 0) continue;
      total -= excess;
      this.#matched[level] = 0;
      match.level = -1;
    }
  }

  /** Amends kept orders down to what is wanted of them, outermost first, as far as it is needed. */
  #cutToWanted(wanted: LadderSide, totalBefore: number, capital: number): number {
    let total = totalBefore;
    if (!this.#instrument.canAmend) return total;
    for (let index = this.#matches.length - 1; index >= 0 && total > capital; index -= 1) {
      const match = this.#matches[index];
      if (match === undefined || match.level < 0 || !match.order.isSettled) continue;
      const wantedLots = wanted.quantityLots[match.level] ?? 0;
      const unit = this.#cost(match.order.priceTicks, 1);
      const needed = match.lots - Math.ceil((total - capital) / unit);
      const lots = Math.max(Math.min(wantedLots, match.lots), needed);
      total -= (match.lots - lots) * unit;
      match.lots = lots;
    }
    return total;
  }

  /** What the orders that may be live can cost; a pair in replacement counts its larger one. */
  #committed(live: readonly ManagedOrder[]): number {
    let total = 0;
    for (const order of live) total += committedCost(order);
    return total;
  }

  #amend(): void {
    for (const match of this.#matches) {
      const { order } = match;
      if (!order.isSettled || match.level < 0) continue;
      if (match.lots < order.leavesLots) {
        this.#push("amend", order, match.level, match.lots);
      }
    }
  }

  /** Orders that serve no level are moved to levels that have none, nearest first, or canceled. */
  #replace(wanted: LadderSide, freeBefore: number): number {
    let free = freeBefore;
    let level = 0;
    for (const match of this.#matches) {
      const { order } = match;
      if (match.level >= 0 || order.inFlight === "cancel") continue;
      if (!order.isSettled) {
        // It must go, and can only once its request is answered.
        this.deferred = true;
        continue;
      }
      while (level < wanted.count && this.#matched[level] === 1) level += 1;
      const price = wanted.priceTicks[level] ?? 0;
      const lots = wanted.quantityLots[level] ?? 0;
      const extra = this.#cost(price, lots) - this.#cost(order.priceTicks, order.leavesLots);
      // Only an order without a fill can be moved in one step and its size be known beforehand.
      if (level < wanted.count && order.filledLots === 0 && extra <= Math.max(free, 0)) {
        free -= Math.max(extra, 0);
        this.#matched[level] = 1;
        this.actions.push({
          kind: "replace",
          side: this.#side,
          order,
          level,
          priceTicks: price,
          quantityLots: lots,
        });
      } else {
        this.#push("cancel", order, -1, 0);
      }
    }
    return free;
  }

  #place(wanted: LadderSide, freeBefore: number): void {
    let free = freeBefore;
    for (let level = 0; level < wanted.count; level += 1) {
      if (this.#matched[level] === 1) continue;
      const price = wanted.priceTicks[level] ?? 0;
      const lots = wanted.quantityLots[level] ?? 0;
      const cost = this.#cost(price, lots);
      if (cost > free || !this.#instrument.reachesMinimum(price, lots)) {
        this.deferred ||= cost > free;
        continue;
      }
      free -= cost;
      this.actions.push({
        kind: "place",
        side: this.#side,
        order: null,
        level,
        priceTicks: price,
        quantityLots: lots,
      });
    }
  }

  #push(kind: ActionKind, order: ManagedOrder, level: number, quantityLots: number): void {
    const { priceTicks } = order;
    this.actions.push({ kind, side: this.#side, order, level, priceTicks, quantityLots });
  }
}

/** What one order can cost its side's capital: tick-lot units for a bid, lots for an ask. */
export function committedCost(order: ManagedOrder): number {
  const cost = leavesCost(order);
  const old = order.replaces;
  return old === null || old.isEnded ? cost : Math.max(0, cost - leavesCost(old));
}

function leavesCost(order: ManagedOrder): number {
  return order.side === "buy" ? order.priceTicks * order.leavesLots : order.leavesLots;
}
