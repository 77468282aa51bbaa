/**
 * MarketSource: where a mock venue's market comes from, one moment after the other: a recording
 * that starts again at its end, or an endless synthetic market. In a clock of its own. No I/O.
 */

import { InputError } from "#domain/errors.ts";
import { RowKind, type TapeRows } from "#sim/market-tape.ts";
import type { RowSink } from "#sim/market-tape-builder.ts";
import type { SyntheticMarket } from "#sim/synthetic-market.ts";

export interface MarketSource {
  /** When the next rows happen, milliseconds of the source's own clock; it never goes back. */
  readonly nextTimeMs: number;
  /**
   * Emits all rows of that moment, with the source's time. The first moment of all, and of each
   * lap, clears the book and sets it anew.
   */
  next(sink: RowSink): void;
}

/** Between two laps of a recording; as `loopTape` has it. */
const LAP_GAP_MS = 1;

/**
 * A recording's rows, lap after lap, on a clock that keeps growing.
 * @throws {InputError} `bad-loop` where it is empty or does not begin by clearing the book
 */
export function tapeSource(rows: TapeRows): MarketSource {
  const firstMs = rows.timeMs[0];
  const lastMs = rows.timeMs[rows.length - 1];
  if (firstMs === undefined || lastMs === undefined || rows.kind[0] !== RowKind.clear) {
    throw new InputError("bad-loop", "the tape does not begin by clearing the book", {
      hint: "give a recording that has a depth snapshot",
    });
  }
  const lapMs = lastMs - firstMs + LAP_GAP_MS;
  let row = 0;
  let shiftMs = 0;
  return {
    get nextTimeMs() {
      return (rows.timeMs[row] ?? 0) + shiftMs;
    },
    next(sink) {
      const momentMs = rows.timeMs[row] ?? 0;
      while (row < rows.length && rows.timeMs[row] === momentMs) {
        const timeMs = momentMs + shiftMs;
        sink.addRow(timeMs, rows.kind[row] ?? 0, rows.ticks[row] ?? 0, rows.lots[row] ?? 0);
        row += 1;
      }
      if (row < rows.length) return;
      row = 0;
      shiftMs += lapMs;
    },
  };
}

/** A synthetic market that nothing has happened in yet: its book, then its events. */
export function syntheticSource(market: SyntheticMarket): MarketSource {
  let isOpen = false;
  return {
    get nextTimeMs() {
      return isOpen ? market.nextTimeMs : market.timeMs;
    },
    next(sink) {
      if (isOpen) market.next(sink);
      else market.open(sink);
      isOpen = true;
    },
  };
}
