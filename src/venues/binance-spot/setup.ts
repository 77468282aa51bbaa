/**
 * What the desk loads of a symbol, hands to workers as plain data, and each worker reads back.
 * Pure; may import domain only.
 */

import * as v from "valibot";
import type { FeeRates } from "../binance/exchange-info.ts";
import { Amount, parsed } from "../wire.ts";
import { readExchangeInfo, readMarket, type SpotMarket } from "./instruments.ts";

/** The standard fee of an account without discounts: stands in where there is no key to ask by. */
export const STANDARD_FEES: FeeRates = { makerFeeRate: "0.001", takerFeeRate: "0.001" };

/** `data` of a MarketSetup: plain, so that it may be posted between threads. */
export interface SpotSetup {
  /** The venue's own words on this symbol. */
  readonly exchangeInfo: unknown;
  readonly fees: FeeRates;
}

const Setup = v.object({
  exchangeInfo: v.unknown(),
  fees: v.object({ makerFeeRate: Amount, takerFeeRate: Amount }),
});

/** @throws {ProtocolError} where it is no setup of this symbol; {InputError} `unknown-symbol` */
export function readSetup(data: unknown, symbol: string): SpotSetup & { market: SpotMarket } {
  const { exchangeInfo, fees } = parsed(Setup, data, `the setup of ${symbol}`);
  return { exchangeInfo, fees, market: readMarket(readExchangeInfo(exchangeInfo), symbol, fees) };
}
