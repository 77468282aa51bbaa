/** More pairs than sockets: who has its own, who shares, and what becomes of those who share. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type FakeFeed, perpPair, rejection, Stage, settled } from "./supervision.ts";

const COINS = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"];
const OWN = COINS.slice(0, 8);
const SHARED = COINS.slice(8);

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.dispose());

function pairs(ids: readonly string[] = COINS): ReturnType<typeof perpPair>[] {
  return ids.map((id) => perpPair(id));
}

function feedOf(id: string): MessagePort | null {
  return stage.worker(id).start.quote.feed;
}

/** Ids of those whose newest worker shares, in the config's order. */
function sharing(ids: readonly string[] = COINS): string[] {
  return ids.filter((id) => feedOf(id) !== null);
}

function onlyFeed(): FakeFeed {
  const [feed, ...others] = stage.feeds;
  if (feed === undefined || others.length > 0) throw new Error("one feed worker was expected");
  return feed;
}

/** Lets time pass while the newest feed worker and all pair workers give signs of life. */
async function passAlive(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    stage.feeds.at(-1)?.say({ kind: "alive" });
    for (const worker of stage.workers) if (!worker.isClosed) worker.tell(worker.state);
    await stage.pass(500);
  }
}

function logged(event: string): string[] {
  return stage.log.flatMap((entry) => (entry.event === event ? [entry.message] : []));
}

describe("twelve pairs at one address that allows eight sockets", () => {
  beforeEach(() => stage.start(pairs()));

  test("eight have their own, four share those of one feed worker", () => {
    expect(sharing()).toEqual(SHARED);
    const feed = onlyFeed();
    expect(feed.name).toBe("feed-hyperliquid");
    const [open, ...rest] = feed.received;
    expect(open).toEqual({
      kind: "open",
      venue: "hyperliquid",
      options: { urls: stage.perps.module.urls, budgets: { specs: [], memory: expect.anything() } },
    });
    expect(rest.map(({ kind }) => kind)).toEqual(["attach", "attach", "attach", "attach"]);
    // A port that is named in the message and not transferred would never arrive.
    for (const [index, message] of feed.received.entries()) {
      expect(feed.ports[index]).toEqual(message.kind === "attach" ? [message.port] : []);
    }
  });

  test("what a pair is handed is the other end of what the feed has", async () => {
    const [, first] = onlyFeed().received;
    if (first?.kind !== "attach") throw new Error("no port was handed over");
    const heard = Promise.withResolvers<unknown>();
    const ours = feedOf("I");
    if (ours === null) throw new Error("the pair shares nothing");
    ours.addEventListener("message", ({ data }) => heard.resolve(data));
    ours.start();
    first.port.postMessage("hello", []);
    expect(await heard.promise).toBe("hello");
    ours.close();
  });

  test("a pair keeps its sockets through a restart", async () => {
    stage.worker("A").error("it broke");
    stage.worker("L").error("it broke");
    await passAlive(3_000);
    expect(stage.workers).toHaveLength(14);
    expect(sharing()).toEqual(SHARED);
    // The new worker of L has a new port at the same feed worker.
    expect(onlyFeed().attached).toBe(5);
  });

  test("one that leaves gives its sockets to the next that starts", async () => {
    stage.write(pairs(COINS.filter((id) => id !== "A")));
    await stage.supervisor.reload();
    expect(sharing(COINS.slice(1))).toEqual(SHARED);
    stage.worker("J").error("it broke");
    await passAlive(3_000);
    expect(sharing(COINS.slice(1))).toEqual(["I", "K", "L"]);
  });

  test("a feed worker that nobody needs any more is stopped", async () => {
    const feed = onlyFeed();
    stage.write(pairs(OWN));
    await stage.supervisor.reload();
    await settled();
    expect(feed.received.at(-1)).toEqual({ kind: "stop" });
    expect(feed.isClosed).toBe(true);
    expect(logged("feed-lost")).toEqual([]);
    // Those who come later have another.
    stage.write(pairs());
    await stage.supervisor.reload();
    expect(stage.feeds).toHaveLength(2);
    expect(stage.feeds[1]?.attached).toBe(4);
  });

  test("the end of the program ends it, after the pairs", async () => {
    const feed = onlyFeed();
    const stopped = stage.supervisor.stop();
    expect(feed.received.at(-1)?.kind).toBe("attach");
    expect((await stopped).isClean).toBe(true);
    expect(feed.received.at(-1)).toEqual({ kind: "stop" });
    expect(feed.isClosed).toBe(true);
    expect(stage.timers.pending).toBe(0);
  });

  test("one that does not stop is ended after a second", async () => {
    const feed = onlyFeed();
    feed.isObedient = false;
    const stopped = stage.supervisor.stop();
    await stage.pass(1_500);
    expect((await stopped).isClean).toBe(true);
    expect(feed.isClosed).toBe(true);
  });
});

describe("a feed worker that is lost", () => {
  beforeEach(() => stage.start(pairs()));

  async function expectReplaced(): Promise<void> {
    await passAlive(10_000);
    expect(stage.feeds.length).toBe(2);
    expect(stage.feeds[1]?.attached).toBe(4);
    // Its pairs were swept and started anew; those with sockets of their own never noticed.
    expect(stage.workers.slice(12).map(({ name }) => name)).toEqual(
      expect.arrayContaining(SHARED.map((id) => `pair-${id}`)),
    );
    expect(stage.workers).toHaveLength(16);
    expect(stage.perps.sweeps.toSorted()).toEqual(SHARED);
    expect(sharing()).toEqual(SHARED);
    expect(stage.supervisor.readiness()).toEqual({ ready: true, reasons: [] });
  }

  test("by a failure of its own", async () => {
    const error = { code: "unexpected", message: "it broke" };
    onlyFeed().say({ kind: "failed", error, stack: "at feed" });
    await expectReplaced();
    expect(logged("feed-failed")).toEqual(["it broke"]);
    expect(logged("feed-lost")).toEqual(["the feed worker ended: it broke"]);
    expect(logged("worker-lost")).toEqual(
      SHARED.map(() => "its worker ended: the feed worker that it shared ended: it broke"),
    );
  });

  test("because its thread is gone", async () => {
    onlyFeed().close();
    await expectReplaced();
  });

  test("because nothing was heard of it for five seconds", async () => {
    const feed = onlyFeed();
    feed.say({ kind: "alive" });
    for (let second = 0; second < 4; second += 1) {
      for (const worker of stage.workers) worker.tell("quoting");
      await stage.pass(1_000);
    }
    expect(feed.isClosed).toBe(false);
    for (const worker of stage.workers) worker.tell("quoting");
    await stage.pass(1_000);
    expect(feed.isClosed).toBe(true);
    expect(logged("feed-lost")).toEqual([
      "the feed worker ended: it hangs: nothing was heard of it for 5 s",
    ]);
    await expectReplaced();
  });

  test("again and again is started later and later", async () => {
    for (let minute = 0; minute < 600; minute += 1) {
      for (const feed of stage.feeds) feed.close();
      await passAlive(500);
    }
    // Five minutes: a fixed delay of a second would have made some three hundred.
    expect(stage.feeds.length).toBeGreaterThan(3);
    expect(stage.feeds.length).toBeLessThan(60);
  });
});

test("paper pairs share too, and other venues never do", async () => {
  const paper = COINS.map((id) => {
    const quote = { venue: "hyperliquid", symbol: id };
    return perpPair(id, { mode: "paper", quote });
  });
  await stage.start(paper);
  expect(sharing()).toEqual(SHARED);
});

describe("more accounts than one", () => {
  /** Of so many accounts: the last pairs of one each, all before them of the first. */
  function of(count: number, ids: readonly string[] = COINS): Parameters<Stage["start"]> {
    const names = Array.from({ length: count }, (_, index) => `hl${index}`);
    const accounts = Object.fromEntries(
      names.map((name, index) => {
        const address = `0x${String(index).padStart(40, "0")}`;
        return [name, { venue: "hyperliquid", address, agentKeyEnv: "MM_AGENT" }];
      }),
    );
    const all = ids.map((id, index) => {
      const account = names[Math.max(0, index - (ids.length - count))];
      return perpPair(id, { quote: { venue: "hyperliquid", account, symbol: id } });
    });
    return [all, { accounts }];
  }

  /** Sockets that are open once all is up: one for each account of those who share. */
  function sockets(): number {
    const starts = COINS.map((id) => stage.worker(id).start.quote);
    const shared = starts.filter(({ feed }) => feed !== null);
    const users = shared.map(({ link: { credentials } }) =>
      credentials?.kind === "agent" ? credentials.address : null,
    );
    return starts.length - shared.length + new Set(users).size;
  }

  test.each([1, 2, 3, 5, 9, 10])("%d have sockets for all of them", async (count) => {
    await stage.start(...of(count));
    expect(sockets()).toBeLessThanOrEqual(10);
    // One is left for the change of a connection, but where each account needs its own.
    if (count < 10) expect(sockets()).toBeLessThanOrEqual(9);
  });

  test("eight with a pair each need not share", async () => {
    await stage.start(...of(8, OWN));
    expect(sharing(OWN)).toEqual([]);
  });

  test("are too many where the venue has no socket for each", async () => {
    const error = await rejection(stage.start(...of(11)));
    expect(error.code).toBe("too-many-accounts");
    expect(error.describe()).toBe(
      "https://rest.test: 12 pairs of these accounts need 11 sockets, and hyperliquid allows 10 " +
        "at one address; trade fewer accounts from this machine",
    );
    expect([stage.workers, stage.feeds]).toEqual([[], []]);
  });

  test("that come later find no room where the others have it already", async () => {
    await stage.start(...of(1, OWN));
    stage.write(...of(4, [...OWN, "I", "J", "K"]));
    const error = await rejection(stage.supervisor.reload());
    expect(error.describe()).toContain("start mm anew");
    expect(stage.workers).toHaveLength(8);
    // It is no matter of the config: after a new start there is room.
    await stage.supervisor.stop();
    stage.dispose();
    stage = new Stage();
    await stage.start(...of(4));
    expect(sockets()).toBeLessThanOrEqual(9);
  });
});

test("pairs that move to another address of the sockets have them there", async () => {
  const at = (wsUrl: string) => ({ venues: { hyperliquid: { wsUrl } } });
  await stage.start(pairs(), at("ws://127.0.0.1:1/ws"));
  stage.write(pairs(), at("ws://127.0.0.1:2/ws"));
  expect((await stage.supervisor.reload()).restarted).toEqual(COINS);
  await passAlive(3_000);
  const [open] = stage.feeds.at(-1)?.received ?? [];
  expect(open).toMatchObject({ options: { urls: { streamUrl: "ws://127.0.0.1:2/ws" } } });
  expect(sharing()).toEqual(SHARED);
});
