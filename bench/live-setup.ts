/** What the live benchmarks trade with: a config for a 2×10 ladder, keys, and small statistics. */

import { generateKeyPairSync } from "node:crypto";
import { parseConfig } from "#config/load.ts";
import type { Config } from "#config/schema.ts";
import type { VenueUrls } from "#venues/venue.ts";

export const KEYS = {
  ed25519: generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }),
  hmac: "an HMAC secret as long as those of the venue are: 64 characters..",
} as const;

/** @param minRequoteIntervalMs 0: every tick */
export function liveConfig(
  ids: readonly string[],
  urls: VenueUrls,
  minRequoteIntervalMs: number,
): Config {
  const pairs = ids.map((id) => ({
    id,
    mode: "live",
    quote: { venue: "binance-spot", account: "bench", symbol: `${id}USDT` },
    capital: { initInventoryAmount: "5", initQuoteAmount: "10000", targetIqvRatio: 0.5 },
    quoting: {
      strategy: "curve",
      priceUpPctLimit: 0.004,
      priceDownPctLimit: 0.004,
      binStep: 4,
      liveOrderNums: 20,
      edgeRatio: 5,
      minOrderSize: "0.005",
      inventoryRbIqvRatio: 0.1,
      iqvUpLimit: 0.6,
      quoteRbIqvRatio: -0.1,
      iqvDownLimit: -0.6,
      updateIntervalSeconds: 3_600,
      minRequoteIntervalMs,
    },
    risk: { actionsPer10s: 100_000 },
  }));
  const accounts = {
    bench: { venue: "binance", apiKeyEnv: "MM_BENCH_KEY", secretEnv: "MM_BENCH_SECRET" },
  };
  const venues = { "binance-spot": urls };
  return parseConfig(JSON.stringify({ accounts, pairs, venues }), "bench").config;
}

/** @param part 0.99 for p99; by nearest rank */
export function percentile(samples: readonly number[], part: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}
