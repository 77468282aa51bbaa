/**
 * Outages: when a simulated venue fails, scripted by time. Overloaded, it refuses whatever adds
 * risk and carries out the rest (Binance's -1008): cancels, reduce-only orders, questions.
 * Unreachable, nothing goes through in either direction, and nobody is told what became of it.
 * Pure.
 */

import { InputError } from "#domain/errors.ts";
import type { MarketTape, TapeFeed } from "./market-tape.ts";

/** From (included) until (not included), milliseconds since the epoch. */
export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

export class Outages {
  readonly overloaded: readonly TimeWindow[];
  readonly unreachable: readonly TimeWindow[];

  /** @throws {InputError} `bad-outage` where a window does not end after it begins */
  constructor(overloaded: readonly TimeWindow[], unreachable: readonly TimeWindow[]) {
    for (const { fromMs, toMs } of [...overloaded, ...unreachable]) {
      if (toMs > fromMs && Number.isFinite(toMs - fromMs)) continue;
      throw new InputError("bad-outage", `an outage from ${fromMs} to ${toMs} ms`, {
        hint: "give times in milliseconds, the second after the first",
      });
    }
    this.overloaded = overloaded;
    this.unreachable = unreachable;
  }

  /** By the exchange's time. */
  isOverloaded(timeMs: number): boolean {
    return isWithin(this.overloaded, timeMs);
  }

  /** By the exchange's time for what is sent, by ours for what is received. */
  isUnreachable(timeMs: number): boolean {
    return isWithin(this.unreachable, timeMs);
  }
}

export const NO_OUTAGES = new Outages([], []);

function isWithin(windows: readonly TimeWindow[], timeMs: number): boolean {
  for (const { fromMs, toMs } of windows) if (timeMs >= fromMs && timeMs < toMs) return true;
  return false;
}

/** The tape without the messages of its feed that would have reached us in these windows. */
export function withoutFeed(tape: MarketTape, windows: readonly TimeWindow[]): MarketTape {
  if (windows.length === 0) return tape;
  const { feed } = tape;
  const isKept = (_: number, at: number): boolean => !isWithin(windows, feed.receivedMs[at] ?? 0);
  const kept: TapeFeed = {
    length: feed.receivedMs.filter(isKept).length,
    receivedMs: feed.receivedMs.filter(isKept),
    venueMs: feed.venueMs.filter(isKept),
    kind: feed.kind.filter(isKept),
    bidTicks: feed.bidTicks.filter(isKept),
    bidLots: feed.bidLots.filter(isKept),
    askTicks: feed.askTicks.filter(isKept),
    askLots: feed.askLots.filter(isKept),
  };
  return { rows: tape.rows, feed: kept };
}
