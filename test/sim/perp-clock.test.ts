import { describe, expect, test } from "bun:test";
import { plain } from "#domain/decimal.ts";
import type { FundingEvent, MarkEvent } from "#domain/events.ts";
import type { VenueId } from "#domain/instrument.ts";
import { PerpClock } from "#sim/perp-clock.ts";
import { Bench, market, perpInstrument, stop } from "./exchange-kit.ts";

const HOUR_MS = 3_600_000;
/** 2026-01-01 07:59:58.5 UTC. */
const START_MS = Date.UTC(2026, 0, 1, 7, 59, 58, 500);
const EIGHT_MS = Date.UTC(2026, 0, 1, 8);

interface Rig {
  readonly bench: Bench;
  readonly clock: PerpClock;
  readonly news: (MarkEvent | FundingEvent)[];
}

function rig(venue: VenueId, fundingRate = "0.0008"): Rig {
  const bench = new Bench({
    instrument: perpInstrument(),
    account: { base: "0", quote: "1000" },
    fees: { kind: "quote" },
    triggerOn: "mark",
  });
  const news: Rig["news"] = [];
  const clock = new PerpClock({
    venue,
    exchange: bench.exchange,
    fundingRate,
    startMs: START_MS,
    emit: (event) => news.push(event),
  });
  return { bench, clock, news };
}

function setTouch({ bench }: Rig, bid: number, ask: number): void {
  bench.exchange.onClear();
  bench.exchange.onLevel(true, bid, 100, START_MS);
  bench.exchange.onLevel(false, ask, 100, START_MS);
}

describe("the clock of a perp venue", () => {
  test("marks once a second, at the mid cut to a whole tick", () => {
    const all = rig("binance-perp");
    setTouch(all, 1000, 1003);
    expect(all.clock.nextMs).toBe(EIGHT_MS - 1_000);
    all.clock.tick();
    setTouch(all, 1010, 1012);
    all.clock.tick();
    const marks = all.news.filter(({ kind }) => kind === "mark");
    expect(marks).toEqual([
      {
        kind: "mark",
        venueTimeMs: EIGHT_MS - 1_000,
        receivedTimeMs: EIGHT_MS - 1_000,
        priceTicks: 1001,
        fundingRate: 0.0008,
        nextFundingMs: EIGHT_MS,
      },
      {
        kind: "mark",
        venueTimeMs: EIGHT_MS,
        receivedTimeMs: EIGHT_MS,
        priceTicks: 1011,
        fundingRate: 0.0008,
        nextFundingMs: EIGHT_MS + 8 * HOUR_MS,
      },
    ]);
  });

  test("without a book there is no mark, or the last print stands for it", () => {
    const all = rig("binance-perp");
    all.clock.tick();
    expect(all.news).toEqual([]);
    all.bench.exchange.onTrade(true, 990, 1, START_MS);
    all.clock.tick();
    expect(all.news.map((event) => event.kind === "mark" && event.priceTicks)).toEqual([990]);
  });

  test("stays what it was in a gap: an older print fires no stop", () => {
    const all = rig("hyperliquid");
    all.bench.exchange.onTrade(false, 985, 1, START_MS);
    setTouch(all, 1000, 1002);
    all.clock.tick();
    all.bench.exchange.place(stop("a", "sell", 990, 5), START_MS);
    all.bench.exchange.onClear();
    all.clock.tick();
    expect(all.news.map((event) => event.kind === "mark" && event.priceTicks)).toEqual([
      1001, 1001,
    ]);
    expect(all.bench.lines()).toEqual(["open a 0/5"]);
  });

  test("fires stops that go by the mark", () => {
    const all = rig("hyperliquid");
    setTouch(all, 1000, 1002);
    all.clock.tick();
    all.bench.exchange.place(stop("a", "sell", 990, 5), START_MS);
    setTouch(all, 988, 990);
    all.clock.tick();
    expect(all.bench.lines()).toEqual(["open a 0/5", "fill a sell 988 x5 taker", "filled a 5/5"]);
  });

  /** Buys 2.5 at 10.02, then lets two seconds pass: 08:00 is the second of them. */
  function settled(venue: VenueId, rate?: string): Rig {
    const all = rig(venue, rate);
    setTouch(all, 1000, 1002);
    all.bench.exchange.place(market("a", "buy", 25), START_MS);
    all.clock.tick();
    all.clock.tick();
    return all;
  }

  test("settles at the venue's hours, once, at the mark then", () => {
    const all = settled("binance-perp");
    const before = all.bench.exchange.account.quote;
    all.clock.tick();
    const fundings = all.news.filter(({ kind }) => kind === "funding");
    // 2.5 × 10.01 × 0.0008: a long pays.
    expect(fundings).toEqual([
      {
        kind: "funding",
        venueTimeMs: EIGHT_MS,
        receivedTimeMs: EIGHT_MS,
        fundingId: `funding-${EIGHT_MS}`,
        amount: "-0.02002",
      },
    ]);
    expect(plain(all.bench.exchange.account.quote)).toBe(plain(before));
    // 1 000 less the taker fee of 0.0501 and the funding.
    expect(plain(before)).toBe("999.92988");
  });

  test("a venue that settles hourly settles an eighth of the rate", () => {
    const fundings = settled("hyperliquid").news.filter(({ kind }) => kind === "funding");
    expect(fundings.map((event) => event.kind === "funding" && event.amount)).toEqual([
      "-0.0025025",
    ]);
  });

  test("at a negative rate a long receives", () => {
    const fundings = settled("binance-perp", "-0.0008").news.filter((e) => e.kind === "funding");
    expect(fundings.map(({ amount }) => amount)).toEqual(["0.02002"]);
  });

  test("what nobody holds is not settled", () => {
    const all = rig("binance-perp");
    setTouch(all, 1000, 1002);
    all.clock.tick();
    all.clock.tick();
    expect(all.news.map(({ kind }) => kind)).toEqual(["mark", "mark"]);
  });
});
