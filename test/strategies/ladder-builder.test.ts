/** Ladders by hand: each expected number with its sum. */

import { describe, expect, test } from "bun:test";
import { binCount } from "#domain/bins.ts";
import type { Side } from "#domain/instrument.ts";
import { iqvMoveRatio, iqvRatio } from "#domain/iqv.ts";
import { buyMultiplier, sellMultiplier } from "#strategies/inventory.ts";
import { clampNames, Ladder, type LadderSide } from "#strategies/ladder.ts";
import { LadderBuilder, type LadderInput, type LadderParams } from "#strategies/ladder-builder.ts";
import { strategyFactory } from "#strategies/registry.ts";
import type { Strategy } from "#strategies/strategy.ts";
import { spotInstrument } from "../domain/instruments.ts";

/** A tick of 0.01, a lot of 0.001, at least 5 USDT an order. */
const instrument = spotInstrument();

const PARAMS: LadderParams = {
  bidBins: 4,
  askBins: 4,
  binStepBps: 100,
  liveOrderNums: 8,
  minOrderLots: 1,
  maxOrderLots: Infinity,
  belowMin: "merge",
  compat: "none",
  reservePct: 0,
  iqvUpLimit: 0.6,
  iqvDownLimit: -0.6,
  inventoryRbIqvRatio: 0.3,
  quoteRbIqvRatio: -0.3,
};

/** 10 ETH and 1000 USDT at a mid of 100 USDT. */
const INPUT: LadderInput = {
  timeMs: 0,
  midHalfTicks: 20_000,
  inventoryLots: 10_000,
  quoteUnits: 100_000_000, // 1000 USDT / (0.01 · 0.001)
  targetIqvRatio: 0.5,
  volatilityPct: -1,
  bestBidTicks: 9_999,
  bestAskTicks: 10_001,
};

function shape(name: string): Strategy {
  return strategyFactory(name)({
    decayRate: 0.95,
    edgeRatio: undefined,
    volLowerThreshold: 0,
    volUpperThreshold: 0,
    shapeDwellMs: 0,
    shapeHysteresisPct: 0,
  });
}

function build(
  params: Partial<LadderParams> = {},
  input: Partial<LadderInput> = {},
  strategy: Strategy = shape("spot"),
): Ladder {
  const all = { ...PARAMS, ...params };
  const ladder = new Ladder(LadderBuilder.capacity(all));
  new LadderBuilder(instrument, all, strategy).build({ ...INPUT, ...input }, ladder);
  return ladder;
}

/** `2.525 at 99` and what the base did to it. */
function read(side: LadderSide): string[] {
  return Array.from({ length: side.count }, (_, index) => {
    const size = instrument.sizeString(side.quantityLots[index] ?? 0);
    const price = instrument.priceString(side.priceTicks[index] ?? 0);
    return [`${size} at ${price}`, ...clampNames(side.clamps[index] ?? 0)].join(" ");
  });
}

test("four bins of 1 % around 100: a quarter of the capital each, sizes rounded down", () => {
  const ladder = build();
  // 250 USDT a bid: 250/99 = 2.5252…, 250/98 = 2.5510…, 250/97 = 2.5773…, 250/96 = 2.6041…
  expect(read(ladder.bids)).toEqual(["2.525 at 99", "2.551 at 98", "2.577 at 97", "2.604 at 96"]);
  // 10 ETH / 4
  expect(read(ladder.asks)).toEqual(["2.5 at 101", "2.5 at 102", "2.5 at 103", "2.5 at 104"]);
  expect(ladder.iqvRatio).toBe(0.5); // 10 · 100 / (10 · 100 + 1000)
  expect(ladder.iqvMoveRatio).toBe(0);
});

test("seed mistake 12: bids are rounded down to the tick and asks up, never the nearest", () => {
  // Bins of 0.7 bp. Bids at 99.993, 99.986, 99.979, 99.972: the nearest to 99.986 would be 99.99.
  // Asks at 100.007, 100.014, 100.021, 100.028: the nearest to 100.014 would be 100.01.
  const ladder = build({ binStepBps: 0.7 });
  const prices = (side: LadderSide): string[] =>
    read(side).map((text) => text.split(" ")[2] ?? "no price");
  expect(prices(ladder.bids)).toEqual(["99.99", "99.98", "99.97"]);
  expect(prices(ladder.asks)).toEqual(["100.01", "100.02", "100.03"]);
});

test("the number of bins is counted in decimals: 0.9 % in bins of 1 bp are 90, not 89", () => {
  expect(Math.floor(0.009 / 0.0001)).toBe(89); // what the original computes
  expect(binCount(0.009, 1)).toBe(90);
});

test("above the maximum size an order is cut, and the cut goes to the next level out", () => {
  const ladder = build({ maxOrderLots: 2_550 }, { inventoryLots: 10_240 });
  // Asks of 2.56: cut to 2.55 with 0.01 handed on, 0.02, 0.03; the last 0.04 stays undeployed.
  expect(read(ladder.asks)).toEqual([
    "2.55 at 101 max-size",
    "2.55 at 102 max-size merged-outward",
    "2.55 at 103 max-size merged-outward",
    "2.55 at 104 max-size merged-outward",
  ]);
});

test("below the minimum, orders are merged outward until they reach it, or dropped", () => {
  // 0.12 ETH in four are 0.03 ETH each, worth about 3 USDT: two make one of at least 5 USDT.
  const small = { inventoryLots: 120 };
  const merged = build({}, { ...small, targetIqvRatio: 0.01 });
  expect(read(merged.asks)).toEqual(["0.06 at 102 merged-outward", "0.06 at 104 merged-outward"]);
  expect(build({ belowMin: "drop" }, { ...small, targetIqvRatio: 0.01 }).asks.count).toBe(0);
  // The original raises every order to the minimum, whether there is capital for it or not.
  expect(build({ minOrderLots: 100, belowMin: "drop" }, { inventoryLots: 100 }).asks.count).toBe(0);
});

test("a reserve is kept back on both sides", () => {
  const ladder = build({ reservePct: 20 });
  // 800 USDT / 4 = 200: 200/99 = 2.0202…; 8 ETH / 4
  expect(read(ladder.bids)[0]).toBe("2.02 at 99");
  expect(read(ladder.asks)[0]).toBe("2 at 101");
});

test("bins on the same tick are one order, at the outer one", () => {
  // Bins of 0.5 bp at 100: 99.995, 99.99, 99.985, 99.98 → 99.99, 99.99, 99.98, 99.98;
  // 500 USDT each: 500/99.99 = 5.00050…, 500/99.98 = 5.00100…
  const ladder = build({ binStepBps: 0.5 });
  expect(read(ladder.bids)).toEqual([
    "5 at 99.99 merged-outward same-tick",
    "5.001 at 99.98 merged-outward same-tick",
  ]);
});

test("an order that would cross is moved to one tick behind the touch", () => {
  // The mid that a ladder stands on can be older than the touch: bids now at 101.50/101.52.
  const ladder = build({}, { bestBidTicks: 10_150, bestAskTicks: 10_152 });
  expect(read(ladder.asks)).toEqual([
    "2.5 at 101.51 post-only",
    "2.5 at 102",
    "2.5 at 103",
    "2.5 at 104",
  ]);
});

test("seed mistake 5: weights count the levels that are placed, so the capital is deployed", () => {
  // 200 bins of bid-ask and 30 orders. The original shares the capital over 200 weights that
  // grow outward, then places the 15 nearest: next to nothing.
  const many = { bidBins: 200, askBins: 200, binStepBps: 1, liveOrderNums: 30 };
  const quoteUnits = 1e14; // a thousand million USDT, so that rounding to lots does not matter
  const deployedShare = (params: Partial<LadderParams>): number => {
    const { bids } = build({ ...many, ...params }, { quoteUnits }, shape("bid-ask"));
    expect(bids.count).toBe(15);
    let units = 0;
    for (let index = 0; index < bids.count; index += 1) {
      units += (bids.priceTicks[index] ?? 0) * (bids.quantityLots[index] ?? 0);
    }
    return units / quoteUnits;
  };
  const seed = { compat: "seed" as const, minOrderLots: 0 };
  expect(deployedShare(seed)).toBeCloseTo(0.00004, 5); // 0.004 %
  expect(deployedShare({})).toBeGreaterThan(0.999);
  expect(deployedShare({})).toBeLessThanOrEqual(1);
  expect(deployedShare({ reservePct: 10 })).toBeCloseTo(0.9, 3);
});

describe("inventory", () => {
  test("the ratio is i·p / (i·p + q), and the move is counted in parts of the target", () => {
    expect(iqvRatio(3, 100, 100)).toBe(0.75); // 300 / 400
    expect(iqvMoveRatio(0.75, 0.5)).toBe(0.5); // (0.75 − 0.5) / 0.5
    expect(iqvMoveRatio(0, 0.5)).toBe(-1); // all in quote
    expect(iqvMoveRatio(1, 0.7)).toBeCloseTo(1 / 0.7 - 1, 12); // the most there is
  });

  test("multipliers: 1 within the rebalance ratio, 0 from the limit, linear between", () => {
    expect(buyMultiplier(-1, PARAMS)).toBe(1);
    expect(buyMultiplier(0.3, PARAMS)).toBe(1);
    expect(buyMultiplier(0.45, PARAMS)).toBeCloseTo(0.5, 12); // half-way from 0.3 to 0.6
    expect(buyMultiplier(0.6, PARAMS)).toBe(0);
    expect(sellMultiplier(1, PARAMS)).toBe(1);
    expect(sellMultiplier(-0.3, PARAMS)).toBe(1);
    expect(sellMultiplier(-0.5, PARAMS)).toBeCloseTo(1 / 3, 12); // 0.1 of 0.3 left
    expect(sellMultiplier(-0.6, PARAMS)).toBe(0);
  });

  test("seed mistake 4: at the limit no bid, not even of the minimum size, and all asks", () => {
    // 10 ETH at 100 and 200 USDT: 1000/1200 = 0.8333; move 0.6667 ≥ 0.6
    const ladder = build({ minOrderLots: 50 }, { quoteUnits: 20_000_000 });
    expect(ladder.bids.multiplier).toBe(0);
    expect(read(ladder.bids)).toEqual([]);
    expect(read(ladder.asks)).toEqual(["2.5 at 101", "2.5 at 102", "2.5 at 103", "2.5 at 104"]);
    const seed = build({ minOrderLots: 50, compat: "seed" }, { quoteUnits: 20_000_000 });
    expect(read(seed.bids)).toEqual([]);
    expect(seed.asks.count).toBe(4);
  });

  test("half a multiplier halves every bid", () => {
    // 10 ETH at 100, target such that the move is 0.45: ratio 0.5, target 0.5/1.45
    const ladder = build({}, { targetIqvRatio: 0.5 / 1.45 });
    // 1000 USDT · 0.5 / 4 = 125: 125/99 = 1.2626…
    expect(ladder.bids.multiplier).toBeCloseTo(0.5, 9);
    expect(read(ladder.bids)[0]).toBe("1.262 at 99");
  });
});

describe("a strategy of one's own", () => {
  const mine = (changes: Partial<Strategy>): Strategy => ({
    name: "mine",
    prepare: () => "mine",
    weigh: (_side, levels, weights) => {
      weights.fill(1, 0, levels);
    },
    ...changes,
  });

  test("may set prices, which are rounded away from the other side", () => {
    const price = (side: Side, levels: number, prices: Float64Array): void => {
      for (let index = 0; index < levels; index += 1) {
        prices[index] = side === "buy" ? 99.999 - index : 100.001 + index;
      }
    };
    const ladder = build({}, {}, mine({ price }));
    expect(read(ladder.bids).map((text) => text.split(" at ")[1])).toEqual([
      "99.99",
      "98.99",
      "97.99",
      "96.99",
    ]);
    expect(read(ladder.asks)[0]).toBe("2.5 at 100.01");
  });

  test("its prices come in as the bins, and prices on a tick stay there", () => {
    const ladder = build({}, {}, mine({ price: () => {} }));
    expect(read(ladder.bids)).toEqual(read(build().bids));
    expect(read(ladder.asks)).toEqual(read(build().asks));
  });

  test.each<[string, Partial<Strategy>]>([
    [
      "gave level 1 the weight NaN",
      { weigh: (_side, _levels, weights) => weights.fill(Number.NaN) },
    ],
    ["gave level 1 the weight -1", { weigh: (_side, _levels, weights) => weights.fill(-1) }],
    ["gave weights that add up to 0", { weigh: (_side, _levels, weights) => weights.fill(0) }],
    [
      "gave weights that add up to Infinity",
      { weigh: (_s, _l, weights) => weights.fill(Infinity) },
    ],
    ["gave level 1 the price NaN", { price: (_s, _l, prices) => prices.fill(Number.NaN) }],
    ["gave level 1 the price -5", { price: (_s, _l, prices) => prices.fill(-5) }],
    [
      "gave level 2 a price nearer to the mid than the one before",
      { price: (side, _levels, prices) => prices.fill(side === "buy" ? 90 : 110, 0, 1) },
    ],
  ])("that %s is refused", (message, changes) => {
    expect(() => build({}, {}, mine(changes))).toThrow(`strategy mine ${message}`);
  });
});
