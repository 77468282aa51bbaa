/** Amounts as Binance USD-M writes them. Pure; may import domain and the family's shapes. */

import {
  type Decimal,
  decimal,
  decimalOfInteger,
  decimalsOf,
  plain,
  ZERO,
} from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { AmountTexts } from "../binance/symbol-market.ts";

/** The venue keeps money to so many decimals. */
export const MONEY_DECIMALS = 8;
const AVERAGE_DECIMALS = 8;
const ROUND_DOWN = 0;
const ROUND_HALF_UP = 1;

/** Prices and sizes with as many decimals as tick and lot have; values as they are. */
export function perpTexts(instrument: Instrument): AmountTexts {
  const { tickSize, lotSize } = instrument;
  const priceDecimals = decimalsOf(tickSize);
  const sizeDecimals = decimalsOf(lotSize);
  return {
    price: (ticks) => padded(instrument.priceString(ticks), priceDecimals),
    size: (lots) => padded(instrument.sizeString(lots), sizeDecimals),
    value: (units) => plain(decimal(units.toString()).times(tickSize).times(lotSize)),
  };
}

/** Wallets, fees, profits. */
export function moneyText(amount: Decimal): string {
  return amount.toFixed(MONEY_DECIMALS, ROUND_DOWN);
}

/** A price that is on no grid: marks, entries, averages. @param value Σ price · size */
export function averagePrice(instrument: Instrument, value: Decimal, lots: number): Decimal {
  if (lots === 0) return ZERO;
  const size = instrument.lotSize.times(decimalOfInteger(Math.abs(lots)));
  return value.abs().div(size).round(AVERAGE_DECIMALS, ROUND_HALF_UP);
}

/** A mark price: more decimals than the tick has. */
export function markText(price: Decimal): string {
  return price.toFixed(MONEY_DECIMALS);
}

function padded(text: string, decimals: number): string {
  if (decimals === 0) return text;
  const point = text.indexOf(".");
  return point === -1 ? `${text}.${"0".repeat(decimals)}` : text.padEnd(point + 1 + decimals, "0");
}
