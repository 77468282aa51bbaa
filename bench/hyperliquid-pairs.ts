/**
 * `bun bench/hyperliquid-pairs.ts [--pairs 12] [--seconds 60]`: pairs of one account and one agent
 * key, each in its worker under the real supervisor, on generated markets of the mock venue. Prints
 * what the venue counted; exit 1 where a nonce was refused, a limit of the venue was passed,
 * sockets were more than allowed, or a pair did not quote.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { utils } from "@noble/secp256k1";
import { loadConfig } from "#config/load.ts";
import { Rng } from "#domain/rng.ts";
import { startMockHyperliquid } from "#mock-venues/hyperliquid/server.ts";
import { perpInstrument } from "#mock-venues/hyperliquid/universe.ts";
import { syntheticSource } from "#mock-venues/market-source.ts";
import { Supervisor } from "#runtime/supervisor.ts";
import { spawnFeedWorker, spawnPairWorker } from "#runtime/worker-port.ts";
import { systemWorld } from "#runtime/world.ts";
import { SyntheticMarket } from "#sim/synthetic-market.ts";
import { AgentWallet } from "#venues/hyperliquid/signing.ts";
import { venueModule } from "#venues/registry.ts";

/** Name, decimals of a size, price to start at, size of the allotment. */
const COINS: readonly (readonly [coin: string, szDecimals: number, price: string, base: string])[] =
  [
    ["BTC", 5, "64000", "0.02"],
    ["ETH", 4, "2000", "0.6"],
    ["SOL", 2, "150", "8"],
    ["SUI", 1, "3", "400"],
    ["XRP", 0, "2", "600"],
    ["DOGE", 0, "0.2", "6000"],
    ["AVAX", 2, "30", "40"],
    ["LINK", 1, "15", "80"],
    ["HYPE", 2, "40", "30"],
    ["ARB", 1, "0.8", "1500"],
    ["OP", 1, "1.5", "800"],
    ["kPEPE", 0, "0.01", "120000"],
    ["LTC", 2, "90", "13"],
    ["BNB", 3, "600", "2"],
    ["APT", 2, "8", "150"],
    ["TIA", 1, "5", "240"],
  ];

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "12" },
    seconds: { type: "string", default: "60" },
  },
});
const coins = COINS.slice(0, Number(values.pairs));
const world = systemWorld();
const newKey = (): string => `0x${Buffer.from(utils.randomSecretKey()).toString("hex")}`;
const agentKey = newKey();
const master = new AgentWallet(newKey()).address;
const mock = await startMockHyperliquid({
  universe: coins.map(([coin, szDecimals, startPrice], index) => {
    const instrument = perpInstrument({ coin, szDecimals });
    const startMs = world.nowMs();
    const market = new SyntheticMarket({ seed: index + 1, instrument, startPrice, startMs });
    return { instrument, maxLeverage: 20, source: syntheticSource(market) };
  }),
  account: {
    master,
    usdc: "50000",
    agents: [{ address: new AgentWallet(agentKey).address, name: "mm", validUntilMs: null }],
  },
  world: { timers: world.timers, nowMs: () => world.nowMs(), rng: new Rng(1) },
});

const folder = mkdtempSync(join(tmpdir(), "mm-hyperliquid-pairs-"));
const configPath = join(folder, "config.jsonc");
await writeFile(
  configPath,
  JSON.stringify({
    stateDir: folder,
    accounts: { hl: { venue: "hyperliquid", address: master, agentKeyEnv: "MM_HL_AGENT_KEY" } },
    pairs: coins.map(([coin, szDecimals, price, base]) => ({
      id: coin,
      mode: "live",
      quote: { venue: "hyperliquid", account: "hl", symbol: coin, leverage: 5 },
      capital: {
        initInventoryAmount: base,
        initQuoteAmount: String(Math.round(Number(base) * Number(price))),
        targetIqvRatio: 0.5,
      },
      quoting: {
        strategy: "spot",
        priceUpPctLimit: 0.005,
        priceDownPctLimit: 0.005,
        binStep: 5,
        liveOrderNums: 20,
        minOrderSize: szDecimals === 0 ? "1" : `0.${"0".repeat(szDecimals - 1)}1`,
        inventoryRbIqvRatio: 0.1,
        iqvUpLimit: 0.5,
        quoteRbIqvRatio: -0.1,
        iqvDownLimit: -0.5,
        volLowerThreshold: 50,
        volUpperThreshold: 80,
        updateIntervalSeconds: 10,
      },
    })),
    venues: { hyperliquid: { restUrl: mock.url, wsUrl: mock.wsUrl } },
  }),
);

const problems: string[] = [];
const told = new Map<string, number>();
const supervisor = new Supervisor({
  world: systemWorld(),
  log: ({ level, event, pair, message }) => {
    if (level !== "warning" && level !== "error") return;
    told.set(event, (told.get(event) ?? 0) + 1);
    if (level === "error") console.log(pair, event, message);
  },
  env: { MM_HL_AGENT_KEY: agentKey },
  spawn: spawnPairWorker,
  spawnFeed: spawnFeedWorker,
  venues: venueModule,
});
try {
  const { config } = await loadConfig(configPath);
  const startMs = performance.now();
  await supervisor.start(config, configPath);
  while (!supervisor.readiness().ready && performance.now() - startMs < 30_000) {
    await Bun.sleep(50);
  }
  const { ready, reasons } = supervisor.readiness();
  if (!ready) problems.push(`not ready within 30 s: ${reasons.join("; ")}`);
  console.log(`all ready after ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  let mostSockets = 0;
  let looks = 0;
  let quotingLooks = 0;
  const untilMs = performance.now() + Number(values.seconds) * 1000;
  while (performance.now() < untilMs) {
    await Bun.sleep(250);
    looks += 1;
    mostSockets = Math.max(mostSockets, mock.switches.connectionCount());
    const coinsWithOrders = new Set(mock.venue.openOrders().map(({ coin }) => coin));
    if (coinsWithOrders.size === coins.length) quotingLooks += 1;
  }
  const counts = mock.limits.counts();
  const quoting = supervisor.pairs().filter(({ state }) => state === "quoting").length;
  if (quoting < coins.length) problems.push(`${coins.length - quoting} pairs do not quote`);
  if (mostSockets > mock.limits.spec.connections) problems.push(`${mostSockets} sockets`);
  for (const [limit, times] of Object.entries(mock.limits.overruns)) {
    if (times > 0) problems.push(`${limit} was passed ${times} times`);
  }
  const refusals = Object.fromEntries(mock.venue.refusals);
  for (const [words, times] of mock.venue.refusals) {
    if (words.startsWith("Invalid nonce")) problems.push(`${times} nonces were refused: ${words}`);
  }
  console.log(`pairs quoting ${quoting} of ${coins.length}; sockets at most ${mostSockets}`);
  console.log(`looks with orders of every pair open: ${quotingLooks} of ${looks}`);
  console.log(`open orders ${mock.venue.openOrders().length}, fills ${mock.venue.fills().length}`);
  console.log("at the venue now", JSON.stringify(counts));
  console.log("address", JSON.stringify(mock.venue.limits.json()));
  console.log("actions refused", JSON.stringify(refusals));
  console.log("warnings", JSON.stringify(Object.fromEntries(told)));
} finally {
  const { isClean } = await supervisor.stop();
  if (!isClean) problems.push("not clean at the end");
  if (mock.venue.openOrders().length > 0) problems.push("orders are left at the venue");
  await mock.stop();
  rmSync(folder, { recursive: true });
}
console.log(problems.length === 0 ? "as it should be" : problems.join("\n"));
process.exit(problems.length === 0 ? 0 : 1);
