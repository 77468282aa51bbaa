/**
 * The WebSocket API over one socket: requests and answers, a session logged on by an Ed25519 key,
 * and subscriptions to the user stream, which live and die with the socket. May import net and this
 * folder.
 */

import type { Timers } from "#net/timers.ts";
import type { Connection, SocketHandler } from "../connections.ts";
import { converse } from "../conversation.ts";
import type { FaultyDelivery } from "../fault-actions.ts";
import type { Faults } from "../faults.ts";
import { type ApiReply, conversationVenue, execute } from "./api.ts";
import { ApiError, badRequest, missing } from "./api-error.ts";
import { checkTimestamp } from "./credentials.ts";
import { METHODS } from "./methods.ts";
import type { JsonObject } from "./order-records.ts";
import { Params } from "./params.ts";
import type { LimitType } from "./rate-limits.ts";
import type { Venue } from "./venue.ts";
import { readWsRequest, requestIdOf, type WsRequest, wsPayload } from "./ws-request.ts";

export interface WsApiRules {
  readonly venue: Venue;
  readonly timers: Timers;
  readonly faults: Faults;
  readonly delivery: FaultyDelivery;
  readonly eventBeforeResponse: boolean;
}

/** A method of a request, bound to this session. */
interface BoundMethod {
  readonly weight: (params: Params) => number;
  readonly allowed: readonly string[];
  readonly security: "none" | "signed" | "signature-needed";
  readonly isFreeOnSuccess: boolean;
  readonly tellsOrderCounts: boolean;
  readonly run: (params: Params) => unknown;
}

const SESSION_WEIGHT = 2;
const MAX_SUBSCRIPTION_IDS = 65_535;
const BY_NAME = new Map(METHODS.map((method) => [method.name, method]));
const LIMITS: readonly LimitType[] = ["REQUEST_WEIGHT"];
const ORDER_LIMITS: readonly LimitType[] = ["ORDERS", "REQUEST_WEIGHT"];

export class WsApiSession implements SocketHandler {
  readonly #rules: WsApiRules;
  readonly #connection: Connection;
  readonly #returnsLimits: boolean;
  readonly #connectedSince: number;
  /** Who is logged on, and since when. */
  #logon: { readonly apiKey: string; readonly since: number } | null = null;
  /** The one subscription of the account, where there is one; `ofLogon` ends with the logon. */
  #subscription: { id: number; ofLogon: boolean; end: () => void } | null = null;
  #nextSubscriptionId = 0;
  readonly #sessionMethods: ReadonlyMap<string, BoundMethod>;

  constructor(rules: WsApiRules, connection: Connection, returnsLimits: boolean) {
    this.#rules = rules;
    this.#connection = connection;
    this.#returnsLimits = returnsLimits;
    this.#connectedSince = Math.floor(rules.venue.nowMs());
    this.#sessionMethods = this.#bindSession();
  }

  readonly onMessage = (text: string): void => {
    let request: WsRequest;
    try {
      request = readWsRequest(text);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#answer(requestIdOf(text), { status: error.status, error }, null);
      return;
    }
    const limits = this.#limitsFor(request);
    const { venue, timers, faults, eventBeforeResponse } = this.#rules;
    const rules = { timers, venue: conversationVenue(venue, eventBeforeResponse) };
    converse(rules, faults.forRequest("ws-api", request.method), {
      execute: (done) => done(this.#execute(request)),
      answer: (reply) => this.#answer(request.id, reply, limits),
      cut: () => this.#connection.cut(),
      silence: (forMs) => {
        this.#rules.delivery.silence(this.#connection, forMs);
        this.#connection.pauseIfSilent();
      },
    });
  };

  readonly onControlFrame = (): void => undefined;

  readonly notice = (): void => {
    const E = Math.floor(this.#rules.venue.nowMs());
    this.#connection.reply(JSON.stringify({ event: { e: "serverShutdown", E } }));
  };

  readonly onClose = (): void => {
    this.#subscription?.end();
    this.#subscription = null;
  };

  #execute(request: WsRequest): ApiReply {
    const { venue } = this.#rules;
    const method = this.#sessionMethods.get(request.method) ?? this.#bind(request.method);
    if (method === undefined) {
      const what = `The mock venue has no method ${JSON.stringify(request.method)}.`;
      return { status: 400, error: badRequest(-1020, what) };
    }
    const params = new Params(request.params);
    return execute(venue, {
      weight: () => method.weight(params),
      isFreeOnSuccess: method.isFreeOnSuccess,
      allowedParams: [...method.allowed, "returnRateLimits"],
      params,
      authorize: () => this.#authorize(method, request, params),
      run: () => method.run(params),
    });
  }

  #bind(name: string): BoundMethod | undefined {
    const method = BY_NAME.get(name);
    if (method === undefined) return undefined;
    return {
      weight: method.weightOf,
      allowed: method.params,
      security: method.isSigned ? "signed" : "none",
      isFreeOnSuccess: method.isFreeOnSuccess,
      tellsOrderCounts: method.tellsOrderCounts,
      run: (params) => method.run(this.#rules.venue, params),
    };
  }

  #bindSession(): ReadonlyMap<string, BoundMethod> {
    const bound = (
      security: BoundMethod["security"],
      run: BoundMethod["run"],
      allowed: readonly string[] = [],
    ): BoundMethod => ({
      weight: () => SESSION_WEIGHT,
      allowed,
      security,
      isFreeOnSuccess: false,
      tellsOrderCounts: false,
      run,
    });
    return new Map([
      ["session.logon", bound("signature-needed", (params) => this.#logOn(params))],
      ["session.status", bound("none", () => this.#status())],
      ["session.logout", bound("none", () => this.#logOut())],
      ["session.subscriptions", bound("none", () => this.#subscriptions())],
      ["userDataStream.subscribe", bound("none", () => this.#subscribeLoggedOn())],
      [
        "userDataStream.subscribe.signature",
        bound("signature-needed", () => this.#subscribe(false)),
      ],
      [
        "userDataStream.unsubscribe",
        bound("none", (params) => this.#unsubscribe(params), ["subscriptionId"]),
      ],
    ]);
  }

  #authorize({ security }: BoundMethod, request: WsRequest, params: Params): void {
    if (security === "none") return;
    const { credentials, nowMs } = this.#rules.venue;
    const isLoggedOn = security === "signed" && this.#logon !== null;
    if (!isLoggedOn || params.has("signature") || params.has("apiKey")) {
      const apiKey = params.requiredText("apiKey");
      credentials.kindOf(apiKey);
      const signature = params.text("signature");
      if (signature === undefined) throw missing("signature");
      credentials.verify(apiKey, wsPayload(request.params), signature);
    }
    checkTimestamp(params, nowMs());
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
    if (this.#subscription?.ofLogon === true) this.#endSubscription();
    return this.#status();
  }

  #status(): JsonObject {
    return {
      apiKey: this.#logon?.apiKey ?? null,
      authorizedSince: this.#logon?.since ?? null,
      connectedSince: this.#connectedSince,
      returnRateLimits: this.#returnsLimits,
      serverTime: Math.floor(this.#rules.venue.nowMs()),
      userDataStream: this.#subscription !== null,
    };
  }

  #subscriptions(): readonly JsonObject[] {
    return this.#subscription === null ? [] : [{ subscriptionId: this.#subscription.id }];
  }

  #subscribeLoggedOn(): JsonObject {
    if (this.#logon === null) {
      throw badRequest(-1002, "You are not authorized to execute this request.");
    }
    return this.#subscribe(true);
  }

  #subscribe(ofLogon: boolean): JsonObject {
    if (this.#subscription !== null) {
      throw badRequest(-2035, "User Data Stream subscription already active.");
    }
    const id = this.#nextSubscriptionId;
    if (id > MAX_SUBSCRIPTION_IDS) {
      throw badRequest(-2042, "The connection has used up its subscription ids.");
    }
    this.#nextSubscriptionId += 1;
    const end = this.#rules.venue.account.stream.subscribe((event) => this.#tell(id, event));
    this.#subscription = { id, ofLogon, end };
    return { subscriptionId: id };
  }

  #unsubscribe(params: Params): JsonObject {
    const id = params.integer("subscriptionId");
    const active = this.#subscription;
    if (active === null || (id !== undefined && id !== active.id)) {
      throw badRequest(-2036, "User Data Stream subscription not active.");
    }
    this.#endSubscription();
    return {};
  }

  #endSubscription(): void {
    const active = this.#subscription;
    if (active === null) return;
    active.end();
    this.#subscription = null;
    const E = Math.floor(this.#rules.venue.nowMs());
    const event = { e: "eventStreamTerminated", E };
    this.#connection.reply(JSON.stringify({ subscriptionId: active.id, event }));
  }

  #tell(subscriptionId: number, event: JsonObject): void {
    const text = JSON.stringify({ subscriptionId, event });
    this.#rules.delivery.deliverUserEvent(this.#connection, text);
  }

  /** Which limits an answer tells; null for none. */
  #limitsFor({ method, params }: WsRequest): readonly LimitType[] | null {
    if (!this.#returnsLimits || params.get("returnRateLimits") === "false") return null;
    return BY_NAME.get(method)?.tellsOrderCounts === true ? ORDER_LIMITS : LIMITS;
  }

  #answer(id: unknown, reply: ApiReply, types: readonly LimitType[] | null): void {
    const { limits } = this.#rules.venue;
    const rateLimits = types === null ? {} : { rateLimits: limits.counts(types) };
    const { status } = reply;
    const body =
      "result" in reply
        ? { id, status, result: reply.result, ...rateLimits }
        : { id, status, error: this.#errorJson(reply.error), ...rateLimits };
    this.#connection.reply(JSON.stringify(body));
  }

  #errorJson({ code, message, data, retryAtMs }: ApiError): JsonObject {
    const serverTime = Math.floor(this.#rules.venue.nowMs());
    const retry = retryAtMs === undefined ? {} : { serverTime, retryAfter: Math.ceil(retryAtMs) };
    const all = { ...data, ...retry };
    return { code, msg: message, ...(Object.keys(all).length === 0 ? {} : { data: all }) };
  }
}
