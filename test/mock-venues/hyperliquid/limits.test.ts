/** What an address of the internet may do at the mock Hyperliquid, over all its sockets. */

import { afterEach, expect, test } from "bun:test";
import * as fc from "fast-check";
import { HYPERLIQUID_LIMITS, IpLimits } from "#mock-venues/hyperliquid/ip-limits.ts";
import { actionWeight, answerWeight, infoWeight } from "#mock-venues/hyperliquid/weights.ts";
import { buyEth, type Changes, WireBench } from "./wire-kit.ts";

const benches: WireBench[] = [];
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.stop();
});

async function start(options: Changes): Promise<WireBench> {
  const bench = await WireBench.start(options);
  benches.push(bench);
  return bench;
}

test("a minute is any minute: what was used counts until it is a minute old", () => {
  let nowMs = 0;
  const limits = new IpLimits(HYPERLIQUID_LIMITS, () => nowMs);
  expect(limits.useWeight(600)).toBe(true);
  nowMs = 50_000;
  expect(limits.useWeight(600)).toBe(true);
  nowMs = 59_999;
  expect(limits.useWeight(1)).toBe(false);
  nowMs = 60_000;
  expect(limits.useWeight(600)).toBe(true);
  expect(limits.useWeight(1)).toBe(false);
  expect(limits.counts().weightPerMinute).toBe(1200);
  expect(limits.overruns.weightPerMinute).toBe(2);
});

test("within any minute no more is let in than the limit, and nothing is refused that fits", () => {
  const step = fc.record({ waitMs: fc.nat(20_000), weight: fc.integer({ min: 1, max: 60 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      let nowMs = 0;
      const limits = new IpLimits({ ...HYPERLIQUID_LIMITS, weightPerMinute: 100 }, () => nowMs);
      const taken: { readonly atMs: number; readonly weight: number }[] = [];
      for (const { waitMs, weight } of steps) {
        nowMs += waitMs;
        const used = taken
          .filter(({ atMs }) => atMs > nowMs - 60_000)
          .reduce((sum, one) => sum + one.weight, 0);
        const isTaken = limits.useWeight(weight);
        expect(isTaken).toBe(used + weight <= 100);
        if (isTaken) taken.push({ atMs: nowMs, weight });
      }
    }),
  );
});

test("weights are as documented", () => {
  expect(
    ["l2Book", "clearinghouseState", "orderStatus", "meta", "userRole"].map(infoWeight),
  ).toEqual([2, 2, 2, 20, 60]);
  const cancels = (count: number) => ({ type: "cancel", cancels: Array.from({ length: count }) });
  expect([1, 39, 40, 80].map((count) => actionWeight(cancels(count)))).toEqual([1, 1, 2, 3]);
  expect(actionWeight({ type: "noop" })).toBe(1);
  const items = (count: number) => Array.from({ length: count });
  expect(answerWeight("userFills", items(199))).toBe(9);
  expect(answerWeight("candleSnapshot", items(5000))).toBe(83);
  expect(answerWeight("meta", items(400))).toBe(0);
});

test("REST weight beyond the limit is 429, for posts only where they weigh", async () => {
  for (const postsWeigh of [false, true]) {
    const bench = await start({ limits: { weightPerMinute: 45 }, postsWeigh });
    const client = await bench.connect();
    const meta = () => bench.rest("/info", { type: "meta" });
    const statuses = [await meta(), await meta(), await meta()].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await bench.rest("/info", { type: "allMids" })).status).toBe(200);
    const post = await client.post("info", { type: "meta" });
    expect(post.type).toBe(postsWeigh ? "error" : "info");
    expect(bench.mock.limits.overruns.weightPerMinute).toBe(postsWeigh ? 2 : 1);
    bench.timers.advance(60_000);
    expect((await meta()).status).toBe(200);
  }
});

test("sockets: so many at once, and so many a minute; those that end make room", async () => {
  const bench = await start({ limits: { connections: 2, newConnectionsPerMinute: 3 } });
  const first = await bench.connect();
  const second = await bench.connect();
  await bench.refused();
  expect(bench.mock.limits.overruns).toMatchObject({ connections: 1, newConnectionsPerMinute: 0 });
  first.socket.close();
  await first.closed.next();
  await second.ping();
  await bench.connect();
  second.socket.close();
  await second.closed.next();
  await bench.refused();
  expect(bench.mock.limits.overruns.newConnectionsPerMinute).toBe(1);
  bench.timers.advance(60_000);
  await bench.connect();
});

test("subscriptions and users are counted over all sockets, and given back", async () => {
  const bench = await start({ limits: { subscriptions: 3, users: 2 } });
  const [one, two] = [await bench.connect(), await bench.connect()];
  const updates = (digit: string) => ({ type: "orderUpdates", user: `0x${digit.repeat(40)}` });
  await one.follow(updates("1"), { type: "userFundings", user: updates("1").user });
  two.subscribe(updates("2"));
  await two.next("subscriptionResponse");
  two.subscribe({ type: "bbo", coin: "ETH" });
  expect(await two.next("error")).toBe("Cannot subscribe to more than 3 channels.");
  one.send({ method: "unsubscribe", subscription: updates("1") });
  await one.next("subscriptionResponse");
  two.subscribe(updates("3"));
  expect(await two.next("error")).toBe("Cannot track more than 2 total users.");
  one.socket.close();
  await one.closed.next();
  await two.ping();
  two.subscribe(updates("3"));
  await two.next("subscriptionResponse");
  expect(bench.mock.limits.counts()).toMatchObject({ subscriptions: 2, users: 2 });
  expect(bench.mock.limits.overruns).toMatchObject({ subscriptions: 1, users: 1 });
});

test("messages: a client that sends too many is cut", async () => {
  const bench = await start({ limits: { messagesPerMinute: 5 } });
  const [one, two] = [await bench.connect(), await bench.connect()];
  await one.ping();
  await two.ping();
  await one.ping();
  await two.ping();
  await one.ping();
  two.send({ method: "ping" });
  expect(await two.closed.next()).toBe(1006);
  bench.timers.advance(59_000);
  expect(one.closed.size).toBe(0);
  expect(bench.mock.limits.overruns.messagesPerMinute).toBe(1);
});

test("posts without an answer: one too many is refused by its id", async () => {
  const bench = await start({ limits: { postsInFlight: 2 } });
  const [one, two] = [await bench.connect(), await bench.connect()];
  const waiting = [1, 2].map((index) => {
    const client = index === 1 ? one : two;
    return client.post("action", bench.signed(buyEth("1999.9", `0.0${index}`)));
  });
  await one.ping();
  await two.ping();
  void two.post("action", bench.signed(buyEth("1999.9")));
  expect(await two.next("error")).toBe("too many pending post requests id=2");
  await bench.pass(two, 150);
  await Promise.all(waiting);
  expect((await one.post("info", { type: "allMids" })).type).toBe("info");
  expect(bench.mock.limits.counts().postsInFlight).toBe(0);
  expect(bench.mock.venue.openOrders()).toHaveLength(2);
});

test("posts that wait when their socket ends make room", async () => {
  const bench = await start({ limits: { postsInFlight: 1 } });
  const [one, two] = [await bench.connect(), await bench.connect()];
  void one.post("action", bench.signed(buyEth("1999.9")));
  await one.ping();
  one.socket.close();
  await one.closed.next();
  await two.ping();
  expect((await two.post("info", { type: "allMids" })).type).toBe("info");
  bench.timers.advance(150);
  expect(bench.mock.venue.openOrders()).toHaveLength(1);
});
