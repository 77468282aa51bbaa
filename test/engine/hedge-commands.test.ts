/** What an operator's commands, and the end of a run, do to a hedge. */

import { describe, expect, test } from "bun:test";
import { ACTIVE, HedgeStage, PASSIVE, type StageOptions } from "./hedge-stage.ts";

/** Short 0.3 by the active hedge, with triggers on both sides of 2000. */
function hedged(options: StageOptions = {}): HedgeStage {
  const hedge = { active: ACTIVE, passive: PASSIVE, ...options.hedge };
  const stage = new HedgeStage({ ...options, hedge }).start();
  stage.quoteFill("buy", 0.5);
  stage.pass(1_000);
  stage.fill(stage.order("active-hedge"), 0.3);
  stage.pass(2_000);
  return stage;
}

/** 1.5 ETH less 0.3: half of 1.2. */
const TRIGGERS = ["passive-hedge: buy 0.6 stop at 2040", "passive-hedge: sell 0.6 stop at 1960"];

describe("pause", () => {
  test("takes the quotes and leaves the hedge on", () => {
    const stage = hedged();
    expect([...stage.orders()].sort()).toEqual(TRIGGERS);
    stage.operator("pause");
    stage.pass(2_000);
    expect(stage.quotedSides()).toEqual([]);
    expect([stage.position, [...stage.orders()].sort()]).toEqual([-0.3, TRIGGERS]);
  });

  test("and a hedge that becomes necessary meanwhile is made", () => {
    const stage = new HedgeStage({ hedge: { active: ACTIVE } }).start();
    stage.operator("pause");
    stage.quoteFill("buy", 0.5); // it was under way
    stage.pass(2_000);
    expect(stage.orders().length).toBe(1);
  });
});

describe("flatten", () => {
  test("takes quotes, triggers and position, and stays so until resume", () => {
    const stage = hedged();
    stage.operator("flatten");
    stage.pass(1_000);
    expect(stage.engine.state).toBe("flattened");
    expect(stage.quotedSides()).toEqual([]);
    expect(stage.orders().map((text) => text.includes("reduce-only"))).toEqual([true]);
    stage.fill(stage.order("active-hedge: buy 0.3"), 0.3);
    stage.pass(10_000);
    expect([stage.position, stage.orders()]).toEqual([0, []]);
    expect(stage.engine.hasOpenOrders).toBe(false);

    stage.operator("resume");
    stage.pass(2_000);
    expect(stage.engine.state).toBe("quoting");
    expect(stage.quotedSides()).not.toEqual([]);
    expect(stage.orders().some((text) => text.startsWith("active-hedge: sell"))).toBe(true);
  });

  test("closes a passive hedge too, and its stop goes", () => {
    const stage = new HedgeStage({ hedge: { passive: PASSIVE } }).start();
    stage.pass(3_000, 1_959.5);
    stage.fill(stage.order("passive-hedge: sell"), 0.5, 1_959.5);
    stage.pass(500);
    stage.operator("flatten");
    stage.pass(500);
    expect(stage.orders()).toEqual(["stop-loss: buy 0.5 at market (reduce-only)"]);
    stage.fill(stage.order("stop-loss"), 0.5, 1_959.51);
    stage.pass(2_000);
    expect([stage.position, stage.orders()]).toEqual([0, []]);
  });
});

describe("after a flatten only a resume brings the hedge back", () => {
  function flattened(): HedgeStage {
    const stage = hedged();
    stage.operator("flatten");
    stage.pass(1_000);
    stage.fill(stage.order("active-hedge: buy 0.3"), 0.3);
    stage.pass(2_000);
    expect([stage.position, stage.orders()]).toEqual([0, []]);
    return stage;
  }

  test("a pause does not", () => {
    const stage = flattened();
    stage.operator("pause");
    stage.pass(3_000);
    expect([stage.engine.state, stage.position, stage.orders()]).toEqual(["flattened", 0, []]);
    stage.operator("resume");
    stage.pass(2_000);
    expect(stage.orders().length).toBeGreaterThan(0);
  });

  test("a halt does not, even where the config says keep; a rearm does", () => {
    const stage = flattened();
    stage.operator("halt");
    stage.pass(3_000);
    expect([stage.engine.state, stage.position, stage.orders()]).toEqual(["halted", 0, []]);
    stage.operator("rearm");
    stage.pass(2_000);
    expect(stage.orders().length).toBeGreaterThan(0);
  });
});

test("flatten trades what is left of two hedges against each other, and no more", () => {
  const stage = hedged();
  // A rally: the passive hedge buys 0.6 beside the 0.3 that are sold.
  stage.pass(3_000, 2_040.5);
  stage.fill(stage.order("passive-hedge: buy"), 0.6, 2_040.5);
  stage.pass(500);
  expect([stage.desk.book.activeLots, stage.desk.book.passiveLots]).toEqual([-300, 600]);
  stage.operator("flatten");
  stage.pass(1_000);
  expect(stage.orders()).toEqual(["active-hedge: sell 0.3 at 2040.51 (post-only, reduce-only)"]);
  stage.fill(stage.order("active-hedge: sell 0.3"), 0.3);
  stage.pass(1_000);
  expect([stage.position, stage.orders()]).toEqual([0, []]);
  expect(stage.engine.hasOpenOrders).toBe(false);
});

describe("halt", () => {
  test("keeps the hedge where the config says keep", () => {
    const stage = hedged();
    stage.operator("halt");
    stage.pass(5_000);
    expect([stage.position, [...stage.orders()].sort()]).toEqual([-0.3, TRIGGERS]);
  });

  test("closes it where the config says flatten", () => {
    const stage = hedged({ hedge: { closesOnHalt: true } });
    stage.operator("halt");
    stage.pass(1_000);
    stage.fill(stage.order("active-hedge: buy 0.3"), 0.3);
    stage.pass(2_000);
    expect([stage.position, stage.orders()]).toEqual([0, []]);
  });
});

test("stop: nothing of ours rests anywhere, and the position stays", () => {
  const stage = hedged();
  stage.operator("stop");
  stage.pass(1_000);
  expect([stage.position, stage.orders()]).toEqual([-0.3, []]);
  expect(stage.engine.hasOpenOrders).toBe(false);
});

test("a position that is there at the start is the active hedge's, at its entry price", () => {
  // Short 0.3 from 2010: 603 USDT brought in.
  const position = { base: "-0.3", quote: "603" };
  const stage = new HedgeStage({ hedge: { active: ACTIVE }, position }).start();
  expect(stage.desk.book.activeLots).toBe(-300);
  // Not needed: the inventory alone is in balance. It is bought back, step by step.
  stage.pass(1_000);
  expect(stage.orders()[0]).toContain("active-hedge: buy 0.15");
});

test("each dollar has its cause, on both legs", () => {
  const stage = hedged();
  stage.pass(5_000, 1_980);
  stage.operator("flatten");
  stage.pass(500);
  stage.fill(stage.order("active-hedge: buy 0.3"), 0.3);
  stage.pass(500);
  const pnl = stage.engine.pnl();
  // Sold at 2000.01 with the mid at 2000, bought back at 1979.99 with the mid at 1980.
  expect(pnl.hedgeExecution.toFixed()).toBe("0.006"); // 0.3 · 0.01 twice
  expect(pnl.hedgeRevaluation.toFixed()).toBe("6"); // 0.3 · 20
  expect(pnl.inventoryRevaluation.toFixed()).toBe("-30"); // 1.5 · 20
  expect(pnl.equityChange.toFixed()).toBe("-23.994");
  expect(pnl.residual.toFixed()).toBe("0");
});
