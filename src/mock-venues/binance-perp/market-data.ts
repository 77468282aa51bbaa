/** The calls that ask about the market and the venue: no key needed. May import this folder. */

import { badRequest } from "../binance/api-error.ts";
import type { Params } from "../binance/params.ts";
import type { JsonObject } from "../json.ts";
import { pageOf } from "./pages.ts";
import type { PerpSymbol } from "./perp-symbol.ts";
import type { PerpVenue } from "./venue.ts";

const DEFAULT_DEPTH = 500;
const DEPTHS: ReadonlySet<number> = new Set([5, 10, 20, 50, 100, 500, 1000]);
const DEFAULT_ROWS = 500;
const MAX_ROWS = 1500;
const DEFAULT_RATES = 100;
const MAX_RATES = 1000;
const HOUR_MS = 3_600_000;
const USUAL_FUNDING_HOURS = 8;
/** Exchanges of margin assets, which there are none of. */
const ASSET_EXCHANGE = "-10000";

export function exchangeInfo(venue: PerpVenue): JsonObject {
  const listings = venue.all();
  return {
    timezone: "UTC",
    serverTime: serverTime(venue).serverTime,
    rateLimits: venue.limits.specs.filter(({ rateLimitType }) => rateLimitType !== "CONNECTIONS"),
    exchangeFilters: [],
    assets: venue.account.assets.map((asset) => {
      return { asset, marginAvailable: true, autoAssetExchange: ASSET_EXCHANGE };
    }),
    symbols: listings.map(({ market }) => symbolEntry(market)),
  };
}

function symbolEntry({ rules, status }: PerpSymbol): JsonObject {
  return { ...rules, status };
}

export function serverTime({ nowMs }: PerpVenue): { readonly serverTime: number } {
  return { serverTime: Math.floor(nowMs()) };
}

export function depth(venue: PerpVenue, params: Params): JsonObject {
  const limit = params.integer("limit") ?? DEFAULT_DEPTH;
  if (!DEPTHS.has(limit)) {
    throw badRequest(-4021, `${limit} is not valid depth limit.`);
  }
  return venue.listing(params.symbol()).market.depth(limit);
}

export function klines(venue: PerpVenue, params: Params): unknown {
  const { market } = venue.listing(params.symbol());
  const interval = params.requiredText("interval");
  const limit = params.limit(DEFAULT_ROWS, MAX_ROWS);
  const [startMs, endMs] = [params.integer("startTime"), params.integer("endTime")];
  // Seconds are the spot market's only.
  const rows = interval === "1s" ? undefined : market.klines(interval, limit, startMs, endMs);
  if (rows === undefined) throw badRequest(-1120, "Invalid interval.");
  return rows;
}

export function premiumIndex(venue: PerpVenue, params: Params): unknown {
  return ofOneOrAll(venue, params, (market) => market.premiumIndex());
}

export function bookTicker(venue: PerpVenue, params: Params): unknown {
  return ofOneOrAll(venue, params, (market) => market.bookTicker(false));
}

/** As the WebSocket API answers. */
export function bookTickerWs(venue: PerpVenue, params: Params): unknown {
  return ofOneOrAll(venue, params, (market) => market.bookTicker(true));
}

export function priceTicker(venue: PerpVenue, params: Params): unknown {
  return ofOneOrAll(venue, params, (market) => market.priceTicker());
}

/** Settled rates, oldest first. */
export function fundingRates(venue: PerpVenue, params: Params): readonly JsonObject[] {
  const symbol = params.has("symbol") ? params.symbol() : undefined;
  if (symbol !== undefined) venue.listing(symbol);
  const [start, end] = [params.integer("startTime"), params.integer("endTime")];
  const rates = venue.funding.rates.filter(
    (rate) =>
      (symbol === undefined || rate.symbol === symbol) &&
      rate.timeMs >= (start ?? 0) &&
      rate.timeMs <= (end ?? Infinity),
  );
  const limit = params.limit(DEFAULT_RATES, MAX_RATES);
  return pageOf(rates, limit, start !== undefined).map(({ json }) => json);
}

/** Only what differs from what is usual. */
export function fundingInfo(venue: PerpVenue): readonly JsonObject[] {
  const fundingIntervalHours = venue.funding.intervalMs / HOUR_MS;
  if (fundingIntervalHours === USUAL_FUNDING_HOURS) return [];
  return [...venue.listings.keys()].map((symbol) => ({
    symbol,
    adjustedFundingRateCap: "0.02000000",
    adjustedFundingRateFloor: "-0.02000000",
    fundingIntervalHours,
    disclaimer: false,
  }));
}

/** One object where `symbol` is given, else a list. */
function ofOneOrAll(
  venue: PerpVenue,
  params: Params,
  of: (market: PerpSymbol) => JsonObject,
): unknown {
  if (params.has("symbol")) return of(venue.listing(params.symbol()).market);
  return venue.all().map(({ market }) => of(market));
}
