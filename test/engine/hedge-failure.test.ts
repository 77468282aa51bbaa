/**
 * A hedger that throws (a bug of ours), and a strategy that does: somebody is told, nothing leaves
 * the door of the engine, and no exposure is added any more.
 */

import { describe, expect, test } from "bun:test";
import { ACTIVE, HedgeStage, PASSIVE } from "./hedge-stage.ts";

type Hedger = "active" | "passive";

/** The hedger throws from now on, whatever it looks at. */
function breakHedger(stage: HedgeStage, which: Hedger): void {
  const hedger = stage.desk[which];
  if (hedger === null) throw new Error(`no ${which} hedger`);
  Reflect.set(hedger, "act", () => {
    throw new Error("a bug of ours");
  });
}

/** Short 0.3 by the active hedge, with triggers; then the hedger breaks. */
function broken(which: Hedger): HedgeStage {
  const stage = new HedgeStage({ hedge: { active: ACTIVE, passive: PASSIVE } }).start();
  stage.quoteFill("buy", 0.5);
  stage.pass(1_000);
  stage.fill(stage.order("active-hedge"), 0.3);
  stage.pass(2_000);
  expect(stage.quotedSides()).toEqual(["buy", "sell"]);
  expect(stage.orders().length).toBe(2);
  breakHedger(stage, which);
  return stage;
}

describe.each(["active", "passive"] as const)("the %s hedger throws", (which) => {
  test("one alert, nothing of the hedge rests, and only what reduces is quoted", () => {
    const stage = broken(which);
    stage.pass(1_000);
    expect(stage.alerts().filter((code) => code === "hedge-failed").length).toBe(1);
    expect(stage.alerts()).not.toContain("engine-failed");
    expect(stage.orders()).toEqual([]);
    expect(stage.position).toBe(-0.3);
    expect(stage.engine.state).toBe("quoting");
    expect(stage.quotedSides()).toEqual(["sell"]);
    // It stays so, on the side that is right then.
    stage.quoteFill("sell", 0.9);
    stage.pass(2_000);
    expect(stage.quotedSides()).toEqual(["buy"]);
    expect(stage.orders()).toEqual([]);
    expect(stage.alerts().filter((code) => code === "hedge-failed").length).toBe(1);
  });

  test("in the middle of a command, and the command holds", () => {
    const stage = broken(which);
    stage.operator("pause");
    expect(stage.engine.state).toBe("paused");
    stage.pass(1_000);
    expect(stage.quotedSides()).toEqual([]);
    stage.operator("stop");
    stage.pass(1_000);
    expect([stage.orders(), stage.engine.hasOpenOrders]).toEqual([[], false]);
  });
});

test("a cancel that the venue refuses is not sent again at once, news after news", () => {
  const stage = broken("active");
  const { canceled } = stage.sink.hedge;
  stage.events.nowMs += 100;
  stage.apply(stage.events.book(stage.ticks));
  const asked = [...canceled];
  expect(asked.length).toBe(2);
  for (let round = 0; round < 20; round += 1) {
    for (const id of canceled.splice(0)) stage.report(id, "cancel-rejected", { reason: "other" });
    stage.events.nowMs += 10;
    stage.apply(stage.events.book(stage.ticks));
  }
  expect(canceled).toEqual([]);
  stage.passUnanswered(1_100);
  expect([...canceled].sort()).toEqual(asked.sort());
});

test("the stop-loss of a hedge that is on stays at the venue, until the pair stops", () => {
  const stage = new HedgeStage({ hedge: { passive: PASSIVE } }).start();
  stage.pass(3_000, 1_959.5);
  stage.fill(stage.order("passive-hedge: sell"), 0.5, 1_959.5);
  stage.pass(1_000);
  breakHedger(stage, "passive");
  stage.pass(5_000);
  // 1959.5 · 1.005 = 1969.2975
  expect(stage.orders()).toEqual(["stop-loss: buy 0.5 stop at 1969.3 (reduce-only)"]);
  stage.operator("stop");
  stage.pass(1_000);
  expect(stage.orders()).toEqual([]);
});

test("a venue's fill that is none halts the pair, and the hedge stays as it is", () => {
  const stage = new HedgeStage({ hedge: { active: ACTIVE } }).start();
  stage.quoteFill("buy", 0.5);
  stage.pass(1_000);
  const order = stage.order("active-hedge");
  const execution = stage.events.execution(order, 100, "x1", { fee: "much", feeAsset: "USDT" });
  stage.hedge(execution);
  expect(stage.engine.state).toBe("halted");
  expect(stage.alerts()).toContain("engine-failed");
  expect(stage.desk.book.positionLots).toBe(0);
  stage.pass(1_000);
  expect(stage.quotedSides()).toEqual([]);
});
