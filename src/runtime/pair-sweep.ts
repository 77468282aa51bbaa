/**
 * The sweep of a pair: has the venue confirm, within a given time, that no order of its workers is
 * open. It runs on the main thread, through the account's desk.
 */

import { messageOf } from "#domain/errors.ts";
import type { OrderOwner } from "#domain/order.ts";
import type { Timers } from "#net/timers.ts";
import type { PairPlan } from "./pair-plan.ts";

/** What may still be open at the venue after an end. */
export interface EndResult {
  /** Client ids. */
  readonly left: readonly string[];
  /** Null, and nothing left: the venue confirmed that nothing of ours is open. */
  readonly problem: string | null;
}

export const NOTHING_LEFT: EndResult = { left: [], problem: null };

interface PairSweep {
  readonly plan: PairPlan;
  /**
   * Of the newest worker that is meant: a sweep that a reload has overtaken must not touch the
   * orders of the worker after it.
   */
  readonly epoch: number;
  /** A worker has told that it left none: then the venue is only asked. */
  readonly isClean: boolean;
  readonly timeoutMs: number;
  readonly timers: Timers;
}

/** Never rejects. */
export async function sweepPair(sweep: PairSweep): Promise<EndResult & { canceled: number }> {
  const { plan, epoch, timeoutMs, timers } = sweep;
  const { access, pair, market, orderPrefix } = plan;
  const deadlineMs = timers.elapsedMs() + timeoutMs;
  const owner: OrderOwner = { prefix: orderPrefix, pairId: pair.id, untilEpoch: epoch };
  try {
    if (sweep.isClean && (await hasNone(sweep, owner))) return { ...NOTHING_LEFT, canceled: 0 };
    const leftMs = Math.max(0, deadlineMs - timers.elapsedMs());
    return await access.desk.sweep(market.instrument.symbol, owner, leftMs);
  } catch (thrown) {
    return { left: [], problem: messageOf(thrown), canceled: 0 };
  }
}

/** False also where the venue does not say so in half of the time: the other half is to sweep. */
async function hasNone(sweep: PairSweep, owner: OrderOwner): Promise<boolean> {
  const { plan, timeoutMs, timers } = sweep;
  const { promise: isLate, resolve } = Promise.withResolvers<null>();
  const cancel = timers.after(timeoutMs / 2, () => resolve(null));
  try {
    const asked = plan.access.desk.openOrderIds(plan.market.instrument.symbol, owner);
    const ids = await Promise.race([asked, isLate]);
    return ids?.length === 0;
  } catch {
    // The sweep asks the same, and tells what is wrong.
    return false;
  } finally {
    cancel();
  }
}
