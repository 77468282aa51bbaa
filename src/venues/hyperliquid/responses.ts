/**
 * Answers to questions put to Hyperliquid (`POST /info`), as domain values: orders, fills, funding,
 * requests counted; of the account's state see clearinghouse.ts. The venue writes `65000.0`: every
 * figure is normalised here. Pure; may import domain only.
 */

import * as v from "valibot";
import { decimal, plain } from "#domain/decimal.ts";
import type { OrderEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { Instrument, Side } from "#domain/instrument.ts";
import { Amount, Count, ProtocolError, parsed, Quantity } from "../wire.ts";
import { changeOf } from "./errors.ts";

/** What a message is about, and when it reached us. */
export interface HlContext {
  readonly instrument: Instrument;
  readonly receivedTimeMs: number;
}

/** The client id of an order of ours by its cloid; null: somebody else's. See cloid.ts. */
export type NameOf = (cloid: string | null) => string | null;

const SideLetter = v.picklist(["B", "A"]);
const Cloid = v.nullish(v.string(), null);

/** Enough to tell whose an order is. */
const OrderName = v.object({ coin: v.string(), oid: Count, cloid: Cloid });

const Order = v.object({
  ...OrderName.entries,
  side: SideLetter,
  /** What is left of it. */
  sz: Quantity,
  origSz: Quantity,
  timestamp: Count,
});

const IsTrigger = { isTrigger: v.nullish(v.boolean(), false) };
const ListedName = v.object({ ...OrderName.entries, ...IsTrigger });
const ListedWire = v.object({ timestamp: Count, ...IsTrigger });

const OrderReport = v.object({
  order: v.unknown(),
  status: v.string(),
  statusTimestamp: Count,
});

const OrderStatus = v.variant("status", [
  v.object({ status: v.literal("order"), order: OrderReport }),
  v.object({ status: v.literal("unknownOid") }),
]);

/** Whose an order is, before anything else of it is read: others may be off our grid. */
export interface OrderName {
  readonly coin: string;
  readonly venueOrderId: string;
  readonly cloid: string | null;
}

/** @throws {ProtocolError} */
export function readOrderName(json: unknown): OrderName {
  const { coin, oid, cloid } = parsed(OrderName, json, "order");
  return { coin, venueOrderId: oid.toString(), cloid };
}

/** One `{order, status, statusTimestamp}`, of `orderUpdates` or `orderStatus`, its order unread. */
export interface ReportedOrder extends OrderName {
  /**
   * As news of an order of ours.
   * @throws {ProtocolError}, {InputError} `off-grid`
   * @throws {ProtocolError} for a status that is not known
   */
  event(clientOrderId: string, context: HlContext): OrderEvent;
}

/** @throws {ProtocolError} */
export function readOrderReport(json: unknown): ReportedOrder {
  const { order, status, statusTimestamp } = parsed(OrderReport, json, "order report");
  return {
    ...readOrderName(order),
    event: (clientOrderId, context) =>
      orderEvent(order, { clientOrderId, status, venueTimeMs: statusTimestamp }, context),
  };
}

/** The answer of `orderStatus`; null: the venue knows no such order. @throws {ProtocolError} */
export function readOrderStatus(json: unknown): ReportedOrder | null {
  const answer = parsed(OrderStatus, json, "orderStatus");
  return answer.status === "unknownOid" ? null : readOrderReport(answer.order);
}

/** An order of ours that is open. */
export interface ListedOrder {
  readonly event: OrderEvent;
  /** It waits for its trigger. */
  readonly isTrigger: boolean;
}

/**
 * The answer of `frontendOpenOrders`: those of this coin and ours.
 * @throws {ProtocolError}, {InputError} `off-grid`
 */
export function readOpenOrders(json: unknown, nameOf: NameOf, context: HlContext): ListedOrder[] {
  const listed: ListedOrder[] = [];
  for (const order of parsed(v.array(v.unknown()), json, "frontendOpenOrders")) {
    const { coin, cloid } = readOrderName(order);
    const clientOrderId = coin === context.instrument.symbol ? nameOf(cloid) : null;
    if (clientOrderId === null) continue;
    const { timestamp, isTrigger } = parsed(ListedWire, order, "frontendOpenOrders");
    const word = { clientOrderId, status: "open", venueTimeMs: timestamp };
    listed.push({ event: orderEvent(order, word, context), isTrigger });
  }
  return listed;
}

export interface OpenOrderId {
  readonly oid: number;
  readonly cloid: string | null;
  /** It waits for its trigger. */
  readonly isTrigger: boolean;
}

/** The answer of `frontendOpenOrders`: everybody's of this coin. @throws {ProtocolError} */
export function readOpenOrderIds(json: unknown, coin: string): OpenOrderId[] {
  return parsed(v.array(ListedName), json, "frontendOpenOrders")
    .filter((order) => order.coin === coin)
    .map(({ oid, cloid, isTrigger }) => ({ oid, cloid, isTrigger }));
}

function orderEvent(
  json: unknown,
  { clientOrderId, status, venueTimeMs }: OrderWord,
  { instrument, receivedTimeMs }: HlContext,
): OrderEvent {
  const order = parsed(Order, json, "order");
  if (order.coin !== instrument.symbol) {
    throw new ProtocolError(`${order.coin} where ${instrument.symbol} was asked for`, "order");
  }
  const { change, reason } = changeOf(status);
  const quantityLots = instrument.lotsOf(order.origSz);
  const leftLots = instrument.lotsOf(order.sz);
  return {
    kind: "order",
    venueTimeMs,
    receivedTimeMs,
    clientOrderId,
    venueOrderId: order.oid.toString(),
    change,
    quantityLots,
    filledLots: status.endsWith("Rejected") ? 0 : filledOf(change, quantityLots, leftLots),
    reason,
    message: status === "open" || status === "filled" || status === "canceled" ? "" : status,
  };
}

interface OrderWord {
  readonly clientOrderId: string;
  readonly status: string;
  readonly venueTimeMs: number;
}

/** -1: not said. Of an order that was ended unfilled, what is left may be shown as 0. */
function filledOf(change: OrderEvent["change"], quantityLots: number, leftLots: number): number {
  if (change === "filled") return quantityLots;
  if (change === "open" || leftLots > 0) return Math.max(0, quantityLots - leftLots);
  return -1;
}

const WireFill = v.object({
  coin: v.string(),
  px: Quantity,
  sz: Quantity,
  side: SideLetter,
  time: Count,
  oid: Count,
  tid: Count,
  /** It took. */
  crossed: v.boolean(),
  fee: Amount,
  feeToken: v.string(),
  cloid: Cloid,
  liquidation: v.nullish(
    v.object({ liquidatedUser: v.nullish(v.string(), null), method: v.string() }),
    null,
  ),
});

/** An execution of the account, on any coin. */
export interface OwnFill {
  readonly tradeId: string;
  readonly coin: string;
  readonly venueOrderId: string;
  readonly cloid: string | null;
  readonly venueTimeMs: number;
  /** Whose position the venue closed by it, lower case; null: nobody's. */
  readonly liquidatedUser: string | null;
  /** What it was worth, quote currency: for request budgets, never for money. */
  readonly notional: number;
  /** Signed. Read for our coin only, as the rest. @throws {InputError} `off-grid` */
  readonly moveLots: (instrument: Instrument) => number;
  /** @throws {InputError} `off-grid`; {ProtocolError} */
  readonly fill: (instrument: Instrument) => Omit<Fill, "clientOrderId">;
}

/**
 * Of `userFills` and `userFillsByTime`, oldest first.
 * @param isNewestFirst how those of one time are listed
 * @throws {ProtocolError}
 */
export function readFills(json: unknown, isNewestFirst = false): OwnFill[] {
  const fills = parsed(v.array(WireFill), json, "fills").map((fill) => ownFill(fill));
  return (isNewestFirst ? fills.toReversed() : fills).toSorted(
    (a, b) => a.venueTimeMs - b.venueTimeMs,
  );
}

function ownFill(fill: v.InferOutput<typeof WireFill>): OwnFill {
  const tradeId = `${fill.coin}|${fill.tid}|${fill.oid}|${fill.time}`;
  const side: Side = fill.side === "B" ? "buy" : "sell";
  return {
    tradeId,
    coin: fill.coin,
    venueOrderId: fill.oid.toString(),
    cloid: fill.cloid,
    venueTimeMs: fill.time,
    liquidatedUser: fill.liquidation?.liquidatedUser?.toLowerCase() ?? null,
    notional: Number(fill.px) * Number(fill.sz),
    moveLots: (instrument) => instrument.lotsOf(fill.sz) * (side === "buy" ? 1 : -1),
    fill: (instrument) => {
      const quantityLots = instrument.lotsOf(fill.sz);
      if (quantityLots === 0) throw new ProtocolError("a fill of nothing", tradeId);
      return {
        tradeId,
        side,
        priceTicks: instrument.ticksOf(fill.px),
        quantityLots,
        fee: plain(decimal(fill.fee)),
        feeAsset: fill.feeToken,
        liquidity: fill.crossed ? "taker" : "maker",
        venueTimeMs: fill.time,
      };
    },
  };
}

/** The venue's time in a key `coin|tid|oid|time`, or of a moment; -Infinity where it is none. */
export function timeOfTradeId(tradeId: string): number {
  const digits = /\|(\d+)$/.exec(tradeId)?.[1];
  return digits === undefined ? -Infinity : Number(digits);
}

/** A key `|position||time` that is of no fill, but of a moment, and what was held then. */
export function tradeIdAt(timeMs: number, position: string): string {
  return `|${position}||${Math.floor(timeMs)}`;
}

/** The position in a key of `tradeIdAt`; null of any other. */
export function positionOfMoment(tradeId: string): string | null {
  return /^\|(-?[\d.]+)\|\|\d+$/.exec(tradeId)?.[1] ?? null;
}

/** Whether one fill is later than another, by their keys. */
export function isNewerTrade(tradeId: string, other: string): boolean {
  return timeOfTradeId(tradeId) > timeOfTradeId(other);
}

const RateLimit = v.object({ cumVlm: Amount, nRequestsUsed: Count, nRequestsCap: Count });

/** The answer of `userRateLimit`; `cumVlm` is for budgets, never for money. */
export interface RequestsUsed {
  readonly cumVlm: number;
  readonly nRequestsUsed: number;
  readonly nRequestsCap: number;
}

/** @throws {ProtocolError} */
export function readRateLimit(json: unknown): RequestsUsed {
  const { cumVlm, nRequestsUsed, nRequestsCap } = parsed(RateLimit, json, "userRateLimit");
  return { cumVlm: Number(cumVlm), nRequestsUsed, nRequestsCap };
}

const FundingEntry = v.object({ coin: v.string(), usdc: Amount });
const FundingUpdate = v.object({
  time: Count,
  delta: v.object({ type: v.string(), ...FundingEntry.entries }),
});
const FundingFrame = v.object({ time: Count, ...FundingEntry.entries });

/** One settlement on a position of the account. */
export interface OwnFunding {
  readonly coin: string;
  readonly venueTimeMs: number;
  /** Quote currency, a plain decimal: negative where it was paid. */
  readonly amount: string;
}

/** The answer of `userFunding`. @throws {ProtocolError} */
export function readFundingHistory(json: unknown): OwnFunding[] {
  return parsed(v.array(FundingUpdate), json, "userFunding")
    .filter(({ delta }) => delta.type === "funding")
    .map(({ time, delta }) => ({
      coin: delta.coin,
      venueTimeMs: time,
      amount: normal(delta.usdc),
    }));
}

/** `fundings` of a frame of `userFundings`. @throws {ProtocolError} */
export function readFundings(json: unknown): OwnFunding[] {
  return parsed(v.array(FundingFrame), json, "userFundings").map(({ coin, time, usdc }) => ({
    coin,
    venueTimeMs: time,
    amount: normal(usdc),
  }));
}

function normal(text: string): string {
  return plain(decimal(text));
}
