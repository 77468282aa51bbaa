/**
 * PairInputs: what a ladder is made of, gathered in one reused object: the market as it is now and
 * the pair's own capital in whole lots and units. Pure.
 */

import { decimal } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import { iqvMoveRatio, iqvRatio } from "#domain/iqv.ts";
import type { Ledger } from "#domain/ledger.ts";
import type { LadderInput, SideRoom } from "#strategies/ladder-builder.ts";
import type { QuotingExposure } from "./hedge-desk.ts";
import type { MarketState } from "./market-state.ts";
import type { Holdings } from "./order-manager.ts";
import type { CapitalParams } from "./params.ts";
import type { PositionInput } from "./position-limits.ts";
import type { SideLimits } from "./quoter.ts";

export class PairInputs implements LadderInput, PositionInput {
  timeMs = 0;
  midHalfTicks = 0;
  inventoryLots = 0;
  positionLots = 0;
  quoteUnits = 0;
  hedgeLots = 0;
  hedgeUnits = 0;
  targetIqvRatio: number;
  volatilityPct = -1;
  bestBidTicks = 0;
  bestAskTicks = 0;
  /** The target was configured, or fixed at the first price. */
  hasTarget: boolean;
  readonly #instrument: Instrument;
  readonly #capital: CapitalParams;
  /** What position 0 of a perp stands for, at least one lot. */
  readonly #allotmentLots: number;

  constructor(instrument: Instrument, capital: CapitalParams) {
    this.#instrument = instrument;
    this.#capital = capital;
    this.hasTarget = capital.targetIqvRatio !== null;
    this.targetIqvRatio = capital.targetIqvRatio ?? 0;
    this.#allotmentLots = Math.max(1, instrument.wholeLots(decimal(capital.base)));
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
  takeCapital(ledger: Ledger): void {
    const instrument = this.#instrument;
    this.positionLots = instrument.wholeLots(ledger.base());
    this.inventoryLots =
      instrument.kind === "spot"
        ? Math.max(0, this.positionLots)
        : Math.max(0, instrument.wholeLots(ledger.inventory()));
    this.quoteUnits = Math.max(0, instrument.wholeNotionalUnits(ledger.quote()));
  }

  /** The hedge's position changed. @param base signed; @param quote what it brought in */
  takeHedge(base: number, quote: number): void {
    const { lotValue, tickValue } = this.#instrument;
    this.hedgeLots = base / lotValue;
    this.hedgeUnits = quote / (lotValue * tickValue);
  }

  /** Quote currency, a float. */
  priceOf(midHalfTicks: number): number {
    return (midHalfTicks / 2) * this.#instrument.tickValue;
  }

  /**
   * The quoting leg as the hedgers see it, at this price: floats.
   * @param mid quote currency
   * @param missing executed, and not booked yet
   */
  exposureAt(mid: number, missing: Holdings): QuotingExposure {
    const { lotValue, tickValue, kind } = this.#instrument;
    const exposure = {
      mid,
      inventory: Math.max(0, this.inventoryLots + missing.lots) * lotValue,
      quote: Math.max(0, this.quoteUnits + missing.units) * lotValue * tickValue,
      targetIqvRatio: this.targetIqvRatio,
    };
    if (kind === "spot") return exposure;
    return { ...exposure, allotment: this.#allotmentLots * lotValue };
  }

  /** The target is the ratio of the amounts that were configured, at this first price. */
  fixTarget(midHalfTicks: number): void {
    const inventoryLots = this.#instrument.wholeLots(decimal(this.#capital.base));
    const quoteUnits = this.#instrument.wholeNotionalUnits(decimal(this.#capital.quote));
    this.targetIqvRatio = iqvRatio(inventoryLots, midHalfTicks / 2, quoteUnits);
    this.hasTarget = true;
  }

  /** What the position guards look at, at this mid. Ten times a second: nothing is spread. */
  positionAt(midHalfTicks: number): PositionInput {
    return {
      midHalfTicks,
      inventoryLots: this.inventoryLots,
      positionLots: this.positionLots,
      quoteUnits: this.quoteUnits,
      hedgeLots: this.hedgeLots,
      hedgeUnits: this.hedgeUnits,
      targetIqvRatio: this.targetIqvRatio,
    };
  }

  /** The part of the value that is inventory, at this mid. */
  iqvRatio(midHalfTicks: number): number {
    return iqvRatio(this.inventoryLots, midHalfTicks / 2, this.quoteUnits);
  }

  /** How far inventory is from its target, as a part of the target. */
  moveRatio(midHalfTicks: number): number {
    return iqvMoveRatio(this.iqvRatio(midHalfTicks), this.targetIqvRatio);
  }

  /**
   * What a pair that reduces has too much of (negative: too little), as a part of its target. Of a
   * perp that is the position alone: the allotment, whose share of the value moves with the price,
   * is nobody's. What no order can be made of is nothing.
   */
  excessRatio(midHalfTicks: number): number {
    if (this.#instrument.kind === "spot") return this.moveRatio(midHalfTicks);
    const isOrder = this.#instrument.reachesMinimum(midHalfTicks / 2, Math.abs(this.positionLots));
    return isOrder ? this.positionLots / this.#allotmentLots : 0;
  }

  /** What a ladder is built from; that of a perp that reduces has position 0 as its target. */
  ladderInput(isReducing: boolean): LadderInput {
    if (!isReducing || this.#instrument.kind === "spot") return this;
    const { timeMs, midHalfTicks, inventoryLots, quoteUnits, volatilityPct } = this;
    const { bestBidTicks, bestAskTicks } = this;
    const value = inventoryLots * midHalfTicks + 2 * quoteUnits;
    const targetIqvRatio = (this.#allotmentLots * midHalfTicks) / value;
    const sizes = { inventoryLots, quoteUnits, targetIqvRatio };
    return { timeMs, midHalfTicks, ...sizes, volatilityPct, bestBidTicks, bestAskTicks };
  }

  /** While reducing, only the side that brings inventory back; of a perp only as far as to 0. */
  sideLimits(isReducing: boolean, room: SideRoom): SideLimits {
    if (!isReducing) return { sideOff: null, room };
    const { midHalfTicks, positionLots } = this;
    const sideOff = this.excessRatio(midHalfTicks) > 0 ? "buy" : "sell";
    if (this.#instrument.kind === "spot") return { sideOff, room };
    const lots = Math.abs(positionLots);
    const buyUnits = Math.min(room.buyUnits, Math.floor((lots * midHalfTicks) / 2));
    return { sideOff, room: { buyUnits, sellLots: Math.min(room.sellLots, lots) } };
  }
}
