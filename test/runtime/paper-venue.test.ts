/** The paper venue: a real feed (here scripted) in front of the simulated exchange. */

import { describe, expect, test } from "bun:test";
import { strategyParams } from "#config/engine-params.ts";
import { plain } from "#domain/decimal.ts";
import { PairRunner } from "#runtime/pair-runner.ts";
import { PaperConnection } from "#runtime/paper-venue.ts";
import { FeedKind, type MarketTape, RowKind } from "#sim/market-tape.ts";
import { strategyFactory } from "#strategies/registry.ts";
import { marketTape, pairOf, quote, START_MS } from "../backtest/support.ts";
import { ManualWorld } from "./fake-connection.ts";
import { Bench, ScriptedMarket } from "./paper-bench.ts";

describe("the connection", () => {
  test("is up once the book is whole for the first time, and a lost feed is told as such", () => {
    const bench = new Bench();
    bench.market.book(0, 0, 0);
    expect(bench.news()).toEqual(["+0 book 0"]);
    bench.market.touch(199_999, 200_001);
    expect(bench.news()).toEqual(["+0 up", "+0 book 1000"]);
    bench.market.clear();
    bench.market.book(0, 0, 0);
    bench.market.touch(199_999, 200_001);
    expect(bench.news()).toEqual(["+0 book 0", "+0 book 1000"]);
    bench.market.listener?.onAlive(START_MS + 7);
    expect(bench.news()).toEqual(["+7 alive"]);
    expect(bench.paper.status()).toMatchObject({ trading: "ready", feed: { state: "live" } });
  });

  test("takes the latency each way, and answers from the event loop only", () => {
    const bench = new Bench();
    bench.market.touch(199_999, 200_001);
    bench.news();
    bench.paper.place(quote("mm-ETH-q1-1", "buy", 199_990, 500));
    expect(bench.paper.status().inFlight).toBe(1);
    bench.world.timers.advance(5);
    expect(bench.paper.status().inFlight).toBe(0);
    expect(bench.news()).toEqual([]);
    bench.world.timers.advance(5);
    expect(bench.news()).toEqual(["+10 open mm-ETH-q1-1"]);
    bench.paper.cancel("mm-ETH-q1-1");
    bench.world.timers.advance(10);
    expect(bench.news()).toEqual(["+20 canceled mm-ETH-q1-1"]);
    expect(bench.world.timers.pending).toBe(0);
  });

  test("without latency still answers after the call", () => {
    const bench = new Bench(pairOf({ simulation: { latencyMs: 0 } }));
    bench.market.touch(199_999, 200_001);
    bench.news();
    bench.paper.place(quote("mm-ETH-q1-1", "buy", 199_990, 500));
    expect(bench.news()).toEqual([]);
    bench.world.timers.advance(0);
    expect(bench.news()).toEqual(["+0 open mm-ETH-q1-1"]);
  });

  test("an order that was due before a print is there for it, however late the timer is", () => {
    const bench = new Bench();
    bench.market.touch(199_999, 200_001);
    bench.news();
    bench.paper.place(quote("mm-ETH-q1-1", "buy", 199_990, 500));
    // The thread was busy: six milliseconds passed and no timer ran.
    bench.world.offsetMs = 6;
    bench.market.trade("sell", 199_980, 9_999);
    bench.world.timers.advance(10);
    expect(bench.news()).toEqual([
      "+10 open mm-ETH-q1-1",
      "+11 fill 500",
      "+11 filled mm-ETH-q1-1",
    ]);
    expect(plain(bench.paper.account.quote)).toBe("9900.005"); // 10 000 − 0.05 · 1999.9
  });

  test("an order that is due after a print missed it", () => {
    const bench = new Bench();
    bench.market.touch(199_999, 200_001);
    bench.news();
    bench.paper.place(quote("mm-ETH-q1-1", "buy", 199_990, 500));
    bench.world.timers.advance(4);
    bench.market.trade("sell", 199_980, 9_999);
    bench.world.timers.advance(20);
    expect(bench.news()).toEqual(["+10 open mm-ETH-q1-1"]);
  });

  test("after its stop tells nothing and keeps no timer", () => {
    const bench = new Bench();
    bench.market.touch(199_999, 200_001);
    bench.paper.place(quote("mm-ETH-q1-1", "buy", 199_990, 500));
    bench.news();
    bench.paper.stop();
    bench.market.touch(199_000, 199_002);
    bench.market.trade("sell", 199_000, 1);
    bench.market.listener?.onAlive(START_MS);
    bench.paper.cancelAll();
    bench.world.timers.advance(100);
    expect(bench.news()).toEqual([]);
    expect(bench.world.timers.pending).toBe(0);
    expect(bench.market.isStopped).toBe(true);
    expect(bench.paper.status().trading).toBe("closed");
  });
});

/** Plays rows and messages of a tape in the order of their times, as a feed would tell them. */
function play(tape: MarketTape, market: ScriptedMarket, world: ManualWorld): void {
  const { rows, feed } = tape;
  let row = 0;
  for (let message = 0; message < feed.length; message += 1) {
    const receivedMs = feed.receivedMs[message] ?? Infinity;
    for (; row < rows.length && (rows.timeMs[row] ?? Infinity) <= receivedMs; row += 1) {
      world.timers.advance(Math.max(0, (rows.timeMs[row] ?? 0) - world.nowMs()));
      playRow(tape, row, market);
    }
    world.timers.advance(Math.max(0, receivedMs - world.nowMs()));
    if (feed.kind[message] !== FeedKind.book) continue;
    market.book(feed.bidTicks[message] ?? 0, feed.askTicks[message] ?? 0);
  }
}

function playRow({ rows }: MarketTape, row: number, market: ScriptedMarket): void {
  const kind = rows.kind[row];
  const ticks = rows.ticks[row] ?? 0;
  const lots = rows.lots[row] ?? 0;
  if (kind === RowKind.clear) market.clear();
  else if (kind === RowKind.bidLevel) market.level(true, ticks, lots);
  else if (kind === RowKind.askLevel) market.level(false, ticks, lots);
  else market.trade(kind === RowKind.buyTrade ? "buy" : "sell", ticks, lots);
}

/** A pair that has begun on it, and what becomes of it. */
async function started(pair: ReturnType<typeof pairOf>) {
  const world = new ManualWorld();
  const market = new ScriptedMarket(pair, world);
  const paper = new PaperConnection(market, pair, world);
  const failures: unknown[] = [];
  const runner = new PairRunner({
    pair,
    strategy: () => strategyFactory("spot")(strategyParams(pair)),
    connection: paper,
    epoch: 1,
    listener: {
      onAlert: () => undefined,
      onAudit: () => undefined,
      onFailure: (error) => failures.push(error),
    },
    world,
    warmUpMs: 0,
  });
  await runner.start();
  return { world, market, paper, failures, runner };
}

describe("a pair on it", () => {
  const accounts: readonly [fees: string, simulation: Record<string, unknown>][] = [
    ["what is received", {}],
    ["a third currency", { feeAsset: { asset: "BNB", price: "600" } }],
  ];
  test.each(accounts)("trades, and every figure adds up: fees in %s", async (_fees, simulation) => {
    const pair = pairOf({ simulation: { ...simulation, latencyMs: 3 } });
    const { world, market, paper, failures, runner } = await started(pair);
    play(marketTape(7, 60), market, world);
    const trading = runner.status();
    expect(trading).toMatchObject({ mode: "paper", state: "quoting", reasons: [] });
    expect(trading.fills).toBeGreaterThan(10);

    const stopped = runner.stop();
    world.timers.advance(1_000);
    expect(await stopped).toEqual({ left: [] });
    expect(failures).toEqual([]);
    const { inventory, pnl, orders } = runner.status();
    expect(orders).toEqual([]);
    // The core's books and the exchange's are kept apart, and are the same.
    expect(inventory.base).toBe(plain(paper.account.base));
    expect(inventory.quote).toBe(plain(paper.account.quote));
    expect(inventory.base).not.toBe("5");
    expect(pnl?.["residual"]).toBe("0");
    expect(Number(pnl?.["fees"])).toBeLessThan(0);
  });

  test("a perp starts flat, and its position is the same in both books", async () => {
    const pair = pairOf({ quote: { venue: "hyperliquid", symbol: "ETH" } });
    const { world, market, paper, failures, runner } = await started(pair);
    expect(plain(paper.account.base)).toBe("0");
    play(marketTape(7, 60), market, world);
    const trading = runner.status();
    expect(trading).toMatchObject({ mode: "paper", state: "quoting", reasons: [] });
    expect(trading.fills).toBeGreaterThan(10);
    expect(trading.inventory.position).toBe(plain(paper.account.base));
    expect(trading.inventory.position).not.toBe("0");
    expect(trading.pnl).toMatchObject({ residual: "0", funding: "0" });
    expect(trading.actions.amended).toBe(0);

    const stopped = runner.stop();
    world.timers.advance(1_000);
    expect(await stopped).toEqual({ left: [] });
    expect(failures).toEqual([]);
  });

  test("pulls its quotes where the feed is lost, and has them back with the book", async () => {
    const pair = pairOf();
    const world = new ManualWorld();
    const market = new ScriptedMarket(pair, world);
    const runner = new PairRunner({
      pair,
      strategy: () => strategyFactory("spot")(strategyParams(pair)),
      connection: new PaperConnection(market, pair, world),
      epoch: 1,
      listener: {
        onAlert: () => undefined,
        onAudit: () => undefined,
        onFailure: (error) => {
          throw error;
        },
      },
      world,
      warmUpMs: 0,
    });
    await runner.start();
    market.touch(199_999, 200_001);
    world.timers.advance(1_000);
    expect(runner.status().orders.length).toBeGreaterThan(10);
    market.clear();
    market.book(0, 0, 0);
    world.timers.advance(20);
    expect(runner.status()).toMatchObject({ orders: [], state: "quoting" });
    expect(runner.status().reasons.join()).toContain("crossed-or-empty-book");
    market.touch(199_999, 200_001);
    world.timers.advance(1_000);
    expect(runner.status().orders.length).toBeGreaterThan(10);
  });
});
