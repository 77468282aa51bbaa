/** Config objects for the tests of this folder: the smallest one, one with every key, any valid. */

import * as fc from "fast-check";
import { parseConfig } from "#config/load.ts";
import type { Config, PairConfig } from "#config/schema.ts";
import { InputError } from "#domain/errors.ts";

export type Json = Record<string, unknown>;

/** Only what has no default. */
export const MINIMAL_PAIR = {
  id: "ETH",
  quote: { venue: "binance-spot", symbol: "ETHUSDT" },
  capital: { initInventoryAmount: "2", initQuoteAmount: "5000" },
  quoting: {
    priceUpPctLimit: 0.02,
    priceDownPctLimit: 0.02,
    binStep: 40,
    iqvUpLimit: 0.6,
    iqvDownLimit: -0.6,
    inventoryRbIqvRatio: 0.3,
    quoteRbIqvRatio: -0.3,
  },
};

/** Every section of DESIGN, every field that has a name of its own. */
export const FULL: Json = {
  $schema: "./schema.json",
  stateDir: "./state",
  control: { host: "127.0.0.1", port: 8787, tokenEnv: "MM_CONTROL_TOKEN" },
  runtime: { busyPoll: false },
  accounts: {
    bn: {
      venue: "binance",
      apiKeyEnv: "MM_BN_API_KEY",
      secretEnv: "MM_BN_SECRET",
      deadMansSwitch: true,
    },
    hl: {
      venue: "hyperliquid",
      address: `0x${"aB".repeat(20)}`,
      agentKeyEnv: "MM_HL_AGENT_KEY",
      vaultAddress: `0x${"cD".repeat(20)}`,
      testnet: false,
      deadMansSwitch: true,
    },
  },
  pairs: [
    {
      id: "SUI",
      mode: "live",
      quote: {
        venue: "hyperliquid",
        account: "hl",
        symbol: "SUI",
        leverage: 3,
        marginMode: "cross",
      },
      hedgeOn: {
        venue: "binance-perp",
        account: "bn",
        symbol: "SUIUSDC",
        leverage: 3,
        marginMode: "cross",
        instrumentOverride: {
          tickSize: "0.0001",
          lotSize: "0.1",
          minNotional: "5",
          maxOpenOrders: 200,
        },
      },
      capital: {
        initInventoryAmount: "20",
        initQuoteAmount: "50",
        targetIqvRatio: 0.5,
        reservePct: 0,
      },
      quoting: {
        strategy: "auto",
        priceUpPctLimit: 0.02,
        priceDownPctLimit: 0.02,
        binStep: 40,
        decayRate: 0.95,
        liveOrderNums: 10,
        minOrderSize: "0.1",
        maxOrderSize: "5",
        belowMin: "merge",
        compat: "none",
        iqvUpLimit: 0.6,
        iqvDownLimit: -0.6,
        inventoryRbIqvRatio: 0.3,
        quoteRbIqvRatio: -0.3,
        volLowerThreshold: 35,
        volUpperThreshold: 80,
        shapeDwellSeconds: 60,
        shapeHysteresisPct: 10,
        updateIntervalSeconds: 30,
        minRequoteIntervalMs: 250,
        requoteBinFraction: 0.25,
        keepPriceBinFraction: 0.25,
        keepSizePct: 10,
      },
      volatility: {
        sampleIntervalSeconds: 1,
        historyLimit: 1000,
        shortWindow: 60,
        longWindow: 600,
        ewmaLambda: 0.94,
        horizonSeconds: 31_536_000,
        source: "mid",
      },
      hedge: {
        passiveHedgeRatio: 0.0225,
        passiveHedgeSpRatio: 0.003,
        passiveHedgeProportion: 0.5,
        passiveHedgeRefreshIqvRatio: 0.2,
        passiveHedgeRefreshIntervalSeconds: 30,
        passiveHedgeMovePct: 10,
        passiveHedgeOnCrossed: "re-anchor",
        passiveHedgeCooldownSeconds: 60,
        activeHedgeIqvRatio: 0.65,
        activeHedgeTargetIqvRatio: 0.3,
        activeHedgeTarget: "band",
        activeHedgeUnwindIqvRatio: 0.15,
        activeHedgeUnwindProportion: 0.25,
        activeHedgeIntervalSeconds: 1,
        repegSeconds: 3,
        makerDeadlineSeconds: 60,
        maxSlippagePct: 0.5,
        minHedgeOrderSize: "0.1",
        dualSidedHedge: true,
        maxUnhedgedSeconds: 120,
        onHalt: "flatten",
        minHedgeLiquidationDistancePct: 10,
        maxHedgeMarginPct: 50,
      },
      risk: {
        staleBookMs: 3000,
        quietBookMs: 15_000,
        maxReferenceDivergencePct: 2,
        maxOrderNotional: "100",
        maxOpenOrders: 20,
        maxPositionNotional: "500",
        maxNetDelta: "300",
        minLiquidationDistancePct: 10,
        rejectStreakLimit: 5,
        unknownOrderAgeMs: 10_000,
        fillRateLimit: 10,
        fillRateWindowMs: 10_000,
        actionsPer10s: 50,
        actionReservePct: 20,
        maxDrawdownPct: 5,
        maxDailyLossPct: 3,
        clockOffsetAlertMs: 500,
        clockOffsetRefuseMs: 1000,
      },
      instrumentOverride: {
        tickSize: "0.0001",
        lotSize: "0.1",
        minNotional: "10",
        base: "SUI",
        quote: "USDC",
        minSize: "0.1",
        makerFeeRate: "-0.00001",
        takerFeeRate: "0.00045",
        maxOpenOrders: 200,
      },
      simulation: {
        feeAsset: { asset: "BNB", price: "600" },
        base: "1",
        quote: "2",
        hedgeQuote: "3",
        latencyMs: 20,
        queue: "log",
      },
    },
  ],
  venues: {
    "binance-spot": {
      restUrl: "https://testnet.example",
      wsApiUrl: "wss://testnet.example/ws-api",
      streamUrl: "wss://stream.example",
    },
    hyperliquid: { restUrl: "http://127.0.0.1:1", wsUrl: "ws://127.0.0.1:1" },
  },
};

/** The minimal pair with some fields of its sections changed; `undefined` leaves a field out. */
export function pairObject(changes: Json = {}): Json {
  return merge(MINIMAL_PAIR, changes);
}

function merge(base: Json, changes: Json): Json {
  const merged: Json = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const before = merged[key];
    merged[key] = isJson(before) && isJson(value) ? merge(before, value) : value;
  }
  return merged;
}

export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A checked pair with changes after all checks: the rules are there for what these refuse. */
export function checkedPair(changes: Json = {}): PairConfig {
  const [pair] = parsePairs(pairObject()).config.pairs;
  if (pair === undefined) throw new Error("one pair went in");
  const changed: unknown = merge({ ...pair }, changes);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fields keep their types
  return changed as PairConfig;
}

export function checkedConfig(...pairs: PairConfig[]): Config {
  return { ...parsePairs(pairObject()).config, pairs };
}

export function parsePairs(...pairs: Json[]): ReturnType<typeof parseConfig> {
  return parseConfig(JSON.stringify({ pairs }), "x.jsonc");
}

/** The lines of the InputError that a text is refused with. */
export function problemsOf(text: string): string[] {
  try {
    parseConfig(text, "x.jsonc");
  } catch (thrown) {
    if (!(thrown instanceof InputError) || thrown.code !== "bad-config") throw thrown;
    return thrown.message.split("\n");
  }
  throw new Error("the config was accepted");
}

const cents = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: Math.ceil(min * 100), max: Math.floor(max * 100) }).map((n) => n / 100);

const decimalText = fc
  .tuple(fc.integer({ min: 1, max: 999_999 }), fc.integer({ min: 0, max: 999_999 }))
  .map(([whole, part]) => `${whole}.${String(part).padStart(6, "0")}`);

const arbitraryCapital = fc.record(
  {
    initInventoryAmount: decimalText,
    initQuoteAmount: decimalText,
    targetIqvRatio: cents(0.05, 0.5),
    reservePct: cents(0, 99),
  },
  { requiredKeys: ["initInventoryAmount", "initQuoteAmount"] },
);

/** Targets above stay below 0.5, so that a move of +1 is within reach. */
const arbitraryQuoting = fc
  .record({ rb: cents(0, 0.5), room: cents(0.01, 0.5), down: cents(-0.5, 0) })
  .chain(({ rb, room, down }) =>
    fc.record(
      {
        strategy: fc.constantFrom("spot", "curve", "bid-ask", "auto", { module: "./mine.ts" }),
        priceUpPctLimit: cents(0.1, 5),
        priceDownPctLimit: cents(0.1, 0.99),
        binStep: cents(10, 1000),
        decayRate: cents(0.01, 0.99),
        liveOrderNums: fc.integer({ min: 2, max: 200 }),
        minOrderSize: fc.constantFrom("0", "0.1", "1."),
        maxOrderSize: fc.constantFrom("1", "25.5", "1000000000000000000"),
        belowMin: fc.constantFrom("merge", "drop"),
        compat: fc.constantFrom("none", "seed"),
        iqvUpLimit: fc.constant(rb + room),
        inventoryRbIqvRatio: fc.constant(rb),
        iqvDownLimit: fc.constant(down - room),
        quoteRbIqvRatio: fc.constant(down),
        volLowerThreshold: cents(0, 35),
        volUpperThreshold: cents(40, 500),
      },
      {
        requiredKeys: [
          "priceUpPctLimit",
          "priceDownPctLimit",
          "binStep",
          "iqvUpLimit",
          "iqvDownLimit",
          "inventoryRbIqvRatio",
          "quoteRbIqvRatio",
        ],
      },
    ),
  );

const arbitraryPair = fc.record(
  {
    id: fc.stringMatching(/^[A-Za-z0-9]{1,12}$/),
    mode: fc.constant("paper"),
    quote: fc.record({
      venue: fc.constantFrom("binance-spot", "binance-perp", "hyperliquid"),
      symbol: fc.constantFrom("ETHUSDT", "SUI", "xyz:TSLA"),
    }),
    capital: arbitraryCapital,
    quoting: arbitraryQuoting,
    volatility: fc.record(
      {
        shortWindow: fc.integer({ min: 2, max: 100 }),
        longWindow: fc.integer({ min: 100, max: 900 }),
        ewmaLambda: cents(0.01, 0.99),
        source: fc.constantFrom("mid", "reference"),
      },
      { requiredKeys: [] },
    ),
    risk: fc.record(
      { maxOrderNotional: decimalText, fillRateLimit: fc.nat(99).map((n) => n + 1) },
      { requiredKeys: [] },
    ),
    instrumentOverride: fc.record({
      tickSize: fc.constantFrom("0.01", ".5"),
      lotSize: decimalText,
      minNotional: fc.constantFrom("0", "5"),
      makerFeeRate: fc.constantFrom("-0.0001", "0", "0.05"),
    }),
    simulation: fc.record(
      {
        feeAsset: fc.constantFrom("received", "quote", { asset: "BNB", price: "600" }),
        base: decimalText,
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ["id", "quote", "capital", "quoting"] },
);

/** Any valid config, with optional fields here and not there. */
export const arbitraryConfig: fc.Arbitrary<{ pairs: Json[] }> = fc.record({
  pairs: fc.uniqueArray(arbitraryPair, { minLength: 1, maxLength: 3, selector: ({ id }) => id }),
});
