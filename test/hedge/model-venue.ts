/**
 * A small honest hedge venue with a seeded life of its own: orders arrive late, are refused, rest,
 * fill in parts; answers and cancels get lost and are resolved later; fills are told late. What it
 * says is always true, only sometimes late. On top of FakeVenue, which keeps what is known.
 */

import type { Instrument } from "#domain/instrument.ts";
import type { RejectReason } from "#domain/order.ts";
import { Rng } from "#domain/rng.ts";
import type { HedgeOrderSpec } from "#hedge/hedge-orders.ts";
import { type FakeOrder, FakeVenue, market } from "./setup.ts";

/** What only the venue knows of an order. */
interface Fate {
  /** `sent`: not there yet. `resting`: in the book. `fired`: a stop that executes. */
  stage: "sent" | "resting" | "fired" | "ended";
  /** Refused, and nobody was told yet. */
  refusal: RejectReason | null;
  /** Fills that were not told yet, at their prices. */
  untold: { lots: number; ticks: number }[];
  isCancelSent: boolean;
}

export class ModelVenue extends FakeVenue {
  readonly rng: Rng;
  midTicks = 4000;
  /** Of answers and cancels that get lost, orders refused, fills told late; 0…1. */
  faultRate = 0.1;
  readonly #fates = new Map<string, Fate>();

  constructor(instrument: Instrument, seed: number) {
    super(instrument);
    this.rng = new Rng(seed);
  }

  get market(): ReturnType<typeof market> {
    return market(this.midTicks - 1, this.midTicks + 1);
  }

  /** The position with the fills that nobody has been told of. */
  get trueLots(): number {
    let lots = this.book.positionLots;
    for (const [id, { untold }] of this.#fates) {
      const sign = this.order(id).spec.side === "buy" ? 1 : -1;
      for (const fill of untold) lots += sign * fill.lots;
    }
    return lots;
  }

  override place(spec: HedgeOrderSpec, reason: string): string {
    const id = super.place(spec, reason);
    this.#fates.set(id, { stage: "sent", refusal: null, untold: [], isCancelSent: false });
    return id;
  }

  override cancel(clientOrderId: string, reason: string): void {
    super.cancel(clientOrderId, reason);
    this.#fate(clientOrderId).isCancelSent = true;
  }

  #fate(id: string): Fate {
    const fate = this.#fates.get(id);
    if (fate === undefined) throw new Error(`no order ${id}`);
    return fate;
  }

  #happens(rate: number): boolean {
    return this.rng.uniform() < rate;
  }

  /** Moves the price, and lets everything under way go on a little. */
  pass(stepTicks: number): void {
    this.midTicks += this.rng.integer(2 * stepTicks + 1) - stepTicks;
    for (const order of this.orders.values()) {
      const fate = this.#fate(order.id);
      if (fate.stage === "sent" && this.#happens(0.7)) this.#arrive(order, fate);
      if (fate.stage === "resting") this.#rest(order, fate);
      if (fate.stage === "fired") this.#execute(order, fate, order.spec.reduceOnly);
      if (fate.isCancelSent && fate.stage !== "sent" && this.#happens(0.7)) {
        this.#onCancel(order, fate);
      }
      this.#tellLate(order, fate);
    }
  }

  #arrive(order: FakeOrder, fate: Fate): void {
    if (this.#happens(this.faultRate)) order.isInDoubt = true; // the answer gets lost
    const isLost = order.isInDoubt && this.#happens(0.3);
    const refusal = isLost ? "other" : this.#refusal(order.spec);
    if (refusal !== null) {
      fate.stage = "ended";
      fate.refusal = refusal;
      return;
    }
    fate.stage = "resting";
    if (!order.isInDoubt) order.isSeen = true;
  }

  #refusal({ side, type, postOnly, reduceOnly, priceTicks }: HedgeOrderSpec): RejectReason | null {
    const sign = side === "buy" ? 1 : -1;
    const isOther = this.#happens(this.faultRate / 4);
    if (isOther) return this.#happens(0.5) ? "insufficient-balance" : "other";
    if (!reduceOnly && this.#happens(this.faultRate)) return "throttled";
    if (reduceOnly && this.trueLots * sign >= 0) return "reduce-only";
    const touch = this.midTicks + sign;
    if (postOnly && sign * (priceTicks - touch) >= 0) return "would-cross";
    if (type === "stop-market" && sign * (this.midTicks - priceTicks) >= 0) return "would-cross";
    return null;
  }

  #rest(order: FakeOrder, fate: Fate): void {
    const { side, type, timeInForce, priceTicks, reduceOnly } = order.spec;
    const sign = side === "buy" ? 1 : -1;
    if (type === "stop-market") {
      if (sign * (this.midTicks - priceTicks) >= 0) fate.stage = "fired";
    } else if (type === "market" || timeInForce === "ioc") {
      const isWithin = type === "market" || sign * (priceTicks - this.midTicks) > 0;
      if (isWithin) this.#execute(order, fate, reduceOnly);
      fate.stage = "ended"; // with what it got
    } else if (sign * (priceTicks - this.midTicks) >= -1 && this.#happens(0.3)) {
      this.#execute(order, fate, reduceOnly);
    }
  }

  /** Fills a part of it, or all. */
  #execute(order: FakeOrder, fate: Fate, reduceOnly: boolean): void {
    const { side, quantityLots, type, priceTicks } = order.spec;
    const sign = side === "buy" ? 1 : -1;
    const room = reduceOnly ? Math.max(0, -sign * this.trueLots) : Infinity;
    if (room === 0) {
      fate.stage = "ended"; // knocked out: there is nothing to reduce
      return;
    }
    const leaves = quantityLots - order.venueLots - sum(fate.untold) + told(order, fate);
    const part = this.#happens(0.5) ? leaves : 1 + this.rng.integer(leaves);
    const lots = Math.min(part, leaves, room);
    const ticks = type === "limit" ? priceTicks : this.midTicks + sign;
    fate.untold.push({ lots, ticks });
    if (lots === leaves || (type === "stop-market" && this.#happens(0.1))) fate.stage = "ended";
  }

  #onCancel(order: FakeOrder, fate: Fate): void {
    fate.isCancelSent = false;
    if (fate.stage === "ended") return; // it came too late
    if (this.#happens(this.faultRate)) {
      order.isInDoubt = true;
      if (this.#happens(0.5)) order.isCanceling = false;
      if (this.#happens(0.5)) return; // it never arrived
    }
    fate.stage = "ended";
  }

  /** Tells what happened, now or later; looks up what is in doubt. */
  #tellLate(order: FakeOrder, fate: Fate): void {
    if (order.isInDoubt && this.#happens(0.3)) {
      order.isInDoubt = false;
      order.isCanceling = false;
      order.isSeen = order.isSeen || fate.refusal === null;
    }
    const isEarly = this.#happens(this.faultRate);
    if (isEarly && fate.untold.length > 0) {
      // The venue's count of what was filled arrives before the fills do.
      order.venueLots = order.filledLots + sum(fate.untold);
    }
    while (fate.untold.length > 0 && !this.#happens(this.faultRate)) {
      const fill = fate.untold.shift();
      if (fill === undefined) break;
      order.isSeen = true;
      order.venueLots = Math.max(order.venueLots, order.filledLots + fill.lots);
      this.tell(order, fill.lots, fill.ticks);
    }
    if (fate.stage !== "ended" || order.isEnded || order.isInDoubt) return;
    if (this.#happens(this.faultRate)) return;
    // An ending names what was filled in all.
    order.venueLots = order.filledLots + sum(fate.untold);
    order.rejectReason = fate.refusal;
    this.end(order);
  }
}

function sum(fills: readonly { lots: number }[]): number {
  return fills.reduce((lots, fill) => lots + fill.lots, 0);
}

/** Of the untold fills, those that the known count has in it already. */
function told(order: FakeOrder, fate: Fate): number {
  return Math.min(sum(fate.untold), order.venueLots - order.filledLots);
}
