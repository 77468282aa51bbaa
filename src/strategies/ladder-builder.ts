/**
 * The base that all strategies share: bins, capital, multipliers, clamps and rounding, done once.
 * A strategy's weights (and prices, where it gives any) come in; a Ladder of whole ticks and lots
 * goes out. Rounding never improves the price for the other side, and the sum of the bids never
 * exceeds the quote capital nor that of the asks the base capital. Pure; allocates nothing.
 */

import { decimal, decimalsOf, scaledInteger } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import type { Instrument, Side } from "#domain/instrument.ts";
import { iqvMoveRatio, iqvRatio } from "#domain/iqv.ts";
import { buyMultiplier, type InventoryLimits, sellMultiplier } from "./inventory.ts";
import { Clamp, type Ladder, type LadderSide } from "./ladder.ts";
import type { Strategy, StrategyContext } from "./strategy.ts";

export interface LadderParams extends InventoryLimits {
  /** How many bins fit within the price limits of each side. */
  readonly bidBins: number;
  readonly askBins: number;
  readonly binStepBps: number;
  /** Orders of both sides together. */
  readonly liveOrderNums: number;
  readonly minOrderLots: number;
  readonly maxOrderLots: number;
  readonly belowMin: "merge" | "drop";
  /** `seed`: the arithmetic of the original, for comparison (SEED.md §2). */
  readonly compat: "none" | "seed";
  /** Per cent of each side's capital that is kept back. */
  readonly reservePct: number;
}

export interface LadderInput {
  timeMs: number;
  /** Bid plus ask, in ticks. Whole, except in a raw build. */
  midHalfTicks: number;
  /** The pair's inventory in lots and its quote capital in units of one tick times one lot. */
  inventoryLots: number;
  quoteUnits: number;
  targetIqvRatio: number;
  /** -1 while warming up. */
  volatilityPct: number;
  /** The other side's best prices, which no order may reach; 0 where unknown. */
  bestBidTicks: number;
  bestAskTicks: number;
}

/** What risk limits let each side add at most. */
export interface SideRoom {
  /** Bids together, in units of one tick times one lot. */
  readonly buyUnits: number;
  /** Asks together, in lots. */
  readonly sellLots: number;
}

const UNLIMITED: SideRoom = { buyUnits: Infinity, sellLots: Infinity };
const BPS = 10_000;
/** A float this near to a whole tick is that tick: strategies compute prices in floats. */
const TICK_SNAP = 1e-9;

/** Scratch of one side while it is being built. */
interface SideSpec {
  readonly side: Side;
  readonly out: LadderSide;
  readonly bins: number;
  readonly multiplier: number;
  /** Lots for asks, tick-lot units for bids. */
  readonly capital: number;
}

export class LadderBuilder {
  readonly #instrument: Instrument;
  readonly #params: LadderParams;
  readonly #strategy: Strategy;
  readonly #raw: boolean;
  readonly #context: StrategyContext;
  readonly #weights: Float64Array;
  readonly #prices: Float64Array;
  /** binStep = #step / #scale exactly. */
  readonly #step: number;
  readonly #scale: number;
  #input: LadderInput | null = null;
  #shape = "";

  /** @param raw leave ticks and lots unrounded (for comparison with vectors, never for orders) */
  constructor(instrument: Instrument, params: LadderParams, strategy: Strategy, raw = false) {
    this.#instrument = instrument;
    this.#params = params;
    this.#strategy = strategy;
    this.#raw = raw;
    const bins = Math.max(params.bidBins, params.askBins);
    this.#weights = new Float64Array(bins);
    this.#prices = new Float64Array(bins);
    this.#context = {
      timeMs: 0,
      mid: 0,
      volatilityPct: -1,
      iqvRatio: 0,
      iqvMoveRatio: 0,
    };
    const step = decimal(String(params.binStepBps));
    const decimals = decimalsOf(step);
    this.#step = scaledInteger(step, decimals) ?? 0;
    this.#scale = BPS * 10 ** decimals;
  }

  /** Levels a side that these parameters can place at most: the capacity a Ladder needs. */
  static capacity(params: LadderParams): number {
    return Math.max(params.bidBins, params.askBins);
  }

  /**
   * Builds the ladder that this input gives.
   * @throws {InputError} `bad-strategy` where a strategy's weights or prices are no numbers
   */
  build(input: LadderInput, ladder: Ladder, room: SideRoom = UNLIMITED): void {
    const params = this.#params;
    this.assess(input, ladder);
    this.#buildSide({
      side: "buy",
      out: ladder.bids,
      bins: params.bidBins,
      multiplier: ladder.bids.multiplier,
      capital: Math.min(this.#usable(input.quoteUnits), room.buyUnits),
    });
    this.#buildSide({
      side: "sell",
      out: ladder.asks,
      bins: params.askBins,
      multiplier: ladder.asks.multiplier,
      capital: Math.min(this.#usable(input.inventoryLots), room.sellLots),
    });
  }

  /** The part of a build that comes before the levels: ratios, multipliers and shape. */
  assess(input: LadderInput, ladder: Ladder): void {
    const { midHalfTicks } = input;
    this.#input = input;
    ladder.midHalfTicks = midHalfTicks;
    ladder.iqvRatio = iqvRatio(input.inventoryLots, midHalfTicks / 2, input.quoteUnits);
    ladder.iqvMoveRatio = iqvMoveRatio(ladder.iqvRatio, input.targetIqvRatio);
    const context = this.#context;
    context.timeMs = input.timeMs;
    context.mid = (midHalfTicks / 2) * this.#instrument.tickValue;
    context.volatilityPct = input.volatilityPct;
    context.iqvRatio = ladder.iqvRatio;
    context.iqvMoveRatio = ladder.iqvMoveRatio;
    this.#shape = this.#strategy.prepare(context);
    ladder.shape = this.#shape;
    ladder.bids.multiplier = buyMultiplier(ladder.iqvMoveRatio, this.#params);
    ladder.asks.multiplier = sellMultiplier(ladder.iqvMoveRatio, this.#params);
  }

  #usable(amount: number): number {
    const usable = amount * (1 - this.#params.reservePct / 100);
    return this.#raw ? usable : Math.floor(usable);
  }

  #buildSide(spec: SideSpec): void {
    spec.out.count = 0;
    // A multiplier of 0 means no order on this side; the other side is another call.
    if (!(spec.multiplier > 0) || !(spec.capital > 0)) return;
    const halfOfOrders = Math.floor(this.#params.liveOrderNums / 2);
    const levels = Math.min(spec.bins, halfOfOrders);
    const seed = this.#params.compat === "seed";
    const weighed = seed ? spec.bins : levels;
    const totalWeight = this.#weigh(spec.side, weighed);
    const priced = this.#strategy.price !== undefined;
    if (priced) this.#strategyPrices(spec.side, levels);
    for (let index = 0; index < levels; index += 1) {
      const share = (this.#weights[index] ?? 0) / totalWeight;
      const ticks = priced ? this.#ticksOf(index, spec.side) : this.#binTicks(index + 1, spec.side);
      this.#addLevel(spec.out, spec.side, index + 1, ticks);
      spec.out.weightShare[index] = share;
    }
    if (seed) this.#sizeAsSeed(spec, totalWeight);
    else this.#size(spec, totalWeight);
    if (!this.#raw) this.#keepWithinCapital(spec);
  }

  #weigh(side: Side, levels: number): number {
    const weights = this.#weights;
    this.#strategy.weigh(side, levels, weights);
    let total = 0;
    for (let index = 0; index < levels; index += 1) {
      const weight = weights[index] ?? 0;
      if (!(weight >= 0)) throw this.#badStrategy(`gave level ${index + 1} the weight ${weight}`);
      total += weight;
    }
    if (levels > 0 && !(total > 0 && total < Infinity)) {
      throw this.#badStrategy(`gave weights that add up to ${total}`);
    }
    return total;
  }

  /** The bin's price in ticks: m·(1 ∓ k·s), rounded away from the mid. */
  #binTicks(bin: number, side: Side): number {
    const mid = this.#input?.midHalfTicks ?? 0;
    const away = bin * this.#step;
    const numerator = mid * (side === "buy" ? this.#scale - away : this.#scale + away);
    const denominator = 2 * this.#scale;
    if (this.#raw) return numerator / denominator;
    // Exact: below 2^53 a quotient of whole numbers never rounds onto the next whole number.
    if (!Number.isSafeInteger(numerator)) {
      throw new InputError("too-large", `price ${mid / 2} ticks at bin ${bin} is too large`);
    }
    const ticks = numerator / denominator;
    return side === "buy" ? this.#instrument.floorTicks(ticks) : this.#instrument.ceilTicks(ticks);
  }

  /** Lets the strategy set prices, starting from the bins. */
  #strategyPrices(side: Side, levels: number): void {
    const prices = this.#prices;
    const mid = this.#context.mid;
    const sign = side === "buy" ? -1 : 1;
    for (let index = 0; index < levels; index += 1) {
      prices[index] = mid * (1 + (sign * (index + 1) * this.#step) / this.#scale);
    }
    this.#strategy.price?.(side, levels, prices);
  }

  #ticksOf(index: number, side: Side): number {
    const price = this.#prices[index] ?? 0;
    if (!(price > 0 && price < Infinity)) {
      throw this.#badStrategy(`gave level ${index + 1} the price ${price}`);
    }
    const ticks = price / this.#instrument.tickValue;
    if (this.#raw) return ticks;
    const whole = Math.round(ticks);
    const snapped = Math.abs(ticks - whole) <= TICK_SNAP * Math.max(1, whole) ? whole : ticks;
    return side === "buy"
      ? this.#instrument.floorTicks(snapped)
      : this.#instrument.ceilTicks(snapped);
  }

  /** Enters a level at its price; one that would cross is moved to one tick behind the touch. */
  #addLevel(out: LadderSide, side: Side, level: number, ticks: number): void {
    const { bestBidTicks, bestAskTicks } = this.#input ?? { bestBidTicks: 0, bestAskTicks: 0 };
    const index = out.count;
    out.clamps[index] = 0;
    let price = ticks;
    if (side === "buy" && bestAskTicks > 0 && price >= bestAskTicks) {
      price = this.#instrument.floorTicks(bestAskTicks - 1);
      out.clamps[index] = Clamp.postOnly;
    } else if (side === "sell" && bestBidTicks > 0 && price <= bestBidTicks) {
      price = this.#instrument.ceilTicks(bestBidTicks + 1);
      out.clamps[index] = Clamp.postOnly;
    }
    const nearer = index === 0 ? price : (out.priceTicks[index - 1] ?? 0);
    if (side === "buy" ? price > nearer : price < nearer) {
      throw this.#badStrategy(`gave level ${level} a price nearer to the mid than the one before`);
    }
    out.priceTicks[index] = price;
    out.level[index] = level;
    out.count += 1;
  }

  /**
   * Shares the capital by weight, nearest level first. What a level cannot take (above its maximum)
   * or cannot place (below the minimum) is carried outward as capital; what is left after the last
   * level stays undeployed. Levels that place nothing are left out.
   */
  #size(spec: SideSpec, totalWeight: number): void {
    const { out, side } = spec;
    const params = this.#params;
    const given = out.count;
    let carry = 0;
    let placed = 0;
    for (let index = 0; index < given; index += 1) {
      const price = out.priceTicks[index] ?? 0;
      const share = this.#shareOf(index, spec, totalWeight);
      let clamps = out.clamps[index] ?? 0;
      if (carry > 0) clamps |= Clamp.mergedOutward;
      const capital = share + carry;
      const next = index + 1 < given ? (out.priceTicks[index + 1] ?? 0) : -1;
      carry = 0;
      if (!(price > 0)) continue;
      if (next === price) {
        // Two bins on one tick are one order, at the outer one.
        carry = capital;
        out.clamps[index + 1] = (out.clamps[index + 1] ?? 0) | Clamp.sameTick;
        continue;
      }
      const unit = unitCost(side, price);
      let lots = this.#raw ? capital / unit : Math.floor(capital / unit);
      if (lots > params.maxOrderLots) {
        lots = params.maxOrderLots;
        carry = capital - lots * unit;
        clamps |= Clamp.maxSize;
      }
      if (this.#reachesMinimum(price, lots)) {
        this.#keepLevel(out, placed, index, lots);
        out.clamps[placed] = clamps;
        placed += 1;
      } else if (params.belowMin === "merge") {
        carry = capital;
      }
    }
    out.count = placed;
  }

  /** SEED.md §2, `compat: "seed"`: no merging; sizes raised to the minimum, cut to the maximum. */
  #sizeAsSeed(spec: SideSpec, totalWeight: number): void {
    const { out, side } = spec;
    const params = this.#params;
    const mid = (this.#input?.midHalfTicks ?? 0) / 2;
    const given = out.count;
    let placed = 0;
    for (let index = 0; index < given; index += 1) {
      const price = out.priceTicks[index] ?? 0;
      // The original values bids at the mid, except in the bid-ask shape.
      const bidUnit = this.#shape === "bid-ask" ? price : mid;
      const unit = side === "buy" ? bidUnit : 1;
      let lots = this.#shareOf(index, spec, totalWeight) / unit;
      let clamps = out.clamps[index] ?? 0;
      if (lots < params.minOrderLots) {
        lots = params.minOrderLots;
        clamps |= Clamp.raisedToMinimum;
      }
      if (lots > params.maxOrderLots) {
        lots = params.maxOrderLots;
        clamps |= Clamp.maxSize;
      }
      if (!this.#raw) lots = Math.floor(lots);
      if (!(price > 0) || !(lots > 0)) continue;
      this.#keepLevel(out, placed, index, lots);
      out.clamps[placed] = clamps;
      placed += 1;
    }
    out.count = placed;
  }

  /** Multiplied first, divided last: what comes out even then is even in floats too. */
  #shareOf(index: number, { capital, multiplier }: SideSpec, totalWeight: number): number {
    return (capital * multiplier * (this.#weights[index] ?? 0)) / totalWeight;
  }

  #reachesMinimum(price: number, lots: number): boolean {
    if (!(lots > 0) || lots < this.#params.minOrderLots) return false;
    return this.#raw || this.#instrument.reachesMinimum(price, lots);
  }

  #keepLevel(out: LadderSide, to: number, from: number, lots: number): void {
    out.priceTicks[to] = out.priceTicks[from] ?? 0;
    out.level[to] = out.level[from] ?? 0;
    out.weightShare[to] = out.weightShare[from] ?? 0;
    out.quantityLots[to] = lots;
  }

  /** Float shares may add up to a hair more than the capital: the outermost levels give it back. */
  #keepWithinCapital(spec: SideSpec): void {
    const { out, side, capital } = spec;
    let total = 0;
    for (let index = 0; index < out.count; index += 1) {
      const lots = out.quantityLots[index] ?? 0;
      total += lots * unitCost(side, out.priceTicks[index] ?? 0);
    }
    while (total > capital && out.count > 0) {
      const last = out.count - 1;
      const price = out.priceTicks[last] ?? 0;
      const unit = unitCost(side, price);
      const lots = out.quantityLots[last] ?? 0;
      const less = Math.max(0, lots - Math.ceil((total - capital) / unit));
      const kept = this.#reachesMinimum(price, less) ? less : 0;
      total -= (lots - kept) * unit;
      if (kept === 0) out.count -= 1;
      else out.quantityLots[last] = kept;
    }
  }

  #badStrategy(what: string): InputError {
    return new InputError("bad-strategy", `strategy ${this.#strategy.name} ${what}`);
  }
}

/** What one lot takes of its side's capital: a bid its price in ticks, an ask itself. */
function unitCost(side: Side, priceTicks: number): number {
  return side === "buy" ? priceTicks : 1;
}
