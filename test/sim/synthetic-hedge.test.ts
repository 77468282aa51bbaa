/** The synthetic market of a hedge venue, and a shock to both. */

import { describe, expect, test } from "bun:test";
import { Book, NO_TICKS } from "#domain/book.ts";
import { InputError } from "#domain/errors.ts";
import { type MarketTape, RowKind } from "#sim/market-tape.ts";
import type { Shock } from "#sim/shock.ts";
import { SyntheticMarket } from "#sim/synthetic-market.ts";
import { type SyntheticTapes, syntheticTape, syntheticTapes } from "#sim/synthetic-tape.ts";
import { perpInstrument, spotInstrument } from "./exchange-kit.ts";

const START_MS = 1_700_000_000_000;
const SPOT = spotInstrument({ lotSize: "0.0001" });
/** A tick five times as wide, in lots ten times as large. */
const PERP = perpInstrument({ tickSize: "0.05", lotSize: "0.001" });

function options(seed: number, seconds: number): Parameters<typeof syntheticTape>[0] {
  const durationMs = seconds * 1000;
  return { seed, durationMs, startMs: START_MS, instrument: SPOT, startPrice: "2000" };
}

function tapes(seed: number, seconds: number, shock?: Shock): SyntheticTapes {
  const plain = options(seed, seconds);
  return syntheticTapes(shock === undefined ? plain : { ...plain, shock }, { instrument: PERP });
}

interface Look {
  /** Quote currency. */
  readonly mid: number;
  /** Lots on the bid side within 0.1 % of the best. */
  readonly depth: number;
}

/** Looks at the book once a second. */
function looks({ rows }: MarketTape, tickValue: number, seconds: number): Look[] {
  const book = new Book(1 << 16);
  let row = 0;
  return Array.from({ length: seconds + 1 }, (_, second) => {
    while ((rows.timeMs[row] ?? Infinity) <= START_MS + second * 1000) {
      const [ticks = 0, lots = 0] = [rows.ticks[row], rows.lots[row]];
      if (rows.kind[row] === RowKind.bidLevel) book.setBid(ticks, lots);
      else if (rows.kind[row] === RowKind.askLevel) book.setAsk(ticks, lots);
      row += 1;
    }
    let depth = 0;
    const lowest = book.bestBid * 0.999;
    for (let at = book.bestBid; at !== NO_TICKS && at > lowest; at = book.nextBid(at)) {
      depth += book.bidLotsAt(at);
    }
    expect(book.bestBid).toBeLessThan(book.bestAsk);
    return { mid: ((book.bestBid + book.bestAsk) / 2) * tickValue, depth };
  });
}

describe("the market of the hedge", () => {
  test("leaves the quoting market's bytes as they are without it", () => {
    for (const seed of [1, 2, -7]) {
      expect(tapes(seed, 60).quoting).toEqual(syntheticTape(options(seed, 60)));
    }
  });

  test("is the same for a seed, and another for another", () => {
    const { hedge } = tapes(1, 30);
    expect(tapes(1, 30).hedge).toEqual(hedge);
    expect(tapes(2, 30).hedge.rows).not.toEqual(hedge.rows);
  });

  test("has a book and a flow of its own", () => {
    const { quoting, hedge } = tapes(1, 60);
    const times = new Set(quoting.rows.timeMs.filter((timeMs) => timeMs > START_MS));
    expect(hedge.rows.timeMs.filter((timeMs) => times.has(timeMs)).length).toBeLessThan(10);
    const prints = hedge.rows.kind.filter((kind) => kind === RowKind.buyTrade).length;
    expect(prints).toBeGreaterThan(10);
  });

  test("is seen over a feed of its own, of which no byte of either market depends", () => {
    const near = tapes(1, 30);
    const far = syntheticTapes(options(1, 30), { instrument: PERP, minFeedLatencyMs: 200 });
    expect(far.quoting).toEqual(near.quoting);
    expect(far.hedge.rows).toEqual(near.hedge.rows);
    const { receivedMs, venueMs } = far.hedge.feed;
    const fastestMs = Math.min(...receivedMs.map((timeMs, at) => timeMs - (venueMs[at] ?? 0)));
    expect(fastestMs).toBeWithin(200, 201);
  });

  test("follows with a basis that wanders about 2 basis points", () => {
    const SECONDS = 300;
    const basesBps = [1, 2, 3].flatMap((seed) => {
      const { quoting, hedge } = tapes(seed, SECONDS);
      const spot = looks(quoting, SPOT.tickValue, SECONDS);
      const perp = looks(hedge, PERP.tickValue, SECONDS);
      // It opens where the other does, and finds its place within seconds.
      return spot.slice(5).map(({ mid }, at) => ((perp[at + 5]?.mid ?? 0) / mid - 1) * 10_000);
    });
    const mean = basesBps.reduce((sum, bps) => sum + bps, 0) / basesBps.length;
    const deviation = Math.sqrt(
      basesBps.reduce((sum, bps) => sum + (bps - mean) ** 2, 0) / basesBps.length,
    );
    expect(mean).toBeWithin(0.5, 4);
    expect(deviation).toBeWithin(0.2, 4);
    // No order flow takes it away for good.
    expect(Math.max(...basesBps.map(Math.abs))).toBeLessThan(20);
  });
});

describe("a shock", () => {
  const SHOCK: Shock = { afterMs: 20_000, durationMs: 30_000, movePct: -15, depth: 0.15 };

  for (const seed of [1, 2]) {
    test(`moves both markets and thins both books: seed ${seed}`, () => {
      const { quoting, hedge } = tapes(seed, 120, SHOCK);
      for (const [tape, { tickValue }] of [
        [quoting, SPOT],
        [hedge, PERP],
      ] as const) {
        const seen = looks(tape, tickValue, 120);
        const at = (second: number): Look => seen[second] ?? { mid: 0, depth: 0 };
        expect(at(51).mid / at(19).mid).toBeWithin(0.845, 0.855);
        // Half of the way in half of the time, by the logarithm.
        expect(at(35).mid / at(20).mid).toBeWithin(0.915, 0.93);
        const usual = at(19).depth;
        const during = seen.slice(22, 50).map(({ depth }) => depth);
        expect(during.reduce((sum, depth) => sum + depth, 0) / 28).toBeLessThan(usual * 0.15);
        expect(at(115).depth).toBeGreaterThan(usual * 0.3);
      }
    });
  }

  test("before it nothing is another than without it", () => {
    const untilMs = START_MS + SHOCK.afterMs - 1_000;
    const rowsOf = ({ rows }: MarketTape): number[] =>
      [...rows.ticks].filter((_, row) => (rows.timeMs[row] ?? 0) < untilMs);
    const [calm, shocked] = [tapes(3, 30), tapes(3, 30, SHOCK)];
    expect(rowsOf(shocked.quoting)).toEqual(rowsOf(calm.quoting));
    expect(rowsOf(shocked.hedge)).toEqual(rowsOf(calm.hedge));
  });

  test("an impossible one is refused", () => {
    for (const change of [{ durationMs: 0 }, { movePct: -100 }, { depth: 0 }, { afterMs: -1 }]) {
      const shock = { ...SHOCK, ...change };
      expect(() => new SyntheticMarket({ ...options(1, 1), shock })).toThrow(InputError);
    }
  });
});
