/**
 * OrderChecks: what the venue would refuse, found before it is sent: refusals count as orders. The
 * venue has the last word; where a rule cannot be checked here (no mark price lately) the order
 * goes out. Pure; may import domain only.
 */

import type { Instrument } from "#domain/instrument.ts";
import type { OrderRequest, RejectReason } from "#domain/order.ts";
import type { PerpMarket, PerpRules } from "./instruments.ts";

export interface Refusal {
  readonly reason: RejectReason;
  /** A sentence without its full stop. */
  readonly message: string;
}

/** An older mark price would refuse what the venue takes. */
const MARK_HOLDS_MS = 10_000;

export class OrderChecks {
  readonly #instrument: Instrument;
  #rules: PerpRules;
  #markTicks = 0;
  #markMs = -Infinity;

  constructor({ instrument, rules }: PerpMarket) {
    this.#instrument = instrument;
    this.#rules = rules;
  }

  /** The venue changed its rules; its tick and lot are as they were. */
  setRules(rules: PerpRules): void {
    this.#rules = rules;
  }

  /** @param ticks may be fractional */
  setMark(ticks: number, receivedTimeMs: number): void {
    this.#markTicks = ticks;
    this.#markMs = receivedTimeMs;
  }

  /** Null: nothing speaks against it. */
  check(request: OrderRequest, nowMs: number): Refusal | null {
    return this.#checkKind(request) ?? this.#checkPrice(request, nowMs) ?? this.#checkSize(request);
  }

  #checkKind({ type, postOnly, timeInForce }: OrderRequest): Refusal | null {
    const { canPostOnly, canStop } = this.#rules;
    const { symbol } = this.#instrument;
    if (postOnly && (type !== "limit" || timeInForce !== "gtc")) {
      return other("an order cannot both rest only and take at once");
    }
    if (postOnly && !canPostOnly) return other(`${symbol} takes no post-only orders`);
    return type === "stop-market" && !canStop ? other(`${symbol} takes no stops`) : null;
  }

  #checkPrice(request: OrderRequest, nowMs: number): Refusal | null {
    const { type, priceTicks } = request;
    if (type === "market") return null;
    const { minTicks, maxTicks } = this.#rules;
    const isWhole = this.#instrument.isValidPrice(priceTicks);
    if (!isWhole || priceTicks < minTicks || priceTicks > maxTicks) {
      return filter(`a price of ${priceTicks} ticks is not within PRICE_FILTER`);
    }
    // A stop is far from the price by its nature.
    return type === "limit" ? this.#checkBand(request, nowMs) : null;
  }

  #checkBand({ side, priceTicks }: OrderRequest, nowMs: number): Refusal | null {
    const { priceBand } = this.#rules;
    if (priceBand === null || !(nowMs - this.#markMs < MARK_HOLDS_MS)) return null;
    const bound = side === "buy" ? priceBand.up : priceBand.down;
    const limitTicks = this.#markTicks * Number(bound.toFixed());
    const isOutside = side === "buy" ? priceTicks > limitTicks : priceTicks < limitTicks;
    if (!isOutside) return null;
    const price = this.#instrument.priceString(priceTicks);
    return filter(`the price ${price} is too far from the mark price (PERCENT_PRICE)`);
  }

  #checkSize(request: OrderRequest): Refusal | null {
    const { type, quantityLots, priceTicks, reduceOnly } = request;
    const { maxLots, marketLots } = this.#rules;
    const { min, max, step } =
      type === "limit" ? { min: this.#instrument.minLots, max: maxLots, step: 1 } : marketLots;
    const isWhole = Number.isSafeInteger(quantityLots) && quantityLots >= 1;
    if (!isWhole || quantityLots < min || quantityLots % step !== 0) {
      return filter(`a size of ${quantityLots} lots is below the least size, or between steps`);
    }
    if (quantityLots > max) {
      return filter(`${this.#instrument.sizeString(quantityLots)} is above the most size`);
    }
    // What reduces a position may be of any value.
    const isExempt = reduceOnly || type === "market";
    if (isExempt || this.#instrument.reachesMinimum(priceTicks, quantityLots)) return null;
    return filter(`${this.#instrument.sizeString(quantityLots)} is below the least value`);
  }
}

function filter(message: string): Refusal {
  return { reason: "filter", message };
}

function other(message: string): Refusal {
  return { reason: "other", message };
}
