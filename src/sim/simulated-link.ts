/**
 * SimulatedLink: the wire between the decision core and the simulated exchange. What the core wants
 * travels for the request latency, what the exchange says for the response latency, each in order.
 * It is the core's way to the exchange and the exchange's listener; whoever drives it moves the
 * time. Pure.
 */

import type { FundingEvent, OrderEvent, VenueEvent } from "#domain/events.ts";
import type { OrderRequest } from "#domain/order.ts";
import type { Execution } from "#ports/sink.ts";
import type { LatencyModel } from "./latency-model.ts";
import { NO_OUTAGES, type Outages } from "./outages.ts";
import type { SimExchange } from "./sim-exchange.ts";
import { TimeQueue } from "./time-queue.ts";

type Command =
  | { readonly kind: "place"; readonly request: OrderRequest }
  | { readonly kind: "amend"; readonly clientOrderId: string; readonly quantityLots: number }
  | { readonly kind: "replace"; readonly clientOrderId: string; readonly request: OrderRequest }
  | { readonly kind: "cancel"; readonly clientOrderId: string }
  | { readonly kind: "cancel-all" }
  | { readonly kind: "query"; readonly clientOrderId: string }
  | { readonly kind: "reconcile" };

export class SimulatedLink implements Execution {
  /** On its way to the exchange, by arrival; and back to us, by receipt. */
  readonly requests = new TimeQueue<Command>();
  readonly responses = new TimeQueue<VenueEvent>();
  /** The core's time: set before each event is applied, and before each command. */
  nowMs = -Infinity;
  readonly #latency: LatencyModel;
  readonly #idPrefix: string;
  readonly #outages: Outages;
  #lastArrivalMs = -Infinity;
  #lastReceiptMs = -Infinity;
  /** Settlements not heard of, one an hour at most: the venue has them for whoever asks again. */
  #missed: FundingEvent[] = [];

  /**
   * @param idPrefix how every client order id of this pair begins
   * @param outages when the exchange refuses, or nothing goes through
   */
  constructor(latency: LatencyModel, idPrefix: string, outages: Outages = NO_OUTAGES) {
    this.#latency = latency;
    this.#idPrefix = idPrefix;
    this.#outages = outages;
  }

  place(request: OrderRequest): void {
    this.#send({ kind: "place", request });
  }
  amend(clientOrderId: string, quantityLots: number): void {
    this.#send({ kind: "amend", clientOrderId, quantityLots });
  }
  replace(clientOrderId: string, request: OrderRequest): void {
    this.#send({ kind: "replace", clientOrderId, request });
  }
  cancel(clientOrderId: string): void {
    this.#send({ kind: "cancel", clientOrderId });
  }
  cancelAll(): void {
    this.#send({ kind: "cancel-all" });
  }
  query(clientOrderId: string): void {
    this.#send({ kind: "query", clientOrderId });
  }
  reconcile(): void {
    this.#send({ kind: "reconcile" });
  }

  /**
   * Puts the outages' own news on the wire: the connection goes and comes back. Once, at first:
   * what was over by then is no news, and what has begun is news of now.
   */
  announceOutages(): void {
    for (const { fromMs, toMs } of this.#outages.unreachable) {
      if (toMs <= this.nowMs) continue;
      const downMs = Math.max(fromMs, this.nowMs);
      this.responses.push(downMs, connectionEvent("down", downMs));
      // Not where the next one takes over.
      if (this.isUp(toMs)) this.responses.push(toMs, connectionEvent("up", toMs));
    }
  }

  /** Whether the connection is up, by our time. */
  isUp(timeMs: number): boolean {
    return !this.#outages.isUnreachable(timeMs);
  }

  /** The exchange said something: it reaches us after the response latency, in order. */
  onVenueEvent(event: VenueEvent): void {
    const latencyMs = this.#latency.responseLatencyMs(event.venueTimeMs);
    this.#receive(event, event.venueTimeMs + latencyMs);
  }

  /** Carries out the request that has just arrived. */
  deliverNext(exchange: SimExchange): void {
    const timeMs = this.requests.nextMs;
    const command = this.requests.shift();
    if (command === undefined || this.#outages.isUnreachable(timeMs)) return;
    if (this.#outages.isOverloaded(timeMs) && isShed(command)) {
      this.#refuse(command, timeMs, this.#latency.responseLatencyMs(timeMs));
      return;
    }
    switch (command.kind) {
      case "place":
        exchange.place(command.request, timeMs);
        break;
      case "amend":
        exchange.amend(command.clientOrderId, command.quantityLots, timeMs);
        break;
      case "replace":
        exchange.replace(command.clientOrderId, command.request, timeMs);
        break;
      case "cancel":
        exchange.cancel(command.clientOrderId, timeMs);
        break;
      case "cancel-all":
        exchange.cancelAll(this.#idPrefix, timeMs);
        break;
      case "query":
        exchange.query(command.clientOrderId, timeMs);
        break;
      case "reconcile":
        this.#tellMissed(timeMs + this.#latency.responseLatencyMs(timeMs));
        exchange.reconcile(this.#idPrefix, timeMs);
    }
  }

  #tellMissed(timeMs: number): void {
    const missed = this.#missed;
    this.#missed = [];
    for (const event of missed) this.#receive(event, timeMs);
  }

  #send(command: Command): void {
    const latencyMs = this.#latency.requestLatencyMs(this.nowMs);
    if (latencyMs < 0) {
      this.#refuse(command, this.nowMs - latencyMs, 0);
      return;
    }
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.nowMs + latencyMs);
    this.requests.push(this.#lastArrivalMs, command);
  }

  #receive(event: VenueEvent, timeMs: number): void {
    this.#lastReceiptMs = Math.max(this.#lastReceiptMs, timeMs);
    if (this.#outages.isUnreachable(this.#lastReceiptMs)) {
      if (event.kind === "funding") this.#missed.push(event);
      return;
    }
    event.receivedTimeMs = this.#lastReceiptMs;
    this.responses.push(this.#lastReceiptMs, event);
  }

  /** An overloaded exchange, by the latency recording or by script: nothing was done. */
  #refuse(command: Command, answeredMs: number, latencyMs: number): void {
    const refuse = (clientOrderId: string, change: OrderEvent["change"]): void => {
      this.#receive(
        {
          kind: "order",
          venueTimeMs: answeredMs,
          receivedTimeMs: answeredMs,
          clientOrderId,
          venueOrderId: null,
          change,
          quantityLots: -1,
          filledLots: -1,
          reason: "throttled",
          message: "refused by the exchange: it is overloaded",
        },
        answeredMs + latencyMs,
      );
    };
    switch (command.kind) {
      case "place":
        refuse(command.request.clientOrderId, "rejected");
        break;
      case "amend":
        refuse(command.clientOrderId, "amend-rejected");
        break;
      case "replace":
        refuse(command.clientOrderId, "cancel-rejected");
        refuse(command.request.clientOrderId, "rejected");
        break;
      case "cancel":
        refuse(command.clientOrderId, "cancel-rejected");
        break;
      // Without an answer these are asked again by the core.
      case "cancel-all":
      case "query":
      case "reconcile":
    }
  }
}

/** What an overloaded exchange refuses: everything that is not for less risk. */
function isShed(command: Command): boolean {
  switch (command.kind) {
    case "place":
    case "replace":
      return !command.request.reduceOnly;
    case "amend":
      return true;
    case "cancel":
    case "cancel-all":
    case "query":
    case "reconcile":
      return false;
  }
}

function connectionEvent(state: "up" | "down", timeMs: number): VenueEvent {
  return { kind: "connection", state, venueTimeMs: timeMs, receivedTimeMs: timeMs };
}
