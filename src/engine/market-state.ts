/**
 * MarketState: the touch of the quoting book, the reference price, and the volatility measured on
 * a fixed time grid of either. Pure; its time is the caller's.
 */

import type { BookEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import { VolatilityEstimator, type VolatilityParams } from "#volatility/estimator.ts";

export class MarketState {
  bidTicks = 0;
  askTicks = 0;
  /** Bid plus ask: a whole number, 0 before the first good book. */
  midHalfTicks = 0;
  referenceTicks = 0;
  /** When the next sample of the grid is due. */
  nextSampleMs = -Infinity;
  #volatility: VolatilityEstimator;
  #intervalMs: number;
  #maxGapSamples: number;
  readonly #tickValue: number;
  #source: "mid" | "reference";

  constructor(instrument: Instrument, params: VolatilityParams, source: "mid" | "reference") {
    this.#volatility = new VolatilityEstimator(params);
    this.#intervalMs = params.sampleIntervalSeconds * 1000;
    this.#maxGapSamples = params.longWindow;
    this.#tickValue = instrument.tickValue;
    this.#source = source;
  }

  /** Measures the volatility anew, from nothing: a history may warm it up. Prices stay. */
  restartVolatility(params: VolatilityParams, source: "mid" | "reference"): void {
    this.#volatility = new VolatilityEstimator(params);
    this.#intervalMs = params.sampleIntervalSeconds * 1000;
    this.#maxGapSamples = params.longWindow;
    this.#source = source;
    this.nextSampleMs = -Infinity;
  }

  /** Effective volatility in per cent over the horizon; -1 while it is warming up. */
  get volatilityPct(): number {
    return this.#volatility.state === "ready" ? this.#volatility.annualisedPct() : -1;
  }

  /** Warms the volatility up; once it has samples of its own, a history comes too late. */
  onHistory(prices: readonly number[]): void {
    if (this.#volatility.samples === 0) this.#volatility.seed(prices);
  }

  /** What is wrong with a book, as the guard's id; null where it can be traded on. */
  static problemOf(event: BookEvent): "invalid-number" | "crossed-or-empty-book" | null {
    const { bidTicks, bidLots, askTicks, askLots } = event;
    const isNumeric =
      Number.isSafeInteger(bidTicks) &&
      Number.isSafeInteger(askTicks) &&
      bidLots >= 0 &&
      askLots >= 0 &&
      bidLots + askLots < Infinity;
    if (!isNumeric) return "invalid-number";
    const isTwoSided = bidLots > 0 && askLots > 0 && bidTicks > 0 && bidTicks < askTicks;
    return isTwoSided ? null : "crossed-or-empty-book";
  }

  /** Takes a good touch. */
  onBook(event: BookEvent): void {
    this.bidTicks = event.bidTicks;
    this.askTicks = event.askTicks;
    this.midHalfTicks = event.bidTicks + event.askTicks;
  }

  /** Takes a reference price; what is none (NaN, 0, infinite) says that there is none. */
  onReference(priceTicks: number): void {
    this.referenceTicks = priceTicks > 0 && priceTicks < Infinity ? priceTicks : 0;
  }

  /** Samples every grid point up to now with the last price known. Call it when one is due. */
  sample(nowMs: number): void {
    const ticks = this.#source === "mid" ? this.midHalfTicks / 2 : this.referenceTicks;
    const due = Math.floor(nowMs / this.#intervalMs);
    const next = this.nextSampleMs === -Infinity ? due : this.nextSampleMs / this.#intervalMs;
    this.nextSampleMs = (due + 1) * this.#intervalMs;
    if (!(ticks > 0)) return;
    // After a long silence more samples than the long window holds would say nothing new.
    const count = Math.min(due - next + 1, this.#maxGapSamples);
    for (let sample = 0; sample < count; sample += 1) {
      this.#volatility.addPrice(ticks * this.#tickValue);
    }
  }
}
