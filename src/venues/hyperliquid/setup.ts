/**
 * What the desk loads of a perp, hands to workers as plain data, and each worker reads back. Pure;
 * may import domain only.
 */

import * as v from "valibot";
import { Amount, Count, ProtocolError, parsed } from "../wire.ts";
import { type HlFees, type HlMarket, type HlMeta, marketOf, readMarket } from "./instruments.ts";

/** `data` of a MarketSetup: plain, so that it may be posted between threads. */
export interface HlSetup {
  /** The venue's own words on this perp, and its place in `meta`. */
  readonly meta: { readonly asset: number; readonly entry: unknown };
  readonly fees: HlFees;
}

const Setup = v.object({
  meta: v.object({ asset: Count, entry: v.unknown() }),
  fees: v.object({ makerFeeRate: Amount, takerFeeRate: Amount }),
});

/** @throws {InputError} `unknown-symbol`; {ProtocolError} */
export function setupOf(meta: HlMeta, coin: string, fees: HlFees): HlSetup {
  const { asset } = readMarket(meta, coin, fees);
  return { meta: { asset, entry: meta.universe[asset] }, fees };
}

/** @throws {ProtocolError} where it is no setup of this symbol */
export function readSetup(data: unknown, symbol: string): HlMarket {
  const { meta, fees } = parsed(Setup, data, `the setup of ${symbol}`);
  const market = marketOf(meta.asset, meta.entry, fees);
  if (market.instrument.symbol === symbol) return market;
  throw new ProtocolError(`it is of ${market.instrument.symbol}`, `the setup of ${symbol}`);
}
