/**
 * What our mock venues of Binance are to the contract suite alike: one calm market, their own truth
 * by their records, and faults on order. What is only one venue's is in that one's own file.
 */

import { randomBytes } from "node:crypto";
import { decimal, plain } from "#domain/decimal.ts";
import type { Instrument, Side } from "#domain/instrument.ts";
import type { OrderRecords, OwnOrder, OwnTrade } from "#mock-venues/binance/order-records.ts";
import { Params } from "#mock-venues/binance/params.ts";
import type { BinanceServer } from "#mock-venues/binance/server.ts";
import { systemWorld } from "#runtime/world.ts";
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

export const SYMBOL = "ETHUSDT";
const BID_TICKS = 200_000;
const ASK_TICKS = 200_100;
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
  ["planned-end", { kind: "server-shutdown", graceMs: 500 }],
  ["event-twice", { kind: "user-event-duplicate", count: 6 }],
  ["event-late", { kind: "user-event-delay", ms: 100, count: 3 }],
  ["event-first", { kind: "event-before-response", method: "order.place", ms: 100 }],
  ["answer-first", { kind: "response-before-event", method: "order.place", ms: 100 }],
  ["clock-back", { kind: "clock-jump", skewMs: -4000, forMs: HOUR_MS }],
  ["clock-ahead", { kind: "clock-jump", skewMs: 8000, forMs: HOUR_MS }],
]);

interface Listing {
  readonly market: { readonly instrument: Instrument; advanceToNow(): void };
  readonly records: OrderRecords<OwnOrder, OwnTrade>;
}

/** What is used of MockBinanceSpot and MockBinancePerp. */
type Mock = Pick<
  BinanceServer<string, { listing(symbol: string): Listing }, Switches>,
  "faults" | "stop" | "streamUrl" | "switches" | "url" | "venue" | "wsApiUrl"
>;

interface Switches {
  setClockSkew(skewMs: number): void;
  disconnectAll(): void;
  connectionCount(): number;
}

/** What the mock venue is started with. */
export interface Ground {
  readonly market: ScriptedMarket;
  readonly key: ReturnType<typeof newKey>;
  readonly world: ReturnType<typeof systemWorld>;
}

/** @param levelLots of each level of the calm market */
export function newGround(kind: KeyKind, levelLots: number): Ground {
  const world = systemWorld();
  const elapsedMs = (): number => world.timers.elapsedMs();
  const market = new ScriptedMarket(elapsedMs, BID_TICKS, ASK_TICKS, levelLots);
  // Of this venue alone: where its port is another's later, nobody is let in by mistake.
  return { market, key: newKey(kind, randomBytes(32).toString("hex")), world };
}

export interface OwnParts {
  readonly kind: KeyKind;
  /** What a maintenance makes of the venue. */
  readonly maintenanceStatus: string;
  readonly placeOrder: (params: Params) => void;
}

type Own = "balances" | "holding" | "module" | "mostLots" | "rules" | "usualLots" | "venue";

export function underTest(
  mock: Mock,
  { market, key }: Ground,
  { kind, maintenanceStatus, placeOrder }: OwnParts,
): Omit<VenueUnderTest, Own> {
  const { instrument } = mock.venue.listing(SYMBOL).market;
  const urls = { restUrl: mock.url, wsApiUrl: mock.wsApiUrl, streamUrl: mock.streamUrl };
  const dead = deadEnd();
  const deadUrls = {
    restUrl: `http://${dead.address}`,
    wsApiUrl: `ws://${dead.address}${new URL(mock.wsApiUrl).pathname}`,
    streamUrl: `ws://${dead.address}`,
  };
  const maintenance = { kind: "maintenance", status: maintenanceStatus, forMs: HOUR_MS };
  let isStopped = false;
  return {
    urls,
    fallbackUrls: { ...urls, wsApiUrl: deadUrls.wsApiUrl },
    deadUrls,
    credentials: key.credentials,
    wrongKeys: wrongKeys(kind, key.credentials),
    symbol: SYMBOL,
    misspeltSymbol: "ETHUSTD",
    base: instrument.base,
    quote: instrument.quote,
    bidTicks: BID_TICKS,
    askTicks: ASK_TICKS,
    openOrders: () => openOrders(mock),
    fills: () => fills(mock),
    openConnections: () => mock.switches.connectionCount(),
    setTouch: (bid, ask) => {
      market.setTouch(bid, ask);
      mock.venue.listing(SYMBOL).market.advanceToNow();
    },
    print: (aggressor, ticks, lots) => {
      market.print(aggressor, ticks, lots);
      mock.venue.listing(SYMBOL).market.advanceToNow();
    },
    placeForeign: (order) => placeOrder(foreignParams(instrument, order)),
    setClockSkew: (skewMs) => mock.switches.setClockSkew(skewMs),
    arm: (fault) => {
      if (fault === "cut") return mock.switches.disconnectAll();
      const order = fault === "maintenance" ? maintenance : FAULTS.get(fault);
      mock.faults.arm({ faults: [order] }, fault);
    },
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

function openOrders(mock: Mock): VenueOrder[] {
  const { records } = mock.venue.listing(SYMBOL);
  return records.openOrders().map((order) => ({
    clientOrderId: order.clientOrderId,
    side: sideOf(order.side === "BUY"),
    price: plain(order.instrument.price(order.priceTicks)),
    quantity: plain(order.instrument.size(order.quantityLots)),
    filled: plain(order.instrument.size(order.filledLots)),
  }));
}

function fills(mock: Mock): VenueFill[] {
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

function foreignParams(instrument: Instrument, order: ForeignOrder): Params {
  const params = new Map([
    ["symbol", SYMBOL],
    ["side", order.side === "buy" ? "BUY" : "SELL"],
    ["type", "LIMIT"],
    ["timeInForce", "GTC"],
    ["price", instrument.priceString(order.priceTicks)],
    ["quantity", instrument.sizeString(order.quantityLots)],
    ["newClientOrderId", order.clientOrderId],
  ]);
  return new Params(params);
}

function sideOf(isBuy: boolean): Side {
  return isBuy ? "buy" : "sell";
}
