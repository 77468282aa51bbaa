/**
 * Market streams over one socket: raw or combined, subscribed to by URL or by message, with the
 * venue's limits on messages and streams. As there, a stream that does not exist is accepted and
 * stays silent. May import net and this folder.
 */

import type { Timers } from "#net/timers.ts";
import type { Connection, SocketHandler } from "../connections.ts";
import type { FaultyDelivery } from "../fault-actions.ts";
import type { Venue } from "./venue.ts";

export interface StreamRules {
  readonly venue: Venue;
  readonly timers: Timers;
  readonly delivery: FaultyDelivery;
  /** Messages that a client may send a second, pings and pongs included. */
  readonly maxMessagesPerSecond: number;
  /** Streams that a connection may have. */
  readonly maxStreams: number;
}

const SECOND_MS = 1000;

interface ControlRequest {
  readonly method: unknown;
  readonly params: readonly unknown[];
  readonly id: unknown;
}

/** A refusal of a control message: 0 unknown property, 1 type, 2 request, 3 JSON. */
class ControlError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export class StreamSession implements SocketHandler {
  readonly #rules: StreamRules;
  readonly #connection: Connection;
  readonly #subscriptions = new Map<string, () => void>();
  #isCombined: boolean;
  #windowMs = -Infinity;
  #messages = 0;

  /** @param names streams of the URL */
  constructor(
    rules: StreamRules,
    connection: Connection,
    { isCombined, names }: { readonly isCombined: boolean; readonly names: readonly string[] },
  ) {
    this.#rules = rules;
    this.#connection = connection;
    this.#isCombined = isCombined;
    this.#subscribe(names);
  }

  readonly onMessage = (text: string): void => {
    if (!this.#countMessage()) return;
    try {
      const request = readControl(text);
      const result = this.#perform(request);
      this.#connection.reply(JSON.stringify({ result, id: request.id }));
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      this.#connection.reply(JSON.stringify({ code: error.code, msg: error.message }));
    }
  };

  readonly onControlFrame = (): void => {
    this.#countMessage();
  };

  readonly notice = (): void => {
    const event = `{"e":"serverShutdown","E":${Math.floor(this.#rules.venue.nowMs())}}`;
    this.#connection.reply(this.#isCombined ? combined("!serverShutdown", event) : event);
  };

  readonly onClose = (): void => {
    for (const end of this.#subscriptions.values()) end();
    this.#subscriptions.clear();
  };

  #perform({ method, params }: ControlRequest): unknown {
    switch (method) {
      case "SUBSCRIBE":
        this.#subscribe(params.map((name) => textOf(name)));
        return null;
      case "UNSUBSCRIBE":
        for (const name of params) this.#unsubscribe(textOf(name));
        return null;
      case "LIST_SUBSCRIPTIONS":
        return [...this.#subscriptions.keys()];
      case "GET_PROPERTY":
        checkProperty(params[0]);
        return this.#isCombined;
      case "SET_PROPERTY":
        checkProperty(params[0]);
        if (typeof params[1] !== "boolean") {
          throw new ControlError(1, "Invalid value type: expected Boolean");
        }
        this.#isCombined = params[1];
        return null;
      default:
        throw new ControlError(2, `Invalid request: unknown variant \`${String(method)}\``);
    }
  }

  #subscribe(names: readonly string[]): void {
    const fresh = new Set(names.filter((name) => !this.#subscriptions.has(name)));
    const { maxStreams, venue, delivery } = this.#rules;
    if (this.#subscriptions.size + fresh.size > maxStreams) {
      throw new ControlError(2, `Invalid request: more than ${maxStreams} streams`);
    }
    for (const name of fresh) {
      const at = name.indexOf("@");
      const suffix = name.slice(at + 1);
      const market = venue.listings.get(name.slice(0, Math.max(at, 0)).toUpperCase())?.market;
      // Names are lower case there; in any other case the real venue accepts and stays silent.
      const isKnown = market !== undefined && name.slice(0, at) === name.slice(0, at).toLowerCase();
      const end = isKnown
        ? market.subscribe(suffix, (payload) => {
            const text = this.#isCombined ? combined(name, payload) : payload;
            delivery.deliver(this.#connection, suffix, text);
            this.#connection.pauseIfSilent();
          })
        : undefined;
      this.#subscriptions.set(name, end ?? (() => undefined));
    }
  }

  #unsubscribe(name: string): void {
    this.#subscriptions.get(name)?.();
    this.#subscriptions.delete(name);
  }

  /** Counts one message; a client that sends too many is cut. */
  #countMessage(): boolean {
    const { timers, maxMessagesPerSecond } = this.#rules;
    const nowMs = timers.elapsedMs();
    if (nowMs - this.#windowMs >= SECOND_MS) {
      this.#windowMs = nowMs;
      this.#messages = 0;
    }
    this.#messages += 1;
    if (this.#messages <= maxMessagesPerSecond) return true;
    this.#connection.close(1008, "Too many requests");
    return false;
  }
}

function combined(stream: string, payload: string): string {
  return `{"stream":${JSON.stringify(stream)},"data":${payload}}`;
}

function readControl(text: string): ControlRequest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ControlError(3, "Invalid JSON: expected value at line 1 column 1");
  }
  if (typeof json !== "object" || json === null || !("method" in json)) {
    throw new ControlError(2, "Invalid request: missing field `method`");
  }
  const id = "id" in json ? json.id : null;
  if (!isRequestId(id)) {
    throw new ControlError(2, "Invalid request: request ID must be an unsigned integer");
  }
  const params = "params" in json ? json.params : [];
  if (!Array.isArray(params)) {
    throw new ControlError(2, "Invalid request: params must be a list");
  }
  return { method: json.method, params, id };
}

/** A whole number, a word of at most 36 characters, or null. */
export function isRequestId(id: unknown): boolean {
  if (id === null || Number.isSafeInteger(id)) return true;
  return typeof id === "string" && /^[a-zA-Z0-9\-_]{1,36}$/.test(id);
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw new ControlError(2, "Invalid request: a stream's name must be a string");
}

function checkProperty(name: unknown): void {
  if (name !== "combined") throw new ControlError(0, `Unknown property ${String(name)}`);
}
