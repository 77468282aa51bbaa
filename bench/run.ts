/**
 * `bun run bench [--write | --only core|tapes|signing|live|pairs]`: measures the core, backtests of
 * recorded tapes, signatures, the live path on loopback and fifty pairs at once, and prints tables;
 * `--write` also makes docs/benchmarks.md of them. Medians. Budgets are design limits, held against
 * what was measured.
 */

import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { run } from "mitata";
import { ledgerFill, plannerRun, quietBookEvent, requote, volatilitySample } from "./core.ts";
import { judged } from "./judged.ts";
import { marketParsing } from "./market-parsing.ts";
import { orderEconomy } from "./order-economy.ts";
import { tapeThroughput } from "./throughput.ts";

/** What is aimed at: nanoseconds at most, or millions of rows a second at least. */
const BUDGETS: readonly (readonly [RegExp, string, (value: number) => boolean])[] = [
  [/nothing to do/, "300 ns", (ns) => ns <= 300],
  [/re-quote 2×10 with plan, mid/, "10 µs", (ns) => ns <= 10_000],
  [/matching alone/, "40 M/s", (rows) => rows >= 40],
  [/engine, queue and latency/, "8 M/s", (rows) => rows >= 8],
];

/** Each makes its table, or tables. */
const PARTS = {
  core: coreTable,
  tapes: tapeTables,
  signing: () => printedBy("hyperliquid-signing.ts"),
  live: () => printedBy("tick-to-trade.ts"),
  pairs: () => printedBy("many-pairs.ts"),
} as const;
type Part = keyof typeof PARTS;

const { values } = parseArgs({
  options: { write: { type: "boolean", default: false }, only: { type: "string" } },
});
const names: readonly Part[] = ["core", "tapes", "signing", "live", "pairs"];
const chosen = names.filter((name) => values.only === undefined || values.only === name);
if (chosen.length === 0) throw new Error(`--only: one of ${names.join(", ")}`);
if (values.write && chosen.length < names.length) throw new Error("--write needs all parts");

const tables = new Map<Part, string>();
for (const name of chosen) {
  const table = await PARTS[name]();
  console.log(table, "\n");
  tables.set(name, table);
}
if (values.write) {
  await writeFile(join(import.meta.dir, "..", "docs", "benchmarks.md"), page());
}

async function coreTable(): Promise<string> {
  quietBookEvent();
  volatilitySample();
  plannerRun(10);
  plannerRun(100);
  ledgerFill();
  marketParsing();
  const { benchmarks } = await run({ format: "quiet", throw: true });
  const rows: string[][] = [];
  for (const { alias, runs } of benchmarks) {
    const stats = runs[0]?.stats;
    if (stats === undefined) continue;
    const { p50, p99 } = stats;
    rows.push([alias, nanoseconds(p50), `p99 ${nanoseconds(p99)}`, budgetOf(alias, p50)]);
  }
  for (const { name, p50, p99, note } of [
    requote("engine: re-quote 2×10 with plan, mid moved one bin", 10, 40),
    requote("engine: re-quote 2×10 with plan, every order moved", 10, 17),
    requote("engine: re-quote 2×100 with plan, mid moved one bin", 100, 40),
  ]) {
    const beside = `p99 ${nanoseconds(p99)}; ${note}`;
    rows.push([name, nanoseconds(p50), beside, budgetOf(name, p50)]);
  }
  return tableOf(rows);
}

async function tapeTables(): Promise<string> {
  const tapes = [...(await tapeThroughput("eth")), ...(await tapeThroughput("btc"))];
  const rows = tapes.map(({ name, rowsPerMicrosecond, note }) => {
    const figure = `${rowsPerMicrosecond.toFixed(1)} M rows/s`;
    return [name, figure, note, budgetOf(name, rowsPerMicrosecond)];
  });
  return [tableOf(rows), await orderEconomy("eth"), await orderEconomy("btc")].join("\n\n");
}

/** In a process of its own, so that its memory and its compiled code are its own. */
async function printedBy(file: string): Promise<string> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, file)], { stderr: "inherit" });
  const text = await child.stdout.text();
  if ((await child.exited) !== 0) throw new Error(`${file} has failed`);
  return text.trim();
}

function tableOf(rows: readonly (readonly string[])[]): string {
  return [
    "| what | median | beside it | budget |",
    "|---|---|---|---|",
    ...rows.map((row) => `| ${row.join(" | ")} |`),
  ].join("\n");
}

function nanoseconds(value: number): string {
  return value >= 1_000 ? `${(value / 1_000).toFixed(2)} µs` : `${value.toFixed(0)} ns`;
}

/** The budget of a figure, and whether this run missed it. */
function budgetOf(name: string, value: number): string {
  const budget = BUDGETS.find(([pattern]) => pattern.test(name));
  if (budget === undefined) return "";
  const [, limit, isMet] = budget;
  return judged(limit, isMet(value));
}

function page(): string {
  const [cpu] = cpus();
  const model = cpu?.model.trim() ?? "unknown processor";
  const machine = `${cpus().length} × ${model}, ${process.platform} ${process.arch}`;
  return `# Benchmarks

As measured by \`bun run bench --write\`, which makes this page.
Machine: ${machine}; Bun ${Bun.version}. Shared machines are noisy: compare within one run.

## The core

${tables.get("core") ?? ""}

## Backtests and order economy

${tables.get("tapes") ?? ""}

A *row* is one change of a book level or one print, in exchange time; a *message* is what reaches
the core: a depth event, a touch or a print. A backtest handles both streams of a recorded tape
that is looped to at least five million rows and loaded before the clock starts. *Matching alone*
is the simulated exchange with twenty resting orders and no core. Actions and orders are those of
the planner, and of a bot that cancels and places everything at the same moments at the same
prices and sizes.

## Signatures of Hyperliquid

${tables.get("signing") ?? ""}

One action with a nonce and an expiry, of one order or of twenty, until its signature is there: each
action is signed once, however many orders it has. The ways take turns, so that all meet the same
noise. *Ours* hashes with the SDK and signs at once; *the SDK* is its signL1Action, with our wallet
(@noble/secp256k1) or with viem's privateKeyToAccount.

## The live path

${tables.get("live") ?? ""}

Adapter, core and runner as in a live run, with 2×10 orders, on loopback, against a lean venue in a
process of its own that never sleeps. Each tick is a bookTicker that moves the mid by one bin; the
clock runs from right before its sending to the arrival of the first order message at the venue.
The *echo* is a frame as long as the tick answered by a frame as long as the order, by the same
thread, in turns of 500 with the ticks. *In process* is from the entry of the message handler to the
handing over of the order's bytes. Sessions are logged on with an Ed25519 key; with HMAC each order
is signed by itself. A thread that sleeps between ticks pays for waking up, and for caches that went
cold; busyPoll keeps it awake.

## Many pairs

${tables.get("pairs") ?? ""}

Each pair has its own worker with its own sockets under the real supervisor, and 20 book events a
second (bookTicker and depth in turns). As at the venue, each of the account's subscriptions hears
of every order of the account, whatever its symbol.
`;
}
