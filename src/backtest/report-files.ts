/**
 * Writes a run's report: fills.csv, orders.csv, equity.csv, of a pair that hedged hedge_fills.csv,
 * hedge_orders.csv and hedge.csv, and, last, summary.json, whose presence says that the report is
 * whole. Each file appears under its name only when it is complete.
 */

import { access, constants, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { plain } from "#domain/decimal.ts";
import { InputError, messageOf } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { OrderTrace } from "#ports/sink.ts";
import type { TapeFeed } from "#sim/market-tape.ts";
import { type Cell, csv, mid, time } from "./csv.ts";
import { hedgeFillsCsv, hedgeOrdersCsv, hedgeStepsCsv } from "./hedge-files.ts";
import { MARKOUT_SECONDS, markoutsBps } from "./markouts.ts";
import type { BacktestResult } from "./run-backtest.ts";
import type { Summary } from "./summary.ts";

const HEDGE_FILES = ["hedge_fills.csv", "hedge_orders.csv", "hedge.csv"];

/**
 * Makes the folder of a report, so that a run need not end to find out that it cannot be written.
 * What is in it stays.
 * @throws {InputError} `cannot-write`
 */
export async function makeReportFolder(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK);
  } catch (cause) {
    throw cannotWrite(directory, cause);
  }
}

/** @throws {InputError} `cannot-write` where the folder cannot be written */
export async function writeReport(
  directory: string,
  summary: Summary,
  result: BacktestResult,
  market: { readonly instrument: Instrument; readonly feed: TapeFeed },
): Promise<void> {
  const { instrument, feed } = market;
  try {
    // An older report is not whole any more from here on.
    await rm(join(directory, "summary.json"), { force: true });
    await writeWhole(directory, "fills.csv", fillsCsv(result, instrument, feed));
    await writeWhole(directory, "orders.csv", ordersCsv(result, instrument));
    await writeWhole(directory, "equity.csv", equityCsv(result, instrument));
    await writeHedge(directory, result);
    await writeWhole(directory, "summary.json", `${JSON.stringify(summary, null, 2)}\n`);
  } catch (cause) {
    throw cannotWrite(directory, cause);
  }
}

/** Of a run without a hedge nothing is left of an older report that had one. */
async function writeHedge(directory: string, { hedge }: BacktestResult): Promise<void> {
  if (hedge === null) {
    for (const name of HEDGE_FILES) await rm(join(directory, name), { force: true });
    return;
  }
  const { log, instrument } = hedge;
  await writeWhole(directory, "hedge_fills.csv", hedgeFillsCsv(log, instrument));
  await writeWhole(directory, "hedge_orders.csv", hedgeOrdersCsv(log, instrument));
  await writeWhole(directory, "hedge.csv", hedgeStepsCsv(log));
}

function cannotWrite(directory: string, cause: unknown): InputError {
  return new InputError("cannot-write", `the report cannot be written: ${messageOf(cause)}`, {
    where: directory,
    hint: "give --out a folder that can be written",
    cause,
  });
}

async function writeWhole(directory: string, name: string, text: string): Promise<void> {
  const partial = join(directory, `${name}.partial`);
  await writeFile(partial, text);
  await rename(partial, join(directory, name));
}

function fillsCsv({ log }: BacktestResult, instrument: Instrument, feed: TapeFeed): string {
  const header = [
    "time_ms",
    "received_ms",
    "trade_id",
    "client_order_id",
    "side",
    "price",
    "size",
    "fee",
    "fee_asset",
    "liquidity",
    "mid",
    "level",
    "shape",
    ...MARKOUT_SECONDS.map((seconds) => `markout_${seconds}s_bps`),
  ];
  const rows = log.fills.map((row) => [
    time(row.fill.venueTimeMs),
    time(row.receivedMs),
    row.fill.tradeId,
    row.fill.clientOrderId,
    row.fill.side,
    instrument.priceString(row.fill.priceTicks),
    instrument.sizeString(row.fill.quantityLots),
    row.fill.fee,
    row.fill.feeAsset,
    row.fill.liquidity,
    mid(row.midHalfTicks, instrument),
    row.level,
    row.shape,
    ...markoutsBps(row, feed).map((value) => value?.toFixed(4) ?? null),
  ]);
  return csv(header, rows);
}

function ordersCsv({ log }: BacktestResult, instrument: Instrument): string {
  const header = [
    "sent_ms",
    "client_order_id",
    "replaced_order_id",
    "side",
    "price",
    "size",
    "amended_to",
    "filled",
    "ending",
    "ended_ms",
    "reason",
    "trigger",
    "shape",
    "level",
    "mid",
    "weight_share",
    "iqv_ratio",
    "iqv_move_ratio",
    "multiplier",
    "volatility_pct",
    "clamps",
  ];
  const rows: Cell[][] = [];
  for (const row of log.orders.values()) {
    rows.push([
      time(row.sentMs),
      row.clientOrderId,
      row.replacedOrderId,
      row.side,
      instrument.priceString(row.priceTicks),
      instrument.sizeString(row.quantityLots),
      instrument.sizeString(row.amendedToLots),
      instrument.sizeString(row.filledLots),
      row.ending,
      row.endedMs < 0 ? null : time(row.endedMs),
      row.reason,
      ...traceCells(row.trace, instrument),
    ]);
  }
  return csv(header, rows);
}

/** Why the order has its price and size; the last cells of its row. */
function traceCells(trace: OrderTrace | null, instrument: Instrument): Cell[] {
  if (trace === null) return [];
  return [
    trace.trigger,
    trace.shape,
    trace.level,
    mid(trace.midHalfTicks, instrument),
    trace.weightShare,
    trace.iqvRatio,
    trace.iqvMoveRatio,
    trace.multiplier,
    trace.volatilityPct,
    trace.clamps.join("+"),
  ];
}

function equityCsv({ track, hedge }: BacktestResult, instrument: Instrument): string {
  const hedgeMid = (midHalfTicks: number): string | null =>
    hedge === null || midHalfTicks === 0 ? null : mid(midHalfTicks, hedge.instrument);
  const header = [
    "time_ms",
    "mid",
    "base",
    "quote",
    "equity",
    "spread_capture",
    "inventory_revaluation",
    "hedge_execution",
    "hedge_revaluation",
    "fees",
    "funding",
    "hedge_position",
    "hedge_mid",
    "net_delta",
    "iqv_move_ratio",
    "volatility_pct",
    "state",
    "open_bids",
    "open_asks",
  ];
  const rows = track.points.map((point) => [
    time(point.timeMs),
    mid(point.midHalfTicks, instrument),
    plain(point.base),
    plain(point.quote),
    plain(point.equity),
    plain(point.spreadCapture),
    plain(point.inventoryRevaluation),
    plain(point.hedgeExecution),
    plain(point.hedgeRevaluation),
    plain(point.fees),
    plain(point.funding),
    plain(point.hedgeBase),
    hedgeMid(point.hedgeMidHalfTicks),
    point.netDelta,
    point.iqvMoveRatio,
    point.volatilityPct,
    point.state,
    point.openBids,
    point.openAsks,
  ]);
  return csv(header, rows);
}
