/**
 * Numbers as Hyperliquid's answers and streams write them: plain decimals with at least one digit
 * behind the point ("65000.0"). What clients send must not be so written. Pure; may import domain.
 */

import { type Decimal, decimalOfInteger, plain } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";

/** Amounts of USDC are kept to a millionth, cut towards zero. */
export const USDC_DECIMALS = 6;
const ROUND_DOWN = 0;
const ROUND_HALF_UP = 1;

/** A plain decimal, with `.0` where it is a whole number. */
export function dotted(text: string): string {
  return text.includes(".") ? text : `${text}.0`;
}

export function numberText(value: Decimal): string {
  return dotted(plain(value));
}

/** Cut to a millionth, as the venue keeps amounts. */
export function cutUsdc(value: Decimal): Decimal {
  return value.round(USDC_DECIMALS, ROUND_DOWN);
}

export function usdcText(value: Decimal): string {
  return numberText(cutUsdc(value));
}

export function priceText(instrument: Instrument, ticks: number): string {
  return dotted(instrument.priceString(ticks));
}

export function sizeText(instrument: Instrument, lots: number): string {
  return dotted(instrument.sizeString(lots));
}

/**
 * A price that is an average, to as many decimals as the instrument has.
 * @param value Σ price · size, unsigned @param lots above 0
 */
export function averagePriceText(instrument: Instrument, value: Decimal, lots: number): string {
  const { tickSize, lotSize } = instrument;
  const unit = tickSize.times(lotSize).times(decimalOfInteger(lots));
  const ticks = value.div(unit);
  return numberText(ticks.times(tickSize).round(USDC_DECIMALS, ROUND_HALF_UP));
}
