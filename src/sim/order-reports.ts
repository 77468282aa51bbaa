/**
 * OrderReports: what the simulated exchange tells about our orders and money, and what it
 * remembers of them for later questions. Both memories are bounded. Pure.
 */

import { plain } from "#domain/decimal.ts";
import type { AccountEvent, FillEvent, OrderChange, OrderEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { RejectReason } from "#domain/order.ts";
import type { OwnOrder } from "./own-levels.ts";
import type { Charge, Execution, SimAccount } from "./sim-account.ts";

export type ExchangeEvent = OrderEvent | FillEvent | AccountEvent;

/** Executions that a reconcile tells again. */
const MAX_EXECUTIONS = 1000;
/** Ended orders that a query still finds. */
const MAX_ENDED_ORDERS = 10_000;

/** Why a request was refused. */
export interface Refusal {
  readonly reason: RejectReason;
  readonly message: string;
}

export class OrderReports {
  readonly #emit: (event: ExchangeEvent) => void;
  readonly #account: SimAccount;
  /** The newest end of each client order id, as far as `#endedRing` still holds it. */
  readonly #ended = new Map<string, OrderEvent>();
  /** The newest ends; once full, `#endedCount` is the index of the oldest modulo its size. */
  readonly #endedRing: OrderEvent[] = [];
  #endedCount = 0;
  /** The newest fills; once full, `#executions` is the index of the oldest modulo its size. */
  readonly #fills: Fill[] = [];
  #executions = 0;
  #hasUnreportedFill = false;

  constructor(emit: (event: ExchangeEvent) => void, account: SimAccount) {
    this.#emit = emit;
    this.#account = account;
  }

  opened(order: OwnOrder, timeMs: number): void {
    this.#emit(orderEvent(order, "open", null, timeMs));
  }

  /** A placement was refused: the order never was. */
  rejected(clientOrderId: string, refusal: Refusal, timeMs: number): void {
    this.#refused(clientOrderId, "rejected", refusal, timeMs);
  }
  cancelRejected(clientOrderId: string, refusal: Refusal, timeMs: number): void {
    this.#refused(clientOrderId, "cancel-rejected", refusal, timeMs);
  }
  amendRejected(clientOrderId: string, refusal: Refusal, timeMs: number): void {
    this.#refused(clientOrderId, "amend-rejected", refusal, timeMs);
  }

  executed(order: OwnOrder, execution: Execution, charge: Charge, timeMs: number): void {
    const fill: Fill = {
      tradeId: (this.#executions + 1).toString(),
      clientOrderId: order.clientOrderId,
      side: execution.side,
      priceTicks: execution.ticks,
      quantityLots: execution.lots,
      fee: charge.fee,
      feeAsset: charge.feeAsset,
      liquidity: execution.liquidity,
      venueTimeMs: timeMs,
    };
    this.#fills[this.#executions % MAX_EXECUTIONS] = fill;
    this.#executions += 1;
    this.#hasUnreportedFill = true;
    this.#emit({ kind: "fill", venueTimeMs: timeMs, receivedTimeMs: timeMs, fill });
  }

  /** An open order came to its end. */
  ended(
    order: OwnOrder,
    change: "filled" | "canceled" | "expired",
    refusal: Refusal | null,
    timeMs: number,
  ): void {
    const event = orderEvent(order, change, refusal, timeMs);
    this.#remember(event);
    this.#emit(event);
  }

  /** Balances, where executions have changed them since they were last told. */
  balancesIfChanged(timeMs: number): void {
    if (this.#hasUnreportedFill) this.balances(null, timeMs);
  }

  balances(openOrderIds: readonly string[] | null, timeMs: number): void {
    this.#hasUnreportedFill = false;
    this.#emit({
      kind: "account",
      venueTimeMs: timeMs,
      receivedTimeMs: timeMs,
      base: plain(this.#account.base),
      quote: plain(this.#account.quote),
      openOrderIds,
    });
  }

  /** Tells what became of an order that is not open: its end, or that there is none. */
  endedOrUnknown(clientOrderId: string, timeMs: number): void {
    const ended = this.#ended.get(clientOrderId);
    if (ended === undefined) {
      const message = "no such order";
      this.#refused(clientOrderId, "not-found", { reason: null, message }, timeMs);
    } else {
      this.#emit({ ...ended, venueTimeMs: timeMs, receivedTimeMs: timeMs });
    }
  }

  /** Tells the remembered fills again of ids that start so, oldest first. */
  repeatFills(start: string, timeMs: number): void {
    const count = this.#fills.length;
    for (let back = count; back > 0; back -= 1) {
      const fill = this.#fills[(this.#executions - back) % MAX_EXECUTIONS];
      if (fill === undefined || !fill.clientOrderId.startsWith(start)) continue;
      this.#emit({ kind: "fill", venueTimeMs: timeMs, receivedTimeMs: timeMs, fill });
    }
  }

  #remember(event: OrderEvent): void {
    const slot = this.#endedCount % MAX_ENDED_ORDERS;
    const oldest = this.#endedRing[slot];
    // An id may have been used again, and its later end is to be kept.
    if (oldest !== undefined && this.#ended.get(oldest.clientOrderId) === oldest) {
      this.#ended.delete(oldest.clientOrderId);
    }
    this.#endedRing[slot] = event;
    this.#endedCount += 1;
    this.#ended.set(event.clientOrderId, event);
  }

  /** A request failed: the exchange says nothing of quantities. */
  #refused(
    clientOrderId: string,
    change: OrderChange,
    { reason, message }: Pick<OrderEvent, "reason" | "message">,
    timeMs: number,
  ): void {
    this.#emit({
      kind: "order",
      venueTimeMs: timeMs,
      receivedTimeMs: timeMs,
      clientOrderId,
      venueOrderId: null,
      change,
      quantityLots: -1,
      filledLots: -1,
      reason,
      message,
    });
  }
}

function orderEvent(
  order: OwnOrder,
  change: OrderChange,
  refusal: Refusal | null,
  timeMs: number,
): OrderEvent {
  return {
    kind: "order",
    venueTimeMs: timeMs,
    receivedTimeMs: timeMs,
    clientOrderId: order.clientOrderId,
    venueOrderId: order.venueOrderId,
    change,
    quantityLots: order.quantityLots,
    filledLots: order.filledLots,
    reason: refusal === null ? null : refusal.reason,
    message: refusal === null ? "" : refusal.message,
  };
}
