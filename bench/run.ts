/**
 * `bun run bench`: measures the core and the backtest and prints a table; with `--write` also puts
 * it into docs/benchmarks.md. Medians. Budgets are design limits, held against what was measured.
 */

import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { run } from "mitata";
import { ledgerFill, plannerRun, quietBookEvent, requote, volatilitySample } from "./core.ts";
import { type Throughput, tapeThroughput } from "./throughput.ts";

/** What is aimed at: nanoseconds at most, or millions of rows a second at least. */
const BUDGETS: readonly (readonly [RegExp, string, (value: number) => boolean])[] = [
  [/nothing to do/, "300 ns", (ns) => ns <= 300],
  [/re-quote 2×10 with plan, mid/, "10 µs", (ns) => ns <= 10_000],
  [/matching alone/, "40 M/s", (rows) => rows >= 40],
  [/engine, queue and latency/, "8 M/s", (rows) => rows >= 8],
];

quietBookEvent();
volatilitySample();
plannerRun(10);
plannerRun(100);
ledgerFill();

const { benchmarks } = await run({ format: "quiet", throw: true });
const rows: string[][] = [];
for (const { alias, runs } of benchmarks) {
  const stats = runs[0]?.stats;
  if (stats === undefined) continue;
  rows.push([
    alias,
    nanoseconds(stats.p50),
    `p99 ${nanoseconds(stats.p99)}`,
    budgetOf(alias, stats.p50),
  ]);
}
for (const timed of [
  requote("engine: re-quote 2×10 with plan, mid moved one bin", 10, 40),
  requote("engine: re-quote 2×10 with plan, every order moved", 10, 17),
  requote("engine: re-quote 2×100 with plan, mid moved one bin", 100, 40),
]) {
  const beside = `p99 ${nanoseconds(timed.p99)}; ${timed.note}`;
  rows.push([timed.name, nanoseconds(timed.p50), beside, budgetOf(timed.name, timed.p50)]);
}
const tapes: Throughput[] = [...(await tapeThroughput("eth")), ...(await tapeThroughput("btc"))];
for (const { name, rowsPerMicrosecond, note } of tapes) {
  rows.push([
    name,
    `${rowsPerMicrosecond.toFixed(1)} M rows/s`,
    note,
    budgetOf(name, rowsPerMicrosecond),
  ]);
}

const table = [
  "| what | median | beside it | budget |",
  "|---|---|---|---|",
  ...rows.map((row) => `| ${row.join(" | ")} |`),
].join("\n");
console.log(table);
if (process.argv.includes("--write")) {
  await writeFile(join(import.meta.dir, "..", "docs", "benchmarks.md"), page(table));
}

function nanoseconds(value: number): string {
  return value >= 1_000 ? `${(value / 1_000).toFixed(2)} µs` : `${value.toFixed(0)} ns`;
}

/** The budget of a figure, and whether this run missed it. */
function budgetOf(name: string, value: number): string {
  const budget = BUDGETS.find(([pattern]) => pattern.test(name));
  if (budget === undefined) return "";
  const [, limit, isMet] = budget;
  return isMet(value) ? limit : `${limit}, **missed**`;
}

function page(figures: string): string {
  const [cpu] = cpus();
  const model = cpu?.model.trim() ?? "unknown processor";
  const machine = `${cpus().length} × ${model}, ${process.platform} ${process.arch}`;
  return `# Benchmarks

As measured by \`bun run bench --write\`, which makes this page.
Machine: ${machine}; Bun ${Bun.version}. Shared machines are noisy: compare within one run.

${figures}

A *row* is one change of a book level or one print, in exchange time; a *message* is what reaches
the core: a depth event, a touch or a print. A backtest handles both streams of a recorded tape
that is looped to at least five million rows and loaded before the clock starts. *Matching alone*
is the simulated exchange with twenty resting orders and no core.
`;
}
