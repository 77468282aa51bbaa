/**
 * Anchor: the price that passive hedges are measured from, on the hedge venue. It follows the price
 * only when exposure comes back to neutral after it was away. While exposure stays neutral it
 * moves by whole trigger distances only, and only where no trigger stands: so a slow crash meets
 * its trigger, however neutral the exposure looks all the way. Pure.
 */

import type { PassiveHedgeParams } from "./params.ts";

export class Anchor {
  #ticks = 0;
  #wasAway = false;

  /** May be fractional; 0: none yet. */
  get ticks(): number {
    return this.#ticks;
  }

  /** The next look takes the price of then. */
  drop(): void {
    this.#ticks = 0;
  }

  /**
   * @param midTicks mid of the hedge venue, above 0
   * @param move of the net ratio; NaN: not known, then the anchor stays
   * @param isDualSided triggers stand on both sides
   * @returns whether it has another price now
   */
  look(midTicks: number, move: number, params: PassiveHedgeParams, isDualSided: boolean): boolean {
    const isNeutral = Math.abs(move) <= params.neutralIqvRatio;
    if (this.#ticks === 0) {
      this.#wasAway = !isNeutral;
      this.#ticks = midTicks;
      return true;
    }
    if (!isNeutral) {
      if (!Number.isNaN(move)) this.#wasAway = true;
      return false;
    }
    const distanceTicks = this.#ticks * params.ratio;
    const movedTicks = midTicks - this.#ticks;
    const isBack = this.#wasAway;
    this.#wasAway = false;
    const mayMove = isBack
      ? Math.abs(movedTicks) > (distanceTicks * params.movePct) / 100
      : !isDualSided && movedTicks >= distanceTicks;
    if (mayMove) this.#ticks = midTicks;
    return mayMove;
  }
}
