/**
 * Sizes of hedges: how far the pair's net exposure is from its target, and how much is to be traded
 * for it. Net: inventory plus hedge position. Floats, cut to whole lots at the end. What cannot be
 * worked out (no price, no value, no target) is NaN as a ratio and nothing as a size. Pure.
 */

import type { Instrument, Side } from "#domain/instrument.ts";
import { iqvMoveRatio, iqvRatio } from "#domain/iqv.ts";
import type { Exposure } from "./hedge-input.ts";
import type { HedgeParams } from "./params.ts";

/** How far below a whole lot a float still counts as one. */
const LOT_TOLERANCE = 1e-9;

/** Net inventory's part of the net value; NaN where there is no price or no value. */
export function netRatio(exposure: Exposure): number {
  const { inventory, hedgeBase, quote, hedgeQuote } = exposure;
  return ratioOf(exposure.mid, inventory + hedgeBase, quote + hedgeQuote);
}

/** What that is to be; 0 where it is not known. */
export function netTargetRatio(exposure: Exposure): number {
  const { inventory, hedgeBase, quote, hedgeQuote } = exposure;
  return targetOf(exposure, inventory + hedgeBase, quote + hedgeQuote);
}

/** How far it is from that, as a part of it; NaN where it is not known. */
export function netMove(exposure: Exposure): number {
  return moveOf(netRatio(exposure), netTargetRatio(exposure));
}

/** The move of inventory and quote alone, as if there were no hedge. */
export function unhedgedMove(exposure: Exposure): number {
  const { mid, inventory, quote } = exposure;
  return moveOf(ratioOf(mid, inventory, quote), targetOf(exposure, inventory, quote));
}

/** Of a perp what its allotment is of this value. */
function targetOf(exposure: Exposure, inventory: number, quote: number): number {
  const { mid, allotment, targetIqvRatio } = exposure;
  if (allotment === undefined || !(targetIqvRatio > 0)) return targetIqvRatio;
  return ratioOf(mid, allotment, inventory * mid + quote - allotment * mid) || 0;
}

/**
 * The exposure as an active hedge on this side is to see it. A passive hedge counts where it leaves
 * less to be hedged, and never as the reason for a hedge: the one is not there to undo the other.
 * @param passiveBase signed position of the passive hedge, base currency
 */
export function activeExposure(side: Side, exposure: Exposure, passiveBase: number): Exposure {
  const isReason = side === "sell" ? passiveBase > 0 : passiveBase < 0;
  if (!isReason) return exposure;
  const hedgeBase = exposure.hedgeBase - passiveBase;
  return { ...exposure, hedgeBase, hedgeQuote: exposure.hedgeQuote + passiveBase * exposure.mid };
}

/** The move that an active hedge on this side would leave where it were closed. */
export function moveWithoutActive(side: Side, exposure: Exposure, passiveBase: number): number {
  const isReason = side === "sell" ? passiveBase > 0 : passiveBase < 0;
  if (isReason) return unhedgedMove(exposure);
  const inventory = exposure.inventory + passiveBase;
  return unhedgedMove({
    ...exposure,
    inventory,
    quote: exposure.quote - passiveBase * exposure.mid,
  });
}

function ratioOf(mid: number, inventory: number, quote: number): number {
  const isPriced = mid > 0 && inventory * mid + quote > 0;
  return isPriced ? iqvRatio(inventory, mid, quote) : Number.NaN;
}

function moveOf(ratio: number, target: number): number {
  return target > 0 ? iqvMoveRatio(ratio, target) : Number.NaN;
}

/** The side that a hedge of this move trades on; null: it is within the band, or not hedged. */
export function hedgeSide(move: number, params: HedgeParams): Side | null {
  const { active, isDualSided } = params;
  if (active === null) return null;
  if (move > active.iqvRatio) return "sell";
  return isDualSided && move < -active.iqvRatio ? "buy" : null;
}

/**
 * The net ratio that a hedge on this side brings about. Of the original (`seed`) it is one and the
 * same for both sides, and below neutral.
 * @returns null where the ratio is beyond it already, so that nothing is to be done on that side
 */
export function sideTargetRatio(
  side: Side,
  targetIqvRatio: number,
  move: number,
  params: HedgeParams,
): number | null {
  const { active } = params;
  if (active === null || !(targetIqvRatio > 0)) return null;
  const sign = side === "sell" ? 1 : -1;
  const distance = sign * active.targetIqvRatio;
  const factor = active.target === "seed" ? active.iqvRatio : 1 + distance;
  return sign * (1 + move - factor) > 0 ? targetIqvRatio * factor : null;
}

/** The net ratio to bring about, `T`; null where nothing is to be done. */
export function activeTargetRatio(
  targetIqvRatio: number,
  move: number,
  params: HedgeParams,
): number | null {
  const side = hedgeSide(move, params);
  return side === null ? null : sideTargetRatio(side, targetIqvRatio, move, params);
}

/**
 * Base units to sell (negative: buy) that bring the net ratio to `ratio` at the mid:
 * `i − T·(i·p + q)/p`. A sale never takes the net inventory below 0, a purchase never the net quote
 * (for ratios up to 1). 0 where it cannot be worked out.
 */
export function hedgeSize(exposure: Exposure, ratio: number): number {
  const { mid } = exposure;
  const inventory = exposure.inventory + exposure.hedgeBase;
  const value = inventory * mid + exposure.quote + exposure.hedgeQuote;
  if (!(mid > 0 && value > 0 && ratio >= 0)) return 0;
  const size = inventory - (ratio * value) / mid;
  return Number.isFinite(size) ? size : 0;
}

/** Whole lots in an amount of the base currency, cut towards zero; signed as it is. */
export function lotsIn(instrument: Instrument, amount: number): number {
  const lots = Math.floor(Math.abs(amount) / instrument.lotValue + LOT_TOLERANCE);
  if (!Number.isSafeInteger(lots)) return 0;
  return amount < 0 ? -lots || 0 : lots;
}

/**
 * What a passive hedge covers: the inventory together with the active hedge, at least 0, times its
 * proportion; whole lots. NaN where it is not known.
 */
export function passiveSizeLots(
  instrument: Instrument,
  inventory: number,
  activeLots: number,
  proportion: number,
): number {
  if (!Number.isFinite(inventory)) return Number.NaN;
  const net = inventory + activeLots * instrument.lotValue;
  return lotsIn(instrument, Math.max(0, net) * proportion);
}

/**
 * The fewest lots that can be traded by themselves: a step, and what the venue takes at this price.
 * @param priceTicks 0: not known
 */
export function leastLots(instrument: Instrument, minStepLots: number, priceTicks: number): number {
  if (!(priceTicks > 0)) return minStepLots;
  return Math.max(minStepLots, Math.ceil(instrument.minNotionalUnits / priceTicks));
}

/** The side that a signed amount is traded on. */
export function sideOf(lots: number): Side {
  return lots < 0 ? "sell" : "buy";
}

export function opposite(side: Side): Side {
  return side === "buy" ? "sell" : "buy";
}

/** Lots with the sign of their effect on the position. */
export function signedLots(side: Side, lots: number): number {
  return side === "buy" ? lots : -lots;
}

/** The part of a trade that only brings a position nearer to 0; signed as the trade is. */
export function closingPart(tradeLots: number, positionLots: number): number {
  if (tradeLots * positionLots >= 0) return 0;
  return Math.sign(tradeLots) * Math.min(Math.abs(tradeLots), Math.abs(positionLots));
}

/** A ratio as a figure of a story. */
export function figure(ratio: number): number | string {
  return Number.isFinite(ratio) ? ratio : "unknown";
}
