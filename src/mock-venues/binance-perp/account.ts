/**
 * PerpAccount: the one account of the mock venue: its orders on all perps, its money by margin
 * asset, and what the user stream tells. Every perp's exchange keeps position and cash of its own,
 * starting at nothing; a wallet is what was paid in plus all of them. Turns what the exchanges
 * report into the venue's records and events. May import domain, sim and this folder.
 */

import { type Decimal, decimal, ZERO } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import type { OrderEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { Rng } from "#domain/rng.ts";
import type { ExchangeEvent, Refusal } from "#sim/order-reports.ts";
import type { JsonObject } from "../json.ts";
import { UserStream } from "../user-stream.ts";
import { accountUpdate, type PositionBooks } from "./account-json.ts";
import { Income } from "./income.ts";
import type { Listing } from "./listing.ts";
import { Margins } from "./margins.ts";
import { type ExecutionType, orderTradeUpdate, tradeLite } from "./order-json.ts";
import { EXPIRY, type NewOrder, type PerpOrder, type PerpTrade } from "./order-records.ts";
import { MONEY_DECIMALS } from "./texts.ts";

export interface AccountParts {
  /** Paid in, plain decimals by margin asset. */
  readonly balances: Readonly<Record<string, string>>;
  readonly listings: () => readonly Listing[];
  readonly nowMs: () => number;
  readonly rng: Rng;
}

/** Told of orders that came of a conditional one. */
export interface ActualOrderListener {
  /** The matching engine took it; before its own event. */
  accepted(order: PerpOrder): void;
  /** It has come to its end; after its own event. */
  ended(order: PerpOrder): void;
}

const NO_MARGIN: Refusal = { reason: "insufficient-balance", message: "no margin for all of it" };
/** Trade ids of the exchanges begin at 1. */
const FIRST_TRADE_ID = 109_100_000;

export class PerpAccount {
  readonly stream = new UserStream<JsonObject>(() => []);
  readonly income = new Income();
  readonly margins: Margins;
  /** Hedge mode: positions of both sides. Orders are not simulated in it. */
  isDualSide = false;
  actualOrders: ActualOrderListener = { accepted: () => undefined, ended: () => undefined };
  readonly #parts: AccountParts;
  readonly #deposits: ReadonlyMap<string, Decimal>;
  readonly #books = new Map<Listing, PositionBooks>();
  /** An order that is taken out of the book to be put into it anew. */
  #moving: PerpOrder | null = null;
  #updateTimeMs = 0;

  /** @throws {InputError} `bad-account` */
  constructor(parts: AccountParts) {
    this.#parts = parts;
    this.#deposits = new Map(
      Object.entries(parts.balances).map(([asset, text]) => [asset, depositOf(asset, text)]),
    );
    const timeMs = this.#stamp();
    for (const [asset, income] of this.#deposits) {
      const incomeType = "TRANSFER";
      this.income.add({ symbol: "", incomeType, income, asset, info: "", timeMs, tradeId: "" });
    }
    this.margins = new Margins(parts.listings, (asset) => this.wallet(asset));
  }

  /** Margin assets: those paid in, and those that listed perps are settled in. */
  get assets(): readonly string[] {
    const quotes = this.#parts.listings().map(({ market }) => market.instrument.quote);
    return [...new Set([...this.#deposits.keys(), ...quotes])];
  }

  get updateTimeMs(): number {
    return this.#updateTimeMs;
  }

  /** Paid in, and what positions have brought, less commissions and funding. */
  wallet(asset: string): Decimal {
    let wallet = this.#deposits.get(asset) ?? ZERO;
    for (const { market } of this.#parts.listings()) {
      const { exchange, instrument } = market;
      if (instrument.quote === asset) wallet = wallet.plus(exchange.account.quote);
    }
    return wallet;
  }

  booksOf(listing: Listing): PositionBooks {
    const known = this.#books.get(listing);
    if (known !== undefined) return known;
    const books = { realized: ZERO, carried: ZERO, wallet: ZERO, updateTimeMs: 0 };
    this.#books.set(listing, books);
    return books;
  }

  /** Sends an order to the matching engine. @returns it; REJECTED where the engine refused it */
  place(listing: Listing, request: NewOrder): PerpOrder {
    const { market, records } = listing;
    const nowMs = this.#stamp();
    const order: PerpOrder = {
      ...request,
      instrument: market.instrument,
      orderId: records.nextOrderId(),
      filledLots: 0,
      quoteFilled: ZERO,
      status: "PENDING_NEW",
      timeMs: nowMs,
      updateTimeMs: nowMs,
      expiry: EXPIRY.none,
      modifications: 0,
      modifyId: undefined,
      refusal: null,
    };
    records.add(order);
    if (isBeyondMargin(listing, order)) {
      order.status = "REJECTED";
      order.refusal = NO_MARGIN;
    } else {
      market.exchange.place(exchangeRequest(order), nowMs);
    }
    if (order.status === "REJECTED") records.refused(order);
    market.onOwnOrderChanged();
    return order;
  }

  cancel({ market }: Listing, order: PerpOrder): void {
    market.exchange.cancel(keyOf(order), this.#stamp());
    market.onOwnOrderChanged();
  }

  /**
   * Puts an open order into the book anew, behind all others there. Where it would take what it may
   * not, or there is nothing left of it, it is cancelled.
   */
  modify(listing: Listing, order: PerpOrder, priceTicks: number, quantityLots: number): void {
    const { market, records } = listing;
    const timeMs = this.#stamp();
    this.#moving = order;
    market.exchange.cancel(keyOf(order), timeMs);
    const before = order.priceTicks;
    order.priceTicks = priceTicks;
    if (quantityLots > order.filledLots) {
      order.quantityLots = quantityLots;
      order.modifications += 1;
      market.exchange.place(exchangeRequest(order), timeMs);
    } else {
      order.priceTicks = before;
      order.status = "REJECTED";
    }
    this.#moving = null;
    if (order.status === "REJECTED") {
      order.status = "CANCELED";
      records.ended(order);
      this.#report(order, "CANCELED");
    }
    market.onOwnOrderChanged();
  }

  /** What the exchange of a symbol reports; called from within it. */
  onEvent(listing: Listing, event: ExchangeEvent): void {
    if (event.kind === "fill") this.#onFill(listing, event.fill);
    else if (event.kind === "order") this.#onOrder(listing, event);
  }

  /** Funding of a symbol was settled. @param paid received negative */
  fundingPaid(listing: Listing, paid: Decimal, timeMs: number): void {
    const { symbol, quote: asset } = listing.market.instrument;
    const income = ZERO.minus(paid);
    const kind = { incomeType: "FUNDING_FEE", info: "FUNDING_FEE", tradeId: "" } as const;
    this.income.add({ ...kind, symbol, income, asset, timeMs });
    this.booksOf(listing).wallet = listing.market.exchange.account.quote;
    this.#stamp();
    const what = { reason: "FUNDING_FEE", change: income, position: null } as const;
    this.stream.push(accountUpdate(this, asset, what, timeMs));
  }

  #onFill(listing: Listing, fill: Fill): void {
    const { records, market } = listing;
    const order = records.byId(Number(fill.clientOrderId));
    if (order === undefined) return;
    const { instrument } = market;
    const trade: PerpTrade = {
      id: FIRST_TRADE_ID + Number(fill.tradeId),
      orderId: order.orderId,
      priceTicks: fill.priceTicks,
      lots: fill.quantityLots,
      quote: instrument.notional(fill.priceTicks, fill.quantityLots),
      commission: fill.fee,
      commissionAsset: fill.feeAsset,
      realizedPnl: this.#realizedBy(listing, fill),
      timeMs: this.#stamp(),
      isBuyer: fill.side === "buy",
      isMaker: fill.liquidity === "maker",
    };
    this.booksOf(listing).updateTimeMs = trade.timeMs;
    order.filledLots += trade.lots;
    order.quoteFilled = order.quoteFilled.plus(trade.quote);
    order.status = order.filledLots >= order.quantityLots ? "FILLED" : "PARTIALLY_FILLED";
    order.updateTimeMs = trade.timeMs;
    records.addTrade(trade);
    this.#bookTrade(listing, trade);
    this.#tellTrade(listing, order, trade);
  }

  /** What a fill realised: the wallet's move before its commission. */
  #realizedBy(listing: Listing, fill: Fill): Decimal {
    const { account } = listing.market.exchange;
    const books = this.booksOf(listing);
    const commission = decimal(fill.fee);
    const realized = account.quote.minus(books.wallet).plus(commission);
    books.wallet = account.quote;
    const signedLots = fill.side === "buy" ? fill.quantityLots : -fill.quantityLots;
    const startLots = account.positionLots - signedLots;
    const isSamePosition = Math.sign(account.positionLots) === Math.sign(startLots);
    const carried = isSamePosition ? books.carried.minus(realized) : ZERO;
    books.carried = carried.plus(commission);
    books.realized = books.realized.plus(realized);
    return realized;
  }

  #bookTrade(listing: Listing, trade: PerpTrade): void {
    const { symbol } = listing.market.instrument;
    const { commissionAsset: asset, timeMs, realizedPnl } = trade;
    const tradeId = trade.id.toString();
    const of = { symbol, asset, info: tradeId, timeMs, tradeId };
    const income = ZERO.minus(decimal(trade.commission));
    this.income.add({ ...of, incomeType: "COMMISSION", income });
    if (realizedPnl.eq(ZERO)) return;
    this.income.add({ ...of, incomeType: "REALIZED_PNL", income: realizedPnl });
  }

  /** The hint comes first; order and account by different ways, either of them the first. */
  #tellTrade(listing: Listing, order: PerpOrder, trade: PerpTrade): void {
    const { quote: asset } = listing.market.instrument;
    const eventMs = trade.timeMs;
    this.stream.push(tradeLite(order, trade, eventMs));
    const what = { reason: "ORDER", change: ZERO, position: listing } as const;
    const update = accountUpdate(this, asset, what, eventMs);
    const isAccountFirst = this.#parts.rng.integer(2) === 0;
    if (isAccountFirst) this.stream.push(update);
    this.stream.push(orderTradeUpdate(order, { type: "TRADE", trade, eventMs }));
    if (!isAccountFirst) this.stream.push(update);
  }

  #onOrder(listing: Listing, event: OrderEvent): void {
    const { records } = listing;
    const order = records.byId(Number(event.clientOrderId));
    if (order === undefined) return;
    switch (event.change) {
      case "open":
        return this.#opened(listing, order);
      case "filled":
        return this.#ended(listing, order);
      case "canceled":
        if (this.#moving === order) return;
        order.status = "CANCELED";
        this.#report(order, "CANCELED");
        return this.#ended(listing, order);
      case "expired":
        return this.#expired(listing, order);
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

  #opened({ records }: Listing, order: PerpOrder): void {
    if (this.#moving === order) {
      order.status = order.filledLots > 0 ? "PARTIALLY_FILLED" : "NEW";
      this.#report(order, "AMENDMENT");
      return;
    }
    order.status = "NEW";
    records.named(order);
    if (order.algo !== null) this.actualOrders.accepted(order);
    this.#report(order, "NEW");
  }

  #expired(listing: Listing, order: PerpOrder): void {
    const isTaker = order.type === "MARKET" || order.timeInForce === "IOC";
    order.status = "EXPIRED";
    if (order.type === "MARKET") order.expiry = EXPIRY.marketRest;
    else if (isTaker) order.expiry = EXPIRY.iocRest;
    else if (order.reduceOnly) order.expiry = EXPIRY.reduceOnly;
    else {
      // Nothing but self-trade prevention ends another order that rests.
      order.status = "EXPIRED_IN_MATCH";
      order.expiry = EXPIRY.selfTrade;
    }
    this.#report(order, "EXPIRED");
    this.#ended(listing, order);
  }

  #ended({ records }: Listing, order: PerpOrder): void {
    records.ended(order);
    if (order.algo !== null) this.actualOrders.ended(order);
  }

  #report(order: PerpOrder, type: ExecutionType): void {
    order.updateTimeMs = this.#stamp();
    const eventMs = order.updateTimeMs;
    this.stream.push(orderTradeUpdate(order, { type, trade: null, eventMs }));
  }

  #stamp(): number {
    this.#updateTimeMs = Math.floor(this.#parts.nowMs());
    return this.#updateTimeMs;
  }
}

/**
 * The venue asks for the margin of the whole quantity of a market order; the simulated exchange, of
 * what the book holds.
 */
function isBeyondMargin({ market }: Listing, order: PerpOrder): boolean {
  if (order.type !== "MARKET" || order.reduceOnly) return false;
  const isBuy = order.side === "BUY";
  const ticks = Math.max(market.oppositeTicks(isBuy), market.markTicks);
  const { quantityLots } = order;
  const units = ticks * quantityLots;
  const { account } = market.exchange;
  return !account.canAfford(isBuy ? "buy" : "sell", quantityLots, units, market.markTicks);
}

function depositOf(asset: string, text: string): Decimal {
  const deposit = decimal(text);
  if (deposit.gte(ZERO) && deposit.eq(deposit.round(MONEY_DECIMALS, 0))) return deposit;
  const problem = `${asset} is ${text}; it must be 0 or more`;
  throw new InputError("bad-account", `${problem} with ${MONEY_DECIMALS} decimals at most`);
}

/** How the simulated exchange knows an order: by its number, which never changes. */
function keyOf({ orderId }: PerpOrder): string {
  return orderId.toString();
}

function exchangeRequest(order: PerpOrder) {
  const { timeInForce } = order;
  const isMarket = order.type === "MARKET";
  const takes = isMarket || timeInForce === "IOC" || timeInForce === "FOK";
  return {
    clientOrderId: keyOf(order),
    side: order.side === "BUY" ? "buy" : "sell",
    type: isMarket ? "market" : "limit",
    timeInForce: takes ? "ioc" : "gtc",
    postOnly: timeInForce === "GTX",
    reduceOnly: order.reduceOnly,
    priceTicks: order.priceTicks,
    quantityLots: order.quantityLots - order.filledLots,
  } as const;
}
