/**
 * Funding: at every full interval of the venue's clock each coin's rate is settled on the position
 * at the oracle price, and remembered. Bounded. May import domain, net and this folder.
 */

import { ZERO } from "#domain/decimal.ts";
import type { Rng } from "#domain/rng.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { HlAccount } from "./account.ts";
import type { HlCoin } from "./coin.ts";
import { randomHex } from "./public-tape.ts";
import type { UserEvents, UserFundingJson } from "./user-events.ts";
import { dotted, numberText, sizeText } from "./wire-numbers.ts";

interface FundingParts {
  readonly coins: readonly HlCoin[];
  readonly account: HlAccount;
  readonly events: UserEvents;
  readonly intervalMs: number;
  readonly timers: Timers;
  readonly nowMs: () => number;
  readonly rng: Rng;
}

/** One coin's rate of one settlement. */
export interface FundingRateJson {
  readonly coin: string;
  readonly fundingRate: string;
  readonly premium: string;
  readonly time: number;
}

/** One settlement of the account. */
export interface UserFundingRecord {
  readonly hash: string;
  readonly funding: UserFundingJson;
}

/** The longest timer: the venue's clock decides, which may be set meanwhile. */
const MAX_WAIT_MS = 60_000;
const MAX_KEPT = 10_000;
/** Settlements before the start, at today's rate. */
const PAST_RATES = 24;

export class Funding {
  readonly #parts: FundingParts;
  readonly #rates: FundingRateJson[] = [];
  readonly #settled: UserFundingRecord[] = [];
  #nextMs = Infinity;
  #cancelTimer: CancelTimer | null = null;

  constructor(parts: FundingParts) {
    this.#parts = parts;
  }

  start(): void {
    const { intervalMs, coins } = this.#parts;
    this.#nextMs = this.#boundaryAfter();
    for (let back = PAST_RATES; back > 0; back -= 1) {
      for (const coin of coins) this.#remember(coin, this.#nextMs - back * intervalMs);
    }
    this.#wait();
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** Of one coin, oldest first. */
  rates(coin: string): readonly FundingRateJson[] {
    return this.#rates.filter((rate) => rate.coin === coin);
  }

  /** The account's settlements, oldest first. */
  get settled(): readonly UserFundingRecord[] {
    return this.#settled;
  }

  /** Settles now, whatever the time. */
  settle(): void {
    const timeMs = Math.floor(this.#parts.nowMs());
    for (const coin of this.#parts.coins) {
      coin.advanceToNow();
      this.#remember(coin, timeMs);
      this.#settleCoin(coin, timeMs);
    }
    this.#parts.events.flush();
  }

  #settleCoin(coin: HlCoin, timeMs: number): void {
    const { account, events, rng } = this.#parts;
    const { positionLots } = coin.exchange.account;
    if (positionLots === 0) return;
    const paid = coin.exchange.applyFunding(coin.fundingRate, coin.prices.oracleTicks, timeMs);
    account.fundingPaid(coin, paid);
    const funding = {
      time: timeMs,
      coin: coin.name,
      usdc: numberText(ZERO.minus(paid)),
      szi: sizeText(coin.instrument, positionLots),
      fundingRate: dotted(coin.fundingRate),
      nSamples: null,
    };
    this.#settled.push({ hash: randomHex(rng, 32), funding });
    if (this.#settled.length > 2 * MAX_KEPT) this.#settled.splice(0, MAX_KEPT);
    events.funding(funding);
  }

  #remember(coin: HlCoin, timeMs: number): void {
    const fundingRate = dotted(coin.fundingRate);
    const premium = coin.assetCtx().premium ?? numberText(ZERO);
    this.#rates.push({ coin: coin.name, fundingRate, premium, time: timeMs });
    if (this.#rates.length > 2 * MAX_KEPT) this.#rates.splice(0, MAX_KEPT);
  }

  #boundaryAfter(): number {
    const { intervalMs, nowMs } = this.#parts;
    return (Math.floor(nowMs() / intervalMs) + 1) * intervalMs;
  }

  #wait(): void {
    const leftMs = Math.max(1, Math.ceil(this.#nextMs - this.#parts.nowMs()));
    this.#cancelTimer = this.#parts.timers.after(Math.min(leftMs, MAX_WAIT_MS), () => {
      if (this.#parts.nowMs() >= this.#nextMs) {
        this.settle();
        this.#nextMs = this.#boundaryAfter();
      }
      this.#wait();
    });
  }
}
