/**
 * DeadMansSwitch: has the venue cancel the orders of one symbol where we fall silent, by its
 * `countdownCancelAll`: armed while an order of ours rests, taken back once none does. It knows no
 * prefix: where it fires, orders of others in that symbol are cancelled as well. It does not cover
 * stops, which the venue keeps elsewhere: those are the guardian's. Where two pairs share a symbol,
 * one that takes it back leaves the other without it until that renews it. Sends through PerpApi;
 * does no other I/O.
 */

import type { Timers } from "#net/timers.ts";
import type { DeadMansSwitch as SwitchStatus } from "#ports/venue.ts";
import type { ApiAnswer } from "../binance/api.ts";
import type { VenueNews } from "../news.ts";
import type { OwnOrders } from "../own-orders.ts";
import type { AlgoOrders } from "./algo-orders.ts";
import { verdictOf } from "./answers.ts";
import type { PerpApi } from "./api.ts";

/** Orders go so long after the last renewal … */
const AFTER_MS = 120_000;
/** … which is done so often, of weight 10. */
const EVERY_MS = 30_000;
/** None has rested for so long: taken back. Between two of ours there may be none for a moment. */
const IDLE_MS = 5000;
/** After trouble. */
const TROUBLE_MS = 5000;

export interface SwitchParts {
  readonly api: PerpApi;
  readonly symbol: string;
  readonly orders: OwnOrders;
  readonly algos: AlgoOrders;
  readonly news: VenueNews;
  readonly timers: Pick<Timers, "elapsedMs">;
  /** See ApiKeyCredentials. */
  readonly isWanted: boolean;
}

export class DeadMansSwitch {
  readonly #parts: SwitchParts;
  #reason = "no order rests: it is armed with the first one";
  #isAsking = false;
  #isStopped = false;
  /**
   * Elapsed milliseconds, which no clock that is set can move: armed until then, for sure, and as
   * far as may be.
   */
  #armedUntilMs = -Infinity;
  #doubtUntilMs = -Infinity;
  #notBeforeMs = -Infinity;
  #restedMs = -Infinity;

  constructor(parts: SwitchParts) {
    this.#parts = parts;
  }

  status(): SwitchStatus {
    if (!this.#parts.isWanted) {
      return { by: "guardian", reason: "it is switched off in the config" };
    }
    if (this.#armedUntilMs <= this.#parts.timers.elapsedMs()) {
      return { by: "guardian", reason: this.#reason };
    }
    return { by: "venue", afterMs: AFTER_MS, except: "stops, which are the guardian's" };
  }

  /** Renews it, or takes it back, where that is due. To be called about once a second. */
  tick(): void {
    const { timers, isWanted } = this.#parts;
    const nowMs = timers.elapsedMs();
    if (!isWanted || this.#isAsking || this.#isStopped) return;
    const rests = this.#rests();
    if (rests) this.#restedMs = nowMs;
    if (nowMs < this.#notBeforeMs) return;
    if (rests && nowMs >= this.#armedUntilMs - AFTER_MS + EVERY_MS) this.#ask(AFTER_MS);
    else if (this.#mayBeArmed(nowMs) && nowMs - this.#restedMs >= IDLE_MS) this.#ask(0);
  }

  /** Our silence is meant now. What still rests is left to the countdown, unless none does. */
  stop(): void {
    const mayBeArmed = this.#parts.isWanted && this.#mayBeArmed(this.#parts.timers.elapsedMs());
    const wasStopped = this.#isStopped;
    this.#isStopped = true;
    if (wasStopped || !mayBeArmed || this.#rests()) return;
    // What becomes of it nobody hears any more; unanswered, the venue cancels what is there then.
    this.#send(0).catch(() => undefined);
  }

  #rests(): boolean {
    const { orders, algos } = this.#parts;
    for (const { clientOrderId } of orders.open()) {
      if (algos.find(clientOrderId) === undefined) return true;
    }
    return false;
  }

  #mayBeArmed(nowMs: number): boolean {
    return Math.max(this.#armedUntilMs, this.#doubtUntilMs) > nowMs;
  }

  #send(countdownTime: number): Promise<ApiAnswer> {
    const { api, symbol } = this.#parts;
    return api.call("countdownCancelAll", { symbol, countdownTime });
  }

  #ask(countdownMs: number): void {
    this.#isAsking = true;
    const untilMs = this.#parts.timers.elapsedMs() + countdownMs;
    this.#doubtUntilMs = Math.max(this.#doubtUntilMs, untilMs);
    // Whatever comes of it, from now on it may be off.
    if (countdownMs === 0) this.#armedUntilMs = -Infinity;
    this.#send(countdownMs).then(
      (answer) => this.#onAnswer(answer, countdownMs === 0 ? -Infinity : untilMs),
      () => this.#onTrouble("the request failed"),
    );
  }

  #onAnswer(answer: ApiAnswer, untilMs: number): void {
    const verdict = verdictOf(answer, this.#parts.api.venueNowMs());
    if (verdict.kind !== "accepted") {
      this.#onTrouble(verdict.message);
      return;
    }
    this.#isAsking = false;
    this.#armedUntilMs = untilMs;
    this.#doubtUntilMs = untilMs;
    this.#reason = "no order rests: it is armed with the next one";
  }

  #onTrouble(message: string): void {
    const { timers, news } = this.#parts;
    this.#isAsking = false;
    this.#reason = message;
    this.#notBeforeMs = timers.elapsedMs() + TROUBLE_MS;
    const what = `the venue's countdown to cancel our orders could not be set: ${message}`;
    news.alertSometimes("warning", "no-dead-mans-switch", what);
  }
}
