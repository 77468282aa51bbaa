/**
 * One line of a Binance spot recording by way of JSON.parse: the slow twin of the fast parser in
 * binance-spot-lines.ts, its fallback for every shape that it does not know, and the place that
 * says what is wrong with a bad line. Message shapes: Binance web-socket-streams.md.
 */

import * as v from "valibot";
import { decimal, isDecimalString } from "#domain/decimal.ts";
import { InputError, messageOf } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import { CaptureKind, type CaptureMessage } from "./capture-log.ts";

/** Prices of a tape are 32-bit counts of ticks. */
export const MAX_TICKS = 2_147_483_647;
/** Times from here on are microseconds: a stream opened with `timeUnit=MICROSECOND`. */
const FIRST_MICROSECOND_TIME = 1e15;

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Levels = v.array(v.looseTuple([v.string(), v.string()]));
const Envelope = v.object({ stream: v.string(), data: v.looseObject({}) });
const Snapshot = v.object({ lastUpdateId: Count, bids: Levels, asks: Levels });
const Ticker = v.object({
  u: Count,
  s: v.string(),
  b: v.string(),
  B: v.string(),
  a: v.string(),
  A: v.string(),
});
const Depth = v.object({
  E: Count,
  s: v.string(),
  U: Count,
  u: Count,
  b: Levels,
  a: Levels,
});
const Trade = v.object({
  E: Count,
  s: v.string(),
  t: Count,
  p: v.string(),
  q: v.string(),
  T: Count,
  m: v.boolean(),
});

/** Where a line is and what it should be about. */
export interface LineContext {
  readonly instrument: Instrument;
  /** `file:line`, for errors. */
  readonly where: string;
}

/**
 * Reads one line into `out`.
 * @throws {InputError} `bad-line`, `bad-time`, `unknown-message`, `wrong-symbol`, `off-grid`
 */
export function readSpotJson(text: string, context: LineContext, out: CaptureMessage): void {
  const space = text.indexOf(" ");
  const time = text.slice(0, Math.max(space, 0));
  const json = parseJson(text.slice(space + 1), context.where);
  if (space === -1) {
    throw badLine(context.where, "bad-line", "the line has no receive time before its message");
  }
  if (!/^\d{19}$/.test(time)) {
    const message = `the receive time ${JSON.stringify(shortened(time))} is no time in nanoseconds`;
    throw badLine(context.where, "bad-time", message);
  }
  readMessage(json, context, out);
  out.receivedMs = receivedMsOf(Number(time.slice(0, -6)), Number(time.slice(-6)));
}

/** A receive time as float64 milliseconds, from its whole milliseconds and the rest. */
export function receivedMsOf(wholeMs: number, nanoseconds: number): number {
  return wholeMs + nanoseconds / 1e6;
}

/** A venue's time as milliseconds, whichever unit the stream was opened with. */
export function venueMsOf(time: number): number {
  return time >= FIRST_MICROSECOND_TIME ? time / 1000 : time;
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError("bad-line", `the message is no JSON: ${shortened(text)}`, {
      where,
      hint: "if it is the last line, the recording was cut short: delete that line",
      cause,
    });
  }
}

function readMessage(json: unknown, context: LineContext, out: CaptureMessage): void {
  const envelope = v.safeParse(Envelope, json);
  if (!envelope.success) {
    readSnapshot(parsed(Snapshot, json, context), context, out);
    return;
  }
  const { data } = envelope.output;
  const event = data["e"];
  if ("pu" in data || event === "bookTicker") {
    const message = "this is a message of Binance USD-M futures";
    throw unknownMessage(context.where, message);
  }
  if (event === "depthUpdate") readDepth(parsed(Depth, data, context), context, out);
  else if (event === "trade") readTrade(parsed(Trade, data, context), context, out);
  else readTicker(parsed(Ticker, data, context), context, out);
}

function parsed<Schema extends v.GenericSchema>(
  schema: Schema,
  json: unknown,
  context: LineContext,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const shown = shortened(JSON.stringify(json));
  throw unknownMessage(context.where, `this message is of no known kind: ${shown}`);
}

function readSnapshot(
  snapshot: v.InferOutput<typeof Snapshot>,
  context: LineContext,
  out: CaptureMessage,
): void {
  out.reset(CaptureKind.snapshot);
  out.firstId = snapshot.lastUpdateId;
  out.lastId = snapshot.lastUpdateId;
  readLevels(snapshot.bids, context, out);
  out.levels.bidCount = out.levels.length;
  readLevels(snapshot.asks, context, out);
}

function readDepth(
  depth: v.InferOutput<typeof Depth>,
  context: LineContext,
  out: CaptureMessage,
): void {
  checkSymbol(depth.s, context);
  out.reset(CaptureKind.depth);
  out.eventMs = venueMsOf(depth.E);
  out.venueMs = out.eventMs;
  out.firstId = depth.U;
  out.lastId = depth.u;
  readLevels(depth.b, context, out);
  out.levels.bidCount = out.levels.length;
  readLevels(depth.a, context, out);
}

function readTicker(
  ticker: v.InferOutput<typeof Ticker>,
  context: LineContext,
  out: CaptureMessage,
): void {
  checkSymbol(ticker.s, context);
  out.reset(CaptureKind.ticker);
  out.firstId = ticker.u;
  out.lastId = ticker.u;
  readLevels([[ticker.b, ticker.B]], context, out);
  out.levels.bidCount = 1;
  readLevels([[ticker.a, ticker.A]], context, out);
}

function readTrade(
  trade: v.InferOutput<typeof Trade>,
  context: LineContext,
  out: CaptureMessage,
): void {
  checkSymbol(trade.s, context);
  out.reset(CaptureKind.trade);
  out.eventMs = venueMsOf(trade.E);
  out.venueMs = venueMsOf(trade.T);
  out.firstId = trade.t;
  out.lastId = trade.t;
  // The buyer rested, so the seller took.
  out.sellerTook = trade.m;
  readLevels([[trade.p, trade.q]], context, out);
}

function readLevels(
  levels: readonly (readonly [string, string, ...unknown[]])[],
  context: LineContext,
  out: CaptureMessage,
): void {
  for (const [price, size] of levels) {
    out.levels.push(ticksOf(price, context), lotsOf(size, context, out));
  }
}

function ticksOf(price: string, { instrument, where }: LineContext): number {
  const hint = `check instrumentOverride.tickSize (${instrument.tickSize.toFixed()})`;
  let ticks: number;
  try {
    ticks = instrument.ticksOf(price);
  } catch (cause) {
    throw new InputError("off-grid", messageOf(cause), { where, hint, cause });
  }
  if (ticks >= 0 && ticks <= MAX_TICKS) return ticks;
  const message = `the price ${price} is ${ticks} ticks; a tape holds 0 to ${MAX_TICKS}`;
  throw new InputError("off-grid", message, { where, hint });
}

function lotsOf(size: string, { instrument, where }: LineContext, out: CaptureMessage): number {
  if (!isDecimalString(size) || size.startsWith("-")) {
    throw badLine(where, "bad-line", `${JSON.stringify(size)} is no size`);
  }
  const lots = instrument.wholeLots(decimal(size));
  const isOffGrid = !instrument.size(lots).eq(decimal(size));
  return isOffGrid ? out.roundedLots(lots) : lots;
}

function checkSymbol(symbol: string, { instrument, where }: LineContext): void {
  if (symbol === instrument.symbol) return;
  const message = `the recording is of ${symbol}, the instrument is ${instrument.symbol}`;
  throw new InputError("wrong-symbol", message, {
    where,
    hint: `give a recording of ${instrument.symbol}, or change the symbol of the pair`,
  });
}

function unknownMessage(where: string, message: string): InputError {
  return new InputError("unknown-message", message, {
    where,
    hint: "a recording holds Binance spot bookTicker, depth@100ms, trade and one REST snapshot",
  });
}

function badLine(where: string, code: string, message: string): InputError {
  const hint = "a line is a receive time in nanoseconds, a space, and the message as received";
  return new InputError(code, message, { where, hint });
}

function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
