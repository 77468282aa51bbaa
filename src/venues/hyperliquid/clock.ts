/**
 * HlClock: the venue's clock as this thread knows it, by `exchangeStatus`. Nonces and expiries are
 * made by it. May import domain and net; I/O only through the HlApi that it is handed.
 */

import * as v from "valibot";
import { ClockOffset } from "#net/clock-offset.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { HlApi } from "./api.ts";

const ExchangeStatus = v.object({ time: v.pipe(v.number(), v.safeInteger()) });

const INTERVAL_MS = 30_000;

export class HlClock {
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

  /** After the venue refused our time: the next sample counts alone, this offset until then. */
  distrust(): void {
    this.#filter.reset();
  }

  /**
   * Asks the venue what time it is. Where that is under way already, its end is waited for.
   * Never rejects. @returns null where it is measured, else why it is not
   */
  measureBy(api: Pick<HlApi, "info">): Promise<string | null> {
    this.#measuring ??= this.#ask(api).finally(() => {
      this.#measuring = null;
    });
    return this.#measuring;
  }

  /**
   * Measures now, and 30 s after the end of each measurement.
   * @param onTrouble hears why one failed, once for each row of failures
   * @returns ends it
   */
  keepBy(
    api: Pick<HlApi, "info">,
    timers: Timers,
    onTrouble: (message: string) => void,
  ): CancelTimer {
    let isEnded = false;
    let isTold = false;
    let cancel: CancelTimer = () => {};
    const measure = async (): Promise<void> => {
      const trouble = await this.measureBy(api);
      if (isEnded) return;
      if (trouble !== null && !isTold) onTrouble(trouble);
      isTold = trouble !== null;
      cancel = timers.after(INTERVAL_MS, () => void measure());
    };
    void measure();
    return () => {
      isEnded = true;
      cancel();
    };
  }

  async #ask(api: Pick<HlApi, "info">): Promise<string | null> {
    const sentMs = this.#nowMs();
    const answer = await api.info({ type: "exchangeStatus" });
    const receivedMs = this.#nowMs();
    if (answer.kind !== "answered") return answer.message;
    const status = v.safeParse(ExchangeStatus, answer.result);
    if (!status.success) return "its answer has no time";
    if (!this.#filter.add({ sentMs, venueMs: status.output.time, receivedMs })) {
      return "our clock was set back in between";
    }
    this.#offsetMs = this.#filter.estimate()?.offsetMs ?? this.#offsetMs;
    if (this.#offsetMs !== null) this.#onMeasured(this.#offsetMs);
    return null;
  }
}
