/** Binance Spot for bench/fault-run.ts: its mock on the recorded ETHUSDT tape. */

import { join } from "node:path";
import { instrumentFor } from "#config/instrument-override.ts";
import { loadConfig } from "#config/load.ts";
import { loadRawCapture } from "#data/raw-capture.ts";
import { decimal } from "#domain/decimal.ts";
import { Rng } from "#domain/rng.ts";
import { Params } from "#mock-venues/binance/params.ts";
import { MockSymbol } from "#mock-venues/binance-spot/mock-symbol.ts";
import { placeOrder } from "#mock-venues/binance-spot/orders.ts";
import { startMockBinanceSpot } from "#mock-venues/binance-spot/server.ts";
import { tapeSource } from "#mock-venues/market-source.ts";
import { systemWorld } from "#runtime/world.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import type { BookChange, FaultStage, StageOptions } from "./fault-stage.ts";

const ROOT = join(import.meta.dir, "..");
const SYMBOL = "ETHUSDT";
const ENV = { MM_BN_API_KEY: "fault-run", MM_BN_SECRET: "fault-run-secret" };
const BALANCES = { ETH: "3", USDT: "9000" };
const FOREIGN_ID = "by-hand-1";

export async function binanceSpotStage({ seed }: StageOptions): Promise<FaultStage> {
  const path = join(ROOT, "..", "shared", "data", "captures", "spot_ethusdt_20240808.gz");
  const { config } = await loadConfig(join(ROOT, "configs", "eth-spot-tape.jsonc"));
  const [tapePair] = config.pairs;
  if (tapePair === undefined) throw new Error("the config has no pair");
  const instrument = instrumentFor(tapePair);
  const { tape } = await loadRawCapture({ path, instrument, minFeedLatencyMs: 5 });
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
    keys: [{ apiKey: ENV.MM_BN_API_KEY, hmacSecret: ENV.MM_BN_SECRET }],
    balances: BALANCES,
    world: { ...systemWorld(), rng: new Rng(seed) },
  });
  const listing = mock.venue.listing(SYMBOL);
  const { instrumentOverride: _rules, ...pair } = tapePair;
  const place = {
    symbol: SYMBOL,
    side: "BUY",
    type: "LIMIT_MAKER",
    quantity: "0.01",
    price: "2000.00",
    newClientOrderId: FOREIGN_ID,
  };
  const change = (what: "ETH" | "USDT", start: string, now: string): BookChange => {
    const held = mock.venue.account.balances().find(({ asset }) => asset === what);
    const total = decimal(held?.free ?? "0").plus(decimal(held?.locked ?? "0"));
    const venue = total.minus(decimal(BALANCES[what]));
    return { what, venue, ours: decimal(now).minus(decimal(start)) };
  };
  return {
    pairId: pair.id,
    config: {
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
    },
    env: ENV,
    foreignId: FOREIGN_ID,
    openIds: () => listing.records.openOrders().map(({ clientOrderId }) => clientOrderId),
    placeForeign: () => void placeOrder(mock.venue, new Params(new Map(Object.entries(place)))),
    armRandom: (randomSeed, everyMs) =>
      mock.faults.arm({ seed: randomSeed, random: { everyMs } }, "fault-run"),
    clearFaults: () => mock.faults.clear(),
    faultCounts: () =>
      new Map(Object.entries(mock.faults.counts()).map(([kind, { fired }]) => [kind, fired])),
    isShut: () => mock.venue.limits.isShut,
    overruns: () => mock.venue.limits.overruns,
    fillCount: () => listing.records.trades.length,
    changes: ({ inventory }) => [
      change("ETH", pair.capital.initInventoryAmount, inventory.base),
      change("USDT", pair.capital.initQuoteAmount, inventory.quote),
    ],
    stop: () => mock.stop(),
  };
}
