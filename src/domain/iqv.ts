/**
 * The inventory ratio (the "IQV" of the original): how much of a pair's value is inventory, and how
 * far that is from its target. Floats: they shape orders, they are not money. Pure.
 */

/** Value of the inventory over the value of both: i·p / (i·p + q). NaN where there is nothing. */
export function iqvRatio(inventory: number, price: number, quote: number): number {
  const value = inventory * price;
  return value / (value + quote);
}

/** How far the ratio is from its target, as a part of the target: in [−1, 1/target − 1]. */
export function iqvMoveRatio(ratio: number, targetRatio: number): number {
  return (ratio - targetRatio) / targetRatio;
}
