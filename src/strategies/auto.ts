/**
 * The strategy `auto`: its shape follows volatility. Calm: curve, to earn the touch; wild: bid-ask,
 * to stand back; between, and while volatility is not known yet: spot. A shape is kept for a dwell
 * time, and left only when its threshold is passed by a margin, so that it does not flap. Pure.
 */

import { type ShapeName, weighShape } from "./shapes.ts";
import type { Strategy, StrategyContext, StrategyParams } from "./strategy.ts";

/** The shape that this volatility (per cent) wants, given the one there is now. */
export function shapeFor(
  volatilityPct: number,
  current: ShapeName | null,
  params: StrategyParams,
): ShapeName {
  if (volatilityPct < 0) return "spot";
  const margin = params.shapeHysteresisPct / 100;
  const lower = params.volLowerThreshold * (current === "curve" ? 1 + margin : 1);
  const upper = params.volUpperThreshold * (current === "bid-ask" ? 1 - margin : 1);
  if (volatilityPct < lower) return "curve";
  return volatilityPct > upper ? "bid-ask" : "spot";
}

export function autoStrategy(params: StrategyParams): Strategy {
  let shape: ShapeName | null = null;
  let known = false;
  let sinceMs = 0;
  return {
    name: "auto",
    prepare(context: StrategyContext): string {
      const wanted = shapeFor(context.volatilityPct, shape, params);
      // The stand-in shape of the warm-up has no claim to a dwell time.
      const held = known && context.timeMs - sinceMs < params.shapeDwellMs;
      if (shape === null || (wanted !== shape && !held)) {
        shape = wanted;
        sinceMs = context.timeMs;
      }
      known = context.volatilityPct >= 0;
      return shape;
    },
    weigh: (_side, levels, weights) => weighShape(shape ?? "spot", params, levels, weights),
  };
}
