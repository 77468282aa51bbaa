/** `mm backtest`: trades a tape in the simulated exchange, prints a summary and writes a report. */

import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Command } from "commander";
import { makeReportFolder, writeReport } from "#backtest/report-files.ts";
import { type BacktestResult, requireTestable, runBacktest } from "#backtest/run-backtest.ts";
import { figuresOf, isExplained, type Summary } from "#backtest/summary.ts";
import { instrumentFor } from "#config/instrument-override.ts";
import { loadConfig, parseConfig } from "#config/load.ts";
import { loadStrategy, type StrategySource } from "#config/load-strategy.ts";
import { checkReachable } from "#config/relations.ts";
import type { Config, PairConfig } from "#config/schema.ts";
import { loadRawCapture } from "#data/raw-capture.ts";
import { InputError, InvariantError, messageOf } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import { constantLatency, type LatencyModel, parseLatencyCsv } from "#sim/latency-model.ts";
import { FeedKind, type MarketTape, type TapeFeed } from "#sim/market-tape.ts";
import { parseQueueModel, type QueueModel } from "#sim/queue-model.ts";
import { syntheticTape } from "#sim/synthetic-market.ts";
import { iqvRatio } from "#strategies/inventory.ts";
import demoConfig from "../../configs/demo.jsonc" with { type: "text" };
import { amountOption, choosePair, durationMs } from "./options.ts";
import { progressBar, warn } from "./output.ts";
import { summaryText } from "./summary-text.ts";

interface BacktestCliOptions {
  readonly config?: string;
  readonly tape?: string;
  readonly synthetic?: string;
  readonly duration: string;
  readonly price: string;
  readonly pair?: string;
  readonly queue: string;
  readonly latency: string;
  readonly out?: string;
  readonly json?: true;
}

const CAREFUL_QUEUE = "risk-averse";
/** A synthetic run starts at 2026-01-01, whatever the day: same seed, same bytes. */
const SYNTHETIC_START_MS = Date.UTC(2026, 0, 1);
const MAX_DURATION_MS = 7 * 24 * 3_600_000;
/** Twelve times what the core waits for an answer: more is a slip of the unit. */
const MAX_LATENCY_MS = 60_000;

export function backtestCommand(): Command {
  return new Command("backtest")
    .description("trade a recorded or synthetic market in the simulated exchange")
    .option("-c, --config <file>", "the config file (absent: the built-in demo's)")
    .option("--tape <file>", "a raw recording of the pair's market, gzip or plain")
    .option("--synthetic <seed>", "a generated market instead: same seed, same market")
    .option("--duration <time>", "length of the generated market: 90s, 10m, 2h", "10m")
    .option("--price <price>", "what the generated market starts at, quote currency", "2000")
    .option("--pair <id>", "the pair, where the config has several")
    .option("--queue <model>", "place in the queue: risk-averse, power:3, log, …", "power:3")
    .option("--latency <time|file>", "one way: 5ms, 2ms/3ms (out/back), or recorded CSV", "5ms")
    .option("--out <dir>", "write summary.json, fills.csv, orders.csv and equity.csv there")
    .option("--json", "print the summary as JSON")
    .action(backtest);
}

/** All that a run needs, checked and loaded. */
interface Prepared {
  readonly pair: PairConfig;
  readonly instrument: Instrument;
  readonly createStrategy: StrategySource;
  readonly latency: LatencyModel;
  readonly queueModel: QueueModel;
  readonly market: Market;
}

interface Market {
  readonly tape: MarketTape;
  /** What it is, for the summary. */
  readonly facts: Readonly<Record<string, string | number>>;
}

async function backtest(options: BacktestCliOptions): Promise<void> {
  const prepared = await prepare(options);
  if (options.out !== undefined) await makeReportFolder(options.out);
  const { pair, instrument, market } = prepared;
  const { feed } = market.tape;
  const chosen = run(prepared, prepared.queueModel, "trading ");
  const isCareful = options.queue === CAREFUL_QUEUE;
  const careful = isCareful ? null : run(prepared, parseQueueModel(CAREFUL_QUEUE), "again   ");
  const summary: Summary = {
    pair: pair.id,
    instrument: instrument.id,
    market: market.facts,
    latency: options.latency,
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
  const { pair, instrument, latency, market, createStrategy } = prepared;
  const result = runBacktest({
    pair,
    instrument,
    tape: market.tape,
    strategy: createStrategy(),
    queueModel,
    latency,
    onProgress,
  });
  onProgress(1);
  checkFailure(pair, result);
  return result;
}

/** What the core gave up on is no result: figures of a halted pair would mislead. */
function checkFailure({ id, quoting }: PairConfig, { alerts }: BacktestResult): void {
  const failure = alerts.find(({ code }) => code === "engine-failed");
  if (failure === undefined) return;
  const message = `the run was given up: ${failure.message}`;
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
  if (options.tape !== undefined) requireRecordable(pair);
  const queueModel = readQueueModel(options.queue);
  const latency = await readLatency(options.latency);
  const createStrategy = await loadStrategy(pair, directory);
  const market =
    options.tape === undefined
      ? syntheticMarket(options, instrument)
      : await recordedMarket(options.tape, instrument, latency);
  const where = options.tape ?? "--duration";
  checkTarget(pair, firstMidHalfTicks(market.tape.feed, where), instrument);
  return { pair, instrument, createStrategy, latency, queueModel, market };
}

/** @throws {InputError} where recordings are of another venue than the pair's */
function requireRecordable({ id, quote }: PairConfig): void {
  if (quote.venue === "binance-spot") return;
  throw new InputError("bad-config", "recordings are of Binance Spot", {
    where: `pair ${id}, quote.venue ${quote.venue}`,
    hint: "test this pair on a generated market: --synthetic 1 --duration 10m",
  });
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

async function recordedMarket(
  path: string,
  instrument: Instrument,
  latency: LatencyModel,
): Promise<Market> {
  const onProgress = progressBar("reading ");
  // The feed came over the same wire as our answers do: its fastest message took as long.
  const minFeedLatencyMs = latency.leastResponseMs;
  const { tape, stats } = await loadRawCapture({ path, instrument, minFeedLatencyMs, onProgress });
  onProgress(1);
  const facts = {
    kind: "tape",
    lines: stats.lines,
    rows: tape.rows.length,
    messages: tape.feed.length,
    clockOffsetMs: stats.clockOffsetMs,
    depthEvents: stats.check.depthEvents,
    bookChecked: stats.check.checked,
    bookMatched: stats.check.matched,
    bookCrossed: stats.check.crossed,
    duplicateTrades: stats.duplicateTrades,
    missingTrades: stats.missingTrades,
  };
  if (stats.missingTrades > 0) {
    warn([`${path}: ${stats.missingTrades} prints are missing by their ids: fills will be too`]);
  }
  return { tape, facts };
}

function syntheticMarket(options: BacktestCliOptions, instrument: Instrument): Market {
  const seed = /^-?\d+$/.test(options.synthetic ?? "") ? Number(options.synthetic) : NaN;
  if (!Number.isSafeInteger(seed)) {
    throw new InputError("bad-option", `${JSON.stringify(options.synthetic)} is no seed`, {
      where: "--synthetic",
      hint: "give a whole number",
    });
  }
  const length = durationMs(options.duration);
  if (length === undefined || length <= 0 || length > MAX_DURATION_MS) {
    throw new InputError("bad-option", `${JSON.stringify(options.duration)} is no duration`, {
      where: "--duration",
      hint: "give a time such as 90s, 10m or 2h, at most 168h",
    });
  }
  const tape = syntheticTape({
    seed,
    durationMs: length,
    startMs: SYNTHETIC_START_MS,
    instrument,
    startPrice: amountOption(options.price, "--price"),
  });
  const facts = {
    kind: "synthetic",
    seed,
    price: options.price,
    rows: tape.rows.length,
    messages: tape.feed.length,
  };
  return { tape, facts };
}

function readQueueModel(text: string): QueueModel {
  try {
    return parseQueueModel(text);
  } catch (thrown) {
    if (!(thrown instanceof InputError)) throw thrown;
    const { code, message, hint = "" } = thrown;
    throw new InputError(code, message, { where: "--queue", hint, cause: thrown });
  }
}

/** `5ms` both ways, `2ms/3ms` out and back, or the path of a recording. */
async function readLatency(text: string): Promise<LatencyModel> {
  const [out = "", back = out, ...rest] = text.split("/");
  const requestMs = durationMs(out);
  const responseMs = durationMs(back);
  if (requestMs !== undefined && responseMs !== undefined && rest.length === 0) {
    if (Math.max(requestMs, responseMs) <= MAX_LATENCY_MS) {
      return constantLatency(requestMs, responseMs);
    }
    throw new InputError("bad-latency", `${JSON.stringify(text)} is too long`, {
      where: "--latency",
      hint: "give at most 60s each way",
    });
  }
  let rows: string;
  try {
    rows = await readFile(text, "utf8");
  } catch (cause) {
    const message = `${JSON.stringify(text)} is no time and no readable file: ${messageOf(cause)}`;
    throw new InputError("bad-latency", message, {
      where: "--latency",
      hint: "give a time such as 5ms, or a CSV file of recorded round trips",
      cause,
    });
  }
  return parseLatencyCsv(rows, text);
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

/** Bid plus ask, in ticks, of the first message that the core will find usable. */
function firstMidHalfTicks(feed: TapeFeed, where: string): number {
  const { kind, bidTicks, bidLots, askTicks, askLots, length } = feed;
  for (let at = 0; at < length; at += 1) {
    const [bid = 0, ask = 0] = [bidTicks[at], askTicks[at]];
    const hasBoth = kind[at] === FeedKind.book && (bidLots[at] ?? 0) > 0 && (askLots[at] ?? 0) > 0;
    if (hasBoth && bid < ask) return bid + ask;
  }
  throw new InputError("empty-tape", "there is no message with a bid and an ask", {
    where,
    hint: "give a longer recording or duration",
  });
}
