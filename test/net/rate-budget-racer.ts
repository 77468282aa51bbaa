/**
 * A worker that races others for one budget: it waits for the gate, takes until the clock, which
 * all of them push on together, has run out, and tells how much it got.
 */

import { type BudgetSpec, RateBudgets } from "#net/rate-budget.ts";

export interface Race {
  readonly spec: BudgetSpec;
  readonly memory: SharedArrayBuffer;
  /** Four bytes: attempts made so far by all; each pushes the clock on by `stepMs`. */
  readonly attempts: SharedArrayBuffer;
  /** Four bytes: how many racers stand at the gate. */
  readonly gate: SharedArrayBuffer;
  readonly racers: number;
  readonly maxAttempts: number;
  readonly startMs: number;
  readonly stepMs: number;
}

function run(race: Race): number {
  const budget = new RateBudgets([race.spec], race.memory).get(race.spec.name);
  const attempts = new Int32Array(race.attempts);
  const gate = new Int32Array(race.gate);
  Atomics.add(gate, 0, 1);
  while (Atomics.load(gate, 0) < race.racers);
  let taken = 0;
  for (;;) {
    const attempt = Atomics.add(attempts, 0, 1);
    if (attempt >= race.maxAttempts) return taken;
    const nowMs = race.startMs + attempt * race.stepMs;
    if (budget.tryTake(1, nowMs, { isCancel: true }).taken) taken += 1;
  }
}

addEventListener("message", ({ data }: MessageEvent<Race>) => {
  postMessage(run(data));
});
