import { describe, expect, test } from "bun:test";
import { InputError } from "#domain/errors.ts";
import {
  BASE_FEES,
  type HlMeta,
  readFees,
  readMarket,
  readMeta,
} from "#venues/hyperliquid/instruments.ts";
import { readSetup, setupOf } from "#venues/hyperliquid/setup.ts";
import { ProtocolError } from "#venues/wire.ts";
import { sharedPath } from "../../shared.ts";
import { jsonFile, perp } from "./market-frames.ts";

const META = readMeta({
  universe: [
    { name: "BTC", szDecimals: 5, maxLeverage: 40, marginTableId: 56 },
    { name: "MATIC", szDecimals: 1, maxLeverage: 20, isDelisted: true },
    { name: "SUI", szDecimals: 1, maxLeverage: 10, isDelisted: null, onlyIsolated: null },
    { name: "kPEPE", szDecimals: 0, maxLeverage: 10, growthMode: "enabled" },
    { name: "ODD", szDecimals: 2, maxLeverage: 3, onlyIsolated: true },
    { name: "NOX", szDecimals: 2, maxLeverage: 3, marginMode: "noCross" },
    { name: "NEW" },
  ],
  marginTables: [[56, { description: "", marginTiers: [] }]],
  collateralToken: 0,
});

function refusalOf(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was refused");
}

function market(coin: string, meta: HlMeta = META) {
  return readMarket(meta, coin, BASE_FEES);
}

describe("perps of meta", () => {
  test("asset ids are places in the list, delisted entries included", () => {
    expect(market("BTC").asset).toBe(0);
    expect(market("MATIC")).toMatchObject({ asset: 1, isDelisted: true });
    expect(market("SUI")).toMatchObject({ asset: 2, isDelisted: false, onlyIsolated: false });
    expect(market("ODD")).toMatchObject({ asset: 4, onlyIsolated: true, maxLeverage: 3 });
    expect(market("NOX").onlyIsolated).toBe(true);
  });

  test("an instrument has the venue's rules", () => {
    const { instrument } = market("SUI");
    expect(instrument.id).toBe("hyperliquid:SUI");
    expect(instrument).toMatchObject({ base: "SUI", quote: "USDC", kind: "perp" });
    expect(instrument).toMatchObject({ maxOpenOrders: 1000, canAmend: false, minLots: 1 });
    expect(instrument.tickSize.toFixed()).toBe("0.00001");
    expect(instrument.lotSize.toFixed()).toBe("0.1");
    expect(instrument.makerFeeRate.toFixed()).toBe("0.00015");
    expect(instrument.takerFeeRate.toFixed()).toBe("0.00045");
    // $10 at 3.5 a coin: 2.9 coins are worth more, 2.8 less.
    const ticks = instrument.ticksOf("3.5");
    expect(instrument.reachesMinimum(ticks, instrument.lotsOf("2.9"))).toBe(true);
    expect(instrument.reachesMinimum(ticks, instrument.lotsOf("2.8"))).toBe(false);
  });

  // hyperliquid.md §1: price, decimals of its size, whether it is valid.
  test.each([
    ["1234.5", 0, true],
    ["1234.56", 0, false],
    ["0.001234", 0, true],
    ["0.0012345", 0, false],
    ["0.01234", 1, true],
    ["0.012345", 1, false],
    ["123456", 1, true],
    ["123456.7", 1, false],
  ])("the price %s with %d size decimals: valid is %p", (price, szDecimals, isValid) => {
    const instrument = perp("COIN", szDecimals);
    let isTaken: boolean;
    try {
      isTaken = instrument.isValidPrice(instrument.ticksOf(price));
    } catch (error) {
      expect(error).toMatchObject({ code: "off-grid" });
      isTaken = false;
    }
    expect(isTaken).toBe(isValid);
  });

  test.each([
    ["sui", /no perp "sui"; did you mean SUI\?/],
    ["KPEPE", /did you mean kPEPE\?/],
    ["BTCC", /the nearest that there is: BTC$/],
    ["xyz:TSLA", /"xyz:TSLA" is a perp of a builder's dex \(HIP-3\)/],
    ["PURR/USDC", /spot pair/],
    ["@107", /spot pair/],
    ["", /check its spelling/],
  ])("says of %p what is wrong with it", (coin, says) => {
    const error = refusalOf(() => market(coin));
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({ code: "unknown-symbol" });
    expect(error instanceof InputError ? error.describe() : "").toMatch(says);
  });

  test("is strict on the coin that is asked for alone", () => {
    expect(refusalOf(() => market("NEW"))).toBeInstanceOf(ProtocolError);
    expect(refusalOf(() => readMeta({ universe: [{ szDecimals: 1 }] }))).toBeInstanceOf(
      ProtocolError,
    );
    expect(refusalOf(() => readMeta({ universe: [], collateralToken: 360 })).message).toMatch(
      /margined in token 360/,
    );
    const many = readMeta({ universe: [{ name: "X", szDecimals: 7, maxLeverage: 3 }] });
    expect(refusalOf(() => market("X", many)).message).toMatch(/szDecimals/);
  });

  test("reads an account's rates, rebates too", () => {
    const fees = readFees({ userAddRate: "-0.00001", userCrossRate: "0.00030", dailyUserVlm: [] });
    expect(fees).toEqual({ makerFeeRate: "-0.00001", takerFeeRate: "0.0003" });
    expect(readMarket(META, "BTC", fees).instrument.makerFeeRate.toFixed()).toBe("-0.00001");
    expect(refusalOf(() => readFees({ userAddRate: 0.1 }))).toBeInstanceOf(ProtocolError);
  });

  test("a setup is plain data that says the same in another thread", () => {
    const setup: unknown = structuredClone(setupOf(META, "SUI", BASE_FEES));
    const read = readSetup(setup, "SUI");
    expect(read).toMatchObject({ asset: 2, maxLeverage: 10, isDelisted: false });
    expect(read.instrument.id).toBe("hyperliquid:SUI");
    expect(refusalOf(() => readSetup(setup, "BTC")).message).toMatch(/it is of SUI/);
    expect(refusalOf(() => readSetup({}, "SUI"))).toBeInstanceOf(ProtocolError);
  });
});

const sample = sharedPath("fixtures", "hyperliquid", "http_meta_perp_sample.json");
const otherDexes = sharedPath(
  "fixtures",
  "hyperliquid",
  "http_all_perp_metas_non_usdc_collateral.json",
);

test.skipIf(sample === null)("the sample of meta", () => {
  const meta = readMeta(jsonFile(sample ?? ""));
  expect(meta.universe.map(({ name }) => name)).toEqual(["BTC", "ETH", "ATOM"]);
  expect(market("ATOM", meta)).toMatchObject({ asset: 2, maxLeverage: 5, isDelisted: false });
  expect(market("BTC", meta).instrument.tickSize.toFixed()).toBe("0.1");
  expect(market("ATOM", meta).instrument.tickSize.toFixed()).toBe("0.0001");
});

test.skipIf(otherDexes === null)("a dex with another collateral is refused", () => {
  const metas = jsonFile(otherDexes ?? "");
  if (!Array.isArray(metas)) throw new Error("not a list");
  const [first, ...others] = metas;
  expect(readMeta(first).universe).toHaveLength(1);
  expect(others.length).toBeGreaterThan(0);
  for (const other of others)
    expect(refusalOf(() => readMeta(other))).toBeInstanceOf(ProtocolError);
});
