/**
 * The mock venue of Binance Spot: REST, WebSocket API and market streams on one port of this
 * machine, in front of simulated exchanges. Nothing of it talks to the real venue. May import net,
 * sim and this folder.
 */

import type { Rng } from "#domain/rng.ts";
import type { Timers } from "#net/timers.ts";
import type { ExchangeEvent } from "#sim/order-reports.ts";
import type { Wallet } from "#sim/wallet.ts";
import { type Connection, Connections, type SocketHandler } from "../connections.ts";
import { FaultyDelivery } from "../fault-actions.ts";
import { parseFaultScript } from "../fault-script.ts";
import { Faults } from "../faults.ts";
import { listen, type MockServer } from "../listen.ts";
import { type Listing, MockAccount } from "./account.ts";
import { type AdminSwitches, answerAdmin } from "./admin.ts";
import { ApiError } from "./api-error.ts";
import { type ApiKeySetup, Credentials } from "./credentials.ts";
import { BINANCE_SPOT_FAULTS } from "./fault-rules.ts";
import type { MarketFront, SymbolStatus } from "./market-front.ts";
import { StreamSession } from "./market-streams.ts";
import { BINANCE_LIMITS, type LimitSpec, RateLimits } from "./rate-limits.ts";
import { answerRest } from "./rest.ts";
import { Venue } from "./venue.ts";
import { WsApiSession } from "./ws-api.ts";

/** Time and chance, handed in. */
export interface World {
  readonly timers: Timers;
  /** Wall clock, epoch milliseconds. */
  readonly nowMs: () => number;
  readonly rng: Rng;
}

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

const DAY_MS = 86_400_000;
const PINGS = { everyMs: 20_000, pongWithinMs: 60_000 };
const CONNECT_WEIGHT = 2;
const WS_API_PATH = "/ws-api/v3";
const STREAM_MESSAGES_PER_SECOND = 5;
const MAX_STREAMS = 1024;
const ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const ID_LENGTH = 22;

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
    setClockSkew: (skewMs) => {
      clock.skewMs = skewMs;
    },
    setStatus: (status, symbol) => setStatus(markets, status, symbol),
    shutDown: (graceMs) => {
      const told = connections.noticeAll();
      // Those made since are with a server that stays.
      timers.after(graceMs, () => {
        for (const connection of told) connection.cut();
      });
    },
    disconnectAll: () => connections.cutAll(),
    connectionCount: () => connections.count,
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
  const rules = { venue, timers, faults, delivery, switches, eventBeforeResponse };
  const server = listen(options, connections, async (request, bunServer) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/mock")) return answerAdmin(rules, request);
    const open = socketOf(rules, request);
    if (open !== undefined) return upgrade(venue, request, bunServer, open);
    return answerRest(rules, request);
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
  const limits = new RateLimits(options.limits ?? BINANCE_LIMITS, nowMs);
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

function randomIds(rng: Rng): () => string {
  const letter = (): string => ID_LETTERS.charAt(rng.integer(ID_LETTERS.length));
  return () => Array.from({ length: ID_LENGTH }, letter).join("");
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

type Opener = (connection: Connection) => SocketHandler;

/** How to serve the socket that a path asks for; undefined where it is no path of a socket. */
function socketOf(
  rules: ConstructorParameters<typeof WsApiSession>[0],
  request: Request,
): Opener | undefined {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === WS_API_PATH) {
    const returnsLimits = searchParams.get("returnRateLimits") !== "false";
    return (connection) => new WsApiSession(rules, connection, returnsLimits);
  }
  const isCombined = pathname === "/stream";
  if (!isCombined && !/^\/ws(?:\/|$)/.test(pathname)) return undefined;
  const list = isCombined ? (searchParams.get("streams") ?? "") : pathname.slice("/ws/".length);
  const names = list.split("/").filter((name) => name !== "");
  const limits = {
    maxMessagesPerSecond: STREAM_MESSAGES_PER_SECOND,
    maxStreams: MAX_STREAMS,
  };
  return (connection) =>
    new StreamSession({ ...rules, ...limits }, connection, { isCombined, names });
}

function upgrade(
  venue: Venue,
  request: Request,
  server: MockServer,
  open: Opener,
): Response | undefined {
  const refusal = connectionRefusal(venue, request);
  if (refusal !== undefined) return refusal;
  if (server.upgrade(request, { data: { open, connection: null } })) return undefined;
  return Response.json({ code: -1000, msg: "This path is for WebSockets." }, { status: 426 });
}

/** Too many connections, a ban, or a form of messages that is not simulated. */
function connectionRefusal({ limits }: Venue, request: Request): Response | undefined {
  const url = new URL(request.url);
  if (url.searchParams.get("timeUnit")?.toUpperCase() === "MICROSECOND") {
    const msg = "The mock venue tells times in milliseconds only.";
    return Response.json({ code: -1194, msg }, { status: 400 });
  }
  const status = limits.isBanned ? 418 : 429;
  if (!limits.connect()) {
    return Response.json({ code: -1003, msg: "Too many connections." }, { status });
  }
  if (url.pathname !== WS_API_PATH) return undefined;
  try {
    limits.useWeight(CONNECT_WEIGHT);
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { code, message } = error;
    return Response.json({ code, msg: message }, { status: error.status });
  }
}
