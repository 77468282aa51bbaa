/**
 * A small Binance Spot in memory, of one account and ETHUSDT: takes orders as they are sent, and
 * lets answers and events arrive late, lost or never. Written apart from the parsers under test.
 */

import { formatScaled } from "#domain/decimal.ts";
import type { Rng } from "#domain/rng.ts";
import type { ApiAnswer } from "#venues/binance/api.ts";
import type { LiveHandlers } from "#venues/binance/live-api.ts";
import type { RequestParams } from "#venues/binance/signing.ts";
import type { ApiMethod } from "#venues/binance-spot/api.ts";
import type { TradingApi } from "#venues/binance-spot/spot-connection.ts";
import { ETHUSDT } from "./market.ts";
import { ackOf, infoOf, LOST, notSent, ok, refusal, statusOf } from "./spot-kit.ts";

interface Order {
  readonly id: number;
  readonly clientId: string;
  readonly side: "BUY" | "SELL";
  readonly ticks: number;
  lots: number;
  filledLots: number;
  status: "NEW" | "PARTIALLY_FILLED" | "FILLED" | "CANCELED";
}

interface Waiting {
  readonly resolve: (answer: ApiAnswer) => void;
  readonly answer: ApiAnswer;
}

const NO_ORDER = "Order does not exist.";

class Refused extends Error {
  readonly answer: ApiAnswer;
  readonly leg: { readonly code: number; readonly msg: string };

  constructor(code: number, msg: string) {
    super(msg);
    this.answer = refusal(code, msg);
    this.leg = { code, msg };
  }
}

export class FakeBinance implements TradingApi {
  /** How often a call meets each kind of trouble. */
  faultRate = 0;
  baseLots = 10_000; // 1 ETH
  /** Of one tick times one lot: 10^-6 USDT. */
  quoteUnits = 2_000_000_000;
  bidTicks = 199_990;
  askTicks = 200_010;
  readonly orders = new Map<number, Order>();
  readonly calls: { readonly method: ApiMethod; readonly params: RequestParams }[] = [];
  state: TradingApi["state"] = "connecting";
  inFlight = 0;
  reconnects = 0;
  readonly clock = { offsetMs: 0 };
  readonly limits = { statuses: () => [], ordersLeft: () => ({ remaining: 50, limit: 50 }) };
  symbolStatus = "TRADING";

  readonly #actions = new Map<ApiMethod, (params: RequestParams) => ApiAnswer>([
    ["order.place", (params) => ok(this.#place(params))],
    ["order.cancel", (params) => ok(this.#cancel(this.#open(params)))],
    ["order.cancelReplace", (params) => this.#replace(params)],
    ["order.amend.keepPriority", (params) => ok(this.#amend(params))],
    ["order.status", (params) => ok(this.#status(this.#find(params, -2013, NO_ORDER)))],
    ["openOrders.status", () => ok(this.#openOrders())],
    ["account.status", () => ok({ updateTime: this.#whole(), balances: this.#balances() })],
    ["myTrades", (params) => ok(this.#tradesFrom(params))],
    ["exchangeInfo", () => ok(infoOf({ ...ETHUSDT, status: this.symbolStatus }))],
    ["avgPrice", () => ok({ mins: 5, price: "2000.00000000" })],
  ]);
  readonly #rng: Rng;
  readonly #nowMs: () => number;
  readonly #trades: object[] = [];
  #answers: Waiting[] = [];
  #events: object[] = [];
  #handlers: LiveHandlers | null = null;

  constructor(rng: Rng, nowMs: () => number) {
    this.#rng = rng;
    this.#nowMs = nowMs;
  }

  start(handlers: LiveHandlers): void {
    this.#handlers = handlers;
  }

  stop(): void {
    this.#handlers = null;
  }

  roundTripMs(): null {
    return null;
  }

  venueNowMs(): number {
    return this.#nowMs();
  }

  connect(): void {
    this.state = "ready";
    this.#handlers?.onReady();
  }

  /** Nobody will tell what became of what was under way. */
  cut(): void {
    this.state = "fallback";
    for (const { resolve } of this.#answers) resolve(LOST);
    this.#answers = [];
    this.#events = [];
    this.#handlers?.onLost("cut by the test");
  }

  openIds(prefix: string): string[] {
    const open = [...this.orders.values()].filter(isOpen).map(({ clientId }) => clientId);
    return open.filter((id) => id.startsWith(prefix)).toSorted();
  }

  get base(): string {
    return formatScaled(this.baseLots, 4);
  }

  get quote(): string {
    return formatScaled(this.quoteUnits, 6);
  }

  /** Done at once, answered when `deliver` says so. */
  call(method: ApiMethod, params: RequestParams): Promise<ApiAnswer> {
    this.calls.push({ method, params });
    const { promise, resolve } = Promise.withResolvers<ApiAnswer>();
    this.#answers.push({ resolve, answer: this.#answer(method, params) });
    return promise;
  }

  /** Lets about this share of the answers and events arrive: events in order, answers in none. */
  deliver(share: number): void {
    const late: Waiting[] = [];
    for (const waiting of this.#answers) {
      if (this.#rng.uniform() < share) waiting.resolve(waiting.answer);
      else late.push(waiting);
    }
    this.#answers = late;
    while (this.#events.length > 0 && this.#rng.uniform() < share) {
      const event = this.#events.shift();
      this.#handlers?.onUserEvent({ subscriptionId: 0, event }, this.#nowMs());
    }
  }

  /** The market moves; what is in its way is filled, wholly or in part. */
  moveTo(bidTicks: number, askTicks: number): void {
    this.bidTicks = bidTicks;
    this.askTicks = askTicks;
    for (const order of this.orders.values()) {
      const isHit = order.side === "BUY" ? order.ticks >= askTicks : order.ticks <= bidTicks;
      if (!isOpen(order) || !isHit) continue;
      const leaves = order.lots - order.filledLots;
      const part = Math.max(1, Math.floor(leaves * this.#rng.uniform()));
      this.#fill(order, part);
      // Nothing stays across the spread.
      if (order.filledLots < order.lots) this.#fill(order, order.lots - order.filledLots);
    }
  }

  /** Somebody takes a lot of each order whose id begins so. */
  hit(prefix: string): void {
    for (const order of this.orders.values()) {
      const isWhole = order.lots - order.filledLots > 1;
      if (isOpen(order) && isWhole && order.clientId.startsWith(prefix)) this.#fill(order, 1);
    }
  }

  addForeign(clientId: string): void {
    this.#create({ clientId, side: "BUY", ticks: 100_000, lots: 100 });
  }

  #answer(method: ApiMethod, params: RequestParams): ApiAnswer {
    const luck = this.#rng.uniform();
    if (luck < this.faultRate) return LOST;
    if (luck < 2 * this.faultRate) return notSent("budget");
    if (luck < 3 * this.faultRate) return refusal(-1003, "Too much request weight used", 429);
    let answer: ApiAnswer;
    try {
      answer = this.#act(method, params);
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown;
      answer = thrown.answer;
    }
    return luck > 1 - this.faultRate ? refusal(-1007, "Timeout waiting for response", 504) : answer;
  }

  #act(method: ApiMethod, params: RequestParams): ApiAnswer {
    const action = this.#actions.get(method);
    if (action === undefined) throw new Error(`${method} is not played`);
    return action(params);
  }

  #place(params: RequestParams): object {
    const clientId = String(params["newClientOrderId"]);
    const side = params["side"] === "BUY" ? "BUY" : "SELL";
    const ticks = Math.round(Number(params["price"]) * 100);
    if (side === "BUY" ? ticks >= this.askTicks : ticks <= this.bidTicks) {
      throw new Refused(-2010, "Order would immediately match and take.");
    }
    if (this.openIds(clientId).includes(clientId))
      throw new Refused(-2010, "Duplicate order sent.");
    const lots = Math.round(Number(params["quantity"]) * 10_000);
    return ackOf(clientId, this.#create({ clientId, side, ticks, lots }).id);
  }

  #create(order: Pick<Order, "clientId" | "side" | "ticks" | "lots">): Order {
    const id = 1000 + this.orders.size;
    const created: Order = { ...order, id, filledLots: 0, status: "NEW" };
    this.orders.set(id, created);
    this.#report(created, "NEW");
    return created;
  }

  #cancel(order: Order): object {
    order.status = "CANCELED";
    // A cancel renames its order.
    this.#report(order, "CANCELED", { c: `x${order.id}`, C: order.clientId });
    const names = { origClientOrderId: order.clientId, clientOrderId: `x${order.id}` };
    return { ...this.#status(order), ...names, transactTime: this.#whole() };
  }

  #replace(params: RequestParams): ApiAnswer {
    const { cancelOrderId, cancelOrigClientOrderId } = params;
    const legs = {
      cancelResult: "FAILURE",
      newOrderResult: "NOT_ATTEMPTED",
      newOrderResponse: null,
    };
    let cancelResponse: object;
    try {
      const order = this.#open({
        ...(cancelOrderId === undefined ? {} : { orderId: cancelOrderId }),
        ...(cancelOrigClientOrderId === undefined
          ? {}
          : { origClientOrderId: cancelOrigClientOrderId }),
      });
      if (order.filledLots > 0) {
        throw new Refused(-2011, "Order was not canceled due to cancel restrictions.");
      }
      cancelResponse = this.#cancel(order);
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown;
      const data = { ...legs, cancelResponse: thrown.leg };
      return refusal(-2022, "Order cancel-replace failed.", 400, data);
    }
    const half = { cancelResult: "SUCCESS", cancelResponse };
    try {
      const newOrderResponse = this.#place(params);
      return ok({ ...half, newOrderResult: "SUCCESS", newOrderResponse });
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown;
      const data = { ...half, newOrderResult: "FAILURE", newOrderResponse: thrown.leg };
      return refusal(-2021, "Order cancel-replace partially failed.", 409, data);
    }
  }

  #amend(params: RequestParams): object {
    const order = this.#open(params);
    const lots = Math.round(Number(params["newQty"]) * 10_000);
    if (lots >= order.lots || lots <= order.filledLots) {
      throw new Refused(-2038, "The requested action would change no state; rejecting.");
    }
    order.lots = lots;
    this.#report(order, "REPLACED", { C: order.clientId });
    const status = this.#status(order);
    return {
      transactTime: this.#whole(),
      executionId: 1,
      amendedOrder: { ...status, qty: size(lots) },
    };
  }

  #open(params: RequestParams): Order {
    const order = this.#find(params, -2011, "Unknown order sent.");
    if (!isOpen(order)) throw new Refused(-2011, "Unknown order sent.");
    return order;
  }

  #find({ orderId, origClientOrderId }: RequestParams, code: number, msg: string): Order {
    const found =
      orderId === undefined
        ? [...this.orders.values()].findLast(({ clientId }) => clientId === origClientOrderId)
        : this.orders.get(Number(orderId));
    if (found === undefined) throw new Refused(code, msg);
    return found;
  }

  #fill(order: Order, lots: number): void {
    order.filledLots += lots;
    order.status = order.filledLots === order.lots ? "FILLED" : "PARTIALLY_FILLED";
    const sign = order.side === "BUY" ? 1 : -1;
    this.baseLots += sign * lots;
    this.quoteUnits -= sign * lots * order.ticks;
    const id = this.#trades.length;
    const time = this.#whole();
    const price = formatScaled(order.ticks, 2);
    const fee = { commission: "0.00000000", commissionAsset: "ETH" };
    const side = { isBuyer: sign === 1, isMaker: true };
    const ids = { symbol: "ETHUSDT", id, orderId: order.id };
    this.#trades.push({ ...ids, price, qty: size(lots), ...fee, time, ...side });
    const execution = { l: size(lots), L: price, n: "0", N: "ETH", t: id, m: true };
    this.#report(order, "TRADE", execution);
    this.#tell({ e: "outboundAccountPosition", u: time, B: this.#positions() });
  }

  #report(order: Order, x: string, rest: object = {}): void {
    this.#tell({
      e: "executionReport",
      s: "ETHUSDT",
      c: order.clientId,
      C: "",
      S: order.side,
      q: size(order.lots),
      x,
      X: order.status,
      r: "NONE",
      i: order.id,
      z: size(order.filledLots),
      T: this.#whole(),
      ...rest,
    });
  }

  #tell(event: object): void {
    if (this.state === "ready") this.#events.push(event);
  }

  #status(order: Order): object {
    return {
      ...statusOf(order.clientId, order.id, order.status),
      origQty: size(order.lots),
      executedQty: size(order.filledLots),
      updateTime: this.#whole(),
    };
  }

  #openOrders(): object[] {
    return [...this.orders.values()].filter(isOpen).map((order) => this.#status(order));
  }

  #tradesFrom({ fromId, limit }: RequestParams): object[] {
    const from = Math.max(0, Number(fromId ?? this.#trades.length - 1));
    return this.#trades.slice(from, from + Number(limit));
  }

  #balances(): object[] {
    return this.#positions().map(({ a, f, l }) => ({ asset: a, free: f, locked: l }));
  }

  #positions(): { a: string; f: string; l: string }[] {
    return [
      { a: "ETH", f: this.base, l: "0.0" },
      { a: "USDT", f: this.quote, l: "0.0" },
    ];
  }

  #whole(): number {
    return Math.floor(this.#nowMs());
  }
}

function isOpen({ status }: Order): boolean {
  return status === "NEW" || status === "PARTIALLY_FILLED";
}

function size(lots: number): string {
  return formatScaled(lots, 4);
}
