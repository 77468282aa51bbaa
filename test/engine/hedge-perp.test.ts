/**
 * A perp that is quoted and hedged on another perp. Its allotment is nobody's: what is exposed is
 * the position, on whatever price the allotment's share of the value may be.
 */

import { expect, test } from "bun:test";
import { ACTIVE, HedgeStage, type StageOptions } from "./hedge-stage.ts";
import { ETH_PERP, FLAT } from "./setup.ts";

function perpPair(options: StageOptions = {}): HedgeStage {
  const active = { ...ACTIVE, iqvRatio: 0.2, targetIqvRatio: 0.1, unwindIqvRatio: 0.05 };
  return new HedgeStage({
    ...options,
    quoting: ETH_PERP,
    engine: { capital: { position: FLAT } },
    hedge: { active, ...options.hedge },
  });
}

test("no position and another price: there is nothing to hedge, on either side", () => {
  for (const price of [1_000, 4_000]) {
    const stage = perpPair().start();
    // Half of 4000 at first; then a third of 3000, or two thirds of 6000.
    stage.pass(20_000, price);
    expect(Math.abs(stage.engine.iqvMoveRatio)).toBeGreaterThan(0.3);
    stage.pass(3_000);
    expect(stage.engine.ledger.base().toFixed()).toBe("0");
    expect([stage.position, stage.orders()]).toEqual([0, []]);
    expect(stage.desk.netMoveRatio).toBeCloseTo(0, 9);
  }
});

test("a position is hedged down to its part of the allotment, at any price", () => {
  const stage = perpPair().start();
  stage.pass(20_000, 1_000);
  stage.quoteFill("buy", 0.5);
  stage.pass(1_000);
  // 0.5 of 1 ETH is beyond 0.2; 0.5 − 0.1 · 1 are sold.
  expect(stage.orders()).toEqual(["active-hedge: sell 0.4 at 1000.01 (post-only)"]);
  stage.fill(stage.order("active-hedge"), 0.4);
  stage.pass(2_000);
  // Net 0.1, whatever the price does then.
  stage.pass(20_000, 3_000);
  expect([stage.position, stage.orders()]).toEqual([-0.4, []]);
  expect(stage.engine.netDelta).toBeCloseTo(0.1, 9);
});
