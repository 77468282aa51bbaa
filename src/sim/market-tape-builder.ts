/**
 * MarketTapeBuilder: grows the columns of a MarketTape, one row or message at a time.
 * Both streams must come in the order of their clock; a step back is a bug of the caller's. Pure.
 */

import { InputError, InvariantError } from "#domain/errors.ts";
import { FeedKind, type MarketTape, RowKind } from "./market-tape.ts";

/** Takes the rows of a market as they happen: a tape under construction, or a live simulation. */
export interface RowSink {
  /** @param kind one of RowKind */
  addRow(timeMs: number, kind: number, ticks: number, lots: number): void;
}

/** One message of the feed; may be reused by the caller. */
export interface FeedMessage {
  receivedMs: number;
  venueMs: number;
  /** One of FeedKind. A print has its price and size in `bidTicks` and `bidLots`. */
  kind: number;
  bidTicks: number;
  bidLots: number;
  askTicks: number;
  askLots: number;
}

/** A message to fill in and use again. */
export function emptyFeedMessage(): FeedMessage {
  return {
    receivedMs: 0,
    venueMs: 0,
    kind: FeedKind.book,
    bidTicks: 0,
    bidLots: 0,
    askTicks: 0,
    askLots: 0,
  };
}

const INITIAL_CAPACITY = 4096;

export class MarketTapeBuilder implements RowSink {
  #rowCount = 0;
  #rowTimeMs = new Float64Array(INITIAL_CAPACITY);
  #rowKind = new Uint8Array(INITIAL_CAPACITY);
  #rowTicks = new Int32Array(INITIAL_CAPACITY);
  #rowLots = new Float64Array(INITIAL_CAPACITY);
  #lastRowMs = -Infinity;

  #feedCount = 0;
  #receivedMs = new Float64Array(INITIAL_CAPACITY);
  #venueMs = new Float64Array(INITIAL_CAPACITY);
  #feedKind = new Uint8Array(INITIAL_CAPACITY);
  #bidTicks = new Int32Array(INITIAL_CAPACITY);
  #bidLots = new Float64Array(INITIAL_CAPACITY);
  #askTicks = new Int32Array(INITIAL_CAPACITY);
  #askLots = new Float64Array(INITIAL_CAPACITY);
  #lastReceivedMs = -Infinity;

  get rowCount(): number {
    return this.#rowCount;
  }

  get feedCount(): number {
    return this.#feedCount;
  }

  /** @throws {InvariantError} where the time is before the last row's */
  addRow(timeMs: number, kind: number, ticks: number, lots: number): void {
    if (!(timeMs >= this.#lastRowMs)) throw backwards("row", timeMs, this.#lastRowMs);
    if (this.#rowCount === this.#rowKind.length) this.#growRows();
    const row = this.#rowCount;
    this.#rowTimeMs[row] = timeMs;
    this.#rowKind[row] = kind;
    this.#rowTicks[row] = ticks;
    this.#rowLots[row] = lots;
    this.#lastRowMs = timeMs;
    this.#rowCount = row + 1;
  }

  /** @throws {InvariantError} where the receive time is before the last message's */
  addFeed(message: FeedMessage): void {
    const { receivedMs } = message;
    if (!(receivedMs >= this.#lastReceivedMs)) {
      throw backwards("feed message", receivedMs, this.#lastReceivedMs);
    }
    if (this.#feedCount === this.#feedKind.length) this.#growFeed();
    const at = this.#feedCount;
    this.#receivedMs[at] = receivedMs;
    this.#venueMs[at] = message.venueMs;
    this.#feedKind[at] = message.kind;
    this.#bidTicks[at] = message.bidTicks;
    this.#bidLots[at] = message.bidLots;
    this.#askTicks[at] = message.askTicks;
    this.#askLots[at] = message.askLots;
    this.#lastReceivedMs = receivedMs;
    this.#feedCount = at + 1;
  }

  /** A copy of what was added so far, without slack. */
  build(): MarketTape {
    const rows = this.#rowCount;
    const feed = this.#feedCount;
    return {
      rows: {
        length: rows,
        timeMs: this.#rowTimeMs.slice(0, rows),
        kind: this.#rowKind.slice(0, rows),
        ticks: this.#rowTicks.slice(0, rows),
        lots: this.#rowLots.slice(0, rows),
      },
      feed: {
        length: feed,
        receivedMs: this.#receivedMs.slice(0, feed),
        venueMs: this.#venueMs.slice(0, feed),
        kind: this.#feedKind.slice(0, feed),
        bidTicks: this.#bidTicks.slice(0, feed),
        bidLots: this.#bidLots.slice(0, feed),
        askTicks: this.#askTicks.slice(0, feed),
        askLots: this.#askLots.slice(0, feed),
      },
    };
  }

  #growRows(): void {
    this.#rowTimeMs = new Float64Array(doubled(this.#rowTimeMs));
    this.#rowKind = new Uint8Array(doubled(this.#rowKind));
    this.#rowTicks = new Int32Array(doubled(this.#rowTicks));
    this.#rowLots = new Float64Array(doubled(this.#rowLots));
  }

  #growFeed(): void {
    this.#receivedMs = new Float64Array(doubled(this.#receivedMs));
    this.#venueMs = new Float64Array(doubled(this.#venueMs));
    this.#feedKind = new Uint8Array(doubled(this.#feedKind));
    this.#bidTicks = new Int32Array(doubled(this.#bidTicks));
    this.#bidLots = new Float64Array(doubled(this.#bidLots));
    this.#askTicks = new Int32Array(doubled(this.#askTicks));
    this.#askLots = new Float64Array(doubled(this.#askLots));
  }
}

/** A column's memory with twice the room; the column itself is empty afterwards. */
export function doubled(column: { readonly buffer: ArrayBuffer }): ArrayBuffer {
  return column.buffer.transfer(column.buffer.byteLength * 2);
}

/**
 * The same market `times` times, one lap after the other: times are shifted so that both clocks
 * keep growing. Each lap starts as the tape does, by clearing the book and setting it anew.
 * @throws {InputError} `bad-loop` where `times` is no positive integer or the tape has no `clear`
 *   row to begin with
 */
export function loopTape(tape: MarketTape, times: number): MarketTape {
  if (!Number.isSafeInteger(times) || times < 1) {
    throw new InputError("bad-loop", `a tape cannot be repeated ${times} times`);
  }
  if (tape.rows.kind[0] !== RowKind.clear) {
    throw new InputError("bad-loop", "the tape does not begin by clearing the book");
  }
  const builder = new MarketTapeBuilder();
  const lapMs = lapDurationMs(tape);
  for (let lap = 0; lap < times; lap += 1) addLap(builder, tape, lap * lapMs);
  return builder.build();
}

/** From the first row or message to the last, and a millisecond between laps. */
function lapDurationMs({ rows, feed }: MarketTape): number {
  const first = Math.min(rows.timeMs[0] ?? Infinity, feed.receivedMs[0] ?? Infinity);
  const last = Math.max(
    rows.timeMs[rows.length - 1] ?? -Infinity,
    feed.receivedMs[feed.length - 1] ?? -Infinity,
  );
  return last - first + 1;
}

function addLap(builder: MarketTapeBuilder, { rows, feed }: MarketTape, shiftMs: number): void {
  for (let row = 0; row < rows.length; row += 1) {
    const timeMs = (rows.timeMs[row] ?? 0) + shiftMs;
    builder.addRow(timeMs, rows.kind[row] ?? 0, rows.ticks[row] ?? 0, rows.lots[row] ?? 0);
  }
  for (let at = 0; at < feed.length; at += 1) {
    builder.addFeed({
      receivedMs: (feed.receivedMs[at] ?? 0) + shiftMs,
      venueMs: (feed.venueMs[at] ?? 0) + shiftMs,
      kind: feed.kind[at] ?? 0,
      bidTicks: feed.bidTicks[at] ?? 0,
      bidLots: feed.bidLots[at] ?? 0,
      askTicks: feed.askTicks[at] ?? 0,
      askLots: feed.askLots[at] ?? 0,
    });
  }
}

function backwards(what: string, timeMs: number, lastMs: number): InvariantError {
  return new InvariantError(`a ${what} at ${timeMs} ms was added after one at ${lastMs} ms`);
}
