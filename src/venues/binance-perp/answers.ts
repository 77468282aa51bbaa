/**
 * Answers to requests about orders of Binance USD-M futures: a verdict first (done, not done,
 * unknown), then the venue's words as an OrderEvent. Pure; may import domain only.
 */

import type { OrderEvent } from "#domain/events.ts";
import type { ApiAnswer } from "../binance/api.ts";
import { type Verdict, verdictBy } from "../binance/verdicts.ts";
import type { MessageContext } from "../binance/wire.ts";
import { ProtocolError } from "../wire.ts";
import { outcomeOf } from "./errors.ts";
import { type AlgoReport, algoChangeOf, algoLots, readOrder } from "./responses.ts";

/** @param nowMs the venue's clock */
export function verdictOf(answer: ApiAnswer, nowMs: number): Verdict {
  return verdictBy(outcomeOf, answer, nowMs);
}

/**
 * The answer of `order.place` or `order.cancel` about an order of ours. What it says of fills is
 * how much, never at which price.
 * @throws {ProtocolError} also where the answer is about another order; {InputError} `off-grid`
 */
export function readAnswered(
  json: unknown,
  clientOrderId: string,
  context: MessageContext,
): OrderEvent {
  const where = `the answer about ${clientOrderId}`;
  const event = readOrder(json, context, where);
  if (event.clientOrderId === clientOrderId) return event;
  throw new ProtocolError(`it is about ${event.clientOrderId}`, where);
}

/** How a stop's number is told: apart from the numbers of orders. */
export function algoVenueId(algoId: number): string {
  return `algo-${algoId}`;
}

/**
 * What the venue says of a stop; null where it became an order, which tells the rest.
 * @throws {ProtocolError} where its status is unknown; {InputError} `off-grid`
 */
export function algoEvent(
  report: AlgoReport,
  { instrument, receivedTimeMs }: MessageContext,
): OrderEvent | null {
  const change = algoChangeOf(report.status, `stop ${report.algoId}`);
  if (change === null || report.realOrderId !== null) return null;
  return {
    kind: "order",
    venueTimeMs: report.venueTimeMs,
    receivedTimeMs,
    clientOrderId: report.clientOrderId,
    venueOrderId: algoVenueId(report.algoId),
    change,
    quantityLots: algoLots(report, instrument),
    filledLots: 0,
    reason: null,
    message: change === "open" ? "" : report.message,
  };
}
