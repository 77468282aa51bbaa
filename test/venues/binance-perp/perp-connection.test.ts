/**
 * The connection put together: when it is up, what it shows, and what it does about a mute stream.
 */

import { expect, test } from "bun:test";
import { Rng } from "#domain/rng.ts";
import type { VenueListener } from "#ports/venue.ts";
import type { ApiAnswer } from "#venues/binance/api.ts";
import type { LiveHandlers } from "#venues/binance/live-api.ts";
import type { RequestParams } from "#venues/binance/signing.ts";
import type { ApiMethod } from "#venues/binance-perp/api.ts";
import {
  PerpConnection,
  type PrivateStream,
  type TradingApi,
} from "#venues/binance-perp/perp-connection.ts";
import type { StreamOwner } from "#venues/binance-perp/user-stream.ts";
import { ManualTimers } from "../../net/support.ts";
import { FakeFeed } from "../binance-spot/fake-feed.ts";
import {
  AutoApi,
  Heard,
  idOf,
  LOST,
  marketOf,
  NOW_MS,
  ok,
  orderOf,
  PerpVenue,
  refusal,
  reportOf,
  requestOf,
  SUIUSDC,
  turn,
} from "./perp-kit.ts";

/** A way for orders that is there or not, as the test says. */
class FakeApi extends AutoApi<ApiMethod> implements TradingApi {
  state: TradingApi["state"] = "connecting";
  readonly inFlight = 0;
  readonly reconnects = 0;
  readonly clock = { offsetMs: 3 };
  readonly limits = { statuses: () => [], ordersLeft: () => ({ remaining: 200, limit: 300 }) };
  handlers: LiveHandlers | null = null;

  start(handlers: LiveHandlers): void {
    this.handlers = handlers;
  }
  stop(): void {
    this.state = "closed";
  }
  roundTripMs(): null {
    return null;
  }
  connect(): void {
    this.state = "ready";
    this.handlers?.onReady();
  }
  cut(): void {
    this.state = "fallback";
    this.handlers?.onLost("cut by the test");
  }
}

class FakeStream implements PrivateStream {
  isReady = false;
  readonly reconnects = 0;
  readonly renewals: string[] = [];
  owner: StreamOwner | null = null;

  start(owner: StreamOwner): void {
    this.owner = owner;
  }
  stop(): void {
    this.owner = null;
  }
  renew(why: string): void {
    this.renewals.push(why);
    this.cut();
  }
  connect(): void {
    this.isReady = true;
    this.owner?.onReady();
  }
  cut(): void {
    this.isReady = false;
    this.owner?.onLost("cut by the test");
  }
}

class World {
  readonly timers = new ManualTimers();
  readonly venue = new PerpVenue();
  readonly stream = new FakeStream();
  readonly feed = new FakeFeed();
  readonly heard = new Heard();
  symbol: object = SUIUSDC;
  /** Of the venue's time, while it is asked by REST. */
  time: ApiAnswer = ok({ serverTime: NOW_MS });
  /** Of an order; null: it is taken. */
  placing: ApiAnswer | null = null;
  readonly api = new FakeApi((method, params) => this.#answer(method, params));
  readonly connection = new PerpConnection({
    market: marketOf(),
    api: this.api,
    stream: this.stream,
    feed: this.feed,
    history: { prices: () => Promise.resolve([1, 2]) },
    orderPrefix: "mm",
    pairId: "SUI",
    sinceTradeId: null,
    deadMansSwitch: true,
    world: { timers: this.timers, rng: new Rng(1), nowMs: () => this.api.nowMs },
  });

  start(): VenueListener {
    this.connection.start(this.heard);
    return this.heard;
  }

  async pass(ms: number): Promise<void> {
    this.api.nowMs += ms;
    this.timers.advance(ms);
    await turn();
  }

  /** States of the connection told since the last look. */
  async states(): Promise<string[]> {
    await turn();
    const states: string[] = [];
    while (this.heard.events.size > 0) {
      const event = await this.heard.events.next();
      if (event.kind === "connection") states.push(event.state);
    }
    return states;
  }

  async up(): Promise<void> {
    this.start();
    this.api.connect();
    this.stream.connect();
    expect(await this.states()).toEqual(["up"]);
  }

  #answer(method: ApiMethod, params: RequestParams): ApiAnswer {
    if (method === "time") return this.time;
    if (method === "exchangeInfo") return ok({ rateLimits: [], symbols: [this.symbol] });
    if (method === "countdownCancelAll") return ok({});
    if (method !== "order.place") return this.venue.answer(method, params);
    return this.placing ?? ok(orderOf(String(params["newClientOrderId"]), 9001));
  }
}

test("is up once both ways are there and it is known after which trade it begins", async () => {
  const world = new World();
  world.start();
  world.stream.connect();
  expect(await world.states()).toEqual([]);
  expect(world.connection.status().trading).toBe("connecting");
  world.venue.trouble = (method) => (method === "userTrades" ? LOST : null);
  world.api.connect();
  expect(await world.states()).toEqual([]);
  world.venue.trouble = null;
  await world.pass(1000);
  expect(await world.states()).toEqual(["up"]);
  expect(world.connection.status()).toMatchObject({ trading: "ready", clockOffsetMs: 3 });
});

test("without the private stream it is down, although orders could be sent", async () => {
  const world = new World();
  await world.up();
  world.stream.cut();
  expect(await world.states()).toEqual(["down"]);
  expect(world.connection.status().trading).toBe("fallback");
  world.stream.connect();
  expect(await world.states()).toEqual(["up"]);
});

test("without the WebSocket API it is up again once REST is answered", async () => {
  const world = new World();
  await world.up();
  world.time = LOST;
  world.api.cut();
  expect(await world.states()).toEqual(["down"]); // what was under way may be lost
  world.time = ok({ serverTime: NOW_MS });
  await world.pass(1000);
  expect(await world.states()).toEqual(["up"]);
  expect(world.connection.status().trading).toBe("fallback");
  world.api.connect();
  expect(await world.states()).toEqual([]);
  expect(world.connection.status().trading).toBe("ready");
});

test("an order that the stream does not tell of has it made anew", async () => {
  const world = new World();
  await world.up();
  world.connection.place(requestOf(1));
  await turn();
  world.venue.orders.set(9001, orderOf(idOf(1), 9001));
  await world.pass(3000);
  expect(world.stream.renewals).toHaveLength(1);
  expect(world.api.paramsOf("order.status")).toHaveLength(1);
  expect(world.heard.alerts.map(({ code }) => code)).toContain("stream-mute");
});

test("an order that the stream tells of does not", async () => {
  const world = new World();
  await world.up();
  world.connection.place(requestOf(1));
  await turn();
  const json = reportOf(idOf(1), 9001, { x: "NEW", X: "NEW", l: "0", z: "0", t: 0 });
  world.stream.owner?.onMessage(json, NOW_MS);
  await world.pass(3000);
  expect(world.stream.renewals).toEqual([]);
});

test("a fill that is listed, and that the stream does not tell, has it made anew", async () => {
  const world = new World();
  await world.up();
  world.connection.reconcile(); // it is known what the position was
  await turn();
  world.venue.orders.set(9001, orderOf(idOf(1), 9001));
  world.venue.addTrade(501, 9001, { time: NOW_MS + 10_000 });
  world.venue.position = "-1.0";
  await world.pass(12_000);
  world.connection.reconcile();
  await turn();
  expect(world.stream.renewals).toEqual([]); // it may come yet
  world.venue.addTrade(502, 9001, { time: NOW_MS + 11_000 });
  world.venue.position = "-2.0";
  await world.pass(20_000); // the position is read, and no fill explains it
  await world.pass(500);
  expect(world.stream.renewals).toHaveLength(1);
});

test("a fill of while the stream was away does not: it could not tell it", async () => {
  const world = new World();
  await world.up();
  world.stream.cut();
  await world.pass(60_000);
  world.venue.orders.set(9001, orderOf(idOf(1), 9001));
  world.venue.addTrade(501, 9001, { time: NOW_MS + 1000 });
  world.stream.connect();
  await turn();
  world.connection.reconcile();
  await turn();
  expect(await world.states()).toEqual(["down", "up"]);
  expect(world.stream.renewals).toEqual([]);
});

test("shows no book while the symbol takes no orders, and again when it does", async () => {
  const world = new World();
  await world.up();
  const shown = async (): Promise<number[]> => {
    const lots: number[] = [];
    world.feed.show({ bidTicks: 29_990, askTicks: 30_010 }, NOW_MS);
    while (world.heard.events.size > 0) {
      const event = await world.heard.events.next();
      if (event.kind === "book") lots.push(event.bidLots);
    }
    return lots;
  };
  expect(await shown()).toEqual([1000]);
  await world.pass(60_000);
  world.symbol = { ...SUIUSDC, status: "SETTLING" };
  world.placing = refusal(-4140, "Invalid symbol status for opening position.");
  world.connection.place(requestOf(1));
  await turn();
  expect(await shown()).toEqual([0]); // what was shown is taken back, and nothing else is shown
  world.symbol = SUIUSDC;
  await world.pass(3000);
  expect(await shown()).toEqual([1000]);
});

test("stopped, it leaves no timer and tells nothing more", async () => {
  const world = new World();
  await world.up();
  world.connection.stop();
  world.stream.connect();
  world.api.connect();
  expect(await world.states()).toEqual([]);
  expect(world.timers.pending).toBe(0);
});
