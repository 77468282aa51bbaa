/**
 * Heir: what a pair's next worker begins with, where one before it has traded. Pure.
 */

import type { StartPosition } from "#config/engine-params.ts";
import type { PairConfig } from "#config/schema.ts";
import { decimal, plain } from "#domain/decimal.ts";
import type { Holding, PairPlan } from "./pair-plan.ts";
import { firstPosition } from "./preflight.ts";

/** Of the worker before. */
export interface LastWord {
  readonly holding: Holding | undefined;
  /** The last fill in it, or the moment that a perp's position was taken over at. */
  readonly newestTradeId: string | null;
}

export interface Heir {
  readonly capital: PairConfig["capital"];
  /** A perp's; null: spot, or paper. */
  readonly position: StartPosition | null;
}

/**
 * A live spot pair goes on with what it had: its initial amounts are no longer there once it has
 * traded. A perp's are an allotment, which stays, and it goes on with the position that it had.
 * @param last what the worker before it had; `holding` undefined: there was none, or none that
 * counts
 * @param targetIqvRatio that it steered to; 0: not known
 */
export function heirOf(plan: PairPlan, last: LastWord, targetIqvRatio: number): Heir {
  const { holding } = last;
  const { capital } = plan.pair;
  if (holding === undefined) return { capital, position: firstPosition(plan) };
  const target = capital.targetIqvRatio ?? (targetIqvRatio > 0 ? targetIqvRatio : undefined);
  const steered = target === undefined ? capital : { ...capital, targetIqvRatio: target };
  const { base, quote, position } = holding;
  if (position === null) {
    const held = { ...steered, initInventoryAmount: base, initQuoteAmount: quote };
    return { capital: held, position: null };
  }
  // It begins at that moment again, and is told the funding that was settled since again.
  if (isUntouched(plan, last)) return { capital: steered, position: firstPosition(plan) };
  // What it has beyond its allotment is what the position brought in.
  const broughtIn = decimal(quote).minus(decimal(capital.initQuoteAmount));
  return { capital: steered, position: { base: position, quote: plain(broughtIn) } };
}

/** What `newestTradeId` is by another plan, which may know of a later moment. */
export function tradeIdBy(after: PairPlan, before: PairPlan, last: LastWord): string | null {
  const isSame = isUntouched(before, last) && before.perp?.position === after.perp?.position;
  return isSame ? (after.perp?.sinceTradeId ?? null) : last.newestTradeId;
}

/** Nothing of a perp was filled since its plan was made. */
function isUntouched({ perp }: PairPlan, { holding, newestTradeId }: LastWord): boolean {
  const position = holding?.position ?? null;
  if (perp === null || position === null || newestTradeId !== perp.sinceTradeId) return false;
  return decimal(position).eq(decimal(perp.position));
}

/** Whether what a pair holds by one plan is its own by another too: same market and allotment. */
export function keepsHolding(before: PairPlan, after: PairPlan): boolean {
  const [was, is] = [before.pair, after.pair];
  return (
    was.mode === is.mode &&
    isSameMarket(before, after) &&
    was.capital.initInventoryAmount === is.capital.initInventoryAmount &&
    was.capital.initQuoteAmount === is.capital.initQuoteAmount
  );
}

function isSameMarket(before: PairPlan, after: PairPlan): boolean {
  const [was, is] = [before.pair.quote, after.pair.quote];
  // Of a spot account there is but the name: its key may be another one for the same.
  const isSpot = [before, after].some(({ market }) => market.instrument.kind === "spot");
  if (isSpot) return Bun.deepEquals(was, is);
  // A position is of an account, whatever that is called and the leverage is.
  return was.symbol === is.symbol && before.access.account === after.access.account;
}
