/**
 * Answers to questions put to Binance Spot, by REST or WebSocket API (both have the same shapes),
 * as domain values: orders, balances, own trades. Pure; may import domain only.
 */

import * as v from "valibot";
import { decimal, plain } from "#domain/decimal.ts";
import type { AccountEvent, OrderEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import {
  Amount,
  Count,
  changeOf,
  feeAssetOf,
  type MessageContext,
  ProtocolError,
  parsed,
  Quantity,
  quantityLotsOf,
  tradeKey,
} from "../binance/wire.ts";

const OrderName = v.object({ symbol: v.string(), clientOrderId: v.string() });

const Order = v.object({
  ...OrderName.entries,
  orderId: Count,
  origQty: Quantity,
  executedQty: Quantity,
  preventedQuantity: v.optional(Quantity),
  status: v.string(),
  updateTime: Count,
});

const Account = v.object({
  updateTime: Count,
  balances: v.array(v.object({ asset: v.string(), free: Quantity, locked: Quantity })),
});

const OwnTrade = v.object({
  symbol: v.string(),
  id: Count,
  orderId: Count,
  price: Quantity,
  qty: Quantity,
  commission: Amount,
  commissionAsset: v.nullable(v.string()),
  time: Count,
  isBuyer: v.boolean(),
  isMaker: v.boolean(),
});

/** A trade of our own. The venue names its order by number only. */
export interface OwnTrade {
  /** Grows with time in a symbol: ask for more from the next one on. */
  readonly tradeNumber: number;
  readonly venueOrderId: string;
  readonly venueTimeMs: number;
  /**
   * Read only for an order of ours: others may trade off our grid, by orders that are older than
   * the venue's last change of it. @throws {ProtocolError}, {InputError} `off-grid`
   */
  readonly fill: () => Omit<Fill, "clientOrderId">;
}

/**
 * The answer of `order.status`: what became of one order.
 * @throws {ProtocolError} also where the order is of another symbol
 * @throws {InputError} `off-grid`
 */
export function readOrder(json: unknown, context: MessageContext): OrderEvent {
  const order = parsed(Order, json, "order.status");
  const { instrument, receivedTimeMs } = context;
  checkSymbol(order.symbol, context, "order.status");
  const change = changeOf(order.status, `order.status of order ${order.orderId}`);
  return {
    kind: "order",
    venueTimeMs: order.updateTime,
    receivedTimeMs,
    clientOrderId: order.clientOrderId,
    venueOrderId: order.orderId.toString(),
    change,
    quantityLots: quantityLotsOf(order.origQty, order.preventedQuantity, { change, instrument }),
    filledLots: instrument.lotsOf(order.executedQty),
    reason: change === "rejected" ? "other" : null,
    message: "",
  };
}

/**
 * The answer of `openOrders.status` for one symbol. Of other people's orders no more than the name
 * is read: they may be off our grid. @throws as readOrder
 */
export function readOpenOrders(
  json: unknown,
  context: MessageContext,
  isOurs: (clientOrderId: string) => boolean,
): OrderEvent[] {
  const orders = parsed(v.array(v.unknown()), json, "openOrders.status");
  return orders
    .filter((order) => isOurs(readOrderName(order, context)))
    .map((order) => readOrder(order, context));
}

/** The client id in the answer of `order.status`, whosever the order is. @throws {ProtocolError} */
export function readOrderName(json: unknown, context: MessageContext): string {
  const { symbol, clientOrderId } = parsed(OrderName, json, "order.status");
  checkSymbol(symbol, context, "order.status");
  return clientOrderId;
}

/**
 * The answer of `account.status`, free and locked together; an asset that is not in it is zero.
 * @param openOrderIds the complete list under our prefix, or null where it was not asked for
 * @throws {ProtocolError}
 */
export function readAccount(
  json: unknown,
  openOrderIds: readonly string[] | null,
  { instrument, receivedTimeMs }: MessageContext,
): AccountEvent {
  const account = parsed(Account, json, "account.status");
  const totalOf = (asset: string): string => {
    const balance = account.balances.find((entry) => entry.asset === asset);
    if (balance === undefined) return "0";
    return plain(decimal(balance.free).plus(decimal(balance.locked)));
  };
  return {
    kind: "account",
    venueTimeMs: account.updateTime,
    receivedTimeMs,
    base: totalOf(instrument.base),
    quote: totalOf(instrument.quote),
    openOrderIds,
  };
}

/**
 * The answer of `myTrades`, in its order: oldest first.
 * @throws {ProtocolError}
 */
export function readOwnTrades(json: unknown, context: MessageContext): OwnTrade[] {
  const { instrument } = context;
  return parsed(v.array(OwnTrade), json, "myTrades").map((trade) => {
    checkSymbol(trade.symbol, context, "myTrades");
    const where = `myTrades, trade ${trade.id}`;
    return {
      tradeNumber: trade.id,
      venueOrderId: trade.orderId.toString(),
      venueTimeMs: trade.time,
      fill: () => ({
        tradeId: tradeKey(trade.symbol, trade.id),
        side: trade.isBuyer ? "buy" : "sell",
        priceTicks: instrument.ticksOf(trade.price),
        quantityLots: instrument.lotsOf(trade.qty),
        fee: plain(decimal(trade.commission)),
        feeAsset: feeAssetOf(trade.commission, trade.commissionAsset, { instrument, where }),
        liquidity: trade.isMaker ? "maker" : "taker",
        venueTimeMs: trade.time,
      }),
    };
  });
}

function checkSymbol(symbol: string, { instrument }: MessageContext, where: string): void {
  if (symbol === instrument.symbol) return;
  throw new ProtocolError(`${symbol} where ${instrument.symbol} was asked for`, where);
}
