/** A worker that races others for one sliding budget: it tells how much it got. */

import { SlidingBudget, type SlidingSpec } from "#venues/hyperliquid/sliding-budget.ts";

export interface SlidingRace {
  readonly spec: SlidingSpec;
  readonly memory: SharedArrayBuffer;
  /** Four bytes: how many racers stand at the gate. */
  readonly gate: SharedArrayBuffer;
  readonly racers: number;
  readonly attempts: number;
  readonly nowMs: number;
}

function run({ spec, memory, gate, racers, attempts, nowMs }: SlidingRace): number {
  const budget = new SlidingBudget(spec, memory, 0);
  const atGate = new Int32Array(gate);
  Atomics.add(atGate, 0, 1);
  while (Atomics.load(atGate, 0) < racers);
  let taken = 0;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (budget.tryTake(1, nowMs, { isCancel: true }).taken) taken += 1;
  }
  return taken;
}

addEventListener("message", ({ data }: MessageEvent<SlidingRace>) => {
  postMessage(run(data));
});
