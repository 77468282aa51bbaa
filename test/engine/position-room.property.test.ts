/** However the market moves: what is held and what is bid for stays within the limits. */

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { MID, ordersOf, quoting } from "./quoting.ts";
import { type Bench, ETH_PERP, FLAT, params, strategy } from "./setup.ts";

const LIMIT_USDT = 3_000;
const LIMIT_DELTA_ETH = 0.4;
const TICK = 0.01;
const LOT = 0.001;

/** A step of the market in ticks, and which side's best order is filled in it, if any. */
const step = fc.record({
  moveTicks: fc.integer({ min: -900, max: 900 }),
  filled: fc.constantFrom("buy", "sell", null),
});

/** Value of a side's live orders at their prices, or at the mid for asks. */
function sizeOf(bench: Bench, side: "buy" | "sell"): number {
  return ordersOf(bench, side).reduce((sum, order) => sum + order.leavesLots * LOT, 0);
}

test("a sweep through a whole side ends within the position and delta limits", () => {
  let fills = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      const risk = {
        maxPositionNotional: String(LIMIT_USDT),
        maxNetDelta: String(LIMIT_DELTA_ETH),
      };
      const bench = quoting(params({ risk }));
      let midTicks = MID;
      steps.forEach(({ moveTicks, filled }, index) => {
        const order = filled === null ? undefined : ordersOf(bench, filled)[0];
        if (order !== undefined && order.isSettled) {
          fills += 1;
          bench.apply(bench.events.execution(order, order.leavesLots, `t${index}`));
        }
        midTicks += moveTicks;
        // Long enough for what waits for a cancel to follow it.
        for (let round = 0; round < 4; round += 1) {
          bench.pass(200, midTicks);
          bench.acknowledge();
        }
        const mid = (bench.engine.ladder.midHalfTicks / 2) * TICK;
        const held = Number(bench.base);
        const bids = ordersOf(bench, "buy").reduce(
          (sum, { leavesLots, priceTicks }) => sum + leavesLots * LOT * priceTicks * TICK,
          0,
        );
        if (bids > 0) expect(held * mid + bids).toBeLessThanOrEqual(LIMIT_USDT + 1e-6);
        const delta = held - (held + Number(bench.quote) / mid) / 2;
        if (bids > 0) expect(delta + bids / mid).toBeLessThanOrEqual(LIMIT_DELTA_ETH + LOT);
        const asks = sizeOf(bench, "sell");
        if (asks > 0) expect(asks - delta).toBeLessThanOrEqual(LIMIT_DELTA_ETH + LOT);
      });
    }),
    { numRuns: 150 },
  );
  expect(fills).toBeGreaterThan(100);
});

test("a perp: long or short, a sweep ends within the limit, and asks within the allotment", () => {
  let longs = 0;
  let shorts = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      // 3 ETH and 6000 USDC to quote with, of which a position may take half either way.
      const capital = { base: "3", quote: "6000", position: FLAT };
      const risk = { maxPositionNotional: String(LIMIT_USDT) };
      const bench = quoting(params({ capital, risk }), strategy("spot"), ETH_PERP);
      let midTicks = MID;
      steps.forEach(({ moveTicks, filled }, index) => {
        const order = filled === null ? undefined : ordersOf(bench, filled)[0];
        if (order !== undefined && order.isSettled) {
          bench.apply(bench.events.execution(order, order.leavesLots, `t${index}`));
        }
        midTicks += moveTicks;
        for (let round = 0; round < 4; round += 1) {
          bench.pass(200, midTicks);
          bench.acknowledge();
        }
        const mid = (bench.engine.ladder.midHalfTicks / 2) * TICK;
        const position = Number(bench.base);
        if (position > 0) longs += 1;
        if (position < 0) shorts += 1;
        const bids = ordersOf(bench, "buy").reduce(
          (sum, { leavesLots, priceTicks }) => sum + leavesLots * LOT * priceTicks * TICK,
          0,
        );
        if (bids > 0) expect(position * mid + bids).toBeLessThanOrEqual(LIMIT_USDT + 1e-6);
        expect(bids).toBeLessThanOrEqual(Math.max(0, Number(bench.quote)) + 1e-6);
        const asks = sizeOf(bench, "sell");
        if (asks > 0) expect((asks - position) * mid).toBeLessThanOrEqual(LIMIT_USDT + 1e-6);
        expect(asks).toBeLessThanOrEqual(Math.max(0, 3 + position) + 1e-9);
        expect(bench.engine.ledger.pnl().residual.toFixed()).toBe("0");
      });
    }),
    { numRuns: 150 },
  );
  expect(Math.min(longs, shorts)).toBeGreaterThan(100);
});
