import { describe, expect, test } from "bun:test";
import { InputError } from "#domain/errors.ts";
import type { VenueEvent } from "#domain/events.ts";
import { constantLatency } from "#sim/latency-model.ts";
import { FeedKind } from "#sim/market-tape.ts";
import { emptyFeedMessage, MarketTapeBuilder } from "#sim/market-tape-builder.ts";
import { Outages, withoutFeed } from "#sim/outages.ts";
import { SimulatedLink } from "#sim/simulated-link.ts";
import { Bench, limit, perpInstrument } from "./exchange-kit.ts";

const WINDOW = { fromMs: 1_000, toMs: 2_000 };

/** An exchange with 100 lots bought, behind a wire of 10 ms out and 20 ms back. */
class Wire {
  readonly link: SimulatedLink;
  readonly bench: Bench;

  constructor(outages: Outages) {
    this.link = new SimulatedLink(constantLatency(10, 20), "mm-X", outages);
    this.bench = new Bench({
      instrument: perpInstrument(),
      account: { base: "0", quote: "100000" },
      fees: { kind: "quote" },
      emit: (event) => this.link.onVenueEvent(event),
    });
    this.bench.exchange.onLevel(true, 1000, 500, 0);
    this.bench.exchange.onLevel(false, 1002, 500, 0);
    this.link.nowMs = 0;
    this.link.place(limit("mm-X-0", "buy", 1002, 100));
    this.carry();
    this.news();
  }

  at(nowMs: number): SimulatedLink {
    this.link.nowMs = nowMs;
    return this.link;
  }

  /** Lets everything under way arrive. */
  carry(): void {
    while (this.link.requests.size > 0) this.link.deliverNext(this.bench.exchange);
  }

  news(): string[] {
    this.carry();
    const events: VenueEvent[] = [];
    for (;;) {
      const event = this.link.responses.shift();
      if (event === undefined) break;
      events.push(event);
    }
    return events.flatMap((event) => {
      if (event.kind === "order") {
        const why = event.reason === null ? "" : ` ${event.reason}`;
        return [`${event.receivedTimeMs} ${event.change} ${event.clientOrderId}${why}`];
      }
      if (event.kind === "connection") return [`${event.receivedTimeMs} ${event.state}`];
      return event.kind === "fill" ? [`${event.receivedTimeMs} fill`] : [];
    });
  }
}

const OVERLOADED = new Outages([WINDOW], []);
const UNREACHABLE = new Outages([], [WINDOW]);

describe("an overloaded venue", () => {
  test("refuses what adds risk, by the time of its arrival", () => {
    const wire = new Wire(OVERLOADED);
    wire.at(989).place(limit("mm-X-1", "buy", 900, 1));
    wire.at(990).place(limit("mm-X-2", "buy", 900, 1));
    wire.at(1_500).replace("mm-X-1", limit("mm-X-3", "buy", 899, 1));
    wire.at(1_500).amend("mm-X-1", 1);
    wire.at(1_990).place(limit("mm-X-4", "buy", 900, 1));
    expect(wire.news()).toEqual([
      "1019 open mm-X-1",
      "1020 rejected mm-X-2 throttled",
      "1530 cancel-rejected mm-X-1 throttled",
      "1530 rejected mm-X-3 throttled",
      "1530 amend-rejected mm-X-1 throttled",
      "2020 open mm-X-4",
    ]);
  });

  test("carries out what reduces, cancels, and answers questions", () => {
    const wire = new Wire(OVERLOADED);
    wire.at(100).place(limit("mm-X-1", "buy", 900, 1));
    wire.at(1_500).place({ ...limit("mm-X-2", "sell", 1000, 40), reduceOnly: true });
    wire.at(1_500).cancel("mm-X-1");
    wire.at(1_500).query("mm-X-1");
    expect(wire.news().slice(1)).toEqual([
      "1530 open mm-X-2",
      "1530 fill",
      "1530 filled mm-X-2",
      "1530 canceled mm-X-1",
      "1530 canceled mm-X-1",
    ]);
    expect(wire.bench.exchange.account.positionLots).toBe(60);
  });
});

describe("an unreachable venue", () => {
  test("loses what arrives within, and nobody is told", () => {
    const wire = new Wire(UNREACHABLE);
    wire.at(995).place(limit("mm-X-1", "buy", 900, 1));
    wire.at(2_000).query("mm-X-1");
    expect(wire.news()).toEqual(["2030 not-found mm-X-1"]);
  });

  test("loses answers that would arrive within: the order was executed all the same", () => {
    const wire = new Wire(UNREACHABLE);
    wire.at(980).place(limit("mm-X-1", "buy", 900, 1));
    expect(wire.news()).toEqual([]);
    wire.at(2_000).query("mm-X-1");
    expect(wire.news()).toEqual(["2030 open mm-X-1"]);
  });

  test("its connection goes down and comes up", () => {
    const wire = new Wire(UNREACHABLE);
    wire.link.announceOutages();
    expect(wire.news()).toEqual(["1000 down", "2000 up"]);
    const isUp = [999, 1_000, 1_999, 2_000].map((timeMs) => wire.link.isUp(timeMs));
    expect(isUp).toEqual([true, false, false, true]);
  });

  test("what is over before the start is no news, and one that runs into the next is one", () => {
    const windows = [
      { fromMs: 100, toMs: 300 },
      { fromMs: 400, toMs: 900 },
      { fromMs: 900, toMs: 1_200 },
    ];
    const wire = new Wire(new Outages([], windows));
    wire.at(500).announceOutages();
    expect(wire.news()).toEqual(["500 down", "900 down", "1200 up"]);
  });

  test("no market news comes through either, whatever happens there", () => {
    const builder = new MarketTapeBuilder();
    for (const receivedMs of [900, 1_000, 1_500, 2_000]) {
      builder.addRow(receivedMs, FeedKind.book, receivedMs, 1);
      builder.addFeed({ ...emptyFeedMessage(), receivedMs, bidTicks: receivedMs });
    }
    const tape = builder.build();
    const left = withoutFeed(tape, [WINDOW]);
    expect(left.rows).toBe(tape.rows);
    expect(left.feed.length).toBe(2);
    expect([...left.feed.receivedMs]).toEqual([900, 2_000]);
    expect([...left.feed.bidTicks]).toEqual([900, 2_000]);
  });
});

test("a window that ends before it begins is none", () => {
  for (const [fromMs, toMs] of [
    [2, 1],
    [1, 1],
    [NaN, 1],
    [1, Infinity],
  ] as const) {
    expect(() => new Outages([{ fromMs, toMs }], [])).toThrow(InputError);
    expect(() => new Outages([], [{ fromMs, toMs }])).toThrow(InputError);
  }
});
