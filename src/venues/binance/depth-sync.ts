/**
 * DepthSync: keeps a book whole from a stream of depth events and a snapshot fetched beside it, by
 * the venue's rule (web-socket-streams.md, "How to manage a local order book correctly"): events
 * are kept until a snapshot comes that they continue; from then on each must continue the one
 * before. Pure state machine; may import domain only.
 *
 * The ids alone decide, so nothing that is lost, late or told twice passes unnoticed:
 * - an event whose last id is not above the book's says nothing new and is left out;
 * - an event whose first id is above the book's by more than one leaves a gap, wherever the events
 *   between went: also those that did not fit into the buffer, or came on another connection.
 *
 * USD-M numbers the updates of all symbols together, so its events name the one before them (`pu`)
 * and are read as beginning right behind that (see MarketMessage): the same rule then holds. It
 * takes in two cases beyond the letter of the venue's own: a snapshot from between two events, and
 * an event that begins before the end of the last one, as another connection may cut them. In
 * both the event holds every update since.
 *
 * Ids that make no sense must not freeze the book, which would look alive: where event after event
 * says nothing new, or stays behind one and the same ticker, the venue counts anew or has told an
 * id from nowhere, and the book is thrown away as after a gap.
 */

import type { BookUpdate, FusedBook } from "#domain/fused-book.ts";

/**
 * - `buffered`: kept for the snapshot. `applied`: the book is that of the event.
 * - `ignored`: the book shows it already.
 * - `gap`: the book was thrown away; the event is the first kept for the next snapshot. Also where
 *   the ids have made no sense for too long.
 */
export type DepthVerdict = "buffered" | "applied" | "ignored" | "gap";

/** A minute of events, and more levels than such a minute has. Beyond, it starts from here. */
const MAX_EVENTS = 600;
const MAX_LEVELS = 200_000;
/** Events in a row that change nothing: ten seconds of them. Snapshots are never so far ahead. */
const MAX_FRUITLESS = 100;

interface BufferedEvent {
  readonly firstId: number;
  readonly update: BookUpdate;
}

export class DepthSync {
  readonly #book: FusedBook;
  /** In the order in which they came; empty once joined. */
  #events: BufferedEvent[] = [];
  #levels = 0;
  /** Last update that the book shows. */
  #bookId = 0;
  /** Events in a row that said nothing new, or were older than a ticker that stays the same. */
  #fruitless = 0;
  #heldBy = 0;

  constructor(book: FusedBook) {
    this.#book = book;
  }

  /** A snapshot was joined, and no event has been missed since. */
  get isJoined(): boolean {
    return this.#book.isComplete;
  }

  /** Takes the next event: updates `firstId` to `update.lastId`. The update may be reused. */
  takeDepth(firstId: number, update: BookUpdate): DepthVerdict {
    if (!this.isJoined) {
      this.#keep(firstId, update);
      return "buffered";
    }
    const isOld = update.lastId <= this.#bookId;
    if (firstId > this.#bookId + 1 || this.#isStuck(isOld)) {
      this.clear();
      this.#keep(firstId, update);
      return "gap";
    }
    if (isOld) return "ignored";
    this.#bookId = update.lastId;
    this.#book.applyDepth(update);
    return "applied";
  }

  #isStuck(isOld: boolean): boolean {
    const { tickerIsNewer, tickerId } = this.#book;
    const isHeld = tickerIsNewer && tickerId === this.#heldBy;
    this.#heldBy = tickerId;
    this.#fruitless = isOld || isHeld ? this.#fruitless + 1 : 0;
    return this.#fruitless > MAX_FRUITLESS;
  }

  /**
   * Makes the book of a snapshot and the events that continue it, where none is joined yet.
   * @returns false where the snapshot is older than what the events continue: fetch a newer one
   */
  join(snapshot: BookUpdate): boolean {
    let bookId = snapshot.lastId;
    for (const { firstId, update } of this.#events) {
      if (update.lastId <= bookId) continue;
      if (firstId > bookId + 1) return false;
      bookId = update.lastId;
    }
    const events = this.#events;
    this.#forgetEvents();
    this.#book.applySnapshot(snapshot);
    this.#bookId = snapshot.lastId;
    for (const { update } of events) {
      if (update.lastId <= this.#bookId) continue;
      this.#bookId = update.lastId;
      this.#book.applyDepth(update);
    }
    return true;
  }

  /** Throws the book away and starts again. */
  clear(): void {
    this.#forgetEvents();
    this.#book.clear();
    this.#fruitless = 0;
  }

  #keep(firstId: number, update: BookUpdate): void {
    const levels = update.end - update.start;
    const isFull = this.#events.length === MAX_EVENTS || this.#levels + levels > MAX_LEVELS;
    if (isFull) this.#forgetEvents();
    // Without this one, were it too large by itself, the next would show the gap.
    if (levels > MAX_LEVELS) return;
    this.#levels += levels;
    this.#events.push({ firstId, update: copyOf(update) });
  }

  #forgetEvents(): void {
    this.#events = [];
    this.#levels = 0;
  }
}

function copyOf({ lastId, ticks, lots, start, bidEnd, end }: BookUpdate): BookUpdate {
  return {
    lastId,
    ticks: ticks.slice(start, end),
    lots: lots.slice(start, end),
    start: 0,
    bidEnd: bidEnd - start,
    end: end - start,
  };
}
