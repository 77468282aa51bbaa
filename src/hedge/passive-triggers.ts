/**
 * PassiveTriggers: the orders that open a passive hedge: what they are to be, and that they stand.
 * Where the venue lets no stop open a position they are watched here, and a market order is sent
 * when the price passes one; so is a hedge whose trigger would have fired at once. Pure.
 */

import type { Instrument, Side } from "#domain/instrument.ts";
import { Anchor } from "./anchor.ts";
import { HedgeExecution, isKnown } from "./execution.ts";
import type { HedgeBook } from "./hedge-book.ts";
import type { HedgeInput, HedgeMarket } from "./hedge-input.ts";
import type { HedgeOrders, HedgeStory } from "./hedge-orders.ts";
import type { HedgeParams, PassiveHedgeParams } from "./params.ts";
import { closingPart, leastLots, netMove, passiveSizeLots, sideOf, signedLots } from "./sizes.ts";
import { StandingStop } from "./standing-stop.ts";

/** The size is looked at again after this: quotes fill in bursts. */
const SIZE_AGAIN_MS = 1_000;
/** After a trigger that would have fired at once nothing is armed for so long. */
const ARM_AGAIN_MS = 1_000;

/** A trigger or a stop-loss, for people to see. */
export interface StandingView {
  readonly side: Side;
  readonly triggerTicks: number;
  readonly lots: number;
  readonly isWorking: boolean;
}

interface Trigger {
  readonly side: Side;
  readonly stop: StandingStop;
  /** 0: none is wanted. */
  triggerTicks: number;
  lots: number;
  isWorking: boolean;
  /** Watched here: the price has been seen on the near side of it. */
  wasClear: boolean;
}

export class PassiveTriggers {
  readonly #instrument: Instrument;
  readonly #anchor = new Anchor();
  readonly #triggers: readonly Trigger[];
  readonly #opener: HedgeExecution;
  #sizeLots = 0;
  /** It has been worked out since the triggers were last forgotten. */
  #isSized = false;
  /** Below this no trigger is wanted. */
  #leastLots = 0;
  #sizedMs = -Infinity;
  #notBeforeMs = -Infinity;
  /** Signed size of a hedge to be opened at the market, and the trigger that is for; 0: none. */
  #firingLots = 0;
  #firingTicks = 0;
  #wasTried = false;

  constructor(instrument: Instrument, params: HedgeParams, orders: HedgeOrders, story: HedgeStory) {
    this.#instrument = instrument;
    const setup = { instrument, orders, story, role: "passive-hedge" } as const;
    this.#triggers = (["sell", "buy"] as const).map((side) => ({
      side,
      stop: new StandingStop({ ...setup, alertLevel: "warning" }),
      triggerTicks: 0,
      lots: 0,
      isWorking: false,
      wasClear: false,
    }));
    this.#opener = new HedgeExecution(
      { ...setup, style: "market" },
      params.execution,
      params.minStepLots,
    );
  }

  get anchorTicks(): number {
    return this.#anchor.ticks;
  }

  /** Those that are wanted. */
  get views(): StandingView[] {
    return this.#triggers
      .filter((trigger) => trigger.triggerTicks > 0)
      .map(({ side, triggerTicks, lots, isWorking }) => ({ side, triggerTicks, lots, isWorking }));
  }

  /** What the hedge that opens is to be, in lots; NaN: not known. */
  get hedgeLots(): number {
    if (this.#firingLots !== 0) return Math.abs(this.#firingLots);
    if (!this.#isSized) return Number.NaN;
    return this.#sizeLots >= this.#leastLots ? this.#sizeLots : 0;
  }

  /** All that are wanted stand. */
  get areWorking(): boolean {
    return this.#triggers.every(({ triggerTicks, isWorking }) => triggerTicks === 0 || isWorking);
  }

  /** There is too little to be covered. */
  get areNone(): boolean {
    return this.#triggers.every((trigger) => trigger.triggerTicks === 0);
  }

  get openLots(): number {
    return this.#opener.openLots;
  }

  reconfigure(params: HedgeParams): void {
    this.#opener.reconfigure(params.execution, params.minStepLots);
  }

  look(nowMs: number, params: PassiveHedgeParams): void {
    for (const { stop } of this.#triggers) stop.look(nowMs, params.refreshIntervalMs);
    this.#opener.look(nowMs);
  }

  /**
   * Keeps the triggers as they are wanted, while no passive hedge is on.
   * @returns why they are to be told of; null: nothing to tell
   */
  stand(
    input: HedgeInput,
    book: HedgeBook,
    params: HedgeParams,
    passive: PassiveHedgeParams,
  ): "anchor-moved" | null {
    const { nowMs, market } = input;
    if (!isKnown(market)) return null;
    this.#reconsider(market);
    if (nowMs < this.#notBeforeMs) return null;
    const midTicks = (market.bidTicks + market.askTicks) / 2;
    const move = netMove(input.exposure);
    const hasMoved = this.#anchor.look(midTicks, move, passive, params.isDualSided);
    this.#resize(input, book, passive);
    this.#leastLots = leastLots(this.#instrument, params.minStepLots, Math.floor(midTicks));
    for (const trigger of this.#triggers) {
      if (nowMs < this.#notBeforeMs) break;
      this.#want(trigger, params, passive.ratio);
      if (this.#instrument.canOpenByStop) this.#keep(trigger, input, book, passive);
      else this.#watch(trigger, input, passive);
    }
    return hasMoved ? "anchor-moved" : null;
  }

  /** Takes another size where that differs by enough. */
  #resize(input: HedgeInput, book: HedgeBook, passive: PassiveHedgeParams): void {
    const { inventory } = input.exposure;
    const { activeLots } = book;
    const lots = passiveSizeLots(this.#instrument, inventory, activeLots, passive.proportion);
    if (!Number.isNaN(lots)) this.#isSized = true;
    const differenceLots = Math.abs(lots - this.#sizeLots);
    if (!(differenceLots * 100 > this.#sizeLots * passive.movePct)) return;
    if (this.#sizeLots > 0 && input.nowMs - this.#sizedMs < SIZE_AGAIN_MS) return;
    this.#sizeLots = lots;
    this.#sizedMs = input.nowMs;
  }

  #want(trigger: Trigger, params: HedgeParams, ratio: number): void {
    const before = trigger.triggerTicks;
    const ticks = this.#triggerTicks(trigger.side, ratio);
    const isEnough =
      this.#sizeLots >= params.minStepLots &&
      this.#instrument.reachesMinimum(ticks, this.#sizeLots);
    const isWanted = isEnough && ticks > 0 && (trigger.side === "sell" || params.isDualSided);
    trigger.triggerTicks = isWanted ? ticks : 0;
    trigger.lots = isWanted ? this.#sizeLots : 0;
    if (trigger.triggerTicks !== before) trigger.wasClear = false;
  }

  /** Away from the money where it is not on the venue's grid. */
  #triggerTicks(side: Side, ratio: number): number {
    const { ticks } = this.#anchor;
    return side === "sell"
      ? this.#instrument.floorTicks(ticks * (1 - ratio))
      : this.#instrument.ceilTicks(ticks * (1 + ratio));
  }

  /** Keeps one at the venue. */
  #keep(trigger: Trigger, input: HedgeInput, book: HedgeBook, passive: PassiveHedgeParams): void {
    const { stop, side, triggerTicks, lots } = trigger;
    const { nowMs } = input;
    trigger.isWorking = triggerTicks > 0 && stop.isWorking;
    if (triggerTicks === 0) {
      stop.withdraw(nowMs, "not-wanted", true);
      return;
    }
    if (stop.takeWouldFire()) this.#onCrossed(trigger, nowMs, passive);
    if (this.#firingLots !== 0 || nowMs < this.#notBeforeMs) return;
    const change = signedLots(side, lots);
    const mayOpen = input.mayGrow || closingPart(change, book.positionLots) === change;
    const reason = stop.hasOrders ? "move" : "arm";
    const wanted = { side, triggerTicks, lots, reduceOnly: false };
    stop.keep(nowMs, wanted, input.canTrade && mayOpen, reason);
  }

  /** Watches one here, and opens the hedge where the price passes it. */
  #watch(trigger: Trigger, input: HedgeInput, passive: PassiveHedgeParams): void {
    const { side, triggerTicks } = trigger;
    trigger.isWorking = triggerTicks > 0 && input.canTrade;
    if (triggerTicks === 0 || this.#firingLots !== 0) return;
    if (!hasPassed(side, triggerTicks, input.market, this.#instrument)) trigger.wasClear = true;
    else if (trigger.wasClear) this.#fire(trigger);
    else this.#onCrossed(trigger, input.nowMs, passive);
  }

  /** The price is beyond a trigger before it stood. */
  #onCrossed(trigger: Trigger, nowMs: number, passive: PassiveHedgeParams): void {
    this.#notBeforeMs = nowMs + ARM_AGAIN_MS;
    if (passive.onCrossed === "hedge") this.#fire(trigger);
    else this.#anchor.drop();
  }

  #fire(trigger: Trigger): void {
    this.#firingLots = signedLots(trigger.side, trigger.lots);
    this.#firingTicks = trigger.triggerTicks;
    this.#wasTried = false;
  }

  /** Opens what is to be opened at the market; due at every look. */
  open(input: HedgeInput, book: HedgeBook): void {
    const { passiveLots, positionLots } = book;
    const target = this.#firingLots;
    const restLots = passiveLots * target < 0 ? 0 : target - passiveLots;
    const wanted = restLots * target > 0 ? restLots : 0;
    this.#opener.act(input, wanted, positionLots);
    this.#wasTried = true;
    if (this.#opener.hasOrder) return;
    const isRest = passiveLots !== 0 && this.#opener.isTooSmall;
    if (wanted === 0 || isRest) this.#firingLots = 0;
  }

  /** Where a hedge was kept from being opened, and the price is back, its trigger takes over. */
  #reconsider(market: HedgeMarket): void {
    if (this.#firingLots === 0 || !this.#wasTried || this.#opener.hasOrder) return;
    const side = sideOf(this.#firingLots);
    const isBack = !hasPassed(side, this.#firingTicks, market, this.#instrument);
    if (isBack || this.#opener.isTooSmall) this.#firingLots = 0;
  }

  /**
   * Takes the triggers away.
   * @param openSide a hedge is on on this side: what has fired for it goes on; null: all go
   */
  withdraw(nowMs: number, reason: string, openSide: Side | null): void {
    for (const trigger of this.#triggers) {
      trigger.stop.withdraw(nowMs, reason, trigger.side === openSide);
      trigger.triggerTicks = 0;
      trigger.isWorking = false;
      trigger.wasClear = false;
    }
    if (openSide === null || openSide !== sideOf(this.#firingLots)) this.#firingLots = 0;
  }

  /** The next hedge is measured from the price of then. */
  forget(): void {
    this.#anchor.drop();
    this.#sizeLots = 0;
    this.#isSized = false;
    for (const { stop } of this.#triggers) stop.reset();
  }
}

/**
 * Whether a stop order of this side would fire. Of those that fire by the last print: a print that
 * is older than the book does not count, so the mid has to agree.
 */
export function hasPassed(
  side: Side,
  triggerTicks: number,
  market: HedgeMarket,
  instrument: Instrument,
): boolean {
  const midTicks = (market.bidTicks + market.askTicks) / 2;
  if (instrument.stopsFireOn === "mark" && market.markTicks > 0) {
    return isBeyond(side, market.markTicks, triggerTicks);
  }
  const isMidBeyond = midTicks > 0 && isBeyond(side, midTicks, triggerTicks);
  const isLastBeyond = market.lastTicks === 0 || isBeyond(side, market.lastTicks, triggerTicks);
  return isMidBeyond && isLastBeyond;
}

function isBeyond(side: Side, ticks: number, triggerTicks: number): boolean {
  return side === "sell" ? ticks <= triggerTicks : ticks >= triggerTicks;
}
