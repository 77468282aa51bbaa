/** What the mock of Hyperliquid remembers, and that it does not remember for ever. */

import { describe, expect, test } from "bun:test";
import { ZERO } from "#domain/decimal.ts";
import { Fills, fillJson, type HlFill } from "#mock-venues/hyperliquid/fills.ts";
import { type HlOrder, OrderRecords } from "#mock-venues/hyperliquid/order-records.ts";
import { perpInstrument } from "#mock-venues/hyperliquid/universe.ts";
import { cloid } from "./venue-bench.ts";

const instrument = perpInstrument({ coin: "BTC", szDecimals: 5 });

function orderOf(oid: number, clientId: string | null): HlOrder {
  return {
    coin: "BTC",
    asset: 0,
    instrument,
    cloid: clientId,
    side: "buy",
    tif: "Gtc",
    priceTicks: 640_000,
    triggerTicks: 0,
    quantityLots: 100,
    reduceOnly: false,
    oid,
    filledLots: 0,
    filledValue: ZERO,
    status: "open",
    timeMs: 1,
    statusTimeMs: 1,
    refusal: null,
  };
}

function fillOf(change: Partial<HlFill>): HlFill {
  return {
    coin: "BTC",
    instrument,
    oid: 1,
    cloid: null,
    side: "buy",
    priceTicks: 640_000,
    lots: 100,
    timeMs: 1,
    startLots: 0,
    closedPnl: "0",
    fee: "0.1",
    isMaker: true,
    hash: "0x00",
    tid: 5,
    ...change,
  };
}

describe("orders", () => {
  test("that ended long ago are forgotten, those that are open never", () => {
    const records = new OrderRecords(0);
    const open = orderOf(records.nextOid(), cloid(1));
    records.add(open);
    for (let count = 2; count <= 45_000; count += 1) {
      const order = orderOf(records.nextOid(), cloid(count));
      records.add(order);
      records.ended(order);
    }
    expect(records.open()).toEqual([open]);
    expect(records.find(1)).toBe(open);
    expect([records.find(2), records.find(cloid(2))]).toEqual([undefined, undefined]);
    expect(records.find(45_000)?.cloid).toBe(cloid(45_000));
    const newest = records.newest(2000);
    expect([newest.length, newest[0]?.oid, newest[1999]?.oid]).toEqual([2000, 45_000, 43_001]);
  });

  test("of one client id are found by the newest", () => {
    const records = new OrderRecords(0);
    const [first, second] = [orderOf(1, cloid(9)), orderOf(2, cloid(9))];
    for (const order of [first, second]) records.add(order);
    expect(records.findOpen(cloid(9))).toBe(second);
    records.ended(second);
    expect(records.findOpen(cloid(9))).toBeUndefined();
    expect(records.findOpen(1)).toBe(first);
  });
});

describe("fills", () => {
  test("are the newest ten thousand", () => {
    const fills = new Fills();
    for (let tid = 1; tid <= 25_000; tid += 1) fills.add(fillOf({ tid }));
    expect(fills.all).toHaveLength(10_000);
    expect([fills.all[0]?.tid, fills.all.at(-1)?.tid]).toEqual([15_001, 25_000]);
  });

  test.each([
    ["buy", 0, "Open Long"],
    ["buy", 50, "Open Long"],
    ["buy", -100, "Close Short"],
    ["buy", -250, "Close Short"],
    ["buy", -99, "Short > Long"],
    ["sell", 0, "Open Short"],
    ["sell", -50, "Open Short"],
    ["sell", 100, "Close Long"],
    ["sell", 99, "Long > Short"],
  ] as const)("say in words what a %s of 100 from %d is: %s", (side, startLots, dir) => {
    expect(fillJson(fillOf({ side, startLots })).dir).toBe(dir);
  });
});
