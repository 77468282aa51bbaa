/**
 * EquityTrack: the pair's worth through the run, once a second of virtual time and at the end, with
 * what the summary asks of it: drawdown, how far inventory strayed, and how long quotes were out.
 */

import { type Decimal, plain, ZERO } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { PairEngine } from "#engine/pair-engine.ts";
import { iqvMoveRatio, iqvRatio } from "#strategies/inventory.ts";

export interface EquityPoint {
  readonly timeMs: number;
  /** Bid plus ask, in ticks. */
  readonly midHalfTicks: number;
  readonly base: Decimal;
  readonly quote: Decimal;
  readonly equity: Decimal;
  readonly spreadCapture: Decimal;
  readonly inventoryRevaluation: Decimal;
  readonly fees: Decimal;
  readonly iqvMoveRatio: number;
  readonly volatilityPct: number;
  readonly state: string;
  readonly openBids: number;
  readonly openAsks: number;
}

const POINT_INTERVAL_MS = 1_000;

export class EquityTrack {
  readonly points: EquityPoint[] = [];
  maxDrawdown: Decimal = ZERO;
  /** The peak that the largest drawdown fell from. */
  maxDrawdownFrom: Decimal = ZERO;
  maxAbsMoveRatio = 0;
  readonly #engine: PairEngine;
  readonly #instrument: Instrument;
  #peak: Decimal | null = null;
  #nextPointMs = -Infinity;
  #steps = 0;
  #quotedSteps = 0;

  constructor(engine: PairEngine, instrument: Instrument) {
    this.#engine = engine;
    this.#instrument = instrument;
  }

  /** Part of the time with at least one order working on each side, sampled at each time step. */
  get quoteUptime(): number {
    return this.#steps === 0 ? 0 : this.#quotedSteps / this.#steps;
  }

  onTime(nowMs: number): void {
    const { bids, asks } = this.#openOrders();
    this.#steps += 1;
    if (bids > 0 && asks > 0) this.#quotedSteps += 1;
    if (nowMs < this.#nextPointMs || !this.#engine.ledger.isMarked) return;
    this.#nextPointMs = nowMs + POINT_INTERVAL_MS;
    this.addPoint(nowMs);
  }

  addPoint(timeMs: number): void {
    const { ledger, market, state, targetIqvRatio } = this.#engine;
    const { midHalfTicks, volatilityPct } = market;
    ledger.mark(midHalfTicks);
    const pnl = ledger.pnl();
    const equity = ledger.openingEquity.plus(pnl.equityChange);
    if (this.#peak === null || equity.gt(this.#peak)) this.#peak = equity;
    const drawdown = this.#peak.minus(equity);
    if (drawdown.gt(this.maxDrawdown)) {
      this.maxDrawdown = drawdown;
      this.maxDrawdownFrom = this.#peak;
    }
    const moveRatio = this.#moveRatio(midHalfTicks, targetIqvRatio);
    this.maxAbsMoveRatio = Math.max(this.maxAbsMoveRatio, Math.abs(moveRatio));
    const { bids, asks } = this.#openOrders();
    this.points.push({
      timeMs,
      midHalfTicks,
      base: ledger.base(),
      quote: ledger.quote(),
      equity,
      spreadCapture: pnl.spreadCapture,
      inventoryRevaluation: pnl.inventoryRevaluation,
      fees: pnl.fees,
      iqvMoveRatio: moveRatio,
      volatilityPct,
      state,
      openBids: bids,
      openAsks: asks,
    });
  }

  #moveRatio(midHalfTicks: number, targetIqvRatio: number): number {
    const { ledger } = this.#engine;
    const price = (midHalfTicks / 2) * this.#instrument.tickValue;
    const ratio = iqvRatio(Number(plain(ledger.base())), price, Number(plain(ledger.quote())));
    return iqvMoveRatio(ratio, targetIqvRatio);
  }

  #openOrders(): { bids: number; asks: number } {
    let bids = 0;
    let asks = 0;
    for (const order of this.#engine.orders.live.values()) {
      if (!order.isKnownToVenue || order.inFlight === "cancel") continue;
      if (order.side === "buy") bids += 1;
      else asks += 1;
    }
    return { bids, asks };
  }
}
