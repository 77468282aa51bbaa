/**
 * OrderNews: verdicts on orders, modifications and cancels as news of the orders that they are
 * about. May import domain and the venue's readers; does no I/O.
 */

import type { OrderChange, OrderEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { OrderRequest, RejectReason } from "#domain/order.ts";
import type { VenueNews } from "../news.ts";
import type { OwnOrders } from "../own-orders.ts";
import type { Placed, Verdict } from "./answers.ts";
import { type ModifyRefusal, modifyRefusalOf, type Refusal } from "./errors.ts";
import { kindOf } from "./order-kinds.ts";
import type { CancelRefused } from "./outbox.ts";

type Unsent = Extract<Verdict<never>, { kind: "unsent" }>;
type Answered = Pick<OrderEvent, "change" | "filledLots"> &
  Partial<Pick<OrderEvent, "venueOrderId" | "reason" | "message">>;

export class OrderNews {
  readonly #news: VenueNews;
  readonly #orders: OwnOrders;
  readonly #instrument: Instrument;

  constructor(news: VenueNews, orders: OwnOrders, instrument: Instrument) {
    this.#news = news;
    this.#orders = orders;
    this.#instrument = instrument;
  }

  placed(request: OrderRequest, verdict: Verdict<Placed>): void {
    const { clientOrderId } = request;
    switch (verdict.kind) {
      case "accepted":
        this.#taken(request, verdict.result);
        return;
      case "refused":
        this.#refused(clientOrderId, verdict.refusal, verdict.message);
        return;
      case "unsent":
        this.#news.order(clientOrderId, "rejected", wordOf(verdict));
        return;
      case "unknown":
        this.#news.order(clientOrderId, "unknown", { message: verdict.message });
    }
  }

  /** @param isWhole the action was refused, not this part of it */
  modified(
    replacedId: string,
    request: OrderRequest,
    { verdict, isWhole }: { readonly verdict: Verdict<Placed>; readonly isWhole: boolean },
  ): void {
    const { message } = verdict.kind === "accepted" ? { message: "" } : verdict;
    switch (verdict.kind) {
      case "accepted":
        this.#news.order(replacedId, "canceled");
        this.placed(request, verdict);
        return;
      case "refused": {
        const { old, placed } = modifyRefusalOf(message);
        const known = oldOf(old, { isWhole, isOfAll: verdict.isOfAll });
        this.#oldOne(replacedId, { old: known, placed }, message);
        this.#refused(request.clientOrderId, placed, message);
        return;
      }
      case "unsent":
        this.#news.order(replacedId, "cancel-rejected", wordOf(verdict));
        this.placed(request, verdict);
        return;
      case "unknown":
        this.#news.order(replacedId, "unknown", { message });
        this.placed(request, verdict);
    }
  }

  canceled(clientOrderId: string, change: CancelRefused, verdict: Verdict<"success">): void {
    switch (verdict.kind) {
      case "accepted":
        this.#news.order(clientOrderId, "canceled");
        return;
      case "refused":
        this.#tellTrouble(verdict.refusal, verdict.message);
        this.#news.order(clientOrderId, change, {
          reason: verdict.refusal.reason,
          message: verdict.message,
        });
        return;
      case "unsent":
        this.#news.order(clientOrderId, change, wordOf(verdict));
        return;
      case "unknown":
        this.#news.order(clientOrderId, "unknown", { message: verdict.message });
    }
  }

  /** Fills themselves come by the account's stream: here only the order's state is told. */
  #taken(request: OrderRequest, { venueOrderId, filled }: Placed): void {
    // The stream was quicker, and may have told more since.
    const known = this.#orders.find(request.clientOrderId)?.venueOrderId ?? null;
    if (filled === null && known !== null) return;
    const filledLots = filled === null ? -1 : this.#instrument.lotsOf(filled);
    const change = changeOfTaken(request, filledLots);
    this.#report(request.clientOrderId, { venueOrderId, change, filledLots });
  }

  /** An answer that says as much as a report. */
  #report(clientOrderId: string, { venueOrderId = null, ...word }: Answered): void {
    const { clocks } = this.#news;
    this.#news.event({
      kind: "order",
      venueTimeMs: clocks.venueNowMs(),
      receivedTimeMs: clocks.nowMs(),
      clientOrderId,
      venueOrderId,
      quantityLots: -1,
      reason: null,
      message: "",
      ...word,
    });
  }

  #refused(clientOrderId: string, refusal: Refusal, message: string): void {
    this.#tellTrouble(refusal, message);
    const { reason } = refusal;
    if (refusal.kind !== "order" || refusal.change === "rejected") {
      this.#news.order(clientOrderId, "rejected", { reason, message });
      return;
    }
    this.#report(clientOrderId, { change: refusal.change, filledLots: 0, reason, message });
  }

  #oldOne(replacedId: string, { old, placed }: ModifyRefusal, message: string): void {
    switch (old) {
      case "canceled":
        this.#news.order(replacedId, "canceled");
        return;
      case "doubtful":
        this.#news.order(replacedId, "unknown", { message });
        return;
      case "gone":
        this.#news.order(replacedId, "cancel-rejected", { reason: "unknown-order", message });
        return;
      case "untouched":
        this.#news.order(replacedId, "cancel-rejected", { reason: placed.reason, message });
    }
  }

  /** What concerns more than this one order. */
  #tellTrouble(refusal: Refusal, message: string): void {
    switch (refusal.kind) {
      case "fatal":
        this.#news.alertOnce("critical", "venue-refuses", message);
        return;
      case "nonce":
      case "expired":
        this.#news.alertSometimes("warning", `action-${refusal.kind}`, message);
        return;
      case "order":
      case "throttled":
    }
  }
}

/** What words that may be about another order, or about no order, say of this one. */
function oldOf(
  old: ModifyRefusal["old"],
  { isWhole, isOfAll }: { readonly isWhole: boolean; readonly isOfAll: boolean },
): ModifyRefusal["old"] {
  if (isWhole && old === "doubtful") return "untouched";
  if (isOfAll && (old === "gone" || old === "canceled")) return "doubtful";
  return old;
}

/** Of an order that may only take, what was not filled at once never will be. */
function changeOfTaken(request: OrderRequest, filledLots: number): OrderChange {
  if (filledLots < 0) return "open";
  if (filledLots >= request.quantityLots) return "filled";
  return kindOf(request) === "rests" ? "open" : "expired";
}

function wordOf({ why, message }: Unsent): { reason: RejectReason; message: string } {
  return { reason: why === "budget" ? "throttled" : "other", message };
}
