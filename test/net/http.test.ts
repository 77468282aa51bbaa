import { afterEach, describe, expect, test } from "bun:test";
import { InputError, messageOf } from "#domain/errors.ts";
import { HttpClient, type HttpOutcome, type HttpRequest } from "#net/http.ts";
import { systemTimers } from "#net/timers.ts";
import { Inbox, ManualTimers } from "./support.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const LOOPBACK = { hostname: "127.0.0.1", port: 0 };

function serve(answer: (request: Request) => Response | Promise<Response>): string {
  const server = Bun.serve({ ...LOOPBACK, fetch: answer });
  cleanUps.push(() => server.stop(true));
  return server.url.href;
}

/** A server that writes these bytes to each request, the n-th getting the n-th, and then ends. */
function serveRaw(answers: readonly { bytes: string; ends: boolean }[]): {
  url: string;
  received: string[];
} {
  const received: string[] = [];
  const listener = Bun.listen({
    ...LOOPBACK,
    socket: {
      data(socket, data) {
        const answer = answers[received.length];
        received.push(data.toString().split(" ")[0] ?? "");
        socket.write(answer?.bytes ?? "");
        if (answer?.ends ?? true) socket.end();
      },
    },
  });
  cleanUps.push(() => listener.stop(true));
  return { url: `http://127.0.0.1:${listener.port}/`, received };
}

const OK = { bytes: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ends: false };
const CUT = { bytes: "", ends: true };

function send(url: string, part: Partial<HttpRequest> = {}): Promise<HttpOutcome> {
  return new HttpClient(new ManualTimers()).send({ method: "GET", url, timeoutMs: 5000, ...part });
}

async function answerOf(outcome: Promise<HttpOutcome>) {
  const answered = await outcome;
  if (answered.kind !== "answered") throw new Error(`${answered.kind}: ${answered.message}`);
  return answered;
}

describe("an answer is kept whole, whatever its status", () => {
  test("200", async () => {
    const url = serve(
      () => new Response('{"a":"é✓"}', { headers: { "X-MBX-USED-WEIGHT-1M": "7" } }),
    );
    const { status, headers, body } = await answerOf(send(url));
    expect([status, headers.get("x-mbx-used-weight-1m"), body]).toEqual([200, "7", '{"a":"é✓"}']);
  });

  test("429 with Retry-After", async () => {
    const body = '{"code":-1003,"msg":"Too many requests."}';
    const init = { status: 429, headers: { "Retry-After": "12" } };
    const answer = await answerOf(send(serve(() => new Response(body, init))));
    expect([answer.status, answer.headers.get("retry-after"), answer.body]).toEqual([
      429,
      "12",
      body,
    ]);
  });

  test("503, and 204 without a body", async () => {
    const busy = await answerOf(send(serve(() => new Response("busy", { status: 503 }))));
    expect([busy.status, busy.body]).toEqual([503, "busy"]);
    const empty = await answerOf(send(serve(() => new Response(null, { status: 204 }))));
    expect([empty.status, empty.body]).toEqual([204, ""]);
  });

  test("a redirect is an answer, and is not followed", async () => {
    const paths: string[] = [];
    const url = serve((request) => {
      paths.push(new URL(request.url).pathname);
      return new Response(null, { status: 307, headers: { Location: "/elsewhere" } });
    });
    const { status, headers } = await answerOf(send(url, { method: "POST", body: "x" }));
    expect([status, headers.get("location"), paths]).toEqual([307, "/elsewhere", ["/"]]);
  });

  test("a compressed one is read", async () => {
    const bytes = Bun.gzipSync("plain text");
    const url = serve(() => new Response(bytes, { headers: { "Content-Encoding": "gzip" } }));
    expect((await answerOf(send(url))).body).toBe("plain text");
  });
});

test("method, headers and body arrive as given", async () => {
  const url = serve(async (request) => {
    const sent = [request.method, request.headers.get("X-MBX-APIKEY"), await request.text()];
    return Response.json(sent);
  });
  const headers = { "X-MBX-APIKEY": "key" };
  for (const method of ["POST", "PUT", "DELETE"] as const) {
    const { body } = await answerOf(send(url, { method, headers, body: "symbol=ETHUSDT" }));
    expect(JSON.parse(body)).toEqual([method, "key", "symbol=ETHUSDT"]);
  }
});

describe("a time-out is an unknown outcome", () => {
  test("before the answer has begun; the server sees the request cut", async () => {
    const timers = new ManualTimers();
    const arrived = new Inbox<void>();
    const aborted = new Inbox<void>();
    const url = serve((request) => {
      request.signal.addEventListener("abort", () => aborted.push());
      arrived.push();
      return new Promise(() => {});
    });
    const outcome = new HttpClient(timers).send({ method: "POST", url, timeoutMs: 300 });
    await arrived.next();
    timers.advance(300);
    expect(await outcome).toMatchObject({ kind: "unknown", reason: "timeout", status: null });
    await aborted.next();
    expect(timers.pending).toBe(0);
  });

  test("in the middle of the body", async () => {
    const timers = new ManualTimers();
    const { url } = serveRaw([{ ...OK, bytes: OK.bytes.replace("2\r", "20\r") }]);
    const begun = new Inbox<void>();
    const client = new HttpClient(timers, async (address, init) => {
      const response = await fetch(address, init);
      begun.push();
      return response;
    });
    const outcome = client.send({ method: "GET", url, timeoutMs: 300 });
    await begun.next();
    await Promise.resolve(); // lets the client take the response over
    timers.advance(300);
    expect(await outcome).toMatchObject({ kind: "unknown", reason: "timeout", status: 200 });
  });

  test("and the timer of an answered request is gone", async () => {
    const timers = new ManualTimers();
    const url = serve(() => new Response("ok"));
    await answerOf(new HttpClient(timers).send({ method: "GET", url, timeoutMs: 300 }));
    expect(timers.pending).toBe(0);
  });

  test("with real timers too", async () => {
    const url = serve(() => new Promise(() => {}));
    const outcome = await new HttpClient(systemTimers).send({ method: "GET", url, timeoutMs: 1 });
    expect(outcome).toMatchObject({ kind: "unknown", reason: "timeout" });
  });
});

describe("a connection that is cut", () => {
  const lost = { kind: "unknown", reason: "connection-lost" };

  test("after the request and before an answer leaves the outcome unknown", async () => {
    const { url } = serveRaw([CUT]);
    const outcome = await send(url, { method: "POST", body: "x" });
    expect(outcome).toMatchObject({ ...lost, status: null });
    expect(outcome.kind === "unknown" && outcome.message).toContain("closed unexpectedly");
  });

  test("in the middle of the body too, with the status that was seen", async () => {
    const { url } = serveRaw([{ bytes: OK.bytes.replace("2\r", "20\r"), ends: true }]);
    expect(await send(url)).toMatchObject({ ...lost, status: 200 });
  });

  test.each(["POST", "PUT", "DELETE"] as const)(
    "does not make Bun send %s twice, though it was kept from before",
    async (method) => {
      const { url, received } = serveRaw([OK, CUT, OK]);
      expect((await answerOf(send(url))).body).toBe("ok");
      expect(await send(url, { method, body: "x" })).toMatchObject(lost);
      expect(received).toEqual(["GET", method]);
    },
  );
});

describe("what never reached the venue says so", () => {
  test("connection refused", async () => {
    const listener = Bun.listen({ ...LOOPBACK, socket: { data() {} } });
    const url = `http://127.0.0.1:${listener.port}/`;
    listener.stop(true);
    const outcome = await send(url, { method: "POST", body: "x" });
    expect(outcome.kind).toBe("not-sent");
    expect(outcome).toMatchObject({ cause: { code: "ECONNREFUSED" } });
  });

  test("host not found", async () => {
    const error = Object.assign(new TypeError("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
    const client = new HttpClient(new ManualTimers(), () => Promise.reject(error));
    const outcome = await client.send({ method: "GET", url: "https://a.invalid", timeoutMs: 1 });
    expect(outcome).toEqual({ kind: "not-sent", message: error.message, cause: error });
  });
});

test("a body over the bound is not read to its end", async () => {
  const url = serve(() => new Response("x".repeat(1001)));
  expect(await send(url, { maxBodyBytes: 1000 })).toMatchObject({
    kind: "unknown",
    reason: "body-too-large",
    status: 200,
    message: "more than 1000 bytes of body",
  });
  expect((await answerOf(send(url, { maxBodyBytes: 1001 }))).body).toHaveLength(1001);
});

test("only addresses of the web are fetched, and a signature is not shown", async () => {
  for (const url of ["file:///etc/hostname", "data:text/plain,x", "nowhere", "s3://bucket/x"]) {
    expect(await thrownBy(send(url))).toBeInstanceOf(InputError);
  }
  const thrown = await thrownBy(send("ws://a/x?signature=abc"));
  expect(messageOf(thrown)).toStartWith("ws://a/x is no address");
});

function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "nothing",
    (thrown: unknown) => thrown,
  );
}
