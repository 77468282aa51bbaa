/**
 * Answers to requests about orders: first a verdict (done, not done, unknown) on each request, then
 * the venue's words about the order as an OrderEvent. By REST or WebSocket API alike. Pure; may
 * import domain only. Shapes: trading-requests.md of binance-spot-api-docs.
 */

import * as v from "valibot";
import type { OrderEvent } from "#domain/events.ts";
import type { ApiAnswer } from "../binance/api.ts";
import {
  type Verdict,
  verdictBy,
  verdictOfOutcome,
  verdictWithoutAnswer,
} from "../binance/verdicts.ts";
import {
  Count,
  changeOf,
  type MessageContext,
  ProtocolError,
  parsed,
  Quantity,
  quantityLotsOf,
} from "../binance/wire.ts";
import { outcomeOf, replaceOutcomeOf } from "./errors.ts";

/** @param nowMs the venue's clock */
export function verdictOf(answer: ApiAnswer, nowMs: number): Verdict {
  return verdictBy(outcomeOf, answer, nowMs);
}

/** The verdicts on both legs of a cancel-replace, each with its own part of the payload. */
export function replaceVerdictOf(
  answer: ApiAnswer,
  nowMs: number,
): { readonly cancel: Verdict; readonly place: Verdict } {
  if (answer.kind !== "answered") {
    const verdict = verdictWithoutAnswer(answer);
    return { cancel: verdict, place: verdict };
  }
  const { cancel, place } = replaceOutcomeOf(answer.reply, nowMs);
  const legs = v.safeParse(Legs, answer.reply.legs);
  const { cancelResponse, newOrderResponse } = legs.success ? legs.output : NO_LEGS;
  return {
    cancel: verdictOfOutcome(cancel, cancelResponse),
    place: verdictOfOutcome(place, newOrderResponse),
  };
}

const Legs = v.object({
  cancelResponse: v.optional(v.unknown()),
  newOrderResponse: v.optional(v.unknown()),
});
const NO_LEGS: v.InferOutput<typeof Legs> = {};

/** With `newOrderRespType` ACK nothing is said of status and quantities. */
const Placed = v.object({
  symbol: v.string(),
  orderId: Count,
  clientOrderId: v.string(),
  transactTime: Count,
  status: v.optional(v.string(), "NEW"),
  origQty: v.optional(Quantity),
  executedQty: v.optional(Quantity),
  preventedQuantity: v.optional(Quantity),
});

const Canceled = v.object({
  symbol: v.string(),
  orderId: Count,
  /** Whose order it was; `clientOrderId` is the cancel's own. */
  origClientOrderId: v.string(),
  transactTime: Count,
  status: v.string(),
  origQty: Quantity,
  executedQty: Quantity,
  preventedQuantity: v.optional(Quantity),
});

const Amended = v.object({
  transactTime: Count,
  amendedOrder: v.object({
    symbol: v.string(),
    orderId: Count,
    clientOrderId: v.string(),
    qty: Quantity,
    executedQty: Quantity,
    preventedQty: v.optional(Quantity),
    status: v.string(),
  }),
});

/** What the answers have in common. */
interface Report {
  readonly symbol: string;
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly venueTimeMs: number;
  readonly status: string;
  readonly quantity: string | undefined;
  readonly filled: string | undefined;
  readonly prevented: string | undefined;
}

/**
 * The result of `order.place`: ACK, RESULT or FULL.
 * @param clientOrderId of the order that the request was about
 * @throws {ProtocolError} also where the answer is about another order
 * @throws {InputError} `off-grid`
 */
export function readPlaced(
  json: unknown,
  clientOrderId: string,
  context: MessageContext,
): OrderEvent {
  const placed = parsed(Placed, json, "order.place");
  const report = {
    ...placed,
    venueTimeMs: placed.transactTime,
    quantity: placed.origQty,
    filled: placed.executedQty,
    prevented: placed.preventedQuantity,
  };
  return orderEventOf(report, clientOrderId, context);
}

/** The result of `order.cancel`. @throws as readPlaced */
export function readCanceled(
  json: unknown,
  clientOrderId: string,
  context: MessageContext,
): OrderEvent {
  const canceled = parsed(Canceled, json, "order.cancel");
  const report = {
    ...canceled,
    clientOrderId: canceled.origClientOrderId,
    venueTimeMs: canceled.transactTime,
    quantity: canceled.origQty,
    filled: canceled.executedQty,
    prevented: canceled.preventedQuantity,
  };
  return orderEventOf(report, clientOrderId, context);
}

/** The result of `order.amend.keepPriority`. @throws as readPlaced */
export function readAmended(
  json: unknown,
  clientOrderId: string,
  context: MessageContext,
): OrderEvent {
  const { transactTime, amendedOrder } = parsed(Amended, json, "order.amend.keepPriority");
  const report = {
    ...amendedOrder,
    venueTimeMs: transactTime,
    quantity: amendedOrder.qty,
    filled: amendedOrder.executedQty,
    prevented: amendedOrder.preventedQty,
  };
  return orderEventOf(report, clientOrderId, context);
}

function orderEventOf(
  report: Report,
  clientOrderId: string,
  { instrument, receivedTimeMs }: MessageContext,
): OrderEvent {
  const where = `the answer about ${clientOrderId}`;
  if (report.symbol !== instrument.symbol || report.clientOrderId !== clientOrderId) {
    throw new ProtocolError(`it is about ${report.clientOrderId} of ${report.symbol}`, where);
  }
  const change = changeOf(report.status, where);
  const { quantity, filled, prevented } = report;
  return {
    kind: "order",
    venueTimeMs: report.venueTimeMs,
    receivedTimeMs,
    clientOrderId,
    venueOrderId: report.orderId.toString(),
    change,
    quantityLots:
      quantity === undefined ? -1 : quantityLotsOf(quantity, prevented, { change, instrument }),
    filledLots: filled === undefined ? -1 : instrument.lotsOf(filled),
    reason: change === "rejected" ? "other" : null,
    message: "",
  };
}

const OpenOrderIds = v.array(
  v.object({ symbol: v.string(), orderId: Count, clientOrderId: v.string() }),
);

/** The numbers of an open order, by which it can be cancelled. */
export interface OpenOrderId {
  readonly orderId: number;
  readonly clientOrderId: string;
}

/** `openOrders.status` of one symbol, ids alone: needs no instrument. @throws {ProtocolError} */
export function readOpenOrderIds(json: unknown, symbol: string): OpenOrderId[] {
  const orders = parsed(OpenOrderIds, json, "openOrders.status");
  const other = orders.find((order) => order.symbol !== symbol);
  if (other === undefined) return orders;
  throw new ProtocolError(`${other.symbol} where ${symbol} was asked for`, "openOrders.status");
}
