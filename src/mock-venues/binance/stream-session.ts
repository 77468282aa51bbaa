/**
 * Streams over one socket: raw or combined, subscribed to by URL or by message, with the venue's
 * limits on messages and streams. As there, a stream that does not exist, or not on this route, is
 * accepted and stays silent. May import net and this folder.
 */

import type { Timers } from "#net/timers.ts";
import type { Connection, SocketHandler } from "../connections.ts";
import type { FaultyDelivery } from "../fault-actions.ts";
import { parseJson } from "../json.ts";

/** What the sockets of one kind can be subscribed to. */
export interface StreamRoute {
  /**
   * @param listener gets the JSON text of each raw message
   * @returns ends it; undefined where nothing ever comes of the name
   */
  subscribe(name: string, listener: (payload: string) => void): (() => void) | undefined;
  /** Sends a stream's message, unless a fault has it otherwise. */
  deliver(connection: Connection, name: string, text: string): void;
}

/** A symbol's market as far as streams need it. */
interface StreamedMarket {
  subscribe(suffix: string, listener: (payload: string) => void): () => void;
}

export interface StreamRules {
  readonly route: StreamRoute;
  /** The venue's clock, epoch milliseconds. */
  readonly nowMs: () => number;
  readonly timers: Timers;
  /** Which ids control messages may have. */
  readonly isRequestId: (id: unknown) => boolean;
  /** Messages that a client may send a second, pings and pongs included. */
  readonly maxMessagesPerSecond: number;
  /** Streams that a connection may have. */
  readonly maxStreams: number;
}

/**
 * The route of market streams: `btcusdt@depth`.
 * @param marketOf by symbol, upper case
 * @param isOfRoute whether a stream, without its symbol, is one of this route's
 */
export function marketRoute(
  marketOf: (symbol: string) => StreamedMarket | undefined,
  delivery: FaultyDelivery,
  isOfRoute: (suffix: string) => boolean = () => true,
): StreamRoute {
  return {
    subscribe: (name, listener) => {
      const at = name.indexOf("@");
      const symbol = name.slice(0, Math.max(at, 0));
      const market = marketOf(symbol.toUpperCase());
      const suffix = suffixOf(name);
      // Names are lower case there; in any other case the real venue accepts and stays silent.
      const isKnown = market !== undefined && symbol === symbol.toLowerCase();
      if (!isKnown || !isOfRoute(suffix) || delivery.silences(suffix)) return undefined;
      return market.subscribe(suffix, listener);
    },
    deliver: (connection, name, text) => delivery.deliver(connection, suffixOf(name), text),
  };
}

function suffixOf(name: string): string {
  return name.slice(name.indexOf("@") + 1);
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
      const request = readControl(text, this.#rules.isRequestId);
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
    const event = `{"e":"serverShutdown","E":${Math.floor(this.#rules.nowMs())}}`;
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
    const { maxStreams, route } = this.#rules;
    if (this.#subscriptions.size + fresh.size > maxStreams) {
      throw new ControlError(2, `Invalid request: more than ${maxStreams} streams`);
    }
    for (const name of fresh) {
      const end = route.subscribe(name, (payload) => {
        const text = this.#isCombined ? combined(name, payload) : payload;
        route.deliver(this.#connection, name, text);
        this.#connection.pauseIfSilent();
      });
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

function readControl(text: string, isRequestId: StreamRules["isRequestId"]): ControlRequest {
  const json = parseJson(text);
  if (json === undefined) {
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

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw new ControlError(2, "Invalid request: a stream's name must be a string");
}

function checkProperty(name: unknown): void {
  if (name !== "combined") throw new ControlError(0, `Unknown property ${String(name)}`);
}
