/**
 * A message of Binance USD-M's public streams by way of JSON.parse: the slow twin of
 * market-parser.ts, its fallback for every shape that it does not know, and the place that says
 * what is wrong with a bad message. Fields that are not used here are ignored, whatever they are.
 * Pure; may import domain only.
 */

import * as v from "valibot";
import {
  BadMarketMessage,
  checkSymbol,
  Levels,
  type MarketSource,
  parsedAs,
  readLevels,
  readMessage,
  readOther,
  readSides,
  type StreamEvent,
  venueMsOf,
} from "../binance/market-json.ts";
import { MarketKind, type MarketMessage } from "../binance/market-message.ts";
import { Amount, Count, Quantity } from "../wire.ts";

/** `E`: when it was sent; `T`: when it happened. */
const Times = { E: Count, T: Count, s: v.string() };
const Ticker = v.object({
  ...Times,
  u: Count,
  b: v.string(),
  B: v.string(),
  a: v.string(),
  A: v.string(),
});
/** `pu`: the last update of the event before. That says more than `U`, which is not used. */
const Depth = v.object({ ...Times, u: Count, pu: Count, b: Levels, a: Levels });
const Print = { ...Times, p: v.string(), q: v.string(), m: v.boolean() };
const AggTrade = v.object({ ...Print, a: Count });
const Trade = v.object({ ...Print, t: Count, X: v.optional(v.string()) });
/** Here `T` is when funding is settled next. */
const Mark = v.object({ ...Times, p: Quantity, r: Amount });

/** Reads one message, parsed, into `out`. @throws {BadMarketMessage} */
export function readMarketJson(json: unknown, source: MarketSource, out: MarketMessage): void {
  readMessage(json, { source, out, readEvent });
}

/** A mark price as ticks, and so what both twins make of the same digits. */
export function markTicksOf(price: number, { instrument }: MarketSource): number {
  return price / instrument.tickValue;
}

function readEvent(event: StreamEvent, source: MarketSource, out: MarketMessage): void {
  const { stream, data } = event;
  switch (data["e"]) {
    case "bookTicker":
      return readTicker(parsedAs(Ticker, data), source, out);
    case "depthUpdate":
      if (!("pu" in data)) throw ofSpot();
      return readDepth(parsedAs(Depth, data), source, out);
    case "aggTrade":
      if ("M" in data) throw ofSpot();
      return readAggTrade(parsedAs(AggTrade, data), source, out);
    case "trade":
      if ("M" in data) throw ofSpot();
      return readTrade(parsedAs(Trade, data), source, out);
    case "markPriceUpdate":
      return readMark(parsedAs(Mark, data), source, out);
    default:
      if (stream.endsWith("@bookTicker")) throw ofSpot();
      return readOther(event, out);
  }
}

function ofSpot(): BadMarketMessage {
  return new BadMarketMessage("unknown-message", "this is a message of Binance Spot");
}

function readTicker(
  ticker: v.InferOutput<typeof Ticker>,
  source: MarketSource,
  out: MarketMessage,
): void {
  begin(MarketKind.ticker, ticker, source, out);
  out.firstId = ticker.u;
  out.lastId = ticker.u;
  readSides({ bids: [[ticker.b, ticker.B]], asks: [[ticker.a, ticker.A]] }, source, out);
}

function readDepth(
  depth: v.InferOutput<typeof Depth>,
  source: MarketSource,
  out: MarketMessage,
): void {
  begin(MarketKind.depth, depth, source, out);
  out.firstId = depth.pu + 1;
  out.lastId = depth.u;
  readSides({ bids: depth.b, asks: depth.a }, source, out);
}

function readAggTrade(
  trade: v.InferOutput<typeof AggTrade>,
  source: MarketSource,
  out: MarketMessage,
): void {
  begin(MarketKind.trade, trade, source, out);
  out.firstId = trade.a;
  out.lastId = trade.a;
  // The buyer rested, so the seller took.
  out.sellerTook = trade.m;
  readLevels([[trade.p, trade.q]], source, out);
}

function readTrade(
  trade: v.InferOutput<typeof Trade>,
  source: MarketSource,
  out: MarketMessage,
): void {
  begin(MarketKind.trade, trade, source, out);
  out.firstId = trade.t;
  out.lastId = trade.t;
  out.sellerTook = trade.m;
  // Liquidations taken over by the insurance fund or other traders are no prints of the book, and
  // may be at any price: a size of 0 fills nobody.
  if (trade.X === undefined || trade.X === "MARKET") {
    readLevels([[trade.p, trade.q]], source, out);
  } else out.levels.push(0, 0);
}

function readMark(
  mark: v.InferOutput<typeof Mark>,
  source: MarketSource,
  out: MarketMessage,
): void {
  begin(MarketKind.mark, mark, source, out);
  out.venueMs = out.eventMs;
  out.markTicks = markTicksOf(Number(mark.p), source);
  out.fundingRate = Number(mark.r);
  out.nextFundingMs = venueMsOf(mark.T);
}

function begin(
  kind: number,
  { E, T, s }: { readonly E: number; readonly T: number; readonly s: string },
  source: MarketSource,
  out: MarketMessage,
): void {
  checkSymbol(s, source);
  out.reset(kind);
  out.eventMs = venueMsOf(E);
  out.venueMs = venueMsOf(T);
}
