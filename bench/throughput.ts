/** Whole backtests of the recorded tapes, in market events a second. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { runBacktest } from "#backtest/run-backtest.ts";
import { instrumentFor } from "#config/instrument-override.ts";
import { loadConfig } from "#config/load.ts";
import { loadStrategy } from "#config/load-strategy.ts";
import type { PairConfig } from "#config/schema.ts";
import { loadRawCapture } from "#data/raw-capture.ts";
import type { Instrument } from "#domain/instrument.ts";
import { constantLatency } from "#sim/latency-model.ts";
import type { MarketTape, TapeRows } from "#sim/market-tape.ts";
import { loopTape } from "#sim/market-tape-builder.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import { SimExchange } from "#sim/sim-exchange.ts";

const ROOT = join(import.meta.dir, "..");
const TAPES = join(ROOT, "..", "shared", "data", "captures");
const LEAST_ROWS = 5_000_000;
const LATENCY_MS = 5;
const RUNS = 5;
const WARM_UPS = 4;

export interface Throughput {
  readonly name: string;
  /** Millions of rows a second, median of the runs. */
  readonly rowsPerMicrosecond: number;
  readonly note: string;
}

export async function tapeThroughput(asset: "eth" | "btc"): Promise<Throughput[]> {
  const path = join(TAPES, `spot_${asset}usdt_20240808.gz`);
  if (!existsSync(path)) {
    process.stderr.write(`skipped: the ${asset} tape is absent\n`);
    return [];
  }
  const { config } = await loadConfig(join(ROOT, "configs", `${asset}-spot-tape.jsonc`));
  const [pair] = config.pairs;
  if (pair === undefined) return [];
  const instrument = instrumentFor(pair);
  const { tape } = await loadRawCapture({ path, instrument, minFeedLatencyMs: LATENCY_MS });
  const long = loopTape(tape, Math.ceil(LEAST_ROWS / tape.rows.length));
  const createStrategy = await loadStrategy(pair, ROOT);
  const queueModel = parseQueueModel("power:3");
  const latency = constantLatency(LATENCY_MS, LATENCY_MS);
  let note = "";
  const withEngine = medianMs(() => {
    const strategy = createStrategy();
    const result = runBacktest({ pair, instrument, tape: long, strategy, queueModel, latency });
    const { placed, replaced, amended, canceled } = result.engine.counts;
    const actions = placed + replaced + amended + canceled;
    note = `${actions} order actions, ${result.log.fills.length} fills`;
  });
  const withoutEngine = medianMs(() => matchAlone(long, instrument, pair));
  const { rows, feed } = long;
  const floor = medianMs(() => scan(rows));
  const figures = (name: string, ms: number, what: string): Throughput => ({
    name,
    rowsPerMicrosecond: rows.length / ms / 1_000,
    note: `${(ms / floor).toFixed(1)} × the bare scan; ${what}`,
  });
  const messages = `${((rows.length + feed.length) / withEngine / 1_000).toFixed(1)} M/s`;
  return [
    figures(`${asset} tape, bare scan of the rows`, floor, `${rows.length} rows`),
    figures(`${asset} tape, matching alone`, withoutEngine, "20 resting orders"),
    figures(
      `${asset} tape, engine, queue and latency`,
      withEngine,
      `${messages} with the ${feed.length} messages of the feed; ${note}`,
    ),
  ];
}

/** The floor: every column of every row is read, and nothing is done with it. */
function scan({ length, timeMs, kind, ticks, lots }: TapeRows): number {
  let sum = 0;
  for (let row = 0; row < length; row += 1) {
    sum += (timeMs[row] ?? 0) + (kind[row] ?? 0) + (ticks[row] ?? 0) + (lots[row] ?? 0);
  }
  return sum;
}

/** The simulated exchange without the core: twenty orders rest where the tape opens. */
function matchAlone(tape: MarketTape, instrument: Instrument, pair: PairConfig): void {
  const exchange = new SimExchange({
    instrument,
    queueModel: parseQueueModel("power:3"),
    account: { base: "1000", quote: "100000000" },
    fees: { kind: "received" },
    emit: () => undefined,
  });
  const startMs = tape.rows.timeMs[0] ?? 0;
  let row = exchange.run(tape.rows, 0, startMs);
  const mid = Math.floor((exchange.book.bestBid + exchange.book.bestAsk) / 2);
  const step = Math.max(1, Math.round((mid * pair.quoting.binStep) / 10_000));
  for (let level = 1; level <= 10; level += 1) {
    for (const side of ["buy", "sell"] as const) {
      exchange.place(
        {
          clientOrderId: `mm-X-q1-${side === "buy" ? level : level + 10}`,
          side,
          type: "limit",
          timeInForce: "gtc",
          postOnly: true,
          reduceOnly: false,
          priceTicks: side === "buy" ? mid - level * step : mid + level * step,
          quantityLots: 1_000,
        },
        startMs,
      );
    }
  }
  while (row < tape.rows.length) row = exchange.run(tape.rows, row, Infinity);
}

function medianMs(run: () => void): number {
  const times: number[] = [];
  for (let index = 0; index < WARM_UPS + RUNS; index += 1) {
    const startMs = performance.now();
    run();
    if (index >= WARM_UPS) times.push(performance.now() - startMs);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? 0;
}
