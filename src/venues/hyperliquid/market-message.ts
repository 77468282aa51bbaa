/**
 * MarketMessage: one frame of Hyperliquid's public channels as parsed, reused from frame to frame;
 * prices in ticks, sizes in lots. Pure; may import domain only.
 */

import { BookUpdate } from "#domain/fused-book.ts";

export const MarketKind = {
  /** The touch. */
  bbo: 0,
  /** A whole book of the best levels. */
  book: 1,
  /** Prints. */
  trades: 2,
  /** Oracle price, mark price and funding. */
  context: 3,
} as const;

/** Levels of both sides together; the venue sends at most 40. */
export const MAX_LEVELS = 256;

/** Prints of one frame, a column each. Of the columns only the first `length` cells are used. */
export class PrintList {
  ticks = new Int32Array(64);
  lots = new Float64Array(64);
  timesMs = new Float64Array(64);
  ids = new Float64Array(64);
  /** 1: the buyer took. */
  buyerTook = new Uint8Array(64);
  length = 0;

  /** Adds a print; its price and size are set by the caller. @returns its place */
  push(timeMs: number, id: number, buyerTook: boolean): number {
    const at = this.length;
    if (at === this.ticks.length) this.#grow();
    this.timesMs[at] = timeMs;
    this.ids[at] = id;
    this.buyerTook[at] = buyerTook ? 1 : 0;
    this.length = at + 1;
    return at;
  }

  #grow(): void {
    this.ticks = new Int32Array(this.ticks.buffer.transfer(this.ticks.byteLength * 2));
    this.lots = new Float64Array(this.lots.buffer.transfer(this.lots.byteLength * 2));
    this.timesMs = new Float64Array(this.timesMs.buffer.transfer(this.timesMs.byteLength * 2));
    this.ids = new Float64Array(this.ids.buffer.transfer(this.ids.byteLength * 2));
    this.buyerTook = new Uint8Array(this.buyerTook.buffer.transfer(this.buyerTook.byteLength * 2));
  }
}

/** Fields that its kind does not have are 0. */
export class MarketMessage {
  /** One of MarketKind. */
  kind = 0;
  /** Of a touch and a book: when it was so, by the venue's clock. It is `levels.lastId` as well. */
  venueMs = 0;
  /** A book of the fast kind: few levels, often. */
  isFast = false;
  /**
   * Of a touch and a book. A touch has one level a side; a size of 0: that side is empty.
   */
  readonly levels = new BookUpdate();
  readonly prints = new PrintList();
  /** Ticks, fractional: floats, never money. */
  oracleTicks = 0;
  markTicks = 0;
  /** Fraction of the position's value, an hour. */
  fundingRate = 0;
  /** How many of its prices were no whole number of ticks, its sizes no whole number of lots. */
  offGrid = 0;

  constructor() {
    this.levels.ticks = new Int32Array(MAX_LEVELS);
    this.levels.lots = new Float64Array(MAX_LEVELS);
  }

  reset(kind: number): void {
    this.kind = kind;
    this.venueMs = 0;
    this.isFast = false;
    this.levels.lastId = 0;
    this.levels.bidEnd = 0;
    this.levels.end = 0;
    this.prints.length = 0;
    this.oracleTicks = 0;
    this.markTicks = 0;
    this.fundingRate = 0;
    this.offGrid = 0;
  }
}
