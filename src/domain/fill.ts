/**
 * Fill: one execution of one of our orders. (`Trade` is the public print, never ours.) Pure value.
 */

import type { Side } from "./instrument.ts";

export type Liquidity = "maker" | "taker";

export interface Fill {
  /** The venue's key of the execution: unique in the instrument, the same from stream and query. */
  readonly tradeId: string;
  readonly clientOrderId: string;
  readonly side: Side;
  readonly priceTicks: number;
  readonly quantityLots: number;
  /** What was charged, in `feeAsset`, a plain decimal; negative for a rebate. */
  readonly fee: string;
  readonly feeAsset: string;
  readonly liquidity: Liquidity;
  readonly venueTimeMs: number;
}
