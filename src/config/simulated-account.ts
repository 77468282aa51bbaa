/**
 * The account that a pair has at the simulated exchange, in backtests and paper runs. Pure; the
 * shapes are those that sim takes, which this layer does not import.
 */

import type { Instrument } from "#domain/instrument.ts";
import { simulatedFeeAsset } from "./instrument-override.ts";
import type { PairConfig } from "./schema.ts";

export interface SimulatedAccount {
  /** Balances at the start, plain decimals. */
  readonly setup: {
    readonly base: string;
    readonly quote: string;
    readonly feeAsset?: string;
    readonly leverage?: string;
  };
  readonly fees:
    | { readonly kind: "received" }
    | { readonly kind: "quote" }
    | { readonly kind: "asset"; readonly asset: string; readonly price: string };
}

/** Plenty of the asset that fees are paid in, so that it never runs out during a run. */
const FEE_ASSET_BALANCE = "1000000";

/** Of a simulated perp whose config leaves it to the account. */
const USUAL_LEVERAGE = 10;

export function simulatedAccount(pair: PairConfig, { kind }: Instrument): SimulatedAccount {
  const { capital, simulation } = pair;
  const quote = simulation.quote ?? capital.initQuoteAmount;
  // A perp starts flat: its inventory is an allotment that nobody holds.
  const balances =
    kind === "perp"
      ? { base: "0", quote, leverage: String(pair.quote.leverage ?? USUAL_LEVERAGE) }
      : { base: simulation.base ?? capital.initInventoryAmount, quote };
  const fees = simulatedFeeAsset(pair);
  return typeof fees === "string"
    ? { setup: balances, fees: { kind: fees } }
    : { setup: { ...balances, feeAsset: FEE_ASSET_BALANCE }, fees: { kind: "asset", ...fees } };
}

/** What backs the hedge at its venue, and how fees are charged there; a position begins flat. */
export function simulatedHedgeAccount({
  capital,
  simulation,
  hedgeOn,
}: PairConfig): SimulatedAccount {
  return {
    setup: {
      base: "0",
      quote: simulation.hedgeQuote ?? capital.initQuoteAmount,
      leverage: String(hedgeOn?.leverage ?? USUAL_LEVERAGE),
    },
    fees: { kind: "quote" },
  };
}

/** The third currency that simulated fees are charged in, with its price; null: there is none. */
export function thirdFeeAsset({
  simulation: { feeAsset },
}: PairConfig): { readonly asset: string; readonly price: string } | null {
  return typeof feeAsset === "object" ? feeAsset : null;
}
