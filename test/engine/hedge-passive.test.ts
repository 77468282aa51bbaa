/**
 * The passive hedge as a trader sees it: triggers that wait, one that fires, its stop-loss, and the
 * round's end. Every number has its sum beside it.
 */

import { describe, expect, test } from "bun:test";
import { HedgeStage, HL_ETH, PASSIVE, type StageOptions } from "./hedge-stage.ts";

/** 1 ETH and 2000 USDT at 2000: half of the ETH is covered, 2 % below and above. */
const ARMED = ["passive-hedge: sell 0.5 stop at 1960", "passive-hedge: buy 0.5 stop at 2040"];

function armed(options: StageOptions = {}): HedgeStage {
  return new HedgeStage({ ...options, hedge: { passive: PASSIVE, ...options.hedge } }).start();
}

/** The sell trigger of `armed` has filled at 1959.50; the price is there. */
function open(options: StageOptions = {}): HedgeStage {
  const stage = armed(options);
  stage.pass(5_000, 1_959.5);
  stage.fill(stage.order("passive-hedge: sell"), 0.5, 1_959.5);
  return stage;
}

test("a balanced pair keeps a trigger on either side", () => {
  const stage = armed();
  expect(stage.orders()).toEqual(ARMED);
  expect(stage.desk.passive?.state).toBe("armed");
  expect(stage.desk.passive?.isCovered).toBe(true);
});

test("where one side is hedged there is only the sell", () => {
  expect(armed({ hedge: { isDualSided: false } }).orders()).toEqual(ARMED.slice(0, 1));
});

describe("a crash", () => {
  test("however slow, meets its trigger: the anchor does not run away with the price", () => {
    const stage = armed();
    // An hour for two per cent, and nobody trades with us: the exposure looks neutral throughout.
    for (let minute = 1; minute <= 60; minute += 1) {
      stage.pass(60_000, 2_000 - (minute * 40) / 60);
      stage.agree();
      stage.compare();
    }
    expect(stage.order("passive-hedge: sell").priceTicks).toBe(196_000);
    expect(stage.price).toBe(1_960);
  });

  test("in which we buy all the way down: the trigger stays, and grows with the inventory", () => {
    const stage = armed();
    for (const price of [1_995, 1_990, 1_985, 1_980, 1_975]) {
      stage.pass(60_000, price);
      stage.quoteFill("buy", 0.1);
    }
    stage.pass(2_000);
    // Half of 1.4 ETH; the last tenth of an ETH is no reason to move it. The price is that of the
    // start.
    expect(stage.orders()).toContain("passive-hedge: sell 0.7 stop at 1960");
    expect(stage.orders().length).toBe(2);
  });

  test("and back to neutral at another price: that is the anchor from then on", () => {
    const stage = armed();
    stage.pass(5_000, 1_990);
    stage.quoteFill("buy", 0.4); // 1.4 · 1990 of 3990: +39.6 %
    stage.pass(2_000);
    stage.quoteFill("sell", 0.4); // and back: +/− 0.25 %
    stage.pass(2_000);
    // 1990 · 0.98 and 1990 · 1.02
    expect(stage.orders()).toEqual([
      "passive-hedge: sell 0.5 stop at 1950.2",
      "passive-hedge: buy 0.5 stop at 2029.8",
    ]);
  });
});

test("the price runs away where there is no trigger: the anchor follows by whole steps", () => {
  const stage = armed({ hedge: { isDualSided: false } });
  stage.pass(60_000, 2_030);
  expect(stage.orders()).toEqual(["passive-hedge: sell 0.5 stop at 1960"]);
  stage.pass(60_000, 2_045);
  // Two per cent up at 2040: 2040 · 0.98, or a few cents more.
  expect(stage.orders().length).toBe(1);
  expect(stage.order("passive-hedge: sell").priceTicks).toBeGreaterThanOrEqual(199_920);
  expect(stage.order("passive-hedge: sell").priceTicks).toBeLessThanOrEqual(200_410);
});

describe("replacing a trigger", () => {
  /** The inventory grew by half: the sell trigger is too small. */
  function grown(): HedgeStage {
    const stage = armed({ hedge: { isDualSided: false } });
    stage.quoteFill("buy", 0.5);
    stage.passUnanswered(1_000);
    return stage;
  }

  test("cover is never absent: the new one stands before the old one goes", () => {
    const stage = grown();
    expect(stage.orders()).toEqual([
      "passive-hedge: sell 0.5 stop at 1960",
      "passive-hedge: sell 0.75 stop at 1960",
    ]);
    expect(stage.sink.hedge.canceled).toEqual([]);
    stage.pass(500);
    expect(stage.orders()).toEqual(["passive-hedge: sell 0.75 stop at 1960"]);
  });

  test("both fire in between: what is too much is closed at once", () => {
    const stage = grown();
    const small = stage.order("passive-hedge: sell 0.5");
    const large = stage.order("passive-hedge: sell 0.75");
    stage.price = 1_959;
    stage.fill(large, 0.75, 1_959);
    stage.fill(small, 0.5, 1_959);
    stage.pass(500);
    const close = stage.orders().find((text) => text.includes("buy 0.5"));
    expect(close).toContain("reduce-only");
    expect(close).not.toContain(" stop at");
  });
});

describe("a trigger fires", () => {
  test("the other side goes and the stop stands at the first fill, not at the next look", () => {
    const stage = armed();
    stage.pass(5_000, 1_959.5);
    const sell = stage.order("passive-hedge: sell");
    const buy = stage.order("passive-hedge: buy");
    stage.fill(sell, 0.2, 1_959.5);
    // No time has passed. 1959.5 · 1.005 = 1969.2975
    expect(stage.sink.hedge.canceled).toEqual([buy.clientOrderId]);
    expect(stage.orders()).toContain("stop-loss: buy 0.2 stop at 1969.3 (reduce-only)");

    // The rest fills lower: 0.2 · 1959.5 + 0.3 · 1958.5, the mean is 1958.9; 1.005 of it 1968.6945.
    stage.answer();
    stage.fill(sell, 0.3, 1_958.5);
    stage.pass(500);
    expect(stage.orders()).toEqual(["stop-loss: buy 0.5 stop at 1968.7 (reduce-only)"]);
    expect(stage.desk.passive?.state).toBe("open");
    expect(stage.position).toBe(-0.5);
  });

  test("its stop-loss fills: the round is over, and after a while the next begins", () => {
    const stage = open();
    stage.pass(1_000);
    stage.fill(stage.order("stop-loss"), 0.5, 1_969.3);
    expect(stage.desk.passive?.state).toBe("cooling");
    expect([stage.position, stage.orders()]).toEqual([0, []]);
    stage.pass(9_000, 1_970);
    expect(stage.orders()).toEqual([]);
    stage.pass(2_000);
    // 1970 · 0.98 and · 1.02
    expect(stage.orders()).toEqual([
      "passive-hedge: sell 0.5 stop at 1930.6",
      "passive-hedge: buy 0.5 stop at 2009.4",
    ]);
  });

  test("the stop-loss finds too little to buy: the rest of it is bought at the market", () => {
    const stage = open();
    stage.pass(1_000);
    stage.price = 1_970;
    stage.fill(stage.order("stop-loss"), 0.3, 1_969.3);
    stage.end(stage.order("stop-loss").clientOrderId, "expired");
    stage.passUnanswered(100);
    expect([stage.position, stage.orders()]).toEqual([
      -0.2,
      ["stop-loss: buy 0.2 at market (reduce-only)"],
    ]);
    stage.answer();
    stage.fill(stage.order("stop-loss"), 0.2, 1_970);
    stage.pass(1_000);
    expect([stage.position, stage.desk.passive?.state]).toEqual([0, "cooling"]);
  });

  test("the venue throws the stop-loss out: it is there again at once", () => {
    const stage = open();
    stage.pass(1_000);
    stage.end(stage.order("stop-loss").clientOrderId, "canceled");
    stage.pass(200);
    expect(stage.orders()).toEqual(["stop-loss: buy 0.5 stop at 1969.3 (reduce-only)"]);
  });

  test("the price is beyond the stop before it stands: the hedge is closed at the market", () => {
    const stage = open();
    stage.price = 1_975;
    stage.answer();
    stage.passUnanswered(300);
    expect(stage.orders()).toEqual(["stop-loss: buy 0.5 at market (reduce-only)"]);
  });
});

describe("triggers that are not there", () => {
  test("canceled by the venue: it is placed again", () => {
    const stage = armed();
    stage.end(stage.order("passive-hedge: sell").clientOrderId, "canceled");
    stage.pass(1_000);
    expect([...stage.orders()].sort()).toEqual([...ARMED].sort());
  });

  test("would fire at once: hedged at the market, where the config says so", () => {
    const stage = new HedgeStage({ hedge: { passive: { ...PASSIVE, onCrossed: "hedge" } } });
    stage.start();
    stage.end(stage.order("passive-hedge: sell").clientOrderId, "canceled");
    stage.price = 1_955;
    stage.passUnanswered(2_000);
    stage.answer();
    stage.passUnanswered(300);
    expect(stage.orders()).toContain("passive-hedge: sell 0.5 at market");
  });

  test("would fire at once: anchored anew, where the config says so", () => {
    const stage = new HedgeStage({ hedge: { passive: { ...PASSIVE, onCrossed: "re-anchor" } } });
    stage.start();
    stage.end(stage.order("passive-hedge: sell").clientOrderId, "canceled");
    stage.price = 1_955;
    stage.pass(8_000);
    // 1955 · 0.98
    expect(stage.orders()).toContain("passive-hedge: sell 0.5 stop at 1915.9");
  });

  test("everything is compared with the venue every refresh interval", () => {
    const stage = armed();
    const before = stage.sink.hedge.reconciles;
    for (let round = 0; round < 4; round += 1) {
      stage.pass(30_000);
      stage.compare();
    }
    expect(stage.sink.hedge.reconciles - before).toBeGreaterThanOrEqual(4);
  });
});

test("a venue on which no stop opens a position: we watch, and send a market order", () => {
  const stage = armed({ instrument: HL_ETH });
  expect(stage.orders()).toEqual([]);
  expect(stage.desk.passive?.triggers.map(({ triggerTicks }) => triggerTicks)).toEqual([
    196_000, 204_000,
  ]);
  stage.pass(5_000, 1_961);
  expect(stage.orders()).toEqual([]);
  stage.price = 1_959;
  stage.passUnanswered(100);
  expect(stage.orders()).toEqual(["passive-hedge: sell 0.5 at market"]);
  stage.answer();
  stage.fill(stage.order("passive-hedge"), 0.5, 1_958.9);
  // 1958.9 · 1.005 = 1968.6945
  expect(stage.orders()).toEqual(["stop-loss: buy 0.5 stop at 1968.7 (reduce-only)"]);
});

test("the bought hedge of a rally has its stop below", () => {
  const stage = armed();
  stage.pass(5_000, 2_040.5);
  stage.fill(stage.order("passive-hedge: buy"), 0.5, 2_040.5);
  // 2040.5 · 0.995 = 2030.2975
  expect(stage.orders()).toContain("stop-loss: sell 0.5 stop at 2030.29 (reduce-only)");
});

test("a trigger that fires when there is nothing left to cover is closed at once", () => {
  const stage = armed();
  const trigger = stage.order("passive-hedge: sell");
  // The last of the inventory is sold, and the trigger fires ahead of its cancel.
  stage.quoteFill("sell", 1);
  stage.passUnanswered(1_500);
  expect(stage.sink.hedge.canceled).toContain(trigger.clientOrderId);
  stage.fill(trigger, 0.5, 1_959.5);
  expect(stage.orders()).toContain("stop-loss: buy 0.5 at market (reduce-only)");
});
