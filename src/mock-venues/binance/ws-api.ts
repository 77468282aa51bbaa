/**
 * The WebSocket API of a venue of Binance over one socket: requests and answers, and a session
 * logged on by an Ed25519 key. What more a session can do is handed in by the venue. May import
 * this folder.
 */

import type { Connection, SocketHandler } from "../connections.ts";
import { converse } from "../conversation.ts";
import type { JsonObject } from "../json.ts";
import {
  type ApiReply,
  type ApiRules,
  type ApiVenue,
  conversationVenue,
  execute,
  type Method,
  refusal,
} from "./api.ts";
import { ApiError, badRequest, missing } from "./api-error.ts";
import { checkTimestamp } from "./credentials.ts";
import { Params } from "./params.ts";
import type { LimitType } from "./rate-limits.ts";
import { readWsRequest, requestIdOf, type WsRequest, wsPayload } from "./ws-request.ts";

/** A method of a request, bound to its session. */
export interface SessionMethod {
  readonly weight: (params: Params) => number;
  readonly allowed: readonly string[];
  /** `key`: a known key; `signature-needed`: a logon does not do instead. */
  readonly security: "none" | "key" | "signed" | "signature-needed";
  readonly isFreeOnSuccess: boolean;
  readonly tellsOrderCounts: boolean;
  readonly run: (params: Params) => unknown;
}

/** What a venue's sessions can do beyond calls and logon. */
export interface SessionExtras {
  /** By name. */
  readonly methods: ReadonlyMap<string, SessionMethod>;
  /** What they add to the session's status. */
  readonly status: () => JsonObject;
  readonly onLogOut: () => void;
  readonly onClose: () => void;
}

const NO_EXTRAS: SessionExtras = {
  methods: new Map(),
  status: () => ({}),
  onLogOut: () => undefined,
  onClose: () => undefined,
};

interface SessionSetup<Venue> {
  /** By name. */
  readonly methods: ReadonlyMap<string, Method<Venue>>;
  /** Whether answers tell limits unless a request says otherwise. */
  readonly returnsLimits: boolean;
  readonly extras?: (session: WsSession) => SessionExtras;
}

/** What extras see of their session. */
export interface WsSession {
  readonly isLoggedOn: boolean;
  readonly connection: Connection;
}

const SESSION_WEIGHT = 2;
const LIMITS: readonly LimitType[] = ["REQUEST_WEIGHT"];
const ORDER_LIMITS: readonly LimitType[] = ["ORDERS", "REQUEST_WEIGHT"];

/** A method of sessions: of the usual weight, and told without orders' counts. */
export function sessionMethod(
  security: SessionMethod["security"],
  run: SessionMethod["run"],
  allowed: readonly string[] = [],
): SessionMethod {
  const weight = (): number => SESSION_WEIGHT;
  const flags = { isFreeOnSuccess: false, tellsOrderCounts: false };
  return { weight, allowed, security, ...flags, run };
}

export class WsApiSession<Venue extends ApiVenue> implements SocketHandler, WsSession {
  readonly connection: Connection;
  readonly #rules: ApiRules<Venue>;
  readonly #setup: SessionSetup<Venue>;
  readonly #extras: SessionExtras;
  readonly #connectedSince: number;
  /** Who is logged on, and since when. */
  #logon: { readonly apiKey: string; readonly since: number } | null = null;
  readonly #sessionMethods: ReadonlyMap<string, SessionMethod>;

  constructor(rules: ApiRules<Venue>, connection: Connection, setup: SessionSetup<Venue>) {
    this.#rules = rules;
    this.connection = connection;
    this.#setup = setup;
    this.#connectedSince = Math.floor(rules.venue.nowMs());
    this.#extras = setup.extras?.(this) ?? NO_EXTRAS;
    this.#sessionMethods = new Map([
      ["session.logon", sessionMethod("signature-needed", (params) => this.#logOn(params))],
      ["session.status", sessionMethod("none", () => this.#status())],
      ["session.logout", sessionMethod("none", () => this.#logOut())],
      ...this.#extras.methods,
    ]);
  }

  get isLoggedOn(): boolean {
    return this.#logon !== null;
  }

  readonly onMessage = (text: string): void => {
    let request: WsRequest;
    try {
      request = readWsRequest(text);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#answer(requestIdOf(text), refusal(error), null);
      return;
    }
    const limits = this.#limitsFor(request);
    const { timers, faults, delivery, dialect } = this.#rules;
    const rules = { timers, venue: conversationVenue(this.#rules) };
    const isExempt = dialect.isExempt?.(request.method, request.params) ?? false;
    converse(rules, faults.forRequest("ws-api", request.method, isExempt), {
      execute: (done) => done(this.#execute(request)),
      answer: (reply) => this.#answer(request.id, reply, limits),
      cut: () => this.connection.cut(),
      silence: (forMs) => {
        delivery.silence(this.connection, forMs);
        this.connection.pauseIfSilent();
      },
    });
  };

  readonly onControlFrame = (): void => undefined;

  readonly notice = (): void => {
    const E = Math.floor(this.#rules.venue.nowMs());
    this.connection.reply(JSON.stringify({ event: { e: "serverShutdown", E } }));
  };

  readonly onClose = (): void => this.#extras.onClose();

  #execute(request: WsRequest): ApiReply {
    const { venue, dialect } = this.#rules;
    const method = this.#sessionMethods.get(request.method) ?? this.#bind(request.method);
    if (method === undefined) {
      const what = `The mock venue has no method ${JSON.stringify(request.method)}.`;
      return refusal(badRequest(-1020, what));
    }
    const params = new Params(request.params, dialect.ids);
    return execute(venue, {
      weight: () => method.weight(params),
      isFreeOnSuccess: method.isFreeOnSuccess,
      allowedParams: [...method.allowed, "returnRateLimits"],
      params,
      authorize: () => this.#authorize(method, request, params),
      run: () => method.run(params),
    });
  }

  #bind(name: string): SessionMethod | undefined {
    const method = this.#setup.methods.get(name);
    if (method === undefined) return undefined;
    return {
      weight: method.weightOf,
      allowed: method.params,
      security: method.security,
      isFreeOnSuccess: method.isFreeOnSuccess,
      tellsOrderCounts: method.tellsOrderCounts,
      run: (params) => method.run(this.#rules.venue, params),
    };
  }

  #authorize({ security }: SessionMethod, request: WsRequest, params: Params): void {
    if (security === "none") return;
    const { credentials, nowMs } = this.#rules.venue;
    const isLoggedOn = security !== "signature-needed" && this.isLoggedOn;
    if (!isLoggedOn || params.has("signature") || params.has("apiKey")) {
      const apiKey = params.requiredText("apiKey");
      credentials.kindOf(apiKey);
      if (security === "key") return;
      const signature = params.text("signature");
      if (signature === undefined) throw missing("signature");
      credentials.verify(apiKey, wsPayload(request.params), signature);
    }
    if (security !== "key") checkTimestamp(params, nowMs());
  }

  #logOn(params: Params): JsonObject {
    const { credentials, nowMs } = this.#rules.venue;
    const apiKey = params.requiredText("apiKey");
    // Second-hand: the documentation only says that other keys cannot log on.
    if (credentials.kindOf(apiKey) !== "ed25519") {
      throw badRequest(-4056, "HMAC_SHA256 API key is not supported.");
    }
    this.#logon = { apiKey, since: Math.floor(nowMs()) };
    return this.#status();
  }

  #logOut(): JsonObject {
    this.#logon = null;
    this.#extras.onLogOut();
    return this.#status();
  }

  #status(): JsonObject {
    return {
      apiKey: this.#logon?.apiKey ?? null,
      authorizedSince: this.#logon?.since ?? null,
      connectedSince: this.#connectedSince,
      returnRateLimits: this.#setup.returnsLimits,
      serverTime: Math.floor(this.#rules.venue.nowMs()),
      ...this.#extras.status(),
    };
  }

  /** Which limits an answer tells; null for none. */
  #limitsFor({ method, params }: WsRequest): readonly LimitType[] | null {
    if (!this.#setup.returnsLimits || params.get("returnRateLimits") === "false") return null;
    const tellsOrders = this.#setup.methods.get(method)?.tellsOrderCounts === true;
    return tellsOrders ? ORDER_LIMITS : LIMITS;
  }

  #answer(id: unknown, reply: ApiReply, types: readonly LimitType[] | null): void {
    const { limits } = this.#rules.venue;
    const rateLimits = types === null ? {} : { rateLimits: limits.counts(types) };
    const { status } = reply;
    const body =
      "result" in reply
        ? { id, status, result: reply.result, ...rateLimits }
        : { id, status, error: this.#errorJson(reply.error), ...rateLimits };
    this.connection.reply(JSON.stringify(body));
  }

  #errorJson({ code, message, data, retryAtMs }: ApiError): JsonObject {
    const serverTime = Math.floor(this.#rules.venue.nowMs());
    const retry = retryAtMs === undefined ? {} : { serverTime, retryAfter: Math.ceil(retryAtMs) };
    const all = { ...data, ...retry };
    return { code, msg: message, ...(Object.keys(all).length === 0 ? {} : { data: all }) };
  }
}
