/** A worker that races others for nonces of one key, and hands over all it got, in order. */

import { NonceCounter } from "#venues/hyperliquid/nonces.ts";

export interface NonceRace {
  readonly memory: SharedArrayBuffer;
  /** Four bytes: how many racers stand at the gate. */
  readonly gate: SharedArrayBuffer;
  readonly racers: number;
  readonly count: number;
  /** Its clock, which goes on by a millisecond every so many nonces. */
  readonly startMs: number;
  readonly noncesAMs: number;
}

function run(race: NonceRace): number[] {
  let asked = 0;
  const clock = (): number => race.startMs + Math.floor(asked / race.noncesAMs);
  const nonces = new NonceCounter(race.memory, clock);
  const gate = new Int32Array(race.gate);
  Atomics.add(gate, 0, 1);
  while (Atomics.load(gate, 0) < race.racers);
  const got: number[] = [];
  for (; asked < race.count; asked += 1) {
    const nonce = nonces.next();
    if (nonce !== null) got.push(nonce);
    if (asked % 1000 === 0) nonces.moveBeyond((nonce ?? 0) + 3);
  }
  return got;
}

addEventListener("message", ({ data }: MessageEvent<NonceRace>) => {
  postMessage(run(data));
});
