/**
 * DeadMansSwitch: `scheduleCancel`: at the time set, every open order of the account goes, whoever
 * placed it, unless the time was moved or cleared before. May import net and this folder.
 */

import { decimalOfNumber } from "#domain/decimal.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { AddressLimits } from "./address-limits.ts";
import type { HlRules } from "./rules.ts";
import { TEXTS } from "./texts.ts";

interface SwitchParts {
  readonly rules: Pick<HlRules, "scheduleCancelVolume" | "scheduleCancelsPerDay">;
  readonly timers: Timers;
  readonly nowMs: () => number;
  readonly limits: AddressLimits;
  readonly cancelAll: () => void;
}

const LEAST_AHEAD_MS = 5000;
const DAY_MS = 86_400_000;
/** The longest timer. */
const MAX_WAIT_MS = 60_000;

export class DeadMansSwitch {
  readonly #parts: SwitchParts;
  #timeMs: number | null = null;
  #cancelTimer: CancelTimer | null = null;
  /** How often it went off on that UTC day. */
  #day = -1;
  #triggers = 0;

  constructor(parts: SwitchParts) {
    this.#parts = parts;
  }

  /** When it will go off, epoch milliseconds; null: not armed. */
  get timeMs(): number | null {
    return this.#timeMs;
  }

  /** @param timeMs null clears it @returns the refusal, or null */
  schedule(timeMs: number | null): string | null {
    const { rules, limits, nowMs } = this.#parts;
    const required = rules.scheduleCancelVolume;
    if (limits.volume.lt(decimalOfNumber(required))) {
      return TEXTS.scheduleVolume(required, limits.volumeText());
    }
    if (timeMs !== null && timeMs < nowMs() + LEAST_AHEAD_MS) return TEXTS.scheduleSoon;
    if (timeMs !== null && this.#triggersToday() >= rules.scheduleCancelsPerDay) {
      return TEXTS.scheduleOften(rules.scheduleCancelsPerDay);
    }
    this.#timeMs = timeMs;
    this.#wait();
    return null;
  }

  stop(): void {
    this.#timeMs = null;
    this.#wait();
  }

  /** The venue's clock decides, which may be set meanwhile: a timer only looks at it. */
  #wait(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#timeMs === null) return;
    const leftMs = Math.max(1, Math.ceil(this.#timeMs - this.#parts.nowMs()));
    this.#cancelTimer = this.#parts.timers.after(Math.min(leftMs, MAX_WAIT_MS), () => {
      if (this.#timeMs !== null && this.#timeMs <= this.#parts.nowMs()) this.#fire();
      this.#wait();
    });
  }

  #fire(): void {
    this.#timeMs = null;
    this.#triggers = this.#triggersToday() + 1;
    this.#parts.cancelAll();
  }

  #triggersToday(): number {
    const day = Math.floor(this.#parts.nowMs() / DAY_MS);
    if (day !== this.#day) this.#triggers = 0;
    this.#day = day;
    return this.#triggers;
  }
}
