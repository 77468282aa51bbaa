/** Answers to questions: made-up ones, and the examples of the documentation. */

import { describe, expect, test } from "bun:test";
import { readDepth } from "#venues/binance/depth-snapshot.ts";
import { readKlines } from "#venues/binance/klines.ts";
import { ProtocolError } from "#venues/binance/wire.ts";
import {
  readAccount,
  readOpenOrders,
  readOrder,
  readOwnTrades,
} from "#venues/binance-spot/responses.ts";
import { contextOf, FIXTURES, fixture, thrownBy } from "./market.ts";

const CONTEXT = contextOf("BTC", "USDT", "0.01");
const { receivedTimeMs } = CONTEXT;

/** With their fills read, as of orders of our own. */
function ownTrades(...args: Parameters<typeof readOwnTrades>): object[] {
  return readOwnTrades(...args).map(({ tradeNumber, venueOrderId, venueTimeMs, fill }) => {
    return { tradeNumber, venueOrderId, venueTimeMs, fill: fill() };
  });
}

const ORDER = {
  symbol: "BTCUSDT",
  orderId: 9001,
  orderListId: -1,
  clientOrderId: "mm1-b-17",
  price: "64010.11000000",
  origQty: "0.01000000",
  executedQty: "0.00400000",
  cummulativeQuoteQty: "256.04044000",
  status: "PARTIALLY_FILLED",
  timeInForce: "GTC",
  type: "LIMIT_MAKER",
  side: "BUY",
  time: 1795340000200,
  updateTime: 1795340003300,
  isWorking: true,
};
const EVENT = {
  kind: "order",
  venueTimeMs: 1795340003300,
  receivedTimeMs,
  clientOrderId: "mm1-b-17",
  venueOrderId: "9001",
  change: "open",
  quantityLots: 100,
  filledLots: 40,
  reason: null,
  message: "",
} as const;

describe("an order", () => {
  test.each([
    ["NEW", "open", null],
    ["PENDING_NEW", "open", null],
    ["PARTIALLY_FILLED", "open", null],
    ["FILLED", "filled", null],
    ["CANCELED", "canceled", null],
    ["EXPIRED", "expired", null],
    ["EXPIRED_IN_MATCH", "expired", null],
    ["REJECTED", "rejected", "other"],
  ] as const)("in status %s is %s", (status, change, reason) => {
    expect(readOrder({ ...ORDER, status }, CONTEXT)).toEqual({ ...EVENT, change, reason });
  });

  test("counts what self-trade prevention took off as gone", () => {
    const order = { ...ORDER, preventedQuantity: "0.00250000" };
    expect(readOrder(order, CONTEXT).quantityLots).toBe(75);
  });

  test("in an unknown status, of another symbol or without an id is an error", () => {
    for (const [changes, says] of [
      [{ status: "SOMEWHERE" }, /SOMEWHERE/],
      [{ symbol: "ETHUSDT" }, /ETHUSDT where BTCUSDT/],
      [{ clientOrderId: 7 }, /clientOrderId/],
    ] as const) {
      const thrown = thrownBy(() => readOrder({ ...ORDER, ...changes }, CONTEXT));
      expect(thrown).toBeInstanceOf(ProtocolError);
      if (thrown instanceof ProtocolError) expect(thrown.message).toMatch(says);
    }
  });

  test("and a list of open ones", () => {
    const second = { ...ORDER, orderId: 9002, clientOrderId: "by-hand" };
    expect(readOpenOrders([ORDER, second], CONTEXT, () => true)).toEqual([
      EVENT,
      { ...EVENT, venueOrderId: "9002", clientOrderId: "by-hand" },
    ]);
    expect(readOpenOrders([ORDER, second], CONTEXT, (id) => id === "nobody's")).toEqual([]);
    expect(readOpenOrders([], CONTEXT, () => true)).toEqual([]);
    expect(() => readOpenOrders(ORDER, CONTEXT, () => true)).toThrow(ProtocolError);
  });
});

describe("an account", () => {
  test("is free and locked together, zero where an asset is left out", () => {
    const balances = [{ asset: "USDT", free: "0.1", locked: "0.20000000" }];
    const account = { updateTime: 1795340000000, canTrade: true, balances };
    expect(readAccount(account, ["mm1-b-17"], CONTEXT)).toEqual({
      kind: "account",
      venueTimeMs: 1795340000000,
      receivedTimeMs,
      base: "0",
      quote: "0.3",
      openOrderIds: ["mm1-b-17"],
    });
  });

  test("without balances is an error", () => {
    expect(() => readAccount({ updateTime: 1 }, null, CONTEXT)).toThrow(ProtocolError);
  });
});

describe("own trades", () => {
  const TRADE = {
    symbol: "BTCUSDT",
    id: 5100001,
    orderId: 9001,
    price: "64010.11000000",
    qty: "0.00400000",
    quoteQty: "256.04044000",
    commission: "0.00000400",
    commissionAsset: "BTC",
    time: 1795340003300,
    isBuyer: true,
    isMaker: true,
    isBestMatch: true,
  };

  test("carry the same key as the stream's report of them", () => {
    expect(ownTrades([TRADE], CONTEXT)).toEqual([
      {
        tradeNumber: 5100001,
        venueOrderId: "9001",
        venueTimeMs: 1795340003300,
        fill: {
          tradeId: "BTCUSDT:5100001",
          side: "buy",
          priceTicks: 6401011,
          quantityLots: 40,
          fee: "0.000004",
          feeAsset: "BTC",
          liquidity: "maker",
          venueTimeMs: 1795340003300,
        },
      },
    ]);
  });

  test("are exact: off the grid is an error, and so is another symbol", () => {
    expect(() => ownTrades([{ ...TRADE, price: "64010.111" }], CONTEXT)).toThrow(/grid/);
    expect(() => readOwnTrades([{ ...TRADE, symbol: "ETHUSDT" }], CONTEXT)).toThrow(ProtocolError);
  });
});

describe("a book", () => {
  test("has exact prices, and sizes rounded up to whole lots: no level vanishes", () => {
    const bids = [
      ["64010.11", "0.52349"],
      ["64010.10", "0.00001"],
    ];
    const depth = { lastUpdateId: 7, bids, asks: [["64010.12", "0"]] };
    expect(readDepth(depth, CONTEXT)).toEqual({
      lastUpdateId: 7,
      bids: [
        [6401011, 5235],
        [6401010, 1],
      ],
      asks: [[6401012, 0]],
    });
    expect(() => readDepth({ ...depth, bids: [["64010.115", "1"]] }, CONTEXT)).toThrow(/grid/);
    expect(() => readDepth({ bids: [], asks: [] }, CONTEXT)).toThrow(/lastUpdateId/);
  });
});

test("candles that are cut short are an error", () => {
  expect(readKlines([])).toEqual([]);
  expect(() => readKlines([[1, "1", "1", "1", "1", "1"]])).toThrow(ProtocolError);
});

describe.skipIf(FIXTURES === null)("the documentation's examples", () => {
  test("order and open orders", () => {
    const context = contextOf("LTC", "BTC");
    const expected = { clientOrderId: "myOrder1", change: "open", quantityLots: 10_000 };
    const order = fixture("http_json", "order_response.json");
    expect(readOrder(order, context)).toMatchObject(expected);
    const open = fixture("http_json", "open_orders_response.json");
    expect(readOpenOrders(open, context, () => true)).toMatchObject([expected]);
  });

  test("account", () => {
    const json = fixture("http_json", "account_response.json");
    const account = readAccount(json, null, contextOf("LTC", "BTC"));
    expect(account).toMatchObject({ base: "4763368.68006011", quote: "4723846.89208129" });
  });

  test("own trades", () => {
    const json = fixture("http_json", "account_trades_response.json");
    expect(ownTrades(json, contextOf("BNB", "BTC"))).toMatchObject([
      {
        tradeNumber: 28457,
        venueOrderId: "100234",
        fill: { priceTicks: 400_000_100, quantityLots: 120_000, fee: "10.1", liquidity: "taker" },
      },
    ]);
  });

  test("depth", () => {
    const json = fixture("http_json", "depth_response.json");
    expect(readDepth(json, contextOf("LTC", "BTC"))).toEqual({
      lastUpdateId: 1027024,
      bids: [[400_000_000, 4_310_000]],
      asks: [[400_000_200, 120_000]],
    });
  });

  test("candles", () => {
    const json = fixture("http_json", "klines_response.json");
    expect(readKlines(json)).toEqual([
      {
        openTimeMs: 1499040000000,
        closeTimeMs: 1499644799999,
        open: 0.0163479,
        high: 0.8,
        low: 0.015758,
        close: 0.015771,
      },
    ]);
  });
});
