/**
 * ActionBudget: how many more orders may be sent. Fixed windows of ten seconds, as venues count
 * them; a venue's own count (BudgetEvent) overrides ours where it is lower. Cancels are free. Pure.
 */

const WINDOW_MS = 10_000;

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
    const used = Math.floor(nowMs / WINDOW_MS) === this.#window ? this.#used : 0;
    // Reports come with answers: after a silence one action is risked, to get the next report.
    const allowed = nowMs - this.#quietSinceMs >= WINDOW_MS ? 1 : 0;
    const reported = Math.max(this.#reportedRemaining - this.#spentSinceReport, allowed);
    return Math.max(0, Math.min(this.#limit - used, reported));
  }

  /** The tighter of the two budgets is under its reserve. */
  isLow(nowMs: number): boolean {
    const limit = Math.min(this.#limit, this.#reportedLimit);
    return this.remaining(nowMs) * 100 < limit * this.#reservePct;
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
