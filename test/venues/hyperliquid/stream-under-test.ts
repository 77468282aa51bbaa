/** An HlMarketStream and all that its listener hears; tests hand in frames and turn the clock. */

import { expect } from "bun:test";
import type { MarkEvent } from "#domain/events.ts";
import { Rng } from "#domain/rng.ts";
import type { Alert } from "#ports/sink.ts";
import type { MarketListener } from "#ports/venue.ts";
import { HlMarketStream } from "#venues/hyperliquid/market-stream.ts";
import type { VenueWorld } from "#venues/venue.ts";
import { type NaiveBook, setNaive } from "../../data/spot-recording.ts";
import { ManualTimers } from "../../net/support.ts";
import { bookFrame, type FrameLevel, perp } from "./market-frames.ts";

export const BASE_MS = 1_790_000_000_000;

/** Bid, its lots, ask, its lots. */
export type Touch = readonly number[];
export const UNKNOWN: Touch = [-1, 0, -1, 0];

/** Five levels a side around 3400; ticks of 0.01, lots of 0.0001. */
export const BIDS: readonly FrameLevel[] = [3400, 3399, 3398, 3397, 3396].map((px) => [
  `${px}.0`,
  "1.0",
]);
export const ASKS: readonly FrameLevel[] = [3401, 3402, 3403, 3404, 3405].map((px) => [
  `${px}.0`,
  "2.0",
]);
export const TOUCH: Touch = [340_000, 10_000, 340_100, 20_000];

/** The venue's time so long after the start. */
export function at(afterMs: number): number {
  return BASE_MS + afterMs;
}

/** Hears a market, and keeps all of it. */
export class MarketEar implements MarketListener {
  readonly touches: Touch[] = [];
  /** Venue's time and time of receipt of each touch. */
  readonly times: number[][] = [];
  /** Venue's time, ticks, lots; negative where the seller took. */
  readonly prints: number[][] = [];
  readonly alerts: Alert[] = [];
  /** Of each mark: price, rate, next funding, time of receipt. */
  readonly marks: number[][] = [];
  clears = 0;
  alive = 0;
  /** Made of what is told of levels alone. */
  readonly levels: NaiveBook = { bids: new Map(), asks: new Map() };

  readonly onBook: MarketListener["onBook"] = (event) => {
    this.touches.push([event.bidTicks, event.bidLots, event.askTicks, event.askLots]);
    this.times.push([event.venueTimeMs, event.receivedTimeMs]);
  };
  readonly onTrade: MarketListener["onTrade"] = (event) => {
    const lots = event.aggressor === "buy" ? event.quantityLots : -event.quantityLots;
    this.prints.push([event.venueTimeMs, event.priceTicks, lots]);
  };
  readonly onMark = (event: MarkEvent): void => {
    const { priceTicks, fundingRate, nextFundingMs, receivedTimeMs } = event;
    this.marks.push([priceTicks, fundingRate, nextFundingMs, receivedTimeMs]);
  };
  readonly onAlive = (): void => {
    this.alive += 1;
  };
  readonly onLevel = (isBid: boolean, ticks: number, lots: number): void => {
    setNaive(isBid ? this.levels.bids : this.levels.asks, ticks, lots);
  };
  readonly onClear = (): void => {
    this.clears += 1;
    this.levels.bids.clear();
    this.levels.asks.clear();
  };
  readonly onAlert = (alert: Alert): void => {
    this.alerts.push(alert);
  };

  /** What has been shown since the last time. */
  takeTouches(): Touch[] {
    return this.touches.splice(0);
  }
  takeAlerts(): string[] {
    return this.alerts.splice(0).map(({ code }) => code);
  }
}

export class StreamUnderTest {
  readonly timers = new ManualTimers();
  readonly ear = new MarketEar();
  readonly references: number[][] = [];
  readonly renewals: string[] = [];
  readonly world: VenueWorld = {
    timers: this.timers,
    rng: new Rng(1),
    nowMs: () => BASE_MS + this.timers.elapsedMs(),
  };
  readonly stream: HlMarketStream;

  constructor(instrument = perp()) {
    this.stream = new HlMarketStream(
      {
        instrument,
        onReference: (ticks, timeMs) => this.references.push([ticks, timeMs]),
        onResubscribe: (cause) => this.renewals.push(cause),
      },
      this.world,
    );
    this.stream.start(this.ear);
    this.stream.onUp();
  }

  /** As received now; fails where it is no frame of the market. */
  hear(...frames: readonly string[]): void {
    for (const frame of frames) {
      if (this.stream.onFrame(frame, this.world.nowMs())) continue;
      throw new Error(`no frame of the market: ${frame}`);
    }
  }

  goLive(): void {
    this.hear(bookFrame(at(0), BIDS, ASKS));
    expect(this.ear.takeTouches()).toEqual([TOUCH]);
    expect(this.stream.status().state).toBe("live");
  }

  /** Books as they are due, the same again and again. */
  liveOn(forMs: number): void {
    for (let passedMs = 0; passedMs < forMs; passedMs += 500) {
      this.timers.advance(500);
      this.hear(bookFrame(at(this.timers.elapsedMs()), BIDS, ASKS));
    }
  }
}
