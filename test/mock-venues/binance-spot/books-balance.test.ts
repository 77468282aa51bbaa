/** Random trading at the mock venue: money, orders, trades and the user stream tell one story. */

import { describe, expect, test } from "bun:test";
import { type Decimal, decimal, ZERO } from "#domain/decimal.ts";
import { Rng } from "#domain/rng.ts";
import { type Json, records, type WsClient } from "../binance-kit.ts";
import { VenueBench } from "./venue-kit.ts";

const SYMBOLS = ["ETHUSDT", "BTCUSDT"] as const;
const MID_TICKS = { ETHUSDT: 200_000, BTCUSDT: 6_400_000 } as const;
/** Lots that are worth some twenty dollars, in base decimals of the symbol. */
const LOT = { ETHUSDT: "0.0001", BTCUSDT: "0.00001" } as const;
const LOTS = { ETHUSDT: 100, BTCUSDT: 30 } as const;
const START = { USDT: "10000", ETH: "5", BTC: "0.1" } as const;
const OPERATIONS = 250;

type Name = (typeof SYMBOLS)[number];

function text(value: unknown): string {
  return typeof value === "string" ? value : String(value);
}

/** What a client knows that believes the user stream alone. */
class StreamView {
  readonly balances = new Map<string, string>();
  readonly open = new Map<string, string>();
  readonly trades: string[] = [];

  apply(event: Json): void {
    if (event["e"] === "outboundAccountPosition") {
      for (const { a, f, l } of records(event["B"])) {
        this.balances.set(text(a), `${text(f)} ${text(l)}`);
      }
    }
    if (event["e"] !== "executionReport") return;
    const key = `${text(event["s"])} ${text(event["i"])}`;
    const isOpen = event["X"] === "NEW" || event["X"] === "PARTIALLY_FILLED";
    if (isOpen) this.open.set(key, `${text(event["c"])} ${text(event["z"])}/${text(event["q"])}`);
    else this.open.delete(key);
    if (event["x"] === "TRADE") this.trades.push(`${text(event["s"])} ${text(event["t"])}`);
  }
}

class Trader {
  readonly #bench: VenueBench;
  readonly #client: WsClient;
  readonly #rng: Rng;

  constructor(bench: VenueBench, client: WsClient, rng: Rng) {
    this.#bench = bench;
    this.#client = client;
    this.#rng = rng;
  }

  async step(): Promise<void> {
    const name = SYMBOLS[this.#rng.integer(2)] ?? "ETHUSDT";
    const kind = this.#rng.integer(8);
    if (kind < 3) await this.#client.timed("order.place", this.#order(name));
    else if (kind === 3) this.#move(name);
    else await this.#change(name, kind);
  }

  #order(name: Name): Record<string, string> {
    const rng = this.#rng;
    const isBuy = rng.integer(2) === 0;
    const distance = rng.integer(20) - 4;
    const ticks = MID_TICKS[name] + (isBuy ? -distance : distance);
    const types = [{ type: "LIMIT_MAKER" }, { type: "LIMIT", timeInForce: "GTC" }];
    const rare = { type: "LIMIT", timeInForce: "IOC" };
    return {
      symbol: name,
      side: isBuy ? "BUY" : "SELL",
      ...(types[rng.integer(3)] ?? rare),
      price: decimal(ticks.toString()).times(decimal("0.01")).toFixed(),
      quantity: this.#quantity(name, LOTS[name] * (1 + rng.integer(10))),
    };
  }

  #quantity(name: Name, lots: number): string {
    return decimal(lots.toString()).times(decimal(LOT[name])).toFixed();
  }

  /** A print through some prices, or one that eats a queue. */
  #move(name: Name): void {
    const isBuy = this.#rng.integer(2) === 0;
    const ticks = MID_TICKS[name] + (isBuy ? 1 : -1) * this.#rng.integer(30);
    this.#bench.printAt(name, isBuy, ticks, LOTS[name] * (1 + this.#rng.integer(20)));
  }

  async #change(symbol: Name, kind: number): Promise<void> {
    const { result } = await this.#client.timed("openOrders.status", { symbol });
    const orders = records(result);
    const order = orders[this.#rng.integer(Math.max(1, orders.length))];
    if (order === undefined) return;
    const orderId = Number(order["orderId"]);
    if (kind === 4) await this.#client.timed("order.cancel", { symbol, orderId });
    if (kind === 5) {
      const newQty = this.#quantity(symbol, LOTS[symbol] * (1 + this.#rng.integer(5)));
      await this.#client.timed("order.amend.keepPriority", { symbol, orderId, newQty });
    }
    if (kind === 6) {
      const replace = { cancelReplaceMode: "ALLOW_FAILURE", cancelOrderId: orderId };
      await this.#client.timed("order.cancelReplace", { ...this.#order(symbol), ...replace });
    }
    if (kind === 7 && orders.length > 12) {
      await this.#client.timed("openOrders.cancelAll", { symbol });
    }
  }
}

/** Starting balances and all trades, added up. */
function moneyOf(trades: readonly Json[]): Map<string, Decimal> {
  const money = new Map<string, Decimal>(
    Object.entries(START).map(([asset, amount]) => [asset, decimal(amount)]),
  );
  const add = (asset: string, amount: Decimal): void => {
    money.set(asset, (money.get(asset) ?? ZERO).plus(amount));
  };
  for (const trade of trades) {
    const sign = decimal(trade["isBuyer"] === true ? "1" : "-1");
    add(text(trade["symbol"]).slice(0, 3), decimal(text(trade["qty"])).times(sign));
    add("USDT", decimal(text(trade["quoteQty"])).times(sign).neg());
    add(text(trade["commissionAsset"]), decimal(text(trade["commission"])).neg());
  }
  return money;
}

/** What open orders hold back, by asset. */
function lockedBy(orders: readonly Json[]): Map<string, Decimal> {
  const locked = new Map<string, Decimal>();
  for (const order of orders) {
    const rest = decimal(text(order["origQty"])).minus(decimal(text(order["executedQty"])));
    const isBuy = order["side"] === "BUY";
    const asset = isBuy ? "USDT" : text(order["symbol"]).slice(0, 3);
    const amount = isBuy ? rest.times(decimal(text(order["price"]))) : rest;
    locked.set(asset, (locked.get(asset) ?? ZERO).plus(amount));
  }
  return locked;
}

describe("the account", () => {
  test.each([1, 2, 3, 4])("adds up after random trading, seed %d", async (seed) => {
    const bench = await VenueBench.start({ limits: [] });
    const view = new StreamView();
    bench.venue.venue.account.stream.subscribe((event) => view.apply(event));
    const client = await bench.wsApi();
    await client.logOn();
    const trader = new Trader(bench, client, new Rng(seed));
    for (let count = 0; count < OPERATIONS; count += 1) await trader.step();

    const ask = async (method: string, params: Record<string, string> = {}): Promise<Json[]> =>
      records((await client.timed(method, params)).result);
    const orders = await ask("openOrders.status");
    const trades: Json[] = [];
    for (const symbol of SYMBOLS) trades.push(...(await ask("myTrades", { symbol })));
    const account = await client.timed("account.status");
    const balances = records(records([account.result])[0]?.["balances"]);
    const [money, locked] = [moneyOf(trades), lockedBy(orders)];
    expect(trades.length).toBeGreaterThan(20);
    expect(orders.length).toBeGreaterThan(0);
    for (const { asset, free, locked: held } of balances) {
      const total = decimal(text(free)).plus(decimal(text(held)));
      expect(total.toFixed(8)).toBe((money.get(text(asset)) ?? ZERO).toFixed(8));
      expect(text(held)).toBe((locked.get(text(asset)) ?? ZERO).toFixed(8));
      expect(decimal(text(free)).gte(ZERO)).toBe(true);
      const told = view.balances.get(text(asset));
      if (told !== undefined) expect(told).toBe(`${text(free)} ${text(held)}`);
    }
    const seen = orders.map((order) => {
      const sizes = `${text(order["executedQty"])}/${text(order["origQty"])}`;
      const key = `${text(order["symbol"])} ${text(order["orderId"])}`;
      return [key, `${text(order["clientOrderId"])} ${sizes}`] as const;
    });
    expect(Object.fromEntries(view.open)).toEqual(Object.fromEntries(seen));
    const told = trades.map(({ symbol, id }) => `${text(symbol)} ${text(id)}`);
    expect(view.trades).toHaveLength(told.length);
    expect(new Set(view.trades)).toEqual(new Set(told));
    await bench.stop();
  });
});
