/**
 * `bun bench/fault-run.ts [--venue binance-spot|hyperliquid] [--minutes 10] [--each 20] [--seed 7]
 * [--every 1000] [--calm] [--left 2600]`: one pair, live in its worker, against the mock venue on a
 * recorded market while things go wrong at random; so long, and until each kind of fault has struck
 * so often (twice as long at most). At the end the venue's books and ours are compared. Prints a
 * report; exit 1 where an invariant broke.
 *
 * Checked while it runs, each second: no order of ours at the venue that we do not know (two looks
 * apart), no quote resting on a book older than its guard. At the end: inventory and balances are
 * the venue's to the last digit, each of its executions is booked once, no rate limit was passed,
 * nothing of ours is left open, foreign orders are untouched.
 */

import { mkdtempSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadConfig } from "#config/load.ts";
import { Supervisor } from "#runtime/supervisor.ts";
import { spawnFeedWorker, spawnPairWorker } from "#runtime/worker-port.ts";
import { systemWorld } from "#runtime/world.ts";
import { venueModule } from "#venues/registry.ts";
import { binanceSpotStage } from "./fault-binance-spot.ts";
import { hyperliquidStage } from "./fault-hyperliquid.ts";
import type { FaultStage, StageOptions } from "./fault-stage.ts";

const RESTING: ReadonlySet<string> = new Set(["open", "partially-filled"]);
type Open = (options: StageOptions) => Promise<FaultStage>;
const STAGES: ReadonlyMap<string, Open> = new Map<string, Open>([
  ["binance-spot", binanceSpotStage],
  ["hyperliquid", hyperliquidStage],
]);

const { values } = parseArgs({
  options: {
    venue: { type: "string", default: "binance-spot" },
    minutes: { type: "string", default: "10" },
    each: { type: "string", default: "20" },
    seed: { type: "string", default: "7" },
    every: { type: "string", default: "1000" },
    left: { type: "string", default: "2600" },
    calm: { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
  },
});

const open = STAGES.get(values.venue);
if (open === undefined) throw new Error(`--venue is one of ${[...STAGES.keys()].join(", ")}`);
const stage = await open({
  seed: Number(values.seed),
  minutes: Number(values.minutes),
  requestsLeft: Number(values.left),
});
const { pairId, foreignId } = stage;
const folder = mkdtempSync(join(tmpdir(), "mm-fault-run-"));
const configPath = join(folder, "config.jsonc");
await writeFile(configPath, JSON.stringify({ stateDir: folder, ...stage.config }));
const { config } = await loadConfig(configPath);

const problems: string[] = [];
const told = new Map<string, number>();
const supervisor = new Supervisor({
  world: systemWorld(),
  log: ({ level, event, message, fields }) => {
    const key = `${level} ${event}`;
    told.set(key, (told.get(key) ?? 0) + 1);
    if (values.verbose || level === "error") {
      console.log(new Date().toISOString().slice(11, 23), level, event, message, fields ?? "");
    }
  },
  env: stage.env,
  spawn: spawnPairWorker,
  spawnFeed: spawnFeedWorker,
  venues: venueModule,
});
await supervisor.start(config, configPath);
const deadline = Date.now() + 15_000;
while (!supervisor.readiness().ready && Date.now() < deadline) await Bun.sleep(100);
if (!supervisor.readiness().ready) problems.push("not ready within 15 s");
stage.placeForeign();
if (!values.calm) stage.armRandom(Number(values.seed), Number(values.every));

const startMs = Date.now();
const endMs = startMs + Number(values.minutes) * 60_000;
const lastMs = endMs + Number(values.minutes) * 60_000;
let strangers = new Set<string>();
/** Of our book, while a quote rested whose cancel was not under way. */
let oldestQuotedBookMs = 0;
let wasOverdue = false;
let shutMs = 0;
let samples = 0;
let quoting = 0;
const rarest = (): number => Math.min(...stage.faultCounts().values());
const isOver = (): boolean => {
  const wantsMore = !values.calm && rarest() < Number(values.each) && Date.now() < lastMs;
  return Date.now() >= endMs && !wantsMore;
};
while (!isOver()) {
  await Bun.sleep(1000);
  samples += 1;
  const ids = stage.openIds();
  const status = supervisor.pair(pairId);
  stage.onSecond?.(samples, status);
  if (status?.state === "quoting" && status.orders.length > 0) quoting += 1;
  const stale = status?.guards.find(({ id }) => id === "stale-book");
  const resting = status?.orders.filter(({ status: is }) => RESTING.has(is)) ?? [];
  if (stale !== undefined && resting.length > 0) {
    oldestQuotedBookMs = Math.max(oldestQuotedBookMs, Number(stale.value));
  }
  // A pull that the venue refused is sent again each second. While it refuses everything (429 and
  // 418 mean cancels too), nobody can take an order away.
  if (stage.isShut()) shutMs = Date.now();
  const canCancel = Date.now() - shutMs > 2_000;
  const isOverdue = stale?.tripped === true && resting.length > 0 && canCancel;
  if (isOverdue && wasOverdue) {
    const { trading, roundTripMs } = status?.connection ?? {};
    const way = `trading ${trading}, round trip ${JSON.stringify(roundTripMs)}`;
    problems.push(`${resting.length} quotes rest on a book that is ${stale.value} ms old: ${way}`);
  }
  wasOverdue = isOverdue;
  const known = new Set(status?.orders.map(({ clientOrderId }) => clientOrderId));
  const unknown = new Set(ids.filter((id) => id.startsWith(`mm-${pairId}-`) && !known.has(id)));
  for (const id of unknown) {
    if (strangers.has(id)) problems.push(`${id} is open at the venue and unknown to us`);
  }
  strangers = unknown;
  if (!ids.includes(foreignId)) problems.push("the foreign order is gone");
  if (values.verbose || samples % 30 === 0) {
    const counts = `ours ${known.size}, at the venue ${ids.length}, fills ${status?.fills}`;
    console.log(`${samples} s  ${status?.state}  ${counts}`, status?.reasons.join("; ") ?? "");
    const used = status?.connection?.budgets.map(
      ({ name, used: of, limit }) => `${name} ${of}/${limit}`,
    );
    if (values.verbose) console.log(`  ${status?.connection?.trading}`, used?.join(", "));
  }
}
if (!values.calm && rarest() < Number(values.each)) {
  problems.push(`a kind of fault struck ${rarest()} times only`);
}
stage.clearFaults();
// Whatever was under way is resolved before the books are compared.
await Bun.sleep(15_000);
const last = supervisor.pair(pairId);
const ready = supervisor.readiness();
if (!ready.ready) problems.push(`not ready 15 s after the last fault: ${ready.reasons.join("; ")}`);
const report = await supervisor.stop();
if (!report.isClean) problems.push(`not clean at the end: ${JSON.stringify(report.pairs)}`);
const end = supervisor.pair(pairId) ?? last;
const left = stage.openIds().filter((id) => id !== foreignId);
if (left.length > 0) problems.push(`left open: ${left.join(", ")}`);

if (stage.overruns() > 0) problems.push(`${stage.overruns()} requests passed a limit of the venue`);
const fills = stage.fillCount();
if (end?.fills !== fills) problems.push(`fills: ours ${end?.fills}, the venue's ${fills}`);
for (const { what, venue, ours } of end === undefined ? [] : stage.changes(end)) {
  console.log(`${what}: the venue's change ${venue.toFixed()}, ours ${ours.toFixed()}`);
  if (!venue.eq(ours)) problems.push(`${what} differs`);
}
console.log(
  `${Math.round((Date.now() - startMs) / 1000)} s, quoting in ${quoting} of ${samples} samples; ` +
    `fills ${end?.fills}; restarts ${end?.restarts}`,
);
console.log(`oldest book under a resting quote: ${oldestQuotedBookMs.toFixed(0)} ms`);
console.log("actions", JSON.stringify(end?.actions));
console.log("connection", JSON.stringify(end?.connection));
console.log("faults", JSON.stringify(Object.fromEntries(stage.faultCounts())));
console.log("log", JSON.stringify(Object.fromEntries(told)));
for (const line of stage.report?.() ?? []) console.log(line);
console.log(problems.length === 0 ? "every invariant held" : problems.join("\n"));
await stage.stop();
process.exit(problems.length === 0 ? 0 : 1);
