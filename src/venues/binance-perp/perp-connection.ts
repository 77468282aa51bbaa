/**
 * PerpConnection: one pair's way to Binance USD-M futures, put together: orders, the private
 * stream, account news, the market and its past, budgets and the dead-man's switch, all told to one
 * listener. It is up while the private stream is heard and orders can be sent, by REST while the
 * WebSocket API is down. Does no I/O but through the parts that it is handed.
 */

import { NO_TICKS } from "#domain/book.ts";
import type { ConnectionEvent } from "#domain/events.ts";
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
import type { LiveHandlers } from "../binance/live-api.ts";
import type { RulesKeeper } from "../binance/rules-keeper.ts";
import { isNewerTrade } from "../binance/wire.ts";
import { VenueNews } from "../news.ts";
import { OwnOrders } from "../own-orders.ts";
import type { VenueWorld } from "../venue.ts";
import { PerpAccount } from "./account.ts";
import { AlgoOrders } from "./algo-orders.ts";
import type { PerpApi } from "./api.ts";
import { DeadMansSwitch } from "./dead-mans-switch.ts";
import { PerpExecution } from "./execution.ts";
import type { PerpMarket } from "./instruments.ts";
import { OrderChecks } from "./order-checks.ts";
import { OrderOwners } from "./order-owners.ts";
import { watchRules } from "./rules-watch.ts";
import { StreamWatch } from "./stream-watch.ts";
import type { StreamOwner, UserStream } from "./user-stream.ts";

const BUDGET_EVERY_MS = 250;
const SWITCH_EVERY_MS = 1000;
const BEGIN_AGAIN_MS = 1000;

const NOTHING: CancelTimer = () => {};

/** What is used of LiveBinanceApi. */
export interface TradingApi extends PerpApi, Pick<ConnectionStatus, "inFlight" | "reconnects"> {
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

/** What is used of UserStream. */
export type PrivateStream = Pick<UserStream, "isReady" | "reconnects" | "start" | "stop" | "renew">;

export interface ConnectionParts {
  readonly market: PerpMarket;
  readonly api: TradingApi;
  readonly stream: PrivateStream;
  readonly feed: MarketData;
  readonly history: History;
  readonly orderPrefix: string;
  readonly pairId: string;
  /** See VenueLink. */
  readonly sinceTradeId: string | null;
  /** See ApiKeyCredentials. */
  readonly deadMansSwitch: boolean;
  readonly world: VenueWorld;
}

export class PerpConnection implements VenueConnection {
  readonly instrument: Instrument;
  readonly #parts: ConnectionParts;
  readonly #news: VenueNews;
  readonly #checks: OrderChecks;
  readonly #account: PerpAccount;
  readonly #execution: PerpExecution;
  readonly #watch: StreamWatch;
  readonly #deadMan: DeadMansSwitch;
  readonly #rules: RulesKeeper;
  #listener: VenueListener | null = null;
  /** Grows with every change of the stream: what waited for an older one gives up. */
  #session = 0;
  #isUp = false;
  #wasUp = false;
  #ordersLeft = -1;
  #cancelBudget = NOTHING;
  #cancelSwitch = NOTHING;
  #cancelBegin = NOTHING;

  /** Does nothing until `start`. */
  constructor(parts: ConnectionParts) {
    const { api, market, world, orderPrefix, pairId, sinceTradeId, deadMansSwitch } = parts;
    const { instrument } = market;
    const { timers } = world;
    this.#parts = parts;
    this.instrument = instrument;
    const orders = new OwnOrders(orderPrefix, pairId);
    const algos = new AlgoOrders();
    const clocks = { nowMs: () => world.nowMs(), venueNowMs: () => api.venueNowMs() };
    const news = new VenueNews(orders, clocks, isNewerTrade);
    const known = { api, instrument, orders, algos, news };
    const owners = new OrderOwners(known);
    this.#news = news;
    this.#checks = new OrderChecks(market);
    const rules = watchRules({
      ...known,
      market,
      checks: this.#checks,
      timers,
      onTrading: (isOpen) => this.#onTrading(isOpen),
    });
    this.#rules = rules;
    this.#watch = new StreamWatch(timers, {
      onMissing: (id, isMute) => this.#onMissing(id, isMute),
    });
    this.#account = new PerpAccount({
      ...known,
      owners,
      sinceTradeId,
      timers,
      onHeard: (id) => this.#watch.heard(id),
      query: (id) => this.query(id),
    });
    this.#execution = new PerpExecution({
      ...known,
      owners,
      timers,
      checks: this.#checks,
      onPlaced: (id) => {
        if (this.#isUp) this.#watch.expect(id);
      },
      onRuleRefusal: () => rules.refresh(),
      onLinked: (realOrderId) => this.#account.onLinked(realOrderId),
    });
    const { symbol } = instrument;
    this.#deadMan = new DeadMansSwitch({ ...known, symbol, isWanted: deadMansSwitch });
  }

  start(listener: VenueListener): void {
    const { api, stream, feed, world } = this.#parts;
    this.#listener = listener;
    this.#news.listen(listener);
    api.start(this.#handlers());
    stream.start(this.#streamOwner());
    feed.start(this.#marketListener());
    this.#rules.refresh();
    // Not from within this call: the listener may not be ready for news before it returns.
    this.#cancelBudget = world.timers.after(0, () => this.#watchBudget());
    this.#cancelSwitch = world.timers.after(SWITCH_EVERY_MS, () => this.#watchSwitch());
  }

  stop(): void {
    this.#session += 1;
    this.#listener = null;
    this.#news.listen(null);
    this.#cancelBudget();
    this.#cancelSwitch();
    this.#cancelBegin();
    this.#watch.reset();
    this.#rules.stop();
    this.#account.stop();
    this.#execution.stop();
    this.#deadMan.stop();
    this.#parts.feed.stop();
    this.#parts.stream.stop();
    this.#parts.api.stop();
  }

  status(): ConnectionStatus {
    const { api, stream, feed } = this.#parts;
    return {
      feed: feed.status(),
      trading: this.#trading(),
      reconnects: api.reconnects + stream.reconnects,
      clockOffsetMs: api.clock.offsetMs,
      inFlight: api.inFlight,
      roundTripMs: api.roundTripMs(),
      budgets: api.limits.statuses(),
      deadMansSwitch: this.#deadMan.status(),
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

  /** Without the stream orders go all the same, and their news is not heard. */
  #trading(): ConnectionStatus["trading"] {
    const { state } = this.#parts.api;
    if (state === "closed" || (this.#isUp && state === "ready")) return state;
    return this.#wasUp ? "fallback" : "connecting";
  }

  #handlers(): LiveHandlers {
    return {
      onReady: () => this.#tryToBegin(),
      onLost: (cause) => this.#onLost("trading-lost", `the way for orders is down: ${cause}`),
      onStreamInterrupted: () => this.#account.reconcile(),
      // The WebSocket API of futures carries no news of the account.
      onUserEvent: () => {},
      onAlert: (alert) => this.#listener?.onAlert(alert),
      onClock: (offsetMs) => this.#news.event({ kind: "clock", ...this.#times(), offsetMs }),
    };
  }

  #streamOwner(): StreamOwner {
    return {
      onReady: () => this.#tryToBegin(),
      onLost: (cause) => this.#onLost("stream-lost", `the private stream is down: ${cause}`),
      onInterrupted: () => this.#account.reconcile(),
      onMessage: (json, receivedTimeMs) => this.#account.onUserEvent(json, receivedTimeMs),
      onTrouble: (code, message) => this.#news.alertSometimes("warning", code, message),
    };
  }

  #tryToBegin(): void {
    const { api, stream } = this.#parts;
    if (this.#isUp || !stream.isReady || api.state === "connecting") return;
    this.#session += 1;
    this.#cancelBegin();
    void this.#begin(this.#session);
  }

  /**
   * Up once it is known after which trade we begin: until then nothing may be sent. Without the
   * WebSocket API it has to be seen that REST is answered.
   */
  async #begin(session: number): Promise<void> {
    const { api, world } = this.#parts;
    const hasBegun =
      (await this.#account.begin()) && (api.state === "ready" || (await this.#hears()));
    if (session !== this.#session) return;
    if (!hasBegun) {
      this.#cancelBegin = world.timers.after(BEGIN_AGAIN_MS, () => void this.#begin(session));
      return;
    }
    this.#isUp = true;
    this.#wasUp = true;
    this.#tellConnection("up");
  }

  async #hears(): Promise<boolean> {
    const answer = await this.#parts.api.call("time", {});
    return answer.kind === "answered" && answer.result !== undefined;
  }

  /** Whatever was under way may be lost; it is up again once there is a way. */
  #onLost(code: string, message: string): void {
    this.#session += 1;
    this.#cancelBegin();
    this.#watch.reset();
    this.#news.alertSometimes("warning", code, message);
    if (this.#isUp) {
      this.#isUp = false;
      this.#tellConnection("down");
    }
    this.#tryToBegin();
  }

  /** The venue has taken an order, and its stream does not say so. */
  #onMissing(clientOrderId: string, isMute: boolean): void {
    const message = `the venue took ${clientOrderId}, and its stream does not tell of it`;
    this.#news.alertSometimes("warning", "stream-mute", message);
    this.query(clientOrderId);
    if (isMute) this.#parts.stream.renew("it told nothing of an order");
    else this.#account.reconcile();
  }

  #marketListener(): MarketListener {
    return {
      // A market that takes no orders has no price to quote around: see onTrading.
      onBook: (event) => {
        if (this.#rules.isOpen) this.#listener?.onEvent(event);
      },
      onTrade: (event) => this.#listener?.onEvent(event),
      onMark: (event) => {
        this.#checks.setMark(event.priceTicks, event.receivedTimeMs);
        this.#listener?.onEvent(event);
      },
      onAlive: () => this.#tellConnection("alive"),
      onAlert: (alert) => this.#listener?.onAlert(alert),
    };
  }

  /** An empty book has every quote pulled; books are shown again once orders are taken. */
  #onTrading(isOpen: boolean): void {
    if (isOpen) return;
    const none = { bidTicks: NO_TICKS, bidLots: 0, askTicks: NO_TICKS, askLots: 0 };
    this.#news.event({ kind: "book", ...this.#times(), ...none });
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

  #watchSwitch(): void {
    if (this.#wasUp) this.#deadMan.tick();
    const { timers } = this.#parts.world;
    this.#cancelSwitch = timers.after(SWITCH_EVERY_MS, () => this.#watchSwitch());
  }

  #tellConnection(state: ConnectionEvent["state"]): void {
    this.#news.event({ kind: "connection", ...this.#times(), state });
  }

  #times(): { venueTimeMs: number; receivedTimeMs: number } {
    const { clocks } = this.#news;
    return { venueTimeMs: clocks.venueNowMs(), receivedTimeMs: clocks.nowMs() };
  }
}
