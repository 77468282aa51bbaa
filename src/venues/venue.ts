/**
 * What every venue folder offers, and what it is handed: addresses, keys, shared budgets, timers.
 * `VenueLink` is plain data, so that it can be posted to a worker; it holds secrets and is never
 * logged. May import domain, ports and net.
 */

import { MmError } from "#domain/errors.ts";
import type { VenueId } from "#domain/instrument.ts";
import type { Rng } from "#domain/rng.ts";
import type { BudgetSpec } from "#net/rate-budget.ts";
import type { Timers } from "#net/timers.ts";
import type { PublicMarket, VenueConnection, VenueDesk } from "#ports/venue.ts";

/** The venue did not answer, or not as documented; trying again later may help. */
export class VenueError extends MmError {}

/** Base addresses, without a trailing slash. */
export interface VenueUrls {
  readonly restUrl: string;
  readonly wsApiUrl: string;
  readonly streamUrl: string;
}

export interface Credentials {
  readonly apiKey: string;
  /** An Ed25519 private key (PEM) or an HMAC secret. */
  readonly secret: string;
}

/** Budgets in memory that all threads share: see net/rate-budget.ts. */
export interface SharedBudgets {
  readonly specs: readonly BudgetSpec[];
  readonly memory: SharedArrayBuffer;
}

/** What a worker needs to trade one symbol. */
export interface VenueLink {
  readonly venue: VenueId;
  readonly symbol: string;
  readonly urls: VenueUrls;
  /** Null: public data only (paper). */
  readonly credentials: Credentials | null;
  /** `data` of the MarketSetup. */
  readonly market: unknown;
  readonly budgets: SharedBudgets;
  /** Whose orders are ours: ids `<orderPrefix>-<pairId>-…`. */
  readonly orderPrefix: string;
  readonly pairId: string;
  /**
   * Fills after this one are told at the start: an earlier connection of this run got so far.
   * Null: only what happens from now on.
   */
  readonly sinceTradeId: string | null;
}

/** What is not data: each thread has its own. */
export interface VenueWorld {
  readonly timers: Timers;
  readonly rng: Rng;
  /** Our clock, epoch milliseconds; never goes back within a thread. */
  nowMs(): number;
}

export interface DeskOptions {
  readonly urls: VenueUrls;
  readonly credentials: Credentials | null;
}

/** A venue folder's door. */
export interface VenueModule {
  /** The venue's own addresses. */
  readonly urls: VenueUrls;
  /**
   * Main thread. Loads the venue's limits first.
   * @throws {VenueError} `venue-unreachable`; {InputError} `bad-key`
   */
  openDesk(
    options: DeskOptions,
    world: VenueWorld,
  ): Promise<{ readonly desk: VenueDesk; readonly budgets: SharedBudgets }>;
  /** A pair's worker. Does nothing until it is started. @throws {InputError} for a bad link */
  connect(link: VenueLink, world: VenueWorld): VenueConnection;
  /** Public market only: what paper trading needs. */
  openMarket(link: VenueLink, world: VenueWorld): PublicMarket;
}
