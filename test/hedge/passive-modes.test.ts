/** A passive hedge that is on when the mode changes, and one that an earlier run has left. */

import { describe, expect, test } from "bun:test";
import { open, PassiveBench } from "./passive-bench.ts";
import { hedgeParams } from "./setup.ts";

describe("modes", () => {
  test("flatten closes at the market, and takes the stop away after that", () => {
    const bench = open();
    bench.mode = "flatten";
    expect(bench.act()).toEqual(["market buy 500@0 reduce"]);
    expect(bench.hedger.state).toBe("closing");
    bench.venue.fill(bench.venue.last("buy"), 500, 3801);
    expect(bench.act()).toEqual(["cancel buy 500 (hedge-closed)"]);
    expect(bench.story.slice(-3)).toEqual([
      "open → closing: flatten",
      "closing → cooling: hedge-closed",
      "cooling → off: flatten",
    ]);
    bench.venue.answer();
    expect(bench.settle(600_000)).toEqual([]);
    expect(bench.venue.live).toEqual([]);
  });

  test("the stop goes once the venue has taken the close, not before", () => {
    const bench = open();
    bench.mode = "flatten";
    bench.act();
    bench.venue.reject(bench.venue.last("buy"), "throttled");
    expect(bench.act()).toEqual([]);
    expect(bench.act(200)).toEqual(["market buy 500@0 reduce"]);
    bench.venue.answer();
    expect(bench.act()).toEqual(["cancel buy 500 (closing)"]);
  });

  test("off takes the stop away, leaves the position, and says so", () => {
    const bench = open();
    bench.mode = "off";
    expect(bench.settle()).toEqual(["cancel buy 500 (off)"]);
    expect(bench.settle(600_000)).toEqual([]);
    expect([bench.hedger.state, bench.venue.live, bench.venue.alerts]).toEqual([
      "off",
      [],
      ["critical hedge-without-stop"],
    ]);
    bench.mode = "hedge";
    expect(bench.act()).toEqual(["stop-market buy 500@3838 reduce"]);
    expect([bench.hedger.state, bench.hedger.entryTicks]).toEqual(["open", 3800]);
  });

  test("a hedge that is on when passive hedging is configured away is seen through", () => {
    const bench = open();
    bench.hedger.reconfigure(hedgeParams({ passive: null }));
    expect(bench.settle(60_000)).toEqual([]);
    bench.venue.fill(bench.venue.last("buy"), 500, 3838);
    bench.act();
    bench.act(600_000);
    expect(bench.hedger.state).toBe("off");
  });
});

/** A fill of an order that this run has not sent. */
function lateFill(bench: PassiveBench, tradeId: string, ticks: number): void {
  const fill = {
    tradeId,
    clientOrderId: "mm-SUI-p0-1",
    side: "sell",
    priceTicks: ticks,
    quantityLots: 300,
    fee: "0",
    feeAsset: "USDC",
    liquidity: "taker",
    venueTimeMs: 0,
  } as const;
  bench.venue.book.bookFill(fill, 2 * ticks);
}

describe("mistake 2: a late fill of an earlier run is no stranger", () => {
  test("it gets its stop-loss, from the mid of now: its price is not known here", () => {
    const bench = new PassiveBench(hedgeParams({ passive: { cooldownMs: 0 } }));
    lateFill(bench, "t1", 4000);
    expect(bench.act()).toEqual(["stop-market buy 300@4040 reduce"]);
    bench.venue.fill(bench.venue.last(), 300, 4040);
    bench.act();
    bench.price(3600);
    lateFill(bench, "t2", 3600);
    expect(bench.act()).toContain("stop-market buy 300@3636 reduce");
  });

  test("without parameters for a stop-loss it is closed", () => {
    const bench = new PassiveBench(hedgeParams({ passive: null }));
    lateFill(bench, "t1", 4000);
    expect(bench.act()).toEqual(["market buy 300@0 reduce"]);
  });
});
