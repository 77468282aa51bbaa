/**
 * HedgeInput: what the hedgers look at, gathered in one object that may be used again. Amounts and
 * prices are floats: sizes are worked out from them and then cut to whole lots. Pure values.
 */

/** What is exposed, of the quoting venue and the hedge venue together. */
export interface Exposure {
  /** Quote currency per unit of base, the quoting venue's mid; 0: none known. */
  readonly mid: number;
  /** Base currency on the quoting venue: spot what is held, perp its allotment and position. */
  readonly inventory: number;
  /** Quote currency on the quoting venue. */
  readonly quote: number;
  /** Signed position on the hedge venue, base currency. */
  readonly hedgeBase: number;
  /** What that position has brought in (a short: positive), quote currency, fees and funding in. */
  readonly hedgeQuote: number;
  /** `r0`; 0: not known yet. */
  readonly targetIqvRatio: number;
  /**
   * Where the quoting venue's is a perp: the inventory that position 0 stands for, base currency.
   * That is its target then, whatever the price makes of its part of the value.
   */
  readonly allotment?: number;
}

/** The hedge instrument's market, in its ticks; all 0 where nothing fresh is known. */
export interface HedgeMarket {
  readonly bidTicks: number;
  readonly askTicks: number;
  /** The mark price, may be fractional; 0: none. */
  readonly markTicks: number;
  /** Price of the last print; 0: none. */
  readonly lastTicks: number;
}

/**
 * - `hedge`: as exposure wants it.
 * - `flatten`: everything is to be closed, and nothing opened.
 * - `off`: nothing is to rest or be sent; positions stay.
 */
export type HedgeMode = "hedge" | "flatten" | "off";

export interface HedgeInput {
  readonly nowMs: number;
  readonly mode: HedgeMode;
  readonly exposure: Exposure;
  readonly market: HedgeMarket;
  /** The hedge venue can be reached, and it and we agree: orders may be sent. */
  readonly canTrade: boolean;
  /** Its margin allows a larger position; where not, positions may only shrink. */
  readonly mayGrow: boolean;
}
