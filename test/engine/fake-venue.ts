/**
 * FakeVenue: the simplest honest venue there can be, behind a Sink, with faults by seed. It shares
 * no code with src/sim. What it does to orders is the truth; what it loses, delays, repeats and
 * mixes up are only messages. Balances are whole lots and tick-lot units; there are no fees. Of a
 * perp `baseLots` has the allotment in it, and what is told of it is the position.
 */

import type { EngineEvent, OrderChange } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { Instrument, Side } from "#domain/instrument.ts";
import type { OrderRequest, RejectReason } from "#domain/order.ts";
import { Rng } from "#domain/rng.ts";
import type { Alert, Execution, Sink } from "#ports/sink.ts";
import { type Faults, Link, type Timeline } from "./fake-link.ts";

interface VenueOrder {
  readonly id: string;
  readonly side: Side;
  readonly priceTicks: number;
  quantityLots: number;
  filledLots: number;
  status: "open" | "canceled" | "expired" | "filled";
}

export class FakeVenue implements Sink {
  /** Where the pair hedges: its hedge venue. */
  hedge?: Execution;
  bidTicks = 0;
  askTicks = 0;
  baseLots: number;
  quoteUnits: number;
  /** Set while nothing may be placed; what is placed all the same is a violation. */
  mayPlace: () => boolean = () => true;
  readonly orders = new Map<string, VenueOrder>();
  readonly violations: string[] = [];
  readonly alerts: Alert[] = [];
  /** Lots that position 0 stands for. */
  readonly allotmentLots: number;
  readonly #instrument: Instrument;
  readonly #prefix: string;
  readonly #timeline: Timeline;
  readonly #rng: Rng;
  readonly #link: Link;
  readonly #deliver: (event: EngineEvent) => void;
  readonly #fills: Fill[] = [];
  /** Account snapshots must come after every fill that they include. */
  #lastFillDueMs = -Infinity;

  constructor(options: {
    instrument: Instrument;
    prefix: string;
    baseLots: number;
    quoteUnits: number;
    seed: number;
    timeline: Timeline;
    deliver: (event: EngineEvent) => void;
  }) {
    this.#instrument = options.instrument;
    this.#prefix = options.prefix;
    this.baseLots = options.baseLots;
    this.allotmentLots = options.instrument.kind === "perp" ? options.baseLots : 0;
    this.quoteUnits = options.quoteUnits;
    this.#rng = new Rng(options.seed);
    this.#timeline = options.timeline;
    this.#link = new Link(options.timeline, this.#rng);
    this.#deliver = options.deliver;
  }

  get faults(): Faults {
    return this.#link.faults;
  }
  set faults(faults: Faults) {
    this.#link.faults = faults;
  }
  get isConnected(): boolean {
    return this.#link.isUp;
  }

  /** Orders of ours that are open in truth. */
  open(): VenueOrder[] {
    return [...this.orders.values()].filter(
      ({ id, status }) => status === "open" && id.startsWith(this.#prefix),
    );
  }

  /** Puts an order there that is none of this run's. */
  addForeign(id: string, side: Side, priceTicks: number, quantityLots: number): void {
    const facts = { id, side, priceTicks, quantityLots, filledLots: 0 };
    this.orders.set(id, { ...facts, status: "open" });
  }

  // What the engine wants ------------------------------------------------------------------------

  place(request: OrderRequest): void {
    this.#checkPlacing(request);
    this.#request(request.clientOrderId, () => this.#place(request));
  }
  amend(id: string, quantityLots: number): void {
    this.#checkOurs(id);
    if (!this.#instrument.canAmend) this.violations.push(`amends ${id}`);
    this.#request(id, () => {
      const order = this.orders.get(id);
      if (order?.status !== "open") this.#refuse(id, "amend-rejected", "unknown-order");
      else if (quantityLots <= order.filledLots) this.#refuse(id, "amend-rejected", "other");
      else {
        order.quantityLots = Math.min(order.quantityLots, quantityLots);
        this.#reportOrder(order);
      }
    });
  }
  replace(id: string, request: OrderRequest): void {
    this.#checkOurs(id);
    this.#checkPlacing(request);
    this.#request(request.clientOrderId, () => {
      const old = this.orders.get(id);
      if (old?.status !== "open" || old.filledLots > 0) {
        const isGone = old?.status !== "open";
        this.#refuse(id, "cancel-rejected", isGone ? "unknown-order" : "other");
        this.#refuse(request.clientOrderId, "rejected", "other");
        return;
      }
      this.#end(old, "canceled");
      this.#place(request);
    });
  }
  cancel(id: string): void {
    this.#checkOurs(id);
    this.#request(id, () => {
      const order = this.orders.get(id);
      if (order?.status === "open") this.#end(order, "canceled");
      else this.#refuse(id, "cancel-rejected", "unknown-order");
    });
  }
  cancelAll(): void {
    this.#request(null, () => {
      for (const order of this.open()) this.#end(order, "canceled");
    });
  }
  query(id: string): void {
    this.#request(null, () => {
      const order = this.orders.get(id);
      if (order === undefined) this.#answer(id, "not-found", null);
      else this.#reportOrder(order);
    });
  }
  reconcile(): void {
    this.#request(null, () => {
      for (const fill of this.#fills) this.#reportFill(fill);
      this.#reportAccount(this.open().map(({ id }) => id));
    });
  }
  alert(alert: Alert): void {
    this.alerts.push(alert);
  }
  audit(): void {
    // The trace is looked at elsewhere.
  }

  // What happens at the venue --------------------------------------------------------------------

  /** The touch moves; our orders that it reaches are filled, in part where it only touches them. */
  move(bidTicks: number, askTicks: number): void {
    this.bidTicks = bidTicks;
    this.askTicks = askTicks;
    for (const order of this.open()) {
      const through =
        order.side === "buy" ? order.priceTicks - askTicks : bidTicks - order.priceTicks;
      const leaves = order.quantityLots - order.filledLots;
      if (through > 0) this.#execute(order, leaves);
      else if (through === 0) this.#execute(order, 1 + this.#rng.integer(leaves));
    }
  }

  /** The venue ends one of our orders by itself. */
  expireOne(): void {
    const open = this.open();
    const order = open[this.#rng.integer(Math.max(1, open.length))];
    if (order !== undefined) this.#end(order, "expired");
  }

  /** The sockets are gone, with some of what was on its way. */
  disconnect(): void {
    this.#link.cut();
    this.#deliver({ kind: "connection", ...this.#stamp(), state: "down" });
  }
  connect(): void {
    this.#link.isUp = true;
    this.#deliver({ kind: "connection", ...this.#stamp(), state: "up" });
  }

  // Inside ---------------------------------------------------------------------------------------

  #stamp(): { venueTimeMs: number; receivedTimeMs: number } {
    const { nowMs } = this.#timeline;
    return { venueTimeMs: nowMs, receivedTimeMs: nowMs };
  }

  #checkOurs(id: string): void {
    if (!id.startsWith(this.#prefix)) this.violations.push(`touches ${id}`);
  }

  #checkPlacing(request: OrderRequest): void {
    this.#checkOurs(request.clientOrderId);
    if (!this.mayPlace())
      this.violations.push(`places ${request.clientOrderId} at ${this.#timeline.nowMs}`);
  }

  #place(request: OrderRequest): void {
    const { clientOrderId: id, side, priceTicks, quantityLots } = request;
    if (this.orders.has(id)) return this.#refuse(id, "rejected", "duplicate-id");
    const crosses = side === "buy" ? priceTicks >= this.askTicks : priceTicks <= this.bidTicks;
    if (crosses) return this.#refuse(id, "rejected", "would-cross");
    if (!this.#instrument.reachesMinimum(priceTicks, quantityLots)) {
      this.violations.push(`${id} is below the minimum`);
    }
    const order = { id, side, priceTicks, quantityLots, filledLots: 0, status: "open" as const };
    this.orders.set(id, order);
    this.#checkCapital(id);
    this.#reportOrder(order);
  }

  /** What is open never exceeds what there is, whatever a venue would say to it. */
  #checkCapital(after: string): void {
    let bids = 0;
    let asks = 0;
    for (const { side, priceTicks, quantityLots, filledLots } of this.open()) {
      if (side === "buy") bids += priceTicks * (quantityLots - filledLots);
      else asks += quantityLots - filledLots;
    }
    if (bids > this.quoteUnits) {
      this.violations.push(`bids of ${bids} on ${this.quoteUnits} after ${after}`);
    }
    if (asks > this.baseLots) {
      this.violations.push(`asks of ${asks} on ${this.baseLots} after ${after}`);
    }
  }

  #execute(order: VenueOrder, lots: number): void {
    const sign = order.side === "buy" ? 1 : -1;
    order.filledLots += lots;
    this.baseLots += sign * lots;
    this.quoteUnits -= sign * lots * order.priceTicks;
    const fill: Fill = {
      tradeId: String(this.#fills.length + 1),
      clientOrderId: order.id,
      side: order.side,
      priceTicks: order.priceTicks,
      quantityLots: lots,
      fee: "0",
      feeAsset: "BNB",
      liquidity: "maker",
      venueTimeMs: this.#timeline.nowMs,
    };
    this.#fills.push(fill);
    if (order.filledLots === order.quantityLots) order.status = "filled";
    this.#reportFill(fill);
    this.#reportOrder(order);
    this.#reportAccount(null);
  }

  #end(order: VenueOrder, status: "canceled" | "expired"): void {
    order.status = status;
    this.#reportOrder(order);
  }

  /** An answer to a request: where it gets lost, an adapter knows only that it does not know. */
  #refuse(id: string, change: OrderChange, reason: RejectReason): void {
    const isLost = this.#link.losesAnswer();
    this.#answer(id, isLost ? "unknown" : change, isLost ? null : reason);
  }

  #answer(id: string, change: OrderChange, reason: RejectReason | null): void {
    const facts = { venueOrderId: null, quantityLots: -1, filledLots: -1, message: "" };
    this.#report(() => ({
      kind: "order",
      ...this.#stamp(),
      clientOrderId: id,
      change,
      reason,
      ...facts,
    }));
  }

  /** What the stream says of an order: as it is at this moment, whenever that arrives. */
  #reportOrder(order: VenueOrder): void {
    const { id, status, quantityLots, filledLots } = order;
    const facts = { change: status, quantityLots, filledLots, reason: null, message: "" };
    this.#report(() => ({
      kind: "order",
      ...this.#stamp(),
      clientOrderId: id,
      venueOrderId: `v-${id}`,
      ...facts,
    }));
    if (this.#link.losesAnswer()) this.#answer(id, "unknown", null);
  }

  #reportFill(fill: Fill): void {
    const dueMs = this.#report(() => ({ kind: "fill", ...this.#stamp(), fill }));
    this.#lastFillDueMs = Math.max(this.#lastFillDueMs, dueMs);
  }

  #reportAccount(openOrderIds: readonly string[] | null): void {
    const base = this.#instrument.size(this.baseLots - this.allotmentLots).toFixed();
    const quote = this.#instrument.notional(1, this.quoteUnits).toFixed();
    this.#report(
      () => ({ kind: "account", ...this.#stamp(), base, quote, openOrderIds }),
      this.#lastFillDueMs,
    );
  }

  /** @returns when it will have arrived */
  #report(event: () => EngineEvent, notBeforeMs?: number): number {
    return this.#link.report(() => this.#deliver(event()), notBeforeMs);
  }

  /** @param id whom to blame where the adapter knows that the answer was lost */
  #request(id: string | null, run: () => void): void {
    this.#link.request(run, id === null ? null : () => this.#answer(id, "unknown", null));
  }
}
