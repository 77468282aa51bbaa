/** The markets of `mm backtest`: recordings, or generated ones, of one or of both venues. */

import type { MarketFacts } from "#backtest/summary.ts";
import type { PairConfig } from "#config/schema.ts";
import { loadRawCaptures, type RawCapture, type RawCaptureOptions } from "#data/raw-capture.ts";
import { InputError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { LatencyModel } from "#sim/latency-model.ts";
import { FeedKind, type MarketTape, type TapeFeed } from "#sim/market-tape.ts";
import { type SyntheticTapeOptions, syntheticTape, syntheticTapes } from "#sim/synthetic-tape.ts";
import { amountOption, durationMs } from "./options.ts";
import { progressBar, warn } from "./output.ts";

export interface MarketOptions {
  readonly tape?: string;
  readonly hedgeTape?: string;
  readonly synthetic?: string;
  readonly duration: string;
  readonly price: string;
}

/**
 * One venue of the run. Its feed comes over the same wire as its answers do: the fastest message
 * takes as long.
 */
export interface Venue {
  readonly instrument: Instrument;
  readonly latency: LatencyModel;
}

export interface Market {
  readonly tape: MarketTape;
  /** What it is, for the summary. */
  readonly facts: MarketFacts;
}

export interface Markets {
  readonly quoting: Market;
  /** Null: the pair quotes alone. */
  readonly hedge: Market | null;
}

/** A synthetic run starts at 2026-01-01, whatever the day: same seed, same bytes. */
const SYNTHETIC_START_MS = Date.UTC(2026, 0, 1);
const MAX_DURATION_MS = 7 * 24 * 3_600_000;

/** @throws {InputError} where a venue of the pair is one of which there are no recordings */
export function requireRecordable({ id, quote, hedgeOn }: PairConfig, hasHedge: boolean): void {
  if (quote.venue === "hyperliquid") throw unrecordable(`pair ${id}, quote.venue ${quote.venue}`);
  if (hasHedge && hedgeOn?.venue === "hyperliquid") {
    throw unrecordable(`pair ${id}, hedgeOn.venue ${hedgeOn.venue}`);
  }
}

function unrecordable(where: string): InputError {
  return new InputError("bad-config", "recordings are of Binance, Spot and USD-M", {
    where,
    hint: "test this pair on a generated market: --synthetic 1 --duration 10m",
  });
}

export async function loadMarkets(
  options: MarketOptions,
  quoting: Venue,
  hedge: Venue | null,
): Promise<Markets> {
  const { tape, hedgeTape } = options;
  if (tape === undefined) return syntheticMarkets(options, quoting, hedge);
  if (hedge === null)
    return { quoting: await recordedMarket(captureOf(tape, quoting)), hedge: null };
  return recordedMarkets(captureOf(tape, quoting), captureOf(hedgeTape ?? "", hedge));
}

function captureOf(path: string, { instrument, latency }: Venue): RawCaptureOptions {
  return { path, instrument, minFeedLatencyMs: latency.leastResponseMs };
}

async function recordedMarket(capture: RawCaptureOptions): Promise<Market> {
  const [market] = await readMarkets([capture]);
  if (market === undefined) throw new InputError("empty-tape", "nothing was read");
  return market;
}

async function recordedMarkets(
  quoting: RawCaptureOptions,
  hedge: RawCaptureOptions,
): Promise<Markets> {
  const [first, second] = await readMarkets([quoting, hedge]);
  if (first === undefined || second === undefined) {
    throw new InputError("empty-tape", "nothing was read");
  }
  requireOverlap(first.tape.feed, second.tape.feed, hedge.path);
  return { quoting: first, hedge: second };
}

/** One recorder's clock is one, so that they are read as one. */
async function readMarkets(captures: readonly RawCaptureOptions[]): Promise<Market[]> {
  const onProgress = progressBar("reading ");
  const read = await loadRawCaptures(
    captures.map((capture, index) => ({
      ...capture,
      onProgress: (fraction: number) => onProgress((index + fraction) / captures.length),
    })),
  );
  onProgress(1);
  return read.map((capture, index) => marketOf(capture, captures[index]?.path ?? ""));
}

function marketOf({ tape, stats }: RawCapture, path: string): Market {
  const facts = {
    kind: "tape",
    lines: stats.lines,
    rows: tape.rows.length,
    messages: tape.feed.length,
    clockOffsetMs: stats.clockOffsetMs,
    fastestMs: stats.fastestMs,
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

function requireOverlap(feed: TapeFeed, other: TapeFeed, where: string): void {
  const firstMs = Math.max(feed.receivedMs[0] ?? Infinity, other.receivedMs[0] ?? Infinity);
  const lastMs = Math.min(
    feed.receivedMs[feed.length - 1] ?? -Infinity,
    other.receivedMs[other.length - 1] ?? -Infinity,
  );
  if (firstMs < lastMs) return;
  throw new InputError("no-overlap", "the two recordings are not of the same time", {
    where,
    hint: "give the recordings of both venues of the same minutes",
  });
}

function syntheticMarkets(
  options: MarketOptions,
  { instrument, latency }: Venue,
  hedge: Venue | null,
): Markets {
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
  const of: SyntheticTapeOptions = {
    seed,
    durationMs: length,
    startMs: SYNTHETIC_START_MS,
    instrument,
    startPrice: amountOption(options.price, "--price"),
    minFeedLatencyMs: latency.leastResponseMs,
  };
  const market = (tape: MarketTape): Market => {
    const { rows, feed } = tape;
    const sizes = { rows: rows.length, messages: feed.length };
    return { tape, facts: { kind: "synthetic", seed, price: options.price, ...sizes } };
  };
  if (hedge === null) return { quoting: market(syntheticTape(of)), hedge: null };
  const tapes = syntheticTapes(of, {
    instrument: hedge.instrument,
    minFeedLatencyMs: hedge.latency.leastResponseMs,
  });
  return { quoting: market(tapes.quoting), hedge: market(tapes.hedge) };
}

/** Bid plus ask, in ticks, of the first message that the core will find usable. */
export function firstMidHalfTicks(feed: TapeFeed, where: string): number {
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
