/**
 * A strategy of your own: two humps a side. Part of the capital waits near the mid to earn the
 * touch, part of it far out for a sharp move, little between. And the side that brings inventory
 * back to its target is quoted up to a third nearer to the mid.
 *
 * Use it by `"strategy": { "module": "./my-strategy.ts" }`, relative to the config's folder. Mind
 * the import below: it must point at MM's source, or be left away. It is a type only, so it costs
 * nothing at run time, and the file runs wherever the `mm` executable does.
 */

import type { Strategy, StrategyContext, StrategyParams } from "../../src/strategies/strategy.ts";

/** Weight of the middle levels, the humps having 1. */
const VALLEY = 0.2;
/** How much nearer the reducing side comes at most, as a part of its distance. */
const MAX_SKEW = 1 / 3;

/** Called once for a run; the params are those of the config's `quoting`. */
export function createStrategy({ decayRate }: StrategyParams): Strategy {
  let mid = 0;
  let move = 0;
  return {
    name: "two-humps",

    prepare(context: StrategyContext): string {
      // The context is reused by the caller: copy what you need.
      mid = context.mid;
      move = Math.max(-1, Math.min(1, context.iqvMoveRatio));
      return move > 0 ? "two-humps, selling" : "two-humps, buying";
    },

    weigh(_side, levels, weights): void {
      for (let index = 0; index < levels; index += 1) {
        const fromNearest = decayRate ** (4 * index);
        const fromFarthest = decayRate ** (4 * (levels - 1 - index));
        weights[index] = Math.max(VALLEY, fromNearest, fromFarthest);
      }
    },

    price(side, levels, prices): void {
      // Too much inventory brings the asks nearer, too little the bids.
      const skew = MAX_SKEW * Math.max(0, side === "sell" ? move : -move);
      for (let index = 0; index < levels; index += 1) {
        const price = prices[index] ?? mid;
        prices[index] = price + (mid - price) * skew;
      }
    },
  };
}
