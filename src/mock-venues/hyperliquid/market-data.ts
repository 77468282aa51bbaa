/**
 * What the venue publishes of one coin, in the wire's shapes: touch, book (whole or grouped by
 * significant figures), asset context and candles. Pure; may import domain and this folder.
 */

import { NO_TICKS } from "#domain/book.ts";
import { decimal, decimalOfInteger, decimalOfNumber, ZERO } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import { type Candle, type Candles, candleCloseMs } from "../candles.ts";
import { dotted, numberText, priceText, sizeText } from "./wire-numbers.ts";

export interface LevelData {
  readonly px: string;
  readonly sz: string;
  /** Orders of the level. Not recorded, so made up. */
  readonly n: number;
}

export interface BboData {
  readonly coin: string;
  readonly time: number;
  /** Bid and ask. */
  readonly bbo: readonly [LevelData | null, LevelData | null];
}

export interface BookPrecision {
  /** 2 to 5; null or left out: as fine as prices are. */
  readonly nSigFigs?: number | null;
  /** 1, 2 or 5, with `nSigFigs` 5 only. */
  readonly mantissa?: number | null;
}

export interface BookData {
  readonly coin: string;
  readonly time: number;
  readonly levels: readonly [readonly LevelData[], readonly LevelData[]];
  /** With `nSigFigs` only: of the grouped book. */
  readonly spread?: string;
}

export interface PublicTrade {
  readonly coin: string;
  /** Of the aggressor. */
  readonly side: "B" | "A";
  readonly px: string;
  readonly sz: string;
  readonly time: number;
  readonly hash: string;
  readonly tid: number;
  /** Buyer and seller. */
  readonly users: readonly [string, string];
}

export interface AssetCtx {
  readonly funding: string;
  readonly openInterest: string;
  readonly prevDayPx: string;
  readonly dayNtlVlm: string;
  readonly dayBaseVlm: string;
  readonly premium: string | null;
  readonly oraclePx: string;
  readonly markPx: string;
  readonly midPx: string | null;
  /** Bid and ask for a typical order; here the touch. */
  readonly impactPxs: readonly [string, string] | null;
}

export interface CandleData {
  /** Open and close time. */
  readonly t: number;
  readonly T: number;
  /** Coin and interval. */
  readonly s: string;
  readonly i: string;
  readonly o: string;
  readonly c: string;
  readonly h: string;
  readonly l: string;
  readonly v: string;
  readonly n: number;
}

/** In ticks. */
export interface Prices {
  readonly markTicks: number;
  readonly oracleTicks: number;
  /** Fractional; 0 of an empty book. */
  readonly midTicks: number;
}

interface Named {
  readonly name: string;
  readonly instrument: Instrument;
}

interface BookRequest extends BookPrecision {
  readonly levels: number;
  readonly time: number;
}

interface CtxParts {
  readonly prices: Prices;
  /** Best bid and ask, or NO_TICKS. */
  readonly touch: readonly [number, number];
  readonly candles: Candles;
  readonly openInterestLots: number;
  readonly fundingRate: string;
}

const MAX_CANDLES = 5000;
const DAY_MINUTES = 1440;
const PREMIUM_DECIMALS = 10;
const ROUND_HALF_UP = 1;
/** What the venue has; the candles below know some more. */
const INTERVALS: ReadonlySet<string> = new Set(
  "1m 3m 5m 15m 30m 1h 2h 4h 8h 12h 1d 3d 1w 1M".split(" "),
);

export function isCandleInterval(text: string): boolean {
  return INTERVALS.has(text);
}

export function levelData({ instrument }: Named, [ticks, lots]: readonly number[]): LevelData {
  const [priceTicks, sizeLots] = [ticks ?? 0, lots ?? 0];
  const n = 1 + (sizeLots % 5);
  return { px: priceText(instrument, priceTicks), sz: sizeText(instrument, sizeLots), n };
}

/** @param sides bids and asks, best first: `[ticks, lots]` */
export function bookData(
  coin: Named,
  sides: readonly (readonly (readonly [number, number])[])[],
  { levels, time, nSigFigs, mantissa }: BookRequest,
): BookData {
  const step = (ticks: number): number => {
    return typeof nSigFigs === "number" ? groupTicks(ticks, nSigFigs, mantissa ?? 1) : 1;
  };
  const [bids = [], asks = []] = sides.map((side, index) => grouped(side, index === 0, step));
  const shown = (side: readonly (readonly [number, number])[]): LevelData[] =>
    side.slice(0, levels).map((level) => levelData(coin, level));
  const book = { coin: coin.name, time, levels: [shown(bids), shown(asks)] as const };
  const [bid, ask] = [bids[0]?.[0], asks[0]?.[0]];
  if (typeof nSigFigs !== "number" || bid === undefined || ask === undefined) return book;
  return { ...book, spread: priceText(coin.instrument, ask - bid) };
}

/** Distance of grouped prices near this one, in ticks. */
function groupTicks(ticks: number, figures: number, mantissa: number): number {
  const digits = ticks.toString().length;
  return Math.max(1, 10 ** Math.max(0, digits - figures) * mantissa);
}

/** Bids are grouped downwards, asks upwards. */
function grouped(
  side: readonly (readonly [number, number])[],
  isBid: boolean,
  stepAt: (ticks: number) => number,
): [number, number][] {
  const groups: [number, number][] = [];
  for (const [ticks, lots] of side) {
    const step = stepAt(ticks);
    const price = (isBid ? Math.floor(ticks / step) : Math.ceil(ticks / step)) * step;
    const last = groups.at(-1);
    if (last?.[0] === price) last[1] += lots;
    else groups.push([price, lots]);
  }
  return groups;
}

export function assetCtx({ instrument }: Named, parts: CtxParts): AssetCtx {
  const { prices, touch, candles, openInterestLots, fundingRate } = parts;
  const day = candles.list("1m").slice(-DAY_MINUTES);
  let units = 0n;
  let lots = 0;
  for (const candle of day) {
    units += candle.units;
    lots += candle.lots;
  }
  const { tickSize, lotSize } = instrument;
  const { markTicks, oracleTicks, midTicks } = prices;
  const [bid, ask] = touch;
  const hasBook = bid !== NO_TICKS && ask !== NO_TICKS;
  return {
    funding: dotted(fundingRate),
    openInterest: sizeText(instrument, openInterestLots),
    prevDayPx: priceText(instrument, day[0]?.openTicks ?? 0),
    dayNtlVlm: numberText(decimal(units.toString()).times(tickSize).times(lotSize)),
    dayBaseVlm: sizeText(instrument, lots),
    premium: hasBook ? premiumText(bid, ask, oracleTicks) : null,
    oraclePx: priceText(instrument, oracleTicks),
    markPx: priceText(instrument, markTicks),
    midPx: hasBook ? numberText(decimalOfNumber(midTicks).times(tickSize)) : null,
    impactPxs: hasBook ? [priceText(instrument, bid), priceText(instrument, ask)] : null,
  };
}

/** How far the touch lies beyond the oracle, as a fraction of it; 0 where the oracle is within. */
export function premiumText(bid: number, ask: number, oracleTicks: number): string {
  if (oracleTicks === 0) return numberText(ZERO);
  const beyond = Math.max(bid - oracleTicks, 0) - Math.max(oracleTicks - ask, 0);
  const premium = decimalOfInteger(beyond).div(decimalOfInteger(oracleTicks));
  return numberText(premium.round(PREMIUM_DECIMALS, ROUND_HALF_UP));
}

export function candleData(
  { name, instrument }: Named,
  candles: Candles,
  interval: string,
  isWanted: (candle: Readonly<Candle>) => boolean,
): CandleData[] | undefined {
  if (!isCandleInterval(interval)) return undefined;
  const wanted = candles.list(interval).filter(isWanted).slice(-MAX_CANDLES);
  return wanted.map((candle) => ({
    t: candle.openMs,
    T: candleCloseMs(interval, candle.openMs),
    s: name,
    i: interval,
    o: priceText(instrument, candle.openTicks),
    c: priceText(instrument, candle.closeTicks),
    h: priceText(instrument, candle.highTicks),
    l: priceText(instrument, candle.lowTicks),
    v: sizeText(instrument, candle.lots),
    n: candle.trades,
  }));
}
