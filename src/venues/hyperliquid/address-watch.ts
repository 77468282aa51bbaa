/**
 * AddressWatch: asks the venue what it has counted of the account's requests, and corrects our own
 * count by it. Asks through HlApi; does no other I/O.
 */

import { messageOf } from "#domain/errors.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { VenueNews } from "../news.ts";
import type { AddressBudget } from "./address-budget.ts";
import type { HlApi } from "./api.ts";
import { readRateLimit } from "./responses.ts";

/** It costs 20 units of the 1200 that all pairs at one address have in a minute. */
const ASK_EVERY_MS = 60_000;
const ASK_AGAIN_MS = 5000;

export interface AddressWatchParts {
  readonly api: HlApi;
  readonly address: Pick<AddressBudget, "mark" | "report">;
  readonly news: VenueNews;
  readonly timers: Timers;
  /** Lower case. */
  readonly user: string;
}

export class AddressWatch {
  readonly #parts: AddressWatchParts;
  #cancelTimer: CancelTimer = () => {};
  #isStopped = false;
  #volume: number | null = null;

  constructor(parts: AddressWatchParts) {
    this.#parts = parts;
  }

  /** What the account has traded in its life, USDC; null before the first answer. */
  get volume(): number | null {
    return this.#volume;
  }

  start(): void {
    void this.#watch();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
  }

  async #watch(): Promise<void> {
    const isTold = await this.#ask();
    if (this.#isStopped) return;
    const delayMs = isTold ? ASK_EVERY_MS : ASK_AGAIN_MS;
    this.#cancelTimer = this.#parts.timers.after(delayMs, () => void this.#watch());
  }

  async #ask(): Promise<boolean> {
    const { api, address, user, news } = this.#parts;
    try {
      const mark = address.mark();
      const answer = await api.info({ type: "userRateLimit", user });
      if (answer.kind !== "answered") {
        news.alertSometimes("info", "budget-unanswered", answer.message);
        return false;
      }
      const used = readRateLimit(answer.result);
      address.report(used, mark);
      this.#volume = used.cumVlm;
      return true;
    } catch (thrown) {
      news.alertOnce("critical", "unreadable-message", messageOf(thrown));
      return false;
    }
  }
}
