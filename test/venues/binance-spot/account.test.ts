/** News of the account: the stream as it comes, and the whole truth when it is asked for. */

import { describe, expect, test } from "bun:test";
import type { SpotAccount } from "#venues/binance-spot/account.ts";
import { begunKit, eventOf, kitOf, REPORT, snapshotOf, tradeOf, Venue } from "./account-kit.ts";
import {
  AutoApi,
  HandApi,
  type Heard,
  idOf,
  LOST,
  NOW_MS,
  notSent,
  ok,
  refusal,
  requestOf,
  statusOf,
  turn,
} from "./spot-kit.ts";

describe("the stream", () => {
  test("a trade is a fill and the order's state after it", async () => {
    const { account, heard } = kitOf(new HandApi());
    account.onUserEvent(eventOf(REPORT), NOW_MS + 7);
    expect((await heard.fill()).fill).toMatchObject({
      tradeId: "ETHUSDT:501",
      clientOrderId: idOf(1),
      quantityLots: 10,
      fee: "0.000001",
      feeAsset: "ETH",
    });
    const news = { change: "open", filledLots: 10, receivedTimeMs: NOW_MS + 7 };
    expect(await heard.order()).toMatchObject(news);
  });

  test("another symbol's and other people's orders are passed over", () => {
    const { account, heard, orders } = kitOf(new HandApi());
    account.onUserEvent(eventOf({ ...REPORT, s: "BTCUSDT" }), NOW_MS);
    account.onUserEvent(eventOf({ ...REPORT, c: "web_77", i: 77 }), NOW_MS);
    account.onUserEvent(eventOf({ ...REPORT, c: idOf(1, "ETH2"), i: 78 }), NOW_MS);
    account.onUserEvent(eventOf({ e: "somethingNew", E: NOW_MS }), NOW_MS);
    expect(heard.events.size).toBe(0);
    expect([orders.clientIdOf("77"), orders.clientIdOf("78")]).toEqual([null, null]);
    expect(heard.alerts).toEqual([]);
  });

  test("orders of others may be off our grid: older than the venue's last change of it", () => {
    const { account, heard, orders, api } = kitOf(new HandApi());
    const report = { ...REPORT, c: "web_77", i: 77, q: "0.01000007", L: "2000.00500000" };
    account.onUserEvent(eventOf(report), NOW_MS);
    account.onUserEvent(eventOf({ ...report, i: 78, x: "SOMETHING_NEW" }), NOW_MS);
    expect([orders.clientIdOf("77"), orders.clientIdOf("78")]).toEqual([null, null]);
    expect([heard.events.size, heard.alerts.length, api.calls.size]).toEqual([0, 0, 0]);
  });

  test("an order is known by its number, whatever it is called now", async () => {
    const { account, heard, orders } = kitOf(new HandApi());
    orders.add(requestOf(1), NOW_MS);
    account.onUserEvent(eventOf({ ...REPORT, x: "NEW", X: "NEW", z: "0.0" }), NOW_MS);
    await heard.order();
    const expired = { ...REPORT, x: "EXPIRED", X: "EXPIRED", c: "sys_1", C: "" };
    account.onUserEvent(eventOf(expired), NOW_MS);
    expect(await heard.order()).toMatchObject({ clientOrderId: idOf(1), change: "expired" });
  });

  test("balances that are not mentioned are as they were; old ones change nothing", async () => {
    const venue = new Venue();
    const { account, heard } = await begunKit(venue);
    const position = { e: "outboundAccountPosition", E: NOW_MS, u: NOW_MS };
    const B = [{ a: "USDT", f: "900.00000000", l: "100.00000000" }];
    account.onUserEvent(eventOf({ ...position, B }), NOW_MS);
    expect(heard.events.size).toBe(0);
    account.reconcile();
    expect(await heard.account()).toMatchObject({ base: "1", quote: "1020" });
    account.onUserEvent(eventOf({ ...position, B }), NOW_MS);
    const merged = { base: "1", quote: "1000", openOrderIds: null };
    expect(await heard.account()).toMatchObject(merged);
    const late = [{ a: "USDT", f: "1.00000000", l: "0.00000000" }];
    account.onUserEvent(eventOf({ ...position, u: NOW_MS - 5, B: late }), NOW_MS);
    expect(await heard.account()).toMatchObject(merged);
    expect(account.base?.toFixed()).toBe("1");
  });

  test("a report that cannot be read is told, and what it meant is asked for", async () => {
    const { api, account, heard } = kitOf(new HandApi());
    account.onUserEvent(eventOf({ ...REPORT, x: "LIQUIDATED" }), NOW_MS);
    expect(heard.alerts).toMatchObject([{ level: "critical", code: "unreadable-message" }]);
    await api.expect("openOrders.status");
  });
});

describe("reconcile", () => {
  test("tells a fill that the stream lost, then balances with our open orders", async () => {
    const venue = new Venue();
    venue.addTrades(100, 3, 5000); // before our time
    const { account, heard, orders, api } = await begunKit(venue);
    orders.note({ ...(await ackNews(account, heard)), venueOrderId: "9001" });
    venue.open = [statusOf(idOf(1), 9001), statusOf("web_1", 9002), statusOf(idOf(4, "SUI"), 9003)];
    venue.addTrades(103, 1, 9001);
    account.reconcile();
    const { fill } = await heard.fill();
    expect(fill).toMatchObject({ tradeId: "ETHUSDT:103", clientOrderId: idOf(1) });
    const news = { base: "1", quote: "1020", openOrderIds: [idOf(1)] };
    expect(await heard.account()).toMatchObject(news);
    expect(orders.isListed).toBe(true);
    expect(api.paramsOf("myTrades").map(({ fromId }) => fromId)).toEqual([undefined, 103]);
    expect(api.paramsOf("order.status")).toEqual([]);
  });

  test("goes on after the last trade that the venue listed, not that the stream told", async () => {
    const venue = new Venue();
    const { account, heard, api } = await begunKit(venue);
    account.onUserEvent(eventOf(REPORT), NOW_MS); // trade 501; 500 before it was lost
    await heard.fill();
    await heard.order();
    venue.addTrades(500, 2, 9001);
    account.reconcile();
    expect((await heard.fill()).fill.tradeId).toBe("ETHUSDT:500");
    expect((await heard.fill()).fill.tradeId).toBe("ETHUSDT:501");
    await heard.account();
    account.reconcile();
    await heard.account();
    expect(api.paramsOf("myTrades").map(({ fromId }) => fromId)).toEqual([undefined, 0, 502]);
  });

  test("an heir goes on after the last fill that was told, asking nothing first", async () => {
    const venue = new Venue();
    const first = await begunKit(venue);
    expect(first.account.newestTradeId).toBe("ETHUSDT:-1"); // no trade yet
    first.account.onUserEvent(eventOf(REPORT), NOW_MS); // trade 501
    expect(first.account.newestTradeId).toBe("ETHUSDT:501");
    venue.owners.set(9001, idOf(1));
    venue.addTrades(501, 2, 9001); // 502 came when nobody listened
    const api = new AutoApi((method, params) => venue.answer(method, params));
    const { account, heard } = kitOf(api, first.account.newestTradeId);
    expect(await account.begin()).toBe(true);
    expect(account.newestTradeId).toBe("ETHUSDT:501");
    account.reconcile();
    expect((await heard.fill()).fill.tradeId).toBe("ETHUSDT:502");
    expect(account.newestTradeId).toBe("ETHUSDT:502");
    expect(api.paramsOf("myTrades").map(({ fromId }) => fromId)).toEqual([502]);
  });

  test("is not kept from its end by what others have off our grid", async () => {
    const venue = new Venue();
    const { account, heard } = await begunKit(venue);
    const odd = { price: "2000.00500000", qty: "0.00100007", origQty: "0.01000007" };
    venue.open = [{ ...statusOf("web_77", 77), ...odd }, statusOf(idOf(3), 3)];
    venue.trades = [{ id: 900, json: { ...tradeOf(900, 77), ...odd } }];
    venue.owners.set(77, "web_77");
    account.reconcile();
    expect(await heard.account()).toMatchObject({ openOrderIds: [idOf(3)] });
    expect(heard.alerts).toEqual([]);
  });

  test("looks each unknown order up once; those of others stay unmentioned", async () => {
    const venue = new Venue();
    const { account, heard, api } = await begunKit(venue);
    venue.owners.set(7001, "web_1").set(7002, idOf(9, "ETH", 2));
    venue.addTrades(1, 2, 7001);
    venue.addTrades(3, 2, 7002);
    venue.addTrades(5, 1, 7003); // of no order that there is
    account.reconcile();
    expect((await heard.fill()).fill.clientOrderId).toBe(idOf(9, "ETH", 2));
    await heard.fill();
    await heard.account();
    venue.addTrades(6, 2, 7001);
    account.reconcile();
    await heard.account();
    const asked = api.paramsOf("order.status").map(({ orderId }) => orderId);
    expect(asked).toEqual([7001, 7002, 7003]);
    expect(heard.alerts).toMatchObject([{ code: "orphan-trade", level: "warning" }]);
  });

  test("reads page after page", async () => {
    const venue = new Venue();
    const { account, heard, api } = await begunKit(venue);
    venue.owners.set(7001, "web_1");
    venue.addTrades(1, 2500, 7001);
    account.reconcile();
    await heard.account();
    const pages = api.paramsOf("myTrades").map(({ fromId }) => fromId);
    expect(pages).toEqual([undefined, 0, 1001, 2001]);
  });

  test("reads twenty pages at most, and goes on from there at the next question", async () => {
    const venue = new Venue();
    const { account, heard, api } = await begunKit(venue);
    venue.owners.set(7001, "web_1");
    venue.addTrades(0, 20_500, 7001);
    account.reconcile();
    await turn();
    expect(heard.events.size).toBe(0);
    expect(api.paramsOf("myTrades")).toHaveLength(21);
    account.reconcile();
    await heard.account();
    expect(api.paramsOf("myTrades").at(-1)).toMatchObject({ fromId: 20_000 });
    expect(heard.alerts).toMatchObject([{ level: "info", code: "reconcile-unanswered" }]);
  });

  test("starts over where a fill came in between, three times at most", async () => {
    const { api, account, heard } = kitOf(new HandApi());
    void account.begin();
    await api.expect("myTrades", ok([]));
    account.reconcile();
    for (let round = 1; round <= 3; round += 1) {
      await api.expect("openOrders.status", ok([]));
      await api.expect("account.status", ok(snapshotOf(`${round}.00000000`, "0.00000000")));
      const call = await api.expect("myTrades");
      account.onUserEvent(eventOf({ ...REPORT, t: 500 + round }), NOW_MS);
      expect((await heard.fill()).fill.tradeId).toBe(`ETHUSDT:${500 + round}`);
      await heard.order();
      call.answer(ok([]));
    }
    expect(await heard.account()).toMatchObject({ base: "3" });
    await turn();
    expect(api.calls.size).toBe(0);
  });

  test("starts over where the venue lists a trade newer than the snapshot", async () => {
    const { api, account, heard } = kitOf(new HandApi());
    void account.begin();
    await api.expect("myTrades", ok([]));
    account.reconcile();
    await api.expect("openOrders.status", ok([]));
    await api.expect("account.status", ok(snapshotOf("1.00000000", "0.00000000")));
    await api.expect("myTrades", ok([tradeOf(1, 7001, NOW_MS + 1)]));
    await api.expect("order.status", ok(statusOf("web_1", 7001)));
    await api.expect("openOrders.status", ok([]));
    await api.expect("account.status", ok(snapshotOf("2.00000000", "0.00000000")));
    const again = await api.expect("myTrades", ok([]));
    expect(again.params).toMatchObject({ fromId: 2 });
    expect(await heard.account()).toMatchObject({ base: "2" });
  });

  test("questions that come while one is answered are answered by one more", async () => {
    const { api, account, heard } = kitOf(new HandApi());
    void account.begin();
    await api.expect("myTrades", ok([]));
    account.reconcile();
    const first = await api.expect("openOrders.status");
    for (let ask = 0; ask < 5; ask += 1) account.reconcile();
    expect(api.calls.size).toBe(0);
    first.answer(ok([]));
    for (let round = 0; round < 2; round += 1) {
      if (round > 0) await api.expect("openOrders.status", ok([]));
      await api.expect("account.status", ok(snapshotOf("1.00000000", "0.00000000")));
      await api.expect("myTrades", ok([]));
      await heard.account();
    }
    await turn();
    expect(api.calls.size).toBe(0);
  });

  const steps = ["openOrders.status", "account.status", "myTrades", "order.status"] as const;
  const troubles = [LOST, notSent("budget"), refusal(-1003, "Too much request weight", 429)];
  const cases = steps.flatMap((step) => troubles.map((trouble) => [step, trouble] as const));
  test.each(cases)("no balances are told where %s is not answered: %#", async (step, trouble) => {
    const venue = new Venue();
    const { account, heard } = await begunKit(venue);
    venue.owners.set(7001, idOf(1));
    venue.addTrades(1, 1, 7001);
    venue.trouble = (method) => (method === step ? trouble : null);
    account.reconcile();
    await turn();
    account.reconcile();
    await turn();
    expect(heard.alerts).toMatchObject([{ level: "info", code: "reconcile-unanswered" }]);
    venue.trouble = null;
    account.reconcile();
    const kinds: string[] = [];
    while (kinds.at(-1) !== "account") kinds.push((await heard.events.next()).kind);
    // The fill is told once, whether the trouble came before it or after.
    expect(kinds).toEqual(["fill", "account"]);
  });

  test("a snapshot that cannot be read is told, and nothing is made of it", async () => {
    const venue = new Venue();
    const { account, heard } = await begunKit(venue);
    venue.snapshot = { balances: "none" };
    account.reconcile();
    await turn();
    expect(heard.events.size).toBe(0);
    expect(heard.alerts).toMatchObject([{ level: "critical", code: "unreadable-message" }]);
    venue.snapshot = snapshotOf("1.00000000", "1.00000000");
    account.reconcile();
    expect(await heard.account()).toMatchObject({ base: "1" });
  });
});

describe("begin", () => {
  test("takes the newest trade as the last one before us", async () => {
    const venue = new Venue();
    venue.addTrades(41, 2, 5000);
    const { account, heard, api } = await begunKit(venue);
    expect(await account.begin()).toBe(true);
    account.reconcile();
    await heard.account();
    const asked = api.paramsOf("myTrades");
    expect(asked.map(({ fromId, limit }) => [fromId, limit])).toEqual([
      [undefined, 1],
      [43, 1000],
    ]);
  });

  test.each([LOST, ok("nonsense"), refusal(-2015, "Invalid API-key", 401)])(
    "says where it is not known: %#",
    async (answer) => {
      const { account } = kitOf(new AutoApi(() => answer));
      expect(await account.begin()).toBe(false);
    },
  );
});

/** Has the stream tell that order 1 rests, and returns that news. */
async function ackNews(account: SpotAccount, heard: Heard) {
  const report = { ...REPORT, x: "NEW", X: "NEW", z: "0.00000000", t: -1 };
  account.onUserEvent(eventOf(report), NOW_MS);
  return heard.order();
}
