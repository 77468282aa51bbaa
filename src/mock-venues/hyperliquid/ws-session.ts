/**
 * One WebSocket of the venue: subscriptions with their confirmations, pings, and posts, which are
 * questions and actions as over REST. May import net and this folder.
 */

import type { Timers } from "#net/timers.ts";
import type { Connection, SocketHandler } from "../connections.ts";
import { converse } from "../conversation.ts";
import type { FaultyDelivery } from "../fault-actions.ts";
import type { Faults } from "../faults.ts";
import { isRecord, type JsonObject, parseJson } from "../json.ts";
import type { Desk } from "./desk.ts";
import type { ChainStatus } from "./fault-rules.ts";
import type { IpLimits } from "./ip-limits.ts";
import type { Streams } from "./streams.ts";
import { readSubscription, type Subscription } from "./subscription.ts";
import type { HlReply } from "./venue.ts";

export interface WsRules {
  readonly desk: Desk;
  readonly streams: Streams;
  readonly limits: IpLimits;
  readonly timers: Timers;
  readonly faults: Faults<ChainStatus>;
  readonly delivery: FaultyDelivery;
}

const PONG = '{"channel":"pong"}';
/** How the real venue tells HTTP statuses in a post. */
const STATUS_TEXTS: ReadonlyMap<number, string> = new Map([
  [422, "422 Unprocessable Entity"],
  [429, "429 Too Many Requests"],
  [500, "500 Internal Server Error"],
  [502, "502 Bad Gateway"],
]);

export class WsSession implements SocketHandler {
  readonly #rules: WsRules;
  readonly #connection: Connection;
  /** What each subscription ends by. */
  readonly #subscriptions = new Map<string, () => void>();
  /** Posts without an answer, each by what gives its share of the limit back. */
  readonly #posts = new Set<() => void>();

  constructor(rules: WsRules, connection: Connection) {
    this.#rules = rules;
    this.#connection = connection;
  }

  readonly onMessage = (text: string): void => {
    if (!this.#rules.limits.message()) return this.#connection.cut();
    const json = parseJson(text);
    const method = isRecord(json) ? json["method"] : undefined;
    if (!isRecord(json) || typeof method !== "string") return this.#malformed(text);
    switch (method) {
      case "ping":
        return this.#connection.reply(PONG);
      case "subscribe":
      case "unsubscribe":
        return this.#onSubscription(method, json["subscription"], text);
      case "post":
        return this.#onPost(json, text);
      default:
        return this.#malformed(text);
    }
  };

  readonly onControlFrame = (): void => undefined;

  /** The venue tells nobody before it goes. */
  readonly notice = (): void => undefined;

  readonly onClose = (): void => {
    for (const end of this.#subscriptions.values()) end();
    this.#subscriptions.clear();
    for (const end of this.#posts) end();
    this.#rules.limits.disconnect();
  };

  #onSubscription(method: "subscribe" | "unsubscribe", json: unknown, text: string): void {
    const reading = readSubscription(json, (coin) => this.#rules.streams.hasCoin(coin));
    if (reading.kind === "malformed") return this.#malformed(text);
    if (reading.kind === "fatal") return this.#connection.cut();
    const { subscription } = reading;
    if (method === "subscribe") this.#subscribe(subscription);
    else this.#unsubscribe(subscription);
  }

  #subscribe(subscription: Subscription): void {
    const { limits, streams, delivery } = this.#rules;
    const { key, user, type } = subscription;
    if (this.#subscriptions.has(key)) return this.#error(`Already subscribed: ${key}`);
    const passed = limits.subscribe(user);
    if (passed !== undefined) {
      const { users, subscriptions } = limits.spec;
      return this.#error(
        passed === "users"
          ? `Cannot track more than ${users} total users.`
          : `Cannot subscribe to more than ${subscriptions} channels.`,
      );
    }
    this.#confirm("subscribe", subscription);
    const isNews = user !== null;
    const end = streams.subscribe(subscription, (frame) => {
      if (isNews) delivery.deliverUserEvent(this.#connection, frame);
      else delivery.deliver(this.#connection, type, frame);
      this.#connection.pauseIfSilent();
    });
    this.#subscriptions.set(key, () => {
      end();
      limits.unsubscribe(user);
    });
  }

  #unsubscribe(subscription: Subscription): void {
    const { key } = subscription;
    const end = this.#subscriptions.get(key);
    if (end === undefined) return this.#error(`Already unsubscribed: ${key}`);
    this.#subscriptions.delete(key);
    end();
    this.#confirm("unsubscribe", subscription);
  }

  #onPost(json: JsonObject, text: string): void {
    const { id, request } = json;
    if (!isPostId(id) || !isRecord(request)) return this.#malformed(text);
    const { type, payload } = request;
    if ((type !== "info" && type !== "action") || !isRecord(payload)) return this.#malformed(text);
    const { limits, desk, faults, delivery, timers } = this.#rules;
    if (!limits.beginPost()) return this.#error(`too many pending post requests id=${id}`);
    const end = (): void => {
      if (this.#posts.delete(end)) limits.endPost();
    };
    this.#posts.add(end);
    const call = type === "info" ? desk.info(payload, "ws") : desk.action(payload, "ws");
    const fault = faults.forRequest("ws", call.name);
    converse({ timers, venue: desk.conversation }, fault, {
      execute: call.execute,
      answer: (reply) => {
        end();
        this.#answer(id, type, call.name, reply);
      },
      cut: () => this.#connection.cut(),
      silence: (forMs) => {
        delivery.silence(this.#connection, forMs);
        this.#connection.pauseIfSilent();
      },
    });
    // What never gets an answer is not in the venue's way either.
    if (fault?.kind === "drop-request" || fault?.kind === "drop-response") end();
  }

  #answer(id: number, type: "info" | "action", name: string, { status, body }: HlReply): void {
    const response =
      status === 200
        ? { type, payload: type === "info" ? { type: name, data: body } : body }
        : { type: "error", payload: STATUS_TEXTS.get(status) ?? `${status}` };
    this.#connection.reply(JSON.stringify({ channel: "post", data: { id, response } }));
  }

  #confirm(method: "subscribe" | "unsubscribe", { echo }: Subscription): void {
    const data = { method, subscription: echo };
    this.#connection.reply(JSON.stringify({ channel: "subscriptionResponse", data }));
  }

  #malformed(text: string): void {
    this.#error(`Error parsing JSON into valid websocket request: ${text}`);
  }

  #error(data: string): void {
    this.#connection.reply(JSON.stringify({ channel: "error", data }));
  }
}

function isPostId(id: unknown): id is number {
  return typeof id === "number" && Number.isSafeInteger(id) && id >= 0;
}
