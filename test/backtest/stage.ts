/** All parts of a run wired together and observed, for the tests of the driver. */

import { BacktestDriver } from "#backtest/backtest-driver.ts";
import type { LegParts } from "#backtest/market-leg.ts";
import { ReportingLink } from "#backtest/reporting-link.ts";
import { engineParams, strategyParams } from "#config/engine-params.ts";
import { instrumentFor } from "#config/instrument-override.ts";
import type { PairConfig } from "#config/schema.ts";
import type { EngineEvent } from "#domain/events.ts";
import type { OrderRequest } from "#domain/order.ts";
import { PairEngine } from "#engine/pair-engine.ts";
import type { LatencyModel } from "#sim/latency-model.ts";
import type { MarketTape } from "#sim/market-tape.ts";
import { NO_OUTAGES, type Outages } from "#sim/outages.ts";
import { PerpClock } from "#sim/perp-clock.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import { SimExchange, type SimExchangeOptions } from "#sim/sim-exchange.ts";
import { SimulatedLink } from "#sim/simulated-link.ts";
import { strategyFactory } from "#strategies/registry.ts";
import { hedgeInstrument, pairOf } from "./support.ts";

/** Tells every event that the core gets to a listener, which may decide in its place. */
class ObservedEngine extends PairEngine {
  onEvent: (event: EngineEvent) => void = () => undefined;
  isScripted = false;

  override apply(event: EngineEvent): void {
    this.onEvent(event);
    // Without a hedge of its own it is not even told the time by another venue.
    const isForeign = event.kind === "hedge" && this.hedge === null;
    if (!this.isScripted && !isForeign) super.apply(event);
  }
}

/** Checks that no row is skipped or played twice, and that the market's time never goes back. */
class ObservedExchange extends SimExchange {
  nextRow = 0;
  #rows: MarketTape["rows"] | null = null;

  override run(rows: MarketTape["rows"], from: number, untilMs: number): number {
    this.#rows = rows;
    if (from !== this.nextRow) throw new Error(`row ${from} instead of ${this.nextRow}`);
    if (untilMs < this.#timeOf(from - 1)) throw new Error(`time went back to ${untilMs}`);
    this.nextRow = super.run(rows, from, untilMs);
    return this.nextRow;
  }

  override place(request: OrderRequest, timeMs: number): void {
    this.#checkMarketIsAt(timeMs);
    super.place(request, timeMs);
  }

  override cancel(clientOrderId: string, timeMs: number): void {
    this.#checkMarketIsAt(timeMs);
    super.cancel(clientOrderId, timeMs);
  }

  /** A request finds the market as it is at its arrival: all rows until then, and none after. */
  #checkMarketIsAt(timeMs: number): void {
    if (this.isAtEnd) return;
    const [before, next] = [this.#timeOf(this.nextRow - 1), this.#timeOf(this.nextRow)];
    if (before > timeMs || next <= timeMs) {
      throw new Error(`a request at ${timeMs} came between rows of ${before} and ${next}`);
    }
  }

  /** After the tape the market stands still. */
  isAtEnd = false;

  #timeOf(row: number): number {
    return row < 0 ? -Infinity : (this.#rows?.timeMs[row] ?? Infinity);
  }
}

export interface StageOptions {
  readonly tape: MarketTape;
  readonly latency: LatencyModel;
  readonly pair?: PairConfig;
  readonly queue?: string;
  readonly account?: SimExchangeOptions["account"];
  /** In place of the engine's decisions. */
  readonly script?: (event: EngineEvent, link: ReportingLink) => void;
  /** A hedge venue, of which an engine without a hedge takes no notice. */
  readonly hedge?: StageHedge;
}

export interface StageHedge {
  readonly tape: MarketTape;
  readonly latency: LatencyModel;
  readonly outages?: Outages;
}

/** A hedge venue, observed, with plenty of money. */
class HedgeStage implements LegParts {
  readonly tape: MarketTape;
  readonly link: SimulatedLink;
  readonly exchange: ObservedExchange;
  readonly clock: PerpClock;

  constructor({ tape, latency, outages = NO_OUTAGES }: StageHedge) {
    this.tape = tape;
    this.link = new SimulatedLink(latency, "mm-ETH", outages);
    const instrument = hedgeInstrument();
    this.exchange = new ObservedExchange({
      instrument,
      queueModel: parseQueueModel("power:3"),
      account: { base: "0", quote: "1000000" },
      fees: { kind: "quote" },
      emit: (event) => {
        this.link.onVenueEvent(event);
        this.exchange.interrupt();
      },
    });
    this.clock = new PerpClock({
      venue: instrument.venue,
      exchange: this.exchange,
      fundingRate: "0.0001",
      startMs: tape.feed.receivedMs[0] ?? 0,
      emit: (event) => this.link.onVenueEvent(event),
    });
  }
}

/** All parts of a run, wired as runBacktest wires them, with every event to the core kept. */
export class Stage {
  readonly events: EngineEvent[] = [];
  readonly engine: ObservedEngine;
  readonly exchange: ObservedExchange;
  readonly link: ReportingLink;
  readonly hedge: HedgeStage | null;
  readonly driver: BacktestDriver;

  constructor(options: StageOptions) {
    const pair = options.pair ?? pairOf();
    const instrument = instrumentFor(pair);
    const params = engineParams(pair, instrument, 1);
    this.hedge = options.hedge === undefined ? null : new HedgeStage(options.hedge);
    this.link = new ReportingLink(
      options.latency,
      "mm-ETH",
      { onAlert: () => undefined, onAudit: () => undefined },
      this.hedge?.link,
    );
    const strategy = strategyFactory("spot")(strategyParams(pair));
    this.engine = new ObservedEngine(instrument, params, strategy, this.link);
    this.exchange = new ObservedExchange({
      instrument,
      queueModel: parseQueueModel(options.queue ?? "power:3"),
      account: options.account ?? { base: "5", quote: "10000" },
      fees: { kind: "received" },
      emit: (event) => {
        this.link.onVenueEvent(event);
        this.exchange.interrupt();
      },
    });
    const { script } = options;
    this.engine.isScripted = script !== undefined;
    this.engine.onEvent = (event) => {
      // Feed and time events are reused by the driver.
      this.events.push(structuredClone(event));
      script?.(event, this.link);
    };
    this.driver = new BacktestDriver({
      tape: options.tape,
      engine: this.engine,
      exchange: this.exchange,
      link: this.link,
      ...(this.hedge === null ? {} : { hedge: this.hedge }),
      listener: { onVenueEvent: () => undefined, onTime: () => undefined },
    });
  }

  /** Plays everything, some messages at a time. */
  play(atATime = 1_000): void {
    this.driver.start();
    while (this.driver.play(atATime));
    this.exchange.isAtEnd = true;
    if (this.hedge !== null) this.hedge.exchange.isAtEnd = true;
    this.driver.finish();
  }

  /** What the exchange said, one line each: `107>110 open a`. Balances are left out. */
  answers(): string[] {
    return this.events.flatMap((event) => {
      const times = `${event.venueTimeMs}>${event.receivedTimeMs}`;
      if (event.kind === "order") return [`${times} ${event.change} ${event.clientOrderId}`];
      if (event.kind !== "fill") return [];
      return [`${times} fill ${event.fill.clientOrderId} x${event.fill.quantityLots}`];
    });
  }
}
