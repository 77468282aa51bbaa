/** Cells, rows and figures of the report's CSV files. Pure. */

import { formatScaled } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";

export type Cell = string | number | null;

/** Milliseconds as they are on the tape, to a tenth of a microsecond: no more is known. */
export function time(timeMs: number): string {
  return timeMs.toFixed(4);
}

/** Twice a mid in ticks as a price: half ticks need one decimal more. */
export function mid(midHalfTicks: number, instrument: Instrument): string {
  return instrument.tickSize.times("0.5").times(formatScaled(midHalfTicks, 0)).toFixed();
}

export function csv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = rows.map((row) => row.map(cellText).join(","));
  return `${[header.join(","), ...lines].join("\n")}\n`;
}

/** Ours are names and numbers; the name of a shape may be a user's and hold anything. */
function cellText(cell: Cell): string {
  const text = String(cell ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
