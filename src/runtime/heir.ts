/**
 * Heir: what a pair's next worker begins with, where one before it has traded. Pure.
 */

import type { StartPosition } from "#config/engine-params.ts";
import type { PairConfig } from "#config/schema.ts";
import { decimal, plain } from "#domain/decimal.ts";
import {
  firstPosition,
  type Holding,
  isSameMarket,
  type LegPlan,
  type PairPlan,
} from "./pair-plan.ts";

/** Of the worker before, on one leg. */
export interface LegWord<Has> {
  /** Undefined: there was no worker, or none that counts. */
  readonly has: Has | undefined;
  /** The last fill in it, or the moment that a position was taken over at. */
  readonly newestTradeId: string | null;
}

export interface LastWord {
  readonly quote: LegWord<Holding>;
  /** The position, and what it brought in. */
  readonly hedge: LegWord<StartPosition>;
}

/** Before the first worker has told. */
export const NO_WORD: LastWord = {
  quote: { has: undefined, newestTradeId: null },
  hedge: { has: undefined, newestTradeId: null },
};

export interface Heir {
  readonly capital: PairConfig["capital"];
  /** A perp's; null: spot, or paper. */
  readonly position: StartPosition | null;
  /** Of the hedge; null: paper, or there is no hedge. */
  readonly hedgePosition: StartPosition | null;
}

/**
 * A live spot pair goes on with what it had: its initial amounts are no longer there once it has
 * traded. A perp's are an allotment, which stays, and it goes on with the position that it had; so
 * does a hedge.
 * @param targetIqvRatio that it steered to; 0: not known
 */
export function heirOf(plan: PairPlan, last: LastWord, targetIqvRatio: number): Heir {
  const holding = last.quote.has;
  const { capital } = plan.pair;
  const hedgePosition = hedgePositionOf(plan, last);
  if (holding === undefined) {
    return { capital, position: firstPosition(plan.quote), hedgePosition };
  }
  const target = capital.targetIqvRatio ?? (targetIqvRatio > 0 ? targetIqvRatio : undefined);
  const steered = target === undefined ? capital : { ...capital, targetIqvRatio: target };
  const { base, quote, position } = holding;
  if (position === null) {
    const held = { ...steered, initInventoryAmount: base, initQuoteAmount: quote };
    return { capital: held, position: null, hedgePosition };
  }
  // What it has beyond its allotment is what the position brought in.
  const broughtIn = plain(decimal(quote).minus(decimal(capital.initQuoteAmount)));
  const own = { base: position, quote: broughtIn };
  return { capital: steered, position: positionOf(plan.quote, last.quote, own), hedgePosition };
}

function hedgePositionOf({ hedge }: PairPlan, last: LastWord): StartPosition | null {
  if (hedge === null) return null;
  const position = last.hedge.has;
  return position === undefined ? firstPosition(hedge) : positionOf(hedge, last.hedge, position);
}

function positionOf(
  leg: LegPlan,
  last: LegWord<unknown>,
  own: StartPosition,
): StartPosition | null {
  // It begins at that moment again, and is told the funding that was settled since again.
  return isUntouched(leg, last, own.base) ? firstPosition(leg) : own;
}

/** What of a pair's last word is its own by another plan too, which may know of a later moment. */
export function wordFor(last: LastWord, before: PairPlan, after: PairPlan): LastWord {
  const { quote } = last;
  const position = quote.has?.position ?? null;
  return {
    quote: keepsHolding(before, after)
      ? { ...quote, newestTradeId: newestBy(after.quote, before.quote, quote, position) }
      : NO_WORD.quote,
    hedge: hedgeWordFor(last, before, after),
  };
}

function hedgeWordFor({ hedge }: LastWord, before: PairPlan, after: PairPlan): LastWord["hedge"] {
  const [was, is] = [before.hedge, after.hedge];
  if (was === null || is === null || !keepsHedge(before, after)) return NO_WORD.hedge;
  return { ...hedge, newestTradeId: newestBy(is, was, hedge, hedge.has?.base ?? null) };
}

function newestBy(
  after: LegPlan,
  before: LegPlan,
  last: LegWord<unknown>,
  position: string | null,
): string | null {
  const isSame =
    isUntouched(before, last, position) && before.perp?.position === after.perp?.position;
  return isSame ? (after.perp?.sinceTradeId ?? null) : last.newestTradeId;
}

/** Nothing of a perp was filled since its plan was made. */
function isUntouched(
  { perp }: LegPlan,
  { newestTradeId }: LegWord<unknown>,
  position: string | null,
): boolean {
  if (perp === null || position === null || newestTradeId !== perp.sinceTradeId) return false;
  return decimal(position).eq(decimal(perp.position));
}

/** Whether what a pair holds by one plan is its own by another too: same market and allotment. */
export function keepsHolding(before: PairPlan, after: PairPlan): boolean {
  const [was, is] = [before.pair, after.pair];
  return (
    was.mode === is.mode &&
    isSameQuote(before, after) &&
    was.capital.initInventoryAmount === is.capital.initInventoryAmount &&
    was.capital.initQuoteAmount === is.capital.initQuoteAmount
  );
}

/** Whether a hedge is the pair's own by another plan too. */
export function keepsHedge(before: PairPlan, after: PairPlan): boolean {
  const [was, is] = [before.hedge, after.hedge];
  if (was === null || is === null || before.pair.mode !== after.pair.mode) return false;
  return isSameMarket(was, is);
}

function isSameQuote(before: PairPlan, after: PairPlan): boolean {
  // Of a spot account there is but the name: its key may be another one for the same.
  const isSpot = [before, after].some(({ quote }) => quote.market.instrument.kind === "spot");
  if (isSpot) return Bun.deepEquals(before.pair.quote, after.pair.quote);
  // A position is of an account, whatever that is called and the leverage is.
  return isSameMarket(before.quote, after.quote);
}
