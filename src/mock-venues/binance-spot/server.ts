/**
 * The mock venue of Binance Spot: REST, WebSocket API and market streams on one port of this
 * machine, in front of simulated exchanges. Nothing of it talks to the real venue. May import net,
 * sim and this folder.
 */

import type { Rng } from "#domain/rng.ts";
import type { Timers } from "#net/timers.ts";
import type { ExchangeEvent } from "#sim/order-reports.ts";
import type { Wallet } from "#sim/wallet.ts";
import type { ApiRules, Dialect } from "../binance/api.ts";
import { ApiError } from "../binance/api-error.ts";
import { type ApiKeySetup, Credentials } from "../binance/credentials.ts";
import {
  commonSwitches,
  DAY_MS,
  type Opener,
  randomIds,
  streamsOf,
  upgrade,
  type World,
} from "../binance/front.ts";
import { type LimitSpec, RateLimits } from "../binance/rate-limits.ts";
import { answerRest, errorResponse, routesOf } from "../binance/rest.ts";
import { marketRoute, StreamSession } from "../binance/stream-session.ts";
import { WsApiSession, type WsSession } from "../binance/ws-api.ts";
import { isRequestId } from "../binance/ws-request.ts";
import { Connections } from "../connections.ts";
import { FaultyDelivery } from "../fault-actions.ts";
import { parseFaultScript } from "../fault-script.ts";
import { Faults } from "../faults.ts";
import { listen } from "../listen.ts";
import { type Listing, MockAccount } from "./account.ts";
import { type AdminSwitches, answerAdmin } from "./admin.ts";
import { BINANCE_SPOT_FAULTS } from "./fault-rules.ts";
import { BINANCE_SPOT_LIMITS } from "./limits.ts";
import type { MarketFront, SymbolStatus } from "./market-front.ts";
import { METHODS, REST_METHODS } from "./methods.ts";
import { UserSubscription } from "./user-subscription.ts";
import { Venue } from "./venue.ts";

/** What the market of a symbol is made with. */
export interface SymbolParts {
  readonly wallet: Wallet;
  readonly emit: (event: ExchangeEvent) => void;
  /** The venue's clock: the world's and its skew. */
  readonly nowMs: () => number;
  readonly timers: Timers;
  readonly rng: Rng;
}

export interface MockBinanceSpotOptions {
  /** Default: 0, any free port. */
  readonly port?: number;
  /** Default: 127.0.0.1 */
  readonly hostname?: string;
  readonly symbols: readonly ((parts: SymbolParts) => MarketFront)[];
  readonly keys: readonly ApiKeySetup[];
  /** Plain decimals by asset. */
  readonly balances: Readonly<Record<string, string>>;
  /** Default: those of the real venue. */
  readonly limits?: readonly LimitSpec[];
  /** Default: 24 h */
  readonly connectionLifetimeMs?: number;
  /** Whether the events that a request causes go before its answer. Default: false */
  readonly eventBeforeResponse?: boolean;
  /** A fault script; see fault-script.ts. */
  readonly faults?: unknown;
  readonly world: World;
}

export interface MockBinanceSpot {
  /** Base address of REST and of the admin endpoint, without a trailing slash. */
  readonly url: string;
  /** Whole address of the WebSocket API. */
  readonly wsApiUrl: string;
  /** Base address of the streams: `/ws` and `/stream` are under it. */
  readonly streamUrl: string;
  readonly venue: Venue;
  readonly faults: Faults;
  /** The market of a symbol, to move it by hand. */
  readonly market: (symbol: string) => MarketFront;
  readonly switches: AdminSwitches;
  /** Ends every connection and the market. */
  readonly stop: () => Promise<void>;
}

const PINGS = { everyMs: 20_000, pongWithinMs: 60_000 };
const CONNECT_WEIGHT = 2;
const WS_API_PATH = "/ws-api/v3";
const STREAM_MESSAGES_PER_SECOND = 5;
const MAX_STREAMS = 1024;
/** Gone since 2026-02-20: the user stream is subscribed to on the WebSocket API. */
const LISTEN_KEY_PATH = "/api/v3/userDataStream";

const DIALECT: Dialect = {
  unknownOutcome: new ApiError(
    503,
    -1007,
    "Timeout waiting for response from backend server. " +
      "Send status unknown; execution status unknown.",
  ),
};
const ROUTES = routesOf(REST_METHODS);
const WS_METHODS = new Map(METHODS.map((method) => [method.name, method]));

/**
 * Starts the venue; its markets are open when this resolves.
 * @throws {InputError} `bad-account`, `bad-key`, `bad-rules`, `bad-faults`
 * @throws {Error} with code EADDRINUSE where the port is taken
 */
export async function startMockBinanceSpot(
  options: MockBinanceSpotOptions,
): Promise<MockBinanceSpot> {
  const { world } = options;
  const { timers } = world;
  // Checked before a port is opened.
  if (options.faults !== undefined) parseFaultScript(options.faults, "faults", BINANCE_SPOT_FAULTS);
  const clock = { skewMs: 0 };
  const venue = buildVenue(options, () => world.nowMs() + clock.skewMs);
  const markets = [...venue.listings.values()].map(({ market }) => market);
  const switches: AdminSwitches = {
    ...commonSwitches(timers, clock, () => connections),
    setStatus: (status, symbol) => setStatus(markets, status, symbol),
  };
  const faults = new Faults(BINANCE_SPOT_FAULTS, timers, switches);
  const delivery = new FaultyDelivery(faults, timers);
  const lifetimeMs = options.connectionLifetimeMs ?? DAY_MS;
  const connections = new Connections({
    timers,
    delivery,
    pings: PINGS,
    maxSilenceMs: null,
    lifetimeMs,
  });
  const eventBeforeResponse = options.eventBeforeResponse ?? false;
  const rules = {
    venue,
    dialect: DIALECT,
    timers,
    faults,
    delivery,
    switches,
    eventBeforeResponse,
  };
  const server = listen(options, connections, async (request, bunServer) => {
    const url = new URL(request.url);
    const { pathname } = url;
    if (pathname.startsWith("/mock")) return answerAdmin(rules, request);
    if (pathname === LISTEN_KEY_PATH) return errorResponse(410, -1020, "Gone.");
    const open = socketOf(rules, url);
    if (open === undefined) return answerRest(ROUTES, rules, request);
    const weight = pathname === WS_API_PATH ? CONNECT_WEIGHT : 0;
    return upgrade(venue.limits, request, bunServer, { open, weight });
  });
  const stop = async (): Promise<void> => {
    faults.clear();
    for (const market of markets) market.stop();
    connections.cutAll();
    await server.stop(true);
  };
  try {
    for (const market of markets) market.start();
    if (options.faults !== undefined) faults.arm(options.faults, "faults");
  } catch (error) {
    await stop();
    throw error;
  }
  const address = `${server.hostname ?? "127.0.0.1"}:${server.port ?? 0}`;
  return {
    url: `http://${address}`,
    wsApiUrl: `ws://${address}${WS_API_PATH}`,
    streamUrl: `ws://${address}`,
    venue,
    faults,
    market: (symbol) => venue.listing(symbol).market,
    switches,
    stop,
  };
}

function buildVenue(options: MockBinanceSpotOptions, nowMs: () => number): Venue {
  const { world, balances } = options;
  const { timers, rng } = world;
  const limits = new RateLimits(options.limits ?? BINANCE_SPOT_LIMITS, nowMs);
  const account = new MockAccount({ balances, limits, nowMs });
  const listings = new Map<string, Listing>();
  for (const make of options.symbols) {
    let listing: Listing | null = null;
    const emit = (event: ExchangeEvent): void => {
      if (listing !== null) account.onEvent(listing, event);
    };
    const market = make({ wallet: account.wallet, emit, nowMs, timers, rng });
    listing = account.list(market);
    listings.set(market.instrument.symbol, listing);
  }
  account.startTelling();
  const credentials = new Credentials(options.keys);
  return new Venue({ listings, account, limits, credentials, nowMs, randomId: randomIds(rng) });
}

function setStatus(
  markets: readonly MarketFront[],
  status: SymbolStatus,
  symbol: string | undefined,
): void {
  for (const market of markets) {
    if (symbol === undefined || market.instrument.symbol === symbol) market.status = status;
  }
}

/** How to serve the socket that a path asks for; undefined where it is no path of a socket. */
function socketOf(rules: ApiRules<Venue>, url: URL): Opener | undefined {
  const { pathname, searchParams } = url;
  const { venue, delivery, timers } = rules;
  if (pathname === WS_API_PATH) {
    const returnsLimits = searchParams.get("returnRateLimits") !== "false";
    const extras = (session: WsSession): UserSubscription => {
      return new UserSubscription({ venue, delivery, session });
    };
    const setup = { methods: WS_METHODS, returnsLimits, extras };
    return (connection) => new WsApiSession(rules, connection, setup);
  }
  const isCombined = pathname === "/stream";
  if (!isCombined && !/^\/ws(?:\/|$)/.test(pathname)) return undefined;
  const names = streamsOf(url, isCombined);
  const streamRules = {
    route: marketRoute((symbol) => venue.listings.get(symbol)?.market, delivery),
    nowMs: venue.nowMs,
    timers,
    isRequestId,
    maxMessagesPerSecond: STREAM_MESSAGES_PER_SECOND,
    maxStreams: MAX_STREAMS,
  };
  return (connection) => new StreamSession(streamRules, connection, { isCombined, names });
}
