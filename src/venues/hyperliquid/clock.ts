/**
 * HlClock: Hyperliquid's clock as this thread knows it, by `exchangeStatus`. Nonces and expiries
 * are made by it. I/O only through the HlApi that it is handed.
 */

import * as v from "valibot";
import type { CancelTimer, Timers } from "#net/timers.ts";
import { VenueClock } from "../venue-clock.ts";
import type { HlApi } from "./api.ts";

const ExchangeStatus = v.object({ time: v.pipe(v.number(), v.safeInteger()) });

const INTERVAL_MS = 30_000;
/** An action was too late: the clock is off by this much, or the way there was slow. */
const JUMP_MS = 1000;

export class HlClock extends VenueClock<Pick<HlApi, "info">> {
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

  /**
   * The venue found an action too late: the time is asked for anew. Never rejects.
   * @returns whether the clock had jumped, and it was not the way there
   */
  async hasJumped(api: Pick<HlApi, "info">): Promise<boolean> {
    const beforeMs = this.offsetMs ?? 0;
    this.distrust();
    const problem = await this.measureBy(api);
    return problem === null && Math.abs((this.offsetMs ?? 0) - beforeMs) >= JUMP_MS;
  }

  protected override async ask(api: Pick<HlApi, "info">): Promise<number | string> {
    const answer = await api.info({ type: "exchangeStatus" });
    if (answer.kind !== "answered") return answer.message;
    const status = v.safeParse(ExchangeStatus, answer.result);
    return status.success ? status.output.time : "its answer has no time";
  }
}
