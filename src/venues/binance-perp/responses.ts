/**
 * Answers of Binance USD-M futures about orders, by REST or WebSocket API alike, as domain values:
 * orders, stops (which the venue calls algo orders), own trades. Pure; may import domain only.
 */

import * as v from "valibot";
import { decimal, plain } from "#domain/decimal.ts";
import type { OrderChange, OrderEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { Instrument } from "#domain/instrument.ts";
import { changeOf, feeAssetOf, Id, type MessageContext, tradeKey } from "../binance/wire.ts";
import { Amount, Count, ProtocolError, parsed, Quantity } from "../wire.ts";

const OrderName = v.object({ symbol: v.string(), orderId: Id, clientOrderId: v.string() });

const Order = v.object({
  ...OrderName.entries,
  origQty: Quantity,
  executedQty: Quantity,
  status: v.string(),
  updateTime: Count,
});

const AlgoName = v.object({
  symbol: v.string(),
  algoId: Count,
  clientAlgoId: v.string(),
  actualOrderId: v.nullish(v.union([v.string(), Id]), ""),
});

const Algo = v.object({
  ...AlgoName.entries,
  // Those of others may have none, in whatever words: ours are read by `algoLots`.
  quantity: v.nullish(v.string(), "0"),
  algoStatus: v.string(),
  updateTime: Count,
});

const AlgoCanceled = v.object({
  algoId: Count,
  clientAlgoId: v.string(),
  code: v.pipe(v.union([v.string(), v.number()]), v.transform(String)),
  msg: v.nullish(v.string(), ""),
});

const OwnTrade = v.object({
  symbol: v.string(),
  id: Count,
  orderId: Id,
  price: Quantity,
  qty: Quantity,
  commission: Amount,
  commissionAsset: v.nullable(v.string()),
  time: Count,
  side: v.picklist(["BUY", "SELL"]),
  maker: v.boolean(),
});

/** A trade of the account, whosever its order is. The venue names that by its number only. */
export interface OwnTrade {
  /** Grows with time in a symbol. */
  readonly tradeNumber: number;
  readonly venueOrderId: string;
  readonly venueTimeMs: number;
  /** What it does to the position; positive for a buy. @throws {InputError} `off-grid` */
  readonly moveLots: () => number;
  /** @throws {ProtocolError}, {InputError} `off-grid` */
  readonly fill: () => Omit<Fill, "clientOrderId">;
}

/** An order by its names: needs no instrument. */
export interface OrderName {
  readonly clientOrderId: string;
  /** Digits. */
  readonly id: string;
}

/** A stop as the venue has it. */
export interface AlgoReport {
  readonly clientOrderId: string;
  readonly algoId: number;
  /** Number of the order that it became; null: it has not. */
  readonly realOrderId: string | null;
  readonly status: string;
  readonly quantity: string;
  readonly venueTimeMs: number;
  /** Why nothing came of it, in the venue's words; empty where there is nothing to say. */
  readonly message: string;
}

/**
 * The answer of `order.place`, `order.cancel` and `order.status`: what became of one order.
 * @throws {ProtocolError} also where the order is of another symbol; {InputError} `off-grid`
 */
export function readOrder(json: unknown, context: MessageContext, where: string): OrderEvent {
  const order = parsed(Order, json, where);
  const { instrument, receivedTimeMs } = context;
  checkSymbol(order.symbol, context, where);
  const change = changeOf(order.status, `${where} of order ${order.orderId}`);
  return {
    kind: "order",
    venueTimeMs: order.updateTime,
    receivedTimeMs,
    clientOrderId: order.clientOrderId,
    venueOrderId: order.orderId,
    change,
    quantityLots: instrument.lotsOf(order.origQty),
    filledLots: instrument.lotsOf(order.executedQty),
    reason: change === "rejected" ? "other" : null,
    message: "",
  };
}

/** The names of an order, whosever it is. @throws {ProtocolError} */
export function readOrderName(json: unknown, symbol: string, where: string): OrderName {
  const order = parsed(OrderName, json, where);
  checkSame(order.symbol, symbol, where);
  return { clientOrderId: order.clientOrderId, id: order.orderId };
}

/** The answer of `openOrders` for one symbol, ids alone. @throws {ProtocolError} */
export function readOpenOrderNames(json: unknown, symbol: string): OrderName[] {
  const orders = parsed(v.array(v.unknown()), json, "openOrders");
  return orders.map((order) => readOrderName(order, symbol, "openOrders"));
}

/**
 * The answer of `openOrders` for one symbol. Of other people's orders no more than the name is
 * read: they may be off our grid. @throws as readOrder
 */
export function readOpenOrders(
  json: unknown,
  context: MessageContext,
  isOurs: (clientOrderId: string) => boolean,
): OrderEvent[] {
  const { symbol } = context.instrument;
  const orders = parsed(v.array(v.unknown()), json, "openOrders");
  return orders
    .filter((order) => isOurs(readOrderName(order, symbol, "openOrders").clientOrderId))
    .map((order) => readOrder(order, context, "openOrders"));
}

/** The answer of `algoOrder.place` or `algoOrder`. @throws {ProtocolError} */
export function readAlgo(json: unknown, symbol: string, where: string): AlgoReport {
  const algo = parsed(Algo, json, where);
  checkSame(algo.symbol, symbol, where);
  return {
    clientOrderId: algo.clientAlgoId,
    algoId: algo.algoId,
    realOrderId: realIdOf(algo.actualOrderId),
    status: algo.algoStatus,
    quantity: algo.quantity,
    venueTimeMs: algo.updateTime,
    message: "",
  };
}

/** The answer of `openAlgoOrders` or `allAlgoOrders` for one symbol. @throws {ProtocolError} */
export function readAlgos(json: unknown, symbol: string, where: string): AlgoReport[] {
  return parsed(v.array(v.unknown()), json, where).map((algo) => readAlgo(algo, symbol, where));
}

/** The number of the order that a stop became, as the venue writes it; null: none. */
export function realIdOf(text: string): string | null {
  return text === "" || text === "0" ? null : text;
}

/**
 * The answer of `algoOrder.cancel`.
 * @returns null where it is done, else the venue's words
 * @throws {ProtocolError}
 */
export function readAlgoCanceled(json: unknown): string | null {
  const { code, msg } = parsed(AlgoCanceled, json, "algoOrder.cancel");
  return code === "200" ? null : `${msg} (${code})`;
}

/** What a stop's status tells of the order; null: it became an order, which tells the rest. */
export function algoChangeOf(status: string, where: string): OrderChange | null {
  const change = ALGO_CHANGES.get(status);
  if (change !== undefined) return change;
  throw new ProtocolError(`${JSON.stringify(status)} is no known status of an algo order`, where);
}

const ALGO_CHANGES: ReadonlyMap<string, OrderChange | null> = new Map([
  ["NEW", "open"],
  ["TRIGGERING", "open"],
  ["TRIGGERED", null],
  ["FINISHED", null],
  ["CANCELED", "canceled"],
  ["EXPIRED", "expired"],
  ["REJECTED", "expired"], // at its trigger: it was taken when it was placed
] as const);

/** The answer of `userTrades`, oldest first. @throws {ProtocolError} */
export function readOwnTrades(json: unknown, context: MessageContext): OwnTrade[] {
  const { instrument } = context;
  const trades = parsed(v.array(OwnTrade), json, "userTrades").map((trade): OwnTrade => {
    checkSymbol(trade.symbol, context, "userTrades");
    const where = `userTrades, trade ${trade.id}`;
    return {
      tradeNumber: trade.id,
      venueOrderId: trade.orderId,
      venueTimeMs: trade.time,
      moveLots: () => instrument.lotsOf(trade.qty) * (trade.side === "BUY" ? 1 : -1),
      fill: () => ({
        tradeId: tradeKey(trade.symbol, trade.id),
        side: trade.side === "BUY" ? "buy" : "sell",
        priceTicks: instrument.ticksOf(trade.price),
        quantityLots: instrument.lotsOf(trade.qty),
        fee: plain(decimal(trade.commission)),
        feeAsset: feeAssetOf(trade.commission, trade.commissionAsset, { instrument, where }),
        liquidity: trade.maker ? "maker" : "taker",
        venueTimeMs: trade.time,
      }),
    };
  });
  return trades.toSorted((a, b) => a.tradeNumber - b.tradeNumber);
}

function checkSymbol(symbol: string, { instrument }: MessageContext, where: string): void {
  checkSame(symbol, instrument.symbol, where);
}

function checkSame(symbol: string, wanted: string, where: string): void {
  if (symbol === wanted) return;
  throw new ProtocolError(`${symbol} where ${wanted} was asked for`, where);
}

/** Quantity of a stop in lots. @throws {InputError} `off-grid` */
export function algoLots({ quantity }: AlgoReport, instrument: Instrument): number {
  return instrument.lotsOf(quantity);
}
