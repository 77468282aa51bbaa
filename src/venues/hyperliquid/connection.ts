/**
 * HlConnection: one pair's way to Hyperliquid, put together: orders, account news, the market and
 * its past, budgets and the dead-man's switch, all told to one listener. One socket carries the
 * market, the account's news and the actions. Does no I/O but through the parts that it is handed.
 */

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
import { VenueNews } from "../news.ts";
import { OwnOrders } from "../own-orders.ts";
import type { VenueWorld } from "../venue.ts";
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
const BEGIN_AGAIN_MS = 1000;
const DOWN_FOR_LONG_MS = 5000;

const NOTHING: CancelTimer = () => {};

/** What is used of LiveHlApi. */
export interface TradingApi extends HlApi, Pick<ConnectionStatus, "inFlight"> {
  roundTripMs(): ConnectionStatus["roundTripMs"];
  budgets(): ConnectionStatus["budgets"];
  room(): { readonly remaining: number; readonly limit: number };
}

/** What is used of HlMarketStream. */
export type MarketFeed = MarketData & Pick<HlMarketStream, "onUp" | "onDown" | "onFrame">;

export interface ConnectionParts {
  readonly market: HlMarket;
  readonly access: Pick<HlAccess, "user" | "deadMansSwitch">;
  readonly api: TradingApi;
  /** Not opened yet. */
  readonly socket: HlSocket;
  readonly clock: Pick<HlClock, "hasJumped" | "keepBy" | "offsetMs">;
  readonly address: Pick<AddressBudget, "mark" | "report" | "claimAsking" | "onFill" | "volume">;
  readonly makeFeed: (options: HlMarketStreamOptions) => MarketFeed;
  readonly history: History;
  /** The account's word of the dead-man's switch: see there. */
  readonly deadMan: SharedArrayBuffer;
  readonly orderPrefix: string;
  readonly pairId: string;
  /** See VenueLink. */
  readonly sinceTradeId: string | null;
  readonly world: VenueWorld;
}

export class HlConnection implements VenueConnection {
  readonly instrument: Instrument;
  readonly #parts: ConnectionParts;
  readonly #feed: MarketFeed;
  readonly #news: VenueNews;
  readonly #account: HlAccount;
  readonly #execution: HlExecution;
  readonly #address: AddressWatch;
  readonly #deadMan: DeadMansSwitch;
  #isClosed = false;
  /** Grows with every change of the socket: what waited for an older one gives up. */
  #session = 0;
  #isUp = false;
  #wasUp = false;
  /** Reused from book to book. */
  readonly #touch = { bidTicks: 0, askTicks: 0 };
  #hasTouch = false;
  #budgetLeft = -1;
  #offsetMs: number | null = null;
  /** Elapsed milliseconds; of the start, before it was up. */
  #lastUpMs = 0;
  #cancelWatch = NOTHING;
  #cancelBegin = NOTHING;
  #endClock = NOTHING;

  /** Does nothing until `start`. */
  constructor(parts: ConnectionParts) {
    const { api, market, access, address, world } = parts;
    const { orderPrefix, pairId, sinceTradeId } = parts;
    const { instrument, asset } = market;
    const { user } = access;
    const { timers } = world;
    this.#parts = parts;
    this.instrument = instrument;
    const orders = new OwnOrders(orderPrefix, pairId);
    const cloids = new OwnCloids(orderPrefix, pairId);
    const kinds = new OrderKinds();
    const clocks = { nowMs: () => world.nowMs(), venueNowMs: () => api.venueNowMs() };
    const news = new VenueNews(orders, clocks, isNewerTrade);
    const shared = { api, instrument, user, orders, cloids, kinds, news, timers };
    this.#news = news;
    this.#account = new HlAccount({ ...shared, address, sinceTradeId });
    this.#execution = new HlExecution({
      ...shared,
      asset,
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
    this.#feed = parts.makeFeed({
      instrument,
      onReference: (priceTicks, venueTimeMs) => {
        const receivedTimeMs = clocks.nowMs();
        news.event({ kind: "reference", venueTimeMs, receivedTimeMs, priceTicks });
      },
      onResubscribe: () => parts.socket.renew(),
    });
  }

  start(listener: VenueListener): void {
    const { api, socket, clock, world } = this.#parts;
    this.#lastUpMs = world.timers.elapsedMs();
    this.#news.listen(listener);
    this.#feed.start(this.#marketListener(listener));
    socket.open(this.#handlers());
    this.#endClock = clock.keepBy(api, world.timers, (message) =>
      this.#news.alertSometimes("info", "clock-unanswered", message),
    );
    this.#address.start();
    // Not from within this call: the listener may not be ready for news before it returns.
    this.#cancelWatch = world.timers.after(0, () => this.#watch());
  }

  stop(): void {
    this.#session += 1;
    this.#isClosed = true;
    this.#news.listen(null);
    this.#cancelWatch();
    this.#cancelBegin();
    this.#endClock();
    this.#address.stop();
    this.#account.stop();
    this.#execution.stop();
    this.#deadMan.stop();
    this.#feed.stop();
    this.#parts.socket.close();
  }

  status(): ConnectionStatus {
    const { api, socket, clock } = this.#parts;
    return {
      feed: this.#feed.status(),
      trading: this.#trading(),
      reconnects: socket.reconnects,
      clockOffsetMs: clock.offsetMs,
      inFlight: api.inFlight,
      roundTripMs: api.roundTripMs(),
      budgets: api.budgets(),
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

  /** While the socket is down orders go by REST, unheard by the account's stream. */
  #trading(): ConnectionStatus["trading"] {
    if (this.#isClosed) return "closed";
    if (this.#isUp) return "ready";
    return this.#wasUp ? "fallback" : "connecting";
  }

  #handlers(): SocketHandlers {
    return {
      onUp: () => {
        if (this.#isClosed) return;
        this.#session += 1;
        this.#feed.onUp();
        void this.#begin(this.#session);
      },
      onDown: (cause) => this.#onDown(cause),
      onMessage: (text, receivedTimeMs) => {
        if (this.#isClosed) return;
        if (!this.#feed.onFrame(text, receivedTimeMs)) this.#account.onFrame(text);
      },
      onError: (message) => this.#news.alertSometimes("warning", "venue-error", message),
    };
  }

  /** Up once it is known after which moment fills count: until then nothing may be sent. */
  async #begin(session: number): Promise<void> {
    const hasBegun = await this.#account.begin();
    if (session !== this.#session) return;
    if (!hasBegun) {
      const { timers } = this.#parts.world;
      this.#cancelBegin = timers.after(BEGIN_AGAIN_MS, () => void this.#begin(session));
      return;
    }
    this.#isUp = true;
    this.#wasUp = true;
    this.#tellConnection("up");
  }

  #onDown(cause: string): void {
    if (this.#isClosed) return;
    this.#session += 1;
    this.#cancelBegin();
    this.#news.alertSometimes("warning", "trading-lost", `the socket is down: ${cause}`);
    this.#feed.onDown();
    this.#account.noteGap();
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#tellConnection("down");
  }

  #marketListener(listener: VenueListener): MarketListener {
    return {
      onBook: (event) => {
        this.#noteTouch(event);
        listener.onEvent(event);
      },
      onTrade: (event) => listener.onEvent(event),
      onMark: (event) => listener.onEvent(event),
      onAlive: () => this.#tellConnection("alive"),
      onAlert: (alert) => listener.onAlert(alert),
    };
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
    this.#news.event({ kind: "clock", ...this.#times(), offsetMs });
  }

  /** Without the socket nothing is heard of the account, so nothing may be quoted. */
  #watchSocket(): void {
    const { socket, world } = this.#parts;
    const nowMs = world.timers.elapsedMs();
    if (socket.isUp) this.#lastUpMs = nowMs;
    if (nowMs - this.#lastUpMs < DOWN_FOR_LONG_MS) return;
    const message = "the socket does not come up: orders go by REST, and their news is not heard";
    this.#news.alertSometimes("warning", "trading-by-rest", message);
  }

  #watch(): void {
    const { api, world } = this.#parts;
    this.#tellClock();
    this.#watchSocket();
    const room = api.room();
    if (room.remaining !== this.#budgetLeft) {
      this.#budgetLeft = room.remaining;
      this.#news.event({ kind: "budget", ...this.#times(), ...room });
    }
    if (this.#isUp) this.#deadMan.tick();
    this.#cancelWatch = world.timers.after(WATCH_EVERY_MS, () => this.#watch());
  }

  #tellConnection(state: ConnectionEvent["state"]): void {
    this.#news.event({ kind: "connection", ...this.#times(), state });
  }

  #times(): { venueTimeMs: number; receivedTimeMs: number } {
    const { clocks } = this.#news;
    return { venueTimeMs: clocks.venueNowMs(), receivedTimeMs: clocks.nowMs() };
  }
}
