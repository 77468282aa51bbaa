import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { Book, NO_TICKS } from "#domain/book.ts";
import { Instrument, type PriceRule } from "#domain/instrument.ts";
import { FeedKind, type MarketTape, RowKind } from "#sim/market-tape.ts";
import { SyntheticMarket } from "#sim/synthetic-market.ts";
import { SyntheticSide } from "#sim/synthetic-side.ts";
import { syntheticTape } from "#sim/synthetic-tape.ts";

const START_MS = 1_700_000_000_000;
const TEN_MINUTES_MS = 600_000;

function instrumentOf(
  tickSize: string,
  lotSize: string,
  priceRule: PriceRule = { kind: "fixed-tick" },
): Instrument {
  return new Instrument({
    venue: priceRule.kind === "fixed-tick" ? "binance-spot" : "hyperliquid",
    symbol: "XUSDT",
    base: "X",
    quote: "USDT",
    kind: "spot",
    priceRule,
    tickSize,
    lotSize,
    minNotional: "5",
    makerFeeRate: "0.001",
    takerFeeRate: "0.001",
    maxOpenOrders: 200,
  });
}

/** A tick of 0.4 bp. */
const DEFAULT = { instrument: instrumentOf("0.0001", "0.1"), startPrice: "2.5" };
const FIVE_FIGURES: PriceRule = { kind: "significant-figures", figures: 5 };

function tapeOf(seed: number, durationMs = TEN_MINUTES_MS, market = DEFAULT): MarketTape {
  return syntheticTape({ seed, startMs: START_MS, durationMs, ...market });
}

function hashOf({ rows, feed }: MarketTape): string {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const part of [rows, feed]) {
    for (const column of Object.values(part)) {
      if (typeof column !== "number") hasher.update(column);
    }
  }
  return hasher.digest("hex");
}

interface Moment {
  readonly timeMs: number;
  /** The rows of one event. */
  readonly from: number;
  readonly to: number;
}

/** Replays the rows into a book, and calls back when all rows of a moment are in. */
function replay({ rows }: MarketTape, onMoment: (book: Book, moment: Moment) => void): void {
  const book = new Book(1024);
  let from = 0;
  for (let row = 0; row < rows.length; row += 1) {
    const ticks = rows.ticks[row] ?? 0;
    const lots = rows.lots[row] ?? 0;
    if (rows.kind[row] === RowKind.bidLevel) book.setBid(ticks, lots);
    else if (rows.kind[row] === RowKind.askLevel) book.setAsk(ticks, lots);
    const timeMs = rows.timeMs[row] ?? 0;
    if (rows.timeMs[row + 1] === timeMs) continue;
    onMoment(book, { timeMs, from, to: row + 1 });
    from = row + 1;
  }
}

function bidsDownTo(book: Book, lowest: number): number[] {
  const prices: number[] = [];
  for (let at = book.bestBid; at !== NO_TICKS && at >= lowest; at = book.nextBid(at)) {
    prices.push(at);
  }
  return prices;
}

function asksUpTo(book: Book, highest: number): number[] {
  const prices: number[] = [];
  for (let at = book.bestAsk; at !== NO_TICKS && at <= highest; at = book.nextAsk(at)) {
    prices.push(at);
  }
  return prices;
}

function isAscending(times: Float64Array): boolean {
  return times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0));
}

/**
 * Mean of (mid five seconds on − price) in basis points, signed for the maker, of one who is
 * always first at the touch, and so is filled by every market order.
 */
function meanMarkoutBps(tape: MarketTape): number {
  const mids: { timeMs: number; mid: number }[] = [];
  const fills: { timeMs: number; price: number; sign: number }[] = [];
  let [bid, ask] = [0, 0];
  replay(tape, (book, { timeMs, from }) => {
    const kind = tape.rows.kind[from];
    if (kind === RowKind.sellTrade) fills.push({ timeMs, price: bid, sign: 1 });
    if (kind === RowKind.buyTrade) fills.push({ timeMs, price: ask, sign: -1 });
    [bid, ask] = [book.bestBid, book.bestAsk];
    mids.push({ timeMs, mid: (bid + ask) / 2 });
  });
  const last = mids.at(-1)?.timeMs ?? 0;
  let at = 0;
  let sum = 0;
  let count = 0;
  for (const { timeMs, price, sign } of fills) {
    if (timeMs + 5000 > last) break;
    while ((mids[at + 1]?.timeMs ?? Infinity) <= timeMs + 5000) at += 1;
    sum += (sign * ((mids[at]?.mid ?? 0) - price) * 10_000) / price;
    count += 1;
  }
  expect(count).toBeGreaterThan(500);
  return sum / count;
}

describe("synthetic market", () => {
  test("the same seed gives the same bytes, another seed others", () => {
    const first = hashOf(tapeOf(1));
    expect(hashOf(tapeOf(1))).toBe(first);
    expect(hashOf(tapeOf(2))).not.toBe(first);
    expect(hashOf(tapeOf(-1))).not.toBe(first);
  });

  test("the latency of the feed does not change the market", () => {
    const options = { seed: 3, startMs: START_MS, durationMs: 20_000, ...DEFAULT };
    const near = syntheticTape({ ...options, minFeedLatencyMs: 0, meanFeedDelayMs: 0 });
    const far = syntheticTape({ ...options, minFeedLatencyMs: 80, meanFeedDelayMs: 20 });
    expect(far.rows).toEqual(near.rows);
    expect(near.feed.receivedMs).toEqual(near.feed.venueMs);
  });

  for (const [name, market] of [
    ["a tick of 0.4 bp", DEFAULT],
    ["a fine tick", { instrument: instrumentOf("0.01", "0.00001"), startPrice: "61837.63" }],
    ["a coarse tick", { instrument: instrumentOf("0.001", "1"), startPrice: "1.25" }],
    [
      "five significant figures",
      { instrument: instrumentOf("0.00001", "1", FIVE_FIGURES), startPrice: "9.9991" },
    ],
  ] as const) {
    test(`is never crossed, never empty, deep, and on the grid: ${name}`, () => {
      fc.assert(
        fc.property(fc.integer(), (seed) => {
          const tape = tapeOf(seed, 60_000, market);
          let moments = 0;
          replay(tape, (book) => {
            const { bestBid, bestAsk } = book;
            if (book.isEmpty() || book.isCrossed()) throw new Error("empty or crossed");
            moments += 1;
            if (moments % 50 !== 1) return;
            const near = Math.min(
              bidsDownTo(book, bestBid * 0.98).length,
              asksUpTo(book, bestAsk * 1.02).length,
            );
            expect(near).toBeGreaterThanOrEqual(15);
            const deepest = bidsDownTo(book, 0).at(-1) ?? 0;
            const highest = asksUpTo(book, Infinity).at(-1) ?? 0;
            expect(1 - deepest / bestBid).toBeWithin(0.04, 0.07);
            expect(highest / bestAsk - 1).toBeWithin(0.04, 0.07);
            expect(book.bidLevels + book.askLevels).toBeLessThan(130);
          });
          expect(
            tape.rows.ticks.every((at) => at === 0 || market.instrument.isValidPrice(at)),
          ).toBe(true);
          expect(tape.rows.lots.every((lots) => Number.isSafeInteger(lots) && lots >= 0)).toBe(
            true,
          );
        }),
        { numRuns: 4 },
      );
    });
  }

  test("a spread of mostly 1 to 3 ticks, 30 to 60 rows a second, sizes as venues have", () => {
    for (const seed of [1, 2, 3]) {
      const tape = tapeOf(seed);
      let tight = 0;
      let moments = 0;
      replay(tape, (book) => {
        if (book.bestAsk - book.bestBid <= 3) tight += 1;
        moments += 1;
      });
      expect(tight / moments).toBeGreaterThan(0.8);
      const rowsPerSecond = tape.rows.length / (TEN_MINUTES_MS / 1000);
      expect(rowsPerSecond).toBeWithin(30, 60);
      const { instrument } = DEFAULT;
      const notionals = Array.from(tape.rows.lots, (lots, row) => {
        return lots * (tape.rows.ticks[row] ?? 0) * instrument.tickValue * instrument.lotValue;
      }).filter((_, row) => (tape.rows.kind[row] ?? 9) <= 1 && (tape.rows.lots[row] ?? 0) > 0);
      const usual = notionals.filter((value) => value >= 1000 && value <= 50_000);
      expect(usual.length / notionals.length).toBeGreaterThan(0.9);
      expect(Math.max(...notionals)).toBeLessThan(60_000);
    }
  });

  test("prints stand at the touch of their moment and take no more than was there", () => {
    const tape = tapeOf(5, 120_000);
    let before = new Map<string, number>();
    let prints = 0;
    replay(tape, (book, { from, to }) => {
      let printsNow = 0;
      for (let row = from; row < to; row += 1) {
        const kind = tape.rows.kind[row];
        const ticks = tape.rows.ticks[row] ?? 0;
        if (kind !== RowKind.buyTrade && kind !== RowKind.sellTrade) continue;
        const side = kind === RowKind.sellTrade ? "bid" : "ask";
        expect(tape.rows.lots[row]).toBeLessThanOrEqual(before.get(`${side} ${ticks}`) ?? 0);
        if (row === from) expect(before.get(`best ${side}`)).toBe(ticks);
        printsNow += 1;
      }
      // Prints come before the levels that they changed.
      prints += printsNow;
      if (printsNow > 0) expect(tape.rows.kind[from]).toBeGreaterThan(RowKind.askLevel);
      before = new Map([
        ["best bid", book.bestBid],
        ["best ask", book.bestAsk],
      ]);
      for (const at of bidsDownTo(book, 0)) before.set(`bid ${at}`, book.bidLotsAt(at));
      for (const at of asksUpTo(book, Infinity)) before.set(`ask ${at}`, book.askLotsAt(at));
    });
    expect(prints).toBeGreaterThan(50);
  });

  test("the feed says what the exchange did, later, in order", () => {
    const tape = tapeOf(4, 120_000);
    const { feed } = tape;
    expect(isAscending(feed.receivedMs)).toBe(true);
    expect(isAscending(tape.rows.timeMs)).toBe(true);
    const delays = feed.receivedMs.map((at, index) => at - (feed.venueMs[index] ?? 0));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(3);
    const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
    expect(mean).toBeWithin(4.5, 6);
    // Each book message is the touch that the rows have left at its venue time.
    let at = 0;
    replay(tape, (book, { timeMs }) => {
      for (; feed.venueMs[at] === timeMs; at += 1) {
        if (feed.kind[at] !== FeedKind.book) continue;
        expect([feed.bidTicks[at], feed.askTicks[at]]).toEqual([book.bestBid, book.bestAsk]);
        expect(feed.bidLots[at]).toBe(book.bidLotsAt(book.bestBid));
        expect(feed.askLots[at]).toBe(book.askLotsAt(book.bestAsk));
      }
    });
    expect(at).toBe(feed.length);
  });

  test("a maker who always rests at the touch loses: its markout after 5 s is negative", () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      expect(meanMarkoutBps(tapeOf(seed))).toBeWithin(-1.5, -0.02);
    }
  });

  test("the reference price follows with a small basis", () => {
    const options = { seed: 6, startMs: START_MS, ...DEFAULT };
    const market = new SyntheticMarket(options);
    const sink = { addRow: () => undefined };
    const bases: number[] = [];
    while (market.timeMs < START_MS + TEN_MINUTES_MS) {
      market.next(sink);
      const mid = (market.bidTicks + market.askTicks) / 2;
      bases.push((market.referenceTicks() / mid - 1) * 10_000);
    }
    const mean = bases.reduce((sum, basis) => sum + basis, 0) / bases.length;
    // 2 bp in the long run, wandering by 1 bp.
    expect(mean).toBeWithin(0.5, 3.5);
    const near = bases.filter((basis) => Math.abs(basis - mean) < 5);
    expect(near.length / bases.length).toBeGreaterThan(0.95);
  });

  test("stepping by hand gives the rows of the tape", () => {
    const tape = tapeOf(9, 5000);
    const market = new SyntheticMarket({ seed: 9, startMs: START_MS, ...DEFAULT });
    const rows: number[][] = [];
    const sink = { addRow: (...row: number[]) => rows.push(row) };
    market.open(sink);
    while (market.nextTimeMs <= START_MS + 5000) {
      const due = market.nextTimeMs;
      market.next(sink);
      expect(market.timeMs).toBe(due);
      expect(market.nextTimeMs).toBeGreaterThan(due);
    }
    const { timeMs, kind, ticks, lots } = tape.rows;
    expect(rows).toEqual(
      Array.from(timeMs, (at, row) => [at, kind[row] ?? -1, ticks[row] ?? -1, lots[row] ?? -1]),
    );
  });

  test("survives the lowest prices and says when a price is too coarse to begin with", () => {
    const crashing = {
      ...DEFAULT,
      instrument: instrumentOf("0.01", "0.1"),
      seed: 1,
      startMs: START_MS,
      volatilityPct: 60_000,
    };
    const tape = syntheticTape({ ...crashing, durationMs: 60_000 });
    replay(tape, (book) => {
      if (book.isEmpty() || book.isCrossed()) throw new Error("empty or crossed");
    });
    expect(() => new SyntheticMarket({ ...crashing, startPrice: "1.99" })).toThrow(
      "only 199 ticks",
    );
  });
});

describe("synthetic side", () => {
  test("keeps levels as a sorted map does", () => {
    const change = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.nat(3));
    fc.assert(
      fc.property(fc.boolean(), fc.array(change, { maxLength: 80 }), (isBid, changes) => {
        const side = new SyntheticSide(isBid);
        const naive = new Map<number, number>();
        for (const [ticks, lots] of changes) {
          side.set(ticks, lots);
          if (lots === 0) naive.delete(ticks);
          else naive.set(ticks, lots);
          const expected = [...naive].toSorted(([a], [b]) => (isBid ? b - a : a - b));
          const levels = Array.from({ length: side.length }, (_, level) => {
            return [side.ticksAt(level), side.lotsAtLevel(level)];
          });
          expect(levels).toEqual(expected);
          expect(side.lotsAtPrice(ticks)).toBe(lots);
        }
      }),
    );
  });
});
