/**
 * MuteWatch: tells a subscription that delivers nothing from a market that is quiet, as far as that
 * can be told: the first long silence counts at once, each further one must be twice as long, and
 * after a while without it starts afresh. Pure; times are elapsed milliseconds.
 */

const MAX_MS = 300_000;
const FORGET_AFTER_MS = 600_000;

export class MuteWatch {
  readonly #firstMs: number;
  #limitMs: number;
  #heardMs: number;
  #trippedMs = 0;

  /** @param firstMs the first silence that is too long */
  constructor(firstMs: number, nowMs: number) {
    this.#firstMs = firstMs;
    this.#limitMs = firstMs;
    this.#heardMs = nowMs;
  }

  /** The subscription said something, or was made anew. */
  heard(nowMs: number): void {
    this.#heardMs = nowMs;
  }

  silentMs(nowMs: number): number {
    return nowMs - this.#heardMs;
  }

  /** How long it has been silent, where that is too long; it is then counted, else null. */
  tooLongMs(nowMs: number): number | null {
    if (nowMs - this.#trippedMs > FORGET_AFTER_MS) this.#limitMs = this.#firstMs;
    const silentMs = this.silentMs(nowMs);
    if (silentMs < this.#limitMs) return null;
    this.#trippedMs = nowMs;
    this.#limitMs = Math.min(this.#limitMs * 2, MAX_MS);
    return silentMs;
  }
}
