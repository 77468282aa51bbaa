/** Answers of the venue: the recorded ones, those of the facts sheet, and bad ones. */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Instrument } from "#domain/instrument.ts";
import {
  marginIn,
  readAccount,
  readFundings,
  readPosition,
  readSymbolConfig,
} from "#venues/binance-perp/account-responses.ts";
import { algoEvent } from "#venues/binance-perp/answers.ts";
import {
  readAlgo,
  readAlgoCanceled,
  readAlgos,
  readOpenOrders,
  readOrder,
  readOwnTrades,
} from "#venues/binance-perp/responses.ts";
import { sharedPath } from "../../shared.ts";
import { algoOf, idOf, marketOf, NOW_MS, orderOf, tradeOf } from "./perp-kit.ts";

const CONTEXT = { instrument: marketOf().instrument, receivedTimeMs: NOW_MS };
const BTCUSDT = new Instrument({
  venue: "binance-perp",
  symbol: "BTCUSDT",
  base: "BTC",
  quote: "USDT",
  kind: "perp",
  priceRule: { kind: "fixed-tick" },
  tickSize: "0.1",
  lotSize: "0.001",
  minSize: "0.001",
  minNotional: "5",
  makerFeeRate: "0.0002",
  takerFeeRate: "0.0005",
  maxOpenOrders: 200,
});
const FIXTURES = sharedPath("fixtures", "binance", "futures", "http_json");

describe.skipIf(FIXTURES === null)("recorded answers", () => {
  function fixture(name: string): unknown {
    return JSON.parse(readFileSync(join(FIXTURES ?? "", name), "utf8"));
  }

  test("an order", () => {
    const context = { instrument: BTCUSDT, receivedTimeMs: NOW_MS };
    expect(readOrder(fixture("order_response.json"), context, "order.status")).toMatchObject({
      clientOrderId: "testOrder123",
      venueOrderId: "12345678",
      change: "open",
      quantityLots: 1,
      filledLots: 0,
    });
  });

  test("a position", () => {
    expect(readPosition(fixture("position_risk.json"), "BTCUSDT")).toEqual({
      position: "0.001",
      entryValue: "50",
      liquidationPrice: 45_000,
    });
  });

  test("stops", () => {
    expect(readAlgos(fixture("open_algo_orders.json"), "BTCUSDT", "openAlgoOrders")).toMatchObject([
      { clientOrderId: "test-algo-order-1", algoId: 123_456_789, realOrderId: null, status: "NEW" },
    ]);
  });

  test("an account", () => {
    const account = readAccount(fixture("account_info_v2.json"));
    expect(marginIn(account, "USDT", false)).toEqual({
      value: "23.72469206",
      free: "23.72469206",
      ratio: 0,
    });
    expect(account.symbols).toEqual([]);
  });
});

describe("the account", () => {
  const RISK = {
    symbol: "SUIUSDC",
    positionSide: "BOTH",
    positionAmt: "-0.120",
    entryPrice: "64020.1",
    liquidationPrice: "0",
  };

  test("a short costs less than nothing; without a liquidation price there is none", () => {
    expect(readPosition([RISK], "SUIUSDC")).toEqual({
      position: "-0.12",
      entryValue: "-7682.412",
      liquidationPrice: null,
    });
  });

  test("a symbol that is not listed, or at zero, is flat", () => {
    const flat = { position: "0", entryValue: "0", liquidationPrice: null };
    expect(readPosition([], "SUIUSDC")).toEqual(flat);
    expect(readPosition([{ ...RISK, positionAmt: "0.000" }], "SUIUSDC")).toEqual(flat);
  });

  test("positions of hedge mode are an error, never a sum", () => {
    const both = [
      { ...RISK, positionSide: "LONG" },
      { ...RISK, positionSide: "SHORT" },
    ];
    expect(() => readPosition(both, "SUIUSDC")).toThrow("hedge mode");
  });

  test("maintenance margin without anything that backs it is the worst there is", () => {
    const account = readAccount({
      totalMaintMargin: "5",
      totalMarginBalance: "-1",
      availableBalance: "0",
      assets: [],
    });
    expect(account.total.ratio).toBe(1);
    expect(marginIn(account, "USDC", false)).toEqual({ value: "0", free: "0", ratio: 0 });
  });

  test.each([
    ["CROSSED", true],
    ["cross", true],
    ["ISOLATED", false],
  ])("margin type %s", (marginType, isCross) => {
    const json = [{ symbol: "SUIUSDC", marginType, leverage: 5 }];
    expect(readSymbolConfig(json, "SUIUSDC")).toEqual({ isCross, leverage: 5 });
    expect(() => readSymbolConfig(json, "BTCUSDT")).toThrow("BTCUSDT");
  });

  test("funding of other symbols, and other income, is none of ours", () => {
    const row = { symbol: "SUIUSDC", incomeType: "FUNDING_FEE", income: "0.5", asset: "USDC" };
    const rows = [
      { ...row, time: 1, tranId: "9" },
      { ...row, incomeType: "COMMISSION", time: 1, tranId: 1 },
      { ...row, symbol: "BTCUSDT", time: 1, tranId: 2 },
    ];
    expect(readFundings(rows, "SUIUSDC")).toEqual([
      { fundingId: "SUIUSDC|1|9", venueTimeMs: 1, amount: "0.5", asset: "USDC" },
    ]);
  });
});

describe("orders", () => {
  test("of others are not read beyond their names", () => {
    const list = [orderOf(idOf(1), 1), orderOf("web_1", 2, { origQty: "0.05", status: "HALF" })];
    const isOurs = (id: string): boolean => id === idOf(1);
    expect(readOpenOrders(list, CONTEXT, isOurs).map((order) => order.venueOrderId)).toEqual(["1"]);
  });

  test.each([
    ["of another symbol", { symbol: "BTCUSDT" }],
    ["of a status that is new", { status: "HALF_OPEN" }],
    ["off the grid", { origQty: "0.05" }],
    ["without a number", { orderId: undefined }],
  ])("%s are errors", (_name, rest) => {
    expect(() => readOrder(orderOf(idOf(1), 1, rest), CONTEXT, "order.status")).toThrow();
  });

  test("own trades come in the order of their numbers, with what they cost", () => {
    const rows = [
      tradeOf(502, 9001, { side: "BUY", maker: false }),
      tradeOf(501, 9001, { commission: "-0.00030000" }),
    ];
    const trades = readOwnTrades(rows, CONTEXT);
    expect(trades.map((trade) => [trade.tradeNumber, trade.moveLots()])).toEqual([
      [501, -10],
      [502, 10],
    ]);
    expect(trades.map((trade) => trade.fill())).toMatchObject([
      { side: "sell", fee: "-0.0003", liquidity: "maker", priceTicks: 30_000 },
      { side: "buy", fee: "0.0006", liquidity: "taker", quantityLots: 10 },
    ]);
  });
});

describe("stops", () => {
  test.each([
    ["NEW", "open"],
    ["TRIGGERING", "open"],
    ["CANCELED", "canceled"],
    ["EXPIRED", "expired"],
    ["REJECTED", "expired"],
    ["TRIGGERED", "by its order"],
    ["FINISHED", "by its order"],
  ])("%s is told as %s", (algoStatus, change) => {
    const report = readAlgo(algoOf(idOf(1), 77, { algoStatus }), "SUIUSDC", "algoOrder");
    expect(algoEvent(report, CONTEXT)?.change ?? "by its order").toBe(change);
  });

  test("one that became an order is told by that, whatever its own status is", () => {
    const json = algoOf(idOf(1), 77, { algoStatus: "EXPIRED", actualOrderId: "9100" });
    const report = readAlgo(json, "SUIUSDC", "algoOrder");
    expect(report.realOrderId).toBe("9100");
    expect(algoEvent(report, CONTEXT)).toBeNull();
  });

  test("a status that is new is an error", () => {
    const report = readAlgo(algoOf(idOf(1), 77, { algoStatus: "PAUSED" }), "SUIUSDC", "algoOrder");
    expect(() => algoEvent(report, CONTEXT)).toThrow("PAUSED");
  });

  test("a cancel says in its body whether it was done", () => {
    const answer = { algoId: 77, clientAlgoId: idOf(1), msg: "success" };
    expect(readAlgoCanceled({ ...answer, code: "200" })).toBeNull();
    expect(readAlgoCanceled({ ...answer, code: 200 })).toBeNull();
    expect(readAlgoCanceled({ ...answer, code: "-2011", msg: "Unknown order" })).toContain("-2011");
  });
});
