/**
 * A message of Binance Spot's public streams by way of JSON.parse: the slow twin of
 * market-parser.ts, its fallback for every shape that it does not know, and the place that says
 * what is wrong with a bad message. Shapes: Binance web-socket-streams.md. Pure; may import domain
 * only.
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
import { Count } from "../wire.ts";

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

/** Reads one message, parsed, into `out`. @throws {BadMarketMessage} */
export function readMarketJson(json: unknown, source: MarketSource, out: MarketMessage): void {
  readMessage(json, { source, out, readEvent });
}

function readEvent(event: StreamEvent, source: MarketSource, out: MarketMessage): void {
  const { stream, data } = event;
  const name = data["e"];
  if ("pu" in data || name === "bookTicker") {
    const message = "this is a message of Binance USD-M futures";
    throw new BadMarketMessage("unknown-message", message);
  }
  if (name === "depthUpdate") readDepth(parsedAs(Depth, data), source, out);
  else if (name === "trade") readTrade(parsedAs(Trade, data), source, out);
  else if (name === undefined && (stream.endsWith("@bookTicker") || v.is(Ticker, data))) {
    readTicker(parsedAs(Ticker, data), source, out);
  } else readOther(event, out);
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
  readSides({ bids: depth.b, asks: depth.a }, source, out);
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
  readSides({ bids: [[ticker.b, ticker.B]], asks: [[ticker.a, ticker.A]] }, source, out);
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
