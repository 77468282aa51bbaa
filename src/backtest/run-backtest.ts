/**
 * One run of one pair over one tape: builds engine, exchange and link, plays the tape to its end
 * and settles the accounts. Pure: the same inputs give the same result, byte for byte.
 */

import { engineParams, orderIdPrefix } from "#config/engine-params.ts";
import type { PairConfig } from "#config/schema.ts";
import {
  type SimulatedAccount,
  simulatedAccount,
  thirdFeeAsset,
} from "#config/simulated-account.ts";
import { type Decimal, decimal, decimalOfInteger, ZERO } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { PnlSplit } from "#domain/ledger.ts";
import { PairEngine } from "#engine/pair-engine.ts";
import type { Alert } from "#ports/sink.ts";
import type { LatencyModel } from "#sim/latency-model.ts";
import type { MarketTape } from "#sim/market-tape.ts";
import type { QueueModel } from "#sim/queue-model.ts";
import { SimExchange } from "#sim/sim-exchange.ts";
import type { Strategy } from "#strategies/strategy.ts";
import { BacktestDriver } from "./backtest-driver.ts";
import { EquityTrack } from "./equity-track.ts";
import { OrderLog } from "./order-log.ts";
import { ReportingLink } from "./reporting-link.ts";

export interface BacktestOptions {
  readonly pair: PairConfig;
  readonly instrument: Instrument;
  readonly tape: MarketTape;
  readonly strategy: Strategy;
  readonly queueModel: QueueModel;
  readonly latency: LatencyModel;
  /** Told the part that is done, 0…1, now and then. */
  readonly onProgress?: (fraction: number) => void;
}

export interface BacktestResult {
  readonly engine: PairEngine;
  readonly track: EquityTrack;
  readonly log: OrderLog;
  /** The first of them; `alertCount` has them all. */
  readonly alerts: readonly Alert[];
  readonly alertCount: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly openingEquity: Decimal;
  readonly pnl: PnlSplit;
  /**
   * Equity change by the venue's balances minus the causes that the core found for it: what is
   * not explained. The two sides share no arithmetic.
   */
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
  const { pair, instrument, tape, latency } = options;
  requireTestable(pair);
  if (tape.feed.length === 0) throw new InputError("empty-tape", "the tape has no messages");
  const params = engineParams(pair, instrument, 1);
  const log = new OrderLog();
  const alerts: Alert[] = [];
  let alertCount = 0;
  const link = new ReportingLink(latency, orderIdPrefix(pair), {
    onAlert: (alert) => {
      alertCount += 1;
      if (alerts.length < MAX_ALERTS) alerts.push(alert);
    },
    onAudit: (record) => log.onAudit(record),
  });
  const engine = new PairEngine(instrument, params, options.strategy, link);
  const { setup: account, fees } = simulatedAccount(pair, instrument);
  const exchange: SimExchange = new SimExchange({
    instrument,
    queueModel: options.queueModel,
    account,
    fees,
    emit: (event) => {
      link.onVenueEvent(event);
      exchange.interrupt();
    },
  });
  const feeAsset = thirdFeeAsset(pair);
  if (feeAsset !== null) engine.ledger.setAssetPrice(feeAsset.asset, decimal(feeAsset.price));
  const track = new EquityTrack(engine, instrument);
  const driver = new BacktestDriver({
    tape,
    engine,
    exchange,
    link,
    listener: {
      onTime: (nowMs) => track.onTime(nowMs),
      onVenueEvent: (event) => {
        if (event.kind === "order") log.onOrder(event);
        if (event.kind !== "fill") return;
        log.onFill(event.fill, event.receivedTimeMs, engine.market.midHalfTicks);
      },
    },
  });
  driver.start();
  while (driver.play(PROGRESS_EVERY)) options.onProgress?.(driver.progress);
  const endMs = link.nowMs;
  driver.finish();
  if (!engine.ledger.isMarked) throw new InputError("empty-tape", "the tape has no usable book");
  track.addPoint(endMs);
  const pnl = engine.ledger.pnl();
  const { openingEquity } = engine.ledger;
  return {
    engine,
    track,
    log,
    alerts,
    alertCount,
    startMs: tape.feed.receivedMs[0] ?? 0,
    endMs,
    openingEquity,
    pnl,
    residual: residualOf({ pair, instrument, engine, exchange, account }, pnl),
  };
}

interface Settled {
  readonly pair: PairConfig;
  readonly instrument: Instrument;
  readonly engine: PairEngine;
  readonly exchange: SimExchange;
  readonly account: SimulatedAccount["setup"];
}

function residualOf(settled: Settled, pnl: PnlSplit): Decimal {
  const { pair, instrument, engine, exchange, account } = settled;
  const { openingEquity, allotmentValue } = engine.ledger;
  // The account may hold more than the pair's allocation: what counts is how it changed.
  const gained = (now: Decimal, before: string, allocation: string): Decimal =>
    now.minus(decimal(before)).plus(decimal(allocation));
  const { initInventoryAmount, initQuoteAmount } = pair.capital;
  // A perp's base is its position, flat at first; its quote has what the position cost in it.
  const held = instrument.kind === "perp" ? "0" : initInventoryAmount;
  const base = gained(exchange.account.base, account.base, held);
  const cash = exchange.account.quote.minus(exchange.account.entryValue);
  const quote = gained(cash, account.quote, initQuoteAmount);
  const fee = thirdFeeAsset(pair);
  const feeAsset =
    fee === null
      ? ZERO
      : gained(exchange.account.feeAssetBalance, account.feeAsset ?? "0", "0").times(
          decimal(fee.price),
        );
  const mid = instrument.tickSize
    .times(decimal("0.5"))
    .times(decimalOfInteger(engine.market.midHalfTicks));
  const equity = base.times(mid).plus(quote).plus(feeAsset).plus(allotmentValue);
  return equity
    .minus(openingEquity)
    .minus(pnl.spreadCapture)
    .minus(pnl.inventoryRevaluation)
    .minus(pnl.fees)
    .minus(pnl.funding)
    .minus(pnl.transfers);
}
