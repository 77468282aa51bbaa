/**
 * PerpConnection: one pair's way to Binance USD-M futures, put together: orders, the private
 * stream, account news, the market and its past, budgets and the dead-man's switch, all told to one
 * listener. It is up while the private stream is heard and orders can be sent, by REST while the
 * WebSocket API is down. Does no I/O but through the parts that it is handed.
 */

import type { BookEvent, MarkEvent } from "#domain/events.ts";
import type { ConnectionStatus, MarketData, VenueListener } from "#ports/venue.ts";
import type { LiveHandlers, TradingApi as LiveTradingApi } from "../binance/live-api.ts";
import type { RulesKeeper } from "../binance/rules-keeper.ts";
import { isNewerTrade } from "../binance/wire.ts";
import { PairConnection, type PairParts } from "../pair-connection.ts";
import { PerpAccount } from "./account.ts";
import { AlgoOrders } from "./algo-orders.ts";
import type { ApiMethod } from "./api.ts";
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
/** A fill that the stream does not tell for so long it does not tell at all. */
const UNTOLD_MS = 3000;

export type TradingApi = LiveTradingApi<ApiMethod>;

/** What is used of UserStream. */
export type PrivateStream = Pick<UserStream, "isReady" | "reconnects" | "start" | "stop" | "renew">;

export interface ConnectionParts extends PairParts {
  readonly market: PerpMarket;
  readonly api: TradingApi;
  readonly stream: PrivateStream;
  readonly feed: MarketData;
  /** See ApiKeyCredentials. */
  readonly deadMansSwitch: boolean;
}

export class PerpConnection extends PairConnection {
  protected readonly account: PerpAccount;
  protected readonly execution: PerpExecution;
  protected readonly feed: MarketData;
  readonly #parts: ConnectionParts;
  readonly #checks: OrderChecks;
  readonly #watch: StreamWatch;
  readonly #deadMan: DeadMansSwitch;
  readonly #rules: RulesKeeper;

  /** Does nothing until `start`. */
  constructor(parts: ConnectionParts) {
    super(parts, isNewerTrade);
    const { api, market, world, sinceTradeId, deadMansSwitch } = parts;
    const { instrument, orders, news } = this;
    const { timers } = world;
    const algos = new AlgoOrders();
    const known = { api, instrument, orders, algos, news };
    const owners = new OrderOwners(known);
    this.#parts = parts;
    this.feed = parts.feed;
    this.#checks = new OrderChecks(market);
    const rules = watchRules({ ...known, market, checks: this.#checks, timers });
    this.#rules = rules;
    this.#watch = new StreamWatch(timers, {
      onMissing: (id, isMute) => this.#onMissing(id, isMute),
    });
    this.account = new PerpAccount({
      ...known,
      owners,
      sinceTradeId,
      timers,
      onHeard: (id) => this.#watch.heard(id),
      onUntold: (venueTimeMs) => this.#onUntold(venueTimeMs),
      query: (id) => this.query(id),
    });
    this.execution = new PerpExecution({
      ...known,
      owners,
      timers,
      checks: this.#checks,
      onPlaced: (id) => {
        if (this.isUp) this.#watch.expect(id);
      },
      onRuleRefusal: () => rules.refresh(),
      onLinked: (realOrderId) => this.account.onLinked(realOrderId),
    });
    const { symbol } = instrument;
    this.#deadMan = new DeadMansSwitch({ ...known, timers, symbol, isWanted: deadMansSwitch });
  }

  override start(listener: VenueListener): void {
    super.start(listener);
    const { api, stream } = this.#parts;
    api.start(this.#handlers());
    stream.start(this.#streamOwner());
    this.#rules.refresh();
    this.every(BUDGET_EVERY_MS, () => this.tellBudget(api.limits.ordersLeft(api.venueNowMs())));
    this.every(SWITCH_EVERY_MS, () => this.#watchSwitch(), SWITCH_EVERY_MS);
  }

  override stop(): void {
    super.stop();
    this.#watch.reset();
    this.#rules.stop();
    this.#deadMan.stop();
    this.#parts.stream.stop();
    this.#parts.api.stop();
  }

  status(): ConnectionStatus {
    const { api, stream } = this.#parts;
    return {
      feed: this.feed.status(),
      trading: this.#trading(),
      reconnects: api.reconnects + stream.reconnects,
      clockOffsetMs: api.clock.offsetMs,
      inFlight: api.inFlight,
      roundTripMs: api.roundTripMs(),
      budgets: api.limits.statuses(),
      deadMansSwitch: this.#deadMan.status(),
      newestTradeId: this.account.newestTradeId,
    };
  }

  protected override onBook(event: BookEvent): void {
    if (this.#rules.isOpen) super.onBook(event);
  }

  protected override onMark(event: MarkEvent): void {
    this.#checks.setMark(event.priceTicks, event.receivedTimeMs);
    super.onMark(event);
  }

  /** Without the WebSocket API it has to be seen that REST is answered. */
  protected override async prepare(): Promise<boolean> {
    return (await super.prepare()) && (this.#parts.api.state === "ready" || (await this.#hears()));
  }

  /** Without the stream orders go all the same, and their news is not heard. */
  #trading(): ConnectionStatus["trading"] {
    const { state } = this.#parts.api;
    if (state === "closed" || (this.isUp && state === "ready")) return state;
    return this.wasUp ? "fallback" : "connecting";
  }

  #handlers(): LiveHandlers {
    return {
      onReady: () => this.#tryToBegin(),
      onLost: (cause) => this.#onLost("trading-lost", `the way for orders is down: ${cause}`),
      onStreamInterrupted: () => this.account.reconcile(),
      // The WebSocket API of futures carries no news of the account.
      onUserEvent: () => {},
      onAlert: (alert) => this.news.pass(alert),
      onClock: (offsetMs) => this.news.event({ kind: "clock", ...this.news.times(), offsetMs }),
    };
  }

  #streamOwner(): StreamOwner {
    return {
      onReady: () => this.#tryToBegin(),
      onLost: (cause) => this.#onLost("stream-lost", `the private stream is down: ${cause}`),
      onInterrupted: () => this.account.reconcile(),
      onMessage: (json, receivedTimeMs) => this.account.onUserEvent(json, receivedTimeMs),
      onTrouble: (code, message) => this.news.alertSometimes("warning", code, message),
    };
  }

  #tryToBegin(): void {
    const { api, stream } = this.#parts;
    if (this.isUp || !stream.isReady || api.state === "connecting") return;
    this.begin();
  }

  async #hears(): Promise<boolean> {
    const answer = await this.#parts.api.call("time", {});
    return answer.kind === "answered" && answer.result !== undefined;
  }

  /** Whatever was under way may be lost; it is up again once there is a way. */
  #onLost(code: string, message: string): void {
    this.#watch.reset();
    this.lost(code, message);
    this.#tryToBegin();
  }

  /** The venue has taken an order, and its stream does not say so. */
  #onMissing(clientOrderId: string, isMute: boolean): void {
    const message = `the venue took ${clientOrderId}, and its stream does not tell of it`;
    this.news.alertSometimes("warning", "stream-mute", message);
    this.query(clientOrderId);
    if (isMute) this.#parts.stream.renew("it told nothing of an order");
    else this.account.reconcile();
  }

  /** A fill of ours is listed, and the stream, though heard since before, does not tell of it. */
  #onUntold(venueTimeMs: number): void {
    const isLate = this.#parts.api.venueNowMs() - venueTimeMs > UNTOLD_MS;
    if (this.upVenueMs === null || !isLate || venueTimeMs < this.upVenueMs + UNTOLD_MS) return;
    const message = "the venue lists a fill of which its stream did not tell";
    this.news.alertSometimes("warning", "stream-mute", message);
    this.#parts.stream.renew("it did not tell of a fill");
  }

  #watchSwitch(): void {
    if (this.wasUp) this.#deadMan.tick();
  }
}
