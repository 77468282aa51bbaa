/**
 * RandomFaults: which fault comes next, when, and how bad, from a seed. All kinds come up equally
 * often; every fault is short enough for the venue to recover before the next of its kind. Pure.
 */

import type { Rng } from "#domain/rng.ts";
import { defaultOrder, type FaultKind, type FaultOrder, type FaultRules } from "./fault-script.ts";

export class RandomFaults {
  readonly #rng: Rng;
  readonly #rules: FaultRules;
  readonly #kinds: readonly FaultKind[];
  readonly #everyMs: number;
  /** What is left of this round, in which each kind comes once. */
  #round: FaultKind[] = [];

  constructor(
    rng: Rng,
    rules: FaultRules,
    { kinds, everyMs }: { readonly kinds: readonly FaultKind[]; readonly everyMs: number },
  ) {
    this.#rng = rng;
    this.#rules = rules;
    this.#kinds = [...new Set(kinds)];
    this.#everyMs = everyMs;
  }

  /** Time to the next fault. */
  waitMs(): number {
    return this.#rng.exponential(1 / this.#everyMs);
  }

  next(): FaultOrder {
    if (this.#round.length === 0) this.#round = [...this.#kinds];
    const [kind = "delay"] = this.#round.splice(this.#rng.integer(this.#round.length), 1);
    return this.#drawn(kind);
  }

  #drawn(kind: FaultKind): FaultOrder {
    const order = defaultOrder(kind, this.#rules);
    if ("ms" in order) return { ...order, ms: this.#between(50, 1500) };
    if (order.kind === "rate-limit") return { ...order, retryAfterSeconds: this.#between(1, 3) };
    if (order.kind === "ban") return { ...order, seconds: this.#between(2, 5) };
    if (order.kind === "clock-jump") {
      const skewMs = this.#between(1500, 8000) * (this.#rng.uniform() < 0.5 ? -1 : 1);
      return { ...order, skewMs, forMs: this.#between(2000, 5000) };
    }
    if (order.kind === "maintenance") {
      const { statuses } = this.#rules;
      const status = statuses[this.#rng.integer(statuses.length)] ?? statuses[0];
      return { ...order, status, forMs: this.#between(1000, 4000) };
    }
    return order;
  }

  /** A whole number of milliseconds or seconds, both ends included. */
  #between(least: number, most: number): number {
    return least + this.#rng.integer(most - least + 1);
  }
}
