/** exchangeInfo and commissionRate as domain values, and the setup that travels to workers. */

import { describe, expect, test } from "bun:test";
import { plain } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import {
  type PerpMarket,
  readExchangeInfo,
  readFees,
  readMarket,
  STANDARD_FEES,
} from "#venues/binance-perp/instruments.ts";
import { makeSetup, readSetup } from "#venues/binance-perp/setup.ts";
import { ProtocolError } from "#venues/wire.ts";
import { ETHUSDT, exchangeInfo, FILTERS, filters } from "./perp-symbol.ts";

const FEES = { makerFeeRate: "0.00018", takerFeeRate: "0.00045" };

/** ETHUSDT with these changes. */
function market(changes: Readonly<Record<string, unknown>> = {}): PerpMarket {
  const info = readExchangeInfo(exchangeInfo([{ symbol: "DOGE" }, { ...ETHUSDT, ...changes }]));
  return readMarket(info, "ETHUSDT", FEES);
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("a perpetual", () => {
  test("becomes an instrument, by its filters and not its precisions", () => {
    const { instrument } = market();
    expect([instrument.id, instrument.kind]).toEqual(["binance-perp:ETHUSDT", "perp"]);
    expect([instrument.base, instrument.quote]).toEqual(["ETH", "USDT"]);
    expect([instrument.priceString(1), instrument.sizeString(1)]).toEqual(["0.01", "0.001"]);
    expect(instrument.minLots).toBe(2); // 0.002 / 0.001
    expect(instrument.minNotionalUnits).toBe(2_000_000); // 20 / (0.01 · 0.001)
    expect(plain(instrument.makerFeeRate)).toBe("0.00018");
    expect(plain(instrument.takerFeeRate)).toBe("0.00045");
    expect(instrument.maxOpenOrders).toBe(200);
    // A changed order loses its place; stops may open positions.
    expect([instrument.canAmend, instrument.canOpenByStop]).toEqual([false, true]);
  });

  test("and rules beside it", () => {
    const { priceBand, marketTakeBound, ...rules } = market().rules;
    expect(rules).toEqual({
      trading: "open",
      statusWord: "TRADING",
      minTicks: 3986, // 39.86 / 0.01
      maxTicks: 30_617_700,
      maxLots: 10_000_000, // 10000 / 0.001
      marketLots: { min: 3, max: 2_000_000, step: 1 },
      maxStopOrders: 200,
      canPostOnly: true,
      canStop: true,
    });
    expect([priceBand?.down, priceBand?.up].map(String)).toEqual(["0.95", "1.05"]);
    expect(marketTakeBound?.toFixed()).toBe("0.05");
  });

  test.each([
    ["TRADING", "open"],
    ["PENDING_TRADING", "halted"],
    ["SETTLING", "halted"],
    ["CLOSE", "halted"],
    ["A_WORD_OF_NEXT_YEAR", "halted"],
  ] as const)("in status %s is %s", (status, trading) => {
    expect(market({ status }).rules).toMatchObject({ trading, statusWord: status });
  });

  test("has no bound where the venue sets none", () => {
    const bare = [
      { filterType: "PRICE_FILTER", minPrice: "0", maxPrice: "0", tickSize: "0.01" },
      { filterType: "LOT_SIZE", minQty: "0.002", maxQty: "0", stepSize: "0.001" },
    ];
    const { instrument, rules } = market({
      filters: bare,
      marketTakeBound: undefined,
      timeInForce: ["GTC"],
      orderTypes: ["LIMIT"],
    });
    expect(rules).toMatchObject({ minTicks: 0, maxTicks: Infinity, maxLots: Infinity });
    expect(rules.marketLots).toEqual({ min: 2, max: Infinity, step: 1 });
    expect(rules).toMatchObject({ priceBand: null, marketTakeBound: null });
    expect([rules.canPostOnly, rules.canStop]).toEqual([false, false]);
    expect(instrument.maxOpenOrders).toBe(Infinity);
    expect(plain(instrument.minNotional)).toBe("0");
  });

  test("takes market orders in steps of their own", () => {
    const coarse = { filterType: "MARKET_LOT_SIZE", minQty: "0", maxQty: "90", stepSize: "0.005" };
    const { marketLots } = market({ filters: filters("MARKET_LOT_SIZE", coarse) }).rules;
    // The least of limit orders is 2 lots: the first step that reaches it.
    expect(marketLots).toEqual({ min: 5, max: 90_000, step: 5 });
    const any = { filterType: "MARKET_LOT_SIZE", minQty: "0", maxQty: "90", stepSize: "0" };
    expect(market({ filters: filters("MARKET_LOT_SIZE", any) }).rules.marketLots.step).toBe(1);
  });

  test("has the stops that a filter still tells", () => {
    const stops = { filterType: "MAX_NUM_ALGO_ORDERS", limit: 10 };
    expect(market({ filters: [...FILTERS, stops] }).rules.maxStopOrders).toBe(10);
  });
});

describe("what cannot be traded is said plainly", () => {
  const unusable: [name: string, changes: Readonly<Record<string, unknown>>, says: RegExp][] = [
    ["a delivery contract", { contractType: "CURRENT_QUARTER" }, /no perpetual.*CURRENT_QUARTER/],
    ["a perpetual of shares", { contractType: "TRADIFI_PERPETUAL" }, /TRADIFI_PERPETUAL/],
    ["a coin-margined one", { marginAsset: "ETH" }, /backed by ETH, not by .* USDT/],
  ];
  test.each(unusable)("%s", (_name, changes, says) => {
    const thrown = thrownBy(() => market(changes));
    expect(thrown).toBeInstanceOf(InputError);
    if (thrown instanceof InputError) {
      expect([thrown.code, thrown.message]).toEqual([
        "unknown-symbol",
        expect.stringMatching(says),
      ]);
    }
  });

  test("a symbol that is not there, with the nearest that is", () => {
    const info = readExchangeInfo(exchangeInfo([ETHUSDT]));
    const thrown = thrownBy(() => readMarket(info, "ETHUSD", FEES));
    expect(thrown).toBeInstanceOf(InputError);
    if (thrown instanceof InputError) {
      expect([thrown.code, thrown.describe()]).toEqual([
        "unknown-symbol",
        'Binance USD-M has no symbol "ETHUSD"; ' +
          "check its spelling; the nearest that there is: ETHUSDT",
      ]);
    }
  });

  const price = FILTERS[0];
  const lot = FILTERS[1];
  const offGrid: [name: string, filter: Readonly<Record<string, unknown>>, says: RegExp][] = [
    ["prices", { ...price, minPrice: "39.865" }, /minPrice 39.865 .* step 0.01/],
    ["sizes", { ...lot, minQty: "0.0025" }, /minQty 0.0025 .* step 0.001/],
    [
      "market sizes",
      { filterType: "MARKET_LOT_SIZE", minQty: "0.003", maxQty: "9", stepSize: "0.002" },
      /minQty of market orders 0.003 .* step 0.002/,
    ],
    [
      "market steps",
      { filterType: "MARKET_LOT_SIZE", minQty: "0.003", maxQty: "9", stepSize: "0.0015" },
      /stepSize of market orders 0.0015 .* step 0.001/,
    ],
  ];
  test.each(offGrid)(
    "%s that are counted from no multiple of their step",
    (_name, filter, says) => {
      const thrown = thrownBy(() =>
        market({ filters: filters(String(filter["filterType"]), filter) }),
      );
      expect(thrown).toBeInstanceOf(InputError);
      if (thrown instanceof InputError) {
        expect([thrown.code, thrown.message]).toEqual([
          "bad-instrument",
          expect.stringMatching(says),
        ]);
      }
    },
  );

  const broken: [name: string, changes: Readonly<Record<string, unknown>>, says: RegExp][] = [
    ["no price filter", { filters: filters("PRICE_FILTER") }, /PRICE_FILTER/],
    ["no lot filter", { filters: filters("LOT_SIZE") }, /LOT_SIZE/],
    ["a number for a string", { filters: [{ ...price, tickSize: 0.01 }, lot] }, /tickSize/],
    ["no margin asset", { marginAsset: undefined }, /marginAsset/],
    [
      "spot's name for a limit",
      { filters: filters("MAX_NUM_ORDERS", { filterType: "MAX_NUM_ORDERS", maxNumOrders: 5 }) },
      /limit/,
    ],
  ];
  test.each(broken)("%s", (_name, changes, says) => {
    const thrown = thrownBy(() => market(changes));
    expect(thrown).toBeInstanceOf(ProtocolError);
    expect(thrown).toHaveProperty("message", expect.stringMatching(says));
  });
});

test("limits are those that the venue lists", () => {
  expect(readExchangeInfo(exchangeInfo([])).rateLimits).toEqual([
    { kind: "request-weight", windowMs: 60_000, limit: 2400, used: -1 },
    { kind: "orders", windowMs: 10_000, limit: 300, used: -1 },
    { kind: "orders", windowMs: 60_000, limit: 1200, used: -1 },
  ]);
});

test("fees are those of the account", () => {
  const json = {
    symbol: "ETHUSDT",
    makerCommissionRate: "-0.0001",
    takerCommissionRate: "0.0004",
    rpiCommissionRate: "0.00005",
  };
  expect(readFees(json)).toEqual({ makerFeeRate: "-0.0001", takerFeeRate: "0.0004" });
  expect(() => readFees({ ...json, makerCommissionRate: 0.1 })).toThrow(ProtocolError);
  expect(STANDARD_FEES).toEqual({ makerFeeRate: "0.0002", takerFeeRate: "0.0005" });
});

describe("a setup", () => {
  const info = readExchangeInfo(exchangeInfo([ETHUSDT, { symbol: "BTCUSDT" }]));

  test("is read in a worker as it was made, and holds its own symbol alone", () => {
    const { market: made, ...data } = makeSetup(info, "ETHUSDT", FEES);
    const posted: unknown = structuredClone(data);
    expect(JSON.stringify(posted)).not.toContain("BTCUSDT");
    const { market: read } = readSetup(posted, "ETHUSDT");
    expect(read.rules).toEqual(made.rules);
    expect([read.instrument.id, plain(read.instrument.takerFeeRate)]).toEqual([
      "binance-perp:ETHUSDT",
      "0.00045",
    ]);
  });

  test("of another symbol, or of none, is refused", () => {
    const { market: _, ...data } = makeSetup(info, "ETHUSDT", FEES);
    expect(thrownBy(() => readSetup(data, "BTCUSDT"))).toHaveProperty("code", "unknown-symbol");
    expect(() => readSetup({ fees: FEES }, "ETHUSDT")).toThrow(ProtocolError);
    expect(() => readSetup(null, "ETHUSDT")).toThrow(ProtocolError);
  });
});
