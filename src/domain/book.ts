/**
 * Book: an order book by price level (L2), best levels fast. Pure; imports nothing.
 *
 * A side keeps its sizes in a window of ticks around its best price, one array cell a tick, with a
 * bit a tick to find the next level; levels behind the window wait in a map, until the best price
 * comes near the window's edge and the window moves. Sizes are lots. A book may be crossed for as
 * long as its feed says so: whoever reads it asks `isCrossed()`.
 *
 * Both sides share their arrays and are told apart by a number, because the tape's hot loop calls
 * `setLevel` with a side that no branch can predict.
 */

const DEFAULT_WINDOW_TICKS = 1 << 16;
export const NO_TICKS = -1;

const BID = 0;
const ASK = 1;
/** The origin of a window that stands nowhere yet: every tick lies outside of it. */
const UNSET = Number.MAX_SAFE_INTEGER;
/** The best price of an empty side, such that any price is better. */
const NO_BID = -1;
const NO_ASK = Number.MAX_SAFE_INTEGER;

export class Book {
  readonly #window: number;
  /** Bids in the first half, asks in the second; likewise `#occupied`, a bit a cell. */
  readonly #lots: Float64Array;
  readonly #occupied: Int32Array;
  /** Tick of the first cell, by side. Prices may exceed 32 bits, so these are floats. */
  readonly #origin = new Float64Array([UNSET, UNSET]);
  readonly #best = new Float64Array([NO_BID, NO_ASK]);
  /** Levels outside the window; all of them are behind the best price. */
  readonly #farBids = new Map<number, number>();
  readonly #farAsks = new Map<number, number>();

  /** @param windowTicks cells a side, a power of two of at least 64 */
  constructor(windowTicks: number = DEFAULT_WINDOW_TICKS) {
    this.#window = windowTicks;
    this.#lots = new Float64Array(2 * windowTicks);
    this.#occupied = new Int32Array((2 * windowTicks) >> 5);
  }

  /** Best prices in ticks, NO_TICKS where that side is empty. */
  get bestBid(): number {
    return this.#best[BID] ?? NO_BID;
  }
  get bestAsk(): number {
    const best = this.#best[ASK] ?? NO_ASK;
    return best === NO_ASK ? NO_TICKS : best;
  }
  /** Number of levels: counted when asked for. */
  get bidLevels(): number {
    return this.#countLevels(BID);
  }
  get askLevels(): number {
    return this.#countLevels(ASK);
  }

  setBid(ticks: number, lots: number): void {
    this.setLevel(BID, ticks, lots);
  }
  setAsk(ticks: number, lots: number): void {
    this.setLevel(ASK, ticks, lots);
  }

  /**
   * Sets the absolute size of a level; 0 removes it (removing an unknown level is fine).
   * @param side 0 for a bid, 1 for an ask
   */
  setLevel(side: number, ticks: number, lots: number): void {
    const cell = ticks - (this.#origin[side] ?? UNSET);
    if (cell < 0 || cell >= this.#window) {
      this.#setOutside(side, ticks, lots);
      return;
    }
    const at = side * this.#window + cell;
    this.#lots[at] = lots;
    const bit = 1 << (at & 31);
    const word = this.#occupied[at >> 5] ?? 0;
    this.#occupied[at >> 5] = lots > 0 ? word | bit : word & ~bit;
    const best = this.#best[side] ?? 0;
    if (side === BID ? ticks >= best : ticks <= best) this.#moveBest(side, ticks, lots);
  }

  bidLotsAt(ticks: number): number {
    return this.lotsAt(BID, ticks);
  }
  askLotsAt(ticks: number): number {
    return this.lotsAt(ASK, ticks);
  }

  /** The size of a level, 0 where there is none. @param side 0 for a bid, 1 for an ask */
  lotsAt(side: number, ticks: number): number {
    const cell = ticks - (this.#origin[side] ?? UNSET);
    if (cell < 0 || cell >= this.#window) return this.#far(side).get(ticks) ?? 0;
    return this.#lots[side * this.#window + cell] ?? 0;
  }

  /** The next lower bid, or the next higher ask; NO_TICKS behind the last. */
  nextBid(ticks: number): number {
    const found = this.#scanDown(ticks - 1);
    if (found !== NO_BID || this.#farBids.size === 0) return found;
    let next = NO_BID;
    for (const far of this.#farBids.keys()) if (far < ticks && far > next) next = far;
    return next;
  }
  nextAsk(ticks: number): number {
    let next = this.#scanUp(ticks + 1);
    if (next === NO_ASK) {
      for (const far of this.#farAsks.keys()) if (far > ticks && far < next) next = far;
    }
    return next === NO_ASK ? NO_TICKS : next;
  }

  isEmpty(): boolean {
    return this.bestBid === NO_TICKS || this.bestAsk === NO_TICKS;
  }

  /** Best bid at or above best ask. */
  isCrossed(): boolean {
    return !this.isEmpty() && this.bestBid >= this.bestAsk;
  }

  clear(): void {
    this.#clearSide(BID);
    this.#clearSide(ASK);
  }

  /**
   * Takes a newer touch than the levels have: everything better than it is gone, and the touch
   * itself has these sizes. Returns nothing; a size of 0 empties that side.
   */
  applyTouch(bidTicks: number, bidLots: number, askTicks: number, askLots: number): void {
    // A side that is to be empty keeps nothing above -1, and nothing below infinity.
    const lowestBid = bidLots > 0 ? bidTicks : NO_TICKS;
    const highestAsk = askLots > 0 ? askTicks : NO_ASK;
    while (this.bestBid > lowestBid) this.setLevel(BID, this.bestBid, 0);
    while (this.bestAsk !== NO_TICKS && this.bestAsk < highestAsk) {
      this.setLevel(ASK, this.bestAsk, 0);
    }
    if (bidLots > 0) this.setLevel(BID, bidTicks, bidLots);
    if (askLots > 0) this.setLevel(ASK, askTicks, askLots);
  }

  #far(side: number): Map<number, number> {
    return side === BID ? this.#farBids : this.#farAsks;
  }

  /** A level at the best price or better was set: there is a new best, or the best went. */
  #moveBest(side: number, ticks: number, lots: number): void {
    if (lots > 0) {
      this.#best[side] = ticks;
      return;
    }
    if (ticks !== this.#best[side]) return;
    const best = side === BID ? this.#scanDown(ticks - 1) : this.#scanUp(ticks + 1);
    this.#best[side] = best;
    if (this.#far(side).size > 0 && this.#isNearEdge(side, best)) this.#recentre(side);
  }

  /** Whether less than an eighth of the window is left behind the best price, or nothing. */
  #isNearEdge(side: number, best: number): boolean {
    if (best === NO_BID || best === NO_ASK) return true;
    const cell = best - (this.#origin[side] ?? UNSET);
    const behind = side === BID ? cell : this.#window - 1 - cell;
    return behind < this.#window >> 3;
  }

  #setOutside(side: number, ticks: number, lots: number): void {
    const far = this.#far(side);
    if (lots === 0) {
      far.delete(ticks);
      return;
    }
    far.set(ticks, lots);
    const best = this.#best[side] ?? 0;
    if (side === BID ? ticks > best : ticks < best) this.#recentre(side);
  }

  /** Moves the window so that the best level of all stands in its middle. Rare. */
  #recentre(side: number): void {
    const all = new Map(this.#far(side));
    const origin = this.#origin[side] ?? UNSET;
    const first = side * this.#window;
    for (let cell = 0; cell < this.#window; cell += 1) {
      const lots = this.#lots[first + cell] ?? 0;
      if (lots > 0) all.set(origin + cell, lots);
    }
    this.#clearSide(side);
    let best = side === BID ? NO_BID : NO_ASK;
    for (const ticks of all.keys()) if (side === BID ? ticks > best : ticks < best) best = ticks;
    this.#origin[side] = Math.max(0, best - (this.#window >> 1));
    // The best comes first, so that no other is taken for a better one outside the window.
    this.setLevel(side, best, all.get(best) ?? 0);
    for (const [ticks, lots] of all) this.setLevel(side, ticks, lots);
  }

  #clearSide(side: number): void {
    const first = side * this.#window;
    this.#lots.fill(0, first, first + this.#window);
    this.#occupied.fill(0, first >> 5, (first + this.#window) >> 5);
    this.#far(side).clear();
    this.#origin[side] = UNSET;
    this.#best[side] = side === BID ? NO_BID : NO_ASK;
  }

  #countLevels(side: number): number {
    let levels = this.#far(side).size;
    const words = this.#window >> 5;
    for (let word = side * words; word < (side + 1) * words; word += 1) {
      let bits = this.#occupied[word] ?? 0;
      for (; bits !== 0; bits &= bits - 1) levels += 1;
    }
    return levels;
  }

  /** The highest bid in the window at or below `ticks`, or NO_BID. */
  #scanDown(ticks: number): number {
    const origin = this.#origin[BID] ?? UNSET;
    const cell = Math.min(ticks - origin, this.#window - 1);
    if (cell < 0) return NO_BID;
    let word = cell >> 5;
    let bits = (this.#occupied[word] ?? 0) & (-1 >>> (31 - (cell & 31)));
    while (bits === 0) {
      word -= 1;
      if (word < 0) return NO_BID;
      bits = this.#occupied[word] ?? 0;
    }
    return origin + (word << 5) + 31 - Math.clz32(bits);
  }

  /** The lowest ask in the window at or above `ticks`, or NO_ASK. */
  #scanUp(ticks: number): number {
    const origin = this.#origin[ASK] ?? UNSET;
    const cell = Math.max(ticks - origin, 0);
    if (origin === UNSET || cell >= this.#window) return NO_ASK;
    const words = this.#window >> 5;
    let word = cell >> 5;
    let bits = (this.#occupied[words + word] ?? 0) & (-1 << (cell & 31));
    while (bits === 0) {
      word += 1;
      if (word >= words) return NO_ASK;
      bits = this.#occupied[words + word] ?? 0;
    }
    return origin + (word << 5) + 31 - Math.clz32(bits & -bits);
  }
}
