/**
 * PerpClock: what a simulated perp venue does by the clock. Once a second the mark price becomes
 * the mid of the book, cut to a whole tick (where a side is empty it stays what it was); at the
 * venue's hours funding is settled on the position. Everything in exchange time. Pure.
 */

import { type Decimal, decimal, plain } from "#domain/decimal.ts";
import type { FundingEvent, MarkEvent } from "#domain/events.ts";
import type { VenueId } from "#domain/instrument.ts";
import type { SimExchange } from "./sim-exchange.ts";

const MARK_INTERVAL_MS = 1_000;
const HOUR_MS = 3_600_000;
/** Venues quote funding for so many hours, however often they settle. */
const RATE_HOURS = 8;
/** At 00:00, 08:00 and 16:00 UTC; Hyperliquid at every full hour. */
const FUNDING_HOURS: Readonly<Record<VenueId, number>> = {
  "binance-spot": RATE_HOURS,
  "binance-perp": RATE_HOURS,
  hyperliquid: 1,
};

export interface PerpClockOptions {
  readonly venue: VenueId;
  readonly exchange: SimExchange;
  /** What longs pay in eight hours, a fraction of the value as a plain decimal. */
  readonly fundingRate: string;
  /** When it begins: marks and settlements before it are none of ours. */
  readonly startMs: number;
  /** Gets the news as it happens, `receivedTimeMs` being the exchange's own time. */
  readonly emit: (event: MarkEvent | FundingEvent) => void;
}

export class PerpClock {
  /** When something is due next. */
  nextMs: number;
  readonly #options: PerpClockOptions;
  readonly #fundingIntervalMs: number;
  /** Paid at one settlement. */
  readonly #rate: Decimal;
  #nextFundingMs: number;
  #markTicks = 0;

  constructor(options: PerpClockOptions) {
    const hours = FUNDING_HOURS[options.venue];
    this.#options = options;
    this.#fundingIntervalMs = hours * HOUR_MS;
    this.#rate = decimal(options.fundingRate)
      .times(decimal(String(hours)))
      .div(decimal(String(RATE_HOURS)));
    this.nextMs = nextMultiple(options.startMs, MARK_INTERVAL_MS);
    this.#nextFundingMs = nextMultiple(options.startMs, this.#fundingIntervalMs);
  }

  /** Does what is due at `nextMs`, and moves it on. */
  tick(): void {
    const timeMs = this.nextMs;
    this.nextMs = timeMs + MARK_INTERVAL_MS;
    const { exchange, emit } = this.#options;
    this.#markTicks = midOf(exchange) ?? (this.#markTicks || exchange.lastTicks);
    if (this.#markTicks > 0) exchange.onMark(this.#markTicks, timeMs);
    if (timeMs >= this.#nextFundingMs) this.#settle(timeMs);
    if (this.#markTicks === 0) return;
    emit({
      kind: "mark",
      venueTimeMs: timeMs,
      receivedTimeMs: timeMs,
      priceTicks: this.#markTicks,
      fundingRate: Number(plain(this.#rate)),
      nextFundingMs: this.#nextFundingMs,
    });
  }

  #settle(timeMs: number): void {
    this.#nextFundingMs += this.#fundingIntervalMs;
    const { exchange, emit } = this.#options;
    // Nobody settles what nobody holds.
    if (exchange.account.positionLots === 0 || this.#markTicks === 0) return;
    const paid = exchange.applyFunding(plain(this.#rate), this.#markTicks, timeMs);
    emit({
      kind: "funding",
      venueTimeMs: timeMs,
      receivedTimeMs: timeMs,
      fundingId: `funding-${timeMs}`,
      amount: plain(paid.neg()),
    });
  }
}

/** Undefined where a side is empty, as in a gap of the recording: the last print may be old. */
function midOf({ book: { bestBid, bestAsk } }: SimExchange): number | undefined {
  return bestBid > 0 && bestAsk > 0 ? Math.floor((bestBid + bestAsk) / 2) : undefined;
}

/** The first multiple of the interval that is not before. */
function nextMultiple(timeMs: number, intervalMs: number): number {
  return Math.ceil(timeMs / intervalMs) * intervalMs;
}
