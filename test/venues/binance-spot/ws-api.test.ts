import { afterEach, describe, expect, test } from "bun:test";
import type { ApiAnswer } from "#venues/binance/api.ts";
import { LiveSubject, NOW_MS } from "./live-subject.ts";
import { BAD_KEY, ED25519_PEM, HMAC_SECRET } from "./spot-server.ts";

const ORDER = { symbol: "ETHUSDT", side: "BUY", price: "1.10", newClientOrderId: "mm-1" };

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

function subjectWith(secret = ED25519_PEM): LiveSubject {
  const subject = new LiveSubject(secret);
  cleanUps.push(() => subject.stop());
  return subject;
}

function resultOf(answer: ApiAnswer): unknown {
  if (answer.kind === "answered") return answer.result;
  throw new Error(`${answer.kind}: ${answer.message}`);
}

test("reports on orders in other symbols are dropped, all other news is told", async () => {
  const subject = await subjectWith().begin();
  const report = { e: "executionReport", s: "ETHUSDT", c: "mm-1" };
  subject.tell({ ...report, s: "BTCUSDT" });
  subject.tell({ ...report, s: "ETHUSDTX", c: "s:ETHUSDT" });
  subject.tell({ e: "outboundAccountPosition", B: [] });
  subject.tell(report);
  expect(await subject.events.next()).toMatchObject({ event: { e: "outboundAccountPosition" } });
  expect(await subject.events.next()).toMatchObject({ event: report });
});

describe("keys", () => {
  test("an Ed25519 key logs on once; calls then carry the time alone", async () => {
    const { server, api } = await subjectWith().begin();
    const call = api.call("order.place", ORDER);
    const request = await server.asked.next();
    expect(request.method).toBe("order.place");
    expect(request.params).toEqual({ ...ORDER, recvWindow: 5000, timestamp: NOW_MS });
    server.answer(request, { orderId: 7 });
    expect(resultOf(await call)).toEqual({ orderId: 7 });
    expect(server.methods).toEqual(["session.logon", "userDataStream.subscribe", "order.place"]);
  });

  test("with an HMAC secret each call is signed", async () => {
    const { server, api } = await subjectWith(HMAC_SECRET).begin();
    const call = api.call("order.place", { ...ORDER, symbol: "１２３" });
    const request = await server.asked.next(); // the server lets only good signatures through
    expect(Object.keys(request.params)).toContain("signature");
    server.answer(request, {});
    expect(resultOf(await call)).toEqual({});
    expect(server.methods).toEqual(["userDataStream.subscribe.signature", "order.place"]);
  });

  test("questions about the market are not signed", async () => {
    const { server, api } = await subjectWith(HMAC_SECRET).begin();
    const call = api.call("avgPrice", { symbol: "ETHUSDT" });
    const request = await server.asked.next();
    expect(request.params).toEqual({ symbol: "ETHUSDT" });
    server.answer(request, { price: "1" });
    expect(resultOf(await call)).toEqual({ price: "1" });
  });

  test("a refused key is told once, tried again after a minute, and then works", async () => {
    const subject = subjectWith();
    const { server, timers } = subject;
    server.refusals.set("session.logon", [BAD_KEY, BAD_KEY]);
    subject.start();
    const alert = await subject.alerts.next();
    expect([alert.level, alert.code]).toEqual(["critical", "key-refused"]);
    expect(alert.message).toContain(BAD_KEY.msg);
    await server.closed.next();
    timers.advance(59_000);
    expect(server.dialled).toBe(1);
    timers.advance(1000);
    await server.opened.next();
    await server.opened.next();
    await server.closed.next();
    timers.advance(60_000);
    await subject.hear("ready");
    expect(server.dialled).toBe(3);
    expect(await subject.alertCodes()).not.toContain("key-refused");
  });

  test("a logon refused for its time is tried again with the venue's", async () => {
    const subject = subjectWith();
    subject.venueAheadMs = 30_000;
    subject.start();
    await subject.hear("ready");
    expect(subject.api.clock.offsetMs).toBeWithin(30_000, 30_001);
    expect(subject.server.dialled).toBe(1);
    expect(subject.alerts.size).toBe(0);
  });
});

describe("answers", () => {
  test("find their calls by id, in any order, with what they say of budgets", async () => {
    const subject = await subjectWith().begin();
    const { server, api } = subject;
    const calls = [1, 2].map((limit) => api.call("myTrades", { symbol: "ETHUSDT", limit }));
    const first = await server.asked.next();
    const second = await server.asked.next();
    expect(api.inFlight).toBe(2);
    const counts = { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1 };
    server.answer(second, ["second"], [{ ...counts, limit: 6000, count: 500 }]);
    server.answer(first, ["first"]);
    expect((await Promise.all(calls)).map(resultOf)).toEqual([["first"], ["second"]]);
    expect([api.inFlight, subject.used("weight-1m")]).toEqual([0, 500]);
  });

  test("success gives weight back", async () => {
    const subject = await subjectWith().begin();
    const before = subject.used("weight-1m") ?? 0;
    const call = subject.api.call("order.place", ORDER);
    expect(subject.used("weight-1m")).toBe(before + 1);
    subject.server.answer(await subject.server.asked.next(), {});
    await call;
    expect([subject.used("weight-1m"), subject.used("orders-10s")]).toEqual([before, 1]);
  });

  test("a refusal is handed on; one for too many requests is obeyed", async () => {
    const { server, api, timers } = await subjectWith().begin();
    const call = api.call("order.place", ORDER);
    const refusal = { status: 429, code: -1003, msg: "Too much request weight used." };
    server.refuse(await server.asked.next(), refusal, { retryAfter: NOW_MS + 4000 });
    expect(await call).toMatchObject({
      kind: "answered",
      reply: { status: 429, code: -1003, retryAtMs: NOW_MS + 4000 },
      result: undefined,
    });
    const later = { kind: "not-sent", why: "budget", retryAtMs: NOW_MS + 4000 };
    expect(await api.call("order.cancel", {})).toMatchObject(later);
    timers.advance(4000);
    const cancel = api.call("order.cancel", {});
    server.answer(await server.asked.next(), {});
    expect(resultOf(await cancel)).toEqual({});
  });

  test("a call that is not answered in time is unknown; its late answer is harmless", async () => {
    const subject = await subjectWith().begin();
    const { server, api } = subject;
    const first = api.call("order.place", ORDER);
    const unanswered = await server.asked.next();
    await subject.live(6000);
    const second = api.call("order.status", { orderId: 1 });
    const request = await server.asked.next();
    await subject.live(4000);
    expect(await first).toMatchObject({ kind: "unknown" });
    expect(api.inFlight).toBe(1); // each has its own ten seconds
    server.answer(unanswered, {}, [
      { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: 50, count: 44 },
    ]);
    server.answer(request, { orderId: 1 });
    expect(resultOf(await second)).toEqual({ orderId: 1 });
    expect([api.state, subject.news.size, subject.alerts.size]).toEqual(["ready", 0, 0]);
  });

  test("a cancel does not wait behind requests that get no answer: it goes by REST", async () => {
    const subject = await subjectWith().begin();
    const { server, api } = subject;
    const paths: string[] = [];
    server.onRest = ({ verb, path }) => {
      paths.push(`${verb} ${path}`);
      return Response.json({ orderId: 1 });
    };
    void api.call("order.place", ORDER);
    await server.asked.next();
    const early = api.call("order.cancel", { orderId: 1 });
    server.answer(await server.asked.next(), { orderId: 1 });
    expect(resultOf(await early)).toEqual({ orderId: 1 });
    await subject.live(2000);
    expect(resultOf(await api.call("order.cancel", { orderId: 1 }))).toEqual({ orderId: 1 });
    expect(paths).toEqual(["DELETE /api/v3/order"]);
  });

  test("no more than 1024 wait at a time", async () => {
    const subject = await subjectWith().begin();
    const { api } = subject;
    const { limits } = api;
    const calls = Array.from({ length: 1024 }, () => api.call("order.cancel", { orderId: 1 }));
    const before = limits.statuses();
    const answer = await api.call("order.cancel", { orderId: 1 });
    expect(answer).toMatchObject({ kind: "not-sent", why: "not-connected" });
    expect(limits.statuses()).toEqual(before);
    expect(api.inFlight).toBe(1024);
    api.stop();
    expect((await Promise.all(calls)).every(({ kind }) => kind === "unknown")).toBe(true);
  });

  test("round trips of orders are kept, of questions not", async () => {
    const { server, api, timers } = await subjectWith().begin();
    expect(api.roundTripMs()).toBeNull();
    const take = async (method: "order.place" | "order.status", ms: number): Promise<void> => {
      const call = api.call(method, {});
      const request = await server.asked.next();
      timers.advance(ms);
      server.answer(request, {});
      await call;
    };
    for (const ms of [1, 3, 2]) await take("order.place", ms);
    await take("order.status", 500);
    expect(api.roundTripMs()).toEqual({ p50: 2, p99: 3 });
  });
});

describe("what cannot be read is told once, and nothing else is lost by it", () => {
  test("frames, limits, answers to nothing", async () => {
    const subject = await subjectWith().begin();
    const { server, api } = subject;
    const [peer] = server.peers;
    for (const frame of [
      "{",
      "7",
      "{",
      '{"id":"x","status":400,"error":{"code":-1100,"msg":"m"}}',
    ]) {
      peer?.send(frame);
    }
    const call = api.call("order.status", {});
    server.answer(await server.asked.next(), { orderId: 1 }, [{ rateLimitType: "ORDERS" }]);
    expect(resultOf(await call)).toEqual({ orderId: 1 });
    expect(await subject.alertCodes()).toEqual(["bad-message", "unexpected-answer"]);
  });
});
