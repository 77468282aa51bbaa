/**
 * ActionBudget: how many more orders may be sent. Fixed windows of ten seconds, as venues count
 * them; a venue's own count (BudgetEvent) overrides ours where it is lower. Cancels are free. Pure.
 */

const WINDOW_MS = 10_000;
const OWN_SHARE_MIN = 0.5;

export class ActionBudget {
  #limit: number;
  #reservePct: number;
  #window = -1;
  #used = 0;
  #reportedRemaining = Infinity;
  #reportedLimit = Infinity;
  #quietSinceMs = -Infinity;
  #spentSinceReport = 0;

  constructor(actionsPer10s: number, reservePct: number) {
    this.#limit = actionsPer10s;
    this.#reservePct = reservePct;
  }

  /** What was spent, and what the venue reported, still counts. */
  setLimits(actionsPer10s: number, reservePct: number): void {
    this.#limit = actionsPer10s;
    this.#reservePct = reservePct;
  }

  remaining(nowMs: number): number {
    return Math.max(0, Math.min(this.#own(nowMs), this.#reported(nowMs)));
  }

  /**
   * What is left of the reserve in the tighter of the two budgets: 1 where it is whole, and down to
   * 0 as the venue's is used up; ours is whole again within seconds, and counts as half until then.
   */
  reserveShare(nowMs: number): number {
    return Math.min(
      Math.max(OWN_SHARE_MIN, this.#reserveShareOf(this.#own(nowMs), this.#limit)),
      this.#reserveShareOf(this.#reported(nowMs), this.#reportedLimit),
    );
  }

  #reserveShareOf(remaining: number, limit: number): number {
    const reserve = (limit * this.#reservePct) / 100;
    // No reserve, or (before the first report) no limit.
    if (!(reserve > 0 && reserve < Infinity)) return 1;
    return Math.min(1, Math.max(0, remaining) / reserve);
  }

  #own(nowMs: number): number {
    return this.#limit - (Math.floor(nowMs / WINDOW_MS) === this.#window ? this.#used : 0);
  }

  #reported(nowMs: number): number {
    // Reports come with answers: after a silence one action is risked, to get the next report.
    const allowed = nowMs - this.#quietSinceMs >= WINDOW_MS ? 1 : 0;
    return Math.max(this.#reportedRemaining - this.#spentSinceReport, allowed);
  }

  spend(nowMs: number): void {
    const window = Math.floor(nowMs / WINDOW_MS);
    if (window !== this.#window) {
      this.#window = window;
      this.#used = 0;
    }
    this.#used += 1;
    this.#spentSinceReport += 1;
    this.#quietSinceMs = nowMs;
  }

  /** What the venue itself says is left. */
  report(remaining: number, limit: number, nowMs: number): void {
    this.#quietSinceMs = nowMs;
    this.#reportedRemaining = remaining;
    this.#reportedLimit = limit;
    this.#spentSinceReport = 0;
  }
}
