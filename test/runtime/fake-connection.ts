/** A venue connection that does what a test says, and a thread's clock turned by hand. */

import type { OrderChange, OrderEvent, VenueEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { OrderRequest } from "#domain/order.ts";
import type { ConnectionStatus, VenueConnection, VenueListener } from "#ports/venue.ts";
import { ManualTimers } from "../net/support.ts";

export const START_MS = 1_700_000_000_000;

/** Timers, and a clock that goes with them. */
export class ManualWorld {
  readonly timers = new ManualTimers();
  /** What the clock is off by: a step of the wall clock. */
  offsetMs = 0;

  readonly nowMs = (): number => START_MS + this.timers.elapsedMs() + this.offsetMs;
}

const STATUS: ConnectionStatus = {
  feed: { state: "live", messages: 1, resyncs: 0, reconnects: 0 },
  trading: "ready",
  reconnects: 0,
  clockOffsetMs: 1,
  inFlight: 0,
  roundTripMs: { p50: 1, p99: 2 },
  newestTradeId: null,
  deadMansSwitch: { by: "guardian", reason: "a fake has none" },
  budgets: [{ name: "orders", used: 1, limit: 100, windowMs: 10_000 }],
};

export class FakeConnection implements VenueConnection {
  /** Everything asked of it, in order: `start`, `prices 1000 100`, `place mm-ETH-q1-1`. */
  readonly calls: string[] = [];
  /** Open at the venue, as it would say. */
  readonly open = new Map<string, OrderRequest>();
  listener: VenueListener | null = null;
  history: () => Promise<readonly number[]> = () => Promise.resolve([2000, 2001, 2002]);
  /** The account as the venue would tell it. */
  account = { base: "5", quote: "10000" };
  /** Cancels are taken and never answered. */
  isMute = false;
  readonly instrument: Instrument;
  readonly #world: ManualWorld;
  readonly #news: VenueEvent[] = [];
  #fills = 0;

  constructor(instrument: Instrument, world: ManualWorld) {
    this.instrument = instrument;
    this.#world = world;
  }

  start(listener: VenueListener): void {
    this.calls.push("start");
    this.listener = listener;
  }
  stop(): void {
    this.calls.push("stop");
  }
  status(): ConnectionStatus {
    return STATUS;
  }
  prices(intervalMs: number, count: number): Promise<readonly number[]> {
    this.calls.push(`prices ${intervalMs} ${count}`);
    return this.history();
  }

  place(request: OrderRequest): void {
    this.calls.push(`place ${request.clientOrderId}`);
    this.open.set(request.clientOrderId, request);
    this.#report(request.clientOrderId, "open");
  }
  amend(clientOrderId: string): void {
    this.calls.push(`amend ${clientOrderId}`);
    this.#report(clientOrderId, "amend-rejected");
  }
  replace(clientOrderId: string, request: OrderRequest): void {
    this.calls.push(`replace ${clientOrderId}`);
    this.#end(clientOrderId);
    this.open.set(request.clientOrderId, request);
    this.#report(request.clientOrderId, "open");
  }
  cancel(clientOrderId: string): void {
    this.calls.push(`cancel ${clientOrderId}`);
    this.#end(clientOrderId);
  }
  cancelAll(): void {
    this.calls.push("cancelAll");
    for (const id of this.open.keys()) this.#end(id);
  }
  query(clientOrderId: string): void {
    this.calls.push(`query ${clientOrderId}`);
    if (!this.isMute)
      this.#report(clientOrderId, this.open.has(clientOrderId) ? "open" : "canceled");
  }
  reconcile(): void {
    this.calls.push("reconcile");
    this.#news.push({
      kind: "account",
      ...this.#stamp(),
      ...this.account,
      openOrderIds: [...this.open.keys()],
    });
  }

  #end(clientOrderId: string): void {
    if (this.isMute) return;
    this.open.delete(clientOrderId);
    this.#report(clientOrderId, "canceled");
  }

  #report(clientOrderId: string, change: OrderChange): void {
    const event: OrderEvent = {
      kind: "order",
      ...this.#stamp(),
      clientOrderId,
      venueOrderId: null,
      change,
      quantityLots: -1,
      filledLots: -1,
      reason: null,
      message: "",
    };
    this.#news.push(event);
  }

  #stamp(): { venueTimeMs: number; receivedTimeMs: number } {
    const nowMs = this.#world.nowMs();
    return { venueTimeMs: nowMs, receivedTimeMs: nowMs };
  }

  /** Tells something, as from the event loop. */
  tell(event: VenueEvent): void {
    this.listener?.onEvent(event);
  }
  up(): void {
    this.tell({ kind: "connection", ...this.#stamp(), state: "up" });
  }
  down(): void {
    this.tell({ kind: "connection", ...this.#stamp(), state: "down" });
  }
  /** Fills part of an order; what it does to the account is the test's to say. */
  fill(clientOrderId: string, quantityLots: number, feeAsset = "USDT"): void {
    const order = this.open.get(clientOrderId);
    if (order === undefined) throw new Error(`no open order ${clientOrderId}`);
    this.#fills += 1;
    const stamp = this.#stamp();
    const fill = {
      tradeId: String(this.#fills),
      clientOrderId,
      side: order.side,
      priceTicks: order.priceTicks,
      quantityLots,
      fee: "0",
      feeAsset,
      liquidity: "maker",
      venueTimeMs: stamp.venueTimeMs,
    } as const;
    this.tell({ kind: "fill", ...stamp, fill });
    if (quantityLots < order.quantityLots) return;
    this.open.delete(clientOrderId);
    this.#report(clientOrderId, "filled");
  }
  book(midTicks: number): void {
    const sizes = { bidLots: 100, askLots: 100 };
    this.tell({
      kind: "book",
      ...this.#stamp(),
      bidTicks: midTicks - 1,
      askTicks: midTicks + 1,
      ...sizes,
    });
  }

  /** Delivers the answers to everything asked so far, and to what is asked meanwhile. */
  answer(): void {
    for (let event = this.#news.shift(); event !== undefined; event = this.#news.shift()) {
      this.tell(event);
    }
  }
}
