/**
 * A day of a perp that a trader can follow: an allotment of 1 ETH and 2000 USDC, target one half,
 * the mid at 2000 until the evening, three bins of 10 bp a side. Nothing is held at first; the
 * venue amends nothing, and charges makers 0.015 % in USDC. Every number has its sum beside it.
 */

import { expect, test } from "bun:test";
import { plain } from "#domain/decimal.ts";
import type { FundingEvent } from "#domain/events.ts";
import type { ManagedOrder } from "#engine/managed-order.ts";
import { bestOf, MID, ordersOf, QUOTES } from "./quoting.ts";
import { Bench, ETH_PERP, FLAT, params, strategy } from "./setup.ts";

let trades = 0;

function fill(bench: Bench, order: ManagedOrder, fee: string): void {
  trades += 1;
  const { quantityLots } = order;
  const { events } = bench;
  bench.apply(
    events.execution(order, quantityLots, `t${trades}`, { fee, feeAsset: "USDC" }),
    events.order(order.clientOrderId, "filled", { quantityLots, filledLots: quantityLots }),
  );
}

/** Lets the venue answer and the pair re-quote until there is nothing left to do. */
function settle(bench: Bench, midTicks = MID): void {
  for (let round = 0; round < 4; round += 1) {
    bench.pass(100, midTicks);
    bench.acknowledge();
  }
}

function sent(bench: Bench): string[] {
  return bench.sent().map((action) => action.replaceAll(/mm-ETH-q1-\w+/g, "#"));
}

/** What the venue says of the account: the position, and where it would be liquidated. */
function account(bench: Bench, position: string, liquidationPrice?: number): void {
  const event = bench.events.account(position, "5000", null);
  bench.apply(liquidationPrice === undefined ? event : { ...event, liquidationPrice });
  bench.pass(100, MID);
}

function funding(bench: Bench, fundingId: string, amount: string): FundingEvent {
  const { nowMs } = bench.events;
  return { kind: "funding", venueTimeMs: nowMs, receivedTimeMs: nowMs, fundingId, amount };
}

test("a trading day of a perp", () => {
  const changes = { capital: { position: FLAT }, risk: { minLiquidationDistancePct: 10 } };
  const bench = new Bench(params(changes), strategy("spot"), ETH_PERP);
  const { engine, events } = bench;

  // Morning: no position, so the ladder is that of 1 ETH and 2000 USDC in balance.
  bench.start(MID);
  expect(bench.live()).toEqual(QUOTES);
  expect(plain(engine.ledger.equity())).toBe("4000"); // 2000, and the allotment at 2000
  bench.news();

  // Somebody buys at our best ask: short 0.333 for 666.666, less 0.015 %.
  fill(bench, bestOf(bench, "sell"), "0.0999999");
  expect(bench.base).toBe("-0.333");
  expect(bench.quote).toBe("2666.5660001"); // 2000 + 666.666 − 0.0999999
  settle(bench);
  // 0.667 ETH are 1334 of 4000.566 USDC, 0.33345: 33.3 % under the target, so selling shrinks
  // to (0.6 − 0.33309) / 0.3 = 0.88969 of 0.667 ETH, 0.1978 a level; to buy with there are 888.86
  // USDC a level.
  expect(engine.ladder.asks.multiplier).toBeCloseTo(0.88969, 4);
  expect(sent(bench)).toEqual([
    "replace # by buy 0.444 at 1998", // 888.86 / 1998 = 0.44487…
    "replace # by sell 0.197 at 2002", // nothing is amended: one that is too large is replaced
    "replace # by buy 0.445 at 1996", // 0.44532…
    "replace # by sell 0.197 at 2004",
    "replace # by buy 0.445 at 1994", // 0.44576…
    "place sell 0.197 at 2006",
  ]);

  // The market keeps buying, through all three asks: 0.591 more for 1184.364.
  const fees = ["0.0591591", "0.0592182", "0.0592773"];
  for (const [index, ask] of ordersOf(bench, "sell").entries()) {
    fill(bench, ask, fees[index] ?? "");
  }
  expect(bench.base).toBe("-0.924"); // −0.333 − 0.591
  expect(bench.quote).toBe("3850.7523455"); // 2666.5660001 + 1184.364 − 0.1776546
  settle(bench);
  // 0.076 ETH are 152 of 4002.752 USDC, 0.03797: 92.4 % under the target. No asks, all the bids.
  expect(bench.live()).toEqual([
    "buy 0.642 at 1998", // 3850.75 / 3 = 1283.58; / 1998 = 0.64243…
    "buy 0.643 at 1996", // 0.64307…
    "buy 0.643 at 1994", // 0.64372…
  ]);
  bench.news();

  // On the hour shorts receive funding; the venue tells of it twice, and it is booked once.
  bench.apply(funding(bench, "h1", "0.0232"), funding(bench, "h1", "0.0232"));
  expect(bench.quote).toBe("3850.7755455");

  // The price of liquidation comes near: 2180 is 9 % away, and the limit is 10 %.
  account(bench, "-0.924", 2180);
  expect(bench.guard("liquidation-distance")).toEqual({
    tripped: true,
    value: 9,
    limit: 10,
    effect: "side-off",
  });
  settle(bench);
  // Buying back reduces the position: it goes on.
  expect(ordersOf(bench, "buy")).toHaveLength(3);
  // Money was put into the account. 11.5 % are still too near once it was: 12 % are asked for.
  account(bench, "-0.924", 2230);
  expect(bench.guard("liquidation-distance").tripped).toBe(true);
  account(bench, "-0.924", 2241);
  expect(bench.guard("liquidation-distance").tripped).toBe(false);

  // Afternoon: two bids are filled: from short to long.
  const [first, second] = ordersOf(bench, "buy");
  if (first === undefined || second === undefined) throw new Error("no bids");
  fill(bench, first, "0.1924074"); // 0.642 · 1998 · 0.015 %
  fill(bench, second, "0.1925142");
  expect(bench.base).toBe("0.361"); // −0.924 + 0.642 + 0.643
  expect(bench.quote).toBe("1284.2466239"); // 3850.7755455 − 1282.716 − 1283.428 − 0.3849216
  // What was told of a short says nothing of a long.
  bench.pass(100, MID);
  expect(bench.guard("liquidation-distance").value).toBe(Infinity);
  account(bench, "0.361");
  expect(engine.guards().filter(({ tripped }) => tripped)).toEqual([]);
  settle(bench);
  // 1.361 ETH are 2722 of 4006.24 USDC, 0.67944: 35.9 % above the target, selling is whole: 0.4536
  // a level.
  const asks = bench.live().filter((order) => order.startsWith("sell"));
  expect(asks).toEqual(["sell 0.453 at 2002", "sell 0.453 at 2004", "sell 0.453 at 2006"]);

  // Evening: the mid is at 2010. The books: nothing is revalued but the position.
  bench.pass(100, MID + 1_000);
  engine.ledger.mark(engine.market.midHalfTicks);
  const pnl = engine.ledger.pnl();
  // 2 · 0.333 + (2 + 4 + 6) · 0.197 + 2 · 0.642 + 4 · 0.643
  expect(plain(pnl.spreadCapture)).toBe("6.886");
  expect(plain(pnl.inventoryRevaluation)).toBe("3.61"); // 0.361 · 10
  expect(plain(pnl.fees)).toBe("-0.6625761"); // 0.0999999 + 0.1776546 + 0.3849216
  expect(plain(pnl.funding)).toBe("0.0232");
  expect(plain(pnl.equityChange)).toBe("9.8566239"); // 6.886 + 3.61 − 0.6625761 + 0.0232
  expect(plain(engine.ledger.equity())).toBe("4009.8566239"); // 2000 + 1284.2466239 + 0.361 · 2010
  expect(plain(pnl.residual)).toBe("0");

  // Somebody trades the position by hand. It is not what our fills make of it: nothing is quoted.
  bench.news();
  bench.apply(events.account("0.1", "5000", null));
  expect(bench.guard("balance-mismatch").tripped).toBe(true);
  expect(sent(bench)).toEqual(["reconcile", "cancelAll"]);
});
