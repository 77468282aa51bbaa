/**
 * A mock Hyperliquid of two coins whose markets stand still, a clock turned by hand, and clients
 * that speak the venue's protocol by raw fetch and WebSocket. Actions are signed by our own signer,
 * which the vectors and the judge look after.
 */

import * as v from "valibot";
import { Rng } from "#domain/rng.ts";
import type { HlCoinSpec } from "#mock-venues/hyperliquid/coin.ts";
import {
  type MockHyperliquid,
  type MockHyperliquidOptions,
  startMockHyperliquid,
} from "#mock-venues/hyperliquid/server.ts";
import { perpInstrument } from "#mock-venues/hyperliquid/universe.ts";
import type { MarketSource } from "#mock-venues/market-source.ts";
import { RowKind } from "#sim/market-tape.ts";
import type { HlAction } from "#venues/hyperliquid/api.ts";
import { ActionSigner } from "#venues/hyperliquid/signing.ts";
import { Inbox, ManualTimers } from "../../net/support.ts";

/** Two and a half minutes before a full hour. */
export const START_MS = 1_795_355_850_000;
export const MASTER = `0x${"5".repeat(40)}`;
const AGENT = new ActionSigner(`0x${"0123".repeat(16)}`, false);
const STRANGER = new ActionSigner(`0x${"4567".repeat(16)}`, false);

export const AGENT_ADDRESS = AGENT.address;

export type Json = Readonly<Record<string, unknown>>;
const JsonObject = v.record(v.string(), v.unknown());
const Frame = v.object({ channel: v.string(), data: v.optional(v.unknown()) });
export type Frame = v.InferOutput<typeof Frame>;
const Post = v.object({
  id: v.number(),
  response: v.object({ type: v.string(), payload: v.unknown() }),
});
export type PostResponse = v.InferOutput<typeof Post>["response"];

/** ETH stands at 1999.9 to 2000.1, levels of one coin; a tick is a cent, a lot 0.0001. Its id. */
export const ETH = 1;
const LEVEL_LOTS = 10_000;

function stillMarket(midTicks: number, stepTicks: number): MarketSource {
  let isOpen = false;
  return {
    get nextTimeMs() {
      return isOpen ? Infinity : 0;
    },
    next(sink) {
      isOpen = true;
      sink.addRow(0, RowKind.clear, 0, 0);
      for (let level = 1; level <= 30; level += 1) {
        sink.addRow(0, RowKind.bidLevel, midTicks - level * stepTicks, LEVEL_LOTS);
        sink.addRow(0, RowKind.askLevel, midTicks + level * stepTicks, LEVEL_LOTS);
      }
    },
  };
}

function coin(name: string, szDecimals: number, source: MarketSource): HlCoinSpec {
  return { instrument: perpInstrument({ coin: name, szDecimals }), maxLeverage: 25, source };
}

export type Changes = Partial<Omit<MockHyperliquidOptions, "world" | "universe">>;

export class WireBench {
  readonly mock: MockHyperliquid;
  readonly timers: ManualTimers;
  #nonce = START_MS;
  readonly #clients: WireClient[] = [];

  private constructor(mock: MockHyperliquid, timers: ManualTimers) {
    this.mock = mock;
    this.timers = timers;
  }

  static async start(options: Changes = {}): Promise<WireBench> {
    const timers = new ManualTimers();
    const mock = await startMockHyperliquid({
      universe: [
        coin("BTC", 5, stillMarket(640_000, 10)),
        coin("ETH", 4, stillMarket(200_000, 10)),
        { name: "MATIC", szDecimals: 1, maxLeverage: 20 },
      ],
      account: {
        master: MASTER,
        usdc: "100000",
        agents: [{ address: AGENT.address, name: "mm", validUntilMs: null }],
        lifetimeVolume: 2_000_000,
      },
      world: { timers, nowMs: () => START_MS + timers.elapsedMs(), rng: new Rng(1) },
      ...options,
    });
    return new WireBench(mock, timers);
  }

  async connect(): Promise<WireClient> {
    const client = await WireClient.connect(this.mock.wsUrl);
    this.#clients.push(client);
    return client;
  }

  /** A connection that the venue does not take. */
  async refused(): Promise<void> {
    const outcome = await this.connect().then(
      () => "taken",
      () => "refused",
    );
    if (outcome === "taken") throw new Error("the venue took one connection too many");
  }

  /** The body of an action, signed by the agent, or by somebody whom nobody knows. */
  signed(action: HlAction, signer: "agent" | "stranger" = "agent"): Json {
    this.#nonce += 1;
    const nonce = this.#nonce;
    const how = { nonce, vaultAddress: null, expiresAfterMs: null };
    const signature = (signer === "agent" ? AGENT : STRANGER).sign(action, how);
    return { action, nonce, signature, vaultAddress: null };
  }

  /** Posts an action, lets its block pass, and waits for the answer. */
  async act(client: WireClient, action: HlAction): Promise<PostResponse> {
    const answer = client.post("action", this.signed(action));
    await this.pass(client, 150);
    return answer;
  }

  /** Lets time pass once the venue has read everything that the client has sent. */
  async pass(client: WireClient, ms: number): Promise<void> {
    await client.ping();
    this.timers.advance(ms);
    // News leaves in a microtask of its own.
    await Promise.resolve();
  }

  async rest(
    path: string,
    body: unknown,
  ): Promise<{ status: number; json: unknown; text: string }> {
    const response = await fetch(`${this.mock.url}${path}`, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, text, json: jsonOf(text) };
  }

  async admin(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.mock.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.json();
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.socket.terminate();
    await this.mock.stop();
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Posts come back by id, pongs to who asked; all else lands in the inbox. */
export class WireClient {
  readonly socket: WebSocket;
  readonly inbox = new Inbox<Frame>();
  readonly closed = new Inbox<number>();
  /** Channels in the order of their arrival, `post` too. */
  readonly order: string[] = [];
  readonly raw: string[] = [];
  readonly #posts = new Map<number, (response: PostResponse) => void>();
  readonly #pongs: (() => void)[] = [];
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => this.#onMessage(String(data)));
    socket.addEventListener("close", ({ code }) => this.closed.push(code));
  }

  static async connect(url: string): Promise<WireClient> {
    const socket = new WebSocket(url);
    const client = new WireClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", () => reject(new Error(`no connection to ${url}`)));
    });
    return client;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  ping(): Promise<void> {
    return new Promise((resolve) => {
      this.#pongs.push(resolve);
      this.send({ method: "ping" });
    });
  }

  subscribe(subscription: unknown): void {
    this.send({ method: "subscribe", subscription });
  }

  /** Subscribes, and forgets the confirmation and the first frames. */
  async follow(...subscriptions: readonly unknown[]): Promise<void> {
    for (const subscription of subscriptions) this.subscribe(subscription);
    await this.ping();
    this.inbox.clear();
    this.order.length = 0;
  }

  post(type: string, payload: unknown): Promise<PostResponse> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<PostResponse>((resolve) => this.#posts.set(id, resolve));
    this.send({ method: "post", id, request: { type, payload } });
    return answer;
  }

  /** The data of the next frame of this channel; frames of others are dropped. */
  async next(channel: string): Promise<unknown> {
    for (;;) {
      const frame = await this.inbox.next();
      if (frame.channel === channel) return frame.data;
    }
  }

  /** Everything that has come by now. */
  async arrived(): Promise<readonly Frame[]> {
    await this.ping();
    const frames: Frame[] = [];
    while (this.inbox.size > 0) frames.push(await this.inbox.next());
    return frames;
  }

  #onMessage(text: string): void {
    this.raw.push(text);
    const json = jsonOf(text);
    if (json === undefined) {
      this.order.push("garbage");
      return;
    }
    const frame = v.parse(Frame, json);
    if (frame.channel === "pong") return this.#pongs.shift()?.();
    this.order.push(frame.channel);
    const post = frame.channel === "post" ? v.parse(Post, frame.data) : undefined;
    if (post === undefined) this.inbox.push(frame);
    else this.#posts.get(post.id)?.(post.response);
  }
}

export function record(value: unknown): Json {
  return v.parse(JsonObject, value);
}

export function records(value: unknown): Json[] {
  return v.parse(v.array(JsonObject), value);
}

/** A post-only buy of ETH. */
export function buyEth(price: string, size = "0.01", cloid?: string): HlAction {
  return orders(orderOf({ price, size, tif: "Alo", ...(cloid === undefined ? {} : { cloid }) }));
}

export function orders(...all: readonly Json[]): HlAction {
  return { type: "order", orders: all, grouping: "na" };
}

export function orderOf(how: {
  readonly price: string;
  readonly size: string;
  readonly tif: "Alo" | "Ioc" | "Gtc";
  readonly isBuy?: boolean;
  readonly cloid?: string;
}): Json {
  return {
    a: ETH,
    b: how.isBuy ?? true,
    p: how.price,
    s: how.size,
    r: false,
    t: { limit: { tif: how.tif } },
    ...(how.cloid === undefined ? {} : { c: how.cloid }),
  };
}
