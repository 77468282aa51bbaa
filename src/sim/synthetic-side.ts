/**
 * SyntheticSide: one side of a synthetic book, its levels in order from the best. Some fifty
 * levels, so that plain sorted arrays do. Pure.
 */

export class SyntheticSide {
  /** Best first. */
  readonly #ticks: number[] = [];
  readonly #lots: number[] = [];
  readonly isBid: boolean;

  constructor(isBid: boolean) {
    this.isBid = isBid;
  }

  get length(): number {
    return this.#ticks.length;
  }

  /** The best price; the side must not be empty. */
  get best(): number {
    return this.ticksAt(0);
  }

  get bestLots(): number {
    return this.#lots[0] ?? 0;
  }

  /** Price of a level, 0 being the best; NaN behind the last. */
  ticksAt(level: number): number {
    return this.#ticks[level] ?? Number.NaN;
  }

  /** Size of a level, 0 being the best; 0 behind the last. */
  lotsAtLevel(level: number): number {
    return this.#lots[level] ?? 0;
  }

  lotsAtPrice(ticks: number): number {
    const level = this.#levelOf(ticks);
    return this.#ticks[level] === ticks ? (this.#lots[level] ?? 0) : 0;
  }

  /** How far the price lies behind the best, in ticks; negative in front of it. */
  behindBest(ticks: number): number {
    return this.isBid ? this.best - ticks : ticks - this.best;
  }

  /** Sets the size of a price; 0 removes it. */
  set(ticks: number, lots: number): void {
    const level = this.#levelOf(ticks);
    if (this.#ticks[level] === ticks) {
      if (lots > 0) {
        this.#lots[level] = lots;
      } else {
        this.#ticks.splice(level, 1);
        this.#lots.splice(level, 1);
      }
    } else if (lots > 0) {
      this.#ticks.splice(level, 0, ticks);
      this.#lots.splice(level, 0, lots);
    }
  }

  /** The first level that is not better than the price. */
  #levelOf(ticks: number): number {
    let low = 0;
    let high = this.#ticks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const there = this.ticksAt(middle);
      if (this.isBid ? there > ticks : there < ticks) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
