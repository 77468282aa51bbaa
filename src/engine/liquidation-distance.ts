/**
 * LiquidationDistance: how far the mid is from where the venue would liquidate a perp's position.
 * The venue tells the price with the account; until it tells another, it is kept. Pure.
 */

import type { AccountEvent } from "#domain/events.ts";

/** What is looked at: a signed position, and twice the mid in ticks. */
interface LiquidationInput {
  readonly positionLots: number;
  readonly midHalfTicks: number;
}

/** Once too near, the distance must be this many times the limit again. */
const HYSTERESIS = 1.2;

export class LiquidationDistance {
  readonly #tickValue: number;
  #halfTicks = 0;
  /** Of the position that the price was told for; 0: there was none, or no price. */
  #sign = 0;

  /** @param tickValue quote currency per tick */
  constructor(tickValue: number) {
    this.#tickValue = tickValue;
  }

  onAccount({ base, liquidationPrice }: AccountEvent): void {
    this.#sign = liquidationPrice === undefined ? 0 : Math.sign(Number(base));
    this.#halfTicks = (2 * (liquidationPrice ?? 0)) / this.#tickValue;
  }

  /**
   * In per cent of the mid, negative beyond the price; Infinity where there is no mid yet, nothing
   * to liquidate, or the position is on the other side since.
   */
  pct({ positionLots, midHalfTicks }: LiquidationInput): number {
    if (this.#sign === 0 || Math.sign(positionLots) !== this.#sign) return Infinity;
    if (midHalfTicks === 0) return Infinity;
    return (this.#sign * (midHalfTicks - this.#halfTicks) * 100) / midHalfTicks;
  }

  /** @param limitPct null: off. @param wasNear what it said last */
  static isNear(pct: number, limitPct: number | null, wasNear: boolean): boolean {
    return limitPct !== null && pct < limitPct * (wasNear ? HYSTERESIS : 1);
  }
}
