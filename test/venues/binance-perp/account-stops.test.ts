/** Stops become orders: whatever is heard first, late, or never, each fill is told once. */

import { describe, expect, test } from "bun:test";
import { begun, changesIn, fillsIn, type Kit, kitOf } from "./account-kit.ts";
import {
  accountUpdate,
  algoOf,
  algoUpdate,
  idOf,
  LOST,
  NOW_MS,
  orderOf,
  PerpVenue,
  reportOf,
  stopOf,
  turn,
} from "./perp-kit.ts";

describe("a stop that is triggered", () => {
  const STOP = idOf(1, "stop-loss");
  const MARKET = { o: "MARKET", f: "GTC" };
  const FILLED = { ...MARKET, x: "TRADE", X: "FILLED", l: "10.0", z: "10.0", t: 501 };

  async function waiting(): Promise<Kit> {
    const kit = await begun();
    kit.orders.add(stopOf(1), NOW_MS);
    kit.algos.note(STOP);
    kit.tell(algoUpdate(STOP, 77));
    expect(changesIn(await kit.told())).toEqual([[STOP, "open"]]);
    return kit;
  }

  test("its order's fills and end are told under its own id", async () => {
    const kit = await waiting();
    kit.tell(algoUpdate(STOP, 77, { X: "TRIGGERING" }));
    kit.tell(algoUpdate(STOP, 77, { X: "TRIGGERED", ai: "9100" }));
    kit.tell(reportOf("x-venue-made", 9100, { ...MARKET, x: "NEW", X: "NEW", l: "0", z: "0" }));
    kit.tell(reportOf("x-venue-made", 9100, FILLED));
    const told = await kit.told();
    expect(fillsIn(told)).toEqual([[STOP, "SUIUSDC:501", 100]]);
    expect(changesIn(told)).toEqual([
      [STOP, "open"],
      [STOP, "open"],
      [STOP, "filled"],
    ]);
  });

  test("fills that come before the stop says what it became are kept until then", async () => {
    const kit = await waiting();
    kit.tell(
      reportOf("x-venue-made", 9100, { ...FILLED, X: "PARTIALLY_FILLED", l: "4.0", z: "4.0" }),
    );
    kit.tell(reportOf("x-venue-made", 9100, { ...FILLED, l: "6.0", t: 502 }));
    expect(await kit.told()).toEqual([]);
    kit.tell(algoUpdate(STOP, 77, { X: "TRIGGERED", ai: "9100" }));
    const told = await kit.told();
    expect(fillsIn(told)).toEqual([
      [STOP, "SUIUSDC:501", 40],
      [STOP, "SUIUSDC:502", 60],
    ]);
    expect(changesIn(told).at(-1)).toEqual([STOP, "filled"]);
  });

  test("where its own news are lost the venue is asked what the order was", async () => {
    const kit = await waiting();
    kit.venue.orders.set(9100, orderOf("x-venue-made", 9100, { status: "FILLED" }));
    kit.venue.allStops = [
      algoOf("somebody", 76, { algoStatus: "TRIGGERED", actualOrderId: "9099" }),
      algoOf(STOP, 77, { algoStatus: "TRIGGERED", actualOrderId: "9100" }),
    ];
    kit.tell(reportOf("x-venue-made", 9100, FILLED));
    await kit.pass(1000);
    expect(fillsIn(await kit.told())).toEqual([[STOP, "SUIUSDC:501", 100]]);
  });

  test("an order that has its id needs no asking", async () => {
    const kit = await waiting();
    kit.tell(reportOf(STOP, 9100, FILLED));
    expect(fillsIn(await kit.told())).toEqual([[STOP, "SUIUSDC:501", 100]]);
    await kit.pass(1000);
    expect(kit.auto.paramsOf("order.status")).toEqual([]);
  });

  test("both its news and its order's lost: the list of trades tells, once", async () => {
    const kit = await waiting();
    kit.venue.orders.set(9100, orderOf("x-venue-made", 9100, { status: "FILLED" }));
    kit.venue.allStops = [algoOf(STOP, 77, { algoStatus: "FINISHED", actualOrderId: "9100" })];
    kit.venue.addTrade(501, 9100, { qty: "10.0" });
    kit.venue.position = "-10.0";
    kit.tell(accountUpdate("ORDER", "-10.0"));
    await kit.pass(2000); // it shows a position that no fill explains
    await turn();
    const told = await kit.told();
    expect(fillsIn(told)).toEqual([[STOP, "SUIUSDC:501", 100]]);
    expect(told.at(-1)).toMatchObject({ kind: "account", base: "-10" });
    kit.tell(reportOf("x-venue-made", 9100, FILLED)); // late after all
    expect(fillsIn(await kit.told())).toEqual([]);
  });

  test("one of a worker that died, fired before the next one lived, is found by that", async () => {
    const venue = new PerpVenue();
    venue.orders.set(9100, orderOf("x-venue-made", 9100, { status: "FILLED" }));
    venue.allStops = [algoOf(STOP, 77, { algoStatus: "FINISHED", actualOrderId: "9100" })];
    venue.addTrade(501, 9100, { qty: "10.0" });
    venue.position = "-10.0";
    const heir = kitOf(venue, "SUIUSDC:500");
    expect(await heir.account.begin()).toBe(true);
    // The sweep at its start came first: no stop waits any more, and none of that is listed.
    heir.orders.isListed = true;
    heir.account.reconcile();
    await turn();
    const told = await heir.told();
    expect(fillsIn(told)).toEqual([[STOP, "SUIUSDC:501", 100]]);
    expect(told.at(-1)).toMatchObject({ kind: "account", base: "-10" });
  });

  test("an order that no stop became is somebody else's; its fills move the position", async () => {
    const kit = await waiting();
    kit.venue.orders.set(9200, orderOf("by-hand", 9200));
    kit.tell(reportOf("by-hand", 9200));
    kit.venue.position = "-1.0";
    await kit.pass(2000);
    const told = await kit.told();
    expect(fillsIn(told)).toEqual([]);
    expect(told.filter(({ kind }) => kind === "account")).toMatchObject([{ base: "-1" }]);
    const asked = kit.auto.paramsOf("order.status").length;
    kit.tell(reportOf("by-hand", 9200, { t: 502 }));
    await kit.pass(1000);
    expect(kit.auto.paramsOf("order.status")).toHaveLength(asked);
  });

  test("where the venue does not answer it is asked again, and nothing is lost", async () => {
    const kit = await waiting();
    kit.venue.trouble = (method) => (method === "order.status" ? LOST : null);
    kit.tell(reportOf("x-venue-made", 9100, FILLED));
    await kit.pass(1000);
    expect(await kit.told()).toEqual([]);
    kit.venue.trouble = null;
    kit.venue.orders.set(9100, orderOf("x-venue-made", 9100));
    kit.venue.allStops = [algoOf(STOP, 77, { algoStatus: "TRIGGERED", actualOrderId: "9100" })];
    await kit.pass(5000);
    expect(fillsIn(await kit.told())).toEqual([[STOP, "SUIUSDC:501", 100]]);
  });

  test("while it is not known whose a fill is, no position is told that includes it", async () => {
    const kit = await waiting();
    kit.venue.trouble = (method) => (method === "order.status" ? LOST : null);
    kit.venue.position = "-10.0";
    kit.tell(reportOf("x-venue-made", 9100, FILLED));
    kit.venue.addTrade(501, 9100, { qty: "10.0" });
    await kit.pass(2000);
    expect((await kit.told()).filter(({ kind }) => kind === "account")).toEqual([]);
  });

  test.each([
    ["CANCELED", "canceled", ""],
    ["EXPIRED", "expired", "Order would immediately trigger."],
    ["REJECTED", "expired", "Margin is insufficient."],
  ])("one that is %s without an order has ended, in the venue's words", async (X, change, rm) => {
    const kit = await waiting();
    kit.tell(algoUpdate(STOP, 77, { X, rm }));
    expect(await kit.told()).toMatchObject([{ change, filledLots: 0, message: rm }]);
    expect(kit.orders.find(STOP)?.isOpen).toBe(false);
    // With no stop that waits, an order that is not known is somebody else's at once.
    kit.tell(reportOf("by-hand", 9300, { t: 503 }));
    await kit.pass(1000);
    expect(kit.auto.paramsOf("order.status")).toEqual([]);
  });

  test("one whose order says nothing more is asked about", async () => {
    const kit = await waiting();
    kit.tell(algoUpdate(STOP, 77, { X: "TRIGGERED", ai: "9100" }));
    await kit.pass(1000);
    expect(kit.queried).toEqual([STOP]);
  });
});
