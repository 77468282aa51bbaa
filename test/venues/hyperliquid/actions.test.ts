/** Actions as they go out: the exact text, for the order of keys is part of what is signed. */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import {
  BatchModifyRequest,
  CancelByCloidRequest,
  CancelRequest,
  ScheduleCancelRequest,
  OrderRequest as SdkOrderRequest,
  UpdateLeverageRequest,
} from "@nktkas/hyperliquid/api/exchange";
import { canonicalize } from "@nktkas/hyperliquid/signing";
import * as fc from "fast-check";
import * as v from "valibot";
import { InvariantError } from "#domain/errors.ts";
import type { OrderRequest } from "#domain/order.ts";
import {
  batchModifyAction,
  cancelAction,
  cancelByCloidAction,
  orderAction,
  scheduleCancelAction,
  updateLeverageAction,
  wireOrder,
} from "#venues/hyperliquid/actions.ts";
import { cloidOf } from "#venues/hyperliquid/cloid.ts";
import { hyperliquidPerp } from "../../domain/instruments.ts";
import { sharedPath } from "../../shared.ts";

/** szDecimals 1: ticks of 0.00001, lots of 0.1. */
const SUI = { instrument: hyperliquidPerp(1), asset: 14 };
const ID = "mm-SUI-q1-1";
const CLOID = cloidOf(ID);

const ALO: OrderRequest = {
  clientOrderId: ID,
  side: "buy",
  type: "limit",
  timeInForce: "gtc",
  postOnly: true,
  reduceOnly: false,
  priceTicks: 123_450,
  quantityLots: 1000,
};
const STOP: OrderRequest = {
  ...ALO,
  side: "sell",
  type: "stop-market",
  postOnly: false,
  reduceOnly: true,
  priceTicks: 120_000,
};

function orderText(changes: Partial<OrderRequest>): string {
  return JSON.stringify(wireOrder({ ...ALO, ...changes }, SUI));
}

describe("an order", () => {
  const tail = `"c":"${CLOID}"}`;
  const kinds: [name: string, changes: Partial<OrderRequest>, text: string][] = [
    [
      "post-only",
      {},
      `{"a":14,"b":true,"p":"1.2345","s":"100","r":false,"t":{"limit":{"tif":"Alo"}},${tail}`,
    ],
    [
      "that may rest or take",
      { postOnly: false, side: "sell", quantityLots: 1 },
      `{"a":14,"b":false,"p":"1.2345","s":"0.1","r":false,"t":{"limit":{"tif":"Gtc"}},${tail}`,
    ],
    [
      "that takes at once, reducing",
      { postOnly: false, timeInForce: "ioc", reduceOnly: true },
      `{"a":14,"b":true,"p":"1.2345","s":"100","r":true,"t":{"limit":{"tif":"Ioc"}},${tail}`,
    ],
    [
      "at market, with the worst price it may have",
      { postOnly: false, type: "market", timeInForce: "gtc", priceTicks: 130_000 },
      `{"a":14,"b":true,"p":"1.3","s":"100","r":false,"t":{"limit":{"tif":"Ioc"}},${tail}`,
    ],
    [
      "that stops a long position, a tenth lower at worst",
      STOP,
      `{"a":14,"b":false,"p":"1.08","s":"100","r":true,"t":{"trigger":{"isMarket":true,` +
        `"triggerPx":"1.2","tpsl":"sl"}},${tail}`,
    ],
    [
      "that stops a short position, a tenth higher at worst",
      { ...STOP, side: "buy" },
      `{"a":14,"b":true,"p":"1.32","s":"100","r":true,"t":{"trigger":{"isMarket":true,` +
        `"triggerPx":"1.2","tpsl":"sl"}},${tail}`,
    ],
  ];
  test.each(kinds)("%s", (_name, changes, text) => {
    expect(orderText(changes)).toBe(text);
  });

  const impossible: [name: string, changes: Partial<OrderRequest>][] = [
    ["a stop that may open a position", { ...STOP, reduceOnly: false }],
    ["post-only and to take at once", { timeInForce: "ioc" }],
    ["post-only at market", { type: "market" }],
    ["at market without a price", { type: "market", postOnly: false, priceTicks: 0 }],
    ["a price off the grid", { priceTicks: 123_456 }],
    ["no price", { priceTicks: NaN }],
    ["no size", { quantityLots: 0 }],
    ["a size that is no number", { quantityLots: NaN }],
    ["an id that is not ours", { clientOrderId: "web_1" }],
  ];
  test.each(impossible)("never: %s", (_name, changes) => {
    expect(() => orderText(changes)).toThrow(InvariantError);
  });

  test("any stop has a valid price between trigger and a tenth beyond, and never 0", () => {
    const triggers = fc
      .tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 50_000_000 }))
      .map(([szDecimals, ticks]) => {
        const instrument = hyperliquidPerp(szDecimals);
        return { instrument, priceTicks: Math.max(1, instrument.floorTicks(ticks)) };
      });
    fc.assert(
      fc.property(triggers, fc.boolean(), ({ instrument, priceTicks }, isBuy) => {
        const request: OrderRequest = { ...STOP, side: isBuy ? "buy" : "sell", priceTicks };
        const { p, t } = wireOrder(request, { instrument, asset: 0 });
        const worst = instrument.ticksOf(p);
        expect(instrument.isValidPrice(worst)).toBe(true);
        const beyond = isBuy ? worst - priceTicks : priceTicks - worst;
        expect(beyond).toBeGreaterThanOrEqual(0);
        expect(beyond).toBeLessThanOrEqual(priceTicks / 10);
        // Not needlessly near: the next valid price would be more than a tenth away.
        const step = instrument.stepTicks(worst);
        expect(beyond).toBeGreaterThan(priceTicks / 10 - step);
        expect(t).toMatchObject({ trigger: { triggerPx: instrument.priceString(priceTicks) } });
      }),
    );
  });

  test("any price and size is plain text without zeros at its end", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9e9 }),
        fc.integer({ min: 1, max: 1e9 }),
        (at, lots) => {
          const priceTicks = SUI.instrument.floorTicks(at);
          const { p, s } = wireOrder({ ...ALO, priceTicks, quantityLots: lots }, SUI);
          for (const text of [p, s]) expect(text).toMatch(/^(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/);
          expect(Number(p)).toBeCloseTo(priceTicks * 1e-5, 9);
          expect(Number(s)).toBeCloseTo(lots * 0.1, 6);
        },
      ),
    );
  });
});

describe("an action", () => {
  const order = wireOrder(ALO, SUI);
  const text = JSON.stringify(order);
  const actions: [name: string, action: unknown, text: string][] = [
    [
      "of orders",
      orderAction([order, order]),
      `{"type":"order","orders":[${text},${text}],"grouping":"na"}`,
    ],
    [
      "of cancels by number",
      cancelAction(
        [
          { asset: 14, oid: 91490942 },
          { asset: 3, oid: 2 ** 40 },
        ],
        true,
      ),
      `{"type":"cancel","cancels":[{"a":14,"o":91490942},{"a":3,"o":1099511627776}],"f":true}`,
    ],
    [
      "of cancels of triggers, which are never fast",
      cancelAction([{ asset: 14, oid: 1 }], false),
      `{"type":"cancel","cancels":[{"a":14,"o":1}]}`,
    ],
    [
      "of cancels by cloid",
      cancelByCloidAction([{ asset: 14, cloid: CLOID.toUpperCase().replace("0X", "0x") }], true),
      `{"type":"cancelByCloid","cancels":[{"asset":14,"cloid":"${CLOID}"}],"f":true}`,
    ],
    [
      "of cancels by cloid, not fast",
      cancelByCloidAction([{ asset: 14, cloid: CLOID }], false),
      `{"type":"cancelByCloid","cancels":[{"asset":14,"cloid":"${CLOID}"}]}`,
    ],
    [
      "of modifications, by number and by cloid",
      batchModifyAction([
        { oid: 77, order },
        { oid: CLOID, order },
      ]),
      `{"type":"batchModify","modifies":[{"oid":77,"order":${text}},` +
        `{"oid":"${CLOID}","order":${text}}]}`,
    ],
    [
      "of the dead-man's switch",
      scheduleCancelAction(1_795_348_800_000.5),
      `{"type":"scheduleCancel","time":1795348800000}`,
    ],
    ["of its disarming", scheduleCancelAction(null), `{"type":"scheduleCancel"}`],
    [
      "of leverage",
      updateLeverageAction(14, false, 5),
      `{"type":"updateLeverage","asset":14,"isCross":false,"leverage":5}`,
    ],
  ];
  test.each(actions)("%s", (_name, action, expected) => {
    expect(JSON.stringify(action)).toBe(expected);
  });

  const shared = sharedPath("vectors", "hyperliquid-signing.json");
  test.skipIf(shared === null)(
    "of a stop is, key by key, the one that the SDK's is signed as",
    () => {
      const Vectors = v.object({
        vectors: v.array(v.object({ id: v.string(), action: v.unknown() })),
      });
      const { vectors } = v.parse(Vectors, JSON.parse(readFileSync(shared ?? "", "utf8")));
      const published = vectors.find(({ id }) => id === "py-order-trigger-sl")?.action;
      const request: OrderRequest = { ...STOP, side: "buy", priceTicks: 10_300_000 };
      // It has no cloid, another worst price, and may open a position.
      const { c: _, ...stop } = wireOrder(request, { ...SUI, asset: 1 });
      const action = { ...orderAction([]), orders: [{ ...stop, p: "100", r: false }] };
      expect(JSON.stringify(action)).toBe(JSON.stringify(published));
    },
  );

  test("has its keys as the SDK's schemas have them, and passes them", () => {
    const schemas: [schema: v.GenericSchema, action: unknown][] = [
      [SdkOrderRequest.entries.action, orderAction([order, wireOrder(STOP, SUI)])],
      [CancelRequest.entries.action, cancelAction([{ asset: 14, oid: 1 }], true)],
      [
        CancelByCloidRequest.entries.action,
        cancelByCloidAction([{ asset: 14, cloid: CLOID }], true),
      ],
      [BatchModifyRequest.entries.action, batchModifyAction([{ oid: CLOID, order }])],
      [ScheduleCancelRequest.entries.action, scheduleCancelAction(1_795_348_800_000)],
      [ScheduleCancelRequest.entries.action, scheduleCancelAction(null)],
      [UpdateLeverageRequest.entries.action, updateLeverageAction(14, true, 20)],
    ];
    for (const [schema, action] of schemas) {
      const known = v.parse(schema, action);
      expect(JSON.stringify(known)).toBe(JSON.stringify(action));
      expect(JSON.stringify(canonicalize(schema, action))).toBe(JSON.stringify(action));
    }
  });
});
