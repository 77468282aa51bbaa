/** What the mock venue is set up with, apart from its coins: rules, account, time; and defaults. */

import type { Rng } from "#domain/rng.ts";
import type { Timers } from "#net/timers.ts";

/** Limits and paces; the defaults are those of the real venue. */
export interface HlRules {
  /** Signatures are of the testnet's kind (source "b"). */
  readonly isTestnet: boolean;
  /** A block at most so often. */
  readonly blockMs: number;
  /** From a block to the answers of its actions; their events go out with the block. */
  readonly commitMs: number;
  /** Address budget: requests for free, and for each USDC of lifetime volume. */
  readonly freeRequests: number;
  readonly requestsPerUsdc: number;
  /** Cancels may use so many requests more than others, but not more than twice as many. */
  readonly extraCancelRequests: number;
  /** Beyond the budget, one request so often. */
  readonly slowRequestMs: number;
  /** What an action that came too late for its `expiresAfter` is counted as. */
  readonly staleRequests: number;
  /** Of lifetime volume, in USDC, that `scheduleCancel` needs. */
  readonly scheduleCancelVolume: number;
  readonly scheduleCancelsPerDay: number;
  readonly freeOpenOrders: number;
  readonly maxOpenOrders: number;
  readonly fundingIntervalMs: number;
  readonly oracleIntervalMs: number;
  /** How one error for a whole batch is written: as its only status, or as the action's error. */
  readonly batchErrors: "status" | "action";
  /** How an accepted trigger order of grouping "na" is answered. */
  readonly triggerAnswer: "resting" | "waitingForTrigger";
}

export const HL_RULES: HlRules = {
  isTestnet: false,
  blockMs: 70,
  commitMs: 70,
  freeRequests: 10_000,
  requestsPerUsdc: 1,
  extraCancelRequests: 100_000,
  slowRequestMs: 10_000,
  staleRequests: 5,
  scheduleCancelVolume: 1_000_000,
  scheduleCancelsPerDay: 10,
  freeOpenOrders: 1000,
  maxOpenOrders: 5000,
  fundingIntervalMs: 3_600_000,
  oracleIntervalMs: 3000,
  batchErrors: "status",
  triggerAnswer: "resting",
};

export interface HlAgent {
  readonly address: string;
  readonly name: string;
  /** Epoch milliseconds; null: for ever. */
  readonly validUntilMs: number | null;
}

/** A sub-account or vault of the master's: then its state is the one that is traded. */
export interface HlSubAccount {
  readonly address: string;
  readonly name: string;
  readonly kind: "subAccount" | "vault";
}

/** Addresses in any case. */
export interface HlAccountSetup {
  readonly master: string;
  /** Paid in, a plain decimal of at most six decimals. */
  readonly usdc: string;
  readonly agents: readonly HlAgent[];
  readonly subAccount?: HlSubAccount;
  /** In USDC, before the start; for budget, open orders and the dead man's switch. Default: 0 */
  readonly lifetimeVolume?: number;
  /** Of the address budget, before the start. Default: 0 */
  readonly usedRequests?: number;
}

/** Time and chance, handed in. */
export interface HlWorld {
  readonly timers: Timers;
  /** The venue's clock, epoch milliseconds: its skew, if any, is in it. */
  readonly nowMs: () => number;
  readonly rng: Rng;
}
