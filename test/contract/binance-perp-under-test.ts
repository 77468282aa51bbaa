/** Binance USD-M for the contract suite: our adapter, in front of our mock venue with one perp. */

import { randomBytes } from "node:crypto";
import { plain } from "#domain/decimal.ts";
import type { Side } from "#domain/instrument.ts";
import { Params } from "#mock-venues/binance/params.ts";
import { placeOrder } from "#mock-venues/binance-perp/orders.ts";
import { type MockBinancePerp, startMockBinancePerp } from "#mock-venues/binance-perp/server.ts";
import { mockPerpMarket } from "#mock-venues/binance-perp/symbol-rules.ts";
import { systemWorld } from "#runtime/world.ts";
import { binancePerp } from "#venues/binance-perp/module.ts";
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
const USDT = "10000";
const BID_TICKS = 200_000;
const ASK_TICKS = 200_100;
const LEVEL_LOTS = 1_000_000;
const HOUR_MS = 3_600_000;

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
  ["maintenance", { kind: "maintenance", status: "SETTLING", forMs: HOUR_MS }],
  ["planned-end", { kind: "server-shutdown", graceMs: 500 }],
  ["event-twice", { kind: "user-event-duplicate", count: 6 }],
  ["event-late", { kind: "user-event-delay", ms: 100, count: 3 }],
  ["event-first", { kind: "event-before-response", method: "order.place", ms: 100 }],
  ["answer-first", { kind: "response-before-event", method: "order.place", ms: 100 }],
  ["clock-back", { kind: "clock-jump", skewMs: -4000, forMs: HOUR_MS }],
  ["clock-ahead", { kind: "clock-jump", skewMs: 8000, forMs: HOUR_MS }],
]);

export interface BinancePerpUnderTest extends VenueUnderTest {
  readonly mock: MockBinancePerp;
}

export async function startBinancePerp(kind: KeyKind): Promise<BinancePerpUnderTest> {
  const { instrument, maxLeverage } = mockPerpMarket(SYMBOL);
  // Of this venue alone: where its port is another's later, nobody is let in by mistake.
  const key = newKey(kind, randomBytes(32).toString("hex"));
  const world = systemWorld();
  const elapsedMs = (): number => world.timers.elapsedMs();
  const market = new ScriptedMarket(elapsedMs, BID_TICKS, ASK_TICKS, LEVEL_LOTS);
  const mock = await startMockBinancePerp({
    symbols: [{ instrument, maxLeverage, source: market }],
    keys: [key.setup],
    balances: { USDT },
    world,
  });
  const urls = { restUrl: mock.url, wsApiUrl: mock.wsApiUrl, streamUrl: mock.streamUrl };
  const dead = deadEnd();
  const deadUrls = {
    restUrl: `http://${dead.address}`,
    wsApiUrl: `ws://${dead.address}/ws-fapi/v1`,
    streamUrl: `ws://${dead.address}`,
  };
  const equity = (): string => plain(mock.venue.account.margins.equity(instrument.quote));
  const positionLots = (): number => mock.market(SYMBOL).exchange.account.positionLots;
  let isStopped = false;
  return {
    mock,
    venue: "binance-perp",
    module: binancePerp,
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
      lotSize: "0.001",
      minNotional: "20",
      makerFeeRate: "0.0002",
      takerFeeRate: "0.0005",
    },
    bidTicks: BID_TICKS,
    askTicks: ASK_TICKS,
    usualLots: 500,
    mostLots: 60_000,
    openOrders: () => openOrders(mock),
    fills: () => fills(mock),
    balances: () => new Map([[instrument.quote, equity()]]),
    holding: () => ({ base: plain(instrument.size(positionLots())), quote: equity() }),
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

function openOrders(mock: MockBinancePerp): VenueOrder[] {
  return mock.venue
    .listing(SYMBOL)
    .records.openOrders()
    .map((order) => ({
      clientOrderId: order.clientOrderId,
      side: sideOf(order.side === "BUY"),
      price: plain(order.instrument.price(order.priceTicks)),
      quantity: plain(order.instrument.size(order.quantityLots)),
      filled: plain(order.instrument.size(order.filledLots)),
    }));
}

function fills(mock: MockBinancePerp): VenueFill[] {
  const { records, market } = mock.venue.listing(SYMBOL);
  return records.trades.map((trade) => ({
    clientOrderId: records.byId(trade.orderId)?.clientOrderId ?? "",
    side: sideOf(trade.isBuyer),
    price: plain(market.instrument.price(trade.priceTicks)),
    quantity: plain(market.instrument.size(trade.lots)),
    fee: trade.commission,
    feeAsset: trade.commissionAsset,
    isMaker: trade.isMaker,
  }));
}

function placeForeign(mock: MockBinancePerp, order: ForeignOrder): void {
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

function arm(mock: MockBinancePerp, fault: VenueFault): void {
  if (fault === "cut") mock.switches.disconnectAll();
  else mock.faults.arm({ faults: [FAULTS.get(fault)] }, fault);
}

function sideOf(isBuy: boolean): Side {
  return isBuy ? "buy" : "sell";
}
