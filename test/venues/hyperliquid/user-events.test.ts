/** Frames of the account's channels. */

import { expect, test } from "bun:test";
import { readUserEvent } from "#venues/hyperliquid/user-events.ts";
import { ProtocolError } from "#venues/wire.ts";
import { fillOf, idOf, NOW_MS, orderOf, reportOf, USER } from "./hl-kit.ts";

const OTHER = "0x2222222222222222222222222222222222222222";

test("fills, oldest first, with whether they are a snapshot", () => {
  const fills = [fillOf({ tid: 2, time: NOW_MS + 2 }), fillOf({ tid: 1, time: NOW_MS + 1 })];
  const data = { user: USER.toUpperCase().replace("X", "x"), fills, isSnapshot: true };
  const event = readUserEvent({ channel: "userFills", data }, USER);
  if (event.kind !== "fills") throw new Error(event.kind);
  expect(event.isSnapshot).toBe(true);
  expect(event.fills.map(({ venueTimeMs }) => venueTimeMs)).toEqual([NOW_MS + 1, NOW_MS + 2]);
});

test.each(["userFills", "userFundings"])("%s of another user are ignored", (channel) => {
  const data = { user: OTHER, fills: [], fundings: [] };
  expect(readUserEvent({ channel, data }, USER)).toEqual({ kind: "ignored", channel });
});

test("orders, whosever they are", () => {
  const data = [reportOf(orderOf(idOf(1), 1), "open"), reportOf(orderOf(null, 2), "filled")];
  const event = readUserEvent({ channel: "orderUpdates", data }, USER);
  if (event.kind !== "orders") throw new Error(event.kind);
  expect(event.reports.map(({ venueOrderId }) => venueOrderId)).toEqual(["1", "2"]);
});

test.each([
  ["no frame", []],
  ["no list of orders", { channel: "orderUpdates", data: {} }],
  ["an order without a number", { channel: "orderUpdates", data: [{ order: {}, status: "open" }] }],
  ["fills of nobody", { channel: "userFills", data: { fills: [] } }],
  [
    "an exponent in a price",
    { channel: "userFills", data: { user: USER, fills: [{ ...fillOf({ tid: 1 }), px: "1e5" }] } },
  ],
])("%s is not as documented", (_name, json) => {
  expect(() => readUserEvent(json, USER)).toThrow(ProtocolError);
});
