/**
 * VolatilityEstimator: how much a price moves, from samples on a fixed time grid. Three figures of
 * the log returns (short and long window, exponentially weighted) and their blend. Amortised O(1)
 * and no allocation a sample. Pure; may import domain only.
 */

import { InputError } from "#domain/errors.ts";
import { SlidingWindow } from "./sliding-window.ts";

export interface VolatilityParams {
  /** Log returns in each window, whole numbers: 2 ≤ short ≤ long. */
  readonly shortWindow: number;
  readonly longWindow: number;
  /** Weight of the past in the moving average of squared returns: 0 < λ < 1. */
  readonly ewmaLambda: number;
  /** Time from one sample to the next. */
  readonly sampleIntervalSeconds: number;
  /** Time that `annualisedPct` scales to: 31 536 000 is a year of 365 days. */
  readonly horizonSeconds: number;
}

/** Standard deviations of one sample's log return, unscaled: 0.001 is ten basis points. */
export interface PerSampleVolatility {
  readonly short: number;
  readonly long: number;
  readonly ewma: number;
  readonly effective: number;
}

/**
 * `warming` until the short window is full of returns: before that a single jump decides the
 * figure. The long window may still be filling up; it then holds every return there is.
 */
export type VolatilityState = "warming" | "ready";

const SHORT_WEIGHT = 0.3;
const EWMA_WEIGHT = 0.4;
const LONG_WEIGHT = 0.3;

export class VolatilityEstimator {
  readonly #short: SlidingWindow;
  readonly #long: SlidingWindow;
  readonly #lambda: number;
  readonly #scalePct: number;
  #meanSquare = 0;
  #lastPrice = 0;
  #samples = 0;

  /** @throws {InputError} `bad-volatility` where a parameter is out of its range */
  constructor(params: VolatilityParams) {
    checkParams(params);
    this.#short = new SlidingWindow(params.shortWindow);
    this.#long = new SlidingWindow(params.longWindow);
    this.#lambda = params.ewmaLambda;
    this.#scalePct = 100 * Math.sqrt(params.horizonSeconds / params.sampleIntervalSeconds);
  }

  /** Prices taken so far; the first one makes no return. */
  get samples(): number {
    return this.#samples;
  }

  get state(): VolatilityState {
    return this.#short.isFull ? "ready" : "warming";
  }

  /**
   * Takes the next sample of the grid.
   * @throws {InputError} `bad-price` where it is not finite or not above 0; nothing changes then
   */
  addPrice(price: number): void {
    checkPrice(price);
    if (this.#samples > 0) {
      const logReturn = logReturnOf(this.#lastPrice, price);
      this.#short.push(logReturn);
      this.#long.push(logReturn);
      // Starts from 0, as the original does: the first figures are too low rather than wild.
      this.#meanSquare = this.#lambda * this.#meanSquare + (1 - this.#lambda) * logReturn ** 2;
    }
    this.#lastPrice = price;
    this.#samples += 1;
  }

  /**
   * Takes a history, oldest first, before the first live sample: all of it or, where one of its
   * prices is bad, nothing.
   * @throws {InputError} `bad-price`
   */
  seed(prices: Iterable<number>): void {
    const history = [...prices];
    for (const price of history) checkPrice(price);
    for (const price of history) this.addPrice(price);
  }

  perSample(): PerSampleVolatility {
    return {
      short: this.#short.deviation(),
      long: this.#long.deviation(),
      ewma: Math.sqrt(this.#meanSquare),
      effective: this.#effective(),
    };
  }

  /** The effective volatility over the horizon, in per cent; a year's by default. */
  annualisedPct(): number {
    return this.#scalePct * this.#effective();
  }

  #effective(): number {
    return (
      SHORT_WEIGHT * this.#short.deviation() +
      EWMA_WEIGHT * Math.sqrt(this.#meanSquare) +
      LONG_WEIGHT * this.#long.deviation()
    );
  }
}

/** ln(to / from). Near 1 the quotient would round the return away; far from 1 it could overflow. */
function logReturnOf(from: number, to: number): number {
  const change = (to - from) / from;
  return Math.abs(change) < 0.5 ? Math.log1p(change) : Math.log(to) - Math.log(from);
}

function checkPrice(price: number): void {
  if (!Number.isFinite(price) || price <= 0) {
    throw new InputError("bad-price", `a price of ${price} cannot be sampled`, {
      hint: "a price is a finite number above 0",
    });
  }
}

function checkParams(params: VolatilityParams): void {
  const { shortWindow, longWindow, ewmaLambda } = params;
  if (!Number.isSafeInteger(shortWindow) || shortWindow < 2) {
    throw badParam("shortWindow", shortWindow, "a whole number of at least 2");
  }
  if (!Number.isSafeInteger(longWindow) || longWindow < shortWindow) {
    throw badParam("longWindow", longWindow, "a whole number of at least shortWindow");
  }
  if (!(ewmaLambda > 0 && ewmaLambda < 1)) {
    throw badParam("ewmaLambda", ewmaLambda, "between 0 and 1, both excluded");
  }
  for (const field of ["sampleIntervalSeconds", "horizonSeconds"] as const) {
    const seconds = params[field];
    if (!Number.isFinite(seconds) || seconds <= 0) {
      throw badParam(field, seconds, "a number of seconds above 0");
    }
  }
}

function badParam(field: string, value: number, wanted: string): InputError {
  return new InputError("bad-volatility", `is ${value}`, {
    where: `volatility.${field}`,
    hint: `it must be ${wanted}`,
  });
}
