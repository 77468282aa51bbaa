/**
 * AddressWatch: asks the venue what it has counted of the account's requests, and corrects our own
 * count by it. Of all pairs that trade the account one asks at a time. Asks through HlApi; does no
 * other I/O.
 */

import { messageOf } from "#domain/errors.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { VenueNews } from "../news.ts";
import type { AddressBudget } from "./address-budget.ts";
import type { HlApi } from "./api.ts";
import { readRateLimit } from "./responses.ts";

/** It costs 20 units of the 1200 that all pairs at one address have in a minute. */
const ASK_EVERY_MS = 30_000;
/** How often each pair looks whether it is its turn. */
const LOOK_EVERY_MS = 5000;

export interface AddressWatchParts {
  readonly api: HlApi;
  readonly address: Pick<AddressBudget, "mark" | "report" | "claimAsking">;
  readonly news: VenueNews;
  readonly timers: Timers;
  /** Lower case. */
  readonly user: string;
}

export class AddressWatch {
  readonly #parts: AddressWatchParts;
  #cancelTimer: CancelTimer = () => {};
  #isStopped = false;

  constructor(parts: AddressWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    void this.#watch();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
  }

  async #watch(): Promise<void> {
    if (this.#parts.address.claimAsking(ASK_EVERY_MS)) await this.#ask();
    if (this.#isStopped) return;
    this.#cancelTimer = this.#parts.timers.after(LOOK_EVERY_MS, () => void this.#watch());
  }

  async #ask(): Promise<void> {
    const { api, address, user, news } = this.#parts;
    try {
      const mark = address.mark();
      const answer = await api.info({ type: "userRateLimit", user });
      if (answer.kind !== "answered") {
        news.alertSometimes("info", "budget-unanswered", answer.message);
        return;
      }
      address.report(readRateLimit(answer.result), mark);
    } catch (thrown) {
      news.alertOnce("critical", "unreadable-message", messageOf(thrown));
    }
  }
}
