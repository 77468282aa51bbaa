/**
 * Timers: the one source of elapsed time and of delays in this layer, handed in, so that tests
 * turn the clock by hand and never sleep. Imports nothing.
 */

/** Cancels a callback that has not run yet; calling it again, or later, does nothing. */
export type CancelTimer = () => void;

export interface Timers {
  /** Milliseconds since some fixed moment; never goes back, whatever the wall clock does. */
  elapsedMs(): number;
  /** Runs the callback once after this delay, never within the call itself. */
  after(delayMs: number, callback: () => void): CancelTimer;
}

/** The real ones of this thread. */
export const systemTimers: Timers = {
  elapsedMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
