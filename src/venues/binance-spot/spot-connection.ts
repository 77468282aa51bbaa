/**
 * SpotConnection: one pair's way to Binance Spot, put together: orders, account news, the market
 * and its past, the venue's rules and budgets, all told to one listener. Does no I/O but through
 * the parts that it is handed.
 */

import type { BookEvent } from "#domain/events.ts";
import type { ConnectionStatus, MarketData, VenueListener } from "#ports/venue.ts";
import type { FeeRates } from "../binance/exchange-info.ts";
import type { LiveHandlers, TradingApi as LiveTradingApi } from "../binance/live-api.ts";
import { isNewerTrade } from "../binance/wire.ts";
import { PairConnection, type PairParts } from "../pair-connection.ts";
import { SpotAccount } from "./account.ts";
import type { ApiMethod } from "./api.ts";
import { SpotExecution } from "./execution.ts";
import type { SpotMarket } from "./instruments.ts";
import { OrderChecks } from "./order-checks.ts";
import { RulesWatch } from "./rules-watch.ts";

const BUDGET_EVERY_MS = 250;

export type TradingApi = LiveTradingApi<ApiMethod>;

export interface ConnectionParts extends PairParts {
  readonly market: SpotMarket;
  readonly fees: FeeRates;
  readonly api: TradingApi;
  readonly feed: MarketData;
}

export class SpotConnection extends PairConnection {
  protected readonly account: SpotAccount;
  protected readonly execution: SpotExecution;
  protected readonly feed: MarketData;
  readonly #parts: ConnectionParts;
  readonly #rules: RulesWatch;

  /** Does nothing until `start`. */
  constructor(parts: ConnectionParts) {
    super(parts, isNewerTrade);
    const { api, market, fees, feed, world, sinceTradeId } = parts;
    const { instrument, orders, news } = this;
    const { timers } = world;
    const checks = new OrderChecks(market);
    const account = new SpotAccount({ api, instrument, orders, news, sinceTradeId });
    const rules = new RulesWatch({ api, market, fees, checks, news, timers });
    this.#parts = parts;
    this.#rules = rules;
    this.feed = feed;
    this.account = account;
    this.execution = new SpotExecution({
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

  override start(listener: VenueListener): void {
    super.start(listener);
    const { api } = this.#parts;
    api.start(this.#handlers());
    this.#rules.start();
    this.every(BUDGET_EVERY_MS, () => this.tellBudget(api.limits.ordersLeft(api.venueNowMs())));
  }

  override stop(): void {
    super.stop();
    this.#rules.stop();
    this.#parts.api.stop();
  }

  status(): ConnectionStatus {
    const { api } = this.#parts;
    return {
      feed: this.feed.status(),
      trading: api.state,
      reconnects: api.reconnects,
      clockOffsetMs: api.clock.offsetMs,
      inFlight: api.inFlight,
      roundTripMs: api.roundTripMs(),
      budgets: api.limits.statuses(),
      deadMansSwitch: { by: "guardian", reason: "Binance Spot has none" },
      newestTradeId: this.account.newestTradeId,
    };
  }

  protected override onBook(event: BookEvent): void {
    if (this.#rules.isOpen) super.onBook(event);
  }

  #handlers(): LiveHandlers {
    return {
      onReady: () => this.begin(),
      onLost: (cause) => this.lost("trading-lost", `the way for orders is down: ${cause}`),
      onStreamInterrupted: () => this.account.reconcile(),
      onUserEvent: (json, receivedTimeMs) => this.account.onUserEvent(json, receivedTimeMs),
      onAlert: (alert) => this.news.pass(alert),
      onClock: (offsetMs) => this.news.event({ kind: "clock", ...this.news.times(), offsetMs }),
    };
  }
}
