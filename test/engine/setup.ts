/** Engines, parameters and events for the tests of the engine. Nothing in it decides anything. */

import type {
  AccountEvent,
  BookEvent,
  ConnectionEvent,
  EngineEvent,
  FillEvent,
  OperatorCommand,
  OrderChange,
  OrderEvent,
} from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { OrderRequest } from "#domain/order.ts";
import { PairEngine } from "#engine/pair-engine.ts";
import type { CapitalParams, EngineParams, RequoteParams, RiskParams } from "#engine/params.ts";
import type { Alert, AuditRecord, Sink } from "#ports/sink.ts";
import type { LadderParams } from "#strategies/ladder-builder.ts";
import { strategyFactory } from "#strategies/registry.ts";
import type { Strategy, StrategyParams } from "#strategies/strategy.ts";
import { spotInstrument } from "../domain/instruments.ts";

/** ETHUSDT: a tick of 0.01 USDT, a lot of 0.001 ETH, orders of at least 5 USDT. */
export const ETH = spotInstrument();

/** The same as a perp of a venue that amends nothing. */
export const ETH_PERP = spotInstrument({
  venue: "hyperliquid",
  symbol: "ETH",
  quote: "USDC",
  kind: "perp",
  canAmend: false,
});

/** A perp that starts without a position. */
export const FLAT = { base: "0", quote: "0" };

export const STRATEGY_PARAMS: StrategyParams = {
  decayRate: 0.95,
  edgeRatio: undefined,
  volLowerThreshold: 35,
  volUpperThreshold: 80,
  shapeDwellMs: 0,
  shapeHysteresisPct: 0,
};

/** Three bins of 10 bp a side, six orders: small enough to follow by hand. */
export const LADDER: LadderParams = {
  bidBins: 3,
  askBins: 3,
  binStepBps: 10,
  liveOrderNums: 6,
  minOrderLots: 1,
  maxOrderLots: Infinity,
  belowMin: "merge",
  compat: "none",
  reservePct: 0,
  iqvUpLimit: 0.6,
  iqvDownLimit: -0.6,
  inventoryRbIqvRatio: 0.3,
  quoteRbIqvRatio: -0.3,
};

const REQUOTE: RequoteParams = {
  updateIntervalMs: 30_000,
  minRequoteIntervalMs: 100,
  requoteBinFraction: 0.5,
  keepPriceBinFraction: 0.25,
  keepSizePct: 10,
};

/** Everything that is a choice is off; the rest has the defaults of the config. */
const RISK: RiskParams = {
  staleBookMs: 3_000,
  quietBookMs: 15_000,
  maxReferenceDivergencePct: 2,
  maxOrderNotional: null,
  maxOpenOrders: 200,
  maxPositionNotional: null,
  maxNetDelta: null,
  rejectStreakLimit: 5,
  unknownOrderAgeMs: 10_000,
  fillRateLimit: null,
  fillRateWindowMs: 10_000,
  maxDrawdownPct: null,
  maxDailyLossPct: null,
  minLiquidationDistancePct: null,
  clockOffsetAlertMs: 500,
  clockOffsetRefuseMs: 1_000,
  actionsPer10s: 50,
  actionReservePct: 20,
};

export interface Changes {
  readonly capital?: Partial<CapitalParams>;
  readonly ladder?: Partial<LadderParams>;
  readonly requote?: Partial<RequoteParams>;
  readonly risk?: Partial<RiskParams>;
}

/** 1 ETH and 2000 USDT with a target of one half: balanced at a mid of 2000. */
export function params(changes: Changes = {}): EngineParams {
  return {
    pairId: "ETH",
    orderPrefix: "mm",
    epoch: 1,
    capital: { base: "1", quote: "2000", position: null, targetIqvRatio: 0.5, ...changes.capital },
    ladder: { ...LADDER, ...changes.ladder },
    volatility: {
      shortWindow: 60,
      longWindow: 600,
      ewmaLambda: 0.94,
      sampleIntervalSeconds: 1,
      horizonSeconds: 31_536_000,
    },
    volatilitySource: "mid",
    requote: { ...REQUOTE, ...changes.requote },
    risk: { ...RISK, ...changes.risk },
    hedge: null,
  };
}

export function strategy(name: string, changes: Partial<StrategyParams> = {}): Strategy {
  return strategyFactory(name)({ ...STRATEGY_PARAMS, ...changes });
}

/** What the engine called, in order, as one list of plain values. */
export type Call =
  | { call: "place"; request: OrderRequest }
  | { call: "amend"; id: string; quantityLots: number }
  | { call: "replace"; id: string; request: OrderRequest }
  | { call: "cancel"; id: string }
  | { call: "cancelAll" }
  | { call: "query"; id: string }
  | { call: "reconcile" }
  | { call: "alert"; alert: Alert }
  | { call: "audit"; record: AuditRecord };

export class RecordingSink implements Sink {
  readonly calls: Call[] = [];

  place(request: OrderRequest): void {
    this.calls.push({ call: "place", request });
  }
  amend(id: string, quantityLots: number): void {
    this.calls.push({ call: "amend", id, quantityLots });
  }
  replace(id: string, request: OrderRequest): void {
    this.calls.push({ call: "replace", id, request });
  }
  cancel(id: string): void {
    this.calls.push({ call: "cancel", id });
  }
  cancelAll(): void {
    this.calls.push({ call: "cancelAll" });
  }
  query(id: string): void {
    this.calls.push({ call: "query", id });
  }
  reconcile(): void {
    this.calls.push({ call: "reconcile" });
  }
  alert(alert: Alert): void {
    this.calls.push({ call: "alert", alert });
  }
  audit(record: AuditRecord): void {
    this.calls.push({ call: "audit", record });
  }
}

type OrderFacts = Partial<Omit<OrderEvent, "kind" | "clientOrderId" | "change">>;

/** Makes events at a time that the test moves. */
export class Events {
  nowMs: number;

  constructor(startMs = 1_000_000) {
    this.nowMs = startMs;
  }

  #stamp(): { venueTimeMs: number; receivedTimeMs: number } {
    return { venueTimeMs: this.nowMs, receivedTimeMs: this.nowMs };
  }
  /** A touch around a mid in ticks, of `spread` ticks. */
  book(midTicks: number, spread = 2): BookEvent {
    const half = spread / 2;
    return this.touch(midTicks - half, midTicks + half);
  }
  touch(bidTicks: number, askTicks: number, lots = 1000): BookEvent {
    return { kind: "book", ...this.#stamp(), bidTicks, bidLots: lots, askTicks, askLots: lots };
  }
  time(): EngineEvent {
    return { kind: "time", ...this.#stamp() };
  }
  connection(state: ConnectionEvent["state"]): ConnectionEvent {
    return { kind: "connection", ...this.#stamp(), state };
  }
  account(base: string, quote: string, openOrderIds: readonly string[] | null): AccountEvent {
    return { kind: "account", ...this.#stamp(), base, quote, openOrderIds };
  }
  operator(command: OperatorCommand): EngineEvent {
    return { kind: "operator", ...this.#stamp(), command };
  }
  reference(priceTicks: number): EngineEvent {
    return { kind: "reference", ...this.#stamp(), priceTicks };
  }
  clock(offsetMs: number): EngineEvent {
    return { kind: "clock", ...this.#stamp(), offsetMs };
  }
  budget(remaining: number, limit: number): EngineEvent {
    return { kind: "budget", ...this.#stamp(), remaining, limit };
  }
  order(clientOrderId: string, change: OrderChange, facts: OrderFacts = {}): OrderEvent {
    return {
      kind: "order",
      ...this.#stamp(),
      clientOrderId,
      venueOrderId: null,
      change,
      quantityLots: -1,
      filledLots: -1,
      reason: null,
      message: "",
      ...facts,
    };
  }
  execution(
    request: Pick<OrderRequest, "clientOrderId" | "side" | "priceTicks">,
    quantityLots: number,
    tradeId: string,
    fee: { fee: string; feeAsset: string } = { fee: "0", feeAsset: "USDT" },
  ): FillEvent {
    const { clientOrderId, side, priceTicks } = request;
    const fill = {
      tradeId,
      clientOrderId,
      side,
      priceTicks,
      quantityLots,
      ...fee,
      liquidity: "maker" as const,
      venueTimeMs: this.nowMs,
    };
    return { kind: "fill", ...this.#stamp(), fill };
  }
}

/** An engine with a sink that records, for tests that play the venue by hand. */
export class Bench {
  readonly sink = new RecordingSink();
  readonly events: Events;
  readonly engine: PairEngine;
  readonly #instrument: Instrument;
  #seen = 0;

  constructor(
    engineParams: EngineParams = params(),
    quoting: Strategy = strategy("spot"),
    instrument: Instrument = ETH,
  ) {
    this.events = new Events();
    this.#instrument = instrument;
    this.engine = new PairEngine(instrument, engineParams, quoting, this.sink);
  }

  /** Applies events at the present time. */
  apply(...events: readonly EngineEvent[]): void {
    for (const event of events) this.engine.apply(event);
  }

  /** Lets time pass in steps of 100 ms, with a book of this mid at each step (0: none). */
  pass(ms: number, midTicks = 0): void {
    for (let left = ms; left > 0; left -= 100) {
      this.events.nowMs += Math.min(100, left);
      this.apply(midTicks > 0 ? this.events.book(midTicks) : this.events.time());
    }
  }

  /** Connection, book and the venue's agreement: the pair quotes, and waits for its answers. */
  begin(midTicks = 200_000): void {
    this.apply(this.events.connection("up"), this.events.book(midTicks));
    this.agree();
    this.pass(100, midTicks);
  }

  /** The same, and all its orders are acknowledged. */
  start(midTicks = 200_000): void {
    this.begin(midTicks);
    this.acknowledge();
  }

  /** The venue's answer to a reconciliation: exactly what we hold ourselves. */
  agree(): void {
    const ids = [...this.engine.orders.live.keys()];
    this.apply(this.events.account(this.base, this.quote, ids));
  }

  /** The venue takes every order that waits for its answer, and amends and cancels as asked. */
  acknowledge(): void {
    for (const order of this.engine.orders.live.values()) {
      const id = order.clientOrderId;
      const amended = this.sink.calls.findLast((call) => call.call === "amend" && call.id === id);
      if (order.inFlight === "amend" && amended?.call === "amend") {
        const { quantityLots } = amended;
        const facts = { quantityLots, filledLots: order.filledLots };
        this.apply(this.events.order(id, "open", facts));
      } else if (order.inFlight === "cancel") {
        this.apply(this.events.order(order.clientOrderId, "canceled", { filledLots: 0 }));
      } else if (order.status === "pending-new") {
        this.apply(
          this.events.order(order.clientOrderId, "open", {
            quantityLots: order.quantityLots,
            filledLots: 0,
          }),
        );
      }
    }
  }

  get base(): string {
    return this.engine.ledger.base().toFixed();
  }
  get quote(): string {
    return this.engine.ledger.quote().toFixed();
  }

  /** The calls since the last look. */
  news(): readonly Call[] {
    const news = this.sink.calls.slice(this.#seen);
    this.#seen = this.sink.calls.length;
    return news;
  }

  /** What was sent to the venue since the last look, one word and id each. */
  sent(): readonly string[] {
    return this.news().flatMap((call) => {
      switch (call.call) {
        case "place":
          return [`place ${this.describe(call.request)}`];
        case "replace":
          return [`replace ${call.id} by ${this.describe(call.request)}`];
        case "amend":
          return [`amend ${call.id} to ${this.#instrument.sizeString(call.quantityLots)}`];
        case "cancel":
        case "query":
          return [`${call.call} ${call.id}`];
        case "cancelAll":
        case "reconcile":
          return [call.call];
        case "alert":
        case "audit":
          return [];
      }
    });
  }

  /** `buy 0.333 at 1998`. */
  describe(order: Pick<OrderRequest, "side" | "priceTicks" | "quantityLots">): string {
    const { side, priceTicks, quantityLots } = order;
    const size = this.#instrument.sizeString(quantityLots);
    return `${side} ${size} at ${this.#instrument.priceString(priceTicks)}`;
  }

  /** Orders that may be open, best bid first, then best ask first, as people write them. */
  live(): readonly string[] {
    const orders = [...this.engine.orders.live.values()];
    const bids = orders.filter(({ side }) => side === "buy");
    const asks = orders.filter(({ side }) => side === "sell");
    bids.sort((a, b) => b.priceTicks - a.priceTicks);
    asks.sort((a, b) => a.priceTicks - b.priceTicks);
    return [...bids, ...asks].map((order) =>
      this.describe({
        side: order.side,
        priceTicks: order.priceTicks,
        quantityLots: order.leavesLots,
      }),
    );
  }

  guard(id: string): { tripped: boolean; value: number; limit: number; effect: string } {
    const reading = this.engine.guards().find((guard) => guard.id === id);
    if (reading === undefined) throw new Error(`there is no guard ${id}`);
    const { tripped, value, limit, effect } = reading;
    return { tripped, value, limit, effect };
  }

  alerts(): readonly string[] {
    return this.sink.calls.flatMap((call) => (call.call === "alert" ? [call.alert.code] : []));
  }
}
