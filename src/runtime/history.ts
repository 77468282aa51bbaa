/** Prices of the past, in bounded time: a pair starts without them rather than not at all. */

import { messageOf } from "#domain/errors.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { History } from "#ports/venue.ts";

/** A start, or an update, waits no longer. */
const HISTORY_TIMEOUT_MS = 5_000;

export interface HistoryRequest {
  readonly history: History;
  readonly timers: Timers;
  readonly intervalMs: number;
  readonly count: number;
  /** Why there are none; told at most once, before the promise resolves. */
  readonly onProblem: (message: string) => void;
}

/**
 * Asks a venue for prices. Never rejects.
 * @returns oldest first; empty where there are none, where they come too late or make no sense
 */
export async function historyPrices(request: HistoryRequest): Promise<readonly number[]> {
  let cancel: CancelTimer = () => undefined;
  const tooLate = new Promise<string>((resolve) => {
    cancel = request.timers.after(HISTORY_TIMEOUT_MS, () => {
      resolve(`the venue did not answer within ${HISTORY_TIMEOUT_MS} ms`);
    });
  });
  const answer = await Promise.race([ask(request), tooLate]);
  cancel();
  if (typeof answer !== "string") return answer;
  request.onProblem(`no price history, volatility warms up live: ${answer}`);
  return [];
}

/** @returns prices, or why there are none */
async function ask({
  history,
  intervalMs,
  count,
}: HistoryRequest): Promise<readonly number[] | string> {
  try {
    const prices = await history.prices(intervalMs, count);
    const bad = prices.find((price) => !(price > 0 && price < Infinity));
    if (bad !== undefined) return `the venue gave a price of ${bad}`;
    return prices.length > 0 ? prices : "the venue has none";
  } catch (error) {
    return messageOf(error);
  }
}
