/**
 * ActiveHedger: keeps the pair's net exposure within a band by a position on the hedge venue, and
 * takes that position back once the inventory by itself is near its target. It decides at an
 * interval, from what is there and not from what was sent; what it has decided is a position to
 * hold, and the execution trades the difference. Pure; may import domain.
 *
 * 1. Beyond the band it trades until the net ratio is at its target, also where the ratio has come
 *    back within the band meanwhile. Within the band nothing begins.
 * 2. A hedge is unwound in steps; each begins only while it may, and a hedge that is needed again
 *    ends them.
 * 3. It does not trade against a passive hedge: that counts where it leaves less to be hedged, or
 *    makes its own too much, and never as the reason for a hedge. While one is on, the net ratio
 *    may be beyond the band.
 * 4. Without parameters of its own (it was configured away, or a passive hedge was left by an
 *    earlier run) it opens nothing, and unwinds what is there once the exposure counts as neutral.
 */

import type { Instrument, Side } from "#domain/instrument.ts";
import { HedgeExecution } from "./execution.ts";
import type { HedgeBook } from "./hedge-book.ts";
import type { Exposure, HedgeInput } from "./hedge-input.ts";
import type { HedgeOrders, HedgeStory } from "./hedge-orders.ts";
import type { HedgeParams } from "./params.ts";
import {
  activeExposure,
  closingPart,
  figure,
  hedgeSize,
  leastLots,
  lotsIn,
  moveWithoutActive,
  netMove,
  netRatio,
  netTargetRatio,
  sideOf,
  sideTargetRatio,
  signedLots,
  unhedgedMove,
} from "./sizes.ts";

/** What holds for an unwinding without parameters of its own. */
const ORPHAN_INTERVAL_MS = 1_000;
const ORPHAN_PROPORTION = 1;

export type ActiveState = "idle" | "hedging" | "holding" | "unwinding" | "closing";

export class ActiveHedger {
  readonly #instrument: Instrument;
  readonly #story: HedgeStory;
  readonly #execution: HedgeExecution;
  #params: HedgeParams;
  #state: ActiveState = "idle";
  #nextDecisionMs = -Infinity;
  /** The sub-position to be held; null: the one that is there. */
  #targetLots: number | null = null;
  /** The side that it hedges on, while it does. */
  #side: Side = "sell";
  /** One step of the unwinding under way. */
  #stepLots = 0;
  /** What can be traded by itself, by the price of the last look. */
  #leastLots: number;
  /** It had an order at the last look, whose target still holds where it is near enough. */
  #hasBegun = false;
  #isNeeded = false;
  #isBeyondBand = false;

  constructor(instrument: Instrument, params: HedgeParams, orders: HedgeOrders, story: HedgeStory) {
    this.#instrument = instrument;
    this.#params = params;
    this.#leastLots = params.minStepLots;
    this.#story = story;
    this.#execution = new HedgeExecution(
      { instrument, orders, story, role: "active-hedge", style: "patient" },
      params.execution,
      params.minStepLots,
    );
  }

  get state(): ActiveState {
    return this.#state;
  }

  /** Signed lots that are still to be traded, those too few to be sent too. */
  get openLots(): number {
    return this.#execution.openLots;
  }

  get phase(): HedgeExecution["phase"] {
    return this.#execution.phase;
  }

  /** A hedge is wanted that is not there. */
  get isNeeded(): boolean {
    return this.#isNeeded;
  }

  /** As of the last look: the exposure calls for a hedge, whether it is traded already or not. */
  get isBeyondBand(): boolean {
    return this.#isBeyondBand;
  }

  /** Its orders that may still have fills. */
  get orderIds(): readonly string[] {
    const id = this.#execution.orderId;
    return id === null ? [] : [id];
  }

  reconfigure(params: HedgeParams): void {
    this.#params = params;
    this.#execution.reconfigure(params.execution, params.minStepLots);
    this.#nextDecisionMs = -Infinity;
  }

  /** Looks at everything and does what is due; where nothing has changed, nothing. */
  act(input: HedgeInput, book: HedgeBook): void {
    this.#leastLots = this.#least(input);
    this.#isBeyondBand = this.#sideBeyondBand(input, book) !== null;
    if (input.mode === "hedge") {
      if (this.#state === "closing") this.#stop(input, book, "hedge-again");
      // The next order is of the exposure as it is now, not as it was at the last interval.
      const hadOrder = this.#execution.hasOrder;
      this.#execution.look(input.nowMs);
      const isBetweenOrders = hadOrder && !this.#execution.hasOrder;
      this.#hasBegun = hadOrder;
      const isRest = isBetweenOrders && this.#state === "hedging" && this.#openRest(book) !== 0;
      if (isRest || input.nowMs >= this.#nextDecisionMs) this.#decide(input, book);
    } else {
      this.#nextDecisionMs = -Infinity;
      this.#isNeeded = false;
      this.#targetLots = input.mode === "flatten" ? 0 : null;
    }
    this.#execution.act(input, this.#wantedLots(input, book), book.positionLots);
    if (input.mode === "hedge") return;
    const isOver = book.activeLots === 0 && !this.#execution.isBusy;
    if (input.mode === "off" || isOver) this.#stop(input, book, input.mode);
    else this.#goTo("closing", "flatten", input, book);
  }

  /**
   * Signed lots to the target. An order that was filled although it was to go may have led beyond
   * it: that is not traded back, the next decision says what is to be done.
   */
  #wantedLots({ mode }: HedgeInput, { activeLots }: HedgeBook): number {
    if (this.#targetLots === null) return 0;
    const wanted = this.#targetLots - activeLots;
    const isHedging = mode === "hedge" && this.#state === "hedging";
    if (!isHedging) return closingPart(wanted, activeLots);
    return sideOf(wanted) === this.#side ? wanted : 0;
  }

  /** Signed lots between what is there and what is to be. */
  #openRest({ activeLots }: HedgeBook): number {
    return this.#targetLots === null ? 0 : this.#targetLots - activeLots;
  }

  /** Nothing more is to be traded: what is there stays as it is. */
  #stop(input: HedgeInput, book: HedgeBook, reason: string): void {
    this.#targetLots = null;
    this.#isNeeded = false;
    this.#goTo(book.activeLots === 0 ? "idle" : "holding", reason, input, book);
  }

  #decide(input: HedgeInput, book: HedgeBook): void {
    const intervalMs = this.#params.active?.intervalMs ?? ORPHAN_INTERVAL_MS;
    this.#nextDecisionMs = input.nowMs + intervalMs;
    // Not known for now: what was decided last still holds, and nothing begins.
    if (Number.isNaN(netMove(input.exposure))) return;
    const side = this.#sideBeyondBand(input, book);
    if (side !== null && this.#aim(side, input, book)) {
      const openLots = Math.abs((this.#targetLots ?? 0) - book.activeLots);
      // What is too little to be traded waits, and is missed by nobody.
      this.#isNeeded = openLots >= this.#leastLots;
      this.#side = side;
      const reason = side === "sell" ? "move-above-band" : "move-below-band";
      this.#goTo("hedging", reason, input, book);
    } else if (this.#state !== "hedging") {
      this.#isNeeded = false;
      this.#settle(input, book);
    } else if (!this.#aim(this.#side, input, book)) {
      this.#stop(input, book, "target-reached");
    }
  }

  /** The side that is to be traded on; null: within the band, but for what a passive hedge did. */
  #sideBeyondBand(input: HedgeInput, book: HedgeBook): Side | null {
    const sides: readonly Side[] = ["sell", "buy"];
    return sides.find((side) => this.#isBeyond(side, input, book)) ?? null;
  }

  #isBeyond(side: Side, input: HedgeInput, book: HedgeBook): boolean {
    const { active, isDualSided } = this.#params;
    if (active === null) return false;
    const move = netMove(this.#exposure(side, input, book));
    if (side === "sell") return move > active.iqvRatio;
    return (isDualSided || this.#isShrinking(side, book)) && move < -active.iqvRatio;
  }

  /**
   * Whether a trade on this side takes back what is there, of its own: as much as can be traded by
   * itself, or a rest would keep all the others waiting.
   */
  #isShrinking(side: Side, { activeLots }: HedgeBook): boolean {
    const ownLots = side === "sell" ? activeLots : -activeLots;
    return ownLots >= this.#leastLots;
  }

  /** At the worst price that is taken: what is enough there is enough everywhere. */
  #least({ market }: HedgeInput): number {
    const { minStepLots, execution } = this.#params;
    const priceTicks = market.bidTicks * (1 - execution.maxSlippagePct / 100);
    return leastLots(this.#instrument, minStepLots, Math.floor(priceTicks));
  }

  /** Too much of its own is taken back whoever made it too much; see `activeExposure` for more. */
  #exposure(side: Side, { exposure }: HedgeInput, book: HedgeBook): Exposure {
    if (this.#isShrinking(side, book)) return exposure;
    return activeExposure(side, exposure, book.passiveLots * this.#instrument.lotValue);
  }

  /**
   * Sets the position that brings the net ratio to its target on this side.
   * @returns false where it is there, or beyond, or nearer than a step that can be traded
   */
  #aim(side: Side, input: HedgeInput, book: HedgeBook): boolean {
    const exposure = this.#exposure(side, input, book);
    const move = netMove(exposure);
    const ratio = sideTargetRatio(side, netTargetRatio(exposure), move, this.#params);
    if (ratio === null) return false;
    const saleLots = lotsIn(this.#instrument, hedgeSize(exposure, ratio));
    const lots = side === "sell" ? saleLots : -saleLots;
    if (lots <= 0) return false;
    if (lots < this.#leastLots && !this.#isBeyond(side, input, book)) return false;
    const trade = signedLots(side, lots);
    // Only what goes beyond its own is for the other side's view of the exposure to decide.
    const own = this.#isShrinking(side, book) ? closingPart(trade, book.activeLots) : trade;
    const wanted = book.activeLots + own;
    // An order that rests keeps its place unless it is off by a step.
    const isPlaced = this.#hasBegun && this.#state === "hedging" && this.#side === side;
    const before = isPlaced ? this.#targetLots : null;
    if (before === null || Math.abs(wanted - before) >= this.#leastLots) this.#targetLots = wanted;
    return true;
  }

  /** Within the band: unwinds what is there, as far as that may be. */
  #settle(input: HedgeInput, book: HedgeBook): void {
    const { activeLots } = book;
    if (this.#state === "unwinding") {
      // A step that has begun is finished first.
      if (activeLots !== 0 && activeLots !== this.#targetLots && this.#execution.isBusy) return;
      if (activeLots === 0) return this.#stop(input, book, "unwound");
    }
    if (activeLots === 0) return this.#stop(input, book, "no-hedge");
    if (!this.#mayUnwind(input, book)) return this.#stop(input, book, "hedge-in-place");
    if (this.#state !== "unwinding") {
      const proportion = this.#params.active?.unwindProportion ?? ORPHAN_PROPORTION;
      const share = Math.ceil(Math.abs(activeLots) * proportion);
      this.#stepLots = Math.max(share, this.#leastLots);
    }
    const restLots = Math.abs(activeLots) - this.#stepLots;
    // What would be too small to be closed by itself goes with the last step.
    const isLast = restLots < this.#leastLots;
    this.#targetLots = isLast ? 0 : Math.sign(activeLots) * restLots;
    this.#goTo("unwinding", "move-near-target", input, book);
  }

  /** Without it the exposure would be near its target, or beyond it on the other side. */
  #mayUnwind({ exposure }: HedgeInput, { activeLots, passiveLots }: HedgeBook): boolean {
    const { active, passive } = this.#params;
    const limit = active?.unwindIqvRatio ?? passive?.neutralIqvRatio;
    if (limit === undefined) return false;
    const passiveBase = passiveLots * this.#instrument.lotValue;
    const move = moveWithoutActive(sideOf(activeLots), exposure, passiveBase);
    return activeLots < 0 ? move < limit : move > -limit;
  }

  /** Tells of a transition, with what it was decided on. */
  #goTo(to: ActiveState, reason: string, input: HedgeInput, book: HedgeBook): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    const { exposure, market } = input;
    this.#story.step({
      hedger: "active",
      from,
      to,
      reason,
      figures: {
        iqvRatio: figure(netRatio(exposure)),
        iqvMoveRatio: figure(netMove(exposure)),
        unhedgedMoveRatio: figure(unhedgedMove(exposure)),
        targetIqvRatio: netTargetRatio(exposure),
        activeLots: book.activeLots,
        targetLots: this.#targetLots ?? book.activeLots,
        positionLots: book.positionLots,
        bidTicks: market.bidTicks,
        askTicks: market.askTicks,
      },
    });
  }
}
