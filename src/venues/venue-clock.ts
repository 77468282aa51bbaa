/**
 * VenueClock: a venue's clock as this thread knows it, whatever question a venue tells the time by.
 * May import net; I/O only through what it is handed.
 */

import { ClockOffset, type ClockSample } from "#net/clock-offset.ts";

export abstract class VenueClock<Api> {
  readonly #nowMs: () => number;
  readonly #onMeasured: (offsetMs: number) => void;
  readonly #filter = new ClockOffset();
  #offsetMs: number | null = null;
  #measuring: Promise<string | null> | null = null;

  /**
   * @param nowMs our clock, epoch milliseconds
   * @param onMeasured hears the offset after each measurement
   */
  constructor(nowMs: () => number, onMeasured: (offsetMs: number) => void = () => {}) {
    this.#nowMs = nowMs;
    this.#onMeasured = onMeasured;
  }

  /** Asks the venue: its time, epoch milliseconds, or why there is none. Must not reject. */
  protected abstract ask(api: Api): Promise<number | string>;

  /** Ours, epoch milliseconds. */
  nowMs(): number {
    return this.#nowMs();
  }

  /** The venue's, epoch milliseconds with a fraction; ours until it was measured. */
  venueNowMs(): number {
    return this.venueTimeOf(this.#nowMs());
  }

  /** @param oursMs a time by our clock */
  venueTimeOf(oursMs: number): number {
    return oursMs + (this.#offsetMs ?? 0);
  }

  /** Venue minus ours; null before the first measurement. */
  get offsetMs(): number | null {
    return this.#offsetMs;
  }

  /** False where it can be no sample: see ClockOffset. */
  measure(sample: ClockSample): boolean {
    const isTaken = this.#filter.add(sample);
    this.#offsetMs = this.#filter.estimate()?.offsetMs ?? this.#offsetMs;
    if (isTaken && this.#offsetMs !== null) this.#onMeasured(this.#offsetMs);
    return isTaken;
  }

  /** After the venue refused our time: the next sample counts alone, this offset until then. */
  distrust(): void {
    this.#filter.reset();
  }

  /**
   * Asks the venue what time it is. Where that is under way already, its end is waited for.
   * Never rejects. @returns null where it is measured, else why it is not
   */
  measureBy(api: Api): Promise<string | null> {
    this.#measuring ??= this.#measureBy(api).finally(() => {
      this.#measuring = null;
    });
    return this.#measuring;
  }

  async #measureBy(api: Api): Promise<string | null> {
    const sentMs = this.#nowMs();
    const venueMs = await this.ask(api);
    const receivedMs = this.#nowMs();
    if (typeof venueMs === "string") return venueMs;
    const isTaken = this.measure({ sentMs, venueMs, receivedMs });
    return isTaken ? null : "our clock was set back in between";
  }
}
