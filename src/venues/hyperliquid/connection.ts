/**
 * HlConnection: one pair's way to Hyperliquid, put together: orders, account news, the market and
 * its past, budgets and the dead-man's switch, all told to one listener. One socket carries the
 * market, the account's news and the actions. Does no I/O but through the parts that it is handed.
 */

import type { BookEvent } from "#domain/events.ts";
import type { CancelTimer } from "#net/timers.ts";
import type { ConnectionStatus, MarketData, VenueListener } from "#ports/venue.ts";
import { PairConnection, type PairParts } from "../pair-connection.ts";
import type { HlAccess } from "./access.ts";
import { HlAccount } from "./account.ts";
import type { AddressBudget } from "./address-budget.ts";
import { AddressWatch } from "./address-watch.ts";
import type { HlApi } from "./api.ts";
import type { HlClock } from "./clock.ts";
import { OwnCloids } from "./cloid.ts";
import { DeadMansSwitch } from "./dead-mans-switch.ts";
import { HlExecution } from "./execution.ts";
import type { HlMarket } from "./instruments.ts";
import type { HlMarketStream, HlMarketStreamOptions } from "./market-stream.ts";
import { OrderKinds } from "./order-kinds.ts";
import { isNewerTrade } from "./responses.ts";
import type { HlSocket, SocketHandlers } from "./socket.ts";

/** Budgets, clock and the dead-man's switch are looked after so often. */
const WATCH_EVERY_MS = 1000;
const DOWN_FOR_LONG_MS = 5000;

/** What is used of LiveHlApi. */
export interface TradingApi extends HlApi, Pick<ConnectionStatus, "inFlight"> {
  roundTripMs(): ConnectionStatus["roundTripMs"];
  budgets(): ConnectionStatus["budgets"];
  room(): { readonly remaining: number; readonly limit: number };
}

/** What is used of HlMarketStream. */
export type MarketFeed = MarketData & Pick<HlMarketStream, "onUp" | "onDown" | "onFrame">;

export interface ConnectionParts extends PairParts {
  readonly market: HlMarket;
  readonly access: Pick<HlAccess, "user" | "deadMansSwitch">;
  readonly api: TradingApi;
  /** Not opened yet. */
  readonly socket: HlSocket;
  readonly clock: Pick<HlClock, "hasJumped" | "keepBy" | "offsetMs">;
  readonly address: Pick<AddressBudget, "mark" | "report" | "claimAsking" | "onFill" | "volume">;
  readonly makeFeed: (options: HlMarketStreamOptions) => MarketFeed;
  /** The account's word of the dead-man's switch: see there. */
  readonly deadMan: SharedArrayBuffer;
}

export class HlConnection extends PairConnection {
  protected readonly account: HlAccount;
  protected readonly execution: HlExecution;
  protected readonly feed: MarketFeed;
  readonly #parts: ConnectionParts;
  readonly #address: AddressWatch;
  readonly #deadMan: DeadMansSwitch;
  /** Reused from book to book. */
  readonly #touch = { bidTicks: 0, askTicks: 0 };
  #hasTouch = false;
  #offsetMs: number | null = null;
  /** Elapsed milliseconds; of the start, before it was up. */
  #lastUpMs = 0;
  #endClock: CancelTimer = () => {};

  /** Does nothing until `start`. */
  constructor(parts: ConnectionParts) {
    super(parts, isNewerTrade);
    const { api, market, access, address, world, orderPrefix, pairId, sinceTradeId } = parts;
    const { instrument, orders, news } = this;
    const { user } = access;
    const { timers } = world;
    this.#parts = parts;
    const cloids = new OwnCloids(orderPrefix, pairId);
    const kinds = new OrderKinds();
    const shared = { api, instrument, user, orders, cloids, kinds, news, timers };
    this.account = new HlAccount({ ...shared, address, sinceTradeId });
    this.execution = new HlExecution({
      ...shared,
      asset: market.asset,
      touch: () => (this.#hasTouch ? this.#touch : null),
      onTooLate: () => this.#onTooLate(),
    });
    this.#address = new AddressWatch({ api, address, news, timers, user });
    this.#deadMan = new DeadMansSwitch({
      api,
      news,
      memory: parts.deadMan,
      isWanted: access.deadMansSwitch,
      onTooLate: () => this.#onTooLate(),
      volume: () => address.volume,
    });
    this.feed = parts.makeFeed({
      instrument,
      onReference: (priceTicks, venueTimeMs) => {
        const receivedTimeMs = news.clocks.nowMs();
        news.event({ kind: "reference", venueTimeMs, receivedTimeMs, priceTicks });
      },
      onResubscribe: () => parts.socket.renew(),
    });
  }

  override start(listener: VenueListener): void {
    const { api, socket, clock, world } = this.#parts;
    this.#lastUpMs = world.timers.elapsedMs();
    super.start(listener);
    socket.open(this.#handlers());
    this.#endClock = clock.keepBy(api, world.timers, (message) =>
      this.news.alertSometimes("info", "clock-unanswered", message),
    );
    this.#address.start();
    this.every(WATCH_EVERY_MS, () => this.#watch());
  }

  override stop(): void {
    super.stop();
    this.#endClock();
    this.#address.stop();
    this.#deadMan.stop();
    this.#parts.socket.close();
  }

  status(): ConnectionStatus {
    const { api, socket, clock } = this.#parts;
    return {
      feed: this.feed.status(),
      trading: this.#trading(),
      reconnects: socket.reconnects,
      clockOffsetMs: clock.offsetMs,
      inFlight: api.inFlight,
      roundTripMs: api.roundTripMs(),
      budgets: api.budgets(),
      deadMansSwitch: this.#deadMan.status(),
      newestTradeId: this.account.newestTradeId,
    };
  }

  protected override onBook(event: BookEvent): void {
    this.#noteTouch(event);
    super.onBook(event);
  }

  /** While the socket is down orders go by REST, unheard by the account's stream. */
  #trading(): ConnectionStatus["trading"] {
    if (this.isStopped) return "closed";
    if (this.isUp) return "ready";
    return this.wasUp ? "fallback" : "connecting";
  }

  #handlers(): SocketHandlers {
    return {
      onUp: () => {
        if (this.isStopped) return;
        this.feed.onUp();
        this.begin();
      },
      onDown: (cause) => this.#onDown(cause),
      onMessage: (text, receivedTimeMs) => {
        if (this.isStopped) return;
        if (!this.feed.onFrame(text, receivedTimeMs)) this.account.onFrame(text);
      },
      onError: (message) => this.news.alertSometimes("warning", "venue-error", message),
    };
  }

  #onDown(cause: string): void {
    if (this.isStopped) return;
    this.feed.onDown();
    this.account.noteGap();
    this.lost("trading-lost", `the socket is down: ${cause}`);
  }

  /** For market orders. */
  #noteTouch({ bidTicks, bidLots, askTicks, askLots }: BookEvent): void {
    this.#touch.bidTicks = bidTicks;
    this.#touch.askTicks = askTicks;
    this.#hasTouch = bidLots > 0 && askLots > 0;
  }

  async #onTooLate(): Promise<boolean> {
    const { clock, api } = this.#parts;
    const hasJumped = await clock.hasJumped(api);
    this.#tellClock();
    return hasJumped;
  }

  #tellClock(): void {
    const { offsetMs } = this.#parts.clock;
    if (offsetMs === null || offsetMs === this.#offsetMs) return;
    this.#offsetMs = offsetMs;
    this.news.event({ kind: "clock", ...this.news.times(), offsetMs });
  }

  /** Without the socket nothing is heard of the account, so nothing may be quoted. */
  #watchSocket(): void {
    const { socket, world } = this.#parts;
    const nowMs = world.timers.elapsedMs();
    if (socket.isUp) this.#lastUpMs = nowMs;
    if (nowMs - this.#lastUpMs < DOWN_FOR_LONG_MS) return;
    const message = "the socket does not come up: orders go by REST, and their news is not heard";
    this.news.alertSometimes("warning", "trading-by-rest", message);
  }

  #watch(): void {
    this.#tellClock();
    this.#watchSocket();
    this.tellBudget(this.#parts.api.room());
    if (this.isUp) this.#deadMan.tick();
  }
}
