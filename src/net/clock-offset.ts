/**
 * ClockOffset: how far the venue's clock is ahead of ours, from requests whose answer carries the
 * venue's time. The stamp is taken to lie half-way between sending and receiving, which is wrong
 * by at most half the round trip; so of the last few samples the one with the shortest round trip
 * is believed (the clock filter of NTP). Pure.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5905#section-10
 */

import { InputError } from "#domain/errors.ts";

export interface ClockSample {
  /** Ours, as the request left. */
  readonly sentMs: number;
  /** The venue's, from the answer: whole milliseconds, cut off. */
  readonly venueMs: number;
  /** Ours, as the answer came. */
  readonly receivedMs: number;
}

export interface OffsetEstimate {
  /** Venue minus ours: add it to our clock to get the venue's. */
  readonly offsetMs: number;
  /** The true offset is within this of `offsetMs`, if neither clock moved since. */
  readonly errorMs: number;
}

/** A stamp that was cut off to whole milliseconds is on average half of one too low. */
const HALF_STEP_MS = 0.5;

export class ClockOffset {
  readonly #window: number;
  readonly #samples: ClockSample[] = [];
  #best: ClockSample | undefined;

  /**
   * @param window how many samples are kept; old ones must go, for clocks drift
   * @throws InputError where it is not a whole number from 1
   */
  constructor(window = 16) {
    if (!Number.isSafeInteger(window) || window < 1) {
      throw new InputError("clock-window", `a window of ${window} samples`, {
        hint: "give a whole number from 1",
      });
    }
    this.#window = window;
  }

  /**
   * Takes a sample in; false where it cannot be one, because our clock was set back in between.
   * All that was known is dropped then too, for it was about the clock as it stood before.
   */
  add(sample: ClockSample): boolean {
    const { sentMs, venueMs, receivedMs } = sample;
    if (!Number.isFinite(venueMs) || !(receivedMs >= sentMs)) {
      if (receivedMs < sentMs) this.reset();
      return false;
    }
    this.#samples.push(sample);
    if (this.#samples.length > this.#window) this.#samples.shift();
    this.#best = undefined;
    for (const kept of this.#samples) {
      // Of equals the newest: it has drifted least.
      if (this.#best === undefined || rttMs(kept) <= rttMs(this.#best)) this.#best = kept;
    }
    return true;
  }

  /** Undefined until the first sample. */
  estimate(): OffsetEstimate | undefined {
    if (this.#best === undefined) return undefined;
    const { sentMs, venueMs, receivedMs } = this.#best;
    return {
      offsetMs: venueMs + HALF_STEP_MS - (sentMs + receivedMs) / 2,
      errorMs: rttMs(this.#best) / 2 + HALF_STEP_MS,
    };
  }

  /** Forgets every sample: after a jump of our clock, or another venue behind the address. */
  reset(): void {
    this.#samples.length = 0;
    this.#best = undefined;
  }
}

function rttMs({ sentMs, receivedMs }: ClockSample): number {
  return receivedMs - sentMs;
}
