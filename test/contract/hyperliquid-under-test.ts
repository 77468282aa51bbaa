/**
 * Hyperliquid for the contract suite: our adapter, in front of our mock venue. The suite trades one
 * market; a second one is there for pairs that quote here and hedge here.
 */

import { utils } from "@noble/secp256k1";
import { plain } from "#domain/decimal.ts";
import { parseClientOrderId } from "#domain/order.ts";
import { Rng } from "#domain/rng.ts";
import type { HlCoinSpec } from "#mock-venues/hyperliquid/coin.ts";
import { type MockHyperliquid, startMockHyperliquid } from "#mock-venues/hyperliquid/server.ts";
import {
  type DelistedCoin,
  perpInstrument,
  universeAround,
} from "#mock-venues/hyperliquid/universe.ts";
import { systemWorld } from "#runtime/world.ts";
import { cloidOf, OwnCloids } from "#venues/hyperliquid/cloid.ts";
import { hyperliquid } from "#venues/hyperliquid/module.ts";
import { AgentWallet } from "#venues/hyperliquid/signing.ts";
import type { AgentCredentials } from "#venues/venue.ts";
import { deadEnd } from "./dead-end.ts";
import { PAIR, PREFIX } from "./live-stage.ts";
import { ScriptedMarket } from "./scripted-market.ts";
import type {
  ForeignOrder,
  VenueFault,
  VenueFill,
  VenueOrder,
  VenueUnderTest,
  WrongKey,
} from "./venue-under-test.ts";

const COIN = "ETH";
/** Its prices are as many ticks as the other's. */
const SECOND_COIN = "DOGE";
const USDC = "10000";
const BID_TICKS = 50_000;
const ASK_TICKS = 50_100;
const LEVEL_LOTS = 1_000_000;
const HOUR_MS = 3_600_000;
/** Coins, which are five cents each. */
const SECOND_USUAL_LOTS = 4000;

export interface HyperliquidUnderTest extends VenueUnderTest {
  /** The same account, seen as one that trades the second coin. */
  readonly second: VenueUnderTest;
  /** Mark and oracle stand still from now on. */
  setMark(ticks: number): void;
}

/** Whose state is traded: the master's own, or that of its sub-account. */
export type Trades = "master" | "sub-account";

/** What the mock is told to do; of the others, see `arm`. */
const FAULTS: ReadonlyMap<VenueFault, object> = new Map<VenueFault, object>([
  ["lost-answer", { kind: "drop-response", method: "order" }],
  ["lost-request", { kind: "drop-request", method: "order" }],
  ["error-though-accepted", { kind: "error-5xx-accepted", method: "order" }],
  ["cut-after-placement", { kind: "disconnect-after", method: "order" }],
  ["half-open", { kind: "half-open", method: "order", forMs: 2500 }],
  ["feed-half-open", { kind: "stream-half-open", forMs: 2500 }],
  ["rate-limit", { kind: "rate-limit", method: "order", retryAfterSeconds: 1 }],
  ["event-twice", { kind: "user-event-duplicate", count: 6 }],
  ["event-late", { kind: "user-event-delay", ms: 100, count: 3 }],
  ["event-first", { kind: "event-before-response", method: "order", ms: 100 }],
  ["answer-first", { kind: "response-before-event", method: "order", ms: 100 }],
  ["clock-back", { kind: "clock-jump", skewMs: -4000, forMs: HOUR_MS }],
  ["clock-ahead", { kind: "clock-jump", skewMs: 8000, forMs: HOUR_MS }],
]);

/**
 * One socket carries feed and orders, books have no sequence to find a gap by, and the venue
 * neither announces an end nor stops taking post-only orders. Its clock is behind ours without it
 * minding.
 */
export const LACKS: readonly VenueFault[] = [
  "feed-gap",
  "cut-feed",
  "planned-end",
  "maintenance",
  "clock-back",
];

export async function startHyperliquid(trades: Trades): Promise<HyperliquidUnderTest> {
  const world = systemWorld();
  const master = addressOf(newKey());
  const sub = addressOf(newKey());
  const agentKey = newKey();
  const elapsedMs = (): number => world.timers.elapsedMs();
  const market = new ScriptedMarket(elapsedMs, BID_TICKS, ASK_TICKS, LEVEL_LOTS);
  const second = new ScriptedMarket(elapsedMs, BID_TICKS, ASK_TICKS, LEVEL_LOTS);
  const mock = await startMockHyperliquid({
    universe: universeAround<HlCoinSpec | DelistedCoin>([COIN, SECOND_COIN], (known) => ({
      instrument: perpInstrument({ coin: known.name, szDecimals: known.szDecimals }),
      maxLeverage: known.maxLeverage,
      source: known.name === COIN ? market : second,
    })),
    account: {
      master,
      usdc: USDC,
      agents: [{ address: addressOf(agentKey), name: "mm", validUntilMs: null }],
      ...(trades === "sub-account"
        ? { subAccount: { address: sub, name: "sub", kind: "subAccount" as const } }
        : {}),
    },
    // Quicker than the real venue, so that a test with twenty orders takes no minute.
    rules: { blockMs: 10, commitMs: 2 },
    world: { timers: world.timers, nowMs: () => world.nowMs(), rng: new Rng(1) },
  });
  const { url: restUrl, wsUrl } = mock;
  const urls = { restUrl, wsApiUrl: wsUrl, streamUrl: wsUrl };
  const dead = deadEnd();
  const deadWs = `ws://${dead.address}/ws`;
  const credentials: AgentCredentials = {
    kind: "agent",
    address: master,
    agentKey,
    vaultAddress: trades === "sub-account" ? sub : null,
    isTestnet: false,
    deadMansSwitch: true,
  };
  /** Of orders that are placed as others', by their numbers: the venue knows cloids alone. */
  const foreign = new Map<number, string>();
  const nameOf: NameOf = ({ cloid, oid }) =>
    foreign.get(oid) ?? new OwnCloids(PREFIX, PAIR).clientOrderIdOf(cloid) ?? String(oid);
  let isStopped = false;
  const subject: VenueUnderTest = {
    venue: "hyperliquid",
    module: hyperliquid,
    urls,
    fallbackUrls: { ...urls, wsApiUrl: deadWs, streamUrl: deadWs },
    deadUrls: { restUrl: `http://${dead.address}`, wsApiUrl: deadWs, streamUrl: deadWs },
    credentials,
    wrongKeys: [
      wrongKey({ ...credentials, agentKey: newKey() }, /agent/),
      wrongKey({ ...credentials, address: addressOf(newKey()) }, /address/),
    ],
    symbol: COIN,
    misspeltSymbol: "eth",
    base: COIN,
    quote: "USDC",
    rules: {
      tickSize: "0.01",
      lotSize: "0.0001",
      minNotional: "10",
      makerFeeRate: "0.00015",
      takerFeeRate: "0.00045",
    },
    bidTicks: BID_TICKS,
    askTicks: ASK_TICKS,
    usualLots: 4000,
    mostLots: 2_400_000,
    openOrders: () => openOrders(mock, nameOf),
    fills: () => fills(mock, nameOf),
    balances: () => new Map([["USDC", plain(mock.venue.accountValue())]]),
    holding: () => ({
      base: plain(mock.market(COIN).instrument.size(mock.venue.positionLots(COIN))),
      quote: plain(mock.venue.accountValue()),
    }),
    openConnections: () => mock.switches.connectionCount(),
    setTouch: (bid, ask) => {
      market.setTouch(bid, ask);
      mock.market(COIN).advanceToNow();
    },
    print: (aggressor, ticks, lots) => {
      market.print(aggressor, ticks, lots);
      mock.market(COIN).advanceToNow();
    },
    placeForeign: (order) => {
      foreign.set(placeForeign(mock, order), order.clientOrderId);
    },
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
  return {
    ...subject,
    second: { ...subject, symbol: SECOND_COIN, base: SECOND_COIN, usualLots: SECOND_USUAL_LOTS },
    setMark: (ticks) => mock.market(COIN).pin(ticks),
  };
}

function newKey(): string {
  return `0x${Buffer.from(utils.randomSecretKey()).toString("hex")}`;
}

function addressOf(key: string): string {
  return new AgentWallet(key).address;
}

function wrongKey(credentials: AgentCredentials, hint: RegExp): WrongKey {
  return { credentials, hint, secrets: [credentials.agentKey, credentials.agentKey.slice(2)] };
}

type NameOf = (order: { readonly cloid: string | null; readonly oid: number }) => string;

function openOrders(mock: MockHyperliquid, nameOf: NameOf): VenueOrder[] {
  return mock.venue.openOrders().map((order) => ({
    clientOrderId: nameOf(order),
    side: order.side,
    price: plain(order.instrument.price(order.priceTicks)),
    quantity: plain(order.instrument.size(order.quantityLots)),
    filled: plain(order.instrument.size(order.filledLots)),
  }));
}

function fills(mock: MockHyperliquid, nameOf: NameOf): VenueFill[] {
  return mock.venue.fills().map((fill) => ({
    clientOrderId: nameOf(fill),
    side: fill.side,
    price: plain(fill.instrument.price(fill.priceTicks)),
    quantity: plain(fill.instrument.size(fill.lots)),
    fee: fill.fee,
    feeAsset: "USDC",
    isMaker: fill.isMaker,
  }));
}

/** One with an id of ours has its cloid, any other none. @returns its number */
function placeForeign(mock: MockHyperliquid, order: ForeignOrder): number {
  const { clientOrderId, side, priceTicks, quantityLots } = order;
  const cloid = parseClientOrderId(clientOrderId) === undefined ? null : cloidOf(clientOrderId);
  return mock.venue.placeForeign({ coin: COIN, cloid, side, priceTicks, quantityLots }).oid;
}

function arm(mock: MockHyperliquid, fault: VenueFault): void {
  if (fault === "cut") mock.switches.disconnectAll();
  else mock.faults.arm({ faults: [FAULTS.get(fault)] }, fault);
}
