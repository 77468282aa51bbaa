/**
 * `bun bench/tick-to-trade.ts`: a book message in, an order message out, on loopback: the real
 * adapter, engine and runner on the wire venue, which is a process of its own. Prints a Markdown
 * table, each figure beside the bare echo of the same sizes in the same run.
 */

import { parseArgs } from "node:util";
import * as v from "valibot";
import { systemWorld } from "#runtime/world.ts";
import { binanceSpot } from "#venues/binance-spot/module.ts";
import { judged } from "./judged.ts";
import type { LivePairSetup } from "./live-pair.ts";
import { type LivePair, type LivePairFigures, startLivePair } from "./live-pair.ts";
import { KEYS, liveConfig, percentile } from "./live-setup.ts";
import type { FromLiveWorker, ToLiveWorker } from "./live-worker.ts";
import { startWireVenue, type WireVenue } from "./wire-client.ts";

interface Case {
  readonly name: string;
  readonly thread: "worker" | "main";
  readonly busyPoll: boolean;
  readonly key: keyof typeof KEYS;
  readonly ticks: number;
}

interface Figures extends LivePairFigures {
  readonly tickUs: readonly number[];
  readonly echoUs: readonly number[];
}

const TICKS = 20_000;
const CASES: readonly Case[] = [
  { name: "worker", thread: "worker", busyPoll: false, key: "ed25519", ticks: TICKS },
  { name: "worker, busyPoll", thread: "worker", busyPoll: true, key: "ed25519", ticks: TICKS },
  { name: "main thread", thread: "main", busyPoll: false, key: "ed25519", ticks: TICKS },
  { name: "main thread, busyPoll", thread: "main", busyPoll: true, key: "ed25519", ticks: TICKS },
  { name: "worker, HMAC", thread: "worker", busyPoll: false, key: "hmac", ticks: TICKS },
];
const WARM_UP = 2_000;
const BLOCK = 500;
const QUIET_MS = 0.5;
const LEAST_FOLLOWED = 0.99;

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    ticks: { type: "string" },
    quiet: { type: "string", default: String(QUIET_MS) },
  },
});
const Ticks = v.object({
  tickUs: v.array(v.number()),
  echoUs: v.array(v.number()),
});

const IN_PROCESS_US = 15;
const ECHO_RATIO = 1.5;

async function measure(subject: Case): Promise<Figures> {
  const venue = await startWireVenue();
  try {
    const pair = await start(subject, await setupOf(subject, venue));
    await venue.untilOpen(1, 20);
    const count = Number(values.ticks ?? subject.ticks);
    const query = `symbol=ETHUSDT&count=${count}&block=${BLOCK}&warmUp=${WARM_UP}`;
    const { tickUs, echoUs } = await venue.ask(`ticks?${query}&quietMs=${values.quiet}`, Ticks);
    const { inProcessUs, roundTripUs, orders } = await pair.finish();
    const followed = tickUs.filter((us) => us > 0);
    // A tick comes too early where a thread was held up: its orders wait for the answers before.
    if (followed.length < count * LEAST_FOLLOWED) {
      throw new Error(`${count - followed.length} of ${count} ticks without an order`);
    }
    const ours = { inProcessUs: inProcessUs.slice(-count), roundTripUs: roundTripUs.slice(-count) };
    return { tickUs: followed, echoUs, ...ours, orders };
  } finally {
    await venue.stop();
  }
}

async function setupOf({ key, busyPoll }: Case, venue: WireVenue): Promise<LivePairSetup> {
  const { urls, echoUrl } = venue;
  const [pair] = liveConfig(["ETH"], urls, 0).pairs;
  if (pair === undefined) throw new Error("the config has no pair");
  const credentials = { kind: "api-key", apiKey: "bench", secret: KEYS[key] } as const;
  const { desk, budgets } = await binanceSpot.openDesk({ urls, credentials }, systemWorld());
  const { data: market } = await desk.loadMarket("ETHUSDT");
  const link = {
    ...({ venue: "binance-spot", symbol: "ETHUSDT", urls, credentials, market, budgets } as const),
    orderPrefix: "mm",
    pairId: pair.id,
    sinceTradeId: null,
  };
  return { pair, link, echoUrl, busyPoll };
}

async function start({ thread }: Case, setup: LivePairSetup): Promise<LivePair> {
  if (thread === "main") return startLivePair(setup);
  const worker = new Worker(new URL("./live-worker.ts", import.meta.url));
  const started = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<LivePairFigures>();
  finished.promise.catch(() => undefined);
  worker.addEventListener("message", ({ data }: MessageEvent<FromLiveWorker>) => {
    if (data.kind === "started") started.resolve();
    else finished.resolve(data.figures);
  });
  worker.addEventListener("error", ({ message }) => {
    started.reject(new Error(message));
    finished.reject(new Error(message));
  });
  const post = (message: ToLiveWorker): void => worker.postMessage(message, []);
  post({ kind: "start", setup });
  await started.promise;
  return {
    finish: async () => {
      post({ kind: "finish" });
      const figures = await finished.promise;
      worker.terminate();
      return figures;
    },
  };
}

function row(name: string, { tickUs, echoUs, inProcessUs, roundTripUs, orders }: Figures): string {
  const ratio = percentile(tickUs, 0.5) / percentile(echoUs, 0.5);
  const inside = percentile(inProcessUs, 0.5);
  const cells = [
    name,
    threeOf(tickUs),
    threeOf(echoUs),
    judged(`${ratio.toFixed(2)} (≤ ${ECHO_RATIO})`, ratio <= ECHO_RATIO),
    judged(`${threeOf(inProcessUs)} (≤ ${IN_PROCESS_US})`, inside <= IN_PROCESS_US),
    threeOf(roundTripUs),
    (orders / (tickUs.length + WARM_UP)).toFixed(1),
  ];
  return `| ${cells.join(" | ")} |`;
}

function threeOf(samples: readonly number[]): string {
  return [0.5, 0.99, 0.999].map((part) => percentile(samples, part).toFixed(0)).join(" / ");
}

const HEAD = [
  "p50 / p99 / p99.9, µs",
  "tick → first order",
  "bare echo",
  "ratio of p50",
  "of it in process",
  "order → answer",
  "orders a tick",
];
console.log(`| ${HEAD.join(" | ")} |`);
console.log(`|${"---|".repeat(HEAD.length)}`);
for (const subject of CASES) {
  if (!subject.name.includes(values.only)) continue;
  console.log(row(subject.name, await measure(subject)));
}
