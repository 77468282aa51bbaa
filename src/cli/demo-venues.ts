/**
 * The demo's two mock venues and the keys that they know: Binance Spot with ETHUSDT, Hyperliquid
 * with SUI, both with generated markets. Keys are new at each start. Listens on this machine.
 */

import { generateKeyPairSync } from "node:crypto";
import { bytesToHex } from "@noble/hashes/utils.js";
import { utils } from "@noble/secp256k1";
import * as v from "valibot";
import { ORDER_PREFIX } from "#config/engine-params.ts";
import { instrumentFor } from "#config/instrument-override.ts";
import { parseConfig } from "#config/load.ts";
import type { PairConfig } from "#config/schema.ts";
import { parseClientOrderId } from "#domain/order.ts";
import type { MockSymbol } from "#mock-venues/binance-spot/mock-symbol.ts";
import {
  type MockBinanceSpot,
  type SymbolParts,
  startMockBinanceSpot,
} from "#mock-venues/binance-spot/server.ts";
import { type MockHyperliquid, startMockHyperliquid } from "#mock-venues/hyperliquid/server.ts";
import { syntheticSource } from "#mock-venues/market-source.ts";
import { SyntheticMarket } from "#sim/synthetic-market.ts";
import { OwnCloids } from "#venues/hyperliquid/cloid.ts";
import { AgentWallet } from "#venues/hyperliquid/signing.ts";
import { DEMO_CONFIG, type DemoPlaces } from "./demo-config.ts";
import { portInUse, rehearsalSymbol, rehearsalUniverse, rehearsalWorld } from "./rehearsal.ts";

export interface DemoVenues {
  readonly urls: DemoPlaces["venues"];
  /** How many orders of ours each has open: asked over the wire. */
  readonly ownOrders: () => Promise<readonly { readonly venue: string; readonly count: number }[]>;
  readonly stop: () => Promise<void>;
}

export interface DemoKeys {
  readonly binanceSpot: { readonly apiKey: string; readonly publicKey: string };
  /** Addresses of the account and of the agent that may trade for it. */
  readonly hyperliquid: { readonly address: string; readonly agent: string };
  /** The secrets, by the variables that the demo's config names. */
  readonly env: Readonly<Record<string, string>>;
}

export interface DemoVenueOptions {
  /** 0: any free one. */
  readonly ports: { readonly binanceSpot: number; readonly hyperliquid: number };
  readonly seed: number;
  readonly keys: DemoKeys;
}

const ETH_START_PRICE = "2000";
/** More than the pairs may use: the rest is somebody else's. */
const BALANCES = { ETH: "10", USDT: "50000" };
const USDC = "50000";
/** As if of an old account: the venue has it a dead man's switch and a large address budget. */
const LIFETIME_VOLUME = 5_000_000;

/** New ones, of the kind that live accounts should have. */
export function demoKeys(): DemoKeys {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const apiKey = randomHex(32);
  const agentKey = `0x${bytesToHex(utils.randomSecretKey())}`;
  return {
    binanceSpot: { apiKey, publicKey: publicKey.export({ type: "spki", format: "pem" }) },
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

/** @throws {InputError} `port-in-use` */
export async function startDemoVenues(options: DemoVenueOptions): Promise<DemoVenues> {
  const { pairs } = parseConfig(DEMO_CONFIG, "the built-in demo config").config;
  const spot = await startSpot(
    pairs.filter(({ quote }) => quote.venue === "binance-spot"),
    options,
  );
  const perps = pairs.filter(({ quote }) => quote.venue === "hyperliquid");
  let hyperliquid: MockHyperliquid;
  try {
    hyperliquid = await startPerps(perps, options);
  } catch (thrown) {
    await spot.stop();
    throw thrown;
  }
  const { url: restUrl, wsApiUrl, streamUrl } = spot;
  const ids = perps.map(({ id }) => id);
  return {
    urls: {
      "binance-spot": { restUrl, wsApiUrl, streamUrl },
      hyperliquid: { restUrl: hyperliquid.url, wsUrl: hyperliquid.wsUrl },
    },
    ownOrders: async () => [
      { venue: "binance-spot", count: await countAtSpot(restUrl) },
      { venue: "hyperliquid", count: await countAtPerps(hyperliquid.url, ids) },
    ],
    stop: async () => {
      await Promise.all([spot.stop(), hyperliquid.stop()]);
    },
  };
}

async function startSpot(
  pairs: readonly PairConfig[],
  { ports, seed, keys }: DemoVenueOptions,
): Promise<MockBinanceSpot> {
  const { apiKey, publicKey } = keys.binanceSpot;
  try {
    return await startMockBinanceSpot({
      port: ports.binanceSpot,
      symbols: pairs.map((pair, index) => (parts) => mockSymbol(pair, seed + index, parts)),
      keys: [{ apiKey, ed25519PublicKeyPem: publicKey }],
      balances: BALANCES,
      world: rehearsalWorld(seed),
    });
  } catch (thrown) {
    throw portInUse(thrown, ports.binanceSpot, "--mock-port") ?? thrown;
  }
}

function mockSymbol(pair: PairConfig, seed: number, parts: SymbolParts): MockSymbol {
  const instrument = instrumentFor(pair);
  const startPrice = ETH_START_PRICE;
  const startMs = parts.nowMs();
  const market = new SyntheticMarket({ seed, instrument, startPrice, startMs });
  return rehearsalSymbol(parts, { instrument, source: syntheticSource(market) });
}

async function startPerps(
  pairs: readonly PairConfig[],
  { ports, seed, keys }: DemoVenueOptions,
): Promise<MockHyperliquid> {
  const world = rehearsalWorld(seed);
  const { address, agent } = keys.hyperliquid;
  const coins = pairs.map(({ quote }) => quote.symbol);
  const markets = { seed, speed: 1, startMs: world.nowMs(), startPrice: null };
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

const SpotOrders = v.array(v.object({ clientOrderId: v.string() }));
const PerpOrders = v.array(v.object({ cloid: v.nullable(v.string()) }));

async function countAtSpot(url: string): Promise<number> {
  const orders = v.parse(SpotOrders, await openOrders(url));
  return orders.filter(({ clientOrderId }) => {
    return parseClientOrderId(clientOrderId)?.prefix === ORDER_PREFIX;
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
