/** A market that stands still but for what it is told, in real time. */

import type { MarketSource } from "#mock-venues/market-source.ts";
import { RowKind } from "#sim/market-tape.ts";
import type { RowSink } from "#sim/market-tape-builder.ts";

/** One order or print is enough to move it: half a coin of ETHUSDT. */
const LEVEL_LOTS = 5000;

/** `[kind, ticks, lots]`, as the simulated exchange has them. */
export type Row = readonly [kind: number, ticks: number, lots: number];

/** A market that stands still but for what it is told; its clock starts with its first moment. */
export class ScriptedSource implements MarketSource {
  readonly #moments: { readonly timeMs: number; readonly rows: readonly Row[] }[] = [];
  #startMs: number | null = null;

  constructor(opening: readonly Row[]) {
    this.#moments.push({ timeMs: 0, rows: [[RowKind.clear, 0, 0], ...opening] });
  }

  get nextTimeMs(): number {
    return this.#moments[0]?.timeMs ?? Infinity;
  }

  next(sink: RowSink): void {
    this.#startMs ??= performance.now();
    const moment = this.#moments.shift();
    for (const [kind, ticks, lots] of moment?.rows ?? []) {
      sink.addRow(moment?.timeMs ?? 0, kind, ticks, lots);
    }
  }

  /** These rows happen now. */
  push(rows: readonly Row[]): void {
    const timeMs = this.#startMs === null ? 0 : performance.now() - this.#startMs;
    this.#moments.push({ timeMs, rows });
  }
}

/** Six levels of each side. @param step between two, in ticks */
export function levelsAround(ticks: number, step = 1): readonly Row[] {
  return [1, 2, 3, 4, 5, 6].flatMap((away): Row[] => [
    [RowKind.bidLevel, ticks - away * step, LEVEL_LOTS],
    [RowKind.askLevel, ticks + away * step, LEVEL_LOTS],
  ]);
}
