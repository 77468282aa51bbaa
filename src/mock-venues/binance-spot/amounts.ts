/** Amounts as Binance Spot writes them: plain, eight decimals. Pure. */

import { decimal, decimalOfInteger } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { AmountTexts } from "../binance/symbol-market.ts";

const DECIMALS = 8;

/** A plain decimal of at most eight decimals, with all eight. */
export function eightDecimals(text: string): string {
  const point = text.indexOf(".");
  return point === -1 ? `${text}.${"0".repeat(DECIMALS)}` : text.padEnd(point + 1 + DECIMALS, "0");
}

export function priceText(instrument: Instrument, ticks: number): string {
  return eightDecimals(instrument.priceString(ticks));
}

export function sizeText(instrument: Instrument, lots: number): string {
  return eightDecimals(instrument.sizeString(lots));
}

/** Average price of so many lots. @param units Σ ticks · lots */
export function averageText(instrument: Instrument, units: bigint, lots: number): string {
  const ticks = decimal(units.toString()).div(decimalOfInteger(lots));
  return ticks.times(instrument.tickSize).toFixed(DECIMALS);
}

export function amountTexts(instrument: Instrument): AmountTexts {
  const { tickSize, lotSize } = instrument;
  return {
    price: (ticks) => priceText(instrument, ticks),
    size: (lots) => sizeText(instrument, lots),
    value: (units) => decimal(units.toString()).times(tickSize).times(lotSize).toFixed(DECIMALS),
  };
}
