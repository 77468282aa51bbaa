/**
 * What Hyperliquid says of its perps (`meta`) and of an account's fees (`userFees`), as domain
 * values. Strict on the coin that is asked for, blind to all others. Pure; may import domain only.
 */

import { closest } from "fastest-levenshtein";
import * as v from "valibot";
import { decimal, plain } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import { Instrument } from "#domain/instrument.ts";
import { Amount, ProtocolError, parsed } from "../wire.ts";

/** Fractions of an order's value, plain decimals; the maker's is negative for a rebate. */
export interface HlFees {
  readonly makerFeeRate: string;
  readonly takerFeeRate: string;
}

/** The lowest tier without discounts: stands in where there is no account to ask by. */
export const BASE_FEES: HlFees = { makerFeeRate: "0.00015", takerFeeRate: "0.00045" };

/** An entry of `universe`, unread but for its name. */
export interface HlMetaEntry {
  readonly name: string;
  readonly [field: string]: unknown;
}

export interface HlMeta {
  /** All of them, delisted ones too: the place of an entry is its asset id. */
  readonly universe: readonly HlMetaEntry[];
}

export interface HlMarket {
  readonly instrument: Instrument;
  /** What actions call it. */
  readonly asset: number;
  /** A whole number from 1. */
  readonly maxLeverage: number;
  /** Nothing is traded any more. */
  readonly isDelisted: boolean;
  /** Cross margin is refused. */
  readonly onlyIsolated: boolean;
}

/** Decimals of a perp's price and of its size together. */
const MOST_DECIMALS = 6;
const SIGNIFICANT_FIGURES = 5;
/** The venue's own for every order, in USDC. */
const MIN_NOTIONAL = "10";
/** Of the whole account, before the volume that raises it. */
const MAX_OPEN_ORDERS = 1000;
/** Number of USDC among the venue's tokens. */
const USDC = 0;

const Meta = v.object({
  universe: v.array(v.looseObject({ name: v.string() })),
  collateralToken: v.nullish(v.number(), USDC),
});

const Entry = v.object({
  name: v.string(),
  szDecimals: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MOST_DECIMALS)),
  maxLeverage: v.pipe(v.number(), v.integer(), v.minValue(1)),
  isDelisted: v.nullish(v.boolean(), false),
  onlyIsolated: v.nullish(v.boolean(), false),
  marginMode: v.nullish(v.string()),
});

const UserFees = v.object({ userAddRate: Amount, userCrossRate: Amount });

/** @throws {ProtocolError} */
export function readMeta(json: unknown): HlMeta {
  const { universe, collateralToken } = parsed(Meta, json, "meta");
  if (collateralToken !== USDC) {
    throw new ProtocolError(`perps are margined in token ${collateralToken}, not USDC`, "meta");
  }
  return { universe };
}

/**
 * One perp with its rules.
 * @param coin as the venue spells it: upper and lower case differ
 * @throws {InputError} `unknown-symbol`
 * @throws {ProtocolError} where it is not described as documented
 */
export function readMarket(meta: HlMeta, coin: string, fees: HlFees): HlMarket {
  const asset = meta.universe.findIndex(({ name }) => name === coin);
  if (asset === -1) throw unknownCoin(meta, coin);
  return marketOf(asset, meta.universe[asset], fees);
}

/** An entry of `universe` and its place there. @throws {ProtocolError} */
export function marketOf(asset: number, entry: unknown, fees: HlFees): HlMarket {
  const perp = parsed(Entry, entry, `asset ${asset} of meta`);
  const instrument = new Instrument({
    venue: "hyperliquid",
    symbol: perp.name,
    base: perp.name,
    quote: "USDC",
    kind: "perp",
    priceRule: { kind: "significant-figures", figures: SIGNIFICANT_FIGURES },
    tickSize: powerOfTen(MOST_DECIMALS - perp.szDecimals),
    lotSize: powerOfTen(perp.szDecimals),
    minNotional: MIN_NOTIONAL,
    ...fees,
    maxOpenOrders: MAX_OPEN_ORDERS,
    canAmend: false,
    canOpenByStop: false,
    stopsFireOn: "mark",
  });
  const { maxLeverage, isDelisted, marginMode } = perp;
  const onlyIsolated =
    perp.onlyIsolated || marginMode === "strictIsolated" || marginMode === "noCross";
  return { instrument, asset, maxLeverage, isDelisted, onlyIsolated };
}

/** `userFees`: the rates of the account's tier. @throws {ProtocolError} */
export function readFees(json: unknown): HlFees {
  const { userAddRate, userCrossRate } = parsed(UserFees, json, "userFees");
  return {
    makerFeeRate: plain(decimal(userAddRate)),
    takerFeeRate: plain(decimal(userCrossRate)),
  };
}

/** 10^-decimals as a plain decimal. */
function powerOfTen(decimals: number): string {
  return decimals === 0 ? "1" : `0.${"1".padStart(decimals, "0")}`;
}

function unknownCoin({ universe }: HlMeta, coin: string): InputError {
  const shown = JSON.stringify(coin);
  if (coin.includes(":")) {
    return new InputError("unknown-symbol", `${shown} is a perp of a builder's dex (HIP-3)`, {
      hint: "only the perps of Hyperliquid's own dex are traded here",
    });
  }
  if (coin.includes("/") || coin.startsWith("@")) {
    return new InputError("unknown-symbol", `${shown} is a spot pair of Hyperliquid`, {
      hint: "only perps are traded here; their names are those of coins, e.g. SUI",
    });
  }
  return new InputError("unknown-symbol", `Hyperliquid has no perp ${shown}`, {
    hint: hintFor(universe, coin),
  });
}

function hintFor(universe: readonly HlMetaEntry[], coin: string): string {
  const names = universe.map(({ name }) => name);
  const lower = coin.toLowerCase();
  const sameLetters = names.find((name) => name.toLowerCase() === lower);
  if (sameLetters !== undefined) {
    return `did you mean ${sameLetters}? Upper and lower case differ here`;
  }
  if (names.length === 0) return "check its spelling";
  return `check its spelling; the nearest that there is: ${closest(coin, names)}`;
}
