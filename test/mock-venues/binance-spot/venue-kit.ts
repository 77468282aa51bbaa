/**
 * A mock venue of two symbols with a market that stands still, a clock turned by hand, and clients
 * that speak the venue's protocol by raw fetch and WebSocket, signing with node:crypto alone.
 */

import { createHmac, createPrivateKey, createPublicKey, sign } from "node:crypto";
import * as v from "valibot";
import { Rng } from "#domain/rng.ts";
import { MockSymbol } from "#mock-venues/binance-spot/mock-symbol.ts";
import {
  type MockBinanceSpot,
  type MockBinanceSpotOptions,
  type SymbolParts,
  startMockBinanceSpot,
} from "#mock-venues/binance-spot/server.ts";
import { mockMarket } from "#mock-venues/binance-spot/symbol-rules.ts";
import type { MarketSource } from "#mock-venues/market-source.ts";
import { RowKind } from "#sim/market-tape.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import { Inbox, ManualTimers } from "../../net/support.ts";

/** Nine seconds before a full minute. */
export const START_MS = 1_795_340_091_000;
export const HMAC_KEY = "h".repeat(64);
export const HMAC_SECRET = "a secret of tests";
export const ED_KEY = "e".repeat(64);
/** The first key of RFC 8032. */
const ED_PRIVATE = createPrivateKey(`-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----`);

export type Json = Readonly<Record<string, unknown>>;
type Values = Readonly<Record<string, string | number | boolean>>;

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
function stillMarket(bids: [number, number][], asks: [number, number][]): MarketSource {
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

function symbol(name: string, midTicks: number, lots: number) {
  return ({ wallet, emit, nowMs, timers, rng }: SymbolParts): MockSymbol =>
    new MockSymbol({
      instrument: mockMarket(name).instrument,
      source: stillMarket(
        [
          [midTicks - 1, lots],
          [midTicks - 2, lots],
        ],
        [
          [midTicks + 1, lots],
          [midTicks + 2, lots],
        ],
      ),
      account: wallet,
      fees: { kind: "received" },
      queueModel: parseQueueModel("risk-averse"),
      emit,
      nowMs,
      timers,
      rng,
    });
}

/** ETHUSDT at 2000 (lots of 0.0001, ten each level) and BTCUSDT at 64000, one account. */
export class VenueBench {
  readonly venue: MockBinanceSpot;
  readonly clock: { nowMs: number };
  readonly timers: ManualTimers;

  private constructor(venue: MockBinanceSpot, clock: { nowMs: number }, timers: ManualTimers) {
    this.venue = venue;
    this.clock = clock;
    this.timers = timers;
  }

  static async start(options: Partial<MockBinanceSpotOptions> = {}): Promise<VenueBench> {
    const clock = { nowMs: START_MS };
    const timers = new ManualTimers();
    const publicKey = createPublicKey(ED_PRIVATE).export({ type: "spki", format: "pem" });
    const venue = await startMockBinanceSpot({
      symbols: [symbol("ETHUSDT", 200_000, 100_000), symbol("BTCUSDT", 6_400_000, 100_000)],
      keys: [
        { apiKey: HMAC_KEY, hmacSecret: HMAC_SECRET },
        { apiKey: ED_KEY, ed25519PublicKeyPem: publicKey },
      ],
      balances: { USDT: "10000", ETH: "5", BTC: "0.1" },
      world: { timers, nowMs: () => clock.nowMs, rng: new Rng(1) },
      ...options,
    });
    return new VenueBench(venue, clock, timers);
  }

  /** Lets the queue ahead of a price of ours be eaten, and so many lots of ours. */
  printAt(name: string, aggressorIsBuy: boolean, ticks: number, lots: number): void {
    const { exchange } = this.venue.market(name);
    exchange.onTrade(aggressorIsBuy, ticks, lots, this.clock.nowMs);
  }

  /** A signed REST call by the HMAC key. */
  rest(verb: string, path: string, values: Values = {}, body: Values = {}): Promise<RestAnswer> {
    const query = encoded({ ...values, timestamp: this.clock.nowMs });
    const form = encoded(body);
    const signature = createHmac("sha256", HMAC_SECRET)
      .update(query + form)
      .digest("hex");
    return this.send(verb, `${path}?${query}&signature=${signature}`, HMAC_KEY, form);
  }

  /** A REST call as it is. */
  async send(verb: string, path: string, apiKey?: string, body = ""): Promise<RestAnswer> {
    const response = await fetch(`${this.venue.url}${path}`, {
      method: verb,
      ...(apiKey === undefined ? {} : { headers: { "X-MBX-APIKEY": apiKey } }),
      ...(body === "" ? {} : { body }),
    });
    const json: unknown = await response.json();
    const { status, headers } = response;
    return { status, headers, json, code: codeOf(json), message: messageOf(json) };
  }

  async wsApi(query = ""): Promise<WsClient> {
    return WsClient.connect(`${this.venue.wsApiUrl}${query}`, () => this.clock.nowMs);
  }

  stop(): Promise<void> {
    return this.venue.stop();
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
