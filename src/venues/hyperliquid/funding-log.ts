/**
 * FundingLog: settlements of funding on one coin's position, each told once, from the stream and,
 * for those that it lost, from the venue's history. Asks through HlApi; does no other I/O.
 */

import { RecentMap } from "#domain/recent-map.ts";
import type { VenueNews } from "../news.ts";
import type { HlApi } from "./api.ts";
import { type OwnFunding, readFundingHistory } from "./responses.ts";

/** One an hour: months of them. */
const MAX_SEEN = 4096;
const HOUR_MS = 3_600_000;
/** After the hour, until when its settlement is surely listed. */
const LATE_MS = 60_000;

export interface FundingLogParts {
  readonly api: HlApi;
  readonly coin: string;
  /** Lower case. */
  readonly user: string;
  readonly news: VenueNews;
}

export class FundingLog {
  readonly #parts: FundingLogParts;
  readonly #seen = new RecentMap<true>(MAX_SEEN);
  #sinceMs: number | null = null;
  /** When the history was last read, venue's clock. */
  #readMs = -Infinity;

  constructor(parts: FundingLogParts) {
    this.#parts = parts;
  }

  /** Settlements later than this count. Nothing happens the second time. */
  begin(sinceMs: number): void {
    if (this.#sinceMs !== null) return;
    this.#sinceMs = Math.floor(sinceMs);
    this.#readMs = sinceMs;
  }

  take(fundings: readonly OwnFunding[]): void {
    const { coin, news } = this.#parts;
    for (const { coin: its, venueTimeMs, amount } of fundings) {
      const fundingId = `${its}|${venueTimeMs}`;
      const isOld = this.#sinceMs === null || venueTimeMs <= this.#sinceMs;
      if (its !== coin || isOld || this.#seen.has(fundingId)) continue;
      this.#seen.set(fundingId, true);
      const receivedTimeMs = news.clocks.nowMs();
      news.event({ kind: "funding", venueTimeMs, receivedTimeMs, fundingId, amount });
    }
  }

  /**
   * Reads the history where a settlement was due since it was read last.
   * @returns null, or why the venue did not say
   * @throws {ProtocolError}
   */
  async readIfDue(): Promise<string | null> {
    const { api, user, news } = this.#parts;
    const nowMs = news.clocks.venueNowMs();
    const hourOf = (timeMs: number): number => Math.floor((timeMs - LATE_MS) / HOUR_MS);
    if (this.#sinceMs === null || hourOf(nowMs) <= hourOf(this.#readMs)) return null;
    const startTime = Math.max(this.#sinceMs, Math.floor(this.#readMs) - HOUR_MS);
    const answer = await api.info({ type: "userFunding", user, startTime });
    if (answer.kind !== "answered") return answer.message;
    this.take(readFundingHistory(answer.result));
    this.#readMs = nowMs;
    return null;
  }
}
