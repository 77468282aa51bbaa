/** A market that stands still until a test moves it: a few levels on each side, and prints. */

import type { Side } from "#domain/instrument.ts";
import type { MarketSource } from "#mock-venues/market-source.ts";
import { RowKind } from "#sim/market-tape.ts";
import type { RowSink } from "#sim/market-tape-builder.ts";

const LEVELS = 5;

type Row = readonly [kind: number, ticks: number, lots: number];

export class ScriptedMarket implements MarketSource {
  readonly #elapsedMs: () => number;
  readonly #levelLots: number;
  #touch: { readonly bidTicks: number; readonly askTicks: number };
  #rows: Row[];
  /** When the rows happen; null before the market is looked at first, which opens it. */
  #dueMs: number | null = null;

  constructor(elapsedMs: () => number, bidTicks: number, askTicks: number, levelLots: number) {
    this.#elapsedMs = elapsedMs;
    this.#levelLots = levelLots;
    this.#touch = { bidTicks, askTicks };
    this.#rows = [[RowKind.clear, 0, 0], ...this.#levels(levelLots)];
  }

  get nextTimeMs(): number {
    this.#dueMs ??= this.#elapsedMs();
    return this.#rows.length === 0 ? Infinity : this.#dueMs;
  }

  next(sink: RowSink): void {
    const rows = this.#rows;
    this.#rows = [];
    for (const row of rows) sink.addRow(this.#dueMs ?? 0, ...row);
  }

  /** To happen as soon as the market is looked at. */
  setTouch(bidTicks: number, askTicks: number): void {
    const before = this.#levels(0);
    this.#touch = { bidTicks, askTicks };
    const after = this.#levels(this.#levelLots);
    // What goes first: the book is never crossed in between.
    const kept = new Set(after.map(([kind, ticks]) => `${kind} ${ticks}`));
    const gone = before.filter(([kind, ticks]) => !kept.has(`${kind} ${ticks}`));
    this.#push([...gone, ...after]);
  }

  /** To happen as soon as the market is looked at. */
  print(aggressor: Side, ticks: number, lots: number): void {
    this.#push([[aggressor === "buy" ? RowKind.buyTrade : RowKind.sellTrade, ticks, lots]]);
  }

  #push(rows: readonly Row[]): void {
    this.#dueMs = this.#elapsedMs();
    this.#rows.push(...rows);
  }

  #levels(lots: number): Row[] {
    const { bidTicks, askTicks } = this.#touch;
    return Array.from({ length: LEVELS }, (_, step): Row[] => [
      [RowKind.bidLevel, bidTicks - step, lots],
      [RowKind.askLevel, askTicks + step, lots],
    ]).flat();
  }
}
