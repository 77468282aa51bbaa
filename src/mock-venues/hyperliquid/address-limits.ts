/**
 * AddressLimits: how many requests the account may send over its lifetime: some for free, more for
 * what it has traded, cancels beyond that by a cap of their own, and beyond all caps one request
 * every ten seconds: an action of several is several. Pure; may import domain and this folder.
 */

import { type Decimal, decimalOfNumber, ZERO } from "#domain/decimal.ts";
import type { HlAccountSetup, HlRules } from "./rules.ts";
import { TEXTS } from "./texts.ts";
import { numberText } from "./wire-numbers.ts";

const ROUND_DOWN = 0;
const VOLUME_PER_ORDER = 5_000_000;

export class AddressLimits {
  readonly #rules: HlRules;
  readonly #nowMs: () => number;
  #volume: Decimal;
  #used: number;
  #reserved = 0;
  #lastSlowMs = -Infinity;

  constructor(
    rules: HlRules,
    setup: Pick<HlAccountSetup, "lifetimeVolume" | "usedRequests">,
    nowMs: () => number,
  ) {
    this.#rules = rules;
    this.#nowMs = nowMs;
    this.#volume = decimalOfNumber(setup.lifetimeVolume ?? 0);
    this.#used = setup.usedRequests ?? 0;
  }

  /** Traded ever, in USDC. */
  get volume(): Decimal {
    return this.#volume;
  }
  get used(): number {
    return this.#used;
  }
  get cap(): number {
    const { freeRequests, requestsPerUsdc } = this.#rules;
    return freeRequests + Math.floor(requestsPerUsdc * Number(this.#volume.toFixed()));
  }
  get cancelCap(): number {
    return Math.min(this.cap + this.#rules.extraCancelRequests, 2 * this.cap);
  }
  /** Reserved and not used yet. */
  get surplus(): number {
    return Math.max(0, this.#reserved - this.#used);
  }
  get maxOpenOrders(): number {
    const { freeOpenOrders, maxOpenOrders } = this.#rules;
    const earned = Math.floor(Number(this.#volume.toFixed()) / VOLUME_PER_ORDER);
    return Math.min(freeOpenOrders + earned, maxOpenOrders);
  }

  addVolume(notional: Decimal): void {
    this.#volume = this.#volume.plus(notional);
  }

  reserve(requests: number): void {
    this.#reserved += requests;
  }

  /** For tests and faults: as if so many requests had been sent already. */
  setUsed(requests: number): void {
    this.#used = requests;
  }

  /**
   * Counts an action of so many requests.
   * @returns the refusal, where there is no room for it; it is not counted then
   */
  take(requests: number, isCancel: boolean): string | null {
    const cap = (isCancel ? this.cancelCap : this.cap) + this.#reserved;
    const then = this.#used + requests;
    if (then > cap) {
      const nowMs = this.#nowMs();
      if (requests > 1 || nowMs - this.#lastSlowMs < this.#rules.slowRequestMs) {
        return TEXTS.budget(then, cap, this.volumeText());
      }
      this.#lastSlowMs = nowMs;
    }
    this.#used = then;
    return null;
  }

  /** An action came too late for its `expiresAfter`: that is counted without asking. */
  takeStale(): void {
    this.#used += this.#rules.staleRequests;
  }

  /** To the cent, as the refusals tell it. */
  volumeText(): string {
    return this.#volume.round(2, ROUND_DOWN).toFixed();
  }

  /** Answer of `userRateLimit`: what was used is less by what was bought. */
  json(): Readonly<Record<string, unknown>> {
    return {
      cumVlm: numberText(this.#volume),
      nRequestsUsed: Math.max(0, this.#used - this.#reserved),
      nRequestsCap: this.cap,
      nRequestsSurplus: this.surplus,
    };
  }

  /** Of a stranger. */
  static strangerJson(rules: HlRules): Readonly<Record<string, unknown>> {
    return {
      cumVlm: numberText(ZERO),
      nRequestsUsed: 0,
      nRequestsCap: rules.freeRequests,
      nRequestsSurplus: 0,
    };
  }
}
