/** The 120 ladders of the original, `compat: "seed"`, to 1e-9 relative. */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { Instrument } from "#domain/instrument.ts";
import { Ladder, type LadderSide } from "#strategies/ladder.ts";
import { LadderBuilder, type LadderParams } from "#strategies/ladder-builder.ts";
import { strategyFactory } from "#strategies/registry.ts";
import { sharedPath } from "../shared.ts";

interface Vector {
  id: number;
  strategy: string;
  params: Record<string, number>;
  vol?: number;
  vol_lower_threshold?: number;
  vol_upper_threshold?: number;
  input: { current_price: number; cur_inventory_amount: number; cur_quote_amount: number };
  expect: {
    iqv_ratio: number;
    iqv_move_ratio: number;
    buy_size_multiplier: number;
    sell_size_multiplier: number;
    bids: [number, number][];
    asks: [number, number][];
  };
}

const TICK = 0.01;
const LOT = 0.001;
const instrument = new Instrument({
  venue: "binance-spot",
  symbol: "BASEQUOTE",
  base: "BASE",
  quote: "QUOTE",
  kind: "spot",
  priceRule: { kind: "fixed-tick" },
  tickSize: "0.01",
  lotSize: "0.001",
  minNotional: "0",
  makerFeeRate: "0",
  takerFeeRate: "0",
  maxOpenOrders: 1000,
});

/** floor(limit / step) in whole hundredths of a basis point. */
function bins(limit: number, stepBps: number): number {
  return Math.floor(Math.round(limit * 1e8) / Math.round(stepBps * 1e4));
}

function ladderOf(vector: Vector): Ladder {
  const p = (name: string): number => {
    const value = vector.params[name];
    if (value === undefined) throw new Error(`vector ${vector.id} lacks ${name}`);
    return value;
  };
  const params: LadderParams = {
    bidBins: bins(p("price_down_pct_limit"), p("bin_step")),
    askBins: bins(p("price_up_pct_limit"), p("bin_step")),
    binStepBps: p("bin_step"),
    liveOrderNums: p("live_order_nums"),
    minOrderLots: p("min_order_size") / LOT,
    maxOrderLots: p("max_order_size") / LOT,
    belowMin: "merge",
    compat: "seed",
    reservePct: 0,
    iqvUpLimit: p("iqv_up_limit"),
    iqvDownLimit: p("iqv_down_limit"),
    inventoryRbIqvRatio: p("inventory_rb_iqv_ratio"),
    quoteRbIqvRatio: p("quote_rb_iqv_ratio"),
  };
  const strategy = strategyFactory(vector.strategy.replace("_", "-"))({
    decayRate: 0.95,
    edgeRatio: undefined,
    volLowerThreshold: vector.vol_lower_threshold ?? 0,
    volUpperThreshold: vector.vol_upper_threshold ?? 0,
    shapeDwellMs: 0,
    shapeHysteresisPct: 0,
  });
  const initBase = p("init_inventory_amount") * p("init_price");
  const ladder = new Ladder(LadderBuilder.capacity(params));
  new LadderBuilder(instrument, params, strategy, true).build(
    {
      timeMs: 0,
      midHalfTicks: (2 * vector.input.current_price) / TICK,
      inventoryLots: vector.input.cur_inventory_amount / LOT,
      quoteUnits: vector.input.cur_quote_amount / (TICK * LOT),
      targetIqvRatio: initBase / (initBase + p("init_quote_amount")),
      volatilityPct: vector.vol ?? -1,
      bestBidTicks: 0,
      bestAskTicks: 0,
    },
    ladder,
  );
  return ladder;
}

function expectClose(actual: number, wanted: number, what: string): void {
  const error = Math.abs(actual - wanted) / Math.max(Math.abs(wanted), 1e-300);
  if (!(error <= 1e-9 || actual === wanted)) throw new Error(`${what}: ${actual}, not ${wanted}`);
}

function expectSide(side: LadderSide, wanted: [number, number][], what: string): void {
  expect({ what, levels: side.count }).toEqual({ what, levels: wanted.length });
  wanted.forEach(([price, size], index) => {
    expectClose((side.priceTicks[index] ?? 0) * TICK, price, `${what} price ${index + 1}`);
    expectClose((side.quantityLots[index] ?? 0) * LOT, size, `${what} size ${index + 1}`);
  });
}

const path = sharedPath("vectors", "strategies.json");

// The body of a skipped group runs all the same: it must do without the file.
const NOTHING = '{ "strategies": [] }';

describe.skipIf(path === null)("ladders of the original", () => {
  const vectors: { strategies: Vector[] } = JSON.parse(
    path === null ? NOTHING : readFileSync(path, "utf8"),
  );

  test("there are 120 of them", () => {
    expect(vectors.strategies).toHaveLength(120);
  });

  test.each(vectors.strategies.map((vector) => [vector.id, vector.strategy, vector] as const))(
    "case %d (%s)",
    (id, _strategy, vector) => {
      const ladder = ladderOf(vector);
      const wanted = vector.expect;
      expectClose(ladder.iqvRatio, wanted.iqv_ratio, `case ${id} iqv`);
      // The move of a ratio near its target loses digits to the subtraction: absolute there.
      expect(Math.abs(ladder.iqvMoveRatio - wanted.iqv_move_ratio)).toBeLessThan(1e-9);
      expectClose(ladder.bids.multiplier, wanted.buy_size_multiplier, `case ${id} buy`);
      expectClose(ladder.asks.multiplier, wanted.sell_size_multiplier, `case ${id} sell`);
      expectSide(ladder.bids, wanted.bids, `case ${id} bids`);
      expectSide(ladder.asks, wanted.asks, `case ${id} asks`);
    },
  );
});
