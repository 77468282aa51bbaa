/** Benchmarks of Hyperliquid's market frames: read by hand, and by way of JSON.parse. */

import { bench, do_not_optimize } from "mitata";
import { BASE_FEES, readMarket, readMeta } from "#venues/hyperliquid/instruments.ts";
import { MarketParser } from "#venues/hyperliquid/market-parser.ts";

const TIME_MS = 1_790_000_000_123;

interface WireLevel {
  readonly px: string;
  readonly sz: string;
  readonly n: number;
}

/** Levels from a price on, away from the other side. */
function levels(from: number, step: number, count: number): WireLevel[] {
  return Array.from({ length: count }, (_, at) => ({
    px: `${from + step * at}.0`,
    sz: `${(((at * 7919) % 300_000) + 1) / 1e5}`,
    n: (at % 9) + 1,
  }));
}

function bookText(depth: number): string {
  const sides = [levels(65_000, -1, depth), levels(65_001, 1, depth)];
  const data = { coin: "BTC", time: TIME_MS, levels: sides, fast: true };
  return JSON.stringify({ channel: "l2Book", data });
}

function bboText(): string {
  const touch = [...levels(65_000, -1, 1), ...levels(65_001, 1, 1)];
  return JSON.stringify({ channel: "bbo", data: { coin: "BTC", time: TIME_MS, bbo: touch } });
}

/** Levels of a frame as JSON.parse gives them, which is taken at its word. */
interface ParsedFrame {
  readonly data: {
    readonly bbo?: readonly WireLevel[];
    readonly levels?: readonly (readonly WireLevel[])[];
  };
}

function sumOf({ data }: ParsedFrame): number {
  let sum = 0;
  for (const side of data.levels ?? [data.bbo ?? []]) {
    for (const { px, sz } of side) {
      sum += Math.round(Number(px) * 10) + Math.round(Number(sz) * 1e5);
    }
  }
  return sum;
}

export function marketParsing(): void {
  const meta = readMeta({ universe: [{ name: "BTC", szDecimals: 5, maxLeverage: 40 }] });
  const parser = new MarketParser(readMarket(meta, "BTC", BASE_FEES).instrument);
  for (const [name, text] of [
    ["bbo", bboText()],
    ["l2Book 5+5", bookText(5)],
    ["l2Book 20+20", bookText(20)],
  ] as const) {
    if (parser.parseByHand(text) === null) throw new Error(`${name} is not read by hand`);
    bench(`Hyperliquid ${name}: by hand`, () => {
      do_not_optimize(parser.parseByHand(text));
    });
    bench(`Hyperliquid ${name}: JSON.parse, its numbers read`, () => {
      const frame: ParsedFrame = JSON.parse(text);
      do_not_optimize(sumOf(frame));
    });
  }
}
