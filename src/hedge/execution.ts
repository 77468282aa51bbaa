/**
 * HedgeExecution: trades a signed amount of lots, one order at a time. First post-only at the
 * touch, moved there again while it rests; after a deadline, or once the price has run away by as
 * much as may be paid, taken, with a price cap or at the market, for what is left. It looks and
 * acts: called any number of times, it sends nothing where nothing has changed. Pure.
 *
 * 1. No order is sent before the last one has ended and all its fills are booked: what is left is
 *    then what the caller says, and a partial fill counts once.
 * 2. What only shrinks the venue's position is sent reduce-only, and first.
 * 3. An amount that grew waits for the next re-peg; one that shrank or turned is canceled at once.
 */

import type { Instrument, Side } from "#domain/instrument.ts";
import type { OrderType, RejectReason } from "#domain/order.ts";
import type { HedgeInput, HedgeMarket } from "./hedge-input.ts";
import type { HedgeOrderSpec, HedgeOrders, HedgeOrderView, HedgeStory } from "./hedge-orders.ts";
import type { ExecutionParams } from "./params.ts";
import { LONG_WAIT, RetryWait, SHORT_WAIT, waitAfter } from "./retry-wait.ts";
import { closingPart, sideOf } from "./sizes.ts";

/** A cancel that was refused is sent again after this. */
const CANCEL_AGAIN_MS = 1_000;
/** An order that has worked for so long ends a row of failures. */
const WORKED_MS = 5_000;
/** So often in a row a post-only order that would have crossed is sent again without a wait. */
const MOST_CROSSINGS = 3;

export type ExecutionPhase = "idle" | "making" | "taking" | "waiting";

export interface ExecutionSetup {
  readonly instrument: Instrument;
  readonly orders: HedgeOrders;
  readonly story: HedgeStory;
  readonly role: HedgeOrderSpec["role"];
  /**
   * `patient`: as ExecutionParams say, what is taken has a price cap. `market`: at once, by market
   * orders.
   */
  readonly style: "patient" | "market";
}

interface Slice {
  readonly lots: number;
  readonly reduceOnly: boolean;
}

export class HedgeExecution {
  readonly #setup: ExecutionSetup;
  readonly #wait = new RetryWait();
  #params: ExecutionParams;
  #minStepLots: number;
  #id: string | null = null;
  #isTaker = false;
  #placedMs = 0;
  #beganMs = -1;
  /** What could have been taken at when it began. */
  #beganTicks = 0;
  #direction = 0;
  #phase: ExecutionPhase = "idle";
  #openLots = 0;
  #isTooSmall = false;
  /** Why the order is to go, once that was asked for; null: it was not. */
  #cancelReason: string | null = null;
  #cancelAskedMs = -Infinity;
  /** Post-only orders refused in a row as they would have crossed, and the last one's price. */
  #crossings = 0;
  #crossedTicks = 0;
  /** Why the next order is sent. */
  #reason = "open";
  #hasAlerted = false;

  constructor(setup: ExecutionSetup, params: ExecutionParams, minStepLots: number) {
    this.#setup = setup;
    this.#params = params;
    this.#minStepLots = minStepLots;
  }

  /** Signed lots still to be traded, as of the last look. */
  get openLots(): number {
    return this.#openLots;
  }

  get phase(): ExecutionPhase {
    return this.#phase;
  }

  /** When it began to trade what is open; -1: it does not. */
  get beganMs(): number {
    return this.#beganMs;
  }

  /** It has an order that may still have fills. */
  get hasOrder(): boolean {
    return this.#id !== null;
  }

  /** What is open is too little to be sent by itself. */
  get isTooSmall(): boolean {
    return this.#isTooSmall;
  }

  /** It trades, or waits for its turn to. */
  get isBusy(): boolean {
    return this.#id !== null || this.#beganMs >= 0;
  }

  /** The venue has taken its order: it is traded, or will be. */
  get isAccepted(): boolean {
    if (this.#id === null) return false;
    const order = this.#setup.orders.find(this.#id);
    return order !== undefined && (order.isWorking || order.filledLots > 0);
  }

  get orderId(): string | null {
    return this.#id;
  }

  reconfigure(params: ExecutionParams, minStepLots: number): void {
    this.#params = params;
    this.#minStepLots = minStepLots;
  }

  /** Takes in what became of its order; `act` does so too. */
  look(nowMs: number): void {
    this.#look(nowMs);
  }

  /**
   * @param wantedLots signed, still to be traded, all booked fills counted
   * @param positionLots the venue's whole position, signed
   */
  act(input: HedgeInput, wantedLots: number, positionLots: number): void {
    const wanted = input.mode === "off" ? 0 : wantedLots;
    this.#openLots = wanted;
    this.#isTooSmall = false;
    const allowed = input.mayGrow ? wanted : closingPart(wanted, positionLots);
    const order = this.#look(input.nowMs);
    if (order === null) this.#next(input, allowed, positionLots);
    else this.#tend(order, { input, allowed, positionLots });
  }

  /** The order that may still have fills; null: there is none. */
  #look(nowMs: number): HedgeOrderView | null {
    if (this.#id === null) return null;
    const order = this.#setup.orders.find(this.#id);
    if (order !== undefined && !(order.isEnded && order.missingLots === 0)) return order;
    this.#id = null;
    if (order !== undefined) this.#settle(order, nowMs);
    this.#cancelReason = null;
    return null;
  }

  /** An order has ended, and its fills are booked. */
  #settle(order: HedgeOrderView, nowMs: number): void {
    if (order.filledLots > 0) this.#succeed();
    if (order.filledLots >= order.quantityLots) {
      this.#reason = "open";
    } else if (order.rejectReason !== null && order.filledLots === 0) {
      this.#onRefused(order, order.rejectReason, nowMs);
    } else if (this.#cancelReason !== null) {
      this.#reason = this.#cancelReason;
    } else {
      // Nothing more was there to take, or somebody else ended it.
      this.#reason = "remainder";
      this.#wait.fail(nowMs, SHORT_WAIT);
    }
  }

  #onRefused(order: HedgeOrderView, reason: RejectReason, nowMs: number): void {
    this.#reason = reason;
    if (reason === "would-cross") {
      this.#crossings += 1;
      this.#crossedTicks = order.priceTicks;
      if (this.#crossings > MOST_CROSSINGS) this.#wait.fail(nowMs, SHORT_WAIT);
      return;
    }
    const range = waitAfter(reason);
    this.#wait.fail(nowMs, range);
    if (this.#hasAlerted || (range !== LONG_WAIT && this.#wait.failures < 5)) return;
    this.#hasAlerted = true;
    const { story, instrument } = this.#setup;
    const what = `${order.side} ${instrument.sizeString(order.quantityLots)} ${instrument.base}`;
    story.alert(
      "warning",
      "hedge-order-refused",
      `${instrument.id} refused to ${what}: ${reason}; it is tried again`,
    );
  }

  #succeed(): void {
    this.#wait.succeed();
    this.#crossings = 0;
    this.#crossedTicks = 0;
    this.#hasAlerted = false;
  }

  /** Looks after the order that is there. */
  #tend(
    order: HedgeOrderView,
    { input, allowed, positionLots }: { input: HedgeInput; allowed: number; positionLots: number },
  ): void {
    if (order.isEnded || !order.isWorking || order.isCanceling || this.#isTaker) return;
    if (input.nowMs - this.#placedMs >= WORKED_MS) this.#succeed();
    const reason = this.#endReason(order, input, allowed, positionLots);
    if (reason === null || input.nowMs - this.#cancelAskedMs < CANCEL_AGAIN_MS) return;
    this.#cancelAskedMs = input.nowMs;
    this.#cancelReason = reason;
    this.#setup.orders.cancel(order.clientOrderId, reason);
  }

  /** Why a resting order has to go; null: it may stay. */
  #endReason(
    order: HedgeOrderView,
    input: HedgeInput,
    allowed: number,
    positionLots: number,
  ): string | null {
    if (input.mode === "off") return "off";
    if (!input.canTrade || !isKnown(input.market)) return "blind";
    const leaves = order.quantityLots - order.filledLots - order.missingLots;
    if (allowed === 0 || sideOf(allowed) !== order.side) return "no-longer-wanted";
    if (leaves > Math.abs(allowed)) return "shrunk";
    if (this.#isPastDeadline(input)) return "deadline";
    if (input.nowMs - this.#placedMs < this.#params.repegMs) return null;
    const touch = ownTouch(order.side, input.market);
    if (touch !== order.priceTicks) return "re-peg";
    const slice = this.#slice(allowed, positionLots, touch);
    return slice !== null && slice.lots - leaves >= this.#minStepLots ? "grown" : null;
  }

  /** Whether what is left is to be taken: patience is over, or the price has run away from us. */
  #isPastDeadline({ nowMs, market }: HedgeInput): boolean {
    if (this.#setup.style === "market") return true;
    if (this.#beganMs < 0) return false;
    const { makerDeadlineMs, maxSlippagePct } = this.#params;
    if (nowMs - this.#beganMs >= makerDeadlineMs) return true;
    // To rest behind a market that falls costs more than the taking that it is to save.
    const lostTicks = this.#direction * (farTouch(this.#direction, market) - this.#beganTicks);
    return lostTicks * 100 >= this.#beganTicks * maxSlippagePct;
  }

  /** Sends the next order, where there is anything to send and it is time. */
  #next(input: HedgeInput, allowed: number, positionLots: number): void {
    const { market, nowMs } = input;
    if (allowed === 0) {
      this.#rest(this.#openLots === 0 ? "idle" : "waiting");
      return;
    }
    const side = sideOf(allowed);
    if (!input.canTrade || !isKnown(market)) {
      this.#phase = "waiting";
      return;
    }
    const slice = this.#slice(allowed, positionLots, this.#priceTicks(side, market, true));
    if (slice === null) {
      this.#isTooSmall = true;
      this.#rest("waiting");
      return;
    }
    this.#begin(Math.sign(allowed), input);
    const isTaker = this.#isPastDeadline(input);
    const priceTicks = this.#priceTicks(side, market, isTaker);
    // The same price would be refused again until the book has moved.
    const isCrossed = !isTaker && priceTicks === this.#crossedTicks;
    if (isCrossed && this.#crossings <= MOST_CROSSINGS) this.#crossedAgain(nowMs);
    if (!this.#wait.isOver(nowMs)) {
      this.#phase = "waiting";
      return;
    }
    this.#place(slice, { side, priceTicks, isTaker }, nowMs);
  }

  #crossedAgain(nowMs: number): void {
    this.#crossedTicks = 0;
    this.#wait.fail(nowMs, SHORT_WAIT);
  }

  /** An execution begins, or goes on. */
  #begin(direction: number, { nowMs, market }: HedgeInput): void {
    if (this.#beganMs >= 0 && this.#direction === direction) return;
    this.#direction = direction;
    this.#beganMs = nowMs;
    this.#beganTicks = farTouch(direction, market);
    this.#crossings = 0;
    this.#crossedTicks = 0;
    this.#reason = "open";
  }

  #rest(phase: "idle" | "waiting"): void {
    this.#beganMs = -1;
    this.#phase = phase;
  }

  #place(
    slice: Slice,
    { side, priceTicks, isTaker }: { side: Side; priceTicks: number; isTaker: boolean },
    nowMs: number,
  ): void {
    const isMarket = this.#setup.style === "market";
    const type: OrderType = isMarket ? "market" : "limit";
    this.#isTaker = isTaker;
    this.#phase = isTaker ? "taking" : "making";
    this.#placedMs = nowMs;
    this.#cancelAskedMs = -Infinity;
    this.#id = this.#setup.orders.place(
      {
        role: this.#setup.role,
        side,
        type,
        timeInForce: isTaker ? "ioc" : "gtc",
        postOnly: !isTaker,
        reduceOnly: slice.reduceOnly,
        priceTicks: isMarket ? 0 : priceTicks,
        quantityLots: slice.lots,
      },
      this.#reason,
    );
    this.#reason = "remainder";
  }

  /** What the next order is for: the part that closes first; null: too little to be traded. */
  #slice(allowed: number, positionLots: number, priceTicks: number): Slice | null {
    const lots = Math.abs(allowed);
    const closing = Math.abs(closingPart(allowed, positionLots));
    if (closing === lots) {
      const closesAll = lots === Math.abs(positionLots);
      const { minLots } = this.#setup.instrument;
      const isEnough = closesAll ? lots >= minLots : this.#isTradable(lots, priceTicks);
      return isEnough ? { lots, reduceOnly: true } : null;
    }
    const areTradable =
      this.#isTradable(closing, priceTicks) && this.#isTradable(lots - closing, priceTicks);
    if (areTradable) return { lots: closing, reduceOnly: true };
    return this.#isTradable(lots, priceTicks) ? { lots, reduceOnly: false } : null;
  }

  #isTradable(lots: number, priceTicks: number): boolean {
    return lots >= this.#minStepLots && this.#setup.instrument.reachesMinimum(priceTicks, lots);
  }

  #priceTicks(side: Side, market: HedgeMarket, isTaker: boolean): number {
    if (!isTaker) return ownTouch(side, market);
    const { instrument } = this.#setup;
    const slippage = this.#params.maxSlippagePct / 100;
    return side === "sell"
      ? Math.max(
          1,
          Math.min(market.bidTicks, instrument.ceilTicks(market.bidTicks * (1 - slippage))),
        )
      : Math.max(market.askTicks, instrument.floorTicks(market.askTicks * (1 + slippage)));
  }
}

/** A book with both sides, not crossed. */
export function isKnown({ bidTicks, askTicks }: HedgeMarket): boolean {
  return bidTicks > 0 && askTicks > bidTicks;
}

/** What a trade of this sign takes at. */
function farTouch(direction: number, { bidTicks, askTicks }: HedgeMarket): number {
  return direction > 0 ? askTicks : bidTicks;
}

/** Where an order of this side rests without taking. */
function ownTouch(side: Side, market: HedgeMarket): number {
  return side === "sell" ? market.askTicks : market.bidTicks;
}
