/**
 * What the desk loads of a perpetual, hands to workers as plain data, and each worker reads back:
 * the one symbol of hundreds that exchangeInfo lists. Pure; may import domain only.
 */

import * as v from "valibot";
import type { FeeRates } from "../binance/exchange-info.ts";
import { Amount, parsed } from "../wire.ts";
import { type ExchangeInfo, type PerpMarket, readExchangeInfo, readMarket } from "./instruments.ts";

/** `data` of a MarketSetup: plain, so that it may be posted between threads. */
export interface PerpSetup {
  /** The venue's own words on this symbol: its entry in exchangeInfo. */
  readonly description: unknown;
  readonly fees: FeeRates;
}

const Setup = v.object({
  description: v.unknown(),
  fees: v.object({ makerFeeRate: Amount, takerFeeRate: Amount }),
});

/**
 * A symbol as the venue lists it, with the fees of the account.
 * @throws {InputError} `unknown-symbol`, `bad-instrument`; {ProtocolError}
 */
export function makeSetup(
  info: ExchangeInfo,
  symbol: string,
  fees: FeeRates,
): PerpSetup & { market: PerpMarket } {
  const market = readMarket(info, symbol, fees);
  return { description: info.symbols.get(symbol), fees, market };
}

/** @throws {ProtocolError} where it is no setup of this symbol; {InputError} as `makeSetup` */
export function readSetup(data: unknown, symbol: string): PerpSetup & { market: PerpMarket } {
  const { description, fees } = parsed(Setup, data, `the setup of ${symbol}`);
  const info = readExchangeInfo({ rateLimits: [], symbols: [description] });
  return { description, fees, market: readMarket(info, symbol, fees) };
}
