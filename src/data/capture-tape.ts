/**
 * Makes a MarketTape of a recording's messages: once in the order of the exchange (`rows`) and
 * once in the order in which they reached the recorder (`feed`), each with a book of its own.
 */

import { NO_TICKS } from "#domain/book.ts";
import { BookUpdate, FusedBook } from "#domain/fused-book.ts";
import { FeedKind, type MarketTape, RowKind } from "#sim/market-tape.ts";
import { emptyFeedMessage, type FeedMessage, MarketTapeBuilder } from "#sim/market-tape-builder.ts";
import { MarketKind } from "#venues/binance/market-message.ts";
import type { CaptureLog } from "./capture-log.ts";
import type { DepthChain } from "./depth-chain.ts";

/** When each message of a log happened and arrived, by the venue's clock. */
export interface CaptureTimes {
  /** Added to the recorder's receive times. */
  readonly clockOffsetMs: number;
  /** Shifted receive times; they never go back. */
  readonly receivedMs: Float64Array;
  /** Exchange times; a ticker that has none has the latest that it can have. */
  readonly exchangeMs: Float64Array;
}

export interface CaptureTape {
  readonly tape: MarketTape;
  /** Messages after which the fused book was crossed, in the order of the exchange. */
  readonly fusedCrossed: number;
}

/**
 * A ticker of spot carries no time of the venue's. It is stamped as if it had been as fast as the
 * fastest message of the log: not before its true time, unless it was faster than every message
 * that has one, so that a print stays ahead of the touch that it caused.
 * @param clockOffsetMs added to the recorder's clock
 */
export function timesOf(log: CaptureLog, chain: DepthChain, clockOffsetMs: number): CaptureTimes {
  const fastestMs = log.minLatencyMs + clockOffsetMs;
  const receivedMs = new Float64Array(log.length);
  const exchangeMs = new Float64Array(log.length);
  let lastReceivedMs = -Infinity;
  let lastDepthMs = -Infinity;
  for (let index = 0; index < log.length; index += 1) {
    lastReceivedMs = Math.max(lastReceivedMs, (log.receivedMs[index] ?? 0) + clockOffsetMs);
    receivedMs[index] = lastReceivedMs;
    const venueMs = log.venueMs[index] ?? 0;
    if (log.kind[index] === MarketKind.depth) {
      // Depth must stay in the order of its ids, whatever its times say.
      lastDepthMs = Math.max(lastDepthMs, venueMs);
      exchangeMs[index] = lastDepthMs;
    } else {
      exchangeMs[index] = venueMs > 0 ? venueMs : lastReceivedMs - fastestMs;
    }
  }
  // The snapshot is older than the first depth event that is applied to it.
  const { snapshot } = chain;
  const firstEventMs = exchangeMs[chain.events[0] ?? snapshot] ?? Infinity;
  exchangeMs[snapshot] = Math.min(exchangeMs[snapshot] ?? Infinity, firstEventMs);
  return { clockOffsetMs, receivedMs, exchangeMs };
}

/** At the same time: the snapshot, then prints, then the levels they changed. */
function rankOf(kind: number | undefined): number {
  if (kind === MarketKind.snapshot) return 0;
  return kind === MarketKind.trade ? 1 : 2;
}

/** The messages that make the tape, in the order of the exchange; stable. */
export function exchangeOrder(
  log: CaptureLog,
  chain: DepthChain,
  { exchangeMs }: CaptureTimes,
): Uint32Array {
  const order = new Uint32Array(log.length);
  let count = 0;
  let event = 0;
  for (let index = 0; index < log.length; index += 1) {
    const kind = log.kind[index];
    if (kind === MarketKind.depth) {
      if (chain.events[event] !== index) continue;
      event += 1;
    } else if (kind === MarketKind.snapshot && index !== chain.snapshot) continue;
    order[count] = index;
    count += 1;
  }
  return order
    .slice(0, count)
    .sort(
      (a, b) =>
        (exchangeMs[a] ?? 0) - (exchangeMs[b] ?? 0) ||
        rankOf(log.kind[a]) - rankOf(log.kind[b]) ||
        a - b,
    );
}

/** Both streams of the tape. */
export function buildTape(log: CaptureLog, chain: DepthChain, times: CaptureTimes): CaptureTape {
  const builder = new MarketTapeBuilder();
  const fusedCrossed = addRows(builder, log, chain, times);
  addFeed(builder, log, chain, times);
  return { tape: builder.build(), fusedCrossed };
}

function addRows(
  builder: MarketTapeBuilder,
  log: CaptureLog,
  chain: DepthChain,
  times: CaptureTimes,
): number {
  let nowMs = 0;
  let crossed = 0;
  const update = new BookUpdate();
  const fused = new FusedBook((isBid, ticks, lots) =>
    builder.addRow(nowMs, isBid ? RowKind.bidLevel : RowKind.askLevel, ticks, lots),
  );
  for (const index of exchangeOrder(log, chain, times)) {
    const kind = log.kind[index];
    nowMs = times.exchangeMs[index] ?? 0;
    log.pointTo(index, update);
    if (kind === MarketKind.snapshot) {
      builder.addRow(nowMs, RowKind.clear, 0, 0);
      fused.applySnapshot(update);
    } else if (kind === MarketKind.ticker) {
      fused.applyTicker(update);
    } else if (kind === MarketKind.depth) {
      fused.applyDepth(update);
    } else if (fused.isComplete) {
      const level = log.levelStart[index] ?? 0;
      const print = log.sellerTook[index] === 1 ? RowKind.sellTrade : RowKind.buyTrade;
      builder.addRow(nowMs, print, log.levelTicks[level] ?? 0, log.levelLots[level] ?? 0);
    }
    if (fused.book.isCrossed()) crossed += 1;
  }
  return crossed;
}

function addFeed(
  builder: MarketTapeBuilder,
  log: CaptureLog,
  chain: DepthChain,
  times: CaptureTimes,
): void {
  const fused = new FusedBook(() => undefined);
  const update = new BookUpdate();
  const message = emptyFeedMessage();
  let event = 0;
  for (let index = 0; index < log.length; index += 1) {
    const kind = log.kind[index];
    log.pointTo(index, update);
    if (index === chain.snapshot) {
      fused.applySnapshot(update);
      // Now the events that were buffered while the snapshot was on its way.
      for (; (chain.events[event] ?? Infinity) < index; event += 1) {
        log.pointTo(chain.events[event] ?? 0, update);
        fused.applyDepth(update);
      }
    }
    if (kind === MarketKind.ticker) fused.applyTicker(update);
    if (kind === MarketKind.snapshot || index < chain.snapshot) continue;
    if (chain.events[event] === index) {
      fused.applyDepth(update);
      event += 1;
    }
    message.receivedMs = times.receivedMs[index] ?? 0;
    message.venueMs = times.exchangeMs[index] ?? 0;
    if (kind === MarketKind.trade) fillPrint(message, log, index);
    else fillTouch(message, fused);
    builder.addFeed(message);
  }
}

function fillPrint(message: FeedMessage, log: CaptureLog, index: number): void {
  const level = log.levelStart[index] ?? 0;
  message.kind = log.sellerTook[index] === 1 ? FeedKind.sellTrade : FeedKind.buyTrade;
  message.bidTicks = log.levelTicks[level] ?? 0;
  message.bidLots = log.levelLots[level] ?? 0;
  message.askTicks = 0;
  message.askLots = 0;
}

/** A side that is empty has size 0. */
function fillTouch(message: FeedMessage, { book }: FusedBook): void {
  const { bestBid, bestAsk } = book;
  message.kind = FeedKind.book;
  message.bidTicks = bestBid;
  message.bidLots = bestBid === NO_TICKS ? 0 : book.bidLotsAt(bestBid);
  message.askTicks = bestAsk;
  message.askLots = bestAsk === NO_TICKS ? 0 : book.askLotsAt(bestAsk);
}
