/**
 * A session: supervisor and control plane from start to the last order's end. `mm run` and
 * `mm demo` are this with different configs. Listens to signals; ends the process by itself only
 * where a second signal forces it.
 */

import { closeSync, openSync } from "node:fs";
import type { Config } from "#config/schema.ts";
import { type ControlServer, startControlServer } from "#control/server.ts";
import { InputError, InvariantError, MmError, messageOf } from "#domain/errors.ts";
import type { Log } from "#runtime/log.ts";
import { openOrders, type PairStatus } from "#runtime/pair-status.ts";
import { type StopReport, Supervisor } from "#runtime/supervisor.ts";
import type { Environment } from "#runtime/venue-access.ts";
import { spawnFeedWorker, spawnPairWorker } from "#runtime/worker-port.ts";
import { systemWorld } from "#runtime/world.ts";
import { venueModule } from "#venues/registry.ts";
import manifest from "../../package.json" with { type: "json" };

export interface SessionOptions {
  readonly config: Config;
  /** The file that a reload reads. */
  readonly configPath: string;
  readonly env: Environment;
  readonly log: Log;
  /** Once every pair quotes for the first time. */
  readonly onReady?: (controlUrl: string) => void;
}

/** The venue did not confirm that all our orders are gone. */
export class OrdersLeftError extends MmError {}

const EXIT_FORCED = 130;
/**
 * Shells and package managers pass Ctrl-C on to a program that heard of it already: so soon after
 * the first it is the same one.
 */
const SAME_SIGNAL_MS = 300;
const READY_POLL_MS = 100;
/** Enough for the last lines to be written. */
const END_WITHIN_MS = 500;

/**
 * Trades until a signal ends it, and comes back once no order of ours is open.
 * @throws {InputError} where it cannot start; {OrdersLeftError}; {InvariantError} if a bug ended it
 */
export async function runSession(options: SessionOptions): Promise<void> {
  const { config, configPath, env, log } = options;
  const { host, port } = config.control;
  const supervisor = new Supervisor({
    world: systemWorld(),
    log,
    env,
    spawn: spawnPairWorker,
    spawnFeed: spawnFeedWorker,
    venues: venueModule,
  });
  // First, so that a port in use is found before anything trades.
  const token = tokenOf(config, env);
  const { version } = manifest;
  const control = startControlServer({ desk: supervisor, version, log, host, port, token });
  const session = new Session(supervisor, control, log);
  try {
    session.listen();
    // A signal ends a start as well: what it still asks of a venue starts nothing any more.
    await Promise.race([session.start(config, configPath), session.ended]);
    const cancelWatch = session.watchReady(options.onReady);
    const fault = await session.ended;
    cancelWatch();
    await session.stop();
    if (fault !== null) throw new InvariantError(messageOf(fault.error), { cause: fault.error });
  } finally {
    await control.stop();
    session.ignore();
  }
}

/**
 * To be called last: an answer that a venue still owes us would keep the process for its time-out,
 * although all is said and done. Ends it with `process.exitCode` in a moment.
 */
export function endSoon(): void {
  setTimeout(() => process.exit(), END_WITHIN_MS).unref();
}

function tokenOf({ control: { tokenEnv } }: Config, env: Environment): string | null {
  if (tokenEnv === undefined) return null;
  const token = env[tokenEnv]?.trim() ?? "";
  if (token !== "") return token;
  throw new InputError("no-token", `the environment variable ${tokenEnv} is not set`, {
    where: "control.tokenEnv",
    hint: "set it to the token that calls must bring: openssl rand -hex 32 makes one",
  });
}

/** What ended a session that no signal did. */
interface Fault {
  readonly error: unknown;
}

class Session {
  readonly #supervisor: Supervisor;
  readonly #control: ControlServer;
  readonly #log: Log;
  readonly #ended = Promise.withResolvers<Fault | null>();
  readonly #hasTerminal = process.stderr.isTTY;
  #endedMs: number | null = null;

  constructor(supervisor: Supervisor, control: ControlServer, log: Log) {
    this.#supervisor = supervisor;
    this.#control = control;
    this.#log = log;
  }

  /** Null: by a signal. */
  get ended(): Promise<Fault | null> {
    return this.#ended.promise;
  }

  listen(): void {
    process.on("SIGINT", this.#onEnd).on("SIGTERM", this.#onEnd).on("SIGHUP", this.#onHangUp);
    process.on("uncaughtException", this.#onFault).on("unhandledRejection", this.#onFault);
  }

  ignore(): void {
    process.off("SIGINT", this.#onEnd).off("SIGTERM", this.#onEnd).off("SIGHUP", this.#onHangUp);
    process.off("uncaughtException", this.#onFault).off("unhandledRejection", this.#onFault);
  }

  async start(config: Config, configPath: string): Promise<void> {
    const url = this.#control.url;
    this.#say("info", "control", `the control plane listens on ${url}`, { url });
    try {
      await this.#supervisor.start(config, configPath);
    } catch (thrown) {
      // A signal came before it had started: that is no failure.
      if (this.#endedMs === null) throw thrown;
      return;
    }
    const count = config.pairs.length;
    const message = `mm ${manifest.version} started ${count} ${count === 1 ? "pair" : "pairs"}`;
    this.#say("info", "started", message);
  }

  /** Tells once that all is ready. @returns ends the watch */
  watchReady(onReady: SessionOptions["onReady"]): () => void {
    const timer = setInterval(() => {
      if (this.#endedMs !== null || !this.#supervisor.readiness().ready) return;
      clearInterval(timer);
      this.#say("info", "ready", "every pair quotes");
      onReady?.(this.#control.url);
    }, READY_POLL_MS);
    return () => clearInterval(timer);
  }

  /** Waits for the end. @throws {OrdersLeftError} */
  async stop(): Promise<void> {
    const report = await this.#supervisor.stop();
    if (!report.isClean) throw this.#ordersLeft(report);
    const isNone = report.pairs.length === 0;
    const message = "the venues confirm that no order of ours is open";
    this.#say("info", "stopped", isNone ? "nothing was started" : message);
  }

  /** Begins to stop, be it in the midst of starting. */
  #end(fault: Fault | null): void {
    if (this.#endedMs !== null) return;
    this.#endedMs = performance.now();
    const orders = this.#openOrders();
    const message = `stopping: cancelling ${orders} ${orders === 1 ? "order" : "orders"} …`;
    this.#say("info", "stopping", message, { orders });
    // Never rejects; `stop` waits for the same end.
    void this.#supervisor.stop();
    this.#ended.resolve(fault);
  }

  #ordersLeft({ pairs }: StopReport): OrdersLeftError {
    const lines = pairs
      .filter(({ left, problem }) => left.length > 0 || problem !== null)
      .map(({ id, left, problem }) => {
        const status = this.#supervisor.pair(id);
        const market = status === undefined ? "" : ` (${marketsOf(status)})`;
        const orders = left.length === 0 ? "" : `; orders ${left.join(", ")}`;
        return `  pair ${id}${market}: ${problem ?? "not confirmed to be gone"}${orders}`;
      });
    const message = ["orders may still be open at the venue:", ...lines, HOW_TO_CHECK].join("\n");
    return new OrdersLeftError("orders-left", message);
  }

  #openOrders(): number {
    return this.#supervisor.pairs().flatMap(openOrders).length;
  }

  readonly #onEnd = (): void => {
    const sinceMs = this.#endedMs === null ? 0 : performance.now() - this.#endedMs;
    if (sinceMs > SAME_SIGNAL_MS) this.#force();
    else this.#end(null);
  };

  #force(): void {
    const pairs = this.#supervisor.pairs().filter(({ state }) => state !== "stopped");
    const ids = pairs.map((pair) => `${pair.id} (${marketsOf(pair)})`).join(", ");
    this.#supervisor.kill();
    const message =
      pairs.length === 0 ? "forced to end" : `forced to end: orders may still be open of ${ids}`;
    this.#say("error", "forced", `${message}; ${HOW_TO_CHECK}`);
    process.exit(EXIT_FORCED);
  }

  readonly #onHangUp = (): void => {
    if (this.#hasTerminal && isTerminalGone()) this.#onEnd();
    else {
      this.#supervisor.reload().catch((thrown: unknown) => {
        this.#say("error", "reload-refused", `nothing was changed: ${messageOf(thrown)}`);
      });
    }
  };

  readonly #onFault = (error: unknown): void => {
    const stack = error instanceof Error ? (error.stack ?? null) : null;
    this.#say("error", "fault", `a bug of ours: ${messageOf(error)}`, { stack });
    this.#end({ error });
  };

  #say(
    level: "info" | "error",
    event: string,
    message: string,
    fields: Readonly<Record<string, string | number | null>> = {},
  ): void {
    this.#log({ level, pair: null, event, message, fields });
  }
}

/** Whether a hang-up came from a terminal that was closed, and not from someone's `kill -HUP`. */
function isTerminalGone(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return false;
  } catch {
    return true;
  }
}

/** Where a pair may have orders: `binance-spot:ETHUSDT, hedge binance-perp:ETHUSDT`. */
function marketsOf({ venue, symbol, hedge }: PairStatus): string {
  const own = `${venue}:${symbol}`;
  if (hedge === null) return own;
  const { position, baseAsset } = hedge;
  const held = position === "0" ? "" : `, position ${position} ${baseAsset}`;
  return `${own}, hedge ${hedge.venue}:${hedge.symbol}${held}`;
}

const HOW_TO_CHECK =
  "look at the account's open orders at the venue, conditional ones too, and cancel those whose " +
  "client id begins with mm- (at Hyperliquid: of the pair's coin, with a cloid)";
