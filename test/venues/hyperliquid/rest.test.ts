import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { HttpClient } from "#net/http.ts";
import { HlRest } from "#venues/hyperliquid/rest.ts";
import { ApiSubject, CANCEL, ORDER, VAULT } from "./api-subject.ts";
import { HlWire } from "./hl-wire.ts";
import { NOW_MS } from "./socket-subject.ts";

let wire: HlWire;
let subject: ApiSubject;
beforeEach(() => {
  wire = new HlWire();
  subject = new ApiSubject(wire);
});
afterEach(() => wire.stop());

describe("a question", () => {
  test("is a POST to /info, and its answer comes as it is", async () => {
    wire.onRest = () => Response.json({ status: "unknownOid" });
    const request = { type: "orderStatus", user: "0xaa", oid: 7 };
    expect(await subject.rest.info(request)).toEqual({
      kind: "answered",
      result: { status: "unknownOid" },
    });
    expect(await wire.rest.next()).toEqual({ path: "/info", json: request });
  });

  test("may be answered by null", async () => {
    wire.onRest = () => Response.json(null);
    expect(await subject.rest.info({ type: "l2Book", coin: "X" })).toEqual({
      kind: "answered",
      result: null,
    });
  });

  test.each([
    ["exchangeStatus", 2, {}],
    ["clearinghouseState", 2, {}],
    ["meta", 20, {}],
    ["frontendOpenOrders", 20, Array(500).fill(0)],
    ["userRole", 60, {}],
    ["userFillsByTime", 20, Array(19).fill(0)],
    ["userFillsByTime", 20 + 100, Array(2000).fill(0)],
    ["fundingHistory", 20 + 25, Array(500).fill(0)],
    ["candleSnapshot", 20 + 83, Array(5000).fill(0)],
  ])("%s costs %d", async (type, weight, answer) => {
    wire.onRest = () => Response.json(answer);
    await subject.rest.info({ type });
    expect(subject.used("weight-1m")).toBe(weight);
  });

  test("is not asked without a budget for it", async () => {
    while (subject.limits.takeWeight(20, false).taken);
    expect(await subject.rest.info({ type: "meta" })).toMatchObject({ kind: "unanswered" });
    expect(wire.rest.size).toBe(0);
  });

  test("whose request is wrong is refused, in the venue's words", async () => {
    wire.onRest = () => new Response("Failed to deserialize the JSON body", { status: 422 });
    expect(await subject.rest.info({ type: "nonsense" })).toEqual({
      kind: "refused",
      status: 422,
      message: "422 Failed to deserialize the JSON body",
    });
  });

  test.each([
    ["429", () => new Response("Too Many Requests", { status: 429 })],
    ["502", () => new Response("<html>Bad gateway</html>", { status: 502 })],
    ["408", () => new Response("", { status: 408 })],
    ["a page", () => new Response("<html>Please log in</html>")],
    ["a redirect", () => Response.redirect("http://127.0.0.1:9/")],
  ])("that gets %s may be asked again", async (_name, respond) => {
    wire.onRest = respond;
    expect(await subject.rest.info({ type: "meta" })).toMatchObject({ kind: "unanswered" });
  });

  test("that is not answered in time is given up", async () => {
    wire.onRest = () => new Promise<Response>(() => {});
    const answer = subject.rest.info({ type: "meta" });
    await wire.rest.next();
    expect(subject.rest.inFlight).toBe(1);
    subject.world.timers.advance(10_000);
    expect(await answer).toMatchObject({ kind: "unanswered" });
    expect(subject.rest.inFlight).toBe(0);
  });

  test("is not one of too many", async () => {
    wire.onRest = () => new Promise<Response>(() => {});
    const answers = Array.from({ length: 64 }, () => subject.rest.info({ type: "exchangeStatus" }));
    expect(await subject.rest.info({ type: "meta" })).toMatchObject({ kind: "unanswered" });
    subject.world.timers.advance(10_000);
    await Promise.all(answers);
  });
});

test("whoever sweeps may list open orders from what is kept for cancels", async () => {
  const { world, limits, clock, gate } = subject;
  const http = new HttpClient(world.timers);
  const options = { restUrl: wire.restUrl, gate, isSweeper: true };
  const desk = new HlRest(options, { http, clock, limits });
  wire.onRest = () => Response.json([]);
  while (limits.takeWeight(1, false).taken);
  const list = { type: "frontendOpenOrders", user: VAULT };
  expect(await subject.rest.info(list)).toMatchObject({ kind: "unanswered" });
  expect(await desk.info(list)).toEqual({ kind: "answered", result: [] });
  expect(await desk.info({ type: "meta" })).toMatchObject({ kind: "unanswered" });
});

describe("429", () => {
  test("is heeded as long as it says, by everybody at this address", async () => {
    wire.onRest = () => new Response("", { status: 429, headers: { "Retry-After": "7" } });
    await subject.rest.info({ type: "meta" });
    wire.onRest = () => Response.json({});
    subject.world.timers.advance(6999);
    expect(await subject.rest.info({ type: "meta" })).toMatchObject({ kind: "unanswered" });
    expect(await subject.rest.act(CANCEL)).toMatchObject({
      kind: "not-sent",
      why: "budget",
      retryAtMs: NOW_MS + 7000,
    });
    subject.world.timers.advance(1);
    expect(await subject.rest.info({ type: "meta" })).toMatchObject({ kind: "answered" });
  });

  test.each([
    ["without a time: three seconds", {}, 3000],
    ["with a wild one: a minute at most", { "Retry-After": "999999999" }, 60_000],
  ])("%s", async (_name, headers, durationMs) => {
    wire.onRest = () => new Response("", { status: 429, headers });
    expect(await subject.rest.act(ORDER)).toMatchObject({ kind: "refused" });
    expect(await subject.rest.act(ORDER)).toMatchObject({ retryAtMs: NOW_MS + durationMs });
  });
});

test("where nobody listens an action was not sent, and nothing is charged", async () => {
  await wire.stop();
  expect(await subject.rest.act(ORDER)).toMatchObject({ kind: "not-sent", why: "not-connected" });
  expect([subject.used("weight-1m"), subject.address.status().used]).toEqual([0, 0]);
  expect(await subject.rest.info({ type: "meta" })).toMatchObject({ kind: "unanswered" });
  expect(subject.used("weight-1m")).toBe(0);
});

test("without a key there are questions only", async () => {
  const { world, clock, limits } = subject;
  const http = new HttpClient(world.timers);
  const rest = new HlRest({ restUrl: wire.restUrl, gate: null }, { http, clock, limits });
  expect(await rest.act(ORDER)).toMatchObject({ kind: "not-sent", why: "not-connected" });
  expect(await rest.info({ type: "meta" })).toMatchObject({ kind: "answered" });
  expect((await wire.rest.next()).path).toBe("/info");
});

test("an address that is none is refused at once", () => {
  expect(() => new ApiSubject(wire, "file:///etc")).toThrow("no address");
});
