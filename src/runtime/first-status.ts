/** The status of a pair that no worker has told anything of yet. Pure. */

import { NO_POSITION } from "#config/engine-params.ts";
import { firstPosition, type LegPlan, type PairPlan } from "./pair-plan.ts";
import type { HedgeStatus, PairStatus } from "./pair-status.ts";

export function firstStatus(plan: PairPlan, nowMs: number): PairStatus {
  const { pair, quote, hedge } = plan;
  const { instrument } = quote.market;
  const position = instrument.kind === "perp" ? (quote.perp?.position ?? "0") : null;
  return {
    id: pair.id,
    mode: pair.mode,
    venue: instrument.venue,
    symbol: instrument.symbol,
    state: "starting",
    reasons: ["starting: its worker has not reported yet"],
    timeMs: nowMs,
    epoch: 0,
    restarts: 0,
    mid: null,
    orders: [],
    inventory: {
      base: position ?? pair.capital.initInventoryAmount,
      quote: pair.capital.initQuoteAmount,
      baseAsset: instrument.base,
      quoteAsset: instrument.quote,
      position,
      equity: null,
      iqvRatio: 0,
      targetIqvRatio: pair.capital.targetIqvRatio ?? 0,
      iqvMoveRatio: 0,
    },
    netDelta: 0,
    hedge: hedge === null ? null : firstHedgeStatus(hedge),
    equity: null,
    shape: "",
    volatilityPct: null,
    pnl: null,
    fills: 0,
    actions: { placed: 0, replaced: 0, amended: 0, canceled: 0, denied: 0 },
    guards: [],
    connection: null,
  };
}

function firstHedgeStatus(leg: LegPlan): HedgeStatus {
  const { instrument } = leg.market;
  const { base, quote } = firstPosition(leg) ?? NO_POSITION;
  return {
    venue: instrument.venue,
    symbol: instrument.symbol,
    baseAsset: instrument.base,
    quoteAsset: instrument.quote,
    isConnected: false,
    mid: null,
    markPrice: null,
    fundingRate: null,
    nextFundingMs: null,
    position: base,
    activePosition: base,
    passivePosition: "0",
    quote,
    equity: null,
    active: null,
    passive: null,
    unhedgedSinceMs: null,
    orders: [],
    connection: null,
  };
}
