/**
 * The active hedge as a trader sees it: when it opens, how much, how it is traded, and how it is
 * closed again. Every number has its sum beside it.
 */

import { describe, expect, test } from "bun:test";
import { ACTIVE, HedgeStage, type StageOptions } from "./hedge-stage.ts";

/** A pair with an active hedge alone, and half an ETH more than it wants: +50 %. */
function tooLong(options: StageOptions = {}): HedgeStage {
  const stage = new HedgeStage({ ...options, hedge: { active: ACTIVE, ...options.hedge } }).start();
  stage.quoteFill("buy", 0.5);
  return stage;
}

test("bought too much: what is beyond the band is sold on the hedge venue, as a maker", () => {
  const stage = tooLong();
  // 1.5 ETH are 3000 of 4000 USDT: 0.75, half more than 0.5. To 0.6: 1.5 − 0.6 · 4000 / 2000.
  expect(stage.engine.iqvMoveRatio).toBeCloseTo(0.5, 12);
  stage.pass(1_000);
  expect(stage.orders()).toEqual(["active-hedge: sell 0.3 at 2000.01 (post-only)"]);
  expect(stage.steps()).toEqual(["active idle → hedging: move-above-band"]);
  expect(stage.desk.active?.isNeeded).toBe(true);

  stage.fill(stage.order("active-hedge"), 0.3);
  stage.pass(1_000);
  expect(stage.orders()).toEqual([]);
  expect(stage.desk.active?.state).toBe("holding");
  expect(stage.desk.netMoveRatio).toBeCloseTo(0.2, 5); // (1.5 − 0.3) · 2000 of 4000 and 3 cents
  expect(stage.desk.active?.isNeeded).toBe(false);
  // Balanced at 1 ETH (half of 4000 USDT): 0.5 too much, 0.3 of it hedged.
  expect(stage.engine.netDelta).toBeCloseTo(0.2, 5);
});

test("sold too much: it is bought, where both sides are hedged", () => {
  const stage = new HedgeStage({ hedge: { active: ACTIVE } }).start();
  stage.quoteFill("sell", 0.5);
  stage.pass(1_000);
  // 0.5 ETH are 1000 of 4000 USDT: −50 %. To 0.4: 0.5 − 0.4 · 4000 / 2000 = −0.3, a buy.
  expect(stage.orders()).toEqual(["active-hedge: buy 0.3 at 1999.99 (post-only)"]);
});

test("sold too much: nothing is bought, where one side is hedged", () => {
  const stage = new HedgeStage({ hedge: { active: ACTIVE, isDualSided: false } }).start();
  stage.quoteFill("sell", 0.5);
  stage.pass(5_000);
  expect(stage.orders()).toEqual([]);
  expect(stage.desk.active?.isNeeded).toBe(false);
});

test("seed's target, where it is asked for: r0 · a, through neutral and far beyond", () => {
  const stage = tooLong({ hedge: { active: { ...ACTIVE, target: "seed" } } });
  stage.pass(1_000);
  // 0.5 · 0.4 = 0.2 of the value in inventory: 1.5 − 0.2 · 4000 / 2000.
  expect(stage.orders()).toEqual(["active-hedge: sell 1.1 at 2000.01 (post-only)"]);
});

describe("how it is traded", () => {
  test("the order follows the touch, with what is left of it and no more", () => {
    const stage = tooLong();
    stage.pass(1_000);
    stage.fill(stage.order("active-hedge"), 0.1);
    // Up a dollar: 1.5 ETH at 2001 are 3001.5 of 4001.5. Net of 0.1 sold at 2000.01:
    // 1.4 · 2001 = 2801.4 of 4001.401; to 0.6 of it, 1.4 − 2400.8406 / 2001 = 0.2002.
    stage.price = 2_001;
    stage.pass(4_000);
    expect(stage.orders()).toEqual(["active-hedge: sell 0.2 at 2001.01 (post-only)"]);
    expect(stage.position).toBe(-0.1);
  });

  test("at the deadline what is left is taken, with a cap, never the whole amount again", () => {
    const stage = tooLong();
    stage.pass(1_000);
    stage.fill(stage.order("active-hedge"), 0.12);
    stage.pass(61_000);
    // 0.3 − 0.12; half a per cent under the bid of 1999.99, 1989.99005, and no worse.
    expect(stage.orders()).toEqual(["active-hedge: sell 0.18 at 1990 (ioc)"]);

    // The book has but 0.08 there: the rest waits, is shown, and is tried again.
    stage.fill(stage.order("active-hedge"), 0.08, 1_999.99);
    stage.end(stage.order("active-hedge").clientOrderId, "expired");
    expect(stage.desk.active?.openLots).toBe(-100);
    stage.pass(6_000);
    expect(stage.orders()).toEqual(["active-hedge: sell 0.1 at 1990 (ioc)"]);
    stage.fill(stage.order("active-hedge"), 0.1, 1_999.99);
    stage.pass(2_000);
    expect([stage.position, stage.orders()]).toEqual([-0.3, []]);
  });

  test("a fill that comes after the cancel is counted before anything else is sent", () => {
    const stage = tooLong();
    stage.pass(1_000);
    const first = stage.order("active-hedge");
    stage.price = 2_001;
    // The cancel is on its way and the venue is silent.
    stage.passUnanswered(4000);
    expect(stage.sink.hedge.canceled).toContain(first.clientOrderId);
    expect(stage.orders()).toEqual(["active-hedge: sell 0.3 at 2000.01 (post-only)"]);
    stage.fill(first, 0.3);
    stage.sink.hedge.canceled.length = 0;
    stage.report(first.clientOrderId, "cancel-rejected", { reason: "unknown-order" });
    stage.pass(2_000);
    expect([stage.position, stage.orders()]).toEqual([-0.3, []]);
  });

  test("an order whose outcome is unknown is asked for, and nothing is sent in its place", () => {
    const stage = tooLong();
    // Sent, and the connection said nothing but that it does not know.
    stage.passUnanswered(1100);
    const order = stage.order("active-hedge");
    stage.report(order.clientOrderId, "unknown");
    stage.passUnanswered(3000);
    expect(stage.sink.hedge.queried).toContain(order.clientOrderId);
    expect(stage.sink.hedge.orders.size).toBe(1);
    // It was filled all the time.
    stage.fill(order, 0.3);
    stage.pass(2_000);
    expect(stage.sink.hedge.orders.size).toBe(1);
    expect(stage.desk.active?.state).toBe("holding");
  });

  test("what is left of an order is sent for the exposure of now, not of the last decision", () => {
    const active = { ...ACTIVE, intervalMs: 60_000 };
    const stage = new HedgeStage({ hedge: { active } });
    stage.quoteFill("buy", 0.5);
    stage.start();
    const order = stage.order("active-hedge: sell 0.3");
    stage.fill(order, 0.1);
    // 1.05 ETH less 0.1: there is nothing left to be hedged.
    stage.quoteFill("sell", 0.45);
    stage.end(order.clientOrderId, "canceled");
    stage.pass(5_000);
    expect([stage.position, stage.orders()]).toEqual([-0.1, []]);
  });

  test("one that would cross is placed again at the touch as it is then", () => {
    const stage = tooLong();
    stage.passUnanswered(1100);
    stage.price = 2_003;
    stage.refuse("would-cross");
    stage.pass(1_000);
    expect(stage.orders().map((text) => text.slice(0, 18))).toEqual(["active-hedge: sell"]);
    expect(stage.order("active-hedge").priceTicks).toBe(200_301);
  });

  test("an overloaded venue is asked again, later and later", () => {
    const stage = tooLong();
    const sent: number[] = [];
    const beganMs = stage.events.nowMs;
    for (let step = 0; step < 100; step += 1) {
      stage.events.nowMs += 100;
      stage.apply(stage.events.book(stage.ticks));
      stage.hedge(stage.events.book(stage.ticks));
      if (stage.orders().length === 0) continue;
      sent.push(stage.events.nowMs - beganMs);
      stage.refuse("throttled");
    }
    const waits = sent.slice(1).map((ms, index) => ms - (sent[index] ?? 0));
    expect(waits.slice(0, 4)).toEqual([200, 400, 800, 1_600]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(5_000);
    stage.pass(6_000);
    expect(stage.orders().length).toBe(1);
  });

  test("a step below the least order waits until it adds up, and is shown", () => {
    const stage = new HedgeStage({ hedge: { active: ACTIVE, minStepLots: 400 } }).start();
    stage.quoteFill("buy", 0.5);
    stage.pass(3_000);
    expect(stage.orders()).toEqual([]);
    expect(stage.desk.active?.openLots).toBe(-300);
    stage.quoteFill("buy", 0.2);
    stage.pass(1_000);
    // 1.7 ETH of 4000 USDT in all: 1.7 − 0.6 · 4000 / 2000.
    expect(stage.orders()).toEqual(["active-hedge: sell 0.5 at 2000.01 (post-only)"]);
  });
});

describe("a least step that the venue does not take", () => {
  /** Steps of one lot, 2 USDT; the venue takes orders of 5 USDT and more. */
  const tiny = { active: ACTIVE, minStepLots: 1, maxUnhedgedMs: 5_000 };

  test("a rest that cannot be traded is not missed, and switches no side off", () => {
    const stage = new HedgeStage({ hedge: tiny }).start();
    stage.quoteFill("buy", 0.5);
    stage.pass(1_000);
    stage.fill(stage.order("active-hedge: sell 0.3"), 0.298);
    // The touch moves: what rests is to follow it, and is too little for that.
    stage.pass(10_000, 2_000.1);
    expect([stage.position, stage.orders()]).toEqual([-0.298, []]);
    expect(stage.desk.active?.state).toBe("holding");
    expect([stage.desk.active?.isNeeded, stage.guard("unhedged")]).toEqual([false, false]);
    expect(stage.quotedSides()).toEqual(["buy", "sell"]);
  });

  test("half of a small hedge is too little for an order: it is closed as a whole", () => {
    const position = { base: "-0.004", quote: "8" };
    const stage = new HedgeStage({ hedge: tiny, position }).start();
    // Halves would be 4 USDT each.
    expect(stage.orders()).toEqual(["active-hedge: buy 0.004 at 1999.99 (post-only, reduce-only)"]);
  });
});

describe("back inside the band", () => {
  /** Short 0.3 against +50 %, as above. */
  function hedged(): HedgeStage {
    const stage = tooLong();
    stage.pass(1_000);
    stage.fill(stage.order("active-hedge"), 0.3);
    stage.pass(1_000);
    stage.steps();
    return stage;
  }

  test("the hedge stays while the inventory is between its two thresholds", () => {
    const stage = hedged();
    stage.quoteFill("sell", 0.3); // 1.2 ETH: +20 %, still above 10 %
    stage.pass(5_000);
    expect([stage.orders(), stage.desk.active?.state]).toEqual([[], "holding"]);
  });

  test("it is bought back step by step, reduce-only, and the position is not forgotten", () => {
    const stage = hedged();
    stage.quoteFill("sell", 0.46); // 1.04 ETH: +4 %
    stage.pass(1_000);
    expect(stage.steps()).toEqual(["active holding → unwinding: move-near-target"]);
    expect(stage.orders()).toEqual(["active-hedge: buy 0.15 at 1999.99 (post-only, reduce-only)"]);
    stage.fill(stage.order("active-hedge"), 0.15);
    stage.pass(1_000);
    expect(stage.orders()).toEqual(["active-hedge: buy 0.15 at 1999.99 (post-only, reduce-only)"]);
    stage.fill(stage.order("active-hedge"), 0.15);
    stage.pass(1_000);
    expect([stage.position, stage.orders()]).toEqual([0, []]);
    expect(stage.desk.active?.state).toBe("idle");
  });

  test("too much again in the middle of it: the steps end, the hedge grows", () => {
    const stage = hedged();
    stage.quoteFill("sell", 0.46);
    stage.pass(1_000);
    stage.fill(stage.order("active-hedge"), 0.15);
    stage.quoteFill("buy", 0.6); // 1.64 ETH less 0.15
    stage.pass(1_500);
    // Both spreads gained 0.0045 USDT. To 0.6: 1.49 − 0.6 · 4000.0045 / 2000 = 0.28999865.
    expect(stage.orders()).toEqual(["active-hedge: sell 0.289 at 2000.01 (post-only)"]);
  });
});

describe("when it cannot be hedged", () => {
  test("the hedge venue is down: quotes go on, then the side that adds to it goes off", () => {
    const stage = new HedgeStage({ hedge: { active: ACTIVE } }).start();
    stage.hedge(stage.events.connection("down"));
    stage.hedgeIsUp = false;
    stage.quoteFill("buy", 0.1);
    stage.pass(119_000);
    expect(stage.guard("unhedged")).toBe(false);
    expect(stage.quotedSides()).toEqual(["buy", "sell"]);
    stage.pass(2_000);
    expect(stage.guard("unhedged")).toBe(true);
    stage.pass(500);
    expect(stage.quotedSides()).toEqual(["sell"]);

    // Back, and compared: both sides again.
    stage.hedgeIsUp = true;
    stage.hedge(stage.events.connection("up"));
    stage.compare();
    stage.pass(1_000);
    expect(stage.guard("unhedged")).toBe(false);
    expect(stage.quotedSides()).toEqual(["buy", "sell"]);
  });

  test("near its margin the hedge grows no more, and buying more is over", () => {
    const stage = tooLong();
    stage.compare({ marginRatio: 0.6 });
    stage.pass(2_000);
    expect(stage.orders()).toEqual([]);
    expect(stage.guard("hedge-margin")).toBe(true);
    stage.compare({ marginRatio: 0.1 });
    stage.pass(2_000);
    expect(stage.orders().length).toBe(1);
  });

  test("a position that is another than ours, for good, is taken as it is", () => {
    const stage = tooLong();
    stage.pass(1_000);
    stage.fill(stage.order("active-hedge"), 0.3);
    stage.compare({ position: "0" });
    expect(stage.guard("hedge-mismatch")).toBe(true);
    // The same once more, unasked, may be as old as the first.
    stage.compare({ position: "0" });
    expect(stage.guard("hedge-mismatch")).toBe(true);
    const { reconciles } = stage.sink.hedge;
    stage.pass(5_000);
    expect(stage.sink.hedge.reconciles).toBeGreaterThan(reconciles);
    stage.compare({ position: "0" });
    expect(stage.guard("hedge-mismatch")).toBe(false);
    expect(stage.alerts()).toContain("hedge-position-adopted");
    expect(stage.desk.book.positionLots).toBe(0);
    stage.pass(1_000);
    // Sold at 2000.01 and taken over at 2000, it gained 0.003: 1.5 − 0.6 · 4000.003 / 2000.
    expect(stage.orders()).toEqual(["active-hedge: sell 0.299 at 2000.01 (post-only)"]);
  });
});
