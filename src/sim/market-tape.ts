/**
 * MarketTape: a recorded or generated market as columns of typed arrays, ready for the simulated
 * exchange. Two streams on one clock (milliseconds since the epoch, float64):
 *
 * - `rows`, in exchange time: what happens at the exchange, one level or print each;
 * - `feed`, in receive time: what reaches us, one message each, with the touch it leaves.
 *
 * A level row sets the absolute size of one level. Nothing of ours is in it. Pure.
 */

export const RowKind = { bidLevel: 0, askLevel: 1, buyTrade: 2, sellTrade: 3, clear: 4 } as const;
export const FeedKind = { book: 0, buyTrade: 1, sellTrade: 2 } as const;

export interface TapeRows {
  readonly length: number;
  readonly timeMs: Float64Array;
  /** One of RowKind; `buyTrade` is a print in which the buyer took. */
  readonly kind: Uint8Array;
  readonly ticks: Int32Array;
  readonly lots: Float64Array;
}

export interface TapeFeed {
  readonly length: number;
  readonly receivedMs: Float64Array;
  readonly venueMs: Float64Array;
  /** One of FeedKind. A print has its price and size in `bidTicks` and `bidLots`. */
  readonly kind: Uint8Array;
  readonly bidTicks: Int32Array;
  readonly bidLots: Float64Array;
  readonly askTicks: Int32Array;
  readonly askLots: Float64Array;
}

export interface MarketTape {
  readonly rows: TapeRows;
  readonly feed: TapeFeed;
}
