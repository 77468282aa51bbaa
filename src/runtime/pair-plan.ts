/**
 * What is known of a pair before its worker starts, and what it holds. A pair has one leg, where it
 * quotes, or two: another where it hedges; all that is known of a leg has one shape. Pure.
 */

import type { StartPosition } from "#config/engine-params.ts";
import type { PairConfig } from "#config/schema.ts";
import { decimal, plain } from "#domain/decimal.ts";
import type { MarketSetup, PerpState } from "#ports/venue.ts";
import type { VenueLink } from "#venues/venue.ts";
import type { LegName } from "./legs.ts";
import type { VenueAccess } from "./venue-access.ts";

/** All that is known of one leg before its worker starts. */
export interface LegPlan {
  readonly name: LegName;
  readonly access: VenueAccess;
  readonly market: MarketSetup;
  /** A live perp's place in its account, before its first worker; null: spot, or paper. */
  readonly perp: PerpState | null;
}

/** All that a worker of a pair is started with, epoch apart. */
export interface PairPlan {
  readonly pair: PairConfig;
  readonly quote: LegPlan;
  /** Null: the pair does not hedge. */
  readonly hedge: LegPlan | null;
  /** How the ids of its orders begin. */
  readonly orderPrefix: string;
  /** Whether its thread never sleeps. */
  readonly busyPoll: boolean;
}

/** Base and quote currency, plain decimals. */
export interface Holding {
  readonly base: string;
  readonly quote: string;
  /** A perp's, signed; null: spot. */
  readonly position: string | null;
}

/** The legs that a plan has, the quoting one first. */
export function legsOf({ quote, hedge }: PairPlan): readonly LegPlan[] {
  return hedge === null ? [quote] : [quote, hedge];
}

/** `ETHUSDT on binance-perp` */
export function marketName({ access, market }: LegPlan): string {
  return `${market.instrument.symbol} on ${access.venue}`;
}

/** Whether two legs trade one market of one account, whatever that is called. */
export function isSameMarket(one: LegPlan, other: LegPlan): boolean {
  return (
    one.market.instrument.symbol === other.market.instrument.symbol &&
    one.access.account === other.access.account
  );
}

/**
 * What the worker of a pair needs to reach the venue of a leg. Holds secrets.
 * @param newestTradeId the last fill that a worker before it was told of; null: there was none
 */
export function linkOf(
  { pair, orderPrefix }: PairPlan,
  { access, market, perp }: LegPlan,
  newestTradeId: string | null,
): VenueLink {
  return {
    venue: access.venue,
    symbol: market.instrument.symbol,
    urls: access.urls,
    credentials: access.credentials,
    market: market.data,
    budgets: access.budgets,
    orderPrefix,
    pairId: pair.id,
    // A perp's first worker begins with the position of one moment: fills since then belong to it.
    sinceTradeId: newestTradeId ?? perp?.sinceTradeId ?? null,
  };
}

/** The position that a pair's first worker takes over; null: spot, or paper. */
export function firstPosition({ perp }: LegPlan): StartPosition | null {
  if (perp === null) return null;
  return { base: perp.position, quote: plain(decimal(perp.entryValue).times("-1")) };
}
