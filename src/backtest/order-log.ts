/** OrderLog: every order that a run sent with its trace, and every fill, for the report. */

import type { OrderEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { Side } from "#domain/instrument.ts";
import type { AuditRecord, OrderTrace } from "#ports/sink.ts";

export interface OrderRow {
  readonly clientOrderId: string;
  readonly sentMs: number;
  readonly side: Side;
  readonly priceTicks: number;
  /** As sent, and as lowered since. */
  readonly quantityLots: number;
  amendedToLots: number;
  readonly replacedOrderId: string | null;
  readonly trace: OrderTrace | null;
  filledLots: number;
  /** How the venue says that it ended; `open` until then. */
  ending: string;
  endedMs: number;
  reason: string;
}

export interface FillRow {
  readonly fill: Fill;
  readonly receivedMs: number;
  /** Bid plus ask in ticks when the fill reached us. */
  readonly midHalfTicks: number;
  readonly level: number;
  readonly shape: string;
}

export class OrderLog {
  readonly orders = new Map<string, OrderRow>();
  readonly fills: FillRow[] = [];
  readonly #seenTrades = new Set<string>();

  onAudit(record: AuditRecord): void {
    if (record.kind !== "order") return;
    if (record.action === "amend") {
      const row = this.orders.get(record.clientOrderId);
      if (row !== undefined) row.amendedToLots = record.quantityLots;
      return;
    }
    if (record.action === "cancel") return;
    this.orders.set(record.clientOrderId, {
      clientOrderId: record.clientOrderId,
      sentMs: record.timeMs,
      side: record.side,
      priceTicks: record.priceTicks,
      quantityLots: record.quantityLots,
      amendedToLots: record.quantityLots,
      replacedOrderId: record.replacedOrderId,
      trace: record.trace,
      filledLots: 0,
      ending: "open",
      endedMs: -1,
      reason: "",
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
        row.ending = event.change;
        row.endedMs = event.receivedTimeMs;
        row.reason = event.reason ?? "";
        break;
      case "open":
      case "cancel-rejected":
      case "amend-rejected":
      case "unknown":
      case "not-found":
    }
  }

  /** Takes a fill once, however often it is told. */
  onFill(fill: Fill, receivedMs: number, midHalfTicks: number): void {
    if (this.#seenTrades.has(fill.tradeId)) return;
    this.#seenTrades.add(fill.tradeId);
    const row = this.orders.get(fill.clientOrderId);
    if (row !== undefined) row.filledLots += fill.quantityLots;
    this.fills.push({
      fill,
      receivedMs,
      midHalfTicks,
      level: row?.trace?.level ?? 0,
      shape: row?.trace?.shape ?? "",
    });
  }
}
