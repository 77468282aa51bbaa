/**
 * Hyperliquid for bench/fault-run.ts: its mock on the recorded ETHUSDT tape (its ticks and lots are
 * the perp's), with an address budget that runs low (under 2 000 requests the ladder thins out):
 * they are earned a fifth as fast as at the real venue, until the account trades elsewhere after
 * two thirds of the time and the budget recovers.
 */

import { join } from "node:path";
import { utils } from "@noble/secp256k1";
import { instrumentFor } from "#config/instrument-override.ts";
import { loadConfig } from "#config/load.ts";
import { loadRawCapture } from "#data/raw-capture.ts";
import { decimal } from "#domain/decimal.ts";
import { Rng } from "#domain/rng.ts";
import type { HlCoinSpec } from "#mock-venues/hyperliquid/coin.ts";
import { startMockHyperliquid } from "#mock-venues/hyperliquid/server.ts";
import {
  type DelistedCoin,
  perpInstrument,
  universeAround,
} from "#mock-venues/hyperliquid/universe.ts";
import { tapeSource } from "#mock-venues/market-source.ts";
import type { PairStatus } from "#runtime/pair-status.ts";
import { systemWorld } from "#runtime/world.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import { OwnCloids } from "#venues/hyperliquid/cloid.ts";
import { AgentWallet } from "#venues/hyperliquid/signing.ts";
import type { FaultStage, StageOptions } from "./fault-stage.ts";

const ROOT = join(import.meta.dir, "..");
const COIN = "ETH";
const FREE_REQUESTS = 10_000;
/** Traded elsewhere, in USDC, once two thirds of the time are over. */
const VOLUME_ELSEWHERE = "40000";

interface Look {
  readonly second: number;
  readonly left: number;
  readonly cancelsLeft: number;
  readonly orders: number;
  readonly isQuoting: boolean;
}

export async function hyperliquidStage(options: StageOptions): Promise<FaultStage> {
  const { seed, minutes, requestsLeft } = options;
  const path = join(ROOT, "..", "shared", "data", "captures", "spot_ethusdt_20240808.gz");
  const { config } = await loadConfig(join(ROOT, "configs", "eth-spot-tape.jsonc"));
  const [tapePair] = config.pairs;
  if (tapePair === undefined) throw new Error("the config has no pair");
  const instrument = perpInstrument({ coin: COIN, szDecimals: 4 });
  const recorded = instrumentFor(tapePair);
  const { tape } = await loadRawCapture({ path, instrument: recorded, minFeedLatencyMs: 5 });
  const agentKey = newKey();
  const master = new AgentWallet(newKey()).address;
  const world = systemWorld();
  const mock = await startMockHyperliquid({
    universe: universeAround<HlCoinSpec | DelistedCoin>([COIN], ({ maxLeverage }) => ({
      instrument,
      maxLeverage,
      source: tapeSource(tape.rows),
      queueModel: parseQueueModel("power:3"),
    })),
    account: {
      master,
      usdc: "2000",
      agents: [{ address: new AgentWallet(agentKey).address, name: "mm", validUntilMs: null }],
      usedRequests: FREE_REQUESTS - requestsLeft,
    },
    rules: { requestsPerUsdc: 0.2, fundingIntervalMs: 60_000 },
    world: { timers: world.timers, nowMs: () => world.nowMs(), rng: new Rng(seed) },
  });
  const { limits } = mock.venue;
  const coin = mock.market(COIN);
  const own = new OwnCloids("mm", tapePair.id);
  const foreign = { oid: 0 };
  const looks: Look[] = [];
  const { instrumentOverride: _rules, simulation: _simulation, ...pair } = tapePair;
  const look = (second: number, status: PairStatus | undefined): void => {
    looks.push({
      second,
      left: limits.cap - limits.used,
      cancelsLeft: limits.cancelCap - limits.used,
      orders: mock.venue.openOrders().length - 1,
      isQuoting: status?.state === "quoting" && status.reasons.length === 0,
    });
    if (second === Math.round(minutes * 40)) limits.addVolume(decimal(VOLUME_ELSEWHERE));
  };
  return {
    pairId: pair.id,
    config: {
      accounts: { hl: { venue: "hyperliquid", address: master, agentKeyEnv: "MM_HL_AGENT_KEY" } },
      pairs: [
        {
          ...pair,
          mode: "live",
          quote: { venue: "hyperliquid", account: "hl", symbol: COIN, leverage: 5 },
          // Levels hardly above the venue's ten dollars: fills earn few requests.
          capital: { ...pair.capital, initInventoryAmount: "0.06", initQuoteAmount: "160" },
          quoting: { ...pair.quoting, minOrderSize: "0.0045" },
          // The faults cost money, and a halted pair shows nothing.
          risk: { ...pair.risk, maxDrawdownPct: undefined, maxDailyLossPct: undefined },
        },
      ],
      venues: { hyperliquid: { restUrl: mock.url, wsUrl: mock.wsUrl } },
    },
    env: { MM_HL_AGENT_KEY: agentKey },
    foreignId: "foreign",
    openIds: () =>
      mock.venue
        .openOrders()
        .map(({ oid, cloid }) =>
          oid === foreign.oid ? "foreign" : (own.clientOrderIdOf(cloid) ?? `stranger ${oid}`),
        ),
    placeForeign: () => {
      const order = { coin: COIN, cloid: null, side: "buy", priceTicks: 200_000 } as const;
      foreign.oid = mock.venue.placeForeign({ ...order, quantityLots: 100 }).oid;
    },
    armRandom: (randomSeed, everyMs) =>
      mock.faults.arm({ seed: randomSeed, random: { everyMs } }, "fault-run"),
    clearFaults: () => mock.faults.clear(),
    faultCounts: () =>
      new Map(Object.entries(mock.faults.counts()).map(([kind, { fired }]) => [kind, fired])),
    isShut: () => mock.limits.isRefusing,
    overruns: () => Object.values(mock.limits.overruns).reduce((sum, count) => sum + count, 0),
    fillCount: () => mock.venue.fills().length,
    changes: ({ inventory }) => {
      const { account } = coin.exchange;
      return [
        { what: "position", venue: account.base, ours: decimal(inventory.position ?? "0") },
        {
          what: "USDC",
          venue: account.quote.minus(account.entryValue),
          ours: decimal(inventory.quote).minus(decimal("160")),
        },
      ];
    },
    onSecond: look,
    report: () => reportOf(looks),
    stop: () => mock.stop(),
  };
}

function newKey(): string {
  return `0x${Buffer.from(utils.randomSecretKey()).toString("hex")}`;
}

/** How many orders rested, by what was left of the budget; while nothing else kept them away. */
function reportOf(looks: readonly Look[]): string[] {
  const quoting = looks.filter(({ isQuoting }) => isQuoting);
  const bands: readonly (readonly [name: string, from: number, to: number])[] = [
    ["2000 and more", 2000, Infinity],
    ["1500 to 2000", 1500, 2000],
    ["1000 to 1500", 1000, 1500],
    ["500 to 1000", 500, 1000],
    ["200 to 500", 200, 500],
    ["under 200", -Infinity, 200],
  ];
  const lines = bands.map(([name, from, to]) => {
    const within = quoting.filter(({ left }) => left >= from && left < to);
    const orders = within.map((look) => look.orders).toSorted((a, b) => a - b);
    const median = orders[Math.floor(orders.length / 2)] ?? "-";
    const seconds = within.map(({ second }) => second);
    const [first, last] = [Math.min(...seconds), Math.max(...seconds)];
    const when = seconds.length === 0 ? "" : `, ${first} s to ${last} s`;
    return `requests left ${name}: ${within.length} looks${when}, orders (median) ${median}`;
  });
  const least = Math.min(...looks.map(({ left }) => left));
  const leastCancels = Math.min(...looks.map(({ cancelsLeft }) => cancelsLeft));
  return [...lines, `least left: ${least} for orders, ${leastCancels} for cancels`];
}
