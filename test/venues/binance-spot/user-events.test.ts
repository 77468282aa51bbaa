/** Messages of the user data stream: made-up ones, and the examples of the documentation. */

import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "#domain/errors.ts";
import type { OrderEvent } from "#domain/events.ts";
import { ProtocolError } from "#venues/binance/wire.ts";
import { readUserEvent, type UserEvent } from "#venues/binance-spot/user-events.ts";
import { contextOf, FIXTURES, fixture, thrownBy } from "./market.ts";

const CONTEXT = contextOf("BTC", "USDT", "0.01");

/** A report of order 9001: buy 0.01 BTC at 64010.11; nothing done so far. */
const REPORT = {
  e: "executionReport",
  E: 1795340003301,
  s: "BTCUSDT",
  c: "mm1-b-17",
  S: "BUY",
  o: "LIMIT_MAKER",
  f: "GTC",
  q: "0.01000000",
  p: "64010.11000000",
  C: "",
  x: "NEW",
  X: "NEW",
  r: "NONE",
  i: 9001,
  l: "0.00000000",
  z: "0.00000000",
  L: "0.00000000",
  n: "0",
  N: null,
  T: 1795340003300,
  t: -1,
  w: true,
  m: false,
};
const TRADE = {
  ...REPORT,
  x: "TRADE",
  X: "PARTIALLY_FILLED",
  l: "0.00400000",
  z: "0.00400000",
  L: "64010.11000000",
  n: "0.00000400",
  N: "BTC",
  t: 5100001,
  m: true,
};
const OPEN = {
  kind: "order",
  venueTimeMs: 1795340003300,
  receivedTimeMs: CONTEXT.receivedTimeMs,
  clientOrderId: "mm1-b-17",
  venueOrderId: "9001",
  change: "open",
  quantityLots: 100, // 0.01 / 0.0001
  filledLots: 0,
  reason: null,
  message: "",
} as const;
const FILL = {
  kind: "fill",
  venueTimeMs: 1795340003300,
  receivedTimeMs: CONTEXT.receivedTimeMs,
  fill: {
    tradeId: "BTCUSDT:5100001",
    clientOrderId: "mm1-b-17",
    side: "buy",
    priceTicks: 6401011,
    quantityLots: 40,
    fee: "0.000004",
    feeAsset: "BTC",
    liquidity: "maker",
    venueTimeMs: 1795340003300,
  },
} as const;

function read(event: Readonly<Record<string, unknown>>): UserEvent {
  return readUserEvent({ subscriptionId: 0, event }, CONTEXT);
}

describe("an execution report", () => {
  const rows: [name: string, changes: Readonly<Record<string, unknown>>, order: OrderEvent][] = [
    ["NEW: it rests", {}, OPEN],
    [
      "CANCELED: under the id it had, not the cancel's",
      { x: "CANCELED", X: "CANCELED", c: "cancel-1", C: "mm1-b-17", z: "0.00400000" },
      { ...OPEN, change: "canceled", filledLots: 40 },
    ],
    [
      "CANCELED by the venue, which gave no other id",
      { x: "CANCELED", X: "CANCELED" },
      { ...OPEN, change: "canceled" },
    ],
    [
      "REPLACED: smaller, under the id it had",
      { x: "REPLACED", c: "another", C: "mm1-b-17", q: "0.00800000" },
      { ...OPEN, quantityLots: 80 },
    ],
    [
      "REPLACED: keeping its id, partly filled",
      { x: "REPLACED", X: "PARTIALLY_FILLED", C: "mm1-b-17", q: "0.00800000", z: "0.00400000" },
      { ...OPEN, quantityLots: 80, filledLots: 40 },
    ],
    [
      "EXPIRED, with the venue's reason",
      { x: "EXPIRED", X: "EXPIRED", eR: "EXCHANGE_CANCELED" },
      { ...OPEN, change: "expired", message: "EXCHANGE_CANCELED" },
    ],
    [
      "EXPIRED under another id",
      { x: "EXPIRED", X: "EXPIRED", c: "venue-1", C: "mm1-b-17", eR: null },
      { ...OPEN, change: "expired" },
    ],
    [
      "REJECTED: it would have crossed",
      { x: "REJECTED", X: "REJECTED", r: "WOULD_MATCH_IMMEDIATELY" },
      {
        ...OPEN,
        change: "rejected",
        reason: "would-cross",
        message: "WOULD_MATCH_IMMEDIATELY",
      },
    ],
    [
      "REJECTED: too little money",
      { x: "REJECTED", X: "REJECTED", r: "INSUFFICIENT_BALANCES" },
      {
        ...OPEN,
        change: "rejected",
        reason: "insufficient-balance",
        message: "INSUFFICIENT_BALANCES",
      },
    ],
    [
      "REJECTED: a reason of next year",
      { x: "REJECTED", X: "REJECTED", r: "NEW_REASON" },
      { ...OPEN, change: "rejected", reason: "other", message: "NEW_REASON" },
    ],
    [
      "TRADE_PREVENTION: ended against an order of our own",
      { x: "TRADE_PREVENTION", X: "EXPIRED_IN_MATCH", A: "0.01000000" },
      { ...OPEN, change: "expired", message: "TRADE_PREVENTION" },
    ],
    [
      "TRADE_PREVENTION: made smaller, and working on",
      { x: "TRADE_PREVENTION", X: "NEW", A: "0.00300000" },
      { ...OPEN, quantityLots: 70, message: "TRADE_PREVENTION" },
    ],
    ["fields that are new", { zz: { a: 1 } }, OPEN],
  ];
  test.each(rows)("%s", (_name, changes, order) => {
    const event = read({ ...REPORT, ...changes });
    expect(event).toEqual({ kind: "orders", events: [order] });
  });

  test("TRADE: the fill, and then the order", () => {
    expect(read(TRADE)).toEqual({ kind: "orders", events: [FILL, { ...OPEN, filledLots: 40 }] });
  });

  test("TRADE: the last fill, as a taker and a seller", () => {
    const last = { ...TRADE, X: "FILLED", z: "0.01000000", S: "SELL", m: false, t: 0 };
    const fill = { ...FILL.fill, tradeId: "BTCUSDT:0", side: "sell", liquidity: "taker" } as const;
    expect(read(last)).toEqual({
      kind: "orders",
      events: [
        { ...FILL, fill },
        { ...OPEN, change: "filled", filledLots: 100 },
      ],
    });
  });

  test("TRADE: no asset for a fee of nothing, and a rebate", () => {
    expect(read({ ...TRADE, n: "0.00", N: null })).toMatchObject({
      events: [{ fill: { fee: "0", feeAsset: "USDT" } }, {}],
    });
    expect(read({ ...TRADE, n: "-0.00100", N: "BNB" })).toMatchObject({
      events: [{ fill: { fee: "-0.001", feeAsset: "BNB" } }, {}],
    });
  });

  test("of another symbol is ignored, by name", () => {
    const event = read({ ...TRADE, s: "ETHBTC", q: "0.00000001" });
    expect(event).toEqual({ kind: "ignored", name: "executionReport ETHBTC" });
  });

  const loud: [name: string, changes: Readonly<Record<string, unknown>>, says: RegExp][] = [
    ["an unknown kind of execution", { x: "CALCULATED" }, /CALCULATED/],
    ["an unknown status", { X: "HALF_OPEN" }, /HALF_OPEN/],
    ["a trade without a number", { t: -1 }, /\bt must be/],
    ["a trade of nothing", { l: "0.0000" }, /trade of nothing/],
    ["a fee in no asset", { n: "0.1", N: null }, /fee of 0\.1 in no asset/],
    ["an amount as a number", { q: 0.01 }, /\bq must be/],
    ["an amount with an exponent", { L: "1e5" }, /\bL must be/],
    ["no order number", { i: undefined }, /\bi must be/],
  ];
  test.each(loud)("%s is an error", (_name, changes, says) => {
    const thrown = thrownBy(() => read({ ...TRADE, ...changes }));
    expect(thrown).toBeInstanceOf(ProtocolError);
    if (thrown instanceof ProtocolError) expect(thrown.describe()).toMatch(says);
  });

  test("off the grid of prices or sizes is an error", () => {
    for (const changes of [{ L: "64010.115" }, { l: "0.00405" }, { z: "0.00405" }]) {
      const thrown = thrownBy(() => read({ ...TRADE, ...changes }));
      expect(thrown).toBeInstanceOf(InputError);
      expect(thrown).toHaveProperty("code", "off-grid");
    }
  });
});

describe("other events", () => {
  const E = 1795340003301;
  const balances = { e: "outboundAccountPosition", E, u: 1795340003300 };

  test("balances: free and locked together, null where not mentioned", () => {
    const usdt = { a: "USDT", f: "50000.10000000", l: "384.20000000" };
    expect(read({ ...balances, B: [usdt, { a: "BNB", f: "1.0", l: "0.0" }] })).toEqual({
      kind: "balances",
      venueTimeMs: 1795340003300,
      base: null,
      quote: "50384.3",
    });
  });

  test("transfers and locks, signed", () => {
    const change = { E, a: "USDT", d: "-100.50000000", T: 1795340099990 };
    const expected = { venueTimeMs: 1795340099990, asset: "USDT", amount: "-100.5" };
    expect(read({ e: "balanceUpdate", ...change })).toEqual({ kind: "transfer", ...expected });
    expect(read({ e: "externalLockUpdate", ...change })).toEqual({ kind: "lock", ...expected });
  });

  test("the end of the stream, and of the server, however wrapped", () => {
    expect(read({ e: "eventStreamTerminated", E })).toEqual({ kind: "ended", what: "stream" });
    const shutdown = { e: "serverShutdown", E };
    for (const message of [
      shutdown,
      { event: shutdown },
      { stream: "!serverShutdown", data: shutdown },
    ]) {
      expect(readUserEvent(message, CONTEXT)).toEqual({ kind: "ended", what: "server" });
    }
  });

  test("lists of orders, and kinds of event that are new, are ignored by name", () => {
    expect(read({ e: "listStatus", E })).toEqual({ kind: "ignored", name: "listStatus" });
    expect(read({ e: "moonPhase", E })).toEqual({ kind: "ignored", name: "moonPhase" });
  });

  test("what has no name is an error", () => {
    for (const message of [null, [], "text", {}, { event: {} }, { subscriptionId: 0 }]) {
      expect(() => readUserEvent(message, CONTEXT)).toThrow(ProtocolError);
    }
  });
});

describe.skipIf(FIXTURES === null)("the documentation's examples", () => {
  const eth = contextOf("ETH", "USDT", "0.01");
  const ethbtc = contextOf("ETH", "BTC");
  const id = "x-TD67BGP9-T0000000000000";
  const rows: [file: string, context: typeof eth, expected: object][] = [
    [
      "account_position.json",
      eth,
      { kind: "balances", venueTimeMs: 1709654400000, base: "5", quote: "12500" },
    ],
    [
      "account_position_wrapped.json",
      ethbtc,
      { kind: "balances", venueTimeMs: 1564034571073, base: "10000", quote: null },
    ],
    ["balance_update.json", eth, { kind: "transfer", asset: "BTC", amount: "0.001" }],
    ["balance_update_wrapped.json", eth, { kind: "transfer", asset: "BTC", amount: "100" }],
    [
      "execution_report_new.json",
      eth,
      { kind: "orders", events: [{ change: "open", clientOrderId: id, quantityLots: 10_000 }] },
    ],
    [
      "execution_report_canceled.json",
      eth,
      { kind: "orders", events: [{ change: "canceled", clientOrderId: id, filledLots: 0 }] },
    ],
    [
      "execution_report_expired.json",
      eth,
      { kind: "orders", events: [{ change: "expired", message: "INSUFFICIENT_LIQUIDITY" }] },
    ],
    [
      "execution_report_stop_loss.json",
      eth,
      { kind: "orders", events: [{ change: "open", venueOrderId: "12345679" }] },
    ],
    [
      "execution_report_trade.json",
      eth,
      {
        kind: "orders",
        events: [
          { fill: { tradeId: "ETHUSDT:98765432", priceTicks: 250_000, quantityLots: 10_000 } },
          { change: "filled", filledLots: 10_000 },
        ],
      },
    ],
    [
      "execution_report_wrapped.json",
      ethbtc,
      { kind: "orders", events: [{ change: "open", venueOrderId: "4293153" }] },
    ],
    ["list_status_wrapped.json", ethbtc, { kind: "ignored", name: "listStatus" }],
  ];
  test.each(rows)("%s", (file, context, expected) => {
    const event = readUserEvent(fixture("user_data_json", file), context);
    expect(event).toMatchObject(expected);
  });

  test("and there are no others", () => {
    const files = readdirSync(join(FIXTURES ?? "", "user_data_json")).sort();
    expect(files).toEqual(rows.map(([file]) => file).sort());
  });
});
