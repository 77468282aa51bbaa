/** Runs the real program as a child process, and makes folders with configs and tapes for it. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { configText, type PairChanges } from "../backtest/support.ts";
import {
  BASE_MS,
  depthMessage,
  type Level,
  line,
  snapshotMessage,
  tickerMessage,
  tradeMessage,
} from "../data/spot-recording.ts";

export const ROOT = join(import.meta.dir, "..", "..");
const SOURCE = [process.execPath, join(ROOT, "src", "main.ts")];

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What to start; the program's source where left out. */
  readonly program?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `mm` to its end. */
export async function mm(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = Bun.spawn([...(options.program ?? SOURCE), ...args], {
    cwd: options.cwd ?? ROOT,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...options.env },
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
}

/** A folder of its own; `dispose` it in the end. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), "mm-cli-"));

  write(name: string, content: string | Uint8Array): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    return path;
  }

  config(name: string, changes: PairChanges = {}): string {
    return this.write(name, configText(changes));
  }

  /** Lines of a recording, gzipped. */
  tape(name: string, lines: readonly string[]): string {
    return this.write(name, gzipSync(`${lines.join("\n")}\n`));
  }

  dispose(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

const SYMBOL = "ETHUSDT";

function levels(price: number, stepTicks: number): Level[] {
  return Array.from({ length: 12 }, (_, index): Level => {
    const level = price + (index * stepTicks) / 100;
    return [level.toFixed(8), "3.00000000"];
  });
}

/**
 * A recording of some seconds with a mid that swings by 0.5 around 2000: a snapshot, then every
 * 100 ms a print, the touch, and the levels that change. Lines without a newline.
 */
export function recordingLines(seconds = 6): string[] {
  const lines = [line(BASE_MS + 5, snapshotMessage(100, levels(1999.99, -1), levels(2000.01, 1)))];
  let bid = 1999.99;
  for (let step = 1; step <= seconds * 10; step += 1) {
    const timeMs = BASE_MS + step * 100;
    const next = Math.round((1999.99 + 0.5 * Math.sin(step / 5)) * 100) / 100;
    const sellerTook = next < bid;
    const level: Level = [(sellerTook ? bid : bid + 0.02).toFixed(8), "1.00000000"];
    const ids: [number, number] = [99 + 2 * step, 100 + 2 * step];
    const zero = (all: Level[]): Level[] => all.map(([price]) => [price, "0.00000000"]);
    const bids = [...zero(levels(bid, -1)), ...levels(next, -1)];
    const asks = [...zero(levels(bid + 0.02, 1)), ...levels(next + 0.02, 1)];
    const depth = depthMessage(SYMBOL, timeMs, ids, { bids: last(bids), asks: last(asks) });
    const print = tradeMessage(SYMBOL, { id: step, timeMs, level, sellerTook });
    const touch = (price: number): Level => [price.toFixed(8), "3.00000000"];
    const ticker = tickerMessage(SYMBOL, ids[1], touch(next), touch(next + 0.02));
    lines.push(line(timeMs + 4, print), line(timeMs + 5, ticker), line(timeMs + 5, depth));
    bid = next;
  }
  return lines;
}

/** One entry a price, the last that was given. */
function last(all: readonly Level[]): Level[] {
  return [...new Map(all)].map(([price, size]): Level => [price, size]);
}
