/** The simulated account: fees, locks, margin and funding, with the sums in comments. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { decimal, plain, ZERO } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import type { Side } from "#domain/instrument.ts";
import { type FeePolicy, SimAccount } from "#sim/sim-account.ts";
import { perpInstrument, spotInstrument } from "./exchange-kit.ts";

// One tick 0.01 USDT, one lot 0.1 ETH; maker 0.1 %, taker 0.2 %.
const SETUP = { base: "10", quote: "1000" };

function money(account: SimAccount): [string, string] {
  return [plain(account.base), plain(account.quote)];
}

/** 5 lots at 10 000 ticks: 0.5 ETH at 100 USDT, worth 50 USDT. */
function halfEther(side: Side, liquidity: "maker" | "taker" = "maker") {
  return { side, ticks: 10_000, lots: 5, liquidity };
}

describe("fees", () => {
  test("received: a buy pays in base, a sell in quote", () => {
    const account = new SimAccount(spotInstrument(), SETUP, { kind: "received" });
    // 0.1 % of 0.5 ETH
    expect(account.execute(halfEther("buy"))).toEqual({ fee: "0.0005", feeAsset: "ETH" });
    expect(money(account)).toEqual(["10.4995", "950"]);
    // 0.2 % of 50 USDT
    expect(account.execute(halfEther("sell", "taker"))).toEqual({ fee: "0.1", feeAsset: "USDT" });
    expect(money(account)).toEqual(["9.9995", "999.9"]);
  });

  test("quote: both sides pay in quote", () => {
    const account = new SimAccount(spotInstrument(), SETUP, { kind: "quote" });
    expect(account.execute(halfEther("buy"))).toEqual({ fee: "0.05", feeAsset: "USDT" });
    expect(account.execute(halfEther("sell"))).toEqual({ fee: "0.05", feeAsset: "USDT" });
    expect(money(account)).toEqual(["10", "999.9"]);
  });

  test("asset: in BNB at its price, until there is none left", () => {
    const fees: FeePolicy = { kind: "asset", asset: "BNB", price: "500" };
    const account = new SimAccount(spotInstrument(), { ...SETUP, feeAsset: "0.00015" }, fees);
    // 0.1 % of 50 USDT is 0.05 USDT, at 500 USDT a BNB 0.0001 BNB
    expect(account.execute(halfEther("buy"))).toEqual({ fee: "0.0001", feeAsset: "BNB" });
    expect(plain(account.feeAssetBalance)).toBe("0.00005");
    // Another 0.0001 is not there: charged as under `received`.
    expect(account.execute(halfEther("buy"))).toEqual({ fee: "0.0005", feeAsset: "ETH" });
    expect(money(account)).toEqual(["10.9995", "900"]);
  });

  test("a rebate is paid to us", () => {
    const instrument = spotInstrument({ makerFeeRate: "-0.0001" });
    const account = new SimAccount(instrument, SETUP, { kind: "received" });
    expect(account.execute(halfEther("buy")).fee).toBe("-0.00005");
    expect(account.execute(halfEther("sell")).fee).toBe("-0.005");
    expect(money(account)).toEqual(["10.00005", "1000.005"]);
  });
});

describe("spot locks", () => {
  test("buys lock quote at their limit, sells lock base", () => {
    const account = new SimAccount(spotInstrument(), SETUP, { kind: "received" });
    account.lock("buy", 60, 10_000); // 6 ETH at 100: 600 of 1000 USDT
    account.lock("sell", 70, 10_100); // 7 of 10 ETH
    expect([plain(account.lockedBase), plain(account.lockedQuote)]).toEqual(["7", "600"]);
    expect(account.canAfford("buy", 40, 400_000, 0)).toBe(true); // exactly the 400 left
    expect(account.canAfford("buy", 40, 400_001, 0)).toBe(false);
    expect(account.canAfford("sell", 30, 300_000, 0)).toBe(true);
    expect(account.canAfford("sell", 31, 310_000, 0)).toBe(false);
    account.lock("buy", -60, 10_000);
    expect(account.canAfford("buy", 100, 1_000_000, 0)).toBe(true);
  });

  test("fees that come out of quote are locked too", () => {
    const account = new SimAccount(spotInstrument(), SETUP, { kind: "quote" });
    // 998 USDT and 0.2 % taker fee are 999.996; 999 USDT would be 1000.998
    expect(account.canAfford("buy", 1, 998_000, 0)).toBe(true);
    expect(account.canAfford("buy", 1, 999_000, 0)).toBe(false);
  });
});

describe("perp", () => {
  const FLAT = { base: "0", quote: "100", leverage: "10" };
  const noFees = perpInstrument({ makerFeeRate: "0", takerFeeRate: "0" });

  test("profit is realised by what closes, at the average price", () => {
    const account = new SimAccount(noFees, FLAT, { kind: "quote" });
    account.execute({ side: "buy", ticks: 10_000, lots: 10, liquidity: "maker" }); // 1 at 100
    account.execute({ side: "buy", ticks: 11_000, lots: 10, liquidity: "maker" }); // 1 at 110
    expect(money(account)).toEqual(["2", "100"]);
    expect(plain(account.entryValue)).toBe("210"); // average 105
    account.execute({ side: "sell", ticks: 12_000, lots: 10, liquidity: "maker" });
    expect(money(account)).toEqual(["1", "115"]); // + 120 − 105
    expect(plain(account.equity(12_000))).toBe("130"); // + 15 unrealised
    // Sell 3: one closes the long (115 + 90 − 105 = 100), two open a short at 90.
    account.execute({ side: "sell", ticks: 9_000, lots: 30, liquidity: "maker" });
    expect(money(account)).toEqual(["-2", "100"]);
    expect(plain(account.entryValue)).toBe("-180");
    account.execute({ side: "buy", ticks: 8_000, lots: 20, liquidity: "maker" });
    expect(money(account)).toEqual(["0", "120"]); // + 2 · (90 − 80)
    expect(plain(account.entryValue)).toBe("0");
  });

  test("wallet plus unrealised profit is equity, whatever was traded", () => {
    const trade = fc.record({
      side: fc.constantFrom<Side>("buy", "sell"),
      ticks: fc.integer({ min: 1, max: 20_000 }),
      lots: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(fc.array(trade, { maxLength: 20 }), fc.integer({ min: 1 }), (trades, mark) => {
        const account = new SimAccount(perpInstrument(), FLAT, { kind: "quote" });
        let expected = decimal("100"); // equity by cash flows alone
        let position = 0;
        for (const { side, ticks, lots } of trades) {
          const charge = account.execute({ side, ticks, lots, liquidity: "taker" });
          const value = perpInstrument().notional(ticks, lots);
          expected = (side === "buy" ? expected.minus(value) : expected.plus(value)).minus(
            decimal(charge.fee),
          );
          position += side === "buy" ? lots : -lots;
        }
        expect(account.positionLots).toBe(position);
        const markValue = perpInstrument().price(mark).times(perpInstrument().size(position));
        const unrealised = markValue.minus(account.entryValue);
        expect(plain(account.equity(mark))).toBe(plain(expected.plus(markValue)));
        expect(plain(account.quote.plus(unrealised))).toBe(plain(account.equity(mark)));
        if (position === 0) expect(account.entryValue.eq(ZERO)).toBe(true);
      }),
    );
  });

  test("amounts can be cut to the venue's decimals: fees, funding, what is left of a cost", () => {
    const fees = perpInstrument({ makerFeeRate: "0.000015", takerFeeRate: "-0.000015" });
    const setup = { ...FLAT, amountDecimals: 4 };
    const account = new SimAccount(fees, setup, { kind: "quote" });
    // 0.000015 of 30.03 is 0.00045045, and as much the other way.
    const buy = { side: "buy", ticks: 10_010, lots: 3 } as const;
    expect(account.execute({ ...buy, liquidity: "maker" }).fee).toBe("0.0004");
    account.execute({ ...buy, ticks: 10_000, lots: 3, liquidity: "maker" });
    const sell = { side: "sell", ticks: 10_000, lots: 5 } as const;
    expect(account.execute({ ...sell, liquidity: "taker" }).fee).toBe("-0.0007");
    // One of six lots is left of 60.03.
    expect(plain(account.entryValue)).toBe("10.005");
    account.execute({ ...sell, lots: 7, liquidity: "taker" });
    account.execute({ ...buy, ticks: 10_001, lots: 3, liquidity: "maker" });
    // Three of six lots short are left of 60.
    expect(plain(account.entryValue)).toBe("-30");
    account.execute({ ...sell, ticks: 10_001, lots: 4, liquidity: "taker" });
    account.execute({ ...buy, ticks: 10_000, lots: 4, liquidity: "maker" });
    // Three of seven of 70.004 are 30.00171…
    expect(plain(account.entryValue)).toBe("-30.0017");
    expect(plain(account.applyFunding("0.00001", 12_345))).toBe("-0.0003");
  });

  test("of an account with other instruments asks that account, where its exposure grows", () => {
    const asked: (readonly [number, number])[] = [];
    let answer = true;
    const canCarry = (now: number, then: number): boolean => {
      asked.push([now, then]);
      return answer;
    };
    const account = new SimAccount(noFees, { ...FLAT, quote: "0", canCarry }, { kind: "quote" });
    account.execute({ side: "buy", ticks: 10_000, lots: 10, liquidity: "maker" });
    account.lock("sell", 25, 10_100);
    // At 9000: long 90 000, and 252 500 less is 162 500 short.
    expect(account.exposureUnits(9000)).toBe(162_500);
    expect(account.canAfford("buy", 5, 50_000, 9000)).toBe(true);
    expect(asked).toEqual([]);
    expect(account.canAfford("buy", 10, 100_000, 9000)).toBe(true);
    answer = false;
    expect(account.canAfford("sell", 1, 10_000, 9000)).toBe(false);
    expect(asked).toEqual([
      [162_500, 190_000],
      [162_500, 172_500],
    ]);
  });

  test("initial margin: the worse side with all its orders, against equity times leverage", () => {
    const account = new SimAccount(noFees, FLAT, { kind: "quote" });
    // 100 USDT at 10 times carry 1000 USDT: 10 ETH at 100.
    expect(account.canAfford("buy", 100, 1_000_000, 10_000)).toBe(true);
    expect(account.canAfford("buy", 101, 1_010_000, 10_000)).toBe(false);
    account.execute({ side: "buy", ticks: 10_000, lots: 80, liquidity: "maker" }); // long 8 ETH
    expect(account.canAfford("buy", 20, 200_000, 10_000)).toBe(true);
    account.lock("buy", 20, 10_000);
    expect(account.canAfford("buy", 1, 10_000, 10_000)).toBe(false);
    // The other side: from +8 to −10 ETH is 18 to sell.
    expect(account.canAfford("sell", 180, 1_800_000, 10_000)).toBe(true);
    expect(account.canAfford("sell", 181, 1_810_000, 10_000)).toBe(false);
    // Down to 85: equity 100 − 8 · 15 is below 0, but what reduces is still allowed.
    expect(account.canAfford("sell", 80, 680_000, 8_500)).toBe(true);
    expect(account.canAfford("buy", 1, 8_500, 8_500)).toBe(false);
  });

  test("reduce-only may close what there is", () => {
    const account = new SimAccount(noFees, FLAT, { kind: "quote" });
    expect([account.closableLots("buy"), account.closableLots("sell")]).toEqual([0, 0]);
    account.execute({ side: "sell", ticks: 10_000, lots: 7, liquidity: "maker" });
    expect([account.closableLots("buy"), account.closableLots("sell")]).toEqual([7, 0]);
  });

  test("funding: longs pay a positive rate, shorts receive it; spot knows none", () => {
    const account = new SimAccount(noFees, FLAT, { kind: "quote" });
    account.execute({ side: "buy", ticks: 10_000, lots: 10, liquidity: "maker" });
    // 1 ETH at a mark of 101, 0.01 %
    expect(plain(account.applyFunding("0.0001", 10_100))).toBe("0.0101");
    expect(money(account)).toEqual(["1", "99.9899"]);
    account.execute({ side: "sell", ticks: 10_000, lots: 20, liquidity: "maker" });
    account.applyFunding("0.0001", 10_100);
    expect(money(account)).toEqual(["-1", "100"]);
    const spot = new SimAccount(spotInstrument(), SETUP, { kind: "received" });
    expect(plain(spot.applyFunding("0.0001", 10_100))).toBe("0");
    expect(money(spot)).toEqual(["10", "1000"]);
  });
});

describe("a setup that makes no sense is refused", () => {
  const received: FeePolicy = { kind: "received" };
  test.each([
    ["negative base", () => new SimAccount(spotInstrument(), { ...SETUP, base: "-1" }, received)],
    ["a perp that starts with base", () => new SimAccount(perpInstrument(), SETUP, received)],
    [
      "no leverage",
      () => new SimAccount(perpInstrument(), { ...SETUP, base: "0", leverage: "0" }, received),
    ],
    [
      "a fee asset without a price",
      () => new SimAccount(spotInstrument(), SETUP, { kind: "asset", asset: "BNB", price: "0" }),
    ],
    [
      "a fee asset that is traded",
      () => new SimAccount(spotInstrument(), SETUP, { kind: "asset", asset: "ETH", price: "1" }),
    ],
  ])("%s", (_name, create) => {
    expect(create).toThrow(InputError);
  });
});
