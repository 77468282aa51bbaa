/**
 * SpotExecution: the decision core's wishes as requests to Binance Spot, and each answer as news of
 * the order. An answer that was lost, or cannot be read, is `unknown`, never a failure. Requests
 * leave before a method returns; news of them comes later, never from within it. Orders that are
 * not this pair's are never touched. Sends through SpotApi; does no other I/O.
 */

import { messageOf } from "#domain/errors.ts";
import type { OrderChange } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { OrderRequest, RejectReason } from "#domain/order.ts";
import type { Timers } from "#net/timers.ts";
import type { Execution } from "#ports/sink.ts";
import type { ApiAnswer } from "../binance/api.ts";
import type { RequestParams } from "../binance/signing.ts";
import type { Verdict } from "../binance/verdicts.ts";
import type { MessageContext } from "../binance/wire.ts";
import { LookAgain } from "../look-again.ts";
import type { VenueNews } from "../news.ts";
import { isCancelUnderWay, type OwnOrders } from "../own-orders.ts";
import { readAmended, readCanceled, readPlaced, replaceVerdictOf, verdictOf } from "./answers.ts";
import type { ApiMethod, SpotApi } from "./api.ts";
import type { Holdings, OrderChecks, Refusal } from "./order-checks.ts";
import { readOpenOrders, readOrder } from "./responses.ts";

/** The price of an order that has waited longer is of then; the core gives it up after 6 s. */
const PLACE_WITHIN_MS = 1000;

/** `other`: that a market is closed comes among these. */
const RULE_REFUSALS: ReadonlySet<RejectReason> = new Set(["filter", "other"]);

export interface ExecutionParts {
  readonly api: SpotApi;
  readonly instrument: Instrument;
  readonly orders: OwnOrders;
  readonly checks: OrderChecks;
  readonly news: VenueNews;
  readonly timers: Timers;
  readonly holdings: () => Holdings;
  /** The venue refused an order by a rule that our checks did not know: rules may have changed. */
  readonly onRuleRefusal: () => void;
}

export class SpotExecution implements Omit<Execution, "reconcile"> {
  readonly #parts: ExecutionParts;
  readonly #symbol: string;
  readonly #lookAgain: LookAgain;
  /** Orders that wait for the cancel of those that they replace. */
  readonly #unsent = new Set<string>();
  #isStopped = false;

  constructor(parts: ExecutionParts) {
    this.#parts = parts;
    this.#lookAgain = new LookAgain(parts.timers, (id) => this.query(id));
    this.#symbol = parts.instrument.symbol;
  }

  /** Nothing is asked again from now on. */
  stop(): void {
    this.#isStopped = true;
    this.#lookAgain.stop();
  }

  place(request: OrderRequest): void {
    const refusal = this.#takeUp(request);
    if (refusal === null) this.#place(request);
    else this.#tellSoon(request.clientOrderId, "rejected", refusal);
  }

  /** Where the order cannot be amended (any more) it is cancelled: it must not stay too large. */
  amend(clientOrderId: string, quantityLots: number): void {
    const { orders, checks, instrument } = this.#parts;
    if (!checks.canAmend(orders.find(clientOrderId))) {
      this.#cancel(clientOrderId, "amend-rejected");
      return;
    }
    const params = {
      ...this.#idOf(clientOrderId),
      newQty: instrument.sizeString(quantityLots),
      newClientOrderId: clientOrderId,
    };
    this.#send("order.amend.keepPriority", params, [clientOrderId], (answer) => {
      const verdict = this.#verdict(answer);
      if (verdict.kind !== "refused") orders.countAmend(clientOrderId);
      if (verdict.kind === "accepted") {
        this.#parts.news.event(readAmended(verdict.result, clientOrderId, this.#context()));
      } else this.#tellFailure(clientOrderId, "amend-rejected", verdict);
    });
  }

  /**
   * In one request where the symbol allows it, else cancelled first and placed after. A new order
   * that the venue would refuse is not sent, and the old one goes: it is not where it should be.
   */
  replace(clientOrderId: string, request: OrderRequest): void {
    const refusal = this.#takeUp(request);
    if (refusal !== null) {
      this.#tellSoon(request.clientOrderId, "rejected", refusal);
      this.cancel(clientOrderId);
    } else if (this.#parts.checks.rules.canReplace) this.#replace(clientOrderId, request);
    else this.#cancelThenPlace(clientOrderId, request);
  }

  cancel(clientOrderId: string): void {
    this.#cancel(clientOrderId, "cancel-rejected");
  }

  cancelAll(): void {
    const { orders, news } = this.#parts;
    const nowMs = news.clocks.nowMs();
    for (const order of orders.open()) {
      if (!isCancelUnderWay(order, nowMs)) this.cancel(order.clientOrderId);
    }
    if (!orders.isListed) this.#cancelListed();
  }

  query(clientOrderId: string): void {
    const { news } = this.#parts;
    this.#send("order.status", this.#idOf(clientOrderId), [], (answer) => {
      const verdict = this.#verdict(answer);
      if (verdict.kind === "accepted") {
        // By whatever id it was found, and whatever id it has now: it is the one asked for.
        news.event({ ...readOrder(verdict.result, this.#context()), clientOrderId });
      } else if (verdict.kind === "refused" && verdict.reason === "unknown-order") {
        news.order(clientOrderId, "not-found", { message: verdict.message });
      } else this.#lookLater(clientOrderId);
    });
  }

  /** From now on the order is known here, and null: it may be sent. */
  #takeUp(request: OrderRequest): Refusal | null {
    const { orders, checks, news, holdings } = this.#parts;
    const refusal = checks.check(request, holdings());
    orders.add(request, news.clocks.nowMs());
    return refusal;
  }

  #place(request: OrderRequest): void {
    const { clientOrderId } = request;
    this.#send("order.place", this.#placeParams(request), [clientOrderId], (answer) =>
      this.#onPlaced(clientOrderId, this.#verdict(answer)),
    );
  }

  #placeParams({ clientOrderId, side, priceTicks, quantityLots }: OrderRequest): RequestParams {
    const { instrument, checks } = this.#parts;
    const params = {
      symbol: this.#symbol,
      side: side === "buy" ? "BUY" : "SELL",
      type: "LIMIT_MAKER",
      price: instrument.priceString(priceTicks),
      quantity: instrument.sizeString(quantityLots),
      newClientOrderId: clientOrderId,
      newOrderRespType: "ACK",
    };
    // Where an account meets itself, the order that rests goes, and nothing is traded.
    return checks.rules.allowedStpModes.includes("EXPIRE_MAKER")
      ? { ...params, selfTradePreventionMode: "EXPIRE_MAKER" }
      : params;
  }

  #onPlaced(clientOrderId: string, verdict: Verdict): void {
    const { news, onRuleRefusal } = this.#parts;
    if (verdict.kind === "accepted") {
      news.event(readPlaced(verdict.result, clientOrderId, this.#context()));
    } else if (verdict.kind === "refused" && verdict.reason === "duplicate-id") {
      // An order of this id rests, and we did not know: it is looked up.
      news.order(clientOrderId, "unknown", { message: verdict.message });
    } else {
      const isRefused = verdict.kind === "refused" && !verdict.isFatal;
      if (isRefused && RULE_REFUSALS.has(verdict.reason)) onRuleRefusal();
      this.#tellFailure(clientOrderId, "rejected", verdict);
    }
  }

  #replace(clientOrderId: string, request: OrderRequest): void {
    const { orders, news } = this.#parts;
    const venueOrderId = orders.find(clientOrderId)?.venueOrderId ?? null;
    const params = {
      ...this.#placeParams(request),
      cancelReplaceMode: "STOP_ON_FAILURE",
      cancelRestrictions: "ONLY_NEW",
      orderRateLimitExceededMode: "DO_NOTHING",
      ...(venueOrderId === null
        ? { cancelOrigClientOrderId: clientOrderId }
        : { cancelOrderId: Number(venueOrderId) }),
    };
    const ids = [clientOrderId, request.clientOrderId];
    // It does not count as a cancel under way: where the order has a fill it stays, and cancelAll
    // must not rely on it.
    this.#send("order.cancelReplace", params, ids, (answer) => {
      const { cancel, place } = replaceVerdictOf(answer, news.clocks.venueNowMs());
      this.#tellFatal(cancel);
      this.#tellFatal(place);
      // One leg that cannot be read says nothing about the other.
      this.#guarded([clientOrderId], () =>
        this.#onCanceled(clientOrderId, "cancel-rejected", cancel),
      );
      this.#guarded([request.clientOrderId], () => this.#onPlaced(request.clientOrderId, place));
    });
  }

  #cancelThenPlace(clientOrderId: string, request: OrderRequest): void {
    const { news } = this.#parts;
    const latestMs = news.clocks.nowMs() + PLACE_WITHIN_MS;
    this.#unsent.add(request.clientOrderId);
    this.#cancel(clientOrderId, "cancel-rejected", (verdict) => {
      // Canceled meanwhile: it must not come after all.
      if (!this.#unsent.delete(request.clientOrderId)) return;
      const isInTime = news.clocks.nowMs() <= latestMs;
      if (verdict.kind === "accepted" && isInTime && !this.#isStopped) {
        this.#place(request);
        return;
      }
      const message = `not sent: ${clientOrderId} was not canceled first, and soon`;
      news.order(request.clientOrderId, "rejected", { reason: "other", message });
    });
  }

  /**
   * @param change what a refusal means to whoever asked
   * @param next told of the verdict after the order's own news
   */
  #cancel(
    clientOrderId: string,
    change: "cancel-rejected" | "amend-rejected",
    next?: (verdict: Verdict) => void,
  ): void {
    const { orders, news } = this.#parts;
    if (this.#unsent.delete(clientOrderId)) {
      const message = "it had not been sent yet";
      queueMicrotask(() => news.order(clientOrderId, "canceled", { message }));
      return;
    }
    orders.setCancelSent(clientOrderId, news.clocks.nowMs());
    this.#send("order.cancel", this.#idOf(clientOrderId), [clientOrderId], (answer) => {
      const verdict = this.#verdict(answer);
      this.#guarded([clientOrderId], () => this.#onCanceled(clientOrderId, change, verdict));
      next?.(verdict);
    });
  }

  #onCanceled(
    clientOrderId: string,
    change: "cancel-rejected" | "amend-rejected",
    verdict: Verdict,
  ): void {
    const { orders, news } = this.#parts;
    orders.setCancelSent(clientOrderId, -Infinity);
    if (verdict.kind === "accepted") {
      news.event(readCanceled(verdict.result, clientOrderId, this.#context()));
      return;
    }
    this.#tellFailure(clientOrderId, change, verdict);
    const isGone = verdict.kind === "refused" && verdict.reason === "unknown-order";
    if (!isGone) this.#lookLater(clientOrderId);
  }

  /** Orders of earlier runs are known to the venue alone. */
  #cancelListed(): void {
    const { orders, news } = this.#parts;
    const askedMs = news.clocks.nowMs();
    this.#send("openOrders.status", { symbol: this.#symbol }, [], (answer) => {
      const verdict = this.#verdict(answer);
      // Unanswered: the core's own reconciliation lists them again.
      if (verdict.kind !== "accepted") return;
      const isOurs = (id: string): boolean => orders.isOurs(id);
      const listed = readOpenOrders(verdict.result, this.#context(), isOurs);
      for (const event of listed) orders.note(event);
      orders.isListed = true;
      for (const { clientOrderId } of listed) {
        const order = orders.find(clientOrderId);
        if (order?.isOpen !== true || isCancelUnderWay(order, news.clocks.nowMs())) continue;
        // What was placed since is not meant.
        if (!order.isOfThisRun || order.createdMs < askedMs) this.cancel(clientOrderId);
      }
    });
  }

  /** An order of an earlier run is asked about until it is known to be gone. */
  #lookLater(clientOrderId: string): void {
    const { orders } = this.#parts;
    const order = orders.find(clientOrderId);
    if (this.#isStopped || order?.isOfThisRun === true || !orders.isOurs(clientOrderId)) return;
    this.#lookAgain.later(clientOrderId);
  }

  /** The venue's number finds an order fastest, and for good. */
  #idOf(clientOrderId: string): RequestParams {
    const venueOrderId = this.#parts.orders.find(clientOrderId)?.venueOrderId ?? null;
    return venueOrderId === null
      ? { symbol: this.#symbol, origClientOrderId: clientOrderId }
      : { symbol: this.#symbol, orderId: Number(venueOrderId) };
  }

  /** @param ids whose outcome is unknown where the answer cannot be read */
  #send(
    method: ApiMethod,
    params: RequestParams,
    ids: readonly string[],
    onAnswer: (answer: ApiAnswer) => void,
  ): void {
    this.#parts.api.call(method, params).then(
      (answer) => this.#guarded(ids, () => onAnswer(answer)),
      (thrown: unknown) => this.#onUnreadable(ids, thrown),
    );
  }

  #guarded(ids: readonly string[], action: () => void): void {
    try {
      action();
    } catch (thrown) {
      this.#onUnreadable(ids, thrown);
    }
  }

  #onUnreadable(ids: readonly string[], thrown: unknown): void {
    const message = messageOf(thrown);
    this.#parts.news.alertOnce("critical", "unreadable-answer", message);
    for (const id of ids) this.#parts.news.order(id, "unknown", { message });
  }

  #verdict(answer: ApiAnswer): Verdict {
    const verdict = verdictOf(answer, this.#parts.news.clocks.venueNowMs());
    this.#tellFatal(verdict);
    return verdict;
  }

  #tellFatal(verdict: Verdict): void {
    if (verdict.kind !== "refused" || !verdict.isFatal) return;
    this.#parts.news.alertOnce("critical", "venue-refuses", verdict.message);
  }

  #tellFailure(
    clientOrderId: string,
    change: OrderChange,
    verdict: Exclude<Verdict, { kind: "accepted" }>,
  ): void {
    const { news } = this.#parts;
    const { message } = verdict;
    if (verdict.kind === "unknown") news.order(clientOrderId, "unknown", { message });
    else news.order(clientOrderId, change, { reason: verdict.reason, message });
  }

  #tellSoon(clientOrderId: string, change: OrderChange, refusal: Refusal): void {
    queueMicrotask(() => this.#parts.news.order(clientOrderId, change, refusal));
  }

  #context(): MessageContext {
    const { instrument, news } = this.#parts;
    return { instrument, receivedTimeMs: news.clocks.nowMs() };
  }
}
