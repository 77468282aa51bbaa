/**
 * PositionLimits: how much a pair may hold, of a perp on either side of zero, and how far that may
 * be from its target. A ladder stays within the room that they leave, so that a sweep
 * through all of it ends at the limit and not beyond. Whole lots and tick-lot units; the doubled
 * mid keeps them whole. Pure.
 */

import { decimal } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { SideRoom } from "#strategies/ladder-builder.ts";
import type { RiskParams } from "./params.ts";

/** What a position is measured by. */
export interface PositionInput {
  readonly midHalfTicks: number;
  readonly inventoryLots: number;
  /** What is held: spot the inventory itself, perp the signed position. */
  readonly positionLots: number;
  readonly quoteUnits: number;
  readonly targetIqvRatio: number;
  /**
   * The hedge's signed position in lots of the quoted instrument, and what it brought in, in
   * tick-lot units: fractional.
   */
  readonly hedgeLots: number;
  readonly hedgeUnits: number;
}

export class PositionLimits {
  readonly #isPerp: boolean;
  readonly #maxUnits: number;
  readonly #maxDeltaLots: number;

  constructor(
    instrument: Instrument,
    { maxPositionNotional, maxNetDelta }: Pick<RiskParams, "maxPositionNotional" | "maxNetDelta">,
  ) {
    this.#isPerp = instrument.kind === "perp";
    this.#maxUnits = limitUnits(instrument, maxPositionNotional);
    this.#maxDeltaLots = limitLots(instrument, maxNetDelta);
  }

  /** What is held is worth the limit, long or short. */
  isFull({ positionLots, midHalfTicks }: PositionInput): boolean {
    return Math.abs(positionLots) * midHalfTicks >= 2 * this.#maxUnits;
  }

  /** What is held is as far from its target as it may be. */
  isOffTarget(input: PositionInput): boolean {
    return Math.abs(this.deltaLots(input)) >= this.#maxDeltaLots;
  }

  /**
   * Net delta: what is held beyond the target, in lots, the hedge with it; of spot fractional,
   * since its target is a ratio of values. A perp's is position 0: what that ratio makes of its
   * allotment is held by nobody.
   */
  deltaLots(input: PositionInput): number {
    const { inventoryLots, midHalfTicks, quoteUnits, targetIqvRatio } = input;
    if (this.#isPerp) return input.positionLots + input.hedgeLots;
    if (!(midHalfTicks > 0)) return 0;
    const doubledValue = (inventoryLots + input.hedgeLots) * midHalfTicks;
    const doubledTarget = targetIqvRatio * (doubledValue + 2 * (quoteUnits + input.hedgeUnits));
    return Math.round(doubledValue - doubledTarget) / midHalfTicks;
  }

  /** What each side may still add before a limit is reached. */
  room(input: PositionInput): SideRoom {
    const { positionLots, midHalfTicks } = input;
    const delta = this.deltaLots(input);
    const positionUnits = this.#maxUnits - (positionLots * midHalfTicks) / 2;
    const deltaUnits = ((this.#maxDeltaLots - delta) * midHalfTicks) / 2;
    // What is not held cannot be sold on spot: there is no short side to bound.
    const shortLots = this.#isPerp ? (2 * this.#maxUnits) / midHalfTicks + positionLots : Infinity;
    return {
      buyUnits: Math.max(0, Math.floor(Math.min(positionUnits, deltaUnits))),
      sellLots: Math.max(0, Math.floor(Math.min(shortLots, this.#maxDeltaLots + delta))),
    };
  }
}

/** A limit in quote currency as tick-lot units; Infinity where it is beyond all that is counted. */
export function limitUnits(instrument: Instrument, limit: string | null): number {
  if (limit === null) return Infinity;
  const value = decimal(limit);
  const isBeyond = value.gt(instrument.notional(1, Number.MAX_SAFE_INTEGER));
  return isBeyond ? Infinity : instrument.wholeNotionalUnits(value);
}

function limitLots(instrument: Instrument, limit: string | null): number {
  if (limit === null) return Infinity;
  const size = decimal(limit);
  const isBeyond = size.gt(instrument.size(Number.MAX_SAFE_INTEGER));
  return isBeyond ? Infinity : instrument.wholeLots(size);
}
