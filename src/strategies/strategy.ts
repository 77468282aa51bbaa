/**
 * What a strategy is: the shape of a ladder. It gives weights, and prices where it wants; capital,
 * multipliers, clamps and rounding are done once for all of them in ladder.ts. May import domain.
 *
 * To add one of your own: docs/strategies.md. The types in this file are the whole contract.
 */

import type { Side } from "#domain/instrument.ts";

/** What a strategy may look at. The object is reused: copy what you keep. */
export interface StrategyContext {
  /** Milliseconds since the epoch: the engine's time, the only clock there is. */
  timeMs: number;
  /** Mid of the quoting venue, in quote currency. */
  mid: number;
  /** Effective volatility in per cent over the configured horizon; -1 while it is warming up. */
  volatilityPct: number;
  /** Inventory value over the pair's whole value, 0…1. */
  iqvRatio: number;
  /** (iqvRatio − target) / target: positive when there is too much inventory. */
  iqvMoveRatio: number;
}

/** One instance serves one pair and may keep state. It must be deterministic and do no I/O. */
export interface Strategy {
  readonly name: string;
  /**
   * Called before each ladder, and now and then between ladders to see whether the shape would be
   * another: time is `context.timeMs`, not the number of calls. Returns the shape's name.
   */
  prepare(context: StrategyContext): string;
  /**
   * Writes the weight of each level into `weights[0 … levels − 1]`, nearest level first: finite,
   * not negative, at least one above 0. Only their proportions matter.
   */
  weigh(side: Side, levels: number, weights: Float64Array): void;
  /**
   * Where present: overwrites `prices[0 … levels − 1]`, quote currency, nearest level first. They
   * come in as the configured bins. A bid is rounded down to the tick, an ask up.
   */
  price?(side: Side, levels: number, prices: Float64Array): void;
}

/** The part of a pair's configuration that shapes are made of. */
export interface StrategyParams {
  /** Weight of a level over that of the next nearer one (`curve`) or its inverse (`bid-ask`). */
  readonly decayRate: number;
  /** Heaviest level over lightest; takes the place of `decayRate` where present. */
  readonly edgeRatio: number | undefined;
  /** Per cent; under it `auto` is `curve`, above the upper one `bid-ask`, between them `spot`. */
  readonly volLowerThreshold: number;
  readonly volUpperThreshold: number;
  /** `auto` keeps a shape at least this long. */
  readonly shapeDwellMs: number;
  /** `auto` leaves a shape only when its threshold is passed by this many per cent of it. */
  readonly shapeHysteresisPct: number;
}

export type StrategyFactory = (params: StrategyParams) => Strategy;
