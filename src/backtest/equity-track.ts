/**
 * EquityTrack: the pair's worth, both legs, through the run, once a second of virtual time and at
 * the end, with what the summary asks of it: drawdown, how far inventory strayed, and how long
 * quotes were out.
 */

import { type Decimal, plain, ZERO } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import { iqvMoveRatio, iqvRatio } from "#domain/iqv.ts";
import type { PairEngine } from "#engine/pair-engine.ts";

export interface EquityPoint {
  readonly timeMs: number;
  /** Bid plus ask, in ticks. */
  readonly midHalfTicks: number;
  readonly base: Decimal;
  readonly quote: Decimal;
  readonly equity: Decimal;
  readonly spreadCapture: Decimal;
  readonly inventoryRevaluation: Decimal;
  readonly hedgeExecution: Decimal;
  readonly hedgeRevaluation: Decimal;
  readonly fees: Decimal;
  readonly funding: Decimal;
  /** Signed position on the hedge venue; 0 where there is none. */
  readonly hedgeBase: Decimal;
  /** Bid plus ask there, in its ticks; 0: not known, or no hedge. */
  readonly hedgeMidHalfTicks: number;
  /** What is held beyond the target on both legs together, base currency. */
  readonly netDelta: number;
  readonly iqvMoveRatio: number;
  readonly volatilityPct: number;
  readonly state: string;
  readonly openBids: number;
  readonly openAsks: number;
}

/** Orders that are known to work at the venue, a side each. */
interface OpenOrders {
  readonly bids: number;
  readonly asks: number;
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
  #base: Decimal | null = null;
  #quote: Decimal | null = null;
  #inventory = 0;
  #quoteValue = 0;
  #samples = 0;
  #quotedSamples = 0;

  constructor(engine: PairEngine, instrument: Instrument) {
    this.#engine = engine;
    this.#instrument = instrument;
  }

  /** Part of the time with at least one order working on each side, sampled once a second. */
  get quoteUptime(): number {
    return this.#samples === 0 ? 0 : this.#quotedSamples / this.#samples;
  }

  onTime(nowMs: number): void {
    if (nowMs < this.#nextPointMs) return;
    this.#nextPointMs = nowMs + POINT_INTERVAL_MS;
    const { bids, asks } = this.#openOrders();
    this.#samples += 1;
    if (bids > 0 && asks > 0) this.#quotedSamples += 1;
    if (this.#engine.ledger.isMarked) this.addPoint(nowMs, { bids, asks });
  }

  addPoint(timeMs: number, open: OpenOrders = this.#openOrders()): void {
    const { ledger, hedge, market, state, targetIqvRatio } = this.#engine;
    const { midHalfTicks, volatilityPct } = market;
    const pnl = this.#engine.pnl();
    const equity = ledger.openingEquity.plus(pnl.equityChange);
    this.#takeDrawdown(equity);
    const moveRatio = this.#moveRatio(midHalfTicks, targetIqvRatio);
    this.maxAbsMoveRatio = Math.max(this.maxAbsMoveRatio, Math.abs(moveRatio));
    this.points.push({
      timeMs,
      midHalfTicks,
      base: ledger.base(),
      quote: ledger.quote(),
      equity,
      spreadCapture: pnl.spreadCapture,
      inventoryRevaluation: pnl.inventoryRevaluation,
      hedgeExecution: pnl.hedgeExecution,
      hedgeRevaluation: pnl.hedgeRevaluation,
      fees: pnl.fees,
      funding: pnl.funding,
      hedgeBase: hedge?.book.ledger.base() ?? ZERO,
      hedgeMidHalfTicks: hedge?.market.midHalfTicks ?? 0,
      netDelta: this.#engine.netDelta,
      iqvMoveRatio: moveRatio,
      volatilityPct,
      state,
      openBids: open.bids,
      openAsks: open.asks,
    });
  }

  #takeDrawdown(equity: Decimal): void {
    if (this.#peak === null || equity.gt(this.#peak)) {
      this.#peak = equity;
      return;
    }
    const drawdown = this.#peak.minus(equity);
    if (!drawdown.gt(this.maxDrawdown)) return;
    this.maxDrawdown = drawdown;
    this.maxDrawdownFrom = this.#peak;
  }

  /** In floats: a ratio to look at. Holdings are read anew only when a fill has changed them. */
  #moveRatio(midHalfTicks: number, targetIqvRatio: number): number {
    const { ledger } = this.#engine;
    const [base, quote] = [ledger.base(), ledger.quote()];
    if (base !== this.#base || quote !== this.#quote) {
      [this.#base, this.#quote] = [base, quote];
      this.#inventory = Number(plain(ledger.inventory()));
      this.#quoteValue = Number(plain(quote));
    }
    const price = (midHalfTicks / 2) * this.#instrument.tickValue;
    return iqvMoveRatio(iqvRatio(this.#inventory, price, this.#quoteValue), targetIqvRatio);
  }

  #openOrders(): OpenOrders {
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
