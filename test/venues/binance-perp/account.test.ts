import { describe, expect, test } from "bun:test";
import { begun, fillsIn, kitOf } from "./account-kit.ts";
import {
  accountUpdate,
  algoOf,
  idOf,
  LOST,
  NOW_MS,
  orderOf,
  PerpVenue,
  reportOf,
  requestOf,
  turn,
} from "./perp-kit.ts";

describe("an ordinary order", () => {
  test("a fill is told before the state that it led to, with what it cost", async () => {
    const kit = await begun();
    kit.orders.add(requestOf(1), NOW_MS);
    kit.tell(reportOf(idOf(1), 9001));
    const [fill, order] = await kit.told();
    expect(fill).toMatchObject({
      kind: "fill",
      fill: {
        tradeId: "SUIUSDC:501",
        clientOrderId: idOf(1),
        side: "sell",
        priceTicks: 30_000,
        quantityLots: 10,
        fee: "0.0006",
        feeAsset: "USDC",
        liquidity: "maker",
      },
    });
    expect(order).toMatchObject({ change: "open", quantityLots: 100, filledLots: 10 });
  });

  test("an event that comes twice, or from the list as well, is one fill", async () => {
    const kit = await begun();
    kit.orders.add(requestOf(1), NOW_MS);
    kit.tell(reportOf(idOf(1), 9001));
    kit.tell(reportOf(idOf(1), 9001));
    kit.tell({ e: "TRADE_LITE", s: "SUIUSDC", c: idOf(1), i: 9001, l: "1.0", L: "3.0", t: 501 });
    kit.venue.addTrade(501, 9001);
    kit.venue.position = "-1.0";
    kit.account.reconcile();
    await turn();
    expect(fillsIn(await kit.told())).toEqual([[idOf(1), "SUIUSDC:501", 10]]);
  });

  test("of another pair, or of another symbol, nothing is told", async () => {
    const kit = await begun();
    kit.tell(reportOf(idOf(1, "quote", "BTC"), 9002));
    kit.tell(reportOf(idOf(1), 9003, { s: "BTCUSDT", L: "64012.37" }));
    expect(await kit.told()).toEqual([]);
  });

  test("a fill that the stream lost is found in the list, by the number of its order", async () => {
    const kit = await begun();
    kit.venue.orders.set(9001, orderOf(idOf(1), 9001));
    kit.venue.addTrade(501, 9001);
    kit.venue.addTrade(502, 9001, { qty: "2.0" });
    kit.venue.position = "-3.0";
    kit.account.reconcile();
    await turn();
    const told = await kit.told();
    expect(fillsIn(told)).toEqual([
      [idOf(1), "SUIUSDC:501", 10],
      [idOf(1), "SUIUSDC:502", 20],
    ]);
    expect(told.at(-1)).toMatchObject({ kind: "account", base: "-3", openOrderIds: [] });
    expect(kit.account.newestTradeId).toBe("SUIUSDC:502");
  });

  test("more fills than the venue lists at once are read page by page", async () => {
    const kit = await begun();
    kit.venue.orders.set(9001, orderOf(idOf(1), 9001));
    for (let id = 501; id <= 2500; id += 1) kit.venue.addTrade(id, 9001, { qty: "0.1" });
    kit.venue.position = "-200.0";
    kit.account.reconcile();
    await turn();
    const told = await kit.told();
    expect(fillsIn(told)).toHaveLength(2000);
    expect(told.at(-1)).toMatchObject({ kind: "account", base: "-200" });
    const pages = kit.auto.paramsOf("userTrades").map(({ fromId }) => fromId);
    expect(pages).toEqual(expect.arrayContaining([501, 1501, 2501]));
  });

  test("what was there before we began is not told", async () => {
    const venue = new PerpVenue();
    venue.addTrade(400, 8000);
    venue.orders.set(8000, orderOf(idOf(1), 8000));
    const kit = kitOf(venue);
    expect(await kit.account.begin()).toBe(true);
    kit.account.reconcile();
    await turn();
    expect(fillsIn(await kit.told())).toEqual([]);
    expect(kit.account.newestTradeId).toBe("SUIUSDC:400");
  });

  test("an account without any trade begins at a time", async () => {
    const kit = kitOf(new PerpVenue());
    expect(await kit.account.begin()).toBe(true);
    expect(kit.account.newestTradeId).toBe(`SUIUSDC@${NOW_MS}`);
    kit.venue.addTrade(7, 9001, { time: NOW_MS - 5 }); // older than that, and listed late
    kit.venue.addTrade(8, 9001);
    kit.venue.orders.set(9001, orderOf(idOf(1), 9001));
    kit.account.reconcile();
    await turn();
    expect(fillsIn(await kit.told())).toEqual([[idOf(1), "SUIUSDC:8", 10]]);
    const heir = kitOf(kit.venue, kit.account.newestTradeId);
    kit.venue.addTrade(9, 9001);
    heir.account.reconcile();
    await turn();
    expect(fillsIn(await heir.told())).toEqual([[idOf(1), "SUIUSDC:9", 10]]);
  });
});

describe("the whole truth", () => {
  test("is position, worth, risk and the open orders of our pair, stops among them", async () => {
    const venue = new PerpVenue();
    venue.position = "-12.5";
    venue.maintMargin = "25.00000000";
    venue.openOrders = [
      orderOf(idOf(1), 9001),
      orderOf(idOf(2, "quote", "BTC"), 9002),
      orderOf("web_1", 9003, { origQty: "0.05" }), // off our grid, and not ours to read
    ];
    venue.openStops = [algoOf(idOf(3, "stop-loss"), 77), algoOf("web_2", 78)];
    const kit = kitOf(venue, "SUIUSDC:500");
    await kit.account.begin();
    kit.account.reconcile();
    await turn();
    expect(await kit.told()).toMatchObject([
      {
        kind: "account",
        base: "-12.5",
        quote: "1000",
        liquidationPrice: 4.2,
        marginRatio: 0.025,
        openOrderIds: [idOf(1), idOf(3, "stop-loss")],
      },
    ]);
    expect(kit.orders.isListed).toBe(true);
    expect(kit.orders.find(idOf(3, "stop-loss"))?.isOpen).toBe(true);
  });

  test("in multi-assets mode all assets count, by what they are worth", async () => {
    const venue = new PerpVenue();
    venue.isMultiAssets = true;
    const kit = kitOf(venue, "SUIUSDC:500");
    await kit.account.begin();
    kit.account.reconcile();
    await turn();
    expect(await kit.told()).toMatchObject([{ quote: "5000", marginRatio: 0.004 }]);
  });

  test("a fill while it is read has it read again, so that it is of one moment", async () => {
    const kit = await begun();
    kit.orders.add(requestOf(1), NOW_MS);
    let reads = 0;
    kit.venue.onAsked = (method) => {
      if (method !== "userTrades") return;
      reads += 1;
      if (reads > 1) return;
      kit.venue.position = "-1.0";
      kit.tell(reportOf(idOf(1), 9001));
      kit.venue.addTrade(501, 9001);
    };
    kit.account.reconcile();
    await turn();
    const told = await kit.told();
    expect(told.map(({ kind }) => kind)).toEqual(["fill", "order", "account"]);
    expect(told.at(-1)).toMatchObject({ base: "-1" });
  });

  test("unanswered, nothing is told but that", async () => {
    const kit = await begun();
    kit.venue.trouble = (method) => (method === "positionRisk" ? LOST : null);
    kit.account.reconcile();
    await turn();
    expect(await kit.told()).toEqual([]);
    expect(kit.heard.alerts.map(({ code }) => code)).toEqual(["reconcile-unanswered"]);
  });

  test("an account in hedge mode is told of as such", async () => {
    const venue = new PerpVenue();
    venue.isHedgeMode = true;
    const kit = kitOf(venue, "SUIUSDC:500");
    await kit.account.begin();
    expect(kit.heard.alerts).toMatchObject([{ level: "critical", code: "bad-position-mode" }]);
  });
});

describe("the position", () => {
  test("is told soon after a fill, and on the half minute", async () => {
    const kit = await begun();
    kit.orders.add(requestOf(1), NOW_MS);
    kit.tell(reportOf(idOf(1), 9001));
    kit.venue.position = "-1.0";
    await kit.pass(500);
    expect((await kit.told()).at(-1)).toMatchObject({ base: "-1", openOrderIds: null });
    await kit.pass(30_000);
    expect(await kit.told()).toMatchObject([{ kind: "account", base: "-1" }]);
  });

  test("a liquidation is an alarm, and the position is what the venue says", async () => {
    const kit = await begun();
    kit.tell(
      reportOf("autoclose-1234", 9999, { x: "CALCULATED", X: "FILLED", S: "BUY", l: "5.0" }),
    );
    kit.venue.position = "5.0";
    kit.venue.addTrade(501, 9999, { side: "BUY", qty: "5.0" });
    await kit.pass(500);
    expect((await kit.told()).at(-1)).toMatchObject({ kind: "account", base: "5" });
    expect(kit.heard.alerts).toMatchObject([{ level: "critical", code: "liquidated" }]);
  });

  test("a liquidation that the stream lost is found in the list", async () => {
    const kit = await begun();
    kit.venue.orders.set(9999, orderOf("adl_autoclose_1", 9999));
    kit.venue.addTrade(501, 9999, { side: "BUY", qty: "5.0" });
    kit.venue.position = "5.0";
    kit.account.reconcile();
    await turn();
    expect(await kit.told()).toMatchObject([{ kind: "account", base: "5" }]);
    expect(kit.heard.alerts).toMatchObject([{ level: "critical", code: "liquidated" }]);
  });

  test("one that no fill explains is the venue's word in the end", async () => {
    const kit = await begun();
    kit.venue.position = "3.0";
    kit.account.reconcile();
    await turn();
    expect(await kit.told()).toEqual([]);
    await kit.pass(500);
    expect(await kit.told()).toMatchObject([{ kind: "account", base: "3" }]);
    expect(kit.auto.paramsOf("userTrades").length).toBeGreaterThan(2); // it was looked at twice
  });
});

describe("funding", () => {
  const ROW = {
    symbol: "SUIUSDC",
    incomeType: "FUNDING_FEE",
    income: "-0.03750000",
    asset: "USDC",
    info: "FUNDING_FEE",
    time: NOW_MS + 10,
    tranId: 9_689_322_392,
    tradeId: "",
  };

  test("is read from the list once the stream speaks of it, and told once", async () => {
    const kit = await begun();
    kit.tell(accountUpdate("FUNDING_FEE"));
    await kit.pass(1000); // not listed yet
    expect(await kit.told()).toEqual([]);
    kit.venue.income = [ROW, { ...ROW, symbol: "BTCUSDT" }];
    await kit.pass(2000);
    expect(await kit.told()).toMatchObject([
      { kind: "funding", fundingId: `SUIUSDC|${NOW_MS + 10}|9689322392`, amount: "-0.0375" },
    ]);
    kit.tell(accountUpdate("FUNDING_FEE"));
    await kit.pass(1000);
    expect((await kit.told()).filter(({ kind }) => kind === "funding")).toEqual([]);
  });

  test("that the stream lost is found after the hour", async () => {
    const kit = await begun();
    kit.venue.income = [ROW, { ...ROW, time: NOW_MS - 10, tranId: 1 }]; // the other one is older
    kit.auto.nowMs += 3_700_000;
    kit.account.reconcile();
    await turn();
    const fundings = (await kit.told()).filter(({ kind }) => kind === "funding");
    expect(fundings).toMatchObject([{ amount: "-0.0375" }]);
  });

  test("in another asset than the quote currency is told to people, and not booked", async () => {
    const kit = await begun();
    kit.venue.income = [{ ...ROW, asset: "BNFCR" }];
    kit.tell(accountUpdate("FUNDING_FEE"));
    await kit.pass(1000);
    expect(await kit.told()).toEqual([]);
    expect(kit.heard.alerts).toMatchObject([{ code: "funding-asset" }]);
  });
});

test("a message that cannot be read is told, and what it did not tell is asked for", async () => {
  const kit = await begun();
  kit.tell(reportOf(idOf(1), 9001, { x: "SPLIT" }));
  await turn();
  expect(kit.heard.alerts).toMatchObject([{ level: "critical", code: "unreadable-message" }]);
  expect(await kit.told()).toMatchObject([{ kind: "account" }]);
});
