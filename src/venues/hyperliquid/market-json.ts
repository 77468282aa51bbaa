/**
 * A frame of Hyperliquid's public channels by way of JSON.parse: the slow twin of market-parser.ts,
 * its fallback for every shape that it does not know, and the place that says what is wrong with a
 * bad frame. Pure; may import domain only.
 */

import * as v from "valibot";
import { type Decimal, decimal, decimalsOf, isDecimalString, plain } from "#domain/decimal.ts";
import { MmError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import { Amount, Count } from "../wire.ts";
import { MAX_LEVELS, MarketKind, type MarketMessage } from "./market-message.ts";

/** Prices of levels are 32-bit counts of ticks. */
export const MAX_TICKS = 2_147_483_647;

/**
 * A frame that cannot be used, and nothing of it was. `code` is `bad-json`, `unknown-message`,
 * `wrong-symbol`, `bad-price` or `bad-size`.
 */
export class BadMarketMessage extends MmError {}

const Level = v.object({ px: v.string(), sz: v.string() });
const Levels = v.array(Level);
const Touch = v.nullable(Level);
const Bbo = v.object({ coin: v.string(), time: Count, bbo: v.strictTuple([Touch, Touch]) });
const Whole = v.object({
  coin: v.string(),
  time: Count,
  levels: v.strictTuple([Levels, Levels]),
  fast: v.optional(v.unknown()),
});
const Print = v.object({
  coin: v.string(),
  side: v.picklist(["A", "B"]),
  px: v.string(),
  sz: v.string(),
  time: Count,
  tid: Count,
});
const Context = v.object({
  coin: v.string(),
  ctx: v.object({ oraclePx: v.string(), markPx: v.string(), funding: Amount }),
});

/** Which way a price that is no whole number of ticks is rounded: never to our advantage. */
type Rounding = "down" | "up";

/**
 * Reads one frame into `out`.
 * @returns false where it is of no channel of the market
 * @throws {BadMarketMessage}
 */
export function readMarketJson(text: string, instrument: Instrument, out: MarketMessage): boolean {
  const json = parseJson(text);
  const frame = v.safeParse(v.object({ channel: v.string(), data: v.unknown() }), json);
  if (!frame.success) return false;
  const reader = new FrameReader(instrument, out);
  switch (frame.output.channel) {
    case "bbo":
      reader.bbo(parsed(Bbo, frame.output.data, text));
      return true;
    case "l2Book":
      reader.book(parsed(Whole, frame.output.data, text));
      return true;
    case "trades":
      reader.trades(parsed(v.array(Print), frame.output.data, text));
      return true;
    case "activeAssetCtx":
      reader.context(parsed(Context, frame.output.data, text));
      return true;
    default:
      return false;
  }
}

class FrameReader {
  readonly #coin: string;
  /** What makes a price a count of ticks, a size a count of lots. */
  readonly #ticksAWhole: Decimal;
  readonly #lotsAWhole: Decimal;
  readonly #out: MarketMessage;

  constructor({ symbol, tickSize, lotSize }: Instrument, out: MarketMessage) {
    this.#coin = symbol;
    this.#ticksAWhole = decimal(`1${"0".repeat(decimalsOf(tickSize))}`);
    this.#lotsAWhole = decimal(`1${"0".repeat(decimalsOf(lotSize))}`);
    this.#out = out;
  }

  bbo({ coin, time, bbo: [bid, ask] }: v.InferOutput<typeof Bbo>): void {
    this.#begin(MarketKind.bbo, coin, time);
    this.#touchSide(bid, "down");
    this.#out.levels.bidEnd = 1;
    this.#touchSide(ask, "up");
  }

  book({ coin, time, levels: [bids, asks], fast }: v.InferOutput<typeof Whole>): void {
    this.#begin(MarketKind.book, coin, time);
    this.#out.isFast = fast === true;
    for (const level of bids) this.#level(level, "down", 0);
    const { levels } = this.#out;
    levels.bidEnd = levels.end;
    for (const level of asks) this.#level(level, "up", levels.bidEnd);
  }

  trades(list: readonly v.InferOutput<typeof Print>[]): void {
    const out = this.#out;
    out.reset(MarketKind.trades);
    for (const { coin, side, px, sz, time, tid } of list) {
      this.#check(coin);
      const at = out.prints.push(time, tid, side === "B");
      // The side that rested is not filled at a price that it did not ask for.
      out.prints.ticks[at] = this.#ticksOf(px, side === "B" ? "down" : "up");
      out.prints.lots[at] = this.#lotsOf(sz, "down");
    }
  }

  context({ coin, ctx }: v.InferOutput<typeof Context>): void {
    const out = this.#out;
    this.#check(coin);
    out.reset(MarketKind.context);
    out.oracleTicks = this.#fractionalTicks(ctx.oraclePx);
    out.markTicks = this.#fractionalTicks(ctx.markPx);
    out.fundingRate = Number(ctx.funding);
  }

  #begin(kind: number, coin: string, timeMs: number): void {
    this.#check(coin);
    this.#out.reset(kind);
    this.#out.venueMs = timeMs;
    this.#out.levels.lastId = timeMs;
  }

  #touchSide(level: v.InferOutput<typeof Touch>, rounding: Rounding): void {
    const { levels } = this.#out;
    if (level === null) {
      levels.ticks[levels.end] = 0;
      levels.lots[levels.end] = 0;
      levels.end += 1;
      return;
    }
    this.#level(level, rounding, levels.end);
  }

  /** Adds a level; to the one before, where rounding has made the two one. */
  #level({ px, sz }: v.InferOutput<typeof Level>, rounding: Rounding, sideStart: number): void {
    const { levels } = this.#out;
    const ticks = this.#ticksOf(px, rounding);
    const lots = this.#lotsOf(sz, "up");
    const last = levels.end - 1;
    if (last >= sideStart && levels.ticks[last] === ticks) {
      levels.lots[last] = (levels.lots[last] ?? 0) + lots;
      return;
    }
    if (levels.end === MAX_LEVELS) {
      throw new BadMarketMessage("unknown-message", `a book of more than ${MAX_LEVELS} levels`);
    }
    levels.ticks[levels.end] = ticks;
    levels.lots[levels.end] = lots;
    levels.end += 1;
  }

  #ticksOf(px: string, rounding: Rounding): number {
    const exact = this.#exactTicks(px);
    const whole = exact.round(0, rounding === "down" ? 0 : 3);
    if (!whole.eq(exact)) this.#out.offGrid += 1;
    const ticks = Number(plain(whole));
    if (ticks >= 1 && ticks <= MAX_TICKS) return ticks;
    const message = `the price ${px} is ${ticks} ticks; a book holds 1 to ${MAX_TICKS}`;
    throw new BadMarketMessage("bad-price", message);
  }

  /** Levels are never understated, prints never overstated: both would fill us too early. */
  #lotsOf(sz: string, rounding: Rounding): number {
    if (!isDecimalString(sz) || sz.startsWith("-")) {
      throw new BadMarketMessage("bad-size", `${JSON.stringify(sz)} is no size`);
    }
    const exact = decimal(sz).times(this.#lotsAWhole);
    const whole = exact.round(0, rounding === "down" ? 0 : 3);
    if (!whole.eq(exact)) this.#out.offGrid += 1;
    const lots = Number(plain(whole));
    if (Number.isSafeInteger(lots)) return lots;
    throw new BadMarketMessage("bad-size", `the size ${sz} is beyond what is counted exactly`);
  }

  #fractionalTicks(px: string): number {
    const ticks = Number(plain(this.#exactTicks(px)));
    if (ticks > 0) return ticks;
    throw new BadMarketMessage("bad-price", `the price ${px} is not above 0`);
  }

  #exactTicks(px: string): Decimal {
    if (!isDecimalString(px)) {
      throw new BadMarketMessage("bad-price", `${JSON.stringify(px)} is no price`);
    }
    return decimal(px).times(this.#ticksAWhole);
  }

  #check(coin: string): void {
    if (coin === this.#coin) return;
    const message = `the frame is of ${coin}, the instrument is ${this.#coin}`;
    throw new BadMarketMessage("wrong-symbol", message);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BadMarketMessage("bad-json", `the frame is no JSON: ${shortened(text)}`, { cause });
  }
}

function parsed<Schema extends v.GenericSchema>(
  schema: Schema,
  json: unknown,
  text: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const message = `the frame is not as documented: ${shortened(text)}`;
  throw new BadMarketMessage("unknown-message", message);
}

/** The beginning of a text, for errors. */
function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
