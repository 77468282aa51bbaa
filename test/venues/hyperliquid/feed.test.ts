import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { FeedClient } from "#venues/hyperliquid/feed-client.ts";
import { openFeed } from "#venues/hyperliquid/feed-server.ts";
import type { HlLimits } from "#venues/hyperliquid/limits.ts";
import type { PostOutcome } from "#venues/hyperliquid/socket.ts";
import type { SharedFeed } from "#venues/venue.ts";
import { eventually } from "../../contract/eventually.ts";
import { bboFrame, fillsFrame, HlWire } from "./hl-wire.ts";
import { Ears, freshBudgets, freshLimits, HandWorld, USER, usedOf } from "./socket-subject.ts";

const OTHER_USER = "0x00000000000000000000000000000000000000bb";

let wire: HlWire;
/** Of the feed worker. */
let world: HandWorld;
let feed: SharedFeed;
let limits: HlLimits;
let pairs: Pair[];
beforeEach(() => {
  wire = new HlWire();
  world = new HandWorld();
  const budgets = freshBudgets();
  limits = freshLimits(world, budgets);
  const { wsUrl, restUrl } = wire;
  feed = openFeed({ urls: { restUrl, wsApiUrl: wsUrl, streamUrl: wsUrl }, budgets }, world);
  pairs = [];
});
afterEach(async () => {
  for (const { client } of pairs) client.close();
  feed.stop();
  await wire.stop();
});

/** A pair in a thread of its own, as far as clocks can tell. */
class Pair {
  readonly world = new HandWorld();
  readonly ears = new Ears();
  readonly port: MessagePort;
  readonly client: FeedClient;

  constructor(coin: string, user: string | null = USER) {
    const { port1, port2 } = new MessageChannel();
    this.port = port2;
    this.client = new FeedClient({ coin, user }, port2, this.world);
    pairs.push(this);
    feed.attach(port1);
    this.client.open(this.ears);
  }

  async up(): Promise<this> {
    await this.ears.up();
    return this;
  }

  post(payload = "{}", isCancel = false): Promise<PostOutcome> {
    return this.client.post(payload, 5000, isCancel);
  }

  /** Once all that was said before has been heard at both ends. */
  async settled(): Promise<void> {
    const outcome = this.client.post('"settled"', 5000);
    const post = await wire.posts.next();
    wire.answer(post, { type: "action", payload: null });
    await outcome;
  }
}

function counts(): (number | undefined)[] {
  return ["sockets", "subscriptions", "posts"].map((name) => usedOf(limits, name));
}

/** Lets time pass for the feed and those that live, a second at a time. */
async function live(seconds: number, living: readonly Pair[] = pairs): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    world.timers.advance(1000);
    for (const pair of living) pair.world.timers.advance(1000);
    for (const pair of living) await pair.settled();
  }
}

describe("pairs of one account", () => {
  test("share one socket, each with its market, all with the account's news", async () => {
    const [btc, eth] = [new Pair("BTC"), new Pair("ETH")];
    await Promise.all([btc.up(), eth.up()]);
    expect([wire.dialled, ...counts()]).toEqual([1, 1, 11, 0]);
    world.timers.advance(250);
    wire.tell(bboFrame("ETH"));
    wire.tell(fillsFrame(USER, 1));
    wire.tell(bboFrame("BTC"));
    const receivedTimeMs = world.nowMs();
    expect(await eth.ears.messages.next()).toEqual({ text: bboFrame("ETH"), receivedTimeMs });
    expect(await eth.ears.text()).toBe(fillsFrame(USER, 1));
    expect(await btc.ears.text()).toBe(fillsFrame(USER, 1));
    expect(await btc.ears.text()).toBe(bboFrame("BTC"));
  });

  test("that come later subscribe what is new alone, and the others notice nothing", async () => {
    const first = await new Pair("BTC").up();
    wire.subscribed.clear();
    await new Pair("ETH").up();
    expect(wire.subscribed.size).toBe(4);
    // All that it wants is there already.
    await new Pair("BTC").up();
    expect([wire.subscribed.size, wire.dialled, first.ears.news.size]).toEqual([4, 1, 0]);
  });

  test("that leave end what nobody else wants; with the last one the socket goes", async () => {
    const [btc, other, eth] = [new Pair("BTC"), new Pair("BTC"), new Pair("ETH")];
    await Promise.all([btc.up(), other.up(), eth.up()]);
    eth.client.close();
    await eventually("four are left out", () => counts()[1] === 7);
    btc.client.close();
    await other.settled();
    expect(counts()).toEqual([1, 7, 0]);
    other.client.close();
    await wire.closed.next();
    expect(counts()).toEqual([0, 0, 0]);
  });

  test("are all back after a drop", async () => {
    const [btc, eth] = [new Pair("BTC"), new Pair("ETH")];
    await Promise.all([btc.up(), eth.up()]);
    const outcome = btc.post();
    (await wire.posts.next()).peer.terminate();
    expect(await outcome).toMatchObject({ kind: "unknown" });
    await Promise.all([btc.ears.down(), eth.ears.down()]);
    expect(await btc.post()).toMatchObject({ kind: "not-sent", why: "not-connected" });
    world.timers.advance(200);
    await Promise.all([btc.up(), eth.up()]);
    expect([btc.client.reconnects, wire.dialled]).toEqual([1, 2]);
  });
});

test("each account has a socket of its own, and so have those without", async () => {
  const [first, second, third] = [
    new Pair("BTC"),
    new Pair("BTC", OTHER_USER),
    new Pair("BTC", null),
  ];
  await Promise.all([first.up(), second.up(), third.up()]);
  expect([wire.dialled, ...counts()]).toEqual([3, 3, 18, 0]);
  void second.post();
  const { peer } = await wire.posts.next();
  wire.tell(fillsFrame(OTHER_USER, 2), peer);
  expect(await second.ears.text()).toBe(fillsFrame(OTHER_USER, 2));
  await Promise.all([first.settled(), third.settled()]);
  expect([first.ears.messages.size, third.ears.messages.size]).toEqual([0, 0]);
});

describe("posts", () => {
  test("of all pairs are pipelined, and each hears its own answer", async () => {
    const [btc, eth] = [new Pair("BTC"), new Pair("ETH")];
    await Promise.all([btc.up(), eth.up()]);
    const outcomes = [btc.post('"a"'), eth.post('"b"'), btc.post('"c"')];
    expect([btc.client.inFlight, eth.client.inFlight]).toEqual([2, 1]);
    const posts = [await wire.posts.next(), await wire.posts.next(), await wire.posts.next()];
    expect(new Set(posts.map(({ id }) => id)).size).toBe(3);
    for (const post of posts.toReversed()) {
      wire.answer(post, { type: "action", payload: post.payload });
    }
    expect(await Promise.all(outcomes)).toEqual(
      ["a", "b", "c"].map((payload) => ({ kind: "answered" as const, payload })),
    );
    expect([btc.client.inFlight, ...counts()]).toEqual([0, 1, 11, 0]);
  });

  test("of one pair are bounded, and those of all by the venue's limit", async () => {
    const [btc, eth] = [new Pair("BTC"), new Pair("ETH")];
    await Promise.all([btc.up(), eth.up()]);
    const first = Array.from({ length: 64 }, () => btc.post());
    expect(await btc.post()).toMatchObject({ kind: "not-sent", why: "budget" });
    const second = Array.from({ length: 17 }, () => eth.post());
    expect(await second.at(-1)).toMatchObject({ kind: "not-sent", why: "budget" });
    const cancel = eth.post("{}", true);
    for (let count = 0; count < 81; count += 1) {
      wire.answer(await wire.posts.next(), { type: "action", payload: {} });
    }
    const outcomes = await Promise.all([...first, ...second.slice(0, -1), cancel]);
    expect(outcomes.every(({ kind }) => kind === "answered")).toBe(true);
  });

  test("are late by the feed's clock", async () => {
    const pair = await new Pair("BTC").up();
    const outcome = pair.client.post("{}", 1500);
    await wire.posts.next();
    world.timers.advance(1500);
    expect(await outcome).toEqual({ kind: "unknown", message: "no answer within 1500 ms" });
  });

  test("are late by our own where the feed's stands still", async () => {
    const pair = await new Pair("BTC").up();
    const outcome = pair.client.post("{}", 1500);
    const post = await wire.posts.next();
    pair.world.timers.advance(2500);
    expect(await outcome).toMatchObject({ kind: "unknown" });
    wire.answer(post, { type: "action", payload: {} });
    await pair.settled();
    expect(pair.client.inFlight).toBe(0);
  });
});

test("errors that belong to nobody are told to everybody", async () => {
  const [btc, eth] = [new Pair("BTC"), new Pair("ETH")];
  await Promise.all([btc.up(), eth.up()]);
  wire.error("Cannot track more than 10 total users.");
  expect(await btc.ears.errors.next()).toContain("Cannot track");
  expect(await eth.ears.errors.next()).toContain("Cannot track");
});

test("a channel that is mute has the connection replaced, for all and not for each", async () => {
  const [btc, eth] = [new Pair("BTC"), new Pair("ETH")];
  await Promise.all([btc.up(), eth.up()]);
  btc.client.renew();
  eth.client.renew();
  await eventually("another was dialled", () => wire.dialled === 2);
  await Promise.all([btc.settled(), eth.settled()]);
  expect([wire.dialled, btc.ears.news.size]).toEqual([2, 0]);
});

describe("a feed that falls silent", () => {
  test("takes its pairs down, and takes them up again when it is back", async () => {
    const pair = await new Pair("BTC").up();
    const outcome = pair.post();
    const post = await wire.posts.next();
    for (let second = 0; second < 4; second += 1) pair.world.timers.advance(1000);
    expect(pair.client.isUp).toBe(true);
    pair.world.timers.advance(1000);
    expect(await pair.ears.down()).toContain("nothing was heard of the feed");
    expect(await outcome).toMatchObject({ kind: "unknown" });
    expect(await pair.post()).toMatchObject({ kind: "not-sent", why: "not-connected" });
    // It was only held up: it says that it lives, and the late answer is for nobody.
    wire.answer(post, { type: "action", payload: {} });
    world.timers.advance(1000);
    await pair.up();
    expect([wire.dialled, pair.client.reconnects, pair.client.inFlight]).toEqual([1, 1, 0]);
    await pair.settled();
  });

  test("is not, while it tells that it lives", async () => {
    const pair = await new Pair("BTC").up();
    await live(30);
    expect([pair.ears.news.size, wire.dialled]).toEqual([0, 1]);
  });

  test("for good, and closes its port: the pair is down at once", async () => {
    const pair = await new Pair("BTC").up();
    const outcome = pair.post();
    await wire.posts.next();
    feed.stop();
    expect(await pair.ears.down()).toContain("stopped");
    expect(await outcome).toMatchObject({ kind: "unknown" });
    await wire.closed.next();
    expect(counts()).toEqual([0, 0, 0]);
  });
});

describe("a pair that falls silent", () => {
  test("is dropped after ten seconds, and what it wanted with it", async () => {
    const [dead, alive] = [new Pair("ETH"), new Pair("BTC")];
    await Promise.all([dead.up(), alive.up()]);
    await live(9, [alive]);
    expect(counts()).toEqual([1, 11, 0]);
    await live(2, [alive]);
    expect(counts()).toEqual([1, 7, 0]);
    expect(alive.ears.news.size).toBe(0);
  });

  test("may come back within a minute, and begins anew", async () => {
    const [stalled, alive] = [new Pair("ETH"), new Pair("BTC")];
    await Promise.all([stalled.up(), alive.up()]);
    await live(11, [alive]);
    stalled.world.timers.advance(1000);
    expect(await stalled.ears.down()).toContain("nothing was heard of the pair");
    for (let second = 0; second < 6; second += 1) stalled.world.timers.advance(1000);
    await live(1, [alive]);
    await stalled.up();
    expect(counts()).toEqual([1, 11, 0]);
  });

  test("comes back by itself, though it has not noticed that it was silent", async () => {
    const [stalled, alive] = [new Pair("ETH"), new Pair("BTC")];
    await Promise.all([stalled.up(), alive.up()]);
    await live(11, [alive]);
    expect(counts()).toEqual([1, 7, 0]);
    // To itself it was away for one look: it goes on, and only tells that it lives.
    stalled.world.timers.advance(1000);
    expect(await stalled.ears.down()).toContain("nothing was heard of the pair");
    await stalled.up();
    expect(counts()).toEqual([1, 11, 0]);
    wire.tell(bboFrame("ETH"));
    expect(await stalled.ears.text()).toBe(bboFrame("ETH"));
    await live(12);
    expect(stalled.client.isUp).toBe(true);
  });

  test("has its port closed in the end", async () => {
    const [dead, alive] = [new Pair("ETH"), new Pair("BTC")];
    await Promise.all([dead.up(), alive.up()]);
    const closed = Promise.withResolvers<void>();
    dead.port.addEventListener("close", () => closed.resolve());
    await live(71, [alive]);
    await closed.promise;
  });

  test("and whose port is closed goes at once", async () => {
    const [dead, alive] = [new Pair("ETH"), new Pair("BTC")];
    await Promise.all([dead.up(), alive.up()]);
    dead.port.close();
    await eventually("its subscriptions are ended", () => counts()[1] === 7);
    await alive.settled();
  });
});

test("256 pairs share a feed, and no more", async () => {
  for (let count = 0; count < 256; count += 1) feed.attach(new MessageChannel().port1);
  const pair = new Pair("BTC");
  expect(await pair.ears.errors.next()).toContain("256 pairs");
  expect(wire.dialled).toBe(0);
});
