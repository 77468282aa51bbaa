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

/** Base addresses, without a trailing slash; the last two are one where the venue has one. */
export interface VenueUrls {
  readonly restUrl: string;
  readonly wsApiUrl: string;
  readonly streamUrl: string;
}

export type Credentials = ApiKeyCredentials | AgentCredentials;

/** Binance. */
export interface ApiKeyCredentials {
  readonly kind: "api-key";
  readonly apiKey: string;
  /** An Ed25519 private key (PEM) or an HMAC secret. */
  readonly secret: string;
  /**
   * USD-M: whether the venue may be asked to cancel all orders of a symbol when we fall silent.
   * Absent: yes.
   */
  readonly deadMansSwitch?: boolean;
}

/** Hyperliquid. Addresses and key: 0x and lower-case hexadecimal digits. */
export interface AgentCredentials {
  readonly kind: "agent";
  /** Of the master account. */
  readonly address: string;
  /** Private key of an agent wallet that the master has approved. */
  readonly agentKey: string;
  /** A sub-account or vault that is traded instead of the master itself. */
  readonly vaultAddress: string | null;
  /** Signatures are made for the testnet. */
  readonly isTestnet: boolean;
  /** Whether the venue may be asked to cancel all orders of the account when we fall silent. */
  readonly deadMansSwitch: boolean;
}

/** Budgets in memory that all threads share: see net/rate-budget.ts. */
export interface SharedBudgets {
  readonly specs: readonly BudgetSpec[];
  readonly memory: SharedArrayBuffer;
  /** Whatever else the threads of a venue count together, by names of its own. */
  readonly counters?: Readonly<Record<string, SharedArrayBuffer>>;
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
  /**
   * A pair's worker. Does nothing until it is started.
   * @param feed to a feed worker whose sockets are shared; absent: sockets of its own
   * @throws {InputError} for a bad link
   */
  connect(link: VenueLink, world: VenueWorld, feed?: MessagePort): VenueConnection;
  /** Public market only: what paper trading needs. */
  openMarket(link: VenueLink, world: VenueWorld, feed?: MessagePort): PublicMarket;
  /** Only where the venue allows so few sockets that pairs may have to share them. */
  readonly sharing?: SocketSharing;
}

export interface SocketSharing {
  /** Pairs that may have a socket of their own, at one address of the venue. */
  readonly maxOwnSockets: number;
  /** All that the venue lets be open there; a feed worker has one for each account. */
  readonly maxSockets: number;
  /** In a feed worker: its sockets, for any number of pairs. */
  openFeed(options: FeedOptions, world: VenueWorld): SharedFeed;
}

/** Plain data. */
export interface FeedOptions {
  readonly urls: VenueUrls;
  readonly budgets: SharedBudgets;
}

export interface SharedFeed {
  /** One more pair, at the other end of this port; it leaves by closing it. */
  attach(port: MessagePort): void;
  stop(): void;
}
