/**
 * A pair that hedges, for scenarios that a trader can read: the tests play the market, the quoting
 * fills and the hedge venue by hand, and read its orders as sentences. Nothing in it decides.
 *
 * The pair has 1 ETH and 2000 USDT, target one half: balanced at 2000. It hedges on a perp of the
 * same tick (0.01) and lot (0.001), with orders of at least 5 USDT, taking fees of nobody.
 */

import type {
  EngineEvent,
  OperatorCommand,
  OrderChange,
  OrderEvent,
  VenueEvent,
} from "#domain/events.ts";
import type { Instrument, Side } from "#domain/instrument.ts";
import { type OrderRequest, parseClientOrderId } from "#domain/order.ts";
import type { HedgeDesk } from "#engine/hedge-desk.ts";
import { PairEngine } from "#engine/pair-engine.ts";
import type { EngineParams } from "#engine/params.ts";
import type { ActiveHedgeParams, HedgeParams, PassiveHedgeParams } from "#hedge/params.ts";
import type { AuditRecord, Execution } from "#ports/sink.ts";
import { spotInstrument } from "../domain/instruments.ts";
import { ETH, Events, FLAT, params, RecordingSink, strategy } from "./setup.ts";

export const HEDGE_ETH = spotInstrument({ venue: "binance-perp", kind: "perp", canAmend: false });
/** A hedge venue on which no stop may open a position. */
export const HL_ETH = spotInstrument({
  venue: "hyperliquid",
  symbol: "ETH",
  quote: "USDC",
  kind: "perp",
  canAmend: false,
  canOpenByStop: false,
  stopsFireOn: "mark",
});

/** Opens beyond ±40 %, to ±20 %, and is unwound within ±10 %. */
export const ACTIVE: ActiveHedgeParams = {
  iqvRatio: 0.4,
  targetIqvRatio: 0.2,
  unwindIqvRatio: 0.1,
  target: "band",
  unwindProportion: 0.5,
  intervalMs: 1_000,
};

/** Triggers 2 % away for half of the inventory, the stop-loss 0.5 % behind the entry. */
export const PASSIVE: PassiveHedgeParams = {
  ratio: 0.02,
  stopRatio: 0.005,
  proportion: 0.5,
  neutralIqvRatio: 0.2,
  movePct: 10,
  onCrossed: "hedge",
  refreshIntervalMs: 30_000,
  cooldownMs: 10_000,
};

const HEDGE: HedgeParams = {
  active: null,
  passive: null,
  execution: { repegMs: 3_000, makerDeadlineMs: 60_000, maxSlippagePct: 0.5 },
  minStepLots: 10,
  isDualSided: true,
  maxUnhedgedMs: 120_000,
  closesOnHalt: false,
  minLiquidationDistancePct: 10,
  maxMarginPct: 50,
};

/** One order at the hedge venue as it is there. */
interface VenueOrder {
  readonly request: OrderRequest;
  state: "sent" | "open" | "ended";
  filledLots: number;
}

/** What was asked of the hedge venue. */
class HedgeVenue implements Execution {
  readonly orders = new Map<string, VenueOrder>();
  readonly canceled: string[] = [];
  readonly queried: string[] = [];
  reconciles = 0;

  place(request: OrderRequest): void {
    this.orders.set(request.clientOrderId, { request, state: "sent", filledLots: 0 });
  }
  cancel(id: string): void {
    this.canceled.push(id);
  }
  cancelAll(): void {
    for (const [id, { state }] of this.orders) if (state !== "ended") this.canceled.push(id);
  }
  query(id: string): void {
    this.queried.push(id);
  }
  reconcile(): void {
    this.reconciles += 1;
  }
  amend(): void {
    throw new Error("a hedge amends nothing");
  }
  replace(): void {
    throw new Error("a hedge places the new before the old goes, or waits for its end");
  }
}

class HedgingSink extends RecordingSink {
  readonly hedge = new HedgeVenue();
}

export interface StageOptions {
  readonly hedge?: Partial<HedgeParams>;
  readonly engine?: Parameters<typeof params>[0];
  readonly instrument?: Instrument;
  /** What is quoted, a spot market otherwise. */
  readonly quoting?: Instrument;
  /** The position that is there at the start. */
  readonly position?: { readonly base: string; readonly quote: string };
}

export class HedgeStage {
  readonly events = new Events();
  readonly sink = new HedgingSink();
  readonly engine: PairEngine;
  readonly instrument: Instrument;
  readonly params: EngineParams;
  /** Both venues' mid in USDT, as the test moves it. */
  price = 2_000;
  hedgeIsUp = true;
  #position: number;
  #trades = 0;
  #seenRecords = 0;

  constructor(options: StageOptions = {}) {
    this.instrument = options.instrument ?? HEDGE_ETH;
    const position = options.position ?? FLAT;
    this.#position = Math.round(Number(position.base) * 1000);
    this.params = {
      ...params(options.engine),
      hedge: { instrument: this.instrument, params: { ...HEDGE, ...options.hedge }, position },
    };
    this.engine = new PairEngine(options.quoting ?? ETH, this.params, strategy("spot"), this.sink);
  }

  /** Both venues are up, swept and compared. */
  start(): this {
    const { events } = this;
    this.apply(events.connection("up"), events.book(this.ticks));
    this.agree();
    this.hedge(events.connection("up"));
    this.#market();
    this.compare();
    this.pass(1_100);
    return this;
  }

  get ticks(): number {
    return Math.round(this.price * 100);
  }
  get desk(): HedgeDesk {
    const { hedge } = this.engine;
    if (hedge === null) throw new Error("this pair does not hedge");
    return hedge;
  }
  /** Signed position at the hedge venue, ETH. */
  get position(): number {
    return this.#position / 1000;
  }

  apply(...events: readonly EngineEvent[]): void {
    for (const event of events) this.engine.apply(event);
  }
  hedge(event: VenueEvent): void {
    const { venueTimeMs, receivedTimeMs } = event;
    this.apply({ kind: "hedge", venueTimeMs, receivedTimeMs, event });
  }
  operator(command: OperatorCommand): void {
    this.apply(this.events.operator(command));
  }

  /** Time passes with quiet markets at this price; what was sent is acknowledged. */
  pass(ms: number, price = this.price): void {
    const from = this.price;
    const steps = Math.ceil(ms / 100);
    for (let step = 1; step <= steps; step += 1) {
      this.events.nowMs += 100;
      this.price = from + ((price - from) * step) / steps;
      this.apply(this.events.book(this.ticks));
      if (this.hedgeIsUp) this.#market();
      this.answer();
      this.#answerQuotes();
    }
  }

  /** The same while nobody answers at the hedge venue. */
  passUnanswered(ms: number): void {
    for (let step = 0; step < ms / 100; step += 1) {
      this.events.nowMs += 100;
      this.apply(this.events.book(this.ticks));
      this.#market();
      this.#answerQuotes();
    }
  }

  /** A quoting fill: the inventory moved. */
  quoteFill(side: Side, size: number, price = this.price): void {
    this.#trades += 1;
    const order = { clientOrderId: "mm-ETH-q1-zz", side, priceTicks: Math.round(price * 100) };
    const lots = Math.round(size * 1000);
    this.apply(this.events.execution(order, lots, `q${this.#trades}`));
  }

  /** The quoting venue agrees with us. */
  agree(): void {
    const { ledger, orders } = this.engine;
    const ids = [...orders.live.keys()];
    this.apply(this.events.account(ledger.base().toFixed(), ledger.quote().toFixed(), ids));
  }

  /** The hedge venue tells its position and its open orders. */
  compare(changes: { readonly position?: string; readonly marginRatio?: number } = {}): void {
    const ids = this.#open().map(({ request }) => request.clientOrderId);
    const base = changes.position ?? this.instrument.sizeString(this.#position);
    const event = this.events.account(base, "10000", ids);
    const { marginRatio } = changes;
    this.hedge(marginRatio === undefined ? event : { ...event, marginRatio });
  }

  /** The hedge venue takes what was sent (no stop that would fire), and cancels what was to go. */
  answer(): void {
    for (const order of this.sink.hedge.orders.values()) {
      const { clientOrderId, quantityLots, side, type, priceTicks } = order.request;
      if (order.state !== "sent") continue;
      const isBeyond = side === "sell" ? this.ticks <= priceTicks : this.ticks >= priceTicks;
      if (type === "stop-market" && isBeyond) {
        this.end(clientOrderId, "rejected", { reason: "would-cross" });
        continue;
      }
      order.state = "open";
      this.report(clientOrderId, "open", { quantityLots, filledLots: 0 });
    }
    for (const id of this.sink.hedge.canceled.splice(0)) this.end(id, "canceled");
  }

  /** The hedge venue ends an order, as it stands. */
  end(id: string, change: "canceled" | "expired" | "rejected", facts: Reason = {}): void {
    const order = this.sink.hedge.orders.get(id);
    if (order === undefined || order.state === "ended") return;
    order.state = "ended";
    this.report(id, change, { filledLots: order.filledLots, ...facts });
  }

  /** Refuses what was sent last. */
  refuse(reason: NonNullable<OrderEvent["reason"]>): void {
    const sent = [...this.sink.hedge.orders.values()].filter(({ state }) => state === "sent");
    for (const { request } of sent) this.end(request.clientOrderId, "rejected", { reason });
  }

  report(id: string, change: OrderChange, facts: Partial<OrderEvent> = {}): void {
    this.hedge(this.events.order(id, change, facts));
  }

  /** The hedge venue fills an order, wholly or in part, at a price (the order's own: 0). */
  fill(request: OrderRequest, size: number, price = 0): void {
    const order = this.sink.hedge.orders.get(request.clientOrderId);
    if (order === undefined) throw new Error(`no order ${request.clientOrderId}`);
    this.#trades += 1;
    const lots = Math.round(size * 1000);
    const { clientOrderId, side, quantityLots } = request;
    const priceTicks = price === 0 ? request.priceTicks : Math.round(price * 100);
    order.filledLots += lots;
    this.#position += side === "buy" ? lots : -lots;
    if (order.filledLots === quantityLots) order.state = "ended";
    this.hedge(
      this.events.execution({ clientOrderId, side, priceTicks }, lots, `h${this.#trades}`),
    );
    const change = order.state === "ended" ? "filled" : "open";
    this.report(clientOrderId, change, { quantityLots, filledLots: order.filledLots });
  }

  /** The one order at the hedge venue that reads so, or begins so. */
  order(text: string): OrderRequest {
    const found = this.#open().filter(({ request }) => this.#text(request).startsWith(text));
    const [order, ...more] = found;
    if (order === undefined || more.length > 0) {
      throw new Error(`${found.length} orders read ${text}: there are ${this.orders().join("; ")}`);
    }
    return order.request;
  }

  /** Which sides have quotes. */
  quotedSides(): readonly string[] {
    return [...new Set([...this.engine.orders.live.values()].map(({ side }) => side))].sort();
  }

  /** Orders at the hedge venue: `passive-hedge: sell 0.5 stop at 1960`. */
  orders(): readonly string[] {
    return this.#open().map(({ request }) => this.#text(request));
  }

  /** Steps of the hedgers since the last look: `active idle → hedging: move`. */
  steps(): readonly string[] {
    const records = this.sink.calls.flatMap((call) => (call.call === "audit" ? [call.record] : []));
    const news = records.slice(this.#seenRecords);
    this.#seenRecords = records.length;
    return news.flatMap((record) => stepText(record));
  }

  alerts(): readonly string[] {
    return this.sink.calls.flatMap((call) => (call.call === "alert" ? [call.alert.code] : []));
  }
  guard(id: string): boolean {
    return this.engine.guards().find((guard) => guard.id === id)?.tripped ?? false;
  }

  #market(): void {
    this.hedge(this.events.book(this.ticks));
    const { nowMs } = this.events;
    const times = { venueTimeMs: nowMs, receivedTimeMs: nowMs };
    const prints = { kind: "trade" as const, aggressor: "sell" as const, quantityLots: 1 };
    this.hedge({ ...prints, ...times, priceTicks: this.ticks });
    const mark = { kind: "mark" as const, fundingRate: 0, nextFundingMs: 0 };
    this.hedge({ ...mark, ...times, priceTicks: this.ticks });
  }

  /** The quoting venue takes and cancels as it is told. */
  #answerQuotes(): void {
    for (const order of this.engine.orders.live.values()) {
      const { clientOrderId, inFlight, status } = order;
      if (inFlight === "cancel") {
        this.apply(this.events.order(clientOrderId, "canceled", { filledLots: 0 }));
      } else if (inFlight === "amend" || status === "pending-new") {
        const { calls } = this.sink;
        const amended = calls.findLast(
          (call) => call.call === "amend" && call.id === clientOrderId,
        );
        const facts = amended?.call === "amend" ? amended : order;
        this.apply(
          this.events.order(clientOrderId, "open", {
            quantityLots: facts.quantityLots,
            filledLots: 0,
          }),
        );
      }
    }
  }

  #open(): VenueOrder[] {
    return [...this.sink.hedge.orders.values()].filter(({ state }) => state !== "ended");
  }

  #text(request: OrderRequest): string {
    const { clientOrderId, side, type, quantityLots, priceTicks } = request;
    const role = parseClientOrderId(clientOrderId)?.role ?? "nobody's";
    const size = this.instrument.sizeString(quantityLots);
    const how = type === "stop-market" ? " stop" : "";
    const at = type === "market" ? " at market" : ` at ${this.instrument.priceString(priceTicks)}`;
    const words = [
      request.timeInForce === "ioc" && type === "limit" ? "ioc" : "",
      request.postOnly ? "post-only" : "",
      request.reduceOnly ? "reduce-only" : "",
    ].filter((word) => word !== "");
    const tail = words.length === 0 ? "" : ` (${words.join(", ")})`;
    return `${role}: ${side} ${size}${how}${at}${tail}`;
  }
}

type Reason = Partial<Pick<OrderEvent, "reason" | "message">>;

function stepText(record: AuditRecord): string[] {
  if (record.kind !== "hedge") return [];
  return [`${record.hedger} ${record.from} → ${record.to}: ${record.reason}`];
}
