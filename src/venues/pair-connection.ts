/**
 * PairConnection: what every venue's connection does alike: it hands the core's wishes to those who
 * carry them out, passes the market's news on, tells of `up`, `down` and what is left of a budget,
 * and looks after things from time to time. When there is a way to the venue is for the venue's own
 * class to say. Does no I/O but through the parts that it is handed.
 */

import type { BookEvent, BudgetEvent, ConnectionEvent, MarkEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { OrderRequest } from "#domain/order.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { Execution } from "#ports/sink.ts";
import type {
  ConnectionStatus,
  History,
  MarketData,
  MarketListener,
  VenueConnection,
  VenueListener,
} from "#ports/venue.ts";
import { type IsNewer, VenueNews } from "./news.ts";
import { OwnOrders } from "./own-orders.ts";
import type { VenueWorld } from "./venue.ts";

const BEGIN_AGAIN_MS = 1000;

/** What every venue's connection is made of, among other things. */
export interface PairParts {
  readonly market: { readonly instrument: Instrument };
  readonly api: { venueNowMs(): number };
  readonly history: History;
  readonly orderPrefix: string;
  readonly pairId: string;
  /** See VenueLink. */
  readonly sinceTradeId: string | null;
  readonly world: VenueWorld;
}

/** Looks after what the account has and did. */
interface AccountKeeper extends Pick<ConnectionStatus, "newestTradeId"> {
  /** Notes after which fill we begin. Never rejects. @returns whether it is known */
  begin(): Promise<boolean>;
  reconcile(): void;
  stop(): void;
}

type BudgetLeft = Pick<BudgetEvent, "limit" | "remaining">;

interface OrderSender extends Omit<Execution, "reconcile"> {
  stop(): void;
}

export abstract class PairConnection implements VenueConnection {
  readonly instrument: Instrument;
  protected readonly orders: OwnOrders;
  protected readonly news: VenueNews;
  protected abstract readonly account: AccountKeeper;
  protected abstract readonly execution: OrderSender;
  protected abstract readonly feed: MarketData;
  readonly #history: History;
  readonly #timers: Timers;
  readonly #watches = new Map<() => void, CancelTimer>();
  /** Grows with every change of the way to the venue: what waited for an older one gives up. */
  #session = 0;
  #upVenueMs: number | null = null;
  #wasUp = false;
  #isStopped = false;
  #budgetLeft = -1;
  #cancelBegin: CancelTimer = () => {};

  constructor({ market, api, history, orderPrefix, pairId, world }: PairParts, isNewer: IsNewer) {
    this.instrument = market.instrument;
    this.orders = new OwnOrders(orderPrefix, pairId);
    const clocks = { nowMs: () => world.nowMs(), venueNowMs: () => api.venueNowMs() };
    this.news = new VenueNews(this.orders, clocks, isNewer);
    this.#history = history;
    this.#timers = world.timers;
  }

  abstract status(): ConnectionStatus;

  start(listener: VenueListener): void {
    this.news.listen(listener);
    this.feed.start({
      onBook: (event) => this.onBook(event),
      onTrade: (event) => this.news.event(event),
      onMark: (event) => this.onMark(event),
      onAlive: () => this.#tell("alive"),
      onAlert: (alert) => this.news.pass(alert),
    } satisfies MarketListener);
  }

  stop(): void {
    this.#isStopped = true;
    this.#session += 1;
    this.#upVenueMs = null;
    this.news.listen(null);
    for (const cancel of this.#watches.values()) cancel();
    this.#cancelBegin();
    this.account.stop();
    this.execution.stop();
    this.feed.stop();
  }

  prices(intervalMs: number, count: number): Promise<readonly number[]> {
    return this.#history.prices(intervalMs, count);
  }

  place(request: OrderRequest): void {
    this.execution.place(request);
  }
  amend(clientOrderId: string, quantityLots: number): void {
    this.execution.amend(clientOrderId, quantityLots);
  }
  replace(clientOrderId: string, request: OrderRequest): void {
    this.execution.replace(clientOrderId, request);
  }
  cancel(clientOrderId: string): void {
    this.execution.cancel(clientOrderId);
  }
  cancelAll(): void {
    this.execution.cancelAll();
  }
  query(clientOrderId: string): void {
    this.execution.query(clientOrderId);
  }
  reconcile(): void {
    this.account.reconcile();
  }

  protected get isUp(): boolean {
    return this.#upVenueMs !== null;
  }

  /** Since when it is up, venue's clock; null: it is not. */
  protected get upVenueMs(): number | null {
    return this.#upVenueMs;
  }

  protected get wasUp(): boolean {
    return this.#wasUp;
  }

  protected get isStopped(): boolean {
    return this.#isStopped;
  }

  protected onBook(event: BookEvent): void {
    this.news.event(event);
  }

  protected onMark(event: MarkEvent): void {
    this.news.event(event);
  }

  /** There is a way to the venue: up once all is known that has to be. */
  protected begin(): void {
    if (this.#isStopped) return;
    this.#session += 1;
    this.#cancelBegin();
    void this.#begin(this.#session);
  }

  /** Until it is known after which fill we begin nothing may be sent. Must not reject. */
  protected prepare(): Promise<boolean> {
    return this.account.begin();
  }

  /** The way to the venue is lost, and with it perhaps what was under way. */
  protected lost(code: string, message: string): void {
    this.#session += 1;
    this.#cancelBegin();
    this.news.alertSometimes("warning", code, message);
    if (!this.isUp) return;
    this.#upVenueMs = null;
    this.#tell("down");
  }

  /** Looks again and again until `stop`, never from within this call. */
  protected every(intervalMs: number, look: () => void, firstMs = 0): void {
    const again = (): void => {
      look();
      if (!this.#isStopped) this.#watches.set(look, this.#timers.after(intervalMs, again));
    };
    this.#watches.set(look, this.#timers.after(firstMs, again));
  }

  /** Tells what is left of the budget that the core goes by, where that has changed. */
  protected tellBudget(left: BudgetLeft | null): void {
    if (left === null || left.remaining === this.#budgetLeft) return;
    this.#budgetLeft = left.remaining;
    this.news.event({ kind: "budget", ...this.news.times(), ...left });
  }

  async #begin(session: number): Promise<void> {
    const isReady = await this.prepare();
    if (session !== this.#session) return;
    if (!isReady) {
      this.#cancelBegin = this.#timers.after(BEGIN_AGAIN_MS, () => void this.#begin(session));
      return;
    }
    this.#upVenueMs = this.news.clocks.venueNowMs();
    this.#wasUp = true;
    this.#tell("up");
  }

  #tell(state: ConnectionEvent["state"]): void {
    this.news.event({ kind: "connection", ...this.news.times(), state });
  }
}
