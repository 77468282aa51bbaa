/** What a hedge does to the quotes: no more than it must. */

import { expect, test } from "bun:test";
import { ACTIVE, HedgeStage } from "./hedge-stage.ts";

/** Neither time nor a small move of the mid calls for a ladder. */
const LAZY = { updateIntervalMs: 600_000, requoteBinFraction: 10 };

/** Too long by half, with the hedge's order at its venue, and all quotes in place. */
function hedging(maxNetDelta: string | null): HedgeStage {
  const engine = { risk: { maxNetDelta }, requote: LAZY };
  const stage = new HedgeStage({ engine, hedge: { active: ACTIVE } }).start();
  stage.quoteFill("buy", 0.5);
  stage.pass(2_000);
  return stage;
}

test("a hedge fill moves no quote: the ladder is steered by the inventory alone", () => {
  const stage = hedging(null);
  const order = stage.order("active-hedge");
  stage.pass(1_000, 2_000.1);
  stage.fill(order, 0.3);
  stage.pass(2_000);
  // It still stands on the mid of before.
  expect(stage.engine.ladder.midHalfTicks).toBe(400_000);
});

test("but where net delta is limited, what is hedged may be bought again", () => {
  const stage = hedging("0.4");
  expect(stage.quotedSides()).toEqual(["sell"]);
  stage.fill(stage.order("active-hedge"), 0.3);
  stage.pass(2_000);
  expect(stage.quotedSides()).toEqual(["buy", "sell"]);
});
