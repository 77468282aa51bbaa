/** The venue's lists lag behind each other: what they do not say yet is no answer. */

import { describe, expect, test } from "bun:test";
import { begun, fillsIn, type Kit, kitOf } from "./account-kit.ts";
import {
  accountUpdate,
  algoOf,
  algoUpdate,
  idOf,
  NOW_MS,
  ok,
  orderOf,
  PerpVenue,
  refusal,
  reportOf,
  requestOf,
  stopOf,
  tradeOf,
  turn,
} from "./perp-kit.ts";

const STOP = idOf(1, "stop-loss");
const FILLED = { o: "MARKET", f: "GTC", X: "FILLED", l: "10.0", z: "10.0", t: 501 };
const WEEK_MS = 7 * 86_400_000;

async function waiting(): Promise<Kit> {
  const kit = await begun();
  kit.orders.add(stopOf(1), NOW_MS);
  kit.algos.note(STOP, 77);
  return kit;
}

describe("an order that was taken for somebody else's, and turns out to be a stop of ours", () => {
  test("its fill of the stream is told after all", async () => {
    const kit = await waiting();
    kit.venue.orders.set(9100, orderOf("x-venue-made", 9100, { status: "FILLED" }));
    kit.venue.allStops = [algoOf(STOP, 77)]; // it does not say yet that it was triggered
    kit.tell(reportOf("x-venue-made", 9100, FILLED));
    kit.venue.addTrade(501, 9100, { qty: "10.0" });
    kit.venue.position = "-10.0";
    await kit.pass(1000);
    expect(fillsIn(await kit.told())).toEqual([]);
    kit.tell(algoUpdate(STOP, 77, { X: "TRIGGERED", ai: "9100" }));
    await turn();
    expect(fillsIn(await kit.told())).toEqual([[STOP, "SUIUSDC:501", 100]]);
  });

  test("its fill of the list is told after all, once, and those of others are not", async () => {
    const kit = await waiting();
    kit.venue.orders.set(9100, orderOf("x-venue-made", 9100, { status: "FILLED" }));
    kit.venue.orders.set(9200, orderOf("by-hand", 9200, { status: "FILLED" }));
    kit.venue.allStops = [algoOf(STOP, 77)];
    kit.venue.addTrade(501, 9100, { qty: "10.0" });
    kit.venue.addTrade(502, 9200);
    kit.venue.position = "-11.0";
    kit.account.reconcile();
    await turn();
    expect(fillsIn(await kit.told())).toEqual([]);
    kit.account.onLinked("9100"); // nobody knows of it
    kit.algos.link(STOP, "9100");
    kit.account.onLinked("9100");
    await turn();
    kit.account.reconcile();
    await turn();
    expect(fillsIn(await kit.told())).toEqual([[STOP, "SUIUSDC:501", 100]]);
  });
});

test("a stop that says what it became while the list is being read loses no fill", async () => {
  const kit = await waiting();
  kit.venue.orders.set(9100, orderOf("x-venue-made", 9100, { status: "FILLED" }));
  kit.venue.allStops = [algoOf(STOP, 77)];
  kit.venue.addTrade(501, 9100, { qty: "10.0" });
  kit.venue.position = "-10.0";
  kit.account.reconcile();
  await turn();
  expect(fillsIn(await kit.told())).toEqual([]);
  kit.venue.orders.set(9200, orderOf("by-hand", 9200, { status: "FILLED" }));
  kit.venue.addTrade(502, 9200);
  kit.venue.position = "-11.0";
  kit.venue.onAsked = (method) => {
    if (method !== "userTrades") return;
    kit.venue.onAsked = () => {};
    kit.tell(algoUpdate(STOP, 77, { X: "TRIGGERED", ai: "9100" }));
  };
  kit.account.reconcile();
  await turn();
  await kit.pass(500);
  expect(fillsIn(await kit.told())).toEqual([[STOP, "SUIUSDC:501", 100]]);
});

test("an order that the venue does not find just after its trade may be ours", async () => {
  const kit = await begun();
  kit.orders.add(requestOf(1), NOW_MS); // its answer was lost
  kit.venue.addTrade(501, 9001);
  kit.venue.position = "-1.0";
  kit.account.reconcile();
  await turn();
  expect(await kit.told()).toEqual([]);
  kit.venue.orders.set(9001, orderOf(idOf(1), 9001));
  await kit.pass(1000);
  kit.account.reconcile();
  await turn();
  const told = await kit.told();
  expect(fillsIn(told)).toEqual([[idOf(1), "SUIUSDC:501", 10]]);
  expect(told.at(-1)).toMatchObject({ kind: "account", base: "-1" });
});

test("one that it never finds is somebody else's in the end", async () => {
  const kit = await begun();
  kit.venue.addTrade(501, 9001);
  kit.venue.position = "-1.0";
  kit.account.reconcile();
  await turn();
  await kit.pass(6000);
  kit.account.reconcile();
  await turn();
  expect(await kit.told()).toMatchObject([{ kind: "account", base: "-1" }]);
});

test("a position that is ahead of the list of trades is told behind its fill", async () => {
  const kit = await begun();
  kit.orders.add(requestOf(1), NOW_MS);
  kit.orders.name(idOf(1), "9001");
  kit.venue.position = "-1.0";
  kit.account.reconcile();
  await turn();
  expect(await kit.told()).toEqual([]);
  kit.venue.addTrade(501, 9001);
  await kit.pass(500);
  expect((await kit.told()).map(({ kind }) => kind)).toEqual(["fill", "account"]);
});

test("without a trade to begin at, the list is asked for week by week", async () => {
  const venue = new PerpVenue();
  const kit = kitOf(venue);
  await kit.account.begin();
  kit.auto.nowMs += 16 * 86_400_000; // nothing had it read meanwhile
  const time = NOW_MS + 15 * 86_400_000;
  kit.venue.orders.set(9001, orderOf(idOf(1), 9001));
  kit.venue.trouble = (method, { startTime }) => {
    if (method !== "userTrades" || typeof startTime !== "number") return null;
    return ok(time < startTime + WEEK_MS ? [tradeOf(7, 9001, { time })] : []);
  };
  kit.account.reconcile();
  await turn();
  expect(fillsIn(await kit.told())).toEqual([[idOf(1), "SUIUSDC:7", 10]]);
});

test("a clock that was ahead for a while hides no trade", async () => {
  const kit = kitOf(new PerpVenue());
  await kit.account.begin();
  kit.auto.nowMs += 3_600_000;
  kit.account.reconcile();
  await turn();
  kit.auto.nowMs -= 3_600_000;
  const time = NOW_MS + 60_000;
  kit.auto.nowMs = time + 100;
  kit.venue.orders.set(9001, orderOf(idOf(1), 9001));
  kit.venue.trouble = (method, { startTime }) => {
    if (method !== "userTrades" || typeof startTime !== "number") return null;
    return ok(time >= startTime ? [tradeOf(7, 9001, { time })] : []);
  };
  kit.account.reconcile();
  await turn();
  expect(fillsIn(await kit.told())).toEqual([[idOf(1), "SUIUSDC:7", 10]]);
});

test("a fill that only the list tells is said to be one", async () => {
  const kit = await begun();
  kit.orders.add(requestOf(1), NOW_MS);
  kit.tell(reportOf(idOf(1), 9001));
  kit.venue.addTrade(501, 9001);
  kit.venue.addTrade(502, 9001, { time: NOW_MS + 77 });
  kit.venue.position = "-2.0";
  kit.account.reconcile();
  await turn();
  expect(fillsIn(await kit.told())).toHaveLength(2);
  expect(kit.untold).toEqual([NOW_MS + 77]);
});

test("stops of others may be described in words of their own", async () => {
  const kit = await begun();
  kit.venue.openStops = [
    algoOf("by-hand", 70, { quantity: "", closePosition: true, actualOrderId: 0 }),
    algoOf(STOP, 77),
  ];
  kit.account.reconcile();
  await turn();
  expect(await kit.told()).toMatchObject([{ kind: "account", openOrderIds: [STOP] }]);
  kit.tell(algoUpdate("by-hand", 70, { q: "", cp: true }));
  expect(kit.heard.alerts).toEqual([]);
});

describe("funding", () => {
  const ROW = {
    symbol: "SUIUSDC",
    incomeType: "FUNDING_FEE",
    income: "-0.03750000",
    asset: "USDC",
    tranId: 9_689_322_392,
  };

  test("that the stream lost is told before a worth that includes it", async () => {
    const kit = await begun();
    kit.venue.income = [{ ...ROW, time: NOW_MS + 3_600_000 }];
    kit.auto.nowMs += 3_670_000;
    await kit.pass(30_000);
    const told = await kit.told();
    expect(told.map(({ kind }) => kind)).toEqual(["funding", "account"]);
  });

  test("is not hidden by a clock that was a day ahead for a while", async () => {
    const kit = await begun();
    kit.auto.nowMs += 86_400_000;
    kit.account.reconcile();
    await turn();
    const time = NOW_MS + 3_600_000;
    kit.auto.nowMs = time + 70_000;
    kit.venue.trouble = (method, { startTime }) => {
      if (method !== "income") return null;
      return ok(Number(startTime) <= time ? [{ ...ROW, time }] : []);
    };
    kit.account.reconcile();
    await turn();
    const fundings = (await kit.told()).filter(({ kind }) => kind === "funding");
    expect(fundings).toHaveLength(1);
  });

  test("that cannot be read keeps no position from being told", async () => {
    const kit = await begun();
    kit.venue.income = [{ ...ROW, time: NOW_MS + 10, income: "?" }];
    kit.auto.nowMs += 3_700_000;
    kit.account.reconcile();
    await turn();
    expect(await kit.told()).toMatchObject([{ kind: "account" }]);
    expect(kit.heard.alerts).toMatchObject([{ code: "unreadable-message" }]);
  });

  test("a look that is under way at the end leaves no timer", async () => {
    const kit = await begun();
    kit.tell(accountUpdate("FUNDING_FEE"));
    kit.venue.trouble = (method) => {
      if (method === "income") kit.account.stop();
      return refusal(-1003, "Too many requests.", 429);
    };
    await kit.pass(1000);
    expect(kit.timers.pending).toBe(0);
  });
});
