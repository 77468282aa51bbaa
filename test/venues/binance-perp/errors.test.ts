/** What each answer of the venue means: one row a code, and one a status. */

import { describe, expect, test } from "bun:test";
import { restReply } from "#venues/binance/errors.ts";
import { outcomeOf } from "#venues/binance-perp/errors.ts";

const NOW_MS = 1_795_340_043_210;

function summary(status: number, body: unknown): string {
  const outcome = outcomeOf(restReply(status, null, body, NOW_MS), NOW_MS);
  if (outcome.kind === "rejected") return `rejected ${outcome.reason}`;
  return outcome.kind === "throttled" ? `throttled ${outcome.scope}` : outcome.kind;
}

describe("a code", () => {
  test.each([
    [400, -1021, "Timestamp for this request is outside of the recvWindow.", "clock"],
    [400, -5028, "Timestamp for this request is outside of the ME recvWindow.", "clock"],
    [400, -1022, "Signature for this request is not valid.", "fatal"],
    [429, -1003, "Too many requests.", "throttled all"],
    [429, -1015, "Too many new orders.", "throttled orders"],
    [503, -1008, "Request throttled by system-level protection.", "rejected throttled"],
    [408, -1007, "Timeout waiting for response from backend server.", "unknown"],
    [400, -1125, "This listenKey does not exist.", "rejected other"],
    [400, -2011, "Unknown order sent.", "rejected unknown-order"],
    [400, -2013, "Order does not exist.", "rejected unknown-order"],
    [401, -2015, "Invalid API-key, IP, or permissions for action.", "fatal"],
    [400, -2018, "Balance is insufficient.", "rejected insufficient-balance"],
    [400, -2019, "Margin is insufficient.", "rejected insufficient-balance"],
    [400, -2021, "Order would immediately trigger.", "rejected would-cross"],
    [400, -2022, "ReduceOnly Order is rejected.", "rejected reduce-only"],
    [400, -2025, "Reach max open order limit.", "rejected too-many-orders"],
    [400, -2027, "Exceeded the maximum allowable position.", "rejected other"],
    [400, -4003, "Quantity less than zero.", "rejected filter"],
    [400, -4004, "Quantity less than min quantity.", "rejected filter"],
    [400, -4005, "Quantity greater than max quantity.", "rejected filter"],
    [400, -4014, "Price not increased by tick size.", "rejected filter"],
    [400, -4016, "Limit price can't be higher than 3.15.", "rejected filter"],
    [400, -4023, "Qty not increased by step size.", "rejected filter"],
    [400, -4024, "Limit price can't be lower than 2.85.", "rejected filter"],
    [400, -4061, "Order's position side does not match user's setting.", "fatal"],
    [400, -4116, "ClientOrderId is duplicated.", "rejected duplicate-id"],
    [400, -4120, "Order type not supported for this endpoint.", "fatal"],
    [400, -4164, "Order's notional must be no smaller than 5.", "rejected filter"],
    [400, -4400, "Futures Trading Quantitative Rules violated.", "rejected other"],
    [400, -4401, "Compliance restricted account permission.", "rejected other"],
    [400, -5021, "Due to the order could not be filled immediately.", "rejected other"],
    [400, -5022, "Post Only order will be rejected.", "rejected would-cross"],
    [400, -9999, "Something new.", "rejected other"],
  ])("%d %d %s → %s", (status, code, msg, expected) => {
    expect(summary(status, { code, msg })).toBe(expected);
  });
});

describe("a status", () => {
  test.each([
    [200, {}, "accepted"],
    [
      503,
      { code: -1000, msg: "Unknown error, please check your request or try again later." },
      "unknown",
    ],
    [503, { code: -1001, msg: "Service Unavailable." }, "rejected throttled"],
    [
      503,
      { code: -1001, msg: "Internal error; unable to process your request. Please try again." },
      "rejected throttled",
    ],
    [500, { code: -1001, msg: "Service Unavailable." }, "unknown"],
    [503, "<html>", "unknown"],
    [504, null, "unknown"],
    [408, null, "unknown"],
    [403, null, "fatal"],
    [418, null, "throttled all"],
    [429, null, "throttled all"],
  ])("%d %j → %s", (status, body, expected) => {
    expect(summary(status, body)).toBe(expected);
  });
});
