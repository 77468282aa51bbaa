/** Two venues in one virtual time: what goes first, and that neither runs ahead of the other. */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";
import type { EngineEvent } from "#domain/events.ts";
import { constantLatency } from "#sim/latency-model.ts";
import { Outages, withoutFeed } from "#sim/outages.ts";
import { Stage } from "./stage.ts";
import { marketTape, marketTapes, quote, type Row, START_MS, tapeOf } from "./support.ts";

// Whole runs by chance, on a machine that may be busy.
setDefaultTimeout(30_000);

/** Bid 199 999 and ask 200 001, ten lots each, from the start. */
const BOOK: readonly Row[] = [
  [0, "clear", 0, 0],
  [0, "bidLevel", 199_999, 10],
  [0, "askLevel", 200_001, 10],
];

/** An event as a word and its time; those of the hedge venue in capitals. */
function word(event: EngineEvent): string {
  const inner = event.kind === "hedge" ? event.event : event;
  const kind = inner.kind === "order" ? inner.change : inner.kind;
  return `${event.kind === "hedge" ? kind.toUpperCase() : kind}@${event.receivedTimeMs}`;
}

function wordsAt(stage: Stage, timeMs: number): string[] {
  return stage.events
    .filter((event) => event.receivedTimeMs === timeMs)
    .map((event) => word(event).split("@")[0] ?? "");
}

describe("at the same instant", () => {
  test("what reaches us: answers, then the time, then feeds; the quoting venue first", () => {
    const stage = new Stage({
      tape: tapeOf(BOOK, [100, 110, 200, 300]),
      latency: constantLatency(10, 90),
      hedge: { tape: tapeOf(BOOK, [100, 110, 200, 300]), latency: constantLatency(20, 80) },
      script: (event, link) => {
        // Both answers come at 200: 100 + 10 + 90 and 100 + 20 + 80.
        if (event.kind !== "book" || event.receivedTimeMs !== 100) return;
        link.hedge?.place(quote("h", "buy", 199_000, 50));
        link.place(quote("q", "buy", 199_000, 50));
      },
    });
    stage.play();
    expect(wordsAt(stage, 200)).toEqual(["open", "OPEN", "time", "book", "BOOK"]);
  });

  test("what happens at the exchanges: each one's rows before requests, before our side", () => {
    // Both orders arrive at 110, together with prints that go through their prices and a message.
    const rows: readonly Row[] = [...BOOK, [110, "sellTrade", 199_980, 500]];
    const stage = new Stage({
      tape: tapeOf(rows, [100, 110, 300]),
      latency: constantLatency(10, 0),
      hedge: { tape: tapeOf(rows, [100, 110, 300]), latency: constantLatency(10, 0) },
      script: (event, link) => {
        if (event.kind !== "book" || event.receivedTimeMs !== 100) return;
        link.hedge?.place(quote("h", "buy", 199_990, 50));
        link.place(quote("q", "buy", 199_990, 50));
      },
    });
    stage.play();
    // Neither is filled: the print was before. Answers come ahead of the messages of 110.
    expect(wordsAt(stage, 110)).toEqual(["open", "OPEN", "book", "BOOK"]);
    expect(stage.events.map(word).filter((text) => /fill/i.test(text))).toEqual([]);
  });

  test("the hedge venue marks after its rows, and before our requests", () => {
    // At 1 000 the ask falls to 199 991: the mark is the mid after that.
    const rows: readonly Row[] = [
      ...BOOK,
      [1_000, "bidLevel", 199_999, 0],
      [1_000, "bidLevel", 199_989, 10],
      [1_000, "askLevel", 199_991, 10],
    ];
    const stage = new Stage({
      tape: tapeOf(BOOK, [900, 990, 1_200]),
      latency: constantLatency(10, 5),
      hedge: { tape: tapeOf(rows, [900, 1_200]), latency: constantLatency(10, 5) },
      script: (event, link) => {
        if (event.kind !== "book" || event.receivedTimeMs !== 990) return;
        link.hedge?.place(quote("h", "buy", 199_000, 50));
      },
    });
    stage.play();
    const marks = stage.events.flatMap((event) =>
      event.kind === "hedge" && event.event.kind === "mark"
        ? [[event.venueTimeMs, event.event.priceTicks]]
        : [],
    );
    expect(marks.at(-1)).toEqual([1_000, 199_990]);
    expect(wordsAt(stage, 1_005)).toEqual(["MARK", "OPEN"]);
  });
});

describe("between the venues", () => {
  test("a hedge order reaches its venue by its own latency, and the answer us", () => {
    const stage = new Stage({
      tape: tapeOf(BOOK, [100, 400]),
      latency: constantLatency(5, 5),
      hedge: { tape: tapeOf(BOOK, [100, 400]), latency: constantLatency(30, 40) },
      script: (event, link) => {
        if (event.kind !== "book") return;
        if (event.receivedTimeMs === 100) link.hedge?.place(quote("h", "buy", 199_000, 50));
      },
    });
    stage.play();
    const answer = stage.events.find((event) => word(event).startsWith("OPEN"));
    expect([answer?.venueTimeMs, answer?.receivedTimeMs]).toEqual([130, 170]);
  });

  /** What was filled and when, by the exchange's time. */
  function fillsOf(stage: Stage): (string | number)[][] {
    return stage.events.flatMap((event) => {
      const inner = event.kind === "hedge" ? event.event : event;
      return inner.kind === "fill" ? [[inner.fill.clientOrderId, inner.venueTimeMs]] : [];
    });
  }

  // Filled at 200.1 and known at 200.2, the answer to it is at the other venue at 200.3: after its
  // row at 200.05, and before that at 200.4.
  const filling: readonly Row[] = [...BOOK, [200.1, "sellTrade", 199_980, 500]];
  const next: readonly Row[] = [
    ...BOOK,
    [200.05, "buyTrade", 200_050, 500],
    [200.4, "buyTrade", 200_050, 500],
  ];
  const latency = constantLatency(0.1, 0.1);

  test("a fill of a quote is hedged before the hedge venue's next row", () => {
    const stage = new Stage({
      tape: tapeOf(filling, [100, 300]),
      latency,
      hedge: { tape: tapeOf(next, [100, 300]), latency },
      script: (event, link) => {
        if (event.kind === "book" && event.receivedTimeMs === 100) {
          link.place(quote("q", "buy", 199_990, 50));
        }
        if (event.kind === "fill") link.hedge?.place(quote("h", "sell", 200_040, 50));
      },
    });
    stage.play();
    expect(fillsOf(stage)).toEqual([
      ["q", 200.1],
      ["h", 200.4],
    ]);
  });

  test("a fill of the hedge is acted on before the quoting venue's next row", () => {
    const stage = new Stage({
      tape: tapeOf(next, [100, 300]),
      latency,
      hedge: { tape: tapeOf(filling, [100, 300]), latency },
      script: (event, link) => {
        if (event.kind === "book" && event.receivedTimeMs === 100) {
          link.hedge?.place(quote("h", "buy", 199_990, 50));
        }
        if (event.kind !== "hedge" || event.event.kind !== "fill") return;
        link.place(quote("q", "sell", 200_040, 50));
      },
    });
    stage.play();
    expect(fillsOf(stage)).toEqual([
      ["h", 200.1],
      ["q", 200.4],
    ]);
  });

  test("a run ends with the shorter of the feeds", () => {
    const stage = new Stage({
      tape: tapeOf(BOOK, [100, 200, 300, 400]),
      latency: constantLatency(5, 5),
      hedge: { tape: tapeOf(BOOK, [50, 310]), latency: constantLatency(5, 5) },
      script: () => undefined,
    });
    stage.driver.start();
    while (stage.driver.play(1));
    expect(stage.driver.progress).toBe(1);
    const books = stage.events.filter(({ kind }) => kind === "book");
    expect(books.map(({ receivedTimeMs }) => receivedTimeMs)).toEqual([100, 200, 300]);
    expect(stage.events[0]?.receivedTimeMs).toBe(50);
  });
});

describe("any tapes", () => {
  const latencies = fc.double({ min: 0, max: 150, noNaN: true });

  test("a hedge venue of which nobody takes notice changes nothing at the quoting venue", () => {
    let fills = 0;
    const runs = fc.tuple(fc.integer({ min: 1, max: 1000 }), latencies, latencies, latencies);
    fc.assert(
      fc.property(runs, ([seed, requestMs, responseMs, hedgeMs]) => {
        const latency = constantLatency(requestMs, responseMs);
        const { quoting, hedge } = marketTapes(seed, 20);
        // The clock of a run begins with the first message: here the quoting venue's.
        const tape = withoutFeed(hedge, [{ fromMs: 0, toMs: START_MS + 500 }]);
        const alone = new Stage({ tape: quoting, latency });
        const both = new Stage({
          tape: quoting,
          latency,
          hedge: { tape, latency: constantLatency(hedgeMs, hedgeMs) },
        });
        for (const stage of [alone, both]) {
          stage.driver.start();
          while (stage.driver.play(100));
        }
        const own = both.events.filter(({ kind }) => kind !== "hedge");
        expect(own.length).toBeGreaterThan(300);
        // It ends with the shorter of the two feeds.
        expect(own).toEqual(alone.events.slice(0, own.length));
        fills += own.filter(({ kind }) => kind === "fill").length;
      }),
      { numRuns: 6 },
    );
    expect(fills).toBeGreaterThan(0);
  });

  test("every message of both reaches the core once, in order, and time never goes back", () => {
    const runs = fc.tuple(
      fc.integer({ min: 1, max: 1000 }),
      latencies,
      latencies,
      fc.integer({ min: 1, max: 200 }),
    );
    fc.assert(
      fc.property(runs, ([seed, quotingMs, hedgeMs, atATime]) => {
        const { quoting, hedge } = marketTapes(seed, 10);
        let sent = 0;
        const stage = new Stage({
          tape: quoting,
          latency: constantLatency(quotingMs, quotingMs),
          hedge: { tape: hedge, latency: constantLatency(hedgeMs, hedgeMs) },
          // Orders on both sides all along: each finds its market as it is at its arrival, which
          // the observed exchanges check.
          script: (event, link) => {
            if (event.kind !== "time") return;
            sent += 1;
            link.place(quote(`q${sent}`, "buy", 199_900, 20));
            link.hedge?.place(quote(`h${sent}`, "sell", 200_100, 20));
          },
        });
        stage.driver.start();
        while (stage.driver.play(atATime));
        const times = stage.events.map(({ receivedTimeMs }) => receivedTimeMs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        const endMs = Math.min(
          quoting.feed.receivedMs.at(-1) ?? 0,
          hedge.feed.receivedMs.at(-1) ?? 0,
        );
        const feedTimes = (isHedge: boolean): number[] =>
          stage.events.flatMap((event) => {
            const inner = event.kind === "hedge" ? event.event : event;
            const isFeed = inner.kind === "book" || inner.kind === "trade";
            return isFeed && (event.kind === "hedge") === isHedge ? [inner.receivedTimeMs] : [];
          });
        expect(feedTimes(false)).toEqual(
          [...quoting.feed.receivedMs].filter((timeMs) => timeMs <= endMs),
        );
        const lastMs = feedTimes(false).at(-1) ?? 0;
        expect(feedTimes(true)).toEqual(
          [...hedge.feed.receivedMs].filter((timeMs) => timeMs < lastMs),
        );
      }),
      { numRuns: 12 },
    );
  });
});

describe("an unreachable hedge venue", () => {
  test("hears nothing and says nothing, and its connection is told", () => {
    const window = { fromMs: START_MS + 2_000, toMs: START_MS + 5_000 };
    const stage = new Stage({
      tape: marketTape(1, 8),
      latency: constantLatency(5, 5),
      hedge: {
        tape: withoutFeed(marketTapes(1, 8).hedge, [window]),
        latency: constantLatency(5, 5),
        outages: new Outages([], [window]),
      },
      script: (event, link) => {
        if (event.kind !== "time") return;
        const second = Math.floor((event.receivedTimeMs - START_MS) / 1000);
        link.hedge?.place(quote(`h${second}`, "buy", 190_000, 20));
      },
    });
    stage.play();
    const news = stage.events.flatMap((event) =>
      event.kind === "hedge" && event.event.kind === "connection" ? [event.event] : [],
    );
    const ups = news.filter(({ state }) => state !== "alive");
    expect(ups.map(({ state, receivedTimeMs }) => [state, receivedTimeMs - START_MS])).toEqual([
      ["up", (stage.events[0]?.receivedTimeMs ?? 0) - START_MS],
      ["down", 2_000],
      ["up", 5_000],
    ]);
    const during = stage.events.filter(
      ({ kind, receivedTimeMs }) =>
        kind === "hedge" && receivedTimeMs > window.fromMs && receivedTimeMs < window.toMs,
    );
    expect(during).toEqual([]);
    const orders = stage.hedge?.exchange.openOrders().map(({ clientOrderId }) => clientOrderId);
    expect(orders).toEqual(["h0", "h1", "h5", "h6", "h7"]);
  });
});
