/** Ratios, targets and sizes of hedges. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Exposure } from "#hedge/hedge-input.ts";
import type { HedgeParams } from "#hedge/params.ts";
import {
  activeTargetRatio,
  closingPart,
  hedgeSize,
  lotsIn,
  netMove,
  netRatio,
  passiveSizeLots,
  unhedgedMove,
} from "#hedge/sizes.ts";
import { hedgeInstrument, hedgeParams, NEUTRAL } from "./setup.ts";

/** 160 SUI and 160 USDC at 4: 640 of 800 are inventory. */
const LONG: Exposure = { ...NEUTRAL, inventory: 160, quote: 160 };
/** 20 SUI and 120 USDC at 4: 80 of 200. */
const SHORT: Exposure = { ...NEUTRAL, inventory: 20, quote: 120 };

describe("ratios", () => {
  test("the move is measured from the target, as a part of it", () => {
    expect(netRatio(LONG)).toBe(0.8);
    expect(netMove(LONG)).toBeCloseTo(0.6, 12); // (0.8 − 0.5) / 0.5
    expect(netMove(NEUTRAL)).toBe(0);
    expect(netMove(SHORT)).toBeCloseTo(-0.2, 12);
  });

  test("the hedge counts, with what it brought in; the unhedged move leaves it out", () => {
    // 40 sold at 4: 120 SUI and 320 USDC are left, 480 of 800.
    const hedged = { ...LONG, hedgeBase: -40, hedgeQuote: 160 };
    expect(netRatio(hedged)).toBeCloseTo(0.6, 12);
    expect(netMove(hedged)).toBeCloseTo(0.2, 12);
    expect(unhedgedMove(hedged)).toBeCloseTo(0.6, 12);
  });

  test("what cannot be known is NaN: no price, no value, no target", () => {
    for (const exposure of [
      { ...LONG, mid: 0 },
      { ...LONG, mid: Number.NaN },
      { ...LONG, inventory: 0, quote: 0 },
      { ...LONG, quote: -640 },
      { ...LONG, targetIqvRatio: 0 },
    ]) {
      expect([exposure, netMove(exposure), unhedgedMove(exposure)]).toEqual([
        exposure,
        Number.NaN,
        Number.NaN,
      ]);
    }
  });
});

describe("the ratio that a hedge brings about", () => {
  test("is the edge of the target band on the side where the move is", () => {
    const params = hedgeParams(); // a = 0.4, h = 0.2
    expect(activeTargetRatio(0.5, 0.41, params)).toBeCloseTo(0.6, 12); // 0.5 · 1.2
    expect(activeTargetRatio(0.5, -0.41, params)).toBeCloseTo(0.4, 12); // 0.5 · 0.8
    for (const move of [0.4, 0.3, 0, -0.4, Number.NaN]) {
      expect([move, activeTargetRatio(0.5, move, params)]).toEqual([move, null]);
    }
  });

  test("too little inventory is not hedged where only one side is", () => {
    expect(activeTargetRatio(0.5, -0.9, hedgeParams({ isDualSided: false }))).toBeNull();
  });

  test("without parameters, or without a target, there is none", () => {
    expect(activeTargetRatio(0.5, 0.9, hedgeParams({ active: null }))).toBeNull();
    expect(activeTargetRatio(0, 0.9, hedgeParams())).toBeNull();
    expect(activeTargetRatio(Number.NaN, 0.9, hedgeParams())).toBeNull();
  });

  test("the original's is r0·a, beyond neutral, and never a trade the wrong way", () => {
    const params = hedgeParams({ active: { target: "seed" } });
    expect(activeTargetRatio(0.5, 0.6, params)).toBeCloseTo(0.2, 12); // 0.5 · 0.4
    // A ratio of 0.25 is above 0.2 already: buying up to it is not possible.
    expect(activeTargetRatio(0.5, -0.5, params)).toBeNull();
    expect(activeTargetRatio(0.5, -0.7, params)).toBeCloseTo(0.2, 12);
  });
});

describe("mistake 8: the hedge's size was worked out wrongly", () => {
  test("the formula, by hand", () => {
    // 160 − 0.6 · 800 / 4
    expect(hedgeSize(LONG, 0.6)).toBeCloseTo(40, 12);
    // 20 − 0.5 · 200 / 4: five are bought
    expect(hedgeSize(SHORT, 0.5)).toBeCloseTo(-5, 12);
  });

  test("what cannot be worked out is nothing to do, never NaN", () => {
    for (const exposure of [
      { ...LONG, mid: 0 },
      { ...LONG, mid: Number.NaN },
      { ...LONG, quote: -640 },
      { ...LONG, quote: -700 },
      { ...LONG, inventory: Number.NaN },
      { ...LONG, hedgeQuote: Number.POSITIVE_INFINITY },
    ]) {
      expect([exposure, hedgeSize(exposure, 0.6)]).toEqual([exposure, 0]);
    }
    expect(hedgeSize(LONG, Number.NaN)).toBe(0);
    expect(hedgeSize(LONG, -0.1)).toBe(0);
  });

  const amount = fc.oneof(fc.constant(0), fc.double({ min: 1, max: 1e5, noNaN: true }));
  const exposures = fc.record({
    mid: fc.double({ min: 1e-4, max: 1e5, noNaN: true }),
    inventoryValue: amount,
    quote: amount,
    /** The hedge that is on, as a part of the inventory; and what it was opened at. */
    hedged: fc.double({ min: -1, max: 1, noNaN: true }),
    hedgePrice: fc.double({ min: 0.8, max: 1.2, noNaN: true }),
    targetIqvRatio: fc.double({ min: 0.05, max: 0.9, noNaN: true }),
    seed: fc.boolean(),
    isDualSided: fc.boolean(),
    iqvRatio: fc.double({ min: 0.05, max: 0.9, noNaN: true }),
    target: fc.double({ min: 0, max: 1, noNaN: true }),
  });

  interface Case {
    readonly exposure: Exposure;
    readonly params: HedgeParams;
  }

  function caseOf(raw: typeof exposures extends fc.Arbitrary<infer T> ? T : never): Case {
    const inventory = raw.inventoryValue / raw.mid;
    const hedgeBase = inventory * raw.hedged;
    const hedgeQuote = -hedgeBase * raw.mid * raw.hedgePrice;
    const { mid, quote, targetIqvRatio, isDualSided, iqvRatio } = raw;
    return {
      exposure: { mid, inventory, quote, hedgeBase, hedgeQuote, targetIqvRatio },
      params: hedgeParams({
        isDualSided,
        active: {
          iqvRatio,
          targetIqvRatio: iqvRatio * raw.target,
          target: raw.seed ? "seed" : "band",
        },
      }),
    };
  }

  /** The exposure after `size` base units were sold at the mid. */
  function traded(exposure: Exposure, size: number): Exposure {
    return {
      ...exposure,
      hedgeBase: exposure.hedgeBase - size,
      hedgeQuote: exposure.hedgeQuote + size * exposure.mid,
    };
  }

  test("after the trade the net ratio is at its target, within bounds", () => {
    let hedges = 0;
    fc.assert(
      fc.property(exposures, (raw) => {
        const { exposure, params } = caseOf(raw);
        const move = netMove(exposure);
        const ratio = activeTargetRatio(exposure.targetIqvRatio, move, params);
        if (ratio === null) return;
        hedges += 1;
        const size = hedgeSize(exposure, ratio);
        expect(Math.sign(size) * Math.sign(move)).toBe(1);
        expect(netRatio(traded(exposure, size))).toBeCloseTo(ratio, 12);
        // A sale never takes net inventory below 0, a purchase never net quote.
        const net = exposure.inventory + exposure.hedgeBase;
        const netQuote = exposure.quote + exposure.hedgeQuote;
        if (size > 0) expect(size).toBeLessThanOrEqual(net);
        else if (ratio <= 1)
          expect(-size * exposure.mid).toBeLessThanOrEqual(netQuote * (1 + 1e-9));
      }),
      { numRuns: 3_000 },
    );
    expect(hedges).toBeGreaterThan(300);
  });

  test("cut to whole lots it never goes beyond the target", () => {
    const instrument = hedgeInstrument();
    fc.assert(
      fc.property(exposures, (raw) => {
        const { exposure, params } = caseOf(raw);
        const move = netMove(exposure);
        const ratio = activeTargetRatio(exposure.targetIqvRatio, move, params);
        if (ratio === null) return;
        const size = hedgeSize(exposure, ratio);
        const lots = lotsIn(instrument, size);
        expect(Math.abs(lots) * 0.1).toBeLessThanOrEqual(Math.abs(size) + 1e-9);
        expect(Math.abs(size) - Math.abs(lots) * 0.1).toBeLessThan(0.1 + 1e-9 * Math.abs(size));
        const after = netRatio(traded(exposure, lots * instrument.lotValue));
        if (move > 0) expect(after).toBeGreaterThanOrEqual(ratio - 1e-6);
        else expect(after).toBeLessThanOrEqual(ratio + 1e-6);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("lots", () => {
  const instrument = hedgeInstrument();

  test("are whole, cut towards zero, and a float's rounding costs none", () => {
    const cases: [number, number][] = [
      [0.3, 3],
      [-0.3, -3],
      [0.39, 3],
      [-0.39, -3],
      [0.09, 0],
      [-0.09, 0],
      [Number.NaN, 0],
      [Number.POSITIVE_INFINITY, 0],
    ];
    for (const [amount, lots] of cases) {
      expect([amount, lotsIn(instrument, amount)]).toEqual([amount, lots]);
    }
  });

  test("a passive hedge covers its part of inventory and active hedge together", () => {
    expect(passiveSizeLots(instrument, 100, 0, 0.5)).toBe(500);
    expect(passiveSizeLots(instrument, 100, -400, 0.5)).toBe(300); // half of 60 SUI
    expect(passiveSizeLots(instrument, 100, -1_200, 0.5)).toBe(0);
    expect(passiveSizeLots(instrument, Number.NaN, 0, 0.5)).toBeNaN();
  });

  test("the closing part of a trade is what brings the position nearer to zero", () => {
    const cases: [number, number, number][] = [
      [30, -50, 30],
      [80, -50, 50],
      [-80, 50, -50],
      [30, 50, 0],
      [-30, -50, 0],
      [30, 0, 0],
    ];
    for (const [trade, position, closing] of cases) {
      expect([trade, position, closingPart(trade, position)]).toEqual([trade, position, closing]);
    }
  });
});
