/**
 * OrderManager: every order of ours that may still have an execution, and the executions that were
 * booked. Reports come in any order, twice or late; fills are booked once, by the venue's trade
 * key. It never decides what to send: the planner does. Pure.
 */

import type { OrderEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { Side } from "#domain/instrument.ts";
import { type OrderRequest, parseClientOrderId } from "#domain/order.ts";
import { RecentMap } from "#domain/recent-map.ts";
import type { OrderTrace } from "#ports/sink.ts";
import { ManagedOrder } from "./managed-order.ts";

/** Ended orders that are kept for late reports, and trade keys kept against duplicates. */
const MAX_ENDED_ORDERS = 4096;
const MAX_TRADE_KEYS = 65_536;
/**
 * A look-up that finds nothing is believed only when the order is this old: a request is refused
 * by the venue once it is older than its receive window (5 s), so it can no longer arrive.
 */
const NOT_FOUND_FINAL_MS = 6_000;
/** An order once seen working that look-ups have not found for so long was forgotten: it ended. */
const VANISHED_FINAL_MS = 60_000;

/** What a report meant: for the engine to act on. */
export type OrderNews =
  | "none"
  | "foreign"
  | "stray"
  | "acknowledged"
  | "working"
  | "ended"
  | "rejected"
  | "request-refused"
  | "doubt";

export interface Holdings {
  readonly lots: number;
  readonly units: number;
}

export type FillNews = "booked" | "duplicate" | "foreign";

export class OrderManager {
  readonly #prefix: string;
  readonly #pairId: string;
  readonly #live = new Map<string, ManagedOrder>();
  readonly #ended = new RecentMap<ManagedOrder>(MAX_ENDED_ORDERS);
  readonly #tradeKeys = new RecentMap<true>(MAX_TRADE_KEYS);
  readonly #lackingFills = new Map<string, ManagedOrder>();
  #bookedFills = 0;

  constructor(prefix: string, pairId: string) {
    this.#prefix = prefix;
    this.#pairId = pairId;
  }

  /** Orders that may still have an execution, in the order they were sent. */
  get live(): ReadonlyMap<string, ManagedOrder> {
    return this.#live;
  }

  /** A live order, or one that ended not long ago. */
  find(clientOrderId: string): ManagedOrder | undefined {
    return this.#live.get(clientOrderId) ?? this.#ended.get(clientOrderId);
  }

  /** Executions that were booked since the start. */
  get bookedFills(): number {
    return this.#bookedFills;
  }

  /** An order may still have an execution, or one is missing. */
  get isOpen(): boolean {
    return this.#live.size > 0 || this.lacksFills;
  }

  /** The venue filled more than the executions that reached us: they must be fetched. */
  get lacksFills(): boolean {
    return this.#lackingFills.size > 0;
  }

  /**
   * What executions have taken that the venue counted and we have not booked: tick-lot units of
   * quote for "buy", lots of base for "sell". The books still show it, but it can be spent no more.
   */
  missingCost(side: Side): number {
    let cost = 0;
    for (const order of this.#lackingFills.values()) {
      if (order.side === side) cost += order.missingLots * (side === "buy" ? order.priceTicks : 1);
    }
    return cost;
  }

  /**
   * By how much those executions have moved what is held: lots of base, and tick-lot units of
   * quote by the prices of their orders; signed.
   */
  missing(): Holdings {
    let [lots, units] = [0, 0];
    for (const order of this.#lackingFills.values()) {
      const signed = order.side === "buy" ? order.missingLots : -order.missingLots;
      lots += signed;
      units -= signed * order.priceTicks;
    }
    return { lots, units };
  }

  /** Whether an id is of this pair, whatever run it was sent by. */
  isOurs(clientOrderId: string): boolean {
    const parts = parseClientOrderId(clientOrderId);
    return parts?.prefix === this.#prefix && parts.pair === this.#pairId;
  }

  /** Takes up an order that is about to be sent. */
  add(
    request: OrderRequest,
    origin: { createdMs: number; trace: OrderTrace | null; replaces: ManagedOrder | null },
  ): ManagedOrder {
    const order = new ManagedOrder(request, origin);
    this.#live.set(order.clientOrderId, order);
    return order;
  }

  /** Books one execution, once. */
  onFill(fill: Fill): FillNews {
    if (!this.isOurs(fill.clientOrderId)) return "foreign";
    if (this.#tradeKeys.has(fill.tradeId)) return "duplicate";
    this.#tradeKeys.set(fill.tradeId, true);
    this.#bookedFills += 1;
    const order = this.find(fill.clientOrderId);
    if (order !== undefined) {
      order.addFill(fill);
      this.#retire(order);
    }
    return "booked";
  }

  /** Adds what the venue says of an order. @param nowMs the engine's time */
  onReport(event: OrderEvent, nowMs: number): OrderNews {
    const order = this.find(event.clientOrderId);
    if (order === undefined) return this.isOurs(event.clientOrderId) ? "stray" : "foreign";
    const wasEnded = order.isEnded;
    const news = this.#addReport(order, event, nowMs);
    this.#retire(order);
    if (order.isEnded && !wasEnded && news !== "rejected") return "ended";
    return wasEnded && order.isEnded ? "none" : news;
  }

  #addReport(order: ManagedOrder, event: OrderEvent, nowMs: number): OrderNews {
    switch (event.change) {
      case "open": {
        const news = order.isKnownToVenue ? "working" : "acknowledged";
        order.addSeen(event.venueOrderId, event.quantityLots, event.filledLots);
        return news;
      }
      case "canceled":
      case "expired":
      case "filled":
        order.addSeen(event.venueOrderId, event.quantityLots, event.filledLots);
        order.addEnding(event.change, event.filledLots);
        return "ended";
      case "rejected":
        order.addEnding("rejected", event.filledLots);
        // A replacement that was refused before its turn leaves the first order as it was.
        return order.isEnded ? "rejected" : "none";
      case "cancel-rejected":
      case "amend-rejected":
        return this.#onRefused(order, event, nowMs);
      case "unknown":
        order.addDoubt(nowMs);
        return order.isEnded ? "none" : "doubt";
      case "not-found":
        return this.#onNotFound(order, nowMs);
    }
  }

  /** The order is as it was; where the venue does not know it any more, it ended unseen. */
  #onRefused(order: ManagedOrder, event: OrderEvent, nowMs: number): OrderNews {
    if (order.isEnded) return "none";
    order.setInFlight("none", nowMs);
    if (event.reason !== "unknown-order") return "request-refused";
    order.addDoubt(nowMs);
    return "doubt";
  }

  #onNotFound(order: ManagedOrder, nowMs: number): OrderNews {
    if (order.isEnded) return "none";
    order.addDoubt(nowMs);
    if (order.isKnownToVenue) {
      // An order seen working cannot vanish at once: the venue's look-up lags. Ask again.
      if (nowMs - order.doubtSinceMs < VANISHED_FINAL_MS) return "doubt";
      order.addEnding("canceled", -1);
      return "ended";
    }
    // What counts is when the question was put, not when its answer came.
    if (order.queriedMs - order.createdMs < NOT_FOUND_FINAL_MS) return "doubt";
    order.addEnding("rejected", -1);
    return "ended";
  }

  #retire(order: ManagedOrder): void {
    if (order.missingLots > 0) {
      this.#lackingFills.set(order.clientOrderId, order);
      dropOldest(this.#lackingFills, MAX_ENDED_ORDERS);
    } else {
      this.#lackingFills.delete(order.clientOrderId);
    }
    if (!order.isEnded) {
      // Given up, and yet it lives: it counts again.
      if (this.#live.has(order.clientOrderId)) return;
      this.#ended.delete(order.clientOrderId);
      this.#live.set(order.clientOrderId, order);
      return;
    }
    if (!this.#live.delete(order.clientOrderId)) return;
    this.#ended.set(order.clientOrderId, order);
  }
}

/**
 * Whether news of an order call for a new ladder; `isWaiting`: something waits for any of them.
 * One that works although it was to be canceled is planned anew: its cancel may be lost.
 */
export function callsForLadder(news: OrderNews, wasCancel: boolean, isWaiting: boolean): boolean {
  switch (news) {
    case "rejected":
    case "request-refused":
      return true;
    case "ended":
      return isWaiting || !wasCancel;
    case "working":
      return isWaiting || wasCancel;
    case "none":
    case "foreign":
    case "stray":
    case "acknowledged":
    case "doubt":
      return false;
  }
}

/** Keeps a map or set within its bound: both iterate oldest first. */
function dropOldest(
  collection: { size: number; keys(): Iterator<string>; delete(key: string): boolean },
  bound: number,
): void {
  while (collection.size > bound) {
    const oldest = collection.keys().next();
    if (oldest.done === true) return;
    collection.delete(oldest.value);
  }
}
