import { describe, expect, test } from "bun:test";
import type { Hono } from "hono";
import { createControlApp } from "#control/app.ts";
import { InputError, InvariantError } from "#domain/errors.ts";
import { FakeDesk, hedgedStatus } from "./fake-desk.ts";

const TOKEN = "0123456789abcdef";

function control(token: string | null = null): { app: Hono; desk: FakeDesk } {
  const desk = new FakeDesk();
  const app = createControlApp({
    desk,
    token,
    version: "1.2.3",
    hostNames: new Set(["localhost", "127.0.0.1", "[::1]"]),
    log: (entry) => desk.logged.push(entry),
  });
  return { app, desk };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** Calls as curl does: a Host, any Accept. */
async function call(
  app: Hono,
  route: string,
  headers: Readonly<Record<string, string>> = {},
  init: RequestInit = {},
): Promise<Answer> {
  const [method = "", path = ""] = route.split(" ");
  const all = { Host: "localhost:8787", Accept: "*/*", ...headers };
  const response = await app.request(path, { ...init, method, headers: all });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  const body: unknown = isJson && text !== "" ? JSON.parse(text) : text;
  return { status: response.status, body, headers: response.headers };
}

const errorOf = (code: string, ...said: string[]): unknown => ({
  error: expect.objectContaining({
    code,
    message: expect.stringMatching(
      new RegExp(said.map((words) => RegExp.escape(words)).join(".*")),
    ),
  }),
});

describe("routes", () => {
  test("GET /health", async () => {
    const { app } = control();
    const { status, body } = await call(app, "GET /health");
    expect([status, body]).toEqual([200, { alive: true, version: "1.2.3", uptimeSeconds: 90 }]);
  });

  test("a desk that has not started yet is up for no time", async () => {
    const { app, desk } = control();
    Object.assign(desk, { startedMs: 0 });
    expect((await call(app, "GET /health")).body).toMatchObject({ uptimeSeconds: 0 });
  });

  test("GET /ready is 200, or 503 with the reasons", async () => {
    const { app, desk } = control();
    const ready = await call(app, "GET /ready");
    expect([ready.status, ready.body]).toEqual([200, { ready: true, reasons: [] }]);
    desk.ready = { ready: false, reasons: ["ETH is starting"] };
    const unready = await call(app, "GET /ready");
    expect([unready.status, unready.body]).toEqual([
      503,
      { ready: false, reasons: ["ETH is starting"] },
    ]);
  });

  test("GET /pairs tells of each in short, GET /pairs/:pair all of one", async () => {
    const { app, desk } = control();
    const { body } = await call(app, "GET /pairs");
    expect(body).toMatchObject({
      pairs: [
        { id: "ETH", state: "quoting", bids: 2, asks: 1, base: "5.1", fills: 7 },
        { id: "BTC", state: "quoting", bids: 0, asks: 0, reasons: ["stale-book"] },
      ],
    });
    expect((await call(app, "GET /pairs/ETH")).body).toEqual({ ...desk.pair("ETH") });
  });

  test.each([
    ["pause", "paused"],
    ["resume", "quoting"],
    ["cancel", "quoting"],
    ["flatten", "flattened"],
    ["halt", "halted"],
    ["rearm", "quoting"],
  ])("%s by POST and by GET, each told once", async (command, state) => {
    const { app, desk } = control();
    for (const method of ["POST", "GET"]) {
      const { status, body } = await call(app, `${method} /pairs/ETH/${command}`);
      expect([status, body]).toEqual([200, expect.objectContaining({ id: "ETH", state })]);
    }
    expect(desk.told.map(String)).toEqual([`ETH,${command}`, `ETH,${command}`]);
  });

  test("POST /config/reload answers with what it did; GET does nothing", async () => {
    const { app, desk } = control();
    const { status, body } = await call(app, "POST /config/reload");
    expect([status, body]).toEqual([200, { ...desk.report }]);
    expect((await call(app, "GET /config/reload")).status).toBe(405);
    expect(desk.reloads).toBe(1);
  });

  test("no answer may be kept by a cache", async () => {
    const { app } = control();
    for (const path of ["/pairs", "/pairs/ETH/pause", "/nowhere"]) {
      expect((await call(app, `GET ${path}`)).headers.get("cache-control")).toBe("no-store");
    }
  });
});

test("a pair's answers have its hedge: in short its position, in full all of it", async () => {
  const { app, desk } = control();
  desk.add(hedgedStatus());
  expect((await call(app, "GET /pairs")).body).toMatchObject({
    pairs: [{ id: "ETH", hedgePosition: "-0.5", netDelta: 0.123_456_789 }, { hedgePosition: null }],
  });
  expect((await call(app, "GET /pairs/ETH")).body).toEqual({ ...hedgedStatus() });
  const text = (await call(app, "GET /pairs/ETH?format=text")).body;
  expect(String(text).split("\n").slice(1, 4)).toEqual([
    expect.stringMatching(/^hedge binance-perp:ETHUSDT, position -0\.5 ETH, /),
    expect.stringMatching(/^hedge active: /),
    expect.stringMatching(/^hedge passive: /),
  ]);
});

describe("text for a terminal", () => {
  const line =
    "ETH quoting, live on binance-spot:ETHUSDT, mid 2000.005, orders 2 bids 1 asks, " +
    "holds 5.1 ETH and 9800 USDT, iqv 51.0 % of target 50.0 %, fills 7\n";

  test("where Accept or the query asks for it, and the query decides", async () => {
    const { app } = control();
    const text = { Accept: "text/plain" };
    const all = `${line}guard stale-book: 10, its limit 3000\n`;
    expect((await call(app, "GET /pairs/ETH", text)).body).toBe(all);
    expect((await call(app, "GET /pairs/ETH?format=text")).body).toBe(all);
    expect((await call(app, "GET /pairs/ETH?format=json", text)).body).toBeObject();
    const both = { Accept: "application/json, text/plain;q=0.5" };
    expect((await call(app, "GET /pairs/ETH", both)).body).toBeObject();
  });

  test("one line a pair, with the reasons of one that does not quote", async () => {
    const { app } = control();
    const { body } = await call(app, "GET /pairs?format=text");
    expect(String(body).split("\n")).toEqual([
      line.trimEnd(),
      expect.stringMatching(/^BTC quoting \(stale-book\), paper on binance-spot:BTCUSDT, /),
      "",
    ]);
  });

  test("of health, readiness, commands, reloads and errors", async () => {
    const { app, desk } = control();
    const text = async (route: string): Promise<unknown> =>
      (await call(app, route, { Accept: "text/plain" })).body;
    expect(await text("GET /health")).toBe("alive, version 1.2.3, up for 90 s\n");
    expect(await text("GET /ready")).toBe("ready\n");
    desk.ready = { ready: false, reasons: ["ETH is starting", "BTC has no book"] };
    expect(await text("GET /ready")).toBe("not ready: ETH is starting; BTC has no book\n");
    expect(await text("POST /pairs/ETH/pause")).toStartWith("ETH paused, live on");
    desk.report = { ...desk.report, warnings: ["x.jsonc:3:1 pairs[0]: odd"] };
    expect(await text("POST /config/reload")).toBe(
      "reloaded: added none; removed none; updated ETH; restarted none; unchanged BTC\n" +
        "warning: x.jsonc:3:1 pairs[0]: odd\n",
    );
    expect(await text("GET /pairs/SUI")).toBe(
      'no-pair: there is no pair "SUI"; there is ETH, BTC\n',
    );
  });
});

describe("what cannot be done", () => {
  test("an unknown pair is 404, naming those there are", async () => {
    const { app, desk } = control();
    for (const route of ["GET /pairs/SUI", "POST /pairs/SUI/pause", "GET /pairs/__proto__"]) {
      const { status, body } = await call(app, route);
      expect([route, status, body]).toEqual([route, 404, errorOf("no-pair", "ETH, BTC")]);
    }
    expect(desk.told).toEqual([]);
  });

  test("an unknown command or route is 404, naming those there are", async () => {
    const { app } = control();
    const command = await call(app, "POST /pairs/ETH/stop");
    expect([command.status, command.body]).toEqual([404, errorOf("no-command", "pause, resume")]);
    const route = await call(app, "GET /nowhere");
    expect(route.status).toBe(404);
    expect(route.body).toMatchObject({
      error: { code: "no-route", hint: expect.stringContaining("GET /pairs/ID") },
    });
  });

  test("a wrong method is 405 with those that are right, HEAD of a command too", async () => {
    const { app, desk } = control();
    for (const route of [
      "PUT /pairs/ETH/pause",
      "DELETE /pairs/ETH/pause",
      "HEAD /pairs/ETH/pause",
    ]) {
      const { status, headers } = await call(app, route);
      expect([route, status]).toEqual([route, 405]);
      expect(headers.get("allow")).toContain("POST");
    }
    const { body } = await call(app, "POST /pairs");
    expect(body).toEqual(errorOf("wrong-method", "POST", "GET"));
    expect(desk.told).toEqual([]);
  });

  test("a query with anything but format is refused", async () => {
    const { app, desk } = control();
    for (const query of ["format=xml", "dryRun=1"]) {
      const { status, body } = await call(app, `GET /pairs/ETH/pause?${query}`);
      expect([query, status, body]).toEqual([
        query,
        400,
        errorOf("bad-query", query.split("=")[0] ?? ""),
      ]);
    }
    expect(desk.told).toEqual([]);
  });

  test("what the desk refuses comes with its code and hint; its bugs stay in the log", async () => {
    const { app, desk } = control();
    desk.failure = new InputError("not-now", "ETH is stopping", { hint: "wait" });
    const refused = await call(app, "POST /pairs/ETH/pause");
    expect([refused.status, refused.body]).toEqual([
      409,
      { error: { code: "not-now", message: "ETH is stopping", hint: "wait" } },
    ]);
    desk.failure = new InputError("bad-config", "x.jsonc:1:2 pairs: is missing");
    expect((await call(app, "POST /config/reload")).status).toBe(422);
    expect(desk.logged).toEqual([]);

    desk.failure = new Error("apiKey=hunter2hunter2");
    const bug = await call(app, "POST /config/reload");
    expect([bug.status, bug.body]).toEqual([500, errorOf("internal")]);
    expect(JSON.stringify(bug.body)).not.toContain("hunter2");
    desk.failure = new InvariantError("orders do not add up");
    expect((await call(app, "POST /config/reload")).body).toEqual(errorOf("invariant"));
    expect(desk.logged.map(({ event }) => event)).toEqual(["control-failed", "control-failed"]);
  });

  test("a body of more than is ever needed is refused, told or not how long it is", async () => {
    const { app, desk } = control();
    const large = "x".repeat(20_000);
    const told = await call(
      app,
      "POST /pairs/ETH/pause",
      { "Content-Length": "20000" },
      { body: large },
    );
    expect([told.status, told.body]).toEqual([413, errorOf("large-body")]);
    const stream = new Blob([large]).stream();
    const untold = await call(app, "POST /pairs/ETH/pause", {}, { body: stream });
    expect(untold.status).toBe(413);
    expect(desk.told).toEqual([]);
    const small = await call(app, "POST /pairs/ETH/pause", {}, { body: "{}" });
    expect(small.status).toBe(200);
  });
});

describe("who may call", () => {
  test.each([
    "evil.example",
    "evil.example:8787",
    "localhost.evil.example",
    "localhost@evil.example",
    "",
  ])("the Host %p is none of ours", async (Host) => {
    const { app, desk } = control();
    for (const route of ["GET /pairs", "POST /pairs/ETH/pause"]) {
      const { status, body } = await call(app, route, { Host });
      expect([status, body]).toEqual([421, errorOf("foreign-host")]);
    }
    expect(desk.told).toEqual([]);
  });

  test.each(["localhost", "LOCALHOST:8787", "127.0.0.1:9000", "[::1]:8787"])(
    "the Host %p is ours",
    async (Host) => {
      expect((await call(control().app, "GET /pairs", { Host })).status).toBe(200);
    },
  );

  test.each([
    { "Sec-Fetch-Site": "cross-site" },
    { "Sec-Fetch-Site": "same-site" }, // another port of this machine
    { Origin: "http://evil.example" },
    { Origin: "http://localhost:3000" },
    { Origin: "null" },
    { Referer: "http://evil.example/page" },
    { Referer: "http://localhost:3000/" },
    { "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)" }, // too old to say which site it was
    { "Sec-Fetch-Site": "none", "Sec-Purpose": "prefetch;prerender" },
  ])("another site changes nothing: %j", async (headers) => {
    const { app, desk } = control();
    for (const route of ["GET /pairs/ETH/pause", "POST /pairs/ETH/pause", "POST /config/reload"]) {
      expect((await call(app, route, headers)).status).toBe(403);
    }
    expect([desk.told, desk.reloads]).toEqual([[], 0]);
    expect((await call(app, "GET /pairs", headers)).status).toBe(200);
  });

  test.each([
    { "Sec-Fetch-Site": "same-origin", Origin: "http://localhost:8787" },
    { "Sec-Fetch-Site": "none" },
    { "Sec-Fetch-Site": "none", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)" },
    { Referer: "http://localhost:8787/pairs", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)" },
    { "User-Agent": "curl/8.5.0" },
  ])("our own page, an address typed in and curl may: %j", async (headers) => {
    expect((await call(control().app, "GET /pairs/ETH/pause", headers)).status).toBe(200);
  });

  test("where a token is set every call needs it", async () => {
    const { app, desk } = control(TOKEN);
    const wrong = [
      {},
      { Authorization: TOKEN },
      { Authorization: `Basic ${TOKEN}` },
      { Authorization: `Bearer ${TOKEN}0` },
      { Authorization: `Bearer ${TOKEN.slice(0, -1)}` },
    ];
    for (const headers of wrong) {
      for (const route of ["GET /health", "GET /pairs", "POST /pairs/ETH/pause"]) {
        const { status, body, headers: said } = await call(app, route, headers);
        expect([status, body]).toEqual([401, errorOf("no-token")]);
        expect(said.get("www-authenticate")).toStartWith("Bearer");
        expect(JSON.stringify(body)).not.toContain(TOKEN.slice(0, -1));
      }
    }
    expect(desk.told).toEqual([]);
    const right = { Authorization: `Bearer ${TOKEN}` };
    expect((await call(app, "POST /pairs/ETH/pause", right)).status).toBe(200);
  });
});
