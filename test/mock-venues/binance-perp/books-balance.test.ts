/** Random trading at the mock venue: wallet, position, orders, income and events tell one story. */

import { describe, expect, test } from "bun:test";
import { type Decimal, decimal, ZERO } from "#domain/decimal.ts";
import { Rng } from "#domain/rng.ts";
import { type Json, record, records, type WsClient } from "../binance-kit.ts";
import { BID, ETH_ASK, ETH_BID, PerpBench } from "./perp-bench.ts";

const START = "100000";
const STEPS = 250;
const MID = 200_000;

const text = (value: unknown): string => (typeof value === "string" ? value : String(value));
const amount = (value: unknown): Decimal => decimal(text(value));
const sumOf = (amounts: readonly Decimal[]): Decimal => amounts.reduce((a, b) => a.plus(b), ZERO);

/** What a client knows that believes the user stream alone. */
class StreamView {
  wallet = decimal(START);
  position = ZERO;
  readonly open = new Map<string, string>();
  readonly trades: string[] = [];
  readonly hints: string[] = [];
  readonly algo = new Map<string, string>();

  apply(event: Json): void {
    if (event["e"] === "ACCOUNT_UPDATE") {
      const a = record(event["a"]);
      this.wallet = amount(records(a["B"])[0]?.["wb"]);
      const [position] = a["P"] === undefined ? [] : records(a["P"]);
      if (position !== undefined) this.position = amount(position["pa"]);
    }
    if (event["e"] === "TRADE_LITE") this.hints.push(text(event["t"]));
    if (event["e"] === "ALGO_UPDATE") {
      const { aid, X } = record(event["o"]);
      this.algo.set(text(aid), text(X));
    }
    if (event["e"] !== "ORDER_TRADE_UPDATE") return;
    const o = record(event["o"]);
    if (o["x"] === "TRADE") this.trades.push(text(o["t"]));
    const isOpen = o["X"] === "NEW" || o["X"] === "PARTIALLY_FILLED";
    if (isOpen) this.open.set(text(o["i"]), `${text(o["p"])} ${text(o["z"])}/${text(o["q"])}`);
    else this.open.delete(text(o["i"]));
  }
}

class Trader {
  readonly #bench: PerpBench;
  readonly #ws: WsClient;
  readonly #rng: Rng;

  constructor(bench: PerpBench, ws: WsClient, rng: Rng) {
    this.#bench = bench;
    this.#ws = ws;
    this.#rng = rng;
  }

  async step(): Promise<void> {
    const kind = this.#rng.integer(9);
    if (kind < 3) await this.#ws.timed("order.place", this.#order());
    else if (kind < 5) this.#move();
    else if (kind === 5) await this.#ws.timed("algoOrder.place", this.#stop());
    else if (kind === 6) this.#bench.mock.venue.funding.settle();
    else await this.#change(kind === 7);
  }

  #order(): Record<string, string> {
    const isBuy = this.#rng.integer(2) === 0;
    const side = isBuy ? "BUY" : "SELL";
    const quantity = this.#quantity();
    const reduceOnly = this.#rng.integer(5) === 0 ? "true" : "false";
    if (this.#rng.integer(4) === 0) {
      return { symbol: "ETHUSDT", side, type: "MARKET", quantity, reduceOnly };
    }
    const timeInForce = ["GTC", "GTX", "IOC", "FOK"][this.#rng.integer(4)] ?? "GTC";
    const away = this.#rng.integer(12) - 3;
    const price = this.#price(MID + (isBuy ? -away : away));
    return { symbol: "ETHUSDT", side, type: "LIMIT", timeInForce, price, quantity, reduceOnly };
  }

  #stop(): Record<string, string> {
    const isBuy = this.#rng.integer(2) === 0;
    const away = 5 + this.#rng.integer(30);
    const workingType = this.#rng.integer(2) === 0 ? "MARK_PRICE" : "CONTRACT_PRICE";
    return {
      algoType: "CONDITIONAL",
      symbol: "ETHUSDT",
      side: isBuy ? "BUY" : "SELL",
      type: "STOP_MARKET",
      quantity: this.#quantity(),
      triggerPrice: this.#price(MID + (isBuy ? away : -away)),
      workingType,
      reduceOnly: this.#rng.integer(2) === 0 ? "true" : "false",
    };
  }

  #move(): void {
    const isBuy = this.#rng.integer(2) === 0;
    const by = this.#rng.integer(41) - 20;
    if (this.#rng.integer(3) === 0) this.#bench.eth.setTouch(ETH_BID + by, ETH_ASK + by);
    const ticks = MID + (isBuy ? 1 : -1) * this.#rng.integer(40);
    this.#bench.eth.print(isBuy ? "buy" : "sell", ticks, 100 * (1 + this.#rng.integer(60)));
    this.#bench.settle();
    // The mark follows.
    this.#bench.timers.advance(1000);
  }

  async #change(cancels: boolean): Promise<void> {
    const orders = await this.#bench.askAll("v1/openOrders");
    const order = orders[this.#rng.integer(Math.max(1, orders.length))];
    if (order === undefined) return;
    const orderId = Number(order["orderId"]);
    if (cancels) await this.#ws.timed("order.cancel", { symbol: "ETHUSDT", orderId });
    else {
      const side = text(order["side"]);
      const price = this.#price(MID + (side === "BUY" ? -1 : 1) * (this.#rng.integer(12) - 2));
      const change = { symbol: "ETHUSDT", orderId, side, price, quantity: this.#quantity() };
      await this.#ws.timed("order.modify", change);
    }
  }

  #quantity(): string {
    return decimal((50 * (1 + this.#rng.integer(60))).toString())
      .times(decimal("0.001"))
      .toFixed();
  }

  #price(ticks: number): string {
    return decimal(ticks.toString()).times(decimal("0.01")).toFixed(2);
  }
}

/** Signed base and quote of own trades, by what they say of themselves alone. */
function flowOf(trades: readonly Json[]) {
  const sign = (trade: Json): Decimal => decimal(trade["buyer"] === true ? "1" : "-1");
  return {
    base: sumOf(trades.map((trade) => amount(trade["qty"]).times(sign(trade)))),
    quote: sumOf(trades.map((trade) => amount(trade["quoteQty"]).times(sign(trade)))),
    fees: sumOf(trades.map((trade) => amount(trade["commission"]))),
    realized: sumOf(trades.map((trade) => amount(trade["realizedPnl"]))),
  };
}

describe("the account", () => {
  test.each([1, 2, 3, 4])("adds up after random trading, seed %d", async (seed) => {
    const bench = await PerpBench.start({ limits: [], balances: { USDT: START } });
    const view = new StreamView();
    bench.mock.venue.account.stream.subscribe((event) => view.apply(event));
    const ws = await bench.wsApi();
    await ws.logOn();
    const trader = new Trader(bench, ws, new Rng(seed));
    for (let count = 0; count < STEPS; count += 1) await trader.step();
    // Whatever else is left, one order is open at the end.
    await bench.place({ ...BID, price: "1950", quantity: "0.1" });
    await Promise.resolve();

    const limit = { symbol: "ETHUSDT", limit: 1000 };
    const trades = await bench.askAll("v1/userTrades", limit);
    const income = await bench.askAll("v1/income", { limit: 1000 });
    const account = await bench.askOne("v3/account", {});
    const [risk] = await bench.askAll("v2/positionRisk");
    const orders = await bench.askAll("v1/openOrders");
    const flow = flowOf(trades);
    const ofType = (type: string): Decimal =>
      sumOf(
        income
          .filter(({ incomeType }) => incomeType === type)
          .map((each) => amount(each["income"])),
      );
    expect(trades.length).toBeGreaterThan(40);
    expect(orders.length).toBeGreaterThan(0);

    // The position is what was traded, and income adds up to the wallet.
    expect(amount(risk?.["positionAmt"]).eq(flow.base)).toBe(true);
    const wallet = amount(account["totalWalletBalance"]);
    expect(sumOf(income.map((each) => amount(each["income"]))).toFixed(8)).toBe(wallet.toFixed(8));
    expect(ofType("COMMISSION").toFixed(8)).toBe(ZERO.minus(flow.fees).toFixed(8));
    expect(ofType("REALIZED_PNL").toFixed(8)).toBe(flow.realized.toFixed(8));
    // Worth: paid in, less what was paid for the position, plus what it brings at the mark.
    const mark = amount(risk?.["markPrice"]);
    const funding = ofType("FUNDING_FEE");
    const worth = decimal(START)
      .minus(flow.quote)
      .minus(flow.fees)
      .plus(funding)
      .plus(flow.base.times(mark));
    const told = amount(account["totalMarginBalance"]);
    expect(worth.minus(told).abs().lt(decimal("0.0000001"))).toBe(true);

    // The stream alone tells the same.
    expect(view.wallet.toFixed(8)).toBe(wallet.toFixed(8));
    expect(view.position.eq(flow.base)).toBe(true);
    expect(view.trades).toEqual(trades.map(({ id }) => text(id)));
    expect(view.hints).toEqual(view.trades);
    const seen = orders.map((order) => {
      const sizes = `${text(order["executedQty"])}/${text(order["origQty"])}`;
      return [text(order["orderId"]), `${text(order["price"])} ${sizes}`] as const;
    });
    expect(Object.fromEntries(view.open)).toEqual(Object.fromEntries(seen));
    const algo = await bench.askAll("v1/allAlgoOrders", limit);
    const states = algo.map(({ algoId, algoStatus }) => [text(algoId), text(algoStatus)] as const);
    expect(Object.fromEntries(view.algo)).toEqual(Object.fromEntries(states));
    expect(new Set(states.map(([, state]) => state)).size).toBeGreaterThan(1);
    await bench.stop();
  });
});
