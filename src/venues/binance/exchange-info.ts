/**
 * What `exchangeInfo` of both Binance venues has in common: budgets, filters of a symbol, and the
 * names of symbols. Pure; may import domain only.
 */

import { closest } from "fastest-levenshtein";
import * as v from "valibot";
import { type Decimal, decimal, plain, ZERO } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import { Count, ProtocolError, parsed, Quantity } from "../wire.ts";

/** Fractions of an order's value, plain decimals. */
export interface FeeRates {
  readonly makerFeeRate: string;
  readonly takerFeeRate: string;
}

/** A budget of the venue, counted in fixed windows of its clock. */
export interface RateLimit {
  readonly kind: "request-weight" | "orders" | "raw-requests" | "connections";
  readonly windowMs: number;
  readonly limit: number;
  /** Used in the present window; -1 where the message does not say. */
  readonly used: number;
}

const Rate = v.object({
  rateLimitType: v.string(),
  interval: v.string(),
  intervalNum: Count,
  limit: Count,
  count: v.optional(Count),
});

const LIMIT_KINDS: ReadonlyMap<string, RateLimit["kind"]> = new Map([
  ["REQUEST_WEIGHT", "request-weight"],
  ["ORDERS", "orders"],
  ["RAW_REQUESTS", "raw-requests"],
  ["CONNECTIONS", "connections"],
]);

const INTERVALS_MS: ReadonlyMap<string, number> = new Map([
  ["SECOND", 1000],
  ["MINUTE", 60_000],
  ["HOUR", 3_600_000],
  ["DAY", 86_400_000],
]);

/**
 * `rateLimits` of exchangeInfo or of an answer. Kinds that are new to us are left out.
 * @throws {ProtocolError} where a kind that we know is not described as documented
 */
export function readRateLimits(json: unknown): RateLimit[] {
  const entries = parsed(v.array(Rate), json, "rateLimits");
  return entries.flatMap((entry) => {
    const kind = LIMIT_KINDS.get(entry.rateLimitType);
    if (kind === undefined) return [];
    const intervalMs = INTERVALS_MS.get(entry.interval);
    if (intervalMs === undefined) {
      const word = JSON.stringify(entry.interval);
      throw new ProtocolError(`${word} is no known interval`, "rateLimits");
    }
    const windowMs = intervalMs * entry.intervalNum;
    return [{ kind, windowMs, limit: entry.limit, used: entry.count ?? -1 }];
  });
}

/** Filters as they come: of each only the name is known. */
export const Filters = v.array(v.looseObject({ filterType: v.string() }));

export const PriceFilter = v.object({
  minPrice: Quantity,
  maxPrice: Quantity,
  tickSize: Quantity,
});
export const LotFilter = v.object({ minQty: Quantity, maxQty: Quantity, stepSize: Quantity });

/**
 * The filter of this name, or null where the symbol has none.
 * @throws {ProtocolError} where it is not as documented
 */
export function filterOf<Schema extends v.GenericSchema>(
  filters: v.InferOutput<typeof Filters>,
  name: string,
  schema: Schema,
): v.InferOutput<Schema> | null {
  const filter = filters.find(({ filterType }) => filterType === name);
  return filter === undefined ? null : parsed(schema, filter, `filter ${name}`);
}

/**
 * Tick and lot, without which nothing can be traded.
 * @throws {ProtocolError}
 */
export function gridFilters(
  filters: v.InferOutput<typeof Filters>,
  symbol: string,
): {
  readonly price: v.InferOutput<typeof PriceFilter>;
  readonly lot: v.InferOutput<typeof LotFilter>;
} {
  const price = filterOf(filters, "PRICE_FILTER", PriceFilter);
  const lot = filterOf(filters, "LOT_SIZE", LotFilter);
  if (price !== null && lot !== null) return { price, lot };
  const where = `the filters of ${symbol}`;
  throw new ProtocolError("PRICE_FILTER and LOT_SIZE must both be there", where);
}

/** Whole steps of a bound. Bounds beyond 2^53 are rounded: no order comes near them. */
export function stepsOf(bound: string, step: Decimal, rounding: "down" | "up"): number {
  const whole = decimal(bound)
    .div(step)
    .round(0, rounding === "down" ? 0 : 3);
  return Number(plain(whole));
}

/** As `stepsOf`, rounded down; 0 says that there is no bound. */
export function upperStepsOf(bound: string, step: Decimal): number {
  return decimal(bound).eq(ZERO) ? Infinity : stepsOf(bound, step, "down");
}

/** @param venueName for people: `Binance Spot` */
export function unknownSymbol(
  venueName: string,
  name: string,
  known: readonly string[],
): InputError {
  const hint =
    known.length === 0
      ? "check its spelling"
      : `check its spelling; the nearest that there is: ${closest(name, known)}`;
  return new InputError("unknown-symbol", `${venueName} has no symbol ${JSON.stringify(name)}`, {
    hint,
  });
}
