/**
 * HlAccount: the one account that trades: its orders and fills on all coins, its money, and what
 * its streams tell. Every coin's exchange keeps position and cash of its own, starting at nothing;
 * the account is what was paid in plus all of them. Stop orders wait here for the mark, and are
 * sent to the exchange as orders that take, under the same number. Turns what the exchanges report
 * into the venue's records and events. May import domain, sim and this folder.
 */

import { type Decimal, decimal, plain, ZERO } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import type { OrderEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { Rng } from "#domain/rng.ts";
import type { ExchangeEvent } from "#sim/order-reports.ts";
import { isTriggered } from "#sim/trigger-orders.ts";
import type { AddressLimits } from "./address-limits.ts";
import type { HlCoin } from "./coin.ts";
import { Fills, fillJson, type HlFill } from "./fills.ts";
import { Margins } from "./margins.ts";
import {
  type HlOrder,
  isWaiting,
  type OrderDraft,
  OrderRecords,
  type OrderStatusWord,
  orderUpdateJson,
} from "./order-records.ts";
import { randomHex, randomTid } from "./public-tape.ts";
import type { HlAccountSetup } from "./rules.ts";
import { TEXTS } from "./texts.ts";
import type { UserEvents } from "./user-events.ts";
import { cutUsdc, USDC_DECIMALS } from "./wire-numbers.ts";

export interface HlAccountParts {
  readonly setup: HlAccountSetup;
  readonly limits: AddressLimits;
  readonly events: UserEvents;
  readonly nowMs: () => number;
  readonly rng: Rng;
}

/** How an order ends that is cancelled now, and whether its owner asked for it. */
export type CancelWord = "canceled" | "scheduledCancel";

const FIRST_OID = 55_000_000_000;
const OID_SPREAD = 1_000_000_000;

export class HlAccount {
  readonly records: OrderRecords;
  readonly fills = new Fills();
  readonly margins: Margins;
  readonly #parts: HlAccountParts;
  readonly #hasDeposit: boolean;
  #deposit: Decimal;
  /** What each coin's wallet balance was when it was last looked at. */
  readonly #wallets = new Map<string, Decimal>();
  #cancelWord: CancelWord = "canceled";

  /** @throws {InputError} `bad-account` */
  constructor(parts: HlAccountParts) {
    this.#parts = parts;
    this.records = new OrderRecords(FIRST_OID + parts.rng.integer(OID_SPREAD));
    this.#deposit = decimal(parts.setup.usdc);
    if (this.#deposit.lt(ZERO) || !this.#deposit.eq(cutUsdc(this.#deposit))) {
      const problem = `usdc is ${parts.setup.usdc}; it must be 0 or more`;
      throw new InputError("bad-account", `${problem} with ${USDC_DECIMALS} decimals at most`);
    }
    this.#hasDeposit = this.#deposit.gt(ZERO);
    this.margins = new Margins(() => this.cash);
  }

  /** Realised money: paid in, and what positions have brought, less fees, funding and charges. */
  get cash(): Decimal {
    let cash = this.#deposit;
    for (const { exchange } of this.margins.coins) cash = cash.plus(exchange.account.quote);
    return cash;
  }

  /** Cash and unrealised profit at mark prices. */
  value(): Decimal {
    return this.margins.value();
  }

  /** By what it has traded so far. */
  get maxOpenOrders(): number {
    return this.#parts.limits.maxOpenOrders;
  }

  /** Whether anything was ever paid in. */
  get hasDeposit(): boolean {
    return this.#hasDeposit;
  }

  /** Pays for something else than trading, or is paid in (negative). */
  charge(amount: Decimal): void {
    this.#deposit = this.#deposit.minus(amount);
  }

  canCarry(coin: HlCoin, now: number, then: number): boolean {
    return this.margins.canCarry(coin, now, then);
  }

  /** Sends an order to its exchange; a stop waits here. @returns it, whatever became of it */
  place(coin: HlCoin, draft: OrderDraft): HlOrder {
    if (firesAt(draft, coin.prices.markTicks)) {
      return this.refuse(draft, "badTriggerPxRejected", TEXTS.trigger(draft.asset));
    }
    const order = this.#add(draft);
    if (draft.triggerTicks > 0) {
      this.#update(order, "open");
      return order;
    }
    coin.exchange.place(exchangeRequest(order), order.timeMs);
    coin.onOwnOrderChanged();
    return order;
  }

  /** An order that was refused before its exchange saw it: it is told and remembered. */
  refuse(draft: OrderDraft, status: OrderStatusWord, refusal: string): HlOrder {
    const order = this.#add(draft);
    order.refusal = refusal;
    this.#end(order, status);
    return order;
  }

  cancel(coin: HlCoin, order: HlOrder, word: CancelWord = "canceled"): void {
    if (isWaiting(order)) {
      this.#end(order, word);
      return;
    }
    this.#cancelWord = word;
    coin.exchange.cancel(order.oid.toString(), this.#stamp());
    this.#cancelWord = "canceled";
    coin.onOwnOrderChanged();
  }

  /**
   * Cancels an order and does what is to come in its place. The real venue tells the end of the one
   * and the beginning of the other in either order: so does this one, by chance.
   */
  replace<Result>(coin: HlCoin, order: HlOrder, place: () => Result): Result {
    const { events, rng } = this.#parts;
    const at = events.orderCount;
    this.cancel(coin, order);
    const result = place();
    if (rng.integer(2) === 0) events.delayOrder(at);
    return result;
  }

  /** The mark of a coin was set: stops that it reaches become orders that take, oldest first. */
  onMark(coin: HlCoin): void {
    const { markTicks } = coin.prices;
    for (const order of this.records.open()) {
      if (order.asset !== coin.asset || !isWaiting(order) || !firesAt(order, markTicks)) continue;
      this.#update(order, "triggered");
      coin.exchange.place(exchangeRequest(order), this.#stamp());
      coin.onOwnOrderChanged();
    }
  }

  /** What the exchange of a coin reports; called from within it. */
  onExchangeEvent(coin: HlCoin, event: ExchangeEvent): void {
    if (event.kind === "fill") this.#onFill(coin, event.fill);
    else if (event.kind === "order") this.#onOrder(coin, event);
  }

  /** Funding of a coin was settled. @param paid in USDC, received negative */
  fundingPaid(coin: HlCoin, paid: Decimal): void {
    this.#walletMoved(coin);
    this.margins.fundingPaid(coin, paid);
  }

  #walletMoved(coin: HlCoin): void {
    this.#wallets.set(coin.name, coin.exchange.account.quote);
  }

  #add(draft: OrderDraft): HlOrder {
    const timeMs = this.#stamp();
    const order: HlOrder = {
      ...draft,
      oid: this.records.nextOid(),
      filledLots: 0,
      filledValue: ZERO,
      status: "pending",
      timeMs,
      statusTimeMs: timeMs,
      refusal: null,
    };
    this.records.add(order);
    return order;
  }

  #onFill(coin: HlCoin, fill: Fill): void {
    const order = this.records.find(Number(fill.clientOrderId));
    if (order === undefined) return;
    const { instrument, name } = coin;
    const { account } = coin.exchange;
    const signedLots = fill.side === "buy" ? fill.quantityLots : -fill.quantityLots;
    const before = this.#wallets.get(name) ?? ZERO;
    this.#walletMoved(coin);
    const value = instrument.notional(fill.priceTicks, fill.quantityLots);
    order.filledLots += fill.quantityLots;
    order.filledValue = order.filledValue.plus(value);
    const own: HlFill = {
      coin: name,
      instrument,
      oid: order.oid,
      cloid: order.cloid,
      side: fill.side,
      priceTicks: fill.priceTicks,
      lots: fill.quantityLots,
      timeMs: this.#stamp(),
      startLots: account.positionLots - signedLots,
      closedPnl: plain(account.quote.minus(before).plus(decimal(fill.fee))),
      fee: fill.fee,
      isMaker: fill.liquidity === "maker",
      hash: randomHex(this.#parts.rng, 32),
      tid: randomTid(this.#parts.rng),
    };
    this.fills.add(own);
    this.margins.positionMoved(coin, own);
    this.#parts.limits.addVolume(value);
    this.#parts.events.fill(fillJson(own));
  }

  #onOrder(coin: HlCoin, event: OrderEvent): void {
    const order = this.records.find(Number(event.clientOrderId));
    if (order === undefined) return;
    switch (event.change) {
      case "open":
        // What takes at once or is gone is never open.
        if (!takesAtOnce(order)) this.#update(order, "open");
        return;
      case "filled":
        return this.#end(order, "filled");
      case "canceled":
        return this.#end(order, this.#cancelWord);
      case "expired":
        return this.#expired(coin, order, event);
      case "rejected":
        return this.#rejected(coin, order, event);
      case "cancel-rejected":
      case "amend-rejected":
      case "unknown":
      case "not-found":
        // Requests are checked against the records first, which know what the exchange knows.
        return;
    }
  }

  #expired({ exchange }: HlCoin, order: HlOrder, { reason }: OrderEvent): void {
    const hasNothingLeft = order.reduceOnly && exchange.account.closableLots(order.side) === 0;
    if (reason === "reduce-only" || hasNothingLeft) this.#end(order, "reduceOnlyCanceled");
    else if (!takesAtOnce(order)) this.#end(order, "selfTradeCanceled");
    else if (order.filledLots > 0) this.#end(order, "canceled");
    else if (order.triggerTicks > 0) {
      order.refusal = TEXTS.noLiquidity(order.asset);
      this.#end(order, "marketOrderNoLiquidityRejected");
    } else {
      order.refusal = TEXTS.ioc(order.asset);
      this.#end(order, "iocCancelRejected");
    }
  }

  #rejected(coin: HlCoin, order: HlOrder, event: OrderEvent): void {
    const [status, text] = refusalOf(coin, order, event);
    order.refusal = text;
    this.#end(order, status);
  }

  #end(order: HlOrder, status: OrderStatusWord): void {
    this.records.ended(order);
    this.#update(order, status);
    const isAsked = status === "canceled" || status === "filled" || status.endsWith("Rejected");
    if (isAsked || status === "rejected") return;
    this.#parts.events.nonUserCancel({ coin: order.coin, oid: order.oid });
  }

  #update(order: HlOrder, status: OrderStatusWord): void {
    order.status = status;
    order.statusTimeMs = this.#stamp();
    this.#parts.events.order(orderUpdateJson(order, status));
  }

  #stamp(): number {
    return Math.floor(this.#parts.nowMs());
  }
}

/** Whether this mark fires it; never where it is no stop. */
function firesAt({ side, triggerTicks }: OrderDraft, markTicks: number): boolean {
  const isStop = triggerTicks > 0 && markTicks > 0;
  return isStop && isTriggered(side === "buy", triggerTicks, markTicks);
}

/** A stop that has fired is the like: a market order with a worst price. */
function takesAtOnce({ tif, triggerTicks }: OrderDraft): boolean {
  return tif === "Ioc" || triggerTicks > 0;
}

/** How the simulated exchange knows an order: by its number. */
function exchangeRequest(order: HlOrder): Parameters<HlCoin["exchange"]["place"]>[0] {
  return {
    clientOrderId: order.oid.toString(),
    side: order.side,
    type: "limit",
    timeInForce: takesAtOnce(order) ? "ioc" : "gtc",
    postOnly: order.tif === "Alo",
    reduceOnly: order.reduceOnly,
    priceTicks: order.priceTicks,
    quantityLots: order.quantityLots,
  };
}

/** The venue's word and text for what the simulated exchange refused. */
function refusalOf(
  { asset, exchange, instrument }: HlCoin,
  { triggerTicks }: HlOrder,
  { reason, message }: OrderEvent,
): readonly [OrderStatusWord, string] {
  if (reason === "insufficient-balance") return ["perpMarginRejected", TEXTS.margin(asset)];
  if (reason === "reduce-only") {
    // The position went while a stop waited.
    const status = triggerTicks > 0 ? "reduceOnlyCanceled" : "reduceOnlyRejected";
    return [status, TEXTS.reduceOnly(asset)];
  }
  // All else was refused before.
  if (reason !== "would-cross") return ["rejected", message];
  const { bestBid, bestAsk } = exchange.book;
  const bbo = `${instrument.priceString(bestBid)}@${instrument.priceString(bestAsk)}`;
  return ["badAloPxRejected", TEXTS.postOnly(bbo, asset)];
}
