/**
 * Raw Binance spot recordings for tests: lines as a recorder writes them, made by hand or from a
 * SyntheticMarket, whose whole truth (the book after every update id) is known.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Instrument } from "#domain/instrument.ts";
import { Rng } from "#domain/rng.ts";
import { RowKind } from "#sim/market-tape.ts";
import { SyntheticMarket } from "#sim/synthetic-market.ts";

export const BASE_MS = 1_700_000_000_000;

export function spotInstrument(symbol: string, lotSize: string, tickSize = "0.01"): Instrument {
  return new Instrument({
    venue: "binance-spot",
    symbol,
    base: symbol.replace("USDT", ""),
    quote: "USDT",
    kind: "spot",
    priceRule: { kind: "fixed-tick" },
    tickSize,
    lotSize,
    minNotional: "5",
    makerFeeRate: "0.001",
    takerFeeRate: "0.001",
    maxOpenOrders: 200,
  });
}

/** Runs `body` with the path of a file that has this content, and removes it afterwards. */
export async function withFile<T>(
  content: string | Uint8Array,
  body: (path: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "mm-recording-"));
  try {
    const path = join(folder, "recording");
    writeFileSync(path, content);
    return await body(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What `body` throws or rejects with; fails where it does not. */
export async function rejectionOf(body: () => Promise<unknown>): Promise<unknown> {
  let result: unknown;
  try {
    result = await body();
  } catch (error) {
    return error;
  }
  throw new Error(`expected a rejection, got ${JSON.stringify(result)}`);
}

/** A line: receive time (milliseconds, fraction kept to the nanosecond), space, JSON. */
export function line(receivedMs: number, message: unknown): string {
  const wholeMs = Math.floor(receivedMs);
  const nanoseconds = Math.round((receivedMs - wholeMs) * 1e6);
  const json = typeof message === "string" ? message : JSON.stringify(message);
  return `${wholeMs}${nanoseconds.toString().padStart(6, "0")} ${json}`;
}

export type Level = readonly [price: string, size: string];

export function depthMessage(
  symbol: string,
  timeMs: number,
  ids: readonly [first: number, last: number],
  levels: { readonly bids: readonly Level[]; readonly asks: readonly Level[] },
): object {
  const [U, u] = ids;
  return {
    stream: `${symbol.toLowerCase()}@depth@100ms`,
    data: { e: "depthUpdate", E: timeMs, s: symbol, U, u, b: levels.bids, a: levels.asks },
  };
}

export function tickerMessage(symbol: string, u: number, bid: Level, ask: Level): object {
  return {
    stream: `${symbol.toLowerCase()}@bookTicker`,
    data: { u, s: symbol, b: bid[0], B: bid[1], a: ask[0], A: ask[1] },
  };
}

export interface TestPrint {
  readonly id: number;
  readonly timeMs: number;
  readonly level: Level;
  readonly sellerTook: boolean;
}

export function tradeMessage(symbol: string, { id, timeMs, level, sellerTook }: TestPrint): object {
  return {
    stream: `${symbol.toLowerCase()}@trade`,
    data: {
      e: "trade",
      E: timeMs + 1,
      s: symbol,
      t: id,
      p: level[0],
      q: level[1],
      T: timeMs,
      m: sellerTook,
      M: true,
    },
  };
}

export function snapshotMessage(
  lastUpdateId: number,
  bids: readonly Level[],
  asks: readonly Level[],
): object {
  return { lastUpdateId, bids, asks };
}

/** Sizes by price, in lots by ticks. */
export interface NaiveBook {
  readonly bids: Map<number, number>;
  readonly asks: Map<number, number>;
}

export function setNaive(levels: Map<number, number>, ticks: number, lots: number): void {
  if (lots === 0) levels.delete(ticks);
  else levels.set(ticks, lots);
}

/** Levels by price, for comparing. */
export function sorted(levels: ReadonlyMap<number, number>): [number, number][] {
  return [...levels].toSorted(([a], [b]) => a - b);
}

export interface RecordedMessage {
  readonly kind: "depth" | "ticker" | "trade";
  readonly receivedMs: number;
  readonly firstId: number;
  readonly lastId: number;
  readonly json: object;
}

interface LevelUpdate {
  readonly isBid: boolean;
  readonly ticks: number;
  readonly lots: number;
}

const FIRST_ID = 1000;
const RECORDER_CLOCK_MS = -1270;

/** What a recorder would have received of a synthetic market; it ends with a depth event. */
export class SyntheticRecording {
  readonly instrument = spotInstrument("XUSDT", "0.1", "0.0001");
  readonly messages: RecordedMessage[] = [];
  /** The update of id FIRST_ID + i. */
  readonly #updates: LevelUpdate[] = [];
  readonly #market: SyntheticMarket;
  readonly #rng: Rng;
  #lastReceivedMs = 0;
  #touched = new Map<string, LevelUpdate>();
  #depthId = 0;

  constructor(seed: number, durationMs: number) {
    this.#rng = new Rng(seed + 1);
    this.#market = new SyntheticMarket({
      seed,
      instrument: this.instrument,
      startPrice: "2.5",
      startMs: BASE_MS,
    });
    this.#market.open({ addRow: (_, kind, ticks, lots) => this.#row(kind, ticks, lots) });
    this.#touched.clear();
    this.#depthId = this.lastId;
    for (let endMs = BASE_MS + 100; endMs <= BASE_MS + durationMs; endMs += 100) {
      this.#tenthOfASecond(endMs);
    }
    const lastDepth = this.messages.findLastIndex((message) => message.kind === "depth");
    this.messages.length = lastDepth + 1;
  }

  get lastId(): number {
    return FIRST_ID + this.#updates.length - 1;
  }

  /** The book once every update up to this id was applied. */
  bookAt(updateId: number): NaiveBook {
    const book: NaiveBook = { bids: new Map(), asks: new Map() };
    for (const { isBid, ticks, lots } of this.#updates.slice(0, updateId - FIRST_ID + 1)) {
      setNaive(isBid ? book.bids : book.asks, ticks, lots);
    }
    return book;
  }

  snapshotAt(updateId: number): object {
    const { bids, asks } = this.bookAt(updateId);
    return snapshotMessage(updateId, this.#levels(bids), this.#levels(asks));
  }

  /** The recording from message `start`, the snapshot `snapshotId` standing before `position`. */
  lines(start: number, position: number, snapshotId: number): string[] {
    const before = this.messages.slice(start, position);
    const after = this.messages.slice(position);
    const receivedMs = after[0]?.receivedMs ?? this.#lastReceivedMs;
    return [
      ...before.map((message) => line(message.receivedMs, message.json)),
      line(receivedMs, this.snapshotAt(snapshotId)),
      ...after.map((message) => line(message.receivedMs, message.json)),
    ];
  }

  #levels(side: ReadonlyMap<number, number>): Level[] {
    return [...side].map(([ticks, lots]) => this.#level(ticks, lots));
  }

  #level(ticks: number, lots: number): Level {
    return [this.instrument.price(ticks).toFixed(8), this.instrument.size(lots).toFixed(8)];
  }

  #row(kind: number, ticks: number, lots: number): void {
    const isBid = kind === RowKind.bidLevel;
    if (!isBid && kind !== RowKind.askLevel) return;
    const update = { isBid, ticks, lots };
    this.#updates.push(update);
    this.#touched.set(`${isBid} ${ticks}`, update);
  }

  #tenthOfASecond(endMs: number): void {
    while (this.#market.nextTimeMs < endMs) this.#event();
    if (this.#touched.size === 0) return;
    const levels = { bids: [] as Level[], asks: [] as Level[] };
    for (const { isBid, ticks, lots } of this.#touched.values()) {
      (isBid ? levels.bids : levels.asks).push(this.#level(ticks, lots));
    }
    const firstId = this.#depthId + 1;
    this.#depthId = this.lastId;
    this.#touched = new Map();
    const { symbol } = this.instrument;
    const json = depthMessage(symbol, endMs, [firstId, this.lastId], levels);
    this.#record("depth", endMs, json, firstId);
  }

  #event(): void {
    const market = this.#market;
    const { symbol } = this.instrument;
    const before = this.lastId;
    market.next({
      addRow: (timeMs, kind, ticks, lots) => {
        this.#row(kind, ticks, lots);
        if (kind !== RowKind.buyTrade && kind !== RowKind.sellTrade) return;
        const json = tradeMessage(symbol, {
          id: this.messages.length,
          timeMs: Math.floor(timeMs),
          level: this.#level(ticks, lots),
          sellerTook: kind === RowKind.sellTrade,
        });
        this.#record("trade", timeMs, json, 0);
      },
    });
    if (this.lastId === before) return;
    const bid = this.#level(market.bidTicks, market.bidLots);
    const ask = this.#level(market.askTicks, market.askLots);
    const json = tickerMessage(symbol, this.lastId, bid, ask);
    this.#record("ticker", market.timeMs, json, this.lastId);
  }

  #record(kind: RecordedMessage["kind"], sentMs: number, json: object, firstId: number): void {
    const receivedMs = sentMs + RECORDER_CLOCK_MS + 2 + this.#rng.exponential(0.5);
    this.#lastReceivedMs = Math.max(this.#lastReceivedMs, receivedMs);
    const lastId = this.lastId;
    this.messages.push({ kind, receivedMs: this.#lastReceivedMs, firstId, lastId, json });
  }
}
