/**
 * EngineParams: all that one PairEngine is told at its start, already checked (the config layer
 * does that). Times in milliseconds, per cents as per cents, money as plain decimals. Pure values.
 */

import { decimal, plain } from "#domain/decimal.ts";
import { InvariantError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { LedgerOpening } from "#domain/ledger.ts";
import type { HedgeParams } from "#hedge/params.ts";
import type { LadderParams } from "#strategies/ladder-builder.ts";
import type { VolatilityParams } from "#volatility/estimator.ts";

export interface CapitalParams {
  /** The pair's own part of the account, plain decimals; a perp's base is its allotment. */
  readonly base: string;
  readonly quote: string;
  /**
   * Perp: the signed position that is there at the start, and what it brought in, in quote
   * currency: minus its entry value. Null: spot.
   */
  readonly position: { readonly base: string; readonly quote: string } | null;
  /** Null: the ratio of the initial amounts at the first price. */
  readonly targetIqvRatio: number | null;
}

export interface RequoteParams {
  /** A ladder is renewed at least this often … */
  readonly updateIntervalMs: number;
  /** … and never more often than this. */
  readonly minRequoteIntervalMs: number;
  /** Re-quote when the mid moved by this part of a bin. */
  readonly requoteBinFraction: number;
  /** An order this near to its wanted price (parts of a bin) stays where it is. */
  readonly keepPriceBinFraction: number;
  /** An order this near to its wanted size (per cent of it) stays as it is. */
  readonly keepSizePct: number;
}

/** Limits of the risk guards; null switches a guard off. Effects: docs/guards.md. */
export interface RiskParams {
  readonly staleBookMs: number;
  /** The limit while heartbeats are answered: a quiet market is not a dead feed. */
  readonly quietBookMs: number;
  readonly maxReferenceDivergencePct: number;
  readonly maxOrderNotional: string | null;
  readonly maxOpenOrders: number;
  /** Quote currency. */
  readonly maxPositionNotional: string | null;
  /** Base currency, away from the target to either side. */
  readonly maxNetDelta: string | null;
  readonly rejectStreakLimit: number;
  readonly unknownOrderAgeMs: number;
  /** Fills of one side within the window. */
  readonly fillRateLimit: number | null;
  readonly fillRateWindowMs: number;
  readonly maxDrawdownPct: number | null;
  readonly maxDailyLossPct: number | null;
  /** Perp: the mid's least distance from the liquidation price. */
  readonly minLiquidationDistancePct: number | null;
  readonly clockOffsetAlertMs: number;
  readonly clockOffsetRefuseMs: number;
  /** Orders that may be placed, replaced or amended in ten seconds; cancels are never counted. */
  readonly actionsPer10s: number;
  /** Under this part of the action budget the ladder thins out. */
  readonly actionReservePct: number;
}

/** Where and how a pair hedges. */
export interface HedgeSetup {
  readonly instrument: Instrument;
  readonly params: HedgeParams;
  /** The signed position that is there at the start, and minus what it cost. */
  readonly position: { readonly base: string; readonly quote: string };
}

export interface EngineParams {
  /** Letters and digits, at most 12: part of every client order id. */
  readonly pairId: string;
  /** Whose orders these are: at most 4 lower-case letters and digits. */
  readonly orderPrefix: string;
  /** Grows with each run, so that ids are never used twice. */
  readonly epoch: number;
  readonly capital: CapitalParams;
  readonly ladder: LadderParams;
  readonly volatility: VolatilityParams;
  /** Which price the volatility is measured on. */
  readonly volatilitySource: "mid" | "reference";
  readonly requote: RequoteParams;
  readonly risk: RiskParams;
  /** Null: the pair does not hedge. */
  readonly hedge: HedgeSetup | null;
}

/** The books that a pair begins with. */
export function openingOf({ base, quote, position }: CapitalParams): LedgerOpening {
  if (position === null) return { base, quote };
  const cash = plain(decimal(quote).plus(decimal(position.quote)));
  return { base: position.base, quote: cash, allotment: base };
}

/** What the guards hold: the venue's own limit on open orders is one whatever is configured. */
export function guardLimits({ risk }: EngineParams, instrument: Instrument): RiskParams {
  return { ...risk, maxOpenOrders: Math.min(risk.maxOpenOrders, instrument.maxOpenOrders) };
}

/** How far from the mid the outermost bin is, as a fraction of it; the wider side. */
export function ladderRange({ ladder }: EngineParams): number {
  return (Math.max(ladder.bidBins, ladder.askBins) * ladder.binStepBps) / 10_000;
}

/** Whether volatility goes on being measured as it was. */
export function hasSameVolatility(a: EngineParams, b: EngineParams): boolean {
  return (
    a.volatilitySource === b.volatilitySource &&
    a.volatility.shortWindow === b.volatility.shortWindow &&
    a.volatility.longWindow === b.volatility.longWindow &&
    a.volatility.ewmaLambda === b.volatility.ewmaLambda &&
    a.volatility.sampleIntervalSeconds === b.volatility.sampleIntervalSeconds &&
    a.volatility.horizonSeconds === b.volatility.horizonSeconds
  );
}

/**
 * What a running engine cannot change: whose orders its ids name, and what its books opened with.
 * @throws {InvariantError} naming what is different
 */
export function requireSamePair(before: EngineParams, after: EngineParams): void {
  const isSame: Readonly<Record<string, boolean>> = {
    pairId: before.pairId === after.pairId,
    orderPrefix: before.orderPrefix === after.orderPrefix,
    epoch: before.epoch === after.epoch,
    base: before.capital.base === after.capital.base,
    quote: before.capital.quote === after.capital.quote,
    position:
      before.capital.position?.base === after.capital.position?.base &&
      before.capital.position?.quote === after.capital.position?.quote,
    targetIqvRatio: before.capital.targetIqvRatio === after.capital.targetIqvRatio,
    hedge:
      before.hedge?.instrument === after.hedge?.instrument &&
      before.hedge?.position.base === after.hedge?.position.base &&
      before.hedge?.position.quote === after.hedge?.position.quote,
  };
  const changed = Object.keys(isSame).filter((name) => isSame[name] === false);
  if (changed.length === 0) return;
  throw new InvariantError(`a running pair cannot change ${changed.join(", ")}`, {
    where: `pair ${before.pairId}`,
  });
}
