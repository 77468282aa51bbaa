/**
 * StandingStop: one stop order that is kept at the venue as it is wanted, and put there again when
 * it is lost. It is replaced new before old: the old one is canceled once the new one works, so
 * that cover is never absent; at most two of them live at a time. While anything about them is
 * unknown, nothing is sent. One that has fired is left alone. Pure.
 */

import type { Instrument, Side } from "#domain/instrument.ts";
import type { RejectReason } from "#domain/order.ts";
import type { HedgeOrderSpec, HedgeOrders, HedgeOrderView, HedgeStory } from "./hedge-orders.ts";
import { RetryWait, SHORT_WAIT, waitAfter } from "./retry-wait.ts";

/** A cancel that was refused is sent again after this. */
const CANCEL_AGAIN_MS = 1_000;
/** An order that has stood for so long ends a row of failures. */
const STOOD_MS = 5_000;
const FIRST_RETRY_MS = 1_000;

export interface WantedStop {
  readonly side: Side;
  readonly triggerTicks: number;
  readonly lots: number;
  readonly reduceOnly: boolean;
}

export interface StopSetup {
  readonly instrument: Instrument;
  readonly orders: HedgeOrders;
  readonly story: HedgeStory;
  readonly role: HedgeOrderSpec["role"];
  /** How bad it is where the venue will not have it. */
  readonly alertLevel: "warning" | "critical";
}

interface Standing {
  readonly id: string;
  readonly wanted: WantedStop;
  readonly placedMs: number;
  cancelAskedMs: number;
  /** It has ended a row of failures: of those after it, it says nothing. */
  hasStood: boolean;
}

export class StandingStop {
  readonly #setup: StopSetup;
  readonly #wait = new RetryWait();
  #current: Standing | null = null;
  #former: Standing | null = null;
  #hasFired = false;
  #wouldFire = false;
  #hasAlerted = false;

  constructor(setup: StopSetup) {
    this.#setup = setup;
  }

  /** It stands at the venue, as it was last wanted or as before that. */
  get isWorking(): boolean {
    return this.#views().some((order) => order.isWorking && !order.isEnded);
  }

  /** An order of it may still have fills. */
  get hasOrders(): boolean {
    return this.#current !== null || this.#former !== null;
  }

  /** An order of it has had fills since it was last reset. */
  get hasFired(): boolean {
    return this.#hasFired;
  }

  /** What was sent last; null: nothing stands. */
  get wanted(): WantedStop | null {
    return (this.#current ?? this.#former)?.wanted ?? null;
  }

  /** The venue refused it because it would fire at once; told one time. */
  takeWouldFire(): boolean {
    const wouldFire = this.#wouldFire;
    this.#wouldFire = false;
    return wouldFire;
  }

  /** What it did so far belongs to the past, refusals too. */
  reset(): void {
    this.#succeed();
    this.#hasFired = false;
    this.#wouldFire = false;
  }

  #views(): HedgeOrderView[] {
    return [this.#current, this.#former].flatMap((standing) => {
      const order = standing === null ? undefined : this.#setup.orders.find(standing.id);
      return order === undefined ? [] : [order];
    });
  }

  /** Takes in what became of its orders. @param mostWaitMs bound of the wait after a refusal */
  look(nowMs: number, mostWaitMs: number): void {
    if (this.#former !== null && this.#hasEnded(this.#former, nowMs, mostWaitMs)) {
      this.#former = null;
    }
    if (this.#current === null || !this.#hasEnded(this.#current, nowMs, mostWaitMs)) return;
    this.#current = null;
    // The new one never stood: the old one is still the one.
    if (this.#former === null || this.#former.cancelAskedMs > -Infinity) return;
    this.#current = this.#former;
    this.#former = null;
  }

  #hasEnded(standing: Standing, nowMs: number, mostWaitMs: number): boolean {
    const order = this.#setup.orders.find(standing.id);
    if (order === undefined) return true;
    if (order.filledLots > 0 || order.missingLots > 0) this.#hasFired = true;
    if (!order.isEnded || order.missingLots > 0) {
      const stands = order.isWorking && nowMs - standing.placedMs >= STOOD_MS;
      if (stands && !standing.hasStood) {
        standing.hasStood = true;
        this.#succeed();
      }
      return false;
    }
    if (order.filledLots > 0 || standing.cancelAskedMs > -Infinity) return true;
    this.#onLost(order, order.rejectReason, nowMs, mostWaitMs);
    return true;
  }

  #succeed(): void {
    this.#wait.succeed();
    this.#hasAlerted = false;
  }

  /** It was refused, or ended though nobody asked for that. */
  #onLost(
    order: HedgeOrderView,
    reason: RejectReason | null,
    nowMs: number,
    mostWaitMs: number,
  ): void {
    if (reason === "would-cross") {
      this.#wouldFire = true;
      return;
    }
    const isShort = reason !== null && waitAfter(reason) === SHORT_WAIT;
    // One that was taken away is put back at once, but only the first time.
    const firstMs = reason === null && this.#wait.failures === 0 ? 0 : FIRST_RETRY_MS;
    this.#wait.fail(nowMs, isShort ? SHORT_WAIT : { firstMs, mostMs: mostWaitMs });
    if (this.#hasAlerted || (isShort && this.#wait.failures < 5)) return;
    this.#hasAlerted = true;
    const { story, instrument, role, alertLevel } = this.#setup;
    const what = `the ${role} order to ${order.side} ${instrument.sizeString(order.quantityLots)}`;
    const at = `${instrument.base} at ${instrument.priceString(order.priceTicks)}`;
    const became = reason === null ? "ended by itself" : `was refused (${reason})`;
    story.alert(alertLevel, "hedge-stop-lost", `${what} ${at} ${became}; it is placed again`);
  }

  /**
   * Keeps it as wanted.
   * @param maySend whether a new order may be sent now
   * @param reason for the audit
   */
  keep(nowMs: number, wanted: WantedStop, maySend: boolean, reason: string): void {
    const current = this.#current;
    if (current === null) {
      if (maySend && this.#wait.isOver(nowMs)) this.#place(nowMs, wanted, reason);
      return;
    }
    const order = this.#setup.orders.find(current.id);
    if (order === undefined || !order.isWorking) return;
    if (this.#former !== null) {
      this.#cancel(this.#former, nowMs, "replaced", false);
      return;
    }
    const isFired = order.filledLots > 0 || order.missingLots > 0;
    if (isFired || isSame(current.wanted, wanted)) return;
    if (!maySend || !this.#wait.isOver(nowMs)) return;
    this.#former = current;
    this.#place(nowMs, wanted, reason);
  }

  #place(nowMs: number, wanted: WantedStop, reason: string): void {
    const id = this.#setup.orders.place(
      {
        role: this.#setup.role,
        side: wanted.side,
        type: "stop-market",
        timeInForce: "gtc",
        postOnly: false,
        reduceOnly: wanted.reduceOnly,
        priceTicks: wanted.triggerTicks,
        quantityLots: wanted.lots,
      },
      reason,
    );
    this.#current = { id, wanted, placedMs: nowMs, cancelAskedMs: -Infinity, hasStood: false };
  }

  /** Takes it away. @param sparesFired one that has fired goes on until it is through */
  withdraw(nowMs: number, reason: string, sparesFired: boolean): void {
    for (const standing of [this.#current, this.#former]) {
      if (standing !== null) this.#cancel(standing, nowMs, reason, sparesFired);
    }
  }

  #cancel(standing: Standing, nowMs: number, reason: string, sparesFired: boolean): void {
    const order = this.#setup.orders.find(standing.id);
    if (order === undefined || order.isEnded || !order.isWorking || order.isCanceling) return;
    if (sparesFired && (order.filledLots > 0 || order.missingLots > 0)) return;
    if (nowMs - standing.cancelAskedMs < CANCEL_AGAIN_MS) return;
    standing.cancelAskedMs = nowMs;
    this.#setup.orders.cancel(standing.id, reason);
  }
}

function isSame(one: WantedStop, other: WantedStop): boolean {
  return (
    one.side === other.side &&
    one.triggerTicks === other.triggerTicks &&
    one.lots === other.lots &&
    one.reduceOnly === other.reduceOnly
  );
}
