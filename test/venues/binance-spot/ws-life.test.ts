/** What becomes of calls and events when connections to the WebSocket API come and go. */

import { afterEach, describe, expect, test } from "bun:test";
import type { ApiAnswer } from "#venues/binance/api.ts";
import { LiveSubject, NOW_MS } from "./live-subject.ts";
import { BAD_KEY, HMAC_SECRET } from "./spot-server.ts";

const ORDER = { symbol: "ETHUSDT", side: "BUY", price: "1.10", newClientOrderId: "mm-1" };
const SHUTDOWN = JSON.stringify({ event: { e: "serverShutdown", E: NOW_MS } });

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

function subjectWith(secret?: string): LiveSubject {
  const subject = new LiveSubject(secret);
  cleanUps.push(() => subject.stop());
  return subject;
}

function resultOf(answer: ApiAnswer): unknown {
  if (answer.kind === "answered") return answer.result;
  throw new Error(`${answer.kind}: ${answer.message}`);
}

test("news of the account are handed over as they came", async () => {
  const subject = await subjectWith().begin();
  const event = { e: "executionReport", s: "ETHUSDT", c: "mm-1" };
  subject.tell(event);
  expect(await subject.events.next()).toEqual({ subscriptionId: 0, event });
});

describe("a connection that is cut", () => {
  test("leaves its calls unknown; the next one logs on and subscribes again", async () => {
    const subject = await subjectWith().begin();
    const { server, api, timers } = subject;
    const call = api.call("order.place", ORDER);
    const { peer } = await server.asked.next();
    peer.terminate();
    await subject.hear("lost");
    expect(await call).toMatchObject({ kind: "unknown" });
    expect([api.state, api.inFlight, api.reconnects]).toEqual(["fallback", 0, 0]);

    server.methods.length = 0;
    timers.advance(200); // the longest first back-off
    await subject.hear("ready");
    expect(server.methods).toEqual(["session.logon", "userDataStream.subscribe"]);
    expect([api.state, api.reconnects]).toEqual(["ready", 1]);
    subject.tell({ e: "balanceUpdate" });
    expect(await subject.events.next()).toMatchObject({ event: { e: "balanceUpdate" } });
  });

  test("sends calls by REST meanwhile", async () => {
    const subject = await subjectWith().begin();
    const { server, api, timers } = subject;
    server.onRest = () => Response.json({ orderId: 8 });
    server.rest.clear();
    server.isRefusing = true;
    for (const peer of server.peers) peer.terminate();
    await subject.hear("lost");
    const call = api.call("order.place", ORDER);
    expect(api.inFlight).toBe(1);
    expect(resultOf(await call)).toEqual({ orderId: 8 });
    expect((await server.rest.next()).path).toBe("/api/v3/order");

    server.isRefusing = false;
    timers.advance(200);
    await subject.hear("ready");
    const next = api.call("order.status", { orderId: 8 });
    server.answer(await server.asked.next(), { orderId: 8 });
    expect(resultOf(await next)).toEqual({ orderId: 8 });
  });

  test("by silence is no different", async () => {
    const subject = await subjectWith().begin();
    const call = subject.api.call("order.place", ORDER);
    await subject.server.asked.next();
    subject.timers.advance(5000);
    await subject.hear("lost");
    expect(await call).toMatchObject({ kind: "unknown" });
  });
});

describe("a server that shuts down", () => {
  test("is left without a gap: calls are answered where they were sent", async () => {
    const subject = await subjectWith().begin();
    const { server, api } = subject;
    const [old] = server.peers;
    await server.opened.next();
    const before = api.call("order.place", ORDER);
    const first = await server.asked.next();
    old?.send(SHUTDOWN);
    const fresh = await server.opened.next();
    await subject.takenOverBy(fresh);

    await subject.live(3000); // the old one is left open as long as calls may wait
    const after = api.call("order.cancel", { orderId: 1 });
    const second = await server.asked.next();
    expect([first.peer === old, second.peer === fresh]).toEqual([true, true]);
    server.answer(second, { orderId: 2 });
    server.answer(first, { orderId: 1 });
    expect([await before, await after].map(resultOf)).toEqual([{ orderId: 1 }, { orderId: 2 }]);
    expect([subject.news.size, api.reconnects, api.state]).toEqual([0, 0, "ready"]);
  });

  test("and is cut before we let go of it may have told less than it should", async () => {
    const subject = await subjectWith().begin();
    const { server } = subject;
    const [old] = server.peers;
    await server.opened.next();
    old?.send(SHUTDOWN);
    await subject.takenOverBy(await server.opened.next());
    const call = subject.api.call("order.place", ORDER);
    const request = await server.asked.next();
    old?.terminate();
    await subject.hear("interrupted");
    server.answer(request, { orderId: 3 });
    expect(resultOf(await call)).toEqual({ orderId: 3 }); // it was sent on the other one
    expect(subject.api.state).toBe("ready");
  });
});

describe("a stream that ends", () => {
  test.each([["Ed25519"], ["HMAC"]])("is subscribed to again (%s)", async (kind) => {
    const subject = await subjectWith(kind === "HMAC" ? HMAC_SECRET : undefined).begin();
    const { server } = subject;
    const subscribe = server.methods.at(-1);
    server.methods.length = 0;
    subject.tell({ e: "eventStreamTerminated", E: NOW_MS });
    await subject.hear("interrupted");
    expect(server.methods).toEqual([subscribe ?? ""]);
    expect([server.dialled, subject.events.size]).toEqual([1, 0]);
  });

  test("and cannot be had again costs the connection", async () => {
    const subject = await subjectWith().begin();
    subject.server.refusals.set("userDataStream.subscribe", [
      { status: 400, code: -2042, msg: "Subscription ids exhausted." },
    ]);
    subject.tell({ e: "eventStreamTerminated", E: NOW_MS });
    await subject.hear("lost");
    expect(await subject.alertCodes()).toEqual(["logon-failed"]);
    subject.timers.advance(200);
    await subject.hear("ready");
  });

  test("with the logon itself is begun anew at once, for the key may be good", async () => {
    const subject = await subjectWith().begin();
    const { status, ...error } = BAD_KEY;
    subject.server.refusals.set("userDataStream.subscribe", [{ status, ...error }]);
    subject.tell({ e: "eventStreamTerminated", E: NOW_MS });
    await subject.hear("lost");
    expect(await subject.alertCodes()).toEqual(["logon-failed"]);
    subject.timers.advance(200);
    await subject.hear("ready");
  });
});

test("a venue that cannot be reached is told once, and connected to once it can be", async () => {
  const subject = subjectWith();
  const { server, timers } = subject;
  server.isRefusing = true;
  subject.start();
  expect((await subject.alerts.next()).code).toBe("not-connected");
  expect(subject.api.state).toBe("connecting");
  server.isRefusing = false;
  timers.advance(200);
  await subject.hear("ready");
  expect(await subject.alertCodes()).toEqual([]);
});

test("a session that the venue ends is begun anew", async () => {
  const subject = await subjectWith().begin();
  const [peer] = subject.server.peers;
  const { status, ...error } = BAD_KEY;
  peer?.send(JSON.stringify({ id: null, status, error }));
  await subject.hear("lost");
  expect(await subject.alertCodes()).toEqual(["session-ended"]);
  subject.timers.advance(200);
  await subject.hear("ready");
});

test("dialling waits for the budget of connections, and for a ban to end", async () => {
  const subject = subjectWith();
  const { api, server, timers } = subject;
  while (api.limits.admitConnection() === 0);
  subject.start();
  await subject.offsets.next();
  const waitMs = 300_000 - (NOW_MS % 300_000);
  timers.advance(waitMs - 1);
  expect(server.dialled).toBe(0);
  api.limits.block("all", NOW_MS + waitMs + 5000);
  timers.advance(1);
  expect(server.dialled).toBe(0);
  timers.advance(5001);
  await subject.hear("ready");
});

test("a logon refused for too many requests stops all of them", async () => {
  const subject = subjectWith();
  const { api, server } = subject;
  const refusal = { status: 429, code: -1003, msg: "Too much request weight used." };
  server.refusals.set("session.logon", [refusal]);
  subject.start();
  expect((await subject.alerts.next()).code).toBe("logon-failed");
  expect(await api.call("order.cancel", {})).toMatchObject({
    kind: "not-sent",
    why: "budget",
    retryAtMs: NOW_MS + 40_000, // the next full minute
  });
});

describe("a clock that is off", () => {
  test("is measured over the connection, and the call sent once more", async () => {
    const subject = await subjectWith().begin();
    const { server, api } = subject;
    server.methods.length = 0;
    subject.venueAheadMs = 30_000;
    subject.slowTime();
    const call = api.call("order.place", ORDER); // the server refuses its time
    const request = await server.asked.next();
    server.answer(request, {});
    expect(resultOf(await call)).toEqual({});
    expect(server.methods).toEqual(["order.place", "time", "order.place"]);
    expect(await subject.offsets.next()).toBeWithin(30_000, 30_101);
  });

  test("is measured anew for a logon too", async () => {
    const subject = await subjectWith().begin();
    const { server, timers } = subject;
    server.methods.length = 0;
    subject.venueAheadMs = 30_000;
    subject.slowTime();
    for (const peer of server.peers) peer.terminate();
    await subject.hear("lost");
    timers.advance(200);
    await subject.hear("ready");
    expect(server.methods).toEqual([
      "session.logon",
      "time",
      "session.logon",
      "userDataStream.subscribe",
    ]);
  });

  test("whose measurement takes long makes a new order too old, and no cancel", async () => {
    const subject = await subjectWith().begin();
    const { server, api, timers } = subject;
    const refusal = { status: 400, code: -1021, msg: "outside" };
    server.refusals.set("order.place", [refusal]);
    server.refusals.set("order.cancel", [refusal]);
    server.onTime = () => timers.advance(1001);
    server.methods.length = 0;
    const placing = await api.call("order.place", ORDER);
    expect(placing).toMatchObject({ kind: "answered", reply: { code: -1021 } });
    const canceling = api.call("order.cancel", { orderId: 1 });
    server.answer(await server.asked.next(), { orderId: 1 });
    expect(resultOf(await canceling)).toEqual({ orderId: 1 });
    const sent = ["order.place", "time", "order.cancel", "time", "order.cancel"];
    expect(server.methods).toEqual(sent);
  });

  test("that stays off is told after two attempts", async () => {
    const subject = await subjectWith().begin();
    const refusal = { status: 400, code: -1021, msg: "outside" };
    subject.server.refusals.set("order.place", [refusal, refusal]);
    const answer = await subject.api.call("order.place", ORDER);
    expect(answer).toMatchObject({ kind: "answered", reply: { code: -1021 } });
  });

  test("is looked at every half minute", async () => {
    const subject = await subjectWith().begin();
    subject.server.methods.length = 0;
    subject.venueAheadMs = 40;
    await subject.live(29_000);
    expect(subject.server.methods).toEqual([]);
    await subject.live(1000);
    expect(await subject.offsets.next()).toBeWithin(40, 41);
    expect(subject.server.methods).toEqual(["time"]);
    expect(subject.timers.pending).toBeGreaterThan(0);
  });

  test("that cannot be measured is told once", async () => {
    const subject = subjectWith();
    subject.server.isRefusing = true;
    subject.api.limits.block("all", NOW_MS + 40_000);
    subject.start();
    expect((await subject.alerts.next()).code).toBe("clock-not-measured");
    await subject.timerOf(30_000);
    subject.timers.advance(30_000); // blocked still
    await subject.timerOf(30_000);
    subject.timers.advance(30_000);
    await subject.offsets.next();
    expect(await subject.alertCodes()).not.toContain("clock-not-measured");
  });
});

test("once stopped nothing is sent and nothing heard", async () => {
  const subject = await subjectWith().begin();
  const { api, server, timers } = subject;
  const call = api.call("order.place", ORDER);
  await server.asked.next();
  server.rest.clear();
  api.stop();
  expect(await call).toMatchObject({ kind: "unknown" });
  expect(await api.call("order.place", ORDER)).toMatchObject({ kind: "not-sent" });
  await server.closed.next();
  timers.advance(2000); // for the closing handshake
  expect([api.state, api.inFlight, timers.pending]).toEqual(["closed", 0, 0]);
  expect([subject.news.size, server.rest.size, server.dialled]).toEqual([0, 0, 1]);
});
