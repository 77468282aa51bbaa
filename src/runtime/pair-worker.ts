/**
 * The entry of a pair's worker thread: takes `start`, runs the pair, tells its state every 250 ms
 * (which is its heartbeat) and answers requests. Whatever goes wrong is told as `failed`, and the
 * thread ends with it: sockets close, and the supervisor sweeps and starts another. Signals never
 * reach it.
 */

import { loadStrategy } from "#config/load-strategy.ts";
import type { PairConfig } from "#config/schema.ts";
import { MmError, messageOf } from "#domain/errors.ts";
import type { VenueConnection } from "#ports/venue.ts";
import { venueModule } from "#venues/registry.ts";
import type { LegName } from "./legs.ts";
import type { ErrorMessage, FromWorker, LegStart, PairStart, ToWorker } from "./messages.ts";
import { PairRunner } from "./pair-runner.ts";
import { PaperConnection } from "./paper-venue.ts";
import { systemWorld } from "./world.ts";

const STATUS_INTERVAL_MS = 250;

const world = systemWorld();
const { promise: started, resolve: onStarted } = Promise.withResolvers<Running>();

interface Running {
  readonly runner: PairRunner;
  readonly configDir: string;
}

// A rejection that nobody handles comes as an error too.
addEventListener("error", (event) => {
  event.preventDefault();
  fail(event instanceof ErrorEvent ? (event.error ?? event.message) : "an error without a word");
});

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  (data.kind === "start" ? start(data) : answer(data)).catch(fail);
});

async function start(message: PairStart): Promise<void> {
  const { pair, configDir, epoch, quote, hedge, busyPoll, commands } = message;
  const strategy = await loadStrategy(pair, configDir);
  const runner = new PairRunner({
    pair,
    strategy,
    connection: connectionOf(pair, "quote", quote),
    position: quote.position,
    hedge:
      hedge === null
        ? null
        : { connection: connectionOf(pair, "hedgeOn", hedge), position: hedge.position },
    epoch,
    busyPoll,
    world,
    listener: {
      onAlert: (alert) => tell({ kind: "alert", alert }),
      onAudit: (record) => {
        if (record.kind !== "order") tell({ kind: "audit", record });
      },
      onFailure: fail,
    },
  });
  // Before it can place a first order.
  for (const command of commands) runner.command(command);
  setInterval(() => tell({ kind: "status", status: runner.status() }), STATUS_INTERVAL_MS);
  tell({ kind: "status", status: runner.status() });
  onStarted({ runner, configDir });
  await runner.start();
}

function connectionOf(pair: PairConfig, leg: LegName, { link, feed }: LegStart): VenueConnection {
  const venue = venueModule(link.venue);
  const shared = feed ?? undefined;
  return pair.mode === "live"
    ? venue.connect(link, world, shared)
    : new PaperConnection(venue.openMarket(link, world, shared), pair, world, leg);
}

type Request = Exclude<ToWorker, { readonly kind: "start" }>;

/** Requests that come while the pair is being built are carried out in order once it is. */
async function answer(request: Request): Promise<void> {
  const { runner, configDir } = await started;
  if (request.kind === "stop") {
    const { left } = await runner.stop();
    tell({ kind: "stopped", left, status: runner.status() });
    return;
  }
  try {
    if (request.kind === "command") runner.command(request.command);
    else await runner.update(request.pair, await loadStrategy(request.pair, configDir));
  } catch (thrown) {
    if (!(thrown instanceof MmError)) throw thrown;
    tell({ kind: "refused", id: request.id, error: errorMessage(thrown) });
    return;
  }
  tell({ kind: "done", id: request.id, status: runner.status() });
}

function tell(message: FromWorker): void {
  postMessage(message);
}

/** The last word of this thread: nothing of it goes on. */
function fail(thrown: unknown): void {
  const stack = thrown instanceof Error ? (thrown.stack ?? "") : "";
  tell({ kind: "failed", error: errorMessage(thrown), stack });
  process.exit(1);
}

function errorMessage(thrown: unknown): ErrorMessage {
  const code = thrown instanceof MmError ? thrown.code : "unexpected";
  return { code, message: messageOf(thrown) };
}
