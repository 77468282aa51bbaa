/** Money at the mock venue: funding, leverage, margin, and the price of liquidation. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { decimal } from "#domain/decimal.ts";
import { mockPerpMarket } from "#mock-venues/binance-perp/symbol-rules.ts";
import { ScriptedMarket } from "../../contract/scripted-market.ts";
import { outcome, records } from "../binance-kit.ts";
import { BID, MARKET_BUY, MARKET_SELL, PerpBench } from "./perp-bench.ts";

let bench: PerpBench;
beforeEach(async () => {
  bench = await PerpBench.start();
});
afterEach(() => bench.stop());

const pin = (price: string) => bench.mock.market("ETHUSDT").pin(price);
const setLeverage = (leverage: number) =>
  bench.rest.signed("POST", "/fapi/v1/leverage", { symbol: "ETHUSDT", leverage });
const setMarginType = (marginType: string) =>
  bench.rest.signed("POST", "/fapi/v1/marginType", { symbol: "ETHUSDT", marginType });
const position = async () => (await bench.askAll("v3/positionRisk"))[0];
const account = () => bench.askOne("v3/account", {});

describe("funding", () => {
  test("is settled at its hour on the position at the mark; only the balance is told", async () => {
    await bench.place({ ...MARKET_BUY, quantity: "2" });
    pin("2100");
    bench.events.length = 0;
    bench.timers.advance(2 * 60_000 - 1);
    expect(bench.events).toEqual([]);
    bench.timers.advance(1);
    await Promise.resolve();
    // A hundredth of a per cent of 4200 is paid by who is long.
    expect(bench.events).toMatchObject([{ e: "ACCOUNT_UPDATE", a: { m: "FUNDING_FEE" } }]);
    const [event] = bench.events;
    expect(event?.["a"]).toEqual({
      m: "FUNDING_FEE",
      B: [{ a: "USDT", wb: "9997.57999000", cw: "9997.57999000", bc: "-0.42000000" }],
    });
    const paid = await bench.askAll("v1/income", { incomeType: "FUNDING_FEE" });
    expect(paid).toMatchObject([
      { symbol: "ETHUSDT", income: "-0.42000000", asset: "USDT", info: "FUNDING_FEE" },
    ]);
    const rates = await bench.rest.send("GET", "/fapi/v1/fundingRate?symbol=ETHUSDT&limit=1");
    const fundingTime = Date.UTC(2026, 10, 26, 16);
    expect(rates.json).toMatchObject([
      { symbol: "ETHUSDT", fundingTime, fundingRate: "0.00010000", markPrice: "2100.00000000" },
    ]);
  });

  test("by hand, at another rate: who is short receives", async () => {
    await bench.place(MARKET_SELL);
    pin("2000");
    const body = JSON.stringify({ rate: "0.0025" });
    await fetch(`${bench.mock.url}/mock/funding`, { method: "POST", body });
    const [income] = await bench.askAll("v1/income", { incomeType: "FUNDING_FEE" });
    expect(income).toMatchObject({ income: "5.00000000" });
  });
});

describe("margin", () => {
  test("is the position's and the worse side's orders', by leverage", async () => {
    await setLeverage(10);
    await bench.place({ ...BID, price: "1990", quantity: "2" });
    pin("2000");
    expect(await account()).toMatchObject({
      // 3980 / 10
      totalInitialMargin: "398.00000000",
      totalPositionInitialMargin: "0.00000000",
      totalOpenOrderInitialMargin: "398.00000000",
      availableBalance: "9602.00000000",
    });
    await bench.place(MARKET_SELL);
    // One short of 2000, two more bid for: long 1980 with them, short 2000 without.
    expect(await position()).toMatchObject({
      initialMargin: "200.00000000",
      positionInitialMargin: "200.00000000",
      openOrderInitialMargin: "0.00000000",
      bidNotional: "3980",
      askNotional: "0",
      // 0.4 % of 2000
      maintMargin: "8.00000000",
    });
  });

  test("what does not make it worse needs none", async () => {
    await setLeverage(1);
    expect((await bench.place({ ...MARKET_BUY, quantity: "5.1" })).code).toBe(-2019);
    expect(outcome(await bench.place({ ...MARKET_BUY, quantity: "4.9" }))).toBe("ok");
    expect((await bench.place({ ...MARKET_BUY, quantity: "0.2" })).code).toBe(-2019);
    expect(outcome(await bench.place({ ...MARKET_SELL, quantity: "4" }))).toBe("ok");
  });

  test("all symbols draw on the same", async () => {
    await setLeverage(1);
    await bench.place({ ...MARKET_BUY, quantity: "4" });
    const btc = { ...MARKET_BUY, symbol: "BTCUSDT" };
    // Some 2000 are left: at twenty times, less than 40000 worth.
    expect((await bench.place({ ...btc, quantity: "0.65" })).code).toBe(-2019);
    expect(outcome(await bench.place({ ...btc, quantity: "0.6" }))).toBe("ok");
    expect((await bench.askAll("v3/positionRisk", {})).map(({ symbol }) => symbol)).toEqual([
      "ETHUSDT",
      "BTCUSDT",
    ]);
  });

  test("at the liquidation price nothing is left but what maintenance needs", async () => {
    await setLeverage(50);
    await bench.place({ ...MARKET_BUY, quantity: "30" });
    await bench.place({ ...MARKET_SELL, symbol: "BTCUSDT", quantity: "0.5" });
    const before = await position();
    pin(String(before?.["liquidationPrice"]));
    const { totalMarginBalance, totalMaintMargin } = await account();
    const left = decimal(String(totalMarginBalance)).minus(decimal(String(totalMaintMargin)));
    // To a hundredth of a tick, of thirty.
    expect(left.abs().lte(decimal("0.01"))).toBe(true);
    expect(Number(before?.["liquidationPrice"])).toBeLessThan(1999);
  });

  test("break-even holds what was paid and what was realised", async () => {
    await bench.place({ ...MARKET_BUY, quantity: "2" });
    // 2000.01, and its fee of five basis points.
    expect((await position())?.["breakEvenPrice"]).toBe("2001.010005");
    await bench.place({ ...MARKET_SELL, quantity: "1" });
    // What is left of it: 2000.01 + 2.00001 + 0.999995 + 0.02 for one.
    expect((await position())?.["breakEvenPrice"]).toBe("2003.030005");
  });
});

describe("what is agreed", () => {
  test("leverage: told, bounded, and only as far as it can be carried", async () => {
    expect((await setLeverage(50)).json).toEqual({
      leverage: 50,
      maxNotionalValue: "12000000",
      symbol: "ETHUSDT",
    });
    expect(bench.events.at(-1)).toMatchObject({
      e: "ACCOUNT_CONFIG_UPDATE",
      ac: { s: "ETHUSDT", l: 50 },
    });
    expect(await bench.askAll("v1/symbolConfig")).toMatchObject([
      { leverage: 50, marginType: "CROSSED", maxNotionalValue: "12000000" },
    ]);
    expect((await setLeverage(126)).code).toBe(-4028);
    await bench.place({ ...MARKET_BUY, quantity: "40" });
    expect((await setLeverage(5)).code).toBe(-2019);
    expect(outcome(await setLeverage(10))).toBe("ok");
    await setLeverage(125);
    // More than the highest leverage allows a position to be worth.
    expect((await bench.place({ ...BID, quantity: "150" })).code).toBe(-2027);
  });

  test("margin type: the same again is refused, and a change where something is open", async () => {
    expect((await setMarginType("CROSSED")).code).toBe(-4046);
    await bench.place({ ...BID, newClientOrderId: "x" });
    expect((await setMarginType("ISOLATED")).code).toBe(-4047);
    await bench.cancel({ origClientOrderId: "x" });
    await bench.place(MARKET_BUY);
    expect((await setMarginType("ISOLATED")).code).toBe(-4048);
    await bench.place(MARKET_SELL);
    expect(outcome(await setMarginType("ISOLATED"))).toBe("ok");
    expect(await bench.askAll("v2/positionRisk")).toMatchObject([{ marginType: "isolated" }]);
  });

  test("settings, fees and brackets are told", async () => {
    expect(await bench.ask("v1/accountConfig", {})).toMatchObject({
      dualSidePosition: false,
      multiAssetsMargin: false,
    });
    expect(await bench.ask("v1/commissionRate")).toEqual({
      symbol: "ETHUSDT",
      makerCommissionRate: "0.0002",
      takerCommissionRate: "0.0005",
      rpiCommissionRate: "0",
    });
    const brackets = await bench.askOne("v1/leverageBracket");
    expect(records(brackets["brackets"])[0]).toMatchObject({
      initialLeverage: 125,
      maintMarginRatio: 0.004,
      notionalCap: 300_000,
    });
    expect(await bench.ask("v1/apiTradingStatus")).toMatchObject({ indicators: {} });
  });
});

test("each margin asset is its own", async () => {
  const elapsedMs = (): number => 0;
  const usdc = await PerpBench.start({
    symbols: ["ETHUSDT", "ETHUSDC"].map((symbol) => ({
      instrument: mockPerpMarket(symbol).instrument,
      source: new ScriptedMarket(elapsedMs, 199_999, 200_001, 10_000),
    })),
    balances: { USDT: "1000" },
  });
  try {
    const buy = { ...MARKET_BUY, symbol: "ETHUSDC" };
    expect((await usdc.place(buy)).code).toBe(-2019);
    expect(outcome(await usdc.place(MARKET_BUY))).toBe("ok");
    expect(await usdc.askAll("v3/balance", {})).toMatchObject([
      { asset: "USDT", balance: "998.99999500" },
      { asset: "USDC", balance: "0.00000000", availableBalance: "0.00000000" },
    ]);
  } finally {
    await usdc.stop();
  }
});
