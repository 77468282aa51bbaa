/**
 * `bun bench/fault-run.ts [--minutes 10] [--each 20] [--seed 7] [--every 1000] [--calm]`: one
 * pair, live in its worker, against the mock venue on the recorded ETHUSDT tape while things go
 * wrong at random; so long, and until each kind of fault has struck so often (twice as long at
 * most). At the end the venue's books and ours are compared. Prints a report; exit 1 where an
 * invariant broke.
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
import { instrumentFor } from "#config/instrument-override.ts";
import { loadConfig } from "#config/load.ts";
import { loadRawCapture } from "#data/raw-capture.ts";
import { decimal } from "#domain/decimal.ts";
import { Rng } from "#domain/rng.ts";
import { MockSymbol } from "#mock-venues/binance-spot/mock-symbol.ts";
import { startMockBinanceSpot } from "#mock-venues/binance-spot/server.ts";
import { tapeSource } from "#mock-venues/market-source.ts";
import { Supervisor } from "#runtime/supervisor.ts";
import { spawnPairWorker } from "#runtime/worker-port.ts";
import { systemWorld } from "#runtime/world.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import { venueModule } from "#venues/registry.ts";

const ROOT = join(import.meta.dir, "..");
const KEYS = { MM_BN_API_KEY: "fault-run", MM_BN_SECRET: "fault-run-secret" };
const BALANCES = { ETH: "3", USDT: "9000" };
const FOREIGN_ID = "by-hand-1";
const RESTING: ReadonlySet<string> = new Set(["open", "partially-filled"]);

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    each: { type: "string", default: "20" },
    seed: { type: "string", default: "7" },
    every: { type: "string", default: "1000" },
    calm: { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
  },
});

const path = join(ROOT, "..", "shared", "data", "captures", "spot_ethusdt_20240808.gz");
const { config: tapeConfig } = await loadConfig(join(ROOT, "configs", "eth-spot-tape.jsonc"));
const [tapePair] = tapeConfig.pairs;
if (tapePair === undefined) throw new Error("the config has no pair");
const instrument = instrumentFor(tapePair);
const { tape } = await loadRawCapture({ path, instrument, minFeedLatencyMs: 5 });

const world = { ...systemWorld(), rng: new Rng(Number(values.seed)) };
const mock = await startMockBinanceSpot({
  symbols: [
    ({ wallet, ...parts }) =>
      new MockSymbol({
        ...parts,
        instrument,
        source: tapeSource(tape.rows),
        account: wallet,
        fees: { kind: "received" },
        queueModel: parseQueueModel("power:3"),
      }),
  ],
  keys: [{ apiKey: KEYS.MM_BN_API_KEY, hmacSecret: KEYS.MM_BN_SECRET }],
  balances: BALANCES,
  world,
});

const admin = async (route: string, body?: unknown): Promise<unknown> => {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  return (await fetch(`${mock.url}/mock/${route}`, init)).json();
};

const folder = mkdtempSync(join(tmpdir(), "mm-fault-run-"));
const configPath = join(folder, "config.jsonc");
const { instrumentOverride: _rules, ...pair } = tapePair;
await writeFile(
  configPath,
  JSON.stringify({
    stateDir: folder,
    accounts: {
      bn: { venue: "binance", apiKeyEnv: "MM_BN_API_KEY", secretEnv: "MM_BN_SECRET" },
    },
    pairs: [
      {
        ...pair,
        mode: "live",
        quote: { ...pair.quote, account: "bn" },
        // The faults cost money, and a halted pair shows nothing.
        risk: { ...pair.risk, maxDrawdownPct: undefined, maxDailyLossPct: undefined },
      },
    ],
    venues: {
      "binance-spot": {
        restUrl: mock.url,
        wsApiUrl: mock.wsApiUrl,
        streamUrl: mock.streamUrl,
      },
    },
  }),
);
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
  env: KEYS,
  spawn: spawnPairWorker,
  venues: venueModule,
});
await supervisor.start(config, configPath);
const deadline = Date.now() + 15_000;
while (!supervisor.readiness().ready && Date.now() < deadline) await Bun.sleep(100);
if (!supervisor.readiness().ready) problems.push("not ready within 15 s");
await admin("orders", {
  symbol: "ETHUSDT",
  side: "BUY",
  type: "LIMIT_MAKER",
  quantity: "0.01",
  price: "2000.00",
  newClientOrderId: FOREIGN_ID,
});

interface MockOrderView {
  readonly clientOrderId: string;
}
const isOrderList = (json: unknown): json is MockOrderView[] => Array.isArray(json);
const venueIds = async (): Promise<string[]> => {
  const json = await admin("orders");
  if (!isOrderList(json)) throw new Error("the mock's list of orders is none");
  return json.map(({ clientOrderId }) => clientOrderId);
};

if (!values.calm) {
  await admin("faults", { seed: Number(values.seed), random: { everyMs: Number(values.every) } });
}
const endMs = Date.now() + Number(values.minutes) * 60_000;
let strangers = new Set<string>();
/** Of our book, while a quote rested whose cancel was not under way. */
let oldestQuotedBookMs = 0;
let wasOverdue = false;
let shutMs = 0;
let samples = 0;
let quoting = 0;
const lastMs = endMs + Number(values.minutes) * 60_000;
const rarest = (): number =>
  Math.min(...Object.values(mock.faults.counts()).map(({ fired }) => fired));
const isOver = (): boolean => {
  const wantsMore = !values.calm && rarest() < Number(values.each) && Date.now() < lastMs;
  return Date.now() >= endMs && !wantsMore;
};
while (!isOver()) {
  await Bun.sleep(1000);
  const ids = await venueIds();
  const status = supervisor.pair("ETH");
  samples += 1;
  if (status?.state === "quoting" && (status.orders.length ?? 0) > 0) quoting += 1;
  const stale = status?.guards.find(({ id }) => id === "stale-book");
  const resting = status?.orders.filter(({ status: is }) => RESTING.has(is)) ?? [];
  if (stale !== undefined && resting.length > 0) {
    oldestQuotedBookMs = Math.max(oldestQuotedBookMs, Number(stale.value));
  }
  // A pull that the venue refused is sent again each second. While it refuses everything (429 and
  // 418 mean cancels too), nobody can take an order away.
  if (mock.venue.limits.isShut) shutMs = Date.now();
  const canCancel = Date.now() - shutMs > 2_000;
  const isOverdue = stale?.tripped === true && resting.length > 0 && canCancel;
  if (isOverdue && wasOverdue) {
    const { trading, roundTripMs } = status?.connection ?? {};
    const way = `trading ${trading}, round trip ${JSON.stringify(roundTripMs)}`;
    problems.push(`${resting.length} quotes rest on a book that is ${stale.value} ms old: ${way}`);
  }
  wasOverdue = isOverdue;
  const known = new Set(status?.orders.map(({ clientOrderId }) => clientOrderId));
  const unknown = new Set(ids.filter((id) => id.startsWith("mm-ETH-") && !known.has(id)));
  for (const id of unknown) {
    if (strangers.has(id)) problems.push(`${id} is open at the venue and unknown to us`);
  }
  strangers = unknown;
  if (!ids.includes(FOREIGN_ID)) problems.push("the foreign order is gone");
  if (values.verbose || samples % 30 === 0) {
    const counts = `ours ${known.size}, at the venue ${ids.length}, fills ${status?.fills}`;
    console.log(`${samples} s  ${status?.state}  ${counts}`, status?.reasons.join("; ") ?? "");
  }
}
const counts = await admin("faults");
if (!values.calm && rarest() < Number(values.each)) {
  problems.push(`a kind of fault struck ${rarest()} times only`);
}
await admin("faults", { seed: 0, faults: [] });
mock.faults.clear();
// Whatever was under way is resolved before the books are compared.
await Bun.sleep(15_000);
const last = supervisor.pair("ETH");
const ready = supervisor.readiness();
if (!ready.ready) problems.push(`not ready 15 s after the last fault: ${ready.reasons.join("; ")}`);
const report = await supervisor.stop();
if (!report.isClean) problems.push(`not clean at the end: ${JSON.stringify(report.pairs)}`);
const end = supervisor.pair("ETH") ?? last;
const left = (await venueIds()).filter((id) => id !== FOREIGN_ID);
if (left.length > 0) problems.push(`left open: ${left.join(", ")}`);

const { overruns } = mock.venue.limits;
if (overruns > 0) problems.push(`${overruns} requests passed a rate limit of the venue`);
const fills = await admin("fills");
const fillCount = Array.isArray(fills) ? fills.length : -1;
if (end?.fills !== fillCount) problems.push(`fills: ours ${end?.fills}, the venue's ${fillCount}`);
const held = new Map(
  mock.venue.account
    .balances()
    .map(({ asset, free, locked }) => [asset, decimal(free).plus(decimal(locked))]),
);
for (const [asset, allotted, now] of [
  ["ETH", pair.capital.initInventoryAmount, end?.inventory.base],
  ["USDT", pair.capital.initQuoteAmount, end?.inventory.quote],
] as const) {
  const start = asset === "ETH" ? BALANCES.ETH : BALANCES.USDT;
  const venueGain = (held.get(asset) ?? decimal("0")).minus(decimal(start));
  const ourGain = decimal(now ?? "0").minus(decimal(allotted));
  console.log(`${asset}: the venue's change ${venueGain.toFixed()}, ours ${ourGain.toFixed()}`);
  if (!venueGain.eq(ourGain)) problems.push(`${asset} differs`);
}
console.log(
  `quoting in ${quoting} of ${samples} samples; fills ${end?.fills}; restarts ${end?.restarts}`,
);
console.log(`oldest book under a resting quote: ${oldestQuotedBookMs.toFixed(0)} ms`);
console.log("actions", JSON.stringify(end?.actions));
console.log("connection", JSON.stringify(end?.connection));
console.log("faults", JSON.stringify(counts));
console.log("log", JSON.stringify(Object.fromEntries(told)));
console.log(problems.length === 0 ? "every invariant held" : problems.join("\n"));
await mock.stop();
process.exit(problems.length === 0 ? 0 : 1);
