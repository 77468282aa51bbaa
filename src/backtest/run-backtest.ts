/**
 * One run of one pair over its tapes: builds engine, exchanges and links, plays the tapes to their
 * end and settles the accounts. Pure: the same inputs give the same result, byte for byte.
 */

import { engineParams, NO_POSITION, orderIdPrefix } from "#config/engine-params.ts";
import type { PairConfig } from "#config/schema.ts";
import {
  type SimulatedAccount,
  simulatedAccount,
  simulatedHedgeAccount,
  thirdFeeAsset,
} from "#config/simulated-account.ts";
import { type Decimal, decimal } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import type { VenueEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { PairPnl } from "#engine/pair-books.ts";
import { PairEngine } from "#engine/pair-engine.ts";
import type { Alert, AuditRecord } from "#ports/sink.ts";
import type { LatencyModel } from "#sim/latency-model.ts";
import type { MarketTape } from "#sim/market-tape.ts";
import { NO_OUTAGES, type Outages, withoutFeed } from "#sim/outages.ts";
import { PerpClock } from "#sim/perp-clock.ts";
import type { QueueModel } from "#sim/queue-model.ts";
import { SimExchange } from "#sim/sim-exchange.ts";
import { SimulatedLink } from "#sim/simulated-link.ts";
import type { Strategy } from "#strategies/strategy.ts";
import { BacktestDriver } from "./backtest-driver.ts";
import { EquityTrack } from "./equity-track.ts";
import { ExposureTrack } from "./exposure-track.ts";
import { HedgeLog } from "./hedge-log.ts";
import type { LegParts } from "./market-leg.ts";
import { OrderLog } from "./order-log.ts";
import { ReportingLink } from "./reporting-link.ts";
import { residualOf, type SettledLeg } from "./settlement.ts";

/** The hedge venue of a run. */
export interface HedgeOptions {
  readonly instrument: Instrument;
  readonly tape: MarketTape;
  readonly latency: LatencyModel;
  /** What longs pay in eight hours, a fraction of the value as a plain decimal. */
  readonly fundingRate: string;
  /** Absent: it never fails. */
  readonly outages?: Outages;
}

export interface BacktestOptions {
  readonly pair: PairConfig;
  readonly instrument: Instrument;
  readonly tape: MarketTape;
  readonly strategy: Strategy;
  readonly queueModel: QueueModel;
  readonly latency: LatencyModel;
  /** Absent: the pair quotes alone, whatever its config says. */
  readonly hedge?: HedgeOptions;
  /** Told the part that is done, 0…1, now and then. */
  readonly onProgress?: (fraction: number) => void;
  /** Called every 100 ms of virtual time, for experiments. */
  readonly onTime?: (nowMs: number, engine: PairEngine) => void;
}

export interface BacktestResult {
  readonly engine: PairEngine;
  readonly track: EquityTrack;
  readonly exposure: ExposureTrack;
  readonly log: OrderLog;
  /** Null: the pair quoted alone. */
  readonly hedge: { readonly instrument: Instrument; readonly log: HedgeLog } | null;
  /** The first of them; `alertCount` has them all. */
  readonly alerts: readonly Alert[];
  readonly alertCount: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly openingEquity: Decimal;
  readonly pnl: PairPnl;
  /** Equity change by the venues' balances that the core's causes do not explain. */
  readonly residual: Decimal;
}

/** Alerts kept for the report; a run that has more says so by its count. */
const MAX_ALERTS = 1_000;
/** Feed messages between two reports of progress. */
const PROGRESS_EVERY = 20_000;

/**
 * Whether the pair is one that can be backtested.
 * @throws {InputError} `no-reference`
 */
export function requireTestable(pair: PairConfig): void {
  if (pair.volatility.source === "reference") {
    throw new InputError("no-reference", "a backtest has no reference price to measure", {
      where: `pair ${pair.id}, volatility.source`,
      hint: 'give "mid"',
    });
  }
}

/** @throws {InputError} `no-reference`, `empty-tape` */
export function runBacktest(options: BacktestOptions): BacktestResult {
  const { pair, tape } = options;
  requireTestable(pair);
  if (tape.feed.length === 0) throw new InputError("empty-tape", "the tape has no messages");
  if (options.hedge?.tape.feed.length === 0) {
    throw new InputError("empty-tape", "the tape of the hedge has no messages");
  }
  const run = new Run(options);
  run.play();
  return run.result();
}

/** All parts of one run. */
class Run {
  readonly #options: BacktestOptions;
  readonly #engine: PairEngine;
  readonly #quoting: Leg;
  readonly #hedge: Leg | null;
  readonly #driver: BacktestDriver;
  readonly #track: EquityTrack;
  readonly #exposure: ExposureTrack;
  readonly #log = new OrderLog();
  readonly #hedgeLog = new HedgeLog();
  readonly #alerts: Alert[] = [];
  #alertCount = 0;
  #endMs = 0;

  constructor(options: BacktestOptions) {
    const { pair, instrument, tape, latency, queueModel, hedge } = options;
    this.#options = options;
    this.#hedge = hedge === undefined ? null : hedgeLeg(options, hedge);
    const link = new ReportingLink(
      latency,
      orderIdPrefix(pair),
      { onAlert: (alert) => this.#onAlert(alert), onAudit: (record) => this.#onAudit(record) },
      this.#hedge?.link,
    );
    const account = simulatedAccount(pair, instrument);
    const exchange = exchangeOf({ instrument, account, queueModel, link });
    this.#quoting = { instrument, tape, link, exchange, account: account.setup };
    const start = hedge && { instrument: hedge.instrument, position: NO_POSITION };
    const params = engineParams(pair, instrument, 1, { hedge: start ?? null });
    this.#engine = new PairEngine(instrument, params, options.strategy, link);
    const feeAsset = thirdFeeAsset(pair);
    if (feeAsset !== null) {
      this.#engine.ledger.setAssetPrice(feeAsset.asset, decimal(feeAsset.price));
    }
    this.#track = new EquityTrack(this.#engine, instrument);
    this.#exposure = new ExposureTrack(this.#engine);
    this.#driver = new BacktestDriver({
      ...this.#quoting,
      engine: this.#engine,
      ...(this.#hedge === null ? {} : { hedge: this.#hedge }),
      listener: {
        onTime: (nowMs) => this.#onTime(nowMs),
        onVenueEvent: (event) => this.#onVenueEvent(event),
        onHedgeEvent: (event) => this.#onHedgeEvent(event),
      },
    });
  }

  play(): void {
    const { onProgress } = this.#options;
    this.#driver.start();
    while (this.#driver.play(PROGRESS_EVERY)) onProgress?.(this.#driver.progress);
    this.#endMs = this.#quoting.link.nowMs;
    this.#driver.finish();
    if (!this.#engine.ledger.isMarked) {
      throw new InputError("empty-tape", "the tape has no usable book");
    }
    this.#track.addPoint(this.#endMs);
  }

  result(): BacktestResult {
    const engine = this.#engine;
    const hedge = this.#hedge;
    const pnl = engine.pnl();
    const { pair, tape } = this.#options;
    const startsMs = [tape, hedge?.tape].map((each) => each?.feed.receivedMs[0] ?? Infinity);
    return {
      engine,
      track: this.#track,
      exposure: this.#exposure,
      log: this.#log,
      hedge: hedge === null ? null : { instrument: hedge.instrument, log: this.#hedgeLog },
      alerts: this.#alerts,
      alertCount: this.#alertCount,
      startMs: Math.min(...startsMs),
      endMs: this.#endMs,
      openingEquity: engine.ledger.openingEquity,
      pnl,
      residual: residualOf({ pair, engine, quoting: this.#quoting, hedge }, pnl),
    };
  }

  #onTime(nowMs: number): void {
    this.#track.onTime(nowMs);
    this.#exposure.onTime();
    this.#options.onTime?.(nowMs, this.#engine);
  }

  #onVenueEvent(event: VenueEvent): void {
    if (event.kind === "order") this.#log.onOrder(event);
    if (event.kind !== "fill") return;
    this.#log.onFill(event.fill, event.receivedTimeMs, this.#engine.market.midHalfTicks);
  }

  #onHedgeEvent(event: VenueEvent): void {
    if (event.kind === "order") this.#hedgeLog.onOrder(event);
    if (event.kind !== "fill") return;
    this.#hedgeLog.onFill(event.fill, event.receivedTimeMs, this.#hedgeMid());
  }

  #onAlert(alert: Alert): void {
    this.#alertCount += 1;
    if (this.#alerts.length < MAX_ALERTS) this.#alerts.push(alert);
  }

  #onAudit(record: AuditRecord): void {
    this.#log.onAudit(record);
    if (this.#hedge !== null) this.#hedgeLog.onAudit(record, this.#hedgeMid());
  }

  #hedgeMid(): number {
    return this.#engine.hedge?.market.midHalfTicks ?? 0;
  }
}

interface Leg extends LegParts, SettledLeg {}

function hedgeLeg({ pair, queueModel }: BacktestOptions, hedge: HedgeOptions): Leg {
  const { instrument, latency, fundingRate, outages = NO_OUTAGES } = hedge;
  const link = new SimulatedLink(latency, orderIdPrefix(pair), outages);
  const account = simulatedHedgeAccount(pair);
  const exchange = exchangeOf({ instrument, account, queueModel, link });
  const tape = withoutFeed(hedge.tape, outages.unreachable);
  const clock = new PerpClock({
    venue: instrument.venue,
    exchange,
    fundingRate,
    // What it told before anybody listened is no news.
    startMs: hedge.tape.feed.receivedMs[0] ?? 0,
    emit: (event) => {
      link.onVenueEvent(event);
    },
  });
  // A run is as long as its recordings, whatever of them was heard.
  const feedEndsMs = hedge.tape.feed.receivedMs.at(-1) ?? 0;
  return { instrument, tape, feedEndsMs, link, exchange, clock, account: account.setup };
}

interface ExchangeParts {
  readonly instrument: Instrument;
  readonly account: SimulatedAccount;
  readonly queueModel: QueueModel;
  readonly link: SimulatedLink;
}

function exchangeOf({ instrument, account, queueModel, link }: ExchangeParts): SimExchange {
  const exchange: SimExchange = new SimExchange({
    instrument,
    queueModel,
    account: account.setup,
    fees: account.fees,
    triggerOn: instrument.stopsFireOn,
    emit: (event) => {
      link.onVenueEvent(event);
      exchange.interrupt();
    },
  });
  return exchange;
}
