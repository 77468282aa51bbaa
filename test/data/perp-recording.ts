/** Messages of Binance USD-M for tests: by hand, and of what a spot recorder heard. */

import { Instrument } from "#domain/instrument.ts";
import { type Level, type RecordedMessage, SyntheticRecording } from "./spot-recording.ts";

export function perpInstrument(symbol: string, lotSize: string, tickSize = "0.01"): Instrument {
  return new Instrument({
    venue: "binance-perp",
    symbol,
    base: symbol.replace("USDT", ""),
    quote: "USDT",
    kind: "perp",
    priceRule: { kind: "fixed-tick" },
    tickSize,
    lotSize,
    minNotional: "5",
    makerFeeRate: "0.0002",
    takerFeeRate: "0.0005",
    maxOpenOrders: 200,
    canAmend: false,
  });
}

function streamed(symbol: string, kind: string, data: object): object {
  return { stream: `${symbol.toLowerCase()}@${kind}`, data };
}

export interface PerpDepth {
  readonly timeMs: number;
  /** The last update of the event before, and of this one. */
  readonly pu: number;
  readonly u: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

export function perpDepth(symbol: string, { timeMs, pu, u, bids, asks }: PerpDepth): object {
  return streamed(symbol, "depth@100ms", {
    e: "depthUpdate",
    E: timeMs + 1,
    T: timeMs,
    s: symbol,
    ps: symbol,
    // Ids are left out: those of other symbols.
    U: Math.min(pu + 7, u),
    u,
    pu,
    b: bids,
    a: asks,
    st: 1,
  });
}

export function perpTicker(
  symbol: string,
  [u, timeMs]: readonly [u: number, timeMs: number],
  bid: Level,
  ask: Level,
): object {
  return streamed(symbol, "bookTicker", {
    e: "bookTicker",
    u,
    s: symbol,
    b: bid[0],
    B: bid[1],
    a: ask[0],
    A: ask[1],
    T: timeMs,
    E: timeMs + 1,
  });
}

export interface PerpPrint {
  readonly id: number;
  readonly timeMs: number;
  readonly level: Level;
  readonly sellerTook: boolean;
}

export function perpAggTrade(symbol: string, print: PerpPrint): object {
  const { id, timeMs, level, sellerTook } = print;
  return streamed(symbol, "aggTrade", {
    e: "aggTrade",
    E: timeMs + 1,
    s: symbol,
    a: id,
    p: level[0],
    q: level[1],
    nq: level[1],
    f: 100,
    l: 105,
    T: timeMs,
    m: sellerTook,
    st: 1,
  });
}

/** @param origin `MARKET` of the book, another word of what did not go through it */
export function perpTrade(symbol: string, print: PerpPrint, origin = "MARKET"): object {
  const { id, timeMs, level, sellerTook } = print;
  return streamed(symbol, "trade", {
    e: "trade",
    E: timeMs + 1,
    T: timeMs,
    s: symbol,
    t: id,
    p: level[0],
    q: level[1],
    X: origin,
    m: sellerTook,
  });
}

export function perpMark(
  symbol: string,
  timeMs: number,
  [price, rate]: readonly [price: string, rate: string],
): object {
  return streamed(symbol, "markPrice@1s", {
    e: "markPriceUpdate",
    E: timeMs,
    s: symbol,
    p: price,
    ap: price,
    i: "64009.80000000",
    P: "64010.00000000",
    r: rate,
    T: timeMs + 3_600_000,
    st: 1,
  });
}

/** What a SyntheticRecording becomes on USD-M: each update's id is ten times what it was. */
const ID_FACTOR = 10;

/** The message within, of a ticker or of depth. */
interface SpotTicker {
  readonly data: Readonly<Record<"b" | "B" | "a" | "A", string>>;
}
interface SpotDepth {
  readonly data: { readonly E: number; readonly b: readonly Level[]; readonly a: readonly Level[] };
}

/** A recording of a perpetual, prints left out; its truth is that of `truth`. */
export class SyntheticPerp {
  readonly truth: SyntheticRecording;
  readonly instrument: Instrument;
  readonly messages: readonly RecordedMessage[];

  constructor(seed: number, durationMs: number) {
    this.truth = new SyntheticRecording(seed, durationMs);
    const { symbol } = this.truth.instrument;
    this.instrument = perpInstrument(symbol, "0.1", "0.0001");
    this.messages = this.truth.messages.flatMap((message) => {
      const { kind, receivedMs, firstId, lastId } = message;
      if (kind === "trade") return [];
      return [{ kind, receivedMs, firstId, lastId, json: perpOf(message, symbol) }];
    });
  }

  /** The answer of `depth` once every update up to this id of the truth was applied. */
  snapshotAt(updateId: number): object {
    return { ...this.truth.snapshotAt(updateId), lastUpdateId: updateId * ID_FACTOR };
  }
}

function perpOf(message: RecordedMessage, symbol: string): object {
  const { kind, firstId, lastId, receivedMs } = message;
  const text = JSON.stringify(message.json);
  if (kind === "ticker") {
    const { data }: SpotTicker = JSON.parse(text);
    const time = [lastId * ID_FACTOR, Math.floor(receivedMs)] as const;
    return perpTicker(symbol, time, [data.b, data.B], [data.a, data.A]);
  }
  const { data }: SpotDepth = JSON.parse(text);
  const pu = (firstId - 1) * ID_FACTOR;
  const u = lastId * ID_FACTOR;
  return perpDepth(symbol, { timeMs: data.E, pu, u, bids: data.b, asks: data.a });
}
