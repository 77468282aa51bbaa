import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { Book } from "#domain/book.ts";
import { plain } from "#domain/decimal.ts";
import type { EngineEvent } from "#domain/events.ts";
import { constantLatency, parseLatencyCsv, recordedLatency } from "#sim/latency-model.ts";
import { FeedKind, RowKind } from "#sim/market-tape.ts";
import type { FeedMessage } from "#sim/market-tape-builder.ts";
import { Stage } from "./stage.ts";
import { marketTape, pairOf, quote, type Row, START_MS, tapeOf } from "./support.ts";

/** Bid 199 999 and ask 200 001, ten lots each, from the start. */
const BOOK: readonly Row[] = [
  [0, "clear", 0, 0],
  [0, "bidLevel", 199_999, 10],
  [0, "askLevel", 200_001, 10],
];

/** Does something once, when the feed message of a time comes. */
function at(timeMs: number, event: EngineEvent, action: () => void): void {
  if (event.kind === "book" && event.receivedTimeMs === timeMs) action();
}

describe("the two clocks", () => {
  test("an order arrives after the request latency, its answer after the response latency", () => {
    const stage = new Stage({
      tape: tapeOf(BOOK, [100, 200]),
      latency: constantLatency(7, 3),
      script: (event, link) => at(100, event, () => link.place(quote("a", "buy", 199_990, 50))),
    });
    stage.play();
    // Sent at 100, at the exchange at 107, known to us at 110.
    expect(stage.answers()).toEqual(["107>110 open a"]);
  });

  test("an order that the market reaches before its arrival is not filled by that", () => {
    // The print at 106 goes through the price of an order that arrives at 107.
    const rows: readonly Row[] = [...BOOK, [106, "sellTrade", 199_980, 500]];
    const stage = new Stage({
      tape: tapeOf(rows, [100, 200]),
      latency: constantLatency(7, 3),
      script: (event, link) => at(100, event, () => link.place(quote("a", "buy", 199_990, 50))),
    });
    stage.play();
    expect(stage.answers()).toEqual(["107>110 open a"]);
  });

  test("a cancel can lose the race against a fill", () => {
    // Placed at 100, cancel sent at 200 and due at 210; a print goes through the price at 205.
    const rows: readonly Row[] = [...BOOK, [205, "sellTrade", 199_980, 500]];
    const stage = new Stage({
      tape: tapeOf(rows, [100, 200, 300]),
      latency: constantLatency(10, 3),
      script: (event, link) => {
        at(100, event, () => link.place(quote("a", "buy", 199_990, 50)));
        at(200, event, () => link.cancel("a"));
      },
    });
    stage.play();
    expect(stage.answers()).toEqual([
      "110>113 open a",
      "205>208 fill a x50",
      "205>208 filled a",
      "210>213 cancel-rejected a",
    ]);
  });

  test("at the same instant the market goes before our request", () => {
    const rows: readonly Row[] = [...BOOK, [210, "sellTrade", 199_980, 500]];
    const stage = new Stage({
      tape: tapeOf(rows, [100, 200, 300]),
      latency: constantLatency(10, 3),
      script: (event, link) => {
        at(100, event, () => link.place(quote("a", "buy", 199_990, 50)));
        at(200, event, () => link.cancel("a"));
      },
    });
    stage.play();
    expect(stage.answers().slice(1)).toEqual([
      "210>213 fill a x50",
      "210>213 filled a",
      "210>213 cancel-rejected a",
    ]);
  });

  test("we can act on a fill before the exchange's next row", () => {
    // a is filled at 200.1, known at 200.2, and b is canceled at 200.3: before the print at 200.4.
    const rows: readonly Row[] = [
      ...BOOK,
      [200.1, "sellTrade", 199_989, 500],
      [200.4, "sellTrade", 199_970, 500],
    ];
    const stage = new Stage({
      tape: tapeOf(rows, [100, 300]),
      latency: constantLatency(0.1, 0.1),
      script: (event, link) => {
        at(100, event, () => {
          link.place(quote("a", "buy", 199_990, 50));
          link.place(quote("b", "buy", 199_980, 50));
        });
        if (event.kind === "fill") link.cancel("b");
      },
    });
    stage.play();
    const ends = stage.answers().filter((line) => !line.includes("open"));
    expect(ends.map((line) => line.split(" ").slice(1).join(" "))).toEqual([
      "fill a x50",
      "filled a",
      "canceled b",
    ]);
  });

  test("without latency the answer comes before anything else of that instant", () => {
    const stage = new Stage({
      tape: tapeOf(BOOK, [100, 100, 200]),
      latency: constantLatency(0, 0),
      script: (event, link) => {
        if (event.kind === "book" && stage.answers().length === 0) {
          link.place(quote("a", "buy", 199_990, 50));
        }
      },
    });
    stage.play();
    const isPassing = (kind: string): boolean => kind === "time" || kind === "connection";
    const kinds = stage.events.map(({ kind }) => kind).filter((kind) => !isPassing(kind));
    // The account event tells what the order locks nothing of: balances have not changed.
    expect(kinds.slice(0, 3)).toEqual(["book", "order", "book"]);
    expect(stage.answers()).toEqual(["100>100 open a"]);
  });

  test("answers stay in order where a recorded latency falls", () => {
    // What the exchange does at 100 takes 50 ms to reach us, at 110 one millisecond.
    const latency = parseLatencyCsv(
      "sent_ms,exchange_ms,received_ms\n100,100,150\n110,110,111\n",
      "test",
    );
    const stage = new Stage({
      tape: tapeOf(BOOK, [100, 110, 400]),
      latency,
      script: (event, link) => {
        at(100, event, () => link.place(quote("a", "buy", 199_990, 50)));
        at(110, event, () => link.place(quote("b", "buy", 199_980, 50)));
      },
    });
    stage.play();
    expect(stage.answers()).toEqual(["100>150 open a", "110>150 open b"]);
  });

  test("requests stay in order where the latency falls", () => {
    // Sent at 100 it takes 50 ms to get there, sent at 110 one: the cancel must not overtake.
    const stage = new Stage({
      tape: tapeOf(BOOK, [100, 110, 400]),
      latency: {
        requestLatencyMs: (nowMs) => (nowMs < 110 ? 50 : 1),
        responseLatencyMs: () => 3,
        leastResponseMs: 3,
      },
      script: (event, link) => {
        at(100, event, () => link.place(quote("a", "buy", 199_990, 50)));
        at(110, event, () => link.cancel("a"));
      },
    });
    stage.play();
    expect(stage.answers()).toEqual(["150>153 open a", "150>153 canceled a"]);
  });

  test("a recorded refusal comes back as one, for each kind of request", () => {
    // exchange_ms below sent_ms: refused, and we hear of it 20 ms after sending.
    const latency = parseLatencyCsv(
      "sent_ms,exchange_ms,received_ms\n0,1,2\n100,101,102\n200,0,220\n",
      "test",
    );
    const stage = new Stage({
      tape: tapeOf(BOOK, [100, 200, 400]),
      latency,
      script: (event, link) => {
        at(200, event, () => {
          link.place(quote("a", "buy", 199_990, 50));
          link.cancel("b");
          link.amend("c", 10);
          link.replace("d", quote("e", "buy", 199_990, 50));
        });
      },
    });
    stage.play();
    expect(stage.answers()).toEqual([
      "220>220 rejected a",
      "220>220 cancel-rejected b",
      "220>220 amend-rejected c",
      "220>220 cancel-rejected d",
      "220>220 rejected e",
    ]);
    expect(stage.exchange.openOrders()).toEqual([]);
  });
});

describe("the end of a run", () => {
  test("cancels every order, and waits for the answers", () => {
    const stage = new Stage({ tape: marketTape(1, 20), latency: constantLatency(40, 60) });
    stage.driver.start();
    while (stage.driver.play(100));
    expect(stage.exchange.openOrders().length).toBeGreaterThan(0);
    stage.exchange.isAtEnd = true;
    stage.driver.finish();
    expect(stage.exchange.openOrders()).toEqual([]);
    expect(stage.engine.orders.live.size).toBe(0);
    expect(stage.link.requests.size + stage.link.responses.size).toBe(0);
    expect(stage.engine.state).toBe("stopping");
  });

  test("cancels again what a recorded refusal left open", () => {
    // From 15 s to 40 s the recording has refusals only; the tape ends at 20 s.
    const row = (seconds: number, isRefused: boolean) => {
      const sentMs = START_MS + seconds * 1000;
      return { sentMs, exchangeMs: isRefused ? 0 : sentMs + 5, receivedMs: sentMs + 10 };
    };
    const rows = [row(0, false), row(14, false), row(15, true), row(40, true), row(41, false)];
    const latency = recordedLatency(rows, "test");
    const stage = new Stage({ tape: marketTape(1, 20), latency });
    stage.play();
    const refusals = stage.answers().filter((line) => line.includes("cancel-rejected"));
    expect(refusals.length).toBeGreaterThan(0);
    expect(stage.exchange.openOrders()).toEqual([]);
    expect(stage.engine.orders.live.size).toBe(0);
  });

  test("with a latency of a minute each way, too", () => {
    const stage = new Stage({
      tape: marketTape(1, 130),
      latency: constantLatency(60_000, 60_000),
    });
    stage.play();
    expect(stage.exchange.openOrders()).toEqual([]);
    expect(stage.link.responses.size).toBe(0);
  });
});

/** Steps in time of 0 … 400 ms: several things at one instant, and gaps beyond a time step. */
const steps = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 400, noNaN: true }));

const rowSpec = fc.record({
  stepMs: steps,
  kind: fc.constantFrom("bidLevel", "askLevel", "buyTrade", "sellTrade"),
  away: fc.integer({ min: 1, max: 60 }),
  lots: fc.integer({ min: 0, max: 5000 }),
});
const feedSpec = fc.record({
  stepMs: steps,
  kind: fc.constantFrom(FeedKind.book, FeedKind.buyTrade, FeedKind.sellTrade),
  midTicks: fc.integer({ min: 199_950, max: 200_050 }),
  lots: fc.integer({ min: 1, max: 100 }),
});

interface RowSpec {
  readonly stepMs: number;
  readonly kind: "bidLevel" | "askLevel" | "buyTrade" | "sellTrade";
  readonly away: number;
  readonly lots: number;
}
interface FeedSpec {
  readonly stepMs: number;
  readonly kind: number;
  readonly midTicks: number;
  readonly lots: number;
}

/** Bids and sell prints stay under 200 000, asks and buy prints above. */
function rowsOf(specs: readonly RowSpec[]): Row[] {
  let timeMs = START_MS;
  return specs.map(({ stepMs, kind, away, lots }) => {
    timeMs += stepMs;
    const isBelow = kind === "bidLevel" || kind === "sellTrade";
    const isTrade = kind === "buyTrade" || kind === "sellTrade";
    return [timeMs, kind, 200_000 + (isBelow ? -away : away), isTrade ? lots + 1 : lots];
  });
}

function feedOf(specs: readonly FeedSpec[]): FeedMessage[] {
  let receivedMs = START_MS;
  return specs.map(({ stepMs, kind, midTicks, lots }) => {
    receivedMs += stepMs;
    const isBook = kind === FeedKind.book;
    return {
      receivedMs,
      venueMs: receivedMs - 2,
      kind,
      bidTicks: isBook ? midTicks - 1 : midTicks,
      bidLots: lots,
      askTicks: isBook ? midTicks + 1 : 0,
      askLots: isBook ? lots : 0,
    };
  });
}

/** A feed event as the message it was made of. */
function messageOf(event: EngineEvent): FeedMessage[] {
  const times = { receivedMs: event.receivedTimeMs, venueMs: event.venueTimeMs };
  if (event.kind === "book") {
    const { bidTicks, bidLots, askTicks, askLots } = event;
    return [{ ...times, kind: FeedKind.book, bidTicks, bidLots, askTicks, askLots }];
  }
  if (event.kind !== "trade") return [];
  const kind = event.aggressor === "buy" ? FeedKind.buyTrade : FeedKind.sellTrade;
  const price = { bidTicks: event.priceTicks, bidLots: event.quantityLots };
  return [{ ...times, kind, ...price, askTicks: 0, askLots: 0 }];
}

describe("any tape", () => {
  const latencies = fc.double({ min: 0, max: 150, noNaN: true });

  test("every message reaches the core once, in order, and time never goes back", () => {
    const tapes = fc.tuple(
      fc.array(rowSpec, { maxLength: 60 }),
      fc.array(feedSpec, { minLength: 1, maxLength: 40 }),
      latencies,
      latencies,
      fc.integer({ min: 1, max: 50 }),
    );
    fc.assert(
      fc.property(tapes, ([rowSpecs, feedSpecs, requestMs, responseMs, atATime]) => {
        const rows = rowsOf(rowSpecs);
        const feed = feedOf(feedSpecs);
        const stage = new Stage({
          tape: tapeOf(rows, feed),
          latency: constantLatency(requestMs, responseMs),
        });
        stage.play(atATime);

        expect(stage.events.flatMap(messageOf)).toEqual(feed);
        const times = stage.events.map(({ receivedTimeMs }) => receivedTimeMs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));

        // The core is told the time at least every 100 ms while the tape lasts.
        const lastMs = feed.at(-1)?.receivedMs ?? 0;
        const told = stage.events.filter(({ kind }) => kind === "time");
        const ticks = told.map(({ receivedTimeMs }) => receivedTimeMs);
        for (let tickMs = START_MS + (feedSpecs[0]?.stepMs ?? 0); tickMs <= lastMs; tickMs += 100) {
          expect(ticks.some((timeMs) => Math.abs(timeMs - tickMs) < 0.001)).toBe(true);
        }

        // Every row until then was played, and none after it. (ObservedExchange: in order, once.)
        const played = rows.filter(([timeMs]) => timeMs <= lastMs);
        expect(stage.exchange.nextRow).toBe(played.length);
        expect(levelsOf(stage.exchange.book)).toEqual(levelsOf(bookOf(played)));
      }),
      { numRuns: 60 },
    );
  });

  test("the core's books are the exchange's account in the end, and nothing is open", () => {
    let fills = 0;
    const tapes = fc.tuple(fc.integer({ min: 1, max: 1000 }), latencies, latencies);
    fc.assert(
      fc.property(tapes, ([seed, requestMs, responseMs]) => {
        const stage = new Stage({
          tape: marketTape(seed, 30),
          latency: constantLatency(requestMs, responseMs),
          pair: pairOf({ quoting: { binStep: 0.5 } }),
        });
        stage.play();
        const { engine, exchange, events } = stage;
        const times = events.map(({ receivedTimeMs }) => receivedTimeMs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        fills += events.filter(({ kind }) => kind === "fill").length;
        expect(plain(engine.ledger.base())).toBe(plain(exchange.account.base));
        expect(plain(engine.ledger.quote())).toBe(plain(exchange.account.quote));
        expect(exchange.openOrders()).toEqual([]);
        expect(engine.orders.live.size).toBe(0);
      }),
      { numRuns: 15 },
    );
    expect(fills).toBeGreaterThan(0);
  });
});

function bookOf(rows: readonly Row[]): Book {
  const book = new Book();
  for (const [, kind, ticks, lots] of rows) {
    if (kind === "bidLevel" || kind === "askLevel") book.setLevel(RowKind[kind], ticks, lots);
  }
  return book;
}

/** Sizes 60 ticks around the mid. */
function levelsOf(book: Book): number[][] {
  return Array.from({ length: 121 }, (_, index) => {
    const ticks = 199_940 + index;
    return [ticks, book.bidLotsAt(ticks), book.askLotsAt(ticks)];
  });
}
