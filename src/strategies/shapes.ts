/**
 * The three fixed shapes: spot (flat), curve (heaviest at the mid), bid-ask (heaviest at the edge).
 * Weights by level i = 0, 1, …: 1, d^i and 1/(d^(i+1) + 1e-6), d being the decay. Pure.
 */

import type { Side } from "#domain/instrument.ts";
import type { Strategy, StrategyParams } from "./strategy.ts";

/** Keeps bid-ask weights finite, as in the original. */
const EDGE_SOFTENING = 1e-6;

export type ShapeName = "spot" | "curve" | "bid-ask";

/** The decay that makes the heaviest of `levels` weights `edgeRatio` times the lightest. */
function decayOf(params: StrategyParams, levels: number): number {
  if (params.edgeRatio === undefined) return params.decayRate;
  return levels < 2 ? 1 : params.edgeRatio ** (-1 / (levels - 1));
}

function spotWeights(_params: StrategyParams, levels: number, weights: Float64Array): void {
  weights.fill(1, 0, levels);
}

function curveWeights(params: StrategyParams, levels: number, weights: Float64Array): void {
  const decay = decayOf(params, levels);
  let weight = 1;
  for (let index = 0; index < levels; index += 1) {
    weights[index] = weight;
    weight *= decay;
  }
}

function bidAskWeights(params: StrategyParams, levels: number, weights: Float64Array): void {
  const decay = decayOf(params, levels);
  // An edge ratio keeps the weights finite by itself, and is to be exact.
  const softening = params.edgeRatio === undefined ? EDGE_SOFTENING : 0;
  let power = decay;
  for (let index = 0; index < levels; index += 1) {
    weights[index] = 1 / (power + softening);
    power *= decay;
  }
}

const WEIGHERS = { spot: spotWeights, curve: curveWeights, "bid-ask": bidAskWeights } as const;

/** Writes the weights of a shape, nearest level first. */
export function weighShape(
  shape: ShapeName,
  params: StrategyParams,
  levels: number,
  weights: Float64Array,
): void {
  WEIGHERS[shape](params, levels, weights);
}

/** The strategy that always has this shape. */
export function fixedShape(shape: ShapeName): (params: StrategyParams) => Strategy {
  return (params) => ({
    name: shape,
    prepare: () => shape,
    weigh: (_side: Side, levels: number, weights: Float64Array) =>
      weighShape(shape, params, levels, weights),
  });
}
