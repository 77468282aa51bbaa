/** The judge's scenarios on the mock Hyperliquid, through the SDK's own clients. */

import { expect } from "bun:test";
import { ApiRequestError, type SubscriptionClient } from "@nktkas/hyperliquid";
import { RowKind } from "#sim/market-tape.ts";
import {
  ETH,
  type HyperliquidBench,
  MASTER,
  STRANGER,
  type TransportKind,
  VAULT,
} from "./hyperliquid-bench.ts";
import { refusalOf, until } from "./waiting.ts";

type Tif = "Alo" | "Ioc" | "Gtc";
type Hex = `0x${string}`;

/**
 * Client ids of a scenario: none twice, and none so small that the SDK takes it for an order id.
 */
class Cloids {
  #last = 0;
  next(): Hex {
    this.#last += 1;
    return `0xc1${this.#last.toString(16).padStart(30, "0")}`;
  }
}

interface Order {
  readonly a: number;
  readonly b: boolean;
  readonly p: string;
  readonly s: string;
  readonly r: boolean;
  readonly t: { readonly limit: { readonly tif: Tif } };
  readonly c?: Hex;
}

/** Of the second stop in a scenario. */
const STOP_CLOID: Hex = `0xc2${"1".padStart(30, "0")}`;

interface StopOrder extends Omit<Order, "t"> {
  readonly t: {
    readonly trigger: {
      readonly isMarket: true;
      readonly triggerPx: string;
      readonly tpsl: "sl";
    };
  };
}

function orderOf(b: boolean, p: string, s: string, tif: Tif): Order {
  return { a: ETH, b, p, s, r: false, t: { limit: { tif } } };
}

/** The words of an answer with errors. */
async function refusal(call: Promise<unknown>): Promise<string> {
  const error = await refusalOf(call);
  expect(error).toBeInstanceOf(ApiRequestError);
  return error instanceof ApiRequestError ? error.message : "";
}

/** Orders placed, moved and cancelled in every way; the account is flat and empty afterwards. */
export async function tradeScenario(bench: HyperliquidBench, kind: TransportKind): Promise<void> {
  const exchange = bench.exchange(kind);
  const info = bench.info(kind);
  const cloids = new Cloids();
  const [first, second, third] = [cloids.next(), cloids.next(), cloids.next()];
  const placed = await exchange.order({
    orders: [
      { ...orderOf(true, "1990", "0.02", "Alo"), c: first },
      orderOf(true, "1991", "0.02", "Gtc"),
      { ...orderOf(false, "1999.9", "0.01", "Ioc"), c: second },
    ],
    grouping: "na",
  });
  const [resting, other, filled] = placed.response.data.statuses;
  expect(resting).toEqual({ resting: { oid: expect.any(Number), cloid: first } });
  expect(other).toEqual({ resting: { oid: expect.any(Number) } });
  expect(filled).toEqual({
    filled: { totalSz: "0.01", avgPx: "1999.9", oid: expect.any(Number), cloid: second },
  });

  await refusedOrders(bench, kind);
  await moveOrders(bench, kind, first);

  const oids = (await info.openOrders({ user: MASTER })).map(({ oid }) => oid);
  expect(oids).toHaveLength(3);
  const canceled = await exchange.cancel({
    cancels: oids.slice(0, 2).map((o) => ({ a: ETH, o })),
    f: true,
  });
  expect(canceled.response.data.statuses).toEqual(["success", "success"]);
  expect(await refusal(exchange.cancel({ cancels: [{ a: ETH, o: oids[0] ?? 0 }] }))).toContain(
    "Order was never placed, already canceled, or filled.",
  );
  await exchange.order({
    orders: [{ ...orderOf(true, "1980", "0.02", "Alo"), c: third }],
    grouping: "na",
  });
  await exchange.cancelByCloid({ cancels: [{ asset: ETH, cloid: third }], f: true });
  await exchange.cancel({ cancels: [{ a: ETH, o: oids[2] ?? 0 }] });
  await exchange.order({ orders: [orderOf(true, "2000.1", "0.01", "Ioc")], grouping: "na" });
  expect(bench.mock.venue.openOrders()).toEqual([]);
  expect(bench.mock.venue.positionLots("ETH")).toBe(0);
}

async function refusedOrders(bench: HyperliquidBench, kind: TransportKind): Promise<void> {
  const exchange = bench.exchange(kind);
  const place = (...orders: Order[]) => exchange.order({ orders, grouping: "na" });
  // One order of a batch rests all the same.
  const partly = place(
    orderOf(true, "2000.1", "0.01", "Alo"),
    orderOf(true, "1985", "0.02", "Alo"),
    orderOf(true, "1990", "0.01", "Ioc"),
    orderOf(true, "1990", "0.001", "Alo"),
    orderOf(true, "1990", "10000", "Alo"),
  );
  const words = await refusal(partly);
  expect(words).toContain("Post only order would have immediately matched, bbo was 1999.9@2000.1");
  expect(words).toContain("Order could not immediately match against any resting orders.");
  expect(words).toContain("Order must have minimum value of $10.");
  expect(words).toContain("Insufficient margin to place order.");
  expect(bench.mock.venue.openOrders().map(({ priceTicks }) => priceTicks)).toContain(198_500);
  expect(await refusal(place(orderOf(true, "1990.55", "0.01", "Alo")))).toContain(
    "Price must be divisible by tick size.",
  );
  const stranger = bench.exchange(kind, STRANGER);
  const order = { orders: [orderOf(true, "1990", "0.02", "Alo")], grouping: "na" as const };
  const gone = "User or API Wallet";
  expect(await refusal(stranger.order(order))).toContain(
    `${gone} ${STRANGER.address.toLowerCase()} does not exist`,
  );
  expect(await refusal(exchange.order(order, { expiresAfter: Date.now() - 1000 }))).toContain(
    "Action already expired",
  );
  expect(await refusal(exchange.order(order, { vaultAddress: VAULT }))).toContain(
    `Vault not registered: ${VAULT}`,
  );
  // Time is in the hash: a signature that left it out would be a stranger's.
  const inTime = await exchange.order(order, { expiresAfter: Date.now() + 60_000 });
  const [status] = inTime.response.data.statuses;
  const oid = typeof status === "object" && "resting" in status ? status.resting.oid : 0;
  await exchange.cancel({ cancels: [{ a: ETH, o: oid }] });
}

/** Three orders rest before and after. */
async function moveOrders(bench: HyperliquidBench, kind: TransportKind, cloid: Hex): Promise<void> {
  const exchange = bench.exchange(kind);
  const info = bench.info(kind);
  const before = await info.orderStatus({ user: MASTER, oid: cloid });
  const oid = before.status === "order" ? before.order.order.oid : 0;
  const first = { ...orderOf(true, "1992", "0.02", "Alo"), c: cloid };
  await exchange.modify({ oid, order: first });
  const after = await info.orderStatus({ user: MASTER, oid: cloid });
  expect(after).toMatchObject({ status: "order", order: { status: "open", order: { cloid } } });
  expect(await info.orderStatus({ user: MASTER, oid })).toMatchObject({
    status: "order",
    order: { status: "canceled" },
  });
  const moved = await exchange.batchModify({
    modifies: [{ oid: cloid, order: { ...first, p: "1993" } }],
  });
  expect(moved.response.data.statuses).toEqual([{ resting: { oid: expect.any(Number), cloid } }]);
  expect(await refusal(exchange.modify({ oid, order: first }))).toContain(
    "Cannot modify canceled or filled order",
  );
  const crossing = orderOf(true, "2000.1", "0.02", "Alo");
  const gone = await refusal(exchange.batchModify({ modifies: [{ oid: cloid, order: crossing }] }));
  expect(gone).toContain("Post only order would have immediately matched");
  await exchange.order({ orders: [{ ...first, p: "1994" }], grouping: "na" });
}

/** All that is about the account and not about one order. */
export async function accountScenario(bench: HyperliquidBench, kind: TransportKind): Promise<void> {
  const exchange = bench.exchange(kind);
  const info = bench.info(kind);
  await exchange.updateLeverage({ asset: ETH, isCross: true, leverage: 5 });
  const data = await info.activeAssetData({ user: MASTER, coin: "ETH" });
  expect(data.leverage).toEqual({ type: "cross", value: 5 });
  expect(
    await refusal(exchange.updateLeverage({ asset: ETH, isCross: true, leverage: 99 })),
  ).toContain("Invalid leverage value");
  await exchange.updateLeverage({ asset: ETH, isCross: false, leverage: 5 });
  await exchange.order({ orders: [orderOf(true, "2000.1", "0.1", "Ioc")], grouping: "na" });
  await exchange.updateIsolatedMargin({ asset: ETH, isBuy: true, ntli: 5_000_000 });
  const stop = {
    ...orderOf(false, "1700", "0.1", "Gtc"),
    r: true,
    t: { trigger: { isMarket: true, triggerPx: "1900", tpsl: "sl" } },
  } as const;
  await stopOrders(bench, kind, stop);
  await exchange.scheduleCancel({ time: Date.now() + 60_000 });
  expect(await refusal(exchange.scheduleCancel({ time: Date.now() + 1000 }))).toContain(
    "at least 5 seconds",
  );
  await exchange.scheduleCancel();
  await exchange.reserveRequestWeight({ weight: 10 });
  await exchange.noop({ nonce: Date.now() + 1 });
}

/** A stop is placed, listed, cancelled in the queue, placed again and fired by the mark. */
async function stopOrders(
  bench: HyperliquidBench,
  kind: TransportKind,
  stop: StopOrder,
): Promise<void> {
  const exchange = bench.exchange(kind);
  const info = bench.info(kind);
  const user = MASTER;
  const cloid = new Cloids().next();
  const place = () => exchange.order({ orders: [{ ...stop, c: cloid }], grouping: "na" });
  const placed = await place();
  expect(placed.response.data.statuses).toEqual([{ resting: { oid: expect.any(Number), cloid } }]);
  const open = await info.frontendOpenOrders({ user });
  expect(open).toMatchObject([
    { isTrigger: true, triggerPx: "1900.0", orderType: "Stop Market", cloid, reduceOnly: true },
  ]);
  expect(await info.openOrders({ user })).toMatchObject([{ cloid, limitPx: "1700.0" }]);
  const cancels = [{ asset: ETH, cloid }];
  expect(await refusal(exchange.cancelByCloid({ cancels, f: true }))).toContain("priority");
  await exchange.cancelByCloid({ cancels });
  expect(await info.orderStatus({ user, oid: cloid })).toMatchObject({
    order: { status: "canceled", order: { isTrigger: true } },
  });
  const opening = exchange.order({ orders: [{ ...stop, r: false }], grouping: "na" });
  expect(await refusal(opening)).toContain("must be reduce only");
  await exchange.order({ orders: [{ ...stop, c: STOP_CLOID }], grouping: "na" });
  bench.mock.market("ETH").pin(190_000);
  bench.mock.market("ETH").unpin();
  expect(await info.orderStatus({ user, oid: STOP_CLOID })).toMatchObject({
    order: { status: "filled", order: { isTrigger: true } },
  });
  const [newest] = await info.userFills({ user });
  expect(newest).toMatchObject({ side: "A", crossed: true, cloid: STOP_CLOID });
}

/** Every question that the mock venue answers, after some trading. */
export async function infoScenario(bench: HyperliquidBench, kind: TransportKind): Promise<void> {
  const exchange = bench.exchange(kind);
  const info = bench.info(kind);
  const cloids = new Cloids();
  await exchange.order({
    orders: [
      { ...orderOf(true, "2000.1", "0.05", "Ioc"), c: cloids.next() },
      { ...orderOf(true, "1990", "0.05", "Alo"), c: cloids.next() },
      orderOf(false, "2010", "0.05", "Gtc"),
    ],
    grouping: "na",
  });
  bench.move([RowKind.sellTrade, 199_990, 100]);
  bench.mock.venue.funding.settle();
  const user = MASTER;
  const startTime = 0;

  const meta = await info.meta();
  expect(meta.universe.map(({ name }) => name)).toEqual(["BTC", "ETH", "MATIC"]);
  expect((await info.metaAndAssetCtxs())[1]).toHaveLength(3);
  expect(await info.allMids()).toEqual({ BTC: "64000.0", ETH: "2000.0" });
  expect((await info.exchangeStatus()).specialStatuses).toBeNull();
  expect(await info.perpsAtOpenInterestCap()).toEqual([]);
  expect(await info.l2Book({ coin: "ETH" })).toMatchObject({ coin: "ETH" });
  expect((await info.l2Book({ coin: "ETH", nSigFigs: 4 }))?.spread).toBeString();
  expect(await info.recentTrades({ coin: "ETH" })).toMatchObject([{ px: "1999.9", side: "A" }]);
  const candles = await info.candleSnapshot({ coin: "ETH", interval: "1m", startTime });
  expect(candles.length).toBeGreaterThan(100);
  await info.fundingHistory({ coin: "ETH", startTime });

  const [newest] = await info.userFills({ user });
  expect(newest).toMatchObject({ coin: "ETH", sz: "0.05", side: "B", crossed: true });
  expect(await info.userFillsByTime({ user, startTime })).toHaveLength(1);
  expect(await info.openOrders({ user })).toHaveLength(2);
  expect(await info.frontendOpenOrders({ user })).toHaveLength(2);
  expect(await info.historicalOrders({ user })).toHaveLength(3);
  expect(await info.orderStatus({ user, oid: 7 })).toEqual({ status: "unknownOid" });
  expect(await info.orderStatus({ user, oid: newest?.oid ?? 0 })).toMatchObject({
    order: { status: "filled" },
  });
  const state = await info.clearinghouseState({ user });
  expect(state.assetPositions).toMatchObject([{ position: { coin: "ETH", szi: "0.05" } }]);
  expect(await info.userFunding({ user, startTime })).toMatchObject([
    { delta: { coin: "ETH", szi: "0.05" } },
  ]);
  expect(await info.activeAssetData({ user, coin: "BTC" })).toMatchObject({ coin: "BTC" });
  expect((await info.userFees({ user })).userAddRate).toBe("0.00015");
  expect((await info.userRateLimit({ user })).nRequestsCap).toBeGreaterThan(2_000_000);
  expect(await info.userRole({ user })).toEqual({ role: "user" });
  expect(await info.extraAgents({ user })).toMatchObject([{ name: "judge" }]);
  await info.subAccounts({ user });
}

/** Every stream that the mock venue has, before and after its sockets are cut. */
export async function streamScenario(bench: HyperliquidBench): Promise<void> {
  const exchange = bench.exchange("HTTP");
  const client = bench.subscriptions();
  const user = MASTER;
  const coin = "ETH";
  bench.move([RowKind.buyTrade, 200_010, 100]);
  const market = await marketStreams(bench, client);
  const orders = await bench.listen("orderUpdates", (on) => client.orderUpdates({ user }, on));
  const fills = await bench.listen("userFills", (on) => client.userFills({ user }, on));
  const fundings = await bench.listen("userFundings", (on) => client.userFundings({ user }, on));
  const events = await bench.listen("userEvents", (on) => client.userEvents({ user }, on));
  const open = await bench.listen("openOrders", (on) => client.openOrders({ user }, on));
  const state = await bench.listen("clearinghouseState", (on) =>
    client.clearinghouseState({ user }, on),
  );
  const active = await bench.listen("activeAssetData", (on) =>
    client.activeAssetData({ user, coin }, on),
  );
  expect(await fills.next()).toEqual({ user, fills: [], isSnapshot: true });
  expect(await fundings.next()).toEqual({ user, fundings: [], isSnapshot: true });
  await Promise.all([state.next(), active.next(), open.next()]);

  const bid = { ...orderOf(true, "2000", "0.05", "Alo"), c: new Cloids().next() };
  await exchange.order({ orders: [bid], grouping: "na" });
  expect(await orders.next()).toMatchObject([{ status: "open", order: { limitPx: "2000.0" } }]);
  await until(market.touch, ({ bbo }) => bbo[0]?.px === "2000.0");
  await until(market.fast, ({ levels }) => levels[0][0]?.sz === "0.05");
  bench.move([RowKind.sellTrade, 200_000, 1000]);
  expect(await orders.next()).toMatchObject([{ status: "filled" }]);
  expect(await fills.next()).toMatchObject({ fills: [{ px: "2000.0", crossed: false }] });
  expect(await events.next()).toMatchObject({ fills: [{ px: "2000.0" }] });
  expect(await until(market.trades, ([print]) => print?.side === "A")).toHaveLength(1);
  expect(await until(open, ({ orders: all }) => all.length === 0)).toMatchObject({ user });
  bench.mock.venue.funding.settle();
  expect(await fundings.next()).toMatchObject({ fundings: [{ coin, szi: "0.05" }] });
  expect(await events.next()).toMatchObject({ funding: { coin } });

  bench.mock.switches.disconnectAll();
  const again = await fills.next();
  expect(again).toMatchObject({ isSnapshot: true, fills: [{ px: "2000.0" }] });
  expect(await fundings.next()).toMatchObject({ isSnapshot: true, fundings: [{ coin }] });
  await exchange.order({ orders: [{ ...bid, p: "1990" }], grouping: "na" });
  expect(await orders.next()).toMatchObject([{ status: "open", order: { limitPx: "1990.0" } }]);
  bench.mock.venue.cancelForeign();
  expect(await orders.next()).toMatchObject([{ status: "canceled" }]);
  expect(Object.values(bench.mock.limits.overruns).every((count) => count === 0)).toBe(true);
}

async function marketStreams(bench: HyperliquidBench, client: SubscriptionClient) {
  const coin = "ETH";
  const slow = await bench.listen("l2Book", (on) => client.l2Book({ coin: "BTC" }, on));
  expect((await slow.next()).levels[0]).toHaveLength(6);
  const fast = await bench.listen("l2Book", (on) => client.l2Book({ coin, fast: true }, on));
  const first = await until(fast, (book) => book.coin === coin);
  expect([first.fast, first.levels[1].length]).toEqual([true, 5]);
  const grouped = await bench.listen("l2Book", (on) =>
    client.l2Book({ coin: "BTC", nSigFigs: 3 }, on),
  );
  expect((await until(grouped, (book) => book.spread !== undefined)).coin).toBe("BTC");
  const touch = await bench.listen("bbo", (on) => client.bbo({ coin }, on));
  expect((await touch.next()).bbo.map((level) => level?.px)).toEqual(["1999.9", "2000.1"]);
  const trades = await bench.listen("trades", (on) => client.trades({ coin }, on));
  expect(await trades.next()).toMatchObject([{ side: "B", px: "2000.1" }]);
  const ctx = await bench.listen("activeAssetCtx", (on) => client.activeAssetCtx({ coin }, on));
  await ctx.next();
  const mids = await bench.listen("allMids", (on) => client.allMids(on));
  expect((await mids.next()).mids).toEqual({ BTC: "64000.0", ETH: "2000.0" });
  const candles = await bench.listen("candle", (on) => client.candle({ coin, interval: "1m" }, on));
  expect((await candles.next()).s).toBe(coin);
  return { fast, touch, trades };
}
