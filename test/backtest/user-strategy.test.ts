import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { writeReport } from "#backtest/report-files.ts";
import { runBacktest } from "#backtest/run-backtest.ts";
import { figuresOf, type Summary } from "#backtest/summary.ts";
import { instrumentFor } from "#config/instrument-override.ts";
import { loadStrategy } from "#config/load-strategy.ts";
import { plain } from "#domain/decimal.ts";
import { constantLatency } from "#sim/latency-model.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import type { Strategy, StrategyContext } from "#strategies/strategy.ts";
import { Folder } from "../cli/support.ts";
import { marketTape, pairOf } from "./support.ts";

const EXAMPLES = join(import.meta.dir, "..", "..", "docs", "examples");
const folder = new Folder();
afterAll(() => folder.dispose());

function examplePair() {
  return pairOf({ quoting: { strategy: { module: "./my-strategy.ts" }, decayRate: 0.9 } });
}

async function example(): Promise<Strategy> {
  return (await loadStrategy(examplePair(), EXAMPLES))();
}

function contextWith(iqvMoveRatio: number): StrategyContext {
  return { timeMs: 0, mid: 2000, volatilityPct: -1, iqvRatio: 0.5, iqvMoveRatio };
}

describe("docs/examples/my-strategy.ts", () => {
  test("weighs two humps a side", async () => {
    const strategy = await example();
    strategy.prepare(contextWith(0));
    const weights = new Float64Array(7);
    strategy.weigh("buy", 7, weights);
    // 0.9⁴ = 0.6561 a level from either end; its cube 0.28243 in the middle.
    const expected = [1, 0.6561, 0.43046721, 0.28242954, 0.43046721, 0.6561, 1];
    for (const [index, weight] of expected.entries()) {
      expect(weights[index] ?? 0).toBeCloseTo(weight, 8);
    }
  });

  test("brings the side nearer that brings inventory back", async () => {
    const strategy = await example();
    const quoted = (move: number, side: "buy" | "sell", bin: number): number => {
      const prices = Float64Array.of(bin);
      strategy.prepare(contextWith(move));
      strategy.price?.(side, 1, prices);
      return prices[0] ?? NaN;
    };
    // A third of the 6 to the mid at a move of 1; nothing on the other side.
    expect(quoted(1, "sell", 2006)).toBeCloseTo(2004, 9);
    expect(quoted(1, "buy", 1994)).toBe(1994);
    expect(quoted(-0.5, "buy", 1994)).toBeCloseTo(1995, 9);
    expect(quoted(-0.5, "sell", 2006)).toBe(2006);
    expect(quoted(0, "sell", 2006)).toBe(2006);
  });

  test("backtests, and its comma in a shape's name does not break the report", async () => {
    const pair = examplePair();
    const instrument = instrumentFor(pair);
    const tape = marketTape(2, 60);
    const result = runBacktest({
      pair,
      instrument,
      tape,
      strategy: await example(),
      queueModel: parseQueueModel("power:3"),
      latency: constantLatency(5, 5),
    });
    expect(result.alerts).toEqual([]);
    expect(result.log.fills.length).toBeGreaterThan(0);
    expect(plain(result.residual)).toBe("0");
    const summary: Summary = {
      pair: pair.id,
      instrument: instrument.id,
      market: {},
      latency: "5ms",
      hedgeVenue: null,
      startMs: result.startMs,
      endMs: result.endMs,
      durationSeconds: 60,
      ...figuresOf(result, "power:3", instrument, tape.feed),
      riskAverse: null,
    };
    await writeReport(folder.path, summary, result, { instrument, feed: tape.feed });
    const orders = await Bun.file(join(folder.path, "orders.csv")).text();
    const [header = "", ...rows] = orders.trimEnd().split("\n");
    expect(rows.every((row) => /,"two-humps, (?:buying|selling)",/.test(row))).toBe(true);
    // The quoted comma apart, every row has the header's cells.
    const cells = new Set(rows.map((row) => row.replace("humps, ", "humps ").split(",").length));
    expect([...cells]).toEqual([header.split(",").length]);
  });

  test("each run gets a strategy of its own, without memory", async () => {
    const create = await loadStrategy(examplePair(), EXAMPLES);
    expect(create()).not.toBe(create());
  });
});
