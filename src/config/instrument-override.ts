/**
 * The instrument of a pair from its config alone, for runs without a venue. Pure; imports domain.
 */

import { formatScaled } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import {
  Instrument,
  type InstrumentSpec,
  type PriceRule,
  type VenueId,
} from "#domain/instrument.ts";
import type { InstrumentOverride, PairConfig, SimulationConfig } from "./schema.ts";

/** Base rates of each venue, without discounts: what an account pays that knows no better. */
const BASE_FEE_RATES: Readonly<Record<VenueId, { maker: string; taker: string }>> = {
  "binance-spot": { maker: "0.001", taker: "0.001" },
  "binance-perp": { maker: "0.0002", taker: "0.0005" },
  hyperliquid: { maker: "0.00015", taker: "0.00045" },
};

/** Longest first where one ends with another: BTCFDUSD is BTC and FDUSD, not BTCFD and USD. */
const QUOTE_ASSETS = ["FDUSD", "USDT", "USDC", "TUSD", "BTC", "ETH", "BNB", "EUR", "TRY", "USD"];

/** Hyperliquid's least order value in USDC, and its rule for prices of perpetuals. */
const HYPERLIQUID_MIN_NOTIONAL = "10";
const HYPERLIQUID_FIGURES = 5;
const HYPERLIQUID_PRICE_DECIMALS = 6;

/** One market of a pair and what its config says of the rules there. */
interface Market {
  /** For messages: `pair ETH`. */
  readonly where: string;
  readonly venue: VenueId;
  readonly symbol: string;
  readonly rules: InstrumentOverride | undefined;
  /** Path of the rules in the pair. */
  readonly path: string;
}

/**
 * The quoted instrument, by `instrumentOverride`.
 * @throws {InputError} `no-instrument` saying what to add, where its rules are not given
 */
export function instrumentFor({ id, quote, instrumentOverride: rules }: PairConfig): Instrument {
  const { venue, symbol } = quote;
  return instrumentOf({ where: `pair ${id}`, venue, symbol, rules, path: "instrumentOverride" });
}

/**
 * The instrument that hedges, by `hedgeOn.instrumentOverride`; null where the pair has no hedge.
 * @throws {InputError} `no-instrument`
 */
export function hedgeInstrumentFor({ id, hedgeOn }: PairConfig): Instrument | null {
  if (hedgeOn === undefined) return null;
  const { venue, symbol, instrumentOverride: rules } = hedgeOn;
  const path = "hedgeOn.instrumentOverride";
  return instrumentOf({ where: `pair ${id}`, venue, symbol, rules, path });
}

function instrumentOf(market: Market): Instrument {
  const { venue, symbol, rules } = market;
  if (rules === undefined) throw missingRules(market);
  const fees = BASE_FEE_RATES[venue];
  const spec: InstrumentSpec = {
    venue,
    symbol,
    ...assetsOf(market, rules),
    kind: venue === "binance-spot" ? "spot" : "perp",
    ...gridOf(market, rules),
    ...(rules.minSize === undefined ? {} : { minSize: rules.minSize }),
    makerFeeRate: rules.makerFeeRate ?? fees.maker,
    takerFeeRate: rules.takerFeeRate ?? fees.taker,
    maxOpenOrders: rules.maxOpenOrders,
    canAmend: venue === "binance-spot",
    canOpenByStop: venue !== "hyperliquid",
    stopsFireOn: venue === "hyperliquid" ? "mark" : "last",
  };
  return new Instrument(spec);
}

/** What simulated fees are charged in: as configured, else as the venue does it. */
export function simulatedFeeAsset(pair: PairConfig): NonNullable<SimulationConfig["feeAsset"]> {
  return pair.simulation.feeAsset ?? (pair.quote.venue === "binance-spot" ? "received" : "quote");
}

interface Grid {
  readonly priceRule: PriceRule;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly minNotional: string;
}

function gridOf(market: Market, rules: InstrumentOverride): Grid {
  const { szDecimals, tickSize, lotSize, minNotional } = rules;
  if (szDecimals !== undefined) {
    return {
      priceRule: { kind: "significant-figures", figures: HYPERLIQUID_FIGURES },
      tickSize: formatScaled(1, HYPERLIQUID_PRICE_DECIMALS - szDecimals),
      lotSize: formatScaled(1, szDecimals),
      minNotional: minNotional ?? HYPERLIQUID_MIN_NOTIONAL,
    };
  }
  if (tickSize === undefined || lotSize === undefined || minNotional === undefined) {
    throw missingRules(market);
  }
  return { priceRule: { kind: "fixed-tick" }, tickSize, lotSize, minNotional };
}

/** Base and quote currency; ETHUSDT is cut at a known quote currency. */
function assetsOf(market: Market, rules: InstrumentOverride): { base: string; quote: string } {
  const { venue, symbol } = market;
  if (venue === "hyperliquid") {
    return { base: rules.base ?? symbol, quote: rules.quote ?? "USDC" };
  }
  const suffix = QUOTE_ASSETS.find((asset) => symbol.endsWith(asset) && symbol !== asset);
  const base = rules.base ?? (suffix === undefined ? undefined : symbol.slice(0, -suffix.length));
  const quote = rules.quote ?? suffix;
  if (base === undefined || quote === undefined) {
    throw new InputError("no-instrument", `base and quote currency of ${symbol} are not known`, {
      where: market.where,
      hint: `add to its ${market.path}: "base": "ETH", "quote": "USDT"`,
    });
  }
  return { base, quote };
}

function missingRules({ where, venue, symbol, path }: Market): InputError {
  const name = path.split(".").at(-1) ?? path;
  const rules =
    venue === "hyperliquid"
      ? '{ "szDecimals": 1, "minNotional": "10" }'
      : '{ "tickSize": "0.01", "lotSize": "0.0001", "minNotional": "5" }';
  const whose = name === path ? "the pair" : path.split(".").at(0);
  return new InputError(
    "no-instrument",
    `the rules of ${symbol} on ${venue} are not in the config, and no venue is asked in this run`,
    { where, hint: `add to ${whose}, with the venue's figures: "${name}": ${rules}` },
  );
}
