/** A candle as the kline streams of Binance have it. May import domain and this folder. */

import { type Candle, candleCloseMs } from "../candles.ts";
import type { JsonObject } from "../json.ts";
import type { AmountTexts } from "./symbol-market.ts";

interface KlineOf {
  readonly symbol: string;
  readonly interval: string;
  readonly candle: Readonly<Candle>;
  readonly isClosed: boolean;
}

/** The `k` of a message. */
export function klineJson(
  { symbol, interval, candle, isClosed }: KlineOf,
  { price, size, value }: AmountTexts,
): JsonObject {
  return {
    t: candle.openMs,
    T: candleCloseMs(interval, candle.openMs),
    s: symbol,
    i: interval,
    f: candle.firstId,
    L: candle.lastId,
    o: price(candle.openTicks),
    c: price(candle.closeTicks),
    h: price(candle.highTicks),
    l: price(candle.lowTicks),
    v: size(candle.lots),
    n: candle.trades,
    x: isClosed,
    q: value(candle.units),
    V: size(candle.takerLots),
    Q: value(candle.takerUnits),
    B: "0",
  };
}
