/** `mm backtest`: trades a tape in the simulated exchange, prints a summary and writes a report. */

import { dirname } from "node:path";
import { Command } from "commander";
import { makeReportFolder, writeReport } from "#backtest/report-files.ts";
import {
  type BacktestResult,
  type HedgeOptions,
  requireTestable,
  runBacktest,
} from "#backtest/run-backtest.ts";
import { figuresOf, isExplained, type Summary } from "#backtest/summary.ts";
import { hedgeInstrumentFor, instrumentFor } from "#config/instrument-override.ts";
import { loadConfig, parseConfig } from "#config/load.ts";
import { loadStrategy, type StrategySource } from "#config/load-strategy.ts";
import { checkReachable } from "#config/relations.ts";
import type { Config, PairConfig } from "#config/schema.ts";
import { InputError, InvariantError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import { iqvRatio } from "#domain/iqv.ts";
import type { LatencyModel } from "#sim/latency-model.ts";
import { parseQueueModel, type QueueModel } from "#sim/queue-model.ts";
import demoConfig from "../../configs/demo.jsonc" with { type: "text" };
import {
  firstMidHalfTicks,
  loadMarkets,
  type MarketOptions,
  type Markets,
  requireRecordable,
  type Venue,
} from "./backtest-markets.ts";
import { fundingRateOption, readLatency, readQueueModel } from "./backtest-options.ts";
import { choosePair } from "./options.ts";
import { progressBar, warn } from "./output.ts";
import { summaryText } from "./summary-text.ts";

interface BacktestCliOptions extends MarketOptions {
  readonly config?: string;
  /** False: `--no-hedge`. */
  readonly hedge: boolean;
  readonly pair?: string;
  readonly queue: string;
  readonly latency: string;
  readonly hedgeLatency?: string;
  readonly fundingRate?: string;
  readonly out?: string;
  readonly json?: true;
}

const CAREFUL_QUEUE = "risk-averse";
/** The interest part of it, which is all that is paid where perp and spot agree. */
const USUAL_FUNDING_RATE = "0.0001";
/** Alerts that say the core gave up: a bug, or a user's strategy that gives no numbers. */
const FAILURES: ReadonlySet<string> = new Set(["engine-failed", "hedge-failed"]);

export function backtestCommand(): Command {
  return new Command("backtest")
    .description("trade a recorded or synthetic market in the simulated exchange")
    .option("-c, --config <file>", "the config file (absent: the built-in demo's)")
    .option("--tape <file>", "a raw recording of the pair's market, gzip or plain")
    .option("--hedge-tape <file>", "a recording of the same time of the market that hedges")
    .option("--no-hedge", "quote alone, although the pair has hedgeOn")
    .option("--synthetic <seed>", "a generated market instead: same seed, same market")
    .option("--duration <time>", "length of the generated market: 90s, 10m, 2h", "10m")
    .option("--price <price>", "what the generated market starts at, quote currency", "2000")
    .option("--pair <id>", "the pair, where the config has several")
    .option("--queue <model>", "place in the queue: risk-averse, power:3, log, …", "power:3")
    .option("--latency <time|file>", "one way: 5ms, 2ms/3ms (out/back), or recorded CSV", "5ms")
    .option("--hedge-latency <time|file>", "the same to the hedge venue (absent: as --latency)")
    .option("--funding-rate <rate>", "what longs of the hedge pay in 8 h (absent: 0.0001)")
    .option("--out <dir>", "write summary.json, the CSV files of fills, orders, equity … there")
    .option("--json", "print the summary as JSON")
    .action(backtest);
}

/** All that a run needs, checked and loaded. */
interface Prepared {
  readonly pair: PairConfig;
  readonly createStrategy: StrategySource;
  readonly queueModel: QueueModel;
  readonly quoting: Venue;
  /** Null: the pair quotes alone. */
  readonly hedge: Venue | null;
  readonly markets: Markets;
  readonly fundingRate: string;
}

async function backtest(options: BacktestCliOptions): Promise<void> {
  const prepared = await prepare(options);
  if (options.out !== undefined) await makeReportFolder(options.out);
  const { pair, markets, quoting, hedge, fundingRate } = prepared;
  const { instrument } = quoting;
  const { feed } = markets.quoting.tape;
  const chosen = run(prepared, prepared.queueModel, "trading ");
  const isCareful = options.queue === CAREFUL_QUEUE;
  const careful = isCareful ? null : run(prepared, parseQueueModel(CAREFUL_QUEUE), "again   ");
  const summary: Summary = {
    pair: pair.id,
    instrument: instrument.id,
    market: markets.quoting.facts,
    latency: options.latency,
    hedgeVenue:
      hedge === null
        ? null
        : {
            instrument: hedge.instrument.id,
            market: markets.hedge?.facts ?? {},
            latency: options.hedgeLatency ?? options.latency,
            fundingRate,
          },
    startMs: chosen.startMs,
    endMs: chosen.endMs,
    durationSeconds: (chosen.endMs - chosen.startMs) / 1000,
    ...figuresOf(chosen, options.queue, instrument, feed),
    riskAverse: careful === null ? null : figuresOf(careful, CAREFUL_QUEUE, instrument, feed),
  };
  if (options.out !== undefined) {
    await writeReport(options.out, summary, chosen, { instrument, feed });
  }
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(summary, null, 2)}\n`
      : `${summaryText(summary, instrument, chosen.alerts)}\n`,
  );
  if (!isExplained(summary.pnl.residual)) {
    throw new InvariantError(`PnL has an unexplained residual of ${summary.pnl.residual}`);
  }
}

function run(prepared: Prepared, queueModel: QueueModel, label: string): BacktestResult {
  const onProgress = progressBar(label);
  const { pair, quoting, markets, createStrategy } = prepared;
  const hedge = hedgeOptions(prepared);
  const result = runBacktest({
    pair,
    ...quoting,
    tape: markets.quoting.tape,
    strategy: createStrategy(),
    queueModel,
    ...(hedge === null ? {} : { hedge }),
    onProgress,
  });
  onProgress(1);
  checkFailure(pair, result);
  return result;
}

function hedgeOptions({ hedge, markets, fundingRate }: Prepared): HedgeOptions | null {
  if (hedge === null || markets.hedge === null) return null;
  return { ...hedge, tape: markets.hedge.tape, fundingRate };
}

/** What the core gave up on is no result: figures of a halted pair would mislead. */
function checkFailure({ id, quoting }: PairConfig, { alerts }: BacktestResult): void {
  const failure = alerts.find(({ code }) => FAILURES.has(code));
  if (failure === undefined) return;
  const message = `the run was given up: ${failure.message}`;
  if (failure.code === "hedge-failed") throw new InvariantError(message);
  if (typeof quoting.strategy === "string") throw new InvariantError(message);
  throw new InputError("bad-strategy", message, { where: `pair ${id}` });
}

async function prepare(options: BacktestCliOptions): Promise<Prepared> {
  if ((options.tape === undefined) === (options.synthetic === undefined)) {
    throw new InputError("bad-option", "give either --tape FILE or --synthetic SEED", {
      where: "mm backtest",
    });
  }
  const { config, directory, path } = await readConfig(options);
  // The built-in config has one pair for this, its first.
  const preferred = options.config === undefined ? config.pairs[0]?.id : undefined;
  const pair = choosePair(config, options.pair ?? preferred, path);
  const instrument = instrumentFor(pair);
  requireTestable(pair);
  const hedgeInstrument = options.hedge ? hedgeInstrumentFor(pair) : null;
  requireHedgeOptions(options, pair, hedgeInstrument !== null);
  const queueModel = readQueueModel(options.queue);
  const latency = await readLatency(options.latency, "--latency");
  const fundingRate = fundingRateOption(options.fundingRate ?? USUAL_FUNDING_RATE);
  const quoting = { instrument, latency };
  const hedge =
    hedgeInstrument === null
      ? null
      : { instrument: hedgeInstrument, latency: await readHedgeLatency(options, latency) };
  const createStrategy = await loadStrategy(pair, directory);
  const markets = await loadMarkets(options, quoting, hedge);
  const where = options.tape ?? "--duration";
  checkTarget(pair, firstMidHalfTicks(markets.quoting.tape.feed, where), instrument);
  return { pair, createStrategy, queueModel, quoting, hedge, markets, fundingRate };
}

async function readHedgeLatency(
  { hedgeLatency }: BacktestCliOptions,
  latency: LatencyModel,
): Promise<LatencyModel> {
  return hedgeLatency === undefined ? latency : readLatency(hedgeLatency, "--hedge-latency");
}

/** @throws {InputError} where what is given for the hedge does not go with what the pair has */
function requireHedgeOptions(
  options: BacktestCliOptions,
  pair: PairConfig,
  hasHedge: boolean,
): void {
  const { tape, hedgeTape, hedgeLatency, fundingRate } = options;
  const where = `pair ${pair.id}`;
  if (tape !== undefined) requireRecordable(pair, hasHedge);
  for (const [option, value] of [
    ["--hedge-tape", hedgeTape],
    ["--hedge-latency", hedgeLatency],
    ["--funding-rate", fundingRate],
  ] as const) {
    if (value === undefined || hasHedge) continue;
    const [problem, hint] = options.hedge
      ? ["the pair has no hedgeOn", "add hedgeOn and hedge to it"]
      : ["goes against --no-hedge", "leave one of them away"];
    throw new InputError("bad-option", `${option}: ${problem}`, { where, hint });
  }
  if (hedgeTape !== undefined && tape === undefined) {
    throw new InputError("bad-option", "a generated market makes that of the hedge too", {
      where: "--hedge-tape",
      hint: "leave it away, or give --tape FILE",
    });
  }
  if (hasHedge && tape !== undefined && hedgeTape === undefined) {
    throw new InputError("bad-option", "the pair hedges, and there is no tape of that market", {
      where,
      hint: "give --hedge-tape FILE of the same time, or --no-hedge to quote alone",
    });
  }
}

async function readConfig(
  options: BacktestCliOptions,
): Promise<{ config: Config; directory: string; path: string }> {
  if (options.config !== undefined) {
    const { config, warnings, path } = await loadConfig(options.config);
    warn(warnings);
    return { config, directory: dirname(path), path: options.config };
  }
  if (options.tape !== undefined) {
    throw new InputError("bad-option", "a tape needs the config of its pair", {
      where: "mm backtest",
      hint: "give it with -c FILE",
    });
  }
  const path = "the built-in demo config";
  return { config: parseConfig(demoConfig, path).config, directory: ".", path };
}

/** Where the config has no target ratio, the first price gives it: can its limits be reached? */
function checkTarget(
  { id, capital, quoting }: PairConfig,
  midHalfTicks: number,
  instrument: Instrument,
): void {
  if (capital.targetIqvRatio !== undefined) return;
  const price = (midHalfTicks / 2) * instrument.tickValue;
  const { initInventoryAmount, initQuoteAmount } = capital;
  const target = iqvRatio(Number(initInventoryAmount), price, Number(initQuoteAmount));
  const findings = checkReachable(target, quoting);
  const lines = findings.map(({ path, message }) => `pair ${id}, ${path}: ${message}`);
  if (findings.some(({ severity }) => severity === "error")) {
    throw new InputError("bad-config", lines.join("\n"), {
      hint: "give capital.targetIqvRatio, or limits within reach",
    });
  }
  warn(lines);
}
