/**
 * OrderChecks: what the venue would refuse, found before it is sent: refusals cost request weight,
 * and some of them an unfilled order. The venue has the last word; where a rule cannot be checked
 * here (no reference price, no balance yet) the order goes out. Pure; may import domain only.
 */

import { type Decimal, plain } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { OrderRequest, RejectReason } from "#domain/order.ts";
import type { OwnOrder } from "../own-orders.ts";
import type { SpotMarket, SpotRules } from "./instruments.ts";

export interface Refusal {
  readonly reason: RejectReason;
  /** A sentence without its full stop. */
  readonly message: string;
}

/** What is held, and what open buys may add to it. */
export interface Holdings {
  /** Free and locked together; null where it is not known yet. */
  readonly base: Decimal | null;
  readonly openBuyLots: number;
}

/** Bounds from here on are no bounds to a reader; a venue's may lie beyond 2^53. */
const MOST_SHOWN_TICKS = 2 ** 40;

/** Prices in ticks that the venue takes, both ends included. */
interface Range {
  readonly minTicks: number;
  readonly maxTicks: number;
}

export class OrderChecks {
  readonly #instrument: Instrument;
  #rules: SpotRules;
  /** Most of `ticks · lots`: whole numbers, since this is asked of every order. */
  #maxUnits: number;
  #reference: Decimal | null = null;
  #buyBand: Range | null = null;
  #sellBand: Range | null = null;

  constructor({ instrument, rules }: SpotMarket) {
    this.#instrument = instrument;
    this.#rules = rules;
    this.#maxUnits = maxUnitsOf(rules, instrument);
  }

  get rules(): SpotRules {
    return this.#rules;
  }

  /** The venue changed its rules; its tick and lot are as they were. */
  setRules(rules: SpotRules): void {
    this.#rules = rules;
    this.#maxUnits = maxUnitsOf(rules, this.#instrument);
    this.setReferencePrice(this.#reference);
  }

  /** What the venue measures the distance of prices from; null: not known. */
  setReferencePrice(price: Decimal | null): void {
    this.#reference = price;
    const band = this.#rules.priceBand;
    const isKnown = band !== null && price !== null;
    this.#buyBand = isKnown ? this.#range(price, band.buyDown, band.buyUp) : null;
    this.#sellBand = isKnown ? this.#range(price, band.sellDown, band.sellUp) : null;
  }

  /** Null: nothing speaks against it. */
  check(request: OrderRequest, holdings: Holdings): Refusal | null {
    return (
      this.#checkMarket(request) ??
      this.#checkPrice(request) ??
      this.#checkSize(request) ??
      this.#checkPosition(request, holdings)
    );
  }

  /** Whether this order may be amended once more. */
  canAmend(order: OwnOrder | undefined): boolean {
    const { canAmend, maxAmendsPerOrder } = this.#rules;
    // Of an order of an earlier run it is not known how often it was amended.
    return canAmend && order?.isOfThisRun === true && order.amends < maxAmendsPerOrder;
  }

  #checkMarket({ type, postOnly, timeInForce }: OrderRequest): Refusal | null {
    const { trading, statusWord, canPostOnly } = this.#rules;
    const { symbol } = this.#instrument;
    if (trading !== "open") return other(`${symbol} takes no orders now: it is ${statusWord}`);
    if (type !== "limit" || !postOnly || timeInForce !== "gtc") {
      return other("only post-only limit orders are placed here");
    }
    return canPostOnly ? null : other(`${symbol} takes no post-only orders`);
  }

  #checkPrice({ side, priceTicks }: OrderRequest): Refusal | null {
    const { minTicks, maxTicks } = this.#rules;
    if (!(priceTicks >= minTicks && priceTicks <= maxTicks)) {
      return this.#offPrice(priceTicks, { minTicks, maxTicks }, "PRICE_FILTER");
    }
    const band = side === "buy" ? this.#buyBand : this.#sellBand;
    if (band !== null && !(priceTicks >= band.minTicks && priceTicks <= band.maxTicks)) {
      return this.#offPrice(priceTicks, band, "PERCENT_PRICE_BY_SIDE");
    }
    return null;
  }

  #checkSize({ priceTicks, quantityLots }: OrderRequest): Refusal | null {
    const instrument = this.#instrument;
    const { maxLots, maxNotional } = this.#rules;
    if (!instrument.reachesMinimum(priceTicks, quantityLots)) {
      return filter(`${instrument.sizeString(quantityLots)} is below the least size or value`);
    }
    if (quantityLots > maxLots) {
      return filter(`${instrument.sizeString(quantityLots)} is above the most size (LOT_SIZE)`);
    }
    if (maxNotional === null || priceTicks * quantityLots <= this.#maxUnits) return null;
    const notional = plain(instrument.notional(priceTicks, quantityLots));
    return filter(`a value of ${notional} is above ${plain(maxNotional)} (NOTIONAL)`);
  }

  #checkPosition({ side, quantityLots }: OrderRequest, holdings: Holdings): Refusal | null {
    const { maxPosition } = this.#rules;
    const { base, openBuyLots } = holdings;
    if (maxPosition === null || base === null || side === "sell") return null;
    const held = base.plus(this.#instrument.size(openBuyLots + quantityLots));
    if (held.lte(maxPosition)) return null;
    return filter(`holding ${plain(held)} would be above ${plain(maxPosition)} (MAX_POSITION)`);
  }

  #offPrice(priceTicks: number, { minTicks, maxTicks }: Range, rule: string): Refusal {
    const text = (ticks: number): string =>
      ticks < MOST_SHOWN_TICKS ? this.#instrument.priceString(ticks) : "any";
    const bounds = `${text(minTicks)} … ${text(maxTicks)}`;
    return filter(`the price ${text(priceTicks)} is outside of ${bounds} (${rule})`);
  }

  #range(price: Decimal, down: Decimal, up: Decimal): Range {
    const { tickSize } = this.#instrument;
    const ticks = (factor: Decimal, rounding: 0 | 3): number =>
      Number(plain(price.times(factor).div(tickSize).round(0, rounding)));
    return { minTicks: ticks(down, 3), maxTicks: ticks(up, 0) };
  }
}

/** Infinity where the venue has no such rule. A bound beyond 2^53 is rounded: no order nears it. */
function maxUnitsOf({ maxNotional }: SpotRules, { tickSize, lotSize }: Instrument): number {
  if (maxNotional === null) return Infinity;
  return Number(plain(maxNotional.div(tickSize.times(lotSize)).round(0, 0)));
}

function filter(message: string): Refusal {
  return { reason: "filter", message };
}

function other(message: string): Refusal {
  return { reason: "other", message };
}
