/**
 * Liquidity: what our takers can still take of the recorded book: its whole lots, less what our
 * own fills took of a level since that level's last update. Pure.
 */

import { type Book, NO_TICKS } from "#domain/book.ts";
import { BUY, type OwnLevels, type SideIndex } from "./own-levels.ts";

export class Liquidity {
  readonly #book: Book;
  readonly #levels: OwnLevels;

  constructor(book: Book, levels: OwnLevels) {
    this.#book = book;
    this.#levels = levels;
  }

  /** The best recorded price of a side, taken or not, or NO_TICKS. */
  best(side: SideIndex): number {
    return side === BUY ? this.#book.bestBid : this.#book.bestAsk;
  }

  /** The recorded price behind another one, or NO_TICKS. */
  next(side: SideIndex, ticks: number): number {
    return side === BUY ? this.#book.nextBid(ticks) : this.#book.nextAsk(ticks);
  }

  lotsAt(side: SideIndex, ticks: number): number {
    const left = this.#book.lotsAt(side, ticks) - this.#levels.takenLots(side, ticks);
    return Math.max(0, Math.floor(left));
  }

  /** The best price with a lot left, or NO_TICKS. */
  bestWithLots(side: SideIndex): number {
    let ticks = this.best(side);
    while (ticks !== NO_TICKS && this.lotsAt(side, ticks) === 0) ticks = this.next(side, ticks);
    return ticks;
  }

  /** Σ ticks · lots of taking so many lots; of fewer where the side ends before. */
  unitsOf(side: SideIndex, lots: number): number {
    let units = 0;
    let leavesLots = lots;
    for (
      let ticks = this.best(side);
      leavesLots > 0 && ticks !== NO_TICKS;
      ticks = this.next(side, ticks)
    ) {
      const takenLots = Math.min(this.lotsAt(side, ticks), leavesLots);
      units += takenLots * ticks;
      leavesLots -= takenLots;
    }
    return units;
  }
}
