/**
 * `bun bench/many-pairs.ts [--pairs 50] [--seconds 30]`: pairs in workers of their own under the
 * real supervisor, on the wire venue, at 20 book events a second each: CPU and memory of our
 * process, and how long its event loops are held up. Prints a Markdown table.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as v from "valibot";
import type { FromWorker } from "#runtime/messages.ts";
import { Supervisor } from "#runtime/supervisor.ts";
import { type SpawnWorker, spawnFeedWorker, workerPort } from "#runtime/worker-port.ts";
import { systemWorld } from "#runtime/world.ts";
import { venueModule } from "#venues/registry.ts";
import { judged } from "./judged.ts";
import { Lateness, type LatenessMessage } from "./lateness.ts";
import { KEYS, liveConfig, percentile } from "./live-setup.ts";
import { startWireVenue, type WireVenue } from "./wire-client.ts";

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "50" },
    seconds: { type: "string", default: "30" },
  },
});
const PAIRS = Number(values.pairs);
const DURATION_MS = Number(values.seconds) * 1_000;
/** Fifty threads compile the same code, each for itself. */
const WARM_UP_MS = 15_000;
const EVENT_EVERY_MS = 50;
const LEVELS = 20;
const STALL_MS = 50;
const MEMORY_MB = 600;

/** Warnings and errors of the run, by event. */
const problems = new Map<string, number>();

function count(event: string): void {
  problems.set(event, 1 + (problems.get(event) ?? 0));
}

const Market = v.object({ events: v.number(), orderMessages: v.number() });

const workersMs: number[] = [];
const bareMs: number[] = [];

/** As spawnPairWorker, with what the worker tells of its lateness taken out. */
const spawn: SpawnWorker = (name, listener) => {
  const worker = new Worker(new URL("./probed-worker.ts", import.meta.url), { name });
  return workerPort(worker, {
    ...listener,
    onMessage: (message: FromWorker | LatenessMessage) => {
      if (message.kind === "lateness") workersMs.push(...message.samplesMs);
      else listener.onMessage(message);
    },
  });
};

const Told = v.object({ samplesMs: v.array(v.number()) });

interface Load {
  readonly events: number;
  readonly orderMessages: number;
  readonly cpuPct: number;
  readonly rssMb: number;
  readonly mainMs: readonly number[];
}

async function load(venue: WireVenue): Promise<Load> {
  const folder = mkdtempSync(join(tmpdir(), "mm-bench-"));
  const ids = Array.from({ length: PAIRS }, (_, index) => `P${index}`);
  const supervisor = new Supervisor({
    world: systemWorld(),
    log: ({ level, event }) => {
      if (level === "warning" || level === "error") count(event);
    },
    env: { MM_BENCH_KEY: "bench", MM_BENCH_SECRET: KEYS.ed25519 },
    spawn,
    spawnFeed: spawnFeedWorker,
    venues: venueModule,
  });
  try {
    await supervisor.start(liveConfig(ids, venue.urls, 250), join(folder, "config.jsonc"));
    await venue.untilOpen(PAIRS, PAIRS * LEVELS);
    await venue.ask(`market?durationMs=${WARM_UP_MS}&everyMs=${EVENT_EVERY_MS}`, Market);
    const main = new Lateness(10);
    workersMs.length = 0;
    bareMs.length = 0;
    let rss = 0;
    const watch = setInterval(() => {
      rss = Math.max(rss, process.memoryUsage.rss());
    }, 500);
    const cpu = process.cpuUsage();
    const startMs = performance.now();
    const query = `durationMs=${DURATION_MS}&everyMs=${EVENT_EVERY_MS}`;
    const sent = await venue.ask(`market?${query}`, Market);
    const { user, system } = process.cpuUsage(cpu);
    const cpuPct = (user + system) / 10 / (performance.now() - startMs);
    clearInterval(watch);
    const mainMs = main.take();
    const quoting = supervisor.pairs().filter(({ state }) => state === "quoting").length;
    if (quoting < PAIRS) throw new Error(`${PAIRS - quoting} pairs do not quote`);
    return { ...sent, cpuPct, rssMb: rss / 1e6, mainMs };
  } finally {
    const { isClean } = await supervisor.stop();
    if (!isClean) count("not-clean");
    rmSync(folder, { recursive: true });
  }
}

const bare = Bun.spawn([process.execPath, join(import.meta.dir, "lateness.ts")], {
  stdout: "inherit",
  stderr: "inherit",
  ipc: (message) => bareMs.push(...v.parse(Told, message).samplesMs),
});
const venue = await startWireVenue();
try {
  const { events, orderMessages, cpuPct, rssMb, mainMs } = await load(venue);
  const perSecond = (total: number): string => ((total / DURATION_MS) * 1_000).toFixed(0);
  const late = (name: string, samples: readonly number[], budget: string): string =>
    `| ${name} | p99 ${percentile(samples, 0.99).toFixed(1)} ms, ` +
    `longest ${percentile(samples, 1).toFixed(1)} ms | ${budget} |`;
  const stall = (samples: readonly number[]): string =>
    judged(`${STALL_MS} ms`, percentile(samples, 1) <= STALL_MS);
  const rows = [
    `| ${PAIRS} pairs, ${DURATION_MS / 1_000} s | measured | budget |`,
    "|---|---|---|",
    `| book events, order messages | ${perSecond(events)}/s, ${perSecond(orderMessages)}/s | |`,
    `| CPU of our process | ${cpuPct.toFixed(0)} % of a core | |`,
    `| memory (RSS) | ${rssMb.toFixed(0)} MB | ${judged(`${MEMORY_MB} MB`, rssMb < MEMORY_MB)} |`,
    late("timers of the main thread, late by", mainMs, stall(mainMs)),
    late("timers of the workers, late by", workersMs, stall(workersMs)),
    late("floor: a process that does nothing else, late by", bareMs, ""),
  ];
  console.log(rows.join("\n"));
  for (const [event, times] of problems) console.error(`${event}: ${times} times`);
} finally {
  await venue.stop();
  bare.kill();
  await bare.exited;
}
process.exit(0);
