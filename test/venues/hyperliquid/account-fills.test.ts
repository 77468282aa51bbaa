/**
 * Fills of an account: told once, wherever they are seen first, and read where one may be missing.
 */

import { describe, expect, test } from "bun:test";
import { cloidOf } from "#venues/hyperliquid/cloid.ts";
import { begunKit, fillsFrame, frameOf, kitOf, reconciled, Venue } from "./account-kit.ts";
import {
  AutoApi,
  fillOf,
  idOf,
  NOW_MS,
  orderOf,
  reportOf,
  requestOf,
  stateOf,
  turn,
  USER,
} from "./hl-kit.ts";

const LATER_MS = NOW_MS + 1000;

describe("fills", () => {
  test("one is told once: by the stream, by its snapshot, and by the venue's list", async () => {
    const venue = new Venue();
    const kit = await begunKit(venue);
    const fills = [fillOf({ tid: 1 }), fillOf({ tid: 2, time: NOW_MS + 20 })];
    kit.account.onFrame(fillsFrame([fills[0] ?? {}]));
    kit.account.onFrame(fillsFrame(fills, true));
    kit.account.onFrame(fillsFrame(fills, true));
    venue.fills = fills;
    venue.state = stateOf("2.0", { time: LATER_MS });
    await reconciled(kit);
    await reconciled(kit);
    const told = kit.heard.fills().map(({ fill }) => fill.tradeId);
    expect(told).toEqual([`SUI|1|9001|${NOW_MS + 10}`, `SUI|2|9001|${NOW_MS + 20}`]);
    expect(kit.account.newestTradeId).toBe(told[1] ?? "");
    expect(kit.heard.fills()[0]?.fill).toEqual({
      tradeId: told[0] ?? "",
      clientOrderId: idOf(1),
      side: "buy",
      priceTicks: 300_000,
      quantityLots: 10,
      fee: "0.00045",
      feeAsset: "USDC",
      liquidity: "maker",
      venueTimeMs: NOW_MS + 10,
    });
    expect(kit.traded).toEqual([3, 3]);
  });

  test("one before the ack and `open` of its order is told, and names its order", async () => {
    const kit = await begunKit(new Venue());
    kit.orders.add(requestOf(1), NOW_MS);
    kit.account.onFrame(fillsFrame([fillOf({ tid: 1, sz: "4.0" })]));
    expect(kit.heard.fills()).toMatchObject([
      { fill: { clientOrderId: idOf(1), quantityLots: 40 } },
    ]);
    expect(kit.orders.find(idOf(1))?.venueOrderId).toBe("9001");
    // One without a cloid is found by the number that was learnt.
    kit.account.onFrame(fillsFrame([fillOf({ tid: 2, cloid: null })]));
    expect(kit.heard.fills()).toHaveLength(2);
    const report = reportOf(orderOf(idOf(1), 9001), "open");
    kit.account.onFrame(frameOf("orderUpdates", [report]));
    expect(kit.heard.story()).toEqual(["#1 open"]);
  });

  test("what was before the beginning, on other coins or of others is not told", async () => {
    const kit = await begunKit(new Venue());
    kit.account.onFrame(
      fillsFrame(
        [
          fillOf({ tid: 1, time: NOW_MS }),
          fillOf({ tid: 2, coin: "BTC" }),
          fillOf({ tid: 3, cloid: "0xffffffffffffffffffffffffffffffff" }),
          fillOf({ tid: 4, cloid: cloidOf(idOf(1, { pair: "SUI2" })) }),
        ],
        true,
      ),
    );
    await turn();
    expect(kit.heard.events).toEqual([]);
  });

  test("where an earlier connection got so far, later ones are told", async () => {
    const venue = new Venue();
    venue.fills = [fillOf({ tid: 1, time: NOW_MS + 5 }), fillOf({ tid: 2, time: NOW_MS + 6 })];
    venue.state = stateOf("2.0", { time: LATER_MS });
    const since = `SUI|1|9001|${NOW_MS + 5}`;
    const kit = kitOf(new AutoApi((request) => venue.answer(request)), since);
    expect(kit.account.newestTradeId).toBe(since);
    expect(await kit.account.begin()).toBe(true);
    await reconciled(kit);
    expect(kit.heard.fills().map(({ fill }) => fill.tradeId)).toEqual([`SUI|2|9001|${NOW_MS + 6}`]);
    expect(kit.api.asksOf("userFillsByTime")[0]?.["startTime"]).toBe(NOW_MS + 5);
  });

  test("one whose order nobody knows has it looked up, once", async () => {
    const venue = new Venue();
    const kit = await begunKit(venue);
    venue.owners.set(9001, reportOf(orderOf(idOf(1), 9001), "filled"));
    venue.owners.set(9002, reportOf(orderOf(null, 9002), "filled"));
    venue.fills = [1, 2, 3].map((tid) =>
      fillOf({ tid, cloid: null, oid: tid === 3 ? 9002 : 9001, time: NOW_MS + tid }),
    );
    venue.state = stateOf("3.0", { time: LATER_MS });
    kit.account.onFrame(fillsFrame(venue.fills));
    await turn();
    expect(kit.heard.fills().map(({ fill }) => fill.clientOrderId)).toEqual([idOf(1), idOf(1)]);
    expect(kit.api.asksOf("orderStatus").map((request) => request["oid"])).toEqual([9001, 9002]);
    expect(kit.heard.of("account")).toMatchObject([{ base: "3" }]);
  });

  test("one that the list has later than the position is found by the next look", async () => {
    const venue = new Venue();
    const kit = await begunKit(venue);
    venue.state = stateOf("1.0", { time: LATER_MS });
    await reconciled(kit);
    expect(kit.heard.fills()).toEqual([]);
    // That there is a position which no fill explains is told, and is not forgotten.
    expect(kit.heard.of("account")).toMatchObject([{ base: "1" }]);
    venue.fills = [fillOf({ tid: 1 })];
    await reconciled(kit);
    expect(kit.heard.fills()).toHaveLength(1);
    const reads = kit.api.asksOf("userFillsByTime").length;
    venue.state = stateOf("1.0", { time: LATER_MS + 10 });
    await reconciled(kit);
    await reconciled(kit);
    expect(kit.api.asksOf("userFillsByTime").length).toBeLessThanOrEqual(reads + 1);
    expect(kit.heard.of("account").at(-1)).toMatchObject({ base: "1" });
  });

  test("a long list is read by pages, the next time from a minute before its end", async () => {
    const venue = new Venue();
    const kit = await begunKit(venue);
    venue.pageSize = 600;
    venue.fills = Array.from({ length: 1500 }, (_, index) =>
      fillOf({ tid: index, time: NOW_MS + 1 + Math.floor(index / 7), sz: "0.1" }),
    );
    venue.state = stateOf("150.0", { time: LATER_MS });
    await reconciled(kit);
    expect(kit.heard.fills()).toHaveLength(1500);
    expect(kit.heard.of("account")).toMatchObject([{ base: "150" }]);
    venue.fills = [fillOf({ tid: 5000, time: NOW_MS + 300_000 })];
    venue.state = stateOf("151.0", { time: NOW_MS + 301_000 });
    await reconciled(kit);
    kit.account.noteGap();
    await reconciled(kit);
    expect(kit.heard.fills()).toHaveLength(1501);
    expect(kit.api.asksOf("userFillsByTime").at(-1)?.["startTime"]).toBe(NOW_MS + 240_000);
  });

  test("the list is read where one may be missing, else the position says it", async () => {
    const venue = new Venue();
    const kit = await begunKit(venue);
    const reads = (): number => kit.api.asksOf("userFillsByTime").length;
    await reconciled(kit);
    await reconciled(kit);
    expect(reads()).toBe(0);
    // The stream lost one, and the position shows it.
    venue.fills = [fillOf({ tid: 1 })];
    venue.state = stateOf("1.0", { time: LATER_MS });
    await reconciled(kit);
    expect(reads()).toBe(1);
    expect(kit.heard.fills()).toHaveLength(1);
    // Two that cancel each other out do not: a break of the stream has it read.
    venue.fills = [
      ...venue.fills,
      fillOf({ tid: 2, time: NOW_MS + 1100 }),
      fillOf({ tid: 3, time: NOW_MS + 1200, side: "sell" }),
    ];
    venue.state = stateOf("1.0", { time: LATER_MS + 1000 });
    await reconciled(kit);
    expect(kit.heard.fills()).toHaveLength(1);
    kit.account.noteGap();
    await reconciled(kit);
    expect(kit.heard.fills()).toHaveLength(3);
  });

  test("a snapshot after a break does instead of the list where it reaches back", async () => {
    const venue = new Venue();
    const kit = await begunKit(venue);
    const reads = (): number => kit.api.asksOf("userFillsByTime").length;
    await reconciled(kit);
    kit.account.noteGap();
    venue.fills = [fillOf({ tid: 1, time: NOW_MS + 30 })];
    venue.state = stateOf("1.0", { time: LATER_MS });
    kit.account.onFrame(fillsFrame([...venue.fills, fillOf({ tid: 9, time: NOW_MS - 1 })], true));
    await reconciled(kit);
    expect(reads()).toBe(0);
    expect(kit.heard.fills()).toHaveLength(1);
    // This one begins after the last that was told: others may lie between.
    kit.account.noteGap();
    venue.fills = [1, 2, 3].map((tid) => fillOf({ tid, time: NOW_MS + 30 * tid }));
    venue.state = stateOf("3.0", { time: LATER_MS });
    kit.account.onFrame(fillsFrame([fillOf({ tid: 3, time: NOW_MS + 90 })], true));
    await reconciled(kit);
    expect(reads()).toBe(1);
    expect(kit.heard.fills()).toHaveLength(3);
  });

  test("a liquidation of our own is critical; one that we met is a fill like others", async () => {
    const kit = await begunKit(new Venue());
    const liquidation = { markPx: "2.9", method: "market" };
    const other = { ...liquidation, liquidatedUser: "0x360878d351f05975e25f1807a27895e1e5e004fb" };
    kit.account.onFrame(fillsFrame([fillOf({ tid: 1, liquidation: other })]));
    expect(kit.heard.alerts).toEqual([]);
    const own = { ...liquidation, liquidatedUser: USER };
    kit.account.onFrame(fillsFrame([fillOf({ tid: 2, liquidation: own })]));
    expect(kit.heard.alerts).toMatchObject([{ level: "critical", code: "liquidated" }]);
    expect(kit.heard.fills()).toHaveLength(2);
  });
});
