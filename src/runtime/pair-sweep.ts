/**
 * The sweep of a pair: has the venues of its legs confirm, within a given time, that no order of
 * its workers is open. It runs on the main thread, through the accounts' desks.
 */

import { messageOf } from "#domain/errors.ts";
import type { OrderOwner } from "#domain/order.ts";
import type { Timers } from "#net/timers.ts";
import { type LegPlan, legsOf, marketName, type PairPlan } from "./pair-plan.ts";

/** What may still be open at the venue after an end. */
export interface EndResult {
  /** Client ids. */
  readonly left: readonly string[];
  /** Null, and nothing left: the venue confirmed that nothing of ours is open. */
  readonly problem: string | null;
}

export const NOTHING_LEFT: EndResult = { left: [], problem: null };

/** As a sentence. */
export function mayBeOpen({ problem, left }: EndResult): string {
  return `orders may still be open: ${problem ?? left.join(", ")}`;
}

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
  const legs = legsOf(sweep.plan);
  const ends = await Promise.all(legs.map((leg) => sweepLeg(sweep, leg)));
  const problems = ends.flatMap(({ problem }, index) => {
    const leg = legs[index];
    if (problem === null) return [];
    return [leg === undefined || legs.length === 1 ? problem : `${marketName(leg)}: ${problem}`];
  });
  return {
    left: ends.flatMap(({ left }) => left),
    problem: problems.length === 0 ? null : problems.join("; "),
    canceled: ends.reduce((sum, { canceled }) => sum + canceled, 0),
  };
}

async function sweepLeg(sweep: PairSweep, leg: LegPlan): Promise<EndResult & { canceled: number }> {
  const { plan, epoch, timeoutMs, timers } = sweep;
  const { access, market } = leg;
  const deadlineMs = timers.elapsedMs() + timeoutMs;
  const owner: OrderOwner = { prefix: plan.orderPrefix, pairId: plan.pair.id, untilEpoch: epoch };
  try {
    const isNone = sweep.isClean && (await hasNone(sweep, leg, owner));
    if (isNone) return { ...NOTHING_LEFT, canceled: 0 };
    const leftMs = Math.max(0, deadlineMs - timers.elapsedMs());
    return await access.desk.sweep(market.instrument.symbol, owner, leftMs);
  } catch (thrown) {
    return { left: [], problem: messageOf(thrown), canceled: 0 };
  }
}

/** False also where the venue does not say so in half of the time: the other half is to sweep. */
async function hasNone(
  { timeoutMs, timers }: PairSweep,
  { access, market }: LegPlan,
  owner: OrderOwner,
): Promise<boolean> {
  const { promise: isLate, resolve } = Promise.withResolvers<null>();
  const cancel = timers.after(timeoutMs / 2, () => resolve(null));
  try {
    const asked = access.desk.openOrderIds(market.instrument.symbol, owner);
    const ids = await Promise.race([asked, isLate]);
    return ids?.length === 0;
  } catch {
    // The sweep asks the same, and tells what is wrong.
    return false;
  } finally {
    cancel();
  }
}
