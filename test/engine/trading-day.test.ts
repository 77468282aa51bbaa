/**
 * A trading day that a trader can follow: 1 ETH and 2000 USDT, target one half, the mid at 2000
 * all day, three bins of 10 bp a side. Buys are charged 0.1 % in ETH, sells 0.1 % in USDT. Every
 * number has its sum beside it.
 */

import { expect, test } from "bun:test";
import { plain } from "#domain/decimal.ts";
import type { ManagedOrder } from "#engine/managed-order.ts";
import { bestOf, MID, ordersOf } from "./quoting.ts";
import { Bench } from "./setup.ts";

let trades = 0;

/** The venue fills the rest of an order, and says so twice: by its end and by the execution. */
function fill(bench: Bench, order: ManagedOrder, fee: { fee: string; feeAsset: string }): void {
  trades += 1;
  const { quantityLots } = order;
  const { events } = bench;
  bench.apply(
    events.order(order.clientOrderId, "filled", { quantityLots, filledLots: quantityLots }),
    events.execution(order, order.quantityLots, `t${trades}`, fee),
  );
}

/** Lets the venue answer and the pair re-quote until there is nothing left to do. */
function settle(bench: Bench): void {
  for (let round = 0; round < 4; round += 1) {
    bench.pass(100, MID);
    bench.acknowledge();
  }
}

/** What was sent, without the names of orders. */
function sent(bench: Bench): string[] {
  return bench.sent().map((action) => action.replaceAll(/mm-ETH-q1-\w+/g, "#"));
}

test("a trading day", () => {
  const bench = new Bench();
  const { events, engine } = bench;

  // Morning: the venue is swept of what an earlier run may have left, and asked for the truth.
  bench.apply(events.connection("up"));
  expect(engine.state).toBe("starting");
  expect(sent(bench)).toEqual(["cancelAll", "reconcile"]);
  bench.apply(events.book(MID));
  bench.apply(events.account("1", "2000", []));
  expect(engine.state).toBe("quoting");
  bench.pass(100, MID);
  // Nearest levels first; with balanced inventory a bid comes before the ask of its level.
  expect(sent(bench)).toEqual([
    "place buy 0.333 at 1998", //  2000 / 3 = 666.67; / 1998 = 0.33366…
    "place sell 0.333 at 2002", // 1 / 3
    "place buy 0.334 at 1996", //  666.67 / 1996 = 0.33400…
    "place sell 0.333 at 2004",
    "place buy 0.334 at 1994",
    "place sell 0.333 at 2006",
  ]);
  bench.acknowledge();

  // Somebody sells to our best bid: 0.333 ETH for 665.334 USDT, less 0.1 % in ETH.
  fill(bench, bestOf(bench, "buy"), { fee: "0.000333", feeAsset: "ETH" });
  expect(bench.base).toBe("1.332667"); //  1 + 0.333 − 0.000333
  expect(bench.quote).toBe("1334.666"); // 2000 − 665.334
  settle(bench);
  // 1.332 ETH (whole lots) are 2664 of 3998.666 USDT, 0.66622: 33.2 % above the target, so buying
  // shrinks to (0.6 − 0.33245) / 0.3 = 0.89183 of 1334.666 USDT, 396.77 a level.
  expect(engine.ladder.iqvMoveRatio).toBeCloseTo(0.33245, 4);
  expect(engine.ladder.bids.multiplier).toBeCloseTo(0.89183, 4);
  expect(sent(bench)).toEqual([
    "amend # to 0.198", // the bid at 1996: 396.77 / 1996 = 0.19878…; it keeps its queue place
    "amend # to 0.198", // the bid at 1994: 396.77 / 1994 = 0.19898…
    "replace # by sell 0.444 at 2002", // 1.332 / 3; to grow, an order has to be replaced
    "replace # by sell 0.444 at 2004",
    "replace # by sell 0.444 at 2006",
    "place buy 0.198 at 1998", // 396.77 / 1998 = 0.19858…; it had to wait for the amendments
  ]);

  // The market keeps selling: all three bids are filled, 0.594 ETH for 1185.624 USDT.
  for (const bid of ordersOf(bench, "buy")) fill(bench, bid, { fee: "0.000198", feeAsset: "ETH" });
  expect(bench.base).toBe("1.926073"); // 1.332667 + 0.594 − 0.000594
  expect(bench.quote).toBe("149.042"); // 1334.666 − 0.198 · (1998 + 1996 + 1994)
  settle(bench);
  // 3852 of 4001.042 USDT, 0.96275: 92.5 % above the target. No bids, and all the asks.
  expect(engine.ladder.bids.multiplier).toBe(0);
  expect(bench.live()).toEqual([
    "sell 0.642 at 2002", // 1.926 / 3
    "sell 0.642 at 2004",
    "sell 0.642 at 2006",
  ]);
  expect(engine.ladder.asks.multiplier).toBe(1);
  bench.news();

  // Lunch: the operator pauses the pair, and resumes it.
  bench.apply(events.operator("pause"));
  expect(sent(bench)).toEqual(["cancelAll"]);
  bench.acknowledge();
  bench.pass(60_000, MID);
  expect(engine.state).toBe("paused");
  expect(bench.live()).toEqual([]);
  expect(sent(bench)).toEqual([]);
  bench.apply(events.operator("resume"));
  expect(sent(bench)).toEqual([
    "place sell 0.642 at 2002",
    "place sell 0.642 at 2004",
    "place sell 0.642 at 2006",
  ]);
  bench.acknowledge();

  // Afternoon: somebody buys at 2002: 0.642 ETH for 1285.284 USDT, less 0.1 % in USDT.
  fill(bench, bestOf(bench, "sell"), { fee: "1.285284", feeAsset: "USDT" });
  expect(bench.base).toBe("1.284073"); // 1.926073 − 0.642
  expect(bench.quote).toBe("1433.040716"); // 149.042 + 1285.284 − 1.285284
  settle(bench);
  // 2568 of 4001.040716 USDT, 0.64183: 28.4 % above the target, within the 30 % that are let be.
  expect(engine.ladder.bids.multiplier).toBe(1);
  expect(bench.live()).toEqual([
    "buy 0.239 at 1998", // 1433.04 / 3 = 477.68; / 1998 = 0.23908…
    "buy 0.239 at 1996", // 0.23932…
    "buy 0.239 at 1994", // 0.23956…
    "sell 0.428 at 2002", // 1.284 / 3
    "sell 0.428 at 2004",
    "sell 0.428 at 2006",
  ]);
  bench.news();

  // The line goes dead. Everything is to be canceled, but nobody hears it …
  const [lost, ...others] = ordersOf(bench, "buy");
  if (lost === undefined) throw new Error("no bid");
  const rest = [...others, ...ordersOf(bench, "sell")];
  bench.apply(events.connection("down"));
  expect(sent(bench)).toEqual(["cancelAll"]);
  expect(lost.status).toBe("pending-cancel");
  bench.pass(2_000);
  bench.news(); // nor what it asks meanwhile
  // … and meanwhile our best bid is filled. Back on line, the pair asks and quotes nothing yet.
  bench.apply(events.connection("up"));
  expect(lost.status).toBe("unknown");
  expect(sent(bench)).toEqual(["reconcile"]); // one list tells of all six
  fill(bench, lost, { fee: "0.000239", feeAsset: "ETH" });
  expect(bench.base).toBe("1.522834"); // 1.284073 + 0.239 − 0.000239
  expect(bench.quote).toBe("955.518716"); // 1433.040716 − 0.239 · 1998
  const ids = rest.map(({ clientOrderId }) => clientOrderId);
  bench.apply(events.account(bench.base, bench.quote, ids));
  expect(rest.every(({ doubtSinceMs }) => doubtSinceMs < 0)).toBe(true);
  settle(bench);
  expect(engine.guards().filter(({ tripped }) => tripped)).toEqual([]);
  // 3044 of 3999.518716 USDT, 0.76109: 52.2 % above: (0.6 − 0.52218) / 0.3 = 0.2594 of 955.518716
  // USDT are 82.62 a level.
  expect(bench.live()).toEqual([
    "buy 0.041 at 1998", // 82.62 / 1998 = 0.04135…
    "buy 0.041 at 1996",
    "buy 0.041 at 1994",
    "sell 0.507 at 2002", // 1.522 / 3 = 0.50733…
    "sell 0.507 at 2004",
    "sell 0.507 at 2006",
  ]);

  // Evening: the books. With the mid where it was, all there is to earn is the spread.
  const pnl = engine.ledger.pnl();
  // 2 · (0.333 + 0.198 + 0.642 + 0.239) + 0.198 · (4 + 6)
  expect(plain(pnl.spreadCapture)).toBe("4.804");
  // 2000 · (0.000333 + 0.000594 + 0.000239) + 1.285284
  expect(plain(pnl.fees)).toBe("-3.617284");
  expect(plain(pnl.inventoryRevaluation)).toBe("0");
  expect(plain(pnl.equityChange)).toBe("1.186716"); // 4.804 − 3.617284
  expect(plain(engine.ledger.equity())).toBe("4001.186716"); // 1.522834 · 2000 + 955.518716
  expect(plain(pnl.residual)).toBe("0");

  bench.apply(events.operator("stop"));
  bench.acknowledge();
  expect(engine.state).toBe("stopping");
  expect(bench.live()).toEqual([]);
});
