/**
 * Actions as the venue reads them. What a schema gives back has the canonical key order, no key
 * that the venue does not know and canonical numbers: that is what must have been signed. So a
 * client that orders keys in another way, sends `f: false` or a trailing zero, fails here as it
 * does at the real venue: its signature looks like somebody else's.
 */

import * as v from "valibot";
import { decimal, plain } from "#domain/decimal.ts";

/** Unsigned, canonical whatever was sent. */
const Amount = v.pipe(
  v.string(),
  v.regex(/^\d{1,20}(?:\.\d{1,20})?$/),
  v.transform((text) => plain(decimal(text))),
);
const Asset = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Oid = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Cloid = v.pipe(v.string(), v.regex(/^0x[\da-f]{32}$/i), v.toLowerCase());
const Address = v.pipe(
  v.string(),
  v.regex(/^0x[\da-f]{40}$/i),
  v.toLowerCase(),
  v.transform((text): `0x${string}` => `0x${text.slice(2)}`),
);
const Milliseconds = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Sent as false it is read as absent, which is not what was signed then. */
const Flag = v.exactOptional(v.boolean());

const Order = v.object({
  a: Asset,
  b: v.boolean(),
  p: Amount,
  s: Amount,
  r: v.boolean(),
  t: v.union([
    v.strictObject({
      limit: v.object({ tif: v.picklist(["Alo", "Ioc", "Gtc"]) }),
    }),
    v.strictObject({
      trigger: v.object({
        isMarket: v.boolean(),
        triggerPx: Amount,
        tpsl: v.picklist(["tp", "sl"]),
      }),
    }),
  ]),
  c: v.exactOptional(Cloid),
});
export type WireOrder = v.InferOutput<typeof Order>;

export const Action = v.variant("type", [
  v.object({
    type: v.literal("order"),
    orders: v.array(Order),
    grouping: v.picklist(["na", "normalTpsl", "positionTpsl"]),
  }),
  v.object({
    type: v.literal("cancel"),
    cancels: v.array(v.object({ a: Asset, o: Oid })),
    f: Flag,
  }),
  v.object({
    type: v.literal("cancelByCloid"),
    cancels: v.array(v.object({ asset: Asset, cloid: Cloid })),
    f: Flag,
  }),
  v.object({
    type: v.literal("modify"),
    oid: v.union([Oid, Cloid]),
    order: Order,
    a: Flag,
  }),
  v.object({
    type: v.literal("batchModify"),
    modifies: v.array(v.object({ oid: v.union([Oid, Cloid]), order: Order })),
    a: Flag,
  }),
  v.object({ type: v.literal("scheduleCancel"), time: v.exactOptional(Milliseconds) }),
  v.object({
    type: v.literal("updateLeverage"),
    asset: Asset,
    isCross: v.boolean(),
    leverage: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  }),
  v.object({
    type: v.literal("updateIsolatedMargin"),
    asset: Asset,
    isBuy: v.boolean(),
    ntli: v.pipe(v.number(), v.safeInteger()),
  }),
  v.object({
    type: v.literal("reserveRequestWeight"),
    weight: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  }),
  v.object({ type: v.literal("noop") }),
]);
export type HlMockAction = v.InferOutput<typeof Action>;

export const ActionBody = v.object({
  action: v.pipe(v.looseObject({ type: v.string() })),
  nonce: Milliseconds,
  signature: v.object({
    r: v.pipe(v.string(), v.regex(/^0x[\da-f]{1,64}$/i)),
    s: v.pipe(v.string(), v.regex(/^0x[\da-f]{1,64}$/i)),
    v: v.picklist([27, 28]),
  }),
  vaultAddress: v.nullish(Address),
  expiresAfter: v.nullish(Milliseconds),
});

/** Whether the action holds an order that takes, or may: such actions come last in a block. */
export function isTaking(action: HlMockAction): boolean {
  const orders = ordersOf(action);
  return orders.some(({ t }) => "limit" in t && t.limit.tif !== "Alo");
}

export function isCancel(action: HlMockAction): boolean {
  return action.type === "cancel" || action.type === "cancelByCloid";
}

/** What the address budget counts it as. */
export function requestsOf(action: HlMockAction): number {
  if (action.type === "order") return Math.max(1, action.orders.length);
  if (action.type === "batchModify") return Math.max(1, action.modifies.length);
  return "cancels" in action ? Math.max(1, action.cancels.length) : 1;
}

function ordersOf(action: HlMockAction): readonly WireOrder[] {
  if (action.type === "order") return action.orders;
  if (action.type === "modify") return [action.order];
  return action.type === "batchModify" ? action.modifies.map(({ order }) => order) : [];
}
