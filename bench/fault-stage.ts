/**
 * What bench/fault-run.ts needs of a venue that it can break: the mock venue on a recorded market
 * with one live pair's config, the venue's own books, and its faults.
 */

import type { Decimal } from "#domain/decimal.ts";
import type { PairStatus } from "#runtime/pair-status.ts";

/** How an amount of the account changed by the venue's books, and by ours. */
export interface BookChange {
  readonly what: string;
  readonly venue: Decimal;
  readonly ours: Decimal;
}

export interface StageOptions {
  readonly seed: number;
  readonly minutes: number;
  /** Of a budget that an account has for its life, where the venue has one. */
  readonly requestsLeft: number;
}

export interface FaultStage {
  readonly pairId: string;
  /** Content of the config file, but for `stateDir`. */
  readonly config: object;
  readonly env: Readonly<Record<string, string>>;
  /** As `openIds` names the foreign order. */
  readonly foreignId: string;
  /** Client ids of all that is open, by the venue's own books. */
  openIds(): readonly string[];
  /** An order by hand, far from the market. */
  placeForeign(): void;
  armRandom(seed: number, everyMs: number): void;
  clearFaults(): void;
  /** Of the kinds that are to strike, by name, how often each did. */
  faultCounts(): ReadonlyMap<string, number>;
  /** Whatever is asked is refused now, cancels too. */
  isShut(): boolean;
  /** Requests that passed a limit of the venue. */
  overruns(): number;
  fillCount(): number;
  changes(end: PairStatus): readonly BookChange[];
  /** For venues whose market has to be shaken or whose budget grows: called each second. */
  onSecond?(second: number, status: PairStatus | undefined): void;
  /** Lines for the report's end. */
  report?(): readonly string[];
  stop(): Promise<void>;
}
