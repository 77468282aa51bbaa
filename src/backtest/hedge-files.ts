/** The report's CSV files of the hedge venue: fills, orders, and the hedgers' steps. Pure. */

import type { Instrument } from "#domain/instrument.ts";
import { csv, mid, time } from "./csv.ts";
import type { HedgeLog } from "./hedge-log.ts";

export function hedgeFillsCsv({ fills }: HedgeLog, instrument: Instrument): string {
  const header = [
    "time_ms",
    "received_ms",
    "trade_id",
    "client_order_id",
    "role",
    "side",
    "price",
    "size",
    "fee",
    "fee_asset",
    "liquidity",
    "mid",
  ];
  const rows = fills.map(({ fill, receivedMs, midHalfTicks, order }) => [
    time(fill.venueTimeMs),
    time(receivedMs),
    fill.tradeId,
    fill.clientOrderId,
    order?.sent.role ?? null,
    fill.side,
    instrument.priceString(fill.priceTicks),
    instrument.sizeString(fill.quantityLots),
    fill.fee,
    fill.feeAsset,
    fill.liquidity,
    mid(midHalfTicks, instrument),
  ]);
  return csv(header, rows);
}

export function hedgeOrdersCsv({ orders }: HedgeLog, instrument: Instrument): string {
  const header = [
    "sent_ms",
    "client_order_id",
    "role",
    "side",
    "type",
    "price",
    "size",
    "reduce_only",
    "reason",
    "filled",
    "ending",
    "ended_ms",
    "end_reason",
    "mid",
  ];
  const rows = [...orders.values()].map(({ sent, ...row }) => [
    time(sent.timeMs),
    sent.clientOrderId,
    sent.role,
    sent.side,
    sent.type,
    sent.type === "market" ? null : instrument.priceString(sent.priceTicks),
    instrument.sizeString(sent.quantityLots),
    String(sent.reduceOnly),
    sent.reason,
    instrument.sizeString(row.filledLots),
    row.ending,
    row.endedMs < 0 ? null : time(row.endedMs),
    row.endReason,
    mid(row.midHalfTicks, instrument),
  ]);
  return csv(header, rows);
}

/** The figures of a step as JSON: each kind of step has its own. */
export function hedgeStepsCsv({ steps }: HedgeLog): string {
  const header = ["time_ms", "hedger", "from", "to", "reason", "figures"];
  const rows = steps.map((step) => [
    time(step.timeMs),
    step.hedger,
    step.from,
    step.to,
    step.reason,
    JSON.stringify(step.figures),
  ]);
  return csv(header, rows);
}
