/**
 * The demo's mock venues and the keys that they know: Binance Spot with ETHUSDT, Hyperliquid with
 * SUI, and Binance USD-M with the perps that hedge them. All markets are generated; those of the
 * hedges follow the quoted ones. Keys are new at each start. Listens on this machine.
 */

import { generateKeyPairSync } from "node:crypto";
import { bytesToHex } from "@noble/hashes/utils.js";
import { utils } from "@noble/secp256k1";
import * as v from "valibot";
import { ORDER_PREFIX } from "#config/engine-params.ts";
import { instrumentFor } from "#config/instrument-override.ts";
import { parseConfig } from "#config/load.ts";
import type { PairConfig } from "#config/schema.ts";
import { InvariantError } from "#domain/errors.ts";
import { parseClientOrderId } from "#domain/order.ts";
import {
  type MockBinancePerp,
  type PerpSpec,
  startMockBinancePerp,
} from "#mock-venues/binance-perp/server.ts";
import { mockPerpMarket } from "#mock-venues/binance-perp/symbol-rules.ts";
import type { MockSymbol } from "#mock-venues/binance-spot/mock-symbol.ts";
import {
  type MockBinanceSpot,
  type SymbolParts,
  startMockBinanceSpot,
} from "#mock-venues/binance-spot/server.ts";
import { type MockHyperliquid, startMockHyperliquid } from "#mock-venues/hyperliquid/server.ts";
import { syntheticSource } from "#mock-venues/market-source.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import { SyntheticMarket } from "#sim/synthetic-market.ts";
import { OwnCloids } from "#venues/hyperliquid/cloid.ts";
import { AgentWallet } from "#venues/hyperliquid/signing.ts";
import { DEMO_CONFIG, type DemoPlaces } from "./demo-config.ts";
import {
  portInUse,
  REHEARSAL_QUEUE,
  rehearsalSymbol,
  rehearsalUniverse,
  rehearsalWorld,
} from "./rehearsal.ts";

export interface DemoVenues {
  readonly urls: DemoPlaces["venues"];
  /** How many orders of ours each has open: asked over the wire. */
  readonly ownOrders: () => Promise<readonly { readonly venue: string; readonly count: number }[]>;
  readonly stop: () => Promise<void>;
}

export interface DemoKeys {
  readonly binance: { readonly apiKey: string; readonly publicKey: string };
  /** Addresses of the account and of the agent that may trade for it. */
  readonly hyperliquid: { readonly address: string; readonly agent: string };
  /** The secrets, by the variables that the demo's config names. */
  readonly env: Readonly<Record<string, string>>;
}

export interface DemoVenueOptions {
  /** 0: any free one. */
  readonly ports: {
    readonly binanceSpot: number;
    readonly binancePerp: number;
    readonly hyperliquid: number;
  };
  readonly seed: number;
  readonly keys: DemoKeys;
}

const ETH_START_PRICE = "2000";
/** More than the pairs may use: the rest is somebody else's. */
const BALANCES = { ETH: "10", USDT: "50000" };
const USDC = "50000";
const HEDGE_BALANCES = { USDT: "50000" };
/** Seeds of the hedges' markets are so far from those of the markets that they follow. */
const HEDGE_SEEDS = 100;
/** As if of an old account: the venue has it a dead man's switch and a large address budget. */
const LIFETIME_VOLUME = 5_000_000;

/** New ones, of the kind that live accounts should have. */
export function demoKeys(): DemoKeys {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const apiKey = randomHex(32);
  const agentKey = `0x${bytesToHex(utils.randomSecretKey())}`;
  return {
    binance: { apiKey, publicKey: publicKey.export({ type: "spki", format: "pem" }) },
    // Nobody has the account's own key: its agent is all that trades.
    hyperliquid: { address: `0x${randomHex(20)}`, agent: new AgentWallet(agentKey).address },
    env: {
      MM_DEMO_API_KEY: apiKey,
      MM_DEMO_SECRET: privateKey.export({ type: "pkcs8", format: "pem" }),
      MM_DEMO_AGENT_KEY: agentKey,
    },
  };
}

function randomHex(bytes: number): string {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(bytes)));
}

/** The generated markets that pairs quote, by the pairs' ids. */
type Leaders = Map<string, SyntheticMarket>;

/** @throws {InputError} `port-in-use` */
export async function startDemoVenues(options: DemoVenueOptions): Promise<DemoVenues> {
  const { pairs } = parseConfig(DEMO_CONFIG, "the built-in demo config").config;
  const leaders: Leaders = new Map();
  const started: { stop: () => Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((mock) => mock.stop()));
  };
  const quotedAt = (venue: string): PairConfig[] =>
    pairs.filter(({ quote }) => quote.venue === venue);
  try {
    const spot = await startSpot(quotedAt("binance-spot"), leaders, options);
    started.push(spot);
    const hyperliquid = await startPerps(quotedAt("hyperliquid"), leaders, options);
    started.push(hyperliquid);
    // Last: its markets follow those of the others.
    const hedges = await startHedges(pairs, leaders, options);
    started.push(hedges);
    const ids = quotedAt("hyperliquid").map(({ id }) => id);
    return {
      urls: {
        "binance-spot": urlsOf(spot),
        "binance-perp": urlsOf(hedges),
        hyperliquid: { restUrl: hyperliquid.url, wsUrl: hyperliquid.wsUrl },
      },
      ownOrders: async () => [
        { venue: "binance-spot", count: await countAtBinance(spot.url) },
        { venue: "binance-perp", count: await countAtBinance(hedges.url) },
        { venue: "hyperliquid", count: await countAtPerps(hyperliquid.url, ids) },
      ],
      stop,
    };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

function urlsOf({
  url,
  wsApiUrl,
  streamUrl,
}: MockBinanceSpot | MockBinancePerp): DemoPlaces["venues"]["binance-spot"] {
  return { restUrl: url, wsApiUrl, streamUrl };
}

async function startSpot(
  pairs: readonly PairConfig[],
  leaders: Leaders,
  { ports, seed, keys }: DemoVenueOptions,
): Promise<MockBinanceSpot> {
  const { apiKey, publicKey } = keys.binance;
  const symbols = pairs.map((pair, index) => (parts: SymbolParts): MockSymbol => {
    const instrument = instrumentFor(pair);
    const own = { seed: seed + index, startMs: parts.nowMs() };
    const market = new SyntheticMarket({ ...own, instrument, startPrice: ETH_START_PRICE });
    leaders.set(pair.id, market);
    return rehearsalSymbol(parts, { instrument, source: syntheticSource(market) });
  });
  try {
    return await startMockBinanceSpot({
      port: ports.binanceSpot,
      symbols,
      keys: [{ apiKey, ed25519PublicKeyPem: publicKey }],
      balances: BALANCES,
      world: rehearsalWorld(seed),
    });
  } catch (thrown) {
    throw portInUse(thrown, ports.binanceSpot, "--mock-port") ?? thrown;
  }
}

async function startPerps(
  pairs: readonly PairConfig[],
  leaders: Leaders,
  { ports, seed, keys }: DemoVenueOptions,
): Promise<MockHyperliquid> {
  const world = rehearsalWorld(seed);
  const { address, agent } = keys.hyperliquid;
  const coins = pairs.map(({ quote }) => quote.symbol);
  const onMarket = (coin: string, market: SyntheticMarket): void => {
    const pair = pairs.find(({ quote }) => quote.symbol === coin);
    if (pair !== undefined) leaders.set(pair.id, market);
  };
  const markets = { seed, speed: 1, startMs: world.nowMs(), startPrice: null, onMarket };
  try {
    return await startMockHyperliquid({
      port: ports.hyperliquid,
      universe: rehearsalUniverse(coins, markets),
      account: {
        master: address,
        usdc: USDC,
        agents: [{ address: agent, name: "mm", validUntilMs: null }],
        lifetimeVolume: LIFETIME_VOLUME,
      },
      world,
    });
  } catch (thrown) {
    throw portInUse(thrown, ports.hyperliquid, "--mock-hyperliquid-port") ?? thrown;
  }
}

async function startHedges(
  pairs: readonly PairConfig[],
  leaders: Leaders,
  { ports, seed, keys }: DemoVenueOptions,
): Promise<MockBinancePerp> {
  const world = rehearsalWorld(seed);
  const { apiKey, publicKey } = keys.binance;
  const queueModel = parseQueueModel(REHEARSAL_QUEUE);
  const symbols = pairs.flatMap((pair, index): PerpSpec[] => {
    if (pair.hedgeOn === undefined) return [];
    const leader = leaders.get(pair.id);
    if (leader === undefined) throw new InvariantError(`pair ${pair.id} has no market to follow`);
    const { instrument, maxLeverage, startPrice } = mockPerpMarket(pair.hedgeOn.symbol);
    const own = { seed: seed + HEDGE_SEEDS + index, startMs: world.nowMs() };
    const market = new SyntheticMarket({ ...own, instrument, startPrice, leader });
    return [{ instrument, maxLeverage, source: syntheticSource(market), queueModel }];
  });
  try {
    return await startMockBinancePerp({
      port: ports.binancePerp,
      symbols,
      keys: [{ apiKey, ed25519PublicKeyPem: publicKey }],
      balances: HEDGE_BALANCES,
      world,
    });
  } catch (thrown) {
    throw portInUse(thrown, ports.binancePerp, "--mock-perp-port") ?? thrown;
  }
}

/** At Binance USD-M those that wait for their price have an id of another name. */
const BinanceOrders = v.array(
  v.union([v.object({ clientOrderId: v.string() }), v.object({ clientAlgoId: v.string() })]),
);
const PerpOrders = v.array(v.object({ cloid: v.nullable(v.string()) }));

async function countAtBinance(url: string): Promise<number> {
  const orders = v.parse(BinanceOrders, await openOrders(url));
  return orders.filter((order) => {
    const id = "clientOrderId" in order ? order.clientOrderId : order.clientAlgoId;
    return parseClientOrderId(id)?.prefix === ORDER_PREFIX;
  }).length;
}

async function countAtPerps(url: string, pairIds: readonly string[]): Promise<number> {
  const orders = v.parse(PerpOrders, await openOrders(url));
  const owners = pairIds.map((id) => new OwnCloids(ORDER_PREFIX, id));
  return orders.filter(({ cloid }) => {
    return owners.some((owner) => owner.clientOrderIdOf(cloid) !== null);
  }).length;
}

async function openOrders(url: string): Promise<unknown> {
  return (await fetch(`${url}/mock/orders`)).json();
}
