/**
 * The coins that the mock venue knows by name, and how the venue tells of its universe. Asset ids
 * are positions in it, and delisted coins keep theirs. May import domain and this folder.
 */

import { InputError } from "#domain/errors.ts";
import { Instrument } from "#domain/instrument.ts";

/** A coin that is traded no more; it keeps its index. */
export interface DelistedCoin {
  readonly name: string;
  readonly szDecimals: number;
  readonly maxLeverage: number;
}

export interface PerpSpec {
  readonly coin: string;
  readonly szDecimals: number;
  /** Plain decimals, fractions of the value; a negative maker fee is a rebate. */
  readonly makerFeeRate?: string;
  readonly takerFeeRate?: string;
}

export interface KnownPerp extends DelistedCoin {
  /** Plain decimal: what a synthetic market starts at. */
  readonly startPrice: string;
}

/** Perps of the venue have six decimals to share between price and size. */
const PERP_DECIMALS = 6;
const FIGURES = 5;
const BASE_OPEN_ORDERS = 1000;
const MAKER_FEE_RATE = "0.00015";
const TAKER_FEE_RATE = "0.00045";

/** In the order of their ids on this venue; prices of the right size, no more. */
const KNOWN: readonly (KnownPerp & { readonly isDelisted?: boolean })[] = [
  { name: "BTC", szDecimals: 5, maxLeverage: 40, startPrice: "64000" },
  { name: "ETH", szDecimals: 4, maxLeverage: 25, startPrice: "2000" },
  { name: "MATIC", szDecimals: 1, maxLeverage: 20, startPrice: "0.4", isDelisted: true },
  { name: "SOL", szDecimals: 2, maxLeverage: 20, startPrice: "150" },
  { name: "SUI", szDecimals: 1, maxLeverage: 10, startPrice: "3" },
  { name: "FTM", szDecimals: 0, maxLeverage: 10, startPrice: "0.7", isDelisted: true },
  { name: "DOGE", szDecimals: 0, maxLeverage: 10, startPrice: "0.2" },
  { name: "kPEPE", szDecimals: 0, maxLeverage: 10, startPrice: "0.01" },
];

/** The venue's rules for a perp, as an instrument: five figures, ten dollars, no amending. */
export function perpInstrument({ coin, szDecimals, ...fees }: PerpSpec): Instrument {
  return new Instrument({
    venue: "hyperliquid",
    symbol: coin,
    base: coin,
    quote: "USDC",
    kind: "perp",
    priceRule: { kind: "significant-figures", figures: FIGURES },
    tickSize: unitOf(PERP_DECIMALS - szDecimals),
    lotSize: unitOf(szDecimals),
    minNotional: "10",
    makerFeeRate: fees.makerFeeRate ?? MAKER_FEE_RATE,
    takerFeeRate: fees.takerFeeRate ?? TAKER_FEE_RATE,
    maxOpenOrders: BASE_OPEN_ORDERS,
    canAmend: false,
    canOpenByStop: false,
    stopsFireOn: "mark",
  });
}

/**
 * A universe around the listed coins asked for: everything the mock knows in the order of its ids,
 * the coins that are not asked for as delisted ones, so that an id is the same in every mock.
 * @throws {InputError} `unknown-symbol`
 */
export function universeAround<Listed>(
  coins: readonly string[],
  list: (known: KnownPerp, index: number) => Listed,
): (Listed | DelistedCoin)[] {
  const names = KNOWN.filter(({ isDelisted }) => isDelisted !== true).map(({ name }) => name);
  for (const coin of coins) {
    if (names.includes(coin)) continue;
    const message = `the mock venue does not know ${JSON.stringify(coin)}`;
    throw new InputError("unknown-symbol", message, { hint: `it has ${names.join(", ")}` });
  }
  return KNOWN.map(({ name, szDecimals, maxLeverage, startPrice }, index) => {
    const facts = { name, szDecimals, maxLeverage };
    return coins.includes(name) ? list({ ...facts, startPrice }, index) : facts;
  });
}

function unitOf(decimals: number): string {
  return decimals === 0 ? "1" : `0.${"0".repeat(decimals - 1)}1`;
}
