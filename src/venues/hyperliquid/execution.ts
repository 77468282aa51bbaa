/**
 * HlExecution: the decision core's wishes as actions of Hyperliquid, and each answer as news of the
 * order. What is wanted within one turn leaves together when the turn ends: cancels, modifications,
 * post-only orders, orders that take and stops, each in an action of its own and none waiting for
 * another. An answer that was lost, or cannot be read, is `unknown`, never a failure. Orders that
 * are not this pair's are never touched. Sends through HlApi; does no other I/O.
 */

import { messageOf } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import { type OrderRequest, parseClientOrderId } from "#domain/order.ts";
import type { Timers } from "#net/timers.ts";
import type { Execution } from "#ports/sink.ts";
import { LookAgain } from "../look-again.ts";
import type { VenueNews } from "../news.ts";
import { isCancelUnderWay, type OwnOrders } from "../own-orders.ts";
import { actInTime } from "./act-in-time.ts";
import {
  batchModifyAction,
  cancelAction,
  cancelByCloidAction,
  MAX_LIGHT_ELEMENTS,
  orderAction,
  wireOrder,
} from "./actions.ts";
import { canceledVerdicts, placedVerdicts, type Verdict } from "./answers.ts";
import type { ActionAnswer, HlAction, HlApi } from "./api.ts";
import { cloidOf, type OwnCloids } from "./cloid.ts";
import { type OrderRefusal, pricedRequest, type Touch } from "./order-checks.ts";
import type { OrderKinds } from "./order-kinds.ts";
import { OrderNews } from "./order-news.ts";
import {
  byRank,
  type CancelRefused,
  Outbox,
  type OutgoingModify,
  type OutgoingOrder,
} from "./outbox.ts";
import { type HlContext, readOpenOrders, readOrderStatus } from "./responses.ts";

/** The venue refuses what reaches it later; own-orders.ts and the core count on it. */
const EXPIRES_IN_MS = 5000;

export interface ExecutionParts {
  readonly api: HlApi;
  readonly instrument: Instrument;
  /** Its number in actions. */
  readonly asset: number;
  /** Whose orders they are, lower case. */
  readonly user: string;
  readonly orders: OwnOrders;
  readonly cloids: OwnCloids;
  readonly kinds: OrderKinds;
  readonly news: VenueNews;
  readonly timers: Timers;
  /** For the worst price of market orders; null: no book is known. */
  readonly touch: () => Touch | null;
  /** See InTime. */
  readonly onTooLate: () => Promise<boolean>;
}

export class HlExecution implements Omit<Execution, "reconcile"> {
  readonly #parts: ExecutionParts;
  readonly #told: OrderNews;
  readonly #lookAgain: LookAgain;
  #outbox = new Outbox();
  #isStopped = false;

  constructor(parts: ExecutionParts) {
    this.#parts = parts;
    this.#lookAgain = new LookAgain(parts.timers, (id) => this.query(id));
    this.#told = new OrderNews(parts.news, parts.orders, parts.instrument);
  }

  /** Nothing is sent or asked again from now on. */
  stop(): void {
    this.#isStopped = true;
    this.#outbox = new Outbox();
    this.#lookAgain.stop();
  }

  place(request: OrderRequest): void {
    const order = this.#takeUp(request);
    if (order !== null) this.#gather().orders.set(request.clientOrderId, order);
  }

  /** This venue lowers no order in its place: it is cancelled, for it must not stay too large. */
  amend(clientOrderId: string, _quantityLots: number): void {
    this.#cancel(clientOrderId, "amend-rejected");
  }

  /**
   * In one step of the venue. A new order that the venue would refuse is not sent, and the old one
   * goes: it is not where it should be.
   */
  replace(clientOrderId: string, request: OrderRequest): void {
    const order = this.#takeUp(request);
    const outbox = this.#gather();
    if (order === null || !request.postOnly) {
      this.cancel(clientOrderId);
      if (order === null) return;
      const message = "only post-only orders take the place of others";
      this.#tellSoon(request.clientOrderId, "rejected", { reason: "other", message });
      return;
    }
    const taken = outbox.takeBack(clientOrderId);
    const { replacedId } = taken ?? { replacedId: clientOrderId };
    if (taken !== null) this.#tellUnsent(clientOrderId);
    if (replacedId === null) outbox.orders.set(request.clientOrderId, order);
    else outbox.modifies.set(request.clientOrderId, { ...order, replacedId });
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
    if (!orders.isListed) this.#run(this.#cancelListed());
  }

  query(clientOrderId: string): void {
    this.#run(this.#query(clientOrderId));
  }

  /** From now on the order is known here; null: it may not be sent, and that is told. */
  #takeUp(request: OrderRequest): OutgoingOrder | null {
    const { orders, kinds, news, instrument, asset, touch } = this.#parts;
    const { clientOrderId } = request;
    if (orders.find(clientOrderId) !== undefined) {
      // What there is under this id is looked up. Whether the venue would take a second is unknown.
      const message = "an order of this id was sent before";
      queueMicrotask(() => news.order(clientOrderId, "unknown", { message }));
      return null;
    }
    orders.add(request, news.clocks.nowMs());
    kinds.add(request);
    try {
      const priced = pricedRequest(request, touch(), instrument);
      if (!("reason" in priced)) return { request, wire: wireOrder(priced, { instrument, asset }) };
      this.#tellSoon(clientOrderId, "rejected", priced);
    } catch (thrown) {
      const refusal: OrderRefusal = { reason: "other", message: messageOf(thrown) };
      this.#tellSoon(clientOrderId, "rejected", refusal);
    }
    return null;
  }

  #cancel(clientOrderId: string, change: CancelRefused): void {
    const { orders, news } = this.#parts;
    const outbox = this.#gather();
    const taken = outbox.takeBack(clientOrderId);
    if (taken !== null) {
      this.#tellUnsent(clientOrderId);
      // Its place was to be empty: so is the place of the order that it was to replace.
      if (taken.replacedId !== null) this.#cancel(taken.replacedId, change);
      return;
    }
    const isKnown = (orders.find(clientOrderId)?.venueOrderId ?? null) !== null;
    if (!isKnown && !hasCloid(clientOrderId)) {
      const message = "it is no order of ours";
      this.#tellSoon(clientOrderId, change, { reason: "unknown-order", message });
      return;
    }
    orders.setCancelSent(clientOrderId, news.clocks.nowMs());
    outbox.cancels.set(clientOrderId, change);
  }

  /** What is put there leaves when this turn ends. */
  #gather(): Outbox {
    if (this.#outbox.isEmpty) {
      queueMicrotask(() => {
        if (!this.#outbox.isEmpty) this.#flush();
      });
    }
    return this.#outbox;
  }

  #flush(): void {
    const { cancels, modifies, orders } = this.#outbox;
    this.#outbox = new Outbox();
    if (this.#isStopped) return;
    this.#sendCancels([...cancels]);
    for (const chunk of chunksOf([...modifies.values()])) this.#sendModifies(chunk);
    for (const alike of byRank(orders.values())) {
      for (const chunk of chunksOf(alike)) this.#sendOrders(chunk);
    }
  }

  /** The venue's number finds an order for good; a stop is not cancelled past the queue. */
  #sendCancels(cancels: readonly CancelEntry[]): void {
    const { asset, kinds } = this.#parts;
    for (const isFast of [true, false]) {
      const some = cancels.filter(([id]) => kinds.waits(id) !== isFast);
      const named = some.filter(([id]) => this.#oidOf(id) !== null);
      for (const chunk of chunksOf(named)) {
        const list = chunk.map(([id]) => ({ asset, oid: this.#oidOf(id) ?? 0 }));
        this.#sendCancelAction(cancelAction(list, isFast), chunk);
      }
      const unnamed = some.filter(([id]) => this.#oidOf(id) === null);
      for (const chunk of chunksOf(unnamed)) {
        const list = chunk.map(([id]) => ({ asset, cloid: cloidOf(id) }));
        this.#sendCancelAction(cancelByCloidAction(list, isFast), chunk);
      }
    }
  }

  #sendCancelAction(action: HlAction, chunk: readonly CancelEntry[]): void {
    const ids = chunk.map(([id]) => id);
    this.#act(action, { ids, count: chunk.length, isCancel: true }, (answer) => {
      // Beyond the account's requests no batch goes any more, but now and then one alone.
      const isFirstAlone = isOverBudget(answer) && chunk.length > 1 && !this.#isStopped;
      if (isFirstAlone) this.#sendCancels(chunk.slice(0, 1));
      for (const [index, verdict] of canceledVerdicts(answer, chunk.length).entries()) {
        if (isFirstAlone && index === 0) continue;
        const [id, change] = chunk[index] ?? ["", "cancel-rejected"];
        this.#guarded([id], () => this.#onCanceled(id, change, verdict));
      }
    });
  }

  #sendModifies(chunk: readonly OutgoingModify[]): void {
    const list = chunk.map(({ replacedId, wire }) => ({
      oid: this.#oidOf(replacedId) ?? cloidOf(replacedId),
      order: wire,
    }));
    const ids = chunk.flatMap(({ replacedId, request }) => [replacedId, request.clientOrderId]);
    const scope = { ids, count: chunk.length, isCancel: false };
    this.#act(batchModifyAction(list), scope, (answer) => {
      const isWhole = answer.kind === "refused";
      for (const [index, verdict] of placedVerdicts(answer, chunk.length).entries()) {
        const modify = chunk[index];
        if (modify === undefined) continue;
        const { replacedId, request } = modify;
        this.#guarded([replacedId, request.clientOrderId], () => {
          this.#told.modified(replacedId, request, { verdict, isWhole });
          this.#lookLater(replacedId);
        });
      }
    });
  }

  #sendOrders(chunk: readonly OutgoingOrder[]): void {
    const ids = chunk.map(({ request }) => request.clientOrderId);
    const action = orderAction(chunk.map(({ wire }) => wire));
    this.#act(action, { ids, count: chunk.length, isCancel: false }, (answer) => {
      for (const [index, verdict] of placedVerdicts(answer, chunk.length).entries()) {
        const request = chunk[index]?.request;
        if (request === undefined) continue;
        this.#guarded([request.clientOrderId], () => this.#told.placed(request, verdict));
      }
    });
  }

  #onCanceled(id: string, change: CancelRefused, verdict: Verdict<"success">): void {
    this.#parts.orders.setCancelSent(id, -Infinity);
    this.#told.canceled(id, change, verdict);
    this.#lookLater(id);
  }

  async #query(clientOrderId: string): Promise<void> {
    const { api, user, news, kinds } = this.#parts;
    const oid = this.#oidOf(clientOrderId) ?? (hasCloid(clientOrderId) && cloidOf(clientOrderId));
    if (oid === false) {
      this.#tellSoon(clientOrderId, "not-found", { reason: "unknown-order", message: "not ours" });
      return;
    }
    const answer = await api.info({ type: "orderStatus", user, oid });
    if (answer.kind === "answered") {
      const report = readOrderStatus(answer.result);
      // By whatever id it was found: it is the one asked for.
      if (report !== null) {
        news.event(kinds.meaningOf(report.event(clientOrderId, this.#context())));
      } else news.order(clientOrderId, "not-found", { message: "the venue knows no such order" });
    }
    this.#lookLater(clientOrderId);
  }

  /** Orders of earlier runs are known to the venue alone. */
  async #cancelListed(): Promise<void> {
    const { api, user, orders, news, cloids, kinds } = this.#parts;
    const askedMs = news.clocks.nowMs();
    const answer = await api.info({ type: "frontendOpenOrders", user });
    // Unanswered: the core's own reconciliation lists them again.
    if (answer.kind !== "answered" || this.#isStopped) return;
    const nameOf = (cloid: string | null): string | null => cloids.clientOrderIdOf(cloid);
    const listed = readOpenOrders(answer.result, nameOf, this.#context());
    for (const { event, isTrigger } of listed) {
      orders.note(event);
      kinds.noteListed(event.clientOrderId, isTrigger);
    }
    orders.isListed = true;
    for (const { event } of listed) {
      const { clientOrderId } = event;
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
    if (this.#isStopped || order?.isOpen !== true || order.isOfThisRun) return;
    this.#lookAgain.later(clientOrderId);
  }

  #oidOf(clientOrderId: string): number | null {
    const venueOrderId = this.#parts.orders.find(clientOrderId)?.venueOrderId ?? null;
    return venueOrderId === null ? null : Number(venueOrderId);
  }

  #act(
    action: HlAction,
    { ids, count, isCancel }: ActScope,
    onAnswer: (answer: ActionAnswer) => void,
  ): void {
    const request = { action, requests: count, isCancel, expiresInMs: EXPIRES_IN_MS };
    const { api, timers, onTooLate, orders } = this.#parts;
    // What was cancelled meanwhile must not come after all.
    const isWanted = (): boolean =>
      !this.#isStopped && (isCancel || !ids.some((id) => (orders.find(id)?.cancelSentMs ?? 0) > 0));
    actInTime(request, { api, timers, onTooLate, isWanted }).then(
      (answer) => this.#guarded(ids, () => onAnswer(answer)),
      (thrown: unknown) => this.#onUnreadable(ids, thrown),
    );
  }

  #run(asking: Promise<void>): void {
    asking.catch((thrown: unknown) => this.#onUnreadable([], thrown));
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

  #tellUnsent(clientOrderId: string): void {
    const message = "it had not been sent yet";
    queueMicrotask(() => this.#parts.news.order(clientOrderId, "canceled", { message }));
  }

  #tellSoon(
    clientOrderId: string,
    change: CancelRefused | "rejected" | "not-found",
    refusal: OrderRefusal,
  ): void {
    queueMicrotask(() => this.#parts.news.order(clientOrderId, change, refusal));
  }

  #context(): HlContext {
    const { instrument, news } = this.#parts;
    return { instrument, receivedTimeMs: news.clocks.nowMs() };
  }
}

type CancelEntry = readonly [clientOrderId: string, change: CancelRefused];

interface ActScope {
  /** Whose outcome is unknown where the answer cannot be read. */
  readonly ids: readonly string[];
  readonly count: number;
  readonly isCancel: boolean;
}

function isOverBudget(answer: ActionAnswer): boolean {
  return answer.kind === "not-sent" && answer.why === "budget";
}

function hasCloid(clientOrderId: string): boolean {
  return parseClientOrderId(clientOrderId) !== undefined;
}

function chunksOf<T>(items: readonly T[]): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += MAX_LIGHT_ELEMENTS) {
    chunks.push(items.slice(at, at + MAX_LIGHT_ELEMENTS));
  }
  return chunks;
}
