/** A PerpMarketStream on a server of its own and all that its listener hears. */

import type { BookEvent, MarkEvent, TradeEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import { Rng } from "#domain/rng.ts";
import type { Alert } from "#ports/sink.ts";
import { type DepthSnapshot, readDepth } from "#venues/binance/depth-snapshot.ts";
import { PerpMarketStream } from "#venues/binance-perp/market-stream.ts";
import { BASE_MS, type NaiveBook, setNaive } from "../../data/spot-recording.ts";
import { Inbox } from "../../net/support.ts";
import { type Peer, WireServer } from "../../net/wire-server.ts";
import { PromptTimers } from "../binance/prompt-timers.ts";

export class PerpFeed {
  readonly server = new WireServer();
  readonly timers = new PromptTimers();
  /** Connections by their route. */
  readonly public = new Inbox<Peer>();
  readonly market = new Inbox<Peer>();
  /** Each answers one request for a snapshot; null where the venue gives none. */
  readonly requests = new Inbox<(json: object | null) => void>();
  readonly books = new Inbox<BookEvent>();
  readonly trades = new Inbox<TradeEvent>();
  readonly marks = new Inbox<MarkEvent>();
  readonly alerts = new Inbox<Alert>();
  alive = 0;
  clears = 0;
  /** Made of what the listener is told of levels alone. */
  readonly levels: NaiveBook = { bids: new Map(), asks: new Map() };
  /** Added to our clock to make it the venue's. */
  venueAheadMs = 0;
  readonly stream: PerpMarketStream;
  readonly #instrument: Instrument;
  /** Messages that the stream will have counted once it has read all. */
  #sent = 0;
  #isStopped = false;

  constructor(instrument: Instrument) {
    this.#instrument = instrument;
    this.stream = new PerpMarketStream(
      {
        instrument,
        streamUrl: this.server.url,
        fetchDepth: () => this.#fetchDepth(),
        clock: { venueNowMs: () => this.nowMs + this.venueAheadMs },
      },
      { timers: this.timers, rng: new Rng(1), nowMs: () => this.nowMs },
    );
    this.#listen();
    void this.#sortPeers();
  }

  get nowMs(): number {
    return BASE_MS + this.timers.elapsedMs();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.stream.stop();
    await this.server.stop();
  }

  /** Sends messages, and waits until the last one was read. */
  async play(peer: Peer, messages: readonly (object | string)[]): Promise<void> {
    for (const message of messages) {
      peer.send(typeof message === "string" ? message : JSON.stringify(message));
    }
    this.#sent += messages.length;
    while (this.stream.status().messages < this.#sent) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** All touches shown and not looked at yet: bid, its lots, ask, its lots. */
  async touches(): Promise<number[][]> {
    const events = Array.from({ length: this.books.size }, () => this.books.next());
    return (await Promise.all(events)).map(touchOf);
  }

  async #sortPeers(): Promise<void> {
    while (!this.#isStopped) {
      const peer = await this.server.opened.next();
      (peer.data.includes("/market/") ? this.market : this.public).push(peer);
    }
  }

  #fetchDepth(): Promise<DepthSnapshot | null> {
    return new Promise((resolve) => {
      this.requests.push((json) => {
        resolve(json === null ? null : readDepth(json, { instrument: this.#instrument }));
      });
    });
  }

  #listen(): void {
    this.stream.start({
      onBook: (event) => this.books.push({ ...event }),
      onTrade: (event) => this.trades.push({ ...event }),
      onMark: (event) => this.marks.push({ ...event }),
      onAlive: () => {
        this.alive += 1;
      },
      onLevel: (isBid, ticks, lots) => {
        setNaive(isBid ? this.levels.bids : this.levels.asks, ticks, lots);
      },
      onClear: () => {
        this.levels.bids.clear();
        this.levels.asks.clear();
        this.clears += 1;
      },
      onAlert: (alert) => this.alerts.push(alert),
    });
  }
}

export function touchOf({ bidTicks, bidLots, askTicks, askLots }: BookEvent): number[] {
  return [bidTicks, bidLots, askTicks, askLots];
}
