/**
 * Binance USD-M futures as tests have them in their hands: a small venue of one account and
 * SUIUSDC, written apart from the parsers under test, and the messages of its private stream.
 */

import { formatClientOrderId, type OrderRequest, type OrderRole } from "#domain/order.ts";
import type { ApiAnswer } from "#venues/binance/api.ts";
import type { RequestParams } from "#venues/binance/signing.ts";
import { isNewerTrade } from "#venues/binance/wire.ts";
import { AlgoOrders } from "#venues/binance-perp/algo-orders.ts";
import type { ApiMethod, PerpApi } from "#venues/binance-perp/api.ts";
import { type PerpMarket, readExchangeInfo, readMarket } from "#venues/binance-perp/instruments.ts";
import { OrderOwners, type OwnerParts } from "#venues/binance-perp/order-owners.ts";
import { VenueNews } from "#venues/news.ts";
import { OwnOrders } from "#venues/own-orders.ts";
import { Heard, NOW_MS, ok, refusal } from "../binance-spot/spot-kit.ts";

export {
  AutoApi,
  HandApi,
  Heard,
  LOST,
  NOW_MS,
  notSent,
  ok,
  refusal,
  turn,
} from "../binance-spot/spot-kit.ts";

const SYMBOL = "SUIUSDC";

/** Tick 0.0001, lot 0.1, least value 5. */
export const SUIUSDC = {
  symbol: SYMBOL,
  pair: SYMBOL,
  contractType: "PERPETUAL",
  status: "TRADING",
  baseAsset: "SUI",
  quoteAsset: "USDC",
  marginAsset: "USDC",
  pricePrecision: 6,
  quantityPrecision: 1,
  orderTypes: ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT"],
  timeInForce: ["GTC", "IOC", "FOK", "GTX", "GTD"],
  marketTakeBound: "0.10",
  filters: [
    { filterType: "PRICE_FILTER", minPrice: "0.0001", maxPrice: "1000", tickSize: "0.0001" },
    { filterType: "LOT_SIZE", minQty: "0.1", maxQty: "100000", stepSize: "0.1" },
    { filterType: "MARKET_LOT_SIZE", minQty: "0.1", maxQty: "5000", stepSize: "0.1" },
    { filterType: "MAX_NUM_ORDERS", limit: 200 },
    { filterType: "MIN_NOTIONAL", notional: "5" },
    { filterType: "PERCENT_PRICE", multiplierUp: "1.05", multiplierDown: "0.95" },
  ],
};

export function marketOf(symbol: object = SUIUSDC): PerpMarket {
  const info = readExchangeInfo({ rateLimits: [], symbols: [symbol] });
  return readMarket(info, SYMBOL, { makerFeeRate: "0.0002", takerFeeRate: "0.0005" });
}

export function idOf(sequence: number, role: OrderRole = "active-hedge", pair = "SUI"): string {
  return formatClientOrderId({ prefix: "mm", pair, role, epoch: 7, sequence });
}

/** Sells 10 SUI at 3.0000, post-only, unless said otherwise. */
export function requestOf(sequence: number, rest: Partial<OrderRequest> = {}): OrderRequest {
  return {
    clientOrderId: idOf(sequence),
    side: "sell",
    type: "limit",
    timeInForce: "gtc",
    postOnly: true,
    reduceOnly: false,
    priceTicks: 30_000,
    quantityLots: 100,
    ...rest,
  };
}

/** A stop that sells 10 SUI at 2.9000. */
export function stopOf(sequence: number, rest: Partial<OrderRequest> = {}): OrderRequest {
  const stop = { type: "stop-market", postOnly: false, priceTicks: 29_000 } as const;
  return requestOf(sequence, { ...stop, clientOrderId: idOf(sequence, "stop-loss"), ...rest });
}

export interface NewsKit extends OwnerParts {
  readonly heard: Heard;
  readonly owners: OrderOwners;
}

export function newsKit(api: PerpApi): NewsKit {
  const heard = new Heard();
  const orders = new OwnOrders("mm", "SUI");
  const clocks = { nowMs: () => api.venueNowMs(), venueNowMs: () => api.venueNowMs() };
  const news = new VenueNews(orders, clocks, isNewerTrade);
  news.listen(heard);
  const parts = { api, instrument: marketOf().instrument, orders, algos: new AlgoOrders(), news };
  return { ...parts, heard, owners: new OrderOwners(parts) };
}

/** An answer about an order. */
export function orderOf(clientOrderId: string, orderId: number, rest: object = {}): object {
  return {
    clientOrderId,
    orderId,
    symbol: SYMBOL,
    status: "NEW",
    origQty: "10.0",
    executedQty: "0.0",
    cumQty: "0.0",
    price: "3.0000",
    side: "SELL",
    type: "LIMIT",
    timeInForce: "GTX",
    reduceOnly: false,
    updateTime: NOW_MS + 3,
    ...rest,
  };
}

/** An answer about a stop. */
export function algoOf(clientAlgoId: string, algoId: number, rest: object = {}): object {
  return {
    algoId,
    clientAlgoId,
    algoType: "CONDITIONAL",
    orderType: "STOP_MARKET",
    symbol: SYMBOL,
    side: "SELL",
    quantity: "10.0",
    algoStatus: "NEW",
    triggerPrice: "2.9000",
    actualOrderId: "",
    updateTime: NOW_MS + 3,
    ...rest,
  };
}

/** A row of `userTrades`. */
export function tradeOf(id: number, orderId: number, rest: object = {}): object {
  return {
    symbol: SYMBOL,
    id,
    orderId,
    side: "SELL",
    price: "3.0000",
    qty: "1.0",
    quoteQty: "3.0",
    realizedPnl: "0",
    commission: "0.00060000",
    commissionAsset: "USDC",
    time: NOW_MS + 10,
    positionSide: "BOTH",
    buyer: false,
    maker: true,
    ...rest,
  };
}

/** ORDER_TRADE_UPDATE of one SUI sold at 3.0000. */
export function reportOf(c: string, i: number, rest: object = {}): object {
  const o = {
    s: SYMBOL,
    c,
    S: "SELL",
    o: "LIMIT",
    f: "GTX",
    q: "10.0",
    p: "3.0000",
    ap: "3.0000",
    sp: "0",
    x: "TRADE",
    X: "PARTIALLY_FILLED",
    i,
    l: "1.0",
    z: "1.0",
    L: "3.0000",
    N: "USDC",
    n: "0.00060000",
    T: NOW_MS + 10,
    t: 501,
    m: true,
    R: false,
    ps: "BOTH",
    rp: "0",
    er: "0",
    ...rest,
  };
  return { e: "ORDER_TRADE_UPDATE", E: NOW_MS + 11, T: NOW_MS + 10, o };
}

export function algoUpdate(caid: string, aid: number, rest: object = {}): object {
  const o = {
    caid,
    aid,
    at: "CONDITIONAL",
    o: "STOP_MARKET",
    s: SYMBOL,
    S: "SELL",
    ps: "BOTH",
    f: "GTC",
    q: "10.0",
    X: "NEW",
    ai: "",
    ap: "0",
    aq: "0",
    act: "0",
    tp: "2.9000",
    rm: "",
    ...rest,
  };
  return { e: "ALGO_UPDATE", T: NOW_MS + 10, E: NOW_MS + 11, o };
}

export function accountUpdate(reason: string, pa: string | null = null): object {
  const P = pa === null ? [] : [{ s: SYMBOL, pa, ep: "3", up: "0", mt: "cross", ps: "BOTH" }];
  const B = [{ a: "USDC", wb: "1000", cw: "1000", bc: "0" }];
  return { e: "ACCOUNT_UPDATE", E: NOW_MS + 11, T: NOW_MS + 10, a: { m: reason, B, P } };
}

/** What the venue itself holds, as its answers tell it. */
export class PerpVenue {
  position = "0";
  marginBalance = "1000.00000000";
  maintMargin = "0.00000000";
  isHedgeMode = false;
  isMultiAssets = false;
  openOrders: object[] = [];
  openStops: object[] = [];
  allStops: object[] = [];
  trades: { readonly id: number; readonly json: object }[] = [];
  income: object[] = [];
  /** By the venue's number, and by client id. */
  readonly orders = new Map<string | number, object>();
  readonly stops = new Map<string, object>();
  /** Answered instead, while it is not null. */
  trouble: ((method: ApiMethod, params: RequestParams) => ApiAnswer | null) | null = null;
  /** Called before a question is answered. */
  onAsked: (method: ApiMethod) => void = () => {};

  addTrade(id: number, orderId: number, rest: object = {}): void {
    this.trades.push({ id, json: tradeOf(id, orderId, rest) });
  }

  answer(method: ApiMethod, params: RequestParams): ApiAnswer {
    this.onAsked(method);
    const trouble = this.trouble?.(method, params) ?? null;
    if (trouble !== null) return trouble;
    const answer = this.#answers.get(method);
    if (answer === undefined) throw new Error(`${method} is not expected`);
    return answer(params);
  }

  readonly #answers = new Map<ApiMethod, (params: RequestParams) => ApiAnswer>([
    ["openOrders", () => ok(this.openOrders)],
    ["openAlgoOrders", () => ok(this.openStops)],
    ["allAlgoOrders", () => ok(this.allStops)],
    ["income", () => ok(this.income)],
    ["positionRisk", () => ok(this.#risk())],
    ["account", () => ok(this.#account())],
    ["accountConfig", () => ok(this.#config())],
    ["userTrades", (params) => ok(this.#tradesFrom(params))],
    ["order.status", (params) => this.#order(params)],
    ["algoOrder", ({ clientAlgoId }) => found(this.stops.get(String(clientAlgoId)))],
  ]);

  #risk(): object[] {
    if (Number(this.position) === 0) return [];
    const position = {
      symbol: SYMBOL,
      positionSide: "BOTH",
      positionAmt: this.position,
      entryPrice: "3.0",
      markPrice: "3.0",
      unRealizedProfit: "0",
      liquidationPrice: "4.2",
      updateTime: NOW_MS,
    };
    return [position];
  }

  #account(): object {
    const { marginBalance, maintMargin } = this;
    return {
      totalMaintMargin: "20.00000000",
      totalMarginBalance: "5000.00000000",
      totalWalletBalance: "5000.00000000",
      availableBalance: "4500.00000000",
      assets: [
        {
          asset: "USDC",
          walletBalance: marginBalance,
          marginBalance,
          maintMargin,
          availableBalance: "900.00000000",
        },
      ],
      positions: [
        { symbol: SYMBOL, positionSide: "BOTH", positionAmt: this.position },
        { symbol: "BTCUSDT", positionSide: "BOTH", positionAmt: "0.010" },
      ],
    };
  }

  #config(): object {
    return {
      feeTier: 0,
      canTrade: true,
      dualSidePosition: this.isHedgeMode,
      multiAssetsMargin: this.isMultiAssets,
    };
  }

  #tradesFrom({ fromId, startTime, limit }: RequestParams): object[] {
    const most = Number(limit);
    const all = this.trades.toSorted((a, b) => a.id - b.id).map(({ json }) => json);
    if (startTime !== undefined) return all.slice(0, most);
    if (fromId === undefined) return all.slice(-most);
    const wanted = this.trades.filter(({ id }) => id >= Number(fromId));
    return wanted.map(({ json }) => json).slice(0, most);
  }

  #order({ orderId, origClientOrderId }: RequestParams): ApiAnswer {
    const key = orderId === undefined ? String(origClientOrderId) : Number(orderId);
    return found(this.orders.get(key));
  }
}

function found(json: object | undefined): ApiAnswer {
  return json === undefined ? refusal(-2013, "Order does not exist.") : ok(json);
}
