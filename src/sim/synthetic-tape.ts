/**
 * Tapes of synthetic markets: what happens at the exchange, and what a feed with latency tells of
 * it. Seeded, pure.
 */

import type { Instrument } from "#domain/instrument.ts";
import { Rng } from "#domain/rng.ts";
import { FeedKind, type MarketTape, RowKind } from "./market-tape.ts";
import {
  emptyFeedMessage,
  type FeedMessage,
  MarketTapeBuilder,
  type RowSink,
} from "./market-tape-builder.ts";
import { SyntheticMarket, type SyntheticMarketOptions } from "./synthetic-market.ts";

export interface SyntheticTapeOptions extends SyntheticMarketOptions {
  readonly durationMs: number;
  /** What the fastest message takes to reach us. Default: 3 */
  readonly minFeedLatencyMs?: number;
  /** Mean of the exponential delay on top of it. Default: 2 */
  readonly meanFeedDelayMs?: number;
}

/** Between the seeds of a market and of the one that follows it. */
const HEDGE_SEED = 1 << 30;

/**
 * A tape of the market from its start for `durationMs`, as seen over a feed with latency.
 * Same options, same bytes.
 */
export function syntheticTape(options: SyntheticTapeOptions): MarketTape {
  const recorder = new Recorder(options);
  const endMs = options.startMs + options.durationMs;
  while (recorder.market.nextTimeMs <= endMs) recorder.next();
  return recorder.tape();
}

/** Both markets of a pair that hedges, on one clock. */
export interface SyntheticTapes {
  /** The same bytes as without the other. */
  readonly quoting: MarketTape;
  readonly hedge: MarketTape;
}

/** The market that follows. */
export interface FollowerOptions {
  readonly instrument: Instrument;
  /** Of its feed. Absent: as the other's. */
  readonly minFeedLatencyMs?: number;
}

/**
 * Tapes of two markets of which the second follows the first with a basis, and has a book and
 * order flow of its own. Same options, same bytes.
 */
export function syntheticTapes(
  options: SyntheticTapeOptions,
  follower: FollowerOptions,
): SyntheticTapes {
  const quoting = new Recorder(options);
  const hedge = new Recorder({
    ...options,
    ...follower,
    seed: options.seed + HEDGE_SEED,
    leader: quoting.market,
  });
  const endMs = options.startMs + options.durationMs;
  for (;;) {
    const nextMs = Math.min(quoting.market.nextTimeMs, hedge.market.nextTimeMs);
    if (nextMs > endMs) return { quoting: quoting.tape(), hedge: hedge.tape() };
    // The leader goes first at the same instant.
    if (quoting.market.nextTimeMs === nextMs) quoting.next();
    else hedge.next();
  }
}

class Recorder {
  readonly market: SyntheticMarket;
  readonly #builder = new MarketTapeBuilder();
  readonly #feed: SyntheticFeed;

  constructor(options: SyntheticTapeOptions) {
    this.market = new SyntheticMarket(options);
    this.#feed = new SyntheticFeed(this.#builder, options);
    this.market.open(this.#builder);
    this.#feed.touch(this.market);
  }

  next(): void {
    this.market.next(this.#feed);
    this.#feed.touch(this.market);
  }

  tape(): MarketTape {
    return this.#builder.build();
  }
}

/** Passes rows on to the tape, and sends what a venue would: prints, and each new touch. */
class SyntheticFeed implements RowSink {
  readonly #builder: MarketTapeBuilder;
  /** Its own, so that the latency of the feed does not change the market. */
  readonly #rng: Rng;
  readonly #minLatencyMs: number;
  readonly #meanDelayMs: number;
  readonly #print = emptyFeedMessage();
  readonly #book = emptyFeedMessage();
  #lastReceivedMs = -Infinity;

  constructor(builder: MarketTapeBuilder, options: SyntheticTapeOptions) {
    this.#builder = builder;
    this.#rng = new Rng(~options.seed);
    this.#minLatencyMs = options.minFeedLatencyMs ?? 3;
    this.#meanDelayMs = options.meanFeedDelayMs ?? 2;
  }

  addRow(timeMs: number, kind: number, ticks: number, lots: number): void {
    this.#builder.addRow(timeMs, kind, ticks, lots);
    if (kind !== RowKind.buyTrade && kind !== RowKind.sellTrade) return;
    this.#print.kind = kind === RowKind.buyTrade ? FeedKind.buyTrade : FeedKind.sellTrade;
    this.#print.bidTicks = ticks;
    this.#print.bidLots = lots;
    this.#send(this.#print, timeMs);
  }

  touch({ timeMs, bidTicks, bidLots, askTicks, askLots }: SyntheticMarket): void {
    const book = this.#book;
    const isSame =
      book.bidTicks === bidTicks &&
      book.bidLots === bidLots &&
      book.askTicks === askTicks &&
      book.askLots === askLots;
    if (isSame) return;
    book.bidTicks = bidTicks;
    book.bidLots = bidLots;
    book.askTicks = askTicks;
    book.askLots = askLots;
    this.#send(book, timeMs);
  }

  #send(message: FeedMessage, timeMs: number): void {
    const delayMs = this.#meanDelayMs * this.#rng.exponential(1);
    // One socket: a message never overtakes the one before.
    this.#lastReceivedMs = Math.max(this.#lastReceivedMs, timeMs + this.#minLatencyMs + delayMs);
    message.venueMs = timeMs;
    message.receivedMs = this.#lastReceivedMs;
    this.#builder.addFeed(message);
  }
}
