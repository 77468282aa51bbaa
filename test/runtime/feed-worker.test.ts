import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { FromFeed, ToFeed } from "#runtime/feed-messages.ts";
import { spawnFeedWorker, type WorkerPort } from "#runtime/worker-port.ts";
import { systemWorld } from "#runtime/world.ts";
import { FeedClient } from "#venues/hyperliquid/feed-client.ts";
import { HlLimits, makeShared } from "#venues/hyperliquid/limits.ts";
import { Inbox } from "../net/support.ts";
import { bboFrame, HlWire } from "../venues/hyperliquid/hl-wire.ts";
import { Ears, USER, usedOf } from "../venues/hyperliquid/socket-subject.ts";

let messages: Inbox<FromFeed>;
let closed: PromiseWithResolvers<void>;
let worker: WorkerPort<ToFeed>;
beforeEach(() => {
  messages = new Inbox();
  closed = Promise.withResolvers();
  worker = spawnFeedWorker("feed-test", {
    onMessage: (message) => messages.push(message),
    onError: (message) => closed.reject(new Error(message)),
    onClose: () => closed.resolve(),
  });
});
afterEach(async () => {
  worker.terminate();
  await closed.promise;
});

test("a feed worker for a venue whose sockets are not shared says so, and ends", async () => {
  const urls = { restUrl: "http://x", wsApiUrl: "ws://x", streamUrl: "ws://x" };
  const budgets = { specs: [], memory: new SharedArrayBuffer(0) };
  worker.post({ kind: "open", venue: "binance-spot", options: { urls, budgets } });
  expect(await messages.next()).toMatchObject({
    kind: "failed",
    error: { code: "unsupported-venue" },
  });
  await closed.promise;
});

test("one that is handed a pair before it was opened says so, and ends", async () => {
  const { port1 } = new MessageChannel();
  worker.post({ kind: "attach", port: port1 }, [port1]);
  expect(await messages.next()).toMatchObject({ kind: "failed", error: { code: "invariant" } });
  await closed.promise;
});

describe("in a thread of its own", () => {
  let wire: HlWire;
  let limits: HlLimits;
  const clients: FeedClient[] = [];
  beforeEach(() => {
    wire = new HlWire();
    const { wsUrl, restUrl } = wire;
    const budgets = makeShared(null, restUrl);
    const world = systemWorld();
    limits = new HlLimits(budgets, () => world.nowMs());
    const urls = { restUrl, wsApiUrl: wsUrl, streamUrl: wsUrl };
    worker.post({ kind: "open", venue: "hyperliquid", options: { urls, budgets } });
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await wire.stop();
  });

  async function pairOf(coin: string): Promise<{ client: FeedClient; ears: Ears }> {
    const { port1, port2 } = new MessageChannel();
    const client = new FeedClient({ coin, user: USER }, port2, systemWorld());
    clients.push(client);
    worker.post({ kind: "attach", port: port1 }, [port1]);
    const ears = new Ears(client);
    await ears.up();
    return { client, ears };
  }

  test("a feed serves pairs of other threads, by one clock", async () => {
    expect(await messages.next()).toEqual({ kind: "alive" });
    const [btc, eth] = [await pairOf("BTC"), await pairOf("ETH")];
    expect([wire.dialled, usedOf(limits, "sockets"), usedOf(limits, "subscriptions")]).toEqual([
      1, 1, 11,
    ]);
    const world = systemWorld();
    const sentMs = world.nowMs();
    wire.tell(bboFrame("ETH"));
    const { text, receivedTimeMs } = await eth.ears.messages.next();
    expect(text).toBe(bboFrame("ETH"));
    // Clocks of threads agree to a fraction of a millisecond.
    expect(receivedTimeMs).toBeWithin(sentMs - 1, world.nowMs() + 1);
    const outcome = btc.client.post('{"n":1}', 5000);
    wire.answer(await wire.posts.next(), { type: "action", payload: { status: "ok" } });
    expect(await outcome).toEqual({ kind: "answered", payload: { status: "ok" } });
    worker.post({ kind: "stop" });
    expect(await btc.ears.down()).toContain("stopped");
    while ((await messages.next()).kind !== "stopped");
    expect(usedOf(limits, "sockets")).toBe(0);
  });

  test("a feed that is killed takes its pairs down at once, their posts unknown", async () => {
    const { client, ears } = await pairOf("BTC");
    const outcome = client.post("{}", 5000);
    await wire.posts.next();
    worker.terminate();
    expect(await ears.down()).toContain("port was closed");
    expect(await outcome).toMatchObject({ kind: "unknown" });
    expect(await client.post("{}", 5000)).toMatchObject({ kind: "not-sent" });
  });
});
