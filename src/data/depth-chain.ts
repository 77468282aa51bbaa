/**
 * Which depth events of a recording make its book: the venue's rule for joining a snapshot with
 * the stream (Binance web-socket-streams.md, "How to manage a local order book correctly"), and
 * the check of the book that results against the tickers, which the venue makes independently.
 */

import { Book } from "#domain/book.ts";
import { InputError } from "#domain/errors.ts";
import { MarketKind } from "#venues/binance/market-message.ts";
import type { CaptureLog } from "./capture-log.ts";

export interface DepthChain {
  /** Index of the first snapshot. Later ones add nothing: the ids prove that none is needed. */
  readonly snapshot: number;
  /** The depth events to apply after it, in order; the first may stand before it in the file. */
  readonly events: Uint32Array;
}

/**
 * Joins the snapshot with the depth events: those it already contains are left out, the next must
 * overlap its end, and each one must follow the one before.
 * @throws {InputError} `no-snapshot`, `depth-gap`
 */
export function joinDepth(log: CaptureLog, path: string): DepthChain {
  const snapshot = log.kind.subarray(0, log.length).indexOf(MarketKind.snapshot);
  if (snapshot === -1) {
    throw new InputError("no-snapshot", "the recording has no depth snapshot to start from", {
      where: path,
      hint: "record again, asking for the REST snapshot once the depth stream runs",
    });
  }
  const events = new Uint32Array(log.length);
  let count = 0;
  let bookId = log.lastId[snapshot] ?? 0;
  for (let index = 0; index < log.length; index += 1) {
    const lastId = log.lastId[index] ?? 0;
    if (log.kind[index] !== MarketKind.depth || lastId <= bookId) continue;
    const firstId = log.firstId[index] ?? 0;
    if (firstId > bookId + 1) {
      throw depthGap(`${path}:${log.line[index] ?? 0}`, bookId, firstId, count === 0);
    }
    events[count] = index;
    count += 1;
    bookId = lastId;
  }
  return { snapshot, events: events.slice(0, count) };
}

function depthGap(where: string, bookId: number, firstId: number, isFirst: boolean): InputError {
  const before = isFirst ? "the snapshot" : "the depth before it";
  const message = `depth begins at update ${firstId}, but ${before} ends at ${bookId}`;
  return new InputError("depth-gap", message, {
    where,
    hint: isFirst
      ? "the snapshot is older than the stream; record again"
      : "the recording lost messages; cut it before this line or record again",
  });
}

export interface BookCheck {
  /** Depth events that were applied. */
  readonly depthEvents: number;
  /**
   * Those that came once the book was complete, with a ticker to compare with. Events buffered
   * for the snapshot are applied all at once when it comes: nobody sees the books in between.
   */
  readonly checked: number;
  /** Those whose best bid and ask are the ticker's, price and size. */
  readonly matched: number;
  /** Depth events after which best bid and ask were crossed. */
  readonly crossed: number;
}

/**
 * Builds a book from depth alone and compares its touch, after every event, with the newest
 * ticker that is not newer than the book. It may stand behind the event in the file: the streams
 * are not in step where depth is told at once.
 */
export function checkDepth(log: CaptureLog, chain: DepthChain): BookCheck {
  const book = new Book();
  let checked = 0;
  let matched = 0;
  let crossed = 0;
  let ticker = -1;
  let next = 0;
  setLevels(book, log, chain.snapshot);
  for (const event of chain.events) {
    setLevels(book, log, event);
    if (book.isCrossed()) crossed += 1;
    if (event < chain.snapshot) continue;
    const bookId = log.lastId[event] ?? 0;
    for (; next < log.length; next += 1) {
      if (log.kind[next] !== MarketKind.ticker) continue;
      if ((log.lastId[next] ?? 0) > bookId) break;
      ticker = next;
    }
    if (ticker === -1) continue;
    checked += 1;
    if (touchIs(book, log, ticker)) matched += 1;
  }
  return { depthEvents: chain.events.length, checked, matched, crossed };
}

function setLevels(book: Book, log: CaptureLog, index: number): void {
  const bidEnd = log.bidEnd[index] ?? 0;
  const end = log.levelEnd[index] ?? 0;
  for (let level = log.levelStart[index] ?? 0; level < end; level += 1) {
    const ticks = log.levelTicks[level] ?? 0;
    const lots = log.levelLots[level] ?? 0;
    if (level < bidEnd) book.setBid(ticks, lots);
    else book.setAsk(ticks, lots);
  }
}

function touchIs(book: Book, log: CaptureLog, ticker: number): boolean {
  const bid = log.levelStart[ticker] ?? 0;
  const ask = bid + 1;
  return (
    book.bestBid === log.levelTicks[bid] &&
    book.bestAsk === log.levelTicks[ask] &&
    book.bidLotsAt(book.bestBid) === log.levelLots[bid] &&
    book.askLotsAt(book.bestAsk) === log.levelLots[ask]
  );
}
