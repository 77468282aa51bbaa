/**
 * One connection of the adapter to its venue, with all that it told. Watches in every test what
 * always holds: nothing is told from within a call or after the end, nothing is left open by
 * `stop`, and no order that was told to be gone is open at the venue.
 */

import type { EngineEvent, FillEvent, OrderChange, OrderEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { Side } from "#domain/instrument.ts";
import { formatClientOrderId, type OrderRequest } from "#domain/order.ts";
import { Rng } from "#domain/rng.ts";
import type { Alert } from "#ports/sink.ts";
import type { MarketSetup, VenueConnection, VenueDesk, VenueListener } from "#ports/venue.ts";
import type { SharedBudgets, VenueWorld } from "#venues/venue.ts";
import { eventually } from "./eventually.ts";
import type { VenueUnderTest } from "./venue-under-test.ts";

export const PREFIX = "mm";
export const PAIR = "P1";
const EPOCH = 7;

/** A world in which whatever waits does so `speed` times as fast; its clock is the real one. */
export class TestWorld implements VenueWorld {
  readonly rng = new Rng(1);
  readonly timers: VenueWorld["timers"] = {
    elapsedMs: () => performance.now() * this.#speed + this.#skippedMs,
    after: (delayMs, callback) => {
      const waiting: Waiting = { dueMs: this.timers.elapsedMs() + delayMs, callback };
      this.#waiting.add(waiting);
      this.#schedule(waiting);
      return () => this.#end(waiting);
    },
  };
  readonly #speed: number;
  readonly #waiting = new Set<Waiting>();
  #skippedMs = 0;

  constructor(speed = 1) {
    this.#speed = speed;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** So much time passes at once. Whoever waits for an answer has waited for it in vain. */
  skip(byMs: number): void {
    this.#skippedMs += byMs;
    for (const waiting of this.#waiting) this.#schedule(waiting);
  }

  nowMs(): number {
    return performance.timeOrigin + performance.now();
  }

  #schedule(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    const leftMs = Math.max(0, waiting.dueMs - this.timers.elapsedMs()) / this.#speed;
    waiting.timer = setTimeout(() => {
      this.#end(waiting);
      waiting.callback();
    }, leftMs);
  }

  #end(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting);
  }
}

interface Waiting {
  readonly dueMs: number;
  readonly callback: () => void;
  timer?: ReturnType<typeof setTimeout>;
}

/** An id of this pair. @param epoch of the run that sent it */
export function idOf(sequence: number, epoch = EPOCH, pair = PAIR): string {
  return formatClientOrderId({ prefix: PREFIX, pair, role: "quote", epoch, sequence });
}

export type QuoteFields = Pick<OrderRequest, "side" | "priceTicks" | "quantityLots">;

/** A post-only limit order. */
export function quote(clientOrderId: string, fields: QuoteFields): OrderRequest {
  const fixed = { type: "limit", timeInForce: "gtc", postOnly: true, reduceOnly: false } as const;
  return { clientOrderId, ...fixed, ...fields };
}

export interface StageOptions {
  /** How much faster than real its waits are. Default: 1 */
  readonly speed?: number;
  /** See VenueLink. Default: null */
  readonly sinceTradeId?: string | null;
  /** Others than the venue's. */
  readonly urls?: VenueUnderTest["urls"];
}

export class LiveStage implements VenueListener {
  readonly subject: VenueUnderTest;
  readonly world: TestWorld;
  readonly desk: VenueDesk;
  readonly connection: VenueConnection;
  readonly events: EngineEvent[] = [];
  readonly alerts: Alert[] = [];
  /** What must never happen, and did. */
  readonly breaches: string[] = [];
  #isCalling = false;
  #isStopped = false;
  #lastSequence = 0;

  private constructor(
    subject: VenueUnderTest,
    world: TestWorld,
    parts: { desk: VenueDesk; budgets: SharedBudgets; market: MarketSetup },
    options: StageOptions,
  ) {
    const { venue, module, symbol, credentials } = subject;
    this.subject = subject;
    this.world = world;
    this.desk = parts.desk;
    this.connection = module.connect(
      {
        venue,
        symbol,
        urls: options.urls ?? subject.urls,
        credentials,
        market: parts.market.data,
        budgets: parts.budgets,
        orderPrefix: PREFIX,
        pairId: PAIR,
        sinceTradeId: options.sinceTradeId ?? null,
      },
      world,
    );
  }

  /** Not started yet. */
  static async open(subject: VenueUnderTest, options: StageOptions = {}): Promise<LiveStage> {
    const { module, urls, credentials, symbol } = subject;
    const world = new TestWorld(options.speed);
    const { desk, budgets } = await module.openDesk({ urls, credentials }, world);
    const market = await desk.loadMarket(symbol);
    return new LiveStage(subject, world, { desk, budgets, market }, options);
  }

  start(): void {
    this.call(() => this.connection.start(this));
  }

  /** Started, connected, and shown the book. @param way see onVenue: what else is to be expected */
  async up(way: "usual" | "fallback" | "blind" = "usual"): Promise<void> {
    this.start();
    if (way === "usual") await this.until("up", () => this.states().includes("up"));
    if (way !== "blind") await this.touch(this.subject.bidTicks, this.subject.askTicks);
  }

  onEvent(event: EngineEvent): void {
    if (this.#isCalling) this.breaches.push(`${event.kind} told from within a call`);
    if (this.#isStopped) this.breaches.push(`${event.kind} told after the end`);
    this.events.push(structuredClone(event));
  }

  onAlert(alert: Alert): void {
    if (this.#isCalling) this.breaches.push(`alert ${alert.code} given from within a call`);
    if (this.#isStopped) this.breaches.push(`alert ${alert.code} given after the end`);
    if (alert.level === "critical") this.breaches.push(`${alert.code}: ${alert.message}`);
    this.alerts.push(alert);
  }

  /** A call to the connection: it may neither throw nor tell anything before it returns. */
  call(action: () => void): void {
    this.#isCalling = true;
    try {
      action();
    } catch (thrown) {
      this.breaches.push(`a call threw ${String(thrown)}`);
    }
    this.#isCalling = false;
  }

  /** Sends an order. @returns its id */
  place(fields: QuoteFields): string {
    const clientOrderId = this.nextId();
    this.call(() => this.connection.place(quote(clientOrderId, fields)));
    return clientOrderId;
  }

  /** An order that rests. @returns its id */
  async resting(side: Side, priceTicks: number, quantityLots?: number): Promise<string> {
    const lots = quantityLots ?? this.subject.usualLots;
    const clientOrderId = this.place({ side, priceTicks, quantityLots: lots });
    await this.order(clientOrderId, "open");
    return clientOrderId;
  }

  nextId(): string {
    this.#lastSequence += 1;
    return idOf(this.#lastSequence);
  }

  /** News of an order, told by now or soon. @param since index of the first event that counts */
  order(clientOrderId: string, change: OrderChange, since = 0): Promise<OrderEvent> {
    return this.until(`${clientOrderId} ${change}`, () =>
      this.ordersOf(clientOrderId)
        .filter((event) => this.events.indexOf(event) >= since)
        .find((event) => event.change === change),
    );
  }

  /** What the venue answers when asked about an order. */
  async asked(clientOrderId: string, change: OrderChange): Promise<OrderEvent> {
    const since = this.events.length;
    this.call(() => this.connection.query(clientOrderId));
    return this.order(clientOrderId, change, since);
  }

  /** The answer to a reconciliation: its list of open orders, by id, sorted. */
  async reconciled(): Promise<readonly string[]> {
    const since = this.events.length;
    this.call(() => this.connection.reconcile());
    return this.until("reconciled", () => {
      const answer = this.events
        .slice(since)
        .find((event) => event.kind === "account" && event.openOrderIds !== null);
      if (answer?.kind !== "account") return undefined;
      return answer.openOrderIds?.toSorted();
    });
  }

  /** The last book told is this one. */
  async touch(bidTicks: number, askTicks: number): Promise<void> {
    await this.until(`book ${bidTicks} ${askTicks}`, () => {
      const book = this.events.findLast((event) => event.kind === "book");
      return (
        book?.kind === "book" &&
        book.bidLots > 0 &&
        book.askLots > 0 &&
        book.bidTicks === bidTicks &&
        book.askTicks === askTicks
      );
    });
  }

  /** The feed lives, and no book is shown: nothing may be quoted. */
  async noBook(): Promise<void> {
    await this.until("a feed without a book", () => {
      const book = this.events.findLast((event) => event.kind === "book");
      const isShown = book?.kind === "book" && book.bidLots + book.askLots > 0;
      return this.connection.status().feed.state === "live" && !isShown;
    });
  }

  /** @param since index of the first event that counts */
  async emptyBook(since: number): Promise<void> {
    await this.until("an empty book", () =>
      this.events.some(
        (event, index) =>
          index >= since && event.kind === "book" && event.bidLots === 0 && event.askLots === 0,
      ),
    );
  }

  /** @param since index of the first event that counts */
  async connectionState(state: "up" | "down", since: number): Promise<void> {
    await this.until(state, () => this.states(since).includes(state));
  }

  states(since = 0): string[] {
    return this.events
      .slice(since)
      .flatMap((event) => (event.kind === "connection" ? [event.state] : []));
  }

  ordersOf(clientOrderId: string): OrderEvent[] {
    return this.events
      .filter((event) => event.kind === "order")
      .filter((event) => event.clientOrderId === clientOrderId);
  }

  changesOf(clientOrderId: string): OrderChange[] {
    return this.ordersOf(clientOrderId).map(({ change }) => change);
  }

  fillEvents(): FillEvent[] {
    return this.events.filter((event) => event.kind === "fill");
  }

  /** Each execution told, once: a reconciliation may tell it again under the same key. */
  fills(): Fill[] {
    return [...new Map(this.fillEvents().map(({ fill }) => [fill.tradeId, fill])).values()];
  }

  /** The client ids of what is open at the venue, sorted. */
  atVenue(): string[] {
    return this.subject
      .openOrders()
      .map(({ clientOrderId }) => clientOrderId)
      .toSorted();
  }

  until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    return eventually(what, look, () => this.#story());
  }

  /** Ends the connection, and waits until nothing of it is left. */
  async stop(): Promise<void> {
    this.call(() => this.connection.stop());
    this.#isStopped = true;
    await this.until("no connection is left", () => this.subject.openConnections() === 0);
    await this.until("no timer is left", () => this.world.pending === 0);
  }

  /** Ends it, and adds to the breaches what is not as it was told. */
  async close(): Promise<void> {
    const open = new Set(this.atVenue());
    for (const id of open) {
      const last = this.changesOf(id).at(-1);
      const isGone = last !== undefined && GONE.has(last);
      if (isGone) this.breaches.push(`${id} is open at the venue, and was told ${last}`);
    }
    if (!this.#isStopped) await this.stop();
  }

  #story(): string {
    const lines = this.events
      .filter(({ kind }) => kind !== "book" && kind !== "connection")
      .map((event) => JSON.stringify(event));
    const alerts = this.alerts.map(({ code, message }) => `${code}: ${message}`);
    return [
      ...lines.slice(-12),
      ...alerts,
      `status ${JSON.stringify(this.connection.status())}`,
    ].join("\n");
  }
}

const GONE: ReadonlySet<OrderChange> = new Set([
  "canceled",
  "expired",
  "filled",
  "rejected",
  "not-found",
]);
