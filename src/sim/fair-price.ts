/**
 * FairPrice: the latent price of a synthetic market, which its informed traders know and its book
 * follows late. A random walk of the logarithm whose volatility switches between regimes, with
 * jumps, and the basis of the hedge venue beside it. Seeded, pure.
 */

import type { Rng } from "#domain/rng.ts";
import { type Shock, shockLogMove } from "./shock.ts";

/** What the traders of a synthetic market know, and its book does not yet. */
export interface LatentPrice {
  /** In ticks, fractional. */
  readonly ticks: number;
  /** Of a venue that follows this one, in the same ticks, fractional. */
  readonly referenceTicks: number;
  /** How far from it makers want to quote now. */
  readonly quoteDistanceTicks: number;
  /** News of its own: moves the price by so many ticks. */
  move(ticks: number): void;
  advance(elapsedMs: number): void;
}

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

export class FairPrice implements LatentPrice {
  readonly #rng: Rng;
  readonly #shock: Shock | undefined;
  #elapsedMs = 0;
  readonly #volatilityPerMs: number;
  #logTicks: number;
  #regime = NORMAL;
  #basisError = 0;

  /**
   * @param volatilityPct of the normal regime without jumps, per cent a year
   * @param shock what is done to it by script, on top
   */
  constructor(rng: Rng, startTicks: number, volatilityPct: number, shock?: Shock) {
    this.#rng = rng;
    this.#shock = shock;
    this.#logTicks = Math.log(startTicks);
    this.#volatilityPerMs = volatilityPct / 100 / Math.sqrt(MS_A_YEAR);
  }

  get ticks(): number {
    return Math.exp(this.#logTicks);
  }

  /** The fair price and a wandering basis. */
  get referenceTicks(): number {
    return this.ticks * (1 + BASIS_MEAN + this.#basisError);
  }

  get quoteDistanceTicks(): number {
    return this.ticks * this.#regime.quoteDistance;
  }

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
    if (this.#shock !== undefined) move += shockLogMove(this.#shock, this.#elapsedMs, elapsedMs);
    this.#elapsedMs += elapsedMs;
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
