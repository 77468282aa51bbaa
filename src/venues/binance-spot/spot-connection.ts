/**
 * SpotConnection: one pair's way to Binance Spot, put together: orders, account news, the market
 * and its past, the venue's rules and budgets, all told to one listener. Does no I/O but through
 * the parts that it is handed.
 */

import { NO_TICKS } from "#domain/book.ts";
import type { BookEvent, ConnectionEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { OrderRequest } from "#domain/order.ts";
import type { CancelTimer } from "#net/timers.ts";
import type {
  ConnectionStatus,
  History,
  MarketData,
  MarketListener,
  VenueConnection,
  VenueListener,
} from "#ports/venue.ts";
import type { FeeRates } from "../binance/exchange-info.ts";
import type { LiveHandlers } from "../binance/live-api.ts";
import { isNewerTrade } from "../binance/wire.ts";
import { VenueNews } from "../news.ts";
import { OwnOrders } from "../own-orders.ts";
import type { VenueWorld } from "../venue.ts";
import { SpotAccount } from "./account.ts";
import type { SpotApi } from "./api.ts";
import { SpotExecution } from "./execution.ts";
import type { SpotMarket } from "./instruments.ts";
import { OrderChecks } from "./order-checks.ts";
import { RulesWatch } from "./rules-watch.ts";

const BUDGET_EVERY_MS = 250;
const BEGIN_AGAIN_MS = 1000;

const NOTHING: CancelTimer = () => {};

/** What is used of LiveBinanceApi. */
export interface TradingApi extends SpotApi, Pick<ConnectionStatus, "inFlight" | "reconnects"> {
  readonly state: ConnectionStatus["trading"];
  readonly clock: { readonly offsetMs: number | null };
  readonly limits: {
    statuses(): ConnectionStatus["budgets"];
    ordersLeft(nowMs: number): { readonly remaining: number; readonly limit: number } | null;
  };
  start(handlers: LiveHandlers): void;
  stop(): void;
  roundTripMs(): ConnectionStatus["roundTripMs"];
}

export interface ConnectionParts {
  readonly market: SpotMarket;
  readonly fees: FeeRates;
  readonly api: TradingApi;
  readonly feed: MarketData;
  readonly history: History;
  readonly orderPrefix: string;
  readonly pairId: string;
  /** See VenueLink. */
  readonly sinceTradeId: string | null;
  readonly world: VenueWorld;
}

export class SpotConnection implements VenueConnection {
  readonly instrument: Instrument;
  readonly #parts: ConnectionParts;
  readonly #news: VenueNews;
  readonly #account: SpotAccount;
  readonly #execution: SpotExecution;
  readonly #rules: RulesWatch;
  #listener: VenueListener | null = null;
  /** Grows with every change of the trading connection: what waited for an older one gives up. */
  #session = 0;
  #isUp = false;
  #ordersLeft = -1;
  #cancelBudget = NOTHING;
  #cancelBegin = NOTHING;

  /** Does nothing until `start`. */
  constructor(parts: ConnectionParts) {
    const { api, market, fees, world, orderPrefix, pairId, sinceTradeId } = parts;
    const { instrument } = market;
    const { timers } = world;
    this.#parts = parts;
    this.instrument = instrument;
    const orders = new OwnOrders(orderPrefix, pairId);
    const checks = new OrderChecks(market);
    const clocks = { nowMs: () => world.nowMs(), venueNowMs: () => api.venueNowMs() };
    const news = new VenueNews(orders, clocks, isNewerTrade);
    const account = new SpotAccount({ api, instrument, orders, news, sinceTradeId });
    const onTrading = (isOpen: boolean): void => this.#onTrading(isOpen);
    const rules = new RulesWatch({ api, market, fees, checks, news, timers, onTrading });
    this.#news = news;
    this.#account = account;
    this.#rules = rules;
    this.#execution = new SpotExecution({
      api,
      instrument,
      orders,
      checks,
      news,
      timers,
      holdings: () => ({ base: account.base, openBuyLots: orders.openBuyLots() }),
      onRuleRefusal: () => rules.refresh(),
    });
  }

  start(listener: VenueListener): void {
    const { api, feed, world } = this.#parts;
    this.#listener = listener;
    this.#news.listen(listener);
    api.start(this.#handlers());
    feed.start(this.#marketListener());
    this.#rules.start();
    // Not from within this call: the listener may not be ready for news before it returns.
    this.#cancelBudget = world.timers.after(0, () => this.#watchBudget());
  }

  stop(): void {
    this.#session += 1;
    this.#listener = null;
    this.#news.listen(null);
    this.#cancelBudget();
    this.#cancelBegin();
    this.#rules.stop();
    this.#account.stop();
    this.#execution.stop();
    this.#parts.feed.stop();
    this.#parts.api.stop();
  }

  status(): ConnectionStatus {
    const { api, feed } = this.#parts;
    return {
      feed: feed.status(),
      trading: api.state,
      reconnects: api.reconnects,
      clockOffsetMs: api.clock.offsetMs,
      inFlight: api.inFlight,
      roundTripMs: api.roundTripMs(),
      budgets: api.limits.statuses(),
      deadMansSwitch: { by: "guardian", reason: "Binance Spot has none" },
      newestTradeId: this.#account.newestTradeId,
    };
  }

  prices(intervalMs: number, count: number): Promise<readonly number[]> {
    return this.#parts.history.prices(intervalMs, count);
  }

  place(request: OrderRequest): void {
    this.#execution.place(request);
  }
  amend(clientOrderId: string, quantityLots: number): void {
    this.#execution.amend(clientOrderId, quantityLots);
  }
  replace(clientOrderId: string, request: OrderRequest): void {
    this.#execution.replace(clientOrderId, request);
  }
  cancel(clientOrderId: string): void {
    this.#execution.cancel(clientOrderId);
  }
  cancelAll(): void {
    this.#execution.cancelAll();
  }
  query(clientOrderId: string): void {
    this.#execution.query(clientOrderId);
  }
  reconcile(): void {
    this.#account.reconcile();
  }

  #handlers(): LiveHandlers {
    return {
      onReady: () => {
        this.#session += 1;
        void this.#begin(this.#session);
      },
      onLost: (cause) => this.#onLost(cause),
      onStreamInterrupted: () => this.#account.reconcile(),
      onUserEvent: (json, receivedTimeMs) => this.#account.onUserEvent(json, receivedTimeMs),
      onAlert: (alert) => this.#listener?.onAlert(alert),
      onClock: (offsetMs) => this.#news.event({ kind: "clock", ...this.#times(), offsetMs }),
    };
  }

  /** Up once it is known after which trade we begin: until then nothing may be sent. */
  async #begin(session: number): Promise<void> {
    const hasBegun = await this.#account.begin();
    if (session !== this.#session) return;
    if (!hasBegun) {
      const { timers } = this.#parts.world;
      this.#cancelBegin = timers.after(BEGIN_AGAIN_MS, () => void this.#begin(session));
      return;
    }
    this.#isUp = true;
    this.#tellConnection("up");
  }

  #onLost(cause: string): void {
    this.#session += 1;
    this.#cancelBegin();
    this.#news.alertSometimes("warning", "trading-lost", `the way for orders is down: ${cause}`);
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#tellConnection("down");
  }

  #marketListener(): MarketListener {
    return {
      // A market that takes no orders has no price to quote around: see onTrading.
      onBook: (event) => {
        if (this.#rules.isOpen) this.#listener?.onEvent(event);
      },
      onTrade: (event) => this.#listener?.onEvent(event),
      onAlive: () => this.#tellConnection("alive"),
      onAlert: (alert) => this.#listener?.onAlert(alert),
    };
  }

  /** An empty book has every quote pulled; books are shown again once orders are taken. */
  #onTrading(isOpen: boolean): void {
    if (isOpen) return;
    const event: BookEvent = {
      kind: "book",
      ...this.#times(),
      bidTicks: NO_TICKS,
      bidLots: 0,
      askTicks: NO_TICKS,
      askLots: 0,
    };
    this.#news.event(event);
  }

  #watchBudget(): void {
    const { api, world } = this.#parts;
    const left = api.limits.ordersLeft(api.venueNowMs());
    if (left !== null && left.remaining !== this.#ordersLeft) {
      this.#ordersLeft = left.remaining;
      this.#news.event({ kind: "budget", ...this.#times(), ...left });
    }
    this.#cancelBudget = world.timers.after(BUDGET_EVERY_MS, () => this.#watchBudget());
  }

  #tellConnection(state: ConnectionEvent["state"]): void {
    this.#news.event({ kind: "connection", ...this.#times(), state });
  }

  #times(): { venueTimeMs: number; receivedTimeMs: number } {
    const { clocks } = this.#news;
    return { venueTimeMs: clocks.venueNowMs(), receivedTimeMs: clocks.nowMs() };
  }
}
