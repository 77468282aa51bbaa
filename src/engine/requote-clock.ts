/**
 * RequoteClock: when a new ladder is due. Soon, because something happened (with the reason, for
 * the trace); because the mid moved far enough; or because the interval passed. Never before the
 * shortest interval is over. Asleep while quotes are pulled, until something is wanted. Pure.
 */

import type { RequoteParams } from "./params.ts";

export class RequoteClock {
  /** Why a ladder is wanted; empty: nothing happened. */
  #trigger = "start";
  #notBeforeMs = -Infinity;
  #intervalEndsMs = Infinity;
  /** Twice the mid that the ladder stands on, and how far it may move. */
  #fromHalfTicks = 0;
  #distanceHalfTicks = Infinity;

  /** Something happened. The first reason is kept until the ladder is renewed. */
  want(trigger: string): void {
    if (this.#trigger === "") this.#trigger = trigger;
  }

  /** Something happened for which even the shortest interval is not kept. */
  wantNow(trigger: string): void {
    this.want(trigger);
    this.#notBeforeMs = -Infinity;
  }

  get isWanted(): boolean {
    return this.#trigger !== "";
  }

  isDue(nowMs: number, midHalfTicks: number): boolean {
    if (nowMs < this.#notBeforeMs) return false;
    return (
      this.#trigger !== "" ||
      Math.abs(midHalfTicks - this.#fromHalfTicks) >= this.#distanceHalfTicks ||
      nowMs >= this.#intervalEndsMs
    );
  }

  /** Why it is due now. */
  reason(nowMs: number): string {
    if (this.#trigger !== "") return this.#trigger;
    return nowMs >= this.#intervalEndsMs ? "interval" : "mid-moved";
  }

  /** Quotes are off: only a new reason wakes it. */
  sleep(): void {
    this.#trigger = "";
    this.#distanceHalfTicks = Infinity;
    this.#intervalEndsMs = Infinity;
  }

  /** The ladder was renewed on this mid. */
  renewed(midHalfTicks: number, distanceHalfTicks: number): void {
    this.#trigger = "";
    this.#fromHalfTicks = midHalfTicks;
    this.#distanceHalfTicks = Math.max(1, distanceHalfTicks);
  }

  /** When the next one may be made at the earliest, and when it is made at the latest. */
  setInterval(nowMs: number, params: RequoteParams): void {
    this.#notBeforeMs = nowMs + params.minRequoteIntervalMs;
    this.#intervalEndsMs = nowMs + params.updateIntervalMs;
  }
}
