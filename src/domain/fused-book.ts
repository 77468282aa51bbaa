/**
 * FusedBook: one book from two streams of a venue, depth (changed levels, or the best ones anew,
 * every so often) and ticker (the touch, at once). Both carry the id or the time of the book update
 * that they show, and the newer one is right: a ticker that is not newer than the depth is dropped;
 * a newer one takes away every level that is better than it and sets the touch, and holds against
 * depth that is older than itself. Keeps no message and allocates nothing from update to update.
 * Pure.
 */

import { Book, NO_TICKS } from "./book.ts";

const NO_ID = -1;
/** Levels a side that are remembered behind those that a venue shows. */
const MAX_BEHIND = 64;
const NO_LEVELS = new Int32Array(0);
const NO_SIZES = new Float64Array(0);

/**
 * Levels of one message, as a part of columns: bids in [start, bidEnd), asks in [bidEnd, end);
 * absolute sizes, 0: gone. Reused from message to message.
 */
export class BookUpdate {
  /** Id of the last book update that the message shows. */
  lastId = 0;
  ticks: Int32Array = NO_LEVELS;
  lots: Float64Array = NO_SIZES;
  start = 0;
  bidEnd = 0;
  end = 0;
}

/** Hears of every level whose size changes; a size of 0: it is gone. */
export type LevelListener = (isBid: boolean, ticks: number, lots: number) => void;

export class FusedBook {
  readonly book = new Book();
  readonly #onLevel: LevelListener;
  #isComplete = false;
  /** Last update id of the depth that was applied. */
  #depthId = NO_ID;
  /** The newest ticker, and its update id. */
  #tickerId = NO_ID;
  #bidTicks = 0;
  #bidLots = 0;
  #askTicks = 0;
  #askLots = 0;

  /** @param onLevel is not told of the clearing before a snapshot, nor of `clear` */
  constructor(onLevel: LevelListener) {
    this.#onLevel = onLevel;
  }

  /** A snapshot has been applied. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Update id of the newest ticker; -1: none is known. */
  get tickerId(): number {
    return this.#tickerId;
  }

  /** Whether the touch comes from a ticker that is newer than the depth. */
  get tickerIsNewer(): boolean {
    return this.#tickerId > this.#depthId;
  }

  /** Forgets everything, tickers too: the venue may count anew. */
  clear(): void {
    this.book.clear();
    this.#isComplete = false;
    this.#depthId = NO_ID;
    this.#tickerId = NO_ID;
  }

  /** Starts from a snapshot; a newer ticker seen before holds against it too. */
  applySnapshot(update: BookUpdate): void {
    this.book.clear();
    this.#isComplete = true;
    this.applyDepth(update);
    if (this.tickerIsNewer) this.#setTouch();
  }

  /**
   * Takes the best levels as a venue shows them anew each time, `depth` a side, fewer where it has
   * no more; false where they are older than those before. Any other level is gone, but for those
   * behind the last of `depth`: they are out of sight and stay as last seen.
   */
  applyBest(update: BookUpdate, depth: number): boolean {
    if (update.lastId < this.#depthId) return false;
    this.#isComplete = true;
    this.#depthId = update.lastId;
    this.#dropUnlisted(update, true, depth);
    this.#dropUnlisted(update, false, depth);
    this.#setLevels(update, true);
    this.#setLevels(update, false);
    if (this.tickerIsNewer) this.#setTouch();
    return true;
  }

  /** The caller has checked that the event follows the ones before it. */
  applyDepth(update: BookUpdate): void {
    this.#depthId = update.lastId;
    // Removals go first, so that the book is never crossed half-way through an event.
    this.#setLevels(update, true);
    this.#setLevels(update, false);
  }

  /** Takes note of a ticker (one level a side); before the snapshot it only remembers it. */
  applyTicker(update: BookUpdate): void {
    const { lastId, ticks, lots, start } = update;
    if (lastId <= this.#depthId || lastId <= this.#tickerId) return;
    this.#tickerId = lastId;
    this.#bidTicks = ticks[start] ?? 0;
    this.#bidLots = lots[start] ?? 0;
    this.#askTicks = ticks[start + 1] ?? 0;
    this.#askLots = lots[start + 1] ?? 0;
    if (this.#isComplete) this.#setTouch();
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

  #dropUnlisted(update: BookUpdate, isBid: boolean, depth: number): void {
    const { book } = this;
    const start = isBid ? update.start : update.bidEnd;
    const end = isBid ? update.bidEnd : update.end;
    // The last level in sight; nothing is behind it where the venue has no more.
    const noMore = isBid ? -Infinity : Infinity;
    const last = end - start < depth ? noMore : (update.ticks[end - 1] ?? noMore);
    let behind = 0;
    for (let ticks = isBid ? book.bestBid : book.bestAsk; ticks !== NO_TICKS; ) {
      const next = isBid ? book.nextBid(ticks) : book.nextAsk(ticks);
      const isBehind = isBid ? ticks < last : ticks > last;
      if (isBehind) behind += 1;
      if (isBehind ? behind > MAX_BEHIND : !isListed(update, ticks, start, end)) {
        if (isBid) this.#setBid(ticks, 0);
        else this.#setAsk(ticks, 0);
      }
      ticks = next;
    }
  }

  /** Sets the levels of a depth event that are now 0 (`removals`), or those that are not. */
  #setLevels(update: BookUpdate, removals: boolean): void {
    const { ticks: allTicks, lots: allLots, bidEnd, end } = update;
    for (let level = update.start; level < end; level += 1) {
      const isBid = level < bidEnd;
      const ticks = allTicks[level] ?? 0;
      const shown = allLots[level] ?? 0;
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
    this.#onLevel(true, ticks, lots);
  }

  #setAsk(ticks: number, lots: number): void {
    if (this.book.askLotsAt(ticks) === lots) return;
    this.book.setAsk(ticks, lots);
    this.#onLevel(false, ticks, lots);
  }
}

/** Whether the update has a level at this price, between two places in its columns. */
function isListed(update: BookUpdate, ticks: number, start: number, end: number): boolean {
  for (let level = start; level < end; level += 1) {
    if (update.ticks[level] === ticks) return true;
  }
  return false;
}
