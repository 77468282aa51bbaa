/** Pairs, tapes and scripted engines for the tests of the backtest. Nothing in it decides. */

import {
  type BacktestOptions,
  type BacktestResult,
  type HedgeOptions,
  runBacktest,
} from "#backtest/run-backtest.ts";
import { strategyParams } from "#config/engine-params.ts";
import { hedgeInstrumentFor, instrumentFor } from "#config/instrument-override.ts";
import { parseConfig } from "#config/load.ts";
import type { PairConfig } from "#config/schema.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { OrderRequest } from "#domain/order.ts";
import { constantLatency, type LatencyModel } from "#sim/latency-model.ts";
import { FeedKind, type MarketTape, RowKind } from "#sim/market-tape.ts";
import { type FeedMessage, MarketTapeBuilder } from "#sim/market-tape-builder.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import {
  type SyntheticTapeOptions,
  type SyntheticTapes,
  syntheticTape,
  syntheticTapes,
} from "#sim/synthetic-tape.ts";
import { strategyFactory } from "#strategies/registry.ts";

type Section = Readonly<Record<string, unknown>>;

export interface PairChanges {
  readonly id?: string;
  readonly quote?: Section;
  readonly hedgeOn?: Section;
  readonly hedge?: Section;
  readonly capital?: Section;
  readonly quoting?: Section;
  readonly volatility?: Section;
  readonly risk?: Section;
  readonly simulation?: Section;
  readonly instrumentOverride?: Section;
}

/** Hedges what is beyond a move of 10 % on a perp of the same price. */
export const HEDGED: PairChanges = {
  hedgeOn: {
    venue: "binance-perp",
    symbol: "ETHUSDT",
    instrumentOverride: { tickSize: "0.01", lotSize: "0.001", minNotional: "5" },
  },
  hedge: {
    activeHedgeIqvRatio: 0.1,
    makerDeadlineSeconds: 3,
    repegSeconds: 1,
    minHedgeOrderSize: "0.01",
  },
};

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

/** What hedges a pair. */
export function hedgeInstrument(pair: PairConfig = pairOf(HEDGED)): Instrument {
  const instrument = hedgeInstrumentFor(pair);
  if (instrument === null) throw new Error("the pair has no hedge");
  return instrument;
}

/** Both markets of a pair that hedges. */
export function marketTapes(
  seed: number,
  seconds: number,
  changes: Partial<SyntheticTapeOptions> = {},
  hedge: Instrument = hedgeInstrument(),
): SyntheticTapes {
  return syntheticTapes(
    {
      seed,
      durationMs: seconds * 1000,
      startMs: START_MS,
      instrument: instrumentFor(pairOf()),
      startPrice: "2000",
      ...changes,
    },
    { instrument: hedge },
  );
}

export interface RunChanges {
  readonly pair?: PairConfig;
  readonly queue?: string;
  readonly latency?: LatencyModel;
  readonly onTime?: BacktestOptions["onTime"];
}

/** A run on both venues. */
export function hedgedRun(
  { quoting, hedge }: SyntheticTapes,
  changes: RunChanges & Partial<HedgeOptions> = {},
): BacktestResult {
  const {
    pair = pairOf(HEDGED),
    latency = constantLatency(5, 5),
    onTime,
    queue,
    ...rest
  } = changes;
  return runBacktest({
    pair,
    instrument: instrumentFor(pair),
    tape: quoting,
    strategy: strategyFactory("spot")(strategyParams(pair)),
    queueModel: parseQueueModel(queue ?? "power:3"),
    latency,
    hedge: {
      instrument: hedgeInstrument(pair),
      tape: hedge,
      latency,
      fundingRate: "0.0001",
      ...rest,
    },
    ...(onTime === undefined ? {} : { onTime }),
  });
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
