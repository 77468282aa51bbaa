/**
 * PassiveHedger: keeps stop orders ready on the hedge venue that open a hedge when the price runs
 * away, and a stop-loss behind the hedge once it is on. From arming to the end of the hedge is a
 * round. Prices are the hedge venue's. It looks and acts: called any number of times, it sends
 * nothing where nothing has changed. Pure; may import domain.
 *
 * 1. Whether a hedge is on is what the book says; its entry is the mean of the round's fills.
 * 2. The stop-loss is sent in the same step as the fill is seen, for what has been filled so far,
 *    and grows with it. The other trigger is canceled in that step.
 * 3. What is on beyond the size that was wanted (two triggers fired, one taking the other's place)
 *    is closed at once.
 * 4. A new round begins after the cool-down, once no order of the last one can have a fill.
 */

import type { Instrument } from "#domain/instrument.ts";
import { isKnown } from "./execution.ts";
import type { HedgeBook } from "./hedge-book.ts";
import type { HedgeInput } from "./hedge-input.ts";
import type { HedgeOrders, HedgeStep, HedgeStory } from "./hedge-orders.ts";
import type { HedgeParams, PassiveHedgeParams } from "./params.ts";
import { PassiveStop } from "./passive-stop.ts";
import { PassiveTriggers, type StandingView } from "./passive-triggers.ts";
import { RoundFills } from "./round-fills.ts";
import { figure, netMove, opposite, sideOf } from "./sizes.ts";

/** Bound of a wait where there are no parameters to say so. */
const MOST_WAIT_MS = 30_000;

export type PassiveState = "off" | "arming" | "armed" | "open" | "stopping" | "cooling" | "closing";

export class PassiveHedger {
  readonly #instrument: Instrument;
  readonly #story: HedgeStory;
  readonly #fills: RoundFills;
  readonly #triggers: PassiveTriggers;
  readonly #stop: PassiveStop;
  #params: HedgeParams;
  /** The last that there were: a hedge that is on is seen through with them. */
  #passive: PassiveHedgeParams | null;
  #state: PassiveState = "off";
  #isRoundOn = false;
  #sideLots = 0;
  /** The mid when the hedge was first seen: for an entry whose fills nobody remembers. */
  #seenTicks = 0;
  #coolUntilMs = -Infinity;
  #hasAlerted = false;
  /** The cool-down is over, and an order of the last round may still have a fill. */
  #isLeftOver = false;

  constructor(instrument: Instrument, params: HedgeParams, orders: HedgeOrders, story: HedgeStory) {
    this.#instrument = instrument;
    this.#story = story;
    this.#params = params;
    this.#passive = params.passive;
    this.#fills = new RoundFills(orders);
    this.#triggers = new PassiveTriggers(instrument, params, this.#fills, story);
    this.#stop = new PassiveStop(instrument, params, this.#fills, story);
  }

  get state(): PassiveState {
    return this.#state;
  }

  /** What the triggers are measured from, may be fractional; 0: nothing yet. */
  get anchorTicks(): number {
    return this.#triggers.anchorTicks;
  }

  /** Mean price of the hedge that is on; 0: none is. */
  get entryTicks(): number {
    if (this.#sideLots === 0) return 0;
    return this.#fills.meanTicks(sideOf(this.#sideLots)) || this.#seenTicks;
  }

  get triggers(): readonly StandingView[] {
    return this.#triggers.views;
  }

  get stop(): StandingView | null {
    return this.#stop.view;
  }

  /** Signed lots that are to be traded at the market. */
  get openLots(): number {
    return this.#triggers.openLots + this.#stop.openLots;
  }

  /**
   * What there is to cover is: by its triggers, or by the hedge with its stop-loss behind it. In
   * the cool-down after a round nothing is to be.
   */
  get isCovered(): boolean {
    if (this.#state === "armed") return true;
    if (this.#state === "cooling") return !this.#isLeftOver;
    if (this.#state === "arming") return this.anchorTicks > 0 && this.#triggers.areNone;
    return this.#state === "open" && this.#stop.view?.isWorking === true;
  }

  /** Its orders that may still have fills. */
  get orderIds(): readonly string[] {
    return this.#fills.orderIds;
  }

  reconfigure(params: HedgeParams): void {
    this.#params = params;
    this.#passive = params.passive ?? this.#passive;
    this.#triggers.reconfigure(params);
    this.#stop.reconfigure(params);
  }

  /** Looks at everything and does what is due; where nothing has changed, nothing. */
  act(input: HedgeInput, book: HedgeBook): void {
    const { nowMs } = input;
    this.#fills.look();
    if (this.#passive !== null) this.#triggers.look(nowMs, this.#passive);
    this.#stop.look(nowMs, this.#passive?.refreshIntervalMs ?? MOST_WAIT_MS);
    if (book.passiveLots === 0) this.#flat(input, book);
    else this.#hold(input, book);
  }

  /** A passive hedge is on. */
  #hold(input: HedgeInput, book: HedgeBook): void {
    const { mode, market } = input;
    this.#isRoundOn = true;
    this.#sideLots = book.passiveLots;
    if (this.#seenTicks === 0 && isKnown(market)) {
      this.#seenTicks = (market.bidTicks + market.askTicks) / 2;
    }
    this.#openRest(input, book);
    // Each would be closed by opening what the other closes: the difference alone is traded.
    const areOpposite = book.activeLots * book.passiveLots < 0;
    if (mode === "flatten" && areOpposite && !this.#stop.isStopping) {
      book.cedePassive();
      this.#flat(input, book);
      return;
    }
    if (mode === "off") {
      this.#leave(input, book);
      return;
    }
    this.#hasAlerted = false;
    this.#stop.act(input, book, {
      entryTicks: this.entryTicks,
      stopRatio: this.#passive?.stopRatio ?? 0,
      hedgeLots: this.#triggers.hedgeLots,
      closesAll: mode === "flatten" || this.#passive === null,
    });
    // It may be closing from now on.
    this.#openRest(input, book);
    // Its rest went over to the active hedge.
    if (book.passiveLots === 0) this.#flat(input, book);
    else if (mode === "flatten") this.#goTo("closing", "flatten", input, book);
    else if (this.#stop.isStopping) this.#goTo("stopping", "stop-price", input, book);
    else this.#goTo("open", "trigger-filled", input, book);
  }

  /** What has fired for this hedge goes on until it is being closed; all else goes. */
  #openRest(input: HedgeInput, book: HedgeBook): void {
    const mayGrow = input.mode === "hedge" && !this.#stop.isStopping;
    const side = mayGrow && book.passiveLots !== 0 ? sideOf(book.passiveLots) : null;
    this.#triggers.withdraw(input.nowMs, "hedge-on", side);
    this.#triggers.open(input, book);
  }

  #leave(input: HedgeInput, book: HedgeBook): void {
    this.#stop.leave(input, book);
    this.#goTo("off", "off", input, book);
    if (this.#hasAlerted) return;
    this.#hasAlerted = true;
    const { base, id } = this.#instrument;
    const size = this.#instrument.sizeString(book.passiveLots);
    this.#story.alert(
      "critical",
      "hedge-without-stop",
      `the passive hedge of ${size} ${base} on ${id} is left without its stop-loss`,
    );
  }

  /** No passive hedge is on. */
  #flat(input: HedgeInput, book: HedgeBook): void {
    const { nowMs, mode } = input;
    if (this.#isRoundOn) this.#complete(input, book);
    this.#stop.settle(input, book);
    const { passive } = this.#params;
    if (mode !== "hedge" || passive === null) {
      this.#takeDown(input, book, mode === "hedge" ? "configured-away" : mode);
      if (this.#state !== "off") this.#triggers.forget();
      this.#coolUntilMs = -Infinity;
      this.#goTo("off", mode === "hedge" ? "configured-away" : mode, input, book);
    } else if (nowMs < this.#coolUntilMs || this.#stop.hasOrders) {
      this.#isLeftOver = nowMs >= this.#coolUntilMs;
      this.#takeDown(input, book, "cooling");
    } else {
      this.#arm(input, book, passive);
    }
  }

  #takeDown(input: HedgeInput, book: HedgeBook, reason: string): void {
    this.#triggers.withdraw(input.nowMs, reason, null);
    this.#triggers.open(input, book);
  }

  #arm(input: HedgeInput, book: HedgeBook, passive: PassiveHedgeParams): void {
    const wasArmed = this.#state === "armed";
    const news = this.#triggers.stand(input, book, this.#params, passive);
    this.#triggers.open(input, book);
    if (news !== null && wasArmed) this.#tell("armed", "armed", news, this.#figures(input, book));
    const isArmed = this.#triggers.areWorking && !this.#triggers.areNone;
    if (isArmed) this.#goTo("armed", "triggers-stand", input, book);
    else this.#goTo("arming", wasArmed ? "trigger-missing" : "arm", input, book);
  }

  /** The hedge that was on is closed: what the round was worth is told. */
  #complete(input: HedgeInput, book: HedgeBook): void {
    const entrySide = sideOf(this.#sideLots);
    const exitSide = opposite(entrySide);
    const fills = this.#fills;
    const lots = fills.lots(entrySide);
    // What the venue closed without us, or what was too little to be closed, has no price here.
    const isWhole = lots > 0 && lots === fills.lots(exitSide);
    const units = fills.units("sell") - fills.units("buy");
    const figures = {
      ...this.#figures(input, book),
      entryTicks: this.entryTicks,
      exitTicks: fills.meanTicks(exitSide),
      lots,
      pnl: isWhole ? this.#instrument.notional(units, 1).toFixed() : "unknown",
    };
    const reason = this.#stop.isStopping ? "stop-loss" : "hedge-closed";
    this.#tell(this.#state, "cooling", reason, figures);
    this.#state = "cooling";
    this.#isRoundOn = false;
    this.#sideLots = 0;
    this.#seenTicks = 0;
    this.#coolUntilMs = input.nowMs + (this.#passive?.cooldownMs ?? 0);
    fills.restart();
    this.#triggers.forget();
  }

  #goTo(to: PassiveState, reason: string, input: HedgeInput, book: HedgeBook): void {
    if (to === this.#state) return;
    const from = this.#state;
    this.#state = to;
    this.#tell(from, to, reason, this.#figures(input, book));
  }

  #figures({ exposure, market }: HedgeInput, book: HedgeBook): HedgeStep["figures"] {
    return {
      iqvMoveRatio: figure(netMove(exposure)),
      anchorTicks: this.anchorTicks,
      entryTicks: this.entryTicks,
      passiveLots: book.passiveLots,
      positionLots: book.positionLots,
      bidTicks: market.bidTicks,
      askTicks: market.askTicks,
      ...triggerFigures(this.triggers, this.stop),
    };
  }

  #tell(from: string, to: string, reason: string, figures: HedgeStep["figures"]): void {
    this.#story.step({ hedger: "passive", from, to, reason, figures });
  }
}

/** The prices that stand, by what they are for. */
function triggerFigures(
  triggers: readonly StandingView[],
  stop: StandingView | null,
): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const { side, triggerTicks, lots } of triggers) {
    figures[`${side}TriggerTicks`] = triggerTicks;
    figures["triggerLots"] = lots;
  }
  if (stop !== null) {
    figures["stopTicks"] = stop.triggerTicks;
    figures["stopLots"] = stop.lots;
  }
  return figures;
}
