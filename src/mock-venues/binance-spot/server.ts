/**
 * The mock venue of Binance Spot: REST, WebSocket API and market streams on one port of this
 * machine, in front of simulated exchanges. Nothing of it talks to the real venue. May import net,
 * sim and this folder.
 */

import type { Rng } from "#domain/rng.ts";
import type { Timers } from "#net/timers.ts";
import type { ExchangeEvent } from "#sim/order-reports.ts";
import type { Wallet } from "#sim/wallet.ts";
import { answerAdmin } from "../binance/admin.ts";
import type { ApiRules, Dialect } from "../binance/api.ts";
import { ApiError } from "../binance/api-error.ts";
import { Credentials } from "../binance/credentials.ts";
import { type CommonSwitches, type Opener, randomIds, streamsOf } from "../binance/front.ts";
import { RateLimits } from "../binance/rate-limits.ts";
import { answerRest, errorResponse, routesOf } from "../binance/rest.ts";
import { type BinanceServer, type ServerOptions, serve } from "../binance/server.ts";
import { marketRoute, StreamSession } from "../binance/stream-session.ts";
import { BinanceVenue } from "../binance/venue.ts";
import { WsApiSession, type WsSession } from "../binance/ws-api.ts";
import { isRequestId } from "../binance/ws-request.ts";
import { type Listing, MockAccount } from "./account.ts";
import { ADMIN_ROUTES } from "./admin.ts";
import { BINANCE_SPOT_FAULTS } from "./fault-rules.ts";
import { BINANCE_SPOT_LIMITS } from "./limits.ts";
import type { MarketFront, SymbolStatus } from "./market-front.ts";
import { METHODS, REST_METHODS } from "./methods.ts";
import { UserSubscription } from "./user-subscription.ts";
import type { Venue } from "./venue.ts";

/** What the market of a symbol is made with. */
export interface SymbolParts {
  readonly wallet: Wallet;
  readonly emit: (event: ExchangeEvent) => void;
  /** The venue's clock: the world's and its skew. */
  readonly nowMs: () => number;
  readonly timers: Timers;
  readonly rng: Rng;
}

export interface MockBinanceSpotOptions extends ServerOptions {
  readonly symbols: readonly ((parts: SymbolParts) => MarketFront)[];
}

export interface MockBinanceSpot extends BinanceServer<SymbolStatus, Venue, Switches> {
  /** The market of a symbol, to move it by hand. */
  readonly market: (symbol: string) => MarketFront;
}

type Switches = CommonSwitches<SymbolStatus>;

const PINGS = { everyMs: 20_000, pongWithinMs: 60_000 };
const WS_API = { path: "/ws-api/v3", weight: 2 };
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
  const server = await serve<SymbolStatus, Venue, Switches>(options, {
    faultRules: BINANCE_SPOT_FAULTS,
    dialect: DIALECT,
    pings: PINGS,
    wsApi: WS_API,
    build: (nowMs) => buildVenue(options, nowMs),
    switchesOf: (common) => common,
    socketOf,
    answer: async (rules, request) => {
      const { pathname } = new URL(request.url);
      if (pathname.startsWith("/mock")) return answerAdmin(ADMIN_ROUTES, rules, request);
      if (pathname === LISTEN_KEY_PATH) return errorResponse(410, -1020, "Gone.");
      return answerRest(ROUTES, rules, request);
    },
  });
  return { ...server, market: (symbol) => server.venue.listing(symbol).market };
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
  return new BinanceVenue({
    listings,
    account,
    limits,
    credentials,
    nowMs,
    randomId: randomIds(rng),
  });
}

/** How to serve the socket that a path asks for; undefined where it is no path of a socket. */
function socketOf(rules: ApiRules<Venue>, url: URL): Opener | undefined {
  const { pathname, searchParams } = url;
  const { venue, delivery, timers } = rules;
  if (pathname === WS_API.path) {
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
