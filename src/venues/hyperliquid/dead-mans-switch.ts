/**
 * DeadMansSwitch: has the venue cancel the account's orders where we fall silent, by its
 * `scheduleCancel`. One worker of an account renews it for all: whoever gets the shared word first.
 * It knows no prefix: where it fires, orders of others on that account are cancelled as well. The
 * venue grants it from a million of traded volume on. Each renewal is one of the account's counted
 * requests. Sends through HlApi and uses shared memory; does no other I/O.
 *
 * Memory, one signed 64-bit word, venue's clock in milliseconds: armed until then; negative:
 * refused, to be tried again from then on; 0: neither.
 */

import type { DeadMansSwitch as SwitchStatus } from "#ports/venue.ts";
import type { VenueNews } from "../news.ts";
import { isExpired } from "./act-in-time.ts";
import { scheduleCancelAction } from "./actions.ts";
import { plainVerdict } from "./answers.ts";
import type { ActionAnswer, HlApi } from "./api.ts";

/** Orders go so long after the last renewal … */
const AFTER_MS = 60_000;
/** … which is done so often. */
const EVERY_MS = 20_000;
const LEAST_VOLUME = 1_000_000;
/** After a refusal; volume grows slowly. */
const REFUSED_MS = 3_600_000;
/** After an outcome that is not known, or no budget. */
const TROUBLE_MS = 5000;
const EXPIRES_IN_MS = 5000;

export interface SwitchParts {
  readonly api: HlApi;
  readonly memory: SharedArrayBuffer;
  /** See AgentCredentials. */
  readonly isWanted: boolean;
  readonly news: VenueNews;
  /** See InTime. */
  readonly onTooLate: () => Promise<boolean>;
  /** Of the account's life, USDC; null: not known yet. */
  readonly volume: () => number | null;
}

export class DeadMansSwitch {
  readonly #parts: SwitchParts;
  readonly #word: BigInt64Array;
  #reason = "it has not been armed yet";
  #isAsking = false;
  #isStopped = false;
  #notBeforeMs = -Infinity;
  /** Nobody knows whether the venue has armed it until then; venue's clock. */
  #doubtUntilMs = -Infinity;

  constructor(parts: SwitchParts) {
    this.#parts = parts;
    this.#word = new BigInt64Array(parts.memory, 0, 1);
  }

  status(): SwitchStatus {
    if (!this.#parts.isWanted)
      return { by: "guardian", reason: "it is switched off in the config" };
    const isArmed = this.#load() > this.#parts.api.venueNowMs();
    return isArmed ? { by: "venue", afterMs: AFTER_MS } : { by: "guardian", reason: this.#reason };
  }

  /** Renews it where that is due. To be called about once a second while orders can be sent. */
  tick(): void {
    const { api, isWanted, volume } = this.#parts;
    const nowMs = api.venueNowMs();
    if (!isWanted || this.#isAsking || this.#isStopped || nowMs < this.#notBeforeMs) return;
    const traded = volume();
    if (traded === null) return;
    if (traded < LEAST_VOLUME) {
      const soFar = `so far $${Math.floor(traded)}`;
      this.#reason = `the venue grants it from $${LEAST_VOLUME} traded on; ${soFar}`;
      return;
    }
    const word = this.#load();
    if (word < 0 ? nowMs < -word : word - nowMs > AFTER_MS - EVERY_MS) return;
    const untilMs = Math.floor(nowMs) + AFTER_MS;
    if (!this.#exchange(word, untilMs)) return;
    this.#isAsking = true;
    this.#act(untilMs).then(
      (answer) => this.#onAnswer(answer, { before: word, untilMs }),
      () => this.#onTrouble({ before: word, untilMs }, "the request failed"),
    );
  }

  /** Our silence is meant now; whoever still trades the account arms it again at once. */
  stop(): void {
    const untilMs = Math.max(this.#load(), this.#doubtUntilMs);
    const isArmed = this.#parts.isWanted && untilMs > this.#parts.api.venueNowMs();
    const wasStopped = this.#isStopped;
    this.#isStopped = true;
    if (wasStopped || !isArmed) return;
    // What becomes of it nobody hears any more; unanswered, the venue cancels what is left.
    this.#act(null).catch(() => undefined);
    Atomics.store(this.#word, 0, 0n);
  }

  #act(timeMs: number | null): Promise<ActionAnswer> {
    const action = scheduleCancelAction(timeMs);
    const bounds = { requests: 1, isCancel: true, expiresInMs: EXPIRES_IN_MS };
    return this.#parts.api.act({ action, ...bounds });
  }

  #onAnswer(answer: ActionAnswer, attempt: Attempt): void {
    this.#isAsking = false;
    const verdict = plainVerdict(answer);
    if (verdict.kind === "accepted") return;
    if (verdict.kind === "unknown") this.#doubtUntilMs = attempt.untilMs;
    // The next attempt is made by the right clock.
    if (isExpired(answer)) void this.#parts.onTooLate();
    // While it is armed it goes off if it is not renewed: that is worth every attempt.
    const isForLong =
      attempt.before <= this.#parts.api.venueNowMs() &&
      verdict.kind === "refused" &&
      LASTING.has(verdict.refusal.kind);
    if (!isForLong) {
      this.#onTrouble(attempt, verdict.message);
      return;
    }
    this.#reason = verdict.message;
    const againMs = Math.floor(this.#parts.api.venueNowMs()) + REFUSED_MS;
    this.#exchange(attempt.untilMs, -againMs);
    const message = `the venue does not cancel our orders when we fall silent: ${verdict.message}`;
    this.#parts.news.alertSometimes("warning", "no-dead-mans-switch", message);
  }

  /** The switch is as it was, as far as we know. */
  #onTrouble({ before, untilMs }: Attempt, message: string): void {
    this.#isAsking = false;
    this.#reason = message;
    this.#notBeforeMs = this.#parts.api.venueNowMs() + TROUBLE_MS;
    this.#exchange(untilMs, before);
  }

  #load(): number {
    return Number(Atomics.load(this.#word, 0));
  }

  #exchange(expected: number, word: number): boolean {
    const from = BigInt(expected);
    return Atomics.compareExchange(this.#word, 0, from, BigInt(word)) === from;
  }
}

const LASTING: ReadonlySet<string> = new Set(["order", "fatal"]);

interface Attempt {
  readonly before: number;
  readonly untilMs: number;
}
