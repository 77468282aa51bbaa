/**
 * PerpAccount: what the venue says of the account, as events of one pair: its stream as it comes,
 * and on `reconcile` the whole truth: fills and funding not told yet, then position and worth with
 * the open orders, stops among them. Position and worth alone are read every 30 s, and soon after a
 * fill. Other symbols and the orders of others are passed over, but that their fills move the
 * position. Asks through PerpApi; does no other I/O.
 */

import { messageOf } from "#domain/errors.ts";
import type { AccountEvent } from "#domain/events.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import { isNewerTrade, type MessageContext } from "../binance/wire.ts";
import { LookAgain } from "../look-again.ts";
import { Pause } from "../pause.ts";
import { Rerun } from "../rerun.ts";
import { AccountReader, type AccountState, type OpenOrders } from "./account-reader.ts";
import { algoEvent } from "./answers.ts";
import { FundingLog } from "./funding-log.ts";
import { HeldReports } from "./held-reports.ts";
import type { AlgoReport } from "./responses.ts";
import { TradeLog, type TradeLogParts } from "./trade-log.ts";
import { type OrderReport, readUserEvent, type UserEvent } from "./user-events.ts";

/** While fills keep coming a snapshot may never be of one moment; then the last one has to do. */
const MAX_SNAPSHOTS = 3;
/** A position that fills do not explain is looked at once more, a moment later: lists lag. */
const MAX_DISPUTES = 2;
const POLL_MS = 30_000;
/** After a fill, until the venue's state surely has it. */
const SETTLE_MS = 500;
/** Not more often than this, however many fills there are. */
const LEAST_POLL_MS = 2000;
/** A stop's own word is awaited so long before the venue is asked what an order was. */
const RESOLVE_AFTER_MS = 1000;
const RESOLVE_AGAIN_MS = 5000;

const NOTHING: CancelTimer = () => {};

export interface AccountParts extends TradeLogParts {
  readonly timers: Timers;
  /** The stream spoke of this order of ours. */
  readonly onHeard: (clientOrderId: string) => void;
  /** Asks what became of an order of ours. */
  readonly query: (clientOrderId: string) => void;
}

export class PerpAccount {
  readonly #parts: AccountParts;
  readonly #reader: AccountReader;
  readonly #trades: TradeLog;
  readonly #funding: FundingLog;
  readonly #held = new HeldReports();
  readonly #reconciling = new Rerun(() => this.#reconcile());
  readonly #resolving = new Rerun(() => this.#resolveHeld());
  readonly #lookAgain: LookAgain;
  readonly #pause: Pause;
  #isStopped = false;
  /** Trades heard: a state during whose reading there were none is of one moment. */
  #moves = 0;
  #cancelPoll = NOTHING;
  #pollDueMs = Infinity;
  #polledMs = -Infinity;
  #cancelResolve = NOTHING;

  constructor(parts: AccountParts) {
    const { timers } = parts;
    this.#parts = parts;
    this.#reader = new AccountReader(parts);
    this.#pause = new Pause(timers);
    this.#trades = new TradeLog(parts);
    this.#funding = new FundingLog({
      ...parts,
      onProblem: (thrown) => this.#tellUnreadable(thrown),
    });
    this.#lookAgain = new LookAgain(timers, (id) => {
      if (parts.orders.find(id)?.isOpen === true) parts.query(id);
    });
  }

  /** Key of the newest fill told, or of the moment after which we began; null before that. */
  get newestTradeId(): string | null {
    const told = this.#parts.news.newestTradeId;
    const read = this.#trades.lastReadId;
    if (told === null || read === null) return told ?? read;
    return isNewerTrade(told, read) ? told : read;
  }

  /** What is under way ends without news. */
  stop(): void {
    this.#isStopped = true;
    this.#reconciling.stop();
    this.#resolving.stop();
    this.#funding.stop();
    this.#lookAgain.stop();
    this.#cancelPoll();
    this.#cancelResolve();
    this.#pause.end();
  }

  /**
   * Notes the moment after which fills count: to be done before anything is sent. Never rejects.
   * @returns whether the venue answered, now or before
   */
  async begin(): Promise<boolean> {
    try {
      const problem = (await this.#reader.begin()) ?? (await this.#beginTrades());
      if (problem !== null) this.#tellUnanswered(problem);
      if (problem !== null || this.#isStopped) return false;
      // An heir does not book what was settled before it began, and after its forerunner died.
      this.#funding.begin(this.#parts.news.clocks.venueNowMs());
      if (this.#pollDueMs === Infinity) this.#pollAfter(POLL_MS);
      return true;
    } catch (thrown) {
      this.#tellUnreadable(thrown);
      return false;
    }
  }

  /** One message of the private stream. Never throws. */
  onUserEvent(json: unknown, receivedTimeMs: number): void {
    const { instrument } = this.#parts;
    this.#guarded(() => this.#take(readUserEvent(json, { instrument, receivedTimeMs })));
  }

  /** A stop of ours has become an order, by an answer of the venue. */
  onLinked(realOrderId: string): void {
    this.#release(realOrderId);
  }

  /** Asks for the whole truth. While it is being asked for, one more question is remembered. */
  reconcile(): void {
    this.#reconciling.want();
  }

  #beginTrades(): Promise<string | null> {
    return this.#trades.hasBegun ? Promise.resolve(null) : this.#trades.begin();
  }

  #take(event: UserEvent): void {
    switch (event.kind) {
      case "order":
        this.#tellReport(event.report);
        return;
      case "algo":
        this.#tellAlgo(event.report);
        return;
      case "account":
        if (event.isFunding) this.#funding.onSettled(event.venueTimeMs);
        if (event.positionLots !== null) this.#pollAfter(SETTLE_MS);
        return;
      case "config":
        if (event.isMultiAssets !== null) this.#reader.isMultiAssets = event.isMultiAssets;
        return;
      case "margin-call": {
        const message = "the venue warns: the account's margin is nearly used up";
        this.#parts.news.alertSometimes("critical", "margin-call", message);
        this.#pollAfter(SETTLE_MS);
        return;
      }
      case "ended":
      case "ignored":
    }
  }

  #tellReport(report: OrderReport): void {
    const { trade, venueOrderId, venueTimeMs } = report;
    if (trade !== null && this.#trades.note(trade.number, trade.moveLots, venueTimeMs)) {
      this.#moves += 1;
    }
    if (trade !== null) this.#pollAfter(SETTLE_MS);
    const owner = this.#parts.owners.ownerOf(venueOrderId, report.clientOrderId);
    if (owner === undefined) this.#hold(report);
    else this.#tell(report, owner);
  }

  /** @param clientOrderId null: it is somebody else's */
  #tell(report: OrderReport, clientOrderId: string | null): void {
    if (clientOrderId === null) {
      const { trade, venueOrderId } = report;
      if (trade !== null) this.#trades.noteForeign(venueOrderId, trade.number);
      return;
    }
    const { orders, news, onHeard } = this.#parts;
    orders.name(clientOrderId, report.venueOrderId);
    for (const event of report.events(clientOrderId)) {
      if (event.kind === "fill") this.#trades.tell(event);
      else news.event(event);
    }
    onHeard(clientOrderId);
  }

  #tellAlgo(report: AlgoReport): void {
    const { orders, algos, owners, news, onHeard } = this.#parts;
    const { clientOrderId, realOrderId } = report;
    if (!orders.isOurs(clientOrderId)) return;
    owners.note(report);
    const event = algoEvent(report, this.#context());
    if (event !== null) {
      if (event.change !== "open") algos.end(clientOrderId);
      news.event(event);
    } else {
      if (realOrderId !== null) this.#release(realOrderId);
      // Its fills and its end are told by the order that it became; were they lost, it is asked.
      this.#lookAgain.later(clientOrderId);
    }
    onHeard(clientOrderId);
  }

  #hold(report: OrderReport): void {
    if (!this.#held.add(report)) this.reconcile();
    this.#resolveAfter(RESOLVE_AFTER_MS);
  }

  /** What is held of an order is told where it is known to be ours, and dropped where it is not. */
  #release(venueOrderId: string): void {
    const { owners } = this.#parts;
    const owner = owners.ownerOf(venueOrderId, this.#held.nameOf(venueOrderId));
    if (owner === undefined) return;
    for (const report of this.#held.take(venueOrderId)) {
      this.#guarded(() => this.#tell(report, owner));
    }
    // It was taken for somebody else's before: its fills were passed over.
    if (owner !== null && this.#trades.recall(venueOrderId)) this.reconcile();
  }

  /** Asks the venue what is held of whom. Never rejects. */
  async #resolveHeld(): Promise<void> {
    for (const venueOrderId of this.#held.ids()) {
      this.#release(venueOrderId);
      if (this.#held.nameOf(venueOrderId) === null || this.#isStopped) continue;
      try {
        const problem = await this.#parts.owners.lookUp(venueOrderId);
        if (problem === null) this.#release(venueOrderId);
        else this.#tellUnanswered(problem);
      } catch (thrown) {
        // By the list of trades, its fills are found all the same.
        this.#held.take(venueOrderId);
        this.#tellUnreadable(thrown);
        this.reconcile();
      }
    }
    if (!this.#held.isEmpty && !this.#isStopped) this.#resolveAfter(RESOLVE_AGAIN_MS);
  }

  #resolveAfter(delayMs: number): void {
    this.#cancelResolve();
    this.#cancelResolve = this.#parts.timers.after(delayMs, () => this.#resolving.want());
  }

  #guarded(action: () => void): void {
    try {
      action();
    } catch (thrown) {
      // Money may have moved: what the message did not tell has to be asked for.
      this.#tellUnreadable(thrown);
      this.reconcile();
    }
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
    const unbegun = await this.#beginTrades();
    if (unbegun !== null) return unbegun;
    for (let round = 1; ; round += 1) {
      const open = await this.#reader.openOrders();
      if (typeof open === "string") return open;
      const moves = this.#moves;
      const askedMs = this.#parts.news.clocks.venueNowMs();
      const state = await this.#reader.state();
      if (typeof state === "string") return state;
      await this.#resolveHeld();
      if (!this.#held.isEmpty) return "the venue does not say whose an order is";
      const reading = await this.#trades.read();
      await this.#readFunding();
      if (this.#isStopped) return null;
      if (reading.kind !== "whole") return reading.message;
      const isStill = moves === this.#moves && reading.newestMs < askedMs;
      const isDisputed = this.#isDisputed(state) && round < MAX_DISPUTES;
      if ((isStill && !isDisputed) || round >= MAX_SNAPSHOTS) {
        this.#tellSnapshot(open, state);
        return null;
      }
      if (isStill) await this.#pause.wait(SETTLE_MS);
    }
  }

  /** The worth that is told includes it. It moves no position: without it the rest is told. */
  async #readFunding(): Promise<void> {
    try {
      const problem = await this.#funding.readIfDue();
      if (problem !== null) this.#tellUnanswered(problem);
    } catch (thrown) {
      this.#tellUnreadable(thrown);
    }
  }

  #isDisputed({ position }: AccountState): boolean {
    const { positionLots } = this.#trades;
    return positionLots !== null && positionLots !== this.#parts.instrument.lotsOf(position);
  }

  #tellSnapshot(open: OpenOrders, state: AccountState): void {
    const { orders, owners, algos, instrument } = this.#parts;
    for (const order of open.orders) orders.note(order);
    for (const report of open.stops) {
      owners.note(report);
      const event = algoEvent(report, this.#context());
      if (event === null) continue;
      orders.note(event);
      if (event.change !== "open") algos.end(report.clientOrderId);
    }
    orders.isListed = true;
    // The venue's word, whatever the fills make of it.
    this.#trades.positionLots = instrument.lotsOf(state.position);
    const stops = open.stops.map(({ clientOrderId }) => clientOrderId);
    const plain = open.orders.map(({ clientOrderId, venueOrderId }) => {
      return algos.clientIdOf(venueOrderId ?? "") ?? clientOrderId;
    });
    this.#tellState(state, [...new Set([...plain, ...stops])]);
  }

  #tellState(state: AccountState, openOrderIds: AccountEvent["openOrderIds"]): void {
    const { news } = this.#parts;
    const { position, value, marginRatio, liquidationPrice } = state;
    news.event({
      kind: "account",
      venueTimeMs: news.clocks.venueNowMs(),
      receivedTimeMs: news.clocks.nowMs(),
      base: position,
      quote: value,
      openOrderIds,
      marginRatio,
      ...(liquidationPrice !== null && { liquidationPrice }),
    });
  }

  /** The next reading of the state is due after so long, or sooner. */
  #pollAfter(delayMs: number): void {
    const { timers } = this.#parts;
    if (this.#isStopped || !this.#trades.hasBegun) return;
    const nowMs = timers.elapsedMs();
    const dueMs = Math.max(nowMs + delayMs, this.#polledMs + LEAST_POLL_MS);
    if (dueMs >= this.#pollDueMs) return;
    this.#cancelPoll();
    this.#pollDueMs = dueMs;
    this.#cancelPoll = timers.after(dueMs - nowMs, () => void this.#poll());
  }

  /** Never rejects. */
  async #poll(): Promise<void> {
    const { timers } = this.#parts;
    this.#polledMs = timers.elapsedMs();
    this.#pollDueMs = Infinity;
    this.#pollAfter(POLL_MS);
    // The answer to a reconciliation says all of this as well.
    if (this.#reconciling.isRunning) return;
    try {
      const moves = this.#moves;
      const state = await this.#reader.state();
      await this.#readFunding();
      if (this.#isStopped || this.#reconciling.isRunning) return;
      if (typeof state === "string") this.#tellUnanswered(state);
      else if (moves !== this.#moves) this.#pollAfter(SETTLE_MS);
      else if (this.#isWhole(state)) this.#tellState(state, null);
      else this.reconcile();
    } catch (thrown) {
      this.#tellUnreadable(thrown);
    }
  }

  /** Every fill that it includes was told. */
  #isWhole(state: AccountState): boolean {
    const isKnown = this.#trades.positionLots !== null && this.#held.isEmpty;
    return isKnown && !this.#isDisputed(state);
  }

  #tellUnanswered(message: string): void {
    this.#parts.news.alertSometimes("info", "reconcile-unanswered", message);
  }

  #tellUnreadable(thrown: unknown): void {
    this.#parts.news.alertOnce("critical", "unreadable-message", messageOf(thrown));
  }

  #context(): MessageContext {
    const { instrument, news } = this.#parts;
    return { instrument, receivedTimeMs: news.clocks.nowMs() };
  }
}
