/**
 * ManagedOrder: one order of ours as a set of facts. Every report adds facts and none takes one
 * away, so duplicates change nothing and the order of reports does not matter; the status is read
 * off the facts. The one thing that is not a fact of the venue's is doubt: a request whose outcome
 * was lost, which a look-up settles. Pure.
 */

import type { Fill } from "#domain/fill.ts";
import type { Side } from "#domain/instrument.ts";
import type { OrderRequest, OrderStatus } from "#domain/order.ts";
import type { OrderTrace } from "#ports/sink.ts";

/** How a venue says that an order ended, the later ones outranking the earlier. */
const ENDINGS = ["none", "rejected", "expired", "canceled", "filled"] as const;
type Ending = (typeof ENDINGS)[number];

/** A request on the order that has not been answered. */
export type InFlight = "none" | "cancel" | "amend";

export class ManagedOrder {
  readonly clientOrderId: string;
  readonly side: Side;
  readonly priceTicks: number;
  readonly createdMs: number;
  /** Why it has its price and size. */
  readonly trace: OrderTrace | null;
  /** The order that this one takes the place of, until the venue has canceled it. */
  replaces: ManagedOrder | null;
  venueOrderId: string | null = null;
  /** Filled by the executions that reached us. */
  filledLots = 0;
  inFlight: InFlight = "none";
  inFlightSinceMs = 0;
  /** Since when a request's outcome is unknown; -1: nothing is. */
  doubtSinceMs = -1;
  /** When the venue was last asked about it. */
  queriedMs = -Infinity;
  #quantityLots: number;
  #venueFilledLots = 0;
  #seen = false;
  #ending: Ending = "none";

  constructor(
    request: OrderRequest,
    origin: { createdMs: number; trace: OrderTrace | null; replaces: ManagedOrder | null },
  ) {
    this.clientOrderId = request.clientOrderId;
    this.side = request.side;
    this.priceTicks = request.priceTicks;
    this.#quantityLots = request.quantityLots;
    this.createdMs = origin.createdMs;
    this.trace = origin.trace;
    this.replaces = origin.replaces;
  }

  /** The whole quantity, filled part included; amendments only lower it. */
  get quantityLots(): number {
    return this.#quantityLots;
  }

  /** What may still be filled at the venue. */
  get leavesLots(): number {
    return Math.max(0, this.#quantityLots - Math.max(this.filledLots, this.#venueFilledLots));
  }

  /** The venue has shown that this order exists, or did. */
  get isKnownToVenue(): boolean {
    return this.#seen;
  }

  /** It can have no more executions than it has had. */
  get isEnded(): boolean {
    if (this.filledLots >= this.#quantityLots) return true;
    switch (this.#ending) {
      case "none":
        return false;
      case "rejected":
        // A refusal of an id that has been seen working is about another request (a resend).
        return !this.#seen;
      case "expired":
      case "canceled":
      case "filled":
        return true;
    }
  }

  /** Lots that the venue counted as filled and whose executions have not reached us. */
  get missingLots(): number {
    return Math.max(0, Math.min(this.#venueFilledLots, this.#quantityLots) - this.filledLots);
  }

  /** It had an execution, or may have: what was asked of it as it was comes too late. */
  get mayHaveFilled(): boolean {
    return this.filledLots > 0 || this.missingLots > 0 || this.doubtSinceMs >= 0;
  }

  get status(): OrderStatus {
    if (this.filledLots >= this.#quantityLots) return "filled";
    if (this.isEnded) return this.#ending === "none" ? "filled" : this.#ending;
    if (this.doubtSinceMs >= 0) return "unknown";
    if (this.inFlight === "cancel") return "pending-cancel";
    if (this.inFlight === "amend") return "pending-amend";
    if (!this.#seen) return "pending-new";
    return this.filledLots > 0 ? "partially-filled" : "open";
  }

  /** Works at the venue and no request on it is under way: it may be amended or replaced. */
  get isSettled(): boolean {
    return this.#seen && !this.isEnded && this.inFlight === "none" && this.doubtSinceMs < 0;
  }

  /** The venue shows the order as working, with these figures (-1: not said). */
  addSeen(venueOrderId: string | null, quantityLots: number, filledLots: number): void {
    this.#seen = true;
    this.venueOrderId ??= venueOrderId;
    if (quantityLots > 0 && quantityLots < this.#quantityLots) {
      this.#quantityLots = quantityLots;
      if (this.inFlight === "amend") this.inFlight = "none";
    }
    this.#venueFilledLots = Math.max(this.#venueFilledLots, filledLots);
    // While a cancel or an amendment is in doubt, only the answer to a look-up ends the doubt.
    if (this.doubtSinceMs >= 0 && (this.inFlight === "none" || this.wasQueried)) {
      this.inFlight = "none";
      this.doubtSinceMs = -1;
    }
  }

  /** The venue has been asked since the doubt arose. */
  get wasQueried(): boolean {
    return this.queriedMs >= this.doubtSinceMs;
  }

  addFill(fill: Fill): void {
    this.#seen = true;
    this.filledLots += fill.quantityLots;
  }

  addEnding(ending: Exclude<Ending, "none">, filledLots: number): void {
    if (ENDINGS.indexOf(ending) > ENDINGS.indexOf(this.#ending)) this.#ending = ending;
    if (ending === "filled") this.#venueFilledLots = this.#quantityLots;
    this.#venueFilledLots = Math.max(this.#venueFilledLots, filledLots);
    if (ending !== "rejected") this.#seen = true;
    if (this.isEnded) {
      this.inFlight = "none";
      this.doubtSinceMs = -1;
    }
  }

  /** A request was sent, or (with `none`) answered with a refusal: the order is as it was. */
  setInFlight(request: InFlight, nowMs: number): void {
    this.inFlight = request;
    this.inFlightSinceMs = nowMs;
  }

  /** The outcome of a request was lost. */
  addDoubt(nowMs: number): void {
    if (!this.isEnded && this.doubtSinceMs < 0) this.doubtSinceMs = nowMs;
  }
}
