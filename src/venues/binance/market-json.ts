/**
 * What messages of Binance's public streams have in common by way of JSON.parse, the slow twin of
 * the parsers that read bytes: envelope, snapshot, levels, messages about the connection, and the
 * words for what is wrong with a bad one. Pure; may import domain only.
 */

import * as v from "valibot";
import { decimal, isDecimalString } from "#domain/decimal.ts";
import { MmError, messageOf } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import { Count } from "../wire.ts";
import { MarketKind, type MarketMessage } from "./market-message.ts";

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

/** A message of a stream. */
export type StreamEvent = v.InferOutput<typeof Envelope>;
/** Reads a message of a stream into `out`. @throws {BadMarketMessage} */
export type EventReader = (event: StreamEvent, source: MarketSource, out: MarketMessage) => void;

export const Levels = v.array(v.looseTuple([v.string(), v.string()]));
const Envelope = v.object({ stream: v.string(), data: v.looseObject({}) });
const Snapshot = v.object({ lastUpdateId: Count, bids: Levels, asks: Levels });
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
export function readMessage(json: unknown, { source, out, readEvent }: MessageReading): void {
  const envelope = v.safeParse(Envelope, json);
  if (envelope.success) readEvent(envelope.output, source, out);
  else if (!readControl(json, out)) readSnapshot(parsedAs(Snapshot, json), source, out);
}

export interface MessageReading {
  readonly source: MarketSource;
  readonly out: MarketMessage;
  readonly readEvent: EventReader;
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

/** @throws {BadMarketMessage} `unknown-message` */
export function parsedAs<Schema extends v.GenericSchema>(
  schema: Schema,
  json: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  throw unknownMessage(json);
}

/** An event of a stream that nobody reads here. */
export function readOther({ stream, data }: StreamEvent, out: MarketMessage): void {
  out.reset(data["e"] === "serverShutdown" ? MarketKind.shutdown : MarketKind.other);
  out.text = shortened(stream);
}

/** @throws {BadMarketMessage} */
export function readSides(
  sides: {
    readonly bids: v.InferOutput<typeof Levels>;
    readonly asks: v.InferOutput<typeof Levels>;
  },
  source: MarketSource,
  out: MarketMessage,
): void {
  readLevels(sides.bids, source, out);
  out.levels.bidCount = out.levels.length;
  readLevels(sides.asks, source, out);
}

/** @throws {BadMarketMessage} `off-grid`, `bad-size` */
export function readLevels(
  levels: readonly (readonly [string, string, ...unknown[]])[],
  { instrument }: MarketSource,
  out: MarketMessage,
): void {
  for (const [price, size] of levels) {
    out.levels.push(ticksOf(price, instrument), lotsOf(size, instrument, out));
  }
}

/** @throws {BadMarketMessage} `wrong-symbol` */
export function checkSymbol(symbol: string, { instrument, name }: MarketSource): void {
  if (symbol === instrument.symbol) return;
  const message = `${name} is of ${symbol}, the instrument is ${instrument.symbol}`;
  throw new BadMarketMessage("wrong-symbol", message);
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

function readSnapshot(
  snapshot: v.InferOutput<typeof Snapshot>,
  source: MarketSource,
  out: MarketMessage,
): void {
  out.reset(MarketKind.snapshot);
  out.firstId = snapshot.lastUpdateId;
  out.lastId = snapshot.lastUpdateId;
  readSides(snapshot, source, out);
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
