/**
 * FairPrice: the latent price of a synthetic market, which its informed traders know and its book
 * follows late. A random walk of the logarithm whose volatility switches between regimes, with
 * jumps, and the basis of the hedge venue beside it. Seeded, pure.
 */

import type { Rng } from "#domain/rng.ts";

/** What a state of the market multiplies, and how long it lasts on average. */
interface Regime {
  readonly volatilityFactor: number;
  /** How far from the fair price the nearest quotes stand, as a fraction of it. */
  readonly quoteDistance: number;
  readonly meanMs: number;
}

const NORMAL: Regime = { volatilityFactor: 1, quoteDistance: 0.000_024, meanMs: 120_000 };
const REGIMES: readonly Regime[] = [
  { volatilityFactor: 0.5, quoteDistance: 0.000_02, meanMs: 150_000 },
  NORMAL,
  { volatilityFactor: 2.5, quoteDistance: 0.000_044, meanMs: 30_000 },
];
const MS_A_YEAR = 365 * 86_400_000;
const MEAN_BETWEEN_JUMPS_MS = 90_000;
/** One standard deviation of a jump, as a fraction. */
const JUMP_SIZE = 0.0006;
/** The basis goes back to its mean with this time constant, and strays this far from it. */
const BASIS_TIME_MS = 60_000;
const BASIS_MEAN = 0.0002;
const BASIS_DEVIATION = 0.0001;
/** The price never falls below this many ticks, so that a book fits under it. */
const LOWEST_TICKS = 50;

export class FairPrice {
  readonly #rng: Rng;
  readonly #volatilityPerMs: number;
  #logTicks: number;
  #regime = NORMAL;
  #basisError = 0;

  /** @param volatilityPct of the normal regime without jumps, per cent a year */
  constructor(rng: Rng, startTicks: number, volatilityPct: number) {
    this.#rng = rng;
    this.#logTicks = Math.log(startTicks);
    this.#volatilityPerMs = volatilityPct / 100 / Math.sqrt(MS_A_YEAR);
  }

  /** The fair price in ticks, fractional. */
  get ticks(): number {
    return Math.exp(this.#logTicks);
  }

  /** The hedge venue's price in ticks, fractional: the fair price and a wandering basis. */
  get referenceTicks(): number {
    return this.ticks * (1 + BASIS_MEAN + this.#basisError);
  }

  /** How far from it makers want to quote now. */
  get quoteDistanceTicks(): number {
    return this.ticks * this.#regime.quoteDistance;
  }

  /** News of its own: moves the price by so many ticks. */
  move(ticks: number): void {
    this.#logTicks = Math.max(this.#logTicks + ticks / this.ticks, Math.log(LOWEST_TICKS));
  }

  advance(elapsedMs: number): void {
    const rng = this.#rng;
    if (this.#happened(elapsedMs, this.#regime.meanMs)) {
      this.#regime = REGIMES[rng.integer(REGIMES.length)] ?? NORMAL;
    }
    const deviation = this.#volatilityPerMs * this.#regime.volatilityFactor * Math.sqrt(elapsedMs);
    let move = deviation * rng.normal();
    if (this.#happened(elapsedMs, MEAN_BETWEEN_JUMPS_MS)) move += JUMP_SIZE * rng.normal();
    this.#logTicks = Math.max(this.#logTicks + move, Math.log(LOWEST_TICKS));
    const kept = Math.exp(-elapsedMs / BASIS_TIME_MS);
    const shock = BASIS_DEVIATION * Math.sqrt(1 - kept * kept) * rng.normal();
    this.#basisError = this.#basisError * kept + shock;
  }

  /** Whether a Poisson event of this mean waiting time fell into the elapsed time. */
  #happened(elapsedMs: number, meanMs: number): boolean {
    return this.#rng.uniform() < 1 - Math.exp(-elapsedMs / meanMs);
  }
}
