/**
 * FusedBook: one book from two streams of a venue, depth (every level, every 100 ms) and ticker
 * (the touch, at once). Both carry the id of the book update that they show, and the newer one is
 * right: a ticker that is not newer than the depth is dropped; a newer one takes away every level
 * that is better than it and sets the touch, and holds against depth that is older than itself.
 */

import { Book, NO_TICKS } from "#domain/book.ts";
import { RowKind } from "#sim/market-tape.ts";
import type { CaptureLog } from "./capture-log.ts";

/** Hears of every level whose size changes. @param kind RowKind.bidLevel or RowKind.askLevel */
export type LevelListener = (kind: number, ticks: number, lots: number) => void;

export class FusedBook {
  readonly book = new Book();
  readonly #onLevel: LevelListener;
  /** Last update id of the depth that was applied. */
  #depthId = -1;
  /** The newest ticker, and its update id. */
  #tickerId = -1;
  #bidTicks = 0;
  #bidLots = 0;
  #askTicks = 0;
  #askLots = 0;

  /** @param onLevel is not told of the clearing before a snapshot */
  constructor(onLevel: LevelListener) {
    this.#onLevel = onLevel;
  }

  /** Whether the touch comes from a ticker that is newer than the depth. */
  get tickerIsNewer(): boolean {
    return this.#tickerId > this.#depthId;
  }

  /** Starts from the snapshot at `index`; a newer ticker seen before holds against it too. */
  applySnapshot(log: CaptureLog, index: number): void {
    this.book.clear();
    this.applyDepth(log, index);
    if (this.tickerIsNewer) this.#setTouch();
  }

  /** The caller has checked that the event at `index` follows the ones before it. */
  applyDepth(log: CaptureLog, index: number): void {
    this.#depthId = log.lastId[index] ?? 0;
    // Removals go first, so that the book is never crossed half-way through an event.
    this.#setLevels(log, index, true);
    this.#setLevels(log, index, false);
  }

  /** Takes note of the ticker at `index`; before the snapshot it only remembers it. */
  applyTicker(log: CaptureLog, index: number, isComplete: boolean): void {
    const updateId = log.lastId[index] ?? 0;
    if (updateId <= this.#depthId || updateId <= this.#tickerId) return;
    const bid = log.levelStart[index] ?? 0;
    const ask = bid + 1;
    this.#tickerId = updateId;
    this.#bidTicks = log.levelTicks[bid] ?? 0;
    this.#bidLots = log.levelLots[bid] ?? 0;
    this.#askTicks = log.levelTicks[ask] ?? 0;
    this.#askLots = log.levelLots[ask] ?? 0;
    if (isComplete) this.#setTouch();
  }

  #setTouch(): void {
    const { book } = this;
    while (book.bestBid !== NO_TICKS && (this.#bidLots === 0 || book.bestBid > this.#bidTicks)) {
      this.#setBid(book.bestBid, 0);
    }
    while (book.bestAsk !== NO_TICKS && (this.#askLots === 0 || book.bestAsk < this.#askTicks)) {
      this.#setAsk(book.bestAsk, 0);
    }
    if (this.#bidLots > 0) this.#setBid(this.#bidTicks, this.#bidLots);
    if (this.#askLots > 0) this.#setAsk(this.#askTicks, this.#askLots);
  }

  /** Sets the levels of a depth event that are now 0 (`removals`), or those that are not. */
  #setLevels(log: CaptureLog, index: number, removals: boolean): void {
    const bidEnd = log.bidEnd[index] ?? 0;
    const end = log.levelEnd[index] ?? 0;
    for (let level = log.levelStart[index] ?? 0; level < end; level += 1) {
      const isBid = level < bidEnd;
      const ticks = log.levelTicks[level] ?? 0;
      const shown = log.levelLots[level] ?? 0;
      const lots = this.tickerIsNewer ? this.#lotsBehindTicker(isBid, ticks, shown) : shown;
      if ((lots === 0) !== removals) continue;
      if (isBid) this.#setBid(ticks, lots);
      else this.#setAsk(ticks, lots);
    }
  }

  /** The size of a level by depth that is older than the ticker: none better, its own touch. */
  #lotsBehindTicker(isBid: boolean, ticks: number, lots: number): number {
    const touchLots = isBid ? this.#bidLots : this.#askLots;
    if (touchLots === 0) return 0;
    const better = isBid ? ticks - this.#bidTicks : this.#askTicks - ticks;
    if (better > 0) return 0;
    return better === 0 ? touchLots : lots;
  }

  #setBid(ticks: number, lots: number): void {
    if (this.book.bidLotsAt(ticks) === lots) return;
    this.book.setBid(ticks, lots);
    this.#onLevel(RowKind.bidLevel, ticks, lots);
  }

  #setAsk(ticks: number, lots: number): void {
    if (this.book.askLotsAt(ticks) === lots) return;
    this.book.setAsk(ticks, lots);
    this.#onLevel(RowKind.askLevel, ticks, lots);
  }
}
