/**
 * What is allowed but rarely meant: told as warnings, never as errors. Pure; imports domain only.
 */

import { type Finding, type PairRule, warning } from "./findings.ts";
import { binsWithin } from "./relations.ts";
import type { PairConfig } from "./schema.ts";

const YEAR_SECONDS = 31_536_000;
/** Crypto is rarely calmer than this: per cent a year. */
const LOWEST_PLAUSIBLE_UPPER_PCT = 30;
/** As a fraction of the mid. */
const WIDEST_USUAL_LIMIT = 0.5;

export const ADVICE: readonly PairRule[] = [
  {
    says:
      "`volUpperThreshold` is on the original MM's scale (5 and 25) though the unit " +
      "is per cent a year",
    reads: ["quoting.strategy", "quoting.volUpperThreshold", "volatility.horizonSeconds"],
    check: adviseThresholds,
  },
  {
    says: "`priceUpPctLimit` or `priceDownPctLimit` is 0.5 (50 %) or more: it is a fraction",
    reads: ["quoting.priceUpPctLimit", "quoting.priceDownPctLimit"],
    check: adviseWidth,
  },
  {
    says: "`liveOrderNums` allows more orders a side than there are bins",
    reads: [
      "quoting.liveOrderNums",
      "quoting.binStep",
      "quoting.priceUpPctLimit",
      "quoting.priceDownPctLimit",
    ],
    check: adviseOrderCount,
  },
  {
    says: "`risk.maxOpenOrders` is below `liveOrderNums`",
    reads: ["quoting.liveOrderNums", "risk.maxOpenOrders"],
    check: adviseOpenOrders,
  },
  {
    says: "`simulation.feeAsset` is quote on a spot venue and `reservePct` does not cover the fee",
    reads: ["quote.venue", "simulation.feeAsset", "capital.reservePct", "instrumentOverride"],
    check: adviseFeeReserve,
  },
  { says: "`hedge` is given without `hedgeOn`", reads: ["hedge", "hedgeOn"], check: adviseHedge },
];

/** The original's thresholds, 5 and 25, were of another unit: here they mean always wild. */
export function adviseThresholds({ quoting, volatility }: PairConfig): Finding[] {
  return quoting.strategy === "auto" &&
    volatility.horizonSeconds === YEAR_SECONDS &&
    quoting.volUpperThreshold < LOWEST_PLAUSIBLE_UPPER_PCT
    ? [
        warning(
          "quoting.volUpperThreshold",
          "looks like the original MM's scale; here it is per cent a year, and auto " +
            "would nearly always choose bid-ask. Usual: 35 and 80",
        ),
      ]
    : [];
}

/** 2 is 200 %, not 2 %. */
export function adviseWidth({ quoting }: PairConfig): Finding[] {
  return (["priceUpPctLimit", "priceDownPctLimit"] as const)
    .filter((field) => quoting[field] >= WIDEST_USUAL_LIMIT)
    .map((field) =>
      warning(
        `quoting.${field}`,
        `is a fraction of the mid, here ${Math.round(quoting[field] * 100)} %; 0.02 is 2 %`,
      ),
    );
}

/** More orders than bins. */
export function adviseOrderCount({ quoting }: PairConfig): Finding[] {
  const side = Math.floor(quoting.liveOrderNums / 2);
  const most = Math.max(
    binsWithin(quoting.priceUpPctLimit, quoting.binStep),
    binsWithin(quoting.priceDownPctLimit, quoting.binStep),
  );
  const message = `allows ${side} orders a side, but no side has more than ${most} bins`;
  return most >= 1 && side > most ? [warning("quoting.liveOrderNums", message)] : [];
}

/** The risk limit cuts the ladder off. */
export function adviseOpenOrders({ quoting, risk }: PairConfig): Finding[] {
  return risk.maxOpenOrders !== undefined && risk.maxOpenOrders < quoting.liveOrderNums
    ? [
        warning(
          "risk.maxOpenOrders",
          `is below quoting.liveOrderNums (${quoting.liveOrderNums}): outer levels will be denied`,
        ),
      ]
    : [];
}

/** A hedge without a venue. */
export function adviseHedge({ hedge, hedgeOn }: PairConfig): Finding[] {
  return hedge !== undefined && hedgeOn === undefined
    ? [warning("hedge", "does nothing without hedgeOn, the venue to hedge on")]
    : [];
}

/** A buy that pays its fee in quote on top needs more quote than its value. */
export function adviseFeeReserve(pair: PairConfig): Finding[] {
  const { capital, instrumentOverride, quote, simulation } = pair;
  if (quote.venue !== "binance-spot" || simulation.feeAsset !== "quote") return [];
  const feePct = Number(instrumentOverride?.makerFeeRate ?? "0.001") * 100;
  if (capital.reservePct >= feePct) return [];
  const message = `must hold the fee of a buy back: give at least ${feePct}, or orders are refused`;
  return [warning("capital.reservePct", message)];
}
