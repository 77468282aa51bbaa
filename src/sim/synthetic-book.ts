/**
 * SyntheticBook: the book of a synthetic market, and what orders do to it. It is never crossed,
 * never empty, and keeps its depth however its orders fall. Every change is emitted as a row. Pure.
 */

import type { Instrument } from "#domain/instrument.ts";
import type { Rng } from "#domain/rng.ts";
import { RowKind } from "./market-tape.ts";
import type { RowSink } from "./market-tape-builder.ts";
import { SyntheticSide } from "./synthetic-side.ts";

/** Levels stand some 0.4 bp apart near the touch, or a tick where that is wider. */
const SPACING = 0.000_04;
/** Reach of the book, and of the part that is never thin, as fractions of the price. */
const DEEPEST = 0.05;
const DENSE = 0.019;
const DENSE_LEVELS = 16;
const MOST_LEVELS = 60;
const FEWEST_LEVELS = 30;
/** Levels that start next to each other at the touch, and those from there to the deepest. */
const ADJACENT_LEVELS = 14;
const SPARSE_LEVELS = 26;
/** Least and most value of what a level is given, against the typical one. */
const LEAST_LEVEL = 1 / 8;
const MOST_LEVEL = 6;

export interface SyntheticBookOptions {
  readonly instrument: Instrument;
  readonly rng: Rng;
  /** The best bid to begin with. */
  readonly startTicks: number;
  /** Value of a typical level in quote currency. */
  readonly levelNotional: number;
}

export class SyntheticBook {
  readonly bids = new SyntheticSide(true);
  readonly asks = new SyntheticSide(false);
  /** The time of the rows to come; milliseconds since the epoch. */
  timeMs = 0;
  /** What part of the usual size orders have. */
  #depth = 1;
  readonly #instrument: Instrument;
  readonly #rng: Rng;
  readonly #levelNotional: number;

  constructor(options: SyntheticBookOptions) {
    const { instrument, startTicks } = options;
    this.#instrument = instrument;
    this.#rng = options.rng;
    this.#levelNotional = options.levelNotional;
    this.#fill(this.bids, startTicks);
    this.#fill(this.asks, startTicks + instrument.stepTicks(startTicks));
  }

  /** Distance between levels near the touch, in ticks. */
  get spacing(): number {
    return Math.max(this.stepTicks, this.bids.best * SPACING);
  }

  /** Distance between valid prices at the touch, in ticks. */
  get stepTicks(): number {
    return this.#instrument.stepTicks(this.bids.best);
  }

  get mid(): number {
    return (this.bids.best + this.asks.best) / 2;
  }

  get spread(): number {
    return this.asks.best - this.bids.best;
  }

  /** Emits the book as it stands: a `clear` row and every level. */
  emitAll(sink: RowSink): void {
    sink.addRow(this.timeMs, RowKind.clear, 0, 0);
    for (const side of [this.bids, this.asks]) {
      for (let level = 0; level < side.length; level += 1) {
        sink.addRow(this.timeMs, kindOf(side), side.ticksAt(level), side.lotsAtLevel(level));
      }
    }
  }

  /** A size by chance whose mean has the value of `levels` typical levels. */
  drawLots(ticks: number, levels: number): number {
    const notional = this.#levelNotional * levels * Math.exp(0.8 * this.#rng.normal() - 0.32);
    return Math.max(1, Math.round(this.#lotsWorth(ticks, notional)));
  }

  /** A market order: prints from the best level on, then the levels that changed. */
  take(side: SyntheticSide, lots: number, mostLevels: number, sink: RowSink): void {
    const print = side.isBid ? RowKind.sellTrade : RowKind.buyTrade;
    // The last level is never taken: a side is never empty.
    const reach = Math.min(mostLevels, side.length - 1);
    let left = lots;
    let taken = 0;
    let rest = 0;
    for (; taken < reach && left > 0; taken += 1) {
      const offered = side.lotsAtLevel(taken);
      const filled = Math.min(left, offered);
      sink.addRow(this.timeMs, print, side.ticksAt(taken), filled);
      left -= filled;
      rest = offered - filled;
    }
    for (; taken > 0; taken -= 1) this.#set(side, side.best, taken === 1 ? rest : 0, sink);
  }

  /** The best level goes. */
  pull(side: SyntheticSide, sink: RowSink): void {
    if (side.length > 1) this.#set(side, side.best, 0, sink);
  }

  /** A limit order at about this price (fractional ticks): on the grid, behind the other side. */
  quote(side: SyntheticSide, ticks: number, levels: number, sink: RowSink): void {
    const step = this.#instrument.stepTicks(side.best);
    const price = side.isBid
      ? this.#instrument.floorTicks(Math.max(Math.min(ticks, this.asks.best - step), step))
      : this.#instrument.ceilTicks(Math.max(ticks, this.bids.best + step));
    const before = side.lotsAtPrice(price);
    const after = Math.max(before, this.#levelLots(price, before, levels));
    if (after !== before) this.#set(side, price, after, sink);
  }

  /** Part of a level is cancelled, or all of it where there are levels enough. */
  cancel(side: SyntheticSide, level: number, sink: RowSink): void {
    const lots = side.lotsAtLevel(level);
    const goesWhole = side.length > FEWEST_LEVELS && this.#rng.uniform() < 0.6;
    const rest = goesWhole ? 0 : Math.ceil(lots * (0.3 + 0.7 * this.#rng.uniform()));
    if (rest < lots) this.#set(side, side.ticksAt(level), rest, sink);
  }

  /** Far from the touch, a level comes, grows, shrinks or goes. */
  changeDeep(side: SyntheticSide, sink: RowSink): void {
    if (side.length < FEWEST_LEVELS || this.#rng.uniform() < 0.5) {
      const nearest = Math.min((ADJACENT_LEVELS * this.spacing) / side.best, DEEPEST);
      this.#quoteBehind(side, nearest * (DEEPEST / nearest) ** this.#rng.uniform(), sink);
    } else {
      const nearest = Math.min(ADJACENT_LEVELS, side.length - 1);
      this.cancel(side, nearest + this.#rng.integer(side.length - nearest), sink);
    }
  }

  /** Sets what part of the usual size orders have; where it falls, levels are cut at once. */
  setDepth(depth: number, sink: RowSink): void {
    const kept = depth / this.#depth;
    this.#depth = depth;
    if (kept >= 1) return;
    for (const side of [this.bids, this.asks]) {
      for (let level = 0; level < side.length; level += 1) {
        const lots = Math.max(1, Math.floor(side.lotsAtLevel(level) * kept));
        if (lots !== side.lotsAtLevel(level)) this.#set(side, side.ticksAt(level), lots, sink);
      }
    }
  }

  /** Keeps both sides from thinning out near the touch and from growing beyond their reach. */
  upkeep(sink: RowSink): void {
    this.#upkeepSide(this.bids, sink);
    this.#upkeepSide(this.asks, sink);
  }

  #upkeepSide(side: SyntheticSide, sink: RowSink): void {
    const { best } = side;
    while (this.#isThin(side)) this.#quoteBehind(side, DENSE * this.#rng.uniform(), sink);
    if (side.length > MOST_LEVELS) {
      const level = 1 + this.#rng.integer(side.length - 1);
      this.#set(side, side.ticksAt(level), 0, sink);
    }
    const deepest = side.ticksAt(side.length - 1);
    const reach = side.behindBest(deepest) / best;
    if (reach > DEEPEST * 1.1) this.#set(side, deepest, 0, sink);
    else if (reach < DEEPEST * 0.9) this.#quoteBehind(side, DEEPEST, sink);
  }

  #isThin(side: SyntheticSide): boolean {
    const denseTicks = side.best * DENSE;
    // A coarse tick has fewer prices than that.
    const prices = Math.floor(denseTicks / this.#instrument.stepTicks(side.best));
    const last = side.ticksAt(Math.min(DENSE_LEVELS, prices) - 1);
    return prices > 1 && !(side.behindBest(last) <= denseTicks);
  }

  /** A limit order so far behind the best price, as a fraction of it. */
  #quoteBehind(side: SyntheticSide, fraction: number, sink: RowSink): void {
    const ticks = side.best * (side.isBid ? 1 - fraction : 1 + fraction);
    this.quote(side, ticks, sizeAt(fraction), sink);
  }

  #set(side: SyntheticSide, ticks: number, lots: number, sink: RowSink): void {
    side.set(ticks, lots);
    sink.addRow(this.timeMs, kindOf(side), ticks, lots);
  }

  /** Size of a level once an order has come to the `before` lots there, within its bounds. */
  #levelLots(ticks: number, before: number, levels: number): number {
    const least = Math.ceil(this.#lotsWorth(ticks, this.#levelNotional * LEAST_LEVEL));
    const most = Math.ceil(this.#lotsWorth(ticks, this.#levelNotional * MOST_LEVEL));
    return Math.min(before + Math.max(this.drawLots(ticks, levels), least), most);
  }

  #lotsWorth(ticks: number, notional: number): number {
    return (
      (notional * this.#depth) / (ticks * this.#instrument.tickValue * this.#instrument.lotValue)
    );
  }

  /** The first levels: close together at the touch, then ever sparser down to the deepest. */
  #fill(side: SyntheticSide, startTicks: number): void {
    const spacing = Math.max(this.#instrument.stepTicks(startTicks), startTicks * SPACING);
    const adjacent = (ADJACENT_LEVELS * spacing) / startTicks;
    const growth = Math.max(DEEPEST / adjacent, 1) ** (1 / SPARSE_LEVELS);
    for (let level = 0; level < ADJACENT_LEVELS + SPARSE_LEVELS; level += 1) {
      const fraction =
        level < ADJACENT_LEVELS
          ? (level * spacing) / startTicks
          : adjacent * growth ** (level - ADJACENT_LEVELS + 1);
      const ticks = side.isBid
        ? this.#instrument.floorTicks(startTicks * (1 - fraction))
        : this.#instrument.ceilTicks(startTicks * (1 + fraction));
      if (ticks > 0) side.set(ticks, this.#levelLots(ticks, 0, sizeAt(fraction)));
    }
  }
}

function kindOf(side: SyntheticSide): number {
  return side.isBid ? RowKind.bidLevel : RowKind.askLevel;
}

/** Deeper levels are larger: twice the typical one at the far end. */
function sizeAt(fraction: number): number {
  return 1 + Math.min(fraction / DEEPEST, 1);
}
