/**
 * What the control plane may ask of the supervisor: the whole door between the two.
 * May import domain.
 */

import type { OperatorCommand } from "#domain/events.ts";
import type { PairStatus } from "./pair-status.ts";

/** What a reload did, or would do; ids of pairs. */
export interface ReloadReport {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** New parameters, orders that still fit kept. */
  readonly updated: readonly string[];
  /** Stopped, swept and started anew: what changed cannot be changed in flight. */
  readonly restarted: readonly string[];
  readonly unchanged: readonly string[];
  readonly warnings: readonly string[];
}

export interface Readiness {
  readonly ready: boolean;
  /** One sentence for each pair that is not ready. */
  readonly reasons: readonly string[];
}

export interface TradingDesk {
  readonly startedMs: number;
  pairs(): readonly PairStatus[];
  pair(id: string): PairStatus | undefined;
  readiness(): Readiness;
  /**
   * Carries out a command, and answers once the pair has taken it (not once the venue has).
   * @throws {InputError} `no-pair`, `not-now`
   */
  command(id: string, command: OperatorCommand): Promise<PairStatus>;
  /**
   * Reads the config file again. Any error leaves everything as it was.
   * @throws {InputError} with all that is wrong and where
   */
  reload(): Promise<ReloadReport>;
}
