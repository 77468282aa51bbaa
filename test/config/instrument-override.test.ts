import { describe, expect, test } from "bun:test";
import { instrumentFor, simulatedFeeAsset } from "#config/instrument-override.ts";
import type { PairConfig } from "#config/schema.ts";
import { plain } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import { type Json, pairObject, parsePairs } from "./support.ts";

const STEPS = { tickSize: "0.01", lotSize: "0.0001", minNotional: "5" };

function pairOf(venue: string, symbol: string, instrumentOverride?: Json): PairConfig {
  const [pair] = parsePairs(pairObject({ quote: { venue, symbol }, instrumentOverride })).config
    .pairs;
  if (pair === undefined) throw new Error("one pair went in");
  return pair;
}

describe("instrumentFor", () => {
  test("takes the override's figures and the venue's base fees", () => {
    const instrument = instrumentFor(pairOf("binance-spot", "ETHUSDT", STEPS));
    expect(instrument).toMatchObject({ id: "binance-spot:ETHUSDT", base: "ETH", quote: "USDT" });
    expect(instrument).toMatchObject({ kind: "spot", maxOpenOrders: 200, minLots: 1 });
    expect(instrument.priceRule).toEqual({ kind: "fixed-tick" });
    expect([instrument.makerFeeRate, instrument.takerFeeRate].map(plain)).toEqual([
      "0.001",
      "0.001",
    ]);
    expect(instrument.priceString(268_380)).toBe("2683.8");
    expect(instrument.reachesMinimum(250_000, 20)).toBe(true); // 2500 · 0.0020 = 5
    expect(instrument.reachesMinimum(250_000, 19)).toBe(false);
  });

  test("optional figures are taken where they are given", () => {
    const more = {
      base: "E",
      quote: "U",
      minSize: "0.01",
      makerFeeRate: "-0.0001",
      maxOpenOrders: 19,
    };
    const instrument = instrumentFor(pairOf("binance-perp", "ETHUSDT", { ...STEPS, ...more }));
    expect(instrument).toMatchObject({ base: "E", quote: "U", kind: "perp", minLots: 100 });
    expect([instrument.makerFeeRate, instrument.takerFeeRate].map(plain)).toEqual([
      "-0.0001",
      "0.0005",
    ]);
    expect(instrument.maxOpenOrders).toBe(19);
  });

  test("szDecimals gives Hyperliquid's lot, tick and price rule", () => {
    const instrument = instrumentFor(pairOf("hyperliquid", "SUI", { szDecimals: 1 }));
    expect([instrument.lotSize, instrument.tickSize, instrument.minNotional].map(plain)).toEqual([
      "0.1",
      "0.00001",
      "10",
    ]);
    expect(instrument).toMatchObject({ base: "SUI", quote: "USDC", kind: "perp" });
    // Five significant figures: 3.4567 is a price, 3.45678 is not.
    expect(instrument.isValidPrice(instrument.ticksOf("3.4567"))).toBe(true);
    expect(instrument.isValidPrice(instrument.ticksOf("3.45678"))).toBe(false);
    const six = instrumentFor(pairOf("hyperliquid", "X", { szDecimals: 6 }));
    expect([six.lotSize, six.tickSize].map(plain)).toEqual(["0.000001", "1"]);
  });

  test.each([
    ["ETHUSDT", "ETH", "USDT"],
    ["BTCFDUSD", "BTC", "FDUSD"],
    ["BTCTUSD", "BTC", "TUSD"],
    ["ETHBTC", "ETH", "BTC"],
    ["BTCUSDC", "BTC", "USDC"],
    ["BNBETH", "BNB", "ETH"],
    ["BTCTRY", "BTC", "TRY"],
    ["1000SATSEUR", "1000SATS", "EUR"],
  ])("%s is %s in %s", (symbol, base, quote) => {
    expect(instrumentFor(pairOf("binance-spot", symbol, STEPS))).toMatchObject({ base, quote });
  });

  test("a symbol that says nothing asks for base and quote", () => {
    const error = thrownBy(() => instrumentFor(pairOf("binance-spot", "FOOBAR", STEPS)));
    expect(error.describe()).toContain('add to its instrumentOverride: "base": "ETH"');
  });

  test.each([
    ["binance-spot", "ETHUSDT"],
    ["binance-perp", "ETHUSDT"],
    ["hyperliquid", "SUI"],
  ])("%s without an override says what to add, and that helps", (venue, symbol) => {
    const error = thrownBy(() => instrumentFor(pairOf(venue, symbol)));
    expect(error.code).toBe("no-instrument");
    expect(error.describe()).not.toContain("\n");
    const snippet = /"instrumentOverride": (\{.*\})$/.exec(error.describe())?.[1] ?? "";
    const override: Json = JSON.parse(snippet);
    expect(instrumentFor(pairOf(venue, symbol, override)).id).toBe(`${venue}:${symbol}`);
  });
});

function thrownBy(action: () => unknown): InputError {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof InputError) return thrown;
    throw thrown;
  }
  throw new Error("nothing was thrown");
}

test("fees are charged as the venue does it, where the config does not say", () => {
  expect(simulatedFeeAsset(pairOf("binance-spot", "ETHUSDT"))).toBe("received");
  expect(simulatedFeeAsset(pairOf("hyperliquid", "SUI"))).toBe("quote");
  const bnb = { asset: "BNB", price: "600" };
  const [pair] = parsePairs(pairObject({ simulation: { feeAsset: bnb } })).config.pairs;
  expect(pair && simulatedFeeAsset(pair)).toEqual(bnb);
});
