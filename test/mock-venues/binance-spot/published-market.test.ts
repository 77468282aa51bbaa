/** What the mock venue publishes of its market, against what its exchange has. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import * as v from "valibot";
import { loadRawCapture } from "#data/raw-capture.ts";
import { mockMarket } from "#mock-venues/binance-spot/symbol-rules.ts";
import { tapeSource } from "#mock-venues/market-source.ts";
import { sharedPath } from "../../shared.ts";
import { MarketBench, NaiveClient, START_MS, sortedLevels } from "./market-kit.ts";

const Ticker = v.object({
  u: v.number(),
  s: v.string(),
  b: v.string(),
  B: v.string(),
  a: v.string(),
  A: v.string(),
});

/** What a maker does, at a distance from the touch in ticks. */
interface Act {
  readonly kind: "place" | "cancel" | "amend" | "wait";
  readonly isBuy: boolean;
  readonly offset: number;
  readonly lots: number;
  readonly waitMs: number;
}

const Action: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom<Act["kind"][]>("place", "place", "cancel", "amend", "wait"),
  isBuy: fc.boolean(),
  offset: fc.integer({ min: -3, max: 40 }),
  lots: fc.integer({ min: 100, max: 5000 }),
  waitMs: fc.integer({ min: 1, max: 350 }),
});

describe("published depth", () => {
  test("a client's book is the exchange's with our orders in it, after every message", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(Action, { minLength: 10, maxLength: 40 }),
        (seed, acts) => {
          const bench = new MarketBench(seed);
          let compared = 0;
          const compare = (client: NaiveClient): void => {
            expect(sortedLevels(client)).toEqual(sortedLevels(bench.truth()));
            compared += 1;
          };
          const fast = new NaiveClient(bench, "depth@100ms", compare);
          const slow = new NaiveClient(bench, "depth", compare);
          bench.timers.advance(1250);
          // The first message after a snapshot may be older than it, and is skipped.
          expect([fast.synchronise(5000), slow.synchronise(5000)]).toEqual([true, true]);
          act(bench, acts);
          // To the end of a slow window.
          bench.timers.advance(3000 - (bench.timers.elapsedMs() % 1000));
          expect(fast.bookId).toBe(slow.bookId);
          expect(compared).toBeGreaterThan(12);
        },
      ),
      { numRuns: 25 },
    );
  });

  test("a ticker shows the touch at its update id, and depth at that id agrees", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(Action, { minLength: 10, maxLength: 40 }),
        (seed, acts) => {
          const bench = new MarketBench(seed);
          const { instrument, symbol } = bench;
          let last: v.InferOutput<typeof Ticker> | undefined;
          let agreed = 0;
          symbol.subscribe("bookTicker", (text) => {
            const ticker = v.parse(Ticker, JSON.parse(text));
            const { bids, asks } = bench.truth();
            const [bid, ask] = [Math.max(...bids.keys()), Math.min(...asks.keys())];
            expect(instrument.ticksOf(ticker.b)).toBe(bid);
            expect(instrument.ticksOf(ticker.a)).toBe(ask);
            expect(instrument.lotsOf(ticker.B)).toBe(bids.get(bid) ?? 0);
            expect(instrument.lotsOf(ticker.A)).toBe(asks.get(ask) ?? 0);
            expect(ticker.u).toBeGreaterThan(last?.u ?? 0);
            last = ticker;
          });
          const client = new NaiveClient(bench, "depth@100ms", ({ bids, asks, bookId }) => {
            if (last === undefined) return;
            // Nothing was told of the touch since: it still stands.
            expect(bookId).toBeGreaterThanOrEqual(last.u);
            expect(Math.max(...bids.keys())).toBe(instrument.ticksOf(last.b));
            expect(Math.min(...asks.keys())).toBe(instrument.ticksOf(last.a));
            agreed += 1;
          });
          bench.timers.advance(250);
          expect(client.synchronise(5000)).toBe(true);
          act(bench, acts);
          bench.timers.advance(2000);
          expect(agreed).toBeGreaterThan(10);
        },
      ),
      { numRuns: 25 },
    );
  });

  test("our order inside the spread is the touch; the REST answers say so at once", () => {
    const bench = new MarketBench(3);
    const { symbol, instrument } = bench;
    widenSpread(bench);
    const { bestBid, bestAsk } = symbol.exchange.book;
    bench.place("mine", true, bestBid + 1, 1234);
    expect(symbol.bookTicker()).toEqual({
      symbol: "ETHUSDT",
      bidPrice: instrument.price(bestBid + 1).toFixed(8),
      bidQty: "0.12340000",
      askPrice: instrument.price(bestAsk).toFixed(8),
      askQty: instrument.size(symbol.exchange.book.askLotsAt(bestAsk)).toFixed(8),
    });
    const before = symbol.depth(5);
    expect(before.bids[0]).toEqual([instrument.price(bestBid + 1).toFixed(8), "0.12340000"]);
    bench.request((exchange, timeMs) => exchange.cancel("mine", timeMs));
    const after = symbol.depth(5);
    expect(after.bids[0]?.[0]).toBe(instrument.price(bestBid).toFixed(8));
    expect(after.lastUpdateId).toBe(before.lastUpdateId + 1);
  });

  test("what our taker took is gone from the book until the market sets the level anew", () => {
    const bench = new MarketBench(5);
    const { symbol } = bench;
    const { book } = symbol.exchange;
    const [ask, lots] = [book.bestAsk, book.askLotsAt(book.bestAsk)];
    bench.take("all", true, ask, lots);
    const [best] = symbol.depth(1).asks;
    expect(bench.instrument.ticksOf(best?.[0] ?? "0")).toBe(book.nextAsk(ask));
    const timeMs = symbol.advanceToNow();
    symbol.exchange.onLevel(false, ask, lots + 1, timeMs);
    symbol.levelSet(false, ask);
    const [again] = symbol.depth(1).asks;
    expect(bench.levels([again ?? ["0", "0"]])).toEqual(new Map([[ask, lots + 1]]));
  });

  test("an order placed without a word to the symbol shows by itself", () => {
    const bench = new MarketBench(6);
    const { symbol, timers } = bench;
    const ticks = symbol.exchange.book.bestBid;
    let tickers = 0;
    symbol.subscribe("bookTicker", () => {
      tickers += 1;
    });
    const request = { clientOrderId: "x", side: "buy", type: "limit", timeInForce: "gtc" } as const;
    const size = { postOnly: true, reduceOnly: false, priceTicks: ticks, quantityLots: 50 };
    symbol.exchange.place({ ...request, ...size }, symbol.advanceToNow());
    timers.advance(1);
    expect(tickers).toBe(1);
  });
});

describe("other streams", () => {
  test("partial depth is the top of the book, once per change and period", () => {
    const bench = new MarketBench(8);
    const { symbol } = bench;
    const seen: { lastUpdateId: number }[] = [];
    symbol.subscribe("depth5@100ms", (text) => {
      const told = JSON.parse(text);
      expect(told).toEqual(symbol.depth(5));
      seen.push(told);
    });
    bench.timers.advance(3000);
    expect(seen.length).toBeGreaterThan(10);
    expect(new Set(seen.map(({ lastUpdateId }) => lastUpdateId)).size).toBe(seen.length);
  });

  test("prints come as trades with growing ids, and add up to the aggregates", () => {
    const bench = new MarketBench(9);
    const { symbol, instrument } = bench;
    const trades: { t: number; p: string; q: string; m: boolean }[] = [];
    const lots = { trades: 0, aggregates: 0 };
    let nextId: number | undefined;
    symbol.subscribe("trade", (text) => {
      const trade = JSON.parse(text);
      trades.push(trade);
      lots.trades += instrument.lotsOf(trade.q);
    });
    symbol.subscribe("aggTrade", (text) => {
      const { f, l, q } = JSON.parse(text);
      expect(f).toBe(nextId ?? f);
      nextId = l + 1;
      lots.aggregates += instrument.lotsOf(q);
    });
    bench.timers.advance(60_000);
    expect(trades.length).toBeGreaterThan(10);
    expect(lots.aggregates).toBe(lots.trades);
    const ids = trades.map(({ t }) => t);
    expect(ids).toEqual(ids.map((_, index) => (ids[0] ?? 0) + index));
    const recent = symbol.recentTrades(3);
    expect(recent.map(({ id }) => id)).toEqual(ids.slice(-3));
    expect(recent.map(({ isBuyerMaker }) => isBuyerMaker)).toEqual(
      trades.slice(-3).map(({ m }) => m),
    );
    expect(symbol.lastPrice()).toBe(trades.at(-1)?.p ?? "");
  });

  test("a candle is told while it grows and once more when it is closed", () => {
    const bench = new MarketBench(10);
    const { symbol } = bench;
    const closed: number[] = [];
    symbol.subscribe("kline_1s", (text) => {
      const { k } = JSON.parse(text);
      if (k.x === true) closed.push(k.t);
      const [row] = symbol.klines("1s", 1, k.t) ?? [];
      expect([k.t, k.o, k.h, k.l, k.c, k.v, k.T, k.q, k.n]).toEqual([...(row?.slice(0, 9) ?? [])]);
    });
    bench.timers.advance(8000);
    expect(closed.length).toBeGreaterThan(5);
    expect(closed).toEqual(closed.map((_, index) => (closed[0] ?? 0) + 1000 * index));
  });

  test("an unknown stream gives nothing; an ended subscription gives no more", () => {
    const bench = new MarketBench(11);
    let told = 0;
    const count = (): void => {
      told += 1;
    };
    for (const name of ["depth7", "kline_7m", "bookticker", ""])
      bench.symbol.subscribe(name, count);
    const end = bench.symbol.subscribe("depth@100ms", count);
    bench.timers.advance(150);
    expect(told).toBe(1);
    end();
    bench.timers.advance(1000);
    expect(told).toBe(1);
  });

  test("in a break the market stands still, and goes on where it stood", () => {
    const bench = new MarketBench(12);
    const { symbol, timers } = bench;
    symbol.status = "BREAK";
    const { lastUpdateId } = symbol.depth(5);
    timers.advance(60_000);
    expect(symbol.depth(5).lastUpdateId).toBe(lastUpdateId);
    symbol.status = "TRADING";
    timers.advance(1000);
    const changes = symbol.depth(5).lastUpdateId - lastUpdateId;
    expect(changes).toBeGreaterThan(5);
    expect(changes).toBeLessThan(500);
  });

  test("stopped, it leaves no timer", () => {
    const bench = new MarketBench(13);
    bench.place("a", true, bench.symbol.exchange.book.bestBid - 5, 100);
    bench.symbol.stop();
    expect(bench.timers.pending).toBe(0);
  });
});

const RECORDING = sharedPath("data", "captures", "spot_ethusdt_20240808.gz");

test.skipIf(RECORDING === null)("the ETH recording, over its end and on", async () => {
  const { instrument } = mockMarket("ETHUSDT");
  const path = RECORDING ?? "";
  const { tape } = await loadRawCapture({ path, instrument, minFeedLatencyMs: 1 });
  const bench = new MarketBench(1, { source: tapeSource(tape.rows), speed: 20 });
  const { symbol, timers } = bench;
  let messages = 0;
  const client = new NaiveClient(bench, "depth@100ms", (self) => {
    messages += 1;
    if (messages % 8 !== 0) return;
    expect(sortedLevels(self)).toEqual(sortedLevels(bench.truth()));
  });
  timers.advance(350);
  expect(client.synchronise(5000)).toBe(true);
  const lapMs = ((tape.rows.timeMs.at(-1) ?? 0) - (tape.rows.timeMs[0] ?? 0)) / 20;
  const { bestBid, bestAsk } = symbol.exchange.book;
  bench.place("low", true, bestBid - 20, 5000);
  bench.place("high", false, bestAsk + 20, 5000);
  timers.advance(lapMs + 1000);
  expect(messages).toBeGreaterThan(150);
  // The second lap began with the very book of the first, at the price of then.
  expect(Math.abs(symbol.exchange.book.bestBid - bestBid)).toBeLessThan(200);
  const rows = symbol.klines("1s", 1000) ?? [];
  expect(rows).toHaveLength(1000);
  expect(rows.at(-1)?.[0] ?? 0).toBe(Math.floor((START_MS + timers.elapsedMs()) / 1000) * 1000);
});

function act(bench: MarketBench, actions: readonly Act[]): void {
  const { symbol, timers } = bench;
  for (const [index, { kind, isBuy, offset, lots, waitMs }] of actions.entries()) {
    const { book } = symbol.exchange;
    const open = symbol.exchange.openOrders();
    const order = open[offset % open.length];
    if (kind === "place") {
      const ticks = isBuy ? book.bestAsk - 1 - offset : book.bestBid + 1 + offset;
      bench.place(`o-${index}`, isBuy, ticks, lots);
    } else if (order !== undefined && kind === "cancel") {
      bench.request((exchange, timeMs) => exchange.cancel(order.clientOrderId, timeMs));
    } else if (order !== undefined && kind === "amend") {
      const less = Math.ceil((order.quantityLots + order.filledLots) / 2);
      bench.request((exchange, timeMs) => exchange.amend(order.clientOrderId, less, timeMs));
    }
    timers.advance(waitMs);
  }
}

function widenSpread(bench: MarketBench): void {
  const { symbol, timers } = bench;
  const { book } = symbol.exchange;
  for (let steps = 0; book.bestAsk - book.bestBid < 3 && steps < 10_000; steps += 1) {
    timers.advance(10);
  }
}
