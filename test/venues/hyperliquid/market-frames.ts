/** Frames of Hyperliquid's public channels as the venue builds them, for tests. */

import { readFileSync } from "node:fs";
import type { Instrument } from "#domain/instrument.ts";
import { BASE_FEES, readMarket, readMeta } from "#venues/hyperliquid/instruments.ts";
import type { MarketMessage } from "#venues/hyperliquid/market-message.ts";

/** Price and size, plain decimals. */
export type FrameLevel = readonly [px: string, sz: string];

export function perp(coin = "ETH", szDecimals = 4): Instrument {
  const meta = readMeta({ universe: [{ name: coin, szDecimals, maxLeverage: 25 }] });
  return readMarket(meta, coin, BASE_FEES).instrument;
}

export function bboFrame(
  time: number,
  bid: FrameLevel | null,
  ask: FrameLevel | null,
  coin = "ETH",
): string {
  const bbo = [bid, ask].map((level) => (level === null ? null : levelOf(level)));
  return JSON.stringify({ channel: "bbo", data: { coin, time, bbo } });
}

export function bookFrame(
  time: number,
  bids: readonly FrameLevel[],
  asks: readonly FrameLevel[],
  fast = true,
): string {
  const levels = [bids.map(levelOf), asks.map(levelOf)];
  const data = { coin: "ETH", time, levels, ...(fast ? { fast } : {}) };
  return JSON.stringify({ channel: "l2Book", data });
}

export interface FramePrint {
  readonly tid: number;
  readonly time: number;
  readonly side: "A" | "B";
  readonly level: FrameLevel;
}

export function tradesFrame(...prints: readonly FramePrint[]): string {
  const data = prints.map(({ tid, time, side, level: [px, sz] }) => ({
    coin: "ETH",
    side,
    px,
    sz,
    time,
    hash: `0x${"ab".repeat(32)}`,
    tid,
    users: [`0x${"1".repeat(40)}`, `0x${"2".repeat(40)}`],
  }));
  return JSON.stringify({ channel: "trades", data });
}

export function contextFrame(oraclePx: string, markPx: string, funding = "0.0000125"): string {
  const ctx = {
    funding,
    openInterest: "4242.5",
    prevDayPx: "3399.0",
    dayNtlVlm: "123456789.01",
    premium: "-0.0001",
    oraclePx,
    markPx,
    midPx: null,
    impactPxs: ["3400.1", "3400.4"],
    dayBaseVlm: "36310.8",
  };
  return JSON.stringify({ channel: "activeAssetCtx", data: { coin: "ETH", ctx } });
}

/** All that a message says, as a value of its own. */
export function plainOf(message: MarketMessage | null): object | null {
  if (message === null) return null;
  const { levels, prints, ...fields } = message;
  const { lastId, bidEnd, end } = levels;
  return {
    ...fields,
    lastId,
    bidEnd,
    ticks: [...levels.ticks.subarray(0, end)],
    lots: [...levels.lots.subarray(0, end)],
    prints: Array.from({ length: prints.length }, (_, at) => [
      prints.timesMs[at],
      prints.ids[at],
      prints.buyerTook[at],
      prints.ticks[at],
      prints.lots[at],
    ]),
  };
}

export function jsonFile(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

function levelOf([px, sz]: FrameLevel): object {
  return { px, sz, n: 3 };
}
