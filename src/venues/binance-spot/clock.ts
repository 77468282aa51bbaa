/**
 * SpotClock: the venue's clock as this thread knows it. Requests are stamped and budgets counted
 * by it. May import domain and net; I/O only through the SpotApi that it is handed.
 */

import * as v from "valibot";
import { ClockOffset, type ClockSample } from "#net/clock-offset.ts";
import type { SpotApi } from "./api.ts";

const ServerTime = v.object({ serverTime: v.pipe(v.number(), v.safeInteger()) });

export class SpotClock {
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

  /** Ours, epoch milliseconds. */
  nowMs(): number {
    return this.#nowMs();
  }

  /** The venue's, epoch milliseconds with a fraction; ours until it was measured. */
  venueNowMs(): number {
    return this.#nowMs() + (this.#offsetMs ?? 0);
  }

  /** For a request's `timestamp`: whole milliseconds. */
  timestamp(): number {
    return Math.floor(this.venueNowMs());
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
  measureBy(api: Pick<SpotApi, "call">): Promise<string | null> {
    this.#measuring ??= this.#ask(api).finally(() => {
      this.#measuring = null;
    });
    return this.#measuring;
  }

  async #ask(api: Pick<SpotApi, "call">): Promise<string | null> {
    const sentMs = this.#nowMs();
    const answer = await api.call("time", {});
    const receivedMs = this.#nowMs();
    if (answer.kind !== "answered") return answer.message;
    const time = v.safeParse(ServerTime, answer.result);
    if (!time.success) return answer.reply.message;
    const isTaken = this.measure({ sentMs, venueMs: time.output.serverTime, receivedMs });
    return isTaken ? null : "our clock was set back in between";
  }
}
