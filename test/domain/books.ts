/** All levels of a book, best first, for comparing. */

import { type Book, NO_TICKS } from "#domain/book.ts";

export function bidsOf(book: Book): [number, number][] {
  const levels: [number, number][] = [];
  for (let at = book.bestBid; at !== NO_TICKS; at = book.nextBid(at)) {
    levels.push([at, book.bidLotsAt(at)]);
  }
  return levels;
}

export function asksOf(book: Book): [number, number][] {
  const levels: [number, number][] = [];
  for (let at = book.bestAsk; at !== NO_TICKS; at = book.nextAsk(at)) {
    levels.push([at, book.askLotsAt(at)]);
  }
  return levels;
}
