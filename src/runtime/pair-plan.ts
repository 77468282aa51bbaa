/** What is known of a pair before its worker starts, and what it holds. Types only. */

import type { PairConfig } from "#config/schema.ts";
import type { MarketSetup, PerpState } from "#ports/venue.ts";
import type { VenueAccess } from "./venue-access.ts";

/** All that a worker of a pair is started with, epoch apart. */
export interface PairPlan {
  readonly pair: PairConfig;
  readonly access: VenueAccess;
  readonly market: MarketSetup;
  /** A live perp's place in its account, before its first worker; null: spot, or paper. */
  readonly perp: PerpState | null;
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
