/**
 * HedgeOrderDesk: the hedgers' orders at the hedge venue. It names them, sends them, and keeps what
 * the order manager does not: what each was sent as, its mean price, why it was refused. Pure.
 */

import type { OrderEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import { formatClientOrderId, type OrderRequest, type RejectReason } from "#domain/order.ts";
import { RecentMap } from "#domain/recent-map.ts";
import type { HedgeOrderSpec, HedgeOrders, HedgeOrderView } from "#hedge/hedge-orders.ts";
import type { AuditRecord, Execution, Sink } from "#ports/sink.ts";
import { type FillNews, OrderManager, type OrderNews } from "./order-manager.ts";
import type { EngineParams } from "./params.ts";

/** Orders that are remembered after their end: far more than one round of hedging has. */
const MAX_REMEMBERED = 1024;

/** A cancel that was refused is sent again after this: the refusal is news that leads here. */
const CANCEL_AGAIN_MS = 1_000;

interface Sent {
  readonly spec: HedgeOrderSpec;
  /** Σ ticks · lots of its fills: a whole number. */
  filledUnits: number;
  rejectReason: RejectReason | null;
}

export class HedgeOrderDesk implements HedgeOrders {
  readonly orders: OrderManager;
  nowMs = -Infinity;
  readonly #params: Pick<EngineParams, "orderPrefix" | "pairId" | "epoch">;
  readonly #execution: Execution;
  readonly #sink: Sink;
  readonly #sent = new RecentMap<Sent>(MAX_REMEMBERED);
  #sequence = 0;

  constructor(
    params: Pick<EngineParams, "orderPrefix" | "pairId" | "epoch">,
    execution: Execution,
    sink: Sink,
  ) {
    this.#params = params;
    this.#execution = execution;
    this.#sink = sink;
    this.orders = new OrderManager(params.orderPrefix, params.pairId);
  }

  place(spec: HedgeOrderSpec, reason: string): string {
    const { orderPrefix: prefix, pairId: pair, epoch } = this.#params;
    this.#sequence += 1;
    const { role, ...rest } = spec;
    const clientOrderId = formatClientOrderId({
      prefix,
      pair,
      role,
      epoch,
      sequence: this.#sequence,
    });
    const request: OrderRequest = { clientOrderId, ...rest };
    this.orders.add(request, { createdMs: this.nowMs, trace: null, replaces: null });
    this.#sent.set(clientOrderId, { spec, filledUnits: 0, rejectReason: null });
    this.#execution.place(request);
    this.#audit("place", clientOrderId, spec, reason);
    return clientOrderId;
  }

  cancel(clientOrderId: string, reason: string): void {
    const order = this.orders.live.get(clientOrderId);
    const sent = this.#sent.get(clientOrderId);
    if (order === undefined || sent === undefined || order.inFlight === "cancel") return;
    order.setInFlight("cancel", this.nowMs);
    this.#execution.cancel(clientOrderId);
    this.#audit("cancel", clientOrderId, sent.spec, reason);
  }

  find(clientOrderId: string): HedgeOrderView | undefined {
    const order = this.orders.find(clientOrderId);
    const sent = this.#sent.get(clientOrderId);
    if (order === undefined || sent === undefined) return undefined;
    const { side, type, priceTicks } = sent.spec;
    const { filledLots } = order;
    return {
      clientOrderId,
      side,
      type,
      priceTicks,
      quantityLots: order.quantityLots,
      filledLots,
      missingLots: order.missingLots,
      averageTicks: filledLots > 0 ? sent.filledUnits / filledLots : 0,
      isEnded: order.isEnded,
      isWorking: order.isSettled,
      isCanceling: order.inFlight === "cancel",
      rejectReason: sent.rejectReason,
    };
  }

  /**
   * Cancels what may still be open.
   * @param sparesCover stops that only reduce stay: without them a position would stand naked
   */
  cancelAll(sparesCover: boolean, reason: string): void {
    for (const [id, { inFlightSinceMs }] of this.orders.live) {
      if (this.nowMs - inFlightSinceMs < CANCEL_AGAIN_MS) continue;
      const spec = this.#sent.get(id)?.spec;
      const isCover = spec?.type === "stop-market" && spec.reduceOnly;
      if (!(sparesCover && isCover)) this.cancel(id, reason);
    }
  }

  onFill(fill: Fill): FillNews {
    const news = this.orders.onFill(fill);
    const sent = this.#sent.get(fill.clientOrderId);
    if (news === "booked" && sent !== undefined) {
      sent.filledUnits += fill.priceTicks * fill.quantityLots;
    }
    return news;
  }

  onReport(event: OrderEvent): OrderNews {
    const wasCancel = this.orders.find(event.clientOrderId)?.inFlight === "cancel";
    const news = this.orders.onReport(event, this.nowMs);
    const sent = this.#sent.get(event.clientOrderId);
    if (news === "rejected" && sent !== undefined) sent.rejectReason = event.reason ?? "other";
    // Of another run or long forgotten, and yet open: nobody looks after it.
    if (news === "stray" && event.change === "open") this.#execution.cancel(event.clientOrderId);
    // It came after the cancel that was meant for it.
    if (news === "acknowledged" && wasCancel) this.#execution.cancel(event.clientOrderId);
    return news;
  }

  #audit(
    action: Extract<AuditRecord, { kind: "hedge-order" }>["action"],
    clientOrderId: string,
    spec: HedgeOrderSpec,
    reason: string,
  ): void {
    const { role, side, type, priceTicks, quantityLots, reduceOnly } = spec;
    this.#sink.audit({
      kind: "hedge-order",
      timeMs: this.nowMs,
      action,
      role,
      side,
      type,
      clientOrderId,
      priceTicks,
      quantityLots,
      reduceOnly,
      reason,
    });
  }
}
