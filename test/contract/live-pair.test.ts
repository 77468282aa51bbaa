/** A whole pair, live: PairRunner on Binance Spot's adapter and mock, by the venue's books. */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { strategyParams } from "#config/engine-params.ts";
import { parseConfig } from "#config/load.ts";
import type { PairConfig } from "#config/schema.ts";
import { type Decimal, decimal, plain } from "#domain/decimal.ts";
import type { OrderStatus } from "#domain/order.ts";
import type { Alert } from "#ports/sink.ts";
import { PairRunner } from "#runtime/pair-runner.ts";
import { strategyFactory } from "#strategies/registry.ts";
import { startBinanceSpot } from "./binance-spot-under-test.ts";
import { eventually } from "./eventually.ts";
import { PAIR, PREFIX, TestWorld } from "./live-stage.ts";
import type { VenueOrder, VenueUnderTest } from "./venue-under-test.ts";

setDefaultTimeout(20_000);

const FOREIGN = "by-hand-1";
const LEVELS = 3;
const RESTS: ReadonlySet<OrderStatus> = new Set(["open", "partially-filled"]);
/** From the command to an empty book of ours at the venue. */
const PAUSE_MS = 1000;

/** Most of the account; three bins of 10 basis points a side. */
const CONFIG = JSON.stringify({
  accounts: { bn: { venue: "binance", apiKeyEnv: "MM_KEY", secretEnv: "MM_SECRET" } },
  pairs: [
    {
      id: PAIR,
      mode: "live",
      quote: { venue: "binance-spot", symbol: "ETHUSDT", account: "bn" },
      capital: { initInventoryAmount: "4", initQuoteAmount: "8000", targetIqvRatio: 0.5 },
      quoting: {
        strategy: "spot",
        binStep: 10,
        priceUpPctLimit: 0.0035,
        priceDownPctLimit: 0.0035,
        liveOrderNums: 2 * LEVELS,
        keepPriceBinFraction: 0.25,
        minOrderSize: "0.001",
        inventoryRbIqvRatio: 0.1,
        iqvUpLimit: 0.6,
        quoteRbIqvRatio: -0.1,
        iqvDownLimit: -0.6,
        updateIntervalSeconds: 0.3,
      },
      volatility: { shortWindow: 5, longWindow: 20 },
      risk: { maxOrderNotional: "30000", maxPositionNotional: "60000" },
    },
  ],
});

function pairConfig(): PairConfig {
  const [pair] = parseConfig(CONFIG, "test").config.pairs;
  if (pair === undefined) throw new Error("the config has no pair");
  return pair;
}

/** A pair that runs, and what its venue says of it. */
class LivePair {
  readonly venue: VenueUnderTest;
  readonly runner: PairRunner;
  readonly failures: unknown[] = [];
  readonly alerts: Alert[] = [];
  readonly #before: ReadonlyMap<string, string>;

  private constructor(venue: VenueUnderTest, runner: (listener: LivePair) => PairRunner) {
    this.venue = venue;
    this.#before = venue.balances();
    this.runner = runner(this);
  }

  static async start(): Promise<LivePair> {
    const venue = await startBinanceSpot("ed25519");
    const world = new TestWorld();
    const { module, urls, credentials, symbol } = venue;
    const { desk, budgets } = await module.openDesk({ urls, credentials }, world);
    const market = await desk.loadMarket(symbol);
    const pair = pairConfig();
    const link = {
      venue: venue.venue,
      symbol,
      urls,
      credentials,
      market: market.data,
      budgets,
      orderPrefix: PREFIX,
      pairId: PAIR,
      sinceTradeId: null,
    };
    const live = new LivePair(venue, (hears) => {
      return new PairRunner({
        pair,
        strategy: () => strategyFactory("spot")(strategyParams(pair)),
        connection: module.connect(link, world),
        epoch: 7,
        listener: {
          onAlert: (alert) => hears.alerts.push(alert),
          onAudit: () => undefined,
          onFailure: (error) => hears.failures.push(error),
        },
        world,
        warmUpMs: 0,
      });
    });
    const foreign = { clientOrderId: FOREIGN, side: "buy", quantityLots: 100 } as const;
    venue.placeForeign({ ...foreign, priceTicks: venue.bidTicks - 5000 });
    await live.runner.start();
    await live.quoting();
    return live;
  }

  ours(): VenueOrder[] {
    return this.venue
      .openOrders()
      .filter(({ clientOrderId }) => clientOrderId.startsWith(`${PREFIX}-${PAIR}-`));
  }

  /** Both sides whole at the venue, and known to be open here. */
  quoting(): Promise<VenueOrder[]> {
    return this.until("both sides are quoted", () => {
      const ours = this.ours();
      const known = this.runner.status().orders.filter(({ status }) => RESTS.has(status));
      const isWhole = countOf(ours, "buy") === LEVELS && countOf(ours, "sell") === LEVELS;
      return isWhole && known.length === ours.length && ours;
    });
  }

  async gone(): Promise<void> {
    await this.until("none of ours is open", () => this.ours().length === 0);
  }

  /** The ledger and the venue's books say the same, to the last digit. */
  async isBalanced(): Promise<void> {
    await this.until("the ledger is as the venue's books", () => {
      const { fills, inventory } = this.runner.status();
      const held = [inventory.base, inventory.quote];
      return fills === this.venue.fills().length && held.join() === this.#allotted().join();
    });
  }

  until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    return eventually(what, look, () => {
      const { state, reasons, orders, inventory, fills, connection } = this.runner.status();
      const books = { ours: this.ours(), fills: this.venue.fills(), held: this.#allotted() };
      const { alerts, failures } = this;
      const all = { state, reasons, orders, inventory, fills, connection, alerts, failures, books };
      return JSON.stringify(all, null, 1);
    });
  }

  async end(): Promise<void> {
    await this.runner.stop();
    await this.venue.stop();
    expect(this.failures).toEqual([]);
  }

  /** What the pair began with, and what the venue's balances gained since. */
  #allotted(): string[] {
    const { base, quote } = this.venue;
    const { capital } = pairConfig();
    const gain = (asset: string): Decimal =>
      decimal(this.venue.balances().get(asset) ?? "0").minus(this.#before.get(asset) ?? "0");
    return [
      plain(decimal(capital.initInventoryAmount).plus(gain(base))),
      plain(decimal(capital.initQuoteAmount).plus(gain(quote))),
    ];
  }
}

function countOf(orders: readonly VenueOrder[], side: string): number {
  return orders.filter((order) => order.side === side).length;
}

/** The best bid of ours, in ticks. */
function bestBid(orders: readonly VenueOrder[]): { ticks: number; lots: number } {
  const [best] = orders
    .filter(({ side }) => side === "buy")
    .toSorted((a, b) => decimal(b.price).cmp(decimal(a.price)));
  if (best === undefined) throw new Error("there is no bid");
  const count = (text: string, step: string): number => Number(decimal(text).div(step).toFixed());
  return { ticks: count(best.price, "0.01"), lots: count(best.quantity, "0.0001") };
}

describe.concurrent("a live pair", () => {
  test("quotes, re-quotes after a fill, pauses, resumes and stops", async () => {
    const live = await LivePair.start();
    const { venue, runner } = live;
    const quoted = await live.quoting();

    // A whole level is bought from somebody: the ladder is another one, and whole again.
    const { ticks, lots } = bestBid(quoted);
    venue.print("sell", ticks, lots);
    expect(venue.fills()).toHaveLength(1);
    await live.isBalanced();
    const idsBefore = new Set(quoted.map(({ clientOrderId }) => clientOrderId));
    const requoted = await live.quoting();
    expect(requoted.some(({ clientOrderId }) => !idsBefore.has(clientOrderId))).toBe(true);

    runner.command("pause");
    const pausedMs = performance.now();
    await live.gone();
    expect(performance.now() - pausedMs).toBeLessThan(PAUSE_MS);
    expect(venue.openOrders().map(({ clientOrderId }) => clientOrderId)).toEqual([FOREIGN]);
    // Nothing comes back while the market moves.
    venue.setTouch(venue.bidTicks + 300, venue.askTicks + 300);
    await live.until("the new price", () => runner.status().mid === "2003.5");
    expect(live.ours()).toEqual([]);

    runner.command("resume");
    await live.quoting();

    expect(await runner.stop()).toEqual({ left: [] });
    expect(venue.openOrders().map(({ clientOrderId }) => clientOrderId)).toEqual([FOREIGN]);
    expect(runner.status().state).toBe("stopped");
    await live.end();
  });

  test("quotes follow the market", async () => {
    const live = await LivePair.start();
    const { venue } = live;
    const before = bestBid(await live.quoting());
    // Half a bin each, so that it does not run into our own orders.
    for (let step = 1; step <= 4; step += 1) {
      venue.setTouch(venue.bidTicks + step * 100, venue.askTicks + step * 100);
      await live.until("the best bid follows", () => {
        const isWhole = live.ours().length === 2 * LEVELS;
        return isWhole && bestBid(live.ours()).ticks > before.ticks + step * 100 - 50;
      });
    }
    await live.quoting();
    await live.isBalanced();
    await live.end();
  });

  test("fills that no connection heard are in the ledger, to the last digit", async () => {
    const live = await LivePair.start();
    const { venue } = live;
    const { ticks, lots } = bestBid(await live.quoting());
    venue.arm("cut");
    venue.print("sell", ticks, Math.floor(lots / 3));
    venue.print("sell", ticks, lots);
    expect(venue.fills().length).toBeGreaterThan(1);
    await live.until("it is back", () => live.runner.status().connection?.reconnects === 1);
    await live.isBalanced();
    await live.quoting();
    await live.end();
  });

  test("a fill of an order whose answer was an error is in the ledger", async () => {
    const live = await LivePair.start();
    const { venue, runner } = live;
    runner.command("pause");
    await live.gone();
    venue.arm("error-though-accepted");
    runner.command("resume");
    await live.until("an order of unknown outcome", () => live.ours().length > 0);
    const ours = live.ours();
    if (countOf(ours, "buy") > 0) venue.print("sell", bestBid(ours).ticks, 300);
    await live.quoting();
    await live.isBalanced();
    await live.end();
  });
});
