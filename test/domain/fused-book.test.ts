import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { BinanceLineParser } from "#data/binance-lines.ts";
import { CaptureLog, CaptureMessage } from "#data/capture-log.ts";
import { exchangeOrder, timesOf } from "#data/capture-tape.ts";
import { checkDepth, joinDepth } from "#data/depth-chain.ts";
import { readLines } from "#data/line-reader.ts";
import { Book } from "#domain/book.ts";
import { BookUpdate, FusedBook } from "#domain/fused-book.ts";
import { MarketKind } from "#venues/binance/market-message.ts";
import { type NaiveBook, setNaive, sorted, spotInstrument } from "../data/spot-recording.ts";
import { sharedPath } from "../shared.ts";
import { asksOf, bidsOf } from "./books.ts";

function updateOf(log: CaptureLog, index: number): BookUpdate {
  const update = new BookUpdate();
  log.pointTo(index, update);
  return update;
}

type TestLevel = [isBid: boolean, ticks: number, lots: number];
const NONE: TestLevel = [false, 0, 0];

/** The levels of one message of the log, bids first. */
function levelsOf(log: CaptureLog, index: number): TestLevel[] {
  const levels: TestLevel[] = [];
  for (let at = log.levelStart[index] ?? 0; at < (log.levelEnd[index] ?? 0); at += 1) {
    levels.push([at < (log.bidEnd[index] ?? 0), log.levelTicks[at] ?? 0, log.levelLots[at] ?? 0]);
  }
  return levels;
}

/** A price stands once in a message. */
const side = fc.uniqueArray(fc.tuple(fc.integer({ min: 90, max: 110 }), fc.nat(4)), {
  maxLength: 6,
  selector: ([ticks]) => ticks,
});
const step = fc.record({
  isTicker: fc.boolean(),
  /** Ids go up by this; a ticker is ahead of the depth by more. */
  ids: fc.integer({ min: 1, max: 3 }),
  ahead: fc.integer({ min: -3, max: 6 }),
  bids: side,
  asks: side,
  bid: fc.tuple(fc.integer({ min: 90, max: 110 }), fc.nat(4)),
  spread: fc.integer({ min: 1, max: 4 }),
  askLots: fc.nat(4),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** A log of a snapshot of id 10 and these steps behind it. */
function logOf(steps: readonly Step[]): CaptureLog {
  const log = new CaptureLog();
  const message = new CaptureMessage();
  let depthId = 10;
  const append = (kind: number, lastId: number, bids: Step["bids"], asks: Step["asks"]) => {
    message.reset(kind);
    message.lastId = lastId;
    for (const [ticks, lots] of bids) message.levels.push(ticks, lots);
    message.levels.bidCount = bids.length;
    for (const [ticks, lots] of asks) message.levels.push(ticks, lots);
    log.append(message, log.length + 1);
  };
  append(MarketKind.snapshot, depthId, [[99, 3]], [[101, 3]]);
  for (const { isTicker, ids, ahead, bids, asks, bid, spread, askLots } of steps) {
    if (isTicker) {
      append(MarketKind.ticker, depthId + ahead, [bid], [[bid[0] + spread, askLots]]);
    } else {
      depthId += ids;
      append(MarketKind.depth, depthId, bids, asks);
    }
  }
  return log;
}

/** The twin: depth is applied whole, then the newer ticker once more on top of it. */
class NaiveFusedBook {
  readonly book = new Book(64);
  #depthId = -1;
  #tickerId = -1;
  #touch: [number, number, number, number] = [0, 0, 0, 0];

  apply(log: CaptureLog, index: number): void {
    const id = log.lastId[index] ?? 0;
    const isTicker = log.kind[index] === MarketKind.ticker;
    if (isTicker && id > this.#depthId && id > this.#tickerId) {
      const [bid = NONE, ask = NONE] = levelsOf(log, index);
      this.#tickerId = id;
      this.#touch = [bid[1], bid[2], ask[1], ask[2]];
    } else if (!isTicker) {
      this.#depthId = id;
      for (const [isBid, ticks, lots] of levelsOf(log, index)) {
        if (isBid) this.book.setBid(ticks, lots);
        else this.book.setAsk(ticks, lots);
      }
    }
    if (this.#tickerId > this.#depthId) this.book.applyTouch(...this.#touch);
  }
}

describe("fused book", () => {
  test("is the book of its naive twin after every message, and its rows alone rebuild it", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const log = logOf(steps);
        const naive = new NaiveFusedBook();
        const rebuilt: NaiveBook = { bids: new Map(), asks: new Map() };
        const fused = new FusedBook((isBid, ticks, lots) => {
          const levels = isBid ? rebuilt.bids : rebuilt.asks;
          expect(levels.get(ticks) ?? 0).not.toBe(lots);
          setNaive(levels, ticks, lots);
        });
        for (let index = 0; index < log.length; index += 1) {
          if (index === 0) fused.applySnapshot(updateOf(log, index));
          else if (log.kind[index] === MarketKind.depth) fused.applyDepth(updateOf(log, index));
          else fused.applyTicker(updateOf(log, index));
          naive.apply(log, index);
          expect(bidsOf(fused.book)).toEqual(bidsOf(naive.book));
          expect(asksOf(fused.book)).toEqual(asksOf(naive.book));
          expect(sorted(rebuilt.bids)).toEqual(bidsOf(fused.book).toReversed());
          expect(sorted(rebuilt.asks)).toEqual(asksOf(fused.book));
        }
      }),
      { numRuns: 200 },
    );
  });

  test("a ticker from before the snapshot holds against it where it is newer", () => {
    const ticker = (ahead: number): Step => ({
      isTicker: true,
      ids: 1,
      ahead,
      bids: [],
      asks: [],
      bid: [98, 2],
      spread: 4,
      askLots: 1,
    });
    for (const [ahead, bestBid, bestAsk] of [
      [0, 99, 101],
      [1, 98, 102],
    ] as const) {
      const log = logOf([ticker(ahead)]);
      const fused = new FusedBook(() => undefined);
      fused.applyTicker(updateOf(log, 1));
      expect(fused.book.isEmpty()).toBe(true);
      fused.applySnapshot(updateOf(log, 0));
      expect([fused.book.bestBid, fused.book.bestAsk]).toEqual([bestBid, bestAsk]);
    }
  });

  for (const [symbol, lotSize] of [
    ["ETHUSDT", "0.0001"],
    ["BTCUSDT", "0.00001"],
  ] as const) {
    const path = sharedPath("data", "captures", `spot_${symbol.toLowerCase()}_20240808.gz`);
    const name = `is the depth's own book whenever no ticker is newer: real tape of ${symbol}`;
    test.skipIf(path === null)(name, async () => {
      const parser = new BinanceLineParser(spotInstrument(symbol, lotSize), "file");
      const log = new CaptureLog();
      await readLines(path ?? "", (bytes, start, end, line) =>
        log.append(parser.parse(bytes, start, end, line), line),
      );
      const chain = joinDepth(log, "file");
      expect(checkDepth(log, chain).crossed).toBe(0);

      const depthOnly: NaiveBook = { bids: new Map(), asks: new Map() };
      /** Levels where the two books could differ since they were last the same. */
      const doubtful = new Set<number>();
      const fused = new FusedBook((_, ticks) => doubtful.add(ticks));
      let compared = 0;
      for (const index of exchangeOrder(log, chain, timesOf(log, chain, 2))) {
        const kind = log.kind[index];
        if (kind === MarketKind.trade) continue;
        if (kind === MarketKind.ticker) {
          fused.applyTicker(updateOf(log, index));
          expect(fused.book.isCrossed()).toBe(false);
          continue;
        }
        for (const [isBid, ticks, lots] of levelsOf(log, index)) {
          setNaive(isBid ? depthOnly.bids : depthOnly.asks, ticks, lots);
          doubtful.add(ticks);
        }
        if (fused.isComplete) fused.applyDepth(updateOf(log, index));
        else fused.applySnapshot(updateOf(log, index));
        if (fused.tickerIsNewer) continue;
        compared += 1;
        for (const ticks of doubtful) {
          expect(fused.book.bidLotsAt(ticks)).toBe(depthOnly.bids.get(ticks) ?? 0);
          expect(fused.book.askLotsAt(ticks)).toBe(depthOnly.asks.get(ticks) ?? 0);
        }
        doubtful.clear();
      }
      expect(compared).toBeGreaterThan(1000);
      if (!fused.tickerIsNewer) {
        expect(bidsOf(fused.book).toReversed()).toEqual(sorted(depthOnly.bids));
        expect(asksOf(fused.book)).toEqual(sorted(depthOnly.asks));
      }
    });
  }
});
