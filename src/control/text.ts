/** Answers as lines for a terminal: one for each thing told. Pure. */

import type { BudgetStatus, DeadMansSwitch } from "#ports/venue.ts";
import type { ReloadReport } from "#runtime/desk.ts";
import type {
  GuardView,
  HedgeStatus,
  PairStatus,
  StandingOrderView,
} from "#runtime/pair-status.ts";
import type { ErrorBody } from "./refusal.ts";

/** All of one pair: its line, then one each for its hedge, PnL, guards and budgets. */
export function pairLines(status: PairStatus): string {
  const { pnl, guards, connection, hedge } = status;
  const parts = Object.entries(pnl ?? {}).map(([name, value]) => `${name} ${value}`);
  return [
    pairLine(status),
    ...hedgeTexts(status).map((text) => `hedge ${text}`),
    ...(pnl === null ? [] : [`pnl: ${parts.join(", ")}`]),
    ...guards.map((guard) => `guard ${guardText(guard)}`),
    ...(connection?.budgets ?? []).map((budget) => `budget ${budgetText(budget)}`),
    ...(hedge?.connection?.budgets ?? []).map((budget) => `hedge budget ${budgetText(budget)}`),
    ...(connection === null ? [] : [`dead man's switch: ${switchText(connection.deadMansSwitch)}`]),
    ...(hedge === null || hedge.connection === null
      ? []
      : [`hedge dead man's switch: ${switchText(hedge.connection.deadMansSwitch)}`]),
  ].join("\n");
}

/** What is told of a hedge; answers have more. */
interface HedgedPair extends Pick<PairStatus, "timeMs" | "netDelta"> {
  readonly hedge:
    | (Omit<HedgeStatus, "orders" | "connection"> & {
        readonly orders: readonly unknown[];
      })
    | null;
}

/** A line each for where a hedge is, what its hedgers do, and what is missing; none without one. */
export function hedgeTexts({ hedge, netDelta, timeMs }: HedgedPair): string[] {
  if (hedge === null) return [];
  const { venue, symbol, baseAsset: base, active, passive, fundingRate, unhedgedSinceMs } = hedge;
  const parts = [
    `${venue}:${symbol}${hedge.isConnected ? "" : ", which is down or not compared yet"}`,
    `position ${hedge.position} ${base}`,
    `of it active ${hedge.activePosition} and passive ${hedge.passivePosition}`,
    `net delta ${Number(netDelta.toFixed(6))} ${base}`,
    `mid ${hedge.mid ?? "unknown"}`,
    `mark ${hedge.markPrice ?? "unknown"}`,
    ...(fundingRate === null ? [] : [`funding ${(fundingRate * 100).toFixed(4)} %`]),
  ];
  return [
    parts.join(", "),
    ...(active === null ? [] : [`active: ${activeText(active, base)}`]),
    ...(passive === null ? [] : [`passive: ${passiveText(passive, base)}`]),
    ...(unhedgedSinceMs === null
      ? []
      : [`missing for ${Math.round((timeMs - unhedgedSinceMs) / 1000)} s`]),
  ];
}

function activeText(
  { state, open, isNeeded }: NonNullable<HedgeStatus["active"]>,
  base: string,
): string {
  const rest = open === "0" ? "" : `, still to trade ${open} ${base}`;
  return `${state}${isNeeded ? ", needed" : ""}${rest}`;
}

function passiveText(passive: NonNullable<HedgeStatus["passive"]>, base: string): string {
  const { state, anchorPrice, entryPrice, triggers, stop, open } = passive;
  return [
    state,
    ...(anchorPrice === null ? [] : [`anchor ${anchorPrice}`]),
    ...triggers.map((trigger) => `trigger to ${standingText(trigger, base)}`),
    ...(entryPrice === null ? [] : [`entry ${entryPrice}`]),
    ...(stop === null ? [] : [`stop-loss to ${standingText(stop, base)}`]),
    ...(open === "0" ? [] : [`still to trade ${open} ${base}`]),
  ].join(", ");
}

/** `sell 0.5 ETH at 1960` */
function standingText(order: StandingOrderView, base: string): string {
  const { side, size, triggerPrice, isWorking } = order;
  return `${side} ${size} ${base} at ${triggerPrice}${isWorking ? "" : " (not confirmed)"}`;
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
  const { id, state, reasons, mode, venue, symbol, mid, inventory, hedge } = status;
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
    ...(hedge === null ? [] : [`hedge ${hedge.position} ${hedge.baseAsset}`]),
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
