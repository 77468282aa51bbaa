/** A Binance Spot that says what a test wants: answers by hand, news and alerts to look at. */

import { expect } from "bun:test";
import type { AccountEvent, EngineEvent, FillEvent, OrderEvent } from "#domain/events.ts";
import type { Side } from "#domain/instrument.ts";
import { formatClientOrderId, type OrderRequest } from "#domain/order.ts";
import type { Alert } from "#ports/sink.ts";
import type { VenueListener } from "#ports/venue.ts";
import type { ApiAnswer, BinanceApi } from "#venues/binance/api.ts";
import { wsReply } from "#venues/binance/errors.ts";
import type { RequestParams } from "#venues/binance/signing.ts";
import { isNewerTrade } from "#venues/binance/wire.ts";
import type { ApiMethod, SpotApi } from "#venues/binance-spot/api.ts";
import { readExchangeInfo, readMarket, type SpotMarket } from "#venues/binance-spot/instruments.ts";
import { VenueNews } from "#venues/news.ts";
import { OwnOrders } from "#venues/own-orders.ts";
import { Inbox } from "../../net/support.ts";
import { ETHUSDT } from "./market.ts";

export const NOW_MS = 1_795_340_000_000;
export const FEES = { makerFeeRate: "0.001", takerFeeRate: "0.001" };

export function infoOf(symbol: object = ETHUSDT): object {
  return { serverTime: NOW_MS, rateLimits: [], exchangeFilters: [], symbols: [symbol] };
}

export function marketOf(symbol: object = ETHUSDT): SpotMarket {
  return readMarket(readExchangeInfo(infoOf(symbol)), "ETHUSDT", FEES);
}

/** `{status, result}` or `{status, error}`, as the WebSocket API has it. */
function answered(message: { status: number; result?: unknown; error?: unknown }): ApiAnswer {
  const result = message.status === 200 ? message.result : undefined;
  return { kind: "answered", reply: wsReply(message), result };
}

export function ok(result: unknown): ApiAnswer {
  return answered({ status: 200, result });
}

export function refusal(code: number, msg: string, status = 400, data?: unknown): ApiAnswer {
  return answered({ status, error: data === undefined ? { code, msg } : { code, msg, data } });
}

export const LOST: ApiAnswer = { kind: "unknown", message: "no answer: the connection was cut" };

export function notSent(why: "budget" | "not-connected"): ApiAnswer {
  return { kind: "not-sent", why, retryAtMs: NOW_MS + 1000, message: `no ${why}` };
}

export interface Call<Method extends string = ApiMethod> {
  readonly method: Method;
  readonly params: RequestParams;
  answer(answer: ApiAnswer): void;
}

/** Calls wait in `calls` until the test answers them. */
export class HandApi<Method extends string = ApiMethod> implements BinanceApi<Method> {
  readonly calls = new Inbox<Call<Method>>();
  nowMs = NOW_MS;

  call(method: Method, params: RequestParams): Promise<ApiAnswer> {
    const { promise, resolve } = Promise.withResolvers<ApiAnswer>();
    this.calls.push({ method, params, answer: resolve });
    return promise;
  }

  venueNowMs(): number {
    return this.nowMs;
  }

  /** The next call, which must be of this method; answered at once where an answer is given. */
  async expect(method: Method, answer?: ApiAnswer): Promise<Call<Method>> {
    const call = await this.calls.next();
    expect(call.method).toBe(method);
    if (answer !== undefined) call.answer(answer);
    return call;
  }
}

/** Answers by a function, at once. */
export class AutoApi<Method extends string = ApiMethod> implements BinanceApi<Method> {
  readonly log: { readonly method: Method; readonly params: RequestParams }[] = [];
  nowMs = NOW_MS;
  readonly #answer: (method: Method, params: RequestParams) => ApiAnswer;

  constructor(answer: (method: Method, params: RequestParams) => ApiAnswer) {
    this.#answer = answer;
  }

  call(method: Method, params: RequestParams): Promise<ApiAnswer> {
    this.log.push({ method, params });
    return Promise.resolve(this.#answer(method, params));
  }

  venueNowMs(): number {
    return this.nowMs;
  }

  paramsOf(method: Method): RequestParams[] {
    return this.log.filter((call) => call.method === method).map(({ params }) => params);
  }
}

/** Everything that a connection tells, in order. */
export class Heard implements VenueListener {
  readonly events = new Inbox<EngineEvent>();
  readonly alerts: Alert[] = [];

  onEvent(event: EngineEvent): void {
    this.events.push({ ...event });
  }

  onAlert(alert: Alert): void {
    this.alerts.push(alert);
  }

  async order(): Promise<OrderEvent> {
    const event = await this.events.next();
    if (event.kind === "order") return event;
    throw new Error(`news of an order was expected, and ${event.kind} came`);
  }

  async fill(): Promise<FillEvent> {
    const event = await this.events.next();
    if (event.kind === "fill") return event;
    throw new Error(`a fill was expected, and ${event.kind} came`);
  }

  async account(): Promise<AccountEvent> {
    const event = await this.events.next();
    if (event.kind === "account") return event;
    throw new Error(`balances were expected, and ${event.kind} came`);
  }
}

export function newsKit(api: SpotApi): { heard: Heard; orders: OwnOrders; news: VenueNews } {
  const heard = new Heard();
  const orders = new OwnOrders("mm", "ETH");
  const clocks = { nowMs: () => api.venueNowMs(), venueNowMs: () => api.venueNowMs() };
  const news = new VenueNews(orders, clocks, isNewerTrade);
  news.listen(heard);
  return { heard, orders, news };
}

/** Everything that is ready to happen has happened. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export function idOf(sequence: number, pair = "ETH", epoch = 7): string {
  return formatClientOrderId({ prefix: "mm", pair, role: "quote", epoch, sequence });
}

/** Buys 0.01 ETH at 2000.00 unless said otherwise. */
export function requestOf(
  sequence: number,
  rest: { side?: Side; priceTicks?: number; quantityLots?: number; postOnly?: boolean } = {},
): OrderRequest {
  return {
    clientOrderId: idOf(sequence),
    side: "buy",
    type: "limit",
    timeInForce: "gtc",
    postOnly: true,
    reduceOnly: false,
    priceTicks: 200_000,
    quantityLots: 100,
    ...rest,
  };
}

export function ackOf(clientOrderId: string, orderId: number): object {
  const transactTime = NOW_MS + 3;
  return { symbol: "ETHUSDT", orderId, orderListId: -1, clientOrderId, transactTime };
}

export function cancelOf(clientOrderId: string, orderId: number, executedQty = "0.0000"): object {
  return {
    symbol: "ETHUSDT",
    origClientOrderId: clientOrderId,
    orderId,
    orderListId: -1,
    clientOrderId: "pXLV6Hz6mprAcVYpVMTGgx",
    transactTime: NOW_MS + 4,
    price: "2000.00000000",
    origQty: "0.01000000",
    executedQty,
    cummulativeQuoteQty: "0.00000000",
    status: "CANCELED",
    timeInForce: "GTC",
    type: "LIMIT_MAKER",
    side: "BUY",
    selfTradePreventionMode: "EXPIRE_MAKER",
  };
}

export function statusOf(clientOrderId: string, orderId: number, status = "NEW"): object {
  return {
    symbol: "ETHUSDT",
    orderId,
    orderListId: -1,
    clientOrderId,
    price: "2000.00000000",
    origQty: "0.01000000",
    executedQty: "0.00000000",
    status,
    type: "LIMIT_MAKER",
    side: "BUY",
    updateTime: NOW_MS + 5,
  };
}
