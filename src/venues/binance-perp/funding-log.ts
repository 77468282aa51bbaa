/**
 * FundingLog: settlements of funding on one symbol's position, each told once. The stream says that
 * there was one, not how much on which position: that is read from the venue's list of income,
 * which may lag, and for settlements that the stream lost as well. Asks through PerpApi; does no
 * other I/O but timers that are handed in.
 */

import type { Instrument } from "#domain/instrument.ts";
import { RecentMap } from "#domain/recent-map.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { VenueNews } from "../news.ts";
import { readFundings } from "./account-responses.ts";
import { verdictOf } from "./answers.ts";
import type { PerpApi } from "./api.ts";

/** Three a day as a rule, one an hour at most: months of them. */
const MAX_SEEN = 4096;
const HOUR_MS = 3_600_000;
/** After the hour, until when its settlement is surely listed. */
const LATE_MS = 60_000;
/**
 * The first look after the stream spoke of it; then twice as long each. They weigh 30, and all
 * pairs of an account look at once: what is listed later is found by `readIfDue`.
 */
const SOON_MS = 1000;
const MAX_LOOKS = 3;
const PAGE_SIZE = 1000;

const NOTHING: CancelTimer = () => {};

export interface FundingLogParts {
  readonly api: PerpApi;
  readonly instrument: Instrument;
  readonly news: VenueNews;
  readonly timers: Timers;
  /** Told where the list cannot be read. */
  readonly onProblem: (thrown: unknown) => void;
}

export class FundingLog {
  readonly #parts: FundingLogParts;
  readonly #seen = new RecentMap<true>(MAX_SEEN);
  #sinceMs: number | null = null;
  /** When the list was last read, venue's clock. */
  #readMs = -Infinity;
  #isStopped = false;
  #cancelLook = NOTHING;

  constructor(parts: FundingLogParts) {
    this.#parts = parts;
  }

  /** Settlements later than this count. Nothing happens the second time. */
  begin(sinceMs: number): void {
    if (this.#sinceMs !== null) return;
    this.#sinceMs = Math.floor(sinceMs);
    this.#readMs = sinceMs;
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelLook();
  }

  /**
   * The stream speaks of a settlement: its list is read until there is one of then, or not ours.
   */
  onSettled(venueTimeMs: number): void {
    this.#lookAfter(SOON_MS, { venueTimeMs, left: MAX_LOOKS });
  }

  /**
   * Reads the list where a settlement was due since it was read last.
   * @returns null, or why the venue did not say
   * @throws {ProtocolError}
   */
  async readIfDue(): Promise<string | null> {
    const nowMs = this.#parts.news.clocks.venueNowMs();
    const hourOf = (timeMs: number): number => Math.floor((timeMs - LATE_MS) / HOUR_MS);
    if (this.#sinceMs === null || hourOf(nowMs) === hourOf(this.#readMs)) return null;
    const reading = await this.#read();
    return reading.problem;
  }

  #lookAfter(delayMs: number, look: Look): void {
    this.#cancelLook();
    if (this.#isStopped) return;
    this.#cancelLook = this.#parts.timers.after(delayMs, () => {
      this.#look(delayMs, look).catch(this.#parts.onProblem);
    });
  }

  async #look(delayMs: number, { venueTimeMs, left }: Look): Promise<void> {
    const { newestMs } = await this.#read();
    // Stream and list may tell the time of one settlement a little apart.
    const isThere = newestMs >= venueTimeMs - LATE_MS;
    if (!isThere && left > 1) this.#lookAfter(2 * delayMs, { venueTimeMs, left: left - 1 });
  }

  async #read(): Promise<Reading> {
    const { api, instrument, news } = this.#parts;
    const { symbol } = instrument;
    if (this.#sinceMs === null) return { problem: null, newestMs: -Infinity };
    const nowMs = news.clocks.venueNowMs();
    // Our clock may have been ahead when it was read last.
    const lastMs = Math.floor(Math.min(this.#readMs, nowMs));
    const startTime = Math.max(this.#sinceMs, lastMs - 2 * HOUR_MS);
    const params = { symbol, incomeType: "FUNDING_FEE", startTime, limit: PAGE_SIZE };
    const verdict = verdictOf(await api.call("income", params), news.clocks.venueNowMs());
    if (verdict.kind !== "accepted") return { problem: verdict.message, newestMs: -Infinity };
    let newestMs = -Infinity;
    for (const funding of readFundings(verdict.result, symbol)) {
      const { fundingId, venueTimeMs, amount, asset } = funding;
      newestMs = Math.max(newestMs, venueTimeMs);
      if (venueTimeMs <= this.#sinceMs || this.#seen.has(fundingId)) continue;
      this.#seen.set(fundingId, true);
      if (asset !== instrument.quote) {
        const message = `funding of ${amount} ${asset} on ${symbol} is not in ${instrument.quote}`;
        news.alert("warning", "funding-asset", `${message}: it is not booked`);
        continue;
      }
      const receivedTimeMs = news.clocks.nowMs();
      news.event({ kind: "funding", venueTimeMs, receivedTimeMs, fundingId, amount });
    }
    this.#readMs = nowMs;
    return { problem: null, newestMs };
  }
}

interface Look {
  readonly venueTimeMs: number;
  /** So often it is looked for, this time included. */
  readonly left: number;
}

interface Reading {
  /** Null, or why the venue did not say. */
  readonly problem: string | null;
  readonly newestMs: number;
}
