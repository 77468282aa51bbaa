/**
 * HedgeMarketState: the hedge instrument's touch, last print and mark price, and whether they are
 * fresh enough to trade on. Pure; its time is the caller's.
 */

import type { BookEvent, MarkEvent, TradeEvent } from "#domain/events.ts";
import type { HedgeMarket } from "#hedge/hedge-input.ts";
import { MarketState } from "./market-state.ts";

/** A mark price is told about once a second: one this old says nothing of now. */
const STALE_MARK_MS = 10_000;

export interface HedgeMarketLimits {
  readonly staleBookMs: number;
  /** While heartbeats are answered. */
  readonly quietBookMs: number;
}

export class HedgeMarketState {
  bidTicks = 0;
  askTicks = 0;
  /** Bid plus ask; 0 before the first good book. Of the last one known, however old. */
  midHalfTicks = 0;
  lastTicks = 0;
  markTicks = 0;
  fundingRate = 0;
  nextFundingMs = 0;
  limits: HedgeMarketLimits;
  #bookMs = -Infinity;
  #aliveMs = -Infinity;
  #markMs = -Infinity;
  readonly #fresh = { bidTicks: 0, askTicks: 0, markTicks: 0, lastTicks: 0 };

  constructor(limits: HedgeMarketLimits) {
    this.limits = limits;
  }

  onBook(event: BookEvent, nowMs: number): void {
    if (MarketState.problemOf(event) !== null) {
      // An empty or crossed book is nothing to trade on; what it was worth stays known.
      this.#bookMs = -Infinity;
      return;
    }
    this.bidTicks = event.bidTicks;
    this.askTicks = event.askTicks;
    this.midHalfTicks = event.bidTicks + event.askTicks;
    this.#bookMs = nowMs;
  }

  onTrade(event: TradeEvent): void {
    if (event.priceTicks > 0) this.lastTicks = event.priceTicks;
  }

  onMark(event: MarkEvent, nowMs: number): void {
    if (!(event.priceTicks > 0 && event.priceTicks < Infinity)) return;
    this.markTicks = event.priceTicks;
    this.fundingRate = event.fundingRate;
    this.nextFundingMs = event.nextFundingMs;
    this.#markMs = nowMs;
  }

  onAlive(nowMs: number): void {
    this.#aliveMs = nowMs;
  }

  /** What may be traded on now: zeros for what is old. The object is used again. */
  fresh(nowMs: number): HedgeMarket {
    const { staleBookMs, quietBookMs } = this.limits;
    const limitMs = nowMs - this.#aliveMs <= staleBookMs ? quietBookMs : staleBookMs;
    const isFresh = nowMs - this.#bookMs <= Math.max(limitMs, staleBookMs);
    this.#fresh.bidTicks = isFresh ? this.bidTicks : 0;
    this.#fresh.askTicks = isFresh ? this.askTicks : 0;
    this.#fresh.lastTicks = this.lastTicks;
    this.#fresh.markTicks = nowMs - this.#markMs <= STALE_MARK_MS ? this.markTicks : 0;
    return this.#fresh;
  }
}
