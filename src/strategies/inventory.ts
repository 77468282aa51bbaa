/**
 * Size multipliers: how much of each side is quoted because of how far the pair's inventory ratio
 * is from its target. Ratios are floats: they shape orders, they are not money. Pure.
 */

export interface InventoryLimits {
  /** Buying stops where the move reaches this. */
  readonly iqvUpLimit: number;
  /** Selling stops where the move falls to this (negative). */
  readonly iqvDownLimit: number;
  /** Buying shrinks from here. */
  readonly inventoryRbIqvRatio: number;
  /** Selling shrinks from here (negative). */
  readonly quoteRbIqvRatio: number;
}

/** 1 up to the rebalance ratio, 0 from the limit on, linear between. */
export function buyMultiplier(move: number, limits: InventoryLimits): number {
  if (move <= limits.inventoryRbIqvRatio) return 1;
  if (move >= limits.iqvUpLimit) return 0;
  return (limits.iqvUpLimit - move) / (limits.iqvUpLimit - limits.inventoryRbIqvRatio);
}

/** The mirror of `buyMultiplier`. */
export function sellMultiplier(move: number, limits: InventoryLimits): number {
  if (move >= limits.quoteRbIqvRatio) return 1;
  if (move <= limits.iqvDownLimit) return 0;
  return (move - limits.iqvDownLimit) / (limits.quoteRbIqvRatio - limits.iqvDownLimit);
}
