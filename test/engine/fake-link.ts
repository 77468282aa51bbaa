/**
 * What lies between an engine and fake venues: one clock for all of them, and to each a link that
 * loses, delays, repeats and mixes up messages by seed. It knows nothing of orders.
 */

import type { Rng } from "#domain/rng.ts";

export interface Faults {
  /** Most time that a request, or a report, is on its way. */
  readonly requestDelayMs: number;
  readonly reportDelayMs: number;
  /** Chances: a request never arrives; its answer gets lost; a report comes twice. */
  readonly loseRequest: number;
  readonly loseAnswer: number;
  readonly duplicate: number;
}

export const NO_FAULTS: Faults = {
  requestDelayMs: 5,
  reportDelayMs: 5,
  loseRequest: 0,
  loseAnswer: 0,
  duplicate: 0,
};

interface Message {
  readonly dueMs: number;
  readonly link: Link;
  /** At the venue for a request, with the engine for a report. */
  readonly run: () => void;
  readonly isRequest: boolean;
}

/** A request is refused when it is older than this, as venues do. */
const RECEIVE_WINDOW_MS = 5_000;

/** The time at all venues, with what is on its way. */
export class Timeline {
  nowMs: number;
  #messages: Message[] = [];

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  /** What is due at the same time runs in the order it was posted. */
  post(message: Message): void {
    const index = this.#messages.findLastIndex((other) => other.dueMs <= message.dueMs);
    this.#messages.splice(index + 1, 0, message);
  }

  /** Takes away what is on its way over a link, but for what `keeps` says. */
  drop(link: Link, keeps: (isRequest: boolean) => boolean): void {
    this.#messages = this.#messages.filter(
      (message) => message.link !== link || keeps(message.isRequest),
    );
  }

  /** Lets time pass, with every message that falls due in it. */
  runUntil(untilMs: number): void {
    for (;;) {
      const next = this.#messages[0];
      if (next === undefined || next.dueMs > untilMs) break;
      this.#messages.shift();
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      next.run();
    }
    this.nowMs = untilMs;
  }
}

export class Link {
  faults: Faults = NO_FAULTS;
  isUp = false;
  readonly #timeline: Timeline;
  readonly #rng: Rng;

  constructor(timeline: Timeline, rng: Rng) {
    this.#timeline = timeline;
    this.#rng = rng;
  }

  /** The sockets are gone, with what was on its way to us and half of what was on its way there. */
  cut(): void {
    this.isUp = false;
    this.#timeline.drop(this, (isRequest) => isRequest && this.#rng.uniform() < 0.5);
  }

  /** Whether the answer to a request gets lost. */
  losesAnswer(): boolean {
    return this.#rng.uniform() < this.faults.loseAnswer;
  }

  /**
   * @param notBeforeMs what it includes arrives by then
   * @param isAnswer to a request of ours: of these there is one each
   * @returns when it will have arrived
   */
  report(run: () => void, notBeforeMs = -Infinity, isAnswer = false): number {
    if (!this.isUp) return -Infinity;
    const { reportDelayMs, duplicate } = this.faults;
    const { nowMs } = this.#timeline;
    const dueMs = Math.max(notBeforeMs, nowMs + this.#rng.integer(reportDelayMs + 1));
    this.#timeline.post({ dueMs, link: this, run, isRequest: false });
    if (!isAnswer && this.#rng.uniform() < duplicate) {
      const againMs = dueMs + this.#rng.integer(reportDelayMs + 1);
      this.#timeline.post({ dueMs: againMs, link: this, run, isRequest: false });
    }
    return dueMs;
  }

  /** @param onLost told where the adapter knows that it does not know what became of it */
  request(run: () => void, onLost: (() => void) | null): void {
    const sentMs = this.#timeline.nowMs;
    const { requestDelayMs, loseRequest } = this.faults;
    if (!this.isUp || this.#rng.uniform() < loseRequest) {
      // Sometimes the adapter says so, and sometimes nobody does.
      if (onLost !== null && this.#rng.uniform() < 0.5) onLost();
      return;
    }
    const dueMs = sentMs + this.#rng.integer(requestDelayMs + 1);
    const arrive = (): void => {
      if (this.#timeline.nowMs - sentMs <= RECEIVE_WINDOW_MS) run();
    };
    this.#timeline.post({ dueMs, link: this, run: arrive, isRequest: true });
  }
}
