/**
 * PerpExecution: the decision core's wishes as requests to Binance USD-M futures, and each answer
 * as news of the order. An answer that was lost, or cannot be read, is `unknown`, never a failure.
 * Requests leave before a method returns; news of them comes later, never from within it. Orders
 * that are not this pair's are never touched. Sends through PerpApi; does no other I/O.
 *
 * Stops live in the venue's Algo service: they are placed, cancelled and asked about there, by the
 * same client ids, until they became an order.
 */

import type { OrderChange } from "#domain/events.ts";
import type { OrderRequest, RejectReason } from "#domain/order.ts";
import type { Timers } from "#net/timers.ts";
import type { Execution } from "#ports/sink.ts";
import { idParam, isId } from "../binance/json.ts";
import type { RequestParams } from "../binance/signing.ts";
import type { Verdict } from "../binance/verdicts.ts";
import type { MessageContext } from "../binance/wire.ts";
import { LookAgain } from "../look-again.ts";
import { isCancelUnderWay } from "../own-orders.ts";
import { AccountReader, type OpenOrders } from "./account-reader.ts";
import { algoEvent, readAnswered } from "./answers.ts";
import { isUnknownOrder, OrderCalls } from "./order-calls.ts";
import type { OrderChecks, Refusal } from "./order-checks.ts";
import type { OrderOwners, OwnerParts } from "./order-owners.ts";
import { orderParams, stopParams } from "./order-params.ts";
import { readAlgo, readAlgoCanceled, readOrder } from "./responses.ts";

/** The price of an order that has waited longer is of then; the core gives it up after 6 s. */
const PLACE_WITHIN_MS = 1000;

/** `other`: that a market is closed comes among these. */
const RULE_REFUSALS: ReadonlySet<RejectReason> = new Set(["filter", "other"]);

type CancelRefused = "cancel-rejected" | "amend-rejected";

export interface ExecutionParts extends OwnerParts {
  readonly owners: OrderOwners;
  readonly checks: OrderChecks;
  readonly timers: Timers;
  /** The venue has taken an order: the stream should tell of it soon. */
  readonly onPlaced: (clientOrderId: string) => void;
  /** The venue refused an order by a rule that our checks did not know: rules may have changed. */
  readonly onRuleRefusal: () => void;
  /** A stop of ours has become this order. */
  readonly onLinked: (realOrderId: string) => void;
}

export class PerpExecution implements Omit<Execution, "reconcile"> {
  readonly #parts: ExecutionParts;
  readonly #symbol: string;
  readonly #lookAgain: LookAgain;
  readonly #reader: AccountReader;
  readonly #calls: OrderCalls;
  /** Orders that wait for the cancel of those that they replace. */
  readonly #unsent = new Set<string>();
  #isStopped = false;

  constructor(parts: ExecutionParts) {
    this.#parts = parts;
    this.#lookAgain = new LookAgain(parts.timers, (id) => this.query(id));
    this.#reader = new AccountReader(parts);
    this.#calls = new OrderCalls(parts.api, parts.news);
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

  /** This venue lowers no order in its place: it is cancelled, for it must not stay too large. */
  amend(clientOrderId: string, _quantityLots: number): void {
    this.#cancel(clientOrderId, "amend-rejected");
  }

  /**
   * Cancelled first, and the other placed once the venue has confirmed that, without a fill: it has
   * no single step that gives an order a new id. One that is known to have a fill stays; one that
   * is filled meanwhile goes alone. A new order that the venue would refuse is not sent, and the
   * old one goes: it is not where it should be.
   */
  replace(clientOrderId: string, request: OrderRequest): void {
    const refusal = this.#takeUp(request);
    const hasFill = (this.#parts.orders.find(clientOrderId)?.filledLots ?? 0) > 0;
    if (refusal !== null) {
      this.#tellSoon(request.clientOrderId, "rejected", refusal);
      this.cancel(clientOrderId);
    } else if (hasFill) {
      const why: Refusal = { reason: "other", message: `not sent: ${clientOrderId} has a fill` };
      this.#parts.algos.end(request.clientOrderId);
      this.#tellSoon(clientOrderId, "cancel-rejected", why);
      this.#tellSoon(request.clientOrderId, "rejected", why);
    } else this.#cancelThenPlace(clientOrderId, request);
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
    if (!orders.isListed) this.#calls.run([], this.#cancelListed());
  }

  query(clientOrderId: string): void {
    this.#calls.run([], this.#query(clientOrderId));
  }

  /** From now on the order is known here, and null: it may be sent. */
  #takeUp(request: OrderRequest): Refusal | null {
    const { orders, algos, checks, news } = this.#parts;
    const nowMs = news.clocks.nowMs();
    const refusal = checks.check(request, nowMs);
    orders.add(request, nowMs);
    if (refusal === null && request.type === "stop-market") algos.note(request.clientOrderId);
    return refusal;
  }

  #place(request: OrderRequest): void {
    const { clientOrderId, type } = request;
    const { instrument } = this.#parts;
    if (type === "stop-market") {
      this.#calls.send(
        "algoOrder.place",
        stopParams(request, instrument),
        [clientOrderId],
        (verdict) => this.#onStopPlaced(clientOrderId, verdict),
      );
      return;
    }
    this.#calls.send(
      "order.place",
      orderParams(request, instrument),
      [clientOrderId],
      (verdict) => {
        if (verdict.kind !== "accepted") {
          this.#onNotPlaced(clientOrderId, verdict);
          return;
        }
        this.#parts.news.event(readAnswered(verdict.result, clientOrderId, this.#context()));
        this.#parts.onPlaced(clientOrderId);
      },
    );
  }

  #onStopPlaced(clientOrderId: string, verdict: Verdict): void {
    const { algos, onPlaced } = this.#parts;
    if (verdict.kind !== "accepted") {
      if (verdict.kind === "refused" && verdict.reason !== "duplicate-id") algos.end(clientOrderId);
      this.#onNotPlaced(clientOrderId, verdict);
      return;
    }
    this.#tellStop(verdict.result, clientOrderId, "algoOrder.place");
    onPlaced(clientOrderId);
  }

  #onNotPlaced(clientOrderId: string, verdict: Exclude<Verdict, { kind: "accepted" }>): void {
    if (verdict.kind === "refused" && verdict.reason === "duplicate-id") {
      // An order of this id rests, and we did not know: it is looked up.
      this.#parts.news.order(clientOrderId, "unknown", { message: verdict.message });
      return;
    }
    const isRefused = verdict.kind === "refused" && !verdict.isFatal;
    if (isRefused && RULE_REFUSALS.has(verdict.reason)) this.#parts.onRuleRefusal();
    this.#calls.tellFailure(clientOrderId, "rejected", verdict);
  }

  #cancelThenPlace(clientOrderId: string, request: OrderRequest): void {
    const { news, orders, algos } = this.#parts;
    const latestMs = news.clocks.nowMs() + PLACE_WITHIN_MS;
    this.#unsent.add(request.clientOrderId);
    this.#cancel(clientOrderId, "cancel-rejected", (isCanceled) => {
      // Canceled meanwhile: it must not come after all.
      if (!this.#unsent.delete(request.clientOrderId)) return;
      const isInTime = news.clocks.nowMs() <= latestMs;
      const hasFill = (orders.find(clientOrderId)?.filledLots ?? 0) > 0;
      if (isCanceled && isInTime && !hasFill && !this.#isStopped) {
        this.#place(request);
        return;
      }
      algos.end(request.clientOrderId);
      const why = hasFill ? "had a fill" : "was not canceled first, and soon";
      const message = `not sent: ${clientOrderId} ${why}`;
      news.order(request.clientOrderId, "rejected", { reason: "other", message });
    });
  }

  /**
   * @param change what a refusal means to whoever asked
   * @param next told whether it was done, after the order's own news
   */
  #cancel(
    clientOrderId: string,
    change: CancelRefused,
    next: (isCanceled: boolean) => void = () => {},
  ): void {
    const { orders, algos, news } = this.#parts;
    if (this.#unsent.delete(clientOrderId)) {
      algos.end(clientOrderId);
      const message = "it had not been sent yet";
      queueMicrotask(() => news.order(clientOrderId, "canceled", { message }));
      return;
    }
    orders.setCancelSent(clientOrderId, news.clocks.nowMs());
    const onVerdict = (verdict: Verdict): void => {
      let isCanceled = false;
      this.#calls.guarded([clientOrderId], () => {
        isCanceled = this.#onCanceled(clientOrderId, change, verdict);
      });
      next(isCanceled);
    };
    const ids = [clientOrderId];
    if (this.#isWaitingStop(clientOrderId)) {
      this.#calls.send("algoOrder.cancel", { clientAlgoId: clientOrderId }, ids, onVerdict);
      return;
    }
    this.#calls.send("order.cancel", this.#idOf(clientOrderId), ids, (verdict) => {
      // Of an order of an earlier run nobody here knows whether it is a stop.
      const mayBeStop = isUnknownOrder(verdict) && this.#isUnheardOf(clientOrderId);
      if (!mayBeStop) onVerdict(verdict);
      else this.#calls.send("algoOrder.cancel", { clientAlgoId: clientOrderId }, ids, onVerdict);
    });
  }

  /** @returns whether it is canceled, and what was filled of it is known @throws {MmError} */
  #onCanceled(clientOrderId: string, change: CancelRefused, verdict: Verdict): boolean {
    const { orders, algos, news } = this.#parts;
    orders.setCancelSent(clientOrderId, -Infinity);
    if (verdict.kind === "accepted" && isStopAnswer(verdict.result)) {
      const refusal = readAlgoCanceled(verdict.result);
      if (refusal === null) {
        algos.end(clientOrderId);
        news.order(clientOrderId, "canceled");
      } else news.order(clientOrderId, "unknown", { message: refusal });
      return refusal === null;
    }
    if (verdict.kind === "accepted") {
      const named = algos.find(clientOrderId)?.realOrderId ?? null;
      // The order that a stop became need not have the stop's id.
      const event =
        named === null
          ? readAnswered(verdict.result, clientOrderId, this.#context())
          : { ...readOrder(verdict.result, this.#context(), "order.cancel"), clientOrderId };
      news.event(event);
      return true;
    }
    this.#calls.tellFailure(clientOrderId, change, verdict);
    if (!isUnknownOrder(verdict)) this.#lookLater(clientOrderId);
    return false;
  }

  /** Never rejects but for answers that cannot be read. */
  async #query(clientOrderId: string): Promise<void> {
    const { news, algos } = this.#parts;
    const isStop = algos.find(clientOrderId) !== undefined;
    if (!this.#isWaitingStop(clientOrderId)) {
      const verdict = await this.#calls.ask("order.status", this.#idOf(clientOrderId));
      if (verdict.kind === "accepted") {
        // By whatever id it was found: it is the one asked for.
        news.event({
          ...readOrder(verdict.result, this.#context(), "order.status"),
          clientOrderId,
        });
        return;
      }
      if (!isUnknownOrder(verdict)) {
        this.#lookLater(clientOrderId);
        return;
      }
      // Sent by us, and as an ordinary order: it is no stop either.
      if (isStop || !this.#isUnheardOf(clientOrderId)) {
        news.order(clientOrderId, "not-found", { message: verdict.message });
        return;
      }
    }
    await this.#queryStop(clientOrderId);
  }

  async #queryStop(clientOrderId: string): Promise<void> {
    const { news, orders, algos } = this.#parts;
    const verdict = await this.#calls.ask("algoOrder", { clientAlgoId: clientOrderId });
    if (verdict.kind !== "accepted") {
      if (!isUnknownOrder(verdict)) this.#lookLater(clientOrderId);
      else news.order(clientOrderId, "not-found", { message: verdict.message });
      // Given up for good: nothing becomes an order of it.
      if (orders.find(clientOrderId)?.isOpen === false) algos.end(clientOrderId);
      return;
    }
    this.#tellStop(verdict.result, clientOrderId, "algoOrder");
    const real = algos.find(clientOrderId)?.realOrderId ?? null;
    if (real === null) return;
    const params = { symbol: this.#symbol, orderId: idParam(real) };
    const order = await this.#calls.ask("order.status", params);
    if (order.kind === "accepted") {
      news.event({ ...readOrder(order.result, this.#context(), "order.status"), clientOrderId });
    } else this.#lookLater(clientOrderId);
  }

  /** What the venue says of a stop, and of the order that it became. @throws {ProtocolError} */
  #tellStop(json: unknown, clientOrderId: string, where: string): void {
    const { owners, algos, news, onLinked } = this.#parts;
    const report = readAlgo(json, this.#symbol, where);
    const known = algos.find(clientOrderId)?.realOrderId ?? null;
    owners.note({ ...report, clientOrderId });
    const event = algoEvent({ ...report, clientOrderId }, this.#context());
    // It had become an order since: that tells more.
    if (event !== null && known === null) {
      if (event.change !== "open") algos.end(clientOrderId);
      news.event(event);
    }
    if (report.realOrderId !== null && known === null) onLinked(report.realOrderId);
  }

  /** Orders of earlier runs are known to the venue alone. */
  async #cancelListed(): Promise<void> {
    const { orders, owners, news } = this.#parts;
    const askedMs = news.clocks.nowMs();
    const open: OpenOrders | string = await this.#reader.openOrders();
    // Unanswered: the core's own reconciliation lists them again.
    if (typeof open === "string" || this.#isStopped) return;
    const ids = open.orders.map(({ clientOrderId }) => clientOrderId);
    for (const event of open.orders) orders.note(event);
    for (const stop of open.stops) {
      const event = algoEvent(stop, this.#context());
      owners.note(stop);
      if (event !== null) orders.note(event);
      ids.push(stop.clientOrderId);
    }
    orders.isListed = true;
    for (const clientOrderId of ids) {
      const order = orders.find(clientOrderId);
      if (order?.isOpen !== true || isCancelUnderWay(order, news.clocks.nowMs())) continue;
      // What was placed since is not meant.
      if (!order.isOfThisRun || order.createdMs < askedMs) this.cancel(clientOrderId);
    }
  }

  /** An order of an earlier run is asked about until it is known to be gone. */
  #lookLater(clientOrderId: string): void {
    const { orders } = this.#parts;
    const order = orders.find(clientOrderId);
    if (this.#isStopped || order?.isOfThisRun === true || !orders.isOurs(clientOrderId)) return;
    this.#lookAgain.later(clientOrderId);
  }

  /** A stop that has become no order yet, as far as we know. */
  #isWaitingStop(clientOrderId: string): boolean {
    const stop = this.#parts.algos.find(clientOrderId);
    return stop !== undefined && stop.realOrderId === null;
  }

  /** Neither sent by this connection, nor told to be an order or a stop by the venue. */
  #isUnheardOf(clientOrderId: string): boolean {
    const { orders, algos } = this.#parts;
    const order = orders.find(clientOrderId);
    const isOrder = order !== undefined && (order.isOfThisRun || order.venueOrderId !== null);
    return !isOrder && algos.find(clientOrderId) === undefined;
  }

  /** The venue's number finds an order fastest, and for good. */
  #idOf(clientOrderId: string): RequestParams {
    const { orders, algos } = this.#parts;
    const stop = algos.find(clientOrderId);
    const known = orders.find(clientOrderId)?.venueOrderId ?? null;
    const venueOrderId = stop === undefined ? known : stop.realOrderId;
    // A stop that is long forgotten has a name here that is no number.
    return venueOrderId !== null && isId(venueOrderId)
      ? { symbol: this.#symbol, orderId: idParam(venueOrderId) }
      : { symbol: this.#symbol, origClientOrderId: clientOrderId };
  }

  #tellSoon(clientOrderId: string, change: OrderChange, refusal: Refusal): void {
    queueMicrotask(() => this.#parts.news.order(clientOrderId, change, refusal));
  }

  #context(): MessageContext {
    const { instrument, news } = this.#parts;
    return { instrument, receivedTimeMs: news.clocks.nowMs() };
  }
}

/** Orders and stops are cancelled by answers of different shapes. */
function isStopAnswer(json: unknown): boolean {
  return typeof json === "object" && json !== null && "algoId" in json;
}
