/** A worker that races others for one gauge: it tells the most that it has seen open at a time. */

import { type GaugeLimits, Gauges } from "#venues/hyperliquid/gauges.ts";

export interface GaugeRace {
  readonly limits: GaugeLimits;
  readonly memory: SharedArrayBuffer;
  /** Two words of four bytes: how many racers stand at the gate; how many posts are open. */
  readonly counts: SharedArrayBuffer;
  readonly racers: number;
  readonly attempts: number;
  readonly nowMs: number;
}

export interface GaugeRaceResult {
  readonly taken: number;
  readonly most: number;
}

function run({ limits, memory, counts, racers, attempts, nowMs }: GaugeRace): GaugeRaceResult {
  const cell = new Gauges(limits, memory, () => nowMs).claim();
  const words = new Int32Array(counts);
  Atomics.add(words, 0, 1);
  while (Atomics.load(words, 0) < racers);
  let taken = 0;
  let most = 0;
  let held = 0;
  const giveBack = (): void => {
    Atomics.sub(words, 1, 1);
    cell?.giveBack("posts");
  };
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (cell?.take("posts", true) === true) {
      most = Math.max(most, Atomics.add(words, 1, 1) + 1);
      taken += 1;
      held += 1;
    }
    if (held > 0 && attempt % 3 === 0) {
      giveBack();
      held -= 1;
    }
  }
  for (; held > 0; held -= 1) giveBack();
  return { taken, most };
}

addEventListener("message", ({ data }: MessageEvent<GaugeRace>) => {
  postMessage(run(data));
});
