/** Answers as lines for a terminal: one for each thing told. Pure. */

import type { ReloadReport } from "#runtime/desk.ts";
import type { PairStatus } from "#runtime/pair-status.ts";
import type { ErrorBody } from "./refusal.ts";

/** `ETH quoting, live on binance-spot:ETHUSDT, mid 2000.005, orders 10 + 10, …` */
export function pairLine(status: PairStatus): string {
  const { id, state, reasons, mode, venue, symbol, mid, inventory } = status;
  const { bids, asks } = orderCounts(status);
  const why = reasons.length === 0 ? "" : ` (${reasons.join("; ")})`;
  return [
    `${id} ${state}${why}`,
    `${mode} on ${venue}:${symbol}`,
    `mid ${mid ?? "unknown"}`,
    `orders ${bids} bids ${asks} asks`,
    `holds ${inventory.base} ${inventory.baseAsset} and ${inventory.quote} ${inventory.quoteAsset}`,
    `iqv ${pct(inventory.iqvRatio)} of target ${pct(inventory.targetIqvRatio)}`,
    `fills ${status.fills}`,
  ].join(", ");
}

/** Open orders a side. */
export function orderCounts({ orders }: PairStatus): { bids: number; asks: number } {
  const bids = orders.filter(({ side }) => side === "buy").length;
  return { bids, asks: orders.length - bids };
}

/** `reloaded: updated ETH; restarted none; …`, then a line for each warning. */
export function reloadLines(report: ReloadReport): string {
  const { warnings, ...pairs } = report;
  const parts = Object.entries(pairs).map(
    ([what, ids]: [string, readonly string[]]) =>
      `${what} ${ids.length === 0 ? "none" : ids.join(" ")}`,
  );
  return [`reloaded: ${parts.join("; ")}`, ...warnings.map((line) => `warning: ${line}`)].join(
    "\n",
  );
}

/** `bad-config: …; what to do`; a config has a line for each problem. */
export function errorLine({ error }: ErrorBody): string {
  return `${error.code}: ${error.message}${error.hint === undefined ? "" : `; ${error.hint}`}`;
}

function pct(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}
