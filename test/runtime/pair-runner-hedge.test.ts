/** The runner of a pair that hedges: two connections, each with its own commands and news. */

import { expect, test } from "bun:test";
import type { PairConfig } from "#config/schema.ts";
import type { OrderRequest } from "#domain/order.ts";
import type { PairChanges } from "../backtest/support.ts";
import type { FakeConnection } from "./fake-connection.ts";
import { HEDGED, pairWith, Stage, spot } from "./runner-stage.ts";

interface Hedged {
  readonly stage: Stage;
  readonly quote: FakeConnection;
  readonly hedge: FakeConnection;
}

/** 5 ETH and 10 000 USDT at 2000, hedged. */
async function quoting(
  changes: PairChanges = {},
  mode: PairConfig["mode"] = "paper",
): Promise<Hedged> {
  const stage = new Stage({ ...HEDGED, ...changes }, 0, mode);
  await stage.quoting();
  return { stage, quote: stage.connection, hedge: hedgeOf(stage) };
}

function hedgeOf({ hedge }: Stage): FakeConnection {
  if (hedge === undefined) throw new Error("the pair has no hedge");
  return hedge;
}

function openAt(connection: FakeConnection): string[] {
  return [...connection.open.values()].map(sentence).sort();
}

function sentence({ side, type, quantityLots, priceTicks }: OrderRequest): string {
  return `${side} ${type} ${quantityLots} at ${priceTicks}`;
}

/** Buys this much of the nearest bid: of 5 ETH, a move beyond 20 %. */
function buy({ stage, quote }: Hedged, lots: number): void {
  const [bid] = stage.runner.status().orders;
  if (bid === undefined) throw new Error("there is no bid");
  quote.account = { base: String(5 + lots / 10_000), quote: "9000" };
  quote.fill(bid.clientOrderId, lots);
}

test("the hedge's connection is started first, the quoting one asked for history", async () => {
  const stage = new Stage(HEDGED);
  const started: string[] = [];
  const hedge = hedgeOf(stage);
  for (const [name, one] of Object.entries({ quote: stage.connection, hedge })) {
    const start = one.start.bind(one);
    one.start = (listener) => {
      started.push(name);
      start(listener);
    };
  }
  await stage.quoting();
  expect(started).toEqual(["hedge", "quote"]);
  expect(stage.connection.calls.slice(0, 4)).toEqual([
    "prices 1000 1000",
    "start",
    "cancelAll",
    "reconcile",
  ]);
  expect(hedge.calls.slice(0, 3)).toEqual(["start", "cancelAll", "reconcile"]);
});

test("each connection has its own orders: the ladder here, triggers and stops there", async () => {
  const { stage, quote, hedge } = await quoting();
  expect(quote.open.size).toBe(6);
  expect([...quote.open.values()].every(({ type }) => type === "limit")).toBe(true);
  // Half of 5 ETH in lots of 0.001, 2 % from 2000 each way.
  expect(openAt(hedge)).toEqual([
    "buy stop-market 2500 at 204000",
    "sell stop-market 2500 at 196000",
  ]);
  expect(stage.runner.status().hedge).toMatchObject({
    venue: "binance-perp",
    symbol: "ETHUSDT",
    isConnected: true,
    mid: "2000",
    position: "0",
    active: { state: "idle", open: "0", isNeeded: false },
    passive: {
      state: "armed",
      anchorPrice: "2000",
      entryPrice: null,
      triggers: [
        { side: "sell", triggerPrice: "1960", size: "2.5", isWorking: true },
        { side: "buy", triggerPrice: "2040", size: "2.5", isWorking: true },
      ],
      stop: null,
      isCovered: true,
    },
    unhedgedSinceMs: null,
    connection: { trading: "ready" },
  });
  expect(stage.runner.status().hedge?.orders.map(({ price }) => price)).toEqual(["2040", "1960"]);
});

test("a quoting fill is hedged there, and what is filled there counts", async () => {
  const pair = await quoting({
    hedge: { ...HEDGED.hedge, passiveHedgeRatio: undefined, passiveHedgeSpRatio: undefined },
  });
  const { stage, hedge } = pair;
  // 1.5 ETH at 1998 on top of 5: 6.5 · 2000 of 20 003 are 0.6499, 30 % more than 0.5.
  buy(pair, 15_000);
  stage.settle(1_100);
  // To 0.55: 6.5 − 0.55 · 20 003 / 2000 = 0.999.
  expect(openAt(hedge)).toEqual(["sell limit 999 at 200001"]);
  const [id = ""] = hedge.open.keys();
  expect(id).toStartWith("mm-ETH-a3-");
  hedge.account = { base: "-0.999", quote: "10000" };
  hedge.fill(id, 999);
  stage.settle(1_100);
  const { hedge: status, netDelta, equity, inventory, pnl } = stage.runner.status();
  // Sold 0.999 at 2000.01.
  expect(status).toMatchObject({
    position: "-0.999",
    activePosition: "-0.999",
    passivePosition: "0",
    quote: "1998.00999",
    equity: "0.00999",
    active: { state: "holding" },
  });
  // Half of 20 003 at 2000 are 5.00075 ETH to hold; 6.5 and -0.999 are held.
  expect(netDelta).toBeCloseTo(0.5, 2);
  expect(pnl?.["hedgeExecution"]).toBe("0.00999");
  expect(pnl?.["residual"]).toBe("0");
  expect(Number(equity) - Number(inventory.equity)).toBeCloseTo(0.00999, 9);
});

test("a pause leaves the hedge on, flatten takes it away, resume brings both back", async () => {
  const { stage, quote, hedge } = await quoting();
  stage.runner.command("pause");
  stage.settle();
  expect([quote.open.size, hedge.open.size]).toEqual([0, 2]);
  stage.runner.command("flatten");
  stage.settle();
  expect([quote.open.size, hedge.open.size]).toEqual([0, 0]);
  expect(stage.runner.status()).toMatchObject({
    state: "flattened",
    reasons: ["flattened by an operator: quotes off, hedge closed"],
  });
  stage.runner.command("resume");
  stage.settle(2_000);
  expect([quote.open.size, hedge.open.size]).toEqual([6, 2]);
});

test("a trigger that a run before left delays the hedge by moments, not by minutes", async () => {
  const stage = new Stage(HEDGED);
  const hedge = hedgeOf(stage);
  const left = "mm-ETH-p2-1";
  hedge.open.set(left, {
    clientOrderId: left,
    side: "sell",
    type: "stop-market",
    timeInForce: "gtc",
    postOnly: false,
    reduceOnly: false,
    priceTicks: 196_000,
    quantityLots: 2_500,
  });
  // The sweep at the start comes too late for the first list.
  hedge.isMute = true;
  await stage.quoting();
  expect(stage.runner.status().hedge?.passive?.state).toBe("off");
  hedge.isMute = false;
  stage.settle(4_000);
  expect(hedge.open.has(left)).toBe(false);
  expect(stage.runner.status().hedge).toMatchObject({
    passive: { state: "armed" },
    unhedgedSinceMs: null,
  });
});

test("a flatten is not told to be done while the hedge venue is down", async () => {
  const pair = await quoting({ hedge: { ...HEDGED.hedge, makerDeadlineSeconds: 600 } });
  const { stage, hedge } = pair;
  buy(pair, 15_000);
  stage.settle(1_100);
  const [id = ""] = [...hedge.open].find(([, { type }]) => type === "limit") ?? [];
  hedge.account = { base: "-0.5", quote: "10000" };
  hedge.fill(id, 500);
  hedge.down();
  stage.runner.command("flatten");
  stage.settle();
  const off = "flattened by an operator: quotes off, hedge";
  expect(stage.runner.status().reasons).toEqual([`${off} of -0.5 ETH not closed yet`]);
  hedge.up();
  stage.settle(2_000);
  const [closing = ""] = [...hedge.open].find(([, { reduceOnly }]) => reduceOnly) ?? [];
  hedge.account = { base: "0", quote: "10000" };
  hedge.fill(closing, 500);
  stage.settle(1_000);
  expect(stage.runner.status().reasons).toEqual([`${off} closed`]);
});

test("a hedge venue that is down leaves the quotes on, until missed for too long", async () => {
  const { stage, quote, hedge } = await quoting({
    hedge: { ...HEDGED.hedge, maxUnhedgedSeconds: 5 },
  });
  hedge.down();
  stage.settle(4_000);
  expect(quote.open.size).toBe(6);
  const { reasons, state, hedge: status } = stage.runner.status();
  expect([state, reasons, status?.isConnected]).toEqual(["quoting", [], false]);
  expect(status?.unhedgedSinceMs).not.toBeNull();
  stage.settle(2_000);
  const late = stage.runner.status();
  expect([late.state, late.reasons]).toEqual(["quoting", [expect.stringMatching(/^unhedged: /)]]);
  // The venue is back, and agrees.
  hedge.up();
  stage.settle(3_000);
  expect(stage.runner.status()).toMatchObject({ reasons: [], hedge: { isConnected: true } });
  expect(quote.open.size).toBe(6);
});

test("a stop has both venues confirm that nothing is open, and says what is left", async () => {
  const pair = await quoting({ hedge: { ...HEDGED.hedge, makerDeadlineSeconds: 600 } });
  const { stage, quote, hedge } = pair;
  buy(pair, 15_000);
  stage.settle(1_100);
  const [id = ""] = [...hedge.open].find(([, { type }]) => type === "limit") ?? [];
  hedge.account = { base: "-0.5", quote: "10000" };
  hedge.fill(id, 500);
  const stopped = stage.runner.stop();
  quote.answer();
  expect(quote.open.size).toBe(0);
  // The quoting venue has confirmed, the other one not yet.
  expect(await Promise.race([stopped, Promise.resolve("it waits")])).toBe("it waits");
  hedge.answer();
  expect(await stopped).toEqual({ left: [] });
  expect(hedge.open.size).toBe(0);
  expect([quote.calls.at(-1), hedge.calls.at(-1)]).toEqual(["stop", "stop"]);
  expect(stage.alerts.filter(({ code }) => code === "hedge-left")).toEqual([
    expect.objectContaining({
      level: "warning",
      message: "stopped with a hedge of -0.5 ETH open on binance-perp:ETHUSDT",
    }),
  ]);
});

test("a stop while the venue tells another position does not pass ours off as true", async () => {
  const { stage, quote, hedge } = await quoting();
  hedge.account = { base: "-0.4", quote: "10000" };
  hedge.reconcile();
  hedge.answer();
  const stopped = stage.runner.stop();
  quote.answer();
  hedge.answer();
  await stopped;
  const told = stage.alerts.find(({ code }) => code === "hedge-left");
  expect(told?.message).toContain("hedge of 0 ETH");
  expect(told?.message).toContain("the venue tells another: look there");
});

test("a stop whose hedge venue is mute names the triggers that may be left", async () => {
  const { stage, quote, hedge } = await quoting();
  hedge.isMute = true;
  const stopped = stage.runner.stop();
  quote.answer();
  stage.world.timers.advance(5_000);
  const { left } = await stopped;
  expect(left).toEqual([...hedge.open.keys()]);
  expect(left).toHaveLength(2);
});

test("fees of the hedge that nobody knows a price of are told, once for each asset", async () => {
  const pair = await quoting({}, "live");
  const { stage, hedge } = pair;
  buy(pair, 15_000);
  stage.settle(1_100);
  const [id = ""] = [...hedge.open].find(([, { type }]) => type === "limit") ?? [];
  for (const lots of [100, 100]) hedge.fill(id, lots, "BNB");
  const told = stage.alerts.filter(({ code }) => code === "unpriced-fees");
  expect(told.map(({ message }) => message)).toEqual([
    "fees are charged in BNB and count as 0 in the PnL; balances are right",
  ]);
});

test("what either connection has to say is told, the hedge's as such", async () => {
  const { stage, quote, hedge } = await quoting();
  const alert = { timeMs: 1, level: "warning", code: "feed-down", message: "no feed" } as const;
  quote.listener?.onAlert(alert);
  hedge.listener?.onAlert(alert);
  const feeds = stage.alerts.filter(({ code }) => code === "feed-down");
  expect(feeds.map(({ message }) => message)).toEqual(["no feed", "hedge: no feed"]);
});

test("new hedge parameters move the triggers in flight, quotes stay", async () => {
  const { stage, quote, hedge } = await quoting();
  const before = stage.ids();
  quote.calls.splice(0);
  const { hedge: params } = pairWith({
    ...HEDGED,
    hedge: { ...HEDGED.hedge, passiveHedgeRatio: 0.03 },
  });
  await stage.runner.update({ ...stage.pair, hedge: params }, spot(stage.pair));
  stage.settle(2_000);
  expect(openAt(hedge)).toEqual([
    "buy stop-market 2500 at 206000",
    "sell stop-market 2500 at 194000",
  ]);
  expect(stage.ids()).toEqual(before);
  expect(quote.calls).toEqual([]);
});

test("time of the hedge's news never goes back, and never reaches the core as none", async () => {
  const { stage, hedge } = await quoting();
  const before = stage.runner.status().timeMs;
  const event = {
    kind: "mark",
    venueTimeMs: 1,
    receivedTimeMs: Number.NaN,
    priceTicks: 200_050,
    fundingRate: 0.0001,
    nextFundingMs: 0,
  } as const;
  const reused = { ...event };
  hedge.tell(reused);
  expect(reused.receivedTimeMs).toBe(before);
  expect(stage.runner.status()).toMatchObject({
    timeMs: before,
    hedge: { markPrice: "2000.5", fundingRate: 0.0001, nextFundingMs: null },
  });
});
