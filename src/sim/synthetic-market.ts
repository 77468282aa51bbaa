/**
 * SyntheticMarket: a seeded order-flow model of one venue, endless, one event at a time.
 *
 * A latent fair price moves (fair-price.ts). Limit orders, cancels and market orders arrive as
 * Poisson streams around it. Market orders know where the book goes next: the fair price moves
 * with those that come by chance, and the others come where it has left the touch behind and take
 * what is stale. So whoever always rests at the touch earns the spread and loses more. Pure.
 */

import { decimal } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import { Rng } from "#domain/rng.ts";
import { FairPrice, type LatentPrice } from "./fair-price.ts";
import { FollowingPrice, type LeadingMarket } from "./following-price.ts";
import type { RowSink } from "./market-tape-builder.ts";
import { checkShock, isThin, type Shock } from "./shock.ts";
import { SyntheticBook } from "./synthetic-book.ts";
import type { SyntheticSide } from "./synthetic-side.ts";

export interface SyntheticMarketOptions {
  /** Any integer. */
  readonly seed: number;
  readonly instrument: Instrument;
  /** A plain decimal; rounded down to a valid price. */
  readonly startPrice: string;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  /** Of the normal regime without jumps, per cent a year. Default: 60 */
  readonly volatilityPct?: number;
  /** Value of a typical level in quote currency. Default: 8 000 */
  readonly levelNotional?: number;
  /** A move by script; of a market that follows only its thin book. Absent: none. */
  readonly shock?: Shock;
  /** The market whose price this one follows, as a perp its spot. Absent: a price of its own. */
  readonly leader?: LeadingMarket;
}

/** A price has at least so many ticks, so that a book of some depth fits under it. */
const FEWEST_TICKS = 200;

/** What can happen next, with events a second; those of a stale touch grow with how stale it is. */
const EVENT_RATES = {
  /** A market order out of the blue. */
  market: 1,
  /** A limit order or a cancel near the touch, or a change far from it. */
  limit: 11,
  cancel: 11,
  deep: 4,
  /** For every spacing of levels that the fair price is beyond the touch. */
  informed: 6,
  pull: 6,
  /** For every spacing that the touch is wider than makers want it. */
  improve: 14,
} as const;
/**
 * Mean move of the fair price in the direction of a market order, as a part of half the spread
 * that the order paid: on average takers know more than that.
 */
const MEAN_IMPACT = 1.4;
/** No stream is faster than this, however far the fair price has jumped. */
const FASTEST_RATE = 40;
/** Levels that a market order takes at most. */
const MOST_TAKEN_LEVELS = 6;
/** Mean distance of limit orders and cancels from the nearest quote, in spacings and levels. */
const MEAN_LIMIT_DISTANCE = 4;
const MEAN_CANCEL_LEVEL = 5;

export class SyntheticMarket implements LeadingMarket {
  readonly #rng: Rng;
  readonly #fair: LatentPrice;
  readonly #shock: Shock | undefined;
  readonly #startMs: number;
  readonly #tickValue: number;
  readonly #book: SyntheticBook;
  /** Events a second until the next one, cumulative, in the order of `#happen`. */
  readonly #rates = new Float64Array(7);
  #nextTimeMs: number;

  /**
   * @throws {InputError} `bad-synthetic-market` where the tick is too coarse for the price, or the
   *   shock is none
   */
  constructor(options: SyntheticMarketOptions) {
    const { instrument, startPrice, leader, shock, startMs } = options;
    const { tickValue } = instrument;
    const startTicks = instrument.floorTicks(
      Number(decimal(startPrice).div(instrument.tickSize).toFixed()),
    );
    if (startTicks < FEWEST_TICKS) {
      const message = `the price ${startPrice} has only ${startTicks} ticks`;
      throw new InputError("bad-synthetic-market", message, {
        where: instrument.id,
        hint: `a synthetic market needs ${FEWEST_TICKS}; choose a finer tick or a higher price`,
      });
    }
    if (shock !== undefined) checkShock(shock);
    const rng = new Rng(options.seed);
    const levelNotional = options.levelNotional ?? 8000;
    this.#rng = rng;
    this.#shock = shock;
    this.#startMs = startMs;
    this.#tickValue = tickValue;
    this.#fair =
      leader === undefined
        ? new FairPrice(rng, startTicks, options.volatilityPct ?? 60, shock)
        : new FollowingPrice(leader, tickValue);
    this.#book = new SyntheticBook({ instrument, rng, startTicks, levelNotional });
    this.#book.timeMs = startMs;
    this.#nextTimeMs = startMs + this.#waitMs();
  }

  /** When the last event was, and when the next one will be; milliseconds since the epoch. */
  get timeMs(): number {
    return this.#book.timeMs;
  }
  get nextTimeMs(): number {
    return this.#nextTimeMs;
  }

  get bidTicks(): number {
    return this.#book.bids.best;
  }
  get bidLots(): number {
    return this.#book.bids.bestLots;
  }
  get askTicks(): number {
    return this.#book.asks.best;
  }
  get askLots(): number {
    return this.#book.asks.bestLots;
  }

  /** The hedge venue's price now, in ticks of this instrument, fractional. */
  referenceTicks(): number {
    return this.#fair.referenceTicks;
  }

  /** The same in quote currency. */
  referencePrice(): number {
    return this.#fair.referenceTicks * this.#tickValue;
  }

  quoteDistanceRatio(): number {
    return this.#fair.quoteDistanceTicks / this.#fair.ticks;
  }

  /** Emits the book as it stands: a `clear` row and every level. */
  open(sink: RowSink): void {
    this.#book.emitAll(sink);
  }

  /** Lets the next event happen, at `nextTimeMs`; emits its rows, or none if nothing changes. */
  next(sink: RowSink): void {
    this.#fair.advance(this.#nextTimeMs - this.#book.timeMs);
    this.#book.timeMs = this.#nextTimeMs;
    if (this.#shock !== undefined) this.#setDepth(this.#shock, sink);
    this.#happen(sink);
    this.#book.upkeep(sink);
    this.#nextTimeMs += this.#waitMs();
  }

  /** Sets the rates by the state of the book, and draws the time to the next event. */
  #waitMs(): number {
    const { spacing, mid } = this.#book;
    const halfSpread = this.#book.spread / 2;
    const beyond = Math.max(0, Math.abs(this.#fair.ticks - mid) - halfSpread) / spacing;
    // A spread of one tick cannot be improved.
    const wanted = Math.max(this.#fair.quoteDistanceTicks, this.#book.stepTicks / 2);
    const width = Math.max(0, halfSpread - wanted) / spacing;
    const rates = this.#rates;
    rates[0] = EVENT_RATES.market;
    rates[1] = Math.min(EVENT_RATES.informed * beyond, FASTEST_RATE);
    rates[2] = Math.min(EVENT_RATES.pull * beyond, FASTEST_RATE);
    rates[3] = Math.min(EVENT_RATES.improve * width, FASTEST_RATE);
    rates[4] = EVENT_RATES.limit;
    rates[5] = EVENT_RATES.cancel;
    rates[6] = EVENT_RATES.deep;
    let total = 0;
    for (let event = 0; event < rates.length; event += 1) {
      total += rates[event] ?? 0;
      rates[event] = total;
    }
    return this.#rng.exponential(total) * 1000;
  }

  #setDepth(shock: Shock, sink: RowSink): void {
    const elapsedMs = this.#book.timeMs - this.#startMs;
    this.#book.setDepth(isThin(shock, elapsedMs) ? shock.depth : 1, sink);
  }

  #happen(sink: RowSink): void {
    const book = this.#book;
    const point = this.#rng.uniform() * (this.#rates[6] ?? 0);
    const event = this.#rates.findIndex((cumulative) => point < cumulative);
    const anySide = this.#rng.uniform() < 0.5 ? book.bids : book.asks;
    const isUp = this.#fair.ticks > book.mid;
    // The side that the fair price runs into, and the one that it leaves behind.
    const stale = isUp ? book.asks : book.bids;
    const late = isUp ? book.bids : book.asks;
    if (event === 0) this.#takeByChance(anySide, sink);
    else if (event === 1) this.#takeStale(stale, sink);
    else if (event === 2) this.#pullStale(stale, sink);
    else if (event === 3) this.#quote(late, 0, sink);
    else if (event === 4) this.#quote(anySide, this.#drawDistance(MEAN_LIMIT_DISTANCE), sink);
    else if (event === 5) {
      book.cancel(anySide, Math.floor(this.#drawDistance(MEAN_CANCEL_LEVEL)), sink);
    } else book.changeDeep(anySide, sink);
  }

  #drawDistance(mean: number): number {
    return this.#rng.exponential(1 / mean);
  }

  #takeByChance(side: SyntheticSide, sink: RowSink): void {
    // Where the tick is coarse, the spread is wide for another reason than what takers know.
    const paid = Math.min(this.#book.spread / 2, 2 * this.#fair.quoteDistanceTicks);
    const impact = this.#rng.exponential(1 / MEAN_IMPACT) * paid;
    this.#fair.move(side.isBid ? -impact : impact);
    this.#book.take(side, this.#book.drawLots(side.best, 0.15), MOST_TAKEN_LEVELS, sink);
  }

  /** Takes what the fair price has passed. */
  #takeStale(side: SyntheticSide, sink: RowSink): void {
    let lots = 0;
    for (let level = 0; this.#isStale(side, level) && level < MOST_TAKEN_LEVELS; level += 1) {
      lots += side.lotsAtLevel(level);
    }
    // Often there is not enough money behind the knowledge to take it all.
    const part = this.#rng.uniform() < 0.6 ? 1 : this.#rng.uniform();
    if (lots > 0) this.#book.take(side, Math.ceil(lots * part), MOST_TAKEN_LEVELS, sink);
  }

  #pullStale(side: SyntheticSide, sink: RowSink): void {
    if (this.#isStale(side, 0)) this.#book.pull(side, sink);
  }

  #isStale(side: SyntheticSide, level: number): boolean {
    const fair = this.#fair.ticks;
    return side.isBid ? side.ticksAt(level) > fair : side.ticksAt(level) < fair;
  }

  /** A limit order so many spacings behind where a maker would quote now. */
  #quote(side: SyntheticSide, spacingsBehind: number, sink: RowSink): void {
    const distance = this.#fair.quoteDistanceTicks + spacingsBehind * this.#book.spacing;
    const ticks = this.#fair.ticks + (side.isBid ? -distance : distance);
    this.#book.quote(side, ticks, 1, sink);
  }
}
