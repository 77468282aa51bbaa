/** Coming up and going down, and what a connection tells of itself. */

import { describe, expect, test } from "bun:test";
import type { BookEvent } from "#domain/events.ts";
import { Rng } from "#domain/rng.ts";
import type { MarketListener } from "#ports/venue.ts";
import {
  type ConnectionParts,
  HlConnection,
  type MarketFeed,
} from "#venues/hyperliquid/connection.ts";
import type { HlMarketStreamOptions } from "#venues/hyperliquid/market-stream.ts";
import type { HlSocket, PostOutcome, SocketHandlers } from "#venues/hyperliquid/socket.ts";
import { ManualTimers } from "../../net/support.ts";
import { fillsFrame, Venue } from "./account-kit.ts";
import {
  AutoApi,
  done,
  fillOf,
  Heard,
  info,
  marketOf,
  NOW_MS,
  requestOf,
  resting,
  turn,
  UNANSWERED,
  USER,
} from "./hl-kit.ts";

class FakeSocket implements HlSocket {
  handlers: SocketHandlers | null = null;
  isUp = false;
  isClosed = false;
  renewed = 0;
  readonly reconnects = 0;
  readonly inFlight = 0;

  open(handlers: SocketHandlers): void {
    this.handlers = handlers;
  }
  close(): void {
    this.isClosed = true;
    this.isUp = false;
    this.handlers?.onDown("closed");
  }
  renew(): void {
    this.renewed += 1;
  }
  post(): Promise<PostOutcome> {
    throw new Error("a connection posts through its api");
  }
  up(): void {
    this.isUp = true;
    this.handlers?.onUp();
  }
  down(): void {
    this.isUp = false;
    this.handlers?.onDown("cut");
  }
}

class FakeFeed implements MarketFeed {
  readonly options: HlMarketStreamOptions;
  readonly log: string[] = [];
  listener: MarketListener | null = null;

  constructor(options: HlMarketStreamOptions) {
    this.options = options;
  }
  start(listener: MarketListener): void {
    this.listener = listener;
  }
  stop(): void {
    this.listener = null;
    this.log.push("stop");
  }
  status() {
    return { state: "live", messages: 1, resyncs: 0, reconnects: 0 } as const;
  }
  onUp(): void {
    this.log.push("up");
  }
  onDown(): void {
    this.log.push("down");
  }
  onFrame(text: string): boolean {
    return text.includes('"bbo"');
  }
}

function kitOf(venue = new Venue(), rest: Partial<ConnectionParts> = {}) {
  const timers = new ManualTimers();
  const room = { remaining: 9_997, limit: 10_000 };
  const asked = { userRateLimit: { cumVlm: "500.0", nRequestsUsed: 3, nRequestsCap: 10_500 } };
  const api = Object.assign(
    new AutoApi((request) =>
      request.type === "userRateLimit" ? info(asked.userRateLimit) : venue.answer(request),
    ),
    { inFlight: 2, roundTripMs: () => null, budgets: () => [], room: () => ({ ...room }) },
  );
  const socket = new FakeSocket();
  const heard = new Heard();
  let feed: FakeFeed | null = null;
  const clock = {
    offsetMs: null as number | null,
    keepBy: () => () => undefined,
    hasJumped: () => Promise.resolve(false),
  };
  const address = {
    mark: () => 0,
    report: () => undefined,
    onFill: () => undefined,
    claimAsking: () => true,
    volume: 500,
  };
  const connection = new HlConnection({
    market: marketOf(),
    access: { user: USER, deadMansSwitch: true },
    api,
    socket,
    clock,
    address,
    makeFeed: (options) => {
      feed = new FakeFeed(options);
      return feed;
    },
    history: { prices: () => Promise.resolve([1]) },
    deadMan: new SharedArrayBuffer(8),
    orderPrefix: "mm",
    pairId: "SUI1",
    sinceTradeId: null,
    world: { timers, rng: new Rng(1), nowMs: () => NOW_MS },
    ...rest,
  });
  if (feed === null) throw new Error("it made no feed");
  const states = (): string[] => heard.of("connection").map(({ state }) => state);
  return {
    connection,
    api,
    socket,
    heard,
    feed: feed as FakeFeed,
    timers,
    clock,
    venue,
    states,
    room,
  };
}

async function upKit(venue?: Venue) {
  const kit = kitOf(venue);
  kit.connection.start(kit.heard);
  kit.socket.up();
  await turn();
  return kit;
}

describe("a connection", () => {
  test("does nothing before it is started, and tells nothing from within a call", async () => {
    const { connection, api, socket, heard, timers } = kitOf();
    expect([api.log.length, socket.handlers, timers.pending]).toEqual([0, null, 0]);
    connection.start(heard);
    expect(heard.events).toEqual([]);
    await turn();
    expect(connection.status()).toMatchObject({ trading: "connecting", inFlight: 2 });
  });

  test("is up once the socket is, and the moment is known from which fills count", async () => {
    const venue = new Venue();
    venue.trouble = ({ type }) => (type === "clearinghouseState" ? UNANSWERED : null);
    const { connection, heard, timers, states, feed } = await upKit(venue);
    expect(feed.log).toEqual(["up"]);
    expect(states()).toEqual([]);
    venue.trouble = null;
    timers.advance(1000);
    await turn();
    expect(states()).toEqual(["up"]);
    expect(connection.status()).toMatchObject({
      trading: "ready",
      newestTradeId: `|0||${NOW_MS}`,
      deadMansSwitch: { by: "guardian" },
    });
    expect(heard.events.filter(({ kind }) => kind === "account")).toEqual([]);
  });

  test("a loss is told once, and its orders go by REST meanwhile", async () => {
    const { connection, socket, states, heard, feed, api } = await upKit();
    socket.down();
    expect(states()).toEqual(["up", "down"]);
    expect(feed.log).toEqual(["up", "down"]);
    expect(connection.status().trading).toBe("fallback");
    expect(heard.alerts).toMatchObject([{ code: "trading-lost" }]);
    connection.place(requestOf(1));
    await api.sent("order", done(resting(9001)));
    await turn();
    expect(heard.story()).toEqual(["#1 open"]);
    socket.up();
    await turn();
    expect(states()).toEqual(["up", "down", "up"]);
  });

  test("what waited for an older socket does not come up with the next", async () => {
    const venue = new Venue();
    venue.trouble = () => UNANSWERED;
    const { socket, states, timers } = await upKit(venue);
    socket.down();
    venue.trouble = null;
    timers.advance(5000);
    await turn();
    expect(states()).toEqual([]);
  });

  test("warns where the socket is not up after five seconds", async () => {
    const { connection, heard, timers } = kitOf();
    connection.start(heard);
    timers.advance(4900);
    expect(heard.alerts).toEqual([]);
    timers.advance(1200);
    expect(heard.alerts).toMatchObject([{ level: "warning", code: "trading-by-rest" }]);
  });

  test("hands market frames to the feed and the others to the account", async () => {
    const { socket, heard, feed, venue } = await upKit();
    venue.state = { ...venue.state };
    socket.handlers?.onMessage('{"channel":"bbo","data":{}}', NOW_MS);
    socket.handlers?.onMessage(fillsFrame([fillOf({ tid: 1 })]), NOW_MS);
    expect(heard.fills()).toHaveLength(1);
    const book: BookEvent = {
      kind: "book",
      venueTimeMs: NOW_MS,
      receivedTimeMs: NOW_MS,
      bidTicks: 299_990,
      bidLots: 10,
      askTicks: 300_010,
      askLots: 10,
    };
    feed.listener?.onBook(book);
    feed.options.onReference(300_000.5, NOW_MS);
    feed.listener?.onMark?.({
      kind: "mark",
      venueTimeMs: NOW_MS,
      receivedTimeMs: NOW_MS,
      priceTicks: 300_001.5,
      fundingRate: 0.0000125,
      nextFundingMs: NOW_MS + 1,
    });
    feed.listener?.onAlive(NOW_MS);
    expect(heard.events.slice(-4)).toMatchObject([
      { kind: "book" },
      { kind: "reference", priceTicks: 300_000.5 },
      { kind: "mark", priceTicks: 300_001.5 },
      { kind: "connection", state: "alive" },
    ]);
  });

  test("prices a market order off the touch, and refuses it where none is known", async () => {
    const { connection, feed, api, heard } = await upKit();
    const book = { kind: "book", venueTimeMs: 0, receivedTimeMs: 0 } as const;
    feed.listener?.onBook({
      ...book,
      bidTicks: 299_990,
      bidLots: 1,
      askTicks: 300_000,
      askLots: 1,
    });
    const market = { type: "market", postOnly: false, reduceOnly: true, priceTicks: 0 } as const;
    connection.place(requestOf(1, market));
    const { request } = await api.sent("order");
    expect(request.action["orders"]).toMatchObject([{ p: "3.15" }]);
    feed.listener?.onBook({ ...book, bidTicks: 0, bidLots: 0, askTicks: 0, askLots: 0 });
    connection.place(requestOf(2, market));
    await turn();
    expect(heard.story()).toEqual(["#2 rejected: other"]);
  });

  test("a mute feed has the socket renewed", async () => {
    const { feed, socket } = await upKit();
    feed.options.onResubscribe("no book for 5 s");
    expect(socket.renewed).toBe(1);
  });

  test("tells how many requests are left when that changes, and the venue's clock", async () => {
    const { heard, timers, clock, room } = await upKit();
    timers.advance(0);
    clock.offsetMs = 12.5;
    timers.advance(1000);
    timers.advance(1000);
    expect(heard.of("budget")).toMatchObject([{ remaining: 9_997, limit: 10_000 }]);
    expect(heard.of("clock")).toMatchObject([{ offsetMs: 12.5 }]);
    room.remaining -= 5;
    timers.advance(1000);
    expect(heard.of("budget").map(({ remaining }) => remaining)).toEqual([9_997, 9_992]);
  });

  test("after the end nothing is told, and nothing waits", async () => {
    const { connection, socket, heard, timers } = await upKit();
    connection.reconcile();
    const told = heard.events.length;
    connection.stop();
    await turn();
    socket.handlers?.onMessage(fillsFrame([fillOf({ tid: 1 })]), NOW_MS);
    socket.up();
    await turn();
    expect(socket.isClosed).toBe(true);
    expect(heard.events).toHaveLength(told);
    expect(timers.pending).toBe(0);
    expect(connection.status().trading).toBe("closed");
  });
});
