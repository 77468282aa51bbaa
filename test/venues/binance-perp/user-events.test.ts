/** Messages of the private stream: those of the facts sheet and the recorded ones, and bad ones. */

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Instrument } from "#domain/instrument.ts";
import { readUserEvent, type UserEvent } from "#venues/binance-perp/user-events.ts";
import { sharedPath } from "../../shared.ts";
import { accountUpdate, algoUpdate, idOf, marketOf, NOW_MS, reportOf } from "./perp-kit.ts";

function read(json: unknown, instrument = marketOf().instrument): UserEvent {
  return readUserEvent(json, { instrument, receivedTimeMs: NOW_MS });
}

function reportIn(event: UserEvent): Extract<UserEvent, { kind: "order" }>["report"] {
  if (event.kind !== "order") throw new Error(`${event.kind} where an order was expected`);
  return event.report;
}

const BTCUSDT = new Instrument({
  venue: "binance-perp",
  symbol: "BTCUSDT",
  base: "BTC",
  quote: "USDT",
  kind: "perp",
  priceRule: { kind: "fixed-tick" },
  tickSize: "0.01",
  lotSize: "0.001",
  minSize: "0.001",
  minNotional: "5",
  makerFeeRate: "0.0002",
  takerFeeRate: "0.0005",
  maxOpenOrders: 200,
});

describe("an order's report", () => {
  test("of a trade: the fill, then the state", () => {
    const report = reportIn(read(reportOf(idOf(1), 9001)));
    expect(report).toMatchObject({ venueOrderId: "9001", trade: { number: 501, moveLots: -10 } });
    const [fill, order] = report.events("mine");
    expect(fill).toMatchObject({ kind: "fill", fill: { clientOrderId: "mine", fee: "0.0006" } });
    expect(order).toMatchObject({ kind: "order", clientOrderId: "mine", filledLots: 10 });
  });

  test.each([
    ["0", "rejected", "would-cross"],
    ["1", "expired", null],
  ])("a post-only order that expires unfilled for reason %s: %s", (er, change, reason) => {
    const json = reportOf(idOf(1), 9001, { x: "EXPIRED", X: "EXPIRED", l: "0", z: "0", t: 0, er });
    const report = reportIn(read(json));
    expect(report.trade).toBe(null);
    expect(report.events(idOf(1))).toMatchObject([{ change, reason }]);
  });

  test("a fee that is not named is none", () => {
    const json = reportOf(idOf(1), 9001, { N: undefined, n: undefined });
    expect(reportIn(read(json)).events(idOf(1))[0]).toMatchObject({
      fill: { fee: "0", feeAsset: "USDC" },
    });
  });

  test.each([
    ["an execution of a kind unknown", { x: "SPLIT" }],
    ["a trade of nothing", { l: "0" }],
    ["a size that is off the grid", { l: "0.05" }],
    ["a side that is none", { S: "HOLD" }],
  ])("%s is an error", (_name, rest) => {
    expect(() => read(reportOf(idOf(1), 9001, rest))).toThrow();
  });

  test("a status that is new is an error once it is known to be ours", () => {
    const report = reportIn(read(reportOf(idOf(1), 9001, { X: "HALF_OPEN" })));
    expect(() => report.events(idOf(1))).toThrow("HALF_OPEN");
  });
});

test("a stop's report names the order that it became", () => {
  expect(read(algoUpdate("mine", 77, { X: "TRIGGERED", ai: "9100" }))).toMatchObject({
    kind: "algo",
    report: { clientOrderId: "mine", algoId: 77, realOrderId: "9100", status: "TRIGGERED" },
  });
  expect(read(algoUpdate("mine", 77))).toMatchObject({ report: { realOrderId: null } });
});

test("the account's news: why, and the position where it is mentioned", () => {
  expect(read(accountUpdate("ORDER", "-12.5"))).toMatchObject({
    isFunding: false,
    positionLots: -125,
  });
  expect(read(accountUpdate("FUNDING_FEE"))).toMatchObject({ isFunding: true, positionLots: null });
  const config = { e: "ACCOUNT_CONFIG_UPDATE", E: 1, T: 1, ai: { j: true } };
  expect(read(config)).toEqual({ kind: "config", isMultiAssets: true });
  expect(read({ e: "ACCOUNT_CONFIG_UPDATE", E: 1, T: 1, ac: { s: "X", l: 25 } })).toEqual({
    kind: "config",
    isMultiAssets: null,
  });
  expect(read({ e: "MARGIN_CALL", E: 1, p: [] })).toEqual({ kind: "margin-call" });
  expect(read({ e: "listenKeyExpired", E: 1, listenKey: "k" })).toEqual({ kind: "ended" });
});

test("other symbols and kinds that are new are ignored by name", () => {
  for (const json of [
    reportOf(idOf(1), 9001, { s: "BTCUSDT" }),
    algoUpdate("mine", 77, { s: "BTCUSDT" }),
    { e: "TRADE_LITE", s: "SUIUSDC" },
    { e: "GRID_UPDATE", T: 1 },
    { stream: "key", data: { e: "STRATEGY_UPDATE" } },
  ]) {
    expect(read(json).kind).toBe("ignored");
  }
});

const FIXTURES = sharedPath("fixtures", "binance", "futures", "user_data_json");

describe.skipIf(FIXTURES === null)("recorded messages", () => {
  function fixture(name: string): unknown {
    return JSON.parse(readFileSync(join(FIXTURES ?? "", name), "utf8"));
  }

  test("all of them can be read, in the symbol that they are of", () => {
    const names = readdirSync(FIXTURES ?? "").filter((name) => name.endsWith(".json"));
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(() => read(fixture(name), BTCUSDT)).not.toThrow();
  });

  test("a fill, by its figures", () => {
    const report = reportIn(read(fixture("order_update_trade.json"), BTCUSDT));
    expect(report.trade).toEqual({ number: 12345678, moveLots: 1 });
    expect(report.events("TEST")).toMatchObject([
      { fill: { priceTicks: 710_050, quantityLots: 1, fee: "0.01", feeAsset: "USDT" } },
      { change: "open", filledLots: 1 },
    ]);
  });

  test.each([
    ["order_update_calculated.json", "autoclose-1234567890", { number: 12345999, moveLots: -14 }],
    ["order_update_calculated_pending.json", "autoclose-pending-0000", null],
    ["order_update_adl.json", "adl_autoclose_12345", { number: 12346001, moveLots: 5 }],
    [
      "order_update_insurance.json",
      "autoclose-insurance-5678",
      { number: 12346003, moveLots: -20 },
    ],
    [
      "order_update_settlement.json",
      "settlement_autoclose-9999",
      { number: 12346002, moveLots: -10 },
    ],
  ])("%s moves the position, whatever its status is called", (name, clientOrderId, trade) => {
    const report = reportIn(read(fixture(name), BTCUSDT));
    expect(report.clientOrderId).toBe(clientOrderId);
    expect(report.trade).toEqual(trade);
  });
});
