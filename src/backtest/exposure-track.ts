/**
 * ExposureTrack: how far the pair's net exposure, both legs together, was from its target through a
 * run, looked at with every time step: all are equally long, so that a mean is one over time.
 * Pure.
 */

import type { PairEngine } from "#engine/pair-engine.ts";
import type { ActiveHedger } from "#hedge/active-hedger.ts";

export class ExposureTrack {
  /** Base currency. */
  maxAbsDelta = 0;
  readonly #engine: PairEngine;
  #deltaSum = 0;
  #steps = 0;
  #outsideSteps = 0;

  constructor(engine: PairEngine) {
    this.#engine = engine;
  }

  /** Mean over time of |net delta|, base currency. */
  get meanAbsDelta(): number {
    return this.#steps === 0 ? 0 : this.#deltaSum / this.#steps;
  }

  /**
   * Part of the time beyond the active hedge's band in which it was not being traded; null: there
   * is no active hedge. What a passive hedge did is no reason to trade, and does not count.
   */
  get outsideBand(): number | null {
    if (this.#activeHedger === null) return null;
    return this.#steps === 0 ? 0 : this.#outsideSteps / this.#steps;
  }

  get #activeHedger(): ActiveHedger | null {
    return this.#engine.hedge?.active ?? null;
  }

  /** With every time step. */
  onTime(): void {
    const { ledger, netDelta } = this.#engine;
    if (!ledger.isMarked) return;
    const delta = Math.abs(netDelta);
    this.#steps += 1;
    this.#deltaSum += delta;
    this.maxAbsDelta = Math.max(this.maxAbsDelta, delta);
    const hedger = this.#activeHedger;
    if (hedger?.isBeyondBand === true && hedger.phase === "idle") this.#outsideSteps += 1;
  }
}
