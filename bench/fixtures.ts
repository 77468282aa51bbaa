/** What the benchmarks run on: an instrument, parameters, an engine whose venue answers at once. */

import type { EngineEvent } from "#domain/events.ts";
import { Instrument } from "#domain/instrument.ts";
import type { OrderRequest } from "#domain/order.ts";
import { PairEngine } from "#engine/pair-engine.ts";
import type { EngineParams } from "#engine/params.ts";
import type { Sink } from "#ports/sink.ts";
import { strategyFactory } from "#strategies/registry.ts";
import type { Strategy } from "#strategies/strategy.ts";

export const instrument = new Instrument({
  venue: "binance-spot",
  symbol: "ETHUSDT",
  base: "ETH",
  quote: "USDT",
  kind: "spot",
  priceRule: { kind: "fixed-tick" },
  tickSize: "0.01",
  lotSize: "0.0001",
  minNotional: "5",
  makerFeeRate: "0.0001",
  takerFeeRate: "0.001",
  maxOpenOrders: 500,
});

export const MID_HALF_TICKS = 400_000;

/** @param levels a side */
export function benchParams(levels: number): EngineParams {
  return {
    pairId: "ETH",
    orderPrefix: "mm",
    epoch: 1,
    capital: { base: "50", quote: "100000", position: null, targetIqvRatio: 0.5 },
    ladder: {
      bidBins: levels,
      askBins: levels,
      binStepBps: 2,
      liveOrderNums: 2 * levels,
      minOrderLots: 10,
      maxOrderLots: Infinity,
      belowMin: "merge",
      compat: "none",
      reservePct: 0,
      iqvUpLimit: 0.6,
      iqvDownLimit: -0.6,
      inventoryRbIqvRatio: 0.3,
      quoteRbIqvRatio: -0.3,
    },
    volatility: {
      shortWindow: 60,
      longWindow: 600,
      ewmaLambda: 0.94,
      sampleIntervalSeconds: 1,
      horizonSeconds: 31_536_000,
    },
    volatilitySource: "mid",
    hedge: null,
    requote: {
      updateIntervalMs: 1e9,
      minRequoteIntervalMs: 0,
      requoteBinFraction: 0.25,
      keepPriceBinFraction: 0.25,
      keepSizePct: 10,
    },
    risk: {
      staleBookMs: 3_000,
      quietBookMs: 15_000,
      maxReferenceDivergencePct: 2,
      maxOrderNotional: null,
      maxOpenOrders: 500,
      maxPositionNotional: null,
      maxNetDelta: null,
      rejectStreakLimit: 5,
      unknownOrderAgeMs: 10_000,
      fillRateLimit: 30,
      fillRateWindowMs: 10_000,
      maxDrawdownPct: 5,
      maxDailyLossPct: 5,
      minLiquidationDistancePct: null,
      clockOffsetAlertMs: 500,
      clockOffsetRefuseMs: 1_000,
      actionsPer10s: 1_000_000_000,
      actionReservePct: 20,
    },
  };
}

export function benchStrategy(): Strategy {
  return strategyFactory("curve")({
    decayRate: 0.95,
    edgeRatio: undefined,
    volLowerThreshold: 35,
    volUpperThreshold: 80,
    shapeDwellMs: 60_000,
    shapeHysteresisPct: 10,
  });
}

/** An engine whose venue takes everything: what it sends is answered by `settle`. */
export class BenchEngine implements Sink {
  readonly engine: PairEngine;
  nowMs = 1_800_000_000_000;
  sent = 0;
  #answers: EngineEvent[] = [];

  constructor(levels: number) {
    this.engine = new PairEngine(instrument, benchParams(levels), benchStrategy(), this);
    this.engine.apply({ kind: "connection", state: "up", ...this.#times() });
    this.settle();
  }

  /** Delivers the answers to all that was sent. */
  settle(): void {
    while (this.#answers.length > 0) {
      const answers = this.#answers;
      this.#answers = [];
      for (const answer of answers) this.engine.apply(answer);
    }
  }

  place(request: OrderRequest): void {
    this.#order(request.clientOrderId, "open", request.quantityLots);
  }
  amend(clientOrderId: string, quantityLots: number): void {
    this.#order(clientOrderId, "open", quantityLots);
  }
  replace(clientOrderId: string, request: OrderRequest): void {
    this.#order(clientOrderId, "canceled", -1);
    this.#order(request.clientOrderId, "open", request.quantityLots);
  }
  cancel(clientOrderId: string): void {
    this.#order(clientOrderId, "canceled", -1);
  }
  cancelAll(): void {
    for (const id of this.engine.orders.live.keys()) this.#order(id, "canceled", -1);
  }
  query(): void {
    throw new Error("nothing is in doubt here");
  }
  reconcile(): void {
    const openOrderIds = [...(this.engine?.orders.live.keys() ?? [])];
    const balances = { base: "1000", quote: "10000000" };
    this.#answers.push({ kind: "account", ...this.#times(), ...balances, openOrderIds });
  }
  alert(): void {}
  audit(): void {}

  #times(): { venueTimeMs: number; receivedTimeMs: number } {
    return { venueTimeMs: this.nowMs, receivedTimeMs: this.nowMs };
  }

  #order(clientOrderId: string, change: "open" | "canceled", quantityLots: number): void {
    this.sent += 1;
    this.#answers.push({
      kind: "order",
      ...this.#times(),
      clientOrderId,
      venueOrderId: clientOrderId,
      change,
      quantityLots,
      filledLots: 0,
      reason: null,
      message: "",
    });
  }
}
