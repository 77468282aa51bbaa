/**
 * What the hedge does while not everything is known: fills that are told and not booked, a venue
 * whose word is ahead of its fills, a sweep that was not through.
 */

import { describe, expect, test } from "bun:test";
import { ACTIVE, HedgeStage, PASSIVE } from "./hedge-stage.ts";

test("a position that is told ahead of its fill does not hold the stop-loss back", () => {
  const stage = new HedgeStage({ hedge: { passive: PASSIVE } }).start();
  stage.pass(3_000, 1_959.5);
  const trigger = stage.order("passive-hedge: sell");
  // The answer to a routine question, made an instant after the trigger fired.
  stage.compare({ position: "-0.5" });
  expect(stage.guard("hedge-mismatch")).toBe(true);
  stage.fill(trigger, 0.5, 1_959.5);
  expect(stage.guard("hedge-mismatch")).toBe(false);
  // 1959.5 · 1.005 = 1969.2975; in the same instant, before anybody answers anything.
  expect(stage.orders().filter((text) => text.startsWith("stop-loss"))).toEqual([
    "stop-loss: buy 0.5 stop at 1969.3 (reduce-only)",
  ]);
});

test("an answer that is older than a fill is found out within two seconds", () => {
  const stage = new HedgeStage({ hedge: { active: ACTIVE } }).start();
  stage.quoteFill("buy", 0.5);
  stage.pass(1_000);
  stage.fill(stage.order("active-hedge"), 0.3);
  stage.compare({ position: "0" });
  expect(stage.guard("hedge-mismatch")).toBe(true);
  const { reconciles } = stage.sink.hedge;
  stage.pass(1_100);
  expect(stage.sink.hedge.reconciles).toBe(reconciles + 1);
  stage.compare();
  expect(stage.guard("hedge-mismatch")).toBe(false);
});

test("another position is not taken over sooner than a late fill may come", () => {
  const stage = new HedgeStage({ hedge: { active: ACTIVE } }).start();
  stage.compare({ position: "0.1" });
  stage.pass(1_100);
  stage.compare({ position: "0.1" });
  expect(stage.desk.book.positionLots).toBe(0);
  stage.pass(6_000);
  stage.compare({ position: "0.1" });
  expect(stage.desk.book.positionLots).toBe(100);
});

test("an order of an earlier run in the first answer: it is asked again within two seconds", () => {
  const stage = new HedgeStage({ hedge: { active: ACTIVE } });
  const { events, sink } = stage;
  stage.apply(events.connection("up"), events.book(stage.ticks));
  stage.agree();
  stage.hedge(events.connection("up"));
  stage.hedge(events.account("0", "10000", ["mm-ETH-a0-5"]));
  stage.quoteFill("buy", 0.5);
  const { reconciles } = sink.hedge;
  stage.pass(2_000);
  expect(sink.hedge.reconciles).toBeGreaterThan(reconciles);
  stage.compare();
  stage.pass(1_100);
  expect(stage.orders()).toEqual(["active-hedge: sell 0.3 at 2000.01 (post-only)"]);
});

test("a reduce-only order that is refused has the venue asked for the position", () => {
  const position = { base: "-0.3", quote: "600" };
  const stage = new HedgeStage({ hedge: { active: ACTIVE }, position }).start();
  // The first half of it is bought back; the second order is refused.
  stage.fill(stage.order("active-hedge: buy 0.15"), 0.15);
  stage.passUnanswered(1_100);
  expect(stage.orders()).toEqual(["active-hedge: buy 0.15 at 1999.99 (post-only, reduce-only)"]);
  const { reconciles } = stage.sink.hedge;
  stage.refuse("reduce-only");
  stage.passUnanswered(1_200);
  expect(stage.sink.hedge.reconciles).toBe(reconciles + 1);
});

describe("a quoting fill that the venue has counted, and has not told yet", () => {
  /** 0.5 too much; what the venue says of an ask of ours is ahead of its executions. */
  function untold(): HedgeStage {
    const stage = new HedgeStage({ hedge: { active: ACTIVE } }).start();
    const ask = [...stage.engine.orders.live.values()].find(({ side }) => side === "sell");
    if (ask === undefined) throw new Error("no ask");
    const filledLots = ask.quantityLots;
    stage.apply(stage.events.order(ask.clientOrderId, "filled", { filledLots }));
    expect([filledLots, ask.priceTicks]).toEqual([333, 200_200]);
    expect(stage.engine.orders.missing()).toEqual({ lots: -333, units: 66_666_600 });
    // Together with what is missing: half an ETH too much.
    stage.quoteFill("buy", 0.5 + filledLots / 1_000);
    return stage;
  }

  test("is no reason for a hedge of what is sold already", () => {
    const stage = untold();
    stage.pass(1_000);
    // 0.333 were sold at 2002: 1.5 ETH and 1000.666 USDT. 1.5 − 0.6 · 4000.666 / 2000 = 0.2998.
    expect(stage.orders()).toEqual(["active-hedge: sell 0.299 at 2000.01 (post-only)"]);
  });
});

test("an old price of the hedge venue is no loss: one leg alone would be marked", () => {
  // Nothing trades; 1 ETH is held and 1 ETH sold, so that no price makes a difference.
  const position = { base: "-1", quote: "2000" };
  const stage = new HedgeStage({ engine: { risk: { maxDrawdownPct: 1 } }, position }).start();
  stage.hedgeIsUp = false;
  stage.hedge(stage.events.connection("down"));
  // 80 of 4000 USDT are 2 %, on the quoting leg.
  stage.pass(60_000, 1_920);
  stage.pass(5_000);
  expect(stage.engine.state).toBe("quoting");
  // With its own price again it is a loss all the same, if it is one.
  stage.hedgeIsUp = true;
  stage.quoteFill("buy", 1);
  stage.pass(30_000, 1_875);
  expect(stage.engine.state).toBe("reducing"); // 45 of 4000
});
