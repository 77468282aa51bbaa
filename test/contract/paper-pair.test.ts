/** A pair on paper: the venue's real feed and no key; orders, fills and money are simulated. */

import { expect, test } from "bun:test";
import { strategyParams } from "#config/engine-params.ts";
import { parseConfig } from "#config/load.ts";
import { decimal } from "#domain/decimal.ts";
import { PairRunner } from "#runtime/pair-runner.ts";
import { PaperConnection } from "#runtime/paper-venue.ts";
import { strategyFactory } from "#strategies/registry.ts";
import { startBinanceSpot } from "./binance-spot-under-test.ts";
import { eventually } from "./eventually.ts";
import { PAIR, PREFIX, TestWorld } from "./live-stage.ts";

const CONFIG = JSON.stringify({
  pairs: [
    {
      id: PAIR,
      mode: "paper",
      quote: { venue: "binance-spot", symbol: "ETHUSDT" },
      capital: { initInventoryAmount: "4", initQuoteAmount: "8000", targetIqvRatio: 0.5 },
      quoting: {
        strategy: "spot",
        binStep: 10,
        priceUpPctLimit: 0.0035,
        priceDownPctLimit: 0.0035,
        liveOrderNums: 6,
        minOrderSize: "0.001",
        inventoryRbIqvRatio: 0.1,
        iqvUpLimit: 0.6,
        quoteRbIqvRatio: -0.1,
        iqvDownLimit: -0.6,
      },
      risk: { maxOrderNotional: "30000", maxPositionNotional: "60000" },
    },
  ],
});

test("quotes on the venue's feed, is filled by its market, and sends it nothing", async () => {
  const venue = await startBinanceSpot("hmac");
  const world = new TestWorld();
  const { module, urls, symbol } = venue;
  const { desk, budgets } = await module.openDesk({ urls, credentials: null }, world);
  const market = await desk.loadMarket(symbol);
  const [pair] = parseConfig(CONFIG, "test").config.pairs;
  if (pair === undefined) throw new Error("the config has no pair");
  const link = {
    venue: venue.venue,
    symbol,
    urls,
    credentials: null,
    market: market.data,
    budgets,
    orderPrefix: PREFIX,
    pairId: PAIR,
    sinceTradeId: null,
  };
  const connection = new PaperConnection(module.openMarket(link, world), pair, world);
  const failures: unknown[] = [];
  const runner = new PairRunner({
    pair,
    strategy: () => strategyFactory("spot")(strategyParams(pair)),
    connection,
    epoch: 1,
    listener: {
      onAlert: () => undefined,
      onAudit: () => undefined,
      onFailure: (error) => failures.push(error),
    },
    world,
    warmUpMs: 0,
  });
  await runner.start();
  const open = await eventually("both sides are quoted", () => {
    const { orders } = runner.status();
    return orders.filter(({ status }) => status === "open").length === 6 && orders;
  });
  const best = open.find(({ side }) => side === "buy");
  if (best === undefined) throw new Error("there is no bid");
  // Somebody sells through our best bid, at the venue.
  const ticks = Number(decimal(best.price).div("0.01").toFixed());
  venue.print("sell", ticks - 1, 10);
  await eventually("the fill", () => runner.status().fills > 0);
  const { inventory, pnl } = runner.status();
  expect(decimal(inventory.base).gt("4")).toBe(true);
  expect(decimal(inventory.quote).lt("8000")).toBe(true);
  expect(pnl?.["residual"]).toBe("0");
  expect(inventory.base).toBe(connection.account.base.toFixed());
  expect(inventory.quote).toBe(connection.account.quote.toFixed());
  expect(venue.openOrders()).toEqual([]);
  expect(venue.fills()).toEqual([]);

  expect(await runner.stop()).toEqual({ left: [] });
  await venue.stop();
  expect(failures).toEqual([]);
});
