/** Stops by all their names, and news that are kept until it is known whose they are. */

import { expect, test } from "bun:test";
import { AlgoOrders } from "#venues/binance-perp/algo-orders.ts";
import { HeldReports } from "#venues/binance-perp/held-reports.ts";
import { readUserEvent } from "#venues/binance-perp/user-events.ts";
import { marketOf, NOW_MS, reportOf } from "./perp-kit.ts";

function reportNo(order: number): Parameters<HeldReports["add"]>[0] {
  const { instrument } = marketOf();
  const json = reportOf("x-made", order);
  const event = readUserEvent(json, { instrument, receivedTimeMs: NOW_MS });
  if (event.kind !== "order") throw new Error("it is an order's");
  return event.report;
}

test("a stop is known by its own id, and once it became an order by that order's number", () => {
  const stops = new AlgoOrders();
  expect(stops.mayBecomeOrders).toBe(false);
  stops.note("s1");
  stops.note("s1", 77);
  expect(stops.find("s1")).toMatchObject({ algoId: 77, realOrderId: null, isOver: false });
  expect(stops.mayBecomeOrders).toBe(true);
  stops.link("s1", "9100");
  expect(stops.clientIdOf("9100")).toBe("s1");
  expect(stops.mayBecomeOrders).toBe(false);
});

test("one that has ended becomes no order, unless the venue says that it did", () => {
  const stops = new AlgoOrders();
  stops.note("s1", 77);
  stops.end("s1");
  expect([stops.mayBecomeOrders, stops.find("s1")?.isOver]).toEqual([false, true]);
  stops.link("s1", "9100");
  expect(stops.clientIdOf("9100")).toBe("s1");
  expect(stops.mayBecomeOrders).toBe(false);
});

test("held news come back in their order, once", () => {
  const held = new HeldReports();
  const [first, second] = [reportNo(1), reportNo(1)];
  expect([held.add(first), held.add(second), held.add(reportNo(2))]).toEqual([true, true, true]);
  expect(held.ids()).toEqual(["1", "2"]);
  expect(held.nameOf("1")).toBe("x-made");
  const taken = held.take("1");
  expect([taken[0] === first, taken[1] === second, taken.length]).toEqual([true, true, 2]);
  expect(held.take("1")).toEqual([]);
  expect([held.nameOf("1"), held.isEmpty]).toEqual([null, false]);
});

test("no more are held than there is place for: of orders, and of one order", () => {
  const held = new HeldReports();
  for (let order = 1; order <= 64; order += 1) expect(held.add(reportNo(order))).toBe(true);
  expect(held.add(reportNo(65))).toBe(false);
  for (let more = 1; more < 64; more += 1) expect(held.add(reportNo(1))).toBe(true);
  expect(held.add(reportNo(1))).toBe(false);
});
