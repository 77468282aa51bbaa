/** The symbols that the mock makes up, as the adapter of the real venue reads them. */

import { describe, expect, test } from "bun:test";
import { InputError } from "#domain/errors.ts";
import { mockMarket, symbolRules } from "#mock-venues/binance-spot/symbol-rules.ts";
import { readExchangeInfo, readMarket } from "#venues/binance-spot/instruments.ts";

const FEES = { makerFeeRate: "0.001", takerFeeRate: "0.001" };

describe("symbol rules", () => {
  test.each(["BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "SUIUSDT", "DOGEUSDT"])(
    "%s is read as it was meant",
    (symbol) => {
      const { instrument, startPrice } = mockMarket(symbol);
      const info = readExchangeInfo({
        serverTime: 1,
        rateLimits: [],
        exchangeFilters: [],
        symbols: [{ ...symbolRules(instrument), status: "CANCEL_ONLY" }],
      });
      const { instrument: read, rules } = readMarket(info, symbol, FEES);
      expect(read.tickSize.toFixed()).toBe(instrument.tickSize.toFixed());
      expect(read.lotSize.toFixed()).toBe(instrument.lotSize.toFixed());
      expect([read.base, read.quote]).toEqual([symbol.replace("USDT", ""), "USDT"]);
      expect(read.minNotional.toFixed()).toBe("5");
      expect(read.maxOpenOrders).toBe(200);
      expect(rules).toMatchObject({
        trading: "cancel-only",
        canPostOnly: true,
        canReplace: true,
        canAmend: true,
        maxAmendsPerOrder: 10,
      });
      const startTicks = read.ticksOf(startPrice);
      expect(startTicks).toBeGreaterThan(rules.minTicks);
      expect(startTicks).toBeLessThan(rules.maxTicks);
    },
  );

  test("an unknown symbol is refused with those that there are", () => {
    expect(() => mockMarket("ETHUSD")).toThrow(InputError);
    expect(() => mockMarket("ETHUSD")).toThrow('"ETHUSD"');
  });
});
