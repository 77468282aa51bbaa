/** Binance Spot for the contract suite: our adapter, in front of our mock venue with one market. */

import { randomBytes } from "node:crypto";
import { decimal, plain } from "#domain/decimal.ts";
import type { Side } from "#domain/instrument.ts";
import { Params } from "#mock-venues/binance/params.ts";
import { openOrdersOf } from "#mock-venues/binance-spot/account.ts";
import { MockSymbol } from "#mock-venues/binance-spot/mock-symbol.ts";
import { placeOrder } from "#mock-venues/binance-spot/orders.ts";
import { type MockBinanceSpot, startMockBinanceSpot } from "#mock-venues/binance-spot/server.ts";
import { mockMarket } from "#mock-venues/binance-spot/symbol-rules.ts";
import { systemWorld } from "#runtime/world.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import { binanceSpot } from "#venues/binance-spot/module.ts";
import { type KeyKind, newKey, wrongKeys } from "./binance-keys.ts";
import { deadEnd } from "./dead-end.ts";
import { ScriptedMarket } from "./scripted-market.ts";
import type {
  ForeignOrder,
  VenueFault,
  VenueFill,
  VenueOrder,
  VenueUnderTest,
} from "./venue-under-test.ts";

const SYMBOL = "ETHUSDT";
const HOUR_MS = 3_600_000;
const LEVEL_LOTS = 100_000;

/** What the mock is told to do; of the others, see `arm`. */
const FAULTS: ReadonlyMap<VenueFault, object> = new Map<VenueFault, object>([
  ["lost-answer", { kind: "drop-response", method: "order.place" }],
  ["lost-request", { kind: "drop-request", method: "order.place" }],
  ["error-though-accepted", { kind: "error-5xx-accepted", method: "order.place" }],
  ["cut-after-placement", { kind: "disconnect-after", method: "order.place" }],
  ["half-open", { kind: "half-open", method: "order.place", forMs: 2500 }],
  ["cut-feed", { kind: "stream-disconnect" }],
  ["feed-half-open", { kind: "stream-half-open", forMs: 2500 }],
  ["feed-gap", { kind: "stream-gap" }],
  ["rate-limit", { kind: "rate-limit", method: "order.place", retryAfterSeconds: 1 }],
  ["maintenance", { kind: "maintenance", status: "CANCEL_ONLY", forMs: HOUR_MS }],
  ["planned-end", { kind: "server-shutdown", graceMs: 500 }],
  ["event-twice", { kind: "user-event-duplicate", count: 6 }],
  ["event-late", { kind: "user-event-delay", ms: 100, count: 3 }],
  ["event-first", { kind: "event-before-response", method: "order.place", ms: 100 }],
  ["answer-first", { kind: "response-before-event", method: "order.place", ms: 100 }],
  ["clock-back", { kind: "clock-jump", skewMs: -4000, forMs: HOUR_MS }],
  ["clock-ahead", { kind: "clock-jump", skewMs: 8000, forMs: HOUR_MS }],
]);

export async function startBinanceSpot(kind: KeyKind): Promise<VenueUnderTest> {
  const { instrument } = mockMarket(SYMBOL);
  const bidTicks = 200_000;
  const askTicks = 200_100;
  // Of this venue alone: where its port is another's later, nobody is let in by mistake.
  const key = newKey(kind, randomBytes(32).toString("hex"));
  const world = systemWorld();
  const market = new ScriptedMarket(() => world.timers.elapsedMs(), bidTicks, askTicks, LEVEL_LOTS);
  const mock = await startMockBinanceSpot({
    symbols: [
      ({ wallet, ...parts }) =>
        new MockSymbol({
          ...parts,
          instrument,
          source: market,
          account: wallet,
          fees: { kind: "received" },
          queueModel: parseQueueModel("risk-averse"),
        }),
    ],
    keys: [key.setup],
    balances: { ETH: "5", USDT: "10000" },
    world,
  });
  const urls = { restUrl: mock.url, wsApiUrl: mock.wsApiUrl, streamUrl: mock.streamUrl };
  const dead = deadEnd();
  const deadUrls = {
    restUrl: `http://${dead.address}`,
    wsApiUrl: `ws://${dead.address}/ws-api/v3`,
    streamUrl: `ws://${dead.address}`,
  };
  let isStopped = false;
  return {
    venue: "binance-spot",
    module: binanceSpot,
    urls,
    fallbackUrls: { ...urls, wsApiUrl: deadUrls.wsApiUrl },
    deadUrls,
    credentials: key.credentials,
    wrongKeys: wrongKeys(kind, key.credentials),
    symbol: SYMBOL,
    misspeltSymbol: "ETHUSTD",
    base: instrument.base,
    quote: instrument.quote,
    rules: {
      tickSize: "0.01",
      lotSize: "0.0001",
      minNotional: "5",
      makerFeeRate: "0.001",
      takerFeeRate: "0.001",
    },
    bidTicks,
    askTicks,
    usualLots: 500,
    mostLots: 30_000,
    openOrders: () => openOrders(mock),
    fills: () => fills(mock),
    balances: () => balances(mock),
    holding: () => {
      const held = balances(mock);
      return {
        base: held.get(instrument.base) ?? "0",
        quote: held.get(instrument.quote) ?? "0",
      };
    },
    openConnections: () => mock.switches.connectionCount(),
    setTouch: (bid, ask) => {
      market.setTouch(bid, ask);
      mock.market(SYMBOL).advanceToNow();
    },
    print: (aggressor, ticks, lots) => {
      market.print(aggressor, ticks, lots);
      mock.market(SYMBOL).advanceToNow();
    },
    placeForeign: (order) => placeForeign(mock, order),
    setClockSkew: (skewMs) => mock.switches.setClockSkew(skewMs),
    arm: (fault) => arm(mock, fault),
    clearFaults: () => {
      mock.faults.clear();
      mock.switches.setClockSkew(0);
    },
    stop: async () => {
      if (isStopped) return;
      isStopped = true;
      dead.stop();
      await mock.stop();
    },
  };
}

function balances(mock: MockBinanceSpot): Map<string, string> {
  return new Map(
    mock.venue.account
      .balances()
      .map(({ asset, free, locked }) => [asset, plain(decimal(free).plus(decimal(locked)))]),
  );
}

function openOrders(mock: MockBinanceSpot): VenueOrder[] {
  return openOrdersOf(mock.venue.listing(SYMBOL)).map((order) => ({
    clientOrderId: order.clientOrderId,
    side: sideOf(order.side === "BUY"),
    price: plain(order.instrument.price(order.priceTicks)),
    quantity: plain(order.instrument.size(order.quantityLots)),
    filled: plain(order.instrument.size(order.filledLots)),
  }));
}

function fills(mock: MockBinanceSpot): VenueFill[] {
  const { records, market } = mock.venue.listing(SYMBOL);
  return records.trades.map((trade) => ({
    clientOrderId: records.byId(trade.orderId)?.clientOrderId ?? "",
    side: sideOf(trade.isBuyer),
    price: plain(market.instrument.price(trade.priceTicks)),
    quantity: plain(market.instrument.size(trade.lots)),
    fee: plain(decimal(trade.commission)),
    feeAsset: trade.commissionAsset,
    isMaker: trade.isMaker,
  }));
}

function placeForeign(mock: MockBinanceSpot, order: ForeignOrder): void {
  const { instrument } = mock.market(SYMBOL);
  const params = new Map([
    ["symbol", SYMBOL],
    ["side", order.side === "buy" ? "BUY" : "SELL"],
    ["type", "LIMIT"],
    ["timeInForce", "GTC"],
    ["price", instrument.priceString(order.priceTicks)],
    ["quantity", instrument.sizeString(order.quantityLots)],
    ["newClientOrderId", order.clientOrderId],
  ]);
  placeOrder(mock.venue, new Params(params));
}

function arm(mock: MockBinanceSpot, fault: VenueFault): void {
  if (fault === "cut") mock.switches.disconnectAll();
  else mock.faults.arm({ faults: [FAULTS.get(fault)] }, fault);
}

function sideOf(isBuy: boolean): Side {
  return isBuy ? "buy" : "sell";
}
