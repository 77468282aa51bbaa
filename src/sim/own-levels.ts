/**
 * Our own resting orders by price level, and how the hot loop tells the few rows that concern
 * them from the many that do not. Pure.
 *
 * A row concerns us where its level holds own orders or was partly taken by our takers (`watch`:
 * a flag per bucket of ticks), or where its price reaches an own order of the other side or a
 * trigger (`low` and `high`: at or beyond these prices, by RowKind). All of these may give a false
 * alarm; none misses a row.
 */

import type { OrderRequest, OrderType } from "#domain/order.ts";
import { RowKind } from "./market-tape.ts";

/** Own buys rest on the bid side, own sells on the ask side: the numbers of RowKind's levels. */
export const BUY = RowKind.bidLevel;
export const SELL = RowKind.askLevel;
export type SideIndex = typeof BUY | typeof SELL;

export const BUCKET_BITS = 10;
const BUCKETS = 1 << BUCKET_BITS;
export const BUCKET_MASK = BUCKETS - 1;
const ROW_KINDS = Object.keys(RowKind).length;

/** Gates that nothing reaches. */
const NEVER_LOW = -1;
const NEVER_HIGH = 0x7fff_ffff;

/** One of our orders at the exchange, from acceptance on. */
export class OwnOrder {
  readonly request: OrderRequest;
  readonly clientOrderId: string;
  readonly venueOrderId: string;
  /** Grows with each accepted order: who is older. */
  readonly sequence: number;
  readonly isBuy: boolean;
  readonly side: SideIndex;
  readonly type: OrderType;
  readonly reduceOnly: boolean;
  /** Limit price; trigger price of a stop. */
  readonly ticks: number;
  quantityLots: number;
  filledLots = 0;
  /** Lots ahead of it in the queue of its level; 0 or more between two rows. */
  front = 0;
  /** Printed at its price since its level's last update. */
  tradedLots = 0;
  /** Whether it stands in the queue of a level, or waits for its trigger, or neither. */
  place: "entering" | "resting" | "waiting" | "done" = "entering";
  /** Whether its remainder is counted in the account's locks. */
  isLocked = false;

  constructor(request: OrderRequest, sequence: number) {
    this.request = request;
    this.clientOrderId = request.clientOrderId;
    this.venueOrderId = sequence.toString();
    this.sequence = sequence;
    this.isBuy = request.side === "buy";
    this.side = this.isBuy ? BUY : SELL;
    this.type = request.type;
    this.reduceOnly = request.reduceOnly;
    this.ticks = request.priceTicks;
    this.quantityLots = request.quantityLots;
  }

  get leavesLots(): number {
    return this.quantityLots - this.filledLots;
  }
}

/** One price level of the recorded book that concerns us. */
export class OwnLevel {
  readonly side: SideIndex;
  readonly ticks: number;
  /** Our orders resting there, oldest first. */
  readonly orders: OwnOrder[] = [];
  /** Recorded lots of it that our own fills have taken since its last update. */
  takenLots = 0;
  /** The next level in the same bucket. */
  next: OwnLevel | null = null;

  constructor(side: SideIndex, ticks: number) {
    this.side = side;
    this.ticks = ticks;
  }
}

export class OwnLevels {
  /** By `kind << BUCKET_BITS | ticks & BUCKET_MASK`; 0 says that no level there concerns us. */
  readonly watch = new Uint8Array(ROW_KINDS * BUCKETS);
  /** By RowKind: a row at or below `low`, or at or above `high`, concerns us. */
  readonly low = new Int32Array(ROW_KINDS).fill(NEVER_LOW);
  readonly high = new Int32Array(ROW_KINDS).fill(NEVER_HIGH);
  readonly #heads: (OwnLevel | null)[] = Array.from({ length: 2 * BUCKETS }, () => null);
  /** Levels that hold orders, best first. */
  readonly #sorted: readonly [OwnLevel[], OwnLevel[]] = [[], []];
  #lowTrigger = NEVER_LOW;
  #highTrigger = NEVER_HIGH;

  constructor() {
    this.low[RowKind.clear] = NEVER_HIGH; // a clear always concerns us
  }

  /** The watched level at a price of a side, or null. */
  at(side: SideIndex, ticks: number): OwnLevel | null {
    let level = this.#heads[bucketOf(side, ticks)] ?? null;
    while (level !== null && level.ticks !== ticks) level = level.next;
    return level;
  }

  add(order: OwnOrder): void {
    const level = this.#watched(order.side, order.ticks);
    if (level.orders.length === 0) {
      const sorted = this.#sorted[order.side];
      const behind = sorted.findIndex((other) => isBetter(order.side, level.ticks, other.ticks));
      sorted.splice(behind === -1 ? sorted.length : behind, 0, level);
    }
    level.orders.push(order);
    this.#setGates();
  }

  remove(order: OwnOrder): void {
    const level = this.at(order.side, order.ticks);
    const index = level?.orders.indexOf(order) ?? -1;
    if (level === null || index === -1) return;
    level.orders.splice(index, 1);
    if (level.orders.length > 0) return;
    const sorted = this.#sorted[order.side];
    sorted.splice(sorted.indexOf(level), 1);
    this.#unwatchIfIdle(level);
    this.#setGates();
  }

  /** The best own price of a side, or undefined. */
  bestTicks(side: SideIndex): number | undefined {
    return this.#sorted[side][0]?.ticks;
  }

  /** The oldest order of the best level, or undefined. */
  first(side: SideIndex): OwnOrder | undefined {
    return this.#sorted[side][0]?.orders[0];
  }

  /** Remembers that own fills took lots of a recorded level, until its next update. */
  take(side: SideIndex, ticks: number, lots: number): void {
    this.#watched(side, ticks).takenLots += lots;
  }

  takenLots(side: SideIndex, ticks: number): number {
    return this.at(side, ticks)?.takenLots ?? 0;
  }

  /** The level was updated: all of it can be taken again. */
  release(level: OwnLevel): void {
    level.takenLots = 0;
    this.#unwatchIfIdle(level);
  }

  releaseAll(): void {
    for (const head of this.#heads) {
      for (let level = head; level !== null; level = level.next) this.release(level);
    }
  }

  /** Prints at or below `low`, or at or above `high`, are to be looked at for triggers. */
  setTriggers(low: number | undefined, high: number | undefined): void {
    this.#lowTrigger = low ?? NEVER_LOW;
    this.#highTrigger = high ?? NEVER_HIGH;
    this.#setGates();
  }

  #watched(side: SideIndex, ticks: number): OwnLevel {
    const found = this.at(side, ticks);
    if (found !== null) return found;
    const level = new OwnLevel(side, ticks);
    const bucket = bucketOf(side, ticks);
    level.next = this.#heads[bucket] ?? null;
    this.#heads[bucket] = level;
    this.watch[bucket] = 1;
    return level;
  }

  #unwatchIfIdle(level: OwnLevel): void {
    if (level.orders.length > 0 || level.takenLots > 0) return;
    const bucket = bucketOf(level.side, level.ticks);
    let before = this.#heads[bucket] ?? null;
    if (before === level) {
      this.#heads[bucket] = level.next;
      if (level.next === null) this.watch[bucket] = 0;
      return;
    }
    while (before !== null && before.next !== level) before = before.next;
    if (before !== null) before.next = level.next;
  }

  #setGates(): void {
    const buy = Math.min(this.bestTicks(BUY) ?? NEVER_LOW, NEVER_HIGH);
    const sell = Math.min(this.bestTicks(SELL) ?? NEVER_HIGH, NEVER_HIGH);
    this.high[RowKind.bidLevel] = sell;
    this.low[RowKind.askLevel] = buy;
    for (const trade of [RowKind.buyTrade, RowKind.sellTrade]) {
      this.low[trade] = Math.max(buy, Math.min(this.#lowTrigger, NEVER_HIGH));
      this.high[trade] = Math.min(sell, this.#highTrigger);
    }
  }
}

/** Whether price `a` comes before price `b` on a side. */
export function isBetter(side: SideIndex, a: number, b: number): boolean {
  return side === BUY ? a > b : a < b;
}

function bucketOf(side: SideIndex, ticks: number): number {
  return (side << BUCKET_BITS) | (ticks & BUCKET_MASK);
}
