/** What holds for actions whichever way they go: by REST, or over the WebSocket. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as v from "valibot";
import type { ActionAnswer, ActionRequest, HlAction, HlApi } from "#venues/hyperliquid/api.ts";
import type { PostOutcome } from "#venues/hyperliquid/socket.ts";
import { ApiSubject, CANCEL, ORDER, VAULT } from "./api-subject.ts";
import { HlWire } from "./hl-wire.ts";
import { NOW_MS } from "./socket-subject.ts";

const Body = v.strictObject({
  action: v.custom<HlAction>((value) => typeof value === "object"),
  nonce: v.number(),
  signature: v.object({ r: v.string(), s: v.string(), v: v.number() }),
  vaultAddress: v.nullable(v.string()),
  expiresAfter: v.nullable(v.number()),
});

let wire: HlWire;
let subject: ApiSubject;
beforeEach(() => {
  wire = new HlWire();
  subject = new ApiSubject(wire);
});
afterEach(async () => {
  subject.socket.close();
  await wire.stop();
});

describe.each([["REST"], ["the WebSocket"]])("by %s", (way) => {
  let api: HlApi;
  beforeEach(async () => {
    api = way === "REST" ? subject.rest : subject.live;
    if (way !== "REST") await subject.connect();
  });

  /** Sends an action, which the venue answers by this. */
  async function sent(request: ActionRequest, reply: unknown): Promise<ActionAnswer> {
    wire.onRest = () => Response.json(reply);
    const answer = api.act(request);
    if (way !== "REST") {
      const post = await wire.posts.next();
      wire.answer(post, { type: "action", payload: reply });
    }
    return answer;
  }

  /** The same, answered by an HTTP status, which a post tells in words. */
  async function failed(
    request: ActionRequest,
    status: number,
    words: string,
  ): Promise<ActionAnswer> {
    wire.onRest = () => new Response(words, { status });
    const answer = api.act(request);
    if (way !== "REST") {
      const post = await wire.posts.next();
      wire.answer(post, { type: "error", payload: `${status} ${words}` });
    }
    return answer;
  }

  test("what is sent is what was signed, with vault and expiry", async () => {
    const answer = api.act(ORDER);
    const { json } = await subject.received(api);
    const body = v.parse(Body, json);
    expect(body).toMatchObject({
      action: ORDER.action,
      nonce: NOW_MS,
      vaultAddress: VAULT,
      expiresAfter: NOW_MS + 5000,
    });
    const { action, nonce, vaultAddress, expiresAfter } = body;
    const again = subject.access.signer.sign(action, {
      nonce,
      vaultAddress,
      expiresAfterMs: expiresAfter,
    });
    expect(body.signature).toEqual(again);
    expect(Object.keys(action)).toEqual(Object.keys(ORDER.action));
    subject.world.timers.advance(10_000);
    await answer;
  });

  test("no two have one nonce, and one that does not expire says so", async () => {
    const answers = [api.act(CANCEL), api.act(CANCEL), api.act(CANCEL)];
    const bodies = [];
    for (const _ of answers) bodies.push(v.parse(Body, (await subject.received(api)).json));
    expect(bodies.map(({ nonce }) => nonce)).toEqual([NOW_MS, NOW_MS + 1, NOW_MS + 2]);
    expect(bodies.map(({ expiresAfter }) => expiresAfter)).toEqual([null, null, null]);
    subject.world.timers.advance(10_000);
    await Promise.all(answers);
  });

  test("an answer of ok is handed on, elements with errors too", async () => {
    const response = { type: "order", data: { statuses: [{ error: "Order has invalid size." }] } };
    expect(await sent(ORDER, { status: "ok", response })).toEqual({ kind: "answered", response });
  });

  test.each([[{}], [null], [{ status: "ok" }], [{ status: "err", response: 7 }], ["ok"]])(
    "an answer of %j leaves open what became of it",
    async (reply) => {
      expect(await sent(ORDER, reply)).toMatchObject({ kind: "unknown" });
    },
  );

  test("it costs the address's weight and the account's requests", async () => {
    await sent({ ...ORDER, requests: 79 }, { status: "ok", response: { type: "default" } });
    expect([subject.used("weight-1m"), subject.address.status().used]).toEqual([2, 79]);
    await sent({ ...ORDER, requests: 80 }, { status: "ok", response: { type: "default" } });
    expect([subject.used("weight-1m"), subject.address.status().used]).toEqual([5, 159]);
  });

  test("without weight it is not sent, but a cancel has a reserve", async () => {
    while (subject.limits.takeWeight(1, false).taken);
    expect(await api.act(ORDER)).toMatchObject({
      kind: "not-sent",
      why: "budget",
      retryAtMs: NOW_MS + 61_000,
    });
    expect(subject.address.status().used).toBe(0);
    expect(await sent(CANCEL, { status: "ok", response: {} })).toMatchObject({ kind: "answered" });
  });

  test("without requests left it is not sent, but a cancel is", async () => {
    subject.address.report({ nRequestsUsed: 10_000, nRequestsCap: 10_000 }, subject.address.mark());
    const before = subject.used("weight-1m");
    expect(await api.act({ ...ORDER, requests: 2 })).toMatchObject({
      kind: "not-sent",
      why: "budget",
    });
    expect(subject.used("weight-1m")).toBe(before);
    expect(await sent(CANCEL, { status: "ok", response: {} })).toMatchObject({ kind: "answered" });
    expect(await sent(ORDER, { status: "ok", response: {} })).toMatchObject({ kind: "answered" });
    expect(await api.act(ORDER)).toMatchObject({ kind: "not-sent", retryAtMs: NOW_MS + 10_000 });
  });

  test("a refusal for the account's requests is learned from", async () => {
    const text =
      "Too many cumulative requests sent (10456 > 10455) for cumulative volume traded $455.9.";
    expect(await sent(ORDER, { status: "err", response: text })).toEqual({
      kind: "refused",
      message: text,
    });
    expect(subject.address.status()).toMatchObject({ used: 10_456, cap: 10_455 });
    expect(await api.act(ORDER)).toMatchObject({ kind: "not-sent", retryAtMs: NOW_MS + 10_000 });
  });

  test("a refused nonce moves the counter on, and the action is refused", async () => {
    const text = `Invalid nonce: nonce too low ${NOW_MS} < ${NOW_MS + 500}`;
    expect(await sent(ORDER, { status: "err", response: text })).toMatchObject({ kind: "refused" });
    const answer = api.act(ORDER);
    const { nonce } = v.parse(Body, await nextBody(way === "REST" ? 1 : 0));
    expect(nonce).toBeGreaterThan(NOW_MS + 500);
    subject.world.timers.advance(10_000);
    await answer;
  });

  test("one that came too late cost five requests", async () => {
    const answer = await sent(ORDER, { status: "err", response: "Action already expired" });
    expect(answer).toMatchObject({ kind: "refused" });
    expect(subject.address.status().used).toBe(5);
  });

  test("a 429 refuses it, and nothing is sent for a while", async () => {
    const answer = await failed(ORDER, 429, "Too Many Requests");
    expect(answer).toEqual({ kind: "refused", message: "429 Too Many Requests" });
    expect(await api.act(CANCEL)).toMatchObject({
      kind: "not-sent",
      retryAtMs: NOW_MS + 3000,
    });
  });

  test.each([
    [422, "refused"],
    [403, "refused"],
    [500, "unknown"],
    [502, "unknown"],
    [408, "unknown"],
  ])("a status of %d leaves it %s", async (status, kind) => {
    expect(await failed(ORDER, status, "words")).toMatchObject({ kind });
  });

  test("no answer in time is unknown", async () => {
    wire.onRest = () => new Promise<Response>(() => {});
    const answer = api.act(ORDER);
    await subject.received(api);
    subject.world.timers.advance(10_000);
    expect(await answer).toMatchObject({ kind: "unknown" });
    expect(subject.live.inFlight).toBe(0);
  });

  /** @param passed requests that were looked at by nobody */
  async function nextBody(passed: number): Promise<unknown> {
    for (let count = 0; count < passed; count += 1) await wire.rest.next();
    return (await subject.received(api)).json;
  }
});

describe("a pair's way", () => {
  test("is the WebSocket for actions, and REST for questions", async () => {
    await subject.connect();
    const answer = subject.live.act(ORDER);
    const post = await wire.posts.next();
    subject.world.timers.advance(80);
    wire.answer(post, { type: "action", payload: { status: "ok", response: {} } });
    await answer;
    expect(subject.live.roundTripMs()).toEqual({ p50: 80, p99: 80 });
    wire.onRest = () => Response.json({ time: 1 });
    expect(await subject.live.info({ type: "exchangeStatus" })).toMatchObject({ kind: "answered" });
    expect([wire.rest.size, wire.posts.size]).toEqual([1, 0]);
  });

  test("is REST while the WebSocket is down", async () => {
    wire.onRest = () => Response.json({ status: "ok", response: {} });
    expect(await subject.live.act(ORDER)).toMatchObject({ kind: "answered" });
    expect((await wire.rest.next()).path).toBe("/exchange");
    expect(subject.live.roundTripMs()).toBeNull();
  });

  test("is one only: what a dropped WebSocket had is unknown, and is not sent again", async () => {
    await subject.connect();
    const answer = subject.live.act(ORDER);
    (await wire.posts.next()).peer.terminate();
    expect(await answer).toMatchObject({ kind: "unknown" });
    expect(wire.rest.size).toBe(0);
  });

  test("is REST for what a WebSocket that just went could not take, paid for once", async () => {
    await subject.connect();
    wire.onRest = () => Response.json({ status: "ok", response: {} });
    subject.socket.post = () =>
      Promise.resolve({ kind: "not-sent", why: "not-connected", message: "gone" });
    expect(await subject.live.act(ORDER)).toMatchObject({ kind: "answered" });
    expect(v.parse(Body, (await wire.rest.next()).json).nonce).toBe(NOW_MS);
    expect([subject.used("weight-1m"), subject.address.status().used]).toEqual([1, 1]);
  });

  test("has no room for a post: nothing is charged, and half a second passes", async () => {
    await subject.connect();
    const answers = Array.from({ length: 80 }, () => subject.live.act(ORDER));
    const before = [subject.used("weight-1m"), subject.address.status().used];
    expect(await subject.live.act(ORDER)).toMatchObject({
      kind: "not-sent",
      why: "budget",
      retryAtMs: NOW_MS + 500,
    });
    expect([subject.used("weight-1m"), subject.address.status().used]).toEqual(before);
    subject.socket.close();
    await Promise.all(answers);
  });

  test("is REST for a cancel that the WebSocket has no room for, paid for once", async () => {
    await subject.connect();
    const answers = Array.from({ length: 80 }, () => subject.live.act(ORDER));
    answers.push(...Array.from({ length: 20 }, () => subject.live.act(CANCEL)));
    const before = subject.address.status().used;
    wire.onRest = () => Response.json({ status: "ok", response: {} });
    expect(await subject.live.act(CANCEL)).toMatchObject({ kind: "answered" });
    expect((await wire.rest.next()).path).toBe("/exchange");
    expect(subject.address.status().used).toBe(before + 1);
    subject.socket.close();
    await Promise.all(answers);
  });

  test("is REST for cancels while the WebSocket leaves posts without an answer", async () => {
    await subject.connect();
    const ok = { status: "ok", response: {} };
    wire.onRest = () => Response.json(ok);
    let outcome: PostOutcome = { kind: "unknown", message: "no answer within 5000 ms" };
    const posts: string[] = [];
    subject.socket.post = (payload) => {
      posts.push(payload);
      return Promise.resolve(outcome);
    };
    expect(await subject.live.act(CANCEL)).toMatchObject({ kind: "unknown" });
    expect([posts.length, wire.rest.size]).toEqual([1, 0]);
    expect(await subject.live.act(CANCEL)).toMatchObject({ kind: "answered" });
    expect([posts.length, wire.rest.size]).toEqual([1, 1]);
    // An order tries whether it answers again.
    outcome = { kind: "answered", payload: ok };
    await subject.live.act(ORDER);
    await subject.live.act(CANCEL);
    expect([posts.length, wire.rest.size]).toEqual([3, 1]);
  });

  test("tells how many may still be sent by the tighter of the two counts", () => {
    const { live, address, limits } = subject;
    expect(live.room()).toEqual({ remaining: 960, limit: 960 }); // the venue has not told its count
    address.report({ nRequestsUsed: 4000, nRequestsCap: 2_000_000 }, address.mark());
    // Far from low: it may go on for days.
    expect(live.room()).toEqual({ remaining: 960, limit: 960 });
    address.report({ nRequestsUsed: 9500, nRequestsCap: 10_400 }, address.mark());
    expect(live.room()).toEqual({ remaining: 900, limit: 10_000 });
    expect(limits.takeWeight(900, false).taken).toBe(true);
    expect(live.room()).toEqual({ remaining: 60, limit: 960 });
  });

  test("shows all budgets", async () => {
    await subject.connect();
    expect(subject.live.budgets().map(({ name }) => name)).toEqual([
      "weight-1m",
      "ws-messages-1m",
      "connections-1m",
      "sockets",
      "subscriptions",
      "posts",
      "address-requests",
    ]);
  });
});
