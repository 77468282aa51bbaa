/** Answers as lines for a terminal: one for each thing told. Pure. */

import type { BudgetStatus, DeadMansSwitch } from "#ports/venue.ts";
import type { ReloadReport } from "#runtime/desk.ts";
import type { GuardView, PairStatus } from "#runtime/pair-status.ts";
import type { ErrorBody } from "./refusal.ts";

/** All of one pair: its line, then one each for its PnL, guards and budgets. */
export function pairLines(status: PairStatus): string {
  const { pnl, guards, connection } = status;
  const parts = Object.entries(pnl ?? {}).map(([name, value]) => `${name} ${value}`);
  return [
    pairLine(status),
    ...(pnl === null ? [] : [`pnl: ${parts.join(", ")}`]),
    ...guards.map((guard) => `guard ${guardText(guard)}`),
    ...(connection?.budgets ?? []).map((budget) => `budget ${budgetText(budget)}`),
    ...(connection === null ? [] : [`dead man's switch: ${switchText(connection.deadMansSwitch)}`]),
  ].join("\n");
}

/** `posts: 1 of 100 used`, or `… used in 60 s` */
export function budgetText({ name, used, limit, windowMs }: BudgetStatus): string {
  const span = windowMs === null ? "" : ` in ${windowMs / 1000} s`;
  return `${name}: ${used} of ${limit} used${span}`;
}

/** Who cancels our orders where this program dies. */
export function switchText(deadMansSwitch: DeadMansSwitch): string {
  return deadMansSwitch.by === "venue"
    ? `the venue cancels ${deadMansSwitch.afterMs / 1000} s after it last heard of mm`
    : `the venue does not cancel: ${deadMansSwitch.reason}`;
}

/** `stale-book: 10, its limit 3000` */
function guardText({ id, value, limit, tripped }: GuardView): string {
  return `${id}${tripped ? " tripped" : ""}: ${value}, its limit ${limit}`;
}

/** `ETH quoting, live on binance-spot:ETHUSDT, mid 2000.005, orders 10 + 10, …` */
export function pairLine(status: PairStatus): string {
  const { id, state, reasons, mode, venue, symbol, mid, inventory } = status;
  const { bids, asks } = orderCounts(status);
  const { base, baseAsset, quote, quoteAsset } = inventory;
  const holds = inventory.position === null ? "holds" : "position";
  const why = reasons.length === 0 ? "" : ` (${reasons.join("; ")})`;
  return [
    `${id} ${state}${why}`,
    `${mode} on ${venue}:${symbol}`,
    `mid ${mid ?? "unknown"}`,
    `orders ${bids} bids ${asks} asks`,
    `${holds} ${base} ${baseAsset} and ${quote} ${quoteAsset}`,
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
