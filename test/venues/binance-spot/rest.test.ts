import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { HttpClient } from "#net/http.ts";
import { RateBudgets } from "#net/rate-budget.ts";
import { accessOf } from "#venues/binance/access.ts";
import type { ApiAnswer } from "#venues/binance/api.ts";
import { BinanceClock } from "#venues/binance/clock.ts";
import { BinanceLimits, budgetSpecs } from "#venues/binance/limits.ts";
import { BinanceRest } from "#venues/binance/rest.ts";
import { DIALECT } from "#venues/binance-spot/api.ts";
import { ManualTimers } from "../../net/support.ts";
import { API_KEY, ED25519_PEM, HMAC_SECRET, SpotServer } from "./spot-server.ts";

const NOW_MS = 1_795_340_000_000;
const ORDER = { symbol: "ETHUSDT", side: "BUY", price: "1.10", newClientOrderId: "mm-1" };

let timers: ManualTimers;
/** The venue's clock minus ours. */
let venueAheadMs: number;
let server: SpotServer;
beforeEach(() => {
  timers = new ManualTimers();
  venueAheadMs = 0;
  server = new SpotServer(() => NOW_MS + timers.elapsedMs() + venueAheadMs);
});
afterEach(() => server.stop());

class Subject {
  readonly clock = new BinanceClock(() => NOW_MS + timers.elapsedMs());
  readonly limits: BinanceLimits;
  readonly rest: BinanceRest;

  constructor(secret: string | null = HMAC_SECRET, restUrl = server.restUrl) {
    const specs = budgetSpecs([], DIALECT);
    const shared = { specs, memory: new RateBudgets(specs).memory };
    this.limits = new BinanceLimits(shared, () => this.clock.venueNowMs(), DIALECT);
    const access = secret === null ? null : accessOf({ kind: "api-key", apiKey: API_KEY, secret });
    const http = new HttpClient(timers);
    this.rest = new BinanceRest(
      { restUrl, access, dialect: DIALECT },
      { http, clock: this.clock, limits: this.limits },
    );
  }

  used(name: string): number | undefined {
    return this.limits.statuses().find((status) => status.name === name)?.used;
  }
}

function answered(answer: ApiAnswer): Extract<ApiAnswer, { kind: "answered" }> {
  if (answer.kind === "answered") return answer;
  throw new Error(`${answer.kind}: ${answer.message}`);
}

describe.each([
  ["HMAC", HMAC_SECRET],
  ["Ed25519", ED25519_PEM],
])("a call signed by %s", (_name, secret) => {
  test("is taken by a server that checks it, in each of the four verbs", async () => {
    server.onRest = ({ verb, path }) => Response.json({ verb, path });
    const { rest } = new Subject(secret);
    const { result } = answered(await rest.call("order.place", ORDER));
    expect(result).toEqual({ verb: "POST", path: "/api/v3/order" });
    for (const [method, verb, path] of [
      ["order.cancel", "DELETE", "/api/v3/order"],
      ["order.amend.keepPriority", "PUT", "/api/v3/order/amend/keepPriority"],
      ["openOrders.status", "GET", "/api/v3/openOrders"],
    ] as const) {
      const answer = answered(await rest.call(method, { symbol: "１２３/é 4" }));
      expect(answer.result).toEqual({ verb, path });
    }
  });
});

test("parameters keep their order, and the signature is the last of them", async () => {
  await new Subject().rest.call("order.place", ORDER);
  const { query, params } = await server.rest.next();
  expect([...params.keys()]).toEqual([
    ...Object.keys(ORDER),
    "recvWindow",
    "timestamp",
    "signature",
  ]);
  expect(query).toStartWith(
    "symbol=ETHUSDT&side=BUY&price=1.10&newClientOrderId=mm-1&recvWindow=5000&timestamp=1795",
  );
});

test("questions about the market carry neither key nor signature, and need none", async () => {
  server.onRest = () => Response.json([1]);
  const { rest } = new Subject(null);
  expect(answered(await rest.call("depth", { symbol: "ETHUSDT", limit: 5 })).result).toEqual([1]);
  expect(await server.rest.next()).toMatchObject({
    query: "symbol=ETHUSDT&limit=5",
    apiKey: null,
  });
  expect(await rest.call("order.place", ORDER)).toMatchObject({ kind: "not-sent" });
  expect(server.rest.size).toBe(0);
});

test("a path that the venue does not have is an answer too, whatever its page says", async () => {
  server.onRest = () => new Response("<html>Not Found</html>", { status: 404 });
  const { reply } = answered(await new Subject().rest.call("apiRestrictions", {}));
  expect([reply.status, reply.code]).toEqual([404, 0]);
  expect(await server.rest.next()).toMatchObject({
    verb: "GET",
    path: "/sapi/v1/account/apiRestrictions",
  });
});

describe("what the venue meters", () => {
  test("success gives weight back, and its own counts are taken over", async () => {
    const subject = new Subject();
    await subject.rest.call("order.place", ORDER);
    expect([subject.used("weight-1m"), subject.used("orders-10s")]).toEqual([0, 1]);
    server.onRest = () =>
      Response.json(
        {},
        { headers: { "X-MBX-USED-WEIGHT-1M": "40", "X-MBX-ORDER-COUNT-10S": "7" } },
      );
    await subject.rest.call("order.place", ORDER);
    expect([subject.used("weight-1m"), subject.used("orders-10s")]).toEqual([40, 7]);
  });

  test("429: nothing is sent until Retry-After is over", async () => {
    const body = { code: -1003, msg: "Too much request weight used." };
    server.onRest = () => Response.json(body, { status: 429, headers: { "Retry-After": "7" } });
    const { rest } = new Subject();
    expect(answered(await rest.call("openOrders.status", {})).reply.status).toBe(429);
    const refused = { kind: "not-sent", why: "budget", retryAtMs: NOW_MS + 7000 };
    timers.advance(6999);
    expect(await rest.call("order.cancel", {})).toMatchObject(refused);
    expect(server.rest.size).toBe(1);
    timers.advance(1);
    server.onRest = () => Response.json({});
    expect(answered(await rest.call("order.cancel", {})).reply.status).toBe(200);
  });

  test("418: nothing is sent until the ban is over", async () => {
    const untilMs = NOW_MS + 300_000;
    const msg = `Way too much request weight used; IP banned until ${untilMs}.`;
    server.onRest = () => Response.json({ code: -1003, msg }, { status: 418 });
    const { rest } = new Subject();
    await rest.call("openOrders.status", {});
    timers.advance(299_999);
    expect(await rest.call("time", {})).toMatchObject({ kind: "not-sent", retryAtMs: untilMs });
    expect(server.rest.size).toBe(1);
  });

  test("too many orders: cancels and questions still pass", async () => {
    const body = { code: -1015, msg: "Too many new orders." };
    server.onRest = () => Response.json(body, { status: 429 });
    const { rest } = new Subject();
    await rest.call("order.place", ORDER);
    server.onRest = () => Response.json({});
    expect(await rest.call("order.place", ORDER)).toMatchObject({
      kind: "not-sent",
      retryAtMs: NOW_MS + 10_000,
    });
    expect(answered(await rest.call("order.cancel", {})).reply.status).toBe(200);
    expect(answered(await rest.call("order.status", {})).reply.status).toBe(200);
  });
});

describe("a clock that is off", () => {
  test("is measured, and the call is sent once more", async () => {
    const { rest, clock } = new Subject();
    await rest.measureClock(); // on a way so short that no later sample would be believed more
    server.rest.clear();
    server.onTime = () => timers.advance(100);
    venueAheadMs = 60_000;
    server.onRest = () => Response.json({ orderId: 1 });
    expect(answered(await rest.call("order.place", ORDER)).result).toEqual({ orderId: 1 });
    expect(clock.offsetMs).toBeWithin(60_000, 60_101);
    const paths = [await server.rest.next(), await server.rest.next(), await server.rest.next()];
    expect(paths.map(({ path }) => path)).toEqual([
      "/api/v3/order",
      "/api/v3/time",
      "/api/v3/order",
    ]);
  });

  test("whose measurement takes long makes a new order too old", async () => {
    server.onRest = () => Response.json({ code: -1021, msg: "outside" }, { status: 400 });
    server.onTime = () => timers.advance(1001);
    const answer = answered(await new Subject().rest.call("order.place", ORDER));
    expect(answer.reply.code).toBe(-1021);
    expect(server.rest.size).toBe(2);
  });

  test("that stays off is told, after two attempts", async () => {
    server.onRest = () => Response.json({ code: -1021, msg: "outside" }, { status: 400 });
    const answer = answered(await new Subject().rest.call("order.status", {}));
    expect(answer.reply.code).toBe(-1021);
    expect(server.rest.size).toBe(3);
  });
});

describe("doubt is kept", () => {
  test("a request that is not answered in time is unknown", async () => {
    server.onRest = () => new Promise<Response>(() => {});
    const { rest } = new Subject();
    const call = rest.call("order.place", ORDER);
    expect(rest.inFlight).toBe(1);
    await server.rest.next();
    timers.advance(10_000);
    expect(await call).toMatchObject({ kind: "unknown" });
    expect(rest.inFlight).toBe(0);
  });

  test("a success whose body is no JSON is unknown: some proxy answered", async () => {
    server.onRest = () => new Response("<html>Please log in</html>");
    expect(await new Subject().rest.call("order.place", ORDER)).toMatchObject({ kind: "unknown" });
  });

  test("an error of the server is handed on as it is", async () => {
    server.onRest = () => new Response("<html>Bad gateway</html>", { status: 502 });
    const { reply, result } = answered(await new Subject().rest.call("order.place", ORDER));
    expect([reply.status, reply.code, result]).toEqual([502, 0, undefined]);
  });

  test("where nobody listens it was not sent, and nothing is charged", async () => {
    await server.stop();
    const subject = new Subject();
    const answer = await subject.rest.call("order.place", ORDER);
    expect(answer).toMatchObject({ kind: "not-sent", why: "not-connected" });
    expect([subject.used("weight-1m"), subject.used("orders-10s")]).toEqual([0, 0]);
    expect(JSON.stringify(answer)).not.toContain("signature");
  });
});

test("an address that is none is refused at once", () => {
  expect(() => new Subject(null, "file:///etc")).toThrow("no address");
});
