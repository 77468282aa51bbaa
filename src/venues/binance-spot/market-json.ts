/**
 * A message of Binance Spot's public streams by way of JSON.parse: the slow twin of
 * market-parser.ts, its fallback for every shape that it does not know, and the place that says
 * what is wrong with a bad message. Shapes: Binance web-socket-streams.md. Pure; may import domain
 * only.
 */

import * as v from "valibot";
import { decimal, isDecimalString } from "#domain/decimal.ts";
import { MmError, messageOf } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import { MarketKind, type MarketMessage } from "./market-message.ts";
import { Count } from "./wire.ts";

/** Prices of levels are 32-bit counts of ticks. */
export const MAX_TICKS = 2_147_483_647;
/** Times from here on are microseconds: a stream opened with `timeUnit=MICROSECOND`. */
const FIRST_MICROSECOND_TIME = 1e15;

/**
 * A message that cannot be used, and nothing of it was. `code` is `bad-json`, `unknown-message`,
 * `wrong-symbol`, `off-grid` (a price) or `bad-size`.
 */
export class BadMarketMessage extends MmError {}

/** What messages are read for. */
export interface MarketSource {
  readonly instrument: Instrument;
  /** What they come from, for errors: `the feed`, `the recording`. */
  readonly name: string;
}

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
const Shutdown = v.object({ e: v.literal("serverShutdown") });
const Id = v.nullable(v.union([v.number(), v.string()]));
/** The answer to SUBSCRIBE and its kin. */
const Answer = v.strictObject({ result: v.unknown(), id: Id });
const ErrorBody = v.object({ code: v.number(), msg: v.string() });
const Refusal = v.union([ErrorBody, v.object({ error: ErrorBody, id: Id })]);

/** @throws {BadMarketMessage} `bad-json` */
export function parseMarketJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BadMarketMessage("bad-json", `the message is no JSON: ${shortened(text)}`, { cause });
  }
}

/** Reads one message, parsed, into `out`. @throws {BadMarketMessage} */
export function readMarketJson(json: unknown, source: MarketSource, out: MarketMessage): void {
  const envelope = v.safeParse(Envelope, json);
  if (envelope.success) readEvent(envelope.output, source, out);
  else if (!readControl(json, out)) readSnapshot(parsed(Snapshot, json), source, out);
}

/** A venue's time as milliseconds, whichever unit the stream was opened with. */
export function venueMsOf(time: number): number {
  return time >= FIRST_MICROSECOND_TIME ? time / 1000 : time;
}

/** The beginning of a text, for errors. */
export function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}

/** What nothing in the message is known to be. */
export function unknownMessage(json: unknown): BadMarketMessage {
  const shown = shortened(JSON.stringify(json));
  return new BadMarketMessage("unknown-message", `this message is of no known kind: ${shown}`);
}

function readEvent(
  { stream, data }: v.InferOutput<typeof Envelope>,
  source: MarketSource,
  out: MarketMessage,
): void {
  const event = data["e"];
  if ("pu" in data || event === "bookTicker") {
    const message = "this is a message of Binance USD-M futures";
    throw new BadMarketMessage("unknown-message", message);
  }
  if (event === "depthUpdate") readDepth(parsed(Depth, data), source, out);
  else if (event === "trade") readTrade(parsed(Trade, data), source, out);
  else if (event === undefined && (stream.endsWith("@bookTicker") || v.is(Ticker, data))) {
    readTicker(parsed(Ticker, data), source, out);
  } else {
    out.reset(event === "serverShutdown" ? MarketKind.shutdown : MarketKind.other);
    out.text = shortened(stream);
  }
}

/** Messages about the connection. @returns whether this is one */
function readControl(json: unknown, out: MarketMessage): boolean {
  const refusal = v.safeParse(Refusal, json);
  if (refusal.success) {
    const { code, msg } = "error" in refusal.output ? refusal.output.error : refusal.output;
    out.reset(MarketKind.refusal);
    out.text = shortened(`${code} ${msg}`);
    return true;
  }
  if (v.is(Shutdown, json)) out.reset(MarketKind.shutdown);
  else if (v.is(Answer, json)) out.reset(MarketKind.other);
  else return false;
  return true;
}

function parsed<Schema extends v.GenericSchema>(
  schema: Schema,
  json: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  throw unknownMessage(json);
}

function readSnapshot(
  snapshot: v.InferOutput<typeof Snapshot>,
  source: MarketSource,
  out: MarketMessage,
): void {
  out.reset(MarketKind.snapshot);
  out.firstId = snapshot.lastUpdateId;
  out.lastId = snapshot.lastUpdateId;
  readLevels(snapshot.bids, source, out);
  out.levels.bidCount = out.levels.length;
  readLevels(snapshot.asks, source, out);
}

function readDepth(
  depth: v.InferOutput<typeof Depth>,
  source: MarketSource,
  out: MarketMessage,
): void {
  checkSymbol(depth.s, source);
  out.reset(MarketKind.depth);
  out.eventMs = venueMsOf(depth.E);
  out.venueMs = out.eventMs;
  out.firstId = depth.U;
  out.lastId = depth.u;
  readLevels(depth.b, source, out);
  out.levels.bidCount = out.levels.length;
  readLevels(depth.a, source, out);
}

function readTicker(
  ticker: v.InferOutput<typeof Ticker>,
  source: MarketSource,
  out: MarketMessage,
): void {
  checkSymbol(ticker.s, source);
  out.reset(MarketKind.ticker);
  out.firstId = ticker.u;
  out.lastId = ticker.u;
  readLevels([[ticker.b, ticker.B]], source, out);
  out.levels.bidCount = 1;
  readLevels([[ticker.a, ticker.A]], source, out);
}

function readTrade(
  trade: v.InferOutput<typeof Trade>,
  source: MarketSource,
  out: MarketMessage,
): void {
  checkSymbol(trade.s, source);
  out.reset(MarketKind.trade);
  out.eventMs = venueMsOf(trade.E);
  out.venueMs = venueMsOf(trade.T);
  out.firstId = trade.t;
  out.lastId = trade.t;
  // The buyer rested, so the seller took.
  out.sellerTook = trade.m;
  readLevels([[trade.p, trade.q]], source, out);
}

function readLevels(
  levels: readonly (readonly [string, string, ...unknown[]])[],
  { instrument }: MarketSource,
  out: MarketMessage,
): void {
  for (const [price, size] of levels) {
    out.levels.push(ticksOf(price, instrument), lotsOf(size, instrument, out));
  }
}

function ticksOf(price: string, instrument: Instrument): number {
  let ticks: number;
  try {
    ticks = instrument.ticksOf(price);
  } catch (cause) {
    throw new BadMarketMessage("off-grid", messageOf(cause), { cause });
  }
  if (ticks >= 0 && ticks <= MAX_TICKS) return ticks;
  const message = `the price ${price} is ${ticks} ticks; a book holds 0 to ${MAX_TICKS}`;
  throw new BadMarketMessage("off-grid", message);
}

function lotsOf(size: string, instrument: Instrument, out: MarketMessage): number {
  if (!isDecimalString(size) || size.startsWith("-")) {
    throw new BadMarketMessage("bad-size", `${JSON.stringify(size)} is no size`);
  }
  const lots = instrument.wholeLots(decimal(size));
  const isOffGrid = !instrument.size(lots).eq(decimal(size));
  return isOffGrid ? out.roundedLots(lots) : lots;
}

function checkSymbol(symbol: string, { instrument, name }: MarketSource): void {
  if (symbol === instrument.symbol) return;
  const message = `${name} is of ${symbol}, the instrument is ${instrument.symbol}`;
  throw new BadMarketMessage("wrong-symbol", message);
}
