/**
 * AlgoDesk: conditional orders wait here, outside of the matching engine, for the last price or the
 * mark. Once triggered, each becomes an order of its own, with an id of its own; the account's
 * events tell which. May import domain and this folder.
 *
 * What the venue does not say is decided here for the harder case: the order that comes of one has
 * a client id made up by the venue, so that nobody finds it by the conditional order's. What the
 * matching engine refuses for margin is REJECTED, what has nothing to reduce EXPIRED.
 */

import { type ApiError, badRequest } from "../binance/api-error.ts";
import { canFillAtOnce } from "../binance/fill-or-kill.ts";
import type { Print } from "../candles.ts";
import type { ActualOrderListener, PerpAccount } from "./account.ts";
import {
  type AlgoOrder,
  AlgoRecords,
  type AlgoStatusWord,
  algoUpdate,
  type NewAlgoOrder,
} from "./algo-records.ts";
import type { Listing } from "./listing.ts";
import type { NewOrder, PerpOrder } from "./order-records.ts";

interface DeskParts {
  readonly account: PerpAccount;
  readonly nowMs: () => number;
  /** A client id for orders that came without one. */
  readonly randomId: () => string;
}

/** Of all symbols together. */
const MAX_WAITING = 200;
const FAILURES = {
  margin: "Margin is insufficient.",
  reduceOnly: "ReduceOnly Order is rejected.",
  killed: "FOK order is rejected.",
} as const;

export class AlgoDesk implements ActualOrderListener {
  readonly records = new AlgoRecords();
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    parts.account.actualOrders = this;
  }

  /** @throws {ApiError} -4116, -4045, -2021; margin is not looked at */
  place(listing: Listing, request: NewAlgoOrder): AlgoOrder {
    const refusal = this.#refusal(listing, request);
    if (refusal !== undefined) throw refusal;
    const nowMs = this.#stamp();
    const order: AlgoOrder = {
      ...request,
      instrument: listing.market.instrument,
      algoId: this.records.nextId(),
      status: "NEW",
      createTimeMs: nowMs,
      updateTimeMs: nowMs,
      triggerTimeMs: 0,
      actual: null,
      failure: "",
    };
    this.records.add(order);
    this.#tell(order);
    return order;
  }

  cancel(order: AlgoOrder): void {
    this.#move(order, "CANCELED");
  }

  /** Fires what the market's prints, or its mark where there are none, have reached. */
  onPrices(listing: Listing, prints: readonly Print[]): void {
    const { symbol } = listing.market.instrument;
    for (const order of this.records.waiting()) {
      if (order.instrument.symbol !== symbol || order.status !== "NEW") continue;
      if (isReached(listing, order, prints)) this.#trigger(listing, order);
    }
  }

  accepted(actual: PerpOrder): void {
    const { algo } = actual;
    if (algo === null) return;
    algo.actual = actual;
    this.#move(algo, "TRIGGERED");
  }

  ended(actual: PerpOrder): void {
    if (actual.algo !== null) this.#move(actual.algo, "FINISHED");
  }

  #refusal(listing: Listing, request: NewAlgoOrder): ApiError | undefined {
    const known = this.records.find(request.clientAlgoId);
    if (known?.status === "NEW") return badRequest(-4116, "ClientOrderId is duplicated.");
    if (this.records.waiting().length >= MAX_WAITING) {
      return badRequest(-4045, "Reach max stop order limit.");
    }
    if (!isReached(listing, request, null)) return undefined;
    return badRequest(-2021, "Order would immediately trigger.");
  }

  #trigger(listing: Listing, order: AlgoOrder): void {
    order.triggerTimeMs = this.#stamp();
    this.#move(order, "TRIGGERING");
    const request = this.#requestOf(listing, order);
    if (request.quantityLots === 0) return this.#fail(order, "EXPIRED", FAILURES.reduceOnly);
    if (request.timeInForce === "FOK" && !canFillAtOnce(listing.market, request)) {
      return this.#fail(order, "REJECTED", FAILURES.killed);
    }
    const actual = this.#parts.account.place(listing, request);
    const { refusal } = actual;
    if (refusal === null) return;
    if (refusal.reason === "insufficient-balance") {
      return this.#fail(order, "REJECTED", FAILURES.margin);
    }
    if (refusal.reason === "reduce-only") return this.#fail(order, "EXPIRED", FAILURES.reduceOnly);
    this.#fail(order, "REJECTED", refusal.message);
  }

  #requestOf({ market }: Listing, order: AlgoOrder): NewOrder {
    const { side, stpMode, closePosition, quantityLots } = order;
    const isMarket = order.type === "STOP_MARKET" || order.type === "TAKE_PROFIT_MARKET";
    const closable = market.exchange.account.closableLots(side === "BUY" ? "buy" : "sell");
    return {
      clientOrderId: this.#parts.randomId(),
      side,
      type: isMarket ? "MARKET" : "LIMIT",
      timeInForce: isMarket ? "GTC" : order.timeInForce,
      priceTicks: isMarket ? 0 : order.priceTicks,
      quantityLots: closePosition ? closable : quantityLots,
      reduceOnly: order.reduceOnly || closePosition,
      stpMode,
      algo: order,
    };
  }

  #fail(order: AlgoOrder, status: AlgoStatusWord, failure: string): void {
    order.failure = failure;
    this.#move(order, status);
  }

  #move(order: AlgoOrder, status: AlgoStatusWord): void {
    order.status = status;
    order.updateTimeMs = this.#stamp();
    this.records.left(order);
    this.#tell(order);
  }

  #tell(order: AlgoOrder): void {
    this.#parts.account.stream.push(algoUpdate(order, order.updateTimeMs));
  }

  #stamp(): number {
    return Math.floor(this.#parts.nowMs());
  }
}

/** @param prints those that just happened; null: whatever the price is now */
function isReached(
  { market }: Listing,
  order: NewAlgoOrder,
  prints: readonly Print[] | null,
): boolean {
  const isStop = order.type === "STOP" || order.type === "STOP_MARKET";
  // A stop runs after the price, a take-profit waits for it to come its way.
  const isAbove = (order.side === "BUY") === isStop;
  const reaches = (ticks: number): boolean =>
    isAbove ? ticks >= order.triggerTicks : ticks <= order.triggerTicks;
  if (order.workingType === "CONTRACT_PRICE") {
    const prices = prints === null ? [market.lastTicks] : prints.map(({ ticks }) => ticks);
    return prices.some((ticks) => reaches(ticks));
  }
  const { mark, instrument } = market;
  const trigger = instrument.price(order.triggerTicks);
  return isAbove ? mark.gte(trigger) : mark.lte(trigger);
}
