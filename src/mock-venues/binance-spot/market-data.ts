/**
 * The calls that ask about the market and the venue: no key needed. May import domain and this
 * folder.
 */

import { badRequest } from "../binance/api-error.ts";
import type { Params } from "../binance/params.ts";
import type { JsonObject } from "../json.ts";
import type { Venue } from "./venue.ts";

const DEFAULT_DEPTH = 100;
const MAX_DEPTH = 5000;
const DEFAULT_ROWS = 500;
const MAX_ROWS = 1000;
const AVERAGE_MINUTES = 5;

export function exchangeInfo(venue: Venue, params: Params): JsonObject {
  return {
    timezone: "UTC",
    serverTime: serverTime(venue).serverTime,
    rateLimits: venue.limits.specs.filter(({ rateLimitType }) => rateLimitType !== "CONNECTIONS"),
    exchangeFilters: [],
    symbols: symbolsOf(venue, params).map((symbol) => symbolEntry(venue, symbol)),
  };
}

function symbolEntry(venue: Venue, symbol: string): JsonObject {
  const { rules, status } = venue.listing(symbol).market;
  return { symbol, status, ...rules };
}

export function serverTime({ nowMs }: Venue): { readonly serverTime: number } {
  return { serverTime: Math.floor(nowMs()) };
}

export function depth(venue: Venue, params: Params): unknown {
  return venue.listing(params.symbol()).market.depth(params.limit(DEFAULT_DEPTH, MAX_DEPTH));
}

export function klines(venue: Venue, params: Params): unknown {
  const { market } = venue.listing(params.symbol());
  const interval = params.requiredText("interval");
  const limit = params.limit(DEFAULT_ROWS, MAX_ROWS);
  const [startMs, endMs] = [params.integer("startTime"), params.integer("endTime")];
  const rows = market.klines(interval, limit, startMs, endMs);
  if (rows === undefined) throw badRequest(-1120, "Invalid interval.");
  return rows;
}

export function averagePrice(venue: Venue, params: Params): JsonObject {
  const { market } = venue.listing(params.symbol());
  const { serverTime: closeTime } = serverTime(venue);
  return { mins: AVERAGE_MINUTES, price: market.averagePrice(), closeTime };
}

export function recentTrades(venue: Venue, params: Params): unknown {
  const { market } = venue.listing(params.symbol());
  return market.recentTrades(params.limit(DEFAULT_ROWS, MAX_ROWS));
}

export function priceTicker(venue: Venue, params: Params): unknown {
  return ofOneOrMore(venue, params, (symbol) => {
    return { symbol, price: venue.listing(symbol).market.lastPrice() };
  });
}

export function bookTicker(venue: Venue, params: Params): unknown {
  return ofOneOrMore(venue, params, (symbol) => venue.listing(symbol).market.bookTicker());
}

/** One object where `symbol` is given, else a list. */
function ofOneOrMore(venue: Venue, params: Params, of: (symbol: string) => unknown): unknown {
  if (params.has("symbol")) return of(params.symbol());
  return symbolsOf(venue, params).map((symbol) => of(symbol));
}

function symbolsOf(venue: Venue, params: Params): readonly string[] {
  if (params.has("symbol")) return [params.symbol()];
  return params.list("symbols") ?? [...venue.listings.keys()];
}
