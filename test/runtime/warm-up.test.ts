/** What is done before the first order: made-up ladders, and an event loop that stays awake. */

import { describe, expect, spyOn, test } from "bun:test";
import { engineParams, strategyParams } from "#config/engine-params.ts";
import { instrumentFor } from "#config/instrument-override.ts";
import { spin } from "#runtime/busy-poll.ts";
import { type WarmUpOptions, warmUp } from "#runtime/warm-up.ts";
import { strategyFactory } from "#strategies/registry.ts";
import type { Strategy } from "#strategies/strategy.ts";
import { type PairChanges, pairOf } from "../backtest/support.ts";

/** A strategy that counts the ladders it shapes. */
class Counting implements Strategy {
  readonly name = "counting";
  ladders = 0;
  readonly #inner: Strategy;

  constructor(inner: Strategy) {
    this.#inner = inner;
  }
  prepare(context: Parameters<Strategy["prepare"]>[0]): string {
    return this.#inner.prepare(context);
  }
  weigh(side: "buy" | "sell", levels: number, weights: Float64Array): void {
    if (side === "buy") this.ladders += 1;
    this.#inner.weigh(side, levels, weights);
  }
}

function prepared(changes: PairChanges = {}): WarmUpOptions & { strategy: Counting } {
  const pair = pairOf(changes);
  const instrument = instrumentFor(pair);
  let clockMs = 0;
  return {
    params: engineParams(pair, instrument, 1),
    instrument,
    strategy: new Counting(strategyFactory("spot")(strategyParams(pair))),
    lastPrice: null,
    limitMs: 100,
    // Every look at the clock is a millisecond.
    elapsedMs: () => {
      clockMs += 1;
      return clockMs;
    },
  };
}

describe("warm-up", () => {
  test("ends with its time, having made a ladder at nearly every step", () => {
    const options = prepared();
    const steps = warmUp(options);
    expect(steps).toBe(99);
    expect(options.strategy.ladders).toBeGreaterThan(90);
  });

  test("ends after some thousand steps where the clock stands still", () => {
    const options = prepared();
    expect(warmUp({ ...options, elapsedMs: () => 0 })).toBe(3_000);
    expect(options.strategy.ladders).toBeGreaterThan(2_500);
  });

  const markets: readonly [what: string, changes: PairChanges, lastPrice: number | null][] = [
    ["the last price", {}, 2_345.67],
    [
      "a pair without inventory and without a price",
      { capital: { initInventoryAmount: "0" } },
      null,
    ],
    ["a slow pair", { quoting: { minRequoteIntervalMs: 5_000 } }, null],
    ["a pair with few actions", { risk: { actionsPer10s: 1 } }, null],
    ["a perp", { quote: { venue: "hyperliquid", symbol: "ETH" } }, 2_000],
  ];
  test.each(markets)("makes ladders for %s", (_what, changes, lastPrice) => {
    const options = prepared(changes);
    warmUp({ ...options, lastPrice });
    expect(options.strategy.ladders).toBeGreaterThan(90);
  });

  test("none is made without time for it", () => {
    const options = prepared();
    expect(warmUp({ ...options, limitMs: 0 })).toBe(0);
    expect(options.strategy.ladders).toBe(0);
  });

  test("ends at once where the strategy fails: the pair itself will tell", () => {
    const options = prepared();
    const strategy: Strategy = {
      name: "broken",
      prepare: () => "broken",
      weigh: () => {
        throw new Error("broken");
      },
    };
    expect(warmUp({ ...options, strategy })).toBeLessThan(5);
  });
});

test("busy polling keeps the event loop turning until it is ended", async () => {
  const turns = spyOn(globalThis, "setImmediate");
  try {
    const stop = spin();
    await Bun.sleep(0);
    const before = turns.mock.calls.length;
    await Bun.sleep(0);
    expect(turns.mock.calls.length).toBeGreaterThan(before);
    stop();
    await Bun.sleep(0);
    const after = turns.mock.calls.length;
    await Bun.sleep(0);
    expect(turns.mock.calls.length).toBe(after);
  } finally {
    turns.mockRestore();
  }
});
