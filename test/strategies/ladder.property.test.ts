/** The ladder's promises, over random parameters, inventories and markets; and a naive twin. */

import { expect, test } from "bun:test";
import { Big } from "big.js";
import * as fc from "fast-check";
import type { Instrument } from "#domain/instrument.ts";
import { buyMultiplier, sellMultiplier } from "#strategies/inventory.ts";
import { Ladder, type LadderSide } from "#strategies/ladder.ts";
import { LadderBuilder, type LadderInput, type LadderParams } from "#strategies/ladder-builder.ts";
import { strategyFactory } from "#strategies/registry.ts";
import { hyperliquidPerp, spotInstrument } from "../domain/instruments.ts";

interface Case {
  readonly instrument: Instrument;
  readonly params: LadderParams;
  readonly shape: string;
  readonly input: LadderInput;
}

const instruments = [
  spotInstrument(),
  spotInstrument({ tickSize: "0.05", lotSize: "0.01", minNotional: "10" }),
  hyperliquidPerp(2),
];

const cases: fc.Arbitrary<Case> = fc
  .record({
    instrument: fc.constantFrom(...instruments),
    shape: fc.constantFrom("spot", "curve", "bid-ask"),
    bidBins: fc.integer({ min: 1, max: 60 }),
    askBins: fc.integer({ min: 1, max: 60 }),
    binStepBps: fc.constantFrom(0.5, 1, 7, 40, 166),
    liveOrderNums: fc.integer({ min: 0, max: 80 }),
    minOrderLots: fc.constantFrom(1, 5, 1_000),
    maxOrderLots: fc.constantFrom(1, 7, 2_000, Infinity),
    belowMin: fc.constantFrom("merge" as const, "drop" as const),
    reservePct: fc.constantFrom(0, 5, 33.3, 99),
    midHalfTicks: fc.integer({ min: 200, max: 2_000_000 }),
    halfSpread: fc.integer({ min: 1, max: 50 }),
    inventoryLots: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 1e9 })),
    quoteUnits: fc.oneof(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 1e14 })),
    targetIqvRatio: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
  })
  .map((given) => ({
    instrument: given.instrument,
    shape: given.shape,
    params: {
      bidBins: given.bidBins,
      askBins: given.askBins,
      binStepBps: given.binStepBps,
      liveOrderNums: given.liveOrderNums,
      minOrderLots: Math.min(given.minOrderLots, given.maxOrderLots),
      maxOrderLots: given.maxOrderLots,
      belowMin: given.belowMin,
      compat: "none" as const,
      reservePct: given.reservePct,
      iqvUpLimit: 0.6,
      iqvDownLimit: -0.6,
      inventoryRbIqvRatio: 0.1,
      quoteRbIqvRatio: -0.1,
    },
    input: {
      timeMs: 0,
      midHalfTicks: given.midHalfTicks,
      inventoryLots: given.inventoryLots,
      quoteUnits: given.quoteUnits,
      targetIqvRatio: given.targetIqvRatio,
      volatilityPct: -1,
      bestBidTicks: Math.max(1, Math.ceil(given.midHalfTicks / 2) - given.halfSpread),
      bestAskTicks: Math.floor(given.midHalfTicks / 2) + given.halfSpread,
    },
  }));

const STRATEGY_PARAMS = {
  decayRate: 0.95,
  edgeRatio: undefined,
  volLowerThreshold: 0,
  volUpperThreshold: 0,
  shapeDwellMs: 0,
  shapeHysteresisPct: 0,
};

function build({ instrument, params, shape, input }: Case): Ladder {
  const ladder = new Ladder(LadderBuilder.capacity(params));
  const strategy = strategyFactory(shape)(STRATEGY_PARAMS);
  new LadderBuilder(instrument, params, strategy).build(input, ladder);
  return ladder;
}

interface Level {
  readonly ticks: number;
  readonly lots: number;
}

function levels(side: LadderSide): Level[] {
  return Array.from({ length: side.count }, (_, index) => ({
    ticks: side.priceTicks[index] ?? Number.NaN,
    lots: side.quantityLots[index] ?? Number.NaN,
  }));
}

/** Σ in whole numbers of any size. */
function exactSum(side: Level[], unit: (level: Level) => bigint): bigint {
  return side.reduce((sum, level) => sum + unit(level), 0n);
}

test("bids never add up to more than the quote, nor asks to more than the inventory", () => {
  fc.assert(
    fc.property(cases, fc.constantFrom("none" as const, "seed" as const), (given, compat) => {
      const ladder = build({ ...given, params: { ...given.params, compat } });
      const cost = exactSum(levels(ladder.bids), ({ ticks, lots }) => BigInt(ticks) * BigInt(lots));
      const sold = exactSum(levels(ladder.asks), ({ lots }) => BigInt(lots));
      expect(cost <= BigInt(given.input.quoteUnits)).toBe(true);
      expect(sold <= BigInt(given.input.inventoryLots)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("each level has a valid price behind the touch and a size within the limits", () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { instrument, params, input } = given;
      const ladder = build(given);
      for (const side of ["bids", "asks"] as const) {
        const found = levels(ladder[side]);
        expect(found.length).toBeLessThanOrEqual(Math.floor(params.liveOrderNums / 2));
        for (const { ticks, lots } of found) {
          expect(instrument.isValidPrice(ticks)).toBe(true);
          if (side === "bids") expect(ticks).toBeLessThan(input.bestAskTicks);
          else expect(ticks).toBeGreaterThan(input.bestBidTicks);
          expect(Number.isSafeInteger(lots)).toBe(true);
          expect(lots).toBeLessThanOrEqual(params.maxOrderLots);
          expect(lots).toBeGreaterThanOrEqual(params.minOrderLots);
          expect(instrument.reachesMinimum(ticks, lots)).toBe(true);
        }
        // Nearest first, and no two orders on one price.
        const outward = found.every(({ ticks }, index) => {
          const nearer = found[index - 1]?.ticks;
          if (nearer === undefined) return true;
          return side === "bids" ? ticks < nearer : ticks > nearer;
        });
        expect(outward).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("seed mistake 4: a multiplier of 0 empties its side, and the other side is unaffected", () => {
  fc.assert(
    fc.property(cases, (given) => {
      const ladder = build(given);
      const { iqvMoveRatio: move } = ladder;
      expect(ladder.bids.multiplier).toBe(buyMultiplier(move, given.params));
      expect(ladder.asks.multiplier).toBe(sellMultiplier(move, given.params));
      if (ladder.bids.multiplier === 0) expect(ladder.bids.count).toBe(0);
      if (ladder.asks.multiplier === 0) expect(ladder.asks.count).toBe(0);
      // The same with this side's limit out of reach: the other side does not notice.
      const noBuyLimit = { iqvUpLimit: 1e9, inventoryRbIqvRatio: 1e8 };
      const free = build({ ...given, params: { ...given.params, ...noBuyLimit } });
      expect(levels(free.asks)).toEqual(levels(ladder.asks));
      const noSellLimit = { iqvDownLimit: -1e9, quoteRbIqvRatio: -1e8 };
      const other = build({ ...given, params: { ...given.params, ...noSellLimit } });
      expect(levels(other.bids)).toEqual(levels(ladder.bids));
    }),
    { numRuns: 1_000 },
  );
});

/** The sizing rules of SEED.md §2 in decimals, as plainly as they can be written. */
function twin(given: Case, side: "buy" | "sell", multiplier: number): Level[] | "on the edge" {
  const { instrument, params, input, shape } = given;
  const count = Math.min(
    side === "buy" ? params.bidBins : params.askBins,
    Math.floor(params.liveOrderNums / 2),
  );
  const decay = new Big("0.95");
  const weights = Array.from({ length: count }, (_, index) => {
    if (shape === "spot") return new Big("1");
    if (shape === "curve") return decay.pow(index);
    return new Big("1").div(decay.pow(index + 1).plus("0.000001"));
  });
  const total = weights.reduce((sum, weight) => sum.plus(weight), new Big("0"));
  const all = String(side === "buy" ? input.quoteUnits : input.inventoryLots);
  const kept = new Big("100").minus(String(params.reservePct)).div("100");
  const capital = new Big(all).times(kept).round(0, 0).times(String(multiplier));
  const mid = new Big(String(input.midHalfTicks)).div("2");

  const prices = weights.map((_, index) => {
    const away = new Big(String(params.binStepBps)).times(String(index + 1)).div("10000");
    const exact = mid.times(side === "buy" ? new Big("1").minus(away) : new Big("1").plus(away));
    const ticks = Number(exact.round(0, side === "buy" ? 0 : 3).toFixed());
    return side === "buy"
      ? instrument.floorTicks(Math.min(ticks, instrument.floorTicks(input.bestAskTicks - 1)))
      : instrument.ceilTicks(Math.max(ticks, instrument.ceilTicks(input.bestBidTicks + 1)));
  });

  const found: Level[] = [];
  let carried = new Big("0");
  for (const [index, ticks] of prices.entries()) {
    const share = capital
      .times(weights[index] ?? "0")
      .div(total)
      .plus(carried);
    carried = new Big("0");
    if (ticks <= 0) continue;
    if (prices[index + 1] === ticks) {
      carried = share;
      continue;
    }
    const unit = side === "buy" ? String(ticks) : "1";
    const exact = share.div(unit);
    const least = Math.max(
      params.minOrderLots,
      instrument.minLots,
      instrument.minNotionalUnits / ticks,
    );
    // A float and a decimal may fall on different sides of the smallest order.
    if (Math.abs(Number(exact.toFixed()) - Math.ceil(least)) < 1e-3) return "on the edge";
    let lots = Number(exact.round(0, 0).toFixed());
    if (lots > params.maxOrderLots) {
      lots = params.maxOrderLots;
      carried = share.minus(new Big(unit).times(String(lots)));
    }
    if (lots > 0 && lots >= least) found.push({ ticks, lots });
    else if (params.belowMin === "merge") carried = share;
  }
  return found;
}

test("the ladder is that of a naive twin in decimals, to one lot or 1e-9", () => {
  let compared = 0;
  fc.assert(
    fc.property(cases, (given) => {
      const ladder = build(given);
      for (const side of ["buy", "sell"] as const) {
        const built = side === "buy" ? ladder.bids : ladder.asks;
        const capital = side === "buy" ? given.input.quoteUnits : given.input.inventoryLots;
        if (!(built.multiplier > 0) || capital === 0) continue;
        const wanted = twin(given, side, built.multiplier);
        if (wanted === "on the edge") continue;
        compared += 1;
        const found = levels(built);
        expect(found.map(({ ticks }) => ticks)).toEqual(wanted.map(({ ticks }) => ticks));
        found.forEach(({ lots }, index) => {
          const exact = wanted[index]?.lots ?? 0;
          expect(Math.abs(lots - exact)).toBeLessThanOrEqual(Math.max(1, exact * 1e-9));
        });
      }
    }),
    { numRuns: 250 },
  );
  expect(compared).toBeGreaterThan(100);
});
