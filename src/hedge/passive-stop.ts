/**
 * PassiveStop: how a passive hedge ends. Keeps its stop-loss at the venue, sized to what is on, and
 * closes at the market what a stop does not: what is beyond the hedge's size, what the stop left,
 * everything where that is asked for or the stop would fire at once. Pure.
 *
 * The venue's reduce-only is about the whole position: an order that closes the passive hedge
 * against the active one's opposite position is sent without it. Where the venue lets no such stop
 * rest, its price is watched here.
 */

import type { Instrument } from "#domain/instrument.ts";
import { HedgeExecution, isKnown } from "./execution.ts";
import type { HedgeBook } from "./hedge-book.ts";
import type { HedgeInput } from "./hedge-input.ts";
import type { HedgeOrders, HedgeStory } from "./hedge-orders.ts";
import type { HedgeParams } from "./params.ts";
import { hasPassed, type StandingView } from "./passive-triggers.ts";
import { closingPart, opposite, sideOf } from "./sizes.ts";
import { StandingStop, type WantedStop } from "./standing-stop.ts";

export interface StopTarget {
  /** Mean price of the hedge; 0: not known, then no stop can be placed. */
  readonly entryTicks: number;
  /** Distance of the stop from it, as a fraction. */
  readonly stopRatio: number;
  /** What the hedge was to be: what is on beyond it is closed. NaN: not known. */
  readonly hedgeLots: number;
  /** Everything is to be closed now. */
  readonly closesAll: boolean;
}

export class PassiveStop {
  readonly #instrument: Instrument;
  readonly #stop: StandingStop;
  readonly #closer: HedgeExecution;
  #minStepLots: number;
  /** The stop's price was reached: what is on is closed at the market, whatever comes. */
  #mustClose = false;
  /** A stop was sent for what is on: from then on its price is watched here as well. */
  #wasSent = false;
  #view: StandingView | null = null;

  constructor(instrument: Instrument, params: HedgeParams, orders: HedgeOrders, story: HedgeStory) {
    this.#instrument = instrument;
    this.#minStepLots = params.minStepLots;
    const setup = { instrument, orders, story, role: "stop-loss" } as const;
    this.#stop = new StandingStop({ ...setup, alertLevel: "critical" });
    this.#closer = new HedgeExecution(
      { ...setup, style: "market" },
      params.execution,
      params.minStepLots,
    );
  }

  /** The stop-loss as it was last wanted, at the venue or watched here; null: none is. */
  get view(): StandingView | null {
    return this.#view;
  }

  /** The stop-loss has fired, or its price was reached without it. */
  get isStopping(): boolean {
    return this.#mustClose || this.#stop.hasFired;
  }

  /** Orders of it may still have fills. */
  get hasOrders(): boolean {
    return this.#stop.hasOrders || this.#closer.hasOrder;
  }

  get openLots(): number {
    return this.#closer.openLots;
  }

  reconfigure(params: HedgeParams): void {
    this.#minStepLots = params.minStepLots;
    this.#closer.reconfigure(params.execution, params.minStepLots);
  }

  look(nowMs: number, mostWaitMs: number): void {
    this.#stop.look(nowMs, mostWaitMs);
  }

  /** While a passive hedge is on. */
  act(input: HedgeInput, book: HedgeBook, target: StopTarget): void {
    const { passiveLots, positionLots } = book;
    const wanted = this.#wanted(book, target);
    const canStand = this.#canStand(wanted);
    this.#judge(input, wanted, canStand);
    const closesAll = target.closesAll || this.#mustClose;
    this.#closer.act(input, this.#closingLots(passiveLots, target, closesAll), positionLots);
    const isFiring = this.#stop.hasFired;
    if (isFiring) this.#stop.withdraw(input.nowMs, "other-stop-fired", true);
    else if (!closesAll) this.#keep(input, wanted, canStand);
    // It stands until the venue has taken the order that does its work.
    else if (this.#closer.isAccepted) this.#stop.withdraw(input.nowMs, "closing", true);
    // Too little to be traded alone, and nothing else is closing it.
    const isClosing = isFiring && this.#stop.hasOrders;
    if (closesAll && this.#closer.isTooSmall && !isClosing) book.cedePassive();
  }

  #wanted({ passiveLots, positionLots }: HedgeBook, target: StopTarget): WantedStop {
    const { entryTicks, stopRatio } = target;
    const triggerTicks =
      passiveLots > 0
        ? this.#instrument.floorTicks(entryTicks * (1 - stopRatio))
        : this.#instrument.ceilTicks(entryTicks * (1 + stopRatio));
    const side = opposite(sideOf(passiveLots));
    const reduceOnly = closingPart(-passiveLots, positionLots) === -passiveLots;
    return { side, triggerTicks, lots: Math.abs(passiveLots), reduceOnly };
  }

  /** Whether the venue takes it: only what reduces its whole position may be small. */
  #canStand({ triggerTicks, lots, reduceOnly }: WantedStop): boolean {
    const { canOpenByStop, minLots } = this.#instrument;
    if (reduceOnly) return lots >= minLots;
    return canOpenByStop && this.#instrument.reachesMinimum(triggerTicks, lots);
  }

  /** Whether the stop's price has been reached without a stop that does it. */
  #judge(input: HedgeInput, { side, triggerTicks }: WantedStop, canStand: boolean): void {
    if (this.#stop.takeWouldFire()) this.#mustClose = true;
    if (this.#stop.hasOrders) return;
    // First the venue is asked: the news of a fill may be ahead of the book that we know.
    const isReached =
      (this.#wasSent || !canStand) &&
      triggerTicks > 0 &&
      isKnown(input.market) &&
      hasPassed(side, triggerTicks, input.market, this.#instrument);
    // One that fired and is through has left something.
    if (isReached || this.#stop.hasFired) this.#mustClose = true;
  }

  /** Signed lots to be closed at the market now. */
  #closingLots(passiveLots: number, target: StopTarget, closesAll: boolean): number {
    if (closesAll) return -passiveLots;
    if (this.#stop.hasFired) return 0;
    const excessLots = Math.abs(passiveLots) - target.hedgeLots;
    return excessLots >= this.#minStepLots ? -Math.sign(passiveLots) * excessLots : 0;
  }

  #keep(input: HedgeInput, wanted: WantedStop, canStand: boolean): void {
    const { side, triggerTicks, lots } = wanted;
    if (triggerTicks === 0) return;
    if (canStand) {
      this.#stop.keep(input.nowMs, wanted, input.canTrade, "stop-loss");
      this.#wasSent = this.#wasSent || this.#stop.hasOrders;
    } else {
      this.#stop.withdraw(input.nowMs, "watched-here", true);
    }
    const isWatching = !canStand && input.canTrade && isKnown(input.market);
    this.#view = { side, triggerTicks, lots, isWorking: isWatching || this.#stop.isWorking };
  }

  /** No passive hedge is on: takes everything away. */
  settle(input: HedgeInput, book: HedgeBook): void {
    this.#view = null;
    this.#stop.withdraw(input.nowMs, "hedge-closed", false);
    this.#closer.act(input, 0, book.positionLots);
    if (this.hasOrders) return;
    // What may still have had fills has ended: no position can come from it any more.
    this.#mustClose = false;
    this.#wasSent = false;
    this.#stop.reset();
  }

  /** Nothing is to rest: the hedge is left as it is. */
  leave(input: HedgeInput, book: HedgeBook): void {
    this.#view = null;
    this.#stop.withdraw(input.nowMs, "off", false);
    this.#closer.act(input, 0, book.positionLots);
  }
}
