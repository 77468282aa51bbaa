/**
 * PublishedBook: the book as a venue shows it: the recorded one less what our takers took of it,
 * plus our resting orders. Numbered: each change of a level is one update id. For any venue.
 */

import { Book, NO_TICKS } from "#domain/book.ts";
import type { SimExchange } from "#sim/sim-exchange.ts";

/** As wide as the matching core's: recordings move levels far from the touch. */
const WINDOW_TICKS = 1 << 17;
const BID = 0;
const ASK = 1;

/** Lots by price. */
type Levels = Map<number, number>;

export class PublishedBook {
  readonly #exchange: SimExchange;
  readonly #book = new Book(WINDOW_TICKS);
  readonly #onChange: (isBid: boolean, ticks: number) => void;
  /** Levels to look at again, `2 · ticks + side`. */
  readonly #marked = new Set<number>();
  #own: readonly [Levels, Levels] = [new Map(), new Map()];
  #isOwnMarked = false;
  #updateId: number;

  /**
   * @param firstId id of the book before anything was shown
   * @param onChange told of each level that changed
   */
  constructor(
    exchange: SimExchange,
    firstId: number,
    onChange: (isBid: boolean, ticks: number) => void,
  ) {
    this.#exchange = exchange;
    this.#updateId = firstId;
    this.#onChange = onChange;
  }

  /** Id of the last change. */
  get updateId(): number {
    return this.#updateId;
  }

  get isStale(): boolean {
    return this.#isOwnMarked || this.#marked.size > 0;
  }

  /** The best price of a side, or NO_TICKS. */
  best(isBid: boolean): number {
    return isBid ? this.#book.bestBid : this.#book.bestAsk;
  }

  lotsAt(isBid: boolean, ticks: number): number {
    return this.#book.lotsAt(isBid ? BID : ASK, ticks);
  }

  /** The best levels of a side, best first: `[ticks, lots]`. */
  levels(isBid: boolean, limit: number): [number, number][] {
    const levels: [number, number][] = [];
    let ticks = this.best(isBid);
    while (ticks !== NO_TICKS && levels.length < limit) {
      levels.push([ticks, this.lotsAt(isBid, ticks)]);
      ticks = isBid ? this.#book.nextBid(ticks) : this.#book.nextAsk(ticks);
    }
    return levels;
  }

  /** This level of the recorded book may have changed. */
  mark(isBid: boolean, ticks: number): void {
    this.#marked.add(2 * ticks + (isBid ? BID : ASK));
  }

  markAll(): void {
    for (const isBid of [true, false]) {
      for (const [ticks] of this.levels(isBid, Infinity)) this.mark(isBid, ticks);
    }
  }

  /** Orders of ours may have come, gone or been filled. */
  markOwn(): void {
    this.#isOwnMarked = true;
  }

  /** Brings it up to date with the exchange. Not to be called while the exchange is at work. */
  settle(): void {
    if (this.#isOwnMarked) this.#settleOwn();
    for (const key of this.#marked) this.#settleLevel(key % 2 === BID, Math.floor(key / 2));
    this.#marked.clear();
  }

  #settleOwn(): void {
    this.#isOwnMarked = false;
    const before = this.#own;
    const after: [Levels, Levels] = [new Map(), new Map()];
    for (const { request, quantityLots, filledLots, place } of this.#exchange.openOrders()) {
      if (place !== "resting") continue;
      const levels = after[request.side === "buy" ? BID : ASK];
      const lots = levels.get(request.priceTicks) ?? 0;
      levels.set(request.priceTicks, lots + quantityLots - filledLots);
    }
    this.#own = after;
    for (const side of [BID, ASK] as const) {
      for (const ticks of before[side].keys()) this.mark(side === BID, ticks);
      for (const ticks of after[side].keys()) this.mark(side === BID, ticks);
    }
  }

  #settleLevel(isBid: boolean, ticks: number): void {
    const side = isBid ? BID : ASK;
    const lots = this.#exchange.lotsLeftAt(isBid, ticks) + (this.#own[side].get(ticks) ?? 0);
    if (lots === this.#book.lotsAt(side, ticks)) return;
    this.#book.setLevel(side, ticks, lots);
    this.#updateId += 1;
    this.#onChange(isBid, ticks);
  }
}
