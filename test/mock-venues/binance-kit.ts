/**
 * Clients of the mock venues of Binance that speak their protocol by raw fetch and WebSocket, and
 * sign with node:crypto alone; and a market that stands still.
 */

import { createHmac, createPrivateKey, createPublicKey, sign } from "node:crypto";
import * as v from "valibot";
import type { MarketSource } from "#mock-venues/market-source.ts";
import { RowKind } from "#sim/market-tape.ts";
import { Inbox } from "../net/support.ts";

/** Nine seconds before a full minute. */
export const START_MS = 1_795_340_091_000;
export const HMAC_KEY = "h".repeat(64);
export const HMAC_SECRET = "a secret of tests";
export const ED_KEY = "e".repeat(64);
/** The first key of RFC 8032. */
export const ED_PRIVATE = createPrivateKey(`-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----`);

export type Json = Readonly<Record<string, unknown>>;
export type Values = Readonly<Record<string, string | number | boolean>>;

const JsonObject = v.record(v.string(), v.unknown());
const Answer = v.object({
  id: v.unknown(),
  status: v.number(),
  result: v.optional(v.unknown()),
  error: v.optional(
    v.looseObject({ code: v.number(), msg: v.string(), data: v.optional(JsonObject) }),
  ),
  rateLimits: v.optional(v.array(JsonObject)),
});
export type WsAnswer = v.InferOutput<typeof Answer>;

/** Its first moment sets these levels, `[ticks, lots]`; nothing happens by itself after it. */
export function stillMarket(bids: [number, number][], asks: [number, number][]): MarketSource {
  let isOpen = false;
  return {
    get nextTimeMs() {
      return isOpen ? Infinity : 0;
    },
    next(sink) {
      isOpen = true;
      sink.addRow(0, RowKind.clear, 0, 0);
      for (const [ticks, lots] of bids) sink.addRow(0, RowKind.bidLevel, ticks, lots);
      for (const [ticks, lots] of asks) sink.addRow(0, RowKind.askLevel, ticks, lots);
    },
  };
}

/** The keys of the benches: one of each kind. */
export const BENCH_KEYS = [
  { apiKey: HMAC_KEY, hmacSecret: HMAC_SECRET },
  {
    apiKey: ED_KEY,
    ed25519PublicKeyPem: createPublicKey(ED_PRIVATE).export({ type: "spki", format: "pem" }),
  },
];

/** A REST client of one venue, by its own clock. */
export class RestClient {
  readonly #url: () => string;
  readonly #nowMs: () => number;

  constructor(url: () => string, nowMs: () => number) {
    this.#url = url;
    this.#nowMs = nowMs;
  }

  /** A call signed by the HMAC key. */
  signed(verb: string, path: string, values: Values = {}, body: Values = {}): Promise<RestAnswer> {
    const query = encoded({ ...values, timestamp: this.#nowMs() });
    const form = encoded(body);
    const signature = createHmac("sha256", HMAC_SECRET)
      .update(query + form)
      .digest("hex");
    return this.send(verb, `${path}?${query}&signature=${signature}`, HMAC_KEY, form);
  }

  /** A call as it is. */
  async send(verb: string, path: string, apiKey?: string, body = ""): Promise<RestAnswer> {
    const response = await fetch(`${this.#url()}${path}`, {
      method: verb,
      ...(apiKey === undefined ? {} : { headers: { "X-MBX-APIKEY": apiKey } }),
      ...(body === "" ? {} : { body }),
    });
    const json: unknown = await response.json();
    const { status, headers } = response;
    return { status, headers, json, code: codeOf(json), message: messageOf(json) };
  }
}

export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
  /** Of an error; 0 otherwise. */
  readonly code: number;
  readonly message: string;
}

/** A client of the WebSocket API: answers come back by id, all else lands in the inbox. */
export class WsClient {
  readonly inbox = new Inbox<Json>();
  /** Every message in the order of its arrival: `answer`, or the kind of event. */
  readonly order: string[] = [];
  readonly closed = new Inbox<number>();
  readonly socket: WebSocket;
  readonly #nowMs: () => number;
  readonly #waiting = new Map<number, (answer: WsAnswer) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket, nowMs: () => number) {
    this.socket = socket;
    this.#nowMs = nowMs;
    socket.addEventListener("message", ({ data }) => this.#onMessage(String(data)));
    socket.addEventListener("close", ({ code }) => this.closed.push(code));
  }

  static async connect(url: string, nowMs: () => number): Promise<WsClient> {
    const socket = new WebSocket(url);
    const client = new WsClient(socket, nowMs);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", () => reject(new Error(`no connection to ${url}`)));
    });
    return client;
  }

  /** As it is: neither key nor time is added. */
  call(method: string, params: Values = {}): Promise<WsAnswer> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<WsAnswer>((resolve) => this.#waiting.set(id, resolve));
    this.socket.send(JSON.stringify({ id, method, params }));
    return answer;
  }

  /** With a timestamp, for a session that is logged on. */
  timed(method: string, params: Values = {}): Promise<WsAnswer> {
    return this.call(method, { ...params, timestamp: this.#nowMs() });
  }

  /** Signed by the HMAC key. */
  signed(method: string, params: Values = {}): Promise<WsAnswer> {
    const all = { ...params, apiKey: HMAC_KEY, timestamp: this.#nowMs() };
    const signature = createHmac("sha256", HMAC_SECRET).update(sorted(all)).digest("hex");
    return this.call(method, { ...all, signature });
  }

  /** Logs on by the Ed25519 key. */
  logOn(): Promise<WsAnswer> {
    const all = { apiKey: ED_KEY, timestamp: this.#nowMs() };
    const signature = sign(null, Buffer.from(sorted(all)), ED_PRIVATE).toString("base64");
    return this.call("session.logon", { ...all, signature });
  }

  /** The next event of the user stream, of this kind. */
  async event(kind: string): Promise<Json> {
    for (;;) {
      const { event } = await this.inbox.next();
      const json = v.parse(JsonObject, event);
      if (json["e"] === kind) return json;
    }
  }

  #onMessage(text: string): void {
    const json = v.parse(JsonObject, JSON.parse(text));
    const id = json["id"];
    const waiting = typeof id === "number" ? this.#waiting.get(id) : undefined;
    if (waiting === undefined) {
      const event = v.safeParse(v.looseObject({ e: v.string() }), json["event"]);
      this.order.push(event.success ? event.output.e : "other");
      this.inbox.push(json);
    } else {
      this.order.push("answer");
      waiting(v.parse(Answer, json));
    }
  }
}

/** `-2010 Order would …` of a refused answer, `ok` of a good one. */
export function outcome(answer: WsAnswer | RestAnswer): string {
  if (answer.status === 200) return "ok";
  if ("headers" in answer) return `${answer.status} ${answer.code} ${answer.message}`;
  const { code, msg } = answer.error ?? { code: 0, msg: "" };
  return `${answer.status} ${code} ${msg}`;
}

export function record(value: unknown): Json {
  return v.parse(JsonObject, value);
}

export function records(value: unknown): Json[] {
  return v.parse(v.array(JsonObject), value);
}

function sorted(values: Values): string {
  return Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function encoded(values: Values): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("&");
}

const ErrorBody = v.object({ code: v.number(), msg: v.string() });

function codeOf(json: unknown): number {
  const error = v.safeParse(ErrorBody, json);
  return error.success ? error.output.code : 0;
}

function messageOf(json: unknown): string {
  const error = v.safeParse(ErrorBody, json);
  return error.success ? error.output.msg : "";
}
