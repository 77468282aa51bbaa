/**
 * CaptureLog: the messages of a recording, in file order, as columns; prices in ticks, sizes in
 * lots. CaptureMessage is one of them, reused from line to line. May import domain, sim and the
 * venue's messages.
 */

import type { BookUpdate } from "#domain/fused-book.ts";
import { doubled } from "#sim/market-tape-builder.ts";
import { type LevelList, MarketKind, MarketMessage } from "#venues/binance/market-message.ts";

/** A message of the venue, and when it was recorded. */
export class CaptureMessage extends MarketMessage {
  /** By the recorder's clock, milliseconds since the epoch. */
  receivedMs = 0;
}

const INITIAL_CAPACITY = 4096;

export class CaptureLog {
  length = 0;
  /** Smallest receive time minus event time; Infinity without a message that has both. */
  minLatencyMs = Infinity;
  /** Sizes that were no whole number of lots, and the first line that has one. */
  offGridSizes = 0;
  firstOffGridLine = 0;
  /** Prints told twice (an overlapping reconnect) and left out, and ids that nobody told. */
  duplicateTrades = 0;
  missingTrades = 0;
  #lastTradeId = 0;

  line = new Uint32Array(INITIAL_CAPACITY);
  kind = new Uint8Array(INITIAL_CAPACITY);
  receivedMs = new Float64Array(INITIAL_CAPACITY);
  venueMs = new Float64Array(INITIAL_CAPACITY);
  firstId = new Float64Array(INITIAL_CAPACITY);
  lastId = new Float64Array(INITIAL_CAPACITY);
  sellerTook = new Uint8Array(INITIAL_CAPACITY);
  /** Levels of message i: bids in [levelStart[i], bidEnd[i]), asks up to levelEnd[i]. */
  levelStart = new Uint32Array(INITIAL_CAPACITY);
  bidEnd = new Uint32Array(INITIAL_CAPACITY);
  levelEnd = new Uint32Array(INITIAL_CAPACITY);

  levelTicks = new Int32Array(INITIAL_CAPACITY);
  levelLots = new Float64Array(INITIAL_CAPACITY);
  #levels = 0;

  /** All levels of all messages. */
  get levels(): number {
    return this.#levels;
  }

  /**
   * Copies a message in, but for a print that is there already or fills nobody, and for a mark
   * price, which no tape has.
   * @param line counted from 1
   */
  append(message: CaptureMessage, line: number): void {
    if (message.kind === MarketKind.mark) return;
    if (message.kind === MarketKind.trade && !this.#isNewPrint(message)) return;
    if (this.length === this.kind.length) this.#growMessages();
    const at = this.length;
    this.line[at] = line;
    this.kind[at] = message.kind;
    this.receivedMs[at] = message.receivedMs;
    this.venueMs[at] = message.venueMs;
    this.firstId[at] = message.firstId;
    this.lastId[at] = message.lastId;
    this.sellerTook[at] = message.sellerTook ? 1 : 0;
    this.levelStart[at] = this.#levels;
    this.bidEnd[at] = this.#levels + message.levels.bidCount;
    this.#appendLevels(message.levels);
    this.levelEnd[at] = this.#levels;
    this.length = at + 1;
    if (message.offGridSizes > 0 && this.offGridSizes === 0) this.firstOffGridLine = line;
    this.offGridSizes += message.offGridSizes;
    if (message.eventMs > 0) {
      this.minLatencyMs = Math.min(this.minLatencyMs, message.receivedMs - message.eventMs);
    }
  }

  /** Points `update` to the levels of the message at `index`. */
  pointTo(index: number, update: BookUpdate): void {
    update.lastId = this.lastId[index] ?? 0;
    update.ticks = this.levelTicks;
    update.lots = this.levelLots;
    update.start = this.levelStart[index] ?? 0;
    update.bidEnd = this.bidEnd[index] ?? 0;
    update.end = this.levelEnd[index] ?? 0;
  }

  /** The venue numbers an instrument's prints without a gap. */
  #isNewPrint({ lastId: id, levels }: MarketMessage): boolean {
    const lastId = this.#lastTradeId;
    if (id <= lastId) {
      this.duplicateTrades += 1;
      return false;
    }
    if (lastId > 0) this.missingTrades += id - lastId - 1;
    this.#lastTradeId = id;
    return (levels.lots[0] ?? 0) > 0;
  }

  #appendLevels(levels: LevelList): void {
    while (this.#levels + levels.length > this.levelTicks.length) {
      this.levelTicks = new Int32Array(doubled(this.levelTicks));
      this.levelLots = new Float64Array(doubled(this.levelLots));
    }
    for (let level = 0; level < levels.length; level += 1) {
      this.levelTicks[this.#levels + level] = levels.ticks[level] ?? 0;
      this.levelLots[this.#levels + level] = levels.lots[level] ?? 0;
    }
    this.#levels += levels.length;
  }

  #growMessages(): void {
    this.line = new Uint32Array(doubled(this.line));
    this.kind = new Uint8Array(doubled(this.kind));
    this.receivedMs = new Float64Array(doubled(this.receivedMs));
    this.venueMs = new Float64Array(doubled(this.venueMs));
    this.firstId = new Float64Array(doubled(this.firstId));
    this.lastId = new Float64Array(doubled(this.lastId));
    this.sellerTook = new Uint8Array(doubled(this.sellerTook));
    this.levelStart = new Uint32Array(doubled(this.levelStart));
    this.bidEnd = new Uint32Array(doubled(this.bidEnd));
    this.levelEnd = new Uint32Array(doubled(this.levelEnd));
  }
}
