/**
 * Hyperliquid's two doors on loopback, as far as transports can tell: it acknowledges
 * subscriptions, answers pings, and leaves posts and requests to the test. None of our code.
 */

import type { Server, ServerWebSocket } from "bun";
import * as v from "valibot";
import { Inbox } from "../../net/support.ts";

export type Peer = ServerWebSocket;

const Message = v.variant("method", [
  v.object({ method: v.literal("ping") }),
  v.object({
    method: v.picklist(["subscribe", "unsubscribe"]),
    subscription: v.record(v.string(), v.unknown()),
  }),
  v.object({
    method: v.literal("post"),
    id: v.number(),
    request: v.object({ type: v.picklist(["action", "info"]), payload: v.unknown() }),
  }),
]);

export interface Subscribed {
  readonly peer: Peer;
  readonly method: "subscribe" | "unsubscribe";
  readonly subscription: Readonly<Record<string, unknown>>;
}

/** What it does about a subscription; `error`: the text of a frame of that channel. */
export type Reaction = "acknowledge" | "silence" | { readonly error: string };

export interface Posted {
  readonly peer: Peer;
  readonly id: number;
  readonly type: "action" | "info";
  readonly payload: unknown;
}

export interface RestRequest {
  readonly path: string;
  readonly json: unknown;
}

/** The defaults that the venue fills in where it acknowledges a fast book. */
const BOOK_DEFAULTS = { nSigFigs: null, mantissa: null };

export class HlWire {
  readonly opened = new Inbox<Peer>();
  readonly closed = new Inbox<Peer>();
  readonly subscribed = new Inbox<Subscribed>();
  readonly posts = new Inbox<Posted>();
  readonly rest = new Inbox<RestRequest>();
  readonly pings = new Inbox<Peer>();
  /** Open now, oldest first. */
  readonly peers = new Set<Peer>();
  onSubscribe: (subscribed: Subscribed) => Reaction = () => "acknowledge";
  onRest: (request: RestRequest) => Response | Promise<Response> = () => Response.json(null);
  /** Accepts connections, and says nothing over them. */
  isMute = false;
  isRefusing = false;
  dialled = 0;
  readonly #server: Server<undefined>;

  constructor() {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request, server) => {
        const { pathname } = new URL(request.url);
        if (pathname === "/ws") {
          this.dialled += 1;
          if (!this.isRefusing && server.upgrade(request)) return;
          return new Response("no", { status: 503 });
        }
        const received = { path: pathname, json: await request.json() };
        this.rest.push(received);
        return this.onRest(received);
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

  get wsUrl(): string {
    return `ws://127.0.0.1:${this.#server.port}/ws`;
  }

  get restUrl(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  /** Sends to the newest connection. */
  tell(frame: unknown, peer: Peer | undefined = [...this.peers].at(-1)): void {
    peer?.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  error(data: string, peer?: Peer): void {
    this.tell({ channel: "error", data }, peer);
  }

  answer({ peer, id }: Posted, response: unknown): void {
    this.tell({ channel: "post", data: { id, response } }, peer);
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }

  #heard(peer: Peer, text: string): void {
    const message = v.parse(Message, JSON.parse(text));
    if (message.method === "post") {
      this.posts.push({ peer, id: message.id, ...message.request });
    } else if (message.method === "ping") {
      this.pings.push(peer);
      if (!this.isMute) this.tell({ channel: "pong" }, peer);
    } else {
      this.#subscription({ peer, ...message });
    }
  }

  #subscription(subscribed: Subscribed): void {
    this.subscribed.push(subscribed);
    const { peer, method, subscription } = subscribed;
    const reaction = this.onSubscribe(subscribed);
    if (reaction === "silence" || this.isMute) return;
    if (reaction !== "acknowledge") {
      this.error(reaction.error, peer);
      return;
    }
    const defaults = subscription["type"] === "l2Book" ? BOOK_DEFAULTS : {};
    const data = { method, subscription: { ...subscription, ...defaults } };
    this.tell({ channel: "subscriptionResponse", data }, peer);
  }
}

/** A bbo frame as the venue builds it. */
export function bboFrame(coin: string, px = "65000.0"): string {
  const level = { px, sz: "1.2", n: 4 };
  return JSON.stringify({
    channel: "bbo",
    data: { coin, time: 1790000000123, bbo: [level, null] },
  });
}

export function fillsFrame(user: string, tid: number): string {
  return JSON.stringify({ channel: "userFills", data: { user, fills: [{ coin: "ETH", tid }] } });
}
