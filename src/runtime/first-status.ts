/** The status of a pair that no worker has told anything of yet. Pure. */

import type { PairPlan } from "./pair-plan.ts";
import type { PairStatus } from "./pair-status.ts";

export function firstStatus(plan: PairPlan, nowMs: number): PairStatus {
  const { pair, market, perp } = plan;
  const { instrument } = market;
  const position = instrument.kind === "perp" ? (perp?.position ?? "0") : null;
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
    shape: "",
    volatilityPct: null,
    pnl: null,
    fills: 0,
    actions: { placed: 0, replaced: 0, amended: 0, canceled: 0, denied: 0 },
    guards: [],
    connection: null,
  };
}
