/**
 * HedgeParams: all that the hedgers of one pair are told, already checked. Ratios are floats, sizes
 * whole lots of the hedge instrument, times milliseconds. Pure values.
 */

export interface HedgeParams {
  /** Null: no active hedge. */
  readonly active: ActiveHedgeParams | null;
  /** Null: no passive hedge. */
  readonly passive: PassiveHedgeParams | null;
  readonly execution: ExecutionParams;
  /** Steps below this wait until they add up; at least the venue's own minimum. */
  readonly minStepLots: number;
  /** Hedges too little inventory (buying) as well as too much (selling). */
  readonly isDualSided: boolean;
  /** How long a wanted hedge may be missing until the side that adds to it is switched off. */
  readonly maxUnhedgedMs: number;
  /** Whether a halt closes the hedge. */
  readonly closesOnHalt: boolean;
  /** Nearer than this to its liquidation price the hedge grows no more; per cent of the price. */
  readonly minLiquidationDistancePct: number;
  /** Above this part of its margin (per cent; at 100 it is liquidated) it grows no more. */
  readonly maxMarginPct: number;
}

export interface ActiveHedgeParams {
  /** Beyond this move of the net ratio a hedge opens (`a`). */
  readonly iqvRatio: number;
  /** The move that a hedge brings the net ratio to (`h`). */
  readonly targetIqvRatio: number;
  /** Within this move of the unhedged inventory a hedge is unwound. */
  readonly unwindIqvRatio: number;
  /**
   * `band`: to the edge of the band given by `h`, on the side where it is. `seed`: the original's
   * target ratio, r0·a, beyond neutral.
   */
  readonly target: "band" | "seed";
  /** What part of the hedge, as it was when unwinding began, one step closes. */
  readonly unwindProportion: number;
  readonly intervalMs: number;
}

export interface PassiveHedgeParams {
  /** Distance of a trigger from the anchor price, as a fraction of it. */
  readonly ratio: number;
  /** Distance of the stop-loss from the hedge's entry, as a fraction of it. */
  readonly stopRatio: number;
  /** Part of the net inventory that a trigger hedges. */
  readonly proportion: number;
  /** Within this move the exposure counts as neutral, and the anchor may follow the price. */
  readonly neutralIqvRatio: number;
  /**
   * Triggers are moved where that changes their distance, or their size, by more than this per
   * cent of it.
   */
  readonly movePct: number;
  /** What is done where a trigger would fire at once: hedge at the market, or anchor anew. */
  readonly onCrossed: "hedge" | "re-anchor";
  readonly refreshIntervalMs: number;
  /** After a round. */
  readonly cooldownMs: number;
}

/** How an amount is traded: post-only at the touch first, then taken with a price cap. */
export interface ExecutionParams {
  readonly repegMs: number;
  readonly makerDeadlineMs: number;
  /** Of what is taken: at most so much worse than the touch, per cent. */
  readonly maxSlippagePct: number;
}
