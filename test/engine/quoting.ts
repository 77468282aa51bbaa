/**
 * The pair that the stories of the engine's tests are about: 1 ETH and 2000 USDT at a mid of 2000,
 * three bins of 10 bp a side.
 */

import { expect } from "bun:test";
import type { Side } from "#domain/instrument.ts";
import type { ManagedOrder } from "#engine/managed-order.ts";
import { Bench } from "./setup.ts";

/** 2000 USDT in ticks. */
export const MID = 200_000;

export const QUOTES = [
  "buy 0.333 at 1998", // 2000 / 3 / 1998 = 0.33366…
  "buy 0.334 at 1996", // 2000 / 3 / 1996 = 0.33400…
  "buy 0.334 at 1994",
  "sell 0.333 at 2002", // 1 / 3
  "sell 0.333 at 2004",
  "sell 0.333 at 2006",
];

/** A bench whose six quotes are open. */
export function quoting(...given: ConstructorParameters<typeof Bench>): Bench {
  const bench = new Bench(...given);
  bench.start(MID);
  bench.news();
  return bench;
}

/** Live orders of a side, best first. */
export function ordersOf(bench: Bench, side: Side): ManagedOrder[] {
  const found = [...bench.engine.orders.live.values()].filter((order) => order.side === side);
  const sign = side === "buy" ? -1 : 1;
  return found.sort((a, b) => sign * (a.priceTicks - b.priceTicks));
}

/** The live order of a side that is nearest to the mid. */
export function bestOf(bench: Bench, side: Side): ManagedOrder {
  const order = ordersOf(bench, side)[0];
  if (order === undefined) throw new Error(`no ${side} order`);
  return order;
}

/** All quotes were pulled: the venue does what it was asked, and nothing is open then. */
export function expectPulled(bench: Bench): void {
  expect(bench.sent()).toContain("cancelAll");
  bench.acknowledge();
  expect(bench.live()).toEqual([]);
}

/** The venue takes what it was sent, and the six quotes are open. */
export function expectQuotes(bench: Bench): void {
  bench.acknowledge();
  expect(bench.live()).toEqual(QUOTES);
}
