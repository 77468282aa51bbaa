/**
 * PairInputs: what a ladder is made of, gathered in one reused object: the market as it is now and
 * the pair's own capital in whole lots and units. Pure.
 */

import { decimal } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { Ledger } from "#domain/ledger.ts";
import { iqvMoveRatio, iqvRatio } from "#strategies/inventory.ts";
import type { LadderInput } from "#strategies/ladder-builder.ts";
import type { MarketState } from "./market-state.ts";
import type { CapitalParams } from "./params.ts";
import type { PositionInput } from "./position-limits.ts";

export class PairInputs implements LadderInput, PositionInput {
  timeMs = 0;
  midHalfTicks = 0;
  inventoryLots = 0;
  positionLots = 0;
  quoteUnits = 0;
  targetIqvRatio: number;
  volatilityPct = -1;
  bestBidTicks = 0;
  bestAskTicks = 0;

  /** @param targetIqvRatio null: not known before the first price */
  constructor(targetIqvRatio: number | null) {
    this.targetIqvRatio = targetIqvRatio ?? 0;
  }

  /** The market as it is now. */
  takeMarket(market: MarketState, nowMs: number): void {
    this.timeMs = nowMs;
    this.midHalfTicks = market.midHalfTicks;
    this.volatilityPct = market.volatilityPct;
    this.bestBidTicks = market.bidTicks;
    this.bestAskTicks = market.askTicks;
  }

  /** The ledger changed: the whole lots and units that orders may use. */
  takeCapital(ledger: Ledger, instrument: Instrument): void {
    this.positionLots = instrument.wholeLots(ledger.base());
    this.inventoryLots =
      instrument.kind === "spot"
        ? Math.max(0, this.positionLots)
        : Math.max(0, instrument.wholeLots(ledger.inventory()));
    this.quoteUnits = Math.max(0, instrument.wholeNotionalUnits(ledger.quote()));
  }

  /** The target is the ratio of the amounts that were configured, at this first price. */
  fixTarget({ base, quote }: CapitalParams, instrument: Instrument, midHalfTicks: number): void {
    const inventoryLots = instrument.wholeLots(decimal(base));
    const quoteUnits = instrument.wholeNotionalUnits(decimal(quote));
    this.targetIqvRatio = iqvRatio(inventoryLots, midHalfTicks / 2, quoteUnits);
  }

  /** What the position guards look at, at this mid. */
  positionAt(midHalfTicks: number): PositionInput {
    const { inventoryLots, positionLots, quoteUnits, targetIqvRatio } = this;
    return { midHalfTicks, inventoryLots, positionLots, quoteUnits, targetIqvRatio };
  }

  /** The part of the value that is inventory, at this mid. */
  iqvRatio(midHalfTicks: number): number {
    return iqvRatio(this.inventoryLots, midHalfTicks / 2, this.quoteUnits);
  }

  /** How far inventory is from its target, as a part of the target. */
  moveRatio(midHalfTicks: number): number {
    return iqvMoveRatio(this.iqvRatio(midHalfTicks), this.targetIqvRatio);
  }
}
