/**
 * Binance Spot's REST and WebSocket API on loopback, as far as transports can tell: it checks keys,
 * signatures and timestamps by itself (node:crypto, none of our code), logs on and subscribes, and
 * leaves every other call to the test.
 */

import { createHmac, generateKeyPairSync, verify } from "node:crypto";
import type { Server, ServerWebSocket } from "bun";
import * as v from "valibot";
import { Inbox } from "../../net/support.ts";

export const API_KEY = "vmPUZE6mv9SD5VNHk4Hl";
export const HMAC_SECRET = "NhqPtmdSJYdKjVHjA7PZ";
const PAIR = generateKeyPairSync("ed25519");
export const ED25519_PEM = PAIR.privateKey.export({ type: "pkcs8", format: "pem" });

export type Peer = ServerWebSocket;

export interface RestRequest {
  readonly verb: string;
  readonly path: string;
  /** As it came, without `?`. */
  readonly query: string;
  readonly params: URLSearchParams;
  readonly apiKey: string | null;
}

const Params = v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]));
const Request = v.object({
  id: v.number(),
  method: v.string(),
  params: v.optional(Params, {}),
});

export interface WsRequest extends v.InferOutput<typeof Request> {
  readonly peer: Peer;
}

interface Refusal {
  readonly status: number;
  readonly code: number;
  readonly msg: string;
}

const BAD_SIGNATURE: Refusal = {
  status: 400,
  code: -1022,
  msg: "Signature for this request is not valid.",
};
const BAD_TIME: Refusal = {
  status: 400,
  code: -1021,
  msg: "Timestamp for this request is outside of the recvWindow.",
};
export const BAD_KEY: Refusal = {
  status: 401,
  code: -2015,
  msg: "Invalid API-key, IP, or permissions for action.",
};

const OPEN_METHODS = new Set(["time", "exchangeInfo", "depth", "klines", "avgPrice"]);
const OPEN_PATHS = new Set([...OPEN_METHODS].map((method) => `/api/v3/${method}`));

export class SpotServer {
  /** Every REST request, refused ones included. */
  readonly rest = new Inbox<RestRequest>();
  /** Well signed requests over WebSocket that the test has to answer. */
  readonly asked = new Inbox<WsRequest>();
  /** Methods in the order in which they came, by any connection. */
  readonly methods: string[] = [];
  readonly opened = new Inbox<Peer>();
  readonly closed = new Inbox<Peer>();
  /** Connections that were just subscribed to the account's news. */
  readonly subscribed = new Inbox<Peer>();
  readonly peers = new Set<Peer>();
  dialled = 0;
  /** Refuses upgrades with a 503. */
  isRefusing = false;
  /** Told instead of the next answers to a method of the session. */
  readonly refusals = new Map<string, Refusal[]>();
  /** Called before the venue's time is read out to someone. */
  onTime: () => void = () => {};
  onRest: (request: RestRequest) => Response | Promise<Response> = () => Response.json({});
  readonly #loggedOn = new WeakSet<Peer>();
  readonly #nowMs: () => number;
  readonly #server: Server<undefined>;

  /** @param nowMs the venue's clock */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request, server) => {
        if (!request.url.includes("/ws-api/")) return this.#heardRest(request);
        this.dialled += 1;
        if (!this.isRefusing && server.upgrade(request)) return;
        return new Response("maintenance", { status: 503 });
      },
      websocket: {
        sendPings: false,
        open: (peer) => {
          this.peers.add(peer);
          this.opened.push(peer);
        },
        message: (peer, data) => this.#heard(peer, data.toString()),
        close: (peer) => {
          this.peers.delete(peer);
          this.closed.push(peer);
        },
      },
    });
  }

  get restUrl(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  get wsApiUrl(): string {
    return `ws://127.0.0.1:${this.#server.port}/ws-api/v3`;
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }

  answer({ peer, id }: WsRequest, result: unknown, rateLimits: unknown = []): void {
    peer.send(JSON.stringify({ id, status: 200, result, rateLimits }));
  }

  refuse({ peer, id }: WsRequest, { status, code, msg }: Refusal, data?: unknown): void {
    peer.send(JSON.stringify({ id, status, error: { code, msg, data }, rateLimits: [] }));
  }

  async #heardRest(request: globalThis.Request): Promise<Response> {
    const { pathname, search, searchParams } = new URL(request.url);
    const heard: RestRequest = {
      verb: request.method,
      path: pathname,
      query: search.slice(1),
      params: searchParams,
      apiKey: request.headers.get("X-MBX-APIKEY"),
    };
    this.rest.push(heard);
    if (!OPEN_PATHS.has(pathname)) {
      const refusal = this.#checkRest(heard);
      if (refusal !== null) return Response.json(refusal, { status: refusal.status });
    }
    if (pathname === "/api/v3/time") return Response.json({ serverTime: this.#readTime() });
    return this.onRest(heard);
  }

  #checkRest({ query, params, apiKey }: RestRequest): Refusal | null {
    const [payload = "", signature = ""] = query.split("&signature=");
    if (apiKey !== API_KEY) return BAD_KEY;
    if (!isSigned(payload, decodeURIComponent(signature))) return BAD_SIGNATURE;
    return this.#isTimely(Number(params.get("timestamp"))) ? null : BAD_TIME;
  }

  #heard(peer: Peer, data: string): void {
    const request = { ...v.parse(Request, JSON.parse(data)), peer };
    const { method } = request;
    this.methods.push(method);
    const refusal = this.refusals.get(method)?.shift() ?? this.#check(request);
    if (refusal !== null) this.refuse(request, refusal);
    else if (method === "session.logon") {
      this.#loggedOn.add(peer);
      this.answer(request, { apiKey: API_KEY });
    } else if (method.startsWith("userDataStream.subscribe")) {
      this.answer(request, { subscriptionId: 0 });
      this.subscribed.push(peer);
    } else if (method === "time") this.answer(request, { serverTime: this.#readTime() });
    else this.asked.push(request);
  }

  #check({ method, params, peer }: WsRequest): Refusal | null {
    if (OPEN_METHODS.has(method)) return null;
    const { signature, ...rest } = params;
    if (method === "userDataStream.subscribe") return this.#loggedOn.has(peer) ? null : BAD_KEY;
    if (!this.#loggedOn.has(peer) || signature !== undefined) {
      const names = Object.keys(rest).sort();
      const payload = names.map((name) => `${name}=${String(rest[name])}`).join("&");
      if (rest["apiKey"] !== API_KEY) return BAD_KEY;
      if (!isSigned(payload, String(signature))) return BAD_SIGNATURE;
    }
    return this.#isTimely(Number(rest["timestamp"])) ? null : BAD_TIME;
  }

  #readTime(): number {
    this.onTime();
    return this.#nowMs();
  }

  #isTimely(timestamp: number): boolean {
    const ageMs = this.#nowMs() - timestamp;
    return Number.isInteger(timestamp) && ageMs > -1000 && ageMs <= 5000;
  }
}

/** By either key: which one it is, the test has chosen. */
function isSigned(payload: string, signature: string): boolean {
  const hmac = createHmac("sha256", HMAC_SECRET).update(payload).digest("hex");
  if (signature === hmac) return true;
  const bytes = Buffer.from(signature, "base64");
  return verify(null, Buffer.from(payload), PAIR.publicKey, bytes);
}
