/** exchangeInfo and account.commission as domain values. */

import { describe, expect, test } from "bun:test";
import { plain } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import { readRateLimits } from "#venues/binance/exchange-info.ts";
import { ProtocolError } from "#venues/binance/wire.ts";
import {
  readExchangeInfo,
  readFees,
  readMarket,
  type SpotMarket,
} from "#venues/binance-spot/instruments.ts";
import { ETHUSDT, FILTERS, FIXTURES, fixture, thrownBy } from "./market.ts";

const FEES = { makerFeeRate: "0.00075", takerFeeRate: "0.001" };

function infoWith(symbols: readonly unknown[], exchangeFilters: readonly unknown[] = []) {
  const serverTime = 1795340000000;
  return readExchangeInfo({
    timezone: "UTC",
    serverTime,
    rateLimits: [],
    exchangeFilters,
    symbols,
  });
}

/** ETHUSDT with these changes. */
function market(changes: Readonly<Record<string, unknown>> = {}): SpotMarket {
  return readMarket(infoWith([{ ...ETHUSDT, ...changes }]), "ETHUSDT", FEES);
}

/** The filters without one, and with others in its place. */
function filters(without: string, ...others: readonly unknown[]): unknown[] {
  return [...FILTERS.filter(({ filterType }) => filterType !== without), ...others];
}

describe("a symbol", () => {
  test("becomes an instrument", () => {
    const { instrument } = market();
    expect(instrument.id).toBe("binance-spot:ETHUSDT");
    expect([instrument.base, instrument.quote]).toEqual(["ETH", "USDT"]);
    expect(instrument.priceString(1)).toBe("0.01");
    expect(instrument.sizeString(1)).toBe("0.0001");
    expect(instrument.minLots).toBe(20); // 0.002 / 0.0001
    expect(instrument.minNotionalUnits).toBe(5_000_000); // 5 / (0.01 · 0.0001)
    expect(plain(instrument.makerFeeRate)).toBe("0.00075");
    expect(plain(instrument.takerFeeRate)).toBe("0.001");
    expect(instrument.maxOpenOrders).toBe(200);
  });

  test("and rules beside it", () => {
    const { priceBand, maxNotional, ...rules } = market().rules;
    expect(rules).toEqual({
      trading: "open",
      statusWord: "TRADING",
      minTicks: 1,
      maxTicks: 100_000_000, // 1000000 / 0.01
      maxLots: 90_000_000, // 9000 / 0.0001
      maxPosition: null,
      canPostOnly: true,
      canReplace: true,
      canAmend: true,
      maxAmendsPerOrder: 10,
      allowedStpModes: ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
      defaultStpMode: "EXPIRE_MAKER",
    });
    expect(maxNotional?.toFixed()).toBe("9000000");
    expect([priceBand?.buyDown, priceBand?.buyUp].map(String)).toEqual(["0.2", "5"]);
    expect([priceBand?.sellDown, priceBand?.sellUp].map(String)).toEqual(["0.25", "4"]);
    expect(priceBand?.averageMinutes).toBe(5);
  });

  test.each([
    ["TRADING", "open"],
    ["CANCEL_ONLY", "cancel-only"],
    ["HALT", "halted"],
    ["BREAK", "halted"],
    ["END_OF_DAY", "halted"],
    ["A_WORD_OF_NEXT_YEAR", "halted"],
  ] as const)("in status %s is %s", (status, trading) => {
    expect(market({ status }).rules).toMatchObject({ trading, statusWord: status });
  });

  test("takes the older filters where it has them", () => {
    const notional = { filterType: "MIN_NOTIONAL", minNotional: "10.0", applyToMarket: true };
    const old = market({ filters: filters("NOTIONAL", notional) });
    expect(plain(old.instrument.minNotional)).toBe("10");
    expect(old.rules.maxNotional).toBeNull();
    const percent = { multiplierUp: "1.3", multiplierDown: "0.7", avgPriceMins: 0 };
    const band = market({
      filters: filters("PERCENT_PRICE_BY_SIDE", { filterType: "PERCENT_PRICE", ...percent }),
    }).rules.priceBand;
    expect([band?.buyDown, band?.buyUp].map(String)).toEqual(["0.7", "1.3"]);
    expect([band?.sellDown, band?.sellUp].map(String)).toEqual(["0.7", "1.3"]);
  });

  test("has no bound where the venue sets none", () => {
    const price = { filterType: "PRICE_FILTER", minPrice: "0", maxPrice: "0", tickSize: "0.01" };
    const lot = { filterType: "LOT_SIZE", minQty: "0.1", maxQty: "9.0", stepSize: "0.1" };
    const { instrument, rules } = market({ filters: [price, lot], amendAllowed: undefined });
    expect(rules).toMatchObject({ minTicks: 0, maxTicks: Infinity, priceBand: null });
    expect(rules).toMatchObject({ maxAmendsPerOrder: Infinity, canAmend: false });
    expect(instrument.maxOpenOrders).toBe(Infinity);
    expect(plain(instrument.minNotional)).toBe("0");
  });

  test("may not have more open orders than the account", () => {
    const accountFilter = { filterType: "EXCHANGE_MAX_NUM_ORDERS", maxNumOrders: 50 };
    const info = infoWith([ETHUSDT], [accountFilter]);
    expect(readMarket(info, "ETHUSDT", FEES).instrument.maxOpenOrders).toBe(50);
  });

  test("has a bound of the position where the venue sets one", () => {
    const position = { filterType: "MAX_POSITION", maxPosition: "10.50000000" };
    const { rules } = market({ filters: [...FILTERS, position] });
    expect(rules.maxPosition?.toFixed()).toBe("10.5");
  });
});

describe("what cannot be traded is said plainly", () => {
  test("a symbol that is not there, with the nearest that is", () => {
    const thrown = thrownBy(() => readMarket(infoWith([ETHUSDT]), "ETHUSD", FEES));
    expect(thrown).toBeInstanceOf(InputError);
    if (thrown instanceof InputError) {
      expect(thrown.code).toBe("unknown-symbol");
      expect(thrown.describe()).toBe(
        'Binance Spot has no symbol "ETHUSD"; ' +
          "check its spelling; the nearest that there is: ETHUSDT",
      );
    }
  });

  test("a tick of zero", () => {
    const off = { filterType: "PRICE_FILTER", minPrice: "0", maxPrice: "0", tickSize: "0.0000" };
    const thrown = thrownBy(() => market({ filters: filters("PRICE_FILTER", off) }));
    expect(thrown).toBeInstanceOf(InputError);
    expect(thrown).toHaveProperty("code", "bad-instrument");
  });

  const broken: [name: string, changes: Readonly<Record<string, unknown>>, says: RegExp][] = [
    ["no price filter", { filters: filters("PRICE_FILTER") }, /PRICE_FILTER/],
    ["no lot filter", { filters: filters("LOT_SIZE") }, /LOT_SIZE/],
    ["a number for a string", { filters: [{ ...FILTERS[0], tickSize: 0.01 }] }, /tickSize/],
    ["no assets", { baseAsset: undefined }, /baseAsset/],
    ["filters that are no list", { filters: {} }, /filters/],
  ];
  test.each(broken)("%s", (_name, changes, says) => {
    const thrown = thrownBy(() => market(changes));
    expect(thrown).toBeInstanceOf(ProtocolError);
    if (thrown instanceof ProtocolError) expect(thrown.describe()).toMatch(says);
  });

  test("but not for what is wrong with another symbol", () => {
    const info = infoWith([{ symbol: "BROKEN" }, ETHUSDT]);
    expect(readMarket(info, "ETHUSDT", FEES).instrument.symbol).toBe("ETHUSDT");
  });
});

describe("rate limits", () => {
  test("are windows in milliseconds", () => {
    const limits = readRateLimits([
      { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: 6000 },
      { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: 100, count: 3 },
      { rateLimitType: "ORDERS", interval: "DAY", intervalNum: 1, limit: 200000 },
      { rateLimitType: "RAW_REQUESTS", interval: "MINUTE", intervalNum: 5, limit: 300000 },
      { rateLimitType: "A_KIND_OF_NEXT_YEAR", interval: "FORTNIGHT", intervalNum: 1, limit: 1 },
    ]);
    expect(limits).toEqual([
      { kind: "request-weight", windowMs: 60_000, limit: 6000, used: -1 },
      { kind: "orders", windowMs: 10_000, limit: 100, used: 3 },
      { kind: "orders", windowMs: 86_400_000, limit: 200_000, used: -1 },
      { kind: "raw-requests", windowMs: 300_000, limit: 300_000, used: -1 },
    ]);
  });

  test("of a kind that we know must be readable", () => {
    const limit = { rateLimitType: "ORDERS", interval: "FORTNIGHT", intervalNum: 1, limit: 1 };
    expect(() => readRateLimits([limit])).toThrow(ProtocolError);
  });
});

describe("fees", () => {
  const none = { maker: "0.0", taker: "0.0", buyer: "0.0", seller: "0.0" };

  test("are the sum of all commissions, by the dearer side", () => {
    const fees = readFees({
      symbol: "ETHUSDT",
      standardCommission: { maker: "0.00000010", taker: "0.0002", buyer: "0.1", seller: "0.2" },
      specialCommission: { ...none, maker: "0.01", taker: "0.02" },
      taxCommission: { maker: "0.3", taker: "0.4", buyer: "0.05", seller: "0.01" },
      discount: { enabledForAccount: true, discountAsset: "BNB", discount: "0.75" },
    });
    // seller 0.2 + 0.01 is dearer than buyer 0.1 + 0.05
    expect(fees).toEqual({ makerFeeRate: "0.5200001", takerFeeRate: "0.6302" });
  });

  test("may be the standard commission alone", () => {
    const standardCommission = { ...none, maker: "0.00100000", taker: "0.00100000" };
    expect(readFees({ standardCommission })).toEqual({
      makerFeeRate: "0.001",
      takerFeeRate: "0.001",
    });
  });
});

test.skipIf(FIXTURES === null)(
  "the example of the documentation is read, and its empty filters are refused",
  () => {
    const json = fixture("http_json", "exchange_info_response.json");
    const info = readExchangeInfo(json);
    expect(info.serverTimeMs).toBe(1565246363776);
    expect([...info.symbols.keys()]).toEqual(["ETHBTC"]);
    expect(() => readMarket(info, "ETHBTC", FEES)).toThrow(/PRICE_FILTER/);
  },
);
