/**
 * LatencyModel: how long a request takes to the exchange and its answer takes back, either
 * constant or interpolated from recorded round trips. Pure; may import domain only.
 */

import { InputError } from "#domain/errors.ts";

export interface LatencyModel {
  /**
   * From sending to the exchange's matching, in ms. A negative value says that the exchange
   * refuses the request unseen, and that the refusal is received minus that value after sending.
   */
  requestLatencyMs(nowMs: number): number;
  /** From the exchange back to us, in ms, for what the exchange does at `exchangeMs`. */
  responseLatencyMs(exchangeMs: number): number;
  /** The least of the response latencies. */
  readonly leastResponseMs: number;
}

/** @throws {InputError} `bad-latency` where one is negative or not finite */
export function constantLatency(requestMs: number, responseMs: number): LatencyModel {
  for (const value of [requestMs, responseMs]) {
    if (!Number.isFinite(value) || value < 0) {
      throw new InputError("bad-latency", `a latency of ${value} ms is impossible`, {
        hint: "give milliseconds, 0 or more",
      });
    }
  }
  return {
    requestLatencyMs: () => requestMs,
    responseLatencyMs: () => responseMs,
    leastResponseMs: responseMs,
  };
}

/** One recorded round trip, all in ms on one clock; `exchangeMs < sentMs` marks a refusal. */
export interface LatencyRow {
  readonly sentMs: number;
  readonly exchangeMs: number;
  readonly receivedMs: number;
}

/** Linear between the nearest row before and after; the end rows' own figure outside of them. */
class RecordedLatency implements LatencyModel {
  readonly leastResponseMs: number;
  readonly #rows: readonly LatencyRow[];
  /** Rows that the exchange saw: the only ones that tell of an answer's way back. */
  readonly #seen: readonly LatencyRow[];
  readonly #sentMs: Float64Array;
  readonly #exchangeMs: Float64Array;

  constructor(rows: readonly LatencyRow[]) {
    this.#rows = rows;
    this.#seen = rows.filter((row) => !isRefused(row));
    this.leastResponseMs = this.#seen.reduce(
      (least, row) => Math.min(least, row.receivedMs - row.exchangeMs),
      Infinity,
    );
    this.#sentMs = Float64Array.from(rows, (row) => row.sentMs);
    this.#exchangeMs = Float64Array.from(this.#seen, (row) => row.exchangeMs);
  }

  requestLatencyMs(nowMs: number): number {
    const next = countUpTo(this.#sentMs, nowMs);
    const after = this.#rows[next] ?? this.#rows[next - 1];
    const before = this.#rows[next - 1] ?? after;
    if (before === undefined || after === undefined) return 0;
    const part = partOfWay(nowMs, before.sentMs, after.sentMs);
    // Beside a refusal the request is refused too; both rows then tell when the answer comes.
    return isRefused(before) || isRefused(after)
      ? -between(before.receivedMs - before.sentMs, after.receivedMs - after.sentMs, part)
      : between(before.exchangeMs - before.sentMs, after.exchangeMs - after.sentMs, part);
  }

  responseLatencyMs(exchangeMs: number): number {
    const next = countUpTo(this.#exchangeMs, exchangeMs);
    const after = this.#seen[next] ?? this.#seen[next - 1];
    const before = this.#seen[next - 1] ?? after;
    if (before === undefined || after === undefined) return 0;
    const part = partOfWay(exchangeMs, before.exchangeMs, after.exchangeMs);
    return between(
      before.receivedMs - before.exchangeMs,
      after.receivedMs - after.exchangeMs,
      part,
    );
  }
}

/**
 * A latency model from recorded rows. Rows must be sorted by `sentMs`, those not refused also by
 * `exchangeMs`, and no answer may come before its cause.
 * @param where what the rows are, for the error: its lines are counted from 1 after a header line
 * @throws {InputError} `bad-latency`
 */
export function recordedLatency(rows: readonly LatencyRow[], where: string): LatencyModel {
  let before: LatencyRow | undefined;
  let seenBefore: LatencyRow | undefined;
  for (const [index, row] of rows.entries()) {
    const problem = problemOf(row, before, seenBefore);
    if (problem !== undefined) throw badLatency(`${where}:${index + 2}`, problem);
    before = row;
    if (!isRefused(row)) seenBefore = row;
  }
  if (seenBefore === undefined) {
    throw badLatency(where, "has no row of a request that reached the exchange");
  }
  return new RecordedLatency(rows);
}

const HEADER = "sent_ms,exchange_ms,received_ms";

/**
 * Reads rows `sent_ms,exchange_ms,received_ms` under that header.
 * @param where the file's name, for errors
 * @throws {InputError} `bad-latency` with `where:line`
 */
export function parseLatencyCsv(text: string, where: string): LatencyModel {
  const lines = text.split(/\r?\n/);
  while (lines.at(-1)?.trim() === "") lines.pop();
  const [header = "", ...body] = lines;
  if (header.replace(/^\uFEFF/, "").trim() !== HEADER) {
    throw badLatency(`${where}:1`, `the header must be ${HEADER}`);
  }
  const rows = body.map((line, index) => parseRow(line, `${where}:${index + 2}`));
  return recordedLatency(rows, where);
}

function parseRow(line: string, where: string): LatencyRow {
  const cells = line.split(",").map((cell) => cell.trim());
  const numbers = cells.map((cell) => (/^-?\d+(?:\.\d+)?$/.test(cell) ? Number(cell) : NaN));
  const [sentMs = NaN, exchangeMs = NaN, receivedMs = NaN] = numbers;
  if (cells.length !== 3 || numbers.some((value) => !Number.isFinite(value))) {
    throw badLatency(where, `${JSON.stringify(line)} is not three numbers`);
  }
  return { sentMs, exchangeMs, receivedMs };
}

function isRefused(row: LatencyRow): boolean {
  return row.exchangeMs < row.sentMs;
}

function problemOf(
  row: LatencyRow,
  before: LatencyRow | undefined,
  seenBefore: LatencyRow | undefined,
): string | undefined {
  if (before !== undefined && row.sentMs < before.sentMs) return "sent_ms goes back";
  if (isRefused(row)) {
    return row.receivedMs > row.sentMs
      ? undefined
      : "received_ms of a refused request must be after sent_ms";
  }
  if (row.receivedMs < row.exchangeMs) return "received_ms is before exchange_ms";
  return seenBefore !== undefined && row.exchangeMs < seenBefore.exchangeMs
    ? "exchange_ms goes back"
    : undefined;
}

function badLatency(where: string, problem: string): InputError {
  return new InputError("bad-latency", problem, {
    where,
    hint: "rows are sorted, in ms on one clock; exchange_ms below sent_ms marks a refusal",
  });
}

/** How many values are at or below `value`; the values are sorted. */
function countUpTo(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? Infinity) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** 0 at `from`, 1 at `to`; 0 where they are one. */
function partOfWay(at: number, from: number, to: number): number {
  return to > from ? (at - from) / (to - from) : 0;
}

function between(from: number, to: number, part: number): number {
  return from + (to - from) * part;
}
