/**
 * The mock venue of Binance USD-M perps: REST, WebSocket API and the three routes of streams on one
 * port of this machine, in front of simulated exchanges. Nothing of it talks to the real venue. May
 * import domain, net, sim and this folder.
 */

import type { Instrument } from "#domain/instrument.ts";
import { parseQueueModel, type QueueModel } from "#sim/queue-model.ts";
import { answerAdmin } from "../binance/admin.ts";
import type { ApiRules, Dialect } from "../binance/api.ts";
import { ApiError } from "../binance/api-error.ts";
import { type ApiKeySetup, Credentials } from "../binance/credentials.ts";
import { type Opener, randomIds, streamsOf } from "../binance/front.ts";
import { RateLimits } from "../binance/rate-limits.ts";
import { answerRest, routesOf } from "../binance/rest.ts";
import { type BinanceServer, type ServerOptions, serve } from "../binance/server.ts";
import { marketRoute, type StreamRoute, StreamSession } from "../binance/stream-session.ts";
import { WsApiSession } from "../binance/ws-api.ts";
import type { MarketSource } from "../market-source.ts";
import { PerpAccount } from "./account.ts";
import { ADMIN_ROUTES, type AdminSwitches } from "./admin.ts";
import { AlgoDesk } from "./algo-desk.ts";
import { Countdowns } from "./countdowns.ts";
import { BINANCE_PERP_FAULTS } from "./fault-rules.ts";
import { PerpFilters } from "./filters.ts";
import { Funding } from "./funding.ts";
import { BINANCE_PERP_LIMITS } from "./limits.ts";
import { ListenKeys } from "./listen-keys.ts";
import type { Listing } from "./listing.ts";
import { isExempt, REST_METHODS, WS_METHODS } from "./methods.ts";
import { newRecords } from "./order-records.ts";
import { type PerpStatus, PerpSymbol } from "./perp-symbol.ts";
import { askedKeys, privateRoute } from "./private-route.ts";
import { isMarketStream, isPublicStream } from "./stream-forms.ts";
import { PerpVenue } from "./venue.ts";

/** A listed perp, as the maker of a venue describes it. */
export interface PerpSpec {
  /** See `mockPerpMarket`. */
  readonly instrument: Instrument;
  readonly source: MarketSource;
  /** Default: 125 */
  readonly maxLeverage?: number;
  /** Market milliseconds per millisecond. Default: 1 */
  readonly speed?: number;
  /** Default: risk-averse */
  readonly queueModel?: QueueModel;
  /** What each funding interval settles, a plain decimal. Default: "0.0001" */
  readonly fundingRate?: string;
}

export interface MockBinancePerpOptions extends ServerOptions {
  readonly symbols: readonly PerpSpec[];
  /** Default: 8 h */
  readonly fundingIntervalMs?: number;
  /** How long a listen key is valid. Default: 60 min */
  readonly listenKeyValidMs?: number;
}

export interface MockBinancePerp extends BinanceServer<PerpStatus, PerpVenue, AdminSwitches> {
  /** The market of a symbol, to move it by hand. */
  readonly market: (symbol: string) => PerpSymbol;
}

const MINUTE_MS = 60_000;
const FUNDING_INTERVAL_MS = 8 * 60 * MINUTE_MS;
const LISTEN_KEY_MS = 60 * MINUTE_MS;
const LISTEN_KEY_LENGTH = 64;
const MAX_LEVERAGE = 125;
const PINGS = { everyMs: 3 * MINUTE_MS, pongWithinMs: 10 * MINUTE_MS };
const WS_API = { path: "/ws-fapi/v1", weight: 5 };
const STREAM_PATH = /^(?:\/(public|market|private))?\/(ws|stream)(?:\/|$)/;
const STREAM_MESSAGES_PER_SECOND = 10;
const MAX_STREAMS = 1024;

const OVERLOADED =
  "Request throttled by system-level protection. Reduce-only/close-position orders are exempt. " +
  "Please try again.";
const DIALECT: Dialect = {
  ids: { range: "^[\\.A-Z\\:/a-z0-9_-]{1,36}$", pattern: /^[.A-Z:/a-z0-9_-]{1,36}$/ },
  unknownOutcome: new ApiError(
    503,
    -1000,
    "Unknown error, please check your request or try again later.",
  ),
  unavailable: new ApiError(
    503,
    -1001,
    "Internal error; unable to process your request. Please try again.",
  ),
  overloaded: new ApiError(503, -1008, OVERLOADED),
  isExempt,
};
const ROUTES = routesOf(REST_METHODS);

/**
 * Starts the venue; its markets are open when this resolves.
 * @throws {InputError} `bad-account`, `bad-key`, `bad-rules`, `bad-faults`
 * @throws {Error} with code EADDRINUSE where the port is taken
 */
export async function startMockBinancePerp(
  options: MockBinancePerpOptions,
): Promise<MockBinancePerp> {
  const server = await serve<PerpStatus, PerpVenue, AdminSwitches>(options, {
    faultRules: BINANCE_PERP_FAULTS,
    dialect: DIALECT,
    pings: PINGS,
    wsApi: WS_API,
    build: (nowMs) => buildVenue(options, nowMs),
    switchesOf: (common, { listenKeys }) => ({
      ...common,
      expireUserStreams: () => listenKeys.expire(),
    }),
    socketOf,
    answer: async (rules, request) => {
      const isAdmin = new URL(request.url).pathname.startsWith("/mock");
      if (isAdmin) return answerAdmin(ADMIN_ROUTES, rules, request);
      return answerRest(ROUTES, rules, request);
    },
  });
  return { ...server, market: (symbol) => server.venue.listing(symbol).market };
}

function buildVenue(options: MockBinancePerpOptions, nowMs: () => number): PerpVenue {
  const { timers, rng } = options.world;
  const listings = new Map<string, Listing>();
  const all = (): readonly Listing[] => [...listings.values()];
  const randomId = randomIds(rng);
  const limits = new RateLimits(options.limits ?? BINANCE_PERP_LIMITS, nowMs);
  const account = new PerpAccount({ balances: options.balances, listings: all, nowMs, rng });
  const algo = new AlgoDesk({ account, nowMs, randomId });
  const intervalMs = options.fundingIntervalMs ?? FUNDING_INTERVAL_MS;
  const funding = new Funding({ listings: all, account, intervalMs, timers, nowMs });
  for (const spec of options.symbols) {
    const { instrument } = spec;
    let listing: Listing | null = null;
    const market = new PerpSymbol({
      ...spec,
      maxLeverage: spec.maxLeverage ?? MAX_LEVERAGE,
      queueModel: spec.queueModel ?? parseQueueModel("risk-averse"),
      emit: (event) => {
        if (listing !== null) account.onEvent(listing, event);
      },
      canCarry: (now, then) => listing !== null && account.margins.canCarry(listing, now, then),
      pricesMoved: (prints) => {
        if (listing !== null) algo.onPrices(listing, prints);
      },
      nextFundingMs: () => funding.nextMs,
      nowMs,
      timers,
      rng,
    });
    const filters = new PerpFilters(instrument.symbol, market.rules);
    listing = { market, filters, records: newRecords() };
    listings.set(instrument.symbol, listing);
  }
  const listenKeys = new ListenKeys({
    stream: account.stream,
    validMs: options.listenKeyValidMs ?? LISTEN_KEY_MS,
    timers,
    nowMs,
    randomKey: randomIds(rng, LISTEN_KEY_LENGTH),
  });
  const countdowns = new Countdowns(timers);
  const credentials = new Credentials(options.keys.map((key) => futuresKey(key)));
  const desk = { account, algo, funding, listenKeys, countdowns };
  return new PerpVenue({ listings, ...desk, limits, credentials, nowMs, randomId });
}

/** A key may trade here where nothing else is said. */
function futuresKey(key: ApiKeySetup): ApiKeySetup {
  return { ...key, permissions: { enableFutures: true, ...key.permissions } };
}

/** How to serve the socket that a path asks for; undefined where it is no path of a socket. */
function socketOf(rules: ApiRules<PerpVenue>, url: URL): Opener | undefined {
  const { pathname, searchParams } = url;
  if (pathname === WS_API.path) {
    const returnsLimits = searchParams.get("returnRateLimits") !== "false";
    const setup = { methods: WS_METHODS, returnsLimits };
    return (connection) => new WsApiSession(rules, connection, setup);
  }
  const [path, route, form] = STREAM_PATH.exec(pathname) ?? [];
  if (path === undefined) return undefined;
  const isCombined = form === "stream";
  const asked = askedKeys(url);
  const names = route === "private" ? asked.map(({ key }) => key) : streamsOf(url, isCombined);
  const streamRules = {
    route: routeOf(rules, route, asked),
    nowMs: rules.venue.nowMs,
    timers: rules.timers,
    isRequestId: isControlId,
    maxMessagesPerSecond: STREAM_MESSAGES_PER_SECOND,
    maxStreams: MAX_STREAMS,
  };
  return (connection) => new StreamSession(streamRules, connection, { isCombined, names });
}

/** @param route undefined: an address of before the split, which delivers public streams only */
function routeOf(
  { venue, delivery }: ApiRules<PerpVenue>,
  route: string | undefined,
  asked: ReturnType<typeof askedKeys>,
): StreamRoute {
  if (route === "private") return privateRoute(venue.listenKeys, asked, delivery);
  const marketOf = (symbol: string): PerpSymbol | undefined => venue.listings.get(symbol)?.market;
  return marketRoute(marketOf, delivery, route === "market" ? isMarketStream : isPublicStream);
}

/**
 * The documentation has unsigned integers only. The official SDK sends 32 hexadecimal digits, which
 * it would hardly do in vain; anything else is refused.
 */
function isControlId(id: unknown): boolean {
  if (typeof id === "string") return /^[0-9a-f]{32}$/.test(id);
  return typeof id === "number" && Number.isSafeInteger(id) && id >= 0;
}
