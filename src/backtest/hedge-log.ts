/**
 * HedgeLog: what a run did on the hedge venue: every order with its reason, every fill, and every
 * step of the hedgers' story, for the report. Pure.
 */

import type { OrderEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { AuditRecord } from "#ports/sink.ts";

type OrderRecord = Extract<AuditRecord, { readonly kind: "hedge-order" }>;
/** One step of a hedger's story. */
export type HedgeStepRecord = Extract<AuditRecord, { readonly kind: "hedge" }>;

export interface HedgeOrderRow {
  readonly sent: OrderRecord;
  /** Bid plus ask of the hedge venue, in its ticks, when it was sent. */
  readonly midHalfTicks: number;
  filledLots: number;
  /** How the venue says that it ended; `open` until then. */
  ending: string;
  endedMs: number;
  endReason: string;
}

export interface HedgeFillRow {
  readonly fill: Fill;
  readonly receivedMs: number;
  /** Bid plus ask of the hedge venue, in its ticks, when the fill reached us. */
  readonly midHalfTicks: number;
  /** Undefined: not an order of this run. */
  readonly order: HedgeOrderRow | undefined;
}

export class HedgeLog {
  readonly orders = new Map<string, HedgeOrderRow>();
  readonly fills: HedgeFillRow[] = [];
  readonly steps: HedgeStepRecord[] = [];
  /** Cancels that were asked for. */
  cancels = 0;
  readonly #seenTrades = new Set<string>();

  onAudit(record: AuditRecord, midHalfTicks: number): void {
    if (record.kind === "hedge") this.steps.push(record);
    if (record.kind !== "hedge-order") return;
    if (record.action === "cancel") {
      this.cancels += 1;
      return;
    }
    this.orders.set(record.clientOrderId, {
      sent: record,
      midHalfTicks,
      filledLots: 0,
      ending: "open",
      endedMs: -1,
      endReason: "",
    });
  }

  onOrder(event: OrderEvent): void {
    const row = this.orders.get(event.clientOrderId);
    if (row === undefined || row.ending !== "open") return;
    switch (event.change) {
      case "canceled":
      case "expired":
      case "filled":
      case "rejected":
      case "not-found":
        row.ending = event.change;
        row.endedMs = event.receivedTimeMs;
        row.endReason = event.reason ?? "";
        break;
      case "open":
      case "cancel-rejected":
      case "amend-rejected":
      case "unknown":
    }
  }

  /** Takes a fill once, however often it is told. */
  onFill(fill: Fill, receivedMs: number, midHalfTicks: number): void {
    if (this.#seenTrades.has(fill.tradeId)) return;
    this.#seenTrades.add(fill.tradeId);
    const order = this.orders.get(fill.clientOrderId);
    if (order !== undefined) order.filledLots += fill.quantityLots;
    this.fills.push({ fill, receivedMs, midHalfTicks, order });
  }
}
