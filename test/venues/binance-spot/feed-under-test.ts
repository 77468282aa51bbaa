/** A MarketStream on a server of its own and all that its listener hears; tests turn the clock. */

import type { BookEvent, TradeEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import { Rng } from "#domain/rng.ts";
import type { Alert } from "#ports/sink.ts";
import type { MarketListener } from "#ports/venue.ts";
import { type DepthSnapshot, readDepth } from "#venues/binance/depth-snapshot.ts";
import { MarketStream } from "#venues/binance-spot/market-stream.ts";
import { BASE_MS, type NaiveBook, setNaive, tradeMessage } from "../../data/spot-recording.ts";
import { Inbox } from "../../net/support.ts";
import { type Peer, WireServer } from "../../net/wire-server.ts";
import { PromptTimers } from "../binance/prompt-timers.ts";

/** Nothing else trades here. */
const FENCE_PRICE = "1.0";

/** One request for a snapshot, which the test answers. */
interface SnapshotRequest {
  /** As the venue's JSON; null where it gives none. */
  answer(json: object | null): void;
  fail(error: Error): void;
}

export class FeedUnderTest {
  readonly server = new WireServer();
  readonly timers = new PromptTimers();
  readonly requests = new Inbox<SnapshotRequest>();
  readonly books = new Inbox<BookEvent>();
  readonly trades = new Inbox<TradeEvent>();
  readonly alerts = new Inbox<Alert>();
  readonly clears = new Inbox<number>();
  alive = 0;
  /** The time told with the last level. */
  levelMs = 0;
  /** Made of what the listener is told of levels alone. */
  readonly levels: NaiveBook = { bids: new Map(), asks: new Map() };
  readonly stream: MarketStream;
  readonly #instrument: Instrument;
  readonly #fences = new Inbox<TradeEvent>();
  #fenceId = 1_000_000_000;

  constructor(instrument: Instrument) {
    this.#instrument = instrument;
    this.stream = new MarketStream(
      {
        instrument,
        streamUrl: this.server.url,
        fetchDepth: () => this.#fetchDepth(),
      },
      { timers: this.timers, rng: new Rng(1), nowMs: () => BASE_MS + this.timers.elapsedMs() },
    );
    this.stream.start(this.#listener());
  }

  async stop(): Promise<void> {
    this.stream.stop();
    await this.server.stop();
  }

  /** Sends messages, and waits until the last one was read. */
  async play(peer: Peer, messages: readonly (object | string)[]): Promise<void> {
    for (const message of messages) {
      peer.send(typeof message === "string" ? message : JSON.stringify(message));
    }
    await this.fence(peer);
  }

  /** Waits until what was sent so far was read: by a print that nothing else sends. */
  async fence(peer: Peer): Promise<void> {
    this.#fenceId += 1;
    const level = [FENCE_PRICE, "1.0"] as const;
    const print = { id: this.#fenceId, timeMs: BASE_MS, level, sellerTook: true };
    peer.send(JSON.stringify(tradeMessage(this.#instrument.symbol, print)));
    await this.#fences.next();
  }

  /** All touches shown and not looked at yet: bid, its lots, ask, its lots. */
  async touches(): Promise<number[][]> {
    const events = Array.from({ length: this.books.size }, () => this.books.next());
    return (await Promise.all(events)).map(touchOf);
  }

  #fetchDepth(): Promise<DepthSnapshot | null> {
    return new Promise((resolve, reject) => {
      this.requests.push({
        answer: (json) => {
          const context = { instrument: this.#instrument, receivedTimeMs: BASE_MS };
          resolve(json === null ? null : readDepth(json, context));
        },
        fail: reject,
      });
    });
  }

  #listener(): MarketListener {
    const fenceTicks = this.#instrument.ticksOf(FENCE_PRICE);
    return {
      onBook: (event) => this.books.push({ ...event }),
      onTrade: (event) => {
        const isFence = event.priceTicks === fenceTicks;
        (isFence ? this.#fences : this.trades).push({ ...event });
      },
      onAlive: () => {
        this.alive += 1;
      },
      onLevel: (isBid, ticks, lots, venueTimeMs) => {
        setNaive(isBid ? this.levels.bids : this.levels.asks, ticks, lots);
        this.levelMs = venueTimeMs;
      },
      onClear: (venueTimeMs) => {
        this.levels.bids.clear();
        this.levels.asks.clear();
        this.clears.push(venueTimeMs);
      },
      onAlert: (alert) => this.alerts.push(alert),
    };
  }
}

export function touchOf({ bidTicks, bidLots, askTicks, askLots }: BookEvent): number[] {
  return [bidTicks, bidLots, askTicks, askLots];
}
