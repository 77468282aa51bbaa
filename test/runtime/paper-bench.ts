/** A paper connection on a scripted public market, and all that it told. */

import { hedgeInstrumentFor, instrumentFor } from "#config/instrument-override.ts";
import type { PairConfig } from "#config/schema.ts";
import type { EngineEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { FeedStatus, MarketListener, PublicMarket } from "#ports/venue.ts";
import type { LegName } from "#runtime/legs.ts";
import { PaperConnection } from "#runtime/paper-venue.ts";
import { pairOf, START_MS } from "../backtest/support.ts";
import { ManualWorld } from "./fake-connection.ts";

/** The public market of a tape, told when the test says so. */
export class ScriptedMarket implements PublicMarket {
  readonly instrument: Instrument;
  readonly #world: ManualWorld;
  listener: MarketListener | null = null;
  isStopped = false;

  constructor(pair: PairConfig, world: ManualWorld, instrument = instrumentFor(pair)) {
    this.instrument = instrument;
    this.#world = world;
  }

  start(listener: MarketListener): void {
    this.listener = listener;
  }
  stop(): void {
    this.isStopped = true;
  }
  status(): FeedStatus {
    return { state: "live", messages: 0, resyncs: 0, reconnects: 0 };
  }
  prices(): Promise<readonly number[]> {
    return Promise.resolve([2000, 2000]);
  }

  level(isBid: boolean, ticks: number, lots: number): void {
    this.listener?.onLevel?.(isBid, ticks, lots, this.#world.nowMs());
  }
  clear(): void {
    this.listener?.onClear?.(this.#world.nowMs());
  }
  trade(aggressor: "buy" | "sell", priceTicks: number, quantityLots: number): void {
    const nowMs = this.#world.nowMs();
    const times = { venueTimeMs: nowMs, receivedTimeMs: nowMs };
    this.listener?.onTrade({ kind: "trade", ...times, aggressor, priceTicks, quantityLots });
  }
  mark(priceTicks: number, fundingRate = 0, nextFundingMs = 0): void {
    const nowMs = this.#world.nowMs();
    const times = { venueTimeMs: nowMs, receivedTimeMs: nowMs };
    this.listener?.onMark?.({ kind: "mark", ...times, priceTicks, fundingRate, nextFundingMs });
  }
  book(bidTicks: number, askTicks: number, lots = 1_000): void {
    const nowMs = this.#world.nowMs();
    const sizes = { bidLots: lots, askLots: lots };
    const times = { venueTimeMs: nowMs, receivedTimeMs: nowMs };
    this.listener?.onBook({ kind: "book", ...times, bidTicks, askTicks, ...sizes });
  }
  /** A whole book of one level a side. */
  touch(bidTicks: number, askTicks: number): void {
    this.clear();
    this.level(true, bidTicks, 1_000);
    this.level(false, askTicks, 1_000);
    this.book(bidTicks, askTicks);
  }
}

/** A paper connection that a test commands itself. */
export class Bench {
  readonly world = new ManualWorld();
  readonly market: ScriptedMarket;
  readonly paper: PaperConnection;
  readonly events: EngineEvent[] = [];

  constructor(
    pair = pairOf({ simulation: { latencyMs: 5, queue: "risk-averse" } }),
    leg: LegName = "quote",
  ) {
    const hedge = leg === "quote" ? null : hedgeInstrumentFor(pair);
    this.market = new ScriptedMarket(pair, this.world, hedge ?? instrumentFor(pair));
    this.paper = new PaperConnection(this.market, pair, this.world, leg);
    this.paper.start({
      onEvent: (event) => this.events.push(structuredClone(event)),
      onAlert: () => undefined,
    });
  }

  /** What was told since the last look: `+5 open`, by the time since the start. */
  news(): string[] {
    return this.events.splice(0).flatMap((event) => {
      const at = `+${event.receivedTimeMs - START_MS}`;
      if (event.kind === "order") return [`${at} ${event.change} ${event.clientOrderId}`];
      if (event.kind === "fill") return [`${at} fill ${event.fill.quantityLots}`];
      if (event.kind === "connection") return [`${at} ${event.state}`];
      return event.kind === "book" ? [`${at} book ${event.bidLots}`] : [];
    });
  }
}
