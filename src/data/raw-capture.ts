/**
 * Loads a raw recording of one symbol of Binance, spot or USD-M (a line: receive time in
 * nanoseconds, a space, the message as received), as a MarketTape. All or nothing: a tape is
 * returned only where every line was understood and the book is proven complete. Does file I/O.
 */

import { InputError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { MarketTape } from "#sim/market-tape.ts";
import { MarketKind } from "#venues/binance/market-message.ts";
import { BinanceLineParser } from "./binance-lines.ts";
import { CaptureLog } from "./capture-log.ts";
import { buildTape, timesOf } from "./capture-tape.ts";
import { type BookCheck, checkDepth, type DepthChain, joinDepth } from "./depth-chain.ts";
import { type ProgressHandler, readLines } from "./line-reader.ts";

/** A few sizes are older than the venue's lot; many mean that the lot is wrong. */
const MAX_OFF_GRID_SHARE = 0.01;

export interface RawCaptureOptions {
  /** Gzip or plain text. */
  readonly path: string;
  /** Its venue says how the lines are read: `binance-spot` or `binance-perp`. */
  readonly instrument: Instrument;
  /** What the fastest message of the recording took from the venue to us, by assumption. */
  readonly minFeedLatencyMs: number;
  readonly onProgress?: ProgressHandler;
}

export interface RawCaptureStats {
  readonly lines: number;
  /** Messages in the file, also those that came before the book was complete. */
  readonly messages: { readonly depth: number; readonly ticker: number; readonly trade: number };
  /** Prints that came twice and were counted once, and prints whose ids nobody told. */
  readonly duplicateTrades: number;
  readonly missingTrades: number;
  /** What was added to the recorder's clock to make it the venue's. */
  readonly clockOffsetMs: number;
  /** What the fastest message took by that clock; at least what was assumed. */
  readonly fastestMs: number;
  /** Sizes that were no whole number of lots and were rounded (levels up, prints down). */
  readonly offGridSizes: number;
  /** The book from depth alone against the tickers. */
  readonly check: BookCheck;
  /** Messages after which the book of the tape was crossed. */
  readonly fusedCrossed: number;
}

export interface RawCapture {
  readonly tape: MarketTape;
  readonly stats: RawCaptureStats;
}

/** A recording that was read, before its clock is set. */
interface ReadCapture {
  readonly options: RawCaptureOptions;
  readonly lines: number;
  readonly log: CaptureLog;
  readonly chain: DepthChain;
}

/**
 * Reads a recording from end to end, and sets its clock so that its fastest message took
 * `minFeedLatencyMs`.
 * @throws {InputError} one, with file and line: `no-such-file`, `unreadable-file`,
 *   `truncated-gzip`, `corrupt-gzip`, `line-too-long`, `bad-line`, `bad-time`, `unknown-message`,
 *   `wrong-symbol`, `off-grid`, `empty-capture`, `no-snapshot`, `no-venue-time`, `depth-gap`,
 *   `unsupported-venue`
 */
export async function loadRawCapture(options: RawCaptureOptions): Promise<RawCapture> {
  const capture = await readCapture(options);
  return makeTape(capture, clockOffsetOf(capture));
}

/**
 * Reads recordings that one recorder made, such as a symbol's spot and perp of the same minutes,
 * and puts them on one clock: the same offset is added to all receive times, so that what was
 * received first in truth is received first. The offset is the least with which no message of any
 * of them took less than that recording's `minFeedLatencyMs`; in the others the fastest took more
 * (`stats.fastestMs`). Exchange times are the venues' own, whose clocks are taken to agree.
 * @returns in the order of `captures`
 * @throws {InputError} as `loadRawCapture`
 */
export async function loadRawCaptures(
  captures: readonly RawCaptureOptions[],
): Promise<RawCapture[]> {
  const read: ReadCapture[] = [];
  for (const options of captures) read.push(await readCapture(options));
  const clockOffsetMs = Math.max(...read.map(clockOffsetOf));
  return read.map((capture) => makeTape(capture, clockOffsetMs));
}

async function readCapture(options: RawCaptureOptions): Promise<ReadCapture> {
  const { path, instrument, onProgress } = options;
  const parser = new BinanceLineParser(instrument, path);
  const log = new CaptureLog();
  const lines = await readLines(
    path,
    (bytes, start, end, line) => log.append(parser.parse(bytes, start, end, line), line),
    onProgress,
  );
  checkContent(log, options);
  return { options, lines, log, chain: joinDepth(log, path) };
}

/** With it the fastest message took what it is assumed to have taken. */
function clockOffsetOf({ log, options }: ReadCapture): number {
  return options.minFeedLatencyMs - log.minLatencyMs;
}

function makeTape({ lines, log, chain }: ReadCapture, clockOffsetMs: number): RawCapture {
  const { tape, fusedCrossed } = buildTape(log, chain, timesOf(log, chain, clockOffsetMs));
  return {
    tape,
    stats: {
      lines,
      messages: countMessages(log),
      offGridSizes: log.offGridSizes,
      duplicateTrades: log.duplicateTrades,
      missingTrades: log.missingTrades,
      clockOffsetMs,
      fastestMs: log.minLatencyMs + clockOffsetMs,
      check: checkDepth(log, chain),
      fusedCrossed,
    },
  };
}

/** @throws {InputError} `empty-capture`, `no-venue-time`, `off-grid` */
function checkContent(log: CaptureLog, { path, instrument }: RawCaptureOptions): void {
  if (log.length === 0) {
    throw new InputError("empty-capture", "the recording is empty", {
      where: path,
      hint: "check the path, or record again",
    });
  }
  if (log.minLatencyMs === Infinity) {
    throw new InputError("no-venue-time", "no message of the recording carries a venue's time", {
      where: path,
      hint: "record the depth stream as well",
    });
  }
  if (log.offGridSizes > log.levels * MAX_OFF_GRID_SHARE) {
    const message = `${log.offGridSizes} of ${log.levels} sizes are no whole number of lots`;
    throw new InputError("off-grid", message, {
      where: `${path}:${log.firstOffGridLine}`,
      hint: `check instrumentOverride.lotSize (${instrument.lotSize.toFixed()})`,
    });
  }
}

function countMessages(log: CaptureLog): RawCaptureStats["messages"] {
  const counts = [0, 0, 0, 0];
  for (const kind of log.kind.subarray(0, log.length)) counts[kind] = (counts[kind] ?? 0) + 1;
  return {
    depth: counts[MarketKind.depth] ?? 0,
    ticker: counts[MarketKind.ticker] ?? 0,
    trade: counts[MarketKind.trade] ?? 0,
  };
}
