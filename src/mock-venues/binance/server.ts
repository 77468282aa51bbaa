/**
 * The server of a mock venue of Binance: REST, WebSocket API, streams and the admin endpoint on one
 * port of this machine, with faults on order. Which venue it is, it is handed. May import domain,
 * net and this folder.
 */

import { type ConnectionRules, Connections } from "../connections.ts";
import { FaultyDelivery } from "../fault-actions.ts";
import { type FaultRules, parseFaultScript } from "../fault-script.ts";
import { Faults } from "../faults.ts";
import { listen } from "../listen.ts";
import type { ApiRules, ApiVenue, Dialect } from "./api.ts";
import type { ApiKeySetup } from "./credentials.ts";
import { type CommonSwitches, commonSwitches, type Opener, upgrade, type World } from "./front.ts";
import type { LimitSpec } from "./rate-limits.ts";

/** What every mock venue of the family is started with. */
export interface ServerOptions {
  /** Default: 0, any free port. */
  readonly port?: number;
  /** Default: 127.0.0.1 */
  readonly hostname?: string;
  readonly keys: readonly ApiKeySetup[];
  /** Paid in, plain decimals by asset. */
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

export interface BinanceServer<Status extends string, Venue, Switches> {
  /** Base address of REST and of the admin endpoint, without a trailing slash. */
  readonly url: string;
  /** Whole address of the WebSocket API. */
  readonly wsApiUrl: string;
  /** Base address of the streams. */
  readonly streamUrl: string;
  readonly venue: Venue;
  readonly faults: Faults<Status>;
  readonly switches: Switches;
  /** Ends every connection and the market. */
  readonly stop: () => Promise<void>;
}

/** What is used of a BinanceVenue. */
interface ServedVenue<Status extends string> extends ApiVenue {
  start(): void;
  stop(): void;
  setStatus(status: Status, symbol?: string): void;
}

type Served<Status extends string, Venue extends ApiVenue, Switches> = ApiRules<Venue> & {
  readonly faults: Faults<Status>;
  readonly switches: Switches;
};

/** What makes it one venue of the family. */
export interface ServerKind<
  Status extends string,
  Venue extends ServedVenue<Status>,
  Switches extends CommonSwitches<Status>,
> {
  readonly faultRules: FaultRules<Status>;
  readonly dialect: Dialect;
  readonly pings: ConnectionRules["pings"];
  /** The path of the WebSocket API, and what a connection to it weighs. */
  readonly wsApi: { readonly path: string; readonly weight: number };
  /** @param nowMs the venue's clock: the world's and its skew */
  readonly build: (nowMs: () => number) => Venue;
  readonly switchesOf: (common: CommonSwitches<Status>, venue: Venue) => Switches;
  /** How to serve the socket that a path asks for; undefined where it is no path of a socket. */
  readonly socketOf: (rules: ApiRules<Venue>, url: URL) => Opener | undefined;
  /** Every other request. */
  readonly answer: (rules: Served<Status, Venue, Switches>, request: Request) => Promise<Response>;
}

const DAY_MS = 86_400_000;

/**
 * Starts the venue; its markets are open when this resolves.
 * @throws {InputError} `bad-faults`, and whatever `build` throws
 * @throws {Error} with code EADDRINUSE where the port is taken
 */
export async function serve<
  Status extends string,
  Venue extends ServedVenue<Status>,
  Switches extends CommonSwitches<Status>,
>(
  options: ServerOptions,
  kind: ServerKind<Status, Venue, Switches>,
): Promise<BinanceServer<Status, Venue, Switches>> {
  const { world, connectionLifetimeMs: lifetimeMs = DAY_MS, eventBeforeResponse = false } = options;
  const { timers } = world;
  const { dialect, faultRules, pings, wsApi } = kind;
  // Checked before a port is opened.
  if (options.faults !== undefined) parseFaultScript(options.faults, "faults", faultRules);
  const clock = { skewMs: 0 };
  const venue = kind.build(() => world.nowMs() + clock.skewMs);
  const common = {
    ...commonSwitches(timers, clock, () => connections),
    setStatus: (status: Status, symbol?: string) => venue.setStatus(status, symbol),
  };
  const switches = kind.switchesOf(common, venue);
  const faults = new Faults(faultRules, timers, switches);
  const delivery = new FaultyDelivery(faults, timers);
  const connections = new Connections({ timers, delivery, pings, maxSilenceMs: null, lifetimeMs });
  const rules = { venue, dialect, timers, faults, delivery, switches, eventBeforeResponse };
  const server = listen(options, connections, async (request, bunServer) => {
    const url = new URL(request.url);
    const open = kind.socketOf(rules, url);
    if (open === undefined) return kind.answer(rules, request);
    const weight = url.pathname === wsApi.path ? wsApi.weight : 0;
    return upgrade(venue.limits, request, bunServer, { open, weight });
  });
  const stop = async (): Promise<void> => {
    faults.clear();
    venue.stop();
    connections.cutAll();
    await server.stop(true);
  };
  try {
    venue.start();
    if (options.faults !== undefined) faults.arm(options.faults, "faults");
  } catch (error) {
    await stop();
    throw error;
  }
  const address = `${server.hostname ?? "127.0.0.1"}:${server.port ?? 0}`;
  return {
    url: `http://${address}`,
    wsApiUrl: `ws://${address}${wsApi.path}`,
    streamUrl: `ws://${address}`,
    venue,
    faults,
    switches,
    stop,
  };
}
