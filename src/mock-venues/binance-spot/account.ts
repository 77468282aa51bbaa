/**
 * MockAccount: the one account of the mock venue, on all its symbols: one wallet, the orders of
 * each symbol, and what the user stream tells of them. Turns what the simulated exchanges report
 * into the venue's records and events. May import domain, sim and this folder.
 */

import { type Decimal, ZERO } from "#domain/decimal.ts";
import type { OrderEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { ExchangeEvent } from "#sim/order-reports.ts";
import { Wallet } from "#sim/wallet.ts";
import { canFillAtOnce } from "../binance/fill-or-kill.ts";
import { OrderRecords, type OwnTrade } from "../binance/order-records.ts";
import type { RateLimits } from "../binance/rate-limits.ts";
import type { JsonObject } from "../json.ts";
import { UserStream } from "../user-stream.ts";
import { SymbolFilters } from "./filters.ts";
import { FIRST_FILL_CREDIT } from "./limits.ts";
import type { MarketFront } from "./market-front.ts";
import {
  amountText,
  type Execution,
  executionReport,
  type MockOrder,
  type SpotRecords,
} from "./order-records.ts";

/** One symbol of the venue, and what the account has on it. */
export interface Listing {
  readonly market: MarketFront;
  readonly filters: SymbolFilters;
  readonly records: SpotRecords;
}

/** A new order, checked as far as it can be without market and money. */
export type NewOrder = Pick<
  MockOrder,
  | "clientOrderId"
  | "side"
  | "type"
  | "timeInForce"
  | "priceTicks"
  | "quantityLots"
  | "stpMode"
  | "strategyId"
  | "strategyType"
>;

export interface AccountParts {
  /** Plain decimals by asset. */
  readonly balances: Readonly<Record<string, string>>;
  readonly limits: RateLimits;
  readonly nowMs: () => number;
}

/** The request that is being executed, as far as its reports depend on it. */
interface Cause {
  readonly newClientOrderId: string;
  readonly takerOrderId: number | null;
}

const NO_CAUSE: Cause = { newClientOrderId: "", takerOrderId: null };

export class MockAccount {
  readonly wallet: Wallet;
  readonly stream: UserStream<JsonObject>;
  readonly #limits: RateLimits;
  readonly #nowMs: () => number;
  /** Free and locked as last told, by asset. */
  readonly #told = new Map<string, string>();
  #executions = 0;
  #cause = NO_CAUSE;
  #updateTimeMs: number;

  /** @throws {InputError} `bad-account` */
  constructor({ balances, limits, nowMs }: AccountParts) {
    this.wallet = new Wallet(balances);
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#updateTimeMs = Math.floor(nowMs());
    this.stream = new UserStream(() => this.#positionUpdate());
  }

  /** @throws {InputError} `bad-rules` */
  list(market: MarketFront): Listing {
    const filters = new SymbolFilters(market.instrument.symbol, market.rules);
    return { market, filters, records: new OrderRecords() };
  }

  /** From now on changes of balances are told: every asset is known. */
  startTelling(): void {
    this.#positionUpdate();
  }

  get updateTimeMs(): number {
    return this.#updateTimeMs;
  }

  /** Of the last execution report; they are numbered. */
  get executionId(): number {
    return this.#executions;
  }

  balances(): { asset: string; free: string; locked: string }[] {
    return this.wallet.assets.map((asset) => {
      const { total, locked } = this.wallet.balance(asset);
      return { asset, free: amountText(total.minus(locked)), locked: amountText(locked) };
    });
  }

  /** Sends an order to the matching engine. @returns it; REJECTED where the engine refused it */
  place(listing: Listing, request: NewOrder): MockOrder {
    const { market, records } = listing;
    const nowMs = this.#stamp();
    const order: MockOrder = {
      ...request,
      instrument: market.instrument,
      orderId: records.nextOrderId(),
      filledLots: 0,
      quoteFilled: ZERO,
      preventedLots: 0,
      status: "PENDING_NEW",
      timeMs: nowMs,
      updateTimeMs: nowMs,
      expiryReason: undefined,
      amendments: 0,
      trades: [],
      refusal: null,
    };
    records.add(order);
    this.#cause = { newClientOrderId: "", takerOrderId: order.orderId };
    if (order.timeInForce === "FOK" && !canFillAtOnce(market, order)) {
      this.#opened(records, order);
      this.#expired(records, order);
    } else {
      market.exchange.place(exchangeRequest(order), nowMs);
    }
    this.#cause = NO_CAUSE;
    if (order.status === "REJECTED") records.refused(order);
    else this.#changed(listing, order);
    return order;
  }

  /** Cancels an open order; its client id is `newClientOrderId` from then on. */
  cancel(listing: Listing, order: MockOrder, newClientOrderId: string): void {
    this.#cause = { newClientOrderId, takerOrderId: null };
    listing.market.exchange.cancel(keyOf(order), this.#stamp());
    this.#cause = NO_CAUSE;
    this.#changed(listing, order);
  }

  /** @param quantityLots less than it has, more than is filled */
  amend(listing: Listing, order: MockOrder, quantityLots: number, newClientOrderId: string): void {
    this.#cause = { newClientOrderId, takerOrderId: null };
    listing.market.exchange.amend(keyOf(order), quantityLots, this.#stamp());
    this.#cause = NO_CAUSE;
    this.#changed(listing, order);
  }

  /** What the exchange of a symbol reports; called from within it. */
  onEvent(listing: Listing, event: ExchangeEvent): void {
    if (event.kind === "fill") this.#onFill(listing, event.fill);
    else if (event.kind === "order") this.#onOrder(listing, event);
    this.stream.touch();
  }

  #onFill({ records, market }: Listing, fill: Fill): void {
    const order = records.byId(Number(fill.clientOrderId));
    if (order === undefined) return;
    const { instrument } = market;
    const isMaker = fill.liquidity === "maker";
    if (order.filledLots === 0) this.#limits.creditOrders(FIRST_FILL_CREDIT[fill.liquidity]);
    const trade: OwnTrade = {
      id: Number(fill.tradeId),
      orderId: order.orderId,
      priceTicks: fill.priceTicks,
      lots: fill.quantityLots,
      quote: instrument.notional(fill.priceTicks, fill.quantityLots),
      commission: fill.fee,
      commissionAsset: fill.feeAsset,
      timeMs: this.#stamp(),
      isBuyer: fill.side === "buy",
      isMaker,
    };
    order.filledLots += trade.lots;
    order.quoteFilled = order.quoteFilled.plus(trade.quote);
    order.status = order.filledLots >= order.quantityLots ? "FILLED" : "PARTIALLY_FILLED";
    order.trades.push(trade);
    records.addTrade(trade);
    this.#report(order, { type: "TRADE", trade });
  }

  #onOrder({ records }: Listing, event: OrderEvent): void {
    const order = records.byId(Number(event.clientOrderId));
    if (order === undefined) return;
    switch (event.change) {
      case "open":
        if (order.status === "PENDING_NEW") this.#opened(records, order);
        else this.#amended(records, order, event.quantityLots);
        return;
      case "filled":
        return records.ended(order);
      case "canceled":
        return this.#canceled(records, order);
      case "expired":
        return this.#expired(records, order);
      case "rejected":
        order.status = "REJECTED";
        order.refusal = { reason: event.reason ?? "other", message: event.message };
        return;
      case "cancel-rejected":
      case "amend-rejected":
      case "unknown":
      case "not-found":
        // Requests are checked against the records first, which know what the exchange knows.
        return;
    }
  }

  #opened(records: SpotRecords, order: MockOrder): void {
    order.status = "NEW";
    records.named(order);
    this.#report(order, { type: "NEW" });
  }

  #amended(records: SpotRecords, order: MockOrder, quantityLots: number): void {
    const origClientOrderId = order.clientOrderId;
    order.quantityLots = quantityLots;
    order.amendments += 1;
    order.clientOrderId = this.#cause.newClientOrderId;
    records.named(order);
    this.#report(order, { type: "REPLACED", origClientOrderId });
  }

  #canceled(records: SpotRecords, order: MockOrder): void {
    const origClientOrderId = order.clientOrderId;
    order.status = "CANCELED";
    order.clientOrderId = this.#cause.newClientOrderId;
    records.named(order);
    records.ended(order);
    this.#report(order, { type: "CANCELED", origClientOrderId });
  }

  #expired(records: SpotRecords, order: MockOrder): void {
    records.ended(order);
    const isResting = order.type !== "MARKET" && order.timeInForce === "GTC";
    if (isResting) {
      // Nothing but self-trade prevention ends an order that rests.
      order.status = "EXPIRED_IN_MATCH";
      order.preventedLots = order.quantityLots - order.filledLots;
      const counterOrderId = this.#cause.takerOrderId;
      this.#report(order, { type: "TRADE_PREVENTION", counterOrderId });
      return;
    }
    order.status = "EXPIRED";
    order.expiryReason = expiryReason(order);
    this.#report(order, { type: "EXPIRED" });
  }

  #report(order: MockOrder, what: Pick<Execution, "type"> & Partial<Execution>): void {
    this.#executions += 1;
    order.updateTimeMs = this.#stamp();
    this.stream.push(
      executionReport(order, {
        executionId: this.#executions,
        origClientOrderId: "",
        trade: null,
        counterOrderId: null,
        ...what,
      }),
    );
  }

  #changed({ market }: Listing, order: MockOrder): void {
    market.onOwnOrderChanged(order.side === "BUY", order.priceTicks);
    this.stream.touch();
  }

  /** One `outboundAccountPosition` of what has changed since the last. */
  #positionUpdate(): readonly JsonObject[] {
    const changed = this.balances().filter(({ asset, free, locked }) => {
      const text = `${free} ${locked}`;
      if (this.#told.get(asset) === text) return false;
      this.#told.set(asset, text);
      return true;
    });
    if (changed.length === 0) return [];
    const B = changed.map(({ asset, free, locked }) => ({ a: asset, f: free, l: locked }));
    const nowMs = Math.floor(this.#nowMs());
    return [{ e: "outboundAccountPosition", E: nowMs, u: this.#updateTimeMs, B }];
  }

  #stamp(): number {
    this.#updateTimeMs = Math.floor(this.#nowMs());
    return this.#updateTimeMs;
  }
}

/** Base currency held, and in open buys, as MAX_POSITION counts it. */
export function positionOf({ market, records }: Listing, wallet: Wallet): Decimal {
  const { instrument } = market;
  const openLots = [...records.open.values()]
    .filter(({ side }) => side === "BUY")
    .reduce((sum, { quantityLots, filledLots }) => sum + quantityLots - filledLots, 0);
  return wallet.balance(instrument.base).total.plus(instrument.size(openLots));
}

/** How the simulated exchange knows an order: by its number, which never changes. */
function keyOf({ orderId }: MockOrder): string {
  return orderId.toString();
}

function exchangeRequest(order: MockOrder) {
  const isMarket = order.type === "MARKET";
  return {
    clientOrderId: keyOf(order),
    side: order.side === "BUY" ? "buy" : "sell",
    type: isMarket ? "market" : "limit",
    timeInForce: isMarket || order.timeInForce !== "GTC" ? "ioc" : "gtc",
    postOnly: order.type === "LIMIT_MAKER",
    reduceOnly: false,
    priceTicks: order.priceTicks,
    quantityLots: order.quantityLots,
  } as const;
}

function expiryReason({ type, timeInForce }: MockOrder): string {
  if (type === "MARKET") return "INSUFFICIENT_LIQUIDITY";
  return timeInForce === "FOK" ? "UNFILLED_FOK_ORDER_EXPIRED" : "UNFILLED_IOC_QUANTITY_EXPIRED";
}
