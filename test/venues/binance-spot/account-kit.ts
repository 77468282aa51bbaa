/** An account's side of the venue: balances, open orders, and trades by number. */

import { expect } from "bun:test";
import type { ApiAnswer } from "#venues/binance/api.ts";
import type { RequestParams } from "#venues/binance/signing.ts";
import { SpotAccount } from "#venues/binance-spot/account.ts";
import type { ApiMethod } from "#venues/binance-spot/api.ts";
import type { OwnOrders } from "#venues/own-orders.ts";
import {
  AutoApi,
  type HandApi,
  type Heard,
  idOf,
  marketOf,
  NOW_MS,
  newsKit,
  ok,
  refusal,
  statusOf,
} from "./spot-kit.ts";

export interface Kit<Api> {
  readonly api: Api;
  readonly account: SpotAccount;
  readonly heard: Heard;
  readonly orders: OwnOrders;
}

export function kitOf<Api extends AutoApi | HandApi>(
  api: Api,
  sinceTradeId: string | null = null,
): Kit<Api> {
  const { heard, orders, news } = newsKit(api);
  const { instrument } = marketOf();
  return {
    api,
    account: new SpotAccount({ api, instrument, orders, news, sinceTradeId }),
    heard,
    orders,
  };
}

export function tradeOf(id: number, orderId: number, time = NOW_MS - 1000): object {
  return {
    symbol: "ETHUSDT",
    id,
    orderId,
    orderListId: -1,
    price: "2000.00000000",
    qty: "0.00100000",
    quoteQty: "2.00000000",
    commission: "0.00000100",
    commissionAsset: "ETH",
    time,
    isBuyer: true,
    isMaker: true,
    isBestMatch: true,
  };
}

export function snapshotOf(eth: string, usdt: string, updateTime = NOW_MS - 10): object {
  return {
    canTrade: true,
    updateTime,
    balances: [
      { asset: "ETH", free: eth, locked: "0.00000000" },
      { asset: "USDT", free: usdt, locked: "20.00000000" },
    ],
  };
}

export const REPORT = {
  e: "executionReport",
  E: NOW_MS + 1,
  s: "ETHUSDT",
  c: idOf(1),
  S: "BUY",
  o: "LIMIT_MAKER",
  f: "GTC",
  q: "0.01000000",
  p: "2000.00000000",
  C: "",
  x: "TRADE",
  X: "PARTIALLY_FILLED",
  r: "NONE",
  i: 9001,
  l: "0.00100000",
  z: "0.00100000",
  L: "2000.00000000",
  n: "0.00000100",
  N: "ETH",
  T: NOW_MS + 1,
  t: 501,
  m: true,
};

export function eventOf(event: object): object {
  return { subscriptionId: 0, event };
}

/** The venue's side of a reconciliation: trades by number, some of them in pages of 1000. */
export class Venue {
  open: readonly object[] = [];
  snapshot = snapshotOf("1.00000000", "1000.00000000");
  trades: readonly { readonly id: number; readonly json: object }[] = [];
  owners = new Map<number, string>();
  /** Answered instead, while it is not null. */
  trouble: ((method: ApiMethod) => ApiAnswer | null) | null = null;

  addTrades(from: number, count: number, orderId: number): void {
    const added = Array.from({ length: count }, (_, index) => ({
      id: from + index,
      json: tradeOf(from + index, orderId),
    }));
    this.trades = [...this.trades, ...added];
  }

  answer(method: ApiMethod, params: RequestParams): ApiAnswer {
    const trouble = this.trouble?.(method) ?? null;
    if (trouble !== null) return trouble;
    if (method === "openOrders.status") return ok(this.open);
    if (method === "account.status") return ok(this.snapshot);
    if (method === "myTrades") {
      const { fromId, limit } = params;
      if (fromId === undefined) return ok(this.trades.slice(-Number(limit)).map((t) => t.json));
      const wanted = this.trades.filter(({ id }) => id >= Number(fromId));
      return ok(wanted.slice(0, Number(limit)).map((t) => t.json));
    }
    if (method !== "order.status") throw new Error(`${method} is not asked for by an account`);
    const owner = this.owners.get(Number(params["orderId"]));
    if (owner === undefined) return refusal(-2013, "Order does not exist.");
    return ok(statusOf(owner, Number(params["orderId"])));
  }
}

export async function begunKit(venue: Venue): Promise<Kit<AutoApi>> {
  const kit = kitOf(new AutoApi((method, params) => venue.answer(method, params)));
  expect(await kit.account.begin()).toBe(true);
  return kit;
}
