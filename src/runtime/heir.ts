/**
 * Heir: what a pair's next worker begins with, where one before it has traded. Pure.
 */

import type { StartPosition } from "#config/engine-params.ts";
import type { PairConfig } from "#config/schema.ts";
import { decimal, plain } from "#domain/decimal.ts";
import { firstPosition, type Holding, type PairPlan } from "./preflight.ts";

export interface Heir {
  readonly capital: PairConfig["capital"];
  /** A perp's; null: spot, or paper. */
  readonly position: StartPosition | null;
}

/**
 * A live spot pair goes on with what it had: its initial amounts are no longer there once it has
 * traded. A perp's are an allotment, which stays, and it goes on with the position that it had.
 * @param holding what the worker before it had; undefined: there was none, or none that counts
 * @param targetIqvRatio that it steered to; 0: not known
 */
export function heirOf(plan: PairPlan, holding: Holding | undefined, targetIqvRatio: number): Heir {
  const { capital } = plan.pair;
  if (holding === undefined) return { capital, position: firstPosition(plan) };
  const target = capital.targetIqvRatio ?? (targetIqvRatio > 0 ? targetIqvRatio : undefined);
  const steered = target === undefined ? capital : { ...capital, targetIqvRatio: target };
  const { base, quote, position } = holding;
  if (position === null) {
    const held = { ...steered, initInventoryAmount: base, initQuoteAmount: quote };
    return { capital: held, position: null };
  }
  // What it has beyond its allotment is what the position brought in.
  const broughtIn = decimal(quote).minus(decimal(capital.initQuoteAmount));
  return { capital: steered, position: { base: position, quote: plain(broughtIn) } };
}

/** Whether what a pair holds by one config is its own by another too: same market and allotment. */
export function keepsHolding(before: PairConfig, after: PairConfig): boolean {
  return (
    before.mode === after.mode &&
    Bun.deepEquals(before.quote, after.quote) &&
    before.capital.initInventoryAmount === after.capital.initInventoryAmount &&
    before.capital.initQuoteAmount === after.capital.initQuoteAmount
  );
}
