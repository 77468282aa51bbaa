/** The venue's answers and frames, as published and as made up, through our readers. */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { InputError } from "#domain/errors.ts";
import { canceledVerdicts, placedVerdicts } from "#venues/hyperliquid/answers.ts";
import { OwnCloids } from "#venues/hyperliquid/cloid.ts";
import {
  isNewerTrade,
  positionOfMoment,
  readFills,
  readOpenOrders,
  readOrderStatus,
  readRateLimit,
  timeOfTradeId,
  tradeIdAt,
} from "#venues/hyperliquid/responses.ts";
import { readUserEvent } from "#venues/hyperliquid/user-events.ts";
import { ProtocolError } from "#venues/wire.ts";
import { sharedPath } from "../../shared.ts";
import { done, fillOf, idOf, LOST, marketOf, NOW_MS, orderOf, reportOf, USER } from "./hl-kit.ts";

const { instrument } = marketOf();
const context = { instrument, receivedTimeMs: NOW_MS };
const cloids = new OwnCloids("mm", "SUI1");

function fixture(name: string): unknown {
  const path = sharedPath("fixtures", "hyperliquid", name);
  return path === null ? null : JSON.parse(readFileSync(path, "utf8"));
}

describe("what others have recorded", () => {
  test("fills with settlements and dust of spot among them", () => {
    const json = fixture("http_user_fills_dust_conversion.json");
    if (json === null) return;
    const fills = readFills(json);
    const times = fills.map(({ venueTimeMs }) => venueTimeMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const arb = fills.find(({ coin }) => coin === "ARB");
    expect(arb?.tradeId).toBe("ARB|17679709382320|481029459465|1782526679879");
    expect(new Set(fills.map(({ tradeId }) => tradeId)).size).toBe(fills.length);
  });

  test("a fill of a maker whom a liquidation met: `userEvents` are not what we listen to", () => {
    const json = fixture("ws_user_fill_liquidation.json");
    if (json === null) return;
    expect(readUserEvent(json, USER)).toEqual({ kind: "ignored", channel: "user" });
    const { data } = v.parse(v.object({ data: v.object({ fills: v.unknown() }) }), json);
    expect(readFills(data.fills)).toMatchObject([
      {
        tradeId: "BTC|745210434703679|55030848197|1781528065899",
        liquidatedUser: "0x360878d351f05975e25f1807a27895e1e5e004fb",
        cloid: "0xe8d5fd7ebbb4c3cff4d1803472a11463",
      },
    ]);
  });
});

describe("an account", () => {
  test("requests counted", () => {
    const json = {
      cumVlm: "2854574.59",
      nRequestsUsed: 2890,
      nRequestsCap: 2864574,
      nRequestsSurplus: 0,
    };
    expect(readRateLimit(json)).toEqual({
      cumVlm: 2_854_574.59,
      nRequestsUsed: 2890,
      nRequestsCap: 2_864_574,
    });
  });
});

describe("orders", () => {
  const nameOf = (cloid: string | null): string | null => cloids.clientOrderIdOf(cloid);

  const statuses: readonly (readonly [string, string, string, number])[] = [
    ["open", "6.0", "open", 40],
    ["triggered", "10.0", "open", 0],
    ["filled", "0.0", "filled", 100],
    ["canceled", "6.0", "canceled", 40],
    // What was left is not always said of an order that was ended.
    ["canceled", "0.0", "canceled", -1],
    ["marginCanceled", "10.0", "expired", 0],
    ["scheduledCancel", "10.0", "expired", 0],
    ["somethingNewCanceled", "10.0", "expired", 0],
    ["tickRejected", "10.0", "rejected", 0],
    ["somethingNewRejected", "10.0", "rejected", 0],
  ];
  test.each(statuses)("%s with %s left is %s", (status, sz, change, filledLots) => {
    const report = reportOf(orderOf(idOf(1), 77, { sz }), status);
    const order = readOrderStatus({ status: "order", order: report });
    expect(order?.event(idOf(1), context)).toMatchObject({
      venueOrderId: "77",
      change,
      quantityLots: 100,
      filledLots,
    });
  });

  test("of others no more is read than whose they are", () => {
    const offGrid = { ...orderOf(null, 5), sz: "0.00001", side: "up" };
    const stop = { ...orderOf(idOf(2), 7), isTrigger: true, triggerPx: "2.9" };
    const listed = readOpenOrders([offGrid, orderOf(idOf(1), 6), stop], nameOf, context);
    expect(listed).toMatchObject([
      { event: { clientOrderId: idOf(1), venueOrderId: "6", change: "open" }, isTrigger: false },
      { event: { clientOrderId: idOf(2), venueOrderId: "7", change: "open" }, isTrigger: true },
    ]);
    expect(() => readOpenOrders([{ ...orderOf(idOf(1), 6), sz: "0.01" }], nameOf, context)).toThrow(
      InputError,
    );
  });
});

describe("keys of fills", () => {
  test("are ordered by time, and may be of a moment", () => {
    expect(timeOfTradeId(`SUI|1|2|${NOW_MS}`)).toBe(NOW_MS);
    expect(tradeIdAt(NOW_MS + 0.5, "-2.5")).toBe(`|-2.5||${NOW_MS}`);
    expect(timeOfTradeId(tradeIdAt(NOW_MS, "0"))).toBe(NOW_MS);
    expect(positionOfMoment(tradeIdAt(NOW_MS, "-2.5"))).toBe("-2.5");
    expect(positionOfMoment(`SUI|1|2|${NOW_MS}`)).toBeNull();
    expect(timeOfTradeId("ETHUSDT:17")).toBe(-Infinity);
    expect(isNewerTrade("SUI|1|2|100", "SUI|9|9|99")).toBe(true);
    expect(isNewerTrade("SUI|1|2|100", "SUI|9|9|100")).toBe(false);
  });

  test("a fill of nothing is no fill", () => {
    const [fill] = readFills([fillOf({ tid: 1, sz: "0.0" })]);
    expect(() => fill?.fill(instrument)).toThrow(ProtocolError);
  });
});

describe("answers to actions", () => {
  test("one error stands for all; as many statuses as elements otherwise", () => {
    const error = { error: "Order has invalid size" };
    expect(placedVerdicts(done(error), 3).map(({ kind }) => kind)).toEqual([
      "refused",
      "refused",
      "refused",
    ]);
    expect(() => placedVerdicts(done(), 1)).toThrow(ProtocolError);
    expect(() => canceledVerdicts(done("success"), 2)).toThrow(ProtocolError);
    expect(placedVerdicts(LOST, 2).map(({ kind }) => kind)).toEqual(["unknown", "unknown"]);
    expect(canceledVerdicts(done("done"), 1)).toMatchObject([{ kind: "unknown" }]);
  });
});
