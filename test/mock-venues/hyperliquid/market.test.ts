/** What the mock of Hyperliquid says of its universe and markets, whatever makes them. */

import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { Rng } from "#domain/rng.ts";
import { type HlCoin } from "#mock-venues/hyperliquid/coin.ts";
import { answerInfo } from "#mock-venues/hyperliquid/info.ts";
import { perpInstrument, universeAround } from "#mock-venues/hyperliquid/universe.ts";
import { HlMockVenue } from "#mock-venues/hyperliquid/venue.ts";
import { type MarketSource, syntheticSource, tapeSource } from "#mock-venues/market-source.ts";
import { SyntheticMarket } from "#sim/synthetic-market.ts";
import { syntheticTape } from "#sim/synthetic-tape.ts";
import { ManualTimers } from "../../net/support.ts";
import { BTC_ASK, BTC_BID, HlBench, MASTER, order, START_MS, wire } from "./venue-bench.ts";

const Level = v.strictObject({ px: v.string(), sz: v.string(), n: v.number() });
const Book = v.looseObject({
  coin: v.string(),
  time: v.number(),
  levels: v.tuple([v.array(Level), v.array(Level)]),
});
const Dotted = v.pipe(v.string(), v.regex(/^-?\d+\.\d+$/));

function bookOf(bench: HlBench, extra: Readonly<Record<string, unknown>> = {}) {
  return v.parse(Book, bench.info({ type: "l2Book", coin: "BTC", ...extra }));
}

describe("the universe", () => {
  test("keeps delisted coins in their places", () => {
    const bench = new HlBench();
    expect(bench.info({ type: "meta" })).toMatchObject({
      universe: [
        { name: "BTC", szDecimals: 5, maxLeverage: 40 },
        { name: "MATIC", szDecimals: 1, maxLeverage: 20, isDelisted: true },
        { name: "SUI", szDecimals: 1, maxLeverage: 10 },
      ],
      collateralToken: 0,
    });
    const [meta, ctxs] = v.parse(
      v.tuple([v.unknown(), v.array(v.looseObject({ midPx: v.nullable(v.string()) }))]),
      bench.info({ type: "metaAndAssetCtxs" }),
    );
    expect(meta).toEqual(bench.info({ type: "meta" }));
    expect(ctxs.map(({ midPx }) => midPx)).toEqual(["64005.0", null, "3.001"]);
    expect(bench.info({ type: "allMids" })).toEqual({ BTC: "64005.0", SUI: "3.001" });
  });

  test("around some coins has the same ids as any other", () => {
    const ids = (...coins: string[]): (string | number)[][] =>
      universeAround(coins, ({ name }) => ({ listed: name })).flatMap((entry, index) =>
        "listed" in entry ? [[entry.listed, index]] : [],
      );
    const all = ids("BTC", "ETH", "SUI");
    for (const one of all) expect(ids(String(one[0]))).toEqual([one]);
    expect(() => ids("MATIC")).toThrow("does not know");
    expect(() => ids("BTCUSDT")).toThrow("does not know");
  });

  test("has the venue's rules for prices and sizes", () => {
    const sol = perpInstrument({ coin: "SOL", szDecimals: 2 });
    expect([sol.tickSize.toFixed(), sol.lotSize.toFixed()]).toEqual(["0.0001", "0.01"]);
    const isValid = (price: string): boolean => sol.isValidPrice(sol.ticksOf(price));
    expect(["150.12", "150.123", "0.0012", "123456"].map(isValid)).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });
});

describe("a market", () => {
  test("shows the recorded book and our orders in it", async () => {
    const bench = new HlBench();
    const { levels } = bookOf(bench);
    expect(levels[0].map(({ px, sz }) => `${px} ${sz}`)).toEqual([
      "64000.0 1.0",
      "63999.9 1.0",
      "63999.8 1.0",
      "63999.7 1.0",
      "63999.6 1.0",
    ]);
    await bench.act(order(wire({ p: "64005", s: "0.02" }), wire({ p: "64000", s: "0.5" })));
    expect(bookOf(bench).levels[0].slice(0, 2)).toMatchObject([
      { px: "64005.0", sz: "0.02" },
      { px: "64000.0", sz: "1.5" },
    ]);
    const touch = bench.venue.coin("BTC")?.bbo();
    expect(touch).toMatchObject({
      coin: "BTC",
      time: bench.nowMs(),
      bbo: [{ px: "64005.0" }, { px: "64010.0" }],
    });
  });

  test("groups its book by significant figures, bids down and asks up", () => {
    const bench = new HlBench();
    bench.btc.setTouch(BTC_BID - 1, BTC_ASK + 1);
    expect(bookOf(bench, { nSigFigs: 5 })).toMatchObject({
      levels: [[{ px: "63999.0", sz: "5.0" }], [{ px: "64011.0", sz: "5.0" }]],
      spread: "12.0",
    });
    expect(bookOf(bench, { nSigFigs: 5, mantissa: 5 }).levels[0]).toMatchObject([
      { px: "63995.0", sz: "5.0" },
    ]);
    expect(bookOf(bench, { nSigFigs: 2 }).levels[1]).toMatchObject([{ px: "65000.0", sz: "5.0" }]);
  });

  test("tells of changes of its book and of prints, not of ours", async () => {
    const bench = new HlBench();
    const told: string[] = [];
    const end = bench.venue.coin("BTC")?.subscribe({
      bookChanged: () => told.push("book"),
      traded: (trades) => told.push(...trades.map(({ side, px, sz }) => `${side} ${sz}@${px}`)),
      pricesChanged: () => undefined,
    });
    bench.btc.print("buy", BTC_ASK, 200);
    bench.btc.print("sell", BTC_BID, 100);
    bench.venue.coin("BTC")?.advanceToNow();
    expect(told.splice(0)).toEqual(["B 0.002@64010.0", "A 0.001@64000.0"]);
    await bench.act(order(wire({ tif: "Ioc", p: "64010" })));
    expect(new Set(told.splice(0))).toEqual(new Set(["book"]));
    expect(bench.info({ type: "recentTrades", coin: "BTC" })).toMatchObject([
      { coin: "BTC", side: "A", px: "64000.0", sz: "0.001" },
      { coin: "BTC", side: "B", px: "64010.0", sz: "0.002" },
    ]);
    end?.();
    bench.btc.print("buy", BTC_ASK, 200);
    bench.venue.coin("BTC")?.advanceToNow();
    expect(told).toEqual([]);
  });

  test("has a mark between touch and last print, and an oracle by its basis, every 3 s", () => {
    const bench = new HlBench();
    const btc = bench.venue.coin("BTC");
    const prices = () => btc?.assetCtx();
    expect(prices()).toMatchObject({ markPx: "64005.0", oraclePx: "64005.0", premium: "0.0" });
    bench.btc.print("buy", BTC_ASK, 1);
    btc?.advanceToNow();
    bench.btc.setTouch(BTC_BID + 300, BTC_ASK + 300);
    btc?.advanceToNow();
    expect(prices()).toMatchObject({ markPx: "64005.0" });
    bench.timers.advance(3000);
    // Bid 64030, ask 64040, last 64010.
    expect(prices()).toMatchObject({ markPx: "64030.0", oraclePx: "64035.0" });
    btc?.pin(600_000);
    bench.timers.advance(3000);
    expect(prices()).toMatchObject({
      markPx: "60000.0",
      oraclePx: "60000.0",
      premium: "0.0671666667",
    });
    btc?.unpin();
    expect(prices()).toMatchObject({ markPx: "64030.0" });
  });

  test("has candles of a past that leads up to it", () => {
    const bench = new HlBench();
    const ask = (interval: string, startTime: number) =>
      v.parse(
        v.array(
          v.strictObject({
            t: v.number(),
            T: v.number(),
            s: v.literal("BTC"),
            i: v.literal(interval),
            o: Dotted,
            c: Dotted,
            h: Dotted,
            l: Dotted,
            v: Dotted,
            n: v.number(),
          }),
        ),
        bench.info({ type: "candleSnapshot", req: { coin: "BTC", interval, startTime } }),
      );
    const hour = ask("1m", START_MS - 3_600_000);
    expect(hour).toHaveLength(61);
    expect(hour.map(({ t }) => t)).toEqual(
      Array.from({ length: 61 }, (_, minute) => START_MS - (60 - minute) * 60_000),
    );
    expect(ask("5m", START_MS - 3_600_000)).toHaveLength(13);
    const request = { type: "candleSnapshot", req: { coin: "BTC", interval: "7m", startTime: 0 } };
    expect(answerInfo(bench.venue, request).status).toBe(422);
  });
});

test.each([
  {},
  { type: "dance" },
  { type: "openOrders" },
  { type: "openOrders", user: "0x12" },
  { type: "orderStatus", user: MASTER.address, oid: "77" },
  { type: "l2Book" },
  { type: "l2Book", coin: "BTC", nSigFigs: 9 },
  { type: "l2Book", coin: "BTC", mantissa: 2 },
  { type: "userFillsByTime", user: MASTER.address },
  { type: "activeAssetData", user: MASTER.address, coin: "NONE" },
])("a question that cannot be read is answered 422: %j", (request) => {
  const reply = answerInfo(new HlBench().venue, request);
  expect(reply.status).toBe(422);
  expect(reply.body).toBeTypeOf("string");
});

test("questions of no consequence are answered all the same", () => {
  const bench = new HlBench();
  const { user } = bench.venue;
  expect(bench.info({ type: "exchangeStatus" })).toMatchObject({ time: bench.nowMs() });
  expect(bench.info({ type: "perpsAtOpenInterestCap" })).toEqual([]);
  expect(bench.info({ type: "spotClearinghouseState", user })).toEqual({ balances: [] });
  expect(bench.info({ type: "l2Book", coin: "NONE" })).toBe(null);
  expect(bench.info({ type: "l2Book", coin: "MATIC" })).toMatchObject({ levels: [[], []] });
  expect(bench.info({ type: "activeAssetData", user, coin: "BTC" })).toMatchObject({
    leverage: { type: "cross", value: 20 },
    availableToTrade: ["10000.0", "10000.0"],
    // 10000 · 20 / 64005, in whole lots.
    maxTradeSzs: ["3.12475", "3.12475"],
    markPx: "64005.0",
  });
});

describe("a venue", () => {
  const instrument = perpInstrument({ coin: "ETH", szDecimals: 4 });
  const market = { seed: 5, instrument, startPrice: "2000", startMs: 1000 };
  const sources: Record<string, () => MarketSource> = {
    "a synthetic market": () => syntheticSource(new SyntheticMarket(market)),
    "a recording, lap after lap": () =>
      tapeSource(syntheticTape({ ...market, durationMs: 5000 }).rows),
  };

  test.each(Object.keys(sources))("trades on %s", (name) => {
    const timers = new ManualTimers();
    const source = sources[name]?.();
    if (source === undefined) throw new Error(name);
    const venue = new HlMockVenue({
      universe: [{ instrument, maxLeverage: 25, source }],
      account: { master: MASTER.address, usdc: "100000", agents: [] },
      world: { timers, nowMs: () => START_MS + timers.elapsedMs(), rng: new Rng(1) },
    });
    venue.start();
    const [eth] = venue.coins;
    if (eth === undefined) throw new Error("no coin");
    let prints = 0;
    eth.subscribe({
      bookChanged: () => undefined,
      traded: (trades) => (prints += trades.length),
      pricesChanged: () => undefined,
    });
    for (let second = 0; second < 60; second += 1) {
      quote(venue, eth);
      timers.advance(1000);
    }
    venue.stop();
    expect(prints).toBeGreaterThan(10);
    expect(venue.fills().length).toBeGreaterThan(5);
    expect(timers.pending).toBe(0);
    const { levels } = eth.l2Book(20);
    for (const side of levels) expect(side.length).toBeGreaterThan(5);
    expect(Number(levels[0][0]?.px)).toBeLessThan(Number(levels[1][0]?.px));
  });

  function quote(venue: HlMockVenue, coin: HlCoin): void {
    venue.cancelForeign();
    const { bbo } = coin.bbo();
    for (const [index, side] of (["buy", "sell"] as const).entries()) {
      const price = bbo[index]?.px ?? "";
      const priceTicks = instrument.ticksOf(price);
      const fixed = { coin: "ETH", cloid: null, quantityLots: 200, tif: "Alo" } as const;
      venue.placeForeign({ ...fixed, side, priceTicks });
    }
  }
});
