/**
 * From a pair's checked config to what its decision core is told. Pure; imports domain and the
 * core's parameter types.
 */

import { binCount } from "#domain/bins.ts";
import { decimal } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { EngineParams, HedgeSetup } from "#engine/params.ts";
import type { HedgeParams } from "#hedge/params.ts";
import type { LadderParams } from "#strategies/ladder-builder.ts";
import type { StrategyParams } from "#strategies/strategy.ts";
import type { PairConfig } from "./schema.ts";
import { DEFAULT_DECAY_RATE } from "./sections/quoting.ts";

/** A perp's position and minus what it cost: base and quote currency, plain decimals. */
export interface StartPosition {
  readonly base: string;
  readonly quote: string;
}

export const NO_POSITION: StartPosition = { base: "0", quote: "0" };

/** What is there when a pair starts. */
export interface PairStart {
  /** A quoted perp's; null: none is known to be there. */
  readonly position?: StartPosition | null;
  /** Absent: the pair does not hedge. */
  readonly hedge?: {
    readonly instrument: Instrument;
    readonly position: StartPosition;
  } | null;
}

/** How the order ids of every pair begin, so that they are recognised at the venue. */
export const ORDER_PREFIX = "mm";

/** How every client order id of a pair begins, up to a dash. */
export function orderIdPrefix({ id }: PairConfig): string {
  return `${ORDER_PREFIX}-${id}`;
}

/** @param epoch the run's number, larger than that of any run before */
export function engineParams(
  pair: PairConfig,
  instrument: Instrument,
  epoch: number,
  start: PairStart = {},
): EngineParams {
  const { capital, quoting, volatility, risk } = pair;
  return {
    pairId: pair.id,
    orderPrefix: ORDER_PREFIX,
    epoch,
    capital: {
      base: capital.initInventoryAmount,
      quote: capital.initQuoteAmount,
      targetIqvRatio: capital.targetIqvRatio ?? null,
      position: instrument.kind === "perp" ? (start.position ?? NO_POSITION) : null,
    },
    ladder: ladderParams(pair, instrument),
    volatility: {
      shortWindow: volatility.shortWindow,
      longWindow: volatility.longWindow,
      ewmaLambda: volatility.ewmaLambda,
      sampleIntervalSeconds: volatility.sampleIntervalSeconds,
      horizonSeconds: volatility.horizonSeconds,
    },
    volatilitySource: volatility.source,
    requote: {
      updateIntervalMs: quoting.updateIntervalSeconds * 1000,
      minRequoteIntervalMs: quoting.minRequoteIntervalMs,
      requoteBinFraction: quoting.requoteBinFraction,
      keepPriceBinFraction: quoting.keepPriceBinFraction,
      keepSizePct: quoting.keepSizePct,
    },
    risk: {
      ...risk,
      maxOpenOrders: risk.maxOpenOrders ?? Infinity,
      maxOrderNotional: risk.maxOrderNotional ?? null,
      maxPositionNotional: risk.maxPositionNotional ?? null,
      maxNetDelta: risk.maxNetDelta ?? null,
      fillRateLimit: risk.fillRateLimit ?? null,
      maxDrawdownPct: risk.maxDrawdownPct ?? null,
      maxDailyLossPct: risk.maxDailyLossPct ?? null,
      minLiquidationDistancePct: instrument.kind === "perp" ? risk.minLiquidationDistancePct : null,
    },
    hedge: hedgeSetup(pair, start.hedge ?? null),
  };
}

function hedgeSetup(pair: PairConfig, hedge: PairStart["hedge"] | null): HedgeSetup | null {
  if (hedge === null || hedge === undefined || pair.hedge === undefined) return null;
  const { instrument, position } = hedge;
  return { instrument, params: hedgeParams(pair.hedge, instrument), position };
}

/** What part of `activeHedgeIqvRatio` a hedge leaves, and is unwound within, if not configured. */
const USUAL_TARGET_PART = 1 / 2;
const USUAL_UNWIND_PART = 1 / 4;

function hedgeParams(hedge: NonNullable<PairConfig["hedge"]>, instrument: Instrument): HedgeParams {
  const { activeHedgeIqvRatio: opens, passiveHedgeRatio, passiveHedgeSpRatio } = hedge;
  const active =
    opens === undefined
      ? null
      : {
          iqvRatio: opens,
          targetIqvRatio: hedge.activeHedgeTargetIqvRatio ?? opens * USUAL_TARGET_PART,
          unwindIqvRatio: hedge.activeHedgeUnwindIqvRatio ?? opens * USUAL_UNWIND_PART,
          target: hedge.activeHedgeTarget,
          unwindProportion: hedge.activeHedgeUnwindProportion,
          intervalMs: hedge.activeHedgeIntervalSeconds * 1000,
        };
  const passive =
    passiveHedgeRatio === undefined || passiveHedgeSpRatio === undefined
      ? null
      : {
          ratio: passiveHedgeRatio,
          stopRatio: passiveHedgeSpRatio,
          proportion: hedge.passiveHedgeProportion,
          neutralIqvRatio: hedge.passiveHedgeRefreshIqvRatio,
          movePct: hedge.passiveHedgeMovePct,
          onCrossed: hedge.passiveHedgeOnCrossed,
          refreshIntervalMs: hedge.passiveHedgeRefreshIntervalSeconds * 1000,
          cooldownMs: hedge.passiveHedgeCooldownSeconds * 1000,
        };
  return {
    active,
    passive,
    execution: {
      repegMs: hedge.repegSeconds * 1000,
      makerDeadlineMs: hedge.makerDeadlineSeconds * 1000,
      maxSlippagePct: hedge.maxSlippagePct,
    },
    minStepLots: Math.max(wholeLots(hedge.minHedgeOrderSize, instrument, "up"), instrument.minLots),
    isDualSided: hedge.dualSidedHedge,
    maxUnhedgedMs: hedge.maxUnhedgedSeconds * 1000,
    closesOnHalt: hedge.onHalt === "flatten",
    minLiquidationDistancePct: hedge.minHedgeLiquidationDistancePct,
    maxMarginPct: hedge.maxHedgeMarginPct,
  };
}

/**
 * @param raw sizes as they are, not in whole lots: for a raw ladder only
 * @throws {InputError} `bad-config` where the sizes leave no order possible
 */
export function ladderParams(
  { id, quoting, capital }: PairConfig,
  instrument: Instrument,
  raw = false,
): LadderParams {
  const { minOrderSize, maxOrderSize } = quoting;
  const lots = raw ? rawLots : wholeLots;
  const minOrderLots = lots(minOrderSize, instrument, "up");
  const maxOrderLots =
    maxOrderSize === undefined ? Infinity : lots(maxOrderSize, instrument, "down");
  if (!raw && maxOrderLots < Math.max(minOrderLots, instrument.minLots)) {
    throw new InputError("bad-config", "maxOrderSize is less than the smallest order", {
      where: `pair ${id}, quoting.maxOrderSize`,
      hint: `the venue's smallest order is ${instrument.sizeString(instrument.minLots)}`,
    });
  }
  return {
    bidBins: binCount(quoting.priceDownPctLimit, quoting.binStep),
    askBins: binCount(quoting.priceUpPctLimit, quoting.binStep),
    binStepBps: quoting.binStep,
    liveOrderNums: quoting.liveOrderNums,
    minOrderLots,
    maxOrderLots,
    belowMin: quoting.belowMin,
    compat: quoting.compat,
    reservePct: capital.reservePct,
    iqvUpLimit: quoting.iqvUpLimit,
    iqvDownLimit: quoting.iqvDownLimit,
    inventoryRbIqvRatio: quoting.inventoryRbIqvRatio,
    quoteRbIqvRatio: quoting.quoteRbIqvRatio,
  };
}

function rawLots(size: string, instrument: Instrument): number {
  return Number(size) / instrument.lotValue;
}

/** A size in whole lots; one beyond what is counted exactly is no limit. */
function wholeLots(size: string, instrument: Instrument, round: "up" | "down"): number {
  const exact = decimal(size);
  if (exact.gt(instrument.size(Number.MAX_SAFE_INTEGER))) return Infinity;
  const lots = instrument.wholeLots(exact);
  return round === "up" && instrument.size(lots).lt(exact) ? lots + 1 : lots;
}

export function strategyParams({ quoting }: PairConfig): StrategyParams {
  return {
    decayRate: quoting.decayRate ?? DEFAULT_DECAY_RATE,
    edgeRatio: quoting.edgeRatio,
    volLowerThreshold: quoting.volLowerThreshold,
    volUpperThreshold: quoting.volUpperThreshold,
    shapeDwellMs: quoting.shapeDwellSeconds * 1000,
    shapeHysteresisPct: quoting.shapeHysteresisPct,
  };
}
