/**
 * What each text and status of the venue means. Texts are the venue's, as facts of its protocol.
 */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  changeOf,
  httpStatusOf,
  isOutcomeOpen,
  modifyRefusalOf,
  type Refusal,
  refusalOf,
} from "#venues/hyperliquid/errors.ts";
import { ProtocolError } from "#venues/wire.ts";

/** A refusal in short. */
function short(refusal: Refusal): string {
  switch (refusal.kind) {
    case "order":
      return `${refusal.change} ${refusal.reason}`;
    case "throttled":
      return `throttled ${refusal.scope}`;
    case "nonce":
      return `nonce ${refusal.beyond ?? "too high"}`;
    case "fatal":
    case "expired":
      return refusal.kind;
  }
}

type Row = readonly [message: string, meaning: string];

/** Live, each of these may have ` asset=3` behind it. */
const OF_ORDERS: readonly Row[] = [
  ["Price must be divisible by tick size.", "rejected filter"],
  ["Order must have minimum value of $10.", "rejected filter"],
  ["Order must have minimum value of 10 USDC.", "rejected filter"],
  ["Insufficient margin to place order.", "rejected insufficient-balance"],
  ["Reduce only order would increase position.", "rejected reduce-only"],
  ["Post only order would have immediately matched, bbo was 65000@65001.", "rejected would-cross"],
  ["Order could not immediately match against any resting orders.", "expired other"],
  ["No liquidity available for market order.", "expired other"],
  ["Invalid TP/SL price.", "rejected would-cross"],
  ["Order would increase open interest while open interest is capped", "rejected other"],
  [
    "Order rejected due to price more aggressive than oracle while at open interest cap",
    "rejected other",
  ],
  ["Order would increase open interest too quickly", "rejected other"],
  ["Order price too far from oracle", "rejected filter"],
  ["Order price cannot be more than 95% away from the reference price", "rejected filter"],
  [
    "Order would cause position to exceed margin tier limit at current leverage",
    "rejected insufficient-balance",
  ],
  ["Order has insufficient spot balance to trade", "rejected insufficient-balance"],
  ["(Spot-only) Order has insufficient spot balance to trade", "rejected insufficient-balance"],
  ["Order was never placed, already canceled, or filled.", "rejected unknown-order"],
  ["Order has invalid size", "rejected filter"],
  ["Unexpected number of trigger orders", "rejected other"],
  ["Attempted to modify to invalid new order", "rejected other"],
  ["Only post-only orders allowed immediately after a network upgrade", "rejected other"],
  ["Too many open orders", "rejected too-many-orders"],
  [
    "Cannot set scheduled cancel time until enough volume traded. Required: $1000000. Traded: $5.",
    "rejected other",
  ],
  ["Something that nobody has seen yet", "rejected other"],
  ["", "rejected other"],
];

const OF_ACTIONS: readonly Row[] = [
  [
    "Too many cumulative requests sent (10005 > 10000) for cumulative volume traded $0.0. " +
      "Place taker orders to free up 1 request per USDC traded.",
    "throttled address",
  ],
  ["too many pending post requests id=1234", "throttled posts"],
  ["429 Too Many Requests", "throttled ip"],
  ["HTTP status 429", "throttled ip"],
  ["HTTP 429: null", "throttled ip"],
  ["Too Many Requests", "throttled ip"],
  ["Invalid nonce: nonce too low 1795348800000 < 1795348800500", "nonce 1795348800599"],
  ["Invalid nonce: duplicate nonce 1795348800000", "nonce 1795348800000"],
  ["Invalid nonce: nonce too high 1795348800000 > 1795262400000", "nonce too high"],
  ["Invalid nonce: whatever comes next", "nonce too high"],
  [
    "L1 error: User or API Wallet 0x14791697260e4c9a71f18484c9f997b308e59325 does not exist.",
    "fatal",
  ],
  ["User or API Wallet 0x14791697260e4c9a71f18484c9f997b308e59325 does not exist.", "fatal"],
  [
    "Must deposit before performing actions. User: 0x14791697260e4c9a71f18484c9f997b308e59325",
    "fatal",
  ],
  ["Vault not registered: 0x1719884eb866cb12b2287399b15f7db5e7d775ea", "fatal"],
  ["Mainnet and testnet require different signature.", "fatal"],
  ["Failed to deserialize the JSON body into the target type: missing field `a`", "fatal"],
  ["422 Unprocessable Entity", "fatal"],
  ["422 Failed to deserialize the JSON body into the target type", "fatal"],
  ["400 Invalid nonce: duplicate nonce 5", "nonce 5"],
  ["400 Price must be divisible by tick size.", "rejected filter"],
  ["HTTP status 403", "fatal"],
  ["Action already expired", "expired"],
  ["L1 error: Action already expired", "expired"],
];

describe("refusals", () => {
  test.each([...OF_ORDERS, ...OF_ACTIONS])("%s", (message, meaning) => {
    for (const tail of ["", " asset=3", ".", "\n"]) {
      expect(short(refusalOf(message + tail))).toBe(meaning);
      expect(short(refusalOf(message.toUpperCase() + tail))).toBe(meaning);
    }
  });

  test("a text within another is no refusal of its own", () => {
    expect(short(refusalOf("Did you know? Must deposit before performing actions."))).toBe(
      "rejected other",
    );
    expect(short(refusalOf("1429 orders are too few"))).toBe("rejected other");
  });

  test("the address limit: requests sent and allowed are read where they are told", () => {
    const text = "Too many cumulative requests sent";
    const tail = "for cumulative volume traded $12.5.";
    const requestsOf = (message: string): unknown => {
      const refusal = refusalOf(message);
      return refusal.kind === "throttled" ? refusal.requests : undefined;
    };
    expect(requestsOf(`${text} (10013 > 10012) ${tail}`)).toEqual({ used: 10_013, cap: 10_012 });
    expect(requestsOf(`${text} ${tail}`)).toBeNull();
  });

  test("any text at all means something", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(short(refusalOf(text))).not.toBe("");
      }),
    );
  });
});

describe("HTTP statuses", () => {
  test("are read from the beginning of a text", () => {
    const rows: [text: string, status: number | null][] = [
      ["429 Too Many Requests", 429],
      ["HTTP status 502", 502],
      ["http 500: <html>", 500],
      ["504", 504],
      ["5000 orders", null],
      ["99 bottles", null],
      ["Order 429 is gone", null],
      ["", null],
    ];
    for (const [text, status] of rows) expect(httpStatusOf(text)).toBe(status);
  });

  test("only a refusal by the venue itself is sure", () => {
    const open = [200, 302, 400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504].filter(
      isOutcomeOpen,
    );
    expect(open).toEqual([200, 302, 408, 500, 502, 503, 504]);
  });
});

describe("a modification that was refused", () => {
  const PLACING = "Error placing new order during modify: ";
  const rows: [message: string, old: string, placed: string][] = [
    ["Cannot modify canceled or filled order", "gone", "rejected other"],
    ["Cannot modify canceled or filled order asset=3", "gone", "rejected other"],
    ["Order was never placed, already canceled, or filled. asset=3", "gone", "rejected other"],
    [
      `${PLACING}Post only order would have immediately matched, bbo was 1@2. asset=3`,
      "canceled",
      "rejected would-cross",
    ],
    [
      `${PLACING}Insufficient margin to place order. asset=3`,
      "canceled",
      "rejected insufficient-balance",
    ],
    [
      "Post only order would have immediately matched, bbo was 1@2. asset=3",
      "doubtful",
      "rejected would-cross",
    ],
    ["Attempted to modify to invalid new order", "doubtful", "rejected other"],
    ["What is this?", "doubtful", "rejected other"],
    ["Action already expired", "untouched", "expired"],
    ["Invalid nonce: duplicate nonce 5", "untouched", "nonce 5"],
    ["429 Too Many Requests", "untouched", "throttled ip"],
    ["Vault not registered: 0x00", "untouched", "fatal"],
  ];
  test.each(rows)("%s", (message, old, placed) => {
    const refusal = modifyRefusalOf(message);
    expect([refusal.old, short(refusal.placed)]).toEqual([old, placed]);
  });
});

describe("statuses of an order", () => {
  const rows: [status: string, meaning: string][] = [
    ["open", "open"],
    ["triggered", "open"],
    ["filled", "filled"],
    ["canceled", "canceled"],
    ["rejected", "rejected other"],
    ["marginCanceled", "expired insufficient-balance"],
    ["vaultWithdrawalCanceled", "expired"],
    ["openInterestCapCanceled", "expired"],
    ["selfTradeCanceled", "expired"],
    ["reduceOnlyCanceled", "expired reduce-only"],
    ["siblingFilledCanceled", "expired"],
    ["delistedCanceled", "expired"],
    ["liquidatedCanceled", "expired"],
    ["outcomeSettledCanceled", "expired"],
    ["scheduledCancel", "expired"],
    ["internalCancel", "expired"],
    ["tickRejected", "rejected filter"],
    ["minTradeNtlRejected", "rejected filter"],
    ["perpMarginRejected", "rejected insufficient-balance"],
    ["reduceOnlyRejected", "rejected reduce-only"],
    ["badAloPxRejected", "rejected would-cross"],
    ["iocCancelRejected", "expired"],
    ["badTriggerPxRejected", "rejected would-cross"],
    ["marketOrderNoLiquidityRejected", "expired"],
    ["positionIncreaseAtOpenInterestCapRejected", "rejected other"],
    ["positionFlipAtOpenInterestCapRejected", "rejected other"],
    ["tooAggressiveAtOpenInterestCapRejected", "rejected other"],
    ["openInterestIncreaseRejected", "rejected other"],
    ["insufficientSpotBalanceRejected", "rejected insufficient-balance"],
    ["oracleRejected", "rejected filter"],
    ["perpMaxPositionRejected", "rejected insufficient-balance"],
    ["tooManyOpenOrdersRejected", "rejected too-many-orders"],
    ["newReasonRejected", "rejected other"],
    ["newReasonCanceled", "expired"],
    ["newReasonCancelled", "expired"],
    ["newReasonCancel", "expired"],
  ];
  test.each(rows)("%s", (status, meaning) => {
    const { change, reason } = changeOf(status);
    expect(reason === null ? change : `${change} ${reason}`).toBe(meaning);
  });

  test.each(["", "waiting", "Open", "canceledSoon", "constructor"])(
    "one that is not known is said aloud: %s",
    (status) => {
      expect(() => changeOf(status)).toThrow(ProtocolError);
    },
  );
});
