/** What is this thread's own of the world: timers, clock, randomness. */

import { Rng } from "#domain/rng.ts";
import { systemTimers } from "#net/timers.ts";
import type { VenueWorld } from "#venues/venue.ts";

/**
 * Each thread makes one for itself: `performance.now()` counts from the start of its thread, and
 * together with `timeOrigin` gives one clock for all of them, which never goes back.
 */
export function systemWorld(): VenueWorld {
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
  return {
    timers: systemTimers,
    rng: new Rng(seed),
    nowMs: () => performance.timeOrigin + performance.now(),
  };
}
