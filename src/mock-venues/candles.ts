/**
 * Candles: a symbol's prints by second and by minute, the newest of each, and any coarser
 * interval made of the minutes. Before the first print there is a history that never was: a seeded
 * random walk, so that a client finds as much past as it asks of a venue. Knows no strings.
 */

import type { Rng } from "#domain/rng.ts";

export interface Candle {
  readonly openMs: number;
  readonly openTicks: number;
  highTicks: number;
  lowTicks: number;
  closeTicks: number;
  lots: number;
  /** Σ ticks · lots: beyond 2^53 for a busy day. */
  units: bigint;
  trades: number;
  /** The part of it in which the buyer took. */
  takerLots: number;
  takerUnits: bigint;
  /** -1 where it has no print, or none with an id. */
  firstId: number;
  lastId: number;
}

export interface Print {
  readonly id: number;
  readonly timeMs: number;
  readonly ticks: number;
  readonly lots: number;
  readonly aggressorIsBuy: boolean;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Candles kept of each ring, at least. */
const KEPT_SECONDS = 3600;
const KEPT_MINUTES = 2000;
/** The made-up past: seconds for the newest minutes, minutes for what lies before. */
const PAST_MINUTES_OF_SECONDS = 20;
const PAST_MINUTES = 1500;
/** Of the made-up past: per cent a year, and mean value a second in quote currency. */
const PAST_VOLATILITY = 0.6;
const PAST_NOTIONAL = 4000;
const SECONDS_A_YEAR = 365 * 86_400;

const INTERVALS_MS: ReadonlyMap<string, number> = new Map([
  ["1s", SECOND_MS],
  ["1m", MINUTE_MS],
  ["3m", 3 * MINUTE_MS],
  ["5m", 5 * MINUTE_MS],
  ["15m", 15 * MINUTE_MS],
  ["30m", 30 * MINUTE_MS],
  ["1h", HOUR_MS],
  ["2h", 2 * HOUR_MS],
  ["4h", 4 * HOUR_MS],
  ["6h", 6 * HOUR_MS],
  ["8h", 8 * HOUR_MS],
  ["12h", 12 * HOUR_MS],
  ["1d", DAY_MS],
  ["3d", 3 * DAY_MS],
  ["1w", 7 * DAY_MS],
  ["1M", 31 * DAY_MS],
]);

export function isInterval(text: string): boolean {
  return INTERVALS_MS.has(text);
}

/** When the candle of this interval that holds a time opens. */
export function candleOpenMs(interval: string, timeMs: number): number {
  if (interval === "1M") {
    const date = new Date(timeMs);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
  }
  const lengthMs = INTERVALS_MS.get(interval) ?? MINUTE_MS;
  // Weeks begin on Mondays; the epoch was a Thursday.
  const shiftMs = interval === "1w" ? 4 * DAY_MS : 0;
  return Math.floor((timeMs - shiftMs) / lengthMs) * lengthMs + shiftMs;
}

/** The last millisecond of the candle that opens then. */
export function candleCloseMs(interval: string, openMs: number): number {
  const lengthMs = INTERVALS_MS.get(interval) ?? MINUTE_MS;
  // Any moment of the next month opens the next month.
  return candleOpenMs(interval, openMs + lengthMs) - 1;
}

export class Candles {
  readonly #seconds = new CandleRing("1s", SECOND_MS, KEPT_SECONDS);
  readonly #minutes = new CandleRing("1m", MINUTE_MS, KEPT_MINUTES);

  /** Makes up the past of a market that starts at this price. */
  begin(startMs: number, startTicks: number, rng: Rng, lotsPerSecond: number): void {
    for (const { candle, isMinute } of inventedPast(startMs, startTicks, rng, lotsPerSecond)) {
      if (!isMinute) this.#seconds.merge(candle);
      this.#minutes.merge(candle);
    }
    this.advance(startMs);
  }

  print(print: Print): void {
    this.#seconds.merge(candleOf(print));
    this.#minutes.merge(candleOf(print));
  }

  /** Nothing was printed until now: candles without prints are there all the same. */
  advance(timeMs: number): void {
    this.#seconds.advance(timeMs);
    this.#minutes.advance(timeMs);
  }

  /** All that is kept of an interval, oldest first; the last one is not closed. */
  list(interval: string): readonly Readonly<Candle>[] {
    if (interval === "1s") return this.#seconds.candles;
    if (interval === "1m") return this.#minutes.candles;
    const coarse: Candle[] = [];
    for (const minute of this.#minutes.candles) mergeInto(coarse, interval, minute);
    return coarse;
  }
}

/** The newest candles of one interval without a gap. */
class CandleRing {
  readonly candles: Candle[] = [];
  readonly #interval: string;
  readonly #lengthMs: number;
  readonly #kept: number;

  constructor(interval: string, lengthMs: number, kept: number) {
    this.#interval = interval;
    this.#lengthMs = lengthMs;
    this.#kept = kept;
  }

  merge(part: Readonly<Candle>): void {
    this.advance(part.openMs - this.#lengthMs);
    mergeInto(this.candles, this.#interval, part);
    this.#trim();
  }

  /** Opens candles without prints up to the one that holds this time. */
  advance(timeMs: number): void {
    const lastMs = candleOpenMs(this.#interval, timeMs);
    for (;;) {
      const last = this.candles.at(-1);
      if (last === undefined || last.openMs >= lastMs) break;
      // After a gap longer than what is kept, what lies before it is of no use.
      const nextMs = Math.max(last.openMs, lastMs - this.#kept * this.#lengthMs) + this.#lengthMs;
      mergeInto(this.candles, this.#interval, flatCandle(nextMs, last.closeTicks));
    }
    this.#trim();
  }

  #trim(): void {
    const excess = this.candles.length - this.#kept;
    if (excess > this.#kept) this.candles.splice(0, excess);
  }
}

/** Adds a part that is not older than the last candle. */
function mergeInto(candles: Candle[], interval: string, part: Readonly<Candle>): void {
  const openMs = candleOpenMs(interval, part.openMs);
  const last = candles.at(-1);
  if (last === undefined || openMs > last.openMs) {
    candles.push({ ...part, openMs });
    return;
  }
  if (last.trades === 0 && part.trades > 0) {
    // Without a print it stood at the price before: its own begins with the first print.
    candles[candles.length - 1] = { ...part, openMs };
    return;
  }
  last.highTicks = Math.max(last.highTicks, part.highTicks);
  last.lowTicks = Math.min(last.lowTicks, part.lowTicks);
  last.closeTicks = part.closeTicks;
  last.lots += part.lots;
  last.units += part.units;
  last.trades += part.trades;
  last.takerLots += part.takerLots;
  last.takerUnits += part.takerUnits;
  if (part.lastId === -1) return;
  if (last.firstId === -1) last.firstId = part.firstId;
  last.lastId = part.lastId;
}

function flatCandle(openMs: number, ticks: number): Candle {
  return {
    openMs,
    openTicks: ticks,
    highTicks: ticks,
    lowTicks: ticks,
    closeTicks: ticks,
    lots: 0,
    units: 0n,
    trades: 0,
    takerLots: 0,
    takerUnits: 0n,
    firstId: -1,
    lastId: -1,
  };
}

function candleOf({ id, timeMs, ticks, lots, aggressorIsBuy }: Print): Candle {
  const units = BigInt(ticks) * BigInt(lots);
  return {
    ...flatCandle(timeMs, ticks),
    lots,
    units,
    trades: 1,
    takerLots: aggressorIsBuy ? lots : 0,
    takerUnits: aggressorIsBuy ? units : 0n,
    firstId: id,
    lastId: id,
  };
}

/** A random walk that ends at the start price, as candles, oldest first. */
function inventedPast(
  startMs: number,
  startTicks: number,
  rng: Rng,
  lotsPerSecond: number,
): { readonly candle: Candle; readonly isMinute: boolean }[] {
  const past: { candle: Candle; isMinute: boolean }[] = [];
  const startMinuteMs = candleOpenMs("1m", startMs);
  const secondsFromMs = startMinuteMs - PAST_MINUTES_OF_SECONDS * MINUTE_MS;
  const minutesFromMs = secondsFromMs - PAST_MINUTES * MINUTE_MS;
  let closeTicks = startTicks;
  for (let endMs = candleOpenMs("1s", startMs); endMs > minutesFromMs; ) {
    const isMinute = endMs <= secondsFromMs;
    const lengthMs = isMinute ? MINUTE_MS : SECOND_MS;
    const openMs = endMs - lengthMs;
    const candle = inventedCandle(openMs, closeTicks, lengthMs / SECOND_MS, { rng, lotsPerSecond });
    past.push({ candle, isMinute });
    closeTicks = candle.openTicks;
    endMs = openMs;
  }
  return past.toReversed();
}

function inventedCandle(
  openMs: number,
  closeTicks: number,
  seconds: number,
  { rng, lotsPerSecond }: { readonly rng: Rng; readonly lotsPerSecond: number },
): Candle {
  const sigma = PAST_VOLATILITY * Math.sqrt(seconds / SECONDS_A_YEAR);
  const moved = (factor: number) => Math.max(1, Math.round(closeTicks * Math.exp(sigma * factor)));
  const openTicks = moved(rng.normal());
  const reach = Math.abs(rng.normal()) / 2;
  const lots = Math.ceil(rng.exponential(1 / (lotsPerSecond * seconds)));
  const takerLots = Math.floor(lots * rng.uniform());
  const meanTicks = BigInt(Math.round((openTicks + closeTicks) / 2));
  return {
    ...flatCandle(openMs, openTicks),
    highTicks: Math.max(openTicks, closeTicks, moved(reach)),
    lowTicks: Math.min(openTicks, closeTicks, moved(-reach)),
    closeTicks,
    lots,
    units: meanTicks * BigInt(lots),
    trades: Math.max(1, Math.round(seconds * rng.exponential(0.5))),
    takerLots,
    takerUnits: meanTicks * BigInt(takerLots),
  };
}

/** Mean lots a second of the made-up past. @param lotNotional value of one lot now */
export function pastLotsPerSecond(lotNotional: number): number {
  return Math.max(1, PAST_NOTIONAL / lotNotional);
}
