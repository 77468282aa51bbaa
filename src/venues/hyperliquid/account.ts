/**
 * HlAccount: what the venue says of the account, as events of one pair: its stream as it comes, and
 * on `reconcile` the whole truth: fills and funding not told yet, then position and worth with the
 * open orders. Position and worth alone are read every 15 s, and soon after a fill. Other coins and
 * the orders of others are passed over. Asks through HlApi; does no other I/O.
 */

import { messageOf } from "#domain/errors.ts";
import type { AccountEvent } from "#domain/events.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import { Rerun } from "../rerun.ts";
import type { InfoAnswer } from "./api.ts";
import { type PerpAccount, readClearinghouse } from "./clearinghouse.ts";
import { FillLog, type FillLogParts } from "./fill-log.ts";
import { FundingLog } from "./funding-log.ts";
import type { OrderKinds } from "./order-kinds.ts";
import { type HlContext, type ReportedOrder, readOpenOrders } from "./responses.ts";
import { readUserEvent } from "./user-events.ts";

/** While fills keep coming a snapshot may never be of one moment; then the last one has to do. */
const MAX_SNAPSHOTS = 3;
/** A position that fills do not explain is looked at once more: they may be listed late. */
const MAX_DISPUTES = 2;
const POLL_MS = 15_000;
/** After a fill, until the venue's state surely has it. */
const SETTLE_MS = 1000;
/** Not more often than this, however many fills there are. */
const LEAST_POLL_MS = 5000;

/** A status of orders: see dead-mans-switch.ts. */
const SWITCH_FIRED = "scheduledCancel";

const NOTHING: CancelTimer = () => {};

export interface AccountParts extends FillLogParts {
  readonly timers: Timers;
  readonly kinds: OrderKinds;
}

export class HlAccount {
  readonly #parts: AccountParts;
  readonly #fills: FillLog;
  readonly #funding: FundingLog;
  readonly #reconciling = new Rerun(() => this.#reconcile());
  #isStopped = false;
  #cancelPoll = NOTHING;
  #pollDueMs = Infinity;
  #polledMs = -Infinity;
  #cancelMend = NOTHING;
  #mendDueMs = -Infinity;

  constructor(parts: AccountParts) {
    const { api, user, news, instrument } = parts;
    this.#parts = parts;
    this.#fills = new FillLog(parts);
    this.#funding = new FundingLog({ api, user, news, coin: instrument.symbol });
  }

  /** Key of the newest fill told, or of the moment after which we began; null before that. */
  get newestTradeId(): string | null {
    return this.#fills.newestTradeId;
  }

  /** The stream broke: what it would have told has to be found. */
  noteGap(): void {
    this.#fills.noteGap();
  }

  /** What is under way ends without news. */
  stop(): void {
    this.#isStopped = true;
    this.#reconciling.stop();
    this.#cancelPoll();
    this.#cancelMend();
  }

  /**
   * Notes the moment after which fills count: to be done before anything is quoted. Never rejects.
   * @returns whether the venue answered, now or before
   */
  async begin(): Promise<boolean> {
    try {
      const problem = this.#fills.hasBegun ? null : await this.#begin();
      if (problem !== null) this.#tellUnanswered(problem);
      if (problem !== null || this.#isStopped) return false;
      // What was settled since the position was taken over is ours. An heir takes over a fill
      // instead: what was settled before it began, and after its forerunner died, is not booked.
      const { clocks } = this.#parts.news;
      this.#funding.begin(this.#fills.takenOverMs ?? clocks.venueNowMs());
      if (this.#pollDueMs === Infinity) this.#pollAfter(POLL_MS);
      return true;
    } catch (thrown) {
      this.#tellUnreadable(thrown);
      return false;
    }
  }

  /** One frame of the socket that is not of the market. Never throws. */
  onFrame(text: string): void {
    this.#guarded(() => this.#take(JSON.parse(text)));
  }

  #take(json: unknown): void {
    const event = readUserEvent(json, this.#parts.user);
    switch (event.kind) {
      case "orders":
        // One that cannot be read hides none of the others.
        for (const report of event.reports) this.#guarded(() => this.#tellReport(report));
        return;
      case "fills":
        if (!this.#fills.take(event.fills, event.isSnapshot)) this.#mend();
        if (event.fills.length > 0 && !event.isSnapshot) this.#pollAfter(SETTLE_MS);
        return;
      case "fundings":
        this.#funding.take(event.fundings);
        return;
      case "ignored":
    }
  }

  #guarded(action: () => void): void {
    try {
      action();
    } catch (thrown) {
      // Money may have moved: what the message did not tell has to be asked for.
      this.#tellUnreadable(thrown);
      this.#fills.noteGap();
      this.#mend();
    }
  }

  /** Asks for what the stream did not tell; were each message like that, not for each of them. */
  #mend(): void {
    const { timers } = this.#parts;
    this.#cancelMend();
    if (this.#isStopped) return;
    const waitMs = this.#mendDueMs - timers.elapsedMs();
    if (waitMs > 0) {
      this.#cancelMend = timers.after(waitMs, () => this.#mend());
      return;
    }
    this.#mendDueMs = timers.elapsedMs() + LEAST_POLL_MS;
    this.reconcile();
  }

  /** Asks for the whole truth. While it is being asked for, one more question is remembered. */
  reconcile(): void {
    this.#reconciling.want();
  }

  async #begin(): Promise<string | null> {
    const state = await this.#state();
    if (typeof state === "string") return state;
    this.#fills.begin(state.venueTimeMs, state.position);
    return null;
  }

  #tellReport(report: ReportedOrder): void {
    const { orders, news, kinds, instrument } = this.#parts;
    const { coin, venueOrderId } = report;
    if (coin !== instrument.symbol) return;
    const clientOrderId = this.#fills.ownerOf(report);
    if (typeof clientOrderId !== "string") {
      orders.noteForeign(venueOrderId);
      return;
    }
    const event = kinds.meaningOf(report.event(clientOrderId, this.#context()));
    news.event(event);
    this.#fills.noteNumber(clientOrderId, venueOrderId);
    if (event.message !== SWITCH_FIRED) return;
    const message =
      "the dead-man's switch has cancelled the account's orders: we had fallen silent";
    news.alertSometimes("warning", "dead-mans-switch-fired", message);
  }

  /** Never rejects. */
  async #reconcile(): Promise<void> {
    try {
      const problem = await this.#reconcileOnce();
      if (problem !== null) this.#tellUnanswered(problem);
    } catch (thrown) {
      this.#tellUnreadable(thrown);
    }
  }

  /** @returns null, or why there is no answer: whoever asked asks again */
  async #reconcileOnce(): Promise<string | null> {
    const { user, instrument } = this.#parts;
    if (!this.#fills.hasBegun) {
      const problem = await this.#begin();
      if (problem !== null) return problem;
    }
    for (let round = 1; ; round += 1) {
      const open = await this.#ask({ type: "frontendOpenOrders", user });
      if (open.kind !== "answered") return open.message;
      const state = await this.#state();
      if (typeof state === "string") return state;
      const unread = await this.#readFills(state);
      if (unread !== null) return unread;
      // It moves no position: the rest is told without it.
      const problem = await this.#funding.readIfDue();
      if (problem !== null) this.#tellUnanswered(problem);
      if (this.#isStopped) return null;
      const isDisputed = this.#isDisputed(instrument.lotsOf(state.position));
      const isOfOneMoment = this.#isOfOneMoment(state) && (!isDisputed || round >= MAX_DISPUTES);
      if (isOfOneMoment || round >= MAX_SNAPSHOTS) {
        this.#tellSnapshot(open.result, state);
        return null;
      }
    }
  }

  /**
   * Where one may be missing: a list costs ten times as much as the position, which shows it.
   * @returns null, or why they are not all known
   */
  async #readFills({ position }: PerpAccount): Promise<string | null> {
    const isDisputed = this.#isDisputed(this.#parts.instrument.lotsOf(position));
    if (!isDisputed && !this.#fills.isDue) return null;
    const reading = await this.#fills.read();
    if (reading.kind === "whole") return null;
    return reading.kind === "unanswered" ? reading.message : "there are more than are read at once";
  }

  /** It has every fill that was told. */
  #isOfOneMoment({ venueTimeMs }: PerpAccount): boolean {
    return this.#fills.newestMs <= venueTimeMs;
  }

  #isDisputed(lots: number): boolean {
    const { positionLots } = this.#fills;
    return positionLots !== null && positionLots !== lots;
  }

  #tellSnapshot(open: unknown, state: PerpAccount): void {
    const { orders, cloids, kinds, instrument } = this.#parts;
    const nameOf = (cloid: string | null): string | null => cloids.clientOrderIdOf(cloid);
    const listed = readOpenOrders(open, nameOf, this.#context());
    for (const { event, isTrigger } of listed) {
      orders.note(event);
      kinds.noteListed(event.clientOrderId, isTrigger);
    }
    orders.isListed = true;
    // The venue's word, whatever the fills make of it. One that is listed late may be missing
    // still: it would be missed no more by this position.
    const lots = instrument.lotsOf(state.position);
    if (this.#isDisputed(lots)) this.#fills.noteGap();
    this.#fills.positionLots = lots;
    this.#tellState(
      state,
      listed.map(({ event }) => event.clientOrderId),
    );
  }

  #tellState(state: PerpAccount, openOrderIds: AccountEvent["openOrderIds"]): void {
    const { news } = this.#parts;
    const { liquidationPrice, marginRatio } = state;
    news.event({
      kind: "account",
      venueTimeMs: state.venueTimeMs,
      receivedTimeMs: news.clocks.nowMs(),
      base: state.position,
      quote: state.accountValue,
      openOrderIds,
      ...(liquidationPrice !== null && { liquidationPrice }),
      ...(marginRatio !== null && { marginRatio }),
    });
  }

  /** The next reading of the state is due after so long, or sooner. */
  #pollAfter(delayMs: number): void {
    const { timers } = this.#parts;
    if (this.#isStopped || !this.#fills.hasBegun) return;
    const nowMs = timers.elapsedMs();
    const dueMs = Math.max(nowMs + delayMs, this.#polledMs + LEAST_POLL_MS);
    if (dueMs >= this.#pollDueMs) return;
    this.#cancelPoll();
    this.#pollDueMs = dueMs;
    this.#cancelPoll = timers.after(dueMs - nowMs, () => void this.#poll());
  }

  /** Never rejects. */
  async #poll(): Promise<void> {
    const { timers, instrument } = this.#parts;
    this.#polledMs = timers.elapsedMs();
    this.#pollDueMs = Infinity;
    this.#pollAfter(POLL_MS);
    // The answer to a reconciliation says all of this as well.
    if (this.#reconciling.isRunning) return;
    try {
      const state = await this.#state();
      if (this.#isStopped || this.#reconciling.isRunning) return;
      if (typeof state === "string") {
        this.#tellUnanswered(state);
        return;
      }
      const isKnown = this.#fills.positionLots !== null;
      const isWhole = isKnown && !this.#isDisputed(instrument.lotsOf(state.position));
      if (isWhole && this.#isOfOneMoment(state)) this.#tellState(state, null);
      else this.reconcile();
    } catch (thrown) {
      this.#tellUnreadable(thrown);
    }
  }

  /** Or why there is no answer. @throws {ProtocolError} */
  async #state(): Promise<PerpAccount | string> {
    const { user, instrument } = this.#parts;
    const answer = await this.#ask({ type: "clearinghouseState", user });
    if (answer.kind !== "answered") return answer.message;
    return readClearinghouse(answer.result, instrument.symbol);
  }

  #ask(request: { readonly type: string; readonly user: string }): Promise<InfoAnswer> {
    return this.#parts.api.info(request);
  }

  #tellUnanswered(message: string): void {
    this.#parts.news.alertSometimes("info", "reconcile-unanswered", message);
  }

  #tellUnreadable(thrown: unknown): void {
    this.#parts.news.alertOnce("critical", "unreadable-message", messageOf(thrown));
  }

  #context(): HlContext {
    const { instrument, news } = this.#parts;
    return { instrument, receivedTimeMs: news.clocks.nowMs() };
  }
}
