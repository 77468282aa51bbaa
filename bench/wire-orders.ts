/**
 * The orders of the wire venue: takes every order, fills none, and words answers and account news
 * as Binance Spot does. No rule is checked: the benchmarks must not wait for the venue. Pure but
 * for the time of day.
 */

export type Params = Readonly<Record<string, unknown>>;

interface WireOrder {
  readonly symbol: string;
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly side: string;
  readonly price: string;
  quantity: string;
}

/** What a request came to: its result, and the account's news of it. Null: no such order. */
export interface WireOutcome {
  readonly result: unknown;
  readonly news: readonly unknown[];
}

const RESTS = {
  timeInForce: "GTC",
  type: "LIMIT_MAKER",
  selfTradePreventionMode: "EXPIRE_MAKER",
} as const;
const NOTHING_FILLED = {
  executedQty: "0.00000000",
  origQuoteOrderQty: "0.00000000",
  cummulativeQuoteQty: "0.00000000",
} as const;

export class WireOrders {
  readonly #open = new Map<number, WireOrder>();
  #lastId = 0;

  get size(): number {
    return this.#open.size;
  }

  /** The answer of `openOrders.status`. */
  list(symbol: unknown): unknown[] {
    const orders = [...this.#open.values()].filter((order) => order.symbol === symbol);
    return orders.map((order) => this.#described(order));
  }

  /** The answer of `order.status`; null: no such order. */
  status(params: Params): unknown {
    const order = this.#find(params["orderId"], params["origClientOrderId"]);
    return order === undefined ? null : this.#described(order);
  }

  place(params: Params): WireOutcome {
    const order = this.#add(params);
    return { result: placed(order), news: [report(order, "NEW"), funds(order)] };
  }

  replace(params: Params): WireOutcome | null {
    const old = this.#find(params["cancelOrderId"], params["cancelOrigClientOrderId"]);
    if (old === undefined) return null;
    this.#open.delete(old.orderId);
    const order = this.#add(params);
    return {
      result: {
        cancelResult: "SUCCESS",
        newOrderResult: "SUCCESS",
        cancelResponse: canceled(old),
        newOrderResponse: placed(order),
      },
      news: [report(old, "CANCELED"), funds(old), report(order, "NEW"), funds(order)],
    };
  }

  cancel(params: Params): WireOutcome | null {
    const order = this.#find(params["orderId"], params["origClientOrderId"]);
    if (order === undefined) return null;
    this.#open.delete(order.orderId);
    return { result: canceled(order), news: [report(order, "CANCELED"), funds(order)] };
  }

  amend(params: Params): WireOutcome | null {
    const order = this.#find(params["orderId"], params["origClientOrderId"]);
    if (order === undefined) return null;
    order.quantity = String(params["newQty"]);
    const { symbol, orderId, clientOrderId, price, quantity: qty, side } = order;
    const amendedOrder = {
      symbol,
      orderId,
      orderListId: -1,
      origClientOrderId: clientOrderId,
      clientOrderId,
      price,
      qty,
      side,
      executedQty: "0.00000000",
      preventedQty: "0.00000000",
      quoteOrderQty: "0.00000000",
      cumulativeQuoteQty: "0.00000000",
      status: "NEW",
      ...RESTS,
    };
    const result = { transactTime: Date.now(), executionId: orderId, amendedOrder };
    return { result, news: [report(order, "REPLACED"), funds(order)] };
  }

  #add(params: Params): WireOrder {
    this.#lastId += 1;
    const order = {
      symbol: String(params["symbol"]),
      orderId: this.#lastId,
      clientOrderId: String(params["newClientOrderId"]),
      side: String(params["side"]),
      price: String(params["price"]),
      quantity: String(params["quantity"]),
    };
    this.#open.set(order.orderId, order);
    return order;
  }

  #find(orderId: unknown, clientOrderId: unknown): WireOrder | undefined {
    if (orderId !== undefined) return this.#open.get(Number(orderId));
    return [...this.#open.values()].find((order) => order.clientOrderId === clientOrderId);
  }

  #described({ symbol, orderId, clientOrderId, side, price, quantity }: WireOrder): unknown {
    const now = Date.now();
    return {
      symbol,
      orderId,
      orderListId: -1,
      clientOrderId,
      price,
      origQty: quantity,
      side,
      ...NOTHING_FILLED,
      ...RESTS,
      status: "NEW",
      stopPrice: "0.00",
      icebergQty: "0.00",
      time: now,
      updateTime: now,
      isWorking: true,
      workingTime: now,
    };
  }
}

function placed({ symbol, orderId, clientOrderId }: WireOrder): unknown {
  return { symbol, orderId, orderListId: -1, clientOrderId, transactTime: Date.now() };
}

function canceled({ symbol, orderId, clientOrderId, side, price, quantity }: WireOrder): unknown {
  return {
    symbol,
    origClientOrderId: clientOrderId,
    orderId,
    orderListId: -1,
    clientOrderId: "pXLV6Hz6mprAcVYpVMTGgx",
    transactTime: Date.now(),
    price,
    side,
    origQty: quantity,
    ...NOTHING_FILLED,
    status: "CANCELED",
    ...RESTS,
  };
}

/** An `executionReport`. */
function report(order: WireOrder, x: "NEW" | "CANCELED" | "REPLACED"): unknown {
  const now = Date.now();
  const isGone = x === "CANCELED";
  return {
    e: "executionReport",
    E: now,
    s: order.symbol,
    c: isGone ? "pXLV6Hz6mprAcVYpVMTGgx" : order.clientOrderId,
    S: order.side,
    o: "LIMIT_MAKER",
    f: "GTC",
    q: order.quantity,
    p: order.price,
    P: "0.00000000",
    F: "0.00000000",
    g: -1,
    C: x === "NEW" ? "" : order.clientOrderId,
    x,
    X: isGone ? "CANCELED" : "NEW",
    r: "NONE",
    i: order.orderId,
    l: "0.00000000",
    z: "0.00000000",
    L: "0.00000000",
    n: "0",
    N: null,
    T: now,
    t: -1,
    I: order.orderId,
    w: !isGone,
    m: false,
    M: false,
    O: now,
    Z: "0.00000000",
    Y: "0.00000000",
    Q: "0.00000000",
    W: now,
    V: "EXPIRE_MAKER",
  };
}

/** An `outboundAccountPosition`, which the venue sends whenever something is locked or freed. */
function funds({ symbol }: WireOrder): unknown {
  const now = Date.now();
  const B = [symbol.replace(/USDT$/, ""), "USDT"].map((a) => ({ a, f: BALANCE, l: "0.00000000" }));
  return { e: "outboundAccountPosition", E: now, u: now, B };
}

/** Free of every asset. */
export const BALANCE = "1000000.00000000";
