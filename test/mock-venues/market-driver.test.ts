/** The clock of a mock venue's market: when its rows happen, and what keeps it within bounds. */

import { describe, expect, test } from "bun:test";
import { InputError } from "#domain/errors.ts";
import { MarketDriver } from "#mock-venues/market-driver.ts";
import { tapeSource } from "#mock-venues/market-source.ts";
import { RowKind, type TapeRows } from "#sim/market-tape.ts";
import { MarketTapeBuilder } from "#sim/market-tape-builder.ts";
import { ManualTimers } from "../net/support.ts";
import { Bench } from "../sim/exchange-kit.ts";

const WALL_MS = 1_800_000_000_000;

/** A clear and two levels at 1000, then a print every 100 ms for a second. */
function rows(): TapeRows {
  const builder = new MarketTapeBuilder();
  builder.addRow(1000, RowKind.clear, 0, 0);
  builder.addRow(1000, RowKind.bidLevel, 100, 5);
  builder.addRow(1000, RowKind.askLevel, 102, 4);
  for (let print = 1; print <= 10; print += 1) {
    builder.addRow(1000 + 100 * print, RowKind.buyTrade, 102, print);
  }
  return builder.build().rows;
}

class Setup {
  readonly timers = new ManualTimers();
  readonly bench = new Bench();
  /** `lots@ms since the start` of each print, `clear@…` of each clear. */
  readonly seen: string[] = [];
  readonly settledMs: number[] = [];
  readonly driver: MarketDriver;

  constructor(speed = 1, tape = rows()) {
    this.driver = new MarketDriver({
      source: tapeSource(tape),
      exchange: this.bench.exchange,
      timers: this.timers,
      nowMs: () => WALL_MS,
      speed,
      listener: {
        levelSet: () => undefined,
        printed: (_isBuy, _ticks, lots, timeMs) => this.seen.push(`${lots}@${timeMs - WALL_MS}`),
        clearing: () => this.seen.push(`clear@${this.timers.elapsedMs()}`),
        settled: (timeMs) => this.settledMs.push(timeMs - WALL_MS),
      },
    });
    this.driver.start();
  }
}

describe("market driver", () => {
  test("the book is there after the start, and rows happen at their times", () => {
    const { driver, timers, bench, seen, settledMs } = new Setup();
    expect([bench.exchange.book.bestBid, bench.exchange.book.bestAsk]).toEqual([100, 102]);
    timers.advance(250);
    expect(seen).toEqual(["clear@0", "1@100", "2@200"]);
    expect(settledMs).toEqual([0, 100, 200]);
    expect(driver.nowMs()).toBe(WALL_MS + 250);
  });

  test("the recording starts again a millisecond after its end, in continuous time", () => {
    const { timers, seen } = new Setup();
    timers.advance(1150);
    expect(seen.slice(-4)).toEqual(["9@900", "10@1000", "clear@1001", "1@1101"]);
    timers.advance(1001);
    expect(seen.slice(-3)).toEqual(["10@2001", "clear@2002", "1@2102"]);
  });

  test("speed is market time per time", () => {
    const { timers, seen } = new Setup(10);
    timers.advance(45);
    expect(seen).toEqual(["clear@0", "1@10", "2@20", "3@30", "4@40"]);
  });

  test("a request meets all that was due before it, though no timer ran", () => {
    const timers = new ManualTimers();
    let elapsedMs = 0;
    const bench = new Bench();
    const prints: number[] = [];
    const driver = new MarketDriver({
      source: tapeSource(rows()),
      exchange: bench.exchange,
      timers: { elapsedMs: () => elapsedMs, after: (ms, run) => timers.after(ms, run) },
      nowMs: () => WALL_MS,
      listener: {
        levelSet: () => undefined,
        printed: (_isBuy, _ticks, lots) => prints.push(lots),
        clearing: () => undefined,
        settled: () => undefined,
      },
    });
    driver.start();
    elapsedMs = 310;
    expect(driver.advanceToNow()).toBe(WALL_MS + 310);
    expect(prints).toEqual([1, 2, 3]);
    // The machine slept for an hour: the market goes on from where it stood.
    elapsedMs = 3_600_310;
    driver.advanceToNow();
    expect(prints).toEqual([1, 2, 3, 4]);
    elapsedMs += 100;
    driver.advanceToNow();
    expect(prints).toEqual([1, 2, 3, 4, 5]);
  });

  test("a batch ends when it has held the loop for some milliseconds; the rest follows", () => {
    const timers = new ManualTimers();
    let elapsedMs = 0;
    let rowMs = 0;
    const prints: number[] = [];
    const driver = new MarketDriver({
      source: tapeSource(rows()),
      exchange: new Bench().exchange,
      timers: { elapsedMs: () => elapsedMs, after: (ms, run) => timers.after(ms, run) },
      nowMs: () => WALL_MS,
      listener: {
        levelSet: () => undefined,
        printed: (_isBuy, _ticks, lots) => {
          prints.push(lots);
          elapsedMs += rowMs;
        },
        clearing: () => undefined,
        settled: () => undefined,
      },
    });
    driver.start();
    elapsedMs = 900;
    rowMs = 2;
    driver.advanceToNow();
    expect(prints).toEqual([1, 2, 3]);
    timers.advance(1);
    expect(prints).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("halted it stands still and costs no timer; stopped it stays so", () => {
    const { driver, timers, seen } = new Setup();
    timers.advance(150);
    driver.halt();
    expect(timers.pending).toBe(0);
    timers.advance(10_000);
    expect(seen).toEqual(["clear@0", "1@100"]);
    driver.resume();
    timers.advance(50);
    expect(seen).toEqual(["clear@0", "1@100", "2@10200"]);
    driver.stop();
    timers.advance(1000);
    expect(driver.advanceToNow()).toBe(WALL_MS + 11_200);
    expect(seen).toHaveLength(3);
    expect(timers.pending).toBe(0);
  });

  test("a tape that does not begin by clearing the book is refused", () => {
    const builder = new MarketTapeBuilder();
    expect(() => tapeSource(builder.build().rows)).toThrow(InputError);
    builder.addRow(1, RowKind.bidLevel, 100, 5);
    expect(() => tapeSource(builder.build().rows)).toThrow("clearing the book");
  });
});
