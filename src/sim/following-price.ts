/**
 * FollowingPrice: the latent price of a market that follows another, as a perp follows its spot:
 * the leader's reference price (fair price and wandering basis), and what this market's own orders
 * moved it by, which arbitrage takes back within seconds. Pure.
 */

import type { LatentPrice } from "./fair-price.ts";

export interface LeadingMarket {
  /** What its followers are worth now, quote currency. */
  referencePrice(): number;
  /** How far from the price makers want to quote now, as a fraction of it. */
  quoteDistanceRatio(): number;
}

/** What is left of an own move after this time is 1/e of it. */
const ARBITRAGE_TIME_MS = 3_000;

export class FollowingPrice implements LatentPrice {
  readonly #leader: LeadingMarket;
  readonly #tickValue: number;
  /** Own move, as a fraction. */
  #deviation = 0;

  /** @param tickValue quote currency a tick of this market */
  constructor(leader: LeadingMarket, tickValue: number) {
    this.#leader = leader;
    this.#tickValue = tickValue;
  }

  get ticks(): number {
    return (this.#leader.referencePrice() / this.#tickValue) * (1 + this.#deviation);
  }

  /** Nothing follows it: its own. */
  get referenceTicks(): number {
    return this.ticks;
  }

  get quoteDistanceTicks(): number {
    return this.ticks * this.#leader.quoteDistanceRatio();
  }

  move(ticks: number): void {
    this.#deviation += ticks / this.ticks;
  }

  advance(elapsedMs: number): void {
    this.#deviation *= Math.exp(-elapsedMs / ARBITRAGE_TIME_MS);
  }
}
