/** Pairs, tapes and scripted engines for the tests of the backtest. Nothing in it decides. */

import { BacktestDriver } from "#backtest/backtest-driver.ts";
import { ReportingLink } from "#backtest/reporting-link.ts";
import { type BacktestResult, runBacktest } from "#backtest/run-backtest.ts";
import { engineParams, strategyParams } from "#config/engine-params.ts";
import { instrumentFor } from "#config/instrument-override.ts";
import { parseConfig } from "#config/load.ts";
import type { PairConfig } from "#config/schema.ts";
import type { EngineEvent } from "#domain/events.ts";
import type { OrderRequest } from "#domain/order.ts";
import { PairEngine } from "#engine/pair-engine.ts";
import { constantLatency, type LatencyModel } from "#sim/latency-model.ts";
import { FeedKind, type MarketTape, RowKind } from "#sim/market-tape.ts";
import { type FeedMessage, MarketTapeBuilder } from "#sim/market-tape-builder.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import { SimExchange, type SimExchangeOptions } from "#sim/sim-exchange.ts";
import { syntheticTape } from "#sim/synthetic-market.ts";
import { strategyFactory } from "#strategies/registry.ts";

type Section = Readonly<Record<string, unknown>>;

export interface PairChanges {
  readonly id?: string;
  readonly quote?: Section;
  readonly capital?: Section;
  readonly quoting?: Section;
  readonly volatility?: Section;
  readonly risk?: Section;
  readonly simulation?: Section;
  readonly instrumentOverride?: Section;
}

/** 5 ETH and 10 000 USDT at about 2 000: ten bins of 1 basis point a side, so that it trades. */
export function configText(changes: PairChanges = {}): string {
  const pair = {
    id: "ETH",
    mode: "paper",
    quote: { venue: "binance-spot", symbol: "ETHUSDT" },
    ...changes,
    capital: {
      initInventoryAmount: "5",
      initQuoteAmount: "10000",
      targetIqvRatio: 0.5,
      ...changes.capital,
    },
    quoting: {
      strategy: "spot",
      priceUpPctLimit: 0.001,
      priceDownPctLimit: 0.001,
      binStep: 1,
      liveOrderNums: 20,
      minOrderSize: "0.001",
      inventoryRbIqvRatio: 0.1,
      iqvUpLimit: 0.6,
      quoteRbIqvRatio: -0.1,
      iqvDownLimit: -0.6,
      updateIntervalSeconds: 10,
      ...changes.quoting,
    },
    volatility: { shortWindow: 5, longWindow: 20, ...changes.volatility },
    risk: { maxOrderNotional: "30000", maxPositionNotional: "60000", ...changes.risk },
    instrumentOverride: {
      tickSize: "0.01",
      lotSize: "0.0001",
      minNotional: "5",
      makerFeeRate: "0.0001",
      takerFeeRate: "0.001",
      ...changes.instrumentOverride,
    },
  };
  return JSON.stringify({ pairs: [pair] });
}

export function pairOf(changes: PairChanges = {}): PairConfig {
  const [pair] = parseConfig(configText(changes), "test").config.pairs;
  if (pair === undefined) throw new Error("the config has no pair");
  return pair;
}

export const START_MS = 1_700_000_000_000;

export function marketTape(seed: number, seconds: number): MarketTape {
  return syntheticTape({
    seed,
    durationMs: seconds * 1000,
    startMs: START_MS,
    instrument: instrumentFor(pairOf()),
    startPrice: "2000",
  });
}

export interface RunChanges {
  readonly pair?: PairConfig;
  readonly queue?: string;
  readonly latency?: LatencyModel;
}

export function runOn(tape: MarketTape, changes: RunChanges = {}): BacktestResult {
  const pair = changes.pair ?? pairOf();
  const { strategy } = pair.quoting;
  const name = typeof strategy === "string" ? strategy : "spot";
  return runBacktest({
    pair,
    instrument: instrumentFor(pair),
    tape,
    strategy: strategyFactory(name)(strategyParams(pair)),
    queueModel: parseQueueModel(changes.queue ?? "power:3"),
    latency: changes.latency ?? constantLatency(5, 5),
  });
}

/** `[timeMs, kind, ticks, lots]` */
export type Row = readonly [
  timeMs: number,
  kind: keyof typeof RowKind,
  ticks: number,
  lots: number,
];

/** A tape of rows and of feed messages; a message is a time, or all of it. */
export function tapeOf(
  rows: readonly Row[],
  feed: readonly (number | Partial<FeedMessage>)[],
): MarketTape {
  const builder = new MarketTapeBuilder();
  for (const [timeMs, kind, ticks, lots] of rows) {
    builder.addRow(timeMs, RowKind[kind], ticks, lots);
  }
  for (const message of feed) {
    const changes = typeof message === "number" ? { receivedMs: message } : message;
    builder.addFeed({
      receivedMs: 0,
      venueMs: changes.receivedMs ?? 0,
      kind: FeedKind.book,
      bidTicks: 199_999,
      bidLots: 10,
      askTicks: 200_001,
      askLots: 10,
      ...changes,
    });
  }
  return builder.build();
}

/** A post-only limit order. */
export function quote(
  clientOrderId: string,
  side: "buy" | "sell",
  priceTicks: number,
  quantityLots: number,
): OrderRequest {
  return {
    clientOrderId,
    side,
    type: "limit",
    timeInForce: "gtc",
    postOnly: true,
    reduceOnly: false,
    priceTicks,
    quantityLots,
  };
}

/** Tells every event that the core gets to a listener, which may decide in its place. */
class ObservedEngine extends PairEngine {
  onEvent: (event: EngineEvent) => void = () => undefined;
  isScripted = false;

  override apply(event: EngineEvent): void {
    this.onEvent(event);
    if (!this.isScripted) super.apply(event);
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
}

/** All parts of a run, wired as runBacktest wires them, with every event to the core kept. */
export class Stage {
  readonly events: EngineEvent[] = [];
  readonly engine: ObservedEngine;
  readonly exchange: ObservedExchange;
  readonly link: ReportingLink;
  readonly driver: BacktestDriver;

  constructor(options: StageOptions) {
    const pair = options.pair ?? pairOf();
    const instrument = instrumentFor(pair);
    const params = engineParams(pair, instrument, 1);
    this.link = new ReportingLink(options.latency, "mm-ETH", {
      onAlert: () => undefined,
      onAudit: () => undefined,
    });
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
      listener: { onVenueEvent: () => undefined, onTime: () => undefined },
    });
  }

  /** Plays everything, some messages at a time. */
  play(atATime = 1_000): void {
    this.driver.start();
    while (this.driver.play(atATime));
    this.exchange.isAtEnd = true;
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
