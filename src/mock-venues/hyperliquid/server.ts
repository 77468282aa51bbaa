/**
 * The mock venue of Hyperliquid perps: `POST /info`, `POST /exchange` and `/ws` on one port of this
 * machine, in front of simulated exchanges. Nothing of it talks to the real venue. May import
 * domain, net and this folder.
 */

import { InputError } from "#domain/errors.ts";
import { type Connection, Connections } from "../connections.ts";
import { FaultyDelivery } from "../fault-actions.ts";
import { parseFaultScript } from "../fault-script.ts";
import { Faults } from "../faults.ts";
import { listen, type MockServer } from "../listen.ts";
import { UserStream } from "../user-stream.ts";
import { type AdminSwitches, answerAdmin } from "./admin.ts";
import type { HlCoin } from "./coin.ts";
import { Desk } from "./desk.ts";
import { type ChainStatus, HYPERLIQUID_FAULTS } from "./fault-rules.ts";
import { HYPERLIQUID_LIMITS, type IpLimitSpec, IpLimits } from "./ip-limits.ts";
import { answerRest } from "./rest.ts";
import { Streams } from "./streams.ts";
import { HlMockVenue, type HlMockVenueOptions, type HlUserEvent } from "./venue.ts";
import { WsSession } from "./ws-session.ts";

export interface MockHyperliquidOptions extends HlMockVenueOptions {
  /** Default: 0, any free port. */
  readonly port?: number;
  /** Default: 127.0.0.1 */
  readonly hostname?: string;
  /** Of an address of the internet; default: those of the real venue. */
  readonly limits?: Partial<IpLimitSpec>;
  /**
   * Whether posts over sockets weigh as much as REST calls. It is not documented: by default they
   * do, so that whoever keeps within the limits here keeps within them there.
   */
  readonly postsWeigh?: boolean;
  /** It cuts a socket that it has sent nothing for so long. Default: 60 s */
  readonly maxSilenceMs?: number;
  /** A fault script; see fault-script.ts. */
  readonly faults?: unknown;
}

export interface MockHyperliquid {
  /** Base address of REST and of the admin endpoint, without a trailing slash. */
  readonly url: string;
  /** Whole address of the WebSocket. */
  readonly wsUrl: string;
  readonly venue: HlMockVenue;
  readonly limits: IpLimits;
  readonly faults: Faults<ChainStatus>;
  /** The market of a coin, to move it by hand. */
  readonly market: (coin: string) => HlCoin;
  readonly switches: AdminSwitches;
  /** Ends every connection and the market. */
  readonly stop: () => Promise<void>;
}

const WS_PATH = "/ws";
const MAX_SILENCE_MS = 60_000;

/**
 * Starts the venue; its markets are open when this resolves.
 * @throws {InputError} `bad-account`, `bad-faults`
 * @throws {Error} with code EADDRINUSE where the port is taken
 */
export async function startMockHyperliquid(
  options: MockHyperliquidOptions,
): Promise<MockHyperliquid> {
  const { world } = options;
  const { timers } = world;
  // Checked before a port is opened.
  if (options.faults !== undefined) parseFaultScript(options.faults, "faults", HYPERLIQUID_FAULTS);
  const clock = { skewMs: 0 };
  const nowMs = (): number => world.nowMs() + clock.skewMs;
  const venue = new HlMockVenue({ ...options, world: { ...world, nowMs } });
  const limits = new IpLimits({ ...HYPERLIQUID_LIMITS, ...options.limits }, () =>
    timers.elapsedMs(),
  );
  const events = new UserStream<HlUserEvent>(() => []);
  venue.onUserEvent((event) => events.push(event));
  const desk = new Desk({ venue, limits, events, postsWeigh: options.postsWeigh ?? true });
  const streams = new Streams({ venue, events, timers, blockMs: venue.rules.blockMs });
  const switches: AdminSwitches = {
    setClockSkew: (skewMs) => {
      clock.skewMs = skewMs;
    },
    setStatus: (status) => setStatus(venue, desk, status),
    // The venue tells nobody before it goes.
    shutDown: (graceMs) => {
      timers.after(graceMs, () => connections.cutAll());
    },
    disconnectAll: () => connections.cutAll(),
    connectionCount: () => connections.count,
  };
  const faults = new Faults(HYPERLIQUID_FAULTS, timers, switches);
  const delivery = new FaultyDelivery(faults, timers);
  const maxSilenceMs = options.maxSilenceMs ?? MAX_SILENCE_MS;
  const keeping = { pings: null, maxSilenceMs, lifetimeMs: null };
  const connections = new Connections({ timers, delivery, ...keeping });
  const rules = { venue, desk, streams, limits, timers, faults, delivery, switches };
  const server = listen(options, connections, async (request, bunServer) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/mock")) return answerAdmin(rules, request);
    if (pathname !== WS_PATH) return answerRest(rules, request);
    return upgrade(limits, request, bunServer, (connection) => new WsSession(rules, connection));
  });
  const stop = async (): Promise<void> => {
    faults.clear();
    streams.stop();
    venue.stop();
    connections.cutAll();
    await server.stop(true);
  };
  try {
    venue.start();
    streams.start();
    if (options.faults !== undefined) faults.arm(options.faults, "faults");
  } catch (error) {
    await stop();
    throw error;
  }
  const address = `${server.hostname ?? "127.0.0.1"}:${server.port ?? 0}`;
  return {
    url: `http://${address}`,
    wsUrl: `ws://${address}${WS_PATH}`,
    venue,
    limits,
    faults,
    market: (name) => marketOf(venue, name),
    switches,
    stop,
  };
}

function setStatus(venue: HlMockVenue, desk: Desk, status: ChainStatus): void {
  desk.status = status;
  venue.isPostOnlyPeriod = status === "POST_ONLY";
  for (const coin of venue.coins) {
    if (status === "HALT") coin.halt();
    else coin.resume();
  }
}

/** @throws {InputError} `unknown-symbol` */
function marketOf(venue: HlMockVenue, name: string): HlCoin {
  const coin = venue.coin(name);
  if (coin !== undefined) return coin;
  const hint = `it lists ${venue.coins.map((listed) => listed.name).join(", ")}`;
  throw new InputError("unknown-symbol", `${JSON.stringify(name)} is not listed`, { hint });
}

function upgrade(
  limits: IpLimits,
  request: Request,
  server: MockServer,
  open: (connection: Connection) => WsSession,
): Response | undefined {
  if (limits.isRefusing || !limits.connect()) return new Response("", { status: 429 });
  if (server.upgrade(request, { data: { open, connection: null } })) return undefined;
  limits.disconnect();
  return new Response("This path is for WebSockets.", { status: 426 });
}
